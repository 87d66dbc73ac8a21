"""Grade: the pipeline, for one submission or many.

    submission → answers (sandbox) → verdicts (compare) → diagnosis → score → result

What it comes to are the records of `result`; only they know of JSON.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from autograder import project
from autograder.author.exercise import Relation
from autograder.border.batch import Batch
from autograder.cases import store
from autograder.cases.model import AssignmentCases, ExerciseCases, answers_in
from autograder.errors import SandboxError
from autograder.grade.result import Document, ExerciseResult, Judged, SubmissionResult, judge_answers
from autograder.grade.session import ArgumentsChanged, Calls, Session, Sessions
from autograder.judge.diagnosis import UNTOUCHED, Diagnosis, diagnose, died, showing
from autograder.judge.places import placed
from autograder.judge.shrink import shrink
from autograder.judge.trials import Trials, observed
from autograder.outcome import EXHAUSTED, Outcome, Status
from autograder.sandbox.launcher import Sandbox, choose
from autograder.sandbox.parent import Limits
from autograder.submission import aside
from autograder.submission.choice import Released
from autograder.submission.choice import choose as choose_file
from autograder.submission.reading import Cell, Submission, Unreadable, kind_of, parse, read_bytes
from autograder.submission.ways import rank

Progress = Callable[[SubmissionResult], None]

_REMEMBERED = 64 << 20
"""Bytes of answers whose judgement is remembered, for all submissions together."""
_SMALLER = frozenset({Outcome.WRONG, Outcome.PARTIAL, Outcome.ERROR})
"""Outcomes for which a smaller counterexample is looked for."""
_READ = 4
"""How much larger answers are, once they have been read."""


def grade_files(
    name: str,
    paths: Sequence[Path],
    *,
    names: Sequence[str] | None = None,
    seed: int = 0,
    sandbox: Sandbox | None = None,
    limits: Limits | None = None,
    progress: Progress = lambda result: None,
) -> Document:
    """Grade files.

    Submissions are graded in parallel and reported in the order given; `names` replaces the paths in the document. A
    path may also be that of a folder or a zip in which the submission is. Raises UsageError, AuthoringError, and
    SandboxError if no submission could be graded; never for what is wrong with a file.
    """
    sandbox = sandbox or choose()
    grader = Grader(store.load(name, seed), sandbox, limits or Limits(), released_cells(name))

    released = read_bytes(project.released(name))
    given = Released(released if isinstance(released, bytes) else b"")
    failures: list[SandboxError] = []

    def one(path: Path, shown: str) -> SubmissionResult:
        try:
            chosen = choose_file(path, name, given)
            result = grader.grade(parse(chosen.content, kind_of(chosen.file), shown)).with_remark(chosen.remark)
        except Exception as error:  # whatever it was, the others are graded all the same
            if isinstance(error, SandboxError):
                failures.append(error)
            result = SubmissionResult.put_aside(shown, grader.maximum, aside.message("graded", error))
        progress(result)
        return result

    shown = list(names) if names is not None else [str(path) for path in paths]
    with ThreadPoolExecutor(os.cpu_count() or 1) as executor:
        try:
            results = tuple(executor.map(one, paths, shown))
        finally:
            executor.shutdown(cancel_futures=True)
    if failures and len(failures) == len(results):
        raise failures[0]
    warning = f"weak sandbox: {sandbox.weakness}" if sandbox.weakness else ""
    return Document(name, grader.assignment.version, results, warning)


def grade_cells(name: str, cells: Sequence[str], *, seed: int = 0, sandbox: Sandbox | None = None) -> SubmissionResult:
    """Grade the code cells of one notebook."""
    grader = Grader(store.load(name, seed), sandbox or choose(), Limits(), released_cells(name))
    return grader.grade(Submission.of(name, cells))


def released_cells(name: str) -> tuple[Cell, ...]:
    """The code cells of an assignment's released notebook; none if it has not been released."""
    found = parse(read_bytes(project.released(name)), ".ipynb", name)
    return () if isinstance(found, Unreadable) else found.cells


@dataclass(frozen=True)
class Shortcuts:
    """What exists for speed alone: without any of it, every document is the same to the byte.

    share         calls share their arguments, which are looked at for changes once after all calls of an exercise
    remember      the same answers of another submission are not judged again
    at_once       results are compared with the expected ones as a whole
    known_cells   cells of the released notebook are compiled once for all submissions
    """

    share: bool = True
    remember: bool = True
    at_once: bool = True
    known_cells: bool = True


class Grader:
    """One assignment, ready to grade any number of submissions, from any number of threads.

    `cells` are those of the released notebook: a submission that has them as they were costs less.
    """

    def __init__(
        self,
        assignment: AssignmentCases,
        sandbox: Sandbox,
        limits: Limits,
        cells: Sequence[Cell] = (),
        shortcuts: Shortcuts | None = None,
    ) -> None:
        self.assignment, self._shortcuts = assignment, shortcuts or Shortcuts()
        self._sessions = Sessions(assignment, sandbox, limits, cells, self._shortcuts.known_cells)
        exercises = assignment.exercises
        self._relations: dict[str, list[Relation]] = {
            entry.name: assignment.relations(entry.name) if entry.relations else [] for entry in exercises
        }
        self._all = {entry.name: Calls.all_of(entry) for entry in exercises}
        self.maximum = sum(entry.points for entry in exercises)
        self._judged: dict[tuple[str, Batch], Judged] = {}
        self._judged_bytes = 0

    def grade(self, submission: Submission | Unreadable) -> SubmissionResult:
        """Grade one submission.

        Raises SandboxError if the sandbox fails twice: that is never the submission's mistake.
        """
        if isinstance(submission, Unreadable):
            nothing = Diagnosis(Outcome.MISSING, "the submission could not be read")
            results = [ExerciseResult.of(entry, 0.0, nothing) for entry in self.assignment.exercises]
            return SubmissionResult.graded(submission.name, results, Status.UNREADABLE, submission.reason)
        try:
            results = self._graded(submission)
        except SandboxError:
            results = self._graded(submission)
        return SubmissionResult.graded(submission.name, results)

    def _graded(self, submission: Submission) -> list[ExerciseResult]:
        try:
            return self._graded_in(self._sessions.begin(submission, share=self._shortcuts.share))
        except ArgumentsChanged:
            return self._graded_in(self._sessions.begin(submission, share=False))

    def _graded_in(self, session: Session) -> list[ExerciseResult]:
        try:
            own = self._own(session)
            self._otherwise(session, own)
            given: dict[str, tuple[Judged, list[str]]] = {}
            # Those with fewer helpers replaced first: the session's process can then go on with the others.
            for exercise in sorted(self.assignment.exercises, key=lambda entry: len(_wrong_helpers(entry, own))):
                given[exercise.name] = self._given(session, exercise, own)
            return [self._told(session, entry, *given[entry.name]) for entry in self.assignment.exercises]
        finally:
            session.close()

    def _own(self, session: Session) -> dict[str, Judged]:
        """What each exercise is worth with the submission's own helpers, which come before what builds on them."""
        own: dict[str, Judged] = {}
        while left := [entry for entry in self.assignment.exercises if entry.name not in own]:
            waiting = {entry.name for entry in left}
            ready = [entry for entry in left if not waiting & set(entry.builds_on)] or left
            # What may take long comes last: not twice, where arguments turn out to have been changed.
            quick = [entry for entry in ready if entry.seconds is None] or ready
            own |= self._asked(session, quick)
        return own

    def _otherwise(self, session: Session, own: dict[str, Judged]) -> None:
        """What is not right counts as another way gives it, where that is better; the session then asks it so."""

        def wrong() -> list[tuple[ExerciseCases, Outcome]]:
            return [
                (entry, own[entry.name].outcome) for entry in self.assignment.exercises if not own[entry.name].right
            ]

        for way, entries in session.ways.others(wrong):
            # What may take long comes last: there is a limit for all.
            entries.sort(key=lambda entry: own[entry.name].outcome in EXHAUSTED)
            usual = dict(session.chosen)
            session.chosen.update({entry.name: way for entry in entries})
            for name, judged in self._asked(session, entries).items():
                before = own[name]
                if rank(judged.points, judged.outcome) > rank(before.points, before.outcome):
                    own[name], usual[name] = judged, way
                elif judged.as_before(before):
                    session.ways.unmoved.add(name)
            session.chosen = usual

    def _given(self, session: Session, exercise: ExerciseCases, own: dict[str, Judged]) -> tuple[Judged, list[str]]:
        """What an exercise is worth, given right results of those helpers that are wrong where that is worth more."""
        mine, helpers = own[exercise.name], _wrong_helpers(exercise, own)
        if not helpers or mine.right or (mine.settled and mine.outcome == Outcome.MISSING):
            return mine, []
        calls = self._all[exercise.name]
        replaced = self._judge(calls, session.answers_with(calls, helpers))
        return (replaced, helpers) if replaced.points > mine.points else (mine, [])

    def _told(self, session: Session, exercise: ExerciseCases, judged: Judged, followed: list[str]) -> ExerciseResult:
        diagnosis = self._explained(session, exercise, judged, followed)
        diagnosis = placed(diagnosis, exercise.name, session.submission)
        if followed:
            diagnosis = _followed(diagnosis, followed)
        return ExerciseResult.of(exercise, judged.points, diagnosis, bool(followed))

    def _explained(
        self, session: Session, exercise: ExerciseCases, judged: Judged, replaced: Sequence[str]
    ) -> Diagnosis:
        """The diagnosis with what a few more calls show: arguments that are not used, a smaller counterexample."""
        diagnosis, shown = judged.diagnosis, judged.diagnosis.shown
        if not judged.verdicts or shown is None or diagnosis.outcome not in _SMALLER:
            return diagnosis
        trials = Trials(
            exercise, self._sessions.reference, self._relations[exercise.name], session.asking(exercise, replaced)
        )
        if not diagnosis.misconception and shown.difference and shown.difference.kind == "value":
            inside = [verdict for verdict in judged.verdicts if verdict.case.part == shown.case.part]
            more = observed(trials, inside)
            if more:
                diagnosis = replace(diagnose(exercise, judged.verdicts, more), outcome=diagnosis.outcome)
        smaller = shrink(trials, exercise.cases, shown)
        return diagnosis if smaller is shown else showing(exercise, diagnosis, smaller)

    def _asked(self, session: Session, exercises: Sequence[ExerciseCases]) -> dict[str, Judged]:
        """What exercises are worth by their answers to calls, by name."""
        worth: dict[str, Judged] = {}
        for exercise in exercises:
            calls = self._all[exercise.name]
            judged = self._judge(calls, session.answers(calls))
            untouched = exercise.name in session.untouched and not judged.points
            worth[exercise.name] = Judged(exercise, 0.0, settled=UNTOUCHED) if untouched else judged
        return worth

    def _judge(self, calls: Calls, answers: Batch | Diagnosis) -> Judged:
        """Points and diagnosis; the same answers of another submission are judged once."""
        exercise = calls.exercise
        if isinstance(answers, Diagnosis):
            return Judged(exercise, 0.0, settled=answers)
        agreeing = calls.expected.agrees(answers) if calls.expected and self._shortcuts.at_once else []
        if agreeing and all(agreeing):
            return Judged(exercise, exercise.points, settled=Diagnosis(Outcome.CORRECT))
        if not self._shortcuts.remember:
            return self._judge_cases(calls, answers, agreeing)
        key = exercise.name, answers
        judged = self._judged.get(key)
        if judged is None:
            judged = self._judge_cases(calls, answers, agreeing)
            self._judged_bytes += _READ * answers.size
            if self._judged_bytes > _REMEMBERED:
                self._judged.clear()
                self._judged_bytes = 0
            self._judged[key] = judged
        return judged

    def _judge_cases(self, calls: Calls, batch: Batch, agreeing: Sequence[bool | None]) -> Judged:
        exercise, count = calls.exercise, len(calls.exercise.cases)
        try:
            answers = answers_in(batch)
        except ValueError:
            return Judged(exercise, 0.0, settled=Diagnosis(Outcome.CRASHED, died("crashed")))
        if len(answers) != count + len(calls.again):
            return Judged(exercise, 0.0, settled=Diagnosis(Outcome.CRASHED, died("crashed")))
        second = dict(zip(calls.again, answers[count:], strict=True))
        return judge_answers(exercise, answers[:count], second, self._relations[exercise.name], agreeing[:count])


def _wrong_helpers(exercise: ExerciseCases, own: Mapping[str, Judged]) -> list[str]:
    """Those that are judged and not right."""
    return [name for name in exercise.builds_on if name in own and not own[name].right]


def _followed(diagnosis: Diagnosis, helpers: Sequence[str]) -> Diagnosis:
    names = ", ".join(f"`{name}`" for name in helpers)
    told = f"counted as right given your {names}: that mistake is paid for once, there"
    if diagnosis.outcome == Outcome.CORRECT:
        return Diagnosis(Outcome.CORRECT, told)
    return replace(diagnosis, message=f"{diagnosis.message} ({told})")
