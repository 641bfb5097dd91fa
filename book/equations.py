"""Write what nin_lib/equations.yml says into the pages book/text/equations.md and errata.md, between their marks.

    python book/equations.py

Then `make notebooks`. tests/test_equations.py compares the pages with the file.
"""

import functools
from pathlib import Path

import networkx as nx
import yaml

BOOK = Path(__file__).resolve().parent
PAGE, ERRATA = BOOK / "text/equations.md", BOOK / "text/errata.md"
VERDICTS = ("wrong", "incomplete", "right", "remark")
SEVERITIES = ("serious", "minor", "slip")
CHECKS = (
    "SymPy identity",
    "numerical identity",
    "counterexample",
    "simulation",
    "full-size run",
)


def rows():
    return yaml.safe_load(
        (BOOK.parent / "nin_lib/equations.yml").read_text(encoding="utf-8")
    )


@functools.cache
def chapter_of():
    """Target to (chapter, its title), for every MyST target of the texts."""
    found = {}
    for path in sorted((BOOK / "text").glob("*.md")):
        lines = path.read_text(encoding="utf-8").splitlines()
        title = next(
            line.removeprefix("# ")
            for line in lines
            if line.startswith("# ")
        )
        for line in lines:
            if line.startswith("(") and line.endswith(")="):
                found[line[1:-2]] = path.stem, title
    return found


def rests_on(rows):
    """The graph of the items: an edge from each item to each that uses it."""
    graph = nx.DiGraph()
    graph.add_nodes_from(row["item"] for row in rows)
    graph.add_edges_from(
        (used, row["item"]) for row in rows for used in row["uses"]
    )
    return graph


def grade(row):
    """The verdict with its severity; a slip is called no more than that."""
    severity = row.get("severity")
    if severity == "slip":
        return severity
    return ", ".join(filter(None, (row["verdict"], severity)))


def in_words(tests):
    """Test ids as a reader reads them, and as a narrow column can break them."""
    by_file = {}
    for test in tests:
        file, name = test.split("::")
        by_file.setdefault(file, []).append(
            name.removeprefix("test_").replace("_", " ")
        )
    return ". ".join(
        f"`{file}`: {'; '.join(names)}" for file, names in by_file.items()
    )


def target(row):
    """Where an item is derived, for a link."""
    return f"{chapter_of()[row['anchor']][0]}.ipynb#{row['anchor']}"


def link(row):
    """The item as a link, with a word in it: a formula alone is no name that could be read out."""
    word = "boundary " if row["item"].startswith("$") else ""
    return f"[{word}{row['item']}]({target(row)})"


def line(*cells):
    return f"| {' | '.join(cells)} |"


def table():
    """Every item, in MyST, one row for each."""
    chapters = chapter_of()
    lines = [
        "| item | verdict | what holds, where it is derived, how it was checked, and the tests |",
        "|---|---|---|",
    ]
    for row in rows():
        parts = [
            row["note"],
            f"[{chapters[row['anchor']][1]}]({target(row)})",
            ", ".join(row["checked"]),
            in_words(row["tests"]),
        ]
        cell = "<br>".join(filter(None, parts))
        lines.append(line(row["item"], grade(row), cell))
    return "\n".join(lines)


def errata():
    """What does not hold as printed, the most severe first."""
    lines = [
        "| item | verdict | what holds, and a fair reading |",
        "|---|---|---|",
    ]
    found = [row for row in rows() if "severity" in row]
    found.sort(
        key=lambda row: (
            SEVERITIES.index(row["severity"]),
            VERDICTS.index(row["verdict"]),
        )
    )
    for row in found:
        cell = (
            f"{row['note']}<br>*Fair reading:* {row['fair']}"
            f"<br>*Checked by* {', '.join(row['checked'])}"
        )
        lines.append(line(link(row), grade(row), cell))
    return "\n".join(lines)


def map_in_words():
    """What rests on what, as a list, in an order in which nothing comes before what it uses."""
    by_item = {row["item"]: row for row in rows()}
    order = list(by_item)
    lines = []
    for item in nx.lexicographical_topological_sort(
        rests_on(by_item.values()), key=order.index
    ):
        uses = ", ".join(
            link(by_item[used]) + (" repaired" if how == "repaired" else "")
            for used, how in by_item[item]["uses"].items()
        )
        what = f"rests on {uses}" if uses else "rests on no other item"
        lines.append(
            f"- {link(by_item[item])}, {grade(by_item[item])}: {what}"
        )
    return "\n".join(lines)


PARTS = {
    PAGE: {"the table": table, "the list": map_in_words},
    ERRATA: {"the table": errata},
}
"""What stands on each page between the marks of this name."""


def with_parts(page):
    """The text of the page `page` with the present parts between its marks."""
    text = page.read_text(encoding="utf-8")
    for name, part in PARTS[page].items():
        begin = f"% {name}, from equations.yml by equations.py"
        before, rest = text.split(begin)
        after = rest[rest.index(f"% end of {name}") :]
        text = f"{before}{begin}\n{part()}\n{after}"
    return text


if __name__ == "__main__":
    for page in PARTS:
        page.write_text(with_parts(page), encoding="utf-8")
