"""The wheel holds the whole package, and works where nothing of this repository is."""

import json
import os
import subprocess
import sys
from zipfile import ZipFile

import pytest
from PIL import Image

from mnist_lib.preprocessing import rasterise
from mnist_lib.simulate import write
from tools.package import build_wheel
from tools.shared import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return build_wheel(tmp_path_factory.mktemp("wheel"))


def run(*arguments, **options):
    """Run a module of this Python, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", *map(str, arguments)], capture_output=True, text=True, **options
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_the_package_and_no_other(wheel):
    files = {path.relative_to(ROOT) for path in (ROOT / "mnist_lib").rglob("*") if path.is_file()}
    kept = {path.as_posix() for path in files if "__pycache__" not in path.parts}
    with ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == kept


@pytest.mark.slow
def test_the_installed_wheel_reads_a_digit_far_from_the_repository(wheel, tmp_path):
    """Into a folder of its own, which comes before everything else that Python knows."""
    installed, away = tmp_path / "installed", tmp_path / "away"
    run("pip", "install", "--quiet", "--no-deps", "--no-index", "--target", installed, wheel)
    away.mkdir()
    Image.fromarray((255 * rasterise(write(3))).astype("uint8")).save(away / "digit.png")
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    code = "import json, mnist_lib; print(json.dumps(mnist_lib.__file__))"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=away, env=environment, capture_output=True, text=True
    )
    assert json.loads(found.stdout).startswith(str(installed))
    answer = run("mnist_lib", "predict", "digit.png", cwd=away, env=environment)
    assert answer.startswith("digit.png: 3 (")
