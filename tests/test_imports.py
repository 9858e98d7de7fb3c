"""Who imports whom, as CONTRIBUTING has it; the package's map; how long functions are."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import mnist_lib
from mnist_lib.explorer.bundle import MODULES, read

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "mnist_lib"

# The live network in a notebook needs these; the network does not.
OPTIONAL = {"anywidget", "traitlets"}
# Every module, or package of modules, that loads TensorFlow.
WITH_KERAS = {"model", "variants", "training", "saving"}


def law(heading):
    """A table of CONTRIBUTING: what each module may import; in brackets, inside functions only."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = re.search(rf"^### {heading}\n(.*?)(?=^#|\Z)", text, re.M | re.S)[1]
    rows = re.findall(r"^\| (`.+?) \| (.*?) \|", section, re.M)
    return {
        module: {name.replace("`", "") for name in re.findall(r"\(?`[^`]+`\)?", allowed)}
        for modules, allowed in rows
        for module in re.findall(r"`([^`]+)`", modules)
    }


PYTHON, JAVASCRIPT = law("Python"), law("JavaScript")
MAY_IMPORT = {name: {other.strip("()") for other in row} for name, row in PYTHON.items()}
ONLY_INSIDE_FUNCTIONS = {
    (name, other.strip("()")) for name, row in PYTHON.items() for other in row if other[0] == "("
}


def modules():
    """Every module of the package, by its name in the table."""
    names = {path: path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.rglob("*.py")}
    return {
        ".".join(["mnist_lib", *name.parts]).removesuffix(".__init__"): path
        for path, name in names.items()
    }


def imports(path, inside_functions=True):
    """What a file imports: top-level names, and whole names for our own modules."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    guarded = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.dump(block.test)
        for node in ast.walk(block)
    }
    nodes = ast.walk(tree) if inside_functions else tree.body
    names = set()
    for node in nodes:
        if id(node) in guarded:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names.add(node.module)
    names = {n if n.startswith("mnist_lib") else n.split(".")[0] for n in names}
    return names - set(sys.stdlib_module_names)


def test_every_module_is_in_the_import_table():
    assert set(modules()) == set(MAY_IMPORT), "the table Python of CONTRIBUTING has one row each"


@pytest.mark.parametrize("name", MAY_IMPORT)
def test_a_module_imports_only_what_its_row_allows(name):
    assert imports(modules()[name]) <= MAY_IMPORT[name]


def test_the_package_imports_nothing_of_the_book_around_it():
    ours = {name for row in MAY_IMPORT.values() for name in row if name.startswith("mnist_lib")}
    assert ours <= set(MAY_IMPORT)
    assert not {"_ext", "tools", "tests"} & set.union(*map(imports, modules().values()))


def scripts():
    """Every module of the live network, by its name in the table."""
    return {
        path.relative_to(MODULES).with_suffix("").as_posix(): path
        for path in MODULES.rglob("*.mjs")
    }


def test_every_script_is_in_the_import_table():
    assert set(scripts()) == set(JAVASCRIPT), (
        "the table JavaScript of CONTRIBUTING has one row each"
    )


@pytest.mark.parametrize("name", JAVASCRIPT)
def test_a_script_imports_only_what_its_row_allows(name):
    taken = {path.relative_to(MODULES).with_suffix("") for path in read(scripts()[name]).taken}
    assert {path.as_posix() for path in taken} <= JAVASCRIPT[name]


@pytest.mark.parametrize(
    "name",
    [
        *("engine", "explain", "explain_gradient", "gradients", "picture", "state"),
        *(f"learning/{name}" for name in ("matmul", "layers", "network", "random", "optimizers")),
        *(f"learning/{name}" for name in ("trainer", "runner", "npz")),
    ],
)
def test_what_computes_knows_no_page(name):
    text = scripts()[name].read_text(encoding="utf-8")
    assert not re.search(r"\b(document|window|globalThis|navigator|location)\b", text)


@pytest.mark.parametrize(
    "name",
    [
        "explain",
        "explain_gradient",
        "gradients",
        "main",
        *(name for name in JAVASCRIPT if name.startswith("parts/")),
        *(f"learning/{name}" for name in ("layers", "network", "session", "pictures", "plots")),
    ],
)
def test_names_and_sizes_of_layers_come_from_the_table(name):
    """`state` chooses what a view opens at first; everything else asks the table."""
    text = re.sub(r"(?m)^ *(?://|\*|/\*\*).*$", "", scripts()[name].read_text(encoding="utf-8"))
    assert not re.findall(r"conv2d_\d|max_pooling2d_\d|flatten_\d|dense_\d|\b(?:64|576)\b", text)


@pytest.mark.parametrize(("module", "package"), sorted(ONLY_INSIDE_FUNCTIONS))
def test_slow_imports_stay_inside_functions(module, package):
    path = modules()[module]
    assert package in imports(path)
    assert package not in imports(path, inside_functions=False)


def test_only_the_keras_modules_load_tensorflow():
    loading = WITH_KERAS | {"__main__"}
    light = {name for name in MAY_IMPORT if not loading & set(name.split(".")[1:2])}
    names = ", ".join(sorted(light))
    code = f"import sys, {names}; print('tensorflow' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert printed.stdout == "False\n", printed.stderr


@pytest.mark.parametrize("name", ["mnist_lib", "mnist_lib.explorer"])
def test_importing_the_package_imports_nothing_else(name):
    code = f"import sys; before = set(sys.modules); import {name}; print(set(sys.modules) - before)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ast.literal_eval(printed.stdout) == {"mnist_lib", name}


def test_the_packages_map_lists_every_module():
    listed = re.findall(r"^`(mnist_lib\.\w+)`", mnist_lib.__doc__, re.M)
    top = {".".join(name.split(".")[:2]) for name in modules()}
    assert sorted(listed) == sorted(top - {"mnist_lib", "mnist_lib.__main__"})


def test_the_package_names_its_dependencies_without_versions():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in project["dependencies"])
    used = {n for n in set.union(*MAY_IMPORT.values()) if not n.startswith("mnist_lib")}
    named = set(project["dependencies"])
    assert used >= OPTIONAL
    assert project["optional-dependencies"]["widget"] == ["anywidget"]
    used -= OPTIONAL
    called = {"PIL": "pillow", "skimage": "scikit-image"}
    assert {called.get(name, name) for name in used} | {"tensorflow"} == named


def functions():
    """Every function and method of the package with its length in lines."""
    for name, path in modules().items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield f"{name}.{node.name}", node.end_lineno - node.lineno + 1, node


def test_a_function_fits_a_screen():
    too_long = {name: lines for name, lines, _ in functions() if lines > 45}
    assert not too_long


def test_functions_take_few_parameters():
    for name, _, node in functions():
        names = [
            a.arg for a in node.args.posonlyargs + node.args.args if a.arg not in ("self", "ax")
        ]
        names += [a.arg for a in node.args.kwonlyargs if a.arg != "ax"]
        assert len(names) <= (8 if name == "mnist_lib.training.loop.train" else 4), name
