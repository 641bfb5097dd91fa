"""The links in the chapters' prose that set an explorer: each shows what its sentence says, whatever was clicked before."""

import itertools
import re

import nbformat
import pytest
from conftest import ROOT
from explorer_pages import PAGE, opening
from markdown_it import MarkdownIt
from playwright.sync_api import expect

from nin_lib.widgets import static_scripts

pytestmark = pytest.mark.browser
SCRIPTS = static_scripts()


def explorers_of(notebook):
    """The HTML of the explorers in a chapter's stored outputs."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    texts = ["".join(output.get("data", {}).get("text/html", "")) for output in outputs]
    return [text for text in texts if 'class="nin-explorer"' in text]


def links_of(notebook):
    """Address and title of each link that sets an explorer: the title is what the status line must say."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for token in MarkdownIt().enable("table").parse(cell.source):
                for part in token.children or []:
                    if part.type == "link_open" and re.match(r"#[\w-]+\?", part.attrs["href"]):
                        yield part.attrs["href"], part.attrs.get("title")


CHAPTERS = {path.stem: nbformat.read(path, as_version=4) for path in sorted((ROOT / "book").glob("*.ipynb"))}
LINKED = [name for name, notebook in CHAPTERS.items() if explorers_of(notebook) and list(links_of(notebook))]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chapters")
    for name in LINKED:
        shown = explorers_of(CHAPTERS[name])
        links = " ".join(f'<a href="{href}">link</a>' for href, _ in links_of(CHAPTERS[name]))
        used = sorted(set(re.findall(r'data-explorer="([\w-]+)"', "".join(shown))))
        (folder / f"{name}.js").write_text("\n".join(SCRIPTS[f"{n}.js"] for n in used), encoding="utf-8")
        html = PAGE.format(name=name, explorer="".join(shown), links=links)
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", LINKED)
def test_every_link_shows_what_its_sentence_says_in_every_order_of_two(browser, pages, name):
    with opening(browser, pages, f"{name}.html", "document.querySelector('.nin-status')") as open_page:
        page = open_page()
        found = list(enumerate(links_of(CHAPTERS[name])))
        for (first, _), (second, (href, title)) in itertools.product(found, found):
            address = href[1:].split("?")[0]
            explorer = page.locator(f"#{address}, [data-explorer={address}]")
            page.get_by_role("link").nth(first).click()
            page.get_by_role("link").nth(second).click()
            if title is None:  # it need not have one where there is no phase to name
                assert explorer.get_attribute("data-phase") is None, f"{href} has no title: the phase to show"
            else:
                expect(explorer.locator(".nin-status")).to_contain_text(title)
            assert explorer.locator(".nin-refused").is_hidden(), href
