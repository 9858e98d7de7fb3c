"""Check a reader's answer: "right", or a hint, and never a traceback."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Exercise(NamedTuple):
    """How the answer to one exercise is judged.

    judge: takes the answer, returns None if it is right and else a hint
    """

    judge: Callable[[object], str | None]


def report(answer: object, judge: Callable[[object], str | None]) -> bool:
    """Print the verdict on an answer; the three dots `...` stand for "not answered yet"."""
    if answer is ...:
        print("Not answered yet: put your answer in place of the three dots.")
        return False
    hint = judge(answer)
    print("Right." if hint is None else f"Not yet. {hint}")
    return hint is None


def by_value(expected: object, hint: str, mistakes: dict[str, object] | None = None) -> Exercise:
    """An exercise with one right value; each typical mistake has a hint of its own.

    expected: a number, a tuple, a string or an array; numbers may differ by rounding
    hint: for any other wrong answer
    mistakes: wrong values by hint
    """

    def judge(answer: object) -> str | None:
        if same(answer, expected):
            return None
        found = (text for text, value in (mistakes or {}).items() if same(answer, value))
        return next(found, hint)

    return Exercise(judge)


def by_behaviour(judge: Callable[[Callable], str | None]) -> Exercise:
    """An exercise whose answer is a function: it is called on fresh inputs.

    judge: as in `Exercise`; where the answer is no function, or raises an error, the hint says so
    """

    def guarded(answer: object) -> str | None:
        if not callable(answer):
            return f"A function was wanted; this is of the type {type(answer).__name__}."
        try:
            return judge(answer)
        except Exception as error:  # whatever the reader's function raises
            return f"Your function raised {type(error).__name__}: {error}."

    return Exercise(guarded)


def same(answer: object, expected: object) -> bool:
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
