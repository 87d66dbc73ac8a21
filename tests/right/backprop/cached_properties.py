# A dataclass of a network whose quantities are cached properties, and annotations as strings.
# Defines: bce, dL_dA, dA_dZ, dZ_output, dW, db, dZ_hidden, backward, backward_deep
from __future__ import annotations

import dataclasses
import typing as t
from functools import cached_property

import numpy as np

if t.TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclasses.dataclass(eq=False)
class TwoLayers:
    X: NDArray
    Y: NDArray
    W1: NDArray
    b1: NDArray
    W2: NDArray
    b2: NDArray
    scale: float = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.scale = 1 / len(self.X)

    @cached_property
    def A1(self) -> NDArray:
        return _logistic(self.X @ self.W1.T + self.b1.T)

    @cached_property
    def A2(self) -> NDArray:
        return _logistic(self.A1 @ self.W2.T + self.b2.T)

    @cached_property
    def dZ2(self) -> NDArray:
        return dZ_output(self.A2, self.Y)

    @cached_property
    def dZ1(self) -> NDArray:
        return dZ_hidden(self.dZ2, self.W2, self.A1)

    @property
    def gradients(self) -> tuple[NDArray, ...]:
        return dW(self.dZ1, self.X), db(self.dZ1), dW(self.dZ2, self.A1), db(self.dZ2)


def _logistic(Z: NDArray) -> NDArray:
    return np.exp(-np.logaddexp(0, -Z))


def bce(A: NDArray, Y: NDArray) -> np.floating:
    return -np.add.reduce(Y * np.log(A) + (1 - Y) * np.log1p(-A), axis=None) / np.float64(A.shape[0])


def dL_dA(A: NDArray, Y: NDArray) -> NDArray:
    return np.where(Y > 0.5, -np.reciprocal(A), np.reciprocal(1 - A))


def dA_dZ(A: NDArray) -> NDArray:
    return np.multiply(A, np.subtract(1, A))


def dZ_output(A: NDArray, Y: NDArray) -> NDArray:
    return A - Y


def dW(dZ: NDArray, A_prev: NDArray) -> NDArray:
    return np.stack([column @ A_prev for column in dZ.T]) / len(dZ)


def db(dZ: NDArray) -> NDArray:
    return np.array([[column.sum() / column.size] for column in dZ.T])


def dZ_hidden(dZ_next: NDArray, W_next: NDArray, A: NDArray) -> NDArray:
    return (dZ_next @ W_next) * dA_dZ(A)


def backward(X: NDArray, Y: NDArray, W1: NDArray, b1: NDArray, W2: NDArray, b2: NDArray) -> tuple[NDArray, ...]:
    return TwoLayers(X, Y, W1, b1, W2, b2).gradients


def backward_deep(X: NDArray, Y: NDArray, parameters: list[tuple[NDArray, NDArray]]) -> list:
    def descend(A: NDArray, l: int) -> tuple[NDArray, list]:
        """∂_Z of layer l and the gradients from there on."""
        W, b = parameters[l]
        out = _logistic(A @ W.T + b.T)
        if l == len(parameters) - 1:
            dZ, rest = dZ_output(out, Y), []
        else:
            dZ_next, rest = descend(out, l + 1)
            dZ = dZ_hidden(dZ_next, parameters[l + 1][0], out)
        return dZ, [(dW(dZ, A), db(dZ)), *rest]

    return descend(X, 0)[1]
