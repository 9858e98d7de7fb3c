"""Mutations: the checks of the book fail when the book is broken."""

import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools.book import BUILD
from tools.check import NBVAL

# Each test starts a build.
pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent


def checked(source, output):
    """A cell with a stored output that nbval compares."""
    return new_code_cell(
        source,
        execution_count=1,
        metadata={"tags": ["nbval-check-output"]},
        outputs=[new_output("stream", name="stdout", text=output)],
    )


GOOD = checked("print(3 * 3 * 64)", "576\n")
MUTANTS = {
    "good": (GOOD, 0),
    "a raising cell": (new_code_cell("raise ValueError('on purpose')"), 1),
    "a wrong checked output": (checked("print(3 * 3 * 64)", "577\n"), 1),
}


def write_notebook(path, cell):
    path.parent.mkdir(parents=True, exist_ok=True)
    notebook = new_notebook(cells=[new_markdown_cell("# A page\n\nText."), cell])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, path)


@pytest.mark.parametrize("name", MUTANTS)
def test_nbval_is_red_for_what_is_broken_and_green_for_what_is_not(name, tmp_path):
    cell, expected = MUTANTS[name]
    write_notebook(tmp_path / "page.ipynb", cell)
    command = [*NBVAL, "-q", str(tmp_path / "page.ipynb")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == expected, done.stdout + done.stderr


@pytest.fixture
def small_book(tmp_path):
    """This book's own settings around a single page."""
    for name in ("_ext", "_static"):
        ignore = shutil.ignore_patterns("generated", "__pycache__")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignore)
    (tmp_path / "appendix").mkdir()
    shutil.copy(ROOT / "appendix" / "references.bib", tmp_path / "appendix")
    shutil.copy(ROOT / "_config.yml", tmp_path)
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: chapters/page\n")
    return tmp_path


@pytest.mark.parametrize(
    ("source", "good"),
    [("print(3 * 3 * 64)", True), ("%no_such_magic", False), ("raise ValueError", False)],
)
def test_the_build_is_red_for_what_is_broken_and_green_for_what_is_not(small_book, source, good):
    write_notebook(small_book / "chapters" / "page.ipynb", new_code_cell(source))
    done = subprocess.run([*BUILD, "."], cwd=small_book, capture_output=True, text=True)
    assert (done.returncode == 0) == good, done.stdout + done.stderr


def test_the_build_is_red_for_a_broken_link(small_book):
    cell = new_markdown_cell("[nowhere](nowhere.md)")
    write_notebook(small_book / "chapters" / "page.ipynb", cell)
    done = subprocess.run([*BUILD, "."], cwd=small_book, capture_output=True, text=True)
    assert done.returncode != 0
