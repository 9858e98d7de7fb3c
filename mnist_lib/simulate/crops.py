"""Small pictures of one digit, as people cut them out of scans, tables and photographs."""

from typing import NamedTuple

import numpy as np

_FINE = 4
"""A crop is drawn this many times as large and then averaged, so that its edges are soft."""


class _Look(NamedTuple):
    """What the crops of one kind look like; of a pair, a number between is drawn by chance.

    side: the longer side of the picture, in pixels
    room: paper beside the digit, as a share of its longer side; cut: what one edge takes off it
    ink: what share of the light the ink absorbs, and paper: what share the paper reflects
    fade: how much darker the light grows across the picture, and shadow: how much beyond an edge
    blur: in pixels; grain: noise, as a share of white; quality: of the JPEG file
    frame: whether the ruled cell of a table shows; neighbours: whether parts of other digits do
    """

    side: tuple[int, int] = (90, 150)
    room: tuple[float, float] = (0.1, 0.4)
    cut: float = 0.0
    ink: tuple[float, float] = (0.6, 0.9)
    paper: tuple[float, float] = (0.85, 0.97)
    fade: float = 0.0
    shadow: float = 0.0
    blur: tuple[float, float] = (0.5, 0.8)
    grain: float = 0.01
    quality: tuple[int, int] = (80, 95)
    frame: bool = False
    neighbours: bool = False


_LOOKS = {
    "form": _Look(),
    "tight": _Look(room=(0.02, 0.08)),
    "touching": _Look(room=(0, 0.01)),
    "cut off": _Look(cut=0.05),
    "faded": _Look(side=(60, 150), ink=(0.1, 0.25), paper=(0.85, 0.97), grain=0.015),
    "thin": _Look(side=(100, 300), ink=(0.4, 0.8)),
    "bold": _Look(side=(28, 60), paper=(0.6, 0.95), fade=0.2),
    "tiny": _Look(side=(28, 60), paper=(0.5, 0.95), fade=0.4, blur=(0.7, 1.3), grain=0.02),
    "blurred": _Look(side=(60, 80), paper=(0.4, 0.9), fade=0.4, blur=(1.5, 3), grain=0.02),
    "framed": _Look(side=(60, 240), room=(0.15, 0.5), fade=0.2, frame=True),
    "neighbours": _Look(side=(60, 200), paper=(0.5, 0.9), fade=0.3, neighbours=True),
    "half in shadow": _Look(side=(100, 500), room=(0.2, 0.8), shadow=0.6, grain=0.02),
}

CROPS = tuple(_LOOKS)
"""What `crop` can make."""

PENS = {"faded": 10, "thin": 7, "bold": 56}
"""The width of the pen that a kind is about, in pixels of the pad, where it is not MNIST's."""


def crop(ink: np.ndarray, kind: str = "form", seed: int = 0) -> np.ndarray:
    """Cut out a small picture of one digit, from a scanned form, a table or a photographed page.

    ink: (height, width), float in [0, 1], as `mnist_lib.preprocessing.rasterise` returns it
    kind: one of `CROPS`
    seed: chooses size, place, light and noise; the same seed gives the same picture
    returns: (height, width, 3) uint8, red, green and blue, the longer side 28 to 500
    raises: ValueError for an unknown kind, and where there is no ink

    >>> ink = np.zeros((280, 280), np.float32)
    >>> ink[40:240, 120:160] = 1
    >>> max(crop(ink, "tiny", seed=3).shape)
    29
    """
    if kind not in _LOOKS:
        raise ValueError(f"expected one of {', '.join(CROPS)}, got {kind!r}")
    if not ink.any():
        raise ValueError("expected a digit, got no ink")
    look, rng = _LOOKS[kind], np.random.default_rng(seed)
    cover = _placed(ink, look, rng)
    if look.neighbours:
        cover = np.maximum(cover, _beside(cover, rng))
    colour = np.array([(0.1, 0.1, 0.12), (0.1, 0.2, 0.6)][rng.integers(2)])  # black, or blue
    absorbed = rng.uniform(*look.ink) * (1 - colour) / 0.9
    page = 1 - cover[:, :, np.newaxis] * absorbed
    if look.frame:
        page *= _ruled(cover.shape, rng)[:, :, np.newaxis]
    page *= rng.uniform(*look.paper) * _light(cover.shape, look, rng)[:, :, np.newaxis]
    return _filed(page, look, rng)


def _placed(ink: np.ndarray, look: _Look, rng: np.random.Generator) -> np.ndarray:
    """The digit alone, with room on each side, in fine pixels."""
    from PIL import Image

    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    box = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float64)
    room = rng.uniform(*look.room, 4)
    if look.cut:
        room[rng.integers(4)] = -look.cut
    box += np.array([-1, -1, 1, 1]) * room * max(box[2] - box[0], box[3] - box[1])
    size = box[2:] - box[:2]
    step = size.max() / (_FINE * rng.integers(*look.side, endpoint=True))
    width, height = np.rint(size / step / _FINE).astype(int).clip(1) * _FINE
    placed = Image.fromarray(ink.astype(np.float32)).transform(
        (int(width), int(height)),
        Image.Transform.AFFINE,
        (step, 0, box[0], 0, step, box[1]),
        Image.Resampling.BILINEAR,
    )
    return np.clip(np.asarray(placed), 0, 1)


def _beside(cover: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What shows of the neighbour to the left or to the right: a strip of a digit, upside down."""
    columns = np.flatnonzero(cover.max(axis=0) > 0.5)
    wide = int(cover.shape[1] * rng.uniform(0.03, 0.08))
    strip = cover[::-1, columns[-1] - wide : columns[-1]]
    out = np.zeros_like(cover)
    if rng.integers(2):
        out[:, : strip.shape[1]] = strip
    else:
        out[:, out.shape[1] - strip.shape[1] :] = strip[:, ::-1]
    return out


def _ruled(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """The light that passes the four lines of a cell, a little askew."""
    through = np.ones(shape, np.float32)
    down, across = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    half, dark = _FINE * rng.uniform(0.4, 1), rng.uniform(0.5, 0.9)
    for end in (0, 1):
        for place, along, side in ((down, across, shape[0]), (across, down, shape[1])):
            inset = rng.uniform(0.01, 0.08) * side
            middle = (inset if end == 0 else side - inset) + rng.uniform(-0.03, 0.03) * along
            lines = np.clip(half + 0.5 - np.abs(place - middle), 0, 1)
            through = np.minimum(through, 1 - dark * lines)
    return through


def _light(shape: tuple[int, ...], look: _Look, rng: np.random.Generator) -> np.ndarray:
    """Light that fades to one side, and the edge of a shadow across the picture."""
    down, across = (
        np.linspace(-1, 1, side, dtype=np.float32).reshape(form)
        for side, form in zip(shape, ((-1, 1), (1, -1)), strict=True)
    )
    turns = rng.uniform(0, 2 * np.pi, 2)
    fading, beyond = (down * np.sin(turn) + across * np.cos(turn) for turn in turns)
    edge, soft = rng.uniform(-0.3, 0.3), rng.uniform(0.01, 0.06)
    shadow = 1 / (1 + np.exp(np.clip((edge - beyond) / soft, -30, 30)))
    return (1 - look.fade * (fading + 1.5) / 3) * (1 - look.shadow * shadow)


def _filed(page: np.ndarray, look: _Look, rng: np.random.Generator) -> np.ndarray:
    """The picture after lens, sensor and file."""
    from io import BytesIO

    from PIL import Image
    from scipy import ndimage

    height, width = page.shape[0] // _FINE, page.shape[1] // _FINE
    coarse = page.reshape(height, _FINE, width, _FINE, 3).mean(axis=(1, 3))
    blur = rng.uniform(*look.blur)
    sharp = ndimage.gaussian_filter(coarse, (blur, blur, 0))
    noisy = sharp + look.grain * rng.standard_normal(sharp.shape)
    file = BytesIO()
    picture = Image.fromarray(np.rint(np.clip(noisy, 0, 1) * 255).astype(np.uint8))
    picture.save(file, "JPEG", quality=int(rng.integers(*look.quality, endpoint=True)))
    return np.asarray(Image.open(file))
