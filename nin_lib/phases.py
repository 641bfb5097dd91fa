"""The four phases of a training with a NIN, and the numbers in their two definitions, once for Python and the browser."""

from enum import StrEnum


class Phase(StrEnum):
    """The four phases of a training with a NIN, in the order in which growing sigma_eps meets them."""

    DECOUPLED = "decoupled"
    DECAY = "decay"
    CATAPULT = "catapult"
    DIVERGENT = "divergent"


# Of the linear model, `nin_lib.linear.LinearModel.simulate`: the largest weight of a training that does not diverge, and
# what has become of the clean loss where it has learned, and of w_ni where it has decayed, relative to the start.
LARGEST_WEIGHT, LINEAR_LEARNED, LINEAR_DECAYED = 1e8, 0.01, 0.5

# Of a network, `nin_lib.history.History.phase`: the largest batch loss of a training that does not diverge, and what the
# batch loss, |W_NI| and the clean loss are compared with, relative to the start.
LARGEST_LOSS, CATAPULTED, DECAYED, LEARNED = 1e8, 2.0, 0.9, 0.25
