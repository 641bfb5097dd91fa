"""Sphinx extension of the book: what a page needs to train the paper's network in its reader's browser.

Where the environment names the folder of Fashion-MNIST, NIN_DATA_DIR, the site carries the official files, and pages with
stored runs are told where. Elsewhere the site is built without, and its pages show the stored runs alone.
"""

import os
import shutil
from pathlib import Path

from nin_lib import data
from nin_lib.widgets import RunExplorer

FOLDER = "fashion-mnist"


def carry(app):
    """Write images and script; nothing of them is loaded before a reader asks."""
    if app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    script = static / "training-here.js"
    shutil.rmtree(static / FOLDER, ignore_errors=True)
    script.unlink(missing_ok=True)
    if not os.environ.get("NIN_DATA_DIR"):
        return
    (static / FOLDER).mkdir(parents=True)
    data.carry(static / FOLDER)
    script.write_text(RunExplorer.training_script(), encoding="utf-8")


def tell_page(app, pagename, templatename, context, doctree):
    """Tell a page whose stored runs can be trained here where the images are; site.css keeps room for the button."""
    carried = (Path(app.outdir) / "_static" / FOLDER).is_dir()
    if carried and "&quot;recipe&quot;: {" in (context.get("body") or ""):
        address = context["pathto"](f"_static/{FOLDER}/", 1)
        tell = f'globalThis.ninImages = "{address}"; document.documentElement.dataset.trains = "";'
        app.add_js_file(None, body=tell)


def setup(app):
    app.connect("builder-inited", carry)
    app.connect("html-page-context", tell_page, priority=600)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
