"""One weight, opened: every term of its gradient, and the positions that contribute."""

import re

import numpy as np
import pytest
from live_explorer import BEFORE, KERAS_NAMES, check_colours, number, same
from way_back import LAYER_NAMES, NAMES, choose, errors, gradient, group, rows, scene

from mnist_lib.data import load_followed_digit
from mnist_lib.reference import backward

IMAGE = {"image": (28, 28, 1)}


def part(explorer):
    return group(explorer, "One weight")


def text_of(explorer):
    return " ".join(part(explorer).inner_text().split())


def inputs_of(explorer, label):
    """What a layer reads, in its shape."""
    source = BEFORE[label]
    name = LAYER_NAMES.get(source, source)
    values = scene(explorer, "outputs", "activation", name)
    return values.reshape((NAMES | IMAGE)[name])


def test_the_followed_weight_tells_its_whole_story(back, weights):
    digit = load_followed_digit()
    wanted = backward(digit.images, digit.labels, weights).weights["conv2d_1"][0][1, 2, 0, 27]
    said = text_of(back)
    assert "weight 0.2256, gradient −2.4298: raised a little, it would lower the loss." in said
    assert (
        "The weight is used at 676 positions. At 99 of them ink is under it; at 69 of these ReLU "
        "is open; at 26 of these an error arrives."
    ) in said
    assert "26 products add up to −2.4298; rounded once: −2.4298" in said
    assert same("−2.4298", wanted)


CASES = [
    ("C1", "kernel", (1, 2, 0, 27)),
    ("C1", "kernel", (2, 2, 0, 0)),
    ("C2", "kernel", (0, 1, 8, 20)),
    ("C3", "kernel", (2, 0, 33, 7)),
    ("C1", "bias", (0,)),
    ("C3", "bias", (12,)),
]


@pytest.mark.parametrize(("label", "array", "place"), CASES)
def test_the_terms_add_up_to_the_gradient_to_the_bit(label, array, place, landed, weights):
    landed.exact()
    choose(landed, label, array, place)
    error = errors(landed, label)[:, :, place[-1]]
    inputs = np.ones_like(error)
    if array == "kernel":
        side = error.shape[0]
        window = inputs_of(landed, label)[place[0] :, place[1] :][:side, :side]
        inputs = window[:, :, place[2]]
    head, *lines, last = rows(part(landed).locator("table"))
    total = 0.0
    for line in lines:
        row, column, *numbers = line
        at = int(row), int(column)
        factors = [float(text) for text in numbers[: 2 if array == "kernel" else 1]]
        assert np.float32(factors[-1]) == error[at]
        assert array == "bias" or np.float32(factors[0]) == inputs[at]
        term = float(np.prod(factors))
        assert array == "bias" or float(numbers[2]) == term
        total += term
        assert float(numbers[-1]) == total
    terms = inputs.astype(np.float64) * error
    assert [tuple(map(int, line[:2])) for line in lines] == list(map(tuple, np.argwhere(terms)))
    value = gradient(landed, label, array, weights)[place]
    assert np.float32(total) == np.float32(last[-1]) == value
    assert len(head) == (6 if array == "kernel" else 4)
    check_words(label, array, place, landed, (inputs, error, total, value), weights)
    check_maps(landed, inputs, error, array)


def check_words(label, array, place, explorer, computed, weights):
    inputs, error, total, value = computed
    said = text_of(explorer)
    weight = weights[KERAS_NAMES[label]][array == "bias"][place]
    found = re.search(r"(?:weight|bias) (\S+), gradient (\S+): (.*?) the loss\.", said)
    assert np.float32(found[1]) == weight
    assert np.float32(found[2]) == value
    senses = {1: "raised a little, it would raise", -1: "raised a little, it would lower"}
    assert found[3] == senses.get(int(np.sign(value)), "moved a little, it does not change")
    equation = re.search(r"(\d+) (\w+) add up to (\S+); rounded once: (\S+)", said)
    assert int(equation[1]) == np.count_nonzero(inputs.astype(np.float64) * error)
    assert float(equation[3]) == total
    assert np.float32(equation[4]) == value
    sums = scene(explorer, "outputs", "preActivation", KERAS_NAMES[label])
    on = sums.reshape(*error.shape, -1)[:, :, place[-1]] > 0
    ink = inputs != 0
    counts = [ink.size, ink.sum(), (ink & on).sum(), (ink & on & (error != 0)).sum()]
    if array == "bias":
        funnel = re.search(r"Of (\d+) positions, ReLU is open at (\d+); .* at (\d+) of these", said)
        counts = [counts[0], *counts[2:]]
    else:
        funnel = re.search(
            r"at (\d+) positions\. At (\d+) .*? at (\d+) .*? at (\d+) of these", said
        )
    assert [int(n) for n in funnel.groups()] == counts


def check_maps(explorer, inputs, error, array):
    """Three maps at the same scale; every position that contributes is framed on each."""
    pictures = part(explorer).locator(".explorer-positions .explorer-picture")
    products = inputs.astype(np.float64) * error
    shown = [inputs, error, products] if array == "kernel" else [error]
    widths = set()
    for picture, values in zip(pictures.all(), shown, strict=True):
        colours, rects, _ = explorer.painted(picture)
        check_colours(colours, values)
        framed = {(int(y), int(x)) for kind, (x, y, *_) in rects if kind == "part"}
        assert framed == {(int(y), int(x)) for y, x in np.argwhere(products)}
        widths.add(round(picture.bounding_box()["width"]))
    assert len(widths) == 1


@pytest.mark.parametrize("label", ["Dense 1", "Dense 2"])
def test_a_weight_of_a_dense_layer_has_one_product(label, landed, weights):
    landed.exact()
    values = gradient(landed, label, "kernel", weights)
    for place in (np.unravel_index(np.abs(values).argmax(), values.shape), (3, 5)):
        choose(landed, label, "kernel", place)
        found = re.search(r"input (\S+) × error (\S+) = (\S+)", text_of(landed))
        assert np.float32(found[3]) == values[place]
        if values[place]:
            assert np.float32(found[1]) == inputs_of(landed, label)[place[0]]
            assert np.float32(found[2]) == errors(landed, label)[place[1]]
            assert np.float32(float(found[1]) * float(found[2])) == values[place]
    bias = gradient(landed, label, "bias", weights)
    choose(landed, label, "bias", (5,))
    found = re.search(r"the error of its output = (\S+)", text_of(landed))
    assert np.float32(found[1]) == bias[5] == errors(landed, label)[5]


def test_rounded_numbers_are_the_same_numbers(landed):
    choose(landed, "C1", "kernel", (1, 2, 0, 27))
    landed.exact()
    exact = rows(part(landed).locator("table"))
    landed.exact(False)
    for line, short in zip(exact[1:], rows(part(landed).locator("table"))[1:], strict=True):
        assert all(same(b, number(a)) for a, b in zip(line[2:], short[2:], strict=True))
