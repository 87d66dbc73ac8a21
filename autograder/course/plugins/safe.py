"""Markdown to HTML as nbconvert does it, without anything that a browser would run.

It takes the place of nbconvert's own filter (`HTMLExporter.filters`), because nbgrader's templates for feedback and
formgrader print students' Markdown unfiltered. It works on the HTML and not on the Markdown, so formulas stay whole.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import bleach  # type: ignore[import-untyped]
from jinja2 import pass_context
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

_TAGS = """
    a abbr b blockquote br caption code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd li ol p pre s samp
    small span strong sub summary sup table tbody td tfoot th thead tr u ul
"""
_EVERYWHERE = {"class", "id", "title", "align"}
_OF_TAG = {"a": {"href"}, "img": {"src", "alt", "width", "height"}, "ol": {"start"}, "td": {"colspan", "rowspan"}}
_PROTOCOLS = ("http", "https", "mailto", "data")
_WRITTEN_OUT = re.compile(r"&(?:#\d+|#x[0-9a-f]+|bsol);?", re.IGNORECASE)
# What MathJax takes for a link, an attribute or more of its own code.
_ACTING_TEX = re.compile(
    r"\\(?=(?:href|require|unicode|style|class|cssId|data|mmlToken|texttip|tooltip|html\w*)(?![a-z]))", re.IGNORECASE
)
_SHOWN_BACKSLASH = "\uff3c"


@pass_context
def markdown2html(context: Any, source: str) -> str:
    """A cell's Markdown as harmless HTML; images attached to the cell are kept."""
    attachments = (context.get("cell") or {}).get("attachments", {})
    renderer = IPythonRenderer(escape=False, attachments=attachments)
    return clean(MarkdownWithMath(renderer=renderer).render(source))


def clean(html: str) -> str:
    """HTML with the usual tags of text only; the rest is shown as it was written, TeX that acts on a page too."""
    shown = str(bleach.clean(html, tags=_TAGS.split(), attributes=_allowed, protocols=_PROTOCOLS))
    return _ACTING_TEX.sub(_SHOWN_BACKSLASH, _WRITTEN_OUT.sub(_character, shown))


def _character(match: re.Match[str]) -> str:
    """A letter or backslash that was written as its number, as a browser hands it to MathJax."""
    character = unescape(match[0])
    return character if character == "\\" or (character.isascii() and character.isalpha()) else match[0]


def _allowed(tag: str, name: str, value: str) -> bool:
    if value.lstrip().lower().startswith("data:"):
        return tag == "img" and value.lstrip().lower().startswith("data:image/")
    return name in _EVERYWHERE or name in _OF_TAG.get(tag, ())
