"""What networks answer to the test set, and how sure they are: `make calibration`.

Five networks learn 55,000 training digits by the note's recipe. On the 5,000 others, and on them
alone, each gets its temperature. Then the test set is opened once: right answers, loss and
calibration error before and after, and every wrong answer. The network that is shipped answers too;
it gets no temperature, for it has learned the digits that would choose it. Seeds are fixed here,
before anyone sees a result.
"""

import json

import keras
import numpy as np
from tqdm import tqdm

from mnist_lib.calibration import calibration_error, fit_temperature
from mnist_lib.data import Digits, content_hash, load_mnist
from mnist_lib.pretrained import load_provenance
from mnist_lib.reference import cross_entropy, dense, softmax
from mnist_lib.saving import load_pretrained
from tools.experiments import split
from tools.pretrained import RECIPE, run, versions
from tools.shared import ROOT, write_text

FILE = ROOT / "mnist_lib" / "experiments" / "calibration.json"
SEEDS = (0, 1, 2, 3, 4)

DOUBTED = (947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729)
"""Test digits whose label people doubt: C. Northcutt and others, 2021."""


def main() -> None:
    """Train, choose, open the test set, write the record."""
    mnist = load_mnist("full")
    held, learned = split(mnist.train)
    runs = []
    for seed in tqdm(SEEDS, unit="run"):
        model, _ = run(learned, seed)
        logits = {"held_out": logits_of(model, held), "test": logits_of(model, mnist.test)}
        temperature = fit_temperature(logits["held_out"], held.labels)
        runs.append({"seed": seed, "temperature": round(temperature, 4)})
        for name, digits in (("held_out", held), ("test", mnist.test)):
            runs[-1][name] = {
                "before": measure(logits[name], digits),
                "after": measure(logits[name] / temperature, digits),
            }
        runs[-1] |= answers(softmax(logits["test"]), mnist.test)
    shipped = softmax(logits_of(load_pretrained(), mnist.test))
    record = {
        "made_by": "make calibration",
        "recipe": RECIPE,
        "learned_sha256": content_hash(learned),
        "held_out_sha256": content_hash(held),
        "test_sha256": content_hash(mnist.test),
        "shipped_sha256": load_provenance()["weights_sha256"],
        "doubted": list(DOUBTED),
        "labels": mnist.test.labels[list(DOUBTED)].tolist(),
        "shipped": answers(shipped, mnist.test),
        "runs": runs,
        "versions": versions(),
    }
    write_text(FILE, json.dumps(record) + "\n")


def logits_of(model: keras.Model, digits: Digits) -> np.ndarray:
    """What the last layer adds up, before softmax."""
    below = keras.Model(model.inputs[0], model.layers[-2].output)
    features = below.predict(digits.images, batch_size=500, verbose=0).astype(np.float64)
    return dense(features, *model.layers[-1].get_weights())


def measure(logits: np.ndarray, digits: Digits) -> dict:
    """Right answers, loss and calibration error of 15 bins."""
    return {
        "correct": int((logits.argmax(axis=1) == digits.labels).sum()),
        "total": len(digits),
        "loss": round(cross_entropy(logits, digits.labels), 5),
        "calibration_error": round(calibration_error(softmax(logits), digits.labels), 5),
    }


def answers(probabilities: np.ndarray, digits: Digits) -> dict:
    """Which digits are answered wrongly, and the answers to the doubted ones with their scores."""
    found = probabilities.argmax(axis=1)
    return {
        "wrong": np.flatnonzero(found != digits.labels).tolist(),
        "doubted": [[int(found[i]), round(float(probabilities[i].max()), 4)] for i in DOUBTED],
    }


if __name__ == "__main__":
    main()
