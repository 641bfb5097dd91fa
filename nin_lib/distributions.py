"""The distributions of the noise, and the random numbers that one seed gives to each purpose."""

import math
import numbers
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

# Each distribution has mean 0 and standard deviation 1: draws of it, by a generator and a shape.
DISTRIBUTIONS: dict[str, Callable[[np.random.Generator, Any], Any]] = {
    "normal": lambda rng, n: rng.standard_normal(n),
    "uniform": lambda rng, n: rng.uniform(-math.sqrt(3), math.sqrt(3), n),
    "rademacher": lambda rng, n: rng.choice([-1.0, 1.0], n),
    "laplace": lambda rng, n: rng.laplace(0, math.sqrt(0.5), n),
}


def stream(seed: int | np.random.Generator, purpose: str) -> np.random.Generator:
    """Random numbers for one purpose: the same int as seed of two purposes gives independent streams.

    Parameters
    ----------
    seed : int or numpy.random.Generator
        An int >= 0, or a generator, which passes through, so that a subclass can supply its own numbers.
    purpose : str
        What the numbers are for, in any words.

    Returns
    -------
    numpy.random.Generator

    Raises
    ------
    ValueError
        If `seed` is neither, or `purpose` is no string.
    """
    if not isinstance(purpose, str):
        raise ValueError(f"purpose must be a string, got {purpose!r}: say what the numbers are for")
    if isinstance(seed, np.random.Generator):
        return seed
    if isinstance(seed, bool) or not (isinstance(seed, numbers.Integral) and seed >= 0):
        raise ValueError(
            f"seed must be an integer >= 0 or a numpy.random.Generator, got {seed!r}: use 0, for example"
        )
    return np.random.default_rng([seed, zlib.crc32(purpose.encode())])
