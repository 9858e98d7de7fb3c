"""Mutations: the checks of the book fail when the book is broken."""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

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
    """This book's own settings around a landing page and a single other one."""
    for name in ("_ext", "_static"):
        ignore = shutil.ignore_patterns("generated", "__pycache__")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignore)
    (tmp_path / "appendix").mkdir()
    shutil.copy(ROOT / "appendix" / "references.bib", tmp_path / "appendix")
    for name in ("_config.yml", "pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    toc = "format: jb-book\nroot: index\nchapters:\n- file: chapters/page\n"
    (tmp_path / "_toc.yml").write_text(toc)
    (tmp_path / "index.md").write_text("# A book\n\n*One page.*\n")
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


COLAB = "https://colab.research.google.com/github/your_account/your_repository/blob/main/a.ipynb"
LINKED = f"# A page\n\n*A question?*\n\n[Open in Colab]({COLAB}) · In\nthe note: section I\n"
NEW = "https://github.com/someone/some-book"


def built(book):
    """The built page of a small book."""
    done = subprocess.run([*BUILD, "."], cwd=book, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    html = (book / "_build" / "html" / "chapters" / "page.html").read_text(encoding="utf-8")
    return BeautifulSoup(html, "html.parser")


def test_without_an_address_a_page_has_no_link_to_one(small_book):
    write_notebook(small_book / "chapters" / "page.ipynb", new_markdown_cell(LINKED))
    page = built(small_book)
    assert [a for a in page.find_all("a", href=True) if "git" in a["href"]] == []
    assert page.find("link", rel="canonical") is None
    assert page.find_all("meta", property=True) == []
    paragraphs = [p.get_text() for p in page.select("article p")]
    assert any(text.startswith("In\nthe note") for text in paragraphs), paragraphs


def test_with_an_address_all_links_are_there_and_lead_to_it(small_book):
    write_notebook(small_book / "chapters" / "page.ipynb", new_markdown_cell(LINKED))
    for command in (["git", "init", "-q"], ["git", "add", "."]):
        subprocess.run(command, cwd=small_book, check=True)
    tool = [sys.executable, "-m", "tools.repository", "--root", small_book, NEW]
    subprocess.run(tool, cwd=ROOT, check=True)
    page = built(small_book)
    links = {a["href"] for a in page.find_all("a", href=True)}
    colab = "https://colab.research.google.com/github/someone/some-book/blob/main/"
    assert {NEW, f"{colab}a.ipynb", f"{colab}chapters/page.ipynb"} <= links
    assert any(link.startswith(f"{NEW}/issues/new") for link in links)
    canonical = page.find("link", rel="canonical")["href"]
    assert canonical == "https://someone.github.io/some-book/chapters/page.html"
    shared = {tag["property"]: tag["content"] for tag in page.find_all("meta", property=True)}
    assert shared["og:url"] == canonical
    assert shared["og:description"] == "A question?"
    card = shared["og:image"].removeprefix("https://someone.github.io/some-book/")
    with Image.open(small_book / "_build" / "html" / card) as picture:
        size = picture.size
    assert size == (int(shared["og:image:width"]), int(shared["og:image:height"])) == (1200, 630)
    assert page.find("meta", attrs={"name": "twitter:card"})["content"] == "summary_large_image"
    lost = (small_book / "_build" / "html" / "404.html").read_text(encoding="utf-8")
    for tag in BeautifulSoup(lost, "html.parser").find_all(["a", "link", "script"], href=True):
        assert tag["href"].startswith(("/some-book/", "https://", "#")), tag


def test_a_style_sheet_that_nobody_has_decided_about_turns_the_build_red(small_book):
    write_notebook(small_book / "chapters" / "page.ipynb", GOOD)
    config = (small_book / "_config.yml").read_text(encoding="utf-8")
    config = config.replace("  config:\n", "  config:\n    html_css_files: [new.css]\n", 1)
    (small_book / "_config.yml").write_text(config, encoding="utf-8")
    (small_book / "_static" / "new.css").write_text("p { color: red }")
    done = subprocess.run([*BUILD, "."], cwd=small_book, capture_output=True, text=True)
    assert done.returncode != 0
    assert "new.css: join it or leave it out" in done.stdout + done.stderr
