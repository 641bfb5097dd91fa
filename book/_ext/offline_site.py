"""Sphinx extension of the book: a site that asks nothing of the network, with no third-party file in the repository.

MathJax
    is copied from the installed PyPI package sphinx-mathjax-offline, only what a page can ask for.
Explorers
    the script of each explorer comes from `nin_lib.widgets`; a page loads those of the explorers that it shows.
"""

import importlib.metadata
import re
import shutil
from pathlib import Path

import internals
from nin_lib.widgets import static_scripts


def copy_assets(app):
    """Write every local asset; at builder-inited, because an incremental build does not copy html_static_path again."""
    if app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    package = importlib.metadata.distribution("sphinx-mathjax-offline")
    mathjax = Path(
        package.locate_file("sphinx-mathjax-offline/static/mathjax")
    )
    for part in (
        "tex-mml-chtml.js",
        "input/tex/extensions",
        "output/chtml/fonts/woff-v2",
    ):
        target = static / "mathjax" / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if (mathjax / part).is_dir():
            shutil.copytree(mathjax / part, target, dirs_exist_ok=True)
        else:
            shutil.copy2(mathjax / part, target)
    shutil.copy2(Path(__file__).with_name("site.css"), static)
    for name, script in static_scripts().items():
        (static / name).write_text(script, encoding="utf-8")


def page_scripts(app, pagename, templatename, context, doctree):
    """Give each page the scripts that it needs and no other."""
    body = context.get("body") or ""
    for explorer in sorted(
        set(re.findall(r'data-explorer="([\w-]+)"', body))
    ):
        # Not deferred: a slow phone would wait seconds for the theme's icons and MathJax (2.7 MB) before the slider works.
        # Classic, not module, scripts: those do not load under file://.
        app.add_js_file(
            f"{explorer}.js",
            loading_method="async",
            fetchpriority="high",
            priority=200,
        )


def setup(app):
    internals.leave_out_widget_state(app)
    internals.leave_out_thebe(app)
    app.add_css_file("site.css")
    app.connect("builder-inited", copy_assets)
    app.connect("html-page-context", page_scripts, priority=600)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
