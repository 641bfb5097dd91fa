"""The figures of the built site: pictures that read on every page, and Plotly for those who ask for it."""

import re

import nbformat
import pytest
from conftest import ROOT, Watched, served

from nin_lib.figures import INK, PHASE_COLORS

SITE = ROOT / "_build" / "html"
FIGURE, PICTURE = "application/vnd.plotly.v1+json", "image/svg+xml"
CHAPTERS = sorted(path.stem for path in (ROOT / "book/text").glob("*.md"))


def html(name):
    return (SITE / f"book/{name}.html").read_text(encoding="utf-8")


def pages_with(*parts):
    return [name for name in CHAPTERS if SITE.exists() and any(part in html(name) for part in parts)]


@pytest.fixture(scope="module")
def base():
    with served(SITE) as address:
        yield f"{address}/book"


@pytest.mark.parametrize("name", CHAPTERS)
def test_each_figure_is_stored_with_its_pictures(name):
    """GitHub and nbviewer show an output that has an image type, and none that is Plotly's alone."""
    ids = []
    for cell in nbformat.read(ROOT / f"book/{name}.ipynb", as_version=4).cells:
        for output in cell.get("outputs", []):
            if FIGURE in output.get("data", {}):
                wide, narrow = output.data[PICTURE], output.metadata["narrow"]
                assert f'role="{"group" if "<a " in wide else "img"}"' in wide
                assert re.search('aria-label="Figure: .{8}', wide) and not re.search("<a [^>]*/>", wide)
                assert "var(" not in wide and INK.lower() in wide  # stands alone
                ids += re.findall(' id="(.*?)"', wide + narrow)
    assert len(ids) == len(set(ids))


# What a reader must tell apart: texts from each other and from what is below them, marks from the page.
TEXTS = """svg => {
  const frame = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll("text")]
    .map(text => [text.textContent, text.getBoundingClientRect()])
    .filter(([text, box]) => text.trim() && box.width);
  return texts.flatMap(([text, a], i) => [
    ...(a.left < frame.left - 1 || a.right > frame.right + 1 || a.top < frame.top - 1 || a.bottom > frame.bottom + 1
      ? [`${text} leaves the figure`] : []),
    ...texts.slice(i + 1)
      .filter(([, b]) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
                      && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3) // a line has air above and below
      .map(([other]) => `${text} lies on ${other}`),
  ]);
}"""
COLORS = """svg => {
  const found = new Set();
  for (const part of svg.querySelectorAll("text, path, circle, line")) {
    const style = getComputedStyle(part);
    let opacity = 1;
    for (let e = part; e !== svg.parentElement; e = e.parentElement) opacity *= getComputedStyle(e).opacity;
    const kind = part.tagName === "text" ? "text" : "mark";
    if (opacity === 1 && +style.fillOpacity === 1 && style.fill.startsWith("rgb")) found.add(`${kind} ${style.fill}`);
    if (opacity === 1 && +style.strokeOpacity === 1 && style.stroke.startsWith("rgb"))
      found.add(`${kind} ${style.stroke}`);
  }
  return [...found];
}"""

BLACK_MARKS = """svg => [...svg.querySelectorAll("path")].map(getComputedStyle)
  .filter(style => style.fill === "rgb(0, 0, 0)" && +style.fillOpacity).map(style => [style.fill, style.stroke])"""


def luminance(color):
    channels = [value / 255 for value in color]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def channels(text):
    if text.startswith("#"):
        return tuple(int(text[i : i + 2], 16) for i in (1, 3, 5))
    return tuple(map(int, re.findall(r"\d+", text)[:3]))


def test_each_colour_of_a_phase_stands_out_from_a_white_page_and_a_dark_one_and_carries_its_name_in_black():
    for color in map(channels, PHASE_COLORS.values()):
        assert contrast(color, (255, 255, 255)) >= 3 and contrast(color, channels("#14181e")) >= 3
        assert contrast(color, (0, 0, 0)) >= 4.5


BLACK, WHITE = (0, 0, 0), (255, 255, 255)


@pytest.mark.browser
@pytest.mark.parametrize("name", pages_with("nin-figure"))
def test_every_figure_reads_without_javascript_on_a_phone_and_a_desk_in_both_schemes(name, browser, base):
    with browser.new_context(java_script_enabled=False) as context:
        tab = context.new_page()
        tab.goto(f"{base}/{name}.html")
        for width in (375, 1280):
            tab.set_viewport_size({"width": width, "height": 800})
            for scheme in ("light", "dark"):
                tab.locator("html").evaluate("(html, scheme) => html.dataset.theme = scheme", scheme)
                behind = tab.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
                pictures = tab.locator(".nin-figure > svg:visible")
                assert pictures.count() == tab.locator(".nin-figure").count()
                for picture in pictures.all():
                    assert picture.evaluate(TEXTS) == [], (width, picture.get_attribute("aria-label"))
                    for kind, color in (found.split(" ", 1) for found in picture.evaluate(COLORS)):
                        if channels(color) in (BLACK, WHITE, channels(behind)):
                            continue  # on the colours of the phases, or the rim of a mark
                        least = {"text": 4.5, "mark": 3}[kind]
                        assert contrast(channels(color), channels(behind)) >= least, (kind, color, scheme)
                    for mark in picture.evaluate(BLACK_MARKS):
                        assert max(contrast(channels(c), channels(behind)) for c in mark if c != "none") >= 3


def swipe(page, part):
    """How far the page scrolls when a finger moves 120 px from the middle of what is seen of an element: up, if that is not its end."""
    part.evaluate("part => part.scrollIntoView({ block: 'center', behavior: 'instant' })")
    box = part.bounding_box()
    top, bottom = max(box["y"], 130), min(box["y"] + box["height"], 700)
    before = page.evaluate("scrollY")
    up = 1 if page.evaluate("document.documentElement.scrollHeight - innerHeight - scrollY") > 120 else -1
    x, y = box["x"] + box["width"] / 2, (top + bottom) / 2
    devtools = page.context.new_cdp_session(page)

    def touch(kind, *points):
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    touch("touchStart", {"x": x, "y": y})
    for moved in range(8, 121, 8):
        touch("touchMove", {"x": x, "y": y - up * moved})
        page.wait_for_timeout(16)
    touch("touchEnd")
    after = before
    while after != (after := page.evaluate("scrollY")):  # until it rests
        page.wait_for_timeout(300)
    return up * (after - before)


EXPLORERS = pages_with('class="nin-explorer"')
BUILT = """() => [...document.querySelectorAll(".nin-explorer")].every(
  explorer => [...explorer.querySelectorAll(".nin-plot:not(details *)")].length
    && [...explorer.querySelectorAll(".nin-plot:not(details *)")].every(plot => plot.querySelector("canvas")))"""

PHONE = {"viewport": {"width": 375, "height": 740}, "has_touch": True, "is_mobile": True}


@pytest.mark.browser
@pytest.mark.parametrize("name", pages_with("nin-figure", 'class="nin-explorer"'))
def test_a_finger_scrolls_over_figures_and_explorers_and_plotly_is_not_loaded(name, browser, base):
    with browser.new_context(**PHONE) as context:
        page = context.new_page()
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{base}/{name}.html", wait_until="load")
        page.wait_for_function(BUILT)
        parts = (
            ".nin-figure, .nin-explorer .nin-plot, .nin-explorer .nin-map, .nin-explorer input[type=range]"
        )
        for part in page.locator(parts).locator("visible=true").all():
            assert swipe(page, part) >= 100
        assert not [url for url in asked if "plotly" in url]


@pytest.mark.browser
@pytest.mark.parametrize("options", [PHONE, {"viewport": {"width": 1280, "height": 800}}])
def test_the_button_makes_a_figure_interactive_and_the_page_still_scrolls(options, browser, base):
    with browser.new_context(**options) as context:
        page = context.new_page()
        watched = Watched(page, base.removesuffix("/book"))
        page.goto(f"{base}/fixed-noise.html")
        figure = page.locator(".nin-figure").first
        button = figure.get_by_role("button", name=re.compile("^Interactive Figure: "))
        button.press("Enter")
        drawn = figure.locator(".drawn .main-svg").first
        drawn.wait_for()
        assert button.get_attribute("aria-pressed") == "true" and not figure.locator("> svg:visible").count()
        page.wait_for_function("document.querySelector('.drawn .legend')")
        bar, legend = (figure.locator(part).bounding_box() for part in (".modebar", ".legend"))
        assert bar["y"] + bar["height"] <= legend["y"] + 1
        assert figure.locator(".modebar-btn").count() == (4 if options is PHONE else 6)
        if options is PHONE:
            assert swipe(page, figure.locator(".nsewdrag").first) >= 100
        else:
            panel = figure.locator(".nsewdrag").first
            panel.hover()
            figure.locator(".hoverlayer text").first.wait_for()
            ticks = figure.locator(".xtick text").all_inner_texts()
            box = panel.bounding_box()
            page.mouse.move(box["x"] + 60, box["y"] + 60)
            page.mouse.down()
            page.mouse.move(box["x"] + 160, box["y"] + 160, steps=5)
            page.mouse.up()
            page.wait_for_timeout(300)
            assert figure.locator(".xtick text").all_inner_texts() != ticks
        button.click()
        assert figure.locator("> svg:visible").count() == 1 and not figure.locator(".drawn").count()
        watched.assert_clean()


@pytest.mark.browser
def test_the_interactive_figure_needs_no_server(browser):
    with browser.new_context() as context:
        page = context.new_page()
        page.goto((SITE / "book/fixed-noise.html").as_uri())
        page.locator(".nin-figure > button").first.click()
        page.locator(".drawn .main-svg").first.wait_for()


@pytest.mark.browser
@pytest.mark.parametrize("name", EXPLORERS)
def test_an_explorer_has_room_before_it_is_built_and_is_a_named_group(name, browser, base):
    for width in (375, 1280):
        with browser.new_context(viewport={"width": width, "height": 800}) as context:
            page = context.new_page()
            page.goto(f"{base}/{name}.html", wait_until="load")
            page.wait_for_function(BUILT)
            for explorer in page.locator(".nin-explorer").all():
                assert explorer.get_attribute("role") == "group"
                assert len(explorer.get_attribute("aria-label")) > 15
                room = explorer.evaluate("e => [parseFloat(getComputedStyle(e).minHeight), e.offsetHeight]")
                assert room[0] <= room[1] <= room[0] + 60, room


# What has the focus, its ring, and the colour on which the ring is seen; null outside of the explorers.
FOCUSED = """() => {
  const part = document.activeElement;
  if (!part.closest(".nin-explorer")) return null;
  const { outlineStyle, outlineWidth, outlineColor, outlineOffset } = getComputedStyle(part);
  let around = part.parentElement;
  while (getComputedStyle(around).backgroundColor === "rgba(0, 0, 0, 0)") around = around.parentElement;
  return {
    name: part.outerHTML,
    ring: outlineStyle === "solid" ? Math.min(parseFloat(outlineWidth), parseFloat(outlineOffset)) : 0,
    colors: [outlineColor, getComputedStyle(around).backgroundColor],
  };
}"""


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", EXPLORERS)
def test_the_tab_key_leads_through_an_explorer_by_rings_that_stand_out(name, scheme, browser, base):
    with browser.new_context(color_scheme=scheme) as context:
        page = context.new_page()
        page.goto(f"{base}/{name}.html", wait_until="load")
        page.wait_for_function(BUILT)
        explorer = page.locator(".nin-explorer").first
        parts = (
            explorer.locator("input, select, button, summary, [tabindex='0']").locator("visible=true").count()
        )
        explorer.locator("input, select").first.focus()
        stops = []
        while len(stops) < parts and (focused := page.evaluate(FOCUSED)):
            stops.append(focused)
            page.keyboard.press("Tab")
        assert len(stops) == parts
        for stop in stops:
            assert stop["ring"] >= 2 and contrast(*map(channels, stop["colors"])) >= 3, stop
