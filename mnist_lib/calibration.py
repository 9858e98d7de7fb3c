"""Is a score of 0.9 right nine times in ten? How far off scores are, and a temperature against it.

After C. Guo and others, *On calibration of modern neural networks*, 2017.
"""

import numpy as np

from mnist_lib.reference import softmax

_COLDEST, _HOTTEST = 0.01, 100.0
"""Where the temperature is looked for."""


def calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = 15) -> float:
    """The expected calibration error: how far scores are from shares of right answers, on average.

    An answer's score is its probability. The scores from 0 to 1 are divided into bins of equal
    width; in each, the mean score is compared with the share of right answers, and the difference
    weighs as much as the bin has answers.

    probabilities: (n, classes)
    labels: (n,) int
    returns: 0 for scores that are shares, at most 1
    raises: ValueError for no digits, and for labels of another number

    >>> four_answers = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]])
    >>> round(calibration_error(four_answers, np.array([0, 0, 0, 1]), bins=2), 2)
    0.0
    >>> round(calibration_error(four_answers, np.array([0, 0, 0, 1]), bins=5), 2)
    0.1
    """
    _check(probabilities, labels)
    scores, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    places = np.minimum((scores * bins).astype(int), bins - 1)
    gaps = np.bincount(places, scores - right, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature at which softmax gives these labels the largest likelihood.

    As a function of 1/T the loss is convex. Its slope is the mean logit that the probabilities
    expect, minus the mean logit of the true classes: the search halves until it is 0.

    logits: (n, classes)
    labels: (n,) int
    returns: T, to divide the logits by, from 0.01 (where every answer is right) to 100
    raises: ValueError for no digits, and for labels of another number

    >>> logits = np.log([[0.9, 0.1]] * 10)
    >>> labels = np.array([0] * 9 + [1])  # right nine times in ten, as the scores say
    >>> round(fit_temperature(logits, labels), 6)
    1.0
    >>> round(fit_temperature(3 * logits, labels), 6)
    3.0
    """
    _check(logits, labels)
    logits = np.asarray(logits, np.float64)
    true = logits[np.arange(len(labels)), labels].mean()
    low, high = _COLDEST, _HOTTEST
    for _ in range(60):
        middle = np.sqrt(low * high)
        expected = (softmax(logits / middle) * logits).sum(axis=1).mean()
        low, high = (low, middle) if expected <= true else (middle, high)
    return float(np.sqrt(low * high))


def _check(rows: np.ndarray, labels: np.ndarray) -> None:
    if not len(labels) or np.shape(rows)[:1] != np.shape(labels):
        raise ValueError(
            f"expected one row and one label for each digit, at least one of them; got rows of "
            f"shape {np.shape(rows)}, labels of shape {np.shape(labels)}"
        )
