"""What a process meets: streams that are closed, pipes that end, signals."""

import contextlib
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any


class Stopped(KeyboardInterrupt):
    """A signal that asks the program to end."""

    def __init__(self, number: int):
        super().__init__(number)
        self.number = number


_SIGNALS = [getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]
"""Ctrl-C, a request to end, a closed terminal."""


@contextlib.contextmanager
def signals_wait() -> Iterator[Callable[[], None]]:
    """Let signals that ask for an end wait; call what is yielded to raise the first of them.

    An exception out of the handler itself could surface anywhere, inside TensorFlow's own code as
    well, which may answer by aborting the process.
    """
    came: list[int] = []

    def raise_waiting() -> None:
        if came:
            raise Stopped(came[0])

    before = {n: signal.signal(n, lambda number, frame: came.append(number)) for n in _SIGNALS}
    try:
        yield raise_waiting
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Lasting:
    """A stream whose errors are passed over: a closed pipe, a full disk."""

    def __init__(self, stream: Any):
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write, as long as somebody reads."""
        with contextlib.suppress(OSError):
            return self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush; after a failure, into nothing."""
        try:
            self._stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())


@contextlib.contextmanager
def lasting_output() -> Iterator[None]:
    """While a model is trained, what becomes of its report does not matter."""
    out, error = _Lasting(sys.stdout), _Lasting(sys.stderr)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        yield
        out.flush()


def open_streams() -> None:
    """Nothing that is opened later may take the place of a stream that was closed at the start."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or io.TextIOWrapper(io.FileIO(1, "w", closefd=False))
    sys.stderr = sys.stderr or io.TextIOWrapper(io.FileIO(2, "w", closefd=False))
    for stream in (sys.stdout, sys.stderr):  # a file name may contain what the terminal cannot show
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


@contextlib.contextmanager
def suppress_stderr() -> Iterator[None]:
    """Drop what TensorFlow writes to standard error while it loads, whatever its log level."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
