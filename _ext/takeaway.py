"""The notebooks to take away: one zip with all chapters and the package that they share.

It runs as it is: the notebooks stand beside `mnist_lib`, where Python finds it, and
`requirements.txt` names what else they need.
"""

import tomllib
import zipfile
from pathlib import Path

from sphinx.application import Sphinx

ARCHIVE = Path("_static", "generated", "mnist-to-the-last-number.zip")
README = """MNIST to the last number: all chapters as notebooks

    python -m venv .venv                             Python 3.11 to 3.13
    .venv/bin/pip install -r requirements.txt        on Windows: .venv\\Scripts\\pip
    .venv/bin/jupyter lab                            on Windows: .venv\\Scripts\\jupyter

The notebooks import the package mnist_lib, which stands beside them. Keep both in one folder.
Code: MIT licence. Text: CC BY 4.0.
"""


def members(root: Path) -> dict[str, bytes]:
    """What is in the zip, by name."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["widget"], "jupyterlab"]
    chapters = {file.name: file for file in (root / "chapters").glob("*.ipynb")}
    package = {
        str(file.relative_to(root).as_posix()): file
        for file in (root / "mnist_lib").rglob("*")
        if file.is_file() and not {"__pycache__"} & set(file.parts)
    }
    files = {"LICENSE": root / "LICENSE", **chapters, **package}
    texts = {"README.txt": README, "requirements.txt": "\n".join(needed) + "\n"}
    return {name: file.read_bytes() for name, file in files.items()} | {
        name: text.encode() for name, text in texts.items()
    }


def write_zip(file: Path, content: dict[str, bytes]) -> None:
    """Write a zip from names and bytes; the same content gives the same file."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(content.items()):
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)


def pack(app: Sphinx) -> None:
    """Write the zip where the pages' `{download}` finds it."""
    root = Path(app.srcdir)
    (root / ARCHIVE).parent.mkdir(parents=True, exist_ok=True)
    files = members(root).items()
    write_zip(root / ARCHIVE, {f"{ARCHIVE.stem}/{name}": content for name, content in files})


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("builder-inited", pack)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
