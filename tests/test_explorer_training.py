"""The explorer that trains a network: the same numbers as nin_lib.training, and its use in headless Chromium."""

import gzip
import itertools
import json
import re

import numpy as np
import pytest
import torch
from conftest import served
from explorer_pages import FAKE_MODEL, drag, opening, shown_html, write_page
from playwright.sync_api import expect
from scipy import stats

from nin_lib.curvature import LocalCurvature
from nin_lib.data import load
from nin_lib.decay import estimate_curvature
from nin_lib.injection import NoiseInjection
from nin_lib.networks import mlp
from nin_lib.phases import Phase
from nin_lib.training import train
from nin_lib.widgets import TrainingExplorer
from nin_lib.widgets.training import PURPOSES, HashStream
from nin_lib.widgets.words import SENTENCES

browser_test = pytest.mark.browser
AT = {Phase.DECOUPLED: 1, Phase.DECAY: 10, Phase.CATAPULT: 23, Phase.DIVERGENT: 40}
EPOCHS_OF_DRAWS = 10  # enough for every phase to show
DONE = "document.querySelector('.nin-explorer').nin?.training?.done"


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("training")
    links = "".join(f'<a href="#training?sigma_eps={sigma}">{phase}</a> ' for phase, sigma in AT.items())
    write_page(folder, TrainingExplorer(), links)
    return folder


@pytest.fixture
def open_page(browser, pages):
    with opening(browser, pages, "training.html", DONE) as open_page:
        yield open_page


def finished(page, **settings):
    """Wait for the end of the training with these settings; its history."""
    page.wait_for_function(
        """wanted => {
          const run = document.querySelector('.nin-explorer').nin.training;
          return run.done && Object.keys(wanted).every(key => run.p[key] === wanted[key]);
        }""",
        arg=settings,
    )
    return page.evaluate(
        """() => {
          const { done, p, lost, ...run } = document.querySelector('.nin-explorer').nin.training;
          return { ...run, batch_loss: [...run.batch_loss], niw_norm: [...run.niw_norm] };
        }"""
    )


def phase(page):
    return page.locator(".nin-explorer").get_attribute("data-phase")


# --- the same numbers ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def script_page(browser):
    """A page on which the bundle is loaded as `explorer`."""
    page = browser.new_page()
    page.goto("about:blank")
    page.add_script_tag(content=TrainingExplorer.script())
    yield page
    page.close()


def train_in_browser(page, settings, epochs=20):
    run = page.evaluate(
        """([p, epochs]) => {
          let history;
          for (history of explorer.train(p, epochs));
          const { batch_loss, niw_norm, val_accuracy, clean_loss } = history;
          return [...[batch_loss, niw_norm, val_accuracy, clean_loss].map(a => [...a]), explorer.phaseOf(history).phase];
        }""",
        [settings, epochs],
    )
    return [np.array(curve) for curve in run[:4]], run[4]


@browser_test
@pytest.mark.parametrize(
    "sigma_eps, epochs, rtol, wanted",
    [
        (1, 10, 1e-12, Phase.DECOUPLED),
        (10, 10, 1e-12, Phase.DECAY),
        (23, 1, 1e-6, Phase.CATAPULT),
        (28, 1, 1e-6, Phase.CATAPULT),
    ],
)
@pytest.mark.parametrize("batch_size, seed", [(128, 0), (75, 2**32 - 1)])
def test_browser_and_pytorch_agree(script_page, sigma_eps, epochs, rtol, wanted, batch_size, seed):
    # eta sigma^2 decides the phase, and smaller batches cross its boundaries a little sooner
    settings = {"sigma_eps": sigma_eps, "eta": 0.2, "batch_size": batch_size, "seed": seed}
    history = TrainingExplorer(**settings).run()
    (batch_loss, niw_norm, val_accuracy, clean_loss), named = train_in_browser(script_page, settings)
    assert named == history.phase == wanted
    steps = epochs * history.steps_per_epoch
    np.testing.assert_allclose(batch_loss[:steps], history.batch_loss[:steps], rtol=rtol)
    norms = niw_norm[:: history.steps_per_epoch]
    np.testing.assert_allclose(norms[: epochs + 1], history.niw_norm[: epochs + 1], rtol=rtol)
    assert np.array_equal(val_accuracy[: epochs + 1], history.val_accuracy[: epochs + 1])
    at = history.clean_epochs[history.clean_epochs <= epochs]
    np.testing.assert_allclose(clean_loss[at], history.clean_loss[: len(at)], rtol=rtol)
    assert np.array_equal(np.flatnonzero(np.isfinite(clean_loss)), history.clean_epochs)


@browser_test
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_100_random_settings_have_the_same_phase(script_page, seed):
    def run(**settings):
        return TrainingExplorer(**settings).run(EPOCHS_OF_DRAWS)

    rng = np.random.default_rng(seed)
    met = []
    while len(met) < 100:
        eta, batch_size = 10 ** rng.uniform(-1.3, -0.3), int(rng.integers(100, 513))
        settings = {"eta": eta, "batch_size": batch_size, "seed": int(rng.integers(2**32))}
        sigma_eps = np.exp(rng.uniform(0, np.log(50))) * np.sqrt(0.2 / eta)  # eta sigma^2 decides the phase
        history = run(sigma_eps=sigma_eps, **settings)
        if not max(history.batch_loss) < 1.5 * history.batch_loss[0]:  # chaotic: is it far from a boundary?
            around = [
                run(sigma_eps=factor * sigma_eps, **settings).phase for factor in (0.97, 0.99, 1.01, 1.03)
            ]
            if {history.phase} != set(around):
                continue
        _, named = train_in_browser(script_page, {"sigma_eps": sigma_eps, **settings}, EPOCHS_OF_DRAWS)
        assert named == history.phase, (sigma_eps, settings)
        met.append(named)
    assert set(met) == set(Phase)


@browser_test
@pytest.mark.parametrize("sigma_eps, epochs", [(10, 3), (23, 1)])
def test_what_is_seen_inside_is_what_local_curvature_measures(script_page, sigma_eps, epochs):
    seen = script_page.evaluate(
        """([p, epochs]) => {
          let history;
          for (history of explorer.train(p, epochs, true));
          return history.inside.map(inside => ({ ...inside, w_ni: [...inside.w_ni] }));
        }""",
        [{"sigma_eps": sigma_eps, "eta": 0.2, "batch_size": 128, "seed": 3}, epochs],
    )
    data, net = load("digits"), mlp((64, 128, 10), HashStream(3, "weights"))
    nin = NoiseInjection(net, "0", sigma_eps, seed=HashStream(3, "nin"))
    curvature = LocalCurvature(net, nin, data.x_train, data.y_train)
    measured = []

    def measure(history, epoch):
        noise = HashStream(3, "nin")  # that of the next epoch
        noise.standard_normal(128 + 1078 * epoch)
        with torch.no_grad():
            clean = torch.softmax(net(data.x_val[:8]), 1)
        measured.append(
            (curvature.largest(), curvature.pull(noise), nin.weight.detach().numpy().copy(), clean.max(1))
        )

    how = {"eta": 0.2, "batch_size": 128, "epochs": epochs, "seed": HashStream(3, "order")}
    train(net, data, nin=nin, callback=measure, **how)
    assert len(seen) == len(measured) == epochs + 1
    for inside, (largest, pull, w_ni, (sure, answer)) in zip(seen, measured, strict=True):
        assert inside["largest"] == pytest.approx(largest, rel=1e-6)
        assert inside["pull"] == pytest.approx(pull, rel=1e-6)
        np.testing.assert_allclose(inside["w_ni"], w_ni, rtol=1e-6)
        assert [each["answer"] for each in inside["clean"]] == answer.tolist()
        assert [each["right"] for each in inside["clean"]] == data.y_val[:8].tolist()
        np.testing.assert_allclose([each["sure"] for each in inside["clean"]], sure, rtol=1e-6)


def test_the_streams_are_random():
    streams = [HashStream(seed, purpose) for seed in (0, 1, 2**32 - 1) for purpose in PURPOSES]
    normals = [stream.standard_normal((100, 200)).ravel() for stream in streams]
    for numbers in normals:
        assert stats.kstest(numbers, "norm").pvalue > 1e-3
    for one, other in itertools.combinations(normals, 2):
        assert abs(np.corrcoef(one, other)[0, 1]) < 4 / np.sqrt(len(one))
    for stream in streams:
        first, second = stream.permutation(1078), stream.permutation(1078)
        assert np.array_equal(np.sort(first), np.arange(1078))
        assert abs(stats.spearmanr(first, second).statistic) < 4 / np.sqrt(1078)
    whole, parts = HashStream(5, "nin"), HashStream(5, "nin")
    pieces = [parts.standard_normal(3), parts.standard_normal((2, 2)).ravel()]
    assert np.array_equal(whole.standard_normal(7), np.concatenate(pieces))


def test_the_script_holds_the_digits_of_the_library():
    line, _ = TrainingExplorer.javascript().splitlines()
    digits = json.loads(line.removeprefix("const digits = ").removesuffix(";"))
    data = load("digits")
    pixels = np.array(digits["levels"])[np.frombuffer(digits["pixels"].encode(), np.uint8) - ord("A")]
    assert np.array_equal(pixels.reshape(-1, 64), torch.cat([data.x_train, data.x_val]).numpy())
    assert [int(c) for c in digits["labels"]] == torch.cat([data.y_train, data.y_val]).tolist()
    assert len(gzip.compress(line.encode())) < 48_000


# --- in the page -----------------------------------------------------------------------------------------


@browser_test
def test_it_trains_from_a_file_and_from_a_server(open_page, pages):
    history = TrainingExplorer().run()
    with served(pages) as base:
        for page in (open_page(), open_page(base=base)):
            run = finished(page, sigma_eps=10)
            np.testing.assert_allclose(run["batch_loss"], history.batch_loss, rtol=1e-9)
            assert phase(page) == history.phase == Phase.DECAY
            accuracy = f"{100 * history.val_accuracy[-1]:.1f}"
            reads = SENTENCES["accuracy"].format(epochs=20, accuracy=accuracy)
            expect(page.locator(".nin-status")).to_contain_text("σε = 10.0: decay.")
            expect(page.locator(".nin-status")).to_contain_text(reads)


@browser_test
def test_links_go_through_the_four_phases(open_page):
    page = open_page()
    for wanted, sigma in AT.items():
        page.get_by_role("link", name=wanted).click()
        finished(page, sigma_eps=sigma)
        expect(page.locator(".nin-explorer")).to_have_attribute("data-phase", wanted)
        expect(page.locator(".nin-status")).to_contain_text(f"{sigma:#.3g}: {wanted}.")
    page = open_page("training.html#training?sigma_eps=23")
    finished(page, sigma_eps=23)
    expect(page.locator(".nin-explorer")).to_have_attribute("data-phase", Phase.CATAPULT)


@browser_test
def test_the_band_shows_the_phases_that_python_trains_and_is_searched_anew_for_another_learning_rate(
    open_page,
):
    page = open_page()
    known = "(band => band && band.phases.every(phase => phase !== null))(document.querySelector('.nin-explorer').nin.band)"
    page.wait_for_function(known, timeout=120_000)
    band = page.evaluate(
        "(({ sigma_eps, phases }) => [[...sigma_eps], phases])(document.querySelector('.nin-explorer').nin.band)"
    )
    sigmas, phases = np.array(band[0]), band[1]
    assert phases == sorted(phases, key=list(Phase).index) and set(phases) == set(Phase)
    for boundary in Phase.DECAY, Phase.DIVERGENT:
        k = phases.index(boundary)
        assert [TrainingExplorer(sigma_eps=sigma).phase for sigma in sigmas[[k - 1, k]]] == phases[
            k - 1 : k + 1
        ]
    expect(page.locator(".nin-regions")).to_have_text("decoupleddecaycatapultdivergent")
    page.locator("input[name=eta]").press("ArrowRight")
    page.wait_for_function(f"!({known})")


@browser_test
def test_a_new_curve_is_not_joined_to_the_old_one(open_page):
    page = open_page()
    # what the loss chart is given, at each picture of a training
    page.evaluate(
        """() => {
          window.heads = [];
          const root = document.querySelector('.nin-explorer');
          let run = root.nin.training;
          Object.defineProperty(root.nin, 'training', { get: () => run, set(next) {
            run = next;
            if (run.p.sigma_eps !== 10) heads.push([run.steps, run.done, [...root.nin.curves.batch_loss], [...root.nin.curves.val_accuracy]]);
          } });
        }"""
    )
    page.get_by_role("link", name=Phase.CATAPULT).click()
    finished(page, sigma_eps=23)
    heads = page.evaluate("heads")
    assert len(heads) > 5
    for steps, done, loss, accuracy in heads[:-1]:
        assert done or all(value is None or np.isnan(value) for value in loss[steps : steps + 3])
        assert all(value is None or np.isnan(value) for value in accuracy[steps + 1 :])


@browser_test
def test_the_network_is_seen_and_a_stretch_of_its_decay_read(open_page):
    page = open_page()
    look = "document.querySelector('.nin-explorer').nin.training.inside.length"
    assert page.evaluate(look) == 0  # it costs something, and nobody has asked
    page.get_by_text("See the network").press("Enter")
    page.wait_for_function(f"{look} === 21")
    answers = page.locator(".nin-digit").all_inner_texts()
    assert len(answers) == 8 and all(
        re.match(r"clean \d( ✗)? \d+\s%\s+noisy \d( ✗)? \d+\s%", each) for each in answers
    )
    edge = page.locator(".nin-details .nin-plot").first.get_attribute("aria-label")
    assert re.search(r"largest eigenvalue of the local Hessian, [\d.]+ now; the edge is at 2", edge)
    page.get_by_text("Read it yourself").press("Enter")
    page.wait_for_function("document.querySelector('.nin-explorer').nin.reading?.pull")
    run = TrainingExplorer().run()
    for first, last in [(1, 6), (2, 12)]:
        for name, epoch in [("from", first), ("to", last)]:
            page.get_by_label(f"type a value of {name} epoch").fill(str(epoch))
            page.get_by_label(f"type a value of {name} epoch").press("Enter")
        read = page.evaluate("document.querySelector('.nin-explorer').nin.reading")
        ends = run.niw_norm[[first, last]]
        (wanted,) = estimate_curvature(ends, steps=8 * (last - first), eta=0.2, sigma_eps=10.0).rayleigh
        assert read["curvature"] == pytest.approx(wanted, rel=1e-9)
        assert 0 < read["curvature"] < read["pull"]
        expect(page.locator(".nin-reads")).to_contain_text(
            f"From epoch {first} to {last}, in {8 * (last - first)} steps"
        )
    page.get_by_label("stretch to epoch").press("ArrowRight")
    expect(page.locator(".nin-reads")).to_contain_text("to 13,")
    page.get_by_label("type a value of to epoch").fill("21")
    page.get_by_label("type a value of to epoch").press("Enter")
    expect(page.locator(".nin-refused")).to_contain_text("is refused: it must be a whole number from 0 to 20")


@browser_test
def test_a_drag_shows_many_trainings_grow_and_the_last_one_to_its_end(open_page):
    page = open_page()
    page.evaluate(
        """() => {
          const root = document.querySelector('.nin-explorer');
          let run = root.nin.training;
          window.seen = [];
          Object.defineProperty(root.nin, 'training', {
            get: () => run,
            set(next) { run = next; seen.push([performance.now(), run.p.sigma_eps, run.p.seed, run.steps]); },
          });
        }"""
    )
    slider = page.get_by_label("injected noise")
    for _ in drag(page, slider, 0.2, 0.7, 120):
        page.wait_for_timeout(16)
    finished(page, sigma_eps=float(slider.get_attribute("aria-valuetext")))
    seen = page.evaluate("seen")
    assert {seed for _, _, seed, _ in seen} == {0}  # the same start for each
    trainings = [list(group) for _, group in itertools.groupby(seen, key=lambda news: news[1])]
    assert len(trainings) >= 8
    sigmas = [training[0][1] for training in trainings]
    assert sigmas == sorted(sigmas)
    grown = [training[-1][3] for training in trainings]
    assert np.median(grown) >= 4 and grown[-1] == 160
    # each lives 80 ms before the next may start
    starts = np.array([training[0][0] for training in trainings])
    assert np.median(np.diff(starts)) > 75
    for training in trainings:
        steps = [news[3] for news in training]
        assert steps == sorted(steps)


@browser_test
def test_the_keyboard_moves_every_slider(open_page):
    page = open_page()
    names = ["injected noise", "learning rate", "batch size"]
    for label, name in zip(names, ["sigma_eps", "eta", "batch_size"], strict=True):
        slider = page.get_by_role("slider", name=label)
        slider.press("ArrowRight")
        slider.press("ArrowRight")
        value = float(slider.get_attribute("aria-valuetext"))
        assert value > getattr(TrainingExplorer(), name)
        finished(page, **{name: value})
    page.get_by_role("slider", name="batch size").press("End")
    assert finished(page, batch_size=512)["steps_per_epoch"] == 2
    page.get_by_role("slider", name="batch size").press("Home")
    assert finished(page, batch_size=16)["steps_per_epoch"] == 67


@browser_test
def test_another_seed_and_the_way_back_are_buttons(open_page):
    page = open_page()
    first = finished(page, seed=0)
    page.get_by_role("button", name="New seed").click()
    assert finished(page, seed=1)["batch_loss"][0] != first["batch_loss"][0]
    page.get_by_label("injected noise").press("End")
    finished(page, seed=1, sigma_eps=60)
    expect(page.locator(".nin-status")).to_contain_text("divergent. The batch loss passes 10⁸ in epoch ")
    page.get_by_role("button", name="Back to the start").click()
    assert finished(page, seed=0, sigma_eps=10)["batch_loss"] == first["batch_loss"]


@browser_test
@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_overflows_and_nothing_jumps(open_page, width):
    page = open_page(viewport={"width": width, "height": 900})
    tops = set()
    places = "[...document.querySelectorAll('.nin-plot, input, button')].map(e => e.getBoundingClientRect().top + scrollY)"
    for query in ("sigma_eps=1", "sigma_eps=10", "sigma_eps=23", "sigma_eps=40", "batch_size=512&eta=0.02"):
        link = f"const a = document.querySelector('a'); a.href = '#training?{query}'; a.click()"
        page.evaluate(f"{{ {link} }}")
        for _ in range(3):
            page.wait_for_timeout(30)
            tops.add(tuple(page.evaluate(places)))
        page.wait_for_function(DONE)
        tops.add(tuple(page.evaluate(places)))
        assert page.evaluate("document.documentElement.scrollWidth") == width
    assert len(tops) == 1


@browser_test
def test_dark_mode_by_preference_and_by_theme(open_page):
    def light_ink(page):
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return page.evaluate(
            """() => { const c = document.querySelector('.nin-plot canvas'), d = c.getContext('2d').getImageData(0, 0, 40, c.height).data;
            let sum = 0, n = 0; for (let i = 0; i < d.length; i += 4) if (d[i + 3] > 100) { sum += d[i]; n++; } return sum / n > 128; }"""
        )

    page = open_page(color_scheme="dark")
    root = page.locator(".nin-explorer")
    assert light_ink(page) and root.get_attribute("data-scheme") == "dark"
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    assert not light_ink(page) and root.get_attribute("data-scheme") == "light"


@browser_test
def test_without_javascript_a_paragraph_says_what_one_would_see(open_page):
    text = open_page(java_script_enabled=False).locator(".nin-explorer").inner_text()
    assert "σε = 10, learning rate 0.2 and batches of 128 the training is in the decay phase" in text


@browser_test
def test_a_link_with_nonsense_does_no_harm(open_page):
    page = open_page("training.html#training?sigma_eps=-3&batch_size=1e9&eta=-1&seed=-7.5")
    finished(page, sigma_eps=10, batch_size=128, eta=0.2)
    assert phase(page) == Phase.DECAY


@browser_test
def test_controls_and_charts_have_names(open_page):
    page = open_page()
    for control in page.locator("input").all():
        name = control.get_attribute("aria-label") or control.evaluate("e => e.labels[0].textContent")
        assert len(name.strip()) > 3
    for chart in page.locator(".nin-plot:visible").all():
        assert chart.get_attribute("role") == "img"
        said = chart.get_attribute("aria-label")
        assert said.startswith(
            "Curves over 20 epochs of training, decay. When the clean loss is down to a quarter"
        )
    assert page.locator(".nin-status").count() == 1


@browser_test
def test_the_live_widget_and_its_model_follow_each_other(browser):
    explorer = TrainingExplorer(sigma_eps=23)
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    page.goto("about:blank")
    page.evaluate(FAKE_MODEL.replace("STATE", json.dumps(explorer.settings())), explorer._esm)
    page.wait_for_function(DONE)
    assert phase(page) == Phase.CATAPULT
    page.evaluate("model.set('sigma_eps', 1)")  # from Python
    finished(page, sigma_eps=1)
    assert phase(page) == Phase.DECOUPLED
    page.get_by_role("slider", name="batch size").press("End")  # from the reader
    assert page.evaluate("saved.at(-1).batch_size") == 512
    page.evaluate("end()")
    assert page.evaluate("Object.values(listeners).every(l => l.length === 0)")
    assert errors == []
    page.close()


@pytest.mark.parametrize(
    "name, value, says",
    [
        ("sigma_eps", -1.0, r"sigma_eps must be a finite number >= 0, got -1.0: 0 switches"),
        ("eta", 0, r"eta must be a finite number > 0, got 0"),
        ("batch_size", 1079, r"batch_size must be a whole number from 1 to 1078, got 1079"),
        ("seed", -1, r"seed must be a whole number from 0"),
    ],
)
def test_a_bad_value_raises_and_changes_nothing(name, value, says):
    explorer = TrainingExplorer()
    with pytest.raises(ValueError, match=says):
        setattr(explorer, name, value)
    assert getattr(explorer, name) == getattr(TrainingExplorer(), name)


def test_the_output_is_deterministic_and_without_a_script():
    assert repr(TrainingExplorer()) == "TrainingExplorer(sigma_eps=10.0, eta=0.2, batch_size=128, seed=0)"
    html = shown_html(TrainingExplorer())
    assert html == shown_html(TrainingExplorer()) and "<script" not in html and len(html) < 1500
