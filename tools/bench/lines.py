"""What all benchmarks share: a line of the table, the built pages, and a fresh browser."""

import os
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

from playwright.sync_api import Page, sync_playwright

from tools.shared import ROOT, launch

HTML = Path(os.environ.get("BOOK_HTML", ROOT / "_build" / "html"))
LANDING = HTML / "index.html"
READY = "performance.getEntriesByName('explorer-ready')[0]?.startTime"


class Line(NamedTuple):
    """One line of the table: what was measured in every run, and the upper limit it should meet."""

    what: str
    unit: str
    runs: list[float]
    target: float | None = None
    middle: Callable[[list[float]], float] = median

    @property
    def value(self) -> float:
        """The median of all runs, or their mean."""
        return self.middle(self.runs)


def in_browser(measure: Callable[[Page], object]) -> object:
    """Measure in a browser that has just been started."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        try:
            return measure(browser.new_page())
        finally:
            browser.close()
