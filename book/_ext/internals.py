"""What the book asks of MyST-NB, of the theme and of autodoc beyond Sphinx's public interface: all of it, and nothing else.

Their next versions may change what stands here without a word. The other modules use Sphinx alone, and tell this one what
they want. CONTRIBUTING.md says what a move to another builder of books would take.
"""

import re
from pathlib import Path

import pydata_sphinx_theme
from docutils import nodes
from myst_nb.core.render import load_mime_renders
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.ext import autodoc
from sphinx.ext.autodoc.mock import _MockObject
from sphinx.transforms import SphinxTransform

THEME_SHEET = "styles/pydata-sphinx-theme.css"
THEME_FONTS = "vendor/fontawesome/webfonts"
# Extensions that Jupyter Book brings: what names their files, and what on a page asks for them.
PARTS = {
    # puts its script on every page, twice (a page error), and names a CDN; this book has no Thebe button
    "thebe": None,
    "toggle": r'class="[^"]*\b(toggle|dropdown)\b',
    "design": r'class="[^"]*\bsd-',
}


def render_figures(mimes, to_html):
    """Have each output that has one of the MIME types put into the page as the HTML that ``to_html(output)`` returns."""

    class Renderer:
        mime_priority_overrides = [
            ("html", mime, 5 + i) for i, mime in enumerate(mimes)
        ]

        @staticmethod
        def handle_mime(renderer, data, inline):
            if inline or data.mime_type not in mimes:
                return None
            _, outputs = renderer.renderer.nb_client.code_cell_outputs(
                data.cell_index
            )
            output = outputs[data.output_index]
            chosen = next(mime for mime in mimes if mime in output["data"])
            if data.mime_type != chosen:
                return []
            return [nodes.raw(text=to_html(output), format="html")]

    load_mime_renders().append(
        Renderer
    )  # a cached list: needs no entry point


class LinksToExplorers(SphinxTransform):
    """MyST takes a link to an explorer, ``#linear?sigma_eps=16``, for a cross-reference, and loses its title."""

    default_priority = 878  # just before MyST resolves its own

    def apply(self):
        for link in self.document.findall(nodes.reference):
            if link.get("id_link") and "?" in link["refuri"]:
                del link["id_link"]
                link["internal"] = True


def leave_out_widget_state(app):
    """Explorers carry their own state; MyST-NB would embed the widgets', with the bundle once per widget."""

    def drop(app, pagename, templatename, context, doctree):
        NbMetadataCollector.get_js_files(app.env, pagename).pop(
            "ipywidgets_state", None
        )

    app.connect("html-page-context", drop, priority=100)


def leave_out_unused_parts(app):
    """Leave out the scripts and style sheets of extensions that Jupyter Book brings, on pages that do not use them."""

    def drop(app, pagename, templatename, context, doctree):
        body = context.get("body") or ""
        unused = "|".join(
            part
            for part, sign in PARTS.items()
            if sign is None or not re.search(sign, body)
        )
        for kind in ("script_files", "css_files"):
            context[kind][:] = [
                file
                for file in context[kind]
                if not re.search(
                    unused,
                    f"{file.filename} {file.attributes.get('body')}".lower(),
                )
            ]

    app.connect("html-page-context", drop, priority=600)


def describe_with_stand_ins():
    """Let autodoc describe what rests on its stand-ins for modules: a hint ``torch.Tensor | None``, a class of SciPy's kind."""
    _MockObject.__or__ = _MockObject.__ror__ = lambda self, other: self
    autodoc._CLASS_NEW_BLACKLIST.append(  # its arguments are none of that class
        f"{_MockObject.__module__}._MockObject.__new__"
    )


def theme_static():
    """Folder of the theme's own static files, as it was installed."""
    package = Path(pydata_sphinx_theme.__file__).parent
    return package / "theme/pydata_sphinx_theme/static"


def add_buttons(config, repository, commit):
    """Give each page the theme's buttons that lead to a repository, and those that open its notebook there."""
    config.html_theme_options.update(
        repository_url=repository,
        repository_branch=commit,
        use_repository_button=True,
        launch_buttons={
            "notebook_interface": "jupyterlab",
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com",
        },
    )


def lead_colab_button(app, url_of):
    """Lead the theme's Colab button of each page to the address ``url_of(pagename)``."""

    def lead(app, pagename, templatename, context, doctree):
        for group in context["header_buttons"]:
            for button in group.get("buttons", []):
                if button["text"] == "Colab":
                    button["url"] = url_of(pagename)

    app.connect(
        "html-page-context", lead, priority=502
    )  # the theme makes its buttons at 501


LAID_OUT = {"story", "map"}  # the sections that style sheets lay out


def name_sections(app, doctree):
    """Give a section with a label a class for it. The style sheet could ask which section has an anchor inside, but then
    a browser looks at the whole page again whenever a script changes something: for Plotly, hundreds of times.
    """
    for section in doctree.findall(nodes.section):
        section["classes"] += [
            f"labelled-{name}"
            for name in LAID_OUT.intersection(section["ids"])
        ]
