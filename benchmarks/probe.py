"""What NINs and probes add to a training, beside two other ways to the curvature along W_NI, in one run on this machine.

The net and the batches are those of Fig. 1. Needs Fashion-MNIST (NIN_DATA_DIR, or a network) and about four minutes.
"""

import contextlib
import json
import tempfile
import time

import numpy as np
import torch
from torch.nn import functional

from nin_lib import NoiseProbe
from nin_lib.data import load
from nin_lib.experiments import named
from nin_lib.experiments.probes import METHODS, _Probes
from nin_lib.networks import mlp
from nin_lib.sweep import one_thread


def costs_of_probes(settings, data, steps=20, repeats=9):
    """Processor time of a step of a plain loop with a probe on all layers over that without, by kind of probe."""
    net = mlp((784, *settings.hidden, 10), dtype=torch.float32)
    rows = slice(steps * settings.batch_size)
    batches = list(
        zip(*(t[rows].split(settings.batch_size) for t in (data.x_train, data.y_train)), strict=True)
    )

    def seconds(probe):
        with probe:
            optimiser = torch.optim.SGD(net.parameters(), lr=0.01)
            start = time.process_time()
            for x, y in batches:
                optimiser.zero_grad()
                functional.cross_entropy(net(x), y).backward()
                optimiser.step()
            return time.process_time() - start

    ratios = {"the free meter": [], "a probe with trained W_NI": []}
    for _ in range(repeats):
        plain = seconds(contextlib.nullcontext())
        for name, sigma_eps in zip(ratios, (None, 1.0), strict=True):
            ratios[name].append(seconds(NoiseProbe(net, sigma_eps=sigma_eps)) / plain)
    return {name: np.median(found) for name, found in ratios.items()}


def memory_of_draws(settings, samples=1000):
    """The most that is allocated beside the weights for one estimate of the traces of all layers, over that for a step."""
    x, y = torch.randn(samples, 784).double(), torch.arange(samples) % 10
    most = {}
    for method in ("step", *METHODS):
        probes = _Probes(mlp((784, *settings.hidden, 10)), ("0", "2", "4"), 0.1)
        draw = probes.draw(x, y, np.random.default_rng(0))
        with torch.profiler.profile(profile_memory=True) as profile:
            getattr(probes, method)(draw)
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            profile.export_chrome_trace(file.name)
            events = json.load(file)["traceEvents"]
        changes = sorted((e["ts"], e["args"]["Bytes"]) for e in events if e.get("name") == "[memory]")
        most[method] = np.cumsum([change for _, change in changes]).max()
    return {method: size / most["step"] for method, size in most.items() if method != "step"}


def main():
    (settings,) = named("probe-cost").settings
    data = load("fashion_mnist")
    with one_thread():
        measured = named("probe-cost").compute(settings, "cpu")
        probes = costs_of_probes(settings, data)
    steps = len(data.x_train) // settings.batch_size
    epoch = steps * measured["step"]
    added = steps * np.median(measured["step_with_nin"] - measured["step"])
    product, products = np.median(measured["product"]), int(measured["power_products"])
    samples = settings.curvature_samples
    rows = [
        ("a step with a NIN over one without", np.median(measured["step_with_nin"] / measured["step"])),
        *((f"a step with {name} on all layers over one without", ratio) for name, ratio in probes.items()),
        ("what a NIN adds to an epoch, over an epoch", added / np.median(epoch)),
        (f"a product of <H> with a vector over {samples} images, over an epoch", product / np.median(epoch)),
        ("what a NIN adds to an epoch, over such a product", added / product),
        (
            f"power iteration until it changes by less than 1 % ({products} products), over an epoch",
            products * product / np.median(epoch),
        ),
    ]
    print("| processor time | ratio |\n|---|---|")
    for title, ratio in rows:
        print(f"| {title} | {ratio:.3f} |")
    print(
        "\n| the most memory beside the weights, for the traces of three layers, over that of a step | ratio |\n|---|---|"
    )
    for method, ratio in memory_of_draws(settings).items():
        print(f"| {method} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
