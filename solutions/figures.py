"""The figures of the course: `python solutions/figures.py` draws those that changed, beside the notebooks.

Each is drawn as SVG, and the system's Chromium makes the PNG of it that notebooks can show everywhere. The PNG names
the SVG that it was made from, so that everyone can check the committed files with nothing but NumPy.
"""

from __future__ import annotations

import base64
import hashlib
import math
import os
import shutil
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from pathlib import Path

import numpy as np

INK, GREY, BLUE, ORANGE, GREEN, RED = "#1f2328", "#8c959f", "#0550ae", "#bc4c00", "#1a7f37", "#cf222e"
Point = tuple[float, float]


def number(value: float) -> str:
    """A coordinate, short and always written the same way."""
    return f"{value:.2f}".rstrip("0").rstrip(".").replace("-0", "0") if abs(value) < 0.005 else f"{value:.2f}"


@dataclass
class Picture:
    """A drawing; the notebook that shows it says in words what is on it."""

    width: int
    height: int
    parts: list[str] = field(default_factory=list)

    def line(self, start: Point, end: Point, colour: str = INK, width: float = 1.5, dash: str = "") -> None:
        """A straight line."""
        (x1, y1), (x2, y2) = start, end
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<line x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}" stroke="{colour}" '
            f'stroke-width="{width}"{dashed}/>'
        )

    def arrow(self, start: Point, end: Point, colour: str = INK, short: float = 0.0, width: float = 1.5) -> None:
        """A line with a head, ending `short` before both points."""
        (x1, y1), (x2, y2) = start, end
        length = math.hypot(x2 - x1, y2 - y1)
        ux, uy = (x2 - x1) / length, (y2 - y1) / length
        tip = (x2 - short * ux, y2 - short * uy)
        self.line((x1 + short * ux, y1 + short * uy), (tip[0] - 5 * ux, tip[1] - 5 * uy), colour, width)
        wings = [(tip[0] - 9 * ux + s * 4 * uy, tip[1] - 9 * uy - s * 4 * ux) for s in (1, -1)]
        points = " ".join(f"{number(x)},{number(y)}" for x, y in (tip, *wings))
        self.parts.append(f'<polygon points="{points}" fill="{colour}"/>')

    def circle(self, centre: Point, radius: float = 22, colour: str = INK, fill: str = "#ffffff") -> None:
        """A circle."""
        self.parts.append(
            f'<circle cx="{number(centre[0])}" cy="{number(centre[1])}" r="{radius}" fill="{fill}" stroke="{colour}" '
            'stroke-width="1.5"/>'
        )

    def box(self, centre: Point, size: Point, colour: str = INK, fill: str = "#ffffff") -> None:
        """A box with round corners around a point."""
        (x, y), (width, height) = centre, size
        self.parts.append(
            f'<rect x="{number(x - width / 2)}" y="{number(y - height / 2)}" width="{number(width)}" '
            f'height="{number(height)}" rx="6" fill="{fill}" stroke="{colour}" stroke-width="1.5"/>'
        )

    def text(self, at: Point, words: str, colour: str = INK, size: int = 15, anchor: str = "middle") -> None:
        """Words; `_x` and `^x` lower and raise what follows up to a space or the next sign (braces group)."""
        self.parts.append(
            f'<text x="{number(at[0])}" y="{number(at[1])}" fill="{colour}" font-size="{size}" '
            f'text-anchor="{anchor}">{_raised(words)}</text>'
        )

    def path(self, points: Sequence[Point], colour: str = BLUE, width: float = 2.5, dash: str = "") -> None:
        """A line through points."""
        joined = " L".join(f"{number(x)} {number(y)}" for x, y in points)
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(f'<path d="M{joined}" fill="none" stroke="{colour}" stroke-width="{width}"{dashed}/>')

    def svg(self) -> str:
        """The drawing as the text of an SVG file."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
            f'height="{self.height}" font-family="DejaVu Sans, sans-serif">\n'
            '<rect width="100%" height="100%" fill="#ffffff"/>\n' + "\n".join(self.parts) + "\n</svg>\n"
        )


def _raised(words: str) -> str:
    found, index = [], 0
    while index < len(words):
        char = words[index]
        if char in "_^" and index + 1 < len(words):
            shift = ("sub", 4) if char == "_" else ("super", -6)
            end = words.index("}", index) + 1 if words[index + 1] == "{" else index + 2
            inner = words[index + 1 : end].strip("{}")
            found.append(
                f'<tspan dy="{shift[1]}" font-size="70%">{escape(inner)}</tspan><tspan dy="{-shift[1]}">​</tspan>'
            )
            index = end
        else:
            found.append(escape(char))
            index += 1
    return "".join(found)


@dataclass
class Axes:
    """A frame with scales, into which curves are drawn."""

    picture: Picture
    left: float
    top: float
    width: float
    height: float
    x: Point
    y: Point

    def at(self, x: float, y: float) -> Point:
        """Where a value lies in the picture."""
        (x0, x1), (y0, y1) = self.x, self.y
        return (
            self.left + (x - x0) / (x1 - x0) * self.width,
            self.top + self.height - (y - y0) / (y1 - y0) * self.height,
        )

    def frame(self, xticks: Sequence[tuple[float, str]], yticks: Sequence[tuple[float, str]]) -> None:
        """The axes, with labelled ticks and faint grid lines."""
        for value, label in xticks:
            self.picture.line(self.at(value, self.y[0]), self.at(value, self.y[1]), "#eaeef2", 1)
            x, y = self.at(value, self.y[0])
            self.picture.text((x, y + 18), label, GREY, 12)
        for value, label in yticks:
            self.picture.line(self.at(self.x[0], value), self.at(self.x[1], value), "#eaeef2", 1)
            x, y = self.at(self.x[0], value)
            self.picture.text((x - 8, y + 4), label, GREY, 12, "end")
        self.picture.line(self.at(self.x[0], self.y[0]), self.at(self.x[1], self.y[0]), GREY, 1.2)
        self.picture.line(self.at(self.x[0], self.y[0]), self.at(self.x[0], self.y[1]), GREY, 1.2)

    def curve(self, function: Callable[[float], float], colour: str = BLUE, dash: str = "", count: int = 200) -> None:
        """The graph of a function."""
        xs = np.linspace(self.x[0], self.x[1], count)
        self.picture.path([self.at(float(x), float(function(float(x)))) for x in xs], colour, dash=dash)


def sigma(z: float) -> float:
    """The sigmoid."""
    return 0.5 * (1 + math.tanh(z / 2))


def ticks(*values: float) -> list[tuple[float, str]]:
    """Ticks labelled with their values."""
    return [(value, f"{value:g}".replace("-", "−")) for value in values]


def network() -> Picture:
    """A two-layer network."""
    picture = Picture(620, 330)
    columns = [(90, 2), (310, 3), (530, 1)]
    places = [[(x, 150 + 85 * (row - (count - 1) / 2)) for row in range(count)] for x, count in columns]
    for before, after in pairwise(places):
        for start in before:
            for end in after:
                picture.arrow(start, end, GREY, 24, 1.1)
    for layer, column in enumerate(places):
        for row, centre in enumerate(column, 1):
            picture.circle(centre, 24, BLUE if layer else INK, "#ddf4ff" if layer else "#f6f8fa")
            picture.text((centre[0], centre[1] + 6), f"a_{row}^{{[{layer}]}}", size=16)
    for x, shape in ((90, "A^0 = X   (N, n_0)"), (310, "A^1   (N, n_1)"), (530, "A^2   (N, n_2)")):
        picture.text((x, 308), shape, size=14)
    picture.text((200, 30), "W^1 (n_1, n_0),  b^1 (n_1, 1)", ORANGE, 14)
    picture.text((425, 30), "W^2 (n_2, n_1),  b^2 (n_2, 1)", ORANGE, 14)
    return picture


def neuron() -> Picture:
    """One neuron."""
    picture = Picture(620, 260)
    for row in range(3):
        y = 55 + 70 * row
        picture.circle((70, y), 20, INK, "#f6f8fa")
        picture.text((70, y + 5), f"a_{row + 1}")
        picture.arrow((70, y), (290, 125), GREY, 26)
        picture.text((165, y * 0.57 + 125 * 0.43 + (22 if row == 2 else -10)), f"w_{row + 1}", ORANGE)
    picture.arrow((290, 220), (290, 125), GREY, 28)
    picture.text((290, 210), "b", ORANGE)
    picture.circle((290, 125), 30, BLUE, "#ddf4ff")
    picture.text((290, 132), "Σ", size=22)
    picture.arrow((290, 125), (440, 125), INK, 32)
    picture.text((365, 115), "z")
    picture.circle((440, 125), 30, BLUE, "#ddf4ff")
    picture.text((440, 132), "σ", size=22)
    picture.arrow((472, 125), (560, 125), INK)
    picture.text((588, 130), "σ(z)")
    return picture


def sigmoid() -> Picture:
    """The sigmoid's curve."""
    picture = Picture(520, 300)
    axes = Axes(picture, 60, 25, 430, 220, (-6, 6), (0, 1))
    axes.frame(ticks(-6, -4, -2, 0, 2, 4, 6), ticks(0, 0.25, 0.5, 0.75, 1))
    axes.curve(sigma)
    picture.text((275, 285), "z", size=14)
    picture.text((410, 85), "σ(z) = 1 / (1 + e^{−z})", BLUE)
    return picture


def compute_graph() -> Picture:
    """The two-layer network's compute graph, values forward and ∂ backward."""
    picture = Picture(860, 250)
    names = ["X", "Z^1", "A^1", "Z^2", "A^2", "L"]
    places = [(60 + 148 * index, 90.0) for index in range(6)]
    back = ["∂_{Z¹}", "∂L/∂A^1", "∂_{Z²}", "∂L/∂A^2", "1"]
    for index, (start, end) in enumerate(pairwise(places)):
        picture.arrow((start[0], start[1] - 8), (end[0], end[1] - 8), BLUE, 34)
        if index:
            picture.arrow((end[0], end[1] + 8), (start[0], start[1] + 8), ORANGE, 34)
    for (x, y), name in zip(places, names, strict=True):
        picture.box((x, y), (58, 44), INK, "#f6f8fa")
        picture.text((x, y + 6), name, size=17)
    for (x, y), name in zip(places[1:], back, strict=True):
        picture.text((x, y - 34), name, ORANGE, 14)
    for x, layer in ((places[1][0], 1), (places[3][0], 2)):
        picture.box((x, 190), (96, 40), INK, "#fff8c5")
        picture.text((x, 196), f"W^{layer}, b^{layer}", size=16)
        picture.arrow((x - 8, 170), (x - 8, 114), BLUE)
        picture.arrow((x + 8, 114), (x + 8, 170), ORANGE)
    picture.box((places[5][0], 190), (58, 40), INK, "#f6f8fa")
    picture.text((places[5][0], 196), "Y", size=16)
    picture.arrow((places[5][0], 170), (places[5][0], 114), BLUE)
    picture.text((400, 240), "blue: values, forward", BLUE, 14, "end")
    picture.text((440, 240), "orange: derivatives, backward", ORANGE, 14, "start")
    return picture


def _graph(picture: Picture, nodes: dict[str, tuple[Point, str, str]], edges: Sequence[tuple[str, str]]) -> None:
    """Boxes with a label and a line of values below, and arrows from inputs to results."""
    for start, end in edges:
        picture.arrow(nodes[start][0], nodes[end][0], GREY, 34)
    for centre, label, values in nodes.values():
        picture.box(centre, (64, 40), BLUE, "#f6f8fa" if label[0].isalpha() else "#ddf4ff")
        picture.text((centre[0], centre[1] + 6), label, size=17)
        picture.text((centre[0], centre[1] + 37), values, ORANGE, 12)


def autodiff_graph() -> Picture:
    """The graph of L = (w·x + b − y)²."""
    picture = Picture(800, 300)
    nodes = {
        "w": ((60.0, 60.0), "w", "2, ∂ 12"),
        "x": ((60.0, 150.0), "x", "3, ∂ 8"),
        "b": ((60.0, 240.0), "b", "1, ∂ 4"),
        "product": ((220.0, 105.0), "*", "6, ∂ 4"),
        "sum": ((380.0, 150.0), "+", "7, ∂ 4"),
        "y": ((380.0, 240.0), "y", "5"),
        "difference": ((540.0, 150.0), "−", "2, ∂ 4"),
        "L": ((710.0, 150.0), "(·)²", "L = 4, ∂ 1"),
    }
    edges = [("w", "product"), ("x", "product"), ("product", "sum"), ("b", "sum"), ("sum", "difference")]
    _graph(picture, nodes, [*edges, ("y", "difference"), ("difference", "L")])
    picture.text((780, 295), "below each node: its value, and ∂, the derivative of L by it", GREY, 13, "end")
    return picture


def diamond() -> Picture:
    """A node that is used twice."""
    picture = Picture(560, 290)
    nodes = {
        "x": ((70.0, 135.0), "x", "3, ∂ 6 + 2 = 8"),
        "square": ((260.0, 65.0), "(·)²", "9, ∂ 1"),
        "double": ((260.0, 205.0), "2 ·", "6, ∂ 1"),
        "sum": ((450.0, 135.0), "+", "15, ∂ 1"),
    }
    _graph(picture, nodes, [("x", "square"), ("x", "double"), ("square", "sum"), ("double", "sum")])
    picture.text((280, 278), "what arrives over different paths is added up", GREY, 13)
    return picture


def step_size() -> Picture:
    """The error of numerical derivatives against the step."""
    picture = Picture(640, 380)
    axes = Axes(picture, 80, 25, 530, 290, (-12, 0), (-12, 1))
    axes.frame(
        [(value, f"10^{{{value}}}".replace("-", "−")) for value in range(-12, 1, 3)],
        [(value, f"10^{{{value}}}".replace("-", "−")) for value in range(-12, 1, 3)],
    )
    exact = math.e
    for name, colour, formula in (
        ("forward", ORANGE, lambda h: (math.exp(1 + h) - math.exp(1)) / h),
        ("central", BLUE, lambda h: (math.exp(1 + h) - math.exp(1 - h)) / (2 * h)),
    ):
        points = []
        for exponent in np.arange(-12, 0.01, 0.25):
            # The median of close steps: rounding errors are erratic, their size is what matters.
            near = [10 ** (exponent + shift) for shift in np.linspace(-0.1, 0.1, 9)]
            error = float(np.median([abs(formula(h) - exact) for h in near]))
            points.append(axes.at(float(exponent), max(-12.0, math.log10(error))))
        picture.path(points, colour)
        picture.text((400 if name == "forward" else 560, 130 if name == "forward" else 215), name, colour)
    picture.text((345, 368), "step h", size=14)
    picture.text((120, 45), "error", size=14)
    return picture


def expression_tree() -> Picture:
    """The tree of an expression."""
    picture = Picture(560, 260)
    places = {"*": (280, 45), "**": (170, 130), "sin": (390, 130), "x": (100, 215), "2": (240, 215), "x ": (390, 215)}
    for start, end in (("*", "**"), ("*", "sin"), ("**", "x"), ("**", "2"), ("sin", "x ")):
        picture.arrow(places[start], places[end], GREY, 26)
    for name, centre in places.items():
        inner = name in ("*", "**", "sin")
        picture.circle(centre, 24, BLUE if inner else INK, "#ddf4ff" if inner else "#f6f8fa")
        picture.text((centre[0], centre[1] + 6), name.strip(), size=17)
    picture.text((430, 50), "x² · sin(x)", GREY, 16, "start")
    return picture


def activations() -> Picture:
    """Activations and their derivatives."""
    picture = Picture(860, 330)
    curves = [
        ("sigmoid", BLUE, "", sigma, lambda z: sigma(z) * (1 - sigma(z))),
        ("tanh", ORANGE, "", math.tanh, lambda z: 1 - math.tanh(z) ** 2),
        ("relu", GREEN, "", lambda z: max(z, 0.0), lambda z: float(z > 0)),
        ("leaky relu", RED, "6 5", lambda z: z if z > 0 else 0.1 * z, lambda z: 1.0 if z > 0 else 0.1),
    ]
    left = Axes(picture, 50, 25, 340, 230, (-4, 4), (-1.2, 3))
    right = Axes(picture, 480, 25, 340, 230, (-4, 4), (-0.1, 1.2))
    left.frame(ticks(-4, -2, 0, 2, 4), ticks(-1, 0, 1, 2, 3))
    right.frame(ticks(-4, -2, 0, 2, 4), ticks(0, 0.25, 0.5, 1))
    for index, (name, colour, dash, function, slope) in enumerate(curves):
        left.curve(lambda z, f=function: min(f(z), 3.0), colour, dash)
        right.curve(slope, colour, dash, 801)
        picture.line((130 + 170 * index, 308), (160 + 170 * index, 308), colour, 3, dash)
        picture.text((168 + 170 * index, 313), name, size=14, anchor="start")
    picture.text((220, 290), "activation (leaky relu with slope 0.1)", GREY, 12)
    picture.text((650, 290), "derivative", GREY, 12)
    return picture


def tent(x: float, times: int) -> float:
    """The tent map, composed with itself."""
    for _ in range(times):
        x = min(2 * x, 2 - 2 * x)
    return x


def sawtooth() -> Picture:
    """The tent map composed 1, 2, 3 and 4 times."""
    picture = Picture(860, 260)
    for index in range(4):
        axes = Axes(picture, 40 + 212 * index, 35, 165, 165, (0, 1), (0, 1))
        axes.frame(ticks(0, 1), ticks(0, 1))
        axes.curve(lambda x, k=index + 1: tent(x, k), count=2 ** (index + 1) * 8 + 1)
        layers, pieces = index + 1, 2 ** (index + 1)
        picture.text((122 + 212 * index, 245), f"{layers} layer{'s' * (layers > 1)}: {pieces} pieces", size=14)
    return picture


def gradient_norms(activation: str, depth: int = 12, width: int = 16, batch: int = 32) -> list[float]:
    """Frobenius norm of ∂L/∂Wˡ by layer, averaged over a few random networks with weights of deviation 1/√n."""
    slopes = {
        "sigmoid": (lambda Z: 0.5 * (1 + np.tanh(Z / 2)), lambda A: A * (1 - A)),
        "tanh": (np.tanh, lambda A: 1 - A**2),
        "relu": (lambda Z: np.maximum(Z, 0), lambda A: (A > 0).astype(float)),
    }
    function, slope = slopes[activation]
    total = np.zeros(depth)
    for seed in range(8):
        rng = np.random.default_rng(seed)
        gain = 2.0 if activation == "relu" else 1.0
        weights = [rng.normal(size=(width, width)) * math.sqrt(gain / width) for _ in range(depth)]
        A = [rng.normal(size=(batch, width))]
        for W in weights:
            A.append(function(A[-1] @ W.T))
        dZ = rng.normal(size=(batch, width)) / width * slope(A[-1])
        for layer in range(depth - 1, -1, -1):
            total[layer] += np.linalg.norm(dZ.T @ A[layer] / batch) / 8
            dZ = dZ @ weights[layer] * slope(A[layer])
    return [float(value) for value in total]


def vanishing() -> Picture:
    """Gradient norms by layer."""
    picture = Picture(640, 370)
    axes = Axes(picture, 80, 25, 440, 280, (1, 12), (-9, 0))
    axes.frame(ticks(1, 3, 6, 9, 12), [(v, f"10^{{{v}}}".replace("-", "−")) for v in range(-9, 1, 3)])
    for name, colour, shift in (("sigmoid", BLUE, 22), ("tanh", ORANGE, 6), ("relu", GREEN, -8)):
        points = [axes.at(layer, math.log10(norm)) for layer, norm in enumerate(gradient_norms(name), 1)]
        picture.path(points, colour)
        for point in points:
            picture.circle(point, 3, colour, colour)
        picture.text((points[-1][0] + 10, points[-1][1] + 5 + shift), name, colour, 15, "start")
    picture.text((300, 350), "layer (the output is on the right)", size=14)
    picture.text((190, 45), "norm of ∂L/∂W^l", size=14)
    return picture


def xor() -> Picture:
    """XOR before and after the hidden layer."""
    picture = Picture(760, 330)
    left = Axes(picture, 60, 30, 260, 230, (-0.4, 1.6), (-0.4, 1.6))
    right = Axes(picture, 440, 30, 260, 230, (-0.4, 2.4), (-0.4, 1.6))
    left.frame(ticks(0, 1), ticks(0, 1))
    right.frame(ticks(0, 1, 2), ticks(0, 1))
    picture.line(right.at(-0.3, -0.4), right.at(2.4, 0.95), GREY, 1.5, "6 4")
    for x, y in ((0, 0), (0, 1), (1, 0), (1, 1)):
        one = x != y
        for axes, point in ((left, (x, y)), (right, (x + y, max(x + y - 1, 0)))):
            place = axes.at(*point)
            picture.circle(place, 11, ORANGE if one else BLUE, ORANGE if one else "#ffffff")
            picture.text((place[0], place[1] + 5), "1" if one else "0", "#ffffff" if one else BLUE, 14)
    picture.text((190, 310), "inputs x_1, x_2", size=14)
    picture.text((570, 310), "hidden: relu(x_1 + x_2), relu(x_1 + x_2 − 1)", size=14)
    return picture


def descent() -> Picture:
    """Gradient descent with three learning rates."""
    picture = Picture(860, 270)
    for index, (name, rate, steps) in enumerate((("too small", 0.06, 8), ("good", 0.35, 5), ("too large", 1.04, 3))):
        axes = Axes(picture, 45 + 280 * index, 25, 230, 180, (-2, 2), (0, 4))
        axes.frame(ticks(-2, 0, 2), ticks(0, 2, 4))
        axes.curve(lambda w: w * w, GREY)
        w = -1.5
        for _ in range(steps):
            after = w - rate * 2 * w
            picture.arrow(axes.at(w, w * w), axes.at(after, after * after), ORANGE)
            picture.circle(axes.at(w, w * w), 3.5, BLUE, BLUE)
            w = after
        picture.circle(axes.at(w, w * w), 3.5, BLUE, BLUE)
        picture.text((160 + 280 * index, 255), f"{name}: η = {rate:g}", size=14)
    return picture


FIGURES: dict[str, tuple[Callable[[], Picture], ...]] = {
    "forward": (network, neuron, sigmoid),
    "backprop": (compute_graph,),
    "training": (descent,),
    "autodiff": (autodiff_graph, diamond),
    "alternatives": (step_size, expression_tree),
    "activations": (activations, sawtooth, vanishing, xor),
}


# A picture's pixels, as the browser draws its SVG.
_PIXELS = """async ([svg, scale]) => {
    const image = new Image();
    image.src = "data:image/svg+xml," + encodeURIComponent(svg);
    await image.decode();
    const [width, height] = [image.width * scale, image.height * scale];
    const pen = new OffscreenCanvas(width, height).getContext("2d");
    pen.drawImage(image, 0, 0, width, height);
    return [width, height, new Uint8Array(pen.getImageData(0, 0, width, height).data.buffer).toBase64()];
}"""


def drawn(svgs: Sequence[str], scale: float = 1.5) -> Iterator[bytes]:
    """The drawings as PNG files, `scale` pixels to a unit."""
    from playwright.sync_api import sync_playwright  # checking the figures does without

    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        raise SystemExit("Figures are drawn by Chromium, which is not here: apt-get install chromium")
    options = ["--no-sandbox"] if os.getuid() == 0 else []
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=chromium, args=options) as browser:
        page = browser.new_page()
        for svg in svgs:
            width, height, pixels = page.evaluate(_PIXELS, [svg, scale])
            rgba = np.frombuffer(base64.b64decode(pixels), np.uint8).reshape(height, width, 4)
            yield png(rgba[..., :3], made_from(svg))


def png(pixels: np.ndarray, more: bytes) -> bytes:
    """A picture's pixels as a PNG file with a palette, and `more` chunks.

    The 256 colours that occur most are the palette, which leaves a fifth of the file: drawings have few colours, and
    many shades between two of them along edges.
    """
    height, width, _ = pixels.shape
    colours, index, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_inverse=True, return_counts=True)
    palette = colours[np.argsort(-counts, kind="stable")[:256]]
    nearest = ((colours[:, None].astype(int) - palette.astype(int)) ** 2).sum(axis=2).argmin(axis=1)
    rows = nearest.astype(np.uint8)[index.reshape(height, width)]
    unfiltered = np.hstack([np.zeros((height, 1), np.uint8), rows])
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
        + more
        + _chunk(b"PLTE", palette.tobytes())
        + _chunk(b"IDAT", zlib.compress(unfiltered.tobytes(), 9))
        + _chunk(b"IEND", b"")
    )


def made_from(svg: str) -> bytes:
    """The chunk of a PNG file that names what it was made from."""
    return _chunk(b"tEXt", b"Source\0sha256 " + hashlib.sha256(svg.encode()).hexdigest().encode())


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def changed(root: Path = Path(__file__).parent) -> dict[Path, str]:
    """The figures, as SVG, whose file `<assignment>/figures/<name>.png` is not there or was made from another one."""
    svgs = {
        root / assignment / "figures" / f"{figure.__name__}.png": figure().svg()
        for assignment, figures in FIGURES.items()
        for figure in figures
    }
    return {path: svg for path, svg in svgs.items() if not (path.exists() and made_from(svg) in path.read_bytes())}


def main() -> None:
    """Draw the figures that have changed."""
    svgs = changed()
    for path, content in zip(svgs, drawn(list(svgs.values())), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        print(path)


if __name__ == "__main__":
    main()
