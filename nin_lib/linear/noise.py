"""The noise of the linear model: exact moments of batches, and a stream of its own for each trajectory."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nin_lib.checks import FloatArray, numbers, whole

# Each lane of 256 neighbouring trajectories has a generator of its own. So a trajectory's noise depends on the seed
# and its position alone: not on how many others there are, nor on the number of steps, nor on the chunk size.
LANE = 256
# Steps for which noise is drawn at once; with another number "sgd" would draw the same noise in another order.
_AHEAD = 8


def batch_moments(
    rng: np.random.Generator, batch_size: int, size: int | tuple[int, ...] | None = None
) -> tuple[Any, Any, Any]:
    """Exact moments of a batch of independent standard normal pairs (x, eps), at a cost independent of batch_size.

    By Bartlett's decomposition of the Wishart distribution: with c^2 and d^2 chi-square of batch_size and
    batch_size - 1 degrees of freedom and z standard normal, (c^2, c z, z^2 + d^2) has the law of the three sums.

    Parameters
    ----------
    rng : numpy.random.Generator
    batch_size : int
        Samples in a batch, from 1 to 10^15.
    size : int or tuple of int, optional
        How many batches; without it one, and the moments are floats.

    Returns
    -------
    xx, xe, ee : float or numpy.ndarray of that size
        <x^2>_B, <x eps>_B and <eps^2>_B.

    Raises
    ------
    ValueError
        If an argument is not as described.
    """
    if not isinstance(rng, np.random.Generator):
        raise ValueError(
            f"rng must be a numpy.random.Generator, got {rng!r}: use numpy.random.default_rng(0)"
        )
    batch_size = whole("batch_size", batch_size, 1, "it counts the samples of a batch", 1e15)
    for length in () if size is None else size if isinstance(size, tuple) else (size,):
        whole("size", length, 0, "it counts batches")
    c2 = 2 * rng.standard_gamma(batch_size / 2, size)
    d2 = 2 * rng.standard_gamma((batch_size - 1) / 2, size)  # 0 when batch_size is 1
    z = rng.standard_normal(size)
    return c2 / batch_size, np.sqrt(c2) * z / batch_size, (z * z + d2) / batch_size


def draws(
    sample: Callable[[np.random.Generator, tuple[int, int]], Any], seed: int, first: int, size: int
) -> Iterator[FloatArray]:
    """Draw without end, one step after another: sample(rng, ...) for the trajectories first ... first + size - 1.

    Parameters
    ----------
    sample : callable
        Draws numbers of a shape, or a tuple of such arrays, with a generator.
    seed, first, size : int
        Seed, and position and number of the trajectories; `first` is a multiple of LANE.

    Yields
    ------
    numpy.ndarray, shape (..., size)
        The numbers of one step.
    """
    lanes = range(first // LANE, -(-(first + size) // LANE))
    rngs = [np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(lane,))) for lane in lanes]
    while True:
        ahead = np.stack([sample(rng, (_AHEAD, LANE)) for rng in rngs], axis=-2)
        ahead = ahead.reshape(*ahead.shape[:-2], -1)
        for t in range(_AHEAD):
            yield ahead[..., t, :size]


def checked_noise(
    noise: str | ArrayLike, steps: int, shape: tuple[int, ...]
) -> tuple[str, FloatArray | None]:
    """Tell the kind of noise of `LinearModel.simulate`, and align the rows of Phi if they are given.

    Returns
    -------
    kind : {"none", "map", "sgd", "given"}
    phi : numpy.ndarray of shape (steps, number of trajectories), or None

    Raises
    ------
    ValueError
        If `noise` is neither a known word nor an array that fits.
    """
    if isinstance(noise, str):
        if noise not in ("none", "map", "sgd"):
            raise ValueError(
                f'noise must be "none", "map", "sgd" or an array of Phi, got {noise!r}: see simulate'
            )
        return noise, None
    phi = numbers("noise", noise, remedy="Phi is a standard normal number in the map")
    if phi.ndim and len(phi) == steps:
        aligned = phi.reshape(steps, *[1] * (1 + len(shape) - phi.ndim), *phi.shape[1:])
        try:
            return "given", np.broadcast_to(aligned, (steps, *shape)).reshape(steps, -1)
        except ValueError:
            pass
    raise ValueError(
        f"noise must be an array (steps, ...) with steps = {steps} and ... broadcasting to {shape}, "
        f"got shape {phi.shape}: give one Phi a step, or one a step and trajectory"
    )
