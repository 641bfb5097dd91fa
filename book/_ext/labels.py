"""Sphinx extension of the book: references that a live notebook follows, too.

A text says ``[Eq. (6)](linear-model.ipynb#eq-6)``: JupyterLab opens the chapter and finds the label in it. MyST knows the
labels of all chapters, and asks for the label alone.
"""

import re


def name_labels_alone(app, docname, source):
    """Take the chapter out of the references to labels; a label that is nowhere still stops the build."""
    source[0] = re.sub(r"\]\([\w-]+\.ipynb(#[\w-]+)\)", r"](\1)", source[0])


def setup(app):
    app.connect("source-read", name_labels_alone)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
