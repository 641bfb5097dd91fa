"""The noise expansion (Eqs. 1-3, 11-14, footnote 3) and batch averages (Theorem 1, Eqs. 15-22)."""

import math

import numpy as np
import pytest
import sympy as sp
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

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


@settings(deadline=None)
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


@settings(max_examples=50, deadline=None)
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
    assert torch.allclose(g, torch.func.grad(lambda z: loss(z).sum())(z), rtol=1e-13, atol=1e-15)
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


# --- Quadrature ----------------------------------------------------------------------------------------


@given(sigma=st.floats(0.01, 10), kinks=st.lists(st.floats(-30, 30), max_size=4))
@settings(deadline=None)
def test_quadrature_moments_do_not_depend_on_where_it_is_split(sigma, kinks):
    nodes, weights = normal_quadrature(sigma, kinks)
    for k, moment in enumerate([1, 0, 1, 0, 3, 0, 15]):
        assert weights @ (nodes / sigma) ** k == pytest.approx(moment, abs=1e-9)


@given(sigma=st.floats(0.1, 3), kink=st.floats(-5, 5))
@settings(deadline=None)
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


# --- Bad input -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: directional_derivatives(lambda z: z[:, 0], normal(3, 1), normal(1), -1), "order .* got -1"),
        (lambda: SmallNetwork.random("gelu"), "activation .* got 'gelu'"),
        (lambda: normal_quadrature(0.0), "sigma .* got 0.0"),
        (lambda: normal_quadrature(math.nan), "sigma .* got nan"),
    ],
)
def test_bad_input_names_the_argument_and_the_value(call, message):
    with pytest.raises(ValueError, match=message):
        call()
