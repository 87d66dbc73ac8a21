# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Backpropagation by hand
#
# A network learns by small steps downhill, and for a step it needs to know, for each of its parameters, whether the
# loss goes up or down with it, and how steeply. Here you compute these slopes yourself: on paper first, then in NumPy,
# for a whole batch of examples at once. Nothing is differentiated by a library.
#
# One quantity makes this short. For each layer we compute
#
# $$\partial_{Z^l},$$
#
# how the loss changes with that layer's *pre-activations*. Once it is known, the gradients of this layer's weights and
# biases are one line each, and so is the way to the layer before. Everything below is about finding $\partial_Z$ at the
# output, handing it back from layer to layer, and reading the gradients off it.

# %% [markdown]
# ![The compute graph of a two-layer network: X, Z1, A1, Z2, A2 and the loss in a row; values run to the right, derivatives back to the left](figures/compute_graph.png)
#
# ## Notation
#
# A single number gets all its indices: $z_j^{[l](i)}$ is the pre-activation of neuron $j$ in layer $l$ for example $i$.
# A matrix collects the examples as rows and the neurons as columns, and then the layer is all that is left to write:
#
# | symbol | shape | meaning |
# |---|---|---|
# | $X = A^0$ | $(N, n_0)$ | the inputs, one example in each row |
# | $Z^l$ | $(N, n_l)$ | pre-activations of layer $l$ |
# | $A^l = \sigma(Z^l)$ | $(N, n_l)$ | activations of layer $l$ |
# | $W^l$ | $(n_l, n_{l-1})$ | weights: one row for each neuron, one column for each of its inputs |
# | $b^l$ | $(n_l, 1)$ | biases, a **column** |
# | $Y$ | $(N, n_L)$ | targets |
# | $\mathbf 1$ | $(N, 1)$ | a column of ones |
#
# The forward pass of one layer is
#
# $$Z^l = A^{l-1}\, {W^l}^\top + \mathbf 1\, {b^l}^\top, \qquad A^l = \sigma(Z^l),$$
#
# or for one neuron and one example,
# $z_j^{[l](i)} = \sum_k w_{j,k}^{[l]}\, a_k^{[l-1](i)} + b_j^{[l]}$. We write $\odot$ for the product entry by entry.
#
# Two rules save most of the debugging:
#
# 1. **A gradient has the shape of what it belongs to**: $\partial L/\partial W^l$ that of $W^l$,
#    $\partial_{Z^l}$ that of $Z^l$.
# 2. **No function changes its arguments.** The way back needs what the way forward left behind; whoever overwrites it
#    computes something else from then on.

# %% [markdown]
# **To check yourself** at any time, add a cell with `from autograder import check` and then `check(dW)`, or `check()` for
# all that you have defined so far: it calls your functions with a few visible cases and says what it sees, in the words
# of the feedback. In a terminal, `autograder check backprop.ipynb` does the same. The notebook does not need it.

# %% locked="imports"
import numpy as np

# %% [markdown]
# You wrote the sigmoid in the last assignment. Here is one that never overflows; use it where you need it.


# %% locked="sigmoid"
def sigmoid(Z):
    """The sigmoid of each entry of Z, for any finite Z."""
    return np.exp(-np.logaddexp(0.0, -Z))


# %% [markdown]
# ## The loss
#
# The output neuron $j$ says $a_j$, "the probability that the answer is 1", and the target $y_j$ is 0 or 1.
# The probability that it gave to what really came is $a_j$ if $y_j = 1$ and $1 - a_j$ if $y_j = 0$; binary
# cross-entropy is minus the logarithm of that. Both cases fit into one line,
#
# $$\ell_j^{(i)} = -\Big[\, y_j^{(i)} \log a_j^{(i)} + \big(1 - y_j^{(i)}\big) \log\big(1 - a_j^{(i)}\big) \Big],$$
#
# because one of the two terms is always multiplied by 0. An example's loss is the **sum** over its outputs, the loss of
# the batch is the **mean** over its examples:
#
# $$L = \frac 1N \sum_{i=1}^{N} \sum_{j=1}^{n} \ell_j^{(i)} .$$
#
# Take two examples and two outputs, which will stay with us to the end:
#
# $$A = \begin{pmatrix} 0.8 & 0.4 \\ 0.5 & 0.7 \end{pmatrix}, \qquad
#   Y = \begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}.$$
#
# The first example costs $-\log 0.8 - \log 0.6 \approx 0.223 + 0.511 = 0.734$, the second
# $-\log 0.5 - \log 0.7 \approx 0.693 + 0.357 = 1.050$, and $L \approx (0.734 + 1.050)/2 = 0.892$.
#
# A sigmoid output lies strictly between 0 and 1, so its logarithm exists. A neuron that says $10^{-20}$ where 1 is
# right is *meant* to pay 46 for it. Neither clip $A$ nor add a small number to it: that would change the loss that you
# are about to differentiate.


# %% exercise="bce"
def bce(A, Y):
    """Binary cross-entropy of sigmoid outputs A against targets Y.

    A: (N, n), strictly between 0 and 1.  Y: (N, n), zeros and ones.
    Returns one number: the mean over the N examples of the sum over the n outputs.
    """
    ### BEGIN SOLUTION
    losses = -(Y * np.log(A) + (1 - Y) * np.log1p(-A))
    return float(losses.sum(axis=1).mean())
    ### END SOLUTION


# %% tests="bce"
A = np.array([[0.8, 0.4], [0.5, 0.7]])
Y = np.array([[1.0, 0.0], [0.0, 1.0]])
assert np.ndim(bce(A, Y)) == 0, "the loss of a batch is one number"
assert np.isclose(bce(A, Y), 0.8919, atol=1e-4), "the example of the text: 0.892"
assert np.isclose(bce(A[:1], Y[:1]), 0.7340, atol=1e-4), "a batch of the first example alone: 0.734"
assert np.isclose(bce(np.array([[1e-20]]), np.array([[1.0]])), 46.0517), "a confident mistake costs its full price"

# %% [markdown]
# ## What $\partial_Z$ means, and where the $1/N$ is
#
# The loss is a mean of the examples' losses, and an example's pre-activations only matter for that example.
# So we differentiate each example's *own* loss and call the result
#
# $$\partial_{Z^l}, \qquad
#   \big(\partial_{Z^l}\big)_{ij} = \frac{\partial \ell^{(i)}}{\partial z_j^{[l](i)}}, \qquad
#   \ell^{(i)} = \sum_{j} \ell_j^{(i)} ,$$
#
# a matrix of shape $(N, n_l)$ **without** a factor $1/N$. The mean comes in where the examples meet: they share the
# weights and biases, so there their contributions are added up and divided by $N$. That happens once for each gradient
# $\partial L/\partial W$ and $\partial L/\partial b$, and nowhere else. For short we also write
# $\partial L/\partial A$ for the derivative of each example's own loss.
#
# <details><summary>Check yourself: the batch is given twice, [X; X] with [Y; Y]. What happens to ∂_Z, what to
# ∂L/∂W?</summary>
#
# $\partial_Z$ gets twice as many rows, each as before. $\partial L/\partial W$ stays the same: twice as many
# contributions, divided by $2N$.
# </details>

# %% [markdown]
# ## The output layer, step one: from the loss to $A$
#
# Leave out the indices; each entry is on its own. From $\ell = -[\,y \log a + (1-y)\log(1-a)\,]$,
#
# $$\frac{\partial \ell}{\partial a} = -\frac{y}{a} + \frac{1-y}{1-a} .$$
#
# The plus comes from the inner derivative of $\log(1-a)$, which is $-1$. If $y = 1$, only $-1/a$ is left: a larger $a$
# makes the loss smaller. If $y = 0$, only $1/(1-a)$ is left: a larger $a$ makes it larger. In the example,
#
# $$\frac{\partial L}{\partial A} \approx \begin{pmatrix} -1.25 & 1.667 \\ 2 & -1.429 \end{pmatrix}.$$
#
# No slope is ever less than 1 in size, and for a confident mistake it is huge. This is as it should be.


# %% exercise="dL_dA"
def dL_dA(A, Y):
    """Derivative of each entry's loss with respect to its activation, without the 1/N.

    A: (N, n), strictly between 0 and 1.  Y: (N, n), zeros and ones.  Returns (N, n).
    """
    ### BEGIN SOLUTION
    return (1 - Y) / (1 - A) - Y / A
    ### END SOLUTION


# %% tests="dL_dA"
A = np.array([[0.8, 0.4], [0.5, 0.7]])
Y = np.array([[1.0, 0.0], [0.0, 1.0]])
assert dL_dA(A, Y).shape == (2, 2), "one slope for each entry of A"
assert np.allclose(dL_dA(A, Y), [[-1.25, 1.66667], [2.0, -1.42857]], atol=1e-5), "the example of the text"
assert np.allclose(dL_dA(np.array([[1e-20]]), np.array([[1.0]])), -1e20), "steep, but not too steep for a float64"

# %% [markdown]
# ## Step two: from $A$ to $Z$
#
# The sigmoid is $\sigma(z) = \dfrac{1}{1 + e^{-z}}$. Its derivative, by the chain rule, is
#
# $$\sigma'(z) = \frac{e^{-z}}{(1 + e^{-z})^2} = \frac{1}{1 + e^{-z}} \cdot \frac{e^{-z}}{1 + e^{-z}} .$$
#
# The first factor is $a$ itself, and the second is what is missing from $a$ to 1. So the slope follows from the
# *output*,
#
# $$\frac{\partial a}{\partial z} = a\,(1 - a),$$
#
# and we need neither $z$ nor another exponential: the forward pass has kept $A$. The slope is largest at $a = 0.5$,
# where it is 0.25, and nearly 0 where the neuron is saturated.
#
# <details><summary>Check yourself: what do you compute if you call sigmoid(A) here?</summary>
#
# The slope at $z = a$, some number between 0.196 and 0.25 whatever the neuron did: it has been through the sigmoid
# already.
# </details>


# %% exercise="dA_dZ"
def dA_dZ(A):
    """Derivative of the sigmoid, computed from its output A = σ(Z).

    A: (N, n), strictly between 0 and 1.  Returns a new array of the same shape.
    """
    ### BEGIN SOLUTION
    return A * (1 - A)
    ### END SOLUTION


# %% tests="dA_dZ"
A = np.array([[0.8, 0.4], [0.5, 0.7]])
slopes = dA_dZ(A)
assert slopes.shape == (2, 2), "one slope for each entry of A"
assert np.isclose(slopes[1, 0], 0.25), "the sigmoid is steepest at A = 0.5, with slope 0.25"
assert np.isclose(slopes[0, 0], 0.16), "at A = 0.8 the slope is 0.16"
assert A[0, 0] == 0.8, "A itself must stay as it was"

# %% [markdown]
# ## Step three: multiply, and watch it cancel
#
# By the chain rule, entry by entry,
#
# $$\partial_{Z^L} = \frac{\partial L}{\partial A^L} \odot \frac{\partial A^L}{\partial Z^L} .$$
#
# Bring $\partial\ell/\partial a$ to a common denominator first:
#
# $$-\frac ya + \frac{1-y}{1-a} = \frac{-y(1-a) + (1-y)a}{a(1-a)} = \frac{a - y}{a(1-a)} .$$
#
# The denominator is the very slope that we multiply by. What is left for the network of two layers is
#
# $$\boxed{\ \partial_{Z^2} = A^2 - Y\ } \qquad \text{of shape } (N, n_2).$$
#
# The error signal is just "what I said minus what was right". That is no accident: cross-entropy is the loss that fits
# the sigmoid. A neuron that is saturated on the wrong side has almost no slope, but the loss is so steep there that the
# product is close to $\pm 1$, and the neuron can still learn.
#
# The example becomes
#
# $$\partial_{Z^2} = \begin{pmatrix} -0.2 & 0.4 \\ 0.5 & -0.3 \end{pmatrix},$$
#
# and indeed $-1.25 \cdot 0.16 = -0.2$. Computing the two factors and multiplying them gives the same on paper; on a
# computer the product of something huge and something tiny is less exact, so use the short form.


# %% exercise="dZ_output"
def dZ_output(A, Y):
    """∂_Z of the output layer, for sigmoid outputs and binary cross-entropy.

    A: (N, n), the outputs.  Y: (N, n), zeros and ones.  Returns (N, n), without the 1/N.
    """
    ### BEGIN SOLUTION
    return A - Y
    ### END SOLUTION


# %% tests="dZ_output"
A = np.array([[0.8, 0.4], [0.5, 0.7]])
Y = np.array([[1.0, 0.0], [0.0, 1.0]])
assert dZ_output(A[:1, :1], Y[:1, :1]).shape == (1, 1), "∂_Z of one example and one output is a matrix, too"
assert np.allclose(dZ_output(A, Y), [[-0.2, 0.4], [0.5, -0.3]]), "the example of the text"
assert A[0, 0] == 0.8, "A itself must stay as it was"

# %% [markdown]
# ## Reading off the gradients
#
# How does a single weight enter? $w_{j,k}$ multiplies the input $a_k^{[l-1](i)}$ into $z_j^{[l](i)}$, for *each* of
# the examples. So its derivative collects a contribution from each of them, and the mean of the loss becomes the mean
# of the contributions:
#
# $$\frac{\partial L}{\partial w_{j,k}^{[l]}}
#   = \frac 1N \sum_{i=1}^N \big(\partial_{Z^l}\big)_{ij}\; a_k^{[l-1](i)} .$$
#
# The sum runs over the row index of both matrices, so the first has to be turned around to make it a matrix product:
#
# $$\frac{\partial L}{\partial W^l} = \frac 1N\, \partial_{Z^l}^{\;\top}\, A^{l-1},
#   \qquad (n_l, N) \cdot (N, n_{l-1}) \to (n_l, n_{l-1}),$$
#
# which is the shape of $W^l$. The bias enters $z_j^{[l](i)}$ with a factor 1, the same for all examples:
#
# $$\frac{\partial L}{\partial b^l} = \frac 1N\, \partial_{Z^l}^{\;\top}\, \mathbf 1,
#   \qquad (n_l, N) \cdot (N, 1) \to (n_l, 1),$$
#
# the mean of each column of $\partial_{Z^l}$, stood up as a column. If the hidden layer of our example gave
#
# $$A^1 = \begin{pmatrix} 0.5 & 0.2 & 0.9 \\ 0.5 & 0.8 & 0.4 \end{pmatrix},$$
#
# then $\partial L/\partial w_{1,1}^{[2]} = \frac12 (-0.2 \cdot 0.5 + 0.5 \cdot 0.5) = 0.075$ and
# $\partial L/\partial b_1^{[2]} = \frac12 (-0.2 + 0.5) = 0.15$.
#
# Why insist on a column? NumPy adds a vector of shape $(n,)$ to a column $(n, 1)$ without complaint, and the result is
# a matrix $(n, n)$. An update `b - lr * gradient` with a gradient of the wrong shape turns your biases into that.


# %% exercise="dW"
def dW(dZ, A_prev):
    """Gradient of the loss with respect to the weights of one layer.

    dZ: (N, n_l), ∂_Z of the layer.  A_prev: (N, n_prev), the activations that go into it.
    Returns (n_l, n_prev), the shape of W; averaged over the N examples.
    """
    ### BEGIN SOLUTION
    return dZ.T @ A_prev / len(dZ)
    ### END SOLUTION


# %% tests="dW"
dZ = np.array([[-0.2, 0.4], [0.5, -0.3]])
A_prev = np.array([[0.5, 0.2, 0.9], [0.5, 0.8, 0.4]])
assert dW(dZ, A_prev).shape == (2, 3), "two neurons with three inputs each: the gradient has the shape of W"
assert np.isclose(dW(dZ, A_prev)[0, 0], 0.075), "the entry worked out in the text"
assert np.isclose(dW(dZ, A_prev)[1, 2], 0.12), "neuron 2, input 3: ½ (0.4 · 0.9 − 0.3 · 0.4)"


# %% exercise="db"
def db(dZ):
    """Gradient of the loss with respect to the biases of one layer.

    dZ: (N, n_l), ∂_Z of the layer.  Returns a column (n_l, 1), averaged over the N examples.
    """
    ### BEGIN SOLUTION
    return dZ.mean(axis=0).reshape(-1, 1)
    ### END SOLUTION


# %% tests="db"
dZ = np.array([[-0.2, 0.4], [0.5, -0.3]])
assert db(dZ).shape == (2, 1), "b is a column, and so is its gradient"
assert np.allclose(db(dZ).ravel(), [0.15, 0.05]), "the first entry is worked out in the text"
assert db(np.ones((5, 3))).shape == (3, 1), "one entry for each neuron, however many examples there are"

# %% [markdown]
# ## Handing it back: the hidden layer
#
# Neuron $k$ of layer $l$ has no target of its own. It matters only because each neuron $j$ of the next layer
# listens to it, with weight $w_{j,k}^{[l+1]}$. So its share of the loss is the sum over all its listeners:
#
# $$\frac{\partial \ell^{(i)}}{\partial a_k^{[l](i)}}
#   = \sum_j \big(\partial_{Z^{l+1}}\big)_{ij}\; w_{j,k}^{[l+1]},
#   \qquad\text{that is}\qquad
#   \frac{\partial L}{\partial A^l} = \partial_{Z^{l+1}}\, W^{l+1} .$$
#
# The shapes agree: $(N, n_{l+1}) \cdot (n_{l+1}, n_l) \to (N, n_l)$. On the way forward the weights are transposed,
# on the way back they are not. From $A^l$ to $Z^l$ the way leads through this layer's own sigmoid, entry by entry, as
# before:
#
# $$\boxed{\ \partial_{Z^l} = \big(\partial_{Z^{l+1}}\, W^{l+1}\big) \odot A^l \odot (1 - A^l)\ }$$
#
# Here nothing cancels, since there is no loss next to this layer whose slope could make up for the sigmoid's. Each
# hidden sigmoid makes the signal at least four times smaller, apart from what the weights do, and this is why very deep
# sigmoid networks learn so slowly.
#
# Take the example's $A^1$ from above and $W^2 = \begin{pmatrix} 1 & 0 & 2 \\ 0 & -1 & 1 \end{pmatrix}$. For the second
# example and the third hidden neuron, the listeners contribute $0.5 \cdot 2 + (-0.3) \cdot 1 = 0.7$, and the slope is
# $0.4 \cdot 0.6 = 0.24$; the entry is $0.7 \cdot 0.24 = 0.168$.
#
# <details><summary>Check yourself: a hidden neuron has weight 0 to all neurons of the next layer. What are its ∂_Z and
# the gradient of its incoming weights? Do the outgoing weights learn?</summary>
#
# Nobody listens to it, so its $\partial_Z$ is 0 for all examples, and so are the gradients of its incoming weights and
# its bias. Its outgoing weights do learn: $\partial L/\partial W^{l+1}$ needs $\partial_{Z^{l+1}}$ and $A^l$, and
# neither of them is 0. After that step it is heard.
# </details>


# %% exercise="dZ_hidden"
def dZ_hidden(dZ_next, W_next, A):
    """∂_Z of a hidden sigmoid layer, from ∂_Z of the layer after it.

    dZ_next: (N, n_next), ∂_Z of the next layer.  W_next: (n_next, n_l), the next layer's weights.
    A: (N, n_l), this layer's activations.  Returns (N, n_l), without the 1/N.
    """
    ### BEGIN SOLUTION
    return (dZ_next @ W_next) * dA_dZ(A)
    ### END SOLUTION


# %% tests="dZ_hidden"
dZ_next = np.array([[-0.2, 0.4], [0.5, -0.3]])
W_next = np.array([[1.0, 0.0, 2.0], [0.0, -1.0, 1.0]])
A = np.array([[0.5, 0.2, 0.9], [0.5, 0.8, 0.4]])
assert dZ_hidden(dZ_next, W_next, A).shape == (2, 3), "the shape of A: two examples, three hidden neurons"
assert np.isclose(dZ_hidden(dZ_next, W_next, A)[1, 2], 0.168), "the entry worked out in the text"
assert np.isclose(dZ_hidden(dZ_next, W_next, A)[0, 0], -0.05), "first example, first neuron: −0.2, with slope 0.25"
assert A[1, 2] == 0.4, "A itself must stay as it was"

# %% [markdown]
# ## The whole network of two layers
#
# All pieces are there. Forward, keeping what the way back needs:
#
# $$X \;\to\; Z^1 \;\to\; A^1 \;\to\; Z^2 \;\to\; A^2 ,$$
#
# and backward:
#
# $$\partial_{Z^2} \;\to\; \frac{\partial L}{\partial W^2},\ \frac{\partial L}{\partial b^2}
#   \qquad\text{and}\qquad
#   \partial_{Z^2} \;\to\; \partial_{Z^1} \;\to\; \frac{\partial L}{\partial W^1},\ \frac{\partial L}{\partial b^1} .$$
#
# | | equation | shape |
# |---|---|---|
# | $\partial_{Z^2}$ | $A^2 - Y$ | $(N, n_2)$ |
# | $\partial L/\partial W^2$ | $\frac1N\, \partial_{Z^2}^{\;\top} A^1$ | $(n_2, n_1)$ |
# | $\partial L/\partial b^2$ | $\frac1N\, \partial_{Z^2}^{\;\top} \mathbf 1$ | $(n_2, 1)$ |
# | $\partial_{Z^1}$ | $(\partial_{Z^2} W^2) \odot A^1 \odot (1 - A^1)$ | $(N, n_1)$ |
# | $\partial L/\partial W^1$ | $\frac1N\, \partial_{Z^1}^{\;\top} X$ | $(n_1, n_0)$ |
# | $\partial L/\partial b^1$ | $\frac1N\, \partial_{Z^1}^{\;\top} \mathbf 1$ | $(n_1, 1)$ |
#
# The test below is one example and one neuron in each layer, with numbers chosen so that both pre-activations are 0 and
# both activations 0.5. With $w^{[2]} = 2$ and $y = 1$: $\partial_{z^2} = -0.5$,
# $\partial L/\partial w^{[2]} = -0.5 \cdot 0.5 = -0.25$, and $\partial_{z^1} = -0.5 \cdot 2 \cdot 0.25 = -0.25$.
#
# Call the functions you have; each is tested by itself, and if one of them is wrong, the mistake is counted once.


# %% exercise="backward"
def backward(X, Y, W1, b1, W2, b2):
    """All gradients of a network of two sigmoid layers, forward pass included.

    X: (N, n_0).  Y: (N, n_2).  W1: (n_1, n_0).  b1: (n_1, 1).  W2: (n_2, n_1).  b2: (n_2, 1).
    Returns (dW1, db1, dW2, db2), each with the shape of its parameter.
    """
    ### BEGIN SOLUTION
    A1 = sigmoid(X @ W1.T + b1.T)
    A2 = sigmoid(A1 @ W2.T + b2.T)
    dZ2 = dZ_output(A2, Y)
    dZ1 = dZ_hidden(dZ2, W2, A1)
    return dW(dZ1, X), db(dZ1), dW(dZ2, A1), db(dZ2)
    ### END SOLUTION


# %% tests="backward"
X, Y = np.array([[1.0]]), np.array([[1.0]])
W1, b1, W2, b2 = np.array([[0.0]]), np.array([[0.0]]), np.array([[2.0]]), np.array([[-1.0]])
dW1, db1, dW2, db2 = backward(X, Y, W1, b1, W2, b2)
assert np.allclose([dW2, db2], [[[-0.25]], [[-0.5]]]), "layer 2 of the example in the text"
assert np.allclose([dW1, db1], [[[-0.25]], [[-0.25]]]), "layer 1 of the example in the text"
wide = backward(np.ones((5, 2)), np.ones((5, 4)), np.ones((3, 2)), np.ones((3, 1)), np.ones((4, 3)), np.ones((4, 1)))
assert [gradient.shape for gradient in wide] == [(3, 2), (3, 1), (4, 3), (4, 1)], "each has its parameter's shape"

# %% [markdown]
# ## What changes when the architecture changes: any number of layers
#
# Nothing that you have derived knows how many layers there are. The output layer starts the chain, the boxed rule for
# hidden layers takes it one layer further back as often as needed, and the gradients of a layer are read off as
# soon as its $\partial_Z$ is known. Only the book-keeping is new: $L$ pairs of parameters, and
# $A^0, \dots, A^L$ to be kept.
#
# Work out before you write the loop which $W$ and which $A$ the step from layer $l + 1$ to layer $l$ needs, and which
# $A$ goes into $\partial L/\partial W^l$. In Python, `parameters[0]` is $(W^1, b^1)$: off by one is the
# classical mistake here. The network may also have a single layer.
#
# <details><summary>Check yourself: is there a ∂_Z for layer 0?</summary>
#
# No: the inputs are given and have no pre-activation. The last step back ends at $\partial_{Z^1}$.
# </details>


# %% exercise="backward_deep"
def backward_deep(X, Y, parameters):
    """All gradients of a network of any number of sigmoid layers, forward pass included.

    X: (N, n_0).  Y: (N, n_L).  parameters: [(W1, b1), …, (WL, bL)], Wl: (n_l, n_{l-1}), bl: (n_l, 1).
    Returns [(dW1, db1), …, (dWL, dbL)], each with the shape of its parameter.
    """
    ### BEGIN SOLUTION
    activations = [X]
    for W, b in parameters:
        activations.append(sigmoid(activations[-1] @ W.T + b.T))

    dZ = dZ_output(activations[-1], Y)
    gradients = []
    for layer in range(len(parameters), 0, -1):
        gradients.append((dW(dZ, activations[layer - 1]), db(dZ)))
        if layer > 1:
            W, _ = parameters[layer - 1]
            dZ = dZ_hidden(dZ, W, activations[layer - 1])
    return gradients[::-1]
    ### END SOLUTION


# %% tests="backward_deep"
X, Y = np.array([[1.0]]), np.array([[0.0]])
chain = [(np.array([[w]]), np.array([[b]])) for w, b in [(0.0, 0.0), (2.0, -1.0), (-4.0, 2.0)]]
found = backward_deep(X, Y, chain)
assert len(found) == 3, "one pair of gradients for each layer"
assert np.allclose(found[2], [[[0.25]], [[0.5]]]), "layer 3: all activations are 0.5, so ∂_Z is 0.5"
assert np.allclose(found[0], [[[-0.25]], [[-0.25]]]), "layer 1: ∂_Z is 0.5, then −0.5, then −0.25 on the way back"
single = backward_deep(np.ones((5, 2)), np.ones((5, 3)), [(np.ones((3, 2)), np.ones((3, 1)))])
assert [np.shape(gradient) for gradient in single[0]] == [(3, 2), (3, 1)], "a network of a single layer works, too"

# %% [markdown]
# ## What changes when the loss or the output activation changes
#
# Only the first link of the chain knows the loss: $\partial_{Z^L}$. The hidden layers, the gradients and the $1/N$ stay
# as they are. So for each new pair of loss and output activation the same three steps are due:
# $\partial L/\partial A$, then $\partial A/\partial Z$, then the product. Do them on paper for these four,
# where the loss of one example is
#
# | `loss` | `activation` | loss of one example | outputs |
# |---|---|---|---|
# | `"bce"` | `"sigmoid"` | $-\sum_j [\,y_j \log a_j + (1-y_j)\log(1-a_j)]$ | each in $(0, 1)$ by itself |
# | `"mse"` | `"identity"` | $\sum_j (a_j - y_j)^2$ | any real numbers, $a_j = z_j$ |
# | `"mse"` | `"sigmoid"` | $\sum_j (a_j - y_j)^2$ | each in $(0, 1)$ by itself |
# | `"cross_entropy"` | `"softmax"` | $-\sum_j y_j \log a_j$ | positive, and sum to 1 |
#
# The last one needs more care than the others. A softmax output
#
# $$a_j = \frac{e^{z_j}}{\sum_m e^{z_m}}$$
#
# depends on *all* pre-activations of its example, since they share the denominator:
#
# $$\frac{\partial a_j}{\partial z_k} = a_j\,(\delta_{jk} - a_k), \qquad \delta_{jk} = 1 \text{ if } j = k,
#   \text{ else } 0 .$$
#
# So "entry by entry" is over, and the chain rule asks for a sum:
#
# $$\frac{\partial \ell}{\partial z_k}
#   = \sum_j \frac{\partial \ell}{\partial a_j}\, \frac{\partial a_j}{\partial z_k} .$$
#
# Write it out, use that the targets of an example sum to 1 (they need not be 0 and 1), and be pleased with
# what comes out. The squares are *summed* over the outputs, neither halved nor averaged.
#
# <details><summary>Check yourself: why is the squared error a poor choice for a sigmoid output?</summary>
#
# Nothing cancels: the sigmoid's slope stays in $\partial_Z$. A neuron that is saturated on the wrong side has almost no
# slope, so the worst mistakes give the smallest signal.
# </details>


# %% exercise="dZ_output_for"
def dZ_output_for(A, Y, loss, activation):
    """∂_Z of the output layer for a pair of loss and activation.

    A: (N, n), the outputs.  Y: (N, n), the targets.  Returns (N, n), without the 1/N.
    (loss, activation) is ("bce", "sigmoid"), ("mse", "identity"), ("mse", "sigmoid") or ("cross_entropy", "softmax").
    For softmax each row of A and of Y sums to 1; Y may lie between 0 and 1.
    """
    ### BEGIN SOLUTION
    if (loss, activation) in [("bce", "sigmoid"), ("cross_entropy", "softmax")]:
        return A - Y
    if (loss, activation) == ("mse", "identity"):
        return 2 * (A - Y)
    if (loss, activation) == ("mse", "sigmoid"):
        return 2 * (A - Y) * dA_dZ(A)
    raise ValueError(f"no rule for {loss} with {activation}")  # unreached: pairs that are not promised
    ### END SOLUTION


# %% tests="dZ_output_for"
one = np.array([[1.0]])
assert np.allclose(dZ_output_for(np.array([[0.8]]), one, "bce", "sigmoid"), [[-0.2]]), "as before"
assert np.allclose(dZ_output_for(np.array([[3.0]]), one, "mse", "identity"), [[4.0]]), "(z − 1)² has slope 4 at z = 3"
assert np.allclose(dZ_output_for(np.array([[0.5]]), one, "mse", "sigmoid"), [[-0.25]]), "slope −1, then slope 0.25"
A, Y = np.array([[0.5, 0.25, 0.25]]), np.array([[0.0, 1.0, 0.0]])
found = dZ_output_for(A, Y, "cross_entropy", "softmax")
assert found.shape == (1, 3), "one example, three outputs"
assert np.isclose(found.sum(), 0), "adding the same number to all Z changes no softmax, so a row of ∂_Z sums to 0"

# %% [markdown]
# ## What changes when a hidden activation changes
#
# In a hidden layer the activation shows up in a single place: the slope by which $\partial L/\partial A^l$ is
# multiplied. Everything else in the box stays:
#
# $$\partial_{Z^l} = \big(\partial_{Z^{l+1}}\, W^{l+1}\big) \odot g'(Z^l) .$$
#
# For the sigmoid we wrote $g'$ in terms of $A$. Here you get $Z^l$ and the name of the activation: find out for each
# $g$ what you need.
#
# | `activation` | $g(z)$ |
# |---|---|
# | `"sigmoid"` | $1/(1 + e^{-z})$ |
# | `"tanh"` | $(e^z - e^{-z})/(e^z + e^{-z})$ |
# | `"relu"` | $\max(0, z)$ |
# | `"identity"` | $z$ |
#
# Relu has a corner at 0 and no derivative there. Any number between the slopes on its two sides would do; we take 0,
# so that a neuron that is silent also learns nothing.


# %% exercise="dZ_hidden_for"
def dZ_hidden_for(dZ_next, W_next, Z, activation):
    """∂_Z of a hidden layer with the given activation, from its pre-activations.

    dZ_next: (N, n_next), ∂_Z of the next layer.  W_next: (n_next, n_l), the next layer's weights.
    Z: (N, n_l), this layer's pre-activations.  activation: "sigmoid", "tanh", "relu" or "identity".
    Returns (N, n_l), without the 1/N.  The derivative of relu at 0 is 0.
    """
    ### BEGIN SOLUTION
    dA = dZ_next @ W_next
    if activation == "sigmoid":
        return dA * sigmoid(Z) * sigmoid(-Z)
    if activation == "tanh":
        return dA * (1 - np.tanh(Z) ** 2)
    if activation == "relu":
        return dA * (Z > 0)
    if activation == "identity":
        return dA
    raise ValueError(f"unknown activation {activation}")  # unreached: names that are not promised
    ### END SOLUTION


# %% tests="dZ_hidden_for"
dZ_next = np.array([[1.0]])
W_next = np.array([[2.0, 2.0, 2.0]])
Z = np.array([[-1.0, 0.0, 3.0]])
assert dZ_hidden_for(dZ_next, W_next, Z, "tanh").shape == (1, 3), "the shape of Z"
assert np.allclose(dZ_hidden_for(dZ_next, W_next, Z, "relu"), [[0.0, 0.0, 2.0]]), "relu lets only positive Z pass"
assert np.isclose(dZ_hidden_for(dZ_next, W_next, Z, "sigmoid")[0, 1], 0.5), "at Z = 0 the sigmoid has slope 0.25"
assert np.isclose(dZ_hidden_for(dZ_next, W_next, Z, "tanh")[0, 1], 2.0), "at Z = 0 tanh has slope 1"

# %% [markdown]
# ## In your own words: why backwards?
#
# The chain rule could also be multiplied out from the front: take one parameter, follow its effect through all layers
# up to the loss, then take the next parameter. Explain in a few sentences
#
# 1. why the layers are gone through from the last to the first instead,
# 2. what the way back needs from the way forward, and what this costs,
# 3. why the $1/N$ stands in $\partial L/\partial W^l$ and $\partial L/\partial b^l$, but not in $\partial_{Z^l}$.

# %% [markdown] written="why-backwards" points=10
# 1. All parameters, however many, act on *one* number, the loss, and their ways to it share their last part. Once
#    $\partial_{Z^{l+1}}$ is known, it sums up everything that happens behind layer $l + 1$; layer $l$ needs one matrix
#    product with $W^{l+1}$ and one product entry by entry, whatever comes later. So one sweep from the back gives all
#    gradients for about twice the price of a forward pass. From the front, each parameter needs a pass of its
#    own, because its effect spreads over all neurons behind it, and little of that work can be shared with the next
#    parameter: as many passes as there are parameters.
# 2. The way back needs the activations $A^0, \dots, A^{L-1}$ for $\partial L/\partial W$ and for the slopes of the
#    sigmoids, the output $A^L$ for the start, and the weights of the forward pass (not those already updated). The
#    price is memory: the activations of all layers for the whole batch have to be kept until they are used.
# 3. $\partial_{Z^l}$ has a row for each example, and holds the derivative of that example's own loss; nothing is
#    averaged there. The examples share $W^l$ and $b^l$, so there their contributions meet and are added up, and since
#    the loss is their mean, the sum is divided by $N$. Dividing in $\partial_Z$ as well would divide twice.

# %% [markdown]
# ## Trust, but verify
#
# A derivative is a slope, and a slope can be measured: move one parameter a little to both sides and look at the loss,
#
# $$\frac{\partial L}{\partial \theta} \approx \frac{L(\theta + h) - L(\theta - h)}{2h} .$$
#
# This is far too slow for training (two forward passes for each parameter), but it knows nothing of your derivation,
# which makes it a good judge of it. Run the cell: the relative error should be below $10^{-7}$. If it is near 1, a
# sign, a factor or a transpose is off. The cell is not graded; play with it.

# %%
rng = np.random.default_rng(1)
X, Y = rng.normal(size=(5, 3)), rng.integers(0, 2, size=(5, 2)).astype(float)
parameters = [rng.normal(size=shape) for shape in [(4, 3), (4, 1), (2, 4), (2, 1)]]


def loss_of(W1, b1, W2, b2):
    """The loss of the network of two layers, forward pass only."""
    return bce(sigmoid(sigmoid(X @ W1.T + b1.T) @ W2.T + b2.T), Y)


h = 1e-5
for name, theta, gradient in zip(["W1", "b1", "W2", "b2"], parameters, backward(X, Y, *parameters), strict=True):
    measured = np.zeros_like(theta)
    for index in np.ndindex(*theta.shape):
        original = theta[index]
        theta[index] = original + h
        above = loss_of(*parameters)
        theta[index] = original - h
        below = loss_of(*parameters)
        theta[index] = original
        measured[index] = (above - below) / (2 * h)
    error = np.linalg.norm(gradient - measured) / (np.linalg.norm(gradient) + np.linalg.norm(measured))
    print(f"∂L/∂{name}: relative error {error:.1e}")
