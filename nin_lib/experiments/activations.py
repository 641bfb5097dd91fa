"""Footnote 11: bounded activations saturate where ReLU diverges."""

import contextlib
from typing import TYPE_CHECKING

import numpy as np

from nin_lib import checks
from nin_lib.experiments.digits import PACKAGES, WIDE, Scan, scan
from nin_lib.experiments.experiment import Experiment

if TYPE_CHECKING:
    import torch

    from nin_lib.data import Data
    from nin_lib.injection import NoiseInjection


def saturation(net: "torch.nn.Sequential", nin: "NoiseInjection", data: "Data") -> dict[str, float]:
    """Saturation of the first hidden layer of a fully connected net on the training set, and accuracy under noise.

    Parameters
    ----------
    net : torch.nn.Sequential
        Of which the first part is linear and the second its activation.
    nin : NoiseInjection
        The node on its first layer.
    data : nin_lib.data.Data
        Of rows of as many pixels as the net has inputs.

    Returns
    -------
    dict of float
        saturated, saturated_clean: fraction of pairs (unit, sample), with noise and without, in which the slope of the
        activation is below 1 % of its largest; noisy_accuracy: on the validation set, with noise.

    Raises
    ------
    TypeError
        If an argument is of another kind than above.
    ValueError
        If an argument is not as above.
    """
    import torch

    from nin_lib.data import Data
    from nin_lib.injection import NoiseInjection, check_attached

    checks.instance("net", net, torch.nn.Sequential, 'use nin_lib.networks.network("tanh"), for example')
    checks.instance("nin", nin, NoiseInjection, 'use NoiseInjection(net, "0", ...)')
    checks.instance("data", data, Data, 'use nin_lib.data.load("digits"), for example')
    if len(net) < 2 or not isinstance(net[0], torch.nn.Linear):
        raise ValueError(
            f"net must begin with a linear layer and its activation, got {net}: give another net"
        )
    check_attached(nin, net[0])
    if data.x_train.shape[1:] != (net[0].in_features,):
        raise ValueError(
            f"data must have rows of {net[0].in_features} pixels, got {tuple(data.x_train.shape)}: give other data"
        )
    x, x_val = data.x_train.to(nin.weight), data.x_val.to(nin.weight)
    rng = np.random.default_rng(0)  # its own noise: the training must not notice that it is watched

    def noise(n: int) -> contextlib.AbstractContextManager[None]:
        return nin.noise(torch.from_numpy(nin.sigma_eps * rng.standard_normal(n)))

    def saturated() -> float:
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
    """`nin_lib.experiments.digits.scan` with the saturation on the way."""
    return scan(settings, device, lambda net, nins, data: saturation(net, nins[0], data))


EXPERIMENT = Experiment(
    "footnote 11: ReLU, tanh and sigmoid, up to a hundred times the noise at which ReLU diverges",
    tuple(Scan(net=net, sigma_eps=WIDE) for net in ("relu", "tanh", "sigmoid")),
    compute,
    PACKAGES,
)
