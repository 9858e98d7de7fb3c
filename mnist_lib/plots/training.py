"""Figures of the chapter *Training*."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from mnist_lib.plots.common import show_curves
from mnist_lib.plots.style import BLUE, ORANGE

if TYPE_CHECKING:
    from mnist_lib.experiments import Arm


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


def show_descent(paths: dict[str, np.ndarray]) -> Axes:
    """Draw the path of one weight down a parabola, one panel for each named path.

    paths: (steps,) by name, where the weight was before the first step and after each; the loss is
    the square of the weight
    """
    axes = plt.subplots(1, len(paths), figsize=(1.85 * len(paths), 2.6), sharey=True)[1]
    panels = np.ravel(axes)
    reach = 1.15 * max(np.abs(path).max() for path in paths.values())
    curve = np.linspace(-reach, reach, 121)
    for panel, (name, path) in zip(panels, paths.items(), strict=True):
        panel.plot(curve, curve**2, color="#bbbbbb", lw=1.2)
        panel.plot(path, np.square(path), "o-", color=BLUE, markersize=4, lw=1.1)
        panel.plot(path[0], path[0] ** 2, "o", color=ORANGE, markersize=7)
        panel.set(title=name, xlabel="weight")
    panels[0].set_ylabel("loss")
    return panels[0]


def show_sweep(arms: "dict[float, Arm]", xlabel: str, ax: Axes | None = None) -> Axes:
    """Draw how many digits are answered wrongly, over the setting of each arm; both axes are
    logarithmic.

    arms: by setting; each run is a dot, and each mean, of which a line joins all, has its 95 %
    interval as a bar
    """
    ax = ax or plt.subplots(figsize=(7.0, 3.2))[1]
    total = next(iter(arms.values())).total
    for setting, arm in arms.items():
        wrong = total - np.array(arm.correct)
        dots = ax.plot(np.full(len(wrong), setting), wrong, "o", color=BLUE, alpha=0.6, zorder=3)
        low, high = (total - end for end in arm.interval())
        ax.plot([setting] * 2, [max(high, 1), min(low, total)], color=ORANGE, lw=3, zorder=2)
    dots[0].set_label("one run")
    means = [total - arm.mean for arm in arms.values()]
    ax.plot(list(arms), means, "-_", color=ORANGE, lw=1, markersize=12, label="mean, 95 % interval")
    fewest = min(total - count for arm in arms.values() for count in arm.correct)
    ticks = [t for t in (20, 50, 100, 200, 500, 1000, 2000, 5000) if t <= total]
    ax.set(xscale="log", yscale="log", xlabel=xlabel, ylabel=f"wrong of {total:,} held out")
    ax.set_xticks(list(arms), [f"{setting:g}" for setting in arms])
    ax.set_yticks(ticks, [f"{tick:,}" for tick in ticks])
    ax.minorticks_off()
    ax.set_ylim(0.7 * fewest, 1.3 * total)
    ax.legend(loc="upper left")
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
