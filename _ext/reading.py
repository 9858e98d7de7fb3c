"""How a chapter reads on the page, as against in Jupyter.

- what is folded says what it is: Setup, Solution, Answer, Check;
- a question that nobody can have answered yet does not say so;
- a traceback names no folder of the machine that built the book;
- a picture is loaded when the reader comes near it;
- a long name in the text breaks at its dots, never inside a word.
"""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

FOLDS = {"setup": "Setup", "solution": "Solution", "hide-output": "Answer", "hide-cell": "Check"}
"""What a folded cell is called, by the first of its tags here."""

FOLDERS = re.compile(r"/[^\s\"']*/(?:site-packages/|(?=(?:mnist_lib|chapters)/)|tmp[a-z0-9_]{8}/)")
"""The path before an installed package, before the book's own folders, and of a temporary file."""

UNANSWERED = "Not answered yet"

SPOKEN = {
    # myst-nb gives every fold one and the same label
    '<summary aria-label="Toggle hidden content">': "<summary>",
    # docutils' roles for a bibliography are deprecated, and not allowed in a list
    'role="doc-biblioentry"': 'role="listitem"',
    ' role="doc-backlink"': "",
}

INLINE = re.compile(r'(<span class="pre">)([^<]+)')
"""A piece of code in the text."""


class Reading(SphinxTransform):
    """Change the cells of a chapter after myst-nb has rendered them."""

    default_priority = 410

    def apply(self, **kwargs: object) -> None:
        """Go through the cells, and through all pictures."""
        for cell in self.document.findall(nodes.container):
            if cell.get("nb_element") == "cell_code":
                name_fold(cell)
                drop_unanswered(cell)
                shorten_tracebacks(cell)
        for picture in self.document.findall(nodes.image):
            picture["loading"] = "lazy"


def name_fold(cell: nodes.Element) -> None:
    """Say what is folded away."""
    tags = cell["cell_metadata"].get("tags", [])
    name = next((name for tag, name in FOLDS.items() if tag in tags), None)
    if name and "prompt_show" in cell:
        cell["prompt_show"] = cell["prompt_hide"] = name


def drop_unanswered(cell: nodes.Element) -> None:
    """Remove the output of a question whose three dots stand for the reader's answer."""
    for output in list(cell.findall(nodes.container)):
        if output.get("nb_element") == "cell_code_output" and output.astext().startswith(
            UNANSWERED
        ):
            cell.remove(output)


def shorten_tracebacks(cell: nodes.Element) -> None:
    """Let paths begin at the package that they are in."""
    for block in cell.findall(nodes.literal_block):
        if "traceback" in block["classes"]:
            text = FOLDERS.sub("", block.astext())
            block.rawsource = text
            block.children = []
            block += nodes.Text(text)


# Sphinx passes five positional arguments.
def speak(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None
) -> None:
    """Mend what a screen reader would stumble over."""
    if "body" in context:
        for old, new in SPOKEN.items():
            context["body"] = context["body"].replace(old, new)
        context["body"] = INLINE.sub(breakable, context["body"])


def breakable(code: re.Match) -> str:
    """Let a long name in the text break behind a dot, a slash or the like, and nowhere else."""
    return code[1] + re.sub(r"(?<=[\w)])([./_(=,]+)(?=\w)", r"\1<wbr/>", code[2])


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.add_transform(Reading)
    app.connect("html-page-context", speak)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
