"""Averages of q eps^n over a batch, Theorem 1: in exact arithmetic where a prediction is made, in NumPy where it is tested."""

import numpy as np
import sympy as sp

from nin_lib.distributions import DISTRIBUTIONS

# Every noise here has mean 0 and standard deviation 1. Student's t has no moments from order NU on.
NU = 5
NOISES = {**DISTRIBUTIONS, "student-t": lambda rng, size: rng.standard_t(NU, size) * np.sqrt((NU - 2) / NU)}
# The other factor, q, is drawn uniformly from (0, 2) wherever the book samples it: E q^k for k = 0, 1, 2, 3, 4.
Q_MOMENTS = tuple(sp.Rational(2**k, k + 1) for k in range(5))


def noise_moment(distribution, k):
    """E eps^k of a noise of unit variance, exactly: a SymPy number, oo or (at odd k) nan where it diverges.

    Parameters
    ----------
    distribution : {"normal", "uniform", "rademacher", "laplace", "student-t"}
        Student's t has 5 degrees of freedom.
    k : int
        Order, >= 0.
    """
    if distribution not in NOISES:
        raise ValueError(f"distribution must be one of {', '.join(NOISES)}, got {distribution!r}")
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


def tail_ratio(distribution, n):
    """E eps^(4n) / (E eps^(2n))^2 as a float, inf where a moment diverges.

    A variance of eps^n measured with N samples fluctuates by about the root of this over N, relatively: where
    the ratio is large, the variance is made by rare values.
    """
    fourth = noise_moment(distribution, 4 * n)
    return float(fourth / noise_moment(distribution, 2 * n) ** 2) if fourth.is_finite else np.inf


def batch_average_moments(distribution, n, batch_size, q_moments=Q_MOMENTS):
    """Mean, variance and fourth central moment of <q eps^n>_B by Theorem 1 (corrected), exactly.

    Parameters
    ----------
    distribution : str
        See `noise_moment`.
    n : int
        Power of the noise, >= 1.
    batch_size : int
        |B|: the number of independent samples.
    q_moments : sequence of five numbers
        E q^k for k = 0 ... 4.

    Returns
    -------
    tuple of three SymPy numbers
        The fourth moment is oo where E eps^(4n) diverges.

    Raises
    ------
    ValueError
        If E eps^(2n) diverges, so that the average has no variance.
    """
    if n < 1 or batch_size < 1:
        raise ValueError(f"n and batch_size must be integers >= 1, got {n} and {batch_size}")
    if not noise_moment(distribution, 2 * n).is_finite:
        raise ValueError(
            f"n = {n} is too large for {distribution!r}: E eps^{2 * n} diverges and Theorem 1 needs it; "
            f"use n <= {(NU - 1) // 2}"
        )
    raw = [q * noise_moment(distribution, k * n) for k, q in enumerate(q_moments)]
    mean = raw[1]
    variance = raw[2] - mean**2
    if raw[4] == sp.oo:
        return mean, variance / batch_size, sp.oo
    fourth = raw[4] - 4 * mean * raw[3] + 6 * mean**2 * raw[2] - 3 * mean**4
    # Only the cumulants of a sum of independent terms add up; the fourth is fourth - 3 variance^2.
    excess = (fourth - 3 * variance**2) / batch_size**3
    variance /= batch_size
    return mean, variance, excess + 3 * variance**2


def draw(distribution, size, seed):
    """Independent samples: q uniform on (0, 2) and unit-variance noise eps, two arrays of length `size`."""
    rng = np.random.default_rng(seed)
    return rng.uniform(0, 2, size), NOISES[distribution](rng, size)


def batch_averages(terms, batch_size):
    """Averages over consecutive batches of `terms`, one for each whole batch."""
    whole = len(terms) // batch_size * batch_size
    return terms[:whole].reshape(-1, batch_size).mean(axis=1)


def z_scores(averages, mean, variance, fourth):
    """How many standard deviations the measured mean and variance of `averages` are from exact moments.

    The variance is measured about the exact mean, so that its own variance is (fourth - variance^2)/R exactly.
    """
    mean, variance, fourth = float(mean), float(variance), float(fourth)
    root = np.sqrt(len(averages))
    spread = np.sqrt(fourth - variance**2)
    return (
        root * (averages.mean() - mean) / np.sqrt(variance),
        root * (np.mean((averages - mean) ** 2) - variance) / spread,
    )
