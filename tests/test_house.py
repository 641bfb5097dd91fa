"""The house: rooms that can be read in one sitting, each named in the README, and no import that runs back."""

import ast
import io
import tokenize

import pytest
from conftest import ROOT

LAYOUT = (
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
)
MODULES = [
    path.relative_to(ROOT)
    for folder in ("nin_lib", "benchmarks", "book")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "node_modules" not in path.parts
]


def code_of(path):
    """The tree of a module, and the numbers of its lines of code: not those of docstrings, comments and blanks."""
    source = (ROOT / path).read_text(encoding="utf-8")
    tree, lines = ast.parse(source), set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in LAYOUT:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            lines.difference_update(range(node.lineno, node.end_lineno + 1))
    return tree, lines


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_module_has_at_most_250_lines_of_code_and_a_function_50(path):
    tree, lines = code_of(path)
    assert len(lines) <= 250
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            size = len(lines.intersection(range(node.lineno, node.end_lineno + 1)))
            assert size <= 50, f"{node.name} has {size} lines of code"


def test_node_probe_and_curvature_stay_small_together():
    modules = ("injection", "probe", "local_loss", "curvature")
    assert sum(len(code_of(f"nin_lib/{name}.py")[1]) for name in modules) <= 900


def imports_of(path):
    """The modules of nin_lib that a module imports when it is imported: not those that its functions ask for later."""
    tree, _ = code_of(path)
    # not what a function asks for, nor what only the type checker sees
    statements = list(ast.iter_child_nodes(tree))
    statements += [s for block in statements if isinstance(block, ast.With) for s in block.body]
    for statement in statements:
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").split(".")[0] == "nin_lib":
            for alias in statement.names:
                inner = f"{statement.module}.{alias.name}"
                yield inner if module_file(inner) else statement.module


def module_file(name):
    path = ROOT.joinpath(*name.split("."))
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)


def test_no_import_runs_in_a_circle():
    """A package may gather the modules that lie in it; they do not import it back."""
    graph = {
        path: {
            module_file(name).relative_to(ROOT) for name in imports_of(path) if module_file(name) is not None
        }
        for path in MODULES
        if path.parts[0] == "nin_lib"
    }
    done, way = set(), []

    def visit(path):
        assert path not in way, f"circle: {[str(p) for p in [*way[way.index(path) :], path]]}"
        if path not in done:
            way.append(path)
            for other in sorted(graph[path]):
                visit(other)
            done.add(way.pop())

    for path in graph:
        visit(path)
    assert len(done) > 40


@pytest.mark.checkout
def test_the_readme_has_a_line_for_each_room():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    where = readme[readme.index("## Where things are") :]
    rooms = {f"`{p.name}`" for p in (ROOT / "nin_lib").glob("*.py")} - {"`__init__.py`", "`__main__.py`"}
    rooms |= {f"`{p.parent.name}/`" for p in (ROOT / "nin_lib").glob("*/__init__.py")}
    assert {room for room in rooms if room not in where} == set()
