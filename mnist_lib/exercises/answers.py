"""Compare a reader's answer with the computed one."""

import numpy as np


def check(answer: object, expected: object, hint: str) -> bool:
    """Compare a reader's answer with the computed one; say "right", or give the hint.

    answer: what the reader wrote; the three dots `...` stand for "not answered yet"
    expected: a number, a tuple, a string or an array; numbers may differ by rounding
    hint: a sentence that helps without giving the answer away
    returns: whether the answer is right

    >>> check(..., 576, hint="Count rows, columns and channels.")
    Not answered yet: put your answer in place of the three dots.
    False
    >>> check(64, 576, hint="Count rows, columns and channels.")
    Not yet. Count rows, columns and channels.
    False
    >>> check(3 * 3 * 64, 576, hint="Count rows, columns and channels.")
    Right.
    True
    """
    if answer is ...:
        print("Not answered yet: put your answer in place of the three dots.")
        return False
    right = _same(answer, expected)
    print("Right." if right else f"Not yet. {hint}")
    return right


def _same(answer: object, expected: object) -> bool:
    """Equal shapes and equal values; numbers to six digits, anything else exactly."""
    try:
        answer, expected = np.asarray(answer), np.asarray(expected)
    except ValueError:  # a ragged list answers none of our questions
        return False
    if answer.shape != expected.shape:
        return False
    if {answer.dtype.kind, expected.dtype.kind} <= set("iufb"):
        return bool(np.allclose(answer, expected, rtol=1e-6, atol=1e-12))
    return bool(answer.dtype.kind == expected.dtype.kind and (answer == expected).all())
