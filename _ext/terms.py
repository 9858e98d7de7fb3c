"""The terms of the glossary explain themselves where they are used.

Every term is defined once, on the page Glossary. Where a section first uses one, the term becomes
a link to its definition, and the page carries the definition along for `_static/terms.js`, which
shows it beside the term. Without that script the link remains.
"""

import re
from functools import cache
from html import escape

from docutils import nodes
from sphinx.application import Sphinx

GLOSSARY = "appendix/glossary"
WITHOUT = (GLOSSARY, "appendix/library", "appendix/bibliography")
"""Pages in which nothing is marked."""

CLOSED = (nodes.reference, nodes.literal, nodes.emphasis, nodes.strong)
"""What keeps its words as they are. A term in italics is being introduced, there and then."""


def definitions(glossary: nodes.document) -> dict[str, tuple[str, str]]:
    """Each term of the glossary: its anchor, and the first paragraph of its definition."""
    found = {}
    for item in glossary.findall(nodes.definition_list_item):
        (term,) = item.findall(nodes.term)
        text = next(item.findall(nodes.paragraph)).astext().replace("\n", " ")
        found[term.astext()] = term["ids"][0], text
    return found


@cache
def pattern(terms: tuple[str, ...]) -> re.Pattern:
    """Any of the terms as a whole word, also in the plural; the longest where several begin."""
    words = [r"\s+".join(map(re.escape, term.split())) for term in terms]
    longest = "|".join(sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<![\w-])({longest})(?:s|es)?(?![\w-])", re.IGNORECASE)


def mark(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Link each term of the glossary where a section uses it first."""
    known = GLOSSARY in app.env.found_docs
    if not known or docname in WITHOUT or app.builder.format != "html":
        return
    terms = definitions(app.env.get_doctree(GLOSSARY))
    anchors = {term.lower(): anchor for term, (anchor, _) in terms.items()}
    page = app.builder.get_relative_uri(docname, GLOSSARY)
    words = pattern(tuple(terms))
    seen = {(_section(node), _name(node)) for node in doctree.findall(nodes.emphasis)}
    for paragraph in list(doctree.findall(nodes.paragraph)):
        section = _section(paragraph)
        for text in [text for text in paragraph.findall(nodes.Text) if _is_open(text, paragraph)]:
            parts, end = [], 0
            for use in words.finditer(text):
                term = _name(use[1])
                if (section, term) in seen:
                    continue
                seen.add((section, term))
                link = nodes.reference("", use[0], refuri=f"{page}#{anchors[term]}", internal=True)
                link["classes"].append("term")
                parts += [nodes.Text(text[end : use.start()]), link]
                end = use.end()
            if parts:
                text.parent.replace(text, [*parts, nodes.Text(text[end:])])


def _name(term: str | nodes.Element) -> str:
    """A term as it is looked up."""
    text = term if isinstance(term, str) else term.astext()
    return " ".join(text.lower().split())


def _section(node: nodes.Node) -> int:
    """The section below the page's title that a node is in."""
    sections = []
    while node := node.parent:
        if isinstance(node, nodes.section):
            sections.append(node)
    return id(sections[-2]) if len(sections) > 1 else 0


def _is_open(text: nodes.Node, paragraph: nodes.Node) -> bool:
    """Whether nothing between a text and its paragraph keeps the words as they are."""
    node = text.parent
    while node is not paragraph:
        if isinstance(node, CLOSED):
            return False
        node = node.parent
    return True


# Sphinx passes five positional arguments.
def carry(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None
) -> None:
    """Add the definitions of the terms that a page uses to its end, out of sight."""
    links = doctree.findall(nodes.reference) if doctree is not None else ()
    used = {link["refuri"].partition("#")[2] for link in links if "term" in link["classes"]}
    if not used:
        return
    found = definitions(app.env.get_doctree(GLOSSARY)).items()
    lines = [
        f'<p id="defined-{anchor}"><b>{escape(term)}</b> {escape(text)}</p>'
        for term, (anchor, text) in found
        if anchor in used
    ]
    context["body"] += f'<div id="definitions" hidden>{"".join(lines)}</div>'


def depend(app: Sphinx, docname: str, source: list[str]) -> None:
    """Build a page anew when the glossary has changed."""
    # A file that does not exist counts as changed in every build.
    if GLOSSARY in app.env.found_docs:
        app.env.note_dependency(app.env.doc2path(GLOSSARY))


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("source-read", depend)
    app.connect("doctree-resolved", mark)
    app.connect("html-page-context", carry)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
