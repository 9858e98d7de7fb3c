"""Training that survives: killed at any moment, it goes on to the same bits."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

from mnist_lib.data import Digits
from mnist_lib.model import build_model
from mnist_lib.training import CheckpointError, train
from mnist_lib.training.checkpoint import FILE

KILLS = int(os.environ.get("MNIST_KILLS", "5"))
"""How often the training below is killed; `make kills N=200` for more."""

# Trains, and prints the hash of the weights; kills itself at the moment that it is told.
CHILD = """
import os, random, sys, threading, time
import numpy as np
import keras
from mnist_lib.data import Digits
from mnist_lib.model import build_model
from mnist_lib.saving.reading import hash_of
from mnist_lib.training import train

folder, moment = sys.argv[1], sys.argv[2]
die = lambda *_: os.kill(os.getpid(), 9)
keep, replace, flush = os.fsync, os.replace, np.savez
if moment == "half":  # the new file is half written
    np.savez = lambda file, **arrays: (flush(file, **arrays), file.truncate(file.tell() // 2),
                                       file.flush(), die())
elif moment == "before":  # it is whole, and not yet in its place
    os.replace = die
elif moment == "after":
    os.replace = lambda *paths: (replace(*paths), die())
elif moment != "never":
    threading.Timer(float(moment), die).start()
rng = np.random.default_rng(0)
digits = Digits(rng.random((192, 28, 28, 1), np.float32), rng.integers(0, 10, 192))
keras.utils.set_random_seed(1)
model = build_model()
train(model, digits, epochs=12, seed=3, checkpoint=folder or None)
print("weights:", hash_of(model.get_weights()))
"""


def run(folder: Path | str, moment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", CHILD, str(folder), moment]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_killed_at_any_moment_it_goes_on_to_the_same_bits(tmp_path):
    """The kills fall on random moments of the training; every third one into a write."""
    whole = run("", "never")
    wanted = whole.stdout.splitlines()[-1]
    assert wanted.startswith("weights: ")
    rng, kills, ends = np.random.default_rng(0), 0, 0
    while kills < KILLS:
        folder = tmp_path / str(ends)
        moment = ("half", "before", "after")[kills // 3 % 3]
        if kills % 3:
            moment = f"{rng.uniform(0.0, 2.5):.2f}"
        done = run(folder, moment)
        if done.returncode == -9:
            kills += 1
            continue
        assert done.returncode == 0, done.stderr[-1000:]
        assert done.stdout.splitlines()[-1] == wanted
        ends += 1
    done = run(folder, "never")
    assert done.stdout.splitlines()[-1] == wanted
    assert not list(folder.glob("*.new")), "what a kill left is overwritten"


@pytest.fixture
def digits() -> Digits:
    rng = np.random.default_rng(0)
    return Digits(rng.random((128, 28, 28, 1), np.float32), rng.integers(0, 10, 128))


def fresh() -> keras.Model:
    keras.utils.set_random_seed(0)
    return build_model()


@pytest.fixture
def folder(digits, tmp_path) -> Path:
    """A checkpoint after one epoch."""
    train(fresh(), digits, epochs=1, checkpoint=tmp_path / "kept")
    return tmp_path / "kept"


def test_it_goes_on_with_the_record_of_before_and_says_so(folder, digits, capsys):
    whole = fresh()
    record = train(whole, digits, epochs=2)
    capsys.readouterr()
    model = fresh()
    history = train(model, digits, epochs=2, checkpoint=folder)
    assert f"epochs 1 to 1: from {folder}" in capsys.readouterr().out
    assert history.loss == record.loss
    assert history.accuracy == record.accuracy
    for ours, theirs in zip(model.get_weights(), whole.get_weights(), strict=True):
        assert ours.tobytes() == theirs.tobytes()


def test_a_finished_training_is_loaded_and_not_repeated(folder, digits):
    model = fresh()
    model.fit = lambda *_, **__: pytest.fail("it trains")
    history = train(model, digits, epochs=1, checkpoint=folder)
    assert len(history.loss) == 1


def test_the_file_holds_plain_arrays_and_says_what_they_are(folder):
    with np.load(folder / FILE, allow_pickle=False) as file:
        names = set(file.files)
        record = json.loads(str(file["record"]))
    assert names == {"record", *(f"weights/{i}" for i in range(10))} | {
        f"optimizer/{i}" for i in range(12)
    }
    assert record["recipe"]["seed"] == 0
    assert record["recipe"]["batch size"] == 64
    assert len(record["recipe"]["hash of the digits"]) == 64
    assert len(record["history"]["loss"]) == 1


OTHERS = {
    "seed": ({"seed": 1}, "its seed is 0, expected 1"),
    "batch size": ({"batch_size": 32}, "its batch size is 64, expected 32"),
}


@pytest.mark.parametrize("other", OTHERS)
def test_another_recipe_is_refused_by_name(other, folder, digits):
    options, message = OTHERS[other]
    before = (folder / FILE).read_bytes()
    with pytest.raises(CheckpointError, match=message):
        train(fresh(), digits, epochs=2, checkpoint=folder, **options)
    assert (folder / FILE).read_bytes() == before


def test_other_digits_and_another_optimizer_are_refused(folder, digits):
    with pytest.raises(CheckpointError, match="its hash of the digits is"):
        train(fresh(), digits[:100], epochs=2, checkpoint=folder)
    model = fresh()
    model.compile(optimizer=keras.optimizers.RMSprop(0.01), loss="categorical_crossentropy")
    with pytest.raises(CheckpointError, match="its optimizer is"):
        train(model, digits, epochs=2, checkpoint=folder)


def test_more_epochs_than_are_asked_for_are_refused(folder, digits):
    train(fresh(), digits, epochs=2, checkpoint=folder)
    with pytest.raises(CheckpointError, match="holds 2 epochs already, expected 1"):
        train(fresh(), digits, epochs=1, checkpoint=folder)


@pytest.mark.parametrize("share", [0, 0.3, 0.9, 0.999])
def test_a_damaged_file_is_named_and_left_alone(share, folder, digits):
    whole = (folder / FILE).read_bytes()
    damaged = whole[: int(share * len(whole))]
    (folder / FILE).write_bytes(damaged)
    with pytest.raises(CheckpointError, match=rf"{FILE} cannot be read .*: remove it"):
        train(fresh(), digits, epochs=2, checkpoint=folder)
    assert (folder / FILE).read_bytes() == damaged


def test_a_file_that_would_unpack_to_gigabytes_is_refused_unread(folder, digits):
    with zipfile.ZipFile(folder / FILE, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("record.npy", bytes(50_000_000))
    with pytest.raises(CheckpointError, match="it would unpack to 50,000,000 bytes"):
        train(fresh(), digits, epochs=2, checkpoint=folder)


@pytest.mark.parametrize("part", range(1, 10))
def test_a_flipped_bit_is_noticed_or_changes_nothing(part, folder, digits):
    content = bytearray((folder / FILE).read_bytes())
    content[len(content) * part // 10] ^= 4
    (folder / FILE).write_bytes(content)
    with pytest.raises(CheckpointError, match="cannot be read"):
        train(fresh(), digits, epochs=2, checkpoint=folder)


def test_while_one_training_runs_a_second_one_says_so(folder, digits):
    class Second(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            with pytest.raises(CheckpointError, match=r"another training is running in .*kept"):
                train(fresh(), digits, epochs=3, checkpoint=folder)

    train(fresh(), digits, epochs=2, checkpoint=folder, callbacks=[Second()])
    train(fresh(), digits, epochs=3, checkpoint=folder)


@pytest.mark.parametrize("fault", ["fsync", "replace"])
def test_a_full_disk_leaves_the_last_good_checkpoint(fault, folder, digits, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    before = (folder / FILE).read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(os, fault, full)
        with pytest.raises(OSError, match="No space left"):
            train(fresh(), digits, epochs=2, checkpoint=folder)
    assert (folder / FILE).read_bytes() == before
    assert len(train(fresh(), digits, epochs=2, checkpoint=folder).loss) == 2
