"""The exercises of *Backward*: right answers are right, typical mistakes get their own hint."""

import numpy as np

from mnist_lib.exercises import check

THREE_WINDOWS = np.array([[-0.75, -3], [-1.5, -3]])


def average(images, error):
    spread = np.zeros_like(images)
    rows, columns = 2 * error.shape[1], 2 * error.shape[2]
    spread[:, :rows, :columns] = np.kron(error, np.ones((1, 2, 2, 1))) / 4
    return spread


def tiled(images, error):
    spread = np.zeros_like(images)
    rows, columns = 2 * error.shape[1], 2 * error.shape[2]
    spread[:, :rows, :columns] = np.tile(error, (1, 2, 2, 1)) / 4
    return spread


def leaky(x):
    return np.where(x > 0, x, 0.1 * x)


def leaky_gradient(x, error):
    return np.where(x > 0, error, 0.1 * error)


RIGHT = {
    "backward/1": [-1 / 3, -0.33333333],
    "backward/2": [THREE_WINDOWS, THREE_WINDOWS.tolist()],
    "backward/3": [average],
    "backward/4": [
        (leaky, leaky_gradient),
        (np.tanh, lambda x, error: error / np.cosh(x) ** 2),
    ],
}

WRONG = [
    ("backward/1", 1 / 3, "signs"),
    ("backward/1", -3, "other way round"),
    ("backward/1", 3, "compare the signs"),
    ("backward/1", 1 / 4, "divide"),
    ("backward/1", -1, "sizes change"),
    ("backward/1", 0.5, "sees the label"),
    ("backward/2", -THREE_WINDOWS, "p − y"),
    ("backward/2", -THREE_WINDOWS / 3, "label 9"),
    ("backward/2", [[-3, -1.5], [-3, -0.75]], "turned"),
    ("backward/2", [[-6.75, -6], [-1.5, 0]], "winner alone"),
    ("backward/2", [[-6.75, -9], [-1.5, -3]], "shut off"),
    ("backward/2", THREE_WINDOWS / 16, "averaged"),
    ("backward/2", [[0, 0], [0, 0]], "Three windows"),
    ("backward/3", lambda images, error: 4 * average(images, error), "share"),
    ("backward/3", tiled, "own block"),
    ("backward/3", lambda images, error: error / 4, "shape"),
    ("backward/3", lambda images, error: images, "mean of four"),
    ("backward/3", lambda images: images, "TypeError"),
    ("backward/4", (leaky, lambda x, error: error), "slope"),
    ("backward/4", (lambda x: 2 * x, lambda x, error: 2 * error), "affine"),
    ("backward/4", (leaky, lambda x, error: error[0]), "shape"),
    ("backward/4", (lambda x: x[:, :3], leaky_gradient), "shape of their input"),
    ("backward/4", (leaky, leaky_gradient(1, 1)), "tuple"),
    ("backward/4", (leaky, lambda x: x), "TypeError"),
]


def test_a_function_is_judged_on_inputs_that_it_has_not_seen():
    """An answer that remembers one result does not pass."""
    seen = []

    def recalled(images, error):
        seen.append(average(images, error))
        return seen[0]

    assert check("backward/3", recalled) is False
