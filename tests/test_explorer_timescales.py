"""The explorer of the two time scales: in headless Chromium, and against Python's closed forms."""

import math

import numpy as np
import pytest
from explorer_pages import opening, write_page
from playwright.sync_api import expect

from nin_lib.phases import Phase
from nin_lib.timescales import passive_flow, time_scales
from nin_lib.widgets import LinearExplorer, TimescalesExplorer

browser_test = pytest.mark.browser


@pytest.fixture
def page(browser, tmp_path):
    link = '<a href="#timescales?sigma_eps=8">alternating</a>'
    write_page(tmp_path, TimescalesExplorer(steps=200), link)
    ready = "document.querySelector('.nin-explorer[data-phase]')"
    with opening(browser, tmp_path, "timescales.html", ready) as open_page:
        yield open_page()


def go_to(page, sigma):
    page.evaluate(f"location.hash = ''; document.querySelector('a').hash = '#timescales?sigma_eps={sigma}'")
    page.locator("a").click()
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


@browser_test
def test_it_shows_both_time_scales_and_where_the_law_breaks(page):
    status = page.locator(".nin-status")
    expect(status).to_contain_text("τ noise is 44.4 steps, τ loss 22.1: the steps are short enough")
    for sigma, says, phase in (
        (3, "the steps are faster than the exponential law (X = 0.203)", Phase.DECAY),
        (6.7, "the noise weight changes its sign at every step (X = 1.01)", Phase.DECAY),
        (10, "against the exponential law the noise weight grows at first (X = 2.25)", Phase.CATAPULT),
    ):
        go_to(page, sigma)
        expect(status).to_contain_text(says)
        assert page.locator(".nin-explorer").get_attribute("data-phase") == phase


@browser_test
def test_it_has_three_charts_and_the_controls_of_the_linear_explorer(page):
    titles = page.locator(".nin-title").all_text_contents()
    assert len(titles) == 3 and titles[2] == "Noise weight relative to its start"
    legends = page.locator(".nin-chart .nin-legend").all_text_contents()
    assert "closed form" in legends[1] and "exponential" in legends[1] and "simulated" in legends[2]
    slider = page.get_by_label("injected noise")
    before = slider.input_value()
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert float(slider.input_value()) > float(before)


@browser_test
def test_it_draws_the_closed_forms_over_the_run(page):
    drawn = page.evaluate("document.querySelector('.nin-explorer').nin.overlay.map(curve => [...curve])")
    shown = TimescalesExplorer(steps=200)
    closed, run = shown.closed_form(), shown.run()
    loss, law, niw, closed_niw, law_niw = np.array(drawn)
    assert np.allclose(loss, closed.clean_loss, rtol=1e-12)
    assert np.allclose(closed_niw, closed.w_ni / 0.1, rtol=1e-12)
    assert np.allclose(niw, np.abs(run.w_ni) / 0.1, rtol=1e-12)
    tau = shown.time_scales
    assert np.allclose(law, closed.clean_loss[0] * np.exp(-np.arange(201) / tau.loss), rtol=1e-12)
    assert np.allclose(law_niw, np.exp(-np.arange(201) / tau.noise), rtol=1e-12)


@browser_test
def test_closed_forms_of_the_browser_are_those_of_python(browser):
    page = browser.new_page()
    page.goto("about:blank")
    page.add_script_tag(content=TimescalesExplorer.script())
    rng = np.random.default_rng(0)
    cases = []
    for k in range(500):
        w0, w1, w_ni, M = rng.normal(size=4)
        if k % 5 == 0:
            M = 0.0
        if k % 7 == 0:
            w0 = rng.choice([-1, 0, 1]) * w1
        p = {"M": M, "sigma_x": rng.uniform(0.1, 2), "sigma_eps": rng.uniform(0, 3)}
        t = 10 ** rng.uniform(1, 4) if k % 3 == 0 and abs(w0) != abs(w1) else rng.uniform(0, 5)
        cases.append([p, [w0, w1, w_ni], t])
    answers = page.evaluate(
        "cases => cases.map(c => [explorer.passiveFlow(...c), explorer.timeScales(...c)])", cases
    )
    page.close()
    for (p, (w0, w1, w_ni), t), (flow, times) in zip(cases, answers, strict=True):
        expected = passive_flow(t, w0=w0, w1=w1, w_ni=w_ni, **p)
        assert np.allclose(flow, expected, rtol=1e-9, atol=1e-12), (p, w0, w1, w_ni, t)
        tau = time_scales(w0=w0, w1=w1, sigma_x=p["sigma_x"], sigma_eps=p["sigma_eps"])
        assert all(math.isclose(a, b, rel_tol=1e-12) for a, b in zip(times, tau, strict=True))


def test_it_is_a_linear_explorer_with_the_same_settings():
    assert issubclass(TimescalesExplorer, LinearExplorer)
    assert TimescalesExplorer().settings() == LinearExplorer().settings()
    assert TimescalesExplorer(sigma_eps=2.0, eta=0.02).time_scales.noise == 1 / (0.02 * 4 * 1.5**2)
    with pytest.raises(ValueError, match="sigma_eps must be a finite number >= 0, got -1"):
        TimescalesExplorer(sigma_eps=-1)


def test_fallback_names_both_times():
    assert "44.4 steps for the noise weight and 22.1 steps for the loss" in TimescalesExplorer().fallback()
