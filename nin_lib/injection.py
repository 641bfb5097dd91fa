"""A noise injection node (NIN) on the preactivation of any linear or convolution layer of a PyTorch module."""

import contextlib
import math
from collections.abc import Iterable, Iterator
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike

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
        Standard deviation >= 0 of the noise; what the precision of the layer cannot hold is inf.
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
    distribution : str

    Raises
    ------
    TypeError
        If an argument is of another kind than above.
    ValueError
        If an argument is not as above.
    """

    def __init__(
        self,
        net: torch.nn.Module,
        layer: str,
        sigma_eps: float,
        distribution: str = "normal",
        seed: int | np.random.Generator = 0,
    ) -> None:
        part = _layer_of(net, layer)
        sigma_eps = checks.number("sigma_eps", sigma_eps, 0, remedy="use 0 to switch the noise off")
        checks.choice("distribution", distribution, DISTRIBUTIONS)

        self.layer_name, self.sigma_eps, self.distribution = layer, sigma_eps, distribution
        self._layer: torch.nn.Module | None = part
        self._rng = stream(seed, f"nin {layer}")
        weight = cast("torch.Tensor", part.weight)
        initial = self._rng.standard_normal(weight.shape[0]) / math.sqrt(weight[0].numel())
        # All that the forward pass reads lies in the layer itself: this is what makes copies and compilation work.
        part.nin_weight = torch.nn.Parameter(torch.as_tensor(initial).to(weight))
        part.register_buffer("nin_eps", None, persistent=False)
        self._hook = part.register_forward_hook(_inject)

    def _attached(self) -> torch.nn.Module:
        """The layer; a ValueError, if the node was removed from it."""
        if self._layer is None:
            raise ValueError(f"nin on layer {self.layer_name!r} was removed: attach another NoiseInjection")
        return self._layer

    @property
    def weight(self) -> torch.nn.Parameter:
        """W_NI, shape (features,); a ValueError, if the node was removed."""
        return cast("torch.nn.Parameter", self._attached().nin_weight)

    @property
    def settings(self) -> dict[str, Any]:
        """Layer, sigma_eps and distribution by name, as a `History` records them."""
        return {"layer": self.layer_name, "sigma_eps": self.sigma_eps, "distribution": self.distribution}

    def sample(self, n: int) -> torch.Tensor:
        """Draw the noise of n samples.

        Parameters
        ----------
        n : int
            Number >= 0 of samples.

        Returns
        -------
        torch.Tensor
            Shape (n,), mean 0, standard deviation sigma_eps, in the dtype and on the device of W_NI.
        """
        n = checks.whole("n", n, 0, "it counts the samples of a batch")
        with np.errstate(over="ignore"):
            eps = self.sigma_eps * DISTRIBUTIONS[self.distribution](self._rng, n)
        return torch.as_tensor(eps).to(self.weight)

    @contextlib.contextmanager
    def noise(self, eps: ArrayLike | torch.Tensor) -> Iterator[None]:
        """Inject eps, as given, never rescaled, in the forward passes of a ``with`` block.

        Parameters
        ----------
        eps : array_like or torch.Tensor, shape (batch,)
            Finite numbers; what a tensor holds is not looked at.

        Yields
        ------
        None
            The block begins.

        Raises
        ------
        ValueError
            If eps is not as above, or the node was removed; in the forward pass, if the batch has another length, or if
            its samples have no dimension of their own.
        """
        layer = self._attached()
        if not isinstance(eps, torch.Tensor):
            eps = torch.from_numpy(checks.numbers("eps", eps, remedy="use nin.sample(batch)"))
        elif eps.dtype == torch.bool or eps.is_complex():
            raise ValueError(f"eps must hold real numbers, got {eps.dtype}: use nin.sample(batch)")
        if eps.ndim != 1:
            raise ValueError(f"eps must have shape (batch,), got {tuple(eps.shape)}: use nin.sample(batch)")
        before = layer.nin_eps
        layer.nin_eps = eps.to(self.weight)
        try:
            yield
        finally:
            layer.nin_eps = before

    def remove(self) -> None:
        """Take the NIN off: the net is again what it was before. This node cannot be used any more."""
        layer = self._attached()
        self._hook.remove()
        del layer.nin_weight, layer.nin_eps
        self._layer = None


def _layer_of(net: torch.nn.Module, layer: str) -> torch.nn.Module:
    """The layer of that name, if it can have a NIN."""
    checks.instance("net", net, torch.nn.Module, "use nin_lib.networks.mlp, for example")
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
        part = parts.get(layer) if isinstance(layer, str) else None
        what = "no layer of this net" if part is None else f"a {type(part).__name__}"
        if isinstance(part, NonDynamicallyQuantizableLinear):
            what = "which MultiheadAttention never calls, so that a NIN would be ignored"
        raise ValueError(
            f"layer must name a linear or convolution layer, got {layer!r}, {what}: use one of {names}"
        )
    found: torch.nn.Module = parts[layer]
    if any(map(torch.nn.parameter.is_lazy, found.parameters())):
        raise ValueError(
            f"layer {layer!r} must have weights, got {found}: call the net once, then attach the NIN"
        )
    weight = cast("torch.Tensor", found.weight)
    if not weight.is_floating_point() or weight.numel() == 0:
        raise ValueError(
            f"layer {layer!r} must have real weights, got {weight.dtype} of shape {tuple(weight.shape)}: "
            "choose another layer"
        )
    if hasattr(found, "nin_weight"):
        raise ValueError(
            f"layer {layer!r} has a NIN already: call its remove() first, or choose another layer"
        )
    return found


def check_attached(nin: NoiseInjection, parameters: Iterable[torch.Tensor]) -> None:
    """Raise a ValueError unless these parameters of a net are those of a net that has the node."""
    if not any(nin.weight is parameter for parameter in parameters):
        raise ValueError(
            f"nin on layer {nin.layer_name!r} is not attached to this net: use NoiseInjection(net, ...)"
        )


def _inject(layer: torch.nn.Module, inputs: Any, z: torch.Tensor) -> torch.Tensor:
    """Forward hook: add W_NI eps to the preactivation z, whose features lie in dimension 1 (convolution) or last."""
    eps = cast("torch.Tensor | None", layer.nin_eps)
    if eps is None:
        return z
    weight = cast("torch.Tensor", layer.nin_weight)
    if z.ndim < cast("torch.Tensor", layer.weight).ndim:
        raise ValueError(
            f"the input of {layer} must be a batch, got one sample whose output has shape {tuple(z.shape)}: "
            "use x[None] for a batch of one"
        )
    if len(eps) != len(z):
        raise ValueError(
            f"eps has length {len(eps)}, but {layer} received a batch of {len(z)}: use nin.sample({len(z)})"
        )
    features = -1 if isinstance(layer, torch.nn.Linear) else 1
    shape = [1] * z.ndim
    shape[features] = -1
    return z + eps.reshape([-1] + [1] * (z.ndim - 1)) * weight.reshape(shape)
