"""Rate of `simulate` against the rate at which NumPy alone draws the same normal numbers, in one run, side by side."""

import statistics
import time

import numpy as np

from nin_lib.linear import LinearModel
from nin_lib.linear.noise import LANE

SIGMAS, STEPS, REPEATS = 20_000, 600, 9
GOAL = 0.25


def seconds(work):
    """Processor time, which another program on the machine disturbs less than the clock on the wall."""
    start = time.process_time()
    work()
    return time.process_time() - start


def draw():
    """The fastest way to the same count of normals: one generator, one buffer that stays in the cache."""
    rng, buffer = np.random.default_rng(0), np.empty((8, LANE))
    for _ in range(SIGMAS * STEPS // buffer.size):
        rng.standard_normal(out=buffer)


def main():
    model, sigma_eps = LinearModel(), np.geomspace(0.02, 30, SIGMAS)
    drawn, simulated = [], []
    for _ in range(REPEATS):
        drawn.append(seconds(draw))
        simulated.append(seconds(lambda: model.simulate(sigma_eps, steps=STEPS, noise="map", record=False)))
    ratio = statistics.median(a / b for a, b in zip(drawn, simulated, strict=True))
    title = f"simulate, {SIGMAS:,} sigmas x {STEPS} steps, over NumPy's normals alone"
    print("| benchmark | NumPy | nin_lib | ratio of rates | goal | |")
    print("|---|---|---|---|---|---|")
    print(
        f"| {title} | {statistics.median(drawn):.3f} s | {statistics.median(simulated):.3f} s | {ratio:.0%} "
        f"| >= {GOAL:.0%} | {'met' if ratio >= GOAL else 'MISSED'} |"
    )


if __name__ == "__main__":
    main()
