"""The built pages, as text and in a browser. `make test` builds them first."""

import gzip
import itertools
import json
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlparse

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import HTML, ROOT, complaints, contrast, luminance, visit
from bs4 import BeautifulSoup
from PIL import Image

PAGES = sorted(
    page
    for folder in ("", "chapters", "appendix")
    for page in (HTML / folder).glob("*.html")
    if page.name not in ("404.html", "genindex.html", "search.html")
)
CHAPTERS = [page.with_suffix(".ipynb").name for page in PAGES if page.parent.name == "chapters"]
IDS = [str(page.relative_to(HTML).with_suffix("")) for page in PAGES]


@cache
def soup(page):
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


def article(page):
    return soup(page).select_one("article.bd-article")


@pytest.fixture(params=PAGES, ids=IDS)
def page(request):
    return request.param


def test_every_page_of_the_table_of_contents_is_built():
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    wanted = re.findall(r"(?:root|file): (\S+)", toc)
    assert sorted(wanted) == sorted(IDS)
    assert (HTML / "index.html").is_file()


def test_no_page_shows_an_error_that_was_not_meant(page):
    shown = article(page).select("div.output.traceback")
    meant = article(page).select(".cell.tag_raises-exception div.output.traceback")
    assert len(shown) == len(meant)
    assert not article(page).select(".stderr")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_build_prints_what_the_checked_cells_of_a_chapter_hold(chapter):
    """The comparison that nbval makes, which runs on the full data where there is one."""
    executed = nbformat.read(HTML.parent / "jupyter_execute" / "chapters" / chapter, 4)
    stored = nbformat.read(ROOT / "chapters" / chapter, 4)
    checked = [
        (printed(ours), printed(theirs))
        for ours, theirs in zip(stored.cells, executed.cells, strict=True)
        if "nbval-check-output" in ours.metadata.get("tags", [])
    ]
    assert checked
    for ours, theirs in checked:
        assert ours == theirs


def printed(cell):
    """What a cell printed; the outputs of checked cells are nothing else."""
    return "".join(output.text for output in cell.outputs)


def test_every_picture_has_an_alternative_text(page):
    for image in soup(page).find_all("img"):
        if "bd-article" in str(image.find_parent("article")):
            alt = image.get("alt", "")
            assert len(alt) > 20, image
            assert not re.fullmatch(r"(_images/|\.\./_images/)?[0-9a-f]{16,}.*", alt), image


def test_chapters_have_pictures():
    chapters = [page for page in PAGES if page.parent.name == "chapters"]
    assert len(chapters) == 9
    assert all(article(page).find_all("img") for page in chapters)


def test_no_raw_markup_shows(page):
    text = BeautifulSoup(str(article(page)), "html.parser")
    for tag in text.select("pre, code, script, .math, .traceback"):
        tag.decompose()
    shown = text.get_text(" ")
    for pattern in (r"\{[a-z:_-]+\}`?", r"```", r":::", r"\$\$", r"\*\*\w", r"\]\(", r"&nbsp;"):
        assert not re.search(pattern, shown), re.search(rf".{{30}}{pattern}.{{30}}", shown, re.S)


def test_every_internal_link_and_anchor_resolves(page):
    checked = 0
    for link in soup(page).find_all("a", href=True):
        url = urlparse(link["href"])
        if url.scheme or url.netloc:
            assert url.scheme == "https", link["href"]
            continue
        target = (page.parent / unquote(url.path)).resolve() if url.path else page
        assert target.exists(), link["href"]
        if url.fragment and target.suffix == ".html":
            found = soup(target).find(id=unquote(url.fragment))
            assert found is not None, f"{target.name}#{url.fragment}"
        checked += 1
    assert checked > 10


def test_every_page_describes_itself(page):
    description = soup(page).find("meta", attrs={"name": "description"})
    assert description
    assert 30 < len(description["content"]) < 300
    assert soup(page).find("html")["lang"] == "en"


def test_a_title_names_the_page_and_the_book_once_each(page):
    title = soup(page).title.string
    assert title.count("MNIST to the last number") == 1
    assert title.startswith(article(page).h1.find(string=True).strip())


def test_there_is_an_icon_for_every_platform(page):
    icons = {}
    for link in soup(page).find_all("link", rel=["icon", "apple-touch-icon", "manifest"]):
        icons[link["href"].rpartition("/")[2]] = page.parent / link["href"]
    assert set(icons) == {"favicon.svg", "favicon.ico", "apple-touch-icon.png", "site.webmanifest"}
    manifest = json.loads(icons.pop("site.webmanifest").read_text(encoding="utf-8"))
    folder = HTML / "_static" / "generated"
    assert (folder / manifest["start_url"]).resolve() == HTML / "index.html"
    icons |= {icon["src"]: folder / icon["src"] for icon in manifest["icons"]}
    del icons["favicon.svg"]
    sizes = {}
    for name, file in icons.items():
        with Image.open(file) as icon:
            sizes[name] = icon.size
    assert sizes == {
        "favicon.ico": (48, 48),
        "apple-touch-icon.png": (180, 180),
        "icon-192.png": (192, 192),
        "icon-512.png": (512, 512),
    }


def test_what_is_not_found_leads_back_from_any_depth():
    lost = soup(HTML / "404.html")
    assert lost.select_one("article h1").string == "Page not found"
    links = {link["href"] for link in lost.select("article a")}
    assert {"/index.html", "/search.html"} <= links
    for tag in lost.select("[href], [src]"):
        url = tag.get("href") or tag["src"]
        assert url.startswith(("/", "#", "https://")), tag
        if url.startswith("/"):
            assert (HTML / urlparse(url).path.lstrip("/")).is_file(), url


def test_headings_are_in_order(page):
    levels = [int(head.name[1]) for head in article(page).find_all(re.compile(r"^h[1-6]$"))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels))


def test_ids_are_unique(page):
    ids = [tag["id"] for tag in article(page).find_all(id=True)]
    assert len(ids) == len(set(ids)), sorted({i for i in ids if ids.count(i) > 1})


def test_no_page_leads_to_an_address_that_does_not_exist(page):
    """With an address, the links are there: see test_book.py."""
    links = [a["href"] for a in soup(page).find_all("a", href=True)]
    assert [link for link in links if "your_account" in link] == []
    assert links


def test_a_fold_says_what_it_holds():
    folds = {fold for page in PAGES for fold in names_of_folds(page)}
    assert {"Setup", "Solution", "Answer", "Check"} <= folds
    assert not [fold for fold in folds if re.search("code cell|hidden|click", fold, re.I)]


def names_of_folds(page):
    """What the page says about each fold, on the page and aloud."""
    for summary in soup(page).select("details > summary"):
        yield summary.get("aria-label") or summary.find(string=re.compile(r"\w")).strip()


def test_no_output_says_that_nobody_has_answered_yet(page):
    outputs = [output.get_text() for output in article(page).select("div.cell_output")]
    assert not [text for text in outputs if "Not answered yet" in text]


def test_tracebacks_name_no_folder_of_the_machine_that_built_them(page):
    shown = [block.get_text() for block in article(page).select("div.output.traceback")]
    for text in shown:
        assert not re.search(r"(?<![\w.])/(?:\w+/){2}", text), text[:2000]


def test_there_is_a_traceback_and_it_begins_at_the_package():
    shown = [b.get_text() for page in PAGES for b in article(page).select("div.output.traceback")]
    assert any(re.search(r"File keras/src/", text) for text in shown)


def test_every_trap_is_refused_by_the_keras_of_this_build():
    """Not compared by nbval, since an older Keras lets one through: the chapter says so."""
    (page,) = [page for page in PAGES if page.stem == "saving"]
    shown = [pre.get_text() for pre in article(page).select(".cell_output pre")]
    (text,) = [text for text in shown if "refused" in text]
    lines = [line.split() for line in text.strip().splitlines()]
    assert [line[0] for line in lines] == [*2 * ["trap.keras"], *2 * ["trap.h5"], "canary:"]
    assert [line[-1] for line in lines] == [*2 * ["ModelFileError", "ValueError"], "absent"]


def test_a_figure_has_a_twin_for_the_dark(page):
    light, dark = (article(page).select(f"img.only-{theme}") for theme in ("light", "dark"))
    assert [i["src"].replace(".svg", ".dark.svg") for i in light] == [i["src"] for i in dark]
    assert [i["alt"] for i in light] == [i["alt"] for i in dark]
    if page.parent.name == "chapters":
        assert len(light) > 2


def test_the_size_of_a_chapter_stays_within_its_budget(page):
    looked_up = page.stem == "library"  # every public name; not read from top to bottom
    assert page.stat().st_size <= (500_000 if looked_up else 250_000)


# From here on, in a browser.


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_asks_nothing_from_elsewhere_and_logs_nothing_new(browser, page, scheme):
    context, _, requests, messages = visit(browser, page, color_scheme=scheme)
    context.close()
    outside = [url for url in requests if not url.startswith(("file:", "data:", "blob:"))]
    assert not outside
    assert len(requests) > 3
    assert complaints(messages) == []


def test_a_phone_never_scrolls_sideways(browser, page):
    context, tab, _, _ = visit(browser, page, viewport={"width": 360, "height": 740})
    width = tab.evaluate("document.documentElement.scrollWidth")
    # None of the text itself is outside: wide content scrolls in its own box.
    outside = tab.evaluate(
        """() => [...document.querySelectorAll('article.bd-article > *, article section > *')]
        .filter(e => e.getBoundingClientRect().right > 361 && e.offsetParent)
        .map(e => e.tagName + ' ' + e.className + ' ' + e.textContent.slice(0, 40))"""
    )
    context.close()
    assert width <= 361
    assert outside == []


def test_mathematics_is_typeset(browser):
    page = HTML / "chapters" / "softmax.html"
    context, tab, _, _ = visit(browser, page)
    count = tab.locator("mjx-container").count()
    context.close()
    assert count > 5


def test_dark_mode_is_dark_and_readable(browser, page):
    context, tab, _, _ = visit(browser, page, color_scheme="dark")
    colors = tab.evaluate(
        """() => [getComputedStyle(document.body).backgroundColor,
                  getComputedStyle(document.querySelector('article p')).color]"""
    )
    context.close()
    assert luminance(colors[0]) < luminance(colors[1])
    assert contrast(*colors) >= 4.5, colors


BUDGET = {"index": 650_000}
"""Bytes, compressed, until a page stands still; 900,000 for all others."""


def test_a_page_stays_light(browser, page):
    context, tab, requests, _ = visit(browser, page, viewport={"width": 1300, "height": 900})
    tab.wait_for_timeout(300)
    context.close()
    files = {Path(unquote(urlparse(url).path)) for url in requests if url.startswith("file:")}
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


OTHERS = [HTML / name for name in ("404.html", "genindex.html", "search.html")]


@pytest.mark.parametrize("page", [*PAGES, *OTHERS], ids=lambda page: page.stem)
def test_a_page_is_accessible_in_both_themes_and_at_both_widths(browser, page):
    for scheme in ("light", "dark"):
        context, tab, _, _ = visit(browser, page, color_scheme=scheme)
        for width in (1300, 360):
            tab.set_viewport_size({"width": width, "height": 900})
            tab.wait_for_timeout(100)
            found = Axe().run(tab).response
            violations = {
                rule["id"]: [node["html"][:200] for node in rule["nodes"]]
                for rule in found["violations"]
            }
            assert violations == {}, (scheme, width)
            assert len(found["passes"]) > 10
        context.close()


def test_code_in_the_text_breaks_at_its_dots_and_never_inside_a_word(browser, page):
    context, tab, _, _ = visit(browser, page, viewport={"width": 360, "height": 740})
    broken = tab.evaluate(BROKEN_WORDS)
    context.close()
    assert broken == []


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
def test_what_a_cell_prints_is_whole_on_a_phone_and_on_paper(browser, page, medium, width, which):
    context, tab, _, _ = visit(browser, page, viewport={"width": width, "height": 740})
    tab.emulate_media(media=medium)
    cut = tab.evaluate(
        """(which) => [...document.querySelectorAll(`article ${which}`)]
          .filter((pre) => pre.scrollWidth > pre.clientWidth + 1 && pre.offsetParent)
          .map((pre) => pre.textContent.slice(0, 60))""",
        which,
    )
    context.close()
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


def test_a_page_reflows_at_four_times_its_size(browser, page):
    """1,280 pixels at 400 %: 320 of them are left."""
    context, tab, _, _ = visit(browser, page, viewport={"width": 320, "height": 256})
    width = tab.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert width <= 321


def test_a_wide_formula_begins_at_its_left_end_and_scrolls(browser, page):
    context, tab, _, _ = visit(browser, page, viewport={"width": 360, "height": 740})
    cut = tab.evaluate(
        """() => [...document.querySelectorAll("mjx-container[display] > mjx-math")]
          .filter((math) => math.getBoundingClientRect().left < 0)
          .map((math) => math.textContent.slice(0, 30))"""
    )
    context.close()
    assert cut == []
