"""Figures of the chapter *Softmax*."""

from collections.abc import Sequence
from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from mnist_lib.plots.style import BLUE, GREEN, GREY


def show_steps(steps: dict[str, np.ndarray], *, form: str = "") -> Axes:
    """Draw rows of numbers side by side, each as bars on its own scale: one panel per step.

    steps: (classes,) numbers by title, all of one length
    form: how a number is written on its bar, as in an f-string; by default it is not
    """
    axes = plt.subplots(1, len(steps), figsize=(7.0, 2.6), squeeze=False)[1][0]
    for ax, (title, values), color in zip(axes, steps.items(), cycle((GREY, BLUE, GREEN))):
        bars = ax.bar(range(len(values)), values, color=color)
        if form:
            ax.bar_label(bars, fmt="{:" + form + "}", padding=2, fontsize=9)
        ax.axhline(0, color="#555555", lw=0.8)
        ax.margins(y=0.15)
        ax.set(xticks=range(len(values)), xlabel="class", title=title)
        ax.grid(axis="x", visible=False)
    return axes[0]


def show_temperature(
    temperatures: np.ndarray, probabilities: np.ndarray, names: Sequence[str]
) -> Axes:
    """Draw how the probabilities change with the temperature, on a logarithmic axis.

    temperatures: (n,), positive
    probabilities: (n, classes), at most four classes
    names: one for each class
    """
    ax = plt.subplots(figsize=(7.0, 3.0))[1]
    curves = zip(probabilities.T, names, strict=True)
    for (values, name), style in zip(curves, cycle(("-", "--", ":", "-."))):
        ax.semilogx(temperatures, values, style, label=name)
    ax.axvline(1, color=GREY, lw=1)
    ax.set(xlabel="temperature T (1 is plain softmax)", ylabel="probability", ylim=(-0.03, 1.03))
    ax.set_xticks([0.1, 1, 10], labels=["0.1", "1", "10"])
    ax.legend(title="logit")
    return ax


def show_reliability(
    scores: np.ndarray, shares: np.ndarray, intervals: np.ndarray, labels: Sequence[str]
) -> Axes:
    """Draw the share of right answers over the mean score of each group, beside the diagonal.

    scores, shares: (groups,) in [0, 1]
    intervals: (groups, 2), low and high end of what is likely for each share
    labels: one for each group, such as "86 of 112"
    """
    ax = plt.subplots(figsize=(6.2, 4.4))[1]
    ax.plot([0, 1], [0, 1], "--", color=GREY, label="calibrated: share = score")
    errors = np.abs(np.transpose(intervals) - shares)
    ax.errorbar(scores, shares, errors, fmt="o", color=BLUE, capsize=4, label="the network")
    for x, y, text in zip(scores, shares, labels, strict=True):
        ax.annotate(text, (x, y), (9, 0), textcoords="offset points", va="center")
    ax.set(xlim=(0.35, 1.2), ylim=(0, 1.08), xlabel="mean score", ylabel="share of right answers")
    ax.set_xticks(np.arange(4, 11) / 10)
    ax.legend(loc="upper left")
    return ax
