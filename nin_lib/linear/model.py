"""The two-layer linear model under SGD: `LinearModel` integrates the update that `nin_lib.linear.equations` derives."""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nin_lib.checks import FloatArray, broadcast, flag, number, numbers, whole
from nin_lib.linear import boundaries as theory
from nin_lib.linear import equations
from nin_lib.linear.boundaries import Boundaries
from nin_lib.linear.noise import batch_moments, checked_noise, draws
from nin_lib.phases import LARGEST_WEIGHT, LINEAR_DECAYED, LINEAR_LEARNED, Phase

# Trajectories that are advanced together, whole lanes: their state stays in the processor's cache.
CHUNK = 8192
# With larger numbers the formulas of the boundaries overflow.
LARGEST = 1e50


class _PhaseRecorder:
    """Follows trajectories step by step and tells their phases at the end."""

    def __init__(
        self, w0: FloatArray, w1: FloatArray, w_ni: FloatArray, u: FloatArray, v: FloatArray, sigma_x: float
    ) -> None:
        self.sigma_x, self.v = sigma_x, v
        self.v_start, self.w_ni_start = np.abs(v), np.abs(w_ni)
        self.learned_loss = LINEAR_LEARNED * equations.clean_loss(u, sigma_x)
        self.learning = np.ones(v.shape, bool)
        self.w_ni_learned = w_ni.copy()
        self.catapult = np.zeros(v.shape, bool)
        self.bounded = np.ones(v.shape, bool)
        self.update(w0, w1, w_ni, u, v)

    def update(self, w0: FloatArray, w1: FloatArray, w_ni: FloatArray, u: FloatArray, v: FloatArray) -> None:
        # not (largest <= limit) is also true of nan
        largest = np.maximum(np.maximum(np.abs(w0), np.abs(w1)), np.abs(w_ni))
        self.bounded &= largest <= LARGEST_WEIGHT
        # v' v < 0 and |v'| > |v| together say that v' + v has not the sign of v
        self.catapult |= ((v + self.v) * self.v < 0) & (np.abs(v) > self.v_start)
        self.v = v
        # |w_NI| at the first step with the clean loss below its threshold: follow it until then
        np.copyto(self.w_ni_learned, w_ni, where=self.learning)
        self.learning &= equations.clean_loss(u, self.sigma_x) >= self.learned_loss

    def codes(self) -> NDArray[np.int_]:
        decay = np.abs(self.w_ni_learned) < LINEAR_DECAYED * self.w_ni_start
        return np.where(~self.bounded, 3, np.where(self.catapult, 2, np.where(decay, 1, 0)))


@dataclass(frozen=True)
class Run:
    """What `LinearModel.simulate` returns.

    w0, w1, w_ni, loss and clean_loss have the shape (steps + 1, *shape), or (1, *shape), the last row alone, with
    ``record=False``; shape is that of sigma_eps and the weights, broadcast. phase is a `Phase`, or an object array
    of them of that shape.
    """

    w0: FloatArray
    w1: FloatArray
    w_ni: FloatArray
    loss: FloatArray
    clean_loss: FloatArray
    phase: Any  # a Phase for one trajectory, an array of them for several


def _start(w0: ArrayLike, w1: ArrayLike, w_ni: ArrayLike, largest: float = math.inf) -> dict[str, FloatArray]:
    remedy, weights = "give the weight a finite start", {"w0": w0, "w1": w1, "w_ni": w_ni}
    return {name: numbers(name, w, -largest, remedy=remedy, high=largest) for name, w in weights.items()}


@dataclass(frozen=True)
class LinearModel:
    """Two layers of one linear unit each, with a NIN on the first, that learn y = M x: section 3 of the paper.

    Parameters
    ----------
    eta : float
        Learning rate, > 0 and at most 1e50.
    M : float
        Slope of the target, at most 1e50 in absolute value.
    sigma_x : float
        Standard deviation of the input, from 0 to 1e50.
    batch_size : int
        Samples in a batch, from 1 to 10^15.

    Raises
    ------
    ValueError
        If a parameter is not such a number.
    """

    eta: float = 0.01
    M: float = 1.0
    sigma_x: float = 1.0
    batch_size: int = 1000

    def __post_init__(self) -> None:
        checked: dict[str, float] = {
            "eta": number(
                "eta", self.eta, 0, strictly=True, remedy="0.01 is a usual learning rate", high=LARGEST
            ),
            "M": number(
                "M",
                self.M,
                -LARGEST,
                remedy="it is the slope of the target, M = 1 in the paper",
                high=LARGEST,
            ),
            "sigma_x": number(
                "sigma_x", self.sigma_x, 0, remedy="use 0 to switch the data off", high=LARGEST
            ),
            "batch_size": whole("batch_size", self.batch_size, 1, "it counts the samples of a batch", 1e15),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def simulate(
        self,
        sigma_eps: ArrayLike,
        w0: ArrayLike = 0.1,
        w1: ArrayLike = 1.5,
        w_ni: ArrayLike = 0.1,
        steps: int = 600,
        noise: str | ArrayLike = "map",
        seed: int = 0,
        record: bool = True,
    ) -> Run:
        """Train by SGD for a number of steps: iterate Eqs. (5)-(6), or the exact step that they approximate.

        Parameters
        ----------
        sigma_eps, w0, w1, w_ni : float or array_like
            Standard deviation of the injected noise, >= 0, and the weights at the start. They broadcast to a shape,
            one trajectory for each of its elements; noise is independent from element to element.
        steps : int
            Steps of SGD, >= 1.
        noise : {"none", "map", "sgd"} or array_like of shape (steps, ...)
            "none": the mean map, Phi = 0. "map": Eqs. (5)-(6), Phi standard normal. "sgd": the exact moments of
            batches of normal x and eps (`batch_moments`). An array: Phi itself; its trailing axes broadcast to shape.
        seed : int
            Same seed, same noise: it depends on the seed and on the position of the element in the flattened shape,
            and not on how many elements or steps there are.
        record : bool
            False keeps the last row of each curve only.

        Returns
        -------
        Run
            clean_loss is the loss Eq. (4) at eps = 0 averaged over x; loss is its mean over x and eps, except for
            "sgd", where it is the loss of the batch that the next step uses. From the first step at which a weight
            is not finite, all weights and losses are recorded as inf; there is never a nan, nor a warning.

            phase is, with v = w1 w_ni: divergent if some weight is not finite or beyond 1e8 at some step;
            otherwise catapult if at some step v' v < 0, abs(v') > abs(v) and abs(v') > abs(v(0));
            otherwise decay if abs(w_ni) is below half its start at the first step at which the clean loss is below
            1 % of its start (the last step, if there is none); otherwise decoupled.

        Raises
        ------
        ValueError
            If an argument is not as described, or if the shapes do not broadcast.
        """
        sigma_eps = numbers("sigma_eps", sigma_eps, 0, remedy="use 0 to switch the noise off")
        start = broadcast(sigma_eps=sigma_eps, **_start(w0, w1, w_ni))
        steps = whole("steps", steps, 1, "it counts the steps of SGD")
        seed = whole("seed", seed, 0, "any such number will do")
        shape = start[0].shape
        kind, phi = checked_noise(noise, steps, shape)

        flat = np.stack([a.ravel() for a in start])
        curves = np.empty((5, steps + 1 if flag("record", record) else 1, flat.shape[1]))
        codes = np.empty(flat.shape[1], np.int_)
        with np.errstate(over="ignore", invalid="ignore"):  # a divergent run is a result
            for first in range(0, len(codes), CHUNK):
                part = slice(first, first + CHUNK)
                moments = self._moments(kind, phi, seed, first, flat[0, part])
                codes[part] = self._train(flat[:, part], steps, moments, kind == "sgd", curves[:, :, part])
        phase = np.array(list(Phase), object)[codes].reshape(shape)
        w = curves.reshape(*curves.shape[:2], *shape)
        return Run(w[0], w[1], w[2], loss=w[3], clean_loss=w[4], phase=phase[()])

    def _moments(
        self, kind: str, phi: FloatArray | None, seed: int, first: int, sigma_eps: FloatArray
    ) -> Iterator[tuple[Any, Any, Any]]:
        """<x^2>, <x eps>, <eps^2> of one batch after another, for the trajectories from the position `first` on."""
        xx, ee, xe_unit = equations.means(self.sigma_x, sigma_eps, self.batch_size)
        size = len(sigma_eps)
        if kind == "none":
            return itertools.repeat((xx, 0.0, ee))
        if kind == "sgd":
            moments = draws(lambda rng, n: batch_moments(rng, self.batch_size, n), seed, first, size)
            return ((xx * a, self.sigma_x * sigma_eps * b, ee * c) for a, b, c in moments)
        if phi is None:
            rows = draws(np.random.Generator.standard_normal, seed, first, size)
        else:
            rows = iter(phi[:, first : first + size])
        return ((xx, xe_unit * row, ee) for row in rows)

    def _train(
        self,
        start: FloatArray,
        steps: int,
        moments: Iterator[tuple[Any, Any, Any]],
        exact: bool,
        curves: FloatArray,
    ) -> NDArray[np.int_]:
        """Fill the curves of one chunk of trajectories; returns the codes of their phases."""
        sigma_eps = start[0]
        weights: Sequence[FloatArray] = (start[1], start[2], start[3])
        u, v = equations.error_parts(*weights, self.M)
        phases = _PhaseRecorder(weights[0], weights[1], weights[2], u, v, self.sigma_x)
        every_step = len(curves[0]) > 1
        for t in range(steps):
            batch = next(moments)
            if every_step:
                curves[:3, t] = weights
                if exact:
                    curves[3, t] = equations.batch_loss(u, v, *batch)
            weights = equations.advance(*weights, u, v, self.eta, *batch)
            u, v = equations.error_parts(*weights, self.M)
            phases.update(weights[0], weights[1], weights[2], u, v)
        curves[:3, -1] = weights

        if exact:
            curves[3, -1] = equations.batch_loss(u, v, *next(moments))
        u, v = equations.error_parts(*curves[:3], self.M)
        if not exact:
            curves[3] = equations.expected_loss(u, v, self.sigma_x, sigma_eps)
        curves[4] = equations.clean_loss(u, self.sigma_x)
        curves[:, ~np.isfinite(curves[:3]).all(axis=0)] = np.inf
        curves[3:][np.isnan(curves[3:])] = np.inf
        return phases.codes()

    def boundaries(self, w0: ArrayLike = 0.1, w1: ArrayLike = 1.5, w_ni: ArrayLike = 0.1) -> Boundaries:
        """Theory's values of sigma_eps between the phases, for weights that start here.

        Parameters
        ----------
        w0, w1, w_ni : float or array_like
            The weights at the start, at most 1e50 in absolute value; they broadcast.

        Returns
        -------
        Boundaries
            decoupled: sqrt(ln 2 / int_0^T_L w1^2 dt) along the noise-free gradient flow, with T_L the time at which
            the clean loss is 1 % of its start: from there on w_ni halves while the network learns. It is 0 where the
            clean loss never falls that far, so that w_ni has for ever.
            catapult: sqrt(2 / (eta max(w1^2, w_ni^2))), from where the first step enlarges w_ni (or w1).
            late: sqrt(2 / (eta w1*^2)), the same with the w1* that learning reaches.
            divergent: sqrt(4 / (eta (w1^2 + w_ni^2))), the corrected form of the paper's max(2/B_0, 2/B~_0).
            inf where there is none.

        Raises
        ------
        ValueError
            If a weight is not such a number.
        """
        weights = broadcast(**_start(w0, w1, w_ni, LARGEST))
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            sigma_x = np.full(np.shape(weights[0]), self.sigma_x)
            return Boundaries(*theory.boundaries(*weights, self.eta, self.M, sigma_x))
