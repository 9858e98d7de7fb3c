"""Put stored arrays into a network of our own."""

from pathlib import Path

import keras
import numpy as np

from mnist_lib.model import build_model
from mnist_lib.pretrained import load_weights
from mnist_lib.saving.reading import read
from mnist_lib.saving.writing import suffix_of


def load_model(path: str | Path) -> keras.Model:
    """Load a model of this network that `save_model`, Keras, or the live network wrote.

    path: a `.keras`, `.h5`, `.weights.h5` or `.npz` file; the last as downloaded from the page in
    which the network learns, or as `mnist_lib.pretrained` has it
    returns: the compiled model. A `.keras` file restores its optimizer's state too. The others do
    not, and the optimizer starts afresh, as with Keras itself
    raises: ModelFileError where the file is not such a model, FileNotFoundError, ValueError
    for another suffix
    """
    path = Path(path)
    suffix = suffix_of(path)
    if not path.is_file():
        raise FileNotFoundError(f"no model file at {path}")
    stored = read(path, suffix)
    model = _network(stored.weights)
    if stored.optimizer:
        model.optimizer.build(model.trainable_variables)
        for variable, value in zip(model.optimizer.variables, stored.optimizer, strict=True):
            variable.assign(value)
    return model


def load_pretrained(name: str = "note") -> keras.Model:
    """The network with the weights that this course ships, compiled.

    name: "note" or "augmented", as in `mnist_lib.pretrained.load_weights`
    raises: ValueError for another name

    >>> load_pretrained().name
    'mnist'
    """
    return _network([array for pair in load_weights(name).values() for array in pair])


def _network(arrays: list[np.ndarray]) -> keras.Model:
    model = build_model()
    model.set_weights(arrays)
    return model
