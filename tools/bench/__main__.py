"""Measure what was promised about speed and size: `make bench`, after `make book`.

Each run is a fresh browser process; what is compared is measured alternately, and the table gives
medians, or means over seeds. Nothing here is asserted: a slow machine is not a bug. The numbers of
every run, and what they depend on, go to `_build/bench.json`.
"""

import json
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from tools.bench.lines import LANDING, Line, in_browser
from tools.bench.loading import loading_lines
from tools.bench.network import FILES, explorer_lines, learning_lines
from tools.shared import ROOT, write_text

PACKAGES = ("numpy", "keras", "tensorflow", "playwright")


def main() -> None:
    """Measure, print the table, write the numbers."""
    if missing := [str(file) for file in [LANDING, *FILES] if not file.exists()]:
        sys.exit(f"not built yet: {', '.join(missing)}. First: make book")
    lines = [*loading_lines(), *explorer_lines(), *in_browser(learning_lines)]
    facts = machine()
    print(table(lines), ", ".join(f"{name} {fact}" for name, fact in facts.items()), sep="\n\n")
    write({"machine": facts, "lines": [as_record(line) for line in lines]})


def as_record(line: Line) -> dict:
    """A line as JSON has it."""
    return {**line._asdict(), "middle": line.middle.__name__, "value": line.value}


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
    rows = [f"{'':44}{'value':>9}    {'from':>8} {'to':>8}    target"]
    for line in lines:
        met = "" if line.target is None else "met" if line.value <= line.target else "MISSED"
        target = "" if line.target is None else f"≤ {line.target:g} {line.unit}, {met}"
        low, high = min(line.runs), max(line.runs)
        rows.append(
            f"{line.what:44}{line.value:9.3f} {line.unit:2} {low:8.3f} {high:8.3f}    {target}"
        )
    return "\n".join(rows)


def write(content: dict) -> None:
    """Record every run."""
    target = ROOT / "_build" / "bench.json"
    write_text(target, json.dumps(content, indent=2) + "\n")
    print(f"\nall runs: {target.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
