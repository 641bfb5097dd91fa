"""Sphinx extension of the book: pages of the theme that are light, valid HTML and open to everybody.

Pages
    are what the theme's templates make of them, with the corrections below.
Icons
    are those of the theme's fonts that the site shows, and no other; so are the letters of KaTeX's fonts.
"""

import base64
import html
import json
import re
from pathlib import Path

import internals
from fontTools import subset
from sphinx.errors import ThemeError
from sphinx.jinja2glue import BuiltinTemplateLoader

# What the theme puts on every page, and what stands there instead. One that is not found stops the build.
ON_EVERY_PAGE = {
    # draws the icons, by 540 kB of JavaScript; the theme has them as fonts, too
    r'<script defer src="[^"]*/fontawesome\.js[^>]*></script>': "",
    # Sphinx has put one there before
    r'<meta name="viewport" content="width=device-width, initial-scale=1" ?/>': "",
    # Light or dark from the start: the theme decides it in its last script, which then styles the whole page once more.
    r'(dataset\.theme = localStorage\.getItem\("theme"\)) \|\| "auto"': (
        r'\1 || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")'
    ),
    # names that say something else than their button: who speaks to the browser could not press it
    r'aria-label="Color mode" data-bs-title': "data-bs-title",
    r'<i class="theme-switch (.*?)" data-mode="(\w+)" +title=".*?"></i>': (
        r'<i class="theme-switch \1" data-mode="\2"><span class="visually-hidden">Color mode: \2</span></i>'
    ),
    r'(<button class="btn search-button-field[^>]*) title="Search" aria-label="Search"': r"\1",
}
# What only some pages have.
ON_SOME_PAGES = {
    # the title of the page, for print, beside that of the article
    r'(<div id="jb-print-docs-body" class="onlyprint">\s*)<h1>.*?</h1>': r"\1",
    # the first page has the title of the book
    r"<title>(.*) &#8212; \1</title>": r"<title>\1</title>",
    # an entry of the references, in a list: a role that is deprecated, and that no list has
    r'role="doc-biblioentry"': 'role="listitem"',
    # MyST-NB's lid of a folded cell
    r'<summary aria-label="Toggle hidden content">': "<summary>",
    r'<p class="(collapsed|expanded) admonition-title">(.*?)</p>': r'<span class="\1 admonition-title">\2</span>',
}
# The index of all words: what is asked on another page is answered on the page of the search.
SEARCH_SCRIPTS = r'<script src="[^"]*(?:searchtools|language_data|searchindex)\.js[^>]*></script>'
# What a search finds is quoted with each formula once, as it is seen, without its MathML.
QUOTE = r"""<script>
addEventListener("DOMContentLoaded", () => {
  const read = Search.htmlToText;
  Search.htmlToText = (html, anchor) => read(html.replace(/<span class="katex-mathml">.*?<\/span>/gs, ""), anchor);
});
</script>
</body>"""
# The fonts of most letters and brackets of the formulas, by their files, and how CSS calls them.
FORMULA_FONTS = {
    "Main-Regular": "1em KaTeX_Main",
    "Math-Italic": "italic 1em KaTeX_Math",
    "Caligraphic-Regular": "1em KaTeX_Caligraphic",
    "Size1-Regular": "1em KaTeX_Size1",
    "Size2-Regular": "1em KaTeX_Size2",
    "Size3-Regular": "1em KaTeX_Size3",
}
# The fonts in which KaTeX sets only letters of these classes.
OWN_LETTERS = {"Caligraphic": "mathcal", "Math": "mathnormal|boldsymbol"}
FRONT_DOOR = """\
<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title><meta http-equiv="refresh" content="0; url={page}"></head>
<body><p><a href="{page}">{title}</a></p></body>
</html>
"""


class PageTemplates(BuiltinTemplateLoader):
    """The theme's templates, with what is corrected in the pages that come from them."""

    def render(self, template, context):
        page = super().render(template, context)
        if not page.lstrip().startswith("<!DOCTYPE html>"):
            return page  # a part of one
        for pattern, replacement in ON_EVERY_PAGE.items():
            page, found = re.subn(pattern, replacement, page)
            if not found:
                raise ThemeError(
                    f"the theme's page {context['pagename']!r} has no {pattern!r}: its version is new, see what stands "
                    f"there now, and correct ON_EVERY_PAGE in {Path(__file__).name}"
                )
        for pattern, replacement in ON_SOME_PAGES.items():
            page = re.sub(pattern, replacement, page)
        if template == "search.html":
            return page.replace("</body>", QUOTE)
        return re.sub(SEARCH_SCRIPTS, "", page)


def write_front_door(app):
    """The site's root leads to the first page; what stands there else has neither title nor doctype."""
    door = FRONT_DOOR.format(
        title=app.config.html_title or app.config.project,
        page=app.builder.get_target_uri(app.config.root_doc),
    )
    (Path(app.outdir) / "index.html").write_text(door, encoding="utf-8")


def leave_out_unused_files(app, exception):
    """Take away what no page asks for: the script that draws icons, and the maps to the sources of the theme's files."""
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    for name in ["fontawesome.js*", "*.map"]:
        for unused in static.rglob(name):
            unused.unlink()


def shown_icons(app, pages, codes):
    """Names of the theme's icons that some page or script of the site mentions."""
    scripts = (Path(app.outdir) / "_static").rglob("*.js")
    texts = pages + [path.read_text(encoding="utf-8") for path in scripts]
    found = (re.findall(r"\bfa-([\w-]+)", text) for text in texts)
    return set().union(*found) & codes.keys()


def own_icons(static):
    """Codes of the icons in the style sheets' own rules, written as numbers or as letters for private use."""
    text = "".join(
        path.read_text(encoding="utf-8") for path in static.rglob("*.css")
    )
    numbers = re.findall(r'"\\([0-9a-f]{4})"', text)
    letters = re.findall("[\ue000-\uf8ff]", text)
    return {int(code, 16) for code in numbers} | set(map(ord, letters))


def write_icons(app, pages):
    """Keep of the theme's icons, in its style sheet and its fonts, those that are shown."""
    theme, static = internals.theme_static(), Path(app.outdir) / "_static"
    sheet = (theme / internals.THEME_SHEET).read_text(encoding="utf-8")
    rule = r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\([0-9a-f]+)"\}'
    codes = {
        name: code
        for selectors, code in re.findall(rule, sheet)
        for name in re.findall(r"fa-([\w-]+):", selectors)
    }
    if not codes:
        raise ThemeError(f"{internals.THEME_SHEET} has no rule {rule!r}")
    used = {codes[name] for name in shown_icons(app, pages, codes)}
    lean = re.sub(
        rule, lambda match: match[0] if match[2] in used else "", sheet
    )
    (static / internals.THEME_SHEET).write_text(lean, encoding="utf-8")
    used = {int(code, 16) for code in used} | own_icons(static)
    for font in (theme / internals.THEME_FONTS).glob("*.woff2"):
        target = static / internals.THEME_FONTS / font.name
        keep_glyphs(font, target, used)
    for unused in (static / internals.THEME_FONTS).glob("*.ttf"):
        unused.unlink()


def keep_glyphs(font, target, codes):
    """Write a font with the characters of these codes and no other."""
    # Hints, for screens of few pixels, would be a quarter of a font.
    options = subset.Options(
        flavor="woff2", notdef_outline=True, hinting=False
    )
    glyphs = subset.load_font(font, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(glyphs)
    subset.save_font(glyphs, target, options)


def write_formula_fonts(app, pages):
    """Keep of the fonts of the formulas what stands on some page, and put `FORMULA_FONTS` into the style sheet itself."""
    katex = Path(app.outdir) / "_static/katex"
    letters = re.compile(r'<span class="([^"]*)"[^>]*>([^<]+)</span>')
    spans = [span for page in pages for span in letters.findall(page)]
    for font in (katex / "fonts").glob("*.woff2"):
        name = font.stem.removeprefix("KaTeX_").split("-")[0]
        shown = {
            text
            for classes, text in spans
            if re.search(OWN_LETTERS.get(name, ""), classes)
        }
        # Without a letter a font would be broken, and its other formats would be asked for.
        characters = html.unescape("".join(shown)) + " "
        keep_glyphs(font, font, set(map(ord, characters)))
    sheet = (katex / "katex.min.css").read_text(encoding="utf-8")
    for name in FORMULA_FONTS:
        font = katex / f"fonts/KaTeX_{name}.woff2"
        data = base64.b64encode(font.read_bytes()).decode()
        sheet, found = re.subn(
            rf"url\(fonts/{font.name}\)",
            f"url(data:font/woff2;base64,{data})",
            sheet,
        )
        if not found:
            raise ThemeError(f"katex.min.css names no fonts/{font.name}")
    (katex / "katex.min.css").write_text(sheet, encoding="utf-8")


def decode_formula_fonts(app):
    """Have a browser decode `FORMULA_FONTS` before it lays out the page.

    A font that comes later is wider or narrower than the one that stood for it: lines break anew, and the page jumps.
    """
    fonts = json.dumps(list(FORMULA_FONTS.values()))
    # After the style sheets, which a script waits for.
    app.add_js_file(
        None, body=f"{fonts}.forEach(font => document.fonts.load(font));"
    )


def finish(app, exception):
    """Write what depends on all pages."""
    if exception or app.builder.format != "html":
        return
    write_front_door(app)
    pages = [
        path.read_text(encoding="utf-8")
        for path in Path(app.outdir).rglob("*.html")
    ]
    write_icons(app, pages)
    write_formula_fonts(app, pages)


def setup(app):
    app.config.template_bridge = f"{__name__}.PageTemplates"
    internals.leave_out_unused_parts(app)
    decode_formula_fonts(app)
    app.connect("build-finished", leave_out_unused_files, priority=700)
    app.connect("build-finished", finish, priority=900)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
