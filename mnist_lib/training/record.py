"""What a training leaves behind: its course by epochs, a count, and what it ran on."""

import importlib.metadata
import math
import os
import platform
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True)
class History:
    """Each epoch, measured while it trained: mean loss, share of right answers, time."""

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


class Score(NamedTuple):
    """A result as a count: `correct` right answers of `total`.

    >>> print(Score(9921, 10000))
    9,921 of 10,000 (99.21 %)
    """

    correct: int
    total: int

    @property
    def accuracy(self) -> float:
        """The share of right answers, 0 to 1."""
        return self.correct / self.total

    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson score interval of the accuracy (E. B. Wilson, 1927).

        >>> low, high = Score(9921, 10000).interval()
        >>> print(f"{low:.4f} {high:.4f}")
        0.9902 0.9937
        """
        z, n, p = 1.959964, self.total, self.accuracy
        centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return centre - half, centre + half

    def __str__(self) -> str:
        return f"{self.correct:,} of {self.total:,} ({self.accuracy:.2%})".replace("%", " %")


def describe_machine() -> dict[str, str | int]:
    """What the low bits of a training depend on besides its seed and its data.

    returns: the versions of Python and of what computes, the processor, and how many of its cores
    may be used: TensorFlow shares its sums out among them, and another order rounds differently

    >>> sorted(describe_machine())[:3]
    ['cores', 'keras', 'mnist-lib']
    """
    packages: dict[str, str | int] = {}
    for name in ("keras", "mnist-lib", "numpy", "tensorflow"):
        try:
            packages[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            packages[name] = "not installed"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return packages | {
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": platform.machine(),
        "cores": cores or 0,
    }
