"""What an experiment is, and what is stored of a run."""

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nin_lib import checks, store

if TYPE_CHECKING:
    from nin_lib.history import History

_IN_CHECKOUT = Path(__file__).resolve().parents[2] / "runs"
RUNS = _IN_CHECKOUT if _IN_CHECKOUT.is_dir() else Path(__file__).parents[1] / "runs"
"""Where the checkout, or the installed package, keeps its results, and where results go unless told otherwise."""


@dataclass(frozen=True)
class Experiment:
    """One line of `python -m nin_lib list`.

    Attributes
    ----------
    summary : str
        One sentence that says what is computed.
    settings : tuple of frozen dataclasses
        Their fields are plain JSON values and tuples of such, seeds included; each is one run and has one result file,
        whose name follows from all fields, those with their defaults included.
    compute : callable
        ``compute(settings, device)`` with one of the settings returns a dictionary of NumPy arrays. What takes long to
        import is imported there, so that `list` is quick.
    packages : tuple of str
        Distributions whose versions a result depends on.
    """

    summary: str
    settings: tuple[Any, ...]
    compute: Callable[[Any, str], dict[str, np.ndarray]]
    packages: tuple[str, ...] = ("numpy", "torch")


@dataclass(frozen=True)
class Result:
    """A stored run: its settings, its arrays by name, and how it was made."""

    settings: Any
    arrays: dict[str, np.ndarray]
    provenance: dict[str, Any]

    @property
    def history(self) -> "History":
        """The training, if that is what the run was."""
        from nin_lib.history import History

        return History.from_arrays(self.arrays)


def key(name: str, settings: Any) -> dict[str, Any]:
    """The JSON values from which the name of a result follows: the experiment's name, and each field of its settings."""
    if not dataclasses.is_dataclass(settings) or isinstance(settings, type):
        raise TypeError(
            f"settings must be one of nin_lib.experiments.named({name!r}).settings, or another of their class, "
            f"got {settings!r}"
        )
    fields: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(settings)))
    return {"experiment": name} | fields


def path_of(name: str, settings: Any, out: Path | str = RUNS) -> Path:
    """Path of the result of the experiment `name` with these settings."""
    folder = checks.path("out", out, "name the folder of the results")
    return store.path_of(folder / name, key(name, settings))
