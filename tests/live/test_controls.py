"""Undo, clear, and what must not spoil a drawing."""

import json
import re
from contextlib import contextmanager

import numpy as np
from live_explorer import KERAS, focused, press, probabilities

from mnist_lib.preprocessing import prepare_digit, rasterise
from mnist_lib.simulate import write
from mnist_lib.simulate.strokes import POINTS


def test_an_empty_pad_says_so_and_predicts_nothing(explorer):
    explorer.layer("C2").get_by_role("button").click()
    explorer.button("Clear").click()
    explorer.pad.click(button="right")  # which draws nothing
    seen = explorer.read()
    assert seen["sentence"].startswith("The pad is empty")
    assert [share for _, _, share in seen["answer"][-10:]] == ["–"] * 10
    assert seen["bars"] == [0] * 10
    assert seen["opened"]["equation"].endswith("there is nothing to compute.")
    shown = re.sub(
        r"3×3|2×2|9 positions × 64|64 weighted|ten |of 0 to 9", "", json.dumps(seen["layers"])
    )
    assert not re.search(r"\d+ of|values are", shown)
    assert seen["softmax"] == [["–", "", "", "", ""]]
    assert explorer.button("Clear").is_disabled()
    assert explorer.root.get_by_text("Draw a digit here").is_visible()


def test_undo_goes_back_step_by_step_and_brings_back_what_clear_removed(explorer):
    assert explorer.button("Undo").is_disabled()
    states = [explorer.read()]
    for stroke in write(7, "barred"):
        explorer.draw([stroke])
        states.append(explorer.read())
    explorer.button("Clear").click()
    states.append(explorer.read())
    explorer.button("Test digit 4").click()
    while states:
        explorer.button("Undo").click()
        assert explorer.read() == states.pop()
    assert explorer.button("Undo").is_disabled()


def test_a_stroke_may_leave_the_pad_and_come_back(explorer, network):
    explorer.exact()
    explorer.button("Clear").click()
    drawn = explorer.draw(
        [np.repeat([(0.3, 0.2), (1.3, 0.3), (1.2, 0.6), (0.5, 0.9)], POINTS, axis=0)]
    )
    wanted = network(prepare_digit(rasterise(drawn)))["Dense 2"]
    assert np.abs(probabilities(explorer.read()) - wanted).max() < KERAS


def test_a_key_pressed_while_the_mouse_draws_spoils_no_other_stroke(explorer):
    first, second = write(7, "barred")
    explorer.button("Clear").click()
    explorer.draw([first])
    state = explorer.read()
    for key in ("Backspace", "Delete", "Space"):
        with held(explorer, second):
            press(explorer, key)
        states = []
        while explorer.button("Undo").is_enabled() and state not in states:
            explorer.button("Undo").click()
            states.append(explorer.read())
        assert state in states, key


@contextmanager
def held(explorer, stroke):
    """The mouse in the middle of a stroke."""
    points, _ = explorer.places(stroke)
    explorer.tab.mouse.move(*points[0])
    explorer.tab.mouse.down()
    explorer.tab.mouse.move(*points[1])
    yield
    explorer.tab.mouse.move(*points[-1])
    explorer.tab.mouse.up()


def test_the_focus_stays_where_there_is_nothing_left_to_undo_or_to_clear(explorer):
    for name in ("Clear", "Undo"):
        explorer.button(name).focus()
        press(explorer, "Enter")
        assert explorer.button(name).is_disabled()
        assert focused(explorer) == name
        state = explorer.read()
        press(explorer, "Enter")
        assert explorer.read() == state


def test_the_focus_is_restored_when_its_button_vanishes(explorer):
    focused = "document.activeElement.textContent"
    explorer.layer("M1").get_by_role("button").click()
    explorer.button("Go to it in C1").press("Enter")
    assert explorer.tab.evaluate(focused).startswith("C1")
    explorer.button("Close").press("Enter")
    assert explorer.tab.evaluate(focused).startswith("C1")
