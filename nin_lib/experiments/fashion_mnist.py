"""Fashion-MNIST at full size: Fig. 2 (bottom), Fig. 3 and Table 1 of the paper."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from nin_lib import checks
from nin_lib.experiments.experiment import Experiment

if TYPE_CHECKING:
    import torch

    from nin_lib.injection import NoiseInjection


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Arguments of `nin_lib.training.train_mlp`; the defaults are those of Fig. 2 (bottom) and Fig. 3 (Appendix B)."""

    sigma_eps: float
    seed: int
    loss: str
    epochs: int
    redraw: str = "epoch"
    data: str = "fashion_mnist"
    hidden: tuple[int, ...] = (1024,)
    eta: float = 0.01
    batch_size: int = 1000


def train_history(settings: Settings, device: str = "cpu") -> dict[str, np.ndarray]:
    """Train with `nin_lib.training.train_mlp`; the arrays are those of its `History`."""
    from nin_lib.training import train_mlp

    checks.instance("settings", settings, Settings, "use one of FIG_3_CE.settings, for example")
    return train_mlp(**asdict(settings), device=device).arrays()


class Noise(TypedDict):
    """A row of Table 1: the unit of sigma_eps^2, and the coefficients from decoupled to divergent."""

    unit: float
    c: list[float]


TABLE_1: dict[str, Noise] = {
    "mse": {"unit": 784 / (1024 * 0.01), "c": [1e-4, 30, 47, 50]},
    "ce": {"unit": 784 / 0.01, "c": [1e-4, 0.1, 1, 1.8]},
}
"""The paper's noise: sigma_eps^2 = c * unit, with c from decoupled to divergent as Table 1 labels them."""

# In c the grids are dense where the large-noise boundaries lie and coarse over the decades below.
MSE_GRID = (*np.geomspace(1e-4, 16, 15), *range(20, 56, 2))
CE_GRID = (*np.geomspace(1e-4, 0.1, 10), *np.geomspace(0.13, 2.5, 23))


def sigma_of(loss: str, c: float) -> float:
    """The sigma_eps of Table 1 for the coefficient `c` >= 0 of that loss ("mse" or "ce"), rounded to 4 decimals."""
    checks.choice("loss", loss, TABLE_1)
    c = checks.number("c", c, 0, remedy="Table 1 has numbers from 1e-4 to 50")
    return round(float(np.sqrt(c * TABLE_1[loss]["unit"])), 4)


def _settings(loss: str, c_shown: Iterable[float], c_grid: Iterable[float]) -> tuple[Settings, ...]:
    shown = [
        Settings(sigma_eps=sigma_of(loss, c), seed=seed, loss=loss, epochs=100)
        for seed in range(3)
        for c in c_shown
    ]
    grid = [Settings(sigma_eps=sigma_of(loss, c), seed=0, loss=loss, epochs=40) for c in c_grid]
    return (*shown, *grid)


FIG_2_MSE = Experiment(
    "Fig. 2 (bottom): 784-1024-10 ReLU, MSE, Fashion-MNIST; Table 1's sigmas x 3 seeds, and a grid",
    _settings("mse", sorted([*TABLE_1["mse"]["c"], 39]), MSE_GRID),  # 39: where the catapult is
    train_history,
)
FIG_3_CE = Experiment(
    "Fig. 3: the same with cross-entropy", _settings("ce", TABLE_1["ce"]["c"], CE_GRID), train_history
)
FIG_3_CE_DEEP = Experiment(
    'the "3 layer" reading of Appendix A: three hidden layers, cross-entropy, Table 1\'s sigmas',
    tuple(
        Settings(sigma_eps=sigma_of("ce", c), seed=0, loss="ce", epochs=20, hidden=(1024, 1024, 1024))
        for c in TABLE_1["ce"]["c"]
    ),
    train_history,
)


@dataclass(frozen=True, kw_only=True)
class Start:
    """A training of Fig. 2 (bottom) from weights that one of `STARTS` draws."""

    sigma_eps: float
    seed: int
    start: str
    epochs: int = 20
    loss: str = "mse"
    data: str = "fashion_mnist"
    hidden: tuple[int, ...] = (1024,)
    eta: float = 0.01
    batch_size: int = 1000


STARTS = {
    "normal": "weights and W_NI normal, of variance 1/fan_in: the reading of this book",
    "truncated": "the same, drawn again beyond two standard deviations, which leaves 77 % of the variance",
    "constant": "weights normal, each noise weight 1/sqrt(fan_in), all of one sign",
}
"""Ways to read "initialized using a normal distribution as w_0, w_NI,0 = 1/sqrt(N_fan-in)" (Appendix B)."""


def begin(net: "torch.nn.Sequential", nin: "NoiseInjection", start: str, seed: int) -> None:
    """Draw the weights of a fully connected net with a NIN on its first layer, by one of `STARTS`.

    Parameters
    ----------
    net : torch.nn.Sequential
        As `nin_lib.networks.mlp` makes it, which is "normal": this is left as it is.
    nin : NoiseInjection
        Attached to its layer "0".
    start : str
        A key of `STARTS`.
    seed : int
        Source of what is drawn.

    Raises
    ------
    ValueError
        If there is no such start.
    """
    import torch

    checks.choice("start", start, STARTS)
    drawn = torch.Generator().manual_seed(seed)
    layers = [part for part in net if isinstance(part, torch.nn.Linear)]
    with torch.no_grad():
        if start == "constant":
            nin.weight.fill_(layers[0].in_features ** -0.5)
        elif start == "truncated":
            for layer, weight in (*((layer, layer.weight) for layer in layers), (layers[0], nin.weight)):
                std = layer.in_features**-0.5
                torch.nn.init.trunc_normal_(weight, 0, std, -2 * std, 2 * std, drawn)


def train_from(settings: Start, device: str = "cpu") -> dict[str, np.ndarray]:
    """Train with a NIN on the first layer; the arrays are those of the `History`.

    Returns
    -------
    dict of ndarray
        As above.

    Raises
    ------
    TypeError
        If an argument is of another kind than above.
    ValueError
        If a setting or the device is not as above.
    """
    from nin_lib.data import load
    from nin_lib.injection import NoiseInjection
    from nin_lib.networks import checked_widths, mlp, placed
    from nin_lib.training import train

    checks.instance("settings", settings, Start, "use one of TABLE_1_STARTS.settings, for example")
    checks.choice("start", settings.start, STARTS)
    data = load(checks.choice("data", settings.data, ("digits", "fashion_mnist")))
    widths = data.x_train.shape[1], *checked_widths("hidden", settings.hidden), 10
    net = mlp(widths, settings.seed, data.x_train.dtype)
    nin = NoiseInjection(net, "0", settings.sigma_eps, seed=settings.seed)
    begin(net, nin, settings.start, settings.seed)
    how = {key: getattr(settings, key) for key in ("loss", "eta", "batch_size", "epochs", "seed")}
    return train(placed(net, device), data, nin=nin, **how).arrays()


TABLE_1_STARTS = Experiment(
    "Table 1, MSE, at the two disputed noises, from three readings of the initialisation, 5 seeds",
    tuple(
        Start(sigma_eps=sigma_of("mse", c), seed=seed, start=start)
        for seed in range(5)
        for start in STARTS
        for c in (30, 47)
    ),
    train_from,
)
