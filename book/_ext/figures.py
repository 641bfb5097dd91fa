"""Sphinx extension of the book: its figures as the pictures that are stored with them (book/pictures.py).

A page shows an SVG for its width. What Plotly draws the page's figures from lies in a script of its own, which is asked for,
as is the plotly.js of the installed package, once the reader presses a figure's button. Captions, the paragraphs that begin
with **Figure.** or **Table.**, get the number of their chapter and their own.
"""

import json
import re
import shutil
import zlib
from collections import Counter
from pathlib import Path

import internals
import plotly

FIGURE, PICTURE = "application/vnd.plotly.v1+json", "image/svg+xml"
SCRIPTS = ("draw-figure.js", "interactive-figures.js")
# behind the button that figure_html has put before it
SOURCE = re.compile(
    '(?<=</button>)<script type="application/json">(.*?)</script>',
    re.DOTALL,
)


def figure_html(output):
    """The pictures of an output, and the figure where there is one to draw."""
    data, parts = output["data"], []
    if PICTURE in data:
        narrow = output["metadata"].get("narrow")
        pictures = (
            {"wide": data[PICTURE], "narrow": narrow}
            if narrow
            else {"": data[PICTURE]}
        )
        parts = [
            picture.replace("<svg", f'<svg class="{width}"', 1)
            for width, picture in pictures.items()
        ]
        label = re.search('aria-label="([^"]*)"', data[PICTURE])
    if FIGURE in data:
        figure = {key: data[FIGURE][key] for key in ("data", "layout")}
        said = f'<span class="label"> {label[1]}</span>' if parts else ""
        parts += [
            f'<button type="button" aria-pressed="false">Interactive{said}</button>',
            '<script type="application/json">',
            json.dumps(figure).replace("</", "<\\/"),
            "</script>",
        ]
    return f'<div class="nin-figure">{"".join(parts)}</div>'


def copy_assets(app):
    """At builder-inited, because an incremental build does not copy html_static_path again."""
    if app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    static.mkdir(parents=True, exist_ok=True)
    package = Path(plotly.__file__).parent / "package_data"
    shutil.copy2(package / "plotly.min.js", static)
    for name in (*SCRIPTS, "figures.css"):
        shutil.copy2(Path(__file__).with_name(name), static)


def number_captions(app, pagename, templatename, context, doctree):
    """Write **Figure 3.2.** for the second figure of the third chapter, and **Figure 2.** where chapters have no numbers."""
    chapter = app.env.toc_secnumbers.get(pagename, {}).get("") or ()
    found = Counter()

    def numbered(caption):
        own_id, kind = caption.groups()
        found[kind] += 1
        number = ".".join(map(str, (*chapter, found[kind])))
        name = own_id or f"{kind.lower()}-{found[kind]}"
        return f'<p class="nin-caption" id="{name}"><strong>{kind} {number}.</strong>'

    if body := context.get("body"):
        context["body"] = re.sub(
            r'<p(?: id="([^"]*)")?><strong>(Figure|Table)\.</strong>',
            numbered,
            body,
        )


def page_assets(app, pagename, templatename, context, doctree):
    """A page with figures has their style sheet and, where there are buttons, their script, and what that draws from."""
    body = context.get("body") or ""
    if 'class="nin-figure"' not in body:
        return
    app.add_css_file("figures.css")
    found = SOURCE.findall(body)
    if not found:
        return
    context["body"] = SOURCE.sub("", body)
    sources = f"ninFigures = [{','.join(found)}];\n".encode()
    name = f"figures/{pagename}.js"
    file = Path(app.outdir, "_static", name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(sources)
    app.add_js_file(
        "interactive-figures.js",
        loading_method="defer",
        **{"data-figures": f"{name}?v={zlib.crc32(sources):08x}"},
    )


def setup(app):
    internals.render_figures((FIGURE, PICTURE), figure_html)
    app.connect("builder-inited", copy_assets)
    app.connect("html-page-context", number_captions)
    app.connect("html-page-context", page_assets, priority=600)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
