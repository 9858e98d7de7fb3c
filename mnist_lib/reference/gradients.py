"""The way back: from the loss to the gradient of every weight, one function for each layer.

An *error* is the gradient of the loss with respect to the numbers that leave a layer: how much the
loss would rise, per unit, if one of them were raised. Each function takes the error of its outputs
and returns that of its inputs, by the chain rule (D. E. Rumelhart, G. E. Hinton and R. J. Williams,
*Learning Representations by Back-propagating Errors*, 1986).
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from mnist_lib.reference.layers import dense, forward, log_softmax


class Gradients(NamedTuple):
    """What one backward pass finds out.

    loss: the mean cross-entropy of the batch
    weights: the gradients of kernel and bias by layer name, each in the shape of its array
    errors: by layer name, the gradient with respect to the layer's pre-activations; where no
    activation follows, with respect to its outputs
    images: the gradient with respect to the pixels, (n, 28, 28, 1)
    """

    loss: float
    weights: dict[str, tuple[np.ndarray, np.ndarray]]
    errors: dict[str, np.ndarray]
    images: np.ndarray


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Minus the logarithm of the probability of the true class, averaged over the batch.

    Computed from the logits, so that no probability underflows to 0 first.

    logits: (n, classes), float
    labels: (n,) int

    >>> round(cross_entropy(np.log([[3.0, 1.0]]), np.array([0])), 4)  # minus ln 3/4
    0.2877
    """
    return float(-log_softmax(logits)[np.arange(len(labels)), labels].mean())


def cross_entropy_gradient(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The error of the logits, through softmax and cross-entropy at once: (p − y) / n.

    probabilities: (n, classes), what softmax makes of the logits
    labels: (n,) int
    returns: (n, classes)

    >>> cross_entropy_gradient(np.array([[0.75, 0.25]]), np.array([0]))
    array([[-0.25,  0.25]])
    """
    targets = np.eye(probabilities.shape[1], dtype=probabilities.dtype)[labels]
    return (probabilities - targets) / len(labels)


def dense_gradients(
    x: np.ndarray, kernel: np.ndarray, error: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """A weight's gradient is its input times the error of its output, summed over the batch.

    x: (n, inputs), what the layer got
    kernel: (inputs, outputs)
    error: (n, outputs)
    returns: the gradients of kernel and bias, as a pair, and the error of x, in their shapes

    >>> x, kernel = np.array([[1.0, 2.0]]), np.array([[1.0, 0.0], [1.0, 3.0]])
    >>> (of_kernel, of_bias), of_x = dense_gradients(x, kernel, np.array([[-1.0, 1.0]]))
    >>> of_kernel.tolist(), of_bias.tolist(), of_x.tolist()
    ([[-1.0, 1.0], [-2.0, 2.0]], [-1.0, 1.0], [[-1.0, 2.0]])
    """
    return (x.T @ error, error.sum(axis=0)), error @ kernel.T


def relu_gradient(outputs: np.ndarray, error: np.ndarray) -> np.ndarray:
    """The error passes where ReLU kept its input, and stops where it did not.

    outputs: what left ReLU, any shape; its inputs do as well, having the same signs
    error: same shape

    >>> relu_gradient(np.array([0.0, 2.0]), np.array([5.0, 5.0]))
    array([0., 5.])
    """
    return np.where(outputs > 0, error, 0)


def max_pool2d_gradient(images: np.ndarray, error: np.ndarray) -> np.ndarray:
    """The largest of each 2 x 2 block gets the whole error, all others nothing.

    Of equal ones the first gets it, row by row. What belongs to no block gets nothing.

    images: (n, height, width, channels), what was pooled
    error: (n, height // 2, width // 2, channels)
    returns: in the shape of the images

    >>> images = np.array([[1.0, 7.0, 9.0], [4.0, 7.0, 9.0]]).reshape(1, 2, 3, 1)
    >>> max_pool2d_gradient(images, np.full((1, 1, 1, 1), 5.0))[0, :, :, 0]
    array([[0., 5., 0.],
           [0., 0., 0.]])
    """
    n, rows, columns, channels = error.shape
    blocks = images[:, : 2 * rows, : 2 * columns].reshape(n, rows, 2, columns, 2, channels)
    blocks = blocks.transpose(0, 1, 3, 5, 2, 4).reshape(*error.shape[:3], channels, 4)
    winners = np.arange(4) == blocks.argmax(axis=-1)[..., np.newaxis]
    spread = (winners * error[..., np.newaxis]).reshape(n, rows, columns, channels, 2, 2)
    gradient = np.zeros(images.shape, error.dtype)
    inside = spread.transpose(0, 1, 4, 2, 5, 3).reshape(n, 2 * rows, 2 * columns, channels)
    gradient[:, : 2 * rows, : 2 * columns] = inside
    return gradient


def conv2d_gradients(
    images: np.ndarray, kernel: np.ndarray, error: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """A weight's gradient: the pixel below it times the error, added up over all positions.

    Each output hands its error back to the window that it read, weighed by the kernel; where
    windows overlap, the shares add up.

    images: (n, height, width, channels_in), what the layer got
    kernel: (rows, columns, channels_in, channels_out)
    error: (n, height - rows + 1, width - columns + 1, channels_out)
    returns: the gradients of kernel and bias, as a pair, and the error of the images

    >>> images = np.arange(9.0).reshape(1, 3, 3, 1)
    >>> kernel = np.array([[1.0, 2.0], [3.0, 4.0]]).reshape(2, 2, 1, 1)
    >>> error = np.array([[0.0, 0.0], [0.0, 10.0]]).reshape(1, 2, 2, 1)
    >>> (of_kernel, of_bias), of_images = conv2d_gradients(images, kernel, error)
    >>> of_kernel[:, :, 0, 0]  # ten times the window at the bottom right
    array([[40., 50.],
           [70., 80.]])
    >>> of_images[0, :, :, 0]
    array([[ 0.,  0.,  0.],
           [ 0., 10., 20.],
           [ 0., 30., 40.]])
    """
    rows, columns, channels_in, channels_out = kernel.shape
    windows = np.lib.stride_tricks.sliding_window_view(images, (rows, columns), axis=(1, 2))
    # One row per position and image: its window, in the order rows, columns, channels.
    patches = windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, rows * columns * channels_in)
    of_kernel = (patches.T @ error.reshape(-1, channels_out)).reshape(kernel.shape)
    shares = error.reshape(-1, channels_out) @ kernel.reshape(-1, channels_out).T
    shares = shares.reshape(*error.shape[:3], rows, columns, channels_in)
    of_images = np.zeros(images.shape, shares.dtype)
    height, width = error.shape[1:3]
    for row, column in np.ndindex(rows, columns):
        of_images[:, row : row + height, column : column + width] += shares[:, :, :, row, column]
    return (of_kernel, error.sum(axis=(0, 1, 2))), of_images


def backward(images: np.ndarray, labels: np.ndarray, weights: dict) -> Gradients:
    """The whole network, forwards and then backwards: every gradient of the mean cross-entropy.

    images: (n, 28, 28, 1), float in [0, 1]
    labels: (n,) int in 0..9
    weights: kernel and bias by layer name, as `mnist_lib.pretrained.load_weights` returns them
    raises: ValueError for images of another shape, for labels that do not fit, and for numbers
    that are not finite
    """
    labels = _check_labels(labels, len(images))
    _check_finite({"the images": [images], **weights})
    out = {"images": images, **forward(images, weights)}
    error = cross_entropy_gradient(out["dense_2"], labels)
    found, errors, error = _walk(out, "dense_2", error, weights)
    loss = cross_entropy(dense(out["dense_1"], *weights["dense_2"]), labels)
    return Gradients(loss, {name: found[name] for name in weights}, errors, error)


def pixel_gradient(images: np.ndarray, layer: str, error: np.ndarray, weights: dict) -> np.ndarray:
    """How each pixel changes one number of a layer, or a weighted sum of its numbers.

    images: (n, 28, 28, 1), float in [0, 1]
    layer: its name, such as "conv2d_3"
    error: the weight of each number that leaves the layer, in their shape; in the last layer those
    are the logits, before softmax
    weights: kernel and bias by layer name
    returns: (n, 28, 28, 1)
    raises: ValueError for an unknown layer, an error of another shape, and numbers that are not
    finite

    >>> from mnist_lib.pretrained import load_weights
    >>> image, error = np.full((1, 28, 28, 1), 0.5), np.zeros((1, 26, 26, 32))
    >>> error[0, 5, 7] = 1  # all channels of one position, which sees nine pixels
    >>> gradient = pixel_gradient(image, "conv2d_1", error, load_weights())[0, :, :, 0]
    >>> [np.unique(indices).tolist() for indices in np.nonzero(gradient)]
    [[5, 6, 7], [7, 8, 9]]
    """
    _check_finite({"the images": [images], "the error": [error], **weights})
    out = {"images": images, **forward(images, weights)}
    if layer not in (names := list(out)[1:]):
        raise ValueError(f"expected one of {', '.join(names)}, got {layer!r}")
    if error.shape != out[layer].shape:
        raise ValueError(f"expected an error of shape {out[layer].shape}, got {error.shape}")
    return _walk(out, layer, error, weights)[2]


def _walk(
    out: dict[str, np.ndarray], last: str, error: np.ndarray, weights: dict
) -> tuple[dict, dict, np.ndarray]:
    """From a layer down to the pixels: the gradients, the errors, and that of the pixels."""
    names = list(out)[: list(out).index(last) + 1]
    found, errors = {}, {}
    for name, below in pairwise(reversed(names)):
        kind, x = name.rpartition("_")[0], out[below]
        if name in weights and name != "dense_2":
            error = relu_gradient(out[name], error)
        errors[name] = error
        if kind == "conv2d":
            found[name], error = conv2d_gradients(x, weights[name][0], error)
        elif kind == "dense":
            found[name], error = dense_gradients(x, weights[name][0], error)
        elif kind == "max_pooling2d":
            error = max_pool2d_gradient(x, error)
        else:  # flatten
            error = error.reshape(x.shape)
    return found, errors, error


def _check_finite(arrays: dict) -> None:
    for name, parts in arrays.items():
        if not all(np.isfinite(part).all() for part in parts):
            raise ValueError(f"expected finite numbers, got NaN or infinity in {name}")


def _check_labels(labels: np.ndarray, n: int) -> np.ndarray:
    labels = np.asarray(labels)
    if labels.shape != (n,) or labels.dtype.kind not in "iu":
        raise ValueError(f"expected {n} whole-number labels, got {labels.dtype} {labels.shape}")
    if n and not (labels.min() >= 0 and labels.max() <= 9):
        raise ValueError(f"expected labels in 0..9, got {labels.min()}..{labels.max()}")
    return labels
