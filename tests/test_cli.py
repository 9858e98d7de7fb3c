"""Laws of the command line: an answer and status 0, or one clear line on stderr and status 2."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np
import pytest
from PIL import Image

from mnist_lib.cli import main
from mnist_lib.cli.pictures import _turned
from mnist_lib.cli.process import Stopped, signals_wait
from mnist_lib.data import DataError, content_hash
from mnist_lib.preprocessing import Mask, prepare_digit, rasterise, split_digits
from mnist_lib.pretrained import load_provenance, load_weights
from mnist_lib.reference import forward
from mnist_lib.saving import hash_of
from mnist_lib.simulate import crop, photograph, write

COMMANDS = ["train", "evaluate", "predict", "data"]


@pytest.fixture(autouse=True)
def embedded_only(monkeypatch, tmp_path, embedded):
    """The embedded digits, already parsed in this session; and a temporary working directory."""
    monkeypatch.setenv("MNIST_SOURCE", "embedded")
    monkeypatch.delenv("MNIST_PATH", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def pictures(tmp_path, embedded) -> list[str]:
    """The first ten test digits, 0 to 9, in dark ink on white paper."""
    paths = [str(tmp_path / f"{k}.png") for k in range(10)]
    for path, image in zip(paths, embedded.test.images, strict=False):
        grey = 255 - np.rint(image[:, :, 0] * 255).astype(np.uint8)
        Image.fromarray(grey.repeat(4, 0).repeat(4, 1)).save(path)
    return paths


def fails(arguments: list[str], capfd) -> str:
    """Run, expect status 2 and nothing but one line on stderr; return the line."""
    assert main(arguments) == 2
    captured = capfd.readouterr()
    assert captured.err.count("\n") == 1
    assert "Traceback" not in captured.err
    assert captured.err.startswith(f"mnist_lib {arguments[0]}: ")
    return captured.err


# Help


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: python -m mnist_lib {command}")
    assert len(out.splitlines()) > 5


def test_the_help_names_every_command_and_the_notes_file(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    out = capsys.readouterr().out
    assert all(re.search(rf"^  {command}  ", out, re.MULTILINE) for command in COMMANDS)
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    assert "harryTest.h5" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["train", "--epochs", "0"],
        ["train", "--epochs", "many"],
        ["train", "--batch-size", "-1"],
        ["train", "--seed", "4294967296"],
        ["data", "--source", "imaginary"],
        ["predict"],
    ],
)
def test_a_wrong_word_is_told_with_the_usage(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("usage: ")
    assert "Traceback" not in captured.err


# data, evaluate


def test_data_says_source_shapes_and_hashes(capsys, embedded):
    assert main(["data"]) == 0
    out = capsys.readouterr().out
    assert "source: embedded subset" in out
    assert "images (4000, 28, 28, 1) float32, labels (4000,) int64" in out
    assert content_hash(embedded.train) in out
    assert content_hash(embedded.test) in out


def test_data_that_cannot_be_had_is_one_line(monkeypatch, capfd):
    monkeypatch.setenv("MNIST_PATH", "nowhere.npz")
    assert "MNIST_PATH names nowhere.npz" in fails(["data", "--source", "full"], capfd)


def test_evaluate_gives_the_recorded_result(capsys):
    """Two digits of tolerance: rounding can change an answer where two scores nearly tie."""
    assert main(["evaluate"]) == 0
    out = capsys.readouterr().out
    assert "model: the shipped weights" in out
    correct = int(re.search(r"right on the test digits: (\d+) of 1,000", out).group(1))
    assert abs(correct - load_provenance()["embedded_test"]["correct"]) <= 2


@pytest.mark.parametrize("command", [["evaluate"], ["predict", "0.png"]])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere.h5", "no model file at nowhere.h5"),
        ("text.h5", "text.h5 cannot be read as a model"),
        ("text.zip", "ends in .weights.h5, .h5, .keras, .npz, got text.zip"),
    ],
)
def test_a_model_that_is_none_is_one_line(command, name, message, pictures, tmp_path, capfd):
    for text in ("text.h5", "text.zip"):
        (tmp_path / text).write_text("hello\nworld\n")
    assert message in fails([*command, "--model", name], capfd)


# train


@pytest.mark.slow
def test_train_is_the_notes_program_and_keeps_an_old_file(tmp_path, capfd, pictures):
    (tmp_path / "harryTest.h5").write_bytes(b"old")
    assert main(["train", "--epochs", "1", "--seed", "3"]) == 0
    captured = capfd.readouterr()
    assert captured.err == ""
    lines = captured.out.splitlines()
    assert lines[0].startswith("data: embedded subset")
    assert lines[1].split() == ["Layer", "(type)", "Output", "shape", "Param", "#"]
    assert "Total params" in captured.out
    assert "epoch 1/1: loss" in captured.out
    assert re.search(r"right on the test digits: \d+ of 1,000", captured.out)
    assert lines[-2:] == ["saved: harryTest.h5", "how it was trained: harryTest.h5.json"]
    assert (tmp_path / "harryTest.h5.bak").read_bytes() == b"old"
    assert main(["predict", pictures[1], "--model", "harryTest.h5"]) == 0
    assert re.match(r".*1\.png: \d \(\d", capfd.readouterr().out)


@pytest.mark.parametrize("target", ["model.txt", "nowhere/model.h5", "folder.h5"])
def test_a_bad_place_to_save_is_told_before_the_training(target, tmp_path, capfd, monkeypatch):
    import mnist_lib.training

    def never(*arguments, **options):
        raise AssertionError("trained, and could not save")

    monkeypatch.setattr(mnist_lib.training, "train", never)
    (tmp_path / "folder.h5").mkdir()
    before = sorted(tmp_path.iterdir())
    fails(["train", "--save", target], capfd)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.slow
def test_the_record_holds_what_is_needed_to_train_again(tmp_path, capfd, embedded):
    """The same seed on the same machine gives the same weights, three times."""
    hashes = set()
    for name in ("a.npz", "b.npz", "c.npz"):
        assert main(["train", "--epochs", "1", "--seed", "3", "--save", name]) == 0
        record = json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))
        with np.load(name) as arrays:
            assert hash_of(arrays[key] for key in arrays.files) == record["weights_sha256"]
        hashes.add(record["weights_sha256"])
    assert len(hashes) == 1
    assert record["recipe"] == {"epochs": 1, "batch_size": 64, "seed": 3}
    assert record["data"]["train_sha256"] == content_hash(embedded.train)
    assert len(record["history"]["loss"]) == 1
    assert record["test"]["total"] == 1000
    assert {"keras", "tensorflow", "numpy", "python", "cores"} <= set(record["machine"])


# What ends a training


PROGRAM = """
import os, sys
import numpy as np
from mnist_lib import cli, data
cli.open_streams()
few = data.load_mnist("embedded")
few = data.Mnist(few.train[:640], few.test[:50], few.source)
data.load_mnist = lambda source: few
with cli.suppress_stderr():
    import mnist_lib.training.progress as progress
write = progress.ProgressBar.write
def told(self, line):
    write(self, line)
    print("told", file=open("told", "a"), flush=True)
progress.ProgressBar.write = told
sys.exit(cli.main(sys.argv[1:]))
"""


def start(*arguments: str, **streams) -> subprocess.Popen:
    """A training of few digits and many epochs, in a process of its own."""
    command = [sys.executable, "-c", PROGRAM, "train", *arguments]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **streams)


def wait_for_an_epoch(folder, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not (folder / "told").exists():
        assert time.monotonic() < end, "no epoch was told"
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_an_interrupted_training_saves_what_it_has_beside_the_target(name, tmp_path):
    (tmp_path / "my.npz").write_bytes(b"old")
    process = start("--epochs", "9999", "--save", "my.npz", stdout=subprocess.DEVNULL)
    wait_for_an_epoch(tmp_path)
    process.send_signal(getattr(signal, name))
    error = process.communicate()[1]
    assert process.returncode == 128 + getattr(signal, name)
    assert error == "interrupted: what was learned so far is in my.interrupted.npz\n"
    with np.load("my.interrupted.npz") as arrays:
        assert len(arrays.files) == 10
    assert (tmp_path / "my.npz").read_bytes() == b"old"


def test_a_signal_waits_until_it_is_asked_for():
    """Raised at once it may surface inside TensorFlow's own code, which then aborts."""
    before = signal.getsignal(signal.SIGTERM)
    with signals_wait() as raise_waiting:
        raise_waiting()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(os.getpid(), number)
        with pytest.raises(Stopped) as caught:
            raise_waiting()
    assert caught.value.number == signal.SIGTERM, "the first one"
    assert signal.getsignal(signal.SIGTERM) is before


def test_before_there_is_anything_to_save_nothing_is(capfd, monkeypatch):
    import mnist_lib.model

    def end():
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(mnist_lib.model, "build_model", end)
    assert main(["train"]) == 128 + signal.SIGTERM
    assert capfd.readouterr().err == "interrupted: nothing was saved\n"


@pytest.mark.slow
def test_with_a_checkpoint_one_is_told_how_it_goes_on_and_it_does(tmp_path):
    arguments = "--save", "my.npz", "--checkpoint", "kept"
    process = start("--epochs", "9999", *arguments, stdout=subprocess.DEVNULL)
    wait_for_an_epoch(tmp_path)
    process.send_signal(signal.SIGINT)
    error = process.communicate()[1]
    assert process.returncode == 130
    assert error == "interrupted: the same command goes on from the last whole epoch, in kept\n"
    assert not (tmp_path / "my.npz").exists()
    process = start("--epochs", "9999", *arguments, stdout=subprocess.PIPE)
    for line in process.stdout:
        if line.startswith("epochs 1 to "):
            break
    else:
        pytest.fail("it began anew")
    process.kill()
    process.communicate()


@pytest.mark.slow
def test_a_pipe_that_ends_does_not_end_the_training(tmp_path):
    """As in `train … | head -1`: what is printed is lost, the model is not."""
    process = start("--epochs", "2", "--save", "my.npz", stdout=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.communicate()[1] == ""
    assert process.returncode == 0
    assert (tmp_path / "my.npz").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("closed", ["1", "1 2", "0 1 2"])
def test_closed_streams_do_not_matter(closed, tmp_path):
    command = [sys.executable, "-c", PROGRAM, "train", "--epochs", "1", "--save", "my.npz"]
    ends = " ".join(f"{number}>&-" if number != "0" else "0<&-" for number in closed.split())
    command = ["sh", "-c", f'"$@" {ends}', "sh", *command]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with np.load("my.npz") as arrays:
        assert len(arrays.files) == 10


@pytest.mark.slow
def test_a_full_disk_under_the_report_does_not_end_the_training(tmp_path):
    with open("/dev/full", "w") as full:
        process = start("--epochs", "1", "--save", "my.npz", stdout=full)
        process.communicate()
    assert process.returncode == 0
    assert (tmp_path / "my.npz").is_file()


@pytest.mark.slow
def test_what_cannot_be_saved_in_its_place_is_saved_elsewhere(tmp_path, capfd, monkeypatch):
    import mnist_lib.training

    (tmp_path / "gone").mkdir()

    def remove_the_folder(*arguments, **options):
        (tmp_path / "gone").rmdir()
        return mnist_lib.training.History()

    monkeypatch.setattr(mnist_lib.training, "train", remove_the_folder)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert main(["train", "--save", "gone/my.npz"]) == 2
    captured = capfd.readouterr()
    assert "saved elsewhere" in captured.err
    (path,) = re.findall(r"saved: (\S+)", captured.out)
    with np.load(path) as arrays:
        assert len(arrays.files) == 10


@pytest.mark.slow
def test_a_limit_on_the_size_of_files_is_one_line(tmp_path):
    command = [sys.executable, "-c", PROGRAM, "train", "--epochs", "1", "--save", "my.h5"]
    done = subprocess.run(
        ["sh", "-c", 'ulimit -f 200; "$@"', "sh", *command], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "mnist_lib train: " in done.stderr


@pytest.mark.parametrize("count", ["9" * 5000, "-1", "1.5", "0x10", " "])
def test_a_count_that_is_none_is_not_echoed_whole(count, capsys):
    with pytest.raises(SystemExit):
        main(["train", "--epochs", count])
    assert len(capsys.readouterr().err) < 1200


def test_escape_codes_in_a_name_do_not_reach_the_terminal(pictures, tmp_path, capfd):
    name = "\x1b[31mred\x1b[0m\r.png"
    os.rename(pictures[1], tmp_path / name)
    (tmp_path / "\x1b[2J.png").write_text("no picture")
    assert main(["predict", name, "\x1b[2J.png"]) == 2
    captured = capfd.readouterr()
    assert "\x1b" not in captured.out + captured.err
    assert "\\x1b[31mred" in captured.out
    assert "\\x1b[2J.png" in captured.err


def test_answers_that_are_no_numbers_are_not_counted(embedded):
    from mnist_lib.model import build_model
    from mnist_lib.training import evaluate

    model = build_model()
    model.set_weights([np.full_like(array, np.nan) for array in model.get_weights()])
    with pytest.raises(ValueError, match="got NaN: the training has diverged"):
        evaluate(model, embedded.test[:10])


# predict


def test_predict_reads_the_first_ten_test_digits(pictures, capsys):
    """The shipped weights get all ten right; an answer is three digits with their shares."""
    assert main(["predict", *pictures]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 10
    for k, (line, path) in enumerate(zip(lines, pictures, strict=True)):
        answer, *doubts = line.split("; unsure: ")
        found = re.fullmatch(re.escape(path) + r": (\d) \(.+%\), \d \(.+%\), \d \(.+%\)", answer)
        assert int(found.group(1)) == k
        assert doubts == (["it touches the edge of the picture"] if k == 7 else [])


def test_a_bad_picture_is_named_and_the_others_are_answered(pictures, tmp_path, capfd):
    (tmp_path / "text.png").write_text("hello\n")
    Image.new("L", (28, 28), 255).save(tmp_path / "white.png")
    (tmp_path / "folder.png").mkdir()
    bad = ["text.png", "white.png", "folder.png", "nowhere.png"]
    assert main(["predict", pictures[3], *bad, pictures[4]]) == 2
    captured = capfd.readouterr()
    assert [line.split(": ")[1][0] for line in captured.out.splitlines()] == ["3", "4"]
    errors = captured.err.splitlines()
    assert len(errors) == 4
    for name, line in zip(bad, errors, strict=True):
        assert line.startswith("mnist_lib predict: ")
        assert name in line


def test_several_digits_in_one_picture_are_said_and_read_on_request(pictures, tmp_path, capfd):
    row = np.hstack([np.asarray(Image.open(pictures[k])) for k in (3, 1, 7)])
    Image.fromarray(np.pad(row, 20, constant_values=255)).save(tmp_path / "row.png")
    line = fails(["predict", "row.png"], capfd)
    assert line.endswith("row.png: 3 digits side by side, expected one; --all reads each\n")
    assert main(["predict", "--all", "row.png", pictures[2]]) == 0
    lines = capfd.readouterr().out.splitlines()
    found = [re.match(r".*\.png(, rows \d+-\d+, columns \d+-\d+)?: (\d)", line) for line in lines]
    assert [match[2] for match in found] == ["3", "1", "7", "2"]
    assert [bool(match[1]) for match in found] == [True, True, True, False]


def doubts(picture, path, capsys, *options):
    """What `predict` says after its answer; and the answer."""
    Image.fromarray(picture).save(path, quality=90)
    assert main(["predict", str(path), *options]) == 0
    answer, _, said = capsys.readouterr().out.strip().partition("; unsure: ")
    return said, answer.removeprefix(f"{path}: ")[0]


def test_a_photograph_on_its_side_is_doubted(tmp_path, capsys):
    photo = photograph(rasterise(write(7, "plain")), "plain", seed=1)
    assert doubts(photo, tmp_path / "7.jpg", capsys) == ("", "7")
    for quarters in (1, 3):
        said, _ = doubts(np.rot90(photo, quarters), tmp_path / "7.jpg", capsys)
        assert re.fullmatch(r"turned by a quarter it would be a 7 \(.+%\)", said)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "false", "caught"), [("note", 29, 0.86), ("augmented", 15, 0.94)])
def test_few_upright_digits_are_doubted_and_most_that_lie_on_their_side(
    name, false, caught, embedded
):
    weights = load_weights(name)

    def network(digits):
        return forward(digits, weights)["dense_2"]

    def doubted(images, quarters):
        turned = np.rot90(images[:, :, :, 0], quarters, axes=(1, 2))
        pieces = [split_digits(image)[0] for image in turned]
        answers = network(np.stack([prepare_digit(piece.ink) for piece in pieces])).argmax(axis=1)
        return np.array([bool(_turned(piece, network)) for piece in pieces]), answers

    images, labels = embedded.test.images[:300], embedded.test.labels[:300]
    upright, _ = doubted(images, 0)
    assert upright.mean() == pytest.approx(false / 1000, abs=0.02)
    aside, answers = doubted(images, 1)
    wrong = answers != labels
    assert aside[wrong].mean() == pytest.approx(caught, abs=0.06)


def test_a_digit_that_is_cut_off_is_answered_with_a_doubt(tmp_path, capsys):
    cut = crop(rasterise(write(3)), "cut off", seed=2)
    said, answer = doubts(cut, tmp_path / "3.jpg", capsys)
    assert (said, answer) == ("it touches the edge of the picture", "3")


def test_two_masks_that_disagree_are_said(tmp_path, capsys, monkeypatch):
    """Here the second mask is made to see a 1: no picture is known to be read so for ever."""
    shown = [Mask("wide window", rasterise(write(8))), Mask("narrow window", rasterise(write(1)))]
    monkeypatch.setattr("mnist_lib.cli.pictures.read_masks", lambda path: iter(shown))
    said, answer = doubts(np.zeros((9, 9), np.uint8), tmp_path / "8.png", capsys)
    assert (said, answer) == ("by narrow window it would be a 1", "8")
    row = np.hstack([rasterise(write(1)), rasterise(write(1))])
    shown[1] = Mask("narrow window", row)
    said, answer = doubts(np.zeros((9, 9), np.uint8), tmp_path / "8.png", capsys)
    assert (said, answer) == ("by narrow window there would be 2", "8")


def test_boxes_are_told_in_pixels_of_the_picture(tmp_path, capsys):
    """A page of 2000 x 1500 pixels is read at a fifth of that."""
    page = np.pad(np.hstack([rasterise(write(3)), rasterise(write(8))]), 5)
    large = Image.fromarray((230 - 200 * page).astype(np.uint8)).resize((2000, 1000))
    noise = np.random.default_rng(0).normal(0, 2, (1000, 2000))
    Image.fromarray((np.asarray(large) + noise).round().astype(np.uint8)).save(tmp_path / "38.png")
    assert main(["predict", "--all", str(tmp_path / "38.png")]) == 0
    lines = capsys.readouterr().out.splitlines()
    found = [re.search(r"columns (\d+)-(\d+): (\d)", line).groups() for line in lines]
    assert [digit for *_, digit in found] == ["3", "8"]
    for (left, right, _), half in zip(found, (0, 285), strict=True):
        inked = half + np.flatnonzero(page[:, half : half + 285].any(axis=0))
        wanted = np.array([inked[0], inked[-1] + 1]) * 2000 / 570
        assert [int(left), int(right)] == pytest.approx(wanted, abs=20)


def test_other_weights_are_used_on_request(tmp_path, capsys):
    path = tmp_path / "house.png"
    Image.fromarray((255 * rasterise(write("house"))).astype(np.uint8)).save(path)
    printed = []
    for name in ("note", "augmented"):
        assert main(["predict", "--weights", name, str(path)]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] != printed[1]


def test_shipped_weights_and_a_model_of_ones_own_are_not_both_taken(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["predict", "--weights", "augmented", "--model", "model.h5", "3.png"])
    assert stop.value.code == 2
    assert "not allowed with argument --weights" in capsys.readouterr().err


WITHOUT_TENSORFLOW = """
import sys
from mnist_lib.cli import main
status = main(sys.argv[1:])
heavy = {"tensorflow", "keras", "matplotlib", "mlxtend", "jax", "torch"} & set(sys.modules)
print("heavy:", sorted(heavy))
sys.exit(status)
"""


def test_predict_answers_without_tensorflow(pictures):
    command = [sys.executable, "-c", WITHOUT_TENSORFLOW, "predict", pictures[7]]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "7.png: 7 (" in done.stdout
    assert done.stdout.endswith("heavy: []\n")
    assert done.stderr == ""


def test_the_module_runs_as_a_program(tmp_path):
    command = [sys.executable, "-m", "mnist_lib", "predict", str(tmp_path / "nowhere.png")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.endswith("nowhere.png: No such file or directory\n")
    assert done.stderr.count("\n") == 1


# Errors


def test_a_message_of_several_lines_becomes_one(monkeypatch, capfd):
    def fail(source):
        raise DataError("one\n  two\nthree")

    monkeypatch.setattr("mnist_lib.data.load_mnist", fail)
    assert fails(["data"], capfd) == "mnist_lib data: one two three\n"


def test_a_bug_keeps_its_traceback(monkeypatch):
    def bug(source):
        raise TypeError("a bug of ours")

    monkeypatch.setattr("mnist_lib.data.load_mnist", bug)
    with pytest.raises(TypeError, match="a bug of ours"):
        main(["data"])


def test_who_closes_our_output_early_gets_no_complaint(pictures):
    command = [sys.executable, "-m", "mnist_lib", "predict", *pictures]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_one_bad_picture_never_silences_the_others(pictures, tmp_path, capfd):
    Image.new("L", (50, 50), 200).save(tmp_path / "empty.png")
    assert main(["predict", str(tmp_path / "empty.png"), pictures[0]]) == 2
    printed = capfd.readouterr()
    assert pictures[0] in printed.out
    assert "empty.png: no digit found" in printed.err
