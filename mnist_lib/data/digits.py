"""Digits and their labels: the arrays that `load_mnist` returns."""

import hashlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Digits:
    """Handwritten digits and their labels.

    images: (n, 28, 28, 1) float32 in [0, 1], ink bright on dark
    labels: (n,) int64 in 0..9

    A slice of digits is a `Digits` again:

    >>> digits = Digits(np.zeros((5, 28, 28, 1), np.float32), np.arange(5))
    >>> len(digits[:3])
    3
    """

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: slice | np.ndarray) -> "Digits":
        return Digits(self.images[index], self.labels[index])


@dataclass(frozen=True)
class Mnist:
    """Digits to train on, digits to test on, and where they came from."""

    train: Digits
    test: Digits
    source: str


def content_hash(digits: Digits) -> str:
    """The sha256 of images and labels as bytes, so that two loads can be compared."""
    levels = np.rint(digits.images * 255).astype(np.uint8)
    return hashlib.sha256(levels.tobytes() + digits.labels.astype(np.uint8).tobytes()).hexdigest()


def embedded_test_indices(labels: np.ndarray) -> np.ndarray:
    """Where the embedded test split is in the 60,000: digits 401 to 500 of each class.

    labels: (60000,) int, the labels of the full training set
    returns: (1000,) int, sorted
    """
    return np.sort(np.concatenate([np.flatnonzero(labels == k)[400:500] for k in range(10)]))
