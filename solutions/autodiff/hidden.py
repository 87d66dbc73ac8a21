"""Hidden tests of `autodiff`: a tiny reverse-mode engine, property by property.

Every case is a short program on the student's `Tensor`; its last line lists the values and gradients to compare.
The same program runs on torch behind a thin adapter. Programs about one operator use no other, so that an engine
with one wrong operator loses that operator's points and not the rest; what mixes operators belongs to
`Tensor.backward`. Gradients of intermediate results are never asked for, since torch does not keep them.
"""

import ast
import operator as arithmetic
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
import torch
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from hypothesis.strategies import SearchStrategy

from autograder.author.domains import Moderate, Probability, Style, Target, array, decimals, drawn, layers
from autograder.author.exercise import exercise
from autograder.author.misconceptions import Right
from autograder.border.values import Code, evaluate
from autograder.text import literal

# --- torch behind the student's interface ----------------------------------------------------------------------------


def _method(function: Any) -> Any:
    return lambda self: self._apply(function, self)


def _sides(function: Any) -> tuple[Any, Any]:
    """An operator's method for a tensor on the left, and the one for a tensor on the right."""
    return (
        lambda self, other: self._apply(function, self, other),
        lambda self, other: self._apply(function, other, self),
    )


class TorchTensor:
    """The interface of `Tensor`, with torch behind it."""

    __array_ufunc__ = None

    def __init__(self, data: Any, requires_grad: bool = False) -> None:
        self.value = torch.tensor(np.asarray(data, dtype=np.float64), requires_grad=requires_grad)
        self.inputs: tuple[TorchTensor, ...] = ()

    @classmethod
    def _apply(cls, function: Callable[..., torch.Tensor], *operands: Any) -> "TorchTensor":
        inputs = tuple(entry if isinstance(entry, cls) else cls(entry) for entry in operands)
        result = cls.__new__(cls)
        result.value, result.inputs = function(*(entry.value for entry in inputs)), inputs
        return result

    data = property(lambda self: self.value.detach().numpy())
    grad = property(lambda self: None if self.value.grad is None else self.value.grad.numpy())
    requires_grad = property(lambda self: self.value.requires_grad)
    shape = property(lambda self: tuple(self.value.shape))
    T = property(lambda self: self._apply(torch.t, self))

    __add__, __radd__ = _sides(torch.add)
    __sub__, __rsub__ = _sides(torch.sub)
    __mul__, __rmul__ = _sides(torch.mul)
    __truediv__, __rtruediv__ = _sides(torch.div)
    __matmul__, __rmatmul__ = _sides(torch.matmul)
    __neg__, exp, log = _method(torch.neg), _method(torch.exp), _method(torch.log)
    relu, sigmoid, tanh = _method(torch.relu), _method(torch.sigmoid), _method(torch.tanh)

    def __pow__(self, number: float) -> "TorchTensor":
        return self._apply(lambda value: value**number, self)

    def reshape(self, *shape: int) -> "TorchTensor":
        return self._apply(lambda value: value.reshape(*shape), self)

    def sum(self, axis: int | None = None, keepdims: bool = False) -> "TorchTensor":
        return self._apply(lambda value: value.sum(dim=axis, keepdim=keepdims), self)

    def mean(self, axis: int | None = None, keepdims: bool = False) -> "TorchTensor":
        return self._apply(lambda value: value.mean(dim=axis, keepdim=keepdims), self)

    def backward(self, gradient: Any = None) -> None:
        given = None if gradient is None else torch.tensor(np.asarray(gradient, dtype=np.float64))
        self.value.backward(given, retain_graph=True)

    def zero_grad(self) -> None:
        self.value.grad = None


def _torch_sort(tensor: TorchTensor) -> list[TorchTensor]:
    """Kahn's algorithm from the result towards the leaves, turned around: another way than depth first."""
    users: dict[int, int] = {}
    found, reached = {id(tensor): tensor}, [tensor]
    for node in reached:
        for source in node.inputs:
            users[id(source)] = users.get(id(source), 0) + 1
            if id(source) not in found:
                found[id(source)] = source
                reached.append(source)
    free, order = [tensor], []
    while free:
        order.append(free.pop())
        for source in order[-1].inputs:
            users[id(source)] -= 1
            if users[id(source)] == 0:
                free.append(source)
    return order[::-1]


def _torch_bce(A: TorchTensor, Y: TorchTensor) -> TorchTensor:
    def loss(a: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return -(torch.xlogy(y, a) + torch.special.xlog1py(1 - y, -a)).sum(dim=1).mean()

    return TorchTensor._apply(loss, A, Y)


def _torch_mlp(X: TorchTensor, parameters: list[tuple[TorchTensor, TorchTensor]]) -> TorchTensor:
    def layer(a: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.linear(a, w, b.squeeze(1)).sigmoid()

    for W, b in parameters:
        X = TorchTensor._apply(layer, X, W, b)
    return X


def _torch_sgd(tensors: list[TorchTensor], lr: float) -> None:
    torch.optim.SGD([entry.value for entry in tensors], lr=lr).step()
    for entry in tensors:
        entry.zero_grad()


TORCH = {
    "Tensor": TorchTensor,
    "topological_sort": _torch_sort,
    "bce_loss": _torch_bce,
    "mlp": _torch_mlp,
    "sgd": _torch_sgd,
}


def run(names: Mapping[str, Any], program: Code, **data: Any) -> Any:
    """The value of a program, with an engine's names and the case's data."""
    return evaluate(program, {"np": np, **names, **data})


def _on_torch(program: Code, **data: Any) -> Any:
    return run(TORCH, program, **data)


# --- a right engine, to be made wrong in one place by each misconception ----------------------------------------------


def _two(forward: Any, shares: Any) -> Any:
    """An operator of a and b: its value, and from the gradient g what it hands to each of them."""

    def method(self: Any, other: Any) -> Any:
        other = self._lift(other)
        a, b = self.data, other.data
        return self._record(forward(a, b), (self, lambda g: shares(g, a, b)[0]), (other, lambda g: shares(g, a, b)[1]))

    return method


def _on_the_left(operation: Any) -> Any:
    """An operator with a number or an array on the left."""
    return lambda self, other: operation(self._lift(other), self)


def _one(forward: Any, share: Any) -> Any:
    """A function y of x, and what else it is given: its value, and what it hands back, from gradient g, x and y."""

    def method(self: Any, *given: Any) -> Any:
        x = self.data
        y = forward(x, *given)
        return self._record(y, (self, lambda g: share(g, x, y, *given)))

    return method


def _reduction(forward: Any, share: Any) -> Any:
    """`sum` or `mean`: its value, and what it hands back, from gradient g and x."""

    def method(self: Any, axis: Any = None, keepdims: bool = False) -> Any:
        x = self.data
        return self._record(
            forward(x, axis=axis, keepdims=keepdims), (self, lambda g: share(g, x, axis=axis, keepdims=keepdims))
        )

    return method


def _spread(g: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """What arrives, for each entry that went into it."""
    if axis is not None and not keepdims:
        g = np.expand_dims(g, axis)
    return np.broadcast_to(g, x.shape)


def _count(x: Any, axis: Any) -> int:
    return x.size if axis is None else x.shape[axis]


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def _rectified(x: Any) -> Any:
    return np.maximum(x, 0)


def _reshaped(share: Any, order: str = "C") -> Any:
    """`reshape` of x: its value, and what it hands back, from gradient g and x."""
    return lambda self, *shape: _one(lambda x: x.reshape(shape, order=order), lambda g, x, y: share(g, x))(self)


class Engine:
    """A right engine in NumPy whose parts misconceptions replace."""

    __array_ufunc__ = None
    refuses_constants, refuses_vectors = True, True
    stores_everywhere, overwrites = False, False

    def __init__(self, data, requires_grad=False):
        self.data = np.array(data, dtype=float)
        self.grad = None
        self.requires_grad = requires_grad
        self.inputs = ()

    shape = property(lambda self: self.data.shape)

    def _lift(self, other):
        return other if isinstance(other, Engine) else type(self)(other)

    def _record(self, data, *inputs):
        result = type(self)(data, any(entry.requires_grad for entry, _ in inputs))
        result.inputs = inputs
        return result

    def _reduce(self, gradient, shape):
        """Sum over what broadcasting has repeated."""
        gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
        ones = tuple(axis for axis, size in enumerate(shape) if size == 1)
        return gradient.sum(axis=ones, keepdims=True).reshape(shape) if ones else gradient

    def _refuse(self, gradient):
        if self.refuses_constants and not self.requires_grad:
            raise RuntimeError("no grad")
        if self.refuses_vectors and gradient is None and self.data.size != 1:
            raise RuntimeError("more than one element")

    def _seed(self, gradient):
        return np.ones(self.shape) if gradient is None else np.array(gradient, dtype=float)

    def _order(self):
        return _sorted(self)

    def _store(self, gradient):
        if self.requires_grad or self.stores_everywhere:
            self.grad = gradient if self.grad is None or self.overwrites else self.grad + gradient

    def _upstream(self, gradient):
        """What the chain rule multiplies by."""
        return gradient

    def _together(self, before, share):
        return share if before is None else before + share

    def backward(self, gradient=None):
        self._refuse(gradient)
        pending = {id(self): self._seed(gradient)}
        for node in reversed(self._order()):
            if id(node) not in pending:
                continue
            arrived = pending[id(node)]
            node._store(arrived)
            for source, rule in node.inputs:
                share = self._reduce(np.asarray(rule(self._upstream(arrived))), source.shape)
                pending[id(source)] = self._together(pending.get(id(source)), share)

    def zero_grad(self):
        self.grad = None

    __add__ = _two(np.add, lambda g, a, b: (g, g))
    __sub__ = _two(np.subtract, lambda g, a, b: (g, -g))
    __mul__ = _two(np.multiply, lambda g, a, b: (g * b, g * a))
    __truediv__ = _two(np.divide, lambda g, a, b: (g / b, -g * a / b**2))
    __matmul__ = _two(np.matmul, lambda g, a, b: (g @ b.T, a.T @ g))
    __radd__, __rsub__ = _on_the_left(arithmetic.add), _on_the_left(arithmetic.sub)
    __rmul__, __rtruediv__ = _on_the_left(arithmetic.mul), _on_the_left(arithmetic.truediv)
    __neg__ = _one(np.negative, lambda g, x, y: -g)
    __pow__ = _one(lambda x, n: x**n, lambda g, x, y, n: g * n * x ** (n - 1))
    exp = _one(np.exp, lambda g, x, y: g * y)
    log = _one(np.log, lambda g, x, y: g / x)
    relu = _one(_rectified, lambda g, x, y: g * (x > 0))
    sigmoid = _one(_sigmoid, lambda g, x, y: g * y * (1 - y))
    tanh = _one(np.tanh, lambda g, x, y: g * (1 - y**2))
    sum = _reduction(np.sum, _spread)
    mean = _reduction(np.mean, lambda g, x, axis, keepdims: _spread(g, x, axis, keepdims) / _count(x, axis))
    reshape = _reshaped(lambda g, x: g.reshape(x.shape))
    T = property(_one(np.transpose, lambda g, x, y: g.T))


def _sorted(tensor):
    order, seen, stack = [], set(), [(tensor, False)]
    while stack:
        node, finished = stack.pop()
        if finished:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((source, False) for source, _ in node.inputs)
    return order


def _likelihood(A, Y):
    return Y * A.log() + (1 - Y) * (1 - A).log()


def _bce(A, Y):
    return -_likelihood(A, Y).sum(axis=1).mean()


def _linear(X, W, b):
    return X @ W.T + b.T


def _layer(X, W, b):
    return _linear(X, W, b).sigmoid()


def _mlp(X, parameters, *, layer=_layer, last=None):
    *hidden, output = parameters
    for W, b in hidden:
        X = layer(X, W, b)
    return (last or layer)(X, *output)


def _sgd(tensors, lr, *, step=lambda data, grad, lr: data - lr * grad, cleared=lambda tensor: None):
    for tensor in tensors:
        tensor.data = step(tensor.data, tensor.grad, lr)
        tensor.grad = cleared(tensor)


RIGHT = {"np": np, "Tensor": Engine, "topological_sort": _sorted, "bce_loss": _bce, "mlp": _mlp, "sgd": _sgd}
wrong = Right(**RIGHT).wrong

_ARRIVES = "the local slope is right; it still has to be multiplied by the gradient that arrives from behind."
_NOT_REDUCED = (
    "the gradient of a broadcast operand has the shape of the result; sum it over the axes along which the operand was "
    "repeated"
)
_NO_MEMORY = "the new tensor does not remember where it came from, so no gradient gets back: record its input."
_RECURSION = (
    "you walk through the graph by recursion, and Python stops this after about a thousand steps: use a list as a "
    "stack of your own."
)


def _ones(self, gradient):
    return np.ones_like(gradient)


def _unreduced(self, gradient, shape):
    return gradient


def _averaged(self, gradient, shape):
    reduced = Engine._reduce(self, gradient, shape)
    return reduced * reduced.size / gradient.size


def _leading_only(self, gradient, shape):
    return gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))


# --- drawing data and programs ----------------------------------------------------------------------------------------

_PAIRS = [
    ((), ()),
    ((2,), ()),
    ((), (2,)),
    ((2,), (2,)),
    ((1,), (3,)),
    ((2, 1), (2,)),
    ((2, 3), (2, 3)),
    ((2, 3), (3,)),
    ((3,), (2, 3)),
    ((2, 3), (2, 1)),
    ((1, 3), (2, 3)),
    ((2, 1), (1, 3)),
    ((1, 3), (2, 1)),
    ((2, 2), ()),
    ((1, 1), (2, 3)),
    ((), (2, 2)),
    ((2, 1, 3), (4, 1)),
    ((3, 1), (2, 1, 1)),
]
"""Shapes of two operands: equal, a scalar on either side, and broadcasting of every kind."""

_SHAPES = [(), (1,), (2,), (3,), (1, 2), (2, 1), (2, 2), (2, 3), (3, 2), (2, 3, 2)]


_NUMBERS = {  # by kind: simple, typical and edge
    "real": ([1.0, 2.0, -1.0, 3.0, 0.5, -2.0], decimals(-3, 3), [0.0, 1.0, -1.0, 10.0, -10.0, 0.01]),
    "nonzero": (
        [1.0, 2.0, -1.0, 4.0, 0.5, -2.0],
        decimals(-3, 3).filter(lambda x: abs(x) >= 0.1),
        [1.0, -1.0, 10.0, -10.0, 0.1],
    ),
    "positive": ([1.0, 2.0, 3.0, 0.5, 4.0], st.integers(10, 400).map(lambda i: i / 100), [1.0, 100.0, 0.01, 0.5]),
}


def _numbers(kind: str, style: Style) -> SearchStrategy[float]:
    """Entries: "real", "nonzero" (to divide by) or "positive" (to take the logarithm of)."""
    simple, typical, edge = _NUMBERS[kind]
    return style.choose(simple=simple, typical=typical, edge=edge)


def _array(shape: tuple[int, ...], elements: SearchStrategy[float]) -> SearchStrategy[Any]:
    """An array, for shape (), too."""
    return hnp.arrays(np.float64, shape, elements=elements, fill=st.nothing())


def _lines(*lines: str) -> Code:
    return Code("\n".join(line for line in lines if line))


def _leaf(name: str, source: str, grad: bool = True) -> str:
    return f"{name} = Tensor({source}, requires_grad=True)" if grad else f"{name} = Tensor({source})"


def _largest(style: Style, shapes: list[Any]) -> list[Any]:
    """Small shapes only where cases are to be read by a person."""
    return shapes[: 2 * len(shapes) // 3] if style is Style.SIMPLE else shapes


def _one_operation(
    draw: st.DrawFn, style: Style, call: str, x0: SearchStrategy[Any], after: tuple[int, ...]
) -> dict[str, Any]:
    """A program of one operation on one tensor, and a gradient of the shape after it."""
    return {
        "program": _lines(_leaf("a", "x0"), f"c = {call}", "c.backward(gradient)", "[c.data, a.grad]"),
        "x0": draw(x0),
        "gradient": draw(_array(after, _numbers("nonzero", style))),
    }


def _operator(draw: st.DrawFn, style: Style, symbol: str, right: str = "real") -> dict[str, Any]:
    """Programs of one operator: tensors on both sides, with and without gradient, numbers and arrays on the right."""
    left_shape, right_shape = draw(st.sampled_from(_largest(style, _PAIRS)))
    x0 = draw(array(left_shape, _numbers("real", style)))
    x1 = draw(array(right_shape, _numbers(right, style)))
    gradient = draw(_array(np.broadcast_shapes(left_shape, right_shape), _numbers("nonzero", style)))
    kind = draw(st.sampled_from(["both", "both", "left", "right", "plain"]))
    if kind == "plain":
        if right_shape == () and float(x1).is_integer() and draw(st.booleans()):
            x1 = int(x1)
        program = _lines(_leaf("a", "x0"), f"c = a {symbol} x1", "c.backward(gradient)", "[c.data, a.grad]")
    else:
        leaves = _leaf("a", "x0", kind != "right"), _leaf("b", "x1", kind != "left")
        program = _lines(*leaves, f"c = a {symbol} b", "c.backward(gradient)", "[c.data, a.grad, b.grad]")
    return {"program": program, "x0": x0, "x1": x1, "gradient": gradient}


def _function(
    draw: st.DrawFn, style: Style, call: str, kind: str = "real", edges: tuple[float, ...] = ()
) -> dict[str, Any]:
    """Programs of one function of one tensor; `edges` are where it is delicate."""
    shape = draw(st.sampled_from(_largest(style, _SHAPES)))
    elements = st.sampled_from(edges) if edges and style is Style.EDGE else _numbers(kind, style)
    return _one_operation(draw, style, call, array(shape, elements), shape)


# --- Tensor -----------------------------------------------------------------------------------------------------------


def _constructions(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    shape = draw(st.sampled_from(_largest(style, _SHAPES)))
    x0 = draw(_array(shape, _numbers("real", style)))
    kind = draw(st.sampled_from(["number or list", "integers", "array", "array of integers"]))
    if "integers" in kind:
        x0 = np.round(x0).astype(np.int64)
    if "array" not in kind or shape == ():
        x0 = x0.tolist()
    create = draw(st.sampled_from(["Tensor(x0)", "Tensor(x0, requires_grad=True)", "Tensor(x0, True)"]))
    told = "[a.data, a.data.dtype == np.float64, a.grad, a.requires_grad, a.shape]"
    return {"program": _lines(f"a = {create}", told), "x0": x0}


@exercise(points=4, name="Tensor", call="program", inputs=drawn(_constructions))
def tensor(program: Code, x0: Any) -> list:
    """A new tensor: data as float64, no gradient yet, requires_grad as told, and the shape of its data."""
    return _on_torch(program, x0=x0)


def _init(convert: Any, grad: Any = lambda data: None, flag: Any = lambda flag: flag) -> Any:
    def init(self, data, requires_grad=False):
        self.data = convert(data)
        self.grad = grad(self.data)
        self.requires_grad = flag(requires_grad)
        self.inputs = ()

    return init


def _float64(data: Any) -> Any:
    return np.array(data, dtype=float)


wrong(tensor, "integers-kept", __init__=_init(np.array)).hint(
    "integers stay integers in your `.data`; gradients are fractions, so convert to float64 at once."
)
wrong(tensor, "gradient-of-zeros", __init__=_init(_float64, grad=np.zeros_like)).hint(
    "a new tensor has no gradient yet: `.grad` is None until a backward pass reaches it, which also tells an unused "
    "tensor from one whose slope is 0."
)
wrong(tensor, "always-requires-grad", __init__=_init(_float64, flag=lambda flag: True)).hint(
    "your tensors all ask for gradients; data usually does not, which is why the default is False."
)
wrong(tensor, "requires-grad-forgotten", __init__=_init(_float64, flag=lambda flag: False)).hint(
    "the argument requires_grad gets lost: keep what the caller said."
)
wrong(tensor, "number-as-vector", __init__=_init(lambda data: np.atleast_1d(_float64(data)))).hint(
    "a number becomes a vector of length 1 in your tensor; its shape is (), and NumPy has arrays of this shape."
)
wrong(tensor, "single-precision", __init__=_init(lambda data: np.array(data, dtype=np.float32))).hint(
    "your data is float32, which loses half of the digits; use float64, NumPy's default."
)
wrong(tensor, "shape-is-a-count", shape=property(lambda self: self.data.size)).hint(
    "`.shape` counts the entries; it is the tuple of the data's sizes, one for each axis."
)


# --- operators --------------------------------------------------------------------------------------------------------


@exercise(points=4, name="Tensor.__add__", call="program", inputs=drawn(_operator, "+"))
def add(program: Code, x0: Any, x1: Any, gradient: Any) -> list:
    """a + b with tensors, numbers and arrays, broadcasting included, and its gradients."""
    return _on_torch(program, x0=x0, x1=x1, gradient=gradient)


wrong(add, "sum-not-reduced", _reduce=_unreduced).hint(_NOT_REDUCED + ", and it gets the shape of the operand.")
wrong(add, "sum-reduced-by-mean", _reduce=_averaged).hint(
    "where an operand was repeated you average over its copies; each copy has its own effect, so add these up."
)
wrong(add, "sum-reduced-in-front-only", _reduce=_leading_only).hint(
    "you sum over the axes that broadcasting put in front, but an axis of size 1 has been repeated, too: sum over it "
    "and keep it."
)
wrong(add, "sum-ignores-what-arrives", _upstream=_ones).hint(
    "each operand gets ones, whatever arrives from behind; the chain rule multiplies the local slope by the arriving "
    "gradient."
)
wrong(add, "sum-forgets-right-operand", __add__=_two(np.add, lambda g, a, b: (g, 0 * g))).hint(
    "only the left operand gets a gradient that is not 0; the sum depends on the right one just as much."
)
wrong(add, "sum-shares-gradient-out", __add__=_two(np.add, lambda g, a, b: (g / 2, g / 2))).hint(
    "you split the gradient in half between the operands; each of them moves the sum by its full amount."
)


@exercise(points=3, name="Tensor.__sub__", call="program", inputs=drawn(_operator, "-"))
def sub(program: Code, x0: Any, x1: Any, gradient: Any) -> list:
    """a - b with tensors, numbers and arrays, broadcasting included, and its gradients."""
    return _on_torch(program, x0=x0, x1=x1, gradient=gradient)


wrong(sub, "difference-without-minus", __sub__=_two(np.subtract, lambda g, a, b: (g, g))).hint(
    "the right operand's gradient has the wrong sign: if it grows, the difference shrinks."
)
wrong(sub, "difference-not-reduced", _reduce=_unreduced).hint(_NOT_REDUCED + ".")
wrong(sub, "difference-turned-around", __sub__=_two(lambda a, b: b - a, lambda g, a, b: (-g, g))).hint(
    "you compute b − a: the operand on which the method is called stands on the left."
)
wrong(sub, "difference-ignores-what-arrives", _upstream=_ones).hint(
    "each operand gets 1 or −1, whatever arrives from behind; multiply the local slope by the arriving gradient."
)
wrong(sub, "difference-forgets-right-operand", __sub__=_two(np.subtract, lambda g, a, b: (g, 0 * g))).hint(
    "only the left operand gets a gradient that is not 0; the difference depends on the right one just as much."
)


@exercise(points=4, name="Tensor.__mul__", call="program", inputs=drawn(_operator, "*"))
def mul(program: Code, x0: Any, x1: Any, gradient: Any) -> list:
    """a * b with tensors, numbers and arrays, broadcasting included, and its gradients."""
    return _on_torch(program, x0=x0, x1=x1, gradient=gradient)


wrong(mul, "product-own-factor", __mul__=_two(np.multiply, lambda g, a, b: (g * a, g * b))).hint(
    "each operand's gradient is multiplied by the operand itself; the slope of a · b with respect to a is the other "
    "factor."
)
wrong(mul, "product-not-reduced", _reduce=_unreduced).hint(_NOT_REDUCED + ".")
wrong(mul, "product-forgets-right-operand", __mul__=_two(np.multiply, lambda g, a, b: (g * b, 0 * g))).hint(
    "only the left factor gets a gradient that is not 0; the product depends on the right one just as much."
)
wrong(mul, "product-ignores-what-arrives", _upstream=_ones).hint(
    "each factor gets the other one, whatever arrives from behind; multiply by the arriving gradient as well."
)
wrong(mul, "product-like-a-sum", __mul__=_two(np.multiply, lambda g, a, b: (g, g))).hint(
    "both factors get the arriving gradient as it stands, as for a sum; for a product the other factor scales it."
)


@exercise(points=4, name="Tensor.__truediv__", call="program", inputs=drawn(_operator, "/", "nonzero"))
def truediv(program: Code, x0: Any, x1: Any, gradient: Any) -> list:
    """a / b with tensors, numbers and arrays, broadcasting included, and its gradients."""
    return _on_torch(program, x0=x0, x1=x1, gradient=gradient)


wrong(truediv, "quotient-without-minus", __truediv__=_two(np.divide, lambda g, a, b: (g / b, g * a / b**2))).hint(
    "the denominator's gradient has the wrong sign: a larger denominator makes a (positive) quotient smaller."
)
wrong(truediv, "quotient-without-square", __truediv__=_two(np.divide, lambda g, a, b: (g / b, -g * a / b))).hint(
    "differentiate 1/b once more: the denominator of its slope is the square of b."
)
wrong(truediv, "quotient-without-numerator", __truediv__=_two(np.divide, lambda g, a, b: (g / b, -g / b**2))).hint(
    "the denominator's gradient is that of 1/b; the numerator is a factor of it and stays."
)
wrong(truediv, "quotient-not-reduced", _reduce=_unreduced).hint(_NOT_REDUCED + ".")
wrong(truediv, "quotient-constant-denominator", __truediv__=_two(np.divide, lambda g, a, b: (g / b, 0 * g))).hint(
    "you treat the denominator as a constant; it may be a tensor with a gradient of its own."
)
wrong(truediv, "quotient-rounded-down", __truediv__=_two(np.floor_divide, lambda g, a, b: (g / b, -g * a / b**2))).hint(
    "your quotient is rounded down: `//` is another operator than `/`."
)


def _left_operands(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    operator = draw(st.sampled_from(["+", "-", "*", "/"]))
    right_shape, left_shape = draw(st.sampled_from(_largest(style, _PAIRS)))
    x0 = array(right_shape, _numbers("nonzero", style))
    x0, x1 = draw(x0), draw(array(left_shape, _numbers("nonzero", style)))
    if left_shape == () and float(x1).is_integer() and draw(st.booleans()):
        x1 = int(x1)
    after = np.broadcast_shapes(left_shape, right_shape)
    case = _one_operation(draw, style, f"x1 {operator} a", st.just(x0), after)
    return {"operator": operator, "x1": x1, **case}


@exercise(points=5, name="Tensor.__radd__", call="program", inputs=drawn(_left_operands), parts=("operator",))
def left(operator: Literal["+", "-", "*", "/"], program: Code, x0: Any, x1: Any, gradient: Any) -> list:
    """Numbers and arrays on the left of + - * / and a tensor on the right."""
    return _on_torch(program, x0=x0, x1=x1, gradient=gradient)


def _turned(method: str) -> Any:
    return lambda self, other: getattr(type(self), method)(other, self)


wrong(left, "left-minus-turned-around", __rsub__=lambda self, other: self - other).hint(
    "2.0 - t arrives in your class as t.__rsub__(2.0), so there the tensor is the right operand."
)
wrong(left, "left-division-turned-around", __rtruediv__=lambda self, other: self / other).hint(
    "2.0 / t arrives in your class as t.__rtruediv__(2.0), so there the tensor is the denominator."
)
wrong(left, "array-takes-over", __array_ufunc__=Engine.__add__).hint(
    "an array on the left applies its own operator to your tensor, entry by entry, unless your class says that NumPy "
    "is not to touch it: set __array_ufunc__ = None."
)
wrong(left, "left-division-loses-gradient", __rtruediv__=lambda self, other: type(self)(other / self.data, True)).hint(
    "with a number or array on the left of / your result forgets where it came from: record the tensor as its input."
)
wrong(
    left,
    "left-operands-need-tensors",
    **{f"__r{name}__": _turned(f"__{name}__") for name in ("add", "sub", "mul", "truediv")},
).hint("numbers and arrays on the left are used as if they were tensors; turn them into tensors first.")


@exercise(points=2, name="Tensor.__neg__", call="program", inputs=drawn(_function, "-a"))
def neg(program: Code, x0: Any, gradient: Any) -> list:
    """-a and its gradient."""
    return _on_torch(program, x0=x0, gradient=gradient)


wrong(neg, "minus-lost-on-the-way-back", __neg__=_one(np.negative, lambda g, x, y: g)).hint(
    "the value is right, but the gradient passes unchanged; the slope of −a is −1."
)
wrong(neg, "minus-ignores-what-arrives", _upstream=_ones).hint(
    "your gradient is always −1; multiply the local slope by what arrives from behind."
)
wrong(neg, "minus-without-memory", __neg__=lambda self: type(self)(-self.data, True)).hint(_NO_MEMORY)
wrong(neg, "minus-only-on-the-way-back", __neg__=_one(np.positive, lambda g, x, y: -g)).hint(
    "the gradient is right, but the value has kept its sign."
)


def _powers(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    power = draw(st.sampled_from([2, 3, 1, -1, -2, 0.5, 2.0, 1.5, -0.5]))
    kind = "positive" if power != int(power) else "nonzero" if power < 0 else "real"
    return _function(draw, style, f"a ** {power}", kind)


@exercise(points=4, name="Tensor.__pow__", call="program", inputs=drawn(_powers))
def power(program: Code, x0: Any, gradient: Any) -> list:
    """a ** number and its gradient."""
    return _on_torch(program, x0=x0, gradient=gradient)


wrong(power, "power-not-lowered", __pow__=_one(np.power, lambda g, x, y, n: g * n * x**n)).hint(
    "the exponent of the slope has to go down by one."
)
wrong(power, "power-without-factor", __pow__=_one(np.power, lambda g, x, y, n: g * x ** (n - 1))).hint(
    "the exponent comes down as a factor in front of the slope; it is missing."
)
wrong(power, "power-always-a-square", __pow__=_one(np.power, lambda g, x, y, n: g * 2 * x)).hint(
    "your slope is that of the square, whatever the exponent."
)
wrong(power, "power-ignores-what-arrives", _upstream=_ones).hint(_ARRIVES)
wrong(
    power, "power-as-exponential", __pow__=_one(np.power, lambda g, x, y, n: g * x**n * np.log(np.abs(x) + (x == 0)))
).hint("you differentiate as if the exponent varied; here the base is the variable and the exponent is a constant.")


def _matrices(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    most = 2 if style is Style.SIMPLE else 4
    rows, inner, columns = (draw(st.integers(1, most)) for _ in range(3))
    grads = draw(st.sampled_from([(True, True), (True, True), (True, False), (False, True)]))
    leaves = _leaf("a", "x0", grads[0]), _leaf("b", "x1", grads[1])
    return {
        "program": _lines(*leaves, "c = a @ b", "c.backward(gradient)", "[c.data, a.grad, b.grad]"),
        "x0": draw(_array((rows, inner), _numbers("real", style))),
        "x1": draw(_array((inner, columns), _numbers("real", style))),
        "gradient": draw(_array((rows, columns), _numbers("nonzero", style))),
    }


@exercise(points=5, name="Tensor.__matmul__", call="program", inputs=drawn(_matrices))
def matmul(program: Code, x0: Any, x1: Any, gradient: Any) -> list:
    """a @ b for matrices and its gradients."""
    return _on_torch(program, x0=x0, x1=x1, gradient=gradient)


wrong(matmul, "matrices-not-transposed", __matmul__=_two(np.matmul, lambda g, a, b: (g @ b, a @ g))).hint(
    "on the way back the other matrix has to be transposed; write down the shapes and see how they fit together."
)
wrong(matmul, "matrices-in-the-wrong-order", __matmul__=_two(np.matmul, lambda g, a, b: (b.T @ g, a.T @ g))).hint(
    "the factors of the left operand's gradient stand in the wrong order: a matrix product does not commute."
)
wrong(matmul, "matrices-gradient-transposed", __matmul__=_two(np.matmul, lambda g, a, b: (g @ b.T, g.T @ a))).hint(
    "the right operand's gradient is transposed: a gradient has the shape of what it belongs to."
)
wrong(
    matmul, "matrices-forget-right-operand", __matmul__=_two(np.matmul, lambda g, a, b: (g @ b.T, np.zeros_like(b)))
).hint("the right operand's gradient is always 0; the product depends on it just as much as on the left one.")
wrong(matmul, "matrices-ignore-what-arrives", _upstream=_ones).hint(
    "you use ones in place of the gradient that arrives from behind."
)


# --- methods ----------------------------------------------------------------------------------------------------------


def _reductions(draw: st.DrawFn, style: Style, method: str) -> dict[str, Any]:
    shape = draw(st.sampled_from(_largest(style, _SHAPES)))
    axis = draw(st.sampled_from([None, *range(-len(shape), len(shape))]))
    keepdims = draw(st.booleans()) if shape else False
    given = ", ".join([f"axis={axis}"] * (axis is not None) + ["keepdims=True"] * keepdims)
    after = np.sum(np.zeros(shape), axis=axis, keepdims=keepdims).shape
    return _one_operation(draw, style, f"a.{method}({given})", array(shape, _numbers("real", style)), after)


@exercise(points=5, name="Tensor.sum", call="program", inputs=drawn(_reductions, "sum"))
def total(program: Code, x0: Any, gradient: Any) -> list:
    """a.sum(axis, keepdims) and its gradient."""
    return _on_torch(program, x0=x0, gradient=gradient)


def _unexpanded(g: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    return g * np.ones_like(x)


wrong(total, "total-axis-not-put-back", sum=_reduction(np.sum, _unexpanded)).hint(
    "without keepdims the summed axis is gone, and broadcasting puts what arrives along the wrong one: give the "
    "gradient its axis of size 1 back before you spread it."
)
wrong(total, "total-ignores-what-arrives", _upstream=_ones).hint(
    "every entry gets 1, whatever arrives from behind; spread the arriving gradient over the entries."
)
wrong(
    total,
    "total-with-gradient-of-mean",
    sum=_reduction(np.sum, lambda g, x, axis, keepdims: _spread(g, x, axis, keepdims) / _count(x, axis)),
).hint("your gradient is that of the mean: each entry moves the sum by its full amount, so nothing is divided.")
wrong(total, "total-ignores-axis", sum=lambda self, axis=None, keepdims=False: Engine.sum(self, None, keepdims)).hint(
    "you sum over all entries even if an axis is given."
)
wrong(total, "total-ignores-keepdims", sum=lambda self, axis=None, keepdims=False: Engine.sum(self, axis, False)).hint(
    "keepdims=True is ignored: the summed axis should stay, with size 1."
)


@exercise(points=4, name="Tensor.mean", call="program", inputs=drawn(_reductions, "mean"))
def average(program: Code, x0: Any, gradient: Any) -> list:
    """a.mean(axis, keepdims) and its gradient."""
    return _on_torch(program, x0=x0, gradient=gradient)


wrong(average, "mean-without-its-share", mean=_reduction(np.mean, _spread)).hint(
    "your gradient is that of the sum: each entry moves the mean only by its share, one over the number of entries."
)
wrong(
    average,
    "mean-divides-by-all-entries",
    mean=_reduction(np.mean, lambda g, x, axis, keepdims: _spread(g, x, axis, keepdims) / x.size),
).hint("with an axis given, the mean is over the entries along this axis; your gradient divides by the number of all.")
wrong(
    average,
    "mean-axis-not-put-back",
    mean=_reduction(np.mean, lambda g, x, axis, keepdims: g * np.ones_like(x) / _count(x, axis)),
).hint(
    "without keepdims the averaged axis is gone, and broadcasting puts what arrives along the wrong one: give the "
    "gradient its axis of size 1 back before you spread it."
)
wrong(average, "mean-is-a-sum", mean=Engine.sum).hint(
    "you return the sum and its gradient; the division by the number of entries is missing."
)
wrong(average, "mean-ignores-what-arrives", _upstream=_ones).hint(
    "every entry gets the same share, whatever arrives from behind; multiply by the arriving gradient."
)


_EXPONENTS = (0.0, 1.0, -1.0, 5.0, -20.0)


@exercise(points=3, name="Tensor.exp", call="program", inputs=drawn(_function, "a.exp()", "real", _EXPONENTS))
def exponential(program: Code, x0: Any, gradient: Any) -> list:
    """a.exp() and its gradient."""
    return _on_torch(program, x0=x0, gradient=gradient)


wrong(exponential, "exp-slope-is-input", exp=_one(np.exp, lambda g, x, y: g * x)).hint(
    "you multiply by the input; the slope of the exponential function is its own value."
)
wrong(exponential, "exp-passes-everything", exp=_one(np.exp, lambda g, x, y: g)).hint(
    "the gradient passes unchanged; the local slope is missing."
)
wrong(exponential, "exp-ignores-what-arrives", _upstream=_ones).hint(_ARRIVES)
wrong(exponential, "exp-lowered-like-a-power", exp=_one(np.exp, lambda g, x, y: g * x * np.exp(x - 1))).hint(
    "you differentiate as if it were a power, with one less in the exponent; here the exponent is the variable."
)


@exercise(points=3, name="Tensor.log", call="program", inputs=drawn(_function, "a.log()", "positive"))
def logarithm(program: Code, x0: Any, gradient: Any) -> list:
    """a.log(), the natural logarithm, and its gradient."""
    return _on_torch(program, x0=x0, gradient=gradient)


wrong(logarithm, "log-multiplies", log=_one(np.log, lambda g, x, y: g * x)).hint(
    "you multiply by the input where you should divide by it: the logarithm gets flatter as its input grows."
)
wrong(logarithm, "log-slope-from-output", log=_one(np.log, lambda g, x, y: g / y)).hint(
    "you divide by the output; the slope of the logarithm at x is one over x."
)
wrong(logarithm, "log-to-base-ten", log=_one(np.log10, lambda g, x, y: g / (x * np.log(10)))).hint(
    "this is the logarithm to base 10; machine learning uses the natural one."
)
wrong(logarithm, "log-of-one-more", log=_one(np.log1p, lambda g, x, y: g / (1 + x))).hint(
    "a 1 is added inside the logarithm, which keeps it away from 0 but makes it another function."
)
wrong(logarithm, "log-ignores-what-arrives", _upstream=_ones).hint(_ARRIVES)


def _kinked(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    shape = draw(st.sampled_from(_largest(style, _SHAPES)))
    return _one_operation(draw, style, "a.relu()", array(shape, _numbers("real", style) | st.just(0.0)), shape)


@exercise(points=3, name="Tensor.relu", call="program", inputs=drawn(_kinked))
def relu(program: Code, x0: Any, gradient: Any) -> list:
    """a.relu() and its gradient, with slope 0 at 0."""
    return _on_torch(program, x0=x0, gradient=gradient)


wrong(relu, "relu-slope-one-at-zero", relu=_one(_rectified, lambda g, x, y: g * (x >= 0))).hint(
    "only at exactly 0 you differ: there the slope is a matter of convention, and ours, like PyTorch's, is 0."
)
wrong(relu, "relu-passes-everything-back", relu=_one(_rectified, lambda g, x, y: g)).hint(
    "where the input is negative, relu is flat and no gradient passes."
)
wrong(relu, "relu-looks-at-the-gradient", relu=_one(_rectified, lambda g, x, y: np.maximum(g, 0))).hint(
    "you set negative gradients to 0; what decides is the sign of the input; the gradient keeps its own."
)
wrong(relu, "relu-value-as-slope", relu=_one(_rectified, lambda g, x, y: g * y)).hint(
    "you multiply by the value of relu; its slope is 1 or 0."
)
wrong(relu, "relu-ignores-what-arrives", _upstream=_ones).hint(_ARRIVES)


_SATURATED = (0.0, 30.0, -30.0, 1.0, -5.0)


@exercise(points=3, name="Tensor.sigmoid", call="program", inputs=drawn(_function, "a.sigmoid()", "real", _SATURATED))
def sigmoid(program: Code, x0: Any, gradient: Any) -> list:
    """a.sigmoid() and its gradient."""
    return _on_torch(program, x0=x0, gradient=gradient)


wrong(sigmoid, "sigmoid-slope-from-input", sigmoid=_one(_sigmoid, lambda g, x, y: g * x * (1 - x))).hint(
    "y (1 − y) is written in terms of the sigmoid's output; you put its input there."
)
wrong(sigmoid, "sigmoid-slope-of-tanh", sigmoid=_one(_sigmoid, lambda g, x, y: g * (1 - y**2))).hint(
    "this slope belongs to tanh."
)
wrong(sigmoid, "sigmoid-half-a-slope", sigmoid=_one(_sigmoid, lambda g, x, y: g * (1 - y))).hint(
    "a factor of the slope is missing: the sigmoid is flat at both ends."
)
wrong(
    sigmoid, "sigmoid-applied-again", sigmoid=_one(_sigmoid, lambda g, x, y: g * _sigmoid(y) * (1 - _sigmoid(y)))
).hint("you apply the sigmoid to its own output before you take the slope.")
wrong(sigmoid, "sigmoid-ignores-what-arrives", _upstream=_ones).hint(_ARRIVES)


@exercise(points=3, name="Tensor.tanh", call="program", inputs=drawn(_function, "a.tanh()", "real", _SATURATED))
def tanh(program: Code, x0: Any, gradient: Any) -> list:
    """a.tanh() and its gradient."""
    return _on_torch(program, x0=x0, gradient=gradient)


wrong(tanh, "tanh-slope-from-input", tanh=_one(np.tanh, lambda g, x, y: g * (1 - x**2))).hint(
    "1 − y² is written in terms of the output of tanh; you put its input there."
)
wrong(tanh, "tanh-slope-of-sigmoid", tanh=_one(np.tanh, lambda g, x, y: g * y * (1 - y))).hint(
    "this slope belongs to the sigmoid."
)
wrong(tanh, "tanh-without-square", tanh=_one(np.tanh, lambda g, x, y: g * (1 - y))).hint(
    "the output is squared in the slope of tanh, which makes it the same on both sides of 0."
)
wrong(tanh, "tanh-ignores-what-arrives", _upstream=_ones).hint(_ARRIVES)


_CHANGES = [
    ((2,), (2, 1)),
    ((2,), (1, 2)),
    ((1, 2), (2,)),
    ((2, 2), (4,)),
    ((4,), (2, 2)),
    ((2, 3), (3, 2)),
    ((6,), (2, 3)),
    ((2, 3), (1, 6)),
    ((4, 2), (2, 2, 2)),
    ((3, 4), (6, 2)),
]


def _shape_changes(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    before, after = draw(st.sampled_from(_largest(style, _CHANGES)))
    call = f"a.reshape({', '.join(map(str, after))})"
    return _one_operation(draw, style, call, _array(before, _numbers("real", style)), after)


@exercise(points=3, name="Tensor.reshape", call="program", inputs=drawn(_shape_changes))
def reshape(program: Code, x0: Any, gradient: Any) -> list:
    """a.reshape(*shape) and its gradient."""
    return _on_torch(program, x0=x0, gradient=gradient)


wrong(reshape, "reshape-not-undone", reshape=_reshaped(lambda g, x: g), _reduce=_unreduced).hint(
    "the gradient arrives in the new shape and is handed back in it; a gradient has the shape of what it belongs to."
)
wrong(reshape, "reshape-by-columns", reshape=_reshaped(lambda g, x: g.reshape(x.shape, order="F"), order="F")).hint(
    "you read the entries column by column; NumPy's and our order is row by row."
)
wrong(reshape, "reshape-undone-by-columns", reshape=_reshaped(lambda g, x: g.reshape(x.shape, order="F"))).hint(
    "on the way back the entries are taken column by column, on the way forward row by row: they end up elsewhere."
)
wrong(reshape, "reshape-without-memory", reshape=lambda self, *shape: type(self)(self.data.reshape(shape), True)).hint(
    _NO_MEMORY
)
wrong(reshape, "reshape-ignores-what-arrives", _upstream=_ones).hint(
    "the entries' gradients are all 1; a reshape passes on what arrives, entry by entry."
)


def _transpositions(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    most = 2 if style is Style.SIMPLE else 4
    rows, columns = draw(st.integers(1, most)), draw(st.integers(1, most))
    return _one_operation(draw, style, "a.T", _array((rows, columns), _numbers("real", style)), (columns, rows))


@exercise(points=3, name="Tensor.T", call="program", inputs=drawn(_transpositions))
def transpose(program: Code, x0: Any, gradient: Any) -> list:
    """a.T of a matrix and its gradient."""
    return _on_torch(program, x0=x0, gradient=gradient)


wrong(transpose, "transpose-not-undone", T=property(_one(np.transpose, lambda g, x, y: g)), _reduce=_unreduced).hint(
    "the gradient arrives transposed and is handed back so; transpose it again."
)
wrong(
    transpose,
    "transpose-by-reshape",
    T=property(_one(lambda x: x.reshape(x.shape[::-1]), lambda g, x, y: g.reshape(x.shape))),
).hint("a reshape gives the right shape and leaves the entries in their old order; transposing swaps rows and columns.")
wrong(
    transpose, "transpose-undone-by-reshape", T=property(_one(np.transpose, lambda g, x, y: g.reshape(x.shape)))
).hint("on the way back the gradient gets its shape by a reshape, which leaves the entries in the wrong order.")
wrong(transpose, "transpose-without-memory", T=property(lambda self: type(self)(self.data.T, True))).hint(_NO_MEMORY)
wrong(transpose, "transpose-ignores-what-arrives", _upstream=_ones).hint(
    "the entries' gradients are all 1; a transpose passes on what arrives, entry by entry."
)


# --- backward ---------------------------------------------------------------------------------------------------------

Topic = Literal[
    "random graphs",
    "shared nodes",
    "repeated backward",
    "which leaves",
    "where it starts",
    "RuntimeErrors",
    "long graphs",
]


def _expression(draw: st.DrawFn, known: Mapping[str, Any]) -> str:
    """One operation on known tensors, as source; it need not fit their shapes."""
    names = list(known)
    u = draw(st.sampled_from([*names, names[-1]]))
    v = draw(st.sampled_from(names))
    number = draw(st.sampled_from(["2.0", "0.5", "-1.0", "3"]))
    array = draw(
        st.sampled_from(["np.array([1.0, 2.0])", "np.array([[1.0], [-2.0]])", "np.ones((2, 1))", "np.array([[3.0]])"])
    )
    operator = draw(st.sampled_from("+-*/"))
    axis = draw(st.sampled_from(["0", "1", "-1"]))
    kind = draw(st.sampled_from(["operator", "operator", "number", "array", "function", "axis", "shape", "matrix"]))
    if kind == "operator":
        return f"{u} {operator} {v}"
    if kind in ("number", "array"):
        other = number if kind == "number" else array
        return draw(st.sampled_from([f"{other} {operator} {u}", f"{u} {operator} {other}"]))
    if kind == "function":
        called = st.sampled_from([".exp()", ".log()", ".relu()", ".sigmoid()", ".tanh()", " ** 2", " ** 3", " ** -1"])
        return draw(st.just(f"-{u}") | called.map(lambda call: f"{u}{call}"))
    if kind == "axis":
        method = draw(st.sampled_from(["sum", "mean"]))
        keep = draw(st.sampled_from(["", ", keepdims=True"]))
        return draw(st.sampled_from([f"{u}.{method}()", f"{u}.{method}(axis={axis}{keep})"]))
    if kind == "shape":
        size = known[u].data.size
        shapes = [f"{size}", f"1, {size}", f"{size}, 1", *([f"2, {size // 2}"] if size % 2 == 0 else [])]
        return draw(st.sampled_from([f"{u}.T", *(f"{u}.reshape({shape})" for shape in shapes)]))
    return draw(st.sampled_from([f"{u} @ {v}", f"{u} @ {v}.T", f"{u}.T @ {v}"]))


def _harmless(expression: str, known: Mapping[str, Any]) -> Any:
    """The expression's tensor; None where it does not fit, or where rounding alone could change the result."""
    try:
        with np.errstate(all="raise"):
            result = eval(expression, {"np": np, **known})
    except (ValueError, TypeError, FloatingPointError, IndexError, ZeroDivisionError):
        return None
    if "axis" in expression and known[expression[0]].shape == ():
        return None
    if result.data.size > 12 or result.data.ndim > 3 or np.abs(result.data).max() > 30:
        return None
    if ".T" in expression and any(known[name].data.ndim != 2 for name in re.findall(r"(\w+)\.T", expression)):
        return None
    if "@" in expression and any(known[name].data.ndim != 2 for name in re.findall(r"\b([a-z])\b", expression)):
        return None
    for name in re.findall(r"([a-z])\.relu|([a-z])\.log|/ ([a-z])\b|([a-z]) \*\* -", expression):
        if np.abs(known["".join(name)].data).min() < 0.1:
            return None
    return result


@st.composite
def _graphs(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    """A program of a few random operations: only lines that matter, but both leaves, used or not."""
    shapes = draw(st.sampled_from([pair for pair in _PAIRS if len(pair[0]) < 3 > len(pair[1])]))
    x0, x1 = (draw(array(shape, _numbers("nonzero", style))) for shape in shapes)
    x0, x1 = (np.clip(x, -3, 3) if isinstance(x, np.ndarray) else max(min(x, 3.0), -3.0) for x in (x0, x1))
    grads = draw(st.sampled_from([(True, True), (True, True), (True, False), (False, True)]))
    known: dict[str, Any] = {"a": Engine(x0, grads[0]), "b": Engine(x1, grads[1])}
    lines: dict[str, str] = {}
    steps = draw(st.integers(1, 3) if style is Style.SIMPLE else st.integers(3, 7))
    for name in "cdefghk"[:steps]:
        tries = (_expression(draw, known) for _ in range(4))
        found = next(((text, value) for text in tries if (value := _harmless(text, known)) is not None), None)
        if found is None:
            found = (f"{list(known)[-1]} * 0.5", known[list(known)[-1]] * 0.5)
        lines[name], known[name] = found
    last = list(lines)[-1]
    needed = {last}
    for name in reversed(lines):
        if name in needed:
            needed.update(re.findall(r"\b[a-z]\b", lines[name]))
    result = known[last]
    assume(result.requires_grad)
    if result.data.size == 1:
        start = f"{last}.backward()"
    else:
        gradient = draw(_array(result.shape, st.sampled_from([1.0, 2.0, -1.0, 0.5])))
        starts = [f"{last}.sum().backward()", f"{last}.backward({literal(gradient)})", f"{last}.mean().backward()"]
        start = draw(st.sampled_from(starts))
    needed_lines = [f"{name} = {text}" for name, text in lines.items() if name in needed]
    case = _case("random graphs", x0, x1, *needed_lines, start, f"[{last}.data, a.grad, b.grad]", grads=grads)
    grown = run(RIGHT, case["program"], x0=x0, x1=x1)[1:]
    assume(all(entry is None or np.abs(entry).max() < 1e4 for entry in grown))
    return case


def _case(topic: str, x0: Any, x1: Any, *lines: str, grads: tuple[bool, bool] = (True, True)) -> dict[str, Any]:
    """A program on two leaves, a and b."""
    program = _lines(_leaf("a", "x0", grads[0]), _leaf("b", "x1", grads[1]), *lines)
    return {"topic": topic, "program": program, "x0": x0, "x1": x1}


def _few(style: Style) -> SearchStrategy[float]:
    return decimals(-3, 3) if style is Style.TYPICAL else st.sampled_from([1.0, 2.0, 3.0, -1.0, 0.5, -2.0, 1.25])


_DIAMONDS = [
    ["c = a * a"],
    ["c = a + a"],
    ["c = a + b", "d = c * c"],
    ["c = a * b", "d = c + a"],
    ["c = a * b", "d = a + b", "e = c * d"],
    ["c = a + b", "d = c * a", "e = c * b", "f = d + e"],
    ["c = a * a", "d = c + a", "e = c * d"],
    ["c = a + b", "d = c * b", "e = d + c", "f = e * c"],
    ["c = a * b", "d = c * c", "e = c + d", "f = e * a"],
    ["c = a + a", "d = c + c", "e = d * c"],
]


@st.composite
def _shared(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    """Nodes used more than once: diamonds of + and * on tensors of one shape."""
    shape = draw(st.sampled_from([(), (), (2,)] if style is Style.SIMPLE else [(), (2,), (2, 2)]))
    x0, x1 = (draw(array(shape, _few(style))) for _ in range(2))
    body = draw(st.sampled_from(_DIAMONDS))
    last = body[-1][0]
    gradient = "" if shape == () else literal(draw(_array(shape, st.sampled_from([1.0, 2.0, -1.0]))))
    told = f"[{last}.data, a.grad, b.grad]"
    return _case("shared nodes", x0, x1, *body, f"{last}.backward({gradient})", told)


@st.composite
def _handed_on(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    """A sum hands one gradient to both its terms: what a function makes of its own must not change the other's."""
    shape = draw(st.sampled_from([(), (2,), (2, 2)]))
    x0 = draw(array(shape, st.sampled_from([1.0, 2.0, 3.0, 0.5, 1.25])))
    x1 = draw(array(shape, _few(style)))
    given = "" if shape == () else literal(draw(_array(shape, st.sampled_from([1.0, 2.0, -1.0]))))
    functions = [".exp()", ".log()", ".relu()", ".sigmoid()", ".tanh()", " ** 2", " * 2.0", " / 2.0"]
    body = [
        line
        for name, function in zip("bcdefghi", draw(st.permutations(functions)))  # all of them, each time
        for line in (_leaf(name, "x1"), f"(a{function} + {name}).backward({given})")
    ]
    grads = ", ".join(f"{name}.grad" for name in "abcdefghi")
    program = _lines(_leaf("a", "x0"), *body, f"[{grads}]")
    return {"topic": "shared nodes", "program": program, "x0": x0, "x1": x1}


@st.composite
def _repeated(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    """A second backward adds to the gradients of the first."""
    shape = draw(st.sampled_from([(), (2,)]))
    x0, x1 = (draw(array(shape, _few(style))) for _ in range(2))
    seed = "" if shape == () else literal(draw(_array(shape, st.sampled_from([1.0, 2.0, -1.0]))))
    c, d = f"c.backward({seed})", f"d.backward({seed})"
    bodies = [
        ["c = a * b", c, c],
        ["c = a + b", c, c, c],
        ["c = a * b", "d = c * a", d, d],
        ["c = a * b", "d = a + b", c, d],
        ["c = a * b", "d = c + b", c, d],
        ["c = a + a", "d = c * b", d, c],
    ]
    return _case("repeated backward", x0, x1, *draw(st.sampled_from(bodies)), "[a.grad, b.grad]")


_LEAVES = [
    ((True, False), ["c = a * b", "c.backward()"]),
    ((False, True), ["c = a * b", "c.backward()"]),
    ((True, True), ["c = a * a", "c.backward()"]),
    ((True, True), ["c = a * 2.0", "d = b * 3.0", "c.backward()"]),
    ((False, True), ["c = a * a", "d = c + b", "d.backward()"]),
    ((True, False), ["c = a + b", "d = c * b", "d.backward()"]),
    ((True, True), ["c = a * b"]),
]


@st.composite
def _leaves(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    """Gradients only where they are required, and only where the result depends on the tensor."""
    x0, x1 = (draw(_few(style)) for _ in range(2))
    grads, body = draw(st.sampled_from(_LEAVES))
    return _case("which leaves", x0, x1, *body, "[a.grad, b.grad]", grads=grads)


@st.composite
def _seeds(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    """Where the way back starts: at 1 for a single number, of whatever shape, else at the gradient given."""
    shape = draw(st.sampled_from([(), (1,), (1, 1), (2,), (2, 2)]))
    x0, x1 = (draw(array(shape, _few(style))) for _ in range(2))
    given = literal(draw(_array(shape, st.sampled_from([2.0, -1.0, 0.5, 3.0]))))
    starts = [f"c.backward({given})", f"c.backward(gradient={given})", *["c.backward()"] * (2 * (np.size(x0) == 1))]
    return _case("where it starts", x0, x1, "c = a * b", draw(st.sampled_from(starts)), "[a.grad, b.grad]")


_TRIES = """outcomes = []
for c in {}:
    try:
        c.backward()
        outcomes.append("no error")
    except RuntimeError:
        outcomes.append("RuntimeError")
outcomes"""


@st.composite
def _errors(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    """Without a gradient on more than one element, and on a tensor that needs none."""
    shape = draw(st.sampled_from([(2,), (3,), (2, 1), (2, 2)]))
    x0, x1 = draw(_array(shape, _few(style))), draw(_few(style))
    results = draw(st.sampled_from(["[a * 2.0, b * 2.0]", "[b + 1.0, a + 1.0]", "[a * b, b * b]", "[b + b, a + b]"]))
    return _case("RuntimeErrors", x0, x1, _TRIES.format(results), grads=(True, False))


def _long(*loops: tuple[int, str]) -> dict[str, Any]:
    body = [line for count, step in loops for line in (f"for _ in range({count}):", f"    z = {step}")]
    return _case("long graphs", 2.0, 0.5, "z = a", *body, "z.backward()", "[z.data, a.grad, b.grad]")


_LONG = [
    _long((10000, "z + 1.0")),
    _long((10000, "z * 1.0001"), (50, "z + z")),
    _long((10000, "z - b"), (60, "z * b + z * b")),
]
"""Few, since each takes a while: a chain in all of them, and 2^50 or more paths in all but the shortest."""


def _backward_cases(dims: Mapping[str, int], style: Style) -> SearchStrategy[dict[str, Any]]:
    kinds = {"graphs": _graphs(style), "shared": _shared(style), "repeated": _repeated(style), "leaves": _leaves(style)}
    kinds |= {"seeds": _seeds(style), "errors": _errors(style), "long": st.sampled_from(_LONG)}
    kinds |= {"handed on": _handed_on(style)}
    drawn = {
        Style.SIMPLE: ["shared", "shared", "repeated", "leaves", "graphs", "handed on"],
        Style.TYPICAL: ["graphs", "graphs", "graphs", "shared", "repeated", "seeds", "handed on"],
        Style.EDGE: ["graphs", "graphs", "seeds", "errors", "errors", "leaves", "long"],
    }
    return st.sampled_from(drawn[style]).flatmap(kinds.__getitem__)


@exercise(points=14, name="Tensor.backward", call="program", inputs=_backward_cases, parts=("topic",), seconds=30)
def backward(topic: Topic, program: Code, x0: Any, x1: Any) -> Any:
    """The way back through any graph: every gradient, complete, and only where it is required."""
    return _on_torch(program, x0=x0, x1=x1)


def _kept(self, gradient=None):
    """What an intermediate result has kept from an earlier pass is handed on once more."""
    self._refuse(gradient)
    seed = self._seed(gradient)
    self.grad = seed if self.grad is None else self.grad + seed
    for node in reversed(self._order()):
        if node.grad is None:
            continue
        for source, rule in node.inputs:
            if source.requires_grad:
                share = self._reduce(np.asarray(rule(node.grad)), source.shape)
                source.grad = share if source.grad is None else source.grad + share


def _recursive_order(self):
    order, seen = [], set()

    def visit(node):
        if id(node) not in seen:
            seen.add(id(node))
            for source, _ in node.inputs:
                visit(source)
            order.append(node)

    visit(self)
    return order


def _level_order(tensor):
    """Breadth first from the result, each tensor at its first visit, turned around."""
    order, seen = [tensor], {id(tensor)}
    for node in order:
        for source, _ in node.inputs:
            if id(source) not in seen:
                seen.add(id(source))
                order.append(source)
    return order[::-1]


def _in_place(self, before, share):
    """The first share becomes the node's own array and is added to, though others hold it, too."""
    if before is None:
        return share
    if before.shape == ():
        before[...] = before + share
    else:
        before += share
    return before


wrong(backward, "shares-overwritten", _together=lambda self, before, share: share).hint(
    "a tensor that is used more than once gets a share of its gradient from each use; yours keeps the last one only: "
    "add them up."
)
wrong(backward, "second-pass-overwrites", overwrites=True).hint(
    "a second backward pass replaces the gradients of the first; it should add to them, until zero_grad clears them."
)
wrong(backward, "old-gradients-handed-on", backward=_kept).hint(
    "in a second pass, intermediate results hand on what they kept from the first one, too: keep what arrives in this "
    "pass apart from what `.grad` has accumulated."
)
wrong(backward, "recursion-too-deep", _order=_recursive_order).hint(_RECURSION)
wrong(backward, "handed-on-too-early", _order=_level_order).hint(
    "a tensor hands its gradient on before all of its users have delivered theirs; in topological order, backwards, "
    "it comes after all of them."
)
wrong(backward, "one-array-for-two", _together=_in_place).hint(
    "two tensors share one gradient array, and adding to it in place changes both: add into a new array."
)
wrong(backward, "seed-always-ones", _seed=lambda self, gradient: np.ones(self.shape)).hint(
    "the gradient that the caller gives is ignored: it is where the way back starts."
)
wrong(backward, "vector-without-gradient", refuses_vectors=False).hint(
    "a result of many elements has no single slope: without a gradient given, this is a RuntimeError."
)
wrong(backward, "constant-differentiated", refuses_constants=False).hint(
    "backward on a tensor that needs no gradient is a mistake of the caller's and should be a RuntimeError."
)
wrong(backward, "gradients-for-constants", stores_everywhere=True).hint(
    "tensors that do not require a gradient get one all the same; theirs stays None."
)


_CLEARED = [
    ["c = a + 1.0", "c.backward(gradient)", "a.zero_grad()"],
    ["a.zero_grad()", "c = a + 1.0", "c.backward(gradient)"],
    ["c = a + 1.0", "c.backward(gradient)", "a.zero_grad()", "c = a + 1.0", "c.backward(gradient)"],
]


def _clearings(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    shape = draw(st.sampled_from(_largest(style, _SHAPES)))
    return {
        "program": _lines(_leaf("a", "x0"), *draw(st.sampled_from(_CLEARED)), "[a.grad, a.data, a.requires_grad]"),
        "x0": draw(array(shape, _numbers("real", style))),
        "gradient": draw(_array(shape, _numbers("nonzero", style))),
    }


@exercise(points=2, name="Tensor.zero_grad", call="program", inputs=drawn(_clearings))
def zero_grad(program: Code, x0: Any, gradient: Any) -> list:
    """The gradient is forgotten, and the tensor stays as it was otherwise."""
    return _on_torch(program, x0=x0, gradient=gradient)


def _needs_gradient(self):
    if self.grad is None:
        raise RuntimeError("there is no gradient to clear")
    self.grad = None


wrong(zero_grad, "zeros-instead-of-none", zero_grad=lambda self: vars(self).update(grad=np.zeros_like(self.data))).hint(
    "you leave an array of zeros; `.grad` goes back to None, as if there had been no backward pass."
)
wrong(zero_grad, "gradient-not-cleared", zero_grad=lambda self: None).hint(
    "the gradient is still there afterwards, and the next pass adds to it."
)
wrong(
    zero_grad, "clearing-stops-gradients", zero_grad=lambda self: vars(self).update(grad=None, requires_grad=False)
).hint("the tensor no longer requires a gradient afterwards; only `.grad` should change.")
wrong(
    zero_grad,
    "data-cleared-as-well",
    zero_grad=lambda self: vars(self).update(grad=None, data=np.zeros_like(self.data)),
).hint("the data is set to zeros, too; only `.grad` should change.")
wrong(zero_grad, "clearing-needs-a-gradient", zero_grad=_needs_gradient).hint(
    "clearing where there is no gradient yet is no mistake: nothing is to be done then."
)


# --- functions --------------------------------------------------------------------------------------------------------


def _orders(dims: Mapping[str, int], style: Style) -> SearchStrategy[dict[str, Any]]:
    def program(lines: list[str], names: list[str]) -> dict[str, Any]:
        shown = ", ".join(f'id({name}): "{name}"' for name in names)
        told = f"[names[id(node)] for node in topological_sort({names[-1]}) if id(node) in names]"
        return {"program": _lines(*lines, f"names = {{{shown}}}", told)}

    @st.composite
    def draw_case(draw: st.DrawFn) -> dict[str, Any]:
        leaves = "abc"[: draw(st.integers(1, 2 if style is Style.SIMPLE else 3))]
        steps = draw(st.integers(1, 3) if style is Style.SIMPLE else st.integers(3, 7))
        names = list(leaves)
        lines = [_leaf(name, repr(draw(decimals(-3, 3)))) for name in leaves]
        for name in "defghkm"[:steps]:
            u, v = draw(st.sampled_from([names[-1], *names])), draw(st.sampled_from(names))
            lines.append(f"{name} = {u} {draw(st.sampled_from('+*'))} {v}")
            names.append(name)
        return program(lines, names)

    chain, ladder = ["for _ in range(10000):", "    z = z + a"], ["for _ in range(50):", "    z = z + z"]
    start = [_leaf("a", "1.0"), "z = a"]
    long = st.sampled_from([program([*start, *chain], ["a", "z"]), program([*start, *chain, *ladder], ["a", "z"])])
    return st.sampled_from(["short"] * 12 + ["long"]).flatmap(lambda kind: long if kind == "long" else draw_case())


@exercise(points=8, call="program", inputs=_orders, unique=False, seconds=30)
def topological_sort(program: Code) -> list:
    """Each tensor that the result was computed from, once, after its inputs; the result itself last."""
    return _on_torch(program)


@topological_sort.relation
def in_order(result, program):
    """each tensor that the result was computed from stands in the list once, after its inputs, and the result last"""
    tree = ast.parse(program.source)
    inputs: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id != "names":
            used = {inner.id for inner in ast.walk(node.value) if isinstance(inner, ast.Name)}
            inputs.setdefault(node.targets[0].id, set()).update(used - {"Tensor", node.targets[0].id})
    last = re.findall(r"topological_sort\((\w)\)", program.source)[-1]
    needed, stack = {last}, [last]
    while stack:
        for name in inputs[stack.pop()] - needed:
            needed.add(name)
            stack.append(name)
    if not isinstance(result, list | tuple) or not all(isinstance(name, str) for name in result):
        return "the result is not a list of the tensors in the graph"
    result = list(result)
    for name in result:
        if name not in needed:
            return f"{name} is in the list, but {last} was not computed from it"
        if result.count(name) > 1:
            return f"{name} is in the list {result.count(name)} times; each tensor belongs there once"
    missing = sorted(needed - set(result))
    if missing:
        return f"{missing[0]} is missing from the list" + (
            ": the tensor itself comes last" if missing[0] == last else f"; {last} was computed from it"
        )
    for place, name in enumerate(result):
        early = sorted(inputs[name] - set(result[:place]))
        if early:
            return f"{name} stands before {early[0]}, from which it was computed"
    return True if result[-1] == last else f"{last} itself should be the last one of the list"


def _every_visit(tensor):
    """Kahn-like, but each tensor as often as it is used: bounded, since the uses of a tensor are counted once."""
    order = []
    for node in _sorted(tensor):
        order.extend(source for source, _ in node.inputs)
        order.append(node)
    return order


wrong(topological_sort, "result-comes-first", topological_sort=lambda tensor: _sorted(tensor)[::-1]).hint(
    "your list runs from the result to the leaves; it should be the other way round, inputs before what is computed "
    "from them."
)
wrong(topological_sort, "tensors-listed-repeatedly", topological_sort=_every_visit).hint(
    "tensors that are used more than once are listed more than once: remember which ones you have seen."
)
wrong(topological_sort, "result-left-out", topological_sort=lambda tensor: _sorted(tensor)[:-1]).hint(
    "the tensor itself is missing: it belongs to the list, at the end."
)
wrong(
    topological_sort,
    "leaves-left-out",
    topological_sort=lambda tensor: [node for node in _sorted(tensor) if node.inputs],
).hint(
    "tensors that were not computed from others are missing: the leaves belong to the list, and gradients are what "
    "they are waiting for."
)
wrong(topological_sort, "ordered-by-distance", topological_sort=_level_order).hint(
    "you order by the distance to the result; where a short and a long way lead to the same tensor this puts it "
    "before some of its users only by luck: append a tensor once all of its inputs are in the list."
)
wrong(topological_sort, "sorted-by-recursion", topological_sort=_recursive_order).hint(_RECURSION)


def _probabilities(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    most = 2 if style is Style.SIMPLE else 4
    shape = (draw(st.integers(1, most)), draw(st.integers(1, most)))
    leaves = _leaf("A", "x0"), _leaf("Y", "x1", False)
    told = "[loss.data, loss.shape, A.grad is None, Y.grad is None]"
    return {
        "program": _lines(*leaves, "loss = bce_loss(A, Y)", "loss.backward()", told),
        "x0": draw(Probability.arrays(shape, style)),
        "x1": draw(Target.arrays(shape, Style.TYPICAL)),
    }


@exercise(points=4, call="program", inputs=drawn(_probabilities))
def bce_loss(program: Code, x0: Any, x1: Any) -> list:
    """Binary cross-entropy as one tensor: mean over the examples of the sum over the outputs, and a way back to A."""
    return _on_torch(program, x0=x0, x1=x1)


wrong(bce_loss, "loss-over-all-entries", bce_loss=lambda A, Y: (-_likelihood(A, Y)).mean()).hint(
    "you average over all entries; an example's loss is the sum over its outputs, and only the examples are averaged."
)
wrong(bce_loss, "loss-of-all-examples", bce_loss=lambda A, Y: (-_likelihood(A, Y)).sum()).hint(
    "you add up the losses of all examples; what is asked for is their mean."
)
wrong(bce_loss, "loss-without-minus", bce_loss=lambda A, Y: -_bce(A, Y)).hint(
    "your loss is negative: the logarithm of a probability is at most 0, and the loss is minus that."
)
wrong(bce_loss, "loss-of-ones-only", bce_loss=lambda A, Y: -(Y * A.log()).sum(axis=1).mean()).hint(
    "targets of 0 cost nothing: the term with 1 − Y is missing."
)
wrong(bce_loss, "loss-without-graph", bce_loss=lambda A, Y: type(A)(_bce(A, Y).data, True)).hint(
    "the value is right, but it was computed on `.data`, behind the engine's back: no gradient finds the way to A."
)


_PASS = """X = Tensor(x0)
layers = [(Tensor(W, requires_grad=True), Tensor(b, requires_grad=True)) for W, b in parameters]
A = mlp(X, layers)
A.backward(np.ones(A.shape))
[A.data, [[W.grad is None, b.grad is None] for W, b in layers]]"""


def _networks(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    most = 2 if style is Style.SIMPLE else 4
    sizes = draw(st.lists(st.integers(1, most), min_size=2, max_size=3 if style is Style.SIMPLE else 4))
    N = draw(st.integers(1, most))
    x0, parameters = draw(Moderate.arrays((N, sizes[0]), style)), draw(layers(sizes, style))
    return {"program": Code(_PASS), "x0": x0, "parameters": parameters}


@exercise(points=4, call="program", inputs=drawn(_networks))
def mlp(program: Code, x0: Any, parameters: list) -> list:
    """The outputs of a network of sigmoid layers, and a way back to every parameter."""
    return _on_torch(program, x0=x0, parameters=parameters)


wrong(mlp, "output-without-sigmoid", last=_linear).hint(
    "the last layer has a sigmoid, too; its outputs lie between 0 and 1."
)
wrong(mlp, "sigmoid-only-at-the-end", layer=_linear, last=_layer).hint(
    "only the last layer has its sigmoid; without one in between, all layers together are a single linear one."
)
wrong(mlp, "layers-without-biases", layer=lambda X, W, b: (X @ W.T + 0.0 * b.T).sigmoid()).hint(
    "the biases have no effect: add the row bᵀ in every layer."
)
wrong(mlp, "weights-not-transposed", layer=lambda X, W, b: (X @ W + b.T).sigmoid()).hint(
    "the weights have one row for each neuron, (n_l, n_{l-1}), so on the way forward they are transposed."
)
wrong(mlp, "layers-cut-apart", layer=lambda X, W, b: type(X)(_layer(X, W, b).data, True)).hint(
    "the values are right, but each layer starts a new graph from `.data`, and no gradient finds the way back."
)
wrong(mlp, "relu-in-hidden-layers", layer=lambda X, W, b: _linear(X, W, b).relu(), last=_layer).hint(
    "the hidden layers have relu; this network has sigmoids everywhere."
)


_STEP = """(a + 0.0).backward(slopes[0])
(b + 0.0).backward(slopes[1])
sgd([a, b], {})
[a.data, b.data, a.grad, b.grad]"""


def _updates(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    shapes = draw(st.sampled_from([((), ()), ((2,), ()), ((2,), (2,)), ((2, 3), (2, 1)), ((1,), (3, 2))]))
    x0, x1 = (draw(_array(shape, _numbers("real", style))) for shape in shapes)
    lr = draw(st.sampled_from([0.1, 0.5, 0.01, 2.0]))
    slopes = [draw(_array(shape, _numbers("nonzero", style))) for shape in shapes]
    program = _lines(_leaf("a", "x0"), _leaf("b", "x1"), _STEP.format(lr))
    # lists, since an engine may work on the very array that it is given
    return {"program": program, "x0": x0.tolist(), "x1": x1.tolist(), "slopes": slopes}


@exercise(points=3, call="program", inputs=drawn(_updates))
def sgd(program: Code, x0: Any, x1: Any, slopes: list) -> list:
    """One step downhill for each tensor, and its gradient cleared."""
    return _on_torch(program, x0=x0, x1=x1, slopes=slopes)


wrong(sgd, "uphill", step=lambda data, grad, lr: data + lr * grad).hint(
    "you add the gradient: it points uphill, and the loss should go down."
)
wrong(sgd, "step-leaves-gradients", cleared=lambda tensor: tensor.grad).hint(
    "the gradients are still there after the step, and the next backward pass would add to them: clear them."
)
wrong(sgd, "step-leaves-zeros", cleared=lambda tensor: np.zeros_like(tensor.data)).hint(
    "after the step the gradients are zeros; clearing means that `.grad` is None again."
)
wrong(sgd, "step-on-a-copy", step=lambda data, grad, lr: data).hint(
    "the new values stay in a local name and never reach the tensor: assign to its `.data`."
)
wrong(sgd, "step-without-learning-rate", step=lambda data, grad, lr: data - grad).hint(
    "the learning rate is ignored: it scales the step."
)
wrong(sgd, "only-the-first-tensor", sgd=lambda tensors, lr: _sgd(tensors[:1], lr)).hint(
    "only the first tensor is updated: go through all of them before you return."
)
