"""What the explorers draw stands where its values say: pixels, labels and poles in headless Chromium, places from Python."""

import re

import numpy as np
import pytest
from explorer_pages import opening, write_page

from nin_lib.figures import PHASE_COLORS, WEIGHT_COLORS
from nin_lib.linear import Phase
from nin_lib.widgets import LinearExplorer, PhaseDiagramExplorer

pytestmark = pytest.mark.browser

SIGMAS = (0.02, 30)
COLUMNS, ROWS = 200, 150
LEFT, TOP, RIGHT, BOTTOM = 44, 8, 10, 24  # margins of the map, in pixels
# Notes each text that is drawn, where it stands on its canvas, and on which.
NOTE_TEXTS = """
window.texts = [];
const fill = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
  const at = this.getTransform().transformPoint(new DOMPoint(x, y));
  texts.push({ text, x: at.x, y: at.y, canvas: this.canvas });
  fill.call(this, text, x, y);
};
"""
SETTLED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))))"


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawing")
    for explorer in (LinearExplorer(), PhaseDiagramExplorer()):
        write_page(folder, explorer)
    return folder


@pytest.fixture
def open_page(browser, pages):
    ready = (
        "(nin => nin?.map?.fine || nin?.band?.fine)(document.querySelector('.nin-explorer[data-phase]')?.nin)"
    )
    with opening(browser, pages, "linear.html", ready) as open_page:

        def open_settled(path):
            page = open_page(path, viewport={"width": 1280, "height": 900})
            page.evaluate(SETTLED)
            return page

        yield open_settled


def place(value, low, high):
    """Where on a logarithmic axis from low to high a value stands, from 0 to 1."""
    return np.log(value / low) / np.log(high / low)


class Map:
    """The map on a page, and the pixels where its values stand."""

    def __init__(self, page):
        self.canvas = page.locator(".nin-map canvas")
        width, height = self.canvas.evaluate("({ parentElement: e }) => [e.clientWidth, e.clientHeight]")
        self.width, self.height = width - LEFT - RIGHT, height - TOP - BOTTOM

    def x(self, sigma_eps):
        column = place(sigma_eps, *SIGMAS) * (COLUMNS - 1)
        return LEFT + self.width * (column + 0.5) / COLUMNS

    def y(self, w1):
        row = (w1 + 3) / 6 * (ROWS - 1)
        return TOP + self.height * (1 - (row + 0.5) / ROWS)

    def colors(self, xs, ys):
        """Red, green and blue of the pixels with these places in them."""
        return np.array(
            self.canvas.evaluate(
                """(canvas, pixels) => pixels.map(([x, y]) =>
                  [...canvas.getContext("2d").getImageData(Math.floor(x), Math.floor(y), 1, 1).data].slice(0, 3))""",
                [[float(x), float(y)] for x, y in zip(xs, ys, strict=True)],
            )
        )


def rgb(color):
    return tuple(int(color[i : i + 2], 16) for i in (1, 3, 5))


def test_a_cell_of_the_map_has_the_colour_of_the_phase_that_python_simulates(open_page):
    shown, explorer = Map(open_page("phase-diagram.html")), PhaseDiagramExplorer()
    colors = {rgb(PHASE_COLORS[phase]): phase for phase in Phase}
    noise = explorer.noise()[:, None]
    rng = np.random.default_rng(0)
    met, clear = set(), 0
    for row in rng.choice(ROWS, 30, replace=False):
        sigmas = SIGMAS[0] * (SIGMAS[1] / SIGMAS[0]) ** (
            rng.choice(COLUMNS, 20, replace=False) / (COLUMNS - 1)
        )
        w1 = -3 + 6 * row / (ROWS - 1)
        run = explorer.model.simulate(
            sigmas, explorer.w0, w1, explorer.w_ni, steps=explorer.steps, noise=noise, record=False
        )
        found = shown.colors([shown.x(sigma) for sigma in sigmas], [shown.y(w1)] * 20)
        for color, phase in zip(map(tuple, found), run.phase, strict=True):
            if color in colors:  # else a line, a name or the point covers it
                clear += 1
                assert colors[color] == phase
                met.add(phase)
    assert clear > 400 and met == set(Phase)


def test_theorys_lines_pass_where_python_says(open_page):
    shown, explorer = Map(open_page("phase-diagram.html#phase-diagram?w1=0.2")), PhaseDiagramExplorer()
    values = np.linspace(0.8, 2.9, 60)  # the point is below
    lines = [explorer.model.boundaries(explorer.w0, w1, explorer.w_ni) for w1 in values]
    ys = [shown.y(w1) for w1 in values]
    names = {"decoupled": (0.2, 0.7), "late": (0.3, 0.95), "catapult": (0.4, 0.95), "divergent": (0.99, 1)}
    for name, (least, most) in names.items():
        pixels = shown.colors([shown.x(getattr(line, name)) for line in lines], ys)
        # black where a dash is, nearly white in a gap, no colour in either
        assert np.mean(np.ptp(pixels, axis=1) < 90) > 0.9, name
        assert least <= np.mean(pixels.max(axis=1) < 128) <= most, name
    # beside the solid line, there are the colours
    beside = shown.colors([shown.x(1.25 * line.divergent) for line in lines], ys)
    assert np.mean(beside == rgb(PHASE_COLORS[Phase.DIVERGENT])) > 0.8


def test_the_point_is_a_ring_around_its_values(open_page):
    shown = Map(open_page("phase-diagram.html#phase-diagram?sigma_eps=0.2&w1=-2"))
    x, y = shown.x(0.2), shown.y(-2)
    ring = shown.colors([x - 7, x + 7, x, x], [y, y, y - 7, y + 7])
    assert np.all(ring < 110), ring
    (inside,) = shown.colors([x], [y])
    assert tuple(inside) == rgb(PHASE_COLORS[LinearExplorer(sigma_eps=0.2, w1=-2.0).phase])


def notes(page, selector):
    """Text and place of what is written on this canvas, the last time that it is drawn."""
    drawn = page.evaluate(
        """selector => {
          const canvas = document.querySelector(selector);
          return texts.filter(note => note.canvas === canvas).map(({ text, x, y }) => [text, [x, y]]);
        }""",
        selector,
    )
    return dict(drawn)


def redrawn(page):
    """Start to note texts, and have everything drawn again."""
    page.evaluate(f"() => {{ {NOTE_TEXTS} }}")
    page.evaluate("document.querySelector('.nin-explorer').dispatchEvent(new Event('nin-theme'))")
    page.evaluate(SETTLED)


def test_the_labels_of_the_map_stand_at_their_values(open_page):
    page = open_page("phase-diagram.html")
    shown = Map(page)
    redrawn(page)
    drawn = notes(page, ".nin-map canvas")
    for label in ("0.1", "10"):
        assert drawn[label][0] == pytest.approx(shown.x(float(label)), abs=0.01)
        assert drawn[label][1] > TOP + shown.height
    assert drawn["↑ start of w₁"][0] > LEFT and drawn["↑ start of w₁"][1] < TOP + 20
    assert set(Phase) <= set(drawn)  # each region has its name
    for label in ("−3", "−2", "2", "3"):
        assert drawn[label][1] == pytest.approx(shown.y(float(label.replace("−", "-"))), abs=0.01)
        assert drawn[label][0] < LEFT


def area(page, chart):
    """Left, top, width and height of the plotting area on the canvas of a chart."""
    over, canvas = (
        page.locator(f".nin-chart:nth-child({chart}) {part}").bounding_box() for part in (".u-over", "canvas")
    )
    return over["x"] - canvas["x"], over["y"] - canvas["y"], over["width"], over["height"]


def test_logarithmic_steps_are_labelled_and_marked_where_they_are(open_page):
    page = open_page("linear.html")
    explorer = LinearExplorer()
    left, _, width, _ = area(page, 2)
    redrawn(page)
    drawn = notes(page, ".nin-chart:nth-child(2) canvas")

    def x(step):
        return left + width * np.log10(1 + step) / np.log10(1 + explorer.steps)

    for step in (0, 1, 3, 10, 30, 100, 300):
        assert drawn[str(step)][0] == pytest.approx(x(step), abs=1.01), step
    run = explorer.run()
    learned = np.flatnonzero(run.clean_loss < 0.01 * run.clean_loss[0])[0]
    text = f"clean loss < 1\N{NO-BREAK SPACE}% at {learned}"
    assert abs(drawn[text][0] - x(learned)) == pytest.approx(
        5, abs=1.01
    )  # beside its line, where there is room


def test_the_steps_are_named_at_the_head_of_their_labels(open_page):
    page = open_page("linear.html")
    redrawn(page)
    for chart in (1, 2):
        left, top, _, height = area(page, chart)
        drawn = notes(page, f".nin-chart:nth-child({chart}) canvas")
        assert drawn["step"][1] == pytest.approx(drawn["0"][1], abs=1.01) and drawn["step"][1] > top + height
        assert drawn["step"][0] < left - 6


def test_nothing_crosses_a_label_on_the_curves(open_page):
    page = open_page("linear.html#linear?sigma_eps=0.01&eta=1e-7&w1=400")
    redrawn(page)
    canvas = ".nin-chart:nth-child(1) canvas"
    ((text, (x, y)),) = [note for note in notes(page, canvas).items() if note[0].startswith("learned")]
    pixels = np.array(
        page.locator(canvas).evaluate(
            """(canvas, [text, x, y]) => {
              const context = canvas.getContext("2d");
              context.font = "11px system-ui, sans-serif";
              const { width } = context.measureText(text);
              return [...context.getImageData(x - width, y, width, 11).data];
            }""",
            [text, x, y],
        )
    ).reshape(-1, 4)
    # |w1| passes behind it
    _, top, _, height = area(page, 1)
    assert y < top + height * (3 - np.log10(400)) / 8 < y + 11
    assert np.any(pixels[:, 3] > 100) and not np.any(np.ptp(pixels[pixels[:, 3] > 130, :3], axis=1) > 40)


def test_the_noise_weights_are_bright_on_a_dark_page_as_their_legend_is(open_page):
    page = open_page("linear.html")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.evaluate(SETTLED)
    drawn = page.locator(".nin-plot canvas").first.evaluate(
        "canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]"
    )
    shown = {tuple(pixel) for pixel in np.array(drawn).reshape(-1, 4)[:, :3].tolist()}
    sample = page.locator(".nin-legend line").nth(2).evaluate("line => getComputedStyle(line).stroke")
    sky = tuple(map(int, re.findall(r"\d+", sample)))
    assert sky in shown and rgb(WEIGHT_COLORS["w_ni"]) not in shown
    luminance = sum(
        weight * (((c / 255 + 0.055) / 1.055) ** 2.4)
        for weight, c in zip((0.2126, 0.7152, 0.0722), sky, strict=True)
    )
    assert (luminance + 0.05) / (0.006 + 0.05) > 6  # against #121212; the blue itself has 3.6


def test_circles_that_are_out_of_view_are_named_with_their_size(open_page):
    page = open_page("linear.html#linear?sigma_eps=0.1")
    page.get_by_text("Step by step").click()
    page.evaluate(SETTLED)
    redrawn(page)
    drawn = notes(page, ".nin-plane canvas")
    assert "S = 4: out of view, at radius 200" in drawn  # 4 = 0.01 · 0.1² · 200²
    assert "S = 2, late: out of view, at radius 141" in drawn
    page = open_page("linear.html#linear?sigma_eps=11")
    page.get_by_text("Step by step").click()
    page.evaluate(SETTLED)
    redrawn(page)
    drawn = notes(page, ".nin-plane canvas")
    assert drawn["S = 2, late"][1] < drawn["w₁"][1] < drawn["S = 4"][1]


def test_the_whole_path_of_a_run_stays_on_the_plane(open_page):
    page = open_page("linear.html#linear?sigma_eps=11")
    page.get_by_text("Step by step").click()
    page.get_by_label("training step").press("End")
    page.evaluate(SETTLED)
    explorer = LinearExplorer(sigma_eps=11)
    far = explorer.run()
    size, reach = page.locator(".nin-plane").evaluate("e => [e.clientWidth, e.clientHeight]"), 2 / (0.1 * 11)
    unit = (min(size) / 2 - 18) / (1.1 * max(np.abs([far.w1, far.w_ni]).max(), reach))
    middle = [(far.w1[:2].mean(), far.w_ni[:2].mean())]  # of the first hop
    pixels = [(size[0] / 2 + x * unit, size[1] / 2 - y * unit) for x, y in middle]
    ((x, y),) = pixels
    around = page.locator(".nin-plane canvas").evaluate(
        "(canvas, [x, y]) => [...canvas.getContext('2d').getImageData(x - 2, y - 2, 5, 5).data]",
        [round(x), round(y)],
    )
    assert np.reshape(around, (-1, 4))[:, 3].max() > 40


def test_the_marks_of_a_catapult_stand_where_its_curves_say(open_page):
    page = open_page("linear.html#linear?sigma_eps=11")
    explorer = LinearExplorer(sigma_eps=11)
    run, start = explorer.run(), explorer.w1 * explorer.w_ni
    v = run.w1 * run.w_ni
    over = 1 + np.flatnonzero((v[1:] + v[:-1]) * v[:-1] < 0)[0]
    assert abs(v[over]) > abs(start)
    gives = over + np.flatnonzero(explorer.eta * 11**2 * run.w1[over:] ** 2 < 2)[0]
    assert abs(run.w_ni).argmax() in (gives, gives - 1)  # from there on it does not grow
    learned = np.flatnonzero(run.clean_loss < 0.01 * run.clean_loss[0])[0]
    redrawn(page)
    for chart, wanted in {
        1: {
            f"overshoots at step {over}": over,
            f"w₁ gives way at {gives}": gives,
            f"learned at step {learned}": learned,
        },
        2: {f"overshoots at step {over}": over, f"clean loss < 1\N{NO-BREAK SPACE}% at {learned}": learned},
    }.items():
        left, _, width, _ = area(page, chart)
        drawn = notes(page, f".nin-chart:nth-child({chart}) canvas")
        for text, step in wanted.items():
            x = left + width * np.log10(1 + step) / np.log10(1 + explorer.steps)
            assert abs(abs(drawn[text][0] - x) - 5) < 1.01, text


@pytest.mark.parametrize("logarithmic", [True, False])
def test_a_curve_passes_through_its_values(open_page, logarithmic):
    page = open_page("linear.html#linear?sigma_eps=2")
    page.get_by_label("logarithmic steps").set_checked(logarithmic)
    page.evaluate(SETTLED)
    explorer = LinearExplorer(sigma_eps=2)
    left, top, width, height = area(page, 1)
    bottom, ceiling = -5, 3  # decades of the axis of weights that start at 0.1, 1.5 and 0.1
    w_ni, color = explorer.run().w_ni, rgb(WEIGHT_COLORS["w_ni"])
    for step in (2, 10, 40, 100, 150):
        at = np.log10(1 + step) / np.log10(1 + explorer.steps) if logarithmic else step / explorer.steps
        x, y = left + width * at, top + height * (ceiling - np.log10(abs(w_ni[step]))) / (ceiling - bottom)
        column = page.locator(".nin-chart:nth-child(1) canvas").evaluate(
            "(canvas, [x, y]) => [...canvas.getContext('2d').getImageData(x, y - 2, 1, 5).data]",
            [round(x), round(y)],
        )
        pixels = np.array(column).reshape(5, 4)
        assert np.any((np.abs(pixels[:, :3] - color).max(axis=1) < 40) & (pixels[:, 3] > 100)), (step, pixels)


def test_the_band_has_its_colours_and_its_poles_where_python_says(open_page):
    page = open_page("linear.html")
    explorer = LinearExplorer()
    band = page.locator(".nin-band canvas").bounding_box()
    theory = explorer.model.boundaries(explorer.w0, explorer.w1, explorer.w_ni)
    poles = [pole.bounding_box() for pole in page.locator(".nin-band i").all()]
    texts = page.locator(".nin-theory span:not(.nin-line)").all_inner_texts()
    values = [theory.decoupled, theory.late, theory.catapult, theory.divergent]
    names = ["decay", "late catapult", "catapult", "divergence"]
    for pole, text, value, name in zip(poles, texts, values, names, strict=True):
        x = band["x"] + place(value, *SIGMAS) * band["width"]
        assert pole["x"] + pole["width"] / 2 == pytest.approx(x, abs=0.6), name
        assert text.strip() == f"{name} {value:#.3g}"
    for label in page.locator(".nin-scale span:visible").all():
        box, value = label.bounding_box(), float(label.inner_text())
        x = band["x"] + place(value, *SIGMAS) * band["width"]
        assert box["x"] + box["width"] / 2 == pytest.approx(x, abs=1), value
    # a pixel for each of 256 values, stretched over the band
    pixels = page.locator(".nin-band canvas").evaluate(
        "canvas => [...canvas.getContext('2d').getImageData(0, 0, 256, 1).data]"
    )
    sigmas = SIGMAS[0] * (SIGMAS[1] / SIGMAS[0]) ** (np.arange(256) / 255)
    run = explorer.model.simulate(
        sigmas,
        explorer.w0,
        explorer.w1,
        explorer.w_ni,
        steps=explorer.steps,
        noise=explorer.noise()[:, None],
        record=False,
    )
    wanted = [rgb(PHASE_COLORS[phase]) for phase in run.phase]
    assert np.array_equal(np.array(pixels).reshape(256, 4)[:, :3], wanted)
