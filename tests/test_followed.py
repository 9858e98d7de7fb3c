"""The one weight and the one digit of the book: every chapter means the same ones."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from mnist_lib.architecture import FOLLOWED, WEIGHTED
from mnist_lib.data import load_followed_digit
from mnist_lib.pretrained import load_followed_path, load_provenance
from mnist_lib.reference import backward, forward

CHAPTERS = Path(__file__).parent.parent / "chapters"
NAMING = ("architecture", "convolution", "relu", "backward", "training", "saving")


def cells(name: str, kind: str) -> str:
    """The text of all cells of a kind in a chapter."""
    notebook = json.loads((CHAPTERS / f"{name}.ipynb").read_text(encoding="utf-8"))
    return "\n".join("".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == kind)


@pytest.fixture(scope="module")
def digit():
    return load_followed_digit()


def test_the_weight_is_one_of_the_first_convolution():
    first = WEIGHTED[0]
    assert FOLLOWED.layer == first.name
    assert np.zeros(first.kernel_shape)[FOLLOWED.place] == 0
    assert len(FOLLOWED.place) == len(first.kernel_shape)


def test_the_digit_is_a_4_that_the_network_narrowly_takes_for_a_9(digit, embedded, weights):
    assert np.array_equal(digit.images[0], embedded.train.images[FOLLOWED.digit])
    scores = forward(digit.images, weights)["dense_2"][0]
    assert digit.labels.tolist() == [4]
    assert np.argsort(scores)[-2:].tolist() == [4, 9]
    assert scores[9] - scores[4] == pytest.approx(0.5615 - 0.4385, abs=1e-3)


@pytest.mark.parametrize("name", NAMING)
def test_a_chapter_takes_the_weight_from_its_one_name(name):
    code = cells(name, "code")
    assert re.search(r"^from mnist_lib.architecture import .*\bFOLLOWED\b", code, re.M)
    assert "FOLLOWED.place" in code
    assert not re.search(r"\[1, 2, 0, 27\]|\(1, 2, 0, 27\)", code), "its place is written out"


def test_what_the_chapters_say_of_it_is_so(digit, weights):
    row, column, _, channel = FOLLOWED.place
    pixels = digit.images[0, row : row + 26, column : column + 26, 0]
    opened = forward(digit.images, weights)[FOLLOWED.layer][0, :, :, channel] > 0
    found = backward(digit.images, digit.labels, weights)
    errors = found.errors[FOLLOWED.layer][0, :, :, channel]
    inked, passed = (pixels > 0).sum(), ((pixels > 0) & opened).sum()
    told = {
        "architecture": f"the kernel with the number {channel}",
        "convolution": f"only {inked} positions have ink under it",
        "relu": f"At {inked - passed} of the {inked} positions",
        "backward": f"There is ink under it at {inked} positions; at {passed} of these ReLU is "
        f"open; at {np.count_nonzero(pixels * errors)} of these",
        "saving": f"number {np.ravel_multi_index(FOLLOWED.place, (3, 3, 1, 32))} of C1's kernel",
    }
    for name, words in told.items():
        assert words in cells(name, "markdown"), name
    said = cells("backward", "markdown")
    weight = weights[FOLLOWED.layer][0][FOLLOWED.place]
    gradient = found.weights[FOLLOWED.layer][0][FOLLOWED.place]
    assert f"its value is {weight:.4f}" in said
    assert f"about −{-gradient:.2f}, is the *gradient*" in said
    assert f"Here it is {found.loss:.4f}" in said
    left = np.count_nonzero(found.errors[FOLLOWED.layer])
    assert f"At C1, {left:,} of 21,632 are left" in said


def test_the_stored_path_is_of_this_weight_over_five_epochs():
    record = load_followed_path()
    assert record["weight"] == {"layer": FOLLOWED.layer, "place": list(FOLLOWED.place)}
    assert record["data_sha256"] == load_provenance()["data_sha256"]
    assert record["recipe"] == load_provenance()["recipe"]
    values = np.array(record["values"])
    assert record["every"] * (len(values) - 1) == 5 * -(-59_000 // 64)
    assert np.isfinite(values).all()


def test_what_training_says_of_the_path_is_so(weights):
    path = load_followed_path()["values"]
    start, one, end = path[0], path[len(path) // 5], path[-1]
    said = cells("training", "markdown")
    assert f"It starts at {start:.3f}, where chance put it, and goes most of its way" in said
    assert one - start > (end - start) / 2
    assert f"in the first epoch, to {one:.3f}. After that it climbs slowly" in said
    shipped = weights[FOLLOWED.layer][0][FOLLOWED.place]
    assert f"to {end:.3f}. In the weights that the book ships it is {shipped:.3f}" in said


def test_the_stored_path_ends_where_the_shipped_weight_is(weights):
    """The same recipe and seed; another processor rounds differently, so only nearly."""
    record = load_followed_path()
    assert record["values"][-1] == pytest.approx(
        weights[FOLLOWED.layer][0][FOLLOWED.place], abs=0.1
    )
