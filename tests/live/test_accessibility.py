"""For every reader: contrast, narrow screens, assistive technology."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import COLOURS, contrast
from live_explorer import PHONE, SHAPES, WIDE, opened
from way_back import ARRAYS, OPEN, choose_array

OPTIONS = {
    "preload": False,
    "resultTypes": ["violations"],
    "rules": {"color-contrast": {"enabled": False}},
}
"""The contrast of every text has tests of its own."""

TWO = [
    pytest.param("light", WIDE, id="light-wide"),
    pytest.param("dark", PHONE, id="dark-phone"),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(browser, scheme):
    with opened(browser, color_scheme=scheme) as explorer:
        explorer.layer("C1").get_by_role("button").click()
        texts = explorer.root.evaluate(COLOURS)
        explorer.button("Clear").click()
        texts += explorer.root.evaluate(COLOURS)
    assert len(texts) > 150
    assert [text for text in texts if contrast(*text[1:]) < 4.5] == []
    sentence = next(text for text in texts if "the network says" in text[0])
    assert (contrast("rgb(255, 255, 255)", sentence[2]) > 10) == (scheme == "dark")


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


@pytest.mark.parametrize(("scheme", "viewport"), TWO)
def test_axe_finds_nothing(browser, scheme, viewport):
    with opened(browser, color_scheme=scheme, viewport=viewport) as explorer:
        explorer.layer("C1").get_by_role("button").click()
        found = Axe().run(explorer.tab, ".explorer", OPTIONS).response["violations"]
        explorer.button("Clear").click()
        found += Axe().run(explorer.tab, ".explorer", OPTIONS).response["violations"]
    assert [(v["id"], [node["html"][:100] for node in v["nodes"]]) for v in found] == []


# The backward view


def everything_open(explorer):
    """The backward view with a value, a weight, a stop and some steps."""
    explorer.root.evaluate(OPEN)
    explorer.layer("M1").get_by_role("button").click()
    for _ in range(18):
        explorer.button("Next").click()
    for _ in range(3):
        explorer.button("Take a step").click()
    return explorer


@pytest.mark.parametrize(("scheme", "viewport"), TWO)
def test_in_the_backward_view_every_text_can_be_read_and_axe_finds_nothing(
    browser, scheme, viewport
):
    with opened(browser, color_scheme=scheme, viewport=viewport) as explorer:
        texts = everything_open(explorer).root.evaluate(COLOURS)
        found = Axe().run(explorer.tab, ".explorer", OPTIONS).response["violations"]
        explorer.root.locator(".explorer-rate").fill("fast")
        explorer.button("Take a step").click()
        texts += explorer.root.evaluate(COLOURS)
        found += Axe().run(explorer.tab, ".explorer", OPTIONS).response["violations"]
    assert len(texts) > 200
    assert [text for text in texts if contrast(*text[1:]) < 4.5] == []
    assert [(v["id"], [node["html"][:100] for node in v["nodes"]]) for v in found] == []


@pytest.mark.parametrize("array", ARRAYS)
def test_in_the_backward_view_a_phone_never_scrolls_sideways(array, phone):
    choose_array(phone, array)
    assert phone.root.evaluate(OUTSIDE) == []
    assert phone.tab.evaluate("document.documentElement.scrollWidth") <= 361


@pytest.fixture(scope="module")
def phone(browser):
    with opened(browser, viewport=PHONE) as explorer:
        everything_open(explorer).exact()
        yield explorer


SMALL = """(root) => [...root.querySelectorAll("button, select, input, label")]
  .filter((node) => node.checkVisibility() && !node.closest("label")?.contains(node.parentElement))
  .map((node) => [node.outerHTML.slice(0, 60), node.getBoundingClientRect()])
  .filter(([, { width, height }]) => Math.min(width, height) < 24)
  .map(([text]) => text)"""


def test_a_finger_hits_whatever_can_be_pressed(phone):
    assert phone.root.evaluate(SMALL) == []


TOO_SMALL = """(root) => [...root.querySelectorAll("button, select, summary, label")]
  .filter((node) => node.checkVisibility())
  .map((node) => [node.outerHTML.slice(0, 60), node.getBoundingClientRect()])
  .filter(([, { width, height }]) => Math.min(width, height) < 44)
  .map(([text]) => text)"""


def test_on_a_touch_screen_everything_has_the_size_of_a_finger(browser):
    with opened(browser, viewport=PHONE, has_touch=True, is_mobile=True) as explorer:
        explorer.layer("C2").get_by_role("button").click()
        assert explorer.root.evaluate(TOO_SMALL) == []


def test_on_a_phone_the_pad_is_in_the_first_screen_and_the_answer_directly_under_it(browser):
    with opened(browser, viewport=PHONE) as explorer:
        explorer.tab.evaluate("scrollTo(0, 0)")
        pad = explorer.pad.bounding_box()
        answer = explorer.root.locator(".explorer-answer p").bounding_box()
        assert pad["y"] + pad["height"] <= PHONE["height"]
        assert 0 <= answer["y"] - pad["y"] - pad["height"] < 30
        clear = explorer.button("Clear").bounding_box()
        assert 0 <= clear["y"] - answer["y"] - answer["height"] < 30
