"""Write the repository's address everywhere it occurs: `make repository URL=…`.

The address stands in one place, `repository.url` of `_config.yml`; what repeats it (the links to
Colab, the setup cell of each chapter, README, CITATION.cff) is found by it and rewritten with it.
"""

import argparse
import re
import subprocess
from pathlib import Path

import yaml

from tools.shared import ROOT, write_text

ADDRESS = re.compile(r"https://github\.com/([A-Za-z0-9][A-Za-z0-9-]*)/([A-Za-z0-9._-]+)")


def main() -> None:
    """Replace the old name with the new one in every tracked text file that contains it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="https://github.com/NAME/REPOSITORY")
    parser.add_argument("--root", type=Path, default=ROOT)
    options = parser.parse_args()
    match = ADDRESS.fullmatch(options.url.removesuffix("/").removesuffix(".git"))
    if not match:
        parser.error(f"expected https://github.com/NAME/REPOSITORY, got {options.url!r}")
    old, new = current(options.root), "/".join(match.groups())
    changed = [path for path in places(options.root, old) if rewrite(path, old, new)]
    print(f"github.com/{new}: written into {len(changed)} files")


def current(root: Path) -> str:
    """NAME/REPOSITORY as `_config.yml` has it."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    return config["repository"]["url"].removeprefix("https://github.com/")


def places(root: Path, name: str) -> list[Path]:
    """The tracked files that contain the name; the tests are not among them."""
    command = ["git", "grep", "-lIF", name, "--", ":!tests"]
    found = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return [root / line for line in found.stdout.splitlines()]


def rewrite(path: Path, old: str, new: str) -> bool:
    """Replace; return whether anything changed."""
    text = path.read_text(encoding="utf-8")
    pattern = rf"(github(?:\.com)?/){re.escape(old)}(?![A-Za-z0-9-])"
    replaced = re.sub(pattern, rf"\g<1>{new}", text)
    if replaced != text:
        write_text(path, replaced)
    return replaced != text


if __name__ == "__main__":
    main()
