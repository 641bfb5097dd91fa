"""Numerics of the noise expansion, Eqs. (1)-(3) and (11)-(14).

It works on any per-sample loss written as a function of the preactivations z of the noisy layer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nin_lib.checks import FloatArray, choice, number, numbers, whole
from nin_lib.extras import needed

with needed("torch"):
    import torch
    from scipy import stats

Loss = Callable[[torch.Tensor], torch.Tensor]
# Each derivative takes about three times as long as the one before it.
LARGEST_ORDER = 10
# Where a kink is put that no noise reaches.
NEVER = 1e300


def _tensor(name: str, value: Any, *shape: int | str) -> torch.Tensor:
    """`value`, a tensor of finite floats with these lengths of its axes; a word stands for any length."""
    if not (isinstance(value, torch.Tensor) and value.is_floating_point()):
        raise TypeError(f"{name} must be a floating-point tensor, got {value!r}: make it with torch.tensor")
    if value.ndim != len(shape) or any(
        isinstance(wanted, int) and wanted != length
        for wanted, length in zip(shape, value.shape, strict=True)
    ):
        wanted = f"({', '.join(map(str, shape))})"
        raise ValueError(f"{name} must have the shape {wanted}, got {tuple(value.shape)}: reshape it")
    if not value.isfinite().all():
        bad = value[~value.isfinite()][0].item()
        raise ValueError(f"{name} must hold finite numbers, got {bad}: look where it comes from")
    return value


def _losses(loss: Loss, z: torch.Tensor) -> torch.Tensor:
    """What `loss` returns, a number for each row of z."""
    if not callable(loss):
        raise TypeError(f"loss must be a function of z, got {loss!r}: it returns the loss of each sample")
    losses = loss(z)
    if losses.shape != (len(z),):
        raise ValueError(
            f"loss must return one number for each of {len(z)} samples, got shape {tuple(losses.shape)}: do not average"
        )
    return losses


def _derivative(values: torch.Tensor, variable: torch.Tensor, again: bool = False) -> torch.Tensor:
    """The derivative of the sum of `values`, zero where they do not depend on the variable; `again`: to derive it."""
    if not values.requires_grad:  # constant on its smooth piece
        return torch.zeros_like(variable)
    return torch.autograd.grad(
        values.sum(), variable, retain_graph=True, create_graph=again, materialize_grads=True
    )[0]


def directional_derivatives(loss: Loss, z: torch.Tensor, w_ni: torch.Tensor, order: int) -> torch.Tensor:
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
        Highest derivative, from 0 (the noise-free loss) to 10.

    Returns
    -------
    torch.Tensor, shape (order + 1, n)
        Row k holds (W_NI . grad_z)^k loss, in units of the loss. Where the activation has a kink this is
        the derivative of the smooth piece on which z lies.

    Raises
    ------
    TypeError
        If `loss` is no function, or `z` or `w_ni` no floating-point tensor.
    ValueError
        If a shape or `order` is not as described, or an element of a tensor is not finite.
    """
    order = whole("order", order, 0, "0 is the noise-free loss", LARGEST_ORDER)
    _tensor("z", z, "n", "d")
    _tensor("w_ni", w_ni, z.shape[1])
    eps = torch.zeros(len(z), dtype=z.dtype, requires_grad=True)
    rows = [_losses(loss, z + eps[:, None] * w_ni)]
    for _ in range(order):
        rows.append(_derivative(rows[-1], eps, again=True))
    return torch.stack(rows).detach()


def truncated_loss(derivatives: torch.Tensor, eps: torch.Tensor) -> torch.Tensor:
    """Batch loss by the series of Eq. (11), for every order up to the one of `derivatives`.

    Parameters
    ----------
    derivatives : torch.Tensor, shape (K + 1, n)
        From `directional_derivatives`.
    eps : torch.Tensor, shape (n,)
        Injected noise of each sample, n >= 1.

    Returns
    -------
    torch.Tensor, shape (K + 1,)
        Entry K is the batch mean of the series cut after the term eps^K.

    Raises
    ------
    TypeError
        If an argument is no floating-point tensor.
    ValueError
        If a shape is not as described, or an element is not finite.
    """
    _tensor("derivatives", derivatives, "K + 1", "n")
    _tensor("eps", eps, derivatives.shape[1])
    if not len(eps):
        raise ValueError("eps must hold at least one sample, got none: there is no mean of nothing")
    k = torch.arange(len(derivatives), dtype=eps.dtype)
    terms = derivatives * eps ** k[:, None] / torch.exp(torch.lgamma(k + 1))[:, None]
    return terms.mean(1).cumsum(0)


def local_gradient(loss: Loss, z: torch.Tensor) -> torch.Tensor:
    """Local gradient g of Eq. (3): the derivative of each sample's loss with respect to its z.

    Parameters
    ----------
    loss, z
        As in `directional_derivatives`.

    Returns
    -------
    torch.Tensor, shape (n, d)

    Raises
    ------
    TypeError
        As in `directional_derivatives`.
    ValueError
        As in `directional_derivatives`.
    """
    z = _tensor("z", z, "n", "d").detach().clone().requires_grad_()
    return _derivative(_losses(loss, z), z)


def local_hessian(loss: Loss, z: torch.Tensor) -> torch.Tensor:
    """Local Hessian H of Eq. (3); at a kink of the activation, that of the smooth piece.

    Parameters
    ----------
    loss, z
        As in `directional_derivatives`.

    Returns
    -------
    torch.Tensor, shape (n, d, d)

    Raises
    ------
    TypeError
        As in `directional_derivatives`.
    ValueError
        As in `directional_derivatives`.
    """
    z = _tensor("z", z, "n", "d").detach().clone().requires_grad_()
    g = _derivative(_losses(loss, z), z, again=True)
    return torch.stack([_derivative(g[:, j], z) for j in range(z.shape[1])], dim=1)


def normal_quadrature(sigma: float, kinks: ArrayLike = (), points: int = 48) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights of the expectation over a normal variable N(0, sigma^2).

    Without kinks this is the Gauss-Hermite rule. With kinks, the points at which the integrand is not
    smooth, Gauss-Legendre rules between neighbouring kinks take its place (on +-10 sigma), so that a
    piecewise smooth integrand keeps full accuracy.

    Parameters
    ----------
    sigma : float
        Standard deviation, from 1e-300 to 1e300.
    kinks : array_like, shape (..., m)
        Positions of the kinks; leading axes are independent integrands.
    points : int
        Nodes of each rule, from 1 to 300; the weights of more of them underflow.

    Returns
    -------
    nodes, weights : ndarray, shape (..., points * (m + 1))

    Raises
    ------
    ValueError
        If an argument is not as described.
    """
    sigma = number("sigma", sigma, 1e-300, remedy="without noise there is no average", high=1e300)
    points = whole("points", points, 1, "it counts the nodes of a rule", 300)
    kinks = np.atleast_1d(numbers("kinks", kinks, remedy="leave out the kinks that are not there"))
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


def loglog_slope(x: ArrayLike, y: ArrayLike) -> float:
    """Exponent p of the power law y ~ x^p, by least squares through the logarithms.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Numbers > 0, at least two, not all x the same.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If `x` or `y` is not as described.
    """
    a, b = (numbers(name, v, 0, True, "a power law has a logarithm") for name, v in (("x", x), ("y", y)))
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"x and y must be rows of one length, got shapes {a.shape} and {b.shape}: cut one")
    log_x, log_y = np.log(a), np.log(b)
    if not len(a) or np.ptp(log_x) <= 1e-12 * np.abs(log_x).max():
        raise ValueError(f"x must hold different numbers, got {a}: a slope needs two points")
    return float(np.polynomial.Polynomial.fit(log_x, log_y, 1).convert().coef[1])


def _kinks(height: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
    """Where height + slope s is zero, in s; beyond any noise where it never is."""
    return torch.where(slope == 0, NEVER, (-height / slope).clamp(-NEVER, NEVER))


@dataclass(frozen=True)
class SmallNetwork:
    """One hidden layer: f(x) = v . phi(a x + b), loss (f - y)^2/2, target y = sin 2x.

    The noise injection node sits on the preactivations z = a x + b. With a single normal input every
    average over the data is a one-dimensional integral, so the kinks of ReLU can be handled exactly.

    Attributes
    ----------
    activation : "tanh" or "relu"
    a, b, v, w_ni : torch.Tensor, shape (width,), float64

    Raises
    ------
    TypeError
        If a weight is no floating-point tensor.
    ValueError
        If the activation is another, or the weights are not finite or not of one shape.
    """

    activation: str
    a: torch.Tensor
    b: torch.Tensor
    v: torch.Tensor
    w_ni: torch.Tensor

    def __post_init__(self) -> None:
        choice("activation", self.activation, ("tanh", "relu"))
        _tensor("a", self.a, "width")
        for name in ("b", "v", "w_ni"):
            _tensor(name, getattr(self, name), len(self.a))

    @classmethod
    def random(cls, activation: str, width: int = 6, seed: int = 0) -> "SmallNetwork":
        """Draw the weights a, b, W_NI ~ N(0, 1) and v ~ N(0, 1/width).

        Parameters
        ----------
        activation : "tanh" or "relu"
        width : int
            Units of the hidden layer, >= 1.
        seed : int
            Seed of the weights, >= 0.

        Returns
        -------
        SmallNetwork

        Raises
        ------
        ValueError
            If an argument is not as described.
        """
        choice("activation", activation, ("tanh", "relu"))
        width = whole("width", width, 1, "it counts the units of the hidden layer")
        rng = np.random.default_rng(whole("seed", seed, 0, "any such number will do"))
        a, b, v, w_ni = torch.from_numpy(rng.normal(size=(4, width)))
        return cls(activation, a, b, v / width**0.5, w_ni)

    def preactivations(self, x: torch.Tensor) -> torch.Tensor:
        """Noise-free z, (n, width), for inputs x, (n,)."""
        return _tensor("x", x, "n")[:, None] * self.a + self.b

    def residual(self, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        """Error f - y of each sample, (n,), for inputs x, (n,), and preactivations z, (n, width)."""
        _tensor("x", x, "n")
        _tensor("z", z, len(x), len(self.v))
        activated = torch.tanh(z) if self.activation == "tanh" else torch.relu(z)
        return activated @ self.v - torch.sin(2 * x)

    def loss_of(self, x: torch.Tensor) -> Loss:
        """The per-sample loss as a function of z, for fixed inputs x, (n,): what the functions above ask for."""
        _tensor("x", x, "n")
        return lambda z: self.residual(x, z) ** 2 / 2

    def kinks(self, x: torch.Tensor | None = None, eps: float = 0.0) -> FloatArray:
        """Where ReLU bends: in eps for each input x, (n, width), or in x at a common noise eps, (width,).

        Returns
        -------
        numpy.ndarray
            A unit that never bends has its kink at 1e300, beyond any noise. Of tanh there are none: shape (0,).
        """
        eps = number("eps", eps, remedy="it is the noise, the same for all inputs")
        z = self.b + eps * self.w_ni if x is None else self.preactivations(x)
        if self.activation == "tanh":
            return np.empty(0)
        return np.asarray(_kinks(z, self.a if x is None else self.w_ni).numpy())

    def population(self, eps: float = 0.0) -> tuple[torch.Tensor, torch.Tensor]:
        """Inputs and weights of an average over x ~ N(0, 1), exact also where ReLU bends at z + eps W_NI = 0."""
        nodes, weights = normal_quadrature(1.0, self.kinks(eps=eps))
        return torch.from_numpy(nodes), torch.from_numpy(weights)

    def mean_hessian(self, x: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """<H>, (width, width), over inputs x, (n,), with weights, (n,), that sum to 1."""
        _tensor("x", x, "n")
        _tensor("weights", weights, len(x))
        return torch.einsum("n,nij->ij", weights, local_hessian(self.loss_of(x), self.preactivations(x)))

    def mean_gradient(self, sigma_eps: float, x: torch.Tensor | None = None) -> torch.Tensor:
        """Mean of dL/dW_NI = eps g(z + eps W_NI) over eps ~ N(0, sigma_eps^2), without any expansion.

        This is what the series, Eq. (14), is held against.

        Parameters
        ----------
        sigma_eps : float
            Standard deviation of the noise, > 0.
        x : torch.Tensor, shape (n,), optional
            Inputs to average over, at least one; without them, the whole population x ~ N(0, 1).

        Returns
        -------
        torch.Tensor, shape (width,)

        Raises
        ------
        TypeError
            If `x` is no floating-point tensor.
        ValueError
            If an argument is not as described.
        """
        sigma_eps = number("sigma_eps", sigma_eps, 0, True, "without noise there is no average", 1e100)
        if x is None:
            total = torch.zeros_like(self.w_ni)
            for eps, weight in zip(*normal_quadrature(sigma_eps, points=24), strict=True):
                nodes, mass = self.population(eps)
                total = total + weight * self._gradient(nodes, torch.full_like(nodes, eps), mass)
            return total
        if not len(_tensor("x", x, "n")):
            raise ValueError("x must hold at least one input, got none: leave it out to average over all")
        noise, density = map(torch.from_numpy, normal_quadrature(sigma_eps, self.kinks(x)))
        noise, density = (t.expand(len(x), -1).flatten() for t in (noise, density / len(x)))
        return self._gradient(x.repeat_interleave(len(noise) // len(x)), noise, density)

    def _gradient(self, x: torch.Tensor, eps: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        g = local_gradient(self.loss_of(x), self.preactivations(x) + eps[:, None] * self.w_ni)
        return (weights * eps) @ g

    def kink_term(self) -> torch.Tensor:
        """Population mean of delta(z_j) v_j (f - y), (width,): what the smooth pieces of ReLU leave out of <H>.

        With z_j = a_j x + b_j the delta function picks x = -b_j/a_j, with the density p(x)/|a_j|.

        Returns
        -------
        torch.Tensor, shape (width,)
            Zeros for tanh, which has no kinks.
        """
        if self.activation == "tanh":
            return torch.zeros_like(self.v)
        x = _kinks(self.b, self.a)
        density = torch.exp(-(x**2) / 2) / (2 * torch.pi) ** 0.5 / self.a.abs()
        density = torch.where(self.a == 0, 0.0, density)
        return density * self.v * self.residual(x, self.preactivations(x))
