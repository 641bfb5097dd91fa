"""Fig. 1, right, as far as its caption goes: trainings that end when every training image is classified right."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nin_lib import checks
from nin_lib.experiments.experiment import Experiment
from nin_lib.experiments.fig1 import PACKAGES, prepare
from nin_lib.store import single_precision

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from nin_lib.history import History


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A training of Fig. 1 that ends when every training image is classified right, or after so many `epochs`."""

    sigma_eps: float
    seed: int
    epochs: int = 100
    redraw: str = "epoch"
    hidden: tuple[int, ...] = (1024, 1024, 1024)
    loss: str = "ce"
    eta: float = 0.05
    batch_size: int = 128
    val_samples: int = 5000
    curvature_samples: int = 1000


AT_A_TIME = 1000
"""So many images are classified together: the first part with an error is as far as most questions go."""


class _AllRightError(Exception):
    """Ends a training that has nothing left to learn."""


def train_to_the_end(settings: Settings, device: str = "cpu") -> dict[str, np.ndarray]:
    """Train until every training image is classified right with eps = 0, which is asked after each epoch.

    Returns
    -------
    dict of ndarray
        In single precision, the arrays of `nin_lib.history.History` up to that epoch, and `train_accuracy`, shape (),
        on the whole training set at the end.

    Raises
    ------
    TypeError
        If an argument is of another kind than above.
    ValueError
        If a setting or the device is not as above.
    """
    import torch

    from nin_lib.training import train

    checks.instance("settings", settings, Settings, "use one of EXPERIMENT.settings, for example")
    net, nin, data, _ = prepare(settings, device)
    whole = data.to(nin.weight)
    latest: list[History] = []

    def right() -> "Iterator[torch.Tensor]":
        """Whether each image is classified right, some at a time."""
        with torch.no_grad():
            for x, y in zip(whole.x_train.split(AT_A_TIME), whole.y_train.split(AT_A_TIME), strict=True):
                yield net(x).argmax(1) == y

    def stop(history: "History", epoch: int) -> None:
        latest[:] = [history]
        if all(bool(hits.all()) for hits in right()):
            raise _AllRightError

    how = {key: getattr(settings, key) for key in ("loss", "eta", "batch_size", "epochs", "redraw", "seed")}
    try:
        history = train(net, data, nin=nin, callback=stop, **how)
    except _AllRightError:
        [history] = latest
    accuracy = torch.cat(list(right())).double().mean().item()
    return single_precision(history.arrays() | {"train_accuracy": np.array(accuracy)})


EXPERIMENT = Experiment(
    "Fig. 1, right, to 100 % training accuracy or 100 epochs: 4 sigmas x 2 seeds, NIN redrawn",
    tuple(
        Settings(sigma_eps=sigma_eps, seed=seed) for sigma_eps in (2.5, 12.5, 50.0, 125.0) for seed in (0, 1)
    ),
    train_to_the_end,
    PACKAGES,
)
