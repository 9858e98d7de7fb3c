"""Turn any picture into an MNIST-like digit, in two steps.

`read_image` undoes what the file and the camera did; `prepare_digit` normalises the ink as the
makers of MNIST did. Their program is lost; the order of its steps is the one reconstructed for
QMNIST (C. Yadav and L. Bottou, *Cold Case: The Lost MNIST Digits*, 2019).
"""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_PIXELS = 20_000_000
"""Larger pictures are refused before they are decoded: a 50 kB file can hold 400 megapixels."""

INK_SIDE = 20
"""The box that holds the ink, in pixels, inside the picture of 28."""

MARGIN = 12
"""How far the box may hang over the edge of the picture, in pixels; what hangs over is empty."""


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
    # The square is never made: its empty rows and columns have no share in any average.
    average = _area_weights(max(height, width))
    down, across = (max(height, width) - height) // 2, (max(height, width) - width) // 2
    small = average[:, down : down + height] @ box @ average[:, across : across + width].T
    small /= small.max()
    top, left = (_offset(small.sum(axis=axis)) for axis in (1, 0))
    # The margin takes every shift; only empty sides of the box can fall outside of 28 x 28.
    canvas = np.zeros((28 + 2 * MARGIN, 28 + 2 * MARGIN), np.float32)
    top, left = top + MARGIN, left + MARGIN
    canvas[top : top + INK_SIDE, left : left + INK_SIDE] = small
    return canvas[MARGIN:-MARGIN, MARGIN:-MARGIN, np.newaxis]


def read_image(path: str | Path) -> np.ndarray:
    """Read a picture file and return its ink.

    Orientation, transparency, depth and polarity are undone; uneven light is removed where the
    ground is not of one grey.

    path: any file that Pillow reads; of an animation, the first frame
    returns: (height, width) float32 in [0, 1], ink bright, ground exactly 0
    raises: ImageError where the file is no picture, is too large, or shows no ink;
    FileNotFoundError and other OSErrors where it cannot be opened
    """
    grey, lossy = _read_grey(Path(path))
    if np.ptp(grey) < 0.02:
        raise ImageError(f"{path}: no digit found, the picture is all one colour")
    ground = _border(grey)
    if np.ptp(ground) <= 0.02:  # drawn or scanned on an even ground: keep every grey level
        ink = np.abs(grey - np.median(ground))
        if lossy or np.ptp(ground) > 0:
            # What compression leaves round a stroke is no ink, and faint ink is ink.
            ink[ink < min(0.1, 0.4 * ink.max())] = 0
    else:
        ink = _remove_shading(grey, path)
    if (ink > ink.max() / 2).mean() > 0.6:  # a dark frame round a light page, for one
        raise ImageError(f"{path}: no digit found, most of the picture would be ink")
    return (ink / ink.max()).astype(np.float32)


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
    return ink.astype(np.float64)


def _box(ink: np.ndarray) -> np.ndarray:
    """The tight box round the ink."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _area_weights(side: int) -> np.ndarray:
    """Which share of each of `side` cells falls into each of 20 equal parts; rows have sum 1.

    >>> float(_area_weights(20)[3, 3])
    1.0
    >>> _area_weights(30)[0, :3].round(3)
    array([0.667, 0.333, 0.   ])
    """
    edges = np.arange(INK_SIDE + 1)[:, np.newaxis] * side / INK_SIDE
    cells = np.arange(side)
    covered = np.clip(edges - cells, 0, 1)  # of each cell, the share left of each edge
    return np.diff(covered, axis=0) * INK_SIDE / side


def _offset(profile: np.ndarray) -> int:
    """Where the 20 pixels start in 28 so that the centre of mass falls into pixel 14.

    Ink is never pushed over the edge, however far it leans.
    """
    centre = ((np.arange(INK_SIDE) + 0.5) * profile).sum() / profile.sum()
    shift = int(15 - round(centre, 6))  # or a tie would hang on the last bit of a float32
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
            with Image.open(content) as picture:
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
            raise ImageError(f"{path}: not a picture that can be read") from error
        except Exception as error:  # Pillow raises many types on a damaged file
            raise ImageError(f"{path}: a damaged picture: {error}") from error


def _grey(picture: Image.Image) -> np.ndarray:
    if picture.mode.startswith(("I", "F")):  # 16 or 32 bits: scale, where Pillow would clip
        values = np.asarray(picture, np.float64)
        depth = 65535 if picture.mode.startswith("I;16") else max(1.0, np.nanmax(values))
        return np.clip(np.nan_to_num(values) / depth, 0, 1).astype(np.float32)
    if not picture.has_transparency_data:
        return np.asarray(picture.convert("RGB").convert("L"), np.float32) / 255
    picture = picture.convert("RGBA")
    for ground in ("white", "black"):  # white ink on nothing would vanish on white
        opaque = Image.new("RGBA", picture.size, ground)
        opaque.alpha_composite(picture)
        grey = np.asarray(opaque.convert("L"), np.float32) / 255
        if np.ptp(grey) >= 0.02:
            break
    return grey


def _border(grey: np.ndarray) -> np.ndarray:
    """The outermost pixels: ground, unless the ink runs off the page."""
    return np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])


def _remove_shading(grey: np.ndarray, path: Path) -> np.ndarray:
    """Ink of a photograph: what differs from its own neighbourhood, specks dropped."""
    from scipy import ndimage  # 0.3 s, needed for photographs alone

    side = max(grey.shape)
    step = max(1, side // 400)  # a larger photograph adds nothing to 20 pixels
    grey = grey[::step, ::step]
    if np.median(_border(grey)) > np.median(grey) - 0.1 and _mostly_light(grey):
        grey = 1 - grey
    smooth = ndimage.gaussian_filter(grey, 1)
    ink = np.clip(smooth - _ground(smooth), 0, None)
    ink[ink < max(0.4 * np.percentile(ink, 99.5), 0.06)] = 0
    labels, count = ndimage.label(ink, np.ones((3, 3)))
    if count == 0:
        raise ImageError(f"{path}: no digit found, nothing stands out from the paper")
    sizes = ndimage.sum_labels(ink > 0, labels, np.arange(count + 1))
    ink[(sizes < 0.05 * sizes.max())[labels]] = 0
    return ink


def _ground(grey: np.ndarray) -> np.ndarray:
    """The paper under the ink, which is bright: a low percentile of each neighbourhood."""
    from scipy import ndimage

    step = max(1, max(grey.shape) // 64)  # paper is smooth, and at full size this takes a minute
    coarse = grey[::step, ::step]
    window = max(3, max(coarse.shape) // 4)
    ground = ndimage.percentile_filter(coarse, 20, size=window, mode="nearest")
    ground = ndimage.zoom(ground, step, order=1, mode="nearest", grid_mode=True)
    return ground[: grey.shape[0], : grey.shape[1]]


def _mostly_light(grey: np.ndarray) -> bool:
    """Whether the ground is light: ink covers little, so the median is the ground."""
    return bool(np.median(grey) > (grey.min() + grey.max()) / 2)
