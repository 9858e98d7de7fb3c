"""The exercises of the chapter *Training*."""

from collections.abc import Callable

import numpy as np

from mnist_lib.exercises.answers import Exercise, by_behaviour, by_value, same

_ALLOWED, _TARGET = 10, 0.001  # steps, and how far from 0 a weight may end


def _epochs(batches: Callable) -> str | None:
    generator = np.random.default_rng()
    for n, size in ((20, 5), (23, 5), (4, 9), (300, 64)):
        first, second = generator.integers(10**6, size=2)
        epoch = [np.atleast_1d(np.asarray(batch)) for batch in batches(n, size, first)]
        found = _epoch(epoch, n, size)
        if found is not None:
            return found
        if not same(np.concatenate(epoch), np.concatenate(list(batches(n, size, first)))):
            return "Called twice with the same seed it gives two orders: use the seed."
        other = np.concatenate(list(batches(n, size, second)))
        if n > 50 and same(np.concatenate(epoch), other):
            ordered = np.array_equal(other, np.arange(n))
            return (
                "The digits come in the order in which they are stored; draw one."
                if ordered
                else ("Two seeds give the same order; each epoch should have one of its own.")
            )
    return None


def _epoch(epoch: list[np.ndarray], n: int, size: int) -> str | None:
    sizes = [len(batch) for batch in epoch]
    full, rest = divmod(n, size)
    if 0 in sizes:
        return f"With {n} digits and batches of {size} one batch is empty."
    if sizes == [size] * full and rest:
        return f"With {n} digits and batches of {size} the last {rest} are never seen."
    if sizes != [size] * full + [rest] * (rest > 0):
        return f"With {n} digits and batches of {size} its batches have the sizes {sizes}."
    used = np.concatenate(epoch)
    if used.min() < 0 or used.max() >= n:
        return f"For {n} digits indices go from 0 to {n - 1}; yours up to {used.max()}."
    if len(np.unique(used)) < n:
        return "Within one epoch some digits come twice, and others never."
    return None


def _schedule(rates: object) -> str | None:
    try:
        steps = np.asarray(rates, float)
    except (TypeError, ValueError, OverflowError):
        return "A list of numbers was wanted, one learning rate for each step."
    if steps.ndim != 1 or not 1 <= len(steps) <= _ALLOWED:
        return f"A list of 1 to {_ALLOWED} learning rates was wanted."
    if not np.all(np.isfinite(steps) & (steps > 0)):
        return "Each learning rate should be a positive number."
    flat, steep = (float(np.prod(1 - a * steps)) for a in (1, 30))
    if max(abs(flat), abs(steep)) < _TARGET:
        return None
    ends = f"The first weight ends at {flat:.3g}, the second at {steep:.3g}."
    if np.ptp(steps) == 0:
        return f"{ends} No single rate can do it: 2/30 is the limit of one, and tiny for the other."
    if np.all(steps < 2 / 30):
        return f"{ends} Below 2/30 every step is safe, and slow. Must every step be safe by itself?"
    return f"{ends} Which rate brings a weight of steepness a to 0 in one step? It stays there."


EXERCISES = {
    "training/1": by_value(
        "about 0",
        'Answer with "high", "about 0.1" or "about 0".',
        {
            "The names are consistent, so it learns; but with which names do we count?": "high",
            "Guessing gets a tenth. Does this network guess, or is it sure of something?": (
                "about 0.1"
            ),
        },
    ),
    "training/2": by_value(
        (1 / np.sqrt(0.1), 1 / np.sqrt(0.19), 1),
        "Write down v after each step as a multiple of 25. What does it approach?",
        {
            "The gradient cancels against the root: it is a factor of both.": (
                5 / np.sqrt(0.1),
                5 / np.sqrt(0.19),
                5,
            ),
            "These are the distances. In units of the learning rate, divide by 0.001.": (
                0.001 / np.sqrt(0.1),
                0.001 / np.sqrt(0.19),
                0.001,
            ),
            "The old v is multiplied by 0.9 before the new square is added.": (
                1 / np.sqrt(0.1),
                1 / np.sqrt(0.2),
                0,
            ),
            "The first two are right. Where does v stop growing? Set the new v equal to the old.": (
                1 / np.sqrt(0.1),
                1 / np.sqrt(0.19),
                0,
            ),
            "Divide by the root of v, not by v.": (1 / (0.1 * 5), 1 / (0.19 * 5), 1 / 5),
            "That is plain gradient descent. Where is the root of the running mean?": (5, 5, 5),
        },
    ),
    "training/3": by_behaviour(_epochs),
    "training/4": Exercise(_schedule),
}
"""By number."""
