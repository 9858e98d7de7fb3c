"""One activation in JavaScript: the terms of its sum, and the pixels that it depends on."""

from itertools import product

import numpy as np
import pytest
from javascript import SHAPES, SOURCES, WEIGHTED, computed, text_of


@pytest.fixture(scope="module")
def one(engine, activation, pre_activation, images):
    """A digit in the page's `values`, and its pre-activations and activations."""
    code = "(text) => void (globalThis.values = api.forward(floatsOf(text), weights))"
    engine.evaluate(code, text_of(images[3]))
    return {name: v[3] for name, v in pre_activation.items()}, {
        name: v[3] for name, v in activation.items()
    }


def explained(engine, name, place):
    """What the page says about one activation; place: an index into the layer."""
    axes = ["row", "column", "channel"] if len(place) == 3 else ["index"]
    at = dict(zip(axes, map(int, place), strict=True))
    return engine.evaluate("([name, at]) => api.explain(name, at, values, weights)", [name, at])


def places(values):
    """The largest, the smallest, the first and the last of a layer."""
    numbers = [values.argmax(), values.argmin(), 0, values.size - 1]
    return [np.unravel_index(number, values.shape) for number in numbers]


@pytest.mark.parametrize("name", WEIGHTED)
def test_the_terms_add_up_to_the_activation_to_the_bit(name, engine, one, weights):
    pre_activation, activation = one
    kernel, bias = weights[name]
    for place in places(pre_activation[name]):
        explanation = explained(engine, name, place)
        total = float(bias[place[-1]])
        assert explanation["bias"] == total
        for term in explanation["terms"]:
            total += term["input"] * term["weight"]
            assert term["product"] == term["input"] * term["weight"]
            assert term["sum"] == total
        assert explanation["sum"] == total
        assert np.float32(total) == explanation["preActivation"] == pre_activation[name][place]
        assert explanation["activation"] == activation[name][place]
        assert len(explanation["terms"]) == kernel[..., 0].size


@pytest.mark.parametrize("name", WEIGHTED)
def test_a_term_is_the_input_and_the_weight_that_it_names(name, engine, one, weights):
    """In the order channel, row, column; of a dense layer, in the order of its inputs."""
    pre_activation, activation = one
    inputs, kernel = activation[SOURCES[name]], weights[name][0]
    for place in places(pre_activation[name]):
        terms = explained(engine, name, place)["terms"]
        if name.startswith("dense"):
            wanted = [((i,), inputs[i], kernel[i, place[0]]) for i in range(len(inputs))]
        else:
            row, column, output = place
            wanted = [
                ((c, row + r, column + k), inputs[row + r, column + k, c], kernel[r, k, c, output])
                for c, r, k in product(range(kernel.shape[2]), range(3), range(3))
            ]
        axes = ["index"] if name.startswith("dense") else ["channel", "row", "column"]
        found = [(tuple(t[axis] for axis in axes), t["input"], t["weight"]) for t in terms]
        assert found == wanted


@pytest.mark.parametrize("name", ["max_pooling2d_1", "max_pooling2d_2"])
def test_a_pooled_value_is_the_largest_of_the_four_that_are_shown(name, engine, one):
    _, activation = one
    for place in places(activation[name]):
        row, column, channel = place
        explanation = explained(engine, name, place)
        corners = list(product((2 * row, 2 * row + 1), (2 * column, 2 * column + 1)))
        values = [activation[SOURCES[name]][*corner, channel] for corner in corners]
        found = [
            (choice["row"], choice["column"], choice["value"]) for choice in explanation["choices"]
        ]
        assert found == [(*corner, value) for corner, value in zip(corners, values, strict=True)]
        assert (
            max(values)
            == explanation["preActivation"]
            == explanation["activation"]
            == activation[name][place]
        )


def test_a_flat_value_says_where_it_stood(engine, one):
    _, activation = one
    for index in (0, 63, 64, 330, 575):
        explanation = explained(engine, "flatten_1", (index,))
        place = (
            explanation["from"]["row"],
            explanation["from"]["column"],
            explanation["from"]["channel"],
        )
        assert place == np.unravel_index(index, (3, 3, 64))
        assert (
            explanation["activation"]
            == activation["conv2d_3"][place]
            == activation["flatten_1"][index]
        )


FIELDS = {
    "conv2d_1": (1, 3),
    "max_pooling2d_1": (2, 4),
    "conv2d_2": (2, 8),
    "max_pooling2d_2": (4, 10),
    "conv2d_3": (4, 18),
}
"""By layer: how many pixels further the next activation sees, and how many each sees."""


def fields(engine, questions):
    """(top, left, bottom, right) for each question: a layer and a place in it."""
    code = "(all) => all.map(([name, at]) => api.receptiveField(name, at))"
    found = engine.evaluate(code, questions)
    return [tuple(field[side] for side in ("top", "left", "bottom", "right")) for field in found]


@pytest.mark.parametrize("name", FIELDS)
def test_an_activation_sees_3_4_8_10_or_18_pixels(name, engine):
    step, size = FIELDS[name]
    spots = list(product(range(SHAPES[name][0]), repeat=2))
    found = fields(engine, [[name, {"row": r, "column": c, "channel": 5}] for r, c in spots])
    assert found == [
        (step * r, step * c, step * r + size - 1, step * c + size - 1) for r, c in spots
    ]


def test_a_flat_value_sees_18_pixels_and_a_dense_one_26(engine):
    spots = [np.unravel_index(index, (3, 3, 64)) for index in range(576)]
    found = fields(engine, [["flatten_1", {"index": index}] for index in range(576)])
    assert found == [
        (4 * row, 4 * column, 4 * row + 17, 4 * column + 17) for row, column, _ in spots
    ]
    dense = [["dense_1", {"index": 63}], ["dense_2", {"index": 0}]]
    assert fields(engine, dense) == [(0, 0, 25, 25)] * 2


def changed(image, part, rng):
    """The image with new random pixels in a part of it."""
    image = image.copy()
    image[part] = rng.random(image[part].shape)
    return image


@pytest.mark.parametrize("name", FIELDS)
def test_what_lies_outside_of_the_field_never_matters_and_its_edges_do(name, engine):
    rng = np.random.default_rng(7)
    image = rng.random((28, 28)).astype(np.float32)
    last = SHAPES[name][0] - 1
    for spot in [(0, 0), (last, last), (last // 2, last)]:
        question = [name, {"row": spot[0], "column": spot[1], "channel": 0}]
        [(top, left, bottom, right)] = fields(engine, [question])
        inside = np.zeros((28, 28), bool)
        inside[top : bottom + 1, left : right + 1] = True
        rows, columns = slice(top, bottom + 1), slice(left, right + 1)
        edges = [(top, columns), (bottom, columns), (rows, left), (rows, right)]
        variants = [image, *(changed(image, part, rng) for part in [~inside, *edges])]
        values = computed(engine, np.stack(variants)[..., np.newaxis])[name][:, *spot]
        assert np.array_equal(values[1], values[0])
        assert all((value != values[0]).any() for value in values[2:])


def test_108_pixels_are_seen_by_nobody(engine):
    rng = np.random.default_rng(8)
    image = rng.random((28, 28)).astype(np.float32)
    unseen = np.ones((28, 28), bool)
    unseen[:26, :26] = False
    variants = np.stack([image, changed(image, unseen, rng)])[..., np.newaxis]
    found = computed(engine, variants)
    assert unseen.sum() == 108
    assert all(np.array_equal(*found[name]) for name in ("conv2d_3", "dense_1", "dense_2"))
    assert not np.array_equal(*found["conv2d_1"])
