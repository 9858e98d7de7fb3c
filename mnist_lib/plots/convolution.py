"""Figures of the chapter *Convolution*."""

from collections.abc import Sequence
from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Polygon, Rectangle

from mnist_lib.plots.style import BLUE, DIVERGING, GREEN, GREY, ORANGE, PINK, draw_pixels, hide_axes


def show_matrix(
    values: np.ndarray, title: str = "", *, form: str = "g", ax: Axes | None = None
) -> Axes:
    """Draw a small matrix as a grid with every number written in its cell.

    values: (rows, columns); where one is NaN, its cell stays empty
    form: how a number is written, as in an f-string
    """
    values = np.asarray(values)
    rows, columns = values.shape
    ax = ax or plt.subplots(figsize=(0.55 * columns + 0.4, 0.55 * rows + 0.6))[1]
    ax.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5), aspect="equal")
    for row, column in np.ndindex(rows, columns):
        ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, ec="#555555", lw=0.8))
        if not np.isnan(values[row, column]):
            ax.text(column, row, format(values[row, column], form), ha="center", va="center")
    hide_axes(ax)
    ax.set_title(title)
    return ax


def show_window(
    image: np.ndarray, kernel: np.ndarray, output: np.ndarray, position: tuple[int, int]
) -> Axes:
    """Draw one step of a sliding kernel: the window in the image, the kernel, the output number.

    image: (height, width); kernel: (rows, columns); output: (rows out, columns out)
    position: row and column of the output number; the window's top left corner
    """
    grids = {"image": image, "kernel": kernel, "output": output}
    widths = [values.shape[1] for values in grids.values()]
    axes = plt.subplots(1, 3, figsize=(6.4, 2.7), width_ratios=widths)[1]
    framed = ((position, kernel.shape), ((0, 0), kernel.shape), (position, (1, 1)))
    for ax, (title, values), frame in zip(axes, grids.items(), framed, strict=True):
        show_matrix(values, title, ax=ax)
        ax.set_ylim(len(image) - 0.5, -0.5)  # so that all cells have the same size
        (top, left), (height, width) = frame
        options = {"fc": ORANGE + "30", "ec": ORANGE, "lw": 3, "clip_on": False}
        ax.add_patch(Rectangle((left - 0.5, top - 0.5), width, height, **options))
    return axes[0]


def show_filters(kernels: np.ndarray, responses: np.ndarray, titles: Sequence[str]) -> Axes:
    """Draw kernels in a row, and under each its response to one image.

    Red below zero, white at zero, blue above; every picture on its own scale.

    kernels: (n, rows, columns)
    responses: (n, height, width), any sign
    titles: one for each kernel
    """
    n = len(kernels)
    axes = plt.subplots(2, n, figsize=(7.0, 9.8 / n + 0.4), height_ratios=(1, 1.5))[1]
    columns = zip(*axes, kernels, responses, titles, strict=True)
    for upper, lower, kernel, response, title in columns:
        for ax, values in ((upper, kernel), (lower, response)):
            limit = np.abs(values).max()
            draw_pixels(values, ax, width=1.0, vmin=-limit, vmax=limit, cmap=DIVERGING)
            ax.add_patch(Rectangle((0, 0), 1, 1, transform=ax.transAxes, fill=False, ec="#555555"))
        for row, column in np.ndindex(kernel.shape):
            shade = "white" if abs(kernel[row, column]) > 0.6 * np.abs(kernel).max() else "black"
            text = f"{kernel[row, column]:.2g}".replace("-", "−")
            size = 8 if len(text) < 3 else 6
            upper.text(column, row, text, ha="center", va="center", fontsize=size, color=shade)
        upper.set_title(title, fontsize=9, loc="center")
    return axes[0, 0]


def show_pooling(values: np.ndarray, size: int = 2, *, ax: Axes | None = None) -> Axes:
    """Draw a matrix with its pooling blocks outlined, each block's largest number marked.

    Whatever belongs to no block is hatched.

    values: (rows, columns)
    """
    ax = show_matrix(values, ax=ax or plt.subplots(figsize=(3.4, 3.4))[1])
    rows, columns = (side // size for side in values.shape)
    for row, column in np.ndindex(values.shape):
        if row >= rows * size or column >= columns * size:
            cell = Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, hatch="////", ec=GREY)
            ax.add_patch(cell)
    for top, left in np.ndindex(rows, columns):
        corner = (left * size - 0.5, top * size - 0.5)
        ax.add_patch(Rectangle(corner, size, size, fill=False, ec=BLUE, lw=3))
        block = values[top * size : (top + 1) * size, left * size : (left + 1) * size]
        row, column = np.unravel_index(block.argmax(), block.shape)
        center = (left * size + column, top * size + row)
        ax.add_patch(Circle(center, 0.38, fill=False, ec=ORANGE, lw=2.5))
    return ax


def show_unseen(images: np.ndarray, seen: int, titles: Sequence[object]) -> Axes:
    """Draw digits in a row and tint the rows and columns from `seen` on.

    images: (n, height, width, 1), values in [0, 1]
    titles: one for each image
    """
    side = images.shape[1] - 0.5
    edge = [(seen - 0.5, -0.5), (side, -0.5), (side, side), (-0.5, side), (-0.5, seen - 0.5)]
    axes = np.atleast_1d(plt.subplots(1, len(images), figsize=(7.0, 7.0 / len(images) + 0.4))[1])
    for ax, image, title in zip(axes, images, titles, strict=True):
        draw_pixels(image[:, :, 0], ax, width=1.0)
        corners = [*edge, (seen - 0.5, seen - 0.5)]
        ax.add_patch(Polygon(corners, fc=ORANGE + "90", ec=ORANGE, lw=1.5))
        ax.set_title(title, loc="center")
    return axes[0]


def show_fields(image: np.ndarray, fields: dict[str, tuple[int, int]]) -> Axes:
    """Draw squares of pixels over a digit, each with its name beside it.

    image: (height, width), values in [0, 1]
    fields: first and last row (and column) of each square, by name, the smallest first
    """
    ax = plt.subplots(figsize=(6.4, 4.2))[1]
    draw_pixels(1 - image / 3, ax, width=1.0)
    heights = np.linspace(len(image) * 0.75, 1, len(fields))
    colors = (BLUE, ORANGE, GREEN, PINK, "black", BLUE)
    insets = np.linspace(0.3, 0, len(fields))  # so that squares with a common edge stay apart
    rows = zip(fields.items(), heights, insets, cycle(colors))
    for (name, (first, last)), y, inset, color in rows:
        side, corner = last - first + 1, first - 0.5 + inset
        square = ((corner, corner), side - 2 * inset, side - 2 * inset)
        ax.add_patch(Rectangle(*square, fill=False, ec=color, lw=2))
        ax.plot([last + 0.5 - inset, len(image) + 0.5], [corner + side / 4, y], color=color, lw=1)
        ax.text(len(image) + 1, y, f"{name}: {side}×{side}", va="center")
    ax.add_patch(Rectangle((-0.5, -0.5), *image.shape, fill=False, ec=GREY))
    ax.set_xlim(-1, len(image) + 13)
    return ax
