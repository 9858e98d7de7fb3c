"""The gradients of all weights as pictures; any weight can be chosen."""

import re

import numpy as np
import pytest
from live_explorer import (
    KERAS_NAMES,
    PHONE,
    check_colours,
    click_on,
    number,
    opened,
    press,
    screen_place,
    tab_to,
)
from way_back import ARRAYS, OPEN, choose, choose_array, gradient, group, place_of, scene


def figures(explorer):
    return group(explorer, "Gradients").locator(".explorer-figure")


def captions(explorer):
    return [" ".join(text.split()) for text in figures(explorer).locator("p").all_inner_texts()]


def test_the_view_opens_with_the_followed_weight(back):
    assert place_of(back) == (1, 2, 0, 27)
    assert group(back, "Gradients").get_by_role("combobox").input_value() == "conv2d_1/kernel"
    assert group(back, "One weight").locator("b").inner_text() == (
        "One weight of C1: row 1, column 2, channel in 0, channel out 27"
    )


@pytest.mark.parametrize("array", ARRAYS)
def test_an_array_opens_at_its_gradient_farthest_from_0(array, landed, weights):
    label, part = array.split(", ")
    choose_array(landed, array)
    values = gradient(landed, label, part, weights)
    assert abs(values[place_of(landed)]) == np.abs(values).max()
    axes = group(landed, "Gradients").locator("input").evaluate_all("all => all.map(i => i.name)")
    conv = ["row", "column", "channel in", "channel out"]
    wanted = conv if label.startswith("C") else ["input", "output"]
    assert axes == (wanted if part == "kernel" else wanted[-1:])
    counted = f"{np.count_nonzero(values):,} of {values.size:,} gradients are not 0"
    assert sum(counted in caption for caption in captions(landed)) == 1


def tiles(array):
    """A kernel of a convolution as it is drawn: an output across, an input down, 3×3 each."""
    _, _, inputs, outputs = array.shape
    if inputs == 1:
        array = array.reshape(3, 3, 2, 16)
        inputs, outputs = 2, 16
    picture = np.full((inputs * 4 - 1, outputs * 4 - 1), np.nan)
    for i, o in np.ndindex(inputs, outputs):
        picture[4 * i : 4 * i + 3, 4 * o : 4 * o + 3] = array[:, :, i, o]
    return picture


def one(array, output):
    """The weights of one output: a tile for each input, in rows of 16; or a layer's own picture."""
    if array.ndim == 2:
        return array[:, output].reshape(-1, 64)
    return tiles(array[..., output].reshape(3, 3, -1, 16))


@pytest.mark.parametrize("label", KERAS_NAMES)
def test_the_pictures_show_weights_and_gradients(label, landed, weights):
    choose_array(landed, f"{label}, kernel")
    kernel, values = weights[KERAS_NAMES[label]][0], gradient(landed, label, "kernel", weights)
    bias, output = gradient(landed, label, "bias", weights), place_of(landed)[-1]
    if label == "C1":
        wanted = [tiles(kernel), tiles(values), bias[None]]
    else:
        everything = tiles(values) if values.ndim == 4 else values.T
        wanted = [everything, one(kernel, output), one(values, output), bias[None]]
    limits = [kernel if (i == (0 if label == "C1" else 1)) else values for i in range(len(wanted))]
    limits[-1] = bias
    pictures = figures(landed).locator(".explorer-picture").all()
    for picture, shown, limit in zip(pictures, wanted, limits, strict=True):
        colours, _, _ = landed.painted(picture)
        assert colours.shape[:2] == shown.shape
        inside = ~np.isnan(shown)
        check_colours(colours[inside], shown[inside], np.abs(limit).max())


MARKS = {  # the chosen weight, on the pictures of all and of one kernel, and on none of the others
    ("C1", "kernel", (1, 2, 0, 27)): [[[44, 4, 3, 3], [46, 5, 1, 1]]] * 2 + [[]],
    ("C2", "kernel", (2, 0, 17, 20)): [[[80, 0, 3, 127]]]
    + [[[4, 4, 3, 3], [4, 6, 1, 1]]] * 2
    + [[]],
    ("Dense 1", "kernel", (130, 12)): [[[0, 12, 576, 1]]] + [[[2, 2, 1, 1]]] * 2 + [[]],
    ("C3", "bias", (40,)): [[], [], [], [[40, 0, 1, 1]]],
}


@pytest.mark.parametrize(("label", "part", "place"), MARKS)
def test_the_chosen_weight_is_framed(label, part, place, landed):
    choose(landed, label, part, place)
    pictures = figures(landed).locator(".explorer-picture").all()
    found = [[numbers for _, numbers in landed.painted(picture)[1]] for picture in pictures]
    assert found == MARKS[label, part, place]


CLICKS = [
    ("C1", 1, (4 * 11 + 2, 4 * 1 + 1), "kernel", (1, 2, 0, 27)),
    ("C2", 0, (4 * 20, 4 * 7 + 2), "kernel", (2, 0, 7, 20)),
    ("C3", 1, (4 * 3 + 1, 4 * 2), "kernel", (0, 1, 35, None)),
    ("Dense 1", 0, (300, 12), "kernel", (300, 12)),
    ("Dense 2", 2, (40, 0), "kernel", (40, None)),
    ("C2", 3, (9, 0), "bias", (9,)),
]


@pytest.mark.parametrize(("label", "picture", "at", "part", "place"), CLICKS)
def test_a_click_opens_the_weight_under_the_mouse(label, picture, at, part, place, landed, weights):
    choose_array(landed, f"{label}, kernel")
    output = place_of(landed)[-1]
    place = tuple(output if axis is None else axis for axis in place)
    canvas = figures(landed).locator("canvas").nth(picture)
    landed.tab.mouse.move(*screen_place(canvas, at))
    line = figures(landed).nth(picture).locator(".explorer-pointed").inner_text()
    pointed = tuple(int(n) for n in re.findall(r"\d+", line.rpartition(": ")[0]))
    # Some of the 576 numbers side by side have no pixel of their own: then it is a neighbour.
    assert np.abs(np.subtract(pointed, place)).max() <= (label == "Dense 1")
    place = pointed
    shows_weights = label != "C1" and picture == 1
    array = (
        weights[KERAS_NAMES[label]][0] if shows_weights else gradient(landed, label, part, weights)
    )
    value = array[place]
    assert np.isclose(number(line.rpartition(": ")[2]), value, rtol=0.005, atol=5e-5)
    click_on(canvas, at)
    assert place_of(landed) == place
    title = group(landed, "One weight").locator("b").inner_text()
    assert title.startswith(f"One {'bias' if part == 'bias' else 'weight'} of {label}: ")


def test_a_weight_is_chosen_with_the_keyboard_alone(back, weights):
    tab_to(back, group(back, "Gradients").get_by_role("combobox"))
    press(back, "ArrowDown", "ArrowDown")  # C2, kernel
    press(back, "Tab", "2", "Tab", "1", "Tab", "3", "1", "Tab", "6", "3")
    assert place_of(back) == (2, 1, 31, 63)
    press(back, "ArrowDown")
    assert place_of(back) == (2, 1, 31, 62)
    said = group(back, "One weight").inner_text()
    value = gradient(back, "C2", "kernel", weights)[2, 1, 31, 62]
    assert np.isclose(number(re.search(r"gradient (\S+):", said)[1]), value, rtol=0.005, atol=5e-5)


@pytest.mark.parametrize("bad", ["-1", "32", "", "1e9"])
def test_a_place_that_does_not_exist_is_ignored(bad, back):
    field = group(back, "Gradients").locator("input[type=number]").last
    field.fill(bad)
    back.tab.keyboard.press("Tab")
    assert field.input_value() == "27"
    assert "channel out 27" in group(back, "One weight").locator("b").inner_text()


def test_an_empty_pad_has_no_gradients_but_a_weight_can_be_chosen(back):
    back.button("Clear").click()
    assert "there is no gradient" in group(back, "Gradients").inner_text()
    assert not group(back, "One weight").is_visible()
    choose(back, "C3", "kernel", (2, 2, 63, 1))
    assert place_of(back) == (2, 2, 63, 1)
    back.button("Undo").click()
    assert group(back, "One weight").locator("b").inner_text().startswith("One weight of C3: row 2")


def test_while_the_pen_moves_nothing_is_computed_backwards(back):
    back.tab.evaluate(
        """() => {
          store.dispatch({ type: "clear" });
          store.dispatch({ type: "begin", point: [0.3, 0.3] });
          store.dispatch({ type: "extend", points: [[0.6, 0.7]] }); }"""
    )
    assert back.tab.evaluate("store.scene().outputs !== null && store.scene().back === null")
    back.tab.evaluate("store.dispatch({ type: 'end' })")
    assert np.abs(scene(back, "back", "errors", "dense_2")).max() > 0.01


def test_on_a_phone_the_tiles_stand_8_to_a_row(browser):
    with opened(browser, viewport=PHONE) as explorer:
        explorer.root.evaluate(OPEN)
        canvas = figures(explorer).locator("canvas").first
        explorer.tab.wait_for_function("store.state.narrow")
        assert canvas.evaluate("(canvas) => [canvas.width, canvas.height]") == [31, 15]
