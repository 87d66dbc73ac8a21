"""Figures are drawn by code, what is committed is what the code draws, and every notebook that shows one is whole."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import Browser
from traitlets.config import Config

from autograder import project
from autograder.author.files import load_module
from autograder.course.config import configure
from autograder.course.notebook import source_notebook
from autograder.errors import AuthoringError
from tests.conftest import CHROMIUM

FIGURES = load_module(project.root() / "solutions" / "figures.py")
NAMES = [(assignment, figure.__name__) for assignment, figures in FIGURES.FIGURES.items() for figure in figures]
LINK = re.compile(r"^\[figures/(\w+)\.png\]: data:image/png;base64,(\S+)$", re.MULTILINE)
IMAGE = re.compile(r"!\[([^\]]*)\]\[figures/(\w+)\.png\]")
PERCENT = """\
# %% [markdown]
# ![a net](figures/net.png)
#
# Look at it. ![The same](figures/net.png)

# %% exercise="f"
def f():
    ### BEGIN SOLUTION
    return 1
    ### END SOLUTION

# %% tests="f"
assert f()

# %% [markdown] written="why" points=1
# Because.
"""


def texts(assignment: str) -> list[str]:
    notebook = nbformat.read(project.released(assignment), as_version=4)
    assert not any("attachments" in cell for cell in notebook.cells), "Colab shows none, JupyterLab none that is SVG"
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def test_what_is_committed_is_what_the_code_draws() -> None:
    assert not FIGURES.changed(), "python solutions/figures.py draws them anew"


def test_no_figure_is_left_that_nobody_draws() -> None:
    files = (project.root() / "solutions").glob("*/figures/*")
    assert sorted((path.parent.parent.name, path.stem) for path in files) == sorted(NAMES)


def test_a_figure_that_is_drawn_otherwise_is_noticed(tmp_path: Path) -> None:
    assert len(FIGURES.changed(tmp_path)) == len(NAMES), "none is there"
    path, svg = next(iter(FIGURES.changed(tmp_path).items()))
    path.parent.mkdir(parents=True)
    path.write_bytes(FIGURES.png(FIGURES.np.zeros((2, 2, 3), FIGURES.np.uint8), FIGURES.made_from(svg)))
    assert path not in FIGURES.changed(tmp_path)
    path.write_bytes(FIGURES.png(FIGURES.np.zeros((2, 2, 3), FIGURES.np.uint8), FIGURES.made_from(svg + " ")))
    assert path in FIGURES.changed(tmp_path)


@pytest.mark.parametrize("assignment", FIGURES.FIGURES)
def test_released_text_shows_every_figure_and_says_what_is_on_it(assignment: str) -> None:
    drawn = {name for folder, name in NAMES if folder == assignment}
    shown: set[str] = set()
    for text in texts(assignment):
        links = dict(LINK.findall(text))
        assert {name for _, name in IMAGE.findall(text)} == set(links)
        for name, coded in links.items():
            path = project.root() / "solutions" / assignment / "figures" / f"{name}.png"
            assert base64.b64decode(coded) == path.read_bytes()
        for words, name in IMAGE.findall(text):
            assert len(words.split()) >= 8, f"{name}: words for those who cannot see it"
        shown |= set(links)
    assert shown == drawn


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
@pytest.mark.parametrize("assignment", FIGURES.FIGURES)
def test_pages_made_of_a_released_notebook_show_its_figures(assignment: str, browser: Browser) -> None:
    """By nbconvert with our filter of Markdown, as formgrader and generated feedback show a submission."""
    config = Config()
    configure(config)
    exporter = HTMLExporter(config=Config({"HTMLExporter": config.HTMLExporter}))
    page = browser.new_page()
    page.set_content(exporter.from_filename(str(project.released(assignment)))[0], wait_until="domcontentloaded")
    images = page.locator("img")
    shown = images.evaluate_all(
        "images => Promise.all(images.map(async image => {"
        "await image.decode(); return [image.naturalWidth, image.alt.length]; }))"
    )
    page.close()
    assert len(shown) == len(FIGURES.FIGURES[assignment])
    assert all(width >= 600 and words >= 40 for width, words in shown)


def assignment_of(tmp_path: Path, text: str, **files: bytes) -> Path:
    folder = tmp_path / "tiny"
    (folder / "figures").mkdir(parents=True)
    (folder / "tiny.py").write_text(text, encoding="utf-8")
    for name, content in files.items():
        (folder / "figures" / f"{name}.png").write_bytes(content)
    return folder


def test_a_figure_travels_inside_the_text(tmp_path: Path) -> None:
    folder = assignment_of(tmp_path, PERCENT, net=b"\x89PNG")
    cell = source_notebook(folder, {"f": 100}).cells[0]
    assert cell.source == (
        "![a net][figures/net.png]\n\nLook at it. ![The same][figures/net.png]\n\n"
        "[figures/net.png]: data:image/png;base64,iVBORw=="
    )
    assert "attachments" not in cell


def test_a_figure_of_a_model_answer_goes_with_the_answer(tmp_path: Path) -> None:
    """nbgrader replaces the text of a written answer and leaves its attachments: they would be released."""
    answer = PERCENT.replace("# Because.", "# Because of ![this](figures/secret.png)")
    cell: Any = source_notebook(assignment_of(tmp_path, answer, net=b"n", secret=b"s"), {"f": 100}).cells[-1]
    assert "[figures/secret.png]: data:image/png" in cell.source
    assert "attachments" not in cell


@pytest.mark.parametrize(
    ("figure", "message"), [("net.png", "which is not there"), ("net.svg", "not every notebook can; take .png")]
)
def test_a_figure_that_cannot_be_shown_is_an_authors_mistake(tmp_path: Path, figure: str, message: str) -> None:
    folder = assignment_of(tmp_path, PERCENT.replace("net.png", figure))
    with pytest.raises(AuthoringError, match=message):
        source_notebook(folder, {"f": 100})
