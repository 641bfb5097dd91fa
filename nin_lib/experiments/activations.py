"""Footnote 11: bounded activations saturate where ReLU diverges."""

import numpy as np

from nin_lib.experiments.digits import PACKAGES, WIDE, Scan, scan
from nin_lib.experiments.experiment import Experiment


def saturation(net, nin, data):
    """Saturation of the first hidden layer of a fully connected net on the training set, and accuracy under noise.

    Returns
    -------
    dict
        saturated, saturated_clean: fraction of pairs (unit, sample), with noise and without, in which the slope of the
        activation is below 1 % of its largest; noisy_accuracy: on the validation set, with noise.
    """
    import torch

    x, x_val = data.x_train.to(nin.weight), data.x_val.to(nin.weight)
    rng = np.random.default_rng(0)  # its own noise: the training must not notice that it is watched

    def noise(n):
        return nin.noise(torch.from_numpy(nin.sigma_eps * rng.standard_normal(n)))

    def saturated():
        z = net[0](x).detach()
        # Each of the activations is steepest just above 0: the last slope is the largest.
        z = torch.cat([z.flatten(), z.new_tensor([1e-9])]).requires_grad_()
        (slope,) = torch.autograd.grad(net[1](z).sum(), z)
        return (slope[:-1] < 0.01 * slope[-1]).double().mean().item()

    with noise(len(x)):
        noisy = saturated()
    with torch.no_grad(), noise(len(x_val)):
        accuracy = (net(x_val).argmax(-1) == data.y_val.to(x.device)).double().mean().item()
    return {"saturated": noisy, "saturated_clean": saturated(), "noisy_accuracy": accuracy}


def compute(settings: Scan, device: str = "cpu") -> dict[str, np.ndarray]:
    """`digits.scan` with the saturation on the way."""
    return scan(settings, device, lambda net, nins, data: saturation(net, nins[0], data))


EXPERIMENT = Experiment(
    "footnote 11: ReLU, tanh and sigmoid, up to a hundred times the noise at which ReLU diverges",
    tuple(Scan(net=net, sigma_eps=WIDE) for net in ("relu", "tanh", "sigmoid")),
    compute,
    PACKAGES,
)
