"""The layers in JavaScript, against Keras and NumPy."""

import base64

import keras
import numpy as np
import pytest
from javascript import KERAS, SHAPES, SOURCES, WEIGHTED, bytes_of, floats_of, text_of
from numpy.lib.stride_tricks import sliding_window_view
from playwright.sync_api import Error

from mnist_lib.architecture import FOLLOWED
from mnist_lib.pretrained import load_provenance


def test_the_followed_weight_is_the_same_in_both_languages(engine):
    assert engine.evaluate("() => api.FOLLOWED") == {
        "name": FOLLOWED.layer,
        "place": list(FOLLOWED.place),
    }


def test_the_layers_are_those_of_keras(engine, pretrained):
    layers = engine.evaluate("() => api.LAYERS")
    assert {layer["name"]: tuple(layer["shape"]) for layer in layers} == SHAPES
    assert [layer.name for layer in pretrained.layers] == list(SHAPES)
    assert [tuple(layer.output.shape[1:]) for layer in pretrained.layers] == list(SHAPES.values())
    assert {layer["name"]: layer["source"] for layer in layers} == SOURCES


def test_every_activation_is_that_of_keras(activation, images, pretrained):
    network = keras.Model(pretrained.inputs[0], [layer.output for layer in pretrained.layers])
    assert len(images) == 110
    for name, output in zip(SHAPES, network(images), strict=True):
        assert np.abs(activation[name] - np.asarray(output)).max() < KERAS, name


@pytest.mark.parametrize("name", WEIGHTED)
def test_a_sum_is_taken_in_float64_and_rounded_once(name, pre_activation, activation, weights):
    """Up to the last bit where float64, added in another order, is between two float32."""
    kernel, bias = (array.astype(np.float64) for array in weights[name])
    inputs = activation[SOURCES[name]][:20].astype(np.float64)
    if name.startswith("conv"):
        inputs = sliding_window_view(inputs, (3, 3), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
        inputs = inputs.reshape(*inputs.shape[:3], -1)
    sums = inputs @ kernel.reshape(-1, len(bias)) + bias
    difference = np.abs(pre_activation[name][:20] - sums)
    assert (difference <= 0.501 * np.spacing(np.abs(sums).astype(np.float32))).all()


def test_relu_follows_four_layers_and_no_other(pre_activation, activation):
    for name in SHAPES:
        has_relu = name in WEIGHTED[:4]
        if name != "dense_2":
            assert np.array_equal(
                activation[name],
                np.maximum(pre_activation[name], 0) if has_relu else pre_activation[name],
            )


def same_answers(engine, digits, pretrained):
    """How many digits are right, where JavaScript and Keras give every one the same answer."""
    found = []
    for start in range(0, len(digits), 1000):
        code = """(text) => each(text, (image) => {
          const { dense_2: scores } = api.forward(image, weights).activation;
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


@pytest.mark.parametrize(
    "logits",
    [[0.0] * 10, [1000, -1000, 0, 1, 2, 3, 4, 5, 6, 7], [-7.5, 3.25, 11, 0, 2, 2, -1, 9, 10.5, 4]],
)
def test_softmax_takes_the_steps_of_numpy(engine, logits):
    """The last bits of an exponential, and of a sum in another order, may differ."""
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
    """Bytes may be unaligned: in a notebook they arrive as a view into a message."""
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
