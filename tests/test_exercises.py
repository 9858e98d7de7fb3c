"""Laws of `mnist_lib.exercises.check`: right, not yet with the hint, or not answered; never a
traceback."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lib.exercises import _EXERCISES, check

HINT = "Count rows, columns and channels."
UNUSUAL = [
    None,
    "",
    "576",
    [],
    {},
    {1, 2},
    object(),
    576j,
    np.nan,
    np.inf,
    10**400,
    [[1, 2], [3]],
    (..., 3),
    b"576",
    10**6,
    lambda: 576,
    lambda *arguments: None,
    lambda *arguments: np.nan,
    np.zeros((3, 0)),
]


def test_dots_are_not_answered_yet(capsys):
    assert check(..., 576, HINT) is False
    assert capsys.readouterr().out.startswith("Not answered yet")


def test_a_right_answer_says_right_and_only_that(capsys):
    assert check(576, 576, HINT) is True
    assert capsys.readouterr().out == "Right.\n"


def test_a_wrong_answer_gives_the_hint_and_not_the_answer(capsys):
    assert check(64, 576, HINT) is False
    out = capsys.readouterr().out
    assert out == f"Not yet. {HINT}\n"
    assert "576" not in out


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (576.0, 576),
        (np.int64(576), 576),
        (np.float32(0.1), 0.1),
        (1 / 3, 0.33333333333),
        ((26, 26, 32), (26, 26, 32)),
        ([26, 26, 32], (26, 26, 32)),
        (np.array([1.0, 2.0]), [1, 2]),
        ("same", "same"),
        (True, True),
        (0.0, 1e-13),
    ],
)
def test_the_same_value_in_another_form_is_right(answer, expected):
    assert check(answer, expected, HINT) is True


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (576.01, 576),
        (-576, 576),
        ((26, 26), (26, 26, 32)),
        ((26, 32, 26), (26, 26, 32)),
        ([576], 576),
        ("valid", "same"),
        (0.999, 1.0),
        (np.zeros((2, 3)), np.zeros((3, 2))),
    ],
)
def test_another_value_or_shape_is_not_right(answer, expected):
    assert check(answer, expected, HINT) is False


@pytest.mark.parametrize("answer", UNUSUAL)
@pytest.mark.parametrize("expected", [576, "valid", (3, 3), np.eye(2)], ids=["n", "s", "t", "a"])
def test_whatever_a_reader_writes_is_answered(answer, expected, capsys):
    assert check(answer, expected, HINT) is False
    assert capsys.readouterr().out == f"Not yet. {HINT}\n"


@given(st.integers(-(10**9), 10**9))
def test_every_number_equals_itself_and_not_its_neighbour_of_a_thousandth(number):
    assert check(number, number, HINT) is True
    assert check(number + max(1, abs(number)) / 1000, number, HINT) is False


# The exercises by name


def test_an_unknown_name_is_an_error_and_says_which():
    with pytest.raises(KeyError, match="backward/9"):
        check("backward/9", 1)


# The exercises of every chapter: its right answers and typical mistakes stand in its own file

FILES = sorted(Path(__file__).parent.glob("test_exercises_*.py"))
CHAPTERS = [import_module(file.stem) for file in FILES]
RIGHT = [(n, a) for chapter in CHAPTERS for n, good in chapter.RIGHT.items() for a in good]
WRONG = [mistake for chapter in CHAPTERS for mistake in chapter.WRONG]


def test_every_exercise_has_a_right_answer_and_a_mistake_here():
    built = {"flatten/4"}  # networks, which its own file builds and judges
    assert {name for name, _ in RIGHT} | built == set(_EXERCISES)
    assert {name for name, *_ in WRONG} | built == set(_EXERCISES)


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_the_right_answer_is_right(name, answer, capsys):
    assert check(name, answer) is True
    assert capsys.readouterr().out == "Right.\n"


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_a_typical_mistake_gets_its_own_hint(name, answer, hint, capsys):
    assert check(name, answer) is False
    assert hint in capsys.readouterr().out


@pytest.mark.parametrize("name", _EXERCISES)
@pytest.mark.parametrize("answer", [..., *UNUSUAL])
def test_whatever_a_reader_answers_gets_a_hint(name, answer, capsys):
    assert check(name, answer) is False
    out = capsys.readouterr().out
    assert out.startswith("Not answered" if answer is ... else "Not yet. ")
    assert len(out) > 25
