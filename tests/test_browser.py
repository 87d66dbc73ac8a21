"""Pages in a real browser: nothing of a student runs there, and everyone can read them.

Screenshots for people: `PICTURES=folder pytest tests/test_browser.py`.
"""

from __future__ import annotations

import base64
import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from nbconvert.exporters import HTMLExporter
from nbgrader.server_extensions import formgrader
from playwright.sync_api import Browser, Page
from traitlets.config import Config

from autograder.course.config import configure
from autograder.grade.result import ExerciseResult, SubmissionResult
from autograder.outcome import Status
from autograder.report.classroom import class_page
from autograder.report.feedback import exercise_html, unreadable_html
from autograder.report.pages import student_page
from autograder.report.table import ExerciseNote, Note
from tests.conftest import CHROMIUM
from tests.test_pages import entry, noted, row

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")

DO = "window.pwned=1;void(document.title='pwned')"
ATTACKS = (
    f"<script>{DO}</script>",
    f"</title></style></pre></script><script>{DO}</script>",
    f'<img src=x onerror="{DO}">',
    f'"><svg onload="{DO}"></svg>',
    '"><iframe srcdoc="<script>parent.pwned=1</script>"></iframe>',
    f'\'" autofocus tabindex=1 onfocus="{DO}" x="',
    f'<a id=link href="javascript:{DO}">click</a>',
    f'<a id=link href="java&#10;script:{DO}">click</a>',
    f'<details open ontoggle="{DO}">x</details>',
    f'<form><button id=link formaction="javascript:{DO}">x</button></form>',
    f'<math><mtext><style><img src=x onerror="{DO}"></style></mtext></math>',
    f'<object data="data:text/html,<script>{DO}</script>"></object>',
    f'<video><source onerror="{DO}"></video>',
    f'<meta http-equiv=refresh content="0;url=data:text/html,<script>{DO}</script>"><base href="//example.org/">',
    "<style>*{background:url(http://127.0.0.1:9/leak)}</style><link rel=stylesheet href=http://127.0.0.1:9/x>",
    f"{{{{ cycler.__init__.__globals__ }}}}{{% raw %}}<script>{DO}</script>",
    f"<!-- --!><script>{DO}</script>",
    f"\u2028<scr\u0000ipt>{DO}</scr\u0000ipt>＜script＞",
)
EVIL = " ".join(ATTACKS)
LONG = "[" + ", ".join(f"{value}.25" for value in range(-60, 60)) + "]"
NAMES = [f"student-{number:02d}-{'with-a-very-long-name' * (number % 3)}" for number in range(36)]


def wrong(text: str = "db", outcome: str = "wrong", **values: Any) -> ExerciseResult:
    return entry(text, outcome, **values).exercises[0]


def graded(*exercises: ExerciseResult) -> SubmissionResult:
    right = entry().exercises[1]
    return replace(entry(), exercises=(*exercises, right))


def feedback(given: SubmissionResult, student: str = "ada", **values: Any) -> str:
    return student_page(given, assignment="backprop", student=student, submitted="2026-11-01 12:00:00", **values)


MATRIX = [[float(row * column) / 7 for column in range(20)] for row in range(40)]
MATRIX_CASE = {"call": f"dW(np.array({MATRIX}))", "arguments": {"dZ": [[1.0, 2.0]]}, "expected": [MATRIX, [1.0]],
               "got": [[[-value for value in row] for row in MATRIX]],
               "shapes": {"dZ": ["N", "n_l"]}}  # fmt: skip
LONG_CASE = {"call": f"dW(np.array({LONG}))", "arguments": {}, "expected": LONG, "got": LONG.replace("7.25", "7.5")}


def both(first: Note, second: Note) -> Note:
    return replace(first, exercises=first.exercises + second.exercises)


NOTHING = Note(Status.ASIDE)
NOTES = {
    name: Note(
        Status.GRADED,
        exercises=tuple(
            ExerciseNote(each.name, each.outcome, each.score, each.max_score, each.misconception, "divide by `N`")
            for each in graded(wrong(misconception="no-mean"), wrong("x", "memory")).exercises
        ),
    )
    for name in NAMES[:30]
}
ROWS = [
    row(name, total=float(4 * number % 17), submitted=f"2026-11-{number % 9 + 1:02d} 12:00:00")
    if name in NOTES
    else row(name, status="not submitted")
    for number, name in enumerate(NAMES)
]
PAGES = {
    "right": feedback(graded(), manual=[("why-backwards", 7.0, 10.0, "well said")], total=15.0, max_total=26.0),
    "wrong": feedback(
        graded(
            wrong(message="dW is N times too large: the mean over the examples is missing"),
            wrong("dW", "partial", counterexample=LONG_CASE, message="long " * 80, follow_through=True),
            wrong("many", "error", counterexample=MATRIX_CASE, message="about `dW`", summary="the gradient of `W`"),
            wrong("stub", "missing", counterexample={**MATRIX_CASE, "got": None}, message="not attempted yet"),
            wrong("a_very_long_name_of_an_exercise_" * 6, "timeout", counterexample=None, misconception=None),
        ),
        late_penalty=2.5,
        manual=[("why-backwards", None, 10.0, "")],
    ),
    "unreadable": feedback(replace(entry(), status=Status.UNREADABLE, message="this is no notebook: " + "x" * 300)),
    "aside": feedback(SubmissionResult.put_aside("ada", 100.0, "why")),
    "hostile": feedback(graded(wrong(EVIL, EVIL)), EVIL, manual=[(EVIL, None, 1.0, EVIL)]),
    "hostile-unreadable": feedback(replace(entry(), status=Status.UNREADABLE, message=EVIL), EVIL),
    "class": class_page(
        "backprop",
        [*ROWS, row("a-student", status="aside", message="the sandbox could not be started " * 9, total=None)],
        {**NOTES, "a-student": Note(Status.ASIDE)},
        "grades-backprop.csv",
        due=datetime(2026, 11, 7, 12),
        skipped=["@x" * 60],
    ),
    "nobody": class_page("backprop", ROWS[30:], {}, "grades-backprop.csv", due=datetime(2026, 11, 7, 12)),
    "hostile-class": class_page(
        EVIL,
        [row(EVIL, status="unreadable", message=EVIL), row("b", status="aside", message=EVIL), row("c", status=EVIL)],
        {
            EVIL: both(noted(EVIL, text=EVIL, outcome=EVIL), noted(text=EVIL, outcome="timeout")),
            "b": Note(Status.ASIDE),
        },
        EVIL,
        skipped=[EVIL],
    ),
}


class Visit:
    """A page that was opened, and all that it did."""

    def __init__(self, browser: Browser, path: Path, width: int = 1280, script: bool = True, scheme: str = "light"):
        size: Any = {"width": width, "height": 900}
        mode: Any = scheme
        self.context = browser.new_context(viewport=size, java_script_enabled=script, color_scheme=mode)
        self.page: Page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", self._dialog)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.context.route("http*://**", lambda route: route.abort())
        self.page.goto(path.as_uri(), wait_until="load")
        self.start = path.as_uri()

    def _dialog(self, dialog: Any) -> None:
        self.said.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *error: object) -> None:
        self.context.close()

    def attacked(self) -> bool:
        """Whether a script of a student ran, now or when someone goes through and clicks what there is."""
        for _ in range(15):
            self.page.keyboard.press("Tab")
        for link in self.page.locator("#link, a[href]").all()[:20]:
            if (link.get_attribute("href") or "").lower().lstrip().startswith(("javascript", "data", "java")):
                link.click(timeout=1000, force=True, no_wait_after=True)
        self.page.wait_for_timeout(50)
        ran = self.page.evaluate("window.pwned === 1 || document.title === 'pwned'")
        return bool(ran) or self.page.url != self.start or any(each.startswith("dialog") for each in self.said)


def saved(folder: Path, text: str) -> Path:
    path = folder / "page.html"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("attack", [0, 1, 2, 3, 4, 6, 8])
def test_the_harness_sees_a_script_that_runs(browser: Browser, tmp_path: Path, attack: int) -> None:
    text = f"<!DOCTYPE html><html><head><title>t</title></head><body>{ATTACKS[attack]}</body></html>"
    if attack == 1:
        text = text.replace("<title>t</title>", f"<title>{ATTACKS[1]}")
    with Visit(browser, saved(tmp_path, text)) as visit:
        assert visit.attacked()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_is_quiet_fits_and_is_accessible(
    browser: Browser, tmp_path: Path, name: str, width: int, scheme: str
) -> None:
    with Visit(browser, saved(tmp_path, PAGES[name]), width, scheme=scheme) as visit:
        readable(visit, f"{name}-{width}-{scheme}")
        assert not visit.attacked()


def readable(visit: Visit, name: str) -> None:
    """A page says nothing on the console, asks for nothing, overflows nowhere, not in print, and axe accepts it."""
    if pictures := os.environ.get("PICTURES"):
        visit.page.screenshot(path=Path(pictures) / f"{name}.png", full_page=True)
    assert not visit.said
    assert visit.asked == [visit.start]
    assert fits(visit.page)
    assert not cut(visit.page)
    found = Axe().run(visit.page)
    assert not found.violations_count, found.generate_report()
    visit.page.emulate_media(media="print")
    visit.page.set_viewport_size({"width": 794, "height": 1123})  # A4
    assert fits(visit.page)


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def cut(page: Page) -> list[str]:
    """Boxes with more in them than is seen that a keyboard cannot scroll; not those that are for screen readers."""
    found: list[str] = page.evaluate(
        """[...document.querySelectorAll('main *')]
        .filter(each => !each.classList.contains('unseen')
            && each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0
            && getComputedStyle(each).overflowX !== 'visible' && each.tabIndex < 0)
        .map(each => each.outerHTML.slice(0, 80))"""
    )
    return found


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_the_same_without_javascript(browser: Browser, tmp_path: Path, name: str) -> None:
    path = saved(tmp_path, PAGES[name])
    with Visit(browser, path) as one, Visit(browser, path, script=False) as other:
        assert one.page.inner_text("body") == other.page.inner_text("body")


@pytest.mark.parametrize("template", ["feedback", "formgrade"])
@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_a_notebook_runs_nothing_of_a_student_in_nbgraders_own_pages(
    browser: Browser, tmp_path: Path, attack: str, template: str
) -> None:
    """The autograded notebook, as `generate_feedback` and formgrader show it."""
    with Visit(browser, saved(tmp_path, rendered(attack, template, tmp_path))) as visit:
        assert "as a student" in visit.page.inner_text("body")
        assert not visit.attacked()


def test_without_our_configuration_the_notebook_runs_it(browser: Browser, tmp_path: Path) -> None:
    with Visit(browser, saved(tmp_path, rendered(ATTACKS[0], "feedback", tmp_path, ours=False))) as visit:
        assert visit.attacked()


def attached(attack: str) -> dict[str, dict[str, str]]:
    """Pictures with scripts in them, and what only says that it is one."""
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" onload="{DO}"><script>{DO}</script>{attack}</svg>'
    coded = base64.b64encode(svg.encode()).decode("ascii")
    return {"a.svg": {"image/svg+xml": coded}, "b": {"text/html": coded, f'image/png"onerror="{DO}': coded}}


def rendered(attack: str, template: str, folder: Path, ours: bool = True) -> str:
    """A notebook full of an attack, as nbgrader's templates show it, without what they load from the network."""
    config = Config()
    if ours:
        configure(config, folder)
    cell = wrong(attack, misconception=attack)
    outputs = [
        nbformat.v4.new_output("display_data", {"text/html": html})
        for html in (exercise_html(cell), unreadable_html(attack))
    ]
    markdown = f'as a student {attack}\n\n[x](javascript:{DO.replace(" ", "")}) ![x](x"onerror={DO}) $\\href{{x}}{{y}}$'
    graded = {"grade": True, "solution": True, "grade_id": "q", "points": 1, "score": 0, "comment": attack}
    meta = {"nbgrader": {**graded, "schema_version": 3, "locked": False, "task": False}}
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell(markdown, metadata=meta),
            nbformat.v4.new_markdown_cell("![a](attachment:a.svg)![b](attachment:b)", attachments=attached(attack)),
            nbformat.v4.new_raw_cell(attack),
            nbformat.v4.new_code_cell(f"x = {attack!r}\n# {attack}", outputs=outputs),
        ]
    )
    templates = Path(formgrader.__file__).parent / "templates"
    paths = [str(templates.parent / "static/node_modules/bootstrap/dist/css")]
    exporter = HTMLExporter(
        config=config, template_name=template, extra_template_basedirs=[str(templates)], extra_template_paths=paths
    )
    place = {"notebook_id": "x", "assignment_id": "a", "student": "ada", "index": 0, "total": 1, "base_url": "/none"}
    scores = {"score": 0, "max_score": 1, "late_penalty": 0, "notebook": "x", "task": {}}
    text, _ = exporter.from_notebook_node(notebook, resources={**place, "nbgrader": scores, "metadata": {"name": "x"}})
    return str(text)
