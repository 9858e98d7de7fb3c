"""The exercises of the chapter *Softmax*."""

from collections.abc import Callable, Iterator

import numpy as np

from mnist_lib.exercises.answers import by_behaviour, by_value, same


def _log_sum(function: Callable) -> str | None:
    for logits in _streams():
        with np.errstate(all="ignore"):
            found = function(iter(logits.tolist()))
        largest = logits.max()
        above = np.log(np.sum(np.exp(logits - largest)))
        if same(found, largest + above):
            continue
        if np.shape(found) != ():
            return "One number was wanted: the logarithm of the sum."
        if same(found, above):
            return "Measured from the largest logit this is right: add it again at the end."
        if same(found, largest + above - np.log(len(logits))):
            return "That is the logarithm of the mean; the sum was wanted."
        if same(found, _not_rescaled(logits)):
            return "When a larger logit arrives, the sum so far is still measured from the old one."
        if not np.all(np.isfinite(np.asarray(found, float))):
            return (
                f"For logits from {logits.min():.0f} to {largest:.0f} it returns {found}. Which "
                "exponential overflows, or do all of them underflow, or was the stream empty "
                "because it had been read before?"
            )
        return "Try it on paper: three logits, the largest of them last."
    return None


def _streams() -> Iterator[np.ndarray]:
    """Logits small and large, the largest at any place."""
    generator = np.random.default_rng()
    yield generator.normal(size=1)
    yield generator.normal(scale=3, size=40)
    yield np.sort(generator.normal(scale=3, size=40))
    for offset in (1000, -1000):
        yield generator.normal(scale=3, size=40) + offset


def _not_rescaled(logits: np.ndarray) -> float:
    """What comes out if the sum so far is kept as it is when the largest logit changes."""
    so_far = np.maximum.accumulate(logits)
    return float(so_far[-1] + np.log(np.sum(np.exp(logits - so_far))))


def _own_rule(rule: Callable) -> str | None:
    factors = []
    for z in np.random.default_rng().normal(scale=2, size=(6, 5)):
        z[:2] = -abs(z[0]), abs(z[1])  # both signs: shares of the logits themselves must fail
        with np.errstate(all="ignore"):
            p, moved = (np.asarray(rule(z + constant), float) for constant in (0, 10))
        if p.shape != z.shape:
            return f"For logits of shape {z.shape} it returns the shape {p.shape}."
        if not np.all(p > 0):
            return f"Not all of its numbers are positive: the smallest one here is {p.min():.2g}."
        if abs(p.sum() - 1) > 1e-9:
            return f"Its numbers do not add up to 1: here they add up to {p.sum():.4g}."
        if np.any(np.diff(p[np.argsort(z)]) <= 0):
            return "A larger logit must have a larger probability; here one has not."
        if not np.allclose(moved, p, rtol=1e-6, atol=1e-9):
            return "A constant added to all logits changes its answer."
        factors.append(np.diff(np.log(p)) / np.diff(z))
    if np.allclose(factors, factors[0][0], rtol=1e-6, atol=0):
        return f"That is softmax at the temperature {1 / factors[0][0]:.3g}."
    return None


EXERCISES = {
    "softmax/1": by_value(
        1 / 17,
        "What happens to every logit, what to their differences, what to the ratio of the two?",
        {
            "A constant added to all logits would change nothing. This is a factor.": 1 / 5,
            "The differences double. What does that do to a ratio, which is e to a difference?": (
                1 / 9
            ),
            "A probability is no logit: doubling the one does not double the other.": 2 / 5,
            "That would be half the logits, not twice.": 1 / 3,
            "That is the 9. The 4 was asked for.": 16 / 17,
            "That is the new ratio of the two; their sum is still 1.": 1 / 16,
        },
    ),
    "softmax/2": by_value(
        np.log(np.e + 9) - 1,
        "Which ten numbers reach the second softmax in the best case? They are its logits.",
        {
            "So the first softmax says. The second takes its one 1 and nine 0s as logits.": 0,
            "That is the probability of the true class. The loss is minus its logarithm.": (
                np.e / (np.e + 9)
            ),
            "A loss is never negative: compare the signs.": 1 - np.log(np.e + 9),
            "The logarithm of the sum is right. Subtract the logit of the true class.": (
                np.log(np.e + 9)
            ),
            "That is the price of knowing nothing. The true class is still ahead, by 1.": (
                np.log(10)
            ),
        },
    ),
    "softmax/3": by_behaviour(_log_sum),
    "softmax/4": by_behaviour(_own_rule),
}
"""By number."""
