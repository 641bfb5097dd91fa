"""A NIN on another layer than the first."""

from nin_lib.experiments.digits import FINE, PACKAGES, Scan, scan
from nin_lib.experiments.experiment import Experiment

EXPERIMENT = Experiment(
    "a NIN on each layer of a net with three hidden layers, and on all of them",
    tuple(
        Scan(net="deep", layers=layers, sigma_eps=FINE)
        for layers in (("0",), ("2",), ("4",), ("6",), ("0", "2", "4", "6"))
    ),
    scan,
    PACKAGES,
)
