"""The exercises of *Your digit*: right answers are right, typical mistakes get their own hint."""

import numpy as np
import pytest

from mnist_lib.preprocessing import prepare_digit, rasterise


def moved(images, shifts):
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)))
    cut = (p[2 - d : 30 - d, 2 - a : 30 - a] for p, (d, a) in zip(padded, shifts, strict=True))
    return np.stack(list(cut))


def jitter(images, rng):
    return moved(images, rng.integers(-2, 3, (len(images), 2)))


def padded_and_cut(images, rng):
    out = np.zeros_like(images)
    for number, (d, a) in enumerate(rng.integers(-2, 3, (len(images), 2))):
        large = np.zeros((32, 32, 1), images.dtype)
        large[2 + d : 30 + d, 2 + a : 30 + a] = images[number]
        out[number] = large[2:-2, 2:-2]
    return out


def rolled(images, rng):
    shifts = rng.integers(-2, 3, (len(images), 2))
    return np.stack([np.roll(i, s, (0, 1)) for i, s in zip(images, shifts, strict=True)])


def in_place(images, rng):
    images[:] = jitter(images, rng)
    return images


def entropy(p):
    p = np.maximum(p, 1e-300)
    return -np.sum(p * np.log(p))


def margin(p):
    second, first = np.sort(p)[-2:]
    return first - second


RIGHT = {
    "your_digit/1": [(20, 20 / 9), [20.0, 2.2222222], np.array([20, 28 / 252 * 20])],
    "your_digit/2": [(8, 4), [8.0, 4.0]],
    "your_digit/3": [jitter, padded_and_cut],
    "your_digit/4": [
        lambda p: entropy(p) > 1,
        lambda p: margin(p) < 0.3,
        lambda p: bool(np.sum(p**2) < 0.5),
    ],
}

WRONG = [
    ("your_digit/1", (28, 28), "on the pad"),
    ("your_digit/1", (2.8, 2.8), "whole pad"),
    ("your_digit/1", (20 / 9, 20 / 9), "box of its own"),
    ("your_digit/1", (20, 20), "what becomes of 252"),
    ("your_digit/1", (28, 28 / 9), "28 is the picture"),
    ("your_digit/1", (20, 2.5), "round"),
    ("your_digit/1", (1, 2), "four steps"),
    ("your_digit/2", (8, 8), "(28 − 20) / 2"),
    ("your_digit/2", (7, 3), "from 14 to 15"),
    ("your_digit/2", (8.6, 4.6), "whole pixels"),
    ("your_digit/2", (9, 5), "Rounded up"),
    ("your_digit/2", (8, 12), "same direction"),
    ("your_digit/2", (4, 4), "was asked for"),
    ("your_digit/2", (0, 0), "Into which pixel"),
    ("your_digit/3", rolled, "leaves on one side"),
    ("your_digit/3", in_place, "was given"),
    ("your_digit/3", lambda i, rng: jitter(i, rng)[..., 0], "came out"),
    ("your_digit/3", lambda i, rng: moved(i, [rng.integers(-2, 3, 2)] * len(i)), "alike"),
    ("your_digit/3", lambda i, rng: i.copy(), "alike"),
    ("your_digit/3", lambda i, rng: moved(i, rng.integers(-2, 2, (len(i), 2))), "end"),
    (
        "your_digit/3",
        lambda i, rng: moved(i, np.repeat(rng.integers(-2, 3, (len(i), 1)), 2, axis=1)),
        "two numbers",
    ),
    ("your_digit/3", lambda i, rng: jitter(i, rng) / 2, "zeros where nothing was"),
    ("your_digit/3", lambda i, rng: jitter(i, np.random.default_rng()), "`rng` alone"),
    ("your_digit/3", lambda i: i, "TypeError"),
    ("your_digit/4", lambda p: p.max() < 0.5, "rule of the chapter"),
    ("your_digit/4", lambda p: p.max() > 0.5, "answers"),
    ("your_digit/4", lambda p: entropy(p) < 1, "answers"),
    ("your_digit/4", lambda p: p[0] < 0.5, "change places"),
    ("your_digit/4", lambda p: True, "all of the 1"),
    ("your_digit/4", lambda p: False, "your rule answers"),
    ("your_digit/4", lambda p: entropy(p) > 2.302, "refuses none"),
    ("your_digit/4", lambda p: p < 0.5, "True or False"),
    ("your_digit/4", entropy, "True or False"),
    ("your_digit/4", lambda p: (p.max() > 0.5 and p.max() < 1) or p.max() < 0.11, "sure answers"),
]


def test_the_library_makes_a_dot_and_a_line_as_wide_as_the_exercise_says():
    """A pixel's worth of ink a row is its width, if the ink is 1 all across."""
    dot = prepare_digit(rasterise([[(0.5, 0.5)]]))[..., 0]
    line = prepare_digit(rasterise([[(0.5, 0.1), (0.5, 0.9)]]))[..., 0]
    assert (dot > 0).any(axis=0).sum() == (dot > 0).any(axis=1).sum() == 20
    assert line[14].sum() == pytest.approx(20 / 9, abs=0.15)
