"""What ink is: an array, bright where the pen was and 0 where it was not."""

import numpy as np


class ImageError(ValueError):
    """A picture cannot be read, or shows no digit; the message says what was found."""


def checked(ink: np.ndarray) -> np.ndarray:
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
