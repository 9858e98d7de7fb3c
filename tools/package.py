"""The library as a wheel, and the list of all packages that it was tested with.

The list is an SBOM in CycloneDX's form: every pinned package with its version and its hashes.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.shared import ROOT


def build_wheel(folder: Path) -> Path:
    """Build the wheel from a copy, so that nothing is left in the working tree."""
    with tempfile.TemporaryDirectory() as copy:
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / name, copy)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "mnist_lib", Path(copy) / "mnist_lib", ignore=ignored)
        run("pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", copy, copy)
        (built,) = Path(copy).glob("*.whl")
        return Path(shutil.copy(built, folder))


def write_sbom(file: Path) -> None:
    """List what requirements.txt pins; the same bytes each time."""
    pinned, project = str(ROOT / "requirements.txt"), str(ROOT / "pyproject.toml")
    how = ("--pyproject", project, "--mc-type", "library", "--output-reproducible", "--of", "JSON")
    run("cyclonedx_py", "requirements", pinned, *how, "-o", str(file))


def run(*arguments: str) -> None:
    """Run a module of this Python; what it printed is shown where it fails."""
    done = subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(arguments)}\n{done.stdout}{done.stderr}")
