"""Curvature of the loss: at a NIN's layer, and in all weights.

To second order in the noise the mean step of W_NI is W_NI -> (1 - eta sigma_eps^2 <H>) W_NI, Eq. (2) as the chapter
`noise-expansion` corrects it. `LocalCurvature` measures <H> on any net; `nin_lib.decay` has what follows from it.
"""

import math

import numpy as np

from nin_lib.distributions import DISTRIBUTIONS
from nin_lib.extras import needed
from nin_lib.training import LOSSES

with needed("torch"):
    import torch
    from scipy.sparse.linalg import LinearOperator, eigsh
    from torch.func import functional_call, grad, vjp, vmap

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
        So many samples are in memory at a time.

    Raises
    ------
    ValueError
        If an argument is not as above; in the use, if the loss is not finite.
    """

    def __init__(self, net, nin, x, y, loss="ce", rows=1000):
        names = [name for name, parameter in net.named_parameters() if parameter is nin.weight]
        if not names:
            raise ValueError(
                f"nin on layer {nin.layer_name!r} is not attached to this net: use NoiseInjection(net, ...)"
            )
        if not 0 < len(x) == len(y):
            raise ValueError(f"x and y must hold the same number >= 1 of samples, got {len(x)} and {len(y)}")
        if loss not in LOSSES:
            raise ValueError(f"loss must be one of {list(LOSSES)}, got {loss!r}")
        if rows < 1:
            raise ValueError(f"rows must be an integer >= 1, got {rows!r}")
        self._net, self._nin, self._name, self._criterion = net, nin, names[0], LOSSES[loss]
        self._x, self._y, self._rows, self._n = x, y, rows, len(x)
        super().__init__(np.dtype(float), (len(nin.weight), len(nin.weight)))

    def gradients(self):
        """Local gradient g of each sample, shape (n, features): its mean is <g>.

        The kicks of the update rule are xi = <eps g>_B, of mean square sigma_eps^2 <|g|^2> / batch_size.
        """
        return _finite(self._gradients(self._zero()))

    def matrix(self):
        """<H> itself, shape (features, features): as many products as there are features."""
        matrix = self @ np.eye(len(self._nin.weight))
        return (matrix + matrix.T) / 2

    def rayleigh(self, v):
        """Rayleigh quotient v.<H>v / v.v, by one product: for v = W_NI, in weak noise, the rate at which |W_NI| falls.

        The rate is that per step, in units of eta sigma_eps^2.
        """
        v = np.asarray(v, dtype=float)
        return v @ (self @ v) / (v @ v)

    def pull(self, seed=0):
        """What the Rayleigh quotient along W_NI becomes at the strength of noise that `nin` has, to all orders.

        W_NI.<dL/dW_NI> / (sigma_eps^2 |W_NI|^2), with one eps of the NIN's distribution and its negative for each
        sample, so that the kicks cancel. It contains the kinks of ReLU and tends to `rayleigh` of W_NI, but for them,
        as sigma_eps |W_NI| -> 0.
        """
        weight = self._nin.weight.detach()
        total = 0.0
        for eps in self._draw_both_signs(seed):
            total += sum(self._each(lambda loss, x, y: grad(loss)(weight, x, y) @ weight * len(x), eps))
        return _finite(total).item() / (self._nin.sigma_eps**2 * (weight @ weight).item() * 2 * self._n)

    def kick(self, seed=0):
        """What the mean square local gradient <|g|^2> becomes at the strength of noise that `nin` has, to all orders.

        <|eps g|^2> / sigma_eps^2, with g where the noise has moved the preactivation to. Samples on which eps is large
        have the larger loss, and count more.
        """
        return (
            _finite(sum((h**2).sum(1).mean() / 2 for h in self._niw_gradients(seed))).item()
            / self._nin.sigma_eps**2
        )

    def pull_square(self, seed=0):
        """What |<H> W_NI|^2 / |W_NI|^2 becomes at the strength of noise that `nin` has, to all orders.

        |<dL/dW_NI>|^2 / (sigma_eps^4 |W_NI|^2), averaged over pairs of different samples, which removes the bias of a
        squared mean; `pull` squared if W_NI is an eigenvector.
        """
        weight = self._nin.weight.detach()
        h = sum(self._niw_gradients(seed)) / 2
        square = ((h.sum(0) ** 2).sum() - (h**2).sum()) / (self._n * (self._n - 1))
        return _finite(square).item() / (self._nin.sigma_eps**4 * (weight @ weight).item())

    def reading(self, eta, batch_size, seed=0):
        """What `estimate_curvature` is to read from the root mean square of W_NI after one step from here, to all orders.

        `pull`, less what the kicks and the unequal curvatures along W_NI take from it. The mean square of W_NI after the
        step, in units of |W_NI|^2, is exactly

        1 - 2 eta sigma_eps^2 pull + eta^2 sigma_eps^4 (1 - 1/|B|) pull_square + eta^2 sigma_eps^2 kick / (|B| |W_NI|^2).

        Parameters
        ----------
        eta : float
            Learning rate.
        batch_size : int
            |B|, so many samples of independent noise.
        """
        weight, strength = self._nin.weight.detach(), eta * self._nin.sigma_eps**2
        kicks = eta * strength * self.kick(seed) / (batch_size * (weight @ weight).item())
        square = 1 - 2 * strength * self.pull(seed) + kicks
        square += strength**2 * (1 - 1 / batch_size) * self.pull_square(seed)
        return (1 - math.sqrt(max(square, 0.0))) / strength

    def largest(self, tol=1e-8):
        """Largest eigenvalue of <H>; beyond 64 features by Lanczos iteration, to `tol` of itself.

        W_NI is stable, to second order, while eta sigma_eps^2 times it is below 2.
        """
        return np.linalg.eigvalsh(self.matrix())[-1] if self.shape[0] <= DENSE else _largest(self, tol)

    def extremes(self, tol=1e-8):
        """Smallest and largest eigenvalue of <H>; beyond 64 features by Lanczos iteration, to `tol` of the largest."""
        if self.shape[0] <= DENSE:
            eigenvalues = np.linalg.eigvalsh(self.matrix())
            return eigenvalues[0], eigenvalues[-1]
        largest = _largest(self, tol)
        # Many eigenvalues lie near 0, which Lanczos resolves badly: seen from the other end they are an ordinary edge.
        flipped = LinearOperator(self.shape, lambda v: largest * v - self @ v, dtype=self.dtype)
        return largest - _largest(flipped, tol), largest

    def trace(self, probes=32, seed=0):
        """Trace of <H> by Hutchinson's estimate from random signs, and its standard error; `matrix` has the exact one."""
        signs = np.random.default_rng(seed).choice([-1.0, 1.0], (self.shape[0], probes))
        samples = (signs * (self @ signs)).sum(0)
        return samples.mean(), samples.std(ddof=1) / math.sqrt(probes)

    def _matmat(self, v):
        columns = torch.from_numpy(v).to(self._nin.weight)

        def of_batch(loss, x, y):
            # Backward through the gradient: its derivative is symmetric, and some losses have no forward mode.
            _, product = vjp(grad(lambda delta: loss(delta, x, y)), self._zero())
            of_columns = vmap(lambda v: product(v)[0], in_dims=1, out_dims=1, chunk_size=COLUMNS)
            return of_columns(columns) * (len(x) / self._n)

        return _finite(sum(self._each(of_batch)))

    def _matvec(self, v):
        return self._matmat(v.reshape(-1, 1))

    def _gradients(self, delta, eps=None):
        """Gradient of each sample's loss in its preactivation z, at z + delta eps: shape (n, features)."""

        def of_batch(loss, x, y):
            shift = torch.zeros(len(x), len(self._nin.weight)).to(self._nin.weight).requires_grad_()

            def add(layer, inputs, z):
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

    def _niw_gradients(self, seed):
        """Gradient of each sample's loss in W_NI, shape (n, features), for one eps each and for its negative."""
        weight = self._nin.weight.detach()
        return [eps[:, None] * self._gradients(weight, eps) for eps in self._draw_both_signs(seed)]

    def _draw_both_signs(self, seed):
        """One eps of the NIN's distribution for each sample, and its negative: odd orders cancel."""
        if self._nin.sigma_eps == 0:
            raise ValueError(
                "nin has sigma_eps = 0, so that there is no strength of noise to measure at: use sigma_eps > 0"
            )
        draw = DISTRIBUTIONS[self._nin.distribution]
        eps = torch.from_numpy(self._nin.sigma_eps * draw(np.random.default_rng(seed), self._n)).to(
            self._nin.weight
        )
        return eps, -eps

    def _zero(self):
        return torch.zeros_like(self._nin.weight)

    def _each(self, of_batch, eps=None):
        """Yield ``of_batch(loss, x, y)`` for the batches; ``loss(delta, x, y)`` is the mean loss at z + delta eps, eps = 1
        unless given."""

        def loss(delta, x, y):
            return self._criterion(functional_call(self._net, {self._name: delta}, (x,)), y)

        weight, training = self._nin.weight, self._net.training
        eps = torch.ones(self._n) if eps is None else eps
        self._net.eval()
        try:
            for x, y, eps_of_batch in zip(
                *(t.split(self._rows) for t in (self._x, self._y, eps)), strict=True
            ):
                with torch.no_grad(), self._nin.noise(eps_of_batch):
                    yield of_batch(loss, x.to(weight), y.to(weight.device))
        finally:
            self._net.train(training)


def _largest(operator, tol):
    v0 = np.random.default_rng(0).standard_normal(operator.shape[0])  # eigsh's own start is random
    if not np.any(operator @ v0):  # a catapult can switch off every unit, and ARPACK refuses a zero
        return 0.0
    return eigsh(operator, 1, which="LA", v0=v0, tol=tol, return_eigenvectors=False)[0]


def _finite(result):
    """As a float64 array, if it is finite."""
    result = result.double().cpu().numpy()
    if not np.all(np.isfinite(result)):
        raise ValueError(
            "the loss of net on x is not finite, so that it has no curvature: measure before it diverges"
        )
    return result


def sharpness(net, data, loss="ce"):
    """Largest eigenvalue of the Hessian of the clean training loss in all weights and biases (not W_NI).

    Lanczos iteration (`scipy.sparse.linalg.eigsh`) on Hessian-vector products; no matrix is formed.
    """
    weights = [p for name, p in net.named_parameters() if not name.endswith("nin_weight")]
    value = LOSSES[loss](net(data.x_train.to(weights[0])), data.y_train.to(weights[0].device))
    gradient = torch.cat([g.flatten() for g in torch.autograd.grad(value, weights, create_graph=True)])

    def product(v):
        v = torch.as_tensor(v).to(gradient).flatten()
        columns = torch.autograd.grad(gradient, weights, v, retain_graph=True)
        return torch.cat([c.flatten() for c in columns]).cpu().numpy()

    size = len(gradient)
    hessian = LinearOperator((size, size), product, dtype=float)
    start = np.random.default_rng(0).standard_normal(size)  # eigsh's own start is random
    return float(eigsh(hessian, k=1, which="LA", v0=start, tol=1e-3, return_eigenvectors=False)[0])
