"""The errors of all layers as maps, and the error of one value as a sum."""

import re

import numpy as np
import pytest
from live_explorer import (
    BEFORE,
    KERAS_NAMES,
    SHAPES,
    by_channel,
    check_colours,
    click_on,
    number,
    position_of,
)
from way_back import errors, rows, scene

WITH_RELU = ("C1", "C2", "C3", "Dense 1")


@pytest.mark.parametrize("label", SHAPES)
def test_the_map_of_a_layer_shows_every_error_and_its_note_counts_them(label, landed):
    values = errors(landed, label)
    colours, _, _ = landed.painted(landed.layer(label).locator(".explorer-picture"))
    check_colours(by_channel(colours, SHAPES[label]), values)
    note = landed.layer(label).locator(".explorer-note").inner_text()
    count = f"{np.count_nonzero(values):,} of {values.size:,}"
    assert note == f"errors: {count} are not 0"


def opened(explorer):
    return explorer.root.locator(".explorer-layers .explorer-inspector")


def open_at(explorer, label, place):
    """Open a layer, and type the place."""
    if explorer.layer(label).get_by_role("button").get_attribute("aria-expanded") == "false":
        explorer.layer(label).get_by_role("button").click()
    for field, axis in zip(
        opened(explorer).locator("input[type=number]").all(), place, strict=True
    ):
        field.fill(str(int(axis)))
    opened(explorer).get_by_label("Full precision").check()


@pytest.mark.parametrize("label", SHAPES)
def test_the_button_opens_the_error_farthest_from_0_and_a_click_that_of_a_channel(label, landed):
    values = np.abs(errors(landed, label))
    if landed.read()["opened"]:
        opened(landed).get_by_role("button", name="Close").click()
    landed.layer(label).get_by_role("button").click()
    seen = landed.read()["opened"]
    assert seen["title"] == f"The error of one value of {label}"
    assert values[*seen["at"].values()] == values.max()
    if values.ndim == 3:
        picture = landed.layer(label).locator("canvas")
        click_on(picture, position_of(picture, SHAPES[label], (1, 1, 5)))
        at = tuple(landed.read()["opened"]["at"].values())
        assert at[2] == 5
        assert values[at] == values[:, :, 5].max()


def places(values):
    """The largest, the smallest, and a few others."""
    found = {
        values.argmax(),
        values.argmin(),
        *np.random.default_rng(1).integers(0, values.size, 2),
    }
    return [tuple(int(n) for n in np.unravel_index(n, values.shape)) for n in found]


@pytest.mark.parametrize("label", ["M1", "M2", "Flatten", "Dense 1"])
def test_the_shares_that_are_listed_add_up_to_the_error(label, landed, weights):
    reader = next(name for name, source in BEFORE.items() if source == label)
    values, of_reader = errors(landed, label), errors(landed, reader)
    kernel = weights[KERAS_NAMES[reader]][0].astype(np.float64)
    for place in places(values):
        open_at(landed, label, place)
        head, *lines, last = rows(opened(landed).locator("table"))
        total = 0
        for line in lines:
            *spot, error, weight, share, running = map(float, line)
            spot = tuple(map(int, spot))
            if reader.startswith("C"):
                row, column, channel = place
                wanted = kernel[row - spot[0], column - spot[1], channel, spot[2]]
            else:
                wanted = kernel[place[0], spot[0]]
            assert (np.float32(error), np.float32(weight)) == (of_reader[spot], np.float32(wanted))
            assert share == error * weight != 0
            total += share
            assert running == total
        assert head[:-4] == (["row", "column", "kernel"] if reader.startswith("C") else ["output"])
        assert np.float32(last[-1]) == np.float32(total)
        check_gate(label, place, landed, total, values[place])
        readers = re.search(r"for (\d+) \w+; (\d+) of them", opened(landed).inner_text())
        assert int(readers[2]) == len(lines)
        assert int(readers[1]) == possible(label, place, reader)


def possible(label, place, reader):
    """How many numbers of the next layer are computed from a value."""
    if len(place) == 1:
        return SHAPES[reader][0]
    counts = [
        min(p, s - 3) - max(p - 2, 0) + 1 for p, s in zip(place[:2], SHAPES[label], strict=False)
    ]
    return counts[0] * counts[1] * SHAPES[reader][2]


def check_gate(label, place, explorer, total, error):
    """ReLU lets the sum pass where it let the value pass."""
    equation = opened(explorer).locator(".explorer-equation").inner_text()
    shares = re.match(r"(\d+) shares (\S+)", equation)
    assert float(shares[2]) == total
    if label == "Dense 1":
        value = scene(explorer, "outputs", "activation", "dense_1")[place]
        gate = "let the value pass" if value > 0 else "made the value 0"
        found = re.search(rf"ReLU {gate}, so the error is (\S+)", equation)
        assert np.float32(found[1]) == error == (np.float32(total) if value > 0 else 0)
    else:
        assert np.float32(total) == error


@pytest.mark.parametrize("label", ["C1", "C2"])
def test_the_winner_of_a_block_gets_its_error(label, landed):
    pool = {"C1": "M1", "C2": "M2"}[label]
    values, of_pool = errors(landed, label), errors(landed, pool)
    activation = scene(landed, "outputs", "activation", {"C1": "conv2d_1", "C2": "conv2d_2"}[label])
    activation = activation.reshape(SHAPES[label])
    side = 2 * SHAPES[pool][0]
    losing = np.argwhere((activation[:side, :side] > 0) & (values[:side, :side] == 0))[0]
    left_over = [(10, 3, 0)] if label == "C2" else []
    for place in (*places(values), tuple(losing), *left_over):
        open_at(landed, label, place)
        row, column, channel = (int(n) for n in place)
        text = opened(landed).locator(".explorer-equation").inner_text()
        if row >= side or column >= side:
            assert text == f"No block of {pool} reads it, so its error is 0."
            continue
        block = activation[row & ~1 : (row | 1) + 1, column & ~1 : (column | 1) + 1, channel]
        wins = block.argmax() == (row & 1) * 2 + (column & 1)
        start = "It is the largest of its block" if wins else "Another value of its block"
        assert text.startswith(start)
        assert f"the error of {pool}" in text or f"whole error of {pool}" in text
        assert f"at ({row // 2}, {column // 2})" in text
        found = [
            float(n)
            for n in re.findall(r"(?:: |is |, )(−?-?[\d.]+(?:e[-−]?\d+)?)(?=[;.:] ?)", text)
        ]
        assert np.float32(found[-1]) == values[place]
        if wins:
            assert np.float32(found[0]) == of_pool[row // 2, column // 2, channel]


def test_an_error_of_c3_is_that_of_its_place_in_the_flat_row(landed):
    values, flat = errors(landed, "C3"), errors(landed, "Flatten")
    for place in places(values):
        open_at(landed, "C3", place)
        text = opened(landed).locator(".explorer-equation").inner_text()
        index = np.ravel_multi_index(place, (3, 3, 64))
        found = re.match(r"It is the error of number (\d+) of Flatten: (\S+);", text)
        assert int(found[1]) == index
        assert np.float32(found[2]) == flat[index]
        passed = re.search(r"so the error is (\S+)\. ", text)
        assert np.float32(passed[1]) == values[place]
    landed.button("Go to it in Flatten").click()
    assert landed.read()["opened"]["at"] == {"index": index}


def test_the_errors_of_the_logits_are_p_minus_y(landed):
    values = errors(landed, "Dense 2")
    for digit in range(10):
        open_at(landed, "Dense 2", (digit,))
        text = opened(landed).locator(".explorer-equation").inner_text()
        found = re.fullmatch(r"p\((\d)\) − (\d) = (\S+) − (\d) = (\S+)", text)
        target = int(digit == 4)
        assert [int(found[i]) for i in (1, 2, 4)] == [digit, target, target]
        assert np.float32(float(found[3]) - target) == np.float32(found[5]) == values[digit]


def test_errors_follow_the_label_and_an_empty_pad_has_none(back):
    before = errors(back, "Dense 2")
    back.root.locator(".explorer-label").get_by_label("9", exact=True).check()
    after = errors(back, "Dense 2")
    assert before.argmin() == 4
    assert after.argmin() == 9
    back.layer("C2").get_by_role("button").click()
    back.button("Clear").click()
    colours, _, _ = back.painted(back.layer("C2").locator(".explorer-picture"))
    check_colours(by_channel(colours, SHAPES["C2"]), np.zeros(SHAPES["C2"]), 1)
    assert "0 of 7,744" in back.layer("C2").locator(".explorer-note").inner_text()
    assert "Nothing is drawn yet" in opened(back).inner_text()


def test_activations_can_still_be_shown_and_explained(back):
    back.layer("Dense 1").get_by_role("button").click()
    back.root.get_by_label("after ReLU").check()
    seen = back.read()["opened"]
    assert seen["title"] == "One value of Dense 1"
    assert len(seen["table"]) == 1 + 1 + 576 + 1
    assert number(seen["table"][-1][-1]) != 0
