"""The exercises of the chapter *Saving*: right answers, and the hints for typical mistakes."""

import pickle

import numpy as np

from mnist_lib.exercises import check
from mnist_lib.model import build_model

SHAPES = [weight.shape for weight in build_model().get_weights()]


def value_of(bits, *, one=1.0, power=126):
    """Right as it is; with other settings a typical mistake."""
    sign = -1.0 if bits[0] else 1.0
    exponent = int("".join(map(str, bits[1:9])), 2)
    fraction = int("".join(map(str, bits[9:])), 2) / 2**23
    if exponent == 255:
        return sign * np.inf if fraction == 0 else np.nan
    if exponent == 0:
        return sign * fraction * 2.0**-power
    return sign * (one + fraction) * 2.0 ** (exponent - 127)


def by_formula(bits):
    exponent = int("".join(map(str, bits[1:9])), 2)
    return (
        (-1) ** bits[0]
        * (1 + int("".join(map(str, bits[9:])), 2) / 2**23)
        * 2.0 ** (exponent - 127)
    )


def zero_alone(bits):
    """The formula with an exception for 0, and none for the subnormal numbers."""
    return 0.0 if not any(bits[1:]) else by_formula(bits)


def finite_alone(bits):
    return value_of(bits) if not all(bits[1:9]) else by_formula(bits)


def without_nan(bits):
    return value_of(bits) if not np.isnan(value_of(bits)) else np.inf


def pack(arrays):
    steps = np.array([np.abs(array).max() / 127 for array in arrays], np.float32)
    rounded = [np.rint(array / step) for array, step in zip(arrays, steps, strict=True)]
    return steps.tobytes() + b"".join(array.astype(np.int8).tobytes() for array in rounded)


def unpack(content):
    steps, start, arrays = np.frombuffer(content[: 4 * len(SHAPES)], np.float32), 40, []
    for step, shape in zip(steps, SHAPES, strict=True):
        levels = np.frombuffer(content, np.int8, int(np.prod(shape)), start).reshape(shape)
        arrays.append(step * levels.astype(np.float32))
        start += levels.size
    return arrays


def one_scale(arrays):
    """All arrays with the step of the largest one."""
    step = np.float32(max(np.abs(array).max() for array in arrays) / 127)
    rounded = [np.rint(array / step).astype(np.int8) for array in arrays]
    return np.full(10, step, np.float32).tobytes() + b"".join(a.tobytes() for a in rounded)


class Remembering:
    """A pack that keeps the arrays, and an unpack that does not read the bytes."""

    def pack(self, arrays):
        self.arrays = arrays
        return b"here"

    def unpack(self, content):
        return self.arrays


def test_the_total_with_adam_is_that_of_keras():
    model = build_model()
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    model.optimizer.build(model.trainable_variables)
    kept = sum(int(np.prod(variable.shape)) for variable in model.optimizer.variables)
    assert check("saving/1", model.count_params() + kept) is True


RIGHT = {
    "saving/1": [279_968],
    "saving/2": [-3.375, np.frombuffer(b"\x00\x00\x58\xc0", "<f4")[0]],
    "saving/3": [
        value_of,
        lambda bits: np.uint32(int("".join(map(str, bits)), 2)).view(np.float32),
    ],
    "saving/4": [(pack, unpack)],
}

WRONG = [
    ("saving/1", 279_966, "two single numbers"),
    ("saving/1", 186_646, "total with RMSprop"),
    ("saving/1", 93_322, "has not grown"),
    ("saving/1", 1, "How many numbers"),
    ("saving/2", 3.375, "first bit"),
    ("saving/2", -1.375, "adds 1"),
    ("saving/2", 22_720 * 2.0**-149, "lowest byte comes first"),
    ("saving/2", -6.75, "128 − 127"),
    ("saving/2", -1.6875, "subtract 127"),
    ("saving/2", 7, "Turn the bytes round"),
    ("saving/3", lambda bits: value_of(bits[::-1]), "first bit the sign"),
    ("saving/3", lambda bits: value_of(bits, one=0.0), "between 1 and 254"),
    ("saving/3", by_formula, "stand for 0"),
    ("saving/3", lambda bits: value_of(bits) or (-1e-9 if bits[0] else 0), "two patterns"),
    ("saving/3", zero_alone, "no leading 1"),
    ("saving/3", lambda bits: value_of(bits, power=127), "stays at −126"),
    ("saving/3", finite_alone, "infinite"),
    ("saving/3", without_nan, "not a number"),
    ("saving/3", lambda bits: None, "between 1 and 254"),
    ("saving/3", lambda bits: [value_of(bits)], "One number"),
    ("saving/3", lambda: 0, "TypeError"),
    ("saving/4", pack, "tuple"),
    ("saving/4", (pickle.dumps, pickle.loads), "bytes: more than one byte"),
    ("saving/4", (lambda a: b"".join(x.astype("f2").tobytes() for x in a), unpack), "186,644"),
    ("saving/4", (lambda arrays: arrays, unpack), "of the type list"),
    ("saving/4", (one_scale, unpack), "a scale of its own"),
    ("saving/4", (pack, lambda content: [2 * a for a in unpack(content)]), "of the largest"),
    ("saving/4", (pack, lambda content: unpack(content)[:9]), "shapes"),
    ("saving/4", (pack, lambda: 0), "TypeError"),
]


def test_the_bytes_alone_tell_what_was_packed(capsys):
    cheat = Remembering()
    assert check("saving/4", (cheat.pack, cheat.unpack)) is False
    assert "of the largest" in capsys.readouterr().out
