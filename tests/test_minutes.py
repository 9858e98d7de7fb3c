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
    """200 words a minute, half a minute for a code cell; with the exercises' text or without."""
    seconds = {True: 0.0, False: 0.0}
    lesson = True
    for cell in cells(file):
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            before, exercises, after = text.partition("## Exercises\n")
            closing = text.startswith("## What to remember")
            seconds[lesson or closing] += len(before.split()) * 60 / 200
            seconds[False] += len(after.split()) * 60 / 200
            lesson = lesson and not exercises
        elif "setup" not in cell["metadata"].get("tags", []):
            seconds[lesson] += 30
    least, most = seconds[True] / 60, (seconds[True] + seconds[False]) / 60
    assert least - 2 <= read_chapter(file).reading <= most + 2


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_chapter_states_the_sum_of_the_minutes_of_its_exercises(file):
    """Two minutes up or down, where it was rounded."""
    text = "".join(cells(file)[1]["source"])
    stated = re.search(r"About \d+ minutes, and (\d+) (?:more )?for the exercises", text)
    exercises = read_chapter(file).exercises
    if all(exercise.minutes for exercise in exercises):
        assert abs(int(stated[1]) - sum(exercise.minutes for exercise in exercises)) <= 2
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
