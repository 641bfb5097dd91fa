"""Other learning rates and batch sizes."""

import math
from collections.abc import Iterator
from typing import Any

from nin_lib.experiments.digits import FINE, PACKAGES, Scan, scan
from nin_lib.experiments.experiment import Experiment


def _settings() -> Iterator[Scan]:
    # As many steps as the usual training has, or (for the learning rates) eta times steps; with batches of 16 twice as
    # many. The usual training is not repeated here: it is the normal noise of "noises".
    rates: list[dict[str, Any]] = [{"eta": eta, "epochs": round(4 / eta)} for eta in (0.1, 0.4)]
    sizes: list[dict[str, Any]] = [{"batch_size": 16, "epochs": 5}, {"batch_size": 512, "epochs": 80}]
    for steps in rates + sizes:
        scaled = tuple(round(sigma * math.sqrt(0.2 / steps.get("eta", 0.2)), 4) for sigma in FINE)
        yield Scan(**steps, sigma_eps=scaled)


EXPERIMENT = Experiment(
    "learning rates and batch sizes, at equal eta sigma_eps^2", tuple(_settings()), scan, PACKAGES
)
