"""Tell ink from paper in a photograph or a scan, in more than one way."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from mnist_lib.preprocessing.lines import without_lines


class Mask(NamedTuple):
    """One way to tell ink from paper, and what it calls ink.

    name: "one ground", a single grey; "one threshold", for the whole picture; "wide window" or
    "narrow window", each pixel compared with the ground round it
    ink: (height, width) float, the ground exactly 0
    step: how many pixels of the picture, down and across, one pixel of `ink` stands for
    """

    name: str
    ink: np.ndarray
    step: int = 1


def masks(grey: np.ndarray) -> Iterator[Mask]:
    """Ink and no paper, by two masks; the first is the better one, the second a second opinion.

    grey: (height, width) float in [0, 1]; large pictures are reduced to 400 to 800 pixels first
    yields: both masks; in one, no ink at all where nothing stands out
    """
    step = max(1, max(grey.shape) // 400)  # a larger photograph adds nothing to 20 pixels
    grey = _reduced(grey, step)
    bright = 1 - grey if (light := is_light(grey)) else grey  # ink is bright from here on
    windows = {"wide window": 1 / 3, "narrow window": 1 / 5}
    if _is_even(bright):
        above = _above_one_threshold(bright)
        if (border(above) > 0).mean() < 0.25:  # else a shadow at the edge counts as ink
            del windows["narrow window"]
            yield Mask("one threshold", _tidied(above), step)
    for name, share in windows.items():
        yield Mask(name, _tidied(_above_the_ground(bright, share, light)), step)


def is_light(grey: np.ndarray) -> bool:
    """Whether the paper is light: on it, ink is darker than the median of the grey round it.

    The middle counts most, since there may be a desk beside the paper, and so do strong contrasts.
    """
    from scipy import ndimage  # 0.3 s, needed only for photographs

    grey = _reduced(grey, max(1, max(grey.shape) // 64))
    window = np.zeros(2 * [max(3, 2 * max(grey.shape) // 3)], bool)
    window[::3, ::3] = True  # a ninth of the pixels is enough, and faster
    differences = grey - ndimage.median_filter(grey, footprint=window, mode="nearest")
    down, across = (np.hanning(side + 2)[1:-1] ** 2 for side in grey.shape)
    return bool(down @ (differences * np.abs(differences)) @ across < 0)


def border(picture: np.ndarray, width: int = 1) -> np.ndarray:
    """The outermost pixels: ground, unless the ink runs off the page."""
    sides = picture[:width], picture[-width:], picture[:, :width], picture[:, -width:]
    return np.concatenate([side.ravel() for side in sides])


def _is_even(bright: np.ndarray) -> bool:
    """Whether the ground varies little, compared with what stands out from it."""
    from scipy import ndimage

    ground = _ground(bright, 1 / 2)
    contrast = np.percentile(np.clip(ndimage.gaussian_filter(bright, 1) - ground, 0, None), 99)
    low, high = np.percentile(ground, (5, 95))
    return bool(high - low < 0.3 * contrast)


def _ground(bright: np.ndarray, share: float) -> np.ndarray:
    """What is left when all strokes are removed: whatever is narrower than a share of the picture.

    The edge of a shadow stays where it is.
    """
    from scipy import ndimage

    window = max(3, int(share * max(bright.shape)))
    return ndimage.grey_opening(ndimage.gaussian_filter(bright, 2), size=window, mode="nearest")


def _above_the_ground(bright: np.ndarray, share: float, light: bool) -> np.ndarray:
    """How far each pixel stands out from the ground under it, where it does.

    Ink absorbs a share of the light, so on light paper shares are compared, and ink in the shade is
    as strong as ink in the sun.
    """
    from scipy import ndimage

    bright = ndimage.gaussian_filter(bright, 1)
    ground = _ground(bright, share)
    ink = np.clip(bright - ground, 0, None)
    if light:
        ink /= np.maximum(1 - ground, 0.05)
    ink = without_lines(ink)
    ink[ink < max(0.4 * np.percentile(ink, 99.5), 0.06)] = 0
    return ink


def _above_one_threshold(bright: np.ndarray) -> np.ndarray:
    """What is brighter than Otsu's threshold, by how much it stands out from the rest.

    N. Otsu, *A Threshold Selection Method from Gray-Level Histograms*, 1979: the threshold that
    parts the pixels into the two groups that differ most.
    """
    from scipy import ndimage
    from skimage.filters import threshold_otsu

    bright = ndimage.gaussian_filter(bright, min(1, max(bright.shape) / 200))
    above = bright > threshold_otsu(bright)
    if not above.any():
        return np.zeros_like(bright)
    ink = np.where(above, bright - np.median(bright[~above]), 0)
    return without_lines(np.clip(ink / np.percentile(ink[above], 75), 0, 1))


def _tidied(ink: np.ndarray) -> np.ndarray:
    """Drop specks, and what lies along the border: a desk, a thumb, a neighbour.

    A digit may run off the picture: what reaches far into it stays.
    """
    from scipy import ndimage

    labels, count = ndimage.label(ink, np.ones((3, 3)))
    numbers, side = np.arange(count + 1), max(ink.shape)
    sizes = ndimage.sum_labels(ink > 0, labels, numbers)
    beside = np.unique(border(labels, max(1, side // 50)))
    inner = tuple(slice(length // 8, length - length // 8) for length in ink.shape)
    inside = ndimage.sum_labels(ink[inner] > 0, labels[inner], numbers)
    largest = np.delete(sizes, beside).max(initial=0)
    dropped = inside < 0.05 * sizes
    if largest > side / 10:  # else it is the digit itself that runs off the picture
        depth = ndimage.distance_transform_edt(ink > 0)
        broad = 2 * ndimage.maximum(depth, labels, numbers) > 0.35 * side
        dropped = broad | (inside < 0.35 * sizes) | (sizes < 0.1 * largest)
    sizes[beside[dropped[beside]]] = 0
    return np.where((sizes < max(0.05 * sizes.max(), side / 10))[labels], 0, ink)


def _reduced(grey: np.ndarray, step: int) -> np.ndarray:
    """The means of blocks, `step` pixels high and wide.

    >>> _reduced(np.arange(12.0).reshape(2, 6), 2)
    array([[3.5, 5.5, 7.5]])
    """
    for axis in (0, 1):
        starts = np.arange(0, grey.shape[axis], step)
        counts = np.diff(starts, append=grey.shape[axis])
        grey = np.add.reduceat(grey, starts, axis=axis) / np.expand_dims(counts, 1 - axis)
    return grey
