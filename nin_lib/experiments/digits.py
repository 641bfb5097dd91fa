"""Trainings on digits that differ from the paper's: other activations, layers, noises, steps and architectures.

All start from weights N(0, 1/fan_in) and biases 0 (Appendix B of the paper).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from nin_lib import checks
from nin_lib.store import single_precision

if TYPE_CHECKING:
    from nin_lib.history import History

PACKAGES = ("numpy", "scikit-learn", "scipy", "torch")
FINE = (10, 18, 20, 22, 24, 28, 30, 33, 36, 40)
"""Noises that are dense where a catapult begins and ends, for the usual net and steps."""
WIDE = (1, 3, 10, 20, 30, 100, 300, 1000, 3000)


@dataclass(frozen=True, kw_only=True)
class Usual:
    """What trainings have in common; the defaults are those of `nin_lib.training.train_mlp`.

    `net` is one of `nin_lib.networks.ARCHITECTURES`; `layers` are those that have a NIN, the net's first if there is none.
    """

    net: str = "relu"
    distribution: str = "normal"
    loss: str = "ce"
    eta: float = 0.2
    batch_size: int = 128
    epochs: int = 20
    layers: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Training(Usual):
    """One training."""

    sigma_eps: float
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Scan(Usual):
    """Trainings for each of `seeds` at each of `sigma_eps`, stored together."""

    sigma_eps: tuple[float, ...]
    seeds: tuple[int, ...] = (0, 1, 2)

    def trainings(self) -> Iterator[Training]:
        """The trainings, seed by seed.

        Yields
        ------
        Training
            One for each seed and sigma_eps.
        """
        common = {field.name: getattr(self, field.name) for field in fields(Usual)}
        for seed in self.seeds:
            for sigma_eps in self.sigma_eps:
                yield Training(**common, sigma_eps=sigma_eps, seed=seed)


Measure = Callable[[Any, list[Any], Any], dict[str, float]]


def train_net(
    settings: Training, device: str = "cpu", measure: Measure | None = None
) -> tuple["History", list[dict[str, float]]]:
    """Train one net at one sigma_eps.

    Parameters
    ----------
    settings : Training
        The net, its NINs and the optimisation.
    device : str
        Where to train, such as "cuda".
    measure : callable, optional
        ``measure(net, nins, data)``, called whenever the clean loss is recorded, returns a dictionary of numbers.

    Returns
    -------
    history : nin_lib.history.History
        What `nin_lib.training.train` recorded.
    measured : list of dict
        What `measure` returned, as far as the training arrived.

    Raises
    ------
    TypeError
        If an argument is of another kind than above.
    ValueError
        If a setting or another argument is not as above.
    """
    from nin_lib.data import load
    from nin_lib.injection import NoiseInjection
    from nin_lib.networks import ARCHITECTURES, network, placed
    from nin_lib.training import train

    checks.instance("settings", settings, Training, "use Training(sigma_eps=10.0), for example")
    if not (measure is None or callable(measure)):
        raise TypeError(f"measure must be a function of a net, its NINs and the data, got {measure!r}")
    data, measured = load("digits"), list[dict[str, float]]()
    net = placed(network(settings.net, settings.seed), device)
    layers = settings.layers or [ARCHITECTURES[settings.net][1]]
    nins = [
        NoiseInjection(net, layer, settings.sigma_eps, settings.distribution, settings.seed)
        for layer in layers
    ]

    def callback(history: "History", epoch: int) -> None:
        if measure is not None and epoch in history.clean_epochs:
            measured.append(measure(net, nins, data))

    how = {key: getattr(settings, key) for key in ("loss", "eta", "batch_size", "epochs", "seed")}
    return train(net, data, nin=nins, callback=callback, **how), measured


def train_history(settings: Training, device: str = "cpu") -> dict[str, np.ndarray]:
    """The arrays of the `History` of one training, in single precision."""
    history, _ = train_net(settings, device)
    return single_precision(history.arrays())


def check_some(name: str, values: tuple[float, ...]) -> None:
    """Raise a TypeError or ValueError that calls them `name`, unless these are one or more numbers >= 0."""
    if not checks.sequence(name, values, "use a tuple of one for a single one"):
        raise ValueError(f"{name} must hold one or more, got {values!r}: there is nothing to train")
    checks.numbers(name, values, 0, remedy="any such numbers will do")


def scan(settings: Scan, device: str = "cpu", measure: Measure | None = None) -> dict[str, np.ndarray]:
    """Train for each seed at each sigma_eps, by `train_net`, of which the other arguments are.

    Returns
    -------
    dict of ndarray
        Of shape (seeds, sigmas): phase; peak, the largest batch loss over the first one. Of shape (seeds, sigmas,
        epochs + 1): val_accuracy. Of shape (seeds, sigmas, nins, epochs + 1): niw_norm, of each NIN. Of shape
        (seeds, sigmas, len(clean_epochs)): clean_loss, and what `measure` measured. Where a training did not arrive,
        peak, niw_norm and clean_loss are inf, val_accuracy and what `measure` measured nan.

    Raises
    ------
    TypeError
        If an argument is of another kind than above.
    ValueError
        If a setting or another argument is not as above, or there is no seed or no sigma_eps.
    """
    checks.instance("settings", settings, Scan, "use Scan(sigma_eps=(1.0, 10.0)), for example")
    check_some("seeds", settings.seeds)
    check_some("sigma_eps", settings.sigma_eps)
    rows = []
    for training in settings.trainings():
        history, measured = train_net(training, device, measure)
        norms = [norm for key, norm in history.norms.items() if key.endswith("nin_weight")]
        row = {
            "phase": np.array(history.phase.value),
            "peak": np.array(history.peak),
            "val_accuracy": history.val_accuracy,
            "niw_norm": np.stack(norms),
            "clean_loss": history.clean_loss,
        }
        for name in measured[0] if measured else ():
            row[name] = np.full(len(history.clean_epochs), np.nan)
            row[name][: len(measured)] = [values[name] for values in measured]
        rows.append(row)
    shape = len(settings.seeds), len(settings.sigma_eps)
    stacked = {key: np.stack([row[key] for row in rows]) for key in rows[0]}
    return single_precision({key: array.reshape(*shape, *array.shape[1:]) for key, array in stacked.items()})
