import copy
import math
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from nin_lib.distributions import DISTRIBUTIONS
from nin_lib.injection import NoiseInjection


def dense(activation=torch.nn.ReLU, widths=(6, 8, 3)):
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Linear(widths[0], widths[1]), activation(), torch.nn.Linear(widths[1], widths[2])
    ).double()


def convolutional():
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(16, 3)
    ).double()


# A net, the layer of its NIN, an input batch, and where the layer keeps its features.
CASES = {
    "linear": (dense, "0", (5, 6), -1),
    "inner linear": (dense, "2", (5, 6), -1),
    "sequences": (dense, "0", (5, 7, 6), -1),
    "convolution": (convolutional, "0", (5, 1, 4, 4), 1),
    "one layer": (lambda: torch.nn.Conv1d(2, 4, 3).double(), "", (5, 2, 9), 1),
}


@pytest.fixture(params=CASES)
def case(request):
    make, layer, shape, features = CASES[request.param]
    net = make()
    torch.manual_seed(1)
    x = torch.randn(shape, dtype=torch.float64)
    return net, layer, x, features


# --- the forward pass ---------------------------------------------------------------------------------------------


def test_the_preactivation_is_shifted_by_weight_times_eps(case):
    net, layer, x, features = case
    seen = []
    plain = copy.deepcopy(net)
    plain.get_submodule(layer).register_forward_hook(lambda layer, inputs, z: seen.append(z))
    plain(x)
    nin = NoiseInjection(net, layer, sigma_eps=3.0)
    net.get_submodule(layer).register_forward_hook(lambda layer, inputs, z: seen.append(z))
    eps = nin.sample(len(x))
    with nin.noise(eps):
        net(x)
    z, shifted = (seen_z.movedim(features, -1) for seen_z in seen)
    for i, e in enumerate(eps):
        torch.testing.assert_close(
            shifted[i] - z[i], (nin.weight * e).expand_as(z[i]), rtol=1e-12, atol=1e-12
        )


def test_zero_noise_or_zero_weight_or_no_block_is_exactly_the_plain_net(case):
    net, layer, x, _ = case
    plain = net(x)
    nin = NoiseInjection(net, layer, sigma_eps=3.0)
    assert torch.equal(net(x), plain)
    with nin.noise(torch.zeros(len(x))):
        assert torch.equal(net(x), plain)
    with nin.noise(nin.sample(len(x))):
        assert not torch.equal(net(x), plain)
        with torch.no_grad():
            nin.weight.zero_()
        assert torch.equal(net(x), plain)


def test_the_noise_ends_with_its_block_even_after_an_error():
    net, x = dense(), torch.randn(4, 6, dtype=torch.float64)
    nin = NoiseInjection(net, "0", sigma_eps=3.0)
    outer, inner = nin.sample(4), nin.sample(4)
    with nin.noise(outer):
        before = net(x)
        with pytest.raises(KeyError), nin.noise(inner):
            raise KeyError
        assert torch.equal(net(x), before), "the outer noise is back"
    assert torch.equal(net(x), dense()(x))


def test_two_nodes_act_together():
    net, x = dense(), torch.randn(5, 6, dtype=torch.float64)
    first, second = NoiseInjection(net, "0", sigma_eps=3.0), NoiseInjection(net, "2", sigma_eps=2.0)
    a, b = first.sample(5), second.sample(5)
    with first.noise(a), second.noise(b):
        noisy = net(x)
    hidden = torch.relu(functional.linear(x, net[0].weight, net[0].bias) + torch.outer(a, first.weight))
    expected = functional.linear(hidden, net[2].weight, net[2].bias) + torch.outer(b, second.weight)
    torch.testing.assert_close(noisy, expected, rtol=1e-12, atol=1e-12)


def test_eps_is_used_as_given():
    net, x, eps = dense(), torch.randn(3, 6, dtype=torch.float64), [1.0, -2.0, 0.5]
    outputs = []
    for sigma in (0.0, 7.0):
        nin = NoiseInjection(net, "0", sigma_eps=sigma)
        with nin.noise(eps):
            outputs.append(net(x))
        nin.remove()
    assert torch.equal(*outputs)


# --- randomness ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "distribution, kurtosis", [("normal", 3), ("uniform", 1.8), ("rademacher", 1), ("laplace", 6)]
)
def test_each_distribution_has_mean_0_deviation_sigma_and_its_own_shape(distribution, kurtosis):
    n, sigma = 400_000, 2.5
    eps = NoiseInjection(dense(), "0", sigma, distribution).sample(n)
    assert eps.shape == (n,)
    assert abs(eps.mean()) < 5 * sigma / math.sqrt(n)
    assert abs(eps.std() / sigma - 1) < 5 * math.sqrt(max(kurtosis - 1, 0.01) / (4 * n))
    assert abs((eps**4).mean() / sigma**4 / kurtosis - 1) < 0.05


def test_every_distribution_is_tested():
    assert list(DISTRIBUTIONS) == ["normal", "uniform", "rademacher", "laplace"]


@pytest.mark.parametrize(
    "layer, fan_in", [(torch.nn.Linear(50, 20_000), 50), (torch.nn.Conv2d(4, 20_000, 3, groups=2), 18)]
)
def test_initial_weights_have_variance_1_over_fan_in(layer, fan_in):
    weight = NoiseInjection(layer, "", sigma_eps=1.0).weight
    assert weight.shape == (20_000,)
    assert abs(weight.mean()) < 5 / math.sqrt(20_000 * fan_in)
    assert abs(weight.std() * math.sqrt(fan_in) - 1) < 5 / math.sqrt(2 * 20_000)


def test_the_seed_decides_everything_and_layers_are_independent():
    def numbers(seed, layer):
        nin = NoiseInjection(dense(widths=(8, 8, 8)), layer, sigma_eps=1.0, seed=seed)
        return torch.cat([nin.weight.detach(), nin.sample(8), nin.sample(8)]).tolist()

    assert numbers(3, "0") == numbers(3, "0")
    drawn = numbers(3, "0") + numbers(4, "0") + numbers(3, "2")
    assert len(set(drawn)) == len(drawn)


def test_a_generator_supplies_its_own_numbers():
    class Ones(np.random.Generator):
        def standard_normal(self, size):
            return np.ones(size)

    nin = NoiseInjection(dense(), "0", sigma_eps=2.0, seed=Ones(np.random.PCG64()))
    assert nin.weight.tolist() == [1 / math.sqrt(6)] * 8 and nin.sample(3).tolist() == [2.0] * 3


# --- gradients ----------------------------------------------------------------------------------------------------


def test_training_follows_a_plain_net_that_has_eps_among_its_inputs():
    """The NIN is one more input with weights of its own, so a plain net that sees (x, eps) is an oracle."""
    net = dense()
    nin = NoiseInjection(net, "0", sigma_eps=3.0)
    oracle = dense(widths=(7, 8, 3))
    with torch.no_grad():
        oracle[0].weight.copy_(torch.cat([net[0].weight, nin.weight[:, None]], 1))
        for mine, its in zip(
            (net[0].bias, *net[2].parameters()), (oracle[0].bias, *oracle[2].parameters()), strict=True
        ):
            its.copy_(mine)
    rng = torch.Generator().manual_seed(0)
    for _ in range(20):
        x, y = torch.randn(9, 6, generator=rng, dtype=torch.float64), torch.randint(3, (9,), generator=rng)
        eps = nin.sample(9)
        with nin.noise(eps):
            loss = functional.cross_entropy(net(x), y)
        its_loss = functional.cross_entropy(oracle(torch.cat([x, eps[:, None]], 1)), y)
        for model, value in ((net, loss), (oracle, its_loss)):
            gradients = torch.autograd.grad(value, list(model.parameters()))
            with torch.no_grad():
                for parameter, gradient in zip(model.parameters(), gradients, strict=True):
                    parameter -= 0.1 * gradient
    close = {"rtol": 1e-12, "atol": 1e-13}
    torch.testing.assert_close(torch.cat([net[0].weight, nin.weight[:, None]], 1), oracle[0].weight, **close)
    torch.testing.assert_close(net[0].bias, oracle[0].bias, **close)
    torch.testing.assert_close(net[2].weight, oracle[2].weight, **close)
    torch.testing.assert_close(net[2].bias, oracle[2].bias, **close)


def balance_terms(w_in, b, w_ni, w_out):
    return torch.stack([(w_out**2).sum(0), -(w_in**2).sum(1), -(b**2), -(w_ni**2)])


def balance_residual(activation, sigma, eta, batch, seed):
    """Largest violation of the balance identity in one step and any hidden unit, over the largest of its terms."""
    net = dense(activation)
    nin = NoiseInjection(net, "0", sigma, seed=seed)
    rng = torch.Generator().manual_seed(seed)
    x, y = (
        torch.randn(batch, 6, generator=rng, dtype=torch.float64),
        torch.randint(3, (batch,), generator=rng),
    )
    with nin.noise(nin.sample(batch)):
        loss = functional.cross_entropy(net(x), y)
    weights = [net[0].weight, net[0].bias, nin.weight, net[2].weight]
    gradients = torch.autograd.grad(loss, weights)
    with torch.no_grad():
        before, kinetic = balance_terms(*weights), eta**2 * balance_terms(*gradients)
        for weight, gradient in zip(weights, gradients, strict=True):
            weight -= eta * gradient
        after = balance_terms(*weights)
        violation = (after.sum(0) - before.sum(0) - kinetic.sum(0)).abs()
        return (violation / torch.stack([before, kinetic, after]).abs().amax((0, 1))).max().item()


@given(
    activation=st.sampled_from([torch.nn.ReLU, torch.nn.Identity]),
    sigma=st.floats(0, 1e4),
    eta=st.floats(1e-3, 10),
    batch=st.integers(1, 40),
    seed=st.integers(0, 1000),
)
def test_balance_identity_per_hidden_unit(activation, sigma, eta, batch, seed):
    assert balance_residual(activation, sigma, eta, batch, seed) < 1e-12


@pytest.mark.parametrize("sigma", [0.1, 1, 10])
def test_balance_identity_fails_on_tanh(sigma):
    assert balance_residual(torch.nn.Tanh, sigma, 0.2, 40, 0) > 1e-4


class Population:
    """4,000 samples of a fixed data set, and the gradient of the NIWs on random batches of it at W_NI = 0."""

    def __init__(self, sigma=2.0):
        self.net, self.sigma = dense(), sigma
        rng = torch.Generator().manual_seed(0)
        self.x = torch.randn(4000, 6, generator=rng, dtype=torch.float64)
        self.y = torch.randint(3, (4000,), generator=rng)
        self.nin = NoiseInjection(self.net, "0", sigma)
        with torch.no_grad():
            self.nin.weight.zero_()
        self.rng = rng

    def local_gradients(self):
        """dL/dz of each sample: written out, with no NIN and no autograd."""
        with torch.no_grad():
            z = self.net[0](self.x)
            errors = torch.softmax(self.net[2](torch.relu(z)), 1) - functional.one_hot(self.y, 3)
            return errors @ self.net[2].weight * (z > 0)

    def gradients(self, batch_size, n):
        found = []
        for _ in range(n):
            batch = torch.randint(4000, (batch_size,), generator=self.rng)
            with self.nin.noise(self.nin.sample(batch_size)):
                loss = functional.cross_entropy(self.net(self.x[batch]), self.y[batch])
            found.append(torch.autograd.grad(loss, [self.nin.weight])[0])
        return torch.stack(found)


def test_covariance_of_the_gradient_of_the_noise_weights():
    """Cov = sigma^2 <g g^T> / |B| at W_NI = 0: the corrected first-order term of Eq. (2)."""
    population, batch_size, n = Population(), 32, 4000
    g = population.local_gradients()
    expected = population.sigma**2 * g.T @ g / len(g) / batch_size
    sampled = population.gradients(batch_size, n)
    rank = expected.trace() ** 2 / (expected @ expected).trace()
    error = torch.linalg.matrix_norm(sampled.T @ sampled / n - expected) / torch.linalg.matrix_norm(expected)
    assert error < 1.5 * math.sqrt((rank + 1) / n)
    assert (sampled.mean(0).abs() < 5 * (expected.diagonal() / n).sqrt()).all()


def test_the_gradients_deviation_falls_as_the_root_of_the_batch():
    population, sizes = Population(), (4, 32, 256)
    deviations = [population.gradients(size, 4000).square().sum(1).mean().sqrt().item() for size in sizes]
    slope = np.polyfit(np.log(sizes), np.log(deviations), 1)[0]
    assert abs(slope + 0.5) < 0.01


# --- the rest of PyTorch ------------------------------------------------------------------------------------------


def test_state_dict_carries_the_weights_under_the_layers_name():
    net, other = dense(), dense()
    with (node := NoiseInjection(net, "0", sigma_eps=1.0, seed=1)).noise(node.sample(4), unused=True):
        assert list(net.state_dict()) == ["0.weight", "0.bias", "0.nin_weight", "2.weight", "2.bias"]
    nin = NoiseInjection(other, "0", sigma_eps=1.0, seed=2)
    other.load_state_dict(net.state_dict())
    assert torch.equal(nin.weight, net[0].nin_weight)


@pytest.mark.parametrize(
    "duplicate",
    [
        copy.deepcopy,
        lambda pair: copy.deepcopy(pair[::-1])[::-1],
        lambda pair: pickle.loads(pickle.dumps(pair)),
    ],
    ids=["deepcopy", "deepcopy reversed", "pickle"],
)
def test_a_copy_works_by_itself(duplicate):
    net, x = dense(), torch.randn(4, 6, dtype=torch.float64)
    nin = NoiseInjection(net, "0", sigma_eps=3.0)
    twin, twin_nin = duplicate((net, nin))
    assert twin_nin.weight is twin[0].nin_weight and twin_nin.weight is not nin.weight
    eps = nin.sample(4)
    assert torch.equal(twin_nin.sample(4), eps), "the copy continues the same noise"
    with nin.noise(eps):
        noisy = net(x)
        assert torch.equal(twin(x), dense()(x)), "the noise of one is not that of the other"
    with twin_nin.noise(eps):
        assert torch.equal(twin(x), noisy)
    twin_nin.remove()
    assert torch.equal(twin(x), dense()(x))
    with nin.noise(eps):
        assert torch.equal(net(x), noisy)


def test_functional_call_replaces_the_weights():
    net, x = dense(), torch.randn(4, 6, dtype=torch.float64)
    nin = NoiseInjection(net, "0", sigma_eps=3.0)
    eps, w = nin.sample(4), torch.arange(8, dtype=torch.float64)
    with nin.noise(eps):
        replaced = torch.func.functional_call(net, {"0.nin_weight": w}, (x,))
    with torch.no_grad():
        nin.weight.copy_(w)
    with nin.noise(eps):
        assert torch.equal(replaced, net(x))


def test_to_moves_the_node_along():
    net = dense()
    nin = NoiseInjection(net, "0", sigma_eps=3.0)
    net.to(torch.float32)
    assert nin.weight.dtype == nin.sample(2).dtype == torch.float32
    with nin.noise(np.ones(2)):
        assert net(torch.ones(2, 6)).dtype == torch.float32
    assert NoiseInjection(torch.nn.Linear(2, 3, device="meta"), "", 1.0).sample(2).device.type == "meta"


def test_compiled_net_sees_each_noise_and_none_outside():
    net, x = dense(), torch.randn(4, 6, dtype=torch.float64)
    nin = NoiseInjection(net, "0", sigma_eps=3.0)
    compiled = torch.compile(net, backend="aot_eager")
    for eps in (nin.sample(4), nin.sample(4)):
        torch.testing.assert_close(compiled(x), net(x), rtol=1e-12, atol=1e-12)
        with nin.noise(eps):
            noisy = net(x)
            torch.testing.assert_close(compiled(x), noisy, rtol=1e-12, atol=1e-12)
            gradients = [torch.autograd.grad(m(x).square().sum(), [nin.weight])[0] for m in (net, compiled)]
        torch.testing.assert_close(*gradients, rtol=1e-12, atol=1e-12)
        assert not torch.allclose(noisy, net(x))


def compiled_in_place():
    net = dense()
    net[0].compile(backend="aot_eager")
    return net


@pytest.mark.parametrize("make", [lambda: torch.compile(dense(), backend="aot_eager"), compiled_in_place])
def test_a_compiled_net_is_refused(make):
    with pytest.raises(ValueError, match="net must not be compiled yet.*then call torch.compile"):
        NoiseInjection(make(), "0", sigma_eps=1.0)


def test_remove_leaves_no_trace(case):
    net, layer, x, _ = case
    before, plain = copy.deepcopy(net), net(x)
    nin = NoiseInjection(net, layer, sigma_eps=3.0)
    with nin.noise(nin.sample(len(x))):
        net(x)
    nin.remove()
    assert torch.equal(net(x), plain) and list(net.state_dict()) == list(before.state_dict())
    for part, original in zip(net.modules(), before.modules(), strict=True):
        assert list(vars(part)) == list(vars(original))
        for name, value in vars(original).items():
            if name not in ("_parameters", "_modules"):
                assert vars(part)[name] == value, name
    NoiseInjection(net, layer, sigma_eps=3.0)


# --- bad input ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments, message",
    [
        (
            {"sigma_eps": -1.0},
            "sigma_eps must be a finite number >= 0, got -1.0: use 0 to switch the noise off",
        ),
        ({"sigma_eps": math.nan}, "sigma_eps must be a finite number >= 0, got nan"),
        ({"sigma_eps": math.inf}, "sigma_eps must be a finite number >= 0, got inf"),
        ({"sigma_eps": "3"}, "sigma_eps must be a finite number >= 0, got '3'"),
        ({"seed": -1}, "seed must be an integer >= 0 or a numpy.random.Generator, got -1: use 0"),
        ({"seed": 1.5}, "seed must be an integer >= 0 or a numpy.random.Generator, got 1.5: use 0"),
        ({"layer": "7"}, r"layer must .* got '7', no layer of this net: use one of \['0', '2'\]"),
        ({"layer": "1"}, r"layer must .* got '1', a ReLU: use one of \['0', '2'\]"),
        ({"distribution": "cauchy"}, r"distribution must be one of 'normal', .*, got 'cauchy'"),
    ],
)
def test_a_bad_argument_is_refused_and_nothing_attached(arguments, message):
    net = dense()
    with pytest.raises(ValueError, match=message):
        NoiseInjection(net, **{"layer": "0", "sigma_eps": 1.0} | arguments)
    assert len(list(net.parameters())) == 4


def test_the_projection_that_attention_never_calls_is_refused():
    net = torch.nn.TransformerEncoderLayer(8, 2)
    with pytest.raises(
        ValueError,
        match=r"got 'self_attn.out_proj', which MultiheadAttention never calls.*"
        r"use one of \['linear1', 'linear2'\]",
    ):
        NoiseInjection(net, "self_attn.out_proj", sigma_eps=1.0)


def test_a_second_node_on_the_same_layer_is_refused():
    net = dense()
    NoiseInjection(net, "0", sigma_eps=1.0)
    with pytest.raises(ValueError, match="layer '0' has a NIN already: call its remove"):
        NoiseInjection(net, "0", sigma_eps=1.0)


def test_eps_of_another_length_or_shape_is_refused():
    net, x = dense(), torch.randn(4, 6, dtype=torch.float64)
    nin = NoiseInjection(net, "0", sigma_eps=1.0)
    with pytest.raises(ValueError, match=r"eps has length 1, but .* has 4: .* use nin.sample\(4\)"):
        with nin.noise(nin.sample(1)):
            net(x)
    with pytest.raises(ValueError, match=r"eps must have shape \(batch,\), got \(4, 1\)"):
        with nin.noise(torch.ones(4, 1)):
            net(x)
    assert torch.equal(net(x), dense()(x))


@pytest.mark.parametrize("per, shape", [("sample", (5,)), ("position", (5, 3))])
def test_a_block_draws_its_noise_when_the_layer_is_called_and_keeps_it(per, shape):
    torch.manual_seed(0)
    layer, x = torch.nn.Linear(6, 8).double(), torch.randn(5, 3, 6, dtype=torch.float64)
    nin = NoiseInjection(layer, "", 2.0, per=per)
    plain, eps = layer(x), copy.deepcopy(nin).sample(*shape)
    with nin.noise():
        shift = layer(x) - plain
        assert torch.equal(layer(x) - plain, shift)
        layer(x[:2])  # another shape has another noise
    expected = eps.reshape(5, -1, 1) * nin.weight
    torch.testing.assert_close(shift, expected.expand_as(shift), rtol=1e-12, atol=1e-12)
    with nin.noise(torch.zeros):
        assert torch.equal(layer(x), plain)
    with nin.noise():
        assert not torch.equal(layer(x) - plain, shift)
