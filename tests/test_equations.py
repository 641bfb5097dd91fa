"""nin_lib/equations.yml, the verdict on each item of the paper: complete, and nothing in it leads nowhere."""

import ast
import importlib.util
import re

import nbformat
import networkx as nx
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
    return [
        row["item"]
        for row in rows
        if f"book/{(chapter := chapters.get(row.get('anchor')))}\n" not in f"{toc}\n"
        or row["chapter"] != chapter
    ]


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


FIELDS = {"item", "verdict", "note", "anchor", "chapter", "checked", "uses", "tests"}


def test_rows_are_well_formed():
    for row in ROWS:
        assert row["verdict"] in equations.VERDICTS, row
        graded = {"severity", "fair"} if row["verdict"] in ("wrong", "incomplete") else set()
        assert set(row) == FIELDS | graded, row
        assert row.get("severity") in (equations.SEVERITIES if graded else [None]), row
        assert set(row["checked"]) <= set(equations.CHECKS), row
        assert bool(row["checked"]) == (row["verdict"] != "remark"), f"{row['item']}: how was it checked?"
        assert row.get("fair", True), f"{row['item']}: how would its author read it?"
        assert row["tests"] or row["verdict"] == "remark", f"{row['item']} names no test"
        assert row["verdict"] not in ("wrong", "incomplete") or row["note"], f"{row['item']}: what does hold?"
        for cell in (row["note"], row.get("fair", "")):
            assert "|" not in cell, f"{row['item']}: a bar ends the table's cell, write \\lvert"


def test_what_is_refuted_has_been_checked_by_more_than_an_identity():
    for row in ROWS:
        if row["verdict"] == "wrong":
            assert set(row["checked"]) & {"counterexample", "simulation", "full-size run"}, row["item"]


def test_a_slip_is_not_called_wrong():
    grades = {row["item"]: equations.grade(row) for row in ROWS}
    assert all(grades[item] == "slip" for item in ("(16)", "(18)", "(21)", "(28)"))
    assert grades[r"$\sigma_{\epsilon,\mathrm{div}}$"] == "wrong, serious"
    assert grades["(7)"] == "right" and grades["Footnote 8"] == "remark"


# --- what rests on what ----------------------------------------------------------------------------------------------


def unsound(rows):
    """What is wrong with the fields `uses`: sentences, none if nothing is."""
    verdicts = {row["item"]: row["verdict"] for row in rows}
    found = []
    for row in rows:
        for used, how in row["uses"].items():
            if used not in verdicts:
                found.append(f"{row['item']} uses {used}, which is no item")
            elif how not in ("printed", "repaired"):
                found.append(f"{row['item']} uses {used} {how}")
            elif how == "repaired" and verdicts[used] not in ("wrong", "incomplete"):
                found.append(f"{row['item']} uses {used} repaired, which is {verdicts[used]}")
            elif how == "printed" and verdicts[used] == "wrong":
                found.append(f"{row['item']} uses {used}, which is refuted")
    if not found and not nx.is_directed_acyclic_graph(equations.rests_on(rows)):
        found.append(f"a circle: {nx.find_cycle(equations.rests_on(rows))}")
    return found


def test_nothing_rests_on_itself_or_on_what_is_refuted():
    assert unsound(ROWS) == []


@pytest.mark.parametrize(
    "item, uses, message",
    [
        ("(17)", {"(34)": "printed"}, "(17) uses (34), which is no item"),
        ("(17)", {"(15)": "somehow"}, "(17) uses (15) somehow"),
        ("(17)", {"(15)": "repaired"}, "(17) uses (15) repaired, which is right"),
        ("(17)", {"(16)": "printed"}, "(17) uses (16), which is refuted"),
        ("(15)", {"(22)": "printed"}, "a circle: [('(15)', "),
    ],
)
def test_an_unsound_use_is_found(item, uses, message):
    (found,) = unsound([row | {"uses": uses} if row["item"] == item else row for row in ROWS])
    assert found.startswith(message)


def test_the_map_in_words_names_every_item_after_those_that_it_uses():
    lines = equations.map_in_words().splitlines()
    at = {line[3 : line.index("](")].removeprefix("boundary "): k for k, line in enumerate(lines)}
    assert set(at) == {row["item"] for row in ROWS}
    assert all(at[used] < at[row["item"]] for row in ROWS for used in row["uses"])
    assert (
        "- [(14)](noise-expansion.ipynb#eq-14), wrong, minor: rests on [(12)](noise-expansion.ipynb#eq-12), "
        "[(13)](noise-expansion.ipynb#eq-13), [Theorem 1](batch-averages.ipynb#theorem-1) repaired"
    ) in lines


def test_the_map_has_a_mark_and_a_link_for_every_item():
    notebook = nbformat.read(ROOT / "book/equations.ipynb", as_version=4)
    mime = "application/vnd.plotly.v1+json"
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    (figure,) = [output.data[mime] for output in outputs if mime in output.get("data", {})]
    marks = {trace["name"]: trace for trace in figure["data"] if trace["mode"] == "markers"}
    for grade, trace in marks.items():
        assert len(trace["x"]) == sum(equations.grade(row) == grade for row in ROWS)
    looks = [(trace["marker"]["symbol"], trace["marker"]["color"]) for trace in marks.values()]
    assert len({symbol for symbol, _ in looks}) == len(looks), "no grade is told from another by colour alone"
    labels = [note["text"] for note in figure["layout"]["annotations"]]
    for row, label in zip(ROWS, labels, strict=True):
        assert label.startswith(f'<a href="{row["chapter"]}.html#{row["anchor"]}"')


def test_every_row_leads_to_a_chapter():
    assert lost_anchors(ROWS) == []


def test_errata_treat_everything_that_does_not_hold_as_printed():
    text = equations.ERRATA.read_text(encoding="utf-8").partition("\n## ")[2]  # the table names them all
    for row in ROWS:
        if row["verdict"] in ("wrong", "incomplete"):
            assert f"#{row['anchor']})" in text or f"({row['anchor']})=" in text, row["item"]


def test_a_lost_anchor_is_found():
    rows = [dict(ROWS[0], anchor="eq-99"), dict(ROWS[1], chapter="errata"), {"item": "x", "verdict": "right"}]
    assert lost_anchors(rows) == ["(1)", "(2)", "x"]


def test_every_named_test_exists():
    assert lost_tests(ROWS) == []


def test_a_test_that_does_not_exist_is_found():
    rows = [
        dict(
            ROWS[0], tests=["test_equations.py::test_nothing", "test_nowhere.py::test_x", ROWS[0]["tests"][0]]
        )
    ]
    assert lost_tests(rows) == ["test_equations.py::test_nothing", "test_nowhere.py::test_x"]


@pytest.mark.parametrize("page", equations.PARTS, ids=lambda page: page.stem)
def test_page_shows_the_file(page):
    text = page.read_text(encoding="utf-8")
    assert text == equations.with_parts(page), "run `python book/equations.py`, then `make notebooks`"


def test_errata_open_with_the_most_severe():
    text = equations.ERRATA.read_text(encoding="utf-8")
    assert text.index(equations.errata()) < text.index("\n## ")
    lines = equations.errata().splitlines()[2:]
    severities = [re.search("serious|minor|slip", line.split(" | ")[1])[0] for line in lines]
    assert severities == sorted(severities, key=equations.SEVERITIES.index)
    assert len(lines) == sum("severity" in row for row in ROWS)
    assert all(
        re.match(r"\| \[.*?\]\([\w-]+\.ipynb#[\w-]+\) \|", line) and "*Fair reading:*" in line
        for line in lines
    )


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
