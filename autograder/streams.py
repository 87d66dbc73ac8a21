"""The terminal that a command is typed in: it may not know our signs, and whoever reads may have gone away."""

from __future__ import annotations

import codecs
import io
import json
import os
import sys
import unicodedata
from typing import Any

_SIGNS = "✓+ ✗x ◐~ ○o ·- ×x ∂d −- –- —- ─- ‘' ’' “' ”' ≠!= ≤<= ≥>= ±+- →-> σsigma ηeta Σsum"
_PLAIN = {pair[0]: pair[1:] for pair in _SIGNS.split()}
"""What is printed where the terminal's encoding does not have a sign of ours, or of the exercises."""


def prepare() -> None:
    """Let standard output and error write every text, in plain letters where their encoding has no others."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="autograder.plain")


def show(text: str) -> None:
    """Print a text in plain letters where the output has no others, and leave the output as it is."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print(text.encode(encoding, "autograder.plain").decode(encoding))


def print_json(document: Any) -> None:
    """Print a document as JSON, which says in ASCII what the output's encoding may not have."""
    unicode = "utf" in (getattr(sys.stdout, "encoding", None) or "").lower()
    print(json.dumps(document, indent=1, ensure_ascii=not unicode, allow_nan=False))


def flush() -> None:
    """Write what has been printed. Raises OSError where nobody takes it."""
    if sys.stdout is not None:  # as it is after `>&-`
        sys.stdout.flush()


def drop() -> None:
    """Forget what nobody takes: Python would try to write it at the very end, and complain once more."""
    try:
        flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _plain(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    return "".join(map(_letters, error.object[error.start : error.end])), error.end


def _letters(character: str) -> str:
    """What stands for a character in ASCII."""
    return _PLAIN.get(character) or unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode() or "?"


codecs.register_error("autograder.plain", _plain)
