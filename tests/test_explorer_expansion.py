"""The explorers of the noise expansion and of batch averages: in headless Chromium, from Python, and both compared."""

import json
import math

import numpy as np
import pytest
from explorer_pages import FAKE_MODEL, drag, opening, shown_html, write_page
from playwright.sync_api import expect
from scipy import optimize, stats

from nin_lib.batch_averages import NOISES, NU, noise_moment, tail_ratio
from nin_lib.expansion import SmallNetwork
from nin_lib.widgets import BatchAverageExplorer, ExpansionExplorer
from nin_lib.widgets.batch_average import SIZES
from nin_lib.widgets.expansion import ACTIVATIONS, MAX_ORDER, NUMBERS, SIGMAS, mean_power, numbers

browser_test = pytest.mark.browser
EXPLORERS = {explorer.name: explorer for explorer in (ExpansionExplorer, BatchAverageExplorer)}
LINKS = '<a href="#expansion?activation=relu&order=4">relu</a> <a href="#batch-average?distribution=student-t&power=3">t</a>'


@pytest.mark.stored
def test_the_stored_numbers_of_the_page_come_out_again():
    stored, again = json.loads(NUMBERS.read_text(encoding="utf-8")), numbers()
    rewrite = "NUMBERS.write_text(json.dumps(numbers(), indent=1)), with both of nin_lib.widgets.expansion"
    assert stored.keys() == again.keys() and stored["taylor"].keys() == set(ACTIVATIONS), rewrite
    for ours, theirs in [(stored, again), (stored["taylor"], again["taylor"])]:
        for key in set(ours) - {"taylor"}:
            np.testing.assert_allclose(ours[key], theirs[key], rtol=1e-12, atol=1e-15, err_msg=rewrite)


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("expansion")
    for explorer in EXPLORERS.values():
        write_page(folder, explorer(), LINKS)
    return folder


@pytest.fixture
def open_page(browser, pages):
    with opening(browser, pages, "expansion.html", "document.querySelector('.nin-status')") as open_page:
        yield open_page


def painted(page):
    """Wait until the next frame has shown what the last event has set; the explorer's element."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return page.locator(".nin-explorer")


def shown(page, expression):
    """A number or an array behind the picture."""
    painted(page)
    value = page.evaluate(f"(e => {expression})(document.querySelector('.nin-explorer'))")
    return value if not isinstance(value, dict) else list(value.values())


def follow(page, link):
    """Click a link that sets the explorer."""
    page.evaluate("h => { const a = document.querySelector('a'); a.href = h; a.click() }", link)


# --- the noise expansion -------------------------------------------------------------------------------


def test_the_network_is_the_chapters_and_its_coefficients_are_right():
    # numpy.polynomial fits the exact loss near 0: an oracle without derivatives
    explorer = ExpansionExplorer(order=MAX_ORDER)
    eps = np.linspace(-0.4, 0.4, 81)
    fit = np.polynomial.Polynomial.fit(eps, explorer.loss_along(eps), 14).convert().coef
    series = [explorer.series_along(0.0)[0]]
    explorer.order = 1
    series.append((explorer.series_along(1e-3)[0] - series[0]) / 1e-3)
    np.testing.assert_allclose(series, fit[:2], rtol=1e-8)
    explorer.order = 4
    np.testing.assert_allclose(explorer.series_along(eps), np.polynomial.Polynomial(fit[:5])(eps), atol=1e-7)
    net = SmallNetwork.random("tanh", seed=18)
    assert str(net.w_ni.tolist()[0]) in ExpansionExplorer.javascript()


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("sigma", [0.1, 1.0, 4.0])
def test_mean_loss_against_another_quadrature(activation, sigma):
    explorer = ExpansionExplorer(activation=activation)
    eps = np.linspace(-9, 9, 6001) * sigma
    expected = np.trapezoid(explorer.loss_along(eps) * stats.norm.pdf(eps, scale=sigma), eps)
    assert explorer.mean_loss(sigma) == pytest.approx(expected, rel=1e-6)


def test_mean_powers_are_those_of_a_normal_variable():
    assert [mean_power(k) for k in range(MAX_ORDER + 1)] == [
        noise_moment("normal", k) for k in range(MAX_ORDER + 1)
    ]


@browser_test
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_browser_and_python_agree_on_loss_and_series(open_page, activation):
    page = open_page("expansion.html")
    for sigma, order in [(0.02, 2), (0.3, 3), (1.5, 6), (5.0, 8), (1.0, 0)]:
        follow(page, f"#expansion?activation={activation}&sigma_eps={sigma}&order={order}")
        explorer = ExpansionExplorer(activation=activation, sigma_eps=sigma, order=order)
        found = shown(page, "e.nin.expansion.along.map(c => [...c])")
        eps = np.array(shown(page, "[...e.nin.expansion.eps]"))
        np.testing.assert_allclose(found[0], explorer.loss_along(eps), rtol=1e-12)
        np.testing.assert_allclose(found[1], explorer.series_along(eps), rtol=1e-12, atol=1e-12)
        exact, series = shown(page, "[e.nin.expansion.exact, e.nin.expansion.series]")
        assert series == pytest.approx(explorer.mean_series(), rel=1e-12)
        change = abs(explorer.mean_loss() - explorer.mean_series(order=0))
        tolerance = (
            1e-12 if activation == "tanh" else 1e-3 * change
        )  # the browser does not split at the kinks
        assert exact == pytest.approx(explorer.mean_loss(), rel=1e-12, abs=tolerance)
        errors = shown(page, "[...e.nin.expansion.errors[0]]")
        if activation == "tanh":
            python = [explorer.error(s, order) for s in SIGMAS[::20]]
            np.testing.assert_allclose(errors[::20], python, rtol=1e-9, atol=1e-14)


@browser_test
def test_where_the_series_stops_helping(open_page):
    page = open_page("expansion.html")
    for order in (2, 4, 6, 8):
        follow(page, f"#expansion?sigma_eps=0.5&order={order}")
        explorer = ExpansionExplorer(order=order)
        limit = optimize.brentq(lambda s, e=explorer: e.error(s, e.order) - e.error(s, 0), 0.5, 5)
        assert shown(page, "e.nin.expansion.limit") == pytest.approx(limit, rel=2e-3)
        best = min(range(0, MAX_ORDER + 1, 2), key=lambda k, e=explorer: e.error(0.5, k))
        assert shown(page, "e.nin.expansion.best") == best
        follow(page, f"#expansion?sigma_eps={1.1 * limit}&order={order}")
        expect(page.locator(".nin-status")).to_contain_text("worse than leaving the noise out")


@browser_test
def test_expansion_follows_a_drag_and_the_keyboard(open_page):
    page = open_page("expansion.html")
    seen = set()
    for _ in drag(page, page.get_by_label("injected noise"), 0.3, 0.98, 30):
        seen.add(shown(page, "e.nin.expansion.exact"))
    assert len(seen) > 25
    expect(page.locator(".nin-status")).to_contain_text("worse than leaving the noise out")
    order = page.get_by_role("slider", name="series up to")
    order.press("Home")
    expect(page.locator(".nin-status")).to_contain_text("order 0")
    for _ in range(4):
        order.press("ArrowRight")
    expect(page.locator(".nin-status")).to_contain_text("order 4")
    page.get_by_label("injected noise").press("Home")
    expect(page.locator(".nin-value").first).to_have_value("0.0200")
    page.get_by_label("activation").select_option("relu")
    expect(page.locator(".nin-status")).to_contain_text("Terms beyond order 2 are zero for ReLU")
    page.get_by_role("button", name="Back to the start").click()
    expect(page.locator(".nin-status")).to_contain_text("0.500, order 2")
    expect(page.get_by_label("activation")).to_have_value("tanh")


# --- batch averages ------------------------------------------------------------------------------------

CDF = {
    "normal": stats.norm().cdf,
    "uniform": stats.uniform(-(3**0.5), 2 * 3**0.5).cdf,
    "laplace": stats.laplace(scale=0.5**0.5).cdf,
    "student-t": stats.t(NU, scale=((NU - 2) / NU) ** 0.5).cdf,
}


@pytest.mark.parametrize("distribution", NOISES)
def test_the_explorers_noise_has_the_distribution_that_it_names(distribution):
    # divide by q, which the same stream makes, to get back eps
    explorer = BatchAverageExplorer(distribution=distribution)
    terms = explorer.samples()
    square = BatchAverageExplorer(distribution=distribution, power=2).samples()
    eps = square / terms
    if distribution == "rademacher":
        assert set(eps.round(12)) == {-1, 1} and abs(eps.mean()) < 4 / len(eps) ** 0.5
    else:
        assert stats.kstest(eps, CDF[distribution]).pvalue > 1e-3
    assert stats.kstest(terms / eps, stats.uniform(0, 2).cdf).pvalue > 1e-3


@browser_test
@pytest.mark.parametrize("distribution", NOISES)
def test_browser_and_python_agree_on_the_averages(open_page, distribution):
    page = open_page("batch-average.html")
    for power, size, seed in [(1, 64, 0), (2, 5, 1), (3, 1024, 2**32 - 1), (6, 16, 3)]:
        settings = {"distribution": distribution, "power": power, "batch_size": size, "seed": seed}
        follow(page, "#batch-average?" + "&".join(f"{k}={v}" for k, v in settings.items()))
        explorer = BatchAverageExplorer(**settings)
        expected = explorer.averages()
        # every 16th of them travels to Python: the mean and the deviation, below, are those of all
        found = np.array(shown(page, "e.nin.batchAverage.averages.filter((_, k) => k % 16 === 0)"))
        np.testing.assert_allclose(found, expected[::16], rtol=1e-9, atol=1e-12 * np.abs(expected).max())
        mean, count = shown(page, "[e.nin.batchAverage.mean, e.nin.batchAverage.averages.length]")
        assert count == len(expected) and mean == pytest.approx(expected.mean(), rel=1e-6, abs=1e-9)
        theory = explorer.prediction()
        browser_theory = shown(
            page, "[e.nin.batchAverage.expected.mean, e.nin.batchAverage.expected.deviation]"
        )
        status = page.locator(".nin-status").inner_text()
        assert ("the theorem does not apply" in status) == (theory is None)
        if theory is None:
            assert browser_theory == [None, None]
            continue
        assert browser_theory == pytest.approx(theory, rel=1e-12)
        deviation = np.sqrt(np.mean((expected - theory[0]) ** 2))
        assert shown(page, "e.nin.batchAverage.deviation") == pytest.approx(deviation, rel=1e-9)
        ratio = tail_ratio(distribution, power)
        expected_ratio = None if math.isinf(ratio) else pytest.approx(ratio)
        assert shown(page, "e.nin.batchAverage.expected.ratio") == expected_ratio
        assert ("not to be trusted" in status) == (100 < ratio < math.inf)
        assert ("no finite variance" in status) == math.isinf(ratio)


@browser_test
def test_histogram_and_exponent_agree_with_numpy(open_page):
    page = open_page("batch-average.html#batch-average?power=2&batch_size=16")
    explorer = BatchAverageExplorer(power=2, batch_size=16)
    mean, deviation = explorer.prediction()
    density = shown(page, "[...e.nin.batchAverage.density]")
    averages = explorer.averages()
    counts, edges = np.histogram(averages, bins=61, range=(mean - 4.5 * deviation, mean + 4.5 * deviation))
    np.testing.assert_allclose(density, counts / len(averages) / np.diff(edges), rtol=1e-6, atol=0.01)
    assert abs(shown(page, "e.nin.batchAverage.exponent") + 0.5) < 0.02
    terms = explorer.samples()
    deviations = [np.sqrt(np.mean((terms.reshape(-1, size).mean(1) - mean) ** 2)) for size in SIZES]
    np.testing.assert_allclose(shown(page, "e.nin.batchAverage.deviations"), deviations, rtol=1e-9)


@browser_test
def test_batch_average_follows_a_drag_the_keyboard_and_the_menu(open_page):
    page = open_page("batch-average.html")
    seen = []
    for _ in drag(page, page.get_by_role("slider", name="batch size"), 0.1, 0.95, 40):
        seen.append(shown(page, "e.nin.batchAverage.deviation"))
    assert len(set(seen)) > 30 and seen[-1] < 0.2 * seen[0]
    page.get_by_role("slider", name="batch size").press("End")
    expect(page.locator(".nin-status")).to_contain_text("|ℬ| = 1024:")
    assert page.get_by_role("slider", name="batch size").get_attribute("aria-valuetext") == "1024"
    page.get_by_role("slider", name="batch size").press("Home")
    expect(page.locator(".nin-status")).to_contain_text("|ℬ| = 4:")
    power = page.get_by_label("noise to the")
    power.press("End")
    expect(page.locator(".nin-status")).to_contain_text("not to be trusted")
    page.get_by_role("combobox").select_option("uniform")
    expect(page.locator(".nin-status")).to_contain_text("Uniform noise, n = 6")
    expect(page.locator(".nin-status")).not_to_contain_text("not to be trusted")
    before = shown(page, "e.nin.batchAverage.mean")
    page.get_by_role("button", name="New samples").click()
    assert shown(page, "e.nin.batchAverage.mean") != before
    page.get_by_role("button", name="Back to the start").click()
    expect(page.locator(".nin-status")).to_contain_text("Normal noise, n = 1, |ℬ| = 64")
    page.get_by_role("link", name="t", exact=True).click()
    expect(page.locator(".nin-status")).to_contain_text("Student t, 5 d.o.f. noise, n = 3")


# --- both ----------------------------------------------------------------------------------------------

EXTREMES = {
    "expansion": [
        f"activation={a}&sigma_eps={s}&order={k}"
        for a in ("tanh", "relu")
        for s in (0.02, 1.5, 5)
        for k in (0, 3, 8)
    ],
    "batch-average": [
        f"distribution={d}&power={n}&batch_size={b}" for d in NOISES for n in (1, 2, 3, 6) for b in (4, 1024)
    ],
}


@browser_test
@pytest.mark.parametrize("name", EXPLORERS)
@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_overflows_and_nothing_jumps(open_page, name, width):
    page = open_page(f"{name}.html", viewport={"width": width, "height": 900})
    found = page.evaluate(
        """async links => {
          const a = document.querySelector('a'), frame = () => new Promise(requestAnimationFrame);
          const found = [];
          for (const link of links) {
            a.href = link;
            a.click();
            await frame(); await frame();
            const parts = document.querySelectorAll('.nin-plot, input, button, select');
            const tops = [...parts].map(e => e.getBoundingClientRect().top + scrollY);
            found.push([document.documentElement.scrollWidth, document.querySelector('.nin-status').textContent, ...tops]);
          }
          return found; }""",
        [f"#{name}?{query}" for query in EXTREMES[name]],
    )
    assert len({status for _, status, *_ in found}) == len(found)  # each link was followed
    assert {total for total, *_ in found} == {width}
    assert len({tuple(tops) for _, _, *tops in found}) == 1


@browser_test
@pytest.mark.parametrize("name", EXPLORERS)
def test_dark_mode_by_preference_and_by_theme(open_page, name):
    def light_ink(page):
        return page.evaluate(
            """() => { const c = document.querySelector('.nin-plot canvas'), d = c.getContext('2d').getImageData(0, 0, 50, c.height).data;
            let sum = 0, n = 0; for (let i = 0; i < d.length; i += 4) if (d[i + 3] > 100) { sum += d[i]; n++; } return sum / n > 128; }"""
        )

    page = open_page(f"{name}.html", color_scheme="dark")
    assert painted(page).get_attribute("data-scheme") == "dark" and light_ink(page)
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    assert painted(page).get_attribute("data-scheme") == "light" and not light_ink(page)


@browser_test
@pytest.mark.parametrize(
    "name, says",
    [
        ("expansion", "With σε = 0.5 the noise takes the mean loss from 0.169 to 0.176"),
        ("batch-average", "Theorem 1 predicts the mean 0 and the standard deviation 0.144"),
    ],
)
def test_without_javascript_a_paragraph_says_what_one_would_see(open_page, name, says):
    page = open_page(f"{name}.html", java_script_enabled=False)
    assert says in page.locator(".nin-explorer").inner_text()


@browser_test
@pytest.mark.parametrize(
    "name, setting, value, label",
    [("expansion", "order", 6, "series up to"), ("batch-average", "power", 3, "noise to the")],
)
def test_the_live_widget_and_its_model_follow_each_other(browser, name, setting, value, label):
    explorer = EXPLORERS[name]()
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    page.goto("about:blank")
    page.evaluate(FAKE_MODEL.replace("STATE", json.dumps(explorer.settings())), explorer._esm)
    page.evaluate(f"model.set('{setting}', {value})")  # from Python
    painted(page)
    slider = page.get_by_label(label)
    assert slider.input_value() == str(value)
    slider.press("ArrowRight")  # from the reader
    assert page.evaluate(f"saved.at(-1).{setting}") == value + 1
    page.evaluate("end()")
    assert page.evaluate("Object.values(listeners).every(l => l.length === 0)")
    assert errors == []
    page.close()


@browser_test
@pytest.mark.parametrize("name", EXPLORERS)
def test_controls_and_charts_have_names(open_page, name):
    page = open_page(f"{name}.html")
    for control in page.locator("input, select").all():
        assert control.evaluate("e => (e.ariaLabel ?? e.labels[0].textContent).trim().length > 3")
    for chart in page.locator(".nin-plot").all():
        assert chart.get_attribute("role") == "img" and len(chart.get_attribute("aria-label")) > 30
    assert page.get_by_role("status").count() == 1


@browser_test
@pytest.mark.parametrize("name", EXPLORERS)
def test_a_link_with_nonsense_does_no_harm(open_page, name):
    page = open_page(
        f"{name}.html#{name}?activation=gelu&order=99&distribution=cauchy&power=-3&batch_size=1e9"
    )
    painted(page)
    assert len(page.locator(".nin-status").inner_text()) > 30


@pytest.mark.parametrize(
    "explorer, name, value, says",
    [
        (ExpansionExplorer, "activation", "gelu", "activation must be one of 'tanh', 'relu', got 'gelu'"),
        (ExpansionExplorer, "sigma_eps", 0, "sigma_eps must be a finite number > 0, got 0"),
        (ExpansionExplorer, "order", 9, "order must be a whole number from 0 to 8, got 9"),
        (
            BatchAverageExplorer,
            "distribution",
            "cauchy",
            "distribution must be one of 'normal', .* got 'cauchy'",
        ),
        (BatchAverageExplorer, "power", 7, "power must be a whole number from 1 to 6, got 7"),
        (BatchAverageExplorer, "batch_size", 3, "batch_size must be a whole number from 4 to 1024, got 3"),
    ],
)
def test_a_bad_value_raises_and_changes_nothing(explorer, name, value, says):
    widget = explorer()
    with pytest.raises(ValueError, match=says):
        setattr(widget, name, value)
    assert getattr(widget, name) == getattr(explorer(), name)


@pytest.mark.parametrize("explorer", EXPLORERS.values())
def test_the_output_is_deterministic_and_without_a_script(explorer):
    assert repr(explorer()) == repr(explorer()) and " at 0x" not in repr(explorer())
    assert shown_html(explorer()) == shown_html(explorer()) and "<script" not in shown_html(explorer())
