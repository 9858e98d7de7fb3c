"""The backward view of the live network, used and read as a reader uses and reads it."""

import numpy as np
from javascript import SHAPES as NAMES
from javascript import floats_of
from live_explorer import KERAS_NAMES, SHAPES

LAYER_NAMES = dict(zip(SHAPES, NAMES, strict=True))

ARRAYS = [f"{label}, {part}" for label in KERAS_NAMES for part in ("kernel", "bias")]

OPEN = """(root) => {
  root.replaceChildren();
  const { store } = mnistExplorer.api.mount(root, mnistExplorer, { layer: "backward" });
  globalThis.store = store; }"""

# Numbers of the page itself, as base64 of float32.
SCENE = """(path) => {
  const values = path.reduce((value, key) => value[key], store.scene());
  let text = "";
  for (const byte of new Uint8Array(Float32Array.from(values).buffer))
    text += String.fromCharCode(byte);
  return btoa(text); }"""


def scene(explorer, *path):
    """An array of the page's scene: what test_backward compares with NumPy."""
    return floats_of(explorer.tab.evaluate(SCENE, list(path)))


def errors(explorer, label):
    """The errors of a layer, in its shape."""
    return scene(explorer, "back", "errors", LAYER_NAMES[label]).reshape(SHAPES[label])


def gradient(explorer, label, part, weights):
    """The gradients of a kernel or of biases, in its shape."""
    name = KERAS_NAMES[label]
    shape = weights[name][part == "bias"].shape
    return scene(explorer, "back", "gradients", name, part).reshape(shape)


def group(explorer, name):
    """A part of the view, by its name for screen readers."""
    return explorer.root.get_by_role("group", name=name, exact=True)


def rows(table):
    """The text of a table, row by row."""
    code = (
        "(table) => [...table.rows].map((row) => [...row.cells].map((c) => c.textContent.trim()))"
    )
    return table.evaluate(code)


def choose_array(explorer, array):
    group(explorer, "Gradients").get_by_role("combobox").select_option(label=array)


def choose(explorer, label, part, place):
    """Choose a weight as a reader can with the keyboard: by its array and its fields."""
    choose_array(explorer, f"{label}, {part}")
    fields = group(explorer, "Gradients").locator("input[type=number]").all()
    assert len(fields) == len(place)
    for field, number in zip(fields, place, strict=True):
        field.fill(str(int(number)))


def place_of(explorer):
    """The place that the fields say is open."""
    fields = group(explorer, "Gradients").locator("input[type=number]").all()
    return tuple(int(field.input_value()) for field in fields)


def probability(logits, label):
    """What softmax gives a class, in float64."""
    exponentials = np.exp(np.float64(logits) - np.max(logits))
    return exponentials[label] / exponentials.sum()
