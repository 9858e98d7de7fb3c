"""Search that shows the sections with the words, from a USB stick too.

Sphinx fetches each page that it has found, to show a piece of it; a page opened from `file://` may
fetch nothing. So the text of all sections is written into a script, which the search page loads.
"""

import json
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

SCRIPT = Path("_static", "search-sections.js")
OTHERS = (nodes.section, nodes.raw, nodes.image, nodes.comment, nodes.title)
"""What is not the text of a section itself."""


def sections(page: nodes.document) -> list[tuple[str, str, str]]:
    """Anchor, title and text of each section of a page, in order; without those inside it."""
    found = []
    for section in page.findall(nodes.section):
        title = section.next_node(nodes.title)
        own = (child.astext() for child in section if not isinstance(child, OTHERS))
        found.append((section["ids"][0], title.astext(), " ".join(" ".join(own).split())))
    return found


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the text of all pages beside them."""
    if exception is not None or app.builder.format != "html":
        return
    pages = {name: sections(app.env.get_doctree(name)) for name in sorted(app.env.found_docs)}
    content = f"globalThis.bookSections = {json.dumps(pages, ensure_ascii=False)};\n"
    (Path(app.outdir) / SCRIPT).write_text(content, encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
