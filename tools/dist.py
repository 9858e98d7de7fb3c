"""The whole book to take away, in `_build/dist`: `make dist`, after `make book`.

- one PDF with all pages, an outline, page numbers, links, and what the pictures show in words;
- one zip with the pages, which open from a folder without a network;
- one zip with the notebooks and the package that they share;
- that package as a wheel, and an SBOM: the list of all packages that it was tested with;
- the SHA-256 checksum of each.

The PDF is printed by the system's browser from one page that holds all others.
"""

import argparse
import hashlib
import os
import shutil
import sys
from pathlib import Path, PurePosixPath
from posixpath import normpath
from urllib.parse import urldefrag, urlsplit

import yaml
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import sync_playwright
from pypdf import PdfReader
from tqdm import tqdm

from _ext.takeaway import ARCHIVE, write_zip
from tools.package import build_wheel, write_sbom
from tools.shared import ROOT, launch, write_text

NAME = "mnist-to-the-last-number"
TITLE = "MNIST to the last number"
DROPPED = ".headerlink, .only-dark, script, #definitions, .toctree-wrapper"
"""What means nothing on paper."""

# In a lower line a heading reaches above its box, and Chromium's outline names it twice.

PAGE = """<!doctype html>
<html lang="en" data-mode="light" data-theme="light">
<meta charset="utf-8">
<title>{title}</title>
<link rel="stylesheet" href="{static}/site.css">
<link rel="stylesheet" href="{static}/explorer.css">
<style>
  html {{ font-size: 13px; }}
  body {{ display: block; }}
  article {{ break-before: page; padding: 0 !important; }}
  article:first-of-type {{ break-before: avoid; }}
  h1, h2, h3, h4 {{ break-after: avoid; line-height: 1.4 !important; }}
  img {{ break-inside: avoid; max-height: 220mm; object-fit: contain; }}
  .explorer img {{ max-height: 110mm; }}
  .contents li {{ display: flex; justify-content: space-between; }}
</style>
<script>window.MathJax = {{options: {{processHtmlClass: "math"}}}}</script>
<script defer src="{static}/mathjax/book.js"></script>
<body>{body}</body>
</html>
"""
FOOT = (
    '<div style="font: 8px sans-serif; text-align: center; width: 100%">'
    '<span class="title"></span> · <span class="pageNumber"></span></div>'
)
PAPER = {
    "format": "A4",
    "margin": {"top": "18mm", "bottom": "18mm", "left": "20mm", "right": "20mm"},
    "display_header_footer": True,
    "header_template": "<span></span>",
    "footer_template": FOOT,
    "outline": True,
    "tagged": True,
}


def main() -> None:
    """Write the five files and their checksums."""
    parser = argparse.ArgumentParser(prog="python -m tools.dist", description=__doc__)
    parser.add_argument("--html", type=Path, default=ROOT / "_build" / "html")
    parser.add_argument("--output", type=Path, default=ROOT / "_build" / "dist")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=pages(ROOT),
        metavar="PAGE",
        help="leave all others out of the PDF",
    )
    options = parser.parse_args()
    html, output = options.html.resolve(), options.output.resolve()
    if not (html / "index.html").is_file():
        sys.exit(f"no built pages at {html}: run make book")
    output.mkdir(parents=True, exist_ok=True)
    files = [output / f"{NAME}{end}" for end in (".pdf", "-pages.zip", "-notebooks.zip")]
    print_book(html, options.only or pages(ROOT), files[0])
    members = {file.relative_to(html): file for file in html.rglob("*") if file.is_file()}
    write_zip(files[1], {f"{NAME}/{n.as_posix()}": f.read_bytes() for n, f in members.items()})
    shutil.copyfile(ROOT / ARCHIVE, files[2])
    files += [build_wheel(output), output / f"{NAME}-sbom.cdx.json"]
    write_sbom(files[-1])
    sums = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    write_text(output / "SHA256SUMS", "".join(sums))
    for file in files:
        print(f"{file.stat().st_size / 1e6:6.1f} MB  {file}")


def pages(root: Path) -> list[str]:
    """The names of all pages, in the order of _toc.yml."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *(page["file"] for part in toc["parts"] for page in part["chapters"])]


def print_book(html: Path, names: list[str], file: Path) -> None:
    """Print all pages as one PDF; twice, since the contents name the pages of the first time."""
    beside, source = file.with_suffix(".new"), file.with_suffix(".html")
    articles = {name: read_article(html, name, names) for name in tqdm(names, disable=None)}
    numbers = dict.fromkeys(names, 0)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for _ in range(2):
            write_text(source, bind(html, articles, numbers))
            tab = browser.new_page()
            tab.goto(source.as_uri())
            tab.evaluate("window.MathJax.startup.promise")
            tab.pdf(path=beside, **PAPER)
            numbers = dict(zip(names, first_pages(beside), strict=True))
        browser.close()
    source.unlink()
    os.replace(beside, file)


def read_article(html: Path, name: str, names: list[str]) -> Tag:
    """The article of a built page, with anchors and links that hold in one page with all others."""
    text = (html / f"{name}.html").read_text(encoding="utf-8")
    article = BeautifulSoup(text, "html.parser").select_one("article.bd-article")
    for node in article.select(DROPPED):
        node.decompose()
    for node in article.select("[id]"):
        node["id"] = f"{name}--{node['id']}"
    article["id"] = name
    for picture in article.select("img"):
        picture["src"] = (html / name).parent.joinpath(picture["src"]).resolve().as_uri()
        del picture["loading"]
    for link in article.select("a[href]"):
        target = target_in_book(name, link["href"], names)
        if target is None:
            link.unwrap()
        else:
            link["href"] = target
    for fold in article.select("details"):
        fold["open"] = ""
    return article


def target_in_book(name: str, link: str, names: list[str]) -> str | None:
    """Where a link of a page leads in the book; None for a file that is beside it."""
    if urlsplit(link).scheme:
        return link
    path, anchor = urldefrag(link)
    page = normpath(PurePosixPath(name).parent / path).removesuffix(".html") if path else name
    if page not in names:
        return None
    return f"#{page}--{anchor}" if anchor else f"#{page}"


def bind(html: Path, articles: dict[str, Tag], numbers: dict[str, int]) -> str:
    """One page with a list of contents behind its first article."""
    first, *others = articles
    line = '<li><a href="#{}">{}</a> <span>{}</span></li>'
    titles = {name: article.h1.get_text() for name, article in articles.items()}
    lines = "".join(line.format(name, titles[name], numbers[name]) for name in others)
    contents = f'<article class="bd-article contents"><h1>Contents</h1><ul>{lines}</ul></article>'
    body = [str(articles[first]), contents, *(str(articles[name]) for name in others)]
    return PAGE.format(title=TITLE, static=(html / "_static").as_uri(), body="\n".join(body))


def first_pages(file: Path) -> list[int]:
    """The number of the page on which each article begins, without the contents."""
    reader = PdfReader(file)
    tops = [entry for entry in reader.outline if not isinstance(entry, list)]
    return [
        reader.get_destination_page_number(entry) + 1 for entry in tops if entry.title != "Contents"
    ]


if __name__ == "__main__":
    main()
