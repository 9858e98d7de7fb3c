"""The exercises of the chapter *Inside*."""

from collections.abc import Callable

import numpy as np

from mnist_lib.exercises.answers import Exercise, by_behaviour, by_value, same


def _covering(covering: Callable) -> str | None:
    """The score is a weighted sum, so a square costs exactly the sum of its products."""
    generator = np.random.default_rng()
    image, weights = generator.random((9, 11)), generator.normal(size=(9, 11))
    before = image.copy()
    found = np.asarray(covering(image, lambda picture: float((picture * weights).sum()), 4))
    if not np.array_equal(image, before):
        return "It changes the picture that it was given: cover a copy."
    if found.shape != (6, 8):
        return f"A square of 4×4 has 6×8 places in a picture of 9×11; yours has {found.shape}."
    products = np.lib.stride_tricks.sliding_window_view(image * weights, (4, 4))
    wanted = products.sum(axis=(2, 3))
    if same(found, wanted):
        return None
    if same(found, -wanted):
        return "The sign: where covering makes the score fall, the map is positive."
    if same(found, (image * weights).sum() - wanted):
        return "Those are the scores of the covered pictures: by how much do they fall?"
    if same(found, products.mean(axis=(2, 3))):
        return "The whole fall was wanted, not its mean over the pixels."
    return "Cover one square, ask for the score, and start anew from the picture for the next."


def _spared(answer: object) -> str | None:
    """Three units that are 1 for one class and 0 for the other, their weights, a threshold."""
    try:
        weights, threshold = (np.asarray(part, np.float64) for part in answer)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        return "Two things were wanted: three weights, and a threshold."
    if weights.shape != (3,) or threshold.shape != ():
        return f"Three weights and a threshold; got shapes {weights.shape} and {threshold.shape}."
    if not (np.isfinite(weights).all() and np.isfinite(threshold)):
        return "Finite numbers were wanted."

    def right(removed: list[int]) -> bool:
        units = np.ones(3)
        units[removed] = 0
        return bool(units @ weights > threshold >= 0)

    if not right([]):
        return "With all three units in place one of the two classes is answered wrongly already."
    if not all(right([unit]) for unit in range(3)):
        return "With one unit removed one of the classes is answered wrongly."
    if any(right([one, two]) for one, two in ((0, 1), (0, 2), (1, 2))):
        return "Even with two units removed both classes are still answered rightly."
    return None


EXERCISES = {
    "inside/1": by_value(
        1.6,
        "Where a weight is positive, which pixel adds most? And where it is negative?",
        {
            "The bias is added once, whatever the patch is.": 2.0,
            "A pixel below a negative weight is best left black: it takes away nothing then.": 0.5,
            "The sum of the sizes: but a pixel cannot be −1, so a negative weight adds nothing.": (
                2.7
            ),
            "That is the middle weight alone. Every positive weight adds.": 0.6,
        },
    ),
    "inside/2": by_value(
        0.07,
        "In each bin: the mean score, the share of right answers, how far apart they are.",
        {
            "A bin weighs as much as it has answers: six of ten, and four of ten.": 0.075,
            "Take the size of each difference before you add: one bin is too sure of itself, the "
            "other not sure enough.": 0.01,
            "Those are the differences, added. Each weighs as much as its bin has answers.": 0.15,
        },
    ),
    "inside/3": by_behaviour(_covering),
    "inside/4": Exercise(_spared),
}
"""By number."""
