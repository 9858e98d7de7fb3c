"""Which class is right, and the loss that follows."""

import re

import numpy as np
import pytest
from live_explorer import KERAS, number, press, tab_to

from mnist_lib.data import load_followed_digit
from mnist_lib.reference import dense, forward
from mnist_lib.simulate import write


def label_part(explorer):
    return explorer.root.locator(".explorer-label")


def radio(explorer, digit):
    return label_part(explorer).get_by_label(str(digit), exact=True)


def said(explorer):
    return label_part(explorer).locator(".explorer-equation").inner_text()


@pytest.fixture(scope="module")
def logits(weights):
    outputs = forward(load_followed_digit().images, weights)
    return dense(outputs["dense_1"], *weights["dense_2"])[0].astype(np.float64)


def test_the_view_opens_with_the_followed_digit_and_its_own_label(back):
    assert back.read()["sentence"].startswith("Training digit, a 4: the network says 9 (56.15 %)")
    assert radio(back, 4).is_checked()
    assert said(back) == "The loss: −ln p(4) = −ln 0.4385 = 0.8244"
    assert not label_part(back).get_by_text("For a drawing").is_visible()


def test_every_label_has_its_loss(back, logits):
    back.layer("Dense 2").get_by_role("button").click()
    back.exact()
    for label in range(10):
        radio(back, label).check()
        text = re.fullmatch(r"The loss: −ln p\((\d)\) = −ln (\S+) = (\S+)", said(back))
        assert int(text[1]) == label
        probability = np.exp(logits[label] - logits.max()) / np.exp(logits - logits.max()).sum()
        assert np.isclose(float(text[2]), probability, rtol=1e-4)
        assert abs(float(text[3]) + np.log(probability)) < 10 * KERAS
        assert np.isclose(float(text[3]), -np.log(float(text[2])), rtol=1e-12)


def test_a_probability_that_would_be_rounded_to_1_is_left_out(back):
    back.button("Test digit 7").click()
    text = re.fullmatch(r"The loss: −ln p\(7\) = (\S+)", said(back))
    assert 0 < number(text[1]) < 1e-6


def test_of_a_drawing_the_second_answer_is_taken_until_the_reader_chooses(back):
    back.button("Clear").click()
    assert said(back) == "No digit, no loss."
    assert radio(back, 3).is_disabled()
    back.draw(write(3)[:1])
    second = re.search(r"then (\d)", back.read()["sentence"])[1]
    hint = label_part(back).get_by_text("For a drawing the network's second answer is taken")
    assert hint.is_visible()
    assert radio(back, second).is_checked()
    chosen = 6 if second != "6" else 2
    radio(back, chosen).check()
    assert not hint.is_visible()
    back.draw([[(0.2, 0.9), (0.3, 0.9)]])
    assert radio(back, chosen).is_checked(), "a drawing that goes on keeps its label"
    back.button("Test digit 5").click()
    assert radio(back, 5).is_checked()
    back.button("Undo").click()
    assert radio(back, chosen).is_checked()


def test_the_label_is_chosen_with_the_keyboard_alone(back):
    tab_to(back, radio(back, 4))
    press(back, "ArrowRight", "ArrowRight")
    assert radio(back, 6).is_checked()
    assert said(back).startswith("The loss: −ln p(6) = ")


def test_no_other_view_has_a_label_or_errors(explorer):
    assert label_part(explorer).count() == 0
    assert explorer.root.get_by_label("errors", exact=True).count() == 0
