"""Run every check of the project: `make test`, or some parts by name; `make quick`: the fast ones.

Each part is a command of a well-known tool. The parts run one after the other, all of them even if
one fails; the end is one line for each: what ran, how many, how long, on which data.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from tools.shared import ROOT

BIN = Path(sys.executable).parent
SITE = ROOT / "_build" / "test"

NBVAL = [
    *(sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env"),
    *("--nbval-cell-timeout=900", "-p", "no:python", "-c", "tests/nbval.ini", "--rootdir=."),
]
LIVE = "tests/live"  # what needs a browser, and the built pages
SCRIPTS = ["mnist_lib/explorer", "_static"]  # JavaScript and style sheets
QUICK = ("format", "lint", "format-js", "lint-js", "types", "unit")
EMBEDDED = {"MNIST_SOURCE": "embedded", "MNIST_PROGRESS": "0"}


CLOSING_LINES = (
    r"Found \d+ warnings? and \d+ errors?",  # oxlint
    r"(?:\d+ (?:passed|failed|errors?|skipped)(?:, )?)+",  # pytest
    r"\d+ files? \S*\s*(?:already )?formatted|All checks passed",  # ruff
    r"Checked \d+ files",  # biome
    r"(?:no issues found in|Found \d+ errors? in) \d+ \w+ ?files?",  # mypy
)


class Part(NamedTuple):
    """One check: its name, its command, the data it runs on, and its environment."""

    name: str
    command: list[str]
    data: str = "no data"
    environment: dict[str, str] = {}  # noqa: RUF012 - a tuple's default, never changed


class Result(NamedTuple):
    """The outcome of a part."""

    part: Part
    good: bool
    count: str
    seconds: float


def main() -> int:
    """Run all parts, or those named; return 0 if every one passes."""
    parser = argparse.ArgumentParser(description=__doc__)
    every = parts()
    parser.add_argument("names", nargs="*", metavar="PART", help=", ".join(p.name for p in every))
    parser.add_argument("--quick", action="store_true", help=f"the same as {' '.join(QUICK)}")
    options = parser.parse_args()
    whole = [part.name for part in every if part.name != "unit"]  # pytest runs those tests too
    names = QUICK if options.quick else options.names or whole
    unknown = set(names) - {part.name for part in every}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return report([run(part) for part in every if part.name in names])


def parts() -> list[Part]:
    """Every check, in order."""
    full = full_data()
    pytest = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist"]
    seen = full or "embedded subset"
    source = EMBEDDED | {"MNIST_SOURCE": "full" if full else "embedded"}
    pages = {"BOOK_HTML": str(SITE / "_build" / "html")}
    book = [sys.executable, "-m", "tools.book", "--output", str(SITE)]
    return [
        Part("format", [str(BIN / "ruff"), "format", "--check", "."]),
        Part("lint", [str(BIN / "ruff"), "check", "."]),
        Part("format-js", [str(BIN / "biome"), "format", "--config-path=tools", *SCRIPTS]),
        Part("lint-js", [str(BIN / "oxlint"), "-c", "tools/oxlint.json", *SCRIPTS]),
        Part("types", [str(BIN / "mypy")]),
        Part("unit", [*pytest, "worksteal", f"--ignore={LIVE}", "-m", "not slow"], seen),
        Part("pytest", [*pytest, "loadfile", f"--ignore={LIVE}"], seen),
        Part("nbval", nbval(*longest_first()), seen, source),
        Part("build", book, "embedded subset", EMBEDDED),
        Part("site", [*pytest, "worksteal", LIVE], "embedded subset", pages),
    ]


def longest_first() -> list[str]:
    """The chapters; *Training* begins first, since no other takes as long."""
    chapters = [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("chapters/*.ipynb"))]
    return sorted(chapters, key=lambda path: Path(path).stem != "training")


def nbval(*paths: str) -> list[str]:
    """The command that runs notebooks, in this order, and compares their checked outputs."""
    return [*NBVAL, "-q", "-n", "2", "--dist", "loadscope", "--no-loadscope-reorder", *paths]


def full_data() -> str:
    """The source of the full MNIST on this machine, or nothing."""
    from mnist_lib.data import load_mnist

    mnist = load_mnist()
    return mnist.source if len(mnist.train) == 60_000 else ""


def run(part: Part) -> Result:
    """Run one part; stream its output, and count what it reports."""
    print(f"\n── {part.name}: {' '.join(map(str, part.command))}", flush=True)
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"} | part.environment
    if part.name == "build":  # a cache tracks its cells, not the library that they call
        shutil.rmtree(SITE, ignore_errors=True)
    start, lines = time.perf_counter(), []
    with subprocess.Popen(
        part.command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    good = process.returncode == 0
    return Result(part, good, count("".join(lines)), time.perf_counter() - start)


def count(output: str) -> str:
    """How many: the closing line of each tool, or the chapters that Sphinx executed."""
    for closing in CLOSING_LINES:
        if found := re.findall(closing, output):
            return found[-1]
    if found := re.findall(r"Execution Successful: ", output):
        return f"{len(found)} chapters executed"
    return "see above"


def report(results: list[Result]) -> int:
    """One line for each part, and a last one that counts the parts."""
    print("\n" + "─" * 78)
    for part, good, number, seconds in results:
        mark = "ok  " if good else "FAIL"
        print(f"{mark} {part.name:<11} {number:<28} {seconds:5.0f} s   {part.data}")
    bad = sum(not result.good for result in results)
    total = sum(result.seconds for result in results)
    print(f"     together {'':<31} {total:5.0f} s")
    print(f"{len(results) - bad} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
