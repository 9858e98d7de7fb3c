"""The exercises of the chapter *Architecture*."""

import re
from collections.abc import Callable, Sequence

import numpy as np

from mnist_lib.exercises.answers import Exercise, by_behaviour, by_value, same

_PARAMETERS, _WORK = 93_322, 2_794_240
"""Of the network of the note: its parameters, and its multiply-adds for one digit."""

_Pairs = Sequence[tuple[int, int]]


def _smallest_side(function: Callable) -> str | None:
    ours = [(3, 1), (2, 2), (3, 1), (2, 2), (3, 1)]
    for layers in ([(3, 1)], [(3, 1), (2, 2)], [(2, 2), (3, 1)], ours, *_random_layers()):
        expected = 1
        for size, stride in reversed(layers):
            expected = (expected - 1) * stride + size
        found = function(list(layers))
        if same(found, expected):
            continue
        if not isinstance(found, int | float | np.integer | np.floating) or float(found) % 1:
            return "One whole number was wanted: a side length in pixels."
        left = _sides(int(found), layers)
        if min(left) >= 1:
            return f"For {layers}, {found} pixels are enough, but fewer are, too."
        number = next(i for i, side in enumerate(left, 1) if side < 1)
        return (
            f"For {layers}, a side of {found} leaves nothing after layer {number}. "
            "Go backwards: the last layer must return one number. What must come into it?"
        )
    return None


def _random_layers() -> list[_Pairs]:
    """A few networks: windows of 1 to 5 pixels that move 1 to 4 at a time."""
    draw = np.random.default_rng()
    pairs = [zip(draw.integers(1, 6, n), draw.integers(1, 5, n), strict=True) for n in (2, 3, 4, 6)]
    return [[(int(size), int(stride)) for size, stride in pair] for pair in pairs]


def _sides(side: int, layers: _Pairs) -> list[int]:
    """What each layer leaves of a side; 0 from the first one on that has nothing to return."""
    left = []
    for size, stride in layers:
        side = (side - size) // stride + 1 if side >= size else 0
        left.append(side)
    return left


def _faster(word: object) -> str | None:
    if not isinstance(word, str) or not word.split():
        return 'A line of text was wanted, in quotes, such as "C32 M C64 M C64 F D64 D10".'
    for name in word.split():
        if not re.fullmatch(r"[CD][1-9]\d{0,5}|[MF]", name, re.A):
            return f"{name} is no layer: C and D have a number behind them, M and F have none."
    if not re.fullmatch(r"([CM]\d* )*F( D\d+)*", " ".join(word.split())):
        return "First all C and M, then F, once, then all D: a dense layer takes a row."
    if word.split()[-1] != "D10":
        return "The answers are ten numbers, so the last layer is D10."
    if word.count("C") < 3:
        return "Keep three convolutions or more."
    parameters, work = _cost(word)
    if not parameters:
        return "A layer has nothing left to return: the picture has run out."
    if parameters < _PARAMETERS:
        return f"Its {parameters:,} parameters are too few. Where are many of them for little work?"
    if 2 * work > _WORK:
        return (
            f"Its {work:,} multiply-adds are {100 * work / _WORK:.0f} % of ours. "
            "Which layer does most of the work?"
        )
    return None


def _cost(word: str) -> tuple[int, int]:
    """Parameters and multiply-adds of a network in one line; (0, 0) if the picture runs out."""
    side, channels, parameters, work = 28, 1, 0, 0
    for name in word.split():
        letter, number = name[0], int(name[1:] or 0)
        if letter == "F":
            side, channels = 1, side * side * channels
        elif letter == "M":
            side //= 2
        else:
            window = 3 if letter == "C" else 1
            side -= window - 1
            parameters += (window**2 * channels + 1) * number
            work += side**2 * window**2 * channels * number
            channels = number
        if side < 1:
            return 0, 0
    return parameters, work


EXERCISES = {
    "architecture/1": by_value(
        576,
        "Only one layer ever sees the colours. What does each of its kernels need in addition?",
        {
            "A kernel has one bias, however many channels it goes through.": 640,
            "So many has C1 now. How many more than before?": 896,
            "That is for one more channel; colour brings two.": 288,
            "That is for one kernel; there are 32.": 18,
            "So many weights has C1 now. How many more than before?": 864,
            "Not all layers see the colours: 32 channels leave C1, as before.": 2 * _PARAMETERS,
        },
    ),
    "architecture/2": by_value(
        812,
        "One layer at a time: its shape, then its parameters. Three of the five have any.",
        {
            "The kernels of the second C go through all 4 channels.": 650,
            "Every kernel and every neuron has a bias.": 792,
            "You counted a bias for each channel that a kernel goes through.": 830,
            "A 2×2 block does not fit into the last row and column of 11×11: M rounds down.": 1232,
            "That is without D.": 262,
            "That is D alone.": 550,
        },
    ),
    "architecture/3": by_behaviour(_smallest_side),
    "architecture/4": Exercise(_faster),
}
