"""What a reader takes away of an explorer, and keeps to compare: the same for all of them."""

import csv
import io
import math

import numpy as np
import pytest
from explorer_pages import EXPLORERS, opening, write_page
from playwright.sync_api import expect

from nin_lib.widgets import LinearExplorer

pytestmark = pytest.mark.browser
# Two settings of each, and to which relative tolerance both agree. The mean of ReLU over the noise is by another quadrature in
# the browser, and a catapult of the net is chaotic after its first steps. The page has three digits of the stored runs.
CASES = [
    ("linear", "sigma_eps=0.5", 1e-12),
    ("linear", "sigma_eps=11&eta=0.012&batch_size=100&w1=1.2&seed=3&steps=200", 1e-10),
    ("phase-diagram", "sigma_eps=2", 1e-12),
    ("phase-diagram", "sigma_eps=1&vertical=eta&w_ni=0.3", 1e-12),
    ("timescales", "sigma_eps=1", 1e-12),
    ("timescales", "sigma_eps=3&w1=1.1&steps=90", 1e-12),
    ("expansion", "sigma_eps=0.5&order=2", 1e-9),
    ("expansion", "sigma_eps=1&order=4&activation=relu", 2e-3),
    ("batch-average", "power=2&batch_size=16", 1e-9),
    ("batch-average", "power=3&distribution=student-t&seed=5", 1e-9),
    ("training", "sigma_eps=5&batch_size=539", 1e-5),
    ("training", "sigma_eps=20&batch_size=128&seed=2", 1e-5),
    ("runs", "sigma_eps=88.5", 6e-3),
    ("runs", "sigma_eps=2.8", 6e-3),
]
FIRST = {
    "training": 30,
    "runs": 126,
}  # entries that are compared: later ones are chaotic, or means over epochs
READY = {"training": "document.querySelector('.nin-explorer').nin?.training?.done"}
# What is copied, where a test has no clipboard.
CLIPBOARD = """Object.defineProperty(navigator, "clipboard", { value: {
  writeText: async text => { window.copied = text; }
} });"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("menu")
    for explorer in EXPLORERS.values():
        write_page(folder, explorer)
    return folder


@pytest.fixture
def open_page(browser, pages):
    with opening(browser, pages, "linear.html", "document.querySelector('.nin-menu')") as open_page:
        yield open_page


def press(page, name):
    page.get_by_role("button", name=name).click()


def open_menu(page):
    page.evaluate(CLIPBOARD)
    page.locator("summary", has_text="Save or share").click()


def downloaded(page, name):
    with page.expect_download() as download:
        press(page, name)
    path = download.value.path()
    return download.value.suggested_filename, path.read_bytes()


def columns_of(text):
    head, *rows = csv.reader(io.StringIO(text))
    values = [[math.nan if cell == "" else float(cell) for cell in row] for row in rows]
    assert len(set(head)) == len(head)
    return dict(zip(head, np.array(values).T, strict=True))


@pytest.mark.parametrize("name, query, rtol", CASES)
def test_what_is_copied_as_python_makes_the_curves_that_are_saved(open_page, name, query, rtol, one_thread):
    explorer = EXPLORERS[name]
    page = open_page(f"{name}.html#{explorer.address}?{query}")
    page.wait_for_function(READY.get(name, "true"))
    open_menu(page)
    press(page, "Copy as Python")
    expect(page.get_by_text("Copied.")).to_be_visible()
    file, text = downloaded(page, "Save data (CSV)")
    assert file.startswith(explorer.address) and file.endswith(".csv")
    saved = columns_of(text.decode())
    namespace = {}
    exec(page.evaluate("copied"), namespace)
    curves = namespace["curves"]
    assert len(curves) >= 2
    for curve, values in curves.items():
        drawn = saved[curve]
        if (name, curve) == ("training", "|wNI|"):  # Python has it after each epoch, the page after each step
            drawn = drawn[saved["epoch"] == np.round(saved["epoch"])]
        drawn = drawn[~np.isnan(drawn)]
        values = np.asarray(values)[np.isfinite(values)]
        n = min(FIRST.get(name, len(drawn)), len(drawn), len(values))
        assert n > 3, curve
        if name not in FIRST:
            assert len(drawn) == len(values), curve
        atol = 1e-12 if name == "expansion" else 1e-8 if name == "training" else 0
        np.testing.assert_allclose(drawn[:n], values[:n], rtol=rtol, atol=atol, err_msg=curve)


def test_a_kernel_copies_the_same_lines(open_page):
    settings = {"sigma_eps": 11.5, "seed": 3}
    page = open_page("linear.html#linear?sigma_eps=11.5&seed=3")
    open_menu(page)
    press(page, "Copy as Python")
    lines = {}
    exec(page.evaluate("copied"), lines)
    own = {}
    exec(LinearExplorer(**settings).python(), own)
    assert all(np.array_equal(lines["curves"][key], values) for key, values in own["curves"].items())


def test_the_link_that_is_copied_leads_to_what_is_shown(open_page):
    page = open_page()
    page.get_by_label("injected noise").first.press("End")
    open_menu(page)
    press(page, "Copy link")
    copied = page.evaluate("copied")
    assert copied.endswith("linear.html#linear?sigma_eps=30")


def test_where_the_clipboard_is_closed_the_text_is_there_to_copy(open_page):
    page = open_page()
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.locator("summary", has_text="Save or share").click()
    press(page, "Copy as Python")
    text = page.get_by_label("text to copy")
    assert "LinearModel(eta=0.01" in text.input_value()
    assert page.evaluate("getSelection().toString() || document.activeElement.value") == text.input_value()


@pytest.mark.parametrize("name", EXPLORERS)
def test_the_picture_has_every_chart(open_page, name):
    page = open_page(f"{name}.html")
    page.wait_for_function(READY.get(name, "true"))
    page.wait_for_function(
        "[...document.querySelectorAll('.nin-plot')]"
        ".every(plot => plot.closest('details:not([open])') || plot.querySelector('canvas'))"
    )
    open_menu(page)
    file, picture = downloaded(page, "Save picture (PNG)")
    assert file == f"{EXPLORERS[name].address}.png" and picture.startswith(b"\x89PNG")
    width, height = (int.from_bytes(picture[k : k + 4], "big") for k in (16, 20))
    charts = page.locator(":is(.nin-plot, .nin-map):not(details:not([open]) *)").all()
    boxes = [chart.bounding_box() for chart in charts]
    assert len(boxes) >= 2
    assert width >= max(box["width"] for box in boxes)
    assert height > sum(box["height"] for box in boxes) and len(picture) > 10_000


def test_the_menu_is_used_by_the_keyboard_alone(open_page):
    page = open_page()
    summary = page.locator("summary", has_text="Save or share")
    summary.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Copy link"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    assert page.get_by_role("button", name="Copy link").count() == 0
    keep = page.get_by_role("button", name="Keep this run")
    keep.press("Enter")
    page.get_by_role("button", name="Forget").press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "Keep this run"


# How many pixels of the first chart are not those of before.
CHANGED = """() => {
  const canvas = document.querySelector(".nin-plot canvas");
  const now = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const before = window.before ?? now;
  window.before = now;
  let changed = 0;
  for (let i = 0; i < now.length; i += 4) changed += now[i + 3] !== before[i + 3] || now[i] !== before[i];
  return changed;
}"""


@pytest.mark.parametrize("name", EXPLORERS)
def test_a_run_that_is_kept_stays_in_pale_under_the_next_with_its_setting_in_the_legend(open_page, name):
    page = open_page(f"{name}.html")
    page.wait_for_function("document.querySelector('.nin-plot canvas')")
    page.wait_for_function(READY.get(name, "true"))
    keep = page.get_by_role("button", name="Keep this run")
    legend = page.locator(".nin-ghosts").first
    slider = page.locator("input[type=range]").first
    for k in range(4):
        slider.press("Home" if k % 2 else "End")
        page.wait_for_timeout(50)
        keep.click()
    assert legend.locator("> span").count() == 3  # the oldest has gone
    named = legend.locator("> span").first.inner_text()
    assert "=" in named or named == "the start"
    page.get_by_role("button", name="Back to the start").click()
    page.wait_for_function(READY.get(name, "true"))
    page.wait_for_timeout(300)
    page.evaluate(CHANGED)
    page.get_by_role("button", name="Forget").click()
    page.wait_for_timeout(100)
    assert page.evaluate(CHANGED) > 50
    assert legend.locator("> span").count() == 0
    page.wait_for_timeout(100)
    assert page.evaluate(CHANGED) == 0


PLACES = """() => [...document.querySelectorAll(".nin-plot, button, summary, input")]
  .filter(part => part.offsetParent && part.textContent !== "Forget")
  .map(part => part.getBoundingClientRect())
  .map(({ x, y, width, height }) => [x, y + scrollY, width, height])"""


@pytest.mark.parametrize("width", [375, 1280])
def test_what_is_kept_moves_nothing_and_its_key_looks_like_its_curves(open_page, width):
    page = open_page(viewport={"width": width, "height": 800})
    page.wait_for_function("document.querySelector('.nin-plot canvas')")
    before = page.evaluate(PLACES)
    press(page, "Keep this run")
    assert page.evaluate(PLACES) == before
    expect(page.locator(".nin-ghosts")).to_have_count(1)
    sample = page.locator(".nin-ghosts line")
    assert float(sample.get_attribute("stroke-opacity")) == 0.5
    assert float(sample.get_attribute("stroke-width")) == 1.25
    assert sample.get_attribute("stroke-dasharray") == "8 4"
    press(page, "Forget")
    assert page.evaluate(PLACES) == before
