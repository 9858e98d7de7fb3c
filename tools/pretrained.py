"""Make what `mnist_lib/pretrained/` ships: `make pretrained`, `make seeds`, `make followed`.

They train the note's recipe on the full MNIST and write what came out, with its
provenance. Seeds are fixed here, before anyone sees a result. With the weights comes what Keras
computes from them for eleven digits; `python -m tools.pretrained golden` writes this part alone.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from mnist_lib.architecture import FOLLOWED, WEIGHTED
from mnist_lib.data import (
    Digits,
    Mnist,
    content_hash,
    embedded_test_indices,
    load_followed_digit,
    load_mnist,
)
from mnist_lib.model import build_model
from mnist_lib.pretrained import load_provenance
from mnist_lib.saving import hash_of, load_pretrained
from mnist_lib.training import History, evaluate, train
from tools.shared import ROOT, write_text

FOLDER = ROOT / "mnist_lib" / "pretrained"
RECIPE = {"epochs": 5, "batch_size": 64, "optimizer": "rmsprop", "loss": "categorical_crossentropy"}
SEEDS = (0, 1, 2, 3, 4)


def main() -> None:
    """Make what the argument names."""
    makers = {
        "weights": make_weights,
        "golden": make_golden_outputs,
        "seeds": make_seeds,
        "followed": make_followed_path,
    }
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=makers)
    makers[parser.parse_args().what]()


def make_weights(seed: int = 0) -> None:
    """Train on the 59,000 digits outside the embedded test split; write weights and provenance."""
    mnist = load_mnist("full")
    digits = mnist.train[outside_embedded_test(mnist)]
    model, history = run(digits, seed)
    arrays = {
        f"{layer.name}/{part}": array
        for layer in map(model.get_layer, (layer.name for layer in WEIGHTED))
        for part, array in zip(("kernel", "bias"), layer.get_weights(), strict=True)
    }
    beside = FOLDER / "weights.new.npz"
    np.savez_compressed(beside, **arrays)
    os.replace(beside, FOLDER / "weights.npz")
    write(
        "provenance.json",
        {
            "made_by": "make pretrained",
            "recipe": RECIPE,
            "seed": seed,
            "trained_on": f"{len(digits):,} training digits, all but the embedded test split",
            "data_sha256": content_hash(digits),
            "weights_sha256": hash_of(arrays.values()),
            "seconds": round(sum(history.seconds)),
            "epochs": epochs(history),
            "test": evaluate(model, mnist.test)._asdict(),
            "embedded_test": evaluate(
                model, mnist.train[embedded_test_indices(mnist.train.labels)]
            )._asdict(),
            "versions": versions(),
        },
    )
    make_golden_outputs()


def make_golden_outputs() -> None:
    """What Keras computes for the first test digit of each class, and for the followed digit."""
    test, model = load_mnist("embedded").test, load_pretrained()
    indices = [int(np.flatnonzero(test.labels == label)[0]) for label in range(10)]
    places = [("test", index) for index in indices] + [("train", FOLLOWED.digit)]
    followed = load_followed_digit()
    images = np.concatenate([test.images[indices], followed.images])
    labels = [*range(10), int(followed.labels[0])]
    probabilities = np.asarray(model(images))
    model.layers[-1].activation = keras.activations.linear
    logits = np.asarray(model(images))
    write(
        "golden_outputs.json",
        {
            "made_by": "make pretrained",
            "weights_sha256": load_provenance()["weights_sha256"],
            "digits": [
                {
                    "split": split,
                    "index": index,
                    "label": labels[i],
                    "logits": logits[i].tolist(),
                    "probabilities": probabilities[i].tolist(),
                    "gradients": golden_gradients(model, images[i], int(np.argsort(logits[i])[-2])),
                }
                for i, (split, index) in enumerate(places)
            ],
            "versions": versions(),
        },
    )


def golden_gradients(model: keras.Model, image: np.ndarray, label: int, count: int = 3) -> dict:
    """The gradients of one digit and label by autodiff, as `load_golden_outputs` describes them.

    model: with logits as its outputs
    """
    with tf.GradientTape() as tape:
        loss = keras.losses.sparse_categorical_crossentropy(
            np.array([label]), model(image[np.newaxis]), from_logits=True
        )[0]
    found = tape.gradient(loss, [variable.value for variable in model.trainable_variables])
    largest = {}
    for variable, gradient in zip(model.trainable_variables, found, strict=True):
        row = gradient.numpy().ravel()
        places = np.argsort(-np.abs(row))[:count]
        largest["/".join(variable.path.split("/")[-2:])] = [
            [int(place), float(row[place])] for place in places
        ]
    return {"label": label, "loss": float(loss), "largest": largest}


def make_seeds() -> None:
    """Train on all 60,000 digits with each seed; write every result."""
    mnist = load_mnist("full")
    runs = []
    for seed in SEEDS:
        start = time.perf_counter()
        model, history = run(mnist.train, seed)
        score = evaluate(model, mnist.test)
        runs.append(
            {
                "seed": seed,
                **score._asdict(),
                "seconds": round(time.perf_counter() - start),
                "epochs": epochs(history),
            }
        )
        print(f"seed {seed}: {score}")
    write(
        "seeds.json",
        {
            "made_by": "make seeds",
            "recipe": RECIPE,
            "trained_on": "60,000 training digits",
            "data_sha256": content_hash(mnist.train),
            "runs": runs,
            "versions": versions(),
        },
    )


def make_followed_path(seed: int = 0, every: int = 10) -> None:
    """Train as `make_weights` does, and record the followed weight along the way."""
    mnist = load_mnist("full")
    digits = mnist.train[outside_embedded_test(mnist)]
    path = _Path(every)
    model, _ = run(digits, seed, callbacks=[path])
    write(
        "followed.json",
        {
            "made_by": "make followed",
            "recipe": RECIPE,
            "seed": seed,
            "trained_on": f"{len(digits):,} training digits, all but the embedded test split",
            "data_sha256": content_hash(digits),
            "weight": {"layer": FOLLOWED.layer, "place": FOLLOWED.place},
            "every": every,
            "values": path.values,
            "test": evaluate(model, mnist.test)._asdict(),
            "versions": versions(),
        },
    )


class _Path(keras.callbacks.Callback):
    """The value of the followed weight at the start, and after every few steps."""

    def __init__(self, every: int):
        super().__init__()
        self.every, self.steps, self.values = every, 0, []

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        if self.steps == 0:
            self._record()

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.steps += 1
        if self.steps % self.every == 0:
            self._record()

    def _record(self) -> None:
        kernel = self.model.get_layer(FOLLOWED.layer).kernel
        self.values.append(float(np.asarray(kernel)[FOLLOWED.place]))


def outside_embedded_test(mnist: Mnist) -> np.ndarray:
    """The places of the training digits that are not in the embedded test split."""
    kept_back = embedded_test_indices(mnist.train.labels)
    return np.setdiff1d(np.arange(len(mnist.train)), kept_back)


def run(
    digits: Digits, seed: int, callbacks: Sequence[keras.callbacks.Callback] = ()
) -> tuple[keras.Model, History]:
    """One run of the note's recipe, the same bits for the same seed on the same machine."""
    keras.utils.set_random_seed(seed)
    model = build_model()
    return model, train(model, digits, epochs=5, batch_size=64, seed=seed, callbacks=callbacks)


def epochs(history: History) -> list[dict]:
    """The results of each epoch, rounded for reading."""
    return [
        {"loss": round(loss, 5), "accuracy": round(accuracy, 5), "seconds": round(seconds, 1)}
        for loss, accuracy, seconds in zip(
            history.loss, history.accuracy, history.seconds, strict=True
        )
    ]


def versions() -> dict[str, str]:
    """What the numbers depend on."""
    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
        "processor": platform.machine(),
    }


def write(name: str, content: dict) -> None:
    """Write a record as JSON."""
    write_text(FOLDER / name, json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    main()
