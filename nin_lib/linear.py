"""The two-layer linear model with one noise injection node (NIN): Eqs. (4)-(7) of the paper.

The update is derived once, by SymPy, from the loss Eq. (4). NumPy integrates it (`LinearModel.simulate`) and the
browser runs it (`javascript`); `nin_lib.codegen` prints both from the same expressions.
"""

import itertools
import math
import operator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import sympy as sp

from nin_lib import codegen

# The numbers in the definition of the phases, `LinearModel.simulate`: once for Python and for the browser.
LARGEST_WEIGHT = 1e8
LEARNED = 0.01
DECAYED = 0.5

# --- the mathematics ---------------------------------------------------------------------------------------------

w0, w1, w_ni, M, Phi, x, eps = sp.symbols("w0 w1 w_ni M Phi x eps", real=True)
eta, batch_size = sp.symbols("eta batch_size", positive=True)
sigma_x, sigma_eps = sp.symbols("sigma_x sigma_eps", nonnegative=True)
# The loss of a batch depends on its samples only through xx = <x^2>_B, xe = <x eps>_B and ee = <eps^2>_B.
xx, xe, ee, xe_unit = sp.symbols("xx xe ee xe_unit", real=True)
u, v, du, dv = sp.symbols("u v du dv", real=True)

# The error of one sample is u x + v eps ...
_error = sp.expand(w1 * (w0 * x + w_ni * eps) - M * x)
ERROR = ((u, _error.coeff(x)), (v, _error.coeff(eps)))
# ... and half its mean square over the batch is the loss, Eq. (4).
_square = sp.Poly((u * x + v * eps) ** 2 / 2, x, eps)
LOSS = sum(_square.coeff_monomial(k) * moment for k, moment in ((x**2, xx), (x * eps, xe), (eps**2, ee)))
EXPECTED_LOSS = LOSS.subs({xx: sigma_x**2, xe: 0, ee: sigma_eps**2})
CLEAN_LOSS = EXPECTED_LOSS.subs(sigma_eps, 0)

# One step of SGD: the gradient by the chain rule through u and v, which keeps the printed code short.
WEIGHTS = (w0, w1, w_ni)
SLOPES = ((du, LOSS.diff(u)), (dv, LOSS.diff(v)))
STEP = tuple(w - eta * (du * ERROR[0][1].diff(w) + dv * ERROR[1][1].diff(w)) for w in WEIGHTS)

# The map, Eqs. (5)-(6): <x^2> and <eps^2> become their means, and <x eps> a random number that has its standard
# deviation. With this sign of Phi the equations hold as the paper prints them.
MEANS = ((xx, sigma_x**2), (ee, sigma_eps**2), (xe_unit, -sigma_x * sigma_eps / sp.sqrt(batch_size)))
CROSS = (xe, xe_unit * Phi)

# Theory's boundaries between the phases, `LinearModel.boundaries`, with what makes each right at the edges of its domain.
hypot = sp.Function("hypot")
largest, scale, a0, a1, m, P, gap, c, R, full, end = sp.symbols(
    "largest scale a0 a1 m P gap c R full end", real=True
)
dot_P, dot_end, len_P, len_end, F_P, F_end = sp.symbols("dot_P dot_end len_P len_end F_P F_end", real=True)
twist, grown, rests, rest0, rest_M, c_end, R_end = sp.symbols(
    "twist grown rests rest0 rest_M c_end R_end", real=True
)
exposure, B_0, w1_end2 = sp.symbols("exposure B_0 w1_end2", nonnegative=True)


def _larger(a, b):
    return sp.Piecewise((a, a >= b), (b, True))


def _primitive(p, dot, lengths):
    """Of R / ((m - P) sqrt(c^2 + 4 P^2)), in two forms that are equal, each without cancellation."""
    gap = sp.log(sp.Abs(m - p))
    turned = 2 * sp.log(2 * sp.Abs(c)) - sp.log(lengths - dot)
    return sp.Piecewise((sp.log(lengths + dot) - gap, dot > 0), (turned + gap, True))


# int_0^T_L w1^2 dt along the noise-free flow. With P = w1 w0 and c = w1^2 - w0^2, which the flow keeps, w1^2 =
# (c + sqrt(c^2 + 4 P^2))/2 and dP/dt = sigma_x^2 (M - P) sqrt(c^2 + 4 P^2). So the integral over t is one over P, from P to
# M - (M - P)/10.
EXPOSURE = (
    # The integral does not change when w is scaled and M with its square: scaled so, no square underflows.
    (largest, _larger(_larger(sp.Abs(w0), sp.Abs(w1)), sp.sqrt(sp.Abs(M)))),
    (scale, sp.Piecewise((largest, largest > 0), (1, True))),
    (a0, w0 / scale),
    (a1, w1 / scale),
    (m, M / scale / scale),
    (P, a1 * a0),
    (c, a1**2 - a0**2),
    (gap, m - P),
    (full, m - sp.Float(math.sqrt(LEARNED)) * gap),
    # With c = 0 the point w0 = w1 = 0 is a saddle, and a flow that should pass P = 0 ends there.
    (end, sp.Piecewise((full, c < 0), (full, c > 0), (full, P * full > 0), (0, True))),
    (R, hypot(c, 2 * m)),
    (dot_P, c**2 + 4 * m * P),
    (dot_end, c**2 + 4 * m * end),
    (len_P, R * hypot(c, 2 * P)),
    (len_end, R * hypot(c, 2 * end)),
    (F_P, _primitive(P, dot_P, len_P)),
    (F_end, _primitive(end, dot_end, len_end)),
    (twist, sp.Piecewise((c / R * (F_end - F_P), c < 0), (c / R * (F_end - F_P), c > 0), (0, True))),
    (grown, sp.log(gap / (m - end)) + twist),
    # where the flow rests, there is nothing to learn, for ever
    (rests, sp.Piecewise((0, sp.Abs(w1) <= 0), (sp.oo, True))),
    (
        exposure,
        sp.Piecewise(
            (rests, sp.Eq(end, m) | (sigma_x**2 <= 0)), (grown / (2 * sigma_x**2), grown > 0), (0, True)
        ),
    ),
)
# Noise and data keep c_end = w1^2 - w0^2 - w_ni^2 in the flow, which ends at w1 w0 = M and w_ni = 0. Without data w0 rests,
# and the flow ends where w1 or w_ni is zero.
END_OF_FLOW = (
    (rest0, sp.Piecewise((w0, sigma_x > 0), (0, True))),
    (rest_M, sp.Piecewise((M, sigma_x > 0), (0, True))),
    (c_end, w1**2 - rest0**2 - w_ni**2),
    (R_end, hypot(c_end, 2 * rest_M)),
    # equal; without cancellation
    (B_0, _larger(w1**2, w_ni**2)),
    (w1_end2, sp.Piecewise(((R_end + c_end) / 2, c_end >= 0), (2 * rest_M**2 / (R_end - c_end), True))),
)
BOUNDARIES = (
    sp.sqrt(sp.log(2) / exposure),  # decoupled
    sp.sqrt(2 / (eta * B_0)),  # catapult
    sp.sqrt(2 / (eta * w1_end2)),  # late
    sp.sqrt(4 / (eta * (w1**2 + w_ni**2))),  # divergent
)

step = codegen.numpy_function((*WEIGHTS, eta, M, xx, xe, ee), STEP, ERROR + SLOPES)
_boundaries = codegen.numpy_function((*WEIGHTS, eta, M, sigma_x), BOUNDARIES, EXPOSURE + END_OF_FLOW)
_error_parts = codegen.numpy_function((*WEIGHTS, M), [expr for _, expr in ERROR])
_advance = codegen.numpy_function((*WEIGHTS, u, v, eta, xx, xe, ee), STEP, SLOPES)
_means = codegen.numpy_function((sigma_x, sigma_eps, batch_size), [expr for _, expr in MEANS])
_batch_loss = codegen.numpy_function((u, v, xx, xe, ee), LOSS)
_expected_loss = codegen.numpy_function((u, v, sigma_x, sigma_eps), EXPECTED_LOSS)
_clean_loss = codegen.numpy_function((u, sigma_x), CLEAN_LOSS)


def javascript():
    """JavaScript source of the model: plain functions, printed from the expressions that NumPy runs.

    Returns
    -------
    str
        ``run(p, start, steps, stream)`` iterates the map, Eqs. (5)-(6), and returns the array ``[w0, w1, w_ni]`` of
        ``Float64Array(steps + 1)``; ``loss(p, w0, w1, w_ni)`` is the loss Eq. (4), averaged over x and eps;
        ``clean_loss(p, w0, w1)`` the same at eps = 0; ``boundaries(p)`` the four numbers of `LinearModel.boundaries`, in its
        order, for weights that start at p.w0, p.w1 and p.w_ni; LARGEST_WEIGHT, LEARNED and DECAYED the numbers in the
        definition of the phases. ``p`` has the properties eta, M, sigma_x, sigma_eps and
        batch_size; ``start`` is ``[w0, w1, w_ni]``; ``stream`` holds Phi. From the first step at which a weight is
        not finite, all three weights are recorded as Infinity; so is, by the caller, a loss that is NaN.
    """
    run = codegen.javascript_run(
        WEIGHTS, STEP, (eta, M, sigma_x, sigma_eps, batch_size), MEANS, Phi, (CROSS, *ERROR, *SLOPES)
    )
    loss = codegen.javascript_function("loss", ("{M, sigma_x, sigma_eps}", *WEIGHTS), EXPECTED_LOSS, ERROR)
    clean_loss = codegen.javascript_function("clean_loss", ("{M, sigma_x}", w0, w1), CLEAN_LOSS, ERROR[:1])
    arguments = f"{{{', '.join(map(str, (*WEIGHTS, eta, M, sigma_x)))}}}"
    boundaries = codegen.javascript_function(
        "boundaries", (arguments,), list(BOUNDARIES), EXPOSURE + END_OF_FLOW
    )
    numbers = f"const [LARGEST_WEIGHT, LEARNED, DECAYED] = {[LARGEST_WEIGHT, LEARNED, DECAYED]};"
    return "\n\n".join((run, loss, clean_loss, boundaries, numbers)) + "\n"


# --- phases ------------------------------------------------------------------------------------------------------


class Phase(StrEnum):
    """The four phases of a training with a NIN, in the order in which growing sigma_eps meets them."""

    DECOUPLED = "decoupled"
    DECAY = "decay"
    CATAPULT = "catapult"
    DIVERGENT = "divergent"


class _PhaseRecorder:
    """Follows trajectories step by step and tells their phases at the end."""

    def __init__(self, w0, w1, w_ni, u, v, sigma_x):
        self.sigma_x, self.v = sigma_x, v
        self.v_start, self.w_ni_start = np.abs(v), np.abs(w_ni)
        self.learned_loss = LEARNED * _clean_loss(u, sigma_x)
        self.learning = np.ones(v.shape, bool)
        self.w_ni_learned = w_ni.copy()
        self.catapult = np.zeros(v.shape, bool)
        self.bounded = np.ones(v.shape, bool)
        self.update(w0, w1, w_ni, u, v)

    def update(self, w0, w1, w_ni, u, v):
        # not (largest <= limit) is also true of nan
        largest = np.maximum(np.maximum(np.abs(w0), np.abs(w1)), np.abs(w_ni))
        self.bounded &= largest <= LARGEST_WEIGHT
        # v' v < 0 and |v'| > |v| together say that v' + v has not the sign of v
        self.catapult |= ((v + self.v) * self.v < 0) & (np.abs(v) > self.v_start)
        self.v = v
        # |w_NI| at the first step with the clean loss below its threshold: follow it until then
        np.copyto(self.w_ni_learned, w_ni, where=self.learning)
        self.learning &= _clean_loss(u, self.sigma_x) >= self.learned_loss

    def codes(self):
        decay = np.abs(self.w_ni_learned) < DECAYED * self.w_ni_start
        return np.where(~self.bounded, 3, np.where(self.catapult, 2, np.where(decay, 1, 0)))


@dataclass(frozen=True)
class Run:
    """What `LinearModel.simulate` returns.

    w0, w1, w_ni, loss and clean_loss have the shape (steps + 1, *shape), or (1, *shape), the last row alone, with
    ``record=False``; shape is that of sigma_eps and the weights, broadcast. phase is a `Phase`, or an object array
    of them of that shape.
    """

    w0: np.ndarray
    w1: np.ndarray
    w_ni: np.ndarray
    loss: np.ndarray
    clean_loss: np.ndarray
    phase: Phase | np.ndarray


@dataclass(frozen=True)
class Boundaries:
    """Values of sigma_eps between the phases, from `LinearModel.boundaries`; inf where there is none."""

    decoupled: np.ndarray
    catapult: np.ndarray
    late: np.ndarray
    divergent: np.ndarray


# --- noise -------------------------------------------------------------------------------------------------------

# Each lane of 256 neighbouring trajectories has a generator of its own. So a trajectory's noise depends on the seed
# and its position alone: not on how many others there are, nor on the number of steps, nor on the chunk size.
LANE = 256
# Trajectories that are advanced together, whole lanes: their state stays in the processor's cache.
CHUNK = 8192
# Steps for which noise is drawn at once; with another number "sgd" would draw the same noise in another order.
_AHEAD = 8


def batch_moments(rng, batch_size, size=None):
    """Exact moments of a batch of independent standard normal pairs (x, eps), at a cost independent of batch_size.

    By Bartlett's decomposition of the Wishart distribution: with c^2 and d^2 chi-square of batch_size and
    batch_size - 1 degrees of freedom and z standard normal, (c^2, c z, z^2 + d^2) has the law of the three sums.

    Parameters
    ----------
    rng : numpy.random.Generator
    batch_size : int
        Samples in a batch, at least 1.
    size : int or tuple of int, optional
        How many batches.

    Returns
    -------
    xx, xe, ee : float or numpy.ndarray of that size
        <x^2>_B, <x eps>_B and <eps^2>_B.
    """
    c2 = 2 * rng.standard_gamma(batch_size / 2, size)
    d2 = 2 * rng.standard_gamma((batch_size - 1) / 2, size)  # 0 when batch_size is 1
    z = rng.standard_normal(size)
    return c2 / batch_size, np.sqrt(c2) * z / batch_size, (z * z + d2) / batch_size


def _draws(sample, seed, first, size):
    """Without end, one step after another: sample(rng, ...) for the trajectories first ... first + size - 1."""
    lanes = range(first // LANE, -(-(first + size) // LANE))
    rngs = [np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(lane,))) for lane in lanes]
    while True:
        ahead = np.stack([sample(rng, (_AHEAD, LANE)) for rng in rngs], axis=-2)
        ahead = ahead.reshape(*ahead.shape[:-2], -1)
        for t in range(_AHEAD):
            yield ahead[..., t, :size]


# --- the model ---------------------------------------------------------------------------------------------------


def _numbers(name, value, low=-math.inf, strictly=False, remedy=""):
    """`value` as a float array whose elements are finite and >= low (> low if strictly)."""
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        array, bad = None, value
    else:
        right = np.isfinite(array) & ((array > low) if strictly else (array >= low))
        if right.all():
            return array
        bad = array[~right].flat[0]
    bound = "" if low == -math.inf else f" {'>' if strictly else '>='} {low:g}"
    raise ValueError(f"{name} must be a finite number{bound}, got {bad!s}: {remedy}")


def _whole(name, value, low, remedy):
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or number < low:
        raise ValueError(f"{name} must be a whole number >= {low}, got {value!r}: {remedy}")
    return number


def _start(w0, w1, w_ni):
    remedy = "give the weight a finite start"
    return {name: _numbers(name, w, remedy=remedy) for name, w in (("w0", w0), ("w1", w1), ("w_ni", w_ni))}


def _broadcast(**arrays):
    try:
        return np.broadcast_arrays(*arrays.values())
    except ValueError:
        shapes = ", ".join(f"{name} {a.shape}" for name, a in arrays.items())
        raise ValueError(
            f"the shapes must broadcast, got {shapes}: give axes of equal length, or of 1"
        ) from None


def _checked_noise(noise, steps, shape):
    """The kind of noise, and the rows of Phi if they are given: an array (steps, number of trajectories)."""
    if isinstance(noise, str):
        if noise not in ("none", "map", "sgd"):
            raise ValueError(
                f'noise must be "none", "map", "sgd" or an array of Phi, got {noise!r}: see simulate'
            )
        return noise, None
    phi = _numbers("noise", noise, remedy="Phi is a standard normal number in the map")
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


@dataclass(frozen=True)
class LinearModel:
    """Two layers of one linear unit each, with a NIN on the first, that learn y = M x: section 3 of the paper.

    Parameters
    ----------
    eta : float
        Learning rate, > 0.
    M : float
        Slope of the target.
    sigma_x : float
        Standard deviation of the input, >= 0.
    batch_size : int
        Samples in a batch, >= 1.

    Raises
    ------
    ValueError
        If a parameter is not such a number.
    """

    eta: float = 0.01
    M: float = 1.0
    sigma_x: float = 1.0
    batch_size: int = 1000

    def __post_init__(self):
        checked = {
            "eta": float(_numbers("eta", self.eta, 0, strictly=True, remedy="0.01 is a usual learning rate")),
            "M": float(_numbers("M", self.M, remedy="it is the slope of the target, M = 1 in the paper")),
            "sigma_x": float(_numbers("sigma_x", self.sigma_x, 0, remedy="use 0 to switch the data off")),
            "batch_size": _whole("batch_size", self.batch_size, 1, "it counts the samples of a batch"),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def simulate(self, sigma_eps, w0=0.1, w1=1.5, w_ni=0.1, steps=600, noise="map", seed=0, record=True):
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
        sigma_eps = _numbers("sigma_eps", sigma_eps, 0, remedy="use 0 to switch the noise off")
        start = _broadcast(sigma_eps=sigma_eps, **_start(w0, w1, w_ni))
        steps = _whole("steps", steps, 1, "it counts the steps of SGD")
        seed = _whole("seed", seed, 0, "any such number will do")
        shape = start[0].shape
        noise, phi = _checked_noise(noise, steps, shape)

        start = np.stack([a.ravel() for a in start])
        curves = np.empty((5, steps + 1 if record else 1, start.shape[1]))
        codes = np.empty(start.shape[1], int)
        with np.errstate(over="ignore", invalid="ignore"):  # a divergent run is a result
            for first in range(0, len(codes), CHUNK):
                part = slice(first, first + CHUNK)
                moments = self._moments(noise, phi, seed, first, start[0, part])
                codes[part] = self._train(start[:, part], steps, moments, noise == "sgd", curves[:, :, part])
        phase = np.array(list(Phase), object)[codes].reshape(shape)
        return Run(*curves.reshape(*curves.shape[:2], *shape), phase[()])

    def _moments(self, noise, phi, seed, first, sigma_eps):
        """<x^2>, <x eps>, <eps^2> of one batch after another, for the trajectories from the position `first` on."""
        xx, ee, xe_unit = _means(self.sigma_x, sigma_eps, self.batch_size)
        size = len(sigma_eps)
        if noise == "none":
            return itertools.repeat((xx, 0.0, ee))
        if noise == "sgd":
            draws = _draws(lambda rng, n: batch_moments(rng, self.batch_size, n), seed, first, size)
            return ((xx * a, self.sigma_x * sigma_eps * b, ee * c) for a, b, c in draws)
        if noise == "map":
            phi = _draws(np.random.Generator.standard_normal, seed, first, size)
        else:
            phi = phi[:, first : first + size]
        return ((xx, xe_unit * row, ee) for row in phi)

    def _train(self, start, steps, moments, exact, curves):
        """Fill the curves of one chunk of trajectories; returns the codes of their phases."""
        sigma_eps, *weights = start
        u, v = _error_parts(*weights, self.M)
        phases = _PhaseRecorder(*weights, u, v, self.sigma_x)
        every_step = len(curves[0]) > 1
        for t in range(steps):
            batch = next(moments)
            if every_step:
                curves[:3, t] = weights
                if exact:
                    curves[3, t] = _batch_loss(u, v, *batch)
            weights = _advance(*weights, u, v, self.eta, *batch)
            u, v = _error_parts(*weights, self.M)
            phases.update(*weights, u, v)
        curves[:3, -1] = weights

        if exact:
            curves[3, -1] = _batch_loss(u, v, *next(moments))
        u, v = _error_parts(*curves[:3], self.M)
        if not exact:
            curves[3] = _expected_loss(u, v, self.sigma_x, sigma_eps)
        curves[4] = _clean_loss(u, self.sigma_x)
        curves[:, ~np.isfinite(curves[:3]).all(axis=0)] = np.inf
        curves[3:][np.isnan(curves[3:])] = np.inf
        return phases.codes()

    def boundaries(self, w0=0.1, w1=1.5, w_ni=0.1):
        """Theory's values of sigma_eps between the phases, for weights that start here.

        Parameters
        ----------
        w0, w1, w_ni : float or array_like
            The weights at the start; they broadcast.

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
            If a weight is not finite.
        """
        weights = _broadcast(**_start(w0, w1, w_ni))
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            sigma_x = np.full(np.shape(weights[0]), self.sigma_x)
            return Boundaries(*_boundaries(*weights, self.eta, self.M, sigma_x))
