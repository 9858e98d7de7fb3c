"""What a training leaves behind: its course by epochs, and a count of right answers."""

import math
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
