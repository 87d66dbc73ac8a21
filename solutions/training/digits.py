"""Handwritten digits: the 8×8 ones beside this file, or MNIST in its own IDX format where a folder is given.

`digits.bin` holds the 1797 digits of the UCI repository's "Optical Recognition of Handwritten Digits" (E. Alpaydin and
C. Kaynak, CC BY 4.0), as bundled with scikit-learn (BSD licence): zlib over two bytes with the count, one byte for each
label, 64 bytes (0…16) for each image.
"""

from __future__ import annotations

import gzip
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


def load_mnist(folder: Path, kind: str = "train") -> tuple[np.ndarray, np.ndarray]:
    """Images (N, rows·columns) in 0…1 and labels (N,) from `{kind}-images-idx3-ubyte` and its labels, plain or `.gz`.

    Raises FileNotFoundError if one of them is missing, ValueError if they are no IDX files or do not belong together.
    """
    images = read_idx(_find(folder, f"{kind}-images-idx3-ubyte"))
    labels = read_idx(_find(folder, f"{kind}-labels-idx1-ubyte"))
    if images.ndim != 3 or labels.shape != (len(images),):
        raise ValueError(f"{folder}: {images.shape} images and {labels.shape} labels do not belong together.")
    return images.reshape(len(images), -1) / 255.0, labels.astype(np.int64)


def read_idx(path: Path) -> np.ndarray:
    """An IDX file of bytes: two zeros, type 8, the number of dimensions, each size in four bytes, then the data."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if len(raw) < 4 or raw[:3] != b"\0\0\x08":
        raise ValueError(f"{path}: is not an IDX file of bytes.")
    dims = raw[3]
    shape = tuple(int.from_bytes(raw[4 + 4 * i : 8 + 4 * i], "big") for i in range(dims))
    data = raw[4 + 4 * dims :]
    if len(data) != int(np.prod(shape)):
        raise ValueError(f"{path}: {len(data)} bytes of data do not fit the shape {shape}.")
    return np.frombuffer(data, np.uint8).reshape(shape)


def _find(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise FileNotFoundError(f"{folder}: there is neither {name} nor {name}.gz here.")


def split(seed: int = 0, held_back: int = 497) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """The small digits, shuffled: ((X, labels) to learn from, (X, labels) that are held back)."""
    X, labels = load_digits()
    order = np.random.default_rng(seed).permutation(len(X))
    held, learn = order[:held_back], order[held_back:]
    return (X[learn], labels[learn]), (X[held], labels[held])
