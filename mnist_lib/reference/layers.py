"""The eight layers, from the image to the ten probabilities."""

from collections.abc import Callable

import numpy as np


def conv2d(images: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Slide each kernel over each image; at every position multiply, add up, add the bias.

    No padding, stride 1, no activation, kernel not flipped (a cross-correlation, which is
    what every framework calls a convolution).

    images: (n, height, width, channels_in), float
    kernel: (rows, columns, channels_in, channels_out), float
    bias: (channels_out,), float
    returns: (n, height - rows + 1, width - columns + 1, channels_out)

    >>> images = np.arange(9.0).reshape(1, 3, 3, 1)
    >>> kernel = np.array([[1.0, 0.0], [0.0, -1.0]]).reshape(2, 2, 1, 1)
    >>> conv2d(images, kernel, np.zeros(1))[0, :, :, 0]
    array([[-4., -4.],
           [-4., -4.]])
    """
    rows, columns, channels_in, channels_out = kernel.shape
    _check_bias(bias, channels_out)
    windows = np.lib.stride_tricks.sliding_window_view(images, (rows, columns), axis=(1, 2))
    n, height, width = windows.shape[:3]
    # One row per position: its window, in the order rows, columns, channels of the kernel.
    patches = windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, rows * columns * channels_in)
    outputs = patches @ kernel.reshape(-1, channels_out) + bias
    return outputs.reshape(n, height, width, channels_out)


def max_pool2d(images: np.ndarray, size: int = 2) -> np.ndarray:
    """Keep the largest value of each size x size block; drop leftover rows and columns.

    images: (n, height, width, channels)
    returns: (n, height // size, width // size, channels)

    >>> max_pool2d(np.arange(25).reshape(1, 5, 5, 1))[0, :, :, 0]
    array([[ 6,  8],
           [16, 18]])
    """
    n, height, width, channels = images.shape
    rows, columns = height // size, width // size
    blocks = images[:, : rows * size, : columns * size, :]
    return blocks.reshape(n, rows, size, columns, size, channels).max(axis=(2, 4))


def relu(x: np.ndarray) -> np.ndarray:
    """Keep what is positive, replace the rest by zero.

    x: any shape
    returns: same shape

    >>> relu(np.array([-1.5, 0.0, 2.0]))
    array([0., 0., 2.])
    """
    return np.maximum(x, 0)


def flatten(images: np.ndarray) -> np.ndarray:
    """Write each image as one row of numbers: row by row, pixel by pixel, channel by channel.

    images: (n, height, width, channels)
    returns: (n, height * width * channels)

    >>> flatten(np.arange(8).reshape(1, 2, 2, 2))
    array([[0, 1, 2, 3, 4, 5, 6, 7]])
    """
    return images.reshape(len(images), -1)


def dense(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """For every output, weight the inputs, add up, add the bias. No activation.

    x: (n, inputs), float
    kernel: (inputs, outputs), float
    bias: (outputs,), float
    returns: (n, outputs)

    >>> dense(np.array([[1.0, 2.0]]), np.array([[1.0, 0.0], [1.0, 3.0]]), np.array([0.5, 0.0]))
    array([[3.5, 6. ]])
    """
    _check_bias(bias, kernel.shape[1])
    return x @ kernel + bias


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turn each row of scores into probabilities, the note's Eq. (1).

    The largest score of a row is subtracted first: the result is the same, and no exponential
    can overflow.

    logits: (..., classes), float; a row with NaN or +∞ gives NaN
    returns: same shape, no number below 0, every row summing to 1; a number too small for its type
    is 0, whose logarithm `log_softmax` still knows

    >>> softmax(np.array([2.0, 1.0, 0.1])).round(4)
    array([0.659 , 0.2424, 0.0986])
    >>> softmax(np.array([1000.0, 0.0]))
    array([1., 0.])
    """
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """The logarithms of the probabilities, without the probabilities, which may round to 0.

    logits: (..., classes), float
    returns: same shape, no number above 0

    >>> log_softmax(np.array([1000.0, 1.0]))
    array([   0., -999.])
    """
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def forward(images: np.ndarray, weights: dict) -> dict[str, np.ndarray]:
    """Run the whole network, layer by layer, and keep every activation.

    images: (n, 28, 28, 1), float in [0, 1]
    weights: kernel and bias by layer name, as `mnist_lib.pretrained.load_weights` returns them
    returns: the eight layers' outputs after their activation, in order; the last one holds the
    ten probabilities, shape (n, 10)
    """
    if images.shape[1:] != (28, 28, 1) or len(images) == 0:
        raise ValueError(f"expected images of shape (n, 28, 28, 1), n > 0, got {images.shape}")
    x, outputs = images, {}
    outputs["conv2d_1"] = x = relu(conv2d(x, *weights["conv2d_1"]))
    outputs["max_pooling2d_1"] = x = max_pool2d(x)
    outputs["conv2d_2"] = x = relu(conv2d(x, *weights["conv2d_2"]))
    outputs["max_pooling2d_2"] = x = max_pool2d(x)
    outputs["conv2d_3"] = x = relu(conv2d(x, *weights["conv2d_3"]))
    outputs["flatten_1"] = x = flatten(x)
    outputs["dense_1"] = x = relu(dense(x, *weights["dense_1"]))
    outputs["dense_2"] = softmax(dense(x, *weights["dense_2"]))
    return outputs


def rounding_bound(
    layer: Callable, x: np.ndarray, kernel: np.ndarray, bias: np.ndarray
) -> np.ndarray:
    """How far two float32 computations of one layer may differ, output by output.

    Each output is a sum of products. Adding the same terms in another order changes the result
    by a small multiple of eps times the sum of their absolute values (N. Higham, *Accuracy and
    Stability of Numerical Algorithms*, 2002, chapter 3); 8 is that multiple here.

    layer: `conv2d` or `dense`
    x, kernel, bias: the arguments of the layer
    returns: the bound, in the shape of the layer's output

    >>> float(rounding_bound(dense, np.ones((1, 4)), np.ones((4, 1)), np.zeros(1))[0, 0])
    3.814697265625e-06
    """
    eps = np.finfo(np.float32).eps
    return 8 * eps * layer(np.abs(x), np.abs(kernel), np.abs(bias))


def _check_bias(bias: np.ndarray, outputs: int) -> None:
    """One bias for each output, or one for all: NumPy would broadcast the rest silently."""
    if np.shape(bias) not in ((outputs,), ()):
        raise ValueError(f"expected a bias of shape ({outputs},), got {np.shape(bias)}")
