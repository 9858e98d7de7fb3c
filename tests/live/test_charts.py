"""The curves of a network that learns, on an empty page: what they say at each moment of a run."""

import pytest

from _ext.explorer_page import assemble_kernel
from mnist_lib.explorer.bundle import learning_script, page_script

# A run that goes on as the test says: `series` are the losses and the path of so many steps, each a
# number that tells its step; `reads` counts how often one of them was looked at.
PREPARE = """
const { learning } = globalThis.mnistExplorer;
globalThis.reads = 0;
const value = (step) => 1 + ((step * 7919) % 1000) / 1000;
const series = (length) => ({ length, at: (i) => {
  reads += 1;
  return i < length ? value(i + 1) : 0; } });
function runOf(steps, looks = []) {
  return { losses: series(steps), path: series(steps), looks };
}
function grow({ losses, path }, more) {
  const at = (i) => { reads += 1; return value(i + 1); };
  for (const one of [losses, path]) Object.assign(one, { length: one.length + more, at });
}
function show(name, run) {
  const session = { run, digits: { held: { length: 500 } } };
  const plot = learning[name](session);
  document.body.replaceChildren(plot.node);
  plot.node.style.width = "400px";
  Object.assign(globalThis, { session, plot });
  plot.paint();
}
const slider = () => plot.node.querySelector("[role=slider]");
const said = () => plot.node.querySelector("output").textContent;
const aria = () => Object.fromEntries(["min", "max", "now", "text"].map(
  (key) => [key, slider().getAttribute(`aria-value${key}`)]));
const press = (key) => slider().dispatchEvent(new KeyboardEvent("keydown", { key }));
const heights = (kind) => plot.node.querySelector(`path.${kind}`).getAttribute("d")
  .slice(1).split("L").map((pair) => pair.split(" ").map(Number));
"""


@pytest.fixture(scope="module")
def page(browser):
    tab = browser.new_page()
    tab.add_script_tag(content="globalThis.mnistExplorer = {};")
    for code in (page_script(), learning_script(assemble_kernel()), PREPARE):
        tab.add_script_tag(content=code)
    yield tab
    tab.close()


STEPS = ["lossPlot", "pathPlot"]


@pytest.mark.parametrize("name", STEPS)
def test_a_chosen_step_is_left_where_another_run_begins(page, name):
    page.evaluate("(name) => show(name, runOf(40))", name)
    for steps in (38, 1, 0):
        page.evaluate("session.run = runOf(40); plot.paint(); press('End')")
        assert page.evaluate("said()").startswith("step 40: ")
        page.evaluate("(steps) => { session.run = runOf(steps); plot.paint(); }", steps)
        text = page.evaluate("said()")
        assert text.startswith(f"step {steps}: ") if steps else "no step yet" in text


@pytest.mark.parametrize("name", STEPS)
def test_before_the_first_step_no_key_leads_to_a_value(page, name):
    page.evaluate("(name) => show(name, runOf(0))", name)
    for key in ("ArrowRight", "ArrowLeft", "Home", "End", "PageUp"):
        page.evaluate("(key) => press(key)", key)
        assert "no step yet" in page.evaluate("said()"), key


SKIPPED = "[0, 1, 4, 15].map((epoch) => ({ epoch, right: 50 + epoch }))"


def test_each_look_at_the_held_out_digits_is_named_by_its_own_epoch(page):
    page.evaluate(f"show('heldPlot', runOf(60, {SKIPPED}))")
    assert page.evaluate("said()") == "epoch 15: 65 of 500"
    assert page.evaluate("aria()") == {
        "min": "0",
        "max": "15",
        "now": "15",
        "text": "epoch 15: 65 of 500",
    }
    right = page.evaluate("Math.max(...heights('dotted').map(([x]) => x))")
    assert right <= 390, "the last point is within the frame"
    page.evaluate("press('ArrowLeft')")
    assert page.evaluate("said()") == "epoch 14: passed too quickly to be noted"
    page.evaluate("press('Home')")
    assert page.evaluate("said()") == "epoch 0: 50 of 500"


@pytest.mark.parametrize("name", [*STEPS, "heldPlot"])
def test_the_value_is_within_the_range_that_is_named(page, name):
    for steps in (0, 1, 2, 40):
        looks = f"Array.from({{ length: {steps} }}, (_, epoch) => ({{ epoch, right: 1 }}))"
        page.evaluate(f"show('{name}', runOf({steps}, {looks}))")
        aria = page.evaluate("aria()")
        low, high, now = (int(aria[key]) for key in ("min", "max", "now"))
        assert low == (0 if name == "heldPlot" else 1)
        assert low <= now <= high


@pytest.mark.parametrize("name", STEPS)
def test_a_chart_with_the_focus_is_announced_only_when_the_reader_moves(page, name):
    page.evaluate("(name) => show(name, runOf(40))", name)
    page.evaluate("slider().focus()")
    before = page.evaluate("aria()")
    page.evaluate("grow(session.run, 10); plot.paint()")
    assert page.evaluate("said()").startswith("step 50: "), "the eye sees where the run is"
    assert page.evaluate("aria()") == before
    page.evaluate("press('ArrowLeft')")
    after = page.evaluate("aria()")
    assert after["text"].startswith("step 49: ")
    assert (after["max"], after["now"]) == ("50", "49")
    page.evaluate("slider().blur(); grow(session.run, 10); plot.paint()")
    assert page.evaluate("aria()")["text"].startswith("step 60: ")


@pytest.mark.parametrize("name", STEPS)
def test_a_curve_is_painted_at_the_cost_of_what_is_new(page, name):
    page.evaluate("(name) => show(name, runOf(200_000))", name)
    page.evaluate("reads = 0; grow(session.run, 10); plot.paint()")
    assert page.evaluate("reads") < 100
    assert page.evaluate("plot.node.querySelector('svg').innerHTML.length") < 100_000


@pytest.mark.parametrize("steps", [1, 7, 1025, 5000, 100_003])
def test_a_long_curve_keeps_its_lowest_and_highest_values(page, steps):
    page.evaluate("(steps) => show('pathPlot', runOf(steps))", steps)
    xs, ys = zip(*page.evaluate("heights('thick')"), strict=True)
    assert list(xs) == sorted(xs)
    assert (xs[0], max(xs) <= 390) == (50, True)
    if steps >= 1000:  # the values are 1, 1.001, …, 1.999, over and over
        assert max(xs) > 388
        room = 0.1 * 0.999
        bottom, height = 136, 128
        edge = height * room / (0.999 + 2 * room)
        assert abs(max(ys) - (bottom - edge)) < 0.1
        assert abs(min(ys) - (8 + edge)) < 0.1
