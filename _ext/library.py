"""The page *Library*: the docstrings of this project, in the form that Sphinx expects.

A docstring explains each array and argument on its own line, `name: what it is`, and likewise
`returns:` and `raises:`. Here these lines become the fields that Sphinx renders as a list.
"""

import inspect
import re
from collections.abc import Iterable
from typing import NamedTuple

from sphinx.application import Sphinx
from sphinx.config import Config

FIELD = re.compile(r"^(\w+(?:, \w+)*): (.+)$")

OUTSIDE = {
    "numpy.ndarray": "NumPy's own",
    "numpy.random._generator.Generator": "NumPy's own",
    "matplotlib.axes._axes.Axes": "Matplotlib's own",
    "keras.src.models.model.Model": "Keras' own, by the name of the file that it lies in",
    "keras.src.models.sequential.Sequential": "likewise",
    "traitlets.traitlets.List": "of traitlets",
    "collections.abc.Callable": "of the standard library, as are all that follow",
    "collections.abc.Iterable": "",
    "collections.abc.Iterator": "",
    "collections.abc.Sequence": "",
    "pathlib.Path": "",
    "pathlib._local.Path": "as Python 3.13 calls it",
    "t.Any": "typing.Any, as traitlets imports it",
}
"""Types in signatures that this book does not document, and where they are documented."""


class _Row(NamedTuple):
    field: int


FIELD_OF_A_TUPLE = type(_Row.field)


def explained_names(obj: object) -> set[str]:
    """What a docstring may explain: parameters, the fields of a class, the return value."""
    try:
        return {*inspect.signature(obj).parameters, "returns", "raises"}
    except (TypeError, ValueError):  # a constant, or a module
        return set()


def make_fields(lines: Iterable[str], names: set[str]) -> list[str]:
    """Turn lines `name: text` into fields; what follows one, up to an empty line, belongs to it.

    >>> make_fields(["Keep it.", "x: any shape,", "float", "", "why: not"], {"x"})
    ['Keep it.', '', ':param x: any shape,', '    float', '', 'why: not']
    """
    fields: list[str] = []
    inside = False
    for line in lines:
        match = FIELD.match(line)
        if match and set(match[1].split(", ")) <= names:
            name = match[1].replace(" ", "")
            role = name if name in ("returns", "raises") else f"param {name}"
            if not inside and fields and fields[-1].strip():
                fields.append("")
            fields.append(f":{role}: {match[2]}")
            inside = True
        else:
            inside = inside and bool(line.strip())
            fields.append(f"    {line}" if inside else line)
    return fields


# Sphinx passes the arguments of events by position.
def rewrite(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list) -> None:
    """Rewrite a docstring in place."""
    lines[:] = make_fields(lines, explained_names(obj))


def skip(app: Sphinx, what: str, name: str, obj: object, skipped: bool, options: object) -> bool:
    """Skip the fields of a named tuple: the docstring of its class explains them."""
    return skipped or isinstance(obj, FIELD_OF_A_TUPLE)


def leave_outside(app: Sphinx, config: Config) -> None:
    """In a strict build each name in a signature must be a link, or be listed here."""
    config.nitpick_ignore = [("py:class", name) for name in OUTSIDE]


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("config-inited", leave_outside)
    app.connect("autodoc-process-docstring", rewrite)
    app.connect("autodoc-skip-member", skip)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
