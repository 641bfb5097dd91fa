"""The distributions of the noise, and the random numbers that one seed gives to each purpose."""

import math
import numbers
import zlib

import numpy as np

# Each distribution has mean 0 and standard deviation 1.
DISTRIBUTIONS = {
    "normal": lambda rng, n: rng.standard_normal(n),
    "uniform": lambda rng, n: rng.uniform(-math.sqrt(3), math.sqrt(3), n),
    "rademacher": lambda rng, n: rng.choice([-1.0, 1.0], n),
    "laplace": lambda rng, n: rng.laplace(0, math.sqrt(0.5), n),
}


def stream(seed, purpose):
    """Random numbers for one purpose: the same int as seed of two purposes gives independent streams.

    A numpy.random.Generator passes through, so that a subclass can supply its own numbers.
    """
    if isinstance(seed, np.random.Generator):
        return seed
    if not (isinstance(seed, numbers.Integral) and seed >= 0):
        raise ValueError(
            f"seed must be an integer >= 0 or a numpy.random.Generator, got {seed!r}: use 0, for example"
        )
    return np.random.default_rng([seed, zlib.crc32(purpose.encode())])
