"""The explorers in headless Chromium, as a reader uses them, and as Python sees them."""

import gzip
import json
import re
import subprocess
import sys

import numpy as np
import pytest
from conftest import served
from explorer_pages import FAKE_MODEL, FROM_PYTHON, drag, from_python, opening, shown_html, write_page
from playwright.sync_api import expect

from nin_lib.linear import LinearModel
from nin_lib.phases import Phase
from nin_lib.widgets import (
    BatchAverageExplorer,
    ExpansionExplorer,
    LinearExplorer,
    PhaseDiagramExplorer,
    RunExplorer,
    TimescalesExplorer,
    TrainingExplorer,
    static_scripts,
)

browser_test = pytest.mark.browser
AT = {Phase.DECOUPLED: 0.1, Phase.DECAY: 1, Phase.CATAPULT: 11, Phase.DIVERGENT: 16}


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explorers")
    links = "".join(f'<a href="#linear?sigma_eps={sigma}">{phase}</a> ' for phase, sigma in AT.items())
    for explorer in (LinearExplorer(), PhaseDiagramExplorer()):
        write_page(folder, explorer, links)
    return folder


@pytest.fixture
def open_page(browser, pages):
    with opening(
        browser, pages, "linear.html", "document.querySelector('.nin-explorer[data-phase]')"
    ) as open_page:
        yield open_page


def phase(page):
    # the next frame shows what the last event has set
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return page.locator(".nin-explorer").get_attribute("data-phase")


@browser_test
def test_it_runs_from_a_file_and_from_a_server(open_page, pages):
    with served(pages) as base:
        for page in (open_page(), open_page(base=base)):
            assert phase(page) == Phase.DECAY
            expect(page.locator(".nin-status")).to_contain_text(
                "σε = 1.00: decay. The clean loss is below 1\N{NO-BREAK SPACE}%"
            )


@browser_test
def test_it_follows_a_drag_of_200_moves_through_the_four_phases(open_page):
    page = open_page()
    slider = page.get_by_label("injected noise")
    met, values = [phase(page)], set()
    for k in drag(page, slider, 0.03, 0.99, 200):
        values.add(slider.input_value())
        if k % 5 == 0 and (now := phase(page)) != met[-1]:
            met.append(now)
    assert met == [Phase.DECAY, *Phase]
    assert len(values) > 150


@browser_test
def test_the_mark_on_the_band_can_be_dragged_too(open_page):
    page = open_page()
    slider, band = page.get_by_label("injected noise"), page.locator(".nin-band")
    for _ in drag(page, band, 0.5, 0.95, 30):
        pass
    assert phase(page) == Phase.DIVERGENT
    # the mark stands where the mouse is, and the slider's thumb above it
    mark, box = page.locator(".nin-here").bounding_box(), band.bounding_box()
    assert abs(mark["x"] + mark["width"] / 2 - (box["x"] + 0.95 * box["width"])) < 3
    track = slider.bounding_box()
    thumb = (
        track["x"] + 8 + (track["width"] - 16) * slider.evaluate("e => (e.value - e.min) / (e.max - e.min)")
    )
    assert abs(mark["x"] + mark["width"] / 2 - thumb) < 3


PHONE = {"viewport": {"width": 375, "height": 740}, "has_touch": True, "is_mobile": True}


def finger(page, part, across, down):
    """A touch that begins on the left of this element and goes so many pixels; how far the page scrolls."""
    part.evaluate("part => part.scrollIntoView({ block: 'center', behavior: 'instant' })")
    box, before = part.bounding_box(), page.evaluate("scrollY")
    x, y = box["x"] + box["width"] / 4, box["y"] + box["height"] / 2
    devtools = page.context.new_cdp_session(page)

    def touch(kind, *points):
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    touch("touchStart", {"x": x, "y": y})
    for k in range(1, 21):
        touch("touchMove", {"x": x + across * k / 20, "y": y + down * k / 20})
        page.wait_for_timeout(16)
    touch("touchEnd")
    page.wait_for_timeout(400)
    return page.evaluate("scrollY") - before


@browser_test
@pytest.mark.parametrize("name", ["linear", "phase-diagram"])
def test_a_finger_that_scrolls_over_a_slider_or_the_map_changes_nothing_and_one_that_goes_sideways_does(
    open_page, name
):
    page = open_page(f"{name}.html", **PHONE)
    page.evaluate("document.body.style.padding = '400px 0'")
    values = "[...document.querySelectorAll('.nin-explorer input[type=range]')].map(input => input.value)"
    start = page.evaluate(values)
    for part in page.locator(".nin-track, .nin-band, .nin-map, .nin-plot").locator("visible=true").all():
        for across in (0, 40, -60):
            assert finger(page, part, across, -120) >= 90
            assert page.evaluate(values) == start
    # folded away is the slider of steps; each goes farther than the one before, which may be of the same setting
    for k, part in enumerate(page.locator(".nin-track, .nin-band, .nin-map").locator("visible=true").all()):
        assert abs(finger(page, part, 60 + 8 * k, 10)) < 5
        assert page.evaluate(values) != start
        start = page.evaluate(values)


@browser_test
@pytest.mark.parametrize("options", [PHONE, {"viewport": {"width": 1280, "height": 800}}])
def test_slider_band_status_and_charts_fit_on_a_screen_under_the_question(open_page, options):
    page = open_page(**options)
    page.evaluate("document.body.style.maxWidth = '736px'")  # as wide as in the book
    for sigma in (0.02, 1, 11, 30):
        page.evaluate(
            f"document.querySelector('a').href = '#linear?sigma_eps={sigma}'; document.querySelector('a').click()"
        )
        phase(page)
        boxes = [plot.bounding_box() for plot in page.locator(".nin-plot").all()]
        height = (
            max(box["y"] + box["height"] for box in boxes) - page.locator(".nin-explorer").bounding_box()["y"]
        )
        assert height <= (690 if options is PHONE else 460)


@browser_test
def test_a_value_can_be_typed_and_a_wrong_one_is_refused_in_words(open_page):
    page = open_page()
    field, status = page.get_by_label("type a value of sigma eps"), page.locator(".nin-status")
    for typed, shown in [("11", "11.0"), ("0,05", "0.0500"), ("40", "40.0")]:  # 40 is beyond the slider
        field.fill(typed)
        field.press("Enter")
        assert phase(page) == LinearExplorer(sigma_eps=float(typed.replace(",", "."))).phase
        expect(field).to_have_value(shown)
        expect(status).to_contain_text(f"= {shown}")
    for typed in ("-5", "", "eleven", "1e300"):
        field.fill(typed)
        field.press("Tab")
        expect(page.locator(".nin-refused")).to_contain_text(
            f"“sigma_eps={typed}” is refused: it must be a number from 0"
        )
        expect(field).to_have_value("40.0")
    page.get_by_label("type a value of w1").fill("−2.5")
    page.get_by_label("type a value of w1").press("Enter")
    assert page.locator("input[name=w1]").get_attribute("aria-valuetext") == "−2.50"
    expect(page.locator(".nin-refused")).to_be_hidden()


STEPS = "document.querySelector('.nin-explorer').nin.steps"


@browser_test
def test_a_run_is_seen_step_by_step_by_the_keyboard(open_page):
    page = open_page("linear.html#linear?sigma_eps=11", reduced_motion="reduce")
    run = LinearExplorer(sigma_eps=11).run()
    page.get_by_text("Step by step").press("Enter")
    slider = page.get_by_label("training step")
    for step in range(12):
        phase(page)
        seen = page.evaluate(STEPS)
        X = 0.01 * 11**2 * run.w1[step] ** 2
        assert seen["step"] == step
        assert seen["X"] == pytest.approx(X) and seen["S"] == pytest.approx(
            X + 0.01 * 11**2 * run.w_ni[step] ** 2
        )
        expect(page.locator(".nin-steps .nin-reads")).to_contain_text(f"Step {step}: ")
        expect(page.locator(".nin-steps .nin-reads")).to_contain_text("above 2" if X > 2 else "below 2")
        assert page.locator(".nin-plane").get_attribute("aria-label").startswith(f"Step {step}: ")
        slider.press("ArrowRight")
    slider.press("Home")
    page.get_by_role("button", name="Play").press("Enter")
    # who wants less motion sees one step after the other
    expect(page.locator(".nin-steps .nin-reads")).to_contain_text("Step 2: ", timeout=20_000)
    page.get_by_role("button", name="Pause").press("Enter")
    assert page.evaluate(STEPS)["step"] in (2, 3)


@browser_test
def test_every_step_of_a_longer_run_can_be_seen(open_page):
    page = open_page("linear.html#linear?sigma_eps=11&steps=1000")
    page.get_by_text("Step by step").click()
    page.get_by_label("training step").press("End")
    expect(page.locator(".nin-steps .nin-reads")).to_contain_text("Step 1000: ")


@browser_test
def test_a_run_plays_to_its_end_and_begins_again(open_page):
    page = open_page("linear.html#linear?sigma_eps=16")  # which diverges
    lost = int(np.argmax(~(abs(LinearExplorer(sigma_eps=16).run().w1) <= 1e8)))
    page.get_by_text("Step by step").click()
    assert page.evaluate(STEPS)["step"] == 0  # nothing moves by itself
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible(timeout=20_000)
    phase(page)
    assert 0 < page.evaluate(STEPS)["step"] <= lost
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(f"{STEPS}.step < 3")
    page.get_by_text("Step by step").click()  # folds it, and stops
    page.wait_for_timeout(300)
    step = page.evaluate(STEPS)["step"]
    page.wait_for_timeout(800)
    assert page.evaluate(STEPS)["step"] == step


@browser_test
def test_a_tap_on_a_chart_reads_its_curves_and_the_step(open_page):
    page = open_page(**PHONE)
    plot = page.locator(".nin-plot").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    page.touchscreen.tap(box["x"] + 0.6 * box["width"], box["y"] + 60)
    where, *readings = page.locator(".nin-chart:first-child .nin-reading").all()
    expect(where).to_have_text(re.compile(r"^step \d+$"))
    step = int(where.inner_text().removeprefix("step "))
    run = LinearExplorer().run()
    for reading, weight in zip(readings, (run.w0, run.w1, run.w_ni), strict=True):
        expect(reading).to_be_visible()
        assert float(reading.inner_text()) == pytest.approx(abs(weight[step]), rel=6e-3)


# Counts how often the line that is read changes, and how often the one that is spoken does.
COUNT = """() => {
  window.changes = { read: 0, spoken: 0 };
  for (const [name, part] of [["read", ".nin-status"], ["spoken", "[role=status]"]])
    new MutationObserver(() => { changes[name]++; }).observe(
      document.querySelector(part), { childList: true, characterData: true, subtree: true });
}"""


@browser_test
def test_a_screen_reader_hears_the_status_after_a_drag_and_not_at_each_move(open_page):
    page = open_page()
    page.evaluate(COUNT)
    for _ in drag(page, page.get_by_label("injected noise"), 0.1, 0.9, 60):
        page.wait_for_timeout(16)
    status = page.locator(".nin-status").inner_text()
    expect(page.get_by_role("status")).to_have_text(status)
    changes = page.evaluate("changes")
    assert changes["read"] >= 30 and 1 <= changes["spoken"] <= 5  # a busy machine may rest in the middle


@browser_test
def test_the_keyboard_moves_every_slider(open_page):
    page = open_page()
    for slider in page.locator("input[type=range]:visible").all():
        before = float(slider.input_value())
        slider.press("ArrowRight")
        after = float(slider.input_value())
        assert after > before
        slider.press("ArrowLeft")
    slider = page.get_by_label("injected noise")
    slider.press("Home")
    assert phase(page) == Phase.DECOUPLED
    slider.press("End")
    assert phase(page) == Phase.DIVERGENT
    expect(page.locator(".nin-value").first).to_have_value("30.0")


@browser_test
def test_links_in_the_prose_set_sliders_and_an_address_does_so_at_once(open_page, pages):
    page = open_page()
    for wanted, sigma in AT.items():
        page.get_by_role("link", name=wanted).click()
        assert phase(page) == wanted
        expect(page.locator(".nin-status")).to_contain_text(f"{sigma:#.3g}: {wanted}")
    page.get_by_label("injected noise").press("Home")
    page.get_by_role("link", name=wanted).click()  # the same link once more
    assert phase(page) == wanted
    assert phase(open_page("linear.html#linear?sigma_eps=11&w1=1.5")) == Phase.CATAPULT


@browser_test
def test_another_seed_gives_other_noise_and_the_way_back_is_a_button(open_page):
    page = open_page()
    w_ni = "document.querySelector('.nin-explorer').nin.run.weights[2][300]"
    before = page.evaluate(w_ni)
    page.get_by_role("button", name="New noise").click()
    phase(page)
    assert page.evaluate(w_ni) != before
    page.get_by_role("button", name="Back to the start").click()
    phase(page)
    assert page.evaluate(w_ni) == before


@browser_test
def test_the_band_follows_the_other_sliders_and_names_its_regions(open_page):
    page = open_page()
    expect(page.locator(".nin-regions")).to_have_text("decoupleddecaycatapultdivergent")
    expect(page.locator(".nin-theory")).to_contain_text("divergence 13.3")
    fine = "document.querySelector('.nin-explorer').nin?.band?.fine"
    page.wait_for_function(fine)
    page.evaluate("delete document.querySelector('.nin-explorer').nin.band")  # the next is of another eta
    page.get_by_role("slider", name="learning rate").press("End")  # eta = 0.1
    expect(page.locator(".nin-theory")).to_contain_text("divergence 4.21")  # 13.3 / sqrt(10)
    page.wait_for_function(fine)
    first = page.evaluate(
        "(b => b.sigma_eps[b.phases.indexOf(3)])(document.querySelector('.nin-explorer').nin.band)"
    )
    assert first == pytest.approx(4.21, rel=0.05)


@browser_test
def test_readings_survive_overflow(open_page):
    page = open_page()
    page.get_by_role("link", name="divergent").click()
    plot = page.locator(".nin-plot").last
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    page.mouse.move(box["x"] + box["width"] - 20, box["y"] + 50)
    expect(page.locator(".nin-legend .nin-reading").first).to_have_text("∞")
    expect(page.locator(".nin-legend .nin-reading").last).to_have_text("∞")


@browser_test
@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("name", ["linear", "phase-diagram"])
def test_nothing_overflows_and_nothing_jumps(open_page, name, width):
    page = open_page(f"{name}.html", viewport={"width": width, "height": 900})
    tops = set()
    for sigma in (0.02, 0.3, 1, 5, 9, 11, 13, 16, 30):
        page.evaluate(f"document.querySelector('a').href = '#{name}?sigma_eps={sigma}'")
        page.evaluate("document.querySelector('a').click()")
        phase(page)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        tops.add(
            tuple(
                page.evaluate(
                    "[...document.querySelectorAll('.nin-plot, .nin-map, input, button')].map(e => e.getBoundingClientRect().top + scrollY)"
                )
            )
        )
    assert len(tops) == 1


@browser_test
def test_plots_side_by_side_stand_in_line_however_long_their_legends_are(open_page):
    page = open_page(viewport={"width": 660, "height": 900})
    heights = {legend.bounding_box()["height"] for legend in page.locator(".nin-chart .nin-legend").all()}
    one, other = (plot.bounding_box() for plot in page.locator(".nin-plot").all())
    assert one["x"] < other["x"] and one["y"] == other["y"]
    assert (one["width"], one["height"]) == (other["width"], other["height"])
    assert len(heights) == 1
    lines = [
        len({round(part.bounding_box()["y"]) for part in legend.locator("> span").all()})
        for legend in page.locator(".nin-chart .nin-legend").all()
    ]
    assert lines == [2, 1]


@browser_test
def test_the_map_shows_the_trajectory_at_the_point(open_page):
    page = open_page("phase-diagram.html")
    page.wait_for_function("document.querySelector('.nin-explorer').nin?.map?.fine")
    field = page.locator(".nin-map")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    left, right, top, bottom = (
        box["x"] + 44,
        box["x"] + box["width"] - 10,
        box["y"] + 8,
        box["y"] + box["height"] - 24,
    )
    assert phase(page) == Phase.DECAY
    page.mouse.click(right - 3, top + 3)  # large sigma_eps, large w1
    assert phase(page) == Phase.DIVERGENT
    expect(page.locator(".nin-status")).to_contain_text("σε = 28")
    page.mouse.move(right - 3, (top + bottom) / 2)
    page.mouse.down()
    met = set()
    for k in range(50):
        page.mouse.move(right + (left - right) * k / 50, (top + bottom) / 2 - 30)
        met.add(phase(page))
    page.mouse.up()
    assert {Phase.DECOUPLED, Phase.DECAY, Phase.CATAPULT} <= met
    assert float(page.locator("input[name=w1]").input_value()) == pytest.approx(0.62, abs=0.1)


@browser_test
def test_arrow_keys_move_the_point_by_a_cell(open_page):
    page = open_page("phase-diagram.html")
    field, w1, sigma = (
        page.locator(".nin-map"),
        page.locator("input[name=w1]"),
        page.locator("input[name=sigma_eps]"),
    )
    page.wait_for_function("document.querySelector('.nin-explorer').nin?.map?.fine")
    before = float(w1.input_value()), float(sigma.input_value())
    field.press("ArrowUp")
    assert float(w1.input_value()) == pytest.approx(before[0] + 6 / 149, abs=0.03)
    for _ in range(10):
        field.press("Shift+ArrowRight")
    assert float(sigma.input_value()) > 1.2 and phase(page) == Phase.DIVERGENT
    page.get_by_label("vertical axis").select_option("batch_size")
    page.locator("input[name=batch_size]").press("Home")
    value = page.get_by_label("type a value of batch size")
    expect(value).to_have_value("1")
    field.press("ArrowUp")  # eight cells are between 1 and 2: one press still moves it
    expect(value).to_have_value("2")


@browser_test
def test_the_map_is_asked_for_anew_only_when_it_changes(open_page):
    page = open_page("phase-diagram.html")
    fine = "document.querySelector('.nin-explorer').nin?.map?.fine"
    page.wait_for_function(fine)
    page.evaluate("document.querySelector('.nin-explorer').nin.map.seen = true")
    seen = "!!document.querySelector('.nin-explorer').nin.map.seen"
    page.locator("input[name=w1]").press("ArrowRight")
    page.locator("input[name=sigma_eps]").press("ArrowRight")
    page.get_by_label("colour").select_option("steps")
    page.wait_for_timeout(300)
    assert page.evaluate(seen)
    page.locator("input[name=eta]").press("ArrowRight")
    page.wait_for_function(f"!({seen}) && {fine}")


@browser_test
@pytest.mark.parametrize("name", ["linear", "phase-diagram"])
def test_dark_mode_by_theme_and_by_preference(open_page, name):
    def scheme(page):
        ink = page.evaluate(
            """() => { const c = document.querySelector('.nin-plot canvas'), d = c.getContext('2d').getImageData(0, 0, 60, c.height).data;
            let sum = 0, n = 0; for (let i = 0; i < d.length; i += 4) if (d[i + 3] > 100) { sum += d[i]; n++; } return sum / n; }"""
        )  # the mean grey of the axis labels
        return page.locator(".nin-explorer").get_attribute("data-scheme"), ink > 128

    assert scheme(open_page(f"{name}.html")) == ("light", False)
    page = open_page(f"{name}.html", color_scheme="dark")
    assert scheme(page) == ("dark", True)
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    phase(page)
    assert scheme(page) == ("light", False)


@browser_test
@pytest.mark.parametrize("name", ["linear", "phase-diagram"])
def test_without_javascript_a_paragraph_says_what_one_would_see(open_page, name):
    page = open_page(f"{name}.html", java_script_enabled=False)
    text = page.locator(".nin-explorer").inner_text()
    assert "With σε = 1 the training is in the decay phase" in text
    assert "divergence above 13.3" in text


@browser_test
def test_settings_at_their_limits_do_no_harm(browser):
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    for settings in (
        {"sigma_eps": 0},
        {"sigma_eps": 1000},
        {"w_ni": 0},
        {"w_ni": 0, "sigma_eps": 11},
        {"w1": 0},
        {"w1": 0, "sigma_eps": 100},
        {"w1": 1e9},
        {"M": 0, "sigma_x": 0},
        {"steps": 1},
        {"steps": 20_000},
        {"batch_size": 1, "sigma_eps": 9},
    ):
        explorer = LinearExplorer(**settings)
        page.goto("about:blank")
        page.set_content(shown_html(explorer))
        page.add_script_tag(content=static_scripts()["linear.js"])
        assert phase(page) == explorer.phase, settings
        words = page.locator(".nin-status").inner_text()
        assert not re.search(r"NaN|undefined|∞|–", words), words
    assert errors == []
    page.close()


@browser_test
@pytest.mark.parametrize("explorer_class", [LinearExplorer, PhaseDiagramExplorer])
def test_the_live_widget_and_its_model_follow_each_other(browser, explorer_class):
    explorer = explorer_class(sigma_eps=11)
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    page.goto("about:blank")
    page.evaluate(FAKE_MODEL.replace("STATE", json.dumps(explorer.settings())), explorer._esm)
    assert phase(page) == Phase.CATAPULT
    page.evaluate("model.set('sigma_eps', 0.1)")  # from Python
    assert phase(page) == Phase.DECOUPLED
    page.get_by_label("injected noise").press("End")  # from the reader
    assert page.evaluate("saved.at(-1).sigma_eps") == 30
    page.evaluate("end()")
    assert page.evaluate("Object.values(listeners).every(l => l.length === 0)")
    assert errors == []
    page.close()


# Counts workers, and the paints of any canvas.
WATCH_LIFE = """() => {
  window.painted = 0;
  window.workers = 0;
  const clear = CanvasRenderingContext2D.prototype.clearRect;
  CanvasRenderingContext2D.prototype.clearRect = function (...box) { painted++; clear.apply(this, box); };
  window.Worker = class extends Worker {
    constructor(url) { super(url); workers++; }
    terminate() { workers--; super.terminate(); }
  };
}"""
# Whatever an explorer reacts to: a link, a theme, another size, another setting.
STIR = """async () => {
  const el = document.querySelector(".nin-explorer");
  const link = document.createElement("a");
  link.href = `#${model.get("experiment") ?? el.dataset.explorer}?sigma_eps=2&seed=7`;
  document.body.append(link);
  link.click();
  document.body.style.color = document.body.style.color === "white" ? "black" : "white";
  el.style.width = el.style.width === "500px" ? "400px" : "500px";
  el.dispatchEvent(new Event("nin-theme"));
  for (let k = 0; k < 3; k++) await new Promise(requestAnimationFrame);
}"""


@browser_test
@pytest.mark.parametrize(
    "explorer_class",
    [
        LinearExplorer,
        PhaseDiagramExplorer,
        TimescalesExplorer,
        ExpansionExplorer,
        BatchAverageExplorer,
        TrainingExplorer,
        RunExplorer,
    ],
)
def test_an_explorer_that_is_taken_down_does_nothing_more(browser, explorer_class):
    explorer = explorer_class("fig3-ce") if explorer_class is RunExplorer else explorer_class()
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    page.goto("about:blank")
    page.evaluate(WATCH_LIFE)
    state = json.dumps(explorer.state() | {"_training": {}})
    page.evaluate(FAKE_MODEL.replace("STATE", state), explorer._esm)
    now = "[painted, workers, saved.length, document.querySelector('.nin-explorer').dataset.scheme]"
    before = page.evaluate(now)
    page.evaluate(STIR)
    painted, workers, saved, scheme = page.evaluate(now)
    assert painted > before[0] and saved == before[2] + 1 and scheme == "dark"
    assert workers == (explorer.name in {"linear", "phase-diagram", "timescales", "training"})
    page.evaluate("end()")
    phase(page)  # what a frame was asked for before
    painted = page.evaluate("painted")
    page.evaluate(STIR)
    assert page.evaluate(now) == [painted, 0, saved, "dark"]
    assert page.evaluate("Object.values(listeners).every(l => l.length === 0)")
    assert errors == []
    page.close()


@pytest.mark.checkout
def test_the_javascript_tests_have_what_python_prints():
    rewrite = "run `python tests/explorer_pages.py`"
    assert FROM_PYTHON.read_text(encoding="utf-8") == from_python(), rewrite


def test_simulate_on_the_explorers_noise_gives_its_run():
    explorer = LinearExplorer(sigma_eps=16, eta=0.02, seed=3, steps=50)
    model = LinearModel(eta=0.02, M=1.0, sigma_x=1.0, batch_size=1000)
    run = model.simulate(16, w0=0.1, w1=1.5, w_ni=0.1, steps=50, noise=explorer.noise())
    assert np.array_equal(run.w1, explorer.run().w1)


def test_phases_where_the_links_lead():
    for wanted, sigma in AT.items():
        assert LinearExplorer(sigma_eps=sigma).phase == wanted


@pytest.mark.parametrize(
    "name, value, says",
    [
        ("sigma_eps", -1.0, r"sigma_eps must be a finite number >= 0, got -1.0: 0 switches"),
        ("eta", 0, r"eta must be a finite number > 0, got 0"),
        ("w1", float("nan"), r"w1 must be a finite number >= -1e\+09, got nan"),
        ("batch_size", 1.5, r"batch_size must be a whole number from 1 .* got 1.5"),
        ("steps", "many", r"steps must be a whole number .* got 'many'"),
        ("seed", -1, r"seed must be a whole number from 0"),
        ("vertical", "w0", r"vertical must be one of 'w1', 'w_ni', 'eta', 'batch_size', got 'w0'"),
    ],
)
def test_a_bad_value_raises_and_changes_nothing(name, value, says):
    explorer = PhaseDiagramExplorer()
    with pytest.raises(ValueError, match=says):
        setattr(explorer, name, value)
    with pytest.raises(ValueError, match=says):
        PhaseDiagramExplorer(**{name: value})
    assert getattr(explorer, name) == getattr(PhaseDiagramExplorer(), name)


def test_the_output_is_deterministic_and_without_a_script():
    one, other = LinearExplorer(), LinearExplorer()
    assert repr(one) == repr(other) and " at 0x" not in repr(one)
    assert shown_html(one) == shown_html(other)
    assert "<script" not in shown_html(one) and re.match(
        r'<div class="nin-explorer" data-explorer="linear"', shown_html(one)
    )


def test_scripts_are_small_and_name_no_other_host():
    for name, script in static_scripts().items():
        code = re.sub("const digits = .*", "", script)  # data, which test_explorer_training.py limits
        # with the menu, kept runs, the steps of a run, the network from inside and its kernel; uPlot is half of it
        assert len(gzip.compress(code.encode())) < 55_000, name
        assert "</script" not in script
        assert not re.search(r"https?://(?!www\\.w3\\.org)", script)


def test_a_missing_bundle_names_the_remedy(tmp_path):
    code = (
        "import pathlib, nin_lib.widgets.base as base; "
        f"base.STATIC = pathlib.Path({str(tmp_path)!r}); "
        "import nin_lib.widgets; nin_lib.widgets.static_scripts()"
    )
    failed = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8")
    assert "FileNotFoundError" in failed.stderr and "npm ci && npm run build" in failed.stderr
