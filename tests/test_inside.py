"""What the chapter *Inside* says in its text, where no cell prints it."""

import numpy as np
from test_experiments import section

from mnist_lib.architecture import LAYERS
from mnist_lib.experiments import load_calibration
from mnist_lib.preprocessing import prepare_digit, rasterise
from mnist_lib.pretrained import load_weights
from mnist_lib.reference import forward

CALIBRATION = load_calibration()


def lit(*points):
    """Which channels of C3 are on somewhere, for one straight stroke on the pad."""
    picture = prepare_digit(rasterise([points]))[np.newaxis]
    return (forward(picture, load_weights())["conv2d_3"][0] > 0).any(axis=(0, 1))


def test_most_channels_of_c3_light_up_for_any_stroke_and_mostly_the_same_ones():
    text = section("inside", "Twenty pictures by the network")
    up, level = lit((0.5, 0.1), (0.5, 0.9)), lit((0.1, 0.5), (0.9, 0.5))
    slanted = lit((0.2, 0.2), (0.8, 0.8)), lit((0.8, 0.2), (0.2, 0.8))
    counts = [int(on.sum()) for on in (up, level, *slanted)]
    assert f"from {min(counts)} to {max(counts)} for strokes in four directions" in text
    assert f"{(up & level).sum()} of the upright stroke's {up.sum()} light up" in text


def test_the_slices_of_the_kernels_are_counted_rightly():
    text = section("inside", "The kernels say little")
    shapes = {layer.label: layer.kernel_shape for layer in LAYERS}
    assert f"C2 has {np.prod(shapes['C2'][2:]):,} such slices" in text
    assert f"C3 has {np.prod(shapes['C3'][2:]):,}" in text
    assert f"has {np.prod(shapes['Dense 1']) // 9:,} more" in text


def test_the_channel_that_no_digit_excites_is_the_one_with_the_deepest_bias(embedded):
    text = section("inside", "What excites a channel?")
    kernels, biases = load_weights()["conv2d_1"]
    best = np.maximum(kernels, 0).sum(axis=(0, 1, 2)) + biases
    maps = forward(embedded.train.images[:1000], load_weights())["conv2d_1"]
    reached = maps.max(axis=(0, 1, 2)) / best
    taken = -biases / np.maximum(kernels, 0).sum(axis=(0, 1, 2))
    assert f"number {reached.argmin()}: its bias takes away more than half" in text
    assert np.flatnonzero(taken > 0.5).tolist() == [reached.argmin()]
    assert f"for {(reached >= 0.9).sum()} of the 32" in text


def test_what_the_networks_answer_to_doubted_digits_is_counted_rightly():
    text = section("inside", "What it gets wrong, and who is wrong")
    networks = [CALIBRATION["shipped"], *CALIBRATION["runs"]]
    answers = np.array([[answer for answer, _ in n["doubted"]] for n in networks])
    labels = np.array(CALIBRATION["labels"])
    never = (answers != labels).all(axis=0)
    assert never.sum() == 7
    assert (answers[:, never] == answers[0, never]).all()
    assert "Seven of the 15 get another answer than the label from all six" in text
    assert not (answers == labels).all(axis=0).any()
    assert "For none of the 15 do all six agree with the label" in text
    wrong = set.intersection(*(set(n["wrong"]) for n in networks))
    assert f"there are {len(wrong)} digits that all six get wrong; these seven are a third" in text
    assert len(wrong) == 3 * never.sum()


def test_what_the_temperature_does_on_average_is_stated():
    text = section("inside", "How far may a score be trusted?")
    runs = CALIBRATION["runs"]
    assert all(run["temperature"] > 1 for run in runs)
    for key, words in (("loss", "the loss"), ("calibration_error", "the calibration error")):
        pairs = [[run["test"][when][key] for when in ("before", "after")] for run in runs]
        assert all(after < before for before, after in pairs)
        before, after = np.mean(pairs, axis=0)
        on_average = " on average" if key == "loss" else ""
        assert f"{words} from {before:.4f} to {after:.4f}{on_average}" in text
