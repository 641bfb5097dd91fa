"""The recorder for a training loop of one's own."""

import copy
import pickle

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils import checkpoint

from nin_lib.curvature import LocalCurvature
from nin_lib.decay import estimate_curvature
from nin_lib.injection import NoiseInjection
from nin_lib.probe import NoiseProbe

pytestmark = pytest.mark.usefixtures("one_thread")

X = torch.from_numpy(np.random.default_rng(0).standard_normal((40, 6)))
CLASSES = torch.arange(40) % 4


def small():
    torch.manual_seed(0)
    body = nn.Sequential(nn.Linear(6, 7), nn.Tanh(), nn.Linear(7, 5), nn.Tanh())
    return nn.ModuleDict({"body": body, "head": nn.Linear(5, 4)}).double()


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = small()

    def forward(self, x):
        return self.parts["head"](self.parts["body"](x))


def step(net, optimiser, x=X, y=CLASSES, factor=1.0):
    optimiser.zero_grad()
    (functional.cross_entropy(net(x), y) * factor).backward()
    optimiser.step()


def sgd(net, eta=0.1, **how):
    return torch.optim.SGD(net.parameters(), eta, **how)


# --- what is attached -----------------------------------------------------------------------------------------------


def test_each_layer_whose_name_matches_has_a_node_until_the_block_ends():
    net = Small()
    before = list(net.state_dict())
    probe = NoiseProbe(net, "*.body.*")
    with probe:
        assert list(probe.nins) == ["parts.body.0", "parts.body.2"]
        assert NoiseInjection.of(net, "parts.body.2") is probe.nins["parts.body.2"]
    assert not probe.nins and list(net.state_dict()) == before
    hooks = [part._forward_hooks or part._forward_pre_hooks for part in net.modules()]
    assert not any(hooks)
    with pytest.raises(
        ValueError, match=r"layers must match .* got 'mlp\*': the net has \['parts.body.0', 'parts.b"
    ):
        NoiseProbe(net, "mlp*")


def test_an_error_in_the_block_leaves_nothing_behind():
    net = Small()
    with pytest.raises(KeyError), NoiseProbe(net):
        net(X)
        raise KeyError
    assert not any(hasattr(part, "nin_node") for part in net.modules())
    NoiseInjection(net, "parts.head", 1.0)
    with pytest.raises(ValueError, match="has a NIN already"), NoiseProbe(net):
        pass
    assert not hasattr(net.parts["body"][0], "nin_node")


# --- the free meter -------------------------------------------------------------------------------------------------


def mean_readings(net, optimiser, steps=400, run=step, **how):
    with NoiseProbe(net, **how) as probe:
        for _ in range(steps):
            run(net, optimiser)
    return {reading.layer: reading for reading in probe.curvature()}


def traces(net):
    found = {}
    for name in ("parts.body.0", "parts.body.2", "parts.head"):
        nin = NoiseInjection(net, name, 1.0)
        found[name] = np.trace(LocalCurvature(net, nin, X, CLASSES).matrix())
        nin.remove()
    return found


def test_the_free_meter_reads_the_trace_of_each_layer():
    net = Small()
    exact = traces(net)
    for name, reading in mean_readings(net, sgd(net, 1e-12)).items():
        assert abs(reading.curvature - exact[name]) < 4 * reading.error
        assert (reading.first, reading.last) == (0, 400)
    assert reading.layer == "parts.head" and reading.error < 0.25 * exact["parts.head"]


def same_readings(run, factor=1.0, **how):
    """What a loop reads, over what the plain one reads with the same noise."""
    plain, net = Small(), Small()
    expected = mean_readings(plain, sgd(plain), 3)
    found = mean_readings(net, sgd(net), 3, run, **how)
    for name, reading in expected.items():
        assert found[name].curvature == pytest.approx(factor * reading.curvature, rel=1e-6)
    for mine, its in zip(net.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(mine, its, rtol=1e-6, atol=1e-9)


def test_scaled_gradients_are_divided_by_their_scale_and_steps_left_out_are_not_read():
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    done = []

    def run(net, optimiser):
        if len(done) == 1:  # the scaler finds an infinite gradient and leaves this step out
            optimiser.zero_grad()
            with torch.random.fork_rng():
                state = torch.get_rng_state()
            scaler.scale(functional.cross_entropy(net(X), CLASSES) * torch.inf).backward()
            scaler.step(optimiser)
            scaler.update()
            torch.set_rng_state(state)
        optimiser.zero_grad()
        scaler.scale(functional.cross_entropy(net(X), CLASSES)).backward()
        scaler.step(optimiser)
        scaler.update()
        done.append(1)

    net = Small()
    with NoiseProbe(net, scaler=scaler) as probe:
        optimiser = sgd(net)
        for _ in range(3):
            run(net, optimiser)
    assert scaler.get_scale() == 512.0
    assert all(values.shape == (3,) and np.isfinite(values).all() for values in probe.readings().values())
    plain = Small()
    first = mean_readings(plain, sgd(plain), 1)
    assert all(probe.readings()[name][0] == pytest.approx(r.curvature, rel=1e-9) for name, r in first.items())


def test_float16_without_a_scaler_is_refused():
    net = Small().half()
    with (
        pytest.raises(ValueError, match="scaler must be given .* float16, as 'parts.body.0'"),
        NoiseProbe(net),
    ):
        net(X.half())


def test_a_sum_is_read_as_the_curvature_of_the_sum():
    def run(net, optimiser):
        loss = functional.cross_entropy(net(X), CLASSES, reduction="sum")
        optimiser.zero_grad()
        loss.backward()
        for parameter in net.parameters():
            parameter.grad /= len(X)
        optimiser.step()

    same_readings(run, factor=len(X))


def test_accumulated_gradients_are_one_reading():
    net = Small()
    optimiser = sgd(net, 1e-12)

    def run(net, optimiser):
        optimiser.zero_grad()
        for x, y in zip(X.split(10), CLASSES.split(10), strict=True):
            (functional.cross_entropy(net(x), y) / 4).backward()
        optimiser.step()

    exact = traces(net)
    for name, reading in mean_readings(net, optimiser, 150, run).items():
        assert reading.last == 150 and abs(reading.curvature - exact[name]) < 4 * reading.error


def test_clipping_momentum_and_an_older_optimiser_change_nothing_and_see_nothing():
    plain = Small()
    with_probe = Small()
    norms = []
    for net in (plain, with_probe):
        optimiser = torch.optim.AdamW(net.parameters(), 0.01)
        with NoiseProbe(net, strength=1e-9) if net is with_probe else torch.enable_grad():
            assert sum(1 for _ in net.parameters()) == 6 and len(net.state_dict()) == 6
            for _ in range(3):
                optimiser.zero_grad()
                functional.cross_entropy(net(X), CLASSES).backward()
                norms.append(nn.utils.clip_grad_norm_(net.parameters(), 0.1).item())
                optimiser.step()
    assert norms[:3] == pytest.approx(norms[3:], rel=1e-6)
    for mine, its in zip(plain.parameters(), with_probe.parameters(), strict=True):
        torch.testing.assert_close(mine, its, rtol=1e-5, atol=1e-7)


def test_evaluation_is_clean_in_the_middle_of_a_training():
    net, clean = Small(), Small()
    optimiser = sgd(net)
    with NoiseProbe(net, strength=0.5) as probe:
        step(net, optimiser)
        clean.load_state_dict(net.state_dict())
        with torch.no_grad():
            assert torch.equal(net(X), clean(X))
        assert not torch.equal(net(X), clean(X))
        net.eval()
        assert torch.equal(net(X), clean(X))
        matrix = LocalCurvature(net, probe.nins["parts.head"], X, CLASSES).matrix()
        net.train()
        step(net, optimiser)
        average = copy.deepcopy(net)
        assert torch.equal(average(X), average.eval()(X))
        with pytest.raises(TypeError, match="net must be saved whole outside of the probe's block"):
            pickle.dumps(net)
    assert np.allclose(matrix, matrix.T) and len(probe.readings()["parts.head"]) == 2


class Parts(nn.Module):
    """Its own forward is never called, as that of a LightningModule is not."""

    def __init__(self):
        super().__init__()
        self.net = Small()

    def training_step(self, x, y):
        return functional.cross_entropy(self.net(x), y)


def test_a_module_whose_parts_are_called_is_probed_too():
    module = Parts()
    optimiser = sgd(module)
    with NoiseProbe(module) as probe:
        for _ in range(3):
            optimiser.zero_grad()
            module.training_step(X, CLASSES).backward()
            optimiser.step()
    assert len(set(probe.readings()["net.parts.head"])) == 3


class Twice(Small):
    def __init__(self, reentrant):
        super().__init__()
        self.reentrant = reentrant

    def forward(self, x):
        h = checkpoint.checkpoint(self.parts["body"], x, use_reentrant=self.reentrant)
        return checkpoint.checkpoint(self.parts["head"], h, use_reentrant=self.reentrant)


@pytest.mark.parametrize("reentrant", [True, False])
def test_activation_checkpointing_reads_the_same(reentrant):
    plain, net = Small(), Twice(reentrant)
    x = X.clone().requires_grad_()
    found = []
    for part in (plain, net):
        optimiser = sgd(part)
        with NoiseProbe(part) as probe:
            for _ in range(3):
                step(part, optimiser, x)
        found.append(probe.readings())
    for name, values in found[0].items():
        np.testing.assert_allclose(found[1][name], values, rtol=1e-6)


def test_a_layer_that_nothing_reaches_is_said():
    net = Small()
    net.unused = nn.Linear(2, 2)
    with pytest.warns(UserWarning, match=r"nothing was read at \['unused'\]"), NoiseProbe(net):
        step(net, sgd(net))


# --- W_NI that is trained -------------------------------------------------------------------------------------------


def test_trained_weights_are_read_by_their_fall():
    net = Small()
    with NoiseProbe(net, "parts.body.2", sigma_eps=3.0) as probe:
        optimiser, norms = sgd(net), [probe.nins["parts.body.2"].weight.norm().item()]
        for eta in (0.1, 0.05, 0.1):
            optimiser.param_groups[0]["lr"] = eta
            step(net, optimiser)
            norms.append(probe.nins["parts.body.2"].weight.norm().item())
    (readings,) = probe.readings().values()
    expected = estimate_curvature(norms, eta=[0.1, 0.05, 0.1], sigma_eps=3.0).rayleigh
    np.testing.assert_allclose(readings, expected, rtol=1e-9)
    assert readings[1] == pytest.approx((1 - norms[2] / norms[1]) / (0.05 * 9), rel=1e-6)
    assert probe.curvature()[0].curvature == pytest.approx(expected.mean(), rel=1e-6)


def test_a_step_of_ones_own_is_told():
    net = Small()
    with NoiseProbe(net, sigma_eps=3.0) as probe:
        for _ in range(2):
            loss = functional.cross_entropy(net(X), CLASSES)
            with torch.no_grad():
                for p, g in zip(
                    net.parameters(), torch.autograd.grad(loss, list(net.parameters())), strict=True
                ):
                    p -= 0.1 * g
            probe.step(0.1)
    assert all(values.shape == (2,) and values.all() for values in probe.readings().values())
    with pytest.warns(UserWarning, match=r"no step was noticed.*call probe.step\(eta\)"), NoiseProbe(net):
        net(X)


def test_weights_that_the_optimiser_does_not_have_are_said_once():
    net = Small()
    optimiser = sgd(net)
    with pytest.warns(UserWarning) as said, NoiseProbe(net, sigma_eps=1.0):
        for _ in range(3):
            step(net, optimiser)
    assert len(said) == 2 and "build the optimiser inside the probe's block" in str(said[0].message)


@pytest.mark.parametrize("how", [{"momentum": 0.9}, {"weight_decay": 0.1}])
def test_other_optimisers_than_plain_sgd_are_said(how):
    net = Small()
    with (
        pytest.warns(UserWarning, match="curvature under plain SGD.*free meter"),
        NoiseProbe(net, sigma_eps=1.0),
    ):
        step(net, sgd(net, **how))


def test_the_steps_of_another_net_are_not_counted():
    net, other = Small(), Small()
    with NoiseProbe(net) as probe:
        step(net, sgd(net))
        step(other, sgd(other))
    assert all(len(values) == 1 for values in probe.readings().values())


# --- tables and figures -----------------------------------------------------------------------------------------------


def test_readings_are_taken_together_in_stretches_with_their_standard_error():
    net = Small()
    with NoiseProbe(net) as probe:
        optimiser = sgd(net)
        for _ in range(7):
            step(net, optimiser)
    rows = probe.curvature(stretch=3)
    assert [(r.first, r.last) for r in rows if r.layer == "parts.head"] == [(0, 3), (3, 6), (6, 7)]
    values = probe.readings()["parts.head"][:3]
    (first,) = [r for r in rows if r.layer == "parts.head" and r.first == 0]
    assert (first.curvature, first.error) == pytest.approx(
        (values.mean(), values.std(ddof=1) / 3**0.5), rel=1e-9
    )
    figure = probe.figure(stretch=3)
    assert [trace.name for trace in figure.data] == list(probe.readings())
    assert list(figure.data[2].x) == [1.5, 4.5, 6.5] and len(figure.data[2].error_y.array) == 3
    frame = pytest.importorskip("pandas") and probe.to_frame(stretch=3)
    assert list(frame.columns) == ["layer", "first", "last", "curvature", "error"] and len(frame) == 9
