"""For every reader: contrast, narrow screens, assistive technology."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import contrast
from live_explorer import PHONE, SHAPES, WIDE, opened

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
