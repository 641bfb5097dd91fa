"""Many runs at once: the same results on every backend, none computed twice, and nothing lost when a sweep is killed."""

import functools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import joblib
import numpy as np
import pytest
import torch
from distributed import Client, LocalCluster

from nin_lib import store
from nin_lib.history import History
from nin_lib.sweep import one_thread, sweep
from nin_lib.training import train_mlp

pytestmark = pytest.mark.usefixtures("one_thread")

SIGMAS, SEEDS = [1, 23.0], [0, 1, 2]
SETTINGS = {"epochs": 2, "hidden": [16]}


def files(folder):
    """What the files of a folder hold, by sigma_eps and seed."""
    found = [History.from_arrays(store.read(path).arrays) for path in Path(folder).glob("*.npz")]
    return {(history.sigma_eps, history.settings["seed"]): history for history in found}


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
    sweep(train_mlp, SIGMAS[:1], SEEDS, tmp_path, jobs=1, **SETTINGS)
    calls = []

    @functools.wraps(train_mlp)  # so that it names the same files
    def counted(sigma_eps, seed, **settings):
        calls.append((sigma_eps, seed))
        return train_mlp(sigma_eps, seed, **settings)

    sweep(counted, SIGMAS, SEEDS, tmp_path, jobs=1, **SETTINGS)
    assert len(calls) == 3 and files(tmp_path) == complete
    sweep(counted, SIGMAS, SEEDS, tmp_path, jobs=1, **SETTINGS | {"epochs": 1})
    assert len(calls) == 9, "other settings, other files"


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
from nin_lib.sweep import sweep
from nin_lib.training import train_mlp

def slow(sigma_eps, seed, **settings):
    with open(sys.argv[1] + "/started", "a") as log:
        log.write("x")
    time.sleep(0.3 if len(sys.argv) == 2 else 0)
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
    assert all(complete[key] == history for key, history in saved.items()), "no half file"
    subprocess.run([sys.executable, script, tmp_path, "quick"], check=True, stderr=subprocess.DEVNULL)
    assert files(tmp_path) == complete
    assert len((tmp_path / "started").read_text(encoding="utf-8")) == started + 6 - len(saved)


def test_numpys_integers_are_recorded_like_pythons(tmp_path):
    (first,) = sweep(train_mlp, [1], [3], tmp_path / "a", jobs=1, **SETTINGS).values()
    (found,) = sweep(train_mlp, [np.float32(1)], [np.int64(3)], tmp_path / "b", jobs=1, **SETTINGS).values()
    assert found.settings == first.settings and files(tmp_path / "a") == files(tmp_path / "b")
    assert found.settings["seed"] == 3 and found.settings["nins"][0]["sigma_eps"] == 1
    lone = train_mlp(1, np.int64(3), epochs=np.int64(2), batch_size=np.int64(128), hidden=(16,))
    assert lone.settings == first.settings


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
        (np.nan, {}, ValueError, "sigma_eps must be a finite number >= 0, got nan"),
        (
            1,
            {"eta": np.float32(0.2)},
            TypeError,
            r"eta must be .* got np.float32\(0.2\): convert .* by float",
        ),
        (1, {"jobs": 0}, ValueError, "jobs must be a whole number >= 1, got 0: or give -1"),
        (1, {"jobs": -2}, ValueError, "jobs must be a whole number >= 1, got -2: or give -1"),
        (1, {"epoch": 3}, TypeError, "settings must be arguments of run, train_mlp: .*'epoch'"),
        (1, {"seeds": [1.5]}, ValueError, "seeds must be a whole number >= 0, got 1.5"),
        (1, {"seeds": [-1]}, ValueError, "seeds must be a whole number >= 0, got -1"),
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


def test_a_run_that_fails_is_named_and_the_others_stay(complete, tmp_path):
    def run(sigma_eps, seed):
        if seed == 1:
            raise FloatingPointError("toy")
        return train_mlp(sigma_eps, seed, **SETTINGS)

    with pytest.raises(
        RuntimeError, match=r"the run with sigma_eps = 1.0, seed = 1 failed: FloatingPointError: toy"
    ):
        sweep(run, [1], [0, 1], tmp_path, jobs=1)
    assert files(tmp_path) == {(1, 0): complete[1, 0]}


def test_a_default_that_changes_names_other_files(tmp_path):
    def version(epochs):
        def run(sigma_eps, seed, epochs=epochs):
            return train_mlp(sigma_eps, seed, epochs=epochs, hidden=[16])

        return run

    lengths = [
        sweep(version(epochs), [1], [0], tmp_path, jobs=1)[1, 0].settings["epochs"] for epochs in (1, 2)
    ]
    assert lengths == [1, 2]


def test_damaged_files_are_computed_again_and_set_aside(complete, tmp_path):
    sweep(train_mlp, [1], [0], tmp_path, jobs=1, **SETTINGS)
    (path,) = tmp_path.iterdir()
    path.write_bytes(b"damaged")
    sweep(train_mlp, [1], [0], tmp_path, jobs=1, **SETTINGS)
    assert files(tmp_path) == {(1, 0): complete[1, 0]}
    assert path.with_name(f"{path.name}.damaged").read_bytes() == b"damaged"
