"""The live network on the book's pages: a Sphinx extension that fills their placeholders.

A placeholder is raw HTML, `<div class="explorer" data-layer="softmax">…</div>`, in a page or in a
Markdown cell. Its content is for plain Jupyter; in the book a picture of all layers replaces it,
for print and for readers without JavaScript, until the scripts put the network there. The scripts
are written to the built pages' `_static` and loaded only where there is a placeholder. Of the part
in which the network learns, and of its digits, a page gets the addresses alone: it loads them when
a reader asks for them.
"""

import os
import re
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import wasmtime
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

from mnist_lib.explorer import IN_BOOK, VIEWS
from mnist_lib.explorer.bundle import KERNEL, learning_script, page_script, steppers_script
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
from mnist_lib.pretrained import load_weights

PICTURES = {
    "": "/_static/generated/journey.svg",
    "backward": "/_static/generated/errors.svg",
}
"""All layers for one digit, or all errors; the book draws them before it reads its pages."""

PICTURE_ALTS = {
    "": "A handwritten seven at the top; below it the 32 channels of C1 and M1, where its strokes "
    "and edges are still easy to see, then the 64 channels of C2, M2 and C3, which grow coarser "
    "until a channel is 3×3 pixels; at the foot ten bars, of which only the one of the class seven "
    "is high.",
    "backward": "The errors of eight layers for a four that is taken for a nine, red and blue on "
    "white. Of the ten outputs the four is red and the nine blue; below, the rows of the dense "
    "layers have many shades, the pooling layers are full, and the convolutions nearly empty.",
}
"""By view; where there is none, that of all views."""

SCRIPTS = ("explorer-data.js", "explorer.js")
"""In the order in which they run."""

LATER = {
    "learning": "explorer-learning.js",
    **{name: f"explorer-digits-{name}.js" for name in ("first", "more", "test")},
}
"""What a page on which the network learns may load, by the name by which it knows the address."""

STEPPERS = "explorer-steppers.js"
"""The examples for the pencil: on the pages with `<div class="stepper" …>`."""

OPENING = re.compile(r'<div class="explorer" data-layer="([^"]*)">')
CLOSING = "</div>"


class FillPlaceholders(SphinxTransform):
    """Put the picture into every placeholder, before Sphinx collects the images of a page."""

    default_priority = 400

    def apply(self, **kwargs: object) -> None:
        """Find the raw HTML of placeholders; warn about what looks like one but is not."""
        for node in list(self.document.findall(nodes.raw)):
            text = node.astext().strip()
            if not re.search(r"class=[\"']explorer\b", text):
                continue
            opening = OPENING.match(text)
            if opening is None or opening[1] not in VIEWS or not _fill(node, opening):
                logging.getLogger(__name__).warning(
                    'expected <div class="explorer" data-layer="…">…</div> with one of the layers '
                    "%s, got %s",
                    ", ".join(VIEWS),
                    text,
                    location=node,
                )


def _fill(node: nodes.raw, opening: re.Match) -> bool:
    """Replace what is between the tags with the picture; False where the closing tag is missing.

    Markdown between blank lines becomes separate nodes between those of the two tags; a placeholder
    without blank lines is a single node.
    """
    if not node.astext().strip().endswith(CLOSING):
        if not (inside := _followers_until_closing(node)):
            return False
        for follower in inside:
            follower.parent.remove(follower)
    start, end = (nodes.raw("", html, format="html") for html in (opening[0], CLOSING))
    start["explorer"] = opening[1]
    view = opening[1] if opening[1] in PICTURES else ""
    picture = nodes.image(uri=PICTURES[view], alt=PICTURE_ALTS[view], width="100%")
    node.replace_self([start, picture, end])
    return True


def _followers_until_closing(node: nodes.raw) -> list[nodes.Node]:
    """The nodes after an opening tag, up to that of its closing tag; none where it is missing."""
    siblings = node.parent.children
    inside = []
    for follower in siblings[siblings.index(node) + 1 :]:
        inside.append(follower)
        if isinstance(follower, nodes.raw) and follower.astext().strip() == CLOSING:
            return inside
    return []


def _write_files(app: Sphinx) -> None:
    """Write scripts and style beside the pages; nothing is kept in the source tree."""
    if app.builder.format != "html":
        return
    packed = pack_weights(load_weights())
    files = {
        "explorer-data.js": as_data_script(packed, about_weights(packed, golden_digits())),
        "explorer.js": page_script(),
        STEPPERS: steppers_script(),
        "explorer.css": STYLE.read_text(encoding="utf-8"),
        "explorer-learning.css": LEARNING_STYLE.read_text(encoding="utf-8"),
        LATER["learning"]: learning_script(assemble_kernel()),
        **{LATER[name]: as_digits_script(name, digits) for name, digits in digit_sets().items()},
    }
    folder = Path(app.outdir) / "_static"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")


def assemble_kernel() -> bytes:
    """The matrix product as WebAssembly, from its text."""
    return bytes(wasmtime.wat2wasm(KERNEL.read_text(encoding="utf-8")))


# Sphinx passes five positional arguments.
def _add_files(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None
) -> None:
    """Load them on this page if it has a placeholder; Sphinx forgets them before the next page.

    The scripts are at the top of the page: deferred scripts run in page order, and after the
    theme's own scripts the network would be ready some 60 ms of 420 later.
    """
    raw = doctree.findall(nodes.raw) if doctree is not None else []
    views = {node["explorer"] for node in raw if "explorer" in node}
    if not views:
        return
    address = partial(_address, app, context["pathto"])
    tags = [f'<script defer src="{address(name)}"></script>' for name in SCRIPTS]
    app.add_css_file("explorer.css")
    if "training" in views:
        data = " ".join(f'data-{key}="{address(name)}"' for key, name in LATER.items())
        tags[-1] = tags[-1].replace("<script", f"<script {data}")
        app.add_css_file("explorer-learning.css")
    if any('<div class="stepper"' in node.astext() for node in doctree.findall(nodes.raw)):
        tags.append(f'<script defer src="{address(STEPPERS)}"></script>')
    context["metatags"] = "\n".join(tags) + context.get("metatags", "")


def _address(app: Sphinx, path_to: Callable, name: str) -> str:
    """The URL of a file, tagged with a checksum: no browser mixes old and new."""
    mark = zlib.crc32((Path(app.outdir) / "_static" / name).read_bytes())
    return f"{path_to(f'_static/{name}', resource=True)}?v={mark:08x}"


def setup(app: Sphinx) -> dict:
    """Register with Sphinx; and tell `DigitExplorer`, in the kernels, not to be shown."""
    os.environ[IN_BOOK] = "1"
    app.add_transform(FillPlaceholders)
    app.connect("builder-inited", _write_files)
    app.connect("html-page-context", _add_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
