"""Ink the strokes of a drawing."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

PAD_SIDE = 280
"""The side of a drawing pad, in pixels."""

PEN = 28
"""The width of the pen on the pad, in pixels: it gives about as much normalised ink as MNIST's."""


def rasterise(strokes: Iterable[Sequence], pen: float = PEN) -> np.ndarray:
    """Ink the strokes of a drawing: a round pen with one pixel of soft edge.

    strokes: lists of points (x, y), x to the right, y down; the pad is [0, 1] x [0, 1]. A stroke
    of one point is a dot; whatever is outside the pad is cut off
    pen: its width in pixels
    returns: (280, 280) float32 in [0, 1], bright ink on dark ground; no strokes, no ink
    raises: ValueError where a stroke is not a sequence of points, or a point is far off the pad

    >>> ink = rasterise([[(0.2, 0.5), (0.8, 0.5)]])
    >>> ink.shape, float(ink[140, 140]), float(ink[100, 140])
    ((280, 280), 1.0, 0.0)
    """
    ink = np.zeros((PAD_SIDE, PAD_SIDE))
    for stroke in strokes:
        points = stroke_points(stroke) * PAD_SIDE
        for start, end in pairwise(points) if len(points) > 1 else [(points[0], points[0])]:
            _ink_segment(ink, start, end, pen)
    return ink.astype(np.float32)


def stroke_points(stroke: Sequence) -> np.ndarray:
    """Check a stroke, and return it as (points, 2) float64.

    stroke: points (x, y) in units of the pad's side
    raises: ValueError where it is no sequence of points, or a point is far off the pad

    >>> stroke_points([(0, 0), (1, 0.5)]).shape
    (2, 2)
    """
    try:
        points = np.asarray(stroke, np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"expected a stroke of points (x, y): {error}") from error
    if points.ndim != 2 or points.shape[1] != 2 or len(points) == 0:
        raise ValueError(f"expected a stroke of points (x, y), got the shape {points.shape}")
    near = np.abs(points) <= 1000  # NaN is not; and no square of a coordinate overflows
    if not near.all():
        raise ValueError(f"expected points on the pad or near it, got {points[~near][0]}")
    return points


def _ink_segment(ink: np.ndarray, start: np.ndarray, end: np.ndarray, pen: float) -> None:
    """Draw one straight line into `ink`; only the pixels round it are visited."""
    reach = pen / 2 + 0.5
    low = np.floor(np.minimum(start, end) - reach).clip(0, PAD_SIDE).astype(int)
    high = np.ceil(np.maximum(start, end) + reach).clip(0, PAD_SIDE).astype(int)
    x = np.arange(low[0], high[0]) + 0.5 - start[0]
    y = np.arange(low[1], high[1])[:, np.newaxis] + 0.5 - start[1]
    across, down = end - start
    square = max(across**2 + down**2, 1e-12)  # a dot has no direction: avoid dividing by zero
    share = np.clip(
        (x * across + y * down) / square, 0, 1
    )  # where on the line the nearest point is
    distance = np.hypot(x - share * across, y - share * down)
    part = ink[low[1] : high[1], low[0] : high[0]]
    np.maximum(part, np.clip(reach - distance, 0, 1), out=part)
