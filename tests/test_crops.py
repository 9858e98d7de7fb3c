"""Laws of `mnist_lib.simulate.crop`: each kind of picture shows what its name says."""

import numpy as np
import pytest

from mnist_lib.preprocessing import rasterise
from mnist_lib.simulate import CROPS, crop, write

INK = rasterise(write(3))
SEEDS = range(8)


def grey(kind, seed=5, ink=INK):
    return crop(ink, kind, seed).mean(axis=2)


@pytest.mark.parametrize("kind", CROPS)
def test_a_crop_is_the_same_again_for_the_same_seed_alone(kind):
    before = INK.copy()
    first, again, other = crop(INK, kind, 5), crop(INK, kind, 5), crop(INK, kind, 6)
    assert first.dtype == np.uint8
    assert first.ndim == 3
    assert np.array_equal(first, again)
    assert first.shape != other.shape or not np.array_equal(first, other)
    assert np.array_equal(INK, before)


@pytest.mark.parametrize("kind", CROPS)
def test_a_crop_is_as_small_as_crops_are(kind):
    sides = [max(crop(INK, kind, seed).shape) for seed in SEEDS]
    assert 28 <= min(sides) <= max(sides) <= 500
    assert len(set(sides)) > 1
    if kind in ("tiny", "bold"):
        assert max(sides) <= 60


def test_a_closely_cut_digit_reaches_every_edge_and_another_none():
    for seed in SEEDS:
        for kind, touches in (("touching", True), ("form", False)):
            picture = grey(kind, seed)
            dark = picture < (picture.min() + picture.max()) / 2
            edges = [dark[:3].any(), dark[-3:].any(), dark[:, :3].any(), dark[:, -3:].any()]
            assert edges == [touches] * 4


def test_a_digit_that_is_cut_off_lacks_a_part_at_one_edge():
    """At the edge it is as wide as the pen at least, where a touching one only grazes it."""
    for seed in SEEDS:
        picture = grey("cut off", seed)
        dark = picture < (picture.min() + picture.max()) / 2
        along = [dark[0], dark[-1], dark[:, 0], dark[:, -1]]
        assert sum(edge.sum() > 3 for edge in along) == 1


def test_faded_ink_is_faint_and_that_of_a_form_is_not():
    contrasts = {
        kind: np.mean([np.ptp(np.percentile(grey(kind, seed), (1, 90))) for seed in SEEDS])
        for kind in ("faded", "form")
    }
    assert contrasts["faded"] < 0.4 * contrasts["form"]


def framed(picture):
    """Of the columns, or rows, along the four edges: the share in which some pixel is dark."""
    high, wide = (side // 5 for side in picture.shape)
    edges = picture[:high], picture[-high:], picture[:, :wide].T, picture[:, -wide:].T
    return np.mean([(edge.min(axis=0) < 0.8 * np.median(edge)).mean() for edge in edges])


def test_a_frame_is_a_dark_line_along_every_edge():
    """Askew, it may leave the picture on its way."""
    for seed in SEEDS:
        assert framed(grey("framed", seed)) > 0.8
        assert framed(grey("form", seed)) < 0.5


def test_beyond_the_edge_of_a_shadow_the_paper_is_half_as_bright():
    for seed in SEEDS:
        levels = np.percentile(grey("half in shadow", seed), (15, 90))
        assert levels[0] < 0.6 * levels[1]


def test_of_a_neighbour_a_strip_at_the_side_is_seen():
    for seed in SEEDS:
        picture = grey("neighbours", seed)
        dark = picture < (picture.min() + np.median(picture)) / 2
        assert dark[:, :2].any() != dark[:, -2:].any()


@pytest.mark.parametrize("name", ["", "fog", "Form", None, 3])
def test_a_crop_of_another_name_is_refused(name):
    with pytest.raises(ValueError, match=r"expected one of form, tight, .*, half in shadow, got"):
        crop(INK, name)


def test_a_crop_of_nothing_is_refused():
    with pytest.raises(ValueError, match="expected a digit, got no ink"):
        crop(np.zeros((280, 280), np.float32))
