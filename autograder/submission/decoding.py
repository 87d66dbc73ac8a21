"""Decoding: the bytes of a file as people send it → its text; a notebook's without outputs, which may be large."""

from __future__ import annotations

import codecs
import json
import re

_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_ALPHABETS = re.compile(
    r"(utf[-_]?(8|16|32)([-_](sig|le|be))?|ascii|latin.*|iso8859.*|cp\d+|mac.*|koi8.*|gb.*|big5.*|euc.*|shift_jis.*|johab|tis.*)"
)
"""Names of encodings that are tables of characters: others transform what they read, some in more than linear time."""
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_TEXT = rb'"(?:[^"\\]++|\\.)*+"'
_OPENED = re.compile(
    rb'(?:[^"]++|(?!"outputs"\s*:\s*\[)' + _TEXT + rb')*+"outputs"\s*:\s*\[',
    re.DOTALL,
)
"""From anywhere outside a text to where the next list of outputs begins."""
_BRACKET = re.compile(rb'(?:[^"\[\]]++|' + _TEXT + rb")*+([\[\]])", re.DOTALL)
MOST_BRACKETS = 1 << 20
"""In the outputs of a notebook: of those that plots write as data there are some hundred thousand."""


def text_of(content: bytes, suffix: str) -> str | None:
    """The text in the bytes of a notebook or module, None if it is none.

    As it says of itself: by a mark in front, by UTF-16's zeros, by a module's declaration (PEP 263). Else it is UTF-8,
    or what Windows writes where that cannot be.
    """
    for encoding in _encodings(content, suffix):
        try:
            return content.decode(encoding).removeprefix("\ufeff")
        except (UnicodeDecodeError, LookupError):
            continue
    return None


def without_outputs(content: bytes) -> bytes:
    """The bytes of a notebook with the lists of outputs emptied; as they are where there is too much to look at."""
    pieces, place, brackets = [], 0, 0
    while opened := _OPENED.match(content, place):
        pieces.append(opened[0])
        place, depth = opened.end(), 1
        while depth:
            bracket = _BRACKET.match(content, place)
            brackets += 1
            if bracket is None or brackets > MOST_BRACKETS:
                return content
            depth += 1 if bracket[1] == b"[" else -1
            place = bracket.end()
        pieces.append(b"]")
    return b"".join([*pieces, content[place:]])


def _encodings(content: bytes, suffix: str) -> list[str]:
    told = json.detect_encoding(content[:4]) if content[:4].strip() else "utf-8"
    if content.startswith(_MARKS) or told not in ("utf-8", "utf-8-sig"):
        return [told]
    if suffix == ".py":
        lines = content.split(b"\n", 2)[:2]
        for line in lines:
            if declared := _COOKIE.match(line):
                return [_table(declared[1].decode("ascii", "replace")), "utf-8"]
    return ["utf-8"] if b"\0" in content else ["utf-8", "cp1252", "latin-1"]


def _table(name: str) -> str:
    """The encoding that is meant by a name in a file, "utf-8" for one that is none."""
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return "utf-8"
    return found if _ALPHABETS.fullmatch(found) else "utf-8"
