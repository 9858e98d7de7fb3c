"""The examples for the pencil in the page: every number that they show is computed again."""

import json

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import HTML, complaints, visit
from live_explorer import PHONE

from mnist_lib import reference
from mnist_lib.reference import conv2d, dense, flatten, max_pool2d, relu, softmax

PAGES = {name: HTML / "chapters" / f"{name}.html" for name in ("convolution", "backward")}
IMAGE = np.array([[3, 3, 3, 2], [3, 0, 0, 0], [3, 0, 1, 0], [2, 0, 0, 0]], float)
KERNEL = np.array([[1, 1, 1], [1, -1, -1], [1, -1, -1]], float)


@pytest.fixture
def stepper(browser, request):
    """The stepper of a chapter, and the page; nothing is logged."""
    context, tab, _, messages = visit(browser, PAGES[request.param])
    yield tab.locator("div.stepper")
    context.close()
    assert complaints(messages) == []


convolution = pytest.mark.parametrize("stepper", ["convolution"], indirect=True)
backward = pytest.mark.parametrize("stepper", ["backward"], indirect=True)


def numbers(stepper, name):
    """The numbers of a table, as they are shown."""
    group = stepper.get_by_role("group", name=name, exact=True)
    texts = group.locator("input, button").evaluate_all(
        "all => all.map(e => e.value || e.innerText)"
    )
    return [None if text == "?" else float(text.replace("−", "-")) for text in texts]


def correlated(image, kernel, bias):
    kernel = kernel.reshape(3, 3, 1, 1)
    return conv2d(image.reshape(1, 4, 4, 1), kernel, np.array([bias])).ravel()


def press(stepper, name, times=1):
    """Click; also where the button says that it is disabled, and must then do nothing."""
    for _ in range(times):
        stepper.get_by_role("button", name=name, exact=True).click(force=True)


@convolution
def test_it_opens_with_the_numbers_of_the_chapter_and_fills_the_map_step_by_step(stepper):
    assert numbers(stepper, "image") == IMAGE.ravel().tolist()
    assert numbers(stepper, "kernel") == KERNEL.ravel().tolist()
    wanted = correlated(IMAGE, KERNEL, 0).tolist()
    assert wanted == [14, 7, 7, -1]
    for done in range(1, 5):
        assert numbers(stepper, "map") == wanted[:done] + [None] * (4 - done)
        said = stepper.locator(".explorer-equation").inner_text().replace("−", "-")
        assert said.endswith(f"= {wanted[done - 1]:.0f}")
        terms = said.split(": ")[1].split(" + bias")[0].split(" + ")
        assert len(terms) == 9
        factors = [[float(x.strip("()")) for x in term.split(" · ")] for term in terms]
        assert sum(a * b for a, b in factors) == wanted[done - 1]
        press(stepper, "Step")
    press(stepper, "Step")  # there is no fifth: nothing happens
    press(stepper, "Back", 3)
    assert stepper.locator("[aria-pressed=true]").inner_text() == "14"


@convolution
def test_changing_a_number_changes_every_sum(stepper):
    press(stepper, "Step", 3)
    for name, value in (("image, row 1, column 1", "2.5"), ("kernel, row 0, column 2", "−4")):
        stepper.get_by_label(name).fill(value)
    stepper.get_by_label("bias", exact=True).last.fill("0.25")
    image, kernel = IMAGE.copy(), KERNEL.copy()
    image[1, 1], kernel[0, 2] = 2.5, -4
    assert numbers(stepper, "map") == pytest.approx(correlated(image, kernel, 0.25))
    press(stepper, "Reset")
    assert numbers(stepper, "map") == [14, None, None, None]
    assert numbers(stepper, "image") == IMAGE.ravel().tolist()


@pytest.mark.parametrize("typed", ["", "three", "1e400", "NaN", "2000000", "1 2"])
@convolution
def test_what_is_no_number_is_said_and_the_last_good_one_stays(stepper, typed):
    field = stepper.get_by_label("image, row 0, column 0")
    field.fill(typed)
    assert stepper.get_by_role("alert").inner_text() == (
        f"Wanted: a number up to a million. Typed: “{typed}”."
    )
    assert field.get_attribute("aria-invalid") == "true"
    assert numbers(stepper, "map")[0] == 14
    field.blur()
    assert field.input_value() == "3"
    assert stepper.get_by_role("alert").inner_text() == ""


@convolution
def test_with_arrow_keys_one_walks_over_the_map_and_each_step_is_read_aloud(stepper):
    stepper.get_by_role("button", name="map, row 0, column 0: 14").focus()
    for key, wanted in (("ArrowRight", "= 7"), ("ArrowDown", "= −1"), ("ArrowLeft", "= 7")):
        stepper.page.keyboard.press(key)
        assert stepper.get_by_role("status").inner_text().endswith(wanted)
    focused = stepper.page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused == "map, row 1, column 0: 7"


# The pencil network

PICTURE = np.zeros((1, 5, 5, 1))
PICTURE[0, 1:4, 1, 0] = 1, 2, 1
PICTURE[0, 3:, 3, 0], PICTURE[0, 3, 2, 0] = 1, 1
START = {
    "picture": PICTURE.ravel(),
    "kernel": np.array([1.0, -1, 2, 0]),
    "bias": np.array([-1.0]),
    "dense: 9, 4": np.array([2.0, 0, 1, -1, 0, 2, 0, 1]),
    "biases": np.array([np.log(3), 0]),
}


def passes(numbers):
    """All tables, by NumPy, under the names in the page; and the gradients of what is learned."""
    picture, small = numbers["picture"].reshape(1, 5, 5, 1), numbers["kernel"].reshape(2, 2, 1, 1)
    matrix, last = numbers["dense: 9, 4"].reshape(4, 2), numbers["biases"]
    convolved = conv2d(picture, small, numbers["bias"])
    bent = relu(convolved)
    pooled = max_pool2d(bent)
    row = flatten(pooled)
    logits = dense(row, matrix, last)
    probabilities = softmax(logits)
    error = reference.cross_entropy_gradient(probabilities, np.array([1]))
    (of_matrix, of_last), row_error = reference.dense_gradients(row, matrix, error)
    won = reference.max_pool2d_gradient(bent, row_error.reshape(pooled.shape))
    passed = reference.relu_gradient(bent, won)
    (of_small, of_bias), _ = reference.conv2d_gradients(picture, small, passed)
    tables = {
        "convolution": convolved,
        "ReLU": bent,
        "pooled": pooled,
        "logits of 9, 4": logits,
        "probabilities": probabilities,
        "loss": -np.log(probabilities[0, 1]),
        "error of the logits": error,
        "gradients: dense": of_matrix,
        "its biases": of_last,
        "error of the pooled": row_error,
        "error of the convolution": passed,
        "gradients: kernel": of_small,
        "its bias": of_bias,
    }
    learned = (
        ("kernel", of_small),
        ("bias", of_bias),
        ("dense: 9, 4", of_matrix),
        ("biases", of_last),
    )
    return {name: np.ravel(values) for name, values in tables.items()}, dict(learned)


def compare(stepper, wanted):
    for name, values in wanted.items():
        assert numbers(stepper, name) == pytest.approx(values.tolist(), abs=6e-5, rel=6e-6), name


@backward
def test_the_pencil_network_shows_every_value_and_every_gradient_of_numpy(stepper):
    compare(stepper, {name: START[name] for name in START})
    press(stepper, "Step", 12)
    wanted, _ = passes(START)
    compare(stepper, wanted)
    assert wanted["gradients: kernel"][0] == pytest.approx(-9 / 4)


@backward
def test_each_stage_says_how_its_numbers_come_about(stepper):
    said = [stepper.locator(".explorer-equation").inner_text()]
    for _ in range(12):
        press(stepper, "Step")
        said.append(stepper.locator(".explorer-equation").inner_text())
    assert len(set(said)) == 13
    assert said[3] == ("logits of 9, 4: 4 · 2 + 0 · 1 + 3 · 0 + 2 · 0 + bias 1.0986 = 9.0986")
    assert said[6] == "error of the logits: 0.75 − 0 = 0.75"
    assert said[11].endswith("1 · 1.5 + 2 · (−1.5) + 1 · (−0.75) = −2.25"), said[11]
    shut = stepper.get_by_role("button", name="error of the convolution, row 0, column 2: 0")
    shut.click()
    assert "ReLU is shut, the sum was −1: nothing passes" in (
        stepper.locator(".explorer-equation").inner_text()
    )


@backward
def test_other_numbers_have_other_gradients(stepper):
    press(stepper, "Step", 12)
    stepper.get_by_label("picture, row 2, column 2").fill("1.5")
    stepper.get_by_label("dense: 9, 4, row 0, column 1").fill("0.5")
    other = json.loads(json.dumps({name: values.tolist() for name, values in START.items()}))
    other["picture"][12], other["dense: 9, 4"][1] = 1.5, 0.5
    compare(stepper, passes({name: np.array(values) for name, values in other.items()})[0])


@backward
def test_a_step_down_moves_every_weight_against_its_gradient_and_the_loss_falls(stepper):
    state, losses = {name: values.copy() for name, values in START.items()}, []
    for _ in range(3):
        tables, gradients = passes(state)
        losses.append(tables["loss"][0])
        state = {
            name: values - 0.01 * np.ravel(gradients[name]) if name in gradients else values
            for name, values in state.items()
        }
        press(stepper, "Take one step down")
        compare(stepper, state)
    losses.append(passes(state)[0]["loss"][0])
    assert losses == sorted(losses, reverse=True)
    story = " → ".join(f"{loss:.4f}".rstrip("0") for loss in losses)
    assert stepper.locator(".explorer-note").inner_text() == f"Loss, step by step: {story}"


@backward
def test_a_step_that_would_lead_beyond_a_million_is_not_taken_and_said(stepper):
    stepper.get_by_role("textbox", name="learning rate").fill("1000000")
    before = numbers(stepper, "kernel")
    press(stepper, "Take one step down", times=2)
    assert numbers(stepper, "kernel") == before
    assert "lower the rate" in stepper.get_by_role("alert").inner_text()
    stepper.get_by_role("textbox", name="learning rate").fill("0.01")
    press(stepper, "Take one step down")
    assert numbers(stepper, "kernel") != before
    assert stepper.get_by_role("alert").inner_text() == ""


@pytest.mark.parametrize(("scheme", "width"), [("light", 1300), ("dark", 320)])
@pytest.mark.parametrize("name", PAGES)
def test_a_stepper_is_accessible_and_never_pushes_the_page(browser, name, scheme, width):
    viewport = {"width": width, "height": 800}
    context, tab, _, _ = visit(browser, PAGES[name], color_scheme=scheme, viewport=viewport)
    press(tab.locator("div.stepper"), "Step", 3)
    options = {"preload": False, "resultTypes": ["violations"]}
    found = Axe().run(tab, "div.stepper", options).response["violations"]
    sideways = tab.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert [(v["id"], [node["html"][:100] for node in v["nodes"]]) for v in found] == []
    assert sideways <= width + 1


def test_a_finger_hits_every_cell(browser):
    options = {"viewport": PHONE, "has_touch": True, "is_mobile": True}
    context, tab, _, _ = visit(browser, PAGES["backward"], **options)
    sizes = tab.locator(".stepper-grid :is(input, button)").evaluate_all(
        "all => all.map((e) => Math.min(e.offsetWidth, e.offsetHeight))"
    )
    context.close()
    assert min(sizes) >= 44


def test_only_a_page_with_a_stepper_loads_its_script():
    with_one = {
        page.stem
        for page in HTML.rglob("*.html")
        if "explorer-steppers.js" in page.read_text(encoding="utf-8")
    }
    assert with_one == set(PAGES)
