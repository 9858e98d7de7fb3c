"""Take apart digits that stand side by side."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mnist_lib.preprocessing.ink import checked


class Piece(NamedTuple):
    """One of several digits that stand side by side.

    ink: (height, width) float, the picture's ink in the box, and none of its neighbours'
    box: top, left, bottom, right, in pixels; the last two are outside
    """

    ink: np.ndarray
    box: tuple[int, int, int, int]


def split_digits(ink: np.ndarray) -> list[Piece]:
    """Take apart what stands side by side: a number of several digits, from left to right.

    Pieces belong together where one is above the other, and where one is less than six tenths as
    tall as the whole. Two tall ones are two digits if they are far from each other, or together
    much wider than tall: of MNIST's 10,000 test digits one is taken for two. Digits that touch are
    taken for one.

    ink: as for `prepare_digit`
    returns: one piece, where nothing stands apart
    raises: as `prepare_digit` does

    >>> ink = np.zeros((40, 80))
    >>> ink[5:35, 10:20] = ink[5:35, 60:70] = 1
    >>> [piece.box for piece in split_digits(ink)]
    [(5, 10, 35, 20), (5, 60, 35, 70)]
    """
    from scipy import ndimage

    ink = checked(ink)
    labels, count = ndimage.label(ink > 0.1 * ink.max(), np.ones((3, 3)))
    places = ndimage.find_objects(labels)
    groups = _side_by_side(places)
    names = {label: number for number, span in enumerate(groups) for label in span.labels}
    owner = np.array([-1, *(names[label] for label in range(1, count + 1))])[labels]
    pieces = []
    for number in range(len(groups)):
        part = np.where(owner == number, ink, 0) if len(groups) > 1 else ink
        rows, columns = (np.flatnonzero(part.any(axis=axis)) for axis in (1, 0))
        box = int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1
        pieces.append(Piece(part[box[0] : box[2], box[1] : box[3]], box))
    return pieces


class _Span(NamedTuple):
    """Pieces of ink that belong to one digit: the box round them, and their numbers."""

    left: int
    right: int
    top: int
    bottom: int
    labels: tuple[int, ...]

    def with_(self, other: "_Span") -> "_Span":
        """Both as one."""
        left, right = min(self.left, other.left), max(self.right, other.right)
        top, bottom = min(self.top, other.top), max(self.bottom, other.bottom)
        return _Span(left, right, top, bottom, self.labels + other.labels)


def _side_by_side(places: list[tuple[slice, slice]]) -> list[_Span]:
    """Group pieces of ink, numbered from 1, into digits, from left to right."""
    spans = sorted(
        _Span(across.start, across.stop, down.start, down.stop, (label,))
        for label, (down, across) in enumerate(places, 1)
    )
    height = max(span.bottom for span in spans) - min(span.top for span in spans)

    def above(one: _Span, next_: _Span) -> bool:
        return next_.left < one.right

    def not_two(one: _Span, next_: _Span) -> bool:
        lower = min(span.bottom - span.top for span in (one, next_))
        gap, width = next_.left - one.right, next_.right - one.left
        return lower < 0.6 * height or (gap <= 0.22 * height and width <= 1.3 * height)

    return _merged(_merged(spans, above), not_two)


def _merged(spans: list[_Span], belong: Callable[[_Span, _Span], bool]) -> list[_Span]:
    """Join neighbours that belong together."""
    merged = spans[:1]
    for span in spans[1:]:
        if belong(merged[-1], span):
            merged[-1] = merged[-1].with_(span)
        else:
            merged.append(span)
    return merged
