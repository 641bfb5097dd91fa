"""The contract of the public functions without torch's training: good arguments give what is promised, bad ones are named.

A table says what is good and what is bad for each argument; one test calls every function with all of it, and another
sees to it that the table forgets none.
"""

import contextlib
import importlib
import inspect
import math
import re
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import sympy as sp
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nin_lib import batch_averages, checks, codegen, data, expansion, extras, figures, linear, timescales
from nin_lib.distributions import stream
from nin_lib.history import History
from nin_lib.phases import Phase

MODULES = (
    "batch_averages checks codegen data distributions expansion extras figures linear linear.boundaries "
    "linear.equations linear.model linear.noise phases timescales"
).split()
# What looks at no argument, and why.
UNCHECKED = {
    "data.DataError": "an exception",
    "data.carry": "tests/test_data.py writes what a page is given",
    "linear.boundaries.Boundaries": "a record",
    "linear.model.Run": "a record",
    "linear.noise.checked_noise": "the check of an argument of simulate",
    "linear.noise.draws": "called by simulate, with what it has checked",
    "phases.Phase": "an enumeration",
    "timescales.Flow": "a record",
    "timescales.TimeScales": "a record",
}

# Numbers that a user may have: zero, everyday ones, tiny ones, and up to a million.
size = st.one_of(st.just(0.0), st.floats(1e-3, 1e3), st.floats(1e-300, 1e6), st.just(1e6))
real = st.builds(lambda x, sign: x * sign, size, st.sampled_from([-1, 1]))
positive = size.filter(bool)
seed = st.integers(0, 10**6)

NOT_NUMBERS = [True, 1j, None, "loud", math.nan, math.inf, np.ma.masked, np.ma.array([1.0], mask=[True])]
NOT_REAL = [*NOT_NUMBERS, [1.0, True], [1.0, np.ma.masked], np.array([True]), np.array([1j])]
NOT_WHOLE = [-1, 1.5, True, None, "3", np.ma.masked, np.bool_(True), torch.tensor(True), [1]]
NOT_WORDS = ["other", None, 3, True]
NOT_TENSORS = [3.0, None, np.ones(3), torch.ones(3, dtype=torch.int64), torch.ones(3, dtype=torch.bool)]


def tensor(*shape):
    return st.integers(0, 10**6).map(lambda s: torch.from_numpy(np.random.default_rng(s).normal(size=shape)))


def finite(result):
    """All numbers in it, an array, a tensor or a tuple of them, are finite."""
    for part in result if isinstance(result, tuple) else (result,):
        assert np.isfinite(np.asarray(part, float)).all(), part


def never_nan(result):
    for part in result:
        assert (np.asarray(part) >= 0).all(), part


def square(z):
    return z.square().sum(1)


def a_network(activation, width, number):
    return expansion.SmallNetwork.random(activation, width, number)


def made_up(scale, start):
    """A history of two epochs of two steps; `start` is |W_NI| at the start."""
    curve = scale / np.arange(1, 4)
    return History(
        settings={"epochs": 2},
        batch_loss=scale / np.arange(1, 5),
        val_loss=curve,
        val_accuracy=np.array([0.1, 0.5, np.nan]),
        niw_norm=np.array([start, 1.0, np.inf]),
        norms={"2.weight": curve},
        clean_epochs=np.array([0, 2]),
        clean_loss=curve[[0, 2]],
        niw_epochs=np.array([0]),
        niw=np.ones((1, 1)),
    )


@dataclass
class Contract:
    """How to call a function: strategies of good arguments by name, bad values by name, and what is promised."""

    call: Any
    good: dict[str, Any]
    bad: dict[str, list[Any]] = field(default_factory=dict)
    holds: Any = lambda result: None


def method(call, **bad):
    """A method of `SmallNetwork`, called with a network, and inputs for it."""
    net = st.builds(a_network, st.sampled_from(["tanh", "relu"]), st.integers(1, 3), seed)
    return Contract(call, {"net": net, "x": tensor(4)}, bad, finite)


def simulated(run):
    """No nan; from the first weight that is not finite on, everything is inf."""
    curves = np.stack([run.w0, run.w1, run.w_ni, run.loss, run.clean_loss])
    assert not np.isnan(curves).any() and isinstance(run.phase, Phase)
    assert (curves[:, ~np.isfinite(curves[:3]).all(axis=0)] == np.inf).all()


MODEL = {"eta": positive, "M": real, "sigma_x": size, "batch_size": st.integers(1, 10**6)}
START = {"w0": real, "w1": real, "w_ni": real}
FLOW = {"t": size, **START, "M": real, "sigma_x": size, "sigma_eps": size}
BAD_FLOW = dict.fromkeys(FLOW, NOT_REAL) | {
    "t": [*NOT_REAL, -1.0],
    "sigma_x": [*NOT_REAL, -1.0],
    "sigma_eps": [*NOT_REAL, -1.0],
}
x, y = sp.symbols("x y")
IN_JAVASCRIPT = [sp.sin(x), x**3 / 7, sp.Piecewise((x, x > 0), (0, True)), sp.Integer(3)]
NO_JAVASCRIPT = ["x", None, sp.gamma(x), sp.I * x, sp.EulerGamma, sp.zoo]


def simulate(sigma_eps, w0, w1, w_ni, steps, noise, seed, record, **model):
    return linear.LinearModel(**model).simulate(sigma_eps, w0, w1, w_ni, steps, noise, seed, record)


def needed(extra):
    with extras.needed(extra):
        pass


def moments(distribution, n, batch_size, q_moments):
    return batch_averages.batch_average_moments(distribution, n, batch_size, q_moments)


NOISE = st.sampled_from([*batch_averages.NOISES])
TABLE = {
    "checks.reals": Contract(
        checks.reals,
        {"name": st.just("value"), "value": st.floats()},
        {"value": ["other", None, True, 1j, [True]]},
    ),
    "checks.numbers": Contract(
        checks.numbers, {"name": st.just("value"), "value": st.lists(real)}, {"value": NOT_REAL}, finite
    ),
    "checks.number": Contract(
        checks.number, {"name": st.just("value"), "value": real}, {"value": [*NOT_REAL, [1.0]]}, finite
    ),
    "checks.whole": Contract(
        lambda value: checks.whole("value", value, 0, "count"), {"value": seed}, {"value": NOT_WHOLE}
    ),
    "checks.flag": Contract(
        checks.flag, {"name": st.just("value"), "value": st.booleans()}, {"value": [1, None, "yes"]}
    ),
    "checks.choice": Contract(
        lambda value: checks.choice("value", value, ["a", "b"]), {"value": st.just("a")}, {"value": NOT_WORDS}
    ),
    "checks.instance": Contract(
        lambda value: checks.instance("value", value, int, "count"),
        {"value": st.integers()},
        {"value": ["1", None, 1.5]},
    ),
    "checks.path": Contract(
        lambda value: checks.path("value", value, "name one"),
        {"value": st.just("a")},
        {"value": [1, None, b"a"]},
    ),
    "checks.sequence": Contract(
        lambda value: checks.sequence("value", value, "use a list"),
        {"value": st.lists(real) | st.lists(real).map(tuple) | st.lists(real).map(np.array)},
        {"value": [1, None, "word", {1: 2}]},
    ),
    "checks.broadcast": Contract(
        lambda n: checks.broadcast(a=np.ones((2, 1)), n=np.ones(n)), {"n": st.integers(1, 5)}, {}, finite
    ),
    "linear.model.LinearModel": Contract(
        linear.LinearModel,
        MODEL,
        {
            "eta": [*NOT_REAL, 0, -1.0, 1e51, [0.1]],
            "M": [*NOT_REAL, [1.0]],
            "sigma_x": [*NOT_REAL, -1.0],
            "batch_size": [*NOT_WHOLE, 0, 10**400],
        },
    ),
    "linear.model.LinearModel.simulate": Contract(
        simulate,
        {
            "sigma_eps": size,
            **START,
            "steps": st.integers(1, 20),
            "noise": st.sampled_from(["none", "map", "sgd"]),
            "seed": seed,
            "record": st.booleans(),
            **MODEL,
        },
        dict.fromkeys(START, NOT_REAL)
        | {
            "sigma_eps": [*NOT_REAL, -1.0],
            "steps": [*NOT_WHOLE, 0],
            "noise": [*NOT_REAL, np.ones(77)],
            "seed": NOT_WHOLE,
            "record": [1, "yes", None],
        },
        simulated,
    ),
    "linear.model.LinearModel.boundaries": Contract(
        lambda w0, w1, w_ni, **model: linear.LinearModel(**model).boundaries(w0, w1, w_ni),
        START | MODEL,
        dict.fromkeys(START, [*NOT_REAL, 1e51, -1e51]),
        lambda b: never_nan((b.decoupled, b.catapult, b.late, b.divergent)),
    ),
    "linear.noise.batch_moments": Contract(
        linear.batch_moments,
        {
            "rng": seed.map(np.random.default_rng),
            "batch_size": st.integers(1, 10**6),
            "size": st.sampled_from([None, 3, (2, 3)]),
        },
        {"rng": [None, 3], "batch_size": [*NOT_WHOLE, 0], "size": [-1, 1.5, True, (2, -3)]},
        finite,
    ),
    "linear.javascript": Contract(linear.javascript, {}),
    "timescales.passive_flow": Contract(timescales.passive_flow, FLOW, BAD_FLOW, finite),
    "timescales.coupled_flow": Contract(
        lambda sigma, **rest: timescales.coupled_flow(**{"sigma_x": sigma, "sigma_eps": sigma} | rest),
        {name: FLOW[name] for name in ("t", *START, "M")} | {"sigma": size},
        BAD_FLOW,
        finite,
    ),
    "timescales.time_scales": Contract(
        timescales.time_scales,
        {"w0": real, "w1": real, "sigma_x": size, "sigma_eps": size},
        {name: BAD_FLOW[name] for name in ("w0", "w1", "sigma_x", "sigma_eps")},
        never_nan,
    ),
    "timescales.decay_times": Contract(
        timescales.decay_times,
        {"w0": real, "w1": real, "M": real, "sigma_x": size, "sigma_eps": size},
        {name: [*BAD_FLOW[name], [1.0, 2.0]] for name in ("w0", "w1", "M", "sigma_x", "sigma_eps")},
        never_nan,
    ),
    "timescales.javascript": Contract(timescales.javascript, {}),
    "distributions.stream": Contract(
        stream, {"seed": seed, "purpose": st.text(max_size=5)}, {"seed": NOT_WHOLE, "purpose": [None, 3]}
    ),
    "batch_averages.noise_moment": Contract(
        batch_averages.noise_moment,
        {"distribution": NOISE, "k": st.integers(0, 200).map(np.int16)},
        {"distribution": NOT_WORDS, "k": [*NOT_WHOLE, -2, 10**9]},
    ),
    "batch_averages.tail_ratio": Contract(
        batch_averages.tail_ratio,
        {"distribution": NOISE, "n": st.integers(1, 500)},
        {"distribution": NOT_WORDS, "n": [*NOT_WHOLE, 0, 10**9]},
        lambda ratio: never_nan([ratio]),
    ),
    "batch_averages.batch_average_moments": Contract(
        moments,
        {
            "distribution": NOISE,
            "n": st.integers(1, 2),
            "batch_size": st.one_of(st.integers(1, 10**6), st.integers(1, 127).map(np.int8)),
            "q_moments": st.sampled_from(
                [batch_averages.Q_MOMENTS, [1, 0, 0, 0, 0], [np.int8(2**k) for k in range(5)]]
            ),
        },
        {
            "distribution": NOT_WORDS,
            "n": [*NOT_WHOLE, 0, 10**9],
            "batch_size": [*NOT_WHOLE, 0],
            "q_moments": [*NOT_REAL, [1, 2], [1, 3, 1, 1, 1]],
        },
        never_nan,
    ),
    "batch_averages.draw": Contract(
        batch_averages.draw,
        {"distribution": NOISE, "size": st.integers(0, 50), "seed": seed},
        {"distribution": NOT_WORDS, "size": NOT_WHOLE, "seed": NOT_WHOLE},
        finite,
    ),
    "batch_averages.batch_averages": Contract(
        batch_averages.batch_averages,
        {"terms": st.lists(real), "batch_size": st.integers(1, 10)},
        {"terms": [*NOT_REAL, 3.0], "batch_size": [*NOT_WHOLE, 0]},
        finite,
    ),
    "batch_averages.z_scores": Contract(
        batch_averages.z_scores,
        {
            "averages": st.lists(st.floats(-1e6, 1e6), min_size=1),
            "mean": st.sampled_from([0, sp.Rational(1, 3)]),
            "variance": st.sampled_from([1.0, sp.Rational(1, 7)]),
            "fourth": st.sampled_from([3.0, sp.Integer(2)]),
        },
        {
            "averages": [*NOT_REAL, []],
            "mean": [*NOT_REAL, sp.nan],
            "variance": [*NOT_REAL, 0, -1],
            "fourth": [*NOT_REAL, 0.001, sp.oo],
        },
        finite,
    ),
    "codegen.numpy_function": Contract(
        lambda args, results, definitions: codegen.numpy_function(args, results, definitions),
        {
            "args": st.just([x]),
            "results": st.sampled_from([*IN_JAVASCRIPT, [x, x + 1]]),
            "definitions": st.sampled_from([(), [(y, x + 1)]]),
        },
        {"args": [["x"], [3]], "results": [["x"], sp.Symbol("z")], "definitions": [[(y, "x")]]},
    ),
    "codegen.javascript_lines": Contract(
        codegen.javascript_lines,
        {"definitions": st.sampled_from(IN_JAVASCRIPT).map(lambda e: [("a", e)]), "indent": st.just("  ")},
        {"definitions": [[("a", e)] for e in NO_JAVASCRIPT]},
    ),
    "codegen.javascript_function": Contract(
        codegen.javascript_function,
        {"name": st.just("f"), "args": st.just([x]), "result": st.sampled_from(IN_JAVASCRIPT)},
        {"result": NO_JAVASCRIPT, "definitions": [[(y, e)] for e in NO_JAVASCRIPT]},
    ),
    "codegen.javascript_run": Contract(
        codegen.javascript_run,
        {
            "state": st.just([x]),
            "following": st.sampled_from(IN_JAVASCRIPT).map(lambda e: [e]),
            "parameters": st.just([]),
            "hoisted": st.just([]),
            "stream": st.just(y),
            "definitions": st.just([]),
        },
        {"following": [[e] for e in NO_JAVASCRIPT] + [[]], "hoisted": [[(y, e)] for e in NO_JAVASCRIPT]},
    ),
    "extras.needed": Contract(needed, {"extra": st.just("torch")}),
    "data.load": Contract(
        data.load, {"name": st.just("digits"), "seed": seed}, {"name": NOT_WORDS, "seed": NOT_WHOLE}
    ),
    "data.standardised": Contract(
        data.standardised, {"name": st.just("digits"), "seed": seed}, {"name": NOT_WORDS, "seed": NOT_WHOLE}
    ),
    "data.Data": Contract(lambda x: data.Data("name", x, x, x, x, "digest"), {"x": tensor(2, 3)}),
    "data.Data.to": Contract(
        lambda like: data.Data("name", *torch.ones(4, 3), "digest").to(like),
        {"like": tensor(2)},
        {"like": NOT_TENSORS},
    ),
    "data.as_input": Contract(
        lambda like: data.as_input(torch.ones(3, dtype=int), like), {"like": tensor(2)}
    ),
    "expansion.directional_derivatives": Contract(
        expansion.directional_derivatives,
        {"loss": st.just(square), "z": tensor(3, 2), "w_ni": tensor(2), "order": st.integers(0, 4)},
        {
            "loss": [None, 3, torch.sum],
            "z": [*NOT_TENSORS, torch.ones(3), torch.full((3, 2), math.nan)],
            "w_ni": [*NOT_TENSORS, torch.ones(3)],
            "order": [*NOT_WHOLE, 99],
        },
        finite,
    ),
    "expansion.truncated_loss": Contract(
        expansion.truncated_loss,
        {
            "derivatives": tensor(3, 4),
            "eps": st.floats(-1e6, 1e6).map(lambda e: torch.full((4,), e).double()),
        },
        {
            "derivatives": [*NOT_TENSORS, torch.ones(3)],
            "eps": [*NOT_TENSORS, torch.ones(5), torch.full((4,), math.inf)],
        },
        finite,
    ),
    **{
        f"expansion.local_{name}": Contract(
            getattr(expansion, f"local_{name}"),
            {
                "loss": st.sampled_from([square, lambda z: z[:, 0], lambda z: torch.ones(3)]),
                "z": tensor(3, 2),
            },
            {"loss": [None, 3, torch.sum], "z": [*NOT_TENSORS, torch.ones(3)]},
            finite,
        )
        for name in ("gradient", "hessian")
    },
    "expansion.normal_quadrature": Contract(
        expansion.normal_quadrature,
        {"sigma": positive, "kinks": st.lists(real, max_size=3), "points": st.integers(1, 300)},
        {"sigma": [*NOT_REAL, 0.0, -1.0], "kinks": NOT_REAL, "points": [*NOT_WHOLE, 0, 400]},
        finite,
    ),
    "expansion.loglog_slope": Contract(
        expansion.loglog_slope,
        {"x": st.just([1e-6, 2, 1e6]), "y": st.lists(positive, min_size=3, max_size=3)},
        {"x": [*NOT_REAL, [1, 1, 1], [0, 1, 2], [1, 2]], "y": [*NOT_REAL, [0, 1, 2]]},
        finite,
    ),
    "expansion.SmallNetwork": Contract(
        expansion.SmallNetwork,
        {"activation": st.sampled_from(["tanh", "relu"])}
        | {name: tensor(3) for name in ("a", "b", "v", "w_ni")},
        {"activation": NOT_WORDS, "a": NOT_TENSORS, "b": [*NOT_TENSORS, torch.ones(2)], "w_ni": NOT_TENSORS},
    ),
    "expansion.SmallNetwork.random": Contract(
        a_network,
        {"activation": st.sampled_from(["tanh", "relu"]), "width": st.integers(1, 9), "number": seed},
        {"activation": NOT_WORDS, "width": [*NOT_WHOLE, 0]},
    ),
    "expansion.SmallNetwork.preactivations": method(lambda net, x: net.preactivations(x), x=NOT_TENSORS),
    "expansion.SmallNetwork.residual": method(
        lambda net, x: net.residual(x, net.preactivations(x)), x=NOT_TENSORS
    ),
    "expansion.SmallNetwork.loss_of": method(
        lambda net, x: net.loss_of(x)(net.preactivations(x)), x=NOT_TENSORS
    ),
    "expansion.SmallNetwork.kinks": method(
        lambda net, x, eps=0.0: (net.kinks(x), net.kinks(eps=eps)),
        x=[v for v in NOT_TENSORS if v is not None],
        eps=NOT_REAL,
    ),
    "expansion.SmallNetwork.population": method(lambda net, x, eps=1e6: net.population(eps), eps=NOT_REAL),
    "expansion.SmallNetwork.mean_hessian": method(
        lambda net, x: net.mean_hessian(x, torch.full_like(x, 0.25)), x=[torch.ones((4, 1))]
    ),
    "expansion.SmallNetwork.mean_gradient": method(
        lambda net, x, sigma_eps=0.5: net.mean_gradient(sigma_eps, x),
        x=[*(v for v in NOT_TENSORS if v is not None), torch.ones(0)],
        sigma_eps=[*NOT_REAL, 0.0, -1.0],
    ),
    "expansion.SmallNetwork.kink_term": method(lambda net, x: net.kink_term()),
    "figures.phase_bar": Contract(
        figures.phase_bar,
        {
            "boundaries": st.just([1e-3, 1.0, 1e3]),
            "sigma_eps_range": st.just((1e-6, 1e6)),
            "marks": st.lists(st.floats(1e-6, 1e6), max_size=3),
            "symbol": st.sampled_from(["star", "diamond"]),
        },
        {
            "boundaries": [*NOT_REAL, [3, 2, 1], [1, 2], [1, 2, 1e7]],
            "sigma_eps_range": [*NOT_REAL, (0, 1e6), (1e6, 1e-6)],
            "marks": [*NOT_REAL, [-1.0], [0.0]],
            "symbol": NOT_WORDS,
            "figure": [3, "figure"],
            "row": [1, 0],
        },
    ),
    "figures.median_band": Contract(
        figures.median_band,
        {
            "x": st.just([1.0, 2.0]),
            "curves": st.lists(st.lists(st.floats(), min_size=2, max_size=2), min_size=2, max_size=2),
            "name": st.just("name"),
            "color": st.just("#000000"),
        },
        {
            "x": [*NOT_REAL, [1, 2, 3]],
            "curves": [None, "loud", [[True, 1], [1, 2]], [1, 2], np.ones((2, 0)), np.ones((2, 1)) * 1j],
            "color": ["no colour"],
            "dash": [3],
        },
    ),
    "figures.training_panels": Contract(
        figures.training_panels,
        {
            "runs": st.builds(
                lambda s, n: {1.0: [made_up(s, n)]}, st.floats(1e-6, 1e6), st.sampled_from([0.0, 1.0])
            )
        },
        {"runs": [{}, None, {1.0: []}, {-1.0: [made_up(1, 1)]}], "next_layer": NOT_WORDS},
    ),
    "figures.phase_map": Contract(
        figures.phase_map,
        {
            "rows": st.lists(st.sampled_from(list(Phase)), min_size=1).map(
                lambda p: {"a": (np.arange(len(p)) + 1, [p])}
            )
        },
        {
            "rows": [
                {},
                None,
                {"a": ([1, 2], [["decay"]])},
                {"a": ([1], [["lost"]])},
                {"a": ([0], [["decay"]])},
            ]
        },
    ),
}


def public_names():
    """Every function, class and method of the modules without an underscore in front."""
    for name in MODULES:
        module = importlib.import_module(f"nin_lib.{name}")
        for key, value in vars(module).items():
            if key.startswith("_") or getattr(value, "__module__", None) != module.__name__:
                continue
            if inspect.isfunction(value) or inspect.isclass(value):
                yield f"{name}.{key}"
            if inspect.isclass(value) and f"{name}.{key}" not in UNCHECKED:
                members = (k for k, v in vars(value).items() if callable(v) or isinstance(v, classmethod))
                yield from (f"{name}.{key}.{k}" for k in members if not k.startswith("_"))


def test_the_table_forgets_no_public_name():
    assert sorted(public_names()) == sorted([*TABLE, *UNCHECKED])


@contextlib.contextmanager
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "`torch.jit.script` is deprecated")  # torch's own, at a first use
        yield


@pytest.mark.parametrize("name", TABLE)
@settings(max_examples=20, deadline=None)
@given(st.data())
def test_good_arguments_give_what_is_promised_and_no_warning(name, data):
    contract = TABLE[name]
    arguments = {key: data.draw(good, label=key) for key, good in contract.good.items()}
    with no_warnings():
        contract.holds(contract.call(**arguments))


BAD = [(name, key) for name, contract in TABLE.items() for key in contract.bad]


@pytest.mark.parametrize(("name", "key"), BAD, ids=[" ".join(pair) for pair in BAD])
@settings(max_examples=1, deadline=None)
@given(st.data())
def test_bad_arguments_are_named_with_what_was_given(name, key, data):
    contract = TABLE[name]
    arguments = {other: data.draw(good) for other, good in contract.good.items() if other != key}
    for value in contract.bad[key]:
        with no_warnings(), pytest.raises((ValueError, TypeError)) as error:
            contract.call(**arguments | {key: value})
        message = str(error.value)
        assert re.search(rf"\b{key}\b|'{key}'", message) and re.search(r"got|received", message, re.I), (
            value,
            message,
        )


# --- known cases --------------------------------------------------------------------------------------------------


def test_decay_times_converge_for_random_starts_up_to_a_million():
    rng = np.random.default_rng(0)
    starts = [dict(zip("w0 w1 M".split(), rng.uniform(-1e6, 1e6, 3), strict=True)) for _ in range(40)]
    starts += [
        {"w0": -7e-37, "w1": 0.0, "M": 1e6, "sigma_x": 1e6, "sigma_eps": 1e-3},
        {"w0": 0.0, "w1": 1.3e-6, "M": -1e6, "sigma_x": 1e6, "sigma_eps": 1e6},
    ]
    for start in starts:
        times = timescales.decay_times(**start)
        before, after = timescales.passive_flow([0, times.loss], **start).clean_loss
        assert after == pytest.approx(before / math.e, rel=1e-6), start


def test_a_tiny_start_leaves_the_saddle_in_its_time():
    """w0 = w1 = w follow a logistic curve: w^2 = 1/(1 + exp(-(log w(0)^2 + 2 t))), but for w(0)^2 beside 1."""
    t = np.array([390.0, 405.0, 410.0])
    for flow in (timescales.passive_flow, timescales.coupled_flow):
        found = flow(t, w0=1e-176, w1=1e-176, w_ni=0.0, sigma_eps=1.0)
        expected = (1 + np.exp(-(2 * math.log(1e-176) + 2 * t))) ** -0.5
        np.testing.assert_allclose(found.w0, expected, rtol=1e-9)
        np.testing.assert_allclose(found.w1, expected, rtol=1e-9)


def test_the_saddle_keeps_the_noise_weight():
    flow = timescales.coupled_flow(1e4, w0=0.0, w1=0.0, w_ni=1.3)
    assert flow[:2] == (0, 0) and flow.w_ni == pytest.approx(1.3, rel=1e-9)


@settings(max_examples=50, deadline=None)
@given(size, real, real, real, real, size, size)
def test_the_noise_weight_never_grows_in_a_flow(t, w0, w1, w_ni, M, sigma_x, sigma_eps):
    start = {"w0": w0, "w1": w1, "w_ni": w_ni, "M": M, "sigma_x": sigma_x}
    assert abs(timescales.passive_flow(t, **start, sigma_eps=sigma_eps).w_ni) <= abs(w_ni)
    assert abs(timescales.coupled_flow(t, **start, sigma_eps=sigma_x).w_ni) <= abs(w_ni)


def test_small_integers_of_numpy_do_not_overflow():
    for kind in (np.int8, np.uint8, np.int16):
        q = [kind(2**k) for k in range(5)]
        found = batch_averages.batch_average_moments("normal", kind(2), kind(100), q)
        assert found == batch_averages.batch_average_moments("normal", 2, 100, [1, 2, 4, 8, 16])
        assert batch_averages.noise_moment("laplace", kind(60)) == sp.factorial(60) / 2**30


def test_a_unit_without_slope_has_no_kink():
    zeros, ones = torch.zeros(2, dtype=torch.float64), torch.ones(2, dtype=torch.float64)
    net = expansion.SmallNetwork("relu", zeros, zeros, ones, zeros)
    assert (net.kinks() == expansion.NEVER).all() and (net.kink_term() == 0).all()
    finite(net.mean_gradient(0.5))
    assert (expansion.local_hessian(lambda z: z @ ones, torch.ones(3, 2, dtype=torch.float64)) == 0).all()


def test_panels_of_a_net_without_a_node_leave_its_norm_out():
    lines = figures.training_panels({0.0: [made_up(1.0, 0.0)]}).data
    norm = next(line for line in lines if line.name == "|W<sub>NI</sub>|" and line.mode == "lines")
    assert norm.y[0] == -1  # below the logarithmic axis
