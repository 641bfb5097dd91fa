"""The two-layer linear model: derivation, simulation, boundaries and phases."""

import numpy as np
import pytest

from nin_lib.linear import LinearModel, Phase

# audit, section 2: eta = .01, M = sigma_x = 1, weights (.1, 1.5, .1), b = 1000, 600 steps
AUDIT_PHASES = {
    0.1: Phase.DECOUPLED,
    1.0: Phase.DECAY,
    11.0: Phase.CATAPULT,
    11.5: Phase.CATAPULT,
    16.0: Phase.DIVERGENT,
}


@pytest.mark.parametrize("noise", ["map", "sgd"])
def test_phases_of_the_audit(noise):
    phases = [
        LinearModel().simulate(list(AUDIT_PHASES), noise=noise, seed=seed).phase.tolist()
        for seed in range(20)
    ]
    for expected, seen in zip(AUDIT_PHASES.values(), zip(*phases, strict=True), strict=True):
        assert seen.count(expected) >= 19


def test_boundaries_of_the_audit():
    b = LinearModel().boundaries(w0=0.1, w1=1.5, w_ni=0.1)
    assert [round(b.decoupled, 4), round(b.catapult, 3), round(b.divergent, 3)] == [0.5697, 9.428, 13.304]
    assert round(LinearModel().boundaries(w0=0.1, w1=0.3, w_ni=0.1).late, 1) == 13.9
