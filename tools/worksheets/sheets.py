"""One worksheet for each chapter where a pencil makes sense, with numbers drawn for one student.

Every sheet keeps the rule that makes a pencil enough: each number on it, given or to be found, is
a fraction whose denominator is at most 16, or a logarithm of a whole number, and is at most 40 in
size (only counts of parameters are larger). Numbers that break the rule are drawn again. What is to
be found is computed by `mnist_lib.reference`.
"""

import contextlib
import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from mnist_lib import reference

LARGEST, FINEST = 40, 16
TRIES = 50  # to find a sheet that nobody in the class has


class Table(NamedTuple):
    """Numbers in a grid, with a title above.

    given: whether the student sees them; else the cells are empty, and filled in the solution
    """

    title: str
    values: np.ndarray
    given: bool = True


class Sheet(NamedTuple):
    """What is on one page, from top to bottom: paragraphs, and rows of tables."""

    title: str
    blocks: list[str | list[Table]]


class TooLargeError(ValueError):
    """Numbers that are not for a pencil."""


def make(name: str, seed: int, student: int) -> Sheet:
    """The sheet of this name for one student; the same for the same seed."""
    return next(_draws(name, seed, student))


def make_class(name: str, seed: int, students: int) -> Iterator[Sheet]:
    """A sheet for each student, each of them another as long as there are others."""
    used = set()
    for student in range(1, students + 1):
        for sheet in itertools.islice(_draws(name, seed, student), TRIES):
            if str(sheet) not in used:
                break
        used.add(str(sheet))
        yield sheet


def _draws(name: str, seed: int, student: int) -> Iterator[Sheet]:
    """Sheets without end, all of them for a pencil."""
    generator = np.random.default_rng((seed, student, list(SHEETS).index(name)))
    while True:
        with contextlib.suppress(TooLargeError):
            yield SHEETS[name](generator)


def exact(values: np.ndarray | float) -> np.ndarray:
    """The fractions that these floats are, as an array of at least two axes.

    raises: TooLargeError if one of them is too large, or no simple fraction
    """
    values = np.atleast_2d(np.asarray(values, float))
    found = np.empty(values.shape, object)
    for place, value in np.ndenumerate(values):
        fraction = Fraction(value).limit_denominator(FINEST)
        if abs(fraction) > LARGEST or abs(value - fraction) > 1e-9:
            raise TooLargeError(f"{value} is not for a pencil")
        found[place] = fraction
    return found


def found(title: str, values: np.ndarray | float) -> Table:
    """A table that the student fills in."""
    return Table(title, exact(values), given=False)


def architecture(generator: np.random.Generator) -> Sheet:
    """Shapes and parameters of a small network, from its layers alone."""
    side, channels = int(generator.integers(10, 21)), int(generator.choice([1, 3]))
    first, second, units = (int(generator.integers(2, high)) for high in (7, 9, 6))
    rows, size, depth = [], side, channels
    for label, kind, count in (("A", 3, first), ("B", 2, 0), ("C", 3, second), ("D", 2, 0)):
        size = size - 2 if kind == 3 else size // 2
        weights = count * (9 * depth + 1)
        depth = count or depth
        what = f"{count} kernels of 3×3" if count else "2×2 max pooling"
        rows.append((label, what, f"{size} × {size} × {depth}", weights))
    flat = size * size * depth
    if size < 1 or flat > 150:
        raise TooLargeError(f"a row of {flat} numbers")
    rows += [("E", "flatten", f"{flat}", 0), ("F", f"dense, {units} units", f"{units}", 0)]
    rows[-1] = (*rows[-1][:3], units * (flat + 1))
    return Sheet(
        "Architecture",
        [
            f"A picture of {side} × {side} × {channels} (rows, columns, channels) goes through "
            "the layers "
            "A to F, one after the other. Convolutions have a bias for each kernel, move one "
            "pixel at "
            "a time and have no padding; a dense layer has a bias for each unit.",
            "For each layer: what is the shape of its output, and how many parameters does it "
            "have?",
            [
                Table("layer", np.array([[f"{row[0]}: {row[1]}"] for row in rows], object)),
                Table("output", np.array([[row[2]] for row in rows], object), given=False),
                Table("parameters", np.array([[f"{row[3]:,}"] for row in rows], object), False),
            ],
            [Table("all parameters", np.array([[f"{sum(r[3] for r in rows):,}"]], object), False)],
        ],
    )


def convolution(generator: np.random.Generator) -> Sheet:
    """A kernel slides over a picture; then 2×2 max pooling."""
    picture = generator.choice(3, (6, 6), p=[0.55, 0.25, 0.2])
    kernel = generator.integers(-1, 3, (3, 3))
    bias = int(generator.integers(-2, 3))
    if np.count_nonzero(kernel) < 5 or len(np.unique(kernel)) < 3:
        raise TooLargeError("a kernel that is nearly empty")
    image, weights = picture[None, :, :, None], kernel[:, :, None, None]
    sums = reference.conv2d(image.astype(float), weights.astype(float), np.array([float(bias)]))
    bent = reference.relu(sums)
    return Sheet(
        "Convolution",
        [
            "The kernel slides over the picture, one pixel at a time. Each output is the sum "
            "of nine "
            f"products, plus the bias {bias}. The kernel is not turned.",
            [Table("picture", exact(picture)), Table("kernel", exact(kernel))],
            "Fill in the outputs, then what ReLU leaves of them, then the largest of each 2×2 "
            "block.",
            [
                found("convolution", sums[0, :, :, 0]),
                found("ReLU", bent[0, :, :, 0]),
                found("max pooling", reference.max_pool2d(bent)[0, :, :, 0]),
            ],
            "On how many pixels of the picture can the number at the top left, after pooling, "
            "depend?",
            [Table("pixels", np.array([["16"]], object), given=False)],
        ],
    )


def flatten(generator: np.random.Generator) -> Sheet:
    """From (row, column, channel) to a place in the row, and back."""
    rows, columns, channels = (int(n) for n in generator.integers(2, [6, 6, 9]))
    size = rows * columns * channels
    there = generator.choice(size, 6, replace=False)
    grid = np.arange(size).reshape(1, rows, columns, channels)
    row = reference.flatten(grid)[0]
    places = np.array([np.argwhere(grid[0] == row[i])[0] for i in there])
    texts = np.array([[f"({r}, {c}, {k})"] for r, c, k in places], object)
    numbers = np.array([[str(i)] for i in there], object)
    return Sheet(
        "Flatten",
        [
            f"Maps of shape ({rows}, {columns}, {channels}), rows, columns and channels, are "
            "written "
            "into one row, the channels of a position side by side. All counts begin at 0.",
            "Where in the row does each of these three numbers go?",
            [Table("(row, column, channel)", texts[:3]), Table("place", numbers[:3], given=False)],
            "And where does each of these three come from?",
            [Table("place", numbers[3:]), Table("(row, column, channel)", texts[3:], given=False)],
            [Table("length of the row", np.array([[str(size)]], object), given=False)],
            "Two neighbours in the row differ by one. By how much do two neighbours in a "
            "column of the "
            "same map differ?",
            [Table("difference", np.array([[str(columns * channels)]], object), given=False)],
        ],
    )


def softmax(generator: np.random.Generator) -> Sheet:
    """Logits that are logarithms, so that the probabilities are fractions."""
    parts = generator.integers(1, 9, 4)
    if parts.sum() not in (4, 8, 10, 12, 16) or len(set(parts)) < 3:
        raise TooLargeError("sums that do not divide well")
    shift, label = int(generator.integers(1, 6)), int(generator.integers(4))
    probabilities = reference.softmax(np.log(parts)[None] + shift)[0]
    errors = probabilities - (np.arange(4) == label)
    logits = np.array([[f"{shift} + ln {part}" if part > 1 else f"{shift}" for part in parts]])
    loss = Fraction(int(parts.sum()), int(parts[label]))
    return Sheet(
        "Softmax",
        [
            "A network with four classes ends in these logits.",
            [Table("logits of the classes 0 to 3", logits.astype(object))],
            "Subtract a number that makes the exponentials whole, then compute the four "
            "probabilities.",
            [found("exponentials", parts.astype(float)), found("probabilities", probabilities)],
            f"The true class is {label}. What is the loss, the negative logarithm of its "
            "probability? "
            "(Leave it as a logarithm.)",
            [Table("loss", np.array([[f"ln {loss}"]], object), given=False)],
            "And the gradient of the loss with respect to each logit?",
            [found("gradient", errors)],
            "Add 100 to every logit. What changes?",
            [Table("changes", np.array([["nothing"]], object), given=False)],
        ],
    )


def relu(generator: np.random.Generator) -> Sheet:
    """A network of two hidden units draws a line with two bends."""
    slopes, outs = generator.choice([-2, -1, 1, 2], (2, 2))
    bends = generator.choice(np.arange(-3, 4), 2, replace=False)
    start = int(generator.integers(-2, 3))
    points = np.arange(-4, 5)
    hidden = reference.relu(slopes * (points[:, None] - bends))
    line = hidden @ outs + start
    right = [float(o * a * (a > 0)) for o, a in zip(outs, slopes, strict=True)]
    left = [float(o * a * (a < 0)) for o, a in zip(outs, slopes, strict=True)]
    order = np.argsort(bends)
    middle = right[order[0]] + left[order[1]]
    return Sheet(
        "ReLU",
        [
            "A network has one input x, two hidden units with ReLU, and one output:",
            [
                *(
                    Table(f"unit {i + 1} before ReLU", np.array([[_line(a, -a * b)]], object))
                    for i, (a, b) in enumerate(zip(slopes, bends, strict=True))
                ),
                Table("weights of the output", exact(outs)),
                Table("its bias", exact(start)),
            ],
            "Fill in the table, and draw the output as a line on the back.",
            [Table("x", exact(points).T), *_columns(hidden, line)],
            "Where does the line bend, and what is its slope left of both bends, between them "
            "and right "
            "of both?",
            [found("bends at", np.sort(bends)), found("slopes", [sum(left), middle, sum(right)])],
        ],
    )


def _line(slope: int, start: int) -> str:
    """The function slope · x + start as text."""
    front = {1: "x", -1: "−x"}.get(slope, f"{slope}x".replace("-", "−"))
    return front if start == 0 else f"{front} {'+' if start > 0 else '−'} {abs(start)}"


def _columns(hidden: np.ndarray, line: np.ndarray) -> list[Table]:
    names = ("unit 1", "unit 2", "output")
    columns = (*hidden.T, line)
    return [found(name, column[:, None]) for name, column in zip(names, columns, strict=True)]


def backward(generator: np.random.Generator) -> Sheet:
    """The whole pencil network, forwards and backwards."""
    picture = generator.choice(3, (1, 5, 5, 1), p=[0.6, 0.2, 0.2]).astype(float)
    kernel = generator.integers(-1, 3, (2, 2, 1, 1)).astype(float)
    ratio, label = int(generator.choice([1, 3, 7])), int(generator.integers(2))
    sums = reference.conv2d(picture, kernel, np.array([-1.0]))
    bent = reference.relu(sums)
    pooled = reference.max_pool2d(bent)
    second, largest = np.moveaxis(np.sort(_blocks(sums))[..., -2:], -1, 0)
    if ((largest == 0) | (largest == second) & (largest > 0)).any() or (largest > 0).sum() < 3:
        raise TooLargeError("a tie, an input of ReLU that is 0, or too little that is not")
    row = reference.flatten(pooled)
    matrix = _balanced(generator, row[0])
    logits = row @ matrix
    probabilities = reference.softmax(logits + np.array([np.log(ratio), 0]))
    error = reference.cross_entropy_gradient(probabilities, np.array([label]))
    (of_matrix, _), row_error = reference.dense_gradients(row, matrix, error)
    passed = reference.relu_gradient(
        bent, reference.max_pool2d_gradient(bent, row_error.reshape(pooled.shape))
    )
    (of_kernel, of_bias), _ = reference.conv2d_gradients(picture, kernel, passed)
    if np.count_nonzero(passed) < 2:
        raise TooLargeError("an error that stops on its way")
    first = f"ln {ratio}" if ratio > 1 else "0"
    return Sheet(
        "Backward",
        [
            "The pencil network: convolution with bias −1, ReLU, 2×2 max pooling, flatten, "
            "dense with "
            f"the biases {first} and 0, softmax. The label is class {label}.",
            [
                Table("picture", exact(picture[0, :, :, 0])),
                Table("kernel", exact(kernel[:, :, 0, 0])),
                Table("dense: 4 inputs, 2 classes", exact(matrix)),
            ],
            "Forwards:",
            [
                found("convolution", sums[0, :, :, 0]),
                found("ReLU", bent[0, :, :, 0]),
                found("pooled", pooled[0, :, :, 0]),
                found("probabilities", probabilities),
            ],
            "Backwards: the error of each, then the gradients of all weights.",
            [
                found("of the logits", error),
                found("of the pooled", row_error.reshape(2, 2)),
                found("of the convolution", passed[0, :, :, 0]),
            ],
            [
                found("gradients: dense", of_matrix),
                found("kernel", of_kernel[:, :, 0, 0]),
                found("its bias", of_bias),
            ],
        ],
    )


def _balanced(generator: np.random.Generator, row: np.ndarray) -> np.ndarray:
    """Weights of a dense layer with which both classes get the same logit, of at most 12."""
    first, *others = generator.integers(-1, 3, (100, 4)).astype(float)
    for other in others:
        if other @ row == first @ row and abs(first @ row) <= 12 and (other != first).any():
            return np.stack([first, other], axis=1)
    raise TooLargeError("logits whose exponentials are no simple numbers")


def _blocks(maps: np.ndarray) -> np.ndarray:
    """The four numbers of each 2×2 block, (rows, columns, 4)."""
    half = maps.shape[1] // 2
    return maps[0, :, :, 0].reshape(half, 2, half, 2).swapaxes(1, 2).reshape(half, half, 4)


def training(generator: np.random.Generator) -> Sheet:
    """Descent on a parabola, and two steps of RMSprop."""
    curve, centre = int(generator.choice([1, 2, 4])), int(generator.integers(-5, 6))
    start = centre + int(generator.choice([-16, -12, -8, -4, 4, 8, 12, 16]))
    rate = Fraction(1, int(generator.choice([2, 4, 8])) * curve)
    path = [Fraction(start)]
    for _ in range(3):
        path.append(path[-1] - rate * curve * (path[-1] - centre))
    first = int(generator.choice([-4, -3, -2, -1, 1, 2, 3, 4]))
    mean = Fraction(first * first, 2)
    inside = f"x {'−' if centre >= 0 else '+'} {abs(centre)}" if centre else "x"
    return Sheet(
        "Training",
        [
            f"The loss is {Fraction(curve, 2)} · ({inside})², so its slope is {curve} · "
            f"({inside}). "
            f"Begin at x = {start} and take three steps of gradient descent with the learning rate "
            f"{rate}.".replace("-", "−"),
            [found("x after steps 1, 2, 3", [float(x) for x in path[1:]])],
            "From which learning rate on does the distance to the minimum grow from step to step?",
            [found("rate", 2 / curve)],
            "RMSprop keeps a mean of squared gradients, here v ← ½ v + ½ g², and moves by η g "
            "/ √v. The "
            f"first gradient is {first}, v starts at 0.".replace("-", "−"),
            [found("v after the step", float(mean))],
            "By how many times η/√½ does the weight move, and which way? Would a gradient ten "
            "times as "
            "large move it farther?",
            [
                found("times η/√½", float(-np.sign(first) * 1)),
                Table("farther?", np.array([["no"]], object), given=False),
            ],
        ],
    )


def your_digit(generator: np.random.Generator) -> Sheet:
    """Bounding box, centre of mass and shift of a small drawing."""
    ink = np.zeros((7, 7))
    rows, columns = generator.integers(2, 5, 2)
    top, left = generator.integers(0, 8 - rows), generator.integers(0, 8 - columns)
    ink[top : top + rows, left : left + columns] = generator.choice(3, (rows, columns))
    total = ink.sum()
    inked = np.argwhere(ink)
    if len(inked) < 4 or total > 12:
        raise TooLargeError("hardly any ink, or too much")
    (top, left), (bottom, right) = inked.min(axis=0), inked.max(axis=0)
    centre = np.array(
        [(ink.sum(axis=1) * np.arange(7)).sum(), (ink.sum(axis=0) * np.arange(7)).sum()]
    )
    centre = centre / total
    shift = np.round(3 - centre)
    if (np.abs(3 - centre - shift) == 0.5).any() or (shift == 0).all():
        raise TooLargeError("halfway, or centred already")
    return Sheet(
        "Your digit",
        [
            "MNIST centres each digit by its centre of mass: the mean row and the mean column "
            "of the ink, "
            "each pixel counted as often as it is bright. Rows and columns are counted from 0.",
            [Table("ink", exact(ink))],
            "The smallest box that holds all ink: its first and last row, its first and last "
            "column.",
            [found("rows", [top, bottom]), found("columns", [left, right])],
            "The sum of the ink, and the centre of mass.",
            [found("ink", total), found("mean row, mean column", centre)],
            "By how many whole rows and columns is the ink moved, so that its centre of mass "
            "comes as near "
            "as possible to (3, 3)? (Down and right are positive.)",
            [found("rows, columns", shift)],
        ],
    )


def inside(generator: np.random.Generator) -> Sheet:
    """What excites a kernel most, and the calibration error of sixteen answers."""
    kernel, bias = generator.integers(-3, 4, (3, 3)), int(generator.integers(-3, 0))
    if not 3 <= (kernel > 0).sum() <= 6 or kernel.sum() + bias <= 0:
        raise TooLargeError("hardly any weight of one sign, or never excited by white")
    best = (kernel > 0).astype(float)
    white, most = (
        reference.conv2d(patch.reshape(1, 3, 3, 1), kernel.reshape(3, 3, 1, 1), np.array([bias]))
        for patch in (np.ones((3, 3)), best)
    )
    sizes, scores = np.array([4, 12]), np.array([1 / 2, 3 / 4])
    right = np.array([generator.integers(0, 5), generator.integers(6, 13)])
    gaps = np.abs(scores - right / sizes)
    if (gaps == 0).any():
        raise TooLargeError("a bin without a difference")
    return Sheet(
        "Inside",
        [
            f"A channel has this kernel and the bias {bias}; pixels are from 0 to 1.",
            [Table("kernel", exact(kernel))],
            "What does it give, before ReLU, for a patch that is 1 everywhere? Which patch excites "
            "it most, and how much? (Where the weight is 0, leave the pixel at 0.)",
            [found("all 1", white.item()), found("patch", best), found("most", most.item())],
            f"Of sixteen answers, four have the score ½, and {right[0]} of them are right. Twelve "
            f"have the score ¾, and {right[1]} of them are right. How far is the score from the "
            "share of right answers, for the four and for the twelve?",
            [found("differences", gaps)],
            "What is the expected calibration error, if each score has a bin of its own? (Each "
            "difference counts as often as the bin has answers.)",
            [found("error", (sizes * gaps).sum() / 16)],
        ],
    )


SHEETS: dict[str, Callable[[np.random.Generator], Sheet]] = {
    "architecture": architecture,
    "convolution": convolution,
    "flatten": flatten,
    "softmax": softmax,
    "relu": relu,
    "backward": backward,
    "training": training,
    "your_digit": your_digit,
    "inside": inside,
}
"""By chapter."""
