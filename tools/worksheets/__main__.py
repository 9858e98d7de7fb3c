"""Write worksheets and their solutions as PDF files: `make worksheets SEED=7 CLASS=30`."""

import argparse
import os
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.backends.backend_pdf import PdfPages
from tqdm import tqdm

from tools.shared import ROOT
from tools.worksheets.pages import draw
from tools.worksheets.sheets import SHEETS, make_class


def main() -> None:
    """Two files for each chapter, one page for each student in both."""
    parser = argparse.ArgumentParser(prog="python -m tools.worksheets", description=__doc__)
    parser.add_argument("--seed", type=_whole(0), default=1, help="another seed, other numbers")
    parser.add_argument("--students", type=_whole(1), default=1, help="how many, default 1")
    parser.add_argument("--chapters", nargs="+", choices=SHEETS, default=list(SHEETS))
    parser.add_argument("--output", type=Path, default=ROOT / "_build" / "worksheets")
    options = parser.parse_args()
    mpl.use("agg")
    folder = options.output / f"seed-{options.seed}"
    folder.mkdir(parents=True, exist_ok=True)
    for name in tqdm(options.chapters, unit="chapter", disable=None):
        for solved in (False, True):
            file = folder / f"{name}{'-solutions' if solved else ''}.pdf"
            write(file, name, options.seed, options.students, solved=solved)
    print(f"{options.students} of each: {folder}")


def write(file: Path, name: str, seed: int, students: int, *, solved: bool) -> None:
    """Write one file: a page for each student."""
    beside = file.with_suffix(".new")
    with PdfPages(beside, metadata={"Title": f"{name}, seed {seed}", "CreationDate": None}) as pdf:
        for student, sheet in enumerate(make_class(name, seed, students), start=1):
            foot = f"MNIST to the last number · seed {seed} · student {student} of {students}"
            figure = draw(sheet, foot=foot, solved=solved)
            pdf.savefig(figure)
            plt.close(figure)
    os.replace(beside, file)


def _whole(least: int) -> type:
    def number(text: str) -> int:
        value = int(text) if text.strip().isdigit() else -1
        if not least <= value < 10**9:
            raise argparse.ArgumentTypeError(f"expected a whole number from {least}, got {text!r}")
        return value

    return number


if __name__ == "__main__":
    main()
