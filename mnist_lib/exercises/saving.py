"""The exercises of the chapter *Saving*."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from mnist_lib.architecture import WEIGHTED
from mnist_lib.exercises.answers import Exercise, by_behaviour, by_value

_LARGEST_FILE = 100_000
_SHAPES = [shape for layer in WEIGHTED for shape in (layer.kernel_shape, layer.kernel_shape[-1:])]


def _patterns() -> Iterator[tuple[int, str]]:
    """Patterns of 32 bits, and what to say where the answer for one of them is wrong."""
    sign, fraction = np.random.default_rng().integers((0, 1), (2, 2**23), size=(12, 2)).T
    exponent = np.random.default_rng().integers(1, 255, size=12)
    normal = "A number with an exponent field between 1 and 254 comes out wrong: is the first bit "
    normal += "the sign, and the bit after the eighth of the exponent worth one half?"
    for s, e, f in zip(sign, exponent, fraction, strict=True):
        yield int(s) << 31 | int(e) << 23 | int(f), normal
    yield 0, "32 bits that are 0 stand for 0."
    yield 1 << 31, "A 1 and 31 zeros stand for 0, too: it has two patterns."
    subnormal = "A subnormal number comes out wrong. Where the exponent field is 0 there is no "
    subnormal += "leading 1, and the power stays at −126."
    for s, f in zip(sign, fraction, strict=True):
        yield int(s) << 31 | int(f), subnormal
    infinite = "With the exponent field 255 and the fraction 0 it is infinite, and keeps its sign."
    for s in (0, 1):
        yield s << 31 | 255 << 23, infinite
    none = "With the exponent field 255 and another fraction it is not a number: np.nan."
    yield 255 << 23 | int(fraction[0]), none


def _every_pattern(function: Callable) -> str | None:
    for pattern, hint in _patterns():
        expected = float(np.uint32(pattern).view(np.float32))
        found = function([int(bit) for bit in f"{pattern:032b}"])
        if np.shape(found) != ():
            return "One number was wanted for the 32 bits."
        if math.isnan(expected) and found is not None and math.isnan(found):
            continue
        if found is None or not math.isclose(found, expected, rel_tol=1e-9):
            return hint
    return None


def _small_file(pair: object) -> str | None:
    if not (isinstance(pair, tuple) and len(pair) == 2 and all(map(callable, pair))):
        return "Two functions were wanted, as a tuple: pack and unpack."
    pack, unpack = pair
    networks = [_network(), _network()]
    try:
        files = [pack([array.copy() for array in arrays]) for arrays in networks]
        if not all(isinstance(file, bytes) for file in files):
            return f"pack should return bytes; this is of the type {type(files[0]).__name__}."
        if (size := max(map(len, files))) > _LARGEST_FILE:
            return f"The file has {size:,} bytes: more than one byte and a little for each number."
        # Both are packed before the first is unpacked: only the bytes can tell them apart.
        return next(filter(None, map(_compared, networks, map(unpack, files))), None)
    except Exception as raised:  # whatever the reader's functions raise
        return f"Your functions raised {type(raised).__name__}: {raised}."


def _network() -> list[np.ndarray]:
    """Ten arrays in the shapes of the network, some with far larger numbers than others."""
    draw = np.random.default_rng()
    scales = draw.permutation(np.geomspace(0.001, 10, len(_SHAPES)))
    pairs = zip(_SHAPES, scales, strict=True)
    return [draw.normal(scale=scale, size=shape).astype(np.float32) for shape, scale in pairs]


def _compared(arrays: list[np.ndarray], back: list[np.ndarray]) -> str | None:
    if [np.shape(array) for array in back] != _SHAPES:
        return f"unpack should return arrays of the shapes {_SHAPES}."
    wrong = [
        float(np.abs(was - np.asarray(now, float)).max() / np.abs(was).max())
        for was, now in zip(arrays, back, strict=True)
    ]
    if all(share <= 0.01 for share in wrong):  # not a number is not below it either
        return None
    if min(wrong) <= 0.01:
        return (
            f"In some arrays a number is wrong by {max(wrong):.0%} of the largest: arrays "
            "differ in size, so give each a scale of its own."
        )
    return f"A number is wrong by {max(wrong):.0%} of the largest of its array."


EXERCISES = {
    "saving/1": by_value(
        3 * 93_322 + 2,
        "How many numbers does Adam keep for each of the 93,322? The network itself counts too.",
        {
            "And the two single numbers: the count of steps and the learning rate.": 3 * 93_322,
            "That is the total with RMSprop, which keeps one running mean for each weight; and "
            "it is what Adam keeps. The network itself counts too.": 2 * 93_322 + 2,
            "The network itself has not grown, but the optimizer counts too.": 93_322,
        },
    ),
    "saving/2": by_value(
        -3.375,
        "Turn the bytes round, write the 32 bits down, and mark the three fields.",
        {
            "Look at the first bit again.": 3.375,
            "The formula adds 1 to the fraction.": -1.375,
            "In a file the lowest byte comes first.": float(np.uint32(0x000058C0).view(np.float32)),
            "The exponent field is 128, and the power is 128 − 127.": -6.75,
            "The exponent field is 128: subtract 127, not 128.": -1.6875,
        },
    ),
    "saving/3": by_behaviour(_every_pattern),
    "saving/4": Exercise(_small_file),
}
"""By number."""
