"""`DigitExplorer` in JupyterLab, with a live kernel: what is set on either side is seen on both."""

import nbformat
import numpy as np
import pytest
from lab import Notebook, serving
from live_explorer import draw_on, sentence
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import expect

from mnist_lib.data import load_followed_digit
from mnist_lib.preprocessing import prepare_digit, rasterise
from mnist_lib.reference import backward, forward

CREATE = """\
from mnist_lib.explorer import DigitExplorer
from mnist_lib.pretrained import load_weights
from mnist_lib.simulate import write

explorer = DigitExplorer(load_weights())
explorer"""
SEVEN = [(0.3, 0.2), (0.7, 0.2), (0.4, 0.8)]

# Counts the resize observers that the explorers of a page have.
COUNT = """
globalThis.observed = new Set();
const { observe, disconnect } = ResizeObserver.prototype;
ResizeObserver.prototype.observe = function (node, ...options) {
  if (node.classList?.contains("explorer-live")) observed.add(this);
  return observe.call(this, node, ...options);
};
ResizeObserver.prototype.disconnect = function () {
  observed.delete(this);
  return disconnect.call(this);
};
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of JupyterLab, where a notebook shows one widget in two cells."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "work").mkdir()
    cells = [new_code_cell(source) for source in (CREATE, "explorer")]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(notebook, folder / "work" / "explorer.ipynb")
    with serving(folder) as url:
        yield url


@pytest.fixture
def notebook(browser, lab):
    """The notebook with both views open, in its own kernel."""
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.add_init_script(COUNT)
    notebook = Notebook(tab, lab, "explorer.ipynb")
    for index in (0, 1):
        notebook.run(index)
        notebook.view(index).locator(".explorer-pad").wait_for()
    yield notebook
    notebook.close()
    tab.close()


def says(view, start):
    """Wait until the sentence of a view starts with `start`."""
    expect(sentence(view)).to_contain_text(start)


def test_a_drawing_comes_back_to_python_and_python_sets_what_is_shown(notebook, weights):
    first, second = notebook.view(0), notebook.view(1)
    first.get_by_role("button", name="Clear").click()
    drawn = draw_on(first, SEVEN)
    strokes = notebook.eventually("explorer.strokes", lambda strokes: len(strokes) == 1)
    assert np.allclose(strokes[0], drawn)
    says(second, "Your drawing: the network says 7 ")
    found = notebook.eventually("explorer.probabilities.tolist()", lambda p: np.argmax(p) == 7)
    digit = prepare_digit(rasterise(strokes))
    assert np.abs(forward(digit[np.newaxis], weights)["dense_2"][0] - found).max() < 1e-5
    notebook.execute("explorer.strokes = write(3)")
    for view in (first, second):
        says(view, "Your drawing: the network says 3 ")
    notebook.eventually("explorer.probabilities.tolist()", lambda p: np.argmax(p) == 3)
    notebook.execute("explorer.layer = 'flatten'")
    for view in (first, second):
        expect(view.locator(".explorer-layer b")).to_have_text(["C3", "Flatten", "Dense 1"])
        says(view, "Your drawing: the network says 3 ")
    notebook.execute("explorer.picked = 4")
    for view in (first, second):
        says(view, "Test digit, a 4: ")
    assert notebook.eventually("explorer.strokes", lambda strokes: strokes == []) == []


def test_python_sets_the_label_and_reads_the_gradients(notebook, weights):
    first, second = notebook.view(0), notebook.view(1)
    notebook.execute("explorer.layer, explorer.picked, explorer.label = 'backward', 10, 7")
    for view in (first, second):
        expect(view.locator(".explorer-label").get_by_label("7", exact=True)).to_be_checked()
    wanted = backward(load_followed_digit().images, np.array([7]), weights)
    code = "explorer.gradients and explorer.gradients['conv2d_1'][0].ravel().tolist()"
    largest = np.abs(wanted.weights["conv2d_1"][0]).max()
    row = wanted.weights["conv2d_1"][0].ravel()
    notebook.eventually(code, lambda found: found and np.allclose(found, row, atol=1e-5 * largest))
    second.locator(".explorer-label").get_by_label("2", exact=True).check()
    assert notebook.eventually("explorer.label", lambda label: label == 2) == 2
    error = backward(load_followed_digit().images, np.array([2]), weights).errors["dense_2"][0]
    notebook.eventually(
        "explorer.errors['dense_2'][0].tolist()", lambda found: np.allclose(found, error, atol=1e-5)
    )


def test_two_views_agree_and_a_closed_one_leaves_nothing(notebook):
    first, second = notebook.view(0), notebook.view(1)
    second.get_by_role("button", name="Test digit 5").click()
    says(first, "Test digit, a 5: ")
    assert notebook.tab.evaluate("observed.size") == 2
    notebook.clear(1)
    second.wait_for(state="detached")
    notebook.tab.wait_for_function("observed.size === 1")
    first.get_by_role("button", name="Clear").click()
    draw_on(first, SEVEN)
    # Until the drawing has arrived the pad is empty, and there are none.
    code = "explorer.probabilities is not None and explorer.probabilities.tolist()"
    notebook.eventually(code, lambda p: p and np.argmax(p) == 7)
    notebook.execute("explorer.close()")
    notebook.tab.wait_for_function("observed.size === 0")
