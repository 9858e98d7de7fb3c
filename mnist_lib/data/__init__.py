"""Load MNIST: one loader, four sources, and never a silent substitution.

MNIST was made by Y. LeCun, C. Cortes and C. J. C. Burges from digits that the National
Institute of Standards and Technology (NIST) had collected. Whatever the source, the arrays are
compared with the original by content hash before anyone sees them.
"""

from mnist_lib.data.digits import Digits, Mnist, content_hash, embedded_test_indices
from mnist_lib.data.download import DataError
from mnist_lib.data.sources import load_followed_digit, load_mnist

__all__ = [
    "DataError",
    "Digits",
    "Mnist",
    "content_hash",
    "embedded_test_indices",
    "load_followed_digit",
    "load_mnist",
]
