"""Join the modules of `js/` into one file for each place that runs them. No build tool.

A page opened from `file:` cannot load modules, but it can load classic scripts: `page_script` makes
one. A notebook gets a single module: `notebook_module`. What a reader may ask for later is a script
of its own: `learning_script`. All are the modules themselves, in the order of their imports,
without import lines and without the comments that have a line to themselves. `join` does it for
any entry.
"""

import base64
import json
import re
from pathlib import Path
from typing import NamedTuple

MODULES = Path(__file__).parent / "js"
"""Where the modules are.

:meta hide-value:
"""

MAIN = MODULES / "main.mjs"
"""The entry of pages and notebooks: it imports all others.

:meta hide-value:
"""

LEARNING = MODULES / "learning" / "view.mjs"
"""The entry of the part in which the network learns. It is loaded when a reader asks for it.

:meta hide-value:
"""

WORKER = MODULES / "learning" / "worker.mjs"
"""The entry of the worker in which it learns.

:meta hide-value:
"""

STEPPERS = MODULES / "steppers" / "page.mjs"
"""The entry of the two examples for the pencil, on the pages that have one.

:meta hide-value:
"""

KERNEL = MODULES / "learning" / "matmul.wat"
"""The matrix product of that part, as text of WebAssembly; the book's build assembles it.

:meta hide-value:
"""

_NAMES = r"\{([^{}]*)\}"
_IMPORT = re.compile(rf'^import {_NAMES} from "(\.[^"\n]*)";\n', re.M)
_PASS_ON = re.compile(rf'^export {_NAMES} from "(\.[^"\n]*)";\n', re.M)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|const) (\w+))", re.M)
_DEFAULT = re.compile(r"^export default \{ [^{};\n]+ \};\n", re.M)
_COMMENT = re.compile(r"^[ \t]*(?://.*|/\*\*(?s:.*?)\*/)\n", re.M)
_DECLARED = re.compile(r"^(?:async )?(?:function\*?|const|let|class) (\w+)", re.M)
_UNPACKED = re.compile(r"^(?:const|let) \[([^\]=]+)\] =", re.M)

_SCRIPT = """\
// Made by mnist_lib.explorer.bundle from the modules of mnist_lib/explorer/js, to be read there.
"use strict";
(() => {{
{code}
globalThis.mnistExplorer.api = {{ {names} }};
mountAll(globalThis.mnistExplorer);
}})();
"""

_LATER = """\
// Made by mnist_lib.explorer.bundle from the modules of mnist_lib/explorer/js, to be read there.
"use strict";
(() => {{
{code}
globalThis.mnistExplorer.learning = {{
{names},
kernel: {kernel},
worker: {worker},
}};
}})();
"""


_STEPPERS = """\
// Made by mnist_lib.explorer.bundle from the modules of mnist_lib/explorer/js, to be read there.
"use strict";
(() => {{
{code}
globalThis.mnistExplorer.steppers = {{ {names} }};
mountSteppers();
}})();
"""


class Module(NamedTuple):
    """One file: its own code, what it imports from which file, and what it exports."""

    code: str
    taken: dict[Path, list[str]]
    offered: list[str]


class Bundle(NamedTuple):
    """Joined modules: their code, and the names that the entry exports."""

    code: str
    names: list[str]


def page_script() -> str:
    """The live network as a classic script: it fills the placeholders of a page that loads it.

    What `main.mjs` exports can be called as `mnistExplorer.api`.
    """
    bundle = join(MAIN)
    return _SCRIPT.format(code=bundle.code, names=", ".join(bundle.names))


def notebook_module() -> str:
    """The live network as one module, whose default export is what anywidget asks for."""
    return f"{join(MAIN).code}\n\nexport default {{ render }};\n"


def learning_script(kernel: bytes) -> str:
    """The part in which the network learns, as a classic script for a page with `page_script`.

    kernel: the bytes that were assembled from `KERNEL`
    returns: a script after which `mnistExplorer.learning` has what `view.mjs` exports, the kernel
    as base64, and the source of the worker
    """
    bundle, worker = join(LEARNING, loaded=MAIN), join(WORKER).code
    return _LATER.format(
        code=bundle.code,
        names=", ".join(bundle.names),
        kernel=json.dumps(base64.b64encode(kernel).decode()),
        worker=json.dumps(f'"use strict";\n{worker}\n'),
    )


def steppers_script() -> str:
    """The examples for the pencil, as a classic script for a page with `page_script`.

    It fills the placeholders of the page; what `page.mjs` exports is `mnistExplorer.steppers`.
    """
    bundle = join(STEPPERS, loaded=MAIN)
    return _STEPPERS.format(code=bundle.code, names=", ".join(bundle.names))


def join(entry: Path, loaded: Path | None = None) -> Bundle:
    """Join an entry and everything that it imports, each module before those that use it.

    entry: a module, which imports others by paths relative to itself
    loaded: an entry whose script the page already has; its modules are not repeated, and what is
    imported from them comes from `mnistExplorer.api`, so `loaded` must export it
    raises: ValueError for a cycle, for two modules that declare the same name, for an imported
    name that is not exported, and for any other form of import or export
    """
    modules = read_all(entry)
    here = read_all(loaded) if loaded else {}
    own = {path: module for path, module in modules.items() if path not in here}
    _check_names(modules, own)
    parts = [module.code for module in own.values()]
    borrowed = _borrowed_names(own, here)
    if loaded and borrowed:
        if missing := set(borrowed) - set(here[loaded].offered):
            raise ValueError(f"expected {loaded.name} to export {', '.join(sorted(missing))}")
        parts.insert(0, f"const {{ {', '.join(borrowed)} }} = globalThis.mnistExplorer.api;")
    return Bundle("\n\n".join(parts), modules[entry].offered)


def _borrowed_names(own: dict[Path, Module], here: dict[Path, Module]) -> list[str]:
    """The names that a part's modules import from modules that the page already has."""
    taken = [(path, names) for module in own.values() for path, names in module.taken.items()]
    return sorted({name for path, names in taken if path in here for name in names})


def read_all(entry: Path) -> dict[Path, Module]:
    """The entry and everything that it imports, each after its own imports."""
    found: dict[Path, Module] = {}
    open_: list[Path] = []

    def visit(path: Path) -> None:
        if path in found:
            return
        if path in open_:
            names = " → ".join(p.name for p in [*open_[open_.index(path) :], path])
            raise ValueError(f"expected modules without a cycle, got {names}")
        open_.append(path)
        module = read(path)
        for other in module.taken:
            visit(other)
        open_.pop()
        found[path] = module

    visit(entry)
    return found


def read(path: Path) -> Module:
    """Parse one module; a line that would not survive the joining is refused."""
    text = path.read_text(encoding="utf-8")
    taken: dict[Path, list[str]] = {}
    offered = _EXPORT.findall(text)
    for pattern in (_IMPORT, _PASS_ON):
        for names, address in pattern.findall(text):
            listed = [name.strip() for name in names.split(",") if name.strip()]
            taken.setdefault((path.parent / address).resolve(), []).extend(listed)
            if pattern is _PASS_ON:
                offered += listed
    code = text
    for pattern in (_IMPORT, _PASS_ON, _EXPORT, _DEFAULT, _COMMENT):
        code = pattern.sub("", code)
    if left := re.search(r"^.*\b(?:import|export)\b.*$", code, re.M):
        raise ValueError(
            f'{path.name}: expected `import {{ … }} from "./….mjs";`, `export function` or '
            f"`export const`, got {left[0].strip()!r}"
        )
    return Module(code.strip(), taken, offered)


def _check_names(modules: dict[Path, Module], own: dict[Path, Module]) -> None:
    """Joined modules share one scope: each name is declared once, each imported one exported."""
    homes: dict[str, Path] = {}
    for path, module in own.items():
        unpacked = re.findall(r"\w+", " ".join(_UNPACKED.findall(module.code)))
        for name in [*_DECLARED.findall(module.code), *unpacked]:
            if name in homes:
                raise ValueError(f"{name} is declared in {homes[name].name} and in {path.name}")
            homes[name] = path
    for path, module in modules.items():
        for other, names in module.taken.items():
            if missing := set(names) - set(modules[other].offered):
                raise ValueError(
                    f"{path.name} takes {', '.join(sorted(missing))}, which {other.name} does "
                    "not export"
                )
