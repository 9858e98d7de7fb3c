"""Save and load models: nothing is lost, and nothing in a file is run.

Files are replaced atomically: an interrupted save leaves the old file or the new one, never part
of one. A file is read by value: its plan is compared with the one network that it may hold, and its
arrays, ten of known shapes, are put into a network of our own. Keras never sees the file, so no
code, setting or type in it has an effect. What `save_model` writes is recognised when it is
damaged: by the checksum of a zip archive, or by a hash beside the arrays.
"""

from mnist_lib.saving.models import load_model, load_pretrained
from mnist_lib.saving.reading import ModelFileError, hash_of
from mnist_lib.saving.writing import check_target, save_model, save_record, suffix_of

__all__ = [
    "ModelFileError",
    "check_target",
    "hash_of",
    "load_model",
    "load_pretrained",
    "save_model",
    "save_record",
    "suffix_of",
]
