"""What is said of wrong solutions: each statement where it is true, none where the cases do not bear it out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autograder.cases.calling import answer_of
from autograder.cases.drawing import size_of
from autograder.cases.model import Answer, AssignmentCases, Case, ExerciseCases, KnownMistake
from autograder.grade.grader import Grader
from autograder.judge.compare import Verdict, compare
from autograder.judge.diagnosis import Diagnosis, diagnose
from autograder.judge.shrink import shrink
from autograder.judge.statements import statements
from autograder.judge.trials import Arguments, Trials, observed
from autograder.sandbox.launcher import choose
from autograder.sandbox.parent import Limits
from autograder.submission.reading import Submission
from tests.benchmarks.hints import Examiner, examine
from tests.conftest import Grade, exercise, instead

Function = Callable[..., Any]


def sigmoid(Z: Any) -> Any:
    return 0.5 * (1 + np.tanh(Z / 2))


def entry(assignment: AssignmentCases, name: str) -> ExerciseCases:
    return next(each for each in assignment.exercises if each.name == name)


def answers(function: Function, tried: Sequence[Arguments]) -> list[Answer]:
    return [answer_of(lambda given: function(**given), each) for each in tried]


def verdicts_on(asked: ExerciseCases, function: Function) -> tuple[Verdict, ...]:
    return compare(asked, answers(function, [case.arguments for case in asked.cases]))


def trials_of(assignment: AssignmentCases, asked: ExerciseCases, function: Function, budget: int = 240) -> Trials:
    return Trials(asked, assignment.reference_functions(), (), lambda tried: answers(function, tried), budget)


def diagnosed(assignment: AssignmentCases, name: str, function: Function) -> Diagnosis:
    """The diagnosis when no misconception is known."""
    asked = replace(entry(assignment, name), mistakes=())
    verdicts = verdicts_on(asked, function)
    first = next(verdict for verdict in verdicts if not verdict.right)
    inside = [verdict for verdict in verdicts if verdict.case.part == first.case.part]
    return diagnose(asked, verdicts, observed(trials_of(assignment, asked, function), inside))


def two_layers(flip: float = 1.0, shift: bool = True, swap: bool = False) -> Function:
    def backward(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
        A1 = sigmoid(X @ W1.T + flip * b1.T)
        A2 = sigmoid(A1 @ W2.T + shift * b2.T)
        dZ2 = A2 - Y
        dZ1 = dZ2 @ W2 * A1 * (1 - A1)
        pairs = [(dZ1.T @ X / len(X), dZ1.mean(axis=0)[:, None]), (dZ2.T @ A1 / len(X), dZ2.mean(axis=0)[:, None])]
        if swap:
            pairs[1] = (pairs[1][0], -pairs[1][1])
        return [item for pair in pairs for item in pair]

    return backward


STATEMENTS: dict[str, tuple[str, Function, str]] = {
    "sign": ("dZ_output", lambda A, Y: Y - A, "your result has the opposite sign"),
    "N": (
        "dW",
        lambda dZ, A_prev: dZ.T @ A_prev,
        "your result is N times too large: the mean over the examples is missing",
    ),
    "N twice": ("dW", lambda dZ, A_prev: dZ.T @ A_prev / len(dZ) ** 2, "your result is N times too small"),
    "another dimension": (
        "dW",
        lambda dZ, A_prev: dZ.T @ A_prev / len(dZ) / dZ.shape[1],
        "your result is n_l times too small",
    ),
    "factor": ("db", lambda dZ: 3 * dZ.mean(axis=0)[:, None], "your result is 3 times the expected one"),
    "offset": ("db", lambda dZ: dZ.mean(axis=0)[:, None] + 0.25, "your result is 0.25 more than expected, everywhere"),
    "constant": ("db", lambda dZ: np.zeros((dZ.shape[1], 1)), "your result is 0 whatever the arguments are"),
    "a formula of an argument": ("dA_dZ", lambda A: A, "your result is just `A`"),
    "a factor too many": (
        "dL_dA",
        lambda A, Y: (1 - Y) * (A - Y) / (A * (1 - A)),
        "your result is the expected one times `1 − Y`",
    ),
    "a term too many": ("dA_dZ", lambda A: A * (2 - A), "your result is the expected one plus `A`"),
    "where": (
        "dL_dA",
        lambda A, Y: -Y / A + (1 - Y) / (2 - A),
        "your result is wrong only where `Y` = 0; elsewhere it is right",
    ),
    "a size": (
        "db",
        lambda dZ: dZ.mean(axis=0)[:, None] if dZ.shape[0] == 1 else np.exp(dZ).max(axis=0)[:, None] + 9,
        "right for N = 1, but not in general",
    ),
    "an argument that is not used": (
        "dW",
        lambda dZ, A_prev: (dZ + np.exp(dZ)).T @ np.ones(A_prev.shape),
        "your result does not depend on `A_prev`: is it used?",
    ),
    "sign of an argument": (
        "backward",
        two_layers(flip=-1.0),
        "your result is the right one for −`b1` in place of `b1`: a sign is wrong",
    ),
    "an argument left out": (
        "backward",
        two_layers(shift=False),
        "your result is the right one for `b2` = 0: is it left out?",
    ),
    "one item": ("backward", two_layers(swap=True), "item 3 of the result has the opposite sign"),
    "a row each": (
        "dZ_output",
        lambda A, Y: (A - Y) * np.linspace(2, 3, len(A))[:, None],
        "each row of your result is the expected one times a number of its own",
    ),
    "part": (
        "dZ_output_for",
        lambda A, Y, loss, activation: (A - Y) * (1.0 if loss == "bce" else A * (1 - A)) * (1 + (loss == "mse")),
        "for mse, identity: your result is the expected one times `A (1 − A)`",
    ),
}


@pytest.mark.parametrize(("name", "function", "words"), STATEMENTS.values(), ids=STATEMENTS.keys())
def test_what_is_true_of_all_cases_is_said(
    name: str, function: Function, words: str, backprop: AssignmentCases
) -> None:
    assert diagnosed(backprop, name, function).message == words


def test_a_shape_is_told_in_the_names_of_its_dimensions(backprop: AssignmentCases) -> None:
    found = diagnosed(backprop, "dW", lambda dZ, A_prev: A_prev.T @ dZ / len(dZ))
    assert found.message is not None
    assert "should have shape (n_l, n_prev) = " in found.message
    assert "yours has (n_prev, n_l) = " in found.message
    assert "transposed?" in found.message


def test_an_exception_about_shapes_is_told_with_those_of_the_arguments(backprop: AssignmentCases) -> None:
    found = diagnosed(backprop, "dW", lambda dZ, A_prev: dZ @ A_prev)
    assert found.outcome == "error"
    assert found.message is not None
    assert found.message.startswith("raises ValueError: matmul")
    assert "; called with `dZ` of shape (N, n_l) = (" in found.message
    assert "`A_prev` of shape (N, n_prev) = (" in found.message


def test_an_infinite_number_is_called_so(backprop: AssignmentCases) -> None:
    message = diagnosed(
        backprop, "dA_dZ", lambda A: A * (1 - A) / np.where(A == 0.5, 0.0, 1 + A * A * np.sign(A - 0.6))
    ).message
    assert message is not None
    assert message.startswith("your result is infinite for some arguments: a division by 0")


def test_a_few_cases_prove_nothing(backprop: AssignmentCases) -> None:
    """What could be chance is not said: three cases of one entry fit many formulas."""
    asked = replace(entry(backprop, "dA_dZ"), mistakes=())
    asked = replace(asked, cases=asked.cases[:3])
    assert list(statements(asked, verdicts_on(asked, lambda A: 2 * A * (1 - A)))) == []


def test_a_statement_that_one_case_contradicts_is_not_made(backprop: AssignmentCases) -> None:
    asked = replace(entry(backprop, "dW"), mistakes=())
    verdicts = list(verdicts_on(asked, lambda dZ, A_prev: dZ.T @ A_prev))
    assert next(statements(asked, verdicts)).startswith("your result is N times too large")
    odd = next(i for i, verdict in enumerate(verdicts) if verdict.case.arguments["dZ"].shape[0] == 3)
    wrong = Answer(verdicts[odd].answer.value + 1.0)
    verdicts[odd] = compare(replace(asked, cases=(verdicts[odd].case,)), [wrong])[0]
    assert not any("times too large" in words for words in statements(asked, verdicts))


# ------------------------------------------------------------------------------------------------------------- shrink


def shrunk(
    assignment: AssignmentCases, name: str, function: Function, ask: Function | None = None, budget: int = 240
) -> tuple[Verdict, Verdict, list[int]]:
    """The last failing case, what it shrinks to, and how many calls each request made."""
    asked = entry(assignment, name)
    requests: list[int] = []

    def counted(tried: list[Arguments]) -> Any:
        requests.append(len(tried))
        return (ask or answers)(function, tried)

    shown = [verdict for verdict in verdicts_on(asked, function) if not verdict.right][-1]
    trials = Trials(asked, assignment.reference_functions(), (), counted, budget)
    return shown, shrink(trials, asked.cases, shown), requests


def no_mean(dZ: Any, A_prev: Any) -> Any:
    return dZ.T @ A_prev


def test_a_case_shrinks_to_the_smallest_that_fails(backprop: AssignmentCases) -> None:
    before, after, _ = shrunk(backprop, "dW", no_mean)
    assert before.case.arguments["dZ"].size > 2
    assert after.case.arguments["dZ"].shape == after.case.arguments["A_prev"].shape == (2, 1)
    assert not after.right
    assert np.allclose(after.case.expected * 2, after.answer.value)
    assert all(len(repr(number)) <= 4 for value in after.case.arguments.values() for number in value.ravel().tolist())


def test_shrinking_keeps_what_makes_it_fail(backprop: AssignmentCases) -> None:
    """Wrong only where a neuron is saturated: the entry stays, everything else goes."""
    _, after, _ = shrunk(backprop, "dA_dZ", lambda A: np.clip(A, 1e-7, 1) * (1 - A))
    assert after.case.arguments["A"].shape == (1, 1)
    assert after.case.arguments["A"][0, 0] < 1e-7


def test_shrunk_cases_stay_in_their_domain(backprop: AssignmentCases) -> None:
    for asked in (each for each in backprop.exercises if each.free):
        tried: list[Arguments] = []

        def all_wrong(given: list[Arguments], tried: list[Arguments] = tried) -> list[Answer]:
            tried += given
            return [Answer(error="ValueError")] * len(given)

        shown = Verdict(asked.cases[-1], Answer(error="ValueError"))
        after = shrink(Trials(asked, backprop.reference_functions(), (), all_wrong), asked.cases, shown)
        assert size_of(after.case.arguments) < size_of(shown.case.arguments)
        assert tried
        drawn = {name: entries(case.arguments[name] for case in asked.cases) for name in shown.case.arguments}
        for arguments in tried:
            sizes: dict[str, int] = {}
            for name, value in arguments.items():
                assert entries([value]) <= drawn[name]
                for dim, size in zip(asked.shapes[name] or (), np.shape(value), strict=True):
                    assert sizes.setdefault(dim, size) == size


def entries(values: Iterable[Any]) -> set[Any]:
    return {entry for value in values for entry in np.ravel(value).tolist()}


def test_the_same_answers_shrink_to_the_same_case(backprop: AssignmentCases) -> None:
    first, second = (shrunk(backprop, "dW", no_mean) for _ in range(2))
    assert first[2] == second[2]
    assert all(
        np.array_equal(first[1].case.arguments[name], second[1].case.arguments[name]) for name in ("dZ", "A_prev")
    )


def test_shrinking_keeps_to_its_budget_and_asks_nothing_for_a_smallest_case(backprop: AssignmentCases) -> None:
    _, _, requests = shrunk(backprop, "dW", no_mean, budget=10)
    assert sum(requests) <= 10
    asked = entry(backprop, "db")
    smallest = Case({"dZ": np.array([[1.0]])}, np.array([[1.0]]), "", "")

    def never(tried: list[Arguments]) -> None:
        raise AssertionError(f"called with {tried}")

    shown = Verdict(smallest, Answer(np.array([[2.0]])))
    assert shrink(Trials(asked, backprop.reference_functions(), (), never), asked.cases, shown) is shown


def test_arguments_that_depend_on_each_other_are_not_cut(backprop: AssignmentCases) -> None:
    assert not entry(backprop, "backward_deep").free
    assert not entry(backprop, "dZ_output_for").free
    asked = entry(backprop, "dZ_output_for")
    shown = Verdict(asked.cases[-1], Answer(error="ValueError"))
    trials = trials_of(backprop, asked, lambda **given: None)
    assert shrink(trials, asked.cases, shown) is shown


@pytest.mark.parametrize(
    "reply",
    [
        lambda function, tried: None,
        lambda function, tried: [],
        lambda function, tried: [Answer()] * (len(tried) + 1),
        lambda function, tried: [Answer("text") for _ in tried],
        lambda function, tried: [Answer(np.full((9, 9), np.nan)) for _ in tried],
        lambda function, tried: [Answer(error="\x1b[2J", message="x" * 10**6) for _ in tried],
    ],
    ids=["none", "too few", "too many", "text", "nan", "error"],
)
def test_strange_replies_change_nothing(reply: Function, backprop: AssignmentCases) -> None:
    before, after, _ = shrunk(backprop, "dW", no_mean, reply)
    assert after is before


# -------------------------------------------------------------------------------------------------------- as a whole


def test_a_counterexample_is_shrunk_in_the_sandbox(solution: tuple[str, ...], grade: Grade) -> None:
    """Wrong for five examples and more only: every drawn case is larger than need be."""
    source = "def dW(dZ, A_prev): return dZ.T @ A_prev / len(dZ) + (1.5 if len(dZ) > 4 else 0)"
    found = exercise(grade(instead(solution, source)), "dW")
    assert np.shape(found["counterexample"]["arguments"]["dZ"]) == (5, 1)
    assert np.shape(found["counterexample"]["arguments"]["A_prev"]) == (5, 1)


LATE = {
    "dies": "import os; os._exit(1)",
    "raises": "raise RuntimeError",
    "answers strangely": "return {'a': [None] * 5}",
    "keeps quiet": "while True: pass",
}


@pytest.mark.parametrize("then", LATE.values(), ids=LATE.keys())
def test_what_comes_after_judging_costs_no_points(
    then: str, backprop: AssignmentCases, solution: tuple[str, ...]
) -> None:
    """A function that turns hostile once all cases have been called; so does every other exercise then."""
    calls = len(entry(backprop, "dW").cases) + 8
    source = (
        f"count = [0]\ndef dW(dZ, A_prev):\n    count[0] += 1\n    if count[0] > {calls}:\n        {then}\n"
        "    return dZ.T @ A_prev / len(dZ) + (1.5 if len(dZ) > 4 else 0)"
    )
    limits = Limits(wall=5.0)
    first, second = (
        Grader(backprop, choose(), limits).grade(Submission.of("s", instead(solution, source))).as_json()
        for _ in range(2)
    )
    assert first == second
    assert {each["name"] for each in first["exercises"] if each["score"] < each["max_score"]} <= {
        "dW",
        "backward",
        "backward_deep",
    }
    assert exercise(first, "dW")["outcome"] == "wrong"
    assert exercise(first, "dW")["counterexample"]["expected"]


SHARED = "def dW(dZ, A_prev): return -dZ.T @ A_prev / len(dZ) + 1"


def test_a_wrong_helper_of_several_composites_is_paid_for_once(solution: tuple[str, ...], grade: Grade) -> None:
    result = grade(instead(solution, SHARED))
    wrong = {each["name"] for each in result["exercises"] if each["score"] < each["max_score"]}
    assert wrong == {"dW"}
    for name in ("backward", "backward_deep"):
        found = exercise(result, name)
        assert found["follow_through"] is True
        assert "`dW`" in found["message"]
        assert found["counterexample"] is None


def test_two_wrong_helpers_of_one_composite_are_paid_for_once(solution: tuple[str, ...], grade: Grade) -> None:
    result = grade(instead(solution, SHARED, "def db(dZ): return dZ.sum(axis=0)[:, None] - 3"))
    assert {each["name"] for each in result["exercises"] if each["score"] < each["max_score"]} == {"dW", "db"}
    message = exercise(result, "backward_deep")["message"]
    assert "`dW`" in message
    assert "`db`" in message


@pytest.mark.parametrize("name", ["backprop", "forward"])
def test_mutants_are_told_what_is_true_and_nothing_false(name: str) -> None:
    """`python -m tests.benchmarks.hints` does this for all of them, in all assignments."""
    told = examine(Examiner(name), every=5)
    assert len(told) > 15
    assert not [(each.wrong, each.diagnosis.message) for each in told if not each.true]
    assert not [each.wrong for each in told if each.larger]
    assert sum(each.kind == "first" for each in told) <= 0.12 * len(told)


def test_parts_that_fail_in_different_ways_are_told_apart(solution: tuple[str, ...], grade: Grade) -> None:
    source = (
        "def dZ_hidden_for(dZ_next, W_next, Z, activation):\n"
        "    if activation in ('sigmoid', 'tanh'): raise ValueError('which?')\n"
        "    return dZ_next @ W_next * {'relu': 2.0 * (Z > 0), 'identity': 1.0}[activation]"
    )
    found = exercise(grade([*solution, source]), "dZ_hidden_for")
    assert found["outcome"] == "partial"
    words = {part for part in found["message"].split("; ") if part.startswith("for ")}
    assert {part.partition(":")[0] for part in words} in (
        {"for relu", "for sigmoid and tanh"},
        {"for relu", "for tanh and sigmoid"},
    )
    assert any(part.startswith("for relu: your result is 2 times") for part in words), words
    pairs = (
        "def dZ_output_for(A, Y, loss, activation):\n"
        "    if activation == 'sigmoid': raise ValueError('which?')\n    return Y - A"
    )
    message = exercise(grade([*solution, pairs]), "dZ_output_for")["message"]
    assert "(bce, sigmoid)" in message
    assert "(mse, sigmoid)" in message


def test_who_differs_from_a_misconception_late_does_not_have_it(backprop: AssignmentCases) -> None:
    asked = entry(backprop, "dZ_output")
    given = [answer_of(lambda tried: tried["Y"] - tried["A"], case.arguments) for case in asked.cases]
    for late, named in ((len(given) - 1, None), (None, "other-way-round")):
        changed = [replace(each, value=3.0) if number == late else each for number, each in enumerate(given)]
        known = KnownMistake.of("other-way-round", "a hint", given)
        assert diagnose(replace(asked, mistakes=(known,)), compare(asked, changed)).misconception == named
