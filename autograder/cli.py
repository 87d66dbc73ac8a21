"""The command line: parses and prints, nothing else. Heavy modules are imported by the command that needs them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from autograder.errors import AutograderError

_EXIT = "exit status: 0 done, 2 wrong usage, 3 invalid assignment, 4 no sandbox, 5 course directory or gradebook"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except AutograderError as error:
        print(f"autograder: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        print("autograder: stopped; run it again to go on where it was.", file=sys.stderr)
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="autograder", description=__doc__.partition("\n")[0], epilog=_EXIT)
    parser.description = "Grade neural-network exercises with hidden property-based tests, in a sandbox."
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    grade = commands.add_parser("grade", help="grade files, without a course", epilog=_EXIT)
    grade.add_argument("assignment")
    grade.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a notebook (.ipynb) or module (.py)")
    grade.add_argument("--json", action="store_true", help="print one JSON document")
    grade.add_argument("--seed", type=int, default=0, help="which set of cases to draw (default 0)")
    grade.set_defaults(run=_grade)

    return parser


def _grade(options: argparse.Namespace) -> int:
    from autograder.grade import grade_files, published
    from autograder.sandbox.launcher import choose

    sandbox = choose()
    if not sandbox.strong:
        print(f"autograder: weak sandbox {sandbox.name!r}: {sandbox.weakness}", file=sys.stderr)
    document = grade_files(options.assignment, options.files, seed=options.seed, sandbox=sandbox)
    if options.json:
        print(json.dumps(published(document), indent=1, ensure_ascii=False, allow_nan=False))
        return 0
    from rich.console import Console

    from autograder.report.terminal import show

    show(document, Console(highlight=False), sandbox.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
