"""The live network on the built pages, used as a reader uses it; every number is recomputed."""

import base64
import hashlib
import json
import re
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import keras
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import HTML, complaints, contrast, visit

from mnist_lib.handwriting import POINTS, styles, write
from mnist_lib.preprocessing import prepare_digit, rasterise
from mnist_lib.pretrained import load_provenance

LANDING = HTML / "intro.html"
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
SEES = {"C1": (1, 3), "M1": (2, 4), "C2": (2, 8), "M2": (4, 10), "C3": (4, 18)}
UNSEEN = {"C1": 100, "M1": 25, "C2": 21}  # 26² − 24², 13² − 12², 11² − 10²: pooling drops the rest
VIEWS = {  # by page: the layers that its explorer shows
    "intro": list(SHAPES),
    "chapters/architecture": list(SHAPES),
    "chapters/convolution": ["C1", "M1", "C2", "M2", "C3"],
    "chapters/flatten": ["C3", "Flatten", "Dense 1"],
    "chapters/softmax": ["Dense 2"],
    "chapters/relu": ["C1", "C2", "C3", "Dense 1"],
    "chapters/your_digit": list(SHAPES),
}
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
    captions: all(".explorer-steps .explorer-figure:not([hidden]) p").map(text),
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
        self.root = tab.locator(".explorer-live")
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
        self.root.get_by_label("All digits").filter(visible=True).first.set_checked(on)

    def painted(self, picture):
        """The colours of a picture, (height, width, 3); the rectangles drawn over it; its cross."""
        found = picture.evaluate(PAINTED)
        colours = np.frombuffer(base64.b64decode(found["colours"]), np.uint8)
        colours = colours.reshape(found["height"], found["width"], 4)[:, :, :3].astype(int)
        return colours, found["rects"], found["cross"]

    def places(self, stroke):
        """Whole pixels of the screen for the points of a stroke; and what they are on the pad."""
        box = self.pad.bounding_box()
        corner, size = np.array([box["x"], box["y"]]), np.array([box["width"], box["height"]])
        points = np.rint(corner + stroke[::POINTS] * size)
        return points, (points - corner) / size

    def draw(self, strokes):
        """Draw with the mouse; return what the pad got."""
        drawn = []
        for points, places in map(self.places, strokes):
            self.tab.mouse.move(*points[0])
            self.tab.mouse.down()
            for point in points[1:]:
                self.tab.mouse.move(*point)
            self.tab.mouse.up()
            drawn.append(places)
        return drawn


@contextmanager
def opened(browser, page=LANDING, **options):
    """An explorer on a page of its own, which may ask nothing from elsewhere and log nothing."""
    context, tab, requests, messages = visit(browser, page, **options)
    yield Explorer(tab)
    context.close()
    here = ("file:", "data:", "blob:") if isinstance(page, Path) else (page.rpartition("/")[0],)
    assert [url for url in requests if not url.startswith(here)] == []
    assert complaints(messages) == []


@pytest.fixture(scope="module")
def address():
    """The built book from a local server."""
    handler = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=HTML)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def landing(browser):
    with opened(browser, viewport=WIDE) as explorer:
        yield explorer


@pytest.fixture
def explorer(landing):
    """The explorer of the landing page, as it is when the page opens."""
    landing.tab.reload()
    return Explorer(landing.tab)


@pytest.fixture(scope="module")
def network(pretrained):
    """What Keras makes of a digit of 28 × 28 pixels, by layer."""
    model = keras.Model(pretrained.inputs[0], [layer.output for layer in pretrained.layers])

    def compute(image):
        image = image.reshape(1, 28, 28, 1)
        outputs = [np.asarray(output)[0] for output in model(image)]
        return {"image": image[0]} | dict(zip(SHAPES, outputs, strict=True))

    return compute


def number(text):
    return float(text.replace("−", "-").replace(",", ""))


def same(text, value):
    """Whether a rounded text stands for a value; the value is that of Keras."""
    found = number(text)
    half = abs(found) * 0.005 if "e" in text else 0.00005
    return abs(found - value) <= half + KERAS


def same_percent(text, value):
    """Whether a text stands for a probability, in hundredths of a percent."""
    if text in ("> 99.99 %", "< 0.01 %"):
        return (value > 0.9999 - KERAS) if ">" in text else (value < 0.0001 + KERAS)
    return abs(float(text.removesuffix(" %")) / 100 - value) <= 0.00005 + KERAS


def probabilities(seen):
    return np.array([number(line[4]) for line in seen["softmax"][:10]])


# Drawing.

RECORDINGS = [(digit, name) for digit in range(10) for name in styles()[str(digit)]]


@pytest.mark.parametrize("scheme", ["file", "http"])
def test_drawings_get_the_answer_and_the_probabilities_of_keras(
    scheme, browser, request, pretrained
):
    page = LANDING if scheme == "file" else request.getfixturevalue("address") + "/intro.html"
    recordings = RECORDINGS[::2] if scheme == "file" else RECORDINGS[1::6]
    digits, found, answers = [], [], []
    with opened(browser, page) as explorer:
        explorer.exact()
        for recording in recordings:
            explorer.pad.press("Delete")
            digits.append(prepare_digit(rasterise(explorer.draw(write(*recording)))))
            seen = explorer.read()
            found.append(probabilities(seen))
            said = re.match(r"Your drawing: the network says (\d) ", seen["sentence"])
            answers.append(int(said[1]))
    wanted = pretrained.predict(np.stack(digits), verbose=0)
    assert np.abs(found - wanted).max() < KERAS
    assert answers == wanted.argmax(axis=1).tolist()
    right = sum(a == digit for a, (digit, _) in zip(answers, recordings, strict=True))
    assert len(recordings) == (30 if scheme == "file" else 10)
    assert right >= 0.9 * len(recordings), "the recorded hands are easy to read"


@pytest.fixture(scope="module")
def drawing(browser, network):
    """A page with a three drawn on it: the strokes, and what Keras makes of them."""
    with opened(browser, viewport=WIDE) as explorer:
        explorer.button("Clear").click()
        drawn = explorer.draw(write(3))
        yield explorer, drawn, network(prepare_digit(rasterise(drawn)))


def test_the_sentence_and_the_bars_say_the_probabilities(drawing):
    explorer, _, wanted = drawing
    seen, scores = explorer.read(), wanted["Dense 2"]
    said = re.fullmatch(
        r"Your drawing: the network says (\d) \((.*?)\), then (\d) \((.*?)\)\.", seen["sentence"]
    )
    second, first = np.argsort(scores)[-2:]
    assert (int(said[1]), int(said[3])) == (first, second)
    assert same_percent(said[2], scores[first])
    assert same_percent(said[4], scores[second])
    for digit, (name, _, share) in enumerate(seen["answer"][-10:]):
        assert name == str(digit)
        assert same_percent(share, scores[digit])
        assert abs(seen["bars"][digit] / 100 - scores[digit]) < KERAS


def test_the_steps_of_softmax_are_those_of_numpy(drawing, weights):
    explorer, _, wanted = drawing
    explorer.exact()
    exact = explorer.read()["softmax"]
    explorer.exact(False)
    rounded = explorer.read()["softmax"]
    logits = np.array([number(line[1]) for line in exact[:10]])
    kernel, bias = weights["dense_2"]
    assert np.abs(logits - (wanted["Dense 1"] @ kernel + bias)).max() < KERAS
    exponentials = np.exp(logits - logits.max())
    columns = [logits, logits - logits.max(), exponentials, exponentials / exponentials.sum()]
    for digit in range(10):
        assert exact[digit][0] == rounded[digit][0] == str(digit)
        for text, short, column in zip(exact[digit][1:], rounded[digit][1:], columns, strict=True):
            assert np.isclose(float(text), column[digit], rtol=1e-14, atol=0)
            assert same(short, column[digit])
    foot = re.search(r"largest: (\S+)\s+sum: (\S+)", " ".join(exact[10]))
    assert float(foot[1]) == logits.max()
    assert np.isclose(float(foot[2]), exponentials.sum(), rtol=1e-14, atol=0)


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


def test_the_pictures_show_the_drawing_on_its_way_to_28_by_28(drawing):
    explorer, drawn, wanted = drawing
    ink, digit = rasterise(drawn), wanted["image"][:, :, 0]
    level = 1.001 / 255
    colours, rects, _ = explorer.painted(explorer.pad)
    assert np.abs(in_grey(colours) - ink).max() < level
    assert ["box", list(box_of(ink))] in rects
    square, small, final = map(explorer.painted, explorer.root.locator(".explorer-step").all())
    left, top, side = square_of(ink)
    cut = np.pad(ink, 280)[280 + top : 280 + top + side, 280 + left : 280 + left + side]
    assert np.abs(in_grey(square[0]) - cut).max() < level
    assert np.abs(in_grey(final[0]) - digit).max() < level
    [(x, y, width, height)] = [numbers for kind, numbers in final[1] if kind == "box"]
    assert (width, height) == (20, 20)
    part = np.pad(digit, 12)[int(y) + 12 :, int(x) + 12 :][:20, :20]
    assert np.abs(in_grey(small[0]) - part).max() < level
    centre = [part.sum(axis=axis) @ (np.arange(20) + 0.5) / part.sum() for axis in (0, 1)]
    cross = re.match(r"M(\S+) (\S+)v3", small[2])
    assert np.abs(np.subtract([float(cross[1]), float(cross[2]) + 1.5], centre)).max() < KERAS
    assert final[2].startswith("M14 12.5v3"), "and there the centre comes to lie, within a pixel"
    assert (np.abs([x + centre[0] - 14, y + centre[1] - 14]) <= 1).all()


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


@pytest.mark.parametrize("when", ["after", "before"])
def test_the_map_of_a_layer_shows_every_activation_and_its_note_counts_them(when, drawing, weights):
    explorer, _, wanted = drawing
    explorer.root.get_by_label(f"{when} ReLU").check()
    seen = explorer.read()["layers"]
    assert [layer["button"] for layer in seen] == [
        f"{label} {' × '.join(map(str, shape))}" for label, shape in SHAPES.items()
    ]
    for label, layer in zip(SHAPES, seen, strict=True):
        colours, _, _ = explorer.painted(explorer.layer(label).locator(".explorer-picture"))
        values = wanted[label] if when == "after" else sums(label, wanted, weights)
        check_colours(by_channel(colours, SHAPES[label]), values)
        assert layer["picture"].endswith(layer["note"])
        if "ReLU" in layer["note"]:
            none, total = re.search(r"([\d,]+) of ([\d,]+) values are", layer["note"]).groups()
            assert number(none) == (wanted[label] == 0).sum()
            assert number(total) == wanted[label].size


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


# One activation.


def click_at(explorer, label, place):
    """Click on one value in the map of a layer, as its picture is laid out."""
    shape = SHAPES[label]
    picture = explorer.layer(label).locator("canvas")
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    width, height = picture.evaluate("(canvas) => [canvas.width, canvas.height]")
    if len(shape) == 3:
        columns = (width + 1) // (shape[1] + 1)
        y = place[2] // columns * (shape[0] + 1) + place[0]
        x = place[2] % columns * (shape[1] + 1) + place[1]
    else:
        y, x = divmod(place[0], width)
    x, y = (
        box["x"] + (x + 0.5) / width * box["width"],
        box["y"] + (y + 0.5) / height * box["height"],
    )
    explorer.tab.mouse.click(round(x), round(y))  # a click falls on a whole pixel of the screen


CLICKED = {
    "C1": (11, 14, 27),
    "M1": (12, 5, 0),
    "C2": (4, 6, 33),
    "M2": (2, 3, 63),
    "C3": (1, 2, 40),
    "Flatten": (331,),
    "Dense 1": (45,),
    "Dense 2": (3,),
}


@pytest.mark.parametrize("label", SHAPES)
def test_a_click_opens_that_activation_and_its_arithmetic_adds_up(label, drawing, weights):
    explorer, drawn, wanted = drawing
    place = CLICKED[label]
    explorer.root.get_by_label("after ReLU").check()
    explorer.exact()
    click_at(explorer, label, place)
    opened = explorer.read()["opened"]
    assert opened["title"] == f"One value of {label}"
    assert tuple(opened["at"].values()) == place
    assert list(opened["at"]) == (["row", "column", "channel"] if len(place) == 3 else ["index"])
    check_field(check_captions(label, place, opened), drawn, explorer)
    check_pictures(label, place, opened, explorer, wanted)
    if label in KERAS_NAMES:
        check_sum(label, place, opened, wanted, weights)
        explorer.exact(False)
        check_rounding(opened, explorer.read()["opened"])
    elif label == "Flatten":
        row, column, channel = np.unravel_index(place[0], (3, 3, 64))
        said = f"({row} × 3 + {column}) × 64 + {channel} = {place[0]}: the same number, "
        assert opened["equation"].startswith(said)
        value = float(opened["equation"].removeprefix(said).split()[0])
        assert abs(value - wanted["Flatten"][place]) < KERAS
    else:
        check_pool(label, place, opened, wanted)


def check_captions(label, place, opened):
    """How many positions nothing depends on, and what the activation sees."""
    step, size = SEES.get(label, (0, 26))
    if label == "Flatten":
        (step, size), place = SEES["C3"], np.unravel_index(place[0], (3, 3, 64))
    top, left = (step * n for n in (*place, 0)[:2])
    rows, columns = (f"{start}–{start + size - 1}" for start in (top, left))
    assert f"it sees {size} × {size} pixels: rows {rows}, columns {columns}" in opened["captions"]
    if len(SHAPES[label]) == 3:
        every = SHAPES[label][0] * SHAPES[label][1]
        veil = f"; shaded: {UNSEEN.get(label)} of {every} positions that no answer depends on"
        assert opened["captions"][0] == f"channel {place[2]}{veil if label in UNSEEN else ''}"
    return [left, top, size, size]


def check_field(field, drawn, explorer):
    """The pixels that an activation sees are framed on the digit, and on the drawing itself."""
    _, rects, _ = explorer.painted(explorer.root.locator(".explorer-step").last)
    assert ["field", field] in rects
    [(across, down, *_)] = [numbers for kind, numbers in rects if kind == "box"]
    left, top, side = square_of(rasterise(drawn))
    x, y, width, height = np.array(field) * side / 20
    wanted = [left + x - across * side / 20, top + y - down * side / 20, width, height]
    _, rects, _ = explorer.painted(explorer.pad)
    [found] = [numbers for kind, numbers in rects if kind == "field"]
    assert np.allclose(found, wanted)


def check_pictures(label, place, opened, explorer, wanted):
    """The channel, and the pictures of the terms, show the numbers that stand beside them."""
    inspector = explorer.root.locator(".explorer-inspector")
    if len(place) == 3:
        values = wanted[label][:, :, place[2]]
        colours, rects, _ = explorer.painted(inspector.locator(".explorer-plane").first)
        check_colours(colours, values, np.abs(wanted[label]).max())
        assert rects == [["chosen", [place[1], place[0], 1, 1]]]
    columns = (
        np.array(opened["table"][2:-1])[:, -4:-1].astype(float) if label in KERAS_NAMES else []
    )
    pictures = inspector.locator(".explorer-terms").all()
    for picture, values in zip(pictures, np.transpose(columns), strict=True):
        colours, _, _ = explorer.painted(picture)
        if len(place) == 3:
            shape = (3, 3, len(values) // 9)
            values = values.reshape(shape[2], 3, 3).transpose(1, 2, 0)
            colours = by_channel(colours, shape)
        check_colours(colours, values)


def check_sum(label, place, opened, wanted, weights):
    """Add up the table as it stands: bias, then product by product, rounded once."""
    kernel, bias = weights[KERAS_NAMES[label]]
    inputs = wanted[BEFORE[label]]
    head, first, *lines, last = opened["table"]
    total = float(first[-1])
    assert np.float32(total) == bias[place[-1]]
    assert len(lines) == kernel[..., 0].size
    for line in lines:
        *spot, value, weight, product, running = map(float, line)
        spot = [int(n) for n in spot]
        if len(spot) == 3:
            channel, row, column = spot
            spot = row, column, channel
            weight_there = kernel[row - place[0], column - place[1], channel, place[2]]
        else:
            weight_there = kernel[spot[0], place[0]]
        assert abs(value - inputs[*spot]) < KERAS
        assert np.float32(weight) == weight_there
        assert product == value * weight
        total += product
        assert running == total
    assert len({tuple(line[: len(head) - 4]) for line in lines}) == len(lines)
    sum_shown = float(last[-1])
    assert np.float32(sum_shown) == np.float32(total)
    assert abs(sum_shown - sums(label, wanted, weights)[place]) < KERAS
    check_equation(label, place, opened["equation"], first, lines, sum_shown, wanted)


def check_equation(label, place, equation, first, lines, total, wanted):
    said = re.match(r"bias (\S+) \+ (\d+) products (\S+) = (\S+)\s+(.*)", equation, re.S)
    assert float(said[1]) == float(first[-1])
    assert int(said[2]) == len(lines)
    products = sum(float(line[-2]) for line in lines)
    assert abs(float(said[3]) - products) < 1e-12
    assert float(said[4]) == total
    if label == "Dense 2":
        last = re.fullmatch(r"the logit of digit (\d); softmax makes it (.*)", said[5])
        assert int(last[1]) == place[0]
        assert same_percent(last[2], wanted["Dense 2"][place])
    else:
        last = re.fullmatch(r"ReLU\((\S+)\) = (\S+)", said[5])
        assert float(last[1]) == total
        assert float(last[2]) == max(total, 0)


def check_rounding(exact, rounded):
    """With four decimals the same numbers stand there."""
    for line, short in zip(exact["table"][1:], rounded["table"][1:], strict=True):
        assert all(same(b, number(a)) for a, b in zip(line[1:], short[1:], strict=True))
    assert exact["captions"] == rounded["captions"]


def check_pool(label, place, opened, wanted):
    row, column, channel = place
    values = []
    for cell, corner in zip(np.ravel(opened["table"]), np.ndindex(2, 2), strict=True):
        value, *spot = re.fullmatch(r"(\S+)\s+\((\d+), (\d+)\)", cell).groups()
        spot = tuple(map(int, spot))
        assert spot == (2 * row + corner[0], 2 * column + corner[1])
        assert abs(float(value) - wanted[BEFORE[label]][*spot, channel]) < KERAS
        values.append(float(value))
    assert float(re.match(r"the largest: (\S+)", opened["equation"])[1]) == max(values)


@pytest.mark.parametrize(("label", "source"), [("M2", "C2"), ("Flatten", "C3")])
def test_one_can_go_back_to_where_a_value_comes_from(label, source, drawing):
    explorer, _, wanted = drawing
    click_at(explorer, label, CLICKED[label])
    explorer.button(f"Go to it in {source}").click()
    opened = explorer.read()["opened"]
    assert opened["title"] == f"One value of {source}"
    assert wanted[source][*opened["at"].values()] == wanted[label][CLICKED[label]]


@pytest.mark.parametrize("label", SHAPES)
def test_the_button_of_a_layer_opens_its_largest_value(label, drawing):
    explorer, _, wanted = drawing
    if explorer.read()["opened"]:
        explorer.button("Close").click()
    explorer.layer(label).get_by_role("button").click()
    seen = explorer.read()
    assert [layer["open"] for layer in seen["layers"]] == [name == label for name in SHAPES]
    assert wanted[label][*seen["opened"]["at"].values()] == wanted[label].max()
    explorer.layer(label).get_by_role("button").click()
    assert explorer.read()["opened"] is None


# The controls.


def test_an_empty_pad_says_so_and_predicts_nothing(explorer):
    explorer.layer("C2").get_by_role("button").click()
    explorer.button("Clear").click()
    explorer.pad.click(button="right")  # which draws nothing
    seen = explorer.read()
    assert seen["sentence"].startswith("The pad is empty")
    assert [share for _, _, share in seen["answer"][-10:]] == ["–"] * 10
    assert seen["bars"] == [0] * 10
    assert seen["opened"]["equation"].endswith("there is nothing to compute.")
    shown = re.sub(
        r"3×3|2×2|9 positions × 64|64 weighted|ten |of 0 to 9", "", json.dumps(seen["layers"])
    )
    assert not re.search(r"\d+ of|values are", shown)
    assert seen["softmax"] == [["–", "", "", "", ""]]
    assert explorer.button("Clear").is_disabled()
    assert explorer.root.get_by_text("Draw a digit here").is_visible()


def test_undo_goes_back_step_by_step_and_brings_back_what_clear_removed(explorer):
    assert explorer.button("Undo").is_disabled()
    states = [explorer.read()]
    for stroke in write(7, "barred"):
        explorer.draw([stroke])
        states.append(explorer.read())
    explorer.button("Clear").click()
    states.append(explorer.read())
    explorer.button("Test digit 4").click()
    while states:
        explorer.button("Undo").click()
        assert explorer.read() == states.pop()
    assert explorer.button("Undo").is_disabled()


def test_a_stroke_may_leave_the_pad_and_come_back(explorer, network):
    explorer.exact()
    explorer.button("Clear").click()
    drawn = explorer.draw(
        [np.repeat([(0.3, 0.2), (1.3, 0.3), (1.2, 0.6), (0.5, 0.9)], POINTS, axis=0)]
    )
    wanted = network(prepare_digit(rasterise(drawn)))["Dense 2"]
    assert np.abs(probabilities(explorer.read()) - wanted).max() < KERAS


def test_a_key_pressed_while_the_mouse_draws_spoils_no_other_stroke(explorer):
    first, second = write(7, "barred")
    explorer.button("Clear").click()
    explorer.draw([first])
    state = explorer.read()
    for key in ("Backspace", "Delete", "Space"):
        with held(explorer, second):
            press(explorer, key)
        states = []
        while explorer.button("Undo").is_enabled() and state not in states:
            explorer.button("Undo").click()
            states.append(explorer.read())
        assert state in states, key


@contextmanager
def held(explorer, stroke):
    """The mouse in the middle of a stroke."""
    points, _ = explorer.places(stroke)
    explorer.tab.mouse.move(*points[0])
    explorer.tab.mouse.down()
    explorer.tab.mouse.move(*points[1])
    yield
    explorer.tab.mouse.move(*points[-1])
    explorer.tab.mouse.up()


def test_test_digits_get_what_keras_computed_and_the_page_checks_itself(
    explorer, embedded, network
):
    explorer.exact()
    test = embedded.test
    references = explorer.tab.evaluate("mnistExplorer.references")
    apart = []
    for digit, reference in enumerate(references):
        explorer.button(f"Test digit {digit}").click()
        image = test.images[np.argmax(test.labels == digit)]
        seen = explorer.read()
        assert seen["sentence"].startswith(f"Test digit, a {digit}: the network says {digit}")
        colours, _, _ = explorer.painted(explorer.root.locator(".explorer-step").last)
        assert np.array_equal(in_grey(colours).astype(np.float32), image[:, :, 0])
        assert np.abs(probabilities(seen) - network(image)["Dense 2"]).max() < KERAS
        assert explorer.button(f"Test digit {digit}").get_attribute("aria-pressed") == "true"
        columns = [[float(line[i]) for line in seen["softmax"][:10]] for i in (1, 4)]
        wanted = reference["logits"], reference["probabilities"]
        apart.append(
            [np.abs(np.subtract(*pair)).max() for pair in zip(columns, wanted, strict=True)]
        )
    explorer.button("Check against Keras").click()
    said = explorer.root.locator(".explorer-trust [role=status]").inner_text()
    assert said.startswith("10 of 10 test digits: the same answer as Keras.")
    shown = [float(text) for text in re.findall(r"(\d\S*e-\d+|\b0e\+0)", said)]
    largest = np.max(apart, axis=0)
    assert len(shown) == 2
    assert (largest < KERAS).all()
    # One decimal is shown; and the table's probabilities are not yet rounded to float32.
    assert np.allclose(shown, largest, rtol=0.06, atol=6e-8)


def test_the_check_against_keras_finds_a_wrong_answer(explorer):
    explorer.root.evaluate(
        """(root) => {
          const references = structuredClone(mnistExplorer.references);
          references[4].probabilities.reverse();
          root.replaceChildren();
          mnistExplorer.api.mount(root, { ...mnistExplorer, references }); }"""
    )
    explorer.button("Check against Keras").click()
    said = explorer.root.locator(".explorer-trust [role=status]").inner_text()
    assert said.startswith("9 of 10 test digits")
    assert float(re.search(r"of a probability (\S+)\.$", said)[1]) > 0.5


def test_the_keyboard_is_handed_on_when_its_button_vanishes(explorer):
    focused = "document.activeElement.textContent"
    explorer.layer("M1").get_by_role("button").click()
    explorer.button("Go to it in C1").press("Enter")
    assert explorer.tab.evaluate(focused).startswith("C1")
    explorer.button("Close").press("Enter")
    assert explorer.tab.evaluate(focused).startswith("C1")


def test_normalising_is_what_makes_a_small_drawing_readable(explorer, network):
    explorer.exact()
    explorer.button("Clear").click()
    ink = rasterise(explorer.draw([stroke / 2 for stroke in write(4)]))
    wanted = network(prepare_digit(ink))["Dense 2"]
    assert np.abs(probabilities(explorer.read()) - wanted).max() < KERAS
    explorer.root.get_by_label("Normalise").uncheck()
    blocks = ink.reshape(28, 10, 28, 10).mean(axis=(1, 3), dtype=np.float64).astype(np.float32)
    raw = network(blocks)["Dense 2"]
    seen = explorer.read()
    assert np.abs(probabilities(seen) - raw).max() < KERAS
    assert seen["captions"] == ["28 × 28, shrunk and nothing else"]
    colours, _, _ = explorer.painted(explorer.root.locator(".explorer-step").last)
    assert np.abs(in_grey(colours) - blocks).max() < 1.001 / 255
    assert wanted.argmax() == 4 != raw.argmax()


def test_the_page_names_the_weights_that_it_runs(explorer, weights):
    packed = b"".join(array.astype("<f4").tobytes() for pair in weights.values() for array in pair)
    sent = base64.b64decode(explorer.tab.evaluate("mnistExplorer.weights"))
    provenance = load_provenance()
    sha256 = hashlib.sha256(sent).hexdigest()
    assert sent == packed
    assert sha256 == provenance["weights_sha256"]
    said = explorer.root.locator(".explorer-trust p").first.inner_text()
    assert f"sha256 {sha256};" in said
    assert provenance["trained_on"] in said
    score = provenance["test"]
    assert f"{score['correct']:,} of {score['total']:,} test digits right" in said


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


def test_the_pad_works_with_the_keyboard_alone(explorer, network):
    tab_to(explorer, explorer.root.get_by_role("application", name="Pad to draw a digit on"))
    place = explorer.tab.evaluate("scrollY")
    said = explorer.root.locator(".explorer-pad + [role=status]")
    press(explorer, "Delete")
    empty = explorer.read()
    assert empty["sentence"].startswith("The pad is empty")
    press(explorer, *["ArrowUp"] * 9, "Space", *["ArrowDown"] * 18)
    assert said.inner_text() == "Pen down, row 23, column 14 of 28"
    press(explorer, "Space")
    stroke = [(0.5, y) for y in np.cumsum([5 / 28, *[1 / 28] * 18])]
    wanted = network(prepare_digit(rasterise([stroke])))["Dense 2"]
    one = explorer.read()
    assert "the network says 1 " in one["sentence"]
    assert explorer.tab.evaluate("scrollY") == place
    assert all(same(line[4], p) for line, p in zip(one["softmax"], wanted, strict=False))
    press(explorer, "ArrowLeft", "Space", *["ArrowLeft"] * 4, "Space")
    assert said.inner_text() == "Pen up, row 23, column 9 of 28"
    assert explorer.read() != one
    press(explorer, "Backspace")
    assert explorer.read() == one
    press(explorer, "Delete")
    assert explorer.read() == empty
    press(explorer, "Tab", "Enter")  # the button Undo
    assert explorer.read() == one


def test_an_activation_is_chosen_with_the_keyboard_alone(explorer):
    tab_to(explorer, explorer.layer("C2").get_by_role("button"))
    press(explorer, "Enter", "Tab", "4", "Tab", "1", "0", "Tab", "3", "3")
    opened = explorer.read()["opened"]
    assert opened["at"] == {"row": 4, "column": 10, "channel": 33}
    assert "it sees 8 × 8 pixels: rows 8–15, columns 20–27" in opened["captions"]
    press(explorer, "ArrowUp")
    assert explorer.read()["opened"]["at"]["channel"] == 34
    press(explorer, "6", "4")  # 64 is one too many
    tab_to(explorer, explorer.button("Close"))
    assert explorer.read()["opened"]["at"]["channel"] in range(64)
    press(explorer, "Enter")
    assert explorer.read()["opened"] is None


def test_a_finger_draws_on_the_pad_and_scrolls_everywhere_else(browser, network):
    [stroke] = write(7)
    with opened(browser, viewport=PHONE, has_touch=True) as explorer:
        touch = fingers(explorer.tab)
        explorer.exact()
        explorer.button("Clear").tap()
        explorer.pad.scroll_into_view_if_needed()
        before = explorer.tab.evaluate("scrollY")
        points, drawn = explorer.places(stroke)
        touch("touchStart", points[0])
        for point in points[1:]:
            touch("touchMove", point, points[0])  # another finger rests on the pad
        touch("touchEnd")
        found, stayed = probabilities(explorer.read()), explorer.tab.evaluate("scrollY")
        touch("touchStart", (180, 700))
        for step in range(12):
            touch("touchMove", (180, 700 - 40 * step))
        touch("touchEnd")
        explorer.tab.wait_for_function(f"scrollY > {stayed} + 100")
    wanted = network(prepare_digit(rasterise([drawn])))["Dense 2"]
    assert np.abs(found - wanted).max() < KERAS
    assert wanted.argmax() == 7
    assert stayed == before


def fingers(tab):
    """Send what a touch screen sends."""
    session = tab.context.new_cdp_session(tab)

    def touch(kind, *spots):
        points = [{"x": float(x), "y": float(y), "id": i} for i, (x, y) in enumerate(spots)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    return touch


# On every page that has one.


def test_every_page_with_an_explorer_is_looked_at_here():
    found = {
        page.relative_to(HTML).with_suffix("").as_posix()
        for page in HTML.rglob("*.html")
        if '<div class="explorer"' in page.read_text(encoding="utf-8")
    }
    assert found == set(VIEWS)


OPENED = {"chapters/convolution": "One value of C2", "chapters/flatten": "One value of Flatten"}


@pytest.mark.parametrize("name", VIEWS)
def test_a_page_opens_the_explorer_at_its_own_layers_and_paper_gets_a_figure(browser, name):
    with opened(browser, HTML / f"{name}.html") as explorer:
        seen = explorer.read()
        fallback = explorer.tab.locator(".explorer-fallback")
        on_screen = fallback.is_visible(), explorer.root.is_visible()
        explorer.tab.emulate_media(media="print")
        on_paper = fallback.is_visible(), explorer.root.is_visible()
        before = explorer.root.get_by_label("before ReLU").is_checked()
    assert [layer["button"].split(" ×")[0].rpartition(" ")[0] for layer in seen["layers"]] == VIEWS[
        name
    ]
    assert bool(seen["softmax"]) == ("Dense 2" in VIEWS[name])
    assert (seen["opened"] or {}).get("title") == OPENED.get(name)
    assert before == (name == "chapters/relu")
    assert seen["sentence"].startswith("Test digit, a 7: the network says 7 ")
    assert (on_screen, on_paper) == ((False, True), (True, False))


@pytest.mark.parametrize("name", VIEWS)
def test_without_javascript_a_figure_stands_in_its_place(browser, name):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto((HTML / f"{name}.html").as_uri())
    picture = tab.locator("div.explorer img")
    assert picture.is_visible()
    assert len(picture.get_attribute("alt")) > 100
    assert picture.bounding_box()["height"] > 100
    assert tab.locator(".explorer-live").count() == 0
    context.close()


# For every reader.

# Each piece of visible text, its colour, and the nearest colour that is painted behind it.
COLOURS = """(root) => {
  const behind = (node) => {
    if (node.closest(".explorer-picture")) return "rgb(0, 0, 0)";
    for (; node; node = node.parentElement) {
      const { backgroundColor } = getComputedStyle(node);
      if (backgroundColor !== "rgba(0, 0, 0, 0)") return backgroundColor;
    }
    return "rgb(255, 255, 255)";
  };
  const seen = (node) => node.checkVisibility() && !node.closest(".explorer-hidden, :disabled");
  return [...root.querySelectorAll("*")]
    .filter((node) => [...node.childNodes].some((c) => c.nodeType === 3 && c.data.trim()))
    .filter(seen)
    .map((node) => [node.textContent, getComputedStyle(node).color, behind(node)]); }"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(browser, scheme):
    with opened(browser, color_scheme=scheme) as explorer:
        explorer.layer("C1").get_by_role("button").click()
        texts = explorer.root.evaluate(COLOURS)
        explorer.button("Clear").click()
        texts += explorer.root.evaluate(COLOURS)
    assert len(texts) > 150
    assert [text for text in texts if contrast(*text[1:]) < 4.5] == []
    assert (contrast("rgb(255, 255, 255)", texts[0][2]) > 10) == (scheme == "dark")


OUTSIDE = """(root) => [...root.querySelectorAll("*")]
  .filter((node) => !node.closest(".explorer-scroll *, .explorer-hidden, svg *"))
  .filter((node) => node.checkVisibility()
    && node.getBoundingClientRect().right > root.getBoundingClientRect().right)
  .map((node) => node.outerHTML.slice(0, 80))"""


def test_a_phone_never_scrolls_sideways_whatever_is_open(browser):
    with opened(browser, viewport=PHONE) as explorer:
        explorer.exact()
        for label in SHAPES:
            explorer.layer(label).get_by_role("button").click()
            assert explorer.root.evaluate(OUTSIDE) == [], label
            assert explorer.tab.evaluate("document.documentElement.scrollWidth") <= 361, label
            picture = explorer.layer(label).locator("canvas")
            values = picture.evaluate("(canvas) => canvas.width")
            assert values <= picture.bounding_box()["width"], "each value has a pixel"


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser, scheme, viewport):
    options = {"preload": False, "resultTypes": ["violations"]}
    with opened(browser, color_scheme=scheme, viewport=viewport) as explorer:
        explorer.layer("C1").get_by_role("button").click()
        found = Axe().run(explorer.tab, ".explorer", options).response["violations"]
        explorer.button("Clear").click()
        found += Axe().run(explorer.tab, ".explorer", options).response["violations"]
    assert [(v["id"], [node["html"][:100] for node in v["nodes"]]) for v in found] == []
