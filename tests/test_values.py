"""Values cross the border unchanged, and nothing but values does."""

import contextlib
import json
from collections import OrderedDict, defaultdict, namedtuple
from enum import IntEnum, StrEnum
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.border.batch import fingerprint, pack
from autograder.border.values import Code, Unencodable, copied, decode, dumps, encode, evaluate, identical, loads

arrays = hnp.arrays(
    st.sampled_from([np.float64, np.float32, np.int64, np.uint8, np.bool_]),
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text() | arrays,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
json_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("adntsc?"), inner, max_size=2),
    max_leaves=12,
)


@given(values)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    assert identical(decode(loads(dumps(encode(value)))), value)


@given(json_data)
def test_decoding_anything_gives_a_value_or_a_value_error(data: Any) -> None:
    with contextlib.suppress(ValueError):
        decode(data)


@pytest.mark.parametrize(
    "data",
    [
        {"a": ["<f8", [2**40, 2**40], ""]},
        {"a": ["<f8", [0, 2**63], ""]},
        {"a": ["<f8", [-1], ""]},
        {"a": ["<f8", [2], "AAAA"]},
        {"a": ["|O8", [1], "AAAAAAAAAAA="]},
        {"a": ["<M8", [1], "AAAAAAAAAAA="]},
        {"a": ["|b1", [1], "/w=="]},
        {"a": ["<f8", [True], "AAAAAAAAAAA="]},
        {"d": [["k", 1], ["k", 2]]},
        {"x": 1},
        {"t": [], "d": []},
        10**30,
    ],
)
def test_forged_data_is_refused(data: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(data)


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(ValueError, match="deep"):
        loads(b"[" * 10**5)
    with pytest.raises(ValueError, match="deep"):
        decode(json.loads("[" * 100 + "]" * 100))


class _Truthy(np.ndarray[Any, Any]):
    def __eq__(self, other: object) -> Any:
        return True


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (object(), "object"),
        ({1, 2}, "set"),
        (np.array([None]), "dtype object"),
        (np.array(["a"]), "dtype"),
        ({1: 2}, "keys"),
        (2**70, "64 bits"),
        ((i for i in "ab"), "generator"),
        (np.broadcast_to(0.0, (2000, 2000)), "elements"),
    ],
)
def test_what_is_no_data_does_not_travel(value: Any, message: str) -> None:
    with pytest.raises(Unencodable, match=message):
        encode(value)


def test_a_subclass_of_ndarray_arrives_plain() -> None:
    arrived = decode(encode(np.zeros(3).view(_Truthy)))
    assert type(arrived) is np.ndarray


def test_fortran_order_and_strides_are_normalised() -> None:
    array = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    assert identical(decode(encode(array)), np.arange(6.0).reshape(2, 3))
    assert identical(decode(encode(array[::-1, ::2])), np.array([[3.0, 5.0], [0.0, 2.0]]))


def test_copies_are_deep() -> None:
    value = {"parameters": [(np.zeros(2), np.ones(1))]}
    copied(value)["parameters"][0][0][0] = 9.0
    assert value["parameters"][0][0][0] == 0.0


def test_code_is_evaluated_to_its_last_expression() -> None:
    assert evaluate(Code("y = x + 1\ny * 2"), {"x": 2}) == 6
    assert evaluate(Code("lambda u: u * k"), {"k": 3})(2) == 6


def _overridden(base: type, *arguments: Any) -> Any:
    """A value of a subclass that answers nothing, and lies wherever it is asked how long or what it is."""

    def refuse(self: Any, *arguments: Any, **named: Any) -> Any:
        raise AssertionError("a method of the subclass was called")

    ours = {"__new__", "__init__", "__doc__", "__init_subclass__", "__subclasshook__", "__dict__", "__array_finalize__"}
    names = {name for kind in base.__mro__ for name in vars(kind)} - ours - {"__getattribute__"}
    lies = {"__class__": property(refuse), "__array__": refuse, "__array_interface__": property(refuse)}
    kind: Any = type("Lying", (base,), {**dict.fromkeys(names, refuse), **lies})
    value = arguments[0].view(kind) if base is np.ndarray else kind(*arguments)
    kind.__getattribute__ = refuse
    return value


Layer = namedtuple("Layer", "W b")


class Output(StrEnum):
    SIGMOID = "sigmoid"


class Order(IntEnum):
    FIRST = 1


class HalfPrecision(np.float32):
    pass


SUBCLASSES = {
    "named tuple": (Layer(1.0, [2.0]), (1.0, [2.0])),
    "StrEnum": (Output.SIGMOID, "sigmoid"),
    "IntEnum": (Order.FIRST, 1),
    "OrderedDict": (OrderedDict(a=1.0), {"a": 1.0}),
    "defaultdict": (defaultdict(list, a=[1]), {"a": [1]}),
    "keys": ({Output.SIGMOID: 1}, {"sigmoid": 1}),
    "matrix": (np.array([[1.0, 2.0]]).view(np.matrix), np.array([[1.0, 2.0]])),
    "masked": (np.ma.array([1.0, 2.0]), np.array([1.0, 2.0])),
    "longdouble": (np.longdouble(0.5), np.float64(0.5)),
    "text of NumPy": (np.str_("a"), "a"),
    "float32": (HalfPrecision(0.5), np.float32(0.5)),
    "list": (_overridden(list, [1.0, 2.0]), [1.0, 2.0]),
    "list of lists": ([_overridden(list, [_overridden(tuple, (1.0, "a"))])], [[(1.0, "a")]]),
    "tuple": (_overridden(tuple, (1.0, 2)), (1.0, 2)),
    "dict": (_overridden(dict, {"a": 1.0}), {"a": 1.0}),
    "int": (_overridden(int, 7), 7),
    "float": (_overridden(float, 0.5), 0.5),
    "str": (_overridden(str, "text"), "text"),
    "float64": (_overridden(np.float64, 0.5), np.float64(0.5)),
    "ndarray": (_overridden(np.ndarray, np.arange(6.0).reshape(2, 3)), np.arange(6.0).reshape(2, 3)),
    "ndarray of ints": (_overridden(np.ndarray, np.arange(3)), np.arange(3)),
}


@pytest.mark.parametrize(("value", "plain"), SUBCLASSES.values(), ids=SUBCLASSES.keys())
def test_a_value_of_a_subclass_is_one_of_its_base_whatever_it_overrides(value: Any, plain: Any) -> None:
    assert identical(decode(encode(value)), plain)
    assert pack([value]) == pack([plain])
    assert fingerprint("f", (value,), {"x": value}) == fingerprint("f", (plain,), {"x": plain})


def test_an_array_of_wide_floats_arrives_as_one_of_floats() -> None:
    assert identical(decode(encode(np.full(2, 0.5, np.longdouble))), np.full(2, 0.5))


def test_keys_that_are_the_same_text_do_not_travel() -> None:
    class Name(str):
        __slots__ = ()

        def __hash__(self) -> int:
            return id(self)

        def __eq__(self, other: object) -> bool:
            return self is other

    with pytest.raises(Unencodable, match="keys"):
        encode({Name("a"): 1, Name("a"): 2})


@pytest.mark.parametrize(
    "value", [np.complex128(1), np.void(b"abc"), np.zeros(1, "i4,f8").view(np.recarray)[0], np.bytes_(b"a")]
)
def test_scalars_of_numpy_that_are_no_numbers_do_not_travel(value: Any) -> None:
    with pytest.raises(Unencodable):
        pack([value])
