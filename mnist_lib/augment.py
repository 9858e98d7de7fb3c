"""Digits as other pens and other hands would have written them. Whole batches at a time.

Each function takes pictures of shape (n, 28, 28, 1) in [0, 1] and a random generator, and returns
new ones of the same shape, float32 in [0, 1]; what a picture shows stays what it was.
"""

import numpy as np


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
