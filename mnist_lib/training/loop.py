"""Train a network by a recipe, the note's unless another is given; count its right answers."""

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np

from mnist_lib.augment import move
from mnist_lib.data import content_hash
from mnist_lib.training.checkpoint import CheckpointError, checkpoint_in
from mnist_lib.training.progress import ProgressBar, progress
from mnist_lib.training.recipe import NOTE, Recipe, compile_for
from mnist_lib.training.record import History, Score

if TYPE_CHECKING:
    from mnist_lib.data import Digits


# More parameters than elsewhere: the recipe, its seed, Keras' own hook, and where to go on.
def train(
    model: keras.Model,
    digits: "Digits",
    *,
    recipe: Recipe = NOTE,
    epochs: int | None = None,
    batch_size: int | None = None,
    seed: int = 0,
    callbacks: Sequence = (),
    checkpoint: str | Path | None = None,
) -> History:
    """Train the model in place, as the note does, and print one line per epoch.

    digits: images (n, 28, 28, 1) float32 in [0, 1], labels (n,) int in 0..9
    recipe: the note's keeps the model as it is compiled; any other compiles it anew
    epochs, batch_size: in place of the recipe's, which are 5 and 64 in the note
    seed: the order of the digits, and what moves them, comes from (seed, epoch) alone
    callbacks: `keras.callbacks.Callback` objects, called as by `model.fit`
    checkpoint: a folder that keeps the state after each epoch. A training that was killed goes on
    from there when it is started again, and ends with the same weights, to the bit: on the same
    machine, since another processor or number of threads may round differently
    returns: one loss, accuracy and time per epoch
    raises: ValueError for digits that do not fit the network, or a count below 1; CheckpointError
    for a folder of another training, or one in which a training is running
    """
    _check(digits)
    recipe = _with_counts(recipe, epochs, batch_size)
    epochs, batches = recipe.epochs, math.ceil(len(digits.images) / recipe.batch_size)
    if recipe != _with_counts(NOTE, epochs, recipe.batch_size):
        compile_for(model, recipe, len(digits.images))
    this_one = _identity(model, digits, recipe, seed) if checkpoint else {}
    with checkpoint_in(checkpoint, this_one) as kept, progress(epochs * batches) as bar:
        history = kept.resume(model)
        _report_done(bar, done := len(history.loss), epochs, checkpoint)
        for epoch in range(done, epochs):
            report, start = _Report(bar, f"epoch {epoch + 1}/{epochs}"), time.perf_counter()
            loss, accuracy = _fit(
                model, _shown(digits, recipe, (seed, epoch)), recipe, [report, *callbacks]
            )
            history.loss.append(loss)
            history.accuracy.append(accuracy)
            history.seconds.append(time.perf_counter() - start)
            kept.keep(model, history)
            bar.write(_epoch_line(history, epochs, len(digits.images)))
    return history


def _report_done(bar: ProgressBar, done: int, epochs: int, checkpoint: str | Path | None) -> None:
    """Say what a checkpoint holds already; refuse one that holds more than is asked for."""
    if done > epochs:
        raise CheckpointError(f"{checkpoint} holds {done} epochs already, expected {epochs}")
    if done:
        bar.write(f"epochs 1 to {done}: from {checkpoint}")


def _with_counts(recipe: Recipe, epochs: int | None, batch_size: int | None) -> Recipe:
    """The recipe with these counts, where they are given."""
    if epochs is not None:
        recipe = recipe._replace(epochs=epochs)
    if batch_size is not None:
        recipe = recipe._replace(batch_size=batch_size)
    _check_at_least_one(epochs=recipe.epochs, batch_size=recipe.batch_size)
    return recipe


def _shown(digits: "Digits", recipe: Recipe, key: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Images and targets of one epoch, each digit once, in the order of the key (seed, epoch)."""
    rng = np.random.default_rng(key)
    order = rng.permutation(len(digits.images))
    images, targets = digits.images[order], one_hot(digits.labels)[order]
    if any(recipe.limits):
        images = move(images, rng, recipe.limits)
    if recipe.smoothing:
        targets = targets * (1 - recipe.smoothing) + recipe.smoothing / 10
    return images, targets


def _fit(model: keras.Model, shown: tuple, recipe: Recipe, callbacks: list) -> tuple[float, float]:
    """Train for one epoch; return loss and accuracy."""
    options = {"batch_size": recipe.batch_size, "shuffle": False, "verbose": 0}
    record = model.fit(*shown, **options, callbacks=callbacks).history
    return record["loss"][0], record["accuracy"][0]


def _identity(model: keras.Model, digits: "Digits", recipe: Recipe, seed: int) -> dict:
    """What makes a training this one and no other."""
    optimizer = model.optimizer.get_config()
    del optimizer["name"]  # Keras counts them in each process
    return {
        "seed": seed,
        "batch size": recipe.batch_size,
        "hash of the digits": content_hash(digits),
        "network": [list(weight.shape) for weight in model.weights],
        "loss": str(model.loss),
        "optimizer": optimizer,
        "limits": recipe.limits._asdict(),
        "smoothing": recipe.smoothing,
    }


def evaluate(model: keras.Model, digits: "Digits") -> Score:
    """Count the digits whose largest probability is that of the right class.

    digits: images (n, 28, 28, 1) float32 in [0, 1], labels (n,) int in 0..9
    raises: ValueError for digits that do not fit the network, and for a network whose answers are
    not numbers
    """
    _check(digits)
    probabilities = model.predict(digits.images, batch_size=256, verbose=0)
    if np.isnan(probabilities).any():
        raise ValueError("expected probabilities, got NaN: the training has diverged")
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

    def __init__(self, bar: ProgressBar, label: str):
        super().__init__()
        self.bar, self.label = bar, label

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.bar.advance(f"{self.label}, loss {(logs or {}).get('loss', 0):.4f}")
