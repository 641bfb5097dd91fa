"""The book's full-size experiments: named, computed once, stored with their provenance.

An experiment is a name, settings for each of its runs, and a function of one of these settings. Each run has one result
file, whose path is a pure function of the experiment's name and those settings: a result that exists is not computed
again, and one whose settings change is. A module for each figure or question; another one is a module more and a line here.
"""

from collections import Counter
from pathlib import Path
from typing import Any

from nin_lib import checks, store
from nin_lib.experiments import (
    activations,
    architectures,
    divergence,
    fashion_mnist,
    fig1,
    fig1_complete,
    inputs,
    landing,
    layers,
    linear_boundaries,
    noises,
    probe_cost,
    probes,
    steps,
)
from nin_lib.experiments.experiment import RUNS, Experiment, Result, key, path_of
from nin_lib.history import History
from nin_lib.store import ResultError
from nin_lib.sweep import Task, compute_missing

EXPERIMENTS: dict[str, Experiment] = {
    "linear-boundaries": linear_boundaries.EXPERIMENT,
    "fig2-mse": fashion_mnist.FIG_2_MSE,
    "fig3-ce": fashion_mnist.FIG_3_CE,
    "fig3-ce-deep": fashion_mnist.FIG_3_CE_DEEP,
    "table1-starts": fashion_mnist.TABLE_1_STARTS,
    "fig1-centre": fig1.CENTRE,
    "fig1-right": fig1.RIGHT,
    "fig1-complete": fig1_complete.EXPERIMENT,
    "probe-cost": probe_cost.EXPERIMENT,
    "probes": probes.EXPERIMENT,
    "activations": activations.EXPERIMENT,
    "layers": layers.EXPERIMENT,
    "steps": steps.EXPERIMENT,
    "noises": noises.EXPERIMENT,
    "architectures": architectures.EXPERIMENT,
    "inputs": inputs.EXPERIMENT,
    "landing": landing.EXPERIMENT,
    "divergence": divergence.EXPERIMENT,
}
"""Every experiment of the book by its name."""

__all__ = [
    "EXPERIMENTS",
    "RUNS",
    "Experiment",
    "Result",
    "histories",
    "key",
    "load",
    "markdown",
    "named",
    "path_of",
    "results",
    "run",
    "stored",
]


def named(name: str) -> Experiment:
    """The experiment of that name; ValueError lists the names there are."""
    if not (isinstance(name, str) and name in EXPERIMENTS):
        raise ValueError(
            f"name must be one of {', '.join(EXPERIMENTS)}, got {name!r}: see python -m nin_lib list"
        )
    return EXPERIMENTS[name]


def run(name: str, out: Path | str = RUNS, jobs: int = 1, device: str = "cpu") -> list[Path]:
    """Compute what is missing or damaged of an experiment, with a progress bar.

    Each result is stored as soon as it is there; a run that is killed loses only what was in progress. A run computes with
    one thread. Around the call, ``joblib.parallel_config`` chooses another backend, such as a cluster, as for
    `nin_lib.sweep.sweep`.

    Parameters
    ----------
    name : str
        A key of `EXPERIMENTS`.
    out : path
        Folder of the results of all experiments.
    jobs : int
        Runs at a time >= 1, -1 for one on each core.
    device : str
        Where torch computes.

    Returns
    -------
    list of Path
        The paths of all its results.

    Raises
    ------
    TypeError
        If an argument is of another kind than above.
    ValueError
        If an argument is not as above.
    nin_lib.store.ResultError
        If nothing can be written to `out`; before anything is computed.
    RuntimeError
        If a run fails: which, and why.
    """
    from nin_lib.networks import checked_device  # which brings torch, and `list` does without

    experiment = named(name)
    checked_device(device)
    folder = checks.path("out", out, "name the folder of the results") / name
    tasks = [
        Task(folder, key(name, settings), experiment.compute, (settings, device), experiment.packages, device)
        for settings in experiment.settings
    ]
    compute_missing(tasks, jobs, desc=name)
    return [task.path for task in tasks]


def stored(name: str, out: Path | str = RUNS) -> tuple[list[Path], list[Path]]:
    """Paths of the results of an experiment that are whole, and of those that are there but damaged."""
    paths = [path_of(name, settings, out) for settings in named(name).settings]
    whole = [path for path in paths if store.is_whole(path)]
    return whole, [path for path in paths if path not in whole and (path.exists() or path.is_symlink())]


def load(name: str, settings: Any, out: Path | str = RUNS) -> Result:
    """The stored result of one run.

    Returns
    -------
    Result
        Of the experiment `name`, with these of its settings, in the folder `out`.

    Raises
    ------
    TypeError
        If an argument is of another kind than above.
    ValueError
        If an argument is not as above.
    nin_lib.store.ResultError
        If it is missing or damaged, with the command that repairs it.
    """
    named(name)
    found = store.read(path_of(name, settings, out), f"repair it by `python -m nin_lib run {name}`")
    return Result(settings, found.arrays, found.provenance)


def results(name: str, out: Path | str = RUNS) -> list[Result]:
    """All stored results of an experiment, in the order of its settings.

    Returns
    -------
    list of Result
        One for each of the settings.

    Raises
    ------
    nin_lib.store.ResultError
        If one is missing or damaged, with the command that computes it.
    """
    paths = [path_of(name, settings, out) for settings in named(name).settings]
    missing = [path for path in paths if not (path.exists() or path.is_symlink())]
    if missing:
        raise ResultError(
            f"{len(missing)} of {len(paths)} results of {name!r} are missing, the first is {missing[0]}: "
            f"compute them with `python -m nin_lib run {name}`"
        )
    return [load(name, settings, out) for settings in named(name).settings]


def histories(name: str, out: Path | str = RUNS) -> list[History]:
    """The stored trainings of an experiment whose results are those of `nin_lib.training`, in the order of its settings."""
    return [result.history for result in results(name, out)]


def markdown(out: Path | str = RUNS) -> str:
    """What is stored of every experiment, as Markdown: the file README.md beside the results.

    Returns
    -------
    str
        With what each holds, the commits and versions it was made with, what it cost, and how to compute it again.

    Raises
    ------
    nin_lib.store.ResultError
        If a result is damaged.
    """
    parts = [_HEAD]
    for name, experiment in EXPERIMENTS.items():
        paths = [path for path in (path_of(name, s, out) for s in experiment.settings) if path.exists()]
        lines = [f"## {name}", "", f"{experiment.summary}.", ""]
        lines += [f"- {len(paths)} of {len(experiment.settings)} files, {_bytes(paths) / 1e6:.2f} MB"]
        if paths:
            lines += _made(
                [store.read(path, f"repair it by `python -m nin_lib run {name}`") for path in paths]
            )
        lines += [f"- again: `python -m nin_lib verify {name} --one`, or without `--one` all of it"]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


_HEAD = """\
# Stored results

Written by `python -m nin_lib list --markdown >runs/README.md`; a test compares it with what is stored.

Each file is one run: an .npz archive whose name follows from the settings, and which `nin_lib.store` refuses unless it
is, to the last bit, what was written. `python -m nin_lib show NAME` prints the settings and the provenance of each file,
`python -m nin_lib run NAME` computes those that are missing, and `python -m nin_lib verify NAME` computes stored ones
again, compares, and overwrites nothing. Costs are wall times of one thread, on two cores of a processor that did other
work besides. The first results were made before a result knew its commit; of these it is said in which they were stored."""


def _bytes(paths: list[Path]) -> int:
    return sum(path.stat().st_size for path in paths)


def _made(results: list[store.Stored]) -> list[str]:
    """Lines on how results were made."""
    seconds = sorted(result.provenance["wall_s"] for result in results)
    commits: Counter[str] = Counter()
    versions: Counter[str] = Counter()
    for _, _, made in results:
        commits[
            f"made at {made['commit'][:10]}" if made["commit"] else f"stored in {made['stored_in'][:10]}"
        ] += 1
        packages = ", ".join(f"{package} {version}" for package, version in made["packages"].items())
        versions[f"Python {made['python']}, {packages}, on {made['machine']}"] += 1
    names = sorted({name for result in results for name in result.arrays})
    each = "" if len(seconds) == 1 else f", a file from {seconds[0]:.0f} s to {seconds[-1]:.0f} s"
    return [
        f"- holds {', '.join(f'`{name}`' for name in names)}",
        f"- cost {sum(seconds) / 60:.0f} min{each}",
        *(f"- {text}: {count} of {len(results)}" for text, count in commits.items()),
        *(f"- with {text}: {count} of {len(results)}" for text, count in versions.items()),
    ]
