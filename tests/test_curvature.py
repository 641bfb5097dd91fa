import dataclasses
import itertools
import math
import os
import re

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from nin_lib.curvature import LocalCurvature
from nin_lib.data import Data, load
from nin_lib.decay import estimate_curvature, fit_decay, predict_decay
from nin_lib.expansion import loglog_slope
from nin_lib.injection import NoiseInjection
from nin_lib.training import LOSSES, train

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def digits():
    whole = load("digits")
    return Data("some", whole.x_train[:40], whole.y_train[:40], whole.x_val[:9], whole.y_val[:9], "")


class Twice(nn.Module):
    """A net that passes through one of its layers two times."""

    def __init__(self):
        super().__init__()
        self.into, self.again, self.out = nn.Linear(64, 5), nn.Linear(5, 5), nn.Linear(5, 10)

    def forward(self, x, delta=0.0):
        h = torch.tanh(self.into(x))
        return self.out(torch.tanh(self.again(torch.tanh(self.again(h) + delta)) + delta))


def nets():
    """(net, name of the layer with the NIN, net's output at z + delta written out), all in float64."""
    torch.manual_seed(0)
    tanh = nn.Sequential(nn.Linear(64, 9), nn.Tanh(), nn.Linear(9, 7), nn.Tanh(), nn.Linear(7, 10)).double()
    relu = nn.Sequential(nn.Linear(64, 9), nn.ReLU(), nn.Linear(9, 10)).double()
    conv = nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 3, 3), nn.Tanh(), nn.Conv2d(3, 4, 3), nn.ReLU(),
        nn.Flatten(), nn.Dropout(0.5), nn.Linear(64, 10),
    ).double()  # fmt: skip
    tokens = nn.Sequential(
        nn.Unflatten(1, (8, 8)), nn.Linear(8, 6), nn.Tanh(), nn.Flatten(), nn.Linear(48, 10)
    ).double()
    twice = Twice().double()
    channels = (1, -1, 1, 1)
    return {
        "tanh": (tanh, "0", lambda x, d: tanh[1:](tanh[0](x) + d)),
        "tanh, second layer": (tanh, "2", lambda x, d: tanh[3:](tanh[:3](x) + d)),
        "relu": (relu, "0", lambda x, d: relu[1:](relu[0](x) + d)),
        "conv": (conv, "1", lambda x, d: conv.eval()[2:](conv[:2](x) + d.reshape(channels))),
        "conv, second layer": (conv, "3", lambda x, d: conv.eval()[4:](conv[:4](x) + d.reshape(channels))),
        "linear layer at 8 places": (tokens, "1", lambda x, d: tokens[2:](tokens[:2](x) + d)),
        "layer used twice": (twice, "again", twice),
    }


# --- gradient and Hessian, against dense autograd and against curvlinops -------------------------------------------


@pytest.mark.parametrize("loss", ["ce", "mse"])
@pytest.mark.parametrize("name", nets())
def test_gradient_and_hessian_are_those_of_dense_autograd(digits, name, loss):
    net, layer, shifted = nets()[name]
    x, y, criterion = digits.x_train, digits.y_train, LOSSES[loss]
    nin = NoiseInjection(net, layer, sigma_eps=3.0)
    zero = torch.zeros_like(nin.weight)
    oracle = torch.autograd.functional.hessian(lambda d: criterion(shifted(x, d), y), zero).numpy()
    one_by_one = [
        torch.autograd.functional.jacobian(
            lambda d, i=i: criterion(shifted(x[i : i + 1], d), y[i : i + 1]), zero
        )
        for i in range(len(x))
    ]
    net.train()
    for rows in (7, 1000):
        curvature = LocalCurvature(net, nin, x, y, loss, rows=rows)
        assert np.abs(curvature.matrix() - oracle).max() < 1e-10 * np.abs(oracle).max()
        assert np.abs(curvature.gradients() - torch.stack(one_by_one).numpy()).max() < 1e-10
        v = np.random.default_rng(1).standard_normal(len(zero))
        np.testing.assert_allclose(curvature @ v, oracle @ v, atol=1e-10 * np.abs(oracle).max())
        assert abs(curvature.rayleigh(v) - v @ oracle @ v / (v @ v)) < 1e-10 * np.abs(oracle).max()
        np.testing.assert_allclose(curvature.extremes(), np.linalg.eigvalsh(oracle)[[0, -1]], atol=1e-12)
        assert curvature.largest() == curvature.extremes()[1]


def test_measuring_leaves_no_trace(digits):
    net, layer, _ = nets()["conv"]
    nin, twin = (
        NoiseInjection(net, layer, sigma_eps=3.0),
        NoiseInjection(nets()["conv"][0], layer, sigma_eps=3.0),
    )
    before = [p.detach().clone() for p in net.parameters()]
    net.train()
    curvature = LocalCurvature(net, nin, digits.x_train, digits.y_train)
    curvature.matrix(), curvature.gradients(), curvature.pull(), curvature.kick()
    assert net.training and all(p.grad is None for p in net.parameters())
    assert all(torch.equal(p, q) for p, q in zip(net.parameters(), before, strict=True))
    assert torch.equal(nin.sample(5), twin.sample(5))  # the noise of the training is still to come
    net.eval()
    plain = net(digits.x_val)
    nin.remove()
    assert torch.equal(net(digits.x_val), plain)


def test_measuring_wakes_no_part_that_was_frozen_and_keeps_statistics_and_gradients(digits):
    net = nn.Sequential(
        nn.BatchNorm1d(64), nn.Linear(64, 8), nn.GELU(), nn.Dropout(0.5), nn.Linear(8, 10)
    ).double()
    nin = NoiseInjection(net, "1", 1.0)
    net[0].eval()
    net[3].eval()
    net(digits.x_train[:4]).sum().backward()
    before = [p.grad.clone() for p in net.parameters() if p.grad is not None]
    statistics = [b.clone() for b in net.buffers()]
    curvature = LocalCurvature(net, nin, digits.x_train[:8], digits.y_train[:8])
    curvature.pull()
    curvature.largest()
    curvature.trace(2)
    assert [part.training for part in net] == [False, True, True, False, True] and net.training
    assert all(map(torch.equal, before, (p.grad for p in net.parameters() if p.grad is not None)))
    assert all(map(torch.equal, statistics, net.buffers()))


def test_rows_change_nothing_and_a_net_where_they_would_is_refused(digits):
    def net_with(norm):
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(64, 8), norm, nn.GELU(), nn.Linear(8, 10)).double().eval()
        return net, NoiseInjection(net, "3", 1.0), digits.x_train[:9], digits.y_train[:9]

    matrices = [LocalCurvature(*net_with(nn.BatchNorm1d(8)), rows=rows).matrix() for rows in (2, 9)]
    assert np.allclose(*matrices, rtol=1e-9, atol=1e-12)
    with pytest.raises(ValueError, match="net must treat each sample by itself.*BatchNorm without running"):
        LocalCurvature(*net_with(nn.BatchNorm1d(8, track_running_stats=False)))


def test_tokens_stay_whole_numbers():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Embedding(50_000, 4), nn.Linear(4, 6), nn.Flatten(), nn.Linear(18, 10))
    net = net.to(torch.bfloat16)
    nin = NoiseInjection(net, "1", 1.0)
    x, y = torch.tensor([[40_001, 7, 9], [40_000, 1, 49_999]]), torch.tensor([0, 1])
    seen = []
    net[0].register_forward_pre_hook(lambda layer, inputs: seen.append(inputs[0]))
    LocalCurvature(net, nin, x, y).gradients()
    data = Data("tokens", x, y, x, y, "")
    train(net, data, nin=nin, batch_size=2, epochs=1)
    assert all(not tokens.is_floating_point() for tokens in seen) and 40_001 in torch.cat(seen)


def test_curvlinops_finds_the_same(digits):
    # A bias shifts the preactivation of every sample, too: its block of the full Hessian is <H>.
    if "CI" not in os.environ:
        pytest.importorskip("curvlinops", reason="`make` installs it, conda does not")
    import curvlinops

    for name in ("tanh", "conv, second layer"):
        net, layer, _ = nets()[name]
        net.eval()
        data = [(digits.x_train[:25], digits.y_train[:25]), (digits.x_train[25:], digits.y_train[25:])]
        bias = net.get_submodule(layer).bias
        theirs = curvlinops.HessianLinearOperator(net, nn.CrossEntropyLoss(), [bias], data)
        oracle = theirs @ torch.eye(len(bias), dtype=torch.float64)
        nin = NoiseInjection(net, layer, sigma_eps=3.0)
        ours = LocalCurvature(net, nin, digits.x_train, digits.y_train).matrix()
        assert np.abs(ours - oracle.numpy()).max() < 1e-10 * np.abs(ours).max()


def test_eigenvalues_and_trace_without_the_matrix(digits):
    torch.manual_seed(1)
    net = nn.Sequential(nn.Linear(64, 90), nn.Tanh(), nn.Linear(90, 10)).double()
    curvature = LocalCurvature(net, NoiseInjection(net, "0", 1.0), digits.x_train, digits.y_train)
    matrix = curvature.matrix()
    eigenvalues = np.linalg.eigvalsh(matrix)
    assert eigenvalues[0] < 0 < eigenvalues[-1]
    np.testing.assert_allclose(curvature.extremes(), eigenvalues[[0, -1]], atol=1e-7 * eigenvalues[-1])
    assert curvature.largest() == pytest.approx(eigenvalues[-1], rel=1e-7)
    trace, error = curvature.trace(probes=200)
    assert abs(trace - np.trace(matrix)) < 4 * error
    # Hutchinson's variance is twice the squared size of the off-diagonal part.
    off = matrix - np.diag(np.diag(matrix))
    assert abs(error * math.sqrt(200) / (math.sqrt(2) * np.linalg.norm(off)) - 1) < 0.2


@pytest.mark.parametrize("features", [20, 90])  # with the matrix, and without
def test_a_net_whose_units_are_all_off_has_no_curvature(digits, features):
    net = nn.Sequential(nn.Linear(64, features), nn.ReLU(), nn.Linear(features, 10)).double()
    with torch.no_grad():
        net[0].bias.fill_(-1e6)
    curvature = LocalCurvature(net, NoiseInjection(net, "0", 1.0), digits.x_train, digits.y_train)
    assert curvature.largest() == 0 and tuple(curvature.extremes()) == (0, 0) and curvature.pull() == 0


def test_pull_is_the_rayleigh_quotient_in_weak_noise_and_the_exact_mean_in_strong(digits):
    net, layer, shifted = nets()["tanh"]
    x, y, many = digits.x_train[:10], digits.y_train[:10], 2000
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    for sigma, tolerance in [(1e-3, 0.02), (3.0, 0.02)]:
        nin = NoiseInjection(net, layer, sigma, seed=2)
        weight = nin.weight.detach().clone()

        def mean_loss(w, sigma=sigma):
            losses = [functional.cross_entropy(shifted(x, sigma * e * w), y) for e in nodes]
            return torch.stack(losses) @ torch.from_numpy(weights / weights.sum())

        slope = torch.autograd.functional.jacobian(mean_loss, weight) @ weight
        exact = (slope / (sigma**2 * weight @ weight)).item()
        curvature = LocalCurvature(net, nin, x.repeat(many, 1), y.repeat(many))
        pull, rayleigh = curvature.pull(), curvature.rayleigh(weight.numpy())
        assert pull == pytest.approx(exact, rel=tolerance)
        assert (abs(rayleigh / exact - 1) < 1e-5) == (sigma == 1e-3)
        nin.remove()
    assert abs(rayleigh / exact - 1) > 5 * tolerance


@pytest.mark.parametrize("name", ["tanh", "conv, second layer"])
def test_kick_is_the_mean_square_gradient_of_the_niw_itself(digits, name):
    net, layer, _ = nets()[name]
    net.eval()
    nin = NoiseInjection(net, layer, sigma_eps=3.0)
    curvature = LocalCurvature(net, nin, digits.x_train, digits.y_train, rows=7)
    eps = 3.0 * np.random.default_rng(5).standard_normal(40)
    squares = []
    for signed in (eps, -eps):
        for x, y, e in zip(digits.x_train, digits.y_train, signed, strict=True):
            with nin.noise([e]):
                (gradient,) = torch.autograd.grad(functional.cross_entropy(net(x[None]), y[None]), nin.weight)
            squares.append((gradient**2).sum().item())
    assert curvature.kick(seed=5) == pytest.approx(np.mean(squares) / 9, rel=1e-10)
    # In weak noise, what the gradients without noise say, but for the chance in eps^2.
    with torch.no_grad():
        nin.weight.mul_(1e-6)
    many = LocalCurvature(net, nin, digits.x_train.repeat(500, 1), digits.y_train.repeat(500))
    assert many.kick() == pytest.approx((curvature.gradients() ** 2).sum(1).mean(), rel=0.05)


def test_reading_is_the_mean_of_one_step_and_its_parts_are_those_of_an_eigenvector(digits):
    net, layer, _ = nets()["tanh"]
    nin = NoiseInjection(net, layer, sigma_eps=3.0, seed=1)
    curvature = LocalCurvature(net, nin, digits.x_train.repeat(400, 1), digits.y_train.repeat(400), "ce")
    start, lr, batch_size = nin.weight.detach().clone(), 0.5, 5
    rng, squares = np.random.default_rng(0), []
    for _ in range(6000):
        batch = rng.integers(0, 40, batch_size)
        with nin.noise(nin.sample(batch_size)):
            loss = functional.cross_entropy(net(digits.x_train[batch]), digits.y_train[batch])
        (gradient,) = torch.autograd.grad(loss, nin.weight)
        squares.append(((start - lr * gradient) ** 2).sum().item() / (start**2).sum().item())
    measured = (1 - math.sqrt(np.mean(squares))) / (lr * 9)
    error = np.std(squares) / math.sqrt(len(squares)) / (2 * lr * 9)
    read = curvature.reading(lr, batch_size)
    assert abs(read - measured) < 4 * error + 0.01 * curvature.pull() and 4 * error < 0.2 * abs(read)
    assert abs(read / curvature.pull() - 1) > 0.5  # the kicks matter here

    # In weak noise, along an eigenvector.
    eigenvalues, vectors = np.linalg.eigh(curvature.matrix())
    with torch.no_grad():
        nin.weight.copy_(1e-3 * torch.from_numpy(vectors[:, -1]))
    assert curvature.pull() == pytest.approx(eigenvalues[-1], rel=0.05)
    assert curvature.pull_square() == pytest.approx(eigenvalues[-1] ** 2, rel=0.1)
    assert curvature.reading(lr, 10**9) == pytest.approx(eigenvalues[-1], rel=0.05)


def test_reading_is_exact_for_batches_of_one_and_of_two_samples(digits):
    """With noise of two values every batch can be listed."""
    net, layer, _ = nets()["tanh"]
    nin = NoiseInjection(net, layer, 3.0, "rademacher", seed=1)
    x, y, lr = digits.x_train[:6], digits.y_train[:6], 0.05
    start = nin.weight.detach().numpy().copy()
    gradients = {}
    for sample, eps in itertools.product(range(6), (-3.0, 3.0)):
        with nin.noise(torch.tensor([eps])):
            loss = functional.cross_entropy(net(x[[sample]]), y[[sample]])
        gradients[sample, eps] = torch.autograd.grad(loss, nin.weight)[0].numpy()
    for batch_size in (1, 2):
        squares = [
            ((start - lr * np.mean([gradients[drawn] for drawn in batch], axis=0)) ** 2).sum()
            for batch in itertools.combinations(gradients, batch_size)
            if len({sample for sample, _ in batch}) == batch_size
        ]
        factor = math.sqrt(np.mean(squares) / (start**2).sum())
        read = LocalCurvature(net, nin, x, y, "ce").reading(lr, batch_size)
        assert read == pytest.approx((1 - factor) / (lr * 9), rel=1e-9)


# --- the decay that <H> predicts ----------------------------------------------------------------------------------


def test_frozen_net_follows_the_matrix_power(digits):
    """Exact mean dynamics of W_NI (Gauss-Hermite, no expansion) on a frozen tanh net."""
    torch.manual_seed(3)
    net = nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10)).double()
    x, y, steps = digits.x_train[:20], digits.y_train[:20], 40
    nin = NoiseInjection(net, "0", sigma_eps=1.0)
    matrix = LocalCurvature(net, nin, x, y, "mse").matrix()
    start = nin.weight.detach().clone()
    nodes, weights = np.polynomial.hermite_e.hermegauss(8)
    eps, weights = torch.from_numpy(nodes).repeat_interleave(20), torch.from_numpy(weights / weights.sum())
    x, targets = x.repeat(8, 1), functional.one_hot(y, 10).double().repeat(8, 1)
    errors, sizes = [], np.array([0.045, 0.09, 0.18, 0.36])
    for sigma in sizes / start.norm().item():
        lr = 1.5 / steps / (sigma**2 * np.linalg.eigvalsh(matrix)[-1])
        with torch.no_grad():
            nin.weight.copy_(start)
        for _ in range(steps):
            with nin.noise(sigma * eps):
                losses = ((net(x) - targets) ** 2).reshape(8, -1).mean(1)
            (pull,) = torch.autograd.grad(losses @ weights, nin.weight)
            with torch.no_grad():
                nin.weight.sub_(lr * pull)
        truth = nin.weight.detach().numpy()
        predicted = predict_decay(start, [matrix], steps, eta=lr, sigma_eps=sigma)[-1]
        power = np.linalg.matrix_power(np.eye(32) - lr * sigma**2 * matrix, steps) @ start.numpy()
        np.testing.assert_allclose(predicted, power, rtol=1e-12)
        errors.append(np.linalg.norm(predicted - truth) / np.linalg.norm(truth))
        for scalar in (np.trace(matrix), np.trace(matrix) / 32):
            scaled = start.numpy() * (1 - lr * sigma**2 * scalar) ** steps
            assert np.linalg.norm(scaled - truth) > 0.2 * np.linalg.norm(truth)
    assert errors[1] <= 1e-3
    assert loglog_slope(sizes, errors) == pytest.approx(2, abs=0.1)


def test_niw_becomes_unstable_where_the_largest_eigenvalue_says():
    """Linear activations and zero residual: no kicks, no higher orders, so that SGD itself has the sharp threshold."""
    rng = np.random.default_rng(0)
    net = nn.Sequential(nn.Linear(10, 10, bias=False), nn.Linear(10, 10, bias=False)).double()
    first = torch.from_numpy(rng.standard_normal((10, 10)))
    with torch.no_grad():
        net[0].weight.copy_(first)
        net[1].weight.copy_(torch.linalg.inv(first))
    y = torch.arange(10).repeat(3)
    x = functional.one_hot(y, 10).double()
    assert functional.mse_loss(net(x), x).item() < 1e-25
    nin = NoiseInjection(net, "0", sigma_eps=1.0, distribution="rademacher")
    start = nin.weight.detach().clone()
    curvature = LocalCurvature(net, nin, x, y, "mse")
    lr = 0.1
    threshold = math.sqrt(2 / (lr * curvature.extremes()[1]))
    sizes = {}
    for factor in (0.99, 1.01):
        with torch.no_grad():
            nin.weight.copy_(start)
        for _ in range(600):
            with nin.noise(factor * threshold * nin.sample(len(x))):
                (pull,) = torch.autograd.grad(LOSSES["mse"](net(x), y), nin.weight)
            with torch.no_grad():
                nin.weight.sub_(lr * pull)
        sizes[factor] = (nin.weight.norm() / start.norm()).item()
    assert sizes[0.99] < 1 and sizes[1.01] > 1e3
    assert (
        np.linalg.norm(predict_decay(start, [curvature], 600, eta=lr, sigma_eps=1.01 * threshold)[-1]) > 1e3
    )


def test_trajectory_of_hessians():
    first, second, w = np.diag([1.0, 2.0]), np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([1.0, -1.0])
    path = predict_decay(w, [first, second], [3, 2], eta=0.1, sigma_eps=0.5)
    one, two = (np.eye(2) - 0.1 * 0.25 * h for h in (first, second))
    np.testing.assert_allclose(path, [w, one @ one @ one @ w, two @ two @ one @ one @ one @ w], rtol=1e-12)
    assert not np.isfinite(predict_decay(w, [first], 200, eta=1e3, sigma_eps=1.0)[-1]).any()


# --- and back -----------------------------------------------------------------------------------------------------


def history_of(path, lr, sigma, digits):
    """A History whose W_NI follows `path`, (epochs + 1, features), with 2 steps in an epoch."""
    net = nn.Sequential(nn.Linear(64, path.shape[1]), nn.Tanh(), nn.Linear(path.shape[1], 10)).double()
    nin = NoiseInjection(net, "0", sigma)
    history = train(net, digits, eta=lr, batch_size=20, epochs=len(path) - 1, nin=nin)
    return dataclasses.replace(history, niw_norm=np.linalg.norm(path, axis=1), niw=path[history.niw_epochs])


def test_estimate_inverts_the_prediction(digits):
    lr, sigma = 0.05, 2.0
    rotation = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0]
    eigenvalues = np.array([0.1, 0.5, 2.0])
    matrix = rotation @ np.diag(eigenvalues) @ rotation.T
    path = predict_decay(rotation @ [1, 1, 1], [matrix] * 12, 2, eta=lr, sigma_eps=sigma)
    estimate = estimate_curvature(history_of(path, lr, sigma, digits), directions=rotation)
    assert estimate.rates.shape == (9, 3)
    np.testing.assert_allclose(estimate.rates, np.tile(eigenvalues, (9, 1)), rtol=1e-10)
    rayleigh = np.einsum("ti,ij,tj->t", path, matrix, path) / (path**2).sum(1)
    assert np.all(estimate.rayleigh < rayleigh[:-1]) and np.all(estimate.rayleigh > rayleigh[1:])

    along = predict_decay(rotation[:, 2], [matrix] * 12, 2, eta=lr, sigma_eps=sigma)
    estimate = estimate_curvature(history_of(along, lr, sigma, digits))
    np.testing.assert_allclose(estimate.rayleigh, 2.0, rtol=1e-10)
    np.testing.assert_allclose(estimate.rates, 2.0, rtol=1e-10)  # along an eigenvector each feature tells it

    along[5:] = np.inf
    estimate = estimate_curvature(history_of(along, lr, sigma, digits))
    assert np.isfinite(estimate.rayleigh[:4]).all() and np.isnan(estimate.rayleigh[4:]).all()


# --- fits ---------------------------------------------------------------------------------------------------------

EPOCHS = np.arange(41.0)


def test_fit_and_its_uncertainty():
    exact = fit_decay(EPOCHS + 7, 0.3 + 2 * np.exp(-EPOCHS / 5))
    assert (exact.a, exact.b, exact.tau) == pytest.approx((0.3, 2, 5), rel=1e-6) and not exact.reason
    # A last point that makes the curve's minimum be there, whatever the noise.
    rng, scores, truth = np.random.default_rng(0), [], np.array([0.0, 2.0, 5.0])
    t = np.append(EPOCHS, 1000.0)
    for _ in range(150):
        y = 2 * np.exp(-EPOCHS / 5) + 0.02 * rng.standard_normal(41)
        y = np.append(y, y.min() - 1e-9)
        fit = fit_decay(t, y)
        scores.append((np.array([fit.a, fit.b, fit.tau]) - truth) / [fit.a_error, fit.b_error, fit.tau_error])
    assert np.all(np.abs(np.mean(scores, axis=0)[1:]) < 0.4) and np.all(
        np.abs(np.std(scores, axis=0) - 1) < 0.3
    )


def test_only_the_curve_up_to_its_minimum_is_fitted():
    y = 1 + np.exp(-EPOCHS / 4)
    risen = np.concatenate([y, y[-1] + 0.1 * EPOCHS[1:]])
    assert fit_decay(np.arange(81.0), risen) == fit_decay(EPOCHS, y)


@pytest.mark.parametrize(
    "y, reason",
    [
        (np.where(EPOCHS < 6, np.exp(EPOCHS), np.inf), "finite"),
        (np.where(EPOCHS < 6, 1.0, np.nan), "finite"),
        (EPOCHS, "1 points up to its minimum"),
        (np.abs(EPOCHS - 3), "4 points up to its minimum"),
        (EPOCHS * np.exp(-EPOCHS / 5) + 1 - EPOCHS / 40, "rises before it falls"),  # a catapult
        (10 - EPOCHS / 10, "as good as straight"),
        (
            np.ones(41) - 1e-3 * np.cumsum(np.random.default_rng(4).standard_normal(41)),
            "points|rises|straight|deviates",
        ),
        (np.where(EPOCHS < 20, 1.0, np.where(EPOCHS < 40, 0.5, 0.0)), "straight|deviates"),
        (1 + np.cos(EPOCHS / 41 * np.pi), "straight|deviates|no exponential"),
        (2 * np.exp(-EPOCHS / 5) + 0.2 * (-1.0) ** EPOCHS, "deviates from the best exponential"),
    ],
)
def test_what_is_no_exponential_is_refused_with_the_reason(y, reason):
    fit = fit_decay(EPOCHS, y)
    assert re.search(reason, fit.reason)
    assert all(math.isnan(value) for value in dataclasses.astuple(fit)[:-1])


# --- bad input ----------------------------------------------------------------------------------------------------


def test_bad_input(digits):
    net, layer, _ = nets()["tanh"]
    nin, x, y = NoiseInjection(net, layer, 1.0), digits.x_train, digits.y_train
    other = NoiseInjection(nets()["relu"][0], "0", 1.0)
    for arguments, message in [
        ((net, other, x, y), "nin on layer '0' is not attached to this net: use NoiseInjection"),
        ((net, nin, x, y[:-1]), "x and y must hold the same number >= 1 of samples, got 40 and 39"),
        ((net, nin, x[:0], y[:0]), "got 0 and 0"),
        ((net, nin, x, y, "l1"), "loss must be one of .*, got 'l1'"),
        ((net, nin, x, y, "ce", 0), "rows must be a whole number >= 1, got 0"),
    ]:
        with pytest.raises(ValueError, match=message):
            LocalCurvature(*arguments)
    with torch.no_grad():
        net[0].bias.fill_(torch.nan)
    curvature = LocalCurvature(net, nin, x, y)
    for measure in (curvature.matrix, curvature.gradients, curvature.pull, curvature.kick):
        with pytest.raises(ValueError, match="not finite.*measure before it diverges"):
            measure()
    with pytest.raises(
        ValueError, match=r"sequence of 2 x 2 matrices, got one of shape \(2,\): use \[hessian\]"
    ):
        predict_decay([1.0, 2.0], np.eye(2), 5, eta=0.1, sigma_eps=1.0)
    net = nets()["tanh"][0]
    still = LocalCurvature(net, NoiseInjection(net, "0", 0.0), x, y)
    for measure in (still.pull, still.kick, still.pull_square, lambda: still.reading(0.1, 10)):
        with pytest.raises(ValueError, match="nin has sigma_eps = 0.*use a larger sigma_eps"):
            measure()
    net = nets()["tanh"][0]
    without, silent = None, NoiseInjection(net, "0", 0.0)
    two = [silent, NoiseInjection(net, "2", 1.0)]
    for nins, sigmas in [(without, []), (silent, [0.0]), (two, [0.0, 1.0])]:
        history = train(net, digits, batch_size=20, epochs=1, nin=nins)
        with pytest.raises(
            ValueError, match=f"one NIN with sigma_eps > 0, got {re.escape(str(sigmas))}: train"
        ):
            estimate_curvature(history)
    for t, y in [([0, 1, 1], [3, 2, 1]), ([0, 1], [1, 2, 3]), ([[0, 1]], [[0, 1]])]:
        with pytest.raises(ValueError, match="t must increase and have the shape"):
            fit_decay(t, y)
