"""The exercises of the chapter *Flatten*."""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np

from mnist_lib.exercises.answers import Exercise, by_behaviour, by_value, same


def _to_map_by_map(reorder: Callable) -> str | None:
    generator = np.random.default_rng()
    for height, width, channels, neurons in ((2, 4, 3, 5), (3, 3, 7, 2), (5, 2, 1, 3)):
        matrix = generator.normal(size=(height * width * channels, neurons))
        found = np.asarray(reorder(matrix.copy(), height, width, channels))
        if found.shape != matrix.shape:
            return f"A matrix of shape {matrix.shape} went in, one of shape {found.shape} came out."
        folded = matrix.reshape(height, width, channels, neurons)
        if same(found, folded.transpose(2, 0, 1, 3).reshape(matrix.shape)):
            continue
        if same(found, matrix):
            return "Its rows are still in the old order. Reshaping alone moves nothing."
        if same(found, folded.transpose(2, 1, 0, 3).reshape(matrix.shape)):
            return "Within a map, the column must turn faster than the row."
        back = matrix.reshape(channels, height, width, neurons)
        if same(found, back.transpose(1, 2, 0, 3).reshape(matrix.shape)):
            return "That is the way back: from map by map to pixel by pixel."
        if same(np.sort(found, axis=0), np.sort(matrix, axis=0)):
            return (
                "Which of row, column and channel turns fastest in the old order, and in the new?"
            )
        return "Every weight of the old matrix must occur in the new one, in the same column."
    return None


def _head(model: Any) -> str | None:
    try:
        units = [getattr(layer, "units", None) for layer in model.layers[-2:]]
        count = int(model.count_params())
        maps = np.random.default_rng().random((16, 3, 3, 64), np.float32)
        plain = np.asarray(model(maps))
        if plain.shape != (16, 10):
            return f"For 16 stacks it returns the shape {plain.shape}, and not (16, 10)."
        if units != [64, 10]:
            return "It must end with Dense(64) and Dense(10), as the note's network does."
        if count >= 10_000:
            return f"It has {count:,} parameters, which is not below 10,000."
        for one, other in combinations(np.ndindex(3, 3), 2):
            moved = maps.copy()
            moved[:, *one], moved[:, *other] = maps[:, *other], maps[:, *one]
            if np.allclose(np.asarray(model(moved)), plain, rtol=1e-4, atol=1e-6):
                return f"When pixels {one} and {other} change places, its answer stays the same."
    except Exception as error:  # whatever the reader's model, or what is no model, raises
        return f"A Keras model for 3×3×64 was wanted. This raised {type(error).__name__}: {error}."
    return None


EXERCISES = {
    "flatten/1": by_value(
        (2, 0, 58),
        "Find the index of that place first, then the index that it gets in the reversed row.",
        {
            "That is where it was. The row is now read from its other end.": (0, 2, 5),
            "The channels are reversed as well: single numbers change places, not whole pixels.": (
                2,
                0,
                5,
            ),
            "Only the channels are reversed here. The pixels change places, too.": (0, 2, 58),
            "The columns are reversed as well as the rows.": (2, 2, 58),
            "The rows are reversed as well as the columns.": (0, 0, 58),
            "Channels are counted from 0, so the last one is 63.": (2, 0, 59),
            "That is the index. Now find the place that belongs to it.": 442,
        },
    ),
    "flatten/2": by_value(
        (5, 7, 16),
        "The first distance says how deep the stack is; the second, how long one of its rows is.",
        {
            "Height and width are the other way round.": (7, 5, 16),
            "112 numbers make one row. How many pixels is that?": (5, 112, 16),
            "The last index is 559, and the first is 0. So how many numbers are there?": (4, 7, 16),
        },
    ),
    "flatten/3": by_behaviour(_to_map_by_map),
    "flatten/4": Exercise(_head),
}
"""By number."""
