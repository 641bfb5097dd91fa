"""The built site in a browser that may reach only the site, and the traps that its Sphinx extension avoids."""

import json
import re
import shutil
from html.parser import HTMLParser
from urllib.parse import parse_qsl, unquote, urldefrag

import nbformat
import pytest
from conftest import ROOT, Watched, build_site, served, write_small_book

from nin_lib import widgets
from nin_lib.widgets import LinearExplorer

SITE = ROOT / "_build" / "html"
PAGES = sorted(
    str(p.relative_to(SITE))
    for p in SITE.rglob("*.html")
    if "_static" not in p.parts
    and p not in (SITE / "index.html", SITE / "404.html")  # which only lead to book/index.html
)
pytestmark = pytest.mark.browser


def html(page):
    return (SITE / page).read_text(encoding="utf-8")


def opened(context, base, page):
    """A new tab on `page` with everything in it that moves running."""
    tab = context.new_page()
    watched = Watched(tab, base)
    tab.goto(f"{base}/{page}", wait_until="load")
    tab.wait_for_function(
        "() => [...document.querySelectorAll('.nin-explorer')].every(e => e.querySelector('input'))"
    )
    return tab, watched


def test_the_front_door_leads_to_the_first_page(browser, base):
    with browser.new_context() as context:
        tab = context.new_page()
        tab.goto(base)
        tab.wait_for_url(f"{base}/book/index.html")


@pytest.mark.parametrize("page", PAGES)
def test_page_asks_nobody_and_fits_a_phone_and_a_desk_in_both_schemes(page, browser, base):
    """One load for all of it: it is the loading that takes the time."""
    with browser.new_context(viewport={"width": 375, "height": 740}, color_scheme="dark") as context:
        tab, watched = opened(context, base, page)
        for width, scheme in [(375, "dark"), (375, "light"), (1280, "light")]:
            tab.set_viewport_size({"width": width, "height": 740})
            tab.emulate_media(color_scheme=scheme)
            tab.wait_for_function("scheme => document.documentElement.dataset.theme === scheme", arg=scheme)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
        tab.wait_for_timeout(200)
        watched.assert_clean()


@pytest.mark.parametrize("page", PAGES)
def test_page_works_from_the_file_system(page, browser):
    if 'class="nin-explorer"' not in html(page):
        return
    with browser.new_context() as context:
        tab = context.new_page()
        errors = []
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.goto((SITE / page).as_uri())
        tab.wait_for_function(
            "() => [...document.querySelectorAll('.nin-explorer')].every(e => e.querySelector('input'))"
        )
        assert errors == []


@pytest.mark.parametrize("page", PAGES)
def test_explorers_say_something_without_javascript(page, browser, base):
    with browser.new_context(java_script_enabled=False) as context:
        tab = context.new_page()
        tab.goto(f"{base}/{page}")
        for element in tab.locator(".nin-explorer").all():
            assert len(element.inner_text().strip()) > 40


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("book/")])
def test_each_page_has_a_description_of_its_own(page):
    head = html(page).split("</head>")[0]
    [said] = re.findall('<meta name="description" content="(.*?)">', head)
    assert 30 <= len(said) <= 400 and said[-1] in ".?!)" and not re.search(r"[$\\\0]|&lt;", said)
    assert f'<meta property="og:description" content="{said}">' in head
    assert "og:image" not in head and "canonical" not in head  # which ask for an address
    others = [html(other).split("</head>")[0] for other in PAGES if other != page]
    assert not [other for other in others if said in other]
    assert '<link rel="icon" href="../_static/favicon.svg"' in head
    assert (SITE / "_static/favicon.svg").is_file()


def test_the_contents_and_the_map_mark_the_chapters_that_have_an_explorer(browser, base):
    having = {page for page in PAGES if 'data-explorer="' in html(page)}
    with browser.new_context() as context:
        for page, places in (
            ("book/index.html", ".bd-links, .labelled-map"),
            ("search.html", ".bd-links"),
        ):
            tab = context.new_page()
            tab.goto(f"{base}/{page}")
            for link in tab.locator(places).locator("a[href$='.html']").all():
                target = str(
                    (SITE / page).parent.joinpath(link.get_attribute("href")).resolve().relative_to(SITE)
                )
                said = link.aria_snapshot()
                assert ("(has an explorer)" in said) == (target in having), said
        tab.goto(f"{base}/book/four-phases.html")  # its own link in the contents has no address
        assert "(has an explorer)" in tab.locator(".bd-links .current > a").aria_snapshot()


@pytest.mark.parametrize("page", PAGES)
def test_captions_are_numbered_through(page):
    captions = re.findall(r"<p[^>]*><strong>(Figure|Table)([^<]*)\.</strong>", html(page))
    assert all(number for _, number in captions)
    for kind in ("Figure", "Table"):
        numbers = [number.strip() for other, number in captions if other == kind]
        chapter = re.search(r'<h1><span class="section-number">(\d+\.) ', html(page))
        before = chapter[1] if chapter else ""
        assert numbers == [f"{before}{i}" for i in range(1, len(numbers) + 1)]


def test_a_search_quotes_formulas_as_they_are_seen(browser, base):
    with browser.new_context() as context:
        tab = context.new_page()
        tab.goto(f"{base}/search.html?q=curvature", wait_until="networkidle")
        quotes = tab.locator("#search-results p.context").all_inner_texts()
        assert len(quotes) > 5 and "\\" not in "".join(quotes)
        # its letters begin beside the theme's magnifier
        form = tab.locator("form:has(~ #search-results)")
        lens = form.locator("i").bounding_box()
        indent = form.locator("input").evaluate(
            "e => e.getBoundingClientRect().x + parseFloat(getComputedStyle(e).paddingLeft)"
        )
        assert lens["x"] + lens["width"] <= indent


def test_an_address_that_leads_nowhere_is_said_in_a_sentence(browser, base):
    text = html("404.html")
    assert "src=" not in text and "stylesheet" not in text  # it may be shown at any address
    with browser.new_context() as context:
        tab = context.new_page()
        tab.goto(f"{base}/404.html")
        tab.get_by_role("link", name="first page").click()
        tab.wait_for_url(f"{base}/book/index.html")


class Links(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.hrefs, self.ids = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "a" and attributes.get("href"):
            self.hrefs.append(attributes["href"])
        if attributes.get("id"):
            self.ids.add(attributes["id"])


def test_every_link_inside_the_site_leads_somewhere():
    pages = {page: Links(html(page)) for page in PAGES}
    broken = []
    for page, links in pages.items():
        explorers = set(re.findall(r'data-explorer="([\w-]+)"', html(page)))
        for href in links.hrefs:
            if re.match(r"[a-z]+:", href) or href.startswith("//"):
                continue
            path, fragment = urldefrag(href)
            target = (
                str((SITE / page).parent.joinpath(unquote(path)).resolve().relative_to(SITE))
                if path
                else page
            )
            if (
                not (SITE / target).exists()
                or fragment
                and target in pages
                and fragment.split("?")[0] not in pages[target].ids | explorers
            ):
                broken.append((page, href))
    assert broken == []


def test_the_reference_says_what_each_entry_is_called_with():
    signatures = re.findall(r'<dt class="sig .*?</dt>', html("book/api.html"), re.S)
    said = [re.sub("<[^>]*>", "", signature) for signature in signatures]
    assert any("LocalCurvature(net, nin, x" in signature for signature in said)
    assert not [signature for signature in said if "*args" in signature or "mock" in signature.lower()]


def test_every_link_to_an_explorer_sets_values_that_it_takes():
    classes = {cls.name: cls for cls in vars(widgets).values() if isinstance(cls, type)}
    runs = classes.pop("runs")  # links name its experiment
    links = [href for page in PAGES for href in Links(html(page)).hrefs]
    settings = [re.fullmatch(r"#([\w-]+)\?(.+)", href) for href in links]
    settings = [match.groups() for match in settings if match]
    assert {name for name, _ in settings} >= set(classes)
    for name, query in settings:
        explorer = classes[name]() if name in classes else runs(name)
        for key, text in parse_qsl(query, strict_parsing=True):
            value = text if isinstance(explorer.settings()[key], str) else float(text)
            setattr(explorer, key, value)  # raises if it is not right


# The traps of the site, each on a page of the real site or on a small book of its own.


def scripts(page):
    return re.findall(r"<script\b[^>]*>", html(page))


@pytest.mark.parametrize("page", PAGES)
def test_no_thebe_no_widget_state_no_module_script(page):
    text = html(page)
    assert (
        not [tag for tag in scripts(page) if re.search(r'src="[^"]*thebe', tag)]
        and "THEBE_JS_URL" not in text
    )
    assert "application/vnd.jupyter.widget-state+json" not in text
    assert not [tag for tag in scripts(page) if "module" in tag]


def test_the_explorer_waits_for_no_other_script():
    # deferred scripts run in turn, and the theme's take a second on a slow phone
    [explorer] = [tag for tag in scripts("book/index.html") if "/linear.js" in tag]
    assert "async" in explorer


@pytest.fixture(scope="module")
def small_book(tmp_path_factory):
    """A book of one page with one formula, one Plotly figure and one explorer, and pages that others left in hidden folders."""
    folder = tmp_path_factory.mktemp("small")
    for stray in (".pytest_cache/README.md", ".venv-3.12/lib/package/index.md", "book/.cache/notes.md"):
        (folder / stray).parent.mkdir(parents=True)
        (folder / stray).write_text("# Not a page of the book\n", encoding="utf-8")
    figure = {
        "data": [{"x": [1, 2], "y": [1, 4], "type": "scatter"}],
        "layout": {
            "title": {"text": "</script>"},
            "xaxis": {},
            "yaxis": {},
            "template": {
                "layout": {"height": 380, "font": {"size": 14, "family": "sans-serif", "color": "#7B7B7B"}}
            },
        },
    }
    explorer = LinearExplorer()._repr_mimebundle_()[0]["text/html"]
    cells = [
        nbformat.v4.new_markdown_cell("# Page\n\n$x^2$"),
        nbformat.v4.new_code_cell(
            "figure", execution_count=1, outputs=[output("application/vnd.plotly.v1+json", figure)]
        ),
        nbformat.v4.new_code_cell(
            "explorer",
            execution_count=2,
            outputs=[
                output("text/html", explorer, {"application/vnd.jupyter.widget-view+json": {"model_id": "m"}})
            ],
        ),
    ]
    # not empty: MyST-NB leaves an empty one out
    state = {"state": {"m": {}}, "version_major": 2}
    write_small_book(folder, cells, widgets={"application/vnd.jupyter.widget-state+json": state})
    result = build_site(folder)
    assert result.returncode == 0, result.stderr
    return folder


def output(mime, content, more=()):
    return nbformat.v4.new_output("execute_result", {mime: content, **dict(more)}, execution_count=1)


def test_a_figure_without_a_picture_is_drawn_even_with_a_closing_tag_in_its_title(small_book, browser):
    with served(small_book / "_build/html") as base, browser.new_context() as context:
        tab, watched = opened(context, base, "book/page.html")
        tab.locator(".nin-figure .main-svg").first.wait_for()
        watched.assert_clean()


def test_the_explorers_html_wins_over_the_widget_and_no_state_is_embedded(small_book):
    text = (small_book / "_build/html/book/page.html").read_text(encoding="utf-8")
    assert 'data-explorer="linear"' in text and "widget-view" not in text and "widget-state" not in text


def test_an_incremental_build_brings_a_lost_asset_back(small_book):
    static = small_book / "_build/html/_static"
    for asset in ("linear.js", "plotly.min.js", "draw-figure.js", "katex/katex.min.css"):
        (static / asset).unlink()
    assert build_site(small_book).returncode == 0
    for asset in ("linear.js", "plotly.min.js", "draw-figure.js", "katex/katex.min.css"):
        assert (static / asset).is_file()


def test_a_broken_cross_reference_fails_the_build(small_book, tmp_path):
    shutil.copytree(small_book, tmp_path / "copy", ignore=shutil.ignore_patterns("_build"))
    page = tmp_path / "copy/book/page.ipynb"
    notebook = json.dumps(json.loads(page.read_text(encoding="utf-8")))
    page.write_text(notebook.replace("$x^2$", "[nowhere](#no-such-equation)"), encoding="utf-8")
    assert build_site(tmp_path / "copy").returncode != 0
