"""Templates of pages: compiled once, everything in them escaped, and a policy by which a page runs nothing."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemBytecodeCache, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from autograder import project
from autograder.report.values import mark

_METHODS = frozenset(dir(dict))
_CODE = re.compile(r"`([^`]+)`")


@cache
def template(name: str) -> Template:
    """A template of this folder."""
    return _environment().get_template(name)


@cache
def style() -> dict[str, str]:
    """The style of all pages, and the policy that allows it by its digest, and no other style, script or request."""
    text = template("style.css.j2").render()
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return {"style": text, "policy": policy}


def prose(text: str) -> Markup:
    """A message as HTML: escaped first, then what stands in backticks as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


def points(value: float | None) -> str:
    """Points as people write them: at most two digits after the point, no zeros at the end; a dash for none."""
    return "–" if value is None else f"{round(value, 2):g}"


class _Pages(Environment):
    """Results are dicts: Jinja asks each for an attribute first, and by the exception knows that there is none."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`obj.attribute` in a template."""
        if type(obj) is dict and attribute in obj and attribute not in _METHODS:
            return obj[attribute]
        return super().getattr(obj, attribute)


@cache
def _environment() -> Environment:
    made = _Pages(
        loader=PackageLoader("autograder", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_compiled(),
    )
    made.filters.update(prose=prose, points=points, mark=mark)
    return made


def _compiled() -> FileSystemBytecodeCache | None:
    """Where compiled templates are kept, if that may be written. Jinja knows them by their text, not by the options."""
    folder = project.cache_dir()
    pattern = f"%s-{project.framework_key()}.template"
    return FileSystemBytecodeCache(str(folder), pattern) if os.access(folder, os.W_OK) else None
