"""How a page arrives: what it asks for, when it is painted and alive, and what a stroke costs."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from statistics import median
from threading import Thread

from playwright.sync_api import Page
from tqdm import tqdm

from tools.bench.lines import HTML, LANDING, READY, Line, in_browser

SPEEDS = {"1.6 Mbit/s and 150 ms": (1.6, 150, 4), "10 Mbit/s and 40 ms": (10, 40, None)}
"""Megabits a second, milliseconds there and back, and seconds until the network shall be alive."""

PAGES = {"landing page": "index.html", "a chapter": "chapters/convolution.html"}
RUNS = 5
STROKE = [(0.3 + 0.4 * (i % 40) / 40, 0.2 + 0.6 * i / 120) for i in range(120)]
"""Places on the pad, in units of its side."""

PACKED = (".png", ".woff2", ".zip", ".ico")
"""What is compressed already."""

COUNT_FRAMES = """() => {
  const usual = window.requestAnimationFrame;
  window.frames_ = [];
  window.requestAnimationFrame = (work) => usual((time) => {
    const start = performance.now();
    work(time);
    window.frames_.push(performance.now() - start);
  });
}"""
"""Milliseconds that the scripts of each frame take, from now on."""


class Handler(SimpleHTTPRequestHandler):
    """The built pages as a web host sends them: compressed."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Send a file."""
        file = Path(self.translate_path(self.path))
        if not file.is_file():
            self.send_error(404)
            return
        content = packed(file)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(file)))
        self.send_header("Content-Length", str(len(content)))
        if file.suffix not in PACKED:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@cache
def packed(file: Path) -> bytes:
    """What a host sends for a file."""
    content = file.read_bytes()
    return content if file.suffix in PACKED else gzip.compress(content, 6)


@contextmanager
def served() -> Iterator[str]:
    """The address of the built pages."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=HTML)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def loading_lines() -> list[Line]:
    """First paint and live network of two pages over two lines, and a frame of a stroke."""
    with served() as address:
        cases = tqdm([*product(PAGES, SPEEDS)], unit="page", disable=None)
        lines = [line for page, speed in cases for line in arrival_lines(address, page, speed)]
    frames = [in_browser(frame_of_a_stroke) for _ in range(RUNS)]
    return [*lines, Line("a frame while the pen moves", "ms", frames, 16)]


def arrival_lines(address: str, page: str, line: str) -> list[Line]:
    """One page over one line, several times."""
    *speed, limit = SPEEDS[line]
    once = partial(arrival, address=f"{address}/{PAGES[page]}", speed=speed)
    painted, alive = zip(*(in_browser(once) for _ in range(RUNS)), strict=True)
    return [
        Line(f"{page}, {line}: painted", "s", [*painted]),
        Line(f"{page}, {line}: alive", "s", [*alive], limit),
    ]


def arrival(tab: Page, address: str, speed: list[float]) -> tuple[float, float]:
    """Seconds until the first paint, and until the network is alive."""
    megabits, delay = speed
    line = tab.context.new_cdp_session(tab)
    line.send("Network.enable")
    rate = megabits * 1e6 / 8
    limits = {"downloadThroughput": rate, "uploadThroughput": rate, "latency": delay}
    line.send("Network.emulateNetworkConditions", {"offline": False, **limits})
    tab.goto(address, wait_until="commit")
    tab.wait_for_function(READY, timeout=60_000)
    painted = tab.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    return painted / 1000, tab.evaluate(READY) / 1000


def frame_of_a_stroke(tab: Page) -> float:
    """The median of what our scripts do in a frame while a stroke is drawn, in milliseconds."""
    tab.set_viewport_size({"width": 1280, "height": 1000})
    tab.goto(LANDING.as_uri())
    tab.wait_for_function(READY)
    pad = tab.locator(".explorer-pad").bounding_box()
    places = [(pad["x"] + x * pad["width"], pad["y"] + y * pad["height"]) for x, y in STROKE]
    tab.mouse.move(*places[0])
    tab.mouse.down()
    tab.evaluate(COUNT_FRAMES)
    for place in places[1:]:
        tab.mouse.move(*place)
    tab.mouse.up()
    return median(tab.evaluate("frames_"))
