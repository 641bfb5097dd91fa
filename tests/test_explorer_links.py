"""Links that set an explorer: what they ask for in vain is refused in words, and nothing that they say does harm."""

import json
import random
import re

import pytest
from conftest import served
from explorer_pages import EXPLORERS, FAKE_MODEL, PAGE, opening, shown_html, write_page
from playwright.sync_api import expect

from nin_lib.phases import Phase
from nin_lib.widgets import LinearExplorer

pytestmark = pytest.mark.browser
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
GAP = '<p style="height: 1500px">Text.</p>'
NEAR, FAR = '<a href="#linear?sigma_eps=16">near</a>', '<a href="#linear?w1=0.3&amp;sigma_eps=20">far</a>'


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("links")
    for explorer in EXPLORERS.values():
        write_page(folder, explorer, '<a id="link">a link</a>')
    text = PAGE.format(
        name="linear", explorer=GAP + shown_html(LinearExplorer()), links=NEAR + GAP + FAR + GAP
    )
    (folder / "text.html").write_text(text, encoding="utf-8")
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


def scroll_of(page):
    return page.evaluate("scrollY")


def status_is_seen(page):
    box = page.locator(".nin-status").bounding_box()
    return box["y"] > -1 and box["y"] + box["height"] < page.viewport_size["height"] + 1


def test_a_link_beside_its_explorer_does_not_move_the_page_and_one_far_away_no_further_than_it_must(
    open_page,
):
    page = open_page("text.html")
    near, far = page.get_by_role("link", name="near"), page.get_by_role("link", name="far")
    # the slider is out of sight already, the status is not
    page.evaluate("scrollTo(0, document.querySelector('.nin-status').getBoundingClientRect().top - 30)")
    before = scroll_of(page)
    assert status_is_seen(page)
    near.click()
    expect(page.locator(".nin-status")).to_contain_text("16.0: divergent")
    assert scroll_of(page) == before
    far.scroll_into_view_if_needed()
    at_far = scroll_of(page)
    far.click()
    expect(page.locator(".nin-status")).to_contain_text("20.0: catapult")
    assert status_is_seen(page) and scroll_of(page) < at_far
    # the slider is what stands highest: the page went no further
    assert abs(page.locator(".nin-explorer").bounding_box()["y"]) < 1
    page.go_back()
    expect(page.locator(".nin-status")).to_contain_text("16.0: divergent")
    page.wait_for_function("y => Math.abs(scrollY - y) < 2", arg=at_far)  # back at the sentence


def test_a_link_leads_to_the_same_state_whatever_was_done_before(open_page):
    page = open_page("text.html")
    for name in ("steps", "eta"):
        click_link = f"#linear?{name}=" + {"steps": "50", "eta": "0.1"}[name]
        page.evaluate("link => { location.hash = link; }", click_link)
    page.get_by_role("slider", name="batch size").press("Home")
    page.get_by_role("link", name="far").click()
    state = page.evaluate(
        "[...document.querySelectorAll('input[type=range]')].map(i => i.ariaValueText ?? i.getAttribute('aria-valuetext'))"
    )
    page.goto(page.url.split("#")[0])
    page.wait_for_function("document.querySelector('.nin-status')")
    page.get_by_role("link", name="far").click()
    assert state == page.evaluate(
        "[...document.querySelectorAll('input[type=range]')].map(i => i.getAttribute('aria-valuetext'))"
    )


@pytest.mark.parametrize("from_file", [True, False])
def test_the_address_follows_the_reader_and_leads_back(open_page, pages, from_file):
    with served(pages) as base:
        page = open_page("text.html") if from_file else open_page("text.html", base=base)
        bare, status = page.url, page.locator(".nin-status")
        page.wait_for_timeout(600)
        assert page.url == bare  # the reader has changed nothing
        page.get_by_label("injected noise").first.press("End")
        page.wait_for_url(bare + "#linear?sigma_eps=30")
        page.get_by_role("slider", name="learning rate").first.press("Home")
        page.wait_for_url(bare + "#linear?sigma_eps=30&eta=0.001")
        said = status.inner_text()
        page.reload()
        expect(status).to_have_text(said)
        page.get_by_role("button", name="Back to the start").click()
        page.wait_for_url(bare)
        page.get_by_role("link", name="near").click()
        expect(status).to_contain_text("16.0: divergent")
        page.go_back()
        expect(status).to_contain_text("1.00: decay")
        page.go_forward()
        expect(status).to_contain_text("16.0: divergent")
        page.evaluate("scrollTo(0, 0)")
        page.evaluate("location.hash = '#linear?sigma_eps=0.1'")  # typed
        expect(status).to_contain_text("0.100: decoupled")
        assert status_is_seen(page)
        page.evaluate("location.hash = '#a-heading'")
        page.wait_for_timeout(600)
        expect(status).to_contain_text("0.100: decoupled")


def test_an_address_from_elsewhere_lands_at_the_explorer(open_page):
    page = open_page("text.html#linear?sigma_eps=11")
    expect(page.locator(".nin-status")).to_contain_text("11.0: catapult")
    assert status_is_seen(page)


def test_in_a_live_kernel_the_address_is_left_alone(browser, pages):
    page = browser.new_page()
    page.goto(f"{pages.as_uri()}/linear.html?#linear?sigma_eps=11")
    page.evaluate("document.querySelector('.nin-explorer').remove()")
    explorer = LinearExplorer()
    page.evaluate(FAKE_MODEL.replace("STATE", json.dumps(explorer.state())), explorer._esm)
    url = page.url
    page.locator("input[name=sigma_eps]").first.press("End")
    page.wait_for_timeout(600)
    assert page.url == url
    click(page, "#linear?sigma_eps=16")
    assert page.evaluate("saved.at(-1).sigma_eps") == 16 and page.url == url
    page.close()


def test_who_follows_a_link_to_an_explorer_out_of_sight_has_a_way_back_to_it(open_page):
    page = open_page("text.html", viewport={"width": 375, "height": 740}, has_touch=True, is_mobile=True)
    back, link = page.get_by_role("button", name="Back to the text"), page.get_by_role("link", name="far")
    link.scroll_into_view_if_needed()
    link.tap()
    expect(page.locator(".nin-status")).to_be_in_viewport()
    expect(back).to_be_in_viewport(ratio=1)
    assert back.bounding_box()["height"] >= 44
    height = page.evaluate("document.documentElement.scrollHeight")
    back.tap()
    expect(link).to_be_in_viewport()
    expect(link).to_be_focused()
    expect(back).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollHeight") == height  # it takes no room
    page.evaluate("document.querySelector('.nin-explorer').scrollIntoView({ block: 'center' })")
    page.get_by_role("link", name="near").tap()
    expect(page.locator(".nin-status")).to_contain_text("divergent")
