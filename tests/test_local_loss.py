"""Curvature of nets, losses and batches that are not the book's."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils import checkpoint
from torch.utils.data import DataLoader, TensorDataset

from nin_lib.curvature import LocalCurvature
from nin_lib.data import load
from nin_lib.injection import NoiseInjection
from nin_lib.networks import network
from nin_lib.training import train

pytestmark = pytest.mark.usefixtures("one_thread")

RNG = np.random.default_rng(0)
X, CLASSES = torch.from_numpy(RNG.standard_normal((30, 6))), torch.arange(30) % 4


def smooth(out=4):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, out)).double()


def hessian(loss, features):
    """Dense, of a function of what is added to z."""
    zero = torch.zeros(features, dtype=torch.float64)
    return torch.autograd.functional.hessian(loss, zero).numpy()


def assert_near(found, expected, tolerance=1e-9):
    assert np.abs(found - expected).max() < tolerance * np.abs(expected).max()


# --- losses and batches -------------------------------------------------------------------------------------------


def test_any_loss_of_any_target_and_loaders_with_a_smaller_last_batch():
    net, y = smooth(out=1), torch.from_numpy(RNG.standard_normal((30, 1)))
    nin = NoiseInjection(net, "0", 1.0)
    expected = hessian(lambda d: functional.huber_loss(net[1:](net[0](X) + d), y, delta=0.3), 5)
    loader = DataLoader(TensorDataset(X, y), batch_size=8)

    def loss(output, y):
        return functional.huber_loss(output, y, delta=0.3)

    both = [LocalCurvature(net, nin, X, y, loss, rows=7), LocalCurvature(net, nin, loader, loss=loss)]
    for curvature in both:
        assert_near(curvature.matrix(), expected)
    for reading in ("pull", "kick", "pull_square"):  # the noise of a sample does not depend on its batch
        first, second = (getattr(curvature, reading)(seed=3) for curvature in both)
        assert first == pytest.approx(second, rel=1e-9)
    assert_near(both[0].gradients(), both[1].gradients())


class Language(nn.Module):
    """Takes named arguments and gives back its own loss, as those of Hugging Face do."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.embed, self.mix, self.out = nn.Embedding(11, 6), nn.Linear(6, 5), nn.Linear(5, 11)
        self.double()

    def logits(self, tokens, mask, delta=0.0):
        h = torch.tanh(self.mix(self.embed(tokens)) + delta)
        return self.out((h * mask[..., None]).cumsum(1))

    def forward(self, input_ids, attention_mask, labels):
        logits = self.logits(input_ids, attention_mask)
        return {"loss": functional.cross_entropy(logits.flatten(0, 1), labels.flatten()), "logits": logits}


def test_dictionaries_whose_net_returns_its_loss():
    net, tokens = Language(), torch.arange(24).reshape(4, 6) % 11
    mask, labels = (tokens != 3).double(), (tokens * 2) % 11
    batches = [
        {"input_ids": tokens[s], "attention_mask": mask[s], "labels": labels[s]}
        for s in (slice(0, 3), slice(3, 4))
    ]
    nin = NoiseInjection(net, "mix", 1.0)
    expected = hessian(
        lambda d: functional.cross_entropy(net.logits(tokens, mask, d).flatten(0, 1), labels.flatten()), 5
    )
    curvature = LocalCurvature(net, nin, batches, loss=lambda output, batch: output["loss"])
    assert_near(curvature.matrix(), expected)
    pairs = [(((b["input_ids"], b["attention_mask"], b["labels"])), None) for b in batches]
    assert_near(LocalCurvature(net, nin, pairs, loss=lambda output, y: output["loss"]).matrix(), expected)


@pytest.mark.parametrize("method", ["products", "differences"])
def test_positions_with_an_eps_of_their_own_curve_by_themselves(method):
    net, tokens = Language(), torch.arange(12).reshape(2, 6) % 11
    batch = {"input_ids": tokens, "attention_mask": torch.ones(2, 6).double(), "labels": (tokens * 2) % 11}

    def at(position, d):
        delta = torch.zeros(2, 6, 5, dtype=torch.float64)
        delta[:, position] = 1
        logits = net.logits(tokens, batch["attention_mask"], delta * d)
        return functional.cross_entropy(logits.flatten(0, 1), batch["labels"].flatten())

    expected = sum(hessian(lambda d, p=p: at(p, d), 5) for p in range(6))
    nin = NoiseInjection(net, "mix", 1e-3, "rademacher", per="position")
    curvature = LocalCurvature(net, nin, [batch], loss=lambda output, _: output["loss"], method=method)
    assert_near(curvature.matrix(), expected, 1e-9 if method == "products" else 0.01)
    assert curvature.gradients().shape == (12, 5)
    many = LocalCurvature(net, nin, [batch] * 200, loss=lambda output, _: output["loss"])
    assert many.pull() == pytest.approx(curvature.rayleigh(nin.weight.detach().numpy()), rel=0.2)
    assert many.kick() == pytest.approx((curvature.gradients() ** 2).sum(1).mean() * 6, rel=0.1)


def test_samples_in_another_dimension():
    torch.manual_seed(0)
    net = nn.TransformerEncoderLayer(8, 2, 12, dropout=0.0, activation=functional.gelu).double()
    x, y = torch.randn(5, 3, 8).double(), torch.randn(5, 3, 8).double()  # sequence, batch, features
    nin = NoiseInjection(net, "linear1", 1.0, batch_dim=1)
    curvature = LocalCurvature(net, nin, [(x, y)], loss=functional.mse_loss)
    assert len(curvature.gradients()) == 3 and curvature.largest() > 0
    one_by_one = [(x[:, i : i + 1], y[:, i : i + 1]) for i in range(3)]
    assert_near(LocalCurvature(net, nin, one_by_one, loss=functional.mse_loss).matrix(), curvature.matrix())
    net = Folded()
    with pytest.raises(
        ValueError, match=r"batch_dim must be .* got 0, where .* has 90, and the inputs have \[6, 30\]"
    ):
        LocalCurvature(
            net, NoiseInjection(net, "layer", 1.0), [(X, None)], loss=lambda z, _: z.sum()
        ).matrix()


class Folded(nn.Module):
    """Makes samples of its own of what it gets."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 5).double()

    def forward(self, x):
        return self.layer(x.unflatten(-1, (3, 2)).flatten(0, 1))


# --- where double backward does not exist --------------------------------------------------------------------------


class NoTwice(torch.autograd.Function):
    """The tanh of somebody who needed its gradient only."""

    @staticmethod
    def forward(ctx, z):
        y = z.tanh()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * (1 - y**2)


class Own(nn.Module):
    def forward(self, z):
        return NoTwice.apply(z)


class Checkpointed(nn.Module):
    def __init__(self, net, reentrant):
        super().__init__()
        self.net, self.reentrant, self.into = net, reentrant, nn.Linear(6, 6).double()
        with torch.no_grad():
            self.into.weight.copy_(torch.eye(6))
            self.into.bias.zero_()

    def forward(self, x):
        return checkpoint.checkpoint(self.net, self.into(x), use_reentrant=self.reentrant)


def own():
    net = smooth()
    net[1] = Own()
    return net, "0"


CASES = {
    "plain": lambda: (smooth(), "0"),
    "custom function": own,
    "reentrant checkpointing": lambda: (Checkpointed(smooth(), True), "net.0"),
    "checkpointing": lambda: (Checkpointed(smooth(), False), "net.0"),
}


@pytest.mark.parametrize("name", CASES)
def test_differences_are_the_products_and_leave_no_trace(name):
    plain = smooth()
    expected = hessian(lambda d: functional.cross_entropy(plain[1:](plain[0](X) + d), CLASSES), 5)
    net, layer = CASES[name]()
    nin = NoiseInjection(net, layer, 1.0)
    stepped = []
    for parameter in net.parameters():  # as optimisers that step inside of backward do
        parameter.register_post_accumulate_grad_hook(stepped.append)
    curvature = LocalCurvature(net, nin, X, CLASSES, rows=7, method="differences")
    assert_near(curvature.matrix(), expected, 0.01)
    reference = LocalCurvature(plain, NoiseInjection(plain, "0", 1.0, seed=0), X, CLASSES)
    with torch.no_grad():
        reference._nin.weight.copy_(nin.weight)
    for reading in ("pull", "kick"):
        assert getattr(curvature, reading)() == pytest.approx(getattr(reference, reading)(), rel=1e-9)
    assert_near(curvature.gradients(), reference.gradients())
    assert not stepped and all(p.grad is None for p in net.parameters())


@pytest.mark.parametrize("name", ["custom function", "reentrant checkpointing"])
def test_a_net_that_has_no_second_derivative_says_what_to_do(name):
    net, layer = CASES[name]()
    with pytest.raises(ValueError, match='method must be "differences" for a net that autograd cannot'):
        LocalCurvature(net, NoiseInjection(net, layer, 1.0), X, CLASSES).matrix()


@pytest.mark.parametrize("batch_first", [True, False])
def test_attention_is_differentiated_twice_by_its_plain_kernel(batch_first):
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(
        8, 2, 12, dropout=0.0, activation=functional.gelu, batch_first=batch_first
    )
    net = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False).double()
    x = torch.randn(3, 3, 8, dtype=torch.float64)
    data = [(x, x.roll(1))]
    nin = NoiseInjection(net, "layers.0.linear1", 1.0, batch_dim=0 if batch_first else 1)
    exact = LocalCurvature(net, nin, data, loss=functional.mse_loss)
    near = LocalCurvature(net, nin, data, loss=functional.mse_loss, method="differences")
    assert_near(near.matrix(), exact.matrix(), 0.01)
    trace, error = exact.forward_trace(100)
    assert abs(trace - np.trace(exact.matrix())) < 4 * error + 0.02 * abs(trace)
    assert torch.backends.mha.get_fastpath_enabled()


def test_the_books_own_transformer_has_a_curvature():
    net = network("transformer")
    x, y = torch.from_numpy(RNG.standard_normal((12, 64))), torch.arange(12) % 10
    nin = NoiseInjection(net, "embed", 1.0)

    def loss(delta):
        with torch.no_grad():
            nin.weight.zero_()
        z = net.embed.register_forward_hook(lambda layer, inputs, z: z + delta)
        with sdpa_kernel(SDPBackend.MATH):
            value = functional.cross_entropy(net(x), y)
        z.remove()
        return value

    assert_near(LocalCurvature(net, nin, x, y).matrix(), hessian(loss, len(nin.weight)))


# --- forward passes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("distribution", ["normal", "rademacher", "laplace"])
def test_forward_passes_give_the_trace(distribution):
    net = smooth()
    curvature = LocalCurvature(net, NoiseInjection(net, "0", 7.0, distribution), X, CLASSES, rows=11)
    exact = np.trace(curvature.matrix())
    trace, error = curvature.forward_trace(400, strength=0.01)
    assert abs(trace - exact) < 4 * error and error < 0.2 * exact
    few, its_error = curvature.forward_trace(100, strength=0.01)
    assert its_error / error == pytest.approx(2, rel=0.2)
    assert abs(few - exact) < 4 * its_error


def test_forward_passes_see_the_kinks_and_need_no_backward():
    x = torch.linspace(-1, 1, 2001).double()[:, None]
    net = nn.Sequential(nn.Linear(1, 1, bias=False), nn.ReLU()).double()
    nn.init.ones_(net[0].weight)

    def loss(output, y):  # the second derivative of its mean is the density at the kink, one half
        return output.detach().mean()

    curvature = LocalCurvature(net, NoiseInjection(net, "0", 1.0), [(x, None)], loss=loss)
    trace, error = curvature.forward_trace(200)
    assert abs(trace - 0.5) < 4 * error and error < 0.05


# --- bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "x, y, loss, error, message",
    [
        (X, None, "ce", ValueError, "y must be given with one batch of inputs x, got None"),
        ({"x": X}, None, "ce", ValueError, r"use x=\[batch\] for a dict"),
        (iter([(X, CLASSES)]), None, "ce", TypeError, "read several times, got .*use a list or a DataLoader"),
        ([X], None, "ce", ValueError, "x must hold batches that are pairs of inputs and targets, or dict"),
        ([], None, "ce", ValueError, r"x must hold one batch or more, got \[\]"),
        (X, CLASSES, lambda output, y: output, ValueError, "loss must give one number for a batch, got"),
        (
            X,
            CLASSES.double(),
            "ce",
            ValueError,
            r"y must hold classes [\s\S]*or for other targets a function as",
        ),
    ],
)
def test_what_is_no_batch_and_no_loss_is_refused(x, y, loss, error, message):
    net = smooth()
    with pytest.raises(error, match=message):
        LocalCurvature(net, NoiseInjection(net, "0", 1.0), x, y, loss).matrix()


def test_a_recurrent_net_keeps_its_gradients():
    torch.manual_seed(0)
    rnn, out = nn.LSTM(6, 5, batch_first=True), nn.Linear(5, 4)
    net = nn.ModuleDict({"into": nn.Linear(6, 6), "rnn": rnn, "out": out}).double()
    net.forward = lambda x: out(rnn(net["into"](x[:, None]))[0][:, 0])
    nin = NoiseInjection(net, "into", 1.0)
    exact, near = (LocalCurvature(net, nin, X, CLASSES, method=m) for m in ("products", "differences"))
    assert_near(near.matrix(), exact.matrix(), 0.01)
    assert all(p.grad is None for p in net.parameters())


@pytest.mark.parametrize("net, layer, kinks", [("relu", "0", 1.5), ("transformer", "embed", 1.3)])
def test_a_difference_is_long_enough_for_kinks_to_average(net, layer, kinks):
    data, trained = load("digits"), network(net, 0)
    train(trained, data, eta=0.1, batch_size=128, epochs=1)
    nin, samples = NoiseInjection(trained, layer, 1.0), (data.x_train[:300], data.y_train[:300])
    exact, near = (LocalCurvature(trained, nin, *samples, method=m) for m in ("products", "differences"))
    assert 0.9 * exact.largest() < near.largest() < kinks * exact.largest()
