"""Figures of the chapter *Softmax*."""

from collections.abc import Sequence
from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from mnist_lib.plots.style import BLUE, GREEN, GREY, draw_pixels


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


def show_answers(images: np.ndarray, probabilities: np.ndarray, titles: Sequence[str]) -> Axes:
    """Draw each picture, and below it the ten probabilities that it was given.

    images: (n, 28, 28, 1), values in [0, 1]
    probabilities: (n, 10)
    titles: one for each picture
    """
    figure, axes = plt.subplots(2, len(images), figsize=(7.0, 3.8), sharey="row", squeeze=False)
    rows = zip(axes.T, images, probabilities, titles, strict=True)
    for (above, below), image, ten, title in rows:
        draw_pixels(image[:, :, 0], above, width=2.0)
        above.set_title(title, loc="center")
        below.bar(range(len(ten)), ten, color=BLUE)
        below.set(xticks=range(len(ten)), xlabel="class", ylim=(0, 1.05))
        below.grid(axis="x", visible=False)
    axes[1, 0].set_ylabel("probability")
    figure.align_ylabels()
    return axes[0, 0]


def show_shares(
    x: np.ndarray, curves: dict[str, np.ndarray], *, xlabel: str, log: bool = False
) -> Axes:
    """Draw how probabilities change with a number, one curve for each name.

    x: (n,), positive where `log` asks for a logarithmic axis
    curves: (n,) probabilities by name, at most four
    """
    ax = plt.subplots(figsize=(7.0, 2.8))[1]
    for (name, values), style in zip(curves.items(), cycle(("-", "--", ":", "-."))):
        ax.plot(x, values, style, label=name)
    ax.axvline(1 if log else 0, color=GREY, lw=1)
    ax.set(xlabel=xlabel, ylabel="probability", ylim=(-0.03, 1.03))
    if log:
        ax.set_xscale("log")
        ax.xaxis.set_major_formatter("{x:g}")
    ax.legend()
    return ax


def show_losses(
    gaps: np.ndarray, losses: dict[str, np.ndarray], slopes: dict[str, np.ndarray]
) -> Axes:
    """Draw losses, and beside them their slopes, over the true logit minus the other one.

    gaps: (n,), negative where the answer is wrong
    losses, slopes: (n,) numbers by name, at most four
    """
    axes = plt.subplots(1, 2, figsize=(7.0, 3.0), sharex=True)[1]
    for ax, title, curves in zip(axes, ("loss", "its slope"), (losses, slopes), strict=True):
        for (name, values), style in zip(curves.items(), cycle(("-", "--", ":", "-."))):
            ax.plot(gaps, values, style, label=name)
        ax.axvspan(gaps[0], 0, color=GREY, alpha=0.15, lw=0, label="answered wrongly")
        ax.set(title=title, xlabel="logit of the true class − the other", xlim=gaps[[0, -1]])
        ax.locator_params(axis="x", integer=True)
    axes[0].legend()
    return axes[0]


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
