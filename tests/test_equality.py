"""What counts as right: shape first, then values, with a tolerance that belongs to the expected side."""

from typing import Any

import numpy as np
import pytest

from autograder.border.batch import Packer, pack
from autograder.cases.equality import close, difference
from autograder.judge.compare import Expected

A = np.array([[1.0, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (A, A.copy()),
        (A, A.tolist()),
        (A, tuple(map(tuple, A.tolist()))),
        (A, np.asfortranarray(A)),
        (A, A.astype(np.int64)),
        (A, A * (1 + 1e-12)),
        (2.0, np.float64(2.0)),
        (2.0, np.array(2.0)),
        (2.0, 2),
        (np.inf, np.inf),
        ([A, (A, 1.0)], ((A, [A, 1]))),
        ([A, A], np.stack([A, A])),
        ("identity", "identity"),
    ],
)
def test_equal(expected: Any, got: Any) -> None:
    assert difference(expected, got) is None


@pytest.mark.parametrize(
    ("expected", "got", "kind"),
    [
        (A, A.ravel(), "shape"),
        (A, A[:1], "shape"),
        (A[:, :1], A[:, 0], "shape"),
        (2.0, np.array([2.0]), "shape"),
        (A, 1.0, "shape"),
        (A, None, "type"),
        (A, "text", "type"),
        (A, [[1.0], [1.0, 2.0]], "type"),
        ([A], A[:0], "length"),
        ([A, A], [A], "length"),
        ([A], 1.0, "type"),
        (A, A * np.nan, "nan"),
        (np.nan, np.nan, "nan"),
        (A / 3, (A / 3).astype(np.float32), "precision"),
        (A, A + 1e-6, "value"),
        (1e-20, 1.0, "value"),
        (np.inf, 3.0, "value"),
        (np.inf, -np.inf, "value"),
        (np.array([1.0, np.inf]), np.array([1.0, 1.0]), "value"),
        ("a", "b", "value"),
        ("a", 1.0, "type"),
    ],
)
def test_different(expected: Any, got: Any, kind: str) -> None:
    found = difference(expected, got)
    assert found is not None
    assert found.kind == kind


def test_the_first_entry_that_differs_is_named() -> None:
    wrong = A.copy()
    wrong[1, 0] = 0
    found = difference([A, A], [A, wrong])
    assert found is not None
    assert (found.path, found.at) == ((1,), (1, 0))


def test_many_numbers_at_once_are_judged_as_each_alone() -> None:
    values = np.array([0.0, 1.0, -1.0, 1e300, np.inf, -np.inf, np.nan])
    pairs = [(left, right) for left in values for right in values]
    together = close(*(np.array(side) for side in zip(*pairs, strict=True)))
    assert together.tolist() == [difference(left, right) is None for left, right in pairs]


@pytest.mark.parametrize("special", [np.nan, np.inf, 1.0])
def test_batches_agree_where_results_do(special: float) -> None:
    expected, close_by = [A, special, A], [A * (1 + 1e-12), special, A + 1]
    assert Expected(expected).agrees(pack(expected)) == [True, not np.isnan(special), True]
    assert Expected(expected).agrees(pack(close_by)) == [True, not np.isnan(special), False]
    assert Expected(expected).agrees(pack([A, special])) == [None] * 3


def test_each_error_of_a_batch_is_its_own() -> None:
    packer, errors = Packer(), [{"type": kind, "message": ""} for kind in ("A", "A", "B", "A")]
    for error in errors:
        packer.add_error(error)
    assert packer.batch().entries() == [{"error": error} for error in errors]


def test_tolerance_does_not_follow_the_result() -> None:
    assert difference(0.0, 1e30) is not None
    assert difference(1e30, 0.0) is not None
