"""The book's interactive explorers: widgets in a live kernel, and alive in the built book without one."""

from nin_lib.widgets.batch_average import BatchAverageExplorer
from nin_lib.widgets.expansion import ExpansionExplorer
from nin_lib.widgets.linear import LinearExplorer
from nin_lib.widgets.phase_diagram import PhaseDiagramExplorer
from nin_lib.widgets.runs import RunExplorer
from nin_lib.widgets.timescales import TimescalesExplorer
from nin_lib.widgets.training import TrainingExplorer

__all__ = [
    "BatchAverageExplorer",
    "ExpansionExplorer",
    "LinearExplorer",
    "PhaseDiagramExplorer",
    "RunExplorer",
    "TimescalesExplorer",
    "TrainingExplorer",
    "static_scripts",
]

_EXPLORERS = (
    LinearExplorer,
    PhaseDiagramExplorer,
    TimescalesExplorer,
    ExpansionExplorer,
    BatchAverageExplorer,
    TrainingExplorer,
    RunExplorer,
)


def static_scripts() -> dict[str, str]:
    """The scripts that bring the explorers of a built page to life.

    Returns
    -------
    dict of str to str
        File name, the page's data-explorer with ".js", to the text of a classic script (see `Explorer.static_script`).

    Raises
    ------
    FileNotFoundError
        If the explorers' bundles are not built; it says how to build them.
    """
    return {f"{explorer.name}.js": explorer.static_script() for explorer in _EXPLORERS}
