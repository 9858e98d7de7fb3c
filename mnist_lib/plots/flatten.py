"""Figures of the chapter *Flatten*."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from mnist_lib.plots.style import ORANGE, hide_axes


def show_flattening(maps: np.ndarray, pixel: tuple[int, int], *, form: str = "g") -> Axes:
    """Draw a small map, plane by plane, and below it the row that it is flattened into.

    maps: (height, width, channels), a dozen numbers or so
    pixel: row and column of the pixel whose numbers are framed, in the planes and in the row
    form: how a number is written, as in an f-string
    """
    height, width, channels = maps.shape
    ax = plt.subplots(figsize=(7.0, 0.56 * (height + 3.2)))[1]
    left = (maps.size - channels * (width + 1) + 1) / 2
    for index, ((row, column, channel), value) in enumerate(np.ndenumerate(maps)):
        look, plane = {"fc": "white", "ec": "#555555", "lw": 0.8}, left + channel * (width + 1)
        if (row, column) == pixel:
            look = {"fc": "#fbe3d6", "ec": ORANGE, "lw": 2.4, "zorder": 2}
        for x, y in ((plane + column, row), (index, height + 1)):
            ax.add_patch(Rectangle((x, y), 1, 1, **look))
            ax.text(x + 0.5, y + 0.5, format(value, form), ha="center", va="center", zorder=3)
        ax.text(index + 0.5, height + 2.35, index, ha="center", va="center", color="#444444")
        if (row, column) == (0, 0):
            ax.text(plane + width / 2, -0.35, f"channel {channel}", ha="center", va="center")
    ax.set(xlim=(-0.1, maps.size + 0.1), ylim=(height + 2.7, -0.7), aspect="equal")
    hide_axes(ax)
    return ax


def show_blocks(shape: tuple[int, int, int], row_followed: int) -> Axes:
    """Draw a stack of planes and the one row that it becomes, one block for each pixel.

    shape: height, width and channels of the map; every eighth plane is drawn
    row_followed: the row whose last pixel is followed through all planes into its block
    """
    height, width, channels = shape
    ax = plt.subplots(figsize=(7.0, 4.4))[1]
    pixel, block, lean = (row_followed, width - 1), 12 / (height * width), 0.28
    bottom, deepest = 2.7, (max(1, channels // 8) - 1) * lean
    places = sorted(np.ndindex(height, width), key=lambda place: place == pixel)  # draw it on top
    for depth in np.arange(deepest, -lean / 2, -lean):
        for row, column in places:
            text = "" if depth > lean / 2 else f"{row}, {column}"
            corner = (1.4 + column + depth, bottom + height - 1 - row + depth)
            _labelled(ax, corner, (1, 1), text, (row, column) == pixel)
    ax.text(1.4 + width / 2, bottom - 0.35, "channel 0", ha="center", va="center")
    last = (1.4 + width + deepest + 0.2, bottom + height + deepest - 0.4)
    ax.text(*last, f"channel {channels - 1}", va="center")
    for place in places:
        number = place[0] * width + place[1]
        text = "{}, {}\n\n{}–{}".format(*place, number * channels, (number + 1) * channels - 1)
        _labelled(ax, (number * block, 0), (block, 1.5), text, place == pixel)
    start = (1.4 + width + deepest, bottom + height - 0.5 - row_followed + deepest)
    end = ((row_followed * width + width - 0.5) * block, 1.5)
    arrow = {"arrowstyle": "-|>", "color": ORANGE, "lw": 2}
    arrow["connectionstyle"] = "angle,angleA=0,angleB=90"
    ax.annotate("", end, start, arrowprops=arrow)
    ax.set(xlim=(-0.1, 12.1), ylim=(-0.1, bottom + height + deepest + 0.1), aspect="equal")
    hide_axes(ax)
    return ax


def show_flat(values: np.ndarray, shape: tuple[int, int, int], title: str = "") -> Axes:
    """Draw a flat row in lines, one line for each pixel of the map it came from, zero black.

    values: (height * width * channels,), not negative
    shape: height, width and channels of that map
    """
    height, width, channels = shape
    ax = plt.subplots(figsize=(7.0, 0.19 * height * width + 0.7))[1]
    ax.imshow(values.reshape(-1, channels), aspect="auto", vmin=0, vmax=values.max() or 1)
    hide_axes(ax)
    ends = range(channels - 1, values.size, channels)
    places = zip(np.ndindex(height, width), ends, strict=True)
    labels = [f"pixel {place}: {end - channels + 1}–{end}" for place, end in places]
    ax.set(title=title, xlabel=f"channel 0 to {channels - 1}")
    ax.set_yticks(range(height * width), labels, fontsize=8)
    ax.tick_params(length=0)
    return ax


def show_sliding(picture: np.ndarray, answers: np.ndarray, *, step: int, window: int = 0) -> Axes:
    """Draw a wide picture, and below it the answers that one network gives as it slides along.

    picture: (height, width); the network reads windows that are as wide as the picture is high
    answers: (windows, classes), probabilities; the most probable class is written in its cell
    step: from one window to the next, in pixels
    window: the one that is framed, in the picture and in the answers
    """
    height, width = picture.shape
    n, classes = answers.shape
    first = (height - step) / 2  # each answer stands below the middle of its window
    strip = 6.4 * height / width
    size, ratios = (7.0, strip + 2.6), (strip, 2.1)
    above, below = plt.subplots(2, 1, figsize=size, height_ratios=ratios)[1]
    whole = {"extent": (0, width, height, 0), "aspect": "auto"}
    above.imshow(picture, cmap="gray", vmin=0, vmax=1, **whole)
    extent = (first, first + n * step, classes - 0.5, -0.5)
    below.imshow(answers.T, cmap="Greys", vmin=0, vmax=1, extent=extent, aspect="auto")
    for place, best in enumerate(answers.argmax(axis=1)):
        shade = "white" if answers[place, best] > 0.5 else "black"
        middle = first + (place + 0.5) * step
        below.text(middle, best, best, color=shade, ha="center", va="center", fontsize=8)
    hide_axes(above)
    below.grid(visible=False)
    below.set(xlim=(0, width), yticks=range(classes), ylabel="class")
    starts = range(0, width - height + 1, height)
    below.set_xticks([start + height / 2 for start in starts], starts)
    below.set_xlabel("where the window begins, in pixels")
    frame = {"fill": False, "ec": ORANGE, "lw": 2.5, "clip_on": False, "zorder": 3}
    above.add_patch(Rectangle((window * step, 0), height, height, **frame))
    left = first + window * step
    below.add_patch(Rectangle((left, -0.5), step, classes, **frame))
    return above


def _labelled(
    ax: Axes, corner: tuple[float, float], size: tuple[float, float], text: str, chosen: bool
) -> None:
    """A box with its text; the chosen one is tinted and has a thick frame."""
    fill, edge, line = ("#fbe3d6", ORANGE, 1.8) if chosen else ("white", "#777777", 1.0)
    ax.add_patch(Rectangle(corner, *size, fc=fill, ec=edge, lw=line))
    x, y = corner[0] + size[0] / 2, corner[1] + size[1] / 2
    ax.text(x, y, text, ha="center", va="center", fontsize=8.5, linespacing=0.9)
