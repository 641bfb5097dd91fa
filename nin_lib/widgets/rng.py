"""The random numbers of the explorers: to the last bit what js/src makes of the same seed."""

import numpy as np


def noise_stream(seed, steps):
    """The noise Phi of the explorers, to the last bit what js/src/models/noise.js makes.

    Parameters
    ----------
    seed : int
    steps : int

    Returns
    -------
    numpy.ndarray of shape (steps,)
        Numbers of mean 0 and variance 1: each the sum of 12 uniform ones less 6, normal but for its tails beyond 6.
        Made of integer operations, additions and multiplications, which every processor and language rounds alike.
    """
    # summed from left to right, as JavaScript does: np.sum adds in another order
    return np.add.accumulate(uniforms(seed, 12 * steps).reshape(steps, 12), axis=1)[:, -1] - 6


def uniforms(seed, n, after=0):
    """Uniform numbers in (0, 1) that `noise_stream` and the explorers' samples are made of, as in js/src/models/noise.js.

    Parameters
    ----------
    seed : int
        From 0 to 2^32 - 1.
    n : int
    after : int
        How many numbers of the stream to leave out.

    Returns
    -------
    numpy.ndarray of shape (n,)
        A hash of the seed and of the number's place, so that each can be computed without the others.
    """
    start = _hash(np.array([seed], dtype=np.uint32))
    counter = np.arange(after + 1, after + n + 1, dtype=np.uint32)
    return (_hash(start + counter * np.uint32(0x9E3779B9)) + 0.5) / 4294967296


def _hash(x):
    x = x ^ (x >> np.uint32(16))
    x = x * np.uint32(0x85EBCA6B)
    x = x ^ (x >> np.uint32(13))
    x = x * np.uint32(0xC2B2AE35)
    return x ^ (x >> np.uint32(16))
