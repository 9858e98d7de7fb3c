"""The network with one part changed, to measure what that part is good for."""

import keras
from keras import layers

_POOLINGS = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}
_HEADS = {"flatten": layers.Flatten, "average": layers.GlobalAveragePooling2D}


def build_variant(
    *,
    pooling: str = "max",
    activation: str | None = "relu",
    filters: tuple[int, ...] = (32, 64, 64),
    head: str = "flatten",
) -> keras.Sequential:
    """Build and compile the network of the note, or a variant of it.

    pooling: what follows the first two convolutions: "max" or "average", both 2×2; "stride": no
    pooling, and convolutions that move two pixels at a time instead; "none"
    activation: of all layers but the last; any that Keras knows, None for the identity
    filters: of each convolution, one to three
    head: from maps to a row: "flatten", or "average" for the mean of each map
    returns: a `keras.Sequential` with fresh random weights, compiled as in the note
    raises: ValueError for a choice that is not listed here

    >>> build_variant().count_params(), build_variant(head="average").count_params()
    (93322, 60554)
    """
    _check(pooling, filters, head)
    model = keras.Sequential([keras.Input((28, 28, 1))], name="variant")
    for place, count in enumerate(filters):
        shrinks = place < 2
        strides = 2 if shrinks and pooling == "stride" else 1
        model.add(layers.Conv2D(count, 3, strides=strides, activation=activation))
        if shrinks and pooling in _POOLINGS:
            model.add(_POOLINGS[pooling](2))
    model.add(_HEADS[head]())
    model.add(layers.Dense(64, activation=activation))
    model.add(layers.Dense(10, activation="softmax"))
    model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


def _check(pooling: str, filters: tuple[int, ...], head: str) -> None:
    poolings = (*_POOLINGS, "stride", "none")
    if pooling not in poolings:
        raise ValueError(f"expected pooling as one of {', '.join(poolings)}, got {pooling!r}")
    if head not in _HEADS:
        raise ValueError(f"expected head as one of {', '.join(_HEADS)}, got {head!r}")
    if not 1 <= len(filters) <= 3:
        raise ValueError(f"expected the filters of one to three convolutions, got {filters}")
