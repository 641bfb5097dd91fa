"""The explorer of the linear model's phase diagram."""

import json

from plotly.colors import sequential

from nin_lib.widgets.linear import LinearExplorer
from nin_lib.widgets.settings import Choice


class PhaseDiagramExplorer(LinearExplorer):
    """A map of the linear model's phases over sigma_eps and another setting, with the trajectory at a point of it.

    The settings of `LinearExplorer`, which are those of the point, and

    Parameters
    ----------
    vertical : {"w1", "w_ni", "eta", "batch_size"}
        The setting that grows upwards on the map.
    color : {"phase", "steps"}
        What the colours show: the phase, or how many steps the clean loss takes to fall below 1 % of its start.
    """

    name = "phase-diagram"

    vertical = Choice("w1", "w_ni", "eta", "batch_size")
    color = Choice("phase", "steps")

    @classmethod
    def javascript(cls) -> str:
        """What Python puts before the bundle, the mathematics that it calls or its data."""
        return f"{super().javascript()}\nconst stepColors = {json.dumps(sequential.Cividis)};"

    def fallback(self) -> str:
        """HTML to read where there is no JavaScript: what the explorer does, and its numbers."""
        return (
            "<p><strong>A map that one can drag stands here where JavaScript runs.</strong> It shows the phase of the "
            f"two-layer linear model for every σ<sub>ε</sub> from 0.02 to 30 and every {self.vertical}, theory's boundaries "
            "on it, and beside it the training at the point that one picks.</p>" + super().fallback()
        )
