# In the manner of autograd: primitives wrap NumPy's functions, defvjp() calls fill a table of vector-Jacobian products,
# and a tape of nodes is walked back by generators.
import itertools

import numpy as np

VJPS = {}
_count = itertools.count()


def defvjp(primitive, *makers):
    VJPS[primitive] = makers


class Tensor:
    __array_ufunc__ = None

    def __init__(self, data, requires_grad=False):
        self.data, self.grad = np.array(data, dtype=np.double), None
        self.requires_grad = requires_grad
        self.parents, self.vjps = [], []
        self.number = next(_count)

    shape = property(lambda self: self.data.shape)


def primitive(function):
    """`function` on arrays as a function on tensors, which records where its result came from."""

    def wrapped(*operands, **options):
        boxes = [operand if isinstance(operand, Tensor) else Tensor(operand) for operand in operands]
        result = Tensor(function(*(box.data for box in boxes), **options), any(box.requires_grad for box in boxes))
        result.parents = boxes
        result.vjps = [
            maker(result.data, *(box.data for box in boxes), **options) for maker in VJPS[wrapped]
        ]
        return result

    return wrapped


def unbroadcast(target, g):
    g = np.asarray(g)
    while np.ndim(g) > np.ndim(target):
        g = np.sum(g, axis=0)
    for axis, size in enumerate(np.shape(target)):
        if size == 1:
            g = np.sum(g, axis=axis, keepdims=True)
    return g


add, subtract, multiply, divide = map(primitive, (np.add, np.subtract, np.multiply, np.true_divide))
negative, dot, exp, log, tanh = map(primitive, (np.negative, np.matmul, np.exp, np.log, np.tanh))
transpose, power = primitive(np.transpose), primitive(lambda x, n: x**n)
total, shaped = primitive(np.sum), primitive(lambda x, shape: x.reshape(*shape))
relu, logistic = primitive(lambda x: x.clip(min=0)), primitive(lambda x: np.exp(-np.logaddexp(0, -x)))

defvjp(add, lambda out, x, y: lambda g: unbroadcast(x, g), lambda out, x, y: lambda g: unbroadcast(y, g))
defvjp(subtract, lambda out, x, y: lambda g: unbroadcast(x, g), lambda out, x, y: lambda g: unbroadcast(y, -g))
defvjp(multiply, lambda out, x, y: lambda g: unbroadcast(x, y * g), lambda out, x, y: lambda g: unbroadcast(y, x * g))
defvjp(
    divide,
    lambda out, x, y: lambda g: unbroadcast(x, g / y),
    lambda out, x, y: lambda g: unbroadcast(y, -g * x / y**2),
)
defvjp(dot, lambda out, x, y: lambda g: g @ y.T, lambda out, x, y: lambda g: x.T @ g)
defvjp(negative, lambda out, x: lambda g: -g)
defvjp(exp, lambda out, x: lambda g: out * g)
defvjp(log, lambda out, x: lambda g: g / x)
defvjp(tanh, lambda out, x: lambda g: g * (1 - out * out))
defvjp(transpose, lambda out, x: lambda g: g.T)
defvjp(power, lambda out, x, n: lambda g: g * n * x ** (n - 1))
defvjp(shaped, lambda out, x, shape: lambda g: g.reshape(x.shape))
defvjp(relu, lambda out, x: lambda g: np.where(x > 0, g, 0))
defvjp(logistic, lambda out, x: lambda g: g * out * (1 - out))


def sum_vjp(out, x, axis=None, keepdims=False):
    whole = x.sum(axis=axis, keepdims=True).shape
    return lambda g: np.broadcast_to(np.reshape(g, whole), x.shape)


defvjp(total, sum_vjp)

Tensor.__add__, Tensor.__sub__, Tensor.__mul__, Tensor.__truediv__ = (
    lambda self, other: add(self, other),
    lambda self, other: subtract(self, other),
    lambda self, other: multiply(self, other),
    lambda self, other: divide(self, other),
)
Tensor.__radd__, Tensor.__rsub__, Tensor.__rmul__, Tensor.__rtruediv__ = (
    lambda self, other: add(other, self),
    lambda self, other: subtract(other, self),
    lambda self, other: multiply(other, self),
    lambda self, other: divide(other, self),
)
Tensor.__neg__, Tensor.__matmul__, Tensor.__pow__ = negative, dot, lambda self, n: power(self, n=n)
(Tensor.exp, Tensor.log, Tensor.tanh), (Tensor.relu, Tensor.sigmoid), Tensor.T = (
    (exp, log, tanh),
    (relu, logistic),
    property(transpose),
)
Tensor.sum = lambda self, axis=None, keepdims=False: total(self, axis=axis, keepdims=keepdims)
Tensor.mean = lambda self, axis=None, keepdims=False: self.sum(axis, keepdims) / (
    self.data.size if axis is None else self.shape[axis]
)
Tensor.reshape = lambda self, *shape: shaped(self, shape=shape)


def topological_sort(tensor):
    """A tensor is made after its inputs, so the order of making is one."""
    found, todo = {tensor.number: tensor}, [tensor]
    while todo:
        for parent in todo.pop().parents:
            if parent.number not in found:
                found[parent.number] = parent
                todo.append(parent)
    return [found[number] for number in sorted(found)]


def going_back(tensor, gradient):
    pending = {tensor.number: gradient}
    for node in reversed(topological_sort(tensor)):
        if node.requires_grad:
            g = pending.pop(node.number)
            yield node, g
            for parent, vjp in zip(node.parents, node.vjps):
                if parent.requires_grad:
                    pending[parent.number] = pending.get(parent.number, 0) + vjp(g)


def _backward(self, gradient=None):
    if not self.requires_grad or (gradient is None and self.data.size != 1):
        raise RuntimeError("backward needs requires_grad, and a gradient for more than one element")
    start = np.ones(self.shape) if gradient is None else np.array(gradient, dtype=float)
    for node, g in going_back(self, start):
        node.grad = np.array(g) if node.grad is None else node.grad + g


def _zero_grad(self):
    self.grad = None


Tensor.backward, Tensor.zero_grad = _backward, _zero_grad


def bce_loss(A, Y):
    per_example = total(add(multiply(Y, log(A)), multiply(subtract(1, Y), log(subtract(1, A)))), axis=1)
    return negative(per_example.mean())


def mlp(X, parameters):
    for W, b in parameters:
        X = logistic(add(dot(X, transpose(W)), transpose(b)))
    return X


def sgd(tensors, lr):
    for tensor in tensors:
        tensor.data -= lr * tensor.grad
        tensor.grad = None
