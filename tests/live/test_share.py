"""A drawing goes from page to page, and in a link to others; a link may hold anything."""

import base64
import os
import time

import numpy as np
import pytest
from browsing import HTML, complaints, visit
from live_explorer import LANDING, WIDE, Explorer, opened, probabilities

from mnist_lib.explorer.bundle import MODULES
from mnist_lib.preprocessing import prepare_digit, rasterise
from mnist_lib.simulate import write

CHAPTER = HTML / "chapters" / "flatten.html"
MINUTES = float(os.environ.get("MNIST_FUZZ_MINUTES", "0"))


def strokes_in(text):
    """What a link carries, read by the format's description and not by our script."""
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    assert raw[0] == 1
    strokes, at = [], 1
    while at < len(raw):
        count = int.from_bytes(raw[at : at + 2], "big")
        bits = int.from_bytes(raw[at + 2 : (at := at + 2 + 3 * count)], "big")
        levels = [bits >> 12 * i & 4095 for i in reversed(range(2 * count))]
        strokes.append((np.reshape(levels, (-1, 2)) / 4095 * 2 - 0.5).tolist())
    return strokes


@pytest.fixture(scope="module")
def link(browser):
    """The address with a drawn 3 in it, and what the page says of it."""
    with opened(browser, viewport=WIDE, permissions=["clipboard-write"]) as explorer:
        explorer.button("Clear").click()
        drawn = explorer.draw(write(3))
        explorer.button("Copy link").click()
        explorer.tab.get_by_text("opens with your drawing").wait_for()
        yield explorer.tab.url.partition("#drawing=")[2], drawn, explorer.read()


def test_a_link_carries_the_drawing(link, pretrained):
    text, drawn, _ = link
    strokes = strokes_in(text)
    assert len(strokes) == len(drawn)
    for one, other in zip(strokes, drawn, strict=True):
        assert np.abs(np.array(one[0]) - other[0]).max() < 1 / 280
    assert len(text) < 1000
    digits = [prepare_digit(rasterise(kind)) for kind in (strokes, drawn)]
    assert np.abs(np.subtract(*digits)).mean() < 0.01
    answers = pretrained.predict(np.stack(digits), verbose=0)
    assert answers.argmax(axis=1).tolist() == [3, 3]


@pytest.mark.parametrize("page", [LANDING, CHAPTER], ids=lambda page: page.stem)
def test_a_link_opens_with_its_drawing(browser, link, page, pretrained):
    text, _, _ = link
    wanted = pretrained.predict(prepare_digit(rasterise(strokes_in(text)))[None], verbose=0)[0]
    context, tab, _, messages = visit(browser, f"{page.as_uri()}#drawing={text}")
    explorer = Explorer(tab)
    seen = explorer.read()
    assert seen["sentence"].startswith("Your drawing: the network says 3 ")
    assert explorer.button("Your drawing").get_attribute("aria-pressed") == "true"
    if page == LANDING:
        assert np.abs(probabilities(seen) - wanted).max() < 5e-3  # as many digits as are shown
    context.close()
    assert complaints(messages) == []


def test_where_nothing_can_be_copied_the_address_carries_the_drawing_all_the_same(browser):
    context = browser.new_context(viewport=WIDE)
    context.add_init_script("navigator.clipboard.writeText = () => Promise.reject(new Error())")
    tab = context.new_page()
    tab.goto(LANDING.as_uri())
    explorer = Explorer(tab)
    explorer.draw(write(3)[:1])
    explorer.button("Copy link").click()
    tab.get_by_text("The address of this page now carries your drawing").wait_for()
    assert strokes_in(tab.url.partition("#drawing=")[2])
    context.close()


def test_an_address_that_is_entered_later_is_followed(browser, link):
    with opened(browser) as explorer:
        explorer.tab.evaluate("(text) => void (location.hash = text)", f"drawing={link[0]}")
        explorer.tab.get_by_text("Your drawing: the network says 3").first.wait_for()


NONSENSE = {
    "nothing": "",
    "no base64": "<script>alert(1)</script>",
    "percent signs": "%00%ff",
    "a length that base64 does not have": "AQABA",
    "another version": "AgABAAAA",
    "no strokes": "AQ",
    "a stroke without points": "AQAA",
    "fewer points than it says": "AQACAAAA",
    "a byte too many": "AQABAAAAAA",
    "too long": "A" * 30_000,
}


@pytest.mark.parametrize("name", NONSENSE)
def test_a_link_that_carries_no_drawing_opens_the_example_and_says_so(browser, name):
    address = f"{LANDING.as_uri()}#drawing={NONSENSE[name]}"
    context, tab, _, messages = visit(browser, address)
    explorer = Explorer(tab)
    assert explorer.read()["sentence"].startswith("Test digit, a 7")
    assert explorer.root.get_by_text("no drawing that can be read").is_visible()
    context.close()
    assert complaints(messages) == []


def drawing_or_none(text):
    """What the format's description makes of a text: strokes, or None where it is no drawing."""
    if len(text) > 20_000 or not text or len(text) % 4 == 1:
        return None
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    at, counts = 1, []
    while at < len(raw):
        counts.append(int.from_bytes(raw[at : at + 2], "big"))
        at += 2 + 3 * counts[-1]
    if raw[:1] != b"\x01" or at != len(raw) or not counts or 0 in counts:
        return None
    return strokes_in(text)


def damaged_texts(rng, whole):
    """A link with letters changed, cut out, cut off or put in; every other one of chance alone."""
    alphabet = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"))
    for number in range(1000):
        if number % 2:
            yield "AQA" + "".join(rng.choice(alphabet, rng.integers(0, 20)))
            continue
        letters = list(whole)
        for at in rng.integers(0, len(letters), rng.integers(1, 4)):
            letters[at : at + rng.integers(0, 3)] = rng.choice(alphabet, rng.integers(0, 3))
        yield "".join(letters)[: rng.integers(1, len(letters) + 1) if number % 4 else None]


def test_any_damaged_link_is_the_drawing_that_the_format_says_or_none(browser, link):
    """A thousand texts; `make fuzz` goes on for MINUTES."""
    tab = browser.new_page()
    source = (MODULES / "link.mjs").read_text(encoding="utf-8")
    tab.evaluate(
        "async (source) => { globalThis.link = await import("
        "`data:text/javascript,${encodeURIComponent(source)}`) }",
        source,
    )
    end, seed, drawings = time.monotonic() + 60 * MINUTES, 0, 0
    while seed == 0 or time.monotonic() < end:
        texts = list(damaged_texts(np.random.default_rng(seed), link[0]))
        found = tab.evaluate("(texts) => texts.map(link.drawingFrom)", texts)
        for text, strokes in zip(texts, found, strict=True):
            wanted = drawing_or_none(text)
            assert (strokes is None) == (wanted is None), text
            for one, other in zip(strokes or [], wanted or [], strict=True):
                assert np.allclose(one, other)
        drawings += sum(strokes is not None for strokes in found)
        seed += 1
    print(f"{1000 * seed:,} links, {drawings:,} of them drawings")
    assert drawings > 0
    tab.close()


def test_a_drawing_is_there_on_the_next_page_of_the_tab_and_in_no_other_tab(browser):
    with opened(browser, viewport=WIDE) as explorer:
        explorer.button("Clear").click()
        explorer.draw(write(3))
        explorer.tab.goto(CHAPTER.as_uri())
        chapter = Explorer(explorer.tab)
        assert chapter.read()["sentence"].startswith("Test digit, a 7"), "the text speaks of it"
        chapter.button("Your drawing").click()
        assert chapter.read()["sentence"].startswith("Your drawing: the network says 3 ")
        chapter.button("Test digit 2").click()
        chapter.button("Your drawing").click()
        assert chapter.read()["sentence"].startswith("Your drawing: the network says 3 ")
        other = explorer.tab.context.new_page()
        other.goto(CHAPTER.as_uri())
        assert not Explorer(other).button("Your drawing").is_visible()


def test_where_storage_is_forbidden_the_page_works_and_keeps_nothing(browser):
    context = browser.new_context(viewport=WIDE)
    context.add_init_script(
        "for (const name of ['getItem', 'setItem']) { const usual = Storage.prototype[name];"
        "Storage.prototype[name] = function (key, ...rest) {"
        "if (key === 'mnist-drawing') throw new Error('forbidden');"
        "return usual.call(this, key, ...rest); }; }"
    )
    tab = context.new_page()
    errors = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.goto(LANDING.as_uri())
    explorer = Explorer(tab)
    explorer.button("Clear").click()
    explorer.draw(write(3))
    assert explorer.read()["sentence"].startswith("Your drawing: the network says 3 ")
    context.close()
    assert errors == []


def test_one_stop_of_the_tab_key_leads_to_the_pad(browser):
    with opened(browser, viewport=WIDE) as explorer:
        explorer.tab.keyboard.press("Tab")
        skip = explorer.tab.locator(":focus")
        assert skip.inner_text() == "Skip to the network"
        assert skip.bounding_box()["y"] >= 0
        explorer.tab.keyboard.press("Enter")
        explorer.tab.keyboard.press("Space")
        explorer.tab.keyboard.press("ArrowDown")
        explorer.tab.keyboard.press("Space")
        assert explorer.read()["sentence"].startswith("Your drawing")
