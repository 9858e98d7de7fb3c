"""The note, completely: its map is correct, and every number in it is computed here."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from mdit_py_plugins.anchors.index import slugify

from mnist_lib import N_CLASSES
from mnist_lib.data import load_mnist
from mnist_lib.data.download import FULL
from mnist_lib.pretrained import load_provenance, load_seed_results, load_weights
from mnist_lib.reference import forward, softmax

ROOT = Path(__file__).parent.parent
NOTE = (ROOT / "appendix" / "note.md").read_text(encoding="utf-8")

# Fig. 1 of the note: name, output shape, parameters.
FIG_1 = [
    ("conv2d_1", (26, 26, 32), 320),
    ("max_pooling2d_1", (13, 13, 32), 0),
    ("conv2d_2", (11, 11, 64), 18_496),
    ("max_pooling2d_2", (5, 5, 64), 0),
    ("conv2d_3", (3, 3, 64), 36_928),
    ("flatten_1", (576,), 0),
    ("dense_1", (64,), 36_928),
    ("dense_2", (10,), 650),
]

# Every part of the note that has content; each has a row in the map.
PARTS = [
    *("I", "Fig. 1", "Fig. 2", "II", "Algorithm 1", "II.A", "II.B", "Fig. 3"),
    *("II.C", "Fig. 4", "Table I", "III", "Fig. 5", "Eq. (1)"),
    *("III, worked example", "III, exercise", "IV", "Fig. 6", "V.A", "V.B", "V.C"),
]

# The lines of the note's program that do something; each has a row in the map.
STEPS = [
    *("import keras", "models.Sequential()", "Conv2D(32", "MaxPooling2D", "Conv2D(64"),
    *("model.summary()", "Flatten()", "Dense(64", "Dense(10", "mnist.load_data()"),
    *("reshape", "/ 255", "to_categorical", "model.compile", "model.fit"),
    *("model.evaluate", "import h5py", "model.save"),
]


def rows(title):
    """The rows of the table below a heading of the page: a list of cells each."""
    section = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", NOTE, re.S | re.M)[1]
    table = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[2:]]


def links():
    return re.findall(r"\]\(((?:\.\./|[\w/]*)[\w/.]+\.(?:ipynb|md))(#[\w-]+)?\)", NOTE)


def anchors(path):
    """The anchors of a page's headings."""
    if path.suffix == ".ipynb":
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    else:
        text = path.read_text(encoding="utf-8")
    text = re.sub(r"```.*?```", "", text, flags=re.S)
    return {slugify(re.sub(r"[`*$\\]", "", head)) for head in re.findall(r"^#+ (.+)$", text, re.M)}


def test_every_part_of_the_note_has_its_place():
    mapped = [row[0] for row in rows("Where each part of the note is")]
    assert mapped == PARTS


def test_every_step_of_the_program_has_its_place():
    mapped = [row[0] for row in rows("Where each step of the program is")]
    assert [step for step, row in zip(STEPS, mapped, strict=True) if step not in row] == []


def test_every_row_of_the_map_names_a_place():
    for title in ("Where each part of the note is", "Where each step of the program is"):
        for row in rows(title):
            assert re.search(r"\]\(\.\./chapters/\w+\.ipynb#[\w-]+\)", row[-1]), row


def test_every_place_exists():
    targets = links()
    assert len(targets) > 40
    for file, anchor in targets:
        path = (ROOT / "appendix" / file).resolve()
        assert path.is_file(), file
        if anchor:
            assert anchor[1:] in anchors(path), f"{file}{anchor}"


def test_all_fourteen_errata_are_listed():
    section = re.search(r"^## Errata.*?\n(.*?)(?=^## |\Z)", NOTE, re.S | re.M)[1]
    assert [int(n) for n in re.findall(r"^(\d+)\. ", section, re.M)] == list(range(1, 15))


def test_fig_1_by_arithmetic():
    """Output (n - k)/s + 1; parameters (rows x columns x channels in + 1) x channels out."""
    side, channels, found = 28, 1, []
    for number, filters in enumerate((32, 64, 64), 1):
        parameters = (3 * 3 * channels + 1) * filters
        side, channels = side - 3 + 1, filters
        found.append((f"conv2d_{number}", (side, side, channels), parameters))
        if number < 3:
            side //= 2
            found.append((f"max_pooling2d_{number}", (side, side, channels), 0))
    flat = side * side * channels
    found.append(("flatten_1", (flat,), 0))
    found.append(("dense_1", (64,), (flat + 1) * 64))
    found.append(("dense_2", (N_CLASSES,), (64 + 1) * N_CLASSES))
    assert found == FIG_1
    assert sum(parameters for *_, parameters in FIG_1) == 93_322


def test_fig_1_by_keras():
    from mnist_lib.model import build_model, layer_table

    model = build_model()
    assert [(row.name, row.output_shape, row.parameters) for row in layer_table(model)] == FIG_1
    assert layer_table(model).total == model.count_params() == 93_322
    assert sum(int(np.prod(w.shape)) for w in model.trainable_weights) == 93_322


def test_fig_1_by_the_shipped_weights():
    outputs = forward(np.zeros((1, 28, 28, 1), np.float32), load_weights())
    assert [(name, out.shape[1:]) for name, out in outputs.items()] == [r[:2] for r in FIG_1]
    assert sum(k.size + b.size for k, b in load_weights().values()) == 93_322


def test_small_sums_of_the_note():
    assert 3 * 3 * 64 == 576
    assert math.ceil(60_000 / 64) == 938
    assert 320 + 18_496 + 36_928 == 55_744


def test_summary_before_flatten_totals_55744():
    """Erratum 1: the listing calls summary() before the classifier is added."""
    from mnist_lib.model import build_model

    first = build_model().layers[:5]
    assert first[-1].name == "conv2d_3"
    assert sum(layer.count_params() for layer in first) == 55_744


def test_the_module_is_called_models():
    """Erratum 2: Algorithm 1 imports `model`."""
    import keras

    assert hasattr(keras, "models")
    assert not hasattr(keras, "model")


def test_worked_example_of_softmax():
    probabilities = softmax(np.array([2.0, 1.0, 0.1]))
    assert probabilities.round(4).tolist() == [0.6590, 0.2424, 0.0986]
    assert probabilities.round(1).tolist() == [0.7, 0.2, 0.1]


EXERCISE = np.array([110, -35.1, 0.2, 1.1, 10])


def test_exercise_of_softmax_in_float64():
    found = [f"{p:.1e}" for p in softmax(EXERCISE)]
    assert found == ["1.0e+00", "9.6e-64", "2.1e-48", "5.1e-48", "3.7e-44"]


def test_exercise_of_softmax_in_float32():
    """The formula as written overflows; the shifted form does not."""
    scores = EXERCISE.astype(np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        naive = np.exp(scores) / np.exp(scores).sum()
    assert np.isnan(naive[0])
    assert naive[1:].tolist() == [0, 0, 0, 0]
    shifted = softmax(scores)
    assert shifted[:4].tolist() == [1, 0, 0, 0]
    assert f"{shifted[4]:.1e}" in ("3.8e-44", "0.0e+00")  # a subnormal number, or flushed to zero


def test_the_standard_error_of_one_run():
    """One run's 0.1 % is noise: the standard error at 99.2 % is 0.09 points."""
    assert round(100 * math.sqrt(0.992 * 0.008 / 10_000), 2) == 0.09


def test_what_max_pooling_drops():
    """Erratum 13: the floor of 11/2 leaves positions that never reach the answer."""
    assert 11 * 11 - 10 * 10 == 21
    assert round(100 * 21 / 121, 1) == 17.4
    # C2 uses 10 of its rows, so 12 rows of M1, 24 rows of C1, 26 rows of the input.
    assert (10 + 2, 2 * 12, 24 + 2) == (12, 24, 26)
    assert round(100 * (1 - 12**2 / 13**2), 1) == 14.8
    assert round(100 * (1 - 24**2 / 26**2), 1) == 14.8
    assert 28**2 - 26**2 == 108


def test_the_last_two_rows_and_columns_never_reach_the_answer():
    """Erratum 13 by experiment: change 108 pixels at random, and no bit of the answer changes."""
    random = np.random.default_rng(0)
    images = load_mnist("embedded").test.images[:20]
    changed = images.copy()
    changed[:, 26:, :] = random.random(changed[:, 26:, :].shape)
    changed[:, :, 26:] = random.random(changed[:, :, 26:].shape)
    weights = load_weights()
    same = forward(images, weights)["dense_2"] == forward(changed, weights)["dense_2"]
    assert same.all()
    changed[:, 25, 12] = 1 - changed[:, 25, 12]
    assert (forward(images, weights)["dense_2"] != forward(changed, weights)["dense_2"]).any()


def test_ink_in_the_pixels_that_are_never_seen():
    mnist = load_mnist()
    ink = mnist.test.images[:, 26:].any((1, 2, 3)) | mnist.test.images[:, :, 26:].any((1, 2, 3))
    if len(mnist.test) == 10_000:
        assert ink.sum() == 1_134
    else:
        assert 60 <= ink.sum() <= 180  # 1,000 other digits: about as many, one in nine


def test_c3_and_d64_have_the_same_parameters_because_they_are_the_same_operation():
    """Erratum 14: Dense(64) on the flat map is a 3x3 convolution at its only position."""
    weights = load_weights()
    kernel, _ = weights["dense_1"]
    assert kernel.size == weights["conv2d_3"][0].size == 36_928 - 64
    maps = np.random.default_rng(0).integers(0, 5, (2, 3, 3, 64)).astype(float)
    whole = np.rint(kernel * 8)  # small whole numbers: the sums are exact in any order
    as_convolution = np.einsum("nrci,rcio->no", maps, whole.reshape(3, 3, 64, 64))
    assert np.array_equal(as_convolution, maps.reshape(2, -1) @ whole)


def test_work_of_each_layer():
    """Multiply-adds: positions x kernel for a convolution, inputs x outputs for a dense layer."""
    work = [26 * 26 * 32 * 9, 11 * 11 * 64 * 9 * 32, 3 * 3 * 64 * 9 * 64, 576 * 64, 64 * 10]
    assert work == [194_688, 2_230_272, 331_776, 36_864, 640]
    assert sum(work) == 2_794_240


def test_defaults_of_rmsprop():
    """Erratum 8: Keras' RMSprop has no momentum unless asked."""
    import keras

    config = keras.optimizers.RMSprop().get_config()
    names = ("learning_rate", "rho", "epsilon", "momentum")
    found = [config[name] for name in names]
    assert found[1:] == [0.9, 1e-7, 0.0]
    assert found[0] == pytest.approx(0.001, rel=1e-6)  # stored as float32


def test_facts_of_the_data():
    assert [array.shape[0] for array in FULL.values()] == [60_000, 60_000, 10_000, 10_000]
    mnist = load_mnist()
    if len(mnist.train) == 60_000:
        counts = np.bincount(mnist.train.labels).tolist()
        assert counts == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
        counts = np.bincount(mnist.test.labels).tolist()
        assert counts == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
        pixels = mnist.train.images.astype(np.float64)
        assert f"{pixels.mean():.4f} {pixels.std():.4f}" == "0.1307 0.3081"
    else:
        assert np.bincount(mnist.train.labels).tolist() == [400] * 10
        assert np.bincount(mnist.test.labels).tolist() == [100] * 10


def test_shipped_results_lie_in_the_band_of_the_recipe():
    from mnist_lib.training import EXPECTED_ACCURACY

    low, high = EXPECTED_ACCURACY[60_000]
    runs = [load_provenance()["test"], *load_seed_results()["runs"]]
    assert all(low <= run["correct"] / run["total"] <= high for run in runs)
    assert load_provenance()["test"]["correct"] >= 9_900
    assert load_provenance()["seed"] == 0
    assert [run["seed"] for run in load_seed_results()["runs"]] == [0, 1, 2, 3, 4]
