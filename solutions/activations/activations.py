# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Why activations, and why depth
#
# Between any two layers of weights stands a small function that is applied to each number by itself. It has no
# parameters, it takes one line, and without it the whole network would be worth a single layer. This assignment is about
# what these functions do: to the network's power, to its gradients, and to the meaning of its output.
#
# Conventions are those of the chapter: examples are rows, $A^l$ is $(N, n_l)$, $W^l$ is $(n_l, n_{l-1})$, $b^l$ is a column
# $(n_l, 1)$, and parameters come as a list $[(W^1, b^1), \dots, (W^L, b^L)]$.

# %% [markdown]
# **To check yourself** at any time, add a cell with `from autograder import check` and then `check(relu)`, or `check()` for
# all that you have defined so far: it calls your functions with a few visible cases and says what it sees, in the words
# of the feedback. In a terminal, `autograder check activations.ipynb` does the same. The notebook does not need it.

# %% locked="imports"
import numpy as np

# %% [markdown]
# ## Four functions and their slopes
#
# ![Two plots: sigmoid, tanh, relu and leaky relu on the left, and their derivatives on the right; the sigmoid's derivative is never above one quarter](figures/activations.png)
#
# | name | $f(z)$ | $f'(z)$ | range |
# |---|---|---|---|
# | sigmoid | $1/(1+e^{-z})$ | $f(1-f)$, at most $\tfrac14$ | $(0, 1)$ |
# | tanh | $(e^z - e^{-z})/(e^z + e^{-z})$ | $1 - f^2$, at most 1 | $(-1, 1)$ |
# | relu | $\max(0, z)$ | 1 if $z > 0$, else 0 | $[0, \infty)$ |
# | leaky relu | $z$ if $z > 0$, else $s z$ | 1 if $z > 0$, else $s$ | all numbers |
#
# Relu has a corner at 0 and no derivative there. In practice one picks one of the two sides; here it is the **left** one,
# so relu has slope 0 at 0 and leaky relu has slope $s$. Both are just as good for learning, but a program has to decide.
#
# The formula of tanh in the table overflows for large $z$, where it asks for $\infty/\infty$; NumPy's own `np.tanh` does not.
#
# <details><summary>Check yourself: how are tanh and the sigmoid related?</summary>
#
# $\tanh(z) = 2\sigma(2z) - 1$: the same curve, stretched to $(-1, 1)$ and twice as steep in its argument.
# </details>


# %% exercise="relu"
def relu(Z):
    """max(0, z) for each entry.  Z: an array of any shape.  Returns an array of the same shape."""
    ### BEGIN SOLUTION
    return np.maximum(Z, 0.0)
    ### END SOLUTION


# %% tests="relu"
assert np.array_equal(relu(np.array([[-2.0, 0.0, 3.0]])), [[0.0, 0.0, 3.0]]), "negative entries become 0"


# %% exercise="leaky_relu"
def leaky_relu(Z, slope=0.01):
    """z where it is positive, slope · z elsewhere.  Returns an array of the shape of Z."""
    ### BEGIN SOLUTION
    return np.where(Z > 0, Z, slope * Z)
    ### END SOLUTION


# %% tests="leaky_relu"
assert np.allclose(leaky_relu(np.array([[-2.0, 3.0]])), [[-0.02, 3.0]]), "the slope is 0.01 if none is given"
assert np.allclose(leaky_relu(np.array([[-2.0, 3.0]]), 0.5), [[-1.0, 3.0]]), "another slope"


# %% exercise="tanh"
def tanh(Z):
    """The hyperbolic tangent of each entry; right for large entries too."""
    ### BEGIN SOLUTION
    return np.tanh(Z)
    ### END SOLUTION


# %% tests="tanh"
assert np.allclose(tanh(np.array([[0.0, 1.0, -1e4]])), [[0.0, 0.761594, -1.0]], atol=1e-6), "three values"


# %% exercise="d_relu"
def d_relu(Z):
    """The derivative of relu at each entry; at 0 the left one."""
    ### BEGIN SOLUTION
    return (Z > 0).astype(float)
    ### END SOLUTION


# %% tests="d_relu"
assert np.array_equal(d_relu(np.array([[-2.0, 3.0]])), [[0.0, 1.0]]), "flat on the left, slope 1 on the right"


# %% exercise="d_leaky_relu"
def d_leaky_relu(Z, slope=0.01):
    """The derivative of leaky relu at each entry; at 0 the left one."""
    ### BEGIN SOLUTION
    return np.where(Z > 0, 1.0, slope)
    ### END SOLUTION


# %% tests="d_leaky_relu"
assert np.allclose(d_leaky_relu(np.array([[-2.0, 3.0]]), 0.5), [[0.5, 1.0]]), "two slopes"


# %% exercise="d_tanh"
def d_tanh(Z):
    """The derivative of tanh at each entry of Z."""
    ### BEGIN SOLUTION
    return 1 - np.tanh(Z) ** 2
    ### END SOLUTION


# %% tests="d_tanh"
assert np.isclose(d_tanh(np.zeros((1, 1)))[0, 0], 1.0), "steepest in the middle"
assert np.allclose(d_tanh(np.array([[2.0]])), d_tanh(np.array([[-2.0]]))), "the same on both sides"

# %% [markdown]
# ## Without them, depth is nothing
#
# Take the activations away (or, which is the same, take the identity). Two layers give
#
# $$A^2 = \big(X {W^1}^\top + \mathbf 1 {b^1}^\top\big) {W^2}^\top + \mathbf 1 {b^2}^\top
# = X \underbrace{{W^1}^\top {W^2}^\top}_{(W^2 W^1)^\top} + \mathbf 1 \underbrace{\big({b^1}^\top {W^2}^\top + {b^2}^\top\big)}_{(W^2 b^1 + b^2)^\top} .$$
#
# That is one layer, with $W = W^2 W^1$ of shape $(n_2, n_0)$ and $b = W^2 b^1 + b^2$ of shape $(n_2, 1)$. By induction the same
# holds for any number of layers: **a network of linear layers is a linear layer.** It may have a million parameters; it
# draws straight lines.
#
# <details><summary>Check yourself: three layers with sizes [10, 2, 10]. What can the one layer that equals them not be?</summary>
#
# Its matrix is $W^2 W^1$ with two columns in the middle, so its rank is at most 2. A linear network is at most a single
# layer, and with a narrow middle it is less.
# </details>


# %% exercise="collapse"
def collapse(parameters):
    """(W, b) of the one linear layer that equals the network with identity activations.

    parameters: [(W¹, b¹), …, (Wᴸ, bᴸ)].  Returns W (n_L, n_0) and b (n_L, 1).
    """
    ### BEGIN SOLUTION
    W, b = parameters[0]
    for W_next, b_next in parameters[1:]:
        W, b = W_next @ W, W_next @ b + b_next
    return W.copy(), b.copy()
    ### END SOLUTION


# %% tests="collapse"
first, second = (np.array([[1.0, 2.0]]), np.array([[3.0]])), (np.array([[2.0], [0.0]]), np.array([[1.0], [1.0]]))
W, b = collapse([first, second])
assert np.shape(W) == (2, 2), "from two inputs to two outputs"
assert np.shape(b) == (2, 1), "a bias is a column"
assert np.allclose(W @ [[1.0], [1.0]] + b, [[13.0], [1.0]]), "inputs (1, 1): first 6, then 13 and 1"

# %% [markdown]
# ## One fold is enough for XOR
#
# XOR is 1 if exactly one of two inputs is 1. No straight line in the plane has $(0, 1)$ and $(1, 0)$ on one side and
# $(0, 0)$ and $(1, 1)$ on the other: the middle of the first two and the middle of the last two are the same point,
# $(\tfrac12, \tfrac12)$, and it cannot be on both sides. So no single layer computes it, and by the last section no linear
# network does.
#
# ![The four points of XOR, not separable by a line; and the same points after two relu neurons, where a line separates them](figures/xor.png)
#
# Two relu neurons fold the plane so that it works. Both may look at the same sum $s = x_1 + x_2$, which is 0, 1, 1 or 2; the
# wanted output goes 0, 1, 0 along $s$: up and down again. One neuron can start the way up at $s = 0$, the other bend it
# down from $s = 1$ on. How much must the second one weigh?


# %% exercise="xor_parameters"
def xor_parameters():
    """Parameters [(W¹, b¹), (W², b²)] of two relu neurons and one identity output that compute XOR on {0, 1}².

    W¹ (2, 2), b¹ (2, 1), W² (1, 2), b² (1, 1).
    """
    ### BEGIN SOLUTION
    W1 = np.array([[1.0, 1.0], [1.0, 1.0]])
    b1 = np.array([[0.0], [-1.0]])
    W2 = np.array([[1.0, -2.0]])
    b2 = np.array([[0.0]])
    return [(W1, b1), (W2, b2)]
    ### END SOLUTION


# %% tests="xor_parameters"
(W1, b1), (W2, b2) = xor_parameters()
assert [np.shape(W1), np.shape(b1), np.shape(W2), np.shape(b2)] == [(2, 2), (2, 1), (1, 2), (1, 1)], "the shapes"
hidden = np.maximum(np.array([[0.0, 0.0], [1.0, 1.0]]) @ np.array(W1).T + np.array(b1).T, 0)
assert np.allclose(hidden @ np.array(W2).T + np.array(b2).T, 0), "equal inputs give 0"

# %% [markdown]
# ## Why depth: folding folds
#
# A layer of relu neurons can only make a piecewise linear function, and on a line each neuron adds one kink. But a
# second layer folds what was folded. Take the **tent map** on $[0, 1]$,
#
# $$t(x) = \min(2x,\, 2 - 2x) = 2\,\mathrm{relu}(x) - 4\,\mathrm{relu}\big(x - \tfrac12\big),$$
#
# two neurons and a sum: up with slope 2 until $\tfrac12$, then, with a change of slope of $-4$, down again. Compose it with
# itself: $t(t(x))$ goes through both slopes twice, so it has four pieces; $k$ times gives $2^k$ pieces.
#
# ![Four plots on the unit interval: one, two, four and eight teeth; pieces double with every layer](figures/sawtooth.png)
#
# With two neurons in each of $k$ layers, $2k$ neurons, we get $2^k$ pieces. A single hidden layer needs a neuron for each
# kink: $2^k - 1$ of them and one more. For $k = 20$ that is 40 neurons against a million. **Depth multiplies, width adds.**
#
# To write the composition as a network, note that the output of one tent, $2 h_1 - 4 h_2$, and the first layer of the
# next, which feeds this number to two neurons, are both linear: there is no activation in between, so they collapse
# into one matrix, as above.


# %% exercise="sawtooth"
def sawtooth(k):
    """Parameters of a network with k hidden relu layers of two neurons and an identity output: t ∘ … ∘ t, k times.

    k: an int ≥ 1.  Returns [(W¹, b¹), …], with n_0 = n_L = 1.
    """
    ### BEGIN SOLUTION
    W_in, b_in = np.array([[1.0], [1.0]]), np.array([[0.0], [-0.5]])
    W_out, b_out = np.array([[2.0, -4.0]]), np.array([[0.0]])
    between = [(W_in @ W_out, b_in) for _ in range(k - 1)]
    return [(W_in, b_in), *between, (W_out, b_out)]
    ### END SOLUTION


# %% tests="sawtooth"
def _output(parameters, x):
    for number, (W, b) in enumerate(parameters, 1):
        x = x @ np.array(W).T + np.array(b).T
        x = np.maximum(x, 0) if number < len(parameters) else x
    return x


assert len(sawtooth(3)) <= 4, "at most three hidden layers, and the output"
assert np.allclose(_output(sawtooth(1), np.array([[0.0], [0.5], [1.0]])), [[0.0], [1.0], [0.0]]), "one tent"
assert np.allclose(_output(sawtooth(2), np.array([[0.25], [0.5], [0.75]])), [[1.0], [0.0], [1.0]]), "two teeth"

# %% [markdown]
# ## The price: gradients that vanish
#
# On the way back each layer multiplies by its weights and by the slope of its activation,
#
# $$\partial_{Z^l} = \big(\partial_{Z^{l+1}} W^{l+1}\big) \odot f'(Z^l), \qquad \frac{\partial L}{\partial W^l} = \frac1N\, {\partial_{Z^l}}^\top A^{l-1} .$$
#
# For the sigmoid $f' \le \tfrac14$. Ten layers of it multiply the gradient by at most $4^{-10} \approx 10^{-6}$ (times what the
# weights do), so the first layers hardly move while the last ones learn. The slope of tanh reaches 1 in the middle, the
# slope of relu is 1 on half of the line, and there the gradient passes unharmed.
#
# ![Norm of the gradient by layer on a logarithmic scale: with the sigmoid it falls by seven orders of magnitude towards the first layer, with tanh and relu it stays](figures/vanishing.png)
#
# Measure it: the norm of $\partial L/\partial W^l$ for each layer, $\|M\|_F = \sqrt{\sum_{j,k} m_{j,k}^2}$. Hidden layers have the
# given activation; the output is a sigmoid with binary cross-entropy, summed over outputs and averaged over examples, so
# that $\partial_{Z^L} = A^L - Y$.
#
# <details><summary>Check yourself: relu has slope 0 for all negative z. Do its gradients not vanish, too?</summary>
#
# They do for a neuron that is negative for *every* example: it is dead and never learns again. Leaky relu is there for
# that. A neuron that is positive for some examples learns from those.
# </details>


# %% exercise="gradient_norms"
def gradient_norms(X, Y, parameters, activation):
    """Frobenius norms of ∂L/∂W¹, …, ∂L/∂Wᴸ, as a list of floats.

    X: (N, n_0).  Y: (N, n_L), zeros and ones.  activation: "sigmoid", "tanh" or "relu", for the hidden layers.
    """

    ### BEGIN SOLUTION
    def sigmoid(Z):
        return 0.5 * (1 + np.tanh(Z / 2))

    functions = {"sigmoid": sigmoid, "tanh": tanh, "relu": relu}
    slopes = {"sigmoid": lambda Z: sigmoid(Z) * (1 - sigmoid(Z)), "tanh": d_tanh, "relu": d_relu}
    A, Z = [X], [None]
    for l, (W, b) in enumerate(parameters, 1):
        Z.append(A[-1] @ W.T + b.T)
        A.append(functions[activation](Z[-1]) if l < len(parameters) else sigmoid(Z[-1]))
    dZ = A[-1] - Y
    norms = []
    for l in range(len(parameters), 0, -1):
        dW = dZ.T @ A[l - 1] / len(X)
        norms.insert(0, float(np.linalg.norm(dW)))
        if l > 1:
            dZ = (dZ @ parameters[l - 1][0]) * slopes[activation](Z[l - 1])
    return norms
    ### END SOLUTION


# %% tests="gradient_norms"
network = [(np.eye(2), np.zeros((2, 1))), (np.ones((1, 2)), np.zeros((1, 1)))]
norms = gradient_norms(np.array([[1.0, 0.0]]), np.array([[1.0]]), network, "relu")
assert len(norms) == 2, "one norm for each layer"
assert np.isclose(norms[1], 0.2689414), "A¹ = (1, 0), A² = σ(1) = 0.731: the output's gradient is −0.269 times A¹"
assert np.isclose(norms[0], 0.2689414), "the second neuron is at 0, where relu has slope 0"

# %% [markdown]
# ## The last activation says what the output means
#
# | task | example | output | activation | loss |
# |---|---|---|---|---|
# | binary | is this mail spam? | one probability | sigmoid | binary cross-entropy |
# | multi-label | which objects are in the picture? | a probability for each, independent | sigmoid | bce, summed |
# | multi-class | which digit is it? | probabilities that add up to 1 | softmax | cross-entropy |
# | regression | how warm will it be? | any number | identity | squared error |


# %% exercise="output_activation"
def output_activation(task):
    """ "sigmoid", "softmax" or "identity" for a task: "binary", "multi-label", "multi-class" or "regression"."""
    ### BEGIN SOLUTION
    return {"regression": "identity", "multi-class": "softmax"}.get(task, "sigmoid")
    ### END SOLUTION


# %% tests="output_activation"
assert output_activation("regression") in ("sigmoid", "softmax", "identity"), "one of the three names"

# %% [markdown]
# Softmax turns each row of numbers into a distribution:
#
# $$a_{ij} = \frac{e^{z_{ij}}}{\sum_k e^{z_{ik}}} = \frac{e^{z_{ij} - m_i}}{\sum_k e^{z_{ik} - m_i}}, \qquad m_i = \max_k z_{ik} .$$
#
# The second form is equal (numerator and denominator were multiplied by $e^{-m_i}$) and safe: the largest exponent is 0.


# %% exercise="softmax"
def softmax(Z):
    """Softmax of each row; stable for entries up to ±1e4.  Z: (N, n).  Returns (N, n), rows add up to 1."""
    ### BEGIN SOLUTION
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)
    ### END SOLUTION


# %% tests="softmax"
assert np.allclose(softmax(np.array([[0.0, np.log(3.0)]])), [[0.25, 0.75]]), "odds of one to three"
assert np.allclose(softmax(np.array([[1e4, 0.0], [2.0, 2.0]])), [[1.0, 0.0], [0.5, 0.5]]), "large entries, ties"

# %% [markdown]
# Each output depends on **all** entries of its row, so the derivative of a row is a matrix. From the quotient rule
#
# $$\frac{\partial a_j}{\partial z_k} = a_j\,(\delta_{jk} - a_k), \qquad J = \operatorname{diag}(a) - a^\top a ,$$
#
# where $a$ is a row $(1, n)$ and $\delta_{jk}$ is 1 for $j = k$ and 0 otherwise. Going backwards,
#
# $$\frac{\partial L}{\partial z_k} = \sum_j \frac{\partial L}{\partial a_j}\, a_j\,(\delta_{jk} - a_k)
# = a_k \Big( \frac{\partial L}{\partial a_k} - \sum_j a_j \frac{\partial L}{\partial a_j} \Big) .$$
#
# No matrix has to be built: from each derivative the row's mean, weighted with $a$, is taken off.
#
# <details><summary>Check yourself: what do the entries of a row of ∂L/∂Z add up to?</summary>
#
# To 0: adding the same number to all $z$ of a row changes nothing, so there is no slope in that direction.
# </details>


# %% exercise="softmax_backward"
def softmax_backward(A, dA):
    """∂L/∂Z from A = softmax(Z) and dA = ∂L/∂A.  All are (N, n)."""
    ### BEGIN SOLUTION
    return A * (dA - (A * dA).sum(axis=1, keepdims=True))
    ### END SOLUTION


# %% tests="softmax_backward"
A, dA = np.array([[0.25, 0.75]]), np.array([[1.0, 0.0]])
assert softmax_backward(A, dA).shape == (1, 2), "the shape of Z"
assert np.isclose(softmax_backward(A, dA).sum(), 0), "a row of ∂L/∂Z adds up to 0"
assert np.isclose(softmax_backward(A, dA)[0, 0], 0.1875), "0.25 · (1 − 0.25)"

# %% [markdown]
# ## In your own words
#
# A friend trains a network of twelve sigmoid layers and finds that the first layers do not change. They double the
# learning rate. What happens in the first layers and in the last ones, and what would you change instead?

# %% [markdown] written="twelve-sigmoids" points=10
# The gradient of a layer is a product of slopes, each at most 1/4, and weights, so it shrinks by orders of magnitude towards
# the first layers. Doubling the learning rate doubles all steps: the first layers still hardly move (twice almost nothing),
# while the last ones, whose gradients were fine, may now take steps that are too large and diverge. Change the activation of
# the hidden layers to relu or tanh, with weights of a fitting scale, so that gradients of all layers have a similar size.

# %% [markdown]
# ## See it
#
# Gradient norms of a network of ten layers, first layer on the left:

# %%
try:
    rng = np.random.default_rng(0)
    sizes = [8] * 10 + [1]
    deep = [(rng.normal(size=(n, m)) / np.sqrt(m), np.zeros((n, 1))) for m, n in zip(sizes, sizes[1:], strict=False)]
    inputs, targets = rng.normal(size=(20, 8)), rng.integers(0, 2, size=(20, 1)).astype(float)
    for name in ("sigmoid", "tanh", "relu"):
        print(f"{name:8}", " ".join(f"{norm:.0e}" for norm in gradient_norms(inputs, targets, deep, name)))
except NotImplementedError:
    print("This shows something once gradient_norms is done.")
