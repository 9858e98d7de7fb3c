"""The book's extension that fills the placeholders of the live network."""

import re
import subprocess
import sys
import zlib
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_markdown_cell, new_notebook

from _ext.explorer_page import LATER, PICTURE_ALTS, PICTURES, assemble_kernel
from mnist_lib.explorer import IN_BOOK, VIEWS
from mnist_lib.explorer.bundle import learning_script, page_script
from mnist_lib.explorer.payload import (
    LEARNING_STYLE,
    STYLE,
    about_weights,
    as_data_script,
    as_digits_script,
    digit_sets,
    golden_digits,
    pack_weights,
)

# Each test starts a build.
pytestmark = pytest.mark.slow

EXTENSIONS = Path(__file__).parent.parent / "_ext"

WHOLE = '<div class="explorer" data-layer="all"></div>'
SENTENCE = """A line before.

<div class="explorer" data-layer="softmax">

In plain Jupyter: see [Your digit](nowhere.ipynb).

</div>

A line after."""
LEARNS = '<div class="explorer" data-layer="training">In plain Jupyter a sentence.</div>'
ONE_LINE = '<div class="explorer" data-layer="relu">In plain Jupyter a sentence.</div>'
BAD = {
    "unknown": '<div class="explorer" data-layer="dense"></div>',
    "bare": '<div class="explorer"></div>',
    "open": '<div class="explorer" data-layer="all">\n\nAnd no end.',
    "quotes": "<div data-layer='all' class='explorer'></div>",
}


CONF = f"""
import os
import sys
import zlib
from pathlib import Path

sys.path.insert(0, {str(EXTENSIONS)!r})

extensions = ["myst_nb", "explorer_page"]
nb_execution_mode = "off"


def setup(app):
    record = lambda app: Path("recorded").write_text(os.environ.get("MNIST_BOOK", ""))
    app.connect("builder-inited", record)
"""


def build(folder, pages, *options):
    """Build pages with Sphinx in a separate process: the extension sets an environment variable."""
    (folder / "conf.py").write_text(CONF)
    for picture in (folder / name.removeprefix("/") for name in PICTURES.values()):
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    toctree = "\n".join(["```{toctree}", *pages, "```"])
    (folder / "index.md").write_text(f"# Start\n\n{toctree}\n")
    for name, text in pages.items():
        if name != "chapter":
            (folder / f"{name}.md").write_text(f"# Page\n\n{text}\n")
            continue
        cells = [new_markdown_cell("# Page"), new_markdown_cell(text)]
        nbformat.write(new_notebook(cells=cells), folder / "chapter.ipynb")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", *options, ".", "out"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Ten pages, enough for Sphinx to read them in parallel; one is a notebook."""
    folder = tmp_path_factory.mktemp("site")
    plain = {f"plain{i}": "Text." for i in range(5)}
    pages = {
        "whole": WHOLE,
        "one": ONE_LINE,
        "back": WHOLE.replace("all", "backward"),
        "chapter": SENTENCE,
        "learns": LEARNS,
        **plain,
    }
    done = build(folder, pages, "-j", "2")
    assert done.returncode == 0, done.stderr
    return folder


def soup(site, name):
    return BeautifulSoup((site / "out" / f"{name}.html").read_text("utf-8"), "html.parser")


@pytest.mark.parametrize(
    ("page", "view"),
    [("whole", "all"), ("chapter", "softmax"), ("one", "relu"), ("back", "backward")],
)
def test_a_placeholder_holds_the_picture_and_nothing_else(site, page, view):
    (place,) = soup(site, page).select("div.explorer")
    (picture,) = place.find_all("img")
    assert place["data-layer"] == view
    name = view if view in PICTURES else ""
    assert picture["alt"] == PICTURE_ALTS[name]
    assert Path(picture["src"]).stem == Path(PICTURES[name]).stem
    assert (site / "out" / picture["src"]).is_file()
    assert place.get_text(strip=True) == ""


def test_what_stands_around_a_placeholder_stays(site):
    text = soup(site, "chapter").get_text()
    assert "A line before." in text
    assert "A line after." in text
    assert "plain Jupyter" not in text


def files_of(site, page):
    tags = soup(site, page).find_all(["script", "link"])
    urls = [(tag.get("src") or tag.get("href") or "").split("?")[0] for tag in tags]
    return [url for url in urls if "explorer" in url]


def test_scripts_and_style_are_loaded_only_where_a_placeholder_stands(site):
    wanted = ["_static/explorer-data.js", "_static/explorer.js", "_static/explorer.css"]
    for page in ("whole", "chapter", "one"):
        assert files_of(site, page) == wanted
        scripts = soup(site, page).find_all("script", src=re.compile("explorer"))
        assert all(script.has_attr("defer") for script in scripts)
    for page in ("plain0", "plain4", "index", "search"):
        assert files_of(site, page) == []


def test_only_a_page_on_which_the_network_learns_knows_the_files_that_it_may_load(site):
    (script,) = soup(site, "learns").find_all("script", src=re.compile(r"explorer\.js"))
    for key, name in LATER.items():
        address, _, checksum = script[f"data-{key}"].partition("?v=")
        assert address == f"_static/{name}"
        assert int(checksum, 16) == zlib.crc32((site / "out" / address).read_bytes())
    assert files_of(site, "learns")[2:] == [
        "_static/explorer.css",
        "_static/explorer-learning.css",
    ]
    for page in ("whole", "chapter", "one"):
        (script,) = soup(site, page).find_all("script", src=re.compile(r"explorer\.js"))
        assert not [key for key in script.attrs if key.startswith("data-")]


def test_the_files_are_in_the_built_pages_and_not_in_the_source(site, weights):
    folder, packed = site / "out" / "_static", pack_weights(weights)
    data = as_data_script(packed, about_weights(packed, golden_digits()))
    assert (folder / "explorer-data.js").read_text("utf-8") == data
    assert (folder / "explorer.js").read_text("utf-8") == page_script()
    assert (folder / "explorer.css").read_text("utf-8") == STYLE.read_text("utf-8")
    assert (folder / LATER["learning"]).read_text("utf-8") == learning_script(assemble_kernel())
    style = (folder / "explorer-learning.css").read_text("utf-8")
    assert style == LEARNING_STYLE.read_text("utf-8")
    for name, digits in digit_sets().items():
        assert (folder / LATER[name]).read_text("utf-8") == as_digits_script(name, digits)
    kept = {file.name for file in site.rglob("*") if "out" not in file.parts}
    assert not any("explorer" in name for name in kept)


def test_kernels_are_told_that_the_book_is_being_built(site):
    assert IN_BOOK == "MNIST_BOOK"
    assert (site / "recorded").read_text() == "1"


def test_what_is_no_placeholder_fails_the_strict_build(tmp_path):
    done = build(tmp_path, BAD)
    assert done.returncode == 1
    for name in BAD:
        line = next(line for line in done.stderr.splitlines() if f"{name}.md" in line)
        assert 'expected <div class="explorer" data-layer="…">…</div>' in line
        assert ", ".join(VIEWS) in line
