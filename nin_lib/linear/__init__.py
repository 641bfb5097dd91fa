"""The two-layer linear model with one noise injection node (NIN): Eqs. (4)-(7) of the paper.

The update is derived once, by SymPy, from the loss Eq. (4) (`equations`). NumPy integrates it (`LinearModel.simulate`) and
the browser runs it (`javascript`); `nin_lib.codegen` prints both from the same expressions.
"""

from nin_lib import codegen
from nin_lib.linear.boundaries import BOUNDARIES, END_OF_FLOW, EXPOSURE, Boundaries
from nin_lib.linear.equations import (
    CLEAN_LOSS,
    CROSS,
    ERROR,
    EXPECTED_LOSS,
    LOSS,
    MEANS,
    SLOPES,
    STABILITY,
    STEP,
    WEIGHTS,
    M,
    Phi,
    batch_size,
    ee,
    eps,
    eta,
    sigma_eps,
    sigma_x,
    step,
    u,
    v,
    w0,
    w1,
    w_ni,
    x,
    xe,
    xx,
)
from nin_lib.linear.model import LinearModel, Run
from nin_lib.linear.noise import batch_moments
from nin_lib.phases import LARGEST_WEIGHT, LINEAR_DECAYED, LINEAR_LEARNED, Phase

__all__ = [
    "Boundaries",
    "CLEAN_LOSS",
    "CROSS",
    "ERROR",
    "EXPECTED_LOSS",
    "LOSS",
    "LinearModel",
    "M",
    "MEANS",
    "Phase",
    "Phi",
    "Run",
    "SLOPES",
    "STABILITY",
    "STEP",
    "WEIGHTS",
    "batch_moments",
    "batch_size",
    "ee",
    "eps",
    "eta",
    "javascript",
    "sigma_eps",
    "sigma_x",
    "step",
    "u",
    "v",
    "w0",
    "w1",
    "w_ni",
    "x",
    "xe",
    "xx",
]


def javascript() -> str:
    """JavaScript source of the model: plain functions, printed from the expressions that NumPy runs.

    Returns
    -------
    str
        ``run(p, start, steps, stream)`` iterates the map, Eqs. (5)-(6), and returns the array ``[w0, w1, w_ni]`` of
        ``Float64Array(steps + 1)``; ``loss(p, w0, w1, w_ni)`` is the loss Eq. (4), averaged over x and eps;
        ``clean_loss(p, w0, w1)`` the same at eps = 0; ``boundaries(p)`` the four numbers of `LinearModel.boundaries`, in its
        order, for weights that start at p.w0, p.w1 and p.w_ni; ``stability(p, w1, w_ni)`` the array ``[X, S]`` of
        eta sigma_eps^2 w1^2 and eta sigma_eps^2 (w1^2 + w_ni^2); LARGEST_WEIGHT, LEARNED and DECAYED the numbers in the
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
    stability = codegen.javascript_function(
        "stability", (f"{{{eta}, {sigma_eps}}}", w1, w_ni), list(STABILITY)
    )
    numbers = (
        f"const [LARGEST_WEIGHT, LEARNED, DECAYED] = {[LARGEST_WEIGHT, LINEAR_LEARNED, LINEAR_DECAYED]};"
    )
    return "\n\n".join((run, loss, clean_loss, boundaries, stability, numbers)) + "\n"
