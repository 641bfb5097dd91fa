"""Gradient flow of the linear model: closed forms and decay times, Eqs. (8)-(10) and (23)-(33).

Small steps turn SGD into a differential equation in the time t = eta x steps. Its solution stands here once, in SymPy;
NumPy evaluates it (`passive_flow`, `coupled_flow`) and the browser draws it (`javascript`). The chapter `timescales`
derives it.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike

from nin_lib import codegen
from nin_lib.checks import FloatArray, broadcast, number, numbers
from nin_lib.extras import needed
from nin_lib.linear import CLEAN_LOSS, ERROR, WEIGHTS, M, sigma_eps, sigma_x, w0, w1, w_ni

# T = sigma_x^2 t is the flow's own time. c is conserved; R is the rate at which the flow settles; p_plus and p_minus
# are the start's components along the growing and the shrinking direction of the matrix [[-c/2, M], [M, c/2]].
t, T, c, R, p_plus, p_minus, v0, v1 = sp.symbols("t T c R p_plus p_minus v0 v1", real=True)
log_N, log_S = sp.symbols("log_N log_S", real=True)
TINY = sp.Float("1e-300")  # makes 0/0 the right limit where R or c is 0; anywhere else it is lost in rounding

CONSERVED = (w1 - w0) * (w1 + w0) - w_ni**2
RATE = sp.sqrt(4 * M**2 + c**2 + TINY)
# Two expressions of one direction, (2M, R + c) and (R - c, 2M): the one in which nothing cancels.
_length = sp.sqrt(4 * M**2 + (R + sp.Abs(c)) ** 2)
DIRECTION = (
    sp.Piecewise((2 * M, c >= 0), (R - c, True)) / _length,
    sp.Piecewise((R + c, c >= 0), (2 * M, True)) / _length,
)
COMPONENTS = (v0 * w0 + v1 * w1, v1 * w0 - v0 * w1)
DEFINITIONS = tuple(
    zip((c, R, v0, v1, p_plus, p_minus), (CONSERVED, RATE, *DIRECTION, *COMPONENTS), strict=True)
)

# The weights are Y / sqrt(N): Y obeys a linear equation, and N = 1 + int |Y|^2 dT is the clock of the decays. It is
# written as N = 1 + BOUNDED + exp(R T) GROWING, in which nothing cancels and only the exponential can overflow.
_c_size = sp.sqrt(c**2 + TINY)


def _integral(rate: sp.Expr) -> sp.Expr:
    """The integral of exp(-rate T') over 0 < T' < T."""
    return 2 * sp.tanh(rate * T / 2) / (1 + sp.tanh(rate * T / 2)) / rate


BOUNDED = p_minus**2 * _integral(R)
GROWING = p_plus**2 * _integral(R) + w_ni**2 * sp.exp(-(R + (c - _c_size) / 2) * T) * _integral(_c_size)
# The logarithms of its two terms, for starts so small that their squares underflow.
LOG_GROWING = (
    2 * sp.log(sp.Abs(p_plus)) + sp.log(_integral(R)),
    2 * sp.log(sp.Abs(w_ni)) - (R + (c - _c_size) / 2) * T + sp.log(_integral(_c_size)),
)
N = 1 + BOUNDED + sp.exp(R * T) * GROWING
# With log_S = log N - R T, which does not grow:
_plus, _minus = p_plus * sp.exp(-log_S / 2), p_minus * sp.exp(-R * T - log_S / 2)
SOLUTION = (v0 * _plus + v1 * _minus, v1 * _plus - v0 * _minus, w_ni * sp.exp(-(c + R) * T / 2 - log_S / 2))

# Without back-reaction (w_ni = 0 in the lines above) both decays of Eq. (9) are read from N.
W1_SQUARED_INTEGRAL = (log_N + c * T) / (2 * sigma_x**2)
PASSIVE_W_NI = w_ni * sp.exp(-(sigma_eps**2) * W1_SQUARED_INTEGRAL)
PASSIVE_LOSS = CLEAN_LOSS.subs(ERROR) * sp.exp(-2 * log_N)
# The rates at the start, Eq. (10).
TIME_SCALES = (1 / (sigma_eps**2 * w1**2), 1 / (2 * sigma_x**2 * (w0**2 + w1**2)))

_clock = codegen.numpy_function([T, M, *WEIGHTS], [R, BOUNDED, GROWING], DEFINITIONS)
_log_growing = codegen.numpy_function([T, M, *WEIGHTS], LOG_GROWING, DEFINITIONS)
_solution = codegen.numpy_function([T, log_S, M, *WEIGHTS], SOLUTION, DEFINITIONS)
_passive = codegen.numpy_function(
    [T, c, log_N, M, sigma_x, sigma_eps, *WEIGHTS], [W1_SQUARED_INTEGRAL, PASSIVE_W_NI, PASSIVE_LOSS]
)
_time_scales = codegen.numpy_function([w0, w1, sigma_x, sigma_eps], TIME_SCALES)


# The largest number for which no intermediate value overflows, and the smallest weight that is not taken as 0.
LARGEST, SMALLEST_WEIGHT = 1e40, 1e-300
_REMEDIES = {
    "t": "backwards in time the flow can run off to infinity",
    "sigma_x": "it is a standard deviation",
    "sigma_eps": "it is a standard deviation",
}


class Flow(NamedTuple):
    """The weights and the loss at eps = 0 along a gradient flow, each of the shape of ``t`` and the start, broadcast."""

    w0: FloatArray
    w1: FloatArray
    w_ni: FloatArray
    clean_loss: FloatArray


class TimeScales(NamedTuple):
    """Times in which the NIW and the loss fall by a factor e, in units of t; divide by eta for steps."""

    noise: Any
    loss: Any


def _checked(**values: ArrayLike) -> tuple[FloatArray, ...]:
    """The values as broadcast float64 arrays; they must be finite, and times and deviations not negative."""
    arrays = {}
    for name, value in values.items():
        low, remedy = (0, _REMEDIES[name]) if name in _REMEDIES else (-LARGEST, "rescale the model")
        array = numbers(name, value, low, remedy=remedy, high=LARGEST)
        arrays[name] = (
            np.where(np.abs(array) < SMALLEST_WEIGHT, 0.0, array) if name.startswith("w") else array
        )
    return broadcast(**arrays)


def _solve(
    T: FloatArray, M: FloatArray, w0: FloatArray, w1: FloatArray, w_ni: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Weights (3 arrays) and log N at flow time T."""
    rate, bounded, growing = _clock(T, M, w0, w1, w_ni)
    with np.errstate(divide="ignore"):
        log_bounded, log_growing = np.log1p(bounded), np.log(growing)
        if np.any(growing < 1e-290):
            log_small = np.logaddexp(*_log_growing(T, M, w0, w1, w_ni))
            log_growing = np.where(growing < 1e-290, log_small, log_growing)
    log_size = np.logaddexp(log_bounded - rate * T, log_growing)
    # On the way into the saddle log N is bounded: log S falls like -R T, and p_plus = 0 times exp(R T / 2) is wanted.
    after0, after1, _ = _solution(T, np.maximum(log_size, -1415), M, w0, w1, w_ni)
    with np.errstate(over="ignore", invalid="ignore"):
        niw = _solution(T, log_size, M, w0, w1, w_ni)[2]
    niw = np.clip(
        niw, -np.abs(w_ni), np.abs(w_ni)
    )  # it never grows, whatever is lost between large exponents
    return after0, after1, niw, np.logaddexp(log_bounded, rate * T + log_growing)


def _passive_at(
    t: Any,
    w0: FloatArray,
    w1: FloatArray,
    w_ni: FloatArray,
    M: FloatArray,
    sigma_x: FloatArray,
    sigma_eps: FloatArray,
) -> tuple[Any, Any, Flow]:
    """The integral of w1^2 over time, log N, and the flow at time t."""
    variance = np.maximum(sigma_x**2, 1e-150)  # sigma_x = 0, when the data exert no force, as a limit
    after0, after1, _, log_growth = _solve(variance * t, M, w0, w1, np.zeros_like(w_ni))
    conserved = (w1 - w0) * (w1 + w0)
    # w1^2 has no negative integral, whatever is lost where the two terms of it cancel.
    log_growth = np.maximum(log_growth, -conserved * (variance * t))
    integral, niw, loss = _passive(
        variance * t, conserved, log_growth, M, np.sqrt(variance), sigma_eps, w0, w1, w_ni
    )
    return integral, log_growth, Flow(after0, after1, niw, np.where(sigma_x > 0, loss, 0.0)[()])


def passive_flow(
    t: ArrayLike,
    *,
    w0: ArrayLike,
    w1: ArrayLike,
    w_ni: ArrayLike = 0.0,
    M: ArrayLike = 1.0,
    sigma_x: ArrayLike = 1.0,
    sigma_eps: ArrayLike = 0.0,
) -> Flow:
    """Solve the gradient flow in which the NIN does not act back on the data weights: Eqs. (9) and (25)-(33).

    All arguments broadcast; none may exceed 1e40 in absolute value. A weight below 1e-300 is taken as 0.

    Parameters
    ----------
    t : array_like
        Time, eta times the number of steps, >= 0.
    w0, w1, w_ni : array_like
        Weights at t = 0, of any sign.
    M, sigma_x, sigma_eps : array_like
        Target slope, and standard deviations of data and noise, >= 0.

    Returns
    -------
    Flow
        Exact for all real starts, the degenerate ones (M = 0, w0 = w1 = 0, w1 = +-w0, sigma_x = 0) included, up to
        rounding: of a relative size of about 1e-16 in w0 and w1, and of 1e-16 max(1, sigma_eps^2 t abs(w1^2 - w0^2))
        in w_ni.

    Raises
    ------
    ValueError
        If a value is no finite number, or too large, or t or a standard deviation is negative.
    """
    t, w0, w1, w_ni, M, sigma_x, sigma_eps = _checked(
        t=t, w0=w0, w1=w1, w_ni=w_ni, M=M, sigma_x=sigma_x, sigma_eps=sigma_eps
    )
    return _passive_at(t, w0, w1, w_ni, M, sigma_x, sigma_eps)[-1]


def coupled_flow(
    t: ArrayLike,
    *,
    w0: ArrayLike,
    w1: ArrayLike,
    w_ni: ArrayLike,
    M: ArrayLike = 1.0,
    sigma_x: ArrayLike = 1.0,
    sigma_eps: ArrayLike = 1.0,
) -> Flow:
    """Solve the gradient flow with the back-reaction of the NIN, for sigma_eps = sigma_x: Eqs. (5)-(6) at Phi = 0.

    Parameters
    ----------
    t, w0, w1, w_ni, M, sigma_x, sigma_eps : array_like
        As in `passive_flow`.

    Returns
    -------
    Flow
        Exact up to rounding, of a relative size of about 1e-16 in w0 and w1, and in w_ni of 1e-16 times the larger of 1
        and sigma_x^2 t (4 M^2 + c^2)^(1/2) with c = w1^2 - w0^2 - w_ni^2.

    Raises
    ------
    ValueError
        If sigma_eps and sigma_x differ (no closed form is known then), and as in `passive_flow`.
    """
    t, w0, w1, w_ni, M, sigma_x, sigma_eps = _checked(
        t=t, w0=w0, w1=w1, w_ni=w_ni, M=M, sigma_x=sigma_x, sigma_eps=sigma_eps
    )
    if np.any(sigma_eps != sigma_x):
        raise ValueError(
            f"sigma_eps must equal sigma_x, got {sigma_eps[sigma_eps != sigma_x].flat[0]} and "
            f"{sigma_x[sigma_eps != sigma_x].flat[0]}: no closed form is known otherwise; integrate the flow, for "
            "example LinearModel(eta=1e-4).simulate(..., noise='none')"
        )
    after0, after1, niw, _ = _solve(sigma_x**2 * t, M, w0, w1, w_ni)
    return Flow(after0, after1, niw, sigma_x**2 * (M - after0 * after1) ** 2 / 2)


def time_scales(
    *, w0: ArrayLike, w1: ArrayLike, sigma_x: ArrayLike = 1.0, sigma_eps: ArrayLike = 1.0
) -> TimeScales:
    """Initial decay times of the NIW and of the loss, Eq. (10), in closed form.

    Parameters
    ----------
    w0, w1, sigma_x, sigma_eps : array_like
        As in `passive_flow`. Neither w_ni nor M matters.

    Returns
    -------
    TimeScales
        1/(sigma_eps^2 w1^2) and 1/(2 sigma_x^2 (w0^2 + w1^2)); inf where there is no decay, or none in 1e308.

    Raises
    ------
    ValueError
        As in `passive_flow`.
    """
    w0, w1, sigma_x, sigma_eps = _checked(w0=w0, w1=w1, sigma_x=sigma_x, sigma_eps=sigma_eps)
    with np.errstate(divide="ignore", over="ignore"):
        return TimeScales(*_time_scales(w0, w1, sigma_x, sigma_eps))


def decay_times(
    *, w0: float, w1: float, M: float = 1.0, sigma_x: float = 1.0, sigma_eps: float = 1.0
) -> TimeScales:
    """Times at which the closed forms, Eqs. (32) and (33), have fallen by a factor e.

    They differ from `time_scales` as far as learning changes the weights meanwhile.

    Parameters
    ----------
    w0, w1, M, sigma_x, sigma_eps : float
        As in `passive_flow`, but single numbers, and at most 1e20 in absolute value.

    Returns
    -------
    TimeScales
        Floats; inf for what never falls so far, as the loss at the saddle point w0 = w1 = 0, or not in 1e100.

    Raises
    ------
    ValueError
        As in `passive_flow`, or if an argument is no single number.
    """
    values = {"w0": w0, "w1": w1, "M": M, "sigma_x": sigma_x, "sigma_eps": sigma_eps}
    single = {
        name: number(name, value, -1e20, remedy="use a loop", high=1e20) for name, value in values.items()
    }
    start = dict(zip((*single, "w_ni"), _checked(**single, w_ni=1.0), strict=True))

    def at(t: float) -> tuple[Any, Any, Flow]:
        return _passive_at(t, **start)

    def noise(t: float) -> float:
        return float(single["sigma_eps"] ** 2 * at(t)[0] - 1)

    def loss(t: float) -> float:
        return float(2 * at(t)[1] - 1)

    return TimeScales(_first_zero(noise), _first_zero(loss))


def _first_zero(rising: Callable[[float], float]) -> float:
    """The zero of an increasing function that is negative at 0; inf if there is none below 2^332, about 1e100."""
    with needed("torch"):
        from scipy.optimize import brentq

    if rising(2.0**332) < 0:
        return math.inf
    upper = 1.0
    while rising(upper) < 0:
        upper *= 2
    # Of a time of 1e-20 the bisection in it needs more than its usual hundred iterations.
    return float(brentq(rising, 0, upper, xtol=1e-300, rtol=1e-14, maxiter=10_000))


def javascript() -> str:
    """JavaScript source of the closed forms, printed from the expressions that NumPy evaluates.

    Returns
    -------
    str
        ``passiveFlow(p, start, t)`` returns ``[w0, w1, w_ni, clean_loss]`` at time t, as `passive_flow` does but for its
        care for sigma_x = 0 (NaN here) and for the last of the way into the saddle (where exp(-R T) underflows);
        ``timeScales(p, start)`` returns ``[noise, loss]`` as `time_scales` does. ``p`` has the properties M, sigma_x and
        sigma_eps; ``start`` is ``[w0, w1, w_ni]``.
    """
    size = sp.exp(-R * T) * (1 + BOUNDED) + GROWING  # exp(R T) itself overflows in a long training
    definitions = [(T, sigma_x**2 * t), *DEFINITIONS, (log_S, sp.log(size)), (log_N, log_S + R * T)]
    definitions = [(name, value.subs(w_ni, 0)) for name, value in definitions]
    flow = [*SOLUTION[:2], PASSIVE_W_NI, PASSIVE_LOSS]
    arguments = "{M, sigma_x, sigma_eps}", "[w0, w1, w_ni]"
    return "\n\n".join(
        (
            codegen.javascript_function("passiveFlow", (*arguments, t), flow, definitions),
            codegen.javascript_function("timeScales", arguments, list(TIME_SCALES)),
        )
    )
