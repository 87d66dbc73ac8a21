"""Handwritten digits: the 8×8 ones beside this file, and which of them are held back from the student.

`digits.bin` holds the 1797 digits of the UCI repository's "Optical Recognition of Handwritten Digits" (E. Alpaydin and
C. Kaynak, CC BY 4.0), as bundled with scikit-learn (BSD licence): zlib over two bytes with the count, one byte for each
label, 64 bytes (0…16) for each image.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np

SMALL = Path(__file__).with_name("digits.bin")


def load_digits(path: Path = SMALL) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 64) with entries in 0…1, and labels (N,), ints in 0…9. Raises ValueError for a damaged file."""
    raw = zlib.decompress(path.read_bytes())
    count = int.from_bytes(raw[:2], "big")
    if len(raw) != 2 + 65 * count:
        raise ValueError(f"{path}: {len(raw)} bytes do not fit {count} digits.")
    labels = np.frombuffer(raw, np.uint8, count, 2).astype(np.int64)
    images = np.frombuffer(raw, np.uint8, 64 * count, 2 + count).reshape(count, 64)
    return images / 16.0, labels


def split(seed: int = 0, held_back: int = 497) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """The small digits, shuffled: ((X, labels) to learn from, (X, labels) that are held back)."""
    X, labels = load_digits()
    order = np.random.default_rng(seed).permutation(len(X))
    held, learn = order[:held_back], order[held_back:]
    return (X[learn], labels[learn]), (X[held], labels[held])
