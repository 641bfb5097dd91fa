"""nin_lib/equations.yml, the verdict on each item of the paper: complete, and nothing in it leads nowhere."""

import ast
import importlib.util
import re

import nbformat
import pytest
from conftest import ROOT

spec = importlib.util.spec_from_file_location("equations", ROOT / "book/equations.py")
equations = importlib.util.module_from_spec(spec)
spec.loader.exec_module(equations)

ROWS = equations.rows()
ITEMS = [f"({n})" for n in range(1, 34)] + ["Theorem 1"] + [f"Footnote {n}" for n in range(2, 12)]
ITEMS += ["Table 1", "Fig. 1", "Fig. 2, top", "Fig. 2, bottom", "Fig. 3"]


def missing_items(rows):
    return sorted(set(ITEMS) - {row["item"] for row in rows})


def lost_anchors(rows):
    """Rows whose target stands in no chapter of the table of contents."""
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    chapters = {anchor: name for anchor, (name, _) in equations.chapter_of().items()}
    return [row["item"] for row in rows if f"book/{chapters.get(row.get('anchor'))}\n" not in f"{toc}\n"]


def lost_tests(rows):
    """Test ids of the rows that are no test: no function of that name stands in that file."""
    named = sorted({test for row in rows for test in row.get("tests", [])})
    ids = set()
    for file in {test.split("::")[0] for test in named}:
        path = ROOT / "tests" / file
        tree = ast.parse(path.read_text(encoding="utf-8") if path.exists() else "")
        ids |= {f"{file}::{node.name}" for node in tree.body if isinstance(node, ast.FunctionDef)}
    return [test for test in named if test not in ids]


def test_every_item_of_the_paper_has_one_row():
    assert missing_items(ROWS) == []
    items = [row["item"] for row in ROWS]
    assert len(items) == len(set(items))


def test_a_missing_row_is_found():
    assert missing_items([row for row in ROWS if row["item"] not in ("(17)", "Footnote 9")]) == [
        "(17)",
        "Footnote 9",
    ]


def test_rows_are_well_formed():
    for row in ROWS:
        assert row["verdict"] in equations.VERDICTS, row
        assert set(row) == {"item", "verdict", "note", "anchor", "tests"}, row
        assert row["tests"] or row["verdict"] == "remark", f"{row['item']} names no test"
        assert row["verdict"] not in ("wrong", "incomplete") or row["note"], f"{row['item']}: what does hold?"
        assert "|" not in row.get("note", ""), f"{row['item']}: a bar ends the table's cell, write \\lvert"


def test_every_row_leads_to_a_chapter():
    assert lost_anchors(ROWS) == []


def test_errata_treat_everything_that_does_not_hold_as_printed():
    text = (equations.BOOK / "text/errata.md").read_text(encoding="utf-8")
    for row in ROWS:
        if row["verdict"] in ("wrong", "incomplete"):
            assert f"(#{row['anchor']})" in text or f"({row['anchor']})=" in text, row["item"]


def test_a_lost_anchor_is_found():
    assert lost_anchors([dict(ROWS[0], anchor="eq-99"), {"item": "x", "verdict": "right"}]) == ["(1)", "x"]


def test_every_named_test_exists():
    assert lost_tests(ROWS) == []


def test_a_test_that_does_not_exist_is_found():
    rows = [
        dict(
            ROWS[0], tests=["test_equations.py::test_nothing", "test_nowhere.py::test_x", ROWS[0]["tests"][0]]
        )
    ]
    assert lost_tests(rows) == ["test_equations.py::test_nothing", "test_nowhere.py::test_x"]


def test_page_shows_the_file():
    page = equations.PAGE.read_text(encoding="utf-8")
    assert page == equations.with_table(page), "run `python book/equations.py`, then `make notebooks`"


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row["item"].startswith("(")], ids=lambda row: row["item"]
)
def test_equation_stands_under_its_target_with_its_number(row):
    number = row["item"].strip("()")
    assert row["anchor"] == f"eq-{number}"
    chapter, _ = equations.chapter_of()[row["anchor"]]
    notebook = nbformat.read(ROOT / f"book/{chapter}.ipynb", as_version=4)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert f"({row['anchor']})=" in text
    assert re.search(rf"\\tag{{[^}}]*\b{number}\b[^}}]*}}", text), f"no \\tag{{{number}}} in {chapter}"
