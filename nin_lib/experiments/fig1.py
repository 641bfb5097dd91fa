"""Fig. 1: decay times of W_NI and of the losses against the noise, and the curvature on the way."""

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nin_lib import checks
from nin_lib.experiments.experiment import Experiment
from nin_lib.store import single_precision

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from nin_lib.curvature import LocalCurvature
    from nin_lib.data import Data
    from nin_lib.history import History
    from nin_lib.injection import NoiseInjection


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A training of Fig. 1; the defaults are its architecture and optimisation (Appendix B).

    `val_samples` and `curvature_samples` are the first samples of each set that serve to measure; the last seven list the
    epochs, from 0 to the last, after which a quantity of <H> is measured (see `train_and_probe`; None: all).
    """

    sigma_eps: float
    seed: int
    epochs: int
    redraw: str = "epoch"
    hidden: tuple[int, ...] = (1024, 1024, 1024)
    loss: str = "ce"
    eta: float = 0.05
    batch_size: int = 128
    val_samples: int = 5000
    curvature_samples: int = 1000
    rayleigh: tuple[int, ...] | None = None
    pull: tuple[int, ...] | None = None
    gradient: tuple[int, ...] | None = None
    kick: tuple[int, ...] = ()
    reading: tuple[int, ...] = ()
    largest: tuple[int, ...] = ()
    trace: tuple[int, ...] = ()


def prepare(
    settings: Any, device: str
) -> tuple["torch.nn.Module", "NoiseInjection", "Data", "LocalCurvature"]:
    """Net, NIN, data and curvature of Fig. 1, on a device, by those of `Settings` that `probe_cost` has, too."""
    from nin_lib.curvature import LocalCurvature
    from nin_lib.data import load
    from nin_lib.injection import NoiseInjection
    from nin_lib.networks import checked_widths, mlp, placed

    whole = load("fashion_mnist")
    n_val, n = (
        checks.whole(name, getattr(settings, name), 1, "so many samples serve to measure", high=len(x))
        for name, x in (("val_samples", whole.x_val), ("curvature_samples", whole.x_train))
    )
    data = replace(whole, x_val=whole.x_val[:n_val], y_val=whole.y_val[:n_val])
    hidden = checked_widths("hidden", settings.hidden)
    net = placed(mlp((784, *hidden, 10), settings.seed, data.x_train.dtype), device)
    nin = NoiseInjection(net, "0", settings.sigma_eps, seed=settings.seed)
    return net, nin, data, LocalCurvature(net, nin, data.x_train[:n], data.y_train[:n], settings.loss)


def train_and_probe(settings: Settings, device: str = "cpu") -> dict[str, np.ndarray]:
    """Train with a NIN on the first layer and measure the local curvature on the way.

    In single precision, the arrays of `nin_lib.history.History`, and with them:

    * `probe/step_norm`, shape (epochs * steps_per_epoch,): |W_NI| before each step, inf where a divergent training did
      not arrive;
    * `probe/rayleigh`, `probe/pull`, `probe/gradient`: over the first ``curvature_samples`` training images,
      `LocalCurvature.rayleigh` along W_NI, its `.pull`, and the mean square norm <|g|^2> of its `.gradients`, each after
      the epochs that the setting of this name lists;
    * `probe/kick`, `probe/reading`, `probe/largest`, `probe/trace`: its `.kick`, `.reading`, `.largest` and `.trace`, if
      the setting of this name lists epochs.

    What `probe/` holds of <H> is nan where a divergent training did not arrive.

    Returns
    -------
    dict of ndarray
        As above.

    Raises
    ------
    TypeError
        If an argument is of another kind than above.
    ValueError
        If a setting or the device is not as above.
    """
    from nin_lib.training import train

    checks.instance("settings", settings, Settings, "use one of CENTRE.settings, for example")
    epochs = _epochs(settings)
    net, nin, data, curvature = prepare(settings, device)
    quantities: dict[str, Callable[[], Any]] = {
        "rayleigh": lambda: curvature.rayleigh(nin.weight.detach().double().cpu().numpy()),
        "pull": curvature.pull,
        "gradient": lambda: (curvature.gradients() ** 2).sum(1).mean(),
        "kick": curvature.kick,
        "reading": lambda: curvature.reading(settings.eta, settings.batch_size),
        "largest": lambda: curvature.largest(tol=1e-3),
        "trace": lambda: curvature.trace()[0],
    }
    measured = {key: np.full(len(at), np.nan) for key, at in epochs.items() if at}
    step_norm: list[float] = []

    def probe(history: "History", epoch: int) -> None:
        for key in measured:
            if epoch in epochs[key]:
                # Where the loss is not finite there is no curvature, and the training diverges in a moment.
                with contextlib.suppress(ValueError):
                    measured[key][epochs[key].index(epoch)] = quantities[key]()

    # Training alone accumulates a gradient; what `curvature` differentiates does not come here.
    nin.weight.register_post_accumulate_grad_hook(
        lambda weight: step_norm.append(weight.detach().norm().item())
    )
    how = {key: getattr(settings, key) for key in ("loss", "eta", "batch_size", "epochs", "redraw", "seed")}
    history = train(net, data, nin=nin, callback=probe, **how)
    measured["step_norm"] = np.full(len(history.batch_loss), np.inf)
    measured["step_norm"][: len(step_norm)] = step_norm
    return single_precision(history.arrays() | {f"probe/{key}": values for key, values in measured.items()})


QUANTITIES = ("rayleigh", "pull", "gradient", "kick", "reading", "largest", "trace")


def _epochs(settings: Settings) -> dict[str, tuple[int, ...]]:
    """The epochs after which each quantity is measured."""
    last = checks.whole("epochs", settings.epochs, 1, "it counts the passes through the training set")
    found = {}
    for name in QUANTITIES:
        at = getattr(settings, name)
        at = range(last + 1) if at is None else checks.sequence(name, at, "give the epochs, or None for all")
        found[name] = tuple(
            checks.whole(name, epoch, 0, "it lists epochs; 0 is the start", last) for epoch in at
        )
    return found


PACKAGES = ("numpy", "scipy", "torch")
SIGMAS = (1.0, 2.5, 5.0, 8.0, 12.5, 20.0, 32.0, 50.0, 80.0, 125.0, 220.0, 320.0)
# What <H> is in detail, in one set of runs; in the others little, which saves a seventh of the time.
_DETAIL: dict[str, Any] = dict.fromkeys(("kick", "reading"), (0, 1, 2, 3, 4, 6, 8, 10, 13, 16, 20, 25)) | {
    "largest": (0, 1, 5, 25)
}
_LITTLE: dict[str, Any] = dict.fromkeys(("rayleigh", "pull", "gradient"), (0, 5, 10, 25))

_SEEN = (0, 1, 2, 5, 10, 15, 25, 40, 60)

CENTRE = Experiment(
    "Fig. 1, centre: 784-1024-1024-1024-10 ReLU, CE; one sigma of the decay phase, NIN redrawn and fixed",
    tuple(
        Settings(
            sigma_eps=12.5,
            seed=0,
            epochs=60,
            redraw=redraw,
            largest=_SEEN,
            trace=_SEEN,
        )
        for redraw in ("epoch", "never")
    ),
    train_and_probe,
    PACKAGES,
)
RIGHT = Experiment(
    "Fig. 1, right: the same at 12 sigmas, NIN redrawn and fixed, 2 seeds",
    tuple(
        Settings(sigma_eps=sigma_eps, seed=seed, epochs=25, redraw=redraw, **epochs)
        for seed, redraw, epochs in (
            (0, "epoch", _DETAIL),
            (0, "never", _LITTLE),
            (1, "epoch", _LITTLE),
            (1, "never", _LITTLE),
        )
        for sigma_eps in SIGMAS
    ),
    train_and_probe,
    PACKAGES,
)
