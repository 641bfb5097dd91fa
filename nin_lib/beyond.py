"""Beyond the paper: other activations, layers, noises, steps and architectures, inputs without information, and where
training lands. Everything here is on digits, from weights N(0, 1/fan_in) and biases 0 (Appendix B of the paper).

`EXPERIMENTS` has, for each experiment, the arguments of a `nin_lib.experiments.Experiment`.
"""

import math
import warnings

import numpy as np

from nin_lib.data import Data, load
from nin_lib.distributions import DISTRIBUTIONS, stream
from nin_lib.extras import needed
from nin_lib.injection import NoiseInjection
from nin_lib.results import single_precision
from nin_lib.training import LOSSES, mlp, train

with needed("torch"):
    import torch
    from scipy.sparse.linalg import LinearOperator, eigsh
    from torch import nn

# --- networks --------------------------------------------------------------------------------------------------------


class Recurrent(nn.Module):
    """Elman's recurrent net, which reads an image row by row: h <- activation(input(row) + hidden(h))."""

    def __init__(self, activation, width=64):
        super().__init__()
        self.input, self.output = nn.Linear(8, width), nn.Linear(width, 10)
        self.hidden, self.activation = nn.Linear(width, width, bias=False), activation

    def forward(self, x):
        first, *others = self.input(x.unflatten(1, (8, 8))).unbind(1)
        h = self.activation(first)
        for z in others:
            h = self.activation(z + self.hidden(h))
        return self.output(h)


class Transformer(nn.Module):
    """One block of self-attention with 4 heads and one of 2 ReLU layers; the tokens are the rows of an image.

    With `norm`, the attention, the two layers and the output see normalised tokens (LayerNorm without parameters), as is
    usual.
    """

    def __init__(self, norm, width=16):
        super().__init__()
        self.embed, self.position = nn.Linear(8, width), nn.Parameter(torch.zeros(8, width))
        self.attend, self.project = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.norm = nn.LayerNorm(width, elementwise_affine=False) if norm else nn.Identity()
        self.output = nn.Linear(width, 10)

    def forward(self, x):
        tokens = self.embed(x.unflatten(1, (8, 8))) + self.position
        queries, keys, values = (
            self.attend(self.norm(tokens)).unflatten(-1, (3, 4, -1)).permute(2, 0, 3, 1, 4)
        )
        attended = nn.functional.scaled_dot_product_attention(queries, keys, values)
        tokens = tokens + self.project(attended.transpose(1, 2).flatten(2))
        tokens = tokens + self.down(torch.relu(self.up(self.norm(tokens))))
        return self.output(self.norm(tokens).mean(1))


def _perceptron(activation, *hidden):
    widths = (64, *hidden, 10)
    layers = [
        part for pair in zip(widths, widths[1:], strict=False) for part in (nn.Linear(*pair), activation())
    ]
    return nn.Sequential(*layers[:-1])


def _convolutional():
    first = nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2)
    second = nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2)
    return nn.Sequential(nn.Unflatten(1, (1, 8, 8)), *first, *second, nn.Flatten(), nn.Linear(64, 10))


ARCHITECTURES = {
    "relu": (lambda: _perceptron(nn.ReLU, 128), "0"),
    "tanh": (lambda: _perceptron(nn.Tanh, 128), "0"),
    "sigmoid": (lambda: _perceptron(nn.Sigmoid, 128), "0"),
    "deep": (lambda: _perceptron(nn.ReLU, 64, 64, 64), "0"),
    "convolutional": (_convolutional, "1"),
    "recurrent-relu": (lambda: Recurrent(torch.relu), "input"),
    "recurrent-tanh": (lambda: Recurrent(torch.tanh), "input"),
    "transformer": (lambda: Transformer(norm=True), "embed"),
    "transformer-plain": (lambda: Transformer(norm=False), "embed"),
}
"""Constructor of each net, and the layer that gets a NIN: its first.

The first four are fully connected, 64-128-10 and (with ReLU) 64-64-64-64-10.
"""


def network(name, seed=0):
    """A net of `ARCHITECTURES`, in float64, for rows of 64 pixels.

    Parameters
    ----------
    name : str
    seed : int or numpy.random.Generator
        Source of the weights, and of the transformer's `position`, from N(0, 1/width); biases are 0. "relu" is
        `nin_lib.training.mlp((64, 128, 10), seed)`.

    Raises
    ------
    ValueError
        If there is no architecture of that name.
    """
    if name not in ARCHITECTURES:
        raise ValueError(f"name must be one of {list(ARCHITECTURES)}, got {name!r}")
    net, rng = ARCHITECTURES[name][0]().double(), stream(seed, "weights")
    with torch.no_grad():
        for key, parameter in net.named_parameters():
            if key.endswith("bias"):
                parameter.zero_()
            else:
                weight = rng.standard_normal(parameter.shape) / math.sqrt(parameter[0].numel())
                parameter.copy_(torch.from_numpy(weight))
    return net


# --- trainings -------------------------------------------------------------------------------------------------------

USUAL = {"net": "relu", "distribution": "normal", "loss": "ce", "lr": 0.2, "batch_size": 128, "epochs": 20}
"""Settings of a training where an experiment does not say otherwise: those of `nin_lib.training.train_mlp`."""


def train_net(settings, device="cpu", measure=None):
    """Train one net at one sigma_eps.

    Parameters
    ----------
    settings : dict
        What `USUAL` has, sigma_eps, seed, and layers, a list of those that have a NIN (by default the first).
    device : str
    measure : callable, optional
        ``measure(net, nins, data)``, called whenever the clean loss is recorded, returns a dictionary of numbers.

    Returns
    -------
    history : nin_lib.history.History
    measured : list of dict
        What `measure` returned, as far as the training arrived.
    """
    seed, data, measured = settings["seed"], load("digits"), []
    net = network(settings["net"], seed).to(device)
    layers = settings.get("layers", [ARCHITECTURES[settings["net"]][1]])
    nins = [NoiseInjection(net, at, settings["sigma_eps"], settings["distribution"], seed) for at in layers]

    def callback(history, epoch):
        if measure is not None and epoch in history.clean_epochs:
            measured.append(measure(net, nins, data))

    how = {key: settings[key] for key in ("loss", "lr", "batch_size", "epochs", "seed")}
    return train(net, data, nin=nins, callback=callback, **how), measured


def train_history(settings, device="cpu"):
    """The arrays of the `History` of one training, in single precision."""
    history, _ = train_net(settings, device)
    return single_precision(history.arrays())


def scan(settings, device="cpu", measure=None):
    """Train for each of ``settings["seeds"]`` at each of ``settings["sigma_eps"]``, by `train_net`.

    Returns
    -------
    dict of ndarray
        Of shape (seeds, sigmas): phase; peak, the largest batch loss over the first one. Of shape (seeds, sigmas,
        epochs + 1): val_accuracy. Of shape (seeds, sigmas, nins, epochs + 1): niw_norm, of each NIN. Of shape
        (seeds, sigmas, len(clean_epochs)): clean_loss, and what `measure` measured. Where a training did not arrive,
        peak, niw_norm and clean_loss are inf, val_accuracy and what `measure` measured nan.
    """
    rows = []
    for seed in settings["seeds"]:
        for sigma_eps in settings["sigma_eps"]:
            history, measured = train_net(settings | {"seed": seed, "sigma_eps": sigma_eps}, device, measure)
            norms = history.norms
            row = {
                "phase": np.array(history.phase.value),
                "peak": history.batch_loss.max() / history.batch_loss[0],
                "val_accuracy": history.val_accuracy,
                "niw_norm": np.stack([norm for key, norm in norms.items() if key.endswith("nin_weight")]),
                "clean_loss": history.clean_loss,
            }
            for name in measured[0] if measured else ():
                row[name] = np.full(len(history.clean_epochs), np.nan)
                row[name][: len(measured)] = [values[name] for values in measured]
            rows.append(row)
    shape = len(settings["seeds"]), len(settings["sigma_eps"])
    stacked = {key: np.stack([row[key] for row in rows]) for key in rows[0]}
    return single_precision({key: array.reshape(*shape, *array.shape[1:]) for key, array in stacked.items()})


# --- what is measured along a training -------------------------------------------------------------------------------


@torch.no_grad()
def saturation(net, nin, data):
    """Saturation of the first hidden layer of a fully connected net on the training set, and accuracy under noise.

    Returns
    -------
    dict
        saturated, saturated_clean: fraction of pairs (unit, sample), with noise and without, in which the slope of the
        activation is below 1 % of its largest; noisy_accuracy: on the validation set, with noise.
    """
    x, x_val = data.x_train.to(nin.weight), data.x_val.to(nin.weight)
    rng = np.random.default_rng(0)  # its own noise: the training must not notice that it is watched

    def noise(n):
        return nin.noise(torch.from_numpy(nin.sigma * rng.standard_normal(n)))

    def saturated():
        z = net[0](x)
        with torch.enable_grad():
            # Each of the activations is steepest just above 0: the last slope is the largest.
            z = torch.cat([z.flatten(), z.new_tensor([1e-9])]).requires_grad_()
            (slope,) = torch.autograd.grad(net[1](z).sum(), z)
        return (slope[:-1] < 0.01 * slope[-1]).double().mean().item()

    with noise(len(x)):
        noisy = saturated()
    with noise(len(x_val)):
        accuracy = (net(x_val).argmax(-1) == data.y_val.to(x.device)).double().mean().item()
    return {"saturated": noisy, "saturated_clean": saturated(), "noisy_accuracy": accuracy}


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


# --- inputs without information --------------------------------------------------------------------------------------


def with_shuffled(data, seed=0):
    """`data` with each pixel twice: as it is, and shuffled across the samples. Each input has mean 0 over training.

    The 64 shuffled inputs, which follow the 64 real ones, have the distribution of a pixel and nothing to do with the
    class or with each other. The training and the validation set are shuffled each by itself.
    """
    rng = stream(seed, "shuffle")
    mean = data.x_train.mean(0)
    both = []
    for x in (data.x_train - mean, data.x_val - mean):
        both.append(torch.cat([x, torch.from_numpy(rng.permuted(x.numpy(), axis=0))], 1))
    return Data(data.name, both[0], data.y_train, both[1], data.y_val, data.digest)


def log_ratios(before, after):
    """log(norm after/norm before) of each column of incoming weights: shape (inputs,) from (units, inputs)."""
    return 0.5 * np.log((after**2).sum(0) / (before**2).sum(0))


def rank_inputs(settings, device="cpu"):
    """Rank real and shuffled pixels by log(norm after/norm before) of their weights, with the NIW's as the null.

    Trains a 128-128-10 ReLU net with a fixed NIN on ``settings["samples"]`` digits, then again without some inputs.

    Returns
    -------
    dict of ndarray
        log_ratio, f, shape (seeds, 128): `log_ratios` of the inputs, the real ones first, and their F statistic
        (scikit-learn's `f_classif`); null, null_error, shape (seeds,): that of W_NI, and its bootstrap standard error
        over the units; accuracy, shape (seeds, 5): on the validation set, trained from other weights on all inputs,
        without those not above the null (log ratio <= null + 2 errors), on the better half, on as many by chance, and
        on the real ones only.
    """
    rows = [_rank_inputs(settings, seed, device) for seed in settings["seeds"]]
    return {key: np.stack([row[key] for row in rows]) for key in rows[0]}


def _rank_inputs(settings, seed, device):
    with needed("notebooks"):
        from sklearn.feature_selection import f_classif

    digits, n = load("digits"), settings["samples"]
    few = Data(digits.name, digits.x_train[:n], digits.y_train[:n], digits.x_val, digits.y_val, digits.digest)
    data = with_shuffled(few, seed)
    how = {key: settings[key] for key in ("lr", "batch_size", "epochs")} | {"seed": seed}

    net = mlp((128, 128, 10), seed).to(device)
    nin = NoiseInjection(net, "0", settings["sigma_eps"], seed=seed)
    before, null_before = (w.detach().cpu().numpy().copy() for w in (net[0].weight, nin.weight))
    train(net, data, nin=nin, redraw="never", **how)
    after, null_after = (w.detach().cpu().numpy() for w in (net[0].weight, nin.weight))
    ratio = log_ratios(before, after)
    null = log_ratios(null_before, null_after)
    rng = np.random.default_rng(seed)
    units = rng.integers(0, len(null_after), (len(null_after), 1000))
    error = log_ratios(null_before[units], null_after[units]).std()

    def accuracy(keep):
        kept = torch.from_numpy(keep).double()
        x, x_val = data.x_train * kept, data.x_val * kept
        masked = Data(data.name, x, data.y_train, x_val, data.y_val, data.digest)
        other = mlp((128, 128, 10), seed + 1000).to(device)
        return train(other, masked, **how).val_accuracy[-1]

    everything, real = np.ones(128, bool), np.arange(128) < 64
    better_half = ratio > np.median(ratio)
    masks = [everything, ratio > null + 2 * error, better_half, rng.permutation(better_half), real]
    with warnings.catch_warnings(action="ignore"):  # three pixels are constant
        f = np.nan_to_num(f_classif(data.x_train.numpy(), data.y_train.numpy())[0])
    accuracies = np.array([accuracy(mask) for mask in masks])
    return {"log_ratio": ratio, "f": f, "null": null, "null_error": error, "accuracy": accuracies}


# --- the experiments -------------------------------------------------------------------------------------------------

SEEDS = [0, 1, 2]
FINE = [10, 18, 20, 22, 24, 28, 30, 33, 36, 40]
"""Noises that are dense where a catapult begins and ends, for the usual net and steps."""
WIDE = [1, 3, 10, 20, 30, 100, 300, 1000, 3000]
TO_DIVERGENCE = [0, 4, 8, 10, 12, 14, 16, 20, 24]

BY_ARCHITECTURE = {
    "convolutional": [0.1, 1, 5, 15, 30, 45, 60, 100, 300],
    "recurrent-relu": [0.3, 1, 3, 8, 16, 22, 26, 30, 40],
    "transformer": [0.1, 1, 3, 10, 30, 100, 300, 1000, 3000],
    "transformer-plain": [0.3, 1, 2, 4, 6, 8, 10, 12, 15],
    "recurrent-tanh": [0.1, 1, 3, 10, 30, 100, 300, 1000, 3000],
}


def _steps_settings():
    # As many steps as the usual training has, or (for the learning rates) eta times steps; with batches of 16 twice as
    # many. The usual training is not repeated here: it is the normal noise of "noises".
    rates = [{"lr": lr, "epochs": round(4 / lr)} for lr in (0.1, 0.4)]
    sizes = [{"batch_size": 16, "epochs": 5}, {"batch_size": 512, "epochs": 80}]
    for steps in rates + sizes:
        scaled = [round(sigma * math.sqrt(0.2 / steps.get("lr", 0.2)), 4) for sigma in FINE]
        yield USUAL | steps | {"sigma_eps": scaled, "seeds": SEEDS}


def _with_saturation(settings, device="cpu"):
    return scan(settings, device, lambda net, nins, data: saturation(net, nins[0], data))


def _with_sharpness(settings, device="cpu"):
    return scan(settings, device, lambda net, _, data: {"sharpness": sharpness(net, data, settings["loss"])})


PACKAGES = ("numpy", "scikit-learn", "scipy", "torch")
EXPERIMENTS = {
    "activations": (
        "footnote 11: ReLU, tanh and sigmoid, up to a hundred times the noise at which ReLU diverges",
        tuple(USUAL | {"net": net, "sigma_eps": WIDE, "seeds": SEEDS} for net in ("relu", "tanh", "sigmoid")),
        _with_saturation,
        PACKAGES,
    ),
    "layers": (
        "a NIN on each layer of a net with three hidden layers, and on all of them",
        tuple(
            USUAL | {"net": "deep", "layers": layers, "sigma_eps": FINE, "seeds": SEEDS}
            for layers in (["0"], ["2"], ["4"], ["6"], ["0", "2", "4", "6"])
        ),
        scan,
        PACKAGES,
    ),
    "steps": (
        "learning rates and batch sizes, at equal eta sigma_eps^2",
        tuple(_steps_settings()),
        scan,
        PACKAGES,
    ),
    "noises": (
        "four distributions of the noise at equal sigma_eps",
        tuple(
            USUAL | {"distribution": distribution, "sigma_eps": FINE, "seeds": SEEDS}
            for distribution in DISTRIBUTIONS
        ),
        scan,
        PACKAGES,
    ),
    "architectures": (
        "a convolutional net, two recurrent ones and two transformers, each with a NIN",
        tuple(
            USUAL | {"net": net, "lr": 0.1, "epochs": 20, "sigma_eps": sigma_eps, "seed": seed}
            for net, sigmas in BY_ARCHITECTURE.items()
            for seed in SEEDS
            for sigma_eps in sigmas
        ),
        train_history,
        PACKAGES,
    ),
    "inputs": (
        "inputs without information, found by the decay of their weights, against the NIW's",
        tuple(
            {
                "samples": n,
                "sigma_eps": 1.0,
                "lr": 0.2,
                "batch_size": 128,
                "epochs": epochs,
                "seeds": list(range(5)),
            }
            for n, epochs in ((256, 40), (1078, 20))
        ),
        rank_inputs,
        PACKAGES,
    ),
    "landing": (
        "final sharpness and validation accuracy against sigma_eps, for both losses",
        tuple(
            USUAL | {"loss": loss, "lr": lr, "sigma_eps": TO_DIVERGENCE, "seeds": SEEDS}
            for loss, lr in (("mse", 0.1), ("ce", 0.2))
        ),
        _with_sharpness,
        PACKAGES,
    ),
}
"""Name: arguments of its `nin_lib.experiments.Experiment`. It is that module which imports this one."""
