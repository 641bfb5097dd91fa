"""The first page: a question, its answer, an explorer on the first screen, and a story that sets it."""

import re
import time
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, QuietHandler, served
from playwright.sync_api import expect
from test_page import JUMPS

PAGE = "book/index.html"
TEXT = (ROOT / "book/text/index.md").read_text(encoding="utf-8")
STOPS = re.findall(r"^### .*\n\n(?:.*\n)*?.*\]\(#linear\?([^ ]*) \"(\w+)\"\)", TEXT, re.MULTILINE)
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 375, "height": 740}
READY = "() => document.querySelector('.nin-explorer').dataset.phase"


@pytest.fixture
def opened(browser, base):
    """Opens the page at a size, with what its address asks for; yields a function."""
    contexts = []

    def visit(viewport, hash="", **options):
        contexts.append(browser.new_context(viewport=viewport, **options))
        tab = contexts[-1].new_page()
        tab.goto(f"{base}/{PAGE}{hash}", wait_until="load")
        if options.get("java_script_enabled", True):
            tab.wait_for_function(READY)
        return tab

    yield visit
    for context in contexts:
        context.close()


def phase(tab):
    return tab.locator(".nin-explorer").get_attribute("data-phase")


def box(tab, selector):
    return tab.locator(selector).first.bounding_box()


def test_the_title_is_the_question_and_the_answer_has_its_numbers():
    title, answer = re.search(r"^# ([^\n]*)\n\n(.*?)^\(story\)=", TEXT, re.MULTILINE | re.DOTALL).groups()
    assert title.endswith("?") and "**Yes" in answer and re.search(r"\d %", answer)
    assert "pip install" not in TEXT and "make " not in TEXT


def test_the_map_leads_to_each_chapter_in_the_order_of_the_contents():
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    parts = [(part["caption"], [c["file"] for c in part["chapters"]]) for part in contents["parts"]]
    listed = TEXT[TEXT.index("(map)=") :]
    captions = re.findall(r"^\*\*(.*)\*\*$", listed, re.MULTILINE)
    assert captions == [caption for caption, _ in parts]
    found = re.findall(r"\]\(([\w-]+)\.ipynb\)", listed)
    chapters = [f"book/{name}" for name in found]
    assert chapters == [
        file for _, files in parts for file in files if file not in ("book/references", "book/api")
    ]
    assert (
        len(re.findall(r"^- \[.*\?\]", listed, re.MULTILINE)) >= len(found) - 1
    )  # the errata stand in an answer


@pytest.mark.browser
def test_question_answer_verdict_and_curves_are_on_the_first_screen(opened):
    tab = opened(DESK)
    assert tab.locator(".cell_input").count() == 0, "code stands on the first page"
    assert box(tab, "h1")["height"] < 60
    assert box(tab, ".nin-explorer")["y"] < 330
    for part in [tab.locator(".nin-status"), *tab.locator(".nin-plot").all()]:
        place = part.bounding_box()
        assert place["y"] + place["height"] < DESK["height"]


class InTwoParts(QuietHandler):
    """Sends the page up to the story, and the rest a second later."""

    def do_GET(self):
        if not self.path.endswith(PAGE):
            return super().do_GET()
        page = Path(self.directory, PAGE).read_bytes()
        story = page.index(b"<section", page.index(b"</h1>"))
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page[:story])
        time.sleep(1)
        self.wfile.write(page[story:])


@pytest.mark.browser
def test_what_stands_before_the_story_stays_where_it_is_when_the_story_arrives(browser):
    with (
        served(ROOT / "_build/html", InTwoParts) as address,
        browser.new_context(viewport=DESK) as context,
    ):
        tab = context.new_page()
        tab.add_init_script(JUMPS)
        tab.goto(f"{address}/{PAGE}", wait_until="load")
        tab.wait_for_function(READY)
        assert tab.evaluate("shift") < 0.02


@pytest.mark.browser
def test_each_stop_sets_the_explorer_that_stays_beside_it(opened):
    tab = opened(DESK)
    assert len(STOPS) == 5 and phase(tab) == "decay"
    tab.mouse.move(1100, 500)
    tab.mouse.wheel(0, 1)
    stops = tab.locator(".labelled-story > section")
    seen = []
    for index, (_, name) in enumerate(STOPS):
        for _ in range(60):
            top = stops.nth(index).bounding_box()["y"]
            if top < 0.55 * DESK["height"]:
                break
            tab.mouse.wheel(0, 60)
            tab.wait_for_timeout(30)
        tab.wait_for_function(
            "name => document.querySelector('.nin-explorer').dataset.phase === name", arg=name
        )
        slider = box(tab, ".nin-explorer input[type=range]")
        assert 48 < slider["y"] < DESK["height"]
        seen.append(phase(tab))
    assert seen == ["decay", "decoupled", "catapult", "divergent", "catapult"]
    marked = "section => getComputedStyle(section).borderLeftColor"
    assert len({stop.evaluate(marked) for stop in stops.all()}) == 2


@pytest.mark.browser
def test_the_links_of_the_story_work_from_the_keyboard_and_say_the_phase(opened):
    tab = opened(DESK)
    for link in tab.locator(".labelled-story > section a[href*='?']").all():
        link.focus()
        tab.wait_for_timeout(
            300
        )  # the page scrolls there, and what comes into view may set the explorer before
        tab.keyboard.press("Enter")
        name = link.get_attribute("title")
        tab.wait_for_function(
            "name => document.querySelector('.nin-explorer').dataset.phase === name", arg=name
        )


MARKED = """() => [...document.querySelectorAll(".labelled-story > section")]
  .filter(stop => !getComputedStyle(stop).borderLeftColor.endsWith(", 0)")).map(stop => stop.id)"""


@pytest.mark.browser
@pytest.mark.parametrize(
    "options", [{"viewport": DESK}, {"viewport": PHONE, "has_touch": True, "is_mobile": True}]
)
def test_the_stop_whose_link_is_taken_is_marked_until_the_reader_moves_on(opened, options):
    tab = opened(**options)
    assert tab.evaluate(MARKED) == ["decay"]
    for link in tab.locator(".labelled-story > section a[href*='?']").all():
        link.scroll_into_view_if_needed()
        tab.wait_for_timeout(300)
        link.click()
        assert tab.evaluate(MARKED) == [link.evaluate("link => link.closest('section').id")]
    assert tab.evaluate(MARKED) == ["on-the-band"] and phase(tab) == "catapult"
    tab.get_by_label("injected noise").first.press("Home")
    tab.wait_for_function("() => document.querySelector('.nin-explorer').dataset.phase === 'decoupled'")
    assert tab.evaluate(MARKED) == ["weaker-decoupled"]


@pytest.mark.browser
def test_in_the_middle_of_the_story_what_is_unfolded_stays_and_what_the_reader_sets_stays(opened):
    tab = opened(DESK)
    tab.mouse.move(1100, 500)

    def read_on(wheels):
        for _ in range(wheels):
            tab.mouse.wheel(0, 100)
            tab.wait_for_timeout(100)

    def read_until(name):
        seen = []
        while len(seen) < 8 and name not in seen:
            read_on(1)
            seen.append(phase(tab))
        assert seen[-1] == name

    read_on(6)
    tab.get_by_text("Step by step").click()
    expect(tab.locator(".nin-details[open] canvas").first).to_be_in_viewport(ratio=1)
    expect(tab.get_by_label("injected noise").first).to_be_in_viewport(ratio=1)
    tab.mouse.move(1100, 500)
    read_until("decoupled")  # who looks closer is still led
    tab.get_by_label("injected noise").first.press("End")
    tab.wait_for_function("() => document.querySelector('.nin-explorer').dataset.phase === 'divergent'")
    read_on(4)
    expect(tab.locator("#stronger-catapult")).to_be_in_viewport()
    assert phase(tab) == "divergent"
    follow = tab.get_by_role("button", name="Follow the text")
    follow.press("Enter")
    assert phase(tab) == "catapult"
    expect(follow).to_have_count(0)
    expect(tab.get_by_label("injected noise").first).to_be_focused()
    tab.wait_for_timeout(600)
    read_until("divergent")
    tab.get_by_label("injected noise").first.press("Home")
    tab.locator("#too-strong-divergent a[title=divergent]").click()  # a link takes it up again, too
    assert phase(tab) == "divergent"
    expect(follow).to_have_count(0)


@pytest.mark.browser
def test_the_way_to_the_drawn_network_shows_the_drawing(opened):
    for viewport in (DESK, PHONE):
        tab = opened(viewport)
        tab.get_by_role("link", name="drawn here").click()
        expect(tab.locator(".nin-figure svg")).to_be_in_viewport(ratio=0.9)


@pytest.mark.browser
def test_an_address_wins_over_the_story_until_the_reader_moves(opened):
    tab = opened(DESK, "#linear?sigma_eps=16")
    tab.evaluate("scrollTo(0, 500)")
    tab.wait_for_timeout(300)
    assert phase(tab) == "divergent"


@pytest.mark.browser
def test_on_a_phone_the_text_scrolls_and_the_links_set_the_explorer(opened):
    tab = opened(PHONE, has_touch=True, is_mobile=True)
    tab.evaluate("dispatchEvent(new Event('touchmove'))")
    for top in range(0, 4000, 200):
        tab.evaluate(f"scrollTo(0, {top})")
        tab.wait_for_timeout(20)
    assert phase(tab) == "decay"
    tab.locator(".labelled-story > section a[title=divergent]").tap()
    tab.wait_for_function("() => document.querySelector('.nin-explorer').dataset.phase === 'divergent'")
    back = tab.get_by_role("button", name="Back to the text")
    expect(back).to_be_in_viewport(ratio=1)
    back.tap()
    expect(tab.locator("#too-strong-divergent")).to_be_in_viewport()
    expect(back).to_have_count(0)


@pytest.mark.browser
def test_without_javascript_the_story_reads_on(opened):
    tab = opened(DESK, java_script_enabled=False)
    said = tab.locator(".labelled-story").inner_text()
    for word in ("Decay", "decoupled", "catapult", "divergent"):
        assert word in said
