"""Save and load models: nothing is lost, and nothing in a file is run.

Files are replaced atomically: an interrupted save leaves the old file or the new one, never part
of one. A file is inspected before Keras reads it: only the eight layers of this network, with their
shapes, are accepted, so that untrusted code is not. An `.npz` file of ten arrays can be loaded too:
the page on which the network learns offers one for download.
"""

import contextlib
import io
import json
import logging
import os
import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import h5py
import keras
import numpy as np

from mnist_lib.model import build_model
from mnist_lib.pretrained import load_weights

SUFFIXES = (".weights.h5", ".h5", ".keras")
"""Weights alone; the note's legacy format; Keras 3's own."""

LOADED_SUFFIXES = (*SUFFIXES, ".npz")
"""What can be loaded: also the ten arrays that the live network offers for download."""

MAX_BYTES = 50_000_000
"""No file of this network is larger: with the optimizer's state it holds 0.75 MB of numbers."""

_MAX_NAME = 240
"""Out of the 255 bytes of a file name; the rest is left for .bak and a number."""

_MAX_ITEMS = 500
"""No file of this network has more groups and arrays; hard links can nest them endlessly."""


class ModelFileError(Exception):
    """The file is not a model of this network; the message says what was found and expected."""


def save_model(model: keras.Model, path: str | Path) -> Path:
    """Save a model; the suffix decides how. A file that is already there is kept as `.bak`.

    path: `.keras` or `.h5` for the whole model, `.weights.h5` for only the weights
    returns: the path
    raises: ValueError for another suffix, OSError where the file cannot be written
    """
    path = Path(path)
    suffix = _suffix(path)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".mnist_lib.") as folder:
        beside = Path(folder) / f"model{suffix}"
        if suffix == ".weights.h5":
            _bare(model).save_weights(beside)
        else:
            with _quiet():
                model.save(beside)
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        backup = _keep_old(path, _backup(path)) if path.exists() else None
        try:
            os.replace(beside, path)
        except BaseException:
            if backup:
                backup.unlink()  # the old file still has its original name
            raise
    return path


def check_target(path: str | Path) -> None:
    """Raise now what `save_model` would raise after the training: a bad suffix, no such folder."""
    path = Path(path)
    _suffix(path)
    if path.is_dir():
        raise IsADirectoryError(f"expected a file to write, got the folder {path}")
    if not path.parent.is_dir():
        raise NotADirectoryError(f"there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise PermissionError(f"cannot write into the folder {path.parent}")
    if len(os.fsencode(path.name)) > _MAX_NAME:
        raise ValueError(f"expected a file name of at most {_MAX_NAME} bytes, got {path.name}")


def load_model(path: str | Path) -> keras.Model:
    """Load a model of this network that `save_model`, Keras, or the live network wrote.

    path: a `.keras`, `.h5`, `.weights.h5` or `.npz` file; the last as downloaded from the page in
    which the network learns, or as `mnist_lib.pretrained` has it
    returns: the compiled model. A `.keras` file restores its optimizer's state too; from a `.h5`
    file Keras 3 restores only the weights, and `.weights.h5` and `.npz` hold nothing else: the
    optimizer starts afresh
    raises: ModelFileError where the file is not such a model, FileNotFoundError, ValueError
    for another suffix
    """
    path = Path(path)
    suffix = _suffix(path, LOADED_SUFFIXES)
    if not path.is_file():
        raise FileNotFoundError(f"no model file at {path}")
    try:
        return _read(path, suffix)
    except ModelFileError:
        raise
    except Exception as error:  # h5py, zipfile and Keras raise nearly anything on a damaged file
        raise ModelFileError(f"{path} cannot be read as a model: {error}") from error


def load_pretrained(name: str = "note") -> keras.Model:
    """The network with the weights that this course ships, compiled.

    name: "note" or "augmented", as in `mnist_lib.pretrained.load_weights`
    raises: ValueError for another name

    >>> load_pretrained().name
    'mnist'
    """
    model = build_model()
    for layer, (kernel, bias) in load_weights(name).items():
        model.get_layer(layer).set_weights([kernel, bias])
    return model


def _suffix(path: Path, suffixes: tuple[str, ...] = SUFFIXES) -> str:
    for suffix in suffixes:
        if path.name.endswith(suffix):
            return suffix
    raise ValueError(f"expected a file name that ends in {', '.join(suffixes)}, got {path.name}")


def _bare(model: keras.Model) -> keras.Model:
    """The same layers and weights without an optimizer, whose state would be saved as well."""
    bare = type(model).from_config(model.get_config())
    bare.set_weights(model.get_weights())
    return bare


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence Keras' warning that .h5 is a legacy format: the appendix explains it.

    And the one about a network that was never trained, whose optimizer has no state to load.
    """
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Skipping variable loading for optimizer")
            yield
    finally:
        logger.setLevel(level)


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


def _read(path: Path, suffix: str) -> keras.Model:
    if path.stat().st_size > MAX_BYTES:
        raise ModelFileError(f"{path} is too large: expected at most {MAX_BYTES:,} bytes")
    if suffix == ".keras":
        _inspect_keras(path)
        with _quiet():
            model = _checked(keras.saving.load_model(path, safe_mode=True), path)
        return model if model.compiled else _fresh(model)
    if suffix == ".npz":
        return _from_arrays(path)
    if suffix == ".h5":
        _inspect_legacy(path)
        stored = keras.saving.load_model(path, compile=False, safe_mode=True)
    else:
        _inspect_hdf5(path.read_bytes(), path)
        stored = _bare(build_model())
        stored.load_weights(path)
    return _fresh(_checked(stored, path))


def _from_arrays(path: Path) -> keras.Model:
    """A compiled network with the ten arrays of an `.npz` file."""
    _inspect_npz(path)
    model = build_model()
    with np.load(path, allow_pickle=False) as file:
        for name in load_weights():
            model.get_layer(name).set_weights([file[f"{name}/kernel"], file[f"{name}/bias"]])
    return _checked(model, path)


def _inspect_npz(path: Path) -> None:
    """Exactly ten arrays, and their headers right, before any of them is read."""
    wanted = {
        f"{name}/{part}.npy": array.shape
        for name, pair in load_weights().items()
        for part, array in zip(("kernel", "bias"), pair, strict=True)
    }
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        names = sorted(member.filename for member in members)
        if names != sorted(wanted):
            raise ModelFileError(f"{path} holds {names}, expected {sorted(wanted)}")
        if (size := sum(member.file_size for member in members)) > MAX_BYTES:
            raise ModelFileError(f"{path} would unpack to {size:,} bytes")
        for name, shape in wanted.items():
            with archive.open(name) as file:
                if (found := _npy_header(file)) != (shape, np.dtype("<f4")):
                    raise ModelFileError(
                        f"{path} holds {name} as {found}, expected {shape} float32"
                    )


def _npy_header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and type of an array, from the head of its file."""
    if (version := np.lib.format.read_magic(file)) != (1, 0):
        raise ValueError(f"a .npy file of version {version}, expected (1, 0)")
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    return shape, dtype


def _fresh(stored: keras.Model) -> keras.Model:
    """A compiled network with these weights: the one that Keras loads from .h5 cannot train on."""
    model = build_model()
    model.set_weights(stored.get_weights())
    return model


def _inspect_keras(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        sizes = {member.filename: member.file_size for member in archive.infolist()}
        if set(sizes) - {"metadata.json", "config.json", "model.weights.h5"}:
            raise ModelFileError(f"{path} holds members that no model needs: {sorted(sizes)}")
        if sum(sizes.values()) > MAX_BYTES:
            raise ModelFileError(f"{path} would unpack to {sum(sizes.values()):,} bytes")
        _check_layers(json.loads(archive.read("config.json")), path)
        _inspect_hdf5(archive.read("model.weights.h5"), path)


def _inspect_legacy(path: Path) -> None:
    config = _inspect_hdf5(path.read_bytes(), path).get("model_config")
    if config is None:
        raise ModelFileError(f"{path} holds no whole model (weights alone end in .weights.h5)")
    _check_layers(json.loads(config), path)


def _inspect_hdf5(content: bytes, path: Path) -> dict:
    """Refuse links, and data stored elsewhere; return the attributes of the root."""
    with h5py.File(io.BytesIO(content), "r") as file:
        for number, (name, item) in enumerate(_items(file, path)):
            if number >= _MAX_ITEMS:
                raise ModelFileError(f"{path} holds more than {_MAX_ITEMS} groups and arrays")
            if isinstance(item, h5py.Dataset) and _elsewhere(item):
                raise ModelFileError(f"{path}: {name} lies in another file, or is far too large")
        return dict(file.attrs)


def _elsewhere(array: h5py.Dataset) -> bool:
    return bool(array.external or array.is_virtual or array.nbytes > MAX_BYTES)


def _items(group: h5py.Group, path: Path) -> Iterator[tuple[str, h5py.Dataset | h5py.Group]]:
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ModelFileError(f"{path}: {group.name}/{name} is a link, and no model needs one")
        item = group[name]
        yield item.name, item
        if isinstance(item, h5py.Group):
            yield from _items(item, path)


def _check_layers(config: dict, path: Path) -> None:
    """Only the layers of this network, by class and shape; anything else is named and refused."""
    if config.get("class_name") not in ("Sequential", "Functional"):
        raise ModelFileError(f"{path} holds a {config.get('class_name')}, not a Sequential model")
    found = [_layer(layer) for layer in config["config"]["layers"]]
    wanted = [_layer(layer) for layer in json.loads(build_model().to_json())["config"]["layers"]]
    found, wanted = ([row for row in rows if row[0] != "InputLayer"] for rows in (found, wanted))
    if found != wanted:
        raise ModelFileError(f"{path} holds another network: {found}, expected {wanted}")


def _layer(layer: dict) -> tuple:
    """What defines a layer, without names, initializers and dtypes."""
    config = layer["config"]
    keys = ["filters", "units", "kernel_size", "pool_size", "strides", "padding", "activation"]
    keys += ["dilation_rate", "data_format"]  # the shapes of the weights would not show
    values = (config.get(key) for key in keys)
    trainable = config.get("trainable", True)
    return (
        layer["class_name"],
        trainable,
        *(tuple(v) if isinstance(v, list) else v for v in values if v),
    )


def _checked(model: keras.Model, path: Path) -> keras.Model:
    if model.input_shape != (None, 28, 28, 1):
        raise ModelFileError(f"{path} takes {model.input_shape}, expected (None, 28, 28, 1)")
    shapes = [weight.shape for weight in model.weights]
    wanted = [array.shape for pair in load_weights().values() for array in pair]
    if shapes != wanted:
        raise ModelFileError(f"{path} holds weights of shapes {shapes}, expected {wanted}")
    if not all(np.isfinite(weight).all() for weight in model.get_weights()):
        raise ModelFileError(f"{path} holds weights that are not finite numbers")
    return model
