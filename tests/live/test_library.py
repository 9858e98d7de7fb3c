"""The page *Library* of the built book: every public name of the package, once, documented."""

import ast
import importlib
import re
from collections import Counter
from pathlib import Path

import pytest
from browsing import HTML, ROOT
from bs4 import BeautifulSoup

import mnist_lib

PAGE = HTML / "appendix" / "library.html"
# The modules of the package's map; of the live network, also those that make it.
MODULES = [
    *re.findall(r"^`(mnist_lib\.\w+)`", mnist_lib.__doc__, re.M),
    *(f"mnist_lib.explorer.{name}" for name in ("bundle", "payload", "widget")),
]


def public_names(module):
    """A module's public names: `__all__`, or whatever it defines itself without an underscore."""
    found = importlib.import_module(module)
    if hasattr(found, "__all__"):
        return set(found.__all__)
    names = set()
    for node in ast.parse(Path(found.__file__).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            targets = [ast.unparse(target) for target in node.targets]
            names |= {name.strip() for target in targets for name in target.strip("()").split(",")}
    return {name for name in names if not name.startswith("_")}


@pytest.fixture(scope="module")
def entries():
    """The entries of the page, by their full name."""
    soup = BeautifulSoup(PAGE.read_text(encoding="utf-8"), "html.parser")
    return [term for term in soup.select("dt.sig[id]") if term["id"].startswith("mnist_lib.")]


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_has_one_entry_with_words(module, entries):
    mine = [e for e in entries if e["id"].rpartition(".")[0] == module]
    counts = Counter(entry["id"].rpartition(".")[2] for entry in mine)
    wanted = public_names(module)
    assert wanted
    assert counts == dict.fromkeys(wanted, 1)
    for entry in mine:
        assert len(entry.find_next_sibling("dd").get_text(strip=True)) > 15, entry["id"]


def test_the_page_and_the_packages_map_name_the_same_modules():
    source = (ROOT / "appendix" / "library.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"automodule:: (\S+)", source)) == sorted(MODULES)


def test_what_a_docstring_explains_is_set_as_a_list():
    soup = BeautifulSoup(PAGE.read_text(encoding="utf-8"), "html.parser")
    conv2d = soup.find("dt", id="mnist_lib.reference.conv2d").find_next_sibling("dd")
    fields = [term.get_text(strip=True) for term in conv2d.select("dl.field-list > dt")]
    assert fields == ["Parameters:", "Returns:"]
    assert [item.strong.text for item in conv2d.select("li")] == ["images", "kernel", "bias"]
    assert conv2d.select_one("div.doctest")
