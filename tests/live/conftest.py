"""What the tests in a browser share: the browser, the explorer of the landing page, a drawing."""

import base64
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import keras
import numpy as np
import pytest
from browsing import HTML
from javascript import HELPERS, bytes_of, computed
from live_explorer import SHAPES, WIDE, Explorer, opened
from playwright.sync_api import sync_playwright
from way_back import OPEN

from mnist_lib.explorer.bundle import page_script
from mnist_lib.preprocessing import prepare_digit, rasterise
from mnist_lib.simulate import write
from tools.shared import launch


@pytest.fixture(scope="session", autouse=True)
def built_pages():
    """Pages that are missing, or older than the modules, would fail in misleading ways."""
    script = HTML / "_static" / "explorer.js"
    if not script.is_file():
        pytest.fail(f"no built pages at {HTML}: run make book", pytrace=False)
    if script.read_text(encoding="utf-8") != page_script():
        pytest.fail(f"the pages at {HTML} are older than explorer/js: run make book", pytrace=False)


@pytest.fixture(scope="module")
def browser():
    """The system's own Chromium, one per module: while it runs, it occupies asyncio."""
    with sync_playwright() as playwright:
        instance = launch(playwright)
        yield instance
        instance.close()


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


def opened_backward(explorer):
    """The backward view in the place of what the page has."""
    explorer.root.evaluate(OPEN)
    return explorer


@pytest.fixture
def back(explorer):
    """The backward view, as it is when it opens."""
    return opened_backward(explorer)


@pytest.fixture(scope="module")
def landed(browser):
    """The backward view, which the tests of a module leave to each other."""
    with opened(browser, viewport=WIDE) as explorer:
        yield opened_backward(explorer)


@pytest.fixture(scope="module")
def network(pretrained):
    """What Keras makes of a digit of 28 × 28 pixels, by layer."""
    model = keras.Model(pretrained.inputs[0], [layer.output for layer in pretrained.layers])

    def compute(image):
        image = image.reshape(1, 28, 28, 1)
        outputs = [np.asarray(output)[0] for output in model(image)]
        return {"image": image[0]} | dict(zip(SHAPES, outputs, strict=True))

    return compute


@pytest.fixture(scope="module")
def drawing(browser, network):
    """A page with a three drawn on it: the strokes, and what Keras makes of them."""
    with opened(browser, viewport=WIDE) as explorer:
        explorer.button("Clear").click()
        drawn = explorer.draw(write(3))
        yield explorer, drawn, network(prepare_digit(rasterise(drawn)))


# The functions alone, on an empty page.


@pytest.fixture(scope="module")
def engine(browser, weights):
    """An empty page with the functions, and the shipped weights in its `weights`."""
    tab = browser.new_page()
    for code in ("globalThis.mnistExplorer = {};", page_script(), HELPERS):
        tab.add_script_tag(content=code)
    packed = base64.b64encode(bytes_of(weights)).decode()
    tab.evaluate("(text) => void (globalThis.weights = api.decodeWeights(text))", packed)
    yield tab
    tab.close()


@pytest.fixture(scope="module")
def images(embedded):
    """The first test digit of each class, and a hundred more."""
    test = embedded.test
    first = [int(np.argmax(test.labels == digit)) for digit in range(10)]
    return np.concatenate([test.images[first], test.images[5::10]])


@pytest.fixture(scope="module")
def activation(engine, images):
    return computed(engine, images)


@pytest.fixture(scope="module")
def pre_activation(engine, images):
    return computed(engine, images, "preActivation")
