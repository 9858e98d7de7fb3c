"""Turn any picture into an MNIST-like digit, in two steps.

`read_ink` undoes what the file and the camera did, `rasterise` inks what a pen drew;
`prepare_digit` normalises the ink as the makers of MNIST did. Their program is lost; the order of
its steps is the one reconstructed for QMNIST (C. Yadav and L. Bottou, *Cold Case: The Lost MNIST
Digits*, 2019).
"""

import warnings
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_PIXELS = 20_000_000
"""Larger pictures are refused before they are decoded: a 50 kB file can hold 400 megapixels."""

FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "JPEG2000", "PPM")
"""The formats that are read. Pillow knows more, and runs another program for some of them."""

_INK_SIDE = 20
"""The box that holds the ink, in pixels, inside the picture of 28."""

_MARGIN = 12
"""How far the box may hang over the edge of the picture, in pixels; what hangs over is empty."""

PAD_SIDE = 280
"""The side of a drawing pad, in pixels."""

PEN = 28
"""The width of the pen on the pad, in pixels: it gives about as much normalised ink as MNIST's."""

_SLOPES = np.linspace(-0.36, 0.36, 121)
"""Slopes of a page's lines in a photograph, up to 20 degrees to both sides; from one to the next,
an end moves by 1 of 400 pixels."""


class ImageError(ValueError):
    """A picture cannot be read, or shows no digit; the message says what was found."""


def prepare_digit(ink: np.ndarray) -> np.ndarray:
    """Normalise ink as MNIST's makers did.

    Tight box, grown symmetrically to a square; area average to 20 x 20; the brightest pixel
    becomes 1; a shift by whole pixels that puts the centre of mass into pixel 14.

    ink: (height, width) or (height, width, 1), bright ink on dark ground; uint8 in 0..255 or
    float in [0, 1]
    returns: (28, 28, 1) float32 in [0, 1], one grey level is 1/255
    raises: ValueError for another shape, dtype or range; ImageError where there is no ink

    >>> ink = np.zeros((100, 60))
    >>> ink[20:80, 25:35] = 0.8
    >>> digit = prepare_digit(ink)
    >>> digit.shape, float(digit.max())
    ((28, 28, 1), 1.0)
    """
    box = _box(_as_ink(ink))
    height, width = box.shape
    # The square is never built: its empty rows and columns contribute to no average.
    average = _area_weights(max(height, width))
    down, across = (max(height, width) - height) // 2, (max(height, width) - width) // 2
    small = average[:, down : down + height] @ box @ average[:, across : across + width].T
    small /= small.max()
    top, left = (_offset(small.sum(axis=axis)) for axis in (1, 0))
    # The margin absorbs every shift; only empty sides of the box can fall outside 28 x 28.
    canvas = np.zeros((28 + 2 * _MARGIN, 28 + 2 * _MARGIN), np.float32)
    top, left = top + _MARGIN, left + _MARGIN
    canvas[top : top + _INK_SIDE, left : left + _INK_SIDE] = small
    return canvas[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN, np.newaxis]


def read_ink(path: str | Path) -> np.ndarray:
    """Read a picture file and return its ink, not its pixels. `read_image` is another name for it.

    Orientation, transparency, depth and polarity are undone; uneven light is removed where the
    ground is not a single grey.

    path: a file in one of `FORMATS`; of an animation, the first frame
    returns: (height, width) float32 in [0, 1], ink bright, ground exactly 0
    raises: ImageError where the file is not a picture, is too large, or shows no ink;
    FileNotFoundError and other OSErrors where it cannot be opened
    """
    path = Path(path)
    grey, lossy = _read_grey(path)
    if np.ptp(grey) < 0.02:
        raise ImageError(f"{path}: no digit found, the picture is all one colour")
    ground = _border(grey)
    if np.ptp(ground) <= 0.02:  # drawn or scanned on an even ground: keep every grey level
        ink = np.abs(grey - np.median(ground))
        if lossy or np.ptp(ground) > 0:
            # Compression artefacts round a stroke are not ink, but faint ink is.
            ink[ink < min(0.1, 0.4 * ink.max())] = 0
    else:
        ink = _photographed(grey, path)
    if (ink > ink.max() / 2).mean() > 0.6:  # a dark frame round a light page, for example
        raise ImageError(f"{path}: no digit found, most of the picture would be ink")
    return (ink / ink.max()).astype(np.float32)


read_image = read_ink
"""Another name for `read_ink`."""


class Piece(NamedTuple):
    """One of several digits that stand side by side.

    ink: (height, width) float, the picture's ink in the box, and none of its neighbours'
    box: top, left, bottom, right, in pixels; the last two are outside
    """

    ink: np.ndarray
    box: tuple[int, int, int, int]


def split_digits(ink: np.ndarray) -> list[Piece]:
    """Take apart what stands side by side: a number of several digits, from left to right.

    Pieces belong together where one is above the other, and where one is less than six tenths as
    tall as the whole. Two tall ones are two digits if they are far from each other, or together
    much wider than tall: of MNIST's 10,000 test digits one is taken for two. Digits that touch are
    taken for one.

    ink: as for `prepare_digit`
    returns: one piece, where nothing stands apart
    raises: as `prepare_digit` does

    >>> ink = np.zeros((40, 80))
    >>> ink[5:35, 10:20] = ink[5:35, 60:70] = 1
    >>> [piece.box for piece in split_digits(ink)]
    [(5, 10, 35, 20), (5, 60, 35, 70)]
    """
    from scipy import ndimage

    ink = _as_ink(ink)
    labels, count = ndimage.label(ink > 0.1 * ink.max(), np.ones((3, 3)))
    places = ndimage.find_objects(labels)
    groups = _side_by_side(places)
    names = {label: number for number, span in enumerate(groups) for label in span.labels}
    owner = np.array([-1, *(names[label] for label in range(1, count + 1))])[labels]
    pieces = []
    for number in range(len(groups)):
        part = np.where(owner == number, ink, 0) if len(groups) > 1 else ink
        rows, columns = (np.flatnonzero(part.any(axis=axis)) for axis in (1, 0))
        box = int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1
        pieces.append(Piece(part[box[0] : box[2], box[1] : box[3]], box))
    return pieces


class _Span(NamedTuple):
    """Pieces of ink that belong to one digit: the box round them, and their numbers."""

    left: int
    right: int
    top: int
    bottom: int
    labels: tuple[int, ...]

    def with_(self, other: "_Span") -> "_Span":
        """Both as one."""
        left, right = min(self.left, other.left), max(self.right, other.right)
        top, bottom = min(self.top, other.top), max(self.bottom, other.bottom)
        return _Span(left, right, top, bottom, self.labels + other.labels)


def _side_by_side(places: list[tuple[slice, slice]]) -> list[_Span]:
    """Group pieces of ink, numbered from 1, into digits, from left to right."""
    spans = sorted(
        _Span(across.start, across.stop, down.start, down.stop, (label,))
        for label, (down, across) in enumerate(places, 1)
    )
    height = max(span.bottom for span in spans) - min(span.top for span in spans)

    def above(one: _Span, next_: _Span) -> bool:
        return next_.left < one.right

    def not_two(one: _Span, next_: _Span) -> bool:
        lower = min(span.bottom - span.top for span in (one, next_))
        gap, width = next_.left - one.right, next_.right - one.left
        return lower < 0.6 * height or (gap <= 0.22 * height and width <= 1.3 * height)

    return _merged(_merged(spans, above), not_two)


def _merged(spans: list[_Span], belong: Callable[[_Span, _Span], bool]) -> list[_Span]:
    """Join neighbours that belong together."""
    merged = spans[:1]
    for span in spans[1:]:
        if belong(merged[-1], span):
            merged[-1] = merged[-1].with_(span)
        else:
            merged.append(span)
    return merged


def rasterise(strokes: Iterable[Sequence], pen: float = PEN) -> np.ndarray:
    """Ink the strokes of a drawing: a round pen with one pixel of soft edge.

    strokes: lists of points (x, y), x to the right, y down; the pad is [0, 1] x [0, 1]. A stroke
    of one point is a dot; whatever is outside the pad is cut off
    pen: its width in pixels
    returns: (280, 280) float32 in [0, 1], bright ink on dark ground; no strokes, no ink
    raises: ValueError where a stroke is not a sequence of points, or a point is far off the pad

    >>> ink = rasterise([[(0.2, 0.5), (0.8, 0.5)]])
    >>> ink.shape, float(ink[140, 140]), float(ink[100, 140])
    ((280, 280), 1.0, 0.0)
    """
    ink = np.zeros((PAD_SIDE, PAD_SIDE))
    for stroke in strokes:
        points = stroke_points(stroke) * PAD_SIDE
        for start, end in pairwise(points) if len(points) > 1 else [(points[0], points[0])]:
            _ink_segment(ink, start, end, pen)
    return ink.astype(np.float32)


def stroke_points(stroke: Sequence) -> np.ndarray:
    """Check a stroke, and return it as (points, 2) float64.

    stroke: points (x, y) in units of the pad's side
    raises: ValueError where it is no sequence of points, or a point is far off the pad

    >>> stroke_points([(0, 0), (1, 0.5)]).shape
    (2, 2)
    """
    try:
        points = np.asarray(stroke, np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"expected a stroke of points (x, y): {error}") from error
    if points.ndim != 2 or points.shape[1] != 2 or len(points) == 0:
        raise ValueError(f"expected a stroke of points (x, y), got the shape {points.shape}")
    near = np.abs(points) <= 1000  # NaN is not; and no square of a coordinate overflows
    if not near.all():
        raise ValueError(f"expected points on the pad or near it, got {points[~near][0]}")
    return points


def _ink_segment(ink: np.ndarray, start: np.ndarray, end: np.ndarray, pen: float) -> None:
    """Draw one straight line into `ink`; only the pixels round it are visited."""
    reach = pen / 2 + 0.5
    low = np.floor(np.minimum(start, end) - reach).clip(0, PAD_SIDE).astype(int)
    high = np.ceil(np.maximum(start, end) + reach).clip(0, PAD_SIDE).astype(int)
    x = np.arange(low[0], high[0]) + 0.5 - start[0]
    y = np.arange(low[1], high[1])[:, np.newaxis] + 0.5 - start[1]
    across, down = end - start
    square = max(across**2 + down**2, 1e-12)  # a dot has no direction: avoid dividing by zero
    share = np.clip(
        (x * across + y * down) / square, 0, 1
    )  # where on the line the nearest point is
    distance = np.hypot(x - share * across, y - share * down)
    part = ink[low[1] : high[1], low[0] : high[0]]
    np.maximum(part, np.clip(reach - distance, 0, 1), out=part)


def _as_ink(ink: np.ndarray) -> np.ndarray:
    """Check an array and return it as (height, width) float64 in [0, 1]."""
    ink = np.asarray(ink)
    if ink.ndim == 3 and ink.shape[2] == 1:
        ink = ink[:, :, 0]
    if ink.ndim != 2 or ink.size == 0:
        raise ValueError(f"expected ink of shape (height, width), got {ink.shape}")
    if ink.dtype == np.uint8:
        ink = ink / 255
    elif not np.issubdtype(ink.dtype, np.floating):
        raise ValueError(f"expected uint8 in 0..255 or float in [0, 1], got {ink.dtype}")
    low, high = ink.min(), ink.max()
    if not (low >= 0 and high <= 1):  # so NaN is refused too
        raise ValueError(f"expected ink in [0, 1], got {low} to {high}")
    if high == 0:
        raise ImageError("no digit found: the picture holds no ink")
    # So that no product of two numbers close to 0 is 0 further on.
    return ink.astype(np.float64) / (high if high < 1e-100 else 1)


def _box(ink: np.ndarray) -> np.ndarray:
    """The tight box round the ink."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _area_weights(side: int) -> np.ndarray:
    """What share of each of `side` cells falls into each of 20 equal parts; rows sum to 1.

    >>> float(_area_weights(20)[3, 3])
    1.0
    >>> _area_weights(30)[0, :3].round(3)
    array([0.667, 0.333, 0.   ])
    """
    edges = np.arange(_INK_SIDE + 1)[:, np.newaxis] * side / _INK_SIDE
    cells = np.arange(side)
    covered = np.clip(edges - cells, 0, 1)  # of each cell, the share left of each edge
    return np.diff(covered, axis=0) * _INK_SIDE / side


def _offset(profile: np.ndarray) -> int:
    """Where the 20 pixels start in 28 so that the centre of mass falls into pixel 14.

    Ink is never pushed over the edge, however far it leans.
    """
    centre = ((np.arange(_INK_SIDE) + 0.5) * profile).sum() / profile.sum()
    shift = int(15 - round(centre, 6))  # or a tie would depend on the last bit of a float32
    ink = np.flatnonzero(profile)
    return int(np.clip(shift, -ink[0], 27 - ink[-1]))


def _read_grey(path: Path) -> tuple[np.ndarray, bool]:
    """Decode to grey float32 in [0, 1], upright, on an opaque ground; and whether it is lossy."""
    if path.is_dir():
        raise IsADirectoryError(f"expected a picture, got the folder {path}")
    if path.is_fifo():
        raise ImageError(f"{path}: expected a picture file, got a pipe")
    content = path.open("rb")
    with content, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Pillow warns of is checked here, or harmless
        try:
            with _opened(content) as picture:
                picture.verify()  # the checksums, which decoding passes over
            content.seek(0)
            with _opened(content) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise ImageError(
                        f"{path}: {picture.width} x {picture.height} pixels, "
                        f"expected at most {MAX_PIXELS:,}"
                    )
                lossy = picture.format in ("JPEG", "MPO", "WEBP")
                return _grey(ImageOps.exif_transpose(picture)), lossy
        except ImageError:
            raise
        except UnidentifiedImageError as error:
            wanted = ", ".join(FORMATS)
            raise ImageError(f"{path}: not a picture that can be read, such as {wanted}") from error
        except Exception as error:  # Pillow raises many types on a damaged file
            raise ImageError(f"{path}: a damaged picture: {error}") from error


def _opened(content: IO[bytes]) -> Image.Image:
    Image.init()
    return Image.open(content, formats=[name for name in FORMATS if name in Image.OPEN])


def _grey(picture: Image.Image) -> np.ndarray:
    if picture.mode.startswith(("I", "F")):  # 16 or 32 bits: scale, where Pillow would clip
        values = np.asarray(picture, np.float64)
        depth = 65535 if picture.mode.startswith("I;16") else max(1.0, np.nanmax(values))
        return np.clip(np.nan_to_num(values) / depth, 0, 1).astype(np.float32)
    if not picture.has_transparency_data:
        return np.asarray(picture.convert("RGB").convert("L"), np.float32) / 255
    picture = picture.convert("RGBA")
    for ground in ("white", "black"):  # white ink on transparency would vanish on white
        opaque = Image.new("RGBA", picture.size, ground)
        opaque.alpha_composite(picture)
        grey = np.asarray(opaque.convert("L"), np.float32) / 255
        if np.ptp(grey) >= 0.02:
            break
    return grey


def _border(grey: np.ndarray, width: int = 1) -> np.ndarray:
    """The outermost pixels: ground, unless the ink runs off the page."""
    sides = grey[:width], grey[-width:], grey[:, :width], grey[:, -width:]
    return np.concatenate([side.ravel() for side in sides])


def _photographed(grey: np.ndarray, path: Path) -> np.ndarray:
    """The ink of a photograph: what stands out from the paper, without lines and specks."""
    from scipy import ndimage  # 0.3 s, needed only for photographs

    ink = _contrast(_reduced(grey, 400))  # a larger photograph adds nothing to 20 pixels
    ink = _without_level_lines(_without_level_lines(ink).T).T
    ink[ink < max(0.4 * np.percentile(ink, 99.5), 0.06)] = 0
    labels, count = ndimage.label(ink, np.ones((3, 3)))
    if count == 0:
        raise ImageError(f"{path}: no digit found, nothing stands out from the paper")
    sizes = ndimage.sum_labels(ink > 0, labels, np.arange(count + 1))
    side = max(ink.shape)
    beside = np.unique(_border(labels, max(1, side // 50)))  # a desk, a thumb, a shadow
    if np.delete(sizes, beside).max(initial=0) > side / 10:  # else the digit runs off the picture
        sizes[beside] = 0
    ink[(sizes < 0.05 * sizes.max())[labels]] = 0
    return ink


def _reduced(grey: np.ndarray, side: int) -> np.ndarray:
    """The means of equal blocks, so that the longer side is from `side` to twice that.

    >>> _reduced(np.arange(12.0).reshape(2, 6), 3)
    array([[3.5, 5.5, 7.5]])
    """
    step = max(1, max(grey.shape) // side)
    for axis in (0, 1):
        starts = np.arange(0, grey.shape[axis], step)
        counts = np.diff(starts, append=grey.shape[axis])
        grey = np.add.reduceat(grey, starts, axis=axis) / np.expand_dims(counts, 1 - axis)
    return grey


def _contrast(grey: np.ndarray) -> np.ndarray:
    """How far each pixel stands out from the ground under it.

    The ground is what is left when all strokes are removed: whatever is narrower than a fifth of
    the picture. The edge of a shadow stays where it is. Ink absorbs a share of the light, so on
    light paper shares are compared, and ink in the shade is as strong as ink in the sun.
    """
    from scipy import ndimage

    light = _is_light(grey)
    bright = ndimage.gaussian_filter(1 - grey if light else grey, 1)
    window = max(3, max(grey.shape) // 5)
    ground = ndimage.grey_opening(ndimage.gaussian_filter(bright, 2), size=window, mode="nearest")
    ink = np.clip(bright - ground, 0, None)
    return ink / np.maximum(1 - ground, 0.05) if light else ink


def _is_light(grey: np.ndarray) -> bool:
    """Whether the paper is light: on it, ink is darker than the median of the grey round it.

    The middle counts most: there may be a desk beside the paper.
    """
    from scipy import ndimage

    grey = _reduced(grey, 64)
    window = max(3, max(grey.shape) // 3)
    differences = grey - ndimage.median_filter(grey, window, mode="nearest")
    down, across = (np.hanning(side + 2)[1:-1] ** 2 for side in grey.shape)
    return bool(down @ differences @ across < 0)


def _without_level_lines(ink: np.ndarray) -> np.ndarray:
    """Drop the ruling of a page: straight, thin lines that run from edge to edge.

    Where a stroke crosses a line, the ink that it adds to the line stays.
    """
    from scipy import ndimage

    if min(ink.shape) < 64:  # too small to tell a line from a stroke
        return ink
    thin = ink - ndimage.grey_opening(ink, size=9)
    strength = _line_strength(ndimage.uniform_filter1d(thin, 3, axis=0))
    peaks = strength == ndimage.maximum_filter(strength, 7)
    peaks &= strength > 0.1 * np.percentile(ink, 99.5)  # fainter ones never count as ink
    rest = ink.copy()
    for slope, middle in np.argwhere(peaks):
        for beside in range(-3, 4):
            rows = _rows(slope, ink.shape[1]) + middle + beside
            columns = np.flatnonzero((rows >= 0) & (rows < len(ink)))
            line = ink[rows[columns], columns]
            # A fifth more, because a line is not the same grey all along.
            more = np.clip(line - 1.2 * np.median(line) if len(line) else line, 0, None)
            rest[rows[columns], columns] = np.minimum(rest[rows[columns], columns], more)
    return rest


def _line_strength(thin: np.ndarray) -> np.ndarray:
    """How much ink every straight line has, at its weakest.

    thin: (height, width)
    returns: (slopes, height), by slope and by the row at mid-width: of the eight parts of the line,
    the mean of the weakest; 0 where fewer than three of them are in the picture
    """
    height, width = thin.shape
    beside = np.abs(_rows(0, width)).max()
    outside = np.pad(thin, ((beside, beside), (0, 0)), constant_values=np.inf)
    level = np.arange(beside * width, (beside + height) * width).reshape(height, width)
    starts = np.linspace(0, width, 9).astype(int)
    strength = np.empty((len(_SLOPES), height))
    for slope in range(len(_SLOPES)):
        line = outside.take(level + _rows(slope, width) * width)
        means = np.add.reduceat(line, starts[:-1], axis=1) / np.diff(starts)
        strength[slope] = np.where(np.isinf(means).sum(axis=1) > 5, 0, means.min(axis=1))
    return strength


def _rows(slope: int, width: int) -> np.ndarray:
    """Where a line of that slope runs, in rows below its middle, column by column."""
    return np.rint(_SLOPES[slope] * (np.arange(width) - width // 2)).astype(int)
