"""Inputs without information, found by the decay of their weights, with W_NI as the null."""

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from nin_lib import checks
from nin_lib.distributions import stream
from nin_lib.experiments.digits import PACKAGES, check_some
from nin_lib.experiments.experiment import Experiment
from nin_lib.extras import needed

if TYPE_CHECKING:
    from nin_lib.data import Data


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Trainings of a 128-128-10 net on so many digits, with a fixed NIN."""

    samples: int
    epochs: int
    sigma_eps: float = 1.0
    eta: float = 0.2
    batch_size: int = 128
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)


def with_shuffled(data: "Data", seed: int | np.random.Generator = 0) -> "Data":
    """`data` with each pixel twice: as it is, and shuffled across the samples. Each input has mean 0 over training.

    The 64 shuffled inputs, which follow the 64 real ones, have the distribution of a pixel and nothing to do with the
    class or with each other. The training and the validation set are shuffled each by itself.

    Parameters
    ----------
    data : nin_lib.data.Data
        Of rows of pixels.
    seed : int or numpy.random.Generator
        Source of the shuffles.

    Returns
    -------
    nin_lib.data.Data
        Of rows twice as long.

    Raises
    ------
    TypeError
        If an argument is of another kind than above.
    ValueError
        If an argument is not as above.
    """
    with needed("torch"):
        import torch

        from nin_lib.data import Data

    checks.instance("data", data, Data, 'use nin_lib.data.load("digits"), for example')
    if data.x_train.ndim != 2 or len(data.x_train) == 0:
        raise ValueError(
            f"data must have rows of pixels, got x_train of shape {tuple(data.x_train.shape)}: flatten them"
        )
    rng = stream(seed, "shuffle")
    mean = data.x_train.mean(0)
    both = []
    for x in (data.x_train - mean, data.x_val - mean):
        both.append(torch.cat([x, torch.from_numpy(rng.permuted(x.numpy(), axis=0))], 1))
    return replace(data, x_train=both[0], x_val=both[1])


def log_ratios(before: ArrayLike, after: ArrayLike) -> np.ndarray:
    """log(norm after/norm before) of each column of incoming weights.

    Parameters
    ----------
    before, after : array_like, shape (units, inputs) or (units,)
        Weights; the squares of the norms must neither overflow nor, before, vanish.

    Returns
    -------
    ndarray, shape (inputs,)
        -inf for a column that is 0 after.

    Raises
    ------
    ValueError
        If the weights are not as above.
    """
    old, new = (
        checks.numbers(name, weights, remedy="give the incoming weights")
        for name, weights in (("before", before), ("after", after))
    )
    if old.shape != new.shape or old.ndim not in (1, 2):
        raise ValueError(
            f"before and after must have one shape, (units, inputs), got {old.shape} and {new.shape}: transpose one"
        )
    with np.errstate(over="ignore", divide="ignore"):
        squares = (old**2).sum(0), (new**2).sum(0)
        if not (np.all(squares[0] > 0) and np.isfinite(squares).all()):
            raise ValueError(
                f"before must have columns of norms > 0, and all norms be finite, got the squares {squares[0]} before and "
                f"{squares[1]} after: leave out the others"
            )
        return np.asarray(0.5 * np.log(squares[1] / squares[0]))


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

    Raises
    ------
    TypeError
        If an argument is of another kind than above.
    ValueError
        If a setting or the device is not as above.
    """
    checks.instance("settings", settings, Settings, "use one of EXPERIMENT.settings, for example")
    check_some("seeds", settings.seeds)
    rows = [_rank_inputs(settings, seed, device) for seed in settings.seeds]
    return {key: np.stack([row[key] for row in rows]) for key in rows[0]}


def _rank_inputs(settings: Settings, seed: int, device: str) -> dict[str, np.ndarray]:
    with needed("notebooks"):
        import torch
        from sklearn.feature_selection import f_classif

        from nin_lib.data import load
        from nin_lib.injection import NoiseInjection
        from nin_lib.networks import mlp, placed
        from nin_lib.training import train

    digits = load("digits")
    n = checks.whole("samples", settings.samples, 1, "it counts digits to train on", high=len(digits.x_train))
    data = with_shuffled(replace(digits, x_train=digits.x_train[:n], y_train=digits.y_train[:n]), seed)
    how = {key: getattr(settings, key) for key in ("eta", "batch_size", "epochs")} | {"seed": seed}

    net = placed(mlp((128, 128, 10), seed), device)
    nin = NoiseInjection(net, "0", settings.sigma_eps, seed=seed)
    before, null_before = (
        w.detach().cpu().numpy().copy() for w in (net[0].get_parameter("weight"), nin.weight)
    )
    train(net, data, nin=nin, redraw="never", **how)
    after, null_after = (w.detach().cpu().numpy() for w in (net[0].get_parameter("weight"), nin.weight))
    ratio = log_ratios(before, after)
    null = log_ratios(null_before, null_after)
    rng = np.random.default_rng(seed)
    units = rng.integers(0, len(null_after), (len(null_after), 1000))
    error = log_ratios(null_before[units], null_after[units]).std()

    def accuracy(keep: np.ndarray) -> float:
        kept = torch.from_numpy(keep).double()
        masked = replace(data, x_train=data.x_train * kept, x_val=data.x_val * kept)
        other = placed(mlp((128, 128, 10), seed + 1000), device)
        return float(train(other, masked, **how).val_accuracy[-1])

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
