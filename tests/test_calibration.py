"""Laws of the calibration error and of the temperature, and of what was stored of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mnist_lib.calibration import calibration_error, fit_temperature
from mnist_lib.data import content_hash
from mnist_lib.experiments import load_calibration
from mnist_lib.pretrained import load_provenance, load_seed_results
from mnist_lib.reference import cross_entropy, softmax
from tools.calibration import DOUBTED, SEEDS
from tools.experiments import split


def drawn(n=4_000, seed=0):
    """Logits, and labels that were drawn with the probabilities that they stand for."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 2, (n, 10))
    shares = softmax(logits).cumsum(axis=1)
    return logits, (shares < generator.random((n, 1))).sum(axis=1).clip(0, 9)


def test_scores_that_are_shares_have_a_small_error_and_others_a_large_one():
    logits, labels = drawn()
    assert calibration_error(softmax(logits), labels) < 0.03
    assert calibration_error(softmax(3 * logits), labels) > 0.15


def test_a_bin_that_is_too_sure_does_not_make_good_one_that_is_not_sure_enough():
    probabilities = np.array([[0.9, 0.1]] * 10 + [[0.6, 0.4]] * 10)
    labels = np.array([0] * 8 + [1] * 2 + [0] * 7 + [1] * 3)  # shares 0.8 and 0.7
    assert calibration_error(probabilities, labels) == pytest.approx(0.1)
    assert calibration_error(probabilities, labels, bins=1) == pytest.approx(0)


def test_a_score_of_one_is_in_the_last_bin_with_those_just_below():
    probabilities = np.array([[1.0, 0.0], [0.96, 0.04]])
    assert calibration_error(probabilities, np.array([1, 0])) == pytest.approx(0.98 - 0.5)


@given(arrays(np.float64, (7, 10), elements=st.floats(-30, 30)), st.integers(1, 30))
def test_the_error_is_between_0_and_1(logits, bins):
    assert 0 <= calibration_error(softmax(logits), np.arange(7), bins) <= 1


@pytest.mark.parametrize("factor", [0.25, 1, 4])
def test_the_temperature_undoes_a_factor(factor):
    logits, labels = drawn()
    assert fit_temperature(factor * logits, labels) == pytest.approx(factor, rel=0.05)


def test_no_other_temperature_has_a_smaller_loss():
    logits, labels = drawn(500, seed=1)
    best = fit_temperature(3 * logits, labels)
    loss = cross_entropy(3 * logits / best, labels)
    assert all(cross_entropy(3 * logits / t, labels) > loss for t in (0.9 * best, 1.1 * best))


def test_where_every_answer_is_right_the_temperature_is_as_low_as_it_goes():
    assert fit_temperature(np.eye(10), np.arange(10)) == pytest.approx(0.01)


@pytest.mark.parametrize("measure", [calibration_error, fit_temperature])
@pytest.mark.parametrize(("rows", "labels"), [(np.ones((0, 10)), []), (np.ones((3, 10)), [1, 2])])
def test_rows_and_labels_must_fit(measure, rows, labels):
    with pytest.raises(ValueError, match="one row and one label"):
        measure(rows, np.array(labels, int))


# What `make calibration` stored

STORED = load_calibration()


def test_the_record_says_what_was_learned_held_out_and_opened(full):
    held, learned = split(full.train)
    assert STORED["made_by"] == "make calibration"
    assert STORED["held_out_sha256"] == content_hash(held)
    assert STORED["learned_sha256"] == content_hash(learned)
    assert STORED["test_sha256"] == content_hash(full.test)
    assert STORED["shipped_sha256"] == load_provenance()["weights_sha256"]
    assert STORED["labels"] == full.test.labels[list(DOUBTED)].tolist()
    assert [run["seed"] for run in STORED["runs"]] == list(SEEDS)


def test_a_temperature_changes_no_answer_and_lowers_the_loss_that_chose_it():
    for run in STORED["runs"]:
        for name in ("held_out", "test"):
            assert run[name]["before"]["correct"] == run[name]["after"]["correct"]
        assert run["held_out"]["after"]["loss"] <= run["held_out"]["before"]["loss"]


def test_counts_wrong_answers_and_doubted_digits_agree():
    for network in [STORED["shipped"], *STORED["runs"]]:
        for index, label, (answer, score) in zip(
            DOUBTED, STORED["labels"], network["doubted"], strict=True
        ):
            assert (answer != label) == (index in network["wrong"])
            assert 0.1 < score <= 1
    for run in STORED["runs"]:
        assert run["test"]["before"]["correct"] == 10_000 - len(run["wrong"])
    assert load_provenance()["test"]["correct"] == 10_000 - len(STORED["shipped"]["wrong"])


def test_the_networks_are_as_good_as_the_note_makes_them():
    """Within four standard errors of five seeds on all 60,000: they miss a twelfth of those."""
    known = [run["correct"] for run in load_seed_results()["runs"]]
    found = [run["test"]["before"]["correct"] for run in STORED["runs"]]
    assert abs(np.mean(found) - np.mean(known)) < 4 * np.std(known, ddof=1) / np.sqrt(5) + 5
