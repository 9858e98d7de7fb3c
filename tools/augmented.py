"""Train the network for real pens, and measure what it gains: `make augmented`.

The same 93,322 numbers, trained on digits that are warped and drawn with other pens in every epoch,
and on scribbles and letters for which all ten outputs shall be one tenth. The digits are those of
`make pretrained` but for 5,000 that are held out: on them, and on them alone, the threshold of the
refusal is chosen. Letters, drawings and scribbles that are measured are of other kinds than those
learned. The test set is opened once, at the end. Seeds are fixed here, before anyone sees a result.

`python -m tools.augmented photographs` reads the photographs anew, with the weights that are
shipped: after a change of `read_image` no network has to be trained again.
"""

import argparse
import os
import time
from importlib.metadata import version

import keras
import numpy as np
from tqdm import tqdm

from mnist_lib.augment import augment
from mnist_lib.data import Digits, Mnist, content_hash, embedded_test_indices, load_mnist
from mnist_lib.model import build_model
from mnist_lib.preprocessing import prepare_digit, rasterise
from mnist_lib.pretrained import load_augmented_results, load_provenance
from mnist_lib.saving import hash_of, load_pretrained
from mnist_lib.simulate import DISTURBANCES, scribble, styles
from mnist_lib.simulate import write as write_strokes
from mnist_lib.training import one_hot
from tools.experiments import split
from tools.photographs import photographed
from tools.pretrained import FOLDER, outside_embedded_test, versions, write
from tools.pretrained import run as run_note

EPOCHS, SLOW = 8, 2
"""So many passes; the last ones with a tenth of the learning rate."""

SEEDS = (0, 1, 2)
REFUSED = 0.01
"""At most this share of held-out digits is refused."""

LETTERS = "CEGJLNQUWY"
SCRIBBLES = ("wander", "corners")
"""What is learned as no digit: 150 of each letter, 750 of each scribble."""

OTHER_LETTERS = "ABDFHKMPRSTVX"
OTHER_SCRIBBLES = ("loops", "hatching")
FIGURES = ("arrow", "heart", "house", "spiral", "star", "cat")
"""What is measured: none of it is learned."""

SHIPPED = {"shipped": "note", "seed 0": "augmented"}
"""The networks whose weights are kept, and their names; they alone read the photographs."""

NUMBERS = range(4000, 4100)
"""Photographs as `make photographs` numbers them; these seeds are used nowhere else."""

BOLD = 56
BOLD_KINDS = ("plain", "shading", "lined", "rotated", "perspective")
"""Photographs of a pen twice as wide, in the kinds that leave the pen as it is."""

PENS = (7, 14, 21, 28, 42, 56, 70)
"""Widths of the pen on the pad, in pixels; 28 is that of the book."""


def main() -> None:
    """Train and measure all, or measure what depends on `read_image`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=("all", "photographs"), default="all")
    (make_all if parser.parse_args().what == "all" else measure_photographs)()


def measure_photographs() -> None:
    """Write the counts of the two networks whose weights are shipped into the record."""
    record, photographs = load_augmented_results(), Photographs()
    for name, weights in SHIPPED.items():
        measured = record["measured"][name]
        model = load_pretrained(weights)
        measured |= photographs.measure(model, measured["threshold"])
    write("augmented.json", record)


def make_all() -> None:
    """Train, choose, measure; then open the test set and write the record."""
    mnist = load_mnist("full")
    held, learned = split(mnist.train[outside_embedded_test(mnist)])
    nothing, pictures = no_digits(), Pictures()
    twin, _ = run_note(learned, 0)
    limit = threshold(twin, held)  # the shipped network has learned these digits: its twin has not
    networks = {"shipped": (load_pretrained(), limit), "twin": (twin, limit)}
    runs = []
    for seed in SEEDS:
        start = time.perf_counter()
        model, losses = learn(learned, nothing, seed)
        seconds = round(time.perf_counter() - start)
        if seed == SEEDS[0]:
            best = model
        networks[f"seed {seed}"] = (model, threshold(model, held))
        runs.append({"seed": seed, "seconds": seconds, "loss": losses})
        print(f"seed {seed}: {seconds} s, loss {losses}")
    tests = {"test": mnist.test, "embedded_test": embedded_test(mnist)}
    measured = {
        name: pictures.measure(model, limit, {"held_out": held} | tests)
        for name, (model, limit) in networks.items()
    }
    photographs = Photographs()
    for name in SHIPPED:
        measured[name] |= photographs.measure(*networks[name])
    arrays = {
        f"{layer.name}/{part}": array
        for layer in best.layers
        for part, array in zip(("kernel", "bias"), layer.get_weights(), strict=False)
    }
    beside = FOLDER / "augmented.new.npz"
    np.savez_compressed(beside, **arrays)
    os.replace(beside, FOLDER / "augmented.npz")
    write(
        "augmented.json",
        {
            "made_by": "make augmented",
            "recipe": {
                "epochs": EPOCHS,
                "batch_size": 64,
                "optimizer": "rmsprop",
                "learning_rate": f"0.001, and 0.0001 in the last {SLOW} epochs",
                "loss": "categorical_crossentropy",
                "no_digits": f"{len(nothing):,} beside the digits of each epoch, target 1/10",
            },
            "trained_on": f"{len(learned):,} training digits, warped and inked anew in every epoch",
            "held_out": f"{len(held):,} other training digits, for the thresholds",
            "data_sha256": content_hash(learned),
            "weights_sha256": hash_of(arrays.values()),
            "shipped_sha256": load_provenance()["weights_sha256"],
            "runs": runs,
            "measured": measured,
            "versions": versions() | {"pillow": version("pillow"), "scipy": version("scipy")},
        },
    )


def embedded_test(mnist: Mnist) -> Digits:
    """The test split of the embedded digits, which none of the networks has learned."""
    return mnist.train[embedded_test_indices(mnist.train.labels)]


def learn(
    digits: Digits, nothing: np.ndarray, seed: int, epochs: int = EPOCHS, slow: int = SLOW
) -> tuple[keras.Model, list[float]]:
    """One run; every epoch sees every digit once, as another pen would have written it.

    nothing: pictures that show no digit; without any, digits alone
    """
    keras.utils.set_random_seed(seed)
    model = build_model()
    targets = np.concatenate([one_hot(digits.labels), np.full((len(nothing), 10), 0.1)])
    losses = []
    for epoch in range(epochs):
        if epoch == epochs - slow:
            model.optimizer.learning_rate.assign(1e-4)
        rng = np.random.default_rng((seed, epoch))
        shown = np.concatenate(
            [
                augment(
                    digits.images[start : start + 2000], rng, digits.labels[start : start + 2000]
                )
                for start in range(0, len(digits), 2000)
            ]
            + [augment(nothing, rng)]
        )
        order = rng.permutation(len(shown))
        record = model.fit(shown[order], targets[order], batch_size=64, shuffle=False, verbose=0)
        losses.append(round(record.history["loss"][0], 5))
    return model, losses


def no_digits() -> np.ndarray:
    """Letters and scribbles to learn from, normalised as every drawing is."""
    return np.stack(
        [drawn(write_strokes(letter, 0, n)) for letter in LETTERS for n in range(150)]
        + [drawn(scribble(kind, n)) for kind in SCRIBBLES for n in range(750)]
    )


def drawn(strokes: list, **pen: float) -> np.ndarray:
    """The 28×28 of a drawing on the pad."""
    return prepare_digit(rasterise(strokes, **pen))


def count(model: keras.Model, limit: float, images: np.ndarray, labels: np.ndarray) -> dict:
    """Right answers and refusals, at one threshold."""
    outputs = model.predict(images, batch_size=256, verbose=0)
    right, kept = outputs.argmax(axis=1) == labels, outputs.max(axis=1) >= limit
    return {
        "correct": int(right.sum()),
        "correct_and_kept": int((right & kept).sum()),
        "kept": int(kept.sum()),
        "total": len(labels),
    }


class Photographs:
    """A hundred of each kind, read once for all networks."""

    def __init__(self):
        self.photographs = {
            kind: (np.stack([photographed(n, kind) for n in NUMBERS]), np.array(NUMBERS) % 10)
            for kind in tqdm(DISTURBANCES, unit="kind")
        }
        self.bold = {
            kind: (np.stack([photographed(n, kind, BOLD) for n in NUMBERS]), np.array(NUMBERS) % 10)
            for kind in tqdm(BOLD_KINDS, unit="kind")
        }

    def measure(self, model: keras.Model, limit: float) -> dict:
        """Counts by kind."""
        return {
            "photographs": {
                k: count(model, limit, *shown) for k, shown in self.photographs.items()
            },
            "bold_photographs": {k: count(model, limit, *shown) for k, shown in self.bold.items()},
        }


class Pictures:
    """What is measured without a camera, made once for all networks.

    Each pen draws 300 digits, each letter and figure is drawn 20 times, each scribble 100 times.
    """

    def __init__(self):
        written = [(what, style) for what in "0123456789" for style in range(len(styles()[what]))]
        chosen = [written[n % len(written)] for n in range(300)]
        self.pens = {
            str(pen): (
                np.stack([drawn(write_strokes(*w, n), pen=pen) for n, w in enumerate(chosen)]),
                np.array([int(what) for what, _ in chosen]),
            )
            for pen in PENS
        }
        self.nothing = {
            what: np.stack([drawn(write_strokes(what, 0, n)) for n in range(20)])
            for what in (*OTHER_LETTERS, *FIGURES)
        } | {
            kind: np.stack([drawn(scribble(kind, n)) for n in range(100)])
            for kind in OTHER_SCRIBBLES
        }

    def measure(self, model: keras.Model, limit: float, digits: dict[str, Digits]) -> dict:
        """Counts of right answers and of refusals, at one threshold."""
        return {
            "threshold": limit,
            "pens": {pen: count(model, limit, *shown) for pen, shown in self.pens.items()},
            "no_digits": {
                what: {"refused": int((scores(model, shown) < limit).sum()), "total": len(shown)}
                for what, shown in self.nothing.items()
            },
            **{
                name: count(model, limit, part.images, part.labels) for name, part in digits.items()
            },
        }


def threshold(model: keras.Model, held: Digits) -> float:
    """The largest score below which no more than the allowed share of held-out digits falls."""
    return float(np.sort(scores(model, held.images))[int(REFUSED * len(held))])


def scores(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """The largest of the ten outputs, for each picture."""
    return model.predict(images, batch_size=256, verbose=0).max(axis=1)


if __name__ == "__main__":
    main()
