"""A noise injection node (NIN) on the preactivation of any linear or convolution layer of a PyTorch module."""

import contextlib
import copy
import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike

from nin_lib import checks
from nin_lib.distributions import DISTRIBUTIONS, stream
from nin_lib.extras import needed
from nin_lib.noisy_layers import LAYERS, features_of, layer_of, warn_of_running_statistics

with needed("torch"):
    import torch

Draw = Callable[..., torch.Tensor]
"""Noise of a shape, whose sizes are the arguments."""


@dataclass(eq=False)
class _Block:
    """A noise block: the eps that was given, or what draws it and what was drawn, by its shape."""

    given: torch.Tensor | Draw
    drawn: dict[tuple[int, ...], torch.Tensor] = field(default_factory=dict)
    used: bool = False
    thread: int = field(default_factory=threading.get_ident)


class NoiseInjection:
    """Attach a NIN: the layer's preactivation z becomes z + W_NI eps (Section 2 and Eq. (1) of the paper).

    eps is one number per sample, and W_NI one weight per feature (per channel of a convolution), trained with
    the other weights. eps is 0 outside the block ``with nin.noise()``, so that evaluation is always clean. A layer
    that is used several times in a forward pass is given the same eps each time.

    W_NI is the parameter ``nin_weight`` of the layer, hence part of ``net.parameters()``, to an optimiser that is built
    afterwards, and, as ``<layer>.nin_weight``, of ``net.state_dict()``. To load such a state, attach a NIN first. A net
    that is copied, or saved whole, keeps its NIN, which `of` finds. ``net.to()``, ``torch.func.functional_call`` and
    distributed training work as usual, and so does ``torch.compile`` on a net that has its NIN already.

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
    per : {"sample", "position"}
        Whether a sample has one eps at all its positions (tokens, pixels), as in the paper, or one at each.
    batch_dim : int
        Dimension of z that counts the samples: 1 where sequences come first, for example.
    feature_dim, features : int, optional
        Dimension of z that holds the features, and their number: for a layer other than `torch.nn.Linear` and
        convolutions, of which they are known. It must have a ``weight``.

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

    Warns
    -----
    UserWarning
        If a later layer keeps running statistics, as BatchNorm does, which the noise would enter.

    Examples
    --------
    >>> net, x = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Tanh()), torch.ones(5, 4)
    >>> nin = NoiseInjection(net, "0", sigma_eps=2.0)
    >>> nin
    NoiseInjection(layer '0', sigma_eps=2, normal)
    >>> with nin.noise():
    ...     noisy = net(x)
    >>> len({tuple(row) for row in noisy.tolist()}), len({tuple(row) for row in net(x).tolist()})
    (5, 1)
    """

    def __init__(
        self,
        net: torch.nn.Module,
        layer: str,
        sigma_eps: float,
        distribution: str = "normal",
        seed: int | np.random.Generator = 0,
        *,
        per: str = "sample",
        batch_dim: int = 0,
        feature_dim: int | None = None,
        features: int | None = None,
    ) -> None:
        part = layer_of(net, layer, special=feature_dim is not None)
        sigma_eps = checks.number("sigma_eps", sigma_eps, 0, remedy="use 0 to switch the noise off")
        checks.choice("distribution", distribution, DISTRIBUTIONS)
        checks.choice("per", per, ("sample", "position"))
        weight = cast("torch.Tensor", part.weight)
        self._batch_dim = checks.whole("batch_dim", batch_dim, -8, "0 is the first dimension of z", 8)
        self._feature_dim, size = features_of(part, feature_dim, features)

        self.layer_name, self.sigma_eps, self.distribution = layer, sigma_eps, distribution
        self._per_position = per == "position"
        self._layer: torch.nn.Module | None = part
        self._rng = stream(seed, f"nin {layer}")
        self._place: tuple[int, ...] = ()
        # What the forward hook reads. Not a buffer: those are copied, averaged, exported and sent from rank to rank.
        self._block: _Block | None = None
        self._last_was_noisy = False
        initial = self._rng.standard_normal(size) / math.sqrt(weight.numel() / size)
        part.nin_weight = torch.nn.Parameter(torch.as_tensor(initial).to(weight))
        part.nin_node = self  # type: ignore[assignment]  # neither tensor nor module: copied and pickled with the layer
        self._hook = part.register_forward_hook(_inject)
        warn_of_running_statistics(net, part)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_block": None}  # a copy that is made inside a block is outside of it

    def __repr__(self) -> str:
        state = "removed from " if self._layer is None else ""
        return f"NoiseInjection({state}layer {self.layer_name!r}, sigma_eps={self.sigma_eps:g}, {self.distribution})"

    @classmethod
    def of(cls, net: torch.nn.Module, layer: str) -> "NoiseInjection":
        """Return the NIN that a layer has: of a net that was copied, or loaded whole, with its NIN.

        Parameters
        ----------
        net : torch.nn.Module
        layer : str
            Name of the layer, as in ``net.named_modules()``.

        Returns
        -------
        NoiseInjection

        Raises
        ------
        TypeError
            If `net` is no module.
        ValueError
            If the net has no such layer, or the layer no NIN.
        """
        checks.instance("net", net, torch.nn.Module, "use nin_lib.networks.mlp, for example")
        nodes = {name: part.nin_node for name, part in net.named_modules() if hasattr(part, "nin_node")}
        if layer not in nodes:
            raise ValueError(
                f"layer must name one that has a NIN, got {layer!r}, and {list(nodes) or 'none'} has: use NoiseInjection(net, layer)"
            )
        return cast("NoiseInjection", nodes[layer])

    def _attached(self) -> torch.nn.Module:
        """The layer; a ValueError, if the node was removed from it."""
        if self._layer is None:
            raise ValueError(f"nin on layer {self.layer_name!r} was removed: attach another NoiseInjection")
        return self._layer

    def _check_thread(self) -> None:
        """Raise a RuntimeError if another thread is in a noise block of the node."""
        if self._block is not None and self._block.thread != threading.get_ident():
            raise RuntimeError(
                f"{self!r} is in a noise block of another thread: copy the net for each thread"
            )

    @property
    def weight(self) -> torch.nn.Parameter:
        """W_NI, shape (features,); a ValueError, if the node was removed."""
        return cast("torch.nn.Parameter", self._attached().nin_weight)

    def freeze(self) -> None:
        """Make W_NI a buffer that no optimiser, norm of gradients or ``state_dict`` sees."""
        layer, weight = self._attached(), self.weight.detach()
        del layer.nin_weight
        layer.register_buffer("nin_weight", weight, persistent=False)

    @property
    def settings(self) -> dict[str, Any]:
        """Layer, sigma_eps and distribution by name, as a `History` records them."""
        return {"layer": self.layer_name, "sigma_eps": self.sigma_eps, "distribution": self.distribution}

    def sample(self, *shape: int) -> torch.Tensor:
        """Draw noise, independent between the processes of a group, and between the workers of a DataLoader.

        Parameters
        ----------
        *shape : int
            Number >= 0 of samples and, with one eps at each position, of positions.

        Returns
        -------
        torch.Tensor
            Of this shape, mean 0, standard deviation sigma_eps, in the dtype and on the device of W_NI.

        Raises
        ------
        TypeError
            If a number is no whole one.
        ValueError
            If there is no number, or one is negative; if the node was removed.
        """
        remedy = "it counts the samples of a batch"
        sizes = [checks.whole("n", n, 0, remedy) for n in shape]
        if not sizes:
            raise ValueError(f"n must be given, got nothing: {remedy}")
        if (place := _place()) != self._place:
            self._place = place
            if any(place):  # elsewhere this stream goes on as it was
                self._rng = np.random.default_rng([*self._rng.integers(2**32, size=4), *place])
        with np.errstate(over="ignore"):
            eps = self.sigma_eps * DISTRIBUTIONS[self.distribution](self._rng, math.prod(sizes))
        return torch.as_tensor(eps).reshape(sizes).to(self.weight)

    def state_dict(self) -> dict[str, Any]:
        """Where the noise stands: saved with a checkpoint and given to `load_state_dict`, it goes on from there."""
        return {"rng": copy.deepcopy(self._rng.bit_generator.state), "place": self._place}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with the noise from where `state_dict` was taken; W_NI is in that of the net.

        Raises
        ------
        ValueError
            If `state` is none of a NIN.
        """
        try:
            self._rng.bit_generator.state, self._place = state["rng"], tuple(state["place"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"state must be what state_dict() of a NIN returned, got {state!r}: save it with the net"
            ) from error

    @contextlib.contextmanager
    def noise(
        self, eps: ArrayLike | torch.Tensor | Draw | None = None, unused: bool = False
    ) -> Iterator[None]:
        """Inject eps in the forward passes of a ``with`` block, the same in all of them.

        ``backward()`` belongs inside, too: activation checkpointing computes z again there.

        Parameters
        ----------
        eps : array_like, torch.Tensor or callable, optional
            One number for each sample, or at each position, as `per` says: shape (batch,), or that of z without its
            features. It is injected as given, never rescaled: finite numbers; what a tensor holds is not looked at. Or a
            function that makes it, such as ``torch.zeros``, called with the sizes of that shape when the layer is first
            called with it. Unless given, `sample` draws it so.
        unused : bool
            Whether the block may end without a forward pass of the layer.

        Yields
        ------
        None
            The block begins.

        Raises
        ------
        TypeError
            If `unused` is no bool.
        ValueError
            If eps is not as above, or the node was removed; in the forward pass, if eps has another shape than the
            batch, or its samples have no dimension of their own.
        RuntimeError
            If the layer was not called inside the block as a module, so that the noise did not act; if blocks of several
            threads, or that do not lie one inside the other, overlap; if the net is exported inside.
        """
        self._attached()
        unused = checks.flag("unused", unused)
        block = _Block(self._checked(eps))
        self._check_thread()
        before, self._block = self._block, block
        try:
            yield
            if self._block is not block:
                raise RuntimeError(f"noise blocks of {self!r} overlap: end the one that began last first")
            if not (block.used or unused):
                raise RuntimeError(
                    f"the noise of {self!r} never acted: inside the block the layer was not called as a module. Is it not "
                    "part of this forward pass, or called as layer.forward(x) or by its weight alone? Was the net, or another "
                    "of its kind, compiled and called before the NIN was attached (then use torch.compiler.reset())? If "
                    "this may happen, use noise(eps, unused=True)"
                )
        finally:
            self._block = before if self._block is block else None

    def _checked(self, eps: ArrayLike | torch.Tensor | Draw | None) -> torch.Tensor | Draw:
        """What `noise` was given, if it is noise."""
        if eps is None or callable(eps):
            return self.sample if eps is None else eps
        if not isinstance(eps, torch.Tensor):
            eps = torch.from_numpy(checks.numbers("eps", eps, remedy="use nin.sample(batch)"))
        elif eps.dtype == torch.bool or eps.is_complex():
            raise ValueError(f"eps must hold real numbers, got {eps.dtype}: use nin.sample(batch)")
        if eps.ndim != 1 and not (self._per_position and eps.ndim > 1):
            raise ValueError(f"eps must have shape (batch,), got {tuple(eps.shape)}: use nin.sample(batch)")
        return eps.to(self.weight)

    def remove(self) -> None:
        """Take the NIN off: the net is again what it was before. This node cannot be used any more."""
        layer = self._attached()
        self._hook.remove()
        del layer.nin_weight, layer.nin_node
        self._layer = None


def _place() -> tuple[int, ...]:
    """Numbers that tell this process from others that began with the same random numbers."""
    rank = (
        torch.distributed.get_rank()
        if torch.distributed.is_available() and torch.distributed.is_initialized()
        else 0
    )
    worker = torch.utils.data.get_worker_info()
    return (rank,) if worker is None else (rank, worker.id + 1, worker.seed)


def check_attached(nin: NoiseInjection, net: torch.nn.Module) -> None:
    """Raise a ValueError unless the net has the node."""
    if not any(nin._attached() is part for part in net.modules()):
        raise ValueError(
            f"nin on layer {nin.layer_name!r} is not attached to this net: use NoiseInjection(net, ...)"
        )


def _inject(layer: torch.nn.Module, inputs: Any, z: torch.Tensor) -> torch.Tensor:
    """Forward hook: add W_NI eps to the preactivation z."""
    nin = cast("NoiseInjection", layer.nin_node)
    _check_pass(nin)
    return z if nin._block is None else z + shift(layer, z)


def shift(layer: torch.nn.Module, z: torch.Tensor) -> torch.Tensor:
    """W_NI eps, as the NIN of a layer adds it to z in a noise block."""
    _, feature_dim = dimensions(layer, z)
    weight = cast("torch.Tensor", layer.nin_weight)
    weight = weight.reshape([-1 if dim == feature_dim else 1 for dim in range(z.ndim)])
    # Under autocast z is shorter than W_NI, and what follows expects it so.
    return (eps_at(layer, z) * weight).to(z.dtype)


def dimensions(layer: torch.nn.Module, z: torch.Tensor) -> tuple[int, int]:
    """Those of z that count the samples and the features, from 0; a ValueError, if z lacks them."""
    nin, size, ndim = (
        cast("NoiseInjection", layer.nin_node),
        len(cast("torch.Tensor", layer.nin_weight)),
        z.ndim,
    )
    least = layer.weight.ndim if isinstance(layer, LAYERS) else 2
    if ndim < least:
        raise ValueError(
            f"the input of {layer} must be a batch, got one sample whose output has shape {tuple(z.shape)}: "
            "use x[None] for a batch of one"
        )
    for name, dim in (("feature_dim", nin._feature_dim), ("batch_dim", nin._batch_dim)):
        if not -ndim <= dim < ndim:
            raise ValueError(
                f"{name} must be a dimension of the output of {layer}, got {dim}: its shape is {tuple(z.shape)}"
            )
    feature_dim, batch_dim = nin._feature_dim % ndim, nin._batch_dim % ndim
    if z.shape[feature_dim] != size or feature_dim == batch_dim:
        raise ValueError(
            f"the output of {layer} must have {size} features in dimension {feature_dim} and its samples in another, "
            f"got shape {tuple(z.shape)} with batch_dim={batch_dim}: give feature_dim, features and batch_dim as they are"
        )
    return batch_dim, feature_dim


def eps_at(layer: torch.nn.Module, z: torch.Tensor) -> torch.Tensor:
    """The eps of a noise block, with the dimensions of z, of which those that share one have the size 1."""
    nin, (batch_dim, feature_dim) = cast("NoiseInjection", layer.nin_node), dimensions(layer, z)
    block = cast("_Block", nin._block)
    block.used = True
    positions = (*z.shape[:feature_dim], *z.shape[feature_dim + 1 :])
    wanted = positions if nin._per_position else (z.shape[batch_dim],)
    eps = block.given if isinstance(block.given, torch.Tensor) else block.drawn.get(wanted)
    if eps is None:
        eps = block.drawn[wanted] = cast("Draw", block.given)(*wanted).to(
            cast("torch.Tensor", layer.nin_weight)
        )
    if nin._per_position:
        if eps.shape != wanted:
            raise ValueError(
                f"eps has shape {tuple(eps.shape)}, but {layer} has positions of shape {wanted}: use nin.sample{wanted}"
            )
        return eps.unsqueeze(feature_dim)
    if eps.shape != wanted:
        raise ValueError(
            f"eps has length {len(eps)}, but dimension {batch_dim} of the output of {layer}, of shape {tuple(z.shape)}, "
            f"has {wanted[0]}: if it counts the samples, use nin.sample({wanted[0]}); if another "
            "does, give batch_dim; if each sample fills several rows, use eps.repeat_interleave(rows)"
        )
    return eps.reshape([-1 if dim == batch_dim else 1 for dim in range(z.ndim)])


def _check_pass(nin: NoiseInjection) -> None:
    """Refuse a forward pass in which the noise of the node would be missing, or act where it should not."""
    if nin._block is not None and (
        torch.compiler.is_exporting() or torch.jit.is_tracing()  # type: ignore[attr-defined]
    ):
        raise RuntimeError(
            f"the net must not be exported or traced inside a noise block of {nin!r}: do it outside"
        )
    if torch.compiler.is_compiling():
        return
    again = in_backward()
    if not again:  # a device's backward runs in a thread of its own
        nin._check_thread()
    if nin._block is None and again and nin._last_was_noisy:
        raise RuntimeError(
            f"backward() calls the layer of {nin!r} again, by activation checkpointing, without its noise: "
            "put backward() inside the noise block"
        )
    if not again:
        nin._last_was_noisy = nin._block is not None


def in_backward() -> bool:
    """Whether this is a backward pass, in which activation checkpointing computes forward again."""
    return torch._C._current_graph_task_id() != -1  # private, and what torch.utils.checkpoint asks
