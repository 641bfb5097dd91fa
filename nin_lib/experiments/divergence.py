"""Where a training begins to diverge: what of it the weights decide, what the noise, and what the data."""

import functools
import math
from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nin_lib import checks
from nin_lib.experiments.digits import PACKAGES
from nin_lib.experiments.experiment import Experiment

if TYPE_CHECKING:
    from nin_lib.data import Data


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Trainings on digits with the squared error, all from the weights of `seed`, at sigma_eps^2 = c d_in/(N_w eta).

    `c` has the first whole number c that is tried, and the one at which to stop; `draws` counts the other draws of noise and
    order, and `copies` how often the training set is repeated where the noise is to average out.
    """

    seed: int
    c: tuple[int, int] = (20, 80)
    draws: int = 10
    copies: int = 8
    hidden: int = 128
    eta: float = 0.2
    batch_size: int = 512
    steps: int = 40


def edges(settings: Settings, device: str = "cpu") -> dict[str, np.ndarray]:
    """The smallest c at which a training diverges, found by bisection; the end of `settings.c` where none does.

    Returns
    -------
    dict of ndarray
        diverges, shape (c,): whether the training with the noise and the order of `settings.seed` does, at each c, which
        justifies the bisection; own: its edge; blank: the same with images of zeros; averaged: with a batch of all
        images, `settings.copies` times over, each with noise of its own; redrawn, shape (draws,): with other noise and
        another order.

    Raises
    ------
    TypeError
        If an argument is of another kind than above.
    ValueError
        If a setting or the device is not as above.
    """
    import torch

    from nin_lib.data import load

    checks.instance("settings", settings, Settings, "use one of EXPERIMENT.settings, for example")
    remedy = "give the first c and the one at which to stop"
    first, stop = (checks.whole("c", c, 1, remedy) for c in checks.sequence("c", settings.c, remedy))
    copies = checks.whole("copies", settings.copies, 1, "it counts repetitions of the training set")
    draws = checks.whole("draws", settings.draws, 1, "it counts draws of the noise")
    digits, values = load("digits"), range(first, stop)
    blank = replace(digits, x_train=torch.zeros_like(digits.x_train))
    many = replace(digits, x_train=digits.x_train.repeat(copies, 1), y_train=digits.y_train.repeat(copies))

    def edge(data: "Data", draw: int, batch_size: int = settings.batch_size) -> int:
        there = functools.partial(_diverges, settings, data, draw, batch_size, device)
        return first + bisect_left(values, True, key=there)

    own = settings.seed
    each = [_diverges(settings, digits, own, settings.batch_size, device, c) for c in values]
    return {
        "diverges": np.array(each),
        "own": np.array(edge(digits, own)),
        "blank": np.array(edge(blank, own)),
        "averaged": np.array(edge(many, own, len(many.x_train))),
        "redrawn": np.array([edge(digits, draw) for draw in range(1000, 1000 + draws)]),
    }


def _diverges(settings: Settings, data: "Data", draw: int, batch_size: int, device: str, c: int) -> bool:
    """Whether a training on `data` does, with the noise and the order of the seed `draw`."""
    import torch

    from nin_lib.injection import NoiseInjection
    from nin_lib.networks import mlp, placed
    from nin_lib.phases import Phase
    from nin_lib.training import train

    inputs = data.x_train.shape[1]
    net = mlp((inputs, settings.hidden, 10), settings.seed)
    before = NoiseInjection(net, "0", 0.0, seed=settings.seed)
    w_ni = before.weight.detach().clone()
    before.remove()
    nin = NoiseInjection(net, "0", math.sqrt(c * inputs / (settings.hidden * settings.eta)), seed=draw)
    with torch.no_grad():
        nin.weight.copy_(w_ni)
    epochs = settings.steps // (len(data.x_train) // batch_size)
    how: dict[str, Any] = {"eta": settings.eta, "batch_size": batch_size, "epochs": epochs, "seed": draw}
    return train(placed(net, device), data, nin=nin, loss="mse", **how).phase == Phase.DIVERGENT


EXPERIMENT = Experiment(
    "where divergence begins on digits, squared error: 15 starts, with data and without, noise drawn and averaged",
    tuple(Settings(seed=seed) for seed in range(15)),
    edges,
    PACKAGES,
)
