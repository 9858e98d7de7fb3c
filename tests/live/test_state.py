"""The store of the live network: plain actions, and a state that is never changed in place."""

import base64

import pytest

from mnist_lib.architecture import FOLLOWED
from mnist_lib.explorer import VIEWS
from mnist_lib.explorer.payload import about_weights, golden_digits, pack_weights

STORE = """([about, weights, layer]) => {
  const freeze = (value) => {
    if (!value || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
    Object.values(value).forEach(freeze);
    return Object.freeze(value);
  };
  const opening = api.openingState({ ...about, weights }, { layer });
  globalThis.store = api.createStore(freeze(opening));
  globalThis.heard = 0;
  globalThis.stop = store.subscribe(() => (freeze(store.state), (heard += 1)));
}"""

DISPATCH = "(actions) => actions.forEach((action) => store.dispatch(action))"

STATE = """() => {
  const { weights, original, goldenDigits, narrow, means, ...state } = store.state;
  return state; }"""

STROKE = [[0.3, 0.2], [0.7, 0.2], [0.4, 0.8]]
DRAW = [
    {"type": "begin", "point": STROKE[0]},
    {"type": "extend", "points": STROKE[1:]},
    {"type": "end"},
]


class Store:
    """A store in the page, whose states are frozen: changing one in place would be an error."""

    def __init__(self, tab, weights, layer="all"):
        packed = pack_weights(weights)
        about = about_weights(packed, golden_digits())
        tab.evaluate(STORE, [about, base64.b64encode(packed).decode(), layer])
        self.tab = tab

    def dispatch(self, *actions):
        self.tab.evaluate(DISPATCH, list(actions))
        return self.state()

    def state(self):
        return self.tab.evaluate(STATE)

    def heard(self):
        return self.tab.evaluate("heard")

    def answer(self):
        """The digit with the largest probability, None where nothing is drawn."""
        return self.tab.evaluate(
            """() => {
              const scores = store.scene().outputs?.activation.dense_2;
              return scores ? scores.indexOf(Math.max(...scores)) : null; }"""
        )


@pytest.fixture
def store(engine, weights):
    return Store(engine, weights)


def test_a_stroke_is_begun_extended_and_ended(store):
    assert store.dispatch(DRAW[0])["strokes"] == [[STROKE[0]]]
    state = store.dispatch(DRAW[1])
    assert state["strokes"] == [STROKE]
    assert state["drawing"]
    state = store.dispatch(DRAW[2])
    assert not state["drawing"]
    assert state["picked"] is None
    assert store.answer() == 7


def test_undo_brings_back_what_was_on_the_pad_step_by_step(store):
    steps = (DRAW, [{"type": "clear"}], [{"type": "pick", "picked": 4}], DRAW)
    states = [store.state(), *(store.dispatch(*actions) for actions in steps)]
    last = states[-1]["kept"]
    while len(states) > 1:
        assert store.state() == states.pop() | {"kept": last}
        store.dispatch({"type": "undo"})
    first = states[0] | {"kept": last}
    assert store.state() == first, "what was drawn last is kept all the same"
    heard = store.heard()
    assert store.dispatch({"type": "undo"}) == first
    assert store.heard() == heard, "there is nothing left to undo"


def test_what_would_change_nothing_tells_nobody(store):
    store.dispatch({"type": "clear"})
    heard = store.heard()
    current = store.state()
    same = {name: current[name] for name in ("strokes", "picked", "normalise", "layer")}
    store.dispatch(
        {"type": "clear"}, {"type": "extend", "points": STROKE}, {"type": "load", **same}
    )
    assert store.heard() == heard
    assert store.state() == current


@pytest.mark.parametrize("wrong", ["11", "-1", "1.5", "NaN", "'3'", "undefined"])
def test_a_label_that_is_no_class_is_refused(engine, weights, wrong):
    store = Store(engine, weights, "backward")
    store.dispatch({"type": "set", "label": 3, "exact": True})
    engine.evaluate(f"store.dispatch({{ type: 'set', label: {wrong}, exact: false }})")
    state = store.state()
    assert (state["label"], state["exact"]) == (3, False)
    load = {"strokes": [], "picked": state["picked"], "normalise": True, "layer": "backward"}
    engine.evaluate(f"(load) => store.dispatch({{ type: 'load', ...load, label: {wrong} }})", load)
    assert engine.evaluate("store.scene().target") == 4, "the digit's own"
    assert engine.evaluate("store.scene().back.loss") > 0


def test_a_pen_that_goes_on_after_its_stroke_was_replaced_spoils_nothing(store):
    load = {"type": "load", "strokes": [], "picked": 3, "normalise": True, "layer": "all"}
    state = store.dispatch(*DRAW[:2], load)
    assert (state["strokes"], state["picked"], state["drawing"]) == ([], 3, False)
    assert store.dispatch(*DRAW[1:]) == state


def test_what_is_loaded_can_be_undone_and_strokes_hide_a_picked_digit(store):
    before = store.state()
    load = {"type": "load", "strokes": [STROKE], "picked": 7, "normalise": True, "layer": "all"}
    state = store.dispatch(load)
    assert (state["strokes"], state["picked"]) == ([STROKE], None)
    assert store.dispatch({"type": "undo"}) == before


def test_a_listener_that_has_stopped_hears_nothing(store):
    store.tab.evaluate("() => stop()")
    store.dispatch(*DRAW)
    assert store.heard() == 0
    assert store.answer() == 7


def test_what_follows_from_the_state_is_computed_once_for_each_drawing(store):
    code = """() => {
      const first = store.scene().outputs;
      store.dispatch({ type: "set", exact: true });
      const same = store.scene().outputs === first;
      store.dispatch({ type: "set", normalise: false });
      store.dispatch({ type: "pick", picked: 2 });
      return [same, store.scene().outputs === first]; }"""
    assert store.tab.evaluate(code) == [True, False]


@pytest.mark.parametrize("layer", VIEWS)
def test_a_view_opens_a_value_that_its_layers_have(engine, weights, layer):
    selected = Store(engine, weights, layer).state()["selected"]
    if selected:
        shape = engine.evaluate(
            "(name) => api.LAYERS.find((layer) => layer.name === name).shape", selected["name"]
        )
        assert len(selected["at"]) == len(shape)
        assert all(place < side for place, side in zip(selected["at"].values(), shape, strict=True))


def test_an_unknown_layer_opens_all_of_them(engine, weights):
    assert Store(engine, weights, "nothing").state()["layer"] == "all"


# The way back


@pytest.fixture
def back(engine, weights):
    return Store(engine, weights, "backward")


def test_the_backward_view_opens_with_the_digit_and_the_weight_that_the_book_follows(back):
    state = back.state()
    assert state["picked"] == 10
    assert state["weight"] == {
        "name": FOLLOWED.layer,
        "place": list(FOLLOWED.place),
        "part": "kernel",
    }
    assert back.tab.evaluate("store.state.goldenDigits[10].index") == FOLLOWED.digit
    assert back.tab.evaluate("store.scene().target") == 4


def test_gradients_are_computed_in_the_backward_view_alone(store, back):
    assert back.tab.evaluate("store.scene().back.loss") > 0
    load = {"type": "load", "strokes": [], "picked": 10, "normalise": True, "layer": "all"}
    back.dispatch(load)
    assert back.tab.evaluate("store.scene().back === null && store.scene().target === null")


def test_a_label_belongs_to_what_is_on_the_pad_and_undo_brings_it_back(back):
    back.dispatch({"type": "set", "label": 2}, {"type": "pick", "picked": 3})
    assert back.tab.evaluate("[store.state.label, store.scene().target]") == [None, 3]
    back.dispatch({"type": "undo"})
    assert back.state()["label"] == 2
    back.dispatch(*DRAW)
    assert back.state()["label"] is None
    second = back.tab.evaluate("store.scene().target")
    assert second != back.answer()
    state = back.dispatch({"type": "set", "label": 5}, *DRAW)
    assert state["label"] == 5, "a second stroke goes on with the same drawing"
    load = {"strokes": state["strokes"], "picked": None, "normalise": True, "layer": "backward"}
    assert back.dispatch({"type": "load", **load, "label": 8})["label"] == 8


STEP = """() => {
  const { back, digit, target, weights } = store.scene();
  const moved = api.descentStep(weights, back.gradients, 1e-4);
  const made = { weights: moved, means: null, loss: back.loss };
  store.dispatch({ type: "step", ...made, digit, label: target }); }"""


def test_steps_are_counted_and_their_losses_kept_until_the_digit_or_its_label_changes(back):
    for _ in range(2):
        back.tab.evaluate(STEP)
    state = back.state()
    assert (state["descent"]["count"], len(state["descent"]["losses"])) == (2, 2)
    assert state["label"] == 4, "the default is kept: it must not change with the weights"
    assert state["descent"]["losses"][1] > back.tab.evaluate("store.scene().back.loss")
    back.dispatch({"type": "set", "label": 1})
    back.tab.evaluate(STEP)
    assert back.state()["descent"]["count"] == 3
    assert len(back.state()["descent"]["losses"]) == 1
    restored = back.dispatch({"type": "restore"})
    assert (restored["descent"], restored["origin"]) == (None, None)


def test_a_stop_of_the_three_phases_says_what_the_layers_show(back):
    shown = [back.dispatch({"type": "visit", "stop": stop})["shown"] for stop in range(18)]
    assert shown == ["activation"] * 9 + ["errors"] * 9
    assert back.tab.evaluate("store.scene().visited.phase") == "update"
