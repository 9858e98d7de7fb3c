"""The network in plain NumPy: every layer, forwards and backwards.

This package is the book's independent implementation: it shares no code with Keras, so that
agreement between the two means something. Images are arrays of shape (n, height, width,
channels); every function takes a whole batch and returns a new array.
"""

from mnist_lib.reference.gradients import (
    Gradients,
    backward,
    conv2d_gradients,
    cross_entropy,
    cross_entropy_gradient,
    dense_gradients,
    max_pool2d_gradient,
    pixel_gradient,
    relu_gradient,
)
from mnist_lib.reference.layers import (
    conv2d,
    dense,
    flatten,
    forward,
    log_softmax,
    max_pool2d,
    relu,
    rounding_bound,
    softmax,
)

__all__ = [
    "Gradients",
    "backward",
    "conv2d",
    "conv2d_gradients",
    "cross_entropy",
    "cross_entropy_gradient",
    "dense",
    "dense_gradients",
    "flatten",
    "forward",
    "log_softmax",
    "max_pool2d",
    "max_pool2d_gradient",
    "pixel_gradient",
    "relu",
    "relu_gradient",
    "rounding_bound",
    "softmax",
]
