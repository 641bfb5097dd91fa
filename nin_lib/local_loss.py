"""The mean loss over batches of any form, as a function of W_NI: what `nin_lib.curvature` differentiates."""

import contextlib
import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from nin_lib import checks
from nin_lib.data import as_input
from nin_lib.extras import needed
from nin_lib.injection import Draw, NoiseInjection, check_attached, dimensions, eps_at
from nin_lib.networks import evaluating
from nin_lib.training import LOSSES, check_outputs

with needed("torch"):
    import torch
    from torch.func import functional_call
    from torch.nn.attention import SDPBackend, sdpa_kernel

STEP = 0.1
"""The largest shift of a feature in a difference: a short one meets few kinks of ReLU, each of which counts for much."""


class LocalLoss:
    """The batches of `LocalCurvature`, whose arguments these are: iterated over, it gives the loss of each.

    Parameters
    ----------
    net : torch.nn.Module
    nin : NoiseInjection
    x : torch.Tensor or iterable
    y : torch.Tensor or None
    loss : str or callable
    rows : int
    method : {"products", "differences"}

    Raises
    ------
    TypeError
        If an argument is of another kind than `LocalCurvature` says.
    ValueError
        If an argument is not as it says.
    """

    def __init__(
        self,
        net: torch.nn.Module,
        nin: NoiseInjection,
        x: torch.Tensor | Iterable[Any],
        y: torch.Tensor | None,
        loss: str | Callable[[Any, Any], torch.Tensor],
        rows: int,
        method: str,
    ) -> None:
        checks.instance("net", net, torch.nn.Module, "give the net that has the NIN")
        checks.instance("nin", nin, NoiseInjection, "use NoiseInjection(net, ...)")
        check_attached(nin, net)
        self.twice = checks.choice("method", method, ("products", "differences")) == "products"
        self.named = not callable(loss)
        self.criterion: Callable[[Any, Any], torch.Tensor] = (
            loss if callable(loss) else LOSSES[checks.choice("loss", loss, LOSSES)]
        )
        rows = checks.whole("rows", rows, 1, "it counts the samples that are in memory at a time")
        self.net, self.nin = net, nin
        layers = (part for part in net.named_modules() if part[1] is nin._attached())
        name, self.layer = next(layers)
        self.weight_name = ".".join(filter(None, ("net", name, "nin_weight")))
        self._by_rows = y is not None
        self._batches = self._split(x, y, rows) if self._by_rows else self._checked(x)

    def _checked(self, batches: Any) -> Iterable[Any]:
        if isinstance(batches, (torch.Tensor, Mapping)):
            raise ValueError(
                f"y must be given with one batch of inputs x, got None: use x=[batch] for a {type(batches).__name__} that "
                "has its targets in it"
            )
        if not isinstance(batches, Iterable) or isinstance(batches, Iterator):
            raise TypeError(
                f"x must be a tensor, or batches that can be read several times, got {batches!r}: use a list or a DataLoader"
            )
        return batches

    def _split(self, x: Any, y: Any, rows: int) -> Iterable[Any]:
        """Samples and targets in batches of so many rows."""
        for name, tensor in (("x", x), ("y", y)):
            checks.instance(name, tensor, torch.Tensor, "use torch.from_numpy")
        if not 0 < len(x) == len(y):
            raise ValueError(
                f"x and y must hold the same number >= 1 of samples, got {len(x)} and {len(y)}: give a target to each"
            )
        if self.named and (y.dtype != torch.int64 or y.ndim != 1 or y.min() < 0):
            raise ValueError(
                f"y must hold classes >= 0 of type int64, shape (n,), got {y}: use y.long(), or for other targets a "
                "function as loss"
            )
        self._check_that_samples_are_independent(x[:2])
        return list(zip(x.split(rows), y.split(rows), strict=True))

    def _check_that_samples_are_independent(self, two: torch.Tensor) -> None:
        """Raise a ValueError if an output depends on the rest of the batch: then the answer would depend on `rows`."""
        x = as_input(two, self.nin.weight)
        with evaluating(self.net):
            # Never a batch of one, which some layers refuse: each sample beside the other, and beside itself.
            together = self.net(x)
            if not isinstance(together, torch.Tensor):
                return
            alone = torch.cat([self.net(torch.cat([row, row]))[:1] for row in x.split(1)])
        tolerance = math.sqrt(torch.finfo(together.dtype).eps)
        if not torch.allclose(together, alone, rtol=tolerance, atol=tolerance, equal_nan=True):
            raise ValueError(
                "net must treat each sample by itself in eval mode, got outputs that depend on the others in the batch, as "
                "of a BatchNorm without running statistics: use one that has them, or another layer"
            )

    def __iter__(self) -> Iterator["BatchLoss"]:
        weight, empty = self.nin.weight, True
        with contextlib.ExitStack() as stack:
            stack.enter_context(warnings.catch_warnings())
            warnings.filterwarnings(
                "ignore", "None of the inputs have requires_grad"
            )  # of checkpoints that pass on x
            stack.enter_context(evaluating(self.net))
            stack.callback(torch.backends.mha.set_fastpath_enabled, torch.backends.mha.get_fastpath_enabled())
            torch.backends.mha.set_fastpath_enabled(
                False
            )  # it skips the layers of a transformer in evaluation
            if self.twice:  # fused kernels of attention have no second derivative
                stack.enter_context(sdpa_kernel(SDPBackend.MATH))
            for batch in self._batches:
                empty = False
                inputs, target = (batch, batch) if isinstance(batch, Mapping) else _pair(batch)
                sizes = {len(inputs)} if self._by_rows else _sizes(inputs)
                yield BatchLoss(self, _moved(inputs, weight), _moved(target, weight), sizes)
        if empty:
            raise ValueError(f"x must hold one batch or more, got {self._batches!r}: nothing to measure on")


@contextlib.contextmanager
def _advised() -> Iterator[None]:
    """Say what to do where autograd does not arrive."""
    try:
        yield
    except RuntimeError as error:
        raise ValueError(
            f'method must be "differences" for a net that autograd cannot differentiate twice, got "products": {error}'
        ) from error


def _pair(batch: Any) -> tuple[Any, Any]:
    if not isinstance(batch, (tuple, list)) or len(batch) != 2:
        raise ValueError(
            f"x must hold batches that are pairs of inputs and targets, or dictionaries, got {batch!r}: several inputs are "
            "a tuple in the pair"
        )
    return batch[0], batch[1]


def _moved(part: Any, weight: torch.Tensor) -> Any:
    """Inputs or targets on the device of a weight and in its precision."""
    if isinstance(part, torch.Tensor):
        return as_input(part, weight).detach()
    if isinstance(part, Mapping):
        return {key: _moved(value, weight) for key, value in part.items()}
    return tuple(_moved(value, weight) for value in part) if isinstance(part, (tuple, list)) else part


def _sizes(part: Any) -> set[int]:
    """Sizes of the dimensions of all tensors in inputs."""
    if isinstance(part, torch.Tensor):
        return set(part.shape)
    parts = part.values() if isinstance(part, Mapping) else part if isinstance(part, tuple) else ()
    return set().union(*map(_sizes, parts))


class _Inside(torch.nn.Module):
    """Something is done while a net has other parameters: forward and backward, as checkpointing computes forward again."""

    def __init__(self, net: torch.nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, work: Callable[[], torch.Tensor]) -> torch.Tensor:
        return work()


@dataclass
class BatchLoss:
    """The mean loss of one batch as a function of W_NI, at an eps that is drawn for the shape of z."""

    whole: LocalLoss
    inputs: Any
    target: Any
    sizes: set[int]
    """What may be the number of samples."""
    samples: int = 0
    """How many the layer has seen, once it was called."""
    positions: int = 1
    """At how many places in a sample, where each has an eps."""

    @torch.no_grad()
    def value(self, weight: torch.Tensor, eps: Draw) -> float:
        """The loss."""
        return self._inside(weight, eps, self._loss).item()

    def gradient(self, weight: torch.Tensor, eps: Draw) -> torch.Tensor:
        """Its gradient in W_NI, shape (features,)."""
        leaf = weight.detach().clone().requires_grad_()
        return self._inside(leaf, eps, lambda: self._gradient(leaf))

    def gradients(self, weight: torch.Tensor, eps: Draw, apart: bool = False) -> torch.Tensor:
        """That of each sample's loss, shape (samples, features); or `apart` of what each eps multiplies."""
        leaf, found = weight.detach().clone().requires_grad_(), []

        def rows(layer: torch.nn.Module, g: torch.Tensor) -> torch.Tensor:
            last = (g * eps_at(layer, g)).movedim(dimensions(layer, g), (0, -1))
            return (
                last.flatten(0, -2)
                if apart and self.whole.nin._per_position
                else last.reshape(len(last), -1, last.shape[-1]).sum(1)
            )

        def listen(layer: torch.nn.Module, inputs: object, z: torch.Tensor) -> None:
            if z.requires_grad:
                z.register_hook(lambda g: found.append(rows(layer, g)))

        hook = self.whole.layer.register_forward_hook(listen)
        try:
            self._inside(leaf, eps, lambda: self._gradient(leaf))
        finally:
            hook.remove()
        return cast("torch.Tensor", sum(found)) * self.samples

    def products(self, columns: torch.Tensor) -> torch.Tensor:
        """<H> of the batch times vectors, shape (features, k)."""
        if not self.whole.nin._per_position:
            return self._products(columns, torch.ones)
        found, position = self._products(columns, self._at(0)), 1
        while position < self.positions:
            found, position = found + self._products(columns, self._at(position)), position + 1
        return found

    def _at(self, position: int) -> Draw:
        """One at one of the positions in each sample, 0 at the others."""
        nin = self.whole.nin

        def eps(*shape: int) -> torch.Tensor:
            batch, feature = (dim % (len(shape) + 1) for dim in (nin._batch_dim, nin._feature_dim))
            places = (ones := torch.zeros(shape)).movedim(batch - (batch > feature), -1)
            if position < (n := math.prod(places.shape[:-1])):
                places[np.unravel_index(position, places.shape[:-1])] = 1
            self.positions = max(self.positions, n)
            return ones

        return eps

    def _products(self, columns: torch.Tensor, eps: Draw) -> torch.Tensor:
        """The Hessian in W_NI, at 0, times vectors."""
        leaf = torch.zeros_like(columns[:, 0])
        if not self.whole.twice:
            return torch.stack([self._difference(leaf, v, eps) for v in columns.T], 1)
        leaf.requires_grad_()

        def product(first: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
            # All of it: torch.autograd.grad leaves out, without a word, what does not lead to W_NI since it can be
            # differentiated only once.
            leaf.grad = torch.zeros_like(leaf)
            with _advised():
                first.backward(v, retain_graph=True)
            return leaf.grad

        def work() -> torch.Tensor:
            first = self._gradient(leaf, create_graph=True)
            return torch.stack(
                [product(first, v) if first.requires_grad else leaf.detach() for v in columns.T], 1
            )

        return self._inside(leaf, eps, work)

    def _difference(self, zero: torch.Tensor, v: torch.Tensor, eps: Draw) -> torch.Tensor:
        """The Hessian times a vector by a central difference."""
        size = v.abs().max()
        if not size:
            return zero
        there, back = (self.gradient(sign * STEP / size * v, eps) for sign in (1, -1))
        return (there - back) * (size / (2 * STEP))

    def _loss(self) -> torch.Tensor:
        net, inputs = self.whole.net, self.inputs
        if isinstance(inputs, dict):
            output = net(**inputs)
        else:
            output = net(*inputs) if isinstance(inputs, tuple) else net(inputs)
        if self.whole.named:
            check_outputs(output, self.target)
        value = self.whole.criterion(output, self.target)
        if not isinstance(value, torch.Tensor) or value.numel() != 1:
            raise ValueError(f"loss must give one number for a batch, got {value!r}: its mean, for example")
        return value.reshape(())

    def _gradient(self, leaf: torch.Tensor, create_graph: bool = False) -> torch.Tensor:
        loss = self._loss()
        if self.whole.twice:
            with _advised():
                return torch.autograd.grad(loss, leaf, create_graph=create_graph, materialize_grads=True)[0]
        loss.backward()  # reentrant checkpointing refuses torch.autograd.grad
        return torch.zeros_like(leaf) if leaf.grad is None else leaf.grad

    def _inside(self, weight: torch.Tensor, eps: Draw, work: Callable[[], torch.Tensor]) -> torch.Tensor:
        """What is done while the net has this W_NI and this noise, and leaves of its own: no gradient is left behind."""
        whole = self.whole
        own = {
            f"net.{name}": p.detach().requires_grad_(p.requires_grad and not whole.twice)
            for name, p in whole.net.named_parameters()
        }
        own[whole.weight_name] = weight
        hook = whole.layer.register_forward_hook(self._count)
        try:
            with torch.set_grad_enabled(weight.requires_grad), whole.nin.noise(eps):
                return cast("torch.Tensor", functional_call(_Inside(whole.net), own, (work,)))
        finally:
            hook.remove()

    def _count(self, layer: torch.nn.Module, inputs: object, z: torch.Tensor) -> None:
        dim, _ = dimensions(layer, z)
        self.samples = z.shape[dim]
        if self.samples not in self.sizes:
            raise ValueError(
                f"batch_dim must be the dimension that counts the samples, got {dim}, where the output of {layer}, of shape "
                f"{tuple(z.shape)}, has {self.samples}, and the inputs have {sorted(self.sizes)}: attach the NIN with "
                "another batch_dim"
            )
