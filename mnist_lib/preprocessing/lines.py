"""Drop the ruling of a page, and the frame of a cell, from the ink."""

import numpy as np

_SLOPES = np.linspace(-0.36, 0.36, 121)
"""Slopes of a page's lines in a photograph, up to 20 degrees to both sides; from one to the next,
an end moves by 1 of 400 pixels."""


def without_lines(ink: np.ndarray) -> np.ndarray:
    """Drop straight, thin lines that run from edge to edge, level ones and upright ones.

    Where a stroke crosses a line, the ink that it adds to the line stays.
    """
    return np.minimum(_without_level_lines(ink), _without_level_lines(ink.T).T)


def _without_level_lines(ink: np.ndarray) -> np.ndarray:
    from scipy import ndimage

    if min(ink.shape) < 40:  # too small to tell a line from a stroke
        return ink
    thick = int(np.clip(max(ink.shape) // 20, 5, 9))  # thicker than any line
    thin = ink - ndimage.grey_opening(ink, size=thick)
    strength = _line_strength(ndimage.uniform_filter1d(thin, 3, axis=0))
    peaks = strength == ndimage.maximum_filter(strength, 7)
    peaks &= strength > 0.1 * np.percentile(ink, 99.5)  # fainter ones never count as ink
    rest = ink.copy()
    for slope, middle in np.argwhere(peaks):
        for beside in range(-3, 4):
            rows = _rows(slope, ink.shape[1]) + middle + beside
            columns = np.flatnonzero((rows >= 0) & (rows < len(ink)))
            line = ink[rows[columns], columns]
            # A fifth more, because a line is not the same grey all along.
            more = np.clip(line - 1.2 * np.median(line) if len(line) else line, 0, None)
            rest[rows[columns], columns] = np.minimum(rest[rows[columns], columns], more)
    return rest


def _line_strength(thin: np.ndarray) -> np.ndarray:
    """How much ink every straight line has, at its weakest.

    thin: (height, width)
    returns: (slopes, height), by slope and by the row at mid-width: of the eight parts of the line
    and its two ends, the mean of the weakest; 0 where fewer than five of them are in the picture
    """
    height, width = thin.shape
    beside = np.abs(_rows(0, width)).max()
    outside = np.pad(thin, ((beside, beside), (0, 0)), constant_values=np.inf)
    level = np.arange(beside * width, (beside + height) * width).reshape(height, width)
    end = max(2, width // 40)  # a stroke in a tight crop comes near the edge, a line reaches it
    starts = np.append(0, np.linspace(end, width - end, 9).astype(int))
    sizes = np.diff(starts, append=width)
    strength = np.empty((len(_SLOPES), height))
    for slope in range(len(_SLOPES)):
        line = outside.take(level + _rows(slope, width) * width)
        means = np.add.reduceat(line, starts, axis=1) / sizes
        strength[slope] = np.where(np.isinf(means).sum(axis=1) > 5, 0, means.min(axis=1))
    return strength


def _rows(slope: int, width: int) -> np.ndarray:
    """Where a line of that slope runs, in rows below its middle, column by column."""
    return np.rint(_SLOPES[slope] * (np.arange(width) - width // 2)).astype(int)
