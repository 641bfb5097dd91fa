"""What a NIN adds to a training, beside two other ways to the curvature along W_NI, in one run and on this machine.

The net and the batches are those of Fig. 1. Needs Fashion-MNIST (NIN_DATA_DIR, or a network) and about three minutes.
"""

import numpy as np

from nin_lib.data import load
from nin_lib.experiments import named
from nin_lib.sweep import one_thread


def main():
    (settings,) = named("probe-cost").settings
    with one_thread():
        measured = named("probe-cost").compute(settings, "cpu")
    steps = len(load("fashion_mnist").x_train) // settings.batch_size
    epoch = steps * measured["step"]
    added = steps * np.median(measured["step_with_nin"] - measured["step"])
    product, products = np.median(measured["product"]), int(measured["power_products"])
    samples = settings.curvature_samples
    rows = [
        ("a step with a NIN over one without", np.median(measured["step_with_nin"] / measured["step"])),
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


if __name__ == "__main__":
    main()
