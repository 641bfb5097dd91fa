"""Explorers in browsers that lack a part: what can be done without is, and the fallback stays where the explorer cannot run."""

import pytest
from conftest import Watched
from explorer_pages import EXPLORERS, write_page
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
WITH_WORKERS = ("linear", "phase-diagram", "timescales", "training")
# Ways of having no worker: none at all, no address for its text, and one that fails after it has started.
NO_WORKER = {
    "Worker": "delete window.Worker;",
    "Blob URL": "delete URL.createObjectURL;",
    "a worker that runs": """window.Worker = class extends Worker {
      constructor() { super("data:text/javascript,throw new Error('blocked')"); }
    };""",
}
CANNOT = {
    "ResizeObserver": "delete window.ResizeObserver;",
    "canvas to draw on": "HTMLCanvasElement.prototype.getContext = () => null;",
}
DONE = {
    "training": "document.querySelector('.nin-explorer').nin?.training?.done",
    "phase-diagram": "document.querySelector('.nin-explorer').nin?.map?.fine",
    "linear": "document.querySelector('.nin-explorer').nin?.band?.fine",
    "timescales": "document.querySelector('.nin-explorer').nin?.band?.fine",
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts")
    for explorer in EXPLORERS.values():
        write_page(folder, explorer)
    return folder


@pytest.fixture
def open_page(browser, pages):
    """Opens the page of an explorer in a browser in which this script runs before all others."""
    opened = []

    def open_page(name, before):
        context = browser.new_context()
        page = context.new_page()
        opened.append((context, Watched(page, pages.as_uri())))
        page.add_init_script(before)
        page.goto(f"{pages.as_uri()}/{name}.html")
        return page

    yield open_page
    for context, watched in opened:
        context.close()
        watched.assert_clean()


@pytest.mark.parametrize("lacking", NO_WORKER)
@pytest.mark.parametrize("name", WITH_WORKERS)
def test_without_a_worker_it_computes_beside_the_page_and_says_so(open_page, name, lacking):
    page = open_page(name, NO_WORKER[lacking])
    page.wait_for_function(DONE[name], timeout=60_000)
    expect(page.locator(".nin-refused")).to_contain_text("This browser runs no worker here")
    assert page.locator(".nin-status").inner_text().count(": decay.") == 1
    page.locator("input[name=sigma_eps]").first.press("End")  # and it answers
    expect(page.locator(".nin-status")).to_contain_text("divergent")


@pytest.mark.parametrize("lacking", CANNOT)
@pytest.mark.parametrize("name", EXPLORERS)
def test_where_it_cannot_run_the_fallback_stays_with_the_reason(open_page, name, lacking):
    page = open_page(name, CANNOT[lacking])
    explorer = page.locator(".nin-explorer")
    expect(explorer).to_contain_text(f"The explorer itself does not run: this browser has no {lacking}.")
    expect(explorer).to_contain_text("stands here where JavaScript runs")
    assert page.locator("input, button").count() == 0


@pytest.mark.parametrize("language", ["C", "xx-invalid-language-tag", ""])
@pytest.mark.parametrize("name", EXPLORERS)
def test_it_runs_in_any_language(open_page, name, language):
    page = open_page(name, f"Object.defineProperty(navigator, 'language', {{ get: () => {language!r} }});")
    page.wait_for_function("document.querySelector('.nin-plot canvas')")
    assert page.locator(".nin-explorer").get_by_text("stands here where JavaScript runs").count() == 0


def test_an_explorer_that_breaks_while_it_is_built_leaves_its_fallback(browser, pages):
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.add_init_script("window.MutationObserver = null;")
    page.goto(f"{pages.as_uri()}/linear.html")
    expect(page.locator(".nin-explorer")).to_contain_text("With σε = 1 the training is in the decay phase")
    expect(page.locator(".nin-explorer")).to_contain_text("The explorer itself does not run: TypeError")
    assert page.locator("input, button").count() == 0
    assert len(errors) == 1 and "MutationObserver" in errors[0], errors
    page.close()
