"""A setting of an explorer that is one of a few words."""

import traitlets


class Choice(traitlets.TraitType):
    """A setting of an explorer: one of the strings `values`, the first of them at the start."""

    def __init__(self, *values):
        super().__init__(values[0])
        self.values = values
        self.tag(sync=True)

    def validate(self, obj, value):
        if value in self.values:
            return value
        raise ValueError(f"{self.name} must be one of {', '.join(map(repr, self.values))}, got {value!r}")
