"""The test digits, the check against Keras, and what the page says about its weights."""

import base64
import hashlib
import re

import numpy as np
from live_explorer import KERAS, in_grey, number, probabilities
from way_back import scene

from mnist_lib.data import load_followed_digit
from mnist_lib.pretrained import load_provenance, load_weights


def test_test_digits_get_what_keras_computed_and_the_page_checks_itself(
    explorer, embedded, network
):
    explorer.exact()
    test, followed = embedded.test, load_followed_digit().images[0]
    names = [f"Test digit {digit}" for digit in range(10)] + ["Training digit 4"]
    images = [*(test.images[np.argmax(test.labels == digit)] for digit in range(10)), followed]
    golden = explorer.tab.evaluate("mnistExplorer.golden_digits")
    differences = []
    for name, image, recorded in zip(names, images, golden, strict=True):
        explorer.button(name).click()
        seen = explorer.read()
        answer = 9 if image is followed else name[-1]
        what = name.replace(" digit ", " digit, a ")
        assert seen["sentence"].startswith(f"{what}: the network says {answer}")
        colours, _, _ = explorer.painted(explorer.root.locator(".explorer-step").last)
        assert np.array_equal(in_grey(colours).astype(np.float32), image[:, :, 0])
        assert np.abs(probabilities(seen) - network(image)["Dense 2"]).max() < KERAS
        assert explorer.button(name).get_attribute("aria-pressed") == "true"
        columns = [[float(line[i]) for line in seen["softmax"][:10]] for i in (1, 4)]
        wanted = recorded["logits"], recorded["probabilities"]
        differences.append(
            [np.abs(np.subtract(*pair)).max() for pair in zip(columns, wanted, strict=True)]
        )
    explorer.button("Check against Keras").click()
    said = explorer.root.locator(".explorer-trust [role=status]").inner_text()
    assert said.startswith("11 of 11 digits: the same answer as Keras.")
    shown = [float(text) for text in re.findall(r"(\d\S*e-\d+|\b0e\+0)", said)]
    largest = np.max(differences, axis=0)
    assert len(shown) == 2
    assert (largest < KERAS).all()
    # One decimal is shown; and the table's probabilities are not yet rounded to float32.
    assert np.allclose(shown, largest, rtol=0.06, atol=6e-8)


def test_the_check_against_keras_finds_a_wrong_answer(explorer):
    explorer.root.evaluate(
        """(root) => {
          const golden_digits = structuredClone(mnistExplorer.golden_digits);
          golden_digits[4].probabilities.reverse();
          root.replaceChildren();
          mnistExplorer.api.mount(root, { ...mnistExplorer, golden_digits }); }"""
    )
    explorer.button("Check against Keras").click()
    said = explorer.root.locator(".explorer-trust [role=status]").inner_text()
    assert said.startswith("10 of 11 digits")
    assert float(re.search(r"of a probability (\S+)\.$", said)[1]) > 0.5


def test_the_page_names_the_weights_that_it_runs(explorer, weights):
    packed = b"".join(array.astype("<f4").tobytes() for pair in weights.values() for array in pair)
    sent = base64.b64decode(explorer.tab.evaluate("mnistExplorer.weights"))
    provenance = load_provenance()
    sha256 = hashlib.sha256(sent).hexdigest()
    assert sent == packed
    assert sha256 == provenance["weights_sha256"]
    said = explorer.root.locator(".explorer-trust p").first.inner_text()
    assert f"sha256 {sha256};" in said
    assert provenance["trained_on"] in said
    score = provenance["test"]
    assert f"{score['correct']:,} of {score['total']:,} test digits right" in said


def test_other_weights_are_named_and_the_check_is_not_offered_for_them(explorer):
    explorer.root.evaluate(
        """(root) => {
          root.replaceChildren();
          const { store } = mnistExplorer.api.mount(root, mnistExplorer);
          const zeros = (weights) => Object.fromEntries(Object.entries(weights).map(
            ([name, { kernel, bias }]) => [name, { kernel: kernel.map(() => 0), bias }]));
          store.dispatch({
            type: "adopt", weights: zeros(store.state.weights), origin: "kernels of zeros" });
          globalThis.store = store; }"""
    )
    trust = explorer.root.locator(".explorer-trust")
    assert trust.locator("p").filter(visible=True).all_inner_texts() == [
        "Weights: kernels of zeros."
    ]
    assert not explorer.button("Check against Keras").is_visible()
    logits = [number(line[1]) for line in explorer.read()["softmax"][:10]]
    bias = load_weights()["dense_2"][1]
    assert np.allclose(logits, bias, atol=5e-5), "of zeros only the last bias is left"
    explorer.tab.evaluate("store.dispatch({ type: 'restore' })")
    assert explorer.button("Check against Keras").is_visible()
    assert explorer.read()["sentence"].startswith("Test digit, a 7: the network says 7 ")


def test_in_the_backward_view_the_golden_gradients_are_compared_too(back):
    back.button("Check against Keras").click()
    said = back.root.locator(".explorer-trust [role=status]").inner_text()
    found = re.search(r"Of (\d+) gradients, the largest difference is (\S+) of the largest", said)
    golden = back.tab.evaluate(
        "mnistExplorer.golden_digits.map((digit) => digit.gradients.largest)"
    )
    assert int(found[1]) == sum(len(entries) for each in golden for entries in each.values())
    gaps = [
        abs(scene(back, "back", "gradients", *path.split("/"))[place] - value) / abs(entries[0][1])
        for path, entries in golden[10].items()
        for place, value in entries
    ]
    assert max(gaps) <= float(found[2]) * 1.06 < KERAS


def test_the_check_finds_a_wrong_gradient(explorer):
    explorer.root.evaluate(
        """(root) => {
          const golden_digits = structuredClone(mnistExplorer.golden_digits);
          golden_digits[3].gradients.largest["conv2d_2/bias"][1][1] *= -1;
          root.replaceChildren();
          const data = { ...mnistExplorer, golden_digits };
          mnistExplorer.api.mount(root, data, { layer: "backward" }); }"""
    )
    explorer.button("Check against Keras").click()
    said = explorer.root.locator(".explorer-trust [role=status]").inner_text()
    assert float(re.search(r"largest difference is (\S+) of", said)[1]) > 0.5
