"""Figures of the chapters: as small as they can be, and with a twin for the dark.

A figure is an SVG file. The pictures in it, which matplotlib stores with three equal channels where
they are grey, are stored anew without a loss. Its twin has a dark ground and light lines, and keeps
what must not change: the pixels of digits, and whatever is written or drawn upon them.
"""

import base64
import colorsys
import io
import re
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"
COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
GROUND, INK, BEHIND_PIXELS = "#121212", "#e6e8eb", "#3a414b"
"""The page in the dark, the text on it, and what shows between pixels."""

for prefix, name in (("", SVG[1:-1]), ("xlink", LINK[1:].split("}")[0])):
    ElementTree.register_namespace(prefix, name)


class TwinFigures(SphinxTransform):
    """Give every figure in SVG a twin, before Sphinx collects the images of a page."""

    default_priority = 415

    def apply(self, **kwargs: object) -> None:
        """Write the twin beside the figure, and show one of the two."""
        for node in list(self.document.findall(nodes.image)):
            if not node["uri"].endswith(".svg"):
                continue
            file = Path(self.env.relfn2path(node["uri"])[1])
            tree = ElementTree.parse(file)  # noqa: S314 - matplotlib just wrote it
            for picture in tree.iter(f"{SVG}image"):
                picture.set(LINK, without_loss(picture.get(LINK)))
            for metadata in tree.findall(f"{SVG}metadata"):  # the date of the build
                tree.getroot().remove(metadata)
            tree.write(file)
            darken(tree.getroot())
            tree.write(file.with_suffix(".dark.svg"))
            twin = node.deepcopy()
            twin["uri"] = node["uri"].removesuffix(".svg") + ".dark.svg"
            node["classes"].append("only-light")
            twin["classes"].append("only-dark")
            node.parent.insert(node.parent.index(node) + 1, twin)


def without_loss(address: str) -> str:
    """A picture in a data URL with the same pixels, in one channel where three are equal."""
    picture = decode(address)
    red, green, blue, alpha = picture.split()
    if red.tobytes() == green.tobytes() == blue.tobytes() and alpha.getextrema() == (255, 255):
        picture = red
    file = io.BytesIO()
    picture.save(file, "png", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def decode(address: str) -> Image.Image:
    """The picture in a data URL, with its transparency."""
    return Image.open(io.BytesIO(base64.b64decode(address.split(",", 1)[1]))).convert("RGBA")


def darken(figure: ElementTree.Element) -> None:
    """Exchange light and dark in a figure, except where pixels are drawn."""
    figure.set("fill", INK)  # black, where nothing else is said
    for group in figure.iter(f"{SVG}g"):
        if group.get("id", "").startswith("axes_") and group.find(f".//{SVG}image") is not None:
            _keep_pixels(group)
    for element in figure.iter():
        if not element.get("kept"):
            change(element, in_the_dark)
    for element in figure.iter():
        element.attrib.pop("kept", None)


def _keep_pixels(axes: ElementTree.Element) -> None:
    """Mark what is drawn upon the pixels of these axes, which is all but the axis and some text."""
    change(axes.find(f"{SVG}g/{SVG}path"), lambda colour: BEHIND_PIXELS)
    pictures = list(axes.iter(f"{SVG}image"))
    for part in axes:
        kind = part.get("id", "").split("_")[0]
        if kind in ("matplotlib.axis", "legend") or (
            kind == "text" and not any(_is_upon(part, picture) for picture in pictures)
        ):
            continue
        part.set("fill", part.get("fill", "#000000"))
        for element in part.iter():
            element.set("kept", "yes")


def _is_upon(text: ElementTree.Element, picture: ElementTree.Element) -> bool:
    """Whether a text begins on a pixel that is there; a gap between pixels is transparent."""
    place = _numbers(text.find(f".//{SVG}g[@transform]"))
    pixels = decode(picture.get(LINK)).getchannel("A")
    if picture.get("transform").startswith("matrix"):
        across, _, _, down, left, top = _numbers(picture)
    else:  # smoothed by matplotlib: "scale(1 -1) translate(0 -height)"
        left, low, width, height = (
            float(picture.get(key)) for key in ("x", "y", "width", "height")
        )
        across, down = width / pixels.width, height / pixels.height
        top = -_numbers(picture)[3] - low - height
    column, row = int((place[0] - left) // across), int((place[1] - top) // down)
    inside = 0 <= column < pixels.width and 0 <= row < pixels.height
    return inside and pixels.getpixel((column, row)) > 0


def _numbers(element: ElementTree.Element) -> list[float]:
    """The numbers of a transformation."""
    return [float(number) for number in re.findall(r"-?[\d.]+", element.get("transform"))]


def change(element: ElementTree.Element, replace: object) -> None:
    """Replace the colours of an element."""
    for key in {"style", "fill", "stroke"} & set(element.attrib):
        element.set(key, COLOUR.sub(lambda found: replace(found[0]), element.get(key)))


def in_the_dark(colour: str) -> str:
    """The colour that a light one has in the dark: greys are exchanged, others keep their hue."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    hue, light, saturation = colorsys.rgb_to_hls(red, green, blue)
    if saturation < 0.15 or light > 0.97:
        mix = partial(_between, GROUND, INK)
        return mix(1 - light)
    light = 1.12 - light if light > 0.8 else max(light, 0.6)
    channels = colorsys.hls_to_rgb(hue, light, saturation * 0.85)
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in channels)


def _between(start: str, end: str, share: float) -> str:
    """A colour on the way from one to another."""
    pairs = ((int(start[i : i + 2], 16), int(end[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + share * (b - a)):02x}" for a, b in pairs)


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.add_transform(TwinFigures)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
