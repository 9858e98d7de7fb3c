"""A weight is moved a little: the network is computed again, and compared with its gradient."""

import numpy as np
import pytest
from live_explorer import KERAS, KERAS_NAMES
from way_back import choose, gradient, probability, rows

from mnist_lib.data import load_followed_digit
from mnist_lib.reference import dense, forward

AMOUNTS = {"−0.1": -0.1, "−0.01": -0.01, "−0.001": -0.001}
AMOUNTS |= {"+0.001": 0.001, "+0.01": 0.01, "+0.1": 0.1}


def nudge(explorer):
    return explorer.root.locator(".explorer-nudge")


def table(explorer):
    return dict(rows(nudge(explorer).locator("table")))


def loss_with(weights, label, part, place, amount):
    """The loss of the followed digit with one weight moved, by NumPy in float64."""
    name = KERAS_NAMES[label]
    moved = {key: [np.float64(array) for array in pair] for key, pair in weights.items()}
    moved[name][part == "bias"][place] = np.float32(moved[name][part == "bias"][place] + amount)
    outputs = forward(np.float64(load_followed_digit().images), moved)
    return -np.log(probability(dense(outputs["dense_1"], *moved["dense_2"])[0], 4))


CASES = [
    ("C1", "kernel", (1, 2, 0, 27)),
    ("C2", "kernel", (1, 1, 8, 20)),
    ("Dense 2", "bias", (9,)),
]


@pytest.mark.parametrize(("label", "part", "place"), CASES)
def test_the_loss_before_and_after_stand_beside_what_the_gradient_predicts(
    label, part, place, landed, weights
):
    landed.exact()
    choose(landed, label, part, place)
    value = float(gradient(landed, label, part, weights)[place])
    before = loss_with(weights, label, part, place, 0)
    ratios = []
    for text, amount in AMOUNTS.items():
        nudge(landed).get_by_label(text, exact=True).check()
        shown = {name: float(number) for name, number in table(landed).items()}
        assert abs(shown["loss before"] - before) < KERAS
        assert abs(shown["loss after"] - loss_with(weights, label, part, place, amount)) < KERAS
        assert shown["change"] == shown["loss after"] - shown["loss before"]
        assert shown["gradient × nudge"] == value * amount
        ratio = shown["change ÷ (gradient × nudge)"]
        assert ratio == shown["change"] / (value * amount)
        ratios.append(abs(ratio - 1))
    assert max(ratios[2:4]) < 0.02, "of the smallest nudges the gradient is right within 2 percent"


def test_a_gradient_of_0_predicts_nothing(landed, weights):
    values = gradient(landed, "Dense 1", "kernel", weights)
    place = tuple(int(n) for n in np.argwhere(values == 0)[0])
    choose(landed, "Dense 1", "kernel", place)
    assert table(landed)["change ÷ (gradient × nudge)"] == "–"
    assert "predicts no change" in nudge(landed).inner_text()


def test_a_change_below_the_rounding_is_said_to_be_one(back):
    back.button("Test digit 7").click()
    assert "may be lost in the rounding" in nudge(back).inner_text()


def test_the_weights_themselves_stay(back, weights):
    nudge(back).get_by_label("+0.1", exact=True).check()
    kernel = back.tab.evaluate("[...store.state.weights.conv2d_1.kernel]")
    assert np.array_equal(np.float32(kernel), weights["conv2d_1"][0].ravel())
    assert back.button("Check against Keras").is_visible()
    back.button("Clear").click()
    assert not nudge(back).is_visible()
