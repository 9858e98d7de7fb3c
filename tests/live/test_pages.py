"""The built pages in a browser: each is opened twice, on a phone, and wide in both themes."""

import gzip
from itertools import product
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import COLOURS, HTML, complaints, contrast, luminance, visit
from test_site import IDS, PAGES

WIDE = {"width": 1300, "height": 900}
PHONE = {"width": 360, "height": 740}
OTHERS = [HTML / name for name in ("404.html", "genindex.html", "search.html")]


@pytest.fixture(scope="module", params=PAGES, ids=IDS)
def page(request):
    """One page after the other: all its tests, then the next."""
    return request.param


@pytest.fixture(scope="module")
def on_phone(browser, page):
    context, tab, _, _ = visit(browser, page, viewport=PHONE, reduced_motion="reduce")
    yield tab
    context.close()


@pytest.fixture
def phone(on_phone):
    """The page on a phone, whatever the test before has made of it."""
    on_phone.emulate_media(media="screen", color_scheme="light")
    on_phone.set_viewport_size(PHONE)
    return on_phone


@pytest.fixture(scope="module")
def opened_wide(browser, page):
    """The page on a wide screen: the tab, what it requested by itself, and what it ever logs."""
    options = {"viewport": WIDE, "color_scheme": "light", "reduced_motion": "reduce"}
    context, tab, requests, messages = visit(browser, page, **options)
    tab.wait_for_timeout(300)
    at_first = list(requests)
    turn(tab, "dark")  # asks for the dark pictures
    tab.wait_for_timeout(100)
    yield tab, at_first, requests, messages
    context.close()


@pytest.fixture
def wide(opened_wide):
    """The tab of that page, light, whatever the test before has made of it."""
    tab, _, _, _ = opened_wide
    turn(tab, "light")
    tab.set_viewport_size(WIDE)
    return tab


def turn(tab, theme):
    """Change what the reader's system prefers, and give the page half a second to follow."""
    tab.emulate_media(color_scheme=theme)
    tab.evaluate(
        """async (theme) => {
          for (let n = 0; n < 30 && document.documentElement.dataset.theme !== theme; n += 1)
            await new Promise(requestAnimationFrame); }""",
        theme,
    )


def test_a_page_asks_nothing_from_elsewhere_and_logs_nothing_new(opened_wide):
    _, _, requests, messages = opened_wide
    outside = [url for url in requests if not url.startswith(("file:", "data:", "blob:"))]
    assert not outside
    assert len(requests) >= 3  # the page, its styles, its script
    assert complaints(messages) == []


def test_a_phone_never_scrolls_sideways(phone):
    width = phone.evaluate("document.documentElement.scrollWidth")
    # None of the text itself is outside: wide content scrolls in its own box.
    outside = phone.evaluate(
        """() => [...document.querySelectorAll('article.bd-article > *, article section > *')]
        .filter(e => e.getBoundingClientRect().right > 361 && e.offsetParent)
        .map(e => e.tagName + ' ' + e.className + ' ' + e.textContent.slice(0, 40))"""
    )
    assert width <= 361
    assert outside == []


def test_mathematics_is_typeset(browser):
    page = HTML / "chapters" / "softmax.html"
    context, tab, _, _ = visit(browser, page)
    count = tab.locator("mjx-container").count()
    context.close()
    assert count > 5


def test_dark_mode_is_dark_and_readable(wide):
    turn(wide, "dark")
    colors = wide.evaluate(
        """() => [getComputedStyle(document.body).backgroundColor,
                  getComputedStyle(document.querySelector('article p')).color]"""
    )
    assert luminance(colors[0]) < luminance(colors[1])
    assert contrast(*colors) >= 4.5, colors


BUDGET = {"index": 650_000}
"""Bytes, compressed, until a page stands still; 900,000 for all others."""


def test_a_page_stays_light(opened_wide, page):
    _, at_first, _, _ = opened_wide
    files = {Path(unquote(urlparse(url).path)) for url in at_first if url.startswith("file:")}
    assert len(files) <= 18
    assert sum(map(sent, files)) <= BUDGET.get(page.stem, 900_000)


def test_the_landing_page_asks_for_few_files(browser):
    context, _, requests, _ = visit(browser, HTML / "index.html")
    context.close()
    assert 5 < len([url for url in requests if url.startswith("file:")]) <= 15


def sent(file):
    """How many bytes a server sends for a file."""
    content = file.read_bytes()
    packed = file.suffix in (".woff", ".woff2", ".png", ".zip")
    return len(content) if packed else len(gzip.compress(content, 6))


def test_in_the_dark_the_dark_figures_show_and_in_print_the_light_ones(browser):
    page = HTML / "chapters" / "convolution.html"
    context, tab, _, _ = visit(browser, page, color_scheme="dark")
    assert visible(tab, "dark")
    assert not visible(tab, "light")
    tab.emulate_media(media="print")
    assert visible(tab, "light")
    assert not visible(tab, "dark")
    context.close()


def visible(tab, theme):
    """How many figures of a theme can be seen."""
    return tab.locator(f"article img.only-{theme}:visible").count()


ALL = [*PAGES, *OTHERS]
TWO = [HTML / "index.html", HTML / "chapters" / "flatten.html"]
WITHOUT_COLOUR = {rule: {"enabled": False} for rule in ("color-contrast", "link-in-text-block")}


def by_name(value):
    return value.stem if isinstance(value, Path) else value


@pytest.mark.parametrize("page", ALL, indirect=True, ids=by_name)
def test_a_page_is_accessible_at_both_widths(wide, phone):
    """All rules of axe but those for colours, which take most of its time."""
    for tab in (wide, phone):
        assert violations(tab, {"rules": WITHOUT_COLOUR}) == {}, tab.viewport_size


@pytest.mark.parametrize("page", TWO, indirect=True, ids=by_name)
def test_two_pages_are_accessible_in_the_dark_by_all_rules(phone):
    turn(phone, "dark")
    assert violations(phone, {}) == {}


def violations(tab, options):
    """The nodes that break a rule, by rule."""
    found = (
        Axe().run(tab, options=options | {"preload": False, "resultTypes": ["violations"]}).response
    )
    assert found["passes"]
    return {r["id"]: [node["html"][:200] for node in r["nodes"]] for r in found["violations"]}


@pytest.mark.parametrize("page", ALL, indirect=True, ids=by_name)
def test_every_text_can_be_read_in_both_themes(wide, phone):
    """4.5 to 1 for all of them, whatever their size."""
    for tab, theme in product((wide, phone), ("light", "dark")):
        turn(tab, theme)
        texts = tab.locator("body").evaluate(COLOURS)
        assert len(texts) > 3
        assert [text for text in texts if contrast(*text[1:]) < 4.5] == [], (
            tab.viewport_size,
            theme,
        )


def test_code_in_the_text_breaks_at_its_dots_and_never_inside_a_word(phone):
    assert phone.evaluate(BROKEN_WORDS) == []


# Words of inline code that stand on two lines, although one line would hold them.
BROKEN_WORDS = """() => {
  const found = [];
  for (const code of document.querySelectorAll("article :not(pre) > code, article code > .pre")) {
    const walk = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const { data } = walk.currentNode;
      for (const { 0: word, index } of data.matchAll(/[A-Za-z0-9]+/g)) {
        const range = document.createRange();
        range.setStart(walk.currentNode, index);
        range.setEnd(walk.currentNode, index + word.length);
        const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
        if (lines.size > 1 && word.length < 30) found.push(word);
      }
    }
  }
  return found; }"""


def test_a_line_of_prose_is_about_seventy_characters_long(browser):
    page = HTML / "chapters" / "convolution.html"
    context, tab, _, _ = visit(browser, page, viewport={"width": 1600, "height": 900})
    lengths = tab.evaluate(
        """() => [...document.querySelectorAll("article section > p")]
          .filter((p) => p.textContent.length > 200 && !p.querySelector("mjx-container"))
          .map((p) => {
            const range = document.createRange();
            range.selectNodeContents(p);
            const rects = [...range.getClientRects()];
            const lines = new Set(rects.map(({ bottom }) => Math.round(bottom / 8)));
            return p.textContent.length / lines.size; })"""
    )
    context.close()
    assert len(lengths) > 10
    assert 55 < sorted(lengths)[len(lengths) // 2] < 72


# Keras draws its summary with box characters: wrapped it would be illegible; on a phone it scrolls.
@pytest.mark.parametrize(
    ("medium", "width", "which"),
    [("screen", 360, ".cell_output .highlight pre"), ("print", 720, ".cell_output pre")],
)
def test_what_a_cell_prints_is_whole_on_a_phone_and_on_paper(phone, medium, width, which):
    phone.set_viewport_size({"width": width, "height": 740})
    phone.emulate_media(media=medium)
    cut = phone.evaluate(
        """(which) => [...document.querySelectorAll(`article ${which}`)]
          .filter((pre) => pre.scrollWidth > pre.clientWidth + 1 && pre.offsetParent)
          .map((pre) => pre.textContent.slice(0, 60))""",
        which,
    )
    assert cut == []


@pytest.mark.parametrize("scheme", ["file", "http"])
def test_search_shows_the_sections_with_the_words_and_a_piece_of_each(browser, request, scheme):
    root = HTML.as_uri() if scheme == "file" else request.getfixturevalue("address")
    context, tab, requests, messages = visit(browser, f"{root}/search.html?q=glorot")
    found = tab.locator("#search-results li").filter(has_text="Backward")
    link = found.locator("p.context a").first
    link.wait_for()
    assert "Glorot initialization" in found.inner_text()
    assert complaints(messages) == []
    assert [url for url in requests if not url.startswith(("data:", root))] == []
    assert Axe().run(tab).response["violations"] == []
    link.click()
    tab.wait_for_url("**/chapters/backward.html#what-starts-the-same-stays-the-same")
    context.close()


def test_snippets_with_code_fit_a_phone(browser):
    page = f"{HTML.as_uri()}/search.html?q=glorot"
    context, tab, _, _ = visit(browser, page, viewport={"width": 360, "height": 740})
    snippets = tab.locator("#search-results p.context")
    snippets.first.wait_for()
    assert (
        snippets.evaluate_all("all => all.filter((p) => p.scrollWidth > p.clientWidth).length") == 0
    )
    context.close()


def test_what_is_nowhere_is_said_to_be_nowhere(browser):
    context, tab, _, messages = visit(browser, f"{HTML.as_uri()}/search.html?q=zwieback")
    tab.get_by_text("did not match any documents").wait_for()
    context.close()
    assert complaints(messages) == []


def test_the_contents_list_marks_the_section_in_sight_and_at_the_end_the_last(browser):
    page = HTML / "chapters" / "backward.html"
    context, tab, _, _ = visit(browser, page, viewport={"width": 1300, "height": 900})
    marked = tab.locator("#pst-page-toc-nav a.active")
    tab.evaluate("scrollTo(0, 1)")
    tab.wait_for_timeout(500)
    assert marked.count() == 0, "the top of a page is above its first section"
    for heading in ("From the loss down", "In the note"):
        tab.get_by_role("heading", name=heading).first.evaluate("h => h.scrollIntoView()")
        tab.wait_for_timeout(500)
        assert marked.all_inner_texts() == [heading]
        assert marked.get_attribute("aria-current") == "true"
    for _ in range(3):  # pictures that come into sight make the page longer
        tab.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        tab.wait_for_timeout(500)
    assert marked.all_inner_texts() == ["What to remember"]
    context.close()


MOVING = """() => [...document.querySelectorAll("*")].flatMap((node) => {
  const { transitionDuration, animationDuration, scrollBehavior } = getComputedStyle(node);
  const seconds = `${transitionDuration}, ${animationDuration}`.split(", ").map(parseFloat);
  return scrollBehavior === "smooth" || Math.max(...seconds) > 0.01 ? [node.className] : [];
})"""


def test_nothing_moves_by_itself_for_readers_who_have_asked_for_that(browser):
    moving = {}
    for wish in ("no-preference", "reduce"):
        context, tab, _, _ = visit(browser, HTML / "index.html", reduced_motion=wish)
        moving[wish] = tab.evaluate(MOVING)
        context.close()
    assert moving["no-preference"], "the theme has transitions"
    assert moving["reduce"] == []


def test_a_page_reflows_at_four_times_its_size(phone):
    """1,280 pixels at 400 %: 320 of them are left."""
    phone.set_viewport_size({"width": 320, "height": 256})
    assert phone.evaluate("document.documentElement.scrollWidth") <= 321


def test_a_wide_formula_begins_at_its_left_end_and_scrolls(phone):
    cut = phone.evaluate(
        """() => [...document.querySelectorAll("mjx-container[display] > mjx-math")]
          .filter((math) => math.getBoundingClientRect().left < 0)
          .map((math) => math.textContent.slice(0, 30))"""
    )
    assert cut == []
