"""Closed forms of the gradient flow, against integrators, SymPy and simulated SGD."""

import math

import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, example, given
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp

from nin_lib import linear, timescales
from nin_lib.linear import ERROR, WEIGHTS, LinearModel, M, eta, sigma_eps, sigma_x, w0, w1, w_ni
from nin_lib.timescales import coupled_flow, decay_times, passive_flow, time_scales

START = {"w0": 0.1, "w1": 1.5, "w_ni": 0.1}
# Numbers of either sign and of everyday size; the degenerate 0 is drawn often, and far too small ones never.
number = st.one_of(st.just(0.0), st.floats(-2, 2).filter(lambda x: abs(x) > 1e-3))
positive = st.floats(0.1, 2)


def integrated(t, w0, w1, w_ni, M, sigma_x, sigma_eps, back_reaction):
    """The flow by a Runge-Kutta method of order 8, from right-hand sides written out by hand."""

    def rhs(_, weights):
        w0, w1, w_ni = weights
        error = w1 * w0 - M
        pull = back_reaction * sigma_eps**2 * w_ni**2 * w1
        return [-error * w1 * sigma_x**2, -error * w0 * sigma_x**2 - pull, -(sigma_eps**2) * w1**2 * w_ni]

    return solve_ivp(rhs, (0, t), [w0, w1, w_ni], method="DOP853", rtol=1e-13, atol=1e-15).y[:, -1]


# --- the closed forms against an integrator ---


@given(number, number, number, number, st.one_of(st.just(0.0), positive), number.map(abs), st.floats(0.01, 3))
@example(0.5, 0.5, 1.0, 0.0, 1.0, 1.0, 3.0)  # M = 0 and c = 0: every rate is zero, the decay is algebraic
@example(0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0)  # P0 = 0
@example(0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 2.0)  # P0 = 0 at the saddle itself
@example(-1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 3.0)  # into the saddle
@example(1.0, 1.0, 1.0, -1.0, 1.0, 1.0, 3.0)  # the same for negative M
def test_passive_flow_is_the_solution(a, b, n, target, scale, noise, t):
    flow = passive_flow(t, w0=a, w1=b, w_ni=n, M=target, sigma_x=scale, sigma_eps=noise)
    expected = integrated(t, a, b, n, target, scale, noise, back_reaction=0)
    assert np.abs(flow[:3] - expected).max() < 1e-9
    loss = scale**2 * (expected[0] * expected[1] - target) ** 2 / 2
    assert abs(flow.clean_loss - loss) < 1e-9


@given(number, number, number, number, positive, st.floats(0.01, 3))
@example(1.0, 1.0, 0.0, 0.0, 1.0, 3.0)
@example(1.0, math.sqrt(2), 1.0, 1.0, 1.0, 3.0)  # c = 0 with the NIN
@example(0.2, -0.03, 5.0, 0.4, 4.0, 3.0)  # exp(R T) overflows long before the weights have settled
def test_coupled_flow_is_the_solution(a, b, n, target, scale, t):
    flow = coupled_flow(t, w0=a, w1=b, w_ni=n, M=target, sigma_x=scale, sigma_eps=scale)
    expected = integrated(t, a, b, n, target, scale, scale, back_reaction=1)
    assert np.abs(flow[:3] - expected).max() < 1e-9
    assert abs(flow.clean_loss - scale**2 * (expected[0] * expected[1] - target) ** 2 / 2) < 1e-9


@given(number, number, number, positive, st.floats(0, 3))
def test_without_noise_weight_the_two_flows_agree(a, b, target, scale, t):
    common = dict(w0=a, w1=b, w_ni=0.0, M=target, sigma_x=scale, sigma_eps=scale)
    assert np.allclose(passive_flow(t, **common), coupled_flow(t, **common), rtol=1e-9, atol=1e-12)


# --- the closed forms as one would look them up ---


@given(number, number, st.floats(0.1, 2), positive, positive, st.floats(0.01, 3))
def test_general_solution_by_the_riccati_equation_of_the_sum_squared(a, b, target, scale, noise, t):
    # alpha = (w1 + w0)^2, another route to the same solution, for alpha(0) > 0 and M > 0
    assume(abs(a + b) > 1e-2)
    c = b**2 - a**2
    rate = math.sqrt(4 * target**2 + c**2)
    upper, lower = 2 * target + rate, 2 * target - rate
    alpha0 = (a + b) ** 2
    K = (alpha0 - upper) / (alpha0 - lower) * math.exp(-(scale**2) * rate * t)
    alpha = (upper - K * lower) / (1 - K)
    integral = (rate + c) * t / 2 - math.log((alpha - lower) / (alpha0 - lower)) / scale**2
    integral += math.log(alpha / alpha0) / (2 * scale**2)
    flow = passive_flow(t, w0=a, w1=b, w_ni=1.0, M=target, sigma_x=scale, sigma_eps=noise)
    assert math.isclose(flow.w0 * flow.w1, (alpha - c**2 / alpha) / 4, rel_tol=1e-9, abs_tol=1e-9)
    assert math.isclose(flow.w1**2, (alpha + c**2 / alpha + 2 * c) / 4, rel_tol=1e-9, abs_tol=1e-9)
    assert math.isclose(flow.w_ni, math.exp(-(noise**2) * integral), rel_tol=1e-9)


@given(st.floats(0.01, 2), number, st.sampled_from([1, -1]), positive, positive, st.floats(0, 3))
def test_logistic_solution_where_c_is_zero(size, target, sign, scale, noise, t):
    # with w0 = -w1 the product mirrors that of w0 = w1 towards the target -M
    flow = passive_flow(t, w0=sign * size, w1=size, w_ni=1.0, M=target, sigma_x=scale, sigma_eps=noise)
    P0, toward = size**2, sign * target
    growth = math.expm1(2 * toward * scale**2 * t) / toward if toward else 2 * scale**2 * t
    product = P0 * math.exp(2 * toward * scale**2 * t) / (1 + P0 * growth)
    assert math.isclose(sign * flow.w0 * flow.w1, product, rel_tol=1e-9)
    assert math.isclose(flow.w_ni, (1 + P0 * growth) ** (-(noise**2) / (2 * scale**2)), rel_tol=1e-9)
    start = passive_flow(0, w0=sign * size, w1=size, M=target, sigma_x=scale).clean_loss
    if start > 1e-6:  # the NIW is a power of the loss
        power = noise**2 / (4 * scale**2)
        assert math.isclose(flow.w_ni, (flow.clean_loss / start) ** power, rel_tol=1e-9)


@given(number, number, number, positive, positive, st.floats(0.01, 2))
def test_the_exponents_of_the_paper_are_the_integrals_along_the_flow(a, b, target, scale, noise, t):
    def along(f):
        def value(s):
            return f(passive_flow(s, w0=a, w1=b, M=target, sigma_x=scale))

        return quad(value, 0, t, epsabs=1e-12, epsrel=1e-12)[0]

    flow = passive_flow([0, t], w0=a, w1=b, w_ni=1.0, M=target, sigma_x=scale, sigma_eps=noise)
    loss = flow.clean_loss[0] * math.exp(-2 * scale**2 * along(lambda f: f.w0**2 + f.w1**2))
    assert math.isclose(flow.clean_loss[1], loss, rel_tol=1e-9, abs_tol=1e-300)  # Eq. (32)
    assert math.isclose(
        flow.w_ni[1], math.exp(-(noise**2) * along(lambda f: f.w1**2)), rel_tol=1e-9
    )  # Eq. (33)


# --- limits, long times, wrong input ---


def test_long_times_do_not_overflow_and_reach_the_learned_weights():
    flow = passive_flow([1e3, 1e6], **START, sigma_eps=1e-3)
    c = 1.5**2 - 0.1**2
    learned = (c + math.sqrt(c**2 + 4)) / 2
    assert np.allclose(flow.w1**2, learned, rtol=1e-12) and np.all(flow.clean_loss == 0)
    slope = np.log(flow.w_ni[1] / flow.w_ni[0]) / (1e6 - 1e3)
    assert math.isclose(slope, -1e-6 * learned, rel_tol=1e-9)
    coupled = coupled_flow(1e6, w0=0.1, w1=1.5, w_ni=2.0)
    c -= 4
    assert math.isclose(coupled.w1**2, (c + math.sqrt(c**2 + 4)) / 2, rel_tol=1e-12) and coupled.w_ni == 0


def test_saddle_is_reached_exactly_and_kept():
    flow = passive_flow([0, 10, 1e4], w0=-1.0, w1=1.0, w_ni=1.0, sigma_eps=0.1)
    assert np.all(flow.w0 == -flow.w1) and abs(flow.w1[2]) < 1e-100
    assert np.allclose(flow.clean_loss[1:], 0.5, atol=1e-8)
    assert flow.w_ni[2] > 0.99  # w1 goes, and with it the force on the NIW


def test_small_sigma_x_tends_to_none():
    common = dict(t=2.0, **START, sigma_eps=1.0)
    frozen = passive_flow(**common, sigma_x=0.0)
    assert frozen == pytest.approx((0.1, 1.5, 0.1 * math.exp(-2 * 1.5**2), 0.0), rel=1e-12)
    assert frozen.clean_loss == 0
    for scale in (1e-3, 1e-6, 1e-9):
        flow = passive_flow(**common, sigma_x=scale)
        assert np.allclose(flow[:3], frozen[:3], rtol=100 * scale**2 + 1e-12)


def test_arguments_broadcast():
    flow = passive_flow(np.zeros((5, 1)), w0=0.1, w1=[1.0, 2.0, 3.0], w_ni=0.1, sigma_eps=1.0)
    assert {curve.shape for curve in flow} == {(5, 3)} and np.allclose(flow.w1, [1, 2, 3], rtol=1e-12)
    assert time_scales(w0=0.1, w1=1.0, sigma_eps=np.ones((2, 1, 4))).noise.shape == (2, 1, 4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: passive_flow(-1.0, w0=1, w1=1),
            r"^t must be a finite number >= 0, got -1.0: backwards in time",
        ),
        (
            lambda: passive_flow(1.0, w0=np.nan, w1=1),
            r"^w0 must be a finite number >= -1e\+40, got nan",
        ),
        (
            lambda: passive_flow(1.0, w0=1, w1=1, sigma_x=-1.0),
            r"^sigma_x must be a finite number >= 0, got -1.0: it is a stan",
        ),
        (
            lambda: time_scales(w0=1, w1=1, sigma_eps=-2.0),
            "^sigma_eps must be a finite number >= 0, got -2.0",
        ),
        (
            lambda: coupled_flow(1.0, **START, sigma_eps=2.0),
            "^sigma_eps must equal sigma_x, got 2.0 and 1.0: no",
        ),
        (
            lambda: decay_times(w0=[1, 2], w1=1),
            r"^w0 must be a single number, got an array of shape \(2,\): use a loop",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# --- time scales ---


@given(number, number, number, positive, positive)
def test_time_scales_are_the_rates_at_the_start(a, b, target, scale, noise):
    assume(abs(b) > 0.1 and abs(a * b - target) > 1e-2)
    tau = time_scales(w0=a, w1=b, sigma_x=scale, sigma_eps=noise)
    step = 1e-6
    flow = passive_flow([0, step], w0=a, w1=b, w_ni=1.0, M=target, sigma_x=scale, sigma_eps=noise)
    assert math.isclose(-step / math.log(flow.w_ni[1] / flow.w_ni[0]), tau.noise, rel_tol=2e-3)
    assert math.isclose(-step / math.log(flow.clean_loss[1] / flow.clean_loss[0]), tau.loss, rel_tol=2e-3)


def test_time_scales_without_decay_are_infinite():
    assert time_scales(w0=0.0, w1=0.0) == (np.inf, np.inf)
    assert time_scales(w0=1.0, w1=1.0, sigma_x=0.0, sigma_eps=0.0) == (np.inf, np.inf)
    assert decay_times(w0=0.0, w1=0.0) == (np.inf, np.inf)
    # the loss falls, by less than a factor e, on its way into the saddle
    assert decay_times(w0=-0.3, w1=0.3) == (np.inf, np.inf)
    assert decay_times(w0=0.1, w1=1.5, sigma_eps=0.0).noise == np.inf


@given(number, number, st.floats(0.1, 2), positive, positive)
def test_decay_times_are_where_the_closed_forms_have_fallen_to_1_over_e(a, b, target, scale, noise):
    times = decay_times(w0=a, w1=b, M=target, sigma_x=scale, sigma_eps=noise)
    common = dict(w0=a, w1=b, w_ni=1.0, M=target, sigma_x=scale, sigma_eps=noise)
    if np.isfinite(times.noise):
        assert math.isclose(passive_flow(times.noise, **common).w_ni, math.exp(-1), rel_tol=1e-9)
    start = passive_flow(0, **common).clean_loss
    if np.isfinite(times.loss) and start > 0:
        assert math.isclose(passive_flow(times.loss, **common).clean_loss, start / math.e, rel_tol=1e-9)


@pytest.mark.parametrize("sigma", [0.3, 1.0, 2.0])
def test_sgd_decays_in_the_closed_times_up_to_half_the_decay_of_a_step(sigma):
    model = LinearModel(eta=0.01, batch_size=10_000)
    run = model.simulate(sigma, w0=0.1, w1=1.5, w_ni=1e-2, steps=600, noise="none")
    times = decay_times(w0=0.1, w1=1.5, sigma_eps=sigma)
    steps = np.interp(1, -np.log(run.w_ni / 1e-2), np.arange(601))
    half = model.eta * sigma**2 * 1.5**2 / 2
    assert abs(times.noise / model.eta / steps - 1 - half) < 0.25 * half + 2e-3
    loss = np.interp(1, -np.log(run.clean_loss / run.clean_loss[0]), np.arange(601))
    assert abs(times.loss / model.eta / loss - 1) < 0.02


def test_law_is_exponential_for_small_steps_only():
    # learned weights, so that only w_ni moves: the map multiplies it by 1 - X, the flow by exp(-X)
    model, X = LinearModel(eta=0.01), np.array([0.01, 0.5, 0.9, 1.1, 1.9, 2.1])
    run = model.simulate(np.sqrt(X / 0.01) / 1.5, w0=1 / 1.5, w1=1.5, w_ni=1e-6, steps=4, noise="none")
    assert np.allclose(run.w_ni[4] / run.w_ni[0], (1 - X) ** 4, rtol=1e-4)
    assert np.all((np.abs(run.w_ni[4]) > np.abs(run.w_ni[0])) == (X > 2))


# --- identities ---


def update():
    return [e.subs(linear.SLOPES).subs(ERROR).subs([linear.CROSS]).subs(linear.MEANS) for e in linear.STEP]


def flow():
    """Mean change of (w0, w1, w_ni) per time."""
    return [((new - old) / eta).subs(linear.Phi, 0) for new, old in zip(update(), WEIGHTS, strict=True)]


def zero(expr):
    return sp.expand(expr) == 0


def test_eqs_23_to_26_and_31_are_the_update_without_noise_and_back_reaction():
    u = w1 * w0 - M
    w0_rate, w1_rate, w_ni_rate = flow()
    assert zero(w0_rate + u * w1 * sigma_x**2)
    assert zero(w1_rate + u * w0 * sigma_x**2 + sigma_eps**2 * w_ni**2 * w1)  # the last term is neglected
    assert zero(w_ni_rate + w1**2 * sigma_eps**2 * w_ni)


def test_loss_falls_at_twice_the_trace_of_the_full_hessian():
    loss = linear.CLEAN_LOSS.subs(ERROR)
    rates = [rate.subs(w_ni, 0) for rate in flow()[:2]]
    trace = sp.trace(sp.hessian(loss, (w0, w1)))
    change = sum(loss.diff(w) * rate for w, rate in zip((w0, w1), rates, strict=True))
    assert zero(loss - ((w1 * w0 - M) * sigma_x) ** 2 / 2)  # Eq. (27)
    assert zero(change + sum(loss.diff(w) ** 2 for w in (w0, w1)))  # Eq. (8)
    assert zero(change + 2 * trace * loss) and zero(trace - sigma_x**2 * (w0**2 + w1**2))  # Eq. (30)


def test_first_order_change_of_the_loss_has_an_error_of_second_order():
    loss = linear.CLEAN_LOSS.subs(ERROR)
    point = {w0: 0.1, w1: 1.5, M: 1, sigma_x: 1}
    stepped = loss.subs([(w, w - eta * loss.diff(w)) for w in (w0, w1)], simultaneous=True)
    remainder = (stepped - loss + eta * sum(loss.diff(w) ** 2 for w in (w0, w1))).subs(point)
    ratio = remainder.subs(eta, 1e-3) / remainder.subs(eta, 1e-4)
    assert abs(ratio / 100 - 1) < 0.01


@pytest.mark.parametrize("sign", [1, -1])
def test_eqs_28_and_29_need_the_sign_of_the_error(sign):
    size = sp.Symbol("size", positive=True)
    side = {M: w1 * w0 - sign * size}
    loss = linear.CLEAN_LOSS.subs(ERROR)
    w0_rate, w1_rate = (rate.subs(w_ni, 0) for rate in flow()[:2])
    change = (loss.diff(w0) * w0_rate + loss.diff(w1) * w1_rate).subs(side)
    as_printed = (sigma_x * sp.sqrt(2 * loss) * (w1_rate * w0 + w0_rate * w1)).subs(side)
    assert (
        sp.simplify(change - sign * as_printed) == 0
    )  # Eq. (28); without the sign it is wrong below the target
    root = sign * sigma_x * sp.sqrt(2 * loss.subs(side))
    assert (
        sp.simplify(w1_rate.subs(side) + root * w0) == 0 and sp.simplify(w0_rate.subs(side) + root * w1) == 0
    )


def test_nin_adds_to_the_trace_of_the_full_hessian_and_decays_by_the_local_one():
    z, y = sp.symbols("z y", real=True)
    mean_loss = linear.EXPECTED_LOSS.subs(ERROR)
    clean = sp.trace(sp.hessian(linear.CLEAN_LOSS.subs(ERROR), WEIGHTS))
    added = sp.trace(sp.hessian(mean_loss, WEIGHTS)) - clean
    assert zero(added - sigma_eps**2 * (w1**2 + w_ni**2))
    local = ((w1 * z - y) ** 2 / 2).diff(z, 2)
    assert zero(flow()[2] + sigma_eps**2 * local * w_ni)


def test_expressions_solve_the_linear_equation_behind_the_flow():
    ts, angle = timescales, sp.Symbol("angle", real=True)
    A = sp.Matrix([[-ts.c / 2, M, 0], [M, ts.c / 2, 0], [0, 0, -ts.c / 2]])
    # Y' = A Y, N' = |Y|^2, both with R, c and M in polar form ...
    frame = {ts.v0: sp.sin(angle), ts.v1: sp.cos(angle)}
    polar = {ts.c: ts.R * sp.cos(2 * angle), M: ts.R * sp.sin(2 * angle) / 2}
    Y = sp.Matrix(ts.SOLUTION).subs(ts.log_S, -ts.R * ts.T)  # N = 1
    assert sp.simplify((Y.diff(ts.T) - A * Y).subs(frame | polar)) == sp.zeros(3, 1)
    for size in (ts.c, -ts.c):  # c of either sign
        N = ts.N.subs(ts.TINY, 0).subs(sp.Abs(ts.c), size)
        assert (
            sp.simplify((N.diff(ts.T) - Y.dot(Y)).rewrite(sp.exp).subs(frame)) == 0 and N.subs(ts.T, 0) == 1
        )
    # ... from the right start ...
    start = Y.subs(ts.T, 0).subs(zip((ts.p_plus, ts.p_minus), ts.COMPONENTS, strict=True)).subs(frame)
    assert sp.simplify(start - sp.Matrix(WEIGHTS)) == sp.zeros(3, 1)
    # ... along the growing direction, in both of its forms ...
    for c_value in (sp.Rational(3, 2), sp.Rational(-3, 2)):
        known = {M: 1, ts.c: c_value, ts.R: sp.Rational(5, 2)}
        v = sp.Matrix(ts.DIRECTION).subs(known)
        assert (A[:2, :2].subs(known) * v - known[ts.R] / 2 * v) == sp.zeros(2, 1) and v.dot(v) == 1
    # ... and Y / sqrt(N) then has the right force.
    w = sp.Matrix(WEIGHTS)
    force = A.subs(ts.c, ts.CONSERVED) * w - w.dot(w) / 2 * w
    assert sp.expand(force - sp.Matrix(flow()).subs({sigma_x: 1, sigma_eps: 1})) == sp.zeros(3, 1)


def test_both_decays_are_read_from_log_N():
    ts = timescales
    clock = sp.Function("clock")(ts.T)  # log N, with derivative w0^2 + w1^2 = 2 w1^2 - c
    rate = {clock.diff(ts.T): 2 * w1**2 - ts.c}
    niw = ts.PASSIVE_W_NI.subs(ts.log_N, clock)
    assert zero((niw.diff(ts.T) / niw * sigma_x**2).subs(rate) + sigma_eps**2 * w1**2)
    loss = ts.PASSIVE_LOSS.subs(ts.log_N, clock)
    squares = w0**2 + w1**2
    assert zero((loss.diff(ts.T) / loss).subs(clock.diff(ts.T), squares) + 2 * squares)


def test_balance_identity_holds_for_every_batch_and_step():
    step = [e.subs(linear.SLOPES).subs(ERROR) for e in linear.STEP]  # arbitrary batch moments
    gradient = [(old - new) / eta for old, new in zip(WEIGHTS, step, strict=True)]
    signs = (-1, 1, -1)
    change = sum(s * (new**2 - old**2) for s, old, new in zip(signs, WEIGHTS, step, strict=True))
    assert zero(change - eta**2 * sum(s * g**2 for s, g in zip(signs, gradient, strict=True)))


# --- the Langevin equation ---


def test_langevin_equation_has_the_drift_and_the_kick_of_the_update():
    mean_loss = linear.EXPECTED_LOSS.subs(ERROR)
    kick = (w1**2 * w_ni, w_ni * (2 * w1 * w0 - M), w1 * (w1 * w0 - M))
    for new, old, rate, G in zip(update(), WEIGHTS, flow(), kick, strict=True):
        assert zero(rate + mean_loss.diff(old))
        scale = eta * sigma_x * sigma_eps / sp.sqrt(linear.batch_size)
        assert zero(sp.expand(new).coeff(linear.Phi) - scale * G)


def test_map_is_a_weak_approximation_of_first_order():
    # the map with eta/k and batch_size/k is the Euler-Maruyama method for the same equation with a finer step
    ratio, finest, count, paths = 1 / 16000, 0.001, 512, 4000
    brownian = math.sqrt(finest) * np.random.default_rng(5).standard_normal((count, paths))

    def square(k):
        phi = brownian.reshape(count // k, k, paths).sum(axis=1) / math.sqrt(k * finest)
        model = LinearModel(eta=k * finest, batch_size=round(k * finest / ratio))
        run = model.simulate(1.0, 0.1, 1.5, np.zeros(paths), steps=count // k, noise=phi, record=False)
        return run.w_ni[-1] ** 2 / ratio

    fine = square(1)
    errors = [np.mean(square(k) - fine) for k in (4, 8, 16, 32)]
    slope = np.polyfit(np.log([3, 7, 15, 31]), np.log(errors), 1)[0]
    assert abs(slope - 1) < 0.06

    def gained(t):
        flow = passive_flow([t, count * finest], w0=0.1, w1=1.5, w_ni=1.0, sigma_eps=1.0)
        return 2 * flow.w1[0] ** 2 * flow.clean_loss[0] * (flow.w_ni[1] / flow.w_ni[0]) ** 2

    theory = quad(gained, 0, count * finest)[0]
    assert abs(fine.mean() - theory) < 4 * fine.std() / math.sqrt(paths)


@pytest.mark.parametrize("b", [10, 1000])
@pytest.mark.parametrize("sigma", [1.0, 4.0, 10.0])
def test_variance_that_the_map_leaves_out_does_not_depend_on_the_batch(b, sigma):
    # footnote 4: one step of w_ni with the batch's <eps^2> against one with its mean, which Eq. (5) takes
    _, xe, ee = linear.batch_moments(np.random.default_rng(3), b, 400_000)
    assert abs(np.std(sigma**2 * ee) / (sigma**2 * math.sqrt(2 / b)) - 1) < 0.01
    exact, kept = (
        linear.step(*START.values(), 0.01, 1.0, 1.0, sigma * xe, sigma**2 * even)[2] for even in (ee, 1.0)
    )
    w0, w1, w_ni = START.values()
    expected = 1 + 2 * sigma**2 * w1**2 * w_ni**2 / (w1 * w0 - 1) ** 2
    assert abs(np.var(exact) / np.var(kept) / expected - 1) < 0.02


@pytest.mark.parametrize("X", [0.02, 0.5, 1.5])
def test_stationary_variance_of_the_niw(X):
    # footnote 7: with w1 and u = w1 w0 - M at rest, the random walk of w_ni has a fence
    w0, w1, size, b, runs = 0.1, 1.5, 0.01, 1000, 20_000
    sigma, rng = math.sqrt(X / size) / w1, np.random.default_rng(1)
    w_ni = np.zeros(runs)
    for _ in range(math.ceil(12 / min(X, 2 - X))):
        xx, xe, ee = linear.batch_moments(rng, b, runs)
        w_ni = linear.step(w0, w1, w_ni, size, 1.0, xx, sigma * xe, sigma**2 * ee)[2]
    u = w1 * w0 - 1
    expected = size * u**2 / (b * (2 - X))
    assert abs(np.var(w_ni) / expected - 1) < 4 * math.sqrt(2 / runs) + 10 / b
    # the Langevin equation, an Ornstein-Uhlenbeck process here, has the limit X = 0 of it
    assert (abs(np.var(w_ni) / (size * u**2 / (2 * b)) - 1) < 0.06) == (X < 0.1)
