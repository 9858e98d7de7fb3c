"""Keras and the NumPy reference, which share no code, compute the same network on real digits."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from mnist_lib.reference import (
    conv2d,
    dense,
    flatten,
    forward,
    max_pool2d,
    relu,
    rounding_bound,
    softmax,
)

COMPUTED = ["conv2d_1", "conv2d_2", "conv2d_3", "dense_1"]
EPS = float(np.finfo(np.float32).eps)


@pytest.fixture(scope="module")
def images(embedded) -> np.ndarray:
    """Twenty digits of each class."""
    return embedded.test.images[:200]


@pytest.fixture(scope="module")
def activations(pretrained, images) -> dict[str, np.ndarray]:
    """The output of each layer in Keras, the input first."""
    network = keras.Model(pretrained.inputs[0], [layer.output for layer in pretrained.layers])
    outputs = [np.asarray(output) for output in network(images)]
    names = [layer.name for layer in pretrained.layers]
    return {"input": images} | dict(zip(names, outputs, strict=True))


def before(activations: dict[str, np.ndarray], name: str) -> np.ndarray:
    """The input of the layer: the activation that Keras itself computed one layer before."""
    names = list(activations)
    return activations[names[names.index(name) - 1]]


def test_both_list_the_same_eight_layers_in_the_same_shapes(activations, images, weights):
    outputs = forward(images, weights)
    assert list(outputs) == list(activations)[1:]
    for name, output in outputs.items():
        assert output.shape == activations[name].shape
        assert output.dtype == activations[name].dtype == np.float32


@pytest.mark.parametrize("name", COMPUTED)
def test_a_layer_that_multiplies_agrees_within_rounding(name, activations, weights):
    layer = conv2d if name.startswith("conv") else dense
    x = before(activations, name)
    found = relu(layer(x, *weights[name]))
    difference = np.abs(found - activations[name])
    assert (difference <= rounding_bound(layer, x, *weights[name])).all()


@pytest.mark.parametrize("name", ["max_pooling2d_1", "max_pooling2d_2"])
def test_pooling_agrees_exactly(name, activations):
    """A maximum is one of the numbers: nothing is rounded."""
    assert np.array_equal(max_pool2d(before(activations, name)), activations[name])


def test_flatten_agrees_exactly(activations):
    """Numbers are moved, not computed; the order is that of Keras."""
    assert np.array_equal(flatten(before(activations, "flatten_1")), activations["flatten_1"])


def test_the_last_layer_agrees_within_the_rounding_of_its_scores(activations, weights):
    """A score that is wrong by b changes a probability by at most the factor e^(2b).

    The exponentials, the sum of ten and the quotient each add a few roundings.
    """
    x = before(activations, "dense_2")
    wanted = activations["dense_2"]
    scores = dense(x, *weights["dense_2"])
    bound = rounding_bound(dense, x, *weights["dense_2"]).max(axis=1, keepdims=True)
    # exp of a number of size s, itself rounded, is off by s roundings.
    own = EPS * (np.abs(scores).max(axis=1, keepdims=True) * 2 + 16)
    tolerance = np.expm1(2 * bound + own) * wanted + np.finfo(np.float32).tiny
    assert (np.abs(softmax(scores) - wanted) <= tolerance).all()


def test_softmax_alone_agrees_with_that_of_keras(activations, weights):
    """Fed with the same scores, only the exponential and the order of a sum of ten differ."""
    scores = dense(before(activations, "dense_2"), *weights["dense_2"])
    wanted = keras.ops.convert_to_numpy(keras.ops.softmax(scores))
    own = EPS * (np.ptp(scores, axis=1, keepdims=True) + 16)
    assert (np.abs(softmax(scores) - wanted) <= own * wanted + np.finfo(np.float32).tiny).all()


def test_end_to_end_the_probabilities_agree_within_a_hundred_thousandth(
    activations, images, weights
):
    """Rounding errors of five layers in a row: bounds of single layers do not apply.

    The scores are of size 10 and carry some 50 roundings, 50 · 10 · 6e-8 = 3e-5 at worst;
    a probability moves by at most a quarter of that.
    """
    found = forward(images, weights)["dense_2"]
    assert np.abs(found - activations["dense_2"]).max() <= 1e-5
    assert np.array_equal(found.argmax(axis=1), activations["dense_2"].argmax(axis=1))


def test_a_network_of_random_weights_agrees_too(images):
    """So that the agreement does not hold for the shipped weights alone."""
    keras.utils.set_random_seed(1)
    from mnist_lib.model import build_model

    model = build_model()
    weights = {la.name: tuple(la.get_weights()) for la in model.layers if la.weights}
    found = forward(images[:20], weights)["dense_2"]
    assert np.abs(found - np.asarray(model(images[:20]))).max() <= 1e-5  # as above


# The gradient of softmax and cross-entropy


def cross_entropy(logits: np.ndarray, target: np.ndarray) -> float:
    """Minus the logarithm of the probability of the right class."""
    return -float((target * np.log(softmax(logits))).sum())


def test_the_gradient_is_probability_minus_target_by_hand():
    """Scores ln 1, ln 2, ln 5; the class of 2/8 is right: 1/8, 2/8 − 1, 5/8; a few roundings."""
    logits, target = np.log([1.0, 2.0, 5.0]), np.array([0.0, 1.0, 0.0])
    assert (softmax(logits) - target).tolist() == pytest.approx([0.125, -0.75, 0.625], rel=1e-14)
    assert cross_entropy(logits, target) == pytest.approx(float(np.log(4)), rel=1e-14)


@given(st.lists(st.floats(-5, 5), min_size=10, max_size=10), st.integers(0, 9))
def test_the_gradient_is_that_of_central_differences(scores, right):
    """In float64, with a step of 1e-4.

    The method leaves step²/6 times the third derivative, at most 2e-9, and the loss (below 13)
    is rounded to 2e-15, which the division by the step makes 2e-11.
    """
    logits, target, step = np.array(scores), np.eye(10)[right], 1e-4
    differences = [
        (cross_entropy(logits + e, target) - cross_entropy(logits - e, target)) / (2 * step)
        for e in step * np.eye(10)
    ]
    assert np.abs(np.array(differences) - (softmax(logits) - target)).max() < 3e-9


def test_the_gradient_is_the_one_that_tensorflow_trains_with(activations, weights, embedded):
    """In float32: the quotient y / p of the loss and the Jacobian of softmax, some 16 roundings."""
    labels = embedded.test.labels[:200]
    targets = np.eye(10, dtype=np.float32)[labels]
    logits = tf.constant(dense(before(activations, "dense_2"), *weights["dense_2"]))
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = keras.losses.CategoricalCrossentropy(from_logits=True, reduction="sum")
        value = loss(targets, logits)
    found = tape.gradient(value, logits).numpy()
    assert np.abs(found - (softmax(logits.numpy()) - targets)).max() <= 16 * EPS


def test_the_loss_of_a_certain_wrong_answer_is_finite_in_keras():
    """Keras keeps probabilities 1e-7 away from zero: the loss is at most 16.12, never infinite."""
    loss = keras.losses.CategoricalCrossentropy()
    value = float(loss(np.eye(10, dtype=np.float32)[:1], np.eye(10, dtype=np.float32)[1:2]))
    assert value == pytest.approx(-np.log(1e-7), rel=1e-6)  # float32
