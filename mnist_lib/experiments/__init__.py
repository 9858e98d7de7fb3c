"""What happens to the accuracy when one part of the network, or of its training, is changed.

Each arm is one variant, trained with several seeds that were fixed beforehand, and scored on 5,000
training digits held out for it; the test set takes no part. `make experiments` made the results.
"""

import json
import math
from importlib import resources
from typing import NamedTuple

import numpy as np

_STUDENT = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}
"""The 97.5 % quantile of Student's t distribution, by number of runs."""


class Arm(NamedTuple):
    """One variant, and how many held-out digits it got right.

    correct: one count for each seed, 0, 1, 2, …
    total: of so many digits
    digits: how many it was trained on
    parameters: how many weights and biases it has
    seconds: processor time of each training, summed over the cores
    """

    correct: tuple[int, ...]
    total: int
    digits: int
    parameters: int
    seconds: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean count."""
        return float(np.mean(self.correct))

    @property
    def deviation(self) -> float:
        """The standard deviation of the counts, from seed to seed."""
        return float(np.std(self.correct, ddof=1))

    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of the mean, by Student's t.

        >>> Arm((90, 92, 94), 100, 50, 7, (1.0, 1.0, 1.0)).interval()
        (87.0..., 96.9...)
        """
        runs = len(self.correct)
        half = _STUDENT[runs] * self.deviation / math.sqrt(runs)
        return self.mean - half, self.mean + half


def load_arms(*names: str) -> dict[str, Arm]:
    """The arms of these names, or all of them, by name.

    raises: KeyError for a name that no arm has

    >>> load_arms("note")["note"].parameters
    93322
    """
    stored = _read_json("results.json")["arms"]
    return {name: _arm(stored[name]) for name in names or stored}


def load_calibration() -> dict:
    """Networks of the note's recipe on the test set, and how sure they are: `make calibration`.

    returns: in `runs`, for each seed, the `temperature` that 5,000 held-out digits chose; for
    `held_out` and `test`, `before` and `after` it, how many were `correct` of `total`, the `loss`
    and the `calibration_error`; which test digits it got `wrong`; and its answer and score for each
    of those that are `doubted`. `shipped` holds the last two for the shipped weights. The test
    digits whose label people doubt are listed in `doubted`, and their `labels`

    >>> [run["temperature"] > 1 for run in load_calibration()["runs"]]
    [True, True, True, True, True]
    """
    return _read_json("calibration.json")


def _read_json(name: str) -> dict:
    return json.loads(resources.files(__name__).joinpath(name).read_text(encoding="utf-8"))


def _arm(record: dict) -> Arm:
    runs = record["runs"]
    return Arm(
        tuple(run["correct"] for run in runs),
        runs[0]["total"],
        record["digits"],
        record["parameters"],
        tuple(run["processor_seconds"] for run in runs),
    )
