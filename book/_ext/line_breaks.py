"""Sphinx extension of the book: "5 %", "Eq. (7)" and "Fig. 2" are not torn apart where a line ends."""

import re

TIED = re.compile(
    r"(?<=\d)\s(?=%)|(?<=\bEq\.)\s|(?<=\bEqs\.)\s|(?<=\bFig\.)\s|(?<=\bFigs\.)\s"
)
NO_PROSE = {"literal", "literal_block", "math", "math_block", "raw"}


def tie_words(app, doctree, docname):
    """Put a space at which no line ends into each of them."""
    texts = doctree.findall(lambda node: node.tagname == "#text")
    for text in list(texts):
        tied = TIED.sub("\N{NO-BREAK SPACE}", text)
        if tied != text and text.parent.tagname not in NO_PROSE:
            text.parent.replace(text, type(text)(tied))


def setup(app):
    app.connect("doctree-resolved", tie_words)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
