"""Figures of the chapter *Your digit*."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from mnist_lib.plots.style import BLUE, ORANGE, hide_axes

if TYPE_CHECKING:
    from mnist_lib.training import Score


def show_rows(rows: dict[str, tuple[float, Sequence[float]]], pixel: int) -> Axes:
    """Draw rows of cells one below the other, to scale, with their centres of mass.

    Where the cells are whole pixels they are numbered, and a triangle marks the centre of mass;
    where they are not, lines above and below are the edges of pixels.

    rows: the width of a cell in pixels and the values in [0, 1], by the text above the row
    pixel: the one of the last row that is framed
    """
    right = max(width * len(values) for width, values in rows.values())
    ax = plt.subplots(figsize=(7.0, 1.05 * len(rows)))[1]
    for row, (name, (width, values)) in enumerate(rows.items()):
        top = 2 * row
        ax.text(0, top - 0.12, name, va="bottom")
        edges = width * np.arange(len(values))
        for number, (edge, value) in enumerate(zip(edges, values, strict=True)):
            ax.add_patch(Rectangle((edge, top), width, 1, fc=(value,) * 3, ec="#777777"))
            color = "black" if value > 0.5 else "white"
            ax.text(edge + width / 2, top + 0.5, f"{value:g}", c=color, ha="center", va="center")
            if width == 1:
                ax.text(edge + 0.04, top + 0.06, number, c=color, va="top", fontsize=7)
        if width == 1:
            centre = np.average(edges + 0.5, weights=values)
            ax.plot(centre, top + 1.17, "^", color=ORANGE)
            ax.text(centre + 0.08, top + 1.22, f"{centre:.4f}", va="center", fontsize=8.5)
        else:
            edges = np.arange(1, width * len(values))
            for start in (top - 0.12, top + 0.78):  # broken, so that no number is crossed out
                ax.vlines(edges, start, start + 0.34, color=ORANGE)
    ax.add_patch(Rectangle((pixel, top), 1, 1, fill=False, ec=ORANGE, lw=2.5))
    ax.set(xlim=(-0.05, right + 0.05), ylim=(top + 1.4, -0.6))
    hide_axes(ax)
    return ax


def show_pictures(
    pictures: Sequence[np.ndarray], titles: Sequence[str] = (), *, columns: int = 3
) -> Axes:
    """Draw pictures of any size, each filling its place, with its title and its size.

    pictures: (height, width) in [0, 1], or uint8, grey or (height, width, 3)
    titles: one for each picture, or none
    """
    rows = -(-len(pictures) // columns)
    size = (7.0, rows * (7.0 / columns + 0.5))
    axes = plt.subplots(rows, columns, figsize=size, squeeze=False)[1].ravel()
    for ax in axes:
        hide_axes(ax)
    shown = zip(axes[: len(pictures)], pictures, titles or [""] * len(pictures), strict=True)
    for ax, picture, title in shown:
        limits = {"vmin": 0, "vmax": 255 if picture.dtype == np.uint8 else 1}
        ax.imshow(picture, interpolation="auto", **limits)  # fine lines survive the downscaling
        frame = {"transform": ax.transAxes, "fill": False, "ec": "#777777", "clip_on": False}
        ax.add_patch(Rectangle((0, 0), 1, 1, **frame))
        ax.set_title(title, loc="center", fontsize=9.5)
        ax.set_xlabel("×".join(map(str, picture.shape[:2])), fontsize=8.5)
    return axes[0]


def show_counts(scores: "dict[str, Score]", *, lowest: float = 0) -> Axes:
    """Draw a share for each name, the first on top: a dot, its 95 % interval, and the count.

    scores: by name, counts of right answers
    lowest: where the axis begins, in %
    """
    ax = plt.subplots(figsize=(7.0, 0.4 * len(scores) + 0.8))[1]
    rows, percent = np.arange(len(scores)), np.array([100 * s.accuracy for s in scores.values()])
    ends = np.abs(100 * np.transpose([s.interval() for s in scores.values()]) - percent)
    ax.errorbar(percent, rows, xerr=ends, fmt="o", color=BLUE, ecolor=ORANGE, elinewidth=2.5)
    room = 100 - lowest
    for row, score in zip(rows, scores.values(), strict=True):
        text = f"{score.correct:,} of {score.total:,}"
        ax.text(100 + 0.04 * room, row, text, va="center", clip_on=False)
    ax.set(yticks=rows, yticklabels=list(scores), ylim=(len(scores) - 0.4, -0.6))
    ax.set(xlim=(lowest, 100 + 0.02 * room), xlabel="right answers in %")
    ax.grid(axis="y", visible=False)
    return ax


def show_compared(
    rows: dict[str, Sequence[tuple[float, float, float]]],
    networks: Sequence[str],
    *,
    xlabel: str,
    lowest: float = 0,
) -> Axes:
    """Draw a share for each row and each network: a dot with its interval, networks side by side.

    rows: by name, the first on top; for each network the share and the two ends of its interval
    networks: their names
    lowest: where the axis begins, in %
    """
    ax = plt.subplots(figsize=(7.0, 0.36 * len(rows) + 1.0))[1]
    middle = np.arange(len(rows))
    styles = zip(networks, ("o", "D", "s"), (BLUE, ORANGE, "#777777"), strict=False)
    for number, (network, marker, color) in enumerate(styles):
        values = 100 * np.array([shares[number] for shares in rows.values()])
        beside = 0.24 * (number - (len(networks) - 1) / 2)
        ends = np.abs(values[:, 1:].T - values[:, 0])
        looks = {"fmt": marker, "color": color, "markersize": 4.5, "capsize": 2, "label": network}
        ax.errorbar(values[:, 0], middle + beside, xerr=ends, **looks)
    ax.set(yticks=middle, yticklabels=list(rows), ylim=(len(rows) - 0.4, -0.6))
    ax.set(xlim=(lowest, 100 + 0.02 * (100 - lowest)), xlabel=xlabel)
    ax.grid(axis="y", visible=False)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(networks))
    return ax
