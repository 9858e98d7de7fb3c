"""Normalise ink as the makers of MNIST did.

Their program is lost; the order of its steps is the one reconstructed for QMNIST (C. Yadav and
L. Bottou, *Cold Case: The Lost MNIST Digits*, 2019).
"""

import numpy as np

from mnist_lib.preprocessing.ink import checked

_INK_SIDE = 20
"""The box that holds the ink, in pixels, inside the picture of 28."""

_MARGIN = 12
"""How far the box may hang over the edge of the picture, in pixels; what hangs over is empty."""


def prepare_digit(ink: np.ndarray) -> np.ndarray:
    """Normalise ink as MNIST's makers did.

    Tight box, grown symmetrically to a square; area average to 20 x 20; the brightest pixel
    becomes 1; a shift by whole pixels that puts the centre of mass into pixel 14.

    ink: (height, width) or (height, width, 1), bright ink on dark ground; uint8 in 0..255 or
    float in [0, 1]
    returns: (28, 28, 1) float32 in [0, 1], one grey level is 1/255
    raises: ValueError for another shape, dtype or range; ImageError where there is no ink

    >>> ink = np.zeros((100, 60))
    >>> ink[20:80, 25:35] = 0.8
    >>> digit = prepare_digit(ink)
    >>> digit.shape, float(digit.max())
    ((28, 28, 1), 1.0)
    """
    box = _box(checked(ink))
    height, width = box.shape
    # The square is never built: its empty rows and columns contribute to no average.
    average = _area_weights(max(height, width))
    down, across = (max(height, width) - height) // 2, (max(height, width) - width) // 2
    small = average[:, down : down + height] @ box @ average[:, across : across + width].T
    small /= small.max()
    top, left = (_offset(small.sum(axis=axis)) for axis in (1, 0))
    # The margin absorbs every shift; only empty sides of the box can fall outside 28 x 28.
    canvas = np.zeros((28 + 2 * _MARGIN, 28 + 2 * _MARGIN), np.float32)
    top, left = top + _MARGIN, left + _MARGIN
    canvas[top : top + _INK_SIDE, left : left + _INK_SIDE] = small
    return canvas[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN, np.newaxis]


def _box(ink: np.ndarray) -> np.ndarray:
    """The tight box round the ink."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _area_weights(side: int) -> np.ndarray:
    """What share of each of `side` cells falls into each of 20 equal parts; rows sum to 1.

    >>> float(_area_weights(20)[3, 3])
    1.0
    >>> _area_weights(30)[0, :3].round(3)
    array([0.667, 0.333, 0.   ])
    """
    edges = np.arange(_INK_SIDE + 1)[:, np.newaxis] * side / _INK_SIDE
    cells = np.arange(side)
    covered = np.clip(edges - cells, 0, 1)  # of each cell, the share left of each edge
    return np.diff(covered, axis=0) * _INK_SIDE / side


def _offset(profile: np.ndarray) -> int:
    """Where the 20 pixels start in 28 so that the centre of mass falls into pixel 14.

    Ink is never pushed over the edge, however far it leans.
    """
    centre = ((np.arange(_INK_SIDE) + 0.5) * profile).sum() / profile.sum()
    shift = int(15 - round(centre, 6))  # or a tie would depend on the last bit of a float32
    ink = np.flatnonzero(profile)
    return int(np.clip(shift, -ink[0], 27 - ink[-1]))
