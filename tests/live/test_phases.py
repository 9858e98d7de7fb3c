"""Forward, backward, update, stop by stop: by hand, by itself, and with restraint."""

import re

import numpy as np
import pytest
from live_explorer import (
    SHAPES,
    WIDE,
    by_channel,
    check_colours,
    focused,
    number,
    opened,
    press,
    tab_to,
)
from way_back import LAYER_NAMES, OPEN, errors, gradient, group, rows, scene

STOPS = [*(("Forward", label) for label in SHAPES), ("Loss", None)]
STOPS += [*(("Backward", label) for label in reversed(SHAPES)), ("Update", None)]
PACE = 2500


def part(explorer):
    return group(explorer, "Three phases")


def button(explorer, name):
    return part(explorer).get_by_role("button", name=name, exact=True)


def sentence(explorer):
    return " ".join(part(explorer).locator(":scope > p").inner_text().split())


def phase(explorer):
    current = part(explorer).locator("[aria-current=step]")
    return current.inner_text() if current.count() else None


def visited(explorer):
    return [label for label in SHAPES if "visited" in explorer.layer(label).get_attribute("class")]


def test_next_goes_through_all_stops_and_previous_back_again(back, weights):
    assert sentence(back).startswith("One step of training has three phases")
    assert phase(back) is None
    assert button(back, "Previous").is_disabled()
    for name, label in STOPS:
        button(back, "Next").click()
        assert phase(back) == name
        assert sentence(back).startswith(f"{name}, {label}: " if label else f"{name}: ")
        assert visited(back) == ([label] if label else [])
        check_stop(back, name, label, weights)
    assert button(back, "Next").is_disabled()
    for name, label in STOPS[-2::-1]:
        button(back, "Previous").click()
        assert sentence(back).startswith(f"{name}, {label}: " if label else f"{name}: ")
    assert button(back, "Previous").is_disabled()


def check_stop(explorer, name, label, weights):
    """The numbers in the sentence, the picture of the stop, and what all layers show."""
    stage = part(explorer).locator(".explorer-stage")
    counts = re.findall(r"([\d,]+) of ([\d,]+) (?:numbers|errors)", sentence(explorer))
    if label is None:
        assert not stage.is_visible()
        return check_loss(explorer) if name == "Loss" else check_update(explorer, weights)
    forward = name == "Forward"
    values = scene(explorer, "outputs", "activation", LAYER_NAMES[label]).reshape(SHAPES[label])
    values = values if forward else errors(explorer, label)
    colours, _, _ = explorer.painted(stage)
    check_colours(by_channel(colours, SHAPES[label]), values)
    if not (forward and label == "Dense 2"):
        assert [number(n) for n in counts[0]] == [np.count_nonzero(values), values.size]
    assert explorer.root.get_by_label(
        "after ReLU" if forward else "errors", exact=True
    ).is_checked()
    return None


def check_loss(explorer):
    assert (
        sentence(explorer)
        == "Loss: the label is 4, and p(4) is 43.85 %. The loss, −ln p(4), is 0.8244."
    )


def check_update(explorer, weights):
    assert "every one of 93,322 weights has its gradient now" in sentence(explorer)
    _, *lines = rows(part(explorer).locator("table"))
    assert [line[0] for line in lines] == ["C1", "C2", "C3", "Dense 1", "Dense 2"]
    for label, count, left, largest in lines:
        values = np.concatenate(
            [gradient(explorer, label, key, weights).ravel() for key in ("kernel", "bias")]
        )
        assert [number(count), number(left)] == [values.size, np.count_nonzero(values)]
        assert abs(number(largest) - np.abs(values).max()) <= 5e-5


@pytest.fixture
def playing(browser):
    """The backward view, with a clock that the test moves."""
    with opened(browser, viewport=WIDE) as explorer:
        explorer.tab.clock.install()
        explorer.root.evaluate(OPEN)
        explorer.tab.clock.pause_at(explorer.tab.evaluate("Date.now() + 60_000"))
        yield explorer


def test_it_plays_by_itself_can_be_paused_and_ends(playing):
    button(playing, "Play").click()
    assert sentence(playing).startswith("Forward, C1: ")
    playing.tab.clock.run_for(PACE)
    assert sentence(playing).startswith("Forward, M1: ")
    button(playing, "Pause").click()
    playing.tab.clock.run_for(10 * PACE)
    assert sentence(playing).startswith("Forward, M1: ")
    button(playing, "Play").click()
    assert sentence(playing).startswith("Forward, C2: ")
    playing.tab.clock.run_for(PACE - 500)
    button(playing, "Pause").click()
    button(playing, "Play").click()
    playing.tab.clock.run_for(PACE - 500)
    assert sentence(playing).startswith("Forward, M2: "), "each stop has its whole time"
    playing.tab.clock.run_for(PACE * 30)
    assert sentence(playing).startswith("Update: ")
    assert button(playing, "Play").is_visible()
    button(playing, "Play").click()
    assert sentence(playing).startswith("Forward, C1: "), "from the start again"


def test_what_plays_by_itself_is_not_announced_and_what_the_reader_asks_for_is(playing):
    live = part(playing).locator(":scope > p")
    assert live.get_attribute("aria-live") == "polite"
    button(playing, "Play").click()
    assert live.get_attribute("aria-live") == "off"
    button(playing, "Next").click()
    assert sentence(playing).startswith("Forward, M1: ")
    assert live.get_attribute("aria-live") == "polite"
    playing.tab.clock.run_for(10 * PACE)
    assert sentence(playing).startswith("Forward, M1: "), "the reader has taken over"


def test_a_label_that_changes_while_it_plays_changes_what_is_said(playing):
    for _ in range(8):
        button(playing, "Next").click()
    button(playing, "Play").click()
    playing.root.locator(".explorer-label").get_by_label("9", exact=True).check()
    assert sentence(playing).startswith("Loss: the label is 9, and p(9) is 56.15 %.")
    playing.tab.clock.run_for(PACE)
    assert sentence(playing).startswith("Backward, Dense 2: ")


def test_a_stroke_pauses_it_and_an_empty_pad_has_no_stops(playing):
    button(playing, "Play").click()
    playing.draw([[(0.3, 0.2), (0.7, 0.2)]])
    playing.tab.clock.run_for(10 * PACE)
    assert sentence(playing).startswith("Forward, C1: ")
    assert button(playing, "Play").is_visible()
    button(playing, "Play").click()
    playing.button("Clear").click()
    assert sentence(playing).startswith("One step of training")
    assert [button(playing, name).is_disabled() for name in ("Previous", "Play", "Next")] == [
        True
    ] * 3


def test_a_view_that_is_gone_plays_no_more(playing):
    button(playing, "Play").click()
    playing.tab.evaluate("() => document.querySelector('.explorer-live').replaceChildren()")
    playing.tab.clock.run_for(3 * PACE)
    assert playing.tab.evaluate("store.state.stop") == 0


def test_with_reduced_motion_nothing_moves_by_itself(browser):
    with opened(browser, viewport=WIDE, reduced_motion="reduce") as explorer:
        explorer.root.evaluate(OPEN)
        assert not button(explorer, "Play").is_visible()
        button(explorer, "Next").click()
        assert sentence(explorer).startswith("Forward, C1: ")


def test_the_stops_are_gone_through_with_the_keyboard_alone(back):
    tab_to(back, button(back, "Play"))
    press(back, "Enter")
    assert button(back, "Pause").is_visible()
    press(back, "Enter", "Tab", "Enter", "Enter")
    assert sentence(back).startswith("Forward, C2: ")


def test_the_focus_stays_at_the_first_and_at_the_last_stop(back):
    for name in ("Next", "Previous"):
        button(back, name).focus()
        press(back, *["Enter"] * (len(STOPS) + 2))
        assert focused(back) == name
    assert sentence(back).startswith("Forward, C1: ")
