import copy
import dataclasses
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import joblib
import numpy as np
import pytest
import torch
from distributed import Client, LocalCluster
from torch.utils.checkpoint import checkpoint

from nin_lib.data import Data, load
from nin_lib.history import History
from nin_lib.injection import NoiseInjection
from nin_lib.phases import Phase
from nin_lib.training import mlp, one_thread, sweep, train, train_mlp

pytestmark = pytest.mark.usefixtures("one_thread")


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
    nin = NoiseInjection(net, "0", sigma=5.0, seed=2)
    oracle, noise, order = Oracle(net, nin, loss), copy.deepcopy((net, nin))[1], np.random.default_rng(7)
    history = train(
        net,
        data,
        loss=loss,
        lr=lr,
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
    nodes = [NoiseInjection(net, layer, sigma=2.0) for layer in ("0", "2")]
    start = [node.weight.detach().clone() for node in nodes]
    history = train(net, digits, lr=0.1, batch_size=128, epochs=2, nin=nodes)
    assert history.niw.shape == (3, 32) and not any(map(torch.equal, start, (node.weight for node in nodes)))
    np.testing.assert_array_equal(history.niw[0], torch.cat(start))
    norms = np.hypot(history.norms["0.nin_weight"], history.norms["2.nin_weight"])
    np.testing.assert_allclose(history.niw_norm, norms, rtol=1e-12)


def test_without_a_node_noise_plays_no_part(digits):
    plain, silent = mlp((64, 16, 10)), mlp((64, 16, 10))
    NoiseInjection(silent, "0", sigma=50.0)  # attached, but not handed to train
    histories = [train(net, digits, lr=0.1, batch_size=128, epochs=2) for net in (plain, silent)]
    np.testing.assert_array_equal(histories[0].batch_loss, histories[1].batch_loss)
    assert histories[0].niw_norm.tolist() == [0, 0, 0] and histories[0].phase is Phase.DECOUPLED


def test_training_runs_in_the_precision_of_the_net(digits):
    net = mlp((64, 16, 10), dtype=torch.float32)
    history = train(net, digits, lr=0.1, batch_size=128, epochs=1, nin=NoiseInjection(net, "0", 1.0))
    assert net[0].weight.dtype == torch.float32 and history.niw.dtype == np.float32
    assert history.val_accuracy[-1] > history.val_accuracy[0]


def test_dropout_acts_in_training_and_not_in_evaluation():
    net = torch.nn.Sequential(mlp((64, 16)), torch.nn.Dropout(0.99), mlp((16, 10)))
    data = small()
    history = train(net, data, lr=1e-9, batch_size=200, epochs=1)
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
        nin = NoiseInjection(net, "0", sigma=5.0)
        histories.append(train(net, small(), lr=0.1, batch_size=100, epochs=2, nin=nin))
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
    nin = NoiseInjection(net, "0", sigma=1.0, seed=3)
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
    train(net, data, lr=0.1, batch_size=50, epochs=2)
    batches = [s for s in seen if len(s) == 50]
    epochs = [sum(batches[:4], []), sum(batches[4:], [])]
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(200)) and epochs[0] != epochs[1]


def test_the_callback_sees_each_epoch_as_it_is_recorded_and_can_end_the_training():
    seen = []

    def watch(history, epoch):
        seen.append((epoch, history.val_loss.copy(), history.batch_loss.copy()))
        if epoch == 2:
            raise KeyboardInterrupt

    arguments = {"data": small(), "batch_size": 50}
    whole = train_mlp(10.0, 0, epochs=4, **arguments)
    with pytest.raises(KeyboardInterrupt):
        train_mlp(10.0, 0, epochs=4, callback=watch, **arguments)
    assert [epoch for epoch, *_ in seen] == [0, 1, 2]
    for epoch, val_loss, batch_loss in seen:
        np.testing.assert_array_equal(val_loss[: epoch + 1], whole.val_loss[: epoch + 1])
        np.testing.assert_array_equal(batch_loss[: 4 * epoch], whole.batch_loss[: 4 * epoch])
        assert np.isinf(val_loss[epoch + 1 :]).all() and np.isinf(batch_loss[4 * epoch :]).all()


# --- phases -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sigma_eps, phase", [(1, Phase.DECOUPLED), (10, Phase.DECAY), (23, Phase.CATAPULT), (40, Phase.DIVERGENT)]
)
def test_the_four_phases_on_digits(sigma_eps, phase):
    assert [train_mlp(sigma_eps, seed).phase for seed in range(5)] == [phase] * 5


def history(batch_loss, niw_norm=(1, 1, 1, 1, 1, 1), clean_loss=(4, 2)):
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


@pytest.mark.parametrize(
    "made_up, phase",
    [
        (history([4, 3, 2, 1, 1]), Phase.DECOUPLED),
        (history([4, 8, 2, 1, 1]), Phase.DECOUPLED),  # not above twice the first
        (history([4, 9, 2, 1, 1]), Phase.CATAPULT),
        (history([4, 3, 9, 9, 4]), Phase.DECOUPLED),  # never below the first again
        (history([4, 3, 9, 9, 3.9]), Phase.CATAPULT),
        (history([4, 1e9, 2, 1, 1]), Phase.DIVERGENT),
        (history([4, 9, 3, np.inf, np.inf]), Phase.DIVERGENT),
        (history([4, 9, 3, np.nan, 1]), Phase.DIVERGENT),
        (history([4, 3, 2, 1, 1], [1, 1, 1, 1, 1, 0.89]), Phase.DECAY),
        (history([4, 3, 2, 1, 1], [1, 1, 1, 1, 1, 0.91]), Phase.DECOUPLED),
        (history([4, 3, 2, 1, 1], [2, 1, 1, 1, 1, 1.9]), Phase.DECOUPLED),
        (history([4, 3, 2, 1, 1], [1, 1, 1, 1, 1, 0.8], clean_loss=[4, 0.9]), Phase.DECAY),
    ],
)
def test_the_definition_of_the_phases(made_up, phase):
    assert made_up.phase is phase


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
    found = train(net, digits, lr=1e38, batch_size=1078, epochs=1, nin=nin)
    assert np.isfinite(found.batch_loss).all() and found.phase is Phase.DIVERGENT
    assert found.val_loss[1] == found.niw_norm[1] == np.inf and np.isnan(found.val_accuracy[1])
    recorded = (found.val_loss, found.niw_norm, found.clean_loss, found.niw, *found.norms.values())
    assert not any(np.isnan(values).any() for values in recorded)


def test_a_progress_bar_counts_the_epochs(digits, capsys):
    train(mlp((64, 4, 10)), digits, epochs=2, progress=True)
    shown = capsys.readouterr().err
    assert "2/2" in shown and "epoch" in shown


# --- storing and sweeping -----------------------------------------------------------------------------------------


def test_history_survives_storing(tmp_path):
    found = train_mlp(10, 0, epochs=12)
    assert len(found.niw_epochs) <= 10 and {0, 12} <= set(found.niw_epochs)
    found.save(tmp_path / "new" / "a.npz")
    found.save(tmp_path / "b.npz")
    assert (tmp_path / "new" / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    loaded = History.load(tmp_path / "b.npz")
    for field in dataclasses.fields(History):
        np.testing.assert_equal(getattr(loaded, field.name), getattr(found, field.name))
    assert loaded.phase is found.phase


def test_a_history_ignores_what_an_experiment_stores_beside_it():
    found = train_mlp(10, 0, epochs=1)
    read = History.from_arrays(found.arrays() | {"probe/x": np.ones(2)})
    for field in dataclasses.fields(History):
        np.testing.assert_equal(getattr(read, field.name), getattr(found, field.name))


def test_a_save_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    found = train_mlp(10, 0, epochs=1)
    found.save(tmp_path / "a.npz")
    before = (tmp_path / "a.npz").read_bytes()

    def break_off(file, **arrays):
        file.write(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez_compressed", break_off)
    with pytest.raises(OSError, match="no space"):
        found.save(tmp_path / "a.npz")
    assert (tmp_path / "a.npz").read_bytes() == before and len(list(tmp_path.iterdir())) == 1


SIGMAS, SEEDS = [1, 23.0], [0, 1, 2]
SETTINGS = {"epochs": 2, "hidden": [16]}


def files(folder):
    return {path.name: path.read_bytes() for path in Path(folder).glob("*.npz")}


@pytest.fixture(scope="module")
def complete(tmp_path_factory):
    """The files of a whole sweep, made one after the other in this process."""
    out = tmp_path_factory.mktemp("complete")
    results = sweep(train_mlp, SIGMAS, SEEDS, out, jobs=1, **SETTINGS)
    assert list(results) == [(sigma, seed) for sigma in SIGMAS for seed in SEEDS]
    np.testing.assert_array_equal(results[23.0, 2].batch_loss, train_mlp(23, 2, **SETTINGS).batch_loss)
    assert len(files(out)) == 6
    return files(out)


def test_a_second_sweep_computes_only_what_is_missing(complete, tmp_path):
    for name in list(complete)[:4]:
        (tmp_path / name).write_bytes(complete[name])
    calls = []

    def counted(sigma_eps, seed, **settings):
        calls.append((sigma_eps, seed))
        return train_mlp(sigma_eps, seed, **settings)

    sweep(counted, SIGMAS, SEEDS, tmp_path, jobs=1, **SETTINGS)
    assert len(calls) == 2 and files(tmp_path) == complete
    sweep(counted, SIGMAS, SEEDS, tmp_path, jobs=1, **SETTINGS | {"epochs": 1})
    assert len(calls) == 8, "other settings, other files"


@pytest.mark.parametrize("backend", ["loky", "multiprocessing"])  # Ray's backend is a kind of multiprocessing
def test_processes_give_the_same_files(complete, tmp_path, backend):
    with joblib.parallel_config(backend=backend):
        sweep(train_mlp, SIGMAS, SEEDS, tmp_path, jobs=2, **SETTINGS)
    assert files(tmp_path) == complete


def test_a_dask_cluster_gives_the_same_files(complete, tmp_path):
    def has_trained():
        import sys

        return "nin_lib.training" in sys.modules

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
        joblib.parallel_config(backend="dask"),
    ):
        assert not any(client.run(has_trained).values())
        sweep(train_mlp, SIGMAS, SEEDS, tmp_path, **SETTINGS)
        assert any(client.run(has_trained).values())
    assert files(tmp_path) == complete


SLOW_SWEEP = """
import sys, time
from nin_lib.training import sweep, train_mlp

def slow(sigma_eps, seed, **settings):
    with open(sys.argv[1] + "/started", "a") as log:
        log.write("x")
    time.sleep(0.3)
    return train_mlp(sigma_eps, seed, **settings)

if __name__ == "__main__":
    sweep(slow, {sigmas}, {seeds}, sys.argv[1], jobs=2, **{settings})
"""


def test_a_killed_sweep_loses_only_the_runs_in_progress(complete, tmp_path):
    script = tmp_path / "slow_sweep.py"
    script.write_text(SLOW_SWEEP.format(sigmas=SIGMAS, seeds=SEEDS, settings=SETTINGS), encoding="utf-8")
    process = subprocess.Popen([sys.executable, script, tmp_path], start_new_session=True)
    deadline = time.monotonic() + 60
    while len(files(tmp_path)) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    saved, started = files(tmp_path), len((tmp_path / "started").read_text(encoding="utf-8"))
    assert 2 <= len(saved) < 6 and started - len(saved) <= 2
    assert saved.items() <= complete.items(), "no half file"
    sweep(train_mlp, SIGMAS, SEEDS, tmp_path, jobs=1, **SETTINGS)
    assert files(tmp_path) == complete


def test_numpys_integers_are_recorded_like_pythons(tmp_path):
    (first,) = sweep(train_mlp, [1], [3], tmp_path / "a", jobs=1, **SETTINGS).values()
    (found,) = sweep(train_mlp, [np.float32(1)], [np.int64(3)], tmp_path / "b", jobs=1, **SETTINGS).values()
    assert found.settings == first.settings and files(tmp_path / "a") == files(tmp_path / "b")
    assert found.settings["seed"] == 3 and found.settings["nins"][0]["sigma"] == 1
    lone = train_mlp(1, np.int64(3), epochs=np.int64(2), batch_size=np.int64(128), hidden=(16,))
    assert lone.settings == first.settings
    lone.save(tmp_path / "lone.npz")


def test_a_sweep_runs_what_names_its_file(tmp_path):
    seen = []

    def run(sigma_eps, seed):
        seen.append((type(sigma_eps), type(seed)))
        return train_mlp(sigma_eps, seed, **SETTINGS)

    sweep(run, [np.float32(0.1), 1], [np.int64(0)], tmp_path, jobs=1)
    assert seen == [(float, int)] * 2


def test_a_sweeps_progress_bar_counts_the_runs(tmp_path, capsys):
    sweep(train_mlp, [1], [0, 1], tmp_path, jobs=1, progress=True, **SETTINGS)
    shown = capsys.readouterr().err
    assert "2/2" in shown and "run" in shown


@pytest.mark.parametrize(
    "sigma, arguments, error, message",
    [
        (np.nan, {}, ValueError, "sigma_eps must be a plain JSON value and finite, got nan"),
        (1, {"lr": np.float32(0.2)}, TypeError, r"lr must be .* got np.float32\(0.2\): convert .* by float"),
        (1, {"jobs": 0}, ValueError, "jobs must be an integer >= 1, or -1 for one on each core, got 0"),
        (1, {"seeds": [1.5]}, ValueError, "seed must be an integer >= 0 .* got 1.5"),
        (1, {"seeds": [-1]}, ValueError, "seed must be an integer >= 0 .* got -1"),
    ],
)
def test_a_sweep_refuses_a_bad_argument_by_name(tmp_path, sigma, arguments, error, message):
    with pytest.raises(error, match=message):
        sweep(train_mlp, [sigma], out=tmp_path, **{"seeds": [0], "jobs": 1} | SETTINGS | arguments)
    assert not list(tmp_path.iterdir())


def test_a_sweep_leaves_the_number_of_threads_alone(tmp_path):
    seen = []

    def run(sigma_eps, seed):
        seen.append(torch.get_num_threads())
        return train_mlp(sigma_eps, seed, **SETTINGS)

    with one_thread():  # which sets the number back at its end
        torch.set_num_threads(2)
        sweep(run, [1], [0], tmp_path, jobs=1)
        assert seen == [1] and torch.get_num_threads() == 2


# --- bad input ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"loss": "l1"}, r"loss must be one of \['ce', 'mse'\], got 'l1'"),
        ({"redraw": "step"}, 'redraw must be "epoch" or "never", got \'step\''),
        ({"lr": 0}, "lr must be a finite number > 0, got 0"),
        ({"lr": float("nan")}, "lr must be a finite number > 0, got nan"),
        ({"batch_size": 0}, "batch_size must be an integer from 1 to the 1078 training samples, got 0"),
        ({"batch_size": 1079}, "batch_size must be an integer from 1 to the 1078 training samples, got 1079"),
        ({"lr": "0.1"}, "lr must be a finite number > 0, got '0.1'"),
        ({"batch_size": 64.5}, "batch_size must be an integer from 1 to .* got 64.5"),
        ({"epochs": 0}, "epochs must be an integer >= 1, got 0"),
        ({"epochs": 2.5}, "epochs must be an integer >= 1, got 2.5"),
        ({"seed": -1}, "seed must be an integer >= 0 or a numpy.random.Generator, got -1"),
    ],
)
def test_a_bad_argument_is_refused(digits, arguments, message):
    with pytest.raises(ValueError, match=message):
        train(mlp((64, 4, 10)), digits, **arguments)


def test_a_node_of_another_net_is_refused(digits):
    nin = NoiseInjection(mlp((64, 4, 10)), "0", sigma=1.0)
    with pytest.raises(ValueError, match="nin on layer '0' is not attached to this net: use NoiseInjection"):
        train(mlp((64, 4, 10)), digits, nin=nin)
