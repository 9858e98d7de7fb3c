"""The maps of all layers show every activation."""

import re

import numpy as np
import pytest
from live_explorer import (
    KERAS,
    PHONE,
    SHAPES,
    by_channel,
    check_colours,
    click_on,
    number,
    opened,
    position_of,
    screen_place,
    sums,
)


@pytest.mark.parametrize("when", ["after", "before"])
def test_the_map_of_a_layer_shows_every_activation_and_its_note_counts_them(when, drawing, weights):
    explorer, _, wanted = drawing
    explorer.root.get_by_label(f"{when} ReLU").check()
    seen = explorer.read()["layers"]
    assert [layer["button"] for layer in seen] == [
        f"{label} {' × '.join(map(str, shape))}" for label, shape in SHAPES.items()
    ]
    for label, layer in zip(SHAPES, seen, strict=True):
        colours, _, _ = explorer.painted(explorer.layer(label).locator(".explorer-picture"))
        values = wanted[label] if when == "after" else sums(label, wanted, weights)
        check_colours(by_channel(colours, SHAPES[label]), values)
        assert layer["picture"].endswith(layer["note"])
        if "ReLU" in layer["note"]:
            none, total = re.search(r"([\d,]+) of ([\d,]+) values are", layer["note"]).groups()
            assert number(none) == (wanted[label] == 0).sum()
            assert number(total) == wanted[label].size


@pytest.mark.parametrize("label", SHAPES)
def test_the_button_of_a_layer_opens_its_largest_value(label, drawing):
    explorer, _, wanted = drawing
    if explorer.read()["opened"]:
        explorer.button("Close").click()
    explorer.layer(label).get_by_role("button").click()
    seen = explorer.read()
    assert [layer["open"] for layer in seen["layers"]] == [name == label for name in SHAPES]
    assert wanted[label][*seen["opened"]["at"].values()] == wanted[label].max()
    explorer.layer(label).get_by_role("button").click()
    assert explorer.read()["opened"] is None


@pytest.mark.parametrize("viewport", ["wide", "phone"])
def test_the_channels_stand_in_rows_of_16_and_on_a_phone_of_8(viewport, browser):
    options = {"viewport": PHONE} if viewport == "phone" else {}
    columns = 8 if viewport == "phone" else 16
    with opened(browser, **options) as explorer:
        for label, shape in SHAPES.items():
            if len(shape) == 3:
                height, width, count = shape
                canvas = explorer.layer(label).locator("canvas")
                size = canvas.evaluate("(canvas) => [canvas.width, canvas.height]")
                assert size == [columns * (width + 1) - 1, count // columns * (height + 1) - 1]
                assert canvas.bounding_box()["width"] / columns > 30, "a finger hits a channel"


POINTED = {"C1": (11, 14, 27), "M2": (2, 3, 63), "Flatten": (331,), "Dense 2": (3,)}


@pytest.mark.parametrize("label", POINTED)
def test_a_line_says_which_value_is_under_the_mouse(label, drawing):
    explorer, _, wanted = drawing
    explorer.root.get_by_label("after ReLU").check()
    explorer.exact()
    place, picture = POINTED[label], explorer.layer(label).locator("canvas")
    mouse = explorer.tab.mouse
    mouse.move(*screen_place(picture, position_of(picture, SHAPES[label], place)))
    line = explorer.layer(label).locator(".explorer-pointed")
    said = re.findall(r"(\w+) (\d+)", line.inner_text())
    axes = ["row", "column", "channel"] if len(place) == 3 else ["index"]
    assert said == list(zip(axes, map(str, place), strict=True))
    value = number(line.inner_text().rpartition(": ")[2])
    assert abs(value - wanted[label][place]) < KERAS
    mouse.move(0, 0)
    assert not line.is_visible()


def test_in_the_enlarged_channel_the_line_says_it_too(drawing):
    explorer, _, wanted = drawing
    explorer.root.get_by_label("after ReLU").check()
    explorer.exact()
    click_on(explorer.layer("C2").locator("canvas"), (0, 0))
    enlarged = explorer.root.locator(".explorer-plane").first
    explorer.tab.mouse.move(*screen_place(enlarged.locator("canvas"), (6, 4)))
    said = enlarged.locator(".explorer-pointed").inner_text()
    assert said.startswith("row 4, column 6, channel 0: ")
    assert np.isclose(number(said.rpartition(": ")[2]), wanted["C2"][4, 6, 0], atol=KERAS)


@pytest.mark.parametrize(("pointer", "lines"), [("mouse", 1), ("touch", 0), ("pen", 0)])
def test_only_a_mouse_gets_such_a_line(pointer, lines, explorer):
    canvas = explorer.layer("C1").locator("canvas")
    x, y = screen_place(canvas, (40, 12))
    canvas.dispatch_event("pointermove", {"pointerType": pointer, "clientX": x, "clientY": y})
    assert explorer.root.locator(".explorer-pointed:visible").count() == lines
