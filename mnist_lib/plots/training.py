"""Figures of the chapter *Training*."""

from collections.abc import Sequence
from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from mnist_lib.plots.common import show_curves
from mnist_lib.plots.style import BLUE, ORANGE


def show_bars(counts: Sequence[int], ax: Axes | None = None) -> Axes:
    """Draw how often each class occurs, with the number above each bar.

    counts: (classes,) whole numbers
    """
    ax = ax or plt.subplots(figsize=(7.0, 2.6))[1]
    bars = ax.bar(range(len(counts)), counts, color=BLUE)
    ax.bar_label(bars, [f"{count:,}" for count in counts], fontsize=8.5, padding=2)
    ax.set(xticks=range(len(counts)), ylim=(0, 1.15 * max(counts)), xlabel="class", ylabel="digits")
    ax.grid(axis="x", visible=False)
    return ax


def show_loss(
    curves: dict[str, Sequence[float]], level: float | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the mean loss of each epoch, one line for each named run, on a logarithmic scale.

    curves: losses by name; the first value belongs to epoch 1
    level: the loss of ten equal probabilities, ln 10, as a dotted line; by default none is drawn
    """
    ax = show_curves(curves, xlabel="epoch", ylabel="mean loss", ax=ax)
    losses = [loss for values in curves.values() for loss in values]
    losses += [] if level is None else [level]
    ticks = [t for t in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10) if t > min(losses) / 3]
    ax.set_yscale("log")
    ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.set_yticks([], minor=True)
    ax.set(xticks=range(1, 1 + max(map(len, curves.values()))))
    ax.set_ylim(min(losses) / 1.3, 1.3 * max(losses))
    if level is not None:
        ax.axhline(level, color="#555555", linestyle=":", label="equal probabilities: ln 10")
    ax.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1))
    return ax


def show_paths(paths: dict[str, np.ndarray], steepness: np.ndarray, ax: Axes | None = None) -> Axes:
    """Draw the paths of two weights down a bowl, over the lines of equal loss.

    paths: (steps, 2) by name, where the pair of weights was after each step
    steepness: (2,), the bowl is half the sum of steepness times weight squared
    """
    ax = ax or plt.subplots(figsize=(7.0, 3.4))[1]
    reach = 1.15 * np.abs(np.concatenate(list(paths.values()))).max(axis=0)
    x, y = np.meshgrid(np.linspace(-reach[0], 0.3 * reach[0], 120), np.linspace(-1, 1, 120))
    y = y * reach[1]
    loss = (steepness[0] * x**2 + steepness[1] * y**2) / 2
    levels = loss.max() * np.linspace(0.02, 1, 9) ** 2
    ax.contour(x, y, loss, levels=levels, colors="#cccccc", linewidths=0.9)
    for (name, path), marker in zip(paths.items(), cycle("osD")):
        ax.plot(*np.transpose(path), marker=marker, markersize=4, lw=1.3, label=name)
    ax.plot(0, 0, marker="*", markersize=15, color="black", linestyle="", label="the minimum")
    ax.set(xlabel="first weight", ylabel="second weight")
    ax.legend(loc="lower right")
    return ax


def show_runs(
    names: Sequence[str], shares: Sequence[float], intervals: Sequence[tuple[float, float]]
) -> Axes:
    """Draw the share of right answers of each run as a dot, with its interval as a bar.

    names, shares, intervals: one for each run; shares and the ends of intervals lie in [0, 1]
    """
    ax = plt.subplots(figsize=(7.0, 0.42 * len(names) + 1.2))[1]
    percent, rows = 100 * np.array(shares), range(len(names))
    ends = np.abs(100 * np.transpose(intervals) - percent)
    ax.errorbar(percent, rows, xerr=ends, fmt="o", capsize=4, label="run, 95 % interval")
    ax.axvline(percent.mean(), color=ORANGE, linestyle="--", label="mean of the runs")
    ax.set(yticks=rows, yticklabels=names, xlabel="right answers in %", ylim=(len(names) - 0.5, -1))
    ax.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    ax.grid(axis="y", visible=False)
    return ax


def show_confusion(matrix: np.ndarray, ax: Axes | None = None) -> Axes:
    """Draw how often each true class (row) was answered with each class (column).

    matrix: (10, 10) counts; the diagonal holds the right answers and stays white
    """
    ax = ax or plt.subplots(figsize=(5.2, 4.8))[1]
    wrong = matrix - np.diag(np.diag(matrix))
    ax.imshow(wrong, cmap="Oranges", vmax=max(1, wrong.max()) * 1.6)
    for row, column in np.ndindex(matrix.shape):
        if matrix[row, column]:
            weight = "bold" if row == column else "normal"
            text = f"{matrix[row, column]}"
            ax.text(column, row, text, ha="center", va="center", fontsize=8, fontweight=weight)
    ax.set(xticks=range(10), yticks=range(10), xlabel="answered", ylabel="true class")
    ax.grid(visible=False)
    return ax


def show_path(values: np.ndarray, every: int, epochs: int, ax: Axes | None = None) -> Axes:
    """Draw the value of one weight during a training, with a line at the end of each epoch.

    values: (n,), before the first step and after every `every` steps; epochs: how many there were
    """
    ax = ax or plt.subplots(figsize=(7.0, 2.8))[1]
    steps = every * np.arange(len(values))
    ax.plot(steps, values, lw=1.4)
    ax.plot(steps[[0, -1]], np.asarray(values)[[0, -1]], "o", color=ORANGE)
    for end in np.linspace(0, steps[-1], epochs + 1)[1:]:
        ax.axvline(end, color="#999999", lw=0.9, linestyle=":")
    ax.set(xlabel="step", ylabel="value of the weight")
    ax.grid(axis="x", visible=False)
    return ax
