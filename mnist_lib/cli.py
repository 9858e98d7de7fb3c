"""The command line: the note's program and three small helpers around it.

Every command imports what it needs inside its own function, so that `predict` runs without
loading TensorFlow.
"""

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

_DESCRIPTION = """\
The MNIST network of the course, from the command line.

  train      build the network, train it, evaluate it, save it: the note's program
  evaluate   count the right answers on the test digits
  predict    say which digits pictures show
  data       say which MNIST the course finds on this machine
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status: 0, or 2 after one clear line on stderr."""
    for stream in (sys.stdout, sys.stderr):  # a file name may contain what the terminal cannot show
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    try:
        status = options.run(options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader of our output has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("interrupted: nothing was saved", file=sys.stderr)
        return 130
    except Exception as error:
        if not _expected(error):
            raise
        print(f"mnist_lib {options.command}: {_one_line(error)}", file=sys.stderr)
        return 2


def _train(options: argparse.Namespace) -> int:
    with _suppress_stderr():
        import keras

        from mnist_lib.model import build_model, layer_table
        from mnist_lib.saving import check_target, save_model
        from mnist_lib.training import evaluate, train
    from mnist_lib.data import load_mnist

    check_target(options.save)  # before five epochs, not after
    mnist = load_mnist(options.source)
    print(f"data: {mnist.source}")
    keras.utils.set_random_seed(options.seed)
    model = build_model()
    print(layer_table(model))
    train(
        model,
        mnist.train,
        epochs=options.epochs,
        batch_size=options.batch_size,
        seed=options.seed,
    )
    print(f"right on the test digits: {evaluate(model, mnist.test)}")
    print(f"saved: {save_model(model, options.save)}")
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    with _suppress_stderr():
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
    from mnist_lib.preprocessing import prepare_digit, read_image

    forward, failed = _network(options.model), 0
    for path in options.pictures:
        try:
            digit = prepare_digit(read_image(path))
        except (ValueError, OSError) as error:
            text = _one_line(error)
            named = text if str(path) in text else f"{path}: {text}"
            print(f"mnist_lib predict: {named}", file=sys.stderr)
            failed += 1
            continue
        probabilities = forward(digit[None])[0]
        best = probabilities.argsort()[::-1][:3]
        print(f"{path}: " + ", ".join(f"{k} ({probabilities[k]:.1%})" for k in best))
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


def _network(path: Path | None) -> Callable:
    """The shipped weights in NumPy, or a reader's own model in Keras."""
    if path is None:
        from mnist_lib.architecture import LAYERS
        from mnist_lib.pretrained import load_weights
        from mnist_lib.reference import forward

        weights = load_weights()
        return lambda digits: forward(digits, weights)[LAYERS[-1].name]
    with _suppress_stderr():
        from mnist_lib.saving import load_model

    model = load_model(path)
    return lambda digits: model.predict(digits, verbose=0)


@contextlib.contextmanager
def _suppress_stderr() -> Iterator[None]:
    """Drop what TensorFlow writes to standard error while it loads, whatever its log level."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if sys.stderr is None:  # started with standard error closed: nobody sees it anyway
        yield
        return
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _expected(error: Exception) -> bool:
    """Whether the error concerns the input and is not a bug: bugs keep their traceback."""
    if isinstance(error, (OSError, ValueError)):
        return True
    return type(error).__name__ in ("DataError", "ModelFileError")


def _one_line(error: Exception) -> str:
    text = str(error)
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        text = f"{error.filename}: {error.strerror}"
    return " ".join(text.split())


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text}")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 to 2³² − 1, got {text}")
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
        "Any picture will do, light on dark or dark on light. A picture that cannot be read is "
        "named, the others are answered, and the exit status is 2.",
    )
    predict.add_argument("pictures", nargs="+", type=Path, metavar="PICTURE", help="a picture file")
    _add_model(predict)
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
    _add_source(train)


def _add_model(command: argparse.ArgumentParser) -> None:
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
