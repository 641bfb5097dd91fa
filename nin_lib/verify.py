"""Whether stored runs come out again: the rules by which `python -m nin_lib verify` and the tests decide.

Two processors round differently (the width of a vector, a fused product, the order of a sum), so that no two of them agree
to the last bit. In a calm training it stays so; in a chaotic one the difference grows, by a factor of ten every few steps,
until nothing is left in common but the verdict. How fast it grows is measured on a twin of the training, whose weights
start a few roundings elsewhere. As long as the twin agrees, a stored training must agree with the one that is computed
again; later, their phases must, and whether the loss has been thrown up.
"""

import contextlib
import dataclasses
import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest import mock

import numpy as np

from nin_lib import experiments
from nin_lib.experiments.probes import METHODS, REFERENCES
from nin_lib.history import History
from nin_lib.phases import CATAPULTED
from nin_lib.store import ResultError
from nin_lib.sweep import one_thread

if TYPE_CHECKING:
    import torch

MOVED_BY = 10
"""The twin's weights start so many roundings of their type away, a few times the error that a step of training makes."""
COMMON = {"float64": 1e-6, "float32": 1e-3}
"""Relative difference of the batch losses up to which two trainings of a type count as the same."""
CLOSE = {"float64": 1e-5, "float32": 1e-3}
"""Relative tolerance, as long as they do, of all that is stored: in single precision, also of a training in double."""
# A count may change by one or two, where a sample or a unit lies on the edge; Lanczos iteration ends within a thousandth.
TOLERANCES: dict[str, dict[str, float]] = {
    "val_accuracy": {"atol": 2e-3},
    "train_accuracy": {"atol": 2e-3},
    "sharpness": {"rtol": 1e-3},
    **dict.fromkeys(("saturated", "saturated_clean", "noisy_accuracy"), {"atol": 1e-3}),
    **dict.fromkeys(("probe/largest", "probe/rayleigh"), {"rtol": 2e-3}),
    # After some epochs in single precision, which no two processors share: the curvature is as large, and no more.
    **dict.fromkeys(("largest", "power"), {"rtol": 0.02}),
    "rayleigh": {"rtol": 0.3},
    "power_products": {"atol": 2.0},
    # A second difference of losses in single precision, over a small noise.
    **dict.fromkeys(
        (*METHODS, "trained", *(f"reference/{way}" for way in REFERENCES)), {"rtol": 0.02, "atol": 0.02}
    ),
    **dict.fromkeys(("largest/products", "largest/meter"), {"rtol": 0.02}),
}
OF_THE_MACHINE: tuple[str, ...] = ("step", "step_with_nin", "product")
OF_THE_MACHINE += tuple(f"seconds/{method}" for method in ("step", *METHODS))
"""Times, which no other machine repeats."""
TELLING: tuple[str, ...] = ("net", "layers", "distribution", "start", "redraw", "loss", "eta", "batch_size")
TELLING += ("samples", "phase", "sigma_eps", "seed", "seeds", "epochs")
"""Settings by which a run is told from others."""
PRODUCT_S = 0.022
"""Seconds that `product_s` took on the machine on which the runs of the book were computed."""


class Again(NamedTuple):
    """A run that was computed again: its arrays, and of each of its trainings what was recorded and the common steps.

    The common steps are those, from the start, over which another processor computes the same.
    """

    arrays: dict[str, np.ndarray]
    histories: list[History]
    steps: list[int]


class _DoneError(Exception):
    """Ends a twin that has nothing in common with its training any more, or is as long."""


def compute_again(
    compute: Callable[[], dict[str, np.ndarray]], tick: Callable[[], object] = lambda: None
) -> Again:
    """Compute a run with one thread, then the twins of its trainings, each as long as it agrees.

    Parameters
    ----------
    compute : callable
        Returns the arrays of the run; it trains by `nin_lib.training.train`, or not at all.
    tick : callable
        Called after each epoch of a training, not of a twin.

    Returns
    -------
    Again
    """
    from nin_lib import training

    train = training.train
    histories: list[History] = []
    steps: list[int] = []

    def watched(*args: Any, callback: Callable[[History, int], object] | None = None, **how: Any) -> History:
        def seen(history: History, epoch: int) -> None:
            histories[-1] = history
            if epoch:
                tick()
            if callback is not None:
                callback(history, epoch)

        histories.append(None)  # type: ignore[arg-type]  # until the training has a start
        histories[-1] = history = train(*args, callback=seen, **how)
        return history

    def twin(net: "torch.nn.Module", *args: Any, callback: Any = None, **how: Any) -> History:
        own = histories[len(steps)]
        common = 0

        def compare(history: History, epoch: int) -> None:
            nonlocal common
            n = min(len(history.batch_loss), len(own.batch_loss))
            common = _common_steps(own.batch_loss[:n], history.batch_loss[:n], own.niw.dtype.name)
            if common < n or n == len(own.batch_loss):
                raise _DoneError

        _move(net)
        with contextlib.suppress(_DoneError):
            compare(train(net, *args, callback=compare, **how), 0)
        steps.append(common)
        return own

    with one_thread():
        with mock.patch.object(training, "train", watched):
            arrays = compute()
        if "batch_loss" in arrays or "phase" in arrays:
            with mock.patch.object(training, "train", twin):
                compute()
    return Again(arrays, histories, steps)


def _common_steps(own: np.ndarray, twin: np.ndarray, dtype: str) -> int:
    with np.errstate(invalid="ignore", divide="ignore"):  # inf - inf, after a divergence
        beyond = ~(np.abs(twin - own) / own <= COMMON[dtype])
    return int(beyond.argmax()) if beyond.any() else len(beyond)


def _move(net: "torch.nn.Module") -> None:
    import torch

    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in net.parameters():
            rounding = torch.finfo(parameter.dtype).eps
            noise = torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
            parameter.mul_(1 + MOVED_BY * rounding * noise.to(parameter.device))


def differences(settings: Any, stored: dict[str, np.ndarray], again: Again) -> list[str]:
    """In what a run that was computed again is not the stored one, a phrase for each; none, if it agrees.

    Parameters
    ----------
    settings : one of the settings of an experiment
        Those of the run.
    stored : dict of ndarray
        Its arrays.
    again : Again
        What `compute_again` returned for these settings.

    Returns
    -------
    list of str
    """
    if stored.keys() != again.arrays.keys():
        return [f"it has {sorted(again.arrays)} here and {sorted(stored)} stored"]
    if "counts" in stored:
        return _of_counts(stored, again.arrays)
    if "batch_loss" in stored:
        return beginning(settings, stored, again) + _of_verdict(
            *map(History.from_arrays, (stored, again.arrays))
        )
    if "phase" in stored:
        return _of_scan(stored, again)
    return [
        phrase
        for name, array in stored.items()
        if name not in OF_THE_MACHINE
        for phrase in _apart(name, array, again.arrays[name], {"rtol": 1e-4, "atol": 1e-6})
    ]


def _apart(name: str, stored: np.ndarray, again: np.ndarray, close: dict[str, float]) -> list[str]:
    """A phrase, if two arrays are not as close as they have to be."""
    close = {"rtol": 0.0, "atol": 0.0} | close | TOLERANCES.get(name, {})
    if stored.shape != again.shape:
        return [f"{name} has the shape {again.shape} here and {stored.shape} stored"]
    near = np.isclose(again, stored, **close, equal_nan=True)
    if np.all(near):
        return []
    at = np.unravel_index(np.argmin(near), near.shape)
    return [f"{name} is {again[at]:.6g} here and {stored[at]:.6g} stored, at {list(map(int, at))}"]


def beginning(settings: Any, stored: dict[str, np.ndarray], again: Again) -> list[str]:
    """As `differences`, over the common steps of one training: of which only the first epochs may have been computed again."""
    history, steps = again.histories[0], again.steps[0]
    epoch = steps // history.steps_per_epoch
    rest = range(epoch + 1)

    def recorded(name: str) -> int:
        """How many entries of an array belong to the common steps."""
        kind, _, what = name.partition("/")
        if name in ("batch_loss", "probe/step_norm"):
            return steps
        if kind in ("clean_epochs", "clean_loss", "niw_epochs", "niw"):
            return int((stored[kind.split("_")[0] + "_epochs"] <= epoch).sum())
        listed = getattr(settings, what) if kind == "probe" else None
        return len(rest if listed is None else set(rest).intersection(listed))

    one, other = (_settings(arrays) for arrays in (stored, again.arrays))
    found = [] if one == other else [f"its settings are {other} here and {one} stored"]
    for name, array in stored.items():
        if name not in ("settings", "train_accuracy"):
            n = recorded(name)
            close = {"rtol": CLOSE[history.niw.dtype.name]}
            found += _apart(name, array[:n], again.arrays[name][:n], close)
    return found


def _settings(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """Those of a history, but for the epochs: a training that ends by itself may end at another one."""
    settings: dict[str, Any] = json.loads(arrays["settings"].item())
    return settings | {"epochs": None}


def _of_verdict(stored: History, again: History) -> list[str]:
    thrown_up = [history.peak > CATAPULTED for history in (again, stored)]
    found = (
        [] if again.phase == stored.phase else [f"the phase is {again.phase} here and {stored.phase} stored"]
    )
    if thrown_up[0] != thrown_up[1]:
        found.append(f"the loss rises to {again.peak:.3g} of its start here and to {stored.peak:.3g} stored")
    return found


def _of_scan(stored: dict[str, np.ndarray], again: Again) -> list[str]:
    found = []
    for at, history, steps in zip(
        np.ndindex(stored["phase"].shape), again.histories, again.steps, strict=True
    ):
        epoch = steps // history.steps_per_epoch
        recorded = {
            len(history.val_loss): epoch + 1,
            len(history.clean_loss): int((history.clean_epochs <= epoch).sum()),
        }
        for name, array in stored.items():
            here, there = again.arrays[name][at], array[at]
            if name == "phase":
                found += (
                    [] if here == there else [f"the phase is {here} here and {there} stored, at {list(at)}"]
                )
            elif name == "peak":
                found += [] if (here > CATAPULTED) == (there > CATAPULTED) else _apart(name, there, here, {})
                if history.batch_loss.argmax() < steps:
                    found += _apart(name, there, here, {"rtol": CLOSE[history.niw.dtype.name]})
            else:
                n = recorded[there.shape[-1]]
                close = {"rtol": CLOSE[history.niw.dtype.name]}
                found += _apart(name, there[..., :n], here[..., :n], close)
    return found


def agreement(again: Again) -> str:
    """How far a run without `differences` was compared, in words."""
    if not again.steps:
        return "agrees, but for times" if set(OF_THE_MACHINE) & set(again.arrays) else "agrees"
    whole = sum(len(history.batch_loss) for history in again.histories)
    return f"agrees in {sum(again.steps)} of {whole} steps, over which rounding errors stay small, and then in its phase"


def _of_counts(stored: dict[str, np.ndarray], again: dict[str, np.ndarray]) -> list[str]:
    """Near a boundary the dynamics is chaotic: 1 % of the runs may change sides, and the fraction at one sigma by chance only."""
    found = _apart("sigma_eps", stored["sigma_eps"], again["sigma_eps"], {"rtol": 1e-12})
    moved, whole = np.abs(again["counts"] - stored["counts"]).sum() / 2, stored["counts"].sum()
    return found + [f"{moved:.0f} of {whole} trainings end in another phase"] * bool(moved > 0.01 * whole)


class Run(NamedTuple):
    """A stored run, or a part of one: its settings, its arrays, and the seconds that it took."""

    settings: Any
    arrays: dict[str, np.ndarray]
    wall_s: float

    @property
    def epochs(self) -> int | None:
        """How many epochs its trainings have together, if its arrays say it."""
        if "phase" in self.arrays:
            return int(self.settings.epochs * self.arrays["phase"].size)
        return self.settings.epochs if "batch_loss" in self.arrays else None

    def __str__(self) -> str:
        """What tells it from the other runs of its experiment."""
        fields = dataclasses.asdict(self.settings)
        return ", ".join(f"{name} = {fields[name]}" for name in TELLING if fields.get(name) not in (None, ()))

    def part(self, sigma_eps: float | None, seed: int | None) -> "Run | None":
        """What of it has this noise and this seed, of which None is any; None, if nothing has."""
        part = self
        wanted = {"seed": seed, "sigma_eps": sigma_eps}
        several = {
            "seed": "seeds",
            "sigma_eps": "sigma_eps",
        }  # fields, and axes, of runs that are stored together
        for axis, (field, value) in enumerate(wanted.items()):
            values = getattr(self.settings, several[field], None)
            if value is None or (
                not isinstance(values, tuple) and getattr(self.settings, field, None) == value
            ):
                continue
            if not (isinstance(values, tuple) and value in values):
                return None
            at = values.index(value)
            part = Run(
                dataclasses.replace(part.settings, **{several[field]: values[at : at + 1]}),
                {name: array.take([at], axis) for name, array in part.arrays.items()},
                part.wall_s / len(values),
            )
        return part

    def first(self) -> "Run":
        """One training of it, where several are stored together."""
        values = (getattr(self.settings, field, None) for field in ("sigma_eps", "seeds"))
        part = self.part(*(value[0] if isinstance(value, tuple) else None for value in values))
        assert part is not None
        return part


def chosen(name: str, sigma_eps: float | None, seed: int | None, one: bool, out: Any) -> list[Run]:
    """The stored runs of an experiment at this noise and with this seed, of which None is any; with `one`, the cheapest.

    Returns
    -------
    list of Run
        Where several trainings are stored together, the parts that are asked for.

    Raises
    ------
    ValueError
        If there is no such experiment, or no such run.
    nin_lib.store.ResultError
        If none is stored, or one is damaged.
    """
    settings = [s for s in experiments.named(name).settings if experiments.path_of(name, s, out).exists()]
    if not settings:
        raise ResultError(
            f"{name!r} has no stored results in {out}: compute them with `python -m nin_lib run {name}`"
        )
    results = [experiments.load(name, s, out) for s in settings]
    runs = [Run(r.settings, r.arrays, r.provenance.get("wall_s") or np.inf) for r in results]
    found = [part for run in runs if (part := run.part(sigma_eps, seed)) is not None]
    if not found:
        wanted = {"sigma": sigma_eps, "seed": seed}
        got = " and ".join(f"{option} = {value}" for option, value in wanted.items() if value is not None)
        raise ValueError(
            f"sigma and seed must be those of a stored run of {name!r}, got {got}: "
            f"`python -m nin_lib show {name}` lists them"
        )
    return [min((run.first() for run in found), key=lambda run: run.wall_s)] if one else found


def product_s() -> float:
    """Seconds that this machine needs, under its present load, for a product of matrices of the size of Fig. 2's."""
    a, b = np.ones((1000, 784), np.float32), np.ones((784, 1024), np.float32)
    times = []
    for _ in range(20):
        start = time.perf_counter()
        a @ b
        times.append(time.perf_counter() - start)
    return float(np.median(times))
