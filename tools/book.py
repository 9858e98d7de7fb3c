"""Execute the chapters, two at a time where there are two cores, and build the book: `make book`.

jupyter-book alone executes one chapter after the other. It finds a chapter that is in its cache
already, and executes one that failed here again, to report it.
"""

import argparse
import logging
import os
import subprocess
import sys
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor

from mnist_lib.explorer import IN_BOOK
from tools.shared import ROOT

CHAPTERS = ROOT / "chapters"
BUILD = [str(Path(sys.executable).with_name("jupyter-book")), "build", "-W", "-n", "--keep-going"]


def main() -> int:
    """Execute and build; return what jupyter-book returns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT, help="where _build shall stand")
    output = parser.parse_args().output
    execute(output / "_build" / ".jupyter_cache")
    return subprocess.run([*BUILD, "--path-output", output, ROOT], check=False).returncode


def execute(cache_path: Path) -> None:
    """Execute the chapters whose cells are not in the cache."""
    os.environ[IN_BOOK] = "1"
    os.environ["IPYTHONDIR"] = str(configure_kernels(cache_path.parent / ".ipython"))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    cache = get_cache(cache_path)
    for chapter in sorted(CHAPTERS.glob("*.ipynb")):
        cache.add_nb_to_project(str(chapter))
    executor = load_executor("local-parallel", cache, logging.getLogger("book"))
    executor.run_and_cache(timeout=900)


def configure_kernels(folder: Path) -> Path:
    """Write settings for the kernels: figures as SVG, sharp at any size, and no history."""
    file = folder / "profile_default" / "ipython_kernel_config.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        'c.InlineBackend.figure_formats = {"svg"}\nc.HistoryManager.enabled = False\n',
        encoding="utf-8",
    )
    return folder


if __name__ == "__main__":
    sys.exit(main())
