"""The live network in a notebook: the module itself, as anywidget loads it."""

import base64

import keras
import numpy as np
import pytest
from javascript import HELPERS, KERAS, ROUNDING, bytes_of, floats_of

from mnist_lib.explorer.bundle import notebook_module
from mnist_lib.explorer.payload import STYLE, about_weights, golden_digits
from mnist_lib.preprocessing import prepare_digit, rasterise

OPEN = """async ([source, about, packed]) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const { default: widget } = await import(url);
  const shifted = new Uint8Array([7, ...bytesOf(packed)]);
  const traits = { about, layer: "all", weights: new DataView(shifted.buffer, 1) };
  const [unsaved, saved] = [{}, (globalThis.saved = {})];
  const model = {
    get: (key) => traits[key],
    set: (key, value) => (unsaved[key] = value),
    save_changes: () => Object.assign(saved, unsaved),
  };
  const el = document.body.appendChild(document.createElement("div"));
  widget.render({ model, el }); }"""

SAVED = """() => Object.fromEntries(Object.entries(saved).map(([key, value]) => [key,
  value instanceof DataView ? textOf(new Float32Array(value.buffer)) : value]))"""


@pytest.fixture
def notebook(browser, weights):
    """A page with the widget, and what it last saved for Python."""
    tab = browser.new_page()
    tab.add_script_tag(content="globalThis.mnistExplorer = {};" + HELPERS)
    tab.add_style_tag(content=STYLE.read_text(encoding="utf-8"))
    packed = bytes_of(weights)
    about = about_weights(packed, golden_digits())
    tab.evaluate(OPEN, [notebook_module(), about, base64.b64encode(packed).decode()])
    yield tab, lambda: tab.evaluate(SAVED)
    tab.close()


def check_saved(saved, image, pretrained):
    """What Python gets is the digit, and what Keras makes of it."""
    network = keras.Model(pretrained.inputs[0], [layer.output for layer in pretrained.layers])
    outputs = [np.asarray(output).ravel() for output in network(image[np.newaxis])]
    assert np.abs(floats_of(saved["_digit"]) - image.ravel()).max() <= ROUNDING
    assert np.abs(floats_of(saved["_probabilities"]) - outputs[-1]).max() < KERAS
    assert np.abs(floats_of(saved["_activations"]) - np.concatenate(outputs)).max() < KERAS


def test_a_notebook_gets_the_strokes_the_digit_and_every_activation(notebook, embedded, pretrained):
    tab, saved = notebook
    seven = embedded.test.images[np.argmax(embedded.test.labels == 7)]
    check_saved(saved(), seven, pretrained)
    tab.get_by_role("button", name="Clear").click()
    nothing = {"strokes": [], "_digit": "", "_probabilities": "", "_activations": ""}
    assert saved() == nothing
    box = tab.locator(".explorer-pad").bounding_box()
    corner, size = np.array([box["x"], box["y"]]), np.array([box["width"], box["height"]])
    drawn = []
    for stroke in [(0.3, 0.2), (0.7, 0.2), (0.4, 0.8)], [(0.3, 0.5), (0.7, 0.5)]:
        before = tab.evaluate_handle("saved.strokes")
        points = np.rint(corner + np.array(stroke) * size)
        tab.mouse.move(*points[0])
        tab.mouse.down()
        for point in points[1:]:
            tab.mouse.move(*point)
        assert before.json_value() == drawn, "what was sent stays as it was"
        tab.mouse.up()
        drawn.append(((points - corner) / size).tolist())
        assert np.allclose(np.concatenate(saved()["strokes"]), np.concatenate(drawn))
        check_saved(saved(), prepare_digit(rasterise(drawn)), pretrained)
