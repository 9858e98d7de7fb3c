"""The network in JavaScript, on an empty page: its functions against Keras, NumPy and Python."""

import base64
from itertools import product

import keras
import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from playwright.sync_api import Error

from mnist_lib.explorer.payload import (
    SOURCE,
    STYLE,
    about_weights,
    as_classic_script,
    reference_digits,
)
from mnist_lib.handwriting import styles, write
from mnist_lib.preprocessing import PAD_SIDE, ImageError, prepare_digit, rasterise
from mnist_lib.pretrained import load_provenance

# Both languages compute in float64 and keep float32: far within one grey level, which is 1/255.
ROUNDING = 1e-6
# Keras adds the same terms in another order, and in float32.
KERAS = 1e-5

# Arrays travel as base64: as lists of numbers they would take minutes.
HELPERS = """
const { api } = globalThis.mnistExplorer;
const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const floatsOf = (text) => new Float32Array(bytesOf(text).buffer);
function textOf(values) {
  let text = "";
  for (const byte of new Uint8Array(Float32Array.from(values).buffer))
    text += String.fromCharCode(byte);
  return btoa(text);
}
function* imagesOf(text) {
  const pixels = floatsOf(text);
  for (let i = 0; i < pixels.length; i += 784) yield pixels.subarray(i, i + 784);
}
const each = (text, work) => Array.from(imagesOf(text), work);
const chained = (values) => textOf(api.LAYERS.flatMap(({ name }) => Array.from(values[name])));
function prepared(ink, height, width) {
  const steps = api.prepareDigit(ink, height, width);
  return steps && { ...steps, digit: textOf(steps.digit), small: textOf(steps.small) };
}
"""

SHAPES = {
    "conv2d_1": (26, 26, 32),
    "max_pooling2d_1": (13, 13, 32),
    "conv2d_2": (11, 11, 64),
    "max_pooling2d_2": (5, 5, 64),
    "conv2d_3": (3, 3, 64),
    "flatten_1": (576,),
    "dense_1": (64,),
    "dense_2": (10,),
}
SOURCES = dict(zip(SHAPES, ["image", *SHAPES], strict=False))
WEIGHTED = ["conv2d_1", "conv2d_2", "conv2d_3", "dense_1", "dense_2"]


def text_of(array, dtype="<f4"):
    return base64.b64encode(np.ascontiguousarray(array, dtype).tobytes()).decode()


def floats_of(text):
    return np.frombuffer(base64.b64decode(text), "<f4")


def bytes_of(weights):
    return b"".join(array.astype("<f4").tobytes() for pair in weights.values() for array in pair)


@pytest.fixture(scope="module")
def engine(browser, weights):
    """An empty page with the functions, and the shipped weights in its `weights`."""
    tab = browser.new_page()
    classic = as_classic_script(SOURCE.read_text(encoding="utf-8"))
    for code in ("globalThis.mnistExplorer = {};", classic, HELPERS):
        tab.add_script_tag(content=code)
    packed = base64.b64encode(bytes_of(weights)).decode()
    tab.evaluate("(text) => void (globalThis.weights = api.decodeWeights(text))", packed)
    yield tab
    tab.close()


# The picture.

DRAWINGS = [write(what, style) for what, names in styles().items() for style in names]

EDGES = {
    "nothing": [],
    "a dot": [[(0.5, 0.5)]],
    "a dot between pixels": [[(0.3333, 0.77)]],
    "a dot in a corner": [[(0, 0)]],
    "a dot twice": [[(0.2, 0.2), (0.2, 0.2)]],
    "half a dot": [[(1.02, 0.4)]],
    "outside": [[(1.2, 0.4), (1.4, 0.9)], [(0.5, -0.3)]],
    "through the pad and beyond": [[(-3, 0.2), (5, 0.7)]],
    "all round the pad": [[(-0.1, -0.1), (1.1, -0.1), (1.1, 1.1), (-0.1, 1.1), (-0.1, -0.1)]],
    "a cross": [[(0.2, 0.2), (0.8, 0.8)], [(0.8, 0.2), (0.2, 0.8)]],
    "back and forth": [[(0.3, 0.5), (0.7, 0.5), (0.4, 0.5)]],
}


def as_lists(drawing):
    return [np.asarray(stroke, float).tolist() for stroke in drawing]


@pytest.mark.parametrize("drawings", [DRAWINGS, list(EDGES.values())], ids=["recorded", "edges"])
def test_the_ink_of_strokes_is_that_of_python(engine, drawings):
    assert len(DRAWINGS) >= 40
    found = engine.evaluate(
        "(drawings) => drawings.map((strokes) => textOf(api.rasterise(strokes)))",
        [as_lists(drawing) for drawing in drawings],
    )
    for text, drawing in zip(found, drawings, strict=True):
        apart = np.abs(floats_of(text).reshape(PAD_SIDE, PAD_SIDE) - rasterise(drawing))
        assert apart.max() <= ROUNDING


def check_steps(steps, ink):
    """The digit is that of Python, and so is every step that the page shows on the way to it."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    box = {"top": rows[0], "left": columns[0]}
    assert steps["box"] == box | {"height": np.ptp(rows) + 1, "width": np.ptp(columns) + 1}
    digit, small = floats_of(steps["digit"]).reshape(28, 28), floats_of(steps["small"])
    assert np.abs(digit - prepare_digit(ink)[:, :, 0]).max() <= ROUNDING
    small = small.reshape(20, 20)
    top, left = int(steps["top"]) + 12, int(steps["left"]) + 12
    assert np.array_equal(small, np.pad(digit, 12)[top : top + 20, left : left + 20])
    centre = [(small.sum(axis=axis) @ (np.arange(20) + 0.5)) / small.sum() for axis in (1, 0)]
    assert np.abs(np.subtract(steps["centre"], centre)).max() <= 20 * ROUNDING


def test_drawings_are_normalised_as_in_python(engine):
    found = engine.evaluate(
        f"""(drawings) => drawings.map(
          (strokes) => prepared(api.rasterise(strokes), {PAD_SIDE}, {PAD_SIDE}))""",
        [as_lists(drawing) for drawing in DRAWINGS],
    )
    for steps, drawing in zip(found, DRAWINGS, strict=True):
        check_steps(steps, rasterise(drawing))


def check_enlarged(engine, images):
    found = engine.evaluate(
        """(text) => each(text, (image) => prepared(
          Float32Array.from({ length: 78400 }, (_, i) =>
            image[28 * Math.floor(i / 2800) + Math.floor((i % 280) / 10)]), 280, 280))""",
        text_of(images),
    )
    for steps, image in zip(found, images[:, :, :, 0], strict=True):
        check_steps(steps, image.repeat(10, axis=0).repeat(10, axis=1))


def test_digits_enlarged_ten_times_are_normalised_as_in_python(engine, embedded):
    check_enlarged(engine, embedded.test.images[::3])


def test_the_three_test_digits_that_do_not_come_back_are_normalised_as_in_python(engine, full):
    check_enlarged(engine, full.test.images[[4530, 8688, 9302]])


def odd_inks():
    """Odd sizes, one pixel, ink in a corner, faint and symmetric ink, whose centre is a tie."""
    rng = np.random.default_rng(5)
    for height, width in [(1, 1), (3, 91), (57, 20), (19, 19), (280, 280)]:
        yield rng.random((height, width))
        one = np.zeros((height, width))
        one[rng.integers(height), rng.integers(width)] = 0.01
        yield one
    corner = np.zeros((90, 90))
    corner[:3, :3], corner[89, 89] = 1, 0.004
    yield from (corner, corner[::-1], corner[:, ::-1] * 0.3, corner[::-1, ::-1])
    for height, width in product(range(1, 60, 7), (1, 8, 21, 33)):
        yield np.pad(np.full((height, width), 0.6), ((3, 0), (0, 5)))


def test_odd_ink_is_normalised_as_in_python(engine):
    inks = [ink.astype(np.float32) for ink in odd_inks()]
    found = engine.evaluate(
        "(inks) => inks.map(([text, ...size]) => prepared(floatsOf(text), ...size))",
        [[text_of(ink), *ink.shape] for ink in inks],
    )
    for steps, ink in zip(found, inks, strict=True):
        check_steps(steps, ink)


def test_no_ink_is_no_digit_in_both_languages(engine):
    assert engine.evaluate("() => api.prepareDigit(new Float32Array(600), 20, 30)") is None
    with pytest.raises(ImageError):
        prepare_digit(np.zeros((20, 30)))


def test_without_normalisation_a_block_of_ten_by_ten_becomes_a_pixel(engine):
    drawing = DRAWINGS[17]
    code = "(strokes) => textOf(api.shrink(api.rasterise(strokes)))"
    found = floats_of(engine.evaluate(code, as_lists(drawing))).reshape(28, 28)
    blocks = rasterise(drawing).reshape(28, 10, 28, 10).mean(axis=(1, 3), dtype=np.float64)
    assert np.abs(found - blocks).max() <= ROUNDING


# The network.


@pytest.fixture(scope="module")
def images(embedded):
    """The ten reference digits, the first of each class, and a hundred more."""
    test = embedded.test
    first = [int(np.argmax(test.labels == digit)) for digit in range(10)]
    return np.concatenate([test.images[first], test.images[5::10]])


def computed(engine, images, when="after"):
    """What JavaScript computes for images: (n, …) arrays by layer, before or after activation."""
    code = f"(text) => each(text, (image) => chained(api.forward(image, weights).{when}))"
    chains = np.stack([floats_of(text) for text in engine.evaluate(code, text_of(images))])
    sizes = [int(np.prod(shape)) for shape in SHAPES.values()]
    parts = np.split(chains, np.cumsum(sizes), axis=1)
    return {
        name: part.reshape(-1, *shape)
        for (name, shape), part in zip(SHAPES.items(), parts, strict=False)
    } | {"image": images}


@pytest.fixture(scope="module")
def after(engine, images):
    return computed(engine, images)


@pytest.fixture(scope="module")
def before(engine, images):
    return computed(engine, images, "before")


def test_the_layers_are_those_of_keras(engine, pretrained):
    layers = engine.evaluate("() => api.LAYERS")
    assert {layer["name"]: tuple(layer["shape"]) for layer in layers} == SHAPES
    assert [layer.name for layer in pretrained.layers] == list(SHAPES)
    assert [tuple(layer.output.shape[1:]) for layer in pretrained.layers] == list(SHAPES.values())
    assert {layer["name"]: layer["source"] for layer in layers} == SOURCES


def test_every_activation_is_that_of_keras(after, images, pretrained):
    network = keras.Model(pretrained.inputs[0], [layer.output for layer in pretrained.layers])
    assert len(images) == 110
    for name, output in zip(SHAPES, network(images), strict=True):
        assert np.abs(after[name] - np.asarray(output)).max() < KERAS, name


@pytest.mark.parametrize("name", WEIGHTED)
def test_a_sum_is_taken_in_float64_and_rounded_once(name, before, after, weights):
    """Up to the last bit where float64, added in another order, lies between two float32."""
    kernel, bias = (array.astype(np.float64) for array in weights[name])
    inputs = after[SOURCES[name]][:20].astype(np.float64)
    if name.startswith("conv"):
        inputs = sliding_window_view(inputs, (3, 3), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
        inputs = inputs.reshape(*inputs.shape[:3], -1)
    sums = inputs @ kernel.reshape(-1, len(bias)) + bias
    apart = np.abs(before[name][:20] - sums)
    assert (apart <= 0.501 * np.spacing(np.abs(sums).astype(np.float32))).all()


def test_relu_follows_four_layers_and_no_other(before, after):
    for name in SHAPES:
        bent = name in WEIGHTED[:4]
        if name != "dense_2":
            assert np.array_equal(
                after[name], np.maximum(before[name], 0) if bent else before[name]
            )


def same_answers(engine, digits, pretrained):
    """How many digits are right, where JavaScript and Keras give every one the same answer."""
    found = []
    for start in range(0, len(digits), 1000):
        code = """(text) => each(text, (image) => {
          const { dense_2: scores } = api.forward(image, weights).after;
          return scores.indexOf(Math.max(...scores)); })"""
        found += engine.evaluate(code, text_of(digits.images[start : start + 1000]))
    wanted = pretrained.predict(digits.images, batch_size=1000, verbose=0).argmax(axis=1)
    assert np.array_equal(found, wanted)
    return int((wanted == digits.labels).sum())


def test_every_embedded_test_digit_gets_the_answer_of_keras(engine, embedded, pretrained):
    assert len(embedded.test) == 1000
    same_answers(engine, embedded.test, pretrained)


def test_every_one_of_10_000_test_digits_gets_the_answer_of_keras(engine, full, pretrained):
    assert len(full.test) == 10_000
    assert same_answers(engine, full.test, pretrained) == load_provenance()["test"]["correct"]


# One activation.


@pytest.fixture(scope="module")
def one(engine, after, before, images):
    """A digit in the page's `values`, and its layers before and after the activation."""
    code = "(text) => void (globalThis.values = api.forward(floatsOf(text), weights))"
    engine.evaluate(code, text_of(images[3]))
    return {name: v[3] for name, v in before.items()}, {name: v[3] for name, v in after.items()}


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
    before, after = one
    kernel, bias = weights[name]
    for place in places(before[name]):
        told = explained(engine, name, place)
        total = float(bias[place[-1]])
        assert told["bias"] == total
        for term in told["terms"]:
            total += term["input"] * term["weight"]
            assert term["product"] == term["input"] * term["weight"]
            assert term["sum"] == total
        assert told["sum"] == total
        assert np.float32(total) == told["before"] == before[name][place]
        assert told["after"] == after[name][place]
        assert len(told["terms"]) == kernel[..., 0].size


@pytest.mark.parametrize("name", WEIGHTED)
def test_a_term_is_the_input_and_the_weight_that_it_names(name, engine, one, weights):
    """In the order channel, row, column; of a dense layer, in the order of its inputs."""
    before, after = one
    inputs, kernel = after[SOURCES[name]], weights[name][0]
    for place in places(before[name]):
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
    _, after = one
    for place in places(after[name]):
        row, column, channel = place
        told = explained(engine, name, place)
        corners = list(product((2 * row, 2 * row + 1), (2 * column, 2 * column + 1)))
        values = [after[SOURCES[name]][*corner, channel] for corner in corners]
        found = [(choice["row"], choice["column"], choice["value"]) for choice in told["choices"]]
        assert found == [(*corner, value) for corner, value in zip(corners, values, strict=True)]
        assert max(values) == told["before"] == told["after"] == after[name][place]


def test_a_flat_value_says_where_it_stood(engine, one):
    _, after = one
    for index in (0, 63, 64, 330, 575):
        told = explained(engine, "flatten_1", (index,))
        place = told["from"]["row"], told["from"]["column"], told["from"]["channel"]
        assert place == np.unravel_index(index, (3, 3, 64))
        assert told["after"] == after["conv2d_3"][place] == after["flatten_1"][index]


# Which pixels it depends on.

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


# The last step, and the weights.


@pytest.mark.parametrize(
    "logits",
    [[0.0] * 10, [1000, -1000, 0, 1, 2, 3, 4, 5, 6, 7], [-7.5, 3.25, 11, 0, 2, 2, -1, 9, 10.5, 4]],
)
def test_softmax_takes_the_steps_of_numpy(engine, logits):
    """The last bits of an exponential, and of a sum in another order, are free."""
    steps = engine.evaluate("(logits) => api.softmaxSteps(logits)", logits)
    exponentials = np.exp(np.array(logits) - max(logits))
    bits = 8 * np.finfo(np.float64).eps
    assert steps["largest"] == max(logits)
    assert steps["shifted"] == [logit - max(logits) for logit in logits]
    assert np.allclose(steps["exponentials"], exponentials, rtol=bits, atol=0)
    assert np.isclose(steps["total"], exponentials.sum(), rtol=bits, atol=0)
    probabilities = exponentials / exponentials.sum()
    assert np.allclose(steps["probabilities"], probabilities, rtol=bits, atol=0)


def test_the_weights_are_those_of_python_from_text_and_from_bytes(engine, weights):
    """Bytes may start anywhere: in a notebook they come as a view into a message."""
    code = """(text) => {
      const shifted = new Uint8Array([7, ...bytesOf(text)]);
      return [text, new DataView(shifted.buffer, 1)].map((packed) =>
        Object.entries(api.decodeWeights(packed)).map(([name, { kernel, bias }]) =>
          [name, textOf(kernel), textOf(bias)])); }"""
    for found in engine.evaluate(code, base64.b64encode(bytes_of(weights)).decode()):
        for (name, *pair), wanted in zip(found, weights, strict=True):
            assert name == wanted
            for text, array in zip(pair, weights[name], strict=True):
                assert np.array_equal(floats_of(text), array.ravel())


@pytest.mark.parametrize("count", [0, 93_321, 93_323])
def test_weights_of_another_number_are_refused(engine, count):
    with pytest.raises(Error, match=f"expected 93322 weights, got {count}"):
        engine.evaluate("(text) => void api.decodeWeights(text)", text_of(np.zeros(count)))


# In a notebook: the module itself, as anywidget loads it.

OPEN = """async ([source, about, packed]) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const { default: widget } = await import(url);
  const shifted = new Uint8Array([7, ...bytesOf(packed)]);
  const traits = { about, layer: "all", weights: new DataView(shifted.buffer, 1) };
  const [unsaved, saved] = [{}, (globalThis.saved = {})];
  const model = {
    get: (key) => traits[key],
    set: (key, value) => (unsaved[key] = value),
    save_changes: () => Object.assign(saved, unsaved),
  };
  const el = document.body.appendChild(document.createElement("div"));
  widget.render({ model, el }); }"""

SAVED = """() => Object.fromEntries(Object.entries(saved).map(([key, value]) => [key,
  value instanceof DataView ? textOf(new Float32Array(value.buffer)) : value]))"""


@pytest.fixture
def notebook(browser, weights):
    """A page with the widget, and what it last saved for Python."""
    tab = browser.new_page()
    tab.add_script_tag(content="globalThis.mnistExplorer = {};" + HELPERS)
    tab.add_style_tag(content=STYLE.read_text(encoding="utf-8"))
    packed = bytes_of(weights)
    about = about_weights(packed, reference_digits())
    source = SOURCE.read_text(encoding="utf-8")
    tab.evaluate(OPEN, [source, about, base64.b64encode(packed).decode()])
    yield tab, lambda: tab.evaluate(SAVED)
    tab.close()


def check_saved(saved, image, pretrained):
    """What Python gets is the digit, and what Keras makes of it."""
    network = keras.Model(pretrained.inputs[0], [layer.output for layer in pretrained.layers])
    outputs = [np.asarray(output).ravel() for output in network(image[np.newaxis])]
    assert np.abs(floats_of(saved["_digit"]) - image.ravel()).max() <= ROUNDING
    assert np.abs(floats_of(saved["_probabilities"]) - outputs[-1]).max() < KERAS
    assert np.abs(floats_of(saved["_activations"]) - np.concatenate(outputs)).max() < KERAS


def test_a_notebook_gets_the_strokes_the_digit_and_every_activation(notebook, embedded, pretrained):
    tab, saved = notebook
    seven = embedded.test.images[np.argmax(embedded.test.labels == 7)]
    check_saved(saved(), seven, pretrained)
    tab.get_by_role("button", name="Clear").click()
    nothing = {"strokes": [], "_digit": "", "_probabilities": "", "_activations": ""}
    assert saved() == nothing
    box = tab.locator(".explorer-pad").bounding_box()
    corner, size = np.array([box["x"], box["y"]]), np.array([box["width"], box["height"]])
    drawn = []
    for stroke in [(0.3, 0.2), (0.7, 0.2), (0.4, 0.8)], [(0.3, 0.5), (0.7, 0.5)]:
        before = tab.evaluate_handle("saved.strokes")
        points = np.rint(corner + np.array(stroke) * size)
        tab.mouse.move(*points[0])
        tab.mouse.down()
        for point in points[1:]:
            tab.mouse.move(*point)
        assert before.json_value() == drawn, "what was sent stays as it was"
        tab.mouse.up()
        drawn.append(((points - corner) / size).tolist())
        assert np.allclose(np.concatenate(saved()["strokes"]), np.concatenate(drawn))
        check_saved(saved(), prepare_digit(rasterise(drawn)), pretrained)
