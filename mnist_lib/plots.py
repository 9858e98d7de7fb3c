"""Every figure of the book: arrays in, axes out.

The functions know no model and no data set, never call `show`, and draw into `ax` where one is
given. Importing this module switches the book's style on. Colours are those of Okabe and Ito,
told apart by colour-blind readers too, and no figure speaks by colour alone.
"""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon, Rectangle

plt.style.use(Path(__file__).with_name("plots.mplstyle"))

BLUE, ORANGE, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
GREY = "#999999"
DIVERGING = "RdBu"
"""Red below zero, white at zero, blue above."""


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
    sheet = np.ones((rows * (height + head) + gap, columns * (width + gap) + gap))
    for i, image in enumerate(images):
        top, left = _cell(i, columns, height + head, width + gap)
        sheet[top + head : top + head + height, left + gap : left + gap + width] = image
    ax = _picture(sheet, ax, width=7.0)
    for i, title in enumerate(titles):
        top, left = _cell(i, columns, height + head, width + gap)
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
        top, left = _cell(channel, columns, height + 1, width + 1)
        sheet[top + 1 : top + 1 + height, left + 1 : left + 1 + width] = maps[:, :, channel]
    ax = _picture(sheet, ax, width=7.0, vmin=0, vmax=np.nanmax(maps) or 1)
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
        top, left = _cell(i, columns, height + 1, width + 1)
        sheet[top + 1 : top + 1 + height, left + 1 : left + 1 + width] = kernels[:, :, i]
    limit = np.abs(kernels).max()
    ax = _picture(sheet, ax, width=7.0, vmin=-limit, vmax=limit, cmap=DIVERGING)
    ax.figure.colorbar(ax.images[0], ax=ax, shrink=0.8, label="weight")
    ax.set_title(title)
    return ax


def show_matrix(
    values: np.ndarray, title: str = "", *, form: str = "g", ax: Axes | None = None
) -> Axes:
    """Draw a small matrix as a grid with every number written in its cell.

    values: (rows, columns)
    form: how a number is written, as in an f-string
    """
    values = np.asarray(values)
    rows, columns = values.shape
    ax = ax or plt.subplots(figsize=(0.55 * columns + 0.4, 0.55 * rows + 0.6))[1]
    ax.imshow(np.ones_like(values, float), cmap="gray", vmin=0, vmax=1)
    for row, column in np.ndindex(rows, columns):
        ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, ec="#555555", lw=0.8))
        ax.text(column, row, format(values[row, column], form), ha="center", va="center")
    _bare(ax)
    ax.set_title(title)
    return ax


def show_network(layers: Sequence[tuple[str, tuple[int, ...]]], ax: Axes | None = None) -> Axes:
    """Draw the network to scale: each feature map as a stack of planes, each vector as a bar.

    layers: name and output shape, in order, the input first: (height, width, channels) or (n,)
    """
    ax = ax or plt.subplots(figsize=(7.0, 3.0))[1]
    x = 0.0
    for number, (name, shape) in enumerate(layers):
        color = (BLUE, GREEN, ORANGE)[0 if "conv" in name else 1 if "pool" in name else 2]
        color = GREY if number == 0 else color
        draw = _stack if len(shape) == 3 else _bar
        right = draw(ax, x, shape, color)
        ax.text((x + right) / 2, -19.5, _short(name, shape), ha="center", va="top", fontsize=8.5)
        label = "×".join(map(str, shape))
        ax.text((x + right) / 2, -23.5, label, ha="center", va="top", fontsize=7.5, color="#444444")
        x = right + 7
    ax.set(xlim=(-3, x - 3), ylim=(-28, 22), aspect="equal")
    _bare(ax)
    return ax


def show_journey(image: np.ndarray, outputs: dict[str, np.ndarray]) -> Axes:
    """One digit on its way through the network: every layer, every channel.

    image: (28, 28, 1) in [0, 1]
    outputs: one image's activations by layer name, in order, as
    `mnist_lib.reference.forward` gives them, without the batch axis
    """
    spatial = {name: maps for name, maps in outputs.items() if maps.ndim == 3}
    heights = [2.4, *(0.4 + 0.44 * maps.shape[2] / 16 for maps in spatial.values())]
    axes = plt.subplots(
        len(heights) + 1, 1, figsize=(7.2, sum(heights) + 1.8), height_ratios=[*heights, 1.8]
    )[1]
    show_digits(image[np.newaxis], columns=1, ax=axes[0])
    axes[0].set_title("input 28×28×1", loc="center")
    for ax, (name, maps) in zip(axes[1:], spatial.items(), strict=False):
        show_maps(maps, f"{name}  " + "×".join(map(str, maps.shape)), ax=ax)
    show_probabilities(list(outputs.values())[-1], ax=axes[-1])
    axes[-1].set_title("dense_2  ten probabilities")
    return axes[0]


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
    """Draw one line for each named row of numbers, told apart by colour and marker.

    curves: values by name; the first value stands at 1
    """
    ax = ax or plt.subplots()[1]
    for (name, values), marker in zip(curves.items(), "osD^v*P", strict=False):
        ax.plot(range(1, len(values) + 1), values, marker=marker, label=name)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if len(curves) > 1:
        ax.legend()
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


def _cell(i: int, columns: int, height: int, width: int) -> tuple[int, int]:
    """Top left corner of the i-th cell of a sheet."""
    return (i // columns) * height, (i % columns) * width


def _picture(sheet: np.ndarray, ax: Axes | None, width: float, **options: object) -> Axes:
    """Draw a sheet of pixels as wide as asked for, without axes; gaps (NaN) are white."""
    if ax is None:
        height = width * sheet.shape[0] / sheet.shape[1]
        ax = plt.subplots(figsize=(width, height + 0.35))[1]
    ax.imshow(sheet, **({"vmin": 0, "vmax": 1} | options))
    _bare(ax)
    return ax


def _bare(ax: Axes) -> None:
    ax.set(xticks=[], yticks=[])
    ax.grid(visible=False)
    for spine in ax.spines.values():
        spine.set_visible(False)


def _short(name: str, shape: tuple[int, ...]) -> str:
    """The note's name of a layer: conv2d_1 is C1, and the dense layer of 64 neurons D64."""
    kind, _, number = name.rpartition("_")
    spatial, flat = {"conv2d": "C", "max_pooling2d": "M"}, {"flatten": "F", "dense": "D"}
    if kind in flat:
        return f"{flat[kind]}{shape[0]}"
    return spatial[kind] + number if kind in spatial else name


def _stack(ax: Axes, x: float, shape: tuple[int, ...], color: str) -> float:
    """Planes one behind the other; one unit is one pixel, and every eighth channel is drawn."""
    height, width, channels = shape
    planes, lean = max(1, channels // 8), 0.9
    for plane in reversed(range(planes)):
        left, bottom = x + plane * lean, -height / 2 + plane * lean
        ax.add_patch(
            Rectangle((left, bottom), width * 0.55, height, fc=color, ec="white", lw=0.6, alpha=0.9)
        )
    return x + width * 0.55 + (planes - 1) * lean


def _bar(ax: Axes, x: float, shape: tuple[int, ...], color: str) -> float:
    """A vector as a slim bar; its height grows with the logarithm of its length."""
    half = 3.2 * np.log10(shape[0]) + 3
    corners = [(x, -half), (x + 2.4, -half), (x + 2.4, half), (x, half)]
    ax.add_patch(Polygon(corners, fc=color, ec="white", lw=0.6))
    return x + 2.4
