"""The part of the training chapter in which the network learns, used as a reader uses it."""

import json
import re
from contextlib import contextmanager

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import HTML, contrast, visit
from live_explorer import (
    PHONE,
    WIDE,
    check_colours,
    focused,
    number,
    opened,
    press,
    probabilities,
    tab_to,
)
from test_accessibility import COLOURS, OUTSIDE

from _ext.explorer_page import LATER
from mnist_lib.architecture import FOLLOWED, WEIGHTED
from mnist_lib.explorer.payload import digit_sets
from mnist_lib.reference import forward
from mnist_lib.saving import load_model

PAGE = HTML / "chapters" / "training.html"

SHOWN = """(root) => {
  const text = (node) => node.textContent.replaceAll("\\u00a0", " ").trim();
  const all = (selector) => [...root.querySelectorAll(selector)].map(text);
  const [step, epoch] = text(root.querySelector(".explorer-progress")).match(/[\\d,]+/g)
    .map((number) => Number(number.replaceAll(",", "")));
  const [loss, held, path] = all(".explorer-plot:has(.explorer-chart) .explorer-read");
  const [said, still] = [".explorer-said", ".wide .explorer-read"].map((one) => all(one)[0]);
  return { step, epoch, loss, held, path, said, still, wrong: all(".explorer-wrong li"),
           all: text(root) }; }"""


class Learner:
    """The part of a page in which the network learns, used and read as a reader does it."""

    def __init__(self, tab):
        self.tab = tab
        tab.set_default_timeout(15_000)  # a step takes as long as the machine needs
        self.root = tab.locator(".explorer-learning").first

    def button(self, name):
        return self.root.get_by_role("button", name=name)

    def load(self):
        self.button("Watch it learn").click()
        self.button("Start").wait_for()
        self.until("epoch 0: ")
        return self

    def shown(self):
        self.tab.evaluate("new Promise((done) => requestAnimationFrame(done))")
        return self.root.evaluate(SHOWN)

    def until(self, text):
        """Wait until a text stands somewhere in this part."""
        self.root.get_by_text(text).first.wait_for()

    def until_step(self, step):
        code = """([root, step]) => Number(root.querySelector(".explorer-progress").textContent
          .match(/[\\d,]+/)[0].replaceAll(",", "")) >= step"""
        self.tab.wait_for_function(code, arg=[self.root.element_handle(), step])

    def learn(self, step):
        """Start, wait until a step is done, pause."""
        self.button("Start").click()
        self.until_step(step)
        self.button("Pause").click()
        self.until("Paused after step")
        return self.shown()

    def single(self):
        """One step more."""
        before = self.shown()["step"]
        self.button("One step").click()
        self.until(re.compile(f"Step {before + 1:,}: the loss of its batch was"))
        return self.shown()

    def choose(self, field, value):
        self.root.get_by_label(field).select_option(value)

    def download(self, folder):
        """The weights as a reader gets them, by layer; and the file."""
        with self.tab.expect_download() as waiting:
            self.button("Download").click()
        path = folder / waiting.value.suggested_filename
        waiting.value.save_as(path)
        with np.load(path, allow_pickle=False) as file:
            names = [layer.name for layer in WEIGHTED]
            return {name: (file[f"{name}/kernel"], file[f"{name}/bias"]) for name in names}, path


@contextmanager
def learning(browser, page=PAGE, prepare="", **options):
    """The part on its own page, not yet loaded. prepare: a script that runs before the page."""
    context = browser.new_context(viewport=WIDE, **options)
    if prepare:
        context.add_init_script(prepare)
    tab = context.new_page()
    tab.goto(page.as_uri() if page is PAGE else page)
    tab.wait_for_function("performance.getEntriesByName('explorer-ready').length")
    yield Learner(tab)
    context.close()


@pytest.fixture(scope="module")
def chapter(browser):
    """One page of the chapter, which may request nothing from elsewhere and log nothing."""
    with opened(browser, PAGE, viewport=WIDE) as explorer:
        yield explorer


@pytest.fixture
def learner(chapter):
    """The part, opened afresh in the page of the chapter; the one before is closed."""
    chapter.tab.evaluate(
        """() => {
          globalThis.before?.close();
          document.querySelector("#second")?.remove();
          const live = document.querySelector(".explorer-live");
          live.replaceChildren();
          const { api } = mnistExplorer;
          globalThis.before = api.mount(live, mnistExplorer, { layer: "training" }); }"""
    )
    return Learner(chapter.tab).load()


# What is loaded, and when


def files_of(requests):
    names = [url.split("?")[0].rpartition("/")[2] for url in requests]
    return [name for name in names if name in LATER.values()]


def test_nothing_is_loaded_before_the_reader_asks_for_it(browser):
    context, tab, requests, _ = visit(browser, PAGE)
    tab.wait_for_function("performance.getEntriesByName('explorer-ready').length")
    learner = Learner(tab)
    assert files_of(requests) == []
    learner.load()
    assert files_of(requests) == [LATER["learning"], LATER["first"]]
    learner.choose("Learn from", "2000")
    learner.tab.wait_for_function("globalThis.mnistExplorer.digits.more")
    assert files_of(requests)[2:] == [LATER["more"]]
    learner.choose("Batch", "256")
    learner.single()
    learner.button("Final count").click()
    learner.until("of 1,000 test digits right")
    assert files_of(requests)[3:] == [LATER["test"]]
    context.close()


def test_the_files_hold_the_embedded_digits_and_name_their_licence():
    for name, digits in digit_sets().items():
        text = (HTML / "_static" / LATER[name]).read_text(encoding="utf-8")
        notice, script = text.splitlines()
        assert "CC BY-SA 3.0" in notice
        assert json.loads(script.partition(" = ")[2].rstrip(";"))["count"] == len(digits)


MISSING = "The file with the digits is missing or damaged."


@pytest.mark.parametrize("cut", ["missing", "another checksum", "half a line"])
def test_digits_that_do_not_come_whole_are_named_and_asked_for_again(browser, address, cut):
    whole = (HTML / "_static" / LATER["first"]).read_text(encoding="utf-8")
    bodies = {
        "another checksum": re.sub(r'"crc32": \d+', '"crc32": 1', whole),
        "half a line": whole[: len(whole) // 2],
    }

    def answer(route):
        if cut == "missing":
            route.abort()
        else:
            route.fulfill(body=bodies[cut], content_type="text/javascript")

    with learning(browser, f"{address}/chapters/training.html") as learner:
        learner.tab.route(f"**/{LATER['first']}*", answer)
        learner.button("Watch it learn").click()
        learner.until(MISSING)
        learner.tab.unroute(f"**/{LATER['first']}*")
        learner.button("Try again").click()
        learner.button("Start").wait_for()
        learner.single()


def test_a_part_that_does_not_come_is_named_too(browser, address):
    with learning(browser, f"{address}/chapters/training.html") as learner:
        learner.tab.route(f"**/{LATER['learning']}*", lambda route: route.abort())
        learner.button("Watch it learn").click()
        learner.until("The file with this part of the page is missing or damaged.")
        assert learner.button("Try again").is_enabled()


def test_the_focus_stays_where_loading_fails(browser, address):
    with learning(browser, f"{address}/chapters/training.html") as learner:
        learner.tab.route(f"**/{LATER['learning']}*", lambda route: route.abort())
        learner.button("Watch it learn").focus()
        press(learner, "Enter")
        learner.until("is missing or damaged.")
        assert focused(learner) == "Try again"


def test_where_no_script_names_the_files_a_sentence_stands(engine, weights):
    """As in a notebook."""
    engine.evaluate(
        """() => {
          document.body.replaceChildren(document.createElement("div"));
          const weights = textOf([].concat(...Object.values(globalThis.weights)
            .map(({ kernel, bias }) => [...kernel, ...bias])));
          api.mount(document.body.firstChild, { weights }, { layer: "training" }); }"""
    )
    part = engine.locator(".explorer-learning")
    assert part.inner_text().startswith("In the pages of the book the network can learn here")
    assert part.get_by_role("button").count() == 0


def test_more_digits_that_do_not_come_leave_the_run_as_it_is(browser, address):
    with learning(browser, f"{address}/chapters/training.html") as learner:
        learner.load().single()
        learner.tab.route(f"**/{LATER['more']}*", lambda route: route.abort())
        learner.choose("Learn from", "3500")
        learner.until(f"{MISSING} The network goes on with 1000 digits.")
        assert learner.root.get_by_label("Learn from").input_value() == "1000"
        assert learner.single()["step"] == 2


@pytest.mark.parametrize("then", ["another choice", "a start"])
def test_digits_that_come_late_change_nothing(browser, address, then):
    """The reader has chosen something else since, or has started the run as it is."""
    late = []
    with learning(browser, f"{address}/chapters/training.html") as learner:
        learner.load()
        learner.tab.route(f"**/{LATER['more']}*", lambda route: late.append(route))
        learner.choose("Learn from", "2000")
        learner.until("Loading more digits …")
        if then == "a start":
            learner.button("Start").click()
        else:
            learner.choose("Learn from", "300")
        learner.until_step(1) if then == "a start" else learner.until("epoch 0: ")
        late[0].continue_()
        learner.tab.wait_for_timeout(700)
        if then == "a start":
            assert learner.button("Pause").is_enabled(), "it still runs"
            assert learner.shown()["step"] >= 1
        chosen = {"a start": "1000", "another choice": "300"}[then]
        assert learner.root.get_by_label("Learn from").input_value() == chosen


def test_a_run_that_has_ended_meanwhile_is_not_counted(browser, address):
    late = []
    with learning(browser, f"{address}/chapters/training.html") as learner:
        learner.load()
        learner.choose("Batch", "8")
        learner.until("epoch 0: ")
        learner.single()
        learner.tab.route(f"**/{LATER['test']}*", lambda route: late.append(route))
        learner.button("Final count").click()
        learner.until("Loading the test digits …")
        learner.choose("Learning rate", "10")
        learner.button("Start").click()
        learner.until("Reset, and try a")
        late[0].continue_()
        learner.tab.wait_for_timeout(500)
        shown = learner.shown()
        assert "Reset, and try a" in shown["said"]
        assert "test digits right" not in shown["all"]


def test_a_browser_that_cannot_unpack_is_told_so(browser):
    with learning(browser, prepare="delete globalThis.DecompressionStream;") as learner:
        learner.button("Watch it learn").click()
        learner.until("This browser cannot unpack the digits")


# Start, pause, one step, reset


def test_start_pause_one_step_and_reset(learner):
    opening = learner.shown()
    assert (opening["step"], opening["epoch"]) == (0, 0)
    assert learner.button("Reset").is_disabled()
    first = learner.single()
    assert first["step"] == 1
    paused = learner.learn(4)
    assert paused["step"] >= 4
    learner.tab.wait_for_timeout(300)
    assert learner.shown()["step"] == paused["step"]
    assert learner.single()["step"] == paused["step"] + 1
    learner.button("Reset").click()
    learner.until("Begun again")
    learner.until("epoch 0: ")
    again = learner.shown()
    assert again["step"] == 0
    assert again["held"] == opening["held"]
    assert learner.single()["loss"] == first["loss"], "the same seed, the same numbers"


def test_a_pause_is_heard_however_often_it_is_asked_for(learner):
    """The second wish may reach a run that rests already, before its page knows it."""
    learner.root.get_by_label("Batch").select_option("1")
    learner.until("epoch 0: ")
    for _ in range(4):
        learner.button("Start").click()
        learner.until_step(learner.shown()["step"] + 1)
        learner.root.evaluate(
            """(root) => {
              const go = root.querySelector(".explorer-controls button");
              const end = performance.now() + 90;
              go.click();
              while (performance.now() < end);
              if (go.textContent === "Pause") go.click(); }"""
        )
        learner.until("Paused after step")
        assert learner.button("Start").is_enabled()


def test_the_controls_can_be_used_with_the_keyboard(learner):
    assert learner.button("Start").evaluate("(node) => node === document.activeElement")
    press(learner, "Enter")
    learner.until_step(3)
    assert learner.button("Pause").evaluate("(node) => node === document.activeElement")
    press(learner, "Enter")
    learner.until("Paused after step")
    chart = learner.root.get_by_role("slider", name="Loss")
    tab_to(learner, chart)
    press(learner, "Home")
    assert chart.get_attribute("aria-valuetext").startswith("step 1: ")
    press(learner, "ArrowRight")
    assert learner.shown()["loss"].startswith("step 2: ")
    press(learner, "Escape")
    assert learner.shown()["loss"].startswith(f"step {learner.shown()['step']}: ")


def test_the_focus_stays_on_a_button_that_can_do_no_more(learner):
    heard = {
        "One step": "Step 1: the loss",
        "Draw on your own network": "now computes with your own",
        "Back to the book’s network": "with the book’s network again",
        "Final count": "of 1,000 test digits right",
        "Reset": "Begun again",
    }
    for name, text in heard.items():
        learner.button(name).focus()
        press(learner, "Enter")
        learner.until(text)
        assert focused(learner).startswith(name)
    assert learner.button("Final count").is_disabled()
    learner.button("Final count").evaluate("(node) => node.click()")
    assert learner.shown()["said"].startswith("Begun again")
    learner.choose("Learning rate", "10")
    learner.button("Start").focus()
    press(learner, "Enter")
    learner.until("Diverged at step")
    assert focused(learner) == "Start"


def test_the_value_under_the_pointer_is_shown(learner):
    learner.learn(5)
    latest = learner.shown()
    chart = learner.root.get_by_role("slider", name="Loss")
    box = chart.bounding_box()
    chart.hover(position={"x": 50, "y": 60})
    assert learner.shown()["loss"].startswith("step 1: 2.")
    chart.hover(position={"x": box["width"] - 12, "y": 60})
    assert learner.shown()["loss"] == latest["loss"]
    learner.tab.mouse.move(0, 0)
    assert learner.shown()["loss"] == latest["loss"]


# What is seen is what the network is


def test_everything_shown_is_recomputed_from_the_downloaded_weights(learner, tmp_path):
    learner.choose("Batch", "256")  # four steps are an epoch
    learner.button("Start").click()
    learner.until("epoch 2: ")
    learner.button("Pause").click()
    learner.until("Paused after step")
    shown = learner.shown()
    while shown["step"] % 4:  # the digits held out are counted at the end of an epoch
        shown = learner.single()
    weights, path = learner.download(tmp_path)
    assert path.name == f"mnist-seed-0-step-{shown['step']}.npz"
    held = digit_sets()["first"][1000:]
    answers = forward(held.images, weights)["dense_2"].argmax(axis=1)
    wrong = np.flatnonzero(answers != held.labels)
    epoch = shown["step"] // 4
    assert shown["held"] == f"epoch {epoch}: {500 - len(wrong)} of 500"
    assert 500 - len(wrong) > 150, "three times what guessing gets"
    assert shown["still"].startswith(f"{len(wrong)} of the 500 held-out digits")
    assert shown["wrong"] == [f"{held.labels[i]} → {answers[i]}" for i in wrong[:20]]
    value = weights[FOLLOWED.layer][0][FOLLOWED.place]
    assert shown["path"].startswith(f"step {shown['step']}: ")
    assert number(shown["path"].split(": ")[1]) == pytest.approx(value, rel=1e-3)
    loaded = load_model(path).predict(held.images[:50], verbose=0)
    assert np.abs(loaded - forward(held.images[:50], weights)["dense_2"]).max() < 1e-5


def kernels_of(learner):
    """The colours of the 32 kernels, (32, 9, 3)."""
    from live_explorer import Explorer

    explorer = Explorer(learner.tab)
    colours, rects, _ = explorer.painted(learner.root.locator(".explorer-kernels"))
    tiles = [
        colours[4 * (k // 8) : 4 * (k // 8) + 3, 4 * (k % 8) : 4 * (k % 8) + 3].reshape(9, 3)
        for k in range(32)
    ]
    return np.stack(tiles), rects


def test_the_kernels_are_painted_as_they_are_and_change(learner, tmp_path):
    before, rects = kernels_of(learner)
    learner.single()
    after, _ = kernels_of(learner)
    weights, _ = learner.download(tmp_path)
    check_colours(after, weights["conv2d_1"][0].reshape(9, 32).T)
    assert (before != after).any()
    row, column, _, kernel = FOLLOWED.place
    x, y = 4 * (kernel % 8), 4 * (kernel // 8)
    assert rects == [["chosen", [x, y, 3, 3]], ["chosen", [x + column, y + row, 1, 1]]]


def test_drawing_on_your_own_network_and_back(learner, chapter, tmp_path, embedded):
    assert learner.button("Draw on your own network").is_disabled()
    assert learner.button("Back to the book’s network").is_disabled()
    chapter.exact()
    book = probabilities(chapter.read())
    learner.learn(3)
    weights, _ = learner.download(tmp_path)
    learner.button("Draw on your own network").click()
    seven = embedded.test.images[np.argmax(embedded.test.labels == 7)][np.newaxis]
    wanted = forward(seven, weights)["dense_2"][0]
    assert np.abs(probabilities(chapter.read()) - wanted).max() < 1e-5
    trust = chapter.root.locator(".explorer-trust").inner_text()
    assert re.search(r"Weights: your own, after \d+ steps on this page \(RMSprop 0\.001", trust)
    learner.button("Back to the book’s network").click()
    assert np.array_equal(probabilities(chapter.read()), book)
    assert "sha256" in chapter.root.locator(".explorer-trust").inner_text()


def test_the_final_count_is_right_and_made_once(learner, tmp_path):
    assert learner.button("Final count").is_disabled()
    learner.learn(2)
    shown = learner.shown()
    learner.button("Final count").click()
    learner.until("of 1,000 test digits right")
    weights, _ = learner.download(tmp_path)
    test = digit_sets()["test"]
    right = (forward(test.images, weights)["dense_2"].argmax(axis=1) == test.labels).sum()
    assert (
        f"{right} of 1,000 test digits right, after {shown['step']} steps."
        in learner.shown()["all"]
    )
    learner.single()
    assert learner.button("Final count").is_disabled()
    assert "it is not counted again" in learner.shown()["all"]
    learner.button("Reset").click()
    learner.single()
    assert learner.button("Final count").is_enabled()


# The recipe, the experiments, and what goes wrong


def test_a_changed_recipe_begins_anew_and_says_so(learner):
    learner.single()
    learner.choose("Batch", "32")
    learner.until("Begun again, from new random weights, with this recipe.")
    assert learner.shown()["step"] == 0
    learner.choose("Optimizer", "adam")
    learner.shown()
    assert learner.root.get_by_label("Learning rate").input_value() == "0.001"
    learner.choose("Optimizer", "descent")
    learner.shown()
    assert learner.root.get_by_label("Learning rate").input_value() == "0.01"


def test_while_it_runs_only_the_learning_rate_can_be_changed(learner):
    learner.button("Start").click()
    learner.until_step(1)
    for label in ("Optimizer", "Batch", "Learn from", "Seed", "without ReLU", "labels shuffled"):
        assert learner.root.get_by_label(label).is_disabled(), label
    learner.choose("Learning rate", "3")
    learner.until("Diverged at step")
    shown = learner.shown()
    assert "With a learning rate of 3 the steps are so long" in shown["said"]
    assert "NaN" not in shown["all"]
    assert "Infinity" not in shown["all"]
    assert learner.button("Start").is_disabled()
    assert learner.button("One step").is_disabled()
    assert learner.button("Draw on your own network").is_disabled()
    learner.choose("Learning rate", "0.001")
    learner.button("Reset").click()
    assert learner.single()["step"] == 1


def test_numbers_beyond_float32_are_never_shown(learner):
    learner.root.get_by_label("without ReLU").check()
    learner.choose("Optimizer", "descent")
    learner.choose("Learning rate", "1")
    learner.button("Start").click()
    learner.until("Diverged at step")
    shown = learner.shown()
    assert re.search(r"a loss of \S+, where a guess costs 2.303|left the range", shown["said"])
    assert "NaN" not in learner.root.evaluate("(root) => root.outerHTML")
    assert "Infinity" not in learner.root.evaluate("(root) => root.outerHTML")


def test_a_learning_rate_that_was_changed_on_the_way_is_said(learner, chapter):
    learner.choose("Batch", "8")
    learner.until("epoch 0: ")
    learner.learn(2)
    learner.choose("Learning rate", "0.0003")
    learner.single()
    learner.button("Draw on your own network").click()
    chapter.root.get_by_text("RMSprop, its learning rate 0.0003 at the end").first.wait_for()


def test_a_seed_that_is_none_is_refused_with_a_word(learner):
    seed = learner.root.get_by_label("Seed")
    for bad in ("", "-1", "1.5", "seven", "4294967296"):
        seed.fill(bad)
        refused = learner.shown()["all"]
        assert "The seed is a whole number from 0 to 4,294,967,295." in refused, bad
        assert learner.button("Start").is_disabled(), bad
        assert seed.get_attribute("aria-invalid") == "true"
        seed.fill("7")
        assert "whole number" not in learner.shown()["all"]
        assert learner.button("Start").is_enabled()


def test_a_seed_that_is_the_same_again_keeps_the_run(learner):
    learner.single()
    seed = learner.root.get_by_label("Seed")
    for text in ("0x", "0", "", "00"):
        seed.fill(text)
    shown = learner.shown()
    assert shown["step"] == 1
    assert "Begun again" not in shown["said"]
    assert learner.button("Start").is_enabled()


def test_another_seed_gives_another_run(learner):
    first = learner.single()
    learner.root.get_by_label("Seed").fill("7")
    other = learner.single()
    assert other["step"] == 1
    assert other["loss"] != first["loss"]


def test_without_relu_the_network_is_another_and_stays_here(learner):
    first = learner.single()
    learner.root.get_by_label("without ReLU").check()
    other = learner.single()
    assert other["loss"] != first["loss"], "the same weights and digits, without ReLU"
    assert learner.button("Draw on your own network").is_disabled()
    assert learner.button("Download").is_disabled()
    assert "learned without ReLU" in other["all"]


def test_equal_weights_stay_equal_kernels(learner):
    learner.root.get_by_label("all weights of a layer equal").check()
    learner.single()
    kernels, _ = kernels_of(learner)
    assert (kernels == kernels[:1]).all()


# Workers


THROWS = "globalThis.Worker = class { constructor() { throw new Error('refused'); } };"
FAILS = """globalThis.Worker = class extends EventTarget {
  constructor() { super(); setTimeout(() => this.dispatchEvent(new Event("error"))); }
  terminate() {} postMessage() {} };"""


@pytest.mark.parametrize("refusal", [THROWS, FAILS], ids=["throws", "fails"])
def test_where_workers_are_refused_the_page_does_the_work(browser, refusal):
    with learning(browser, prepare=refusal) as learner:
        learner.load()
        first = learner.single()
        assert learner.learn(2)["step"] >= 2
    with learning(browser) as learner:
        assert learner.load().single()["loss"] == first["loss"], "the same as in a worker"


DIES = """const Whole = Worker;
globalThis.Worker = class extends Whole {
  constructor(...all) { super(...all); (globalThis.workers ??= []).push(this); } };"""


def test_a_worker_that_dies_is_named_and_what_it_had_learned_is_kept(browser, tmp_path):
    with learning(browser, prepare=DIES) as learner:
        learner.load().learn(2)
        kept = learner.shown()["step"]
        learner.button("Start").click()
        learner.until_step(kept + 1)
        learner.tab.evaluate("workers.at(-1).dispatchEvent(new ErrorEvent('error'))")
        learner.until("The worker in which the network learned has stopped")
        learner.until(f"The weights after step {kept} are kept")
        weights, _ = learner.download(tmp_path)
        assert np.isfinite(weights["dense_2"][0]).all()
        assert learner.button("Start").is_disabled()
        learner.button("Reset").click()
        assert learner.single()["step"] == 1


def test_two_of_them_on_one_page_do_not_disturb_each_other(learner):
    learner.tab.evaluate(
        """() => {
          const place = document.createElement("div");
          place.className = "explorer-live";
          place.id = "second";
          document.querySelector(".explorer").after(place);
          mnistExplorer.api.mount(place, mnistExplorer, { layer: "training" }); }"""
    )
    other = Learner(learner.tab)
    other.root = learner.tab.locator("#second .explorer-learning")
    other.load()
    other.root.get_by_label("Seed").fill("3")
    learner.button("Start").click()
    shown = other.learn(3)
    learner.root.scroll_into_view_if_needed()  # what cannot be seen is not painted
    learner.until_step(3)
    learner.button("Pause").click()
    learner.until("Paused after step")
    assert shown["step"] >= 3
    assert learner.shown()["loss"] != shown["loss"]


def test_it_goes_on_where_nothing_is_painted(browser):
    """As in a tab in the background, which gets no frames."""
    prepare = """const real = requestAnimationFrame;
    const held = [];
    globalThis.requestAnimationFrame = (work) =>
      globalThis.frozen ? held.push(work) : real(work);
    globalThis.thaw = () => { globalThis.frozen = false; held.splice(0).forEach((w) => w(0)); };"""
    with learning(browser, prepare=prepare) as learner:
        learner.load().button("Start").click()
        learner.until_step(1)
        learner.tab.evaluate("void (globalThis.frozen = true)")
        frozen = learner.root.evaluate(SHOWN)["step"]
        learner.tab.wait_for_timeout(1500)
        assert learner.root.evaluate(SHOWN)["step"] <= frozen + 1
        learner.tab.evaluate("thaw()")
        learner.until_step(frozen + 2)


# For every reader


@pytest.mark.parametrize(
    ("scheme", "viewport"), [("light", WIDE), ("dark", PHONE)], ids=["light-wide", "dark-phone"]
)
def test_it_can_be_read_and_reached_by_everyone(browser, scheme, viewport):
    with opened(browser, PAGE, color_scheme=scheme, viewport=viewport) as explorer:
        learner = Learner(explorer.tab).load()
        learner.root.get_by_label("Seed").fill("bad")
        texts = learner.root.evaluate(COLOURS)
        options = {"preload": False, "resultTypes": ["violations"]}
        found = Axe().run(learner.tab, ".explorer-learning", options).response["violations"]
        outside = learner.root.evaluate(OUTSIDE)
        width = learner.tab.evaluate("document.documentElement.scrollWidth")
        sizes = [b.bounding_box()["height"] for b in learner.root.get_by_role("button").all()]
    assert [(v["id"], [node["html"][:100] for node in v["nodes"]]) for v in found] == []
    assert [text for text in texts if contrast(*text[1:]) < 4.5] == []
    assert len(texts) > 30
    assert outside == []
    assert width <= viewport["width"] + 1
    assert min(sizes) >= (40 if viewport is PHONE else 28)
