"""The explorer of batch averages: the histogram of <q eps^n>_B against Theorem 1."""

import functools
import json

import numpy as np
import sympy as sp

from nin_lib import codegen
from nin_lib.batch_averages import Q_MOMENTS, batch_average_moments, batch_averages, noise_moment
from nin_lib.widgets.base import Explorer
from nin_lib.widgets.rng import uniforms
from nin_lib.widgets.settings import Choice, Whole

# Noise of unit variance from two uniform numbers: one source for NumPy and for the browser.
u, v = sp.symbols("u v", real=True)
_WAVE = sp.cos(2 * sp.pi * v)
NOISE = {
    "normal": sp.sqrt(-2 * sp.log(u)) * _WAVE,
    "uniform": sp.sqrt(3) * (2 * u - 1),
    "rademacher": sp.sign(u - sp.Rational(1, 2)),
    "laplace": -sp.sign(u - sp.Rational(1, 2)) * sp.log(1 - 2 * sp.Abs(u - sp.Rational(1, 2))) / sp.sqrt(2),
    # Student's t with 5 degrees of freedom, divided by its standard deviation sqrt(5/3)
    "student-t": sp.sqrt(3 * (u ** sp.Rational(-2, 5) - 1)) * _WAVE,
}
SAMPLES = 2**18
SIZES = tuple(2**k for k in range(2, 11))


@functools.cache
def _moments() -> tuple[dict[str, list[float | None]], list[float]]:
    """For each noise, E eps^k as floats for k = 0 ... 24, None where it diverges; and E q^k for k = 0 ... 4."""
    exact = {name: [noise_moment(name, k) for k in range(25)] for name in NOISE}
    table = {name: [float(m) if m.is_finite else None for m in row] for name, row in exact.items()}
    return table, [float(m) for m in Q_MOMENTS]


class BatchAverageExplorer(Explorer):
    """Choose the noise, its power n and the batch size; see how <q eps^n>_B is distributed, and how it narrows.

    q is uniform on (0, 2), eps has unit variance.

    Parameters
    ----------
    distribution : {"normal", "uniform", "rademacher", "laplace", "student-t"}
        Student's t has 5 degrees of freedom.
    power : int
        The power n of the noise, 1 to 6.
    batch_size : int
        Samples in a batch, 4 to 1024.
    seed : int
        Seed of the 262,144 samples.

    Each is a trait: readable, settable and observable. A value that is not right raises a ValueError.
    """

    name = "batch-average"
    lines = """\
import numpy as np
from nin_lib.batch_averages import batch_averages
from nin_lib.widgets import BatchAverageExplorer
from nin_lib.widgets.batch_average import SIZES

explorer = BatchAverageExplorer({settings})
averages, theory = explorer.averages(), explorer.prediction()
mean, deviation = theory or (averages.mean(), averages.std())
edges = np.linspace(mean - 4.5 * deviation, mean + 4.5 * deviation, 62)
x = (edges[1:] + edges[:-1]) / 2
curves = {
    "Distribution of the batch average: measured":
        np.histogram(averages, edges)[0] / len(averages) / (edges[1] - edges[0]),
    "Standard deviation over the batch size: measured": np.array([
        np.sqrt(np.mean((a - (mean if theory else a.mean())) ** 2))
        for a in (batch_averages(explorer.samples(), size) for size in SIZES)
    ]),
}
if theory:
    z = (x - mean) / deviation
    curves["normal, as predicted"] = np.exp(-z**2 / 2) / deviation / np.sqrt(2 * np.pi)
    curves["Theorem 1, corrected"] = deviation * np.sqrt({batch_size} / np.array(SIZES))
"""

    distribution = Choice(*NOISE)
    power = Whole(1, 1, 6, "it is the power n of the noise")
    batch_size = Whole(64, SIZES[0], SIZES[-1], "it counts the samples of a batch")
    seed = Whole(0, 0, 2**32 - 1, "any such number will do")

    @classmethod
    def javascript(cls) -> str:
        """What Python puts before the bundle, the mathematics that it calls or its data."""
        noise, q = _moments()
        functions = "\n".join(
            codegen.javascript_function(f"noise_{name.replace('-', '_')}", (u, v), expression)
            for name, expression in NOISE.items()
        )
        table = ", ".join(f'"{name}": noise_{name.replace("-", "_")}' for name in NOISE)
        return (
            f"{functions}\nconst noises = {{ {table} }};\n"
            f"const moments = {json.dumps({'noise': noise, 'q': q})};\n"
            f"const sampling = {json.dumps({'samples': SAMPLES, 'sizes': SIZES})};"
        )

    def samples(self) -> np.ndarray:
        """The terms q eps^n on the screen, an array of 262,144."""
        q, first, second = uniforms(self.seed, 3 * SAMPLES).reshape(SAMPLES, 3).T
        terms: np.ndarray = 2 * q
        eps = codegen.numpy_function((u, v), NOISE[self.distribution])(first, second)
        for _ in range(self.power):
            terms = terms * eps
        return terms

    def averages(self) -> np.ndarray:
        """The batch averages whose histogram is on the screen."""
        return batch_averages(self.samples(), self.batch_size)

    def prediction(self) -> tuple[float, float] | None:
        """Mean and standard deviation of a batch average by Theorem 1, or None where it has no variance."""
        if not noise_moment(self.distribution, 2 * self.power).is_finite:
            return None
        mean, variance, _ = batch_average_moments(self.distribution, self.power, self.batch_size)
        return float(mean), float(variance) ** 0.5

    def fallback(self) -> str:
        """HTML to read where there is no JavaScript: what the explorer does, and its numbers."""
        expected = self.prediction()
        theory = (
            f"Theorem 1 predicts the mean {expected[0]:.3g} and the standard deviation {expected[1]:.3g}."
            if expected
            else "This noise has no finite variance at this power, and Theorem 1 says nothing."
        )
        return (
            "<p><strong>An explorer with a menu and two sliders stands here where JavaScript runs.</strong> "
            "It draws 262,144 samples of q ε<sup>n</sup>, averages them over batches, and shows the histogram of the "
            "averages beside the prediction, for five noise distributions, powers n from 1 to 6 and batch sizes from 4 to "
            f"1024. Here the noise is {self.distribution}, n = {self.power} and |ℬ| = {self.batch_size}. {theory}</p>"
        )
