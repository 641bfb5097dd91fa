"""Write the table of nin_lib/equations.yml into the page book/text/equations.md, between its two marks.

    python book/equations.py

Then `make notebooks`. tests/test_equations.py compares the page with the file.
"""

from pathlib import Path

import yaml

BOOK = Path(__file__).resolve().parent
PAGE = BOOK / "text/equations.md"
BEGIN, END = (
    "% the table, from equations.yml by equations.py",
    "% end of the table",
)
VERDICTS = ("right", "incomplete", "wrong", "remark")


def rows():
    return yaml.safe_load(
        (BOOK.parent / "nin_lib/equations.yml").read_text(encoding="utf-8")
    )


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


def table():
    """The table in MyST, one row for each item."""
    chapters = chapter_of()
    lines = [
        "| item | verdict | what holds, where it is derived, and the tests |",
        "|---|---|---|",
    ]
    for row in rows():
        parts = [
            row["note"],
            f"[{chapters[row['anchor']][1]}](#{row['anchor']})",
            in_words(row["tests"]),
        ]
        lines.append(
            f"| {row['item']} | {row['verdict']} | {'<br>'.join(filter(None, parts))} |"
        )
    return "\n".join(lines)


def with_table(text):
    """The page's text with the present table between the marks."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{rest[rest.index(END) :]}"


if __name__ == "__main__":
    PAGE.write_text(
        with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8"
    )
