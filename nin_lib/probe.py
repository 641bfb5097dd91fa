"""A recorder for a training loop of your own: nodes on many layers, and the curvature that they read."""

import contextlib
import fnmatch
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from nin_lib import checks
from nin_lib.decay import estimate_curvature
from nin_lib.distributions import stream
from nin_lib.extras import needed
from nin_lib.injection import NoiseInjection, in_backward, shift
from nin_lib.noisy_layers import names_of

with needed("torch"):
    import torch
    from torch.optim.optimizer import register_optimizer_step_post_hook

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


class Reading(NamedTuple):
    """What was read at one layer over some steps of a training.

    Attributes
    ----------
    layer : str
        Name of the layer.
    first, last : int
        The steps, from `first` up to, not with, `last`.
    curvature, error : float
        Mean of what was read in each of them, and its standard error.

    Examples
    --------
    >>> layer, first, last, curvature, error = Reading("0", 0, 20, curvature=0.4, error=0.1)
    >>> curvature > 2 * error
    True
    """

    layer: str
    first: int
    last: int
    curvature: float
    error: float


class NoiseProbe(contextlib.AbstractContextManager):
    """Read the curvature of every layer while a net is trained, by whatever loop: ``with NoiseProbe(net) as probe:``.

    Inside the block each layer whose name matches has a NIN, with new noise in each forward pass. A pass in evaluation
    (``net.eval()``, ``torch.no_grad()``) is clean. Steps are noticed by themselves where an optimiser of torch makes them, in
    Lightning, in the Trainer of Hugging Face and in accelerate, too; else `step` tells them. Afterwards the nodes are gone.

    There are two kinds of it. **The free meter**, unless `sigma_eps` is given: W_NI is not trained, but set in each pass to
    random signs, times `strength`. The gradient that arrives at the layer in any case gives, over the steps,
    <W_NI . dL/dW_NI> / strength^2 = tr <H>, Hutchinson's estimate, at this strength of noise and kinks included
    (`LocalCurvature.forward_trace`). It does not depend on the optimiser, which may be older than the block; neither it, nor
    a norm of gradients, nor a checkpoint sees W_NI. **W_NI trained** as in the paper, with `sigma_eps`: the fall of |W_NI| in
    each step is read by `estimate_curvature`: the Rayleigh quotient of <H> along W_NI, less the kicks. It asks for plain SGD,
    built inside the block.

    What is read is the curvature of the loss whose ``backward()`` is called: of a sum over the batch, that of the mean times
    its size. Accumulated gradients are added up to one reading for a step. Where layers are checkpointed, the ``backward()``
    of a pass comes before the next one.

    Parameters
    ----------
    net : torch.nn.Module
        The network, not yet compiled.
    layers : str
        Pattern of names as in ``net.named_modules()``, in which ``*`` stands for anything: ``"*.mlp.*"``.
    sigma_eps : float, optional
        Standard deviation > 0 of the noise, if W_NI is trained.
    strength : float
        Standard deviation > 0 of what the free meter adds to each feature, small beside the scale on which activations bend.
    distribution, seed, per, batch_dim, feature_dim, features
        As in `NoiseInjection`, for each of the layers.
    scaler : torch.amp.GradScaler, optional
        By which gradients are scaled: the free meter asks for it where a layer computes in float16.

    Attributes
    ----------
    nins : dict of NoiseInjection
        By the names of their layers, inside the block.

    Raises
    ------
    TypeError
        If an argument is of another kind than above.
    ValueError
        If an argument is not as above, or no layer matches.

    Warns
    -----
    UserWarning
        If what is read says nothing: no step was noticed, no optimiser has W_NI, or it is not plain SGD; a layer was never
        reached.

    Examples
    --------
    >>> net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    >>> optimiser, x = torch.optim.Adam(net.parameters()), torch.ones(50, 4)
    >>> with NoiseProbe(net) as probe:
    ...     for _ in range(40):
    ...         optimiser.zero_grad()
    ...         (net(x) ** 2).mean().backward()
    ...         optimiser.step()
    >>> for reading in probe.curvature(stretch=20):
    ...     print(reading.layer, reading.first, reading.last, reading.error > 0)
    0 0 20 True
    0 20 40 True
    2 0 20 True
    2 20 40 True
    """

    def __init__(
        self,
        net: torch.nn.Module,
        layers: str = "*",
        sigma_eps: float | None = None,
        *,
        strength: float = 0.1,
        distribution: str = "normal",
        seed: int | np.random.Generator = 0,
        per: str = "sample",
        batch_dim: int = 0,
        feature_dim: int | None = None,
        features: int | None = None,
        scaler: Any = None,
    ) -> None:
        checks.instance("net", net, torch.nn.Module, "use nin_lib.networks.mlp, for example")
        checks.instance("layers", layers, str, 'use "*" for all, for example')
        self._free = sigma_eps is None
        remedy = "leave it out for the free meter"
        self._sigma = 1.0 if sigma_eps is None else checks.number("sigma_eps", sigma_eps, 0, True, remedy)
        self._strength = checks.number("strength", strength, 0, strictly=True, remedy="0.1 is usual")
        if scaler is not None and not hasattr(scaler, "get_scale"):
            raise TypeError(f"scaler must be a GradScaler, got {scaler!r}: use torch.amp.GradScaler()")
        all_names = names_of(net, special=feature_dim is not None)
        self._layers = fnmatch.filter(all_names, layers)
        if not self._layers:
            raise ValueError(
                f"layers must match one that can have a NIN, got {layers!r}: the net has {all_names}"
            )
        self._net, self._scaler, self._rng = net, scaler, stream(seed, "probe signs")
        self._how: dict[str, Any] = {"distribution": distribution, "seed": seed, "per": per}
        self._how |= {"batch_dim": batch_dim, "feature_dim": feature_dim, "features": features}
        self.nins: dict[str, NoiseInjection] = {}
        self._values: dict[str, list[torch.Tensor]] = {name: [] for name in self._layers}
        self._etas: dict[str, list[float]] = {name: [] for name in self._layers}
        self._said: set[str] = set()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self._attach(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()
        if error[0] is None:
            self._warn_of_silence()

    def __deepcopy__(self, memo: dict[int, Any]) -> "NoiseProbe":
        return self  # of a net with its hooks: the copy has nodes of its own, which no pass makes noisy

    def __getstate__(self) -> Any:
        raise TypeError("net must be saved whole outside of the probe's block: inside, save its state_dict()")

    def _attach(self, stack: contextlib.ExitStack) -> None:
        """Give the layers their nodes and all hooks, until the stack is closed."""
        self._outermost: torch.nn.Module | None = None
        self._pass, self._noisy, self._began = 0, False, dict.fromkeys(self._layers, 0)
        self._blocks = {name: contextlib.ExitStack() for name in self._layers}
        self._open: dict[str, Any] = {}
        self._pending: dict[str, list[tuple[float, torch.Tensor]]] = {name: [] for name in self._layers}
        modules = dict(self._net.named_modules())
        parts = {name.rsplit(".", n)[0] for name in self._layers for n in range(name.count(".") + 1)} | {""}
        for name in sorted(parts):
            stack.callback(modules[name].register_forward_pre_hook(self._enter).remove)
        for name in self._layers:
            nin = self.nins[name] = NoiseInjection(self._net, name, self._sigma, **self._how)
            stack.callback(self.nins.pop, name)
            stack.callback(nin.remove)
            stack.callback(self._blocks[name].close)
            if self._free:
                nin.freeze()
                stack.callback(modules[name].register_forward_hook(self._listen).remove)
            else:
                self._values[name].append(nin.weight.detach().norm())
        for name in sorted(parts):
            stack.callback(modules[name].register_forward_hook(self._leave, always_call=True).remove)
        self._names = {modules[name]: name for name in self._layers}
        stack.callback(register_optimizer_step_post_hook(self._stepped).remove)

    def _enter(self, module: torch.nn.Module, inputs: Any) -> None:
        """Before a layer, or a part that has some: the outermost one that is called begins a forward pass."""
        if in_backward():  # activation checkpointing goes through the same pass again
            return
        if self._outermost is None:
            self._outermost, self._pass = module, self._pass + 1
            self._noisy = self._net.training and torch.is_grad_enabled()
        name = self._names.get(module)
        if name is None or self._began[name] == self._pass or self._others(name):
            return
        self._began[name], nin = self._pass, self.nins[name]
        self._blocks[name].close()
        if self._noisy:
            if self._free:
                signs = self._rng.choice([-self._strength, self._strength], len(nin.weight))
                nin.weight.copy_(torch.from_numpy(signs))
            self._blocks[name].enter_context(nin.noise(unused=True))
        self._open[name] = nin._block

    def _leave(self, module: torch.nn.Module, inputs: Any, output: Any) -> None:
        if module is self._outermost:
            self._outermost = None

    def _others(self, name: str) -> bool:
        """Whether the layer is in a noise block of somebody else, such as `LocalCurvature`."""
        return self.nins[name]._block is not self._open.get(name)

    def _listen(self, layer: torch.nn.Module, inputs: Any, z: torch.Tensor) -> None:
        """After a layer with its noise: read the gradient that will arrive there."""
        name = self._names.get(layer)
        if name is None or self._open.get(name) is None or self._others(name) or not z.requires_grad:
            return
        if z.dtype == torch.float16 and self._scaler is None:
            raise ValueError(
                f"scaler must be given where a layer computes in float16, as {name!r} does, got None: give the GradScaler, "
                "or GradScaler(enabled=False) if gradients are not scaled"
            )
        added, type_of_sum = shift(layer, z), torch.promote_types(z.dtype, torch.float32)

        def read(g: torch.Tensor) -> None:
            scale = self._scale()
            self._pending[name].append(
                (scale, (g * added).sum(dtype=type_of_sum) / (scale * self._strength**2))
            )

        z.register_hook(read)

    def _scale(self) -> float:
        return 1.0 if self._scaler is None else float(self._scaler.get_scale())

    def _stepped(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        """After a step of any optimiser."""
        etas = {id(p): float(group["lr"]) for group in optimizer.param_groups for p in group["params"]}
        if not any(id(parameter) in etas for parameter in self._net.parameters()):
            return
        mine = {name: etas[id(n.weight)] for name, n in self.nins.items() if id(n.weight) in etas}
        if not self._free:
            group = optimizer.param_groups[0]
            if not mine:
                self._say(
                    f"W_NI is not among the parameters of this {type(optimizer).__name__}, which will not move it: build the "
                    "optimiser inside the probe's block"
                )
            elif type(optimizer) is not torch.optim.SGD or group["momentum"] or group["weight_decay"]:
                self._say(
                    "the fall of |W_NI| tells the curvature under plain SGD, without momentum and weight decay, got "
                    f"{type(optimizer).__name__}: leave out sigma_eps for the free meter, which any optimiser will do for"
                )
        self._record(mine)

    def step(self, eta: float) -> None:
        """Tell the probe of a step that no optimiser of torch has made, with its learning rate eta > 0."""
        eta = checks.number("eta", eta, 0, strictly=True, remedy="0.01 is a usual learning rate")
        self._record(dict.fromkeys(self.nins, eta))

    def _record(self, etas: dict[str, float]) -> None:
        for name, eta in etas.items():  # none with the free meter
            if not self._free:
                self._etas[name].append(eta)
                self._values[name].append(self.nins[name].weight.detach().norm())
        if self._free and any(self._pending.values()):
            scale = self._scale()  # another one is that of a step that the scaler has left out
            for name, pending in self._pending.items():
                read = [value for its_scale, value in pending if its_scale == scale]
                self._values[name].append(torch.stack(read).sum() if read else torch.tensor(np.nan))
                pending.clear()

    def _say(self, words: str) -> None:
        if words not in self._said:
            self._said.add(words)
            warnings.warn(words, stacklevel=2)

    def _warn_of_silence(self) -> None:
        readings = self.readings()
        if self._pass and not any(map(len, readings.values())):
            self._say(
                "no step was noticed: where no optimiser of torch makes it, call probe.step(eta) after it"
            )
        silent = [name for name, read in readings.items() if len(read) and not np.nan_to_num(read).any()]
        if silent:
            self._say(
                f"nothing was read at {silent}: they were not called, or no gradient and no step moved what is there"
            )

    def readings(self) -> dict[str, np.ndarray]:
        """What each step has read at each layer, shape (steps,); nan where it has read nothing."""
        values = {
            name: np.array([float(value) for value in torch.stack(found).cpu()]) if found else np.zeros(0)
            for name, found in self._values.items()
        }
        if self._free:
            return values
        return {
            name: estimate_curvature(norms, eta=self._etas[name], sigma_eps=self._sigma).rayleigh
            if len(norms) > 1
            else norms[1:]
            for name, norms in values.items()
        }

    def curvature(self, stretch: int | None = None) -> list[Reading]:
        """Mean and standard error of the readings of each layer.

        Parameters
        ----------
        stretch : int, optional
            So many steps >= 2 are taken together; all of them unless given.

        Returns
        -------
        list of Reading
            For each layer and stretch. The error is nan where less than two steps have read something.
        """
        if stretch is not None:
            stretch = checks.whole("stretch", stretch, 2, "the standard error needs two steps")
        found = []
        for name, values in self.readings().items():
            for first in range(0, len(values), stretch or max(len(values), 1)):
                some = values[first : first + (stretch or len(values))]
                read = some[np.isfinite(some)]
                mean = float(read.mean()) if len(read) else np.nan
                error = float(read.std(ddof=1) / np.sqrt(len(read))) if len(read) > 1 else np.nan
                found.append(Reading(name, first, first + len(some), mean, error))
        return found

    def to_frame(self, stretch: int | None = None) -> "pd.DataFrame":
        """`curvature` as a table of pandas."""
        with needed("frames"):
            import pandas as pd
        return pd.DataFrame(self.curvature(stretch), columns=Reading._fields)

    def figure(self, stretch: int | None = None) -> "go.Figure":
        """`curvature` over the steps, a line for each layer, with error bars."""
        with needed("explorers"):
            import plotly.graph_objects as go
        figure, readings = go.Figure(), self.curvature(stretch)
        for name in self._layers:
            its = [reading for reading in readings if reading.layer == name]
            figure.add_scatter(
                x=[(reading.first + reading.last) / 2 for reading in its],
                y=[reading.curvature for reading in its],
                error_y={"array": [reading.error for reading in its]},
                name=name,
            )
        quantity = "trace of ⟨H⟩" if self._free else "⟨H⟩ along W<sub>NI</sub>"
        return figure.update_layout(xaxis_title="step", yaxis_title=quantity, showlegend=True)
