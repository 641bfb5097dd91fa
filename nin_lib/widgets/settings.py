"""The settings of explorers: traits that refuse what is not right, by the checks of the library."""

import math
from typing import Any

from nin_lib import checks
from nin_lib.extras import needed

with needed("explorers"):
    import traitlets


class Number(traitlets.TraitType[float, float]):
    """A finite float >= `low`, or > `low` with `strictly`; `remedy` ends its error message."""

    def __init__(
        self, default: float, low: float = -math.inf, strictly: bool = False, remedy: str = ""
    ) -> None:
        super().__init__(float(default))
        self.low, self.strictly, self.remedy = low, strictly, remedy
        self.tag(sync=True)

    def validate(self, obj: Any, value: Any) -> float:
        """`value` as a float, or a ValueError that names the setting."""
        return checks.number(str(self.name), value, self.low, self.strictly, self.remedy)


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


class Choice(traitlets.TraitType[str, str]):
    """One of the strings `values`, the first of them at the start."""

    def __init__(self, *values: str) -> None:
        super().__init__(values[0])
        self.values = values
        self.tag(sync=True)

    def validate(self, obj: Any, value: Any) -> str:
        """`value`, or a ValueError that names the setting."""
        return checks.choice(str(self.name), value, self.values)
