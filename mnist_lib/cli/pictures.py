"""What the network answers to a picture, and why that may be wrong."""

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mnist_lib.preprocessing import ImageError, Piece, prepare_digit, read_masks, split_digits

_SURE = 0.9
"""A digit that is taller than wide, and read with at least this probability, is not turned."""


class Answer(NamedTuple):
    """What the network answers to one digit of a picture.

    probabilities: ten numbers
    box: top, left, bottom, right, in pixels of the picture; the last two are outside
    doubts: why the answer may be wrong, in words
    """

    probabilities: np.ndarray
    box: list[int]
    doubts: list[str]


def read_picture(path: Path, network: Callable, several: bool = False) -> list[Answer]:
    """Read one digit of a picture, or all that stand side by side, from left to right.

    network: takes digits (n, 28, 28, 1), returns probabilities (n, 10)
    raises: as `mnist_lib.preprocessing.read_ink`; ImageError where several digits are not asked for
    """
    first, *second = islice(read_masks(path), 2)
    pieces = split_digits(first.ink)
    if len(pieces) > 1 and not several:
        found = f"{len(pieces)} digits side by side"
        raise ImageError(f"{path}: {found}, expected one; --all reads each")
    probabilities = _probabilities(pieces, network)
    doubts = [_edges(piece, first.ink.shape) + _turned(piece, network) for piece in pieces]
    for name, ink, _ in second:
        others = split_digits(ink)
        for number, doubt in enumerate(doubts):
            if len(others) != len(pieces):
                doubt.append(f"by {name} there would be {len(others)}")
            elif (k := _probabilities(others, network)[number].argmax()) != (
                probabilities[number].argmax()
            ):
                doubt.append(f"by {name} it would be a {k}")
    return [
        Answer(shares, np.multiply(piece.box, first.step).tolist(), doubt)
        for shares, piece, doubt in zip(probabilities, pieces, doubts, strict=True)
    ]


def _probabilities(pieces: list[Piece], network: Callable, quarters: int = 0) -> np.ndarray:
    return network(np.stack([prepare_digit(np.rot90(piece.ink, quarters)) for piece in pieces]))


def _edges(piece: Piece, shape: tuple[int, ...]) -> list[str]:
    top, left, bottom, right = piece.box
    touches = 0 in (top, left) or bottom == shape[0] or right == shape[1]
    return ["it touches the edge of the picture"] if touches else []


def _turned(piece: Piece, network: Callable) -> list[str]:
    """A phone may have stored the picture on its side, without a note which way is up.

    Of 1,000 upright test digits 29 are doubted; of those that are read wrongly when they lie on
    their side, 86 of 100. With the weights for real pens it is 15, and 94 of 100.
    """
    upright, *turned = (_probabilities([piece], network, quarters)[0] for quarters in (0, 1, 3))
    best = max(turned, key=np.max)
    height, width = piece.ink.shape
    if best.max() > upright.max() and (width > 1.05 * height or upright.max() < _SURE):
        return [f"turned by a quarter it would be a {best.argmax()} ({best.max():.1%})"]
    return []
