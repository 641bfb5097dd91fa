"""The explorer of stored trainings: what it shows of them, its training in a thread, and its use in headless Chromium."""

import gzip
import itertools
import json
import re
import threading
import time
from dataclasses import replace
from textwrap import dedent

import nbformat
import numpy as np
import pytest
from conftest import served
from explorer_pages import FAKE_MODEL, PAGE, drag, opening, shown_html
from nbclient import NotebookClient
from playwright.sync_api import expect

from nin_lib import experiments, store, training
from nin_lib.decay import estimate_curvature
from nin_lib.experiments import Experiment, ResultError
from nin_lib.experiments.fashion_mnist import Settings, train_history
from nin_lib.phases import Phase
from nin_lib.training import train_mlp
from nin_lib.widgets import RunExplorer, runs
from nin_lib.widgets.run_records import HEAD
from nin_lib.widgets.words import come_to

browser_test = pytest.mark.browser
AT = {Phase.DECOUPLED: 1, Phase.DECAY: 10, Phase.CATAPULT: 23, Phase.DIVERGENT: 40}


def on_digits(sigma_eps, seed, epochs, **others):
    """Settings of the usual training on digits."""
    usual = {"data": "digits", "hidden": (128,), "loss": "ce", "eta": 0.2, "batch_size": 128}
    return Settings(**usual | others, sigma_eps=sigma_eps, seed=seed, epochs=epochs)


SWEEP = [on_digits(sigma, seed, 20) for sigma in (1, 4, 10, 23, 40) for seed in (0, 1)]
TOYS = {
    # of the two runs that differ only in length, the longer is shown
    "toy": (*SWEEP, on_digits(10, 0, 5)),
    # redraw is to be chosen: eta follows from it, batch_size from the seed, and hidden is the same
    "two-ways": (
        on_digits(2.0, 0, 6, hidden=(32,)),
        on_digits(40.0, 0, 6, hidden=(32,)),
        on_digits(40.0, 1, 6, hidden=(32,), batch_size=64),
        on_digits(8.0, 0, 6, hidden=(32,), eta=0.1, redraw="never"),
    ),
}
SHOWN = "document.getElementById('toy')?.nin?.runs?.shown"


@pytest.fixture(scope="module", autouse=True)
def out(one_thread, tmp_path_factory):
    """Folder of the stored results of two small experiments on digits."""
    folder = tmp_path_factory.mktemp("stored")
    with pytest.MonkeyPatch.context() as patch:
        for name, settings in TOYS.items():
            entry = Experiment(f"{name} on digits", settings, train_history, ("torch",))
            patch.setitem(experiments.EXPERIMENTS, name, entry)
            experiments.run(name, folder)
        yield folder


@pytest.fixture
def explorer(out):
    return RunExplorer("toy", out, sigma_eps=10)


# --- what is stored ----------------------------------------------------------------------------------------


def test_it_shows_the_stored_runs_of_the_nearest_sigma(explorer, out):
    seen = []
    explorer.observe(lambda change: seen.append(change.new), "sigma_eps")
    for sigma, nearest in [(0, 1), (2.5, 1), (2.6, 4), (17, 23), (1e6, 40)]:
        explorer.sigma_eps = sigma
        for seed in (0, 1):
            shown = explorer.histories[seed]
            assert (shown.sigma_eps, shown.settings["seed"]) == (nearest, seed)
        assert explorer.phase == explorer.histories[0].phase
    assert seen == [0, 2.5, 2.6, 17, 1e6] and list(explorer.histories) == [0, 1]
    again = train_mlp(10, 0, epochs=20)
    explorer.sigma_eps = 10
    np.testing.assert_array_equal(explorer.histories[0].batch_loss, again.batch_loss)
    for phase, sigma in AT.items():
        assert RunExplorer("toy", out, sigma_eps=sigma).phase == phase


def test_what_is_stored_of_an_experiment_is_enough_but_nothing_is_not(out, tmp_path):
    with pytest.raises(ResultError, match="11 of 11 results of 'toy' .* `python -m nin_lib run toy`"):
        RunExplorer("toy", tmp_path)
    settings = TOYS["toy"][5]
    one = experiments.path_of("toy", settings, tmp_path)
    one.parent.mkdir()
    one.write_bytes(experiments.path_of("toy", settings, out).read_bytes())
    explorer = RunExplorer("toy", tmp_path)
    assert explorer.sigma_eps == settings.sigma_eps and list(explorer.histories) == [settings.seed]
    with pytest.raises(ValueError, match="name must be one of linear-boundaries"):
        RunExplorer("no-such")
    with pytest.raises(ValueError, match="whose results are trainings, one each, got 'linear-boundaries'"):
        RunExplorer("linear-boundaries")
    one.write_bytes(one.read_bytes()[1:])
    with pytest.raises(ResultError, match=f"{one.name}: .*; repair it by `python -m nin_lib run toy`"):
        RunExplorer("toy", tmp_path)


def test_what_runs_differ_in_is_a_choice_unless_it_follows_from_another(out):
    explorer = RunExplorer("two-ways", out)
    assert sorted(explorer.settings()) == ["epochs", "eta", "experiment", "redraw", "seed", "sigma_eps"]
    assert explorer.redraw == "epoch" and explorer.phase == RunExplorer("two-ways", out, sigma_eps=8).phase
    other = RunExplorer("two-ways", out, redraw="never", sigma_eps=40)
    assert [h.settings["redraw"] for h in other.histories.values()] == ["never"]
    with pytest.raises(ValueError, match="redraw must be one of 'epoch', 'never', got 'often'"):
        other.redraw = "often"
    assert "redraw" not in RunExplorer("toy", out).state()["_stored"]["choices"]  # that of a training here


def test_the_page_gets_every_first_step_and_the_mean_of_later_epochs(explorer):
    def numbers(text):
        return np.array(text.split(), dtype=float)

    runs = explorer.state()["_stored"]["runs"]
    assert [(run["sigma_eps"], run["seed"]) for run in runs] == [(s.sigma_eps, s.seed) for s in SWEEP]
    for run, settings in zip(runs, SWEEP, strict=True):
        explorer.sigma_eps = settings.sigma_eps
        history = explorer.histories[settings.seed]
        if history.phase == Phase.DIVERGENT:
            assert run["lost"] == np.flatnonzero(~(history.batch_loss <= 1e8))[0]
            continue
        assert run["lost"] is None and run["phase"] == history.phase
        loss, (n, per_epoch) = history.batch_loss, (len(history.batch_loss), history.steps_per_epoch)
        edges = [HEAD, *range(HEAD - HEAD % per_epoch + per_epoch, n + 1, per_epoch)]
        means = [loss[a:b].mean() for a, b in zip(edges, edges[1:], strict=False)]
        np.testing.assert_allclose(numbers(run["batch_loss"]), [*loss[:HEAD], *means], rtol=5.1e-3)
        for name in ("val_loss", "val_accuracy", "niw_norm"):
            np.testing.assert_allclose(numbers(run[name]), getattr(history, name), rtol=5.1e-3)
        np.testing.assert_allclose(numbers(run["next_norm"]), history.norms["2.weight"], rtol=5.1e-3)


def test_the_page_gets_the_pull_and_what_the_decay_reads_where_they_were_measured(explorer):
    results = {
        (r.settings.sigma_eps, r.settings.seed, r.settings.redraw): r
        for r in experiments.results("fig1-right")
    }
    runs = RunExplorer("fig1-right").state()["_stored"]["runs"]
    assert len(runs) == len(results)
    for run in runs:
        result = results[run["sigma_eps"], run["seed"], run["redraw"]]
        pull, reads = (np.array(run[name].split(), dtype=float) for name in ("pull", "decay_reads"))
        epochs = range(26) if result.settings.pull is None else result.settings.pull
        measured = dict(zip(epochs, result.arrays["probe/pull"], strict=True))
        for epoch, value in enumerate(pull):
            wanted = measured.get(epoch, np.nan)
            np.testing.assert_allclose(value, wanted, rtol=5.1e-3)
        if run["lost"] is None:
            wanted = estimate_curvature(result.history).rayleigh
            np.testing.assert_allclose(reads, wanted, rtol=5.1e-3)
    assert all(run["pull"] == run["decay_reads"] == "" for run in explorer.state()["_stored"]["runs"])


@pytest.mark.parametrize("name", ["fig1-right", "fig2-mse", "fig3-ce"])
def test_the_books_sweeps_fit_into_a_page(name):
    html = shown_html(RunExplorer(name))
    assert len(html) < 150_000 and len(gzip.compress(html.encode())) < 45_000


def test_a_training_that_is_cut_short_on_its_way_up_gets_no_phase():
    assert come_to(train_mlp(28, 0, epochs=1)).startswith("the batch loss is still up")
    assert come_to(train_mlp(23, 0)).startswith("catapult. The batch loss peaks")


def test_words_say_what_to_notice(explorer):
    def words(sigma, seed=0):
        runs = explorer.state()["_stored"]["runs"]
        return next(run["words"] for run in runs if (run["sigma_eps"], run["seed"]) == (sigma, seed))

    history = train_mlp(23, 0)
    peak, accuracy = max(history.batch_loss) / history.batch_loss[0], 100 * history.val_accuracy[-1]
    assert words(23) == (
        f"The batch loss peaks at {peak:.3g} times its start. "
        f"The validation accuracy at epoch 20 is {accuracy:.3g}\N{NO-BREAK SPACE}%."
    )
    history = train_mlp(10, 0)
    at = history.clean_epochs[history.clean_loss <= history.clean_loss[0] / 4][0]
    kept = 100 * history.niw_norm[at] / history.niw_norm[0]
    assert words(10).startswith(
        "When the clean loss is down to a quarter, the noise weights have "
        f"{kept:.3g}\N{NO-BREAK SPACE}% of their norm."
    )
    loss = train_mlp(40, 0).batch_loss
    epoch = np.flatnonzero(~(loss <= 1e8))[0] // 8 + 1
    assert words(40) == f"The batch loss passes 10⁸ in epoch {epoch}."


def test_the_output_is_deterministic_and_without_a_script(explorer, out):
    assert (
        repr(explorer)
        == "RunExplorer(experiment='toy', sigma_eps=10.0, epochs=10, eta=0.2, seed=0, redraw='epoch')"
    )
    html = shown_html(explorer)
    assert html == shown_html(RunExplorer("toy", out, sigma_eps=10)) and "<script" not in html
    assert html.startswith('<div id="toy" class="nin-explorer" data-explorer="runs"')


@pytest.mark.parametrize(
    "name, value, says",
    [
        ("sigma_eps", -1.0, r"sigma_eps must be a finite number >= 0, got -1.0: 0 switches"),
        ("epochs", 0, r"epochs must be a whole number from 1 to 10000, got 0"),
    ],
)
def test_a_bad_value_raises_and_changes_nothing(explorer, out, name, value, says):
    before = explorer.settings()
    with pytest.raises(ValueError, match=says):
        setattr(explorer, name, value)
    with pytest.raises(ValueError, match=says):
        RunExplorer("toy", out, **{name: value})
    assert explorer.settings() == before


def test_an_unknown_setting_raises_and_the_settings_are_listed(out):
    says = "RunExplorer has no setting 'sigma': its settings are experiment, sigma_eps, epochs, eta, seed, redraw$"
    with pytest.raises(TypeError, match=says):
        RunExplorer("two-ways", out, sigma=4)
    # what any widget takes
    assert RunExplorer("toy", out, layout={"width": "50%"}).layout.width == "50%"


# --- training here -----------------------------------------------------------------------------------------


def watch(explorer):
    """A list that fills with what the page is told of a training."""
    told = []
    explorer.observe(lambda change: told.append(change.new), "_training")
    return told


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_a_training_runs_beside_the_notebook_and_is_that_of_train_mlp(explorer):
    explorer.sigma_eps, explorer.epochs = 17.5, 15
    told = watch(explorer)
    thread = explorer.train()
    alive = 0
    while thread.is_alive():  # the calling thread goes on
        time.sleep(0.001)
        alive += len(told) > 3 and told[-1]["running"]
    assert alive > 5
    # its curves grow by an epoch at a time
    lengths = [len(news["run"]["val_loss"].split()) for news in told if news["run"]]
    assert lengths == [*range(2, 17), 16]
    assert [news["progress"] for news in told[2:-1]] == [epoch / 15 for epoch in range(1, 16)]
    assert [news["running"] for news in told] == [True] * (len(told) - 1) + [False]
    expected = train_mlp(17.5, 0, epochs=15)
    for key, array in expected.arrays().items():
        np.testing.assert_array_equal(explorer.trained.arrays()[key], array)
    assert told[-1]["message"].startswith(f"Trained at σ = 17.5: {expected.phase}. ")


def test_stop_ends_a_training_with_its_epoch(explorer):
    explorer.epochs = 10_000
    told = watch(explorer)
    thread = explorer.train()
    wait_for(lambda: told[-1]["run"])
    with pytest.raises(RuntimeError, match="a training is running already: call stop"):
        explorer.train()
    explorer.stop()
    at = told[-1]["run"]["epochs"]
    thread.join(60)
    epochs = explorer.trained.settings["epochs"]
    assert not thread.is_alive() and epochs - at in (1, 2)  # one may have begun while this thread looked
    assert told[-1] == told[-1] | {
        "running": False,
        "message": f"Training at σ = 10 was stopped after epoch {epochs} of 10000.",
    }
    expected = train_mlp(10, 0, epochs=epochs)
    np.testing.assert_array_equal(explorer.trained.batch_loss, expected.batch_loss)
    np.testing.assert_array_equal(explorer.trained.niw_norm, expected.niw_norm)
    assert explorer.trained.phase == expected.phase
    explorer.epochs = 1
    explorer.train().join()  # and the next one may begin
    assert explorer.trained.settings["epochs"] == 1


def test_stop_is_told_at_once_and_holds_before_the_first_epoch(explorer, monkeypatch):
    begin = threading.Event()
    monkeypatch.setattr(training, "train_mlp", lambda **settings: begin.wait(60) and train_mlp(**settings))
    told = watch(explorer)
    thread = explorer.train()
    explorer.stop()
    assert told[-1] == told[0] | {"message": "The training stops after this epoch."}
    begin.set()
    thread.join(60)
    message = "Training at σ = 10 was stopped after epoch 0 of 10."
    assert told[2:] == [told[0] | {"running": False, "message": message}]
    assert explorer.trained is None


def test_close_stops_a_training(explorer):
    explorer.epochs = 10_000
    thread = explorer.train()
    explorer.close()
    thread.join(60)
    assert not thread.is_alive() and not explorer._training["running"]


def test_a_training_that_cannot_be_shown_ends_in_words_and_the_next_may_begin(explorer, monkeypatch):
    shown = []

    def record(settings, history, pull):
        shown.append(history)
        if len(shown) == 2:  # after the one epoch, and again when the training has ended
            raise OverflowError("too long a curve")
        return {}

    monkeypatch.setattr(runs, "record_of", record)
    explorer.epochs = 1
    explorer.train().join()
    assert not explorer._training["running"]
    failed = "The training at σ = 10 failed. OverflowError: too long a curve"
    assert explorer._training["message"] == failed
    explorer.train().join()
    assert explorer._training["message"].startswith("Trained at σ = 10: ")


def test_in_a_kernel_its_event_loop_sets_what_the_training_tells(out):
    setup = f"""
        import threading
        from nin_lib import experiments
        from nin_lib.experiments.fashion_mnist import Settings, train_history
        from nin_lib.widgets import RunExplorer
        entry = experiments.Experiment("", {TOYS["toy"]!r}, train_history)
        experiments.EXPERIMENTS["toy"] = entry
        explorer = RunExplorer("toy", {str(out)!r}, sigma_eps=10, epochs=2)
        told = []
        explorer.observe(lambda change: told.append(threading.current_thread()), "_training")
        explorer.train().join()
        early = len(told)
    """
    cells = [dedent(setup), "print(early, len(told), {*told} == {threading.main_thread()})"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    # that it begins, three epochs from 0 to 2, and the end
    assert notebook.cells[1].outputs[0].text == "0 5 True\n"


def test_what_goes_wrong_in_a_training_is_told_in_words(monkeypatch, tmp_path, out):
    settings = replace(SWEEP[0], data="fashion_mnist")
    monkeypatch.setitem(experiments.EXPERIMENTS, "toy", Experiment("", (settings,), train_history))
    stored = store.read(experiments.path_of("toy", SWEEP[0], out))
    store.write(tmp_path / "toy", experiments.key("toy", settings), stored.arrays, {})
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setenv("NIN_DATA_DIR", str(empty))
    explorer = RunExplorer("toy", tmp_path)
    explorer.train().join()
    assert explorer.trained is None and not explorer._training["running"]
    assert explorer._training["message"].startswith("The training at σ = 1 failed. DataError: ")
    assert "NIN_DATA_DIR" in explorer._training["message"]


def test_a_training_that_diverges_ends_and_says_so(explorer):
    explorer.sigma_eps = 60
    explorer.train().join()
    assert explorer.trained.phase == Phase.DIVERGENT
    assert "divergent. The batch loss passes 10⁸ in epoch" in explorer._training["message"]
    assert explorer._training["run"]["lost"] is not None


# --- in the page -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pages(tmp_path_factory, out):
    """A page with two explorers of the class."""
    folder = tmp_path_factory.mktemp("page")
    explorers = [RunExplorer("two-ways", out), RunExplorer("toy", out, sigma_eps=10)]
    links = "".join(f'<a href="#toy?sigma_eps={sigma}">{phase}</a> ' for phase, sigma in AT.items())
    html = PAGE.format(name="runs", explorer="".join(map(shown_html, explorers)), links=links)
    (folder / "runs.html").write_text(html, encoding="utf-8")
    (folder / "runs.js").write_text(RunExplorer.static_script(), encoding="utf-8")
    return folder


@pytest.fixture
def open_page(browser, pages):
    with opening(browser, pages, "runs.html", SHOWN) as open_page:
        yield open_page


def settle(page):
    # the next frame shows what the last event has set
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def phase(page, name="toy"):
    settle(page)
    return page.locator(f"#{name}").get_attribute("data-phase")


@browser_test
def test_it_runs_from_a_file_and_from_a_server_without_a_train_button(open_page, pages, explorer):
    with served(pages) as base:
        for page in (open_page(), open_page(base=base)):
            toy = page.locator("#toy")
            assert phase(page) == Phase.DECAY
            words = explorer.state()["_stored"]["runs"][4]["words"]
            expect(toy.locator(".nin-status")).to_have_text(
                f"σε = 10.0: decay. {words} Thin lines: seed 1 (decay)."
            )
            expect(toy.get_by_text("In a live notebook, a button trains here")).to_be_visible()
            names = [button.inner_text() for button in page.get_by_role("button").all()]
            assert names == ["Back to the start", "Keep this run"] * 2


@browser_test
def test_a_drag_goes_through_the_phases_and_stops_only_at_stored_runs(open_page, out):
    page = open_page()
    met, values = [], []
    for _ in drag(page, page.locator("#toy").get_by_label("injected noise"), 0.01, 0.99, 60):
        met += [phase(page)]
        values += page.evaluate(f"[{SHOWN}[0].sigma_eps, {SHOWN}.length]")[:1]
    assert list(dict.fromkeys(met)) == list(Phase) and met == sorted(met, key=list(Phase).index)
    assert list(dict.fromkeys(values)) == [1, 4, 10, 23, 40]
    for _ in drag(page, page.locator("#toy .nin-band"), 0.99, 0.3, 20):
        pass
    assert phase(page) == Phase(page.evaluate(f"{SHOWN}[0].phase")) != Phase.DIVERGENT
    expect(page.locator("#toy .nin-regions")).to_have_text("decoupleddecaycatapultdivergent")
    band = page.locator("#toy .nin-band canvas").bounding_box()
    # each phase begins where the run stands that the scale names, and between two phases the band is empty
    labels = [(each.inner_text(), each.bounding_box()) for each in page.locator("#toy .nin-scale span").all()]
    assert [text for text, _ in labels] == ["1", "4", "10", "23", "40"]
    for k, (_, box) in enumerate(labels):
        assert box["x"] + box["width"] / 2 == pytest.approx(band["x"] + k / 4 * band["width"], abs=1)
    cells = page.locator("#toy .nin-band canvas").evaluate(
        "c => [...c.getContext('2d').getImageData(0, 0, c.width, 1).data].filter((_, i) => i % 4 === 3)"
    )
    filled = np.flatnonzero(cells) / len(cells) * 4
    phases = [RunExplorer("toy", out, sigma_eps=sigma).phase for sigma in (1, 4, 10, 23, 40)]
    for k, pair in enumerate(itertools.pairwise(phases)):
        between = (filled > k + 0.1) & (filled < k + 0.9)
        assert between.sum() == (15 if pair[0] == pair[1] else 0)


@browser_test
def test_the_keyboard_goes_from_run_to_run(open_page):
    page = open_page()
    slider = page.locator("#toy").get_by_label("injected noise")
    slider.press("Home")
    values = [slider.get_attribute("aria-valuetext")]
    for _ in range(5):
        slider.press("ArrowRight")
        values.append(slider.get_attribute("aria-valuetext"))
    assert values == ["1.00", "4.00", "10.0", "23.0", "40.0", "40.0"]
    assert phase(page) == Phase.DIVERGENT


@browser_test
def test_links_set_the_explorer_of_their_experiment_and_the_nearest_run(open_page, out):
    page = open_page()
    other = phase(page, "two-ways")
    for wanted in AT:
        page.get_by_role("link", name=wanted).click()
        assert phase(page) == wanted
    assert phase(page, "two-ways") == other
    page.locator("#toy").get_by_role("button", name="Back to the start").click()
    assert phase(page) == Phase.DECAY
    for sigma in (0, 2.5, 2.6, 17, 1e6):
        page = open_page(f"runs.html#toy?sigma_eps={sigma}")
        settle(page)
        wanted = RunExplorer("toy", out, sigma_eps=sigma).histories[0]
        assert page.evaluate(f"{SHOWN}[0].sigma_eps") == wanted.sigma_eps
        assert phase(page) == wanted.phase
        nearest = page.locator("#toy").get_by_text(re.compile("Of the stored runs it is the nearest to σ"))
        assert nearest.count() == (sigma != wanted.sigma_eps)


@browser_test
def test_a_menu_for_what_else_the_runs_differ_in(open_page):
    page = open_page()
    root = page.locator("#two-ways")
    shown = "document.getElementById('two-ways').nin.runs.shown.map(run => [run.redraw, run.sigma_eps])"
    root.get_by_label("redraw").select_option("never")
    settle(page)
    assert page.evaluate(shown) == [["never", 8]]
    root.get_by_role("button", name="Back to the start").click()
    settle(page)
    assert page.evaluate(shown) == [["epoch", 2]]
    page = open_page("runs.html#two-ways?redraw=nonsense&sigma_eps=-3")
    settle(page)
    assert page.evaluate(shown) == [["epoch", 2]]


@browser_test
def test_the_mean_over_an_epoch_stands_in_its_middle(open_page, explorer):
    at = open_page().evaluate(f"{SHOWN}[0].places('batch_loss')")
    per_epoch = explorer.histories[0].steps_per_epoch
    steps = np.arange(len(explorer.histories[0].batch_loss))
    epochs = [steps[(steps >= HEAD) & (steps // per_epoch == epoch)] for epoch in range(20)]
    # step t goes from t to t + 1
    middles = [(mine[0] + mine[-1] + 1) / 2 / per_epoch for mine in epochs if len(mine)]
    np.testing.assert_allclose(at, [*(steps[:HEAD] / per_epoch), *middles], rtol=1e-12)


@browser_test
def test_a_mark_says_when_a_run_diverged(open_page, explorer):
    page = open_page()
    page.evaluate(
        """() => {
          window.texts = new Set();
          const fill = CanvasRenderingContext2D.prototype.fillText;
          CanvasRenderingContext2D.prototype.fillText = function (text, ...at) { texts.add(text); fill.call(this, text, ...at); };
        }"""
    )
    page.get_by_role("link", name="divergent").click()
    assert phase(page) == Phase.DIVERGENT
    explorer.sigma_eps = 40
    lost = np.flatnonzero(~(explorer.histories[0].batch_loss <= 1e8))[0] // 8 + 1
    assert f"diverged in epoch {lost}" in page.evaluate("[...texts]")
    expect(page.locator("#toy").locator(".nin-status")).to_contain_text(f"passes 10⁸ in epoch {lost}.")


@browser_test
@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_overflows_and_nothing_jumps(open_page, width):
    page = open_page(viewport={"width": width, "height": 900})
    tops = set()
    places = "[...document.querySelectorAll('.nin-plot, input, button')].map(e => e.getBoundingClientRect().top + scrollY)"
    for wanted in AT:
        page.get_by_role("link", name=wanted).click()
        settle(page)
        tops.add(tuple(page.evaluate(places)))
        assert page.evaluate("document.documentElement.scrollWidth") == width
    assert len(tops) == 1


@browser_test
def test_dark_mode(open_page):
    ink = """() => { const c = document.querySelector('#toy .nin-plot canvas');
        const d = c.getContext('2d').getImageData(0, 0, 40, c.height).data;
        let sum = 0, n = 0; for (let i = 0; i < d.length; i += 4) if (d[i + 3] > 100) { sum += d[i]; n++; } return sum / n; }"""
    for scheme, light in [("dark", True), ("light", False)]:
        page = open_page(color_scheme=scheme)
        settle(page)
        assert (page.evaluate(ink) > 128) is light
        assert page.locator("#toy").get_attribute("data-scheme") == scheme


@browser_test
def test_without_javascript_a_paragraph_says_what_one_would_see(open_page):
    text = open_page(java_script_enabled=False).locator("#toy").inner_text()
    assert "It shows 10 stored trainings (toy on digits), with noise from σε = 1 to 40" in text
    assert "With σε = 10 (seed 0) the training is in the decay phase. When the clean loss" in text


@browser_test
def test_controls_and_charts_have_names(open_page):
    page = open_page()
    for control in page.locator("#toy input").all():
        if control.get_attribute("aria-hidden") == "true":  # the band, for the pointer alone
            assert control.get_attribute("tabindex") == "-1"
            continue
        name = control.get_attribute("aria-label") or control.evaluate("e => e.labels[0].textContent")
        assert len(name.strip()) > 3
    for chart in page.locator("#toy .nin-plot").all():
        assert chart.get_attribute("role") == "img"
        assert chart.get_attribute("aria-label").startswith("Curves over 20 epochs of training, decay. When")


@browser_test
def test_the_live_widget_trains_at_the_press_of_a_button(browser, out):
    """Both halves of the live explorer; this test carries the messages that a notebook's front end would."""
    explorer = RunExplorer("toy", out, sigma_eps=23, epochs=12)
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    page.goto("about:blank")
    state = json.dumps(explorer.state() | {"_training": {}})
    page.evaluate(FAKE_MODEL.replace("STATE", state), explorer._esm)
    root = page.locator(".nin-explorer")
    assert root.get_attribute("data-phase") == Phase.CATAPULT
    slider = page.get_by_label("injected noise")
    slider.press("ArrowLeft")  # not only the stored ones
    explorer.sigma_eps = page.evaluate("saved.at(-1).sigma_eps")
    assert 10 < explorer.sigma_eps < 23
    expect(page.locator(".nin-status").first).to_contain_text("Of the stored runs it is the nearest to σ = ")
    page.get_by_role("button", name=f"Train here at σ = {explorer.sigma_eps:.3g}").click()
    told = watch(explorer)
    explorer._handle_custom_msg(page.evaluate("sent.pop()"), [])
    wait_for(lambda: not explorer._training["running"])
    # every state in turn, as a slow page sees them
    grown = []
    for news in told[:-1]:
        page.evaluate("news => model.set('_training', news)", news)
        settle(page)
        expect(page.get_by_role("button", name="Stop")).to_be_visible()
        expect(page.get_by_text(news["message"])).to_be_visible()
        assert page.get_by_role("progressbar").evaluate("bar => bar.value") == news["progress"]
        grown.append(
            page.evaluate("document.querySelector('.nin-explorer').nin.runs.trained?.val_loss.length")
        )
    assert grown == [None, None, *range(2, 14)]
    page.get_by_role("button", name="Stop").click()
    assert page.evaluate("sent") == ["stop"]
    page.evaluate("news => model.set('_training', news)", told[-1])
    settle(page)
    expect(page.get_by_role("progressbar")).to_be_hidden()
    expect(page.get_by_text("Trained at σ = ")).to_contain_text(explorer.trained.phase)
    drawn = page.evaluate("document.querySelector('.nin-explorer').nin.runs.trained.niw_norm")
    np.testing.assert_allclose(drawn, explorer.trained.niw_norm, rtol=5.1e-3)
    page.set_viewport_size({"width": 375, "height": 900})
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    page.evaluate("end()")
    assert page.evaluate("Object.values(listeners).every(l => l.length === 0)")
    assert errors == []
    page.close()
