"""Fixtures of all tests: their own cache, no display, no network, and the embedded digits."""

import atexit
import os
import shutil
import tempfile

import pytest
from hypothesis import settings

# Before any module is imported: Keras reads KERAS_HOME when it is imported, and the tests must
# neither use nor touch the reader's own cache. Workers of pytest-xdist inherit the folder.
if "PYTEST_XDIST_WORKER" not in os.environ:
    home = tempfile.mkdtemp(prefix="mnist_lib_tests_")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ["KERAS_HOME"] = home
os.environ["MPLBACKEND"] = "Agg"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["MNIST_PROGRESS"] = "0"

settings.register_profile("book", deadline=None)  # a busy machine breaks no law
settings.load_profile("book")


def pytest_collection_modifyitems(items):
    """Mark as slow what loads the full MNIST, copies the tree or creates an environment."""
    for item in items:
        if {"full", "copy_of_tree", "bare_environment"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def embedded():
    """The 4,000 + 1,000 real digits that need no network."""
    from mnist_lib.data import load_mnist

    return load_mnist("embedded")


@pytest.fixture(scope="session")
def weights():
    """The shipped weights, (kernel, bias) by layer."""
    from mnist_lib.pretrained import load_weights

    return load_weights()


@pytest.fixture(scope="session")
def full():
    """The full MNIST, only where MNIST_PATH names it."""
    if not os.environ.get("MNIST_PATH"):
        pytest.skip("MNIST_PATH is not set: no full MNIST here")
    from mnist_lib.data import load_mnist

    return load_mnist("full")


@pytest.fixture(scope="session")
def pretrained():
    """The network in Keras with the shipped weights; tests that change it build their own."""
    from mnist_lib.saving import load_pretrained

    return load_pretrained()
