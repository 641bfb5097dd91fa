"""Trainings on digits: the networks, what is measured along a training, and that the stored runs come out again."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch import nn

from nin_lib import experiments
from nin_lib.curvature import sharpness
from nin_lib.data import Data, load
from nin_lib.experiments.activations import saturation
from nin_lib.experiments.architectures import BY_ARCHITECTURE
from nin_lib.experiments.digits import Scan, Training, scan, train_history, train_net
from nin_lib.experiments.inputs import log_ratios, with_shuffled
from nin_lib.experiments.landing import balanced
from nin_lib.injection import NoiseInjection
from nin_lib.networks import ARCHITECTURES, network
from nin_lib.sweep import one_thread
from nin_lib.training import LOSSES, train, train_mlp
from nin_lib.verify import Run, beginning, compute_again, differences

SETTINGS = Training(sigma_eps=10.0)
ON_DIGITS = ("activations", "layers", "steps", "noises", "architectures", "inputs", "landing")


@pytest.fixture(autouse=True)
def single_thread():
    with one_thread():
        yield


@pytest.fixture(scope="module")
def digits():
    return load("digits")


# --- networks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_nin_acts_on_the_layer_that_is_named_and_eps_0_gives_the_plain_net(name, digits):
    x, y = digits.x_train[:20], digits.y_train[:20]
    net, layer = network(name, seed=3), ARCHITECTURES[name][1]
    plain = net(x)
    assert plain.shape == (20, 10) and plain.dtype == torch.float64
    first = next(key for key, part in net.named_modules() if isinstance(part, (nn.Linear, nn.Conv2d)))
    assert layer == first
    nin = NoiseInjection(net, layer, sigma_eps=1.0)
    with nin.noise(torch.zeros(20)):
        assert torch.equal(net(x), plain)
    with nin.noise(nin.sample(20)):
        noisy = net(x)
    assert not torch.isclose(noisy, plain).all(1).any()  # the noise reaches each sample
    LOSSES["ce"](noisy, y).backward()
    assert (nin.weight.grad != 0).double().mean() > 0.8  # a ReLU unit may be off for all 20


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_weights_have_variance_1_over_fan_in_and_biases_are_0(name):
    for key, parameter in network(name, seed=1).named_parameters():
        if key.endswith("bias"):
            assert not parameter.any()
        else:
            variance = (parameter**2).mean().item() * parameter[0].numel()
            assert abs(variance - 1) < 5 * np.sqrt(2 / parameter.numel()), key


def test_relu_net_is_that_of_the_training_module_and_trains_alike():
    history, measured = train_net(dataclasses.replace(SETTINGS, epochs=2))
    expected = train_mlp(10.0, 0, epochs=2)
    np.testing.assert_array_equal(history.batch_loss, expected.batch_loss)
    np.testing.assert_array_equal(history.niw_norm, expected.niw_norm)
    assert measured == []


@pytest.mark.parametrize(
    ("name", "activation"), [("recurrent-relu", lambda z: z * (z > 0)), ("recurrent-tanh", np.tanh)]
)
def test_recurrent_net_in_numpy_with_the_same_noise_at_each_row(name, activation, digits):
    net, x = network(name), digits.x_train[:5]
    nin = NoiseInjection(net, "input", sigma_eps=2.0)
    eps = nin.sample(5)
    with nin.noise(eps):
        output = net(x).detach().numpy()
    w = {key: value.numpy() for key, value in net.state_dict().items()}
    h = np.zeros((5, 64))
    for row in x.numpy().reshape(5, 8, 8).transpose(1, 0, 2):
        z = row @ w["input.weight"].T + np.outer(eps, w["input.nin_weight"])
        h = activation(z + h @ w["hidden.weight"].T)
    np.testing.assert_allclose(output, h @ w["output.weight"].T, rtol=1e-10)


@pytest.mark.parametrize("name", ["transformer", "transformer-plain"])
def test_transformer_against_torch_multihead_attention(name, digits):
    net, x = network(name), digits.x_train[:5]
    attention = nn.MultiheadAttention(16, 4, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        attention.in_proj_weight.copy_(net.attend.weight)
        attention.in_proj_bias.copy_(net.attend.bias)
        attention.out_proj.weight.copy_(net.project.weight)
        attention.out_proj.bias.copy_(net.project.bias)
    tokens = x.reshape(5, 8, 8) @ net.embed.weight.T + net.position

    def norm(t):
        centred = t - t.mean(-1, keepdim=True)
        return centred / (t.var(-1, correction=0, keepdim=True) + 1e-5).sqrt() if name == "transformer" else t

    tokens = tokens + attention(*[norm(tokens)] * 3)[0]
    tokens = tokens + torch.relu(norm(tokens) @ net.up.weight.T) @ net.down.weight.T
    torch.testing.assert_close(net(x), norm(tokens).mean(1) @ net.output.weight.T)


def test_normalised_tokens_bound_the_effect_of_the_noise_and_plain_ones_do_not(digits):
    largest = {}
    for name in ("transformer", "transformer-plain"):
        net = network(name)
        nin = NoiseInjection(net, "embed", sigma_eps=1.0)
        with nin.noise(torch.full((20,), 1e6)):
            largest[name] = net(digits.x_train[:20]).abs().max().item()
    bound = network("transformer").output.weight.norm(dim=1).max().item() * np.sqrt(16)
    assert largest["transformer"] < bound < 100 < 1e5 < largest["transformer-plain"]


def test_an_unknown_architecture_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="name must be one of .*'convolutional'.*, got 'resnet'"):
        network("resnet")


# --- trainings -------------------------------------------------------------------------------------------------------


def test_scan_stacks_trainings_and_what_did_not_arrive_is_nan():
    how = {"net": "deep", "layers": ("0", "4"), "epochs": 5}
    settings = Scan(**how, sigma_eps=(1.0, 300.0), seeds=(0, 1))
    scanned = scan(settings, measure=lambda net, nins, data: {"two": 2.0 * len(nins)})
    assert {key: array.shape for key, array in scanned.items()} == {
        "phase": (2, 2),
        "peak": (2, 2),
        "val_accuracy": (2, 2, 6),
        "niw_norm": (2, 2, 2, 6),
        "clean_loss": (2, 2, 2),
        "two": (2, 2, 2),
    }
    assert scanned["phase"].tolist() == [["decoupled", "divergent"]] * 2
    np.testing.assert_array_equal(scanned["two"], [[[4, 4], [4, np.nan]]] * 2)
    history, _ = train_net(Training(**how, sigma_eps=1.0, seed=1))
    np.testing.assert_allclose(scanned["niw_norm"][1, 0, 1], history.norms["4.nin_weight"], rtol=1e-6)
    assert scanned["peak"][1, 0] == pytest.approx(max(history.batch_loss) / history.batch_loss[0])


# --- what is measured along a training -------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["ce", "mse"])
def test_sharpness_is_the_largest_eigenvalue_of_the_dense_hessian(loss, digits):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(64, 3), nn.Tanh(), nn.Linear(3, 10)).double()
    few = Data("few", digits.x_train[:50], digits.y_train[:50], digits.x_val, digits.y_val, "")
    shapes = {key: parameter.shape for key, parameter in net.named_parameters()}
    sizes = [shape.numel() for shape in shapes.values()]

    def of_flat(flat):
        parts = [p.reshape(s) for p, s in zip(flat.split(sizes), shapes.values(), strict=True)]
        output = torch.func.functional_call(net, dict(zip(shapes, parts, strict=True)), few.x_train)
        return LOSSES[loss](output, few.y_train)

    flat = torch.cat([p.detach().flatten() for p in net.parameters()])
    dense = torch.autograd.functional.hessian(of_flat, flat).numpy()
    NoiseInjection(net, "0", sigma_eps=10.0)  # leaves the clean loss as it is
    assert sharpness(net, few, loss) == pytest.approx(np.linalg.eigvalsh(dense)[-1], rel=1e-4)


@pytest.mark.parametrize(
    ("name", "slope"),
    [("tanh", lambda z: 1 - np.tanh(z) ** 2), ("sigmoid", lambda z: 1 / np.cosh(z / 2) ** 2)],
)
def test_saturation_counts_small_slopes(name, slope, digits):
    net = network(name)
    nin = NoiseInjection(net, "0", sigma_eps=100.0)
    measured = saturation(net, nin, digits)
    eps = 100.0 * np.random.default_rng(0).standard_normal(len(digits.x_train))
    z = digits.x_train.numpy() @ net[0].weight.detach().numpy().T
    for key, shift in (("saturated", np.outer(eps, nin.weight.detach())), ("saturated_clean", 0)):
        assert measured[key] == pytest.approx((slope(z + shift) < 0.01).mean(), abs=1e-5)
    assert measured["saturated"] > 0.3 and 0 < measured["noisy_accuracy"] < 0.3


def test_a_training_does_not_notice_that_it_is_watched():
    def watch(net, nins, data):
        return saturation(net, nins[0], data)

    (plain, _), (watched, measured) = (
        train_net(dataclasses.replace(SETTINGS, epochs=5), measure=m) for m in (None, watch)
    )
    np.testing.assert_array_equal(plain.batch_loss, watched.batch_loss)
    assert len(measured) == 2 and measured[1]["noisy_accuracy"] > 0.8


def test_a_balanced_net_is_the_same_function_and_the_smallest_such(digits):
    net = network("relu", seed=1)
    nin = NoiseInjection(net, "0", sigma_eps=10.0)
    train(net, digits, nin=nin, eta=0.2, batch_size=128, epochs=1)
    other, x, eps = balanced(net), digits.x_val, nin.sample(len(digits.x_val))
    torch.testing.assert_close(other(x), net(x))
    with nin.noise(eps):
        noisy = net(x)
    with NoiseInjection.of(other, "0").noise(eps):  # its weights were rescaled with the others
        torch.testing.assert_close(other(x), noisy)
    other[0].nin_eps = None

    def norms(of):
        first, last = of[0], of[2]
        return (first.weight**2).sum(1) + first.bias**2, (last.weight**2).sum(0)

    inward, outward = norms(other)
    torch.testing.assert_close(inward, outward)
    assert (inward + outward < sum(norms(net))).all()
    assert sharpness(other, digits) != pytest.approx(sharpness(net, digits), rel=0.02)


def test_what_cannot_be_balanced_is_refused():
    with pytest.raises(ValueError, match="net must be linear, ReLU, linear, got Sequential"):
        balanced(network("tanh"))
    net = network("relu")
    with torch.no_grad():
        net[2].weight[:, 3] = 0
    with pytest.raises(ValueError, match="net must have units of norms > 0 in and out"):
        balanced(net)


# --- inputs without information --------------------------------------------------------------------------------------


def test_shuffled_inputs_have_the_pixels_distribution_and_nothing_else(digits):
    data = with_shuffled(digits, seed=1)
    for x, source in ((data.x_train, digits.x_train), (data.x_val, digits.x_val)):
        real, shuffled = x[:, :64], x[:, 64:]
        torch.testing.assert_close(real, source - digits.x_train.mean(0))
        assert torch.equal(real.sort(0).values, shuffled.sort(0).values) and not torch.equal(real, shuffled)
    assert data.x_train.mean(0).abs().max() < 1e-12
    with np.errstate(invalid="ignore"):  # three pixels are constant
        real, shuffled = (np.nan_to_num(np.corrcoef(x.T)) for x in np.split(data.x_train.numpy(), 2, axis=1))
    neighbours = np.arange(63), np.arange(1, 64)
    assert np.abs(real[neighbours]).mean() > 3 * np.abs(shuffled[neighbours]).mean()  # nor with each other


def test_log_ratios_and_their_auc_on_inputs_whose_decay_is_known():
    rng = np.random.default_rng(0)
    decay, informative = rng.normal(0.2, 0.1, 40), np.arange(40) < 20
    decay[informative] -= 0.1
    before = rng.standard_normal((30, 40))
    ratio = log_ratios(before, before * np.exp(-decay))
    np.testing.assert_allclose(ratio, -decay, rtol=1e-12)
    pairs = -decay[informative][:, None] > -decay[~informative]
    assert 0.6 < pairs.mean() < 0.95
    assert roc_auc_score(informative, ratio) == pytest.approx(pairs.mean(), abs=1e-12)


# --- the stored runs -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ON_DIGITS)
def test_experiments_have_sigmas_and_seeds_enough_and_plain_settings(name):
    settings = experiments.EXPERIMENTS[name].settings
    assert all(json.loads(json.dumps(experiments.key(name, s))) == experiments.key(name, s) for s in settings)
    if name == "architectures":
        for net in BY_ARCHITECTURE:
            runs = [(s.sigma_eps, s.seed) for s in settings if s.net == net]
            assert len(set(runs)) == len(runs) == 9 * 3
    elif name == "inputs":
        assert all(len(s.seeds) >= 3 for s in settings)
    else:
        assert all(len(s.sigma_eps) >= 9 and len(s.seeds) >= 3 for s in settings)


def test_stored_results_are_small():
    files = [path for name in ON_DIGITS for path in (experiments.RUNS / name).glob("*.npz")]
    assert len(files) == sum(len(experiments.EXPERIMENTS[name].settings) for name in ON_DIGITS)
    assert sum(path.stat().st_size for path in files) < 1_500_000


@pytest.mark.stored
@pytest.mark.parametrize("noise", ["weak", "strong"])
@pytest.mark.parametrize("name", ["activations", "layers", "steps", "noises", "landing"])
def test_a_stored_scan_comes_out_again(name, noise):
    """Weak noise is calm, and all of it is compared; strong noise is not, and then what comes before the errors grow."""
    result = experiments.results(name)[-1]
    sigma = {
        "weak": 0,
        "strong": {"activations": 5, "layers": 2, "steps": 4, "noises": 5, "landing": 8}[name],
    }[noise]
    run = Run(result.settings, result.arrays, 1.0).part(
        result.settings.sigma_eps[sigma], result.settings.seeds[1]
    )
    again = compute_again(lambda: experiments.named(name).compute(run.settings, "cpu"))
    (history,), (steps,) = again.histories, again.steps
    epoch = steps // history.steps_per_epoch
    assert epoch == run.settings.epochs if noise == "weak" else 1 <= epoch < run.settings.epochs
    assert differences(run.settings, run.arrays, again) == []


@pytest.mark.stored
@pytest.mark.parametrize("net", BY_ARCHITECTURE)
def test_a_stored_training_begins_again_as_it_began(net):
    result = next(r for r in experiments.results("architectures") if r.settings.net == net)
    again = compute_again(lambda: train_history(dataclasses.replace(result.settings, epochs=1)))
    assert again.steps == [again.histories[0].steps_per_epoch]
    assert beginning(result.settings, result.arrays, again) == []


@pytest.mark.stored
def test_stored_ranks_come_out_again():
    result = experiments.results("inputs")[0]
    run = Run(result.settings, result.arrays, 1.0).part(None, 4)
    again = compute_again(lambda: experiments.named("inputs").compute(run.settings, "cpu"))
    assert differences(run.settings, run.arrays, again) == []


@pytest.mark.stored
def test_a_stored_edge_of_divergence_comes_out_again():
    result = experiments.results("divergence")[2]
    edge = int(result.arrays["own"])
    near = dataclasses.replace(result.settings, c=(edge - 1, edge + 1), draws=1, copies=1)
    again = experiments.named("divergence").compute(near, "cpu")
    assert again["diverges"].tolist() == [False, True] and again["own"] == edge


def test_weights_and_data_decide_where_divergence_begins_and_noise_alone_does_not_know():
    stored = [result.arrays for result in experiments.results("divergence")]
    own, blank, averaged = (np.array([a[key] for a in stored]) for key in ("own", "blank", "averaged"))
    redrawn = np.array([a["redrawn"] for a in stored])
    for arrays, edge in zip(stored, own, strict=True):
        assert (arrays["diverges"] == (np.arange(20, 80) >= edge)).all()  # one boundary, at every whole c
    assert len(own) == 15
    assert np.corrcoef(own, blank)[0, 1] < 0.6 < 0.8 < np.corrcoef(own, averaged)[0, 1]
    assert redrawn.std(1, ddof=1).mean() < 0.5 * redrawn.mean(1).std(ddof=1)


@pytest.mark.parametrize("eta, phase", [(0.07, "decoupled"), (0.09, "divergent")])
def test_footnote_11_fails_for_the_squared_error_unless_the_step_is_small(eta, phase):
    # The saturated units and the bias see a linear regression of curvature 0.2 (128 + 1) or a little less.
    several = [Training(net="tanh", loss="mse", eta=eta, sigma_eps=1000.0, seed=seed) for seed in range(3)]
    assert [str(train_net(settings)[0].phase) for settings in several] == [phase] * 3


def test_footnote_11_bounded_activations_saturate_and_do_not_diverge():
    runs = {result.settings.net: result for result in experiments.results("activations")}
    assert (runs["relu"].arrays["phase"][:, -4:] == "divergent").all()
    for name in ("tanh", "sigmoid"):
        arrays, sigmas = runs[name].arrays, runs[name].settings.sigma_eps
        assert sigmas == runs["relu"].settings.sigma_eps
        assert not (arrays["phase"] == "divergent").any() and np.isfinite(arrays["clean_loss"]).all()
        weak, strong = sigmas.index(10), sigmas.index(1000)
        saturated, accuracy = arrays["saturated"][..., -1], arrays["val_accuracy"][..., -1]
        assert (saturated[:, weak] < 0.1).all() and (saturated[:, strong] > 0.9).all()
        assert (accuracy[:, weak] > 0.9).all() and (accuracy[:, strong] < 0.4).all()
