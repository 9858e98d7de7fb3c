"""Read the arrays of a model file, with NumPy and h5py alone.

Bounded before anything is read: the bytes of the file, what it unpacks to, the number of its
parts, and the shape and type of every array.
"""

import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, NamedTuple

import h5py
import numpy as np

from mnist_lib.architecture import WEIGHTED
from mnist_lib.saving.plan import OtherNetworkError, is_our_optimizer, read_plan

MAX_BYTES = 10_000_000
"""No file of this network is larger: with the optimizer's state it holds 0.75 MB of numbers."""

HASH = "mnist_lib_sha256"
"""The attribute of an HDF5 file that holds the hash of its arrays. Other readers ignore it."""

_MAX_ITEMS = 200
"""No file of this network has more groups and arrays; hard links can nest them endlessly."""

_GROUPS = ("conv2d", "conv2d_1", "conv2d_2", "dense", "dense_1")
"""What Keras calls the layers with weights inside a file, whatever their names are."""

SHAPES = [shape for layer in WEIGHTED for shape in (layer.kernel_shape, layer.kernel_shape[-1:])]
"""Of the ten arrays, kernel and bias of each layer in turn."""

_FLOAT, _WHOLE = np.dtype("<f4"), np.dtype("<i8")


class ModelFileError(Exception):
    """The file is not a model of this network; the message says what was found and expected."""


class Stored(NamedTuple):
    """What a model file holds.

    weights: the ten arrays, kernel and bias of each layer in turn, float32
    optimizer: the state of RMSprop, in Keras' order: the number of steps, the learning rate, and a
    running mean for each weight; None where the file has none that fits
    """

    weights: list[np.ndarray]
    optimizer: list[np.ndarray] | None = None


def read(path: Path, suffix: str) -> Stored:
    """Read a model file by value.

    raises: ModelFileError where it is not a model of this network
    """
    if (size := path.stat().st_size) > MAX_BYTES:
        raise ModelFileError(f"{path} is too large: {size:,} bytes, expected at most {MAX_BYTES:,}")
    reader = {".keras": _keras, ".h5": _legacy, ".weights.h5": _weights, ".npz": _arrays}[suffix]
    try:
        stored = reader(path)
    except ModelFileError as error:
        raise ModelFileError(f"{path} {error}") from error
    except OtherNetworkError as error:
        raise ModelFileError(f"{path} holds {error}") from error
    except Exception as error:  # h5py, zipfile and json raise nearly anything on a damaged file
        raise ModelFileError(f"{path} cannot be read as a model: {error}") from error
    if not all(np.isfinite(array).all() for array in stored.weights):
        raise ModelFileError(f"{path} holds weights that are not finite numbers")
    return stored


def hash_of(arrays: Iterable[np.ndarray]) -> str:
    """SHA-256 of the bytes of all weights, kernel before bias, layer by layer.

    It is the hash that `mnist_lib.pretrained.load_provenance` and the live network state.
    """
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def array_names() -> list[str]:
    """The names of the ten arrays in an `.npz` file."""
    return [f"{layer.name}/{part}" for layer in WEIGHTED for part in ("kernel", "bias")]


def _keras(path: Path) -> Stored:
    with zipfile.ZipFile(path) as archive:
        wanted = {"metadata.json", "config.json", "model.weights.h5"}
        _check_members(archive, wanted)
        plan = archive.read("config.json")
        read_plan(plan)
        with h5py.File(io.BytesIO(archive.read("model.weights.h5")), "r") as file:
            return _by_group(file, is_our_optimizer(plan))


def _weights(path: Path) -> Stored:
    with h5py.File(path, "r") as file:
        return _by_group(file, with_optimizer=False)


def _legacy(path: Path) -> Stored:
    with h5py.File(path, "r") as file:
        items = dict(_items(file))
        plan = file.attrs.get("model_config")
        if plan is None:
            raise ModelFileError("holds no whole model (weights alone end in .weights.h5)")
        names = read_plan(plan)
        found = {}
        for name in items:
            top, _, rest = name.partition("/")
            if top == "model_weights" and isinstance(items[name], h5py.Dataset):
                part = rest.rpartition("/")[2].removesuffix(":0")
                found[rest.partition("/")[0], part] = items[name]
        wanted = [(name, part) for name in names for part in ("kernel", "bias")]
        return Stored(_take(found, wanted, file))


def _by_group(file: h5py.File, with_optimizer: bool) -> Stored:
    """The arrays of Keras' own format, by their paths; state of an optimizer, where it fits."""
    arrays = {name: item for name, item in _items(file) if isinstance(item, h5py.Dataset)}
    state = {name: arrays.pop(name) for name in list(arrays) if name.startswith("optimizer/")}
    wanted = [f"layers/{group}/vars/{part}" for group in _GROUPS for part in (0, 1)]
    weights = _take(arrays, wanted, file)
    names = [f"optimizer/vars/{number}" for number in range(2 + len(SHAPES))]
    if not with_optimizer or set(state) != set(names):
        return Stored(weights)
    means = [_array(state[name], shape) for name, shape in zip(names[2:], SHAPES, strict=True)]
    values = [_array(state[names[0]], (), _WHOLE), _array(state[names[1]], ()), *means]
    if not all(np.isfinite(value).all() and (value >= 0).all() for value in values):
        raise ModelFileError("holds a state of the optimizer that no training leaves")
    return Stored(weights, values)


def _take(found: dict, wanted: Sequence, file: h5py.File) -> list[np.ndarray]:
    """Exactly the ten arrays, each of its shape; and the hash, where there is one."""
    if set(found) != set(wanted):
        odd = sorted(map(str, set(found) ^ set(wanted)))
        raise ModelFileError(f"holds another network: {', '.join(odd[:4])} too many or missing")
    arrays = [_array(found[name], shape) for name, shape in zip(wanted, SHAPES, strict=True)]
    _check_hash(file, hash_of(arrays))
    return arrays


def _check_hash(file: h5py.File, found: str) -> None:
    """The hash stands at the top and at each group below: one may be lost to damage."""
    for group in (file, *file.values()):
        if group.attrs.get(HASH, found) != found:
            raise ModelFileError("is damaged: its arrays do not have the hash that it states")


def _array(item: h5py.Dataset, shape: tuple[int, ...], kind: np.dtype = _FLOAT) -> np.ndarray:
    """An array, once its head is what is expected; so no more is read than that."""
    if item.external or item.is_virtual:
        raise ModelFileError(f"is refused: {item.name} lies in another file")
    if item.chunks or item.compression:
        raise ModelFileError(f"is refused: {item.name} is packed, and no model needs that")
    if item.shape != shape or item.dtype != kind:
        raise ModelFileError(
            f"holds another network: {item.name} is {item.dtype} {item.shape}, "
            f"expected {kind} {shape}"
        )
    return item[()]


def _items(group: h5py.Group) -> Iterator[tuple[str, h5py.Dataset | h5py.Group]]:
    """All groups and arrays of a file by their paths; no links, and not without end."""
    waiting, seen = [group], 0
    while waiting:
        parent = waiting.pop()
        for name in parent:
            if not isinstance(parent.get(name, getlink=True), h5py.HardLink):
                raise ModelFileError(f"is refused: {parent.name}/{name} is a link")
            if (seen := seen + 1) > _MAX_ITEMS:
                raise ModelFileError(f"holds more than {_MAX_ITEMS} groups and arrays")
            item = parent[name]
            yield f"{parent.name}/{name}".lstrip("/"), item
            if isinstance(item, h5py.Group):
                waiting.append(item)


def _arrays(path: Path) -> Stored:
    """The ten arrays of an `.npz` file, their heads before their contents."""
    names = [f"{name}.npy" for name in array_names()]
    with zipfile.ZipFile(path) as archive:
        _check_members(archive, set(names))
        for name, shape in zip(names, SHAPES, strict=True):
            with archive.open(name) as file:
                if (found := _npy_head(file)) != (shape, _FLOAT):
                    raise ModelFileError(f"holds {name} as {found}, expected {shape} float32")
    with np.load(path, allow_pickle=False) as file:
        return Stored([file[name] for name in array_names()])


def _check_members(archive: zipfile.ZipFile, wanted: set[str]) -> None:
    members = archive.infolist()
    names = sorted(member.filename for member in members)
    if names != sorted(wanted):
        raise ModelFileError(f"holds {names}, expected {sorted(wanted)}")
    if (size := sum(member.file_size for member in members)) > MAX_BYTES:
        raise ModelFileError(f"would unpack to {size:,} bytes, expected at most {MAX_BYTES:,}")


def _npy_head(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and type of an array, from the head of its file."""
    if (version := np.lib.format.read_magic(file)) != (1, 0):
        raise ValueError(f"a .npy file of version {version}, expected (1, 0)")
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    return shape, dtype
