"""The minutes that the chapters state, and the index of exercises that lists them."""

import json
import re
from pathlib import Path

import nbformat
import pytest

from _ext.book import chapters, exercise_rows, read_chapter

FILES = chapters(Path(__file__).parent.parent)


def cells(file):
    return json.loads(file.read_text(encoding="utf-8"))["cells"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_chapter_states_how_long_it_takes_to_read(file):
    """200 words a minute, and half a minute for a code cell; the exercises apart."""
    words = code = 0
    lesson = True
    for cell in cells(file):
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            before, exercises, _ = text.partition("## Exercises\n")
            closing = text.startswith("## What to remember")
            words += len(before.split()) if lesson or closing else 0
            lesson = lesson and not exercises
        elif lesson and "setup" not in cell["metadata"].get("tags", []):
            code += 1
    assert abs(read_chapter(file).reading - (words / 200 + code / 2)) <= 5


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_chapter_states_the_sum_of_the_minutes_of_its_exercises(file):
    text = "".join(cells(file)[1]["source"])
    stated = re.search(r"About \d+ minutes, and (\d+) (?:more )?for the exercises", text)
    exercises = read_chapter(file).exercises
    if all(exercise.minutes for exercise in exercises):
        assert int(stated[1]) == sum(exercise.minutes for exercise in exercises)
    else:
        assert not any(exercise.minutes for exercise in exercises), "some minutes are missing"


def test_the_index_lists_every_exercise_with_what_its_chapter_states():
    rows = exercise_rows(FILES)
    assert len(rows) == 2 + sum(1 + len(read_chapter(file).exercises) for file in FILES)
    link = "[2: Softmax twice](../chapters/softmax.ipynb#exercise-2-softmax-twice)"
    assert f"| {link} | Pencil | medium | 8 |" in rows
    assert "| **[Softmax](../chapters/softmax.ipynb)** | | | **48** |" in rows


def test_the_index_leaves_blank_what_a_chapter_does_not_state(tmp_path):
    page = nbformat.v4.new_notebook()
    text = "# A page\n\nAbout 5 minutes.\n\n### Exercise 1: Some\n\nA *word* · and 3 minutes more"
    page.cells = [nbformat.v4.new_markdown_cell(text)]
    nbformat.write(page, tmp_path / "page.ipynb")
    rows = exercise_rows([tmp_path / "page.ipynb"])
    assert rows[2] == "| **[A page](../chapters/page.ipynb)** | | |  |"
    assert rows[3] == ("| [1: Some](../chapters/page.ipynb#exercise-1-some) |  |  |  |")
