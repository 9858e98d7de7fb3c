"""Laws of `mnist_lib.reference.backward`: by hand, by differences, by autodiff, by training."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from mnist_lib.architecture import LAYERS
from mnist_lib.model import build_model
from mnist_lib.reference import (
    backward,
    conv2d,
    conv2d_gradients,
    cross_entropy,
    cross_entropy_gradient,
    dense,
    dense_gradients,
    forward,
    max_pool2d,
    max_pool2d_gradient,
    pixel_gradient,
    relu,
    relu_gradient,
    softmax,
)
from mnist_lib.training import one_hot

RNG = np.random.default_rng(0)
# Keras adds in float32 and in another order: measured at 3e-6 of an array's largest gradient.
OF_SCALE = 2e-5
N_WEIGHTS = 93_322


def arrays(gradients):
    """Kernel and bias of each layer in turn, as `get_weights` of Keras lists them."""
    return [array for pair in gradients.weights.values() for array in pair]


@pytest.fixture(scope="module")
def untrained():
    """The network as it starts: in Keras, and its weights by layer name."""
    keras.utils.set_random_seed(3)
    model = build_model()
    weights = {la.name: tuple(la.get_weights()) for la in model.layers if la.get_weights()}
    return model, weights


@pytest.fixture(params=["trained", "untrained"])
def network(request, pretrained, weights):
    trained = request.param == "trained"
    return (pretrained, weights) if trained else request.getfixturevalue("untrained")


def autodiff(model, images, labels):
    """Loss and gradients of all weights and of the pixels, by Keras and TensorFlow."""
    pixels = tf.convert_to_tensor(images)
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        losses = keras.losses.sparse_categorical_crossentropy(labels, model(pixels))
        loss = tf.reduce_mean(losses)
    found = tape.gradient(loss, [*model.trainable_variables, pixels])
    return float(loss), [np.asarray(gradient) for gradient in found]


# Shapes and values


def test_every_gradient_has_the_shape_of_what_it_belongs_to(embedded, weights):
    digits = embedded.test[:5]
    found = backward(digits.images, digits.labels, weights)
    assert list(found.weights) == list(weights)
    for name, pair in weights.items():
        assert [g.shape for g in found.weights[name]] == [array.shape for array in pair]
        assert {g.dtype for g in found.weights[name]} == {np.dtype(np.float32)}
    assert sum(array.size for array in arrays(found)) == N_WEIGHTS
    assert found.images.shape == digits.images.shape
    outputs = forward(digits.images, weights)
    assert {n: e.shape for n, e in found.errors.items()} == {n: o.shape for n, o in outputs.items()}


def test_the_loss_is_minus_the_logarithm_of_the_true_probability(embedded, weights):
    digits = embedded.test[:50]
    scores = forward(digits.images.astype(np.float64), weights)["dense_2"]
    wanted = -np.log(scores[np.arange(50), digits.labels]).mean()
    assert np.isclose(backward(digits.images, digits.labels, weights).loss, wanted, rtol=1e-4)


def test_a_loss_beyond_what_a_probability_can_hold_is_still_a_number():
    logits = np.array([[0.0, 2000.0]], np.float32)
    assert softmax(logits)[0, 0] == 0
    assert cross_entropy(logits, np.array([0])) == 2000


def test_what_leaves_a_pool_goes_to_the_first_of_the_largest():
    images = np.zeros((1, 5, 5, 1))
    images[0, :4, :4, 0] = [[1, 1, 2, 3], [1, 1, 3, 0], [0, 0, 0, 0], [0, 5, -1, 0]]
    found = max_pool2d_gradient(images, np.arange(1.0, 5).reshape(1, 2, 2, 1))[0, :, :, 0]
    wanted = np.zeros((5, 5))
    wanted[0, 0], wanted[0, 3], wanted[3, 1], wanted[2, 2] = 1, 2, 3, 4
    assert np.array_equal(found, wanted)


# Autodiff


@pytest.mark.slow
def test_all_93_322_gradients_are_those_of_autodiff(network, embedded):
    model, weights = network
    digits = embedded.test[:200]
    loss, wanted = autodiff(model, digits.images, digits.labels)
    found = backward(digits.images, digits.labels, weights)
    assert abs(found.loss - loss) <= 1e-6 * max(1, loss)
    *of_weights, of_images = wanted
    assert sum(gradient.size for gradient in of_weights) == N_WEIGHTS
    for ours, theirs in zip(arrays(found), of_weights, strict=True):
        assert np.abs(ours - theirs).max() <= OF_SCALE * np.abs(theirs).max()
    # Of equal pixels under a pool it is a convention which one counts: they may differ here.
    apart = np.abs(found.images - of_images) > OF_SCALE * np.abs(of_images).max()
    assert apart.mean() < 0.01


@pytest.mark.parametrize("layer", [layer.name for layer in LAYERS])
def test_what_the_pixels_do_to_a_layer_is_what_autodiff_says(layer, network):
    """On noise, which has no equal numbers under a pool."""
    model, weights = network
    images = RNG.random((20, 28, 28, 1)).astype(np.float32)
    *below, top = model.layers
    logits = tf.keras.layers.Lambda(lambda x: x @ top.kernel + top.bias)
    output = logits(below[-1].output) if layer == top.name else model.get_layer(layer).output
    part, pixels = tf.keras.Model(model.inputs[0], output), tf.Variable(images)
    with tf.GradientTape() as tape:
        numbers = part(pixels)
        error = RNG.normal(size=numbers.shape).astype(np.float32)
        total = tf.reduce_sum(numbers * error)
    wanted = np.asarray(tape.gradient(total, pixels))
    found = pixel_gradient(images, layer, error, weights)
    assert found.shape == images.shape
    assert np.abs(found - wanted).max() <= OF_SCALE * np.abs(wanted).max()
    assert np.abs(found).max() > 0


def test_the_gradient_of_the_pixels_begins_at_the_layer_that_is_named(embedded, weights):
    digits = embedded.test[:3]
    found = backward(digits.images, digits.labels, weights)
    for layer, error in found.errors.items():
        assert np.array_equal(pixel_gradient(digits.images, layer, error, weights), found.images)


def test_a_layer_that_is_not_there_or_an_error_that_does_not_fit_is_named(embedded, weights):
    images = embedded.test.images[:2]
    with pytest.raises(ValueError, match=r"expected one of conv2d_1, .*, got 'conv2d_4'"):
        pixel_gradient(images, "conv2d_4", np.zeros((2, 3, 3, 64)), weights)
    with pytest.raises(ValueError, match=r"shape \(2, 3, 3, 64\), got \(3, 3, 64\)"):
        pixel_gradient(images, "conv2d_3", np.zeros((3, 3, 64)), weights)


@given(
    st.integers(1, 3), st.integers(3, 8), st.integers(3, 8), st.integers(1, 3), st.integers(1, 3)
)
def test_the_gradients_of_a_convolution_are_those_of_autodiff(n, height, width, inputs, outputs):
    images = RNG.normal(size=(n, height, width, inputs))
    kernel, bias = RNG.normal(size=(3, 2, inputs, outputs)), np.zeros(outputs)
    error = RNG.normal(size=conv2d(images, kernel, bias).shape)
    variables = [tf.Variable(array) for array in (kernel, images)]
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(tf.nn.conv2d(variables[1], variables[0], 1, "VALID") * error)
    of_kernel, of_images = tape.gradient(value, variables)
    found = conv2d_gradients(images, kernel, error)
    wanted = (of_kernel, error.sum(axis=(0, 1, 2))), of_images
    for ours, theirs in zip((*found[0], found[1]), (*wanted[0], wanted[1]), strict=True):
        assert np.allclose(ours, theirs, rtol=1e-12, atol=1e-12)


@given(
    st.integers(1, 3), st.integers(3, 8), st.integers(3, 8), st.integers(1, 3), st.integers(1, 3)
)
def test_handing_back_is_sliding_the_turned_kernel_over_the_padded_errors(
    n, height, width, inputs, outputs
):
    kernel = RNG.normal(size=(3, 2, inputs, outputs))
    images = RNG.normal(size=(n, height, width, inputs))
    error = RNG.normal(size=(n, height - 2, width - 1, outputs))
    turned = kernel[::-1, ::-1].transpose(0, 1, 3, 2)
    padded = np.pad(error, ((0, 0), (2, 2), (1, 1), (0, 0)))
    found = conv2d_gradients(images, kernel, error)[1]
    assert np.allclose(found, conv2d(padded, turned, np.zeros(inputs)), rtol=1e-12, atol=1e-12)


# Each layer's rule, from its meaning: an inner product is handed back unchanged.


@given(st.integers(1, 4), st.integers(2, 7), st.integers(2, 7), st.integers(1, 3))
def test_a_layer_without_a_kink_hands_back_what_its_transpose_would(n, height, width, channels):
    """⟨layer(v), error⟩ = ⟨v, gradient⟩ for every v, since the layer is linear between kinks."""
    images = RNG.normal(size=(n, height, width, channels))
    v = RNG.normal(size=images.shape)
    kernel = RNG.normal(size=(2, 2, channels, 3))
    error = RNG.normal(size=(n, height - 1, width - 1, 3))
    moved = conv2d(v, kernel, np.zeros(3))
    assert np.isclose((moved * error).sum(), (v * conv2d_gradients(images, kernel, error)[1]).sum())
    kept = relu_gradient(relu(images), v)
    assert np.array_equal(kept, np.where(images > 0, v, 0))
    error = RNG.normal(size=max_pool2d(images).shape)
    assert np.isclose(max_pool2d_gradient(images, error).sum(), error.sum())
    flat, weights = images.reshape(n, -1), RNG.normal(size=(height * width * channels, 4))
    error = RNG.normal(size=(n, 4))
    moved = dense(v.reshape(n, -1), weights, np.zeros(4))
    gradient = dense_gradients(flat, weights, error)[1]
    assert np.isclose((moved * error).sum(), (v.reshape(n, -1) * gradient).sum())


def test_the_errors_of_the_logits_of_a_digit_add_up_to_nothing(embedded, weights):
    probabilities = forward(embedded.test.images[:20], weights)["dense_2"]
    errors = cross_entropy_gradient(probabilities.astype(np.float64), embedded.test.labels[:20])
    assert np.abs(errors.sum(axis=1)).max() < 1e-7


# Central differences, in float64

STEP = 1e-5


def switches(outputs):
    """Which ReLUs are on, and which of four wins each pool: where the loss has a kink."""
    for name, maps in outputs.items():
        yield maps > 0
        if name in ("conv2d_1", "conv2d_2"):
            rows, columns = (side // 2 for side in maps.shape[1:3])
            n, channels = len(maps), maps.shape[3]
            blocks = maps[:, : 2 * rows, : 2 * columns].reshape(n, rows, 2, columns, 2, channels)
            yield (
                blocks.transpose(0, 1, 3, 5, 2, 4).reshape(n, rows, columns, channels, 4).argmax(-1)
            )


def loss_and_switches(images, labels, weights):
    outputs = forward(images, weights)
    logits = dense(outputs["dense_1"], *weights["dense_2"])
    return cross_entropy(logits, labels), list(switches(outputs))


def slope(images, labels, weights, array, place):
    """The slope of the loss along one number, and whether a kink lies within the step."""
    kept, found = array[place], []
    for moved in (kept + STEP, kept - STEP):
        array[place] = moved
        found.append(loss_and_switches(images, labels, weights))
    array[place] = kept
    (above, one), (below, other) = found
    kink = not all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    return (above - below) / (2 * STEP), kink


@pytest.fixture(scope="module")
def exact(embedded, untrained):
    """Two digits and the weights of an untrained network, in float64; and their gradients."""
    _, weights = untrained
    weights = {n: tuple(a.astype(np.float64) for a in pair) for n, pair in weights.items()}
    # No bias starts away from 0: moved, so that no pre-activation of a black window is 0 itself.
    for name, (_, bias) in weights.items():
        bias += np.random.default_rng(len(name)).normal(0, 0.05, bias.shape)
    images, labels = embedded.test.images[[3, 8]].astype(np.float64), embedded.test.labels[[3, 8]]
    return images, labels, weights, backward(images, labels, weights)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["conv2d_1", "conv2d_2", "conv2d_3", "dense_1", "dense_2"])
def test_differences_agree_on_every_bias_and_on_200_weights_of_each_layer(name, exact):
    images, labels, weights, gradients = exact
    kinks = checked = 0
    for array, gradient in zip(weights[name], gradients.weights[name], strict=True):
        places = np.random.default_rng(1).permutation(array.size)
        for place in places[: array.size if array.ndim == 1 else 200]:
            place = np.unravel_index(place, array.shape)
            found, kink = slope(images, labels, weights, array, place)
            kinks += kink
            checked += 1
            if not kink:
                assert abs(found - gradient[place]) <= 1e-7 * max(1, abs(found)), (name, place)
    assert checked == min(200, weights[name][0].size) + weights[name][1].size
    assert kinks <= 0.15 * checked, f"{kinks} of {checked} steps cross a kink"


@pytest.mark.slow
def test_differences_agree_on_the_pixels(exact):
    images, labels, weights, gradients = exact
    ink = np.argwhere((images > 0) & (images < 1))
    kinks = 0
    for place in map(tuple, np.random.default_rng(2).permutation(ink)[:100]):
        found, kink = slope(images, labels, weights, images, place)
        kinks += kink
        assert kink or abs(found - gradients.images[place]) <= 1e-7
    assert kinks <= 15


def test_the_strip_that_no_output_depends_on_has_no_gradient(embedded, weights):
    digits = embedded.test[:20]
    found = backward(digits.images, digits.labels, weights).images
    assert not found[:, 26:].any()
    assert not found[:, :, 26:].any()
    assert found[:, :26, :26].any()


# Ties: equal numbers under a pool


def shared(images, error, everybody):
    """The error of a pool for all of the largest: to each the whole of it, or an equal part."""
    largest = max_pool2d(images).repeat(2, axis=1).repeat(2, axis=2)
    rows, columns = largest.shape[1:3]
    winners = images[:, :rows, :columns] == largest
    counts = winners.reshape(len(images), rows // 2, 2, columns // 2, 2, -1).sum(axis=(2, 4))
    parts = error if everybody else error / counts
    gradient = np.zeros_like(images)
    gradient[:, :rows, :columns] = winners * parts.repeat(2, axis=1).repeat(2, axis=2)
    return gradient


@pytest.mark.slow
def test_ties_are_common_and_who_gets_the_error_does_not_matter_unless_all_do(embedded, weights):
    digits = embedded.test[:100]
    outputs = forward(digits.images, weights)
    maps, found = outputs["conv2d_1"], backward(digits.images, digits.labels, weights)
    error = found.errors["max_pooling2d_1"]
    split, everybody = (shared(maps, error, everybody) for everybody in (False, True))
    tied = (shared(maps, np.ones_like(error), True) > 0)[:, :26, :26] & (maps > 0)
    pooled = max_pool2d(maps) > 0
    blocks = tied.reshape(100, 13, 2, 13, 2, 32).sum(axis=(2, 4))
    assert 0.1 < (pooled & (blocks > 1)).mean() < 0.25, "about a sixth of all windows"

    def gradients(error_of_maps):
        kernel = weights["conv2d_1"][0]
        return conv2d_gradients(digits.images, kernel, relu_gradient(maps, error_of_maps))[0]

    for ours, by_parts in zip(found.weights["conv2d_1"], gradients(split), strict=True):
        assert np.abs(ours - by_parts).max() <= 0.02 * np.abs(ours).max()
    ours, by_all = found.weights["conv2d_1"][1], gradients(everybody)[1]
    assert np.abs(by_all).max() > 2 * np.abs(ours).max()


# A training without a framework


def rmsprop_step(weights, gradients, mean_squares, rate=0.001, rho=0.9, epsilon=1e-7):
    """One step of RMSprop as Keras takes it, in place."""
    for name, pair in gradients.weights.items():
        for array, gradient, mean in zip(weights[name], pair, mean_squares[name], strict=True):
            mean *= rho
            mean += (1 - rho) * gradient**2
            array -= rate * gradient / np.sqrt(mean + epsilon)


@pytest.mark.slow
def test_fifty_steps_without_a_framework_follow_keras(embedded):
    keras.utils.set_random_seed(5)
    model = build_model()
    weights = {
        la.name: tuple(map(np.copy, la.get_weights())) for la in model.layers[:] if la.weights
    }
    mean_squares = {name: tuple(map(np.zeros_like, pair)) for name, pair in weights.items()}
    largest = []
    for step in range(50):
        batch = embedded.train[64 * step % 3968 :][:64]
        ours = backward(batch.images, batch.labels, weights)
        rmsprop_step(weights, ours, mean_squares)
        theirs = model.train_on_batch(batch.images, one_hot(batch.labels), return_dict=True)
        if step == 0:
            assert abs(ours.loss - theirs["loss"]) < 1e-5
        mine = [array for pair in weights.values() for array in pair]
        pairs = zip(mine, model.get_weights(), strict=True)
        largest.append(max(np.abs(a - b).max() for a, b in pairs))
    assert largest[0] < 1e-5
    assert largest[9] < 1e-3
    assert largest[49] < 0.05, "fifty steps can move a weight by 0.16"
    right = (
        forward(embedded.test.images, weights)["dense_2"].argmax(1) == embedded.test.labels
    ).mean()
    assert right > 0.6


# Bad input


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([3], r"expected 2 whole-number labels, got int64 \(1,\)"),
        ([3, 10], r"expected labels in 0..9, got 3..10"),
        ([-1, 3], r"expected labels in 0..9, got -1..3"),
        ([0.5, 1.0], r"expected 2 whole-number labels, got float64"),
        ([[1], [2]], r"got int64 \(2, 1\)"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels, message, embedded, weights):
    with pytest.raises(ValueError, match=message):
        backward(embedded.test.images[:2], labels, weights)


def test_images_of_another_shape_are_refused(weights):
    with pytest.raises(ValueError, match=r"expected images of shape \(n, 28, 28, 1\)"):
        backward(np.zeros((2, 28, 28)), np.array([1, 2]), weights)
    with pytest.raises(ValueError, match="n > 0"):
        backward(np.zeros((0, 28, 28, 1)), np.array([], int), weights)


@pytest.mark.parametrize("broken", ["images", "conv2d_2", "dense_2"])
def test_numbers_that_are_not_finite_are_refused_by_name(broken, embedded, weights):
    images, labels = embedded.train.images[:2].copy(), embedded.train.labels[:2]
    changed = {name: (kernel.copy(), bias) for name, (kernel, bias) in weights.items()}
    array = images if broken == "images" else changed[broken][0]
    array.flat[-1] = np.nan  # of the images it is a pixel that no output depends on
    with pytest.raises(ValueError, match=f"expected finite numbers, got NaN .* in .*{broken}"):
        backward(images, labels, changed)
