"""Sphinx extension of the book: a page that names what the site ships of others, each with its licence.

The licence is the text of the installed package. Where a package ships another's file and no licence of it, it is the notice
at the head of that file. The page is made last, from the files that the build has put into `_static`.
"""

import html
import re
from importlib.metadata import distribution
from pathlib import Path

import internals
import nin_lib.widgets
import sphinx_copybutton
import sphinx_design
from sphinx.errors import ExtensionError

PAGE, TITLE = "third-party", "Third-party notices"
KINDS = {".css", ".gz", ".js", ".png", ".svg", ".woff2"}
OWN = r"(figures/.*|draw-figure|interactive-figures|story)\.js|(figures|has-explorer|site|story)\.css|(explorer\.png|favicon\.svg)"
EXPLORERS = "|".join(map(re.escape, nin_lib.widgets.static_scripts()))
NPM = Path(nin_lib.widgets.__file__).parent / "js/node_modules"
THEME = internals.theme_static()
COPYBUTTON = Path(sphinx_copybutton.__file__).parent / "_static"
DESIGN = Path(sphinx_design.__file__).parent / "compiled"
# What is shipped: its files in `_static`, and where its licence stands, in a package of this name or in a file.
SHIPPED = {
    "Sphinx": (
        r"(doctools|documentation_options|language_data|searchtools|sphinx_highlight)\.js|basic\.css|\w+\.png",
        "Sphinx",
    ),
    "Sphinx Book Theme": (
        r"(scripts|styles)/sphinx-book-theme\..*|images/logo_.*",
        "sphinx-book-theme",
    ),
    "PyData Sphinx Theme": (
        r"(scripts|styles)/pydata-sphinx-theme\..*|styles/theme\.css",
        "pydata-sphinx-theme",
    ),
    "Bootstrap, which the PyData Sphinx Theme brings": (
        r"scripts/bootstrap\.js|styles/pydata-sphinx-theme\.css",
        THEME / "scripts/bootstrap.js.LICENSE.txt",
    ),
    "Font Awesome, which the PyData Sphinx Theme brings; of its fonts the icons that are shown": (
        r"styles/pydata-sphinx-theme\.css|vendor/fontawesome/.*",
        THEME / "scripts/fontawesome.js.LICENSE.txt",
    ),
    "KaTeX; of its fonts the letters that are shown": (
        r"katex/.*",
        NPM / "katex/LICENSE",
    ),
    "sphinxcontrib-katex": (r"katex-math\.css", "sphinxcontrib-katex"),
    "uPlot, in the explorers": (
        rf"{EXPLORERS}|training-here\.js",
        NPM / "uplot/LICENSE",
    ),
    "Fashion-MNIST, where the site carries it": (
        r"fashion-mnist/.*\.gz",
        Path(__file__).with_name("fashion-mnist-licence.txt"),
    ),
    "plotly.js": (r"plotly\.min\.js", "plotly"),
    "MyST-NB": (r"mystnb\..*", "myst-nb"),
    "Pygments": (r"pygments\.css", "Pygments"),
    "sphinx-copybutton": (
        r"copybutton(_funcs)?\.(css|js)|(check-solid|copy-button)\.svg",
        "sphinx-copybutton",
    ),
    "clipboard.js, which sphinx-copybutton brings": (
        r"clipboard\.min\.js",
        COPYBUTTON / "clipboard.min.js",
    ),
    "sphinx-design": (r"(sphinx-design|design-tabs)\..*", "sphinx-design"),
    "Octicons, of which sphinx-design puts some into pages": (
        r"sphinx-design\..*",
        DESIGN / "octicon_LICENSE",
    ),
    "sphinx-togglebutton": (r"togglebutton\..*", "sphinx-togglebutton"),
    "sphinx-thebe": (
        r"sphinx-thebe\..*|play-solid\.svg",
        "sphinx-thebe",
    ),
}


def licence(source):
    """The text of a package's licence, or of a file: its first comment where it has one."""
    if isinstance(source, str):
        files = distribution(source).files or []
        source = next(
            file.locate()
            for file in files
            if re.fullmatch(r"LICEN[CS]E(\.\w+)?", file.name)
        )
    text = Path(source).read_text(encoding="utf-8")
    notice = re.match(r"/\*!?(.*?)\*/", text, re.S)
    return (notice[1] if notice else text).strip()


def section(name, files, text):
    listed = ", ".join(
        f"<code>{html.escape(file)}</code>" for file in files
    )
    return (
        f"<section><h2>{name}</h2><p>{listed}</p>"
        f'<div class="highlight"><pre class="licence">{html.escape(text)}</pre></div></section>'
    )


def write_page(app, exception):
    """Write the page; a file that nobody is named for stops the build."""
    if exception or app.builder.format != "html":
        return
    if not hasattr(app.builder, "globalcontext"):
        return  # nothing has changed, and Sphinx has written no page
    static = Path(app.outdir) / "_static"
    files = sorted(
        path.relative_to(static).as_posix()
        for path in static.rglob("*")
        if path.suffix in KINDS
    )
    sections, named = [], set()
    for name, (pattern, source) in SHIPPED.items():
        found = [file for file in files if re.fullmatch(pattern, file)]
        named |= set(found)
        if found:
            sections.append(section(name, found, licence(source)))
    unnamed = [
        file
        for file in files
        if file not in named and not re.fullmatch(OWN, file)
    ]
    if unnamed:
        raise ExtensionError(
            f"the site ships {', '.join(unnamed)}, and nobody is named for it: add whose it is to SHIPPED in {Path(__file__).name}"
        )
    body = (
        f"<h1>{TITLE}</h1><p>This site is built with, and ships, the work of others. Here is whose each file of its "
        "folder <code>_static</code> is, and under which licence it comes.</p>"
    )
    app.builder.handle_page(
        PAGE,
        {"title": TITLE, "body": body + "".join(sections)},
        "page.html",
    )


def link_from_footer(app, pagename, templatename, context, doctree):
    address = context["pathto"](PAGE)
    context["theme_extra_footer"] = f'<a href="{address}">{TITLE}</a>'


def setup(app):
    app.connect("html-page-context", link_from_footer)
    app.connect("build-finished", write_page, priority=800)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
