"""Two recipes that many would write in a few lines, to compare `read_image` with."""

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage.filters import threshold_local, threshold_otsu
from skimage.measure import label, regionprops


def otsu(picture: Image.Image) -> np.ndarray:
    """One threshold for the whole picture; the rarer side is the ink."""
    grey = np.asarray(picture.convert("L"), np.float32)
    dark = grey < threshold_otsu(grey)
    return _finished(dark if dark.mean() <= 0.5 else ~dark)


def adaptive(picture: Image.Image) -> np.ndarray:
    """Darker, by 8 grey levels, than the mean of the pixels round it."""
    grey = ndimage.gaussian_filter(np.asarray(picture.convert("L"), np.float32), 1)
    window = max(3, max(grey.shape) // 4) | 1
    return _finished(grey < threshold_local(grey, window, method="mean", offset=8))


RECIPES = {"otsu": otsu, "adaptive": adaptive}


def _finished(mask: np.ndarray) -> np.ndarray:
    """The largest piece, in a box of 20 pixels, its centre of mass in the middle of 28."""
    labels = label(mask)
    digit = np.zeros((28, 28, 1), np.float32)
    if not labels.any():
        return digit
    largest = max(regionprops(labels), key=lambda piece: piece.area)
    height, width = largest.image.shape
    size = (np.array([width, height]) * 20 / max(width, height)).round().astype(int).clip(1)
    way = Image.Resampling.BOX if max(width, height) > 20 else Image.Resampling.BILINEAR
    picture = Image.fromarray(largest.image.astype(np.uint8) * 255).resize(tuple(size), way)
    small = np.asarray(picture, np.float32) / 255
    top, left = (14 - np.array(ndimage.center_of_mass(small)) - 0.5).round().astype(int)
    top, left = np.clip((top, left), 0, 28 - np.array(small.shape))
    digit[top : top + small.shape[0], left : left + small.shape[1], 0] = small
    return digit
