"""The book's own Sphinx extension: what a page states about itself and about this build.

- the figures of the landing page, and the one that replaces the live network in print, are
  drawn by `mnist_lib.plots` while the book is built;
- `{build-status}` lists the versions and data that this build ran on;
- `{exercise-index}` lists every exercise of every chapter, with its kind, level and minutes;
- `{timetable}` lists a meeting for each chapter, with the minutes that the chapter states.
"""

import json
import os
import platform
import re
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import yaml
from docutils import nodes
from mdit_py_plugins.anchors.index import slugify
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from mnist_lib.data import load_followed_digit, load_mnist
from mnist_lib.pretrained import load_provenance, load_weights
from mnist_lib.reference import backward, forward

SHOWN_DIGIT = 7
"""The digit that is shown: the first seven of the embedded test split."""

PACKAGES = ("jupyter-book", "sphinx", "myst-nb", "keras", "tensorflow", "numpy", "matplotlib")


class BuildStatus(SphinxDirective):
    """A table of what this build was made with and from."""

    def run(self) -> list[nodes.Node]:
        """One row per fact."""
        score = load_provenance()["test"]
        rows = [
            ("Data of this build", load_mnist().source),
            ("Shipped weights", f"{score['correct']:,} of {score['total']:,} test digits right"),
            ("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
            *((name, version(name)) for name in PACKAGES),
        ]
        text = "\n".join(
            ["| what | which |", "| --- | --- |", *(f"| {a} | {b} |" for a, b in rows)]
        )
        return self.parse_text_to_nodes(text)


class ExerciseIndex(SphinxDirective):
    """Every exercise of every chapter, in the order of the book."""

    def run(self) -> list[nodes.Node]:
        """A table: each chapter with its minutes, and each exercise, linked to its place."""
        files = chapters(Path(self.env.srcdir))
        for file in files:
            self.env.note_dependency(str(file))
        return self.parse_text_to_nodes("\n".join(exercise_rows(files)))


class Timetable(SphinxDirective):
    """A meeting for each chapter: a line `chapter | together | afterwards` for each of them."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """A table, and below it the sums."""
        files = {file.stem: file for file in chapters(Path(self.env.srcdir))}
        for file in files.values():
            self.env.note_dependency(str(file))
        return self.parse_text_to_nodes("\n".join(timetable(files, list(self.content))))


class Exercise(NamedTuple):
    """What a chapter says of one exercise.

    title: its heading
    kind, level: in one word each, empty where nothing is stated
    minutes: 0 where nothing is stated
    """

    title: str
    kind: str
    level: str
    minutes: int


class Chapter(NamedTuple):
    """What a chapter says of itself.

    title: its heading
    reading: its minutes, without the exercises
    exercises: in order
    """

    title: str
    reading: int
    exercises: list[Exercise]

    @property
    def minutes(self) -> int:
        """Of all its exercises."""
        return sum(exercise.minutes for exercise in self.exercises)


def chapters(root: Path) -> list[Path]:
    """The notebooks of the book, in the order of _toc.yml."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    files = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    return [root / f"{file}.ipynb" for file in files if file.startswith("chapters/")]


def read_chapter(file: Path) -> Chapter:
    """What its Markdown cells state: the title, the minutes, and a line below each exercise."""
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    pattern = r"^### (Exercise .+)$(?:\n\n\*([\w ]+) · (\w+) · (\d+) minutes\*$)?"
    return Chapter(
        re.search(r"^# (.+)$", text, re.M)[1],
        int(re.search(r"^About (\d+) minutes", text, re.M)[1]),
        [Exercise(*found[:3], int(found[3] or 0)) for found in re.findall(pattern, text, re.M)],
    )


def exercise_rows(files: list[Path]) -> list[str]:
    """The index of exercises, as lines of Markdown."""
    lines = ["| exercise | kind | level | min |", "| --- | --- | --- | ---: |"]
    for file in files:
        title, _, exercises = chapter = read_chapter(file)
        total = f"**{chapter.minutes}**" if chapter.minutes else ""
        lines.append(f"| **[{title}](../chapters/{file.name})** | | | {total} |")
        for exercise in exercises:
            text = exercise.title.removeprefix("Exercise ")
            link = f"[{text}](../chapters/{file.name}#{slugify(exercise.title)})"
            stated = f"{exercise.kind} | {exercise.level} | {exercise.minutes or ''}"
            lines.append(f"| {link} | {stated} |")
    return lines


def timetable(files: dict[str, Path], meetings: list[str]) -> list[str]:
    """The timetable and its sums, as lines of Markdown; a blank where a chapter states nothing."""
    lines = [
        "| meeting | chapter | reading | exercises | together | afterwards |",
        "| ---: | --- | ---: | ---: | --- | --- |",
    ]
    read = []
    for number, meeting in enumerate(meetings, 1):
        name, together, afterwards = (part.strip() for part in meeting.split("|"))
        read.append(chapter := read_chapter(files[name]))
        link = f"[{chapter.title}](../chapters/{name}.ipynb)"
        minutes = f"{chapter.reading} min | {f'{chapter.minutes} min' if chapter.minutes else ''}"
        lines.append(f"| {number} | {link} | {minutes} | {together} | {afterwards} |")
    reading = sum(chapter.reading for chapter in read)
    exercises = sum(chapter.minutes for chapter in read)
    return [*lines, "", f"Together: {reading} minutes of reading, {exercises} of exercises."]


def draw_figures(app: Sphinx) -> None:
    """Draw the network to scale, and all its layers and errors for one digit each."""
    mpl.use("agg")
    from mnist_lib.plots import show_errors, show_journey, show_network  # after the backend

    folder = Path(app.srcdir) / "_static" / "generated"
    folder.mkdir(parents=True, exist_ok=True)
    image = load_mnist("embedded").test.images[[SHOWN_DIGIT]]
    outputs = {name: output[0] for name, output in forward(image, load_weights()).items()}
    show_journey(image[0], outputs).figure.savefig(folder / "journey.svg")
    layers = [("input", (28, 28, 1)), *((name, out.shape) for name, out in outputs.items())]
    show_network(layers).figure.savefig(folder / "network.svg")
    digit = load_followed_digit()
    errors = backward(digit.images, digit.labels, load_weights()).errors
    errors = {name: error[0] for name, error in errors.items()}
    show_errors(errors).figure.savefig(folder / "errors.svg")


def setup(app: Sphinx) -> dict:
    """Register with Sphinx; and keep TensorFlow quiet while it starts in the kernels."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    app.add_directive("build-status", BuildStatus)
    app.add_directive("exercise-index", ExerciseIndex)
    app.add_directive("timetable", Timetable)
    app.connect("builder-inited", draw_figures)
    app.add_css_file("book.css")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
