"""The Python side of the live network: what it sends, the pages' extension, the widget."""

import base64
import hashlib
import json
import re
import struct
import subprocess
import sys

import keras
import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis.extra.numpy import arrays
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from PIL import Image
from traitlets import TraitError

from mnist_lib.explorer import IN_BOOK, VIEWS, DigitExplorer
from mnist_lib.explorer.page import PICTURE, PICTURE_ALT
from mnist_lib.explorer.payload import (
    SHAPES,
    SOURCE,
    STYLE,
    about_weights,
    as_classic_script,
    as_data_script,
    decode_pixels,
    encode_pixels,
    pack_weights,
    reference_digits,
)
from mnist_lib.pretrained import load_provenance
from mnist_lib.reference import forward

MOUNT = "export function mountAll(data) {}\n"


@pytest.fixture(scope="module")
def packed(weights):
    return pack_weights(weights)


# What is sent


def test_the_packed_weights_are_the_recorded_ones(packed):
    assert len(packed) == 4 * 93_322
    assert hashlib.sha256(packed).hexdigest() == load_provenance()["weights_sha256"]


def test_weights_travel_layer_by_layer_the_kernel_before_the_bias(weights, packed):
    numbers = np.frombuffer(packed, "<f4")
    start = 0
    for name in SHAPES:
        for array in weights[name]:
            assert np.array_equal(numbers[start : start + array.size], array.ravel()), name
            start += array.size
    assert start == numbers.size
    assert packed[:4] == struct.pack("<f", weights["conv2d_1"][0][0, 0, 0, 0])
    assert packed[-4:] == struct.pack("<f", weights["dense_2"][1][-1])


def test_how_an_array_lies_in_memory_does_not_matter(weights, packed):
    turned = {
        name: [np.asfortranarray(array, dtype=np.float64) for array in pair]
        for name, pair in reversed(weights.items())
    }
    assert pack_weights(turned) == packed


def changed(weights, name, kernel):
    return weights | {name: (kernel, weights[name][1])}


def test_other_weights_are_refused_and_named(weights):
    for wrong in (
        {name: weights[name] for name in SHAPES if name != "dense_1"},
        weights | {"dense_3": weights["dense_2"]},
        changed(weights, "dense_1", weights["dense_1"][0].T),
    ):
        with pytest.raises(ValueError, match=r"expected kernels and biases of the shapes .*, got "):
            pack_weights(wrong)
    kernel = weights["conv2d_2"][0].copy()
    kernel[1, 1, 5, 5] = np.nan
    with pytest.raises(ValueError, match="NaN or infinity in conv2d_2"):
        pack_weights(changed(weights, "conv2d_2", kernel))


@given(arrays(np.uint8, (28, 28, 1)))
def test_pixels_come_back_as_mnist_is_loaded(levels):
    image = (levels / 255).astype(np.float32)
    assert base64.b64decode(encode_pixels(levels)) == levels.tobytes()
    assert encode_pixels(image) == encode_pixels(levels)
    assert np.array_equal(decode_pixels(encode_pixels(image)), image)


def test_what_lies_between_two_grey_levels_goes_to_the_nearer_one():
    levels = np.arange(784).reshape(28, 28, 1) % 255
    for above in (0.4, 0.6):
        nearer = levels + round(above)
        assert encode_pixels((levels + above) / 255) == encode_pixels(nearer.astype(np.uint8))


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((28, 28)), r"shape \(28, 28, 1\), got \(28, 28\)"),
        (np.full((28, 28, 1), 1.5), "float64 from 1.5 to 1.5"),
        (np.full((28, 28, 1), np.nan), "from nan to nan"),
        (np.zeros((28, 28, 1), np.int64), "int64 from 0 to 0"),
    ],
)
def test_other_pixels_are_refused_and_named(image, message):
    with pytest.raises(ValueError, match=message):
        encode_pixels(image)


def test_a_result_is_told_of_the_shipped_weights_and_of_no_others(packed):
    references, record = reference_digits(), load_provenance()
    about = about_weights(packed, references)
    assert about["test"] == record["test"]
    assert about["trained_on"] == record["trained_on"]
    assert about["references"] == references
    other = about_weights(bytes(4) + packed[4:], references)
    assert other["sha256"] == hashlib.sha256(bytes(4) + packed[4:]).hexdigest()
    assert other["test"] is other["trained_on"] is None


def test_the_data_script_is_one_assignment_of_json(packed):
    about = about_weights(packed, reference_digits())
    script = as_data_script(packed, about)
    name, value = script.rstrip(";\n").split(" = ", 1)
    data = json.loads(value)
    assert name == "globalThis.mnistExplorer"
    assert base64.b64decode(data.pop("weights")) == packed
    assert data == about
    assert script == as_data_script(packed, about)
    assert script.isascii()


def test_the_classic_script_is_the_module_and_nothing_of_a_module():
    source = SOURCE.read_text(encoding="utf-8")
    script = as_classic_script(source)
    assert not re.search(r"\b(import|export)\b", script)
    names = re.findall(r"^export (?:function|const) (\w+)", source, re.M)
    offered = re.search(r"mnistExplorer\.api = \{ (.*) \};", script)[1]
    assert offered.split(", ") == names
    wanted = ("forward", "rasterise", "prepareDigit", "explain", "receptiveField", "softmaxSteps")
    assert {*wanted, "decodeWeights", "mount", "mountAll"} <= set(names)
    lines = source.splitlines(keepends=True)
    kept = [line.removeprefix("export ") for line in lines if "export default" not in line]
    assert script.count("".join(kept).strip()) == 1
    assert script.endswith("mountAll(globalThis.mnistExplorer);\n})();\n")


@pytest.mark.parametrize(
    "line",
    [
        'import { a } from "./a.mjs";',
        'const a = await import("./a.mjs");',
        "const here = import.meta.url;",
        "export { a };",
        'export * from "./a.mjs";',
        "export class A {}",
        "export async function a() {}",
        "export let a = 1;",
        "export const { a } = b;",
        "export default\n  render;",
        "const a = 1; export { a };",
    ],
)
def test_a_form_that_would_not_survive_is_refused_with_its_line(line):
    with pytest.raises(ValueError, match=r"expected .export function. .* got ") as caught:
        as_classic_script(f"const b = 1;\n{line}\n{MOUNT}")
    assert repr(line.splitlines()[0]) in str(caught.value)


def test_a_source_that_fills_no_page_is_refused():
    with pytest.raises(ValueError, match="named mountAll, got forward"):
        as_classic_script("export function forward() {}")


def test_page_and_source_know_the_same_views():
    block = re.search(r"^const VIEWS = \{\n(.*?)^\};", SOURCE.read_text("utf-8"), re.M | re.S)[1]
    assert tuple(re.findall(r"^  (\w+): \{", block, re.M)) == VIEWS


# The pages

WHOLE = '<div class="explorer" data-layer="all"></div>'
SENTENCE = """A line before.

<div class="explorer" data-layer="softmax">

In plain Jupyter: see [Your digit](nowhere.ipynb).

</div>

A line after."""
ONE_LINE = '<div class="explorer" data-layer="relu">In plain Jupyter a sentence.</div>'
BAD = {
    "unknown": '<div class="explorer" data-layer="dense"></div>',
    "bare": '<div class="explorer"></div>',
    "open": '<div class="explorer" data-layer="all">\n\nAnd no end.',
    "quotes": "<div data-layer='all' class='explorer'></div>",
}


CONF = """
import os
from pathlib import Path

extensions = ["myst_nb", "mnist_lib.explorer.page"]
nb_execution_mode = "off"


def setup(app):
    told = lambda app: Path("told").write_text(os.environ.get("MNIST_BOOK", ""))
    app.connect("builder-inited", told)
"""


def build(folder, pages, *options):
    """Build pages with Sphinx, in a process of its own: the extension sets a variable there."""
    (folder / "conf.py").write_text(CONF)
    picture = folder / PICTURE.removeprefix("/")
    picture.parent.mkdir(parents=True)
    Image.new("L", (4, 4)).save(picture)
    toctree = "\n".join(["```{toctree}", *pages, "```"])
    (folder / "index.md").write_text(f"# Start\n\n{toctree}\n")
    for name, text in pages.items():
        if name != "chapter":
            (folder / f"{name}.md").write_text(f"# Page\n\n{text}\n")
            continue
        cells = [new_markdown_cell("# Page"), new_markdown_cell(text)]
        nbformat.write(new_notebook(cells=cells), folder / "chapter.ipynb")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", *options, ".", "out"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Eight pages, enough for Sphinx to read them in parallel; one is a notebook."""
    folder = tmp_path_factory.mktemp("site")
    plain = {f"plain{i}": "Text." for i in range(5)}
    pages = {"whole": WHOLE, "one": ONE_LINE, "chapter": SENTENCE, **plain}
    done = build(folder, pages, "-j", "2")
    assert done.returncode == 0, done.stderr
    return folder


def soup(site, name):
    return BeautifulSoup((site / "out" / f"{name}.html").read_text("utf-8"), "html.parser")


@pytest.mark.parametrize(
    ("page", "view"), [("whole", "all"), ("chapter", "softmax"), ("one", "relu")]
)
def test_a_placeholder_holds_the_picture_and_nothing_else(site, page, view):
    (place,) = soup(site, page).select("div.explorer")
    (picture,) = place.find_all("img")
    assert place["data-layer"] == view
    assert picture["alt"] == PICTURE_ALT
    assert (site / "out" / picture["src"]).is_file()
    assert place.get_text(strip=True) == ""


def test_what_stands_around_a_placeholder_stays(site):
    text = soup(site, "chapter").get_text()
    assert "A line before." in text
    assert "A line after." in text
    assert "plain Jupyter" not in text


def files_of(site, page):
    tags = soup(site, page).find_all(["script", "link"])
    urls = [(tag.get("src") or tag.get("href") or "").split("?")[0] for tag in tags]
    return [url for url in urls if "explorer" in url]


def test_scripts_and_style_are_loaded_only_where_a_placeholder_stands(site):
    wanted = ["_static/explorer-data.js", "_static/explorer.js", "_static/explorer.css"]
    for page in ("whole", "chapter", "one"):
        assert files_of(site, page) == wanted
        scripts = soup(site, page).find_all("script", src=re.compile("explorer"))
        assert all(script.has_attr("defer") for script in scripts)
    for page in ("plain0", "plain4", "index", "search"):
        assert files_of(site, page) == []


def test_the_files_are_in_the_built_pages_and_not_in_the_source(site, packed):
    folder = site / "out" / "_static"
    data = as_data_script(packed, about_weights(packed, reference_digits()))
    assert (folder / "explorer-data.js").read_text("utf-8") == data
    classic = as_classic_script(SOURCE.read_text("utf-8"))
    assert (folder / "explorer.js").read_text("utf-8") == classic
    assert (folder / "explorer.css").read_text("utf-8") == STYLE.read_text("utf-8")
    kept = {file.name for file in site.rglob("*") if "out" not in file.parts}
    assert not any("explorer" in name for name in kept)


def test_kernels_are_told_that_the_book_is_being_built(site):
    assert IN_BOOK == "MNIST_BOOK"
    assert (site / "told").read_text() == "1"


def test_on_paper_the_picture_stands_alone(tmp_path):
    done = build(tmp_path, {"whole": WHOLE, "one": ONE_LINE}, "-b", "latex")
    assert done.returncode == 0, done.stderr
    (paper,) = (tmp_path / "out").glob("*.tex")
    text = paper.read_text("utf-8")
    assert text.count("includegraphics") == 2
    assert "plain Jupyter" not in text


def test_what_is_no_placeholder_fails_the_strict_build(tmp_path):
    done = build(tmp_path, BAD)
    assert done.returncode == 1
    for name in BAD:
        line = next(line for line in done.stderr.splitlines() if f"{name}.md" in line)
        assert 'expected <div class="explorer" data-layer="…">…</div>' in line
        assert ", ".join(VIEWS) in line


# The widget


@pytest.fixture
def explorer(weights):
    return DigitExplorer(weights)


def send(explorer, **values):
    """As the page does: bytes arrive as a view on what came over the wire."""
    explorer.set_state({key: memoryview(value) for key, value in values.items()})


def test_the_page_gets_weights_layer_and_references(explorer, packed, weights):
    state = explorer.get_state()
    assert state["weights"] == packed
    assert state["layer"] == "all"
    assert state["_esm"] == SOURCE.read_text("utf-8")
    assert state["_css"] == STYLE.read_text("utf-8")
    about = json.loads(json.dumps(state["about"]))
    assert about["sha256"] == hashlib.sha256(packed).hexdigest()
    assert about["witness"] == "NumPy"
    images = np.stack([decode_pixels(digit["pixels"]) for digit in about["references"]])
    answers = [digit["probabilities"] for digit in about["references"]]
    assert np.array_equal(np.float32(answers), forward(images, weights)["dense_2"])
    assert {"strokes", "_digit", "_probabilities", "_activations"} <= set(state)


def test_nothing_drawn_is_none(explorer):
    assert explorer.strokes == []
    assert explorer.image is explorer.probabilities is explorer.activations is None


def test_what_the_page_computes_comes_back_as_the_reference_has_it(explorer, embedded, weights):
    image = embedded.test.images[[3]]
    outputs = forward(image, weights)
    row = np.concatenate([output.ravel() for output in outputs.values()])
    send(explorer, _digit=image.tobytes(), _probabilities=outputs["dense_2"].tobytes())
    send(explorer, _activations=row.tobytes())
    assert np.array_equal(explorer.image, image)
    assert np.array_equal(explorer.probabilities, outputs["dense_2"][0])
    assert list(explorer.activations) == list(outputs)
    for name, output in outputs.items():
        assert np.array_equal(explorer.activations[name], output), name
        assert explorer.activations[name].dtype == np.float32
    send(explorer, _digit=b"", _probabilities=b"", _activations=b"")
    assert explorer.image is explorer.probabilities is explorer.activations is None


@pytest.mark.parametrize(
    ("trait", "size", "message"),
    [
        ("_digit", 3132, "3,136 bytes for .1, 28, 28, 1., got 3,132"),
        ("_probabilities", 44, "40 bytes for .10,., got 44"),
        ("_activations", 4, "150,440 bytes .*, got 4"),
    ],
)
def test_a_wrong_number_of_bytes_is_named(explorer, trait, size, message):
    send(explorer, **{trait: bytes(size)})
    name = {"_digit": "image"}.get(trait, trait[1:])
    with pytest.raises(ValueError, match=message):
        getattr(explorer, name)


def test_only_known_layers_can_be_opened(weights):
    assert [DigitExplorer(weights, layer=view).layer for view in VIEWS] == list(VIEWS)
    with pytest.raises(TraitError, match="layer"):
        DigitExplorer(weights, layer="dense")


def test_of_a_keras_model_the_model_itself_is_the_witness(pretrained, packed):
    explorer = DigitExplorer(pretrained)
    assert explorer.weights == packed
    assert explorer.about["witness"] == "Keras"
    assert explorer.about["test"] == load_provenance()["test"]
    for found, recorded in zip(explorer.about["references"], reference_digits(), strict=True):
        assert found["pixels"] == recorded["pixels"]
        assert found["logits"] is None
        # Keras in one batch or another, on another processor: as in tests/test_pretrained.py.
        apart = np.subtract(found["probabilities"], recorded["probabilities"])
        assert np.abs(apart).max() <= 1.5e-5


def network(activation="relu", names=("conv2d_1", "dense_1"), pooling=keras.layers.MaxPooling2D):
    """The book's network, or nearly."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation=activation, name=names[0]),
            pooling(2, name="max_pooling2d_1"),
            layers.Conv2D(64, 3, activation="relu", name="conv2d_2"),
            pooling(2, name="max_pooling2d_2"),
            layers.Conv2D(64, 3, activation="relu", name="conv2d_3"),
            layers.Flatten(name="flatten_1"),
            layers.Dropout(0.5),
            layers.Dense(64, activation="relu", name=names[1]),
            layers.Dense(10, activation="softmax", name="dense_2"),
        ]
    )


def test_a_network_with_dropout_answers_like_the_one_without():
    assert len(DigitExplorer(network()).weights) == 4 * 93_322


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: network(activation="sigmoid"), r"got conv2d_1 \(Conv2D, sigmoid\), max_pool"),
        (lambda: network(names=("conv2d", "dense")), r"got conv2d \(Conv2D, relu\), max_pool"),
        (lambda: network(pooling=keras.layers.AveragePooling2D), "AveragePooling2D"),
        (lambda: keras.Sequential(network().layers[:-1]), r"dense_1 \(Dense, relu\)$"),
        (lambda: keras.Sequential(), "got none$"),
    ],
)
def test_another_network_is_refused_and_told_apart(model, message):
    with pytest.raises(
        ValueError, match=rf"expected the layers conv2d_1 \(Conv2D, relu\).*{message}"
    ):
        DigitExplorer(model())


def test_what_is_no_model_is_refused():
    with pytest.raises(TypeError, match="expected a Keras model or its weights, got str"):
        DigitExplorer("weights.npz")


def test_the_reader_may_bring_digits(weights, embedded):
    digits = embedded.test[20:25]
    references = DigitExplorer(weights, digits=digits).about["references"]
    assert [digit["label"] for digit in references] == digits.labels.tolist()
    for digit, image in zip(references, digits.images, strict=True):
        assert np.array_equal(decode_pixels(digit["pixels"]), image)
        by_numpy = forward(image[np.newaxis], weights)["dense_2"][0]
        # One batch or five: NumPy may add in another order, as in tests/test_pretrained.py.
        assert np.abs(by_numpy - digit["probabilities"]).max() <= 1.5e-5
    bare = DigitExplorer(weights, digits=digits.images).about["references"]
    assert [digit["label"] for digit in bare] == [None] * 5


@pytest.mark.parametrize(
    ("digits", "message"),
    [
        (np.zeros((21, 28, 28, 1)), "expected 1 to 20 digits, got 21"),
        (np.zeros((0, 28, 28, 1)), "expected 1 to 20 digits, got 0"),
        (np.zeros((28, 28, 1)), r"shape \(n, 28, 28, 1\), got \(28, 28, 1\)"),
        (np.full((1, 28, 28, 1), 255.0), "float64 from 255.0 to 255.0"),
    ],
)
def test_other_digits_are_refused_and_named(weights, digits, message):
    with pytest.raises(ValueError, match=message):
        DigitExplorer(weights, digits=digits)


def test_without_anywidget_the_message_says_what_to_install():
    code = (
        "import sys; sys.modules['anywidget'] = None; import mnist_lib.explorer\n"
        "from mnist_lib.explorer import DigitExplorer"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    last = done.stderr.strip().splitlines()[-1]
    assert last == "ImportError: DigitExplorer needs the package anywidget: pip install anywidget"


@pytest.mark.parametrize("in_book", [True, False])
def test_in_the_books_build_nothing_is_shown_and_nothing_is_stored(in_book, monkeypatch):
    """Stored, it would make the page load scripts from elsewhere. The kernels inherit the word."""
    if in_book:
        monkeypatch.setenv(IN_BOOK, "1")
    code = (
        "from mnist_lib.explorer import DigitExplorer\n"
        "from mnist_lib.pretrained import load_weights\n"
        "explorer = DigitExplorer(load_weights())\n"
        "display(explorer)\n"
        "explorer"
    )
    notebook = new_notebook(cells=[new_code_cell(code), new_code_cell("print(explorer.image)")])
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    assert notebook.cells[1].outputs[0].text == "None\n"
    assert len(notebook.cells[0].outputs) == (0 if in_book else 2)
    assert ("widgets" in notebook.metadata) == (not in_book)
