"""Laws of `mnist_lib.pretrained`: the shipped weights are the recorded ones, and good enough."""

import hashlib
import json
from importlib import resources

import numpy as np
import pytest

from mnist_lib.architecture import FOLLOWED, WEIGHTED
from mnist_lib.data import content_hash, embedded_test_indices
from mnist_lib.preprocessing import prepare_digit, rasterise
from mnist_lib.pretrained import (
    load_augmented_results,
    load_golden_outputs,
    load_photograph_results,
    load_provenance,
    load_seed_results,
    load_weights,
)
from mnist_lib.reference import backward, dense, forward
from mnist_lib.simulate import CROPS, DISTURBANCES, write

SHAPES = {
    "conv2d_1": ((3, 3, 1, 32), (32,)),
    "conv2d_2": ((3, 3, 32, 64), (64,)),
    "conv2d_3": ((3, 3, 64, 64), (64,)),
    "dense_1": ((576, 64), (64,)),
    "dense_2": ((64, 10), (10,)),
}

PARTS = ("kernel", "bias")
THINNED = {"pen", "pencil", "everything"}


def hash_of(weights: dict) -> str:
    """As in the record: the bytes of kernel and bias, layer by layer."""
    parts = (array.tobytes() for pair in weights.values() for array in pair)
    return hashlib.sha256(b"".join(parts)).hexdigest()


def right(images: np.ndarray, labels: np.ndarray, weights: dict) -> int:
    """Right answers of the NumPy network, in batches that fit the memory of a small machine."""
    total = 0
    for start in range(0, len(labels), 250):
        probabilities = forward(images[start : start + 250], weights)["dense_2"]
        total += int((probabilities.argmax(axis=1) == labels[start : start + 250]).sum())
    return total


def test_names_and_shapes_are_those_of_fig_1(weights):
    assert {name: (k.shape, b.shape) for name, (k, b) in weights.items()} == SHAPES
    assert tuple(weights) == tuple(layer.name for layer in WEIGHTED) == tuple(SHAPES)


def test_there_are_93322_numbers_finite_and_float32(weights):
    arrays = [array for pair in weights.values() for array in pair]
    assert sum(array.size for array in arrays) == 93_322
    assert all(array.dtype == np.float32 for array in arrays)
    assert all(np.isfinite(array).all() for array in arrays)


def test_every_filter_and_neuron_has_weights_of_its_own(weights):
    """None is dead from the start, and no two are the same."""
    for kernel, _ in weights.values():
        columns = kernel.reshape(-1, kernel.shape[-1]).T
        assert np.abs(columns).max(axis=1).min() > 0
        assert len(np.unique(columns, axis=0)) == len(columns)


def test_the_weights_are_the_recorded_ones(weights):
    assert hash_of(weights) == load_provenance()["weights_sha256"]


def test_the_file_holds_these_arrays_and_nothing_else():
    with resources.files("mnist_lib.pretrained").joinpath("weights.npz").open("rb") as file:
        names = np.load(file, allow_pickle=False).files
    assert sorted(names) == sorted(
        f"{layer}/{kind}" for layer in SHAPES for kind in ("kernel", "bias")
    )


def test_every_call_gives_arrays_of_its_own(weights):
    mine = load_weights()
    mine["dense_2"][1][:] = 0
    assert np.abs(load_weights()["dense_2"][1]).max() > 0


def test_the_record_is_of_the_notes_recipe():
    record = load_provenance()
    assert record["recipe"] == {
        "epochs": 5,
        "batch_size": 64,
        "optimizer": "rmsprop",
        "loss": "categorical_crossentropy",
    }
    assert record["seed"] == 0
    assert len(record["epochs"]) == 5
    losses = [epoch["loss"] for epoch in record["epochs"]]
    assert losses == sorted(losses, reverse=True)


def test_the_recorded_result_is_at_least_9900_of_10000():
    test = load_provenance()["test"]
    assert test["total"] == 10_000
    assert 9_900 <= test["correct"] <= 10_000


def test_the_embedded_result_is_reached_by_numpy_alone(embedded, weights):
    """Two digits of tolerance: rounding can change an answer only where two scores nearly tie."""
    recorded = load_provenance()["embedded_test"]
    assert recorded["total"] == len(embedded.test) == 1000
    found = right(embedded.test.images, embedded.test.labels, weights)
    assert abs(found - recorded["correct"]) <= 2


def test_the_full_result_is_reached_by_numpy_alone(full, weights):
    """The same tolerance of two digits, on ten times as many."""
    found = right(full.test.images, full.test.labels, weights)
    assert abs(found - load_provenance()["test"]["correct"]) <= 2


def test_the_weights_were_trained_on_what_the_record_says(full):
    """The 60,000 without the embedded test split, in their order."""
    rest = np.delete(np.arange(60_000), embedded_test_indices(full.train.labels))
    record = load_provenance()
    assert len(rest) == 59_000
    assert record["trained_on"].startswith("59,000 training digits")
    assert content_hash(full.train[rest]) == record["data_sha256"]


def test_the_references_are_the_first_test_digits_of_their_classes_and_the_followed_one(embedded):
    *golden, followed = load_golden_outputs()
    assert [digit["label"] for digit in golden] == list(range(10))
    assert (followed["split"], followed["index"]) == ("train", FOLLOWED.digit)
    for digit in golden:
        assert digit["split"] == "test"
        earlier = embedded.test.labels[: digit["index"]]
        assert embedded.test.labels[digit["index"]] == digit["label"]
        assert digit["label"] not in earlier


def test_the_references_were_computed_with_these_weights(weights):
    record = json.loads(
        resources.files("mnist_lib.pretrained").joinpath("golden_outputs.json").read_text()
    )
    assert record["weights_sha256"] == hash_of(weights)


def max_abs_difference(found: dict[str, np.ndarray]) -> dict[str, float]:
    """The largest difference between the record's numbers and these."""
    return {
        name: float(np.abs([digit[name] for digit in load_golden_outputs()] - found[name]).max())
        for name in ("logits", "probabilities")
    }


@pytest.fixture
def golden_images(embedded) -> np.ndarray:
    indices = [digit["index"] for digit in load_golden_outputs()[:-1]]
    followed = embedded.train.images[[FOLLOWED.digit]]
    return np.concatenate([embedded.test.images[indices], followed])


# Five layers round one after the other, in an order that depends on the processor: some 50
# roundings of scores of size 20, 50 · 20 · 6e-8 = 6e-5 at worst. A probability changes by at
# most a quarter of the change in the scores.
BOUND = {"logits": 6e-5, "probabilities": 1.5e-5}


def test_keras_computes_the_references_again(pretrained, golden_images):
    import keras

    until_there = keras.Model(pretrained.inputs[0], pretrained.get_layer("dense_1").output)
    last = pretrained.get_layer("dense_2")
    logits = keras.ops.matmul(until_there(golden_images), last.kernel) + last.bias
    probabilities = pretrained(golden_images)
    found = max_abs_difference(
        {"logits": np.asarray(logits), "probabilities": np.asarray(probabilities)}
    )
    assert all(found[name] <= BOUND[name] for name in BOUND), found


def test_numpy_computes_the_references_too(weights, golden_images):
    outputs = forward(golden_images, weights)
    logits = dense(outputs["dense_1"], *weights["dense_2"])
    found = max_abs_difference({"logits": logits, "probabilities": outputs["dense_2"]})
    assert all(found[name] <= BOUND[name] for name in BOUND), found


def test_the_references_are_float32_numbers():
    for digit in load_golden_outputs():
        for name in BOUND:
            assert len(digit[name]) == 10
            assert np.array_equal(np.float32(digit[name]).astype(float), digit[name])
        assert int(np.argmax(digit["probabilities"])) == int(np.argmax(digit["logits"]))


def test_numpy_finds_the_recorded_gradients(weights, golden_images):
    """Within 2e-5 of the largest of each array, as in `test_gradients`."""
    for digit, image in zip(load_golden_outputs(), golden_images, strict=True):
        recorded = digit["gradients"]
        assert recorded["label"] == np.argsort(digit["logits"])[-2]
        found = backward(image[np.newaxis], np.array([recorded["label"]]), weights)
        assert found.loss == pytest.approx(recorded["loss"], abs=BOUND["logits"])
        assert list(recorded["largest"]) == [f"{n}/{part}" for n in SHAPES for part in PARTS]
        for path, largest in recorded["largest"].items():
            name, part = path.split("/")
            gradients = found.weights[name][PARTS.index(part)].ravel()
            limit = np.abs(gradients).max()
            assert limit == pytest.approx(abs(largest[0][1]), rel=2e-5)
            for place, value in largest:
                assert abs(gradients[place] - value) <= 2e-5 * limit


def test_five_seeds_were_run_on_the_full_data(full):
    record = load_seed_results()
    assert [run["seed"] for run in record["runs"]] == [0, 1, 2, 3, 4]
    assert record["data_sha256"] == content_hash(full.train)


@pytest.mark.parametrize("seed", range(5))
def test_each_seed_lies_in_the_band_of_the_book(seed):
    from mnist_lib.training import EXPECTED_ACCURACY

    run = load_seed_results()["runs"][seed]
    low, high = EXPECTED_ACCURACY[60_000]
    assert low <= run["correct"] / run["total"] <= high


# Photographs and crops


def photograph_record():
    text = resources.files("mnist_lib.pretrained").joinpath("photographs.json").read_text()
    return json.loads(text)


def test_photograph_results_are_of_these_weights_and_of_every_kind(weights, augmented):
    record = photograph_record()
    assert record["weights_sha256"] == hash_of(weights)
    assert record["augmented_sha256"] == hash_of(augmented)
    assert tuple(record["kinds"]) == (*DISTURBANCES, *CROPS)
    for run in record["kinds"].values():
        assert run["correct"] + len(run["wrong"]) == run["total"] == 100
        assert run["correct"] == run["hands"]["note"]["read_image"]


@pytest.mark.parametrize("kind", [*DISTURBANCES, *CROPS])
def test_each_kind_is_read_at_least_as_often_as_by_simple_recipes(kind):
    """Of its 200 pictures, each reader with those of the two weights that suit it better."""
    run, readers = load_photograph_results()[kind], ("read_image", "otsu", "adaptive")
    ours, *others = (
        max(run["hands"][name][reader] + run["mnist"][name][reader] for name in run["hands"])
        for reader in readers
    )
    assert ours >= max(others)


@pytest.mark.parametrize("kind", sorted({*DISTURBANCES, *CROPS} - THINNED))
def test_where_the_shape_is_mnists_own_98_of_100_are_read(kind):
    """A fine pen, and a pencil, draw the outline of an MNIST digit anew: another shape. With the
    weights that the digits come from; those for other pens may lose one more."""
    counts = load_photograph_results()[kind]["mnist"]
    assert counts["note"]["read_image"] >= 98
    assert counts["augmented"]["read_image"] >= 97


def test_unusual_letterforms_are_read_at_least_as_often_as_by_simple_recipes():
    from tools.photographs import letterforms

    record = photograph_record()["shapes"]
    assert list(record) == [f"{style} {digit}" for digit, style in letterforms()]
    for networks in record.values():
        ours, *others = (
            max(counts[reader] for counts in networks.values())
            for reader in ("read_image", "otsu", "adaptive")
        )
        assert ours >= max(98, *others)


def test_the_letterforms_are_counted_anew_as_they_stand_in_the_record(monkeypatch):
    from tools import photographs

    monkeypatch.setattr(photographs, "COUNT", 3)
    name, counted = photographs.shape_counts("9", "hooked")
    assert name in photograph_record()["shapes"]
    assert counted["note"] == {"read_image": 3, "otsu": 3, "adaptive": 3}


def test_one_threshold_takes_a_shadow_for_ink():
    """As the chapter says; elsewhere it reads most."""
    for kind, run in load_photograph_results().items():
        counts = run["hands"]["note"]
        assert counts["read_image"] >= 97
        if kind in ("shading", "everything", "half in shadow"):
            assert counts["otsu"] < 20
        else:
            assert counts["otsu"] > 85


@pytest.mark.slow
def test_what_the_record_calls_wrong_is_wrong_and_what_not_is_right(weights):
    from tools.photographs import photographed

    def answer(kind: str, number: int) -> int:
        digit = photographed(number, kind)[np.newaxis]
        return int(forward(digit, weights)["dense_2"].argmax())

    for kind, run in load_photograph_results().items():
        for number in run["wrong"]:
            assert answer(kind, number) != number % 10
        right = next(number for number in range(100) if number not in run["wrong"])
        assert answer(kind, right) == right % 10


# The weights for real pens


@pytest.fixture(scope="module")
def augmented():
    return load_weights("augmented")


def test_the_weights_for_real_pens_are_of_the_same_network(augmented):
    assert {name: (k.shape, b.shape) for name, (k, b) in augmented.items()} == SHAPES
    assert all(array.dtype == np.float32 for pair in augmented.values() for array in pair)
    assert all(np.isfinite(array).all() for pair in augmented.values() for array in pair)


def test_the_record_is_of_both_networks(weights, augmented):
    record = load_augmented_results()
    assert record["weights_sha256"] == hash_of(augmented)
    assert record["shipped_sha256"] == hash_of(weights)
    assert tuple(record["measured"])[:3] == ("shipped", "twin", "seed 0")


@pytest.mark.parametrize("name", ["", "weights", "real pens", None])
def test_weights_of_another_name_are_refused(name):
    with pytest.raises(ValueError, match="expected one of note, augmented, got"):
        load_weights(name)


def test_no_letter_that_is_measured_was_learned():
    """The tool names both; so do the stored results."""
    from tools.augmented import FIGURES, LETTERS, OTHER_LETTERS, OTHER_SCRIBBLES, SCRIBBLES

    assert not set(LETTERS) & set(OTHER_LETTERS)
    assert not set(SCRIBBLES) & set(OTHER_SCRIBBLES)
    for measured in load_augmented_results()["measured"].values():
        assert set(measured["no_digits"]) == {*OTHER_LETTERS, *FIGURES, *OTHER_SCRIBBLES}


def test_the_threshold_costs_no_more_than_one_held_out_digit_of_a_hundred():
    for name, measured in load_augmented_results()["measured"].items():
        held = measured["held_out"]
        assert held["total"] == 5_000
        if name != "shipped":  # it has learned these digits
            assert held["total"] - held["kept"] <= 50


def share(counts: dict, key: str) -> float:
    return sum(c[key] for c in counts.values()) / sum(c["total"] for c in counts.values())


def test_the_weights_for_real_pens_read_thick_pens_better_and_refuse_more():
    measured = load_augmented_results()["measured"]
    for seed in ("seed 0", "seed 1", "seed 2"):
        for pen in ("56", "70"):
            gained = measured[seed]["pens"][pen]["correct"]
            assert gained > measured["shipped"]["pens"][pen]["correct"]
        refused = share(measured[seed]["no_digits"], "refused")
        assert refused > 2 * share(measured["shipped"]["no_digits"], "refused")
        assert measured[seed]["test"]["correct"] >= 9_880


def test_numpy_reaches_the_recorded_counts(embedded, augmented):
    """Two digits of tolerance: rounding can change an answer only where two scores nearly tie."""
    recorded = load_augmented_results()["measured"]["seed 0"]["embedded_test"]
    found = right(embedded.test.images, embedded.test.labels, augmented)
    assert abs(found - recorded["correct"]) <= 2


def test_numpy_refuses_what_the_record_says(augmented):
    measured = load_augmented_results()["measured"]["seed 0"]
    for what in ("A", "S", "house"):
        shown = [prepare_digit(rasterise(write(what, 0, n))) for n in range(20)]
        scores = forward(np.stack(shown), augmented)["dense_2"].max(axis=1)
        refused = (scores < measured["threshold"]).sum()
        assert abs(refused - measured["no_digits"][what]["refused"]) <= 1


def test_what_relu_says_of_silent_units_is_so(embedded, full, pretrained):
    """Where they are, for 1,000 digits; and which of them more digits wake."""
    import keras

    some = forward(embedded.train.images[:1000], load_weights())
    for name, inside in (("conv2d_1", 0.26), ("conv2d_2", 0.0)):
        silent = some[name].max(axis=0) == 0
        rim = np.ones(silent.shape[:2], bool)
        rim[2:-2, 2:-2] = False
        assert silent[~rim].sum() / silent.sum() == pytest.approx(inside, abs=0.01), name
    more = forward(embedded.train.images, load_weights())
    silent = {name: out.reshape(-1, out.shape[-1]).max(axis=0) == 0 for name, out in more.items()}
    assert (silent["conv2d_3"].sum(), len(embedded.train)) == (0, 4_000)
    hidden = keras.Model(pretrained.inputs[0], pretrained.get_layer("dense_1").output)
    peaks = hidden.predict(full.train.images, batch_size=500, verbose=0).max(axis=0)
    assert np.flatnonzero(peaks == 0).tolist() == [23]
