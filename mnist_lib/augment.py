"""Digits as other pens and other hands would have written them. Whole batches at a time.

Each function takes pictures of shape (n, 28, 28, 1) in [0, 1] and a random generator, and returns
new ones of the same shape, float32 in [0, 1]; what a picture shows stays what it was.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from scipy import sparse


def augment(
    images: np.ndarray, rng: np.random.Generator, labels: np.ndarray | None = None
) -> np.ndarray:
    """All of it: flags, slant, size and place, then the pen, then what a ruled line leaves.

    images: (n, 28, 28, 1) in [0, 1]
    rng: chooses for every picture anew
    labels: (n,) int, of digits; without them no 1 gets a flag
    returns: (n, 28, 28, 1) float32 in [0, 1]

    >>> digits = np.zeros((2, 28, 28, 1), np.float32)
    >>> digits[:, 8:20, 13:15] = 1
    >>> augment(digits, np.random.default_rng(0)).shape
    (2, 28, 28, 1)
    """
    if labels is not None:
        images = flag(images, labels, rng)
    return rule(repen(warp(images, rng), rng), rng)


def flag(images: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Give four of ten 1s the flag that many hands write, and a third of these a foot as well.

    MNIST's 1 is nearly always a bare stroke. The flag starts where the ink is highest and goes
    down to the left; the foot is level, under the lowest ink.
    """
    chosen = np.flatnonzero((labels == 1) & (rng.random(len(images)) < 0.4))
    ones, n = images[chosen, :, :, 0], len(chosen)
    inked = ones.max(axis=2, initial=0) > 0.5
    top, bottom = inked.argmax(axis=1), 27 - inked[:, ::-1].argmax(axis=1)
    ends = [(ones[np.arange(n), row] ** 2 @ np.arange(28)) for row in (top, bottom)]
    sums = [(ones[np.arange(n), row] ** 2).sum(axis=1) for row in (top, bottom)]
    x, x_foot = (end / np.maximum(total, 1e-6) for end, total in zip(ends, sums, strict=True))
    length, angle = rng.uniform(4, 10, n), np.radians(rng.uniform(30, 65, n))
    inside = rng.uniform(0, 1, n)  # how far below its end the stem is as wide as anywhere
    stroke = _line(top + inside, x, length * np.sin(angle), -length * np.cos(angle))
    half = rng.uniform(3, 6, n)
    foot = _line(bottom.astype(float), x_foot - half, np.zeros(n), 2 * half)
    foot *= (rng.random(n) < 1 / 3)[:, np.newaxis, np.newaxis]
    found = np.array(images, np.float32)
    found[chosen, :, :, 0] = np.maximum(ones, np.maximum(stroke, foot))
    return found


def _line(row: np.ndarray, column: np.ndarray, down: np.ndarray, across: np.ndarray) -> np.ndarray:
    """Straight lines, two pixels wide, one on each of n pictures: (n, 28, 28) in [0, 1]."""
    rows, columns = np.mgrid[:28, :28].astype(float)[..., np.newaxis]
    y, x = rows - row, columns - column
    share = np.clip((y * down + x * across) / np.maximum(down**2 + across**2, 1e-6), 0, 1)
    distance = np.hypot(y - share * down, x - share * across)
    return np.moveaxis(np.clip(1.5 - distance, 0, 1), -1, 0)


def warp(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Slant and turn, stretch and shift, each picture by an amount of its own.

    Slant up to 0.15 columns a row, turn up to 7 degrees, 0.85 to 1.12 times as high and as wide,
    a shift up to 1.5 pixels in both directions.
    """
    from scipy import ndimage

    n = len(images)
    slant, turn = rng.uniform(-0.15, 0.15, n), np.radians(rng.uniform(-7, 7, n))
    high, wide = 1 / rng.uniform(0.85, 1.12, (2, n))
    down, across = rng.uniform(-1.5, 1.5, (2, n, 1, 1))
    row, column = np.mgrid[:28, :28] - 13.5
    from_row = np.stack([high * np.cos(turn), -high * np.sin(turn)])[..., np.newaxis, np.newaxis]
    from_column = np.stack([wide * (np.sin(turn) + slant * np.cos(turn)), wide * np.cos(turn)])
    from_column = from_column[..., np.newaxis, np.newaxis]
    rows = from_row[0] * row + from_row[1] * column + 13.5 + down
    columns = from_column[0] * row + from_column[1] * column + 13.5 + across
    number = np.broadcast_to(np.arange(n)[:, np.newaxis, np.newaxis], rows.shape)
    moved = ndimage.map_coordinates(images[..., 0], [number, rows, columns], order=1)
    return moved[..., np.newaxis].astype(np.float32)


def repen(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Another pen: thinner or thicker strokes with soft or hard edges, and uneven ink.

    A blurred stroke is cut off at a level: a high one leaves its middle, a low one its edges too.
    """
    from scipy import ndimage

    n = len(images)
    blurred = ndimage.gaussian_filter(images, (0, 0.8, 0.8, 0))
    level = rng.uniform(0.05, 0.55, (n, 1, 1, 1)) * blurred.max(axis=(1, 2, 3), keepdims=True)
    width = rng.uniform(0.15, 0.5, (n, 1, 1, 1))
    cut = np.clip((blurred - level) / width, 0, 1)
    cut = np.where(rng.random((n, 1, 1, 1)) < 0.3, images, cut)  # three of ten keep their pen
    grain = 1 - rng.uniform(0, 0.5, (n, 1, 1, 1)) * rng.random(images.shape, np.float32)
    inked = cut * np.where(rng.random((n, 1, 1, 1)) < 0.3, grain, 1)
    largest = inked.max(axis=(1, 2, 3), keepdims=True)
    return (inked / np.maximum(largest, 1e-6)).astype(np.float32)


def rule(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What a ruled line leaves, on one picture of ten: a piece of it, or a gap where it was."""
    n = len(images)
    row, column = np.mgrid[:28, :28]
    middle, slope = rng.uniform(4, 24, (n, 1, 1)), rng.uniform(-0.1, 0.1, (n, 1, 1))
    start, end = np.sort(rng.uniform(0, 28, (2, n, 1, 1)), axis=0)
    on_line = np.clip(1.1 - np.abs(row - middle - slope * (column - 13.5)), 0, 1)
    ink = rng.uniform(0.2, 0.8, (n, 1, 1)) * on_line * (column >= start) * (column <= end)
    ink = (ink * (rng.random((n, 1, 1)) < 0.1))[..., np.newaxis]
    gap = rng.random((n, 1, 1, 1)) < 0.5
    return np.where(gap, images * (1 - ink), np.maximum(images, ink)).astype(np.float32)


_TOGETHER = 50
"""So many pictures are moved alike: one sparse matrix does for all of them."""


class Limits(NamedTuple):
    """How far `move` moves.

    shift: at most so many pixels down and across
    turn: at most so many degrees
    scale: larger or smaller by at most this share
    bend: the standard deviation, in pixels, of a smooth random field that displaces each pixel: an
    elastic distortion (P. Y. Simard, D. Steinkraus and J. C. Platt, 2003)
    """

    shift: float = 0.0
    turn: float = 0.0
    scale: float = 0.0
    bend: float = 0.0


def move(images: np.ndarray, rng: np.random.Generator, limits: Limits) -> np.ndarray:
    """Shift, turn, scale and bend, fifty pictures at a time by the same random amounts.

    images: (n, 28, 28, 1) in [0, 1], in random order
    returns: (n, 28, 28, 1) float32 in [0, 1]; between four pixels the value is their weighted mean

    >>> digits = np.zeros((2, 28, 28, 1), np.float32)
    >>> digits[:, 8:20, 13:15] = 1
    >>> moved = move(digits, np.random.default_rng(0), Limits(shift=2, turn=10))
    >>> moved.shape, bool(np.array_equal(moved[0], moved[1]))
    ((2, 28, 28, 1), True)
    """
    found = np.empty(images.shape, np.float32)
    for start in range(0, len(images), _TOGETHER):
        part = images[start : start + _TOGETHER]
        rows, columns = _displaced(rng, limits)
        flat = part.reshape(len(part), 784).T
        found[start : start + _TOGETHER] = (_sampling(rows, columns) @ flat).T.reshape(part.shape)
    return np.clip(found, 0, 1, out=found)


def _displaced(rng: np.random.Generator, limits: Limits) -> np.ndarray:
    """Where each pixel of a moved picture comes from: rows and columns, (2, 28, 28)."""
    from scipy import ndimage

    shift, turn, scale, bend = limits
    angle, size = np.radians(rng.uniform(-turn, turn)), 1 / rng.uniform(1 - scale, 1 + scale)
    row, column = np.mgrid[:28, :28] - 13.5
    places = np.stack(
        [
            np.cos(angle) * row - np.sin(angle) * column,
            np.sin(angle) * row + np.cos(angle) * column,
        ]
    )
    places = size * places + 13.5 + rng.uniform(-shift, shift, (2, 1, 1))
    if bend:
        field = ndimage.gaussian_filter(rng.normal(size=(2, 28, 28)), (0, 4, 4), mode="constant")
        places += bend * field / field.std()
    return places


def _sampling(rows: np.ndarray, columns: np.ndarray) -> "sparse.csr_array":
    """The matrix that reads a flat picture between its pixels: four weights in each row."""
    from scipy import sparse

    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    down, across = rows - top, columns - left
    corners = [
        (top + i, left + j, (down if i else 1 - down) * (across if j else 1 - across))
        for i in (0, 1)
        for j in (0, 1)
    ]
    y, x, weight = (
        np.stack(parts, axis=-1).reshape(784, 4) for parts in zip(*corners, strict=True)
    )
    inside = (y >= 0) & (y < 28) & (x >= 0) & (x < 28)
    where = np.where(inside, 28 * y + x, 0).ravel()
    values = np.where(inside, weight, 0).astype(np.float32).ravel()
    return sparse.csr_array((values, where, np.arange(0, 784 * 4 + 1, 4)), shape=(784, 784))
