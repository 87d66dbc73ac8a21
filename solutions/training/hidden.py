"""Hidden tests of `training`: parameter updates and batch gradient descent."""

import importlib.util
from pathlib import Path

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor

from autograder.author.domains import Moderate, Real, Style, Target, layers
from autograder.author.exercise import exercise

_spec = importlib.util.spec_from_file_location("digits", Path(__file__).with_name("digits.py"))
digits = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(digits)


def networks(dims, style):
    """Parameters of one to three layers from n_0 inputs to n_L outputs."""
    hidden = st.lists(st.integers(1, 2 if style is Style.SIMPLE else 4), max_size=2)
    return hidden.flatmap(lambda sizes: layers([dims["n_0"], *sizes, dims["n_L"]], style))


rates = st.sampled_from([0.5, 0.1, 1.0, 2.0])


def mild_runs(dims, style, most):
    """Training runs whose outputs never come near to 0 or 1, where log(1 − A) would lose digits in any right program."""

    @st.composite
    def drawn(draw):
        *before, (W, b) = draw(networks(dims, style))
        return {
            "X": draw(Moderate.arrays((dims["N"], dims["n_0"]), style)),
            "Y": draw(Target.arrays((dims["N"], dims["n_L"]), style)),
            "parameters": [*before, (W / 8, b / 8)],
            "lr": draw(st.sampled_from([0.5, 0.1, 0.25, 1.0])),
            "epochs": draw(st.integers(1, most)),
        }

    def mild(run):
        parameters = run["parameters"]
        for _ in range(run["epochs"] + 1):
            A = _outputs(run["X"], parameters)
            if A.min() < 1e-3 or A.max() > 1 - 1e-3:
                return False
            parameters, _ = _step(run["X"], run["Y"], parameters, run["lr"])
        return True

    return drawn().filter(mild)


def stepping(dims, style):
    """A network, a batch and a learning rate."""
    return mild_runs(dims, style, 1).map(lambda run: {key: value for key, value in run.items() if key != "epochs"})


# ------------------------------------------------------------------------------------------------------ initialize


def architectures(dims, style):
    """Sizes of a network, and a seed; larger layers where statistics are looked at."""
    size = st.integers(1, 3) if style is Style.SIMPLE else st.integers(10, 36)
    sizes = st.lists(size, min_size=2, max_size=3 if style is Style.SIMPLE else 4)
    return st.fixed_dictionaries({"layer_sizes": sizes, "seed": st.integers(0, 1000)})


@exercise(
    points=12,
    unique=False,
    inputs=architectures,
    call="[initialize(layer_sizes, seed), initialize(layer_sizes, seed), initialize(layer_sizes, seed + 1)]",
)
def initialize(layer_sizes: list, seed: int) -> list:
    """Random W with mean 0 and standard deviation 1/√n_{l-1}, zero b; the seed decides."""

    def drawn(number):
        generator = torch.Generator().manual_seed(number)
        return [
            (
                torch.randn(after, before, dtype=torch.float64, generator=generator) / before**0.5,
                torch.zeros(after, 1, dtype=torch.float64),
            )
            for before, after in zip(layer_sizes, layer_sizes[1:], strict=False)
        ]

    return [drawn(seed), drawn(seed), drawn(seed + 1)]


def as_parameters(result, sizes):
    """Parameters as float arrays, or a sentence that says why they are none."""
    if not isinstance(result, list | tuple):
        return "the result should be a list of pairs (W, b)"
    shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
    if len(result) != len(shapes):
        return f"there should be {len(shapes)} pairs (W, b), yours are {len(result)}"
    found = []
    for number, (pair, (rows, columns)) in enumerate(zip(result, shapes, strict=True), 1):
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            return f"layer {number} should be a pair (W, b)"
        W, b = (np.asarray(value, dtype=float) for value in pair)
        if W.shape != (rows, columns):
            return f"W of layer {number} should have shape (n_l, n_(l-1)) = {(rows, columns)}, yours has {W.shape}"
        if b.shape != (rows, 1):
            return f"b of layer {number} should have shape (n_l, 1) = {(rows, 1)}, yours has {b.shape}"
        found.append((W, b))
    return found


@initialize.relation
def has_the_right_shapes(result, layer_sizes, seed):
    """shapes are (n_l, n_(l-1)) and (n_l, 1)"""
    for parameters in result:
        found = as_parameters(parameters, layer_sizes)
        if isinstance(found, str):
            return found
    return True


@initialize.relation
def biases_are_zero(result, layer_sizes, seed):
    """the biases start at 0"""
    return all(not np.asarray(b).any() for _, b in result[0]) or "the biases should start at 0"


@initialize.relation
def the_seed_decides(result, layer_sizes, seed):
    """the same seed gives the same parameters, another seed others"""
    first, again, other = ([np.asarray(W, dtype=float) for W, _ in parameters] for parameters in result)
    if not all(map(np.array_equal, first, again)):
        return "the same seed should give the same parameters, and nothing else should matter"
    if all(map(np.array_equal, first, other)):
        return "another seed should give other parameters"
    return True


@initialize.relation
def weights_have_the_right_spread(result, layer_sizes, seed):
    """weights have mean 0 and standard deviation 1/√n_(l-1)"""
    for W, _ in result[0]:
        W = np.asarray(W, dtype=float)
        if W.size < 100:
            continue
        scaled = W * np.sqrt(W.shape[1])
        if not abs(scaled.mean()) < 6 / np.sqrt(W.size):
            return f"the mean of {W.size} weights should be near 0, yours is {W.mean():.3g}"
        if not abs(scaled.std() - 1) < 6 / np.sqrt(2 * W.size):
            wanted = 1 / np.sqrt(W.shape[1])
            return f"{W.shape[1]} inputs ask for a standard deviation of {wanted:.3g}; yours is {W.std():.3g}"
    return True


def _started(layer_sizes, seed, scale=lambda before, after: before**-0.5, shift=0.0, bias=0.0, same=False):
    """Three initialisations with something wrong."""

    def drawn(number):
        rng = np.random.default_rng(number)
        return [
            (
                rng.normal(size=(after, before)) * scale(before, after) + shift,
                np.full((after, 1), bias),
            )
            for before, after in zip(layer_sizes, layer_sizes[1:], strict=False)
        ]

    return [drawn(seed), drawn(seed), drawn(seed if same else seed + 1)]


@initialize.misconception(hint="if all weights are 0, all neurons of a layer learn the same: they have to be random.")
def all_zero(layer_sizes, seed):
    return _started(layer_sizes, seed, scale=lambda before, after: 0.0)


@initialize.misconception(
    hint="divide by √n_{l-1}: with more inputs the weights must be smaller, or z becomes too large."
)
def not_scaled(layer_sizes, seed):
    return _started(layer_sizes, seed, scale=lambda before, after: 1.0)


@initialize.misconception(hint="the standard deviation is 1/√n_{l-1}; yours is the variance, 1/n_{l-1}.")
def scaled_by_n(layer_sizes, seed):
    return _started(layer_sizes, seed, scale=lambda before, after: 1 / before)


@initialize.misconception(hint="what counts is the number of inputs of a neuron, n_{l-1}, and not of neurons, n_l.")
def scaled_by_outputs(layer_sizes, seed):
    return _started(layer_sizes, seed, scale=lambda before, after: after**-0.5)


@initialize.misconception(hint="a bias needs no randomness: start all of them at 0.")
def biases_of_one(layer_sizes, seed):
    return _started(layer_sizes, seed, bias=1.0)


@initialize.misconception(hint="the argument `seed` is not used: another seed must give other parameters.")
def seed_not_used(layer_sizes, seed):
    return _started(layer_sizes, 0, same=True)


# ---------------------------------------------------------------------------------------------------------- update


def updates(dims, style):
    """A network, gradients of the same shapes, and a learning rate."""
    most = 2 if style is Style.SIMPLE else 4
    sizes = st.lists(st.integers(1, most), min_size=2, max_size=4)
    return sizes.flatmap(
        lambda drawn: st.fixed_dictionaries(
            {"parameters": layers(drawn, style), "gradients": layers(drawn, style), "lr": rates}
        )
    )


@exercise(points=10, inputs=updates)
def update(parameters: list, gradients: list, lr: float) -> list:
    """W := W − η ∂L/∂W and b := b − η ∂L/∂b, in new arrays."""
    found = []
    for pair, slopes in zip(parameters, gradients, strict=True):
        leaves = [value.clone().requires_grad_() for value in pair]
        for leaf, slope in zip(leaves, slopes, strict=True):
            leaf.grad = slope.clone()
        torch.optim.SGD(leaves, lr=lr).step()
        found.append(tuple(leaves))
    return found


@update.misconception(hint="the step goes against the gradient: minus, not plus, or the loss grows.")
def uphill(parameters, gradients, lr):
    return [(W + lr * dW, b + lr * db) for (W, b), (dW, db) in zip(parameters, gradients, strict=True)]


@update.misconception(hint="the learning rate is missing.")
def without_learning_rate(parameters, gradients, lr):
    return [(W - dW, b - db) for (W, b), (dW, db) in zip(parameters, gradients, strict=True)]


@update.misconception(hint="the biases have gradients too, and move with them.")
def biases_stay(parameters, gradients, lr):
    return [(W - lr * dW, b.copy()) for (W, b), (dW, db) in zip(parameters, gradients, strict=True)]


@update.misconception(hint="`W -= …` changes the array that you were given: make a new one.")
def updated_in_place(parameters, gradients, lr):
    for (W, b), (dW, db) in zip(parameters, gradients, strict=True):
        W -= lr * dW
        b -= lr * db
    return parameters


@update.misconception(hint="the new parameter is the old one minus the step; yours is the step alone.")
def step_alone(parameters, gradients, lr):
    return [(-lr * dW, -lr * db) for (W, b), (dW, db) in zip(parameters, gradients, strict=True)]


# ------------------------------------------------------------------------------------------------------------ step


def _torch_loss(X, Y, leaves):
    A = X
    for W, b in leaves[:-1]:
        A = torch.sigmoid(torch.nn.functional.linear(A, W, b.squeeze(1)))
    W, b = leaves[-1]
    Z = torch.nn.functional.linear(A, W, b.squeeze(1))
    return torch.nn.functional.binary_cross_entropy_with_logits(Z, Y, reduction="sum") / len(X)


def _torch_step(X, Y, parameters, lr):
    leaves = [tuple(value.clone().requires_grad_() for value in pair) for pair in parameters]
    loss = _torch_loss(X, Y, leaves)
    loss.backward()
    with torch.no_grad():
        return [tuple(value - lr * value.grad for value in pair) for pair in leaves], loss.detach()


@exercise(points=18, inputs=stepping, builds_on=("update",))
def step(X: Moderate[Tensor, "N n_0"], Y: Target[Tensor, "N n_L"], parameters: list, lr: float) -> tuple:
    """One step of batch gradient descent: (new parameters, loss before the step)."""
    return _torch_step(X, Y, parameters, lr)


def _step(X, Y, parameters, lr, *, mean=True, fresh=False, later_loss=False, entries=False, only_last=False, back=1):
    """A step with something wrong; `fresh` lets later layers' new weights into the earlier layers' gradients."""

    def forward(given):
        A = [X]
        for W, b in given:
            A.append(0.5 * (1 + np.tanh((A[-1] @ W.T + b.T) / 2)))
        return A

    def loss_of(A):
        terms = -(Y * np.log(A) + (1 - Y) * np.log(1 - A))
        return terms.mean() if entries else terms.sum(axis=1).mean()

    A = forward(parameters)
    loss, dZ, new = loss_of(A[-1]), A[-1] - Y, list(parameters)
    N = len(X) if mean else 1
    for index in range(len(parameters) - 1, -1, -1):
        W, b = parameters[index]
        if not only_last or index == len(parameters) - 1:
            change = (dZ.T @ A[index] / N, dZ.sum(axis=0)[:, None] / N)
            new[index] = (W - back * lr * change[0], b - back * lr * change[1])
        if index:
            dZ = dZ @ (new[index][0] if fresh else W) * A[index] * (1 - A[index])
    return new, float(loss_of(forward(new)[-1]) if later_loss else loss)


@step.misconception(
    hint="every gradient is to be taken with the old parameters; you used weights that were just updated."
)
def already_updated_weights(X, Y, parameters, lr):
    return _step(X, Y, parameters, lr, fresh=True)


@step.misconception(hint="the loss is to be reported as it was before the step.")
def loss_after_the_step(X, Y, parameters, lr):
    return _step(X, Y, parameters, lr, later_loss=True)


@step.misconception(hint="the 1/N of the mean over the examples is missing in the gradients.")
def step_without_mean(X, Y, parameters, lr):
    return _step(X, Y, parameters, lr, mean=False)


@step.misconception(
    hint="the loss is the mean over the examples of the sum over the outputs, not the mean of all entries."
)
def loss_over_all_entries(X, Y, parameters, lr):
    return _step(X, Y, parameters, lr, entries=True)


@step.misconception(hint="all layers learn, not only the last one.")
def only_the_last_layer_learns(X, Y, parameters, lr):
    return _step(X, Y, parameters, lr, only_last=True)


@step.misconception(hint="the step goes against the gradient; yours climbs.")
def step_uphill(X, Y, parameters, lr):
    return _step(X, Y, parameters, lr, back=-1)


# ----------------------------------------------------------------------------------------------------------- train


def runs(dims, style):
    """The same with a few epochs."""
    return mild_runs(dims, style, 2 if style is Style.SIMPLE else 5)


@exercise(points=14, inputs=runs, builds_on=("update", "step"))
def train(X: Moderate[Tensor, "N n_0"], Y: Target[Tensor, "N n_L"], parameters: list, lr: float, epochs: int) -> tuple:
    """`epochs` steps of batch gradient descent: (parameters, list of the loss before each step)."""
    losses = []
    for _ in range(epochs):
        parameters, loss = _torch_step(X, Y, parameters, lr)
        losses.append(loss)
    return parameters, losses


def _train(X, Y, parameters, lr, epochs, **wrong):
    losses = []
    for _ in range(epochs):
        parameters, loss = _step(X, Y, parameters, lr, **wrong)
        losses.append(loss)
    return parameters, losses


@train.misconception(hint="each step has to go on from the parameters of the step before; yours starts over each time.")
def starts_over_each_epoch(X, Y, parameters, lr, epochs):
    results = [_step(X, Y, parameters, lr) for _ in range(epochs)]
    return results[-1][0], [loss for _, loss in results]


@train.misconception(hint="there is one step too many.")
def one_epoch_too_many(X, Y, parameters, lr, epochs):
    return _train(X, Y, parameters, lr, epochs + 1)


@train.misconception(hint="the losses of all epochs are wanted, in a list; yours is only the last one.")
def last_loss_only(X, Y, parameters, lr, epochs):
    new, losses = _train(X, Y, parameters, lr, epochs)
    return new, losses[-1]


@train.misconception(hint="the parameters that come back are those from the beginning: what was learned is lost.")
def nothing_learned(X, Y, parameters, lr, epochs):
    return parameters, _train(X, Y, parameters, lr, epochs)[1]


@train.misconception(hint="the first loss is the one before any step; yours are those after each step.")
def losses_after_the_steps(X, Y, parameters, lr, epochs):
    return _train(X, Y, parameters, lr, epochs, later_loss=True)


# --------------------------------------------------------------------------------------------------------- predict


def decisions(dims, style):
    """Networks whose outputs are clearly on one side of 0.5, or exactly 0.5."""

    @st.composite
    def drawn(draw):
        sizes = {**dims, "n_L": draw(st.integers(1, 3))}
        X = draw(Moderate.arrays((dims["N"], dims["n_0"]), style))
        if draw(st.integers(0, 2)) == 0:
            return {"X": X, "parameters": [(np.zeros((sizes["n_L"], dims["n_0"])), np.zeros((sizes["n_L"], 1)))]}
        return {"X": X, "parameters": draw(networks(sizes, style).filter(lambda parameters: _clear(X, parameters)))}

    return drawn()


def _clear(X, parameters):
    """Whether no output is so near to 0.5 that rounding would decide, save those of parameters that are all 0."""
    return not parameters[-1][0].any() or bool((np.abs(_outputs(X, parameters) - 0.5) > 1e-9).all())


@exercise(points=12, inputs=decisions)
def predict(X: Moderate[Tensor, "N n_0"], parameters: list) -> list:
    """0/1 decisions at threshold 0.5, where 0.5 counts as 1, as int64."""
    A = X
    for W, b in parameters:
        A = torch.sigmoid(torch.nn.functional.linear(A, W, b.squeeze(1)))
    return (A >= 0.5).long()


@predict.relation
def decisions_are_integers(result, X, parameters):
    """decisions are of dtype int64"""
    kind = np.asarray(result).dtype
    return kind == np.int64 or f"decisions should be of dtype int64, yours are {kind}"


def _outputs(X, parameters):
    for W, b in parameters:
        X = 0.5 * (1 + np.tanh((X @ W.T + b.T) / 2))
    return X


@predict.misconception(hint="these are the probabilities; a decision is 0 or 1.")
def probabilities(X, parameters):
    return _outputs(X, parameters)


@predict.misconception(hint="exactly 0.5 counts as 1.")
def half_counts_as_zero(X, parameters):
    return (_outputs(X, parameters) > 0.5).astype(np.int64)


@predict.misconception(hint="the decisions are right, but not whole numbers: make them int64.")
def decisions_of_another_dtype(X, parameters):
    return _outputs(X, parameters) >= 0.5


@predict.misconception(hint="each output decides for itself; argmax is for classes that exclude each other.")
def decided_by_argmax(X, parameters):
    return _outputs(X, parameters).argmax(axis=1)


# ------------------------------------------------------------------------------------------- one_hot and accuracy


def labelled(dims, style):
    """Labels of 1 to 12 examples among n classes."""
    size = st.integers(1, 3 if style is Style.SIMPLE else 12)
    return st.tuples(st.integers(1, 4 if style is Style.SIMPLE else 10), size).flatmap(
        lambda pair: st.lists(st.integers(0, pair[0] - 1), min_size=pair[1], max_size=pair[1]).map(
            lambda found: {"labels": np.array(found, dtype=np.int64), "n": pair[0]}
        )
    )


@exercise(points=8, inputs=labelled)
def one_hot(labels: list, n: int) -> list:
    """Labels as rows with a single 1. labels is (N,), ints in 0 … n−1; the result is (N, n)."""
    return torch.nn.functional.one_hot(labels, n).double()


@one_hot.misconception(hint="there is one row for each example, (N, n); yours is transposed.")
def one_hot_columns(labels, n):
    return np.eye(n)[labels].T


@one_hot.misconception(hint="labels start at 0: label 0 belongs to the first column.")
def counted_from_one(labels, n):
    result = np.zeros((len(labels), n + 1))
    result[np.arange(len(labels)), labels + 1] = 1
    return result[:, :n]


@one_hot.misconception(hint="the number of columns is n, also if the largest class does not occur among the labels.")
def width_from_the_labels(labels, n):
    return np.eye(labels.max() + 1)[labels]


@one_hot.misconception(hint="one entry in each row is 1, and the label says where; it is not itself the entry.")
def label_as_value(labels, n):
    return np.eye(n)[labels] * labels[:, None]


@one_hot.misconception(hint="`A[:, labels] = 1` sets whole columns: pair each row with its own label.")
def whole_columns(labels, n):
    result = np.zeros((len(labels), n))
    result[:, labels] = 1
    return result


def scored(dims, style):
    """Outputs without ties, and labels, some of which are the largest entry."""

    @st.composite
    def drawn(draw):
        N, n = draw(st.integers(1, 3 if style is Style.SIMPLE else 10)), draw(st.integers(2, 5))
        rows = [draw(st.permutations(range(1, n + 1))) for _ in range(N)]
        A = np.array(rows, dtype=float) / (n + 1)
        labels = [draw(st.sampled_from([int(np.argmax(row)), draw(st.integers(0, n - 1))])) for row in rows]
        return {"A": A, "labels": np.array(labels, dtype=np.int64)}

    return drawn()


@exercise(points=8, inputs=scored)
def accuracy(A: list, labels: list) -> Real[Tensor, ""]:
    """Fraction of rows of A whose largest entry is at their label. A is (N, n), labels (N,)."""
    return (torch.topk(A, 1, dim=1).indices.squeeze(1) == labels).double().mean()


@accuracy.misconception(hint="this is the number of right rows; a fraction is between 0 and 1.")
def counted_not_divided(A, labels):
    return float((A.argmax(axis=1) == labels).sum())


@accuracy.misconception(hint="the largest entry of each row is wanted: argmax along axis 1.")
def argmax_by_columns(A, labels):
    return float(np.mean([column == label for column, label in zip(A.argmax(axis=0), labels)]))


@accuracy.misconception(hint="this is the fraction of errors; accuracy is the rest.")
def fraction_of_errors(A, labels):
    return float((A.argmax(axis=1) != labels).mean())


@accuracy.misconception(
    hint="an output above 0.5 at the label is not asked for: it only has to be the largest of its row."
)
def threshold_for_largest(A, labels):
    return float((A[np.arange(len(A)), labels] >= 0.5).mean())


@accuracy.misconception(hint="whether all rows are right is not the question: what fraction of them is?")
def all_or_nothing(A, labels):
    return float((A.argmax(axis=1) == labels).all())


# ---------------------------------------------------------------------------------------------------- train_digits


def real_digits(dims, style):
    """1300 real digits to learn from; 497 others are held back for the judgement."""
    (X, labels), _ = digits.split()
    return st.just({"X": X, "labels": labels, "seed": 0})


@exercise(
    points=18, unique=False, minimum=1, seconds=20, inputs=real_digits, builds_on=("initialize", "one_hot", "train")
)
def train_digits(X: list, labels: list, seed: int) -> list:
    """Parameters of a two-layer network that reads handwritten digits, also those that it has not seen."""
    torch.manual_seed(seed)
    sizes, Y = [64, 32, 10], torch.nn.functional.one_hot(labels, 10).double()
    pairs = [
        (torch.randn(after, before, dtype=torch.float64) / before**0.5, torch.zeros(after, 1, dtype=torch.float64))
        for before, after in zip(sizes, sizes[1:], strict=False)
    ]
    leaves = [tuple(value.requires_grad_() for value in pair) for pair in pairs]
    optimizer = torch.optim.Adam([value for pair in leaves for value in pair], lr=0.02)
    for _ in range(200):
        optimizer.zero_grad()
        _torch_loss(X, Y, leaves).backward()
        optimizer.step()
    return [tuple(value.detach() for value in pair) for pair in leaves]


@train_digits.relation
def reads_unseen_digits(result, X, labels, seed):
    """at least 0.90 of the digits that it has not seen are read rightly"""
    if not isinstance(result, list | tuple) or len(result) != 2:
        return "a two-layer network has two pairs (W, b)"
    hidden = np.asarray(result[0][0], dtype=float).shape[0]
    found = as_parameters(result, [64, hidden, 10])
    if isinstance(found, str):
        return found
    _, (held, answers) = digits.split()
    with np.errstate(all="ignore"):
        outputs = _outputs(held, found)
    reached = float((outputs.argmax(axis=1) == answers).mean()) if np.isfinite(outputs).all() else 0.0
    return reached >= 0.90 or f"of the digits that it has not seen, it reads {reached:.3f} rightly; 0.90 is asked for"


def _quick(X, labels, epochs=120, lr=2.0, sizes=(64, 24, 10), seed=0):
    rng = np.random.default_rng(seed)
    parameters = [(rng.normal(size=(b, a)) / a**0.5, np.zeros((b, 1))) for a, b in zip(sizes, sizes[1:], strict=False)]
    return _train(X, np.eye(10)[labels], parameters, lr, epochs)[0]


@train_digits.misconception(hint="the network has not learned anything yet: a few steps are not enough.")
def stopped_too_early(X, labels, seed):
    return _quick(X, labels, epochs=3)


@train_digits.misconception(hint="the classes are shifted: label 0 belongs to the first output.")
def shifted_classes(X, labels, seed):
    return _quick(X, (labels + 1) % 10)


@train_digits.misconception(
    hint="all weights start at 0, so all hidden neurons stay the same: initialize them at random."
)
def started_at_zero(X, labels, seed):
    parameters = [(np.zeros((24, 64)), np.zeros((24, 1))), (np.zeros((10, 24)), np.zeros((10, 1)))]
    return _train(X, np.eye(10)[labels], parameters, 2.0, 60)[0]


@train_digits.misconception(hint="the learning rate is so small that nothing happens.")
def learning_rate_too_small(X, labels, seed):
    return _quick(X, labels, epochs=60, lr=1e-3)


@train_digits.misconception(hint="a single layer is not what is asked for: put a hidden one in between.")
def without_a_hidden_layer(X, labels, seed):
    return _quick(X, labels, epochs=60, sizes=(64, 10))
