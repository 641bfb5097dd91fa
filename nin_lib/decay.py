"""The decay of W_NI: what a curvature predicts of it, and what a measured decay says of the curvature.

`predict_decay` lets <H> act on W_NI, `estimate_curvature` reads it back from a training, and `fit_decay` fits the
exponentials of Fig. 1.
"""

import math
import warnings
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from nin_lib.extras import needed

with needed("torch"):
    from scipy.optimize import OptimizeWarning, curve_fit


def predict_decay(w_ni, hessians, steps, *, eta, sigma_eps):
    """W_NI by its mean dynamics, (1 - eta sigma_eps^2 <H>)^t W_NI: Eq. (2), corrected, without the kicks.

    Parameters
    ----------
    w_ni : array_like, shape (features,)
        W_NI at the start.
    hessians : sequence of matrices or linear operators, each of shape (features, features)
        <H> on each stretch of a training; a sequence of one if it is frozen.
    steps : int or sequence of int
        Length of each stretch.
    eta, sigma_eps : float
        Learning rate and standard deviation of the noise.

    Returns
    -------
    ndarray, shape (len(hessians) + 1, features)
        W_NI at the start and at the end of each stretch; inf or nan where it overflows.

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    path = [np.asarray(w_ni, dtype=float)]
    for hessian, n in zip(hessians, np.broadcast_to(steps, len(hessians)), strict=True):
        if hessian.shape != (path[0].size, path[0].size):
            raise ValueError(
                f"hessians must be a sequence of {path[0].size} x {path[0].size} matrices, got one of shape "
                f"{hessian.shape}: use [hessian] for one that is frozen"
            )
        w_ni = path[-1]
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(n):
                w_ni = w_ni - eta * sigma_eps**2 * (hessian @ w_ni)
        path.append(w_ni)
    return np.stack(path)


class CurvatureEstimate(NamedTuple):
    """What a training says of <H>, in units of <H>; nan where W_NI overflowed, vanished or changed sign.

    Attributes
    ----------
    rayleigh : ndarray, shape (epochs,)
        From the fall of |W_NI| over each epoch: the Rayleigh quotient of <H> along W_NI.
    rates : ndarray, shape (k - 1, d)
        From the components of W_NI along each direction, between one of the k stored W_NI and the next.
    """

    rayleigh: np.ndarray
    rates: np.ndarray


def estimate_curvature(history, directions=None):
    """Read <H> from the decay of W_NI in a training with one NIN: the inverse of `predict_decay`.

    Over n steps a factor r means the curvature (1 - r^(1/n))/(eta sigma_eps^2): exactly, if W_NI is an eigenvector of a
    constant <H> and there are no kicks. Otherwise it is an average over the stretch, of the pull at this strength of
    noise, kinks of ReLU included (`LocalCurvature.pull`). Where there are many features, kicks lengthen W_NI and make it
    too small, by about eta <|g|^2>/(2 batch_size |W_NI|^2), which is all there is when W_NI no longer falls; unequal
    curvatures along W_NI make it too small, too. `LocalCurvature.reading` has both.

    Parameters
    ----------
    history : History
        From `nin_lib.training.train` with one NIN.
    directions : array_like, shape (features, d)
        Columns are directions, such as eigenvectors of <H>; the features themselves unless given.

    Returns
    -------
    CurvatureEstimate

    Raises
    ------
    ValueError
        If the training had not exactly one NIN, or no noise.
    """
    nins = history.settings["nins"]
    if len(nins) != 1 or nins[0]["sigma_eps"] == 0:
        raise ValueError(
            f"history must have one NIN with sigma_eps > 0, got {[nin['sigma'] for nin in nins]}: "
            "train with nin=NoiseInjection(net, layer, sigma_eps)"
        )

    def curvature(sizes, steps):
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = sizes[1:] / sizes[:-1]
            factor = np.where((factor > 0) & np.isfinite(factor), factor, np.nan)
        return (1 - factor ** (1 / steps)) / (history.settings["eta"] * nins[0]["sigma_eps"] ** 2)

    niw = history.niw if directions is None else history.niw @ np.asarray(directions)
    stretches = np.diff(history.niw_epochs)[:, None]
    return CurvatureEstimate(
        curvature(history.niw_norm, history.steps_per_epoch),
        curvature(niw, stretches * history.steps_per_epoch),
    )


@dataclass(frozen=True)
class DecayFit:
    """A fit of a + b exp(-t/tau), or why there is none: then `reason` says it and the numbers are nan.

    The errors are standard errors, from the scatter about the fit; deviations that are not independent from point to
    point make them too small.
    """

    a: float = math.nan
    b: float = math.nan
    tau: float = math.nan
    a_error: float = math.nan
    b_error: float = math.nan
    tau_error: float = math.nan
    reason: str = ""


def fit_decay(t, y):
    """Fit a + b exp(-t/tau), with t from its start, to a curve up to its minimum, as Fig. 1 of the paper does.

    What is no exponential decay is refused, with the reason. A refusal is a result, not an error: many curves are
    fitted in one go, and one without a decay time is a gap in their plot. The fit is refused when

    * a value is not finite, or there are fewer than 5 points up to the minimum;
    * the curve rises at first, by more than a tenth of its later fall;
    * tau is longer than the curve or uncertain by more than half: it is as good as straight;
    * the deviations from the fit are above 5 % of the fall, root mean square.

    Parameters
    ----------
    t, y : array_like, shape (n,)
        Times, increasing, and values.

    Returns
    -------
    DecayFit

    Raises
    ------
    ValueError
        If t and y are not as above.
    """
    t, y = np.asarray(t, dtype=float), np.asarray(y, dtype=float)
    if t.ndim != 1 or t.shape != y.shape or not np.all(np.diff(t) > 0):
        raise ValueError(
            f"t must increase and have the shape (n,) of y, got {t.shape} and {y.shape}: sort t first"
        )
    if not np.all(np.isfinite(y)):
        return DecayFit(reason="it does not stay finite")
    n = int(np.argmin(y)) + 1
    if n < 5:
        return DecayFit(reason=f"it has {n} points up to its minimum, and a fit needs 5")
    t, y = t[:n] - t[0], y[:n]
    fall = y[0] - y[-1]
    if y.max() - y[0] > fall / 10:
        return DecayFit(reason="it rises before it falls")

    def decay(t, a, b, tau):
        return a + b * np.exp(-t / tau)

    try:
        with np.errstate(over="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", OptimizeWarning)  # no covariance: the error is inf, and refused
            guess = y[-1], fall, t[np.argmax(y <= y[-1] + fall / math.e)]
            values, covariance = curve_fit(decay, t, y, guess)
    except RuntimeError:
        return DecayFit(reason="no exponential comes near it")
    tau, errors = values[2], np.sqrt(np.diag(covariance))
    if not (0 < tau < t[-1] and errors[2] < tau / 2):
        return DecayFit(reason="it is as good as straight: tau is longer than the curve, or as uncertain")
    deviation = np.sqrt(np.mean((y - decay(t, *values)) ** 2)) / fall
    if deviation > 0.05:
        return DecayFit(reason=f"it deviates from the best exponential by {deviation:.0%} of its fall")
    return DecayFit(*values.tolist(), *errors.tolist())
