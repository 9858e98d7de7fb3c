"""Links to the repository: all of them where the book has an address, none where it has not.

`repository.url` in `_config.yml` is the address. While it is the placeholder, the pages have no
button and no link that leads to it, and what a page says inside `{only} address` is left out.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms import SphinxTransform

PLACEHOLDER = "/your_account/"
SEPARATOR = " · "


def decide(app: Sphinx, config: Config) -> None:
    """Tell the theme and the pages whether there is an address; and where the pages will stand."""
    options = config.html_theme_options
    url = options["repository_url"]
    if PLACEHOLDER in url:
        options |= {"repository_url": "", "launch_buttons": {}}
        options |= {"use_repository_button": False, "use_issues_button": False}
    else:
        app.tags.add("address")
        owner, repository = url.rstrip("/").rsplit("/", 2)[1:]
        config.html_baseurl = f"https://{owner}.github.io/{repository}/"


class DropDeadLinks(SphinxTransform):
    """Remove links to the placeholder, with the separator behind them."""

    default_priority = 420

    def apply(self, **kwargs: object) -> None:
        """Go through all links of a page."""
        for link in list(self.document.findall(nodes.reference)):
            if PLACEHOLDER not in link.get("refuri", ""):
                continue
            behind = link.next_node(siblings=True, descend=False)
            if isinstance(behind, nodes.Text) and behind.startswith(SEPARATOR):
                behind.parent.replace(behind, nodes.Text(behind.removeprefix(SEPARATOR)))
            link.parent.remove(link)


def setup(app: Sphinx) -> dict:
    """Register with Sphinx, before the theme reads its options."""
    app.connect("config-inited", decide, priority=100)
    app.add_transform(DropDeadLinks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
