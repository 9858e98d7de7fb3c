"""Photographs of handwriting: paper, pen, light and camera, each with its faults."""

import numpy as np

DISTURBANCES = (
    "plain",
    "shading",
    "grey paper",
    "grain",
    "lined",
    "squared",
    "pencil",
    "pen",
    "rotated",
    "perspective",
    "jpeg",
    "everything",
)
"""What `photograph` can do to a picture."""

HEIGHT, WIDTH = 840, 640
"""The size of a photograph, in pixels."""

_BESIDE = 200
"""How much more page there is on each side of the photograph, in pixels."""


def photograph(ink: np.ndarray, disturbance: str = "plain", seed: int = 0) -> np.ndarray:
    """Put ink on paper and photograph it as a phone would.

    ink: (height, width), float in [0, 1], as `mnist_lib.preprocessing.rasterise` returns it
    disturbance: one of `DISTURBANCES`; "everything" is all of them at half their strength
    seed: chooses place, size, light and noise; the same seed gives the same photograph
    returns: (840, 640, 3) uint8, red, green and blue
    raises: ValueError for an unknown disturbance

    >>> photograph(np.zeros((280, 280)), "lined", seed=3).shape
    (840, 640, 3)
    """
    if disturbance not in DISTURBANCES:
        raise ValueError(f"expected one of {', '.join(DISTURBANCES)}, got {disturbance!r}")
    rng = np.random.default_rng(seed)
    strength = dict.fromkeys(DISTURBANCES, 0.0)
    if disturbance == "everything":
        strength |= dict.fromkeys(("shading", "grey paper", "grain", "rotated"), 0.5)
        strength |= {"perspective": 0.5, "jpeg": 0.5}
        strength |= {str(rng.choice(["lined", "squared"])): 1.0}  # one paper, one tool
        strength |= {str(rng.choice(["pencil", "pen"])): 1.0}
    else:
        strength[disturbance] = 1.0
    page = _paper(strength, rng) * _written(ink, strength, rng)
    page = _seen(page, strength, rng) * _light(strength, rng)
    return _exposed(page, strength, rng)


def _paper(strength: dict[str, float], rng: np.random.Generator) -> np.ndarray:
    """An empty page, larger than the photograph: the share of light that it reflects."""
    page = np.full((HEIGHT + 2 * _BESIDE, WIDTH + 2 * _BESIDE, 3), 0.93, np.float32)
    page *= np.array([1, 0.99, 0.97]) * (1 - 0.35 * strength["grey paper"])
    line = 1 - np.array([0.6, 0.7, 0.85])  # what a pale blue line absorbs
    spacing = rng.uniform(75, 110) if strength["lined"] else rng.uniform(45, 60)
    for axis, ruled in ((0, strength["lined"] or strength["squared"]), (1, strength["squared"])):
        place = np.arange(page.shape[axis]) + rng.uniform(0, spacing)
        away = np.abs(place % spacing - spacing / 2)
        lines = np.expand_dims(np.clip(1.5 - away, 0, 1), (1 - axis, 2))
        page *= 1 - ruled * lines * line
    return page


def _written(ink: np.ndarray, strength: dict[str, float], rng: np.random.Generator) -> np.ndarray:
    """The ink, placed on the page: the share of light that passes through it."""
    from PIL import Image

    side = int(rng.integers(420, 500))
    cover = np.asarray(Image.fromarray(ink.astype(np.float32)).resize((side, side)))
    colour = np.array([0.12, 0.12, 0.14])  # a felt pen, as wide as it was drawn
    dark: float | np.ndarray = 1.0
    if strength["pen"]:
        cover, colour = _thinned(cover, 7), np.array([0.12, 0.2, 0.55])
    if strength["pencil"]:
        cover, colour = _thinned(cover, 9), np.array([0.5, 0.5, 0.5])
        dark = np.clip(0.7 + 0.4 * rng.standard_normal(cover.shape), 0, 1)  # the paper's grain
    top, left = (np.array([HEIGHT, WIDTH]) - side) // 2 + _BESIDE + rng.integers(-40, 40, 2)
    through = np.ones((HEIGHT + 2 * _BESIDE, WIDTH + 2 * _BESIDE, 3), np.float32)
    swallowed = (np.clip(cover, 0, 1) * dark)[:, :, np.newaxis] * (1 - colour)
    through[top : top + side, left : left + side] -= swallowed
    return through


def _thinned(cover: np.ndarray, pen: float) -> np.ndarray:
    """The same strokes, drawn with a thinner pen.

    The middle of every old stroke is half its width from the edge, even where two have merged.
    """
    from scipy import ndimage

    depth = ndimage.distance_transform_edt(cover > 0.5)
    middle = (depth == ndimage.maximum_filter(depth, 3)) & (depth > depth.max() / 2)
    half = np.median(depth[middle]) if middle.any() else 0
    return np.clip(pen / 2 + 0.5 - np.abs(depth - half), 0, 1) * (depth > 0)


def _seen(page: np.ndarray, strength: dict[str, float], rng: np.random.Generator) -> np.ndarray:
    """What the camera sees of the page, depending on where and how it is held."""
    from PIL import Image

    angle = np.radians(rng.uniform(5, 15) * rng.choice([-1, 1])) * strength["rotated"]
    shift = rng.uniform(-60, 60, (4, 2)) * strength["perspective"]
    if not (angle or shift.any()):
        return page[_BESIDE:-_BESIDE, _BESIDE:-_BESIDE]
    middle = np.array([WIDTH, HEIGHT]) / 2
    frame = np.array([(0, 0), (WIDTH, 0), (WIDTH, HEIGHT), (0, HEIGHT)])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    on_page = (frame - middle) @ turn.T + shift + middle + _BESIDE
    mapping = _projection(frame, on_page)
    channels = [
        Image.fromarray(page[:, :, k]).transform(
            (WIDTH, HEIGHT), Image.Transform.PERSPECTIVE, list(mapping), Image.Resampling.BILINEAR
        )
        for k in range(3)
    ]
    return np.stack([np.asarray(channel) for channel in channels], axis=-1)


def _projection(seen: np.ndarray, on_page: np.ndarray) -> np.ndarray:
    """The eight numbers of the projection that maps four points to four others.

    (x, y) goes to ((a x + b y + c) / w, (d x + e y + f) / w) with w = g x + h y + 1.

    >>> square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
    >>> _projection(square, square + 2).round(3).tolist()
    [1.0, 0.0, 2.0, 0.0, 1.0, 2.0, 0.0, 0.0]
    """
    rows, wanted = [], []
    for (x, y), (u, v) in zip(seen, on_page, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        wanted += [u, v]
    return np.linalg.solve(np.array(rows, np.float64), np.array(wanted, np.float64))


def _light(strength: dict[str, float], rng: np.random.Generator) -> np.ndarray:
    """Light that fades to one side, and the soft edge of a shadow."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    fade, edge = rng.uniform(0, 2 * np.pi, 2)
    along, across = (
        (x - WIDTH / 2) * np.cos(angle) + (y - HEIGHT / 2) * np.sin(angle) for angle in (fade, edge)
    )
    fading = 0.5 + along / (HEIGHT + WIDTH)
    shadow = 1 / (1 + np.exp(np.clip((across - rng.uniform(-150, 150)) / 15, -30, 30)))
    light = (1 - 0.4 * strength["shading"] * fading) * (1 - 0.4 * strength["shading"] * shadow)
    return light[:, :, np.newaxis]


def _exposed(page: np.ndarray, strength: dict[str, float], rng: np.random.Generator) -> np.ndarray:
    """What remains of the light after lens, sensor and file."""
    from io import BytesIO

    from PIL import Image
    from scipy import ndimage

    sharp = ndimage.gaussian_filter(page, (0.8, 0.8, 0))
    noise = rng.standard_normal((HEIGHT, WIDTH, 3), np.float32)
    grey = sharp + (0.008 + 0.06 * strength["grain"]) * noise
    photo = np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8)
    if not strength["jpeg"]:
        return photo
    file = BytesIO()
    Image.fromarray(photo).save(file, "JPEG", quality=int(40 - 20 * strength["jpeg"]))
    return np.asarray(Image.open(file))
