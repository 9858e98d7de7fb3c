"""Figures of the chapter *ReLU*."""

from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from mnist_lib.plots.style import BLUE, GREEN, GREY, ORANGE


def show_lines(
    x: np.ndarray, functions: dict[str, np.ndarray], title: str = "", *, ax: Axes | None = None
) -> Axes:
    """Draw functions of one variable, distinguished by colour and dash; a jump stays a gap.

    x: (n,), increasing
    functions: the values (n,) at x, by name
    """
    ax = ax or plt.subplots(figsize=(6.4, 3.4))[1]
    ax.axhline(0, color=GREY, lw=0.8)
    ax.axvline(0, color=GREY, lw=0.8)
    dashes = ("-", "--", "-.", ":")
    for (name, values), dash in zip(functions.items(), cycle(dashes)):
        values = np.array(values, float)
        values[1:][np.abs(np.diff(values)) > 0.5] = np.nan
        ax.plot(x, values, dash, label=name)
    ax.set(title=title, xlabel="input")
    if len(functions) > 1:
        ax.legend()
    return ax


def show_cut(values: np.ndarray, title: str = "", ax: Axes | None = None) -> Axes:
    """Draw how values spread on either side of zero: hatched what ReLU drops, solid what it keeps.

    values: any shape
    """
    ax = ax or plt.subplots(figsize=(7.0, 2.8))[1]
    values = np.ravel(values)
    reach = float(np.abs(values).max()) or 1.0
    parts = (("becomes 0", values[values <= 0], -reach), ("kept", values[values > 0], 0.0))
    for (name, part, left), color, hatch in zip(parts, (ORANGE, BLUE), ("//", ""), strict=True):
        bins = np.linspace(left, left + reach, 41)
        label = f"{name}: {len(part):,} of {len(values):,}"
        ax.hist(part, bins, color=color, hatch=hatch, ec="white", lw=0.4, label=label)
    ax.axvline(0, color="black", lw=1.2)
    ax.set(title=title, xlabel="value before ReLU", ylabel="how many", yscale="log")
    ax.legend()
    return ax


def show_pieces(
    kernel: np.ndarray,
    bias: np.ndarray,
    output: np.ndarray | None = None,
    *,
    labels: dict[str, str] | None = None,
) -> Axes:
    """Draw the pieces into which a ReLU layer cuts the plane; each neuron draws one line.

    kernel: (2, neurons), bias: (neurons,)
    output: (neurons,), weights of one output neuron, whose contour lines are then drawn
    labels: text by pattern, "101" where the first and third neuron are on and the second is off
    """
    ax, side = plt.subplots(figsize=(5.4, 5.2))[1], np.linspace(-2, 2, 401)
    x, y = np.meshgrid(side, side)
    pre_activation = np.stack([x, y], axis=-1) @ kernel + bias
    patterns, piece = np.unique(
        (pre_activation > 0).reshape(-1, len(bias)), axis=0, return_inverse=True
    )
    shades = plt.get_cmap("Pastel1")(piece.reshape(x.shape) * 2 % 9)
    ax.imshow(shades, origin="lower", extent=(-2, 2, -2, 2))
    for neuron in range(len(bias)):
        ax.contour(x, y, pre_activation[..., neuron], [0], colors="black", linewidths=1.4)
    if output is not None:
        level = {"colors": BLUE, "linewidths": 0.9, "linestyles": "solid"}
        ax.contour(x, y, np.maximum(pre_activation, 0) @ output, 14, **level)
    for number, pattern in enumerate(patterns):
        text, where = "".join("01"[on] for on in pattern.astype(int)), piece.ravel() == number
        centre = x.ravel()[where].mean(), y.ravel()[where].mean()
        ax.text(*centre, (labels or {}).get(text, ""), ha="center", va="center")
    ax.set(xlabel="first input", ylabel="second input")
    ax.grid(visible=False)
    return ax


def show_zeros(groups: dict[str, dict[str, float]], ax: Axes | None = None) -> Axes:
    """Draw the share of zeros in each layer as bars, one kind of bar for each group.

    groups: share of zeros in [0, 1] by layer name, by group name
    """
    ax = ax or plt.subplots(figsize=(7.0, 3.0))[1]
    width, styles = 0.8 / len(groups), ((BLUE, ""), (ORANGE, "//"), (GREEN, ".."))
    for number, (group, shares) in enumerate(groups.items()):
        color, hatch = styles[number]
        places = np.arange(len(shares)) + (number - (len(groups) - 1) / 2) * width
        bars = ax.bar(
            places, shares.values(), width * 0.94, color=color, hatch=hatch, ec="white", label=group
        )
        ax.bar_label(bars, [f"{100 * share:.0f} %" for share in shares.values()], fontsize=8.5)
    ax.set(xticks=range(len(shares)), xticklabels=shares, ylim=(0, 1.12), ylabel="share of zeros")
    ax.grid(axis="x", visible=False)
    ax.legend(ncols=len(groups), loc="upper right")
    return ax
