"""Templates of pages: compiled once, everything in them escaped, and a policy by which a page runs nothing."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from autograder.report.values import mark

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


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("autograder", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(prose=prose, points=points, mark=mark)
    return made
