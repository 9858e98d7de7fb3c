"""The exercises of *Flatten*: right answers are right, typical mistakes get their own hint."""

import keras
import numpy as np
import pytest
from keras import layers

from mnist_lib.exercises import check


def reorder(matrix, height, width, channels):
    new = np.empty_like(matrix)
    for r, c, k in np.ndindex(height, width, channels):
        new[(k * height + r) * width + c] = matrix[(r * width + c) * channels + k]
    return new


def columns_last(matrix, height, width, channels):
    return matrix.reshape(height, width, channels, -1).transpose(2, 1, 0, 3).reshape(matrix.shape)


def back(matrix, height, width, channels):
    return matrix.reshape(channels, height, width, -1).transpose(1, 2, 0, 3).reshape(matrix.shape)


def only_for_c3(matrix, height, width, channels):
    return matrix.reshape(3, 3, 64, -1).transpose(2, 0, 1, 3).reshape(576, -1)


def one_row(matrix, height, width, channels):
    return np.repeat(matrix[:1], len(matrix), axis=0)


def head(*first, last=10, units=64):
    dense = [layers.Dense(units, activation="relu"), layers.Dense(last, activation="softmax")]
    return keras.Sequential([keras.Input((3, 3, 64)), *first, *dense])


RIGHT = {
    "flatten/1": [(2, 0, 58), [2, 0, 58], np.array([2, 0, 58])],
    "flatten/2": [(5, 7, 16), np.unravel_index(559, (5, 7, 16)) + np.ones(3)],
    "flatten/3": [reorder],
}

WRONG = [
    ("flatten/1", (0, 2, 5), "other end"),
    ("flatten/1", (2, 0, 5), "whole pixels"),
    ("flatten/1", (0, 2, 58), "Only the channels"),
    ("flatten/1", (2, 2, 58), "columns are reversed"),
    ("flatten/1", (0, 0, 58), "rows are reversed"),
    ("flatten/1", (2, 0, 59), "counted from 0"),
    ("flatten/1", 442, "the index"),
    ("flatten/1", (1, 1, 1), "Find the index"),
    ("flatten/2", (7, 5, 16), "other way round"),
    ("flatten/2", (5, 112, 16), "How many pixels"),
    ("flatten/2", (4, 7, 16), "first is 0"),
    ("flatten/2", (3, 3, 64), "how deep"),
    ("flatten/3", lambda matrix, height, width, channels: matrix, "old order"),
    ("flatten/3", columns_last, "faster than the row"),
    ("flatten/3", back, "way back"),
    ("flatten/3", lambda matrix, height, width, channels: matrix[::-1], "turns fastest"),
    ("flatten/3", lambda matrix, height, width, channels: matrix.T, "shape"),
    ("flatten/3", one_row, "must occur"),
    ("flatten/3", only_for_c3, "ValueError"),
    ("flatten/3", lambda matrix: matrix, "TypeError"),
]

RIGHT_HEADS = [
    lambda: head(layers.Conv2D(8, 1, activation="relu"), layers.Flatten()),
    lambda: head(layers.SeparableConv2D(9, 2), layers.Conv2D(30, 2), layers.Flatten()),
]

WRONG_HEADS = {
    "37,578": lambda: head(layers.Flatten()),
    "pixels (0, 0) and (0, 1)": lambda: head(layers.GlobalAveragePooling2D()),
    "pixels (0, 1) and (1, 0)": lambda: head(layers.Conv2D(8, 1, strides=2), layers.Flatten()),
    "(16, 3, 3, 10)": head,
    "(16, 9)": lambda: head(layers.Flatten(), last=9),
    "must end": lambda: head(layers.Flatten(), units=8),
    "was wanted": lambda: keras.Sequential([keras.Input((9,)), layers.Dense(64), layers.Dense(10)]),
}


@pytest.mark.parametrize("build", RIGHT_HEADS)
def test_a_head_that_is_small_enough_and_sees_all_is_right(build):
    assert check("flatten/4", build()) is True


@pytest.mark.parametrize(("hint", "build"), WRONG_HEADS.items())
def test_a_head_that_is_too_large_or_blind_gets_its_own_hint(hint, build, capsys):
    assert check("flatten/4", build()) is False
    assert hint in capsys.readouterr().out


def test_a_function_is_judged_on_inputs_that_it_has_not_seen():
    """An answer that remembers one result does not pass."""
    seen = []

    def recalled(*arguments):
        seen.append(reorder(*arguments))
        return seen[0]

    assert check("flatten/3", recalled) is False
