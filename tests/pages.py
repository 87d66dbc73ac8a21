"""The pages for people, as tests read them: README.md, docs/ and .github/."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / ".github").glob("*.md")))
}
_COMMENT = re.compile(r"\s+#.*")


def block(name: str) -> str:
    """The block of code below `<!-- name -->`, on the one page that has it."""
    marked = [text for page in PAGES.values() for text in re.findall(rf"<!-- {name} -->\n```\w+\n(.*?)```", page, re.S)]
    assert len(marked) == 1, f"the pages have {len(marked)} blocks {name!r}"
    return str(marked[0])


def commands() -> list[str]:
    """All lines that the pages tell people to type into a shell, without comments."""
    shells = [text for page in PAGES.values() for text in re.findall(r"^```sh\n(.*?)^```", page, re.S | re.M)]
    return [_COMMENT.sub("", line) for shell in shells for line in shell.splitlines() if line.strip()]


def command(start: str, instead: Mapping[str, str] | None = None) -> str:
    """The line to type that a page has and that begins with `start`, with other words `instead` of the page's.

    Where several begin so, it is the one that is `start`.
    """
    lines = {line for line in commands() if line.startswith(start)}
    lines = lines & {start} or lines
    assert len(lines) == 1, f"of what the pages tell to type, {sorted(lines)} begins with {start!r}"
    (line,) = lines
    for word, other in (instead or {}).items():
        assert word in line, f"{line!r} has no {word!r}"
        line = line.replace(word, other)
    return line
