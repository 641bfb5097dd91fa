"""Numerics of the noise expansion, Eqs. (1)-(3) and (11)-(14).

It works on any per-sample loss written as a function of the preactivations z of the noisy layer.
"""

from dataclasses import dataclass

import numpy as np

from nin_lib.extras import needed

with needed("torch"):
    import torch
    from scipy import stats


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
