"""Sphinx extension of the book: what others see of a page before they open it, and what stands where there is no page.

Description
    the first sentences of a page, up to the first formula, for search engines and for whoever is sent a link.
Picture
    the explorer, as book/cover.py draws it, where the site has an address: such a picture is asked for by its full address.
Lost
    a page for addresses that lead nowhere. A host shows it at any of them, so it leans on no other file.
"""

import html
import re
import shutil
from pathlib import Path

PICTURE = "images/explorer.png"
LONGEST = 250  # characters of a description
SENTENCE = r"(?<=[.?!]) +(?=[A-Z])"  # what lies between two
LOST = """\
<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>No such page &#8212; {title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<style>
:root {{ color-scheme: light dark }}
body {{ max-width: 36rem; margin: 20vh auto; padding: 0 1rem; font: 1.1rem/1.6 system-ui, sans-serif }}
</style></head>
<body><main><h1>There is no such page</h1>
<p>The book <em>{title}</em> has none at this address; a chapter may have got another name.
Its <a href="{first}">first page</a> leads to all of them, and one can <a href="{search}">search</a>.</p></main></body>
</html>
"""


def text_of(page):
    """The words of some HTML; a zero byte stands for a formula."""
    words = re.sub(
        r'<span class="katex">.*?</math></span>', "\0", page, flags=re.S
    )
    return " ".join(html.unescape(re.sub("<[^>]*>", "", words)).split())


def description(body):
    """The sentences before the first formula of the first paragraph that begins with one without; empty if none does."""
    for paragraph in re.findall(r"<p>(.*?)</p>", body, re.S):
        said = ""
        for sentence in re.split(SENTENCE, text_of(paragraph)):
            if (
                "\0" in sentence
                or said
                and len(said) + len(sentence) >= LONGEST
            ):
                break
            said = f"{said} {sentence}".strip()
        if said:
            return said
    return ""


def root_of(app):
    """Where the site lies: at its address, or else at the root of some host."""
    return app.config.html_baseurl.rstrip("/") + "/"


def describe(app, pagename, templatename, context, doctree):
    """Put the description, and the picture where the site has an address, into the head of a page."""
    said = description(context.get("body") or "")
    if not said:
        return
    tags = {
        "description": said,
        "og:description": said,
        "og:title": text_of(context["title"]),
        "og:site_name": app.config.html_title or app.config.project,
        "og:type": "article",
    }
    if app.config.html_baseurl:
        tags["og:image"] = f"{root_of(app)}_static/{Path(PICTURE).name}"
    context["metatags"] = context.get("metatags", "") + "".join(
        f'<meta {"property" if ":" in name else "name"}="{name}" content="{html.escape(content)}">\n'
        for name, content in tags.items()
    )


def write_files(app, exception):
    """The picture, and the page for the lost."""
    if exception or app.builder.format != "html":
        return
    root = root_of(app)
    lost = LOST.format(
        title=app.config.html_title or app.config.project,
        first=root + app.builder.get_target_uri(app.config.root_doc),
        search=f"{root}search.html",
    )
    site = Path(app.outdir)
    (site / "404.html").write_text(lost, encoding="utf-8")
    shutil.copy2(Path(__file__).parent.parent / PICTURE, site / "_static")


def setup(app):
    app.connect("html-page-context", describe)
    app.connect("build-finished", write_files)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
