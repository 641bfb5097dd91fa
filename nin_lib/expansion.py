"""Numerics of the noise expansion, Eqs. (1)-(3) and (11)-(14), and of batch averages, Theorem 1.

The first half works on any per-sample loss written as a function of the preactivations z of the
noisy layer, in torch; the second half on averages of q eps^n over a batch, in exact arithmetic where
a prediction is made and in NumPy where it is tested.
"""

from dataclasses import dataclass

import numpy as np
import sympy as sp
import torch
from scipy import stats

from nin_lib.injection import DISTRIBUTIONS

# --- The expansion in eps W_NI -----------------------------------------------------------------------


def directional_derivatives(loss, z, w_ni, order):
    """Derivatives of each sample's loss along W_NI: the coefficients of the series in Eq. (11).

    Parameters
    ----------
    loss : callable
        Takes preactivations (n, d), returns the losses (n,), sample by sample.
    z : torch.Tensor, shape (n, d)
        Noise-free preactivations of the layer that carries the noise injection node.
    w_ni : torch.Tensor, shape (d,)
        Noise injection weights.
    order : int
        Highest derivative.

    Returns
    -------
    torch.Tensor, shape (order + 1, n)
        Row k holds (W_NI . grad_z)^k loss, in units of the loss. Where the activation has a kink this is
        the derivative of the smooth piece on which z lies.
    """
    if order < 0:
        raise ValueError(f"order must be an integer >= 0, got {order}: 0 is the noise-free loss")
    eps = torch.zeros(len(z), dtype=z.dtype, requires_grad=True)
    derivative = loss(z + eps[:, None] * w_ni)
    rows = [derivative]
    for _ in range(order):
        if derivative.requires_grad:
            (derivative,) = torch.autograd.grad(
                derivative.sum(), eps, create_graph=True, materialize_grads=True
            )
        else:  # constant on its smooth piece
            derivative = torch.zeros_like(derivative)
        rows.append(derivative)
    return torch.stack(rows).detach()


def truncated_loss(derivatives, eps):
    """Batch loss by the series of Eq. (11), for every order up to the one of `derivatives`.

    Parameters
    ----------
    derivatives : torch.Tensor, shape (K + 1, n)
        From `directional_derivatives`.
    eps : torch.Tensor, shape (n,)
        Injected noise of each sample.

    Returns
    -------
    torch.Tensor, shape (K + 1,)
        Entry K is the batch mean of the series cut after the term eps^K.
    """
    k = torch.arange(len(derivatives), dtype=eps.dtype)
    terms = derivatives * eps ** k[:, None] / torch.exp(torch.lgamma(k + 1))[:, None]
    return terms.mean(1).cumsum(0)


def local_gradient(loss, z):
    """Local gradient g of Eq. (3): the derivative of each sample's loss with respect to its z, (n, d)."""
    z = z.detach().clone().requires_grad_()
    (g,) = torch.autograd.grad(loss(z).sum(), z)
    return g


def local_hessian(loss, z):
    """Local Hessian H of Eq. (3), (n, d, d); at a kink of the activation, that of the smooth piece."""
    z = z.detach().clone().requires_grad_()
    (g,) = torch.autograd.grad(loss(z).sum(), z, create_graph=True)
    columns = [torch.autograd.grad(g[:, j].sum(), z, retain_graph=True)[0] for j in range(z.shape[1])]
    return torch.stack(columns, dim=1)


def normal_quadrature(sigma, kinks=(), points=48):
    """Nodes and weights of the expectation over a normal variable N(0, sigma^2).

    Without kinks this is the Gauss-Hermite rule. With kinks, the points at which the integrand is not
    smooth, Gauss-Legendre rules between neighbouring kinks take its place (on +-10 sigma), so that a
    piecewise smooth integrand keeps full accuracy.

    Parameters
    ----------
    sigma : float
        Standard deviation, > 0.
    kinks : array_like, shape (..., m)
        Positions of the kinks; leading axes are independent integrands.
    points : int
        Nodes of each rule.

    Returns
    -------
    nodes, weights : ndarray, shape (..., points * (m + 1))
    """
    if not (np.isfinite(sigma) and sigma > 0):
        raise ValueError(f"sigma must be a finite number > 0, got {sigma}: without noise there is no average")
    kinks = np.asarray(kinks, dtype=float)
    if kinks.size == 0:
        nodes, weights = np.polynomial.hermite_e.hermegauss(points)
        return sigma * nodes, weights / weights.sum()
    reach = 10 * sigma
    edges = np.sort(np.clip(kinks, -reach, reach), axis=-1)
    end = np.full((*edges.shape[:-1], 1), reach)
    edges = np.concatenate([-end, edges, end], axis=-1)
    x, w = np.polynomial.legendre.leggauss(points)
    half = np.diff(edges)[..., None] / 2
    nodes = (edges[..., :-1, None] + half * (1 + x)).reshape(*edges.shape[:-1], -1)
    weights = (half * w).reshape(nodes.shape) * stats.norm.pdf(nodes, scale=sigma)
    return nodes, weights


def loglog_slope(x, y):
    """Exponent p of the power law y ~ x^p, by least squares through the logarithms."""
    return np.polynomial.Polynomial.fit(np.log(x), np.log(y), 1).convert().coef[1]


@dataclass(frozen=True)
class SmallNetwork:
    """One hidden layer: f(x) = v . phi(a x + b), loss (f - y)^2/2, target y = sin 2x.

    The noise injection node sits on the preactivations z = a x + b. With a single normal input every
    average over the data is a one-dimensional integral, so the kinks of ReLU can be handled exactly.

    Attributes
    ----------
    activation : "tanh" or "relu"
    a, b, v, w_ni : torch.Tensor, shape (width,), float64
    """

    activation: str
    a: torch.Tensor
    b: torch.Tensor
    v: torch.Tensor
    w_ni: torch.Tensor

    @classmethod
    def random(cls, activation, width=6, seed=0):
        """Weights a, b, W_NI ~ N(0, 1) and v ~ N(0, 1/width)."""
        if activation not in ("tanh", "relu"):
            raise ValueError(f"activation must be 'tanh' or 'relu', got {activation!r}: use one of them")
        a, b, v, w_ni = torch.from_numpy(np.random.default_rng(seed).normal(size=(4, width)))
        return cls(activation, a, b, v / width**0.5, w_ni)

    def preactivations(self, x):
        """Noise-free z, (n, width), for inputs x, (n,)."""
        return x[:, None] * self.a + self.b

    def residual(self, x, z):
        """f - y of each sample, (n,)."""
        return getattr(torch, self.activation)(z) @ self.v - torch.sin(2 * x)

    def loss_of(self, x):
        """The per-sample loss as a function of z, for fixed inputs x: what the functions above ask for."""
        return lambda z: self.residual(x, z) ** 2 / 2

    def kinks(self, x=None, eps=0.0):
        """Where ReLU bends: in eps for each input x, (n, width), or in x at a common noise eps, (width,)."""
        if self.activation == "tanh":
            return ()
        if x is None:
            return (-(self.b + eps * self.w_ni) / self.a).numpy()
        return (-self.preactivations(x) / self.w_ni).numpy()

    def population(self, eps=0.0):
        """Inputs and weights of an average over x ~ N(0, 1), exact also where ReLU bends at z + eps W_NI = 0."""
        return map(torch.from_numpy, normal_quadrature(1.0, self.kinks(eps=eps)))

    def mean_hessian(self, x, weights):
        """<H>, (width, width), over inputs x with weights that sum to 1."""
        return torch.einsum("n,nij->ij", weights, local_hessian(self.loss_of(x), self.preactivations(x)))

    def mean_gradient(self, sigma_eps, x=None):
        """Mean of dL/dW_NI = eps g(z + eps W_NI) over eps ~ N(0, sigma_eps^2), shape (width,).

        Averaged over the inputs x as well or, with x = None, over the whole population x ~ N(0, 1). No
        expansion is involved: this is what the series is held against.
        """
        if x is None:
            return sum(
                weight * self._gradient(x, torch.full_like(x, eps), weights)
                for eps, weight in zip(*normal_quadrature(sigma_eps, points=24), strict=True)
                for x, weights in [self.population(eps)]
            )
        eps, weights = map(torch.from_numpy, normal_quadrature(sigma_eps, self.kinks(x)))
        eps, weights = (t.expand(len(x), -1).flatten() for t in (eps, weights / len(x)))
        return self._gradient(x.repeat_interleave(len(eps) // len(x)), eps, weights)

    def _gradient(self, x, eps, weights):
        g = local_gradient(self.loss_of(x), self.preactivations(x) + eps[:, None] * self.w_ni)
        return (weights * eps) @ g

    def kink_term(self):
        """Population mean of delta(z_j) v_j (f - y), (width,): what the smooth pieces of ReLU leave out of <H>.

        With z_j = a_j x + b_j the delta function picks x = -b_j/a_j, with the density p(x)/|a_j|.
        """
        x = -self.b / self.a
        density = torch.exp(-(x**2) / 2) / (2 * torch.pi) ** 0.5 / self.a.abs()
        return density * self.v * self.residual(x, self.preactivations(x))


# --- Batch averages: Theorem 1 -----------------------------------------------------------------------

# Every noise here has mean 0 and standard deviation 1. Student's t has no moments from order NU on.
NU = 5
NOISES = {**DISTRIBUTIONS, "student-t": lambda rng, size: rng.standard_t(NU, size) * np.sqrt((NU - 2) / NU)}
# The other factor, q, is drawn uniformly from (0, 2) wherever the book samples it: E q^k for k = 0, 1, 2, 3, 4.
Q_MOMENTS = tuple(sp.Rational(2**k, k + 1) for k in range(5))


def noise_moment(distribution, k):
    """E eps^k of a noise of unit variance, exactly: a SymPy number, oo or (at odd k) nan where it diverges.

    Parameters
    ----------
    distribution : {"normal", "uniform", "rademacher", "laplace", "student-t"}
        Student's t has 5 degrees of freedom.
    k : int
        Order, >= 0.
    """
    if distribution not in NOISES:
        raise ValueError(f"distribution must be one of {', '.join(NOISES)}, got {distribution!r}")
    if distribution == "student-t" and k >= NU:
        return sp.nan if k % 2 else sp.oo
    if k % 2:
        return sp.Integer(0)
    half = k // 2
    return {
        "normal": lambda: sp.factorial2(k - 1),
        "uniform": lambda: sp.Rational(3**half, k + 1),
        "rademacher": lambda: sp.Integer(1),
        "laplace": lambda: sp.factorial(k) / 2**half,
        "student-t": lambda: sp.Mul(
            *(sp.Rational((NU - 2) * (2 * i - 1), NU - 2 * i) for i in range(1, half + 1))
        ),
    }[distribution]()


def tail_ratio(distribution, n):
    """E eps^(4n) / (E eps^(2n))^2 as a float, inf where a moment diverges.

    A variance of eps^n measured with N samples fluctuates by about the root of this over N, relatively: where
    the ratio is large, the variance is made by rare values.
    """
    fourth = noise_moment(distribution, 4 * n)
    return float(fourth / noise_moment(distribution, 2 * n) ** 2) if fourth.is_finite else np.inf


def batch_average_moments(distribution, n, batch_size, q_moments=Q_MOMENTS):
    """Mean, variance and fourth central moment of <q eps^n>_B by Theorem 1 (corrected), exactly.

    Parameters
    ----------
    distribution : str
        See `noise_moment`.
    n : int
        Power of the noise, >= 1.
    batch_size : int
        |B|: the number of independent samples.
    q_moments : sequence of five numbers
        E q^k for k = 0 ... 4.

    Returns
    -------
    tuple of three SymPy numbers
        The fourth moment is oo where E eps^(4n) diverges.

    Raises
    ------
    ValueError
        If E eps^(2n) diverges, so that the average has no variance.
    """
    if n < 1 or batch_size < 1:
        raise ValueError(f"n and batch_size must be integers >= 1, got {n} and {batch_size}")
    if not noise_moment(distribution, 2 * n).is_finite:
        raise ValueError(
            f"n = {n} is too large for {distribution!r}: E eps^{2 * n} diverges and Theorem 1 needs it; "
            f"use n <= {(NU - 1) // 2}"
        )
    raw = [q * noise_moment(distribution, k * n) for k, q in enumerate(q_moments)]
    mean = raw[1]
    variance = raw[2] - mean**2
    if raw[4] == sp.oo:
        return mean, variance / batch_size, sp.oo
    fourth = raw[4] - 4 * mean * raw[3] + 6 * mean**2 * raw[2] - 3 * mean**4
    # Only the cumulants of a sum of independent terms add up; the fourth is fourth - 3 variance^2.
    excess = (fourth - 3 * variance**2) / batch_size**3
    variance /= batch_size
    return mean, variance, excess + 3 * variance**2


def draw(distribution, size, seed):
    """Independent samples: q uniform on (0, 2) and unit-variance noise eps, two arrays of length `size`."""
    rng = np.random.default_rng(seed)
    return rng.uniform(0, 2, size), NOISES[distribution](rng, size)


def batch_averages(terms, batch_size):
    """Averages over consecutive batches of `terms`, one for each whole batch."""
    whole = len(terms) // batch_size * batch_size
    return terms[:whole].reshape(-1, batch_size).mean(axis=1)


def z_scores(averages, mean, variance, fourth):
    """How many standard deviations the measured mean and variance of `averages` are from exact moments.

    The variance is measured about the exact mean, so that its own variance is (fourth - variance^2)/R exactly.
    """
    mean, variance, fourth = float(mean), float(variance), float(fourth)
    root = np.sqrt(len(averages))
    spread = np.sqrt(fourth - variance**2)
    return (
        root * (averages.mean() - mean) / np.sqrt(variance),
        root * (np.mean((averages - mean) ** 2) - variance) / spread,
    )
