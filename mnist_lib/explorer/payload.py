"""What the browser gets besides the modules: the weights as bytes, and what is known about them.

A page opened from `file:` cannot load data, but it can load classic scripts: the book's pages get
the weights in one; a notebook gets the same bytes through the widget.
"""

import base64
import gzip
import hashlib
import json
import zlib
from pathlib import Path

import numpy as np

from mnist_lib.architecture import WEIGHTED
from mnist_lib.data import Digits, load_mnist
from mnist_lib.pretrained import load_golden_outputs, load_provenance

STYLE = Path(__file__).with_name("explorer.css")
"""The style sheet of the live network.

:meta hide-value:
"""

LEARNING_STYLE = Path(__file__).with_name("learning.css")
"""The style sheet of the part in which the network learns.

:meta hide-value:
"""

SHAPES = {layer.name: (layer.kernel_shape, layer.kernel_shape[-1:]) for layer in WEIGHTED}
"""Kernel and bias of each layer that has them, in the order in which they are packed."""


def pack_weights(weights: dict) -> bytes:
    """All 93,322 numbers in one row: layer by layer, the kernel before the bias, each in C order.

    weights: `(kernel, bias)` by layer name, as `mnist_lib.pretrained.load_weights` returns them
    returns: 373,288 bytes, float32, little-endian
    raises: ValueError for other layers, other shapes, or a number that is not finite

    >>> from mnist_lib.pretrained import load_weights
    >>> len(pack_weights(load_weights())) // 4
    93322
    """
    got = {name: tuple(np.shape(array) for array in pair) for name, pair in weights.items()}
    if got != SHAPES:
        raise ValueError(f"expected kernels and biases of the shapes {SHAPES}, got {got}")
    arrays = {name: [np.asarray(array, "<f4") for array in weights[name]] for name in SHAPES}
    for name, pair in arrays.items():
        if not all(np.isfinite(array).all() for array in pair):
            raise ValueError(f"expected finite weights, got NaN or infinity in {name}")
    return b"".join(array.tobytes() for pair in arrays.values() for array in pair)


def encode_pixels(image: np.ndarray) -> str:
    """The grey levels of a digit, row by row, as base64 of 784 bytes.

    image: (28, 28, 1) uint8 in 0..255, or float in [0, 1], rounded to the nearest of 256 levels
    raises: ValueError for another shape, dtype or range

    >>> encode_pixels(np.zeros((28, 28, 1), np.float32))[:8]
    'AAAAAAAA'
    """
    image = np.asarray(image)
    if image.shape != (28, 28, 1):
        raise ValueError(f"expected a digit of shape (28, 28, 1), got {image.shape}")
    if image.dtype != np.uint8:
        if image.dtype.kind != "f" or not (image.min() >= 0 and image.max() <= 1):
            raise ValueError("expected uint8 in 0..255 or float in [0, 1], got " + _range(image))
        image = np.rint(image * 255).astype(np.uint8)
    return base64.b64encode(image.tobytes()).decode()


def decode_pixels(pixels: str) -> np.ndarray:
    """The digit that `encode_pixels` wrote: (28, 28, 1) float32 in [0, 1], as MNIST is loaded.

    >>> decode_pixels(encode_pixels(np.ones((28, 28, 1), np.float32))).sum()
    np.float32(784.0)
    """
    levels = np.frombuffer(base64.b64decode(pixels), np.uint8).reshape(28, 28, 1)
    return levels.astype(np.float32) / 255


def golden_digits() -> list[dict]:
    """The digits of `mnist_lib.pretrained.load_golden_outputs`, with their `pixels`.

    >>> sorted(golden_digits()[0])
    ['gradients', 'index', 'label', 'logits', 'pixels', 'probabilities', 'split']
    """
    mnist = load_mnist("embedded")
    images = {"test": mnist.test.images, "train": mnist.train.images}
    return [
        digit | {"pixels": encode_pixels(images[digit["split"]][digit["index"]])}
        for digit in load_golden_outputs()
    ]


def about_weights(packed: bytes, golden: list[dict], *, computed_by: str = "Keras") -> dict:
    """What the page says about its weights, and the digits that it checks itself against.

    packed: the weights, as `pack_weights` returns them
    golden: digits as `golden_digits` returns them
    computed_by: the implementation that gave their probabilities
    returns: ready for JSON; the result on the test digits only for the shipped weights, else None
    """
    sha256, record = hashlib.sha256(packed).hexdigest(), load_provenance()
    shipped = sha256 == record["weights_sha256"]
    return {
        "sha256": sha256,
        "test": record["test"] if shipped else None,
        "trained_on": record["trained_on"] if shipped else None,
        "computed_by": computed_by,
        "golden_digits": golden,
    }


def as_data_script(packed: bytes, about: dict) -> str:
    """A classic script that puts the weights, and what is known about them, in `mnistExplorer`.

    It ends no `<script>` in which it may stand, whatever the texts say.
    """
    data = about | {"weights": base64.b64encode(packed).decode()}
    text = json.dumps(data).replace("<", "\\u003c")
    return f"globalThis.mnistExplorer = {text};\n"


def digit_sets() -> dict[str, Digits]:
    """The embedded digits as the page in which the network learns loads them, by name.

    returns: `first`, 1,000 training digits to learn from and 500 to hold out; `more`, the other
    2,500; `test`, the 1,000 test digits. In each the ten classes alternate

    >>> {name: len(digits) for name, digits in digit_sets().items()}
    {'first': 1500, 'more': 2500, 'test': 1000}
    """
    mnist = load_mnist("embedded")
    return {"first": mnist.train[:1500], "more": mnist.train[1500:], "test": mnist.test}


def as_digits_script(name: str, digits: Digits) -> str:
    """A classic script that puts digits into `mnistExplorer.digits`, gzipped, in base64.

    Packed are all labels, then all grey levels, a byte each; with them go their count and the
    checksum of the bytes, so that a page knows whether it has them all.
    """
    levels = np.rint(digits.images * 255).astype(np.uint8)
    content = digits.labels.astype(np.uint8).tobytes() + levels.tobytes()
    packed = base64.b64encode(gzip.compress(content, mtime=0)).decode()
    data = {"count": len(digits), "crc32": zlib.crc32(content), "packed": packed}
    return (
        f"// {_NOTICE}\n(globalThis.mnistExplorer.digits ??= {{}}).{name} = {json.dumps(data)};\n"
    )


_NOTICE = (
    "Handwritten digits of MNIST by Yann LeCun, Corinna Cortes and Christopher J. C. Burges; "
    "according to Keras under CC BY-SA 3.0. Unchanged but for their order."
)


def _range(image: np.ndarray) -> str:
    return f"{image.dtype} from {image.min()} to {image.max()}"
