"""The Lab walk: a student fetches what was released, opens it in JupyterLab and works on it; an instructor runs theirs.

`PICTURES=folder` writes screenshots.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbgrader.exchange.default import ExchangeReleaseAssignment
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from playwright.sync_api import TimeoutError as NotInTime

from autograder import project
from autograder.cases import store
from autograder.course.notebook import source_notebook
from autograder.course.tools import exchange, run
from tests.conftest import CHROMIUM
from tests.jupyter import PATIENCE, TOKEN, jupyter

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")

ASSIGNMENTS = project.assignments()
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
FORMULA = re.compile(r"\$\$.+?\$\$|\$[^$]+?\$", re.DOTALL)
# What the console says of Jupyter itself: a race between its settings and its shortcuts (jupyter/notebook#7862).
THEIRS = ("Cannot read properties of undefined (reading 'schema')",)

# What is wrong with the cells that are on the screen, and which they are; text in code may hold a $.
ON_SCREEN = """panel => {
    const screen = panel.getBoundingClientRect();
    const seen = {}, wrong = [];
    for (const cell of panel.querySelectorAll(".jp-Cell")) {
        const place = cell.getBoundingClientRect(), index = Number(cell.dataset.windowedListIndex);
        if (place.bottom <= screen.top || place.top >= screen.bottom) continue;
        const text = cell.querySelector(".jp-RenderedMarkdown");
        seen[index] = text && {images: [...text.querySelectorAll("img")].map(image => [image.naturalWidth, image.alt]),
                               formulas: text.querySelectorAll("mjx-container").length};
        if (cell.classList.contains("jp-CodeCell")) continue;
        if (!text || !text.textContent.trim()) { wrong.push(`${index}: nothing is shown`); continue; }
        for (const image of text.querySelectorAll("img"))
            if (!image.complete || !image.naturalWidth) wrong.push(`${index}: no picture "${image.alt}"`);
        if (text.querySelector("mjx-merror")) wrong.push(`${index}: a formula that MathJax does not know`);
        const plain = text.cloneNode(true);
        for (const other of plain.querySelectorAll("code, pre, mjx-container")) other.remove();
        for (const raw of plain.textContent.match(/.*\\$.*/g) ?? []) wrong.push(`${index}: raw formula in "${raw}"`);
    }
    return {seen, wrong};
}"""

# Scroll on; whether that was the end.
NEXT_SCREEN = """panel => {
    const before = panel.scrollTop;
    panel.scrollTop += 0.8 * panel.clientHeight;
    return panel.scrollTop === before;
}"""


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student's folder, into which all that is in `assignments/` was fetched from the exchange it was released to."""
    root = tmp_path_factory.mktemp("lab")
    course, shared, folder = root / "course", root / "exchange", root / "student"
    for made in (shared, folder):
        made.mkdir()
    shared.chmod(0o777)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXCHANGE", str(shared))
        for name in ASSIGNMENTS:
            shutil.copytree(project.released(name).parent, course / "release" / name)
            run(exchange(ExchangeReleaseAssignment, course, name), f"releasing {name}")
    command = [sys.executable, "-m", "nbgrader", "fetch_assignment", *ASSIGNMENTS]
    where = ["--course", "neural-networks", f"--Exchange.root={shared}"]
    fetched = subprocess.run([*command, *where], cwd=folder, capture_output=True, text=True, check=False)
    assert fetched.returncode == 0, fetched.stderr
    return folder


@pytest.fixture(scope="module")
def instructor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the instructor's notebook of every assignment, solutions and all."""
    folder = tmp_path_factory.mktemp("instructor")
    for name in ASSIGNMENTS:
        points = {entry.name: entry.points for entry in store.load(name).exercises}
        nbformat.write(source_notebook(project.notebook(name).parent, points), folder / f"{name}.ipynb")
    return folder


class Jupyter:
    """JupyterLab or Notebook in a browser that reaches nothing but its server, and what its console said."""

    def __init__(self, context: BrowserContext, folder: Path, address: str) -> None:
        self.context = context
        self.folder = folder
        self.address = address
        self.errors: list[str] = []
        context.on("console", lambda message: self._note(message.text) if message.type == "error" else None)
        context.on("weberror", lambda error: self._note(str(error.error)))

    def _note(self, error: str) -> None:
        if not error.endswith(THEIRS):
            self.errors.append(error)

    def open(self, path: str) -> Page:
        """A notebook in a page of its own, once all its cells are there and its kernel waits for work."""
        self.errors.clear()
        page = self.context.new_page()
        page.goto(self.address.format(path=path, token=TOKEN))
        cells = nbformat.read(self.folder / path, as_version=4).cells
        code = sum(cell.cell_type == "code" for cell in cells)
        expect(page.locator(".jp-Notebook .jp-CodeCell .cm-content")).to_have_count(code)
        expect(page.locator(".jp-Notebook .jp-RenderedMarkdown")).to_have_count(len(cells) - code)
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()
        return page


@contextmanager
def browsing(program: str, address: str, folder: Path, browser: Browser, own: Path) -> Iterator[Jupyter]:
    with jupyter(program, folder, own, {}) as url:
        context = browser.new_context(base_url=url, viewport={"width": 1280, "height": 900})
        context.set_default_timeout(1000 * PATIENCE)
        expect.set_options(timeout=1000 * PATIENCE)
        context.route("**/*", lambda route: route.continue_() if route.request.url.startswith(url) else route.abort())
        yield Jupyter(context, folder, address)
        context.close()


@pytest.fixture(scope="module")
def lab(
    student: Path, instructor: Path, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Jupyter]:
    (student / "instructor").symlink_to(instructor)
    address = "/lab/tree/{path}?token={token}&reset"
    with browsing("lab", address, student, browser, tmp_path_factory.mktemp("jupyterlab")) as opened:
        yield opened


@pytest.fixture
def notebook7(student: Path, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    """A server of its own: jupyter_server answers 403 for what Lab and Notebook both have and one has asked for."""
    address = "/notebooks/{path}?token={token}"
    with browsing("notebook", address, student, browser, tmp_path_factory.mktemp("notebook7")) as opened:
        yield opened


def cell_with(page: Page, text: str) -> Locator:
    """The first cell with this code."""
    return page.locator(".jp-Notebook .jp-CodeCell").filter(has_text=text).first


def saved(page: Page, path: Path) -> NotebookNode:
    """The notebook as it is on disk after it was saved from the keyboard."""
    page.keyboard.press("Control+s")
    expect(page.locator(".lm-TabBar-tab.jp-mod-current.jp-mod-dirty")).to_have_count(0)
    return nbformat.read(path, as_version=4)


def raised(notebook: NotebookNode) -> list[str]:
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return ["\n".join(output.traceback) for output in outputs if output.output_type == "error"]


def picture(page: Page, name: str) -> None:
    if pictures := os.environ.get("PICTURES"):
        page.screenshot(path=Path(pictures) / f"{name}.png")


def read_through(page: Page, name: str) -> tuple[dict[int, Any], list[str]]:
    """Scroll through the open notebook as a reader does. Returns what each cell showed, and what was never right."""
    panel = page.locator(".jp-Notebook .jp-WindowedPanel-outer")
    seen: dict[int, Any] = {}
    wrong: list[str] = []
    for screen in range(100):
        try:
            page.wait_for_function(f"panel => !({ON_SCREEN})(panel).wrong.length", arg=panel.element_handle())
        except NotInTime:
            wrong += panel.evaluate(ON_SCREEN)["wrong"]
        seen |= {int(index): shown for index, shown in panel.evaluate(ON_SCREEN)["seen"].items()}
        picture(page, f"{name}-{screen:02}")
        if panel.evaluate(NEXT_SCREEN):
            break
    return seen, wrong


def expected_of(cell: NotebookNode) -> dict[str, Any] | None:
    """What a cell must show: its pictures' words and how many formulas there are; None for code."""
    if cell.cell_type != "markdown":
        return None
    words = [" ".join(alt.split()) for alt in re.findall(r"!\[([^\]]*)\]\[", cell.source)]
    return {"images": words, "formulas": len(FORMULA.findall(CODE.sub("", cell.source)))}


def whole(page: Page, path: Path, name: str) -> list[str]:
    """What is wrong with an open notebook: a picture that is not visible, a formula that is not typeset."""
    seen, wrong = read_through(page, name)
    for index, cell in enumerate(nbformat.read(path, as_version=4).cells):
        expected = expected_of(cell)
        shown = seen.get(index, "never on the screen")
        if isinstance(shown, dict):
            shown["images"] = [" ".join(words.split()) for width, words in shown["images"] if width]
        if shown != expected:
            wrong.append(f"{index}: shows {shown}, not {expected}")
    return [f"{name}, cell {problem}" for problem in wrong]


def test_every_released_notebook_is_whole_in_jupyterlab(lab: Jupyter, student: Path) -> None:
    wrong = []
    for name in ASSIGNMENTS:
        page = lab.open(f"{name}/{name}.ipynb")
        wrong += whole(page, student / name / f"{name}.ipynb", f"lab-{name}")
        wrong += [f"{name}, console: {error}" for error in lab.errors]
        page.close()
    assert not wrong, "\n".join(wrong)


def test_a_released_notebook_is_whole_in_notebook_7(notebook7: Jupyter, student: Path) -> None:
    page = notebook7.open("activations/activations.ipynb")
    wrong = whole(page, student / "activations" / "activations.ipynb", "notebook7") + notebook7.errors
    page.close()
    assert not wrong, "\n".join(wrong)


def test_a_student_solves_an_exercise_and_checks_it(lab: Jupyter, student: Path) -> None:
    path = student / "backprop" / "backprop.ipynb"
    released = nbformat.read(path, as_version=4)
    page = lab.open("backprop/backprop.ipynb")
    cell_with(page, "import numpy as np").locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    cell_with(page, "def dW(").locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Shift+Home")
    page.keyboard.type("return dZ.T @ A_prev / len(dZ)")
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")  # the exercise's own tests, which are next
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    page.keyboard.type("from autograder import check\ncheck(dW)")
    page.keyboard.press("Shift+Enter")
    shown = cell_with(page, "from autograder import check\n").locator(".jp-RenderedHTML")
    expect(shown).to_contain_text("backprop, 1 of 1 right on the visible cases")
    expect(shown.locator("li.ag-correct")).to_contain_text("dW")
    picture(page, "check")
    worked_on = saved(page, path)
    page.close()
    assert not lab.errors
    assert not raised(worked_on)
    (solved,) = (cell for cell in worked_on.cells if cell.id == "dW")
    assert solved.source.endswith("\n    return dZ.T @ A_prev / len(dZ)")
    texts = [[cell.source for cell in book.cells if cell.cell_type == "markdown"] for book in (released, worked_on)]
    assert texts[0] == texts[1]


def test_run_all_of_the_instructors_notebook_in_jupyterlab(lab: Jupyter, instructor: Path) -> None:
    page = lab.open("instructor/backprop.ipynb")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    expect(page.locator(".jp-CodeCell .jp-InputPrompt").last).to_have_text(re.compile(r"\[\d+\]"))
    picture(page, "run-all")
    notebook = saved(page, instructor / "backprop.ipynb")
    page.close()
    assert not lab.errors
    assert not raised(notebook)
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_run_all_of_an_instructors_notebook_ends_without_an_error(instructor: Path, name: str) -> None:
    notebook = nbformat.read(instructor / f"{name}.ipynb", as_version=4)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(instructor)}}).execute()
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")
