"""The way back in JavaScript, against NumPy and Keras; every gradient as a sum, to the last bit."""

import keras
import numpy as np
import pytest
from javascript import SHAPES, SOURCES, WEIGHTED, bytes_of, floats_of, text_of

from mnist_lib.architecture import FOLLOWED
from mnist_lib.data import load_followed_digit
from mnist_lib.pretrained import load_golden_outputs
from mnist_lib.reference import (
    backward,
    conv2d_gradients,
    dense_gradients,
    max_pool2d_gradient,
    relu_gradient,
)

# Float32 is stored here, NumPy computes in float64: relative to the largest number of an array.
NUMPY = 1e-5

SHAPED = {"image": (28, 28, 1)} | SHAPES

BACKWARD = """(text, label) => {
  const outputs = api.forward(floatsOf(text), weights);
  const back = api.backward(label, outputs, weights);
  Object.assign(globalThis, { values: outputs, back });
  return {
    loss: back.loss,
    errors: Object.fromEntries(Object.entries(back.errors).map(([k, v]) => [k, textOf(v)])),
    gradients: Object.entries(back.gradients).flatMap(([name, { kernel, bias }]) =>
      [[`${name}/kernel`, textOf(kernel)], [`${name}/bias`, textOf(bias)]]),
  }; }"""


def way_back(engine, image, label):
    """Loss, errors and gradients as JavaScript has them, and in the page's `back` and `values`."""
    code = f"([text, label]) => ({BACKWARD})(text, label)"
    found = engine.evaluate(code, [text_of(image), int(label)])
    errors = {name: floats_of(text) for name, text in found["errors"].items()}
    return found["loss"], errors, {name: floats_of(text) for name, text in found["gradients"]}


def gap(found, wanted):
    """The largest difference, relative to the largest number."""
    wanted = np.ravel(wanted)
    assert found.shape == wanted.shape
    return np.abs(found - wanted).max() / max(np.abs(wanted).max(), 1e-30)


@pytest.fixture(scope="module")
def digits(embedded):
    """The golden digits with their labels, and sixty more: of some the label is a wrong one."""
    test, followed = embedded.test, load_followed_digit()
    found = []
    for golden in load_golden_outputs():
        data = followed if golden["split"] == "train" else test
        place = 0 if golden["split"] == "train" else golden["index"]
        found.append((data.images[place], golden["gradients"]["label"]))
    more = zip(test.images[3::17], test.labels[3::17], strict=True)
    found += [(image, (label + n % 2) % 10) for n, (image, label) in enumerate(more)]
    return found


def test_every_gradient_and_every_error_is_that_of_numpy(engine, digits, weights):
    assert len(digits) == 11 + 59
    doubles = {name: tuple(map(np.float64, pair)) for name, pair in weights.items()}
    for image, label in digits:
        loss, errors, gradients = way_back(engine, image, label)
        wanted = backward(np.float64([image]), np.array([label]), doubles)
        assert abs(loss - wanted.loss) <= 1e-5 * max(1, wanted.loss)
        arrays = {
            f"{name}/{part}": array
            for name, pair in wanted.weights.items()
            for part, array in zip(("kernel", "bias"), pair, strict=True)
        }
        assert list(gradients) == [f"{name}/{p}" for name in WEIGHTED for p in ("kernel", "bias")]
        assert sum(array.size for array in gradients.values()) == 93_322
        assert errors.keys() == {"image", *SHAPES}
        for name, array in arrays.items():
            assert gap(gradients[name], array) <= NUMPY, name
        for name in list(SHAPES)[3:]:
            assert gap(errors[name], wanted.errors[name]) <= NUMPY, name


def routed(activation, first, weights):
    """The errors of all layers by NumPy's rules, given those of the logits and all activations."""
    maps = {name: a.reshape(1, *SHAPED[name]).astype(np.float64) for name, a in activation.items()}
    errors, error = {}, first.astype(np.float64).reshape(1, 10)
    for name in reversed(SHAPES):
        if name in WEIGHTED[:4]:
            error = relu_gradient(maps[name], error)
        errors[name] = error
        source = maps[SOURCES[name]]
        if name.startswith("max"):
            error = max_pool2d_gradient(source, error)
        elif name.startswith("flatten"):
            error = error.reshape(source.shape)
        else:
            rule = conv2d_gradients if name.startswith("conv") else dense_gradients
            error = rule(source, weights[name][0].astype(np.float64), error)[1]
    return errors | {"image": error}


def test_every_error_follows_from_the_activations_of_the_page(engine, digits, weights):
    """Where four numbers differ by a rounding only, NumPy in float32 may find another winner."""
    for image, label in digits:
        _, errors, _ = way_back(engine, image, label)
        activation = activations(engine) | {"image": image}
        for name, wanted in routed(activation, errors["dense_2"], weights).items():
            assert gap(errors[name], wanted) <= 1e-6, name


def activations(engine, kind="activation"):
    """Those of the digit that went last through `way_back`, by layer."""
    row = floats_of(engine.evaluate("(kind) => chained(values[kind])", kind))
    cuts = np.cumsum([np.prod(shape) for shape in SHAPES.values()])[:-1]
    return dict(zip(SHAPES, np.split(row, cuts), strict=True))


def test_the_golden_gradients_are_those_of_keras(engine, digits):
    for (image, label), golden in zip(digits, load_golden_outputs(), strict=False):
        recorded = golden["gradients"]
        loss, _, gradients = way_back(engine, image, label)
        assert abs(loss - recorded["loss"]) < 1e-5
        for path, largest in recorded["largest"].items():
            for place, value in largest:
                assert abs(gradients[path][place] - value) <= 1e-5 * abs(largest[0][1])


def test_most_errors_are_0_and_of_the_followed_weight_26_terms_are_left(engine):
    digit = load_followed_digit()
    way_back(engine, digit.images[0], digit.labels[0])
    target = {"name": FOLLOWED.layer, "part": "kernel", "place": list(FOLLOWED.place)}
    found = engine.evaluate("(target) => api.explainWeight(target, values, weights, back)", target)
    assert found["counts"] == {"positions": 676, "inputs": 99, "open": 69, "reached": 26}
    assert len(found["terms"]) == 26
    assert round(found["gradient"], 4) == -2.4298


# Every gradient as a sum


@pytest.fixture(scope="module")
def followed(engine, weights):
    """The digit that the book follows: its outputs, errors and gradients, in the page too."""
    digit = load_followed_digit()
    _, errors, gradients = way_back(engine, digit.images[0], digit.labels[0])
    activation, pre_activation = activations(engine), activations(engine, "preActivation")
    activation["image"] = np.ravel(digit.images[0])
    return activation, pre_activation, errors, gradients


def chosen(array, some=8):
    """The largest, the smallest, the first, the last, and a few others."""
    rng = np.random.default_rng(array.size)
    return {*map(int, (array.argmax(), array.argmin(), 0, array.size - 1))} | {
        *map(int, rng.integers(0, array.size, some))
    }


def added_up(terms):
    total = 0.0
    for term in terms:
        assert term["product"] != 0
        total += term["product"]
        assert term["sum"] == total
    return total


@pytest.mark.parametrize("name", WEIGHTED)
@pytest.mark.parametrize("part", ["kernel", "bias"])
def test_the_terms_of_a_weight_add_up_to_its_gradient_to_the_bit(
    name, part, engine, followed, weights
):
    activation, pre_activation, errors, gradients = followed
    array = weights[name][part == "bias"]
    found = gradients[f"{name}/{part}"]
    for index in chosen(found):
        place = [int(n) for n in np.unravel_index(index, array.shape)]
        target = {"name": name, "part": part, "place": place}
        said = engine.evaluate("(t) => api.explainWeight(t, values, weights, back)", target)
        assert np.float32(said["weight"]) == array[tuple(place)]
        assert np.float32(added_up(said["terms"])) == np.float32(said["gradient"]) == found[index]
        assert said["sum"] == added_up(said["terms"])
        if name.startswith("dense"):
            inputs = 1 if part == "bias" else activation[SOURCES[name]][place[0]]
            products = [float(inputs) * float(errors[name][place[-1]])]
            assert [t["product"] for t in said["terms"]] == [p for p in products if p]
            continue
        check_positions(said, name, place, part, (activation, pre_activation, errors))


def check_positions(said, name, place, part, computed):
    """Each term is an input and an error of the position that it names; none is left out."""
    activation, pre_activation, errors = (
        {key: value.reshape(SHAPED[key]) for key, value in d.items()} for d in computed
    )
    rows, columns, _ = SHAPES[name]
    error = errors[name][:, :, place[-1]]
    inputs = np.ones((rows, columns), np.float32)
    if part == "kernel":
        row, column, channel, _ = place
        inputs = activation[SOURCES[name]][row : row + rows, column : column + columns, channel]
    products = inputs.astype(np.float64) * error
    wanted = [(int(r), int(c), products[r, c]) for r, c in np.argwhere(products)]
    assert [(t["row"], t["column"], t["product"]) for t in said["terms"]] == wanted
    ink, on = inputs != 0, pre_activation[name][:, :, place[-1]] > 0
    assert list(said["counts"].values()) == [
        rows * columns,
        ink.sum(),
        (ink & on).sum(),
        (ink & on & (error != 0)).sum(),
    ]
    assert len(said["positions"]) == rows * columns
    assert [p["product"] for p in said["positions"]] == products.ravel().tolist()


@pytest.mark.parametrize("name", SHAPED)
def test_the_terms_of_an_error_add_up_to_it_to_the_bit(name, engine, followed):
    activation, _, errors, _ = followed
    shape = SHAPED[name]
    axes = ["row", "column", "channel"] if len(shape) == 3 else ["index"]
    for index in chosen(errors[name], 20):
        place = [int(n) for n in np.unravel_index(index, shape)]
        at = dict(zip(axes, place, strict=True))
        said = engine.evaluate(
            "([name, at]) => api.explainError(name, at, values, weights, back)", [name, at]
        )
        has_relu = name in WEIGHTED[:4]
        assert said["open"] == (bool(activation[name][index] > 0) if has_relu else None)
        if "terms" in said:
            assert added_up(said["terms"]) == said["handedBack"]
        passed = 0 if said["open"] is False else np.float32(said["handedBack"])
        assert np.float32(said["error"]) == passed == errors[name][index]


def test_each_output_hands_its_error_back_to_the_patch_that_it_read(engine, followed, weights):
    _, _, errors, _ = followed
    kernel, error = weights["conv2d_2"][0], errors["conv2d_2"].reshape(SHAPES["conv2d_2"])
    at = {"row": 5, "column": 8, "channel": 3}
    said = engine.evaluate(
        "(at) => api.explainError('max_pooling2d_1', at, values, weights, back)", at
    )
    wanted = [
        (y, x, f, float(error[y, x, f]) * float(kernel[5 - y, 8 - x, 3, f]))
        for y in range(3, 6)
        for x in range(6, 9)
        for f in range(64)
        if error[y, x, f]
    ]
    assert said["possible"] == 9 * 64
    assert len(wanted) > 5
    assert [(t["row"], t["column"], t["filter"], t["product"]) for t in said["terms"]] == wanted
    corner = {"row": 0, "column": 12, "channel": 3}
    said = engine.evaluate(
        "(at) => api.explainError('max_pooling2d_1', at, values, weights, back)", corner
    )
    assert said["possible"] == 64, "one position reads a corner"


def test_of_equal_winners_the_first_gets_the_error_and_a_leftover_row_nothing(engine):
    code = """() => {
      const input = Float32Array.from([1, 7, 9, 4, 7, 9, 2, 2, 9]);
      return [...api.maxPool2dGradient(input, [3, 3, 1], Float32Array.of(5))]; }"""
    assert engine.evaluate(code) == [0, 5, 0, 0, 0, 0, 0, 0, 0]


# A step


def test_a_nudge_moves_one_weight_and_no_other(engine, weights):
    for name, (kernel, bias) in weights.items():
        for part, array in (("kernel", kernel), ("bias", bias)):
            place = tuple(int(n) - 1 for n in array.shape)
            code = """(target) => {
              const moved = api.nudged(weights, target, 0.5);
              return Object.values(moved).map(({ kernel, bias }) => textOf([...kernel, ...bias]));
            }"""
            target = {"name": name, "part": part, "place": list(place)}
            found = np.concatenate([floats_of(text) for text in engine.evaluate(code, target)])
            moved = weights | {name: [array.copy() for array in weights[name]]}
            moved[name][part == "bias"][place] += np.float32(0.5)
            wanted = np.frombuffer(bytes_of(moved), "<f4")
            assert np.array_equal(found, wanted), (name, part)


def keras_steps(optimizer, gradients, weights, steps):
    """What an optimizer of Keras makes of the weights, given the same gradients each time."""
    variables = [keras.Variable(array) for pair in weights.values() for array in pair]
    optimizer.build(variables)
    for _ in range(steps):
        optimizer.apply(gradients, variables)
    return np.concatenate([np.ravel(variable) for variable in variables])


@pytest.mark.parametrize("rule", ["descentStep", "rmspropStep"])
def test_three_steps_are_those_of_keras(rule, engine, followed, weights):
    _, _, _, gradients = followed
    code = """(rule) => {
      let [moved, means] = [weights, null];
      for (let step = 0; step < 3; step++) {
        if (rule === "descentStep") moved = api.descentStep(moved, back.gradients, 0.01);
        else ({ weights: moved, means } = api.rmspropStep(moved, back.gradients, means, 0.01));
      }
      return Object.values(moved).map(({ kernel, bias }) => textOf([...kernel, ...bias])); }"""
    found = np.concatenate([floats_of(text) for text in engine.evaluate(code, rule)])
    arrays = [
        gradients[f"{name}/{part}"].reshape(array.shape)
        for name, pair in weights.items()
        for part, array in zip(("kernel", "bias"), pair, strict=True)
    ]
    optimizer = {"descentStep": keras.optimizers.SGD, "rmspropStep": keras.optimizers.RMSprop}
    wanted = keras_steps(optimizer[rule](0.01), arrays, weights, 3)
    start = np.frombuffer(bytes_of(weights), "<f4")
    assert np.abs(wanted - start).max() > 0.01
    # Float32 in both: three roundings of a weight, and of the steps themselves.
    assert np.abs(found - wanted).max() < 1e-5
