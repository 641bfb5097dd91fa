"""Curvature of the loss: at a NIN's layer, and in all weights.

To second order in the noise the mean step of W_NI is W_NI -> (1 - eta sigma_eps^2 <H>) W_NI, Eq. (2) as the chapter
`noise-expansion` corrects it. `LocalCurvature` measures <H> on any net; `nin_lib.decay` has what follows from it.
"""

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike

from nin_lib import checks
from nin_lib.data import Data, as_input
from nin_lib.distributions import DISTRIBUTIONS
from nin_lib.extras import needed
from nin_lib.injection import NoiseInjection, check_attached
from nin_lib.networks import evaluating
from nin_lib.training import LOSSES, check_outputs

with needed("torch"):
    import torch
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh
    from torch.func import functional_call, grad, vjp, vmap

Seed = int | np.random.Generator
ShiftedLoss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]

DENSE = 64
"""Up to so many features the eigenvalues come from the matrix, beyond it from products with vectors."""
COLUMNS = 16
"""So many products with vectors are computed together."""


class LocalCurvature(LinearOperator):
    """Local gradient g and mean local Hessian <H> of Eq. (3), at the layer of a NIN in any net.

    It is a SciPy linear operator: ``curvature @ v`` is <H> v, without the matrix, for v of shape (features,) or
    (features, k). It always describes the net as it is at that moment, so that one object serves a whole training; to
    keep <H> of a moment, keep `matrix`.

    <H> is the Hessian, at delta = 0, of the mean clean loss as a function of a vector delta, shape (features,), that
    is added to the preactivation of every sample: what the NIN does with W_NI = delta and eps = 1. Where the layer
    acts at many places, a convolution at its positions or a layer called several times in one forward pass, delta is
    added at all of them, as W_NI eps is, and <H> is the sum of the second derivatives over all pairs of places. Since
    each sample sees one eps at all its places, this is the <H> of the update rule there too.

    Layers that differ in training, such as dropout, act as in evaluation. ReLU: the derivatives are those of the
    smooth pieces, almost everywhere right for each sample but not for the mean over a population, to which the samples
    at the kink contribute (footnote 3 and the chapter `noise-expansion`). That term is not in <H>; `pull` has it.

    Parameters
    ----------
    net : torch.nn.Module
    nin : NoiseInjection
        A NIN attached to `net`.
    x, y : torch.Tensor
        Samples over which the mean is taken, and their classes, shape (n,).
    loss : {"ce", "mse"}
        As in `nin_lib.training.train`.
    rows : int
        So many samples >= 1 are in memory at a time.

    Raises
    ------
    TypeError
        If an argument is of another kind than above.
    ValueError
        If an argument is not as above; in the use, if the loss is not finite, or a seed is neither an int >= 0 nor a
        numpy.random.Generator.
    """

    def __init__(
        self,
        net: torch.nn.Module,
        nin: NoiseInjection,
        x: torch.Tensor,
        y: torch.Tensor,
        loss: str = "ce",
        rows: int = 1000,
    ) -> None:
        checks.instance("net", net, torch.nn.Module, "give the net that has the NIN")
        checks.instance("nin", nin, NoiseInjection, "use NoiseInjection(net, ...)")
        check_attached(nin, net.parameters())
        for name, tensor in (("x", x), ("y", y)):
            checks.instance(name, tensor, torch.Tensor, "use torch.from_numpy")
        if not 0 < len(x) == len(y):
            raise ValueError(
                f"x and y must hold the same number >= 1 of samples, got {len(x)} and {len(y)}: give a class to each"
            )
        if y.dtype != torch.int64 or y.ndim != 1 or y.min() < 0:
            raise ValueError(
                f"y must hold classes >= 0 of type int64, shape (n,), got {y}: use y.long(), for example"
            )
        self._name = next(name for name, parameter in net.named_parameters() if parameter is nin.weight)
        self._criterion = LOSSES[checks.choice("loss", loss, LOSSES)]
        self._rows = checks.whole("rows", rows, 1, "it counts the samples that are in memory at a time")
        self._net, self._nin, self._x, self._y, self._n = net, nin, x, y, len(x)
        self._check_that_samples_are_independent()
        super().__init__(np.dtype(float), (len(nin.weight), len(nin.weight)))

    @torch.no_grad()
    def _check_that_samples_are_independent(self) -> None:
        """Raise a ValueError if an output depends on the rest of the batch: then the answer would depend on `rows`."""
        x = as_input(self._x[:2], self._nin.weight)
        with evaluating(self._net):
            # Never a batch of one, which some layers refuse: each sample beside the other, and beside itself.
            together = self._net(x)
            alone = torch.cat([self._net(torch.cat([row, row]))[:1] for row in x.split(1)])
        tolerance = math.sqrt(torch.finfo(together.dtype).eps)
        if not torch.allclose(together, alone, rtol=tolerance, atol=tolerance, equal_nan=True):
            raise ValueError(
                "net must treat each sample by itself in eval mode, got outputs that depend on the others in the batch, as "
                "of a BatchNorm without running statistics: use one that has them, or another layer"
            )

    def gradients(self) -> np.ndarray:
        """Local gradient g of each sample, shape (n, features): its mean is <g> of Eq. (3).

        The kicks of the update rule are xi = <eps g>_B, of mean square sigma_eps^2 <|g|^2> / batch_size.

        Returns
        -------
        ndarray, shape (n, features)
            In units of the loss.
        """
        return _finite(self._gradients(self._zero()))

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

        W_NI.<dL/dW_NI> / (sigma_eps^2 |W_NI|^2), with one eps of the NIN's distribution and its negative for each
        sample, so that the kicks cancel. It contains the kinks of ReLU and tends to `rayleigh` of W_NI, but for them,
        as sigma_eps |W_NI| -> 0. W_NI and sigma_eps must not be 0.

        Returns
        -------
        float
            In units of <H>.
        """
        weight = self._nin.weight.detach()
        first, second = (
            sum(self._each(lambda loss, x, y: grad(loss)(weight, x, y) @ weight * len(x), eps))
            for eps in self._draw_both_signs(seed)
        )
        total = torch.as_tensor(first + second)
        return self._over(total, self._nin.sigma_eps**2 * (weight @ weight).item() * 2 * self._n)

    def kick(self, seed: Seed = 0) -> float:
        """What the mean square local gradient <|g|^2> becomes at the strength of noise that `nin` has, to all orders.

        <|eps g|^2> / sigma_eps^2, with g where the noise has moved the preactivation to. Samples on which eps is large
        have the larger loss, and count more. sigma_eps must not be 0.

        Returns
        -------
        float
            In units of the loss squared.
        """
        squares = [(h**2).sum(1).mean() / 2 for h in self._niw_gradients(seed)]
        return self._over(squares[0] + squares[1], self._nin.sigma_eps**2)

    def pull_square(self, seed: Seed = 0) -> float:
        """What |<H> W_NI|^2 / |W_NI|^2 becomes at the strength of noise that `nin` has, to all orders.

        |<dL/dW_NI>|^2 / (sigma_eps^4 |W_NI|^2), averaged over pairs of different samples, which removes the bias of a
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
        if self._n < 2:
            raise ValueError("x must hold two samples or more, got 1: the mean is one over pairs of them")
        weight = self._nin.weight.detach()
        first, second = self._niw_gradients(seed)
        h = (first + second) / 2
        square = ((h.sum(0) ** 2).sum() - (h**2).sum()) / (self._n * (self._n - 1))
        return self._over(square, self._nin.sigma_eps**4 * (weight @ weight).item())

    def reading(self, eta: float, batch_size: int, seed: Seed = 0) -> float:
        """What `estimate_curvature` is to read from the root mean square of W_NI after one step from here, to all orders.

        `pull`, less what the kicks and the unequal curvatures along W_NI take from it. The mean square of W_NI after the
        step, in units of |W_NI|^2, is exactly

        1 - 2 eta sigma_eps^2 pull + eta^2 sigma_eps^4 (1 - 1/|B|) pull_square + eta^2 sigma_eps^2 kick / (|B| |W_NI|^2).

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
        samples = (signs * (self @ signs)).sum(0)
        return float(samples.mean()), float(samples.std(ddof=1) / math.sqrt(probes))

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

        def of_batch(loss: ShiftedLoss, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            # Backward through the gradient: its derivative is symmetric, and some losses have no forward mode.
            def gradient(delta: torch.Tensor) -> torch.Tensor:
                found: torch.Tensor = grad(loss)(delta, x, y)
                return found

            product = vjp(gradient, self._zero())[1]
            of_columns = vmap(lambda v: product(v)[0], in_dims=1, out_dims=1, chunk_size=COLUMNS)
            product_of_batch: torch.Tensor = of_columns(columns) * (len(x) / self._n)
            return product_of_batch

        return _finite(torch.as_tensor(sum(self._each(of_batch))))

    def _matvec(self, v: np.ndarray) -> np.ndarray:
        return self._matmat(v.reshape(-1, 1))

    def _gradients(self, delta: torch.Tensor, eps: torch.Tensor | None = None) -> torch.Tensor:
        """Gradient of each sample's loss in its preactivation z, at z + delta eps: shape (n, features)."""

        def of_batch(loss: ShiftedLoss, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            shift = torch.zeros(len(x), len(self._nin.weight)).to(self._nin.weight).requires_grad_()

            def add(layer: torch.nn.Module, inputs: object, z: torch.Tensor) -> torch.Tensor:
                ones = [1] * (z.ndim - 2)
                linear = isinstance(layer, torch.nn.Linear)
                return z + shift.reshape([len(z), *ones, -1] if linear else [len(z), -1, *ones])

            hook = self._net.get_submodule(self._nin.layer_name).register_forward_hook(add)
            try:
                with torch.enable_grad():
                    return torch.autograd.grad(loss(delta, x, y) * len(x), shift)[0]
            finally:
                hook.remove()

        return torch.cat(list(self._each(of_batch, eps)))

    def _niw_gradients(self, seed: Seed) -> list[torch.Tensor]:
        """Gradient of each sample's loss in W_NI, shape (n, features), for one eps each and for its negative."""
        weight = self._nin.weight.detach()
        return [eps[:, None] * self._gradients(weight, eps) for eps in self._draw_both_signs(seed)]

    def _draw_both_signs(self, seed: Seed) -> tuple[torch.Tensor, torch.Tensor]:
        """One eps of the NIN's distribution for each sample, and its negative: odd orders cancel."""
        draw, sigma_eps = DISTRIBUTIONS[self._nin.distribution], self._nin.sigma_eps
        with np.errstate(over="ignore"):
            eps = torch.from_numpy(sigma_eps * draw(_stream(seed), self._n)).to(self._nin.weight)
        if not eps.any():
            raise ValueError(
                f"nin has sigma_eps = {sigma_eps:g}, so that there is no strength of noise to measure at: "
                "use a larger sigma_eps"
            )
        return eps, -eps

    def _zero(self) -> torch.Tensor:
        return torch.zeros_like(self._nin.weight)

    def _each(
        self,
        of_batch: Callable[[ShiftedLoss, torch.Tensor, torch.Tensor], torch.Tensor],
        eps: torch.Tensor | None = None,
    ) -> Iterator[torch.Tensor]:
        """``of_batch(loss, x, y)`` of each batch; ``loss(delta, x, y)`` is the mean loss at z + delta eps, eps = 1 if None."""

        def loss(delta: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            output = functional_call(self._net, {self._name: delta}, (x,))
            check_outputs(output, y)
            return self._criterion(output, y)

        weight = self._nin.weight
        eps = torch.ones(self._n) if eps is None else eps
        with evaluating(self._net):
            for x, y, eps_of_batch in zip(
                *(t.split(self._rows) for t in (self._x, self._y, eps)), strict=True
            ):
                with torch.no_grad(), self._nin.noise(eps_of_batch):
                    yield of_batch(loss, as_input(x, weight), y.to(weight.device))


def _stream(seed: Seed) -> np.random.Generator:
    if isinstance(seed, np.random.Generator):
        return seed
    return np.random.default_rng(checks.whole("seed", seed, 0, "or give a numpy.random.Generator"))


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
