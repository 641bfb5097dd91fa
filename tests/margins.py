"""By what margin the printed digits of the notebooks are stable.

    python tests/margins.py [NAME ...]     run book/NAME.ipynb (default: all) and print the table

Each notebook runs again with every number printed to 15 digits: as it is, with the plainest kernels that the processor
offers, and "shaken", every random number that starts a net, a noise or a sample moved by a rounding or none. A number's
spread is how far these runs lie apart, and its margin how far it is from the value at which the last digit that the book
prints would change. Where the margin is less than ten times the spread, or than a billionth of the number, the digit is
printed by luck: the number belongs to something chaotic, or to the edge between two digits. The exit status is then 1.
"""

import ast
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbclient import NotebookClient
from processors import environment

BOOK = Path(__file__).resolve().parents[1] / "book"
RUNS = {
    "as it is": ("native", 0),
    "plain": ("plain", 0),
    "shaken": ("native", 1),
    "shaken again": ("native", 2),
}
"""Name of a run: the setting of `processors.SETTINGS`, and the seed of what shakes it (0: nothing)."""

NUMBER = re.compile(r"[-+]?\d+\.?\d*(?:e[-+]?\d+)?")
SPECIFICATION = re.compile(r"([<>^+]*)(\d*)(?:\.\d+)?([a-z%]?)$")

SHAKE = """\
import numpy as np
from nin_lib.linear import model

def shaken(values, jitter=np.random.Generator(np.random.PCG64({seed}))):
    return values * (1 + np.finfo(float).eps * jitter.integers(-1, 2, np.shape(values)))

class Shaken(np.random.Generator):
    def standard_normal(self, *a, **k): return shaken(super().standard_normal(*a, **k))
    def normal(self, *a, **k): return shaken(super().normal(*a, **k))
    def uniform(self, *a, **k): return shaken(super().uniform(*a, **k))
    def laplace(self, *a, **k): return shaken(super().laplace(*a, **k))

def default_rng(seed=None):
    return seed if isinstance(seed, np.random.Generator) else Shaken(np.random.PCG64(seed))

np.random.default_rng = default_rng
model.draws = lambda *a, draws=model.draws: map(shaken, draws(*a))
"""


class Printed(NamedTuple):
    """A number of a notebook's output: where it stands, as the book prints it, its spread and its margin."""

    notebook: str
    cell: int
    text: str
    spread: float
    margin: float

    @property
    def lucky(self):
        return self.margin < max(10 * self.spread, 1e-9 * abs(float(self.text)))


def widened(match):
    """A format specification that asks for 15 digits, and for room enough that columns do not run into each other."""
    align, width, kind = match.groups()
    return f"{align}{int(width) + 30 if width else ''}{'.15' if kind in tuple('efg%') else ''}{kind}"


class AllDigits(ast.NodeTransformer):
    """Makes every format specification a `widened` one."""

    def visit_FormattedValue(self, node):
        self.generic_visit(node)
        for part in node.format_spec.values if node.format_spec else ():
            if isinstance(part, ast.Constant):
                part.value = SPECIFICATION.sub(widened, part.value, count=1)
        return node

    def visit_keyword(self, node):  # of tabulate(..., floatfmt=...)
        if node.arg != "floatfmt":
            return self.generic_visit(node)
        for part in ast.walk(node.value):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                part.value = SPECIFICATION.sub(widened, part.value, count=1)
        return node

    def visit_Constant(self, node):  # of "...".format(...)
        if isinstance(node.value, str):
            inner = r":([<>^+]*)(\d*)(?:\.\d+)?([a-z%]?)(?=\})"
            node.value = re.sub(inner, lambda match: f":{widened(match)}", node.value)
        return node


def precisely(source):
    """A cell's source that prints the same numbers with all their digits."""
    if re.search(r"^\s*[%!]", source, re.MULTILINE):
        return source
    return ast.unparse(AllDigits().visit(ast.parse(source)))


def text(output):
    """What an output says in words and numbers: what is printed, and a table."""
    html = output.get("data", {}).get("text/html", "")
    return output.get("text", "") + (html if html.startswith("<table>") else "")


def texts(cells):
    """What each cell has printed."""
    return ["".join(map(text, cell.get("outputs", []))) for cell in cells]


def run(name, setting, seed):
    """Texts that the cells of a notebook print, with all digits."""
    notebook = nbformat.read(BOOK / f"{name}.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in cells:
        cell.source = precisely(cell.source)
    shake = nbformat.v4.new_code_cell(SHAKE.format(seed=seed) if seed else "")
    notebook.cells = [shake, *cells]
    client = NotebookClient(
        notebook,
        timeout=600,
        coalesce_streams=True,
        allow_errors=True,
        resources={"metadata": {"path": str(BOOK)}},
    )
    # what the kernel itself says, of ports and the like, is not the notebook's
    client.execute(env=environment(setting), stderr=subprocess.DEVNULL)
    for place, cell in enumerate(cells):
        for error in [o for o in cell.outputs if o.output_type == "error"]:
            print(
                f"FAILED {name}, code cell {place}, {setting} {seed}: {error.ename}: {error.evalue[:200]}",
                flush=True,
            )
            cell.outputs = [error]  # what it printed is not worth comparing
    return texts(cells)


def printed(name):
    """Every number that a notebook prints, as `Printed`; None where a run prints other words, or fails."""
    stored = [c for c in nbformat.read(BOOK / f"{name}.ipynb", as_version=4).cells if c.cell_type == "code"]
    versions = [run(name, *how) for how in RUNS.values()]
    found = []
    for cell, text in enumerate(texts(stored)):
        rows = [NUMBER.findall(version[cell]) for version in versions]
        tokens = NUMBER.findall(text)
        if {len(row) for row in rows} != {len(tokens)}:
            print(f"FAILED {name}, code cell {cell}: prints other words in other runs", flush=True)
            return None
        for token, *values in zip(tokens, *rows, strict=True):
            values = [float(value) for value in values]
            mantissa, _, exponent = token.partition("e")
            half = 0.5 * 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
            margin = half - abs(values[0] - float(token))
            found.append(Printed(name, cell, token, max(values) - min(values), margin))
    return found


def main(names):
    names = names or sorted(path.stem for path in BOOK.glob("*.ipynb"))
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(printed, names))
    numbers = [number for one in found for number in one or ()]
    shown = [number for number in numbers if number.spread or number.lucky]
    print(f"{'chapter':24} {'cell':>4} {'printed':>12} {'spread':>8} {'margin':>8}")
    for n in sorted(shown, key=lambda n: n.margin / max(n.spread, 1e-300)):
        row = f"{n.notebook:24} {n.cell:4} {n.text:>12} {n.spread:8.1e} {n.margin:8.1e}"
        print(row + "  BY LUCK" * n.lucky)
    lucky = sum(number.lucky for number in numbers)
    print(f"{len(numbers)} numbers, {len(shown)} differ at all, {lucky} by more than their margin allows")
    return bool(lucky) or None in found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
