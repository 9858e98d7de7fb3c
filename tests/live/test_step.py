"""A step: all weights move, the loss falls, and what cannot be computed is refused in words."""

import re

import numpy as np
import pytest
from javascript import bytes_of
from live_explorer import KERAS, number, press, tab_to
from way_back import group, probability, rows, scene

from mnist_lib.data import load_followed_digit
from mnist_lib.reference import backward, dense, forward
from mnist_lib.simulate import write

# Rounding of float32 grows from step to step: a hundred times that of one network.
AFTER_STEPS = 100 * KERAS


def part(explorer):
    return group(explorer, "Take a step")


def take(explorer, times=1):
    for _ in range(times):
        part(explorer).get_by_role("button", name="Take a step").click()


def said(explorer):
    return part(explorer).locator("[role=status]").inner_text()


def rate(explorer):
    return part(explorer).get_by_label("learning rate")


def losses(explorer):
    """Step, loss and probability, as they are listed."""
    lines = rows(part(explorer).locator("table"))[1:]
    return [(int(step), number(loss), share) for step, _, loss, share in lines]


def reset(explorer):
    return part(explorer).get_by_role("button", name="Reset the weights")


def stepped(weights, rule, rate, steps):
    """What NumPy makes of the weights, and the loss before each step and after the last."""
    digit = load_followed_digit()
    weights = {name: [array.copy() for array in pair] for name, pair in weights.items()}
    means = {name: [np.zeros_like(array) for array in pair] for name, pair in weights.items()}
    found = []
    for _ in range(steps):
        loss, gradients, _, _ = backward(digit.images, digit.labels, weights)
        found.append(loss)
        for name, pair in gradients.items():
            for array, gradient, mean in zip(weights[name], pair, means[name], strict=True):
                mean *= 0.9
                mean += 0.1 * gradient**2
                array -= rate * (gradient / np.sqrt(mean + 1e-7) if rule == "RMSprop" else gradient)
    return weights, [*found, backward(digit.images, digit.labels, weights).loss]


@pytest.mark.parametrize(("rule", "typed"), [("plain descent", "0.0001"), ("RMSprop", "0.00001")])
def test_three_steps_are_those_of_numpy_and_the_loss_falls(rule, typed, back, weights):
    part(back).get_by_label(rule).check()
    rate(back).fill(typed)
    take(back, 3)
    moved, wanted = stepped(weights, rule, float(typed), 3)
    listed = losses(back)
    assert [step for step, _, _ in listed] == [0, 1, 2, 3]
    assert np.allclose([loss for _, loss, _ in listed], wanted, atol=AFTER_STEPS)
    assert np.all(np.diff(wanted) < 0)
    shares = [float(share.rstrip("\u00a0%")) / 100 for _, _, share in listed]
    assert np.allclose(shares, np.exp(-np.array(wanted)), atol=1e-4 + AFTER_STEPS)
    found = re.fullmatch(r"Step 3: the loss fell from (\S+) to (\S+)\.", said(back))
    assert (number(found[1]), number(found[2])) == (listed[2][1], listed[3][1])
    for name, pair in moved.items():
        for key, array in zip(("kernel", "bias"), pair, strict=True):
            ours = scene(back, "weights", name, key)
            assert np.abs(ours - array.ravel()).max() < AFTER_STEPS
    assert "Weights: the original ones after 3 steps on single digits." in back.root.inner_text()
    check_answer(back, moved)


def check_answer(explorer, weights):
    """The whole page computes with the weights that have moved."""
    outputs = forward(load_followed_digit().images, weights)
    logits = dense(outputs["dense_1"], *weights["dense_2"])[0]
    shown = explorer.read()["answer"][-10:]
    share = number(shown[4][2].removesuffix(" %")) / 100
    assert abs(share - probability(logits, 4)) < 1e-4 + AFTER_STEPS
    assert not explorer.button("Check against Keras").is_visible()


def test_the_weights_can_be_reset(back, weights):
    before = back.read()
    assert reset(back).is_disabled()
    take(back, 2)
    assert back.read() != before
    reset(back).click()
    assert said(back) == "The original weights are back."
    assert back.read() == before
    assert scene(back, "weights", "dense_2", "bias").tobytes() == weights["dense_2"][1].tobytes()
    assert len(losses(back)) == 1
    assert back.tab.evaluate("document.activeElement.textContent") == "Take a step"


@pytest.mark.parametrize("typed", ["abc", "", "0", "-0.1", "0,1", "Infinity", "NaN", "1e400"])
def test_what_is_no_learning_rate_is_refused(typed, back):
    rate(back).fill(typed)
    before = back.read()
    take(back)
    assert said(back) == (f"“{typed}” is no learning rate: type a number above 0, such as 0.001.")
    assert rate(back).get_attribute("aria-invalid") == "true"
    assert back.read() == before
    assert len(losses(back)) == 1
    rate(back).fill("0.0001")
    assert rate(back).get_attribute("aria-invalid") == "false"


@pytest.mark.parametrize(("rule", "typed"), [("plain descent", "1e9"), ("RMSprop", "1e30")])
def test_a_rate_that_makes_the_loss_infinite_is_explained(rule, typed, back, weights):
    part(back).get_by_label(rule).check()
    rate(back).fill(typed)
    take(back)
    assert said(back).startswith(f"With a learning rate of {typed} the weights jump so far")
    assert "The step is not taken" in said(back)
    assert not re.search(r"NaN|Infinity", back.root.inner_text())
    assert scene(back, "weights", "conv2d_1", "kernel").tobytes() == bytes_of(weights)[: 4 * 288]


LARGEST = """() => Object.values(store.scene().outputs.preActivation)
  .reduce((largest, values) => Math.max(largest, ...values.map(Math.abs)), 0)"""


def test_whatever_the_rate_no_number_of_the_page_is_lost(back):
    """From a rate too small to matter to one far too large; other digits are looked at too."""
    for exponent in range(-8, 12):
        rate(back).fill(f"1e{exponent}")
        take(back)
        assert back.tab.evaluate(LARGEST) < 1e20, exponent
        back.button("Test digit 0").click()
        back.button("Training digit 4").click()
        assert not re.search(r"NaN|Infinity|undefined", back.root.inner_text()), exponent
        reset(back).click() if reset(back).is_enabled() else None


def test_a_rate_that_was_typed_stays_and_one_that_was_not_follows_the_rule(back):
    assert rate(back).input_value() == "0.0001"
    part(back).get_by_label("RMSprop").check()
    assert rate(back).input_value() == "0.001"
    rate(back).fill("0.02")
    part(back).get_by_label("plain descent").check()
    assert rate(back).input_value() == "0.02"


def test_the_losses_are_those_of_one_digit_with_one_label(back):
    take(back, 2)
    back.root.locator(".explorer-label").get_by_label("9", exact=True).check()
    assert [step for step, _, _ in losses(back)] == [2], "the weights have moved two steps"
    assert said(back) == "", "what was said is about the other label"
    take(back)
    assert [step for step, _, _ in losses(back)] == [2, 3]
    caption = part(back).locator("caption").inner_text()
    assert caption == "The loss of this digit as a 9"
    take(back, 12)
    assert [step for step, _, _ in losses(back)] == list(range(4, 16))
    assert part(back).locator("caption").inner_text().endswith(": the last 12 of 14")


def test_the_label_of_a_drawing_stays_while_it_is_learnt(back):
    """Its default is the second answer, which a step can make the first."""
    back.button("Clear").click()
    assert part(back).get_by_role("button", name="Take a step").is_disabled()
    back.draw(write(7))
    label = back.tab.evaluate("store.scene().target")
    rate(back).fill("0.001")
    take(back, 12)
    assert f"the network says {label} " in back.read()["sentence"]
    assert back.tab.evaluate("store.scene().target") == label


def test_a_step_is_taken_with_the_keyboard_alone(back):
    tab_to(back, rate(back))
    press(back, "Control+A", "0", ".", "0", "0", "0", "2", "Tab", "Enter", "Enter")
    assert said(back).startswith("Step 2: the loss fell from ")
    assert scene(back, "weights", "dense_2", "bias").size == 10
