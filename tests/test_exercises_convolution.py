"""The exercises of the chapter *Convolution*: right answers, and the hint for each mistake."""

import numpy as np

from mnist_lib.exercises import check


def same_convolution(image, kernel, stride, before=lambda zeros: zeros // 2):
    """As Keras computes it; `before` says how many of the zeros stand above and on the left."""
    starts, sides = [], []
    for length, size in zip(image.shape, kernel.shape, strict=True):
        sides.append(-(-length // stride))
        starts.append(before(max((sides[-1] - 1) * stride + size - length, 0)))
    output = np.zeros(sides)
    for r, c, i, j in np.ndindex(*sides, *kernel.shape):
        row, column = r * stride + i - starts[0], c * stride + j - starts[1]
        if 0 <= row < image.shape[0] and 0 <= column < image.shape[1]:
            output[r, c] += kernel[i, j] * image[row, column]
    return output


def framed(image, kernel, stride):
    """The frame of stride 1 on every side, whatever the stride."""
    image = np.pad(image, [(size // 2, size // 2) for size in kernel.shape])
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("rcij,ij->rc", windows, kernel)[::stride, ::stride]


def turned(image, kernel, stride):
    return same_convolution(image, kernel[::-1, ::-1], stride)


SLASH = np.array([[-1, -1, 2], [-1, 2, -1], [2, -1, -1]])


RIGHT = {
    "convolution/1": [(5, 5, 16, 12_816), [5.0, 5, 16, 12_816]],
    "convolution/2": [[1, 2, 0, -2, -1], np.polymul([1, 2, 1], [1, 0, -1])],
    "convolution/3": [same_convolution],
    "convolution/4": [SLASH.tolist(), SLASH / 7, [[-2, -1, 3], [0, 0, 0], [1, 0, -1]]],
}

WRONG = [
    ("convolution/1", (5, 5, 16), "Four numbers"),
    ("convolution/1", (5, 4, 16, 12_816), "square"),
    ("convolution/1", (10, 10, 16, 12_816), "stride 1"),
    ("convolution/1", (4, 4, 16, 12_816), "starts"),
    ("convolution/1", (4.5, 4.5, 16, 12_816), "round down"),
    ("convolution/1", (6, 6, 16, 12_816), "round down"),
    ("convolution/1", (7, 7, 16, 12_816), "`same`"),
    ("convolution/1", (12, 12, 16, 12_816), "5×5"),
    ("convolution/1", (11, 11, 16, 12_816), "formula"),
    ("convolution/1", (5, 5, 32, 12_816), "come in"),
    ("convolution/1", (5, 5, 512, 12_816), "added into one"),
    ("convolution/1", (5, 5, 1, 12_816), "How many kernels"),
    ("convolution/1", (5, 5, 16, 416), "all 32 channels"),
    ("convolution/1", (5, 5, 16, 400), "has a bias"),
    ("convolution/1", (5, 5, 16, 12_800), "has a bias, too"),
    ("convolution/1", (5, 5, 16, 12_801), "of its own"),
    ("convolution/1", (5, 5, 16, 13_312), "not one for each channel"),
    ("convolution/1", (5, 5, 16, 13_200), "once for every position"),
    ("convolution/1", (5, 5, 16, 320_400), "shared"),
    ("convolution/1", (5, 5, 16, 801), "one kernel"),
    ("convolution/1", (5, 5, 16, 6), "How many weights"),
    ("convolution/2", [-1, -2, 0, 2, 1], "signs"),
    ("convolution/2", [1, 0, -1], "five pixels"),
    ("convolution/2", [2, 2, 0], "adds the two kernels"),
    ("convolution/2", [1, 2, 1, -2, -1], "middle pixel"),
    ("convolution/2", [1, 2, 2, -2, -1], "subtracted once"),
    ("convolution/2", [1, 2, 1, 0, -1], "all that the first one makes"),
    ("convolution/2", [0, 0, 0, 0, 0], "a to e"),
    ("convolution/3", turned, "turned"),
    ("convolution/3", lambda *args: same_convolution(*args, lambda z: z - z // 2), "below"),
    ("convolution/3", lambda *args: same_convolution(*args, lambda z: 0), "below and on"),
    ("convolution/3", lambda *args: same_convolution(*args, lambda z: z), "above and on"),
    ("convolution/3", framed, "below, not above"),
    ("convolution/3", lambda image, kernel, stride: image[::stride, ::stride], "first window"),
    ("convolution/3", lambda image, kernel, stride: framed(image, kernel, 1), "shape"),
    ("convolution/3", lambda image, kernel: image, "TypeError"),
    ("convolution/4", [1, 2, 3], "three lists"),
    ("convolution/4", [["a"] * 3] * 3, "Nine numbers"),
    ("convolution/4", np.full((3, 3), np.nan), "finite"),
    ("convolution/4", np.eye(3)[::-1], "1 everywhere"),
    ("convolution/4", SLASH[::-1], "rises to the right"),
    ("convolution/4", [[0, 0, 0]] * 3, "rises to the right"),
    ("convolution/4", [[-1, 0, 1], [-1, 2, -1], [1, 0, -1]], "an upright stroke"),
    ("convolution/4", [[-1, -1, 1], [0, 2, 0], [1, -1, -1]], "a level stroke"),
    ("convolution/4", [[1, -2, 1], [-2, 4, -2], [1, -2, 1]], "falls to the right"),
]


def test_exercise_1_and_3_are_what_keras_computes():
    import keras

    layer = keras.layers.Conv2D(16, (5, 5), strides=2)
    layer.build((None, 14, 14, 32))
    shape = layer.compute_output_shape((None, 14, 14, 32))[1:]
    assert check("convolution/1", (*shape, layer.count_params())) is True

    def by_keras(image, kernel, stride):
        batch, axes = image[np.newaxis, :, :, np.newaxis], kernel[:, :, np.newaxis, np.newaxis]
        return np.asarray(keras.ops.conv(batch, axes, strides=stride, padding="same"))[0, :, :, 0]

    assert check("convolution/3", by_keras) is True


def test_a_function_is_judged_on_inputs_that_it_has_not_seen():
    """An answer that remembers one result does not pass."""
    seen = []

    def recalled(image, kernel, stride):
        seen.append(same_convolution(image, kernel, stride))
        return seen[0]

    assert check("convolution/3", recalled) is False
