"""Hidden tests of `backprop`: ∂_Z and the gradients by hand.

Every reference starts from the definition of the loss and lets autograd differentiate it; none of them knows the
closed forms that the notebook derives. Examples are rows: Zˡ = Aˡ⁻¹ Wˡᵀ + 1 bˡᵀ.
"""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import torch
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from torch import Tensor
from torch.nn import functional

from autograder.author.domains import Moderate, PreActivation, Probability, Real, Style, Target, array, layers
from autograder.author.exercise import exercise


def _leaf(value: Tensor) -> Tensor:
    """A copy of `value` that autograd differentiates with respect to."""
    return value.detach().clone().requires_grad_()


def _sigmoid(Z: Tensor) -> Tensor:
    """σ as exp(log σ): its derivative A · σ(−Z) keeps all digits where 1 − A has lost them."""
    return functional.logsigmoid(Z).exp()


def _loss(Z: Tensor, Y: Tensor) -> Tensor:
    """Binary cross-entropy of σ(Z): mean over the examples of the sum over the outputs."""
    return functional.binary_cross_entropy_with_logits(Z, Y, reduction="sum") / len(Y)


def _network(X: Tensor, parameters: list[tuple[Tensor, Tensor]]) -> Tensor:
    """Z of the last layer; sigmoids between the layers."""
    A = X
    for W, b in parameters:
        Z = A @ W.T + b.T
        A = _sigmoid(Z)
    return Z


# ---------------------------------------------------------------------------------------------------------------------


@exercise(points=10)
def bce(A: Probability[Tensor, "N n"], Y: Target[Tensor, "N n"]) -> Real[Tensor, ""]:
    """Binary cross-entropy of sigmoid outputs A against targets Y.

    L = 1/N Σᵢ Σⱼ −[Yᵢⱼ log Aᵢⱼ + (1 − Yᵢⱼ) log(1 − Aᵢⱼ)]: the mean over the N examples (rows) of the sum over the
    n outputs. A and Y are (N, n), the loss is one number.
    """
    return _loss(torch.logit(A), Y)


@bce.misconception(
    hint="you average over all N·n entries; the loss sums over the n outputs of an example and takes the mean "
    "over the N examples only."
)
def mean_over_all_entries(A, Y):
    return -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))


@bce.misconception(hint="you add up the losses of all examples; the mean over the N examples is still to be taken.")
def sum_over_examples(A, Y):
    return -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A))


@bce.misconception(
    hint="your loss is negative: the logarithm of a probability is at most 0, and the loss is minus that logarithm."
)
def minus_forgotten(A, Y):
    return np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / len(A)


@bce.misconception(
    hint="targets of 0 cost nothing in your loss: a term of the cross-entropy, the one for Y = 0, is missing."
)
def only_ones_count(A, Y):
    return -np.sum(Y * np.log(A)) / len(A)


@bce.misconception(
    hint="clipping the probabilities hides how wrong a confident mistake is; A is strictly inside (0, 1), so that the "
    "logarithm is safe as it stands."
)
def clipped_probabilities(A, Y):
    P = np.clip(A, 1e-7, 1 - 1e-7)
    return -np.sum(Y * np.log(P) + (1 - Y) * np.log(1 - P)) / len(A)


@bce.misconception(
    hint="clipping the probabilities, even this closely, puts a ceiling on the loss of a confident mistake; A is "
    "strictly inside (0, 1), so that the logarithm is safe as it stands."
)
def clipped_at_1e_12(A, Y):
    P = np.clip(A, 1e-12, 1 - 1e-12)
    return -np.sum(Y * np.log(P) + (1 - Y) * np.log(1 - P)) / len(A)


@bce.misconception(
    hint="clipping the probabilities, even that close to 0 and 1, puts a ceiling on the loss of a confident mistake; "
    "A is strictly inside (0, 1), so that the logarithm is safe as it stands."
)
def clipped_at_1e_15(A, Y):
    P = np.clip(A, 1e-15, 1 - 1e-15)
    return -np.sum(Y * np.log(P) + (1 - Y) * np.log(1 - P)) / len(A)


@bce.misconception(
    hint="a small number added inside the logarithm changes every loss a little and a confident mistake a lot; A is "
    "strictly inside (0, 1), so leave it out."
)
def epsilon_in_the_logarithm(A, Y):
    return -np.sum(Y * np.log(A + 1e-8) + (1 - Y) * np.log(1 - A + 1e-8)) / len(A)


@bce.misconception(
    hint="you return one loss for each example, the sum over its outputs; what is left is their mean, one number."
)
def one_loss_per_example(A, Y):
    return -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A), axis=1)


# ---------------------------------------------------------------------------------------------------------------------


@exercise(points=8)
def dL_dA(A: Probability[Tensor, "N n"], Y: Target[Tensor, "N n"]) -> Real[Tensor, "N n"]:
    """Derivative of each entry's loss with respect to its activation, without the 1/N.

    ∂ℓ/∂A for ℓ = −[Y log A + (1 − Y) log(1 − A)], entry by entry. A, Y and the result are (N, n).
    """
    A = _leaf(A)
    loss = -(Y * A.log() + (1 - Y) * torch.log1p(-A)).sum(dim=1).mean()
    return len(A) * torch.autograd.grad(loss, A)[0]


@dL_dA.misconception(
    hint="you divide by N already; in this chapter the 1/N waits until ∂L/∂W and ∂L/∂b are formed, so that it enters "
    "once."
)
def averaged_too_early(A, Y):
    return (A - Y) / (A * (1 - A)) / len(A)


@dL_dA.misconception(
    hint="your derivative points the wrong way: where Y = 1 the loss falls as A grows, so ∂L/∂A is negative there."
)
def points_the_wrong_way(A, Y):
    return (Y - A) / (A * (1 - A))


@dL_dA.misconception(
    hint="entries with Y = 0 have a slope, too: differentiate the term with log(1 − A) as well as the one with log A."
)
def only_log_A_differentiated(A, Y):
    return -Y / A


@dL_dA.misconception(
    hint="where Y = 0 your sign is off: log(1 − A) has an inner function, and the chain rule brings its derivative, −1."
)
def inner_minus_forgotten(A, Y):
    return -Y / A - (1 - Y) / (1 - A)


@dL_dA.misconception(
    hint="what you return is already ∂_Z, with the sigmoid's derivative multiplied in; here only the step from the "
    "loss to A is wanted."
)
def already_dZ(A, Y):
    return A - Y


@dL_dA.misconception(
    hint="clipping A puts a ceiling on the slope: at A = 1e-20 and Y = 1 it really is -1e20; A is strictly inside "
    "(0, 1), so divide without clipping."
)
def clipped_denominator(A, Y):
    P = np.clip(A, 1e-7, 1 - 1e-7)
    return -Y / P + (1 - Y) / (1 - P)


@dL_dA.misconception(
    hint="clipping A, even this closely, puts a ceiling on the slope: at A = 1e-20 and Y = 1 it really is -1e20; A is "
    "strictly inside (0, 1), so divide without clipping."
)
def denominator_clipped_at_1e_12(A, Y):
    P = np.clip(A, 1e-12, 1 - 1e-12)
    return -Y / P + (1 - Y) / (1 - P)


@dL_dA.misconception(
    hint="a small number added to the denominator flattens the steepest slopes; A is strictly inside (0, 1), so "
    "nothing is ever divided by 0."
)
def epsilon_in_the_denominator(A, Y):
    return -Y / (A + 1e-8) + (1 - Y) / (1 - A + 1e-8)


# ---------------------------------------------------------------------------------------------------------------------


@exercise(points=6)
def dA_dZ(A: Probability[Tensor, "N n"]) -> Real[Tensor, "N n"]:
    """Derivative of the sigmoid, computed from its output A.

    ∂A/∂Z for A = σ(Z), entry by entry; Z itself is not needed. The result has the shape of A, (N, n).
    """
    Z = _leaf(torch.logit(A))
    return torch.autograd.grad(_sigmoid(Z).sum(), Z)[0]


@dA_dZ.misconception(
    hint="you apply the sigmoid to A, but A has been through it already; the derivative follows from A as it is."
)
def sigmoid_applied_twice(A):
    S = 1 / (1 + np.exp(-A))
    return S * (1 - S)


@dA_dZ.misconception(
    hint="this is the derivative of tanh, from its output; for the sigmoid, differentiate 1/(1 + exp(−Z)) and write "
    "the result in terms of A."
)
def derivative_of_tanh(A):
    return 1 - A**2


@dA_dZ.misconception(
    hint="one of the two factors is missing: your slope is largest at A = 0, but a sigmoid is flat at both ends."
)
def one_factor_missing(A):
    return 1 - A


@dA_dZ.misconception(hint="your derivative is negative, yet the sigmoid rises everywhere: look at the order in 1 − A.")
def falling_sigmoid(A):
    return A * (A - 1)


@dA_dZ.misconception(
    hint="the result is right, but your function overwrites the caller's A on the way, which the other gradients still "
    "need: put the result into a new array."
)
def overwrites_A(A):
    A *= 1 - A
    return A


@dA_dZ.misconception(
    hint="each neuron's output depends on its own Z alone, so the factors are multiplied entry by entry and not as "
    "matrices."
)
def matrix_product(A):
    return A @ (1 - A).T


# ---------------------------------------------------------------------------------------------------------------------


@exercise(points=10, builds_on=("dL_dA", "dA_dZ"))
def dZ_output(A: Probability[Tensor, "N n"], Y: Target[Tensor, "N n"]) -> Real[Tensor, "N n"]:
    """∂_Z of the output layer: how each example's loss changes with the pre-activation, without the 1/N.

    ∂_{Zᴸ} = ∂L/∂A ⊙ ∂A/∂Z for sigmoid outputs A = σ(Zᴸ) and binary cross-entropy. A, Y and the result are (N, n).
    """
    Z = _leaf(torch.logit(A))
    return len(A) * torch.autograd.grad(_loss(Z, Y), Z)[0]


@dZ_output.misconception(
    hint="your result has the opposite sign: where Y = 0 a larger Z makes the loss larger, so ∂_Z is positive there."
)
def sign_flipped(A, Y):
    return Y - A


@dZ_output.misconception(
    hint="you divide by N already; ∂_Z carries no 1/N in this chapter, it appears when ∂L/∂W and ∂L/∂b are formed."
)
def divided_by_N(A, Y):
    return (A - Y) / len(A)


@dZ_output.misconception(
    hint="this is ∂L/∂A; one step is left, from A back through the sigmoid to Z, and it brings a factor ∂A/∂Z."
)
def stops_at_dL_dA(A, Y):
    return (A - Y) / (A * (1 - A))


@dZ_output.misconception(
    hint="the sigmoid's derivative is in your result, but it should have cancelled: for cross-entropy ∂L/∂A has the "
    "same expression in its denominator."
)
def derivative_not_cancelled(A, Y):
    return (A - Y) * A * (1 - A)


@dZ_output.misconception(
    hint="clipping A in ∂L/∂A spoils the product where the neuron is saturated: there ∂_Z should be about ±1 for a "
    "wrong answer; multiply the two factors on paper first and see what cancels."
)
def clipped_before_the_product(A, Y):
    P = np.clip(A, 1e-7, 1 - 1e-7)
    return (P - Y) / (P * (1 - P)) * (A * (1 - A))


@dZ_output.misconception(
    hint="the numbers are right, but your function overwrites the caller's A, which ∂L/∂W of the next layer still "
    "needs: put the result into a new array."
)
def overwrites_the_output(A, Y):
    A -= Y
    return A


@dZ_output.misconception(
    hint="dimensions of size 1 get lost: with one example or one output ∂_Z still is a matrix (N, n), or later "
    "products will broadcast it wrongly."
)
def dropped_dimension(A, Y):
    return np.squeeze(A - Y)


# ---------------------------------------------------------------------------------------------------------------------


@exercise(points=10)
def dW(dZ: Real[Tensor, "N n_l"], A_prev: Real[Tensor, "N n_prev"]) -> Real[Tensor, "n_l n_prev"]:
    """∂L/∂W of one layer, averaged over the N examples.

    Zˡ = Aˡ⁻¹ Wˡᵀ + 1 bˡᵀ, and dZ = ∂_{Zˡ} carries no 1/N. dZ is (N, n_l), A_prev = Aˡ⁻¹ is (N, n_{l-1}); the
    gradient has the shape of W, (n_l, n_{l-1}).
    """
    W = torch.zeros(dZ.shape[1], A_prev.shape[1], dtype=dZ.dtype, requires_grad=True)
    Z = A_prev @ W.T
    return torch.autograd.grad((dZ * Z).sum() / len(dZ), W)[0]


@dW.misconception(
    hint="the contributions of the N examples are added up; the loss is their mean, and this is where its 1/N belongs."
)
def mean_is_missing(dZ, A_prev):
    return dZ.T @ A_prev


@dW.misconception(
    hint="your matrix is transposed: ∂L/∂W has the shape of W, one row for each neuron of layer l and one column for "
    "each of its inputs."
)
def transposed_result(dZ, A_prev):
    return A_prev.T @ dZ / len(dZ)


@dW.misconception(
    hint="you divide by the number of neurons; the mean goes over the N examples, and these are the rows of ∂_Z."
)
def divided_by_neurons(dZ, A_prev):
    return dZ.T @ A_prev / dZ.shape[1]


@dW.misconception(hint="the 1/N is in there twice: it comes in once, with the sum over the N examples.")
def averaged_twice(dZ, A_prev):
    return dZ.T @ A_prev / len(dZ) ** 2


@dW.misconception(
    hint="∂_Z enters as it stands, but the sum over the examples needs the N in the middle of the product: write down "
    "both shapes and see which matrix is to be transposed."
)
def untransposed_dZ(dZ, A_prev):
    return dZ @ A_prev / len(dZ)


@dW.misconception(
    hint="you average ∂_Z and A over the examples first and multiply then; the mean of products is not the product of "
    "means: multiply within each example, then average."
)
def product_of_means(dZ, A_prev):
    return np.outer(dZ.mean(axis=0), A_prev.mean(axis=0))


# ---------------------------------------------------------------------------------------------------------------------


@exercise(points=8)
def db(dZ: Real[Tensor, "N n_l"]) -> Real[Tensor, "n_l 1"]:
    """∂L/∂b of one layer, averaged over the N examples: a column.

    Zˡ = Aˡ⁻¹ Wˡᵀ + 1 bˡᵀ, and dZ = ∂_{Zˡ}, (N, n_l), carries no 1/N. The gradient has the shape of b, (n_l, 1).
    """
    b = torch.zeros(dZ.shape[1], 1, dtype=dZ.dtype, requires_grad=True)
    ones = torch.ones(len(dZ), 1, dtype=dZ.dtype)
    return torch.autograd.grad((dZ * (ones @ b.T)).sum() / len(dZ), b)[0]


@db.misconception(
    hint="the rows of ∂_Z are added up; the loss is a mean over the N examples, so the 1/N is still to come."
)
def mean_of_rows_missing(dZ):
    return dZ.sum(axis=0)[:, np.newaxis]


@db.misconception(
    hint="the numbers are right, but they form a vector of shape (n_l,); b is a column (n_l, 1), and its gradient has "
    "the same shape."
)
def vector_instead_of_column(dZ):
    return dZ.mean(axis=0)


@db.misconception(
    hint="the numbers are right, but they lie in a row (1, n_l); b is a column (n_l, 1), and its gradient has the same "
    "shape."
)
def row_instead_of_column(dZ):
    return dZ.mean(axis=0, keepdims=True)


@db.misconception(
    hint="you average over the neurons and keep the examples; each neuron has one b, shared by all N examples, so the "
    "mean goes over the examples."
)
def wrong_axis(dZ):
    return dZ.mean(axis=1, keepdims=True)


@db.misconception(
    hint="you divide by the number of all entries of ∂_Z; the mean goes over the N examples only, each neuron for "
    "itself."
)
def divided_by_all_entries(dZ):
    return dZ.sum(axis=0)[:, np.newaxis] / dZ.size


# ---------------------------------------------------------------------------------------------------------------------


@exercise(points=10, builds_on=("dA_dZ",))
def dZ_hidden(
    dZ_next: Moderate[Tensor, "N n_next"], W_next: Real[Tensor, "n_next n_l"], A: Probability[Tensor, "N n_l"]
) -> Real[Tensor, "N n_l"]:
    """∂_Z of a hidden sigmoid layer, from ∂_Z of the layer after it.

    dZ_next = ∂_{Zˡ⁺¹} is (N, n_{l+1}), W_next = Wˡ⁺¹ is (n_{l+1}, n_l), A = Aˡ = σ(Zˡ) is (N, n_l);
    Zˡ⁺¹ = Aˡ Wˡ⁺¹ᵀ + 1 bˡ⁺¹ᵀ. The result has the shape of A.
    """
    Z = _leaf(torch.logit(A))
    Z_next = _sigmoid(Z) @ W_next.T
    return torch.autograd.grad((dZ_next * Z_next).sum(), Z)[0]


@dZ_hidden.misconception(
    hint="you arrive at ∂L/∂Aˡ; one step is left, back through this layer's sigmoid, and it brings its derivative as a "
    "factor."
)
def derivative_forgotten(dZ_next, W_next, A):
    return dZ_next @ W_next


@dZ_hidden.misconception(
    hint="Wˡ⁺¹ is transposed on the way forward; on the way back it is used as it stands, which is what the shapes "
    "(N, n_{l+1}) and (n_{l+1}, n_l) ask for."
)
def transposed_weights(dZ_next, W_next, A):
    return (dZ_next @ W_next.T) * A * (1 - A)


@dZ_hidden.misconception(
    hint="you apply the sigmoid to A before you differentiate, but A has been through it already: the derivative "
    "follows from A as it is."
)
def sigmoid_of_A(dZ_next, W_next, A):
    S = 1 / (1 + np.exp(-A))
    return (dZ_next @ W_next) * S * (1 - S)


@dZ_hidden.misconception(
    hint="you divide by N on the way back; ∂_Z of a hidden layer carries no 1/N either, it appears only when ∂L/∂W and "
    "∂L/∂b are formed."
)
def averaged_on_the_way(dZ_next, W_next, A):
    return (dZ_next @ W_next) * A * (1 - A) / len(A)


@dZ_hidden.misconception(
    hint="you multiply by A itself; passing back through the sigmoid needs its derivative, which is small where A is "
    "close to 0 and where A is close to 1."
)
def activation_for_derivative(dZ_next, W_next, A):
    return (dZ_next @ W_next) * A


@dZ_hidden.misconception(
    hint="this is right for a hidden layer of tanh neurons; here the layer is made of sigmoids, so multiply by the "
    "derivative of the sigmoid."
)
def hidden_slope_of_tanh(dZ_next, W_next, A):
    return (dZ_next @ W_next) * (1 - A**2)


@dZ_hidden.misconception(
    hint="the result is right, but your function overwrites the caller's Aˡ, which ∂L/∂Wˡ⁺¹ needs: put the derivative "
    "into a new array."
)
def overwrites_hidden_A(dZ_next, W_next, A):
    A *= 1 - A
    return (dZ_next @ W_next) * A


# ---------------------------------------------------------------------------------------------------------------------

_EARLIER = ("dL_dA", "dA_dZ", "dZ_output", "dW", "db", "dZ_hidden")


@exercise(points=12, builds_on=_EARLIER)
def backward(
    X: Moderate[Tensor, "N n_0"],
    Y: Target[Tensor, "N n_2"],
    W1: Moderate[Tensor, "n_1 n_0"],
    b1: Moderate[Tensor, "n_1 1"],
    W2: Moderate[Tensor, "n_2 n_1"],
    b2: Moderate[Tensor, "n_2 1"],
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """All four gradients of a network of two sigmoid layers, forward pass included.

    A¹ = σ(X W¹ᵀ + 1 b¹ᵀ), A² = σ(A¹ W²ᵀ + 1 b²ᵀ), L = bce(A², Y). X is (N, n_0), Y is (N, n_2); returns
    (∂L/∂W¹, ∂L/∂b¹, ∂L/∂W², ∂L/∂b²), each with the shape of its parameter.
    """
    leaves = [_leaf(parameter) for parameter in (W1, b1, W2, b2)]
    Z = _network(X, [(leaves[0], leaves[1]), (leaves[2], leaves[3])])
    return torch.autograd.grad(_loss(Z, Y), leaves)


@backward.misconception(
    hint="all four gradients are N times too large: the loss is a mean over the examples, and its 1/N belongs into "
    "∂L/∂W and ∂L/∂b of both layers."
)
def no_mean_at_all(X, Y, W1, b1, W2, b2):
    A1 = 1 / (1 + np.exp(-(X @ W1.T + b1.T)))
    A2 = 1 / (1 + np.exp(-(A1 @ W2.T + b2.T)))
    dZ2 = A2 - Y
    dZ1 = (dZ2 @ W2) * A1 * (1 - A1)
    return dZ1.T @ X, dZ1.sum(axis=0)[:, np.newaxis], dZ2.T @ A1, dZ2.sum(axis=0)[:, np.newaxis]


@backward.misconception(
    hint="all four gradients are N times too small: the 1/N is in there twice, perhaps in ∂_{Z²} and again in ∂L/∂W "
    "and ∂L/∂b; it comes in once."
)
def mean_taken_twice(X, Y, W1, b1, W2, b2):
    N = len(X)
    A1 = 1 / (1 + np.exp(-(X @ W1.T + b1.T)))
    A2 = 1 / (1 + np.exp(-(A1 @ W2.T + b2.T)))
    dZ2 = (A2 - Y) / N
    dZ1 = (dZ2 @ W2) * A1 * (1 - A1)
    return (
        dZ1.T @ X / N,
        dZ1.sum(axis=0)[:, np.newaxis] / N,
        dZ2.T @ A1 / N,
        dZ2.sum(axis=0)[:, np.newaxis] / N,
    )


@backward.misconception(
    hint="on the way from ∂_{Z²} to ∂_{Z¹} you go back through W¹; what connects these two layers is W²."
)
def first_weights_on_the_way_back(X, Y, W1, b1, W2, b2):
    N = len(X)
    A1 = 1 / (1 + np.exp(-(X @ W1.T + b1.T)))
    A2 = 1 / (1 + np.exp(-(A1 @ W2.T + b2.T)))
    dZ2 = A2 - Y
    dZ1 = (dZ2 @ W1) * A1 * (1 - A1)
    return (
        dZ1.T @ X / N,
        dZ1.mean(axis=0)[:, np.newaxis],
        dZ2.T @ A1 / N,
        dZ2.mean(axis=0)[:, np.newaxis],
    )


@backward.misconception(
    hint="∂L/∂W² and ∂L/∂b² are right, but the way back to ∂_{Z¹} also leads through the sigmoid of the hidden layer, "
    "whose derivative is missing."
)
def no_hidden_derivative(X, Y, W1, b1, W2, b2):
    N = len(X)
    A1 = 1 / (1 + np.exp(-(X @ W1.T + b1.T)))
    A2 = 1 / (1 + np.exp(-(A1 @ W2.T + b2.T)))
    dZ2 = A2 - Y
    dZ1 = dZ2 @ W2
    return (
        dZ1.T @ X / N,
        dZ1.mean(axis=0)[:, np.newaxis],
        dZ2.T @ A1 / N,
        dZ2.mean(axis=0)[:, np.newaxis],
    )


@backward.misconception(
    hint="you put Z¹ where the hidden layer's derivative needs A¹: that form of the derivative is written in terms of "
    "the sigmoid's output."
)
def derivative_from_Z1(X, Y, W1, b1, W2, b2):
    N = len(X)
    Z1 = X @ W1.T + b1.T
    A1 = 1 / (1 + np.exp(-Z1))
    A2 = 1 / (1 + np.exp(-(A1 @ W2.T + b2.T)))
    dZ2 = A2 - Y
    dZ1 = (dZ2 @ W2) * Z1 * (1 - Z1)
    return (
        dZ1.T @ X / N,
        dZ1.mean(axis=0)[:, np.newaxis],
        dZ2.T @ A1 / N,
        dZ2.mean(axis=0)[:, np.newaxis],
    )


@backward.misconception(
    hint="you multiply the output layer by the sigmoid's derivative once more; with cross-entropy it has cancelled "
    "against ∂L/∂A."
)
def output_derivative_twice(X, Y, W1, b1, W2, b2):
    N = len(X)
    A1 = 1 / (1 + np.exp(-(X @ W1.T + b1.T)))
    A2 = 1 / (1 + np.exp(-(A1 @ W2.T + b2.T)))
    dZ2 = (A2 - Y) * A2 * (1 - A2)
    dZ1 = (dZ2 @ W2) * A1 * (1 - A1)
    return (
        dZ1.T @ X / N,
        dZ1.mean(axis=0)[:, np.newaxis],
        dZ2.T @ A1 / N,
        dZ2.mean(axis=0)[:, np.newaxis],
    )


@backward.misconception(
    hint="the gradients of W¹ and W² are right, those of b¹ and b² have lost a dimension: b is a column (n_l, 1), and "
    "its gradient has the same shape."
)
def biases_as_vectors(X, Y, W1, b1, W2, b2):
    N = len(X)
    A1 = 1 / (1 + np.exp(-(X @ W1.T + b1.T)))
    A2 = 1 / (1 + np.exp(-(A1 @ W2.T + b2.T)))
    dZ2 = A2 - Y
    dZ1 = (dZ2 @ W2) * A1 * (1 - A1)
    return dZ1.T @ X / N, dZ1.mean(axis=0), dZ2.T @ A1 / N, dZ2.mean(axis=0)


@backward.misconception(
    hint="the gradients are right, but they come in the order in which you computed them; return those of layer 1 "
    "first, then those of layer 2."
)
def second_layer_first(X, Y, W1, b1, W2, b2):
    N = len(X)
    A1 = 1 / (1 + np.exp(-(X @ W1.T + b1.T)))
    A2 = 1 / (1 + np.exp(-(A1 @ W2.T + b2.T)))
    dZ2 = A2 - Y
    dZ1 = (dZ2 @ W2) * A1 * (1 - A1)
    return (
        dZ2.T @ A1 / N,
        dZ2.mean(axis=0)[:, np.newaxis],
        dZ1.T @ X / N,
        dZ1.mean(axis=0)[:, np.newaxis],
    )


@backward.misconception(
    hint="b is a column and the rows of Z are examples: added without being transposed, b is spread over the examples "
    "instead of over the neurons, or does not fit at all."
)
def bias_not_transposed(X, Y, W1, b1, W2, b2):
    N = len(X)
    A1 = 1 / (1 + np.exp(-(X @ W1.T + b1)))
    A2 = 1 / (1 + np.exp(-(A1 @ W2.T + b2)))
    dZ2 = A2 - Y
    dZ1 = (dZ2 @ W2) * A1 * (1 - A1)
    return (
        dZ1.T @ X / N,
        dZ1.mean(axis=0)[:, np.newaxis],
        dZ2.T @ A1 / N,
        dZ2.mean(axis=0)[:, np.newaxis],
    )


# ---------------------------------------------------------------------------------------------------------------------


def _deep(dims: Mapping[str, int], style: Style) -> SearchStrategy[dict[str, Any]]:
    """Parameters of one to four layers between the given numbers of inputs and outputs."""
    ends = {dims["n_0"], dims["n_L"]}
    largest = 3 if style is Style.SIMPLE else 5
    widths = [width for width in range(1, largest + 1) if width == 1 or width not in ends]
    hidden = st.integers(0, 3).flatmap(lambda count: st.lists(st.sampled_from(widths), min_size=count, max_size=count))
    return hidden.flatmap(lambda between: layers([dims["n_0"], *between, dims["n_L"]], style)).map(
        lambda parameters: {"parameters": parameters}
    )


@exercise(points=10, inputs=_deep, builds_on=_EARLIER)
def backward_deep(X: Moderate[Tensor, "N n_0"], Y: Target[Tensor, "N n_L"], parameters: list) -> list:
    """All gradients of a network of any number of sigmoid layers, forward pass included.

    parameters = [(W¹, b¹), …, (Wᴸ, bᴸ)], Aˡ = σ(Aˡ⁻¹ Wˡᵀ + 1 bˡᵀ), L = bce(Aᴸ, Y). X is (N, n_0), Y is (N, n_L),
    Wˡ is (n_l, n_{l-1}), bˡ is (n_l, 1); returns [(∂L/∂W¹, ∂L/∂b¹), …, (∂L/∂Wᴸ, ∂L/∂bᴸ)].
    """
    leaves = [_leaf(array) for pair in parameters for array in pair]
    Z = _network(X, list(zip(leaves[::2], leaves[1::2], strict=True)))
    gradients = torch.autograd.grad(_loss(Z, Y), leaves)
    return list(zip(gradients[::2], gradients[1::2], strict=True))


@backward_deep.misconception(
    hint="the gradients are right, but the last layer's come first, in the order of the way back; return those of "
    "layer 1 first."
)
def last_layer_first(X, Y, parameters):
    A = [X]
    for W, b in parameters:
        A.append(1 / (1 + np.exp(-(A[-1] @ W.T + b.T))))
    dZ = A[-1] - Y
    gradients = []
    for layer in range(len(parameters) - 1, -1, -1):
        gradients.append((dZ.T @ A[layer] / len(X), dZ.mean(axis=0)[:, np.newaxis]))
        if layer:
            dZ = (dZ @ parameters[layer][0]) * A[layer] * (1 - A[layer])
    return gradients


@backward_deep.misconception(
    hint="the further back a layer, the more often you divide by N: ∂_Z is handed on without 1/N, and each gradient "
    "takes the mean once."
)
def mean_in_every_layer(X, Y, parameters):
    N = len(X)
    A = [X]
    for W, b in parameters:
        A.append(1 / (1 + np.exp(-(A[-1] @ W.T + b.T))))
    dZ = A[-1] - Y
    gradients = []
    for layer in range(len(parameters) - 1, -1, -1):
        dZ = dZ / N
        gradients.insert(0, (dZ.T @ A[layer], dZ.sum(axis=0)[:, np.newaxis]))
        if layer:
            dZ = (dZ @ parameters[layer][0]) * A[layer] * (1 - A[layer])
    return gradients


@backward_deep.misconception(
    hint="all gradients are N times too large: the loss is a mean over the examples, and its 1/N belongs into ∂L/∂W "
    "and ∂L/∂b of every layer."
)
def no_mean_in_any_layer(X, Y, parameters):
    A = [X]
    for W, b in parameters:
        A.append(1 / (1 + np.exp(-(A[-1] @ W.T + b.T))))
    dZ = A[-1] - Y
    gradients = []
    for layer in range(len(parameters) - 1, -1, -1):
        gradients.insert(0, (dZ.T @ A[layer], dZ.sum(axis=0)[:, np.newaxis]))
        if layer:
            dZ = (dZ @ parameters[layer][0]) * A[layer] * (1 - A[layer])
    return gradients


@backward_deep.misconception(
    hint="only the last layer is right: each step back to a hidden layer leads through its sigmoid, whose derivative "
    "is missing."
)
def no_derivative_in_hidden_layers(X, Y, parameters):
    A = [X]
    for W, b in parameters:
        A.append(1 / (1 + np.exp(-(A[-1] @ W.T + b.T))))
    dZ = A[-1] - Y
    gradients = []
    for layer in range(len(parameters) - 1, -1, -1):
        gradients.insert(0, (dZ.T @ A[layer] / len(X), dZ.mean(axis=0)[:, np.newaxis]))
        dZ = dZ @ parameters[layer][0]
    return gradients


@backward_deep.misconception(
    hint="the numbers are right, but they come as one flat list; return one pair (∂L/∂Wˡ, ∂L/∂bˡ) for each layer, as "
    "in the parameters."
)
def flat_list(X, Y, parameters):
    A = [X]
    for W, b in parameters:
        A.append(1 / (1 + np.exp(-(A[-1] @ W.T + b.T))))
    dZ = A[-1] - Y
    gradients = []
    for layer in range(len(parameters) - 1, -1, -1):
        gradients = [dZ.T @ A[layer] / len(X), dZ.mean(axis=0)[:, np.newaxis], *gradients]
        if layer:
            dZ = (dZ @ parameters[layer][0]) * A[layer] * (1 - A[layer])
    return gradients


@backward_deep.misconception(
    hint="the gradients are right, but the caller's list of parameters is empty afterwards: walk through it without "
    "taking anything out."
)
def empties_the_parameters(X, Y, parameters):
    A = [X]
    for W, b in parameters:
        A.append(1 / (1 + np.exp(-(A[-1] @ W.T + b.T))))
    dZ = A.pop() - Y
    gradients = []
    while parameters:
        W, b = parameters.pop()
        A_prev = A.pop()
        gradients.insert(0, (dZ.T @ A_prev / len(X), dZ.mean(axis=0)[:, np.newaxis]))
        dZ = (dZ @ W) * A_prev * (1 - A_prev)
    return gradients


@backward_deep.misconception(
    hint="on the way back to layer l you use Wˡ itself; what leads from ∂_{Zˡ⁺¹} back to layer l is Wˡ⁺¹, the weights "
    "between the two."
)
def weights_of_the_wrong_layer(X, Y, parameters):
    A = [X]
    for W, b in parameters:
        A.append(1 / (1 + np.exp(-(A[-1] @ W.T + b.T))))
    dZ = A[-1] - Y
    gradients = []
    for layer in range(len(parameters) - 1, -1, -1):
        gradients.insert(0, (dZ.T @ A[layer] / len(X), dZ.mean(axis=0)[:, np.newaxis]))
        if layer:
            dZ = (dZ @ parameters[layer - 1][0]) * A[layer] * (1 - A[layer])
    return gradients


@backward_deep.misconception(
    hint="the gradients of the W are right, those of the b have lost a dimension: bˡ is a column (n_l, 1), and its "
    "gradient has the same shape."
)
def biases_without_columns(X, Y, parameters):
    A = [X]
    for W, b in parameters:
        A.append(1 / (1 + np.exp(-(A[-1] @ W.T + b.T))))
    dZ = A[-1] - Y
    gradients = []
    for layer in range(len(parameters) - 1, -1, -1):
        gradients.insert(0, (dZ.T @ A[layer] / len(X), dZ.mean(axis=0)))
        if layer:
            dZ = (dZ @ parameters[layer][0]) * A[layer] * (1 - A[layer])
    return gradients


# ---------------------------------------------------------------------------------------------------------------------


def _shares(N: int, n: int, style: Style) -> SearchStrategy[Any]:
    """Rows of positive numbers that sum to 1: outputs of a softmax."""
    weights = style.choose(simple=[1.0, 1.0, 2.0, 4.0], typical=st.integers(1, 99).map(float), edge=[1.0, 1e-3, 1e-13])
    return array((N, n), weights).map(lambda rows: rows / rows.sum(axis=1, keepdims=True))


def _one_hot(N: int, n: int) -> SearchStrategy[Any]:
    return st.lists(st.integers(0, n - 1), min_size=N, max_size=N).map(lambda labels: np.eye(n)[labels])


def _pairs(dims: Mapping[str, int], style: Style) -> SearchStrategy[dict[str, Any]]:
    """The four pairs of loss and activation, each with outputs and targets that fit it."""
    N, n = dims["N"], dims["n"]
    probability, target, real = (domain.arrays((N, n), style) for domain in (Probability, Target, Real))
    fitting = [
        ("bce", "sigmoid", probability, target),
        ("mse", "identity", real, real),
        ("mse", "sigmoid", probability, target),
        ("cross_entropy", "softmax", _shares(N, n, style), _one_hot(N, n) | _shares(N, n, style)),
    ]
    return st.one_of(
        st.fixed_dictionaries({"A": A, "Y": Y, "loss": st.just(loss), "activation": st.just(activation)})
        for loss, activation, A, Y in fitting
    )


@exercise(points=8, inputs=_pairs, parts=("loss", "activation"), builds_on=("dL_dA", "dA_dZ", "dZ_output"))
def dZ_output_for(
    A: Real[Tensor, "N n"],
    Y: Real[Tensor, "N n"],
    loss: Literal["bce", "mse", "cross_entropy"],
    activation: Literal["sigmoid", "identity", "softmax"],
) -> Real[Tensor, "N n"]:
    """∂_Z of the output layer for other pairs of loss and activation, without the 1/N.

    ("bce", "sigmoid"), ("mse", "identity"), ("mse", "sigmoid") and ("cross_entropy", "softmax"). "mse" sums (A − Y)²
    and "cross_entropy" −Y log A over the outputs; rows of A and of Y sum to 1 for softmax. A, Y and the result are
    (N, n).
    """
    Z = _leaf({"sigmoid": torch.logit, "identity": torch.clone, "softmax": torch.log}[activation](A))
    if loss == "cross_entropy":
        losses = -Y * functional.log_softmax(Z, dim=1)
    elif loss == "bce":
        losses = functional.binary_cross_entropy_with_logits(Z, Y, reduction="none")
    else:
        losses = ((Z if activation == "identity" else _sigmoid(Z)) - Y) ** 2
    return len(A) * torch.autograd.grad(losses.sum(dim=1).mean(), Z)[0]


@dZ_output_for.misconception(
    hint="the difference between A and Y fits two of the four pairs only; for the squared error, differentiate it anew "
    "and then go back through the activation."
)
def same_for_every_pair(A, Y, loss, activation):
    return A - Y


@dZ_output_for.misconception(
    hint="the squared error is half as steep in your result: differentiating a square gives a 2."
)
def square_without_two(A, Y, loss, activation):
    if loss == "mse" and activation == "sigmoid":
        return (A - Y) * A * (1 - A)
    return A - Y


@dZ_output_for.misconception(
    hint="for the squared error on a sigmoid you stop at ∂L/∂A; nothing cancels here, so the sigmoid's derivative "
    "stays as a factor."
)
def mse_stops_at_dL_dA(A, Y, loss, activation):
    return 2 * (A - Y) if loss == "mse" else A - Y


@dZ_output_for.misconception(
    hint="for the squared error you also divide by the number of outputs n; this loss adds the squares of an example's "
    "outputs up, without a mean."
)
def mean_over_outputs(A, Y, loss, activation):
    if loss == "mse" and activation == "sigmoid":
        return 2 * (A - Y) * A * (1 - A) / A.shape[1]
    if loss == "mse":
        return 2 * (A - Y) / A.shape[1]
    return A - Y


@dZ_output_for.misconception(
    hint="for softmax you count only how each output depends on its own Z; every output depends on all Z of its "
    "example, so sum over all of them."
)
def softmax_diagonal_only(A, Y, loss, activation):
    if loss == "mse" and activation == "sigmoid":
        return 2 * (A - Y) * A * (1 - A)
    if loss == "mse":
        return 2 * (A - Y)
    if loss == "cross_entropy":
        return -Y * (1 - A)
    return A - Y


@dZ_output_for.misconception(
    hint="for softmax you stop at ∂L/∂A; one step is left, back through the softmax, where each output depends on all "
    "Z of its example."
)
def cross_entropy_stops_at_dL_dA(A, Y, loss, activation):
    if loss == "mse" and activation == "sigmoid":
        return 2 * (A - Y) * A * (1 - A)
    if loss == "mse":
        return 2 * (A - Y)
    if loss == "cross_entropy":
        return -Y / A
    return A - Y


@dZ_output_for.misconception(
    hint="all four are divided by N; ∂_Z carries no 1/N, whatever the loss: it appears when ∂L/∂W and ∂L/∂b are formed."
)
def every_pair_divided_by_N(A, Y, loss, activation):
    if loss == "mse" and activation == "sigmoid":
        return 2 * (A - Y) * A * (1 - A) / len(A)
    if loss == "mse":
        return 2 * (A - Y) / len(A)
    return (A - Y) / len(A)


# ---------------------------------------------------------------------------------------------------------------------


@exercise(points=8, parts=("activation",), builds_on=("dA_dZ", "dZ_hidden"))
def dZ_hidden_for(
    dZ_next: Moderate[Tensor, "N n_next"],
    W_next: Real[Tensor, "n_next n_l"],
    Z: PreActivation[Tensor, "N n_l"],
    activation: Literal["sigmoid", "tanh", "relu", "identity"],
) -> Real[Tensor, "N n_l"]:
    """∂_Z of a hidden layer with another activation, from its pre-activation Z.

    dZ_next = ∂_{Zˡ⁺¹} is (N, n_{l+1}), W_next = Wˡ⁺¹ is (n_{l+1}, n_l), Z = Zˡ is (N, n_l), not Aˡ; activation is
    "sigmoid", "tanh", "relu" (derivative 0 at 0) or "identity". The result has the shape of Z.
    """
    function = {"sigmoid": _sigmoid, "tanh": torch.tanh, "relu": torch.relu, "identity": torch.clone}[activation]
    Z = _leaf(Z)
    Z_next = function(Z) @ W_next.T
    return torch.autograd.grad((dZ_next * Z_next).sum(), Z)[0]


@dZ_hidden_for.misconception(
    hint="only relu at exactly 0 is off: there its slope is a matter of convention, and this chapter's is 0."
)
def relu_slope_one_at_zero(dZ_next, W_next, Z, activation):
    A = 1 / (1 + np.exp(-Z))
    slopes = {
        "sigmoid": A * (1 - A),
        "tanh": 1 - np.tanh(Z) ** 2,
        "relu": (Z >= 0).astype(float),
        "identity": np.ones_like(Z),
    }
    return (dZ_next @ W_next) * slopes[activation]


@dZ_hidden_for.misconception(
    hint="the derivative of tanh that you use is written in terms of its output, but you give it Z: compute the "
    "activation first."
)
def tanh_slope_from_Z(dZ_next, W_next, Z, activation):
    A = 1 / (1 + np.exp(-Z))
    slopes = {
        "sigmoid": A * (1 - A),
        "tanh": 1 - Z**2,
        "relu": (Z > 0).astype(float),
        "identity": np.ones_like(Z),
    }
    return (dZ_next @ W_next) * slopes[activation]


@dZ_hidden_for.misconception(
    hint="the derivative of the sigmoid that you use is written in terms of its output A, but here you are given Z: "
    "compute A first."
)
def sigmoid_slope_from_Z(dZ_next, W_next, Z, activation):
    slopes = {
        "sigmoid": Z * (1 - Z),
        "tanh": 1 - np.tanh(Z) ** 2,
        "relu": (Z > 0).astype(float),
        "identity": np.ones_like(Z),
    }
    return (dZ_next @ W_next) * slopes[activation]


@dZ_hidden_for.misconception(
    hint="you take the sigmoid's derivative whatever the activation is; each activation brings its own."
)
def always_sigmoid(dZ_next, W_next, Z, activation):
    A = 1 / (1 + np.exp(-Z))
    return (dZ_next @ W_next) * A * (1 - A)


@dZ_hidden_for.misconception(
    hint="right for the identity only: you arrive at ∂L/∂Aˡ, and the derivative of the activation is still to come."
)
def always_identity(dZ_next, W_next, Z, activation):
    return dZ_next @ W_next


@dZ_hidden_for.misconception(
    hint="you multiply by the value of the activation; passing back through it needs its derivative, the slope at Z."
)
def value_instead_of_slope(dZ_next, W_next, Z, activation):
    values = {
        "sigmoid": 1 / (1 + np.exp(-Z)),
        "tanh": np.tanh(Z),
        "relu": np.maximum(Z, 0),
        "identity": Z,
    }
    return (dZ_next @ W_next) * values[activation]


@dZ_hidden_for.misconception(
    hint="relu is off for negative Z: its slope there is 0, for relu(Z) = max(0, Z) is flat on that side."
)
def relu_passes_everything(dZ_next, W_next, Z, activation):
    A = 1 / (1 + np.exp(-Z))
    slopes = {
        "sigmoid": A * (1 - A),
        "tanh": 1 - np.tanh(Z) ** 2,
        "relu": np.ones_like(Z),
        "identity": np.ones_like(Z),
    }
    return (dZ_next @ W_next) * slopes[activation]
