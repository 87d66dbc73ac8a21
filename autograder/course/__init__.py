"""Course: nbgrader around the grading engine. Release, collect, record, export; never a fork or a patch of nbgrader."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

# jsonschema, on which nbgrader's notebooks build, would compile a grammar for each kind of web address, for a check
# that nothing here asks for: a second and more in every command. Without this optional module it leaves that out.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


class _Package(ModuleType):
    """A package that is loaded when something is asked for that is not one of its modules; those load by themselves."""

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and find_spec(f"{self.__name__}.{name}"):
            return import_module(f"{self.__name__}.{name}")
        spec = self.__spec__
        assert spec is not None
        assert spec.loader is not None
        object.__setattr__(self, "__class__", ModuleType)
        spec.loader.exec_module(self)
        return getattr(self, name)


def _load_when_asked(name: str) -> None:
    if name not in sys.modules and (spec := find_spec(name)):
        sys.modules[name] = package = module_from_spec(spec)
        package.__class__ = _Package


# To load it whole is to load its four extensions of Jupyter's server, and with them nbconvert, Jupyter's client and
# more: half of the time until a single submission is graded, which needs its gradebook alone.
_load_when_asked("nbgrader")
