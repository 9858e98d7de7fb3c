"""Colours, the style sheet, and helpers that several figures share.

Importing this module switches on the book's style. Colours are those of Okabe and Ito, which
colour-blind readers can distinguish; no figure relies on colour alone.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

plt.style.use(Path(__file__).with_name("style.mplstyle"))

BLUE, ORANGE, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
GREY = "#999999"
DIVERGING = "RdBu"
"""Red below zero, white at zero, blue above."""


def cell_corner(i: int, columns: int, height: int, width: int) -> tuple[int, int]:
    """Top left corner of the i-th cell of a sheet."""
    return (i // columns) * height, (i % columns) * width


def draw_pixels(sheet: np.ndarray, ax: Axes | None, width: float, **options: object) -> Axes:
    """Draw a sheet of pixels at the given width, without axes; gaps (NaN) are white."""
    if ax is None:
        height = width * sheet.shape[0] / sheet.shape[1]
        ax = plt.subplots(figsize=(width, height + 0.35))[1]
    ax.imshow(sheet, **({"vmin": 0, "vmax": 1} | options))
    hide_axes(ax)
    return ax


def hide_axes(ax: Axes) -> None:
    """Leave the picture alone: no ticks, no grid, no frame."""
    ax.set(xticks=[], yticks=[])
    ax.grid(visible=False)
    for spine in ax.spines.values():
        spine.set_visible(False)
