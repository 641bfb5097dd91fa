"""The contract of every public function that needs torch, of the experiments and of the explorers.

Within the documented domain of each argument: a result or a divergent run, with no warning. Outside: a ValueError or a
TypeError that names the argument and its value. One table, `CONTRACTS`, has a line for each public name of the modules.
"""

import ast
import copy
import dataclasses
import functools
import importlib
import inspect
import math
import re
import tempfile
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
import torch
import traitlets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse.linalg import aslinearoperator

from nin_lib import experiments
from nin_lib.curvature import LocalCurvature, mean_and_error, sharpness
from nin_lib.data import Data
from nin_lib.decay import DecayFit, estimate_curvature, fit_decay, predict_decay
from nin_lib.experiments import (
    activations,
    digits,
    divergence,
    fashion_mnist,
    fig1,
    fig1_complete,
    inputs,
    landing,
    linear_boundaries,
    probe_cost,
    probes,
)
from nin_lib.experiments.experiment import Result, key, path_of
from nin_lib.history import History, Recorder
from nin_lib.injection import NoiseInjection, check_attached
from nin_lib.networks import (
    ARCHITECTURES,
    PRECISIONS,
    Recurrent,
    Transformer,
    checked_device,
    checked_widths,
    evaluating,
    mlp,
    network,
    placed,
)
from nin_lib.phases import Phase
from nin_lib.probe import NoiseProbe
from nin_lib.sweep import Task, compute_missing, one_thread, sweep
from nin_lib.training import LOSSES, check_outputs, train, train_mlp
from nin_lib.widgets import (
    BatchAverageExplorer,
    ExpansionExplorer,
    LinearExplorer,
    PhaseDiagramExplorer,
    RunExplorer,
    TimescalesExplorer,
    TrainingExplorer,
    static_scripts,
)
from nin_lib.widgets.expansion import mean_power, numbers
from nin_lib.widgets.rng import noise_stream, uniforms
from nin_lib.widgets.settings import Choice, Number, Whole
from nin_lib.widgets.training import PURPOSES, HashStream
from nin_lib.widgets.words import SENTENCES, come_to, describe

pytestmark = pytest.mark.usefixtures("one_thread")

MODULES = [
    "injection", "training", "networks", "local_loss", "curvature", "decay", "probe", "history", "sweep", "experiments",
    *(f"experiments.{name}" for name in (
        "activations", "architectures", "digits", "divergence", "experiment", "fashion_mnist", "fig1", "fig1_complete",
        "inputs", "landing", "layers", "linear_boundaries", "noises", "probe_cost", "probes", "steps",
    )),
    "widgets",
    *(f"widgets.{name}" for name in (
        "base", "batch_average", "expansion", "linear", "phase_diagram", "rng", "runs", "settings", "timescales",
        "training", "words",
    )),
]  # fmt: skip

# --- what the calls are made of --------------------------------------------------------------------------------------

FEATURES, PIXELS, SAMPLES = 3, 4, 6


def made_data(samples: int = SAMPLES, validation: int = 2, pixels: int = PIXELS, dtype=torch.float64) -> Data:
    x = torch.from_numpy(np.random.default_rng(0).standard_normal((samples + validation, pixels))).to(dtype)
    y = torch.arange(samples + validation) % 10
    return Data("made up", x[:samples], y[:samples], x[samples:], y[samples:], "")


DATA, IMAGES = made_data(), made_data(pixels=64)
NAN_DATA = dataclasses.replace(DATA, x_train=torch.full((SAMPLES, PIXELS), math.nan))
NO_VALIDATION = dataclasses.replace(DATA, x_val=DATA.x_val[:0], y_val=DATA.y_val[:0])
MANY_CLASSES = dataclasses.replace(DATA, y_train=DATA.y_train + 20)


def net_and_nin(
    sigma_eps: float = 1.0, features: int = FEATURES, activation=torch.nn.Tanh, dtype=torch.float64
):
    net = mlp((PIXELS, features, 10), dtype=dtype)
    net[1] = activation()
    return net, NoiseInjection(net, "0", sigma_eps)


def curvature_of(
    sigma_eps: float = 1.0, samples: int = SAMPLES, features: int = FEATURES, **others: Any
) -> LocalCurvature:
    net, nin = net_and_nin(sigma_eps, features, **others)
    return LocalCurvature(net, nin, DATA.x_train[:samples], DATA.y_train[:samples])


def history_of(sigma_eps: float = 1.0, eta: float = 0.1, epochs: int = 2, **others: Any) -> History:
    net, nin = net_and_nin(sigma_eps)
    return train(net, DATA, eta=eta, batch_size=2, epochs=epochs, nin=nin, **others)


HISTORY = history_of()
START = dataclasses.replace(HISTORY, settings=HISTORY.settings | {"epochs": 0}, batch_loss=np.zeros(0))
SILENT = history_of(sigma_eps=0.0)


def scan_of(**others: Any) -> digits.Scan:
    return digits.Scan(**{"sigma_eps": (1.0,), "seeds": (0,), "epochs": 1, "batch_size": 1078} | others)


def training_of(**others: Any) -> digits.Training:
    return digits.Training(**{"sigma_eps": 1.0, "epochs": 1, "batch_size": 1078} | others)


def window_of(**others: Any) -> linear_boundaries.Settings:
    window = {
        "batch_size": 16,
        "phase": "all",
        "first": 0.5,
        "last": 2.0,
        "sigmas": 3,
        "seeds": 2,
        "seed": 0,
        "steps": 5,
    }
    return linear_boundaries.Settings(**window | others)


SCAN, FROZEN_HESSIAN = scan_of(), [np.eye(3)]
COUNTED = Result(window_of(), linear_boundaries.count_phases(window_of()), {})
SIGMAS = np.geomspace(1, 10, 41)
RISING = 1 / (1 + np.exp(-20 * (np.log(SIGMAS) - 1)))


TINY = {"hidden": (3,), "batch_size": 2, "val_samples": 2, "curvature_samples": 6}
PROBED = {
    "net": "relu",
    "layers": ("0",),
    "seed": 0,
    "epochs": (0,),
    "draws": 16,
    "samples": 20,
    "vectors": 2,
}
MADE_UP = made_data(pixels=784, dtype=torch.float32)


def fig1_of(**others: Any) -> fig1.Settings:
    return fig1.Settings(**{"sigma_eps": 1.0, "seed": 0, "epochs": 1} | TINY | others)


def on_made_up_images(function: Callable[..., Any], *arguments: Any) -> Any:
    """What it returns where Fashion-MNIST has eight images."""
    with mock.patch("nin_lib.data.load", lambda name: MADE_UP):
        return function(*arguments)


def quick_run(sigma_eps: float, seed: int, epochs: int = 1) -> History:
    return history_of(sigma_eps, epochs=epochs, seed=seed)


def recorder_of(settings: dict | None = None, steps_per_epoch: int = 2) -> Recorder:
    return Recorder({"epochs": 2} if settings is None else settings, steps_per_epoch, ["w"], np.zeros(3))


@dataclasses.dataclass(frozen=True)
class Said:
    """A bad value, and what the message says of it where its repr would be long."""

    value: Any
    words: str


def size(value: Any) -> Said:
    return Said(value, str(tuple(np.shape(value))))


MASKED = np.ma.masked_array([1.0, 2.0, 3.0], [False, True, False])
NO_NUMBER = [True, 1j, "1", None, math.nan, math.inf, MASKED]
NO_WHOLE = [True, 1.5, 1j, "1", None, math.nan, MASKED]
NO_SEED = [True, -1, 1.5, "0", None]
NO_PATH = [5, None, 1.5]
NO_FLAG = [1, None, "yes"]
NO_DEVICE = ["nowhere", 1.5]
NO_VECTOR = [[True, True, True], [1j, 0, 0], ["1", "2", "3"], MASKED, Said([math.nan, 0.0, 0.0], "nan")]

any_number = st.floats(-1e6, 1e6)
positive = st.floats(0, 1e6, exclude_min=True)
moderate = st.floats(1e-3, 1e6)
not_negative = st.floats(0, 1e6)
seeds = st.integers(0, 2**64) | st.builds(np.random.default_rng, st.integers(0, 9))
hash_seeds = st.integers(0, 2**32 - 1)
losses = st.sampled_from(sorted(LOSSES))
vectors = st.lists(any_number, min_size=FEATURES, max_size=FEATURES)
columns = st.lists(vectors, min_size=1, max_size=4).map(np.array)
matrices = st.lists(vectors, min_size=FEATURES, max_size=FEATURES).map(np.array)


@dataclasses.dataclass(frozen=True)
class Contract:
    """How a function is called, what its arguments may be, what must not be, and what comes back.

    `call` takes the arguments by name; those in `good` have strategies, and `one` is a choice of all of them with which
    a bad value is tried. Without `good` the function takes long, and another file of tests calls it with good arguments.
    `examples` are tried where the profile of hypothesis asks for a hundred.
    """

    call: Callable[..., Any]
    good: dict[str, Any] | None
    promise: Callable[..., Any] = lambda result, **_: True
    bad: dict[str, list[Any]] = dataclasses.field(default_factory=dict)
    one: dict[str, Any] = dataclasses.field(default_factory=dict)
    examples: int = 10


def finite(result: Any, **_: Any) -> bool:
    return bool(np.isfinite(np.asarray(result, dtype=float)).all())


def recorded(history: History, **_: Any) -> bool:
    """What a History promises: numbers or inf, and everything finite where it does not diverge."""
    arrays = [
        history.batch_loss,
        history.val_loss,
        history.niw_norm,
        history.clean_loss,
        history.niw,
        *history.norms.values(),
    ]
    assert not any(np.isnan(array).any() for array in arrays) and not math.isnan(history.peak)
    if history.phase is not Phase.DIVERGENT:
        assert np.isfinite(history.batch_loss).all() and np.isfinite(history.val_accuracy).all()
        assert math.isfinite(history.peak) or history.batch_loss[0] < 1e-299
        assert history.lost is None
    repr(history), history.sigma_eps, history.learned, history.steps_per_epoch
    return history == History.from_arrays(history.arrays())


def call_noise(eps: Any) -> torch.Tensor:
    net, nin = net_and_nin()
    with nin.noise(eps):
        return net(DATA.x_train[:3]).detach()


def call_train(
    net: Any = None, nin: Any = None, sigma_eps: float = 1.0, activation=torch.nn.ReLU, **others: Any
) -> History:
    if net is None:
        net, nin = net_and_nin(sigma_eps, activation=activation) if nin is None else (net_and_nin()[0], nin)
    return train(net, **{"data": DATA, "nin": nin, "batch_size": 3, "epochs": 1} | others)


NET, NIN = net_and_nin()
REMOVED = net_and_nin()[1]
REMOVED.remove()
COMPLEX = torch.nn.Linear(4, 10, dtype=torch.complex64)
FROZEN = mlp((4, 10)).requires_grad_(False)
META = mlp((4, 10)).to("meta")


def call_recorder_epoch(epoch: int) -> History:
    recorder = recorder_of()
    recorder.epoch(
        epoch, niw=np.full(3, np.nan), norms={"w": 1.0}, niw_norm=2.0, val_loss=math.nan, val_accuracy=0.5
    )
    return recorder.history()


def call_sweep(**arguments: Any) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        return sweep(**{"run": quick_run, "out": folder, "jobs": 1, "progress": False} | arguments)


def call_compute_missing(sigma_eps: float = 1.0, jobs: Any = 1, progress: Any = False) -> int:
    with tempfile.TemporaryDirectory() as folder:
        task = Task(Path(folder), {"sigma_eps": sigma_eps}, lambda s: {"s": np.array(s)}, (sigma_eps,))
        compute_missing([task], jobs, progress)
        return len(list(Path(folder).iterdir()))


def in_block(block: Any) -> bool:
    with block:
        return True


@functools.cache
def explorer_of_runs() -> RunExplorer:
    return RunExplorer("fig3-ce")


EXPLORERS = (LinearExplorer, PhaseDiagramExplorer, TimescalesExplorer)
TRAITS = {
    "sigma_eps": not_negative,
    "eta": positive,
    "batch_size": st.integers(1, 10**9),
    **dict.fromkeys(("w0", "w1", "w_ni", "M"), any_number),
    "sigma_x": not_negative,
    "steps": st.integers(1, 40),
    "seed": hash_seeds,
}
BAD_TRAITS = {
    **dict.fromkeys(("sigma_eps", "sigma_x"), [*NO_NUMBER, -1]),
    "eta": [*NO_NUMBER, 0, -1],
    **dict.fromkeys(("w0", "w1", "w_ni", "M"), NO_NUMBER),
    "batch_size": [*NO_WHOLE, 0, 10**9 + 1],
    "steps": [*NO_WHOLE, 0, 100_001],
    "seed": [*NO_WHOLE, -1, 2**32],
}


def explorer(cls: type, method: str, is_property: bool = False, examples: int = 10, **good: Any) -> Contract:
    """A method of an explorer without arguments, for all settings."""

    def call(**traits: Any) -> Any:
        found = getattr(cls(**traits), method)
        return found if is_property else found()

    return Contract(call, good, examples=examples)


def call_trait(trait: Any, **value: Any) -> Any:
    class Tuned(traitlets.HasTraits):
        setting = trait

    return Tuned(**value).setting


def net_of_two():
    return mlp((PIXELS, FEATURES, 10))


def probed(net, layers="*", sigma_eps=None, steps=1, **how):
    """A probe after some steps with it."""
    with NoiseProbe(net, layers, sigma_eps, **how) as probe:
        optimiser = torch.optim.SGD(net.parameters(), 1e-9)
        for _ in range(steps):
            torch.nn.functional.cross_entropy(net(DATA.x_train), DATA.y_train).backward()
            optimiser.step()
    return probe


PROBE = probed(net_of_two(), steps=3)

# --- the table: a line for each public name --------------------------------------------------------------------------

CONTRACTS: dict[str, Contract] = {
    # --- injection
    "injection.NoiseInjection": Contract(
        lambda layer="0", sigma_eps=1.0, distribution="normal", seed=0, net=None, **dims: NoiseInjection(
            mlp((4, 3, 10)) if net is None else net, layer, sigma_eps, distribution, seed, **dims
        ),
        {
            "layer": st.sampled_from(["0", "2"]),
            "sigma_eps": not_negative,
            "distribution": st.sampled_from(["normal", "uniform", "rademacher", "laplace"]),
            "seed": seeds,
        },
        lambda nin, **_: torch.isfinite(nin.weight).all() and nin.weight.shape in {(3,), (10,)},
        {
            "net": [5, Said(torch.nn.Bilinear, "Bilinear")],
            "layer": ["1", "nowhere", 0, None, ["0"]],
            "sigma_eps": [*NO_NUMBER, -1],
            "distribution": ["cauchy", None, ["normal"]],
            "seed": NO_SEED,
            "per": ["token", None, ["sample"]],
            "batch_dim": NO_WHOLE,
            "feature_dim": [Said(-1, "feature_dim=-1 alone")],
            "features": [Said(3, "3 alone")],
        },
    ),
    "injection.NoiseInjection.of": Contract(
        lambda layer="0", net=NET: NoiseInjection.of(net, layer),
        {"layer": st.just("0")},
        lambda nin, **_: nin is NIN,
        {"net": [5, None], "layer": ["1", "2", 0, None]},
    ),
    "injection.NoiseInjection.state_dict": Contract(
        lambda seed: NoiseInjection(mlp((4, 10)), "0", 1.0, seed=seed).state_dict(),
        {"seed": seeds},
        lambda state, **_: set(state) == {"rng", "place"},
    ),
    "injection.NoiseInjection.load_state_dict": Contract(
        lambda state: NIN.load_state_dict(state),
        {"state": st.builds(NIN.state_dict)},
        bad={"state": [None, 5, {}, {"rng": 1, "place": ()}]},
    ),
    "injection.NoiseInjection.weight": Contract(
        lambda nin: nin.weight,
        {"nin": st.just(NIN)},
        lambda w, **_: w.shape == (3,),
        {"nin": [Said(REMOVED, "removed")]},
    ),
    "injection.NoiseInjection.settings": Contract(
        lambda sigma_eps: net_and_nin(sigma_eps)[1].settings,
        {"sigma_eps": not_negative},
        lambda found, sigma_eps: found == {"layer": "0", "sigma_eps": sigma_eps, "distribution": "normal"},
    ),
    "injection.NoiseInjection.sample": Contract(
        lambda sigma_eps=1.0, n=3: net_and_nin(sigma_eps)[1].sample(n),
        {"sigma_eps": not_negative, "n": st.integers(0, 50)},
        lambda eps, sigma_eps, n: eps.shape == (n,) and torch.isfinite(eps).all(),
        {"n": [*NO_WHOLE, -1]},
    ),
    "injection.NoiseInjection.noise": Contract(
        call_noise,
        {"eps": vectors | vectors.map(torch.tensor)},
        finite,
        {
            "eps": [
                *NO_VECTOR,
                size(torch.ones(3, 1)),
                size(1.0),
                Said([1.0, 2.0], "length 2"),
                Said(torch.ones(3, dtype=bool), "torch.bool"),
                Said(torch.ones(3, dtype=torch.complex64), "torch.complex64"),
            ]
        },
    ),
    "injection.NoiseInjection.freeze": Contract(
        lambda nin: (nin.freeze(), nin)[1],
        {"nin": st.builds(lambda: net_and_nin()[1])},
        lambda found, **_: finite(found.weight) and not found.weight.requires_grad,
        {"nin": [Said(REMOVED, "layer '0' was removed")]},
    ),
    "injection.NoiseInjection.remove": Contract(
        lambda nin: nin.remove(),
        {"nin": st.builds(lambda: net_and_nin()[1])},
        bad={"nin": [Said(REMOVED, "layer '0' was removed")]},
    ),
    "injection.check_attached": Contract(
        lambda nin: check_attached(nin, NET),
        {"nin": st.just(NIN)},
        bad={"nin": [Said(net_and_nin()[1], "on layer '0' is not attached")]},
    ),
    # --- networks
    "networks.mlp": Contract(
        mlp,
        {
            "widths": st.lists(st.integers(1, 5), min_size=2, max_size=4) | st.just((2, 3)),
            "seed": seeds,
            "dtype": st.sampled_from(PRECISIONS),
        },
        lambda net, widths, dtype, **_: (
            net(torch.ones(2, widths[0], dtype=dtype)).shape == (2, widths[-1])
            and all(torch.isfinite(p).all() and p.dtype == dtype for p in net.parameters())
        ),
        {
            "widths": [128, "128", None, [4], [], *([4, width] for width in (0, -1, 2.5, True, "8"))],
            "seed": NO_SEED,
            "dtype": [torch.int64, torch.complex64, "float64", None],
        },
        {"widths": (4, 3)},
    ),
    "networks.checked_widths": Contract(
        lambda widths: checked_widths("widths", widths),
        {"widths": st.lists(st.integers(1, 10**6))},
        lambda found, widths: found == widths,
        {"widths": [128, "128", None, [0], [1.5]]},
    ),
    "networks.checked_device": Contract(
        checked_device, {"device": st.just("cpu")}, bad={"device": [*NO_DEVICE, "meta", True]}
    ),
    "networks.placed": Contract(
        lambda device: placed(mlp((4, 3)), device),
        {"device": st.sampled_from(["cpu", torch.device("cpu")])},
        lambda net, **_: next(net.parameters()).device.type == "cpu",
        {"device": [*NO_DEVICE, "meta"]},
    ),
    "networks.evaluating": Contract(
        lambda training: in_block(evaluating(copy.deepcopy(NET).train(training))), {"training": st.booleans()}
    ),
    "networks.Recurrent": Contract(
        lambda activation=torch.tanh, width=4: Recurrent(activation, width),
        {"activation": st.sampled_from([torch.tanh, torch.relu]), "width": st.integers(1, 9)},
        bad={"activation": ["tanh", None], "width": [*NO_WHOLE, 0]},
    ),
    "networks.Recurrent.forward": Contract(
        lambda x: Recurrent(torch.tanh, 4)(x),
        {"x": st.integers(1, 3).map(lambda n: torch.ones(n, 64))},
        lambda out, x: out.shape == (len(x), 10) and torch.isfinite(out).all(),
        {"x": [size(torch.ones(2, 63)), size(torch.ones(64)), size(torch.ones(2, 8, 8))]},
    ),
    "networks.Transformer": Contract(
        lambda norm=True, width=8: Transformer(norm, width),
        {"norm": st.booleans(), "width": st.integers(1, 4).map(lambda n: 4 * n)},
        bad={"norm": NO_FLAG, "width": [*NO_WHOLE, 0, 6]},
    ),
    "networks.Transformer.forward": Contract(
        lambda x: Transformer(True, 8)(x),
        {"x": st.integers(1, 3).map(lambda n: torch.ones(n, 64))},
        lambda out, x: out.shape == (len(x), 10) and torch.isfinite(out).all(),
        {"x": [size(torch.ones(2, 63)), size(torch.ones(64))]},
    ),
    "networks.network": Contract(
        network,
        {"name": st.sampled_from(sorted(ARCHITECTURES)), "seed": seeds},
        lambda net, **_: net(IMAGES.x_train).shape == (SAMPLES, 10),
        {"name": ["mlp", None, ["relu"]], "seed": NO_SEED},
        {"name": "relu"},
    ),
    # --- training
    "training.train": Contract(
        call_train,
        {
            "loss": losses,
            "eta": positive,
            "sigma_eps": not_negative,
            "batch_size": st.integers(1, SAMPLES),
            "epochs": st.integers(1, 3),
            "redraw": st.sampled_from(["epoch", "never"]),
            "seed": seeds,
            "activation": st.sampled_from([torch.nn.ReLU, torch.nn.Tanh]),
        },
        recorded,
        {
            "net": [
                5,
                Said(torch.nn.ReLU(), "0 parameters"),
                Said(FROZEN, "2 parameters, and none does"),
                Said(COMPLEX, "torch.complex64"),
                Said(META, "'meta'"),
                Said(torch.nn.Sequential(mlp((4, 10)), torch.nn.Flatten(0)), "(20,)"),
            ],
            "data": [
                "digits",
                None,
                Said(NO_VALIDATION, "0 in x_val"),
                Said(NAN_DATA, "nan"),
                Said(MANY_CLASSES, "classes > 25"),
                Said(dataclasses.replace(DATA, y_val=DATA.y_val[:1]), "2 in x_val and 1 in y_val"),
                Said(dataclasses.replace(DATA, y_val=DATA.y_val - 9), "tensor([-3, -2])"),
                Said(dataclasses.replace(DATA, y_val=DATA.y_val.double()), "float64"),
                Said(dataclasses.replace(DATA, x_val=DATA.x_val.numpy()), "array"),
            ],
            "loss": ["l1", None, ["ce"]],
            "eta": [*NO_NUMBER, 0, -1],
            "batch_size": [*NO_WHOLE, 0, SAMPLES + 1],
            "epochs": [*NO_WHOLE, 0, -1],
            "nin": [
                5,
                [5],
                Said(NIN, "on layer '0' is not attached"),
                Said(REMOVED, "on layer '0' was removed"),
            ],
            "redraw": ["step", None],
            "seed": NO_SEED,
            "progress": NO_FLAG,
            "callback": [5, "print"],
        },
    ),
    "training.train_mlp": Contract(
        lambda sigma_eps=1.0, seed=0, **others: train_mlp(
            sigma_eps, seed, **{"data": DATA, "hidden": (3,), "batch_size": 3, "epochs": 1} | others
        ),
        {
            "sigma_eps": not_negative,
            "seed": st.integers(0, 2**64),
            "hidden": st.lists(st.integers(1, 5), max_size=3),
            "loss": losses,
            "eta": positive,
            "batch_size": st.integers(1, SAMPLES),
            "redraw": st.sampled_from(["epoch", "never"]),
            "data": st.sampled_from([DATA, made_data(dtype=torch.float32)]),
        },
        recorded,
        {
            "sigma_eps": [*NO_NUMBER, -1],
            "seed": [*NO_WHOLE, -1],
            "data": [
                "mnist",
                5,
                Said(NO_VALIDATION, "0 in x_val"),
                Said(made_data(dtype=torch.int64), "torch.int64"),
                Said(dataclasses.replace(DATA, x_train=DATA.x_train[:, None]), "(6, 1, 4)"),
                Said(MANY_CLASSES, "classes > 25"),
            ],
            "hidden": [128, "128", None, [0], [1.5], [True]],
            "loss": ["l1"],
            "eta": [*NO_NUMBER, 0, -1],
            "batch_size": [*NO_WHOLE, 0, SAMPLES + 1],
            "epochs": [*NO_WHOLE, 0],
            "redraw": ["step"],
            "device": [*NO_DEVICE, "meta"],
            "progress": NO_FLAG,
            "callback": [5],
        },
    ),
    "training.check_outputs": Contract(
        lambda outputs: check_outputs(outputs, torch.arange(3)),
        {"outputs": st.integers(3, 9).map(lambda classes: torch.ones(3, classes))},
        bad={"outputs": [size(torch.ones(3, 2)), size(torch.ones(2, 3)), size(torch.ones(3))]},
    ),
    # --- curvature
    "curvature.LocalCurvature": Contract(
        lambda loss="ce", rows=4, method="products", net=NET, nin=NIN, x=DATA.x_train, y=DATA.y_train: (
            LocalCurvature(net, nin, x, y, loss, rows, method).matrix()
        ),
        {
            "loss": losses | st.just(torch.nn.functional.cross_entropy),
            "rows": st.integers(1, 10),
            "method": st.sampled_from(["products", "differences"]),
        },
        finite,
        {
            "net": [5, None],
            "nin": [
                5,
                None,
                Said(REMOVED, "layer '0' was removed"),
                Said(net_and_nin()[1], "layer '0' is not attached"),
            ],
            "x": [Said(DATA.x_train[:0], "0 and 6"), Said(DATA.x_train.numpy(), "array")],
            "y": [
                Said(DATA.y_train[:1], "6 and 1"),
                Said(DATA.y_train.double(), "float64"),
                Said(DATA.y_train - 1, "-1"),
                Said(DATA.y_train.tolist(), "[6, 7"[:1]),
                None,
            ],
            "loss": ["l1", None, Said(lambda output, y: output, "tensor")],
            "rows": [*NO_WHOLE, 0],
            "method": ["hessian", None],
        },
    ),
    "curvature.LocalCurvature.gradients": Contract(
        lambda samples: curvature_of(samples=samples).gradients(),
        {"samples": st.integers(1, SAMPLES)},
        lambda g, samples: g.shape == (samples, FEATURES) and finite(g),
    ),
    "curvature.LocalCurvature.matrix": Contract(
        lambda samples: curvature_of(samples=samples).matrix(),
        {"samples": st.integers(1, SAMPLES)},
        lambda h, samples: h.shape == (FEATURES, FEATURES) and np.array_equal(h, h.T) and finite(h),
    ),
    "curvature.LocalCurvature.rayleigh": Contract(
        lambda v=(1.0, 0.0, 0.0), dtype=torch.float64: curvature_of(dtype=dtype).rayleigh(v),
        {
            "v": vectors.filter(any) | st.sampled_from([[1e-300, 0, 0], [5e-324, 0, 0], [1e300, -1e300, 1]]),
            "dtype": st.just(torch.float64),
        },
        lambda q, **_: curvature_of().extremes()[0] - 1e-12 <= q <= curvature_of().extremes()[1] + 1e-12,
        {"v": [*NO_VECTOR, Said(np.zeros(3), "[0. 0. 0.]"), Said([1.0, 2.0], "[1. 2.]"), Said(1.0, "1.0")]},
    ),
    "curvature.LocalCurvature.pull": Contract(
        lambda sigma_eps=1.0, seed=0: curvature_of(sigma_eps).pull(seed),
        {"sigma_eps": moderate, "seed": seeds},
        finite,
        {"seed": NO_SEED},
    ),
    "curvature.LocalCurvature.kick": Contract(
        lambda sigma_eps=1.0, seed=0: curvature_of(sigma_eps).kick(seed),
        {"sigma_eps": moderate, "seed": seeds},
        lambda kick, **_: finite(kick) and kick >= 0,
        {"seed": NO_SEED},
    ),
    "curvature.LocalCurvature.pull_square": Contract(
        lambda sigma_eps=1.0, seed=0, x=SAMPLES: curvature_of(sigma_eps, samples=x).pull_square(seed),
        {"sigma_eps": moderate, "seed": seeds, "x": st.integers(2, SAMPLES)},
        finite,
        {"seed": NO_SEED, "x": [1]},
    ),
    "curvature.LocalCurvature.reading": Contract(
        lambda eta=0.1, batch_size=10, sigma_eps=1.0, seed=0: curvature_of(sigma_eps).reading(
            eta, batch_size, seed
        ),
        {"eta": moderate, "batch_size": st.integers(1, 10**6), "sigma_eps": moderate, "seed": seeds},
        finite,
        {"eta": [*NO_NUMBER, 0, -1], "batch_size": [*NO_WHOLE, 0], "seed": NO_SEED},
    ),
    "curvature.LocalCurvature.largest": Contract(
        lambda tol=1e-8, features=FEATURES: curvature_of(features=features).largest(tol),
        {"tol": st.floats(1e-12, 1), "features": st.sampled_from([1, FEATURES, 70])},
        lambda value, **_: finite(value) and isinstance(value, float),
        {"tol": [*NO_NUMBER, -1]},
    ),
    "curvature.LocalCurvature.extremes": Contract(
        lambda tol=1e-8, features=FEATURES: curvature_of(features=features).extremes(tol),
        {"tol": st.floats(1e-12, 1e-6), "features": st.sampled_from([1, FEATURES, 70])},
        lambda ends, **_: finite(ends) and ends[0] <= ends[1],
        {"tol": [*NO_NUMBER, -1]},
        examples=5,
    ),
    "curvature.LocalCurvature.trace": Contract(
        lambda probes=3, seed=0: curvature_of().trace(probes, seed),
        {"probes": st.integers(2, 40), "seed": seeds},
        finite,
        {"probes": [*NO_WHOLE, 0, 1], "seed": NO_SEED},
    ),
    "curvature.LocalCurvature.forward_trace": Contract(
        lambda probes=3, strength=0.1, seed=0: curvature_of().forward_trace(probes, strength, seed),
        {"probes": st.integers(2, 10), "strength": st.floats(1e-3, 1e3), "seed": seeds},
        finite,
        {"probes": [*NO_WHOLE, 0, 1], "strength": [*NO_NUMBER, 0, -1], "seed": NO_SEED},
    ),
    "curvature.mean_and_error": Contract(
        lambda samples: mean_and_error(np.array(samples)),
        {"samples": st.lists(any_number, min_size=2)},
        lambda found, samples: finite(found) and found[1] >= 0,
    ),
    "curvature.sharpness": Contract(
        lambda net=NET, data=DATA, loss="ce": sharpness(net, data, loss),
        {
            "net": st.sampled_from([NET, mlp((PIXELS, 10)), mlp((PIXELS, 2, 10), dtype=torch.float32)]),
            "loss": losses,
        },
        finite,
        {
            "net": [5, Said(torch.nn.ReLU(), "0")],
            "data": ["digits", None, Said(MANY_CLASSES, "classes > 25")],
            "loss": ["l1", None],
        },
    ),
    # --- decay
    "decay.predict_decay": Contract(
        lambda w_ni=(1, 2, 3), hessians=FROZEN_HESSIAN, steps=2, eta=0.1, sigma_eps=1.0: predict_decay(
            w_ni, hessians, steps, eta=eta, sigma_eps=sigma_eps
        ),
        {
            "w_ni": vectors,
            "hessians": st.lists(matrices | matrices.map(aslinearoperator), max_size=2),
            "steps": st.integers(0, 1000),
            "eta": positive,
            "sigma_eps": not_negative,
        },
        lambda path, hessians, **_: path.shape == (len(hessians) + 1, FEATURES),
        {
            "w_ni": [*NO_VECTOR, size(1.0), size(np.ones((3, 1)))],
            "hessians": [
                5,
                None,
                Said([np.eye(2)], "(2, 2)"),
                Said(np.eye(3), "(3,)"),
                Said([np.full((3, 3), math.nan)], "nan"),
                Said([1j * np.eye(3)], "1.j"),
                Said([aslinearoperator(1j * np.eye(3))], "complex128"),
            ],
            "steps": [*NO_WHOLE, -3, [1, -3], [1, 2], []],
            "eta": [*NO_NUMBER, 0, -1],
            "sigma_eps": [*NO_NUMBER, -1],
        },
    ),
    "decay.estimate_curvature": Contract(
        lambda directions=None, history=HISTORY, **plain: estimate_curvature(history, directions, **plain),
        {"directions": st.none() | columns.map(np.transpose), "history": st.just(HISTORY)},
        lambda found, **_: (
            found.rayleigh.shape == (2,) and len(found.rates) == 2 and not np.isinf(found.rates).any()
        ),
        {
            "history": [5, None, Said(SILENT, "[0.0]"), Said(START, "its start")],
            "directions": [*NO_VECTOR, size(np.ones(3)), size(np.ones((2, 3)))],
        },
    ),
    "probe.NoiseProbe": Contract(
        lambda net=None, layers="*", sigma_eps=None, **how: probed(
            net_of_two() if net is None else net, layers, sigma_eps, **how
        ),
        {
            "sigma_eps": st.none() | st.floats(1e-3, 1),
            "strength": st.floats(1e-3, 1),
            "distribution": st.sampled_from(["normal", "uniform", "rademacher", "laplace"]),
            "seed": seeds,
        },
        lambda probe, **_: all(map(len, probe.readings().values())),
        {
            "net": [5, Said(torch.nn.ReLU(), "*")],
            "layers": ["mlp*", 0, ["0"]],
            "sigma_eps": [True, 1j, "1", 0, -1, math.nan],
            "strength": [*NO_NUMBER, 0, -1],
            "distribution": ["cauchy", None],
            "seed": NO_SEED,
            "per": ["token", None],
            "batch_dim": NO_WHOLE,
            "feature_dim": [Said(-1, "feature_dim=-1 alone")],
            "features": [Said(3, "3 alone")],
            "scaler": [5, "auto"],
        },
    ),
    "probe.NoiseProbe.step": Contract(
        lambda eta=0.1: probed(net_of_two(), "2", 1.0).step(eta),
        {"eta": positive},
        bad={"eta": [*NO_NUMBER, 0, -1]},
    ),
    "probe.NoiseProbe.readings": Contract(
        lambda: PROBE.readings(), {}, lambda found: found["0"].shape == (3,) and finite(found["0"])
    ),
    "probe.NoiseProbe.curvature": Contract(
        lambda stretch=None: PROBE.curvature(stretch),
        {"stretch": st.none() | st.integers(2, 9)},
        lambda found, **_: {reading.layer for reading in found} == {"0", "2"},
        {"stretch": [True, 1.5, 1j, "1", 0, 1]},
    ),
    "probe.NoiseProbe.figure": Contract(
        lambda stretch=None: PROBE.figure(stretch),
        {"stretch": st.none() | st.integers(2, 9)},
        lambda figure, **_: len(figure.data) == 2,
        {"stretch": [True, 1.5, 1j, "1", 0, 1]},
    ),
    "decay.fit_decay": Contract(
        lambda t=None, y=(3, 2, 1): fit_decay(range(len(y)) if t is None else t, y),
        {
            "y": st.lists(
                any_number | st.sampled_from([math.inf, math.nan, 1e308, -1e308, 1e-308]), max_size=20
            )
            | st.floats(-1e6, 1e6).flatmap(
                lambda a: positive.map(lambda b: (a + b * np.exp(-np.arange(20) / 4)).tolist())
            )
        },
        lambda fit, **_: (
            isinstance(fit, DecayFit) and (bool(fit.reason) != finite(dataclasses.astuple(fit)[:-1]))
        ),
        {
            "t": [*NO_VECTOR, size([0.0, 1.0]), Said([0, 1, 1], "(3,)"), size([[0, 1, 2]])],
            "y": [[True] * 3, [1j] * 3, ["1"] * 3, MASKED, size([1.0, 2.0]), size(3.0)],
        },
        {"t": (0, 1, 2)},
        examples=60,
    ),
    # --- history
    "history.History": Contract(
        lambda epochs: history_of(epochs=epochs), {"epochs": st.integers(1, 12)}, recorded
    ),
    "history.History.from_arrays": Contract(
        lambda arrays=None: History.from_arrays(HISTORY.arrays() if arrays is None else arrays),
        {},
        lambda found: found == HISTORY,
        {
            "arrays": [
                5,
                "arrays",
                Said({}, "[]"),
                Said(HISTORY.arrays() | {"settings": np.array(5)}, "array(5)"),
                Said(HISTORY.arrays() | {"settings": np.array("{}")}, "{}"),
                Said(HISTORY.arrays() | {"val_loss": np.zeros(9)}, "(9,)"),
            ]
        },
    ),
    "history.Recorder": Contract(
        lambda epochs=2, steps_per_epoch=3: recorder_of({"epochs": epochs}, steps_per_epoch).history(),
        {"epochs": st.integers(0, 9), "steps_per_epoch": st.integers(1, 9)},
        lambda history, **_: history.phase is (Phase.DIVERGENT),
        {"epochs": [*NO_WHOLE, -1], "steps_per_epoch": [*NO_WHOLE, 0]},
    ),
    "history.Recorder.wants_clean_loss": Contract(
        lambda epoch: recorder_of().wants_clean_loss(epoch),
        {"epoch": st.integers(0, 2)},
        lambda found, epoch: found == (epoch == 0),
        {"epoch": [*NO_WHOLE, -1, 3]},
    ),
    "history.Recorder.step": Contract(
        lambda batch_loss: recorder_of().step(batch_loss),
        {"batch_loss": st.floats(0)},
        lambda goes_on, batch_loss: goes_on == (batch_loss <= 1e8),
        {"batch_loss": []},
    ),
    "history.Recorder.epoch": Contract(
        lambda epoch: call_recorder_epoch(epoch),
        {"epoch": st.integers(0, 2)},
        lambda history, epoch: (
            history.val_loss[epoch] == math.inf and math.isnan(history.val_accuracy[epoch])
        ),
        {"epoch": [*NO_WHOLE, -1, 3]},
    ),
    "history.Recorder.history": Contract(
        lambda epoch: recorder_of().history(epoch),
        {"epoch": st.integers(0, 2)},
        lambda history, epoch: len(history.val_loss) == epoch + 1,
        {"epoch": [True, 1.5, "1", -1, 3]},
    ),
    # --- sweep
    "sweep.sweep": Contract(
        lambda sigma_eps=(1.0,), seeds=(0,), **others: call_sweep(sigma_eps=sigma_eps, seeds=seeds, **others),
        {
            "sigma_eps": st.lists(not_negative, max_size=2),
            "seeds": st.lists(st.integers(0, 2**64), max_size=2),
        },
        lambda found, sigma_eps, seeds: set(found) == {(s, seed) for s in sigma_eps for seed in seeds},
        {
            "run": [5, None, Said(functools.partial(quick_run, epochs=1), "functools.partial")],
            "sigma_eps": [
                1.0,
                "1",
                None,
                *([value] for value in (True, 1j, -1, "1")),
                Said([math.nan], "nan"),
                MASKED,
            ],
            "seeds": [1, "1", None, *([value] for value in (True, 1.5, -1, "1"))],
            "out": NO_PATH,
            "jobs": [0, -2, True, 1.5, "2"],
            "progress": NO_FLAG,
            "settings": [],
        },
        examples=5,
    ),
    "sweep.compute_missing": Contract(
        call_compute_missing,
        {"sigma_eps": any_number},
        lambda found, **_: found == 1,
        {"jobs": [0, -2, True, 1.5, "2"], "progress": NO_FLAG},
        examples=3,
    ),
    "sweep.one_thread": Contract(lambda: in_block(one_thread()), {}),
    # --- experiments
    "experiments.named": Contract(
        experiments.named,
        {"name": st.sampled_from(sorted(experiments.EXPERIMENTS))},
        bad={"name": ["fig9", None, ["fig1"]]},
    ),
    "experiments.run": Contract(
        lambda name="linear-boundaries", out="/nowhere", jobs=1, device="cpu": experiments.run(
            name, out, jobs, device
        ),
        None,
        bad={
            "name": ["fig9", 5],
            "out": NO_PATH,
            "jobs": [0, -2, True, "2"],
            "device": [*NO_DEVICE, "meta", True],
        },
    ),
    "experiments.stored": Contract(
        lambda name="noises", out="/nowhere": experiments.stored(name, out),
        {"name": st.sampled_from(sorted(experiments.EXPERIMENTS))},
        lambda found, **_: found == ([], []),
        {"name": ["fig9", 5], "out": NO_PATH},
    ),
    "experiments.load": Contract(
        lambda name="noises", settings=experiments.EXPERIMENTS["noises"].settings[0], out=experiments.RUNS: (
            experiments.load(name, settings, out)
        ),
        {"name": st.just("noises")},
        lambda found, **_: found.arrays["phase"].shape == (3, 10),
        {"name": ["fig9", 5], "settings": [5, None, Said(digits.Scan, "Scan")], "out": NO_PATH},
    ),
    "experiments.results": Contract(
        lambda name="noises", out=experiments.RUNS: experiments.results(name, out),
        {"name": st.just("noises")},
        lambda found, **_: len(found) == 4,
        {"name": ["fig9", 5], "out": NO_PATH},
        examples=1,
    ),
    "experiments.histories": Contract(
        lambda name="fig3-ce-deep", out=experiments.RUNS: experiments.histories(name, out),
        {"name": st.just("fig3-ce-deep")},
        lambda found, **_: all(map(recorded, found)),
        {"name": ["fig9", 5], "out": NO_PATH},
        examples=1,
    ),
    "experiments.markdown": Contract(
        lambda out=experiments.RUNS: experiments.markdown(out),
        {"out": st.just(experiments.RUNS)},
        lambda found, **_: "## noises" in found,
        {"out": NO_PATH},
        examples=1,
    ),
    "experiments.experiment.key": Contract(
        lambda settings: key("noises", settings),
        {"settings": st.builds(scan_of, seeds=st.lists(st.integers(0, 9)).map(tuple))},
        lambda found, settings: found["experiment"] == "noises" and tuple(found["seeds"]) == settings.seeds,
        {"settings": [5, {}, Said(digits.Scan, "Scan")]},
    ),
    "experiments.experiment.path_of": Contract(
        lambda settings=SCAN, out="runs": path_of("noises", settings, out),
        {"settings": st.builds(scan_of)},
        lambda path, **_: path.suffix == ".npz",
        {"settings": [5, {}], "out": NO_PATH},
    ),
    "experiments.experiment.Result.history": Contract(
        lambda arrays=None: Result(None, HISTORY.arrays() if arrays is None else arrays, {}).history,
        {},
        recorded,
        {"arrays": [Said({}, "[]")]},
    ),
    "experiments.activations.saturation": Contract(
        lambda net=NET, nin=NIN, data=DATA: activations.saturation(net, nin, data),
        {},
        lambda found: all(0 <= value <= 1 for value in found.values()),
        {
            "net": [
                5,
                Said(torch.nn.Linear(4, 3), "Linear"),
                Said(torch.nn.Sequential(torch.nn.ReLU()), "ReLU"),
            ],
            "nin": [5, None, Said(net_and_nin()[1], "layer '0' is not attached")],
            "data": ["digits", Said(IMAGES, "(6, 64)")],
        },
    ),
    "experiments.activations.compute": Contract(
        activations.compute, None, bad={"settings": [5, Said(training_of(), "Training(")]}
    ),
    "experiments.landing.compute": Contract(
        landing.compute, None, bad={"settings": [5, Said(training_of(), "Training(")]}
    ),
    "experiments.landing.balanced": Contract(
        lambda net=None: landing.balanced(mlp((PIXELS, FEATURES, 10)) if net is None else net),
        {},
        lambda found: isinstance(found, torch.nn.Sequential),
        {"net": [5, Said(torch.nn.Linear(4, 3), "Linear"), Said(NET, "Tanh")]},
    ),
    "experiments.divergence.edges": Contract(
        lambda settings=None, **others: divergence.edges(
            dataclasses.replace(divergence.EXPERIMENT.settings[0], **others) if settings is None else settings
        ),
        None,
        bad={
            "settings": [5, Said(scan_of(), "Scan(")],
            "seed": NO_SEED,
            "c": [5, (20, 1.5), (20, 0)],
            "draws": [*NO_WHOLE, 0],
            "copies": [*NO_WHOLE, 0],
        },
    ),
    "experiments.digits.train_net": Contract(
        lambda settings=None, device="cpu", measure=None, **others: digits.train_net(
            training_of(**others) if settings is None else settings, device, measure
        ),
        {"sigma_eps": not_negative, "seed": st.integers(0, 9)},
        lambda found, **_: recorded(found[0]),
        {
            "settings": [5, Said(scan_of(), "Scan(")],
            "device": NO_DEVICE,
            "measure": [5],
            "sigma_eps": [*NO_NUMBER, -1],
            "eta": [*NO_NUMBER, 0],
            "batch_size": [*NO_WHOLE, 0, 1079],
            "epochs": [*NO_WHOLE, 0],
            "seed": [-1, 1.5, "0", None],
            "loss": ["l1"],
            "distribution": ["cauchy"],
        },
        examples=3,
    ),
    "experiments.digits.train_history": Contract(
        digits.train_history, None, bad={"settings": [5, Said(scan_of(), "Scan(")]}
    ),
    "experiments.digits.scan": Contract(
        lambda settings=None, **others: digits.scan(scan_of(**others) if settings is None else settings),
        {"sigma_eps": st.lists(not_negative, min_size=1, max_size=2).map(tuple)},
        lambda found, sigma_eps: (
            found["phase"].shape == (1, len(sigma_eps)) and not np.isnan(found["peak"]).any()
        ),
        {
            "settings": [5, Said(training_of(), "Training(")],
            "sigma_eps": [(), 1.0, Said((True,), "True"), Said((math.nan,), "nan")],
            "seeds": [(), 1, Said((-1,), "-1")],
        },
        examples=2,
    ),
    "experiments.digits.check_some": Contract(
        lambda values: digits.check_some("values", values),
        {"values": st.lists(not_negative, min_size=1)},
        lambda found, **_: found is None,
        {"values": [(), 1, Said((-1,), "-1"), Said((True, 1j), "1j")]},
    ),
    "experiments.digits.Scan.trainings": Contract(
        lambda sigma_eps: list(scan_of(sigma_eps=sigma_eps, seeds=(0, 1)).trainings()),
        {"sigma_eps": st.lists(not_negative).map(tuple)},
        lambda found, sigma_eps: [training.sigma_eps for training in found] == [*sigma_eps] * 2,
    ),
    "experiments.fashion_mnist.train_history": Contract(
        fashion_mnist.train_history, None, bad={"settings": [5, Said(scan_of(), "Scan(")]}
    ),
    "experiments.fashion_mnist.sigma_of": Contract(
        lambda loss="ce", c=1.0: fashion_mnist.sigma_of(loss, c),
        {"loss": losses, "c": not_negative},
        lambda found, **_: finite(found) and found >= 0,
        {"loss": ["l1", None], "c": [*NO_NUMBER, -1]},
    ),
    "experiments.fashion_mnist.begin": Contract(
        lambda start="normal", seed=0: fashion_mnist.begin(*net_and_nin(), start, seed),
        {"start": st.sampled_from(sorted(fashion_mnist.STARTS))},
        bad={"start": ["uniform", None]},
    ),
    "experiments.fashion_mnist.train_from": Contract(
        lambda settings=None, **others: fashion_mnist.train_from(
            dataclasses.replace(fashion_mnist.TABLE_1_STARTS.settings[0], **others)
            if settings is None
            else settings
        ),
        None,
        bad={
            "settings": [5, Said(scan_of(), "Scan(")],
            "start": ["uniform", None],
            "data": ["cifar", None],
        },
    ),
    "experiments.fig1_complete.train_to_the_end": Contract(
        fig1_complete.train_to_the_end, None, bad={"settings": [5, Said(scan_of(), "Scan(")]}
    ),
    "experiments.fig1.prepare": Contract(
        lambda device="cpu", **others: on_made_up_images(fig1.prepare, fig1_of(**others), device),
        {"sigma_eps": not_negative, "curvature_samples": st.integers(1, 6), "val_samples": st.integers(1, 2)},
        lambda found, curvature_samples, **_: len(found[3].gradients()) == curvature_samples,
        {
            "device": NO_DEVICE,
            "hidden": [128, (0,), (1.5,)],
            "val_samples": [*NO_WHOLE, 0, 10**6],
            "curvature_samples": [*NO_WHOLE, 0, 10**6],
            "sigma_eps": [*NO_NUMBER, -1],
        },
    ),
    "experiments.fig1.train_and_probe": Contract(
        lambda settings=None, **others: on_made_up_images(
            fig1.train_and_probe, fig1_of(**others) if settings is None else settings
        ),
        {"sigma_eps": st.floats(1e-3, 1e6), "eta": moderate, "batch_size": st.integers(1, 6)},
        lambda found, **_: recorded(History.from_arrays(found)) and found["probe/pull"].shape == (2,),
        {
            "settings": [5, Said(scan_of(), "Scan(")],
            "epochs": [*NO_WHOLE, 0],
            "rayleigh": [5, (-1,), (61,), (1.5,)],
            "trace": [5, (61,)],
        },
    ),
    "experiments.inputs.with_shuffled": Contract(
        lambda data=DATA, seed=0: inputs.with_shuffled(data, seed),
        {"seed": seeds},
        lambda found, **_: (
            found.x_train.shape == (SAMPLES, 2 * PIXELS) and torch.isfinite(found.x_train).all()
        ),
        {
            "data": ["digits", None, Said(dataclasses.replace(DATA, x_train=DATA.x_train[0]), "(4,)")],
            "seed": NO_SEED,
        },
    ),
    "experiments.inputs.log_ratios": Contract(
        lambda before=(1.0, 2.0), after=(1.0, 1.0): inputs.log_ratios(before, after),
        {
            "before": st.lists(st.floats(1e-6, 1e6), min_size=2, max_size=2),
            "after": st.lists(any_number, min_size=2, max_size=2),
        },
        lambda found, after, **_: (
            not np.isnan(found) and (found > -math.inf or max(map(abs, after)) < 1e-150)
        ),
        {
            "before": [
                *NO_VECTOR,
                Said([0.0, 0.0], "0.0"),
                size([1.0]),
                Said([1e200, 1.0], "inf"),
                size(1.0),
            ],
            "after": [*NO_VECTOR, size([1.0]), Said([1e200, 1.0], "inf")],
        },
    ),
    "experiments.inputs.rank_inputs": Contract(
        lambda settings=None, **others: inputs.rank_inputs(
            dataclasses.replace(inputs.EXPERIMENT.settings[0], **others) if settings is None else settings
        ),
        None,
        bad={
            "settings": [5, Said(scan_of(), "Scan(")],
            "seeds": [(), 1, Said((-1,), "-1")],
            "samples": [*NO_WHOLE, 0, 1079],
            "sigma_eps": [*NO_NUMBER, -1],
        },
    ),
    "experiments.linear_boundaries.count_phases": Contract(
        lambda settings=None, device="cpu", **others: linear_boundaries.count_phases(
            window_of(**others) if settings is None else settings, device
        ),
        {
            "first": positive.filter(lambda x: x > 1e-300),
            "last": positive.filter(lambda x: x > 1e-300),
            "sigmas": st.integers(1, 4),
            "seeds": st.integers(1, 3),
        },
        lambda found, sigmas, seeds, **_: (
            found["counts"].shape == (sigmas, 4) and (found["counts"].sum(1) == seeds).all()
        ),
        {
            "settings": [5, Said(scan_of(), "Scan(")],
            "device": ["cuda"],
            "first": [*NO_NUMBER, 0, -1],
            "last": [*NO_NUMBER, 0, -1],
            "sigmas": [*NO_WHOLE, 0],
            "seeds": [*NO_WHOLE, 0],
            "eta": [*NO_NUMBER, 0],
            "w1": NO_NUMBER,
        },
    ),
    "experiments.linear_boundaries.fraction_from": Contract(
        lambda result=COUNTED, phase=Phase.DECAY: linear_boundaries.fraction_from(result, phase),
        {"phase": st.sampled_from(list(Phase))},
        lambda found, **_: ((0 <= found) & (found <= 1)).all(),
        {"result": [5, None], "phase": ["chaos", None, 2]},
    ),
    "experiments.linear_boundaries.crossing": Contract(
        lambda sigma_eps=SIGMAS, fraction=RISING, level=0.5: linear_boundaries.crossing(
            sigma_eps, fraction, level
        ),
        {
            "level": st.floats(0.01, 0.99),
            "fraction": st.sampled_from([RISING, RISING > 0.3, RISING.tolist()]),
        },
        lambda found, **_: 1 < found < 10,
        {
            "sigma_eps": [
                *NO_VECTOR,
                size([1.0, 2.0]),
                Said(SIGMAS[::-1], "(41,)"),
                Said(-SIGMAS, "-1.0"),
                size(1.0),
            ],
            "fraction": [["1"] * 41, [1j] * 41, MASKED, Said(np.full(41, math.nan), "nan"), size(RISING[:3])],
            "level": [*NO_NUMBER, 0, 2],
        },
    ),
    "experiments.linear_boundaries.midpoint": Contract(
        lambda sigma_eps=SIGMAS, fraction=RISING, seeds=100, resamples=3: linear_boundaries.midpoint(
            sigma_eps, fraction, seeds, resamples
        ),
        {"seeds": st.integers(1000, 10**6), "resamples": st.integers(1, 20)},
        lambda found, **_: finite(found[0]) and finite(found[1]) and 1 < found[0] < 10,
        {
            "sigma_eps": [*NO_VECTOR, Said(SIGMAS[::-1], "(41,)")],
            "fraction": [["1"] * 41, Said(2 * RISING, "to 1.99"), Said(RISING - 0.5, "-0.49")],
            "seeds": [*NO_WHOLE, 0],
            "resamples": [*NO_WHOLE, 0],
        },
    ),
    "experiments.probe_cost.time_probe": Contract(
        lambda settings=None, **others: on_made_up_images(
            probe_cost.time_probe,
            probe_cost.Settings(**TINY | {"steps": 1, "repeats": 1} | others)
            if settings is None
            else settings,
        ),
        None,
        bad={"settings": [5, Said(scan_of(), "Scan(")], "steps": [*NO_WHOLE, 0], "repeats": [*NO_WHOLE, 0]},
    ),
    "experiments.probes.compute": Contract(
        lambda settings=None, **others: probes.compute(
            probes.Settings(**PROBED | others) if settings is None else settings
        ),
        None,
        bad={
            "settings": [5, Said(scan_of(), "Scan(")],
            "net": ["resnet", None],
            "epochs": [3, Said((1, 0), "got 0"), Said((0.5,), "0.5")],
            **dict.fromkeys(("batch_size", "draws", "samples", "vectors"), [*NO_WHOLE, 0]),
        },
    ),
    # --- widgets
    "widgets.static_scripts": Contract(static_scripts, {}, lambda found: len(found) == 7),
    "widgets.rng.noise_stream": Contract(
        lambda seed=0, steps=3: noise_stream(seed, steps),
        {"seed": hash_seeds, "steps": st.integers(0, 50)},
        lambda found, seed, steps: found.shape == (steps,) and (np.abs(found) <= 6).all(),
        {"seed": [*NO_WHOLE, -1, 2**32], "steps": [*NO_WHOLE, -1, 2**32]},
    ),
    "widgets.rng.uniforms": Contract(
        lambda seed=0, n=3, after=0: uniforms(seed, n, after),
        {"seed": hash_seeds, "n": st.integers(0, 50), "after": st.integers(0, 2**32 - 51)},
        lambda found, n, **_: found.shape == (n,) and ((0 < found) & (found < 1)).all(),
        {"seed": [*NO_WHOLE, -1, 2**32], "n": [*NO_WHOLE, -1, 2**32], "after": [*NO_WHOLE, -1, 2**32 - 3]},
    ),
    "widgets.settings.Number": Contract(
        lambda setting=1.0: call_trait(Number(1.0, 0, 1e6, "so", strictly=True), setting=setting),
        {"setting": positive},
        lambda found, setting: found == setting,
        {"setting": [*NO_NUMBER, 0, -1, 1e7]},
    ),
    "widgets.settings.Whole": Contract(
        lambda setting=1: call_trait(Whole(1, 0, 9, "so"), setting=setting),
        {"setting": st.integers(0, 9) | st.just(3.0)},
        lambda found, setting: found == setting and isinstance(found, int),
        {"setting": [*NO_WHOLE, -1, 10]},
    ),
    "widgets.settings.Choice": Contract(
        lambda setting="a": call_trait(Choice("a", "b"), setting=setting),
        {"setting": st.sampled_from(["a", "b"])},
        lambda found, setting: found == setting,
        {"setting": ["c", None, 5, ["a"]]},
    ),
    "widgets.training.HashStream": Contract(
        lambda seed=0, purpose="nin": HashStream(seed, purpose),
        {"seed": hash_seeds, "purpose": st.sampled_from(PURPOSES)},
        bad={"seed": [*NO_WHOLE, -1, 2**32], "purpose": ["noise", None]},
    ),
    "widgets.training.HashStream.standard_normal": Contract(
        lambda size: HashStream(3, "nin").standard_normal(size),
        {"size": st.integers(0, 9) | st.lists(st.integers(0, 4), max_size=3).map(tuple)},
        lambda found, size: (
            found.shape == (size if isinstance(size, tuple) else (size,)) and (np.abs(found) <= 6).all()
        ),
        {"size": [True, 1.5, 1j, "1", None, -1, (2, -1), (2, 1.5)]},
    ),
    "widgets.training.HashStream.permutation": Contract(
        lambda n: HashStream(3, "order").permutation(n),
        {"n": st.integers(0, 50)},
        lambda found, n: sorted(found) == list(range(n)),
        {"n": [*NO_WHOLE, -1]},
    ),
    "widgets.expansion.numbers": Contract(
        numbers, {}, lambda found: all(map(finite, found["taylor"].values()))
    ),
    "widgets.expansion.mean_power": Contract(
        mean_power,
        {"k": st.integers(0, 30)},
        lambda found, k: found == 0 if k % 2 else found >= 1,
        {"k": [*NO_WHOLE, -1]},
    ),
    "widgets.expansion.ExpansionExplorer": Contract(
        lambda **traits: ExpansionExplorer(**traits).state(),
        {"activation": st.sampled_from(["tanh", "relu"]), "sigma_eps": positive, "order": st.integers(0, 8)},
        lambda found, **traits: found == traits,
        {
            "activation": ["sigmoid", None],
            "sigma_eps": [*NO_NUMBER, 0, -1],
            "order": [*NO_WHOLE, -1, 9],
            "nothing": [Said(1, "'nothing'")],
        },
    ),
    **{
        f"widgets.expansion.ExpansionExplorer.{name}": Contract(
            lambda eps=(1.0,), activation="relu", name=name: getattr(
                ExpansionExplorer(activation=activation), name
            )(eps),
            {
                "eps": st.lists(any_number, max_size=3) | any_number,
                "activation": st.sampled_from(["tanh", "relu"]),
            },
            lambda found, eps, **_: found.shape == (np.size(eps),) and finite(found),
            {"eps": [*NO_VECTOR, True, None, math.nan]},
        )
        for name in ("loss_along", "series_along")
    },
    **{
        f"widgets.expansion.ExpansionExplorer.{name}": Contract(
            lambda activation="relu", name=name, **given: getattr(
                ExpansionExplorer(activation=activation), name
            )(**given),
            {"sigma_eps": moderate, "activation": st.sampled_from(["tanh", "relu"])} | orders,
            finite,
            {"sigma_eps": [True, 1j, "1", math.nan, math.inf, MASKED, 0, -1]} | bad_orders,
            one,
        )
        for name, orders, bad_orders, one in (
            ("mean_loss", {}, {}, {}),
            ("mean_series", {"order": st.integers(0, 8)}, {"order": [True, 1.5, 1j, "1", -1, 9]}, {}),
            (
                "error",
                {"order": st.integers(0, 8)},
                {"order": [True, 1.5, -1, 9]},
                {"sigma_eps": 1.0, "order": 2},
            ),
        )
    },
    "widgets.batch_average.BatchAverageExplorer": Contract(
        lambda **traits: BatchAverageExplorer(**traits).state(),
        {
            "distribution": st.sampled_from(["normal", "student-t"]),
            "power": st.integers(1, 6),
            "batch_size": st.integers(4, 1024),
            "seed": hash_seeds,
        },
        lambda found, **traits: found == traits,
        {"distribution": ["cauchy", None], "power": [*NO_WHOLE, 0, 7], "batch_size": [*NO_WHOLE, 3, 1025]},
    ),
    **{
        f"widgets.batch_average.BatchAverageExplorer.{name}": explorer(
            BatchAverageExplorer,
            name,
            examples=3,
            distribution=st.sampled_from(["normal", "uniform", "rademacher", "laplace", "student-t"]),
            power=st.integers(1, 6),
        )
        for name in ("samples", "averages", "prediction")
    },
    **{
        f"widgets.{module}.{cls.__name__}": Contract(
            lambda cls=cls, **traits: cls(**traits).state(),
            TRAITS,
            lambda found, **traits: found | traits == found,
            BAD_TRAITS
            | ({"vertical": ["M", None], "color": ["loss"]} if cls is PhaseDiagramExplorer else {}),
        )
        for module, cls in zip(("linear", "phase_diagram", "timescales"), EXPLORERS, strict=True)
    },
    "widgets.linear.LinearExplorer.model": explorer(LinearExplorer, "model", True, **TRAITS),
    "widgets.linear.LinearExplorer.noise": explorer(LinearExplorer, "noise", **TRAITS),
    "widgets.linear.LinearExplorer.run": explorer(LinearExplorer, "run", **TRAITS),
    "widgets.linear.LinearExplorer.phase": explorer(LinearExplorer, "phase", True, **TRAITS),
    "widgets.timescales.TimescalesExplorer.closed_form": explorer(
        TimescalesExplorer, "closed_form", **TRAITS
    ),
    "widgets.timescales.TimescalesExplorer.time_scales": explorer(
        TimescalesExplorer, "time_scales", True, **TRAITS
    ),
    "widgets.training.TrainingExplorer": Contract(
        lambda **traits: TrainingExplorer(**traits).state(),
        {"sigma_eps": not_negative, "eta": positive, "batch_size": st.integers(1, 1078), "seed": hash_seeds},
        lambda found, **traits: found == traits,
        {
            "sigma_eps": [*NO_NUMBER, -1],
            "eta": [*NO_NUMBER, 0],
            "batch_size": [*NO_WHOLE, 0, 1079],
            "seed": [-1, 2**32],
        },
    ),
    "widgets.training.TrainingExplorer.run": Contract(
        lambda epochs=1, **traits: TrainingExplorer(batch_size=1078, **traits).run(epochs),
        {"sigma_eps": not_negative, "eta": positive, "epochs": st.just(1)},
        recorded,
        {"epochs": [*NO_WHOLE, 0]},
        examples=2,
    ),
    "widgets.words.come_to": Contract(
        lambda sigma_eps, eta: come_to(history_of(sigma_eps, eta)),
        {"sigma_eps": not_negative, "eta": st.floats(1e-3, 10)},
        lambda found, **_: (
            found == SENTENCES["early"] or found.split(".")[0] in set(Phase) and "nan" not in found
        ),
    ),
    "widgets.words.describe": Contract(
        lambda sigma_eps, eta: describe(history_of(sigma_eps, eta)),
        {"sigma_eps": not_negative, "eta": st.floats(1e-3, 10)},
        lambda found, **_: "nan" not in found,
    ),
    "widgets.runs.RunExplorer": Contract(
        lambda name="fig3-ce-deep", **others: RunExplorer(name, **others),
        {"sigma_eps": not_negative, "epochs": st.integers(1, 10_000)},
        lambda found, **_: found.phase in Phase and "nan" not in found.fallback(),
        {
            "name": ["fig9", None],
            "out": NO_PATH[::2],
            "sigma_eps": [*NO_NUMBER, -1],
            "epochs": [*NO_WHOLE, 0],
            "nothing": [Said(1, "'nothing'")],
        },
        examples=2,
    ),
}
# What takes no argument: the values of a history, and what an explorer shows.
CONTRACTS |= {
    f"history.History.{name}": Contract(
        lambda sigma_eps, name=name: getattr(history_of(sigma_eps, eta=1.0), name),
        {"sigma_eps": not_negative},
        examples=3,
    )
    for name in ("steps_per_epoch", "sigma_eps", "peak", "lost", "learned", "phase")
}
CONTRACTS["history.History.arrays"] = Contract(
    lambda epochs: history_of(epochs=epochs).arrays(), {"epochs": st.integers(1, 6)}
)
CONTRACTS |= {
    f"widgets.{module}.{cls.__name__}.{name}": Contract(
        getattr(cls, name), {}, lambda found: isinstance(found, str)
    )
    for module, cls in (
        ("linear", LinearExplorer),
        ("phase_diagram", PhaseDiagramExplorer),
        ("timescales", TimescalesExplorer),
        ("batch_average", BatchAverageExplorer),
        ("expansion", ExpansionExplorer),
        ("training", TrainingExplorer),
    )
    for name in ("javascript", "static_script", "script")
    if name in vars(cls)
}
CONTRACTS |= {
    f"widgets.base.Explorer.{name}": Contract(
        getattr(LinearExplorer, name), {}, lambda found: isinstance(found, str)
    )
    for name in ("javascript", "static_script", "script")
}
CONTRACTS["widgets.base.Explorer.python"] = Contract(
    lambda **traits: LinearExplorer(**traits).python(), TRAITS, lambda found, **_: bool(ast.parse(found))
)
CONTRACTS["widgets.base.Explorer.limits"] = Contract(
    LinearExplorer.limits, {}, lambda found: found.keys() == TRAITS.keys()
)
CONTRACTS |= {
    f"widgets.base.Explorer.{name}": Contract(
        lambda name=name, **traits: getattr(LinearExplorer(**traits), name)(),
        TRAITS,
        lambda found, **traits: found | traits == found,
    )
    for name in ("settings", "state")
}
CONTRACTS["widgets.base.Explorer.address"] = Contract(
    lambda: LinearExplorer().address, {}, lambda found: found == "linear"
)
CONTRACTS["widgets.base.Explorer"] = Contract(
    lambda **traits: LinearExplorer(**traits), {}, bad={"sigma": [Said(1.0, "'sigma'")]}
)  # a name that is none of the settings
CONTRACTS |= {
    f"widgets.{module}.{cls.__name__}.fallback": explorer(cls, "fallback", examples=examples, **good)
    for module, cls, examples, good in (
        ("linear", LinearExplorer, 10, TRAITS),
        ("phase_diagram", PhaseDiagramExplorer, 10, TRAITS),
        ("timescales", TimescalesExplorer, 10, TRAITS),
        ("batch_average", BatchAverageExplorer, 5, {"power": st.integers(1, 6), "seed": hash_seeds}),
        ("expansion", ExpansionExplorer, 5, {"sigma_eps": moderate, "order": st.integers(0, 8)}),
    )
}
CONTRACTS |= {
    f"widgets.runs.RunExplorer.{name}": Contract(lambda name=name: getattr(explorer_of_runs(), name), {})
    for name in ("address", "histories", "phase", "state", "fallback")
}
CONTRACTS["widgets.runs.RunExplorer.training_script"] = Contract(RunExplorer.training_script, {})

ELSEWHERE = {
    "probe.NoiseProbe.to_frame": "tests/test_probe.py makes tables, where there is pandas",
    **dict.fromkeys(
        (f"injection.{name}" for name in ("shift", "dimensions", "eps_at", "in_backward")),
        "parts of the forward hook, which injection.NoiseInjection.noise calls",
    ),
    **dict.fromkeys(
        (
            "local_loss.LocalLoss",
            *(f"local_loss.BatchLoss.{name}" for name in ("value", "gradient", "gradients", "products")),
        ),
        "curvature.LocalCurvature has the same arguments, and measures by them",
    ),
    **dict.fromkeys(
        (f"widgets.runs.RunExplorer.{name}" for name in ("train", "stop", "close")),
        "tests/test_explorer_runs.py trains",
    ),
    "widgets.runs.RunExplorer.run": "tests/test_training_here.py trains as the page does",
    **dict.fromkeys(
        (f"widgets.training.TrainingExplorer.{name}" for name in ("phase", "fallback")),
        "these run 20 epochs, as `run` does",
    ),
    **dict.fromkeys(
        (f"widgets.settings.{name}.validate" for name in ("Number", "Whole", "Choice")),
        "each setting is a call",
    ),
    **dict.fromkeys(
        (f"widgets.settings.{name}.limits" for name in ("Number", "Whole", "Choice")),
        "Explorer.limits gathers them",
    ),
    "sweep.Task.path": "experiments.experiment.path_of has the same contract",
    "widgets.base.Explorer.fallback": "each explorer has its own",
}
"""Public names without a line, and why."""


def public_names() -> set[str]:
    """The functions, classes, methods and properties that the modules define, but for records, which only hold values."""
    found = set()
    for module_name in MODULES:
        module = importlib.import_module(f"nin_lib.{module_name}")
        for name, value in vars(module).items():
            if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
                continue
            if isinstance(value, type):
                record = dataclasses.is_dataclass(value) or issubclass(value, (tuple, dict))
                found |= set() if record else {f"{module_name}.{name}"}
                found |= {
                    f"{module_name}.{name}.{part}"
                    for part, method in vars(value).items()
                    if not part.startswith("_")
                    and isinstance(method, (types.FunctionType, property, classmethod, staticmethod))
                }
            elif inspect.isroutine(value) or hasattr(value, "__wrapped__"):
                found.add(f"{module_name}.{name}")
    return found


def test_every_public_name_has_a_contract():
    found = public_names() | {"history.History"}
    assert sorted(found - CONTRACTS.keys() - ELSEWHERE.keys()) == [], "these have no line in the table"
    assert sorted((CONTRACTS.keys() | ELSEWHERE.keys()) - found) == [], "these lines are of nothing"
    assert not CONTRACTS.keys() & ELSEWHERE.keys()


@pytest.mark.hypothesis  # for `make fuzz`: what is given is given within
@pytest.mark.parametrize("name", [name for name, contract in CONTRACTS.items() if contract.good is not None])
def test_within_its_domain_a_call_keeps_its_promise_in_silence(name):
    contract = CONTRACTS[name]

    @settings(
        max_examples=contract.examples * settings.default.max_examples // 100,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.fixed_dictionaries(contract.good))
    def holds(arguments):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            # torch's own, when torch.func first differentiates
            warnings.filterwarnings("ignore", "`torch.jit.script` is deprecated", DeprecationWarning)
            assert contract.promise(contract.call(**arguments), **arguments)

    holds()


def bad_calls():
    for name, contract in CONTRACTS.items():
        for argument, values in contract.bad.items():
            for place, value in enumerate(values):
                yield pytest.param(contract, argument, value, id=f"{name}-{argument}-{place}")


@pytest.mark.parametrize("contract, argument, value", list(bad_calls()))
def test_outside_it_the_error_names_the_argument_and_its_value(contract, argument, value):
    value, words = (value.value, value.words) if isinstance(value, Said) else (value, None)
    with pytest.raises((TypeError, ValueError)) as caught:
        contract.call(**contract.one | {argument: value})
    message = str(caught.value)
    element = value[-1] if isinstance(value, (list, tuple)) and len(value) > 0 else value
    said = [words] if words is not None else [repr(value), repr(element), str(value)]
    assert re.search(rf"\b{argument}\b", message), message
    assert any(text in message for text in said), (said, message)


# --- cases that need more than one argument ---------------------------------------------------------------------------


def test_the_same_node_twice_is_refused():
    net, nin = net_and_nin()
    with pytest.raises(
        ValueError, match="nin must name each node once, got that on layer '0' twice: leave one out"
    ):
        train(net, DATA, nin=[nin, nin], batch_size=2)


def test_a_node_that_was_removed_is_refused_everywhere():
    net, nin = net_and_nin()
    curvature = LocalCurvature(net, nin, DATA.x_train, DATA.y_train)
    nin.remove()
    for use in (
        nin.remove,
        lambda: nin.sample(1),
        lambda: nin.weight,
        curvature.matrix,
        lambda: call_removed(nin),
    ):
        with pytest.raises(ValueError, match="nin on layer '0' was removed: attach another"):
            use()


def call_removed(nin):
    with nin.noise([1.0]):
        pass


@pytest.mark.parametrize("shape", [(4,), (1,)])
def test_a_sample_without_a_batch_is_refused(shape):
    net = mlp((shape[0], 4, 10))
    nin = NoiseInjection(net, "0", 1.0)
    with pytest.raises(
        ValueError, match=r"must be a batch, got one sample whose output has shape \(4,\): use x\[None\]"
    ):
        with nin.noise(torch.ones(4)):
            net(torch.ones(shape, dtype=torch.float64))


@pytest.mark.parametrize(
    "layer, message",
    [
        (lambda: torch.nn.Linear(0, 3), r"must have real weights, got torch.float32 of shape \(3, 0\)"),
        (lambda: torch.nn.Linear(2, 3, dtype=torch.complex64), "must have real weights, got torch.complex64"),
        (lambda: torch.nn.LazyLinear(3), "must have weights, got LazyLinear.*call the net once"),
    ],
)
@pytest.mark.filterwarnings(
    "ignore:Initializing zero-element tensors", "ignore:Lazy modules are a new feature"
)
def test_a_layer_without_real_weights_is_refused(layer, message):
    with pytest.raises(ValueError, match=message):
        NoiseInjection(torch.nn.Sequential(layer()), "0", 1.0)


@pytest.mark.parametrize("measure", ["pull", "kick", "pull_square", "reading"])
def test_curvature_at_no_noise_or_no_weight_is_refused(measure):
    arguments = (0.1, 10) if measure == "reading" else ()
    for sigma_eps, words in ((0.0, "sigma_eps = 0"), (1e-200, "sigma_eps = 1e-200")):
        with pytest.raises(ValueError, match=f"nin .*{words}"):
            getattr(curvature_of(sigma_eps), measure)(*arguments)
    curvature = curvature_of()
    with torch.no_grad():
        curvature._nin.weight.zero_()
    if measure != "kick":
        with pytest.raises(ValueError, match=r"nin .*\|W_NI\| = 0.0"):
            getattr(curvature, measure)(*arguments)


def test_measuring_wakes_no_part_that_is_frozen_in_eval_mode():
    net, nin = net_and_nin()
    net[1] = torch.nn.Dropout(0.5).eval()
    LocalCurvature(net, nin, DATA.x_train, DATA.y_train).matrix()
    sharpness(net, DATA)
    assert [part.training for part in net] == [True, False, True] and net.training


def test_a_recorder_has_no_step_after_the_last():
    recorder = recorder_of({"epochs": 1}, 1)
    assert recorder.step(1.0) and not recorder_of().step(math.nan)
    with pytest.raises(ValueError, match="batch_loss must be that of one of 1 steps, got 2.0 after the last"):
        recorder.step(2.0)


@pytest.mark.parametrize(
    "batch_loss, peak",
    [
        ([], 1),
        ([0, 0], 1),
        ([0, 1], math.inf),
        ([2, 3], 1.5),
        ([math.inf, math.inf], math.inf),
        ([1, math.nan], math.inf),
    ],
)
def test_the_peak_of_a_history_is_a_number(batch_loss, peak):
    assert dataclasses.replace(HISTORY, batch_loss=np.array(batch_loss, float)).peak == peak


def test_a_clean_loss_that_starts_at_infinity_is_never_learned():
    assert dataclasses.replace(HISTORY, clean_loss=np.array([math.inf])).learned is None


def test_a_decay_that_has_ended_takes_no_more_steps():
    path = predict_decay([1.0, 2.0], [np.diag([1.0, 0.75])], 10**12, eta=1.0, sigma_eps=1.0)
    assert path[-1].tolist() == [0, 0]


def test_no_points_are_too_few_for_a_fit():
    assert fit_decay([], []).reason == "it has 0 points up to its minimum, and a fit needs 5"


def test_few_seeds_or_few_sigmas_have_no_midpoint():
    with pytest.raises(ValueError, match="sigma_eps must have two values or more from"):
        linear_boundaries.midpoint([1.0, 2.0, 3.0], [0.0, 0.5, 1.0], 100)
    with pytest.raises(
        ValueError, match="seeds must be so many that the fraction rises .*, got 1: take more"
    ):
        linear_boundaries.midpoint(SIGMAS, RISING, 1, resamples=500)


def test_power_iteration_ends_where_nothing_curves():
    net, nin = net_and_nin(activation=torch.nn.ReLU)
    with torch.no_grad():
        net[0].bias.fill_(-1e6)
    with pytest.raises(
        ValueError, match="settings must give a net with a largest eigenvalue > 0, got 0.0 after 1 products"
    ):
        probe_cost._power_iteration(LocalCurvature(net, nin, DATA.x_train, DATA.y_train))
