"""The explorer of the noise expansion: exact loss against truncated series, Eqs. (1), (11) and (12)."""

import functools
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from nin_lib import checks
from nin_lib.extras import needed
from nin_lib.widgets.base import Explorer
from nin_lib.widgets.settings import Choice, Number, Whole

if TYPE_CHECKING:
    import torch

    from nin_lib.expansion import SmallNetwork

ACTIVATIONS = ("tanh", "relu")
MAX_ORDER = 8
SAMPLES = 32
SIGMAS = np.geomspace(0.02, 5, 81)  # of the curves over sigma_eps; the slider has the same ends


NUMBERS = Path(__file__).with_name("expansion.json")
"""What the page knows of the network, its batch and their Taylor coefficients: the page is built without torch."""


@functools.cache
def _batch(activation: str) -> tuple["SmallNetwork", "torch.Tensor", list[float]]:
    """The chapter's network and batch, and the Taylor coefficients of the batch loss along W_NI (exact derivatives)."""
    from nin_lib.expansion import SmallNetwork, directional_derivatives  # which takes seconds to import

    with needed("torch"):
        import torch

    x = torch.from_numpy(np.random.default_rng(1).normal(size=SAMPLES))
    net = SmallNetwork.random(activation, seed=18)
    derivatives = directional_derivatives(net.loss_of(x), net.preactivations(x), net.w_ni, MAX_ORDER)
    return net, x, [row.mean().item() / math.factorial(k) for k, row in enumerate(derivatives)]


def numbers() -> dict[str, Any]:
    """What `NUMBERS` holds, computed again."""
    net, x, _ = _batch("tanh")
    arrays = {key: getattr(net, key) for key in ("a", "b", "v", "w_ni")} | {"x": x, "y": (2 * x).sin()}
    return {key: values.tolist() for key, values in arrays.items()} | {
        "taylor": {activation: _batch(activation)[2] for activation in ACTIVATIONS}
    }


def mean_power(k: int) -> int:
    """E eps^k / sigma^k of normal noise, k >= 0: (k - 1)!! for even k, 0 for odd k."""
    k = checks.whole("k", k, 0, "it is a power of the noise")
    return 0 if k % 2 else math.prod(range(k - 1, 0, -2))


def _row(eps: ArrayLike) -> np.ndarray:
    """`eps` in one dimension."""
    return checks.numbers("eps", eps, remedy="give the noises at which the loss is wanted").reshape(-1)


class ExpansionExplorer(Explorer):
    """Cut the series of the loss in eps W_NI at order K, and see up to which noise it helps.

    The network is the chapter's: six hidden units, a batch of 32 samples, the node on the hidden layer.

    Parameters
    ----------
    activation : {"tanh", "relu"}
    sigma_eps : float
        Standard deviation of the noise, > 0.
    order : int
        Order K of the last term that is kept, 0 to 8.

    Each is a trait: readable, settable and observable. A value that is not right raises a ValueError.
    """

    name = "expansion"
    lines = """\
import numpy as np
from nin_lib.widgets import ExpansionExplorer
from nin_lib.widgets.expansion import SIGMAS

explorer = ExpansionExplorer({settings})
eps = np.linspace(-4, 4, 241)
curves = {
    "exact": explorer.loss_along(eps),
    "Loss along the noise weights: series": explorer.series_along(eps),
    "Error of the mean loss: series": np.array([explorer.error(sigma, {order}) for sigma in SIGMAS]),
    "noise left out": np.array([explorer.error(sigma, 0) for sigma in SIGMAS]),
}
"""

    activation = Choice(*ACTIVATIONS)
    sigma_eps = Number(0.5, 0, 1e6, "without noise there is nothing to expand", strictly=True)
    order = Whole(2, 0, MAX_ORDER, "it is the last power of eps that the series keeps")

    @classmethod
    def javascript(cls) -> str:
        """What Python puts before the bundle, the mathematics that it calls or its data."""
        network = json.loads(NUMBERS.read_text(encoding="utf-8"))
        network |= {"sigmas": SIGMAS.tolist(), "mean_power": [mean_power(k) for k in range(MAX_ORDER + 1)]}
        return f"const network = {json.dumps(network)};"

    def loss_along(self, eps: ArrayLike) -> np.ndarray:
        """Batch loss when every sample receives the same noise, one value for each element of `eps`: shape (n,)."""
        net, x, _ = _batch(self.activation)
        z, loss = net.preactivations(x), net.loss_of(x)
        return np.array([loss(z + e * net.w_ni).mean().item() for e in _row(eps)])

    def series_along(self, eps: ArrayLike) -> np.ndarray:
        """The series for `loss_along`, Eq. (11) of the paper, cut after the power `order`."""
        taylor = _batch(self.activation)[2]
        series: np.ndarray = np.polynomial.Polynomial(taylor[: self.order + 1])(_row(eps))
        return series

    def mean_loss(self, sigma_eps: float | None = None) -> float:
        """Batch loss averaged over independent normal noise, by quadrature; `sigma_eps` > 0 is the slider's unless given."""
        from nin_lib.expansion import normal_quadrature

        with needed("torch"):
            import torch

        sigma = self._sigma_eps(sigma_eps)
        net, x, _ = _batch(self.activation)
        # The kinks of ReLU split the integral; so do seventeen points that only make it accurate for strong noise.
        panels = np.broadcast_to(np.linspace(-8, 8, 17) * sigma, (SAMPLES, 17))
        kinks = np.concatenate([net.kinks(x), panels], axis=1) if self.activation == "relu" else panels
        eps, weights = map(torch.from_numpy, normal_quadrature(sigma, kinks, points=24))
        inputs = x.repeat_interleave(eps.shape[1])
        loss = net.loss_of(inputs)(net.preactivations(inputs) + eps.reshape(-1, 1) * net.w_ni)
        return float((weights.flatten() @ loss).item() / SAMPLES)

    def mean_series(self, sigma_eps: float | None = None, order: int | None = None) -> float:
        """The series for `mean_loss`, Eq. (12) of the paper, to `order` from 0 to 8: odd powers average to zero."""
        sigma = self._sigma_eps(sigma_eps)
        order = (
            self.order if order is None else checks.whole("order", order, 0, "it cuts the series", MAX_ORDER)
        )
        taylor = _batch(self.activation)[2]
        return sum(taylor[k] * mean_power(k) * sigma**k for k in range(order + 1))

    def _sigma_eps(self, given: float | None) -> float:
        if given is None:
            return float(self.sigma_eps)
        return checks.number(
            "sigma_eps", given, 0, strictly=True, remedy="without noise there is nothing to expand"
        )

    def error(self, sigma_eps: float, order: int) -> float:
        """|series - exact| of the mean loss."""
        return abs(self.mean_series(sigma_eps, order) - self.mean_loss(sigma_eps))

    def fallback(self) -> str:
        """HTML to read where there is no JavaScript: what the explorer does, and its numbers."""
        exact, clean, series = self.mean_loss(), self.mean_series(order=0), self.mean_series()
        return (
            "<p><strong>An explorer with two sliders stands here where JavaScript runs.</strong> "
            f"It compares the loss of a small {self.activation} network with injected noise to the series in powers of the "
            "noise, cut after order K, for every noise strength σ<sub>ε</sub> and every K from 0 to "
            f"{MAX_ORDER}. With σ<sub>ε</sub> = {self.sigma_eps:.3g} the noise takes the mean loss from {clean:.3g} to "
            f"{exact:.3g}; the series of order {self.order} gives {series:.3g}.</p>"
        )
