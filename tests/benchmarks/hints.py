"""How good the feedback is: `python -m tests.benchmarks.hints [--every K] [--list KIND] [ASSIGNMENT…]`.

Every mutant of the solutions (or every K-th) is diagnosed. What is said of it is then tested on cases that the grader
has not seen, those of another seed: there the named misconception must give the same results, too, and a general
statement must be one of those that are true.

    named     the submission's results are those of a misconception
    general   a statement about all cases
    always    an exception, a shape, a kind of thing, a changed argument or a broken relation, told as it was seen, and
              each of the other cases that is wrong is wrong in this way, too
    seen      the same, but there are others that are wrong in another way
    first     nothing but the first number that differs
    false     of named and general: not so on the other cases
    larger    the counterexample has a dimension of more than 3 (or N > 2), though the other cases have one without
"""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from unittest import mock

import numpy as np

from autograder import project
from autograder.border.values import Value
from autograder.cases import store
from autograder.cases.model import AssignmentCases, ExerciseCases
from autograder.grade.grader import Grader
from autograder.grade.result import Judged
from autograder.judge.compare import Verdict, compare, same_answer
from autograder.judge.diagnosis import Diagnosis, diagnose
from autograder.judge.evidence import dimensions
from autograder.judge.statements import statements
from autograder.judge.trials import Trials, observed
from autograder.sandbox.launcher import choose
from autograder.sandbox.parent import Limits
from autograder.submission.reading import Submission
from autograder.validate import mutants
from autograder.validate.mutations import Mutant, mutants_of

KINDS = ("named", "general", "always", "seen", "first", "false", "larger")
_SEEN, _UNSEEN = 0, 1
"""Seeds of the cases that are graded with, and of those that what is said is tested on."""


@dataclass(frozen=True)
class Told:
    """What is said of one wrong solution of one exercise, and whether it is so on other cases."""

    wrong: str
    exercise: str
    cells: tuple[str, ...]
    diagnosis: Diagnosis
    verdicts: tuple[Verdict, ...]
    kind: str
    true: bool
    larger: bool
    seconds: float


class Examiner:
    """Diagnoses wrong solutions of one assignment with one set of cases, and tests what is said on another."""

    def __init__(self, name: str) -> None:
        self.sandbox = choose()
        self.seen, self.unseen = store.load(name, _SEEN), store.load(name, _UNSEEN)
        self.graders: dict[tuple[int, str], Grader] = {}

    def mutant(self, mutant: Mutant) -> Told | None:
        """What is said of the exercise that a mutant is wrong in; None if it is in none."""
        cells = (*self.seen.reference[: mutant.cell], mutant.source, *self.seen.reference[mutant.cell + 1 :])
        owner = mutant.function.partition(".")[0]
        own = [entry.name for entry in self.seen.exercises if entry.name == mutant.function]
        near = [entry.name for entry in self.seen.exercises if entry.name.partition(".")[0] == owner]
        for name in own or near or [entry.name for entry in self.seen.exercises]:
            told = self.told(str(mutant), name, cells)
            if told:
                return told
        return None

    def told(self, wrong: str, name: str, cells: Sequence[str]) -> Told | None:
        """What is said of some cells in one exercise; None if they are right."""
        grader, exercise = self._grader(self.seen, name)
        with closing(grader._sessions.begin(Submission.of("wrong", cells), share=False)) as session:
            judged = grader._asked(session, [exercise])[exercise.name]
            start = time.perf_counter()
            diagnosis = grader._explained(session, exercise, judged, [])
            seconds = time.perf_counter() - start
        if diagnosis.outcome == "correct":
            return None
        return Told(wrong, name, tuple(cells), diagnosis, judged.verdicts, _kind(diagnosis), True, False, seconds)

    def _grader(self, assignment: AssignmentCases, name: str) -> tuple[Grader, ExerciseCases]:
        exercise = next(entry for entry in assignment.exercises if entry.name == name)
        key = assignment.seed, name
        if key not in self.graders:
            self.graders[key] = Grader(replace(assignment, exercises=(exercise,)), self.sandbox, Limits(wall=5.0))
        return self.graders[key], exercise

    def tested(self, told: Told) -> Told:
        """The same, with what other cases say of it."""
        grader, exercise = self._grader(self.unseen, told.exercise)
        with closing(grader._sessions.begin(Submission.of("wrong", told.cells), share=False)) as session:
            judged = grader._asked(session, [exercise])[exercise.name]
            relations = grader._relations[exercise.name]
            trials = Trials(exercise, grader._sessions.reference, relations, session.asking(exercise, []))
            more = _observed(trials, judged.verdicts, told.diagnosis)
        true = _holds(exercise, told, judged, more)
        kind = "always" if told.kind == "seen" and _always(told.diagnosis, judged) else told.kind
        return replace(told, kind=kind, true=true, larger=_larger(told.diagnosis, judged))


def _observed(trials: Trials, verdicts: Sequence[Verdict], diagnosis: Diagnosis) -> list[str]:
    part = diagnosis.shown.case.part if diagnosis.shown else ""
    return observed(trials, [verdict for verdict in verdicts if verdict.case.part == part])


def _holds(exercise: ExerciseCases, told: Told, unseen: Judged, more: Sequence[str]) -> bool:
    """Whether what is said is so on the other cases; on these and the first where they alone say nothing of it."""
    if told.kind == "named":
        (known,) = (each for each in exercise.mistakes if each.name == told.diagnosis.misconception)
        pairs = zip(known.answers, unseen.verdicts, strict=True)
        return bool(unseen.verdicts) and all(same_answer(answer, verdict.answer) for answer, verdict in pairs)
    if told.kind != "general":
        return True
    part = told.diagnosis.scope.removeprefix("for ").removesuffix(": ")
    inside, both = (
        [verdict for verdict in some if not part or verdict.case.part == part]
        for some in (unseen.verdicts, unseen.verdicts + told.verdicts)
    )
    return any(told.diagnosis.general in list(statements(exercise, some, more)) for some in (inside, both) if some)


def _kind(diagnosis: Diagnosis) -> str:
    shown = diagnosis.shown
    if diagnosis.misconception:
        return "named"
    if diagnosis.general:
        return "general"
    told = diagnosis.message or ""
    number = shown and shown.difference and shown.difference.kind == "value" and "infinite" not in told
    return "first" if number else "seen"


def _always(diagnosis: Diagnosis, unseen: Judged) -> bool:
    """Whether all that is wrong in the same part of other cases is wrong in the way that was told."""
    if diagnosis.shown is None:
        return False
    scope = diagnosis.scope.removeprefix("for ").removesuffix(": ")
    wrong = [each for each in unseen.verdicts if not each.right and (not scope or each.case.part == scope)]
    return bool(wrong) and all(_way(verdict) == _way(diagnosis.shown) for verdict in wrong)


def _way(verdict: Verdict) -> tuple[object, ...]:
    """In which way an answer is wrong."""
    kind = verdict.difference and verdict.difference.kind
    return verdict.answer.error, set(verdict.answer.changed), verdict.relation is None, kind


def _larger(diagnosis: Diagnosis, unseen: Judged) -> bool:
    """Whether a counterexample is larger than need be."""
    if diagnosis.shown is None or _small(unseen.exercise, diagnosis.shown):
        return False
    return any(not verdict.right and _small(unseen.exercise, verdict) for verdict in unseen.verdicts)


def _small(exercise: ExerciseCases, verdict: Verdict) -> bool:
    sides = [side for value in verdict.case.arguments.values() for side in _sides(value)]
    return max(sides, default=0) <= 3 and dimensions(exercise, verdict.case).get("N", 0) <= 2


def _sides(value: Value) -> Iterator[int]:
    if isinstance(value, np.ndarray):
        yield from value.shape
    elif isinstance(value, list | tuple):
        yield len(value) if isinstance(value, list) else 0
        for item in value:
            yield from _sides(item)


def bank(seen: AssignmentCases, unseen: AssignmentCases) -> dict[str, Counter[str]]:
    """What is said of the misconceptions, and what would be if each in turn were not known."""
    found: dict[str, Counter[str]] = {"known": Counter(), "not known": Counter()}
    for exercise, other in zip(seen.exercises, unseen.exercises, strict=True):
        relations = seen.relations(exercise.name) if exercise.relations else ()
        for known, same in zip(exercise.mistakes, other.mistakes, strict=True):
            verdicts = compare(exercise, known.answers, relations)
            told = diagnose(exercise, verdicts)
            found["known"]["named" if told.misconception == known.name else "false"] += 1
            rest = replace(exercise, mistakes=tuple(each for each in exercise.mistakes if each is not known))
            told = diagnose(rest, verdicts)
            found["not known"][_kind(told)] += 1
            if told.general:
                with _little_evidence():
                    made = Told(known.name, exercise.name, (), told, verdicts, _kind(told), True, False, 0.0)
                    there = Judged(other, 0.0, compare(other, same.answers, relations), told)
                    found["not known"]["false"] += not _holds(other, made, there, ())
    return found


def examine(examiner: Examiner, every: int = 1) -> list[Told]:
    """What is said of the mutants of an assignment that are wrong solutions."""
    right = mutants.equivalents(examiner.seen.name)
    wrong = [each for each in mutants_of(examiner.seen.reference) if str(each) not in right]
    with ThreadPoolExecutor(os.cpu_count() or 1) as executor:
        told = [each for each in executor.map(examiner.mutant, wrong[::every]) if each]
        with _little_evidence():
            return list(executor.map(examiner.tested, told))


@contextmanager
def _little_evidence() -> Iterator[None]:
    """On other cases a claim has to be true, not proven once more: one case that it speaks of will do."""
    with ExitStack() as stack:
        for name in ("evidence.ENTRIES", "evidence.CASES", "statements.FEW", "statements.ENTRIES", "trials.ENOUGH"):
            stack.enter_context(mock.patch(f"autograder.judge.{name}", 1))
        yield


def main() -> None:
    """Print a line for each assignment, and the wrong solutions of the kinds asked for."""
    parser = argparse.ArgumentParser(description="measure how good the feedback on wrong solutions is")
    parser.add_argument("assignments", nargs="*", help="default: all")
    parser.add_argument("--every", type=int, default=1, metavar="K", help="only every K-th mutant")
    parser.add_argument("--list", nargs="*", default=["false"], metavar="KIND", help="show these (default: false)")
    options = parser.parse_args()
    for name in options.assignments or project.assignments():
        examiner = Examiner(name)
        for state, counts in bank(examiner.seen, examiner.unseen).items():
            shares = "  ".join(f"{kind} {count}" for kind, count in sorted(counts.items()))
            print(f"{name}: misconceptions, if {state}:  {shares}")
        told = examine(examiner, options.every)
        count = Counter(each.kind for each in told)
        count["false"] = sum(not each.true for each in told)
        count["larger"] = sum(each.larger for each in told)
        cost = 1000 * sum(each.seconds for each in told) / max(1, len(told))
        shares = "  ".join(f"{kind} {count[kind]}" for kind in KINDS)
        print(
            f"{name}: {len(told)} wrong  {shares}  {100 * count['first'] / max(1, len(told)):.1f} % first only"
            f"  {cost:.0f} ms each",
            flush=True,
        )
        for each in told:
            mine = {each.kind, "" if each.true else "false", "larger" if each.larger else ""}
            if mine & set(options.list):
                print(
                    f"    {'/'.join(sorted(filter(None, mine)))}  {each.wrong} | {each.exercise} | "
                    f"{each.diagnosis.message}"
                )


if __name__ == "__main__":
    main()
