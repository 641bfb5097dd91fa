"""Where a training lands: final sharpness and validation accuracy."""

import numpy as np

from nin_lib.experiments.digits import PACKAGES, Scan, scan
from nin_lib.experiments.experiment import Experiment

SIGMAS = (0, 4, 8, 10, 12, 14, 16, 20, 24)
"""From no noise to divergence."""


def compute(settings: Scan, device: str = "cpu") -> dict[str, np.ndarray]:
    """`nin_lib.experiments.digits.scan` with the sharpness on the way."""
    from nin_lib.curvature import sharpness

    return scan(settings, device, lambda net, _, data: {"sharpness": sharpness(net, data, settings.loss)})


EXPERIMENT = Experiment(
    "final sharpness and validation accuracy against sigma_eps, for both losses",
    tuple(Scan(loss=loss, eta=eta, sigma_eps=SIGMAS) for loss, eta in (("mse", 0.1), ("ce", 0.2))),
    compute,
    PACKAGES,
)
