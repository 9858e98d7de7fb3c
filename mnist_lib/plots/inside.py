"""Figures of the chapter *Inside*."""

from collections import Counter
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from mnist_lib.plots.style import BLUE, DIVERGING, GREEN, GREY, ORANGE, PINK, hide_axes


def show_evidence(image: np.ndarray, networks: dict[str, dict[str, np.ndarray]]) -> Axes:
    """Draw a digit, and beside it maps of its pixels, one row of maps for each network.

    Red below zero, white at zero, blue above; every map on its own scale.

    image: (height, width), values in [0, 1]
    networks: maps (rows, columns) by title, by network; the same titles in all
    """
    titles = list(next(iter(networks.values())))
    grid = (len(networks), 1 + len(titles))
    axes = plt.subplots(*grid, figsize=(1.75 * grid[1], 1.85 * grid[0] + 0.3), squeeze=False)[1]
    for row, (network, maps) in zip(axes, networks.items(), strict=True):
        row[0].imshow(image, vmin=0, vmax=1)
        row[0].set_ylabel(network)
        for ax, values in zip(row[1:], maps.values(), strict=True):
            reach = np.abs(values).max()
            ax.imshow(values, cmap=DIVERGING, vmin=-reach, vmax=reach)
        for ax in row:
            hide_axes(ax)
    for ax, title in zip(axes[0], ["the digit", *titles], strict=True):
        ax.set_title(title, fontsize=10)
    return axes[0, 0]


def show_costs(costs: dict[str, Sequence[int]], xlabel: str, ax: Axes | None = None) -> Axes:
    """Draw how many channels of each layer have which cost: a circle, with their number in it.

    costs: of each channel, by name of the layer, the first on top
    """
    ax = ax or plt.subplots(figsize=(7.0, 0.9 + 0.62 * len(costs)))[1]
    for row, of_layer in enumerate(costs.values()):
        for cost, number in Counter(map(int, of_layer)).items():
            ax.scatter(cost, row, s=190 + 14 * number, color=BLUE, zorder=2)
            ax.text(cost, row, number, ha="center", va="center_baseline", color="white", zorder=3)
    ax.set(yticks=range(len(costs)), yticklabels=list(costs), ylim=(len(costs) - 0.4, -0.6))
    ax.set_xlabel(xlabel)
    ax.locator_params(axis="x", integer=True)
    ax.margins(x=0.08)
    ax.grid(axis="y", visible=False)
    return ax


def show_features(points: np.ndarray, labels: np.ndarray, ax: Axes | None = None) -> Axes:
    """Draw points of the plane, each as the numeral of its label.

    points: (n, 2)
    labels: (n,) int in 0..9
    """
    ax = ax or plt.subplots(figsize=(7.0, 5.6))[1]
    colors = (BLUE, ORANGE, GREEN, PINK, "black", "#8A6D00", GREY, "#56B4E9", "#6A3D9A", "#7A2E00")
    for label, color in enumerate(colors):
        chosen = points[labels == label]
        ax.scatter(*chosen.T, marker=f"${label}$", s=34, color=color, linewidths=0.2)
    ax.set(xlabel="first direction", ylabel="second direction")
    return ax
