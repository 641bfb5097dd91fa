"""What the explorer of stored trainings tells the page of them: which there are, their curves, and how to train one more."""

import inspect
import json
from collections.abc import KeysView, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nin_lib.history import History
from nin_lib.widgets.words import describe

if TYPE_CHECKING:
    from nin_lib.experiments.experiment import Result

HEAD = 126
"""Every batch loss of so many first steps is drawn (three epochs of the paper's), later their mean over each epoch."""


class Stored(NamedTuple):
    """A stored run."""

    settings: dict[str, Any]
    history: History
    pull: np.ndarray
    """`LocalCurvature.pull` at the start and after each epoch, nan where it was not measured; empty if it never was."""


def stored_runs(name: str, out: Path | str | None) -> list[Stored]:
    """Each stored run, by sigma_eps and seed; of runs that differ in length only, the longest.

    Returns
    -------
    list
        Not empty: without a run it is an error.

    Raises
    ------
    ValueError
        If the results are no trainings.
    """
    from nin_lib import experiments

    out = experiments.RUNS if out is None else out
    stored = [s for s in experiments.named(name).settings if experiments.path_of(name, s, out).exists()]
    if not stored:
        experiments.results(name, out)  # raises, and says how to compute them
    results = [experiments.load(name, settings, out) for settings in stored]
    if np.ndim(results[0].arrays.get("batch_loss", 0)) != 1:
        raise ValueError(f"experiment must be one whose results are trainings, one each, got {name!r}")
    runs = {}
    for result in sorted(results, key=lambda result: result.settings.epochs):
        runs[replace(result.settings, epochs=0)] = Stored(
            asdict(result.settings), result.history, _pull(result)
        )
    return sorted(runs.values(), key=lambda run: (run.settings["sigma_eps"], run.settings["seed"]))


def _pull(result: "Result") -> np.ndarray:
    measured = result.arrays.get("probe/pull")
    if measured is None:
        return np.empty(0)
    pull = np.full(result.settings.epochs + 1, np.nan)
    pull[slice(None) if result.settings.pull is None else list(result.settings.pull)] = measured
    return pull


def choices_of(all_settings: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The settings in which runs differ, but for sigma_eps, seed and epochs, with the texts of their values."""

    def combinations(names: list[str]) -> dict[tuple[str, ...], None]:
        return dict.fromkeys(tuple(as_text(s.get(name)) for name in names) for s in all_settings)

    every = dict.fromkeys(name for settings in all_settings for name in settings)
    names = [name for name in every if name not in ("sigma_eps", "seed", "epochs")]
    # Those that follow from the others and the seed, as a constant does, leave nothing to choose.
    for name in reversed(names):
        others = [other for other in names if other != name]
        if len(combinations([*others, "seed"])) == len(combinations([*names, "seed"])):
            names = others
    return {name: [text for (text,) in combinations([name])] for name in names}


def recipe_of(settings: dict[str, Any]) -> dict[str, Any] | None:
    """What the page needs to know to train such a network; None, if it cannot."""
    names = "hidden", "loss", "batch_size"
    data = settings.get("data", "fashion_mnist")
    if data != "fashion_mnist" or "start" in settings or not settings.keys() >= {*names, "eta", "redraw"}:
        return None
    return {name: settings[name] for name in names} | {"val_samples": settings.get("val_samples", 28_000)}


def as_text(value: Any) -> str:
    """A setting's value as the page names it."""
    return value if isinstance(value, str) else json.dumps(value)


def parameters_of_training() -> KeysView[str]:
    """Names of the arguments of `nin_lib.training.train_mlp`."""
    from nin_lib.training import train_mlp

    return inspect.signature(train_mlp).parameters.keys()


def record_of(settings: dict[str, Any], history: History, pull: np.ndarray) -> dict[str, Any]:
    """What the page draws and says of a run."""
    from nin_lib.decay import estimate_curvature  # which asks for SciPy

    reads = estimate_curvature(history).rayleigh if len(pull) else pull
    return {
        "sigma_eps": settings["sigma_eps"],
        "seed": settings["seed"],
        "epochs": history.settings["epochs"],
        "steps_per_epoch": history.steps_per_epoch,
        "phase": str(history.phase),
        "words": describe(history),
        "lost": history.lost,
        "batch_loss": _three_digits(_thinned(history.batch_loss, history.steps_per_epoch)),
        "val_loss": _three_digits(history.val_loss),
        "val_accuracy": _three_digits(history.val_accuracy),
        "niw_norm": _three_digits(history.niw_norm),
        "next_norm": _three_digits(_next_norm(history)),
        "pull": _three_digits(pull),
        "decay_reads": _three_digits(reads),
    }


def _next_norm(history: History) -> np.ndarray | Sequence[float]:
    """Norm of the weights of the layer after the (first) NIN; nothing, if it sits on the last layer."""
    layers = [name for name in history.norms if name.endswith(".weight")]
    after = layers.index(f"{history.settings['nins'][0]['layer']}.weight") + 1
    return history.norms[layers[after]] if after < len(layers) else []


def _thinned(loss: np.ndarray, per_epoch: int) -> np.ndarray:
    """The first `HEAD` values, and then the mean over each epoch, or over what is left of it."""
    starts = np.union1d(HEAD, np.arange(0, len(loss), per_epoch))
    starts = starts[(starts >= HEAD) & (starts < len(loss))]
    if len(starts) == 0:
        return loss
    means = np.add.reduceat(loss, starts) / np.diff(starts, append=len(loss))
    return np.concatenate([loss[:HEAD], means])


def _three_digits(values: np.ndarray | Sequence[float]) -> str:
    """Numbers in a string, which is shorter than JSON's list of them; without those at the end that are not finite."""
    values = np.asarray(values)
    finite = np.flatnonzero(np.isfinite(values))
    return " ".join(f"{value:.3g}" for value in values[: finite[-1] + 1 if len(finite) else 0])
