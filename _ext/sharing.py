"""How the book shows itself elsewhere: in a tab, a search engine, a message, on a home screen.

- every page has a description, its first emphasised sentence and what one can do after it;
- where the book has an address, a shared link shows a card, and a page names its canonical place;
- there is a page for what is not found;
- the icons for all platforms and the card are drawn while the book is built.
"""

import html
import json
from functools import partial
from pathlib import Path
from urllib.parse import urlparse

import numpy as np
from docutils import nodes
from matplotlib.figure import Figure
from PIL import Image, ImageDraw
from sphinx.application import Sphinx
from sphinx.config import Config

from mnist_lib.data import load_mnist
from mnist_lib.pretrained import load_weights
from mnist_lib.reference import forward

GENERATED = "_static/generated"
CARD = f"{GENERATED}/card.png"
CARD_ALT = (
    "A handwritten seven, the 32 channels of M1 and the 64 of C3 for it, and ten bars, of which "
    "that of the class seven is high. Above: MNIST to the last number."
)
LINE = "One small neural network, and every one of its 93,322 numbers"
NIGHT, ACCENT = "#14202b", "#E69F00"

SHOWN = 7
"""The first seven of the embedded test split."""

LONGEST = 200
"""Characters of a description; search engines cut what is longer."""

ICONS = {"apple-touch-icon.png": 180, "icon-192.png": 192, "icon-512.png": 512}
LINKS = (
    ("icon", 'sizes="48x48" ', "favicon.ico"),
    ("apple-touch-icon", "", "apple-touch-icon.png"),
    ("manifest", "", "site.webmanifest"),
)


def configure(app: Sphinx, config: Config) -> None:
    """Set up the card and the page for what is not found, once the address is known."""
    root = urlparse(config.html_baseurl).path or "/"
    config.notfound_urls_prefix = root
    config.notfound_context = {
        "title": "Page not found",
        "body": "<h1>Page not found</h1><p>No page of this book has this address. It may have "
        f'moved: begin at the <a href="{root}index.html">first page</a>, or '
        f'<a href="{root}search.html">search</a>.</p>',
    }
    config.ogp_site_url = config.html_baseurl
    config.ogp_social_cards = {"enable": False}
    config.ogp_image, config.ogp_image_alt = CARD, CARD_ALT
    config.ogp_custom_meta_tags = (
        '<meta property="og:image:width" content="1200" />',
        '<meta property="og:image:height" content="630" />',
        '<meta name="twitter:card" content="summary_large_image" />',
    )


# Sphinx passes five positional arguments.
def describe(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None
) -> None:
    """Give a page its description and its icons; and a card only where there is an address."""
    place = partial(context["pathto"], resource=True)
    tags = [
        f'<link rel="{kind}" {sizes}href="{place(f"{GENERATED}/{name}")}" />'
        for kind, sizes, name in LINKS
    ]
    meta = context["meta"] = dict(context.get("meta") or {})
    text = description(doctree) if doctree is not None else ""
    if text:
        tags.append(f'<meta name="description" content="{html.escape(text)}" />')
        meta["og:description"] = text
    if not app.tags.has("address"):
        meta["ogp_disable"] = True
    context["metatags"] = "\n".join([context.get("metatags", ""), *tags, ""])


def description(page: nodes.document) -> str:
    """The first emphasised sentence, then as many of a chapter's goals as there is room for."""
    emphasised = next(page.findall(nodes.emphasis), None)
    if emphasised is None:
        return ""
    text = emphasised.astext()
    goals = next(
        (p for p in page.findall(nodes.paragraph) if p.astext().endswith("you can:")), None
    )
    for goal in goals.next_node(nodes.bullet_list, siblings=True).children if goals else ():
        sentence = goal.astext().rstrip(";.")
        longer = f"{text} {sentence[0].upper()}{sentence[1:]}."
        if len(longer) > LONGEST:
            break
        text = longer
    return text


def draw(app: Sphinx) -> None:
    """Draw the card and the icons where the pages find them."""
    folder = Path(app.srcdir) / GENERATED
    folder.mkdir(parents=True, exist_ok=True)
    draw_card().savefig(folder / "card.png", dpi=100, facecolor=NIGHT)
    for name, size in ICONS.items():
        draw_icon(size).save(folder / name)
    draw_icon(192).save(folder / "favicon.ico", sizes=[(16, 16), (32, 32), (48, 48)])
    sizes = {name: size for name, size in ICONS.items() if name.startswith("icon-")}
    manifest = {
        "name": app.config.html_title,
        "short_name": "MNIST",
        "start_url": "../../index.html",
        "display": "browser",
        "background_color": NIGHT,
        "theme_color": NIGHT,
        "icons": [{"src": n, "sizes": f"{s}x{s}", "type": "image/png"} for n, s in sizes.items()],
    }
    (folder / "site.webmanifest").write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def draw_icon(size: int) -> Image.Image:
    """The seven of `favicon.svg` on a square of size pixels, drawn four times as large."""
    unit = 4 * size / 28
    icon = Image.new("RGB", (4 * size, 4 * size), NIGHT)
    pen = ImageDraw.Draw(icon)
    corners = [(x * unit, y * unit) for x, y in ((8, 8), (20, 8), (13, 21))]
    pen.line(corners, fill="white", width=round(3.2 * unit), joint="curve")
    for x, y in corners:
        radius = 1.6 * unit
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill="white")
    box = tuple(round(edge * unit) for edge in (14.2, 4.2, 23.8, 13.8))
    pen.rectangle(box, outline=ACCENT, width=round(1.6 * unit))
    return icon.resize((size, size), Image.Resampling.LANCZOS)


def draw_card() -> Figure:
    """The picture of a shared link, 1200×630 pixels: one digit on its way through the network."""
    digit = load_mnist("embedded").test.images[[SHOWN]]
    outputs = forward(digit, load_weights())
    figure = Figure(figsize=(12, 6.3), layout="none")
    figure.text(0.05, 0.84, "MNIST to the last number", color="white", size=46, weight="bold")
    figure.text(0.05, 0.75, LINE, color="#c8d3dc", size=22)
    pictures = (
        digit[0, :, :, 0],
        mosaic(outputs["max_pooling2d_1"][0], 4),
        mosaic(outputs["conv2d_3"][0], 8),
    )
    for left, width, picture in zip((0.05, 0.30, 0.70), (0.21, 0.36, 0.12), pictures, strict=True):
        axes = figure.add_axes((left, 0.08, width, 0.58), anchor="W")
        axes.imshow(picture, cmap="magma" if left > 0.1 else "gray", interpolation="nearest")
        axes.set_axis_off()
    bars = figure.add_axes((0.85, 0.17, 0.11, 0.40), facecolor=NIGHT)
    probabilities = outputs["dense_2"][0]
    bars.barh(
        range(10), probabilities, color=[ACCENT if p > 0.5 else "#56718a" for p in probabilities]
    )
    bars.set(yticks=range(10), xticks=[], xlim=(0, 1), ylim=(9.6, -0.6))
    bars.tick_params(colors="white", labelsize=15, length=0)
    bars.grid(visible=False)
    bars.spines[:].set_visible(False)
    return figure


def mosaic(channels: np.ndarray, rows: int) -> np.ndarray:
    """The channels of a layer, (height, width, channels), in rows, each to its largest value."""
    height, width, count = channels.shape
    framed = np.full((height + 1, width + 1, count), np.nan)
    framed[:height, :width] = channels / np.maximum(channels.max(axis=(0, 1)), 1e-6)
    columns = count // rows
    grid = framed.reshape(height + 1, width + 1, rows, columns).transpose(2, 0, 3, 1)
    return grid.reshape(rows * (height + 1), columns * (width + 1))


def setup(app: Sphinx) -> dict:
    """Register with Sphinx, after `address` has decided and before the cards are written."""
    app.setup_extension("notfound.extension")
    app.setup_extension("sphinxext.opengraph")
    app.connect("config-inited", configure, priority=200)
    app.connect("builder-inited", draw)
    app.connect("html-page-context", describe, priority=450)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
