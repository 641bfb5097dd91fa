"""The book in a real JupyterLab, as the extra `live` installs it: texts, links, explorers, and a training beside the cells."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest
from conftest import ROOT
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import expect

pytest.importorskip("jupyterlab")
pytest.importorskip("jupyterlab_myst")
pytestmark = pytest.mark.browser
PATIENCE = 120_000  # ms: on a busy machine a kernel takes long to start
CELLS = [
    """
from nin_lib import experiments
from nin_lib.experiments import Experiment
from nin_lib.experiments.fashion_mnist import Settings, train_history
from nin_lib.widgets import LinearExplorer, RunExplorer

usual = dict(data="digits", hidden=(32,), loss="ce", eta=0.2, batch_size=128)
sweep = tuple(Settings(**usual, sigma_eps=s, seed=0, epochs=2) for s in (1.0, 10.0))
experiments.EXPERIMENTS["toy"] = Experiment("toy", sweep, train_history, ("torch",))
experiments.run("toy", "toy-runs")
""",
    "explorer = RunExplorer('toy', 'toy-runs', sigma_eps=1.0, epochs=10_000)\nexplorer",
    "import ipywidgets\nipywidgets.HBox([LinearExplorer()], layout={'width': '700px'})",
    "import time\ntime.sleep(4)",
    "import threading\nsum(thread.name.startswith('training') for thread in threading.enumerate())",
]

RENDERED = r"""() => {
  const cells = [...document.querySelectorAll(".jp-MarkdownCell")].map(cell => cell.innerText.trim());
  const shown = cells.filter(text => text);
  return shown.length > 3 && !shown.some(text => /\{(cite|admonition)|^\([\w-]+\)=/m.test(text));
}"""


@contextlib.contextmanager
def jupyterlab(folder):
    """The address of a JupyterLab that shows `folder`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    private = {f"JUPYTER_{name}_DIR": str(folder / f".{name}") for name in ("CONFIG", "DATA", "RUNTIME")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
    command += ["--ServerApp.token=", f"--ServerApp.root_dir={folder}", "--LabApp.news_url="]
    command += [f"--LabApp.workspaces_dir={folder / '.workspaces'}"]
    with subprocess.Popen(
        command, env=os.environ | private, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(600):
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(f"{address}/api")
                    break
                time.sleep(0.1)
            yield f"{address}/lab/tree"
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    for notebook in (ROOT / "book").glob("*.ipynb"):
        shutil.copy(notebook, folder)
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}}
    live = new_notebook(cells=[new_code_cell(cell.strip()) for cell in CELLS], metadata=kernel)
    nbformat.write(live, folder / "live.ipynb")
    with jupyterlab(folder) as address:
        yield address


@pytest.fixture
def notebook(browser, lab):
    """Opens a notebook by its name, and gives its page once a kernel waits."""
    with browser.new_context(viewport={"width": 1400, "height": 1000}) as context:

        def show(name):
            page = context.new_page()
            page.set_default_timeout(PATIENCE)
            expect.set_options(timeout=PATIENCE)
            page.goto(f"{lab}/{name}.ipynb?reset")
            page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
            return page

        yield show
    expect.set_options(timeout=5_000)


def run(page, number):
    """Run a code cell and wait for its end."""
    start(page, number)
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()


def start(page, number):
    cell = page.locator(".jp-CodeCell").nth(number)
    cell.scroll_into_view_if_needed()
    cell.locator(".jp-InputPrompt").click()
    page.keyboard.press("Control+Enter")


def test_a_chapter_reads_as_on_the_page_and_its_links_set_the_explorer(notebook):
    page = notebook("batch-averages")
    page.locator(".jp-Notebook h1", has_text="Averages over a batch").wait_for()
    page.wait_for_function(RENDERED)  # no directive, role or label in its raw form
    expect(
        page.locator(".jp-mod-codeCollapser, .jp-Placeholder").first
    ).to_be_visible()  # what the page folds
    run(page, 0)
    explorer = page.locator(".nin-explorer[role=group]").first
    explorer.wait_for()
    menu = explorer.locator("select[name=distribution]")
    page.get_by_role("link", name="Rademacher noise").click()
    expect(menu).to_have_value("rademacher")
    # the arrows are the explorer's where it has the focus: they set it, and leave the notebook's cell
    slider = explorer.locator("input[type=range]").first
    slider.focus()
    active = page.locator(".jp-Cell.jp-mod-active").get_attribute("data-windowed-list-index")
    before = slider.input_value()
    for key in ("ArrowRight", "ArrowUp"):
        slider.press(key)
        assert slider.input_value() != before
        before = slider.input_value()
    menu.press("ArrowUp")
    expect(menu).not_to_have_value("rademacher")
    assert page.locator(".jp-Cell.jp-mod-active").get_attribute("data-windowed-list-index") == active
    # a reference to an equation of another chapter opens it there
    page.locator("a[href*='noise-expansion.ipynb']:not([href*='#'])").first.click()
    page.locator(".jp-Notebook h1", has_text="expansion").wait_for()


def test_a_training_runs_beside_the_cells_and_can_always_be_stopped(notebook):
    page = notebook("live")
    run(page, 0)
    run(page, 1)
    press = page.locator(".nin-training button").first
    expect(press).to_have_text("Train here at σ = 1.00")
    press.click()
    expect(press).to_have_text("Stop")
    # while a cell runs, the press is answered by the page, and then by the kernel
    start(page, 3)
    press.click()
    said = page.locator(".nin-training [role=status]").first
    expect(said).to_contain_text("while a cell runs, it answers after that")
    expect(press).to_be_disabled()
    expect(said).to_contain_text("was stopped after epoch")
    expect(press).to_have_text("Train here at σ = 1.00")
    # a cell that is run again ends the training of the explorer that it takes away
    press.click()
    expect(press).to_have_text("Stop")
    run(page, 1)
    expect(page.locator(".nin-training button").first).to_have_text("Train here at σ = 1.00")
    page.wait_for_timeout(1000)
    run(page, 4)
    expect(page.locator(".jp-CodeCell").nth(4).locator(".jp-OutputArea-output")).to_have_text("0")
    # a kernel that is started anew cannot be asked
    page.locator(".nin-training button").first.click()
    expect(page.locator(".nin-training button").first).to_have_text("Stop")
    page.get_by_role("button", name="Restart the kernel").first.click()
    page.get_by_role("button", name="Confirm Kernel Restart").click()
    expect(page.locator(".nin-training")).to_contain_text("run its cell again")
    expect(page.locator(".nin-training button")).to_have_count(0)


def test_an_explorer_in_a_box_of_ipywidgets_keeps_its_width(notebook):
    page = notebook("live")
    run(page, 0)
    run(page, 2)
    explorer = page.locator(".nin-explorer[role=group]").last
    explorer.wait_for()
    assert 600 <= explorer.bounding_box()["width"] <= 700
