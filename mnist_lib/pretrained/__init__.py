"""The weights of our own training runs, and where they came from. NumPy only.

`weights.npz` was made by `make pretrained`: the note's recipe with seed 0, on the 59,000
training digits that are not in the embedded test split, so that no test split of this course
contains a digit that these weights have seen.

`augmented.npz` was made by `make augmented`: the same network, for other pens than MNIST's and able
to say *no digit*. It has seen 54,000 of these digits, as other pens would have written them, and
scribbles and letters.
"""

import json
from importlib import resources

import numpy as np

from mnist_lib.architecture import WEIGHTED

_FILES = {"note": "weights.npz", "augmented": "augmented.npz"}


def load_weights(name: str = "note") -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Kernel and bias of each layer that has them, as float32 arrays.

    name: "note", the note's recipe, or "augmented", the weights for real pens
    raises: ValueError for another name
    returns: `(kernel, bias)` by layer name. Kernels of convolutions have the shape (rows,
    columns, channels in, channels out), those of dense layers (inputs, outputs)

    >>> kernel, bias = load_weights()["conv2d_1"]
    >>> kernel.shape, bias.shape
    ((3, 3, 1, 32), (32,))
    """
    if name not in _FILES:
        raise ValueError(f"expected one of {', '.join(_FILES)}, got {name!r}")
    with resources.files(__name__).joinpath(_FILES[name]).open("rb") as file:
        arrays = np.load(file, allow_pickle=False)
        return {
            layer: (arrays[f"{layer}/kernel"], arrays[f"{layer}/bias"]) for layer, *_ in WEIGHTED
        }


def load_provenance() -> dict:
    """How the weights were made: data hash, seed, recipe, versions, seconds, and the result.

    >>> load_provenance()["recipe"]["epochs"]
    5
    """
    return _read_json("provenance.json")


def load_seed_results() -> dict:
    """The note's recipe on the full data with five seeds: `make seeds` wrote it.

    >>> len(load_seed_results()["runs"])
    5
    """
    return _read_json("seeds.json")


def load_followed_path() -> dict:
    """The weight `mnist_lib.architecture.FOLLOWED` during five epochs: `make followed` wrote it.

    returns: `values`, before the first step and after every `every` steps, besides how they were
    found

    >>> record = load_followed_path()
    >>> record["every"] * (len(record["values"]) - 1)
    4610
    """
    return _read_json("followed.json")


def load_golden_outputs() -> list[dict]:
    """Eleven digits, and what Keras computes for them with these weights.

    returns: for each of the classes 0 to 9 its first digit in the embedded test split, then the
    digit `mnist_lib.architecture.FOLLOWED` of the training split, as dicts ready for JSON: `split`
    and `index`, where it is; `label`; `logits` and `probabilities`, ten float32 numbers each; and
    `gradients`, what Keras' differentiation finds for the `label` that the network thinks second
    best: the `loss`, and of each array of weights the places and the values, `largest`, of the
    gradients that are farthest from 0

    >>> [digit["label"] for digit in load_golden_outputs()]
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 4]
    """
    return _read_json("golden_outputs.json")["digits"]


def load_photograph_results() -> dict[str, dict]:
    """How many simulated pictures of each kind are read correctly: `make photographs` wrote it.

    returns: by kind, first those of `mnist_lib.simulate.DISTURBANCES`, then those of `CROPS`: with
    the note's weights `correct` of `total` digits by several `hands`, and the numbers of those read
    `wrong`; number n shows the digit n % 10. And for `hands`, and for the shapes of `mnist`'s own
    digits, the right answers with each weights, "note" and "augmented", and each reader:
    "read_image", and the recipes "otsu" and "adaptive" of the tests

    >>> load_photograph_results()["plain"]["total"]
    100
    """
    return _read_json("photographs.json")["kinds"]


def load_augmented_results() -> dict:
    """The weights for real pens beside the note's, measured: `make augmented` wrote it.

    returns: how they were trained; and, in `measured`, for each network ("shipped", the note's
    weights; "twin", the same recipe on the digits that the others learned; "seed 0", the weights
    "augmented", and the same with other seeds) its `threshold`, below which the largest output is
    a refusal; right answers and how many were `kept`, not refused, of `pens` (by their width on the
    pad), `held_out` and `test` digits, and of the first and the third also of `photographs`; and of
    `no_digits` how many were refused

    >>> load_augmented_results()["measured"]["seed 0"]["test"]["total"]
    10000
    """
    return _read_json("augmented.json")


def _read_json(name: str) -> dict:
    return json.loads(resources.files(__name__).joinpath(name).read_text(encoding="utf-8"))
