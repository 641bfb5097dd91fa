"""The decay of W_NI: what a curvature predicts of it, and what a measured decay says of the curvature.

`predict_decay` lets <H> act on W_NI, `estimate_curvature` reads it back from a training, and `fit_decay` fits the
exponentials of Fig. 1.
"""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from nin_lib import checks
from nin_lib.extras import needed
from nin_lib.history import History

with needed("torch"):
    from scipy.optimize import OptimizeWarning, curve_fit
    from scipy.sparse.linalg import LinearOperator


def predict_decay(
    w_ni: ArrayLike,
    hessians: Sequence[Any],
    steps: int | Sequence[int],
    *,
    eta: float,
    sigma_eps: float,
) -> np.ndarray:
    """W_NI by its mean dynamics, (1 - eta sigma_eps^2 <H>)^t W_NI: Eq. (2), corrected, without the kicks.

    Parameters
    ----------
    w_ni : array_like, shape (features,)
        W_NI at the start.
    hessians : sequence of matrices or SciPy linear operators, each of shape (features, features)
        <H> on each stretch of a training; a sequence of one if it is frozen.
    steps : int or sequence of int
        Length >= 0 of each stretch.
    eta, sigma_eps : float
        Learning rate > 0 and standard deviation >= 0 of the noise.

    Returns
    -------
    ndarray, shape (len(hessians) + 1, features)
        W_NI at the start and at the end of each stretch; inf or nan where it overflows.

    Raises
    ------
    TypeError
        If an argument is of another kind than above.
    ValueError
        If an argument is not as above.

    Examples
    --------
    >>> predict_decay([1.0, 16.0], [np.diag([1.0, 0.5])], steps=2, eta=0.5, sigma_eps=1.0)
    array([[ 1.  , 16.  ],
           [ 0.25,  9.  ]])
    """
    start = checks.numbers("w_ni", w_ni, remedy="use nin.weight.detach().numpy(), for example")
    if start.ndim != 1:
        raise ValueError(
            f"w_ni must have shape (features,), got {start.shape}: use w_ni.ravel(), for example"
        )
    eta = checks.number("eta", eta, 0, strictly=True, remedy="0.01 is a usual learning rate")
    sigma_eps = checks.number("sigma_eps", sigma_eps, 0, remedy="use 0 to switch the noise off")
    matrices = [
        _matrix(hessian, start.size)
        for hessian in checks.sequence("hessians", hessians, "use [hessian] for one that is frozen")
    ]
    path = [start]
    for hessian, n in zip(matrices, _lengths(steps, len(matrices)), strict=True):
        now = path[-1]
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(n):
                before, now = now, now - eta * sigma_eps**2 * (hessian @ now)
                if np.array_equal(before, now, equal_nan=True):
                    break  # here it stays: it has vanished, or overflowed
        path.append(now)
    return np.stack(path)


def _matrix(hessian: Any, features: int) -> Any:
    """A Hessian as a matrix of floats or an operator, if it has the right shape."""
    if not isinstance(hessian, LinearOperator):
        hessian = checks.numbers("hessians", hessian, remedy="use LocalCurvature(...).matrix(), for example")
    elif hessian.dtype.kind == "c":
        raise ValueError(f"hessians must be real, got {hessian!r} of {hessian.dtype}: use its real part")
    if hessian.shape != (features, features):
        raise ValueError(
            f"hessians must be a sequence of {features} x {features} matrices, got one of shape "
            f"{hessian.shape}: use [hessian] for one that is frozen"
        )
    return hessian


def _lengths(steps: int | Sequence[int], stretches: int) -> list[int]:
    remedy = "it counts the steps of a stretch"
    if np.ndim(steps) == 0:
        return [checks.whole("steps", steps, 0, remedy)] * stretches
    lengths = [checks.whole("steps", n, 0, remedy) for n in checks.sequence("steps", steps, remedy)]
    if len(lengths) != stretches:
        raise ValueError(
            f"steps must hold one length for each of {stretches} hessians, got {len(lengths)}: {lengths}"
        )
    return lengths


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


def estimate_curvature(
    history: History | ArrayLike,
    directions: ArrayLike | None = None,
    *,
    steps: ArrayLike = 1,
    eta: ArrayLike | None = None,
    sigma_eps: float | None = None,
) -> CurvatureEstimate:
    """Read <H> from the decay of W_NI in a training with one NIN: the inverse of `predict_decay`.

    Over n steps a factor r means the curvature (1 - r^(1/n))/(eta sigma_eps^2): exactly, if W_NI is an eigenvector of a
    constant <H> and there are no kicks. Otherwise it is an average over the stretch, of the pull at this strength of
    noise, kinks of ReLU included (`LocalCurvature.pull`). Where there are many features, kicks lengthen W_NI and make it
    too small, by about ``eta <|g|^2>/(2 batch_size |W_NI|^2)``, which is all there is when W_NI no longer falls; unequal
    curvatures along W_NI make it too small, too. `LocalCurvature.reading` has both.

    Parameters
    ----------
    history : History or array_like, shape (k,) or (k, features)
        From `nin_lib.training.train` with one NIN, over one epoch or more. Or k >= 2 norms |W_NI| of a training by plain
        SGD of any other kind, or W_NI itself, k times.
    directions : array_like, shape (features, d)
        Columns are directions, such as eigenvectors of <H>; the features themselves unless given.
    steps, eta : number or array_like, shape (k - 1,)
        With an array: steps >= 1 from one of its rows to the next, and the learning rate > 0 there.
    sigma_eps : float
        With an array: standard deviation > 0 of the noise.

    Returns
    -------
    CurvatureEstimate
        For each epoch, and for each stretch between two of the stored W_NI; of norms both are one.

    Raises
    ------
    TypeError
        If an argument is of another kind than above.
    ValueError
        If an argument is not as above, or there was no noise.

    Examples
    --------
    >>> estimate_curvature([1.0, 0.9, 0.81], eta=0.1, sigma_eps=2.0).rayleigh.round(6)
    array([0.25, 0.25])
    """
    if isinstance(history, History):
        norms, niw, lengths, between, scale = _recorded(history)
    else:
        norms, niw, lengths, scale = _plain(history, steps, eta, sigma_eps)
        between = lengths
    if directions is not None:
        columns = checks.numbers("directions", directions, remedy="use the eigenvectors of <H>, for example")
        if columns.ndim != 2 or len(columns) != niw.shape[1]:
            raise ValueError(
                f"directions must have shape (features, d) with {niw.shape[1]} features, got {columns.shape}: "
                "directions are the columns"
            )
        with np.errstate(over="ignore", invalid="ignore"):
            niw = niw @ columns
    return CurvatureEstimate(
        _curvature(norms[:, None], lengths, scale)[:, 0], _curvature(niw, between, scale)
    )


def _recorded(history: History) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """|W_NI| and W_NI of a history, the steps between each and the next, and eta sigma_eps^2."""
    nins, steps = history.settings["nins"], history.steps_per_epoch
    scale = history.settings["eta"] * nins[0]["sigma_eps"] ** 2 if len(nins) == 1 else 0
    if scale == 0:
        raise ValueError(
            f"history must have one NIN with sigma_eps > 0, got {[nin['sigma_eps'] for nin in nins]}: "
            "train with nin=NoiseInjection(net, layer, sigma_eps)"
        )
    if steps == 0:
        raise ValueError("history must have one epoch or more, got its start: call it after an epoch")
    between = np.diff(history.niw_epochs) * steps
    return history.niw_norm, history.niw, np.array([steps]), between, np.array([scale])


def _plain(
    niw: ArrayLike, steps: ArrayLike, eta: ArrayLike | None, sigma_eps: float | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """|W_NI|, W_NI, the steps between each and the next, and eta sigma_eps^2 there."""
    path = checks.reals("history", niw, "give what train(net, data, nin=nin) returns, or norms |W_NI|")
    if path.ndim not in (1, 2) or len(path) < 2:
        raise ValueError(
            f"history must hold two norms |W_NI| or more, shape (k,), or W_NI, (k, features), got {niw!r}: "
            "give what train(net, data, nin=nin) returns, for example"
        )
    lengths = checks.numbers("steps", steps, 1, remedy="it counts the steps from one norm to the next")
    etas = checks.numbers("eta", eta, 0, strictly=True, remedy="with norms, give the learning rate")
    sigma = checks.number(
        "sigma_eps", sigma_eps, 0, strictly=True, remedy="with norms, give that of the noise"
    )
    for name, value in (("steps", lengths), ("eta", etas)):
        if value.shape not in {(), (1,), (len(path) - 1,)}:
            raise ValueError(
                f"{name} must be a number or have shape ({len(path) - 1},), got {value.shape}: one from each norm to the next"
            )
    rows = path.reshape(len(path), -1)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.linalg.norm(rows, axis=1), rows, lengths.reshape(-1), (etas * sigma**2).reshape(-1)


def _curvature(sizes: np.ndarray, steps: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """From sizes, shape (k, d), and the steps and the scales from one row to the next."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        factor = sizes[1:] / sizes[:-1]
        factor = np.where((factor > 0) & np.isfinite(factor), factor, np.nan)
        rate: np.ndarray = (1 - factor ** (1 / steps[:, None])) / scale[:, None]
        return np.where(np.isfinite(rate), rate, np.nan)


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


def fit_decay(t: ArrayLike, y: ArrayLike) -> DecayFit:
    """Fit a + b exp(-t/tau), with t from its start, to a curve up to its minimum, as Fig. 1 of the paper does.

    What is no exponential decay is refused, with the reason. A refusal is a result, not an error: many curves are
    fitted in one go, and one without a decay time is a gap in their plot. The fit is refused when

    * a value is not finite, or there are fewer than 5 points up to the minimum;
    * the squares of the times or of the fall over- or underflow;
    * the curve rises at first, by more than a tenth of its later fall;
    * tau is longer than the curve or uncertain by more than half: it is as good as straight;
    * the deviations from the fit are above 5 % of the fall, root mean square.

    Parameters
    ----------
    t, y : array_like, shape (n,)
        Times, finite and increasing, and values, of which some may be inf or nan.

    Returns
    -------
    DecayFit
        The numbers in the units of `t` and `y`, or the reason why there are none.

    Raises
    ------
    ValueError
        If t and y are not as above.

    Examples
    --------
    >>> t = np.arange(20.0)
    >>> fit = fit_decay(t, 1 + 2 * np.exp(-t / 5))
    >>> print(f"{fit.a:.3f} + {fit.b:.3f} exp(-t/{fit.tau:.3f})")
    1.000 + 2.000 exp(-t/5.000)
    >>> fit_decay(t, np.cos(t)).reason
    'it has 4 points up to its minimum, and a fit needs 5'
    """
    times = checks.numbers("t", t, remedy="give the times of the values, such as np.arange(len(y))")
    values = checks.reals("y", y, "give a value for each time")
    if times.ndim != 1 or times.shape != values.shape or not np.all(np.diff(times) > 0):
        raise ValueError(
            f"t must increase and have the shape (n,) of y, got {times.shape} and {values.shape}: sort t first"
        )
    if not np.all(np.isfinite(values)):
        return DecayFit(reason="it does not stay finite")
    n = int(np.argmin(values)) + 1 if len(values) else 0
    if n < 5:
        return DecayFit(reason=f"it has {n} points up to its minimum, and a fit needs 5")
    with np.errstate(all="ignore"):
        times, values = times[:n] - times[0], values[:n]
        fall = values[0] - values[-1]
        if values.max() - values[0] > fall / 10:
            return DecayFit(reason="it rises before it falls")
        if not all(
            1e-150 < size < 1e150 for size in (np.diff(times).min(), times[-1], fall, np.abs(values).max())
        ):
            return DecayFit(reason="its numbers are too large or too small to be squared")
        return _fit(times, values, fall)


def _fit(t: np.ndarray, y: np.ndarray, fall: float) -> DecayFit:
    """The fit of `fit_decay` to a curve that falls, from t = 0."""

    def decay(t: np.ndarray, a: float, b: float, tau: float) -> np.ndarray:
        return a + b * np.exp(-t / tau)

    try:
        with warnings.catch_warnings():
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
