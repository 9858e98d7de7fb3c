"""Project-wide checks: what README promises, one address, pinned actions and requirements."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "mnist_lib"
PLACEHOLDER = "https://github.com/your_account/your_repository"


def test_readmes_map_is_the_tree():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"## The map\n\n```text\n(.*?)```", readme, re.S)[1]
    mapped = {line.split()[0].rstrip("/") for line in block.splitlines()}
    tracked = git("ls-files").splitlines()
    top = {line.split("/")[0] for line in tracked} - {"README.md", ".gitignore"}
    assert mapped == top


def test_readme_and_landing_page_state_the_recorded_result():
    provenance = json.loads((PACKAGE / "pretrained" / "provenance.json").read_text())
    record = provenance["test"]
    runs = json.loads((PACKAGE / "pretrained" / "seeds.json").read_text())["runs"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    landing = (ROOT / "index.md").read_text(encoding="utf-8")
    assert record["total"] == 10_000
    assert f"**{record['correct']:,} of the 10,000**" in readme
    assert f"{record['correct']:,} of MNIST's 10,000 test digits" in landing
    assert "trained for two minutes on two processor cores" in " ".join(landing.split())
    assert round(provenance["seconds"] / 60) == 2
    low, high = (f(run["correct"] for run in runs) for f in (min, max))
    assert f"[{low:,} to {high:,}]" in readme


def test_every_file_agrees_on_the_address():
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    url = config["repository"]["url"]
    name = url.removeprefix("https://github.com/")
    # Every address that has the shape of ours: Colab's links, the setup cells, citation, README.
    pattern = r"(?:colab\.research\.google\.com/github|git\+https://github\.com)/([\w.-]+/[\w.-]+)"
    found = {}
    for file in git("ls-files", "*.ipynb", "*.md", "*.cff", "*.yml", "*.toml").splitlines():
        text = (ROOT / file).read_text(encoding="utf-8")
        found[file] = set(re.findall(pattern, text))
        found[file] |= set(re.findall(r'REPOSITORY = \\"https://github\.com/(.*?)\\"', text))
        found[file] |= set(re.findall(r"repository-code: https://github\.com/(\S+)", text))
    assert {found_name for names in found.values() for found_name in names} == {name}
    for chapter in sorted((ROOT / "chapters").glob("*.ipynb")):
        text = chapter.read_text(encoding="utf-8")
        link = f"https://colab.research.google.com/github/{name}/blob/main/chapters/{chapter.name}"
        assert link in text, chapter.name
        assert f'REPOSITORY = \\"{url}\\"' in text, chapter.name


@pytest.fixture
def copy_of_tree(tmp_path):
    """The tracked files as they are now, in a separate repository."""
    target = tmp_path / "copy"
    for file in git("ls-files", "--cached", "--others", "--exclude-standard").splitlines():
        if (ROOT / file).is_file():
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, target / file)
    who = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    for command in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "Copy"]):
        subprocess.run(["git", *command], cwd=target, check=True)
    return target


def test_make_repository_writes_the_address_everywhere(copy_of_tree):
    tool = [sys.executable, "-m", "tools.repository", "--root", copy_of_tree]
    new = "https://github.com/somebody/their-book"
    subprocess.run([*tool, new], check=True, capture_output=True, cwd=ROOT)
    old = PLACEHOLDER.removeprefix("https://github.com/")
    left = subprocess.run(["git", "grep", "-lF", old], cwd=copy_of_tree, stdout=subprocess.PIPE)
    assert {line.split("/")[0] for line in left.stdout.decode().splitlines()} <= {"tests"}
    config = yaml.safe_load((copy_of_tree / "_config.yml").read_text(encoding="utf-8"))
    assert config["repository"]["url"] == new
    for chapter in (copy_of_tree / "chapters").glob("*.ipynb"):
        text = chapter.read_text(encoding="utf-8")
        assert f'REPOSITORY = \\"{new}\\"' in text
        assert "colab.research.google.com/github/somebody/their-book/blob/main/chapters/" in text
    # Nothing but the address was touched.
    diff = subprocess.run(["git", "diff", "-U0"], cwd=copy_of_tree, stdout=subprocess.PIPE)
    changed = re.findall(r"^[-+](?![-+]).*", diff.stdout.decode(), re.M)
    assert len(changed) > 20
    assert all((old if line[0] == "-" else "somebody/their-book") in line for line in changed)


@pytest.mark.parametrize(
    "url", ["", "github.com/a/b", "https://gitlab.com/a/b", "https://github.com/a", "x; rm -rf /"]
)
def test_make_repository_refuses_what_is_no_github_address(copy_of_tree, url):
    tool = [sys.executable, "-m", "tools.repository", "--root", copy_of_tree]
    done = subprocess.run([*tool, url], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2
    assert "expected https://github.com/NAME/REPOSITORY" in done.stderr
    assert not subprocess.run(["git", "status", "-s"], cwd=copy_of_tree, stdout=-1).stdout


@pytest.fixture
def bare_environment(tmp_path):
    """A Python with pip and every package of ours but mnist_lib itself."""
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", bare], check=True)
    links = tmp_path / "links"
    links.mkdir()
    for entry in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if "mnist_lib" not in entry.name and entry.name not in ("pip", "distutils-precedence.pth"):
            (links / entry.name).symlink_to(entry)
    environment = os.environ | {
        "PYTHONPATH": str(links),
        "PIP_NO_BUILD_ISOLATION": "0",  # pip reads this as "no isolation"
        "PIP_NO_DEPS": "1",
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    return bare / "bin" / "python", environment


def setup_cell():
    """The source of the first code cell of the first chapter."""
    notebook = json.loads((ROOT / "chapters" / "architecture.ipynb").read_text(encoding="utf-8"))
    return "".join(next(c["source"] for c in notebook["cells"] if c["cell_type"] == "code"))


def test_the_setup_cell_does_nothing_where_the_package_is_installed(monkeypatch):
    assert importlib.util.find_spec("mnist_lib")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("it installs"))
    exec(compile(setup_cell(), "setup", "exec"), {})


def test_the_setup_cell_refuses_the_placeholder(bare_environment):
    if PLACEHOLDER not in setup_cell():
        pytest.skip("this copy of the book has an address of its own")
    python, environment = bare_environment
    done = subprocess.run(
        [python, "-c", setup_cell()], env=environment, capture_output=True, text=True, cwd="/"
    )
    assert "this copy of the book has no address yet" in done.stderr


def test_the_setup_cell_keeps_the_versions_that_are_there(monkeypatch):
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    cell = setup_cell().replace(config["repository"]["url"], "https://example.org/book")
    commands = []
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(subprocess, "run", lambda command, check: commands.append(command))
    exec(compile(cell, "setup", "exec"), {})
    here = [f"{name}=={version(name)}" for name in ("keras", "numpy", "tensorflow")]
    assert commands == [
        [
            sys.executable,
            *["-m", "pip", "install", "--quiet", "git+https://example.org/book"],
            *here,
        ]
    ]


def test_the_setup_cell_installs_from_a_git_address(bare_environment, copy_of_tree):
    python, environment = bare_environment
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    cell = setup_cell().replace(config["repository"]["url"], f"file://{copy_of_tree}")
    code = f"{cell}\n" + (
        "from mnist_lib.pretrained import load_weights, load_provenance\n"
        "from mnist_lib.explorer.bundle import KERNEL, learning_script, notebook_module\n"
        "from mnist_lib.explorer.payload import STYLE\n"
        "from mnist_lib.simulate import write\n"
        "import mnist_lib.plots\n"
        "assert len(notebook_module()) > 50_000 and STYLE.is_file() and write(3)\n"
        "assert KERNEL.is_file() and learning_script(b'')\n"
        "print(mnist_lib.__file__, len(load_weights()))"
    )
    done = subprocess.run(
        [python, "-c", code], env=environment, capture_output=True, text=True, cwd="/"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0].startswith(str(python.parent.parent)), done.stdout
    assert done.stdout.split()[1] == "5"


def test_actions_are_pinned_by_commit_and_tokens_read_only():
    for file in sorted((ROOT / ".github" / "workflows").glob("*.yml")):
        text = file.read_text(encoding="utf-8")
        uses = re.findall(r"uses: (\S+)(.*)", text)
        assert uses, file.name
        for action, comment in uses:
            if action == "./.github/workflows/publish.yml":
                continue
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action), action
            assert re.search(r"# v\d+\.\d+\.\d+$", comment), action
        workflow = yaml.safe_load(text)
        assert workflow["permissions"] == {"contents": "read"}, file.name
        assert "concurrency" in workflow, file.name
        jobs = [job for job in workflow["jobs"].values() if "uses" not in job]
        assert all("timeout-minutes" in job for job in jobs), file.name
        assert "secrets." not in text, file.name


def test_nothing_is_published_before_every_test_has_passed():
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())["jobs"]
    assert jobs["publish"]["needs"] == "test"
    assert "refs/heads/main" in jobs["publish"]["if"]
    publish = yaml.safe_load((ROOT / ".github" / "workflows" / "publish.yml").read_text())
    assert publish[True] == {"workflow_call": None}  # YAML reads the key `on` as true


def test_a_tag_is_released_with_its_checksums_once_every_test_has_passed():
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text()
    workflow = yaml.safe_load(text)
    assert workflow[True] == {"push": {"tags": ["v*"]}}
    jobs = workflow["jobs"]
    assert {"run": ".ci/run"} in jobs["test"]["steps"]
    assert jobs["release"]["needs"] == "test"
    assert {"run": "make dist"} in jobs["release"]["steps"]
    assert "sha256sum --check SHA256SUMS" in text
    assert jobs["release"]["permissions"] == {"contents": "write"}
    assert "cache" not in text.replace("No caches here", "")


SCHEMAS = {
    "github-workflows": "workflows/*.yml",
    "dependabot": "dependabot.yml",
    "github-issue-forms": "ISSUE_TEMPLATE/[ct]e*.yml",
    "github-issue-config": "ISSUE_TEMPLATE/config.yml",
}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_what_github_reads_has_the_form_that_it_wants(schema):
    files = sorted((ROOT / ".github").glob(SCHEMAS[schema]))
    assert files
    tool = Path(sys.executable).with_name("check-jsonschema")
    command = [tool, "--builtin-schema", f"vendor.{schema}", *files]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_workflows_have_no_known_weakness():
    tool = Path(sys.executable).with_name("zizmor")
    done = subprocess.run(
        [tool, "--offline", "--quiet", ROOT / ".github"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_issue_about_a_cell_names_every_chapter():
    form = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / "cell.yml").read_text())
    (options,) = [part["attributes"]["options"] for part in form["body"] if part["id"] == "chapter"]
    titles = []
    for file in re.findall(r"file: (chapters/\w+)", (ROOT / "_toc.yml").read_text()):
        cell = json.loads((ROOT / f"{file}.ipynb").read_text(encoding="utf-8"))["cells"][0]
        titles.append(cell["source"][0].removeprefix("# ").strip())
    assert options == titles


def test_every_requirement_is_pinned_with_the_hashes_of_its_files():
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    joined = re.sub(r"^#.*\n", "", text, flags=re.M).replace("\\\n", "")
    lines = joined.splitlines()
    assert len(lines) > 150
    for line in lines:
        assert re.fullmatch(
            r"[a-z0-9._-]+==[\w.]+( ; [^\\]+?)?(\s+--hash=sha256:[0-9a-f]{64})+", line
        )
    assert any(line.startswith("jupyter-book==1.") for line in lines)
    assert any(line.startswith("setuptools==") for line in lines), "it builds the library"


def test_no_tracked_file_speaks_of_this_machine():
    home = str(Path.home())
    for file in filter(lambda name: (ROOT / name).is_file(), git("ls-files").splitlines()):
        content = (ROOT / file).read_bytes()
        assert len(content) < 1_500_000, file
        text = content.decode("utf-8", errors="ignore")
        assert not re.search(r"(?<![\w.])/(root|home|Users|tmp)/\w", text), file
        assert home == "/" or f"{home}/" not in text, file


def git(*arguments):
    """What git prints, of this checkout."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout
