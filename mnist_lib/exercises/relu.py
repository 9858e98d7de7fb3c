"""The exercises of the chapter *ReLU*."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from mnist_lib.exercises.answers import Exercise, by_behaviour, by_value, same

_LETTERS = {
    "a": "Take a block (−3, 2, −1, 0): bend, then pool; then pool, and bend.",
    "b": "What does ReLU do to a number that is not negative?",
    "c": "Compare relu(2z) with 2 relu(z), for z = 3 and z = −3.",
}
"""The changes that leave every answer as it is, each with the hint for whoever misses it."""


def _harmless(answer: object) -> str | None:
    if not isinstance(answer, str) or not answer or set(answer.lower()) - set("abcd, "):
        return "One string was wanted, with some of the letters a, b, c and d."
    given = set(answer.lower())
    missing = [hint for letter, hint in _LETTERS.items() if letter not in given]
    if missing:
        return missing[0]
    if "d" in given:
        return "Compare relu(−z) with −relu(z), for z = 3."
    return None


class _Network(NamedTuple):
    """Two dense layers with ReLU between them, and the point at which they are asked."""

    x: np.ndarray
    first: np.ndarray
    bias_1: np.ndarray
    second: np.ndarray
    bias_2: np.ndarray


def _piece(function: Callable) -> str | None:
    generator, offset_hint = np.random.default_rng(), None
    for inputs, width, outputs in ((5, 40, 4), (2, 30, 6), (3, 20, 2)):
        shapes = (inputs, (inputs, width), width, (width, outputs), outputs)
        network = _Network(*(generator.normal(size=shape) for shape in shapes))
        found = function(*network)
        if not isinstance(found, tuple | list) or len(found) != 2:
            return "Two things were wanted: the matrix A and the offset c."
        if hint := _wrong_matrix(found[0], network):
            return hint
        # Told last: by chance a wrong matrix may be right for one network.
        offset_hint = offset_hint or _wrong_offset(found[1], network)
    return offset_hint


def _wrong_matrix(matrix: Any, network: _Network) -> str | None:
    x, first, bias_1, second, _ = network
    on = x @ first + bias_1 > 0
    right = (first * on) @ second
    if same(matrix, right):
        return None
    if same(matrix, right.T):
        return "The matrix is transposed: x @ A was meant."
    if same(matrix, first @ second):
        return "That is the matrix without ReLU. Which neurons are on at x?"
    if same(matrix, (first * ~on) @ second):
        return "Those are the neurons that are off."
    if np.shape(matrix) != right.shape:
        return f"With {len(x)} inputs and {right.shape[1]} outputs, A has {len(x)} rows."
    return "Not yet this matrix. What does a neuron that is off hand on, wherever near x one asks?"


def _wrong_offset(offset: object, network: _Network) -> str | None:
    x, first, bias_1, second, bias_2 = network
    on = x @ first + bias_1 > 0
    right = (bias_1 * on) @ second + bias_2
    if same(offset, right):
        return None
    hints = {
        "The first layer has biases too.": bias_2,
        "Neurons that are off do not hand on their biases either.": bias_1 @ second + bias_2,
        "The second layer has biases too.": right - bias_2,
        "But c is not the answer at x: it is that answer minus x @ A.": (
            x @ (first * on) @ second + right
        ),
    }
    known = (hint for hint, wrong in hints.items() if same(offset, wrong))
    return "The matrix is right. " + next(known, "What is left of the answer without x @ A?")


def _largest(answer: object) -> str | None:
    try:
        kernel, bias, output = (np.asarray(array, float) for array in answer)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        return "Three arrays were wanted: kernel, bias and output."
    count = bias.size
    if (kernel.shape, bias.shape, output.shape) != ((2, count), (count,), (count,)):
        return f"The shapes do not fit: {kernel.shape}, {bias.shape} and {output.shape}."
    points = np.random.default_rng().normal(scale=5, size=(500, 2))
    found = np.maximum(points @ kernel + bias, 0) @ output
    wanted = points.max(axis=1)
    if not same(found, wanted):
        return _wrong_largest(points, found, wanted)
    return (
        None if count == 3 else f"Right for all numbers, but with {count} neurons: fewer will do."
    )


def _wrong_largest(points: np.ndarray, found: np.ndarray, wanted: np.ndarray) -> str:
    """The hint for a network that computes something else than the larger number."""
    a, b = points.T
    if same(found, points.min(axis=1)):
        return "That is the smaller of the two: look at the signs."
    if same(found, np.abs(a - b)):
        return "That is the distance of the two."
    positive = (a > 0) & (b > 0)
    if same(found[positive], wanted[positive]):
        return "Right where both are positive. How does a negative a get through a ReLU?"
    worst = np.argmax(np.abs(found - wanted))
    return f"For ({a[worst]:.1f}, {b[worst]:.1f}) it returns {found[worst]:.1f}."


EXERCISES = {
    "relu/1": Exercise(_harmless),
    "relu/2": by_value(
        (16, 15),
        "Draw t, then t(t(x)): where does each of them reach 1, and where 0?",
        {
            "Layers do not add their pieces. How often does t(t(x)) go up and down?": (8, 7),
            "The pieces are right. How many corners lie between them?": (16, 16),
            "The pieces are right. Eight ReLUs in one layer make no more than eight corners.": (
                16,
                8,
            ),
            "The pieces are right. A corner takes one ReLU, added to the line, not two.": (16, 30),
            "That is five times.": (32, 31),
            "Not only the folds of the last t count: it folds what is folded already.": (5, 4),
        },
    ),
    "relu/3": by_behaviour(_piece),
    "relu/4": Exercise(_largest),
}
"""By number; the fifth is a proof."""
