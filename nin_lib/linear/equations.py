"""The update of the two-layer linear model, derived once, by SymPy, from the loss Eq. (4): Eqs. (5)-(6) of the paper."""

import sympy as sp

from nin_lib import codegen

w0, w1, w_ni, M, Phi, x, eps = sp.symbols("w0 w1 w_ni M Phi x eps", real=True)
eta, batch_size = sp.symbols("eta batch_size", positive=True)
sigma_x, sigma_eps = sp.symbols("sigma_x sigma_eps", nonnegative=True)
# The loss of a batch depends on its samples only through xx = <x^2>_B, xe = <x eps>_B and ee = <eps^2>_B.
xx, xe, ee, xe_unit = sp.symbols("xx xe ee xe_unit", real=True)
u, v, du, dv = sp.symbols("u v du dv", real=True)
# In a formula they look as in the paper, where the name alone does not say it.
sp.printing.printer.Printer.set_global_settings(
    symbol_names={
        w_ni: r"w_\mathrm{NI}",
        sigma_eps: r"\sigma_\epsilon",
        batch_size: r"|\mathcal{B}|",
        xx: r"\langle{x^2}\rangle",
        xe: r"\langle{x\epsilon}\rangle",
        ee: r"\langle{\epsilon^2}\rangle",
    }
)

# The error of one sample is u x + v eps ...
_error = sp.expand(w1 * (w0 * x + w_ni * eps) - M * x)
ERROR = ((u, _error.coeff(x)), (v, _error.coeff(eps)))
# ... and half its mean square over the batch is the loss, Eq. (4).
_square = sp.Poly((u * x + v * eps) ** 2 / 2, x, eps)
LOSS = sum(_square.coeff_monomial(k) * moment for k, moment in ((x**2, xx), (x * eps, xe), (eps**2, ee)))
EXPECTED_LOSS = LOSS.subs({xx: sigma_x**2, xe: 0, ee: sigma_eps**2})
CLEAN_LOSS = EXPECTED_LOSS.subs(sigma_eps, 0)
# Stability: X = eta sigma_eps^2 w1^2, what a step takes off w_ni, from the curvature of the noise's part of the loss along w_ni,
# and S, from the sum of its curvatures along both weights. A weight that feeds the noise overshoots where X > 2.
_noise_loss = EXPECTED_LOSS.subs({u: 0, v: w1 * w_ni})
STABILITY = (
    eta * _noise_loss.diff(w_ni, 2),
    eta * (_noise_loss.diff(w_ni, 2) + _noise_loss.diff(w1, 2)),
)

# One step of SGD: the gradient by the chain rule through u and v, which keeps the printed code short.
WEIGHTS = (w0, w1, w_ni)
SLOPES = ((du, LOSS.diff(u)), (dv, LOSS.diff(v)))
STEP = tuple(w - eta * (du * ERROR[0][1].diff(w) + dv * ERROR[1][1].diff(w)) for w in WEIGHTS)

# The map, Eqs. (5)-(6): <x^2> and <eps^2> become their means, and <x eps> a random number that has its standard
# deviation. With this sign of Phi the equations hold as the paper prints them.
MEANS = ((xx, sigma_x**2), (ee, sigma_eps**2), (xe_unit, -sigma_x * sigma_eps / sp.sqrt(batch_size)))
CROSS = (xe, xe_unit * Phi)

step = codegen.numpy_function((*WEIGHTS, eta, M, xx, xe, ee), STEP, ERROR + SLOPES)
error_parts = codegen.numpy_function((*WEIGHTS, M), [expr for _, expr in ERROR])
advance = codegen.numpy_function((*WEIGHTS, u, v, eta, xx, xe, ee), STEP, SLOPES)
means = codegen.numpy_function((sigma_x, sigma_eps, batch_size), [expr for _, expr in MEANS])
batch_loss = codegen.numpy_function((u, v, xx, xe, ee), LOSS)
expected_loss = codegen.numpy_function((u, v, sigma_x, sigma_eps), EXPECTED_LOSS)
clean_loss = codegen.numpy_function((u, sigma_x), CLEAN_LOSS)
