"""Laws of `mnist_lib.augment`: other pictures of the same digits, and nothing else."""

import numpy as np
import pytest

from mnist_lib.augment import Limits, augment, flag, move, repen, rule, warp
from mnist_lib.reference import forward

ALL = [warp, repen, rule, augment]


@pytest.fixture(scope="module")
def images(embedded):
    return embedded.train.images[:300]


def generator():
    return np.random.default_rng(3)


def centres(images, axis):
    profiles = images[..., 0].sum(axis=axis)
    return profiles @ (np.arange(28) + 0.5) / profiles.sum(axis=1)


@pytest.mark.parametrize("change", ALL)
def test_pictures_come_back_as_pictures_and_the_given_ones_stay(change, images):
    before = images.copy()
    found = change(images, generator())
    assert found.shape == images.shape
    assert found.dtype == np.float32
    assert 0 <= found.min() <= found.max() <= 1
    assert np.array_equal(images, before)


@pytest.mark.parametrize("change", ALL)
def test_the_generator_alone_decides(change, images):
    assert np.array_equal(change(images, generator()), change(images, generator()))
    assert not np.array_equal(change(images, generator()), change(images, np.random.default_rng(4)))


@pytest.mark.parametrize("change", [warp, repen, augment])
def test_equal_pictures_become_different_ones(change, images):
    found = change(np.repeat(images[:1], 20, axis=0), generator())
    assert len(np.unique(found, axis=0)) > 10


@pytest.mark.parametrize("change", ALL)
def test_a_black_picture_stays_finite(change):
    assert np.isfinite(change(np.zeros((50, 28, 28, 1), np.float32), generator())).all()


def test_warping_moves_the_ink_by_a_few_pixels_and_keeps_most_of_it(images):
    found = warp(images, generator())
    moved = np.abs(centres(found, 1) - centres(images, 1))
    assert 0.3 < moved.mean() < 1.5
    assert moved.max() < 4
    ratio = found.sum(axis=(1, 2, 3)) / images.sum(axis=(1, 2, 3))
    assert 0.6 < ratio.min() <= ratio.max() < 1.45


def test_a_warped_line_leans_to_both_sides():
    line = np.zeros((200, 28, 28, 1), np.float32)
    line[:, 4:24, 13:15] = 1
    found = warp(line, generator())
    lean = centres(found[:, 4:10], 1) - centres(found[:, 18:24], 1)
    assert lean.min() < -1.5
    assert lean.max() > 1.5


def test_pens_are_thinner_and_thicker_and_as_thick_on_average(images):
    ratio = repen(images, generator()).sum(axis=(1, 2, 3)) / images.sum(axis=(1, 2, 3))
    assert ratio.min() < 0.8
    assert ratio.max() > 1.2
    assert 0.85 < ratio.mean() < 1.2


def test_a_pen_leaves_the_ink_where_it_was(images):
    assert np.abs(centres(repen(images, generator()), 1) - centres(images, 1)).max() < 1


def test_one_picture_of_ten_has_a_line_or_a_gap(images):
    changed = (rule(images, generator()) != images).any(axis=(1, 2, 3))
    assert 0.04 < changed.mean() < 0.15


def test_a_line_is_level_and_thin():
    found = rule(np.zeros((500, 28, 28, 1), np.float32), generator())[..., 0]
    for picture in found[found.any(axis=(1, 2))]:
        assert (picture > 0).sum(axis=0).max() <= 3
        assert (picture > 0).any(axis=1).sum() <= 7


def test_only_ones_get_flags_and_four_of_ten_do(embedded):
    digits = embedded.train[:1000]
    before = digits.images.copy()
    found = flag(digits.images, digits.labels, generator())
    assert np.array_equal(digits.images, before)
    assert 0 <= found.min() <= found.max() <= 1
    changed = (found != digits.images).any(axis=(1, 2, 3))
    assert set(digits.labels[changed]) == {1}
    assert 0.25 < changed[digits.labels == 1].mean() < 0.55
    assert np.all(found >= digits.images)


def test_a_flag_goes_down_to_the_left_of_the_upper_end():
    bare = np.zeros((200, 28, 28, 1), np.float32)
    bare[:, 4:24, 14:16] = 1
    added = (flag(bare, np.ones(200, int), generator()) - bare)[..., 0]
    flags = added[added[:, :18].any(axis=(1, 2))]
    assert 40 < len(flags) < 120
    assert not flags[:, :18, 18:].any()  # nothing to the right of the stem but its rounded end
    assert not flags[:, :2].any()
    feet = added[:, 22:].any(axis=(1, 2)).sum()
    assert 10 < feet < 50


def test_without_labels_no_one_gets_a_flag_and_without_ones_nothing_happens(images):
    assert flag(images[:0], np.zeros(0, int), generator()).shape == (0, 28, 28, 1)
    zeros = np.zeros(len(images), int)
    assert np.array_equal(flag(images, zeros, generator()), images)


def test_the_digit_stays_what_it_was(embedded, weights):
    """The network that never learned them reads nine of ten; of noise it would read one."""
    digits = embedded.train[:300]
    shown = augment(digits.images, generator(), digits.labels)
    read = forward(shown, weights)["dense_2"].argmax(axis=1)
    assert (read == digits.labels).mean() > 0.9


# Pictures that are moved fifty at a time

MOVES = [Limits(shift=2), Limits(turn=10), Limits(scale=0.1), Limits(bend=1)]


def test_without_a_limit_nothing_moves(images):
    assert np.allclose(move(images, generator(), Limits()), images, atol=1e-6)


@pytest.mark.parametrize("limits", MOVES)
def test_what_is_moved_is_a_picture_of_its_own(limits, images):
    before = images.copy()
    found = move(images, generator(), limits)
    assert found.shape == images.shape
    assert found.dtype == np.float32
    assert 0 <= found.min() <= found.max() <= 1
    assert np.array_equal(images, before)
    assert np.array_equal(found, move(images, generator(), limits))
    assert np.abs(found - images).max(axis=(1, 2, 3)).min() > 0.1, "every picture moved"


def test_a_whole_shift_takes_every_pixel_with_it():
    class Corner:
        """A generator that always draws the upper limit."""

        def uniform(self, low, high, size=None):
            return np.full(size or (), high, float)

    picture = np.zeros((1, 28, 28, 1), np.float32)
    picture[0, 10, 12] = 1
    moved = move(picture, Corner(), Limits(shift=2))
    assert np.argwhere(moved[0, :, :, 0] > 0.99).tolist() == [[8, 10]]
    assert moved.sum() == pytest.approx(1)


def test_what_leaves_the_picture_does_not_come_back_on_the_other_side():
    edge = np.zeros((400, 28, 28, 1), np.float32)
    edge[:, 0] = edge[:, :, 0] = 1
    moved = move(edge, generator(), Limits(shift=3))
    assert moved[:, 15:, 15:].max() == 0


def test_turns_scales_and_shifts_stay_within_their_limits():
    bar = np.zeros((5000, 28, 28, 1), np.float32)
    bar[:, 4:24, 13:15] = 1
    down = np.arange(28) - 13.5

    def slopes(found):
        """How far the middle of the ink moves to the side from one row to the next."""
        middle = (found[..., 0] @ down) / np.maximum(found[..., 0].sum(axis=2), 1e-6)
        return (middle[:, 8:20] @ down[8:20]) / (down[8:20] ** 2).sum()

    turned = np.degrees(np.arctan(slopes(move(bar, generator(), Limits(turn=10)))))
    assert 8 < np.abs(turned).max() < 10.1
    hill = np.exp(-(down**2 + down[:, np.newaxis] ** 2) / 20).reshape(1, 28, 28, 1)
    sizes = move(np.repeat(hill, 5000, axis=0), generator(), Limits(scale=0.1)).sum(axis=(1, 2, 3))
    assert 0.81 - 0.001 < sizes.min() / hill.sum() < 0.87
    assert 1.15 < sizes.max() / hill.sum() < 1.21 + 0.001
    places = centres(move(bar, generator(), Limits(shift=2)), 1) - centres(bar, 1)
    assert 1.8 < np.abs(places).max() < 2.001


def test_fifty_are_moved_alike_and_the_next_fifty_otherwise(images):
    moved = move(np.repeat(images[:1], 150, axis=0), generator(), Limits(shift=2, turn=5))
    assert len(np.unique(moved, axis=0)) == 3
