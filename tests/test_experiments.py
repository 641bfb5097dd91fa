"""The experiments: names, settings, provenance, the command line, what the stored runs say, and statistics of boundaries."""

import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import threading
import time
import tomllib
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from distributed import Client, LocalCluster

import nin_lib.data
from nin_lib import experiments, store
from nin_lib.__main__ import main
from nin_lib.curvature import LocalCurvature
from nin_lib.data import Data
from nin_lib.decay import fit_decay
from nin_lib.experiments import (
    Experiment,
    Result,
    ResultError,
    fashion_mnist,
    fig1,
    fig1_complete,
    linear_boundaries,
    probe_cost,
)
from nin_lib.experiments import (
    probes as probes_module,
)
from nin_lib.history import History
from nin_lib.injection import NoiseInjection
from nin_lib.networks import mlp, network
from nin_lib.phases import Phase
from nin_lib.training import train, train_mlp
from nin_lib.verify import beginning, compute_again, differences


@dataclass(frozen=True)
class Toy:
    k: int
    log: str | None = None
    fails: bool = False


def double(settings, device):
    if settings.log:
        with open(settings.log, "a", encoding="utf-8") as file:
            file.write(f"{settings.k}\n")
    if settings.fails and settings.k == 1:
        raise FloatingPointError("toy")
    return {"doubled": np.arange(3) * 2.0 * settings.k}


@pytest.fixture
def toy(monkeypatch, tmp_path):
    """An experiment of three runs that logs each computation; returns the path of its log."""
    log = tmp_path / "log"
    settings = tuple(Toy(k, str(log)) for k in range(3))
    monkeypatch.setitem(experiments.EXPERIMENTS, "toy", Experiment("doubles", settings, double, ("numpy",)))
    return log


def test_path_is_a_pure_function_of_name_and_settings():
    path = experiments.path_of("a", Toy(1, "x"))
    assert path == experiments.path_of("a", Toy(k=1, log="x", fails=False))
    assert path.parent == experiments.RUNS / "a"
    others = [("b", Toy(1, "x")), ("a", Toy(2, "x")), ("a", Toy(1, "x", True))]
    assert len({path, *(experiments.path_of(*other) for other in others)}) == 4


def test_a_default_that_changes_names_another_file():
    @dataclass(frozen=True)
    class Changed:
        k: int
        log: str | None = None
        fails: bool = True

    assert experiments.path_of("a", Changed(1)) != experiments.path_of("a", Toy(1))


def test_a_setting_that_is_misspelt_is_refused():
    with pytest.raises(TypeError, match="unexpected keyword argument 'epoch'"):
        replace(experiments.EXPERIMENTS["noises"].settings[0], epoch=3)


def test_run_computes_only_what_is_missing(toy, tmp_path):
    out = tmp_path / "runs"
    paths = experiments.run("toy", out)
    before = [path.read_bytes() for path in paths]
    paths[1].unlink()
    assert experiments.run("toy", out) == paths
    assert toy.read_text(encoding="utf-8").split() == ["0", "1", "2", "1"]
    assert [path.read_bytes() for path in (paths[0], paths[2])] == [before[0], before[2]]
    assert sorted(out.rglob("*")) == sorted([out / "toy", *paths])


def test_results_hold_arrays_settings_and_provenance(toy, tmp_path):
    experiments.run("toy", tmp_path, jobs=2)
    stored = experiments.results("toy", tmp_path)
    assert [result.settings.k for result in stored] == [0, 1, 2]
    np.testing.assert_array_equal(stored[2].arrays["doubled"], [0.0, 4.0, 8.0])
    provenance = stored[2].provenance
    assert provenance["packages"] == {"numpy": np.__version__}
    assert provenance["device"] == "cpu" and provenance["wall_s"] >= 0
    assert provenance["python"] == ".".join(map(str, sys.version_info[:3]))
    assert len(provenance["code"]) == 64


@pytest.mark.checkout
def test_provenance_names_the_commit_and_whether_the_tree_was_clean(toy, tmp_path):
    experiments.run("toy", tmp_path)
    provenance = experiments.results("toy", tmp_path)[0].provenance

    def git(*arguments):
        return subprocess.run(
            ["git", *arguments],
            cwd=experiments.RUNS.parent,
            capture_output=True,
            encoding="utf-8",
            check=True,
        ).stdout.strip()

    assert provenance["commit"] == git("rev-parse", "HEAD")
    assert provenance["clean"] is (git("status", "--porcelain", "nin_lib") == "")


def test_missing_results_say_how_to_compute_them(toy, tmp_path):
    with pytest.raises(ResultError, match="3 of 3 results of 'toy' are missing.*python -m nin_lib run toy"):
        experiments.results("toy", tmp_path)


# --- the command line -----------------------------------------------------------------------------------------------


def test_command_line(toy, tmp_path, capsys):
    assert main(["run", "toy", "--out", str(tmp_path), "--jobs", "1"]) == 0
    printed = capsys.readouterr()
    assert f"3 results in {tmp_path / 'toy'}" in printed.out
    assert "toy: 100%" in printed.err and "3/3" in printed.err  # the progress bar
    assert main(["list", "--out", str(tmp_path)]) == 0
    listed = capsys.readouterr().out
    assert "3 of    3   doubles" in listed and "linear-boundaries" in listed
    assert main(["show", "toy", "--out", str(tmp_path)]) == 0
    summary, *runs = capsys.readouterr().out.splitlines()
    assert summary == "doubles"
    assert [json.loads(line)["settings"]["k"] for line in runs] == [0, 1, 2]
    assert json.loads(runs[0])["arrays"] == {"doubled": "3"}


def test_a_damaged_result_counts_as_missing_is_said_and_is_repaired(toy, tmp_path, capsys):
    out = ["--out", str(tmp_path)]
    main(["run", "toy", *out])
    damaged = experiments.path_of("toy", Toy(1, str(toy)), tmp_path)
    damaged.write_bytes(damaged.read_bytes()[:-1])
    capsys.readouterr()
    assert main(["show", "toy", *out]) == 2
    message = capsys.readouterr().err
    assert f"nin_lib: {damaged}: its content is not what was written" in message
    assert "repair it by `python -m nin_lib run toy`" in message
    assert main(["list", *out]) == 0
    listed = capsys.readouterr().out
    assert "2 of    3   doubles" in listed and f"damaged: {damaged}; repair it by" in listed
    assert main(["run", "toy", *out]) == 0
    assert f"damaged: {damaged}; it is computed again" in capsys.readouterr().out
    assert toy.read_text(encoding="utf-8").split()[3:] == ["1"]
    assert main(["show", "toy", *out]) == 0 and damaged.with_name(f"{damaged.name}.damaged").exists()


def test_command_line_refuses_an_unknown_name_with_a_sentence(capsys):
    assert main(["run", "no-such"]) == 2
    assert "name must be one of linear-boundaries" in capsys.readouterr().err


def test_command_line_says_in_a_sentence_that_the_data_are_missing(tmp_path, capsys, monkeypatch):
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("NIN_DATA_DIR", str(tmp_path / "empty"))
    assert main(["run", "fig3-ce", "--out", str(tmp_path), "--jobs", "1"]) == 2
    assert "nin_lib: NIN_DATA_DIR has no file" in capsys.readouterr().err


def test_where_nothing_can_be_written_nothing_is_computed(toy, tmp_path, capsys):
    a_file, loop = tmp_path / "file", tmp_path / "loop"
    a_file.touch()
    loop.symlink_to(loop)
    places = [a_file, loop, loop / "below", "/proc/nowhere"] if sys.platform == "linux" else [a_file]
    for place in places:
        assert main(["run", "toy", "--out", str(place)]) == 2
        assert "nothing can be written here" in capsys.readouterr().err
    assert not toy.exists()


@pytest.mark.parametrize("jobs", ["0", "-2"])
def test_a_wrong_number_of_jobs_is_refused(toy, tmp_path, capsys, jobs):
    assert main(["run", "toy", "--out", str(tmp_path), "--jobs", jobs]) == 2
    assert f"jobs must be a whole number >= 1, got {jobs}" in capsys.readouterr().err and not toy.exists()


def test_a_run_that_fails_is_named(tmp_path, monkeypatch, capsys):
    settings = tuple(Toy(k, fails=True) for k in range(2))
    monkeypatch.setitem(experiments.EXPERIMENTS, "toy", Experiment("", settings, double, ()))
    assert main(["run", "toy", "--out", str(tmp_path), "--jobs", "1"]) == 2
    assert "the run with {'experiment': 'toy', 'k': 1" in (message := capsys.readouterr().err)
    assert "failed: FloatingPointError: toy" in message
    assert [path.name for path in (tmp_path / "toy").iterdir()] == [
        experiments.path_of("toy", settings[0]).name
    ]


SLOW = """\
import signal, sys, time
from dataclasses import dataclass

import numpy as np

import nin_lib.data
from nin_lib import experiments, store
from nin_lib.__main__ import main


@dataclass(frozen=True)
class Settings:
    k: int


def compute(settings, device):
    if settings.k == 1 and sys.argv[2] == "slow":
        time.sleep(600)
    return {"k": np.array(settings.k)}


signal.signal(signal.SIGINT, signal.default_int_handler)  # which who starts the tests may have switched off
experiments.EXPERIMENTS["slow"] = experiments.Experiment("", (Settings(0), Settings(1)), compute, ())
sys.exit(main(["run", "slow", "--out", sys.argv[1], "--jobs", "1"]))
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_ended_keeps_what_was_finished_and_the_next_one_does_the_rest(tmp_path, how):
    script, out = tmp_path / "slow.py", tmp_path / "runs"
    script.write_text(SLOW, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, script, out, "slow"], stderr=subprocess.PIPE, encoding="utf-8"
    )
    deadline = time.monotonic() + 60
    while not list(out.glob("slow/*.npz")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(how)
    message = process.communicate()[1]
    if how == signal.SIGINT:
        assert process.returncode == 2 and "Traceback" not in message
        assert "nin_lib: stopped; what was finished is stored" in message
    (first,) = out.glob("slow/*.npz")
    assert store.read(first).arrays["k"] == 0
    written = first.stat().st_mtime_ns
    subprocess.run([sys.executable, script, out, "quick"], check=True, stderr=subprocess.DEVNULL)
    assert len(list(out.glob("slow/*.npz"))) == 2 and first.stat().st_mtime_ns == written


def test_a_worker_of_a_cluster_that_dies_costs_only_its_run(tmp_path, monkeypatch, capsys):
    """A real scheduler and two processes, one of which is killed. The workers write no result: nothing need be shared."""
    log = tmp_path / "log"

    @dataclass(frozen=True)
    class Settings:
        k: int
        log: str

    def compute(settings, device):  # goes to the workers by value, as it cannot be imported there
        with open(settings.log, "a", encoding="utf-8") as file:
            file.write(f"{settings.k}\n")
        time.sleep(0.5)
        return {"k": np.array(settings.k), "pid": np.array(os.getpid())}

    settings = tuple(Settings(k, str(log)) for k in range(8))
    monkeypatch.setitem(experiments.EXPERIMENTS, "toy", Experiment("", settings, compute, ("numpy",)))
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        with Client(cluster) as client:
            workers = list(client.run(os.getpid).values())

        def kill():
            while len(list(tmp_path.glob("toy/*.npz"))) < 2:
                time.sleep(0.02)
            os.kill(workers[0], signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        arguments = ["run", "toy", "--out", str(tmp_path), "--dask", cluster.scheduler_address]
        assert main(arguments) == 0
        killer.join()
    assert f"8 results in {tmp_path / 'toy'}" in capsys.readouterr().out
    found = [result.arrays for result in experiments.results("toy", tmp_path)]
    assert [int(arrays["k"]) for arrays in found] == list(range(8))
    assert os.getpid() not in {int(arrays["pid"]) for arrays in found}
    assert 8 <= len(log.read_text(encoding="utf-8").split()) <= 9  # one run was begun twice


def test_a_scheduler_that_is_not_there_is_said_in_a_sentence(toy, tmp_path, capsys):
    assert main(["run", "toy", "--out", str(tmp_path), "--dask", "tcp://127.0.0.1:1"]) == 2
    assert "no Dask scheduler answers at 'tcp://127.0.0.1:1'" in capsys.readouterr().err and not toy.exists()


@pytest.mark.checkout
def test_the_installed_package_carries_the_results(tmp_path):
    """As pip lays it out, which a notebook on Colab relies on."""
    root = experiments.RUNS.parent
    wheel = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"][
        "targets"
    ]["wheel"]
    shutil.copytree(root / "nin_lib", tmp_path / "nin_lib", ignore=shutil.ignore_patterns("widgets"))
    for source, target in wheel["force-include"].items():
        shutil.copytree(root / source, tmp_path / target)
    command = [sys.executable, "-m", "nin_lib", "list"]
    listed = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=True).stdout
    assert "16 of   16   phase boundaries of the linear model" in listed


@pytest.mark.parametrize("device", ["no-such-device", "cuda:77", "meta"])
def test_a_device_that_torch_lacks_is_refused_before_anything_runs(toy, tmp_path, capsys, device):
    assert main(["run", "toy", "--out", str(tmp_path), "--device", device]) == 2
    message = f"device must be one that torch can use here, such as 'cpu', got '{device}'"
    assert message in capsys.readouterr().err
    assert not toy.exists() and not (tmp_path / "toy").exists()


@pytest.mark.parametrize("name", ["fig3-ce", "noises", "architectures", "inputs"])
def test_the_device_reaches_the_training(name, official_fashion_mnist):
    """On the meta device nothing has a value: only a net that was really moved there can be refused so."""
    experiment = experiments.named(name)
    with pytest.raises(
        ValueError, match="device must be one that torch can use here, .* got 'meta': .*meta tensor"
    ):
        experiment.compute(experiment.settings[0], "meta")


@pytest.mark.stored
def test_stored_results_are_small_and_come_out_again():
    stored = experiments.results("linear-boundaries")
    paths = [experiments.path_of("linear-boundaries", result.settings) for result in stored]
    assert sum(path.stat().st_size for path in paths) < 500_000
    result = next(r for r in stored if (r.settings.batch_size, r.settings.phase) == (100, "divergent"))
    again = compute_again(lambda: linear_boundaries.count_phases(result.settings))
    assert differences(result.settings, result.arrays, again) == []


def test_all_stored_results_together_are_small():
    sizes = [path.stat().st_size for path in experiments.RUNS.glob("**/*.npz")]
    assert sizes and sum(sizes) < 14e6


@pytest.mark.checkout
def test_the_readme_of_the_results_says_what_is_stored(capsys):
    readme = (experiments.RUNS / "README.md").read_text(encoding="utf-8")
    assert main(["list", "--markdown"]) == 0
    assert readme == capsys.readouterr().out, "run `python -m nin_lib list --markdown >runs/README.md`"


def test_markdown_tells_what_is_stored_and_how_it_was_made(toy, tmp_path):
    experiments.run("toy", tmp_path)
    experiments.path_of("toy", Toy(0, str(toy)), tmp_path).unlink()
    text = experiments.markdown(tmp_path)
    section = text[text.index("## toy") :]
    assert "- 2 of 3 files, 0.00 MB\n- holds `doubled`\n- cost 0 min, a file from 0 s to 0 s\n" in section
    assert f"- with Python {platform.python_version()}, numpy {np.__version__}, on " in section
    assert "`python -m nin_lib verify toy --one`" in section
    assert "## fig3-ce\n\n" in text and "- 0 of 45 files" in text


@pytest.mark.parametrize("name", ["fig2-mse", "fig3-ce", "fig3-ce-deep"])
def test_stored_trainings_say_their_data_and_how_they_were_made(name):
    for result in experiments.results(name):
        settings = History.from_arrays(result.arrays).settings
        assert settings["data"] == "fashion_mnist" and len(settings["digest"]) == 64
        assert result.provenance["wall_s"] > 0 and result.provenance["packages"]["torch"]


@pytest.mark.stored
def test_a_stored_decay_run_begins_as_it_began(official_fashion_mnist):
    sigma_eps = fashion_mnist.sigma_of("ce", 0.1)
    settings = fashion_mnist.Settings(sigma_eps=sigma_eps, seed=0, loss="ce", epochs=100)
    stored = experiments.load("fig3-ce", settings)
    assert stored.history.phase == Phase.DECAY
    again = compute_again(lambda: fashion_mnist.train_history(replace(settings, epochs=1)))
    assert again.steps[0] >= 12
    assert beginning(settings, stored.arrays, again) == []
    assert again.arrays["val_loss"][0] == pytest.approx(stored.arrays["val_loss"][0], rel=1e-4)


def at_table_1(name, loss, c):
    """The stored runs of 100 epochs at this value of Table 1, one for each of three seeds."""
    sigma_eps = fashion_mnist.sigma_of(loss, c)
    runs = zip(experiments.named(name).settings, experiments.histories(name), strict=True)
    found = [history for s, history in runs if (s.sigma_eps, s.epochs) == (sigma_eps, 100)]
    assert len(found) == 3
    return found


@pytest.mark.parametrize("c, phase", list(zip([1e-4, 0.1, 1, 1.8], Phase, strict=True)))
def test_cross_entropy_at_table_1_is_in_the_phase_that_the_paper_says(c, phase):
    assert [history.phase for history in at_table_1("fig3-ce", "ce", c)] == [phase] * 3


@pytest.mark.parametrize(
    "c, phase",
    [
        (1e-4, Phase.DECOUPLED),
        (30, Phase.CATAPULT),  # "decay" in the paper
        (39, Phase.CATAPULT),  # not in the paper
        (47, Phase.DIVERGENT),  # "catapult" in the paper
        (50, Phase.DIVERGENT),
    ],
)
def test_squared_error_at_table_1_by_loss_and_by_noise_weights(c, phase):
    histories = at_table_1("fig2-mse", "mse", c)
    assert [history.phase for history in histories] == [phase] * 3
    grows = [history.niw_norm.max() > history.niw_norm[0] for history in histories]
    assert grows == [phase == Phase.DIVERGENT] * 3  # no catapult by the noise weights


def test_the_grids_reach_from_decoupled_to_divergent():
    for name in ("fig2-mse", "fig3-ce"):
        grid = [history for history in experiments.histories(name) if history.settings["epochs"] == 40]
        phases = [history.phase for history in grid]
        assert len(grid) >= 33 and set(phases) == set(Phase)
        assert (phases[0], phases[-1]) == (Phase.DECOUPLED, Phase.DIVERGENT)


# --- Fig. 1 -------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_images(monkeypatch):
    """A hundred random images in the place of Fashion-MNIST."""
    rng = np.random.default_rng(0)
    x, y = (
        torch.from_numpy(rng.standard_normal((100, 784))).float(),
        torch.from_numpy(rng.integers(0, 10, 100)),
    )
    monkeypatch.setattr("nin_lib.data.load", lambda name: Data(name, x[:80], y[:80], x[80:], y[80:], ""))


SMALL = {"hidden": (16,), "batch_size": 20, "val_samples": 10, "curvature_samples": 40}


@pytest.mark.usefixtures("small_images", "one_thread")
def test_train_and_probe_measures_what_it_says():
    epochs = {"largest": (0, 4), "kick": (0, 4), "reading": (4,), "trace": (4,)}
    settings = fig1.Settings(**SMALL, **epochs, sigma_eps=2.0, epochs=4, redraw="never", seed=3)
    arrays = fig1.train_and_probe(settings)
    history = History.from_arrays(arrays)
    np.testing.assert_array_equal(arrays["probe/step_norm"][::4], history.niw_norm[:-1])
    # The training does not notice that it is watched: the same without the measurements.
    data = nin_lib.data.load("fashion_mnist")
    net = mlp((784, 16, 10), 3, torch.float32)
    nin = NoiseInjection(net, "0", 2.0, seed=3)
    curvature = LocalCurvature(net, nin, data.x_train[:40], data.y_train[:40])
    how = {"eta": 0.05, "batch_size": 20, "epochs": 4, "redraw": "never", "seed": 3}
    plain = train(net, data, nin=nin, **how)
    np.testing.assert_array_equal(history.batch_loss, plain.batch_loss.astype(np.float32))
    at_the_end = {
        "rayleigh": curvature.rayleigh(nin.weight.detach().numpy()),
        "pull": curvature.pull(),
        "gradient": (curvature.gradients() ** 2).sum(1).mean(),
        "kick": curvature.kick(),
        "reading": curvature.reading(0.05, 20),
        "largest": np.linalg.eigvalsh(curvature.matrix())[-1],
    }
    for key, value in at_the_end.items():
        assert arrays[f"probe/{key}"][-1] == pytest.approx(value, rel=2e-3), key
    assert [len(arrays[f"probe/{key}"]) for key in ("rayleigh", "pull", "gradient", "largest", "trace")] == [
        5,
        5,
        5,
        2,
        1,
    ]
    assert arrays["probe/trace"][0] == pytest.approx(np.trace(curvature.matrix()), rel=0.5)


@pytest.mark.usefixtures("small_images", "one_thread")
def test_train_and_probe_of_a_divergent_training_says_what_was_not_reached():
    settings = fig1.Settings(**SMALL, sigma_eps=3e3, epochs=2, seed=0, largest=(0, 2))
    arrays = fig1.train_and_probe(settings)
    assert History.from_arrays(arrays).phase == Phase.DIVERGENT
    assert np.isfinite(arrays["probe/step_norm"][0]) and np.isinf(arrays["probe/step_norm"][-1])
    assert np.isfinite(arrays["probe/largest"][0]) and np.isnan(arrays["probe/largest"][1])
    assert np.isnan(arrays["probe/pull"][-1])


@pytest.mark.usefixtures("small_images", "one_thread")
def test_the_cost_of_the_probe_is_measured_and_power_iteration_finds_the_largest_eigenvalue():
    settings = probe_cost.Settings(**SMALL, sigma_eps=2.0, steps=2, repeats=3)
    arrays = probe_cost.time_probe(settings)
    assert all(arrays[key].shape == (3,) for key in ("step", "step_with_nin", "product"))
    assert np.all(arrays["product"] > 0) and arrays["power_products"] > 1
    assert (
        arrays["power"] == pytest.approx(arrays["largest"], rel=0.1) and arrays["power"] <= arrays["largest"]
    )
    assert arrays["rayleigh"].shape == (1,) and np.isfinite(arrays["rayleigh"]).all()


@pytest.mark.usefixtures("small_images", "one_thread")
@pytest.mark.parametrize("eta, epochs, ends", [(0.2, 60, True), (0.01, 3, False)])
def test_a_training_to_the_end_stops_when_every_image_is_right_and_not_later(eta, epochs, ends, monkeypatch):
    monkeypatch.setattr(fig1_complete, "AT_A_TIME", 8)  # an image that is wrong is not in every part
    settings = fig1_complete.Settings(**SMALL, sigma_eps=0.1, seed=3, eta=eta, epochs=epochs)
    arrays = fig1_complete.train_to_the_end(settings)
    history, data = History.from_arrays(arrays), nin_lib.data.load("fashion_mnist")
    taken, accuracies = len(history.niw_norm) - 1, []
    net = mlp((784, 16, 10), 3, torch.float32)
    nin = NoiseInjection(net, "0", 0.1, seed=3)

    def watch(history, epoch):
        accuracies.append((net(data.x_train).argmax(1) == data.y_train).double().mean().item())

    how = {"eta": eta, "batch_size": 20, "epochs": taken, "seed": 3}
    plain = train(net, data, nin=nin, callback=watch, **how)
    np.testing.assert_array_equal(history.batch_loss, plain.batch_loss.astype(np.float32))
    assert arrays["train_accuracy"] == pytest.approx(accuracies[-1])
    assert (accuracies[-1] == 1) == ends and max(accuracies[:-1]) < 1
    assert taken < epochs if ends else taken == epochs


@pytest.mark.parametrize("start", fashion_mnist.STARTS)
def test_the_starts_are_what_they_say(start):
    net = mlp((784, 1024, 10), 5, torch.float32)
    nin = NoiseInjection(net, "0", 1.0, seed=5)
    before = [parameter.detach().clone() for parameter in net.parameters()]
    fashion_mnist.begin(net, nin, start, 5)
    scaled = [net[0].weight * 28, net[2].weight * 32, nin.weight * 28]
    variances, largest = zip(*((w.var().item(), w.abs().max().item()) for w in scaled), strict=True)
    same = [torch.equal(*pair) for pair in zip(before, net.parameters(), strict=True)]
    if start == "normal":
        assert all(same)
    elif start == "truncated":
        assert variances == pytest.approx((0.774, 0.774, 0.774), rel=0.1)
        assert max(largest) <= 2.00001 and not any(same[i] for i in (0, 2, 3))
        assert not net[0].bias.any()
    else:
        assert torch.equal(nin.weight, torch.full((1024,), 1 / 28)) and same.count(False) == 1


@pytest.mark.usefixtures("small_images", "one_thread")
def test_a_training_from_a_start_begins_there_and_an_unknown_one_is_refused():
    small = fashion_mnist.Start(
        sigma_eps=1.0, seed=0, start="constant", hidden=(16,), batch_size=20, epochs=1
    )
    history = History.from_arrays(fashion_mnist.train_from(small))
    assert history.niw_norm[0] == pytest.approx(np.sqrt(16 / 784), rel=1e-6)
    normal = History.from_arrays(fashion_mnist.train_from(replace(small, start="normal")))
    assert normal == train_mlp(
        1.0,
        0,
        data=nin_lib.data.load("fashion_mnist"),
        loss="mse",
        eta=0.01,
        hidden=(16,),
        batch_size=20,
        epochs=1,
    )
    with pytest.raises(ValueError, match="start must be one of .*'truncated'.*, got 'uniform'"):
        fashion_mnist.train_from(replace(small, start="uniform"))


def test_table_1_for_the_squared_error_depends_on_the_reading_of_the_start():
    phases = {
        ("normal", 30): {Phase.CATAPULT},
        ("normal", 47): {Phase.DIVERGENT},
        ("truncated", 30): {Phase.DECAY, Phase.CATAPULT},
        ("truncated", 47): {Phase.CATAPULT},
        ("constant", 30): {Phase.DIVERGENT},
        ("constant", 47): {Phase.DIVERGENT},
    }
    found = {key: [] for key in phases}
    for result in experiments.results("table1-starts"):
        c = round(result.settings.sigma_eps**2 / fashion_mnist.TABLE_1["mse"]["unit"])
        found[result.settings.start, c].append(result.history.phase)
    assert all(len(several) == 5 for several in found.values())
    assert all(set(several) <= phases[key] for key, several in found.items())
    assert found["truncated", 30].count(Phase.DECAY) >= 4


def fig_1(name="fig1-right"):
    """Stored runs of Fig. 1 by redraw, sigma_eps and seed."""
    return {(r.settings.redraw, r.settings.sigma_eps, r.settings.seed): r for r in experiments.results(name)}


@pytest.mark.slow
@pytest.mark.stored
def test_a_stored_run_of_fig_1_begins_as_it_began(official_fashion_mnist):
    stored = fig_1()["epoch", 12.5, 0]
    first = replace(stored.settings, epochs=1, kick=(0,), reading=(0,), largest=(0,))
    again = compute_again(lambda: fig1.train_and_probe(first))
    assert again.steps[0] >= 16
    for key in ("probe/gradient", "probe/kick", "probe/rayleigh", "probe/largest"):
        assert again.arrays[key][0] == pytest.approx(stored.arrays[key][0], rel=2e-3), key
    assert beginning(stored.settings, stored.arrays, again) == []
    assert again.arrays["niw_norm"][1] == pytest.approx(stored.arrays["niw_norm"][1], rel=0.02)


def test_fig_1_runs_through_the_four_phases_in_order():
    runs = fig_1()
    assert len(runs) == 48
    for redraw in ("epoch", "never"):
        for seed in (0, 1):
            phases = [
                list(Phase).index(r.history.phase) for k, r in runs.items() if (k[0], k[2]) == (redraw, seed)
            ]
            assert len(phases) == 12 and set(phases) == {0, 1, 2, 3} and sorted(phases) == phases


def test_fixed_noise_is_redrawn_noise_in_the_first_epoch_and_not_later():
    runs = fig_1()
    for (redraw, sigma, seed), result in runs.items():
        if redraw == "never":
            continue
        fixed = runs["never", sigma, seed]
        steps = result.history.steps_per_epoch
        for key in ("batch_loss", "probe/step_norm"):
            np.testing.assert_array_equal(result.arrays[key][:steps], fixed.arrays[key][:steps])
        if 5 <= sigma <= 20:
            norms = [r.history.niw_norm[10] / r.history.niw_norm[0] for r in (result, fixed)]
            assert norms[1] > 1.3 * norms[0]
    by_redraw = {redraw: result.history.niw_norm for (redraw, *_), result in fig_1("fig1-centre").items()}
    assert by_redraw["epoch"][-1] < 0.06 * by_redraw["epoch"][0]
    assert by_redraw["never"].min() > 0.5 * by_redraw["never"][0]


@pytest.mark.parametrize("sigma, smooth", [(2.5, 0.42), (5.0, 0.64), (8.0, 0.97), (12.5, 1.5), (20.0, 4.3)])
def test_the_decay_of_fig_1_follows_the_curvature_with_kinks_and_kicks(sigma, smooth):
    result = fig_1()["epoch", sigma, 0]
    s, a, norm = result.settings, result.arrays, result.history.niw_norm
    rate = s.eta * sigma**2 * result.history.steps_per_epoch
    measured = np.log(norm[0] / norm[5])
    reading = rate * np.trapezoid(np.interp(range(6), s.reading, a["probe/reading"]))
    assert reading / measured == pytest.approx(1, abs=0.05 if sigma < 20 else 0.3)
    # Autograd's Hessian alone is too small in weak noise and too large in strong.
    assert rate * np.trapezoid(a["probe/rayleigh"][:6]) / measured == pytest.approx(smooth, rel=0.05)


def test_the_decay_time_of_fig_1_follows_equation_10():
    for (redraw, sigma, _), result in fig_1().items():
        if 5 <= sigma <= 80 and (redraw == "epoch" or sigma >= 20):
            s, norm = result.settings, result.arrays["probe/step_norm"]
            tau = fit_decay(np.arange(len(norm)), norm).tau
            assert 0.4 < tau * s.eta * sigma**2 * result.arrays["probe/rayleigh"][0] < 2.5


# --- statistics of the boundaries ----------------------------------------------------------------------------------


def test_fraction_from_counts_a_phase_and_all_beyond_it():
    result = Result({}, {"counts": np.array([[4, 3, 2, 1], [0, 0, 1, 19]])}, {})
    wanted = {
        Phase.DECOUPLED: [1, 1],
        Phase.DECAY: [0.6, 1],
        Phase.CATAPULT: [0.3, 1],
        Phase.DIVERGENT: [0.1, 0.95],
    }
    for phase, fractions in wanted.items():
        np.testing.assert_allclose(linear_boundaries.fraction_from(result, phase), fractions)


def logistic(sigma_eps, centre, width):
    return 1 / (1 + np.exp(-(sigma_eps - centre) / width))


def test_crossing_finds_the_level_of_a_known_transition():
    sigma_eps = np.geomspace(5, 20, 2001)
    fraction = logistic(sigma_eps, 9.0, 0.3)
    for level in (0.1, 0.5, 0.9):
        true = 9.0 + 0.3 * np.log(level / (1 - level))
        assert linear_boundaries.crossing(sigma_eps, fraction, level) == pytest.approx(true, rel=1e-3)


@pytest.mark.parametrize("window", [(5, 8), (12, 20)])
def test_crossing_refuses_a_window_without_the_transition(window):
    sigma_eps = np.geomspace(*window, 50)
    with pytest.raises(ValueError, match="sigma_eps must span the transition"):
        linear_boundaries.crossing(sigma_eps, logistic(sigma_eps, 10.0, 0.1), 0.5)


def test_midpoint_and_its_interval_find_the_truth():
    """Of 40 intervals of 95 %, at least 33 must hold the true 50 % point (fewer has probability below 1e-2)."""
    sigma_eps, rng = np.geomspace(8, 10, 121), np.random.default_rng(1)
    held = 0
    for _ in range(40):
        fraction = rng.binomial(200, logistic(sigma_eps, 9.0, 0.2)) / 200
        point, (low, high) = linear_boundaries.midpoint(sigma_eps, fraction, 200)
        assert low < point < high and high - low < 0.06
        held += low <= 9.0 <= high
    assert held >= 33


def test_crossing_lies_between_the_neighbours_of_the_level():
    sigma_eps = np.array([1.0, 10.0, 100.0, 1000.0])
    assert linear_boundaries.crossing(sigma_eps, [0.0, 0.2, 0.8, 1.0], 0.5) == pytest.approx(10**1.5)
    # in the middle of a rest at the level
    assert linear_boundaries.crossing(sigma_eps, [0.0, 0.5, 0.5, 1.0], 0.5) == pytest.approx(10**1.5)
    assert linear_boundaries.crossing(sigma_eps, [0.0, 0.5, 1.0, 1.0], 0.5) == pytest.approx(10)


def test_the_interval_of_midpoint_is_as_wide_as_95_percent_of_the_points():
    sigma_eps, rng = np.geomspace(8, 10, 121), np.random.default_rng(2)
    fractions = rng.binomial(200, logistic(sigma_eps, 9.0, 0.2), (300, 121)) / 200
    found = [linear_boundaries.midpoint(sigma_eps, fraction, 200, resamples=200) for fraction in fractions]
    widths = [high - low for _, (low, high) in found]
    assert np.mean(widths) / np.std([point for point, _ in found]) == pytest.approx(2 * 1.96, rel=0.1)


@pytest.mark.slow
@pytest.mark.stored
@pytest.mark.parametrize("name, loss", [("fig2-mse", "mse"), ("fig3-ce", "ce"), ("fig3-ce-deep", "ce")])
@pytest.mark.parametrize("phase", range(4), ids=list(Phase))
def test_the_first_epoch_of_every_training_of_table_1_comes_out_again(
    name, loss, phase, official_fashion_mnist
):
    sigma_eps = fashion_mnist.sigma_of(loss, fashion_mnist.TABLE_1[loss]["c"][phase])
    settings = next(s for s in experiments.named(name).settings if s.sigma_eps == sigma_eps)
    stored = experiments.load(name, settings).arrays
    again = compute_again(lambda: fashion_mnist.train_history(replace(settings, epochs=1)))
    assert again.steps[0] >= 5
    assert beginning(settings, stored, again) == []


def probed(net="tanh", layers=("0",), seed=0):
    """Probes of weak noise on a net, one draw of theirs, and what <H> of the batch says of its signs, layer by layer."""
    net, data = network(net, seed), nin_lib.data.load("digits")
    x, y = data.x_train[:40], data.y_train[:40]
    probes = probes_module._Probes(net, layers, 1e-4)
    draw = probes.draw(x, y, np.random.default_rng(seed))
    exact = []
    for nin, signs in zip(probes.nins, draw.signs, strict=True):
        s = signs.numpy()
        exact.append(s @ (LocalCurvature(net, nin, x, y) @ s))
    return probes, draw, exact


@pytest.mark.parametrize("net, layers", [("tanh", ("0",)), ("recurrent-tanh", ("input", "hidden"))])
def test_each_probe_reads_the_curvature_along_its_signs(net, layers):
    probes, draw, exact = probed(net, layers)
    ones = draw._replace(eps=[torch.ones_like(eps) for eps in draw.eps])
    minus = draw._replace(eps=[-eps for eps in ones.eps])
    assert probes.products(draw) == pytest.approx(exact, rel=1e-9)
    if len(layers) == 1:
        assert probes.joint(draw) == probes.products(draw)
    assert probes.differences(draw) == pytest.approx(exact, rel=1e-4)
    assert probes.forward(ones) == pytest.approx(exact, rel=1e-4)
    for i in range(len(layers)):  # of both signs of the noise, on one layer, the kicks cancel
        alone = [d._replace(eps=[eps * (j == i) for j, eps in enumerate(d.eps)]) for d in (ones, minus)]
        both = [probes.meter(d)[i] for d in alone]
        assert np.mean(both) == pytest.approx(exact[i], rel=1e-4)
        assert both[0] != pytest.approx(exact[i], rel=0.1)


def test_what_all_layers_read_at_once_has_their_own_curvature_as_its_mean():
    probes, draw, _ = probed("recurrent-tanh", ("input", "hidden"))
    flipped = draw._replace(signs=[draw.signs[0], -draw.signs[1]])
    mean = np.mean([probes.joint(draw), probes.joint(flipped)], 0)  # the blocks between the layers cancel
    np.testing.assert_allclose(mean, probes.products(draw), rtol=1e-8)


def test_probes_are_compared_at_each_moment_and_a_trained_weight_reads_too_little():
    small = probes_module.Settings(
        net="tanh", layers=("0",), seed=1, epochs=(0, 1), draws=32, samples=100, vectors=8
    )
    arrays = probes_module.compute(small)
    assert arrays["meter"].shape == (2, 1, 32) and arrays["trained"].shape == (2, 1, 2)
    assert arrays["reference/weak"].shape == (2, 1, 8) and arrays["seconds/step"].shape == (2,)
    assert (arrays["largest/products"] > 0).all()
    exact, read = arrays["reference/products"][1, 0].mean(), arrays["trained"][1, 0]
    assert exact > 0.5 and (read < 0.7 * exact).all()
    for method in ("products", "forward"):
        assert arrays[method][1, 0].mean() == pytest.approx(exact, rel=0.2)
