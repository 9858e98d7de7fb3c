"""Figures that more than one chapter shows."""

from collections.abc import Sequence
from itertools import cycle
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from mnist_lib.plots.style import BLUE, DIVERGING, GREY, ORANGE, cell_corner, draw_pixels

if TYPE_CHECKING:
    from mnist_lib.experiments import Arm


def show_digits(
    images: np.ndarray, titles: Sequence[object] = (), *, columns: int = 10, ax: Axes | None = None
) -> Axes:
    """Draw digits side by side, in rows of `columns`, each with its title above.

    images: (n, 28, 28, 1) or (n, height, width), values in [0, 1]
    titles: one for each image, or none
    """
    images = np.asarray(images).reshape(len(images), *np.shape(images)[1:3])
    n, height, width = images.shape
    rows = -(-n // columns)
    gap, head = 2, 8 if len(titles) else 2
    sheet = np.full((rows * (height + head) + gap, columns * (width + gap) + gap), np.nan)
    for i, image in enumerate(images):
        top, left = cell_corner(i, columns, height + head, width + gap)
        sheet[top + head : top + head + height, left + gap : left + gap + width] = image
    ax = draw_pixels(sheet, ax, width=7.0)
    for i, title in enumerate(titles):
        top, left = cell_corner(i, columns, height + head, width + gap)
        ax.text(
            left + gap + width / 2, top + head - 1.5, title, ha="center", va="bottom", fontsize=9
        )
    return ax


def show_maps(
    maps: np.ndarray, title: str = "", *, columns: int = 16, ax: Axes | None = None
) -> Axes:
    """Draw the channels of one feature map side by side, all on one scale, zero black.

    maps: (height, width, channels), not negative
    """
    height, width, channels = maps.shape
    rows = -(-channels // columns)
    sheet = np.full((rows * (height + 1) + 1, columns * (width + 1) + 1), np.nan)
    for channel in range(channels):
        top, left = cell_corner(channel, columns, height + 1, width + 1)
        sheet[top + 1 : top + 1 + height, left + 1 : left + 1 + width] = maps[:, :, channel]
    ax = draw_pixels(sheet, ax, width=7.0, vmin=0, vmax=np.nanmax(maps) or 1)
    ax.set_title(title)
    return ax


def show_kernels(
    kernels: np.ndarray, title: str = "", *, columns: int = 16, ax: Axes | None = None
) -> Axes:
    """Draw kernels side by side: red below zero, white at zero, blue above.

    kernels: (rows, columns, n)
    """
    height, width, n = kernels.shape
    sheet = np.full((-(-n // columns) * (height + 1) + 1, columns * (width + 1) + 1), np.nan)
    for i in range(n):
        top, left = cell_corner(i, columns, height + 1, width + 1)
        sheet[top + 1 : top + 1 + height, left + 1 : left + 1 + width] = kernels[:, :, i]
    limit = np.abs(kernels).max()
    ax = draw_pixels(sheet, ax, width=7.0, vmin=-limit, vmax=limit, cmap=DIVERGING)
    ax.figure.colorbar(ax.images[0], ax=ax, shrink=0.8, label="weight")
    ax.set_title(title)
    return ax


def show_probabilities(
    probabilities: np.ndarray, label: int | None = None, ax: Axes | None = None
) -> Axes:
    """Draw ten probabilities as bars; the true class, where it is known, is hatched.

    probabilities: (10,)
    """
    ax = ax or plt.subplots(figsize=(7.0, 2.2))[1]
    bars = ax.bar(range(len(probabilities)), probabilities, color=BLUE)
    if label is not None:
        bars[label].set(hatch="//", edgecolor="white", label="the true class")
        ax.legend()
    ax.set(xticks=range(len(probabilities)), ylim=(0, 1.05), xlabel="class", ylabel="probability")
    ax.grid(axis="x", visible=False)
    return ax


def show_curves(
    curves: dict[str, Sequence[float]], *, xlabel: str, ylabel: str, ax: Axes | None = None
) -> Axes:
    """Draw one line for each named row of numbers, distinguished by colour and marker.

    curves: values by name; the first value is plotted at 1
    """
    ax = ax or plt.subplots()[1]
    for (name, values), marker in zip(curves.items(), cycle("osD^v*P")):
        ax.plot(range(1, len(values) + 1), values, marker=marker, label=name)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if len(curves) > 1:
        ax.legend()
    return ax


def show_arms(
    arms: "dict[str, Arm]",
    *,
    lowest: int | None = None,
    intervals: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw each arm of an experiment as a row: every run a dot, the mean with its 95 % interval.

    arms: by label, the first at the top
    lowest: where the axis begins; a run below it is drawn at the edge, with its count beside it
    intervals: without them only the runs are drawn, for runs too unlike each other to have one
    """
    ax = ax or plt.subplots(figsize=(7.0, 0.8 + 0.42 * len(arms)))[1]
    for row, arm in enumerate(arms.values()):
        counts = np.array(arm.correct)
        if intervals:
            ax.plot(arm.interval(), [row, row], color=ORANGE, linewidth=3, zorder=2)
            ax.plot(arm.mean, row, marker="|", color=ORANGE, markersize=14, markeredgewidth=3)
        shown = counts if lowest is None else np.maximum(counts, lowest)
        ax.plot(shown, np.full(len(counts), row), "o", color=BLUE, alpha=0.7, zorder=3)
        if lowest is not None and arm.mean < lowest:
            ax.text(lowest, row - 0.2, f"  mean {arm.mean:,.0f}", color=GREY, va="bottom")
    ax.set(yticks=range(len(arms)), yticklabels=list(arms), ylim=(len(arms) - 0.5, -0.5))
    ax.set(xlabel=f"right of {next(iter(arms.values())).total:,} held-out digits")
    if lowest is not None:
        ax.set_xlim(left=lowest - 0.02 * (ax.get_xlim()[1] - lowest))
    return ax
