"""The glossary: every term once, short, and introduced in the chapter that it points to."""

import json
import re
from pathlib import Path

import pytest
from docutils import nodes
from docutils.utils import new_document

from _ext.terms import definitions, pattern

ROOT = Path(__file__).parent.parent
SOURCE = (ROOT / "appendix" / "glossary.md").read_text(encoding="utf-8")
ENTRY = re.compile(r"(?m)^(?!:)(\S.*)\n((?:  .+\n)+)\n  \[[\w ]+\]\(\.\./chapters/(\w+)\.ipynb\)$")
ENTRIES = ENTRY.findall(SOURCE.partition("{glossary}")[2])
TERMS = tuple(term for term, _, _ in ENTRIES)


def markdown(chapter):
    """The text of a chapter."""
    file = ROOT / "chapters" / f"{chapter}.ipynb"
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    return "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


def test_every_entry_is_read_and_every_term_is_defined_once():
    assert len(ENTRIES) == SOURCE.count("](../chapters/") > 50
    assert len({term.lower() for term in TERMS}) == len(TERMS)


@pytest.mark.parametrize(("term", "definition", "chapter"), ENTRIES, ids=TERMS)
def test_a_definition_is_short_and_its_chapter_introduces_the_term(term, definition, chapter):
    words = definition.split()
    assert 2 <= len(words) <= 40, len(words)
    assert words[-1].endswith(".")
    word = r"\s+".join(map(re.escape, term.split()))
    assert re.search(rf"[*_]{word}(?:s|es)?[*_]", markdown(chapter), re.IGNORECASE)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Kernels and a weight", ["Kernels", "weight"]),
        ("max\npooling, then pooling", ["max\npooling", "pooling"]),
        ("losses, biases", ["losses", "biases"]),
        ("weighted, unbiased, cross-losses, loss-like", []),
    ],
)
def test_a_term_is_found_as_a_whole_word_the_longest_first(text, found):
    words = pattern(("kernel", "weight", "pooling", "max pooling", "loss", "bias"))
    assert [use[0] for use in words.finditer(text)] == found


def test_the_first_paragraph_defines():
    document = new_document("glossary")
    term = nodes.term("", "kernel", ids=["term-kernel"])
    paragraphs = [nodes.paragraph("", text) for text in ("A small\ngrid.", "Architecture")]
    item = nodes.definition_list_item("", term, nodes.definition("", *paragraphs))
    document += nodes.definition_list("", item)
    assert definitions(document) == {"kernel": ("term-kernel", "A small grid.")}
