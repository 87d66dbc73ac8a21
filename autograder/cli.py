"""The command line: parses and prints, nothing else. Heavy modules are imported by the command that needs them."""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from autograder import __version__, streams
from autograder.errors import AuthoringError, AutograderError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

_SHOWN = 20
"""Lines about what a student may have put somewhere a thousand times."""
_SAMPLE = "backprop"
"""The assignment of this project that a sample class works on where there is no course yet."""
_EXIT = """exit status: 0 done, 1 a check failed or a submission could not be graded, 2 wrong usage,
3 invalid assignment, 4 no sandbox, 5 course directory or gradebook, 130 stopped, 141 nobody reads what it prints"""


_COURSE = ("torch", "hypothesis", "jaxtyping", "nbgrader", "jupytext", "jinja2", "rich")
"""What every command but `check` and `doctor` may need: the extra `course` of the package."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    streams.prepare()
    try:
        status = _run(sys.argv[1:] if arguments is None else list(arguments))
        streams.flush()
    except AutograderError as error:
        print(f"autograder: {error}", file=sys.stderr)
        return error.exit_status
    except BrokenPipeError:
        streams.drop()
        return 141  # as a shell has it for who is told so by a signal
    except OSError as error:
        streams.drop()
        where = f" ({error.filename})" if error.filename else ""
        print(f"autograder: {error.strerror or error}{where}; put that right, then run again.", file=sys.stderr)
        return 5
    except KeyboardInterrupt:
        print("autograder: stopped; nothing is lost, run it again.", file=sys.stderr)
        return 130
    return status


def _run(words: list[str]) -> int:
    try:
        options = _options(words)
    except SystemExit as end:  # argparse has printed help, or what is wrong
        return int(end.code or 0)
    if options.run not in (_check, _doctor):
        _require_course()
    status: int = options.run(options)
    return status


def _require_course() -> None:
    """Raise UsageError if only what students need is installed."""
    from importlib.util import find_spec

    missing = [name for name in _COURSE if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"this needs {', '.join(missing)}, which are not installed: `autograder check` alone does without. Run "
            "`make setup` in the project's folder, or there pip install -e '.[course]'."
        )


def _options(words: list[str]) -> argparse.Namespace:
    """What the words of a command line mean. Options may stand anywhere among those after the command's name."""
    parser, commands = _parser()
    if not words:
        parser.print_help(sys.stderr)
        raise SystemExit(UsageError.exit_status)
    if words[0] == "help":
        words = [*words[1:], "--help"]
    for length in (1, 2):
        if command := commands.get(" ".join(words[:length])):
            return command.parse_intermixed_args(words[length:])
    return parser.parse_args(words)


class _Parser(argparse.ArgumentParser):
    """One that says what is wrong in a sentence, and what a misspelt command may have been."""

    def error(self, message: str) -> NoReturn:
        print(f"autograder: {message}; `{self.prog} --help` tells more.", file=sys.stderr)
        raise SystemExit(UsageError.exit_status)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            from difflib import get_close_matches

            known = list(action.choices)
            near = get_close_matches(value, known, 1)
            meant = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
            raise argparse.ArgumentError(None, f"there is no command {value!r}; {meant}")


def _parser() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """The parser of the whole, and of each command by its name, like "course grade"."""
    description = "Grade neural-network exercises with hidden property-based tests, in a sandbox."
    parser = _Parser(prog="autograder", description=description, epilog=_EXIT)
    parser.add_argument("--version", action="version", version=f"autograder {__version__}", help="tell which this is")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    named: dict[str, argparse.ArgumentParser] = {}

    def command(group: Any, name: str, run: Callable[..., int], text: str, *optional: str) -> Any:
        added = group.add_parser(name, help=text, description=text, epilog=_EXIT)
        added.set_defaults(run=run)
        named[added.prog.removeprefix("autograder ")] = added
        if "json" in optional:
            added.add_argument("--json", action="store_true", help="print one JSON document")
        return added

    grade = command(commands, "grade", _grade, "grade files, without a course", "json")
    grade.add_argument("assignment")
    grade.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a notebook or module, or its folder or zip")
    grade.add_argument("--seed", type=int, default=0, help="which set of cases to draw (default 0)")

    validate = command(commands, "validate", _validate, "check that assignments may be released", "json")
    validate.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    text = "assignments/ must be what would be released now, too: where it is kept with the sources, as for CI"
    validate.add_argument("--published", action="store_true", help=text)
    validate.add_argument("--force", action="store_true", help="check what passed before and has not changed, too")

    text = "count the wrong solutions that hidden tests, one fixed example and visible tests let through"
    mutants = command(commands, "mutants", _mutants, text, "json")
    mutants.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")

    text = "check a notebook or module yourself, with the visible cases"
    check = command(commands, "check", _check, text, "json")
    check.epilog = "exit status: 0 nothing wrong was seen, 1 something is not right or not there yet, 2 wrong usage"
    check.add_argument("what", nargs="*", metavar="FILE NAME", help="a file (default: the notebook here), exercises")
    check.add_argument("--assignment", metavar="NAME", help="whose cases, if the file's name does not say it")
    text = "tell which inputs the cases of each exercise reach, and which branches of the solutions none runs"
    coverage = command(commands, "coverage", _coverage, text, "json")
    coverage.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")

    new = command(commands, "new", _new, "make a small assignment that works, to start from")
    new.add_argument("name", help="a word of small letters, like convolution")

    command(commands, "doctor", _doctor, "tell which sandbox this machine gets, and why")

    course = commands.add_parser("course", help="release, collect and grade with nbgrader", epilog=_EXIT)
    steps = course.add_subparsers(title="steps", required=True, metavar="STEP")
    release = command(steps, "release", _release, "make the student version and release it to the exchange")
    release.add_argument("assignment")
    release.add_argument("--due", help='when it is due, like "2026-12-01 23:59 UTC"')
    text = "release it without the quick checks of `validate`, or although they fail"
    release.add_argument("--unvalidated", action="store_true", help=text)
    collect = command(steps, "collect", _collect, "collect what students submitted")
    collect.add_argument("assignment")
    grade_all = command(steps, "grade", _grade_course, "grade what changed, record it, write feedback and CSV")
    grade_all.add_argument("assignment", nargs="?", help="default: all collected; without a course, a sample class")
    grade_all.add_argument("--force", action="store_true", help="grade everything again")
    where = grade_all.add_mutually_exclusive_group()
    where.add_argument("--scheduler", metavar="ADDRESS", help="grade on the Dask cluster there, like tcp://host:8786")
    where.add_argument("--workers", type=int, metavar="N", help="grade on a local Dask cluster of N processes")
    text = "make class page, table and feedback anew, with what people graded since"
    report = command(steps, "report", _report, text)
    report.add_argument("assignment", nargs="?", help="default: all that were graded")
    feedback = command(steps, "feedback", _feedback, "make feedback anew and release it to the students")
    feedback.add_argument("assignment")
    text = "take a student out of the gradebook and of what is collected and graded; nothing of theirs is lost"
    command(steps, "remove", _remove, text).add_argument("student")
    text = "take a student in again who was taken out"
    command(steps, "readmit", _readmit, text).add_argument("student")
    return parser, named


def _console() -> Console:
    from rich.console import Console

    class Plain(Console):
        """One that leaves it to `main` to see that nobody reads."""

        def on_broken_pipe(self) -> None:
            raise

    return Plain(highlight=False)


def _warn_if_weak(sandbox: Any) -> None:
    if not sandbox.strong:
        print(f"autograder: weak sandbox {sandbox.name!r}: {sandbox.weakness}", file=sys.stderr)


def _grade(options: argparse.Namespace) -> int:
    from autograder.grade.grader import grade_files
    from autograder.project import hidden_tests
    from autograder.sandbox.launcher import choose

    hidden_tests(options.assignment)
    sandbox = choose()
    _warn_if_weak(sandbox)
    document = grade_files(options.assignment, options.files, seed=options.seed, sandbox=sandbox)
    if options.json:
        streams.print_json(document.published())
        return 0
    from autograder.report.terminal import show

    show(document, _console(), sandbox.name)
    return 0


def _check(options: argparse.Namespace) -> int:
    import os
    import shutil

    from autograder.student.check import check_file
    from autograder.student.find import file_and_names

    path, names = file_and_names(options.what)
    found = check_file(path, names, options.assignment)
    if options.json:
        streams.print_json(found.as_json())
    else:
        colour = sys.stdout is not None and sys.stdout.isatty() and "NO_COLOR" not in os.environ
        print(found.text(min(shutil.get_terminal_size().columns, 100), colour))
    return 0 if found else 1


def _validate(options: argparse.Namespace) -> int:
    from autograder.project import chosen
    from autograder.report.terminal import show_checks
    from autograder.sandbox.launcher import choose
    from autograder.validate.checks import CHECKS, PUBLISHED, as_json, strange_tables, validate

    names = chosen(options.assignments)
    examined = {**CHECKS, **PUBLISHED} if options.published else CHECKS
    console = _console()

    def show(check: Any) -> None:
        if not options.json:
            show_checks([vars(check)], console)

    with nullcontext() if options.json else console.status("checking; what has not changed is not checked again"):
        checks = validate(names, choose(), _student_notebook, show, options.force, examined)
        for check in strange_tables():
            checks.append(check)
            show(check)
    if options.json:
        streams.print_json(as_json(checks))
    return 0 if all(check.passed for check in checks) else 1


def _student_notebook(name: str) -> str:
    from autograder.course.release import student_notebook  # nbgrader, which an unchanged course does not need

    return student_notebook(name)


def _require_valid(name: str) -> str:
    """Run the quick checks that have not passed yet. Returns a remark on those that take minutes, "" if they passed.

    Prints the checks that fail, and raises AuthoringError then.
    """
    from autograder.project import program
    from autograder.report.terminal import show_checks
    from autograder.sandbox.launcher import choose
    from autograder.validate.checks import QUICK, unseen, validate

    console, sandbox = _console(), choose()

    doing, count = f"checking {name} before it is released, which takes some seconds", itertools.count(1)

    def show(check: Any) -> None:
        status.update(f"{doing}: {next(count)} of {len(QUICK)}")
        if not check.passed:
            show_checks([vars(check)], console)

    with console.status(doing) as status:
        checks = validate([name], sandbox, _student_notebook, show, examined=QUICK)
    if not all(check.passed for check in checks):
        all_the_same = f"; or release it as it is: {program()} course release {name} --unvalidated"
        raise AuthoringError(
            f"{name} is not released: the checks above fail. Put that right and release it again"
            f"{all_the_same if checks[0].passed else '.'}"  # else there is nothing to release
        )
    return "Whether its cases catch small mistakes (mutants) has not been tried" if unseen(name, sandbox) else ""


def _coverage(options: argparse.Namespace) -> int:
    from dataclasses import asdict

    from autograder.cases.store import load
    from autograder.project import chosen
    from autograder.report.terminal import show_coverage
    from autograder.validate.coverage import branches_missed, inputs_reached

    names = chosen(options.assignments)
    documents, holes = {}, False
    for name in names:
        assignment = load(name)
        inputs, branches = inputs_reached(assignment), branches_missed(assignment)
        holes = holes or bool(branches) or any(found.missing for found in inputs)
        documents[name] = {"exercises": [asdict(found) for found in inputs], "branches": branches}
        if not options.json:
            show_coverage(name, inputs, branches, _console())
    if options.json:
        streams.print_json(documents)
    return 1 if holes else 0


def _new(options: argparse.Namespace) -> int:
    from autograder.author.new import create

    folder = create(options.name)
    from autograder.course.release import build
    from autograder.project import program

    print(f"Made {folder}: {options.name}.py is the notebook with the solutions, hidden.py the hidden tests.")
    print(f"Students would get {build(options.name)}.")
    print(f"Change them, then: {program()} validate {options.name}, {program()} course release {options.name}")
    return 0


def _mutants(options: argparse.Namespace) -> int:
    from autograder.author.files import visible_tests
    from autograder.cases.store import load
    from autograder.project import chosen, notebook
    from autograder.report.terminal import show_mutants
    from autograder.sandbox.launcher import choose
    from autograder.validate.mutants import let_through

    names = chosen(options.assignments)
    sandbox, console = choose(), _console()
    found = {}
    with nullcontext() if options.json else console.status("judging mutants of the solutions") as status:
        for name in names:
            count = itertools.count(1)

            def progress(name: str = name, count: Iterator[int] = count) -> None:
                if status:
                    status.update(f"{name}: judged {next(count)}")

            found[name] = let_through(load(name), sandbox, visible_tests(notebook(name)), progress)
    if options.json:
        streams.print_json(found)
    else:
        show_mutants(found, console)
    return 0 if not any(counts["hidden"] for counts in found.values()) else 1


def _doctor(options: argparse.Namespace) -> int:
    from autograder.sandbox.launcher import choose, problem, sandboxes

    for sandbox in sandboxes():
        state = problem(sandbox)
        print(f"{sandbox.name}: {f'does not work here: {state}' if state else 'works'}")
    chosen = choose()
    print(f"Student code runs in {chosen.name}: {chosen.weakness or 'nothing of this machine is in its reach.'}")
    return 0


def _release(options: argparse.Namespace) -> int:
    from autograder.course.config import course_root, exchange_root
    from autograder.course.release import closed_to_students, release, student_configuration
    from autograder.project import hidden_tests, program

    hidden_tests(options.assignment)
    due = _moment(options.due) if options.due else None
    course = course_root()
    remark = "It was not validated" if options.unvalidated else _require_valid(options.assignment)
    path = release(options.assignment, course, due)
    configuration = student_configuration(course)
    print(f"Released {options.assignment}: students get {path.name} and what lies beside it in {path.parent}.")
    print(f"The exchange is {exchange_root(course)}. On this machine each student types, once:")
    print(f"  mkdir -p ~/.jupyter && cp {configuration} ~/.jupyter/")
    closed = closed_to_students(course)
    if closed:
        print(
            f"autograder: other users of this machine cannot enter {closed}, so students do not reach the exchange; "
            "name one in a folder that all can enter: EXCHANGE=/srv/exchange make release …, and so for each command.",
            file=sys.stderr,
        )
    if remark:
        print(f"{remark}; when there are some minutes: {program()} validate {options.assignment}")
    return 0


def _moment(text: str) -> Any:
    from nbgrader.utils import parse_utc

    try:
        return parse_utc(text)
    except (ValueError, OverflowError):
        raise UsageError(f'cannot read the date {text!r}; write it like "2026-12-01 23:59 UTC".') from None


def _collect(options: argparse.Namespace) -> int:
    from autograder.course.config import course_root
    from autograder.course.files import students
    from autograder.course.release import collect
    from autograder.project import hidden_tests

    hidden_tests(options.assignment)
    left_out = collect(options.assignment, course_root())
    for sentence in left_out[:_SHOWN]:
        print(f"Left out: {sentence}.", file=sys.stderr)
    if len(left_out) > _SHOWN:
        print(f"Left out: {len(left_out) - _SHOWN} more.", file=sys.stderr)
    count = len(students(course_root(), options.assignment)[0])
    print(f"{count} submissions of {options.assignment} are in {course_root() / 'submitted'}.")
    return 0


def _grade_course(options: argparse.Namespace) -> int:
    import os

    # Else NumPy starts a thread for each core in each process, for matrices of a few numbers.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from autograder.course.config import course_root
    from autograder.course.files import students
    from autograder.project import assignments, hidden_tests, program, root

    course = course_root()
    if options.assignment:
        hidden_tests(options.assignment)
        return _grade_one(options.assignment, course, options, allow_weak=False)
    collected = [name for name in assignments() if students(course, name)[0]]
    if collected:
        return max(_grade_one(name, course, options, allow_weak=False) for name in collected)
    if _SAMPLE not in assignments():
        raise UsageError(
            f"nothing has been collected in {course} yet: `{program()} course release NAME` gives an assignment out, "
            f"`{program()} course collect NAME` fetches what was submitted."
        )
    sample = root() / "sample"
    os.environ.pop("EXCHANGE", None)  # it has an exchange of its own
    if not (sample / ".made").exists():
        _make_sample(_SAMPLE, sample)
    # The sample's code is our own, so any sandbox will do for it.
    return _grade_one(_SAMPLE, sample / "course", options, allow_weak=True)


def _make_sample(name: str, sample: Path) -> None:
    import shutil

    print(f"There is no course yet: making a sample class for {name} in {sample}.", flush=True)
    from autograder.course.files import private
    from autograder.course.sample import sample_class

    shutil.rmtree(sample, ignore_errors=True)
    private(sample)
    with _console().status("release, fetch, submit, collect: through nbgrader's exchange"):
        names = sample_class(name, sample / "course")
    (sample / ".made").touch()
    print(f"{len(names)} simulated students have fetched, worked and submitted.", flush=True)


def _grade_one(name: str, course: Path, options: argparse.Namespace, *, allow_weak: bool) -> int:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from autograder.course.grading import grade_course

    console = _console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bars:
        tasks: dict[str, Any] = {}

        def progress(stage: str, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(f"{name}: {stage}", total=total)
            else:
                bars.advance(tasks[stage])

        def workers(assignment: str, released: str, collected: Any, size: int) -> Any:
            if options.scheduler or options.workers:
                from autograder.course.cluster import cluster

                return cluster(assignment, released, collected, options.scheduler or options.workers, allow_weak)
            from autograder.course.pool import processes

            return processes(assignment, released, collected, size, allow_weak, _warn_if_weak)

        summary = grade_course(name, course, workers=workers, force=options.force, progress=progress)
    from autograder.report.terminal import show_class  # and with it NumPy: the work begins without it

    show_class(summary.rows, console)
    print()
    for odd in summary.skipped:
        print(f"Skipped {odd!r} in {course / 'submitted'}: that cannot be a student's name.")
    _show_aside(summary.aside)
    done = "Nothing has changed since the last run." if summary.nothing_to_do else f"Graded {len(summary.graded)}."
    print(f"{done} Where to look:")
    print(f"  class      {summary.page}")
    print(f"  grades     {summary.csv}")
    print(f"  feedback   {course / 'feedback'}{'/<student>/' + name + '/' + name + '.html'}")
    print(f"  gradebook  {course / 'gradebook.db'}  (formgrader: COURSE={course} {_jupyter()} lab)")
    return 1 if summary.aside else 0


def _show_aside(problems: Mapping[str, str]) -> None:
    from autograder.text import clean

    for student, told in problems.items():
        print(f"{student}: {clean(told, 600)}.")


def _jupyter() -> Path:
    return Path(sys.executable).with_name("jupyter")


def _report(options: argparse.Namespace) -> int:
    from autograder.course.config import course_root
    from autograder.course.files import class_page_file
    from autograder.course.state import State
    from autograder.errors import CourseError
    from autograder.project import assignments, hidden_tests

    course = course_root()
    if options.assignment:
        hidden_tests(options.assignment)
    names = [options.assignment] if options.assignment else assignments()
    graded = [name for name in names if options.assignment or State.load(course, name).students]
    if not graded:
        raise CourseError(f"nothing has been graded in {course}; grade it first.")
    from autograder.course.reporting import report

    for name in graded:
        made = report(name, course)
        print(
            f"{name}: {class_page_file(course, name)} and {len(made)} feedback pages are up to date; none is released."
        )
        _show_aside(State.load(course, name).aside)
    return 0


def _feedback(options: argparse.Namespace) -> int:
    from autograder.course.config import course_root
    from autograder.course.feedback import release_feedback
    from autograder.project import hidden_tests

    hidden_tests(options.assignment)
    name = options.assignment
    released = release_feedback(name, course_root())
    print(f"Feedback for {len(released.students)} students is in the exchange. Where they fetched {name}, they type:")
    print(f"  nbgrader fetch_feedback {name}")
    print(f"and open {name}/feedback/<when they handed in>/{name}.html.")
    for student, reason in sorted(released.aside.items()):
        print(f"Not released: {student}: {reason}.", file=sys.stderr)
    return 1 if released.aside else 0


def _remove(options: argparse.Namespace) -> int:
    from autograder.course.config import course_root
    from autograder.course.roster import remove

    folder = remove(course_root(), options.student)
    print(f"{options.student} is out of the course. What they handed in and got, grades by hand too, is in {folder}.")
    print("Tables and pages are without them after the next `make report`.")
    return 0


def _readmit(options: argparse.Namespace) -> int:
    from autograder.course.config import course_root
    from autograder.course.roster import readmit

    readmit(course_root(), options.student)
    print(f"{options.student} is in the course again; `make collect` and `make grade` take them in.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
