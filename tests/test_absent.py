"""Libraries that plot, show progress or display accept whatever is asked of them, wherever a submission is run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from autograder import project
from autograder.sandbox.inside.absent import ABSENT, StandIn, install
from autograder.sandbox.mounts import ipython_folder
from autograder.student.check import check_file
from tests.conftest import Grade, exercise


@pytest.fixture(autouse=True)
def installed() -> Iterator[None]:
    """The stand-ins, for one test: pytest's own process has some of the real libraries."""
    with mock.patch.dict(sys.modules), mock.patch.object(sys, "meta_path", sys.meta_path[:]):
        for name in list(sys.modules):
            if name.partition(".")[0] in ABSENT:
                del sys.modules[name]
        install()
        yield


def run(source: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    return namespace


def test_cells_are_read_by_the_real_ipython() -> None:
    assert ipython_folder.__wrapped__() is not None


TAKEN_APART = {
    "fig, axes = plt.subplots(2, 2)": "fig axes",
    "fig, (left, right) = plt.subplots(1, 2)": "left right",
    "fig, ((a, b), (c, d)) = plt.subplots(2, 2)": "a b c d",
    "a, b, c = fig.add_subplot().something()": "a b c",
    "line, = plt.plot([1, 2])": "line",
    "(line,) = plt.plot([1, 2])": "line",
    "n, bins, patches = plt.hist([1, 2])": "n bins patches",
    "first, *others, last = plt.plot()": "first last",
    "[a, b, c, d, e] = plt.gca().lines": "a b c d e",
    "for a, b in [plt.plot()]: pass": "a b",
    "a, b = [each for each, other in [plt.x()]][0]": "a b",
    f"{', '.join(f'x{number}' for number in range(400))} = plt.x()": "x0 x399",
}


@pytest.mark.parametrize(("source", "names"), TAKEN_APART.items(), ids=range(len(TAKEN_APART)))
def test_as_many_items_as_are_asked_for(source: str, names: str) -> None:
    found = run(f"import matplotlib.pyplot as plt\nfig = plt.figure()\n{source}")
    assert all(isinstance(found[name], StandIn) for name in names.split())


def test_a_grid_of_axes_has_as_many_as_it_was_made_with() -> None:
    found = run(
        "import matplotlib.pyplot as plt\nimport numpy as np\n"
        "fig, axes = plt.subplots(2, 3)\n"
        "rows = len(axes), [len(row) for row in axes], len(axes.flat), len(list(axes.ravel()))\n"
        "pairs = [image for image, ax in zip(range(99), axes.flat)]\n"
        "many = [number for ax, number in zip(fig.axes, range(5))]\n"
        "numbered = [number for number, ax in enumerate(axes.reshape(-1))]\n"
        "_, one = plt.subplots()\none.plot([1])\n"
        "_, row = plt.subplots(nrows=1, ncols=4, figsize=(1, 1), sharex=True)\n"
        "width = len(row)\naxes[1, 2].plot([1])\naxes[0][1].set(title='x')\n"
    )
    assert found["rows"] == (2, [3, 3], 6, 6)
    assert found["pairs"] == found["numbered"] == [0, 1, 2, 3, 4, 5]
    assert found["many"] == [0, 1, 2, 3, 4]
    assert found["width"] == 4


ACCEPTED = """
import matplotlib, matplotlib.pyplot as plt, matplotlib.animation as animation, numpy as np
import seaborn as sns, seaborn.objects as so
import plotly.express as px, plotly.graph_objects as go, bokeh.plotting, altair as alt, graphviz, ipywidgets as widgets
from mpl_toolkits.mplot3d import Axes3D
from matplotlib import cm
from matplotlib.ticker import *
from rich.console import Console
from rich import print as say
from IPython import get_ipython
from IPython.display import *
matplotlib.use("Agg")
version = matplotlib.__version__.split(".")
plt.rcParams["figure.dpi"] = 80
plt.rcParams.update({"font.size": 8})
del plt.rcParams["x"]
with plt.style.context("x"), plt.ioff() as off: plt.plot([1])
ax = plt.axes()
colors = cm.viridis(np.linspace(0, 1, 3))
scaled = np.exp(ax.scale) * 2 + 1 - np.ones(3) @ ax.matrix / ax.size // 2 ** -ax.n
scaled += 1
mean, text = np.mean(ax.values), f"{ax.time:.2f} {ax.time} {ax!r}"
smaller = [ax.n < 3, ax.n >= 3, ax.n == 3, "x" in plt.rcParams, round(ax.n, 2) is ax.n, abs(ax.n) is ax.n]
number, real, length, place = int(ax.n), float(ax.n), len(ax.lines), [1, 2][ax.n]
for line in ax.lines: line.set_color("r")
while ax.n < 10: pass
ax.title = "own"
own = ax.title
kind = isinstance(ax, plt.Axes), isinstance(3, plt.Axes)
def hint(ax: plt.Axes | None = None) -> plt.Figure: return ax
class Shown(plt.Axes, widgets.Widget):
    def __init__(self, a):
        super().__init__(a, b=1)
        self.a = a
shown = Shown(7).a + 1
@widgets.interact
def decorated(x): return x + 1
@plt.rc_context({})
def within(x): return x + 2
results = decorated(1), within(1)
display(HTML("x"), metadata={}); clear_output(wait=True)
Console().print("x"); say("[bold]x")
get_ipython().run_line_magic("matplotlib", "inline")
fig = px.scatter(x=[1], y=[2]); fig.update_layout(title="x").show(); go.Figure(data=[go.Scatter()])
alt.Chart(1).mark_line().encode(x="a") | alt.Chart(2) & alt.Chart(3)
dot = graphviz.Digraph(); dot.node("a"); dot
animation.FuncAnimation(plt.figure(), lambda n: None, frames=3).save("x")
"""


def test_whatever_is_asked_is_accepted() -> None:
    found = run(ACCEPTED)
    assert found["smaller"] == [False, False, False, False, True, True]
    assert (found["number"], found["real"], found["place"]) == (0, 0.0, 1)
    assert found["own"] == "own"
    assert found["kind"] == (True, False)
    assert found["shown"] == 8
    assert found["results"] == (2, 3)
    assert isinstance(found["scaled"], StandIn)


PROGRESS = {
    "for x in tqdm(range(5)): seen.append(x)": "from tqdm import tqdm",
    "for x in tqdm.tqdm(range(5), 'text', 5): seen.append(x)": "import tqdm",
    "for x in tqdm(range(5), desc='text', leave=False): seen.append(x)": "from tqdm.auto import tqdm",
    "for x in tqdm(iterable=iter(range(5))): seen.append(x)": "from tqdm.notebook import tqdm",
    "for x in tqdm_notebook(range(5)): seen.append(x)": "from tqdm import tqdm_notebook",
    "for x in trange(5, desc='x'): seen.append(x)": "from tqdm import *",
    "for x in tqdm.trange(0, 5): seen.append(x)": "import tqdm",
    "for x, y in tqdm(enumerate('abcde')): seen.append(x)": "from tqdm import tqdm",
    "for x, y in tenumerate('abcde'): seen.append(x)": "from tqdm.contrib import tenumerate",
    "for x, y in tqdm(zip(range(5), range(9)), total=5): seen.append(x)": "from tqdm import tqdm",
    "for x in track(range(5), description='x'): seen.append(x)": "from rich.progress import track",
    "for x in progress_bar(range(5), parent=None): seen.append(x)": "from fastprogress import progress_bar",
    "for x in progressbar.ProgressBar(max_value=5)(range(5)): seen.append(x)": "import progressbar",
    "for x in alive_it(range(5)): seen.append(x)": "from alive_progress import alive_it",
    "with Progress() as bar:\n  for x in bar.track(range(5)): seen.append(x)": "from rich.progress import Progress",
    "with alive_bar(5) as bar:\n  for x in range(5): seen.append(x); bar()": "from alive_progress import alive_bar",
    "bar = tqdm(total=5)\nwhile bar.n < bar.total: seen.append(bar.n); bar.update(1)": "from tqdm import tqdm",
    "with trange(5) as bar:\n  for x in bar: seen.append(x); bar.set_postfix_str('x')": "from tqdm import trange",
    "bar = tqdm(range(5))\nfor x in bar: seen += [bar.n]; bar.set_postfix(l=x)\nbar.close()": "from tqdm import tqdm",
    "bar = tqdm(range(5))\nfor x in bar: seen.append(x); bar.write('x'); tqdm.write('x')": "from tqdm import tqdm",
    "bar = tqdm(range(5))\nfor x in bar: bar.set_description(f'{x}'); seen += [x]": "from tqdm import tqdm",
    "bar = tqdm(range(5))\nseen += list(bar)\nassert len(bar) == bar.total == 5": "from tqdm import tqdm",
}


@pytest.mark.parametrize(("source", "first"), PROGRESS.items(), ids=range(len(PROGRESS)))
def test_a_bar_of_progress_goes_through_what_it_is_given(source: str, first: str) -> None:
    assert run(f"{first}\nseen = []\n{source}")["seen"] == [0, 1, 2, 3, 4]


DRAWS = (
    "import matplotlib.pyplot as plt\nfrom tqdm import tqdm\nfrom IPython.display import display\n"
    "def db(dZ):\n    fig, (left, right) = plt.subplots(1, 2)\n    for row in tqdm(dZ): left.plot(row)\n"
    "    display(fig)\n    return dZ.mean(axis=0)[:, None]\n"
    "def dZ_output(A, Y): return plt.plot(A)"
)


def test_grading_and_check_do_the_same_whatever_is_installed(
    grade: Grade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real library would be found by check's process; here it raises, as one does whose own imports are refused."""
    installed = tmp_path / "installed"
    for name in ("matplotlib", "tqdm", "IPython"):
        (installed / name).mkdir(parents=True)
        (installed / name / "__init__.py").write_text("import PIL")
    monkeypatch.setenv("PYTHONPATH", str(installed))
    visible = project.visible_cases("backprop")
    (tmp_path / visible.name).write_bytes(visible.read_bytes())
    path = tmp_path / "backprop.py"
    path.write_text(f"import numpy as np\n{DRAWS}")
    checked = {entry.name: entry for entry in check_file(path, []).exercises}
    graded = grade([f"import numpy as np\n{DRAWS}"])
    for name, outcome in (("db", "correct"), ("dZ_output", "error")):
        assert checked[name].outcome == exercise(graded, name)["outcome"] == outcome
    assert "StandIn" in exercise(graded, "dZ_output")["message"]
