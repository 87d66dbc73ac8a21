"""Stand-ins for libraries that plot, show progress or display: they accept whatever is asked of them, and do nothing.

So a function that draws on its way gives what it gives in Jupyter. They come before the real libraries, so that the
same happens on every machine. What computes (pandas, networkx) has no stand-in: its results would be wrong.

Runs inside the sandbox and where students check, so it needs only the standard library; NumPy comes to it by itself.
"""

from __future__ import annotations

import dis
import importlib.abc
import importlib.machinery
import itertools
import math
import sys
from collections.abc import Callable, Iterator
from types import FrameType, FunctionType, ModuleType
from typing import Any

ABSENT = frozenset(
    {"matplotlib", "mpl_toolkits", "pylab", "seaborn", "plotly", "bokeh", "altair", "holoviews", "hvplot", "graphviz"}
    | {"torchviz", "livelossplot", "IPython", "ipywidgets", "ipympl", "rich"}
    | {"tqdm", "fastprogress", "alive_progress", "progressbar"}
)
"""Packages that draw, show progress or display."""
_PROGRESS = ("tqdm", "fastprogress", "alive_progress", "progressbar", "rich.progress")
"""Those in which what is called with something to go through goes through it."""
_PLOT = (
    "annotate axhline axis axvline bar barh boxplot clf close cm colorbar contour contourf errorbar figure "
    "fill_between gca gcf grid hist hist2d imshow legend loglog matshow pause pcolormesh pie plot quiver rcParams "
    "savefig scatter semilogx semilogy show step style subplot subplots suptitle text tight_layout title violinplot "
    "xlabel xlim xscale xticks ylabel ylim yscale yticks"
)
_STARRED = {
    "matplotlib.pyplot": _PLOT,
    "pylab": _PLOT,
    "IPython.display": "HTML Audio Image JSON Latex Markdown Math SVG Video clear_output display",
    "ipywidgets": "Button Dropdown FloatSlider HBox IntSlider Output VBox fixed interact interact_manual interactive",
    "tqdm": "tqdm trange",
}
"""What `from … import *` brings."""
_MOST = 10_000
"""Items that a stand-in is taken apart into."""


class StandIn:
    """Anything of such a library: whatever is asked of it gives a stand-in again."""

    def __init__(self, *given: Any, **named: Any) -> None:
        """Take whatever a subclass passes on."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _axes if name == "subplots" else self

    def __call__(self, *given: Any, **named: Any) -> Any:
        if len(given) == 1 and not named and isinstance(given[0], FunctionType | type):
            return given[0]  # it decorates
        return self

    def __iter__(self) -> Iterator[Any]:
        asked = _asked(sys._getframe(1))
        return itertools.repeat(self, 1 if asked is None else asked)

    def __next__(self) -> Any:
        return self

    def __len__(self) -> int:
        return 1

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, index: Any) -> Any:
        return self

    def __setitem__(self, index: Any, value: Any) -> None:
        pass

    def __delitem__(self, index: Any) -> None:
        pass

    def __contains__(self, item: Any) -> bool:
        return False

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *raised: Any) -> None:
        return None

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        first = next(base for base in bases if isinstance(base, StandIn))
        return (StandIn,) if self is first else ()

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, StandIn)

    def __format__(self, how: str) -> str:
        return ""

    def __float__(self) -> float:
        return 0.0

    def __int__(self) -> int:
        return 0

    __index__ = __int__

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        import numpy as np

        return np.zeros((), dtype)

    def __array_ufunc__(self, *given: Any, **named: Any) -> Any:
        return self

    def __array_function__(self, *given: Any, **named: Any) -> Any:
        return self


def _itself(self: StandIn, *given: Any) -> StandIn:
    return self


def _no(self: StandIn, other: Any) -> bool:
    return False  # a loop that waits for a library to get somewhere ends


_BINARY = "add sub mul matmul truediv floordiv mod divmod pow lshift rshift and or xor".split()  # noqa: SIM905
for _name in ("neg", "pos", "abs", "invert", "round", *(way + name for name in _BINARY for way in ("", "r", "i"))):
    setattr(StandIn, f"__{_name}__", _itself)
for _name in ("lt", "le", "gt", "ge"):
    setattr(StandIn, f"__{_name}__", _no)


_UNPACK, _UNPACK_REST = dis.opmap["UNPACK_SEQUENCE"], dis.opmap["UNPACK_EX"]
_CALLS = {dis.opmap.get(name) for name in ("PRECALL", "CALL", "CALL_KW")}


def _asked(frame: FrameType) -> int | None:
    """How many items the code that goes through something asks for; None if it takes what there is.

    What is taken apart into names has that many; what goes beside something else in a `zip` does not end before it.
    """
    code, place = frame.f_code.co_code, frame.f_lasti
    operation, count, shift = code[place], code[place + 1], 8
    while place >= 2 and code[place - 2] == dis.EXTENDED_ARG:
        place -= 2
        count |= code[place + 1] << shift
        shift += 8
    if operation == _UNPACK:
        return min(count, _MOST)
    if operation == _UNPACK_REST:
        return min((count & 0xFF) + (count >> 8), _MOST)
    return _MOST if operation in _CALLS and count > 1 and "zip" in frame.f_code.co_names else None


class _Axes(StandIn):
    """A grid of axes, as an array of NumPy's: there are as many as were asked for."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    def __getattr__(self, name: str) -> Any:
        if name in ("flat", "ravel", "flatten", "reshape"):
            return _Axes((math.prod(self.shape),))
        return super().__getattr__(name)

    def __iter__(self) -> Iterator[Any]:
        asked = _asked(sys._getframe(1))
        return iter([self[0]] * (len(self) if asked in (None, _MOST) else asked or 0))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> Any:
        return _Axes(self.shape[1:]) if isinstance(index, int) and len(self.shape) > 1 else StandIn()


def _axes(nrows: int = 1, ncols: int = 1, *given: Any, squeeze: bool = True, **named: Any) -> StandIn:
    shape = tuple(side for side in (nrows, ncols) if side != 1 or not squeeze)
    return _Axes(shape) if shape else StandIn()


def _figure_and_axes(*given: Any, **named: Any) -> tuple[StandIn, StandIn]:
    return StandIn(), _axes(*given, **named)


class Progress(StandIn):
    """What shows progress: it goes through what it is given."""

    def __getattr__(self, name: str) -> Any:
        return _THROUGH.get(name) or super().__getattr__(name)

    def __call__(self, *given: Any, **named: Any) -> Any:
        items = given[0] if given else named.pop("iterable", None)
        goes_through = hasattr(items, "__iter__") or hasattr(items, "__getitem__")
        if items is None or (goes_through and not isinstance(items, str | type)):
            return Bar(items, *given[1:3], **named)
        return super().__call__(*given, **named)


class Bar(Progress):
    """A bar of progress: goes through its items, and counts."""

    def __init__(self, items: Any = None, desc: Any = None, total: Any = None, **named: Any) -> None:
        self.iterable, self.desc = items, desc
        self.n: float = 0
        self.total = len(items) if total is None and hasattr(items, "__len__") else total

    def __iter__(self) -> Iterator[Any]:
        for item in () if self.iterable is None else self.iterable:
            yield item
            self.n += 1

    def __len__(self) -> int:
        return self.total if isinstance(self.total, int) else len(self.iterable)

    def update(self, n: Any = 1, *given: Any, **named: Any) -> None:
        """Count on."""
        self.n += n if isinstance(n, int | float) else 1


def _range(*limits: int, **named: Any) -> Bar:
    return Bar(range(*limits), **named)


def _enumerate(items: Any, start: int = 0, **named: Any) -> Any:
    return enumerate(items, start)


def _map(function: Callable[..., Any], *items: Any, **named: Any) -> Any:
    return map(function, *items)


def _zip(*items: Any, **named: Any) -> Any:
    return zip(*items, strict=False)


_THROUGH = {"trange": _range, "tnrange": _range, "tenumerate": _enumerate, "tmap": _map, "tzip": _zip}


class _Module(ModuleType, StandIn):
    """A module of such a library."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []
        self.__version__ = "0"
        self.__all__ = _STARRED.get(name, "").split()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        path = f"{self.__name__}.{name}."
        if any(path.startswith(f"{each}.") for each in _PROGRESS):
            return getattr(Progress(), name)
        return _figure_and_axes if name == "subplots" else StandIn()


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name.partition(".")[0] not in ABSENT:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


def install() -> None:
    """Put the stand-ins before the real libraries, for all of this process: none of these may be in use in it."""
    sys.meta_path.insert(0, _Finder())
