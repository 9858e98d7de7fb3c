"""Count the tests of what can go wrong, by group: `python -m tools.faults`.

`tests/faults.toml` lists the faults and the tests that hold them; pytest says how many cases each
of these tests has.
"""

import subprocess
import sys
import tomllib
from collections import Counter

from tools.shared import ROOT

FILE = ROOT / "tests" / "faults.toml"


def main() -> None:
    """Print a table: for each group its lines and its cases."""
    cases, total = count_cases(), 0
    print("| group | lines | cases |\n| --- | ---: | ---: |")
    for group, lines in read().items():
        found = sum(cases[test] for test in {test for tests in lines.values() for test in tests})
        print(f"| {group} | {len(lines)} | {found} |")
        total += found
    print(f"| together | {sum(map(len, read().values()))} | {total} |")


def read() -> dict[str, dict[str, list[str]]]:
    """The faults by group, each with the names of its tests as pytest has them."""
    groups = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {
        group: {line: [full_name(test) for test in tests] for line, tests in lines.items()}
        for group, lines in groups.items()
    }


def full_name(test: str) -> str:
    """The name of a test as pytest has it.

    >>> full_name("live/share::a_link_carries_the_drawing")
    'tests/live/test_share.py::test_a_link_carries_the_drawing'
    """
    path, _, name = test.partition("::")
    folder, _, module = path.rpartition("/")
    return f"tests/{folder + '/' if folder else ''}test_{module}.py::test_{name}"


def count_cases() -> Counter[str]:
    """How many cases each test of the project has."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:xdist", "tests"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = [line.partition("[")[0] for line in listed.splitlines() if "::" in line]
    return Counter(names)


if __name__ == "__main__":
    main()
