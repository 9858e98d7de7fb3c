"""Fetch a file within bounds, whatever the server does: of time, of speed, of size.

A library's timeout is renewed by every byte, so a server that sends one byte a second is never
given up. Here the download runs in a thread beside a clock.
"""

import sys
import time
from pathlib import Path
from threading import Thread
from typing import IO, Any
from urllib.parse import urlsplit

SILENCE = 5
"""Seconds without a byte after which a connection is given up."""

WINDOW, LEAST = 15, 150_000
"""In each so many seconds at least so many bytes must come."""

LONGEST = 600
"""Seconds for one file, at whatever speed."""

MOST = 20_000_000
"""Bytes of one file, unpacked; the largest of MNIST has 11 million."""


class FetchError(Exception):
    """A file cannot be had within the bounds; the message says from where, and which."""


THREAD = "mnist_lib download"
"""What the thread of a download is called."""


class _Counted:
    """A file that counts what is written to it, up to a limit, until it is told to stop."""

    def __init__(self) -> None:
        self.file: IO[bytes] | None = None
        self.count, self.stopped = 0, False

    def write(self, data: bytes) -> None:
        self.count += len(data)
        if self.stopped:
            raise FetchError("given up")
        if self.count > MOST:
            raise FetchError(f"more than {MOST:,} bytes came")
        assert self.file is not None
        self.file.write(data)

    def flush(self) -> None:
        if self.file is not None:
            self.file.flush()


def fetch(address: str, digest: str, folder: str) -> Path:
    """Download a file into a folder, and check its hash.

    digest: `sha256:…` or `md5:…`
    raises: FetchError where it takes too long or is too large; what pooch raises where the server
    fails or the hash differs; OSError where the file cannot be written
    """
    host, counted = urlsplit(address).netloc, _Counted()
    results: list[Path | Exception] = []

    def work() -> None:
        try:
            results.append(_retrieve(address, digest, folder, counted))
        except Exception as error:
            results.append(error)

    if sys.stderr.isatty():
        print(f"downloading MNIST from {host} …", file=sys.stderr)
    thread = Thread(target=work, name=THREAD, daemon=True)
    thread.start()
    try:
        _watch(thread, counted, host)
    finally:
        counted.stopped = True
    (result,) = results
    if isinstance(result, Exception):
        raise result
    return result


def _watch(thread: Thread, counted: _Counted, host: str) -> None:
    """Wait for the end of a download, as long as enough comes."""
    begun = checked = time.monotonic()
    before = 0
    while thread.is_alive():
        thread.join(0.05)
        now, count = time.monotonic(), counted.count
        if now - begun > LONGEST:
            raise FetchError(f"{host}: {count:,} bytes in {LONGEST} s, and no end")
        if now - checked > WINDOW:
            if count - before < LEAST and thread.is_alive():
                raise FetchError(f"{host}: {count - before:,} bytes in {WINDOW} s are too few")
            checked, before = now, count


def _retrieve(address: str, digest: str, folder: str, counted: _Counted) -> Path:
    import pooch  # 0.2 s, needed only here

    pooch.get_logger().setLevel("WARNING")
    http = pooch.HTTPDownloader(timeout=SILENCE, progressbar=sys.stderr.isatty())

    def download(url: str, output_file: str, pooch_: Any) -> None:
        with open(output_file, "wb") as counted.file:
            http(url, counted, pooch_)

    return Path(pooch.retrieve(address, digest, path=folder, downloader=download))
