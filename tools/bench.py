"""Measure what was promised about speed and size: `make bench`, after `make book`.

Each run is a fresh browser process; what is compared is measured alternately, and the table gives
medians, or means over seeds. Nothing here is asserted: a slow machine is not a bug. The numbers of
every run, and what they depend on, go to `_build/bench.json`.
"""

import gzip
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from statistics import mean, median
from typing import NamedTuple

import numpy as np
from playwright.sync_api import Page, sync_playwright
from tqdm import tqdm

from mnist_lib.explorer.payload import decode_pixels, golden_digits
from mnist_lib.pretrained import load_weights
from mnist_lib.reference import forward
from tools.shared import ROOT, launch, write_text

HTML = Path(os.environ.get("BOOK_HTML", ROOT / "_build" / "html"))
PAGE = HTML / "index.html"
FILES = [HTML / "_static" / name for name in ("explorer-data.js", "explorer.js", "explorer.css")]
CHAPTER = HTML / "chapters" / "training.html"
RUNS = 7
SEEDS = 5
PASSES = 100
PACKAGES = ("numpy", "keras", "tensorflow", "playwright")

# The part in which the network learns, in the page of its chapter, with its digits and a test.
LEARNING = """async () => {
  const { api } = globalThis.mnistExplorer;
  const { dataset } = document.querySelector("script[data-learning]");
  await api.loadScript(dataset.learning);
  const { learning } = globalThis.mnistExplorer;
  globalThis.kernel = api.bytesOf(learning.kernel);
  globalThis.digits = learning.arrangeDigits(await learning.loadDigits("first", dataset));
  globalThis.test = await learning.loadDigits("test", dataset);
}"""

# Milliseconds a digit, forwards, backwards and update, in the steps of an epoch after the first.
DIGIT = """(simd) => {
  const { learning } = globalThis.mnistExplorer;
  const run = learning.createRun(digits, simd ? kernel : null, {});
  let start = null;
  for (const complete of learning.work(run)) {
    if (!complete) continue;
    if (run.step === 3) start = performance.now();
    if (run.step === 15) return (performance.now() - start) / (12 * 64);
  }
}"""

# After how many seconds of learning, looks at the held-out digits included, so many test digits are
# right. The count itself, made after every eighth step, takes no part in the time.
SECONDS = """([seed, counts]) => {
  const { learning } = globalThis.mnistExplorer;
  const run = learning.createRun(digits, kernel, { seed });
  const found = counts.map(() => null);
  let [learned, start] = [0, performance.now()];
  for (const complete of learning.work(run)) {
    if (!complete || run.step % 8) continue;
    learned += performance.now() - start;
    const right = learning.countRight(run.network, test);
    counts.forEach((count, i) => right >= count && (found[i] ??= learned / 1000));
    if (!found.includes(null) || learned > 120_000) return found.map((one) => one ?? 120);
    start = performance.now();
  }
}"""

READY = "performance.getEntriesByName('explorer-ready')[0]?.startTime"
PREPARE = """
const { api, weights: packed, golden_digits: digits } = globalThis.mnistExplorer;
const weights = api.decodeWeights(packed);
const pixels = Uint8Array.from(atob(digits[7].pixels), (letter) => letter.charCodeAt(0));
const image = Float32Array.from(pixels, (level) => level / 255);
function timed() {
  const start = performance.now();
  api.forward(image, weights);
  return performance.now() - start;
}
"""


class Line(NamedTuple):
    """One line of the table: what was measured in every run, and the upper limit it should meet."""

    what: str
    unit: str
    runs: list[float]
    target: float | None = None
    middle: Callable[[list[float]], float] = median

    @property
    def value(self) -> float:
        """The median of all runs, or their mean."""
        return self.middle(self.runs)


def main() -> None:
    """Measure, print the table, write the numbers."""
    if missing := [str(file) for file in [PAGE, *FILES] if not file.exists()]:
        sys.exit(f"not built yet: {', '.join(missing)}. First: make book")
    lines = [*explorer_lines(), Line("size of its files, gzipped", "MB", [gzipped(FILES)], 0.42)]
    lines += in_browser(learning_lines)
    facts = machine()
    print(table(lines), ", ".join(f"{name} {fact}" for name, fact in facts.items()), sep="\n\n")
    write({"machine": facts, "lines": [as_record(line) for line in lines]})


def explorer_lines() -> list[Line]:
    """The live network: when it is ready, and its forward pass compared with that of NumPy."""
    ready, cold, warm, ours = [], [], [], []
    for _ in tqdm(range(RUNS), unit="run", disable=None):
        ready.append(in_browser(time_until_ready))
        cold.append(in_browser(first_pass))
        warm.append(in_browser(warm_pass))
        ours.append(numpy_pass())
    return [
        Line("live network ready, from file://", "ms", ready, 400),
        Line("its forward pass, one digit", "ms", warm, 10),
        Line("the first one in a fresh page", "ms", cold),
        Line("NumPy reference, one digit", "ms", ours),
        Line("page / NumPy, of the medians", "×", [median(warm) / median(ours)]),
    ]


def learning_lines(tab: Page) -> list[Line]:
    """The network that learns: milliseconds a digit, and how long it takes to learn."""
    tab.goto(CHAPTER.as_uri())
    tab.wait_for_function(READY)
    tab.evaluate(LEARNING)
    ways = [("SIMD", True, 1.5), ("plain JavaScript", False, 6.5)]
    digit = {name: [] for name, *_ in ways}
    for _ in range(RUNS):
        for name, simd, _limit in ways:
            digit[name].append(tab.evaluate(DIGIT, simd))
    counts = {900: 10, 940: 30}
    seeds = tqdm(range(SEEDS), unit="seed", disable=None)
    learned = [tab.evaluate(SECONDS, [seed, list(counts)]) for seed in seeds]
    return [
        *(Line(f"learning one digit, {name}", "ms", digit[name], limit) for name, _, limit in ways),
        *(
            Line(f"to {count} of 1,000, mean of {SEEDS} seeds", "s", list(runs), limit, mean)
            for (count, limit), runs in zip(counts.items(), zip(*learned, strict=True), strict=True)
        ),
    ]


def as_record(line: Line) -> dict:
    """A line as JSON has it."""
    return {**line._asdict(), "middle": line.middle.__name__, "value": line.value}


def in_browser(measure: Callable[[Page], object]) -> object:
    """Measure in a browser that has just been started."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        try:
            return measure(browser.new_page())
        finally:
            browser.close()


def time_until_ready(tab: Page) -> float:
    """From the start of the navigation until the network is in the page, in milliseconds."""
    tab.goto(PAGE.as_uri(), wait_until="commit")
    tab.wait_for_function(READY)
    return tab.evaluate(READY)


def first_pass(tab: Page) -> float:
    """The first forward pass of a page without a placeholder: nothing has been compiled yet."""
    for script in FILES[:2]:
        tab.add_script_tag(path=script)
    return tab.evaluate(f"() => {{ {PREPARE} return timed(); }}")


def warm_pass(tab: Page) -> float:
    """The median of a hundred forward passes in the page of the book."""
    tab.goto(PAGE.as_uri())
    tab.wait_for_function(READY)
    loop = f"Array.from({{ length: {2 * PASSES} }}, timed)"
    return median(tab.evaluate(f"() => {{ {PREPARE} return {loop}; }}")[PASSES:])


def numpy_pass() -> float:
    """The median of a hundred forward passes of `mnist_lib.reference`, in milliseconds."""
    weights, image = load_weights(), decode_pixels(golden_digits()[7]["pixels"])[np.newaxis]
    times = []
    for _ in range(2 * PASSES):
        start = time.perf_counter()
        forward(image, weights)
        times.append(1000 * (time.perf_counter() - start))
    return median(times[PASSES:])


def gzipped(files: list[Path]) -> float:
    """Their size in megabytes, as a server would send them."""
    return sum(len(gzip.compress(file.read_bytes())) for file in files) / 1e6


def machine() -> dict:
    """What the numbers depend on."""
    info = Path("/proc/cpuinfo")
    words = set(info.read_text(encoding="utf-8").split()) if info.exists() else set()
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "threads": os.cpu_count(),
        "flags": " ".join(flag for flag in ("avx2", "avx512f") if flag in words) or "not known",
        "TF_ENABLE_ONEDNN_OPTS": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "not set"),
        "browser": in_browser(lambda tab: tab.context.browser.version),
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }


def table(lines: list[Line]) -> str:
    """One row per line: median or mean, the range of all runs, the target and whether it is met."""
    rows = [f"{'':34}{'value':>9}    {'from':>8} {'to':>8}    target"]
    for line in lines:
        met = "" if line.target is None else "met" if line.value <= line.target else "MISSED"
        target = "" if line.target is None else f"≤ {line.target:g} {line.unit}, {met}"
        low, high = min(line.runs), max(line.runs)
        rows.append(
            f"{line.what:34}{line.value:9.3f} {line.unit:2} {low:8.3f} {high:8.3f}    {target}"
        )
    return "\n".join(rows)


def write(content: dict) -> None:
    """Record every run."""
    target = ROOT / "_build" / "bench.json"
    write_text(target, json.dumps(content, indent=2) + "\n")
    print(f"\nall runs: {target.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
