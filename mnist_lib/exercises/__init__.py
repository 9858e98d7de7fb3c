"""The self-checks of the exercises, by chapter."""

from mnist_lib.exercises.answers import by_value, report
from mnist_lib.exercises.architecture import EXERCISES as ARCHITECTURE
from mnist_lib.exercises.backward import EXERCISES as BACKWARD
from mnist_lib.exercises.convolution import EXERCISES as CONVOLUTION
from mnist_lib.exercises.flatten import EXERCISES as FLATTEN
from mnist_lib.exercises.inside import EXERCISES as INSIDE
from mnist_lib.exercises.relu import EXERCISES as RELU
from mnist_lib.exercises.saving import EXERCISES as SAVING
from mnist_lib.exercises.softmax import EXERCISES as SOFTMAX
from mnist_lib.exercises.training import EXERCISES as TRAINING
from mnist_lib.exercises.your_digit import EXERCISES as YOUR_DIGIT

__all__ = ["check"]

_EXERCISES = {
    **ARCHITECTURE,
    **CONVOLUTION,
    **FLATTEN,
    **SOFTMAX,
    **RELU,
    **BACKWARD,
    **TRAINING,
    **SAVING,
    **YOUR_DIGIT,
    **INSIDE,
}


def check(answer: object, expected: object, hint: str | None = None) -> bool:
    """Check the answer to an exercise: `check("chapter/number", answer)`.

    answer, expected: the name of the exercise, such as "backward/1", and the reader's answer; the
    three dots `...` stand for "not answered yet". With a `hint`, the answer and the expected value
    returns: whether the answer is right; it is also printed, and a hint if it is not
    raises: KeyError for a name that no exercise has

    >>> check("backward/1", ...)
    Not answered yet: put your answer in place of the three dots.
    False
    >>> check("backward/1", 1 / 3)
    Not yet. The size is right. Compare the signs of p − y.
    False
    >>> check(3 * 3 * 64, 576, hint="Count rows, columns and channels.")
    Right.
    True
    """
    if hint is not None:
        return report(answer, by_value(expected, hint).judge)
    return report(expected, _EXERCISES[str(answer)].judge)
