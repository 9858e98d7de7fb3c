"""What a page loads: one style sheet, one script, and icons of our own.

The theme and its companions ask for some thirty files, among them an icon font and a script with
two thousand icons, of which the book shows fifteen. Here the style sheets and scripts that every
page needs are joined, in the theme's order; the icons are `_static/icons.css`. What is asked for
and is neither joined nor left out for a reason is a warning, which a strict build does not survive:
so no new release of the theme adds anything unnoticed.
"""

import re
from fnmatch import fnmatch
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders.html._assets import _CascadingStyleSheet, _JavaScript
from sphinx.config import Config
from sphinx.util import logging

STYLES = (
    "basic.css",
    "styles/pydata-sphinx-theme.css",
    "pygments.css",
    "styles/sphinx-book-theme.css",
    "togglebutton.css",
    "copybutton.css",
    "mystnb.*.css",
    "icons.css",
    "book.css",
)
SCRIPTS = (
    "documentation_options.js",
    "doctools.js",
    "sphinx_highlight.js",
    "clipboard.min.js",
    "copybutton.js",
    "scripts/sphinx-book-theme.js",
    "togglebutton.js",
    "scripts/bootstrap.js",
    "scripts/pydata-sphinx-theme.js",
    "reading.js",
    "terms.js",
)
MATHEMATICS = (
    "startup.js",
    "core.js",
    "input/tex.js",
    "output/chtml.js",
    "output/chtml/fonts/tex.js",
    "a11y/assistive-mml.js",  # what a screen reader reads
)
"""The parts of MathJax that set a formula; its usual file is two thirds menu and explorer."""

LEFT_OUT = (
    "mathjax/*",  # comes later
    "searching.js",  # on the search page alone
    "sphinx-thebe.*",  # runs code on a server elsewhere; switched off
    "sphinx-design.*",  # cards and tabs,
    "design-tabs.js",  # which no page has
)
OF_A_PAGE = ("explorer*.css",)
LATER = 'document.head.append(Object.assign(document.createElement("script"), { src: "%s" }))'
"""Formulas are set once the network is alive: over a slow line the two compete."""

SETTINGS = (
    "let toggleHintShow = 'Click to show', toggleHintHide = 'Click to hide';\n"
    "let toggleOpenOnPrint = 'true';\n"
    "var togglebuttonSelector = '.toggle, .admonition.dropdown';\n"
)
"""What the theme's companions write into every page."""

ICON_RULES = re.compile(r'(?:\.fa-[a-z0-9-]+:before,?)+\{content:"[^"]*"\}')
ICON_FONTS = re.compile(r"@font-face\{[^}]*Font Awesome[^}]*\}")

LOG = logging.getLogger(__name__)


# Sphinx passes five positional arguments.
def lighten(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None
) -> None:
    """Replace the style sheets and scripts of a page by the joined ones."""
    for kind in ("css_files", "script_files"):
        context[kind] = [file for file in context[kind] if _of_this_page(file)]
    math = (nodes.math, nodes.math_block)
    if doctree is None or not any(isinstance(node, math) for node in doctree.findall()):
        context["script_files"] = []
    else:
        place = context["pathto"]("_static/mathjax/book.js", resource=True)
        context["script_files"].append(_JavaScript(None, type="module", body=LATER % place))
    # The search page's own scripts run at once, and need those of every page.
    attributes = {} if pagename == "search" else {"defer": "defer"}
    context["script_files"].insert(0, _JavaScript("_static/site.js", **attributes))
    context["css_files"].insert(0, _CascadingStyleSheet("_static/site.css"))


def _of_this_page(file: object) -> bool:
    """Whether a page keeps a file of its own; a warning for one that nobody has decided about."""
    name = str(getattr(file, "filename", "") or "").removeprefix("_static/").split("?")[0]
    if not name:
        return "MathJax" in str(file.attributes.get("body", ""))
    if any(fnmatch(name, pattern) for pattern in OF_A_PAGE):
        return True
    if not any(fnmatch(name, pattern) for pattern in STYLES + SCRIPTS + LEFT_OUT):
        LOG.warning("the page asks for %s: join it or leave it out, in _ext/assets.py", name)
    return False


def join(app: Sphinx, exception: Exception | None) -> None:
    """Write the joined files, once everything that they are made of is in place."""
    if exception is not None or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    styles = "\n".join(_read(static, name) for name in STYLES)
    (static / "site.css").write_text(_without_icons(styles), encoding="utf-8")
    scripts = ";\n".join([SETTINGS, *(_read(static, name) for name in SCRIPTS)])
    (static / "site.js").write_text(scripts, encoding="utf-8")
    mathematics = ";\n".join(_read(static / "mathjax", name) for name in MATHEMATICS)
    (static / "mathjax" / "book.js").write_text(mathematics, encoding="utf-8")


def _use_our_mathematics(app: Sphinx, config: Config) -> None:
    """Load the joined parts of MathJax."""
    config.mathjax_path = "mathjax/book.js"


def _read(static: Path, pattern: str) -> str:
    """A file that stands at one place, without the address of its source map."""
    (file,) = static.glob(pattern)
    return re.sub(r"(?m)^/[/*]# sourceMappingURL=.*$", "", file.read_text(encoding="utf-8"))


def _without_icons(styles: str) -> str:
    """The style sheet without the icon fonts, and without the two thousand names in them."""
    return ICON_FONTS.sub("", ICON_RULES.sub("", styles))


def setup(app: Sphinx) -> dict:
    """Register with Sphinx, last of all that adds files to a page."""
    app.connect("config-inited", _use_our_mathematics, priority=900)
    app.config.templates_path.append(str(Path(__file__).parent / "templates"))
    app.connect("html-page-context", lighten, priority=900)
    app.connect("build-finished", join, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
