"""Hidden tests of `activations`: the role of activations, and of depth."""

from typing import Literal

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor

from autograder.author.domains import (
    Domain,
    Moderate,
    PreActivation,
    Probability,
    Real,
    Style,
    Target,
    decimals,
    layers,
)
from autograder.author.exercise import exercise


class Large(Domain):
    """Numbers up to ±1e4, zeros and ties included."""

    dtypes = ["float64"]
    words = "real numbers"
    edges = {"zero": lambda Z: (Z == 0).any(), "1e4": lambda Z: (Z == 1e4).any(), "-1e4": lambda Z: (Z == -1e4).any()}

    @classmethod
    def elements(cls, style):
        edge = [0.0, 1.0, -1.0, 1e4, -1e4, 30.0, -750.0]
        return style.choose(simple=[1.0, -1.0, 2.0, 0.0, -3.0], typical=decimals(-5, 5), edge=edge)


# ------------------------------------------------------------------------------------------------ the functions


@exercise(points=5)
def relu(Z: Large[Tensor, "N n"]) -> Real[Tensor, "N n"]:
    """max(0, z), entry by entry."""
    return torch.relu(Z)


@relu.misconception(hint="negative entries become 0, not positive: that is the absolute value.")
def relu_as_absolute_value(Z):
    return np.abs(Z)


@relu.misconception(hint="relu keeps the positive entries and drops the negative ones; yours does the opposite.")
def relu_keeps_negatives(Z):
    return np.minimum(Z, 0)


@relu.misconception(hint="a positive entry passes as it is, it does not become 1: that is the derivative.")
def relu_as_step(Z):
    return (Z > 0).astype(float)


@relu.misconception(hint="there is no upper limit: relu lets large entries through.")
def relu_capped_at_six(Z):
    return np.clip(Z, 0, 6)


@relu.misconception(hint="your function overwrites its argument; the pre-activations are needed again on the way back.")
def relu_in_place(Z):
    Z[Z < 0] = 0
    return Z


def with_slope(dims, style):
    """Slopes, the usual one most often."""
    return st.fixed_dictionaries({"slope": st.sampled_from([0.01, 0.1, 0.2, 0.01])})


@exercise(
    points=5,
    inputs=with_slope,
    call="leaky_relu(Z) if slope == 0.01 else leaky_relu(Z, slope)",
)
def leaky_relu(Z: Large[Tensor, "N n"], slope: float) -> Real[Tensor, "N n"]:
    """z where it is positive, slope · z elsewhere; the slope is 0.01 if none is given."""
    return torch.nn.functional.leaky_relu(Z, slope)


@leaky_relu.misconception(hint="the slope belongs to the negative entries; the positive ones pass unchanged.")
def leaky_on_the_wrong_side(Z, slope):
    return np.where(Z > 0, slope * Z, Z)


@leaky_relu.misconception(hint="this is relu: a leaky one lets a little of the negative entries through.")
def leak_closed(Z, slope):
    return np.maximum(Z, 0)


@leaky_relu.misconception(hint="negative entries become slope · z, which depends on z; yours are all the same.")
def leak_constant(Z, slope):
    return np.where(Z > 0, Z, -slope)


@leaky_relu.misconception(hint="the argument `slope` is not used: 0.01 is only what it is if none is given.")
def leak_always_a_hundredth(Z, slope):
    return np.where(Z > 0, Z, 0.01 * Z)


@leaky_relu.misconception(hint="the leak keeps the sign: slope · z is negative where z is.")
def leak_with_wrong_sign(Z, slope):
    return np.where(Z > 0, Z, -slope * Z)


@exercise(points=5)
def tanh(Z: Large[Tensor, "N n"]) -> Real[Tensor, "N n"]:
    """The hyperbolic tangent, entry by entry."""
    return torch.tanh(Z)


@tanh.misconception(hint="for large z both exponentials are infinite, and their quotient is NaN: use NumPy's own tanh.")
def tanh_overflows(Z):
    return (np.exp(Z) - np.exp(-Z)) / (np.exp(Z) + np.exp(-Z))


@tanh.misconception(hint="this is the sigmoid, between 0 and 1; tanh runs from −1 to 1.")
def tanh_as_sigmoid(Z):
    return 1 / (1 + np.exp(-np.clip(Z, -700, 700)))


@tanh.misconception(hint="the argument is doubled in the sigmoid: tanh(z) = 2 σ(2z) − 1.")
def tanh_of_half(Z):
    return np.tanh(Z / 2)


@tanh.misconception(hint="this is the tangent; the hyperbolic tangent stays between −1 and 1.")
def tangent(Z):
    return np.tan(Z)


@exercise(points=12)
def softmax(Z: Large[Tensor, "N n"]) -> Real[Tensor, "N n"]:
    """e^z divided by the sum of e^z over its row; stable for large entries."""
    return torch.softmax(Z, dim=1)


@softmax.misconception(
    hint="e^z overflows for large entries: subtract each row's maximum first, which changes nothing."
)
def softmax_overflows(Z):
    return np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)


@softmax.misconception(hint="the entries of a row add up to 1; yours add up by columns.")
def softmax_by_columns(Z):
    E = np.exp(Z - Z.max(axis=0, keepdims=True))
    return E / E.sum(axis=0, keepdims=True)


@softmax.misconception(hint="each row is a distribution of its own; yours add up to 1 over all examples together.")
def softmax_over_everything(Z):
    E = np.exp(Z - Z.max())
    return E / E.sum()


@softmax.misconception(hint="the division by the sum of the row is missing.")
def softmax_not_divided(Z):
    return np.exp(Z - Z.max(axis=1, keepdims=True))


@softmax.misconception(
    hint="the largest entry of the whole array is subtracted, so rows with much smaller entries vanish: take each row's."
)
def softmax_global_maximum(Z):
    E = np.exp(Z - Z.max())
    return E / E.sum(axis=1, keepdims=True)


@softmax.misconception(hint="the exponential is missing: softmax is not just a division by the sum.")
def softmax_without_exponential(Z):
    return Z / Z.sum(axis=1, keepdims=True)


# --------------------------------------------------------------------------------------------- their derivatives


@exercise(points=5)
def d_relu(Z: Large[Tensor, "N n"]) -> Real[Tensor, "N n"]:
    """The derivative of relu: 1 where z is positive, 0 elsewhere, at 0 too."""
    Z = Z.clone().requires_grad_()
    return torch.autograd.grad(torch.relu(Z).sum(), Z)[0]


@d_relu.misconception(hint="at 0 the left derivative is meant, which is 0.")
def d_relu_one_at_zero(Z):
    return (Z >= 0).astype(float)


@d_relu.misconception(hint="this is relu itself; its derivative is its slope, 0 or 1.")
def d_relu_as_relu(Z):
    return np.maximum(Z, 0)


@d_relu.misconception(hint="the slope is 1 for positive entries; yours is 1 for negative ones.")
def d_relu_turned(Z):
    return (Z < 0).astype(float)


@d_relu.misconception(hint="for negative entries relu is constant, so its slope is 0 and not −1.")
def d_relu_as_sign(Z):
    return np.sign(Z)


@exercise(
    points=5,
    inputs=with_slope,
    call="d_leaky_relu(Z) if slope == 0.01 else d_leaky_relu(Z, slope)",
    builds_on=("d_relu",),
)
def d_leaky_relu(Z: Large[Tensor, "N n"], slope: float) -> Real[Tensor, "N n"]:
    """The derivative of leaky relu: 1 where z is positive, slope elsewhere, at 0 too."""
    Z = Z.clone().requires_grad_()
    return torch.autograd.grad(torch.nn.functional.leaky_relu(Z, slope).sum(), Z)[0]


@d_leaky_relu.misconception(hint="at 0 the left derivative is meant, which is the slope.")
def d_leaky_one_at_zero(Z, slope):
    return np.where(Z >= 0, 1.0, slope)


@d_leaky_relu.misconception(hint="for negative entries the slope is `slope`, not 0: that is what leaks.")
def d_leaky_closed(Z, slope):
    return (Z > 0).astype(float)


@d_leaky_relu.misconception(hint="a derivative is a slope: z itself does not appear in it any more.")
def d_leaky_with_z(Z, slope):
    return np.where(Z > 0, 1.0, slope * Z)


@d_leaky_relu.misconception(hint="the argument `slope` is not used: 0.01 is only what it is if none is given.")
def d_leaky_always_a_hundredth(Z, slope):
    return np.where(Z > 0, 1.0, 0.01)


@exercise(points=5, builds_on=("tanh",))
def d_tanh(Z: PreActivation[Tensor, "N n"]) -> Real[Tensor, "N n"]:
    """The derivative of tanh, 1 − tanh²(z)."""
    Z = Z.clone().requires_grad_()
    return torch.autograd.grad(torch.tanh(Z).sum(), Z)[0]


@d_tanh.misconception(hint="tanh(z) is squared in 1 − tanh²(z), not z.")
def d_tanh_from_z(Z):
    return 1 - Z**2


@d_tanh.misconception(hint="this is the form of the sigmoid's derivative; for tanh it is 1 − tanh²(z).")
def d_tanh_like_sigmoid(Z):
    return np.tanh(Z) * (1 - np.tanh(Z))


@d_tanh.misconception(hint="the square is missing: 1 − tanh²(z).")
def d_tanh_without_square(Z):
    return 1 - np.tanh(Z)


@d_tanh.misconception(hint="this is tanh itself; its derivative is 1 at 0 and goes to 0 on both sides.")
def d_tanh_as_tanh(Z):
    return np.tanh(Z)


class Shares(Probability):
    """Outputs of a softmax."""

    dtypes = ["float64"]
    words = "probabilities that add up to 1 in each row"


def softmax_pairs(dims, style):
    """A = softmax(Z), saturated as far as Z is, and any derivative with respect to it."""
    Z = PreActivation.arrays((dims["N"], dims["n"]), style)
    return Z.map(lambda Z: {"A": torch.softmax(torch.from_numpy(Z), dim=1).numpy()})


@exercise(points=10, inputs=softmax_pairs)
def softmax_backward(A: Shares[Tensor, "N n"], dA: Moderate[Tensor, "N n"]) -> Real[Tensor, "N n"]:
    """∂L/∂Z from A = softmax(Z) and ∂L/∂A: every row with its own Jacobian."""
    Z = torch.log(A).requires_grad_()
    return torch.autograd.grad(torch.softmax(Z, dim=1), Z, dA)[0]


@softmax_backward.misconception(
    hint="an entry of Z moves all entries of its row, not only its own: the Jacobian is not diagonal."
)
def softmax_diagonal(A, dA):
    return A * (1 - A) * dA


@softmax_backward.misconception(hint="the sum goes over the entries of a row; yours goes over the examples.")
def softmax_sum_by_columns(A, dA):
    return A * (dA - (A * dA).sum(axis=0, keepdims=True))


@softmax_backward.misconception(hint="what is subtracted is the mean of ∂L/∂A weighted by A, not the plain sum.")
def softmax_unweighted(A, dA):
    return A * (dA - dA.sum(axis=1, keepdims=True))


@softmax_backward.misconception(hint="the second part of the Jacobian is missing: what the other entries lose.")
def softmax_first_part_only(A, dA):
    return A * dA


@softmax_backward.misconception(
    hint="A − Y is what is left for cross-entropy; here the loss may be any, given by ∂L/∂A."
)
def softmax_as_cross_entropy(A, dA):
    return A - dA


# ------------------------------------------------------------------------------------------- tasks and parameters


@exercise(points=4, minimum=4)
def output_activation(task: Literal["binary", "multi-label", "multi-class", "regression"]) -> str:
    """Which activation the output layer needs for a task."""
    losses = {"binary": "bernoulli", "multi-label": "bernoulli", "multi-class": "categorical", "regression": "gauss"}
    return {"bernoulli": "sigmoid", "categorical": "softmax", "gauss": "identity"}[losses[task]]


@output_activation.misconception(
    hint="several labels may be right at once, so their probabilities need not add up to 1."
)
def softmax_for_labels(task):
    return {"binary": "sigmoid", "multi-label": "softmax", "multi-class": "softmax", "regression": "identity"}[task]


@output_activation.misconception(hint="exactly one class is right, so the probabilities have to add up to 1.")
def sigmoid_for_classes(task):
    return {"binary": "sigmoid", "multi-label": "sigmoid", "multi-class": "sigmoid", "regression": "identity"}[task]


@output_activation.misconception(hint="a regression may need any number, negative ones and large ones too.")
def squashed_regression(task):
    return {"binary": "sigmoid", "multi-label": "sigmoid", "multi-class": "softmax", "regression": "sigmoid"}[task]


@output_activation.misconception(
    hint="a softmax over a single output is always 1: for two classes one sigmoid will do."
)
def softmax_for_one_output(task):
    return {"binary": "softmax", "multi-label": "sigmoid", "multi-class": "softmax", "regression": "identity"}[task]


def networks(dims, style):
    """Parameters of one to four layers."""
    sizes = st.lists(st.integers(1, 2 if style is Style.SIMPLE else 5), min_size=2, max_size=5)
    return sizes.flatmap(lambda drawn: layers(drawn, style)).map(lambda parameters: {"parameters": parameters})


@exercise(points=10, inputs=networks)
def collapse(parameters: list) -> tuple:
    """(W, b) of the one linear layer that equals a network of identity activations."""
    size = parameters[0][0].shape[1]
    outputs = []
    for X in (torch.zeros(1, size, dtype=torch.float64), torch.eye(size, dtype=torch.float64)):
        for W, b in parameters:
            X = torch.nn.functional.linear(X, W, b.squeeze(1))
        outputs.append(X)
    return (outputs[1] - outputs[0]).T, outputs[0].T


@collapse.misconception(hint="the order is turned around: what acts first stands on the right, W = Wᴸ ⋯ W¹.")
def collapse_backwards(parameters):
    W, b = parameters[-1]
    for U, c in parameters[-2::-1]:
        W, b = U @ W, U @ b + c
    return W, b


@collapse.misconception(hint="the biases of earlier layers pass through the later weights: b = Wˡ b + bˡ at each step.")
def biases_only_added(parameters):
    W, b = parameters[0]
    for U, c in parameters[1:]:
        W, b = U @ W, (b.sum() if b.shape != c.shape else b) + c
    return W, b


@collapse.misconception(hint="the biases of the earlier layers are lost.")
def last_bias_only(parameters):
    W, b = parameters[0]
    for U, c in parameters[1:]:
        W, b = U @ W, c
    return W, b + 0


@collapse.misconception(hint="the bias of each layer has to be added after the earlier one went through its weights.")
def first_bias_only(parameters):
    W, b = parameters[0]
    for U, _ in parameters[1:]:
        W, b = U @ W, U @ b
    return W + 0, b + 0


@collapse.misconception(hint="the bias of the result is a column, (n_L, 1).")
def collapsed_bias_as_row(parameters):
    W, b = parameters[0]
    for U, c in parameters[1:]:
        W, b = U @ W, U @ b + c
    return W, b.T


def network_of(result, sizes):
    """Parameters as float arrays if they are a network of these sizes, else a sentence."""
    if not isinstance(result, list | tuple):
        return "the result should be a list of pairs (W, b)"
    shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
    if len(result) != len(shapes):
        return f"the result should have {len(shapes)} pairs (W, b), yours has {len(result)}"
    found = []
    for number, (pair, (rows, columns)) in enumerate(zip(result, shapes, strict=True), 1):
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            return f"layer {number} should be a pair (W, b)"
        W, b = (np.asarray(value, dtype=float) for value in pair)
        if W.shape != (rows, columns) or b.shape != (rows, 1):
            return f"layer {number}: W should be {(rows, columns)} and b {(rows, 1)}; yours are {W.shape} and {b.shape}"
        found.append((W, b))
    return found


def relu_network(parameters, x):
    """Outputs of a network with relu in every hidden layer and an identity output; x is (N, n_0)."""
    for W, b in parameters[:-1]:
        x = np.maximum(x @ W.T + b.T, 0)
    W, b = parameters[-1]
    return x @ W.T + b.T


@exercise(points=8, unique=False, minimum=1)
def xor_parameters() -> list:
    """Two relu neurons and one identity output that compute XOR exactly on {0, 1}²."""
    return [
        (torch.ones(2, 2, dtype=torch.float64), torch.tensor([[0.0], [-1.0]], dtype=torch.float64)),
        (torch.tensor([[1.0, -2.0]], dtype=torch.float64), torch.zeros(1, 1, dtype=torch.float64)),
    ]


@xor_parameters.relation
def computes_xor(result):
    """the network computes XOR on {0, 1}²"""
    found = network_of(result, [2, 2, 1])
    if isinstance(found, str):
        return found
    inputs = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    outputs = relu_network(found, inputs).ravel()
    for x, got, wanted in zip(inputs, outputs, (0.0, 1.0, 1.0, 0.0), strict=True):
        if not abs(got - wanted) <= 1e-9:
            return f"for the inputs {x.tolist()} the network should give {wanted:g}, yours gives {got:.6g}"
    return True


@xor_parameters.misconception(hint="this network computes OR: both inputs at once have to be taken off again.")
def computes_or():
    return [(np.ones((2, 2)), np.array([[0.0], [-1.0]])), (np.array([[1.0, -1.0]]), np.zeros((1, 1)))]


@xor_parameters.misconception(hint="this network computes AND; XOR is 1 if exactly one input is.")
def computes_and():
    return [(np.ones((2, 2)), np.array([[0.0], [-1.0]])), (np.array([[0.0, 1.0]]), np.zeros((1, 1)))]


@xor_parameters.misconception(hint="biases are columns, (n_l, 1).")
def xor_with_flat_biases():
    return [(np.ones((2, 2)), np.array([0.0, -1.0])), (np.array([[1.0, -2.0]]), np.zeros(1))]


@xor_parameters.misconception(
    hint="without a relu in between this would be right; with it, negative sums are cut to 0."
)
def xor_for_identity():
    return [(np.array([[1.0, 1.0], [-1.0, -1.0]]), np.zeros((2, 1))), (np.array([[1.0, -2.0]]), np.zeros((1, 1)))]


@xor_parameters.misconception(
    hint="with random parameters the network has to be trained first; here it is to be thought up."
)
def xor_at_random():
    rng = np.random.default_rng(0)
    return [(rng.normal(size=(2, 2)), np.zeros((2, 1))), (rng.normal(size=(1, 2)), np.zeros((1, 1)))]


@exercise(
    points=14,
    unique=False,
    minimum=8,
    inputs=lambda dims, style: st.fixed_dictionaries({"k": st.integers(1, 8)}),
)
def sawtooth(k: int) -> list:
    """Relu layers of two neurons, at most k of them, and an identity output: the tent map, k times."""
    W = torch.tensor([[1.0], [1.0]], dtype=torch.float64)
    b = torch.tensor([[0.0], [-0.5]], dtype=torch.float64)
    out = torch.tensor([[2.0, -4.0]], dtype=torch.float64)
    inner = [(W @ out, b) for _ in range(k - 1)]
    return [(W, b), *inner, (out, torch.zeros(1, 1, dtype=torch.float64))]


@sawtooth.relation
def is_the_tent_map(result, k):
    """on [0, 1] the network is the tent map, k times, with at most k hidden layers of two neurons"""
    if not isinstance(result, list | tuple) or not 2 <= len(result) <= k + 1:
        return f"there should be at most {k} hidden layers and an output: at most {k + 1} pairs (W, b)"
    widths = [np.asarray(pair[0], dtype=float).shape[0] for pair in result]
    if max(widths) > 2 or widths[-1] != 1:
        return f"hidden layers have at most two neurons and the output one; yours have {widths}"
    found = network_of(result, [1, *widths])
    if isinstance(found, str):
        return found
    x = np.linspace(0, 1, 2 ** (k + 2) + 1)
    wanted = x.copy()
    for _ in range(k):
        wanted = np.minimum(2 * wanted, 2 - 2 * wanted)
    got = relu_network(found, x[:, None]).ravel()
    wrong = np.flatnonzero(~(np.abs(got - wanted) <= 1e-7))
    if wrong.size:
        at = int(wrong[0])
        return f"at x = {x[at]:g} the output should be {wanted[at]:g}, yours is {got[at]:.6g}"
    return True


@sawtooth.misconception(hint="this is one tent whatever k is: compose it k times.")
def one_tent_only(k):
    return [(np.ones((2, 1)), np.array([[0.0], [-0.5]])), (np.array([[2.0, -4.0]]), np.zeros((1, 1)))]


@sawtooth.misconception(hint="there is a tent too many: k hidden layers fold the interval k times.")
def one_fold_too_many(k):
    W, b, out = np.ones((2, 1)), np.array([[0.0], [-0.5]]), np.array([[2.0, -4.0]])
    return [(W, b), *[(W @ out, b) for _ in range(k)], (out, np.zeros((1, 1)))]


@sawtooth.misconception(hint="the tent has to come down again: after the middle its slope is −2, a change of 4.")
def flat_after_the_middle(k):
    W, b, out = np.ones((2, 1)), np.array([[0.0], [-0.5]]), np.array([[2.0, -2.0]])
    return [(W, b), *[(W @ out, b) for _ in range(k - 1)], (out, np.zeros((1, 1)))]


@sawtooth.misconception(
    hint="the peak is at one half: the second neuron starts there, with a bias of −½ times its weight."
)
def peak_at_the_end(k):
    W, b, out = np.ones((2, 1)), np.array([[0.0], [-1.0]]), np.array([[2.0, -4.0]])
    return [(W, b), *[(W @ out, b) for _ in range(k - 1)], (out, np.zeros((1, 1)))]


@sawtooth.misconception(
    hint="there is a layer too many: one that only hands its input on is a hidden layer, too, and at most k are allowed."
)
def one_idle_layer(k):
    W, b, out = np.ones((2, 1)), np.array([[0.0], [-0.5]]), np.array([[2.0, -4.0]])
    idle = (np.ones((1, 1)), np.zeros((1, 1)))
    return [idle, (W, b), *[(W @ out, b) for _ in range(k - 1)], (out, np.zeros((1, 1)))]


@sawtooth.misconception(hint="two neurons in each hidden layer are enough, and all that is allowed: drop the third.")
def three_neurons(k):
    W, b, out = np.ones((3, 1)), np.array([[0.0], [-0.5], [-1.0]]), np.array([[2.0, -4.0, 0.0]])
    return [(W, b), *[(W @ out, b) for _ in range(k - 1)], (out, np.zeros((1, 1)))]


@sawtooth.misconception(
    hint="width instead of depth works too, but needs 2^k neurons; two in each of k layers are allowed."
)
def one_wide_layer(k):
    knots = np.arange(2**k) / 2**k
    slopes = 2.0**k * np.where(np.arange(2**k) % 2 == 0, 1, -1)
    changes = np.diff(np.concatenate([[0.0], slopes]))
    return [(np.ones((2**k, 1)), -knots[:, None]), (changes[None, :], np.zeros((1, 1)))]


# --------------------------------------------------------------------------------------------- vanishing gradients


def deep_networks(dims, style):
    """Parameters of one to five layers from n_0 inputs to n_L outputs."""
    hidden = st.lists(st.integers(1, 2 if style is Style.SIMPLE else 4), max_size=4)
    return hidden.flatmap(lambda sizes: layers([dims["n_0"], *sizes, dims["n_L"]], style)).map(
        lambda parameters: {"parameters": parameters}
    )


@exercise(
    points=12,
    inputs=deep_networks,
    parts=("activation",),
    builds_on=("relu", "tanh", "d_relu", "d_tanh"),
)
def gradient_norms(
    X: Moderate[Tensor, "N n_0"],
    Y: Target[Tensor, "N n_L"],
    parameters: list,
    activation: Literal["sigmoid", "tanh", "relu"],
) -> list:
    """Frobenius norm of ∂L/∂Wˡ for each layer: hidden layers with `activation`, sigmoid output, bce."""
    function = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}[activation]
    weights = [W.clone().requires_grad_() for W, _ in parameters]
    A = X
    for number, (W, (_, b)) in enumerate(zip(weights, parameters, strict=True), 1):
        Z = torch.nn.functional.linear(A, W, b.squeeze(1))
        A = function(Z) if number < len(weights) else Z
    loss = torch.nn.functional.binary_cross_entropy_with_logits(A, Y, reduction="sum") / len(X)
    return [torch.linalg.norm(gradient) for gradient in torch.autograd.grad(loss, weights)]


def _norms(X, Y, parameters, activation, *, mean=True, slope=True, output_slope=False, squared=False, turned=False):
    """A network's gradient norms with one thing wrong."""
    functions = {"sigmoid": lambda Z: 1 / (1 + np.exp(-Z)), "tanh": np.tanh, "relu": lambda Z: np.maximum(Z, 0)}
    slopes = {"sigmoid": lambda A: A * (1 - A), "tanh": lambda A: 1 - A**2, "relu": lambda A: (A > 0).astype(float)}
    A = [X]
    for number, (W, b) in enumerate(parameters, 1):
        A.append(functions[activation if number < len(parameters) else "sigmoid"](A[-1] @ W.T + b.T))
    dZ, norms = A[-1] - Y, []
    if output_slope:
        dZ = dZ * A[-1] * (1 - A[-1])
    for number in range(len(parameters), 0, -1):
        dW = dZ.T @ A[number - 1] / (len(X) if mean else 1)
        norms.append(float((dW**2).sum()) if squared else float(np.sqrt((dW**2).sum())))
        if number > 1:
            dZ = dZ @ parameters[number - 1][0] * (slopes[activation](A[number - 1]) if slope else 1)
    return norms if turned else norms[::-1]


@gradient_norms.misconception(hint="the 1/N of the mean over the examples is missing in ∂L/∂W.")
def norms_without_mean(X, Y, parameters, activation):
    return _norms(X, Y, parameters, activation, mean=False)


@gradient_norms.misconception(
    hint="on the way back through a hidden layer the derivative of its activation is missing."
)
def norms_without_slope(X, Y, parameters, activation):
    return _norms(X, Y, parameters, activation, slope=False)


@gradient_norms.misconception(
    hint="for a sigmoid output with bce the derivative of the sigmoid cancels: ∂_Z of the output is A − Y."
)
def norms_with_output_slope(X, Y, parameters, activation):
    return _norms(X, Y, parameters, activation, output_slope=True)


@gradient_norms.misconception(hint="the Frobenius norm is the square root of the sum of squares.")
def norms_squared(X, Y, parameters, activation):
    return _norms(X, Y, parameters, activation, squared=True)


@gradient_norms.misconception(
    hint="the list starts with the first layer; you met the last one first, so turn it around."
)
def norms_turned(X, Y, parameters, activation):
    return _norms(X, Y, parameters, activation, turned=True)


@gradient_norms.misconception(
    hint="look at the argument `activation`: yours uses the sigmoid in the hidden layers whatever it says."
)
def norms_always_sigmoid(X, Y, parameters, activation):
    return _norms(X, Y, parameters, "sigmoid")
