"""How far a training is: a bar in a terminal, a line in a notebook, nothing else elsewhere."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator

from tqdm import tqdm


class ProgressBar:
    """No bar: only the record, one line per epoch."""

    def __init__(self, total: int):
        self.total = total

    def advance(self, label: str) -> None:
        """One batch is done."""

    def write(self, line: str) -> None:
        """Print a line of the record."""
        print(line, flush=True)

    def close(self) -> None:
        """The last batch is done."""


class _Terminal(ProgressBar):
    """A tqdm bar on standard error."""

    def __init__(self, total: int):
        self.bar = tqdm(total=total, unit="batch", mininterval=0.5, leave=False)

    def advance(self, label: str) -> None:
        self.bar.set_description(label, refresh=False)
        self.bar.update()

    def write(self, line: str) -> None:
        self.bar.clear()
        super().write(line)

    def close(self) -> None:
        self.bar.close()


class _Notebook(ProgressBar):
    """One line that is replaced in place, twice a second, and gone at the end."""

    def __init__(self, total: int):
        shown = sys.modules["IPython.display"]  # inside a notebook it is always loaded
        self.html, self.done, self.total, self.shown = shown.HTML, 0, total, time.monotonic()
        self.line = shown.display(shown.HTML("starting …"), display_id=True)

    def advance(self, label: str) -> None:
        self.done += 1
        if time.monotonic() - self.shown > 0.5:
            self.shown = time.monotonic()
            self.line.update(
                self.html(
                    f'<progress value="{self.done}" max="{self.total}" '
                    f'aria-label="training"></progress> {label}'
                )
            )

    def close(self) -> None:
        self.line.update(self.html(""))


@contextlib.contextmanager
def progress(total: int) -> Iterator[ProgressBar]:
    """The bar that suits where it is shown; `MNIST_PROGRESS=0` switches it off."""
    bar = _bar_class()(total)
    try:
        yield bar
    finally:
        bar.close()


def _bar_class() -> type[ProgressBar]:
    if os.environ.get("MNIST_PROGRESS") == "0":
        return ProgressBar
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None and hasattr(shell, "kernel"):
        return _Notebook
    return _Terminal if sys.stderr is not None and sys.stderr.isatty() else ProgressBar
