"""The explorer of the linear model's two time scales."""

import numpy as np

from nin_lib import timescales
from nin_lib.widgets.linear import LinearExplorer


class TimescalesExplorer(LinearExplorer):
    """`LinearExplorer` with the closed forms of the gradient flow, Eq. (9), and both time scales, Eq. (10), laid over it.

    Parameters
    ----------
    sigma_eps, eta, M, sigma_x, w0, w1, w_ni, batch_size, steps, seed
        As in `LinearExplorer`.
    """

    name = "timescales"
    lines = (
        LinearExplorer.lines
        + """
import numpy as np
from nin_lib.timescales import passive_flow, time_scales

t = {eta} * np.arange({steps} + 1)
setting = dict(w0={w0}, w1={w1}, sigma_x={sigma_x}, sigma_eps={sigma_eps})
flow = passive_flow(t, w_ni={w_ni}, M={M}, **setting)
tau = time_scales(**setting)
of_loss, of_weight = "Loss: ", "Noise weight relative to its start: "
curves |= {
    of_loss + "closed form": flow.clean_loss,
    of_loss + "exponential": flow.clean_loss[0] * np.exp(-t / tau.loss),
    "simulated": abs(run.w_ni / {w_ni}),
    of_weight + "closed form": abs(flow.w_ni / {w_ni}),
    of_weight + "exponential": np.exp(-t / tau.noise),
}
"""
    )

    @classmethod
    def javascript(cls) -> str:
        """What Python puts before the bundle, the mathematics that it calls or its data."""
        closed_forms = f"{timescales.javascript()}\nreturn {{ passiveFlow, timeScales }};"
        return f"{super().javascript()}\nfunction makeTimescales() {{\n{closed_forms}\n}}"

    def closed_form(self) -> timescales.Flow:
        """The dashed curves on the screen, a `nin_lib.timescales.Flow` at steps 0, 1, ..., steps."""
        weights = {"w0": self.w0, "w1": self.w1, "w_ni": self.w_ni}
        times = self.eta * np.arange(self.steps + 1)
        return timescales.passive_flow(
            times, **weights, M=self.M, sigma_x=self.sigma_x, sigma_eps=self.sigma_eps
        )

    @property
    def time_scales(self) -> timescales.TimeScales:
        """Both time scales in steps, a `nin_lib.timescales.TimeScales`."""
        noise, loss = timescales.time_scales(
            w0=self.w0, w1=self.w1, sigma_x=self.sigma_x, sigma_eps=self.sigma_eps
        )
        with np.errstate(over="ignore"):  # a tiny eta takes for ever
            return timescales.TimeScales(noise / self.eta, loss / self.eta)

    def fallback(self) -> str:
        """HTML to read where there is no JavaScript: what the explorer does, and its numbers."""
        noise, loss = self.time_scales
        return super().fallback() + (
            f"<p>The time scales at the start are {noise:.3g} steps for the noise weight and {loss:.3g} steps for the loss; "
            "the explorer lays the closed forms of the gradient flow over the curves of the training.</p>"
        )
