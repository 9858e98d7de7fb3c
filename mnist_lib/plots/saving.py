"""Figures of the chapter *Saving*."""

from collections.abc import Sequence
from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from mnist_lib.plots.style import BLUE, ORANGE, PINK, hide_axes


def show_going_on(counts: dict[str, Sequence[int]], total: int, ax: Axes | None = None) -> Axes:
    """Draw how many answers are right after each further step, one line for each network.

    counts: by name, right answers; the first number is the one before any further step
    total: out of how many
    """
    ax = ax or plt.subplots(figsize=(7.0, 3.0))[1]
    for (name, right), marker in zip(counts.items(), cycle("osD^v")):
        ax.plot(range(len(right)), right, marker=marker, label=name)
    ax.set(ylim=(0, total), xlabel="further steps", ylabel=f"right answers of {total:,}")
    ax.legend(loc="lower right")
    return ax


def show_bits(bits: Sequence[int], title: str = "", ax: Axes | None = None) -> Axes:
    """Draw the 32 bits of a float32 in a row, in its three fields: sign, exponent, fraction.

    bits: (32,) of 0 and 1, the highest first
    """
    ax = ax or plt.subplots(figsize=(7.0, 1.35))[1]
    fields = (("sign", 0, 1, PINK), ("exponent", 1, 9, ORANGE), ("fraction", 9, 32, BLUE))
    for gap, (name, start, stop, color) in enumerate(fields):
        left = start + 0.8 * gap
        for place in range(start, stop):
            corner = (left + place - start, 0)
            ax.add_patch(Rectangle(corner, 1, 1.4, fc=color, ec="white", lw=1.5, alpha=0.25))
            ax.text(corner[0] + 0.5, 0.7, bits[place], ha="center", va="center", fontsize=11)
        ax.plot([left + 0.1, left + stop - start - 0.1], [-0.2, -0.2], color=color)
        middle = left + (stop - start) / 2
        ax.text(middle, -0.5, name, ha="center", va="top", fontsize=10)
    ax.set(xlim=(-0.6, 34.2), ylim=(-1.2, 1.5))
    ax.set_title(title)
    hide_axes(ax)
    return ax


def show_file_map(
    files: dict[str, tuple[int, Sequence[tuple[int, int, str]]]], ax: Axes | None = None
) -> Axes:
    """Draw files as strips, to scale in bytes, with what was found and where; the rest is grey.

    files: by name, the size in bytes and (start, length, kind) of each piece that was found
    """
    ax = ax or plt.subplots(figsize=(7.0, 0.6 * len(files) + 1.1))[1]
    looks = [{"color": BLUE}, {"facecolor": "#F3C6A5", "edgecolor": ORANGE, "hatch": "///"}]
    kinds = list(dict.fromkeys(kind for _, pieces in files.values() for *_, kind in pieces))
    for row, (size, pieces) in enumerate(files.values()):
        label = "structure, names and plan" if row == 0 else None
        ax.broken_barh([(0, size / 1000)], (row - 0.3, 0.6), color="#BBBBBB", label=label)
        for kind, look in zip(kinds, cycle(looks)):
            spans = [(start / 1000, length / 1000) for start, length, k in pieces if k == kind]
            label = kind if row == 0 else None
            ax.broken_barh(spans, (row - 0.3, 0.6), linewidth=0, label=label, **look)
    ax.set(yticks=range(len(files)), yticklabels=files, xlabel="place in the file (1,000 bytes)")
    ax.set_ylim(len(files) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)
    ax.figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return ax


def show_step_sizes(moved: dict[str, np.ndarray], limit: float) -> Axes:
    """Draw how far the weights moved in one training step, one histogram below the other.

    moved: by name, (n,) distances, not negative
    limit: the largest possible distance, drawn as a dashed line
    """
    shared = {"sharex": True, "sharey": True, "squeeze": False}
    axes = plt.subplots(len(moved), 1, figsize=(7.0, 3.6), **shared)[1].ravel()
    bins = np.linspace(0, 1.02 * limit, 52)
    for ax, (name, distances), color in zip(axes, moved.items(), cycle((BLUE, ORANGE))):
        ax.hist(distances, bins, color=color)
        ax.axvline(limit, color="#222222", ls="--", lw=1.2)
        ax.set(title=name, ylabel="weights")
    axes[-1].set_xlabel("distance moved in one step (dashed: the largest possible)")
    return axes[0]
