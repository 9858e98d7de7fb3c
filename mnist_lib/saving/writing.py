"""Write a model file: beside the old one, then renamed, so that no moment loses both."""

import contextlib
import json
import logging
import os
import shutil
import stat
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import keras
import numpy as np

from mnist_lib.files import PREFIX, unfinished
from mnist_lib.saving.reading import HASH, SHAPES, array_names, hash_of

SUFFIXES = (".weights.h5", ".h5", ".keras", ".npz")
"""Weights alone; the note's legacy format; Keras 3's own; the ten arrays for NumPy."""

_MAX_NAME = 240
"""Out of the 255 bytes of a file name; the rest is left for .bak and a number."""


def save_model(model: keras.Model, path: str | Path) -> Path:
    """Save a model; the suffix decides how. A file that is already there is kept as `.bak`.

    path: `.keras` or `.h5` for the whole model, `.weights.h5` for only the weights, `.npz` for the
    ten arrays of this network by name. Of a link, the file that it points to is replaced
    returns: the path
    raises: ValueError for another suffix and for weights that are not finite numbers, OSError where
    the file cannot be written
    """
    path, suffix = Path(path), suffix_of(Path(path))
    _check_finite(model)
    _put(path, suffix, lambda beside: _write(model, beside, suffix))
    return path


def save_record(record: dict, path: str | Path) -> Path:
    """Write how a model was made beside it, as JSON; a file that is already there is kept.

    path: the model's
    returns: the path with .json at its end
    """
    beside = Path(f"{path}.json")
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    _put(beside, ".json", lambda new: new.write_text(text, encoding="utf-8"))
    return beside


def _put(path: Path, suffix: str, write: Callable[[Path], object]) -> None:
    """Write a file beside its place, then let it take that place; the old one becomes `.bak`."""
    target = Path(os.path.realpath(path))
    with unfinished(target.parent) as folder:
        beside = folder / f"new{suffix}"
        try:
            write(beside)
        except RuntimeError as error:  # how h5py says that a disk, or a limit, is full
            raise OSError(f"{path} cannot be written: {error}") from error
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        if not target.exists():
            os.replace(beside, target)
            return
        shutil.copymode(target, beside)
        backup = _keep_old(target, _backup(target))
        try:
            os.replace(beside, target)
        except BaseException:
            backup.unlink()  # the old file still has its original name
            raise


def check_target(path: str | Path) -> None:
    """Raise now what `save_model` would raise after the training: a bad suffix, no such folder."""
    path = Path(path)
    suffix_of(path)
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(f"expected a file to write, got the folder {path}")
    if not target.parent.is_dir():
        raise NotADirectoryError(f"there is no folder {path.parent}")
    if len(os.fsencode(path.name)) > _MAX_NAME:
        raise ValueError(f"expected a file name of at most {_MAX_NAME} bytes, got {path.name}")
    try:
        tempfile.TemporaryFile(dir=target.parent, prefix=PREFIX).close()
    except OSError as error:
        reason = error.strerror or error
        raise PermissionError(f"cannot write into the folder {path.parent}: {reason}") from error
    if target.exists() and _belongs_to_another(target):
        raise PermissionError(f"cannot replace {path}: it belongs to another user")


def suffix_of(path: Path) -> str:
    """How a model file is read or written: the end of its name.

    raises: ValueError for a name that ends otherwise
    """
    for suffix in SUFFIXES:
        if path.name.endswith(suffix):
            return suffix
    raise ValueError(f"expected a file name that ends in {', '.join(SUFFIXES)}, got {path.name}")


def _write(model: keras.Model, path: Path, suffix: str) -> None:
    arrays = model.get_weights()
    if suffix == ".npz":
        if [array.shape for array in arrays] != SHAPES:
            raise ValueError("expected the network of this course: an .npz file has its ten arrays")
        np.savez(path, **dict(zip(array_names(), arrays, strict=True)))
        return
    if suffix == ".weights.h5":
        _bare(model).save_weights(path)
    else:
        with _quiet():
            model.save(path)
    if suffix != ".keras":  # a zip archive has checksums of its own
        with h5py.File(path, "r+") as file:
            for group in (file, *file.values()):
                group.attrs[HASH] = hash_of(arrays)


def _bare(model: keras.Model) -> keras.Model:
    """The same layers and weights without an optimizer, whose state would be saved as well."""
    bare = type(model).from_config(model.get_config())
    bare.set_weights(model.get_weights())
    return bare


def _check_finite(model: keras.Model) -> None:
    for variable in model.weights:
        if not np.isfinite(variable.numpy()).all():
            raise ValueError(
                f"expected weights that are finite numbers, got others in {variable.path}: "
                "the training has diverged"
            )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence Keras' warning that .h5 is a legacy format: the appendix explains it."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "You are saving your model")
            yield
    finally:
        logger.setLevel(level)


def _belongs_to_another(target: Path) -> bool:
    """In a folder such as /tmp, whose sticky bit lets only its owner replace a file."""
    folder, me = target.parent.stat(), getattr(os, "geteuid", lambda: 0)()
    sticky = bool(folder.st_mode & stat.S_ISVTX)
    return sticky and me not in (0, folder.st_uid, target.stat().st_uid)


def _backup(path: Path) -> Path:
    """The first free name of harryTest.h5.bak, harryTest.h5.bak2, …"""
    number, backup = 1, path.with_name(path.name + ".bak")
    while os.path.lexists(backup):  # a dangling link occupies its name too
        number += 1
        backup = path.with_name(f"{path.name}.bak{number}")
    return backup


def _keep_old(path: Path, backup: Path) -> Path:
    """Give the old file a second name; the rename that follows removes the first one."""
    try:
        os.link(path, backup)
    except OSError:  # a file system without hard links, such as a mounted drive
        shutil.copy2(path, backup)
    return backup
