"""The exercises of *Training*: right answers are right, typical mistakes get their own hint."""

import numpy as np

from mnist_lib.exercises import check


def batches(n, size, seed):
    order = np.random.default_rng(seed).permutation(n)
    return [order[start : start + size] for start in range(0, n, size)]


def lazy(n, size, seed):
    yield from batches(n, size, seed)


def stored_order(n, size, seed):
    return [np.arange(n)[start : start + size] for start in range(0, n, size)]


def one_order(n, size, seed):
    return batches(n, size, 0)


def unseeded(n, size, seed):
    return batches(n, size, None)


def no_rest(n, size, seed):
    return batches(n, size, seed)[: n // size]


def empty_last(n, size, seed):
    order = np.random.default_rng(seed).permutation(n)
    return [order[k * size : (k + 1) * size] for k in range(n // size + 1)]


def even(n, size, seed):
    return np.array_split(np.random.default_rng(seed).permutation(n), -(-n // size) + 1)


def with_replacement(n, size, seed):
    order = np.random.default_rng(seed).integers(n, size=n)
    return [order[start : start + size] for start in range(0, n, size)]


def from_one(n, size, seed):
    return [batch + 1 for batch in batches(n, size, seed)]


FIRST, SECOND = 1 / np.sqrt(0.1), 1 / np.sqrt(0.19)

RIGHT = {
    "training/1": ["about 0"],
    "training/2": [(np.sqrt(10), SECOND, 1), [FIRST, 2.2941573387, 1.0]],
    "training/3": [batches, lazy],
    "training/4": [[1, 1 / 30], (1 / 30, 1), np.array([1, 1 / 30, 0.01]), 5 * [1.1, 1 / 30.2]],
}

WRONG = [
    ("training/1", "high", "consistent"),
    ("training/1", "about 0.1", "sure of something"),
    ("training/1", 0, "Answer with"),
    ("training/2", (5 * FIRST, 5 * SECOND, 5), "cancels"),
    ("training/2", (0.001 * FIRST, 0.001 * SECOND, 0.001), "units"),
    ("training/2", (FIRST, 1 / np.sqrt(0.2), 0), "0.9"),
    ("training/2", (FIRST, SECOND, 0), "stop growing"),
    ("training/2", (2, 1 / 0.95, 0.2), "not by v"),
    ("training/2", (5, 5, 5), "plain"),
    ("training/2", (1, 1, 1), "multiple of 25"),
    ("training/3", stored_order, "stored"),
    ("training/3", one_order, "Two seeds"),
    ("training/3", unseeded, "Called twice"),
    ("training/3", no_rest, "never seen"),
    ("training/3", empty_last, "empty"),
    ("training/3", even, "sizes"),
    ("training/3", with_replacement, "come twice"),
    ("training/3", from_one, "indices go from 0"),
    ("training/3", lambda n, size, seed: None, "TypeError"),
    ("training/4", 10 * [1 / 15.5], "single rate"),
    ("training/4", [0.06, 0.05, 0.04], "safe"),
    ("training/4", [1, 0.5, 0.1], "in one step"),
    ("training/4", 11 * [1], "1 to 10"),
    ("training/4", [1, -1 / 30], "positive"),
    ("training/4", 1 / 30, "1 to 10"),
    ("training/4", ["one"], "numbers"),
]


def test_an_answer_that_remembers_one_epoch_does_not_pass():
    seen = []

    def recalled(n, size, seed):
        seen.append(batches(n, size, seed))
        return seen[0]

    assert check("training/3", recalled) is False
