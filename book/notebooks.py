"""Make the notebooks of the book from their MyST sources.

    python book/notebooks.py [NAME ...]          execute book/text/NAME.md into book/NAME.ipynb (default: all)
    python book/notebooks.py --draw [NAME ...]   draw the pictures of its figures again, and execute nothing
    python book/notebooks.py --check [NAME ...]  compare the two, cell by cell, and execute nothing

Conversion goes one way only, from text to notebook: jupytext's `--sync` follows file times and can overwrite the
newer edit. Cell ids and metadata are deterministic, so that a diff shows what a change did and nothing else.
"""

import argparse
import sys
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

from pictures import add_pictures

BOOK = Path(__file__).resolve().parent
TEXT = BOOK / "text"
# What the page folds or leaves out is folded in JupyterLab, too: its name for the parts of a cell, by the page's tag.
FOLDED = {
    "hide-input": {"source_hidden": True},
    "remove-input": {"source_hidden": True},
    "hide-cell": {"source_hidden": True, "outputs_hidden": True},
    "remove-cell": {"source_hidden": True},
}


def read_text(name):
    """The chapter `name` as a notebook without outputs, its cell ids numbered in order."""
    source = TEXT / f"{name}.md"
    if not source.is_file():
        names = ", ".join(sorted(p.stem for p in TEXT.glob("*.md")))
        raise SystemExit(
            f"no chapter {name!r}: there is no {source.relative_to(BOOK.parent)}; the chapters are {names}"
        )
    notebook = jupytext.read(source)
    notebook.metadata.pop(
        "jupytext", None
    )  # the pairing is by file name and needs no record in the notebook
    for i, cell in enumerate(notebook.cells):
        cell["id"] = f"{name}-{i}"
        for tag in cell.metadata.get("tags", []):
            if tag in FOLDED:
                cell.metadata["jupyter"] = dict(FOLDED[tag])
    return notebook


def execute(name):
    """Run the chapter from the top in a fresh kernel, in the folder book/, and store it with its outputs."""
    notebook = read_text(name)
    NotebookClient(
        notebook,
        timeout=600,
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(BOOK)}},
    ).execute()
    # An explorer's output keeps its HTML, which is the same each time and shows without a kernel. Its live widget has a
    # random name, and would leave a stored notebook with "model not found" where the HTML could stand.
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(
                "application/vnd.jupyter.widget-view+json", None
            )
    add_pictures(notebook)
    nbformat.write(notebook, BOOK / f"{name}.ipynb")


def draw(name):
    """Draw the pictures of the stored figures again."""
    notebook = nbformat.read(BOOK / f"{name}.ipynb", as_version=4)
    add_pictures(notebook)
    nbformat.write(notebook, BOOK / f"{name}.ipynb")


def differences(name):
    """Sentences that say where book/NAME.ipynb is not what book/text/NAME.md would make; empty when they agree."""
    path = BOOK / f"{name}.ipynb"
    if not path.is_file():
        return [f"{path.name} is missing: run `make notebooks`"]
    text, stored = (
        read_text(name).cells,
        nbformat.read(path, as_version=4).cells,
    )
    if len(text) != len(stored):
        return [
            f"{path.name} has {len(stored)} cells, its text has {len(text)}: run `make notebooks`"
        ]
    return [
        f"{path.name}, cell {i}: text and notebook differ in its {part}: edit book/text/{name}.md and run `make notebooks`"
        for i, (a, b) in enumerate(zip(text, stored, strict=True))
        for part in ("cell_type", "source", "metadata")
        if a[part] != b[part]
    ]


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="chapters (default: all)"
    )
    parser.add_argument(
        "--draw",
        action="store_true",
        help="draw the pictures of stored figures, execute nothing",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="compare text and notebook, execute nothing",
    )
    args = parser.parse_args(argv)
    names = [Path(n).stem for n in args.names] or sorted(
        p.stem for p in TEXT.glob("*.md")
    )
    if args.check:
        found = [line for name in names for line in differences(name)]
        print("\n".join(found))
        return bool(found)
    for name in names:
        print(f"book/{name}.ipynb", flush=True)
        (draw if args.draw else execute)(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
