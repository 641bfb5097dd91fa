"""Sphinx extension of the book: the page of the library's reference, made from the docstrings.

The site is built without torch and SciPy (see `autodoc_mock_imports` in _config.yml): numpydoc reads `nin_lib` with stand-ins.
"""

import internals


def setup(app):
    app.setup_extension("numpydoc")
    internals.let_stand_ins_be_alternatives()
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
