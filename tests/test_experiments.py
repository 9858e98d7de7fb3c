"""Laws of the stored experiments: complete, as planned, and open about where they come from."""

import json
import re
from importlib import resources
from pathlib import Path

import keras
import numpy as np
import pytest

from mnist_lib.data import content_hash
from mnist_lib.experiments import Arm, load_arms
from mnist_lib.variants import build_variant
from tools.experiments import PLANS, split

CHAPTERS = Path(__file__).parent.parent / "chapters"
STORED = json.loads(resources.files("mnist_lib.experiments").joinpath("results.json").read_text())


def test_the_stored_runs_are_all_that_were_planned_and_no_others():
    assert list(STORED["arms"]) == list(PLANS)
    for name, record in STORED["arms"].items():
        assert [run["seed"] for run in record["runs"]] == list(range(PLANS[name].seeds)), name
        assert record["digits"] == PLANS[name].digits


def test_the_machine_time_stands_beside_each_arm_and_is_within_four_hours():
    seconds = [arm.seconds for arm in load_arms().values()]
    assert all(min(of_one) > 0 for of_one in seconds)
    assert sum(map(sum, seconds)) < 4 * 3600


def test_results_say_how_they_were_made(full):
    held, learned = split(full.train)
    assert STORED["made_by"] == "make experiments"
    assert STORED["held_out_sha256"] == content_hash(held)
    assert STORED["learned_sha256"] == content_hash(learned)
    assert {"keras", "tensorflow", "numpy"} <= set(STORED["versions"])


def test_no_digit_is_learned_and_scored_and_none_is_a_test_digit(full):
    held, learned = split(full.train)
    assert (len(held), len(learned)) == (5_000, 55_000)
    seen = {image.tobytes() for image in learned.images}
    twins = sum(image.tobytes() in seen for image in held.images)
    assert twins == 0, "MNIST's training split holds no picture twice"


def test_the_note_arm_is_the_network_of_the_note_and_learns():
    arm = load_arms("note")["note"]
    assert arm.parameters == 93_322
    assert min(arm.correct) > 0.96 * arm.total


def test_mean_deviation_and_interval_are_those_of_the_counts():
    arm = Arm((4_850, 4_900, 4_880, 4_870, 4_900), 5_000, 12_000, 93_322, (60.0,) * 5)
    assert arm.mean == 4_880
    assert arm.deviation == pytest.approx(np.std([-30, 20, 0, -10, 20], ddof=1))
    low, high = arm.interval()
    assert (low + high) / 2 == pytest.approx(4_880)
    assert high - low == pytest.approx(2 * 2.776 * arm.deviation / np.sqrt(5), rel=1e-3)


def test_an_unknown_arm_is_an_error_and_says_which():
    with pytest.raises(KeyError, match="no such arm"):
        load_arms("no such arm")


def test_from_zero_weights_the_network_answers_one_class_whatever_it_sees(full):
    """The ones, the most frequent class of those it learned from: *Backward* says so."""
    held, learned = split(full.train)
    assert np.bincount(learned.labels[: PLANS["zero weights"].digits]).argmax() == 1
    assert set(load_arms("zero weights")["zero weights"].correct) == {np.sum(held.labels == 1)}


# What the chapters say of them, where a cell would give the answer away


def section(chapter, heading):
    """The Markdown between a heading of a chapter and the next one."""
    notebook = json.loads((CHAPTERS / f"{chapter}.ipynb").read_text(encoding="utf-8"))
    cells = (c for c in notebook["cells"] if c["cell_type"] == "markdown")
    text = "\n\n".join("".join(cell["source"]) for cell in cells)
    return re.search(rf"^## {re.escape(heading)}\n(.*?)^## ", text, re.S | re.M)[1]


def products(model):
    """The multiply-adds of a network for one digit."""
    kernels = ((layer, layer.get_weights()[0]) for layer in model.layers if layer.weights)
    return sum(kernel.size * int(np.prod(layer.output.shape[1:-1])) for layer, kernel in kernels)


def test_architecture_states_what_the_sizes_show():
    text, arms = section("architecture", "Why these sizes?"), load_arms()
    note, large, two = (arms[name] for name in ("note", "64-128-128", "two convolutions"))
    for name in ("note", "one convolution", "16-32-32", "64-128-128"):
        assert f"{arms[name].mean:,.0f}" in text, name
    assert round(two.mean) == round(note.mean)
    assert f"More: {two.parameters:,}," in text
    more = products(build_variant(filters=(64, 128, 128))) / products(build_variant())
    assert f"{large.parameters / note.parameters:.1f} times the parameters" in text
    assert f"{more:.1f} times the work" in text
    assert "by {}, {} and {};".format(*np.subtract(large.correct, note.correct[:3])) in text
    for name in ("16-32-32", "one convolution"):
        assert (np.subtract(arms[name].correct, note.correct) < 0).all()
    for arm in (large, two, arms["one convolution"], arms["16-32-32"]):
        (low, high), (lowest, highest) = arm.interval(), note.interval()
        assert low < highest
        assert lowest < high


def test_softmax_states_what_squared_error_costs():
    text = section("softmax", "Why not the squared error?")
    arms = load_arms("note", "squared error")
    note, squared = arms["note"], arms["squared error"]
    assert f"gets {note.mean:,.0f} right on average, squared error {squared.mean:,.0f}" in text
    assert note.interval()[0] < squared.interval()[1]


def test_backward_states_what_sigmoid_and_zero_weights_cost():
    text, arms = section("backward", "What starts the same stays the same"), load_arms()
    sigmoid, zero = arms["sigmoid"], arms["zero weights"]
    assert f"reads {arms['note'].mean:,.0f} of 5,000" in text
    assert f"between {min(sigmoid.correct)} and {max(sigmoid.correct):,}" in text
    assert sigmoid.interval()[0] < 0
    assert sigmoid.interval()[1] < arms["note"].interval()[0]
    assert f"{zero.correct[0]} each time" in text
    assert len(set(zero.correct)) == 1


def test_what_training_says_of_zero_weights_is_so(full):
    """They learn how frequent each class is, and nothing about a picture."""
    losses = [run["loss"][-1] for run in STORED["arms"]["zero weights"]["runs"]]
    assert {round(loss, 4) for loss in losses} == {2.3012}
    _, learned = split(full.train)
    frequencies = np.bincount(learned.labels[:12_000]) / 12_000
    assert losses == pytest.approx([-np.sum(frequencies * np.log(frequencies))] * 5, abs=1e-3)


def pairs_won(name, other):
    """With how many seeds one arm beats another."""
    arms = load_arms(name, other)
    return sum(one > two for one, two in zip(*(a.correct for a in arms.values()), strict=True))


def test_the_chapters_count_pairs_means_and_parameters_rightly():
    arms = load_arms()
    assert pairs_won("note", "squared error") == pairs_won("note", "stride 2") == 4
    assert "in four of five pairs" in section("softmax", "Why not the squared error?")
    assert arms["stride 2"].parameters == 121_994
    assert round(np.mean(arms["note"].correct[:3])) == 4_884
    wrong = {name: arm.total - arm.mean for name, arm in arms.items()}
    for one in ("average pooling", "no ReLU"):
        assert wrong[one] / wrong["note"] == pytest.approx(1.25, abs=0.05)
    assert round(wrong["average pooling, no ReLU"] / wrong["note"]) == 4
    assert round(wrong["no ReLU, 55,000"] / wrong["note, 55,000"]) == 2


BENDS = {
    "relu": "relu",
    "tanh": "tanh",
    "centred": lambda z: keras.ops.sigmoid(z) - 0.5,
    "sigmoid": "sigmoid",
    "steep": lambda z: 4 * keras.ops.sigmoid(z),
}


@pytest.mark.parametrize("name", BENDS)
def test_what_relu_says_of_numbers_around_one_half_is_so(name, embedded):
    """How much of the last layer's inputs, and of its first gradient, depends on the digit."""
    keras.utils.set_random_seed(0)
    model = build_variant(activation=BENDS[name])
    last = keras.Model(model.inputs[0], model.layers[-1].input)
    inputs = np.asarray(last(embedded.train.images[:200]), float)
    share = inputs.std(axis=0).mean() / np.sqrt(np.mean(inputs**2))
    labels = embedded.train.labels[:64]
    errors = np.asarray(model(embedded.train.images[:64]), float) - np.eye(10)[labels]
    inputs = inputs[:64]
    counts = np.outer(inputs.mean(axis=0), errors.mean(axis=0))  # all digits alike
    beyond = np.linalg.norm(inputs.T @ errors / 64 - counts) / np.linalg.norm(
        inputs.T @ errors / 64
    )
    if name in ("sigmoid", "steep"):
        assert share < (0.001 if name == "sigmoid" else 0.01)
        assert beyond < (0.001 if name == "sigmoid" else 0.01)
    else:
        assert share > 0.25
        assert beyond > 0.9


def test_relu_states_what_other_bends_do_and_why():
    """Centred, a slope of ¼ learns; a slope of 1 around 2 does not."""
    text, arms = section("relu", "The derivative, and three relatives"), load_arms()
    assert f"{arms['sigmoid - 1/2'].mean:,.0f} on average" in text
    assert f"gets {max(arms['sigmoid'].correct):,} right, and two get 465 and 482" in text
    assert sorted(arms["sigmoid"].correct)[:2] == [465, 482]
    assert max(arms["4 sigmoid"].correct) < 0.12 * arms["4 sigmoid"].total
    assert min(arms["sigmoid - 1/2"].correct) > 0.9 * arms["note"].total
    assert arms["tanh"].mean > arms["note"].mean
