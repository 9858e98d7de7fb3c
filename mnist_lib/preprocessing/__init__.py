"""Turn any picture into an MNIST-like digit, in two steps.

`read_ink` undoes what the file and the camera did, `rasterise` inks what a pen drew, and
`split_digits` takes apart what stands side by side; `prepare_digit` normalises the ink as the
makers of MNIST did.
"""

from mnist_lib.preprocessing.decoding import FORMATS, MAX_PIXELS
from mnist_lib.preprocessing.drawing import PAD_SIDE, PEN, rasterise, stroke_points
from mnist_lib.preprocessing.ink import ImageError
from mnist_lib.preprocessing.masks import Mask
from mnist_lib.preprocessing.normalise import prepare_digit
from mnist_lib.preprocessing.reading import read_image, read_ink, read_masks
from mnist_lib.preprocessing.splitting import Piece, split_digits

__all__ = [
    "FORMATS",
    "MAX_PIXELS",
    "PAD_SIDE",
    "PEN",
    "ImageError",
    "Mask",
    "Piece",
    "prepare_digit",
    "rasterise",
    "read_image",
    "read_ink",
    "read_masks",
    "split_digits",
    "stroke_points",
]
