"""Whatever can go wrong has its tests: the catalogue in faults.toml is complete and true."""

import pytest

from tools.faults import count_cases, full_name, read

pytestmark = pytest.mark.slow  # it collects all tests


@pytest.fixture(scope="module")
def cases():
    return count_cases()


def test_every_line_of_the_catalogue_has_a_test_that_exists(cases):
    missing = [
        test
        for lines in read().values()
        for tests in lines.values()
        for test in tests
        if not cases[test]
    ]
    assert missing == []
    assert all(tests for lines in read().values() for tests in lines.values())


def test_there_are_at_least_four_hundred_cases(cases):
    listed = {test for lines in read().values() for tests in lines.values() for test in tests}
    assert sum(cases[test] for test in listed) >= 400


def test_a_name_is_written_out():
    assert full_name("data::x") == "tests/test_data.py::test_x"
    assert full_name("live/share::x") == "tests/live/test_share.py::test_x"
