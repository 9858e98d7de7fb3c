"""Make what `mnist_lib/pretrained/` ships: `make pretrained` and `make seeds`.

Both train the note's recipe on the full MNIST and write what came out, as it came out, with its
provenance. Seeds are fixed here, before anyone sees a result.
"""

import argparse
import hashlib
import json
import os
import platform
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from mnist_lib.data import Digits, content_hash, embedded_test_indices, load_mnist
from mnist_lib.model import build_model
from mnist_lib.training import History, evaluate, train

FOLDER = Path(__file__).parent.parent / "mnist_lib" / "pretrained"
RECIPE = {"epochs": 5, "batch_size": 64, "optimizer": "rmsprop", "loss": "categorical_crossentropy"}
SEEDS = (0, 1, 2, 3, 4)


def main() -> None:
    """Train what the one argument names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("weights", "seeds"))
    {"weights": make_weights, "seeds": make_seeds}[parser.parse_args().what]()


def make_weights(seed: int = 0) -> None:
    """Train on the 59,000 digits outside the embedded test split; write weights and provenance."""
    mnist = load_mnist("full")
    kept_back = embedded_test_indices(mnist.train.labels)
    digits = mnist.train[np.setdiff1d(np.arange(len(mnist.train)), kept_back)]
    model, history = run(digits, seed)
    arrays = {
        f"{layer.name}/{part}": array
        for layer in model.layers
        for part, array in zip(("kernel", "bias"), layer.get_weights(), strict=False)
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
            "weights_sha256": weights_hash(arrays),
            "seconds": round(sum(history.seconds)),
            "epochs": epochs(history),
            "test": evaluate(model, mnist.test)._asdict(),
            "embedded_test": evaluate(model, mnist.train[kept_back])._asdict(),
            "versions": versions(),
        },
    )


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


def run(digits: Digits, seed: int) -> tuple[keras.Model, History]:
    """One run of the note's recipe, the same bits for the same seed on the same machine."""
    keras.utils.set_random_seed(seed)
    model = build_model()
    return model, train(model, digits, epochs=5, batch_size=64, seed=seed)


def epochs(history: History) -> list[dict]:
    """What each epoch gave, rounded for reading."""
    return [
        {"loss": round(loss, 5), "accuracy": round(accuracy, 5), "seconds": round(seconds, 1)}
        for loss, accuracy, seconds in zip(
            history.loss, history.accuracy, history.seconds, strict=True
        )
    ]


def weights_hash(arrays: dict[str, np.ndarray]) -> str:
    """One sha256 of all 93,322 numbers, layer by layer, kernel before bias."""
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays.values())).hexdigest()


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
    """Write JSON beside its place, then rename."""
    beside = FOLDER / f"{name}.new"
    beside.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    os.replace(beside, FOLDER / name)


if __name__ == "__main__":
    main()
