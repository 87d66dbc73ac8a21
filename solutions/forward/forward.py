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
# # From one neuron to a network: notation, shapes and the forward pass
#
# A neural network is a formula. It is a long one, and most mistakes in it are mistakes of bookkeeping: an index that
# points to the wrong neuron, a matrix the wrong way round, a bias that is added to the wrong axis. So this assignment is
# about names and shapes first. Once they are right, the whole network is three lines of NumPy.
#
# ![A network with two inputs, a hidden layer of three neurons and one output neuron, every connection drawn, the layers labelled A0, A1 and A2](figures/network.png)

# %% [markdown]
# ## Names
#
# Layers are numbered $l = 1, \dots, L$; the inputs count as layer 0. Layer $l$ has $n_l$ neurons, so there are $n_0$
# inputs and $n_L$ outputs. Three kinds of index are needed, and each has a place of its own:
#
# | index | place | example |
# |---|---|---|
# | neuron $j$ | below | $a_j$ |
# | layer $l$ | above, in square brackets | $a_j^{[l]}$ |
# | example $i$ | above, in round brackets | $a_j^{[l](i)}$ |
#
# So $z_3^{[5](6123)}$ is the pre-activation of the third neuron in layer 5 for example 6123, and $a_3^{[5](6123)}$ is what
# the neuron makes of it. A parameter belongs to the network and not to an example, so it has no round brackets: the bias
# of neuron 1 in layer 2 is $b_1^{[2]}$. A weight sits on a connection and has two indices below: first the neuron it
# belongs to, then the neuron of the layer before that it comes from. $w_{2,3}^{[1]}$ leads **to** neuron 2 of layer 1
# **from** input 3.
#
# In LaTeX a subscript or superscript of more than one character stands in braces: `z_3^{[5](6123)}`.
#
# <details><summary>Check yourself: which weights does neuron 4 of layer 2 own, if layer 1 has three neurons?</summary>
#
# $w_{4,1}^{[2]}$, $w_{4,2}^{[2]}$ and $w_{4,3}^{[2]}$: one for each neuron of the layer before. They will be row 4 of a
# matrix.
# </details>

# %% [markdown]
# **To check yourself** at any time, add a cell with `from autograder import check` and then `check(sigmoid)`, or `check()` for
# all that you have defined so far: it calls your functions with a few visible cases and says what it sees, in the words
# of the feedback. In a terminal, `autograder check forward.ipynb` does the same. The notebook does not need it.

# %% locked="imports"
import numpy as np


# %% exercise="denote"
def denote(symbol, layer, neuron, source=None, example=None):
    """The chapter's notation for one number, as LaTeX text.

    symbol: "z", "a", "w" or "b".  layer, neuron: numbers from 1.  source: for a weight, the neuron it comes from.
    example: which example, None for a parameter or if it does not matter.
    """
    ### BEGIN SOLUTION
    below = f"{neuron}" if source is None else f"{neuron},{source}"
    above = f"[{layer}]" if example is None else f"[{layer}]({example})"
    return f"{symbol}_{{{below}}}^{{{above}}}"
    ### END SOLUTION


# %% tests="denote"
def _without_spaces_and_single_braces(text):
    for character in "0123456789":
        text = text.replace("{" + character + "}", character)
    return text.replace(" ", "")


assert isinstance(denote("b", 2, 1), str), "return text"
assert _without_spaces_and_single_braces(denote("b", 2, 1)) == "b_1^{[2]}", "a parameter has no example"
assert _without_spaces_and_single_braces(denote("z", 5, 3, example=6123)) == "z_3^{[5](6123)}", "the text's example"
assert _without_spaces_and_single_braces(denote("w", 1, 2, source=3)) == "w_{2,3}^{[1]}", "to neuron 2, from input 3"

# %% [markdown]
# ## Shapes
#
# Numbers that belong together go into one matrix, and the layer is all that is left to write:
#
# * $W^l$ collects the weights of layer $l$: one **row** for each neuron of layer $l$, one column for each neuron of the
#   layer before. Its shape is $(n_l, n_{l-1})$, and the entry in row $j$ and column $k$ is $w_{j,k}^{[l]}$.
# * $b^l$ collects the biases of layer $l$ in a **column** of shape $(n_l, 1)$, one row for each neuron as in $W^l$.
# * $A^l$ collects the activations of layer $l$ for all $N$ examples: one row for each **example**, one column for each
#   neuron. Its shape is $(N, n_l)$. The inputs are $A^0 = X$, $(N, n_0)$.
#
# Why are the examples the rows? Because that is how data comes: a table has a line for each case and a column for each
# quantity, and `X[0]` should be the first example.
#
# Sizes alone tell the shape of everything. With $[n_0, n_1, n_2] = [2, 3, 1]$, the network in the picture, $W^1$ is
# $(3, 2)$, $b^1$ is $(3, 1)$, $W^2$ is $(1, 3)$, $b^2$ is $(1, 1)$: thirteen parameters.
#
# <details><summary>Check yourself: how many parameters has a network with sizes [64, 16, 10]?</summary>
#
# $16 \cdot 64 + 16 + 10 \cdot 16 + 10 = 1210$.
# </details>


# %% exercise="parameter_shapes"
def parameter_shapes(layer_sizes):
    """[(shape of W¹, shape of b¹), …, (shape of Wᴸ, shape of bᴸ)] for layer_sizes = [n_0, …, n_L].

    Shapes are tuples of ints.
    """
    ### BEGIN SOLUTION
    shapes = []
    for l in range(1, len(layer_sizes)):
        shapes.append(((layer_sizes[l], layer_sizes[l - 1]), (layer_sizes[l], 1)))
    return shapes
    ### END SOLUTION


# %% tests="parameter_shapes"
assert len(parameter_shapes([2, 3, 1])) == 2, "two layers have parameters; the inputs have none"
assert parameter_shapes([2, 3, 1]) == [((3, 2), (3, 1)), ((1, 3), (1, 1))], "the network in the picture"


# %% exercise="activation_shapes"
def activation_shapes(N, layer_sizes):
    """Shapes of A⁰, A¹, …, Aᴸ for N examples; layer_sizes = [n_0, …, n_L]. Shapes are tuples of ints."""
    ### BEGIN SOLUTION
    return [(N, n) for n in layer_sizes]
    ### END SOLUTION


# %% tests="activation_shapes"
assert len(activation_shapes(5, [2, 3, 1])) == 3, "the inputs count"
assert activation_shapes(5, [2, 3, 1])[0] == (5, 2), "X has a row for each of the five examples"

# %% [markdown]
# ## One neuron
#
# ![One neuron: inputs a1, a2 and a3 are multiplied by weights, added up with the bias b to z, and passed through the sigmoid to the output](figures/neuron.png)
#
# A neuron weighs what comes in, adds a bias, and squashes the sum:
#
# $$z_j^{[l]} = \sum_{k=1}^{n_{l-1}} w_{j,k}^{[l]}\, a_k^{[l-1]} + b_j^{[l]}, \qquad a_j^{[l]} = \sigma\big(z_j^{[l]}\big),
# \qquad \sigma(z) = \frac{1}{1 + e^{-z}} .$$
#
# The sigmoid $\sigma$ turns any number into one between 0 and 1:
#
# ![The sigmoid curve: it rises from 0 on the left through one half at z = 0 to 1 on the right](figures/sigmoid.png)
#
# An example to work by hand: $a = (1, 2)$, $w = (0.5, -1)$, $b = 1.5$ give $z = 0.5 - 2 + 1.5 = 0$ and $\sigma(0) = 0.5$.
# The neuron is undecided.


# %% exercise="neuron"
def neuron(a, w, b):
    """The output of one sigmoid neuron for one example.

    a, w: (n,), inputs and weights.  b: a number.  Returns a number.
    """
    ### BEGIN SOLUTION
    z = np.dot(w, a) + b
    return float(1 / (1 + np.exp(-z)))
    ### END SOLUTION


# %% tests="neuron"
assert np.ndim(neuron(np.array([1.0, 2.0]), np.array([0.5, -1.0]), 1.5)) == 0, "one neuron, one example: one number"
assert np.isclose(neuron(np.array([1.0, 2.0]), np.array([0.5, -1.0]), 1.5), 0.5), "the example of the text"
assert neuron(np.array([1.0]), np.array([5.0]), 0.0) > 0.99, "a large z gives nearly 1"

# %% [markdown]
# ## All neurons of a layer, all examples: from loops to matrices
#
# **One example, all neurons.** Write the inputs of the example as a row $a$, $(1, n_{l-1})$. Neuron $j$ needs the product
# of this row with row $j$ of $W^l$, turned into a column. All neurons at once:
#
# $$z = a\, {W^l}^\top + {b^l}^\top, \qquad (1, n_{l-1})\,(n_{l-1}, n_l) + (1, n_l) = (1, n_l).$$
#
# **All examples.** Put the rows of the $N$ examples below each other; matrix multiplication treats each row by itself:
#
# $$\underbrace{A^{l-1}}_{(N,\, n_{l-1})}\; \underbrace{{W^l}^\top}_{(n_{l-1},\, n_l)} \quad \text{has the shape } (N, n_l).$$
#
# The bias has to be added to every row. As a product of matrices, "repeat the row $N$ times" is a column of ones,
# $\mathbf 1$, of shape $(N, 1)$, times the row ${b^l}^\top$:
#
# $$\mathbf 1\, {b^l}^\top = \begin{pmatrix} 1 \\ 1 \\ \vdots \\ 1 \end{pmatrix} \begin{pmatrix} b_1 & b_2 & \cdots & b_{n_l} \end{pmatrix}
# = \begin{pmatrix} b_1 & b_2 & \cdots & b_{n_l} \\ b_1 & b_2 & \cdots & b_{n_l} \\ \vdots & & & \vdots \\ b_1 & b_2 & \cdots & b_{n_l} \end{pmatrix},
# \qquad (N, 1)\,(1, n_l) = (N, n_l).$$
#
# NumPy repeats a row by itself when shapes differ (broadcasting), which is convenient, and the reason why adding a column
# by mistake goes through without an error: with $(N, n_l) + (n_l, 1)$ and $N = n_l$ it adds the bias of neuron $i$ to
# *example* $i$. Shapes that fit by accident are why one tests with sizes that all differ.


# %% exercise="tile_bias"
def tile_bias(b, N):
    """1 bᵀ: the biases of a layer, once for each of N examples.

    b: (n_l, 1).  Returns (N, n_l).
    """
    ### BEGIN SOLUTION
    return np.ones((N, 1)) @ b.T
    ### END SOLUTION


# %% tests="tile_bias"
b = np.array([[1.0], [2.0], [3.0]])
assert tile_bias(b, 2).shape == (2, 3), "two examples, three neurons"
assert np.array_equal(tile_bias(b, 2)[0], tile_bias(b, 2)[1]), "every example gets the same biases"
assert tile_bias(b, 2)[0, 2] == 3.0, "the third neuron's bias stands in the third column"

# %% [markdown]
# So one layer, before its activation, is
#
# $$Z^l = A^{l-1}\, {W^l}^\top + \mathbf 1\, {b^l}^\top, \qquad (N, n_l).$$
#
# <details><summary>Check yourself: what would the equation be if examples were columns?</summary>
#
# Transpose everything: ${Z^l}^\top = W^l\, {A^{l-1}}^\top + b^l\, \mathbf 1^\top$. Many books write it so; both are the same
# network. One has to choose, and stay with it.
# </details>


# %% exercise="linear"
def linear(A, W, b):
    """A Wᵀ + 1 bᵀ: the pre-activations of a layer for all examples.

    A: (N, n_{l-1}).  W: (n_l, n_{l-1}).  b: (n_l, 1).  Returns (N, n_l).
    """
    ### BEGIN SOLUTION
    return A @ W.T + tile_bias(b, len(A))
    ### END SOLUTION


# %% tests="linear"
A = np.array([[1.0, 2.0], [0.0, 1.0]])
W = np.array([[1.0, 1.0], [0.5, -1.0], [0.0, 2.0]])
assert linear(A, W, np.zeros((3, 1))).shape == (2, 3), "two examples, three neurons"
assert np.isclose(linear(A, W, np.array([[0.0], [1.5], [0.0]]))[0, 1], 0.0), "the neuron of the text"
assert np.allclose(linear(np.zeros((1, 2)), W, np.ones((3, 1))), 1), "zero inputs leave the biases"

# %% [markdown]
# ## A sigmoid that does not overflow
#
# $\sigma(z) = 1 / (1 + e^{-z})$ is right for every $z$, but a computer's numbers end near $10^{308} \approx e^{709}$. For
# $z = -1000$ the formula asks for $e^{1000}$; NumPy answers infinity with a warning, and $1/\infty = 0$ saves the result.
# The equal form $e^{z} / (1 + e^{z})$ fails for good: at $z = 1000$ it is $\infty / \infty$, not a number. Use each where
# its exponent is negative, or put both into one,
#
# $$\sigma(z) = e^{-\log(1 + e^{-z})},$$
#
# where `np.logaddexp(0, -z)` computes the logarithm without ever forming the large number. Clipping $z$ or the result is
# no cure: $\sigma(-40) \approx 4 \cdot 10^{-18}$ is a perfectly good number, and the loss of the next assignment takes its
# logarithm.


# %% exercise="sigmoid"
def sigmoid(Z):
    """σ of each entry, for any shape; exact to float64 and without overflow for every finite entry.

    Z: an array of any shape.  Returns an array of the same shape.
    """
    ### BEGIN SOLUTION
    return np.exp(-np.logaddexp(0.0, -Z))
    ### END SOLUTION


# %% tests="sigmoid"
assert np.shape(sigmoid(np.zeros((2, 3, 4)))) == (2, 3, 4), "any shape"
assert np.allclose(sigmoid(np.array([0.0, 1.0])), [0.5, 0.7310585786]), "two values"
assert np.allclose(sigmoid(np.array([1e4, -1e4])), [1.0, 0.0]), "no overflow"
assert np.allclose(sigmoid(np.array([-3.0])) + sigmoid(np.array([3.0])), 1), "σ(−z) = 1 − σ(z)"

# %% [markdown]
# ## The forward pass
#
# A network is layers in a row, each taking what the one before gives:
#
# $$A^0 = X, \qquad A^l = \sigma\big(A^{l-1}\, {W^l}^\top + \mathbf 1\, {b^l}^\top\big), \quad l = 1, \dots, L.$$
#
# The parameters come as a list $[(W^1, b^1), \dots, (W^L, b^L)]$. We keep **all** activations and not only the output:
# going backwards, in the next assignment, each layer will ask for the activations that it was given.
#
# <details><summary>Check yourself: what does the network compute if all parameters are zero?</summary>
#
# Every $Z^l$ is zero, so every activation from layer 1 on is $\sigma(0) = 0.5$, whatever $X$ is.
# </details>


# %% exercise="forward"
def forward(X, parameters):
    """[A⁰, A¹, …, Aᴸ] of a network with a sigmoid in every layer.

    X: (N, n_0).  parameters: [(W¹, b¹), …, (Wᴸ, bᴸ)].  Returns a list of L + 1 arrays, Aˡ is (N, n_l).
    """
    ### BEGIN SOLUTION
    activations = [X]
    for W, b in parameters:
        activations.append(sigmoid(linear(activations[-1], W, b)))
    return activations
    ### END SOLUTION


# %% tests="forward"
parameters = [(np.zeros((3, 2)), np.zeros((3, 1))), (np.ones((1, 3)), np.array([[-1.5]]))]
activations = forward(np.array([[1.0, 2.0], [3.0, 4.0]]), parameters)
assert len(activations) == 3, "A⁰, A¹ and A²"
assert [np.shape(A) for A in activations] == [(2, 2), (2, 3), (2, 1)], "a row for each example in every layer"
assert np.allclose(activations[1], 0.5), "zero weights and biases: σ(0)"
assert np.allclose(activations[2], 0.5), "0.5 + 0.5 + 0.5 − 1.5 = 0"

# %% [markdown]
# ## In your own words
#
# Someone computes `A @ W.T + b` with `b` of shape $(n_l, 1)$ and is glad that it runs on their batch. On which batches does
# it run, what does it compute there, and how should one choose sizes to notice?

# %% [markdown] written="bias-by-accident" points=10
# `A @ W.T` has shape $(N, n_l)$. Adding a column $(n_l, 1)$ works by broadcasting if $N = n_l$, or if one of the two is 1.
# With $N = n_l$ it adds the bias of neuron $i$ to all entries of row $i$, that is to example $i$, instead of adding the bias
# of neuron $j$ to column $j$; with $N = 1$ the result grows to $(n_l, n_l)$. One notices with sizes that all differ and are
# larger than 1: then the addition raises an error.

# %% [markdown]
# ## See it move
#
# A network with random weights is already a function from the plane to numbers. Run the cell a few times with other
# sizes and scales: larger weights make steeper slopes, deeper networks make more folds.

# %%
try:
    rng = np.random.default_rng(1)
    sizes = [2, 8, 8, 1]
    parameters = [(3 * rng.normal(size=W), rng.normal(size=b)) for W, b in parameter_shapes(sizes)]
    side = np.linspace(-2, 2, 24)
    grid = np.array([[x, y] for y in side for x in side])
    picture = forward(grid, parameters)[-1].reshape(24, 24)
    for row in picture[::2]:
        print("".join(" .:-=+*#%@"[min(9, int(10 * value))] * 2 for value in row))
except NotImplementedError:
    print("This shows something once parameter_shapes and forward are done.")
