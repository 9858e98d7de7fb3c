"""What is drawn: its way to 28×28, its answer, its probabilities; every number is recomputed."""

import re

import numpy as np
import pytest
from live_explorer import (
    KERAS,
    LANDING,
    box_of,
    in_grey,
    number,
    opened,
    probabilities,
    same,
    same_percent,
    square_of,
)

from mnist_lib.preprocessing import prepare_digit, rasterise
from mnist_lib.simulate import styles, write

RECORDINGS = [(digit, name) for digit in range(10) for name in styles()[str(digit)]]


@pytest.mark.parametrize("scheme", ["file", "http"])
def test_drawings_get_the_answer_and_the_probabilities_of_keras(
    scheme, browser, request, pretrained
):
    page = LANDING if scheme == "file" else request.getfixturevalue("address") + "/index.html"
    recordings = RECORDINGS[::3] if scheme == "file" else RECORDINGS[1::6]
    digits, found, answers = [], [], []
    with opened(browser, page) as explorer:
        explorer.exact()
        for recording in recordings:
            explorer.pad.press("Delete")
            digits.append(prepare_digit(rasterise(explorer.draw(write(*recording)))))
            seen = explorer.read()
            found.append(probabilities(seen))
            said = re.match(r"Your drawing: the network says (\d) ", seen["sentence"])
            answers.append(int(said[1]))
    wanted = pretrained.predict(np.stack(digits), verbose=0)
    assert np.abs(found - wanted).max() < KERAS
    assert answers == wanted.argmax(axis=1).tolist()
    right = sum(a == digit for a, (digit, _) in zip(answers, recordings, strict=True))
    assert len(recordings) >= (20 if scheme == "file" else 10)
    assert right >= 0.9 * len(recordings), "the recorded hands are easy to read"


def test_the_sentence_and_the_bars_say_the_probabilities(drawing):
    explorer, _, wanted = drawing
    seen, scores = explorer.read(), wanted["Dense 2"]
    said = re.fullmatch(
        r"Your drawing: the network says (\d) \((.*?)\), then (\d) \((.*?)\)\.", seen["sentence"]
    )
    second, first = np.argsort(scores)[-2:]
    assert (int(said[1]), int(said[3])) == (first, second)
    assert same_percent(said[2], scores[first])
    assert same_percent(said[4], scores[second])
    for digit, (name, _, share) in enumerate(seen["answer"][-10:]):
        assert name == str(digit)
        assert same_percent(share, scores[digit])
        assert abs(seen["bars"][digit] / 100 - scores[digit]) < KERAS


def test_the_steps_of_softmax_are_those_of_numpy(drawing, weights):
    explorer, _, wanted = drawing
    explorer.exact()
    exact = explorer.read()["softmax"]
    explorer.exact(False)
    rounded = explorer.read()["softmax"]
    logits = np.array([number(line[1]) for line in exact[:10]])
    kernel, bias = weights["dense_2"]
    assert np.abs(logits - (wanted["Dense 1"] @ kernel + bias)).max() < KERAS
    exponentials = np.exp(logits - logits.max())
    columns = [logits, logits - logits.max(), exponentials, exponentials / exponentials.sum()]
    for digit in range(10):
        assert exact[digit][0] == rounded[digit][0] == str(digit)
        for text, short, column in zip(exact[digit][1:], rounded[digit][1:], columns, strict=True):
            assert np.isclose(float(text), column[digit], rtol=1e-14, atol=0)
            assert same(short, column[digit])
    foot = re.search(r"largest: (\S+)\s+sum: (\S+)", " ".join(exact[10]))
    assert float(foot[1]) == logits.max()
    assert np.isclose(float(foot[2]), exponentials.sum(), rtol=1e-14, atol=0)


def test_the_pictures_show_the_drawing_on_its_way_to_28_by_28(drawing):
    explorer, drawn, wanted = drawing
    ink, digit = rasterise(drawn), wanted["image"][:, :, 0]
    level = 1.001 / 255
    colours, rects, _ = explorer.painted(explorer.pad)
    assert np.abs(in_grey(colours) - ink).max() < level
    assert ["box", list(box_of(ink))] in rects
    square, small, final = map(explorer.painted, explorer.root.locator(".explorer-step").all())
    left, top, side = square_of(ink)
    cut = np.pad(ink, 280)[280 + top : 280 + top + side, 280 + left : 280 + left + side]
    assert np.abs(in_grey(square[0]) - cut).max() < level
    assert np.abs(in_grey(final[0]) - digit).max() < level
    [(x, y, width, height)] = [numbers for kind, numbers in final[1] if kind == "box"]
    assert (width, height) == (20, 20)
    part = np.pad(digit, 12)[int(y) + 12 :, int(x) + 12 :][:20, :20]
    assert np.abs(in_grey(small[0]) - part).max() < level
    centre = [part.sum(axis=axis) @ (np.arange(20) + 0.5) / part.sum() for axis in (0, 1)]
    cross = re.match(r"M(\S+) (\S+)v3", small[2])
    assert np.abs(np.subtract([float(cross[1]), float(cross[2]) + 1.5], centre)).max() < KERAS
    assert final[2].startswith("M14 12.5v3"), "and there the centre comes to lie, within a pixel"
    assert (np.abs([x + centre[0] - 14, y + centre[1] - 14]) <= 1).all()


def test_normalising_is_what_makes_a_small_drawing_readable(explorer, network):
    explorer.exact()
    explorer.button("Clear").click()
    ink = rasterise(explorer.draw([stroke / 2 for stroke in write(4)]))
    wanted = network(prepare_digit(ink))["Dense 2"]
    assert np.abs(probabilities(explorer.read()) - wanted).max() < KERAS
    explorer.root.get_by_label("Normalise").uncheck()
    blocks = ink.reshape(28, 10, 28, 10).mean(axis=(1, 3), dtype=np.float64).astype(np.float32)
    raw = network(blocks)["Dense 2"]
    seen = explorer.read()
    assert np.abs(probabilities(seen) - raw).max() < KERAS
    assert seen["captions"] == ["28 × 28, shrunk and nothing else"]
    colours, _, _ = explorer.painted(explorer.root.locator(".explorer-step").last)
    assert np.abs(in_grey(colours) - blocks).max() < 1.001 / 255
    assert wanted.argmax() == 4 != raw.argmax()


def test_the_sentence_follows_the_pen_and_is_read_aloud_when_it_is_lifted(explorer):
    aloud = explorer.root.locator(".explorer-answer [role=status]")
    explorer.button("Clear").click()
    assert aloud.inner_text().startswith("The pad is empty")
    before = explorer.root.locator(".explorer-top").bounding_box()["height"]
    places, _ = explorer.places(write(7)[0])
    explorer.tab.mouse.move(*places[0])
    explorer.tab.mouse.down()
    for place in places[1:]:
        explorer.tab.mouse.move(*place)
    explorer.tab.wait_for_function(
        "document.querySelector('.explorer-answer p').textContent.startsWith('Your drawing')"
    )
    assert aloud.inner_text().startswith("The pad is empty")
    during = explorer.root.locator(".explorer-top").bounding_box()["height"]
    explorer.tab.mouse.up()
    sentence = explorer.root.locator(".explorer-answer p")
    assert aloud.text_content() == sentence.text_content()
    assert before == during, "nothing jumps when a stroke begins"


def test_what_is_out_of_sight_is_not_painted_while_the_pen_moves_and_is_right_when_it_comes(
    short,
):
    """The last layer, far below a short window, keeps its old picture until it is seen."""
    explorer = short
    explorer.pad.scroll_into_view_if_needed()
    explorer.tab.wait_for_timeout(100)
    last = explorer.layer("Dense 1").locator("canvas")
    before = last.evaluate(PIXELS)
    places, _ = explorer.places(write(3)[0])
    explorer.tab.mouse.move(*places[0])
    explorer.tab.mouse.down()
    for place in places[1:]:
        explorer.tab.mouse.move(*place)
    explorer.tab.wait_for_timeout(200)
    assert last.evaluate(PIXELS) == before
    last.evaluate("(canvas) => canvas.scrollIntoView()")
    explorer.tab.wait_for_timeout(200)
    during = last.evaluate(PIXELS)
    explorer.tab.mouse.up()
    assert during != before
    assert last.evaluate(PIXELS) == during


PIXELS = "(canvas) => canvas.toDataURL()"


def test_an_example_invites_to_draw_over_it(explorer):
    hint = explorer.root.locator(".explorer-hint")
    assert hint.inner_text() == "Draw your own digit here"
    explorer.button("Clear").click()
    assert hint.inner_text() == "Draw a digit here"
    explorer.draw(write(7))
    assert hint.is_hidden()


@pytest.fixture
def short(browser):
    with opened(browser, viewport={"width": 1300, "height": 500}) as explorer:
        yield explorer


def test_beside_the_answer_stands_that_it_must_name_a_digit_with_the_reason(short):
    explorer = short
    link = explorer.root.get_by_role("link", name="Why?")
    link.click()
    explorer.tab.wait_for_url("**/chapters/softmax.html#a-softmax-score-is-not-a-confidence")
    heading = explorer.tab.locator("#a-softmax-score-is-not-a-confidence")
    assert heading.count() == 1


def test_escape_closes_the_open_value_and_the_focus_stays_with_its_layer(explorer):
    button = explorer.layer("C2").get_by_role("button")
    button.click()
    explorer.root.get_by_role("spinbutton", name="row").focus()
    explorer.tab.keyboard.press("Escape")
    assert explorer.read()["opened"] is None
    assert button.evaluate("(node) => node === document.activeElement")
