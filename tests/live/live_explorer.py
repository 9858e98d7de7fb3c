"""The live network of a page, used and read as a reader uses and reads it."""

import base64
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from browsing import HTML, complaints, visit

from mnist_lib.simulate.strokes import POINTS

LANDING = HTML / "index.html"

WIDE, PHONE = {"width": 1280, "height": 1000}, {"width": 360, "height": 740}

SHAPES = {
    "C1": (26, 26, 32),
    "M1": (13, 13, 32),
    "C2": (11, 11, 64),
    "M2": (5, 5, 64),
    "C3": (3, 3, 64),
    "Flatten": (576,),
    "Dense 1": (64,),
    "Dense 2": (10,),
}

KERAS_NAMES = {"C1": "conv2d_1", "C2": "conv2d_2", "C3": "conv2d_3"} | {
    "Dense 1": "dense_1",
    "Dense 2": "dense_2",
}

BEFORE = dict(zip(SHAPES, ["image", *SHAPES], strict=False))

# Keras adds the same terms in another order, and in float32.
KERAS = 1e-5

READ = """(root) => {
  const plain = (text) => text.replaceAll("\\u00a0", " ").trim();
  const text = (node) => (node ? plain(node.textContent) : null);
  const all = (selector, from = root) => [...from.querySelectorAll(selector)];
  const rows = (table) => (table ? [...table.rows].map((row) => [...row.cells].map(text)) : []);
  const inspector = root.querySelector(".explorer-inspector");
  return {
    sentence: text(root.querySelector(".explorer-answer p")),
    answer: rows(root.querySelector(".explorer-answer table")).slice(1),
    bars: all(".explorer-bar").map((bar) => parseFloat(bar.style.width)),
    softmax: rows(root.querySelector(".explorer-softmax table")).slice(1),
    layers: all(".explorer-layer").map((layer) => ({
      button: text(layer.querySelector("button")),
      note: text(layer.querySelector(".explorer-note")),
      open: layer.querySelector("button").getAttribute("aria-expanded") === "true",
      picture: layer.querySelector("canvas").getAttribute("aria-label"),
    })),
    opened: inspector.hidden ? null : {
      title: text(inspector.querySelector("b")),
      at: Object.fromEntries(all("input[type=number]", inspector).map((i) => [i.name, +i.value])),
      captions: all(".explorer-figure p", inspector).map(text),
      equation: plain((inspector.querySelector(".explorer-equation") ?? inspector).innerText),
      table: rows(inspector.querySelector("table")),
    },
    captions: all(".explorer-steps .explorer-figure:not(.absent) p").map(text),
  }; }"""

# The colours of a canvas, row by row; and the rectangles and the cross that are drawn over it.
PAINTED = """(picture) => {
  const canvas = picture.querySelector("canvas");
  const { width, height } = canvas;
  const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, width, height);
  const numbers = (rect) => ["x", "y", "width", "height"].map((key) => +rect.getAttribute(key));
  const rects = [...picture.querySelectorAll("rect")].map((r) => [r.classList[0], numbers(r)]);
  const colours = btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""));
  const cross = picture.querySelector("path.centre")?.getAttribute("d");
  return { width, height, colours, rects, cross }; }"""


class Explorer:
    """One explorer on a page: what a reader can do with it, and see of it."""

    def __init__(self, tab):
        self.tab = tab
        tab.set_default_timeout(5000)
        tab.wait_for_function("performance.getEntriesByName('explorer-ready').length")
        self.root = tab.locator("div.explorer .explorer-live")
        self.pad = self.root.locator(".explorer-pad")

    def read(self):
        return self.root.evaluate(READ)

    def button(self, name):
        return self.root.get_by_role("button", name=name)

    def layer(self, label):
        return self.root.locator(".explorer-layer").filter(
            has=self.tab.get_by_text(label, exact=True)
        )

    def exact(self, on=True):
        self.root.get_by_label("Full precision").filter(visible=True).first.set_checked(on)

    def painted(self, picture):
        """The colours of a picture, (height, width, 3); the rectangles drawn over it; its cross."""
        found = picture.evaluate(PAINTED)
        colours = np.frombuffer(base64.b64decode(found["colours"]), np.uint8)
        colours = colours.reshape(found["height"], found["width"], 4)[:, :, :3].astype(int)
        return colours, found["rects"], found["cross"]

    def places(self, stroke):
        """Whole pixels of the screen for the points of a stroke; and what they are on the pad."""
        return pad_places(self.pad, stroke[::POINTS])

    def draw(self, strokes):
        """Draw with the mouse; return what the pad got."""
        return [draw_on(self.root, stroke[::POINTS]) for stroke in strokes]


def pad_places(pad, stroke):
    """Whole pixels of the screen for the points of a stroke; and what they are on the pad."""
    box = pad.bounding_box()
    corner, size = np.array([box["x"], box["y"]]), np.array([box["width"], box["height"]])
    points = np.rint(corner + np.array(stroke) * size)
    return points, (points - corner) / size


def draw_on(view, stroke):
    """Draw one stroke with the mouse, on the pad of a live network; return what the pad got."""
    pad = view.locator(".explorer-pad")
    pad.scroll_into_view_if_needed()
    points, places = pad_places(pad, stroke)
    mouse = view.page.mouse
    mouse.move(*points[0])
    mouse.down()
    for point in points[1:]:
        mouse.move(*point)
    mouse.up()
    return places


def sentence(view):
    """The sentence in which a live network gives its answer."""
    return view.locator(".explorer-answer p")


@contextmanager
def opened(browser, page=LANDING, **options):
    """An explorer on its own page, which may request nothing from elsewhere and log nothing."""
    context, tab, requests, messages = visit(browser, page, **options)
    yield Explorer(tab)
    context.close()
    here = ("file:", "data:", "blob:") if isinstance(page, Path) else (page.rpartition("/")[0],)
    assert [url for url in requests if not url.startswith(here)] == []
    assert complaints(messages) == []


def number(text):
    return float(text.replace("−", "-").replace(",", ""))


def same(text, value):
    """Whether a rounded text represents a value; the value is that of Keras."""
    found = number(text)
    half = abs(found) * 0.005 if "e" in text else 0.00005
    return abs(found - value) <= half + KERAS


def same_percent(text, value):
    """Whether a text represents a probability, in hundredths of a percent."""
    if text in ("> 99.99 %", "< 0.01 %"):
        return (value > 0.9999 - KERAS) if ">" in text else (value < 0.0001 + KERAS)
    return abs(float(text.removesuffix(" %")) / 100 - value) <= 0.00005 + KERAS


def probabilities(seen):
    return np.array([number(line[4]) for line in seen["softmax"][:10]])


def press(explorer, *keys):
    for key in keys:
        explorer.tab.keyboard.press(key)


def tab_to(explorer, what):
    """Press the tab key until `what` has the focus."""
    for _ in range(150):
        press(explorer, "Tab")
        if what.evaluate("(node) => node === document.activeElement"):
            return
    pytest.fail("the tab key never gets there")


def focused(explorer):
    """The text of what has the focus; of the whole page, where nothing has it."""
    explorer.tab.evaluate("new Promise((done) => requestAnimationFrame(done))")
    return explorer.tab.evaluate("document.activeElement.textContent")


def in_grey(colours):
    assert (colours == colours[:, :, :1]).all()
    return colours[:, :, 0] / 255


def box_of(ink):
    """Left, top, width and height of the ink."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return columns[0], rows[0], np.ptp(columns) + 1, np.ptp(rows) + 1


def square_of(ink):
    """The corner and the side of the square round the ink."""
    left, top, width, height = box_of(ink)
    side = max(width, height)
    return left - (side - width) // 2, top - (side - height) // 2, side


def by_channel(colours, shape):
    """Cut a picture of a layer into its values: colours (…, 3) in the layer's own order."""
    if len(shape) == 1:
        return colours.reshape(*shape, 3)
    height, width, count = shape
    columns = (colours.shape[1] + 1) // (width + 1)
    tiles = np.empty((height, width, count, 3), int)
    for channel in range(count):
        y, x = channel // columns * (height + 1), channel % columns * (width + 1)
        tiles[:, :, channel] = colours[y : y + height, x : x + width]
    return tiles


def position_of(picture, shape, place):
    """Where a value is on the canvas of its layer: x and y."""
    width = picture.evaluate("(canvas) => canvas.width")
    if len(shape) == 1:
        return place[0] % width, place[0] // width
    columns = (width + 1) // (shape[1] + 1)
    x = place[2] % columns * (shape[1] + 1) + place[1]
    return x, place[2] // columns * (shape[0] + 1) + place[0]


def click_on(picture, position):
    """Click in the middle of one number of a canvas."""
    picture.page.mouse.click(*screen_place(picture, position))


def screen_place(picture, position):
    """The pixel of the screen in the middle of one number of a canvas."""
    picture.scroll_into_view_if_needed()
    box, (x, y) = picture.bounding_box(), position
    width, height = picture.evaluate("(canvas) => [canvas.width, canvas.height]")
    return (
        round(box["x"] + (x + 0.5) / width * box["width"]),
        round(box["y"] + (y + 0.5) / height * box["height"]),
    )


def check_colours(colours, values, limit=None):
    """Blue is positive, orange negative, dark is 0, and brighter is further from it."""
    colours, values = colours.reshape(-1, 3), np.ravel(values)
    levels = np.rint(255 * values / (limit or np.abs(values).max() or 1))
    red, blue = colours[:, 0], colours[:, 2]
    assert (red[levels < -8] > blue[levels < -8]).all()  # nearer to 0 all are dark
    assert (red[levels > 8] < blue[levels > 8]).all()
    assert (colours[levels == 0].max(axis=1, initial=0) < 50).all()
    brightness = colours.sum(axis=1)
    for sign in (-1, 1):
        ordered = brightness[sign * values >= 0][np.argsort(np.abs(values[sign * values >= 0]))]
        assert (np.diff(ordered) >= -5).all(), "one level is at most 3 brighter than the one below"


def sums(label, wanted, weights):
    """A layer before its activation; pooling and flatten have none."""
    if label not in KERAS_NAMES:
        return wanted[label]
    kernel, bias = (array.astype(np.float64) for array in weights[KERAS_NAMES[label]])
    inputs = wanted[BEFORE[label]].astype(np.float64)
    if kernel.ndim == 4:
        windows = np.lib.stride_tricks.sliding_window_view(inputs, (3, 3), axis=(0, 1))
        inputs = windows.transpose(0, 1, 3, 4, 2).reshape(*windows.shape[:2], -1)
    return inputs @ kernel.reshape(-1, len(bias)) + bias
