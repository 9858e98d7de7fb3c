"""The exercises of the chapter *Backward*."""

from collections.abc import Callable, Iterator

import numpy as np

from mnist_lib.exercises.answers import Exercise, by_behaviour, by_value, same


def _average_pooling(gradient: Callable) -> str | None:
    for images, error in _pooled((2, 4, 6, 3), (1, 5, 7, 2)):
        expected = np.zeros_like(images)
        rows, columns = 2 * error.shape[1], 2 * error.shape[2]
        expected[:, :rows, :columns] = error.repeat(2, axis=1).repeat(2, axis=2) / 4
        found = gradient(images.copy(), error.copy())
        if same(found, expected):
            continue
        if np.shape(found) != images.shape:
            return (
                f"For images of shape {images.shape} the result has the shape {np.shape(found)}; "
                "it needs one number for each pixel, also for a leftover row or column."
            )
        if same(found, 4 * expected):
            return "Each of the four gets a share of the error, not all of it."
        if same(found, _tiled(images, error)):
            return "The shares are right, the places are not: an error stays with its own block."
        return "By how much does the mean of four numbers rise if one of them rises by 1?"
    return None


def _pooled(*shapes: tuple[int, int, int, int]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Random images of these shapes, and errors of what 2×2 pooling makes of them."""
    generator = np.random.default_rng()
    for n, height, width, channels in shapes:
        size = (n, height // 2, width // 2, channels)
        yield generator.normal(size=(n, height, width, channels)), generator.normal(size=size)


def _tiled(images: np.ndarray, error: np.ndarray) -> np.ndarray:
    """What comes out if copies of all errors are laid side by side."""
    tiled, sides = np.zeros_like(images), (1, 2, 2, 1)
    tiled[:, : 2 * error.shape[1], : 2 * error.shape[2]] = np.tile(error, sides) / 4
    return tiled


def _own_layer(pair: object) -> str | None:
    if not (isinstance(pair, tuple) and len(pair) == 2 and all(map(callable, pair))):
        return "Two functions were wanted, as a tuple: the layer and its gradient."
    layer, gradient = pair
    x, error, change = np.random.default_rng().normal(size=(3, 4, 6))
    try:
        output = np.asarray(layer(x.copy()))
        if output.shape != x.shape or not np.isfinite(output).all():
            return (
                "This check is for layers whose output has the shape of their input, and is finite."
            )
        if np.allclose(layer(x + change) + layer(x - change), 2 * output):
            return "Your layer is affine. Choose one that bends."
        found = np.asarray(gradient(x.copy(), error.copy()))
        if found.shape != x.shape:
            return f"The gradient has the shape {found.shape}; that of the input is {x.shape}."
        sides = [np.sum(error * layer(x + s * 1e-6 * change)) for s in (1, -1)]
    except Exception as raised:  # whatever the reader's functions raise
        return f"Your functions raised {type(raised).__name__}: {raised}."
    slope, predicted = (sides[0] - sides[1]) / 2e-6, np.sum(found * change)
    if abs(slope - predicted) <= 1e-4 * max(1, abs(slope)):
        return None
    return f"Along a random direction the slope is {slope:.4f}; your gradient says {predicted:.4f}."


EXERCISES = {
    "backward/1": by_value(
        -1 / 3,
        "Only the first step of the way back sees the label; all others multiply what arrives.",
        {
            "The size is right. Compare the signs of p − y.": 1 / 3,
            "That is the other way round: from the label 9 to the label 4.": -3,
            "That is the other way round, and compare the signs of p − y.": 3,
            "That is p − y itself for the class 4; divide it by what it was before.": 1 / 4,
            "All signs turn, and the sizes change too: what is p − y with the other label?": -1,
        },
    ),
    "backward/2": by_value(
        [[-3 / 4, -3], [-3 / 2, -3]],
        "Three windows count. Multiply each by the error of its winner, and add the three up.",
        {
            "All signs are turned: the error of the logits is p − y, and not y − p.": [
                [3 / 4, 3],
                [3 / 2, 3],
            ],
            "That is for the label 9. Here the label is 4.": [[1 / 4, 1], [1 / 2, 1]],
            "In each block the winner alone gets the error.": [[-27 / 4, -6], [-3 / 2, 0]],
            "In each block the winner alone gets the error, and ReLU stops what it shut off.": [
                [-27 / 4, -9],
                [-3 / 2, -3],
            ],
            "One kernel was used at all positions: their terms are added, and not averaged.": [
                [-3 / 64, -3 / 16],
                [-3 / 32, -3 / 16],
            ],
            "The kernel was turned: the top left weight meets the top left pixel of the window.": [
                [-3, -3 / 2],
                [-3, -3 / 4],
            ],
        },
    ),
    "backward/3": by_behaviour(_average_pooling),
    "backward/4": Exercise(_own_layer),
}
"""By number."""
