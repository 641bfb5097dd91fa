"""The noise expansion (Eqs. 1-3, 11-14, footnote 3) and batch averages (Theorem 1, Eqs. 15-22)."""

import math
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
import sympy as sp
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from nin_lib.batch_averages import (
    NOISES,
    NU,
    Q_MOMENTS,
    batch_average_moments,
    batch_averages,
    draw,
    noise_moment,
    tail_ratio,
    z_scores,
)
from nin_lib.expansion import (
    SmallNetwork,
    directional_derivatives,
    local_gradient,
    local_hessian,
    loglog_slope,
    normal_quadrature,
    truncated_loss,
)

ORDERS = range(5)


def normal(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


def relative_error(true, approximation):
    return ((true - approximation).norm() / true.norm()).item()


def classifier(seed):
    """A deeper network: tanh, a second tanh layer, three classes, cross-entropy; loss of z and z itself."""
    z, second, last = normal(40, 5, seed=seed), normal(5, 7, seed=seed + 1), normal(7, 3, seed=seed + 2)
    labels = torch.arange(40) % 3

    def loss(z):
        logits = torch.tanh(torch.tanh(z) @ second) @ last
        return torch.nn.functional.cross_entropy(logits, labels, reduction="none")

    return loss, z, normal(5, seed=seed + 3) / 5**0.5


def regression(seed):
    net, x = SmallNetwork.random("tanh", seed=seed), normal(64, seed=1)
    return net.loss_of(x), net.preactivations(x), net.w_ni


# --- Eqs. (1), (11): the series ----------------------------------------------------------------------


@pytest.mark.parametrize("order", range(1, 6))
def test_eq_11_each_derivative_in_eps_is_one_operator(order):
    eps, *z = sp.symbols("eps z1:3", real=True)
    w = sp.symbols("W1:3", real=True)
    loss = sp.Function("L")
    noisy = loss(*(zi + eps * wi for zi, wi in zip(z, w, strict=True)))
    term = noisy
    for _ in range(order):
        term = sum(wi * term.diff(zi) for zi, wi in zip(z, w, strict=True))
    assert sp.simplify((noisy.diff(eps, order) - term).doit()) == 0


WEIGHT = st.floats(-2, 2)


def sympy_derivatives(order):
    """(d/deps)^k of one tanh unit's loss, k = 0 ... order: an oracle that shares nothing with autograd."""
    a, b, v, w_ni, x, eps = arguments = sp.symbols("a b v w_ni x eps", real=True)
    rows = [(v * sp.tanh(a * x + b + eps * w_ni) - sp.sin(2 * x)) ** 2 / 2]
    for _ in range(order):
        rows.append(rows[-1].diff(eps))
    return sp.lambdify(arguments, rows, "mpmath", cse=True)


ORACLE = sympy_derivatives(5)


@given(a=WEIGHT, b=WEIGHT, v=WEIGHT, w_ni=WEIGHT, x=WEIGHT)
def test_eq_11_derivatives_against_sympy(a, b, v, w_ni, x):
    net = SmallNetwork("tanh", *torch.tensor([[a], [b], [v], [w_ni]], dtype=torch.float64))
    inputs = torch.tensor([x], dtype=torch.float64)
    found = directional_derivatives(net.loss_of(inputs), net.preactivations(inputs), net.w_ni, 5)[:, 0]
    expected = np.array(ORACLE(a, b, v, w_ni, x, 0), dtype=float)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-9, atol=1e-10 * max(1, abs(expected).max()))


@pytest.mark.parametrize("case", [regression(18), regression(12), classifier(0), classifier(4)])
def test_eq_1_truncation_error_falls_as_sigma_to_the_order_plus_one(case):
    loss, z, w_ni = case
    derivatives = directional_derivatives(loss, z, w_ni, ORDERS[-1])
    noise, sigmas = normal(len(z), seed=9), np.geomspace(0.003, 0.03, 6)
    errors = [
        (truncated_loss(derivatives, s * noise) - loss(z + s * noise[:, None] * w_ni).mean()).abs()
        for s in sigmas
    ]
    for order, error in zip(ORDERS, torch.stack(errors, dim=1).numpy(), strict=True):
        assert abs(loglog_slope(sigmas, error) - (order + 1)) < 0.15


@given(w0=WEIGHT, w1=WEIGHT, w_ni=WEIGHT, x=WEIGHT, y=WEIGHT, eps=st.floats(-100, 100))
def test_second_order_is_exact_for_the_linear_model(w0, w1, w_ni, x, y, eps):
    z, direction, noise = (torch.tensor([v], dtype=torch.float64) for v in (w0 * x, w_ni, eps))
    derivatives = directional_derivatives(lambda z: (w1 * z[:, 0] - y) ** 2 / 2, z[:, None], direction, 4)
    exact = (w1 * (w0 * x + w_ni * eps) - y) ** 2 / 2
    assert derivatives[3:].abs().max() == 0
    assert truncated_loss(derivatives, noise)[2].item() == pytest.approx(exact, rel=1e-9, abs=1e-9)


# --- Eqs. (3), (12): local gradient and Hessian --------------------------------------------------------


@pytest.mark.parametrize("case", [regression(18), classifier(0)])
def test_eq_3_against_torch_func(case):
    loss, z, w_ni = case
    whole = torch.func.hessian(lambda z: loss(z).sum())(z)
    expected = torch.stack([whole[i, :, i] for i in range(len(z))])
    g, hessian = local_gradient(loss, z), local_hessian(loss, z)
    assert torch.allclose(g, torch.func.grad(lambda z: loss(z).sum())(z), rtol=1e-12, atol=1e-14)
    assert torch.allclose(hessian, expected, rtol=1e-12, atol=1e-14)
    derivatives = directional_derivatives(loss, z, w_ni, 2)
    assert torch.allclose(derivatives[1], g @ w_ni, rtol=1e-12, atol=1e-13)
    assert torch.allclose(
        derivatives[2], torch.einsum("i,nij,j->n", w_ni, hessian, w_ni), rtol=1e-12, atol=1e-13
    )


# --- Eqs. (2), (13), (14): the update of the noise injection weights -----------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_eq_14_gradient_of_the_quadratic_term_has_no_half(size):
    w = sp.Matrix(sp.symbols(f"W1:{size + 1}", real=True))
    hessian = sp.Matrix(size, size, lambda i, j: sp.Symbol(f"h{min(i, j)}{max(i, j)}", real=True))
    quadratic = (w.T * hessian * w)[0] / 2
    assert sp.Matrix([quadratic.diff(wi) for wi in w]).equals((hessian * w).expand())


@pytest.mark.parametrize("seed", [18, 12, 4])
def test_eq_14_mean_gradient_is_sigma_squared_hessian_times_w(seed):
    net, x = SmallNetwork.random("tanh", seed=seed), normal(32, seed=1)
    pull = net.mean_hessian(x, torch.full_like(x, 1 / 32)) @ net.w_ni
    ratio = (net.mean_gradient(0.02, x) @ pull / (0.02**2 * pull @ pull)).item()
    assert abs(ratio - 1) < 1e-3  # so that the printed half is off by a factor of two
    sigmas = np.array([0.01, 0.02, 0.04, 0.08])
    residuals = [(net.mean_gradient(s, x) - s**2 * pull).norm().item() for s in sigmas]
    assert abs(loglog_slope(sigmas, residuals) - 4) < 0.1


@given(g=st.lists(st.tuples(st.fractions(-3, 3), st.fractions(-3, 3)), min_size=1, max_size=4))
def test_eq_14_covariance_of_the_kicks_by_listing_all_noises(g):
    # eps = 2, 0 or -1 with odds 1 : 3 : 2, so that its mean is zero and its variance one; g_i has two components
    odds, size = {2: Fraction(1, 6), 0: Fraction(1, 2), -1: Fraction(1, 3)}, len(g)
    mean, square = [0, 0], [[0, 0], [0, 0]]
    for noise in product(odds, repeat=size):
        probability = math.prod(odds[e] for e in noise)
        kick = [sum(e * gi[j] for e, gi in zip(noise, g, strict=True)) / Fraction(size) for j in (0, 1)]
        for j in (0, 1):
            mean[j] += probability * kick[j]
            for k in (0, 1):
                square[j][k] += probability * kick[j] * kick[k]
    assert mean == [0, 0]
    assert square == [[sum(gi[j] * gi[k] for gi in g) / Fraction(size**2) for k in (0, 1)] for j in (0, 1)]


def test_eq_14_covariance_of_the_kicks_against_monte_carlo():
    net, x, sigma, runs = SmallNetwork.random("tanh", seed=18), normal(32, seed=1), 0.3, 200_000
    g = local_gradient(net.loss_of(x), net.preactivations(x))
    kicks = sigma * normal(runs, 32, seed=2) @ g / 32  # Gaussian, so that the variances below are exact
    covariance = sigma**2 * g.T @ g / 32**2
    found = kicks.T @ kicks / runs
    deviation = ((covariance**2 + torch.outer(covariance.diag(), covariance.diag())) / runs).sqrt()
    assert ((found - covariance) / deviation).abs().max() < 4.5
    rms = (g**2).mean(0).sqrt()
    printed = sigma**2 * torch.outer(rms, rms) / 32
    assert ((found - printed) / deviation).abs().max() > 100
    assert ((found - printed) / deviation).diag().abs().max() < 4.5


# --- Footnote 3: ReLU and its kink ---------------------------------------------------------------------


@pytest.mark.parametrize("seed", [18, 12, 35])
def test_footnote_3_kink_term_repairs_relu(seed):
    net = SmallNetwork.random("relu", seed=seed)
    almost_everywhere = net.mean_hessian(*net.population()) @ net.w_ni
    whole = almost_everywhere + net.kink_term() * net.w_ni
    for sigma in (0.001, 0.02):
        gradient = net.mean_gradient(sigma)
        assert relative_error(gradient, sigma**2 * almost_everywhere) > 0.15
        assert relative_error(gradient, sigma**2 * whole) < 0.03
    sigmas = np.array([0.005, 0.01, 0.02, 0.04])
    residuals = [(net.mean_gradient(s) - s**2 * whole).norm().item() for s in sigmas]
    assert abs(loglog_slope(sigmas, residuals) - 4) < 0.1


def test_footnote_3_slope_of_the_mean_gradient_has_a_boundary_term():
    shift, u = sp.symbols("s u", real=True)
    density, arriving = sp.Function("p"), sp.Function("a")
    slope = sp.Integral(density(u) * arriving(u + shift), (u, -shift, sp.oo)).diff(shift)
    (smooth,) = slope.atoms(sp.Integral)
    assert smooth.function == (density(u) * arriving(u + shift)).diff(shift)
    assert slope - smooth == density(-shift) * arriving(0)

    def mean_g(s):  # p normal, a(u) = 2 + sin u, by quadrature
        return integrate.quad(lambda u: stats.norm.pdf(u) * (2 + np.sin(u + s)), -s, 12, epsabs=1e-13)[0]

    almost_everywhere = integrate.quad(lambda u: stats.norm.pdf(u) * np.cos(u), 0, 12, epsabs=1e-13)[0]
    measured = (mean_g(1e-3) - mean_g(-1e-3)) / 2e-3
    assert measured == pytest.approx(almost_everywhere + stats.norm.pdf(0) * 2, abs=1e-6)


def test_footnote_3_many_units_have_a_kink_term_each_of_its_own():
    """Two units with independent normal preactivations, shifted at once: the kink of the other one adds nothing."""
    s, W1, W2, v1, v2, y = sp.symbols("s W1 W2 v1 v2 y", real=True)
    density = lambda t: sp.exp(-(t**2) / 2) / sp.sqrt(2 * sp.pi)  # noqa: E731
    active = lambda t: (1 + sp.erf(t / sp.sqrt(2))) / 2  # noqa: E731
    output = lambda t: t * active(t) + density(t)  # noqa: E731, the mean of relu(z + t)
    z = sp.Symbol("z", real=True)
    assert sp.simplify(sp.integrate(z * density(z), (z, 0, sp.oo)) - output(0)) == 0
    assert sp.simplify(output(s).diff(s) - active(s)) == 0
    mean_g1 = v1**2 * output(s * W1) + v1 * active(s * W1) * (v2 * output(s * W2) - y)
    hessian = v1**2 * active(0) * W1 + v1 * v2 * active(0) ** 2 * W2
    kink = density(0) * v1 * (v2 * output(0) - y) * W1
    assert sp.simplify(mean_g1.diff(s).subs(s, 0) - hessian - kink) == 0


def test_the_pull_of_normal_noise_is_the_hessian_at_the_noisy_preactivations():
    """E[eps G(eps)] = sigma^2 E[G'(eps)] beyond any expansion, on a tanh net and strong noise."""
    net, sigma = SmallNetwork.random("tanh", seed=18), 1.5
    x = torch.from_numpy(np.random.default_rng(1).normal(size=32))
    loss, z = net.loss_of(x), net.preactivations(x)
    nodes, weights = np.polynomial.hermite_e.hermegauss(100)
    uniform, pull = torch.full_like(x, 1 / len(x)), 0
    for node, weight in zip(nodes, weights / weights.sum(), strict=True):
        H = local_hessian(loss, z + sigma * float(node) * net.w_ni)
        pull = pull + weight * torch.einsum("n,nij,j->i", uniform, H, net.w_ni)
    assert torch.allclose(net.mean_gradient(sigma, x), sigma**2 * pull, rtol=1e-3, atol=1e-5)


def test_relu_population_gradient_against_monte_carlo():
    net, n, sigma = SmallNetwork.random("relu", seed=18), 1_000_000, 0.5
    x, eps = normal(2, n, seed=3)
    eps = sigma * eps
    samples = eps[:, None] * local_gradient(net.loss_of(x), net.preactivations(x) + eps[:, None] * net.w_ni)
    z_scores = (samples.mean(0) - net.mean_gradient(sigma)) / (samples.std(0) / n**0.5)
    assert z_scores.abs().max() < 4


def test_relu_batch_gradient_has_no_kink_term_until_the_noise_reaches_a_kink():
    net, x = SmallNetwork.random("relu", seed=18), normal(32, seed=1)
    pull = net.mean_hessian(x, torch.full_like(x, 1 / 32)) @ net.w_ni
    nearest = np.abs(net.kinks(x)).min()
    assert relative_error(net.mean_gradient(nearest / 10, x), (nearest / 10) ** 2 * pull) < 1e-9
    assert relative_error(net.mean_gradient(nearest, x), nearest**2 * pull) > 0.1


def test_relu_derivatives_end_at_the_second():
    net, x = SmallNetwork.random("relu", seed=18), normal(32, seed=1)
    derivatives = directional_derivatives(net.loss_of(x), net.preactivations(x), net.w_ni, 5)
    assert derivatives[2].abs().max() > 0
    assert derivatives[3:].abs().max() == 0


def test_derivatives_of_a_linear_loss_vanish_from_the_second_also_with_trainable_weights():
    last, z, w_ni = normal(3).requires_grad_(), normal(4, 3, seed=1), normal(3, seed=2)
    derivatives = directional_derivatives(lambda z: z @ last, z, w_ni, 4)
    assert torch.allclose(derivatives[1], (w_ni @ last).detach().expand(4), rtol=1e-12)
    assert derivatives[2:].abs().max() == 0


def test_random_network_has_weights_of_the_stated_scales():
    net = SmallNetwork.random("tanh", width=10_000, seed=1)
    for weights, scale in ((net.a, 1), (net.b, 1), (net.w_ni, 1), (net.v, 0.01)):
        assert stats.kstest(weights.numpy(), stats.norm(scale=scale).cdf).pvalue > 1e-3


# --- Quadrature ----------------------------------------------------------------------------------------


@given(sigma=st.floats(0.01, 10), kinks=st.lists(st.floats(-30, 30), max_size=4))
def test_quadrature_moments_do_not_depend_on_where_it_is_split(sigma, kinks):
    nodes, weights = normal_quadrature(sigma, kinks)
    for k, moment in enumerate([1, 0, 1, 0, 3, 0, 15]):
        assert weights @ (nodes / sigma) ** k == pytest.approx(moment, abs=1e-9)


@given(sigma=st.floats(0.1, 3), kink=st.floats(-5, 5))
def test_quadrature_is_exact_across_a_kink(sigma, kink):
    nodes, weights = normal_quadrature(sigma, [kink])
    d = kink / sigma  # E max(x - kink, 0) of a normal x, in closed form
    expected = sigma * (stats.norm.pdf(d) - d * stats.norm.sf(d))
    assert weights @ np.maximum(nodes - kink, 0) == pytest.approx(expected, rel=1e-10, abs=1e-12)


def test_quadrature_with_independent_kinks_in_each_row():
    nodes, weights = normal_quadrature(1.0, [[0.5], [-1.0]])
    for row, kink in enumerate((0.5, -1.0)):
        expected, _ = integrate.quad(
            lambda x, kink=kink: abs(x - kink) * stats.norm.pdf(x), -10, 10, points=[kink], epsabs=1e-13
        )
        assert weights[row] @ abs(nodes[row] - kink) == pytest.approx(expected, abs=1e-11)


# --- Theorem 1, Eqs. (15)-(22): in symbols -------------------------------------------------------------

N_POWER = sp.Symbol("n", integer=True, positive=True)
Q, EPS = sp.symbols("q1:6", real=True), sp.symbols("eps1:6", real=True)
M_Q, M_EPS = sp.Function("m_q"), sp.Function("m_eps")


def expectation(expression):
    """Mean over independent q_i and eps_i of a polynomial in them; the power n stays symbolic."""

    def moment(base, power):
        return M_Q(power) if base in Q else M_EPS(power) if base in EPS else base**power

    terms = sp.Add.make_args(sp.expand(expression))
    return sum(sp.prod(moment(*factor) for factor in term.as_powers_dict().items()) for term in terms)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 4, 5])
def test_theorem_1_mean_and_variance_for_any_power(batch_size):
    average = sum(q * eps**N_POWER for q, eps in zip(Q[:batch_size], EPS, strict=False)) / batch_size
    mean = expectation(average)
    variance = expectation(average**2) - mean**2
    one = M_Q(2) * M_EPS(2 * N_POWER) - M_Q(1) ** 2 * M_EPS(N_POWER) ** 2  # Eq. (16), corrected
    assert sp.simplify(mean - M_Q(1) * M_EPS(N_POWER)) == 0  # Eqs. (15), (17)
    assert sp.simplify(variance - one / batch_size) == 0  # Eq. (22)


def test_eqs_19_to_22_for_any_batch_size():
    b, m1, m2 = sp.Symbol("b", integer=True, positive=True), *sp.symbols("m1 m2", real=True)
    i, j = sp.symbols("i j", integer=True)
    equal = sp.Sum(m2, (i, 1, b)).doit()
    unequal = sp.Sum(sp.Sum(m1**2, (j, 1, b)) - m1**2, (i, 1, b)).doit()
    assert sp.simplify(unequal / b**2 - (b**2 - b) / b**2 * m1**2) == 0  # Eq. (20)
    assert sp.simplify((equal + unequal) / b**2 - m1**2 - (m2 - m1**2) / b) == 0


def test_eq_16_as_printed_fails_for_a_squared_normal():
    sigma = Fraction(1, 3)
    true = 4 * (3 * sigma**4 - sigma**4)  # q = 2, n = 2: Var(2 eps^2)
    mean, variance, _ = batch_average_moments("normal", 2, 1, q_moments=[2**k for k in range(5)])
    assert (mean * sigma**2, variance * sigma**4) == (2 * sigma**2, true)
    assert 4 * sigma**4 - 2 * sigma**2 != true  # it is even negative
    assert 4 * sigma**4 - 2 * sigma**2 < 0


FRACTIONS = st.lists(st.fractions(-3, 3, max_denominator=12), min_size=3, max_size=6)


@given(samples=FRACTIONS)
def test_eq_21_mean_over_pairs_of_a_finite_set(samples):
    n, pairs = len(samples), [u * v for u, v in combinations(samples, 2)]
    mean, square = sum(samples) / n, sum(v * v for v in samples) / n
    assert sum(pairs) / len(pairs) == (n * mean**2 - square) / (n - 1)


def test_eq_21_as_printed_fails():
    samples = [Fraction(v) for v in ("1/2", "-3/4", "2", "-1/3", "5/6", "1")]
    n, pairs = len(samples), [u * v for u, v in combinations(samples, 2)]
    mean = sum(samples) / n
    assert sum(pairs) / len(pairs) != mean**2 - mean / n


@given(samples=FRACTIONS, data=st.data())
def test_fixed_node_batches_without_replacement(samples, data):
    # Every batch and every pair of disjoint batches is listed, so that the identities are exact.
    n, b = len(samples), data.draw(st.integers(1, len(samples) // 2))
    mean = sum(samples) / n
    spread = sum((v - mean) ** 2 for v in samples) / n

    def deviation(batch):
        return sum(samples[k] for k in batch) / Fraction(b) - mean

    batches = list(combinations(range(n), b))
    assert sum(deviation(c) ** 2 for c in batches) / len(batches) == spread / b * Fraction(n - b, n - 1)
    disjoint = [(c, d) for c in batches for d in batches if not set(c) & set(d)]
    assert sum(deviation(c) * deviation(d) for c, d in disjoint) / len(disjoint) == -spread / (n - 1)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_correlated_q_add_a_floor_for_even_powers_only(n):
    # q_i = 1 +- 1/2 (shared sign) +- 1/3 (own sign), eps_i one of five equally likely values: all cases listed.
    values = [Fraction(v) for v in (-2, -1, 0, 1, 2)]

    def moment(k):
        return sum(v**k for v in values) / 5

    terms = [
        sum((1 + c * Fraction(1, 2) + o * Fraction(1, 3)) * e**n for o, e in zip(own, noise, strict=True)) / 2
        for c in (-1, 1)
        for own in product((-1, 1), repeat=2)
        for noise in product(values, repeat=2)
    ]
    mean = sum(terms) / len(terms)
    variance = sum((t - mean) ** 2 for t in terms) / len(terms)
    q_square, covariance = 1 + Fraction(1, 4) + Fraction(1, 9), Fraction(1, 4)
    theorem = (q_square * moment(2 * n) - moment(n) ** 2) / 2
    assert variance == theorem + (1 - Fraction(1, 2)) * covariance * moment(n) ** 2
    assert (variance == theorem) == (n % 2 == 1)


# --- Theorem 1: exact moments and Monte Carlo ----------------------------------------------------------

DENSITIES = {
    "normal": stats.norm(),
    "uniform": stats.uniform(-(3**0.5), 2 * 3**0.5),
    "laplace": stats.laplace(scale=0.5**0.5),
    "student-t": stats.t(NU, scale=((NU - 2) / NU) ** 0.5),
}


@pytest.mark.parametrize("noise", DENSITIES)
@pytest.mark.parametrize("k", [0, 2, 4, 6, 8])
def test_noise_moments_against_integration(noise, k):
    if noise == "student-t" and k >= NU:
        assert noise_moment(noise, k) == sp.oo
        return
    density = DENSITIES[noise]
    expected, _ = integrate.quad(lambda x: 2 * x**k * density.pdf(x), 0, density.support()[1], epsabs=1e-10)
    assert float(noise_moment(noise, k)) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("noise", NOISES)
def test_noise_moments_of_odd_order(noise):
    assert noise_moment(noise, 0) == noise_moment(noise, 2) == 1
    assert noise_moment(noise, 1) == noise_moment(noise, 3) == 0
    assert noise_moment(noise, 7) is (sp.nan if noise == "student-t" else sp.S.Zero)


@pytest.mark.parametrize("noise", DENSITIES)
def test_noise_is_drawn_from_the_distribution_it_is_named_after(noise):
    q, eps = draw(noise, 20_000, seed=5)
    assert stats.kstest(eps, DENSITIES[noise].cdf).pvalue > 1e-3
    assert stats.kstest(q, stats.uniform(0, 2).cdf).pvalue > 1e-3


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("batch_size", [1, 2, 3])
def test_moments_of_the_average_by_listing_all_batches(n, batch_size):
    # Rademacher noise and q = 0 or 2 with equal probability: 4^|B| equally likely batches.
    q_moments = [1, *(Fraction(2**k, 2) for k in range(1, 5))]
    samples = [Fraction(q * e**n) for q in (0, 2) for e in (-1, 1)]
    averages = [sum(batch) / batch_size for batch in product(samples, repeat=batch_size)]
    mean = sum(averages) / len(averages)
    expected = [mean] + [sum((a - mean) ** k for a in averages) / len(averages) for k in (2, 4)]
    found = batch_average_moments("rademacher", n, batch_size, q_moments)
    assert [sp.nsimplify(v) for v in found] == [sp.Rational(v.numerator, v.denominator) for v in expected]


@pytest.mark.parametrize("noise", NOISES)
def test_theorem_1_by_z_scores_and_scaling_exponents(noise):
    sizes = 2 ** np.arange(2, 11)
    terms, eps = draw(noise, 2**22, seed=1)
    for n in range(1, 7):
        terms = terms * eps
        if tail_ratio(noise, n) > 100:
            continue
        deviations = []
        for size in sizes:
            averages = batch_averages(terms, size)
            mean, variance, fourth = batch_average_moments(noise, n, int(size))
            assert np.abs(z_scores(averages, mean, variance, fourth)).max() < 4
            deviations.append(np.sqrt(np.mean((averages - float(mean)) ** 2)))
            # The test has teeth: the printed variance is ruled out.
            printed = float(variance) * size / size**0.5
            assert abs(z_scores(averages, mean, printed, 3 * printed**2)[1]) > 20
        assert abs(loglog_slope(sizes, deviations) + 0.5) < 0.005


def test_the_theorem_is_testable_where_the_tail_ratio_allows():
    allowed = {noise: [n for n in range(1, 7) if tail_ratio(noise, n) <= 100] for noise in NOISES}
    assert allowed == {
        "normal": [1, 2, 3],
        "uniform": [1, 2, 3, 4, 5, 6],
        "rademacher": [1, 2, 3, 4, 5, 6],
        "laplace": [1, 2],
        "student-t": [1],
    }
    assert tail_ratio("student-t", 2) == tail_ratio("student-t", 3) == np.inf


def test_batch_averages_drop_an_incomplete_batch():
    assert batch_averages(np.arange(8.0), 3).tolist() == [1.0, 4.0]


def test_q_moments_are_those_of_the_samples():
    q, _ = draw("normal", 1_000_000, seed=0)
    for k, moment in enumerate(Q_MOMENTS):
        assert (q**k).mean() == pytest.approx(float(moment), rel=0.01)


# --- Bad input -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: directional_derivatives(lambda z: z[:, 0], normal(3, 1), normal(1), -1), "order .* got -1"),
        (lambda: SmallNetwork.random("gelu"), "activation .* got 'gelu'"),
        (lambda: normal_quadrature(0.0), "sigma .* got 0.0"),
        (lambda: normal_quadrature(math.nan), "sigma .* got nan"),
        (lambda: noise_moment("cauchy", 2), "distribution .* got 'cauchy'"),
        (lambda: batch_average_moments("student-t", 3, 64), "n = 3 is too large for 'student-t'.*use n <= 2"),
        (lambda: batch_average_moments("normal", 0, 64), "n must be .* got 0: it is the power"),
        (lambda: batch_average_moments("normal", 1, 0), "batch_size must be .* got 0: it counts"),
    ],
)
def test_bad_input_names_the_argument_and_the_value(call, message):
    with pytest.raises(ValueError, match=message):
        call()
