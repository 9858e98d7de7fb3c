"""The book to take away: one PDF with all pages, zips that open, checksums."""

import hashlib
import json
import re
import subprocess
import sys
import zipfile
from importlib.metadata import version

import pytest
from browsing import HTML, ROOT, complaints, visit
from pypdf import PdfReader
from test_site import article

from tools.dist import NAME, pages, target_in_book
from tools.package import write_sbom

NAMES = pages(ROOT)
PRINTED = [
    *("index", "chapters/convolution", "chapters/softmax"),
    *("appendix/note", "appendix/test_questions", "appendix/bibliography"),
]
"""The pages in the PDF of these tests: the whole book takes long to print."""


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    """What `make dist` writes, from the built pages."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "tools.dist", "--html", HTML, "--output", folder]
    command += ["--only", *PRINTED]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.fixture(scope="module")
def book(dist):
    return PdfReader(dist / f"{NAME}.pdf")


def tops(book):
    """The title of each page of the book, and the number of the sheet on which it begins."""
    entries = [entry for entry in book.outline if not isinstance(entry, list)]
    return [(entry.title, book.get_destination_page_number(entry)) for entry in entries]


def test_there_is_nothing_but_five_files_and_their_checksums(dist):
    names = {NAME + end for end in (".pdf", "-notebooks.zip", "-pages.zip", "-sbom.cdx.json")}
    names.add(f"mnist_lib-{version('mnist-lib')}-py3-none-any.whl")
    assert {file.name for file in dist.iterdir()} == {"SHA256SUMS", *names}
    lines = (dist / "SHA256SUMS").read_text().splitlines()
    assert {line.split()[1] for line in lines} == names
    for checksum, name in map(str.split, lines):
        assert hashlib.sha256((dist / name).read_bytes()).hexdigest() == checksum


def test_the_outline_names_every_page_of_the_book_in_order(book):
    titles = [article(HTML / f"{name}.html").h1.contents[0].strip() for name in PRINTED]
    assert [title for title, _ in tops(book)] == [titles[0], "Contents", *titles[1:]]
    inner = [entry for entry in book.outline if isinstance(entry, list)]
    assert sum(map(len, inner)) > 30


def test_a_sheet_has_its_number_and_the_contents_name_it(book):
    """Every third, since it takes long to read the text of a sheet."""
    for number, sheet in list(enumerate(book.pages, 1))[::3]:
        assert f"MNIST to the last number · {number}" in sheet.extract_text()
    starts = dict(tops(book))
    contents = book.pages[starts["Contents"]].extract_text()
    for title, number in tops(book)[2:]:
        assert re.search(rf"{re.escape(title)}\s*{number + 1}\b", contents), (title, number)


def test_pictures_keep_their_words_and_tags_their_language(book):
    words = [
        picture["alt"]
        for name in PRINTED
        for picture in article(HTML / f"{name}.html").select("img:not(.only-dark)")
    ]
    assert book.trailer["/Root"]["/Lang"] == "en"
    figures = [
        node.get_object()
        for node in map(book.get_object, range(1, book.trailer["/Size"]))
        if hasattr(node, "get") and node.get("/S") == "/Figure"
    ]
    told = [" ".join(str(figure.get("/Alt", "")).split()) for figure in figures]
    assert len(words) > 20
    assert sorted(filter(None, told)) == sorted(" ".join(alt.split()) for alt in words if alt)


def test_no_link_of_the_pdf_leads_to_this_machine(book):
    targets = [
        str(action.get("/URI"))
        for sheet in book.pages
        for note in sheet.get("/Annots", [])
        if (action := note.get_object().get("/A")) and "/URI" in action
    ]
    assert targets
    assert {target.partition(":")[0] for target in targets} == {"https"}


def test_the_list_of_packages_names_every_pin_with_its_hashes(dist, tmp_path):
    """And nothing of this machine; the same bytes each time."""
    file = dist / f"{NAME}-sbom.cdx.json"
    write_sbom(tmp_path / "again.json")
    assert file.read_bytes() == (tmp_path / "again.json").read_bytes()
    text = file.read_text(encoding="utf-8")
    assert str(ROOT) not in text
    sbom = json.loads(text)
    assert (sbom["bomFormat"], sbom["metadata"]["component"]["name"]) == ("CycloneDX", "mnist-lib")
    pins = re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / "requirements.txt").read_text(), re.M)
    listed = [(part["name"], part["version"]) for part in sbom["components"]]
    assert sorted(listed) == sorted(pins)
    for part in sbom["components"]:
        assert any(entry.get("hashes") for entry in part["externalReferences"])


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("#shape", "#chapters/flatten--shape"),
        ("relu.html", "#chapters/relu"),
        ("relu.html#zero", "#chapters/relu--zero"),
        ("../index.html", "#index"),
        ("https://example.org/relu.html", "https://example.org/relu.html"),
        ("../_downloads/all.zip", None),
        ("../search.html", None),
    ],
)
def test_a_link_leads_within_the_book_if_it_can(link, target):
    assert target_in_book("chapters/flatten", link, NAMES) == target


def test_the_zip_of_pages_opens_without_a_network(dist, browser, tmp_path):
    with zipfile.ZipFile(dist / f"{NAME}-pages.zip") as archive:
        archive.extractall(tmp_path)
    (folder,) = tmp_path.iterdir()
    context, tab, requests, messages = visit(browser, folder / "chapters" / "softmax.html")
    assert tab.locator("mjx-container").count() > 3
    tab.get_by_role("link", name="ReLU").first.click()
    assert tab.url == (folder / "chapters" / "relu.html").as_uri()
    context.close()
    assert not complaints(messages)
    assert all(request.startswith((folder.as_uri(), "data:")) for request in requests)


def test_the_zip_of_notebooks_is_that_of_the_pages(dist):
    with zipfile.ZipFile(dist / f"{NAME}-notebooks.zip") as archive:
        names = archive.namelist()
    assert {name for name in names if name.endswith(".ipynb")} == {
        f"{NAME}/{name.partition('/')[2]}.ipynb" for name in NAMES if name.startswith("chapters/")
    }


def test_without_built_pages_one_is_told_to_build_them(tmp_path):
    command = [sys.executable, "-m", "tools.dist", "--html", tmp_path, "--output", tmp_path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip() == f"no built pages at {tmp_path}: run make book"
