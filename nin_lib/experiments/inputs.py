"""Inputs without information, found by the decay of their weights, with W_NI as the null."""

import warnings
from dataclasses import dataclass, replace

import numpy as np

from nin_lib.distributions import stream
from nin_lib.experiments.digits import PACKAGES
from nin_lib.experiments.experiment import Experiment
from nin_lib.extras import needed


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Trainings of a 128-128-10 net on so many digits, with a fixed NIN."""

    samples: int
    epochs: int
    sigma_eps: float = 1.0
    eta: float = 0.2
    batch_size: int = 128
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)


def with_shuffled(data, seed=0):
    """`data` with each pixel twice: as it is, and shuffled across the samples. Each input has mean 0 over training.

    The 64 shuffled inputs, which follow the 64 real ones, have the distribution of a pixel and nothing to do with the
    class or with each other. The training and the validation set are shuffled each by itself.
    """
    with needed("torch"):
        import torch

    rng = stream(seed, "shuffle")
    mean = data.x_train.mean(0)
    both = []
    for x in (data.x_train - mean, data.x_val - mean):
        both.append(torch.cat([x, torch.from_numpy(rng.permuted(x.numpy(), axis=0))], 1))
    return replace(data, x_train=both[0], x_val=both[1])


def log_ratios(before, after):
    """log(norm after/norm before) of each column of incoming weights: shape (inputs,) from (units, inputs)."""
    return 0.5 * np.log((after**2).sum(0) / (before**2).sum(0))


def rank_inputs(settings: Settings, device: str = "cpu") -> dict[str, np.ndarray]:
    """Rank real and shuffled pixels by log(norm after/norm before) of their weights, with the NIW's as the null.

    Trains a 128-128-10 ReLU net with a fixed NIN on ``settings.samples`` digits, then again without some inputs.

    Returns
    -------
    dict of ndarray
        log_ratio, f, shape (seeds, 128): `log_ratios` of the inputs, the real ones first, and their F statistic
        (scikit-learn's `f_classif`); null, null_error, shape (seeds,): that of W_NI, and its bootstrap standard error
        over the units; accuracy, shape (seeds, 5): on the validation set, trained from other weights on all inputs,
        without those not above the null (log ratio <= null + 2 errors), on the better half, on as many by chance, and
        on the real ones only.
    """
    rows = [_rank_inputs(settings, seed, device) for seed in settings.seeds]
    return {key: np.stack([row[key] for row in rows]) for key in rows[0]}


def _rank_inputs(settings, seed, device):
    with needed("notebooks"):
        import torch
        from sklearn.feature_selection import f_classif

        from nin_lib.data import load
        from nin_lib.injection import NoiseInjection
        from nin_lib.networks import mlp
        from nin_lib.training import train

    digits, n = load("digits"), settings.samples
    data = with_shuffled(replace(digits, x_train=digits.x_train[:n], y_train=digits.y_train[:n]), seed)
    how = {key: getattr(settings, key) for key in ("eta", "batch_size", "epochs")} | {"seed": seed}

    net = mlp((128, 128, 10), seed).to(device)
    nin = NoiseInjection(net, "0", settings.sigma_eps, seed=seed)
    before, null_before = (w.detach().cpu().numpy().copy() for w in (net[0].weight, nin.weight))
    train(net, data, nin=nin, redraw="never", **how)
    after, null_after = (w.detach().cpu().numpy() for w in (net[0].weight, nin.weight))
    ratio = log_ratios(before, after)
    null = log_ratios(null_before, null_after)
    rng = np.random.default_rng(seed)
    units = rng.integers(0, len(null_after), (len(null_after), 1000))
    error = log_ratios(null_before[units], null_after[units]).std()

    def accuracy(keep):
        kept = torch.from_numpy(keep).double()
        masked = replace(data, x_train=data.x_train * kept, x_val=data.x_val * kept)
        other = mlp((128, 128, 10), seed + 1000).to(device)
        return train(other, masked, **how).val_accuracy[-1]

    everything, real = np.ones(128, bool), np.arange(128) < 64
    better_half = ratio > np.median(ratio)
    masks = [everything, ratio > null + 2 * error, better_half, rng.permutation(better_half), real]
    with warnings.catch_warnings(action="ignore"):  # three pixels are constant
        f = np.nan_to_num(f_classif(data.x_train.numpy(), data.y_train.numpy())[0])
    accuracies = np.array([accuracy(mask) for mask in masks])
    return {"log_ratio": ratio, "f": f, "null": null, "null_error": error, "accuracy": accuracies}


EXPERIMENT = Experiment(
    "inputs without information, found by the decay of their weights, against the NIW's",
    tuple(Settings(samples=samples, epochs=epochs) for samples, epochs in ((256, 40), (1078, 20))),
    rank_inputs,
    PACKAGES,
)
