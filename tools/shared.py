"""What the tools share: atomic file writes, and the system's own browser."""

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

ROOT = Path(__file__).parent.parent
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-background-networking", "--disable-component-update")


def write_text(path: Path, text: str) -> None:
    """Replace atomically: there is the old file or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)


def find_browser() -> str:
    """The system's Chromium or Chrome; without one, say how to install it and stop."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        sys.exit(f"none of {', '.join(BROWSERS)} is here: sudo apt-get install chromium")
    return found


def launch(playwright: "Playwright") -> "Browser":
    """Start the system's browser, without requests to its vendor."""
    return playwright.chromium.launch(executable_path=find_browser(), args=list(FLAGS))
