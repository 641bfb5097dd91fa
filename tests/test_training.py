import copy
import dataclasses
import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.checkpoint import checkpoint

from nin_lib.data import Data, load
from nin_lib.history import History
from nin_lib.injection import NoiseInjection
from nin_lib.networks import mlp
from nin_lib.phases import Phase
from nin_lib.training import train, train_mlp

pytestmark = pytest.mark.usefixtures("one_thread")
PHASES = Path(__file__).with_name("phases.json")


@pytest.fixture(scope="module")
def digits():
    return load("digits")


def small(n=200, seed=0):
    """The first of the digits, for tests that need no good training."""
    whole = load("digits", seed)
    return Data("small", whole.x_train[:n], whole.y_train[:n], whole.x_val[:n], whole.y_val[:n], "")


# --- one training, against NumPy ----------------------------------------------------------------------------------


class Oracle:
    """The same training written out in NumPy, gradients by hand."""

    def __init__(self, net, nin, loss):
        self.w = [
            p.detach().numpy().copy() for p in (net[0].weight, net[0].bias, nin.weight, *net[2].parameters())
        ]
        self.loss = loss

    def forward(self, x, y, eps):
        w_in, b_in, w_ni, w_out, b_out = self.w
        z = x @ w_in.T + b_in + np.outer(eps, w_ni)
        h = np.maximum(z, 0)
        output = h @ w_out.T + b_out
        target = np.eye(10)[y]
        if self.loss == "mse":
            return z, h, output, ((output - target) ** 2).mean(), 2 * (output - target) / output.size
        p = np.exp(output - output.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        return z, h, output, -np.log(p[np.arange(len(y)), y]).mean(), (p - target) / len(y)

    def step(self, x, y, eps, lr):
        z, h, _, loss, error = self.forward(x, y, eps)
        back = error @ self.w[3] * (z > 0)
        gradients = back.T @ x, back.sum(0), eps @ back, error.T @ h, error.sum(0)
        self.w = [w - lr * g for w, g in zip(self.w, gradients, strict=True)]
        return loss

    def evaluate(self, x, y):
        _, _, output, loss, _ = self.forward(x, y, np.zeros(len(x)))
        return loss, (output.argmax(1) == y).mean()


@pytest.mark.parametrize("loss", ["ce", "mse"])
@pytest.mark.parametrize("redraw", ["epoch", "never"])
def test_training_is_what_numpy_computes(loss, redraw):
    data, epochs, batch_size, lr = small(200), 6, 64, 0.1
    net = mlp((64, 16, 10), seed=1)
    nin = NoiseInjection(net, "0", sigma_eps=5.0, seed=2)
    oracle, noise, order = Oracle(net, nin, loss), copy.deepcopy((net, nin))[1], np.random.default_rng(7)
    history = train(
        net,
        data,
        loss=loss,
        eta=lr,
        batch_size=batch_size,
        epochs=epochs,
        nin=nin,
        redraw=redraw,
        seed=copy.deepcopy(order),
    )

    x, y, x_val, y_val = (a.numpy() for a in (data.x_train, data.y_train, data.x_val, data.y_val))
    batch_loss, clean = [], [oracle.evaluate(x, y)[0]]
    validation, niw = [oracle.evaluate(x_val, y_val)], [oracle.w[2]]
    for epoch in range(epochs):
        if epoch == 0 or redraw == "epoch":
            eps = noise.sample(200).numpy()
        shuffled = order.permutation(200)
        for start in (0, 64, 128):  # the 8 left over wait
            batch = shuffled[start : start + batch_size]
            batch_loss.append(oracle.step(x[batch], y[batch], eps[batch], lr))
        clean.append(oracle.evaluate(x, y)[0])
        validation.append(oracle.evaluate(x_val, y_val))
        niw.append(oracle.w[2])

    close = {"rtol": 1e-11, "atol": 1e-13}
    assert history.steps_per_epoch == 3
    np.testing.assert_allclose(history.batch_loss, batch_loss, **close)
    np.testing.assert_allclose(np.column_stack([history.val_loss, history.val_accuracy]), validation, **close)
    assert history.clean_epochs.tolist() == [0, 5]
    np.testing.assert_allclose(history.clean_loss, [clean[0], clean[5]], **close)
    np.testing.assert_allclose(history.niw_norm, np.linalg.norm(niw, axis=1), **close)
    np.testing.assert_allclose(history.niw, np.array(niw)[history.niw_epochs], **close)
    np.testing.assert_allclose(history.norms["0.nin_weight"], history.niw_norm, rtol=1e-12)
    np.testing.assert_allclose(history.norms["2.weight"][-1], np.linalg.norm(oracle.w[3]), **close)
    for parameter, expected in zip((net[0].weight, net[0].bias, nin.weight), oracle.w, strict=False):
        np.testing.assert_allclose(parameter.detach().numpy(), expected, **close)


def test_two_nodes_train_together(digits):
    net = mlp((64, 16, 16, 10))
    nodes = [NoiseInjection(net, layer, sigma_eps=2.0) for layer in ("0", "2")]
    start = [node.weight.detach().clone() for node in nodes]
    history = train(net, digits, eta=0.1, batch_size=128, epochs=2, nin=nodes)
    assert history.niw.shape == (3, 32) and not any(map(torch.equal, start, (node.weight for node in nodes)))
    np.testing.assert_array_equal(history.niw[0], torch.cat(start))
    norms = np.hypot(history.norms["0.nin_weight"], history.norms["2.nin_weight"])
    np.testing.assert_allclose(history.niw_norm, norms, rtol=1e-12)


def test_without_a_node_noise_plays_no_part(digits):
    plain, silent = mlp((64, 16, 10)), mlp((64, 16, 10))
    NoiseInjection(silent, "0", sigma_eps=50.0)  # attached, but not handed to train
    histories = [train(net, digits, eta=0.1, batch_size=128, epochs=2) for net in (plain, silent)]
    np.testing.assert_array_equal(histories[0].batch_loss, histories[1].batch_loss)
    assert histories[0].niw_norm.tolist() == [0, 0, 0] and histories[0].phase is Phase.DECOUPLED


def test_training_runs_in_the_precision_of_the_net(digits):
    net = mlp((64, 16, 10), dtype=torch.float32)
    history = train(net, digits, eta=0.1, batch_size=128, epochs=1, nin=NoiseInjection(net, "0", 1.0))
    assert net[0].weight.dtype == torch.float32 and history.niw.dtype == np.float32
    assert history.val_accuracy[-1] > history.val_accuracy[0]


def test_dropout_acts_in_training_and_not_in_evaluation():
    net = torch.nn.Sequential(mlp((64, 16)), torch.nn.Dropout(0.99), mlp((16, 10)))
    data = small()
    history = train(net, data, eta=1e-9, batch_size=200, epochs=1)
    assert history.val_loss[0] == pytest.approx(history.val_loss[1], rel=1e-6)
    assert abs(history.batch_loss[0] / history.clean_loss[0] - 1) > 0.01 and net.training


def test_a_part_that_is_frozen_in_eval_mode_stays_so():
    frozen = torch.nn.Dropout(0.5).eval()
    net = torch.nn.Sequential(mlp((64, 16)), frozen, torch.nn.Dropout(0.5), mlp((16, 10)))
    train(net, small(), batch_size=200, epochs=1)
    assert [part.training for part in net] == [True, False, True, True] and net.training


class Checkpointed(torch.nn.Sequential):
    """Computes its activations again in the backward pass instead of keeping them."""

    def forward(self, x):
        return checkpoint(super().forward, x, use_reentrant=False)


def test_activation_checkpointing_changes_no_digit():
    histories = []
    for wrap in (torch.nn.Sequential, Checkpointed):
        net = wrap(*mlp((64, 16, 10)))
        nin = NoiseInjection(net, "0", sigma_eps=5.0)
        histories.append(train(net, small(), eta=0.1, batch_size=100, epochs=2, nin=nin))
    np.testing.assert_array_equal(histories[0].batch_loss, histories[1].batch_loss)
    np.testing.assert_array_equal(histories[0].niw, histories[1].niw)


def test_a_training_is_reproducible_to_the_bit():
    first, again, other = (train_mlp(23, seed, epochs=8) for seed in (4, 4, 5))
    for field in dataclasses.fields(History):
        np.testing.assert_equal(getattr(first, field.name), getattr(again, field.name))
    assert not np.array_equal(first.batch_loss, other.batch_loss)


def test_initial_weights():
    net = mlp((400, 300, 200), seed=3)
    assert [type(layer).__name__ for layer in net] == ["Linear", "ReLU", "Linear"]
    for layer, fan_in in ((net[0], 400), (net[2], 300)):
        n = layer.weight.numel()
        assert abs(layer.weight.mean()) * (fan_in * n) ** 0.5 < 5
        assert abs(layer.weight.std() * fan_in**0.5 - 1) < 5 / (2 * n) ** 0.5
        assert not layer.bias.any()
    nin = NoiseInjection(net, "0", sigma_eps=1.0, seed=3)
    numbers = torch.cat([net[0].weight.flatten(), nin.weight, net[2].weight.flatten()]).abs()
    assert abs(torch.corrcoef(torch.stack([net[0].weight.flatten()[:300], nin.weight]))[0, 1]) < 0.3
    assert len(numbers.unique()) == len(numbers), "the same seed gives each purpose its own numbers"


def test_every_sample_takes_part_and_each_epoch_has_its_own_order():
    data, seen = small(), []
    net = mlp((64, 4, 10))
    train_rows = {row.numpy().tobytes(): i for i, row in enumerate(data.x_train)}
    net.register_forward_pre_hook(
        lambda net, inputs: seen.append([train_rows.get(row.numpy().tobytes()) for row in inputs[0]])
    )
    train(net, data, eta=0.1, batch_size=50, epochs=2)
    batches = [s for s in seen if len(s) == 50]
    epochs = [sum(batches[:4], []), sum(batches[4:], [])]
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(200)) and epochs[0] != epochs[1]


def test_the_callback_sees_each_epoch_as_it_is_recorded_and_can_end_the_training():
    seen = []

    def watch(history, epoch):
        seen.append((epoch, history))
        if epoch == 2:
            raise KeyboardInterrupt

    arguments = {"data": small(), "batch_size": 50}
    whole = train_mlp(10.0, 0, epochs=4, **arguments)
    with pytest.raises(KeyboardInterrupt):
        train_mlp(10.0, 0, epochs=4, callback=watch, **arguments)
    assert [epoch for epoch, _ in seen] == [0, 1, 2]
    for epoch, so_far in seen:
        assert so_far.settings["epochs"] == epoch and len(so_far.batch_loss) == 4 * epoch
        np.testing.assert_array_equal(so_far.val_loss, whole.val_loss[: epoch + 1])
        np.testing.assert_array_equal(so_far.batch_loss, whole.batch_loss[: 4 * epoch])
        np.testing.assert_array_equal(so_far.niw, whole.niw[whole.niw_epochs <= epoch])
        assert so_far.phase is not Phase.DIVERGENT


# --- phases -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sigma_eps, phase", [(1, Phase.DECOUPLED), (10, Phase.DECAY), (23, Phase.CATAPULT), (40, Phase.DIVERGENT)]
)
def test_the_four_phases_on_digits(sigma_eps, phase):
    assert [train_mlp(sigma_eps, seed).phase for seed in range(5)] == [phase] * 5


def history(batch_loss=(4, 3, 2, 1, 1), niw_norm=(1, 1, 1, 1, 1, 1), clean_loss=(4, 2)):
    """A made-up history of five epochs."""
    numbers = np.zeros(0)
    return History(
        settings={"epochs": 5},
        batch_loss=np.array(batch_loss, float),
        val_loss=numbers,
        val_accuracy=numbers,
        niw_norm=np.array(niw_norm, float),
        norms={},
        clean_epochs=np.array([0, 5]),
        clean_loss=np.array(clean_loss, float),
        niw_epochs=numbers,
        niw=numbers,
    )


@pytest.mark.parametrize("case", json.loads(PHASES.read_text(encoding="utf-8")), ids=lambda case: case["why"])
def test_the_definition_of_the_phases(case):
    """The browser's definition is held against the same histories, in nin_lib/widgets/js/test/digits-training.test.js."""
    curves = {name: case[name] for name in ("batch_loss", "niw_norm", "clean_loss") if name in case}
    assert history(**curves).phase == case["phase"]


def test_the_noise_weights_count_when_the_net_has_learned():
    late = dataclasses.replace(
        history(np.ones(10), np.r_[np.ones(6), 0.5 * np.ones(5)], [4, 1, 0.5]),
        clean_epochs=np.array([0, 5, 10]),
    )
    assert late.phase is Phase.DECOUPLED
    assert dataclasses.replace(late, clean_loss=np.array([4, 1.1, 1])).phase is Phase.DECAY


def test_divergence_is_recorded_in_silence(capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = train_mlp(3000, 0)
    assert found.phase is Phase.DIVERGENT
    steps = np.flatnonzero(np.isinf(found.batch_loss))
    assert len(steps) and steps[0] > 0 and not np.isnan(found.batch_loss).any()
    assert np.isinf(found.batch_loss[steps[0] :]).all() and np.isinf(found.niw_norm[-1])
    assert np.isinf(found.val_loss[-1]) and np.isnan(found.val_accuracy[-1])
    assert capfd.readouterr() == ("", "")


def test_a_loss_that_overflows_at_once_is_recorded_as_inf(digits):
    net = mlp((64, 8, 10), dtype=torch.float32)
    found = train(net, digits, loss="mse", batch_size=128, epochs=1, nin=NoiseInjection(net, "0", 1e30))
    assert np.isinf(found.batch_loss).all() and found.phase is Phase.DIVERGENT


def test_a_last_step_that_overflows_is_recorded_as_inf_and_divergent(digits):
    net = mlp((64, 8, 10), dtype=torch.float32)
    nin = NoiseInjection(net, "0", 1.0)
    found = train(net, digits, eta=1e38, batch_size=1078, epochs=1, nin=nin)
    assert np.isfinite(found.batch_loss).all() and found.phase is Phase.DIVERGENT
    assert found.val_loss[1] == found.niw_norm[1] == np.inf and np.isnan(found.val_accuracy[1])
    recorded = (found.val_loss, found.niw_norm, found.clean_loss, found.niw, *found.norms.values())
    assert not any(np.isnan(values).any() for values in recorded)


def test_a_progress_bar_counts_the_epochs(digits, capsys):
    train(mlp((64, 4, 10)), digits, epochs=2, progress=True)
    shown = capsys.readouterr().err
    assert "2/2" in shown and "epoch" in shown


# --- the value ------------------------------------------------------------------------------------------------------


def test_a_history_is_a_value_that_survives_its_arrays():
    found = train_mlp(10, 0, epochs=12)
    assert len(found.niw_epochs) <= 10 and {0, 12} <= set(found.niw_epochs)
    # Whatever an experiment stores beside it.
    read = History.from_arrays(found.arrays() | {"probe/x": np.ones(2)})
    assert read == found and read.phase is found.phase
    assert found == train_mlp(10, 0, epochs=12) and found != train_mlp(10, 1, epochs=12)
    assert found != dataclasses.replace(found, val_loss=found.val_loss + 1e-12) and found != "history"
    assert repr(found) == "History(digits, sigma_eps=10.0, seed=0, epochs=12: decay)"
    assert found.peak == found.batch_loss.max() / found.batch_loss[0]


def test_a_history_knows_its_noise(digits):
    def sigma_eps(*sigmas):
        net = mlp((64, 8, 8, 10))
        nins = [NoiseInjection(net, layer, sigma) for layer, sigma in zip(("0", "2"), sigmas, strict=False)]
        return train(net, digits, epochs=1, nin=nins).sigma_eps

    assert [sigma_eps(), sigma_eps(3), sigma_eps(3, 3), sigma_eps(3, 2)] == [0, 3, 3, (3, 2)]


def test_arrays_that_are_no_history_are_refused_by_name():
    arrays = train_mlp(10, 0, epochs=1).arrays()
    del arrays["val_loss"]
    with pytest.raises(
        ValueError, match=r"arrays must be those of History.arrays\(\), got .*: val_loss missing"
    ):
        History.from_arrays(arrays)


# --- bad input ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"loss": "l1"}, "loss must be one of 'ce', 'mse', got 'l1'"),
        ({"redraw": "step"}, "redraw must be one of 'epoch', 'never', got 'step'"),
        ({"eta": 0}, "eta must be a finite number > 0, got 0"),
        ({"eta": float("nan")}, "eta must be a finite number > 0, got nan"),
        (
            {"batch_size": 0},
            "batch_size must be a whole number from 1 to 1078, got 0: it counts samples of the training set",
        ),
        ({"batch_size": 1079}, "batch_size must be a whole number from 1 to 1078, got 1079"),
        ({"eta": "0.1"}, "eta must be a finite number > 0, got '0.1'"),
        ({"batch_size": 64.5}, "batch_size must be a whole number from 1 to 1078, got 64.5"),
        ({"epochs": 0}, "epochs must be a whole number >= 1, got 0"),
        ({"epochs": 2.5}, "epochs must be a whole number >= 1, got 2.5"),
        ({"seed": -1}, "seed must be an integer >= 0 or a numpy.random.Generator, got -1"),
    ],
)
def test_a_bad_argument_is_refused(digits, arguments, message):
    with pytest.raises(ValueError, match=message):
        train(mlp((64, 4, 10)), digits, **arguments)


def test_a_node_of_another_net_is_refused(digits):
    nin = NoiseInjection(mlp((64, 4, 10)), "0", sigma_eps=1.0)
    with pytest.raises(ValueError, match="nin on layer '0' is not attached to this net: use NoiseInjection"):
        train(mlp((64, 4, 10)), digits, nin=nin)
