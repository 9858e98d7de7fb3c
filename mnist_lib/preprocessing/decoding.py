"""Decode a picture file to grey, upright and on an opaque ground."""

import warnings
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from mnist_lib.preprocessing.ink import ImageError

MAX_PIXELS = 20_000_000
"""Larger pictures are refused before they are decoded: a 50 kB file can hold 400 megapixels."""

FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "JPEG2000", "PPM")
"""The formats that are read. Pillow knows more, and runs another program for some of them."""


def read_grey(path: Path) -> tuple[np.ndarray, bool]:
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
