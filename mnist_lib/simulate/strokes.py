"""Handwriting as strokes. Every curve was set by hand for this course."""

import functools
import json
from itertools import pairwise
from pathlib import Path

import numpy as np

POINTS = 12
"""How many steps the pen makes from one control point to the next."""

SCRIBBLES = ("wander", "corners", "loops", "hatching")
"""What `scribble` can draw."""


def write(what: str | int, style: str | int = 0, seed: int | None = None) -> list[np.ndarray]:
    """Write a digit, or one of the few other drawings, as strokes.

    what: a key of `styles()`
    style: its number, or its name
    seed: varies slant, size, place and the hand's small wobble; by default the drawing as recorded
    returns: strokes, each (points, 2) float64 of (x, y); the pad is [0, 1] x [0, 1], y down
    raises: ValueError for an unknown drawing or style

    >>> [stroke.shape for stroke in write(7, "barred")]
    [(61, 2), (25, 2)]
    """
    drawings = _recorded()
    if str(what) not in drawings:
        raise ValueError(f"expected one of {', '.join(drawings)}, got {what!r}")
    names = list(drawings[str(what)])
    if isinstance(style, int | np.integer) and 0 <= style < len(names):
        style = names[style]
    if style not in names:
        raise ValueError(f"expected 0 to {len(names) - 1} or one of {names}, got {style!r}")
    strokes = drawings[str(what)][style]
    if seed is None:
        return [_smooth(stroke) for stroke in strokes]
    varied = [_smooth(stroke) for stroke in _vary(strokes, np.random.default_rng(seed))]
    points = np.concatenate(varied)
    # Nobody writes over the edge of the pad.
    inside = np.clip(0, 0.08 - points.min(axis=0), 0.92 - points.max(axis=0))
    return [stroke + inside for stroke in varied]


def styles() -> dict[str, list[str]]:
    """All that `write` can write: the names of the styles by drawing, the digits first.

    >>> styles()["7"]
    ['plain', 'barred', 'serif', 'curved', 'wave and bar', 'hooked']
    """
    return {what: list(hands) for what, hands in _recorded().items()}


def scribble(kind: str = "wander", seed: int = 0) -> list[np.ndarray]:
    """A drawing that is no digit and no letter: one line, made by chance.

    kind: one of `SCRIBBLES`. "wander" goes from one random place to the next in a curve, "corners"
    in straight lines; "loops" adds up three circles, and "hatching" goes to and fro
    seed: the same seed gives the same scribble
    returns: strokes, as those of `write`
    raises: ValueError for an unknown kind

    >>> [stroke.shape for stroke in scribble("loops", seed=1)]
    [(121, 2)]
    """
    if kind not in SCRIBBLES:
        raise ValueError(f"expected one of {', '.join(SCRIBBLES)}, got {kind!r}")
    rng = np.random.default_rng(seed)
    if kind == "loops":
        turns = np.linspace(0, 2 * np.pi * rng.uniform(1, 1.6), 121)[:, np.newaxis]
        speeds, sizes = rng.uniform((1, -4, 2), (1.5, -2, 3)), rng.uniform((0.7, 0.5, 0.2), 1)
        along = turns * speeds + rng.uniform(0, 2 * np.pi, 3)
        points = np.stack([(sizes * np.cos(along)).sum(1), (sizes * np.sin(along)).sum(1)], axis=1)
    elif kind == "hatching":
        count = int(rng.integers(5, 11))
        down, ends = np.linspace(0, 1, count), np.arange(count) % 2 + rng.normal(0, 0.1, count)
        angle = rng.uniform(0, np.pi)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        points = _straight(np.stack([ends, down], axis=1) @ turn)
    else:
        points = rng.random((int(rng.integers(6, 13)), 2))
        points = _smooth(points) if kind == "wander" else _straight(points)
    low, size = points.min(axis=0), np.ptp(points, axis=0).max()
    points = (points - low) / size  # the longer side from 0 to 1
    return [0.5 + 0.7 * (points - points.max(axis=0) / 2)]


def _straight(points: np.ndarray) -> np.ndarray:
    """Straight lines from point to point, in small steps."""
    return np.concatenate([np.linspace(a, b, 2 * POINTS) for a, b in pairwise(points)])


@functools.cache
def _recorded() -> dict[str, dict[str, list[np.ndarray]]]:
    """The control points, in units of the pad's side; a repeated point is a corner."""
    content = Path(__file__).with_name("strokes.json").read_text(encoding="utf-8")
    return {
        what: {style: [_points(text) for text in strokes] for style, strokes in hands.items()}
        for what, hands in json.loads(content).items()
    }


def _points(text: str) -> np.ndarray:
    """Points written as "x,y x,y", in hundredths.

    >>> _points("25,50 75,100")
    array([[0.25, 0.5 ],
           [0.75, 1.  ]])
    """
    return np.array([pair.split(",") for pair in text.split()], np.float64) / 100


def _smooth(points: np.ndarray) -> np.ndarray:
    """A curve through all points, with a corner wherever a point is repeated."""
    corners = 1 + np.flatnonzero((np.diff(points, axis=0) == 0).all(axis=1))
    pieces = [_curve(piece) for piece in np.split(points, corners)]
    return np.concatenate([pieces[0], *(piece[1:] for piece in pieces[1:])])


def _curve(points: np.ndarray) -> np.ndarray:
    """A centripetal Catmull-Rom spline: through all points, without loops between them.

    Between two points it is the cubic with the slopes of the parabolas through three neighbours.
    """
    if len(points) == 1:
        return points
    ends = 2 * points[[0, -1]] - points[[1, -2]]  # one more on each side, straight ahead
    points = np.concatenate([ends[:1], points, ends[1:]])
    steps = np.sqrt(np.linalg.norm(np.diff(points, axis=0), axis=1))[:, np.newaxis]
    chords = np.diff(points, axis=0) / steps
    before, after = steps[:-1], steps[1:]
    slopes = (chords[:-1] * after + chords[1:] * before) / (before + after)
    t = np.arange(POINTS)[:, np.newaxis] / POINTS
    curve = [
        (1 + 2 * t) * (1 - t) ** 2 * start
        + t**2 * (3 - 2 * t) * end
        + step * (t * (1 - t) ** 2 * leave - t**2 * (1 - t) * arrive)
        for start, end, step, leave, arrive in zip(
            points[1:-2], points[2:-1], steps[1:-1], slopes[:-1], slopes[1:], strict=True
        )
    ]
    return np.concatenate([*curve, points[-2:-1]])


def _vary(strokes: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """The same drawing once more: no hand writes it the same way twice."""
    slant, size, aspect = rng.uniform((-0.16, 0.92, 0.92), (0.16, 1.08, 1.08))
    matrix = size * np.array([[aspect, -slant], [0, 1 / aspect]])
    place = 0.5 + rng.uniform(-0.05, 0.05, 2)
    seen: dict[bytes, np.ndarray] = {}  # both copies of a corner must stay one point
    for point in np.concatenate(strokes):
        if point.tobytes() not in seen:
            seen[point.tobytes()] = (point - 0.5) @ matrix.T + place + rng.normal(0, 0.008, 2)
    return [np.array([seen[point.tobytes()] for point in stroke]) for stroke in strokes]
