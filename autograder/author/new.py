"""New: a small assignment that works and validates at once, to be changed into another."""

from __future__ import annotations

import keyword
import re
import shutil
from pathlib import Path

from autograder import project
from autograder.errors import UsageError

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def create(name: str) -> Path:
    """Write `solutions/NAME/`: an instructor's notebook with one exercise, and its hidden tests. Returns the folder.

    Raises UsageError for a name that is none, or that is taken.
    """
    import jinja2

    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise UsageError(
            f"{name!r} cannot name an assignment: give a word of small letters, digits and underscores that starts "
            "with a letter, like convolution."
        )
    folder = project.root() / "solutions" / name
    for taken in (folder, project.released(name).parent):
        if taken.exists():
            raise UsageError(f"{taken} is there already: give another name, or remove it first.")
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("autograder.author"), undefined=jinja2.StrictUndefined, keep_trailing_newline=True
    )
    title = name.replace("_", " ").capitalize()
    beside = folder.with_name(f".{name}.new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    for template, file in (("notebook.py.j2", f"{name}.py"), ("hidden.py.j2", "hidden.py")):
        text = templates.get_template(template).render(name=name, title=title)
        (beside / file).write_text(text, encoding="utf-8")
    beside.rename(folder)
    return folder
