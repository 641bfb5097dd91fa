"""The book's full-size experiments: named, computed once, stored with their provenance.

An experiment is a name, a list of settings and a function of one settings dictionary. Each settings dictionary has
one result file, whose path is a pure function of the experiment's name and those settings: a result that exists is
not computed again, and one whose settings change is. Another experiment is one more entry of `EXPERIMENTS`.
"""

import contextlib
import copy
import json
import math
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from nin_lib import beyond
from nin_lib import results as files
from nin_lib.curvature import LocalCurvature
from nin_lib.data import load as load_data
from nin_lib.extras import needed
from nin_lib.history import History
from nin_lib.injection import NoiseInjection
from nin_lib.linear import LinearModel
from nin_lib.phases import Phase
from nin_lib.results import single_precision
from nin_lib.training import mlp, one_thread, train, train_mlp

with needed("torch"):
    import torch
    from scipy.optimize import isotonic_regression

_IN_CHECKOUT = Path(__file__).resolve().parents[1] / "runs"
RUNS = _IN_CHECKOUT if _IN_CHECKOUT.is_dir() else Path(__file__).with_name("runs")
"""Where the checkout, or the installed package, keeps its results, and where results go unless told otherwise."""


@dataclass(frozen=True)
class Experiment:
    """One line of `python -m nin_lib list`.

    Attributes
    ----------
    summary : str
        One sentence that says what is computed.
    settings : tuple of dict
        Plain JSON values, seeds included; each dictionary is one run and has one result file.
    compute : callable
        ``compute(settings, device)`` with one of the settings returns a dictionary of NumPy arrays.
    packages : tuple of str
        Distributions whose versions a result depends on.
    """

    summary: str
    settings: tuple[dict, ...]
    compute: Callable[[dict, str], dict[str, np.ndarray]]
    packages: tuple[str, ...] = ("numpy", "sympy")


@dataclass(frozen=True)
class Result:
    """A stored run: its settings, its arrays by name, and how it was made."""

    settings: dict
    arrays: dict[str, np.ndarray]
    provenance: dict

    @property
    def history(self) -> History:
        """The training, if that is what the run was."""
        return History.from_arrays(self.arrays)


def named(name: str) -> Experiment:
    """The experiment of that name; ValueError lists the names there are."""
    if name not in EXPERIMENTS:
        raise ValueError(
            f"name must be one of {', '.join(EXPERIMENTS)}, got {name!r}: see python -m nin_lib list"
        )
    return EXPERIMENTS[name]


def result_path(name: str, settings: dict, out: Path = RUNS) -> Path:
    """Path of the result of the experiment `name` with these settings."""
    return files.result_path(Path(out) / name, settings)


def save(path: Path, result: Result) -> None:
    """Write a result, whole or not at all."""
    record = json.dumps({"settings": result.settings, "provenance": result.provenance})
    files.save_arrays(path, {"record": np.array(record), **result.arrays})


def load(path: Path) -> Result:
    """Read what `save` wrote."""
    arrays = files.load_arrays(path)
    record = json.loads(arrays.pop("record").item())
    return Result(record["settings"], arrays, record["provenance"])


def run(name: str, out: Path = RUNS, jobs: int = 1, device: str = "cpu") -> list[Path]:
    """Compute what is missing of an experiment, with a progress bar, and return the paths of all its results.

    Each result is stored as soon as it is there; a run that is killed loses only what was in progress.
    `jobs` processes work at a time (-1: one for each core), each with one thread; torch computes on `device`.
    """
    experiment = named(name)
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # a build of torch without CUDA asserts that it has it
        raise ValueError(
            f"device must be one that torch can use here, such as 'cpu', got {device!r}: {error}"
        ) from error
    paths = [result_path(name, settings, out) for settings in experiment.settings]
    tasks = {
        path: (experiment, settings, device)
        for path, settings in zip(paths, experiment.settings, strict=True)
    }
    files.compute_missing(_compute_and_save, tasks, jobs, desc=name)
    return paths


def _compute_and_save(path: Path, experiment: Experiment, settings: dict, device: str) -> None:
    packages = {package: version(package) for package in experiment.packages}
    start = time.perf_counter()
    with one_thread():
        arrays = experiment.compute(settings, device)
    provenance = {
        "wall_s": round(time.perf_counter() - start, 2),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "device": device,
        "packages": packages,
    }
    save(path, Result(settings, arrays, provenance))


def results(name: str, out: Path = RUNS) -> list[Result]:
    """All stored results of an experiment, in the order of its settings.

    Raises FileNotFoundError, with the command that computes them, when one is missing.
    """
    paths = [result_path(name, settings, out) for settings in named(name).settings]
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise FileNotFoundError(
            f"{len(missing)} of {len(paths)} results of {name!r} are missing, the first is {missing[0]}: "
            f"compute them with `python -m nin_lib run {name}`"
        )
    return [load(path) for path in paths]


def histories(name: str, out: Path = RUNS) -> list[History]:
    """The stored trainings of an experiment whose results are those of `nin_lib.training`, in the order of its settings."""
    return [result.history for result in results(name, out)]


# --- linear-boundaries: where the phases of the linear model begin, by exact SGD ---------------------------------


def count_phases(settings: dict, device: str = "cpu") -> dict[str, np.ndarray]:
    """Train the linear model by exact SGD at each sigma_eps and count the seeds that end in each phase.

    Returns `sigma_eps`, shape (n,), geometrically spaced over `settings["sigma_eps"]` = [first, last, n], and
    `counts`, shape (n, 4), one column for each `Phase` in the order of the enumeration.
    """
    if device != "cpu":
        raise ValueError(f"device must be 'cpu' for the linear model, which NumPy computes, got {device!r}")
    sigma_eps = np.geomspace(*settings["sigma_eps"])
    model = LinearModel(**{key: settings[key] for key in ("eta", "M", "sigma_x", "batch_size")})
    trained = model.simulate(
        np.repeat(sigma_eps[:, None], settings["seeds"], axis=1),
        **{key: settings[key] for key in ("w0", "w1", "w_ni", "steps", "seed")},
        noise="sgd",
        record=False,
    )
    counts = np.stack([(trained.phase == phase).sum(axis=1) for phase in Phase], axis=1)
    return {"sigma_eps": sigma_eps, "counts": counts.astype(np.int32)}


def fraction_from(result: Result, phase: Phase) -> np.ndarray:
    """Fraction of the seeds that are in `phase` or beyond it (more noise), at each sigma_eps: shape (n,)."""
    counts = result.arrays["counts"]
    return counts[:, list(Phase).index(phase) :].sum(axis=1) / counts.sum(axis=1)


def crossing(sigma_eps, fraction, level: float) -> float:
    """The sigma_eps at which a noisy, increasing fraction passes `level`.

    The fraction is first replaced by the nearest increasing one in mean square (isotonic regression); no shape is
    assumed for the transition.
    """
    increasing = isotonic_regression(fraction).x
    if not increasing[0] < level < increasing[-1]:
        raise ValueError(
            f"sigma_eps must span the transition, got {sigma_eps[0]:.3g} to {sigma_eps[-1]:.3g}, over which the "
            f"fraction goes from {increasing[0]:.3g} to {increasing[-1]:.3g}: widen it until it passes {level}"
        )
    last_below, first_above = (
        np.searchsorted(increasing, level) - 1,
        np.searchsorted(increasing, level, "right"),
    )
    return float(np.sqrt(sigma_eps[last_below] * sigma_eps[first_above]))


def midpoint(sigma_eps, fraction, seeds: int, resamples: int = 500) -> tuple[float, tuple[float, float]]:
    """The 50 % point of a transition and its 95 % bootstrap interval.

    A straight line in log sigma_eps is fitted to the middle half of the transition (25 % to 75 %, by `crossing`). For
    the interval, the `seeds` runs at each sigma_eps are drawn again with replacement.
    """
    low, high = (crossing(sigma_eps, fraction, level) for level in (0.25, 0.75))
    middle = (low <= sigma_eps) & (sigma_eps <= high)
    draws = np.random.default_rng(0).binomial(seeds, fraction[middle], size=(resamples, middle.sum())) / seeds
    slope, at_zero = np.polyfit(np.log(sigma_eps[middle]), np.vstack([fraction[middle], draws]).T, 1)
    points = np.exp((0.5 - at_zero) / slope)
    return float(points[0]), tuple(np.quantile(points[1:], [0.025, 0.975]).tolist())


FIG_2_TOP = {"eta": 0.01, "M": 1.0, "sigma_x": 1.0, "w0": 0.1, "w1": 1.5, "w_ni": 0.1, "steps": 600}
"""Parameters of the top half of the paper's Fig. 2 (all but sigma_eps and the batch size)."""


def _boundary_settings() -> tuple[dict, ...]:
    # The narrower the transition, the narrower the window: it shrinks about as batch_size^(-1/2).
    half_widths = {16: 0.5, 100: 0.2, 1000: 0.1, 10_000: 0.04}
    windows = [("decay", 0.57), ("catapult", 9.44), ("divergent", 13.3)]
    settings = []
    for batch_size, half_width in half_widths.items():
        common = {**FIG_2_TOP, "batch_size": batch_size}
        for seed, (phase, centre) in enumerate(windows):
            window = [round(centre / (1 + half_width), 4), round(centre * (1 + half_width), 4), 241]
            settings.append({**common, "from": phase, "sigma_eps": window, "seeds": 200, "seed": seed})
        # Agreement of all four phases: many sigmas, so that no single one weighs much.
        settings.append({**common, "from": "all", "sigma_eps": [0.02, 30.0, 2401], "seeds": 20, "seed": 3})
    return tuple(settings)


# --- fig2-mse, fig3-ce, fig3-ce-deep: Fashion-MNIST at full size, Fig. 2 (bottom), Fig. 3 and Table 1 -----------------


def train_history(settings: dict, device: str = "cpu") -> dict[str, np.ndarray]:
    """Train with `nin_lib.training.train_mlp`; the arrays are those of its `History`."""
    return train_mlp(**settings, device=device).arrays()


FIG_2_BOTTOM = {"data": "fashion_mnist", "hidden": [1024], "lr": 0.01, "batch_size": 1000}
"""Architecture and optimisation of Fig. 2 (bottom) and Fig. 3 (Appendix B)."""

TABLE_1 = {
    "mse": {"unit": 784 / (1024 * 0.01), "c": [1e-4, 30, 47, 50]},
    "ce": {"unit": 784 / 0.01, "c": [1e-4, 0.1, 1, 1.8]},
}
"""The paper's noise: sigma_eps^2 = c * unit, with c from decoupled to divergent as Table 1 labels them."""


def sigma_of(loss: str, c: float) -> float:
    """The sigma_eps of Table 1 for the coefficient `c` of that loss ("mse" or "ce")."""
    return round(float(np.sqrt(c * TABLE_1[loss]["unit"])), 4)


def _fashion_mnist_settings(loss: str, c_shown: list[float], c_grid) -> tuple[dict, ...]:
    shown = [
        {**FIG_2_BOTTOM, "loss": loss, "sigma_eps": sigma_of(loss, c), "epochs": 100, "seed": seed}
        for seed in range(3)
        for c in c_shown
    ]
    grid = [
        {**FIG_2_BOTTOM, "loss": loss, "sigma_eps": sigma_of(loss, c), "epochs": 40, "seed": 0}
        for c in c_grid
    ]
    return (*shown, *grid)


# In c the grids are dense where the large-noise boundaries lie and coarse over the decades below.
MSE_GRID = (*np.geomspace(1e-4, 16, 15), *range(20, 56, 2))
CE_GRID = (*np.geomspace(1e-4, 0.1, 10), *np.geomspace(0.13, 2.5, 23))


# --- fig1-centre, fig1-right: Fig. 1, decay times of W_NI and of the losses, and the curvature on the way ------------

FIG_1 = {
    **{"hidden": [1024, 1024, 1024], "loss": "ce", "lr": 0.05, "batch_size": 128},
    **{"val_samples": 5000, "curvature_samples": 1000},
}
"""Architecture and optimisation of Fig. 1 (Appendix B); the first samples of each set that serve to measure."""

FIG_1_SIGMAS = (1.0, 2.5, 5.0, 8.0, 12.5, 20.0, 32.0, 50.0, 80.0, 125.0, 220.0, 320.0)


def train_and_probe(settings: dict, device: str = "cpu") -> dict[str, np.ndarray]:
    """Train with a NIN on the first layer and measure the local curvature on the way.

    Returns, in single precision, the arrays of `nin_lib.history.History`, and with them:

    * `probe/step_norm`, shape (epochs * steps_per_epoch,): |W_NI| before each step, inf where a divergent training did
      not arrive;
    * `probe/rayleigh`, `probe/pull`, `probe/gradient`: over the first ``curvature_samples`` training images,
      `LocalCurvature.rayleigh` along W_NI, its `.pull`, and the mean square norm <|g|^2> of its `.gradients`, each after
      the epochs that the setting of this name lists, or all if there is none;
    * `probe/kick`, `probe/reading`, `probe/largest`, `probe/trace`: its `.kick`, `.reading`, `.largest` and `.trace`, if
      the setting of this name lists epochs.

    What `probe/` holds of <H> is nan where a divergent training did not arrive.
    """
    settings = dict(settings)
    net, nin, data, curvature = _prepare(settings, device)
    quantities = {
        "rayleigh": lambda: curvature.rayleigh(nin.weight.detach().double().cpu().numpy()),
        "pull": curvature.pull,
        "gradient": lambda: (curvature.gradients() ** 2).sum(1).mean(),
        "kick": curvature.kick,
        "reading": lambda: curvature.reading(settings["lr"], settings["batch_size"]),
        "largest": lambda: curvature.largest(tol=1e-3),
        "trace": lambda: curvature.trace()[0],
    }
    epochs = dict.fromkeys(("rayleigh", "pull", "gradient"), list(range(settings["epochs"] + 1)))
    epochs |= {key: settings.pop(key) for key in quantities if key in settings}
    measured = {key: np.full(len(at), np.nan) for key, at in epochs.items()}
    step_norm = []

    def probe(history, epoch):
        for key, at in epochs.items():
            if epoch in at:
                # Where the loss is not finite there is no curvature, and the training diverges in a moment.
                with contextlib.suppress(ValueError):
                    measured[key][at.index(epoch)] = quantities[key]()

    # Training alone accumulates a gradient; what `curvature` differentiates does not come here.
    nin.weight.register_post_accumulate_grad_hook(
        lambda weight: step_norm.append(weight.detach().norm().item())
    )
    history = train(net, data, nin=nin, callback=probe, **settings)
    measured["step_norm"] = np.full(len(history.batch_loss), np.inf)
    measured["step_norm"][: len(step_norm)] = step_norm
    return single_precision(history.arrays() | {f"probe/{key}": values for key, values in measured.items()})


def _prepare(settings, device):
    """Net, NIN, data and curvature of Fig. 1; takes the settings they need out of `settings`."""
    whole = load_data("fashion_mnist")
    n_val, n = settings.pop("val_samples"), settings.pop("curvature_samples")
    data = replace(whole, x_val=whole.x_val[:n_val], y_val=whole.y_val[:n_val])
    seed = settings["seed"]
    net = mlp((784, *settings.pop("hidden"), 10), seed, data.x_train.dtype).to(device)
    nin = NoiseInjection(net, "0", settings.pop("sigma_eps"), seed=seed)
    return net, nin, data, LocalCurvature(net, nin, data.x_train[:n], data.y_train[:n], settings["loss"])


def time_probe(settings: dict, device: str = "cpu") -> dict[str, np.ndarray]:
    """Time, side by side, what a NIN adds to a training and what other ways to the curvature along W_NI take.

    After one epoch of training: processor time in seconds, each of shape (repeats,), of `step` and `step_with_nin`, a
    step of training without and with a NIN, and of `product`, one product of <H> with a vector over the first
    ``curvature_samples`` training images. Scalars: `power_products`, how many of them power iteration takes until the
    Rayleigh quotient changes by less than 1 %, `power` and `largest`, the eigenvalue that it finds and that of Lanczos
    iteration. Of shape (samples / 100,): `rayleigh`, the Rayleigh quotient along W_NI over each 100 of the samples.
    """
    settings = dict(settings)
    steps, repeats, samples = settings.pop("steps"), settings.pop("repeats"), settings["curvature_samples"]
    net, nin, data, curvature = _prepare(settings, device)
    train(net, data, nin=nin, **settings, epochs=1)
    n = steps * settings["batch_size"]
    few = replace(
        data, x_train=data.x_train[:n], y_train=data.y_train[:n], x_val=data.x_val[:1], y_val=data.y_val[:1]
    )
    w_ni = nin.weight.detach().double().cpu().numpy()

    def seconds(work):
        start = time.process_time()
        work()
        return time.process_time() - start

    def step(with_nin):
        """Of a copy of the net; what `train` does once cancels."""

        def epochs(n):
            twin_net, twin_nin = copy.deepcopy((net, nin))
            if not with_nin:
                twin_nin.remove()
                twin_nin = None
            return seconds(lambda: train(twin_net, few, nin=twin_nin, **settings, epochs=n))

        return (epochs(3) - epochs(1)) / (2 * steps)

    works = {
        "step": lambda: step(False),
        "step_with_nin": lambda: step(True),
        "product": lambda: seconds(lambda: curvature @ w_ni),
    }
    times = {name: np.zeros(repeats) for name in works}
    for repeat in range(repeats):
        for name, work in works.items():
            times[name][repeat] = work()

    v, products, power, before = np.random.default_rng(0).standard_normal(len(w_ni)), 0, 0.0, math.inf
    while not abs(power - before) < 0.01 * power:
        v /= np.linalg.norm(v)
        u, before, products = curvature @ v, power, products + 1
        power, v = v @ u, u
    groups = zip(data.x_train[:samples].split(100), data.y_train[:samples].split(100), strict=True)
    return times | {
        "power_products": np.array(products),
        "power": np.array(power),
        "largest": np.array(curvature.largest(tol=1e-6)),
        "rayleigh": np.array(
            [LocalCurvature(net, nin, x, y, settings["loss"]).rayleigh(w_ni) for x, y in groups]
        ),
    }


def _fig1_settings(sigmas, epochs: int, seeds, redraws=("epoch", "never"), **epochs_of) -> tuple[dict, ...]:
    return tuple(
        {**FIG_1, **epochs_of, "sigma_eps": sigma_eps, "redraw": redraw, "epochs": epochs, "seed": seed}
        for seed in seeds
        for redraw in redraws
        for sigma_eps in sigmas
    )


def _fig1_right_settings() -> tuple[dict, ...]:
    # What <H> is in detail, in one set of runs; in the others little, which saves a seventh of the time.
    detail = dict.fromkeys(("kick", "reading"), [0, 1, 2, 3, 4, 6, 8, 10, 13, 16, 20, 25])
    little = dict.fromkeys(("rayleigh", "pull", "gradient"), [0, 5, 10, 25])
    return (
        *_fig1_settings(FIG_1_SIGMAS, 25, [0], ["epoch"], **detail, largest=[0, 1, 5, 25]),
        *_fig1_settings(FIG_1_SIGMAS, 25, [0], ["never"], **little),
        *_fig1_settings(FIG_1_SIGMAS, 25, [1], **little),
    )


EXPERIMENTS = {
    "linear-boundaries": Experiment(
        "phase boundaries of the linear model by exact SGD: 3 x 241 sigmas x 200 seeds x 4 batch sizes",
        _boundary_settings(),
        count_phases,
    ),
    "fig2-mse": Experiment(
        "Fig. 2 (bottom): 784-1024-10 ReLU, MSE, Fashion-MNIST; Table 1's sigmas x 3 seeds, and a grid",
        _fashion_mnist_settings(
            "mse", sorted([*TABLE_1["mse"]["c"], 39]), MSE_GRID
        ),  # 39: where the catapult is
        train_history,
        ("numpy", "torch"),
    ),
    "fig3-ce": Experiment(
        "Fig. 3: the same with cross-entropy",
        _fashion_mnist_settings("ce", TABLE_1["ce"]["c"], CE_GRID),
        train_history,
        ("numpy", "torch"),
    ),
    "fig3-ce-deep": Experiment(
        'the "3 layer" reading of Appendix A: three hidden layers, cross-entropy, Table 1\'s sigmas',
        tuple(
            {
                **FIG_2_BOTTOM,
                "hidden": [1024, 1024, 1024],
                "loss": "ce",
                "sigma_eps": sigma_of("ce", c),
                "epochs": 20,
                "seed": 0,
            }
            for c in TABLE_1["ce"]["c"]
        ),
        train_history,
        ("numpy", "torch"),
    ),
    "fig1-centre": Experiment(
        "Fig. 1, centre: 784-1024-1024-1024-10 ReLU, CE; one sigma of the decay phase, NIN redrawn and fixed",
        _fig1_settings(
            [12.5], 60, [0], **dict.fromkeys(("largest", "trace"), [0, 1, 2, 5, 10, 15, 25, 40, 60])
        ),
        train_and_probe,
        ("numpy", "scipy", "torch"),
    ),
    "fig1-right": Experiment(
        "Fig. 1, right: the same at 12 sigmas, NIN redrawn and fixed, 2 seeds",
        _fig1_right_settings(),
        train_and_probe,
        ("numpy", "scipy", "torch"),
    ),
    "probe-cost": Experiment(
        "what a NIN adds to a step of Fig. 1's training, beside products with <H> and power iteration",
        ({**FIG_1, "sigma_eps": 12.5, "seed": 0, "steps": 25, "repeats": 15},),
        time_probe,
        ("numpy", "scipy", "torch"),
    ),
    **{name: Experiment(*entry) for name, entry in beyond.EXPERIMENTS.items()},
}
"""Every experiment of the book by its name."""
