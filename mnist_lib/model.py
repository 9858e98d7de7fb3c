"""The network of the note, built once, with the names of its Fig. 1."""

from typing import NamedTuple

import keras
from keras import layers


def build_model() -> keras.Sequential:
    """Build and compile the network C1 M1 C2 M2 C3 F576 D64 D10.

    returns: a `keras.Sequential` with fresh random weights, compiled as in the note: RMSprop,
    categorical cross-entropy, accuracy. Input (n, 28, 28, 1) float32 in [0, 1]; output (n, 10)
    probabilities. For the same weights every time, call `keras.utils.set_random_seed` first.

    >>> build_model().count_params()
    93322
    """
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, (3, 3), activation="relu", name="conv2d_1"),
            layers.MaxPooling2D((2, 2), name="max_pooling2d_1"),
            layers.Conv2D(64, (3, 3), activation="relu", name="conv2d_2"),
            layers.MaxPooling2D((2, 2), name="max_pooling2d_2"),
            layers.Conv2D(64, (3, 3), activation="relu", name="conv2d_3"),
            layers.Flatten(name="flatten_1"),
            layers.Dense(64, activation="relu", name="dense_1"),
            layers.Dense(10, activation="softmax", name="dense_2"),
        ],
        name="mnist",
    )
    model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


class LayerRow(NamedTuple):
    """One line of Fig. 1: a layer, its output shape (without the batch), its parameters."""

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int


class LayerTable(list[LayerRow]):
    """The rows of Fig. 1; prints as a table with the total at its foot."""

    @property
    def total(self) -> int:
        """The number of parameters of the network."""
        return sum(row.parameters for row in self)

    def __str__(self) -> str:
        lines = [f"{'Layer (type)':<32}{'Output shape':<20}{'Param #':>9}"]
        for row in self:
            shape = "(" + ", ".join(map(str, (None, *row.output_shape))) + ")"
            lines.append(f"{f'{row.name} ({row.kind})':<32}{shape:<20}{row.parameters:>9,}")
        return "\n".join([*lines, f"{'Total params':<52}{self.total:>9,}"])


def layer_table(model: keras.Model) -> LayerTable:
    """List name, type, output shape and parameters of every layer, as in Fig. 1 of the note.

    >>> print(layer_table(build_model())[0])
    LayerRow(name='conv2d_1', kind='Conv2D', output_shape=(26, 26, 32), parameters=320)
    """
    return LayerTable(
        LayerRow(layer.name, type(layer).__name__, layer.output.shape[1:], layer.count_params())
        for layer in model.layers
    )
