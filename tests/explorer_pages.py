"""Pages with one explorer each, as the book shows it, for the tests that drive explorers in headless Chromium."""

import contextlib
import json
import re

from conftest import ROOT, Watched

from nin_lib import widgets
from nin_lib.widgets import (
    BatchAverageExplorer,
    ExpansionExplorer,
    PhaseDiagramExplorer,
    RunExplorer,
    TimescalesExplorer,
    TrainingExplorer,
)

# One of each class, by the name of its bundle.
EXPLORERS = {
    cls.name: cls("fig3-ce") if cls is RunExplorer else cls()
    for cls in (getattr(widgets, name) for name in widgets.__all__ if name.endswith("Explorer"))
}
# What a page of the book does: the theme's attribute decides, else the system's preference.
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{name}</title><style>
body {{ margin: 0 auto; max-width: 700px; font-family: sans-serif; background: #fff; color: #333 }}
@media (prefers-color-scheme: dark) {{ html:not([data-theme=light]) body {{ background: #121212; color: #ddd }} }}
html[data-theme=dark] body {{ background: #121212; color: #ddd }}
</style>{explorer}<p>{links}</p><script defer src="{name}.js"></script></html>"""
# anywidget's model, as the live kernel's front end hands it to an explorer.
FAKE_MODEL = """script => new Promise(async done => {
  const { default: widget } = await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
  const state = STATE, listeners = {};
  window.saved = [];
  window.sent = [];
  window.model = {
    get: key => state[key],
    set(key, value) { state[key] = value; for (const f of listeners["change:" + key] ?? []) f(); },
    on: (event, f) => (listeners[event] ??= []).push(f),
    off(event, f) { listeners[event] = listeners[event].filter(g => g !== f); },
    save_changes() { window.saved.push({ ...state }); },
    send: message => window.sent.push(message),
  };
  window.listeners = listeners;
  const el = document.createElement("div");
  window.end = await widget.render({ model: window.model, el });
  document.body.append(el); // JupyterLab, too, puts it into the page later
  done();
})"""


def shown_html(explorer):
    """The explorer in a page without a kernel."""
    return explorer._repr_mimebundle_()[0]["text/html"]


def write_page(folder, explorer, links=""):
    """NAME.html with the explorer, and with links that set it, and its script NAME.js beside it."""
    html = PAGE.format(name=explorer.name, explorer=shown_html(explorer), links=links)
    (folder / f"{explorer.name}.html").write_text(html, encoding="utf-8")
    (folder / f"{explorer.name}.js").write_text(explorer.static_script(), encoding="utf-8")


@contextlib.contextmanager
def opening(browser, folder, first, ready):
    """Yields a function that opens a page of the folder, from the file unless told, and waits for the JavaScript `ready`.

    At the end every opened page must have asked nobody and reported no error.
    """
    contexts = []

    def open_page(path=first, base=None, **options):
        base = base or folder.as_uri()
        context = browser.new_context(**options)
        page = context.new_page()
        contexts.append((context, Watched(page, base)))
        page.goto(f"{base}/{path}")
        if options.get("java_script_enabled", True):
            page.wait_for_function(ready)
        return page

    yield open_page
    for context, watched in contexts:
        context.close()
        watched.assert_clean()


def drag(page, locator, start, end, moves):
    """A real mouse drag between two fractions of the width; yields after each move."""
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + start * box["width"], y)
    page.mouse.down()
    for k in range(1, moves + 1):
        page.mouse.move(box["x"] + (start + (end - start) * k / moves) * box["width"], y)
        yield k
    page.mouse.up()


FROM_PYTHON = ROOT / "nin_lib/widgets/js/test/from-python.js"


def from_python():
    """What `FROM_PYTHON` holds: for the JavaScript tests, all that Python puts before the bundles, with 16 of the digits."""

    def globally(names, script):
        return f"Object.assign(\n  globalThis,\n  (() => {{\n{script}\nreturn {{ {names} }};\n}})(),\n);\n"

    palette = re.search(r"^const palette = .*", PhaseDiagramExplorer.script(), re.MULTILINE)[0]
    line, outcomes = TrainingExplorer.javascript().splitlines()
    digits = json.loads(line.removeprefix("const digits = ").removesuffix(";"))
    digits |= {"pixels": digits["pixels"][: 16 * 64], "labels": digits["labels"][:16], "train": 12}
    scripts = {
        "palette": palette,
        "limits": f"const limits = {json.dumps(PhaseDiagramExplorer.limits())};",
        "makeLinear, makeTimescales": TimescalesExplorer.javascript(),
        "stepColors": PhaseDiagramExplorer.javascript(),
        "network": ExpansionExplorer.javascript(),
        "noises, moments, sampling": BatchAverageExplorer.javascript(),
        "digits": f"const digits = {json.dumps(digits)};",
        "outcomes": outcomes,
    }
    return "// Written by `python tests/explorer_pages.py`.\n" + "".join(
        map(globally, scripts, scripts.values())
    )


if __name__ == "__main__":
    FROM_PYTHON.write_text(from_python(), encoding="utf-8")
