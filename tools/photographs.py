"""Count how many simulated pictures of each kind are read: `make photographs`.

Number n shows two digits: n % 10, written in style n // 10 % 5 with n as the seed of the hand; and
the nth of the embedded test digits that the note's weights read right, its shape MNIST's own. Each
is photographed or cut out with n as the seed, filed as JPEG, and read by `read_image` and by two
recipes that many would write. Six unusual letterforms are read as well.
"""

import functools
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from mnist_lib.data import Digits, load_mnist
from mnist_lib.preprocessing import (
    PAD_SIDE,
    PEN,
    ImageError,
    prepare_digit,
    rasterise,
    read_image,
)
from mnist_lib.pretrained import load_augmented_results, load_provenance, load_weights
from mnist_lib.reference import forward
from mnist_lib.simulate import CROPS, DISTURBANCES, PENS, crop, photograph
from mnist_lib.simulate import write as write_strokes
from tests.recipes import RECIPES
from tools.pretrained import versions, write

COUNT = 100
"""Pictures of each kind."""

KINDS = (*DISTURBANCES, *CROPS)
WEIGHTS = ("note", "augmented")

SHAPES = {
    "0": ("slashed",),
    "1": ("steep flag", "flag and foot"),
    "3": ("flat top",),
    "8": ("narrow",),
    "9": ("hooked",),
}
"""Unusual letterforms, each counted by itself."""


def main() -> None:
    """Make, read and count all pictures, one kind in each process; write the record."""
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        kinds = dict(tqdm(pool.map(counts, KINDS), total=len(KINDS), unit="kind"))
        shapes = dict(pool.map(shape_counts, *zip(*letterforms(), strict=True)))
    versioned = ("pillow", "scikit-image", "scipy")
    write(
        "photographs.json",
        {
            "made_by": "make photographs",
            "weights_sha256": load_provenance()["weights_sha256"],
            "augmented_sha256": load_augmented_results()["weights_sha256"],
            "kinds": kinds,
            "shapes": shapes,
            "versions": versions() | {name: version(name) for name in versioned},
        },
    )


def counts(kind: str) -> tuple[str, dict]:
    """The kind, and how many of its pictures are read, as the record has it."""
    found = {
        source: wrong_numbers(kind, digit)
        for source, digit in (("hands", written_digit), ("mnist", mnist_digit))
    }
    wrong = found["hands"]["note"]["read_image"]
    right = {source: right_of(networks) for source, networks in found.items()}
    return kind, {"correct": COUNT - len(wrong), "total": COUNT, "wrong": wrong} | right


def letterforms() -> list[tuple[str, str]]:
    """Digit and style of each of the letterforms."""
    return [(digit, style) for digit, styles in SHAPES.items() for style in styles]


def shape_counts(digit: str, style: str) -> tuple[str, dict]:
    """A letterform by a hundred hands, photographed as it is: how many are read."""

    def written(number: int, kind: str) -> tuple[np.ndarray, int]:
        return rasterise(write_strokes(digit, style, seed=number)), int(digit)

    return f"{style} {digit}", right_of(wrong_numbers("plain", written))


def right_of(networks: dict[str, dict[str, list[int]]]) -> dict[str, dict[str, int]]:
    """How many are right, by weights and by reader."""
    return {
        name: {reader: COUNT - len(numbers) for reader, numbers in readers.items()}
        for name, readers in networks.items()
    }


def wrong_numbers(kind: str, digit: Callable) -> dict[str, dict[str, list[int]]]:
    """The numbers of the pictures that are read wrongly, by weights and by reader."""
    inks, labels = zip(*(digit(number, kind) for number in range(COUNT)), strict=True)
    read: dict[str, list] = {"read_image": [], **{name: [] for name in RECIPES}}
    with tempfile.TemporaryDirectory() as folder:
        for number, ink in enumerate(inks):
            file = filed(ink, kind, number, Path(folder) / "photo.jpg")
            read["read_image"].append(read_digit(file))
            for name, recipe in RECIPES.items():
                with Image.open(file) as picture:
                    read[name].append(recipe(picture))

    def wrong(pictures: list, network: dict) -> list[int]:
        answers = forward(np.stack(pictures), network)["dense_2"].argmax(axis=1)
        return np.flatnonzero(answers != np.array(labels)).tolist()

    return {
        name: {reader: wrong(pictures, network) for reader, pictures in read.items()}
        for name, network in ((name, load_weights(name)) for name in WEIGHTS)
    }


def written_digit(number: int, kind: str, pen: float | None = None) -> tuple[np.ndarray, int]:
    """Ink and label of a digit by one of several hands, with the pen that the kind is about."""
    strokes = write_strokes(number % 10, number // 10 % 5, seed=number)
    return rasterise(strokes, pen or PENS.get(kind, PEN)), number % 10


def mnist_digit(number: int, kind: str) -> tuple[np.ndarray, int]:
    """Ink and label of an embedded test digit that is read right, with crisp edges."""
    digits = read_right()
    picture = Image.fromarray(digits.images[number, :, :, 0])
    large = np.asarray(picture.resize((PAD_SIDE, PAD_SIDE), Image.Resampling.BICUBIC))
    return np.clip(5 * (large - 0.5) + 0.5, 0, 1).astype(np.float32), int(digits.labels[number])


@functools.cache
def read_right() -> Digits:
    """The first embedded test digits that the note's weights read right."""
    test = load_mnist("embedded").test[: 2 * COUNT]
    answers = forward(test.images, load_weights())["dense_2"].argmax(axis=1)
    return test[np.flatnonzero(answers == test.labels)]


def filed(ink: np.ndarray, kind: str, number: int, file: Path) -> Path:
    """Photograph or cut out the ink, and save it."""
    picture = (photograph if kind in DISTURBANCES else crop)(ink, kind, seed=number)
    Image.fromarray(picture).save(file, quality=90)
    return file


def read_digit(file: Path) -> np.ndarray:
    """The 28×28 of a picture; black where no digit was found."""
    try:
        return prepare_digit(read_image(file))
    except ImageError:
        return np.zeros((28, 28, 1), np.float32)


def photographed(number: int, kind: str, pen: float | None = None) -> np.ndarray:
    """The 28×28 of one written digit, by way of a JPEG file."""
    with tempfile.TemporaryDirectory() as folder:
        ink, _ = written_digit(number, kind, pen)
        return read_digit(filed(ink, kind, number, Path(folder) / "photo.jpg"))


if __name__ == "__main__":
    main()
