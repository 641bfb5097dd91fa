"""Stored runs computed again: what agrees, what is told as different, and the command."""

import dataclasses

import numpy as np
import pytest

from nin_lib import experiments, store
from nin_lib.__main__ import main
from nin_lib.experiments import Experiment
from nin_lib.experiments.digits import Scan, Training, scan, train_history
from nin_lib.verify import Run, compute_again, differences

CALM, WILD = (Training(net="relu", sigma_eps=sigma, seed=1) for sigma in (3.0, 30.0))
MANY = Scan(sigma_eps=(3.0, 30.0), seeds=(0, 1), epochs=2)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """Folder of the stored results of three small experiments."""
    folder = tmp_path_factory.mktemp("runs")
    for name, settings, compute in (("toy", (CALM, WILD), train_history), ("toys", (MANY,), scan)):
        experiments.EXPERIMENTS[name] = Experiment("", settings, compute, ("numpy",))
        experiments.run(name, folder)
    yield folder
    for name in ("toy", "toys"):
        del experiments.EXPERIMENTS[name]


def verify(out, *arguments):
    return main(["verify", *arguments, "--out", str(out)])


def altered(name, settings, out, folder, **changes):
    """A copy of a stored result in another folder, with some of its arrays changed."""
    found = experiments.load(name, settings, out)
    arrays = found.arrays | {key: change(found.arrays[key].copy()) for key, change in changes.items()}
    store.write(folder / name, experiments.key(name, settings), arrays, found.provenance)


def at(index, value):
    def change(array):
        array[index] = value
        return array

    return change


def test_what_was_computed_here_agrees_and_nothing_is_overwritten(out, capsys):
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in out.rglob("*.npz")}
    assert verify(out, "toy") == 0
    first, calm, wild, last = capsys.readouterr().out.splitlines()
    assert first.startswith("toy: 2 to compute again, which took ") and "times as long" in first
    assert "sigma_eps = 3.0, seed = 1" in calm and "agrees in 160 of 160 steps" in calm
    assert "sigma_eps = 30.0, seed = 1" in wild and "agrees in " in wild and "160 of 160" not in wild
    assert last == "2 of 2 agree"
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in out.rglob("*.npz")} == before


def test_of_trainings_that_are_stored_together_some_can_be_chosen(out, capsys):
    assert verify(out, "toys", "--sigma", "3", "--seed", "1") == 0
    assert "sigma_eps = (3.0,), seeds = (1,)" in capsys.readouterr().out
    assert verify(out, "toys") == 0
    assert "sigma_eps = (3.0, 30.0), seeds = (0, 1)" in capsys.readouterr().out


def test_the_cheapest_is_one_training(out, capsys):
    assert verify(out, "toys", "--one") == 0
    assert "sigma_eps = (3.0,), seeds = (0,)" in capsys.readouterr().out


@pytest.mark.parametrize(
    "settings, changes, message",
    [
        (CALM, {"batch_loss": at(20, 1.0)}, "batch_loss is "),
        (CALM, {"niw_norm": at(4, 0.5)}, "niw_norm is "),
        (CALM, {"niw": at((0, 0), 0.5)}, "niw is "),
        (WILD, {"batch_loss": at(1, 1.0)}, "batch_loss is "),
        (WILD, {"batch_loss": at(159, np.inf)}, "the phase is "),
    ],
)
def test_a_run_altered_on_purpose_is_told(out, tmp_path, capsys, settings, changes, message):
    altered("toy", settings, out, tmp_path, **changes)
    assert verify(tmp_path, "toy") == 1
    _, line, last = capsys.readouterr().out.splitlines()
    assert (
        f"sigma_eps = {settings.sigma_eps}" in line and f": DIFFERS; {message}" in line and "stored" in line
    )
    assert last == "0 of 1 agree"


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"niw_norm": at((1, 0, 0, 2), 0.5)}, "niw_norm is "),
        ({"phase": at((0, 1), "divergent")}, "the phase is "),
        ({"peak": at((1, 0), 5.0)}, "peak is "),
    ],
)
def test_one_training_of_many_that_is_altered_is_told(out, tmp_path, changes, message):
    altered("toys", MANY, out, tmp_path, **changes)
    stored = experiments.load("toys", MANY, tmp_path).arrays
    found = differences(MANY, stored, compute_again(lambda: scan(MANY)))
    assert found and found[0].startswith(message)


def test_counts_may_move_by_one_percent():
    stored = {"sigma_eps": np.array([1.0, 2.0]), "counts": np.array([[200, 0, 0, 0], [0, 200, 0, 0]])}
    moved = [
        stored | {"counts": stored["counts"] + n * np.array([[-1, 1, 0, 0], [0, 0, 0, 0]])} for n in (4, 5)
    ]
    few, many = (differences(None, stored, compute_again(lambda a=arrays: a)) for arrays in moved)
    assert few == [] and many == ["5 of 400 trainings end in another phase"]


def test_times_are_of_the_machine_and_other_numbers_are_not():
    stored = {"step": np.array([1.0]), "accuracy": np.array([0.5])}
    for change, found in (
        ({"step": np.array([9.0])}, []),
        ({"accuracy": np.array([0.6])}, ["accuracy is 0.6"]),
    ):
        told = differences(None, stored, compute_again(lambda arrays=stored | change: arrays))
        assert [phrase[: len(start)] for phrase, start in zip(told, found, strict=True)] == found


def test_a_twin_leaves_the_run_as_it_is():
    again = compute_again(lambda: train_history(WILD))
    for name, array in train_history(WILD).items():
        np.testing.assert_array_equal(again.arrays[name], array)


def test_a_part_costs_its_share():
    run = Run(MANY, {"phase": np.array([["a", "b"], ["c", "d"]])}, 8.0)
    part = run.part(30.0, 0)
    assert part.arrays["phase"].tolist() == [["b"]] and part.wall_s == 2.0
    assert (part.settings.sigma_eps, part.settings.seeds) == ((30.0,), (0,))
    assert run.part(4.0, None) is None and run.part(None, 7) is None and run.part(None, None) == run
    assert run.first().settings == dataclasses.replace(MANY, sigma_eps=(3.0,), seeds=(0,))


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["fig9"], "name must be one of linear-boundaries"),
        (
            ["toy", "--sigma", "4"],
            "sigma and seed must be those of a stored run of 'toy', got sigma = 4.0: `python -m",
        ),
        (["toys", "--sigma", "3", "--seed", "7"], "got sigma = 3.0 and seed = 7"),
        (["noises"], "'noises' has no stored results in"),
    ],
)
def test_a_wrong_request_is_refused_in_a_sentence(out, capsys, arguments, message):
    assert verify(out, *arguments) == 2
    assert message in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.stored
@pytest.mark.parametrize("name", ["noises", "architectures", "linear-boundaries"])
def test_the_cheapest_stored_run_comes_out_again(name, capsys):
    assert main(["verify", name, "--one"]) == 0
    assert "1 of 1 agree" in capsys.readouterr().out
