"""nbgrader's configuration for a course, in one place. Importing this loads nothing of nbgrader.

COURSE, COURSE_ID and EXCHANGE in the environment name the course directory, the course and the exchange; CHECK_OWNER=0
collects submissions that do not belong to the user of the student's name, where students have no users of their own.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from autograder import project

_OURS = "autograder.course.plugins"
_THEIRS = "nbgrader.preprocessors"


def course_root() -> Path:
    """The course directory: COURSE, else `course/` in the project."""
    return Path(os.environ.get("COURSE") or project.root() / "course").resolve()


def course_id() -> str:
    """The name of the course in the exchange: COURSE_ID, else neural-networks."""
    return os.environ.get("COURSE_ID") or "neural-networks"


def exchange_root(course: Path) -> Path:
    """The exchange of a course: EXCHANGE, else `exchange/` beside it: the course is private, the exchange is not."""
    return Path(os.environ.get("EXCHANGE") or course.resolve().parent / "exchange").resolve()


def configure(c: Any, course: Path | None = None) -> None:
    """Set nbgrader's options on its configuration object `c`, for `course` (default: `course_root()`)."""
    _put_scripts_on_path()
    root = (course or course_root()).resolve()
    c.CourseDirectory.root = str(root)
    c.CourseDirectory.course_id = course_id()
    c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", ".git", ".DS_Store", "feedback"]
    c.Exchange.root = str(exchange_root(root))

    c.ExchangeFactory.collect = f"{_OURS}.collecting.SafeCollect"
    c.ZipCollectApp.extractor_plugin = f"{_OURS}.archives.SafeExtractor"
    c.ExchangeCollect.check_owner = os.environ.get("CHECK_OWNER") != "0"

    # nbgrader refuses to add or remove an exercise once something was handed in: SaveCells, replaced here.
    c.GenerateAssignment.preprocessors = [
        f"{_THEIRS}.IncludeHeaderFooter",
        f"{_THEIRS}.InstantiateTests",
        f"{_THEIRS}.LockCells",
        f"{_THEIRS}.ClearSolutions",
        f"{_THEIRS}.ClearOutput",
        f"{_THEIRS}.CheckCellMetadata",
        f"{_THEIRS}.ComputeChecksums",
        f"{_OURS}.cells.SaveChangedCells",
        f"{_THEIRS}.ClearHiddenTests",
        f"{_THEIRS}.ClearMarkScheme",
        f"{_THEIRS}.ComputeChecksums",
        f"{_THEIRS}.CheckCellMetadata",
    ]
    # What a student hands in is brought into the released notebook's form first: nbgrader stops the whole class at a
    # copied cell or at damaged metadata.
    c.CoursePreprocessor.course = str(root)
    c.Autograde.sanitize_preprocessors = [
        f"{_THEIRS}.ClearOutput",
        f"{_OURS}.preprocessor.RestoreCells",
        f"{_THEIRS}.DeduplicateIds",
        f"{_THEIRS}.OverwriteKernelspec",
        f"{_THEIRS}.OverwriteCells",
        f"{_THEIRS}.CheckCellMetadata",
    ]
    # Student code runs in the sandbox alone, so our preprocessor stands where nbgrader has Execute.
    c.Autograde.autograde_preprocessors = [
        f"{_OURS}.preprocessor.GradeInSandbox",
        f"{_THEIRS}.IgnorePattern",
        "nbconvert.preprocessors.ClearMetadataPreprocessor",
        f"{_THEIRS}.LimitOutput",
        f"{_THEIRS}.SaveAutoGrades",
        f"{_THEIRS}.AssignLatePenalties",
        f"{_THEIRS}.CheckCellMetadata",
    ]
    c.AssignLatePenalties.plugin_class = f"{_OURS}.late.LatePenalty"
    c.ExportApp.plugin_class = f"{_OURS}.export.CsvExport"
    # Students' text is shown to them and in formgrader: as HTML, but without what could run in a browser.
    c.HTMLExporter.filters = {"markdown2html": f"{_OURS}.safe.markdown2html"}


def _put_scripts_on_path() -> None:
    """nbgrader starts `alembic` by its bare name, which fails where the virtual environment is not activated."""
    scripts = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", os.defpath)
    if scripts not in path.split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([path, scripts])
