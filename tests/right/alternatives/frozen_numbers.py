# Dual is a frozen dataclass with ordered fields; reflected operators come from one decorator of the class.
# Defines: Dual.*, derivative, gradient, gradient_check, central_difference
from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Callable, Union

import numpy as np

Number = Union[int, float, "Dual"]


def reflected(cls):
    """Adds __radd__, __rsub__, … from __add__, __sub__, …"""
    for name in ("add", "sub", "mul", "truediv"):
        forward = getattr(cls, f"__{name}__")

        def backward(self, other, forward=forward):
            return forward(cls.of(other), self)

        setattr(cls, f"__r{name}__", backward)
    return cls


@reflected
@dataclass(frozen=True, repr=False)
class Dual:
    real: float
    dual: float = 0.0

    @classmethod
    def of(cls, value: Number) -> Dual:
        return value if isinstance(value, cls) else cls(value)

    def __repr__(self) -> str:
        return f"{self.real} + {self.dual}ε"

    def __add__(self, other: Number) -> Dual:
        other = Dual.of(other)
        return Dual(self.real + other.real, self.dual + other.dual)

    def __neg__(self) -> Dual:
        return replace(self, real=-self.real, dual=-self.dual)

    def __sub__(self, other: Number) -> Dual:
        return self + -Dual.of(other)

    def __mul__(self, other: Number) -> Dual:
        other = Dual.of(other)
        return Dual(self.real * other.real, self.real * other.dual + self.dual * other.real)

    def inverse(self) -> Dual:
        return Dual(1 / self.real, -self.dual / self.real / self.real)

    def __truediv__(self, other: Number) -> Dual:
        return self * Dual.of(other).inverse()

    def __pow__(self, number: float) -> Dual:
        if number == 0:
            return Dual(1.0, 0.0)
        return Dual(math.pow(self.real, number), number * math.pow(self.real, number - 1) * self.dual)

    def exp(self) -> Dual:
        return Dual(e := math.exp(self.real), e * self.dual)

    def log(self) -> Dual:
        return Dual(math.log(self.real), self.dual / self.real)

    def sin(self) -> Dual:
        return Dual(math.sin(self.real), math.cos(self.real) * self.dual)

    def cos(self) -> Dual:
        return Dual(math.cos(self.real), -math.sin(self.real) * self.dual)

    def tanh(self) -> Dual:
        return Dual(t := math.tanh(self.real), (1 - t * t) * self.dual)

    def sigmoid(self) -> Dual:
        e = math.exp(-abs(self.real))
        return Dual((1 if self.real >= 0 else e) / (1 + e), e / (1 + e) ** 2 * self.dual)


Function = Callable[[Dual], Number]


def derivative(f: Function, x: float) -> float:
    return float(Dual.of(f(Dual(x, 1.0))).dual)


def gradient(f: Callable[[list[Dual]], Number], x: np.ndarray) -> np.ndarray:
    duals = [Dual(value) for value in x]
    out = np.zeros(len(duals))
    for i, each in enumerate(duals):
        seeded = [*duals[:i], replace(each, dual=1.0), *duals[i + 1 :]]
        out[i] = Dual.of(f(seeded)).dual
    return out


def central_difference(f: Callable[[np.ndarray], float], x: np.ndarray, h: float = 1e-5) -> np.ndarray:
    slopes = np.zeros_like(x, dtype=float)
    work = np.array(x, dtype=float)
    with np.nditer(slopes, flags=["multi_index"], op_flags=["readwrite"]) as entries:
        for entry in entries:
            i = entries.multi_index
            kept = float(work[i])
            work[i] = kept + h
            above = f(work.copy())
            work[i] = kept - h
            below = f(work.copy())
            work[i] = kept
            entry[...] = (above - below) / (2 * h)
    return slopes


def gradient_check(f, grad, x):
    mine, theirs = grad(x), central_difference(f, x)
    norm = lambda a: math.sqrt(float(np.vdot(a, a)))
    return norm(mine - theirs) / max(norm(mine) + norm(theirs), 1e-12)
