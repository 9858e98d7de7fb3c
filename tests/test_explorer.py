"""The Python side of the live network: what it sends, the pages' extension, the widget."""

import base64
import hashlib
import json
import struct
import subprocess
import sys

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from traitlets import TraitError

from mnist_lib.architecture import LAYERS
from mnist_lib.explorer import IN_BOOK, VIEWS, DigitExplorer
from mnist_lib.explorer.bundle import notebook_module
from mnist_lib.explorer.payload import (
    SHAPES,
    STYLE,
    about_weights,
    as_data_script,
    decode_pixels,
    encode_pixels,
    golden_digits,
    pack_weights,
)
from mnist_lib.pretrained import load_provenance
from mnist_lib.reference import backward, forward
from mnist_lib.simulate import write


@pytest.fixture(scope="module")
def packed(weights):
    return pack_weights(weights)


# What is sent


def test_the_packed_weights_are_the_recorded_ones(packed):
    assert len(packed) == 4 * 93_322
    assert hashlib.sha256(packed).hexdigest() == load_provenance()["weights_sha256"]


def test_weights_travel_layer_by_layer_the_kernel_before_the_bias(weights, packed):
    numbers = np.frombuffer(packed, "<f4")
    start = 0
    for name in SHAPES:
        for array in weights[name]:
            assert np.array_equal(numbers[start : start + array.size], array.ravel()), name
            start += array.size
    assert start == numbers.size
    assert packed[:4] == struct.pack("<f", weights["conv2d_1"][0][0, 0, 0, 0])
    assert packed[-4:] == struct.pack("<f", weights["dense_2"][1][-1])


def test_how_an_array_lies_in_memory_does_not_matter(weights, packed):
    turned = {
        name: [np.asfortranarray(array, dtype=np.float64) for array in pair]
        for name, pair in reversed(weights.items())
    }
    assert pack_weights(turned) == packed


def changed(weights, name, kernel):
    return weights | {name: (kernel, weights[name][1])}


def test_other_weights_are_refused_and_named(weights):
    for wrong in (
        {name: weights[name] for name in SHAPES if name != "dense_1"},
        weights | {"dense_3": weights["dense_2"]},
        changed(weights, "dense_1", weights["dense_1"][0].T),
    ):
        with pytest.raises(ValueError, match=r"expected kernels and biases of the shapes .*, got "):
            pack_weights(wrong)
    kernel = weights["conv2d_2"][0].copy()
    kernel[1, 1, 5, 5] = np.nan
    with pytest.raises(ValueError, match="NaN or infinity in conv2d_2"):
        pack_weights(changed(weights, "conv2d_2", kernel))


@given(arrays(np.uint8, (28, 28, 1)))
def test_pixels_come_back_as_mnist_is_loaded(levels):
    image = (levels / 255).astype(np.float32)
    assert base64.b64decode(encode_pixels(levels)) == levels.tobytes()
    assert encode_pixels(image) == encode_pixels(levels)
    assert np.array_equal(decode_pixels(encode_pixels(image)), image)


def test_what_lies_between_two_grey_levels_goes_to_the_nearer_one():
    levels = np.arange(784).reshape(28, 28, 1) % 255
    for above in (0.4, 0.6):
        nearer = levels + round(above)
        assert encode_pixels((levels + above) / 255) == encode_pixels(nearer.astype(np.uint8))


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((28, 28)), r"shape \(28, 28, 1\), got \(28, 28\)"),
        (np.full((28, 28, 1), 1.5), "float64 from 1.5 to 1.5"),
        (np.full((28, 28, 1), np.nan), "from nan to nan"),
        (np.zeros((28, 28, 1), np.int64), "int64 from 0 to 0"),
    ],
)
def test_other_pixels_are_refused_and_named(image, message):
    with pytest.raises(ValueError, match=message):
        encode_pixels(image)


def test_a_result_is_told_of_the_shipped_weights_and_of_no_others(packed):
    golden, record = golden_digits(), load_provenance()
    about = about_weights(packed, golden)
    assert about["test"] == record["test"]
    assert about["trained_on"] == record["trained_on"]
    assert about["golden_digits"] == golden
    other = about_weights(bytes(4) + packed[4:], golden)
    assert other["sha256"] == hashlib.sha256(bytes(4) + packed[4:]).hexdigest()
    assert other["test"] is other["trained_on"] is None


def test_the_data_script_is_one_assignment_of_json(packed):
    about = about_weights(packed, golden_digits())
    script = as_data_script(packed, about)
    name, value = script.rstrip(";\n").split(" = ", 1)
    data = json.loads(value)
    assert name == "globalThis.mnistExplorer"
    assert base64.b64decode(data.pop("weights")) == packed
    assert data == about
    assert script == as_data_script(packed, about)
    assert script.isascii()


def test_no_text_in_the_data_ends_the_script_that_it_stands_in(packed):
    script = as_data_script(packed, {"name": "</script><script>alert(1)</script>"})
    assert "<" not in script
    assert json.loads(script.rstrip(";\n").split(" = ", 1)[1])["name"].startswith("</script>")


# The widget


@pytest.fixture
def explorer(weights):
    return DigitExplorer(weights)


def send(explorer, **values):
    """As the page does: bytes arrive as a memoryview of the message."""
    explorer.set_state({key: memoryview(value) for key, value in values.items()})


def test_the_page_gets_weights_layer_and_references(explorer, packed, weights):
    state = explorer.get_state()
    assert state["weights"] == packed
    assert state["layer"] == "all"
    assert state["_esm"] == notebook_module()
    assert state["_css"] == STYLE.read_text("utf-8")
    about = json.loads(json.dumps(state["about"]))
    assert about["sha256"] == hashlib.sha256(packed).hexdigest()
    assert about["computed_by"] == "NumPy"
    images = np.stack([decode_pixels(digit["pixels"]) for digit in about["golden_digits"]])
    answers = [digit["probabilities"] for digit in about["golden_digits"]]
    assert np.array_equal(np.float32(answers), forward(images, weights)["dense_2"])
    shared = {"layer", "strokes", "picked", "normalise", "label"}
    sent = {"_digit", "_probabilities", "_activations", "_errors", "_gradients"}
    assert shared | sent <= set(state)


def test_nothing_drawn_is_none(explorer):
    assert explorer.strokes == []
    assert explorer.image is explorer.probabilities is explorer.activations is None


def test_what_the_page_computes_comes_back_as_the_reference_has_it(explorer, embedded, weights):
    image = embedded.test.images[[3]]
    outputs = forward(image, weights)
    row = np.concatenate([output.ravel() for output in outputs.values()])
    send(explorer, _digit=image.tobytes(), _probabilities=outputs["dense_2"].tobytes())
    send(explorer, _activations=row.tobytes())
    assert np.array_equal(explorer.image, image)
    assert np.array_equal(explorer.probabilities, outputs["dense_2"][0])
    assert list(explorer.activations) == list(outputs)
    for name, output in outputs.items():
        assert np.array_equal(explorer.activations[name], output), name
        assert explorer.activations[name].dtype == np.float32
    send(explorer, _digit=b"", _probabilities=b"", _activations=b"")
    assert explorer.image is explorer.probabilities is explorer.activations is None


def test_errors_and_gradients_come_back_as_the_reference_has_them(explorer, embedded, weights):
    assert explorer.errors is explorer.gradients is None
    found = backward(embedded.test.images[[3]], np.array([6]), weights)
    arrays = [array for pair in found.weights.values() for array in pair]
    for trait, parts in (("_errors", found.errors), ("_gradients", arrays)):
        order = [parts[name] for name in explorer_layers()] if trait == "_errors" else parts
        row = np.concatenate([part.ravel() for part in order])
        send(explorer, **{trait: row.astype("<f4").tobytes()})
    assert list(explorer.errors) == explorer_layers()
    assert all(np.array_equal(explorer.errors[name], found.errors[name]) for name in found.errors)
    assert list(explorer.gradients) == list(weights)
    for name, pair in found.weights.items():
        for ours, theirs in zip(explorer.gradients[name], pair, strict=True):
            assert np.array_equal(ours, theirs), name
            assert ours.dtype == np.float32


def explorer_layers():
    return [layer.name for layer in LAYERS]


def test_the_view_backward_opens_with_the_digit_that_the_book_follows(weights, embedded):
    explorer = DigitExplorer(weights, layer="backward")
    assert (explorer.picked, explorer.label) == (10, None)
    assert explorer.about["golden_digits"][10]["split"] == "train"
    own = DigitExplorer(weights, layer="backward", digits=embedded.test[:12])
    assert own.picked == 7, "the eleventh of the reader's own digits is another one"


@pytest.mark.parametrize(
    ("trait", "size", "message"),
    [
        ("_digit", 3132, "3,136 bytes for .1, 28, 28, 1., got 3,132"),
        ("_probabilities", 44, "40 bytes for .10,., got 44"),
        ("_activations", 4, "150,440 bytes .*, got 4"),
        ("_errors", 4, "150,440 bytes .*, got 4"),
        ("_gradients", 40, "373,288 bytes .*, got 40"),
    ],
)
def test_a_wrong_number_of_bytes_is_named(explorer, trait, size, message):
    send(explorer, **{trait: bytes(size)})
    name = {"_digit": "image"}.get(trait, trait[1:])
    with pytest.raises(ValueError, match=message):
        getattr(explorer, name)


def test_only_known_layers_can_be_opened(weights):
    assert [DigitExplorer(weights, layer=view).layer for view in VIEWS] == list(VIEWS)
    with pytest.raises(TraitError, match="layer"):
        DigitExplorer(weights, layer="dense")


def test_strokes_that_are_set_replace_the_picked_digit_and_a_picked_digit_the_strokes(explorer):
    assert (explorer.picked, explorer.normalise) == (7, True)
    explorer.strokes = write(7, "barred")
    assert explorer.picked is None
    assert [len(stroke) for stroke in explorer.strokes] == [61, 25]
    assert json.loads(json.dumps(explorer.strokes)) == explorer.strokes
    explorer.picked = 4
    assert explorer.strokes == []
    explorer.strokes = []
    assert explorer.picked == 4, "no strokes are no drawing"


@pytest.mark.parametrize(
    ("trait", "value", "message"),
    [
        ("strokes", [[0.1, 0.2]], "expected a stroke of points"),
        ("strokes", [[(0.1, float("nan"))]], "expected points on the pad"),
        ("strokes", "7", "expected a stroke of points"),
        ("picked", 11, "expected picked from 0 to 10, got 11"),
        ("picked", -1, "expected picked from 0 to 10, got -1"),
        ("normalise", "no", "normalise"),
        ("label", 10, "expected a label from 0 to 9, got 10"),
        ("label", -1, "expected a label from 0 to 9, got -1"),
        ("label", "4", "label"),
    ],
)
def test_what_cannot_be_shown_is_refused_and_nothing_changes(explorer, trait, value, message):
    before = getattr(explorer, trait)
    with pytest.raises(TraitError, match=message):
        setattr(explorer, trait, value)
    assert getattr(explorer, trait) == before


def test_with_few_digits_of_the_reader_the_pad_opens_empty(weights, embedded):
    assert DigitExplorer(weights, digits=embedded.test[:3]).picked is None


def test_of_a_keras_model_the_model_itself_is_compared_with(pretrained, packed):
    explorer = DigitExplorer(pretrained)
    assert explorer.weights == packed
    assert explorer.about["computed_by"] == "Keras"
    assert explorer.about["test"] == load_provenance()["test"]
    for found, recorded in zip(explorer.about["golden_digits"], golden_digits(), strict=True):
        assert found["pixels"] == recorded["pixels"]
        assert found["logits"] is None
        # Keras with another batch size or processor: as in tests/test_pretrained.py.
        difference = np.subtract(found["probabilities"], recorded["probabilities"])
        assert np.abs(difference).max() <= 1.5e-5


def network(activation="relu", names=("conv2d_1", "dense_1"), pooling=keras.layers.MaxPooling2D):
    """The book's network, or nearly."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation=activation, name=names[0]),
            pooling(2, name="max_pooling2d_1"),
            layers.Conv2D(64, 3, activation="relu", name="conv2d_2"),
            pooling(2, name="max_pooling2d_2"),
            layers.Conv2D(64, 3, activation="relu", name="conv2d_3"),
            layers.Flatten(name="flatten_1"),
            layers.Dropout(0.5),
            layers.Dense(64, activation="relu", name=names[1]),
            layers.Dense(10, activation="softmax", name="dense_2"),
        ]
    )


def test_a_network_with_dropout_answers_like_the_one_without():
    assert len(DigitExplorer(network()).weights) == 4 * 93_322


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: network(activation="sigmoid"), r"got conv2d_1 \(Conv2D, sigmoid\), max_pool"),
        (lambda: network(names=("conv2d", "dense")), r"got conv2d \(Conv2D, relu\), max_pool"),
        (lambda: network(pooling=keras.layers.AveragePooling2D), "AveragePooling2D"),
        (lambda: keras.Sequential(network().layers[:-1]), r"dense_1 \(Dense, relu\)$"),
        (lambda: keras.Sequential(), "got none$"),
    ],
)
def test_another_network_is_refused_and_named(model, message):
    with pytest.raises(
        ValueError, match=rf"expected the layers conv2d_1 \(Conv2D, relu\).*{message}"
    ):
        DigitExplorer(model())


def test_what_is_no_model_is_refused():
    with pytest.raises(TypeError, match="expected a Keras model or its weights, got str"):
        DigitExplorer("weights.npz")


def test_the_reader_may_bring_digits(weights, embedded):
    digits = embedded.test[20:25]
    golden = DigitExplorer(weights, digits=digits).about["golden_digits"]
    assert [digit["label"] for digit in golden] == digits.labels.tolist()
    for digit, image in zip(golden, digits.images, strict=True):
        assert np.array_equal(decode_pixels(digit["pixels"]), image)
        by_numpy = forward(image[np.newaxis], weights)["dense_2"][0]
        # One batch or five: NumPy may add in another order, as in tests/test_pretrained.py.
        assert np.abs(by_numpy - digit["probabilities"]).max() <= 1.5e-5
    bare = DigitExplorer(weights, digits=digits.images).about["golden_digits"]
    assert [digit["label"] for digit in bare] == [None] * 5


@pytest.mark.parametrize(
    ("digits", "message"),
    [
        (np.zeros((21, 28, 28, 1)), "expected 1 to 20 digits, got 21"),
        (np.zeros((0, 28, 28, 1)), "expected 1 to 20 digits, got 0"),
        (np.zeros((28, 28, 1)), r"shape \(n, 28, 28, 1\), got \(28, 28, 1\)"),
        (np.full((1, 28, 28, 1), 255.0), "float64 from 255.0 to 255.0"),
    ],
)
def test_other_digits_are_refused_and_named(weights, digits, message):
    with pytest.raises(ValueError, match=message):
        DigitExplorer(weights, digits=digits)


def test_without_anywidget_the_message_says_what_to_install():
    code = (
        "import sys; sys.modules['anywidget'] = None; import mnist_lib.explorer\n"
        "from mnist_lib.explorer import DigitExplorer"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    last = done.stderr.strip().splitlines()[-1]
    assert last == "ImportError: DigitExplorer needs the package anywidget: pip install anywidget"


@pytest.mark.parametrize("in_book", [True, False])
def test_in_the_books_build_nothing_is_shown_and_nothing_is_stored(in_book, monkeypatch):
    """If stored, it would make the page load scripts from elsewhere. Kernels inherit this."""
    if in_book:
        monkeypatch.setenv(IN_BOOK, "1")
    code = (
        "from mnist_lib.explorer import DigitExplorer\n"
        "from mnist_lib.pretrained import load_weights\n"
        "explorer = DigitExplorer(load_weights())\n"
        "display(explorer)\n"
        "explorer"
    )
    notebook = new_notebook(cells=[new_code_cell(code), new_code_cell("print(explorer.image)")])
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    assert notebook.cells[1].outputs[0].text == "None\n"
    assert len(notebook.cells[0].outputs) == (0 if in_book else 2)
    assert ("widgets" in notebook.metadata) == (not in_book)
