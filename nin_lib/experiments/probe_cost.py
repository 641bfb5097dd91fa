"""What a NIN costs, beside other ways to the curvature along W_NI."""

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nin_lib import checks
from nin_lib.experiments.experiment import Experiment
from nin_lib.experiments.fig1 import PACKAGES, prepare

if TYPE_CHECKING:
    import torch

    from nin_lib.curvature import LocalCurvature
    from nin_lib.data import Data
    from nin_lib.injection import NoiseInjection


LIMIT = 1000
"""More products power iteration does not take; where it would, no eigenvalue > 0 dominates."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Net and optimisation of Fig. 1; so many `steps` are timed together, and so often repeated."""

    sigma_eps: float = 12.5
    seed: int = 0
    steps: int = 25
    repeats: int = 15
    hidden: tuple[int, ...] = (1024, 1024, 1024)
    loss: str = "ce"
    eta: float = 0.05
    batch_size: int = 128
    val_samples: int = 5000
    curvature_samples: int = 1000


def time_probe(settings: Settings, device: str = "cpu") -> dict[str, np.ndarray]:
    """Time, side by side, what a NIN adds to a training and what other ways to the curvature along W_NI take.

    After one epoch of training: processor time in seconds, each of shape (repeats,), of `step` and `step_with_nin`, a
    step of training without and with a NIN, and of `product`, one product of <H> with a vector over the first
    ``curvature_samples`` training images. Scalars: `power_products`, how many of them power iteration takes until the
    Rayleigh quotient changes by less than 1 %, `power` and `largest`, the eigenvalue that it finds and that of Lanczos
    iteration. Of shape (samples / 100,): `rayleigh`, the Rayleigh quotient along W_NI over each 100 of the samples.

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
    from nin_lib.curvature import LocalCurvature
    from nin_lib.training import train

    checks.instance("settings", settings, Settings, "use Settings(), for example")
    for name in ("steps", "repeats"):
        checks.whole(name, getattr(settings, name), 1, "it counts what is timed")
    net, nin, data, curvature = prepare(settings, device)
    how = {key: getattr(settings, key) for key in ("loss", "eta", "batch_size", "seed")}
    train(net, data, nin=nin, **how, epochs=1)
    w_ni = nin.weight.detach().double().cpu().numpy()
    works: dict[str, Callable[[], float]] = {
        "step": lambda: _step(settings, how, net, nin, data, False),
        "step_with_nin": lambda: _step(settings, how, net, nin, data, True),
        "product": lambda: _seconds(lambda: curvature @ w_ni),
    }
    times = {name: np.zeros(settings.repeats) for name in works}
    for repeat in range(settings.repeats):
        for name, work in works.items():
            times[name][repeat] = work()

    products, power = _power_iteration(curvature)
    samples = settings.curvature_samples
    groups = zip(data.x_train[:samples].split(100), data.y_train[:samples].split(100), strict=True)
    return times | {
        "power_products": np.array(products),
        "power": np.array(power),
        "largest": np.array(curvature.largest(tol=1e-6)),
        "rayleigh": np.array(
            [LocalCurvature(net, nin, x, y, settings.loss).rayleigh(w_ni) for x, y in groups]
        ),
    }


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _step(
    settings: Settings,
    how: dict[str, Any],
    net: "torch.nn.Module",
    nin: "NoiseInjection",
    data: "Data",
    with_nin: bool,
) -> float:
    """Seconds of a step, by a copy of the net; what `train` does once cancels."""
    from nin_lib.training import train

    n = settings.steps * settings.batch_size
    few = replace(
        data, x_train=data.x_train[:n], y_train=data.y_train[:n], x_val=data.x_val[:1], y_val=data.y_val[:1]
    )

    def epochs(n: int) -> float:
        twin_net, twin_nin = copy.deepcopy((net, nin))
        if not with_nin:
            twin_nin.remove()
        return _seconds(lambda: train(twin_net, few, nin=twin_nin if with_nin else None, **how, epochs=n))

    return (epochs(3) - epochs(1)) / (2 * settings.steps)


def _power_iteration(curvature: "LocalCurvature") -> tuple[int, float]:
    """Products until the Rayleigh quotient changes by less than 1 %, and that quotient."""
    v, power = np.random.default_rng(0).standard_normal(curvature.shape[0]), 0.0
    for products in range(1, LIMIT + 1):
        v /= np.linalg.norm(v)
        u, before = curvature @ v, power
        power, v = float(v @ u), u
        if abs(power - before) < 0.01 * power:
            return products, power
        if not v.any():
            break
    raise ValueError(
        f"settings must give a net with a largest eigenvalue > 0, got {power} after {products} products"
    )


EXPERIMENT = Experiment(
    "what a NIN adds to a step of Fig. 1's training, beside products with <H> and power iteration",
    (Settings(),),
    time_probe,
    PACKAGES,
)
