"""Theory's boundaries between the phases of the linear model, as SymPy expressions and as NumPy functions."""

import math
from dataclasses import dataclass

import sympy as sp

from nin_lib import codegen
from nin_lib.checks import FloatArray
from nin_lib.linear.equations import WEIGHTS, M, eta, sigma_x, w0, w1, w_ni
from nin_lib.phases import LINEAR_LEARNED

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


def _larger(a: sp.Expr, b: sp.Expr) -> sp.Expr:
    return sp.Piecewise((a, a >= b), (b, True))


def _primitive(p: sp.Expr, dot: sp.Expr, lengths: sp.Expr) -> sp.Expr:
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
    (full, m - sp.Float(math.sqrt(LINEAR_LEARNED)) * gap),
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

boundaries = codegen.numpy_function((*WEIGHTS, eta, M, sigma_x), BOUNDARIES, EXPOSURE + END_OF_FLOW)


@dataclass(frozen=True)
class Boundaries:
    """Values of sigma_eps between the phases, from `LinearModel.boundaries`; inf where there is none."""

    decoupled: FloatArray
    catapult: FloatArray
    late: FloatArray
    divergent: FloatArray
