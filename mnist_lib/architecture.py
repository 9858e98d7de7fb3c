"""The network as data: its eight layers, once; names and sizes come from here and nowhere else.

And the one weight, and the one digit, that every chapter returns to.
"""

from typing import NamedTuple


class Layer(NamedTuple):
    """One layer of the network.

    name: as in Keras and in the note's Fig. 1
    label: what the note calls it
    kind: "convolution", "pooling", "flatten" or "dense"
    output_shape: its output for one digit, (rows, columns, channels) or (numbers,)
    has_relu: whether ReLU follows; after the last layer softmax does
    kernel_shape: (rows, columns, channels in, channels out) or (inputs, outputs); () where the
    layer has no weights
    """

    name: str
    label: str
    kind: str
    output_shape: tuple[int, ...]
    has_relu: bool = False
    kernel_shape: tuple[int, ...] = ()


class Followed(NamedTuple):
    """One weight and one digit, the same in every chapter.

    layer: where the weight is
    place: its index in the layer's kernel, (row, column, channel in, channel out)
    digit: the number of a digit in the embedded training split
    """

    layer: str
    place: tuple[int, int, int, int]
    digit: int


LAYERS = (
    Layer("conv2d_1", "C1", "convolution", (26, 26, 32), True, (3, 3, 1, 32)),
    Layer("max_pooling2d_1", "M1", "pooling", (13, 13, 32)),
    Layer("conv2d_2", "C2", "convolution", (11, 11, 64), True, (3, 3, 32, 64)),
    Layer("max_pooling2d_2", "M2", "pooling", (5, 5, 64)),
    Layer("conv2d_3", "C3", "convolution", (3, 3, 64), True, (3, 3, 64, 64)),
    Layer("flatten_1", "Flatten", "flatten", (576,)),
    Layer("dense_1", "Dense 1", "dense", (64,), True, (576, 64)),
    Layer("dense_2", "Dense 2", "dense", (10,), False, (64, 10)),
)
"""All layers, in order."""

WEIGHTED = tuple(layer for layer in LAYERS if layer.kernel_shape)
"""The layers with a kernel and a bias, in order."""

FOLLOWED = Followed("conv2d_1", (1, 2, 0, 27), digit=564)
"""The weight at the right of the middle row of C1's kernel 27, and a 4 that is taken for a 9."""
