"""Where a training lands: final sharpness and validation accuracy."""

import copy
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nin_lib import checks
from nin_lib.experiments.digits import PACKAGES, Scan, scan
from nin_lib.experiments.experiment import Experiment

if TYPE_CHECKING:
    import torch

SIGMAS = (0, 4, 8, 10, 12, 14, 16, 20, 24)
"""From no noise to divergence."""


def balanced(net: "torch.nn.Sequential") -> "torch.nn.Sequential":
    """A copy that is the same function without noise, and whose hidden units have equal norms in and out.

    Each hidden ReLU unit is rescaled: its incoming weights and its bias by a number, its outgoing weights by the inverse.
    Of all such copies this one has the smallest norm of all weights together.

    Parameters
    ----------
    net : torch.nn.Sequential
        Linear, ReLU, linear; with biases, and with a node on the first layer or without. No unit has norm 0 in or out.

    Returns
    -------
    torch.nn.Sequential
        W_NI is rescaled with the other incoming weights, but its norm does not count, as the noise is off.

    Raises
    ------
    TypeError
        If the net is no torch.nn.Sequential.
    ValueError
        If it is not as above.
    """
    import torch

    checks.instance("net", net, torch.nn.Sequential, "use nin_lib.networks.mlp((64, 128, 10))")
    kinds = [type(part) for part in net]
    if kinds != [torch.nn.Linear, torch.nn.ReLU, torch.nn.Linear]:
        raise ValueError(
            f"net must be linear, ReLU, linear, got {net}: use nin_lib.networks.mlp((64, 128, 10))"
        )
    other = copy.deepcopy(net)
    first, last = cast("torch.nn.Linear", other[0]), cast("torch.nn.Linear", other[2])
    with torch.no_grad():
        norm_in = torch.cat([first.weight, first.bias[:, None]], 1).norm(dim=1)
        scale = (last.weight.norm(dim=0) / norm_in).sqrt()
        if not (scale.isfinite() & (scale > 0)).all():
            raise ValueError("net must have units of norms > 0 in and out, got one without: leave it out")
        for name, parameter in first.named_parameters():
            parameter.mul_(scale[:, None] if name == "weight" else scale)
        last.weight.div_(scale)
    return other


def compute(settings: Scan, device: str = "cpu") -> dict[str, np.ndarray]:
    """`nin_lib.experiments.digits.scan` with the sharpness on the way, of the net as it is and `balanced`."""
    from nin_lib.curvature import sharpness

    def measure(net: Any, _: Any, data: Any) -> dict[str, float]:
        return {
            "sharpness": sharpness(net, data, settings.loss),
            "balanced": sharpness(balanced(net), data, settings.loss),
        }

    return scan(settings, device, measure)


EXPERIMENT = Experiment(
    "final sharpness, of the net as it is and balanced, and validation accuracy against sigma_eps, for both losses",
    tuple(
        Scan(loss=loss, eta=eta, sigma_eps=SIGMAS, seeds=(0, 1, 2, 3, 4))
        for loss, eta in (("mse", 0.1), ("ce", 0.2))
    ),
    compute,
    PACKAGES,
)
