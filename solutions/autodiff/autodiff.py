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
# # Automatic differentiation
#
# In the assignment before last you derived every gradient on paper. That was worth doing once. Nobody does it twice:
# the derivation follows rules, and what follows rules can be left to a program. In this notebook you write that
# program, an *engine* of about a hundred lines, with the interface of PyTorch's `Tensor`. You compute as you would
# with NumPy, and the engine keeps notes. When the result is there, it goes through its notes backwards, and every
# gradient is known.
#
# Three ideas are all there is:
#
# 1. a calculation is a **graph** of simple operations,
# 2. a **topological sort** brings its nodes into an order in which everything comes after what it needs,
# 3. each operation knows its own **local derivative**, and the chain rule multiplies and adds.

# %% [markdown]
# **To check yourself** at any time, add a cell with `from autograder import check` and then `check(Tensor)`, or `check()` for
# all that you have defined so far: it calls your functions with a few visible cases and says what it sees, in the words
# of the feedback. In a terminal, `autograder check autodiff.ipynb` does the same. The notebook does not need it.

# %% locked="imports"
import numpy as np

# %% [markdown]
# ## A calculation is a graph
#
# Take one neuron without activation, one example and the squared error, $L = (w x + b - y)^2$. To a computer this is
# not one formula but four steps with a name for each intermediate result:
#
# $$p = w \cdot x, \qquad z = p + b, \qquad e = z - y, \qquad L = e^2 .$$
#
# In PyTorch, with each operation on a line of its own:
#
# ```python
# try:
#     import torch
# except ImportError:
#     print("PyTorch is not needed for this notebook")
# else:
#     x = torch.tensor(2.0)                       # leaf: data
#     y = torch.tensor(1.0)                       # leaf: data
#     w = torch.tensor(3.0, requires_grad=True)   # leaf: parameter
#     b = torch.tensor(-4.0, requires_grad=True)  # leaf: parameter
#     p = w * x                                   # node *   inputs w, x     p = 6
#     z = p + b                                   # node +   inputs p, b     z = 2
#     e = z - y                                   # node -   inputs z, y     e = 1
#     L = e ** 2                                  # node **  input  e        L = 1
#     L.backward()                                # the same nodes, from L back to the leaves
#     print(w.grad, b.grad)                       # tensor(4.) tensor(2.)
# ```
#
# ![Graph of L = (w·x + b − y)²: the leaves w, x, b and y on the left, then a box for each operation, times, plus, minus
# and square, with L on the right; below each node its value, 2, 3, 1 and 5 for the leaves and 4 for L, and the derivative
# of L by it, 12 for w and 4 for b](figures/autodiff_graph.png)
#
# Each line makes one node, and its arrows come from the tensors that it was computed from. The graph has no cycle:
# nothing can be computed from itself. Tensors that were not computed from anything are the **leaves**; those for which
# we want a gradient are created with `requires_grad=True`. A result needs a gradient if one of its inputs does.
#
# ## The way back
#
# For each node $v$ write $\bar v = \partial L / \partial v$, the gradient of the *result* with respect to this node.
# We begin at the end, where nothing is in doubt:
#
# $$\bar L = \frac{\partial L}{\partial L} = 1 .$$
#
# Now each operation answers one question: *if this much arrives at my output, how much goes to each of my inputs?* By
# the chain rule that is the arriving gradient times the local derivative,
#
# $$\bar e = \bar L \cdot 2e = 2, \qquad \bar z = \bar e \cdot 1 = 2, \qquad \bar p = \bar z \cdot 1 = 2, \qquad
#   \bar b = \bar z \cdot 1 = 2, \qquad \bar w = \bar p \cdot x = 4 .$$
#
# No operation knows anything about the others. This is why you can differentiate a program that you have not seen yet:
# it will be made of operations that you have.
#
# ## A node that is used twice
#
# Let $c = a b$ and $d = c + a$. Now $a$ acts on $d$ along two ways, and both count:
#
# $$\bar a = \underbrace{\bar d \cdot 1}_{\text{directly}} + \underbrace{\bar c \cdot b}_{\text{through } c} .$$
#
# In general, with one term for each *use* of $u$ in an operation with output $v$,
#
# $$\boxed{\ \bar u = \sum_{v \text{ uses } u} \bar v \cdot \frac{\partial v}{\partial u}\ }$$
#
# So shares are **added up**. Three things follow. A node must not hand its gradient on before *all* its users have
# delivered their shares, or a part gets lost. In `a * a` the tensor `a` is used twice by a single operation,
# and both uses count. And a second backward pass adds to the gradients of the first, in PyTorch as here;
# `zero_grad` clears them.
#
# ![A diamond: x = 3 leads to its square and to its double, and both lead to a sum; on the way back the two shares that
# arrive at x, 6 and 2, are added up](figures/diamond.png)
#
# <details><summary>Check yourself: a = 3, b = a · a, c = b + b, L = c · a. What is the gradient of a?</summary>
#
# $L = 2a^3$, so the slope is $6a^2 = 54$. On the way back: $\bar c = a = 3$, the direct share of $a$ is $c = 18$,
# $\bar b = 3 + 3 = 6$, and through $b$ come $6 \cdot 3 + 6 \cdot 3 = 36$; together 54.
# </details>
#
# ## Why backwards?
#
# The chain rule is a product of Jacobian matrices, and a product of matrices may be computed from either end. Let a
# calculation lead from $n$ inputs through $v_1, v_2, \dots$ to $m$ outputs,
#
# $$J = J_k \cdots J_2\, J_1, \qquad J_i \text{ of shape } (\dim v_i, \dim v_{i-1}) .$$
#
# - **Forward mode** starts at the inputs. It carries $\dot v = \partial v/\partial t$ along with each value, where $t$
#   is one direction in the space of inputs. A pass multiplies a column by $J_1$, then $J_2$, …, and gives one column of
#   $J$: for all inputs, $n$ passes. It needs no memory of the past; you will build it in the next assignment.
# - **Reverse mode** starts at the outputs. It carries $\bar v = \partial L/\partial v$. A pass multiplies a row by
#   $J_k$, then $J_{k-1}$, …, and gives one row of $J$: for all outputs, $m$ passes. It has to wait for the end of the
#   calculation and keep all values that local derivatives need.
#
# A row or column times a matrix is cheap; matrix times matrix is not, and neither mode ever does it. A network has
# millions of parameters and *one* loss, $m = 1$. So one pass backwards gives everything, at the price of a small
# multiple of the forward pass (and of the memory for the intermediate values). Forward mode would need millions.
#
# <details><summary>Check yourself: f maps one number to a thousand. Which mode?</summary>
#
# Forward: one pass gives the whole column. What counts is which side is narrow.
# </details>

# %% [markdown]
# ## Local rules for arrays
#
# Our tensors hold arrays. Let $c = f(a, b)$, and let $G = \bar c$ be what arrives, an array of the shape of $c$. A rule
# turns $G$ into $\bar a$, which always has the shape of $a$. For operations entry by entry these are derivatives from
# school, times $G$:
#
# | operation | to $a$ | to $b$ |
# |---|---|---|
# | $a + b$ | $G$ | $G$ |
# | $a - b$ | $G$ | $-G$ |
# | $a \odot b$ | $G \odot b$ | $G \odot a$ |
# | $a / b$ | $G / b$ | $-G \odot a / b^2$ |
# | $-a$ | $-G$ | |
# | $a^n$ | $G \odot n\, a^{n-1}$ | |
# | $c = e^a$ | $G \odot c$ | |
# | $\log a$ | $G / a$ | |
# | $\mathrm{relu}(a) = \max(0, a)$ | $G \odot [a > 0]$ | |
# | $c = \sigma(a)$ | $G \odot c \odot (1 - c)$ | |
# | $c = \tanh a$ | $G \odot (1 - c^2)$ | |
#
# At 0 relu has a corner; like PyTorch we take 0 there.
#
# **Matrix product.** $c = a\,b$ with $a$: $(n, k)$, $b$: $(k, m)$, $G$: $(n, m)$. Since
# $c_{ij} = \sum_l a_{il} b_{lj}$, the entry $a_{il}$ acts on row $i$ of $c$, with factor $b_{lj}$ on column $j$:
#
# $$\bar a_{il} = \sum_j G_{ij}\, b_{lj} \;\Rightarrow\; \bar a = G\, b^\top: \ (n, m)(m, k) \to (n, k), \qquad
#   \bar b_{lj} = \sum_i a_{il}\, G_{ij} \;\Rightarrow\; \bar b = a^\top G: \ (k, n)(n, m) \to (k, m).$$
#
# This is what you know as $\partial_Z W$ and $\partial_Z^\top A$ from backpropagation by hand.
#
# **Sum and mean.** In `c = a.sum(axis=1)` each entry of $a$ goes into one entry of $c$ with factor 1. So what arrives
# at that entry goes to *all* entries it was summed from: $G$ gets its axis back, with size 1, and is repeated along it.
# From shape $(n, m)$ to $(n,)$ and back: $(n,) \to (n, 1) \to (n, m)$. With `keepdims=True` the axis is still there;
# with `axis=None` everything was summed, and one number is repeated everywhere. The mean is the sum divided by how many
# entries went into it, and so is its gradient.
#
# **Reshape and transpose** move entries and compute nothing: the way back moves them back.
#
# ## Broadcasting
#
# NumPy repeats operands that are too small: $(2, 3) + (3,)$ adds the row to both rows. An entry that was repeated has
# been *used* several times, and the boxed rule says what follows: its gradient is the **sum** over its
# copies. So after each rule the gradient is summed over
#
# 1. the axes that broadcasting has put in front, $(2, 3) \to (3,)$, and
# 2. the axes on which the operand has size 1 and the result has more, $(2, 3) \to (2, 1)$; these are kept.
#
# Repeating and summing are each other's way back: broadcasting forward means summing backward, summing forward
# means broadcasting backward. This helper is given:


# %% locked="unbroadcast"
def unbroadcast(gradient, shape):
    """Sum a gradient over what broadcasting has repeated, down to `shape`."""
    gradient = np.asarray(gradient)
    in_front = gradient.ndim - len(shape)
    gradient = gradient.sum(axis=tuple(range(in_front)))
    repeated = tuple(axis for axis, size in enumerate(shape) if size == 1)
    return gradient.sum(axis=repeated, keepdims=True)


# %% [markdown]
# <details><summary>Check yourself: a bias row b of shape (1, n) is added to a matrix (N, n). What does unbroadcast do
# to the gradient of b, and where have you seen it?</summary>
#
# It sums over the N rows and keeps the axis: shape $(1, n)$. In backpropagation by hand this was
# $\partial_Z^\top \mathbf 1$, where the examples share a bias.
# </details>
#
# ## Topological sort
#
# The way back has to visit a node after all its users. A list of all nodes in which every node comes *after its inputs*
# is a **topological order**; read from the end, each node comes after its users, as needed.
#
# Such a list is found depth first: *a node may be appended once all its inputs are in the list.* As a recursive
# function this is three lines, which fail on a chain of ten thousand operations, since Python stops a recursion after
# about a thousand calls. So keep a stack of your own, a list. Put each node on it twice: once "to be opened" and,
# below its inputs, once "to be closed". To open a node means to put it back for closing and its inputs on top for
# opening; to close it means to append it to the result. Nodes that have been opened before are skipped, otherwise the
# graph `b = a + a; c = b + b; d = c + c; …` with $2^k$ ways through $k$ nodes would take $2^k$ steps.
#
# To remember which nodes you have seen, use a set of their `id(...)`: each object has its own, whereas comparing
# tensors with `==` may mean something else one day.
#
# <details><summary>Check yourself: would "all nodes by their distance from the result" do?</summary>
#
# No. With `c = a * b; d = c * c; e = d + c` the node `c` has distance 1 from `e`, directly, and so has `d`; yet `c`
# must wait for the share that comes through `d`.
# </details>

# %% [markdown]
# ## The class
#
# A tensor has `data` (a float64 array), `grad` (an array of the same shape, or None), `requires_grad` and `shape`. For
# the graph it has three more attributes, which *we* propose; how yours remembers the graph is up to you, and only what
# it computes is graded. The drawing function at the end expects the first two.
#
# - `_inputs`, the tuple of tensors that it was computed from, `()` for a leaf,
# - `_operation`, a short text such as `"+"`, `""` for a leaf,
# - `_rules`, one function for each input: it takes the gradient $G$ that arrives and returns the input's share.
#
# `_record` is given: it makes a new tensor that remembers all this. With it an operation is a few lines, for example
# the sine, if you needed it:
#
# ```python
# def sin(self):
#     return self._record("sin", np.sin(self.data), (self,), (lambda G: G * np.cos(self.data),))
# ```
#
# Details to mind:
#
# - An operand may be a number or an array, on either side. `_tensor` (given) makes a tensor of it that needs no
#   gradient. `2.0 - t` is no method of `2.0`, so Python calls `t.__rsub__(2.0)`.
# - An array on the left would apply its own operator entry by entry. `__array_ufunc__ = None` tells NumPy to leave the
#   operation to us.
# - `backward` without a gradient starts with 1, which makes sense only for a tensor of one element; otherwise it raises
#   `RuntimeError`. So it does on a tensor that needs no gradient. With a gradient it starts with that.
# - During one pass, keep what arrives apart from `.grad`, say in a dictionary from `id(tensor)` to array. `.grad` may
#   still hold something from an earlier pass, which must not be handed on again.
# - Add with `old + new`, not with `old += new`: in `a + b` both operands are handed *the same* array, and changing it
#   in place would change both.


# %% exercise="Tensor"
class Tensor:
    """An array that remembers how it was computed, and can tell its gradient.

    data: number, nested list or array.
    Attributes: data (float64 array), grad (array of the same shape or None), requires_grad, shape;
    for the graph: _inputs (tuple of tensors), _operation (text), _rules (a function for each input).
    """

    __array_ufunc__ = None  # arrays on the left leave the operation to us

    def __init__(self, data, requires_grad=False):
        ### BEGIN SOLUTION
        self.data = np.array(data, dtype=np.float64)
        self.grad = None
        self.requires_grad = requires_grad
        self._inputs = ()
        self._operation = ""
        self._rules = ()
        ### END SOLUTION

    @property
    def shape(self):
        """The shape of the data, a tuple."""
        ### BEGIN SOLUTION
        return self.data.shape
        ### END SOLUTION

    @staticmethod
    def _tensor(value):
        """`value` itself if it is a tensor, else a tensor of it that needs no gradient."""
        return value if isinstance(value, Tensor) else Tensor(value)

    @staticmethod
    def _record(operation, data, inputs, rules):
        """A new tensor that remembers where it came from; it needs a gradient if one of its inputs does."""
        result = Tensor(data, requires_grad=any(source.requires_grad for source in inputs))
        result._operation, result._inputs, result._rules = operation, tuple(inputs), tuple(rules)
        return result

    # --- operators: `other` is a tensor, a number or an array

    def __add__(self, other):
        ### BEGIN SOLUTION
        other = self._tensor(other)
        return self._record("+", self.data + other.data, (self, other), (lambda G: G, lambda G: G))
        ### END SOLUTION

    def __sub__(self, other):
        ### BEGIN SOLUTION
        other = self._tensor(other)
        return self._record("-", self.data - other.data, (self, other), (lambda G: G, lambda G: -G))
        ### END SOLUTION

    def __mul__(self, other):
        ### BEGIN SOLUTION
        other = self._tensor(other)
        a, b = self.data, other.data
        return self._record("*", a * b, (self, other), (lambda G: G * b, lambda G: G * a))
        ### END SOLUTION

    def __truediv__(self, other):
        ### BEGIN SOLUTION
        other = self._tensor(other)
        a, b = self.data, other.data
        return self._record("/", a / b, (self, other), (lambda G: G / b, lambda G: -G * a / b**2))
        ### END SOLUTION

    def __radd__(self, other):
        """other + self, where other is a number or an array."""
        ### BEGIN SOLUTION
        return self._tensor(other) + self
        ### END SOLUTION

    def __rsub__(self, other):
        """other - self, where other is a number or an array."""
        ### BEGIN SOLUTION
        return self._tensor(other) - self
        ### END SOLUTION

    def __rmul__(self, other):
        """other * self, where other is a number or an array."""
        ### BEGIN SOLUTION
        return self._tensor(other) * self
        ### END SOLUTION

    def __rtruediv__(self, other):
        """other / self, where other is a number or an array."""
        ### BEGIN SOLUTION
        return self._tensor(other) / self
        ### END SOLUTION

    def __neg__(self):
        ### BEGIN SOLUTION
        return self._record("neg", -self.data, (self,), (lambda G: -G,))
        ### END SOLUTION

    def __pow__(self, number):
        ### BEGIN SOLUTION
        a = self.data
        return self._record(f"**{number}", a**number, (self,), (lambda G: G * number * a ** (number - 1),))
        ### END SOLUTION

    def __matmul__(self, other):
        """The product of two matrices."""
        ### BEGIN SOLUTION
        other = self._tensor(other)
        a, b = self.data, other.data
        return self._record("@", a @ b, (self, other), (lambda G: G @ b.T, lambda G: a.T @ G))
        ### END SOLUTION

    # --- methods

    def sum(self, axis=None, keepdims=False):
        """The sum of all entries, or of those along one axis (which may be negative, as in NumPy)."""

        ### BEGIN SOLUTION
        def spread(G):
            if axis is not None and not keepdims:
                G = np.expand_dims(G, axis)
            return np.broadcast_to(G, self.shape)

        return self._record("sum", self.data.sum(axis=axis, keepdims=keepdims), (self,), (spread,))
        ### END SOLUTION

    def mean(self, axis=None, keepdims=False):
        """The mean of all entries, or of those along one axis."""
        ### BEGIN SOLUTION
        count = self.data.size if axis is None else self.shape[axis]
        return self.sum(axis=axis, keepdims=keepdims) / count
        ### END SOLUTION

    def exp(self):
        ### BEGIN SOLUTION
        c = np.exp(self.data)
        return self._record("exp", c, (self,), (lambda G: G * c,))
        ### END SOLUTION

    def log(self):
        ### BEGIN SOLUTION
        return self._record("log", np.log(self.data), (self,), (lambda G: G / self.data,))
        ### END SOLUTION

    def relu(self):
        ### BEGIN SOLUTION
        return self._record("relu", np.maximum(self.data, 0), (self,), (lambda G: G * (self.data > 0),))
        ### END SOLUTION

    def sigmoid(self):
        ### BEGIN SOLUTION
        c = np.exp(-np.logaddexp(0, -self.data))
        return self._record("sigmoid", c, (self,), (lambda G: G * c * (1 - c),))
        ### END SOLUTION

    def tanh(self):
        ### BEGIN SOLUTION
        c = np.tanh(self.data)
        return self._record("tanh", c, (self,), (lambda G: G * (1 - c**2),))
        ### END SOLUTION

    def reshape(self, *shape):
        """The same entries in another shape: t.reshape(2, 3)."""
        ### BEGIN SOLUTION
        return self._record("reshape", self.data.reshape(*shape), (self,), (lambda G: G.reshape(self.shape),))
        ### END SOLUTION

    @property
    def T(self):
        """The transposed matrix."""
        ### BEGIN SOLUTION
        return self._record("T", self.data.T, (self,), (lambda G: G.T,))
        ### END SOLUTION

    # --- the way back

    def backward(self, gradient=None):
        """Add to `.grad` of every tensor with `requires_grad` that this one was computed from.

        gradient: an array of the shape of this tensor, where the way back starts; may be left out for one element.
        Raises RuntimeError if it is left out for more, and if this tensor needs no gradient.
        """
        ### BEGIN SOLUTION
        if not self.requires_grad:
            raise RuntimeError("this tensor needs no gradient: was it computed from one with requires_grad=True?")
        if gradient is None:
            if self.data.size != 1:
                raise RuntimeError(f"a tensor of shape {self.shape} has no single slope: give a gradient")
            gradient = np.ones(self.shape)
        arrived = {id(self): np.array(gradient, dtype=np.float64)}
        for node in reversed(topological_sort(self)):
            if not node.requires_grad:
                continue
            G = arrived.pop(id(node))
            node.grad = G if node.grad is None else node.grad + G
            for source, rule in zip(node._inputs, node._rules, strict=True):
                if source.requires_grad:
                    share = unbroadcast(rule(G), source.shape)
                    arrived[id(source)] = arrived[id(source)] + share if id(source) in arrived else share
        ### END SOLUTION

    def zero_grad(self):
        """Forget the gradient: `.grad` is None again."""
        ### BEGIN SOLUTION
        self.grad = None
        ### END SOLUTION


# %% exercise="topological_sort"
def topological_sort(tensor):
    """The tensors that `tensor` was computed from, each once and after its inputs; `tensor` itself is the last one."""
    ### BEGIN SOLUTION
    order, opened = [], set()
    stack = [(tensor, False)]
    while stack:
        node, close = stack.pop()
        if close:
            order.append(node)
        elif id(node) not in opened:
            opened.add(id(node))
            stack.append((node, True))
            stack.extend((source, False) for source in node._inputs)
    return order
    ### END SOLUTION


# %% [markdown]
# ## Small steps
#
# Test as you go. Most cells need `backward` and so `topological_sort`, but each looks at one operation only, and a
# wrong one does not stop you from going on with the next.

# %% tests="Tensor"
t = Tensor([[1, 2, 3], [4, 5, 6]])
assert t.data.dtype == np.float64, "integers become float64"
assert t.shape == (2, 3), "two rows, three columns"
assert t.grad is None, "there is no gradient before a backward pass"
assert not t.requires_grad, "False unless the caller says otherwise"
assert Tensor(1.0, requires_grad=True).requires_grad, "False unless the caller says otherwise"
assert Tensor(5).shape == (), "a number has shape ()"

# %% tests="Tensor.__add__"
a, b = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True), Tensor([10.0, 20.0], requires_grad=True)
c = a + b
c.backward(np.array([[1.0, 2.0], [3.0, 4.0]]))
assert np.allclose(c.data, [[11.0, 22.0], [13.0, 24.0]]), "the row is added to both rows"
assert np.allclose(a.grad, [[1.0, 2.0], [3.0, 4.0]]), "what arrives is handed on"
assert b.grad.shape == (2,), "b was used for both rows: add up its two shares"
assert np.allclose(b.grad, [4.0, 6.0]), "b was used for both rows: add up its two shares"

# %% tests="Tensor.__sub__"
a, b = Tensor(5.0, requires_grad=True), Tensor(3.0, requires_grad=True)
c = a - b
c.backward(np.array(2.0))
assert np.allclose([c.data, a.grad, b.grad], [2.0, 2.0, -2.0]), "if b grows, a − b shrinks"

# %% tests="Tensor.__mul__"
a, b = Tensor(5.0, requires_grad=True), Tensor(3.0, requires_grad=True)
c = a * b
c.backward(np.array(2.0))
assert np.allclose([c.data, a.grad, b.grad], [15.0, 6.0, 10.0]), "each factor gets 2 times the other one"

# %% tests="Tensor.__truediv__"
a, b = Tensor(6.0, requires_grad=True), Tensor(2.0, requires_grad=True)
c = a / b
c.backward(np.array(1.0))
assert np.allclose([c.data, a.grad, b.grad], [3.0, 0.5, -1.5]), "1/b for a, −a/b² for b"

# %% tests="Tensor.__radd__"
t = Tensor([1.0, 2.0], requires_grad=True)
assert np.allclose((1.0 + t).data, [2.0, 3.0]), "a number on the left of +"
assert np.allclose((5.0 - t).data, [4.0, 3.0]), "5 − t, not t − 5"
assert np.allclose((4.0 / t).data, [4.0, 2.0]), "4 / t, not t / 4"
c = np.array([[1.0], [10.0]]) * t
assert isinstance(c, Tensor), "an array on the left gives one tensor"
assert c.shape == (2, 2), "an array on the left gives one tensor"
c.backward(np.ones((2, 2)))
assert np.allclose(t.grad, [11.0, 11.0]), "each entry was multiplied by 1 and by 10"

# %% tests="Tensor.__neg__"
t = Tensor([1.0, -2.0], requires_grad=True)
c = -t
c.backward(np.array([1.0, 3.0]))
assert np.allclose(c.data, [-1.0, 2.0]), "the slope of −t is −1"
assert np.allclose(t.grad, [-1.0, -3.0]), "the slope of −t is −1"

# %% tests="Tensor.__pow__"
t = Tensor([1.0, 3.0], requires_grad=True)
c = t**2
c.backward(np.array([1.0, 1.0]))
assert np.allclose(c.data, [1.0, 9.0]), "the slope of t² is 2t"
assert np.allclose(t.grad, [2.0, 6.0]), "the slope of t² is 2t"

# %% tests="Tensor.__matmul__"
a = Tensor([[1.0, 2.0, 3.0]], requires_grad=True)
b = Tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], requires_grad=True)
c = a @ b
c.backward(np.array([[1.0, 10.0]]))
assert np.allclose(c.data, [[4.0, 5.0]]), "(1, 3) times (3, 2)"
assert np.allclose(a.grad, [[1.0, 10.0, 11.0]]), "G bᵀ, of the shape of a"
assert np.allclose(b.grad, [[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]), "aᵀ G, of the shape of b"

# %% tests="Tensor.sum"
t = Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
assert t.sum().shape == (), "without an axis: all entries, one number"
assert np.isclose(t.sum().data, 21.0), "without an axis: all entries, one number"
assert t.sum(axis=0, keepdims=True).shape == (1, 3), "keepdims keeps the axis, with size 1"
c = t.sum(axis=1)
c.backward(np.array([1.0, 10.0]))
assert np.allclose(c.data, [6.0, 15.0]), "axis=1: one sum for each row"
assert np.allclose(t.grad, [[1.0] * 3, [10.0] * 3]), "all entries of a row get what arrives at its sum"

# %% tests="Tensor.mean"
t = Tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], requires_grad=True)
c = t.mean(axis=0)
c.backward(np.array([3.0, 6.0]))
assert np.allclose(c.data, [3.0, 4.0]), "axis=0: one mean for each column"
assert np.allclose(t.grad, [[1.0, 2.0]] * 3), "each of the three entries has a third of the effect"

# %% tests="Tensor.exp"
t = Tensor([0.0, 1.0], requires_grad=True)
c = t.exp()
c.backward(np.array([1.0, 2.0]))
assert np.allclose(c.data, [1.0, np.e]), "the slope is the value"
assert np.allclose(t.grad, [1.0, 2 * np.e]), "the slope is the value"

# %% tests="Tensor.log"
t = Tensor([1.0, 4.0], requires_grad=True)
c = t.log()
c.backward(np.array([1.0, 2.0]))
assert np.allclose(c.data, [0.0, np.log(4)]), "the slope is one over the input"
assert np.allclose(t.grad, [1.0, 0.5]), "the slope is one over the input"

# %% tests="Tensor.relu"
t = Tensor([-1.0, 0.0, 2.0], requires_grad=True)
c = t.relu()
c.backward(np.array([5.0, 5.0, -5.0]))
assert np.allclose(c.data, [0.0, 0.0, 2.0]), "negative entries become 0"
assert np.allclose(t.grad, [0.0, 0.0, -5.0]), "only where the input is positive does the gradient pass"

# %% tests="Tensor.sigmoid"
t = Tensor([0.0, 30.0], requires_grad=True)
c = t.sigmoid()
c.backward(np.array([2.0, 2.0]))
assert np.allclose(c.data, [0.5, 1.0]), "slope ¼ at 0, almost 0 at 30"
assert np.allclose(t.grad, [0.5, 0.0]), "slope ¼ at 0, almost 0 at 30"

# %% tests="Tensor.tanh"
t = Tensor([0.0, 1.0], requires_grad=True)
c = t.tanh()
c.backward(np.array([2.0, 1.0]))
assert np.allclose(c.data, [0.0, 0.76159], atol=1e-5), "1 − c²"
assert np.allclose(t.grad, [2.0, 0.41997], atol=1e-5), "1 − c²"

# %% tests="Tensor.reshape"
t = Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
c = t.reshape(3, 2)
c.backward(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
assert np.allclose(c.data, [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), "row by row"
assert np.allclose(t.grad, [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), "the gradient goes back into the old shape"

# %% tests="Tensor.T"
t = Tensor([[1.0, 2.0, 3.0]], requires_grad=True)
c = t.T
c.backward(np.array([[10.0], [20.0], [30.0]]))
assert c.shape == (3, 1), "transposed, and back"
assert np.allclose(t.grad, [[10.0, 20.0, 30.0]]), "transposed, and back"

# %% tests="topological_sort"
a = Tensor(1.0, requires_grad=True)
b = Tensor(2.0, requires_grad=True)
c = a * b
d = c + a
order = topological_sort(d)
assert len(order) == 4, "a, b, c and d, each once"
assert {id(node) for node in order} == {id(a), id(b), id(c), id(d)}, "a, b, c and d, each once"
assert order[-1] is d, "the tensor itself is the last one"
assert order[-2] is c, "c comes after a and b"

# %% tests="Tensor.backward"
a = Tensor(3.0, requires_grad=True)
b = a * a
c = b + b
L = c * a
L.backward()
assert np.isclose(a.grad, 54.0), "the example of the text, 6a² = 54: all shares are added up"
L.backward()
assert np.isclose(a.grad, 108.0), "a second pass adds to the first"
x, w = Tensor(2.0), Tensor(3.0, requires_grad=True)
(w * x).backward()
assert x.grad is None, "gradients only where they are required"
assert np.isclose(w.grad, 2.0), "gradients only where they are required"
z = a
for _ in range(10_000):
    z = z + 1.0
a.zero_grad()
z.backward()
assert np.isclose(a.grad, 1.0), "a chain of 10 000 operations"
for bad in [Tensor([1.0, 2.0], requires_grad=True) * 2.0, Tensor(1.0) * 2.0]:
    try:
        bad.backward()
    except RuntimeError:
        pass
    else:
        raise AssertionError("backward should raise RuntimeError: more than one element, or no gradient needed")

# %% tests="Tensor.zero_grad"
a = Tensor(3.0, requires_grad=True)
(a + 1.0).backward()
assert np.isclose(a.grad, 1.0), "there is a gradient"
a.zero_grad()
assert a.grad is None, "and now there is none"

# %% [markdown]
# ## See your own graph
#
# `draw_graph` goes from a tensor back to its leaves and draws what it finds: a box for each tensor, with its operation,
# its value and, after `backward`, its gradient. It uses `_inputs` and `_operation` as described above, `data`, `grad`
# and `requires_grad`. Large arrays are shown as their shape. It returns the picture as text in SVG, a format that a
# browser can show, and that you can write into a file.


# %% locked="draw_graph"
def draw_graph(tensor):
    """The graph of a tensor as SVG text: leaves on the left, the tensor on the right, an arrow from each input."""
    from html import escape

    nodes, level, stack = {}, {}, [(tensor, False)]
    while stack:
        node, close = stack.pop()
        if close:
            level[id(node)] = 1 + max((level[id(source)] for source in node._inputs), default=-1)
        elif id(node) not in nodes:
            nodes[id(node)] = node
            stack.append((node, True))
            stack.extend((source, False) for source in node._inputs)

    def text(array):
        if np.size(array) > 4:
            return f"array {np.shape(array)}"
        return np.array2string(np.asarray(array), precision=3, separator=", ").replace("\n", "")

    columns = {}
    for key in nodes:
        columns.setdefault(level[key], []).append(key)
    box_width, box_height, step_x, step_y = 150, 58, 200, 78
    tallest = max(map(len, columns.values()))
    place = {
        key: (10 + step_x * column, 10 + step_y * (row + (tallest - len(keys)) / 2))
        for column, keys in columns.items()
        for row, key in enumerate(keys)
    }
    width, height = 20 + step_x * max(columns) + box_width, 20 + step_y * (tallest - 1) + box_height
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="12" role="img" aria-label="graph of a tensor">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z" fill="#555"/></marker></defs>',
    ]
    for key, node in nodes.items():
        x, y = place[key]
        for source in node._inputs:
            from_x, from_y = place[id(source)]
            parts.append(
                f'<line x1="{from_x + box_width}" y1="{from_y + box_height / 2}" x2="{x}" y2="{y + box_height / 2}" '
                'stroke="#555" marker-end="url(#tip)"/>'
            )
    for key, node in nodes.items():
        x, y = place[key]
        color = "#e8f0fe" if node._inputs else "#e6f4ea" if node.requires_grad else "#f1f3f4"
        gradient = "" if node.grad is None else f"grad {text(node.grad)}"
        kind = node._operation or ("leaf" if node.requires_grad else "constant")
        parts.append(
            f'<rect x="{x}" y="{y}" width="{box_width}" height="{box_height}" rx="6" fill="{color}" stroke="#555"/>'
        )
        for line, shown in enumerate([kind, f"data {text(node.data)}", gradient]):
            parts.append(f'<text x="{x + 8}" y="{y + 17 + 17 * line}" fill="#111">{escape(shown)}</text>')
    return "\n".join([*parts, "</svg>"])


# %% [markdown]
# The graph of the first section. Change the formula and run the cell again; try one in which a tensor is used twice.

# %%
x, y = Tensor(2.0), Tensor(1.0)
w, b = Tensor(3.0, requires_grad=True), Tensor(-4.0, requires_grad=True)
L = (w * x + b - y) ** 2
L.backward()
try:
    from IPython.display import SVG, display

    display(SVG(draw_graph(L)))
except ImportError:
    print(draw_graph(L)[:200], "…")

# %% [markdown]
# ## A loss and a network, without a single derivative
#
# From here on you only write forward passes. The loss is the one of the earlier assignments: the **mean over the
# examples of the sum over the outputs**,
#
# $$L = \frac1N \sum_i \sum_j -\big[\, Y_{ij} \log A_{ij} + (1 - Y_{ij}) \log (1 - A_{ij}) \big],$$
#
# with $A$ and $Y$ tensors of shape $(N, n)$. Write it with operations of your engine. If you take out `.data` on the
# way and compute with NumPy, the value will be right and the graph cut: no gradient finds its way through.


# %% exercise="bce_loss"
def bce_loss(A, Y):
    """Binary cross-entropy as a tensor of shape ().

    A: tensor (N, n), strictly between 0 and 1.  Y: tensor (N, n), zeros and ones.
    """
    ### BEGIN SOLUTION
    losses = Y * A.log() + (1.0 - Y) * (1.0 - A).log()
    return -losses.sum(axis=1).mean()
    ### END SOLUTION


# %% tests="bce_loss"
A = Tensor([[0.8, 0.4], [0.5, 0.7]], requires_grad=True)
Y = Tensor([[1.0, 0.0], [0.0, 1.0]])
loss = bce_loss(A, Y)
assert loss.shape == (), "the example of the earlier assignment: 0.892"
assert np.isclose(loss.data, 0.8919, atol=1e-4), "the example of the earlier assignment: 0.892"
loss.backward()
assert A.grad is not None, "the loss is connected to A"
assert np.allclose(A.grad, [[-0.625, 0.83333], [1.0, -0.71429]], atol=1e-5), "∂L/∂A from before, with its 1/N"

# %% [markdown]
# The network, layer by layer, with $X = A^0$ of shape $(N, n_0)$, $W^l$ of shape $(n_l, n_{l-1})$ and the column $b^l$
# of shape $(n_l, 1)$, whose transpose is broadcast over the rows:
#
# $$A^l = \sigma\big(A^{l-1}\, {W^l}^\top + {b^l}^\top\big) \qquad \text{of shape } (N, n_l).$$


# %% exercise="mlp"
def mlp(X, parameters):
    """The outputs of a network of sigmoid layers, a tensor (N, n_L).

    X: tensor (N, n_0).  parameters: [(W1, b1), …, (WL, bL)], tensors, Wl: (n_l, n_{l-1}), bl: (n_l, 1).
    """
    ### BEGIN SOLUTION
    A = X
    for W, b in parameters:
        A = (A @ W.T + b.T).sigmoid()
    return A
    ### END SOLUTION


# %% tests="mlp"
W, b = Tensor([[1.0, -1.0], [0.0, 2.0], [1.0, 1.0]], requires_grad=True), Tensor([[0.0]] * 3, requires_grad=True)
A = mlp(Tensor([[0.0, 0.0], [1.0, 1.0]]), [(W, b)])
assert A.shape == (2, 3), "two examples, three outputs"
assert np.allclose(A.data[0], 0.5), "all pre-activations of the first example are 0"
assert np.allclose(A.data[1], [0.5, 0.8808, 0.8808], atol=1e-4), "pre-activations 0, 2, 2"
A.sum().backward()
assert W.grad.shape == (3, 2), "each gradient has the shape of its parameter"
assert b.grad.shape == (3, 1), "each gradient has the shape of its parameter"

# %% [markdown]
# **Stochastic gradient descent** updates each tensor from its own gradient, $\theta := \theta - \eta\, \bar\theta$, and
# then clears the gradient, because the next pass would add to it. The update is no part of the calculation that is
# differentiated: it changes `.data`, and no new tensor is made.


# %% exercise="sgd"
def sgd(tensors, lr):
    """One step downhill: `.data` of each tensor is updated from its `.grad`, which is then cleared. Returns nothing."""
    ### BEGIN SOLUTION
    for tensor in tensors:
        tensor.data -= lr * tensor.grad
        tensor.zero_grad()
    ### END SOLUTION


# %% tests="sgd"
w = Tensor([1.0, -2.0], requires_grad=True)
(w + 0.0).backward(np.array([10.0, 1.0]))
sgd([w], 0.1)
assert np.allclose(w.data, [0.0, -2.1]), "w − 0.1 · gradient"
assert w.grad is None, "the gradient is cleared"

# %% [markdown]
# ## Everything together
#
# XOR, learnt by your own engine with two layers. Compare the training loop with one in PyTorch: it is the same, line
# by line. Not graded; play with the sizes, and look at the graph of a smaller network.

# %%
rng = np.random.default_rng(1)
X = Tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = Tensor([[0.0], [1.0], [1.0], [0.0]])
layers = [
    (Tensor(rng.normal(size=(4, 2)), requires_grad=True), Tensor(np.zeros((4, 1)), requires_grad=True)),
    (Tensor(rng.normal(size=(1, 4)), requires_grad=True), Tensor(np.zeros((1, 1)), requires_grad=True)),
]
for epoch in range(1501):
    loss = bce_loss(mlp(X, layers), Y)
    loss.backward()
    sgd([tensor for layer in layers for tensor in layer], lr=1.0)
    if epoch % 500 == 0:
        print(f"epoch {epoch:4}: loss {float(loss.data):.4f}")
print("outputs:", mlp(X, layers).data.ravel().round(2), "targets:", Y.data.ravel())

# %% [markdown]
# And does it agree with the slopes that one can measure? Move each entry of the first weights a little to both sides.

# %%
W = layers[0][0]
bce_loss(mlp(X, layers), Y).backward()
measured = np.zeros(W.shape)
for index in np.ndindex(*W.shape):
    original, sides = W.data[index], []
    for h in (1e-5, -1e-5):
        W.data[index] = original + h
        sides.append(float(bce_loss(mlp(X, layers), Y).data))
    W.data[index] = original
    measured[index] = (sides[0] - sides[1]) / 2e-5
print(f"largest difference: {np.abs(measured - W.grad).max():.1e}")

# %% [markdown]
# ## In your own words: what the engine knows
#
# Answer in a few sentences each:
#
# 1. Your engine has never seen the network's formula, and no operation knows any other. How can it know the gradient of
#    the whole?
# 2. Why must nodes be visited in reverse topological order, and what exactly goes wrong if a node that is used twice
#    is visited too early?
# 3. For which functions would you prefer forward mode, and what does reverse mode cost in memory?

# %% [markdown] written="what-the-engine-knows" points=10
# 1. The calculation itself writes the graph down while it runs: each result remembers its inputs and, for each of them,
#    the rule that turns an arriving gradient into that input's share. The chain rule says that the gradient of the
#    whole is put together from local derivatives, multiplied along each way from the result to a leaf and summed over
#    all ways. Starting with 1 at the result and handing shares back does just that, one operation at a time.
# 2. A node's gradient is the sum of the shares from all its users, and what it hands on is proportional to that sum. In
#    reverse topological order all users have been visited before it. If it is visited too early, it hands on a sum that
#    is incomplete: the share that arrives later never reaches its inputs (or, if it is visited once for each share, the
#    work grows with the number of ways, $2^k$ for $k$ nodes that are each used twice).
# 3. For functions of few inputs and many outputs, since one forward pass gives the derivatives of all outputs with
#    respect to one input, and nothing has to be kept. Reverse mode gives the derivatives of one output with respect to
#    all inputs, but has to keep every intermediate value that a local derivative needs until the way back reaches it:
#    memory grows with the length of the calculation.
