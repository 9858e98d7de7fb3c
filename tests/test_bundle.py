"""The modules of the live network, joined: for a page, for a notebook, and for what comes later."""

import json
import re

import pytest

from mnist_lib.explorer import VIEWS
from mnist_lib.explorer.bundle import (
    LEARNING,
    MAIN,
    MODULES,
    STEPPERS,
    WORKER,
    join,
    learning_script,
    notebook_module,
    page_script,
    read_all,
    steppers_script,
)

SOURCES = {path: path.read_text(encoding="utf-8") for path in sorted(MODULES.rglob("*.mjs"))}


def code_of(text):
    """The lines of a module without imports, comments and the keyword export."""
    text = re.sub(r"^(?:import|export) \{[^{}]*\} from .*;\n", "", text, flags=re.M)
    text = re.sub(r"^export default .*;\n", "", text, flags=re.M)
    text = re.sub(r"^export ", "", text, flags=re.M)
    lines, inside = [], False
    for line in text.splitlines():
        inside = inside or line.lstrip().startswith("/**")
        if not inside and not line.lstrip().startswith("//"):
            lines.append(line)
        inside = inside and not line.endswith("*/")
    return "\n".join(lines).strip()


def check_order(script, paths):
    """Every module stands in the script once, and after what it imports."""
    places = {path: script.index(code_of(SOURCES[path])) for path in paths}
    for path in paths:
        assert script.count(code_of(SOURCES[path])) == 1, path.name
        for address in re.findall(r'from "(.*)";', SOURCES[path]):
            assert places.get((path.parent / address).resolve(), -1) < places[path], path.name


def test_every_module_stands_in_its_script_once_and_after_what_it_imports():
    entries = (MAIN, LEARNING, WORKER, STEPPERS)
    page, later, worker, steppers = (set(read_all(entry)) for entry in entries)
    assert page | later | worker | steppers == set(SOURCES), "a module that nothing imports"
    check_order(page_script(), page)
    check_order(join(LEARNING, loaded=MAIN).code, later - page)
    check_order(join(WORKER).code, worker)
    check_order(join(STEPPERS, loaded=MAIN).code, steppers - page)
    apart = {"learning", "steppers"}
    assert not {path for path in page if path.parent.name in apart}, "loaded by every page"


def test_the_part_that_learns_is_a_classic_script_with_kernel_and_worker():
    script = learning_script(b"kernel")
    code, _, offered = script.rpartition("globalThis.mnistExplorer.learning = {")
    assert not re.search(r"^(?:import|export)\b", code, re.M)
    names, kernel, worker = offered.strip().splitlines()[:3]
    assert "openLearning" in names.split(", ")
    assert kernel == 'kernel: "a2VybmVs",'
    source = json.loads(worker.removeprefix("worker: ").removesuffix(","))
    assert source == f'"use strict";\n{join(WORKER).code}\n'
    assert not re.search(r"\b(?:document|mnistExplorer)\b", source), "a worker has no page"


def test_the_steppers_are_a_classic_script_that_fills_its_placeholders():
    script = steppers_script()
    assert not re.search(r"^(?:import|export)\b", script, re.M)
    assert "globalThis.mnistExplorer.steppers = { " in script
    assert script.endswith("mountSteppers();\n})();\n")


def test_a_page_gets_a_classic_script_with_what_main_exports():
    script = page_script()
    assert not re.search(r"\b(import|export)\b", script)
    offered = re.search(r"mnistExplorer\.api = \{ (.*) \};", script)[1].split(", ")
    wanted = ("forward", "rasterise", "prepareDigit", "explain", "receptiveField", "softmaxSteps")
    assert {*wanted, "decodeWeights", "mount", "mountAll"} <= set(offered)
    assert script.endswith("mountAll(globalThis.mnistExplorer);\n})();\n")


def test_a_notebook_gets_one_module_with_a_default_export_and_no_import():
    module = notebook_module()
    assert re.findall(r"\b(?:import|export)\b.*", module) == ["export default { render };"]
    assert module.startswith(join(MAIN).code)


def test_page_and_source_know_the_same_views():
    source = (MODULES / "state.mjs").read_text(encoding="utf-8")
    block = re.search(r"^(?:export )?const VIEWS = \{\n(.*?)^\};", source, re.M | re.S)[1]
    assert tuple(re.findall(r"^  (\w+): \{", block, re.M)) == VIEWS


# Toy modules, one for each accepted form and each refusal.


@pytest.fixture
def folder(tmp_path):
    """Three modules: main imports from a and b, and b from a."""
    write(tmp_path, a="export const one = 1;", b='import { one } from "./a.mjs";\nconst two = one;')
    write(tmp_path, main='import { one } from "./a.mjs";\nexport function go() {\n  one;\n}')
    return tmp_path


def write(folder, **texts):
    for name, text in texts.items():
        (folder / f"{name}.mjs").write_text(f"{text}\n", encoding="utf-8")


def test_each_module_comes_after_what_it_imports_and_only_once(folder):
    write(folder, b='import { one } from "./a.mjs";\nexport const two = 2 * one;')
    write(
        folder, main='import { two } from "./b.mjs";\nimport {\n  one,\n} from "./a.mjs";\nuse();'
    )
    bundle = join(folder / "main.mjs")
    assert bundle.code == "const one = 1;\n\nconst two = 2 * one;\n\nuse();"
    assert bundle.names == []


def test_what_an_entry_passes_on_is_offered_too(folder):
    code = 'export { one } from "./a.mjs";\nexport async function go() {}\nexport function* on() {}'
    write(folder, main=code)
    assert join(folder / "main.mjs").names == ["go", "on", "one"]


def test_a_worker_is_an_entry_like_any_other(folder):
    write(folder, worker='import { one } from "./a.mjs";\nonmessage = () => postMessage(one);')
    code = join(folder / "worker.mjs").code
    assert code == "const one = 1;\n\nonmessage = () => postMessage(one);"


def test_a_part_loaded_on_demand_repeats_nothing_that_the_page_has(folder):
    write(folder, main='export { one } from "./a.mjs";')
    write(folder, part='import { one } from "./a.mjs";\nexport const more = one + 1;')
    part = join(folder / "part.mjs", loaded=folder / "main.mjs")
    assert part.code == ("const { one } = globalThis.mnistExplorer.api;\n\nconst more = one + 1;")
    assert part.names == ["more"]


def test_a_part_takes_only_what_the_page_offers(folder):
    write(folder, part='import { one } from "./a.mjs";\nexport const more = one + 1;')
    with pytest.raises(ValueError, match=r"expected main.mjs to export one"):
        join(folder / "part.mjs", loaded=folder / "main.mjs")


def test_a_cycle_is_named(folder):
    write(folder, a='import { two } from "./b.mjs";\nexport const one = 1;')
    write(folder, b='import { one } from "./a.mjs";\nexport const two = 2;')
    with pytest.raises(ValueError, match=r"without a cycle, got a.mjs → b.mjs → a.mjs"):
        join(folder / "main.mjs")


@pytest.mark.parametrize(
    "form",
    [
        "const one = 2;",
        "function one() {}",
        "export const one = 2;",
        "const [zero, one] = [0, 1];",
    ],
)
def test_a_name_that_two_modules_declare_is_refused(folder, form):
    write(folder, b=form, main='import { one } from "./a.mjs";\nimport {} from "./b.mjs";')
    with pytest.raises(ValueError, match=r"one is declared in a.mjs and in b.mjs"):
        join(folder / "main.mjs")


def test_a_name_that_is_not_offered_is_refused(folder):
    write(folder, main='import { two } from "./a.mjs";')
    with pytest.raises(ValueError, match=r"main.mjs takes two, which a.mjs does not export"):
        join(folder / "main.mjs")


@pytest.mark.parametrize(
    "line",
    [
        'import two from "./a.mjs";',
        'import * as a from "./a.mjs";',
        'import { one } from "somewhere";',
        'const a = await import("./a.mjs");',
        "const here = import.meta.url;",
        "export { a };",
        'export * from "./a.mjs";',
        "export class A {}",
        "export let a = 1;",
        "export const { a } = b;",
        "export default\n  render;",
        "const a = 1; export { a };",
    ],
)
def test_a_form_that_would_not_survive_is_refused_with_its_line(folder, line):
    write(folder, main=f"const b = 1;\n{line}")
    with pytest.raises(ValueError, match=r"expected .import .* got ") as caught:
        join(folder / "main.mjs")
    assert repr(line.splitlines()[0]) in str(caught.value)
