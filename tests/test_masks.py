"""Laws of reading photographs and scans: two masks, that lose no ink and keep no paper."""

import numpy as np
import pytest
from PIL import Image
from recipes import RECIPES
from scipy import ndimage

from mnist_lib.preprocessing import (
    ImageError,
    prepare_digit,
    rasterise,
    read_image,
    read_masks,
    split_digits,
)
from mnist_lib.preprocessing.lines import without_lines
from mnist_lib.preprocessing.masks import border, is_light, masks
from mnist_lib.pretrained import load_weights
from mnist_lib.reference import forward
from mnist_lib.simulate import CROPS, PENS, crop, write

DIGIT = rasterise(write(7, "plain"))


def inked(kind, seed, ink=DIGIT):
    """Grey in [0, 1]."""
    return crop(ink, kind, seed).mean(axis=2, dtype=np.float32) / 255


@pytest.mark.parametrize("kind", CROPS)
def test_light_paper_is_told_from_dark(kind):
    for seed in range(5):
        for digit in (1, 8):
            picture = inked(kind, seed, rasterise(write(digit)))
            assert is_light(picture)
            assert not is_light(1 - picture)


def covered(one, other):
    """Whether every piece of one ink has something of the other one in its place."""
    labels, count = ndimage.label(one, np.ones((3, 3)))
    return all((other[labels == piece] > 0).any() for piece in range(1, count + 1))


@pytest.mark.parametrize("kind", [kind for kind in CROPS if kind != "neighbours"])
def test_no_mask_loses_a_piece_that_the_other_finds(kind):
    for seed in range(5):
        first, second = masks(inked(kind, seed, rasterise(write(5, seed % 5))))
        assert first.name != second.name
        assert covered(first.ink, second.ink)
        assert covered(second.ink, first.ink)


@pytest.mark.parametrize(("kind", "pen"), [("tight", 7), ("touching", 14)])
@pytest.mark.parametrize("digit", [2, 4, 5, 7])
def test_a_stroke_that_spans_the_picture_is_no_ruled_line(kind, pen, digit):
    """As thin as a line, it ends before the edge; at the edge, it is thicker than a line."""
    for seed in range(5):
        bright = 1 - inked(kind, seed, rasterise(write(digit), pen))
        ink = np.clip(bright - np.median(bright[bright < bright.max() / 2]), 0, None)
        assert without_lines(ink).sum() > 0.97 * ink.sum()


def test_lines_that_cross_leave_nothing_and_a_stroke_across_them_stays():
    lines = np.zeros((120, 100))
    lines[10:12] = lines[90:92] = lines[:, 15:17] = lines[:, 80:82] = 0.5
    assert without_lines(lines).max() == 0
    page = lines.copy()
    page[30:115, 45:55] = 1
    rest = without_lines(page)
    assert rest[30:90, 45:55].min() == rest[92:115, 45:55].min() == 1
    assert rest.sum() == pytest.approx(85 * 10, rel=0.03)


def test_the_dark_side_of_a_shadow_is_no_ink():
    """Where it takes one side alone, the ground is called even by its percentiles."""
    for number in (34, 53):
        digit = rasterise(write(number % 10, number // 10 % 5, seed=number))
        first = next(masks(inked("half in shadow", number, digit)))
        assert (border(first.ink) > 0).mean() < 0.25
        assert (first.ink > 0).mean() < 0.25


def test_a_frame_is_no_ink():
    """What is left fits the digit's box: the frame is half as large again, or more."""
    for seed in range(5):
        for _, ink, _ in masks(inked("framed", seed)):
            rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
            assert np.ptp(rows) < 0.85 * len(ink)
            assert np.ptp(columns) < 0.85 * ink.shape[1]


def test_a_digit_that_runs_off_the_picture_stays_beside_others(tmp_path):
    page = np.zeros((300, 560), np.float32)
    page[10:290, 140:420] = rasterise(write(0))
    page[10:290, 400:] = np.maximum(page[10:290, 400:], rasterise(write(8))[:, 40:200])
    page[10:290, :150] = rasterise(write(3))[:, 75:225]
    noise = np.random.default_rng(0).normal(0, 0.02, page.shape)
    grey = np.clip(0.9 - 0.7 * page + noise, 0, 1)
    Image.fromarray((255 * grey).round().astype(np.uint8)).save(tmp_path / "three.png")
    pieces = split_digits(read_image(tmp_path / "three.png"))
    assert len(pieces) == 3
    assert pieces[0].box[1] == 0


def test_read_image_is_the_first_mask_and_a_drawing_has_no_second(tmp_path):
    Image.fromarray(crop(DIGIT, "tiny", 1)).save(tmp_path / "tiny.jpg")
    first, second = read_masks(tmp_path / "tiny.jpg")
    assert np.array_equal(first.ink, read_image(tmp_path / "tiny.jpg"))
    assert first.name != second.name
    Image.fromarray((255 * DIGIT).astype(np.uint8)).save(tmp_path / "drawn.png")
    assert [mask.name for mask in read_masks(tmp_path / "drawn.png")] == ["one ground"]


def test_a_one_that_fills_its_picture_is_read(tmp_path, weights):
    Image.fromarray(crop(rasterise(write(1, "stroke")), "touching", 0)).save(tmp_path / "1.png")
    digit = prepare_digit(read_image(tmp_path / "1.png"))
    assert forward(digit[np.newaxis], weights)["dense_2"].argmax() == 1


# What `read_image`, two other recipes and the network make of them


@pytest.mark.parametrize("kind", CROPS)
@pytest.mark.slow
def test_crops_are_read_at_least_as_often_as_by_simple_recipes(kind, tmp_path):
    """Seeds of their own, that no threshold was chosen on; with the weights for real pens."""
    weights, file = load_weights("augmented"), tmp_path / "crop.jpg"
    labels, read = np.arange(20) % 10, {"read_image": [], **{name: [] for name in RECIPES}}
    for number, label in enumerate(labels):
        ink = rasterise(write(label, 4 * number % 5, seed=5000 + number), PENS.get(kind, 28))
        Image.fromarray(crop(ink, kind, 5000 + number)).save(file, quality=90)
        try:
            read["read_image"].append(prepare_digit(read_image(file)))
        except ImageError:
            read["read_image"].append(np.zeros((28, 28, 1)))
        for name, recipe in RECIPES.items():
            with Image.open(file) as picture:
                read[name].append(recipe(picture))
    right = {
        name: (forward(np.stack(shown), weights)["dense_2"].argmax(axis=1) == labels).sum()
        for name, shown in read.items()
    }
    assert right["read_image"] >= max(19, right["otsu"], right["adaptive"])
