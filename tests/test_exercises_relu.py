"""The exercises of *ReLU*: right answers are right, typical mistakes get their own hint."""

import numpy as np

from mnist_lib.exercises import check


def piece(x, first, bias_1, second, bias_2):
    on = x @ first + bias_1 > 0
    return first[:, on] @ second[on], bias_1[on] @ second[on] + bias_2


def by_diagonal(x, first, bias_1, second, bias_2):
    gate = np.diag((x @ first + bias_1 > 0).astype(float))
    return first @ gate @ second, bias_1 @ gate @ second + bias_2


def changed(change):
    """The right piece, with matrix, offset, x and the network handed to `change`."""
    return lambda x, *network: change(*piece(x, *network), x, network)


SHIFTED = ([[1, -1, -1], [0, 0, 1]], [0, 0, 0], [1, -1, 1])  # a is carried as relu(a) − relu(−a)
HALVES = ([[1, -1, 1, -1], [1, -1, -1, 1]], np.zeros(4), [0.5, -0.5, 0.5, 0.5])

RIGHT = {
    "relu/1": ["abc", "cab", "A, b, c", "aabbcc"],
    "relu/2": [(16, 15), [16.0, 15]],
    "relu/3": [piece, by_diagonal],
    "relu/4": [SHIFTED, ([[0, 0, 1], [1, -1, -1]], np.zeros(3), [1, -1, 1])],
}

WRONG = [
    ("relu/1", "bc", "bend, then pool"),
    ("relu/1", "ac", "not negative"),
    ("relu/1", "ab", "relu(2z)"),
    ("relu/1", "abcd", "relu(−z)"),
    ("relu/1", "d", "bend, then pool"),
    ("relu/1", "abx", "One string"),
    ("relu/1", ["a", "b", "c"], "One string"),
    ("relu/2", (8, 7), "do not add"),
    ("relu/2", (16, 16), "How many corners"),
    ("relu/2", (16, 8), "Eight ReLUs"),
    ("relu/2", (16, 30), "not two"),
    ("relu/2", (32, 31), "five times"),
    ("relu/2", (5, 4), "folded already"),
    ("relu/2", 16, "Draw t"),
    ("relu/3", lambda x, w, b, v, d: (w @ v, b @ v + d), "without ReLU"),
    ("relu/3", lambda x, w, b, v, d: ((w * (x @ w + b <= 0)) @ v, d), "that are off"),
    ("relu/3", lambda x, w, b, v, d: ((w * (x @ w > 0)) @ v, d), "hand on"),
    ("relu/3", changed(lambda m, c, x, net: (m.T, c)), "transposed"),
    ("relu/3", changed(lambda m, c, x, net: (m[:1], c)), "rows"),
    ("relu/3", changed(lambda m, c, x, net: (m, net[3])), "first layer has biases"),
    ("relu/3", changed(lambda m, c, x, net: (m, net[1] @ net[2] + net[3])), "that are off do not"),
    ("relu/3", changed(lambda m, c, x, net: (m, c - net[3])), "second layer has biases"),
    ("relu/3", changed(lambda m, c, x, net: (m, x @ m + c)), "minus x @ A"),
    ("relu/3", changed(lambda m, c, x, net: (m, -c)), "What is left"),
    ("relu/3", changed(lambda m, c, x, net: m), "Two things"),
    ("relu/3", lambda x: x, "TypeError"),
    ("relu/4", HALVES, "4 neurons"),
    ("relu/4", ([[1, -1], [0, 1]], [0, 0], [1, 1]), "both are positive"),
    ("relu/4", ([[1, -1, 1], [0, 0, -1]], [0, 0, 0], [1, -1, -1]), "smaller"),
    ("relu/4", ([[1, -1], [-1, 1]], [0, 0], [1, 1]), "distance"),
    ("relu/4", ([[1, 0], [0, 1]], [0, 0], [1, 1]), "it returns"),
    ("relu/4", ([[1, -1], [0, 1]], [0, 0, 0], [1, 1]), "shapes"),
    ("relu/4", ([[1, -1], [0, 1]], [0, 0]), "Three arrays"),
    ("relu/4", (piece, piece, piece), "Three arrays"),
]


def test_a_fold_by_counting():
    """The curve of exercise 2, on a grid that contains all corners."""
    x = np.arange(0, 257) / 256
    y = x
    for _ in range(4):
        y = 2 * np.maximum(y, 0) - 4 * np.maximum(y - 0.5, 0)
    slopes = np.diff(y)
    corners = int(np.sum(slopes[1:] != slopes[:-1]))
    assert check("relu/2", (corners + 1, corners)) is True


def test_a_function_is_judged_on_inputs_that_it_has_not_seen():
    """An answer that remembers one result does not pass."""
    seen = []

    def recalled(*arguments):
        seen.append(piece(*arguments))
        return seen[0]

    assert check("relu/3", recalled) is False
