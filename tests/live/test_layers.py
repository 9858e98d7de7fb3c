"""The maps of all layers show every activation."""

import re

import pytest
from live_explorer import SHAPES, by_channel, check_colours, number, sums


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
