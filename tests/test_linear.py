"""The two-layer linear model: derivation, simulation, boundaries and phases."""

import math
import re
import warnings

import numpy as np
import pytest
import sympy as sp
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.stats import ks_2samp

from nin_lib import linear
from nin_lib.linear import LinearModel, batch_moments, step
from nin_lib.phases import Phase

# --- the update map ----------------------------------------------------------------------------------------------


def test_step_is_the_gradient_of_equation_4_on_any_batch():
    xs, es = sp.symbols("x:3", real=True), sp.symbols("e:3", real=True)
    w0, w1, w_ni = linear.WEIGHTS
    loss = sum((w1 * (w0 * x + w_ni * e) - linear.M * x) ** 2 for x, e in zip(xs, es, strict=True)) / 6
    mean = {
        linear.xx: sum(x * x for x in xs) / 3,
        linear.xe: sum(x * e for x, e in zip(xs, es, strict=True)) / 3,
        linear.ee: sum(e * e for e in es) / 3,
    }
    definitions = dict(linear.ERROR)
    slopes = {name: expr.subs(definitions) for name, expr in linear.SLOPES}
    for w, after in zip(linear.WEIGHTS, linear.STEP, strict=True):
        assert sp.expand(after.subs(slopes).subs(mean) - (w - linear.eta * loss.diff(w))) == 0


def test_map_is_equations_5_and_6_as_printed():
    w0, w1, w_ni = linear.WEIGHTS
    eta, M, Phi, sx, se = linear.eta, linear.M, linear.Phi, linear.sigma_x, linear.sigma_eps
    noise = eta * Phi * sx / sp.sqrt(linear.batch_size)
    A, A_ni = noise * w_ni * (2 * w1 * w0 - M), noise * w1 * (w1 * w0 - M)
    B, B_ni, C = eta * w_ni**2, eta * w1**2, eta * (w1 * w0 - M) * w0 * sx**2
    printed = {1: A * se + w1 * (1 - B * se**2) - C, 2: A_ni * se + w_ni * (1 - B_ni * se**2)}
    printed[0] = w0 - eta * (w1 * w0 - M) * w1 * sx**2 + noise * se * w1**2 * w_ni  # the paper omits it
    values = dict(linear.MEANS)
    moments = dict([linear.CROSS]) | values
    for i, right in printed.items():
        left = linear.STEP[i].subs(dict(linear.SLOPES)).subs(dict(linear.ERROR)).subs(moments).subs(values)
        assert sp.expand(left - right) == 0


@pytest.mark.parametrize("sigma_eps", [0.1, 1.0, 11.0])
def test_step_follows_a_torch_net(sigma_eps):
    rng, b = np.random.default_rng(0), 1000
    weights = np.array([0.1, 1.5, 0.1])
    first, second = (torch.nn.Linear(n, 1, bias=False, dtype=torch.float64) for n in (2, 1))
    with torch.no_grad():
        first.weight[:] = torch.from_numpy(weights[[0, 2]])
        second.weight[:] = weights[1]
    sgd = torch.optim.SGD([first.weight, second.weight], lr=0.01)
    for _ in range(300):
        x, eps = rng.standard_normal((2, b)) * [[1.0], [sigma_eps]]
        weights = np.array(step(*weights, 0.01, 1.0, (x * x).mean(), (x * eps).mean(), (eps * eps).mean()))
        output = second(first(torch.from_numpy(np.stack([x, eps], axis=1))))[:, 0]
        sgd.zero_grad()
        (0.5 * ((output - torch.from_numpy(x)) ** 2).mean()).backward()
        sgd.step()
        net = np.array([first.weight[0, 0].item(), second.weight.item(), first.weight[0, 1].item()])
        np.testing.assert_allclose(weights, net, rtol=1e-12, atol=1e-12)


def test_javascript_does_the_same_operations():
    """The lines of its loop, run as Python on floats, give the bits of `simulate`."""
    source = linear.javascript()
    body = re.search(r"function run\(.*?\n}", source, re.S)[0].replace("Math.sqrt", "math.sqrt")
    lines = [re.sub(r"^\s*(const )?", "", line).rstrip(";") for line in body.splitlines()]
    assignments = [line for line in lines if re.match(r"\w+ = [^n]", line) and ".map(" not in line]
    hoisted, loop = assignments[:3], [line for line in assignments[3:] if "stream[" not in line]
    loop += [line for line in lines if re.match(r"w\w+ = next_", line)]
    assert (len(hoisted), len(loop)) == (3, 11)
    model = LinearModel(eta=0.013, M=0.7, sigma_x=1.3, batch_size=77)
    phi = np.random.default_rng(3).standard_normal(300)
    run = model.simulate(7.1, 0.1, 1.1, -0.3, steps=300, noise=phi)
    env = {"math": math, "eta": 0.013, "M": 0.7, "sigma_x": 1.3, "batch_size": 77, "sigma_eps": 7.1}
    env |= {"w0": 0.1, "w1": 1.1, "w_ni": -0.3}
    exec("\n".join(hoisted), env)
    for t in range(300):
        env["Phi"] = float(phi[t])
        exec("\n".join(loop), env)
        assert [env[name] for name in ("w0", "w1", "w_ni")] == [run.w0[t + 1], run.w1[t + 1], run.w_ni[t + 1]]


# --- noise -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("b", [1, 2, 7])
def test_batch_moments_have_the_law_of_a_batch(b):
    n = 200_000
    drawn = batch_moments(np.random.default_rng(1), b, n)
    x, eps = np.random.default_rng(2).standard_normal((2, b, n))
    batch = (x * x).mean(0), (x * eps).mean(0), (eps * eps).mean(0)
    expected = {  # by Isserlis' theorem
        (1, 0, 0): 1,
        (0, 1, 0): 0,
        (0, 0, 1): 1,
        (2, 0, 0): 1 + 2 / b,
        (0, 2, 0): 1 / b,
        (0, 0, 2): 1 + 2 / b,
        (1, 0, 1): 1,
        (1, 2, 0): (b + 2) / b**2,
        (0, 2, 1): (b + 2) / b**2,
        (1, 1, 1): 0,
        (0, 4, 0): 3 * (b + 2) / b**3,
    }
    for powers, mean in expected.items():
        for moments in (drawn, batch):
            product = math.prod(m**k for m, k in zip(moments, powers, strict=True))
            assert abs(product.mean() - mean) < 4.5 * product.std() / math.sqrt(n), powers
    mixed = [(m[0] * m[2] - m[1] ** 2, m[0] + m[2] + m[1], *m) for m in (drawn, batch)]
    for i in range(5 if b > 1 else 0):
        assert ks_2samp(mixed[0][i], mixed[1][i]).pvalue > 1e-3
    if b == 1:
        np.testing.assert_allclose(drawn[0] * drawn[2], drawn[1] ** 2, rtol=1e-12)


def test_sgd_noise_at_batch_size_1_is_legal():
    run = LinearModel(batch_size=1).simulate([0.1, 1.0], noise="sgd", steps=50)
    assert np.isfinite(run.w0).all()


@pytest.mark.parametrize("noise", ["map", "sgd"])
def test_noise_depends_on_seed_and_position_alone(noise, monkeypatch):
    model, sigma = LinearModel(), np.full(700, 1.0)
    full = model.simulate(sigma, steps=40, noise=noise, seed=5)
    fewer = model.simulate(sigma[:300], steps=25, noise=noise, seed=5)
    for name in ("w1", "loss"):
        assert np.array_equal(getattr(fewer, name), getattr(full, name)[:26, :300]), name
    assert np.array_equal(
        model.simulate(sigma.reshape(7, 100), steps=40, noise=noise, seed=5).w1[:, 6, 99], full.w1[:, -1]
    )
    assert not np.array_equal(model.simulate(sigma, steps=40, noise=noise, seed=6).w1, full.w1)
    monkeypatch.setattr(linear.model, "CHUNK", linear.noise.LANE)
    again = model.simulate(sigma, steps=40, noise=noise, seed=5)
    for name in ("w0", "w1", "w_ni", "loss", "clean_loss"):
        assert np.array_equal(getattr(again, name), getattr(full, name)), name


@pytest.mark.parametrize("noise", ["map", "sgd"])
def test_noise_is_independent_from_element_to_element_and_step_to_step(noise):
    """At w_ni = 0 the first change of w_ni is proportional to <x eps>, with the variance of the map."""
    n, model, sigma_eps = 512, LinearModel(batch_size=50, sigma_x=1.7), 1e-3
    run = model.simulate(np.full(n, sigma_eps), w_ni=0.0, steps=64, noise=noise)
    unit = 0.01 * 1.7 * sigma_eps / math.sqrt(50) * run.w1 * (1 - run.w1 * run.w0)
    kicks = np.diff(run.w_ni, axis=0) / unit[:-1]
    assert abs(kicks.mean()) < 4 / math.sqrt(kicks.size)
    assert abs(kicks.var() - 1) < 0.05
    assert np.abs(np.corrcoef(kicks.T) - np.eye(n)).max() < 6 / math.sqrt(64)
    assert np.abs(np.corrcoef(kicks) - np.eye(64)).max() < 5 / math.sqrt(n)


def test_broadcasting_and_given_phi():
    model = LinearModel(batch_size=30)
    sigma, w1 = np.array([[0.5], [2.0], [40.0]]), np.array([0.3, -1.1])
    phi = np.random.default_rng(0).standard_normal((60, 3, 2))
    run = model.simulate(sigma, 0.2, w1, 0.1, steps=60, noise=phi)
    assert run.w0.shape == run.loss.shape == (61, 3, 2) and run.phase.shape == (3, 2)
    assert run.phase.dtype == object and isinstance(run.phase[0, 0], Phase)
    for i, j in np.ndindex(3, 2):
        one = model.simulate(float(sigma[i, 0]), 0.2, w1[j], 0.1, steps=60, noise=phi[:, i, j])
        assert one.w0.shape == (61,) and isinstance(one.phase, Phase) and one.phase == run.phase[i, j]
        for name in ("w0", "w1", "w_ni", "loss", "clean_loss"):
            assert np.array_equal(getattr(one, name), getattr(run, name)[:, i, j])
    shared = model.simulate(sigma, 0.2, w1, 0.1, steps=60, noise=phi[:, :1, 0])  # one Phi for all
    assert np.array_equal(shared.w0[:, 0, 0], run.w0[:, 0, 0])
    assert np.array_equal(
        model.simulate(1.0, steps=60, noise=np.zeros(60)).w1, model.simulate(1.0, steps=60, noise="none").w1
    )
    assert model.simulate(np.ones((0, 4))).phase.shape == (0, 4)


@pytest.mark.parametrize("noise", ["none", "map", "sgd"])
def test_record_false_keeps_the_last_row(noise):
    sigma = np.geomspace(0.1, 30, 50)
    full = LinearModel().simulate(sigma, steps=100, noise=noise)
    last = LinearModel().simulate(sigma, steps=100, noise=noise, record=False)
    assert np.array_equal(full.phase, last.phase)
    for name in ("w0", "w1", "w_ni", "loss", "clean_loss"):
        assert np.array_equal(getattr(last, name), getattr(full, name)[-1:]), name


# --- losses ------------------------------------------------------------------------------------------------------


def test_losses_are_means_over_the_samples():
    rng = np.random.default_rng(0)
    model, sigma_eps = LinearModel(sigma_x=1.3, M=0.6, batch_size=20), 2.0
    x, eps = rng.standard_normal((2, 400_000)) * [[1.3], [2.0]]
    run = model.simulate(sigma_eps, 0.2, 0.9, -0.4, steps=1)
    for curve, e in ((run.loss, eps), (run.clean_loss, 0 * eps)):
        sample = (0.9 * (0.2 * x - 0.4 * e) - 0.6 * x) ** 2 / 2
        assert abs(sample.mean() - curve[0]) < 4 * sample.std() / math.sqrt(len(x))
    many = model.simulate(np.full(20_000, sigma_eps), 0.2, 0.9, -0.4, steps=1, noise="sgd")
    assert abs(many.loss[0].mean() - run.loss[0]) < 4 * many.loss[0].std() / math.sqrt(20_000)
    # ... and the loss of a batch belongs to the batch of the next step: <eps^2>_B moves both
    assert np.corrcoef(many.loss[0], many.w_ni[1])[0, 1] > 0.5


# --- phases ------------------------------------------------------------------------------------------------------


def phase_by_definition(w0, w1, w_ni, clean):
    """The definition in `LinearModel.simulate`, word for word, on one trajectory."""
    weights = np.stack([w0, w1, w_ni])
    if not np.isfinite(weights).all() or np.abs(weights).max() > 1e8:
        return Phase.DIVERGENT
    v = w1 * w_ni
    for before, after in zip(v[:-1], v[1:], strict=True):
        if after * before < 0 and abs(after) > abs(before) and abs(after) > abs(v[0]):
            return Phase.CATAPULT
    below = np.flatnonzero(clean < 0.01 * clean[0])
    learned = below[0] if len(below) else len(w0) - 1
    return Phase.DECAY if abs(w_ni[learned]) < abs(w_ni[0]) / 2 else Phase.DECOUPLED


@pytest.mark.parametrize("rough", [False, True])
def test_phase_follows_its_definition(rough):
    rng = np.random.default_rng(0)
    n = 1000
    sigma_eps, w_ni = 10 ** rng.uniform(-1.5, 1.6, n), 0.3 * rng.normal(size=n)
    noise = 30 * rng.normal(size=(200, n)) if rough else "sgd"  # rough: v jumps, to either sign, up and down
    run = LinearModel(batch_size=40).simulate(
        sigma_eps, *rng.normal(size=(2, n)), w_ni, steps=200, noise=noise
    )
    expected = [
        phase_by_definition(run.w0[:, i], run.w1[:, i], run.w_ni[:, i], run.clean_loss[:, i])
        for i in range(n)
    ]
    assert run.phase.tolist() == expected
    assert min(expected.count(phase) for phase in Phase) > (2 if rough else 20)


def test_a_weight_that_was_beyond_1e8_makes_the_run_divergent():
    run = LinearModel(eta=5e-17, M=0.0).simulate(0.0, 0.9e8, 1.1e8, 0.1, steps=3, noise="none")
    assert np.abs([run.w0[1:], run.w1[1:]]).max() < 1e8 < run.w1[0] and run.phase is Phase.DIVERGENT


def test_leaving_zero_is_no_overshoot():
    kick = np.eye(1, 600)[0]  # at the first step, and no more noise
    run = LinearModel().simulate([0.1, 1.0, 11.0], w_ni=0.0, noise=kick)
    assert (run.w_ni[1] != 0).all() and list(run.phase) == [Phase.DECOUPLED, Phase.DECOUPLED, Phase.CATAPULT]


AUDIT = {  # measured by other code before this library was written: 200 seeds, medians
    0.1: (Phase.DECOUPLED, {"1/e": 3833}),
    1.0: (Phase.DECAY, {"1/e": 43, "1 %": 88}),
    11.0: (Phase.CATAPULT, {"peak": 4.4, "min w1": 0.78, "1 %": 181}),
    11.5: (Phase.CATAPULT, {"peak": 6.1, "min w1": 0.39, "1 %": 252}),
    16.0: (Phase.DIVERGENT, {"divergent": 6}),
}


@pytest.mark.parametrize("sigma_eps", AUDIT)
def test_measured_values_of_the_audit(sigma_eps):
    phase, values = AUDIT[sigma_eps]
    steps = 5000 if sigma_eps == 0.1 else 600
    run = LinearModel().simulate(np.full(200, sigma_eps), steps=steps, noise="sgd")
    assert (run.phase[:] == phase).mean() > 0.98

    def first(condition):
        return np.median(np.where(condition.any(axis=0), condition.argmax(axis=0), steps + 1))

    size = np.abs(run.w_ni)
    measured = {
        "1/e": first(size < size[0] / math.e),
        "1 %": first(run.clean_loss < 0.01 * run.clean_loss[0]),
        "peak": np.median(size.max(axis=0) / size[0]),
        "min w1": np.median(np.abs(run.w1).min(axis=0)),
        "divergent": first(np.maximum(np.abs(run.w1), size) > 1e8),
    }
    for name, value in values.items():
        assert measured[name] == pytest.approx(value, rel=0.05), name


# --- boundaries --------------------------------------------------------------------------------------------------


def test_boundaries_of_the_audit():
    b = LinearModel().boundaries(w0=0.1, w1=1.5, w_ni=0.1)
    assert [round(b.decoupled, 4), round(b.catapult, 3), round(b.divergent, 3)] == [0.5697, 9.428, 13.304]
    assert round(LinearModel().boundaries(w0=0.1, w1=0.3, w_ni=0.1).late, 1) == 13.9


def test_noise_free_map_diverges_exactly_when_s_exceeds_4():
    """Eq. (7), 200,000 random starts; starts within 1e-3 of the threshold are left out."""
    rng = np.random.default_rng(7)
    model = LinearModel(M=0.0, sigma_x=0.0)  # no data: what is left is Eq. (7)
    w1, w_ni = rng.normal(size=(2, 200_000)) * 10 ** rng.uniform(-1, 0.3, (2, 200_000))
    boundary = model.boundaries(w1=w1, w_ni=w_ni).divergent
    sigma_eps = boundary * 10 ** rng.uniform(-0.3, 0.3, 200_000)
    S = model.eta * sigma_eps**2 * (w1**2 + w_ni**2)
    far = np.abs(S - 4) > 1e-3
    run = model.simulate(sigma_eps[far], w1=w1[far], w_ni=w_ni[far], steps=300, noise="none", record=False)
    divergent = run.phase == Phase.DIVERGENT
    assert np.array_equal(divergent, S[far] > 4)
    assert 0.4 < divergent.mean() < 0.6 and far.sum() > 199_000


def test_decoupled_boundary_is_the_integral_along_the_flow():
    rng = np.random.default_rng(1)
    for k in range(40):
        a, b, M = rng.normal(size=3)
        M = 0.0 if k % 5 == 0 else M
        sx = rng.uniform(0.3, 2)

        def flow(t, y, sx=sx, M=M):
            slope = -(sx**2) * (y[0] * y[1] - M)
            return [slope * y[1], slope * y[0], y[1] ** 2]

        def learned(t, y, M=M, start=a * b - M):
            return abs(y[0] * y[1] - M) - 0.1 * abs(start)

        learned.terminal = True
        path = solve_ivp(flow, (0, 1e4), [a, b, 0], "DOP853", events=learned, rtol=1e-11, atol=1e-13)
        assert path.status == 1
        expected = math.sqrt(math.log(2) / path.y[2, -1])
        assert LinearModel(M=M, sigma_x=sx).boundaries(a, b).decoupled == pytest.approx(expected, rel=1e-8)


def test_decoupled_boundary_beside_the_saddle():
    """Starts at w0 = -w1, but for a hair, pass the saddle at 0 and learn: then int w1^2 dt is ln(10)/2."""
    hairs = np.array([1e-6, 1e-9, 1e-12, -1e-6, -1e-9, -1e-12])
    decoupled = LinearModel().boundaries(w0=-0.3, w1=0.3 + hairs).decoupled
    np.testing.assert_allclose(decoupled, math.sqrt(2 * math.log(2) / math.log(10)), rtol=1e-4)


def test_late_boundary_belongs_to_the_weight_that_learning_reaches():
    model = LinearModel(eta=1e-3, batch_size=10**6)  # a small step: close to the flow
    start = {"w0": [0.3, -0.5, 1.5], "w1": [0.3, 1.0, 0.2], "w_ni": [0.1, 0.4, -0.3]}
    w1_end = model.simulate(1.0, **start, steps=20_000, noise="none", record=False).w1[-1]
    np.testing.assert_allclose(model.boundaries(**start).late, np.sqrt(2 / (1e-3 * w1_end**2)), rtol=2e-3)


def test_catapult_boundary_is_where_the_first_step_enlarges_a_weight():
    model = LinearModel(sigma_x=0.0)
    for w1, w_ni in ((1.5, 0.1), (0.2, 0.9)):
        edge = model.boundaries(w1=w1, w_ni=w_ni).catapult
        for factor, grows in ((0.999, False), (1.001, True)):
            run = model.simulate(edge * factor, w1=w1, w_ni=w_ni, steps=1, noise="none")
            small = run.w_ni if w1 > w_ni else run.w1
            assert (abs(small[1]) > abs(small[0])) == grows


def test_boundaries_where_there_is_none():
    def boundaries(w0=0.1, w1=1.5, w_ni=0.1, **model):
        b = LinearModel(**model).boundaries(w0, w1, w_ni)
        return [float(value) for value in (b.decoupled, b.catapult, b.late, b.divergent)]

    inf = math.inf
    assert boundaries(0, 0, 0)[:2] == [inf, inf] and boundaries(0, 0, 0)[3] == inf
    assert boundaries(0, 0, 0, M=0) == [inf] * 4
    assert boundaries(0.7, 0, 0.2, M=0)[2] == inf  # w1 stays 0
    assert boundaries(1, 1, 0.1)[0] == 0  # learned already: T_L never comes
    assert boundaries(-1, 1, 0.1)[0] == pytest.approx(
        math.sqrt(2)
    )  # runs into the saddle: int w1^2 dt = ln(2)/2
    assert boundaries(sigma_x=0)[0] == 0
    assert boundaries(w1=0.1, w_ni=0.4, sigma_x=0)[2] == inf  # without data w1 ends at 0
    assert boundaries(w1=0.5, w_ni=0.3, sigma_x=0)[2] == pytest.approx(math.sqrt(200 / 0.16))
    assert LinearModel().boundaries(w1=[[1.0], [2.0]], w_ni=[0.1, 0.2, 0.3]).divergent.shape == (2, 3)


weight = st.floats(-1e3, 1e3)


@settings(max_examples=3 * settings.default.max_examples)
@given(weight, weight, weight, weight, st.floats(0, 10), st.floats(1e-6, 10))
def test_boundaries_are_never_nan_and_keep_their_order(w0, w1, w_ni, M, sigma_x, eta):
    b = LinearModel(eta=eta, M=M, sigma_x=sigma_x).boundaries(w0, w1, w_ni)
    assert min(b.decoupled, b.catapult, b.late, b.divergent) >= 0
    if b.divergent < math.inf:
        assert 1 - 1e-12 <= (b.divergent / b.catapult) ** 2 <= 2 + 1e-12


# --- overflow and bad input --------------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", ["none", "map", "sgd"])
def test_overflow_is_inf_and_silent(noise):
    starts = {
        "w0": [0.1, 1e200, 1e300, 0.0, 1.0],
        "w1": [1.5, 1e200, 1e300, 1e160, 0.0],
        "w_ni": [0.1, -1e200, 0.0, 1e160, 1e308],
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for sigma_x in (0.0, 1.0):
            for sigma_eps in (0.0, 30.0):
                run = LinearModel(sigma_x=sigma_x).simulate(sigma_eps, **starts, steps=80, noise=noise)
                curves = np.stack([run.w0, run.w1, run.w_ni, run.loss, run.clean_loss])
                assert not np.isnan(curves).any()
                lost = ~np.isfinite(curves[:3]).all(axis=0)
                assert (curves[:, lost] == np.inf).all()
                assert (lost[1:] | ~lost[:-1]).all()  # for ever
                assert (run.phase[1:] == Phase.DIVERGENT).all()
                if sigma_eps == 30.0:
                    assert run.phase[0] is Phase.DIVERGENT and run.w1[-1, 0] == np.inf


BAD = {
    "sigma_eps must be a finite number >= 0, got -1.0: use 0 to switch the noise off": {"sigma_eps": [1, -1]},
    "sigma_eps must be a finite number >= 0, got nan": {"sigma_eps": math.nan},
    "sigma_eps must be a finite number >= 0, got 'loud'": {"sigma_eps": "loud"},
    "w0 must be a finite number, got inf: ": {"w0": math.inf},
    "w1 must be a finite number, got nan: ": {"w1": [1.0, math.nan]},
    "w_ni must be a finite number, got -inf: ": {"w_ni": -math.inf},
    "steps must be a whole number >= 1, got 0: ": {"steps": 0},
    "steps must be a whole number >= 1, got 2.5: ": {"steps": 2.5},
    "seed must be a whole number >= 0, got -1: ": {"seed": -1},
    'noise must be "none", "map", "sgd" or an array of Phi, got \'white\'': {"noise": "white"},
    "noise must be an array (steps, ...) with steps = 600 and ... broadcasting to (), got shape (5,): give": {"noise": np.zeros(5)},
    "broadcasting to (2,), got shape (600, 3): give": {"noise": np.zeros((600, 3)), "sigma_eps": [1, 2]},
    "broadcasting to (), got shape (600, 1): give": {"noise": np.zeros((600, 1))},
    "noise must be a finite number, got nan: ": {"noise": np.full(600, math.nan)},
    "got sigma_eps (3,), w0 (), w1 (2,), w_ni (): give axes of equal length, or of 1": {"sigma_eps": [1, 2, 3], "w1": [1, 2]},
}  # fmt: skip
BAD_MODEL = {
    "eta must be a finite number > 0, got 0.0: ": {"eta": 0},
    "M must be a finite number >= -1e+50, got nan: ": {"M": math.nan},
    "sigma_x must be a finite number >= 0, got -1.0: use 0 to switch the data off": {"sigma_x": -1},
    "batch_size must be a whole number from 1 to 1000000000000000, got 0: ": {"batch_size": 0},
    "batch_size must be a whole number from 1 to 1000000000000000, got 10.5: ": {"batch_size": 10.5},
}


@pytest.mark.parametrize("message", BAD)
def test_bad_arguments_are_named(message):
    with pytest.raises(ValueError, match=re.escape(message)):
        LinearModel().simulate(**{"sigma_eps": 1.0} | BAD[message])


@pytest.mark.parametrize("message", BAD_MODEL)
def test_bad_models_are_named(message):
    with pytest.raises(ValueError, match=re.escape(message)):
        LinearModel(**BAD_MODEL[message])


def test_bad_weights_of_boundaries_are_named():
    with pytest.raises(ValueError, match=r"w1 must be a finite number >= -1e\+50, got nan"):
        LinearModel().boundaries(w1=math.nan)
    with pytest.raises(ValueError, match=r"got w0 \(2,\), w1 \(3,\), w_ni \(\)"):
        LinearModel().boundaries([1, 2], [1, 2, 3])
