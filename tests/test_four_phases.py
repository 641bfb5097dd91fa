"""Section 3 of the paper: the theorem on divergence, the boundaries measured by exact SGD, and what the chapters say.

The oracles are independent of `LinearModel.simulate` where they can be: the noise-only map is written out here.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nin_lib import experiments, figures
from nin_lib.experiments import linear_boundaries
from nin_lib.linear import LinearModel
from nin_lib.phases import Phase

FIG_2 = {"w0": 0.1, "w1": 1.5, "w_ni": 0.1}


def noise_step(p, q):
    """One step of Eq. (7) for vectors p = sqrt(eta) sigma_eps w1 and q = sqrt(eta) sigma_eps w_ni, last axis."""
    V = (p * q).sum(axis=-1, keepdims=True)
    return p - V * q, q - V * p


def S_and_V(p, q):
    return (p**2).sum(axis=-1) + (q**2).sum(axis=-1), (p * q).sum(axis=-1)


def diverges(p, q, steps=2000):
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(steps):
            p, q = noise_step(p, q)
            small = np.abs(np.concatenate([p, q], axis=-1)).max(axis=-1, keepdims=True) < 1e8
            p, q = np.where(small, p, np.inf), np.where(small, q, np.inf)
    return np.isinf(p).any(axis=-1)


# --- the theorem -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1, 2, 8])
def test_divergence_is_decided_by_the_circle_for_any_width(width):
    rng = np.random.default_rng(width)
    p, q = rng.normal(size=(2, 2000, width))
    S = rng.uniform(0.5, 8, 2000)
    scale = np.sqrt(S / S_and_V(p, q)[0])[:, None]
    clear = np.abs(S - 4) > 1e-2
    assert ((S > 4) == diverges(p * scale, q * scale))[clear].all()


@given(st.lists(st.floats(-1.4, 1.4), min_size=6, max_size=6))
def test_invariants_of_a_step(numbers):
    p, q = np.reshape(numbers, (2, 3))
    S, V = S_and_V(p, q)
    S_next, V_next = S_and_V(*noise_step(p, q))
    assert S_next - 4 == pytest.approx((S - 4) * (1 + V**2), abs=1e-12 * (1 + S**3))
    assert V_next == pytest.approx(V * (1 - S + V**2), abs=1e-12 * (1 + S**3))


def test_the_exceptional_set_stays_bounded_outside_the_circle():
    """X = 1: the NIW lands on zero in one step, and w1 never moves again although S > 4."""
    run = LinearModel(eta=1, M=0, sigma_x=0).simulate(
        1, 0, [1.0, 1.001], [2.5, 2.5], noise="none", record=False
    )
    assert list(run.phase == Phase.DIVERGENT) == [False, True]
    assert run.w_ni[-1, 0] == 0 and run.w1[-1, 0] == 1 - 2.5**2


def test_on_the_circle_a_step_multiplies_the_angle_by_minus_three():
    theta = np.linspace(0, 2 * np.pi, 50)[:, None]
    p, q = noise_step(2 * np.sin(theta), 2 * np.cos(theta))
    np.testing.assert_allclose(p, 2 * np.sin(-3 * theta), atol=1e-12)
    np.testing.assert_allclose(q, 2 * np.cos(-3 * theta), atol=1e-12)


@given(st.floats(0.01, 3), st.floats(0.01, 3))
def test_divergence_and_catapult_are_at_most_a_factor_sqrt_2_apart(w1, w_ni):
    edges = LinearModel().boundaries(w1=w1, w_ni=w_ni)
    assert 1 - 1e-12 <= edges.divergent / edges.catapult <= np.sqrt(2) + 1e-12


def test_twice_the_variance_of_a_catapult_diverges():
    """The rule of thumb of the chapter, on the noise alone: every catapult diverges at sqrt(2) times its sigma_eps."""
    p, q = np.random.default_rng(2).uniform(0.1, 2, (2, 2000))
    noise_alone = LinearModel(eta=1, M=0, sigma_x=0)
    catapult, at_double = (
        noise_alone.simulate(s, 0, p, q, noise="none", record=False) for s in (1, np.sqrt(2))
    )
    first_step = p**2 + q**2 - (p * q) ** 2 > 2
    chosen = (catapult.phase == Phase.CATAPULT) & first_step
    assert chosen.sum() > 100
    assert (at_double.phase[chosen] == Phase.DIVERGENT).all()


@given(*[st.floats(2, 50)] * 2, st.floats(-1, 1), st.floats(0, 0.5), st.floats(-0.5, 0.5))
def test_training_with_data_does_not_leave_the_region_of_no_return(p, q, share, kappa, mu):
    """The mean map with data, in units of sqrt(eta) sigma_eps: both weights double, and w0 stays the smaller one."""
    r = share * q
    after = p * (1 - q**2 - kappa * r**2) + mu * r, q * (1 - p**2), r * (1 - kappa * p**2) + mu * p
    # the library takes the same step
    sigma_eps = 10.0
    run = LinearModel(eta=0.01, M=mu / max(kappa, 1e-12), sigma_x=10 * np.sqrt(max(kappa, 1e-12))).simulate(
        sigma_eps, r, p, q, steps=1, noise="none", record=False
    )
    np.testing.assert_allclose([run.w1[-1], run.w_ni[-1], run.w0[-1]], after, rtol=1e-9, atol=1e-6)
    assert abs(after[0]) >= 2 * p * (1 - 1e-12) and abs(after[1]) >= 3 * q * (1 - 1e-12)
    assert abs(after[2]) <= abs(after[1])


def test_every_start_outside_the_circle_and_every_divergent_training_passes_the_region():
    noise_alone, rng = LinearModel(eta=1, M=0, sigma_x=0), np.random.default_rng(5)
    a, b = rng.uniform(0, 3, (2, 4000))
    outside = a**2 + b**2 > 4.001
    alone = noise_alone.simulate(1, 0, a[outside], b[outside], noise="none")
    trained = LinearModel().simulate(np.repeat([13.4, 20, 60.0], 100), **FIG_2, noise="sgd")
    for run, unit, diverges_ in (
        (alone, 1, True),
        (trained, 0.1 * np.repeat([13.4, 20, 60.0], 100), trained.phase == Phase.DIVERGENT),
    ):
        p, q, r = (unit * np.abs(w) for w in (run.w1, run.w_ni, run.w0))
        assert np.array_equal(
            ((p > 2) & (q > 2) & (r <= q) & (q < np.inf)).any(axis=0), np.broadcast_to(diverges_, p.shape[1])
        )


# --- printed against corrected, and the measured boundaries ---------------------------------------------------------


def test_the_printed_boundary_of_divergence_is_refuted():
    printed = np.sqrt(2 / (0.01 * 0.1**2))
    phases = LinearModel().simulate(np.repeat([14, 40, 0.99 * printed], 200), noise="sgd", record=False).phase
    assert printed == pytest.approx(141.4, abs=0.1)
    assert (phases == Phase.DIVERGENT).all()


def expected_boundaries():
    edges = LinearModel().boundaries(**FIG_2)
    X, Y = 0.01 * 1.5**2, 0.01 * 0.1**2
    by_loss = np.sqrt(np.roots([X * Y, -(X + Y), 2]).min())
    return {Phase.DECAY: edges.decoupled, Phase.CATAPULT: by_loss, Phase.DIVERGENT: edges.divergent}


def measured():
    return {(r.settings.phase, r.settings.batch_size): r for r in experiments.results("linear-boundaries")}


def test_the_experiment_is_of_the_size_that_was_asked_for():
    stored = measured()
    for phase in expected_boundaries():
        for batch_size in (16, 100, 1000, 10_000):
            assert stored[phase.value, batch_size].arrays["counts"].shape == (241, 4)
            assert (stored[phase.value, batch_size].arrays["counts"].sum(axis=1) == 200).all()


@pytest.mark.parametrize("phase", [Phase.DECAY, Phase.CATAPULT, Phase.DIVERGENT])
def test_at_large_batches_the_50_percent_point_is_the_corrected_theory(phase):
    result, theory = measured()[phase.value, 10_000], expected_boundaries()[phase]
    sigma_eps, fraction = result.arrays["sigma_eps"], linear_boundaries.fraction_from(result, phase)
    point, (low, high) = linear_boundaries.midpoint(sigma_eps, fraction, 200)
    assert abs(point / theory - 1) < 0.002
    assert low < point < high
    assert (
        linear_boundaries.crossing(sigma_eps, fraction, 0.1)
        < theory
        < linear_boundaries.crossing(sigma_eps, fraction, 0.9)
    )


@pytest.mark.parametrize(("batch_size", "share"), [(16, 0.955), (100, 0.98), (1000, 0.993), (10_000, 0.997)])
def test_the_four_phases_are_predicted(batch_size, share):
    result = measured()["all", batch_size]
    predicted = np.searchsorted(list(expected_boundaries().values()), result.arrays["sigma_eps"])
    counts = result.arrays["counts"]
    assert counts[np.arange(len(counts)), predicted].sum() / counts.sum() > share


# --- the other claims of the chapters ---------------------------------------------------------------------------------


def test_drift_equals_diffusion_at_the_random_walk_boundary():
    """Up to the time of learning, from plain Python steps of the noise-free training; sigma_eps = 0.1 is far beyond."""
    w0, w1, S1, S2, T, batch_size = 0.1, 1.5, 0.0, 0.0, 0, 1000
    while (u := w1 * w0 - 1) ** 2 > 0.01 * 0.85**2:
        S1, S2, T = S1 + w1**2, S2 + (w1 * u) ** 2, T + 1
        w0, w1 = w0 - 0.01 * u * w1, w1 - 0.01 * u * w0
    sigma_walk = np.sqrt(S2) / (np.sqrt(batch_size) * 0.1 * S1)
    assert T == 87 and sigma_walk == pytest.approx(0.0088, abs=1e-4)
    for sigma_eps, ratio in ((sigma_walk, 1), (0.1, 0.1 / sigma_walk)):
        run = LinearModel(batch_size=batch_size).simulate(
            np.full(20_000, sigma_eps), **FIG_2, steps=T, noise="sgd", record=False
        )
        shift = run.w_ni[-1] - 0.1
        assert -shift.mean() / shift.std() == pytest.approx(ratio, rel=0.05)
    assert (shift < 0).all()


def test_between_the_late_boundary_and_the_first_step_large_batches_bring_no_catapult():
    edges = LinearModel().boundaries(**FIG_2)
    assert edges.late < 9.0 < 9.2 < edges.catapult
    run = LinearModel(batch_size=10_000).simulate(
        np.repeat([9.0, 9.2], 300), **FIG_2, steps=4000, noise="sgd", record=False
    )
    assert not np.any(run.phase == Phase.CATAPULT)
    X = 0.01 * np.repeat([9.0, 9.2], 300) ** 2 * run.w1[-1] ** 2
    assert np.all(
        np.abs(np.median(X.reshape(2, 300), axis=1) - 1.95) < 0.03
    )  # the flow would end at 2.12 and 2.21


def test_small_batches_fly_early_by_the_first_step_and_not_by_a_lower_threshold():
    """At |B| = 16 and sigma_eps = 8.45 half of the runs are catapults, nearly half of these at once; yet a typical run
    needs more than X = 2 to grow."""

    def catapults(steps):
        run = LinearModel(batch_size=16).simulate(
            np.full(10_000, 8.45), **FIG_2, steps=steps, noise="sgd", record=False
        )
        return np.mean(run.phase == Phase.CATAPULT)

    at_once, in_all = catapults(1), catapults(600)
    assert in_all == pytest.approx(0.52, abs=0.02) and at_once / in_all == pytest.approx(0.46, abs=0.03)
    m = np.random.default_rng(0).chisquare(16, 400_000) / 16
    below, above = (np.log(np.abs(1 - 2 * scale**2 * m)).mean() for scale in (1.05, 1.09))
    assert below < 0 < above


def test_a_late_catapult_ends_at_the_edge_of_stability():
    """From a small w1, learning raises X = eta sigma_eps^2 w1^2 to 2 and no further, whatever sigma_eps is."""
    late = LinearModel().boundaries(w1=0.3).late
    sigma_eps = np.repeat(late * np.array([0.9, 1.15, 1.6, 2.1]), 50)
    run = LinearModel().simulate(sigma_eps, w1=0.3, steps=2000, noise="sgd", record=False)
    X = np.median((0.01 * sigma_eps**2 * run.w1[-1] ** 2).reshape(4, 50), axis=1)
    assert X[0] < 1.8
    np.testing.assert_allclose(X[1:], 2, atol=0.03)


@pytest.mark.parametrize(("reading", "initial", "with_late"), [("A", 0.907, 0.96), ("B", 0.76, 0.785)])
def test_random_starts_of_appendix_b(reading, initial, with_late):
    """Share of random networks whose phase the boundaries predict; the late catapult is what reading A needs."""
    deviations = {"A": [0.1, 1, 0.1], "B": [1, 0.1, 1]}[reading]
    rng = np.random.default_rng(7)
    weights = rng.normal(size=(3, 4000)) * np.array(deviations)[:, None]
    sigma_eps = np.exp(rng.uniform(np.log(0.1), np.log(30), 4000))
    phases = LinearModel().simulate(sigma_eps, *weights, noise="sgd", record=False).phase
    edges = LinearModel().boundaries(*weights)
    for catapult, share in ((edges.catapult, initial), (np.minimum(edges.catapult, edges.late), with_late)):
        beyond = [sigma_eps > edge for edge in (edges.divergent, catapult, edges.decoupled)]
        predicted = np.select(beyond, [Phase.DIVERGENT, Phase.CATAPULT, Phase.DECAY], Phase.DECOUPLED)
        assert np.mean(phases == predicted) == pytest.approx(share, abs=0.02)


def test_a_large_niw_pins_the_data_weight_and_a_catapult_sets_it_free():
    run = LinearModel().simulate(np.repeat([9, 12.0], 100), w1=0.1, w_ni=1.5, steps=600, noise="sgd")
    learned = (run.clean_loss < 0.01 * run.clean_loss[0]).any(axis=0).reshape(2, 100).mean(axis=1)
    assert learned[0] == 0 and learned[1] > 0.5
    assert (run.phase[100:] == Phase.CATAPULT).all()


def test_a_pinned_network_is_at_a_saddle_and_learns_at_last():
    """The mean map from a large NIW: weak noise as fast as none, stronger noise late, a catapult fast again."""
    sigma_eps = np.array([0, 0.1, 3, 5, 12])
    run = LinearModel().simulate(sigma_eps, w1=0.1, w_ni=1.5, steps=13_000, noise="none")
    learned = (run.clean_loss < 0.01 * run.clean_loss[0]).argmax(axis=0)
    np.testing.assert_allclose(learned, [341, 350, 4762, 12_662, 315], rtol=0.002)


def test_a_catapult_may_land_where_learning_waits():
    run = LinearModel().simulate(np.full(400, 12.0), **FIG_2, steps=1200, noise="sgd", record=False)
    waits = run.clean_loss[-1] > 0.01 * 0.85**2 / 2
    assert (run.phase == Phase.CATAPULT).all() and 0.08 < waits.mean() < 0.22
    run = LinearModel().simulate(np.full(400, 12.0), **FIG_2, steps=20_000, noise="sgd", record=False)
    assert (run.clean_loss[-1] < 0.01 * 0.85**2 / 2).all()


def test_larger_noise_means_longer_relaxation_above_X_equal_to_one_only():
    sigma_eps = np.array([0.5, 1, 2, 4, 7, 8, 8.5, 9])
    run = LinearModel().simulate(sigma_eps, **FIG_2, noise="none")
    assert (run.phase[1:] == Phase.DECAY).all()
    life = [np.nonzero(np.abs(w) > 0.1 / np.e)[0][-1] + 1 for w in run.w_ni.T]
    assert (np.diff(life[:5]) < 0).all() and (np.diff(life[4:]) > 0).all()


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_a_chain_of_equal_weights_diverges_from_S_equal_to_twice_its_depth(depth):
    rng = np.random.default_rng(depth)
    S = rng.uniform(1, 4 * depth, 500)
    w = (S / depth) ** (1 / (2 * depth - 2))
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(3000):
            w = w - w ** (2 * depth - 1)
    clear = np.abs(S - 2 * depth) > 0.05
    assert (np.isfinite(w) == (S < 2 * depth))[clear].all()


# --- the figures ------------------------------------------------------------------------------------------------------


def test_phase_bar_draws_each_phase_between_its_boundaries():
    *bars, labels, stars = figures.phase_bar((0.57, 9.4, 13.3), (0.02, 40), (1, 16)).data
    spans = [(min(bar.x), max(bar.x)) for bar in bars]
    assert spans == [(0.02, 0.57), (0.57, 9.4), (9.4, 13.3), (13.3, 40)]
    assert [bar.fillcolor for bar in bars] == [figures.PHASE_COLORS[phase] for phase in Phase]
    assert list(labels.text) == ["decoupled", "decay", "catapult", "divergent"] and list(stars.x) == [1, 16]


@pytest.mark.parametrize("boundaries", [(9.4, 0.57, 13.3), (0.57, 9.4, 50)])
def test_phase_bar_refuses_boundaries_out_of_order_or_range(boundaries):
    with pytest.raises(ValueError, match="boundaries must increase inside sigma_eps_range"):
        figures.phase_bar(boundaries, (0.02, 40))


def test_median_band_is_the_quantiles_and_survives_divergence():
    curves = np.array([np.arange(11.0), np.full(11, np.inf)])
    band, median = figures.median_band([0, 1], curves, "w", "#000000")
    np.testing.assert_allclose(median.y, [5, 1e30])
    np.testing.assert_allclose(band.y, [9, 1e30, 1e30, 1])
