"""The note's recipe: train with RMSprop, then count the right answers."""

import contextlib
import math
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import keras
import numpy as np
from tqdm import tqdm

if TYPE_CHECKING:
    from mnist_lib.data import Digits

EXPECTED_ACCURACY = {60_000: (0.985, 0.996), 4_000: (0.89, 0.99)}
"""Where the test accuracy of the note's recipe falls, by number of training digits.

Bands, not values: the low bits of a run differ between processors, and one seed differs from
the next. Five seeds on the 60,000 gave 9,888 to 9,932 of 10,000; twelve on the embedded 4,000 gave
923 to 967 of 1,000, with a standard deviation of 13. The bands leave a margin on both sides.
"""


@dataclass(frozen=True)
class History:
    """Each epoch, measured while it trained: mean loss, share of right answers, time."""

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


class Score(NamedTuple):
    """A result as a count: `correct` right answers of `total`.

    >>> print(Score(9921, 10000))
    9,921 of 10,000 (99.21 %)
    """

    correct: int
    total: int

    @property
    def accuracy(self) -> float:
        """The share of right answers, 0 to 1."""
        return self.correct / self.total

    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson score interval of the accuracy (E. B. Wilson, 1927).

        >>> low, high = Score(9921, 10000).interval()
        >>> print(f"{low:.4f} {high:.4f}")
        0.9902 0.9937
        """
        z, n, p = 1.959964, self.total, self.accuracy
        centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return centre - half, centre + half

    def __str__(self) -> str:
        return f"{self.correct:,} of {self.total:,} ({self.accuracy:.2%})".replace("%", " %")


# More parameters than elsewhere: they are the note's recipe, its seed, and Keras' own hook.
def train(
    model: keras.Model,
    digits: "Digits",
    *,
    epochs: int = 5,
    batch_size: int = 64,
    seed: int = 0,
    callbacks: Sequence = (),
) -> History:
    """Train the model in place, as the note does, and print one line per epoch.

    digits: images (n, 28, 28, 1) float32 in [0, 1], labels (n,) int in 0..9
    epochs, batch_size: the note's 5 and 64
    seed: the order of the digits comes from (seed, epoch) alone
    callbacks: `keras.callbacks.Callback` objects, called as by `model.fit`
    returns: one loss, accuracy and time per epoch
    raises: ValueError for digits that do not fit the network, or a count below 1
    """
    _check(digits)
    _check_at_least_one(epochs=epochs, batch_size=batch_size)
    history, targets = History(), one_hot(digits.labels)
    batches = math.ceil(len(digits.images) / batch_size)
    with _progress(epochs * batches) as bar:
        for epoch in range(epochs):
            order = np.random.default_rng((seed, epoch)).permutation(len(digits.images))
            start = time.perf_counter()
            record = model.fit(
                digits.images[order],
                targets[order],
                batch_size=batch_size,
                shuffle=False,  # already in the order of (seed, epoch)
                verbose=0,
                callbacks=[_Report(bar, f"epoch {epoch + 1}/{epochs}"), *callbacks],
            ).history
            history.loss.append(record["loss"][0])
            history.accuracy.append(record["accuracy"][0])
            history.seconds.append(time.perf_counter() - start)
            bar.write(_epoch_line(history, epochs, len(digits.images)))
    return history


def evaluate(model: keras.Model, digits: "Digits") -> Score:
    """Count the digits whose largest probability is that of the right class.

    digits: images (n, 28, 28, 1) float32 in [0, 1], labels (n,) int in 0..9
    raises: ValueError for digits that do not fit the network
    """
    _check(digits)
    probabilities = model.predict(digits.images, batch_size=256, verbose=0)
    return Score(int((probabilities.argmax(axis=1) == digits.labels).sum()), len(digits.labels))


def one_hot(labels: np.ndarray) -> np.ndarray:
    """Write each label as ten numbers, a one in its place and zeros elsewhere.

    labels: (n,) int in 0..9
    returns: (n, 10) float32
    raises: ValueError for any other label

    >>> one_hot(np.array([3]))
    array([[0., 0., 0., 1., 0., 0., 0., 0., 0., 0.]], dtype=float32)
    """
    labels = np.asarray(labels)
    if not np.issubdtype(labels.dtype, np.integer) or not np.isin(labels, range(10)).all():
        raise ValueError(f"expected whole-number labels in 0..9, got {labels.dtype} {labels}")
    return np.eye(10, dtype=np.float32)[labels]


def _check(digits: "Digits") -> None:
    images, labels = digits.images, digits.labels
    if images.shape[1:] != (28, 28, 1) or images.shape[0] == 0:
        raise ValueError(f"expected images of shape (n, 28, 28, 1), n > 0, got {images.shape}")
    if labels.shape != images.shape[:1] or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"expected {len(images)} whole-number labels, got {labels.dtype} {labels.shape}"
        )
    if labels.min() < 0 or labels.max() > 9:
        raise ValueError(f"expected labels in 0..9, got {labels.min()}..{labels.max()}")
    low, high = images.min(), images.max()  # NaN fails the comparison as well
    if not (low >= 0 and high <= 1):
        raise ValueError(f"expected pixels in [0, 1], got {low} to {high}")


def _check_at_least_one(**counts: int) -> None:
    for name, count in counts.items():
        if not isinstance(count, int | np.integer) or not 1 <= count < 2**31:
            raise ValueError(f"expected {name} as a whole number from 1 to 2³¹ − 1, got {count}")


def _epoch_line(history: History, epochs: int, total: int) -> str:
    score = Score(round(history.accuracy[-1] * total), total)
    return (
        f"epoch {len(history.loss)}/{epochs}: loss {history.loss[-1]:.4f}, "
        f"right while training {score}, {history.seconds[-1]:.0f} s"
    )


class _Report(keras.callbacks.Callback):
    """A callback that tells the bar about every batch."""

    def __init__(self, bar: "_ProgressBar", label: str):
        super().__init__()
        self.bar, self.label = bar, label

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.bar.advance(f"{self.label}, loss {(logs or {}).get('loss', 0):.4f}")


class _ProgressBar:
    """No bar: only the record, one line per epoch."""

    def __init__(self, total: int):
        self.total = total

    def advance(self, label: str) -> None:
        """One batch is done."""

    def write(self, line: str) -> None:
        """Print a line of the record."""
        print(line, flush=True)

    def close(self) -> None:
        """The last batch is done."""


class _Terminal(_ProgressBar):
    """A tqdm bar on standard error."""

    def __init__(self, total: int):
        self.bar = tqdm(total=total, unit="batch", mininterval=0.5, leave=False)

    def advance(self, label: str) -> None:
        self.bar.set_description(label, refresh=False)
        self.bar.update()

    def write(self, line: str) -> None:
        self.bar.clear()
        super().write(line)

    def close(self) -> None:
        self.bar.close()


class _Notebook(_ProgressBar):
    """One line that is replaced in place, twice a second, and gone at the end."""

    def __init__(self, total: int):
        shown = sys.modules["IPython.display"]  # inside a notebook it is always loaded
        self.html, self.done, self.total, self.shown = shown.HTML, 0, total, time.monotonic()
        self.line = shown.display(shown.HTML("starting …"), display_id=True)

    def advance(self, label: str) -> None:
        self.done += 1
        if time.monotonic() - self.shown > 0.5:
            self.shown = time.monotonic()
            self.line.update(
                self.html(
                    f'<progress value="{self.done}" max="{self.total}" '
                    f'aria-label="training"></progress> {label}'
                )
            )

    def close(self) -> None:
        self.line.update(self.html(""))


@contextlib.contextmanager
def _progress(total: int) -> Iterator[_ProgressBar]:
    """The bar that suits where it is shown; `MNIST_PROGRESS=0` switches it off."""
    bar = _bar_class()(total)
    try:
        yield bar
    finally:
        bar.close()


def _bar_class() -> type[_ProgressBar]:
    if os.environ.get("MNIST_PROGRESS") == "0":
        return _ProgressBar
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None and hasattr(shell, "kernel"):
        return _Notebook
    return _Terminal if sys.stderr is not None and sys.stderr.isatty() else _ProgressBar
