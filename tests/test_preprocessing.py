"""Laws of `mnist_lib.preprocessing`: any picture gives one MNIST-like digit, or a clear error."""

import os
import struct
import time
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mnist_lib.preprocessing import (
    MAX_PIXELS,
    PAD_SIDE,
    PEN,
    ImageError,
    prepare_digit,
    rasterise,
    read_image,
    split_digits,
)
from mnist_lib.pretrained import load_provenance, load_weights
from mnist_lib.reference import forward
from mnist_lib.simulate import write

LEVEL = 1 / 255
# Two computations of a pixel may round differently: by far less than a visible half level.
TINY = 1e-5


def digit_picture() -> np.ndarray:
    """A 7 with three grey levels, on 132 x 100 pixels, light on dark."""
    ink = np.zeros((132, 100), np.uint8)
    ink[20:36, 20:80] = 255
    ink[36:110, 56:72] = 200
    ink[110:114, 56:72] = 100
    return ink


INK = digit_picture()
WANTED = prepare_digit(INK)
LIGHT, DARK = Image.fromarray(INK), Image.fromarray(255 - INK)


def levels_apart(left: np.ndarray, right: np.ndarray) -> float:
    return float(np.abs(left - right).max() / LEVEL)


# prepare_digit: arrays


def test_the_result_has_the_shape_type_and_range_of_mnist():
    assert WANTED.shape == (28, 28, 1)
    assert WANTED.dtype == np.float32
    assert WANTED.min() == 0
    assert WANTED.max() == 1


def test_a_bar_by_hand():
    """40 x 20 pixels become 20 x 10; the centre falls on the far edge of pixel 14."""
    ink = np.zeros((100, 50))
    ink[3:43, 7:27] = 0.25
    wanted = np.zeros((28, 28))
    wanted[5:25, 10:20] = 1
    assert np.array_equal(prepare_digit(ink)[:, :, 0], wanted)


def test_the_area_average_by_hand():
    """30 rows become 20: each new row covers one row and a half."""
    ink = np.zeros((30, 30))
    ink[:, :2] = 1
    ink[0] = 1
    digit = prepare_digit(ink)[:, :, 0]
    top, left = np.argwhere(digit)[0]
    assert digit[top, left + 10] == pytest.approx(2 / 3, abs=TINY)
    assert digit[top + 10, left] == pytest.approx(1, abs=TINY)
    assert digit[top + 10, left + 1] == pytest.approx(1 / 3, abs=TINY)


def box_sides(image: np.ndarray) -> tuple[int, int]:
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def enlarged(image: np.ndarray, times: int) -> np.ndarray:
    return image.repeat(times, axis=0).repeat(times, axis=1)


def returning(images: np.ndarray) -> tuple[int, list[int]]:
    """How many digits have sides that differ by an even number, and which are not recovered."""
    even, exceptions = 0, []
    for number, image in enumerate(images[:, :, :, 0]):
        height, width = box_sides(image)
        if (height - width) % 2:
            continue  # the box cannot be centred, and which side the makers chose is not known
        even += 1
        if levels_apart(prepare_digit(enlarged(image, 10))[:, :, 0], image) > 1.001:
            exceptions.append(number)
    return even, exceptions


@pytest.mark.slow
def test_embedded_digits_enlarged_ten_times_come_back_within_one_grey_level(embedded):
    assert returning(embedded.test.images) == (812, [])


def test_all_test_digits_enlarged_come_back_but_three(full):
    """4530 and 9302 do not fill the box of 20 pixels; 8688 has its centre on a pixel's edge."""
    even, exceptions = returning(full.test.images)
    assert 0.78 < even / 10000 < 0.80
    assert exceptions == [4530, 8688, 9302]


def right_on_pages(digits, weights: dict) -> int:
    """Right answers where every digit is enlarged ten times, anywhere on a larger page."""
    rng, right = np.random.default_rng(0), 0
    for start in range(0, len(digits), 500):
        batch, prepared = digits[start : start + 500], []
        for image in batch.images[:, :, :, 0]:
            page, (top, left) = np.zeros((400, 400)), rng.integers(0, 121, 2)
            page[top : top + 280, left : left + 280] = enlarged(image, 10)
            prepared.append(prepare_digit(page))
        answers = forward(np.array(prepared), weights)["dense_2"].argmax(axis=1)
        right += int((answers == batch.labels).sum())
    return right


@pytest.mark.slow
def test_digits_on_larger_pages_are_read_as_well(embedded, weights):
    """At most 3 of 1,000 are lost, or 0.3 points; with the shipped weights one is gained."""
    answers = forward(embedded.test.images, weights)["dense_2"].argmax(axis=1)
    before = (answers == embedded.test.labels).sum()
    assert before - right_on_pages(embedded.test, weights) <= 3


def test_all_test_digits_on_larger_pages_are_read_as_well(full, weights):
    """Less than 0.3 points are lost; with the shipped weights it is 2 of 10,000 digits."""
    before = load_provenance()["test"]["correct"]
    assert before - right_on_pages(full.test, weights) < 30


SMALL = INK[20:116:4, 20:76:4]


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 5), st.floats(0.1, 1))
def test_place_size_and_strength_of_the_ink_do_not_matter(down, right, times, strength):
    ink = enlarged(np.pad(SMALL / 255, ((down, 3), (right, 5))), times)
    assert levels_apart(prepare_digit(ink * strength), prepare_digit(SMALL)) < 0.01


@given(st.integers(0, 2**32 - 1))
def test_the_centre_of_mass_falls_into_pixel_14(seed):
    """Unless that would push ink over the edge; blots of random pixels never lean so far."""
    ink = np.random.default_rng(seed).random((20, 20))
    digit = prepare_digit(ink)[:, :, 0].astype(float)
    for axis in (0, 1):
        centre = (digit.sum(axis=1 - axis) * (np.arange(28) + 0.5)).sum() / digit.sum()
        assert 14 < centre < 15 + 1e-6  # a tie is decided to six digits


@pytest.mark.parametrize("corner", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_ink_that_leans_far_to_one_side_is_not_cut_off(corner):
    ink = np.zeros((200, 200))
    ink[:, :2] = ink[:2] = 0.05
    ink[:60, :60] = 1
    ink = ink[:: 1 - 2 * corner[0], :: 1 - 2 * corner[1]]
    digit = prepare_digit(ink)[:, :, 0]
    assert box_sides(digit) == (20, 20)


@pytest.mark.parametrize("height", [1, 20, 400])
@pytest.mark.parametrize("width", [1, 20, 400])
def test_ink_of_any_size_gives_a_digit(height, width):
    digit = prepare_digit(np.ones((height, width)))
    assert np.isfinite(digit).all()
    assert digit.max() == 1


def test_bytes_and_floats_are_the_same_ink():
    assert np.array_equal(prepare_digit(INK), prepare_digit(INK / 255))
    assert np.array_equal(prepare_digit(INK), prepare_digit(INK[:, :, np.newaxis]))


def test_the_callers_array_is_left_as_it_is():
    ink = INK / 255
    before = ink.copy()
    prepare_digit(ink)
    assert np.array_equal(ink, before)


@pytest.mark.parametrize("shape", [(), (28,), (0, 5), (28, 28, 3), (1, 28, 28), (2, 3, 4, 5)])
def test_an_array_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match="expected ink of shape"):
        prepare_digit(np.ones(shape))


@pytest.mark.parametrize("kind", ["int64", "int8", "uint16", "bool", "complex", "object", "U1"])
def test_an_array_of_another_type_is_refused(kind):
    with pytest.raises(ValueError, match=r"expected uint8 in 0\.\.255 or float"):
        prepare_digit(np.ones((5, 5)).astype(kind))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -0.1, 1.1, 255.0])
def test_a_number_outside_of_0_to_1_is_refused(value):
    ink = np.full((5, 5), 0.5)
    ink[2, 2] = value
    with pytest.raises(ValueError, match=r"expected ink in \[0, 1\], got"):
        prepare_digit(ink)


def test_no_ink_is_an_error_and_no_nan():
    with pytest.raises(ImageError, match="no ink"):
        prepare_digit(np.zeros((28, 28), np.uint8))


# rasterise: strokes


def test_no_strokes_are_no_ink():
    ink = rasterise([])
    assert ink.shape == (PAD_SIDE, PAD_SIDE)
    assert ink.dtype == np.float32
    assert ink.max() == 0


@pytest.mark.parametrize("pen", [7, 28, 70])
def test_another_pen_is_as_wide_as_it_says(pen):
    """Across a level line: its middle is full, and the soft edges add up to one pixel."""
    column = rasterise([[(0.1, 0.5), (0.9, 0.5)]], pen)[:, 140]
    assert column.sum() == pytest.approx(pen)
    assert (column > 0).sum() <= pen + 2


def test_a_level_stroke_by_hand():
    """The line runs along the upper edge of row 140: pixel centres are at half numbers."""
    column = rasterise([[(0.25, 0.5), (0.75, 0.5)]])[:, 140]
    half = PEN // 2  # pixels of full ink on each side: they end half a pixel before the pen
    wanted = np.zeros(PAD_SIDE)
    wanted[140 - half : 140 + half] = 1
    assert np.array_equal(column, wanted)


def test_the_soft_edge_by_hand():
    """A quarter of a pixel lower, the first row of the pen keeps 3/4 and a new one gets 1/4."""
    column = rasterise([[(0.25, 140.25 / PAD_SIDE), (0.75, 140.25 / PAD_SIDE)]])[:, 140]
    assert column[140 - PEN // 2] == pytest.approx(0.75, abs=TINY)
    assert column[140 + PEN // 2] == pytest.approx(0.25, abs=TINY)


def test_a_stroke_of_one_point_is_a_dot():
    ink = rasterise([[(0.5, 0.25)]])
    rows, columns = np.nonzero(ink)
    assert ((rows + 0.5 - 70) ** 2 + (columns + 0.5 - 140) ** 2 <= (PEN / 2 + 0.5) ** 2).all()
    # A soft edge is as much ink as a sharp one, but for the corners of the pixels.
    assert ink.sum() == pytest.approx(np.pi * (PEN / 2) ** 2, rel=0.005)


def by_definition(strokes) -> np.ndarray:
    """Ink at each pixel from the distance to the nearest of 1,500 points on each line."""
    centres = (np.mgrid[:PAD_SIDE:7, :PAD_SIDE:7] + 0.5)[::-1].reshape(2, -1, 1)
    nearest = np.full(centres.shape[1], np.inf)
    for stroke in strokes:
        path = np.linspace(0, len(stroke) - 1, 1500 * (len(stroke) - 1) + 1)
        points = [np.interp(path, np.arange(len(stroke)), stroke[:, axis]) for axis in (0, 1)]
        away = np.hypot(*(centres - np.array(points)[:, np.newaxis] * PAD_SIDE)).min(axis=1)
        nearest = np.minimum(nearest, away)
    return np.clip(PEN / 2 + 0.5 - nearest, 0, 1)


@pytest.mark.parametrize("seed", range(4))
def test_strokes_anywhere_agree_with_the_definition(seed):
    """The points are at most 0.4 pixels apart, the edge of the pen at least 13.5 pixels away: the
    nearest point is too far by less than 0.2² / (2 · 13.5) pixels."""
    strokes = np.random.default_rng(seed).uniform(-0.2, 1.2, (2, 4, 2))
    assert np.abs(rasterise(strokes)[::7, ::7].ravel() - by_definition(strokes)).max() < 0.002


on_the_pad = st.tuples(st.floats(-0.5, 1.5), st.floats(-0.5, 1.5))
drawings = st.lists(st.lists(on_the_pad, min_size=1, max_size=4), min_size=1, max_size=3)


@given(drawings)
def test_the_order_and_the_direction_of_strokes_do_not_matter(strokes):
    """The ends of a segment swap their roles: the last bits of the distance may change."""
    ink = rasterise(strokes)
    back = rasterise([stroke[::-1] for stroke in strokes[::-1]])
    assert 0 <= ink.min() <= ink.max() <= 1
    assert np.abs(ink - back).max() < TINY


@given(drawings, drawings)
def test_another_stroke_only_adds_ink(first, second):
    both = np.maximum(rasterise(first), rasterise(second))
    assert np.array_equal(rasterise(first + second), both)


def test_what_lies_off_the_pad_is_cut_at_its_edge():
    ink = rasterise([[(-0.5, 0.5), (1.5, 0.5)], [(3, 3), (4, 4)]])
    assert np.array_equal(ink, rasterise([[(-900, 0.5), (900, 0.5)]]))
    assert (ink[140] == 1).all()


@pytest.mark.parametrize(
    "stroke",
    [[], 3, "4,5", [1, 2], [[1, 2, 3]], [[[0, 1]]], [[0, 1], [2]], [["x", "y"]], [None], None],
)
def test_a_stroke_of_another_shape_is_refused(stroke):
    with pytest.raises(ValueError, match=r"expected a stroke of points \(x, y\)"):
        rasterise([[(0.5, 0.5)], stroke])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e9, -1e300])
def test_a_point_that_no_pad_holds_is_refused(value):
    with pytest.raises(ValueError, match="expected points on the pad or near it, got"):
        rasterise([[(0.5, 0.5), (0.5, value)]])


# read_image: good files


def saved(picture: Image.Image, folder, name: str = "digit.png", **options) -> np.ndarray:
    """Save the picture, read it back, normalise it."""
    picture.save(folder / name, **options)
    ink = read_image(folder / name)
    assert ink.dtype == np.float32
    assert ink.min() == 0
    assert ink.max() == 1
    return prepare_digit(ink)


def over_nothing(ink_colour: int, mode: str) -> Image.Image:
    """Ink of one colour on a transparent ground."""
    colour = np.full_like(INK, ink_colour)
    channels = [colour] * (3 if mode == "RGBA" else 1)
    return Image.fromarray(np.stack([*channels, INK], axis=-1), mode)


EXACT = {
    "grey, light on dark": LIGHT,
    "grey, dark on light": DARK,
    "RGB": DARK.convert("RGB"),
    "RGBA, opaque": DARK.convert("RGBA"),
    "RGBA, black ink on nothing": over_nothing(0, "RGBA"),
    "RGBA, white ink on nothing": over_nothing(255, "RGBA"),
    "LA, black ink on nothing": over_nothing(0, "LA"),
    "LA, white ink on nothing": over_nothing(255, "LA"),
    "palette": DARK.convert("P"),
    "16 bits, light on dark": Image.fromarray(INK.astype(np.uint16) * 257),
    "16 bits, dark on light": Image.fromarray(65535 - INK.astype(np.uint16) * 257),
    "16 bits, only the lowest eighth used": Image.fromarray(INK.astype(np.uint16) * 32),
}


@pytest.mark.parametrize("kind", EXACT)
def test_every_kind_of_png_gives_the_same_digit(kind, tmp_path):
    """Within half a grey level: the grey of a picture has 255 levels, or 65,535."""
    assert levels_apart(saved(EXACT[kind], tmp_path), WANTED) < 0.5


@pytest.mark.parametrize(
    ("name", "picture"),
    {
        "cmyk.tif": DARK.convert("CMYK"),
        "integers.tif": Image.fromarray(INK.astype(np.int32) * 1000),
        "floats.tif": Image.fromarray(INK.astype(np.float32) / 255),
        "large_floats.tif": Image.fromarray(INK.astype(np.float32)),
        "dark.bmp": DARK,
        "dark.gif": DARK,
    }.items(),
)
def test_other_formats_give_the_same_digit(name, picture, tmp_path):
    assert levels_apart(saved(picture, tmp_path, name), WANTED) < 0.5


def test_one_bit_pictures_of_both_polarities_agree(tmp_path):
    black = INK > 127
    wanted = prepare_digit(black.astype(float))
    for bits in (black, ~black):
        assert levels_apart(saved(Image.fromarray(bits), tmp_path), wanted) < 0.01


def test_a_palette_with_a_transparent_entry(tmp_path):
    picture = Image.fromarray((INK > 127).astype(np.uint8), "P")
    picture.putpalette([200, 30, 30, 0, 0, 0])
    wanted = prepare_digit((INK > 127).astype(float))
    assert levels_apart(saved(picture, tmp_path, transparency=0), wanted) < 0.01


@pytest.mark.parametrize("name", ["digit.jpg", "digit.webp"])
def test_what_compression_leaves_round_the_ink_is_no_ink(name, tmp_path):
    """Compressed edges differ from the original by a few grey levels, and the box does not."""
    digit = saved(DARK, tmp_path, name, quality=90)
    assert box_sides(digit[:, :, 0]) == box_sides(WANTED[:, :, 0])
    assert np.abs(digit - WANTED).mean() < 2 * LEVEL


def test_of_an_animation_the_first_frame(tmp_path):
    others = [Image.fromarray(255 - INK[::-1])] * 3
    digit = saved(DARK, tmp_path, "digit.gif", save_all=True, append_images=others)
    assert levels_apart(digit, WANTED) < 0.5


def one_bit_png(width: int, height: int, rows: bytes, interlaced: bool) -> bytes:
    """A PNG made by hand: Pillow writes no interlaced ones, and huge ones only from pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        crc = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, interlaced))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_an_interlaced_png(tmp_path):
    """Adam7 in 4 x 4 pixels: passes 1, 4, 5, 6, 6, 7, 7, each row with its filter byte 0."""
    rows = b"\0\x00\0\x00\0\x40\0\x00\0\x00\0\x20\0\x00"
    (tmp_path / "interlaced.png").write_bytes(one_bit_png(4, 4, rows, True))
    wanted = np.zeros((4, 4))
    wanted[1:3, 2] = 1
    assert np.array_equal(read_image(tmp_path / "interlaced.png"), wanted)


UNDO = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", range(10))
def test_every_orientation_is_undone_and_an_invalid_one_ignored(orientation, tmp_path):
    picture = DARK.transpose(UNDO[orientation]) if orientation in UNDO else DARK
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert levels_apart(saved(picture, tmp_path, exif=exif), WANTED) < 0.5


def test_damaged_exif_is_ignored(tmp_path):
    digit = saved(DARK, tmp_path, "digit.jpg", exif=b"Exif\0\0garbage!", quality=95)
    assert box_sides(digit[:, :, 0]) == box_sides(WANTED[:, :, 0])


def test_dark_on_light_equals_light_on_dark_on_real_digits(embedded, tmp_path):
    for image in embedded.test.images[:100, :, :, 0]:
        grey = np.pad(enlarged(np.rint(image * 255).astype(np.uint8), 5), 9)
        light, dark = (saved(Image.fromarray(g), tmp_path) for g in (grey, 255 - grey))
        assert levels_apart(light, dark) < 0.01
        assert levels_apart(light, prepare_digit(grey)) < 0.01


def photograph(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A digit in ink on grainy paper that is lit from one side."""
    ink = np.pad(enlarged(image, 6), 30)
    light = 0.55 + 0.4 * np.linspace(0, 1, len(ink)) * np.linspace(0.6, 1, len(ink))[:, np.newaxis]
    grey = light * (1 - 0.8 * ink) + rng.normal(0, 0.015, ink.shape)
    return np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8)


@pytest.mark.slow
def test_photographs_with_a_shadow_are_recognised(embedded, tmp_path):
    """At least 22 of 24: the network itself errs on about 1 in 100."""
    weights, rng = load_weights(), np.random.default_rng(0)
    digits, right = embedded.test[:12], 0
    for image, label in zip(digits.images[:, :, :, 0], digits.labels, strict=True):
        grey = photograph(image, rng)
        for polarity in (grey, 255 - grey):
            digit = saved(Image.fromarray(polarity), tmp_path)
            right += forward(digit[np.newaxis], weights)["dense_2"].argmax() == label
    assert right >= 22


@pytest.mark.parametrize("size", [(799, 799), (4000, 3000)])
def test_a_large_photograph_takes_seconds_and_not_minutes(size, embedded, tmp_path):
    """799 is the largest side that is not downsampled first."""
    grey = photograph(embedded.test.images[0, :, :, 0], np.random.default_rng(0))
    start = time.perf_counter()
    saved(Image.fromarray(grey).resize(size), tmp_path, "photo.png", compress_level=1)
    assert time.perf_counter() - start < 10  # minutes if the ground is computed at full size


# read_image: no digit, no picture, no file


@pytest.mark.parametrize("colour", [0, 1, 128, 255])
@pytest.mark.parametrize("size", [(1, 1), (28, 28), (1, 10000), (4000, 3000)])
def test_one_colour_is_no_digit(colour, size, tmp_path):
    Image.new("L", size, colour).save(tmp_path / "plain.png")
    with pytest.raises(ImageError, match="no digit found, the picture is all one colour"):
        read_image(tmp_path / "plain.png")


def test_a_shadow_alone_is_no_digit(tmp_path):
    grey = photograph(np.zeros((28, 28)), np.random.default_rng(0))
    Image.fromarray(grey).save(tmp_path / "paper.png")
    with pytest.raises(ImageError, match="no digit found"):
        read_image(tmp_path / "paper.png")


@pytest.mark.parametrize("shape", [(1, 2), (2, 2), (10000, 1), (1, 10000), (3, 700)])
def test_strange_shapes_give_ink_or_a_clear_error(shape, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / "strange.png")
    try:
        ink = read_image(tmp_path / "strange.png")
    except ImageError:
        return
    assert np.isfinite(prepare_digit(ink)).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_float_picture_of_no_numbers_is_no_digit(value, tmp_path):
    Image.fromarray(np.full((20, 20), value, np.float32)).save(tmp_path / "nan.tif")
    with pytest.raises(ImageError, match="no digit found"):
        read_image(tmp_path / "nan.tif")


def png() -> bytes:
    from io import BytesIO

    buffer = BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (60, 60)).astype(np.uint8)
    Image.fromarray(noise).save(buffer, "PNG")
    return buffer.getvalue()


PNG = png()
WRONG_CRC = bytearray(PNG)
WRONG_CRC[PNG.index(b"IDAT") - 5] ^= 1
DAMAGED = bytearray(PNG)
DAMAGED[PNG.index(b"IDAT") + 200] ^= 255


@pytest.mark.parametrize(
    ("content", "message"),
    {
        "nothing": (b"", "not a picture"),
        "text": (b"hello, world\n" * 100, "not a picture"),
        "HTML": (b"<!DOCTYPE html><title>Log in</title>", "not a picture"),
        "signature": (PNG[:8], "not a picture"),
        "10 %": (PNG[: len(PNG) // 10], "damaged picture"),
        "50 %": (PNG[: len(PNG) // 2], "damaged picture"),
        "90 %": (PNG[: len(PNG) * 9 // 10], "damaged picture"),
        "wrong CRC of the header": (bytes(WRONG_CRC), "not a picture"),
        "flipped byte in the pixels": (bytes(DAMAGED), "damaged picture"),
    }.values(),
)
def test_a_file_that_is_no_whole_picture_is_named(content, message, tmp_path):
    path = tmp_path / "not_a_digit.png"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=f"not_a_digit.png: .*{message}"):
        read_image(path)


@pytest.mark.parametrize("name", ["digit.jpg", "digit.png", "digit.gif", "digit.tif", "digit.webp"])
def test_any_flipped_byte_gives_ink_or_a_clear_error(name, tmp_path):
    """A JPEG decoder carries on past damage unawares; what it returns is ink all the same."""
    DARK.save(tmp_path / name)
    content = (tmp_path / name).read_bytes()
    for place in np.linspace(0, len(content) - 1, 100).astype(int):
        flipped = bytearray(content)
        flipped[place] ^= 0xFF
        (tmp_path / name).write_bytes(flipped)
        try:
            ink = read_image(tmp_path / name)
        except ImageError:
            continue
        assert np.isfinite(ink).all()
        assert ink.max() == 1


# Several digits in one picture


def side_by_side(digits, gap: float, seed: int) -> np.ndarray:
    """Handwritten digits in a row; gap: between them, as a share of their height."""
    rng = np.random.default_rng(seed)
    cut = []
    for digit in digits:
        ink = rasterise(write(digit, seed=int(rng.integers(1000))))
        rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
        cut.append(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    tallest = max(len(part) for part in cut)
    space = np.zeros((tallest, int(gap * tallest)))
    row = [space]
    for part in cut:
        lower = tallest - len(part)
        row += [np.pad(part, ((lower // 2, lower - lower // 2), (0, 0))), space]
    return np.pad(np.hstack(row), 30)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_digits_side_by_side_are_taken_apart_and_read(count, weights):
    """Of 20 rows of digits, all that stand a third of their height apart, and their answers."""
    right = total = 0
    for seed in range(20):
        digits = np.random.default_rng(seed).integers(0, 10, count)
        pieces = split_digits(side_by_side(digits, 0.35, seed))
        assert len(pieces) == count, (seed, digits)
        inputs = np.stack([prepare_digit(piece.ink) for piece in pieces])
        right += int((forward(inputs, weights)["dense_2"].argmax(axis=1) == digits).sum())
        total += count
    assert right >= 0.9 * total


def test_no_embedded_digit_is_taken_for_two(embedded):
    for split in (embedded.train, embedded.test):
        assert [len(split_digits(image)) for image in split.images] == [1] * len(split)


def test_of_all_test_digits_one_is_taken_for_two(full):
    several = [i for i, image in enumerate(full.test.images) if len(split_digits(image)) > 1]
    assert several == [5676], "a four in two halves"


def test_a_single_digit_is_left_as_it_is():
    ink = np.zeros((50, 40))
    ink[10:40, 5:12] = ink[12:20, 20:30] = 0.5  # a flag beside a stroke
    (piece,) = split_digits(ink)
    assert piece.box == (10, 5, 40, 30)
    assert np.array_equal(piece.ink, ink[10:40, 5:30])


def test_of_a_png_no_flipped_bit_changes_an_answer_in_silence(tmp_path):
    """One bit of every byte: the same ink, or an error."""
    DARK.save(tmp_path / "picture.png")
    content = (tmp_path / "picture.png").read_bytes()
    wanted, refused = read_image(tmp_path / "picture.png"), 0
    for place in range(8, len(content)):
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        try:
            assert np.array_equal(read_image(written(tmp_path, bytes(flipped))), wanted)
        except ImageError:
            refused += 1
    assert refused > 0.9 * (len(content) - 8)


def written(folder, content: bytes):
    path = folder / "picture.png"
    path.write_bytes(content)
    return path


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 28 28\n%%EndComments\n(canary) run\n"
WMF = b"\xd7\xcd\xc6\x9a" + bytes(40)


@pytest.mark.parametrize("content", [EPS, WMF, b"P9\n1 1\n", b"SIMPLE  =" + b" " * 80])
def test_a_format_that_no_camera_writes_is_named_and_no_program_run(content, tmp_path):
    with pytest.raises(ImageError, match="not a picture that can be read, such as PNG, JPEG"):
        read_image(written(tmp_path, content))


@pytest.mark.parametrize("faintest", [5e-324, 1e-310, 1e-200, 1e-30])
def test_the_faintest_ink_is_ink(faintest):
    ink = np.zeros((40, 40))
    ink[5:35, 18:22] = 1
    assert np.allclose(prepare_digit(ink * faintest), prepare_digit(ink), atol=1e-6)


@pytest.mark.parametrize("side", [20_000, 5_000])
def test_a_small_file_of_many_pixels_is_refused_before_it_is_decoded(side, tmp_path):
    """A file of 50 kB may hold 400 megapixels, which take 400 MB and seconds to decode."""
    assert side**2 > MAX_PIXELS
    path = tmp_path / "large.png"
    path.write_bytes(one_bit_png(side, side, bytes(side * (side // 8 + 1)), False))
    assert path.stat().st_size < 60_000
    start = time.perf_counter()
    with pytest.raises(ImageError, match=r"5000 x 5000 pixels, expected|exceeds limit"):
        read_image(path)
    assert time.perf_counter() - start < 0.5


def test_a_folder_and_a_missing_file_are_named(tmp_path):
    with pytest.raises(IsADirectoryError, match="expected a picture, got the folder"):
        read_image(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"nowhere\.png"):
        read_image(tmp_path / "nowhere.png")


def test_an_unreadable_file_is_the_systems_own_error(tmp_path, monkeypatch):
    """Patched, because the tests may run as a user who can read every file."""

    def refuse(path, *mode):
        raise PermissionError(13, "Permission denied", str(path))

    DARK.save(tmp_path / "digit.png")
    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(PermissionError, match=r"digit\.png"):
        read_image(tmp_path / "digit.png")


def test_faint_ink_in_a_jpeg_is_ink(tmp_path, embedded):
    """25 grey levels of ink, with compression noise: most digits are still read correctly."""
    right = 0
    for image, label in zip(embedded.test.images[:40], embedded.test.labels[:40], strict=True):
        faint = 220 - 25 * np.kron(image[:, :, 0], np.ones((10, 10)))
        Image.fromarray(faint.astype(np.uint8)).save(tmp_path / "faint.jpg", quality=75)
        digit = prepare_digit(read_image(tmp_path / "faint.jpg"))
        right += forward(digit[None], load_weights())["dense_2"].argmax() == label
    assert right >= 36  # an absolute threshold gave 12


def test_a_dark_frame_round_a_light_page_is_refused_and_not_guessed(tmp_path, embedded):
    page = 255 - 255 * np.kron(embedded.test.images[3, :, :, 0], np.ones((10, 10)))
    Image.fromarray(np.pad(page, 10, constant_values=0).astype(np.uint8)).save(tmp_path / "f.png")
    with pytest.raises(ImageError, match="most of the picture would be ink"):
        read_image(tmp_path / "f.png")


def test_a_very_long_picture_needs_no_square_in_memory():
    ink = np.zeros((400_000, 3), np.uint8)
    ink[[5, -6], 1] = 255  # padded to a square it would take 1.3 TB
    assert prepare_digit(ink).shape == (28, 28, 1)


def test_a_pipe_is_no_picture_and_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ImageError, match="got a pipe"):
        read_image(tmp_path / "pipe.png")
