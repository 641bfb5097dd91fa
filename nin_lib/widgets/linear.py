"""The explorer of the two-layer linear model's trajectories."""

import numpy as np

from nin_lib import linear
from nin_lib.phases import Phase
from nin_lib.widgets.base import Explorer
from nin_lib.widgets.rng import noise_stream
from nin_lib.widgets.settings import Number, Whole


class LinearExplorer(Explorer):
    """Drag sigma_eps and watch the two-layer linear model of Eqs. (4)-(6) pass through its four phases.

    Parameters
    ----------
    sigma_eps, eta, M, sigma_x, w0, w1, w_ni : float
        As in `nin_lib.linear.LinearModel` and its `simulate`; the weights are those at the start.
    batch_size, steps, seed : int
        Samples in a batch, steps of SGD, and the seed of the explorer's own noise (`noise`).

    Each is a trait: readable, settable and observable. A value that is not right raises a ValueError.
    """

    name = "linear"
    lines = """\
from nin_lib.linear import LinearModel
from nin_lib.widgets.rng import noise_stream

model = LinearModel(eta={eta}, M={M}, sigma_x={sigma_x}, batch_size={batch_size})
noise = noise_stream({seed}, {steps})
run = model.simulate({sigma_eps}, w0={w0}, w1={w1}, w_ni={w_ni}, steps={steps}, noise=noise)
curves = {
    "|w0|": abs(run.w0),
    "|w1|": abs(run.w1),
    "|wNI|": abs(run.w_ni),
    "loss": run.loss,
    "clean loss": run.clean_loss,
}
"""

    sigma_eps = Number(
        1.0, 0, 1e6, "0 switches the noise off, and far less than a million lets every run diverge"
    )
    eta = Number(0.01, 0, 1e6, "0.01 is a usual learning rate", strictly=True)
    batch_size = Whole(1000, 1, 10**9, "it counts the samples of a batch")
    w0 = Number(0.1, -1e9, 1e9, "a run starts near 1, and with a weight beyond 1e8 it has diverged")
    w1 = Number(1.5, -1e9, 1e9, "a run starts near 1, and with a weight beyond 1e8 it has diverged")
    w_ni = Number(0.1, -1e9, 1e9, "a run starts near 1, and with a weight beyond 1e8 it has diverged")
    M = Number(1.0, -1e9, 1e9, "it is the slope of the target, 1 in the paper")
    sigma_x = Number(1.0, 0, 1e6, "0 switches the data off, and 1 is the paper's")
    steps = Whole(
        600, 1, 100_000, "it counts the steps of SGD, and more of them would take more than a second"
    )
    seed = Whole(0, 0, 2**32 - 1, "any such number will do")

    @classmethod
    def javascript(cls) -> str:
        """What Python puts before the bundle, the mathematics that it calls or its data."""
        names = "run, loss, clean_loss, boundaries, stability, LARGEST_WEIGHT, LEARNED, DECAYED"
        return f"function makeLinear() {{\n{linear.javascript()}return {{ {names} }};\n}}"

    def noise(self) -> np.ndarray:
        """The noise Phi of the curves on the screen, an array of shape (steps,): hand it to `LinearModel.simulate`."""
        return noise_stream(self.seed, self.steps)

    @property
    def model(self) -> linear.LinearModel:
        """The `LinearModel` with these settings."""
        return linear.LinearModel(eta=self.eta, M=self.M, sigma_x=self.sigma_x, batch_size=self.batch_size)

    def run(self) -> linear.Run:
        """The run on the screen, as `LinearModel.simulate` returns it."""
        return self.model.simulate(
            self.sigma_eps, self.w0, self.w1, self.w_ni, steps=self.steps, noise=self.noise()
        )

    @property
    def phase(self) -> Phase:
        """Phase of the run on the screen."""
        return Phase(str(self.run().phase))

    def fallback(self) -> str:
        """HTML to read where there is no JavaScript: what the explorer does, and its numbers."""
        theory = self.model.boundaries(self.w0, self.w1, self.w_ni)
        return (
            "<p><strong>An explorer with a slider stands here where JavaScript runs.</strong> "
            "It trains the two-layer linear model "
            f"(learning rate {self.eta:.3g}, batch size {self.batch_size}, weights w<sub>0</sub>, w<sub>1</sub>, "
            f"w<sub>NI</sub> starting at {self.w0:.3g}, {self.w1:.3g}, {self.w_ni:.3g}) with injected noise of standard "
            "deviation σ<sub>ε</sub> for every position of the slider. "
            f"With σ<sub>ε</sub> = {self.sigma_eps:.3g} the training is in the <em>{self.phase}</em> phase. "
            f"Theory puts the noise weight's decay above σ<sub>ε</sub> = {theory.decoupled:.3g}, the catapult above "
            f"{theory.catapult:.3g} (late in training above {theory.late:.3g}) and divergence above "
            f"{theory.divergent:.3g}.</p>"
        )
