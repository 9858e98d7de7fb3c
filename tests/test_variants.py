"""Laws of `mnist_lib.variants`: one part changes, the rest is the network of the note."""

import keras
import numpy as np
import pytest

from mnist_lib.model import build_model
from mnist_lib.variants import build_variant


def shapes(model):
    return [layer.output.shape[1:] for layer in model.layers]


def settings(model):
    config = model.optimizer.get_config()
    return {key: value for key, value in config.items() if key != "name"}


def test_without_a_change_it_is_the_network_of_the_note(embedded):
    keras.utils.set_random_seed(0)
    ours, note = build_variant(), build_model()
    assert shapes(ours) == shapes(note)
    ours.set_weights(note.get_weights())
    images = embedded.test.images[:20]
    assert np.array_equal(ours(images), note(images))
    assert ours.loss == note.loss
    assert settings(ours) == settings(note)


@pytest.mark.parametrize(
    ("change", "parameters", "row"),
    [
        ({"pooling": "average"}, 93_322, 576),
        ({"pooling": "stride"}, 121_994, 4 * 4 * 64),
        ({"pooling": "none"}, 2_038_922, 22 * 22 * 64),
        ({"activation": None}, 93_322, 576),
        ({"head": "average"}, 60_554, 64),
        ({"filters": (32,)}, 347_146, 13 * 13 * 32),
        ({"filters": (32, 64)}, 121_930, 5 * 5 * 64),
        ({"filters": (16, 32, 32)}, 33_194, 3 * 3 * 32),
    ],
)
def test_a_change_changes_that_part(change, parameters, row):
    model = build_variant(**change)
    assert model.count_params() == parameters
    assert model.layers[-2].input.shape == (None, row)


def test_the_activation_is_changed_everywhere_but_in_the_last_layer():
    model = build_variant(activation=None)
    names = [la.activation.__name__ for la in model.layers if hasattr(la, "activation")]
    assert names == ["linear"] * 4 + ["softmax"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pooling": "mean"}, "max, average, stride, none, got 'mean'"),
        ({"head": "dense"}, "flatten, average, got 'dense'"),
        ({"filters": ()}, r"one to three convolutions, got \(\)"),
        ({"filters": (1, 2, 3, 4)}, "one to three convolutions"),
    ],
)
def test_another_choice_is_refused_by_name(change, message):
    with pytest.raises(ValueError, match=message):
        build_variant(**change)
