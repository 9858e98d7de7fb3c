"""Laws of the worksheets: small numbers, right solutions, and another sheet for every student."""

import itertools
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

from mnist_lib.calibration import calibration_error
from tools.worksheets.__main__ import write
from tools.worksheets.pages import draw
from tools.worksheets.sheets import FINEST, LARGEST, SHEETS, Table, exact, make, make_class
from tools.worksheets.sheets import TooLargeError as TooLarge

ROOT = Path(__file__).parent.parent
A_THOUSAND = range(1_000)


def tables(sheet):
    return [table for block in sheet.blocks if not isinstance(block, str) for table in block]


def named(sheet, title):
    return next(table.values for table in tables(sheet) if table.title == title)


def numbers(sheet, title):
    return named(sheet, title).astype(float)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHEETS)
def test_the_numbers_are_for_a_pencil_whatever_the_seed(name):
    for seed in A_THOUSAND:
        sheet = make(name, seed, 0)
        assert any(not table.given for table in tables(sheet))
        for table in tables(sheet):
            fractions = [value for value in table.values.flat if isinstance(value, Fraction)]
            assert all(abs(f) <= LARGEST and f.denominator <= FINEST for f in fractions)


@pytest.mark.parametrize("values", [41, 1 / 17, np.pi, [1, 2, 40.5]])
def test_other_numbers_are_refused(values):
    with pytest.raises(TooLarge):
        exact(values)


@pytest.mark.parametrize("name", SHEETS)
@pytest.mark.parametrize("seed", [1, 7])
def test_the_same_seed_gives_the_same_sheets_and_every_student_another(name, seed):
    sheets = [str(sheet) for sheet in make_class(name, seed, 30)]
    assert sheets == [str(sheet) for sheet in make_class(name, seed, 30)]
    assert len(set(sheets)) == 30
    assert sheets != [str(sheet) for sheet in make_class(name, seed + 1, 30)]


# The solutions, computed another way


@pytest.mark.parametrize("seed", range(20))
def test_a_convolution_is_nine_products_and_the_bias(seed):
    sheet = make("convolution", seed, 0)
    picture, kernel = numbers(sheet, "picture"), numbers(sheet, "kernel")
    bias = int(re.search(r"plus the bias (-?\d+)", sheet.blocks[0])[1])
    for r, c in np.ndindex(4, 4):
        total = sum(picture[r + i, c + j] * kernel[i, j] for i in range(3) for j in range(3))
        assert numbers(sheet, "convolution")[r, c] == total + bias
        assert numbers(sheet, "ReLU")[r, c] == max(total + bias, 0)
    for r, c in np.ndindex(2, 2):
        block = numbers(sheet, "ReLU")[2 * r : 2 * r + 2, 2 * c : 2 * c + 2]
        assert numbers(sheet, "max pooling")[r, c] == block.max()


@pytest.mark.parametrize("seed", range(20))
def test_probabilities_add_up_to_one_and_their_gradients_to_zero(seed):
    sheet = make("softmax", seed, 0)
    parts, probabilities = named(sheet, "exponentials")[0], named(sheet, "probabilities")[0]
    assert list(probabilities) == [part / sum(parts) for part in parts]
    gradient = named(sheet, "gradient")[0]
    assert sum(gradient) == 0
    label = int(re.search(r"true class is (\d)", sheet.blocks[4])[1])
    assert [g - p for g, p in zip(gradient, probabilities, strict=True)] == [
        -int(i == label) for i in range(4)
    ]
    assert named(sheet, "loss")[0, 0] == f"ln {1 / probabilities[label]}"


@pytest.mark.parametrize("seed", range(20))
def test_the_line_of_two_units_has_the_slopes_and_bends_of_its_table(seed):
    sheet = make("relu", seed, 0)
    line, bends = numbers(sheet, "output")[:, 0], numbers(sheet, "bends at")[0]
    steps = np.diff(line)  # from x = -4 to 4
    for x, step in zip(range(-4, 4), steps, strict=True):
        piece = int(x >= bends[0]) + int(x >= bends[1])
        assert step == numbers(sheet, "slopes")[0, piece]


def loss_of(sheet, picture, kernel, matrix):
    """Loops in plain Python; they share nothing with the library."""
    ratio = re.search(r"biases (?:ln (\d)|0) and 0", sheet.blocks[0])[1] or 1
    label = int(re.search(r"label is class (\d)", sheet.blocks[0])[1])
    bent = np.zeros((4, 4))
    for r, c in np.ndindex(4, 4):
        bent[r, c] = max((picture[r : r + 2, c : c + 2] * kernel).sum() - 1, 0)
    pooled = [bent[r : r + 2, c : c + 2].max() for r in (0, 2) for c in (0, 2)]
    logits = [sum(p * m for p, m in zip(pooled, column, strict=True)) for column in matrix.T]
    powers = np.exp([logits[0] + np.log(int(ratio)), logits[1]])
    return -np.log(powers[label] / powers.sum())


@pytest.mark.parametrize("seed", range(20))
def test_every_gradient_of_the_pencil_network_is_a_slope(seed):
    sheet = make("backward", seed, 0)
    given = [numbers(sheet, t) for t in ("picture", "kernel", "dense: 4 inputs, 2 classes")]
    for which, title in ((1, "kernel"), (2, "gradients: dense")):
        solution = [t.values for t in tables(sheet) if t.title == title][-1].astype(float)
        for place in np.ndindex(given[which].shape):
            sides = []
            for change in (1e-6, -1e-6):
                moved = [array.copy() for array in given]
                moved[which][place] += change
                sides.append(loss_of(sheet, *moved))
            slope = (sides[0] - sides[1]) / 2e-6
            assert slope == pytest.approx(solution[place], abs=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_places_in_the_row_count_the_channels_first(seed):
    sheet = make("flatten", seed, 0)
    _, columns, channels = map(int, re.findall(r"\d+", sheet.blocks[0])[:3])
    wheres, places = {}, {}
    for table in tables(sheet):
        if table.title == "place":
            places[table.given] = [int(text) for text in table.values[:, 0]]
        if table.title.startswith("(row"):
            wheres[table.given] = [
                tuple(map(int, re.findall(r"\d+", text))) for text in table.values[:, 0]
            ]
    for given in (True, False):
        for (r, c, k), place in zip(wheres[given], places[not given], strict=True):
            assert place == (r * columns + c) * channels + k


def test_descent_goes_a_fixed_share_of_the_way_to_the_minimum():
    for seed in range(20):
        sheet = make("training", seed, 0)
        path = named(sheet, "x after steps 1, 2, 3")[0]
        assert (path[2] - path[1]) / (path[1] - path[0]) in {
            Fraction(1, 2),
            Fraction(3, 4),
            Fraction(7, 8),
        }


def test_the_centre_of_mass_is_moved_to_within_half_a_pixel():
    for seed in range(20):
        sheet = make("your_digit", seed, 0)
        ink, shift = numbers(sheet, "ink"), numbers(sheet, "rows, columns")[0]
        rows, columns = np.indices((7, 7))
        centre = np.array([(ink * rows).sum(), (ink * columns).sum()]) / ink.sum()
        assert (np.abs(centre + shift - 3) < 0.5).all()


def test_no_other_patch_excites_the_kernel_more_and_the_error_is_that_of_the_library():
    for seed in range(20):
        sheet = make("inside", seed, 0)
        kernel, patch = numbers(sheet, "kernel"), numbers(sheet, "patch")
        bias = int(re.search(r"bias (-\d+)", sheet.blocks[0])[1])
        four, twelve = map(int, re.findall(r"(\d+) of them", sheet.blocks[4]))
        others = np.array(list(itertools.product((0, 1), repeat=9)))
        assert max(others @ kernel.ravel()) + bias == numbers(sheet, "most").item()
        assert (patch * kernel).sum() + bias == numbers(sheet, "most").item()
        rows = np.array([[0.5, 0.3, 0.2]] * 4 + [[0.75, 0.15, 0.1]] * 12)
        labels = np.ones(16, int)
        labels[:four] = labels[4 : 4 + twelve] = 0
        error = calibration_error(rows, labels, bins=3)
        assert error == pytest.approx(numbers(sheet, "error").item())


# On paper


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


@pytest.mark.parametrize("name", SHEETS)
def test_the_students_page_holds_no_solution_and_the_other_one_all(name):
    sheet = make(name, 7, 1)
    blank, solved = draw(sheet, foot="x"), draw(sheet, foot="x", solved=True)
    hidden = sum(table.values.size for table in tables(sheet) if not table.given)
    assert hidden > 0
    assert len(texts(solved)) - len(texts(blank)) == hidden
    width, height = blank.get_size_inches()
    for text in blank.axes[0].texts:
        box = text.get_window_extent(blank.canvas.get_renderer())
        assert min(box.x0, box.y0) > 0, text.get_text()
        assert box.x1 < width * blank.dpi, text.get_text()
        assert box.y1 < height * blank.dpi, text.get_text()
    plt.close("all")


def test_a_sheet_that_does_not_fit_is_an_error():
    sheet = make("backward", 7, 1)
    long = sheet._replace(blocks=sheet.blocks * 3)
    with pytest.raises(ValueError, match="needs"):
        draw(long, foot="x")
    plt.close("all")


def test_a_table_that_is_not_given_is_empty_by_the_same_width_for_every_digit():
    from tools.worksheets.pages import _cell_width

    widths = {_cell_width(Table("t", exact(value), given=False)) for value in (0, 7, -7, 12)}
    assert len(widths) == 1


def test_the_command_writes_a_page_for_each_student(tmp_path):
    write(tmp_path / "a.pdf", "convolution", 7, 3, solved=False)
    assert len(re.findall(rb"/Type /Page\b", (tmp_path / "a.pdf").read_bytes())) == 3
    assert [file.name for file in tmp_path.iterdir()] == ["a.pdf"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--seed", "seven"], "expected a whole number from 0, got 'seven'"),
        (["--seed", "-1"], "expected a whole number from 0, got '-1'"),
        (["--students", "0"], "expected a whole number from 1, got '0'"),
        (["--chapters", "saving"], "invalid choice"),
    ],
)
def test_bad_input_is_named(options, message):
    command = [sys.executable, "-m", "tools.worksheets", *options]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert result.returncode == 2
    assert message in result.stderr
