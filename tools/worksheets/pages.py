"""Put a worksheet on a page of A4; in inches, from the top left corner."""

import textwrap
from fractions import Fraction

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mnist_lib.plots.style import BLUE, GREY
from tools.worksheets.sheets import Sheet, Table

WIDTH, HEIGHT, MARGIN = 8.27, 11.69, 0.8
LINE, CELL, GAP = 0.22, 0.34, 0.35
LETTERS = 88  # of a line of text


def draw(sheet: Sheet, *, foot: str, solved: bool = False) -> Figure:
    """Draw one page.

    foot: the line at the bottom, which says for whom the numbers are
    solved: whether what is to be found is filled in
    """
    figure = plt.figure(figsize=(WIDTH, HEIGHT), layout="none")
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, WIDTH), ylim=(HEIGHT, 0))
    ax.axis("off")
    ax.text(MARGIN, 0.9, sheet.title + (": solution" if solved else ""), fontsize=18)
    ax.text(WIDTH - MARGIN, 0.9, "" if solved else "Name: " + "_" * 28, ha="right")
    ax.text(MARGIN, HEIGHT - 0.5, foot, fontsize=8, color=GREY)
    top = 1.3
    for block in sheet.blocks:
        is_text = isinstance(block, str)
        top = _paragraph(ax, block, top) if is_text else _row(ax, block, top, solved)
    if top > HEIGHT - 0.6:
        raise ValueError(f"the sheet {sheet.title} needs {top:.1f} inches of {HEIGHT}")
    return figure


def _paragraph(ax: Axes, text: str, top: float) -> float:
    lines = textwrap.wrap(text, LETTERS)
    ax.text(MARGIN, top, "\n".join(lines), va="top", fontsize=10.5, linespacing=1.35)
    return top + LINE * len(lines) + 0.12


def _row(ax: Axes, tables: list[Table], top: float, solved: bool) -> float:
    """Draw tables side by side, in a new line where they do not fit; return where they end."""
    left, deepest = MARGIN, top
    for table in tables:
        width = _width(table)
        if left > MARGIN and left + width > WIDTH - MARGIN:
            left, top = MARGIN, deepest
        _table(ax, table, (left, top), solved)
        deepest = max(deepest, top + 0.27 + CELL * len(table.values) + 0.2)
        left += width + GAP
    return deepest


def _table(ax: Axes, table: Table, corner: tuple[float, float], solved: bool) -> None:
    left, top = corner
    wide = _cell_width(table)
    ax.text(left, top + 0.13, table.title, fontsize=8.5, va="center")
    for (r, c), value in np.ndenumerate(table.values):
        x, y = left + c * wide, top + 0.27 + r * CELL
        ax.add_patch(Rectangle((x, y), wide, CELL, fill=False, linewidth=0.6))
        if table.given or solved:
            ax.text(
                x + wide / 2,
                y + CELL / 2,
                _text(value),
                ha="center",
                va="center",
                fontsize=9.5,
                color="black" if table.given else BLUE,
            )


def _cell_width(table: Table) -> float:
    least = 0.4 if table.given else 0.55  # the width of an empty cell tells nothing
    return max(least, 0.16 + 0.085 * max(len(_text(value)) for value in table.values.flat))


def _width(table: Table) -> float:
    return max(_cell_width(table) * table.values.shape[1], 0.068 * len(table.title))


def _text(value: Fraction | str) -> str:
    return str(value).replace("-", "−")
