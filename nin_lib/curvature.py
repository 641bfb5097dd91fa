"""Curvature of the loss: at a NIN's layer, and in all weights.

To second order in the noise the mean step of W_NI is W_NI -> (1 - eta sigma_eps^2 <H>) W_NI, Eq. (2) as the chapter
`noise-expansion` corrects it. `LocalCurvature` measures <H> on any net; `nin_lib.decay` has what follows from it.
"""

import functools
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nin_lib import checks
from nin_lib.data import Data, as_input
from nin_lib.distributions import DISTRIBUTIONS
from nin_lib.extras import needed
from nin_lib.injection import Draw, NoiseInjection
from nin_lib.local_loss import BatchLoss, LocalLoss
from nin_lib.networks import evaluating
from nin_lib.training import LOSSES, check_outputs

with needed("torch"):
    import torch
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

Seed = int | np.random.Generator

DENSE = 64
"""Up to so many features the eigenvalues come from the matrix, beyond it from products with vectors."""


class LocalCurvature(LinearOperator):
    """Local gradient g and mean local Hessian <H> of Eq. (3), at the layer of a NIN in any net.

    It is a SciPy linear operator: ``curvature @ v`` is <H> v, without the matrix, for v of shape (features,) or
    (features, k). It always describes the net as it is at that moment, so that one object serves a whole training; to
    keep <H> of a moment, keep `matrix`.

    <H> is the Hessian, at delta = 0, of the mean clean loss as a function of a vector delta, shape (features,), that
    is added to the preactivation of every sample: what the NIN does with W_NI = delta and eps = 1. Where the layer
    acts at many places, a convolution at its positions or a layer called several times in one forward pass, delta is
    added at all of them, as W_NI eps is, and <H> is the sum of the second derivatives over all pairs of places. Since
    each sample sees one eps at all its places, this is the <H> of the update rule there too. With ``per="position"`` the
    pairs are those of a position with itself, and a product costs as many as there are positions.

    Layers that differ in training, such as dropout, act as in evaluation. ReLU: the derivatives are those of the
    smooth pieces, almost everywhere right for each sample but not for the mean over a population, to which the samples
    at the kink contribute (footnote 3 and the chapter `noise-expansion`). That term is not in <H>; `pull` and
    `forward_trace` have it.

    Parameters
    ----------
    net : torch.nn.Module
    nin : NoiseInjection
        A NIN attached to `net`.
    x : torch.Tensor, or iterable of batches
        Samples over which the mean is taken, counted by dimension 0. Or batches of any form that the net takes, such as
        a list or a DataLoader, which is read again for each measurement: pairs of inputs (a tensor, a tuple of arguments, a
        dictionary of named ones) and targets, or dictionaries that hold both.
    y : torch.Tensor, optional
        The target of each sample, if `x` is a tensor.
    loss : {"ce", "mse"} or callable
        As in `nin_lib.training.train`, where the targets are classes; or ``loss(output, target)``, the mean loss of a
        batch. Where this is a dictionary, the target is the batch itself: ``lambda output, batch: output.loss``, for a net
        that returns its loss.
    rows : int
        So many samples >= 1 of a tensor `x` are in memory at a time.
    method : {"products", "differences"}
        How <H> v is computed: by differentiating twice, exactly, with the plain kernels of attention; or, where
        there is no second derivative (fused attention, reentrant checkpointing, many functions of one's own), by a central
        difference of gradients, over shifts of the preactivation of up to 0.1, in which the kinks of ReLU count as in noise.

    Raises
    ------
    TypeError
        If an argument is of another kind than above.
    ValueError
        If an argument is not as above; in the use, if the loss is not finite, if there is no second derivative, or if a
        seed is neither an int >= 0 nor a numpy.random.Generator.

    Examples
    --------
    >>> net, x, y = torch.nn.Linear(3, 2), torch.ones(5, 3), torch.zeros(5, 2)
    >>> nin = NoiseInjection(net, "", sigma_eps=1.0)
    >>> curvature = LocalCurvature(net, nin, x, y, loss=torch.nn.functional.mse_loss)
    >>> print(curvature.matrix())  # of the mean of two squares
    [[1. 0.]
     [0. 1.]]
    """

    def __init__(
        self,
        net: torch.nn.Module,
        nin: NoiseInjection,
        x: torch.Tensor | Iterable[Any],
        y: torch.Tensor | None = None,
        loss: str | Callable[[Any, Any], torch.Tensor] = "ce",
        rows: int = 1000,
        method: str = "products",
    ) -> None:
        self._loss = LocalLoss(net, nin, x, y, loss, rows, method)
        self._nin = nin
        super().__init__(np.dtype(float), (len(nin.weight), len(nin.weight)))

    def gradients(self) -> np.ndarray:
        """Local gradient g of each sample, shape (n, features): its mean is <g> of Eq. (3).

        The kicks of the update rule are ``xi = <eps g>_B``, of mean square ``sigma_eps^2 <|g|^2> / batch_size``.
        With ``per="position"`` there is a g for each position of each sample, (n * positions, features).

        Returns
        -------
        ndarray, shape (n, features)
            In units of the loss.
        """
        zero = torch.zeros_like(self._nin.weight)
        return _finite(torch.cat([batch.gradients(zero, torch.ones, apart=True) for batch in self._loss]))

    def matrix(self) -> np.ndarray:
        """<H> of Eq. (3) itself, shape (features, features): as many products as there are features."""
        matrix = self @ np.eye(len(self._nin.weight))
        return (matrix + matrix.T) / 2

    def rayleigh(self, v: ArrayLike) -> float:
        """Rayleigh quotient v.<H>v / v.v, by one product: for v = W_NI, in weak noise, the rate at which |W_NI| falls.

        The rate is that per step, in units of eta sigma_eps^2.

        Parameters
        ----------
        v : array_like, shape (features,)
            A direction: numbers of which one at least is not 0. Its length does not matter.

        Returns
        -------
        float
            Between the smallest and the largest eigenvalue.

        Raises
        ------
        ValueError
            If `v` is not as above.
        """
        direction = checks.numbers("v", v, remedy="use nin.weight.detach().numpy(), for example")
        if direction.shape != self.shape[:1] or not direction.any():
            raise ValueError(
                f"v must be a direction, not 0, of shape {self.shape[:1]}, got {direction}: "
                "use nin.weight.detach().numpy(), for example"
            )
        # To numbers near 1, by a power of 2, which rounds nothing: the squares of tiny ones would vanish.
        u = np.ldexp(direction, -np.frexp(np.abs(direction).max())[1])
        return float(u @ (self @ u) / (u @ u))

    def pull(self, seed: Seed = 0) -> float:
        """What the Rayleigh quotient along W_NI becomes at the strength of noise that `nin` has, to all orders.

        ``W_NI.<dL/dW_NI> / (sigma_eps^2 |W_NI|^2)``, with one eps of the NIN's distribution and its negative for each
        sample, so that the kicks cancel. It contains the kinks of ReLU and tends to `rayleigh` of W_NI, but for them,
        as sigma_eps |W_NI| -> 0. W_NI and sigma_eps must not be 0.

        Returns
        -------
        float
            In units of <H>.
        """
        weight = self._nin.weight.detach()

        def along(batch: BatchLoss, eps: Draw) -> torch.Tensor:
            return batch.gradient(weight, eps) @ weight

        mean = self._mean(self._of_both_signs(along, seed))
        return self._over(mean, self._nin.sigma_eps**2 * (weight @ weight).item())

    def kick(self, seed: Seed = 0) -> float:
        """What the mean square local gradient ``<|g|^2>`` becomes at the strength of noise that `nin` has, to all orders.

        ``<|eps g|^2> / sigma_eps^2``, with g where the noise has moved the preactivation to. Samples on which eps is large
        have the larger loss, and count more. sigma_eps must not be 0.

        Returns
        -------
        float
            In units of the loss squared.
        """
        weight = self._nin.weight.detach()

        def square(batch: BatchLoss, eps: Draw) -> torch.Tensor:
            return (batch.gradients(weight, eps) ** 2).sum(1).mean()

        return self._over(self._mean(self._of_both_signs(square, seed)), self._nin.sigma_eps**2)

    def pull_square(self, seed: Seed = 0) -> float:
        """What ``|<H> W_NI|^2 / |W_NI|^2`` becomes at the strength of noise that `nin` has, to all orders.

        ``|<dL/dW_NI>|^2 / (sigma_eps^4 |W_NI|^2)``, averaged over pairs of different samples, which removes the bias of a
        squared mean; `pull` squared if W_NI is an eigenvector. W_NI and sigma_eps must not be 0.

        Returns
        -------
        float
            In units of <H> squared.

        Raises
        ------
        ValueError
            If there is one sample only, and so no pair.
        """
        weight = self._nin.weight.detach()
        of_batch = self._of_both_signs(lambda batch, eps: batch.gradients(weight, eps), seed)
        h = torch.cat([of_batch(batch) for batch in self._loss])
        n = len(h)
        if n < 2:
            raise ValueError("x must hold two samples or more, got 1: the mean is one over pairs of them")
        square = ((h.sum(0) ** 2).sum() - (h**2).sum()) / (n * (n - 1))
        return self._over(square, self._nin.sigma_eps**4 * (weight @ weight).item())

    def reading(self, eta: float, batch_size: int, seed: Seed = 0) -> float:
        """What `estimate_curvature` is to read from the root mean square of W_NI after one step from here, to all orders.

        `pull`, less what the kicks and the unequal curvatures along W_NI take from it. The mean square of W_NI after the
        step, in units of ``|W_NI|^2``, is exactly ::

            1 - 2 eta sigma_eps^2 pull + eta^2 sigma_eps^4 (1 - 1/|B|) pull_square
              + eta^2 sigma_eps^2 kick / (|B| |W_NI|^2)

        Parameters
        ----------
        eta : float
            Learning rate > 0. Where eta sigma_eps^2 pull is below 1e-16, rounding leaves nothing of it.
        batch_size : int
            |B| >= 1, so many samples of independent noise.
        seed : int or numpy.random.Generator
            Source of the noise, one eps for each sample.

        Returns
        -------
        float
            In units of <H>.

        Raises
        ------
        ValueError
            If an argument is not as above, or there is one sample only.
        """
        eta = checks.number("eta", eta, 0, strictly=True, remedy="0.01 is a usual learning rate")
        batch_size = checks.whole("batch_size", batch_size, 1, "it counts the samples of a batch")
        weight, strength = self._nin.weight.detach(), eta * self._nin.sigma_eps**2
        kicks = eta * strength * self.kick(seed) / self._above_0(batch_size * (weight @ weight).item())
        square = 1 - 2 * strength * self.pull(seed) + kicks
        square += strength**2 * (1 - 1 / batch_size) * self.pull_square(seed)
        return (1 - math.sqrt(max(square, 0.0))) / self._above_0(strength)

    def largest(self, tol: float = 1e-8) -> float:
        """Largest eigenvalue of <H>; beyond 64 features by Lanczos iteration, to `tol` >= 0 of itself.

        W_NI is stable, to second order, while eta sigma_eps^2 times it is below 2.

        Returns
        -------
        float
            In units of <H>.
        """
        tol = checks.number("tol", tol, 0, remedy="1e-8 is a usual accuracy")
        if self.shape[0] <= DENSE:
            return float(np.linalg.eigvalsh(self.matrix())[-1])
        return _largest(self, tol)

    def extremes(self, tol: float = 1e-8) -> tuple[float, float]:
        """Smallest and largest eigenvalue of <H>; beyond 64 features by Lanczos iteration, to `tol` of the largest."""
        tol = checks.number("tol", tol, 0, remedy="1e-8 is a usual accuracy")
        if self.shape[0] <= DENSE:
            eigenvalues = np.linalg.eigvalsh(self.matrix())
            return float(eigenvalues[0]), float(eigenvalues[-1])
        largest = _largest(self, tol)
        # Many eigenvalues lie near 0, which Lanczos resolves badly: seen from the other end they are an ordinary edge.
        flipped = LinearOperator(self.shape, lambda v: largest * v - self @ v, dtype=self.dtype)
        return largest - _largest(flipped, tol), largest

    def trace(self, probes: int = 32, seed: Seed = 0) -> tuple[float, float]:
        """Trace of <H> by Hutchinson's estimate, and its standard error; `matrix` has the exact one.

        Parameters
        ----------
        probes : int
            Number >= 2 of vectors of random signs: the standard error needs two.
        seed : int or numpy.random.Generator
            Source of the signs.

        Returns
        -------
        trace, error : float
            In units of <H>.
        """
        probes = checks.whole("probes", probes, 2, "the standard error needs two")
        signs = _stream(seed).choice([-1.0, 1.0], (self.shape[0], probes))
        return mean_and_error((signs * (self @ signs)).sum(0))

    def forward_trace(self, probes: int = 32, strength: float = 0.1, seed: Seed = 0) -> tuple[float, float]:
        """Trace of <H> at this strength of noise from forward passes alone, and its standard error; kinks included.

        [L(+eps) + L(-eps) - 2 L(0)] / strength^2, with eps of the NIN's distribution and W_NI of random signs, so that the
        noise has the standard deviation `strength` in each feature. Neither `method` nor a gradient enters; the values of
        W_NI and sigma_eps do not, either.

        Parameters
        ----------
        probes : int
            Number >= 2 of draws of both, two forward passes each: the standard error needs two.
        strength : float
            Standard deviation > 0 of the noise. A small one is nearer to the curvature at a point, and loses digits.
        seed : int or numpy.random.Generator
            Source of the signs and of the noise.

        Returns
        -------
        trace, error : float
            In units of <H>.
        """
        probes = checks.whole("probes", probes, 2, "the standard error needs two")
        strength = checks.number("strength", strength, 0, strictly=True, remedy="0.1 is usual")
        rng = _stream(seed)
        signs = torch.from_numpy(rng.choice([-1.0, 1.0], (probes, self.shape[0]))).to(self._nin.weight)

        def of_batch(batch: BatchLoss) -> torch.Tensor:
            clean = batch.value(signs[0], torch.zeros)
            noisy = [
                sum(batch.value(w_ni, eps) for eps in self._draw_both_signs(rng, strength)) for w_ni in signs
            ]
            return (torch.tensor(noisy, dtype=torch.float64) - 2 * clean) / self._above_0(strength**2)

        return mean_and_error(_finite(self._mean(of_batch)))

    def _mean(self, of_batch: Callable[[BatchLoss], torch.Tensor]) -> torch.Tensor:
        """Mean over all samples, of a function of a batch."""
        total, n = torch.zeros(()), 0
        for batch in self._loss:
            total = of_batch(batch) * batch.samples + total
            n += batch.samples
        return total / n

    def _of_both_signs(
        self, of_eps: Callable[[BatchLoss, Draw], torch.Tensor], seed: Seed
    ) -> Callable[[BatchLoss], torch.Tensor]:
        """Mean over one eps of the NIN for each sample and its negative, as a function of a batch: odd orders cancel."""
        rng, sigma_eps = _stream(seed), self._nin.sigma_eps
        if not torch.tensor(sigma_eps).to(self._nin.weight):
            raise ValueError(
                f"nin has sigma_eps = {sigma_eps:g}, so that there is no strength of noise to measure at: "
                "use a larger sigma_eps"
            )

        def of_batch(batch: BatchLoss) -> torch.Tensor:
            first, second = (of_eps(batch, eps) for eps in self._draw_both_signs(rng, sigma_eps))
            return (first + second) / 2

        return of_batch

    def _draw_both_signs(self, rng: np.random.Generator, sigma_eps: float) -> tuple[Draw, Draw]:
        """An eps of the NIN's distribution, and its negative, for the shape that a batch turns out to have."""

        @functools.cache
        def eps(*shape: int) -> torch.Tensor:
            with np.errstate(over="ignore"):
                return torch.from_numpy(sigma_eps * DISTRIBUTIONS[self._nin.distribution](rng, shape))

        return eps, lambda *shape: -eps(*shape)

    def _over(self, numerator: torch.Tensor, denominator: float) -> float:
        return float(_finite(numerator).item() / self._above_0(denominator))

    def _above_0(self, denominator: float) -> float:
        """A power of sigma_eps and |W_NI|, to divide by."""
        if not 0 < denominator < math.inf:
            raise ValueError(
                f"nin must have sigma_eps and W_NI whose powers are neither 0 nor too large for a float, got sigma_eps = "
                f"{self._nin.sigma_eps} and |W_NI| = {self._nin.weight.norm().item()}: choose others"
            )
        return denominator

    def _matmat(self, v: np.ndarray) -> np.ndarray:
        numbers = checks.numbers("v", v, remedy="<H> acts on real vectors")
        columns = torch.from_numpy(numbers).to(self._nin.weight)

        return _finite(self._mean(lambda batch: batch.products(columns)))

    def _matvec(self, v: np.ndarray) -> np.ndarray:
        return self._matmat(v.reshape(-1, 1))


def _stream(seed: Seed) -> np.random.Generator:
    if isinstance(seed, np.random.Generator):
        return seed
    return np.random.default_rng(checks.whole("seed", seed, 0, "or give a numpy.random.Generator"))


def mean_and_error(samples: np.ndarray) -> tuple[float, float]:
    """Mean of independent samples, two or more, and its standard error."""
    return float(samples.mean()), float(samples.std(ddof=1) / math.sqrt(len(samples)))


def _largest(operator: LinearOperator, tol: float) -> float:
    v0 = np.random.default_rng(0).standard_normal(operator.shape[0])  # eigsh's own start is random
    if not np.any(operator @ v0):  # a catapult can switch off every unit, and ARPACK refuses a zero
        return 0.0
    try:
        return float(eigsh(operator, 1, which="LA", v0=v0, tol=tol, return_eigenvectors=False)[0])
    except ArpackNoConvergence as error:
        raise ValueError(
            f"tol must be an accuracy that Lanczos iteration reaches, got {tol}: choose a larger one"
        ) from error


def _finite(result: torch.Tensor) -> np.ndarray:
    """As a float64 array, if it is finite."""
    array: np.ndarray = result.double().cpu().numpy()
    if not np.all(np.isfinite(array)):
        raise ValueError(
            "the loss of net on x is not finite, so that it has no curvature: measure before it diverges"
        )
    return array


def sharpness(net: torch.nn.Module, data: Data, loss: str = "ce") -> float:
    """Largest eigenvalue of the Hessian of the clean training loss in all weights and biases (not W_NI).

    Lanczos iteration (`scipy.sparse.linalg.eigsh`) on Hessian-vector products, to 1e-3 of itself; no matrix is formed.
    Layers that differ in training, such as dropout, act as in evaluation.

    Parameters
    ----------
    net : torch.nn.Module
        Two or more of its weights ask for a gradient.
    data : nin_lib.data.Data
        The training set is used.
    loss : {"ce", "mse"}
        As in `nin_lib.training.train`.

    Returns
    -------
    float
        SGD with learning rate eta is stable, to second order, while it is below 2/eta.

    Raises
    ------
    TypeError
        If an argument is of another kind than above.
    ValueError
        If an argument is not as above, or the loss is not finite.

    Examples
    --------
    >>> from nin_lib.data import load
    >>> from nin_lib.networks import mlp
    >>> print(f"SGD is stable below eta = {2 / sharpness(mlp((64, 10)), load('digits'), loss='mse'):.2f}")
    SGD is stable below eta = 0.31
    """
    checks.instance("net", net, torch.nn.Module, "use nin_lib.networks.mlp, for example")
    checks.instance("data", data, Data, 'use nin_lib.data.load("digits"), for example')
    criterion = LOSSES[checks.choice("loss", loss, LOSSES)]
    weights = [p for name, p in net.named_parameters() if not name.endswith("nin_weight") and p.requires_grad]
    size = sum(p.numel() for p in weights)
    if size < 2:
        raise ValueError(
            f"net must have two weights or more that ask for a gradient, got {size}: choose another net"
        )
    with evaluating(net):
        output, y = net(as_input(data.x_train, weights[0])), data.y_train.to(weights[0].device)
        check_outputs(output, y)
        value = criterion(output, y)
    first = torch.autograd.grad(value, weights, create_graph=True, materialize_grads=True)
    gradient = torch.cat([g.flatten() for g in first])

    def product(v: np.ndarray) -> np.ndarray:
        direction = torch.as_tensor(v).to(gradient).flatten()
        second = torch.autograd.grad(gradient, weights, direction, retain_graph=True, materialize_grads=True)
        return _finite(torch.cat([g.flatten() for g in second]))

    return _largest(LinearOperator((size, size), product, dtype=float), tol=1e-3)
