"""Read a picture file and return its ink, not its pixels."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mnist_lib.preprocessing.decoding import read_grey
from mnist_lib.preprocessing.ink import ImageError
from mnist_lib.preprocessing.masks import Mask, border, masks


def read_ink(path: str | Path) -> np.ndarray:
    """Read a picture file and return its ink, not its pixels. `read_image` is another name for it.

    Orientation, transparency, depth and polarity are undone; where the ground is not a single grey,
    paper, shadows and ruled lines are removed.

    path: a file in one of `FORMATS`; of an animation, the first frame
    returns: (height, width) float32 in [0, 1], ink bright, ground exactly 0
    raises: ImageError where the file is not a picture, is too large, or shows no ink;
    FileNotFoundError and other OSErrors where it cannot be opened
    """
    return next(read_masks(path)).ink


read_image = read_ink
"""Another name for `read_ink`."""


def read_masks(path: str | Path) -> Iterator[Mask]:
    """Read a picture file, and tell ink from paper in more than one way.

    path: as for `read_ink`
    yields: what `read_ink` returns, and a second opinion where the ground is not a single grey. It
    is worth a look: where the two give different digits, neither is sure
    raises: as `read_ink`, for the first one; a second opinion without any ink is left out
    """
    path = Path(path)
    grey, lossy = read_grey(path)
    if np.ptp(grey) < 0.02:
        raise ImageError(f"{path}: no digit found, the picture is all one colour")
    # Of a 1 that is cut out closely hardly any paper is left.
    limit = 0.95 if min(grey.shape) < 0.4 * max(grey.shape) else 0.7
    found = False
    for name, ink, step in _told_apart(grey, lossy):
        refusal = "" if ink.any() else "nothing stands out from the paper"
        if (ink > ink.max() / 2).mean() > limit:  # a dark frame round a light page, for example
            refusal = "most of the picture would be ink"
        if refusal and not found:
            raise ImageError(f"{path}: no digit found, {refusal}")
        if not refusal:
            yield Mask(name, (ink / ink.max()).astype(np.float32), step)
        found = True


def _told_apart(grey: np.ndarray, lossy: bool) -> Iterator[Mask]:
    ground = border(grey)
    if np.ptp(ground) > 0.02:
        yield from masks(grey)
        return
    ink = np.abs(grey - np.median(ground))  # drawn or scanned: keep every grey level
    if lossy or np.ptp(ground) > 0:
        # Compression artefacts round a stroke are not ink, but faint ink is.
        ink[ink < min(0.1, 0.4 * ink.max())] = 0
    yield Mask("one ground", ink)
