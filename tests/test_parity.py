"""The browser and NumPy compute the same: trajectories, phases, noise and boundaries of the linear model."""

import base64
from dataclasses import replace

import numpy as np
import pytest

from nin_lib.linear import LinearModel
from nin_lib.phases import Phase
from nin_lib.widgets import LinearExplorer, PhaseDiagramExplorer, static_scripts
from nin_lib.widgets.rng import noise_stream

pytestmark = pytest.mark.browser

STEPS = 200
WEIGHTS = ("w0", "w1", "w_ni")
PHASES = list(Phase)
# What JavaScript sends back: the bytes of its Float64Arrays, exact and quick.
SEND = """
const send = arrays => {
  const bytes = arrays.flatMap(a => [...new Uint8Array(Float64Array.from(a).buffer)]);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
};
"""


@pytest.fixture(scope="module")
def explorer_page(browser):
    """A page on which the linear explorer's bundle is loaded as `explorer`."""
    page = browser.new_page()
    page.goto("about:blank")
    page.add_script_tag(content=LinearExplorer.script() + SEND)
    yield page
    page.close()


def received(text, *shape):
    return np.frombuffer(base64.b64decode(text)).reshape(shape)


def draws(n):
    """Random settings that meet every phase; sizes over decades, weights and M of either sign, M and sigma_x also 0."""
    rng = np.random.default_rng(0)
    for k in range(n):
        p = {
            "eta": 10 ** rng.uniform(-3, -1),
            "batch_size": int(10 ** rng.uniform(0, 4)),
            "sigma_x": 0.0 if k % 50 == 1 else rng.uniform(0.1, 2),
            "M": 0.0 if k % 50 == 2 else rng.normal(),
            "w0": rng.normal(),
            "w1": rng.normal() * 1.5,
            "w_ni": 10 ** rng.uniform(-2, 0) * rng.choice([-1, 1]),
        }
        # theory's X = eta sigma_eps^2 w1^2 runs from far below the catapult (2) to beyond divergence (4)
        p["sigma_eps"] = np.sqrt(10 ** rng.uniform(-4, 1) / p["eta"]) / abs(p["w1"])
        yield p, int(rng.integers(2**32))


def python_run(p, seed):
    model = LinearModel(**{key: p[key] for key in ("eta", "M", "sigma_x", "batch_size")})
    weights = {key: p[key] for key in WEIGHTS}
    return model.simulate(p["sigma_eps"], **weights, steps=STEPS, noise=noise_stream(seed, STEPS))


def test_trajectories_and_phases_agree_in_1000_random_settings(explorer_page):
    cases = list(draws(1000))
    answers = explorer_page.evaluate(
        """([cases, steps]) => cases.map(([p, seed]) => {
          p.steps = steps;
          const run = explorer.simulate(p, explorer.noiseStream(seed, steps));
          return [send([...run.weights, ...explorer.losses(p, run.weights)]), run.phase];
        })""",
        [cases, STEPS],
    )
    met = set()
    for (p, seed), (curves, phase) in zip(cases, answers, strict=True):
        run = python_run(p, seed)
        met.add(run.phase)
        assert PHASES[phase] == run.phase, p
        ours = np.stack([run.w0, run.w1, run.w_ni, run.loss, run.clean_loss])
        theirs = received(curves, 5, STEPS + 1)
        assert np.array_equal(np.isfinite(ours), np.isfinite(theirs)), p
        ours, theirs = ours[np.isfinite(ours)], theirs[np.isfinite(theirs)]
        assert np.all(np.abs(ours - theirs) <= 1e-12 * np.abs(ours)), p
    assert met == set(Phase)


def test_the_noise_is_the_same_to_the_last_bit_and_standard_normal_to_two_moments(explorer_page):
    for seed in (0, 1, 2**31, 2**32 - 1):
        theirs = received(explorer_page.evaluate("s => send([explorer.noiseStream(s, 1000)])", seed), 1000)
        assert np.array_equal(theirs, noise_stream(seed, 1000))
    many = noise_stream(3, 100_000)
    assert abs(many.mean()) < 4 / np.sqrt(len(many))
    assert abs(many.var() - 1) < 4 * np.sqrt(2 / len(many))
    # seeds and neighbours in a stream are not correlated
    assert abs(np.corrcoef(many, noise_stream(4, 100_000))[0, 1]) < 4 / np.sqrt(len(many))
    assert abs(np.corrcoef(many[1:], many[:-1])[0, 1]) < 4 / np.sqrt(len(many))


USUAL = {"eta": 0.01, "M": 1.0, "sigma_x": 1.0, "batch_size": 1000, "w0": 0.1, "w1": 1.5, "w_ni": 0.1}
# Where a flow crosses zero, rests, starts where it ends, has no data or no target, or where c = w1^2 - w0^2 is 0 or large.
EDGES = [
    {"w1": -0.1},
    {"w1": 10.0},
    {"w0": 0.0, "w1": 0.0},
    {"w0": 0.0},
    {"w1": 0.0},
    {"w1": 0.1},
    {"w0": 1.0, "w1": 1.0},
    {"w0": -1.0, "w1": 1.0},
    {"w0": 2.0, "w1": 0.5},
    {"w0": 1.5, "w1": 0.1},
    {"w0": -1.5},
    {"w_ni": 0.0},
    {"w_ni": 3.0},
    {"sigma_x": 0.0},
    {"sigma_x": 0.0, "w1": 0.0},
    {"M": 0.0},
    {"M": 0.0, "w0": 0.0},
    {"M": -1.0},
    {"M": -1.0, "w0": 1.0, "w1": -1.0},
    {"M": 1e6, "w0": 1.0, "w1": 2.0},
    {"M": 1e-6},
    {"w0": 1e6, "w1": 1e6},
    {"w1": 1e6},
    {"eta": 1e-6},
]


def test_boundaries_agree(explorer_page):
    cases = [p for p, _ in draws(200)] + [USUAL | edge for edge in EDGES]
    answers = explorer_page.evaluate(
        "cases => cases.map(p => send([Object.values(explorer.boundaries(p))]))", cases
    )
    for p, answer in zip(cases, answers, strict=True):
        model = LinearModel(**{key: p[key] for key in ("eta", "M", "sigma_x", "batch_size")})
        ours = model.boundaries(**{key: p[key] for key in WEIGHTS})
        theirs = received(answer, 4)
        wanted = [ours.decoupled, ours.late, ours.catapult, ours.divergent]
        assert not np.isnan(wanted).any(), p
        np.testing.assert_allclose(theirs, wanted, rtol=1e-9, err_msg=str(p))


def mounted(browser, explorer, result, parts):
    """Arrays that a running explorer has put on its root element, once they are complete."""
    page = browser.new_page()
    page.set_content(explorer._repr_mimebundle_()[0]["text/html"])
    page.add_script_tag(content=static_scripts()[f"{explorer.name}.js"])
    page.wait_for_function(f"document.querySelector('.nin-explorer').nin?.{result}?.fine")
    arrays = page.evaluate(
        "([result, parts]) => parts.map(part => [...document.querySelector('.nin-explorer').nin[result][part]])",
        [result, parts],
    )
    page.close()
    return [np.array(array) for array in arrays]


@pytest.mark.parametrize(
    "settings",
    [{}, {"w1": 0.3, "seed": 5}, {"batch_size": 10, "steps": 300}, {"eta": 0.1, "w_ni": 2.0, "M": -1.0}],
    ids=str,
)
def test_the_band_has_the_phases_that_python_simulates(browser, settings):
    explorer = LinearExplorer(**settings)
    sigmas, phases = mounted(browser, explorer, "band", ["sigma_eps", "phases"])
    assert len(sigmas) == 256 and np.isclose(sigmas[0], 0.02) and np.isclose(sigmas[-1], 30)
    start = {key: getattr(explorer, key) for key in WEIGHTS}
    noise = explorer.noise()[:, None]
    run = explorer.model.simulate(sigmas, **start, steps=explorer.steps, noise=noise, record=False)
    assert [PHASES[phase] for phase in phases] == list(run.phase)


@pytest.mark.parametrize("vertical", ["w1", "w_ni", "eta", "batch_size"])
def test_2000_random_cells_of_the_map_have_the_phases_that_python_simulates(browser, vertical):
    explorer = PhaseDiagramExplorer(vertical=vertical, steps=300, seed=7)
    parts = ["sigma_eps", "vertical", "phases", "learned"]
    sigmas, values, phases, learned = mounted(browser, explorer, "map", parts)
    assert (len(sigmas), len(values), len(phases)) == (200, 150, 30_000)
    cells = np.random.default_rng(0).choice(30_000, 2000, replace=False)
    start = {key: getattr(explorer, key) for key in WEIGHTS}
    noise = explorer.noise()[:, None]
    met = set()
    for row in np.unique(cells // 200):
        columns = cells[cells // 200 == row] % 200
        model = explorer.model
        if vertical in start:
            start[vertical] = values[row]
        else:
            model = replace(model, **{vertical: type(getattr(model, vertical))(values[row])})
        run = model.simulate(sigmas[columns], **start, steps=explorer.steps, noise=noise)
        at = row * 200 + columns
        assert [PHASES[phase] for phase in phases[at]] == list(run.phase)
        below = run.clean_loss < 0.01 * run.clean_loss[0]
        assert np.array_equal(learned[at], np.where(below.any(axis=0), below.argmax(axis=0), -1))
        met |= set(run.phase)
    assert met == set(Phase)
