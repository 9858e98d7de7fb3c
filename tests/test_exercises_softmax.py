"""The exercises of *Softmax*: right answers are right, typical mistakes get their own hint."""

import numpy as np

from mnist_lib.exercises import check


def softmax(z):
    return np.exp(z - z.max()) / np.exp(z - z.max()).sum()


def shares(weights):
    return weights / weights.sum()


def log_sum(stream):
    largest, total = next(stream), 1.0
    for z in stream:
        if z > largest:
            largest, total = z, total * np.exp(largest - z) + 1
        else:
            total += np.exp(z - largest)
    return largest + np.log(total)


def not_rescaled(stream):
    largest, total = -np.inf, 0.0
    for z in stream:
        largest = max(largest, z)
        total += np.exp(z - largest)
    return largest + np.log(total)


def from_the_largest(stream):
    z = np.array(list(stream))
    return np.log(np.sum(np.exp(z - z.max())))


def read_twice(stream):
    largest = max(stream)
    return largest + np.log(sum(np.exp(z - largest) for z in stream))


def sparse(z):
    """The projection onto the probabilities: shares of what is above a threshold."""
    down = np.sort(z)[::-1]
    sums = (np.cumsum(down) - 1) / np.arange(1, len(z) + 1)
    return np.maximum(z - sums[np.sum(down > sums) - 1], 0)


RIGHT = {
    "softmax/1": [1 / 17, 0.0588235294],
    "softmax/2": [np.log(np.e + 9) - 1, np.log(1 + 9 / np.e), -np.log(np.e / (np.e + 9))],
    "softmax/3": [log_sum, lambda stream: float(log_sum(stream))],
    "softmax/4": [
        lambda z: shares(1 / (1 + z.max() - z)),
        lambda z: (softmax(z) + softmax(z / 2)) / 2,
        lambda z: softmax(z / z.std()),
    ],
}

WRONG = [
    ("softmax/1", 1 / 5, "constant"),
    ("softmax/1", 1 / 9, "ratio, which is e"),
    ("softmax/1", 2 / 5, "no logit"),
    ("softmax/1", 1 / 3, "half"),
    ("softmax/1", 16 / 17, "the 9"),
    ("softmax/1", 1 / 16, "sum is still 1"),
    ("softmax/1", 0.5, "What happens"),
    ("softmax/2", 0, "second takes"),
    ("softmax/2", np.e / (np.e + 9), "minus its logarithm"),
    ("softmax/2", 1 - np.log(np.e + 9), "signs"),
    ("softmax/2", np.log(np.e + 9), "Subtract"),
    ("softmax/2", np.log(10), "knowing nothing"),
    ("softmax/2", 1, "best case"),
    ("softmax/3", lambda stream: np.log(sum(np.exp(z) for z in stream)), "overflows"),
    ("softmax/3", not_rescaled, "old one"),
    ("softmax/3", from_the_largest, "add it again"),
    ("softmax/3", lambda stream: log_sum(stream) - np.log(40), "paper"),
    ("softmax/3", lambda stream: np.array([log_sum(stream)]), "One number"),
    ("softmax/3", read_twice, "read before"),
    ("softmax/3", lambda stream: stream[0], "TypeError"),
    ("softmax/4", softmax, "temperature 1."),
    ("softmax/4", lambda z: softmax(z / 2), "temperature 2."),
    ("softmax/4", lambda z: shares(z), "positive"),
    ("softmax/4", sparse, "positive"),
    ("softmax/4", lambda z: np.exp(z - z.max()), "add up"),
    ("softmax/4", lambda z: np.full(len(z), 1 / len(z)), "larger logit"),
    ("softmax/4", lambda z: softmax(-z), "larger logit"),
    ("softmax/4", lambda z: shares(np.log1p(np.exp(z))), "constant"),
    ("softmax/4", lambda z: softmax(z)[:2], "shape"),
    ("softmax/4", lambda z: softmax(z) + np.nan, "positive"),
]


def test_the_mean_is_told_from_the_sum(capsys):
    def mean(stream):
        numbers = list(stream)
        return log_sum(iter(numbers)) - np.log(len(numbers))

    assert check("softmax/3", mean) is False
    assert "mean" in capsys.readouterr().out


def test_a_function_is_judged_on_inputs_that_it_has_not_seen():
    """An answer that remembers one result does not pass."""
    seen = []

    def recalled(function):
        def first(argument):
            seen.append(function(argument))
            return seen[0]

        return first

    assert check("softmax/3", recalled(log_sum)) is False
    seen.clear()
    assert check("softmax/4", recalled(lambda z: shares(1 / (1 + z.max() - z)))) is False
