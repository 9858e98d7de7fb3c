"""Open a page of the built book in the browser; record what it requests and what it logs."""

import os
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
HTML = Path(os.environ.get("BOOK_HTML", ROOT / "_build" / "html")).resolve()


def visit(browser, page, **options):
    """Load a page, a file or an address; return it with its requests and its log."""
    context = browser.new_context(**options)
    tab = context.new_page()
    requests, messages = [], []
    tab.on("request", lambda request: requests.append(request.url))
    tab.on("console", lambda message: messages.append((message.type, message.text)))
    tab.on("pageerror", lambda error: messages.append(("error", str(error))))
    tab.goto(page.as_uri() if isinstance(page, Path) else page, wait_until="load")
    tab.wait_for_function("!window.MathJax || !MathJax.startup || MathJax.startup.promise")
    return context, tab, requests, messages


def complaints(messages):
    """The errors and warnings among the messages."""
    return [text for kind, text in messages if kind in ("error", "warning")]


def contrast(one, other):
    """The ratio of two colours `rgb(r, g, b)`, from 1 to 21, as WCAG 2 defines it."""
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def luminance(color):
    """Relative luminance of `rgb(r, g, b)`, WCAG 2."""
    channels = [int(c) / 255 for c in re.findall(r"\d+", color)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


# Each piece of visible text, its colour, and the nearest colour that is painted behind it.
COLOURS = """(root) => {
  const known = new Map([[null, "rgb(255, 255, 255)"]]);
  const painted = (node) => {
    if (node.matches(".explorer-picture")) return "rgb(0, 0, 0)";
    const { backgroundColor } = getComputedStyle(node);
    return backgroundColor === "rgba(0, 0, 0, 0)" ? behind(node.parentElement) : backgroundColor;
  };
  const behind = (node) => {
    if (!known.has(node)) known.set(node, painted(node));
    return known.get(node);
  };
  const apart = ".explorer-hidden, :disabled, [aria-disabled=true]";
  const seen = (node) => node.checkVisibility({ opacityProperty: true, visibilityProperty: true })
    && !node.closest(apart);
  return [...root.querySelectorAll("*")]
    .filter((node) => [...node.childNodes].some((c) => c.nodeType === 3 && c.data.trim()))
    .filter(seen)
    .map((node) => [node.textContent, getComputedStyle(node).color, behind(node)]); }"""
