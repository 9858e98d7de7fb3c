"""The weights of our own training run, and where they came from. NumPy only.

`weights.npz` was made by `make pretrained`: the note's recipe with seed 0, on the 59,000
training digits that are not in the embedded test split, so that no test split of this course
contains a digit that these weights have seen.
"""

import json
from importlib import resources

import numpy as np

from mnist_lib.architecture import WEIGHTED


def load_weights() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Kernel and bias of each layer that has them, as float32 arrays.

    returns: `(kernel, bias)` by layer name. Kernels of convolutions have the shape (rows,
    columns, channels in, channels out), those of dense layers (inputs, outputs)

    >>> kernel, bias = load_weights()["conv2d_1"]
    >>> kernel.shape, bias.shape
    ((3, 3, 1, 32), (32,))
    """
    with resources.files(__name__).joinpath("weights.npz").open("rb") as file:
        arrays = np.load(file, allow_pickle=False)
        return {name: (arrays[f"{name}/kernel"], arrays[f"{name}/bias"]) for name, *_ in WEIGHTED}


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
    """How many simulated photographs these weights read correctly: `make photographs` wrote it.

    returns: by kind of photograph, `correct` of `total`, and the numbers of those read `wrong`;
    number n shows the digit n % 10

    >>> load_photograph_results()["plain"]["total"]
    100
    """
    return _read_json("photographs.json")["kinds"]


def _read_json(name: str) -> dict:
    return json.loads(resources.files(__name__).joinpath(name).read_text(encoding="utf-8"))
