"""Noise injection nodes (NINs): the helper package of the executable companion to the paper.

Its public names are imported when they are first used, so that nobody waits for torch who does not need it.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nin_lib.curvature import LocalCurvature
    from nin_lib.history import History
    from nin_lib.injection import NoiseInjection
    from nin_lib.linear import LinearModel
    from nin_lib.phases import Phase
    from nin_lib.probe import NoiseProbe
    from nin_lib.training import train

__all__ = ["History", "LinearModel", "LocalCurvature", "NoiseInjection", "NoiseProbe", "Phase", "train"]

_MODULES = {
    "History": "history",
    "LinearModel": "linear",
    "LocalCurvature": "curvature",
    "NoiseInjection": "injection",
    "NoiseProbe": "probe",
    "Phase": "phases",
    "train": "training",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("nin-lib")
    if name not in _MODULES:
        raise AttributeError(
            f"module 'nin_lib' has no attribute {name!r}: its names are {', '.join(__all__)}"
        )
    return getattr(importlib.import_module(f"nin_lib.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__, "__version__"]
