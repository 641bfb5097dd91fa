"""Links that set an explorer: what they ask for in vain is refused in words, and nothing that they say does harm."""

import random
import re

import pytest
from explorer_pages import opening, write_page
from playwright.sync_api import expect

from nin_lib.phases import Phase
from nin_lib.widgets import (
    BatchAverageExplorer,
    ExpansionExplorer,
    LinearExplorer,
    PhaseDiagramExplorer,
    RunExplorer,
    TimescalesExplorer,
    TrainingExplorer,
)

pytestmark = pytest.mark.browser
CLASSES = (
    LinearExplorer,
    PhaseDiagramExplorer,
    TimescalesExplorer,
    ExpansionExplorer,
    BatchAverageExplorer,
    TrainingExplorer,
    RunExplorer,
)
EXPLORERS = {cls.name: cls("fig3-ce") if cls is RunExplorer else cls() for cls in CLASSES}
# What the status line says of an explorer that stands, whatever its settings.
VERDICTS = dict.fromkeys(EXPLORERS, tuple(Phase)) | {
    "expansion": ("the series gives",),
    "batch-average": ("standard deviation",),
}
NONSENSE = [
    "",
    " ",
    "much",
    "-5",
    "-0.5",
    "1e8",
    "1e308",
    "1e309",
    "-1e308",
    "1e-308",
    "NaN",
    "Infinity",
    "null",
]
NONSENSE += [
    "0",
    "0x7f",
    "1.5",
    "4294967296",
    "constructor",
    "__proto__",
    "toString",
    "%00",
    "<b>",
    "σ",
    "9" * 400,
]
NAMES = ["constructor", "__proto__", "toString", "_stored", "_training", "experiment", "nin", "sigma", ""]
SHOWS = "(words => words.some(w => document.querySelector('.nin-status').textContent.includes(w)))"


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("links")
    for explorer in EXPLORERS.values():
        write_page(folder, explorer, '<a id="link">a link</a>')
    return folder


@pytest.fixture
def open_page(browser, pages):
    with opening(browser, pages, "linear.html", "document.querySelector('.nin-status')") as open_page:
        yield open_page


def shows(page, words):
    page.wait_for_function(f"words => {SHOWS}(words)", arg=[str(word) for word in words])


def click(page, link):
    page.evaluate("link => { const a = document.getElementById('link'); a.href = link; a.click(); }", link)


def hostile_links(explorer, n):
    """Always the same: values at the limits of the settings, beyond them and without sense, and names of no setting."""
    draw = random.Random(explorer.name)
    extremes = {
        name: [limits["low"], limits["high"]] if "low" in limits else limits["choices"]
        for name, limits in explorer.limits().items()
    }
    for _ in range(n):
        names = draw.choices([*extremes, *extremes, *NAMES], k=draw.randint(1, 4))
        query = "&".join(f"{name}={draw.choice([*extremes.get(name, []), *NONSENSE])}" for name in names)
        yield f"#{explorer.address}?{query}"


@pytest.mark.parametrize("name", EXPLORERS)
def test_no_hostile_link_freezes_or_breaks_an_explorer(open_page, name):
    explorer, verdicts = EXPLORERS[name], VERDICTS[name]
    page = open_page(f"{name}.html")
    page.set_default_timeout(10_000)  # a slow machine, too, answers in this time
    shows(page, verdicts)
    start = page.locator(".nin-status").inner_text()
    back = page.get_by_role("button", name="Back to the start")
    for link in hostile_links(explorer, 30):
        click(page, link)
        shows(page, verdicts)
        page.evaluate("() => new Promise(requestAnimationFrame)")
        assert not re.search("NaN|undefined", page.locator(".nin-status").inner_text()), link
        back.click()
        if name != "training":  # which takes seconds
            expect(page.locator(".nin-status")).to_have_text(start)
    shows(page, verdicts)


@pytest.mark.parametrize(
    "name, query, kept, refused",
    [
        ("linear", "sigma_eps=11&steps=1e8", "11.0: catapult", "“steps=1e8” is refused: it must be a whole"),
        ("linear", "sigma_eps=-5", "1.00: decay", "“sigma_eps=-5” is refused: it must be a number from 0"),
        ("linear", "eta=", "1.00: decay", "“eta=” is refused: it must be a number above 0"),
        ("linear", "sigma=3", "1.00: decay", "“sigma=3” is refused: there is no such setting."),
        ("batch-average", "power=2&distribution=constructor", "n = 2", "it must be one of normal, uniform"),
        ("runs", "sigma_eps=-1", "162: catapult", "“sigma_eps=-1” is refused"),
        ("runs", "sigma_eps=280.5", "Of the stored runs it is the nearest to σ = 281", None),
    ],
)
def test_the_status_line_says_what_is_refused_and_the_rest_is_shown(open_page, name, query, kept, refused):
    page = open_page(f"{name}.html#{EXPLORERS[name].address}?{query}")
    status, said = page.locator(".nin-status"), page.locator(".nin-refused")
    expect(status).to_contain_text(kept)
    if refused is None:
        assert said.is_hidden()
        return
    expect(said).to_contain_text(refused)
    click(page, f"#{EXPLORERS[name].address}?{query}")
    expect(page.get_by_role("status")).to_contain_text(refused)  # and a screen reader says it
    page.locator("input[type=range]").first.press("ArrowRight")
    expect(said).to_be_hidden()
