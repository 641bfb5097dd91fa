"""Noises that are not normal."""

from nin_lib.distributions import DISTRIBUTIONS
from nin_lib.experiments.digits import FINE, PACKAGES, Scan, scan
from nin_lib.experiments.experiment import Experiment

EXPERIMENT = Experiment(
    "four distributions of the noise at equal sigma_eps",
    tuple(Scan(distribution=distribution, sigma_eps=FINE) for distribution in DISTRIBUTIONS),
    scan,
    PACKAGES,
)
