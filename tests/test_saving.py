"""Laws of `mnist_lib.saving`: nothing is lost, and nothing in a file is run."""

import io
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras import layers

from mnist_lib import pretrained as pretrained_weights
from mnist_lib import saving
from mnist_lib.model import build_model
from mnist_lib.saving import (
    ModelFileError,
    check_target,
    load_model,
    load_pretrained,
    reading,
    save_model,
)
from mnist_lib.saving.reading import HASH, read
from mnist_lib.saving.writing import _quiet as quiet

NAMES = ["model.h5", "model.keras", "model.weights.h5", "model.npz"]
WHOLE = ["model.h5", "model.keras"]


@pytest.fixture(scope="module")
def good(pretrained, tmp_path_factory) -> Path:
    """A folder with the shipped network in the three formats; tests copy from it."""
    folder = tmp_path_factory.mktemp("good")
    for name in NAMES:
        save_model(pretrained, folder / name)
    return folder


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def same_weights(left: keras.Model, right: keras.Model) -> bool:
    pairs = zip(left.get_weights(), right.get_weights(), strict=True)
    return all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in pairs)


# Round trip


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_model_comes_back_to_the_bit(name, good, pretrained, embedded):
    loaded = load_model(good / name)
    assert same_weights(loaded, pretrained)
    images = embedded.test.images[:100]
    assert np.array_equal(loaded.predict(images, verbose=0), pretrained.predict(images, verbose=0))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.slow
def test_a_loaded_model_can_be_trained_on(name, good, embedded):
    loaded = load_model(good / name)
    loaded.fit(embedded.train.images[:64], np.eye(10)[embedded.train.labels[:64]], verbose=0)
    assert not same_weights(loaded, load_pretrained())


@pytest.mark.slow
def test_only_keras_own_format_goes_on_where_it_stopped(tmp_path, embedded):
    """To the bit: the state of the optimizer is restored too. The others start afresh."""
    images, targets = embedded.train.images[:64], np.eye(10)[embedded.train.labels[:64]]
    model = build_model()
    model.fit(images, targets, shuffle=False, verbose=0)
    loaded = {name: load_model(save_model(model, tmp_path / name)) for name in NAMES}
    steps = {name: int(other.optimizer.iterations.numpy()) for name, other in loaded.items()}
    assert steps == {"model.h5": 0, "model.keras": 2, "model.weights.h5": 0, "model.npz": 0}
    for other in (model, loaded["model.keras"]):
        other.fit(images, targets, shuffle=False, verbose=0)
    assert same_weights(loaded["model.keras"], model)


def test_a_path_may_be_a_string_and_is_returned(tmp_path, pretrained):
    path = tmp_path / "harryTest.h5"
    assert save_model(pretrained, str(path)) == path
    assert same_weights(load_model(str(path)), pretrained)


def test_the_hash_is_the_one_that_is_published(pretrained):
    assert (
        saving.hash_of(pretrained.get_weights())
        == pretrained_weights.load_provenance()["weights_sha256"]
    )


def test_the_shipped_weights_stand_in_their_layers(pretrained, weights):
    for name, (kernel, bias) in weights.items():
        found = pretrained.get_layer(name).get_weights()
        assert np.array_equal(found[0], kernel)
        assert np.array_equal(found[1], bias)
    assert pretrained.optimizer is not None


def test_what_keras_itself_saved_is_loaded(tmp_path, pretrained):
    pretrained.save(tmp_path / "own.keras")
    assert same_weights(load_model(tmp_path / "own.keras"), pretrained)


# Nothing is lost


@pytest.mark.parametrize("name", NAMES)
def test_what_was_there_is_kept_again_and_again(name, tmp_path, pretrained):
    path = tmp_path / name
    for content in (b"first", b"second"):
        path.write_bytes(content)
        save_model(pretrained, path)
    assert listing(tmp_path) == [name, f"{name}.bak", f"{name}.bak2"]
    assert (tmp_path / f"{name}.bak").read_bytes() == b"first"
    assert (tmp_path / f"{name}.bak2").read_bytes() == b"second"
    assert same_weights(load_model(path), pretrained)


def test_the_old_file_is_kept_on_a_disk_without_hard_links(tmp_path, pretrained, monkeypatch):
    def no_links(*paths):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    (tmp_path / "model.h5").write_bytes(b"old")
    save_model(pretrained, tmp_path / "model.h5")
    assert (tmp_path / "model.h5.bak").read_bytes() == b"old"


class DiskFullError(OSError):
    """The error that the faults below raise."""


def fail(*arguments, **options):
    raise DiskFullError(28, "No space left on device")


def write_half_and_fail(model, path, **options):
    Path(path).write_bytes(b"half")
    fail()


FAULTS = {
    "while Keras writes": (keras.Model, "save", write_half_and_fail),
    "while it is flushed": (os, "fsync", fail),
    "while it is renamed": (os, "replace", fail),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", WHOLE)
def test_a_failure_leaves_the_old_file_and_no_litter(name, fault, tmp_path, monkeypatch):
    model = build_model()
    (tmp_path / name).write_bytes(b"old")
    monkeypatch.setattr(*FAULTS[fault])
    with pytest.raises(DiskFullError):
        save_model(model, tmp_path / name)
    assert listing(tmp_path) == [name]
    assert (tmp_path / name).read_bytes() == b"old"


KILLED = """
import os, sys
from mnist_lib import saving
real = os.link
def kill(*paths):
    real(*paths)
    os.kill(os.getpid(), 9)
os.link = kill
saving.save_model(saving.load_pretrained(), sys.argv[1])
"""


@pytest.mark.slow
def test_a_kill_just_before_the_new_file_takes_its_place_leaves_the_old_one(tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes(b"old")
    command = [sys.executable, "-c", KILLED, str(path)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == -9
    assert path.read_bytes() == (tmp_path / "model.keras.bak").read_bytes() == b"old"


def test_a_folder_that_is_not_there_is_named(tmp_path, pretrained):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        save_model(pretrained, tmp_path / "nowhere" / "model.h5")


@pytest.mark.parametrize("name", ["model", "model.hdf5", "model.h5.bak", "model.keras.txt", "h5"])
def test_another_suffix_is_refused_with_the_three(name, tmp_path, pretrained):
    wanted = r"expected a file name that ends in \.weights\.h5, \.h5, \.keras, \.npz, got " + name
    for use in (lambda p: save_model(pretrained, p), check_target, load_model):
        with pytest.raises(ValueError, match=wanted):
            use(tmp_path / name)
    assert listing(tmp_path) == []


def test_check_target_says_early_what_saving_would_say_late(tmp_path, monkeypatch):
    check_target(tmp_path / "model.h5")
    (tmp_path / "folder.h5").mkdir()
    with pytest.raises(IsADirectoryError, match=r"got the folder .*folder\.h5"):
        check_target(tmp_path / "folder.h5")
    with pytest.raises(NotADirectoryError, match=r"there is no folder .*nowhere"):
        check_target(tmp_path / "nowhere" / "model.h5")
    monkeypatch.setattr(tempfile, "TemporaryFile", fail)
    with pytest.raises(PermissionError, match=r"cannot write into the folder .*No space left"):
        check_target(tmp_path / "model.h5")


# Files that are not a model


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    (tmp_path / "folder.keras").mkdir()
    for name in ("nowhere.h5", "folder.keras"):
        with pytest.raises(FileNotFoundError, match=f"no model file at .*{name}"):
            load_model(tmp_path / name)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("content", [b"", b"hello, world\n" * 99, b"\x89HDF\r\n\x1a\n", b"PK\3\4"])
def test_text_under_the_name_of_a_model_is_refused(name, content, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelFileError, match="cannot be read as a model"):
        load_model(tmp_path / name)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_refused(name, share, good, tmp_path):
    content = (good / name).read_bytes()
    (tmp_path / name).write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ModelFileError, match=name):
        load_model(tmp_path / name)


def test_the_formats_are_not_mixed_up(good, tmp_path):
    shutil.copy(good / "model.keras", tmp_path / "model.h5")
    shutil.copy(good / "model.h5", tmp_path / "model.keras")
    shutil.copy(good / "model.weights.h5", tmp_path / "weights_alone.h5")
    with pytest.raises(ModelFileError, match="weights alone end in"):
        load_model(tmp_path / "weights_alone.h5")
    for name in WHOLE:
        with pytest.raises(ModelFileError, match="cannot be read"):
            load_model(tmp_path / name)


def another(side: int = 28, filters: int = 32, kernel: int = 3, **options) -> keras.Model:
    """The network with one thing changed."""
    return keras.Sequential(
        [
            keras.Input((side, side, 1)),
            layers.Conv2D(filters, kernel, **({"activation": "relu"} | options)),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


CHANGED = {
    "more filters": {"filters": 33},
    "a larger kernel": {"kernel": 5},
    "another activation": {"activation": "tanh"},
    "no bias": {"use_bias": False},
    "padding": {"padding": "same"},
    "dilation, which no shape of a weight shows": {"dilation_rate": 2},
    "an input of 29, which no shape of a weight shows": {"side": 29},
}


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("change", CHANGED)
def test_another_network_is_refused(change, name, tmp_path):
    with quiet():
        another(**CHANGED[change]).save(tmp_path / name)
    with pytest.raises(ModelFileError, match=r"expected|at least one layer|cannot be read"):
        load_model(tmp_path / name)


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("extra", [layers.Dropout(0.1), layers.Dense(10), None])
def test_a_missing_or_an_extra_layer_is_refused(extra, name, tmp_path):
    model = another()
    model.add(extra) if extra else model.pop()
    with quiet():
        model.save(tmp_path / name)
    with pytest.raises(ModelFileError, match="holds another network"):
        load_model(tmp_path / name)


def test_weights_of_another_network_are_refused(tmp_path):
    another(filters=33).save_weights(tmp_path / "other.weights.h5")
    with pytest.raises(ModelFileError, match=r"another network: .* \(3, 3, 1, 33\), expected"):
        load_model(tmp_path / "other.weights.h5")


def spoil(model: keras.Model) -> keras.Model:
    model.get_layer("dense_2").set_weights([np.full((64, 10), np.nan), np.zeros(10)])
    return model


@pytest.mark.parametrize("name", ["model.h5", "model.keras", "model.weights.h5"])
def test_weights_that_are_no_numbers_are_refused(name, tmp_path):
    model = spoil(build_model())
    with quiet():
        model.save_weights(tmp_path / name) if "weights" in name else model.save(tmp_path / name)
    with pytest.raises(ModelFileError, match="not finite"):
        load_model(tmp_path / name)


@pytest.mark.parametrize("name", NAMES)
def test_weights_that_are_no_numbers_are_not_saved(name, tmp_path):
    with pytest.raises(ValueError, match=r"others in .*dense_2/kernel: the training has diverged"):
        save_model(spoil(build_model()), tmp_path / name)
    assert listing(tmp_path) == []


# Files that try to run code, or to read other files


def edit_config(good: Path, target: Path, edit: Callable[[dict], object]) -> Path:
    """The good model with its configuration changed."""
    if target.suffix == ".h5":
        shutil.copy(good / "model.h5", target)
        with h5py.File(target, "r+") as file:
            config = json.loads(file.attrs["model_config"])
            edit(config)
            file.attrs["model_config"] = json.dumps(config)
        return target
    with zipfile.ZipFile(good / "model.keras") as source, zipfile.ZipFile(target, "w") as archive:
        for member in source.namelist():
            content = source.read(member)
            if member == "config.json":
                config = json.loads(content)
                edit(config)
                content = json.dumps(config)
            archive.writestr(member, content)
    return target


@pytest.mark.parametrize("name", WHOLE)
def test_the_editor_of_configurations_leaves_a_good_file_good(name, good, tmp_path):
    load_model(edit_config(good, tmp_path / name, lambda config: None))


def lambda_that_touches(canary: Path) -> layers.Lambda:
    """Its code is stored in the file, so the path must be a constant in it."""
    code = f"lambda x: (open({str(canary)!r}, 'w').close(), x)[1]"
    return layers.Lambda(eval(code), output_shape=(10,))


@pytest.mark.parametrize("name", WHOLE)
def test_a_booby_trap_in_a_lambda_never_goes_off(name, tmp_path):
    canary = tmp_path / "canary"
    model = another()
    model.add(lambda_that_touches(canary))
    with quiet():
        model.save(tmp_path / name)
        canary.unlink(missing_ok=True)
        trapped = keras.saving.load_model(tmp_path / name, safe_mode=False)
    trapped(np.zeros((1, 28, 28, 1)))
    assert canary.exists(), "the trap works, where nothing is checked"
    canary.unlink()
    with pytest.raises(ModelFileError, match=r"holds another network.*Lambda"):
        load_model(tmp_path / name)
    assert not canary.exists()


def test_a_file_far_too_large_is_refused_unread(tmp_path):
    with (tmp_path / "large.weights.h5").open("wb") as file:
        file.truncate(10**12)  # a sparse file: a terabyte of zeros takes no disk space
    with pytest.raises(ModelFileError, match=r"too large: .* expected at most 10,000,000"):
        load_model(tmp_path / "large.weights.h5")


CANARY_MODULE = """
from pathlib import Path
Path(__file__).with_name("canary").touch()
import keras
class Conv2D(keras.layers.Conv2D): pass
class Sequential(keras.Sequential): pass
def loss(wanted, found): return 0.0
"""


def foreign(name: str) -> dict:
    return {"module": "canary_module", "class_name": name, "config": {}, "registered_name": name}


def first_layer(config: dict) -> dict:
    return next(la for la in config["config"]["layers"] if la["class_name"] == "Conv2D")


TRAPS = {
    "a layer": lambda c: first_layer(c).update(module="canary_module", registered_name="Conv2D"),
    "an initializer": lambda c: first_layer(c)["config"].update(
        kernel_initializer=foreign("Conv2D")
    ),
    "a regularizer": lambda c: first_layer(c)["config"].update(kernel_regularizer=foreign("loss")),
    "an activation": lambda c: first_layer(c)["config"].update(activation=foreign("loss")),
    "the model": lambda c: c.update(module="canary_module", registered_name="Sequential"),
    "the loss": lambda c: c.get("compile_config", {}).update(loss=foreign("loss")),
    "the optimizer": lambda c: c.get("compile_config", {}).update(optimizer=foreign("loss")),
    "a TFSMLayer": lambda c: first_layer(c).update(class_name="TFSMLayer"),
    "a class that is no model": lambda c: c.update(class_name="TFSMLayer"),
}


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("trap", TRAPS)
def test_no_module_that_a_file_names_is_imported(trap, name, good, tmp_path, monkeypatch):
    (tmp_path / "canary_module.py").write_text(CANARY_MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    edit_config(good, tmp_path / name, TRAPS[trap])
    try:
        load_model(tmp_path / name)
    except ModelFileError:
        pass
    else:  # what the file says of these is not used
        assert trap in ("an initializer", "the loss", "the optimizer")
    assert not (tmp_path / "canary").exists()
    assert "canary_module" not in sys.modules


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_no_sequential_model_is_named(name, good, tmp_path):
    edit_config(good, tmp_path / name, TRAPS["a class that is no model"])
    with pytest.raises(ModelFileError, match="holds a TFSMLayer, not a Sequential model"):
        load_model(tmp_path / name)


def first_kernel(file: h5py.File) -> str:
    """The path of the first kernel."""
    found = []
    file.visititems(lambda name, item: found.append(name) if _is_kernel(item) else None)
    return found[0]


def _is_kernel(item) -> bool:
    return isinstance(item, h5py.Dataset) and item.shape == (3, 3, 1, 32)


def external_link(file: h5py.File, name: str, secret: Path) -> None:
    file[name] = h5py.ExternalLink(secret, "secret")


def soft_link(file: h5py.File, name: str, secret: Path) -> None:
    file["elsewhere"] = np.ones((3, 3, 1, 32), np.float32)
    file[name] = h5py.SoftLink("/elsewhere")


def external_storage(file: h5py.File, name: str, secret: Path) -> None:
    place = [(str(secret), 0, h5py.h5f.UNLIMITED)]
    file.create_dataset(name, (3, 3, 1, 32), np.float32, external=place)


def virtual(file: h5py.File, name: str, secret: Path) -> None:
    layout = h5py.VirtualLayout((3, 3, 1, 32), np.float32)
    layout[:] = h5py.VirtualSource(str(secret), "secret", (3, 3, 1, 32))
    file.create_virtual_dataset(name, layout)


def too_large(file: h5py.File, name: str, secret: Path) -> None:
    file.create_dataset(name, (10_000, 10_000), np.float32, chunks=(10, 10), compression="gzip")


ELSEWHERE = {
    external_link: "is a link",
    soft_link: "is a link",
    external_storage: "lies in another file",
    virtual: "lies in another file",
    too_large: "is packed, and no model needs that",
}


@pytest.mark.parametrize("name", ["model.h5", "model.weights.h5"])
@pytest.mark.parametrize("change", ELSEWHERE)
def test_an_array_that_lies_elsewhere_or_is_far_too_large_is_refused(change, name, good, tmp_path):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["secret"] = np.ones((3, 3, 1, 32), np.float32)
    shutil.copy(good / name, tmp_path / name)
    with h5py.File(tmp_path / name, "r+") as file:
        kernel = first_kernel(file)
        del file[kernel]
        change(file, kernel, secret)
    with pytest.raises(ModelFileError, match=ELSEWHERE[change]):
        load_model(tmp_path / name)


def test_links_inside_a_keras_file_are_seen_too(good, tmp_path):
    inner = tmp_path / "inner.h5"
    with zipfile.ZipFile(good / "model.keras") as source:
        members = {name: source.read(name) for name in source.namelist()}
    inner.write_bytes(members["model.weights.h5"])
    with h5py.File(inner, "r+") as file:
        kernel = first_kernel(file)
        del file[kernel]
        file[kernel] = h5py.ExternalLink("/etc/passwd", "secret")
    members["model.weights.h5"] = inner.read_bytes()
    with zipfile.ZipFile(tmp_path / "linked.keras", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(ModelFileError, match="is a link"):
        load_model(tmp_path / "linked.keras")


@pytest.mark.parametrize("loops", [False, True])
def test_groups_that_hold_each_other_end_soon(loops, good, tmp_path):
    """Thirty groups, each twice in the one before: a thousand million paths."""
    path = tmp_path / "endless.weights.h5"
    shutil.copy(good / "model.weights.h5", path)
    with h5py.File(path, "r+") as file:
        group = file.create_group("endless")
        for _ in range(30):
            group["left"] = group["right"] = inner = file.create_group(None)
            group = inner
        if loops:
            group["round"] = file["endless"]
    with pytest.raises(ModelFileError, match="more than 200 groups and arrays"):
        load_model(path)


@pytest.mark.parametrize("member", ["../outside", "/outside", "assets/vocabulary.txt"])
def test_a_member_that_no_model_needs_is_refused_and_not_unpacked(member, good, tmp_path):
    path = tmp_path / "inside" / "model.keras"
    path.parent.mkdir()
    shutil.copy(good / "model.keras", path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(member, b"x")
    with pytest.raises(ModelFileError, match=r"holds \[.*expected \['config.json'"):
        load_model(path)
    assert listing(tmp_path) == ["inside"]


def test_a_keras_file_that_would_unpack_to_gigabytes_is_refused(good, tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr("config.json", bytes(reading.MAX_BYTES + 1))
        archive.writestr("model.weights.h5", b"")
    (tmp_path / "large.keras").write_bytes(buffer.getvalue())
    assert len(buffer.getvalue()) < 100_000
    with pytest.raises(ModelFileError, match="would unpack to 10,000,003 bytes"):
        load_model(tmp_path / "large.keras")


def test_a_backup_never_follows_a_dangling_link(tmp_path, pretrained):
    (tmp_path / "folder").mkdir()
    path = tmp_path / "folder" / "model.weights.h5"
    path.write_text("old")
    (tmp_path / "folder" / "model.weights.h5.bak").symlink_to(tmp_path / "victim")
    save_model(pretrained, path)
    assert not (tmp_path / "victim").exists()
    assert (tmp_path / "folder" / "model.weights.h5.bak2").read_text() == "old"


@pytest.mark.parametrize("name", ["a" * 245 + ".h5", "file.txt/model.h5"])
def test_a_name_that_cannot_be_saved_is_refused_before_the_training(name, tmp_path):
    (tmp_path / "file.txt").write_text("a file, not a folder")
    with pytest.raises((ValueError, OSError)):
        check_target(tmp_path / name)


def test_the_longest_name_that_is_accepted_can_be_saved_twice(tmp_path, pretrained):
    path = tmp_path / ("a" * 229 + ".weights.h5")
    check_target(path)
    save_model(pretrained, path)
    assert save_model(pretrained, path).is_file()


@pytest.mark.parametrize(
    ("layer", "key", "value"), [(6, "data_format", "channels_first"), (1, "trainable", False)]
)
def test_a_network_that_only_looks_the_same_is_refused(layer, key, value, good, tmp_path):
    def change(config):
        config["config"]["layers"][layer]["config"][key] = value

    with pytest.raises(ModelFileError, match="another network"):
        load_model(edit_config(good, tmp_path / "changed.keras", change))


def test_a_model_that_was_saved_uncompiled_comes_back_compiled(tmp_path, pretrained):
    bare = keras.Sequential.from_config(pretrained.get_config())
    bare.set_weights(pretrained.get_weights())
    bare.save(tmp_path / "bare.keras")
    assert load_model(tmp_path / "bare.keras").compiled


# Ten arrays in one file, as the live network offers them for download


def packed(weights, **changed) -> dict:
    """The arrays of an .npz file by name; changed: others in their place, None to leave one out."""
    names = {
        f"{layer}/{part}": array
        for layer, pair in weights.items()
        for part, array in zip(("kernel", "bias"), pair, strict=True)
    }
    names |= {name.replace("__", "/"): array for name, array in changed.items()}
    return {name: array for name, array in names.items() if array is not None}


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_the_ten_arrays_come_back_to_the_bit_and_compiled(save, tmp_path, pretrained, weights):
    save(tmp_path / "my.npz", **packed(weights))
    loaded = load_model(tmp_path / "my.npz")
    assert same_weights(loaded, pretrained)
    assert loaded.compiled
    assert int(loaded.optimizer.iterations.numpy()) == 0


def test_the_shipped_file_is_such_a_file(pretrained):
    shipped = Path(pretrained_weights.__file__).with_name("weights.npz")
    assert same_weights(load_model(shipped), pretrained)


def test_another_network_has_no_npz(tmp_path):
    with pytest.raises(ValueError, match="expected the network of this course"):
        save_model(another(filters=33), tmp_path / "my.npz")
    assert listing(tmp_path) == []


def test_an_npz_needs_no_framework(tmp_path, pretrained, weights):
    with np.load(save_model(pretrained, tmp_path / "my.npz"), allow_pickle=False) as file:
        assert np.array_equal(file["conv2d_1/kernel"], weights["conv2d_1"][0])
        assert len(file.files) == 10


BIAS = np.zeros(10, np.float32)
WRONG_ARRAYS = {
    "one is missing": ({"dense_2__bias": None}, "holds .*, expected"),
    "one too many": ({"dense_3__bias": BIAS}, "holds .*, expected"),
    "another name": ({"dense_2__bias": None, "dense_2__biases": BIAS}, "holds .*, expected"),
    "another shape": (
        {"dense_2__bias": BIAS[:9]},
        r"dense_2/bias.npy as \(\(9,\).*\(10,\) float32",
    ),
    "a transposed kernel": ({"dense_2__kernel": np.zeros((10, 64), np.float32)}, r"\(64, 10\)"),
    "64 bits": ({"dense_2__bias": BIAS.astype(np.float64)}, "float64.*expected"),
    "the other byte order": ({"dense_2__bias": BIAS.astype(">f4")}, ">f4.*expected"),
    "objects": ({"dense_2__bias": np.array([print] * 10, object)}, "dtype.*O.*expected"),
    "not a number": ({"dense_2__bias": BIAS + np.nan}, "not finite"),
    "infinity": ({"conv2d_1__bias": np.full(32, np.inf, np.float32)}, "not finite"),
}


@pytest.mark.parametrize("what", WRONG_ARRAYS)
def test_any_other_arrays_are_refused(what, tmp_path, weights):
    changed, message = WRONG_ARRAYS[what]
    np.savez(tmp_path / "my.npz", **packed(weights, **changed))
    with pytest.raises(ModelFileError, match=message):
        load_model(tmp_path / "my.npz")


def rewritten(weights, path, edit) -> Path:
    """An .npz file whose members have passed through `edit`: a list of pairs of name and bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, **packed(weights))
    with zipfile.ZipFile(buffer) as source:
        members = edit([(name, source.read(name)) for name in source.namelist()])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def lying_header(members):
    """The header of the last array claims a terabyte."""
    name, content = members[-1]
    return [*members[:-1], (name, content.replace(b"(10,), } ", b"(250000000000,), } ")[:-11])]


HOSTILE = {
    "a header that claims a terabyte": (lying_header, "250000000000.*expected"),
    "a name that stands twice": (lambda members: [*members, members[0]], "holds .*, expected"),
    "a member outside": (lambda members: [*members, ("../outside.npy", b"")], "holds .*, expected"),
    "gigabytes of zeros": (
        lambda members: [(members[0][0], bytes(reading.MAX_BYTES + 1)), *members[1:]],
        "would unpack to",
    ),
    "no array": (lambda members: [(members[0][0], b"text"), *members[1:]], "cannot be read"),
    "a cut array": (
        lambda members: [(members[0][0], members[0][1][:-4]), *members[1:]],
        "cannot be read",
    ),
}


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_archives_are_refused(what, tmp_path, weights):
    edit, message = HOSTILE[what]
    path = rewritten(weights, tmp_path / "my.npz", edit)
    with pytest.raises(ModelFileError, match=message):
        load_model(path)
    assert listing(tmp_path) == ["my.npz"]


def test_a_cut_archive_is_refused(tmp_path, weights):
    whole = rewritten(weights, tmp_path / "whole.npz", list).read_bytes()
    load_model(tmp_path / "whole.npz")
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelFileError, match="cannot be read as a model"):
        load_model(tmp_path / "cut.npz")


# What a file says beside its arrays has no effect


def inner(good: Path, target: Path, edit: Callable[[h5py.File], object]) -> Path:
    """The good model with its HDF5 part changed."""
    if target.suffix == ".h5":
        shutil.copy(good / target.name, target)
        with h5py.File(target, "r+") as file:
            edit(file)
        return target
    with zipfile.ZipFile(good / "model.keras") as source:
        members = {name: source.read(name) for name in source.namelist()}
    buffer = io.BytesIO(members["model.weights.h5"])
    with h5py.File(buffer, "r+") as file:
        edit(file)
    members["model.weights.h5"] = buffer.getvalue()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target


def set_layer(number: int, **settings) -> Callable[[dict], None]:
    return lambda c: c["config"]["layers"][number]["config"].update(settings)


POLICY = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}
OTHER_PLANS = {
    "half precision": (set_layer(1, dtype="float16"), "Conv2D in float16, expected float32"),
    "mixed precision": (set_layer(7, dtype=POLICY), "Dense in mixed_float16, expected float32"),
    "whole-number inputs": (set_layer(0, dtype="int32"), "the input in int32, expected float32"),
    "a constraint": (set_layer(1, kernel_constraint={"class_name": "NonNeg"}), "kernel_constraint"),
    "a regularizer": (set_layer(7, bias_regularizer={"class_name": "L2"}), "bias_regularizer"),
    "a function as activation": (set_layer(1, activation={"class_name": "function"}), "activation"),
    "steps of two": (set_layer(1, strides=[2, 2]), r"strides \(2, 2\), expected \(1, 1\)"),
    "two groups": (set_layer(3, groups=2), "groups 2, expected 1"),
    "no input": (lambda c: c["config"]["layers"].pop(0), r"it takes \[\], expected"),
    "a plan without end": (lambda c: c.update(x="x" * 100_001), "a plan of .* characters"),
}


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("change", OTHER_PLANS)
def test_another_plan_is_refused_by_name(change, name, good, tmp_path):
    edit, message = OTHER_PLANS[change]
    with pytest.raises(ModelFileError, match=message):
        load_model(edit_config(good, tmp_path / name, edit))


IGNORED = {
    "the model's name": lambda c: c["config"].update(name="<script>alert(1)</script>"),
    "a name of no layer": lambda c: c["config"].update(layer_names=["a"] * 99),
    "how to build it": lambda c: c.update(build_config={"input_shape": [10**9, 28, 28, 1]}),
    "how to compile it": lambda c: c.update(compile_config={"loss": "mse", "optimizer": "sgd"}),
    "an initializer": set_layer(1, kernel_initializer={"class_name": "Orthogonal"}),
}


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("change", IGNORED)
def test_what_is_no_part_of_the_network_has_no_effect(change, name, good, tmp_path, pretrained):
    loaded = load_model(edit_config(good, tmp_path / name, IGNORED[change]))
    assert same_weights(loaded, pretrained)
    assert loaded.name == "mnist"
    assert loaded.loss == "categorical_crossentropy"


def functional(outputs: int = 1) -> keras.Model:
    """The network by Keras' other way to build one."""
    numbers = [image := keras.Input((28, 28, 1))]
    for layer in another().layers:
        numbers.append(layer(numbers[-1]))
    return keras.Model(image, numbers[-outputs:])


@pytest.mark.parametrize("name", WHOLE)
def test_the_other_way_to_build_the_network_is_accepted(name, tmp_path):
    model = functional()
    with quiet():
        model.save(tmp_path / name)
    assert same_weights(load_model(tmp_path / name), model)


@pytest.mark.parametrize("name", WHOLE)
def test_a_graph_that_is_no_chain_is_refused(name, good, tmp_path):
    with quiet():
        functional(outputs=2).save(tmp_path / name)
    with pytest.raises(ModelFileError, match="its outputs are"):
        load_model(tmp_path / name)
    with quiet():
        functional().save(tmp_path / name)
    shutil.copy(tmp_path / name, tmp_path / f"skip.{name}")

    def skip(config):
        node = config["config"]["layers"][-1]["inbound_nodes"][0]
        node["args"][0]["config"]["keras_history"][0] = "flatten"

    with pytest.raises(ModelFileError, match="skips a layer"):
        load_model(edit_config(tmp_path, tmp_path / f"changed{Path(name).suffix}", skip))


def replace_array(name: str, kind: str) -> Callable[[h5py.File], None]:
    def edit(file: h5py.File) -> None:
        kernel = first_kernel(file)
        values = file[kernel][()]
        del file[kernel]
        file.create_dataset(kernel, data=values.astype(kind))

    return edit


def extra(shape: tuple[int, ...]) -> Callable[[h5py.File], None]:
    def edit(file: h5py.File) -> None:
        top = "model_weights/dense_9" if "model_weights" in file else "layers/dense_2/vars"
        file.create_dataset(f"{top}/0", shape, np.float32)

    return edit


def remove(file: h5py.File) -> None:
    del file[first_kernel(file)]


def oversized_chunk(file: h5py.File) -> None:
    kernel = first_kernel(file)
    del file[kernel]
    file.create_dataset(kernel, (3, 3, 1, 32), np.float32, chunks=(3, 3, 1, 32), compression="gzip")


OTHER_ARRAYS = {
    **{kind: replace_array("", kind) for kind in ("f2", "f8", ">f4", "i4", "?", "c8")},
    "one too many": extra((64, 10)),
    "one too few": remove,
    "a packed one": oversized_chunk,
}


@pytest.mark.parametrize("name", ["model.h5", "model.keras", "model.weights.h5"])
@pytest.mark.parametrize("change", OTHER_ARRAYS)
def test_exactly_the_ten_arrays_are_accepted(change, name, good, tmp_path):
    with pytest.raises(ModelFileError, match=r"another network|is packed"):
        load_model(inner(good, tmp_path / name, OTHER_ARRAYS[change]))


@pytest.mark.parametrize("extra", [layers.Dense(10), layers.BatchNormalization()])
def test_weights_of_a_network_with_one_layer_more_are_refused(extra, tmp_path):
    model = another()
    model.add(extra)
    model.save_weights(tmp_path / "more.weights.h5")
    with pytest.raises(ModelFileError, match="too many or missing"):
        load_model(tmp_path / "more.weights.h5")


@pytest.mark.parametrize("value", [np.nan, -1.0, np.inf])
def test_a_state_that_no_training_leaves_is_refused(value, trained, tmp_path):
    save_model(trained, tmp_path / "model.keras")

    def spoil_state(file):
        file["optimizer/vars/2"][0, 0, 0, 0] = value

    with pytest.raises(ModelFileError, match="state of the optimizer"):
        load_model(inner(tmp_path, tmp_path / "spoilt.keras", spoil_state))


@pytest.mark.parametrize(
    "optimizer",
    [
        keras.optimizers.Adam,
        lambda: keras.optimizers.SGD(momentum=0.9),  # as many arrays, of the same shapes
        lambda: keras.optimizers.RMSprop(rho=0.5),
    ],
)
def test_the_state_of_another_optimizer_is_left_out(optimizer, tmp_path, embedded):
    model = build_model()
    model.compile(optimizer=optimizer(), loss="categorical_crossentropy")
    model.train_on_batch(embedded.train.images[:8], np.eye(10)[embedded.train.labels[:8]])
    loaded = load_model(save_model(model, tmp_path / "other.keras"))
    assert same_weights(loaded, model)
    assert int(loaded.optimizer.iterations.numpy()) == 0


# Damage is noticed


@pytest.mark.parametrize("name", NAMES)
def test_of_fifty_flipped_bits_none_changes_a_weight_in_silence(name, good, tmp_path, pretrained):
    content = (good / name).read_bytes()
    rng, refused = np.random.default_rng(0), 0
    for place in rng.integers(0, 8 * len(content), 50):
        damaged = bytearray(content)
        damaged[place // 8] ^= 1 << place % 8
        (tmp_path / name).write_bytes(damaged)
        try:
            assert same_weights(load_model(tmp_path / name), pretrained)
        except ModelFileError:
            refused += 1
    assert refused > 40


@pytest.mark.parametrize("name", ["model.h5", "model.weights.h5"])
def test_a_weight_is_not_changed_in_silence_where_the_hash_is_damaged_too(
    name, good, tmp_path, pretrained
):
    """A hash that is not found is no hash: so its own name, type and size have to be whole."""
    content = (good / name).read_bytes()
    weight = content.index(pretrained.get_weights()[6].tobytes())
    noted = content.index(HASH.encode())
    for place in range(noted - 24, noted + len(HASH) + 24):
        damaged = bytearray(content)
        damaged[weight] ^= 1
        damaged[place] ^= 1
        (tmp_path / name).write_bytes(damaged)
        with pytest.raises(ModelFileError):
            read(tmp_path / name, name.removeprefix("model"))


@pytest.mark.parametrize("name", ["model.h5", "model.weights.h5"])
def test_a_file_of_keras_itself_has_no_hash_and_is_read(name, tmp_path, pretrained):
    with quiet():
        pretrained.save(tmp_path / name) if name == "model.h5" else pretrained.save_weights(
            tmp_path / name
        )
    assert same_weights(load_model(tmp_path / name), pretrained)


@pytest.mark.filterwarnings("ignore:Skipping variable loading:UserWarning")
@pytest.mark.parametrize("name", ["model.h5", "model.keras", "model.weights.h5"])
def test_keras_reads_what_we_save(name, good, pretrained):
    if "weights" in name:
        model = build_model()
        model.load_weights(good / name)
    else:
        model = keras.saving.load_model(good / name)
    assert same_weights(model, pretrained)


# Where a file is written


def test_a_file_keeps_its_mode(tmp_path, pretrained):
    path = save_model(pretrained, tmp_path / "model.npz")
    path.chmod(0o600)
    save_model(pretrained, path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_of_a_link_its_target_is_replaced(tmp_path, pretrained):
    (tmp_path / "store").mkdir()
    target, link = tmp_path / "store" / "model.npz", tmp_path / "model.npz"
    target.write_bytes(b"old")
    link.symlink_to(target)
    check_target(link)
    assert save_model(pretrained, link) == link
    assert link.is_symlink()
    assert same_weights(load_model(target), pretrained)
    assert listing(target.parent) == ["model.npz", "model.npz.bak"]


def test_what_a_killed_save_left_is_removed_a_day_later(tmp_path, pretrained):
    for name, age in ((".mnist_lib.old", 25), (".mnist_lib.new", 1)):
        (tmp_path / name).mkdir()
        moment = time.time() - 3600 * age
        os.utime(tmp_path / name, (moment, moment))
    save_model(pretrained, tmp_path / "model.npz")
    assert listing(tmp_path) == [".mnist_lib.new", "model.npz"]


def test_a_file_of_somebody_else_in_a_shared_folder_is_named_early(tmp_path, monkeypatch):
    (tmp_path / "model.npz").write_bytes(b"theirs")
    tmp_path.chmod(0o1777)
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(PermissionError, match="it belongs to another user"):
        check_target(tmp_path / "model.npz")
    check_target(tmp_path / "other.npz")


# What the appendix says of Keras' own behaviour, in `appendix/keras_calls.md`


@pytest.fixture(scope="module")
def trained(embedded) -> keras.Model:
    """A network after one step: its optimizer remembers something."""
    model = build_model()
    model.train_on_batch(embedded.train.images[:64], np.eye(10)[embedded.train.labels[:64]])
    return model


@pytest.fixture
def heard():
    """What Keras says while a test runs: its logger is quiet elsewhere."""
    words, logger = io.StringIO(), logging.getLogger("absl")
    handler, passed_on = logging.StreamHandler(words), logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    yield words
    logger.removeHandler(handler)
    logger.propagate = passed_on


@pytest.mark.slow
def test_keras_warns_of_the_legacy_format_and_does_not_train_on_from_it(
    tmp_path, trained, embedded, heard
):
    trained.save(tmp_path / "model.h5")
    assert "This file format is considered legacy." in heard.getvalue()
    loaded = keras.saving.load_model(tmp_path / "model.h5")
    assert "the compiled metrics have yet to be built" in heard.getvalue()
    assert same_weights(loaded, trained)
    assert (len(trained.optimizer.variables), len(loaded.optimizer.variables)) == (12, 2)
    batch = embedded.train.images[:64], np.eye(10)[embedded.train.labels[:64]]
    with pytest.raises(ValueError, match="Unknown variable"):
        loaded.train_on_batch(*batch)
    loaded.compile(optimizer="rmsprop", loss="categorical_crossentropy")
    loaded.train_on_batch(*batch)


def test_the_names_inside_the_files(tmp_path, trained):
    for name in NAMES:
        save_model(trained, tmp_path / name)
    kernel = trained.get_layer("conv2d_1").get_weights()[0]
    mean = trained.optimizer.variables[2].numpy()
    with h5py.File(tmp_path / "model.h5") as file:
        assert np.array_equal(file["model_weights/conv2d_1/mnist/conv2d_1/kernel"], kernel)
        (optimizer,) = file["optimizer_weights"]
        assert re.fullmatch(r"rm_sprop(_\d+)?", optimizer), "counted in each process"
        path = f"optimizer_weights/{optimizer}/mnist_conv2d_1_kernel_velocity"
        assert np.array_equal(file[path], mean)
        assert "model_config" in file.attrs
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        assert "config.json" in archive.namelist()
        inside = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(inside) as file:
        assert np.array_equal(file["layers/conv2d/vars/0"], kernel)
        assert np.array_equal(file["optimizer/vars/2"], mean)
    with h5py.File(tmp_path / "model.weights.h5") as file:
        assert np.array_equal(file["layers/conv2d/vars/0"], kernel)
        names = {group: file[f"layers/{group}/vars"].attrs["name"] for group in file["layers"]}
    assert names["conv2d"] == "conv2d_1"
    assert names["conv2d_1"] == "conv2d_2"


def test_weights_that_do_not_fit_are_refused_with_both_shapes(good):
    head = keras.Sequential([keras.Input((576,)), layers.Dense(32), layers.Dense(10)])
    shapes = r"variable.shape=\(576, 32\), Received: value.shape=\(576, 64\)"
    with pytest.raises(ValueError, match=shapes):
        head.load_weights(good / "model.weights.h5")
