"""Where the phases of the linear model begin, by exact SGD, and the statistics that find their edges."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nin_lib import checks
from nin_lib.experiments.experiment import Experiment, Result
from nin_lib.extras import needed
from nin_lib.phases import Phase


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One scan over sigma_eps; the parameters are those of the top half of the paper's Fig. 2.

    `phase` is the one that the window is about ("all": any), `first`, `last` and `sigmas` are the window and how many
    values of sigma_eps lie in it, geometrically spaced.
    """

    batch_size: int
    phase: str
    first: float
    last: float
    sigmas: int
    seeds: int
    seed: int
    eta: float = 0.01
    M: float = 1.0
    sigma_x: float = 1.0
    w0: float = 0.1
    w1: float = 1.5
    w_ni: float = 0.1
    steps: int = 600


def count_phases(settings: Settings, device: str = "cpu") -> dict[str, np.ndarray]:
    """Train the linear model by exact SGD at each sigma_eps and count the seeds that end in each phase.

    Returns
    -------
    dict of ndarray
        sigma_eps, shape (n,); counts, shape (n, 4), one column for each `Phase` in the order of the enumeration.

    Raises
    ------
    TypeError
        If an argument is of another kind than above.
    ValueError
        If a setting is out of the domain of `nin_lib.linear.LinearModel`, the window has no sigma_eps > 0, or the device
        is another than "cpu".
    """
    from nin_lib.linear import LinearModel

    if device != "cpu":
        raise ValueError(f"device must be 'cpu' for the linear model, which NumPy computes, got {device!r}")
    checks.instance("settings", settings, Settings, "use one of EXPERIMENT.settings, for example")
    first, last = (
        checks.number(
            name, getattr(settings, name), 0, strictly=True, remedy="it is an end of the window of sigma_eps"
        )
        for name in ("first", "last")
    )
    sigmas, seeds = (
        checks.whole(name, getattr(settings, name), 1, "it counts trainings") for name in ("sigmas", "seeds")
    )
    sigma_eps = np.geomspace(first, last, sigmas)
    model = LinearModel(settings.eta, settings.M, settings.sigma_x, settings.batch_size)
    start = settings.w0, settings.w1, settings.w_ni
    many = np.repeat(sigma_eps[:, None], seeds, axis=1)
    trained = model.simulate(
        many, *start, steps=settings.steps, noise="sgd", seed=settings.seed, record=False
    )
    counts = np.stack([(trained.phase == phase).sum(axis=1) for phase in Phase], axis=1)
    return {"sigma_eps": sigma_eps, "counts": counts.astype(np.int32)}


def fraction_from(result: Result, phase: Phase) -> np.ndarray:
    """Fraction of the seeds that are in `phase` or beyond it (more noise), at each sigma_eps: shape (n,)."""
    checks.instance("result", result, Result, 'use one of results("linear-boundaries")')
    checks.choice("phase", phase, list(Phase))
    counts = result.arrays["counts"]
    fraction: np.ndarray = counts[:, list(Phase).index(phase) :].sum(axis=1) / counts.sum(axis=1)
    return fraction


def crossing(sigma_eps: ArrayLike, fraction: ArrayLike, level: float) -> float:
    """The sigma_eps at which a noisy, increasing fraction passes `level`.

    The fraction is first replaced by the nearest increasing one in mean square (isotonic regression); no shape is
    assumed for the transition.

    Parameters
    ----------
    sigma_eps, fraction : array_like, shape (n,)
        Numbers > 0, increasing, and the fraction at each: of a single run, whether it is beyond, as an array of bool.
    level : float
        A number that the fraction passes.

    Returns
    -------
    float
        The geometric mean of the neighbours in `sigma_eps` between which it does.

    Raises
    ------
    ValueError
        If an argument is not as above.
    """
    with needed("torch"):
        from scipy.optimize import isotonic_regression

    sigma_eps, fraction = _curve(sigma_eps, fraction)
    level = checks.number("level", level, remedy="use 0.5 for the middle of a transition")
    increasing = isotonic_regression(fraction).x
    if not increasing[0] < level < increasing[-1]:
        raise ValueError(
            f"sigma_eps must span the transition, got {sigma_eps[0]:.3g} to {sigma_eps[-1]:.3g}, over which the "
            f"fraction goes from {increasing[0]:.3g} to {increasing[-1]:.3g}: widen it until it passes the level {level}"
        )
    last_below, first_above = (
        np.searchsorted(increasing, level) - 1,
        np.searchsorted(increasing, level, "right"),
    )
    return float(np.sqrt(sigma_eps[last_below] * sigma_eps[first_above]))


def _curve(sigma_eps: ArrayLike, fraction: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Both as arrays, if `sigma_eps` increases and each has its fraction."""
    x = checks.numbers("sigma_eps", sigma_eps, 0, strictly=True, remedy="leave out what is not > 0")
    if isinstance(fraction, np.ndarray) and fraction.dtype == bool:
        fraction = fraction.astype(float)
    y = checks.numbers("fraction", fraction, remedy="give the fraction at each sigma_eps")
    if x.ndim != 1 or x.shape != y.shape or len(x) < 2 or not np.all(np.diff(x) > 0):
        raise ValueError(
            f"sigma_eps must increase and have the shape (n,) of fraction, n >= 2, got {x.shape} and {y.shape}: sort it first"
        )
    return x, y


def midpoint(
    sigma_eps: ArrayLike, fraction: ArrayLike, seeds: int, resamples: int = 500
) -> tuple[float, tuple[float, float]]:
    """The 50 % point of a transition and its 95 % bootstrap interval.

    A straight line in log sigma_eps is fitted to the middle half of the transition (25 % to 75 %, by `crossing`). For
    the interval, the `seeds` runs at each sigma_eps are drawn again with replacement.

    Parameters
    ----------
    sigma_eps, fraction : array_like, shape (n,)
        Numbers > 0, increasing, and the fraction at each, from 0 to 1.
    seeds : int
        Runs >= 1 of which it is the fraction.
    resamples : int
        So many times >= 1 the runs are drawn again.

    Returns
    -------
    middle : float
        The 50 % point.
    interval : tuple of float
        Its ends.

    Raises
    ------
    ValueError
        If an argument is not as above, or the runs are too few for a line that rises.
    """
    seeds = checks.whole("seeds", seeds, 1, "it counts the runs at each sigma_eps")
    resamples = checks.whole("resamples", resamples, 1, "500 give an interval of 95 %")
    sigma_eps, fraction = _curve(sigma_eps, fraction)
    if fraction.min() < 0 or fraction.max() > 1:
        raise ValueError(
            f"fraction must lie from 0 to 1, got {fraction.min()} to {fraction.max()}: divide by the seeds"
        )
    low, high = (crossing(sigma_eps, fraction, level) for level in (0.25, 0.75))
    middle = (low <= sigma_eps) & (sigma_eps <= high)
    draws = np.random.default_rng(0).binomial(seeds, fraction[middle], size=(resamples, middle.sum())) / seeds
    if middle.sum() < 2:
        raise ValueError(
            f"sigma_eps must have two values or more from {low:.3g} to {high:.3g}, where the fraction goes from 25 % to 75 %, "
            f"got {sigma_eps[middle]}: take more"
        )
    slope, at_zero = np.polyfit(np.log(sigma_eps[middle]), np.vstack([fraction[middle], draws]).T, 1)
    with np.errstate(all="ignore"):
        points = np.exp((0.5 - at_zero) / slope)
    if not (np.all(slope > 0) and np.isfinite(points).all()):
        raise ValueError(
            f"seeds must be so many that the fraction rises whenever they are drawn again, got {seeds}: take more"
        )
    first, last = np.quantile(points[1:], [0.025, 0.975]).tolist()
    return float(points[0]), (first, last)


def _settings() -> Iterator[Settings]:
    # The narrower the transition, the narrower the window: it shrinks about as batch_size^(-1/2).
    half_widths = {16: 0.5, 100: 0.2, 1000: 0.1, 10_000: 0.04}
    windows = [("decay", 0.57), ("catapult", 9.44), ("divergent", 13.3)]
    for batch_size, half_width in half_widths.items():
        for seed, (phase, centre) in enumerate(windows):
            first, last = round(centre / (1 + half_width), 4), round(centre * (1 + half_width), 4)
            window: dict[str, Any] = {"phase": phase, "first": first, "last": last, "sigmas": 241}
            yield Settings(batch_size=batch_size, **window, seeds=200, seed=seed)
        # Agreement of all four phases: many sigmas, so that no single one weighs much.
        yield Settings(
            batch_size=batch_size, phase="all", first=0.02, last=30.0, sigmas=2401, seeds=20, seed=3
        )


EXPERIMENT = Experiment(
    "phase boundaries of the linear model by exact SGD: 3 x 241 sigmas x 200 seeds x 4 batch sizes",
    tuple(_settings()),
    count_phases,
    ("numpy", "sympy"),
)
