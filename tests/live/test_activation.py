"""One activation, opened: what it sees, and every term of its sum."""

import re

import numpy as np
import pytest
from live_explorer import (
    BEFORE,
    KERAS,
    KERAS_NAMES,
    SHAPES,
    by_channel,
    check_colours,
    click_on,
    number,
    position_of,
    same,
    same_percent,
    square_of,
    sums,
)

from mnist_lib.preprocessing import rasterise

SEES = {"C1": (1, 3), "M1": (2, 4), "C2": (2, 8), "M2": (4, 10), "C3": (4, 18)}

UNSEEN = {"C1": 100, "M1": 25, "C2": 21}  # 26² − 24², 13² − 12², 11² − 10²: pooling drops the rest


def click_at(explorer, label, place):
    """Click on a channel in the maps of a layer, then on the place in the enlarged channel."""
    picture = explorer.layer(label).locator("canvas")
    click_on(picture, position_of(picture, SHAPES[label], place))
    if len(place) == 3:
        enlarged = explorer.root.locator(".explorer-plane canvas").first
        click_on(enlarged, place[1::-1])


CLICKED = {
    "C1": (11, 14, 27),
    "M1": (12, 5, 0),
    "C2": (4, 6, 33),
    "M2": (2, 3, 63),
    "C3": (1, 2, 40),
    "Flatten": (331,),
    "Dense 1": (45,),
    "Dense 2": (3,),
}


@pytest.mark.parametrize("label", SHAPES)
def test_a_click_opens_that_activation_and_its_arithmetic_adds_up(label, drawing, weights):
    explorer, drawn, wanted = drawing
    place = CLICKED[label]
    explorer.root.get_by_label("after ReLU").check()
    explorer.exact()
    click_at(explorer, label, place)
    opened = explorer.read()["opened"]
    assert opened["title"] == f"One value of {label}"
    assert tuple(opened["at"].values()) == place
    assert list(opened["at"]) == (["row", "column", "channel"] if len(place) == 3 else ["index"])
    check_field(check_captions(label, place, opened), drawn, explorer)
    check_pictures(label, place, opened, explorer, wanted)
    if label in KERAS_NAMES:
        check_sum(label, place, opened, wanted, weights)
        explorer.exact(False)
        check_rounding(opened, explorer.read()["opened"])
    elif label == "Flatten":
        row, column, channel = np.unravel_index(place[0], (3, 3, 64))
        said = f"({row} × 3 + {column}) × 64 + {channel} = {place[0]}: the same number, "
        assert opened["equation"].startswith(said)
        value = float(opened["equation"].removeprefix(said).split()[0])
        assert abs(value - wanted["Flatten"][place]) < KERAS
    else:
        check_pool(label, place, opened, wanted)


def check_captions(label, place, opened):
    """How many positions nothing depends on, and what the activation sees."""
    step, size = SEES.get(label, (0, 26))
    if label == "Flatten":
        (step, size), place = SEES["C3"], np.unravel_index(place[0], (3, 3, 64))
    top, left = (step * n for n in (*place, 0)[:2])
    rows, columns = (f"{start}–{start + size - 1}" for start in (top, left))
    assert f"it sees {size} × {size} pixels: rows {rows}, columns {columns}" in opened["captions"]
    if len(SHAPES[label]) == 3:
        every = SHAPES[label][0] * SHAPES[label][1]
        veil = f"; shaded: {UNSEEN.get(label)} of {every} positions that no answer depends on"
        assert opened["captions"][0] == f"channel {place[2]}{veil if label in UNSEEN else ''}"
    return [left, top, size, size]


def check_field(field, drawn, explorer):
    """The pixels that an activation sees are framed on the digit, and on the drawing itself."""
    _, rects, _ = explorer.painted(explorer.root.locator(".explorer-step").last)
    assert ["field", field] in rects
    [(across, down, *_)] = [numbers for kind, numbers in rects if kind == "box"]
    left, top, side = square_of(rasterise(drawn))
    x, y, width, height = np.array(field) * side / 20
    wanted = [left + x - across * side / 20, top + y - down * side / 20, width, height]
    _, rects, _ = explorer.painted(explorer.pad)
    [found] = [numbers for kind, numbers in rects if kind == "field"]
    assert np.allclose(found, wanted)


def check_pictures(label, place, opened, explorer, wanted):
    """The channel, and the pictures of the terms, show the numbers printed beside them."""
    inspector = explorer.root.locator(".explorer-inspector")
    if len(place) == 3:
        values = wanted[label][:, :, place[2]]
        colours, rects, _ = explorer.painted(inspector.locator(".explorer-plane").first)
        check_colours(colours, values, np.abs(wanted[label]).max())
        assert rects == [["chosen", [place[1], place[0], 1, 1]]]
    columns = (
        np.array(opened["table"][2:-1])[:, -4:-1].astype(float) if label in KERAS_NAMES else []
    )
    pictures = inspector.locator(".explorer-terms").all()
    for picture, values in zip(pictures, np.transpose(columns), strict=True):
        colours, _, _ = explorer.painted(picture)
        if len(place) == 3:
            shape = (3, 3, len(values) // 9)
            values = values.reshape(shape[2], 3, 3).transpose(1, 2, 0)
            colours = by_channel(colours, shape)
        check_colours(colours, values)


def check_sum(label, place, opened, wanted, weights):
    """Add up the table as it stands: bias, then product by product, rounded once."""
    kernel, bias = weights[KERAS_NAMES[label]]
    inputs = wanted[BEFORE[label]]
    head, first, *lines, last = opened["table"]
    total = float(first[-1])
    assert np.float32(total) == bias[place[-1]]
    assert len(lines) == kernel[..., 0].size
    for line in lines:
        *spot, value, weight, product, running = map(float, line)
        spot = [int(n) for n in spot]
        if len(spot) == 3:
            channel, row, column = spot
            spot = row, column, channel
            weight_there = kernel[row - place[0], column - place[1], channel, place[2]]
        else:
            weight_there = kernel[spot[0], place[0]]
        assert abs(value - inputs[*spot]) < KERAS
        assert np.float32(weight) == weight_there
        assert product == value * weight
        total += product
        assert running == total
    assert len({tuple(line[: len(head) - 4]) for line in lines}) == len(lines)
    sum_shown = float(last[-1])
    assert np.float32(sum_shown) == np.float32(total)
    assert abs(sum_shown - sums(label, wanted, weights)[place]) < KERAS
    check_equation(label, place, opened["equation"], first, lines, sum_shown, wanted)


def check_equation(label, place, equation, first, lines, total, wanted):
    said = re.match(r"bias (\S+) \+ (\d+) products (\S+) = (\S+)\s+(.*)", equation, re.S)
    assert float(said[1]) == float(first[-1])
    assert int(said[2]) == len(lines)
    products = sum(float(line[-2]) for line in lines)
    assert abs(float(said[3]) - products) < 1e-12
    assert float(said[4]) == total
    if label == "Dense 2":
        last = re.fullmatch(r"the logit of digit (\d); softmax makes it (.*)", said[5])
        assert int(last[1]) == place[0]
        assert same_percent(last[2], wanted["Dense 2"][place])
    else:
        last = re.fullmatch(r"ReLU\((\S+)\) = (\S+)", said[5])
        assert float(last[1]) == total
        assert float(last[2]) == max(total, 0)


def check_rounding(exact, rounded):
    """With four decimals the same numbers are shown."""
    for line, short in zip(exact["table"][1:], rounded["table"][1:], strict=True):
        assert all(same(b, number(a)) for a, b in zip(line[1:], short[1:], strict=True))
    assert exact["captions"] == rounded["captions"]


def check_pool(label, place, opened, wanted):
    row, column, channel = place
    values = []
    for cell, corner in zip(np.ravel(opened["table"]), np.ndindex(2, 2), strict=True):
        value, *spot = re.fullmatch(r"(\S+)\s+\((\d+), (\d+)\)", cell).groups()
        spot = tuple(map(int, spot))
        assert spot == (2 * row + corner[0], 2 * column + corner[1])
        assert abs(float(value) - wanted[BEFORE[label]][*spot, channel]) < KERAS
        values.append(float(value))
    assert float(re.match(r"the largest: (\S+)", opened["equation"])[1]) == max(values)


@pytest.mark.parametrize("label", ["C1", "M1", "C2", "M2", "C3"])
def test_a_click_on_a_channel_opens_its_largest_value(label, drawing, weights):
    """Before ReLU, where it leaves nothing but zeros: then it is the value that came closest."""
    explorer, _, wanted = drawing
    values, picture = sums(label, wanted, weights), explorer.layer(label).locator("canvas")
    dead = np.flatnonzero(values.max(axis=(0, 1)) <= 0)
    for channel in {0, 17, 31, values.shape[2] - 1, *dead[:1]}:
        click_on(picture, position_of(picture, SHAPES[label], (1, 2, channel)))
        at = tuple(explorer.read()["opened"]["at"].values())
        assert at[2] == channel
        assert values[at] >= values[:, :, channel].max() - KERAS


@pytest.mark.parametrize(("label", "source"), [("M2", "C2"), ("Flatten", "C3")])
def test_one_can_go_back_to_where_a_value_comes_from(label, source, drawing):
    explorer, _, wanted = drawing
    click_at(explorer, label, CLICKED[label])
    explorer.button(f"Go to it in {source}").click()
    opened = explorer.read()["opened"]
    assert opened["title"] == f"One value of {source}"
    assert wanted[source][*opened["at"].values()] == wanted[label][CLICKED[label]]
