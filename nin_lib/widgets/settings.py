"""The settings of explorers: traits that refuse what is not right, by the checks of the library.

What a setting accepts has one source, here: `limits` tells it to the page's script, which checks what a link asks for.
"""

from typing import Any

from nin_lib import checks
from nin_lib.extras import needed

with needed("explorers"):
    import traitlets


class Number(traitlets.TraitType[float, float]):
    """A float from `low` (above it, if `strictly`) to `high`; `remedy` ends its error message."""

    def __init__(self, default: float, low: float, high: float, remedy: str, strictly: bool = False) -> None:
        super().__init__(float(default))
        self.low, self.high, self.remedy, self.strictly = low, high, remedy, strictly
        self.tag(sync=True)

    def validate(self, obj: Any, value: Any) -> float:
        """`value` as a float, or a ValueError that names the setting."""
        return checks.number(str(self.name), value, self.low, self.strictly, self.remedy, self.high)

    def limits(self) -> dict[str, Any]:
        """What the page's script checks."""
        return {"low": self.low, "high": self.high, "strictly": self.strictly, "remedy": self.remedy}


class Whole(traitlets.TraitType[int, int]):
    """A whole number from `low` to `high`; `remedy` ends its error message."""

    def __init__(self, default: int, low: int, high: int, remedy: str) -> None:
        super().__init__(default)
        self.low, self.high, self.remedy = low, high, remedy
        self.tag(sync=True)

    def validate(self, obj: Any, value: Any) -> int:
        """`value` as an int, or a ValueError that names the setting."""
        # The page has no integers: 3.0 is one.
        value = int(value) if isinstance(value, float) and value.is_integer() else value
        return checks.whole(str(self.name), value, self.low, self.remedy, self.high)

    def limits(self) -> dict[str, Any]:
        """What the page's script checks."""
        return {"low": self.low, "high": self.high, "whole": True, "remedy": self.remedy}


class Choice(traitlets.TraitType[str, str]):
    """One of the strings `values`, the first of them at the start."""

    def __init__(self, *values: str) -> None:
        super().__init__(values[0])
        self.values = values
        self.tag(sync=True)

    def validate(self, obj: Any, value: Any) -> str:
        """`value`, or a ValueError that names the setting."""
        return checks.choice(str(self.name), value, self.values)

    def limits(self) -> dict[str, Any]:
        """What the page's script checks."""
        return {"choices": list(self.values)}
