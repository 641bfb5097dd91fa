"""Averages of q eps^n over a batch, Theorem 1: in exact arithmetic where a prediction is made, in NumPy where it is tested."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike

from nin_lib.checks import FloatArray, choice, number, numbers, whole
from nin_lib.distributions import DISTRIBUTIONS

# Every noise here has mean 0 and standard deviation 1. Student's t has no moments from order NU on.
NU = 5
NOISES: dict[str, Callable[[np.random.Generator, Any], Any]] = {
    **DISTRIBUTIONS,
    "student-t": lambda rng, size: rng.standard_t(NU, size) * np.sqrt((NU - 2) / NU),
}
# The other factor, q, is drawn uniformly from (0, 2) wherever the book samples it: E q^k for k = 0, 1, 2, 3, 4.
Q_MOMENTS = tuple(sp.Rational(2**k, k + 1) for k in range(5))
# Factorials of a larger order take seconds.
LARGEST_ORDER = 10_000


def noise_moment(distribution: str, k: int) -> sp.Expr:
    """E eps^k of a noise of unit variance, exactly.

    Parameters
    ----------
    distribution : {"normal", "uniform", "rademacher", "laplace", "student-t"}
        Student's t has 5 degrees of freedom.
    k : int
        Order, from 0 to 10,000.

    Returns
    -------
    sympy.Expr
        A number; oo or (at odd k) nan where the moment diverges.

    Raises
    ------
    ValueError
        If an argument is not as described.
    """
    choice("distribution", distribution, NOISES)
    k = whole("k", k, 0, "it is the order of a moment", LARGEST_ORDER)
    if distribution == "student-t" and k >= NU:
        return sp.nan if k % 2 else sp.oo
    if k % 2:
        return sp.Integer(0)
    half = k // 2
    return {
        "normal": lambda: sp.factorial2(k - 1),
        "uniform": lambda: sp.Rational(3**half, k + 1),
        "rademacher": lambda: sp.Integer(1),
        "laplace": lambda: sp.factorial(k) / 2**half,
        "student-t": lambda: sp.Mul(
            *(sp.Rational((NU - 2) * (2 * i - 1), NU - 2 * i) for i in range(1, half + 1))
        ),
    }[distribution]()


def _power(n: int) -> int:
    """The checked power of the noise: moments up to the order 4 n are needed."""
    return whole("n", n, 1, "it is the power of the noise", LARGEST_ORDER // 4)


def tail_ratio(distribution: str, n: int) -> float:
    """E eps^(4n) / (E eps^(2n))^2, by which one knows where Theorem 1 can be tested.

    A variance of eps^n measured with N samples fluctuates by about the root of this over N, relatively: where
    the ratio is large, the variance is made by rare values.

    Parameters
    ----------
    distribution : str
        See `noise_moment`.
    n : int
        Power of the noise, from 1 to 2,500.

    Returns
    -------
    float
        inf where a moment diverges, or the ratio is beyond the largest float.

    Raises
    ------
    ValueError
        If an argument is not as described.
    """
    n = _power(n)
    fourth = noise_moment(distribution, 4 * n)
    return float(fourth / noise_moment(distribution, 2 * n) ** 2) if fourth.is_finite else np.inf


def _checked_q(q_moments: Sequence[Any]) -> list[sp.Expr]:
    """The moments of q as SymPy numbers, exactly."""
    q = numbers("q_moments", q_moments, remedy="give E q^k for k = 0 ... 4")
    if q.shape != (5,):
        raise ValueError(f"q_moments must be five numbers, got shape {q.shape}: give E q^k for k = 0 ... 4")
    rounding = 1 - 1e-9
    if q[0] != 1 or q[2] < rounding * q[1] ** 2 or q[4] < rounding * q[2] ** 2:
        raise ValueError(
            f"q_moments must be the moments of a random number, got {list(q_moments)}: E q^0 = 1, "
            "E q^2 >= (E q)^2 and E q^4 >= (E q^2)^2"
        )
    return [sp.sympify(moment) for moment in q_moments]


def batch_average_moments(
    distribution: str, n: int, batch_size: int, q_moments: Sequence[Any] = Q_MOMENTS
) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """Mean, variance and fourth central moment of <q eps^n>_B by Theorem 1 (corrected), exactly.

    Parameters
    ----------
    distribution : str
        See `noise_moment`.
    n : int
        Power of the noise, from 1 to 2,500.
    batch_size : int
        |B|: the number of independent samples, >= 1.
    q_moments : sequence of five numbers
        E q^k for k = 0 ... 4, of integers, fractions, floats or SymPy numbers.

    Returns
    -------
    tuple of three SymPy numbers
        The fourth moment is oo where E eps^(4n) diverges.

    Raises
    ------
    ValueError
        If an argument is not as described, or if E eps^(2n) diverges, so that the average has no variance.
    """
    choice("distribution", distribution, NOISES)
    n = _power(n)
    batch_size = whole("batch_size", batch_size, 1, "it counts the samples of a batch")
    if not noise_moment(distribution, 2 * n).is_finite:
        raise ValueError(
            f"n = {n} is too large for {distribution!r}: E eps^{2 * n} diverges and Theorem 1 needs it; "
            f"use n <= {(NU - 1) // 2}"
        )
    raw = [
        q * noise_moment(distribution, k * n) if q else sp.Integer(0)  # 0 times oo
        for k, q in enumerate(_checked_q(q_moments))
    ]
    mean = raw[1]
    variance = raw[2] - mean**2
    if raw[4] == sp.oo:
        return mean, variance / batch_size, sp.oo
    fourth = raw[4] - 4 * mean * raw[3] + 6 * mean**2 * raw[2] - 3 * mean**4
    # Only the cumulants of a sum of independent terms add up; the fourth is fourth - 3 variance^2.
    excess = (fourth - 3 * variance**2) / batch_size**3
    variance /= batch_size
    return mean, variance, excess + 3 * variance**2


def draw(distribution: str, size: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """Draw independent samples: q uniform on (0, 2) and unit-variance noise eps.

    Parameters
    ----------
    distribution : str
        See `noise_moment`.
    size : int
        How many samples, >= 0.
    seed : int
        Seed of both, >= 0.

    Returns
    -------
    q, eps : numpy.ndarray, shape (size,)

    Raises
    ------
    ValueError
        If an argument is not as described.
    """
    choice("distribution", distribution, NOISES)
    size = whole("size", size, 0, "it counts samples")
    rng = np.random.default_rng(whole("seed", seed, 0, "any such number will do"))
    return rng.uniform(0, 2, size), NOISES[distribution](rng, size)


def batch_averages(terms: ArrayLike, batch_size: int) -> FloatArray:
    """Averages over consecutive batches of `terms`, <q eps^n>_B for each whole batch.

    Parameters
    ----------
    terms : array_like, shape (samples,)
        q eps^n of each sample.
    batch_size : int
        |B|, >= 1.

    Returns
    -------
    numpy.ndarray, shape (samples // batch_size,)

    Raises
    ------
    ValueError
        If an argument is not as described.
    """
    values = numbers("terms", terms, remedy="give q eps^n of each sample")
    if values.ndim != 1:
        raise ValueError(f"terms must be one row of numbers, got shape {values.shape}: flatten them")
    batch_size = whole("batch_size", batch_size, 1, "it counts the samples of a batch")
    batches = len(values) // batch_size
    return np.asarray(values[: batches * batch_size].reshape(batches, batch_size).mean(axis=1))


def z_scores(averages: ArrayLike, mean: float, variance: float, fourth: float) -> tuple[float, float]:
    """How many standard deviations the measured mean and variance of `averages` are from exact moments.

    The variance is measured about the exact mean, so that its own variance is (fourth - variance^2)/R exactly, with
    R averages.

    Parameters
    ----------
    averages : array_like, shape (R,)
        Independent averages, at least one.
    mean, variance, fourth : float or SymPy number
        Their exact mean, variance > 0 and fourth central moment > variance^2, of `batch_average_moments`.

    Returns
    -------
    tuple of two floats
        Of the mean and of the variance.

    Raises
    ------
    ValueError
        If an argument is not as described; so it is where the fourth moment diverges.
    """
    values = numbers("averages", averages, remedy="give finite averages")
    if values.ndim != 1 or not len(values):
        raise ValueError(f"averages must be one row of numbers, got shape {values.shape}: give at least one")
    mean = number("mean", mean, remedy="take it from batch_average_moments")
    variance = number(
        "variance", variance, 0, True, "without it nothing is spread and nothing can be measured"
    )
    fourth = number(
        "fourth", fourth, variance**2, True, "it exceeds the variance squared, and must not diverge"
    )
    root = np.sqrt(len(values))
    spread = np.sqrt(fourth - variance**2)
    return (
        root * (values.mean() - mean) / np.sqrt(variance),
        root * (np.mean((values - mean) ** 2) - variance) / spread,
    )
