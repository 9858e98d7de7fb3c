"""The command line: the note's program and three small helpers around it.

Every command imports what it needs inside its own function, so that `predict` runs without
loading TensorFlow.
"""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_lib.cli.process import (
    Stopped,
    lasting_output,
    open_streams,
    signals_wait,
    suppress_stderr,
)

if TYPE_CHECKING:
    import keras

    from mnist_lib.data import Mnist

_DESCRIPTION = """\
The MNIST network of the course, from the command line.

  train      build the network, train it, evaluate it, save it: the note's program
  evaluate   count the right answers on the test digits
  predict    say which digits pictures show
  data       say which MNIST the course finds on this machine
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status: 0, or 2 after one clear line on stderr."""
    open_streams()
    options = _parser().parse_args(arguments)
    try:
        status = options.run(options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader of our output has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt as stop:
        print("interrupted: nothing was saved", file=sys.stderr)
        return 128 + (stop.number if isinstance(stop, Stopped) else signal.SIGINT)
    except Exception as error:
        if not _expected(error):
            raise
        print(f"mnist_lib {options.command}: {_one_line(error)}", file=sys.stderr)
        return 2


def _train(options: argparse.Namespace) -> int:
    with suppress_stderr():
        import keras

        from mnist_lib.model import build_model, layer_table
        from mnist_lib.saving import check_target
        from mnist_lib.training import evaluate, train
    from mnist_lib.data import load_mnist

    check_target(options.save)  # before five epochs, not after
    mnist = load_mnist(options.source)
    recipe = {name: getattr(options, name) for name in ("epochs", "batch_size", "seed")}
    with lasting_output(), signals_wait() as raise_waiting:
        print(f"data: {mnist.source}")
        keras.utils.set_random_seed(options.seed)
        model = build_model()
        raise_waiting()
        print(layer_table(model))
        stop = keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs: raise_waiting()
        )
        steps = {"callbacks": [stop], "checkpoint": options.checkpoint}
        try:
            history = train(model, mnist.train, **recipe, **steps)
        except Stopped as stopped:
            return _keep_what_there_is(model, options, stopped)
        score = evaluate(model, mnist.test)
        print(f"right on the test digits: {score}")
        path, status = _save(model, options.save)
        print(f"saved: {path}")
        how = {"recipe": recipe, "history": vars(history), "test": score._asdict()}
        print(f"how it was trained: {_save_record(model, mnist, how, path)}")
        return status


def _save(model: "keras.Model", path: Path) -> tuple[Path, int]:
    """Save what was trained: where that cannot be, somewhere else, and say so with status 2."""
    from mnist_lib.saving import save_model

    try:
        return save_model(model, path), 0
    except OSError as error:
        elsewhere = Path(tempfile.mkdtemp(prefix="mnist_lib-")) / path.name
        print(f"mnist_lib train: {_one_line(error)}: saved elsewhere", file=sys.stderr)
        return save_model(model, elsewhere), 2


def _save_record(model: "keras.Model", mnist: "Mnist", how: dict, path: Path) -> Path:
    """Write beside a model what is needed to train it again, to the bit on this machine."""
    from mnist_lib.data import content_hash
    from mnist_lib.saving import hash_of, save_record
    from mnist_lib.training import describe_machine

    data = {"source": mnist.source, "train_sha256": content_hash(mnist.train)}
    record = how | {
        "data": data | {"test_sha256": content_hash(mnist.test)},
        "weights_sha256": hash_of(model.get_weights()),
        "machine": describe_machine(),
    }
    return save_record(record, path)


def _keep_what_there_is(model: "keras.Model", options: argparse.Namespace, stop: Stopped) -> int:
    """Say how an interrupted training goes on; without a checkpoint, save it beside the target."""
    from mnist_lib.saving import suffix_of

    if options.checkpoint:
        text = f"the same command goes on from the last whole epoch, in {options.checkpoint}"
    else:
        suffix = suffix_of(options.save)
        name = f"{options.save.name.removesuffix(suffix)}.interrupted{suffix}"
        path, _ = _save(model, options.save.with_name(name))
        text = f"what was learned so far is in {path}"
    print(f"interrupted: {text}", file=sys.stderr)
    return 128 + stop.number


def _evaluate(options: argparse.Namespace) -> int:
    with suppress_stderr():
        from mnist_lib.saving import load_model, load_pretrained
        from mnist_lib.training import evaluate
    from mnist_lib.data import load_mnist

    model = load_model(options.model) if options.model else load_pretrained()
    mnist = load_mnist(options.source)
    print(f"data: {mnist.source}")
    print(f"model: {options.model or 'the shipped weights'}")
    print(f"right on the test digits: {evaluate(model, mnist.test)}")
    return 0


def _predict(options: argparse.Namespace) -> int:
    from mnist_lib.cli.pictures import read_picture

    network, failed = _network(options), 0
    for path in options.pictures:
        try:
            answers = read_picture(path, network, options.all)
        except (ValueError, OSError) as error:
            text = _one_line(error)
            named = text if _shown(str(path)) in text else f"{_shown(str(path))}: {text}"
            print(f"mnist_lib predict: {named}", file=sys.stderr)
            failed += 1
            continue
        for probabilities, (top, left, bottom, right), doubts in answers:
            best = probabilities.argsort()[::-1][:3]
            text = ", ".join(f"{k} ({probabilities[k]:.1%})" for k in best)
            where = f", rows {top}-{bottom}, columns {left}-{right}" if len(answers) > 1 else ""
            unsure = f"; unsure: {', '.join(doubts)}" if doubts else ""
            print(f"{_shown(str(path))}{where}: {text}{unsure}")
    return 2 if failed else 0


def _data(options: argparse.Namespace) -> int:
    from mnist_lib.data import content_hash, load_mnist

    mnist = load_mnist(options.source)
    print(f"source: {mnist.source}")
    for name, digits in (("train", mnist.train), ("test", mnist.test)):
        print(
            f"{name}: images {digits.images.shape} {digits.images.dtype}, "
            f"labels {digits.labels.shape} {digits.labels.dtype}, "
            f"sha256 {content_hash(digits)}"
        )
    return 0


def _network(options: argparse.Namespace) -> Callable:
    """Shipped weights in NumPy, or a reader's own model in Keras."""
    if options.model is None:
        from mnist_lib.architecture import LAYERS
        from mnist_lib.pretrained import load_weights
        from mnist_lib.reference import forward

        weights = load_weights(options.weights)
        return lambda digits: forward(digits, weights)[LAYERS[-1].name]
    with suppress_stderr():
        from mnist_lib.saving import load_model

    model = load_model(options.model)
    return lambda digits: model.predict(digits, verbose=0)


def _expected(error: Exception) -> bool:
    """Whether the error concerns the input and is not a bug: bugs keep their traceback."""
    if isinstance(error, (OSError, ValueError)):
        return True
    return type(error).__name__ in ("DataError", "ModelFileError")


def _one_line(error: Exception) -> str:
    text = str(error)
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        text = f"{error.filename}: {error.strerror}"
    return _shown(" ".join(text.split()))


def _shown(text: str) -> str:
    """A text without what a terminal would obey, such as escape codes in a file's name."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _short(text: str) -> str:
    return _shown(text if len(text) <= 40 else f"{text[:40]}…")


def _count(text: str) -> int:
    if not text.isdecimal() or len(text) > 9 or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, got {_short(text)}")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or len(text) > 10 or int(text) >= 2**32:
        wanted = "a whole number from 0 to 2³² − 1"
        raise argparse.ArgumentTypeError(f"expected {wanted}, got {_short(text)}")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mnist_lib",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Each command explains itself: python -m mnist_lib train --help",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    _add_train(commands)
    evaluate = _add(commands, "evaluate", _evaluate, "Count the right answers on the test digits.")
    _add_model(evaluate)
    _add_source(evaluate)
    predict = _add(
        commands,
        "predict",
        _predict,
        "Say which digit each picture shows: the three best answers with their probabilities. "
        "Any picture will do, light on dark or dark on light. Doubts are said after the answer. "
        "A picture that cannot be read is named, the others are answered, and the exit status is "
        "2.",
    )
    predict.add_argument(
        "--all",
        action="store_true",
        help="read every digit of a picture in which several stand side by side, left to right",
    )
    network = predict.add_mutually_exclusive_group()
    network.add_argument(
        "--weights",
        choices=("note", "augmented"),
        default="note",
        help="shipped weights: of the note's recipe, or for other pens than MNIST's",
    )
    predict.add_argument("pictures", nargs="+", type=Path, metavar="PICTURE", help="a picture file")
    _add_model(network)
    data = _add(
        commands, "data", _data, "Say which MNIST the course finds here: source, shapes, hashes."
    )
    _add_source(data)
    return parser


def _add(
    commands: "argparse._SubParsersAction", name: str, run: Callable, text: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name, description=text, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    command.set_defaults(run=run)
    return command


def _add_train(commands: "argparse._SubParsersAction") -> None:
    train = _add(
        commands,
        "train",
        _train,
        "Print the layer table, train with RMSprop on categorical cross-entropy, evaluate on the "
        "test digits, save. About 2 minutes for the full MNIST on 2 cores, no GPU needed. A file "
        "that is already there is kept as .bak.",
    )
    train.add_argument("--epochs", type=_count, default=5, help="passes over the training digits")
    train.add_argument("--batch-size", type=_count, default=64, help="digits for each step")
    train.add_argument("--seed", type=_seed, default=0, help="of the weights and of the order")
    train.add_argument(
        "--save",
        type=Path,
        default=Path("harryTest.h5"),
        metavar="FILE",
        help="ends in .h5, .keras or .weights.h5",
    )
    train.add_argument(
        "--checkpoint",
        type=Path,
        metavar="FOLDER",
        help="keeps the state after each epoch; killed at any moment, the same command goes on",
    )
    _add_source(train)


def _add_model(command: argparse._ActionsContainer) -> None:
    command.add_argument(
        "--model",
        type=Path,
        metavar="FILE",
        help="your own model, .h5, .keras, .weights.h5, or .npz, as the page on which the network "
        "learns offers it; without it the shipped weights",
    )


def _add_source(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--source",
        choices=("auto", "full", "embedded"),
        help="which MNIST; without it MNIST_SOURCE decides, and without that auto",
    )
