"""Ways to the trace of <H> of each layer, batch by batch at fixed weights, beside references over many images."""

import contextlib
import copy
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nin_lib import checks
from nin_lib.experiments.experiment import Experiment
from nin_lib.store import single_precision

if TYPE_CHECKING:
    import torch

    from nin_lib.data import Data


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A net whose layers are probed after some `epochs` of plain SGD, by `draws` batches each time.

    `net` is one of `nin_lib.networks.ARCHITECTURES`, on digits, or "fig1", on Fashion-MNIST. The noise on a unit,
    sigma_eps |W_NI,j|, is `strength`. References are over the first `samples` training images and so many `vectors`.
    """

    net: str
    layers: tuple[str, ...]
    seed: int
    eta: float = 0.1
    batch_size: int = 128
    epochs: tuple[int, ...] = (0, 1, 10)
    draws: int = 128
    strength: float = 0.1
    samples: int = 500
    vectors: int = 64


METHODS = ("products", "joint", "differences", "forward", "meter")
"""The methods of `_Probes`."""
REFERENCES = ("products", "forward", "weak")
"""Of which there are means over many images."""
WEAK = 0.02
"""Another strength, for a second reference by forward passes."""
STRETCH = 16
"""A trained W_NI is read over so many steps ..."""
FALL = 0.02
"""... in each of which the mean dynamics shortens it by this part, were all curvatures equal: so sigma_eps is chosen."""


class _Draw(NamedTuple):
    """A batch, and for each layer a vector of signs s, shape (features,), and normal noise eps, shape (batch,)."""

    x: "torch.Tensor"
    y: "torch.Tensor"
    signs: list["torch.Tensor"]
    eps: list["torch.Tensor"]


class _Probes:
    """Each method estimates tr <H> of each layer from one draw, as s.<H>s or with that as its mean.

    Parameters
    ----------
    net : torch.nn.Module
        Gets a NIN on each layer.
    layers : sequence of str
    strength : float
        sigma_eps |W_NI,j| of each unit, with sigma_eps = 1.
    """

    def __init__(self, net: "torch.nn.Module", layers: tuple[str, ...], strength: float) -> None:
        from nin_lib.injection import NoiseInjection

        self.net, self._strength = net, strength
        self.nins = [NoiseInjection(net, layer, 1.0) for layer in layers]

    def draw(self, x: "torch.Tensor", y: "torch.Tensor", rng: np.random.Generator) -> _Draw:
        """A batch with signs and noise of its own."""
        import torch

        weights = [nin.weight for nin in self.nins]
        signs = [torch.from_numpy(rng.choice([-1.0, 1.0], len(weight))).to(weight) for weight in weights]
        eps = [torch.from_numpy(rng.standard_normal(len(x))).to(weight) for weight in weights]
        return _Draw(x.to(weights[0]), y, signs, eps)

    def step(self, draw: _Draw) -> float:
        """Processor time, in seconds, of the gradients of a step of training."""
        import torch

        started = time.process_time()
        loss = torch.nn.functional.cross_entropy(self.net(draw.x), draw.y)
        torch.autograd.grad(loss, list(self.net.parameters()), allow_unused=True)
        return time.process_time() - started

    def products(self, draw: _Draw) -> list[float]:
        """By a Hessian-vector product for each layer."""
        return [self._products(draw, [i])[0] for i in range(len(self.nins))]

    def joint(self, draw: _Draw) -> list[float]:
        """By one Hessian-vector product for all layers: the blocks between layers average to 0."""
        return self._products(draw, list(range(len(self.nins))))

    def differences(self, draw: _Draw) -> list[float]:
        """By the difference of the gradients at W_NI = strength s and -strength s, with eps = 1, a layer at a time."""
        result = []
        for i in range(len(self.nins)):
            ones = _only(i, [0 * eps + 1 for eps in draw.eps])
            up, down = (self._along(draw, scale, ones, [i])[0] for scale in (self._strength, -self._strength))
            result.append((up - down) / (2 * self._strength))
        return result

    def forward(self, draw: _Draw) -> list[float]:
        """By the second difference of the loss at noise eps, 0 and -eps, a layer at a time; no backward pass."""
        self._set(draw, self._strength)
        middle, result = self._loss(draw, [0 * eps for eps in draw.eps]), []
        for i in range(len(self.nins)):
            up = _only(i, draw.eps)
            sides = self._loss(draw, up) + self._loss(draw, [-eps for eps in up])
            result.append((sides - 2 * middle) / self._strength**2)
        return result

    def meter(self, draw: _Draw) -> list[float]:
        """By W_NI . dL/dW_NI at noise on all layers: from the gradients that a step of training takes anyway."""
        return [float(row @ s) for row, s in zip(self.meter_rows(draw), draw.signs, strict=True)]

    def meter_rows(self, draw: _Draw) -> list["torch.Tensor"]:
        """What `meter` multiplies by the signs: <H> s in the mean, shape (features,) for each layer."""
        self._set(draw, self._strength)
        gradients = self._gradients(draw, draw.eps, list(range(len(self.nins))))
        return [gradient / self._strength for gradient in gradients]

    def _set(self, draw: _Draw, scale: float) -> None:
        import torch

        with torch.no_grad():
            for nin, signs in zip(self.nins, draw.signs, strict=True):
                nin.weight.copy_(scale * signs)

    @contextlib.contextmanager
    def _noise(self, eps: list["torch.Tensor"]) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            for nin, values in zip(self.nins, eps, strict=True):
                stack.enter_context(nin.noise(values))
            yield

    def _loss(self, draw: _Draw, eps: list["torch.Tensor"]) -> float:
        import torch

        with torch.no_grad(), self._noise(eps):
            return float(torch.nn.functional.cross_entropy(self.net(draw.x), draw.y))

    def _gradients(
        self, draw: _Draw, eps: list["torch.Tensor"], layers: list[int], again: bool = False
    ) -> tuple["torch.Tensor", ...]:
        """dL/dW_NI of some layers; `again`: to be differentiated once more."""
        import torch

        with self._noise(eps):
            loss = torch.nn.functional.cross_entropy(self.net(draw.x), draw.y)
            return torch.autograd.grad(loss, [self.nins[i].weight for i in layers], create_graph=again)

    def _along(self, draw: _Draw, scale: float, eps: list["torch.Tensor"], layers: list[int]) -> list[float]:
        """Along s, dL/dW_NI of some layers at W_NI = scale s."""
        self._set(draw, scale)
        gradients = self._gradients(draw, eps, layers)
        return [float(g @ draw.signs[i]) for g, i in zip(gradients, layers, strict=True)]

    def _products(self, draw: _Draw, layers: list[int]) -> list[float]:
        import torch
        from torch.nn.attention import SDPBackend, sdpa_kernel

        self._set(draw, 0.0)
        ones, signs = [0 * eps + 1 for eps in draw.eps], [draw.signs[i] for i in layers]
        with sdpa_kernel(SDPBackend.MATH):  # the fused kernels have no second derivative
            gradients = self._gradients(draw, ones, layers, again=True)
            second = torch.autograd.grad(gradients, [self.nins[i].weight for i in layers], signs)
        return [float(h @ s) for h, s in zip(second, signs, strict=True)]


def _only(i: int, eps: list["torch.Tensor"]) -> list["torch.Tensor"]:
    """The noise of layer i, and none on the others."""
    return [values if j == i else 0 * values for j, values in enumerate(eps)]


def compute(settings: Settings, device: str = "cpu") -> dict[str, np.ndarray]:
    """Train without noise, and probe the net on the way.

    Returns
    -------
    dict of ndarray
        `products` ... `meter`, shape (moments, layers, draws), by the methods of `_Probes`: one batch and one vector of
        signs each. `trained`, shape (moments, layers, draws / 16): read from the fall of a W_NI that is trained with the
        net for 16 steps, as a trace. `reference/products`, `reference/forward` and `reference/weak`, shape (moments,
        layers, vectors), over `samples` images, the last at a noise of 0.02. `largest/products`, shape (moments, layers), the
        largest eigenvalue of <H> over the same images, and `largest/meter`, of the matrix that the draws of the meter
        average to. `seconds/<method>`, shape (moments,): processor time of a draw,
        and of `step`, a step of training.

    Raises
    ------
    TypeError
        If an argument is of another kind than above.
    ValueError
        If a setting or the device is not as above.
    """
    from nin_lib.training import train

    checks.instance("settings", settings, Settings, "use one of EXPERIMENT.settings, for example")
    for name in ("batch_size", "draws", "samples", "vectors"):
        checks.whole(name, getattr(settings, name), 1, "it counts what is probed")
    moments = checks.sequence("epochs", settings.epochs, "give the epochs after which to probe")
    net, data = _prepare(settings, device)
    found, done = [], 0
    for epoch in moments:
        if checks.whole("epochs", epoch, done, "they count passes through the training set, and rise") > done:
            train(
                net,
                data,
                eta=settings.eta,
                batch_size=settings.batch_size,
                epochs=epoch - done,
                seed=settings.seed,
            )
        done = epoch
        found.append(_probe(net, data, settings, np.random.default_rng([settings.seed, epoch])))
    return single_precision({key: np.stack([one[key] for one in found]) for key in found[0]})


def _prepare(settings: Settings, device: str) -> tuple["torch.nn.Module", "Data"]:
    """Net and data, at the start."""
    from nin_lib.data import load
    from nin_lib.networks import ARCHITECTURES, mlp, network, placed

    if checks.choice("net", settings.net, ("fig1", *ARCHITECTURES)) == "fig1":
        data = load("fashion_mnist")
        return placed(mlp((784, 1024, 1024, 1024, 10), settings.seed, data.x_train.dtype), device), data
    return placed(network(settings.net, settings.seed), device), load("digits")


def _probe(
    net: "torch.nn.Module", data: "Data", settings: Settings, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """What `compute` returns, of one moment."""
    x, y = (part.to(next(net.parameters()).device) for part in (data.x_train, data.y_train))
    probes = _Probes(copy.deepcopy(net), settings.layers, settings.strength)
    found: dict[str, np.ndarray] = {}
    batches = [
        probes.draw(x[rows], y[rows], rng)
        for rows in (rng.choice(len(x), settings.batch_size, replace=False) for _ in range(settings.draws))
    ]
    for method in METHODS:
        started = time.process_time()
        found[method] = np.transpose([getattr(probes, method)(batch) for batch in batches])
        found[f"seconds/{method}"] = np.array((time.process_time() - started) / settings.draws)
    found["seconds/step"] = np.array(np.mean([probes.step(batch) for batch in batches]))

    x, y = x[: settings.samples], y[: settings.samples]
    weak = _Probes(copy.deepcopy(net), settings.layers, WEAK)
    references = [probes.draw(x, y, rng) for _ in range(settings.vectors)]
    for name, probe in zip(REFERENCES, (probes.joint, probes.forward, weak.forward), strict=True):
        found[f"reference/{name}"] = np.transpose([probe(reference) for reference in references])
    found |= _largest(probes, batches, x, y)
    traces = np.abs(found["reference/products"].mean(1))
    found["trained"] = np.transpose(
        [
            _trained(
                net, data, settings, traces, rng.integers(len(x), size=STRETCH * settings.batch_size), seed
            )
            for seed in range(settings.draws // STRETCH)
        ]
    )
    return found


def _largest(
    probes: _Probes, batches: list[_Draw], x: "torch.Tensor", y: "torch.Tensor"
) -> dict[str, np.ndarray]:
    """Largest eigenvalue of <H> of each layer: over these images, and of the mean of what the meter says of each batch."""
    from nin_lib.curvature import LocalCurvature

    largest = [LocalCurvature(probes.net, nin, x, y).largest(tol=1e-3) for nin in probes.nins]
    matrices = [np.zeros(2 * [len(nin.weight)]) for nin in probes.nins]
    for batch in batches:
        for matrix, row, signs in zip(matrices, probes.meter_rows(batch), batch.signs, strict=True):
            matrix += np.outer(row.cpu(), signs.cpu()) / len(batches)
    of_meter = [np.linalg.eigvalsh((matrix + matrix.T) / 2)[-1] for matrix in matrices]
    return {"largest/products": np.array(largest), "largest/meter": np.array(of_meter)}


def _trained(
    net: "torch.nn.Module",
    data: "Data",
    settings: Settings,
    traces: np.ndarray,
    rows: np.ndarray,
    seed: int,
) -> list[float]:
    """Traces, each layer's reading times its features, from fresh W_NI that are trained over these rows, on a copy."""
    from nin_lib.decay import estimate_curvature
    from nin_lib.injection import NoiseInjection
    from nin_lib.training import train

    twin = copy.deepcopy(net)
    few = replace(
        data,
        x_train=data.x_train[rows],
        y_train=data.y_train[rows],
        x_val=data.x_val[:1],
        y_val=data.y_val[:1],
    )
    nins = [NoiseInjection(twin, layer, 1.0, seed=seed) for layer in settings.layers]
    for nin, trace in zip(nins, traces, strict=True):
        nin.sigma_eps = float(np.sqrt(FALL * len(nin.weight) / (settings.eta * trace)))
    history = train(
        twin, few, nin=nins, eta=settings.eta, batch_size=settings.batch_size, epochs=1, seed=seed
    )
    result = []
    for nin in nins:
        norms = history.norms[f"{nin.layer_name}.nin_weight"]
        read = estimate_curvature(norms, steps=STRETCH, eta=settings.eta, sigma_eps=nin.sigma_eps).rayleigh
        result.append(float(read[0] * len(nin.weight)))
    return result


NETS: dict[str, tuple[str, ...]] = {
    "relu": ("0",),
    "tanh": ("0",),
    "convolutional": ("1", "4"),
    "transformer": ("embed", "attend", "up"),
}
"""The small nets, and their layers that are probed."""

EXPERIMENT = Experiment(
    "ways to the trace of <H> of each layer, compared: four small nets and that of Fig. 1, 5 seeds each",
    (
        *(Settings(net=net, layers=layers, seed=seed) for net, layers in NETS.items() for seed in range(5)),
        *(
            Settings(
                net="fig1",
                layers=("0", "2", "4"),
                seed=seed,
                eta=0.05,
                epochs=(0, 1, 5),
                draws=128,
                vectors=32,
            )
            for seed in range(5)
        ),
    ),
    compute,
    ("numpy", "scikit-learn", "scipy", "torch"),
)
