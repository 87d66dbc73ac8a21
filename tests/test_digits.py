"""Digits: the small ones that come along, and MNIST's own format from a folder."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder import project
from autograder.author.files import definitions_of, load_module, reference_cells

digits: Any = load_module(project.root() / "solutions" / "training" / "digits.py")
notebook = definitions_of("training", reference_cells(project.notebook("training")))


def idx(array: np.ndarray[Any, Any]) -> bytes:
    sizes = b"".join(side.to_bytes(4, "big") for side in array.shape)
    return b"\0\0\x08" + bytes([array.ndim]) + sizes + array.astype(np.uint8).tobytes()


def write(folder: Path, images: np.ndarray[Any, Any], labels: np.ndarray[Any, Any], zipped: bool = False) -> None:
    for name, array in (("train-images-idx3-ubyte", images), ("train-labels-idx1-ubyte", labels)):
        content = gzip.compress(idx(array)) if zipped else idx(array)
        (folder / (name + ".gz" * zipped)).write_bytes(content)


IMAGES = np.arange(2 * 3 * 3).reshape(2, 3, 3)


def test_the_small_digits() -> None:
    some, answers = notebook["some_digits"]()
    assert (some.shape, answers.shape) == ((200, 64), (200,))
    X, labels = digits.load_digits()
    assert X.shape == (1797, 64)
    assert (X.min(), X.max()) == (0, 1)
    assert set(labels.tolist()) == set(range(10))
    (learn, _), (held, _) = digits.split()
    assert (len(learn), len(held)) == (1300, 497)


@pytest.mark.parametrize("zipped", [False, True])
def test_mnist_from_a_folder(tmp_path: Path, zipped: bool) -> None:
    write(tmp_path, IMAGES, np.array([7, 1]), zipped)
    X, labels = notebook["some_digits"](tmp_path)
    assert np.allclose(X, IMAGES.reshape(2, 9) / 255)
    assert labels.tolist() == [7, 1]


def test_what_is_no_mnist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="neither train-images"):
        notebook["some_digits"](tmp_path)
    write(tmp_path, IMAGES, np.array([7, 1, 2]))
    with pytest.raises(ValueError, match="do not belong together"):
        notebook["some_digits"](tmp_path)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"GIF89a")
    with pytest.raises(ValueError, match="is not an IDX file"):
        notebook["some_digits"](tmp_path)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(IMAGES)[:-1])
    with pytest.raises(ValueError, match="do not fit the shape"):
        notebook["some_digits"](tmp_path)


def test_a_damaged_file_of_small_digits(tmp_path: Path) -> None:
    import zlib

    path = tmp_path / "digits.bin"
    path.write_bytes(zlib.compress(b"\0\1xx"))
    with pytest.raises(ValueError, match="do not fit 1 digits"):
        digits.load_digits(path)
