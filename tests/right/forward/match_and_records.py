# match statements, a StrEnum, frozen dataclasses, NamedTuple shapes and type annotations throughout.
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Symbol(StrEnum):
    A = auto()
    B = auto()
    W = auto()
    Z = auto()


class Shape(NamedTuple):
    rows: int
    columns: int


class LayerShape(NamedTuple):
    W: Shape
    b: Shape


@dataclass(frozen=True, slots=True)
class Name:
    symbol: Symbol
    layer: int
    neuron: int
    source: int | None = None
    example: int | None = None

    def __str__(self) -> str:
        match self:
            case Name(Symbol.W, source=int(k)):
                low = f"{self.neuron},{k}"
            case _:
                low = str(self.neuron)
        match self.example:
            case None:
                high = f"[{self.layer}]"
            case number:
                high = f"[{self.layer}]({number})"
        return f"{self.symbol.value}_{{{low}}}^{{{high}}}"


def denote(symbol: str, layer: int, neuron: int, source: int | None = None, example: int | None = None) -> str:
    return str(Name(Symbol(symbol), layer, neuron, source, example))


def parameter_shapes(layer_sizes: Sequence[int]) -> list[LayerShape]:
    return [LayerShape(Shape(n, m), Shape(n, 1)) for m, n in zip(layer_sizes, layer_sizes[1:])]


def activation_shapes(N: int, layer_sizes: Sequence[int]) -> list[Shape]:
    return [Shape(N, n) for n in layer_sizes]


def tile_bias(b: Array, N: int) -> Array:
    return np.vstack([b[:, 0]] * N)


def sigmoid(Z: Array) -> Array:
    return 0.5 * (1 + np.tanh(0.5 * Z)) if np.all(Z > -1) else np.exp(-np.logaddexp(0.0, -Z))


def neuron(a: Array, w: Array, b: float) -> float:
    match np.dot(a, w) + b:
        case z if z < 0:
            return float(np.exp(z) / (1 + np.exp(z)))
        case z:
            return float(1 / (1 + np.exp(-z)))


def linear(A: Array, W: Array, b: Array) -> Array:
    return A @ W.T + tile_bias(b, A.shape[0])


def forward(X: Array, parameters: Sequence[tuple[Array, Array]]) -> list[Array]:
    def activations() -> Iterator[Array]:
        yield (A := X)
        for W, b in parameters:
            yield (A := sigmoid(linear(A, W, b)))

    return [*activations()]
