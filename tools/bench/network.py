"""The live network: when it is ready, how fast it computes, and how fast it learns."""

import gzip
import time
from pathlib import Path
from statistics import mean, median

import numpy as np
from playwright.sync_api import Page
from tqdm import tqdm

from mnist_lib.explorer.payload import decode_pixels, golden_digits
from mnist_lib.pretrained import load_weights
from mnist_lib.reference import forward
from tools.bench.lines import HTML, LANDING, READY, Line, in_browser

FILES = [HTML / "_static" / name for name in ("explorer-data.js", "explorer.js", "explorer.css")]
CHAPTER = HTML / "chapters" / "training.html"
RUNS = 7
SEEDS = 5
PASSES = 100

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
        Line("size of its files, gzipped", "MB", [gzipped(FILES)], 0.42),
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


def time_until_ready(tab: Page) -> float:
    """From the start of the navigation until the network is in the page, in milliseconds."""
    tab.goto(LANDING.as_uri(), wait_until="commit")
    tab.wait_for_function(READY)
    return tab.evaluate(READY)


def first_pass(tab: Page) -> float:
    """The first forward pass of a page without a placeholder: nothing has been compiled yet."""
    for script in FILES[:2]:
        tab.add_script_tag(path=script)
    return tab.evaluate(f"() => {{ {PREPARE} return timed(); }}")


def warm_pass(tab: Page) -> float:
    """The median of a hundred forward passes in the page of the book."""
    tab.goto(LANDING.as_uri())
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
