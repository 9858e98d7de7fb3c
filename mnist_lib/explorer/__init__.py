"""The network, alive in a page: draw a digit and see every layer compute it.

=============================  ================================================================
`explorer.mjs`, `.css`         what runs in the browser; plain JavaScript, the only source of it
`mnist_lib.explorer.payload`   weights and scripts as the browser gets them. NumPy only
`mnist_lib.explorer.page`      the book's pages: fills their placeholders. Needs Sphinx
`mnist_lib.explorer.widget`    `DigitExplorer` for notebooks. Needs anywidget
=============================  ================================================================

Importing this package needs neither Sphinx nor anywidget.
"""

VIEWS = ("all", "convolution", "flatten", "softmax", "relu")
"""What can be opened: the whole network, or the layers that one chapter is about."""

IN_BOOK = "MNIST_BOOK"
"""The environment variable that tells kernels that the book is being built."""


def __getattr__(name: str) -> type:
    """`DigitExplorer`, imported when it is asked for."""
    if name == "DigitExplorer":
        from mnist_lib.explorer.widget import DigitExplorer

        return DigitExplorer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
