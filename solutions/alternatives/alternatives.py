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
# # The alternatives: forward mode, numerical and symbolic differentiation
#
# Backpropagation is one way to a derivative, and there are three others. You can let each number carry its own slope
# along (*forward mode*), measure the slope with a small step (*numerical* differentiation), or turn a formula
# into the formula of its derivative (*symbolic* differentiation). Here you build all three, each in a few dozen lines,
# and find out what each of them costs and where it fails. In the end you will know why networks are trained with
# none of the three, and why all three are used every day all the same.
#
# Throughout, $f$ has $n$ inputs and $m$ outputs. For a loss, $m = 1$ and $n$ is the number of parameters, millions of
# them. That asymmetry decides nearly everything below.

# %% [markdown]
# ## Forward mode: numbers that know their slope
#
# Suppose that every quantity in a computation depends on one input $t$. Instead of the value $a$ alone we keep the
# value **and** the slope $a' = \mathrm da/\mathrm dt$, and write the pair as one number,
#
# $$a + a'\varepsilon, \qquad \varepsilon^2 = 0, \quad \varepsilon \ne 0 .$$
#
# This is a *dual number*: $a$ is its real part, $a'$ its dual part. The symbol $\varepsilon$ stands for a step so small
# that its square does not count. You know the idea from Taylor's formula,
# $f(a + h) = f(a) + f'(a)\,h + \tfrac12 f''(a)\,h^2 + \dots$: with $h = a'\varepsilon$ everything from $h^2$ on is
# **exactly** 0, and what remains is
#
# $$\boxed{\ f(a + a'\varepsilon) = f(a) + f'(a)\,a'\,\varepsilon\ }$$
#
# The real part is the function's value, the dual part is the chain rule. Nothing is approximated: $\varepsilon$ is no
# small number that someone has to choose, it is a symbol with a rule of calculation.
#
# The rules for the operators follow by multiplying out and dropping $\varepsilon^2$:
#
# $$\begin{aligned}
# (a + a'\varepsilon) \pm (b + b'\varepsilon) &= (a \pm b) + (a' \pm b')\,\varepsilon \\
# (a + a'\varepsilon)(b + b'\varepsilon) &= ab + (a'b + ab')\,\varepsilon + \underbrace{a'b'\varepsilon^2}_{0} \\
# -(a + a'\varepsilon) &= -a - a'\varepsilon
# \end{aligned}$$
#
# The second line *is* the product rule; you need not remember it, it comes out. For the quotient, expand by
# $b - b'\varepsilon$, as one does with complex numbers:
#
# $$\frac{a + a'\varepsilon}{b + b'\varepsilon}
#   = \frac{(a + a'\varepsilon)(b - b'\varepsilon)}{(b + b'\varepsilon)(b - b'\varepsilon)}
#   = \frac{ab + (a'b - ab')\,\varepsilon}{b^2}
#   = \frac ab + \frac{a'b - ab'}{b^2}\,\varepsilon .$$
#
# In the denominator the terms with $\varepsilon$ cancel and $b'^2\varepsilon^2$ vanishes. A plain number $c$ is a
# constant: $c + 0\,\varepsilon$. This settles how numbers mix with duals, on either side:
# $3 - u$ is $(3 + 0\,\varepsilon) - u$, and so on.
#
# All other functions follow from the box, once their ordinary derivative is known:
#
# | function | real part | dual part |
# |---|---|---|
# | $u^n$, $n$ a number | $a^n$ | $n\,a^{n-1}\,a'$ |
# | $\exp u$ | $e^a$ | $e^a\,a'$ |
# | $\log u$ | $\log a$ | $a'/a$ |
# | $\sin u$ | $\sin a$ | $\cos a \cdot a'$ |
# | $\cos u$ | $\cos a$ | $-\sin a \cdot a'$ |
# | $\tanh u$ | $t = \tanh a$ | $(1 - t^2)\,a'$ |
# | $\sigma(u)$ | $s = 1/(1 + e^{-a})$ | $s\,(1 - s)\,a'$ |
#
# An example to check by hand. At $t = 2$, seeded with the slope 1 (an input changes with itself at the rate 1), what is
# the slope of $t^2 \sin t$? With $u = 2 + 1\,\varepsilon$:
#
# $$u^2 = 4 + 4\,\varepsilon, \qquad \sin u = \sin 2 + \cos 2\;\varepsilon, \qquad
#   u^2 \sin u = 4 \sin 2 + (4 \sin 2 + 4 \cos 2)\,\varepsilon \approx 3.637 + 1.973\,\varepsilon .$$
#
# <details><summary>Check yourself: what is ε · (3 + 5ε)? And why can nobody divide by 2ε?</summary>
#
# $3\varepsilon + 5\varepsilon^2 = 3\varepsilon$. The quotient needs $b^2$ in its denominator, and the real part $b$ of
# $2\varepsilon$ is 0. So $\varepsilon$ is not 0, and yet cannot be divided by: dual numbers are no field.
# </details>
#
# ## Your class
#
# Python calls `u.__add__(v)` for `u + v`. For `3 + u` it asks the number first; the number does not know your class, so
# Python then calls `u.__radd__(3)`, the *reflected* method, in which `u` is the **right** operand. That makes no
# difference for sums and products, but it does for differences and quotients. `lift` turns plain numbers into duals.
# Each method returns a new dual number and changes neither of its operands.

# %% [markdown]
# **To check yourself** at any time, add a cell with `from autograder import check` and then `check(Dual)`, or `check()` for
# all that you have defined so far: it calls your functions with a few visible cases and says what it sees, in the words
# of the feedback. In a terminal, `autograder check alternatives.ipynb` does the same. The notebook does not need it.

# %% locked="imports"
import numpy as np


# %% exercise="Dual"
class Dual:
    """A dual number real + dual·ε with ε² = 0: a value, and its slope with respect to one input."""

    def __init__(self, real, dual=0.0):
        """Keep both parts as the attributes real and dual."""
        ### BEGIN SOLUTION
        self.real = real
        self.dual = dual
        ### END SOLUTION

    @staticmethod
    def lift(value):
        """A dual number as it is; a plain number as a dual number without a dual part."""
        return value if isinstance(value, Dual) else Dual(value)

    def __repr__(self):
        return f"Dual({self.real}, {self.dual})"

    def __add__(self, other):
        """self + other, for a dual number or a plain number."""
        ### BEGIN SOLUTION
        other = Dual.lift(other)
        return Dual(self.real + other.real, self.dual + other.dual)
        ### END SOLUTION

    def __radd__(self, other):
        """other + self, where other is a plain number."""
        ### BEGIN SOLUTION
        return self + other
        ### END SOLUTION

    def __sub__(self, other):
        """self - other."""
        ### BEGIN SOLUTION
        other = Dual.lift(other)
        return Dual(self.real - other.real, self.dual - other.dual)
        ### END SOLUTION

    def __rsub__(self, other):
        """other - self, where other is a plain number."""
        ### BEGIN SOLUTION
        return Dual.lift(other) - self
        ### END SOLUTION

    def __mul__(self, other):
        """self * other."""
        ### BEGIN SOLUTION
        other = Dual.lift(other)
        return Dual(self.real * other.real, self.dual * other.real + self.real * other.dual)
        ### END SOLUTION

    def __rmul__(self, other):
        """other * self, where other is a plain number."""
        ### BEGIN SOLUTION
        return self * other
        ### END SOLUTION

    def __truediv__(self, other):
        """self / other."""
        ### BEGIN SOLUTION
        other = Dual.lift(other)
        slope = (self.dual * other.real - self.real * other.dual) / other.real**2
        return Dual(self.real / other.real, slope)
        ### END SOLUTION

    def __rtruediv__(self, other):
        """other / self, where other is a plain number."""
        ### BEGIN SOLUTION
        return Dual.lift(other) / self
        ### END SOLUTION

    def __neg__(self):
        """-self."""
        ### BEGIN SOLUTION
        return Dual(-self.real, -self.dual)
        ### END SOLUTION

    def __pow__(self, n):
        """self ** n for a number n."""
        ### BEGIN SOLUTION
        if n == 0:
            return Dual(1.0)
        return Dual(self.real**n, n * self.real ** (n - 1) * self.dual)
        ### END SOLUTION

    def exp(self):
        """The exponential function."""
        ### BEGIN SOLUTION
        value = np.exp(self.real)
        return Dual(value, value * self.dual)
        ### END SOLUTION

    def log(self):
        """The natural logarithm."""
        ### BEGIN SOLUTION
        return Dual(np.log(self.real), self.dual / self.real)
        ### END SOLUTION

    def sin(self):
        """The sine, in radians."""
        ### BEGIN SOLUTION
        return Dual(np.sin(self.real), np.cos(self.real) * self.dual)
        ### END SOLUTION

    def cos(self):
        """The cosine, in radians."""
        ### BEGIN SOLUTION
        return Dual(np.cos(self.real), -np.sin(self.real) * self.dual)
        ### END SOLUTION

    def tanh(self):
        """The hyperbolic tangent."""
        ### BEGIN SOLUTION
        value = np.tanh(self.real)
        return Dual(value, (1 - value**2) * self.dual)
        ### END SOLUTION

    def sigmoid(self):
        """The sigmoid 1 / (1 + exp(-u))."""
        ### BEGIN SOLUTION
        value = np.exp(-np.logaddexp(0.0, -self.real))
        return Dual(value, value * (1 - value) * self.dual)
        ### END SOLUTION


# %% tests="Dual"
u = Dual(3.0, 2.0)
assert (u.real, u.dual) == (3.0, 2.0), "the value first, then the slope"
assert Dual(5.0).dual == 0, "a constant does not change: without a second argument the dual part is 0"
v = Dual(7.0, dual=1.0)
assert (u.real, v.real) == (3.0, 7.0), "each dual number has parts of its own"

# %% tests="Dual.__add__"
u, v = Dual(3.0, 2.0), Dual(4.0, -1.0)
assert ((u + v).real, (u + v).dual) == (7.0, 1.0), "values add up, slopes add up"
assert ((u + 10).real, (u + 10).dual) == (13.0, 2.0), "adding a constant leaves the slope as it is"
assert ((10 + u).real, (10 + u).dual) == (13.0, 2.0), "the number may stand on the left"
assert (u.real, u.dual) == (3.0, 2.0), "u itself must stay as it was"

# %% tests="Dual.__sub__"
u, v = Dual(3.0, 2.0), Dual(4.0, -1.0)
assert ((u - v).real, (u - v).dual) == (-1.0, 3.0), "2 − (−1) = 3"
assert ((u - 1).real, (u - 1).dual) == (2.0, 2.0), "subtracting a constant leaves the slope as it is"
assert ((10 - u).real, (10 - u).dual) == (7.0, -2.0), "10 − u falls where u rises"

# %% tests="Dual.__mul__"
u, v = Dual(3.0, 2.0), Dual(4.0, -1.0)
assert ((u * v).real, (u * v).dual) == (12.0, 5.0), "the slope is 2 · 4 + 3 · (−1) = 5"
assert ((u * 10).real, (u * 10).dual) == (30.0, 20.0), "ten times u is ten times as steep"
assert ((10 * u).real, (10 * u).dual) == (30.0, 20.0), "the number may stand on the left"
assert (u * u).dual == 12.0, "the same operand twice: u² has the slope 2 · 3 · 2"

# %% tests="Dual.__truediv__"
u, v = Dual(3.0, 2.0), Dual(4.0, -1.0)
assert np.allclose([(u / v).real, (u / v).dual], [0.75, 0.6875]), "the slope is (2 · 4 − 3 · (−1)) / 16"
assert np.allclose([(u / 2).real, (u / 2).dual], [1.5, 1.0]), "half of u is half as steep"
assert np.allclose([(8 / v).real, (8 / v).dual], [2.0, 0.5]), "8/v: the slope is −8 · (−1) / 16"

# %% tests="Dual.__neg__"
u = Dual(3.0, 2.0)
assert ((-u).real, (-u).dual) == (-3.0, -2.0), "both parts change their sign"
assert (u.real, u.dual) == (3.0, 2.0), "u itself must stay as it was"

# %% tests="Dual.__pow__"
u = Dual(-3.0, 2.0)
assert np.allclose([(u**2).real, (u**2).dual], [9.0, -12.0]), "a negative base: the slope is 2 · (−3) · 2"
assert np.allclose([(u**-1).real, (u**-1).dual], [-1 / 3, -2 / 9]), "a negative exponent: −1 · (−3)⁻² · 2"
assert np.isclose((Dual(4.0, 1.0) ** 0.5).dual, 0.25), "a fraction: the root of 4 has the slope 1/(2 · 2)"

# %% tests="Dual.exp"
assert np.allclose([Dual(0.0, 3.0).exp().real, Dual(0.0, 3.0).exp().dual], [1.0, 3.0]), "exp has slope 1 at 0"

# %% tests="Dual.log"
assert np.allclose([Dual(2.0, 3.0).log().real, Dual(2.0, 3.0).log().dual], [0.6931472, 1.5]), "3 times 1/2"

# %% tests="Dual.sin"
assert np.allclose([Dual(0.0, 3.0).sin().real, Dual(0.0, 3.0).sin().dual], [0.0, 3.0]), "sin has slope 1 at 0"

# %% tests="Dual.cos"
assert np.allclose([Dual(np.pi / 2, 3.0).cos().real, Dual(np.pi / 2, 3.0).cos().dual], [0.0, -3.0]), "cos falls there"

# %% tests="Dual.tanh"
assert np.allclose([Dual(0.0, 3.0).tanh().real, Dual(0.0, 3.0).tanh().dual], [0.0, 3.0]), "tanh has slope 1 at 0"
assert abs(Dual(20.0, 1.0).tanh().dual) < 1e-9, "far out tanh is flat"

# %% tests="Dual.sigmoid"
assert np.allclose([Dual(0.0, 4.0).sigmoid().real, Dual(0.0, 4.0).sigmoid().dual], [0.5, 1.0]), "slope 1/4, times 4"
assert abs(Dual(-20.0, 1.0).sigmoid().real) < 1e-8, "far to the left the sigmoid is near 0"

# %% [markdown]
# ## A derivative in one pass
#
# Any Python function that is made of these operations can now be differentiated without touching it, loops and
# branches included: give it $x + 1\,\varepsilon$ and read the dual part of the result. A function may also ignore its
# argument and return a plain number; it is constant, and its derivative is 0.


# %% exercise="derivative"
def derivative(f, x):
    """The derivative of f at the number x, by forward mode.

    f takes a Dual and returns a Dual (or a plain number, if it does not depend on x).  Returns one number.
    """
    ### BEGIN SOLUTION
    return float(Dual.lift(f(Dual(x, 1.0))).dual)
    ### END SOLUTION


# %% tests="derivative"
assert np.isclose(derivative(lambda t: t**2 * t.sin(), 2.0), 1.9726, atol=1e-4), "the example of the text"
assert np.isclose(derivative(lambda t: 1 / (1 + (-t).exp()), 0.0), 0.25), "a sigmoid written by hand"
assert derivative(lambda t: 3.0, 1.0) == 0, "a constant function has slope 0 everywhere"


# %% [markdown]
# ## A gradient in n passes
#
# Now $f$ has $n$ inputs, and a dual number has room for *one* slope. So there is a choice to be made at the start:
# which direction? With the seeds $v = (v_1, \dots, v_n)$ in the dual parts of the inputs, the dual part of the result
# is
#
# $$\sum_{i=1}^n \frac{\partial f}{\partial x_i}\, v_i = \nabla f \cdot v ,$$
#
# the slope in the direction $v$. For several outputs it is the product $J v$ of the whole Jacobian $J$, of
# shape $(m, n)$, with a column of shape $(n, 1)$, and one pass gives it for all $m$ outputs. To get the single entry
# $\partial f/\partial x_i$, seed with the unit vector $e_i$: 1 for the input $i$, 0 for all others. The full gradient
# takes $n$ passes.
#
# That is the whole difference from backpropagation, which multiplies the chain rule out from the other end. For a
# chain of three functions, $J = J_3 J_2 J_1$, forward mode computes $J_3 (J_2 (J_1 v))$ and reverse mode
# $((w^\top J_3) J_2) J_1$. One pass of forward mode gives a *column* of $J$, one pass of reverse mode a *row*. A loss
# has a single row.
#
# <details><summary>Check yourself: a robot arm has 3 joint angles and 200 sensor points, and you want all 600
# derivatives. Which mode?</summary>
#
# Forward: 3 passes, one for each input. Reverse mode would need 200, one for each output.
# </details>


# %% exercise="gradient"
def gradient(f, x):
    """The gradient of f at x by forward mode, one pass for each input.

    f takes a list of n Duals and returns a Dual.  x: (n,), left as it was.  Returns (n,).
    """
    ### BEGIN SOLUTION
    slopes = []
    for i in range(len(x)):
        inputs = [Dual(value, 1.0 if j == i else 0.0) for j, value in enumerate(x)]
        slopes.append(Dual.lift(f(inputs)).dual)
    return np.array(slopes, dtype=float)
    ### END SOLUTION


# %% tests="gradient"
found = gradient(lambda v: v[0] * v[1] + v[2].exp(), np.array([2.0, 3.0, 0.0]))
assert np.shape(found) == (3,), "one derivative for each input"
assert np.allclose(found, [3.0, 2.0, 1.0]), "∂/∂v₀ = v₁, ∂/∂v₁ = v₀, ∂/∂v₂ = exp(v₂)"
assert np.allclose(gradient(lambda v: v[0] * v[0], np.array([5.0, 7.0])), [10.0, 0.0]), "an unused input has slope 0"

# %% [markdown]
# How does the time grow with $n$? The function below does an amount of work that is proportional to $n$, so forward
# mode's $n$ passes cost in proportion to $n^2$. With the million parameters of a small network this is the difference
# between a second and eleven days. (Not graded; play with it.)

# %%
import time

for n in [25, 50, 100, 200]:
    start = time.perf_counter()
    gradient(lambda v: sum((value * value).sin() for value in v), np.linspace(0, 1, n))
    print(f"n = {n:4}: {1000 * (time.perf_counter() - start):7.1f} ms")

# %% [markdown]
# ## Numerical differentiation: measure it
#
# The definition of the derivative suggests to take a small step and look. How good is this? By Taylor's formula
#
# $$f(x + h) = f(x) + f'(x)\,h + \tfrac12 f''(x)\,h^2 + \tfrac16 f'''(x)\,h^3 + \dots$$
#
# and therefore the **forward difference** is
#
# $$\frac{f(x+h) - f(x)}{h} = f'(x) + \underbrace{\tfrac12 f''(x)\, h + \dots}_{\text{truncation error}} .$$
#
# Its error is proportional to $h$. Write down the same for $-h$ and subtract: all even terms cancel, and the
# **central difference** is
#
# $$\boxed{\ \frac{f(x+h) - f(x-h)}{2h} = f'(x) + \tfrac16 f'''(x)\, h^2 + \dots\ }$$
#
# with an error proportional to $h^2$. Halve $h$, and it becomes four times smaller. For a quadratic, $f''' = 0$
# and the central difference is exact with *any* step.
#
# So why not $h = 10^{-12}$? Because of **rounding**. A float64 holds about 16 digits, so each value of $f$ is off by up
# to $\epsilon\,|f|$ with $\epsilon \approx 10^{-16}$. In $f(x+h) - f(x-h)$ almost all leading digits agree and cancel;
# the error stays, and is divided by $2h$. In all,
#
# $$\text{error}(h) \approx \underbrace{\tfrac16 |f'''|\, h^2}_{\text{grows with } h}
#   + \underbrace{\epsilon\,|f| / h}_{\text{shrinks with } h} .$$
#
# The sum is smallest where its derivative is 0:
#
# $$\tfrac13 |f'''|\, h = \epsilon\,|f|/h^2 \quad\Longrightarrow\quad
#   h = \sqrt[3]{3\,\epsilon\,|f|/|f'''|} \approx \sqrt[3]{\epsilon} \approx 10^{-5}$$
#
# for values of ordinary size, and the error is then about $\epsilon^{2/3} \approx 10^{-11}$ or $10^{-10}$. The same
# computation for the forward difference gives $h \approx \sqrt\epsilon \approx 10^{-8}$ with an error of about
# $10^{-8}$: half of the digits are gone.
#
# ![Error of the forward and of the central difference against the step h, both axes logarithmic. Each curve is a V:
# rounding errors fall with slope −1 from the left, truncation errors rise to the right, with slope 1 for the forward
# and slope 2 for the central difference. The central difference reaches far lower, near h =
# 1e-5.](figures/step_size.png)
#
# For a function of an array, the entries are moved one at a time: with the unit array $e_i$, which is 1 at the entry
# $i$ and 0 elsewhere,
#
# $$\hat g_i = \frac{f(x + h e_i) - f(x - h e_i)}{2h}, \qquad \hat g \text{ of the shape of } x .$$
#
# This costs $2n$ evaluations of $f$. Two traps in the code: `x[i] += h`, `x[i] -= 2 * h`, `x[i] += h` does not bring
# back the old `x[i]`, since every step rounds; and an array without dimensions, of shape `()`, has one entry, too
# (`np.ndindex(*x.shape)` goes through the indices of an array of any shape).
#
# <details><summary>Check yourself: what does the central difference with h = 0.1 give for x³ at x = 1?</summary>
#
# $(1.331 - 0.729)/0.2 = 3.01$. Here $f''' = 6$, so the error is $\tfrac16 \cdot 6 \cdot 0.01 = 0.01$, and there are no
# further terms.
# </details>


# %% exercise="central_difference"
def central_difference(f, x, h=1e-5):
    """The numerical gradient of f at x, by central differences of step h.

    f maps an array to a number.  x: an array of any shape, left as it was.  Returns an array of the shape of x.
    """
    ### BEGIN SOLUTION
    slopes = np.zeros(np.shape(x))
    for index in np.ndindex(*np.shape(x)):
        above, below = np.array(x, dtype=float), np.array(x, dtype=float)
        above[index] += h
        below[index] -= h
        slopes[index] = (f(above) - f(below)) / (2 * h)
    return slopes
    ### END SOLUTION


# %% tests="central_difference"
x = np.array([[1.0, 2.0, 3.0]])
found = central_difference(lambda x: np.sum(x**2), x)
assert found.shape == (1, 3), "the gradient has the shape of x"
assert np.allclose(found, 2 * x), "the sum of squares has the gradient 2x"
assert np.array_equal(x, [[1.0, 2.0, 3.0]]), "x must be left as it was, to the last digit"
assert np.allclose(central_difference(lambda x: np.sum(x**3), np.array([1.0]), h=0.1), 3.01), "the example of the text"
assert np.isclose(central_difference(lambda x: np.sum(np.exp(x)), np.array(0.0)), 1.0), "an array without dimensions"

# %% [markdown]
# See the V with your own eyes: the derivative of $e^x$ at 1, with steps from large to tiny.

# %%
print("  step h   forward difference   central difference")
for exponent in range(1, 14, 2):
    h = 10.0**-exponent
    forward = abs((np.exp(1 + h) - np.exp(1)) / h - np.exp(1))
    central = abs(float(central_difference(np.exp, np.array(1.0), h)) - np.exp(1))
    print(f"   1e-{exponent:02}         {forward:.0e}                {central:.0e}")

# %% [markdown]
# ## What numerical differentiation is good for
#
# It is slow and inexact, but it knows nothing of your derivation. This makes it the judge of other gradients.
# Let $g$ be the gradient that your code claims and $\hat g$ the numerical one. Whether $\|g - \hat g\| = 0.01$ is much
# depends on how long the gradients are, so one looks at the **relative error**
#
# $$\frac{\|g - \hat g\|}{\max\big(\|g\| + \|\hat g\|,\; 10^{-12}\big)}, \qquad
#   \|g\| = \sqrt{\textstyle\sum_i g_i^2}\ \text{ over all entries.}$$
#
# By the triangle inequality it lies between 0 and 1, and is 1 when the sign is flipped. The maximum only matters
# where both gradients are 0. Below $10^{-7}$: well done. Near 1, 1/3 (a factor 2) or 0.01: look for a mistake. A value
# between $10^{-5}$ and $10^{-3}$ often means a kink (relu) inside the step, or values of $f$ so large that they swallow
# the difference.


# %% exercise="gradient_check"
def gradient_check(f, grad, x):
    """The relative error between grad(x) and the numerical gradient of f at x.

    f maps an array to a number, grad maps an array to an array of its shape.  Returns one number between 0 and 1.
    """
    ### BEGIN SOLUTION
    g, measured = grad(x), central_difference(f, x)
    return float(np.linalg.norm(g - measured) / max(np.linalg.norm(g) + np.linalg.norm(measured), 1e-12))
    ### END SOLUTION


# %% tests="gradient_check"
x = np.array([1.0, -2.0, 0.5])
assert gradient_check(lambda x: np.sum(x**3), lambda x: 3 * x**2, x) < 1e-7, "a right gradient"
assert np.isclose(gradient_check(lambda x: np.sum(x**3), lambda x: -3 * x**2, x), 1.0), "the sign is flipped"
assert np.isclose(gradient_check(lambda x: np.sum(x**3), lambda x: 6 * x**2, x), 1 / 3), "twice too long: 1/3"
assert gradient_check(lambda x: 0 * np.sum(x), lambda x: 0 * x, x) == 0, "both gradients are 0, and so is the error"

# %% [markdown]
# ## Symbolic differentiation: from formula to formula
#
# On paper you do not compute with numbers but with expressions, and a computer can do that, too. An expression is a
# tree. We write it with tuples: first the operator, then what it is applied to.
#
# | expression | meaning |
# |---|---|
# | `3.0` | a number |
# | `"x"` | a variable |
# | `("+", u, v)`, `("-", u, v)`, `("*", u, v)`, `("/", u, v)` | $u + v$, $u - v$, $uv$, $u/v$ |
# | `("**", u, 3)` | $u^3$; the exponent is a number |
# | `("exp", u)`, `("log", u)`, `("sin", u)`, `("cos", u)`, `("tanh", u)`, `("sigmoid", u)` | functions |
#
# where `u` and `v` are expressions again. $x^2 \sin(x)$ is `("*", ("**", "x", 2), ("sin", "x"))`.
#
# ![The expression x² · sin(x) as a tree: the product at the root, below it on the left a power with the leaves x and
# 2, on the right the sine with the leaf x](figures/expression_tree.png)
#
# Functions on trees are recursive: say what happens at the leaves (a number, a name), and how to get the result for a
# node from its operands. The rules of differentiation are recursive by themselves. With $\mathrm d u$ for the
# derivative of $u$ with respect to the chosen variable:
#
# | expression | derivative |
# |---|---|
# | $u \pm v$ | $\mathrm du \pm \mathrm dv$ |
# | $u v$ | $\mathrm du\, v + u\, \mathrm dv$ |
# | $u/v$ | $(\mathrm du\, v - u\, \mathrm dv)/v^2$ |
# | $u^n$ | $n u^{n-1}\, \mathrm du$ |
# | $\exp u$ | $\exp u\; \mathrm du$ |
# | $\log u$ | $\mathrm du / u$ |
#
# and so on with the derivatives that you know from `Dual`. At the leaves: a number has the derivative 0, the variable
# itself 1, and **any other variable 0**, since it is held fixed. Return the expression that the rules give; how
# long it is does not matter yet. Compute the exponent $n - 1$ at once, since an exponent has to be a number.
#
# <details><summary>Check yourself: do the rules for dual numbers look familiar here?</summary>
#
# They are the same. Forward mode applies them to numbers while the function runs, symbolic differentiation to
# expressions before anything runs.
# </details>


# %% exercise="differentiate"
def differentiate(expression, variable):
    """The derivative of an expression with respect to a variable, as an expression.

    expression: a number, a variable's name, or a tuple as in the table above.  variable: a name.
    """
    ### BEGIN SOLUTION
    if isinstance(expression, str):
        return 1.0 if expression == variable else 0.0
    if not isinstance(expression, tuple | list):
        return 0.0
    operator, u = expression[0], expression[1]
    du = differentiate(u, variable)
    if operator == "**":
        n = expression[2]
        return ("*", ("*", n, ("**", u, n - 1)), du)
    if operator in ("+", "-", "*", "/"):
        v = expression[2]
        dv = differentiate(v, variable)
        if operator == "*":
            return ("+", ("*", du, v), ("*", u, dv))
        if operator == "/":
            return ("/", ("-", ("*", du, v), ("*", u, dv)), ("**", v, 2))
        return (operator, du, dv)
    outer = {
        "exp": expression,
        "log": ("/", 1.0, u),
        "sin": ("cos", u),
        "cos": ("*", -1.0, ("sin", u)),
        "tanh": ("-", 1.0, ("**", expression, 2)),
        "sigmoid": ("*", expression, ("-", 1.0, expression)),
    }[operator]
    return ("*", outer, du)
    ### END SOLUTION


# %% tests="differentiate"
assert differentiate(5.0, "x") == 0, "a number does not change"
assert differentiate("x", "x") == 1, "x changes with itself at the rate 1"
assert differentiate("y", "x") == 0, "y is held fixed when we differentiate with respect to x"
found = differentiate(("sin", ("*", 2.0, "x")), "x")
assert isinstance(found, tuple | list), "the derivative of sin(2x) is an expression again; print it"

# %% [markdown]
# Now for a number: `values` says what each variable is, `evaluate({"x": 2.0})` of `"x"` is `2.0`, and a tuple is
# evaluated by evaluating its operands and applying the operator to the results. A bare number and a bare name
# are expressions, too; that is where the recursion ends.


# %% exercise="evaluate"
def evaluate(expression, values):
    """The value of an expression.

    expression: a number, a variable's name, or a tuple.  values: maps names to numbers.  Returns one number.
    """
    ### BEGIN SOLUTION
    if isinstance(expression, str):
        return float(values[expression])
    if not isinstance(expression, tuple | list):
        return float(expression)
    operator, *operands = expression
    numbers = [evaluate(operand, values) for operand in operands]
    apply = {
        "+": lambda u, v: u + v,
        "-": lambda u, v: u - v,
        "*": lambda u, v: u * v,
        "/": lambda u, v: u / v,
        "**": lambda u, n: u**n,
        "exp": np.exp,
        "log": np.log,
        "sin": np.sin,
        "cos": np.cos,
        "tanh": np.tanh,
        "sigmoid": lambda u: np.exp(-np.logaddexp(0.0, -u)),
    }[operator]
    return float(apply(*numbers))
    ### END SOLUTION


# %% tests="evaluate"
assert evaluate(5.0, {}) == 5, "a number is its own value"
assert evaluate("x", {"x": 2.0, "y": 3.0}) == 2, "a name has the value that is given for it"
assert evaluate(("-", "x", ("*", 2, "y")), {"x": 2.0, "y": 3.0}) == -4, "2 − 2 · 3"
square_sine = ("*", ("**", "x", 2), ("sin", "x"))
slope = evaluate(differentiate(square_sine, "x"), {"x": 2.0})
assert np.isclose(slope, 1.9726, atol=1e-4), "symbolic and forward mode agree: the example from the start"

# %% [markdown]
# ## Expression swell, and what helps
#
# The product rule writes each factor down once more, and in a product of products this happens on every level.
# Look at `size`, the number of operators, numbers and names:

# %%


def size(expression):
    """How many operators, numbers and names an expression is made of."""
    return 1 + sum(map(size, expression[1:])) if isinstance(expression, tuple) else 1


chain = "x"
for k in range(1, 9):
    chain = ("*", chain, ("sin", chain))
    print(f"k = {k}: f has size {size(chain):5}, its derivative {size(differentiate(chain, 'x')):6}")

# %% [markdown]
# Here $f_k = f_{k-1} \sin f_{k-1}$ is a program of $k$ lines. Written out as a tree it doubles with each line, since
# $f_{k-1}$ occurs in it twice, and the derivative grows faster still. This is *expression swell*. The two
# programs that you know from before do not suffer from it: they keep the **value** of $f_{k-1}$ in a variable and use
# it twice. And a program with a loop or an `if` whose course depends on the data is no expression at all.
#
# Some of the length is nonsense that can be removed: the derivative of $3x$ comes out as $0 \cdot x + 3 \cdot 1$. Write
# a function that simplifies:
#
# * an operator whose operands are all numbers becomes its value: `("+", 2, 3)` becomes 5, `("sin", 0)` becomes 0;
# * $0 + u$ and $u + 0$ become $u$, $1 \cdot u$ and $u \cdot 1$ become $u$, $0 \cdot u$ and $u \cdot 0$ become 0;
# * $u^1$ becomes $u$, $u^0$ becomes 1.
#
# You may add more rules, as long as these four statements hold: the result has the **same value** wherever the original
# has one; it is **never longer** (in the sense of `size`); none of the above is left in it, **at any depth**; and
# simplifying a second time **changes nothing**. Think about the order: in $(1 - 1)\cdot x$, what has to be
# done first so that one pass is enough?
#
# <details><summary>Check yourself: may log(exp(u)) become u, and may the square root of u² become u?</summary>
#
# The first is fine for all real $u$. The second is wrong for negative $u$, where the root of $u^2$ is $-u$: same value
# *wherever the original has one* is the test that a rule has to pass.
# </details>


# %% exercise="simplify"
def simplify(expression):
    """A shorter expression with the same value.

    Folds constants and removes 0 + u, 1 * u, 0 * u (in either order), u ** 1 and u ** 0, at any depth.
    """
    ### BEGIN SOLUTION
    if not isinstance(expression, tuple | list):
        return expression
    operator, *operands = expression
    operands = [simplify(operand) for operand in operands]
    if not any(isinstance(operand, str | tuple) for operand in operands):
        try:
            value = evaluate((operator, *operands), {})
            return value if np.isfinite(value) else (operator, *operands)
        except ArithmeticError:  # unreached: an expression without a value anywhere is not promised to be folded
            return (operator, *operands)
    if operator in ("+", "*"):
        for number, other in (operands, operands[::-1]):
            if isinstance(number, str | tuple):
                continue
            if operator == "+" and number == 0:
                return other
            if operator == "*" and number == 1:
                return other
            if operator == "*" and number == 0:
                return 0.0
    if operator == "**" and operands[1] == 1:
        return operands[0]
    if operator == "**" and operands[1] == 0:
        return 1.0
    return (operator, *operands)
    ### END SOLUTION


# %% tests="simplify"
assert simplify(("+", 2, 3)) == 5, "an operator on numbers becomes its value"
assert simplify(("*", ("-", 1, 1), "x")) == 0, "first the operands, then the operator"
assert simplify(("+", "x", 0)) == "x", "u + 0 is to be removed like 0 + u"
assert simplify(("**", ("*", 1, "x"), 0)) == 1, "anything to the power of 0 is 1"
assert simplify(differentiate(("*", 3, "x"), "x")) == 3, "the derivative of 3x without the nonsense"
assert simplify(("*", "x", "y")) in [("*", "x", "y"), ("*", "y", "x")], "nothing to do here"

# %%
for formula in [("*", 3, "x"), ("**", ("+", "x", 1), 2), ("*", ("exp", "x"), ("sin", ("*", 2, "x")))]:
    slope = differentiate(formula, "x")
    print(f"{formula}\n    derivative: size {size(slope)}, simplified {size(simplify(slope))}: {simplify(slope)}")

# %% [markdown]
# ## All four ways side by side
#
# $n$ inputs, $m$ outputs; "one evaluation" is the work of computing $f$ once.
#
# | | forward mode | reverse mode | numerical | symbolic |
# |---|---|---|---|---|
# | idea | each value carries its slope | record, then walk back | measure with a small step | rewrite the formula |
# | result | exact up to rounding | exact up to rounding | $10^{-10}$ at best | exact, as a formula |
# | one pass gives | $J v$: a column of $J$ | $w^\top J$: a row of $J$ | about a column of $J$ | all of it |
# | full Jacobian $(m, n)$ | $n$ passes | $m$ passes | $2n$ evaluations | one formula per entry |
# | gradient of a loss ($m = 1$) | about $2n$ evaluations | 3 to 5 evaluations | $2n$ evaluations | as its formula |
# | memory | twice that of $f$ | all intermediate values | that of $f$ | that of the formula |
# | loops and branches in $f$ | yes | yes | yes | no |
# | $f$ as a black box | no | no | yes | no |
# | fails | for many inputs | for memory; for many outputs | rounding, kinks, noise | expression swell |
# | used for | few inputs; $Jv$; second derivatives | **training** | checking gradients | formulas to read |
#
# The modes can be put together: a column of the matrix of second derivatives is forward mode *through* a reverse pass,
# at the price of a few evaluations and without ever forming the matrix.
#
# And now let all of your three judge each other, on a function of two inputs.

# %%
tree = ("+", ("*", "x", ("exp", "y")), ("tanh", ("*", "x", "y")))
at = np.array([0.7, -0.4])
exact = [evaluate(differentiate(tree, name), {"x": at[0], "y": at[1]}) for name in ["x", "y"]]
forward = gradient(lambda v: v[0] * v[1].exp() + (v[0] * v[1]).tanh(), at)
measured = central_difference(lambda v: v[0] * np.exp(v[1]) + np.tanh(v[0] * v[1]), at)
print("symbolic ", np.array(exact), "\nforward  ", forward, "\nnumerical", measured)

# %% [markdown]
# ## In your own words: which way, and why?
#
# For each of these tasks say which of the four ways of differentiating you would take, and why not the others. Name the
# costs in terms of the number of inputs and outputs.
#
# 1. The gradient of a loss with respect to the two million weights of a network.
# 2. A test, run once, that someone's hand-written gradient of a small network is right.
# 3. The position of a pendulum over 1000 points in time, with respect to its length and its initial angle; it is
#    simulated in a loop that stops early if the pendulum comes to rest.
# 4. Why does a smaller step $h$ not always make a numerical derivative better? Explain what happens on both sides of
#    the best $h$.

# %% [markdown] written="which-way" points=10
# 1. Reverse mode: one output, two million inputs. One pass back gives the whole gradient for the price of a few
#    evaluations. Forward mode and numerical differentiation need a pass (or two) for *each* weight, millions of
#    evaluations for a single step, and the symbolic derivative of so deep a formula would be far too long. The price of
#    reverse mode is the memory for all activations.
# 2. Numerical differentiation. It is independent of the derivation that it is to judge and needs $f$ as a black box
#    only; $2n$ evaluations do not matter for a small network and a single run, and six or more right digits are
#    plenty to tell a mistake. One compares relative errors.
# 3. Forward mode: 2 inputs, 1000 outputs, so two passes give all 2000 derivatives, exactly, with the loop and the
#    branch as they are. Reverse mode would need 1000 passes (and store all steps); symbolic differentiation cannot deal
#    with a loop that depends on the data; numerical differentiation would take four simulations, cheap as well, but
#    inexact.
# 4. Two errors pull in opposite directions. With a large $h$ the curve is not straight between $x - h$ and
#    $x + h$: the truncation error, $\tfrac16 f''' h^2$, dominates. With a tiny $h$ the two values of $f$ agree in
#    almost all digits, their difference consists of rounding errors of the size $\epsilon |f|$, and dividing by $2h$
#    blows these up: $\epsilon|f|/h$. The sum is least near $h \approx \epsilon^{1/3} \approx 10^{-5}$.
