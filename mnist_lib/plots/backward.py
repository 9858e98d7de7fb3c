"""Figures of the chapter *Backward*."""

from collections.abc import Iterable, Sequence
from fractions import Fraction

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from mnist_lib.plots.style import BLUE, DIVERGING, ORANGE, cell_corner, draw_pixels, hide_axes

_GAP = 1.3
"""Between two matrices of a row, in cells."""


def show_equation(parts: dict[str, np.ndarray], signs: Sequence[str]) -> Axes:
    """Draw small matrices in a row, with a sign between each and the next.

    Numbers are written as fractions; blue cells are positive, orange ones negative.

    parts: by title, (rows, columns), or (1, rows, columns, 1), or a single number
    signs: one fewer than the parts, such as "·" or "="
    """
    matrices = [_matrix(values) for values in parts.values()]
    height = max(len(values) for values in matrices)
    ax, left = _canvas(_width(matrices), height + 0.8), 0.0
    places = zip(parts, matrices, ["", *signs], strict=True)
    for title, values, sign in places:
        if sign:
            ax.text(left - _GAP / 2, height / 2, sign, ha="center", va="center", fontsize=13)
        _draw_matrix(ax, values, title, left, (height - len(values)) / 2)
        left += values.shape[1] + _GAP
    return ax


def show_passes(forward: dict[str, np.ndarray], backward: dict[str, np.ndarray]) -> Axes:
    """Draw a small network twice: above its activations, below the gradient of each of them.

    forward: (rows, columns) or (1, rows, columns, 1) by name, from the image to the probabilities
    backward: the gradients with respect to the same arrays, by the same names
    """
    matrices = [_matrix(values) for values in forward.values()]
    height = max(len(values) for values in matrices)
    top = height + 2.4
    ax = _canvas(_width(matrices), top + height + 1.9)
    for start, parts, arrow in ((0.0, forward, "→"), (top, backward, "←")):
        left = 0.0
        for name, values in zip(parts, map(_matrix, parts.values()), strict=True):
            if left:
                place = (left - _GAP / 2, start + height / 2)
                ax.text(*place, arrow, ha="center", va="center", fontsize=13)
            _draw_matrix(ax, values, name, left, start + (height - len(values)) / 2)
            left += values.shape[1] + _GAP
    for start, text in ((0.0, "forward: the numbers"), (top, "backward: the gradient of each")):
        ax.text(-0.1, start - 1.5, text, fontsize=10, fontweight="bold", va="center")
    ax.set_ylim(top + height + 0.2, -1.9)
    return ax


def show_errors(errors: dict[str, np.ndarray]) -> Axes:
    """Draw the errors of every layer for one digit: red below zero, white at zero, blue above.

    Each layer is drawn on a scale of its own; a row of numbers is drawn as one line.

    errors: (height, width, channels) or (numbers,) by layer name, from the last layer to the first
    """
    sheets = {name: _sheet(values) for name, values in errors.items()}
    heights = [0.25 if len(s) == 1 else 7.0 * s.shape[0] / s.shape[1] for s in sheets.values()]
    size = (7.0, sum(heights) + 0.42 * len(heights))
    axes = plt.subplots(len(sheets), 1, figsize=size, height_ratios=heights)[1]
    for ax, (name, sheet) in zip(axes, sheets.items(), strict=True):
        values = errors[name]
        limit = np.abs(values).max() or 1
        ax.imshow(sheet, cmap=DIVERGING, vmin=-limit, vmax=limit, aspect="auto")
        hide_axes(ax)
        shape = "×".join(map(str, values.shape))
        count = f"{np.count_nonzero(values):,} of {values.size:,} are not 0"
        ax.set_title(f"{name}  {shape}: {count}, the largest {limit:.2g}", fontsize=9)
        ax.add_patch(Rectangle((0, 0), 1, 1, transform=ax.transAxes, fill=False, ec="#bbbbbb"))
    return axes[0]


def show_terms(pixels: np.ndarray, errors: np.ndarray, products: np.ndarray) -> Axes:
    """Draw the sum behind the gradient of one weight: what it reads, times the errors.

    pixels, errors, products: (rows, columns), one number for each position of the kernel
    """
    axes = plt.subplots(1, 3, figsize=(7.0, 2.9))[1]
    titles = (
        "pixels under the weight",
        "× errors",
        f"= products, sum {products.sum():.4f}".replace("-", "−"),
    )
    for ax, values, title in zip(axes, (pixels, errors, products), titles, strict=True):
        limit = np.abs(values).max() or 1
        colours = {"vmin": -limit, "vmax": limit, "cmap": DIVERGING}
        draw_pixels(values, ax, width=2.0, **(colours if values is not pixels else {}))
        ax.add_patch(Rectangle((0, 0), 1, 1, transform=ax.transAxes, fill=False, ec="#555555"))
        count = f"{np.count_nonzero(values)} of {values.size} are not 0"
        ax.set_title(title, fontsize=9, loc="center")
        ax.set_xlabel(count, fontsize=9)
    return axes[0]


def show_slope(nudges: np.ndarray, losses: np.ndarray, slope: float) -> Axes:
    """Draw the loss against the change of one weight, and the tangent at no change.

    nudges: (n,), changes of the weight; losses: (n,), the loss after each; slope: at no change
    """
    ax = plt.subplots(figsize=(6.4, 3.0))[1]
    ax.plot(nudges, losses, label="loss of the network")
    start = np.interp(0, nudges, losses)
    label = f"a line of slope {slope:.2f}".replace("-", "−")
    ax.plot(nudges, start + slope * nudges, "--", color=ORANGE, label=label)
    ax.plot([0], [start], "o", color="black")
    ax.set(xlabel="change of the weight", ylabel="loss")
    ax.legend()
    return ax


def _canvas(width: float, height: float) -> Axes:
    """Axes in cells, at most as wide as a page, rows counted downwards."""
    scale = min(0.42, 7.0 / (width + 0.4))
    ax = plt.subplots(figsize=(scale * (width + 0.4), scale * (height + 0.2)))[1]
    hide_axes(ax)
    ax.set(xlim=(-0.2, width + 0.2), ylim=(height - 0.7, -0.9), aspect="equal")
    return ax


def _matrix(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values)
    return values[0, :, :, 0] if values.ndim == 4 else np.atleast_2d(values)


def _width(matrices: Iterable[np.ndarray]) -> float:
    return sum(values.shape[1] + _GAP for values in matrices) - _GAP


def _draw_matrix(ax: Axes, values: np.ndarray, title: str, left: float, top: float) -> None:
    """Draw one matrix: a cell for each number, tinted by its sign, a title above."""
    for (row, column), value in np.ndenumerate(values):
        tint = BLUE + "2c" if value > 0 else ORANGE + "38" if value < 0 else "white"
        corner = (left + column, top + row)
        ax.add_patch(Rectangle(corner, 1, 1, fc=tint, ec="#777777", lw=0.7))
        text, dim = _written(value), "#999999" if value == 0 else "black"
        size = 9 if len(text) < 4 else 7 if len(text) < 6 else 5.5
        middle = (corner[0] + 0.5, corner[1] + 0.52)
        ax.text(*middle, text, ha="center", va="center", fontsize=size, color=dim)
    middle = left + values.shape[1] / 2
    ax.text(middle, top - 0.25, title, ha="center", va="bottom", fontsize=8.5)


def _written(value: float) -> str:
    """A number as a fraction where it is a simple one, else with two decimals."""
    simple = Fraction(float(value)).limit_denominator(16)
    text = str(simple) if abs(float(simple) - value) < 1e-9 else f"{value:.2f}"
    return text.replace("-", "−")


def _sheet(values: np.ndarray) -> np.ndarray:
    """The channels of a layer side by side, with gaps; a row of numbers as one line."""
    if values.ndim == 1:
        return values[np.newaxis]
    height, width, channels = values.shape
    columns = 16
    sheet = np.full((-(-channels // columns) * (height + 1), columns * (width + 1)), np.nan)
    for channel in range(channels):
        top, left = cell_corner(channel, columns, height + 1, width + 1)
        sheet[top : top + height, left : left + width] = values[:, :, channel]
    return sheet[:-1, :-1]
