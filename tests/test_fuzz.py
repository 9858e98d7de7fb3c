"""Files of every kind that is read, damaged at random: a right value, or the error of that kind.

Forty damaged files of each kind here; `make fuzz MINUTES=10` goes on for that long with each.
"""

import gzip
import hashlib
import io
import json
import os
import struct
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from PIL import Image

from mnist_lib.data.download import FULL, ArraySpec, DataError, _read_idx, read_npz
from mnist_lib.preprocessing import ImageError, rasterise, read_masks, stroke_points
from mnist_lib.saving.reading import ModelFileError, read
from mnist_lib.simulate import crop, write
from mnist_lib.training.checkpoint import CheckpointError
from mnist_lib.training.checkpoint import _read as read_checkpoint

MINUTES = float(os.environ.get("MNIST_FUZZ_MINUTES", "0"))
LONGEST = 10
"""No damaged file may keep its reader busy for so many seconds."""

INK = crop(rasterise(write(3)), "tiny", 1)
PICTURES = ("png", "jpeg", "gif", "tiff", "bmp", "webp", "ppm")
MODELS = (".h5", ".keras", ".weights.h5", ".npz")

place = st.floats(0, 1)
some = st.one_of(
    st.binary(min_size=1, max_size=8),
    st.sampled_from([b"\x00" * 8, b"\xff" * 8, b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00"]),
)
edits = st.lists(
    st.one_of(
        st.tuples(st.just("flip"), place, st.integers(0, 7)),
        st.tuples(st.just("write"), place, some),
        st.tuples(st.just("insert"), place, some),
        st.tuples(st.just("cut"), place, st.none()),
        st.tuples(st.just("repeat"), place, st.integers(1, 64)),
    ),
    min_size=1,
    max_size=6,
)


def damaged(content, changes):
    """Flip a bit, write over, insert, cut or repeat, at places that are shares of the length."""
    content = bytearray(content)
    for what, where, how in changes:
        at = int(where * max(0, len(content) - 1))
        if what == "flip" and content:
            content[at] ^= 1 << how
        elif what == "write":
            content[at : at + len(how)] = how
        elif what == "insert":
            content[at:at] = how
        elif what == "cut":
            del content[at:]
        elif what == "repeat":
            content[at:at] = content[at : at + how] * 3
    return bytes(content)


def attack(check, strategy, found=()):
    """Try what was once found and forty inputs, always the same; with MINUTES, others as well."""

    def trial(value):
        start = time.monotonic()
        check(value)
        assert time.monotonic() - start < LONGEST

    for value in found:
        trial(value)
    common = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}
    number, end = 0, time.monotonic() + 60 * MINUTES
    while number == 0 or time.monotonic() < end:
        count = 500 if number else 40
        seed(number)(settings(max_examples=count, **common)(given(strategy)(trial)))()
        number += 1
    if MINUTES:
        print(f"{40 + 500 * (number - 1):,} inputs")


# What is read


@pytest.mark.parametrize("kind", PICTURES)
def test_a_damaged_picture_gives_ink_or_an_image_error(kind, tmp_path):
    file = io.BytesIO()
    Image.fromarray(INK).save(file, kind.upper())
    path = tmp_path / f"digit.{kind}"

    def check(changes):
        path.write_bytes(damaged(file.getvalue(), changes))
        try:
            inks = [mask.ink for mask in read_masks(path)]
        except ImageError:
            return
        for ink in inks:
            assert ink.dtype == np.float32
            assert (ink.min(), ink.max()) == (0, 1)

    attack(check, edits)


FOUND = {".weights.h5": [[("flip", 0.5, 0), ("flip", 0.985, 0)]]}
"""A weight, and the head of the hash that would have told."""


@pytest.fixture(scope="module")
def models(tmp_path_factory, pretrained):
    """The shipped weights in each format."""
    from mnist_lib.saving import save_model

    folder = tmp_path_factory.mktemp("models")
    return {suffix: save_model(pretrained, folder / f"model{suffix}") for suffix in MODELS}


@pytest.mark.parametrize("suffix", MODELS)
def test_a_damaged_model_is_refused_or_the_same(suffix, models, tmp_path):
    """The hash beside the arrays, or the checksums of the archive, tell."""
    content, whole = models[suffix].read_bytes(), read(models[suffix], suffix).weights
    path = tmp_path / f"model{suffix}"

    def check(changes):
        path.write_bytes(damaged(content, changes))
        try:
            found = read(path, suffix).weights
        except ModelFileError:
            return
        assert all(map(np.array_equal, found, whole))

    attack(check, edits, FOUND.get(suffix, ()))


def test_a_damaged_npz_of_digits_is_refused_or_the_same(tmp_path):
    arrays = {"x": np.arange(48, dtype=np.uint8).reshape(3, 4, 4), "y": np.arange(3, dtype="u1")}
    expected = {
        name: ArraySpec(array.shape, hashlib.sha256(array.tobytes()).hexdigest())
        for name, array in arrays.items()
    }
    np.savez_compressed(tmp_path / "whole.npz", **arrays)
    content, path = (tmp_path / "whole.npz").read_bytes(), tmp_path / "digits.npz"

    def check(changes):
        path.write_bytes(damaged(content, changes))
        try:
            found = read_npz(path, expected)
        except DataError:
            return
        assert all(np.array_equal(found[name], array) for name, array in arrays.items())

    attack(check, edits, found=[[("repeat", 0.96875, 8)]])  # an offset before the beginning


def test_damaged_files_of_the_original_format_are_refused_or_whole(tmp_path, monkeypatch):
    """Here of 3 digits of 4 x 4 pixels; each file as gzip, and the bytes inside it."""
    small = {name: want._replace(shape=(3, 4, 4)[: len(want.shape)]) for name, want in FULL.items()}
    monkeypatch.setattr("mnist_lib.data.download.FULL", small)
    paths = [tmp_path / f"{name}.gz" for name in small]
    plain = []
    for want in small.values():
        head = bytes([0, 0, 8, len(want.shape)]) + struct.pack(f">{len(want.shape)}I", *want.shape)
        plain.append(head + bytes(int(np.prod(want.shape))))

    def check(attempt):
        number, inside, changes = attempt
        for k, (path, content) in enumerate(zip(paths, plain, strict=True)):
            here = k == number
            content = damaged(content, changes) if here and inside else content
            packed = gzip.compress(content, mtime=0)
            path.write_bytes(damaged(packed, changes) if here and not inside else packed)
        try:
            arrays = _read_idx(paths)
        except DataError:
            return
        for name, want in small.items():
            assert arrays[name].shape == want.shape

    attack(check, st.tuples(st.integers(0, 3), st.booleans(), edits))


def test_a_damaged_checkpoint_is_refused_or_the_same(tmp_path):
    path = tmp_path / "checkpoint.npz"
    arrays, record = {"a": np.arange(6.0)}, {"recipe": {}, "history": {}}
    np.savez(path, **arrays, record=json.dumps(record))
    content = path.read_bytes()
    assert read_checkpoint(path)[1] == record

    def check(changes):
        path.write_bytes(damaged(content, changes))
        try:
            found = read_checkpoint(path)
        except CheckpointError:
            return
        assert np.array_equal(found[0]["a"], arrays["a"])
        assert found[1] == record

    attack(check, edits)


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.lists(inner, max_size=6),
    max_leaves=30,
)
points = st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=1, max_size=20)


def test_damaged_strokes_are_ink_or_a_value_error():
    def check(stroke):
        try:
            checked = stroke_points(stroke)
        except ValueError:
            return
        assert checked.dtype == np.float64
        ink = rasterise([stroke])
        assert ink.min() >= 0
        assert ink.max() <= 1

    attack(check, st.one_of(anything, points))
