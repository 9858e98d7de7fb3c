"""Training that survives: after each epoch everything that the next one depends on, in one file.

The file holds plain arrays, the weights and the state of the optimizer, whatever the backend, and
the record of the training so far. It is written beside the old one and then renamed, so at any
moment there is a whole one. The order of the digits comes from (seed, epoch) alone: that is why a
training that goes on reaches the same bits as one that was never interrupted.
"""

import contextlib
import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_lib.training.record import History

if TYPE_CHECKING:
    import keras

FILE = "checkpoint.npz"

_MAX_BYTES = 20_000_000
"""Larger files are refused unread; a checkpoint holds less than 1 MB."""


class CheckpointError(ValueError):
    """The folder belongs to another training, or its file is damaged; the message says which."""


class Checkpoint:
    """The state of one training in one file.

    file: None where nothing is kept
    recipe: what makes it this training and no other, as JSON knows it
    """

    def __init__(self, file: Path | None, recipe: dict[str, Any]):
        self.file, self.recipe = file, recipe

    def resume(self, model: "keras.Model") -> History:
        """Put the state into the model; return the record so far, empty at the beginning.

        raises: CheckpointError for another training, or where the file is damaged
        """
        if self.file is None or not self.file.exists():
            return History()
        arrays, record = _read(self.file)
        for name, found in record["recipe"].items():
            if found != (wanted := self.recipe.get(name)):
                raise CheckpointError(
                    f"{self.file.parent} holds another training: its {name} is {found}, "
                    f"expected {wanted}. Use another folder, or remove this one"
                )
        model.optimizer.build(model.trainable_variables)
        variables = _variables(model)
        if {name: array.shape for name, array in arrays.items()} != {
            name: tuple(variable.shape) for name, variable in variables.items()
        }:
            raise CheckpointError(f"{self.file} holds the state of another network")
        for name, variable in variables.items():
            variable.assign(arrays[name])
        return History(**record["history"])

    def keep(self, model: "keras.Model", history: History) -> None:
        """Replace the file by the state after another epoch."""
        if self.file is None:
            return
        record = {"recipe": self.recipe, "history": asdict(history)}
        arrays: dict[str, Any] = {
            name: np.asarray(variable) for name, variable in _variables(model).items()
        }
        beside = self.file.with_suffix(".new")
        with beside.open("wb") as file:
            np.savez(file, record=np.array(json.dumps(record)), **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, self.file)


@contextlib.contextmanager
def checkpoint_in(folder: str | Path | None, recipe: dict[str, Any]) -> Iterator[Checkpoint]:
    """The checkpoint of a training, for it alone until it ends.

    folder: made where it is missing; without one nothing is kept
    raises: CheckpointError where another training is running in that folder
    """
    if folder is None:
        yield Checkpoint(None, recipe)
        return
    from filelock import FileLock, Timeout

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise CheckpointError(f"another training is running in {folder}") from None
    try:
        yield Checkpoint(folder / FILE, json.loads(json.dumps(recipe, default=float)))
    finally:
        lock.release()


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict]:
    """The arrays of a checkpoint, and its record."""
    try:
        with zipfile.ZipFile(path) as archive:
            if (size := sum(member.file_size for member in archive.infolist())) > _MAX_BYTES:
                raise ValueError(f"it would unpack to {size:,} bytes")
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        record = json.loads(str(arrays.pop("record")))
        return arrays, {"recipe": record["recipe"], "history": record["history"]}
    except Exception as error:  # zipfile, NumPy and json raise nearly anything on damage
        raise CheckpointError(
            f"{path} cannot be read ({error}): remove it to begin anew"
        ) from error


def _variables(model: "keras.Model") -> dict[str, Any]:
    """Everything that a step changes, by names that no backend chooses."""
    parts = {"weights": model.weights, "optimizer": model.optimizer.variables}
    return {f"{part}/{i}": v for part, variables in parts.items() for i, v in enumerate(variables)}
