"""Hidden tests of `forward`: notation, shapes and the forward pass."""

import itertools
import re

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor

from autograder.author.domains import Domain, Moderate, Real, Style, decimals, layers
from autograder.author.exercise import exercise

# ----------------------------------------------------------------------------------------------------------- notation


def symbols(dims, style):
    """A quantity of the chapter: weights have a source neuron, activations and pre-activations may have an example."""
    layer = st.integers(1, 4) if style is Style.SIMPLE else st.integers(1, 12)
    index = st.integers(1, 9) if style is Style.SIMPLE else st.integers(1, 6500)

    @st.composite
    def draw_symbol(draw):
        symbol = draw(st.sampled_from(["z", "a", "w", "b"]))
        source = draw(index) if symbol == "w" else None
        example = draw(st.none() | index) if symbol in "za" else None
        return {
            "symbol": symbol,
            "layer": draw(layer),
            "neuron": draw(index),
            "source": source,
            "example": example,
        }

    return draw_symbol()


def normal(latex):
    """LaTeX without spaces and without braces around a single character."""
    return re.sub(r"\{(.)\}", r"\1", re.sub(r"\s", "", latex))


@exercise(
    points=12,
    unique=False,
    inputs=symbols,
    parts=("symbol",),
    call="denote(symbol, layer, neuron, source=source, example=example)",
)
def denote(symbol: str, layer: int, neuron: int, source: None, example: None) -> str:
    """The chapter's notation for one number, in LaTeX.

    Neuron j (and its source k) below, layer l in square brackets and example i in round ones above: z_j^{[l](i)}.
    """
    below = ",".join(str(index) for index in (neuron, source) if index is not None)
    above = f"[{layer}]" + ("" if example is None else f"({example})")
    return f"{symbol}_{{{below}}}^{{{above}}}"


@denote.relation
def is_the_notation(result, symbol, layer, neuron, source, example):
    """the notation is z_j^{[l](i)}: neuron below, layer in square brackets and example in round ones above"""
    indices = str(neuron) if source is None else f"{neuron},{source}"
    raised = f"[{layer}]" if example is None else f"[{layer}]({example})"
    expected = normal(f"{symbol}_{{{indices}}}^{{{raised}}}")
    if not isinstance(result, str):
        return "the result should be text"
    return normal(result) == expected or f"expected {expected}, up to spaces and braces around one character"


@denote.misconception(hint="the layer stands above, in square brackets; the neuron stands below: yours are swapped.")
def layer_and_neuron_swapped(symbol, layer, neuron, source, example):
    below = str(layer) if source is None else f"{layer},{source}"
    return f"{symbol}_{{{below}}}^{{[{neuron}]" + ("" if example is None else f"({example})") + "}"


@denote.misconception(hint="a layer goes into square brackets; round ones are kept for examples.")
def layer_in_round_brackets(symbol, layer, neuron, source, example):
    below = str(neuron) if source is None else f"{neuron},{source}"
    return f"{symbol}_{{{below}}}^{{({layer})" + ("" if example is None else f"({example})") + "}"


@denote.misconception(hint="the first index of a weight is the neuron it belongs to, the second where it comes from.")
def source_before_neuron(symbol, layer, neuron, source, example):
    below = str(neuron) if source is None else f"{source},{neuron}"
    return f"{symbol}_{{{below}}}^{{[{layer}]" + ("" if example is None else f"({example})") + "}"


@denote.misconception(hint="which example a number belongs to is missing: it goes above, in round brackets.")
def example_left_out(symbol, layer, neuron, source, example):
    below = str(neuron) if source is None else f"{neuron},{source}"
    return f"{symbol}_{{{below}}}^{{[{layer}]}}"


@denote.misconception(hint="in LaTeX an index of two characters needs braces around it, or only the first one is low.")
def no_braces(symbol, layer, neuron, source, example):
    below = str(neuron) if source is None else f"{neuron},{source}"
    return f"{symbol}_{below}^{{[{layer}]" + ("" if example is None else f"({example})") + "}"


# ------------------------------------------------------------------------------------------------------------- shapes


def architectures(dims, style):
    """Sizes [n_0, …, n_L] of a network, and a number of examples."""
    most = 4 if style is Style.SIMPLE else 30
    depth = st.integers(2, 3) if style is Style.SIMPLE else st.integers(2, 6)
    sizes = depth.flatmap(lambda count: st.lists(st.integers(1, most), min_size=count, max_size=count))
    return st.fixed_dictionaries({"layer_sizes": sizes})


def batches(dims, style):
    """The same with N."""
    return st.tuples(architectures(dims, style), st.integers(1, 3 if style is Style.SIMPLE else 200)).map(
        lambda pair: {"N": pair[1], **pair[0]}
    )


@exercise(points=10, inputs=architectures)
def parameter_shapes(layer_sizes: list) -> list:
    """Shapes of all parameters: Wˡ is (n_l, n_{l-1}), bˡ is (n_l, 1)."""
    modules = [torch.nn.Linear(before, after) for before, after in itertools.pairwise(layer_sizes)]
    return [(tuple(module.weight.shape), (module.bias.numel(), 1)) for module in modules]


@parameter_shapes.misconception(
    hint="the weights are transposed: a row of Wˡ holds the weights of one neuron of layer l, so Wˡ is (n_l, n_{l-1})."
)
def weights_turned(layer_sizes):
    return [((a, b), (b, 1)) for a, b in zip(layer_sizes, layer_sizes[1:])]


@parameter_shapes.misconception(hint="bˡ is a column, (n_l, 1), and not a vector.")
def bias_as_vector(layer_sizes):
    return [((b, a), (b,)) for a, b in zip(layer_sizes, layer_sizes[1:])]


@parameter_shapes.misconception(hint="bˡ is a column, (n_l, 1): one row for each neuron, as in Wˡ. Yours is a row.")
def bias_as_row(layer_sizes):
    return [((b, a), (1, b)) for a, b in zip(layer_sizes, layer_sizes[1:])]


@parameter_shapes.misconception(
    hint="there is one bias for each neuron of layer l; yours are counted by the neurons of the layer before."
)
def bias_of_the_layer_before(layer_sizes):
    return [((b, a), (a, 1)) for a, b in zip(layer_sizes, layer_sizes[1:])]


@parameter_shapes.misconception(
    hint="the inputs are no layer with parameters: a network with sizes n_0 … n_L has L pairs (Wˡ, bˡ)."
)
def inputs_with_parameters(layer_sizes):
    sizes = [layer_sizes[0], *layer_sizes]
    return [((b, a), (b, 1)) for a, b in zip(sizes, sizes[1:])]


@exercise(points=8, inputs=batches)
def activation_shapes(N: int, layer_sizes: list) -> list:
    """Shapes of A⁰ … Aᴸ for N examples: Aˡ is (N, n_l)."""
    return [tuple(torch.empty(N, size).shape) for size in layer_sizes]


@activation_shapes.misconception(hint="the examples are the rows: Aˡ is (N, n_l), yours is (n_l, N).")
def examples_as_columns(N, layer_sizes):
    return [(size, N) for size in layer_sizes]


@activation_shapes.misconception(hint="A⁰ = X belongs to the list: it has L + 1 entries.")
def without_the_inputs(N, layer_sizes):
    return [(N, size) for size in layer_sizes[1:]]


@activation_shapes.misconception(hint="the output Aᴸ belongs to the list too: it has L + 1 entries.")
def without_the_output(N, layer_sizes):
    return [(N, size) for size in layer_sizes[:-1]]


@activation_shapes.misconception(hint="these are the shapes for one example; with N of them there are N rows.")
def one_example_only(N, layer_sizes):
    return [(1, size) for size in layer_sizes]


@activation_shapes.misconception(hint="that is the number of entries; a shape says how many rows and how many columns.")
def counts_entries(N, layer_sizes):
    return [N * size for size in layer_sizes]


# --------------------------------------------------------------------------------------------------- one bias, N rows


@exercise(
    points=10,
    inputs=lambda dims, style: st.fixed_dictionaries({"N": st.integers(1, 4 if style is Style.SIMPLE else 12)}),
)
def tile_bias(b: Real[Tensor, "n_l 1"], N: int) -> Real[Tensor, "N n_l"]:
    """1 bᵀ: the biases of a layer, once for each of N examples. b is (n_l, 1), the result (N, n_l)."""
    return torch.ones(N, 1, dtype=b.dtype) @ b.T


@tile_bias.misconception(hint="the result has one row for each example, (N, n_l); yours is (n_l, N): transposed.")
def tiled_as_columns(b, N):
    return np.tile(b, (1, N))


@tile_bias.misconception(hint="the biases are there once; 1 bᵀ repeats them for each of the N examples.")
def not_repeated(b, N):
    return b.T.copy()


@tile_bias.misconception(hint="`np.tile` on the column puts copies below each other: transpose b first.")
def stacked_columns(b, N):
    return np.tile(b, (N, 1))


@tile_bias.misconception(hint="the entries are in the wrong order: each row holds b₁, b₂, …, not N times the same one.")
def repeated_in_place(b, N):
    return np.repeat(b, N).reshape(N, len(b))


@tile_bias.misconception(hint="the biases are not shared out among the examples: each example gets all of them.")
def bias_shared_out(b, N):
    return np.ones((N, 1)) @ b.T / N


# ---------------------------------------------------------------------------------------------------------- one neuron


@exercise(points=12)
def neuron(a: Moderate[Tensor, "n"], w: Moderate[Tensor, "n"], b: Moderate[Tensor, ""]) -> Real[Tensor, ""]:
    """One sigmoid neuron on one example: σ(w·a + b). a and w are (n,), b and the result are numbers."""
    return torch.sigmoid(torch.dot(w, a) + b)


@neuron.misconception(hint="the bias is missing: a neuron computes w·a + b before the sigmoid.")
def bias_forgotten(a, w, b):
    return 1 / (1 + np.exp(-(w @ a)))


@neuron.misconception(hint="this is z; the neuron's output is the sigmoid of it.")
def sigmoid_forgotten(a, w, b):
    return w @ a + b


@neuron.misconception(hint="the bias is added before the sigmoid, inside it.")
def bias_after_the_sigmoid(a, w, b):
    return 1 / (1 + np.exp(-(w @ a))) + b


@neuron.misconception(hint="the exponent has the wrong sign: σ grows with z, yours falls.")
def falling_sigmoid(a, w, b):
    return 1 / (1 + np.exp(w @ a + b))


@neuron.misconception(hint="the products of weights and inputs are added up to one number before the sigmoid.")
def products_not_summed(a, w, b):
    return 1 / (1 + np.exp(-(w * a + b)))


@neuron.misconception(hint="the bias is added once, not once for every input.")
def bias_for_every_input(a, w, b):
    return 1 / (1 + np.exp(-np.sum(w * a + b)))


# ------------------------------------------------------------------------------------------------------- a whole layer


@exercise(points=14, builds_on=("tile_bias",))
def linear(
    A: Real[Tensor, "N n_prev"], W: Moderate[Tensor, "n_l n_prev"], b: Real[Tensor, "n_l 1"]
) -> Real[Tensor, "N n_l"]:
    """Z = A Wᵀ + 1 bᵀ for all examples at once. A is (N, n_{l-1}), W (n_l, n_{l-1}), b (n_l, 1), Z (N, n_l)."""
    return torch.nn.functional.linear(A, W, b.squeeze(1))


@linear.misconception(hint="W enters transposed: row i of A meets row j of W, both have n_{l-1} entries.")
def weights_not_transposed(A, W, b):
    return A @ W + b.T


@linear.misconception(
    hint="b is a column, (n_l, 1), and every example is a row: it must be turned into a row, 1 bᵀ, before it is added."
)
def bias_not_turned(A, W, b):
    return A @ W.T + b


@linear.misconception(hint="the bias is missing: Z = A Wᵀ + 1 bᵀ.")
def layer_without_bias(A, W, b):
    return A @ W.T


@linear.misconception(hint="the examples are the rows of Z, (N, n_l); yours are its columns.")
def columns_are_examples(A, W, b):
    return W @ A.T + b


@linear.misconception(hint="the bias is added, not subtracted: Z = A Wᵀ + 1 bᵀ.")
def bias_subtracted(A, W, b):
    return A @ W.T - b.T


@linear.misconception(hint="do not average: each example keeps its own row of Z.")
def averaged_over_examples(A, W, b):
    return (A @ W.T).mean(axis=0, keepdims=True) + b.T


class AnyFinite(Domain):
    """Arguments of a sigmoid, up to ±1e4, where a careless formula overflows."""

    dtypes = ["float64"]
    words = "any finite numbers"
    edges = {"zero": lambda Z: (Z == 0).any(), "1e4": lambda Z: (Z == 1e4).any(), "-1e4": lambda Z: (Z == -1e4).any()}

    @classmethod
    def elements(cls, style):
        edge = [0.0, -0.0, 1e4, -1e4, 710.0, -710.0, 37.0, -37.0, -750.0, 1e-9]
        return style.choose(simple=[0.0, 1.0, -1.0, 2.0, -0.5], typical=decimals(-9, 9), edge=edge)


def stacks(dims, style):
    """Arrays of one to three dimensions: the sigmoid takes any shape."""
    shapes = st.lists(st.integers(1, 2 if style is Style.SIMPLE else 4), min_size=1, max_size=3).map(tuple)
    return shapes.flatmap(lambda shape: st.fixed_dictionaries({"Z": AnyFinite.arrays(shape, style)}))


@exercise(points=14, inputs=stacks, minimum=60)
def sigmoid(Z: list) -> list:
    """σ(z) = 1 / (1 + e^{-z}), entry by entry, for any shape, without overflow and exact for every finite z."""
    return torch.exp(torch.nn.functional.logsigmoid(Z))


@sigmoid.misconception(
    hint="for large z both e^z and 1 + e^z are infinite, and their quotient is NaN; use this form for negative z only."
)
def nan_for_large_arguments(Z):
    return np.exp(Z) / (1 + np.exp(Z))


@sigmoid.misconception(hint="this falls; σ grows from 0 to 1: look at the sign in the exponent.")
def falls(Z):
    return 1 / (1 + np.exp(np.clip(Z, -700, 700)))


@sigmoid.misconception(hint="clipping the result keeps it away from 0 and 1, but σ(z) is what it is, however small.")
def clipped_result(Z):
    return np.clip(np.exp(-np.logaddexp(0, -Z)), 1e-7, 1 - 1e-7)


@sigmoid.misconception(hint="tanh runs from −1 to 1; σ(z) = (1 + tanh(z/2)) / 2.")
def plain_tanh(Z):
    return np.tanh(Z)


@sigmoid.misconception(hint="the argument of tanh has to be halved: σ(z) = (1 + tanh(z/2)) / 2.")
def tanh_of_the_whole(Z):
    return 0.5 * (1 + np.tanh(Z))


@sigmoid.misconception(
    hint="clip at ±5 and the tails are lost: σ(−5) is 0.0067, not 0. There is no need to clip so early."
)
def clipped_argument(Z):
    return 1 / (1 + np.exp(-np.clip(Z, -5, 5)))


# ------------------------------------------------------------------------------------------------------ the whole net


def networks(dims, style):
    """Parameters of 1 to 4 layers on n_0 inputs."""
    hidden = st.lists(st.integers(1, 2 if style is Style.SIMPLE else 5), min_size=1, max_size=4)
    return hidden.flatmap(lambda sizes: layers([dims["n_0"], *sizes], style)).map(lambda p: {"parameters": p})


@exercise(points=20, inputs=networks, builds_on=("tile_bias", "linear", "sigmoid"))
def forward(X: Moderate[Tensor, "N n_0"], parameters: list) -> list:
    """[A⁰, A¹, …, Aᴸ] of a network with a sigmoid in every layer. X = A⁰ is (N, n_0), Aˡ is (N, n_l)."""
    activations = [X]
    for W, b in parameters:
        activations.append(torch.sigmoid(torch.addmm(b.T.expand(len(X), -1), activations[-1], W.T)))
    return activations


@forward.misconception(hint="A⁰ = X opens the list: it has L + 1 entries.")
def forward_without_inputs(X, parameters):
    found, A = [], X
    for W, b in parameters:
        A = 1 / (1 + np.exp(-(A @ W.T + b.T)))
        found.append(A)
    return found


@forward.misconception(hint="all activations are wanted, [A⁰, …, Aᴸ]; the way back will need the ones in between.")
def only_the_output(X, parameters):
    A = X
    for W, b in parameters:
        A = 1 / (1 + np.exp(-(A @ W.T + b.T)))
    return A


@forward.misconception(hint="the last layer has a sigmoid as well.")
def linear_output(X, parameters):
    found = [X]
    for W, b in parameters:
        found.append(1 / (1 + np.exp(-(found[-1] @ W.T + b.T))))
    found[-1] = found[-2] @ parameters[-1][0].T + parameters[-1][1].T
    return found


@forward.misconception(hint="these are the pre-activations Zˡ: the sigmoid is missing in every layer.")
def no_sigmoid_at_all(X, parameters):
    found = [X]
    for W, b in parameters:
        found.append(found[-1] @ W.T + b.T)
    return found


@forward.misconception(hint="each layer takes the activations of the layer before, Aˡ⁻¹; yours starts again from X.")
def every_layer_from_X(X, parameters):
    return [X] + [1 / (1 + np.exp(-(X @ W.T + b.T))) for W, b in parameters]


@forward.misconception(hint="the biases are missing: Zˡ = Aˡ⁻¹ Wˡᵀ + 1 bˡᵀ.")
def network_without_biases(X, parameters):
    found = [X]
    for W, _ in parameters:
        found.append(1 / (1 + np.exp(-(found[-1] @ W.T))))
    return found


@forward.misconception(hint="X = A⁰ goes in as it is: the sigmoid belongs to the layers, not to the inputs.")
def sigmoid_of_the_inputs(X, parameters):
    found = [1 / (1 + np.exp(-X))]
    for W, b in parameters:
        found.append(1 / (1 + np.exp(-(found[-1] @ W.T + b.T))))
    return found
