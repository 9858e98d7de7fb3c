"""Train every variant that the chapters compare: `make experiments`.

Each arm changes one thing and keeps the rest of the note's recipe: five epochs, batches of 64. All
arms are scored on the same 5,000 training digits, which no arm is trained on; the test set takes no
part. Seeds and digits are fixed here. A run that is stored is not run again, so that the command
goes on where it was stopped; `--arms` names a part of them.
"""

import argparse
import json
import time
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
from tqdm import tqdm

from mnist_lib.data import Digits, content_hash, load_mnist
from mnist_lib.training import evaluate, train
from mnist_lib.variants import build_variant
from tools.pretrained import versions
from tools.shared import ROOT, write_text

FILE = ROOT / "mnist_lib" / "experiments" / "results.json"
HELD_OUT = 5_000


def scaled(factor: float) -> Callable[[keras.Model], None]:
    """The first weights multiplied by a factor."""

    def change(model: keras.Model) -> None:
        model.set_weights([factor * array for array in model.get_weights()])

    return change


def equal(model: keras.Model) -> None:
    """Every unit of a layer starts as the mean of its inputs, and so equal to its neighbours."""
    arrays = model.get_weights()
    model.set_weights([np.full_like(a, a.shape[-1] / a.size * (a.ndim > 1)) for a in arrays])


class Plan(NamedTuple):
    """One arm: what is changed, on how many digits, with how many seeds."""

    variant: dict = {}  # noqa: RUF012 - a tuple's default, never changed
    rate: float = 0.001
    loss: str = "categorical_crossentropy"
    first: Callable[[keras.Model], None] | None = None
    digits: int = 12_000
    seeds: int = 5


FEW = {"digits": 4_000, "seeds": 3}  # without pooling a digit costs eleven times as much
ALL = {"digits": 55_000, "seeds": 3}
PLANS = {
    "note": Plan(),
    "average pooling": Plan({"pooling": "average"}),
    "stride 2": Plan({"pooling": "stride"}),
    "no ReLU": Plan({"activation": None}),
    "average pooling, no ReLU": Plan({"pooling": "average", "activation": None}),
    "sigmoid": Plan({"activation": "sigmoid"}),
    "tanh": Plan({"activation": "tanh"}),
    "sigmoid - 1/2": Plan({"activation": lambda z: keras.ops.sigmoid(z) - 0.5}),
    "4 sigmoid": Plan({"activation": lambda z: 4 * keras.ops.sigmoid(z)}),
    "16-32-32": Plan({"filters": (16, 32, 32)}),
    "64-128-128": Plan({"filters": (64, 128, 128)}, seeds=3),
    "one convolution": Plan({"filters": (32,)}),
    "two convolutions": Plan({"filters": (32, 64)}),
    "global average": Plan({"head": "average"}),
    "squared error": Plan(loss="mean_squared_error"),
    "zero weights": Plan(first=scaled(0)),
    "equal weights": Plan(first=equal),
    "weights / 100": Plan(first=scaled(0.01)),
    "weights × 10": Plan(first=scaled(10)),
    **{f"rate {rate:g}": Plan(rate=rate) for rate in (1e-4, 3e-4, 3e-3, 1e-2, 3e-2, 1e-1)},
    "note, 4,000": Plan(digits=4_000),
    "no ReLU, 4,000": Plan({"activation": None}, digits=4_000),
    "no pooling, 4,000": Plan({"pooling": "none"}, **FEW),
    "no pooling, no ReLU, 4,000": Plan({"pooling": "none", "activation": None}, **FEW),
    "note, 55,000": Plan(**ALL),
    "average pooling, 55,000": Plan({"pooling": "average"}, **ALL),
    "no ReLU, 55,000": Plan({"activation": None}, **ALL),
}


def main() -> None:
    """Run what is not stored yet, and store each run as it ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arms", nargs="+", choices=PLANS, default=list(PLANS), metavar="ARM")
    names = parser.parse_args().arms
    held, learned = split(load_mnist("full").train)
    results = stored(held, learned)
    missing = [
        (name, seed)
        for name in names
        for seed in range(len(results["arms"].get(name, {"runs": []})["runs"]), PLANS[name].seeds)
    ]
    for name, seed in tqdm(missing, unit="run"):
        plan = PLANS[name]
        parameters, outcome = run(plan, seed, learned[: plan.digits], held)
        arm = results["arms"].setdefault(
            name, {"digits": plan.digits, "parameters": parameters, "runs": []}
        )
        arm["runs"].append(outcome)
        results["arms"] = {name: results["arms"][name] for name in PLANS if name in results["arms"]}
        write_text(FILE, json.dumps(results, indent=1) + "\n")


def split(digits: Digits) -> tuple[Digits, Digits]:
    """The digits held out, and the others to learn from, in an order drawn once."""
    order = np.random.default_rng(0).permutation(len(digits))
    return digits[order[:HELD_OUT]], digits[order[HELD_OUT:]]


def stored(held: Digits, learned: Digits) -> dict:
    """The results so far, in the order of the plans; none if they are of other digits."""
    head = {
        "made_by": "make experiments",
        "recipe": {"epochs": 5, "batch_size": 64, "optimizer": "rmsprop"},
        "held_out_sha256": content_hash(held),
        "learned_sha256": content_hash(learned),
        "versions": versions(),
    }
    found = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {"arms": {}}
    if FILE.exists() and any(found[key] != head[key] for key in head if key != "versions"):
        raise SystemExit(f"{FILE} holds runs on other digits or of another recipe: move it away")
    return head | {"arms": found["arms"]}


def run(plan: Plan, seed: int, learned: Digits, held: Digits) -> tuple[int, dict]:
    """Train once; return the number of parameters, and the outcome."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    model = build_variant(**plan.variant)
    model.compile(keras.optimizers.RMSprop(plan.rate), plan.loss, metrics=["accuracy"])
    if plan.first:
        plan.first(model)
    start = time.process_time()
    history = train(model, learned, epochs=5, batch_size=64, seed=seed)
    seconds = round(time.process_time() - start, 1)
    score = evaluate(model, held)
    losses = [round(loss, 5) if np.isfinite(loss) else None for loss in history.loss]
    outcome = {"seed": seed, **score._asdict(), "processor_seconds": seconds, "loss": losses}
    return model.count_params(), outcome


if __name__ == "__main__":
    main()
