"""The pages for instructors: true minutes, links to what exists, solutions that are computed."""

import json
import re
from math import comb
from pathlib import Path

import nbformat
import numpy as np
import pytest
from test_note import anchors

from _ext.book import chapters, read_chapter, timetable
from mnist_lib.architecture import LAYERS, WEIGHTED
from mnist_lib.reference import (
    conv2d,
    cross_entropy,
    cross_entropy_gradient,
    dense,
    dense_gradients,
    flatten,
    max_pool2d,
    max_pool2d_gradient,
    relu,
    relu_gradient,
    softmax,
)
from tools.notebooks import without_solutions

ROOT = Path(__file__).parent.parent
FILES = chapters(ROOT)
APPENDIX = ROOT / "appendix"
PAGE, QUESTIONS, SOLUTIONS = (
    (APPENDIX / f"{name}.md").read_text(encoding="utf-8")
    for name in ("instructors", "test_questions", "test_solutions")
)
TITLES = [read_chapter(file).title for file in FILES]


# The minutes


def cells(file):
    return json.loads(file.read_text(encoding="utf-8"))["cells"]


def test_the_timetable_has_a_meeting_for_each_chapter_with_its_minutes():
    meetings = re.search(r"```\{timetable\}\n(.*?)```", PAGE, re.S)[1].splitlines()
    rows = timetable({file.stem: file for file in FILES}, meetings)
    assert len(meetings) == len(FILES)
    for number, (row, file) in enumerate(zip(rows[2:-2], FILES, strict=True), 1):
        title, reading, exercises = read_chapter(file)
        total = sum(exercise.minutes for exercise in exercises)
        assert row.startswith(f"| {number} | [{title}](../chapters/{file.name}) | {reading} min | ")
        assert (f"| {total} min |" in row) == (total > 0)
    sums = [int(number) for number in re.findall(r"\d+", rows[-1])]
    read = [read_chapter(file) for file in FILES]
    assert sums == [sum(c.reading for c in read), sum(c.minutes for c in read)]


def test_a_meeting_that_names_an_exercise_names_it_as_its_chapter_does():
    meetings = re.search(r"```\{timetable\}\n(.*?)```", PAGE, re.S)[1]
    named = re.findall(r"^(\w+) \|.*\| exercise (\d): (.+)$", meetings, re.M)
    assert len(named) >= 5
    for stem, number, title in named:
        headings = [
            e.title.lower() for e in read_chapter(ROOT / f"chapters/{stem}.ipynb").exercises
        ]
        assert f"exercise {number}: {title}".lower() in headings


# What students believe


def beliefs():
    """Each belief: its text, the chapter that it links to, and the anchor there."""
    section = re.search(r"^## What students believe\n(.*?)^## ", PAGE, re.S | re.M)[1]
    items = re.findall(r"^\d+\. (.*?)(?=^\d+\. |^\*\*|\Z)", section, re.S | re.M)
    return [
        (item, *re.search(r"\(\.\./chapters/(\w+)\.ipynb#([\w-]+)\)", item).groups())
        for item in items
    ]


def test_there_are_fifteen_to_twenty_five_beliefs_each_with_its_cell():
    assert 15 <= len(beliefs()) <= 25
    for text, *_ in beliefs():
        assert re.match(r'\*"[^"]+"\* ', text)
        assert text.count("](") == 1


@pytest.mark.parametrize(("text", "stem", "anchor"), beliefs())
def test_the_section_that_refutes_a_belief_holds_a_cell_and_the_numbers(text, stem, anchor):
    """Between the heading that it links to and the next one; outputs included."""
    inside, found, code = False, "", 0
    for cell in cells(ROOT / "chapters" / f"{stem}.ipynb"):
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            code += inside
            outputs = [
                o.get("text", o.get("data", {}).get("text/plain", "")) for o in cell["outputs"]
            ]
            found += source + "".join(map("".join, outputs)) if inside else ""
            continue
        for part in re.split(r"^(?=#+ )", source, flags=re.M):
            if part.startswith("#"):
                inside = slug(part.splitlines()[0].lstrip("# ")) == anchor
            found += part if inside else ""
    assert code
    said = re.sub(r"\[.*", "", text.split('"*')[1], flags=re.S)
    assert numbers(said) <= numbers(found)


def numbers(text):
    """All numbers in a text, as they would be written without commas; names like C3 are none."""
    found = re.findall(r"(?<![\w.])\d[\d,_]*(?:\.\d+)?", text)
    return {re.sub("[,_]", "", number) for number in found}


def slug(heading):
    from mdit_py_plugins.anchors.index import slugify

    return slugify(re.sub(r"[`*$\\]", "", heading))


# Links


@pytest.mark.parametrize("text", [PAGE, QUESTIONS, SOLUTIONS], ids=["page", "test", "solutions"])
def test_every_link_leads_to_a_heading_that_exists(text):
    for target, anchor in re.findall(r"\]\((?!https)([\w./]+)(?:#([\w-]+))?\)", text):
        path = (APPENDIX / target).resolve()
        assert path.is_file(), target
        assert not anchor or anchor in anchors(path), f"{target}#{anchor}"


def test_the_page_for_readers_leads_instructors_to_theirs():
    text = (APPENDIX / "how_to_use.md").read_text(encoding="utf-8")
    assert "](instructors.md)" in re.search(r"^## If you teach\n(.*?)^## ", text, re.S | re.M)[1]


# The test of 20 questions


def questions():
    """Of each question: its number, level and minutes, and whether it needs a computer."""
    pattern = r"^\*\*Question (\d+)\*\* \((\w+), (\d+) minutes(, with a computer)?\)\. "
    return re.findall(pattern, QUESTIONS, re.M)


def solution(number):
    return re.search(
        rf"^\*\*Solution {number}\.\*\* (.*?)(?=^\*\*|^## |\Z)", SOLUTIONS, re.S | re.M
    )[1]


def test_twenty_questions_of_all_levels_and_chapters_fill_ninety_minutes():
    assert [int(number) for number, *_ in questions()] == list(range(1, 21))
    assert {level for _, level, *_ in questions()} == {"easy", "medium", "hard"}
    assert sum(int(minutes) for _, _, minutes, _ in questions()) == 90
    assert sum(bool(computer) for *_, computer in questions()) == 3
    for text in (QUESTIONS, SOLUTIONS):
        assert re.findall(r"^## (.+)$", text, re.M) == TITLES[: TITLES.index("Your digit") + 1]


def test_every_question_has_its_solution_in_the_same_chapter():
    def places(text, word):
        parts = re.split(r"^## ", text, flags=re.M)[1:]
        return [re.findall(rf"\*\*{word} (\d+)", part) for part in parts]

    assert places(QUESTIONS, "Question") == places(SOLUTIONS, "Solution")


def fields(*layers):
    """How many pixels one number in the middle depends on, after each layer."""
    maps, widths = np.eye(24 * 24).reshape(-1, 24, 24, 1), []
    for layer in layers:
        maps = layer(maps)
        middle = maps.shape[1] // 2
        widths.append(int((maps[:, middle, middle, 0].reshape(24, 24) != 0).any(axis=0).sum()))
    return widths


def ones(images):
    return conv2d(images, np.ones((3, 3, 1, 1)), np.zeros(1))


def first():
    maps = relu(conv2d(np.zeros((1, 20, 20, 1)), np.zeros((3, 3, 1, 8)), np.zeros(8)))
    row = flatten(max_pool2d(maps))
    parts = np.zeros((3, 3, 1, 8)).size + 8, np.zeros((row.shape[1], 5)).size + 5
    shapes = str(maps.shape[1:]), str(max_pool2d(maps).shape[1:])
    return *shapes, row.shape[1], *parts, sum(parts)


def second():
    shapes = {layer.name: layer.kernel_shape for layer in WEIGHTED}
    (reads, width), (_, classes) = shapes["dense_1"], shapes["dense_2"]
    more = [(reads + 1) * width, width * classes]
    work = sum(int(np.prod(shape)) * positions(name) for name, shape in shapes.items())
    products = reads * width + width * classes
    return *more, sum(more), products, f"{100 * products / work:.1f} %", work


def positions(name):
    shape = next(layer.output_shape for layer in LAYERS if layer.name == name)
    return int(np.prod(shape[:-1]))


def third():
    side = next(layer.output_shape for layer in LAYERS if layer.name == "conv2d_2")[0] - 2
    row, normal = side * side * 64, 576
    rest = sum(int(np.prod(layer.kernel_shape)) + layer.kernel_shape[-1] for layer in WEIGHTED)
    changed = (row + 1) * 64
    return row, row + 1, changed, (normal + 1) * 64, rest + changed - (normal + 1) * 64, rest


def fourth():
    picture = np.array([[1, 0, 2, 1], [0, 3, 1, 0], [2, 1, 0, 1]]).reshape(1, 3, 4, 1)
    kernel = np.array([[1, -1], [-2, 1]]).reshape(2, 2, 1, 1)
    sums = conv2d(picture, kernel, np.ones(1))
    rows = [
        ", ".join(f"{value:.0f}" for value in row)
        for m in (sums, relu(sums))
        for row in m[0, :, :, 0]
    ]
    return tuple(row.replace("-", "−") for row in rows)


def fifth():
    padded = np.pad(np.zeros((1, 32, 32, 3)), ((0, 0), (2, 2), (2, 2), (0, 0)))
    kernels = np.zeros((5, 5, 3, 16))
    return conv2d(padded, kernels, np.zeros(16))[:, ::2, ::2].shape[1:], kernels.size + 16


def seventh():
    index = np.arange(4 * 5 * 8).reshape(4, 5, 8)
    row, column, channel = (int(place[0]) for place in np.nonzero(index == 100))
    assert np.array_equal(flatten(index[np.newaxis])[0], np.arange(160))
    return index[2, 3, 6], f"row {row}, column {column},\nchannel {channel}"


def eighth():
    maps = np.zeros((1, 36, 60, 1))
    for _ in range(2):
        maps = max_pool2d(conv2d(maps, np.zeros((3, 3, 1, 1)), np.zeros(1)))
    down, across = ones(ones(maps)).shape[1:3]
    return f"= {down} windows", f"= {across}:", down * across


def ninth():
    logits, label = np.log([[6, 3, 1]]), np.array([2])
    p = softmax(logits)
    slopes = ", ".join(f"{value:.1f}" for value in cross_entropy_gradient(p, label)[0])
    loss = cross_entropy(logits, label)
    return *(f"{value:.1f}" for value in p[0]), f"{loss:.3f}", f"({slopes.replace('-', '−')})"


def tenth():
    with np.errstate(over="ignore"):
        finite = [z for z in range(200) if np.isfinite(np.exp(np.float32(z)))]
    p = softmax(np.array([[1000, 1000 - np.log(3)]], np.float32))[0]
    return max(finite), *(f"{value:.2f}" for value in p)


def eleventh():
    before, after = np.array([0.6, 0.6]), np.array([0.99, 0.45])
    means = [
        cross_entropy(np.log([[p, 1 - p] for p in each]), np.zeros(2, int))
        for each in (before, after)
    ]
    assert means[1] < means[0]
    assert [int((each > 0.5).sum()) for each in (before, after)] == [2, 1]
    return tuple(f"{mean:.3f}" for mean in means)


def twelfth():
    values = relu(np.array([-1, 0.5, 3])) - relu(np.array([-1, 0.5, 3]) - 1)
    return ("{:.0f}, {:.1f} and {:.0f}".format(*values),)


def thirteenth():
    (w, b), (v, c) = (np.array([[1, 2], [0, 1]]), np.array([1, -1])), (np.array([[2], [-1]]), 3)
    column = ", ".join(str(value) for value in (w @ v)[:, 0]).replace("-", "−")
    sums = dense(np.array([[-2, 0]]), w, b)
    straight, bent = (dense(inner, v, np.array([c])).item() for inner in (sums, relu(sums)))
    assert straight == 6 - 0
    shown = " and ".join(str(value) for value in sums[0]).replace("-", "−")
    return f"({column})", f"= {(b @ v).item() + c}$", shown, f"{bent} in place of {straight}"


def fourteenth():
    row, error = np.array([[2.0, 0, 1]]), np.array([[0.5, -0.5]])
    matrix = np.array([[1.0, 0], [2, 1], [0, -2]])
    (of_matrix, of_bias), of_row = dense_gradients(row, matrix, error)
    rows = [f"({a:g}, {b:g})".replace("-", "−").replace("(0, −0)", "(0, 0)") for a, b in of_matrix]
    biases = "{:g} and {:g}".format(*of_bias).replace("-", "−")
    return *rows, biases, "{:g}, {:g} and {:g}".format(*of_row[0])


def fifteenth():
    found = []
    for block in ([[2.0, 5], [-1, 4]], [[-2.0, -5], [-1, -4]]):
        sums = np.array(block).reshape(1, 2, 2, 1)
        back = max_pool2d_gradient(relu(sums), np.full((1, 1, 1, 1), 3.0))
        found.append(relu_gradient(relu(sums), back)[0, :, :, 0])
    assert found[0].tolist() == [[0, 3], [0, 0]]
    assert not found[1].any()
    return "gets 3", "would be 0"


def sixteenth():
    from keras import Variable, optimizers

    found = []
    for gradient in (2.0, 200.0):
        weight, rule, places = Variable(np.zeros(1, "float32")), optimizers.RMSprop(0.001), [0.0]
        for _ in range(2):
            rule.apply([np.full(1, gradient, "float32")], [weight])
            places.append(-float(np.asarray(weight)[0]))
        found.append(tuple(f"{step:.5f}" for step in np.diff(places)))
    assert found[0] == found[1]
    return found[0]


def seventeenth():
    batches = [min(64, 12_000 - start) for start in range(0, 12_000, 64)]
    return len(batches), 5 * len(batches), batches[-1]


def eighteenth():
    numbers = first()[-1]
    number = np.frombuffer(bytes.fromhex("0000a03f"), "<f4")[0]
    return 4 * numbers, 8 * numbers, f"{number:g}"


def nineteenth():
    from mnist_lib.training import Score

    chance = 1 - sum(comb(20, wrong) * 0.01**wrong * 0.99 ** (20 - wrong) for wrong in range(3))
    low, high = Score(17, 20).interval()
    return f"{chance:.3f}", f"{low:.2f}", f"{high:.2f}"


COMPUTED = {
    1: first,
    2: second,
    3: third,
    4: fourth,
    5: fifth,
    6: lambda: ("{}, {}, {} and {}".format(*fields(ones, ones, max_pool2d, ones)),),
    7: seventh,
    8: eighth,
    9: ninth,
    10: tenth,
    11: eleventh,
    12: twelfth,
    13: thirteenth,
    14: fourteenth,
    15: fifteenth,
    16: sixteenth,
    17: seventeenth,
    18: eighteenth,
    19: nineteenth,
}
WITHOUT_NUMBERS = {20}


def test_every_solution_with_a_number_is_computed():
    assert {*COMPUTED} | WITHOUT_NUMBERS == set(range(1, 21))
    assert not COMPUTED.keys() & WITHOUT_NUMBERS


@pytest.mark.parametrize("number", COMPUTED)
def test_a_solution_states_what_the_library_computes(number):
    text = solution(number)
    for value in COMPUTED[number]():
        wanted = f"{value:,}" if isinstance(value, int | np.integer) else str(value)
        assert re.search(rf"(?<![\d.,]){re.escape(wanted)}(?!\d|[.,]\d)", text), wanted


# The students' copies


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_copy_for_students_leads_to_the_test_or_holds_a_solution_of_it(file):
    copy = without_solutions(nbformat.read(file, as_version=4))
    text = "\n\n".join(cell.source for cell in copy.cells)
    for page in ("test_solutions", "test_questions", "instructors.md"):
        assert page not in text
    sentences = [
        sentence
        for number in range(1, 21)
        for sentence in re.split(r"(?<=[.:]) ", solution(number))
        if len(sentence) > 20
    ]
    assert len(sentences) > 40
    assert [sentence for sentence in sentences if sentence in text] == []
