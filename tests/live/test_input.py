"""The keyboard alone, and a finger."""

import numpy as np
from live_explorer import KERAS, PHONE, opened, press, probabilities, same, tab_to

from mnist_lib.preprocessing import prepare_digit, rasterise
from mnist_lib.simulate import write


def test_the_pad_works_with_the_keyboard_alone(explorer, network):
    tab_to(explorer, explorer.root.get_by_role("application", name="Pad to draw a digit on"))
    place = explorer.tab.evaluate("scrollY")
    said = explorer.root.locator(".explorer-pad + [role=status]")
    press(explorer, "Delete")
    empty = explorer.read()
    assert empty["sentence"].startswith("The pad is empty")
    press(explorer, *["ArrowUp"] * 9, "Space", *["ArrowDown"] * 18)
    assert said.inner_text() == "Pen down, row 23, column 14 of 28"
    press(explorer, "Space")
    stroke = [(0.5, y) for y in np.cumsum([5 / 28, *[1 / 28] * 18])]
    wanted = network(prepare_digit(rasterise([stroke])))["Dense 2"]
    one = explorer.read()
    assert "the network says 1 " in one["sentence"]
    assert explorer.tab.evaluate("scrollY") == place
    assert all(same(line[4], p) for line, p in zip(one["softmax"], wanted, strict=False))
    press(explorer, "ArrowLeft", "Space", *["ArrowLeft"] * 4, "Space")
    assert said.inner_text() == "Pen up, row 23, column 9 of 28"
    assert explorer.read() != one
    press(explorer, "Backspace")
    assert explorer.read() == one
    press(explorer, "Delete")
    assert explorer.read() == empty
    press(explorer, "Tab", "Enter")  # the button Undo
    assert explorer.read() == one


def test_an_activation_is_chosen_with_the_keyboard_alone(explorer):
    tab_to(explorer, explorer.layer("C2").get_by_role("button"))
    press(explorer, "Enter", "Tab", "4", "Tab", "1", "0", "Tab", "3", "3")
    opened = explorer.read()["opened"]
    assert opened["at"] == {"row": 4, "column": 10, "channel": 33}
    assert "it sees 8 × 8 pixels: rows 8–15, columns 20–27" in opened["captions"]
    press(explorer, "ArrowUp")
    assert explorer.read()["opened"]["at"]["channel"] == 34
    press(explorer, "6", "4")  # 64 is one too many
    tab_to(explorer, explorer.button("Close"))
    assert explorer.read()["opened"]["at"]["channel"] in range(64)
    press(explorer, "Enter")
    assert explorer.read()["opened"] is None


def test_a_finger_draws_on_the_pad_and_scrolls_everywhere_else(browser, network):
    [stroke] = write(7)
    with opened(browser, viewport=PHONE, has_touch=True) as explorer:
        touch = fingers(explorer.tab)
        explorer.exact()
        explorer.button("Clear").tap()
        explorer.pad.scroll_into_view_if_needed()
        before = explorer.tab.evaluate("scrollY")
        points, drawn = explorer.places(stroke)
        touch("touchStart", points[0])
        for point in points[1:]:
            touch("touchMove", point, points[0])  # another finger rests on the pad
        touch("touchEnd")
        found, stayed = probabilities(explorer.read()), explorer.tab.evaluate("scrollY")
        touch("touchStart", (180, 700))
        for step in range(12):
            touch("touchMove", (180, 700 - 40 * step))
        touch("touchEnd")
        explorer.tab.wait_for_function(f"scrollY > {stayed} + 100")
    wanted = network(prepare_digit(rasterise([drawn])))["Dense 2"]
    assert np.abs(found - wanted).max() < KERAS
    assert wanted.argmax() == 7
    assert stayed == before


def fingers(tab):
    """Send what a touch screen sends."""
    session = tab.context.new_cdp_session(tab)

    def touch(kind, *spots):
        points = [{"x": float(x), "y": float(y), "id": i} for i, (x, y) in enumerate(spots)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    return touch
