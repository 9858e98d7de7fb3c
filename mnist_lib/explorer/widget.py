"""The live network in a notebook: `DigitExplorer`. Needs anywidget.

The same modules as on the book's pages, with the weights of the reader's own model. What is drawn
and chosen is synchronised between Python and every view; what the page computes goes to Python.
"""

import math
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from mnist_lib.architecture import LAYERS
from mnist_lib.explorer import IN_BOOK, VIEWS
from mnist_lib.explorer.bundle import notebook_module
from mnist_lib.explorer.payload import (
    SHAPES,
    STYLE,
    about_weights,
    decode_pixels,
    encode_pixels,
    golden_digits,
    pack_weights,
)
from mnist_lib.preprocessing import stroke_points
from mnist_lib.reference import forward

try:
    import anywidget
    import traitlets
except ImportError as error:
    raise ImportError("DigitExplorer needs the package anywidget: pip install anywidget") from error

if TYPE_CHECKING:
    import keras

    from mnist_lib.data import Digits

_KERAS_CLASS = {
    "convolution": "Conv2D",
    "pooling": "MaxPooling2D",
    "flatten": "Flatten",
    "dense": "Dense",
}
"""What Keras calls each kind of layer."""

_NETWORK = {
    layer.name: (_KERAS_CLASS[layer.kind], "relu" if layer.has_relu else None) for layer in LAYERS
} | {LAYERS[-1].name: ("Dense", "softmax")}
"""Class and activation of each layer. The shapes of the weights determine the rest."""

_IDLE = ("InputLayer", "Dropout")
"""Layers that a network may have in addition: they do nothing at inference."""

_MOST_DIGITS = 20
"""More buttons would not fit under the pad."""

_EXAMPLE = 7
"""The digit that an explorer opens with, where there are so many."""

_FOLLOWED = 10
"""The one that it opens with in the view "backward": the digit that the book follows."""


def _from_page() -> traitlets.Bytes:
    """Bytes that the page writes: they arrive as a memoryview, and are not echoed back."""
    read = {"from_json": lambda value, widget: bytes(value)}
    return traitlets.Bytes().tag(sync=True, echo_update=False, **read)


class DigitExplorer(anywidget.AnyWidget):
    """A pad to draw a digit on, and every layer of a model that computes it.

    model: the network of the book in Keras, or its weights as
    `mnist_lib.pretrained.load_weights` returns them; later training has no effect here
    digits: test digits to pick and to check the page against, images (n, 28, 28, 1) and labels,
    or an array of images alone; at most 20. By default the book's own eleven
    layer: what to open, one of `mnist_lib.explorer.VIEWS`; "backward" computes gradients too
    raises: ValueError for another network, and for digits of another shape or range

    `layer`, `strokes`, `picked`, `normalise` and `label` can be set from Python too; every view
    follows.
    """

    _esm = notebook_module()
    _css = STYLE
    weights = traitlets.Bytes().tag(sync=True)
    about = traitlets.Dict().tag(sync=True)
    layer = traitlets.Enum(VIEWS, default_value="all", help="What is open, one of VIEWS").tag(
        sync=True
    )
    strokes: traitlets.List = traitlets.List(
        help="What is drawn: a list of strokes, each a list of points (x, y) in units of the pad"
    ).tag(sync=True)
    picked = traitlets.Int(
        None, allow_none=True, help="The number of the test digit that is shown, if one is"
    ).tag(sync=True)
    normalise = traitlets.Bool(True, help="Whether a drawing is normalised as MNIST is").tag(
        sync=True
    )
    label = traitlets.Int(
        None,
        allow_none=True,
        help="The class that the loss asks for; by default the digit's own, or the second answer",
    ).tag(sync=True)
    _digit = _from_page()
    _probabilities = _from_page()
    _activations = _from_page()
    _errors = _from_page()
    _gradients = _from_page()

    def __init__(
        self,
        model: "keras.Model | dict",
        *,
        digits: "Digits | np.ndarray | None" = None,
        layer: str = "all",
    ) -> None:
        weights = _weights_of(model)
        packed = pack_weights(weights)
        chosen = _book_digits() if digits is None else _chosen_digits(digits)
        computed_by = "NumPy" if isinstance(model, Mapping) else "Keras"
        about = about_weights(packed, _add_probabilities(chosen, model), computed_by=computed_by)
        if IN_BOOK in os.environ:  # in the book, the page itself has the network
            self._ipython_display_ = lambda: None
        wanted = _FOLLOWED if layer == "backward" and digits is None else _EXAMPLE
        picked = wanted if len(chosen) > wanted else None
        super().__init__(weights=packed, about=about, layer=layer, picked=picked)

    def open(self) -> None:
        """Connect to the page; while the book is built there is none, and nothing is stored."""
        if IN_BOOK not in os.environ:
            super().open()

    @property
    def image(self) -> np.ndarray | None:
        """The drawing as the network gets it, (1, 28, 28, 1) float32 in [0, 1], or None."""
        return _read_floats(self._digit, (1, 28, 28, 1))

    @property
    def probabilities(self) -> np.ndarray | None:
        """The page's ten probabilities, float32; None while nothing is drawn."""
        return _read_floats(self._probabilities, LAYERS[-1].output_shape)

    @property
    def activations(self) -> dict[str, np.ndarray] | None:
        """The page's activations by layer name, as `mnist_lib.reference.forward` returns them."""
        return _read_layers(self._activations)

    @property
    def errors(self) -> dict[str, np.ndarray] | None:
        """The page's errors by layer name, as `mnist_lib.reference.backward` returns them.

        None while nothing is drawn, and while another layer than "backward" is open.
        """
        return _read_layers(self._errors)

    @property
    def gradients(self) -> dict[str, tuple[np.ndarray, np.ndarray]] | None:
        """The page's gradients of (kernel, bias) by layer name, for the one digit; or None."""
        shapes = [shape for pair in SHAPES.values() for shape in pair]
        arrays = _read_arrays(self._gradients, shapes)
        if arrays is None:
            return None
        return dict(zip(SHAPES, zip(arrays[::2], arrays[1::2], strict=True), strict=True))

    @traitlets.validate("strokes")
    def _check_strokes(self, proposal: traitlets.Bunch) -> list:
        """Accept strokes as `mnist_lib.simulate.write` returns them, and turn them into lists."""
        try:
            return [stroke_points(stroke).tolist() for stroke in proposal["value"]]
        except ValueError as error:
            raise traitlets.TraitError(str(error)) from error

    @traitlets.validate("picked")
    def _check_picked(self, proposal: traitlets.Bunch) -> int | None:
        number, digits = proposal["value"], len(self.about["golden_digits"])
        if number is not None and not 0 <= number < digits:
            raise traitlets.TraitError(f"expected picked from 0 to {digits - 1}, got {number}")
        return number

    @traitlets.validate("label")
    def _check_label(self, proposal: traitlets.Bunch) -> int | None:
        label, classes = proposal["value"], LAYERS[-1].output_shape[0]
        if label is not None and not 0 <= label < classes:
            raise traitlets.TraitError(f"expected a label from 0 to {classes - 1}, got {label}")
        return label

    @traitlets.observe("strokes")
    def _show_strokes(self, change: traitlets.Bunch) -> None:
        """The pad shows a drawing or a test digit, never both."""
        if change["new"]:
            self.picked = None

    @traitlets.observe("picked")
    def _show_picked(self, change: traitlets.Bunch) -> None:
        if change["new"] is not None:
            self.strokes = []


def _weights_of(model: "keras.Model | dict") -> dict:
    """Kernel and bias by layer name, of the book's network and no other.

    raises: TypeError for anything but a model or weights, ValueError for another network
    """
    if isinstance(model, Mapping):
        return dict(model)
    if not hasattr(model, "layers"):
        raise TypeError(f"expected a Keras model or its weights, got {type(model).__name__}")
    layers = [layer for layer in model.layers if type(layer).__name__ not in _IDLE]
    got = {layer.name: (type(layer).__name__, _activation_name(layer)) for layer in layers}
    if list(got.items()) != list(_NETWORK.items()):
        raise ValueError(f"expected the layers {_list_layers(_NETWORK)}; got {_list_layers(got)}")
    return {la.name: tuple(la.get_weights()) for la in layers if la.get_weights()}


def _activation_name(layer: "keras.Layer") -> str | None:
    """The name of a layer's activation, None where it has none."""
    return getattr(getattr(layer, "activation", None), "__name__", None)


def _list_layers(layers: dict[str, tuple[str, str | None]]) -> str:
    """Layers in one line, for an error message."""
    each = (f"{name} ({', '.join(filter(None, kind))})" for name, kind in layers.items())
    return ", ".join(each) or "none"


def _book_digits() -> list[dict]:
    """The golden digits, without the outputs that are stored for them."""
    return [{key: d[key] for key in ("split", "index", "label", "pixels")} for d in golden_digits()]


def _chosen_digits(digits: "Digits | np.ndarray") -> list[dict]:
    """The reader's own digits, in the same form; a label is None where there is none."""
    images = np.asarray(getattr(digits, "images", digits))
    labels = getattr(digits, "labels", [None] * len(images))
    if images.shape[1:] != (28, 28, 1):
        raise ValueError(f"expected images of shape (n, 28, 28, 1), got {images.shape}")
    if not 1 <= len(images) <= _MOST_DIGITS:
        raise ValueError(f"expected 1 to {_MOST_DIGITS} digits, got {len(images):,}: take a slice")
    return [
        {"index": i, "label": None if label is None else int(label), "pixels": encode_pixels(image)}
        for i, (image, label) in enumerate(zip(images, labels, strict=True))
    ]


def _add_probabilities(digits: list[dict], model: "keras.Model | dict") -> list[dict]:
    """The digits with the probabilities of the model itself; for weights alone, those of NumPy."""
    images = np.stack([decode_pixels(digit["pixels"]) for digit in digits])
    if isinstance(model, Mapping):
        probabilities = forward(images, dict(model))[LAYERS[-1].name]
    else:
        probabilities = model.predict(images, verbose=0)
    return [
        digit | {"logits": None, "probabilities": row.tolist()}
        for digit, row in zip(digits, probabilities, strict=True)
    ]


def _read_layers(data: bytes) -> dict[str, np.ndarray] | None:
    """Decode the page's numbers of all layers: by layer name, each with an axis for the digit."""
    arrays = _read_arrays(data, [(1, *layer.output_shape) for layer in LAYERS])
    if arrays is None:
        return None
    return {layer.name: array for layer, array in zip(LAYERS, arrays, strict=True)}


def _read_arrays(data: bytes, shapes: list[tuple[int, ...]]) -> list[np.ndarray] | None:
    """Decode several arrays of these shapes from one row of numbers; None for no bytes."""
    sizes = [math.prod(shape) for shape in shapes]
    row = _read_floats(data, (sum(sizes),))
    if row is None:
        return None
    parts = np.split(row, np.cumsum(sizes)[:-1])
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]


def _read_floats(data: bytes, shape: tuple[int, ...]) -> np.ndarray | None:
    """Decode the page's bytes as float32 numbers of a shape; None for no bytes."""
    if not data:
        return None
    if len(data) != 4 * math.prod(shape):
        raise ValueError(f"expected {4 * math.prod(shape):,} bytes for {shape}, got {len(data):,}")
    return np.frombuffer(data, "<f4").reshape(shape).astype(np.float32)
