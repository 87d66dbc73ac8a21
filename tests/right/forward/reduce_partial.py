# functools and itertools: partial, reduce and accumulate, lambdas bound to names, the walrus.
from functools import partial, reduce
from itertools import accumulate, chain, starmap
from operator import matmul

import numpy as np

pairs = lambda items: list(zip(items, items[1:]))
parameter_shapes = lambda layer_sizes: [*map(lambda pair: (pair[::-1], (pair[1], 1)), pairs(layer_sizes))]
activation_shapes = lambda N, layer_sizes: list(map(lambda n: (N, n), layer_sizes))
denote = lambda symbol, layer, neuron, source=None, example=None: "".join(
    chain(
        (symbol, "_{", str(neuron)),
        () if source is None else (",", str(source)),
        ("}^{[", str(layer), "]"),
        ("(%i)" % example,) if example is not None else (),
        "}",
    )
)
_compose = lambda *functions: reduce(lambda f, g: lambda *a: g(f(*a)), functions)
_ones = partial(np.full, fill_value=1.0)
tile_bias = lambda b, N: matmul(_ones((N, 1)), b.T)
linear = lambda A, W, b: matmul(A, W.T) + tile_bias(b, len(A))
sigmoid = _compose(np.negative, partial(np.logaddexp, 0.0), np.negative, np.exp)
neuron = _compose(lambda a, w, b: sum(starmap(lambda x, y: x * y, zip(a, w)), b), sigmoid, float)


def forward(X, parameters):
    return list(accumulate(parameters, lambda A, layer: sigmoid(linear(A, *layer)), initial=X))


if (checked := forward(np.zeros((1, 2)), [(np.zeros((1, 2)), np.zeros((1, 1)))])) and len(checked) != 2:
    raise AssertionError(checked)
