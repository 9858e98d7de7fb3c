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
from matplotlib.patches import Circle, Polygon, Rectangle

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
        len(heights) + 1, 1, figsize=(7.0, sum(heights) + 1.8), height_ratios=[*heights, 1.8]
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


def show_steps(steps: dict[str, np.ndarray], *, form: str = "") -> Axes:
    """Draw rows of numbers side by side, each as bars on its own scale: one panel a step.

    steps: (classes,) numbers by title, all of one length
    form: how a number is written on its bar, as in an f-string; without it none is
    """
    axes = plt.subplots(1, len(steps), figsize=(7.0, 2.6), squeeze=False)[1][0]
    for ax, (title, values), color in zip(axes, steps.items(), (GREY, BLUE, GREEN), strict=False):
        bars = ax.bar(range(len(values)), values, color=color)
        if form:
            ax.bar_label(bars, fmt="{:" + form + "}", padding=2, fontsize=9)
        ax.axhline(0, color="#555555", lw=0.8)
        ax.margins(y=0.15)
        ax.set(xticks=range(len(values)), xlabel="class", title=title)
        ax.grid(axis="x", visible=False)
    return axes[0]


def show_temperature(
    temperatures: np.ndarray, probabilities: np.ndarray, names: Sequence[str]
) -> Axes:
    """Draw how the probabilities move with the temperature, on a logarithmic axis.

    temperatures: (n,), positive
    probabilities: (n, classes), at most four classes
    names: one for each class
    """
    ax = plt.subplots(figsize=(7.0, 3.0))[1]
    for values, name, style in zip(probabilities.T, names, ("-", "--", ":", "-."), strict=False):
        ax.semilogx(temperatures, values, style, label=name)
    ax.axvline(1, color=GREY, lw=1)
    ax.set(xlabel="temperature T (1 is plain softmax)", ylabel="probability", ylim=(-0.03, 1.03))
    ax.set_xticks([0.1, 1, 10], labels=["0.1", "1", "10"])
    ax.legend(title="logit")
    return ax


def show_reliability(
    scores: np.ndarray, shares: np.ndarray, intervals: np.ndarray, labels: Sequence[str]
) -> Axes:
    """Draw the share of right answers over the mean score of each group, beside the diagonal.

    scores, shares: (groups,) in [0, 1]
    intervals: (groups, 2), low and high end of what is likely for each share
    labels: one for each group, such as "86 of 112"
    """
    ax = plt.subplots(figsize=(6.2, 4.4))[1]
    ax.plot([0, 1], [0, 1], "--", color=GREY, label="calibrated: share = score")
    errors = np.abs(np.transpose(intervals) - shares)
    ax.errorbar(scores, shares, errors, fmt="o", color=BLUE, capsize=4, label="the network")
    for x, y, text in zip(scores, shares, labels, strict=True):
        ax.annotate(text, (x, y), (9, 0), textcoords="offset points", va="center")
    ax.set(xlim=(0.35, 1.2), ylim=(0, 1.08), xlabel="mean score", ylabel="share of right answers")
    ax.set_xticks(np.arange(4, 11) / 10)
    ax.legend(loc="upper left")
    return ax


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
    _bare(ax)
    return ax


def show_share(
    names: Sequence[str], counts: dict[str, Sequence[int]], ax: Axes | None = None
) -> Axes:
    """Draw for each layer its share of several totals, as bars with the count written beside.

    names: one for each layer, the first on top
    counts: one number for each layer, by what is counted; told apart by colour and hatching
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

    arrays: a few arrays of any shapes by the name that stands beside them; 320 dots fill a line
    """
    columns, gap, blocks, places, labels = 320, 8, [], [], []
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
    _picture(sheet, ax, width=7.0, vmin=-limit, vmax=limit, cmap=DIVERGING)
    ax.set_yticks(places, labels)
    ax.tick_params(length=0)
    return ax


def show_window(
    image: np.ndarray, kernel: np.ndarray, output: np.ndarray, position: tuple[int, int]
) -> Axes:
    """One step of a sliding kernel: the window in the image, the kernel, the number it gives.

    image: (height, width); kernel: (rows, columns); output: (rows out, columns out)
    position: row and column of the output number; the window's top left corner
    """
    grids = {"image": image, "kernel": kernel, "output": output}
    widths = [values.shape[1] for values in grids.values()]
    axes = plt.subplots(1, 3, figsize=(6.4, 2.7), width_ratios=widths)[1]
    framed = ((position, kernel.shape), ((0, 0), kernel.shape), (position, (1, 1)))
    for ax, (title, values), frame in zip(axes, grids.items(), framed, strict=True):
        show_matrix(values, title, ax=ax)
        ax.set_ylim(len(image) - 0.5, -0.5)  # so that all cells are of one size
        (top, left), (height, width) = frame
        options = {"fc": ORANGE + "30", "ec": ORANGE, "lw": 3, "clip_on": False}
        ax.add_patch(Rectangle((left - 0.5, top - 0.5), width, height, **options))
    return axes[0]


def show_filters(kernels: np.ndarray, responses: np.ndarray, titles: Sequence[str]) -> Axes:
    """Draw kernels in a row, and under each what it makes of one image.

    Red below zero, white at zero, blue above; every picture on a scale of its own.

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
            _picture(values, ax, width=1.0, vmin=-limit, vmax=limit, cmap=DIVERGING)
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

    What belongs to no block is hatched.

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
        _picture(image[:, :, 0], ax, width=1.0)
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
    _picture(1 - image / 3, ax, width=1.0)
    heights = np.linspace(len(image) * 0.75, 1, len(fields))
    colors = (BLUE, ORANGE, GREEN, PINK, "black", BLUE)
    insets = np.linspace(0.3, 0, len(fields))  # so that squares with a common edge stay apart
    rows = zip(fields.items(), heights, insets, colors, strict=False)
    for (name, (first, last)), y, inset, color in rows:
        side, corner = last - first + 1, first - 0.5 + inset
        square = ((corner, corner), side - 2 * inset, side - 2 * inset)
        ax.add_patch(Rectangle(*square, fill=False, ec=color, lw=2))
        ax.plot([last + 0.5 - inset, len(image) + 0.5], [corner + side / 4, y], color=color, lw=1)
        ax.text(len(image) + 1, y, f"{name}: {side}×{side}", va="center")
    ax.add_patch(Rectangle((-0.5, -0.5), *image.shape, fill=False, ec=GREY))
    ax.set_xlim(-1, len(image) + 13)
    return ax


def show_bars(counts: Sequence[int], ax: Axes | None = None) -> Axes:
    """Draw how often each class occurs, every bar with its number above.

    counts: (classes,) whole numbers
    """
    ax = ax or plt.subplots(figsize=(7.0, 2.6))[1]
    bars = ax.bar(range(len(counts)), counts, color=BLUE)
    ax.bar_label(bars, [f"{count:,}" for count in counts], fontsize=8.5, padding=2)
    ax.set(xticks=range(len(counts)), ylim=(0, 1.15 * max(counts)), xlabel="class", ylabel="digits")
    ax.grid(axis="x", visible=False)
    return ax


def show_loss(
    curves: dict[str, Sequence[float]], level: float | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the mean loss of each epoch, one line for each named run, on a logarithmic scale.

    curves: losses by name; the first value belongs to epoch 1
    level: the loss of ten equal probabilities, ln 10, as a dotted line; none is drawn without it
    """
    ax = show_curves(curves, xlabel="epoch", ylabel="mean loss", ax=ax)
    losses = [loss for values in curves.values() for loss in values] + [level] * (level is not None)
    ticks = [t for t in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10) if t > min(losses) / 3]
    ax.set_yscale("log")
    ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.set_yticks([], minor=True)
    ax.set(xticks=range(1, 1 + max(map(len, curves.values()))))
    ax.set_ylim(min(losses) / 1.3, 1.3 * max(losses))
    if level is not None:
        ax.axhline(level, color="#555555", linestyle=":", label="equal probabilities: ln 10")
    ax.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1))
    return ax


def show_paths(paths: dict[str, np.ndarray], steepness: np.ndarray, ax: Axes | None = None) -> Axes:
    """Draw the ways of two weights down a bowl, over the lines of equal loss.

    paths: (steps, 2) by name, where the pair of weights stood after each step
    steepness: (2,) the bowl is half the sum of steepness times weight squared
    """
    ax = ax or plt.subplots(figsize=(7.0, 3.4))[1]
    reach = 1.15 * np.abs(np.concatenate(list(paths.values()))).max(axis=0)
    x, y = np.meshgrid(np.linspace(-reach[0], 0.3 * reach[0], 120), np.linspace(-1, 1, 120))
    y = y * reach[1]
    loss = (steepness[0] * x**2 + steepness[1] * y**2) / 2
    levels = loss.max() * np.linspace(0.02, 1, 9) ** 2
    ax.contour(x, y, loss, levels=levels, colors="#cccccc", linewidths=0.9)
    for (name, path), marker in zip(paths.items(), "osD", strict=False):
        ax.plot(*np.transpose(path), marker=marker, markersize=4, lw=1.3, label=name)
    ax.plot(0, 0, marker="*", markersize=15, color="black", linestyle="", label="the minimum")
    ax.set(xlabel="first weight", ylabel="second weight")
    ax.legend(loc="lower right")
    return ax


def show_runs(
    names: Sequence[str], shares: Sequence[float], intervals: Sequence[tuple[float, float]]
) -> Axes:
    """Draw the share of right answers of each run as a dot, with its interval as a bar.

    names, shares, intervals: one for each run; shares and the ends of intervals lie in [0, 1]
    """
    ax = plt.subplots(figsize=(7.0, 0.42 * len(names) + 1.2))[1]
    shares, rows = np.array(shares), range(len(names))
    ends = np.abs(np.transpose(intervals) - shares)
    ax.errorbar(100 * shares, rows, xerr=100 * ends, fmt="o", capsize=4, label="run, 95 % interval")
    ax.axvline(100 * shares.mean(), color=ORANGE, linestyle="--", label="mean of the runs")
    ax.set(yticks=rows, yticklabels=names, xlabel="right answers in %", ylim=(len(names) - 0.5, -1))
    ax.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    ax.grid(axis="y", visible=False)
    return ax


def show_lines(
    x: np.ndarray, functions: dict[str, np.ndarray], title: str = "", *, ax: Axes | None = None
) -> Axes:
    """Draw functions of one variable, told apart by colour and dash; a jump stays a gap.

    x: (n,), rising
    functions: the values (n,) at x, by name
    """
    ax = ax or plt.subplots(figsize=(6.4, 3.4))[1]
    ax.axhline(0, color=GREY, lw=0.8)
    ax.axvline(0, color=GREY, lw=0.8)
    dashes = ("-", "--", "-.", ":")
    for (name, values), dash in zip(functions.items(), dashes, strict=False):
        values = np.array(values, float)
        values[1:][np.abs(np.diff(values)) > 0.5] = np.nan
        ax.plot(x, values, dash, label=name)
    ax.set(title=title, xlabel="input")
    if len(functions) > 1:
        ax.legend()
    return ax


def show_cut(values: np.ndarray, title: str = "", ax: Axes | None = None) -> Axes:
    """Draw how values spread on either side of zero: hatched what ReLU drops, full what it keeps.

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
    output: (neurons,), weights of one output neuron, whose level lines are then drawn
    labels: text by pattern, "101" where the first and third neuron are on and the second is off
    """
    ax, side = plt.subplots(figsize=(5.4, 5.2))[1], np.linspace(-2, 2, 401)
    x, y = np.meshgrid(side, side)
    before = np.stack([x, y], axis=-1) @ kernel + bias
    patterns, piece = np.unique((before > 0).reshape(-1, len(bias)), axis=0, return_inverse=True)
    shades = plt.get_cmap("Pastel1")(piece.reshape(x.shape) * 2 % 9)
    ax.imshow(shades, origin="lower", extent=(-2, 2, -2, 2))
    for neuron in range(len(bias)):
        ax.contour(x, y, before[..., neuron], [0], colors="black", linewidths=1.4)
    if output is not None:
        level = {"colors": BLUE, "linewidths": 0.9, "linestyles": "solid"}
        ax.contour(x, y, np.maximum(before, 0) @ output, 14, **level)
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


def show_bits(bits: Sequence[int], title: str = "", ax: Axes | None = None) -> Axes:
    """Draw the 32 bits of a float32 in a row, in its three fields: sign, exponent, fraction.

    bits: (32,) of 0 and 1, the highest first
    """
    ax = ax or plt.subplots(figsize=(7.0, 1.35))[1]
    fields = (("sign", 0, 1, PINK), ("exponent", 1, 9, ORANGE), ("fraction", 9, 32, BLUE))
    for gap, (name, start, stop, color) in enumerate(fields):
        left = start + 0.8 * gap
        for place in range(start, stop):
            corner = (left + place - start, 0)
            ax.add_patch(Rectangle(corner, 1, 1.4, fc=color, ec="white", lw=1.5, alpha=0.25))
            ax.text(corner[0] + 0.5, 0.7, bits[place], ha="center", va="center", fontsize=11)
        ax.plot([left + 0.1, left + stop - start - 0.1], [-0.2, -0.2], color=color)
        middle = left + (stop - start) / 2
        ax.text(middle, -0.5, name, ha="center", va="top", fontsize=10)
    ax.set(xlim=(-0.6, 34.2), ylim=(-1.2, 1.5))
    ax.set_title(title)
    _bare(ax)
    return ax


def show_file_map(
    files: dict[str, tuple[int, Sequence[tuple[int, int, str]]]], ax: Axes | None = None
) -> Axes:
    """Draw files as strips, to scale in bytes, with what was found where; the rest is grey.

    files: by name, the size in bytes and (start, length, kind) of each piece that was found
    """
    ax = ax or plt.subplots(figsize=(7.0, 0.6 * len(files) + 1.1))[1]
    looks = [{"color": BLUE}, {"facecolor": "#F3C6A5", "edgecolor": ORANGE, "hatch": "///"}]
    kinds = list(dict.fromkeys(kind for _, pieces in files.values() for *_, kind in pieces))
    for row, (size, pieces) in enumerate(files.values()):
        label = "structure, names and plan" if row == 0 else None
        ax.broken_barh([(0, size / 1000)], (row - 0.3, 0.6), color="#BBBBBB", label=label)
        for kind, look in zip(kinds, looks, strict=False):
            spans = [(start / 1000, length / 1000) for start, length, k in pieces if k == kind]
            label = kind if row == 0 else None
            ax.broken_barh(spans, (row - 0.3, 0.6), linewidth=0, label=label, **look)
    ax.set(yticks=range(len(files)), yticklabels=files, xlabel="place in the file (1,000 bytes)")
    ax.set_ylim(len(files) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)
    ax.figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return ax


def show_step_sizes(moved: dict[str, np.ndarray], limit: float) -> Axes:
    """How far the weights moved in one training step, one histogram below the other.

    moved: by name, (n,) distances, not negative
    limit: the largest possible distance, drawn as a dashed line
    """
    axes = plt.subplots(len(moved), 1, sharex=True, sharey=True, figsize=(7.0, 3.6))[1]
    bins = np.linspace(0, 1.02 * limit, 52)
    for ax, (name, distances), color in zip(axes, moved.items(), (BLUE, ORANGE), strict=False):
        ax.hist(distances, bins, color=color)
        ax.axvline(limit, color="#222222", ls="--", lw=1.2)
        ax.set(title=name, ylabel="weights")
    axes[-1].set_xlabel("distance moved in one step (dashed: the largest possible)")
    return axes[0]


def show_flattening(maps: np.ndarray, pixel: tuple[int, int], *, form: str = "g") -> Axes:
    """Draw a small map, plane by plane, and below it the row that flatten makes of it.

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
    _bare(ax)
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
    places = sorted(np.ndindex(height, width), key=lambda place: place == pixel)  # it on top
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
    _bare(ax)
    return ax


def show_flat(values: np.ndarray, shape: tuple[int, int, int], title: str = "") -> Axes:
    """Draw a flat row in lines, one line for each pixel of the map it came from, zero black.

    values: (height * width * channels,), not negative
    shape: height, width and channels of that map
    """
    height, width, channels = shape
    ax = plt.subplots(figsize=(7.0, 0.19 * height * width + 0.7))[1]
    ax.imshow(values.reshape(-1, channels), aspect="auto", vmin=0, vmax=values.max() or 1)
    _bare(ax)
    ends = range(channels - 1, values.size, channels)
    places = zip(np.ndindex(height, width), ends, strict=True)
    labels = [f"pixel {place}: {end - channels + 1}–{end}" for place, end in places]
    ax.set(title=title, xlabel=f"channel 0 to {channels - 1}")
    ax.set_yticks(range(height * width), labels, fontsize=8)
    ax.tick_params(length=0)
    return ax


def show_rows(rows: dict[str, tuple[float, Sequence[float]]], pixel: int) -> Axes:
    """Draw rows of cells one below the other, to scale, and where their centres of mass lie.

    Where the cells are whole pixels they are numbered, and a triangle marks the centre of mass;
    where they are not, lines above and below are the edges of pixels.

    rows: the width of a cell in pixels and the values in [0, 1], by the text above the row
    pixel: the one of the last row that is framed
    """
    right = max(width * len(values) for width, values in rows.values())
    ax = plt.subplots(figsize=(7.0, 1.05 * len(rows)))[1]
    for top, (name, (width, values)) in zip(range(0, 99, 2), rows.items(), strict=False):
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
    _bare(ax)
    return ax


def show_pictures(
    pictures: Sequence[np.ndarray], titles: Sequence[str] = (), *, columns: int = 3
) -> Axes:
    """Draw pictures of any sizes, each as large as its place, with its title and its size.

    pictures: (height, width) in [0, 1], or uint8, grey or (height, width, 3)
    titles: one for each picture, or none
    """
    rows = -(-len(pictures) // columns)
    size = (7.0, rows * (7.0 / columns + 0.5))
    axes = plt.subplots(rows, columns, figsize=size, squeeze=False)[1].ravel()
    for ax in axes:
        _bare(ax)
    for number, (ax, picture) in enumerate(zip(axes, pictures, strict=False)):
        limits = {"vmin": 0, "vmax": 255 if picture.dtype == np.uint8 else 1}
        ax.imshow(picture, interpolation="auto", **limits)  # fine lines survive the shrinking
        frame = {"transform": ax.transAxes, "fill": False, "ec": "#777777", "clip_on": False}
        ax.add_patch(Rectangle((0, 0), 1, 1, **frame))
        ax.set_title(titles[number] if len(titles) else "", loc="center", fontsize=9.5)
        ax.set_xlabel("×".join(map(str, picture.shape[:2])), fontsize=8.5)
    return axes[0]


def show_counts(
    names: Sequence[str], shares: Sequence[float], intervals: np.ndarray, labels: Sequence[str]
) -> Axes:
    """Draw a share for each name, the first on top: a dot, its interval, and a text beside it.

    names: one for each row
    shares: (rows,) in [0, 1]
    intervals: (rows, 2), low and high end of what is likely for each share
    labels: one for each row, such as "86 of 112"
    """
    ax = plt.subplots(figsize=(7.0, 0.4 * len(names) + 0.8))[1]
    rows, shares = np.arange(len(names)), np.array(shares)
    ends = np.abs(np.transpose(intervals) - shares)
    ax.errorbar(100 * shares, rows, xerr=100 * ends, fmt="o", capsize=4)
    for row, text in zip(rows, labels, strict=True):
        ax.text(104, row, text, va="center", clip_on=False)
    ax.set(yticks=rows, yticklabels=names, xlim=(0, 102), ylim=(len(names) - 0.4, -0.6))
    ax.set(xlabel="right answers in %")
    ax.grid(axis="y", visible=False)
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


def _labelled(
    ax: Axes, corner: tuple[float, float], size: tuple[float, float], text: str, chosen: bool
) -> None:
    """A box with its text; the chosen one is tinted and has a thick frame."""
    fill, edge, line = ("#fbe3d6", ORANGE, 1.8) if chosen else ("white", "#777777", 1.0)
    ax.add_patch(Rectangle(corner, *size, fc=fill, ec=edge, lw=line))
    x, y = corner[0] + size[0] / 2, corner[1] + size[1] / 2
    ax.text(x, y, text, ha="center", va="center", fontsize=8.5, linespacing=0.9)
