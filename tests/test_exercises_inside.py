"""The exercises of *Inside*: right answers are right, typical mistakes get their own hint."""

import numpy as np

KERNEL = np.array([[-0.3, 0.7, -0.2], [-0.2, 0.6, -0.1], [-0.2, 0.7, -0.1]])
BIAS = -0.4


def covered(image, score, size):
    out = np.empty(np.array(image.shape) - size + 1)
    for row, column in np.ndindex(out.shape):
        picture = image.copy()
        picture[row : row + size, column : column + size] = 0
        out[row, column] = score(image) - score(picture)
    return out


def in_place(image, score, size):
    out = covered(image, score, size)
    image[:size, :size] = 0
    return out


def never_uncovered(image, score, size):
    picture, full = image.copy(), score(image)
    out = np.empty(np.array(image.shape) - size + 1)
    for row, column in np.ndindex(out.shape):
        picture[row : row + size, column : column + size] = 0
        out[row, column] = full - score(picture)
    return out


RIGHT = {
    "inside/1": [1.6, np.maximum(KERNEL, 0).sum() + BIAS],
    "inside/2": [0.07, 0.6 * abs(0.55 - 3 / 6) + 0.4 * abs(0.9 - 4 / 4)],
    "inside/3": [covered],
    "inside/4": [((1, 1, 1), 1), ([2, 2, 2], 3), (np.array([0.4, 0.5, 0.6]), 0.7)],
}

WRONG = [
    ("inside/1", np.maximum(KERNEL, 0).sum(), "bias is added once"),
    ("inside/1", KERNEL.sum() + BIAS, "left black"),
    ("inside/1", np.abs(KERNEL).sum() + BIAS, "cannot be −1"),
    ("inside/1", 0.6, "middle weight alone"),
    ("inside/1", 0, "which pixel adds most"),
    ("inside/2", (0.05 + 0.1) / 2, "weighs as much as it has answers"),
    ("inside/2", abs(0.6 * 0.05 - 0.4 * 0.1), "Take the size"),
    ("inside/2", 0.05 + 0.1, "differences, added"),
    ("inside/2", 0.5, "how far apart"),
    ("inside/3", in_place, "cover a copy"),
    ("inside/3", lambda i, s, n: covered(i, s, n)[:-1], "has 6×8 places"),
    ("inside/3", lambda i, s, n: -covered(i, s, n), "sign"),
    ("inside/3", lambda i, s, n: s(i) - covered(i, s, n), "by how much do they fall"),
    ("inside/3", lambda i, s, n: covered(i, s, n) / n**2, "not its mean"),
    ("inside/3", never_uncovered, "start anew"),
    ("inside/3", lambda i: i, "TypeError"),
    ("inside/4", ((1, 1, 1), 2), "With one unit removed"),
    ("inside/4", ((1, 1, 1), 0.5), "Even with two"),
    ("inside/4", ((1, 1, 1), 3), "With all three"),
    ("inside/4", ((1, 1, 1), -1), "With all three"),
    ("inside/4", ((1, 1), 1), "got shapes (2,)"),
    ("inside/4", ((1, 1, np.nan), 1), "Finite"),
    ("inside/4", 3, "Two things"),
]
