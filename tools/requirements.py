"""Pin the whole environment again: `make requirements`.

Reads pyproject.toml, writes requirements.txt: every package that book, library and tests need,
with its exact version and the hashes of its files, for Python 3.11 to 3.13 on any system. Needs
the tool uv.
"""

import os
import subprocess

from tools.shared import ROOT

COMMAND = [
    *("uv", "pip", "compile", "pyproject.toml", "--all-extras", "--universal", "--upgrade"),
    *("--python-version", "3.11", "--no-emit-index-url", "--generate-hashes"),
    *("--no-annotate", "--quiet", "--output-file"),
]


def main() -> None:
    """Resolve into a temporary file, then rename."""
    beside = ROOT / "requirements.new.txt"
    environment = os.environ | {"UV_CUSTOM_COMPILE_COMMAND": "make requirements"}
    subprocess.run([*COMMAND, str(beside)], cwd=ROOT, env=environment, check=True)
    os.replace(beside, ROOT / "requirements.txt")


if __name__ == "__main__":
    main()
