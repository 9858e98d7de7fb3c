"""Test pictures whose labels are known: handwriting, and photographs of it.

`write` gives the strokes of a digit in one of several hands, or of a letter, `scribble` those of a
drawing that is nothing; `photograph` puts ink on paper and degrades the picture as a phone would,
and `crop` cuts out a small picture as from a form, a table or a page.
"""

from mnist_lib.simulate.camera import DISTURBANCES, photograph
from mnist_lib.simulate.crops import CROPS, PENS, crop
from mnist_lib.simulate.strokes import SCRIBBLES, scribble, styles, write

__all__ = [
    "CROPS",
    "DISTURBANCES",
    "PENS",
    "SCRIBBLES",
    "crop",
    "photograph",
    "scribble",
    "styles",
    "write",
]
