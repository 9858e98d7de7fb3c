"""Every page with a live network: what it opens with, and what replaces it in print."""

import pytest
from browsing import HTML
from live_explorer import SHAPES, opened

VIEWS = {  # by page: the layers that its explorer shows
    "index": list(SHAPES),
    "appendix/live_network": list(SHAPES),
    "chapters/architecture": list(SHAPES),
    "chapters/convolution": ["C1", "M1", "C2", "M2", "C3"],
    "chapters/flatten": ["C3", "Flatten", "Dense 1"],
    "chapters/softmax": ["Dense 2"],
    "chapters/relu": ["C1", "C2", "C3", "Dense 1"],
    "chapters/backward": list(SHAPES),
    "chapters/training": list(SHAPES),
    "chapters/saving": list(SHAPES),
    "chapters/your_digit": list(SHAPES),
    "chapters/inside": list(SHAPES),
}


def test_every_page_with_an_explorer_is_looked_at_here():
    found = {
        page.relative_to(HTML).with_suffix("").as_posix()
        for page in HTML.rglob("*.html")
        if '<div class="explorer"' in page.read_text(encoding="utf-8")
    }
    assert found == set(VIEWS)


BACK = ("chapters/backward", "chapters/saving")  # they open the backward view
SAYS = dict.fromkeys(BACK, "Training digit, a 4: the network says 9 ")
SHOWN = {"chapters/relu": "before ReLU", **dict.fromkeys(BACK, "errors")}
OPENED = {"chapters/convolution": "One value of C2", "chapters/flatten": "One value of Flatten"}


@pytest.mark.parametrize("name", VIEWS)
def test_a_page_opens_the_explorer_at_its_own_layers_and_paper_gets_a_figure(browser, name):
    with opened(browser, HTML / f"{name}.html") as explorer:
        seen = explorer.read()
        key = explorer.root.locator(".explorer-key").inner_text()
        fallback = explorer.tab.locator(".explorer-fallback")
        on_screen = fallback.is_visible(), explorer.root.is_visible()
        explorer.tab.emulate_media(media="print")
        on_paper = fallback.is_visible(), explorer.root.is_visible()
        shown = explorer.root.locator(".explorer-layers label:has(:checked)").first.inner_text()
    assert [layer["button"].split(" ×")[0].rpartition(" ")[0] for layer in seen["layers"]] == VIEWS[
        name
    ]
    softmax = "Dense 2" in VIEWS[name] and name not in BACK
    assert bool(seen["softmax"]) == softmax
    assert (seen["opened"] or {}).get("title") == OPENED.get(name)
    assert shown.strip() == SHOWN.get(name, "after ReLU")
    assert seen["sentence"].startswith(SAYS.get(name, "Test digit, a 7: the network says 7 "))
    assert ("every number" in key) == (VIEWS[name] == list(SHAPES) and name not in BACK)
    assert (on_screen, on_paper) == ((False, True), (True, False))


@pytest.mark.parametrize("name", VIEWS)
def test_without_javascript_a_figure_stands_in_its_place(browser, name):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto((HTML / f"{name}.html").as_uri())
    picture = tab.locator("div.explorer img:visible")
    assert picture.is_visible()
    assert len(picture.get_attribute("alt")) > 100
    assert picture.bounding_box()["height"] > 100
    assert tab.locator(".explorer-live").count() == 0
    context.close()
