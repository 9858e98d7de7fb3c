"""The functions of the live network on an empty page: how arrays travel there and back."""

import base64

import numpy as np

# Both languages compute in float64 and store float32: far within one grey level, which is 1/255.
ROUNDING = 1e-6

# Keras adds the same terms in another order, and in float32.
KERAS = 1e-5

# Arrays travel as base64: as lists of numbers they would take minutes.
HELPERS = """
const { api } = globalThis.mnistExplorer;
const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const floatsOf = (text) => new Float32Array(bytesOf(text).buffer);
function textOf(values) {
  let text = "";
  for (const byte of new Uint8Array(Float32Array.from(values).buffer))
    text += String.fromCharCode(byte);
  return btoa(text);
}
function* imagesOf(text) {
  const pixels = floatsOf(text);
  for (let i = 0; i < pixels.length; i += 784) yield pixels.subarray(i, i + 784);
}
const each = (text, work) => Array.from(imagesOf(text), work);
const chained = (values) => textOf(api.LAYERS.flatMap(({ name }) => Array.from(values[name])));
function prepared(ink, height, width) {
  const steps = api.prepareDigit(ink, height, width);
  return steps && { ...steps, digit: textOf(steps.digit), small: textOf(steps.small) };
}
"""

SHAPES = {
    "conv2d_1": (26, 26, 32),
    "max_pooling2d_1": (13, 13, 32),
    "conv2d_2": (11, 11, 64),
    "max_pooling2d_2": (5, 5, 64),
    "conv2d_3": (3, 3, 64),
    "flatten_1": (576,),
    "dense_1": (64,),
    "dense_2": (10,),
}

SOURCES = dict(zip(SHAPES, ["image", *SHAPES], strict=False))

WEIGHTED = ["conv2d_1", "conv2d_2", "conv2d_3", "dense_1", "dense_2"]


def text_of(array, dtype="<f4"):
    return base64.b64encode(np.ascontiguousarray(array, dtype).tobytes()).decode()


def floats_of(text):
    return np.frombuffer(base64.b64decode(text), "<f4")


def bytes_of(weights):
    return b"".join(array.astype("<f4").tobytes() for pair in weights.values() for array in pair)


def computed(engine, images, kind="activation"):
    """What JavaScript computes for images: (n, …) by layer, of activations or pre-activations."""
    code = f"(text) => each(text, (image) => chained(api.forward(image, weights).{kind}))"
    chains = np.stack([floats_of(text) for text in engine.evaluate(code, text_of(images))])
    sizes = [int(np.prod(shape)) for shape in SHAPES.values()]
    parts = np.split(chains, np.cumsum(sizes), axis=1)
    return {
        name: part.reshape(-1, *shape)
        for (name, shape), part in zip(SHAPES.items(), parts, strict=False)
    } | {"image": images}
