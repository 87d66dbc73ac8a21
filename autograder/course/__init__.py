"""Course: nbgrader around the grading engine. Release, collect, record, export; never a fork or a patch of nbgrader."""

import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec

# jsonschema, on which nbgrader's notebooks build, would compile a grammar for each kind of web address, and more, for
# checks that nothing here asks for: a second in every command. Without these optional modules it leaves them out.
for _optional in ("rfc3987_syntax", "rfc3986_validator", "isoduration"):
    sys.modules.setdefault(_optional, None)  # type: ignore[arg-type]

_NEEDED = ("utils", "api", "auth", "coursedir", "plugins")


def load_gradebook() -> None:
    """Load those modules of nbgrader that grading needs, unless all of it is there; they stay when the rest is loaded.

    The package itself loads its four extensions of Jupyter's server, and with them nbconvert, Jupyter's client and
    more: half of the time until a single submission is graded. These modules ask nothing of the package.
    """
    spec = find_spec("nbgrader")
    if "nbgrader" in sys.modules or spec is None:
        return
    sys.modules["nbgrader"] = module_from_spec(spec)  # only a place: nothing of it is run
    try:
        for name in _NEEDED:
            import_module(f"nbgrader.{name}")
    finally:
        del sys.modules["nbgrader"]
