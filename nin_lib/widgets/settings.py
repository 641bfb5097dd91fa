"""The settings of explorers: traits that refuse what is not right, by the checks of the library."""

import math

from nin_lib import checks
from nin_lib.extras import needed

with needed("explorers"):
    import traitlets


class Number(traitlets.TraitType):
    """A finite float >= `low`, or > `low` with `strictly`; `remedy` ends its error message."""

    def __init__(self, default, low=-math.inf, strictly=False, remedy=""):
        super().__init__(float(default))
        self.low, self.strictly, self.remedy = low, strictly, remedy
        self.tag(sync=True)

    def validate(self, obj, value):
        return checks.number(self.name, value, self.low, self.strictly, self.remedy)


class Whole(traitlets.TraitType):
    """A whole number from `low` to `high`; `remedy` ends its error message."""

    def __init__(self, default, low, high, remedy):
        super().__init__(default)
        self.low, self.high, self.remedy = low, high, remedy
        self.tag(sync=True)

    def validate(self, obj, value):
        # The page has no integers: 3.0 is one.
        value = int(value) if isinstance(value, float) and value.is_integer() else value
        return checks.whole(self.name, value, self.low, self.remedy, self.high)


class Choice(traitlets.TraitType):
    """One of the strings `values`, the first of them at the start."""

    def __init__(self, *values):
        super().__init__(values[0])
        self.values = values
        self.tag(sync=True)

    def validate(self, obj, value):
        return checks.choice(self.name, value, self.values)
