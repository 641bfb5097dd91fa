"""The random numbers of the explorers: to the last bit what js/src makes of the same seed."""

import numpy as np

from nin_lib import checks

LARGEST = 2**32 - 1
"""Largest seed, and place in the stream of a seed: the hash is of 32 bits."""


def noise_stream(seed: int, steps: int) -> np.ndarray:
    """The noise Phi of the explorers, to the last bit what js/src/models/noise.js makes.

    Parameters
    ----------
    seed : int
        From 0 to 2^32 - 1.
    steps : int
        How many numbers, up to 2^32 / 12.

    Returns
    -------
    numpy.ndarray of shape (steps,)
        Numbers of mean 0 and variance 1: each the sum of 12 uniform ones less 6, normal but for its tails beyond 6.
        Made of integer operations, additions and multiplications, which every processor and language rounds alike.

    Raises
    ------
    ValueError
        If an argument is not as above.
    """
    steps = checks.whole("steps", steps, 0, "it counts the steps of a run", high=LARGEST // 12)
    # summed from left to right, as JavaScript does: np.sum adds in another order
    return np.add.accumulate(uniforms(seed, 12 * steps).reshape(steps, 12), axis=1)[:, -1] - 6


def uniforms(seed: int, n: int, after: int = 0) -> np.ndarray:
    """Uniform numbers in (0, 1) that `noise_stream` and the explorers' samples are made of, as in js/src/models/noise.js.

    Parameters
    ----------
    seed : int
        From 0 to 2^32 - 1.
    n : int
        How many numbers.
    after : int
        How many numbers of the stream to leave out; with `n` up to 2^32 - 1.

    Returns
    -------
    numpy.ndarray of shape (n,)
        A hash of the seed and of the number's place, so that each can be computed without the others.

    Raises
    ------
    ValueError
        If an argument is not as above.
    """
    seed = checks.whole("seed", seed, 0, "any such number will do", high=LARGEST)
    n = checks.whole("n", n, 0, "it counts the numbers", high=LARGEST)
    after = checks.whole("after", after, 0, "it counts the numbers to leave out", high=LARGEST - n)
    start = _hash(np.array([seed], dtype=np.uint32))
    counter = np.arange(after + 1, after + n + 1, dtype=np.uint32)
    return (_hash(start + counter * np.uint32(0x9E3779B9)) + 0.5) / 4294967296


def _hash(x: np.ndarray) -> np.ndarray:
    x = x ^ (x >> np.uint32(16))
    x = x * np.uint32(0x85EBCA6B)
    x = x ^ (x >> np.uint32(13))
    x = x * np.uint32(0xC2B2AE35)
    hashed: np.ndarray = x ^ (x >> np.uint32(16))
    return hashed
