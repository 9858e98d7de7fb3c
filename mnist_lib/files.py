"""Temporary folders, so that a file takes its place whole or not at all."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PREFIX = ".mnist_lib."
"""How the names of these folders begin."""

ABANDONED = 24 * 3600
"""Seconds after which what a killed process has left is removed by the next one."""


@contextlib.contextmanager
def unfinished(place: str | Path | None = None) -> Iterator[Path]:
    """A folder that is gone at the end, for files that are renamed when they are whole.

    place: the folder in which it is made, so that a rename is atomic; without one, that for
    temporary files. What killed processes have left there is removed, once it is a day old
    """
    place = Path(place or tempfile.gettempdir())
    for left in place.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if time.time() - os.lstat(left).st_mtime > ABANDONED and not left.is_symlink():
                shutil.rmtree(left)
    with tempfile.TemporaryDirectory(
        dir=place, prefix=PREFIX, ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)
