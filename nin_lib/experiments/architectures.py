"""Networks that are not fully connected."""

from nin_lib.experiments.digits import PACKAGES, Training, train_history
from nin_lib.experiments.experiment import Experiment

BY_ARCHITECTURE = {
    "convolutional": (0.1, 1, 5, 15, 30, 45, 60, 100, 300),
    "recurrent-relu": (0.3, 1, 3, 8, 16, 22, 26, 30, 40),
    "transformer": (0.1, 1, 3, 10, 30, 100, 300, 1000, 3000),
    "transformer-plain": (0.3, 1, 2, 4, 6, 8, 10, 12, 15),
    "recurrent-tanh": (0.1, 1, 3, 10, 30, 100, 300, 1000, 3000),
}
"""The noises at which each net is trained."""

EXPERIMENT = Experiment(
    "a convolutional net, two recurrent ones and two transformers, each with a NIN",
    tuple(
        Training(net=net, eta=0.1, sigma_eps=sigma_eps, seed=seed)
        for net, sigmas in BY_ARCHITECTURE.items()
        for seed in range(3)
        for sigma_eps in sigmas
    ),
    train_history,
    PACKAGES,
)
