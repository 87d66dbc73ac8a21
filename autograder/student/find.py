"""Finding what a student means: the file to check, and the visible cases that belong to it or to a function."""

from __future__ import annotations

import difflib
import os
from collections.abc import Collection, Sequence
from pathlib import Path

from autograder.cases.model import AssignmentCases
from autograder.cases.visible import SUFFIX, read
from autograder.errors import UsageError

_PLACE = "AUTOGRADER_ASSIGNMENTS"
_KINDS = (".ipynb", ".py")
"""What the name of a file to check ends in."""
_SHOWN = 8
"""Files that are named of more."""


def file_and_names(words: Sequence[str]) -> tuple[Path, list[str]]:
    """The file to check among the words of a command, else the one in this folder; and the others, which are exercises.

    Raises UsageError if there is no such file, or more than one.
    """
    here = Path()
    known = {name for path in near(here) for name in _names_in(path)}
    stems = {path.stem for path in _work(here)}
    files = [word for word in words if word not in known and (_is_path(word) or word in stems)]
    if not files:  # backprop.ipnyb is one that is misspelt, Tensor.backwards an exercise
        files = [word for word in words if "." in word and word.partition(".")[0] not in known][:1]
    if len(files) > 1:
        raise UsageError(f"check takes one file at a time: run it for {files[0]}, then for {files[1]}.")
    path = _there(Path(files[0])) if files else _in_folder(here)
    return path, [word for word in words if word not in files]


def _is_path(word: str) -> bool:
    path = Path(word)
    return path.suffix.lower() in _KINDS or path.exists() or len(path.parts) > 1


def _there(path: Path) -> Path:
    """A file that exists: this one, or if it is a folder, the one in it. Raises UsageError, with a near name."""
    if path.is_dir():
        return _in_folder(path)
    if path.exists():
        return path
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}.")
    work = _work(path.parent)
    stem = _near(path.name.partition(".")[0], [each.stem for each in work])
    meant = difflib.get_close_matches(str(path), [str(each) for each in work if each.stem == stem], 1, 0)
    raise UsageError(f"there is no file {path}; {f'did you mean {meant[0]}?' if meant else _way_out(path.parent)}")


def _in_folder(folder: Path) -> Path:
    """The notebook, else module, in a folder that visible cases belong to, or the only one. Raises UsageError."""
    cases = near(folder)
    work = _work(folder)
    stems = {name_of(path).lower() for path in cases}
    beside = [path.with_name(f"{name_of(path)}{kind}") for path in cases for kind in _KINDS]
    for candidates in (
        [path for path in work if path.stem.lower() in stems],
        work,
        [path for path in beside if path.is_file()],
    ):
        for kind in _KINDS:
            files = [path for path in candidates if path.suffix.lower() == kind]
            if len(files) == 1:
                return files[0]
        if candidates:
            break
    raise UsageError(_way_out(folder))


def _work(folder: Path) -> list[Path]:
    """Notebooks and modules in a folder."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in _KINDS and path.is_file())


def _way_out(folder: Path) -> str:
    names = [str(path) for path in _work(folder)]
    if names:
        return f"say which file to check: {', '.join(names[:_SHOWN])}{' …' if len(names) > _SHOWN else ''}"
    where = "this folder" if folder == Path() else str(folder)
    return f"{where} has no notebook: say which file to check, like `autograder check backprop.ipynb`."


def file_for(folder: Path, assignment: str | None, asked: Sequence[str], defined: Collection[str]) -> Path:
    """The file of `assignment`, or whichever near `folder` has what is asked for, or most of what is defined.

    Raises UsageError if there is none, or more than one.
    """
    files = near(folder)
    if not isinstance(assignment, str | None):
        raise UsageError('an assignment is meant by its name, like assignment="backprop".')
    if assignment is not None and assignment.endswith(SUFFIX):
        return Path(assignment)
    if not files:
        raise UsageError(
            f"there are no visible cases in {os.environ.get(_PLACE) or folder}: a file *{SUFFIX} came with the "
            "notebook; put it beside it again, or fetch it anew with `nbgrader fetch_assignment NAME --replace`."
        )
    if assignment is not None:
        return _named(assignment, files)
    names = {path: names_of(read(path)) for path in files}
    having = [path for path in files if names[path].issuperset(asked)]
    if not having:
        raise UsageError(f"there is no exercise {_missing(asked, set().union(*names.values()))}")
    most = max(len(names[path] & set(defined)) for path in having)
    best = [path for path in having if len(names[path] & set(defined)) == most]
    if len(best) > 1:
        first = name_of(best[0])
        raise UsageError(
            f"that may belong to {', '.join(map(name_of, best))}: say which with `--assignment {first}`, or in a "
            f'notebook with `assignment="{first}"`.'
        )
    return best[0]


def near(folder: Path) -> list[Path]:
    """Files of visible cases: those of AUTOGRADER_ASSIGNMENTS, else the nearest to `folder`, in it or below."""
    place = Path(os.environ.get(_PLACE) or folder)
    for pattern in ("", "*/", "assignments/*/"):
        files = sorted(place.glob(f"{pattern}*{SUFFIX}"))
        if files:
            return files
    return []


def name_of(path: Path) -> str:
    """The assignment whose visible cases a file holds."""
    return path.name.removesuffix(SUFFIX)


def exercises_asked(cases: AssignmentCases, asked: Sequence[str]) -> list[str]:
    """Names of the exercises asked for, of all if nothing is; a class stands for all its methods. Raises UsageError."""
    names = [entry.name for entry in cases.exercises]
    wrong = [name for name in asked if name not in names_of(cases)]
    if wrong:
        raise UsageError(f"{cases.name} has no exercise {_missing(wrong, names_of(cases))}")
    return [name for name in names if not asked or name in asked or name.partition(".")[0] in asked]


def names_of(cases: AssignmentCases) -> set[str]:
    """Names of the exercises, and of the classes that their methods belong to."""
    return {name for entry in cases.exercises for name in (entry.name, entry.name.partition(".")[0])}


def _names_in(path: Path) -> set[str]:
    """The names in a file of visible cases; none if it cannot be read, which is told when it is needed."""
    try:
        return names_of(read(path))
    except UsageError:
        return set()


def _missing(asked: Sequence[str], known: Collection[str]) -> str:
    name = next((name for name in asked if name not in known), asked[0])
    meant = _meant(name, sorted(known)) or f"there are: {', '.join(sorted(known))}."
    return f"{name!r}; {meant}"


def _named(assignment: str, files: Sequence[Path]) -> Path:
    for path in files:
        if name_of(path) == assignment:
            return path
    known = [name_of(path) for path in files]
    meant = _meant(assignment, known) or f"there are: {', '.join(known)}."
    raise UsageError(f"there are no visible cases of {assignment!r} here; {meant}")


def _meant(name: str, known: Sequence[str]) -> str:
    """The question whether the nearest of the known names was meant; "" if none is near."""
    near = _near(name, known)
    return f"did you mean {near!r}?" if near else ""


def _near(name: str, known: Sequence[str]) -> str | None:
    near = [each for each in known if each.lower() == name.lower()] or difflib.get_close_matches(name, known, 1)
    return near[0] if near else None
