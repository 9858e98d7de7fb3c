"""Laws of `mnist_lib.plots`: arrays in, axes out; what is drawn is what was given."""

import copy
import inspect
import re
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes

from mnist_lib import plots
from mnist_lib.experiments import Arm
from mnist_lib.plots.style import BLUE, ORANGE
from mnist_lib.training import Score

RNG = np.random.default_rng(0)
DIGITS = RNG.random((12, 28, 28, 1))
MATRIX = np.arange(15).reshape(3, 5)
TEN = RNG.dirichlet(np.ones(10))
MAPS = {"conv2d_1": RNG.random((26, 26, 32)), "max_pooling2d_1": RNG.random((13, 13, 32))}
LAYERS = [
    ("input", (28, 28, 1)),
    ("conv2d_1", (26, 26, 32)),
    ("max_pooling2d_1", (13, 13, 32)),
    ("flatten_1", (576,)),
    ("dense_1", (64,)),
]
FILES = {"a.h5": (9000, [(100, 50, "weights"), (400, 90, "state")]), "b.keras": (5000, [])}

ARMS = {
    "one": Arm((70, 90, 80), 100, 50, 7, (1.0, 1.0, 1.0)),
    "two": Arm((95, 96), 100, 50, 9, (1.0, 1.0)),
}

# One call of each function, as the chapters call it.
CALLS = {
    "show_arms": (ARMS,),
    "show_digits": (DIGITS, range(12)),
    "show_maps": (MAPS["conv2d_1"],),
    "show_kernels": (RNG.normal(size=(3, 3, 20)),),
    "show_matrix": (MATRIX,),
    "show_network": (LAYERS,),
    "show_journey": (DIGITS[0], MAPS | {"dense_2": TEN}),
    "show_probabilities": (TEN, 3),
    "show_curves": {
        "curves": {"train": [3, 2, 1], "test": [3, 2, 2]},
        "xlabel": "x",
        "ylabel": "y",
    },
    "show_confusion": (RNG.integers(0, 99, (10, 10)),),
    "show_steps": ({"logits": TEN - 0.1, "probabilities": TEN},),
    "show_answers": (DIGITS[:2], np.stack([TEN, TEN[::-1]]), ["a 4", "nothing"]),
    "show_shares": {
        "x": np.array([0.1, 1, 10]),
        "curves": {"a": np.array([0.1, 0.5, 0.9]), "b": np.ones(3)},
        "xlabel": "x",
        "log": True,
    },
    "show_losses": (
        np.array([-1.0, 0, 1]),
        {"squared": np.array([3.0, 2, 1]), "other": np.ones(3)},
        {"squared": np.array([-3.0, -2, -1]), "other": np.zeros(3)},
    ),
    "show_reliability": (
        np.array([0.5, 0.9]),
        np.array([0.6, 0.9]),
        np.array([[0.4, 0.7], [0.8, 1.0]]),
        ["6 of 10", "9 of 10"],
    ),
    "show_fit": (10, 3, 2),
    "show_share": (["C1", "C2"], {"parameters": [320, 18_496], "multiplications": [5, 9]}),
    "show_dots": ({"C1": [RNG.normal(size=(3, 3, 40))], "C2": [RNG.normal(size=700)]},),
    "show_window": (MATRIX, MATRIX[:2, :2], MATRIX[:2, :4], (1, 2)),
    "show_filters": (RNG.normal(size=(3, 3, 3)), RNG.normal(size=(3, 9, 9)), "abc"),
    "show_pooling": (MATRIX,),
    "show_unseen": (DIGITS[:3], 26, range(3)),
    "show_fields": (DIGITS[0, :, :, 0], {"C1": (5, 7), "M1": (5, 8)}),
    "show_loss": ({"train": [0.3, 0.1], "test": [0.2, 0.1]}, 2.3),
    "show_descent": ({"small": np.array([1, 0.5]), "large": np.array([1, -0.5, 0.25])},),
    "show_sweep": ({0.01: ARMS["one"], 0.1: ARMS["two"]}, "learning rate"),
    "show_path": (RNG.normal(size=31), 10, 3),
    "show_runs": (["0", "1"], [0.98, 0.99], [(0.97, 0.99), (0.98, 1.0)]),
    "show_lines": (np.linspace(-1, 1, 9), {"relu": np.linspace(0, 1, 9), "sign": np.ones(9)}),
    "show_cut": (RNG.normal(size=(5, 9)),),
    "show_pieces": (RNG.normal(size=(2, 3)), RNG.normal(size=3)),
    "show_zeros": ({"digits": {"C1": 0.5, "C2": 0.7}, "noise": {"C1": 0.1, "C2": 0.2}},),
    "show_equation": ({"x": MATRIX, "y": MATRIX[:1] - 7, "z": 0.75}, ["×", "="]),
    "show_passes": ({"image": MATRIX, "row": MATRIX[:1]}, {"image": -MATRIX, "row": MATRIX[:1]}),
    "show_errors": ({"dense_2": TEN - 0.1, "conv2d_1": RNG.normal(size=(26, 26, 32))},),
    "show_terms": tuple(RNG.normal(size=(3, 26, 26))),
    "show_slope": (np.linspace(-1, 1, 5), np.array([3, 2, 1.2, 0.5, 0]), -1.5),
    "show_going_on": ({"a": [9, 3, 8], "b": [9, 9, 9]}, 10),
    "show_bits": ([0, 1] * 16,),
    "show_file_map": (FILES,),
    "show_step_sizes": ({"a": RNG.random(50), "b": RNG.random(50)}, 1.0),
    "show_flattening": (np.arange(12).reshape(2, 2, 3), (1, 0)),
    "show_blocks": ((3, 3, 64), 1),
    "show_flat": (RNG.random(576), (3, 3, 64)),
    "show_sliding": {
        "picture": RNG.random((28, 56)),
        "answers": RNG.dirichlet(np.ones(10), 8),
        "step": 4,
        "window": 7,
    },
    "show_rows": ({"cells": (2 / 3, [0.25, 1, 0]), "pixels": (1, [0, 0, 0, 0.5])}, 3),
    "show_pictures": ([DIGITS[0, :, :, 0], np.zeros((9, 5, 3), np.uint8)], ["a", "b"]),
    "show_compared": {
        "rows": {"x": [(0.5, 0.4, 0.6), (1, 0.9, 1)], "y": [(0.1, 0, 0.3), (0.8, 0.7, 0.9)]},
        "networks": ["a", "b"],
        "xlabel": "refused in %",
    },
    "show_counts": ({"a": Score(5, 10), "b": Score(9, 10)},),
    "show_evidence": (
        DIGITS[0, :, :, 0],
        {
            "trained": {"slope": np.eye(28) - 0.25, "fall": -3 * np.eye(24)},
            "random": {"slope": np.zeros((28, 28)), "fall": np.eye(24)},
        },
    ),
    "show_costs": ({"C1": [0, 0, 0, 3], "C2": np.array([-1, 0])}, "further mistakes"),
    "show_features": (RNG.normal(size=(40, 2)), np.arange(40) % 10),
}


def call(name: str, **more: object) -> Axes:
    arguments = CALLS[name]
    if isinstance(arguments, dict):
        return getattr(plots, name)(**arguments, **more)
    return getattr(plots, name)(*arguments, **more)


def taking(parameter: str) -> list[str]:
    """The functions that take a parameter of this name."""
    return [n for n in CALLS if parameter in inspect.signature(getattr(plots, n)).parameters]


@pytest.fixture(autouse=True)
def closed(monkeypatch):
    """No window opens, and every figure is closed."""
    assert mpl.get_backend().lower() == "agg"
    monkeypatch.setattr(plt, "show", lambda *a, **k: pytest.fail("a function called show"))
    yield
    plt.close("all")


# Laws of all


def test_every_figure_is_called_here():
    assert sorted(CALLS) == sorted(plots.__all__)


@pytest.mark.parametrize("name", CALLS)
def test_every_function_returns_axes_that_can_be_drawn(name):
    """Drawing raises no warning either: warnings are errors here."""
    ax = call(name)
    assert isinstance(ax, Axes)
    ax.figure.canvas.draw()
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize("name", CALLS)
def test_no_function_changes_what_it_is_given(name):
    before = copy.deepcopy(CALLS[name])
    call(name)
    np.testing.assert_equal(CALLS[name], before)


@pytest.mark.parametrize("name", taking("ax"))
def test_every_function_draws_into_the_axes_it_is_given(name):
    figure, mine = plt.subplots()
    assert call(name, ax=mine) is mine
    assert plt.get_fignums() == [figure.number]
    assert mine.has_data() or mine.patches


@pytest.mark.parametrize("name", taking("title"))
def test_the_title_stands_above(name):
    ax = call(name, title="What it is")
    assert "What it is" in {ax.get_title(loc) for loc in ("left", "center", "right")}


@pytest.mark.parametrize("name", CALLS)
def test_every_figure_has_an_opaque_white_ground(name):
    """A dark theme must not shine through, nor a transparent picture print black."""
    figure = call(name).figure
    assert figure.get_facecolor() == (1, 1, 1, 1)
    figure.canvas.draw()
    assert (np.asarray(figure.canvas.buffer_rgba())[..., 3] == 255).all()


ROOT = Path(__file__).parent.parent


def drawn_in(path):
    """Every figure that a module or a chapter calls by name."""
    text = path.read_text(encoding="utf-8").replace("\\n", "\n")
    return set(re.findall(r"(?<!def )\b(show_\w+)\(", text))


@pytest.mark.parametrize("name", CALLS)
def test_a_figure_lives_with_its_chapter_or_with_what_several_share(name):
    """It is shared where two chapters draw it, or where another chapter's figures do."""
    home = getattr(plots, name).__module__.rpartition(".")[2]
    files = [*(ROOT / "chapters").glob("*.ipynb"), *(ROOT / "mnist_lib" / "plots").glob("*.py")]
    users = {path.stem for path in files if name in drawn_in(path)}
    assert home == (users.pop() if len(users) == 1 else "common")


# What is drawn


def sheet(ax: Axes) -> np.ndarray:
    return np.ma.filled(ax.images[0].get_array(), np.nan)


def holds(whole: np.ndarray, part: np.ndarray) -> int:
    """How many times the part occurs in the whole, pixel for pixel."""
    windows = np.lib.stride_tricks.sliding_window_view(whole, part.shape)
    return int((windows == part).all(axis=(2, 3)).sum())


def test_every_digit_stands_once_in_its_sheet_with_its_title():
    ax = call("show_digits")
    assert [holds(sheet(ax), digit[:, :, 0]) for digit in DIGITS] == [1] * 12
    assert [text.get_text() for text in ax.texts] == [str(k) for k in range(12)]
    assert ax.images[0].get_clim() == (0, 1)


def test_digits_may_come_without_channel_and_without_titles():
    ax = plots.show_digits(DIGITS[:3, :, :, 0], columns=2)
    assert [holds(sheet(ax), digit[:, :, 0]) for digit in DIGITS[:3]] == [1] * 3
    assert not ax.texts


def test_digits_are_grey_and_not_recoloured():
    assert call("show_digits").images[0].get_cmap().name == "gray"


def test_every_channel_stands_once_on_one_scale_from_zero():
    maps = MAPS["max_pooling2d_1"]
    ax = plots.show_maps(maps)
    assert [holds(sheet(ax), maps[:, :, c]) for c in range(32)] == [1] * 32
    assert ax.images[0].get_clim() == (0, maps.max())


def test_a_map_of_zeros_is_black_and_no_error():
    ax = plots.show_maps(np.zeros((5, 5, 3)))
    ax.figure.canvas.draw()
    assert ax.images[0].get_clim() == (0, 1)


def test_kernels_are_white_at_zero():
    kernels = CALLS["show_kernels"][0]
    ax = call("show_kernels")
    assert [holds(sheet(ax), kernels[:, :, n]) for n in range(20)] == [1] * 20
    low, high = ax.images[0].get_clim()
    assert low == -high == -np.abs(kernels).max()
    assert ax.images[0].get_cmap().name == "RdBu"


def test_every_number_of_a_matrix_is_written_in_its_cell():
    ax = plots.show_matrix(MATRIX / 4, form=".2f")
    written = {text.get_position(): text.get_text() for text in ax.texts}
    cells = np.ndenumerate(MATRIX / 4)
    assert written == {(column, row): f"{value:.2f}" for (row, column), value in cells}


def test_a_cell_of_a_matrix_without_a_number_stays_empty():
    ax = plots.show_matrix(np.array([[1, np.nan], [np.nan, 4]]))
    assert [text.get_text() for text in ax.texts] == ["1", "4"]
    assert len(ax.patches) == 4


def test_the_network_is_labelled_with_the_notes_names_and_shapes():
    texts = [text.get_text() for text in call("show_network").texts]
    assert texts[::2] == ["input", "C1", "M1", "F576", "D64"]
    assert texts[1::2] == ["28×28×1", "26×26×32", "13×13×32", "576", "64"]


def test_the_journey_shows_the_input_every_map_and_the_probabilities():
    axes = call("show_journey").figure.axes
    assert holds(sheet(axes[0]), DIGITS[0, :, :, 0]) == 1
    for ax, maps in zip(axes[1:], MAPS.values(), strict=False):
        assert holds(sheet(ax), maps[:, :, -1]) == 1
    assert [bar.get_height() for bar in axes[-1].patches] == TEN.tolist()


def test_probabilities_are_bars_and_the_true_class_is_hatched():
    bars = call("show_probabilities").patches
    assert [bar.get_height() for bar in bars] == TEN.tolist()
    assert [bar.get_hatch() for bar in bars] == [None] * 3 + ["//"] + [None] * 6
    plt.close("all")
    assert not any(bar.get_hatch() for bar in plots.show_probabilities(TEN).patches)


def test_curves_start_at_one_and_are_told_apart_without_colour():
    ax = call("show_curves")
    for line, values in zip(ax.lines, CALLS["show_curves"]["curves"].values(), strict=True):
        assert line.get_xdata().tolist() == [1, 2, 3]
        assert line.get_ydata().tolist() == values
    assert len({line.get_marker() for line in ax.lines}) == 2
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["train", "test"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x", "y")


def test_one_curve_alone_needs_no_legend():
    assert plots.show_curves({"loss": [1, 2]}, xlabel="", ylabel="").get_legend() is None


def test_the_confusion_has_true_classes_as_rows_and_a_white_diagonal():
    matrix = np.diag(np.arange(100, 110))
    matrix[3, 5] = 7
    ax = plots.show_confusion(matrix)
    written = {text.get_position(): text.get_text() for text in ax.texts}
    assert written == {(k, k): str(100 + k) for k in range(10)} | {(5, 3): "7"}
    drawn = ax.images[0].get_array()
    assert drawn[3, 5] == 7
    assert drawn.sum() == 7
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("answered", "true class")


def test_pooling_marks_the_largest_of_each_block():
    ax = plots.show_pooling(np.array([[1, 9, 2, 7], [3, 4, 8, 6]]))
    circles = [patch for patch in ax.patches if hasattr(patch, "get_radius")]
    assert [tuple(map(int, circle.center)) for circle in circles] == [(1, 0), (2, 1)]


def test_a_flat_row_has_one_line_for_each_pixel():
    drawn = np.asarray(call("show_flat").images[0].get_array())
    assert np.array_equal(drawn, CALLS["show_flat"][0].reshape(9, 64))


def test_every_answer_stands_below_the_middle_of_its_window():
    above, below = call("show_sliding").figure.axes
    given = CALLS["show_sliding"]
    assert np.array_equal(sheet(above), given["picture"])
    assert np.array_equal(sheet(below), given["answers"].T)
    for ax, left, width in ((above, 28, 28), (below, 40, 4)):
        assert (ax.patches[0].get_x(), ax.patches[0].get_width()) == (left, width)
    written = [(text.get_position(), int(text.get_text())) for text in below.texts]
    best = given["answers"].argmax(axis=1)
    assert written == [((14 + 4 * place, b), b) for place, b in enumerate(best)]
    assert [label.get_text() for label in below.get_xticklabels()] == ["0", "28"]


def test_every_answer_stands_below_its_picture_with_its_title():
    axes = np.reshape(call("show_answers").figure.axes, (2, 2))
    for (above, below), digit, ten, title in zip(
        axes.T, DIGITS[:2], (TEN, TEN[::-1]), ("a 4", "nothing"), strict=True
    ):
        assert np.array_equal(sheet(above), digit[:, :, 0])
        assert above.get_title("center") == title
        assert [bar.get_height() for bar in below.patches] == ten.tolist()
    assert axes[0, 0].images[0].get_cmap().name == "gray"


def test_shares_are_told_apart_without_colour_on_either_axis():
    ax = call("show_shares")
    *lines, mark = ax.lines
    assert [line.get_ydata().tolist() for line in lines] == [[0.1, 0.5, 0.9], [1, 1, 1]]
    assert [line.get_linestyle() for line in lines] == ["-", "--"]
    assert (ax.get_xscale(), mark.get_xdata()[0]) == ("log", 1)
    plain = plots.show_shares(np.arange(3.0), {"a": np.ones(3)}, xlabel="x")
    assert (plain.get_xscale(), plain.lines[-1].get_xdata()[0]) == ("linear", 0)


def test_losses_and_their_slopes_stand_side_by_side_and_wrong_answers_are_shaded():
    axes = call("show_losses").figure.axes
    drawn = [[line.get_ydata().tolist() for line in ax.lines] for ax in axes]
    assert drawn == [[[3, 2, 1], [1, 1, 1]], [[-3, -2, -1], [0, 0, 0]]]
    assert [ax.patches[0].get_extents().width > 0 for ax in axes] == [True, True]
    shaded = axes[0].patches[0]
    assert (shaded.get_x(), shaded.get_x() + shaded.get_width()) == (-1, 0)


def test_rows_have_their_numbers_their_centre_and_the_framed_pixel():
    ax = call("show_rows")
    texts = [text.get_text() for text in ax.texts]
    assert texts[:4] == ["cells", "0.25", "1", "0"]
    assert texts[4:] == ["pixels", "0", "0", "0", "1", "0", "2", "0.5", "3", "3.5000"]
    assert [(line.get_xdata()[0], line.get_marker()) for line in ax.lines] == [(3.5, "^")]
    assert ax.patches[-1].get_xy() == (3, 2)
    edges = {x for lines in ax.collections for path in lines.get_segments() for x, _ in path}
    assert edges == {1}  # three cells of two thirds cover two pixels


def test_pictures_of_any_size_have_their_title_and_their_size():
    axes = call("show_pictures").figure.axes
    assert [ax.get_title("center") for ax in axes[:2]] == ["a", "b"]
    assert [ax.get_xlabel() for ax in axes[:2]] == ["28×28", "9×5"]
    assert np.array_equal(sheet(axes[0]), DIGITS[0, :, :, 0])
    plt.close("all")
    grey = plots.show_pictures([np.zeros((2, 2), np.uint8), np.zeros((2, 2))]).figure.axes
    assert [ax.images[0].get_clim() for ax in grey[:2]] == [(0, 255), (0, 1)]


def test_counts_stand_at_their_share_with_their_interval_and_text():
    ax = call("show_counts")
    (dots,) = ax.containers
    assert dots.lines[0].get_xdata().tolist() == [50, 90]
    ends = [path[:, 0].round(6).tolist() for path in dots.lines[2][0].get_segments()]
    wanted = [Score(count, 10).interval() for count in (5, 9)]
    assert np.array(ends) == pytest.approx(100 * np.array(wanted))
    assert [text.get_text() for text in ax.texts] == ["5 of 10", "9 of 10"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
    assert ax.yaxis_inverted()


def test_a_descent_is_drawn_on_its_parabola_one_panel_a_path():
    axes = call("show_descent").figure.axes
    assert [ax.get_title() or ax.get_title("left") for ax in axes] == ["small", "large"]
    assert axes[1].lines[1].get_xydata().tolist() == [[1, 1], [-0.5, 0.25], [0.25, 0.0625]]
    for ax in axes:
        x, loss = ax.lines[0].get_data()
        assert np.array_equal(loss, x**2)
    assert axes[0].get_ylim() == axes[1].get_ylim()


def test_a_sweep_shows_every_run_and_the_interval_of_every_mean():
    ax = call("show_sweep")
    runs = [line.get_xydata().tolist() for line in ax.lines if line.get_linestyle() == "None"]
    assert runs == [[[0.01, 30], [0.01, 10], [0.01, 20]], [[0.1, 5], [0.1, 4]]]
    (means,) = (line for line in ax.lines if line.get_label().startswith("mean"))
    assert means.get_xydata().tolist() == [[0.01, 20], [0.1, 4.5]]
    low, high = ARMS["one"].interval()
    bar = ax.lines[1].get_ydata()
    assert list(bar) == pytest.approx([max(100 - high, 1), min(100 - low, 100)])
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert ax.get_ylim()[0] < 4 < 30 < ax.get_ylim()[1]


def test_networks_are_compared_row_by_row_with_their_intervals():
    ax = call("show_compared")
    drawn = [bars.lines[0].get_xdata().tolist() for bars in ax.containers]
    assert drawn == [[50, 10], [100, 80]]
    ends = [bars.lines[2][0].get_segments() for bars in ax.containers]
    assert [[path[:, 0].round(6).tolist() for path in paths] for paths in ends] == [
        [[40, 60], [0, 30]],
        [[90, 100], [70, 90]],
    ]
    above, below = (bars.lines[0].get_ydata() for bars in ax.containers)
    assert np.all(above < below)
    assert ax.yaxis_inverted()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]


def test_evidence_is_drawn_on_one_scale_on_both_sides_of_zero():
    axes = call("show_evidence").figure.axes
    assert [ax.get_title() or ax.get_title("left") for ax in axes[:3]] == [
        "the digit",
        "slope",
        "fall",
    ]
    assert [axes[row].get_ylabel() for row in (0, 3)] == ["trained", "random"]
    assert axes[1].images[0].get_clim() == (-0.75, 0.75)
    assert axes[2].images[0].get_clim() == (-3, 3)
    assert np.array_equal(sheet(axes[0]), DIGITS[0, :, :, 0])


def test_costs_are_counted_and_the_counts_stand_in_the_circles():
    ax = call("show_costs")
    found = {(*text.get_position(), text.get_text()) for text in ax.texts}
    assert found == {(0, 0, "3"), (3, 0, "1"), (-1, 1, "1"), (0, 1, "1")}
    sizes = {tuple(dots.get_offsets()[0]): dots.get_sizes()[0] for dots in ax.collections}
    assert sizes[0, 0] > sizes[3, 0] == sizes[-1, 1]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["C1", "C2"]
    assert ax.yaxis_inverted()


def test_features_are_drawn_label_by_label_in_different_colours():
    ax = call("show_features")
    points, labels = CALLS["show_features"]
    for label, dots in enumerate(ax.collections):
        assert np.array_equal(dots.get_offsets(), points[labels == label])
    assert len({tuple(dots.get_facecolor()[0]) for dots in ax.collections}) == 10


# Nothing is left out silently


@pytest.mark.parametrize("n", [1, 2, 9])
def test_every_line_is_drawn_however_many_there_are(n):
    rows = {f"row {k}": np.arange(4.0) + k for k in range(n)}
    curves = plots.show_curves(rows, xlabel="", ylabel="")
    lines = plots.show_lines(np.arange(4.0), {name: values / 10 for name, values in rows.items()})
    axes_lines = 2  # show_lines draws the two axes as well
    assert len(curves.lines) == n
    assert len(lines.lines) == n + axes_lines


@pytest.mark.parametrize("n", [1, 3, 5])
def test_every_panel_is_drawn_however_many_there_are(n):
    steps = plots.show_steps({f"step {k}": TEN for k in range(n)}).figure.axes
    assert [len(ax.patches) for ax in steps] == [10] * n
    moved = plots.show_step_sizes({f"run {k}": np.full(7, 0.5) for k in range(n)}, 1.0)
    assert [sum(bar.get_height() for bar in ax.patches) for ax in moved.figure.axes] == [7] * n


def test_the_count_before_any_further_step_is_drawn_at_0_and_the_scale_is_whole():
    ax = plots.show_going_on({"a": [9, 3, 8], "b": [9, 9, 9]}, 10)
    assert ax.lines[0].get_xydata().tolist() == [[0, 9], [1, 3], [2, 8]]
    assert [line.get_label() for line in ax.lines] == ["a", "b"]
    assert ax.get_ylim() == (0, 10)


def test_every_kind_of_piece_in_a_file_is_drawn():
    pieces = [(10 * k, 5, f"kind {k}") for k in range(4)]
    ax = plots.show_file_map({"a": (100, pieces)})
    assert len(ax.collections) == 1 + 4


def test_every_field_is_drawn():
    fields = {f"layer {k}": (k, k + 3) for k in range(8)}
    texts = [text.get_text() for text in plots.show_fields(DIGITS[0, :, :, 0], fields).texts]
    assert texts == [f"layer {k}: 4×4" for k in range(8)]


def test_a_missing_name_or_title_is_an_error():
    with pytest.raises(ValueError, match=r"shorter|longer"):
        plots.show_answers(DIGITS[:3], RNG.random((3, 10)), ["a", "b"])
    with pytest.raises(ValueError, match=r"shorter|longer"):
        plots.show_pictures([TEN.reshape(2, 5)] * 3, ["a", "b"])


def words(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def tints(ax: Axes) -> list[str]:
    """For each number of the matrices "+", "-" or "0", as its cell is tinted."""
    colours = {BLUE: "+", ORANGE: "-", "#ffffff": "0"}
    faces = (mpl.colors.to_hex(p.get_facecolor()) for p in ax.patches)
    return [colours[face.upper() if face.upper() in colours else face] for face in faces]


def test_an_equation_shows_every_number_as_a_fraction_and_its_sign_as_a_tint():
    parts = {"x": np.array([[1.5, -0.75], [0, 2]]), "y": np.array([-1 / 3, 2.4298])}
    ax = plots.show_equation(parts, ["="])
    texts = words(ax)
    for wanted in ("x", "y", "=", "3/2", "−3/4", "0", "2", "−1/3", "2.43"):
        assert texts.count(wanted) == 1
    assert "".join(tints(ax)) == "+-0+" + "-+"


def test_an_equation_takes_a_map_of_one_channel_and_a_single_number():
    texts = words(plots.show_equation({"map": np.ones((1, 2, 3, 1)), "n": 0.25}, ["×"]))
    assert texts.count("1") == 6
    assert texts.count("1/4") == 1


def test_an_equation_with_a_sign_too_few_is_refused():
    with pytest.raises(ValueError, match="zip"):
        plots.show_equation({"x": MATRIX, "y": MATRIX}, [])


def test_both_passes_are_drawn_the_first_above_the_second():
    there, back = {"in": np.full((2, 2), 7), "out": np.eye(1)}, {"in": np.full((2, 2), -5)}
    ax = plots.show_passes(there, back | {"out": np.zeros((1, 1))})
    height = {text.get_text(): text.get_position()[1] for text in ax.texts}
    assert words(ax).count("7") == 4
    assert words(ax).count("−5") == 4
    assert words(ax).count("→") == words(ax).count("←") == 1
    top, bottom = ax.get_ylim()[::-1]
    assert top < height["7"] < height["−5"] < bottom, "rows are counted downwards"


def test_the_errors_of_each_layer_are_on_a_scale_of_their_own_and_counted():
    errors = {"dense_2": np.array([0.5, 0, -2]), "conv2d_1": RNG.normal(size=(4, 4, 20))}
    errors["conv2d_1"][0] = 0
    axes = plots.show_errors(errors).figure.axes
    assert [ax.images[0].get_clim()[1] for ax in axes] == [2, np.abs(errors["conv2d_1"]).max()]
    assert [holds(sheet(axes[1]), errors["conv2d_1"][:, :, c]) for c in range(20)] == [1] * 20
    titles = [ax.get_title(loc="left") for ax in axes]
    assert titles[0] == "dense_2  3: 2 of 3 are not 0, the largest 2"
    assert titles[1].startswith("conv2d_1  4×4×20: 240 of 320 are not 0")


def test_terms_are_shown_with_their_sum_and_counted():
    pixels, errors = np.array([[0, 0.5], [1, 1]]), np.array([[3, -2], [0, 0.25]])
    axes = plots.show_terms(pixels, errors, pixels * errors).figure.axes
    shown = (pixels, errors, pixels * errors)
    for ax, values in zip(axes, shown, strict=True):
        assert np.array_equal(sheet(ax), values)
    assert axes[2].get_title(loc="center") == "= products, sum −0.7500"
    assert [ax.get_xlabel().split()[0] for ax in axes] == ["3", "3", "2"]
    assert axes[0].images[0].get_cmap().name == "gray"
    assert axes[1].images[0].get_clim() == (-3, 3)


def test_the_tangent_goes_through_the_loss_at_no_change():
    ax = plots.show_slope(np.array([-1.0, 0, 1]), np.array([3.0, 1, 2]), -0.5)
    _, tangent, point = ax.lines
    assert point.get_xydata().tolist() == [[0, 1]]
    assert tangent.get_ydata().tolist() == [1.5, 1, 0.5]
    assert "−0.50" in tangent.get_label()


def test_the_path_of_a_weight_is_drawn_over_its_steps_with_the_end_of_each_epoch():
    ax = plots.show_path(np.array([0.5, 0.25, -1, 2, 3]), 10, 2)
    assert ax.lines[0].get_xydata().tolist() == [[0, 0.5], [10, 0.25], [20, -1], [30, 2], [40, 3]]
    assert ax.lines[1].get_xydata().tolist() == [[0, 0.5], [40, 3]]
    assert [line.get_xdata()[0] for line in ax.lines[2:]] == [20, 40]
