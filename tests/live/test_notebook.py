"""The live network in a notebook: the module itself, as anywidget loads it, and a model."""

import base64

import keras
import numpy as np
import pytest
from javascript import HELPERS, KERAS, ROUNDING, SHAPES, bytes_of, floats_of
from live_explorer import draw_on, sentence

from mnist_lib.data import load_followed_digit
from mnist_lib.explorer.bundle import notebook_module
from mnist_lib.explorer.payload import STYLE, about_weights, golden_digits
from mnist_lib.preprocessing import prepare_digit, rasterise
from mnist_lib.reference import backward
from mnist_lib.simulate import write

# A model as anywidget provides it: `set` notifies the listeners of a trait when its value changes,
# `save_changes` sends to Python what was set. Resize observers are counted.
PREPARE = """async ([source, about, packed]) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const { default: widget } = await import(url);
  const shifted = new Uint8Array([7, ...bytesOf(packed)]);
  const weights = new DataView(shifted.buffer, 1);
  const traits = { about, weights, layer: "all", strokes: [], picked: 7, normalise: true,
    label: null };
  const listeners = (globalThis.listeners = new Map());
  const [unsaved, saved] = [{}, (globalThis.saved = {})];
  const each = (events, work) => events.split(" ").forEach(work);
  globalThis.model = {
    get: (key) => traits[key],
    set(key, value) {
      unsaved[key] = value;
      const same = JSON.stringify(traits[key]) === JSON.stringify(value);
      traits[key] = value;
      if (!same) [...(listeners.get(`change:${key}`) ?? [])].forEach((listener) => listener());
    },
    save_changes: () => Object.assign(saved, unsaved),
    on: (events, listener) => each(events, (event) =>
      listeners.set(event, (listeners.get(event) ?? new Set()).add(listener))),
    off: (events, listener) => each(events, (event) => listeners.get(event).delete(listener)),
  };
  globalThis.observed = 0;
  const { observe, disconnect } = ResizeObserver.prototype;
  ResizeObserver.prototype.observe = function (...all) {
    observed += 1;
    return observe.apply(this, all);
  };
  ResizeObserver.prototype.disconnect = function () {
    observed -= 1;
    return disconnect.apply(this);
  };
  globalThis.closers = [];
  globalThis.openView = () => {
    const el = document.body.appendChild(document.createElement("div"));
    closers.push(widget.render({ model, el }));
  }; }"""

SAVED = """() => Object.fromEntries(Object.entries(saved).map(([key, value]) => [key,
  value instanceof DataView ? textOf(new Float32Array(value.buffer)) : value]))"""

LISTENERS = "() => [...listeners.values()].reduce((sum, all) => sum + all.size, 0)"


class Widget:
    """A page with views of one widget, and what they last saved for Python."""

    def __init__(self, tab):
        self.tab = tab
        tab.evaluate("() => openView()")

    def saved(self):
        return self.tab.evaluate(SAVED)

    def set(self, **traits):
        """As Python does: each trait in its own message."""
        for name, value in traits.items():
            self.tab.evaluate("([name, value]) => model.set(name, value)", [name, value])

    def view(self, number=0):
        return self.tab.locator(".explorer-live").nth(number)

    def sentence(self, number=0):
        return sentence(self.view(number)).inner_text().replace("\u00a0", " ")

    def layers(self, number=0):
        return self.view(number).locator(".explorer-layer b").all_inner_texts()

    def draw(self, stroke, number=0):
        """Draw a stroke with the mouse; return what the pad got."""
        return draw_on(self.view(number), stroke).tolist()


@pytest.fixture
def widget(browser, weights):
    tab = browser.new_page()
    tab.set_default_timeout(5000)
    tab.add_script_tag(content="globalThis.mnistExplorer = {};" + HELPERS)
    tab.add_style_tag(content=STYLE.read_text(encoding="utf-8"))
    packed = bytes_of(weights)
    about = about_weights(packed, golden_digits())
    tab.evaluate(PREPARE, [notebook_module(), about, base64.b64encode(packed).decode()])
    yield Widget(tab)
    tab.close()


def lists(digit):
    return [stroke.tolist() for stroke in write(digit)]


def check_saved(saved, image, pretrained):
    """What Python gets is the digit, and what Keras makes of it."""
    network = keras.Model(pretrained.inputs[0], [layer.output for layer in pretrained.layers])
    outputs = [np.asarray(output).ravel() for output in network(image[np.newaxis])]
    assert np.abs(floats_of(saved["_digit"]) - image.ravel()).max() <= ROUNDING
    assert np.abs(floats_of(saved["_probabilities"]) - outputs[-1]).max() < KERAS
    assert np.abs(floats_of(saved["_activations"]) - np.concatenate(outputs)).max() < KERAS


def test_a_notebook_gets_the_strokes_the_digit_and_every_activation(widget, embedded, pretrained):
    seven = embedded.test.images[np.argmax(embedded.test.labels == 7)]
    check_saved(widget.saved(), seven, pretrained)
    widget.view().get_by_role("button", name="Clear").click()
    nothing = {"strokes": [], "_digit": "", "_probabilities": "", "_activations": ""}
    chosen = {"layer": "all", "picked": None, "normalise": True, "label": None}
    assert widget.saved() == chosen | nothing | {"_errors": "", "_gradients": ""}
    drawn = []
    for stroke in [(0.3, 0.2), (0.7, 0.2), (0.4, 0.8)], [(0.3, 0.5), (0.7, 0.5)]:
        sent = widget.tab.evaluate_handle("saved.strokes")
        drawn.append(widget.draw(stroke))
        assert len(sent.json_value()) == len(drawn) - 1, "what was sent stays as it was"
        assert np.allclose(np.concatenate(widget.saved()["strokes"]), np.concatenate(drawn))
        check_saved(widget.saved(), prepare_digit(rasterise(drawn)), pretrained)


def test_strokes_that_python_sets_are_drawn_and_computed(widget, pretrained):
    strokes = lists(3)
    widget.set(strokes=strokes)
    assert widget.sentence().startswith("Your drawing: the network says 3 ")
    assert widget.saved()["picked"] is None
    check_saved(widget.saved(), prepare_digit(rasterise(strokes)), pretrained)
    widget.view().get_by_role("button", name="Undo").click()
    assert widget.sentence().startswith("Test digit, a 7: ")
    assert (widget.saved()["strokes"], widget.saved()["picked"]) == ([], 7)


def test_a_digit_that_python_picks_is_shown(widget):
    widget.set(strokes=lists(3))
    widget.set(picked=4, strokes=[])
    assert widget.sentence().startswith("Test digit, a 4: the network says 4 ")
    assert widget.saved()["picked"] == 4


def test_the_layer_that_python_sets_is_opened_and_the_drawing_stays(widget):
    assert len(widget.layers()) == 8
    widget.draw([(0.3, 0.2), (0.7, 0.2), (0.4, 0.8)])
    said = widget.sentence()
    widget.set(layer="flatten")
    assert widget.layers() == ["C3", "Flatten", "Dense 1"]
    assert widget.view().locator(".explorer-inspector b").inner_text() == "One value of Flatten"
    assert widget.sentence() == said
    widget.set(layer="softmax")
    assert widget.layers() == ["Dense 2"]
    assert widget.view().locator(".explorer-softmax").is_visible()
    widget.draw([(0.3, 0.5), (0.7, 0.5)])
    assert len(widget.saved()["strokes"]) == 2, "what was there can still be drawn on"


def test_normalising_can_be_switched_from_python(widget):
    widget.set(strokes=[(np.array(stroke) / 2).tolist() for stroke in lists(4)])
    widget.set(normalise=False)
    assert not widget.view().get_by_label("Normalise").is_checked()
    assert widget.view().get_by_text("28 × 28, shrunk and nothing else").is_visible()


def check_gradients(saved, image, label, weights):
    """What Python gets are the gradients of this digit with this label, and the errors."""
    wanted = backward(image[np.newaxis], np.array([label]), weights)
    arrays = [array for pair in wanted.weights.values() for array in pair]
    # Below the pools NumPy finds another winner where four numbers differ by a rounding.
    errors = [wanted.errors[name] for name in list(SHAPES)[3:]]
    for key, parts in (("_gradients", arrays), ("_errors", errors)):
        found, row = floats_of(saved[key]), np.concatenate([np.ravel(part) for part in parts])
        assert found.size == (row.size if key == "_gradients" else 37_610)
        assert np.abs(found[-row.size :] - row).max() < 1e-5 * np.abs(row).max()


def test_gradients_come_back_to_python_in_the_view_backward_and_in_no_other(widget, weights):
    digit = load_followed_digit().images[0]
    assert widget.saved()["_gradients"] == widget.saved()["_errors"] == ""
    widget.set(picked=10)
    widget.set(layer="backward")
    check_gradients(widget.saved(), digit, 4, weights)
    assert widget.saved()["label"] is None, "the digit's own label is no choice"
    widget.set(label=7)
    assert widget.view().get_by_label("7", exact=True).is_checked()
    check_gradients(widget.saved(), digit, 7, weights)
    widget.view().get_by_label("9", exact=True).check()
    assert widget.saved()["label"] == 9
    check_gradients(widget.saved(), digit, 9, weights)
    widget.view().get_by_role("button", name="Test digit 5").click()
    assert widget.saved()["label"] is None
    widget.set(layer="all")
    assert widget.saved()["_gradients"] == widget.saved()["_errors"] == ""


def test_two_views_of_one_widget_agree(widget):
    widget.tab.evaluate("() => openView()")
    for number, other in ((0, 1), (1, 0)):
        widget.view(number).get_by_role("button", name="Clear").click()
        assert widget.sentence(other).startswith("The pad is empty")
        drawn = widget.draw([(0.3, 0.2), (0.7, 0.2), (0.4, 0.8)], number)
        assert widget.sentence(number).startswith("Your drawing: the network says 7 ")
        assert widget.sentence(other) == widget.sentence(number)
        assert np.allclose(widget.saved()["strokes"], [drawn])
        widget.view(number).get_by_role("button", name="Test digit 5").click()
        assert widget.sentence(other).startswith("Test digit, a 5: ")
        widget.view(other).get_by_role("button", name="Undo").click()  # one step, there too
        assert widget.sentence(other).startswith("Your drawing: the network says 7 ")
        assert widget.sentence(number) == widget.sentence(other)
    widget.view(0).get_by_label("Normalise").uncheck()
    assert not widget.view(1).get_by_label("Normalise").is_checked()
    widget.view(1).get_by_role("button", name="Undo").click()
    assert widget.sentence(0) == widget.sentence(1)


def test_a_closed_view_leaves_no_listener_and_no_observer(widget):
    widget.tab.evaluate("() => openView()")
    before = widget.tab.evaluate(LISTENERS), widget.tab.evaluate("observed")
    said = widget.sentence(0)
    widget.tab.evaluate("() => closers[0]()")
    assert (widget.tab.evaluate(LISTENERS), widget.tab.evaluate("observed")) == (5, 1)
    assert before == (10, 2)
    widget.set(strokes=lists(3))
    assert widget.sentence(1).startswith("Your drawing: the network says 3 ")
    assert widget.sentence(0) == said, "the view that was closed follows no more"
    widget.tab.evaluate("() => closers[1]()")
    assert (widget.tab.evaluate(LISTENERS), widget.tab.evaluate("observed")) == (0, 0)
