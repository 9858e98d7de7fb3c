"""Put every chapter into the state it is kept in: `make notebooks`.

Outputs are cleared, except in cells tagged `nbval-check-output`: those are executed anew, on the
embedded digits, and keep their output and execution count, because nbval compares nothing without
them. With `--student FOLDER` the chapters are copied instead, without their solutions.
"""

import argparse
import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from tqdm import tqdm

from tools.shared import ROOT, write_text

CHAPTERS = ROOT / "chapters"
CHECKED = "nbval-check-output"


def main() -> None:
    """Normalise all chapters, those named, or make the students' copies."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("chapters", nargs="*", type=Path, help="without a name: all of them")
    parser.add_argument("--student", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    paths = options.chapters or sorted(CHAPTERS.glob("*.ipynb"))
    os.environ |= {"MNIST_SOURCE": "embedded", "MNIST_PROGRESS": "0", "TF_CPP_MIN_LOG_LEVEL": "3"}
    for path in tqdm(paths, disable=None, unit="chapter"):
        notebook = nbformat.read(path, as_version=4)
        if options.student:
            write(without_solutions(notebook), options.student / path.name)
        else:
            write(normalised(notebook, path.parent), path)
    if options.student:
        print(f"{len(paths)} chapters without solutions: {options.student}")


def normalised(notebook: nbformat.NotebookNode, folder: Path) -> nbformat.NotebookNode:
    """Execute from a clean kernel; keep the outputs of checked cells and nothing else."""
    where = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=900, coalesce_streams=True, resources=where).execute()
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # when each cell started: differs from run to run
        if cell.cell_type == "code" and CHECKED not in tags(cell):
            cell.outputs, cell.execution_count = [], None
    return notebook


def without_solutions(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Drop what is tagged `solution`; keep the question and its self-check."""
    notebook.cells = [cell for cell in notebook.cells if "solution" not in tags(cell)]
    return notebook


def tags(cell: nbformat.NotebookNode) -> list[str]:
    """The tags of a cell, empty where it has none."""
    return cell.metadata.get("tags", [])


def write(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write in nbformat's own form, one line of a cell to a line of the file."""
    write_text(path, nbformat.writes(notebook) + "\n")


if __name__ == "__main__":
    main()
