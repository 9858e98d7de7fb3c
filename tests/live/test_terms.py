"""The terms of the glossary explain themselves where the pages use them."""

import pytest
from browsing import HTML, complaints, visit
from bs4 import BeautifulSoup
from test_site import article, page, soup  # noqa: F401 (a fixture)

CHAPTER = HTML / "chapters" / "training.html"
GLOSSARY = HTML / "appendix" / "glossary.html"
WITHOUT = ("appendix/glossary", "appendix/library", "appendix/bibliography")


def defined():
    """What the page Glossary says of each anchor: the first paragraph."""
    terms = soup(GLOSSARY).select("dl.glossary dt")
    return {term["id"]: term.find_next("p").get_text().replace("\n", " ") for term in terms}


def test_a_page_carries_the_definition_of_every_term_that_it_marks(page):  # noqa: F811
    links = article(page).select("a.term")
    anchors = {link["href"].partition("#")[2] for link in links}
    if str(page.relative_to(HTML).with_suffix("")) in WITHOUT:
        assert not links
    elif page.parent.name == "chapters":
        assert len(anchors) > 8
    carried = {
        text["id"].removeprefix("defined-"): text.get_text()
        for text in soup(page).select("#definitions > p")
    }
    assert set(carried) == anchors
    for anchor, text in carried.items():
        assert text.endswith(f" {defined()[anchor]}")


def test_a_section_marks_a_term_once_and_none_in_a_heading_or_in_code(page):  # noqa: F811
    assert not article(page).select(":is(h1, h2, h3, code, pre, em, a) a.term")
    for section in article(page).select(":scope > section > section") or [article(page)]:
        anchors = [link["href"] for link in section.select("a.term")]
        assert len(anchors) == len(set(anchors))


@pytest.fixture
def tab(browser):
    context, tab, _, messages = visit(browser, CHAPTER, viewport={"width": 1300, "height": 900})
    yield tab
    context.close()
    assert not complaints(messages)


@pytest.fixture
def finger(browser):
    phone = {"viewport": {"width": 360, "height": 780}, "has_touch": True, "is_mobile": True}
    context, tab, _, _ = visit(browser, CHAPTER, **phone)
    yield tab
    context.close()


def term(tab, number=5):
    link = tab.locator("a.term").nth(number)
    link.evaluate("node => node.scrollIntoView({block: 'center', behavior: 'instant'})")
    tab.wait_for_timeout(100)
    return link


def meaning(link):
    return defined()[link.get_attribute("href").partition("#")[2]]


def shown(tab):
    box = tab.locator(".definition")
    return box.inner_text() if box.is_visible() else None


def test_the_mouse_shows_a_definition_and_can_go_into_it(tab):
    link = term(tab)
    link.hover()
    box = tab.locator(".definition")
    box.wait_for()
    assert shown(tab).endswith(meaning(link))
    box.hover()
    tab.wait_for_timeout(300)
    assert box.is_visible()
    tab.mouse.move(2, 2)
    box.wait_for(state="hidden")


def test_a_mouse_that_passes_by_shows_nothing(tab):
    link = term(tab)
    link.hover()
    tab.mouse.move(2, 2)
    tab.wait_for_timeout(300)
    assert shown(tab) is None


def test_the_tab_key_shows_a_definition_and_escape_closes_it(tab):
    link = term(tab)
    tab.locator("a.term").nth(4).focus()
    tab.keyboard.press("Escape")
    assert shown(tab) is None
    tab.keyboard.press("Tab")
    while not link.evaluate("node => node === document.activeElement"):
        tab.keyboard.press("Tab")
    assert shown(tab).endswith(meaning(link))
    described = link.get_attribute("aria-describedby")
    assert tab.locator(f"#{described}").text_content() == shown(tab)
    tab.keyboard.press("Escape")
    assert shown(tab) is None
    assert link.evaluate("node => node === document.activeElement")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/appendix/glossary.html#*")


def test_a_tap_explains_a_second_one_follows_and_one_elsewhere_closes(finger):
    link = term(finger)
    link.tap()
    assert shown(finger).endswith(meaning(link))
    box, window = finger.locator(".definition").bounding_box(), finger.viewport_size
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= window["width"]
    finger.touchscreen.tap(5, 700)
    assert shown(finger) is None
    link.tap()
    link.tap()
    finger.wait_for_url("**/appendix/glossary.html#*")


@pytest.mark.parametrize("block", ["start", "end"])
def test_a_definition_stands_beside_its_term_and_never_on_it(tab, block):
    link = term(tab)
    link.evaluate("(node, block) => node.scrollIntoView({block, behavior: 'instant'})", block)
    tab.wait_for_timeout(200)
    link.evaluate(
        "node => node.dispatchEvent(new PointerEvent('click', {detail: 1, cancelable: true}))"
    )
    box = tab.locator(".definition").bounding_box()
    line = link.evaluate("node => node.getClientRects()[0].toJSON()")
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 900
    assert box["y"] >= line["bottom"] or box["y"] + box["height"] <= line["top"]


def test_without_scripts_a_term_is_a_link(browser):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(CHAPTER.as_uri())
    link = tab.locator("a.term").first
    place = link.get_attribute("href").partition("#")[2]
    link.click()
    assert tab.url.endswith(f"glossary.html#{place}")
    assert BeautifulSoup(tab.content(), "html.parser").find(id=place)
    context.close()
