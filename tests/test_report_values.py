"""Results as small tables: what differs is marked, long ones are shortened, and no two different numbers look alike."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.cases.equality import ATOL, RTOL
from autograder.grade.result import Counterexample
from autograder.report.values import Comparison, Grid, Part, comparison, shape_of

numbers = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e6, max_value=1e6) | st.integers(-9, 9)


def both(expected: Any, got: Any, **values: Any) -> Comparison:
    return comparison(Counterexample({}, expected, got, "", **{"shapes": {}, **values}))


def one(expected: Any, got: Any, **values: Any) -> Part:
    (part,) = both(expected, got, **values).parts
    return part


def texts(grid: Grid | None) -> list[list[str]]:
    assert grid
    return [[("≠" if cell.differs else "") + cell.text for cell in cells] for _, cells in grid.rows]


def test_a_matrix_is_a_table_and_what_differs_is_marked_on_both_sides() -> None:
    part = one([[0.5, 1.0], [2.0, 3.0]], [[0.5, -1.0], [2.0, 3.0]])
    assert texts(part.expected) == [["0.5", "≠1"], ["2", "3"]]
    assert texts(part.got) == [["0.5", "≠-1"], ["2", "3"]]
    assert part.told == "One of 4 entries differs at [0, 1]: expected 1, got -1."


def test_a_difference_within_the_tolerance_of_grading_is_none() -> None:
    shown = both(0.8807970779778824, 0.8807970779778823)
    assert texts(shown.parts[0].got) == [["0.880797"]]
    assert shown.rounded


@given(numbers, numbers)
def test_expected_and_got_look_alike_only_if_they_are(due: float, own: float) -> None:
    part = one(due, own)
    differ = abs(own - due) > ATOL + RTOL * abs(due)
    assert (texts(part.expected) != texts(part.got) and "≠" in texts(part.got)[0][0]) == differ


def test_numbers_have_no_more_digits_than_tell_them_apart() -> None:
    assert texts(one(1 / 3, 2 / 3).got) == [["≠0.666667"]]
    assert texts(one(1.0, 1.0 + 2e-8).got) == [["≠1.00000002"]]


def test_other_shapes_are_told_with_the_names_of_dimensions() -> None:
    part = one([[1.0], [2.0]], [[1.0, 2.0]], shapes={"result": ["n_l", "1"]})
    assert part.told == "The shapes differ: expected (n_l, 1) = (2, 1), got (1, 2)."
    assert part.expected
    assert part.expected.shape == "(n_l, 1) = (2, 1)"
    assert texts(part.got) == [["1", "2"]]


def test_items_of_a_list_stand_beside_each_other() -> None:
    shown = both([[[1.0]], [[2.0], [3.0]]], [[[1.0]]])
    assert [part.place for part in shown.parts] == ["[0]", "[1]"]
    assert shown.parts[1].got is None
    assert not shown.parts[0].differs


def test_a_long_array_is_cut_around_the_first_difference_and_says_so() -> None:
    expected = [[float(row), 0.0] for row in range(40)]
    got = [[float(row), float(row == 30)] for row in range(40)]
    part = one(expected, got)
    assert part.got
    assert part.got.cut == "rows 28 to 35 of 40"
    assert texts(part.got)[2] == ["30", "≠1"]
    assert part.told == "One of 80 entries differs at [30, 1]: expected 0, got 1."


def test_of_many_items_those_that_differ_come_first() -> None:
    shown = both([[[[0.0]]]] * 20, [[[[float(i == 15)]]] for i in range(20)])
    assert shown.parts[0].place == "[15][0]"
    assert shown.more == 12


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        ("z_3^{[5]}", "z_4^{[5]}"),
        (["+", "x", 2.0], ["+", "x", 3.0]),
        ({"a": 1.0}, {"a": 2.0}),
    ],
)
def test_what_is_no_array_is_text_with_the_same_marks(expected: Any, got: Any) -> None:
    part = one(expected, got)
    assert part.got
    assert any(cell.differs for cell in part.got.text)


def test_texts_that_are_built_differently_are_not_marked() -> None:
    part = one("z_3", "other")
    assert part.got
    assert [(cell.text, cell.differs) for cell in part.got.text] == [("other", False)]


def test_nothing_expected_or_nothing_got_is_nothing_shown() -> None:
    assert one(1.0, None).got is None
    assert one(None, [[1.0]]).expected is None
    assert texts(one(None, [[1.0]]).got) == [["1"]]


values = st.recursive(
    st.none() | numbers | st.booleans() | st.text(max_size=5) | st.sampled_from(["NaN", "Infinity", "-Infinity"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=12,
)


@given(values, values)
def test_any_two_results_can_be_shown(expected: Any, got: Any) -> None:
    shown = both(expected, got)
    assert shown.parts or expected == [] or got == []


def test_shapes() -> None:
    assert shape_of([[1, 2, 3]]) == (1, 3)
    assert shape_of([[1], [1, 2]]) is None
    assert shape_of("NaN") == ()
    assert shape_of("x") is None
    assert shape_of([]) == (0,)
