"""The exercises of the chapter *Convolution*."""

from collections.abc import Callable, Iterator

import numpy as np

from mnist_lib.exercises.answers import Exercise, by_behaviour, by_value, same


def _larger_kernels(answer: object) -> str | None:
    """Conv2D(16, (5, 5), strides=2) on (14, 14, 32): judged part by part."""
    numbers = _numbers(answer, (4,))
    if numbers is None:
        return "Four numbers were wanted: height, width, channels, parameters."
    height, width, channels, parameters = numbers.tolist()
    if height != width:
        return "The maps, the kernel and the stride are square; so is what leaves."
    if height != 5:
        return _SIDES.get(
            height, "Put n, k, p and s into the formula for the side, and round down."
        )
    if channels != 16:
        return _CHANNELS.get(channels, "Each kernel makes one map. How many kernels are there?")
    if parameters != 12_816:
        return _PARAMETERS.get(parameters, "How many weights has one kernel, and how many biases?")
    return None


def _numbers(answer: object, shape: tuple[int, ...]) -> np.ndarray | None:
    """The answer as numbers of this shape, or None."""
    try:
        numbers = np.asarray(answer)
    except ValueError:  # a ragged list
        return None
    fits = numbers.shape == shape and numbers.dtype.kind in "iuf"
    return numbers.astype(float) if fits else None


_SIDES = {
    10: "That is the side for stride 1.",
    4: "The place from which the kernel starts counts as well.",
    4.5: "A position where the kernel would stick out does not count: round down.",
    5.5: "A position where the kernel would stick out does not count: round down.",
    6: "A position where the kernel would stick out does not count: round down.",
    7: "That would be padding `same`. Unless told otherwise, Keras adds no zeros.",
    12: "The kernel has 5×5 weights, and it moves two pixels at a time.",
}
_CHANNELS = {
    32: "Those are the channels that come in. Each kernel makes one map out of all of them.",
    512: "The products of the 32 channels are added into one number, not kept apart.",
}
_PARAMETERS = {
    416: "A kernel reaches through all 32 channels.",
    400: "A kernel reaches through all 32 channels, and has a bias.",
    12_800: "Each kernel has a bias, too.",
    12_801: "Each kernel has a bias of its own.",
    12_800 + 32 * 16: "A kernel has one bias, not one for each channel that comes in.",
    12_800
    + 5 * 5 * 16: "You counted the bias once for every position; it is shared, like the weights.",
    12_816 * 5 * 5: "The weights are shared: they do not depend on the number of positions.",
    801: "That is one kernel, with its bias.",
}


def _same_convolution(function: Callable) -> str | None:
    for image, kernel, stride in _padded():
        expected = _slide(image, kernel, stride, lambda zeros: zeros // 2)
        found = np.asarray(function(image.copy(), kernel.copy(), stride))
        if same(found, expected):
            continue
        what = f"For a picture of {image.shape}, a kernel of {kernel.shape} and stride {stride}"
        if found.shape != expected.shape:
            return f"{what} the result has the shape {found.shape}; Keras gives {expected.shape}."
        if same(found, _slide(image, kernel[::-1, ::-1], stride, lambda zeros: zeros // 2)):
            return "The kernel was turned by 180°. Keras does not turn it."
        if same(found, _slide(image, kernel, stride, lambda zeros: zeros - zeros // 2)):
            return "Where the number of zeros is odd, the extra row belongs below, not above."
        if same(found, _slide(image, kernel, stride, lambda zeros: zeros)):
            return "All zeros stand above and on the left. Half of them belong on the other side."
        if same(found, _slide(image, kernel, stride, lambda zeros: 0)):
            return "All zeros stand below and on the right. Half of them belong on the other side."
        return f"{what} the shape is right and the numbers are not. Where is the first window?"
    return None


def _padded() -> Iterator[tuple[np.ndarray, np.ndarray, int]]:
    """Random pictures and kernels; few zeros, many, an odd number, or none."""
    generator = np.random.default_rng()
    for side, kernel, stride in (
        ((6, 5), (3, 3), 1),
        ((8, 6), (3, 3), 2),
        ((7, 9), (5, 4), 2),
        ((9, 10), (2, 3), 3),
        ((8, 8), (1, 2), 4),
    ):
        yield generator.normal(size=side), generator.normal(size=kernel), stride


def _slide(image: np.ndarray, kernel: np.ndarray, stride: int, above: Callable) -> np.ndarray:
    """The kernel over the padded picture; `above` says how many of the zeros stand in front."""
    frame = []
    for length, size in zip(image.shape, kernel.shape, strict=True):
        zeros = max((-(-length // stride) - 1) * stride + size - length, 0)
        frame.append((above(zeros), zeros - above(zeros)))
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(image, frame), kernel.shape)
    return np.einsum("rcij,ij->rc", windows, kernel)[::stride, ::stride]


_STROKES = {
    "a stroke that rises to the right": np.eye(3)[::-1],
    "a stroke that falls to the right": np.eye(3),
    "an upright stroke": np.outer(np.ones(3), [0, 1, 0]),
    "a level stroke": np.outer([0, 1, 0], np.ones(3)),
}


def _slash(answer: object) -> str | None:
    kernel = _numbers(answer, (3, 3))
    if kernel is None:
        return "Nine numbers were wanted, as three lists of three."
    if not np.isfinite(kernel).all():
        return "Not all of the nine are finite numbers."
    slack = 1e-9 * np.abs(kernel).max()
    given = {name: float(np.sum(kernel * stroke)) for name, stroke in _STROKES.items()}
    rising, *others = given
    if abs(kernel.sum()) > slack:
        return f"Where a picture is 1 everywhere, your kernel gives {kernel.sum():.4g} and not 0."
    if given[rising] <= slack:
        return f"For {rising}, your kernel gives {given[rising]:.4g}."
    for name in others:
        if given[name] > slack:
            return f"For {name}, your kernel gives {given[name]:.4g}, which is more than 0."
    return None


EXERCISES = {
    "convolution/1": Exercise(_larger_kernels),
    "convolution/2": by_value(
        [1, 2, 0, -2, -1],
        "Call the pixels a to e. What does the first kernel make of a, b, c, and of c, d, e?",
        {
            "All signs are turned: the second kernel subtracts what comes later.": (
                [-1, -2, 0, 2, 1]
            ),
            "One number of the result depends on five pixels: the first row shrinks by two.": (
                [1, 0, -1]
            ),
            "That adds the two kernels. The second one reads what the first one makes.": (
                [2, 2, 0]
            ),
            "Four of them are right. Is the middle pixel added, subtracted, or both?": (
                [1, 2, 1, -2, -1]
            ),
            "c is added once and subtracted once.": [1, 2, 2, -2, -1],
            "The second kernel subtracts all that the first one makes at its place.": (
                [1, 2, 1, 0, -1]
            ),
        },
    ),
    "convolution/3": by_behaviour(_same_convolution),
    "convolution/4": Exercise(_slash),
}
"""By number."""
