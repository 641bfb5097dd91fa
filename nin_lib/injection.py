"""A noise injection node (NIN) on the preactivation of any linear or convolution layer of a PyTorch module."""

import contextlib
import math

from nin_lib import checks
from nin_lib.distributions import DISTRIBUTIONS, stream
from nin_lib.extras import needed

with needed("torch"):
    import torch
    from torch.nn.modules.linear import NonDynamicallyQuantizableLinear

LAYERS = (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d)


class NoiseInjection:
    """Attach a NIN: the layer's preactivation z becomes z + W_NI eps (Section 2 and Eq. (1) of the paper).

    eps is one number per sample, and W_NI one weight per feature (per channel of a convolution), trained with
    the other weights. eps is 0 outside the block ``with nin.noise(eps)``, so that evaluation is always clean.

    W_NI is the parameter ``nin_weight`` of the layer, hence part of ``net.parameters()`` and, as
    ``<layer>.nin_weight``, of ``net.state_dict()``. ``copy.deepcopy((net, nin))`` copies both, ``net.to()``
    and ``torch.func.functional_call`` work as usual, and so does ``torch.compile`` on a net that has its NIN
    already. To save or load a net with its NIN, attach a NIN first.

    Parameters
    ----------
    net : torch.nn.Module
        The network, not yet compiled.
    layer : str
        Name of its layer, as in ``net.named_modules()``; at most one NIN a layer.
    sigma_eps : float
        Standard deviation >= 0 of the noise.
    distribution : {"normal", "uniform", "rademacher", "laplace"}
        Distribution of the noise, always with mean 0.
    seed : int or numpy.random.Generator
        Source of the initial W_NI and of the noise. With the same int, NINs on two layers are independent.

    Attributes
    ----------
    weight : torch.nn.Parameter
        W_NI, shape (features,), drawn from N(0, 1/fan_in) of the layer.
    layer_name : str
    sigma_eps : float

    Raises
    ------
    ValueError
        If an argument is not as above.
    """

    def __init__(self, net, layer, sigma_eps, distribution="normal", seed=0):
        if any(hasattr(part, "_orig_mod") or part._compiled_call_impl is not None for part in net.modules()):
            raise ValueError(
                "net must not be compiled yet, since compiled code ignores what is attached later: "
                "attach the NIN first, then call torch.compile(net)"
            )
        parts = dict(net.named_modules())
        names = [
            name
            for name, part in parts.items()
            if isinstance(part, LAYERS) and not isinstance(part, NonDynamicallyQuantizableLinear)
        ]
        if layer not in names:
            what = f"a {type(parts[layer]).__name__}" if layer in parts else "no layer of this net"
            if isinstance(parts.get(layer), NonDynamicallyQuantizableLinear):
                what = "which MultiheadAttention never calls, so that a NIN would be ignored"
            raise ValueError(
                f"layer must name a linear or convolution layer, got {layer!r}, {what}: use one of {names}"
            )
        if hasattr(parts[layer], "nin_weight"):
            raise ValueError(
                f"layer {layer!r} has a NIN already: call its remove() first, or choose another layer"
            )
        sigma_eps = checks.number("sigma_eps", sigma_eps, 0, remedy="use 0 to switch the noise off")
        checks.choice("distribution", distribution, DISTRIBUTIONS)

        self.layer_name, self.sigma_eps, self.distribution = layer, sigma_eps, distribution
        self._layer = parts[layer]
        self._rng = stream(seed, f"nin {layer}")
        weight = self._layer.weight
        initial = self._rng.standard_normal(weight.shape[0]) / math.sqrt(weight[0].numel())
        # All that the forward pass reads lies in the layer itself: this is what makes copies and compilation work.
        self._layer.nin_weight = torch.nn.Parameter(torch.as_tensor(initial).to(weight))
        self._layer.register_buffer("nin_eps", None, persistent=False)
        self._hook = self._layer.register_forward_hook(_inject)

    @property
    def weight(self):
        return self._layer.nin_weight

    @property
    def settings(self):
        """Layer, sigma_eps and distribution by name, as a `History` records them."""
        return {"layer": self.layer_name, "sigma_eps": self.sigma_eps, "distribution": self.distribution}

    def sample(self, n):
        """Draw the noise of n samples: shape (n,), mean 0, standard deviation sigma_eps, dtype and device of W_NI."""
        eps = self.sigma_eps * DISTRIBUTIONS[self.distribution](self._rng, n)
        return torch.as_tensor(eps).to(self.weight)

    @contextlib.contextmanager
    def noise(self, eps):
        """Inject eps, shape (batch,), as given, never rescaled, in the forward passes of a ``with`` block.

        Raises
        ------
        ValueError
            If eps is not one-dimensional; in the forward pass, if the batch has another length.
        """
        eps = torch.as_tensor(eps).to(self.weight)
        if eps.ndim != 1:
            raise ValueError(f"eps must have shape (batch,), got {tuple(eps.shape)}: use nin.sample(batch)")
        before = self._layer.nin_eps
        self._layer.nin_eps = eps
        try:
            yield
        finally:
            self._layer.nin_eps = before

    def remove(self):
        """Take the NIN off: the net is again what it was before. This node cannot be used any more."""
        self._hook.remove()
        del self._layer.nin_weight, self._layer.nin_eps


def _inject(layer, inputs, z):
    """Forward hook: add W_NI eps to the preactivation z, whose features lie in dimension 1 (convolution) or last."""
    eps = layer.nin_eps
    if eps is None:
        return z
    if len(eps) != len(z):
        raise ValueError(
            f"eps has length {len(eps)}, but {layer} received a batch of {len(z)}: use nin.sample({len(z)})"
        )
    features = -1 if isinstance(layer, torch.nn.Linear) else 1
    shape = [1] * z.ndim
    shape[features] = -1
    return z + eps.reshape([-1] + [1] * (z.ndim - 1)) * layer.nin_weight.reshape(shape)
