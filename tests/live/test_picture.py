"""The ink of strokes and its normalisation in JavaScript, against Python."""

from itertools import product

import numpy as np
import pytest
from javascript import ROUNDING, floats_of, text_of

from mnist_lib.preprocessing import PAD_SIDE, ImageError, prepare_digit, rasterise
from mnist_lib.simulate import styles, write

DRAWINGS = [write(what, style) for what, names in styles().items() for style in names]

EDGES = {
    "nothing": [],
    "a dot": [[(0.5, 0.5)]],
    "a dot between pixels": [[(0.3333, 0.77)]],
    "a dot in a corner": [[(0, 0)]],
    "a dot twice": [[(0.2, 0.2), (0.2, 0.2)]],
    "half a dot": [[(1.02, 0.4)]],
    "outside": [[(1.2, 0.4), (1.4, 0.9)], [(0.5, -0.3)]],
    "through the pad and beyond": [[(-3, 0.2), (5, 0.7)]],
    "all round the pad": [[(-0.1, -0.1), (1.1, -0.1), (1.1, 1.1), (-0.1, 1.1), (-0.1, -0.1)]],
    "a cross": [[(0.2, 0.2), (0.8, 0.8)], [(0.8, 0.2), (0.2, 0.8)]],
    "back and forth": [[(0.3, 0.5), (0.7, 0.5), (0.4, 0.5)]],
}


def as_lists(drawing):
    return [np.asarray(stroke, float).tolist() for stroke in drawing]


@pytest.mark.parametrize("drawings", [DRAWINGS, list(EDGES.values())], ids=["recorded", "edges"])
def test_the_ink_of_strokes_is_that_of_python(engine, drawings):
    assert len(DRAWINGS) >= 40
    found = engine.evaluate(
        "(drawings) => drawings.map((strokes) => textOf(api.rasterise(strokes)))",
        [as_lists(drawing) for drawing in drawings],
    )
    for text, drawing in zip(found, drawings, strict=True):
        difference = np.abs(floats_of(text).reshape(PAD_SIDE, PAD_SIDE) - rasterise(drawing))
        assert difference.max() <= ROUNDING


GROW = """
(strokes) => {
  const [inked, grown, whole] = [api.growingInk(), [], []];
  const show = (drawing) => {
    grown.push(textOf(inked(drawing)));
    whole.push(textOf(api.rasterise(drawing)));
  };
  let drawing = [];
  for (const stroke of strokes) {
    drawing = [...drawing, [stroke[0]]];
    show(drawing);
    for (let i = 1; i < stroke.length; i += 7) {
      drawing = [...drawing.slice(0, -1), [...drawing.at(-1), ...stroke.slice(i, i + 7)]];
      show(drawing);
    }
  }
  for (const other of [drawing.slice(0, 1), [], strokes.slice(1), drawing]) show(other);
  return [grown, whole];
}
"""


def test_a_drawing_that_grows_has_the_same_ink_at_every_step(engine):
    """Point by point, then back to its first stroke, cleared, another one, and forward again."""
    for drawing in (write(4, "open"), write(8), write("house")):
        grown, whole = engine.evaluate(GROW, as_lists(drawing))
        assert len(grown) > 10
        assert grown == whole


def test_of_a_drawing_that_grows_only_what_is_new_is_inked(engine):
    """The old points are moved in secret: whoever inked them again would show it."""
    old, same, moved = engine.evaluate(
        """() => {
          const inked = api.growingInk();
          const stroke = [[0.2, 0.2], [0.3, 0.2], [0.4, 0.2]];
          inked([stroke]);
          stroke[0][1] = 0.8;
          const old = inked([[...stroke, [0.5, 0.2]]]);
          return [old[224 * 280 + 56], old[56 * 280 + 56], old[56 * 280 + 140]];
        }"""
    )
    assert (old, same, moved) == (0, 1, 1)


def check_steps(steps, ink):
    """The digit is that of Python, and so is every step that the page shows on the way to it."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    box = {"top": rows[0], "left": columns[0]}
    assert steps["box"] == box | {"height": np.ptp(rows) + 1, "width": np.ptp(columns) + 1}
    digit, small = floats_of(steps["digit"]).reshape(28, 28), floats_of(steps["small"])
    assert np.abs(digit - prepare_digit(ink)[:, :, 0]).max() <= ROUNDING
    small = small.reshape(20, 20)
    top, left = int(steps["top"]) + 12, int(steps["left"]) + 12
    assert np.array_equal(small, np.pad(digit, 12)[top : top + 20, left : left + 20])
    centre = [(small.sum(axis=axis) @ (np.arange(20) + 0.5)) / small.sum() for axis in (1, 0)]
    assert np.abs(np.subtract(steps["centre"], centre)).max() <= 20 * ROUNDING


def test_drawings_are_normalised_as_in_python(engine):
    found = engine.evaluate(
        f"""(drawings) => drawings.map(
          (strokes) => prepared(api.rasterise(strokes), {PAD_SIDE}, {PAD_SIDE}))""",
        [as_lists(drawing) for drawing in DRAWINGS],
    )
    for steps, drawing in zip(found, DRAWINGS, strict=True):
        check_steps(steps, rasterise(drawing))


def check_enlarged(engine, images):
    found = engine.evaluate(
        """(text) => each(text, (image) => prepared(
          Float32Array.from({ length: 78400 }, (_, i) =>
            image[28 * Math.floor(i / 2800) + Math.floor((i % 280) / 10)]), 280, 280))""",
        text_of(images),
    )
    for steps, image in zip(found, images[:, :, :, 0], strict=True):
        check_steps(steps, image.repeat(10, axis=0).repeat(10, axis=1))


def test_digits_enlarged_ten_times_are_normalised_as_in_python(engine, embedded):
    check_enlarged(engine, embedded.test.images[::3])


def test_the_three_test_digits_that_do_not_come_back_are_normalised_as_in_python(engine, full):
    check_enlarged(engine, full.test.images[[4530, 8688, 9302]])


def odd_inks():
    """Odd sizes, one pixel, ink in a corner, faint and symmetric ink, whose centre is a tie."""
    rng = np.random.default_rng(5)
    for height, width in [(1, 1), (3, 91), (57, 20), (19, 19), (280, 280)]:
        yield rng.random((height, width))
        one = np.zeros((height, width))
        one[rng.integers(height), rng.integers(width)] = 0.01
        yield one
    corner = np.zeros((90, 90))
    corner[:3, :3], corner[89, 89] = 1, 0.004
    yield from (corner, corner[::-1], corner[:, ::-1] * 0.3, corner[::-1, ::-1])
    for height, width in product(range(1, 60, 7), (1, 8, 21, 33)):
        yield np.pad(np.full((height, width), 0.6), ((3, 0), (0, 5)))


def test_odd_ink_is_normalised_as_in_python(engine):
    inks = [ink.astype(np.float32) for ink in odd_inks()]
    found = engine.evaluate(
        "(inks) => inks.map(([text, ...size]) => prepared(floatsOf(text), ...size))",
        [[text_of(ink), *ink.shape] for ink in inks],
    )
    for steps, ink in zip(found, inks, strict=True):
        check_steps(steps, ink)


def test_no_ink_is_no_digit_in_both_languages(engine):
    assert engine.evaluate("() => api.prepareDigit(new Float32Array(600), 20, 30)") is None
    with pytest.raises(ImageError):
        prepare_digit(np.zeros((20, 30)))


def test_without_normalisation_a_block_of_ten_by_ten_becomes_a_pixel(engine):
    drawing = DRAWINGS[17]
    code = "(strokes) => textOf(api.shrink(api.rasterise(strokes)))"
    found = floats_of(engine.evaluate(code, as_lists(drawing))).reshape(28, 28)
    blocks = rasterise(drawing).reshape(28, 10, 28, 10).mean(axis=(1, 3), dtype=np.float64)
    assert np.abs(found - blocks).max() <= ROUNDING
