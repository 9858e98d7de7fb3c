"""The rules that all chapters share: their state, their shape, plain Markdown, exercises."""

import itertools
import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

from mnist_lib.explorer import VIEWS

ROOT = Path(__file__).parent.parent
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
CHECKED = "nbval-check-output"
# A self-check: of an answer with its expected value, or of an exercise by name.
CHECK = re.compile(r'check\((?:"\w+/\d", )?answer')
TAGS = {
    CHECKED,
    "hide-cell",
    "hide-output",
    "raises-exception",
    "remove-stderr",
    "setup",
    "solution",
}
# Where the live network is in a chapter, and which layers it opens there.
OPENED = {
    **{name: name for name in ("convolution", "flatten", "softmax", "relu", "backward")},
    "training": "training",
    "saving": "backward",
    **dict.fromkeys(("architecture", "your_digit", "inside"), "all"),
}
# Its placeholder: plain Jupyter shows the sentence inside, as Markdown only between blank lines.
BOXES = (
    rf'explorer" data-layer="(?:{"|".join(VIEWS)})|stepper" data-example="(?:convolution|backward)'
)
PLACEHOLDER = rf'^<div class="(?:{BOXES})">(.*?)</div>$'


@pytest.fixture(params=CHAPTERS, ids=lambda path: path.stem)
def chapter(request):
    return json.loads(request.param.read_text(encoding="utf-8")) | {"path": request.param}


def source(cell):
    return "".join(cell["source"])


def tags(cell):
    return set(cell["metadata"].get("tags", []))


def code(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def markdown(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "markdown"]


def lessons(notebook):
    """Code cells that teach: neither the setup cell nor a folded solution."""
    return [cell for cell in code(notebook) if not tags(cell) & {"setup", "solution"}]


def prose(notebook):
    """All Markdown, without inline code, code blocks and mathematics."""
    text = "\n\n".join(source(cell) for cell in markdown(notebook))
    return re.sub(r"```.*?```|\$\$.*?\$\$|`[^`\n]+`|\$[^$\n]+\$", "", text, flags=re.S)


def test_the_table_of_contents_lists_exactly_the_chapters():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    listed = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    assert [f for f in listed if f.startswith("chapters/")] == [
        f"chapters/{name}"
        for name in (
            *("architecture", "convolution", "flatten", "softmax"),
            *("relu", "backward", "training", "saving", "your_digit", "inside"),
        )
    ]
    assert sorted(f"chapters/{path.stem}" for path in CHAPTERS) == sorted(
        f for f in listed if f.startswith("chapters/")
    )


def test_only_checked_cells_keep_their_output(chapter):
    for cell in code(chapter):
        if CHECKED in tags(cell):
            assert cell["outputs"], source(cell)
            assert cell["execution_count"], source(cell)
        else:
            assert not cell["outputs"], source(cell)
            assert cell["execution_count"] is None, source(cell)


def test_checked_outputs_are_plain_text(chapter):
    """nbval compares text; images and HTML differ between machines."""
    for cell in code(chapter):
        for output in cell["outputs"]:
            assert output["output_type"] in ("stream", "execute_result", "display_data")
            assert output.get("name") != "stderr", source(cell)
            assert set(output.get("data", {"text/plain": 0})) == {"text/plain"}, source(cell)


def test_enough_is_checked(chapter):
    assert sum(CHECKED in tags(cell) for cell in code(chapter)) >= 5


def test_the_notebook_is_written_in_its_one_form(chapter):
    notebook = nbformat.read(chapter["path"], as_version=4)
    assert chapter["path"].read_text(encoding="utf-8") == nbformat.writes(notebook) + "\n"
    assert chapter["metadata"]["kernelspec"]["name"] == "python3"
    assert all("execution" not in cell["metadata"] for cell in chapter["cells"])


def test_only_known_tags(chapter):
    assert set().union(*map(tags, chapter["cells"])) <= TAGS


def test_it_opens_with_question_links_and_outcomes(chapter):
    first, second = (source(cell) for cell in chapter["cells"][:2])
    title, question, links = [line for line in first.splitlines() if line]
    assert title.startswith("# ")
    assert re.fullmatch(r"\*.+\?\*", question)
    assert links.startswith("[Open in Colab](https://colab.research.google.com/github/")
    assert f"chapters/{chapter['path'].name})" in links
    assert "In the note: " in links
    assert "](../appendix/note.md)" in links
    assert second.startswith("## In this chapter")
    assert len(re.findall(r"^- ", second, re.M)) == 3
    assert re.search(r"About (\d+|[a-z-]+) minutes", second)


def test_the_setup_cell_is_the_same_everywhere(chapter):
    others = [json.loads(path.read_text(encoding="utf-8")) for path in CHAPTERS]
    first = {source(code(notebook)[0]) for notebook in others}
    assert len(first) == 1
    assert "setup" in tags(code(chapter)[0])


def test_the_noise_of_importing_tensorflow_is_hidden_and_nothing_else(chapter):
    heavy = r"^(?:import|from) (?:keras|tensorflow|mnist_lib\.(?:model|training|saving))"
    cells = [cell for cell in code(chapter) if re.search(heavy, source(cell), re.M)]
    assert "remove-stderr" in tags(cells[0])
    silenced = [cell for cell in code(chapter) if "remove-stderr" in tags(cell)]
    assert all(re.match(r"(?:import|from) ", line) for c in silenced for line in statements(c))


def statements(cell):
    """The first lines of a cell's statements: neither empty, nor a comment, nor indented."""
    lines = source(cell).splitlines()
    return [line for line in lines if line and line[0] not in " #)"]


def test_code_cells_are_short(chapter):
    for cell in lessons(chapter):
        lines = source(cell).splitlines()
        assert len(lines) <= 10, source(cell)
        assert all(len(line) <= 100 for line in lines), source(cell)


def test_prose_stands_between_code_cells(chapter):
    kinds = ["c" if cell["cell_type"] == "code" else "m" for cell in chapter["cells"]]
    # Solutions are folded away, and the setup cell is hidden: neither counts.
    shown = [
        kind
        for kind, cell in zip(kinds, chapter["cells"], strict=True)
        if not tags(cell) & {"solution", "setup"}
    ]
    assert "ccc" not in "".join(shown)


def test_no_magic_and_no_shell(chapter):
    for cell in code(chapter):
        assert not re.search(r"^\s*[%!]", source(cell), re.M), source(cell)


def test_markdown_is_plain(chapter):
    text = "\n\n".join(source(cell) for cell in markdown(chapter))
    for pattern, what in {
        r"\{[a-z:_-]+\}`": "a role",
        r"^(?:```|:::+)\s*\{": "a directive",
        r"^:::": "a colon fence",
        r"^\([\w-]+\)=$": "a label",
        r"^%": "a comment",
        r"<img": "a raw picture",
        r"(?<!\$)\$\$(?!\n|$)": "display mathematics beside text",
    }.items():
        assert not re.search(pattern, text, re.M), what


def test_the_live_network_opens_at_the_layers_of_its_chapter(chapter):
    text = "\n\n".join(source(cell) for cell in markdown(chapter))
    wanted = [OPENED[chapter["path"].stem]] if chapter["path"].stem in OPENED else []
    assert re.findall(r'data-layer="(\w*)"', text) == wanted


def test_a_placeholder_is_the_only_raw_box_and_has_a_sentence_for_plain_jupyter(chapter):
    for cell in markdown(chapter):
        inside = re.findall(PLACEHOLDER, source(cell), re.M | re.S)
        assert len(inside) == source(cell).count("<div"), source(cell)
        for text in inside:
            assert re.fullmatch(r"\n\n[^<]+\.\n\n|[^<\n`\[*]+\.", text), text


def test_folded_answers_have_their_blank_lines(chapter):
    for cell in markdown(chapter):
        text = source(cell)
        assert text.count("<details>") == text.count("</details>")
        for block in re.findall(r"<details>.*?</details>", text, re.S):
            assert re.search(r"</summary>\n\n", block), block
            assert block.endswith("\n\n</details>"), block


def test_headings_descend_one_step_at_a_time(chapter):
    text = re.sub(r"```.*?```", "", "\n\n".join(source(c) for c in markdown(chapter)), flags=re.S)
    levels = [len(marks) for marks in re.findall(r"^(#+) ", text, re.M)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels))


def test_it_closes_as_all_chapters_do(chapter):
    text = "\n\n".join(source(cell) for cell in markdown(chapter))
    order = [text.index(f"\n## {h}") for h in ("In the note", "Exercises", "What to remember")]
    assert order == sorted(order)
    last = source(chapter["cells"][-1])
    assert last.startswith("## What to remember")
    assert len(re.findall(r"^- ", last, re.M)) == 3
    assert last.splitlines()[-1].startswith("*Next:* [")


def test_every_exercise_has_a_folded_solution_and_most_a_self_check(chapter):
    titles, exercises = [], []
    for cell in chapter["cells"][:-1]:  # the last one is What to remember
        heading = re.search(r"^### Exercise (\d): [A-Z0-9]", source(cell), re.M)
        if heading and cell["cell_type"] == "markdown":
            titles.append(int(heading[1]))
            exercises.append([])
        elif exercises:
            exercises[-1].append(cell)
    assert 2 <= len(exercises) <= 5
    assert titles == list(range(1, len(exercises) + 1))
    for title, exercise in zip(titles, exercises, strict=True):
        assert any("solution" in tags(cell) for cell in exercise), title
    checks = [any(CHECK.search(source(c)) for c in exercise) for exercise in exercises]
    assert sum(checks) * 2 >= len(checks)


def test_code_solutions_are_folded_here_and_in_colab(chapter):
    for cell in code(chapter):
        if "solution" in tags(cell):
            assert "hide-cell" in tags(cell)
            assert cell["metadata"]["cellView"] == "form"
            assert re.match(r"# @title Solution \d", source(cell)), source(cell)


def test_every_figure_says_what_is_to_be_seen(chapter):
    for cell in lessons(chapter):
        draws = re.findall(r"^\s*(?:ax = )?show_\w+\(", source(cell), re.M)
        if draws:
            alt = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
            assert len(alt) > 40, source(cell)
            assert len(draws) == 1, "one figure a cell"


def test_a_deliberate_error_teaches_at_least_once_in_the_book():
    wanted = {"architecture", "flatten", "training"}
    having = {
        path.stem
        for path in CHAPTERS
        if any(
            "raises-exception" in tags(cell)
            for cell in code(json.loads(path.read_text(encoding="utf-8")))
        )
    }
    assert wanted <= having


def test_prose_keeps_its_voice(chapter):
    text = prose(chapter)
    assert "!" not in text, "an exclamation mark"
    for word in ("basically", "obviously", "simply put", "powerful", "leverage", "delve"):
        assert word not in text.lower(), word


@pytest.mark.slow
def test_students_get_every_question_and_no_solution(tmp_path):
    tool = [sys.executable, "-m", "tools.notebooks", "--student", str(tmp_path)]
    subprocess.run(tool, check=True, capture_output=True, cwd=ROOT)
    for path in CHAPTERS:
        before = json.loads(path.read_text(encoding="utf-8"))["cells"]
        after = json.loads((tmp_path / path.name).read_text(encoding="utf-8"))["cells"]
        solutions = [cell for cell in before if "solution" in tags(cell)]
        assert len(after) == len(before) - len(solutions)
        text = "\n".join(source(cell) for cell in after)
        assert "@title Solution" not in text
        assert len(CHECK.findall(text)) == sum(bool(CHECK.search(source(c))) for c in before)
        assert text.count("### Exercise ") == sum(source(c).count("### Exercise ") for c in before)
