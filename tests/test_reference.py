"""Laws of `mnist_lib.reference`: what each layer is, checked by hand, by loops and by algebra."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import special

from mnist_lib.reference import (
    conv2d,
    cross_entropy,
    dense,
    flatten,
    forward,
    log_softmax,
    max_pool2d,
    relu,
    rounding_bound,
    softmax,
)

# Small integers in float64: sums of their products are exact, and so are comparisons.
WHOLE = st.integers(-9, 9).map(float)
SEEDS = st.integers(0, 2**32 - 1)


def whole(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.integers(-9, 10, shape).astype(float)


def layer_inputs(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images, kernel and bias of random small shapes, all whole numbers."""
    rng = np.random.default_rng(seed)
    n, channels, filters, rows, columns = rng.integers(1, 4, 5)
    height, width = rows + rng.integers(0, 5), columns + rng.integers(0, 5)
    kernel = whole(rng, rows, columns, channels, filters)
    return whole(rng, n, height, width, channels), kernel, whole(rng, filters)


# Shapes


def test_the_shapes_of_the_network_are_those_of_fig_1(embedded, weights):
    outputs = forward(embedded.test.images[:3], weights)
    assert {name: output.shape[1:] for name, output in outputs.items()} == {
        "conv2d_1": (26, 26, 32),
        "max_pooling2d_1": (13, 13, 32),
        "conv2d_2": (11, 11, 64),
        "max_pooling2d_2": (5, 5, 64),
        "conv2d_3": (3, 3, 64),
        "flatten_1": (576,),
        "dense_1": (64,),
        "dense_2": (10,),
    }
    assert all(len(output) == 3 for output in outputs.values())
    assert all(output.dtype == np.float32 for output in outputs.values())


@given(SEEDS)
def test_a_convolution_loses_the_kernels_size_less_one(seed):
    images, kernel, bias = layer_inputs(seed)
    n, height, width, _ = images.shape
    rows, columns, _, filters = kernel.shape
    wanted = (n, height - rows + 1, width - columns + 1, filters)
    assert conv2d(images, kernel, bias).shape == wanted


# Values worked by hand


def test_a_convolution_by_hand():
    """Two channels, one kernel: 1·1 + 2·0 + 3·0 + 4·(−1), plus 10 times the second channel's 5."""
    images = np.array([[1.0, 2.0], [3.0, 4.0]])[np.newaxis, :, :, np.newaxis]
    images = np.concatenate([images, np.full_like(images, 5.0)], axis=-1)
    kernel = np.zeros((2, 2, 2, 1))
    kernel[0, 0, 0], kernel[1, 1, 0], kernel[0, 1, 1] = 1, -1, 10
    assert conv2d(images, kernel, np.array([0.5])).ravel().tolist() == [1 - 4 + 50 + 0.5]


def test_the_kernel_is_not_flipped():
    images = np.arange(4.0).reshape(1, 1, 4, 1)
    kernel = np.array([1.0, 0.0]).reshape(1, 2, 1, 1)
    assert conv2d(images, kernel, np.zeros(1)).ravel().tolist() == [0, 1, 2]


def test_pooling_by_hand_drops_what_is_left_over():
    image = np.array([[1, 9, 2, 7], [3, 4, 8, 6], [99, 99, 99, 99]])
    assert max_pool2d(image.reshape(1, 3, 4, 1)).ravel().tolist() == [9, 8]
    assert max_pool2d(image.reshape(1, 3, 4, 1), size=3).ravel().tolist() == [99]


def test_relu_and_flatten_by_hand():
    assert relu(np.array([[-1.0, -0.0], [0.5, np.inf]])).tolist() == [[0, 0], [0.5, np.inf]]
    images = np.arange(12).reshape(1, 2, 3, 2)
    assert flatten(images).tolist() == [list(range(12))]


def test_a_dense_layer_by_hand():
    kernel = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
    assert dense(np.array([[1.0, 0.0, -1.0]]), kernel, np.array([0.0, 5.0])).tolist() == [[-2, -15]]


def test_softmax_by_hand():
    """Scores ln 1, ln 2, ln 5 are in the ratio 1 : 2 : 5; one rounding each."""
    probabilities = softmax(np.log([1.0, 2.0, 5.0]))
    assert probabilities.tolist() == pytest.approx([1 / 8, 2 / 8, 5 / 8], rel=1e-15)


def test_softmax_against_exact_fractions():
    """A Taylor series of 60 terms has more than 50 correct digits for scores as small as these."""

    def exponential(x: Fraction) -> Fraction:
        return sum((x**k / math.factorial(k) for k in range(60)), Fraction(0))

    scores = [Fraction(k, 8) for k in (-20, -3, 0, 5, 17)]
    exact = [exponential(x) / sum(map(exponential, scores)) for x in scores]
    for dtype in (np.float16, np.float32, np.float64):
        found = softmax(np.array([float(x) for x in scores], dtype))
        assert found.dtype == dtype
        # One exponential above, five in the sum, the sum itself and the quotient: each rounded.
        assert found.tolist() == pytest.approx(
            list(map(float, exact)), rel=8 * float(np.finfo(dtype).eps)
        )


# Independent references: loops


def conv2d_loops(images: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """The definition, one multiplication at a time."""
    n, height, width, _ = images.shape
    rows, columns, channels, filters = kernel.shape
    outputs = np.zeros((n, height - rows + 1, width - columns + 1, filters))
    for i, y, x, f in np.ndindex(outputs.shape):
        total = bias[f]
        for row, column, c in np.ndindex(rows, columns, channels):
            total += images[i, y + row, x + column, c] * kernel[row, column, c, f]
        outputs[i, y, x, f] = total
    return outputs


@given(SEEDS)
def test_conv2d_is_its_own_definition_in_loops(seed):
    inputs = layer_inputs(seed)
    assert np.array_equal(conv2d(*inputs), conv2d_loops(*inputs))


@given(SEEDS, st.integers(1, 3))
def test_max_pool2d_is_its_own_definition_in_loops(seed, size):
    images = layer_inputs(seed)[0]
    images = np.pad(images, ((0, 0), (0, size), (0, size), (0, 0)))
    n, height, width, channels = images.shape
    wanted = np.zeros((n, height // size, width // size, channels))
    for i, y, x, c in np.ndindex(wanted.shape):
        block = images[i, y * size : y * size + size, x * size : x * size + size, c]
        wanted[i, y, x, c] = max(block.ravel().tolist())
    assert np.array_equal(max_pool2d(images, size), wanted)


@given(SEEDS)
def test_dense_is_its_own_definition_in_loops(seed):
    rng = np.random.default_rng(seed)
    n, inputs, outputs = rng.integers(1, 6, 3)
    x, kernel, bias = whole(rng, n, inputs), whole(rng, inputs, outputs), whole(rng, outputs)
    wanted = [
        [bias[j] + sum(row[i] * kernel[i, j] for i in range(inputs)) for j in range(outputs)]
        for row in x.tolist()
    ]
    assert np.array_equal(dense(x, kernel, bias), wanted)


def test_forward_is_the_eight_layers_one_after_the_other(embedded, weights):
    """A digit of noise in whole numbers, so that the order of sums cannot matter."""
    rng = np.random.default_rng(0)
    small = {
        name: (rng.integers(-1, 2, k.shape).astype(float), rng.integers(-3, 4, b.shape))
        for name, (k, b) in weights.items()
    }
    x = rng.integers(0, 2, (1, 28, 28, 1)).astype(float)
    outputs = forward(x, small)
    for name in ("conv2d_1", "conv2d_2", "conv2d_3"):
        before = conv2d(x, *small[name])
        assert (before < 0).any(), "ReLU has something to do"
        assert np.array_equal(np.where(before > 0, before, 0), outputs[name])
        x = outputs[name]
        if name != "conv2d_3":
            x = outputs["max_pooling2d_" + name[-1]]
            assert np.array_equal(x, max_pool2d(outputs[name]))
    assert np.array_equal(outputs["flatten_1"], x.reshape(1, 576))
    hidden = np.maximum(outputs["flatten_1"] @ small["dense_1"][0] + small["dense_1"][1], 0)
    assert np.array_equal(outputs["dense_1"], hidden)
    assert np.array_equal(outputs["dense_2"], softmax(dense(hidden, *small["dense_2"])))


# Algebra


@given(SEEDS, WHOLE, WHOLE)
def test_conv2d_is_linear(seed, a, b):
    images, kernel, bias = layer_inputs(seed)
    others = whole(np.random.default_rng(seed + 1), *images.shape)
    together = conv2d(a * images + b * others, kernel, 0 * bias)
    separate = a * conv2d(images, kernel, 0 * bias) + b * conv2d(others, kernel, 0 * bias)
    assert np.array_equal(together, separate)


@given(SEEDS, st.integers(0, 3), st.integers(0, 3))
def test_conv2d_moves_with_the_image(seed, down, right):
    images, kernel, bias = layer_inputs(seed)
    moved = np.pad(images, ((0, 0), (down, 0), (right, 0), (0, 0)))
    assert np.array_equal(
        conv2d(moved, kernel, bias)[:, down:, right:], conv2d(images, kernel, bias)
    )


@given(SEEDS)
def test_an_image_of_the_batch_does_not_see_the_others(seed):
    images, kernel, bias = layer_inputs(seed)
    alone = [conv2d(image[np.newaxis], kernel, bias)[0] for image in images]
    assert np.array_equal(conv2d(images, kernel, bias), alone)


@given(SEEDS)
def test_pooling_commutes_with_monotone_maps(seed):
    images = np.pad(layer_inputs(seed)[0], ((0, 0), (0, 2), (0, 2), (0, 0)))
    for monotone in (relu, np.cbrt, np.exp, lambda x: 2 * x + 1, np.sign):
        assert np.array_equal(max_pool2d(monotone(images)), monotone(max_pool2d(images)))


@given(SEEDS)
def test_pooling_does_not_commute_with_a_falling_map(seed):
    """The example behind the law above: minus the maximum is the minimum of the rest."""
    images = np.random.default_rng(seed).permutation(16.0 * np.arange(16)).reshape(1, 4, 4, 1)
    assert not np.array_equal(max_pool2d(-images), -max_pool2d(images))


@given(arrays(np.float64, (3, 4), elements=st.floats(allow_nan=False)))
def test_relu_changes_nothing_twice_and_is_never_negative(x):
    once = relu(x)
    assert np.array_equal(relu(once), once)
    assert (once >= 0).all()
    assert np.array_equal(once - relu(-x), x) or np.isinf(x).any()


@given(SEEDS)
def test_flatten_is_undone_by_reshape(seed):
    images = layer_inputs(seed)[0]
    assert np.array_equal(flatten(images).reshape(images.shape), images)


ROWS = arrays(
    np.float32, st.tuples(st.integers(1, 4), st.just(10)), elements=st.floats(-1e4, 1e4, width=32)
)


@given(ROWS)
def test_softmax_rows_sum_to_one_and_keep_the_order(logits):
    probabilities = softmax(logits)
    assert probabilities.shape == logits.shape
    assert (probabilities >= 0).all()
    # Ten quotients and ten sums, each rounded once.
    assert np.abs(probabilities.sum(axis=-1) - 1).max() <= 20 * np.finfo(np.float32).eps
    best = np.take_along_axis(probabilities, logits.argmax(axis=-1, keepdims=True), axis=-1)
    assert np.array_equal(best[:, 0], probabilities.max(axis=-1))


@given(SEEDS, st.integers(-1000, 1000))
def test_softmax_does_not_change_when_all_scores_shift(seed, shift):
    logits = np.random.default_rng(seed).integers(-50, 50, (3, 10)).astype(float)
    assert np.array_equal(softmax(logits + shift), softmax(logits))


@given(SEEDS)
def test_softmax_permutes_with_its_scores(seed):
    """Up to the order of one sum of ten."""
    rng = np.random.default_rng(seed)
    logits, order = rng.normal(0, 5, (3, 10)), rng.permutation(10)
    found, wanted = softmax(logits[:, order]), softmax(logits)[:, order]
    assert (np.abs(found - wanted) <= 10 * np.finfo(float).eps * wanted).all()


def test_softmax_rows_do_not_see_each_other_whatever_the_shape():
    logits = np.random.default_rng(0).normal(0, 5, (2, 3, 10))
    assert np.array_equal(softmax(logits)[1, 2], softmax(logits[1, 2]))


# Extreme inputs: warnings are errors here, so an overflow anywhere would fail


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("sign", [1, -1])
def test_softmax_of_extreme_scores(dtype, sign):
    largest = np.finfo(dtype).max
    assert softmax(np.array([largest, 0, 0, 0], dtype)).tolist() == [1, 0, 0, 0]
    assert softmax(np.full(4, sign * largest, dtype)).tolist() == [0.25] * 4
    assert softmax(np.array([sign * 1000, 0, 0, 0], dtype)).max() == (
        1 if sign > 0 else 1 / dtype(3)
    )


def test_a_class_of_score_minus_infinity_has_probability_zero():
    assert softmax(np.array([0.0, -np.inf, 0.0])).tolist() == [0.5, 0, 0.5]


def test_nan_stays_in_its_own_row():
    probabilities = softmax(np.array([[1.0, np.nan], [0.0, 0.0]]))
    assert np.isnan(probabilities[0]).all()
    assert probabilities[1].tolist() == [0.5, 0.5]


def test_one_class_is_certain():
    assert softmax(np.array([[-3.0], [1e300]])).tolist() == [[1], [1]]


def exactly(logits):
    """Softmax and its logarithm of one row of floats, computed with 50 digits."""
    with mpmath.workdps(50):
        powers = [mpmath.exp(mpmath.mpf(float(value))) for value in logits]
        total = mpmath.fsum(powers)
        return [p / total for p in powers], [mpmath.log(p / total) for p in powers]


ROWS = {
    "far apart": [1000.0, 0, 0, 0],
    "far below": [-1000.0, 0, 0, 0],
    "near each other": [1e8, 1e8 + 1, 1e8 - 1],
    "equal": [0.1] * 10,
    "nothing beside the largest": [0.0, -40, -80],
    "tiny": [1e-300, -1e-300, 0],
    "one class": [3.0],
    **{f"drawn {seed}": np.random.default_rng(seed).normal(0, 20, 10) for seed in range(20)},
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("row", ROWS)
def test_softmax_and_its_logarithm_agree_with_fifty_digits(row, dtype):
    """Up to the rounding of ten sums; what is below the smallest number may be 0."""
    logits = np.array(ROWS[row], dtype)
    shares, logarithms = exactly(logits)
    eps, tiny = np.finfo(dtype).eps, np.finfo(dtype).tiny
    spread = float(logits.max() - logits.min())
    for found, wanted in zip(softmax(logits), shares, strict=True):
        assert abs(found - float(wanted)) <= (spread + 20) * eps * float(wanted) + tiny
    for found, wanted in zip(log_softmax(logits), logarithms, strict=True):
        assert abs(found - float(wanted)) <= 20 * eps * max(1, abs(float(wanted)))
        assert np.isfinite(found)


def test_a_certain_wrong_answer_has_a_finite_loss():
    assert cross_entropy(np.array([[1000.0, 0.0]]), np.array([1])) == 1000
    assert cross_entropy(np.array([[1000.0, 0.0]]), np.array([0])) == 0
    assert cross_entropy(np.array([[0.0, -np.inf]]), np.array([1])) == np.inf


SPECIAL = st.sampled_from([np.inf, -np.inf, np.nan, 1e308, -1e308, 0.0, -0.0, 710.0, -745.2])


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
@given(st.lists(st.floats(width=64) | SPECIAL, min_size=1, max_size=12))
def test_any_floats_get_what_scipy_gives(values):
    logits = np.array(values)
    np.testing.assert_allclose(softmax(logits), special.softmax(logits), rtol=1e-14, atol=0)
    if np.isfinite(logits.max()):
        ours, theirs = log_softmax(logits), special.log_softmax(logits)
        np.testing.assert_allclose(ours, theirs, rtol=1e-14, atol=1e-300)


# The examples of the ONNX operators Softmax and LogSoftmax, as published with the standard.
ONNX = {
    "example": ([[-1, 0, 1]], [[0.09003058, 0.24472848, 0.66524094]]),
    "large_number": (
        [[0, 1, 2, 3], [10000, 10001, 10002, 10003]],
        2 * [[0.032058604, 0.08714432, 0.23688284, 0.6439143]],
    ),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", ONNX)
def test_the_examples_of_onnx_come_out(case, dtype):
    logits, wanted = (np.array(part, dtype) for part in ONNX[case])
    tolerance = {"rtol": 1e-6, "atol": 0}
    np.testing.assert_allclose(softmax(logits), wanted, **tolerance)
    np.testing.assert_allclose(log_softmax(logits), np.log(wanted), **tolerance)


def test_extreme_images_stay_finite(weights):
    """Noise, black, white, and 10,000 times too bright."""
    images = np.stack([np.random.default_rng(0).random((28, 28, 1)), *np.zeros((3, 28, 28, 1))])
    images[2], images[3] = 1, 10_000
    probabilities = forward(images.astype(np.float32), weights)["dense_2"]
    assert np.isfinite(probabilities).all()


def test_no_layer_changes_its_input(weights):
    images = np.random.default_rng(0).random((2, 28, 28, 1)).astype(np.float32)
    before = images.copy()
    forward(images, weights)
    assert np.array_equal(images, before)


# The bound


@given(SEEDS)
def test_the_rounding_bound_holds_between_float32_and_float64(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(2, 8, 8, 16)).astype(np.float32)
    kernel = rng.normal(size=(3, 3, 16, 4)).astype(np.float32)
    bias = rng.normal(size=4).astype(np.float32)
    exact = conv2d(x.astype(float), kernel.astype(float), bias.astype(float))
    bound = rounding_bound(conv2d, x, kernel, bias)
    assert bound.shape == exact.shape
    assert (np.abs(conv2d(x, kernel, bias) - exact) <= bound).all()


def test_the_rounding_bound_is_not_so_wide_that_it_hides_a_wrong_weight(weights, embedded):
    """A change of a thousandth in one weight, where there is ink, is detected."""
    kernel, bias = weights["conv2d_1"]
    images, wrong = embedded.test.images[:1], kernel.copy()
    wrong[1, 1] *= np.float32(1.001)
    difference = np.abs(conv2d(images, wrong, bias) - conv2d(images, kernel, bias))
    assert (difference > rounding_bound(conv2d, images, kernel, bias)).any()


def test_shapes_that_numpy_would_stretch_are_refused(weights):
    with pytest.raises(ValueError, match=r"expected a bias of shape \(3,\), got \(1,\)"):
        conv2d(np.zeros((1, 5, 5, 1)), np.zeros((3, 3, 1, 3)), np.zeros(1))
    with pytest.raises(ValueError, match=r"expected a bias of shape \(3,\), got \(3, 1\)"):
        dense(np.zeros((3, 2)), np.zeros((2, 3)), np.zeros((3, 1)))
    for shape in ((1, 29, 28, 1), (0, 28, 28, 1), (28, 28, 1)):
        with pytest.raises(ValueError, match="expected images of shape"):
            forward(np.zeros(shape, np.float32), weights)
