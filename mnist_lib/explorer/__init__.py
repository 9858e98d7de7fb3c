"""The live network: draw a digit and see every layer compute it.

=============================  ================================================================
`js/`, `explorer.css`          what runs in the browser: plain JavaScript modules, one task each
`mnist_lib.explorer.bundle`    joins the modules, for the book's pages and for notebooks
`mnist_lib.explorer.payload`   the weights, and what is known about them, for the browser
`mnist_lib.explorer.widget`    `DigitExplorer` for notebooks. Needs anywidget
=============================  ================================================================

The book's own pages are filled by an extension of the book. Importing this package does not
need anywidget.
"""

VIEWS = ("all", "convolution", "flatten", "softmax", "relu", "backward", "training")
"""What can be opened: the whole network, the layers that one chapter is about, the way back, or the
network while it learns."""

IN_BOOK = "MNIST_BOOK"
"""The environment variable that tells kernels that the book is being built."""


def __getattr__(name: str) -> type:
    """Import `DigitExplorer` lazily."""
    if name == "DigitExplorer":
        from mnist_lib.explorer.widget import DigitExplorer

        return DigitExplorer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
