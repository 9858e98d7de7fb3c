"""Figures of the chapter *Architecture*, and of the landing page."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon, Rectangle

from mnist_lib.plots.common import show_digits, show_maps, show_probabilities
from mnist_lib.plots.style import BLUE, DIVERGING, GREEN, GREY, ORANGE, draw_pixels, hide_axes


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
    hide_axes(ax)
    return ax


def show_journey(image: np.ndarray, outputs: dict[str, np.ndarray]) -> Axes:
    """One digit on its way through the network: every layer, every channel.

    image: (28, 28, 1) in [0, 1]
    outputs: one image's activations by layer name, in order, as
    `mnist_lib.reference.forward` returns them, without the batch axis
    """
    spatial = {name: maps for name, maps in outputs.items() if maps.ndim == 3}
    heights = [2.4, *(0.4 + 0.44 * maps.shape[2] / 16 for maps in spatial.values())]
    axes = plt.subplots(
        len(heights) + 1, 1, figsize=(7.0, sum(heights) + 1.8), height_ratios=[*heights, 1.8]
    )[1]
    show_digits(image[np.newaxis], columns=1, ax=axes[0])
    axes[0].set_title("input 28×28×1", loc="center")
    for ax, (name, maps) in zip(axes[1:-1], spatial.items(), strict=True):
        show_maps(maps, f"{name}  " + "×".join(map(str, maps.shape)), ax=ax)
    show_probabilities(list(outputs.values())[-1], ax=axes[-1])
    axes[-1].set_title("dense_2  ten probabilities")
    return axes[0]


def show_fit(length: int, size: int, stride: int = 1, ax: Axes | None = None) -> Axes:
    """Draw a row of pixels and, below it, every place where a window fits; leftovers are hatched.

    length, size, stride: of the row, of the window and of its step, in pixels
    """
    starts = range(0, length - size + 1, stride)
    height = 0.42 * (len(starts) + 2)
    ax = ax or plt.subplots(figsize=(min(7.0, 0.5 * length + 2.2), height))[1]
    used = starts[-1] + size if starts else 0
    for pixel in range(length):
        look = {"fc": "#dddddd"} if pixel < used else {"fc": "white", "hatch": "////"}
        ax.add_patch(Rectangle((pixel, 0), 1, 0.8, ec="#555555", lw=0.8, **look))
        ax.text(pixel + 0.5, 0.9, pixel, ha="center", va="bottom", fontsize=8, color="#444444")
    for number, start in enumerate(starts, 1):
        ax.add_patch(Rectangle((start, -number), size, 0.7, fc=BLUE, ec="white", lw=0.6))
        place = (start + size / 2, 0.35 - number)
        ax.text(*place, number - 1, ha="center", va="center", color="w", fontsize=8)
    ax.set(xlim=(-0.2, length + 0.2), ylim=(-len(starts) - 0.2, 1.6))
    hide_axes(ax)
    return ax


def show_share(
    names: Sequence[str], counts: dict[str, Sequence[int]], ax: Axes | None = None
) -> Axes:
    """Draw for each layer its share of several totals, as bars with the count written beside.

    names: one for each layer, the first on top
    counts: one number for each layer, by what is counted; distinguished by colour and hatching
    """
    ax = ax or plt.subplots(figsize=(7.0, 0.55 * len(names) + 0.9))[1]
    thick = 0.8 / len(counts)
    for i, (what, values) in enumerate(counts.items()):
        places = np.arange(len(names)) + (i + 0.5) * thick - 0.4
        shares = np.array(values) / sum(values)
        look = {"color": (BLUE, ORANGE, GREEN)[i], "hatch": ("", "///", "...")[i]}
        ax.barh(places, shares, thick, edgecolor="white", label=what, **look)
        for place, share, value in zip(places, shares, values, strict=True):
            ax.text(share + 0.008, place, f"{value:,}", va="center", fontsize=8)
    ax.set(yticks=range(len(names)), yticklabels=names, xlim=(0, 1), xlabel="share of the total")
    ax.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
    ax.grid(axis="y", visible=False)
    ax.invert_yaxis()
    ax.legend(loc="lower right")
    return ax


def show_dots(arrays: dict[str, Sequence[np.ndarray]], ax: Axes | None = None) -> Axes:
    """Draw every number as one dot: red below zero, white at zero, blue above.

    arrays: a few arrays of any shape, by the name written beside them; 320 dots fill a line
    """
    columns, gap, places, labels = 320, 8, [], []
    blocks: list[np.ndarray] = []
    for name, parts in arrays.items():
        numbers = np.concatenate([np.ravel(part) for part in parts])
        lines = -(-numbers.size // columns)
        places.append(sum(map(len, blocks)) + lines / 2 - 0.5)
        labels.append(f"{name}\n{numbers.size:,}")
        white = np.full((lines + gap) * columns - numbers.size, np.nan)
        blocks.append(np.append(numbers, white).reshape(-1, columns))
    sheet = np.concatenate(blocks)[:-gap]
    limit = np.nanquantile(np.abs(sheet), 0.99)
    ax = ax or plt.subplots(figsize=(7.0, 6.4 * len(sheet) / columns + 0.2))[1]
    draw_pixels(sheet, ax, width=7.0, vmin=-limit, vmax=limit, cmap=DIVERGING)
    ax.set_yticks(places, labels)
    ax.tick_params(length=0)
    return ax


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
