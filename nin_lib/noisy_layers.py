"""Which layers can have a noise injection node, and what it has to know of them."""

import warnings
from typing import cast

from nin_lib import checks
from nin_lib.extras import needed

with needed("torch"):
    import torch
    from torch.nn.modules.batchnorm import _NormBase
    from torch.nn.modules.linear import NonDynamicallyQuantizableLinear

LAYERS = (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d)
"""Of these it is known where they keep their features."""


def names_of(net: torch.nn.Module, special: bool = False) -> list[str]:
    """Names of the layers that can have a NIN; `special`: also of those whose feature dimension must be given."""
    return [
        name
        for name, part in net.named_modules()
        if (isinstance(part, LAYERS) or (special and isinstance(getattr(part, "weight", None), torch.Tensor)))
        and not isinstance(part, NonDynamicallyQuantizableLinear)
    ]


def layer_of(net: torch.nn.Module, layer: str, special: bool) -> torch.nn.Module:
    """The layer of that name, if it can have a NIN; `special`: its feature dimension is given."""
    checks.instance("net", net, torch.nn.Module, "use nin_lib.networks.mlp, for example")
    if any(hasattr(part, "_orig_mod") or part._compiled_call_impl is not None for part in net.modules()):
        raise ValueError(
            "net must not be compiled yet, since compiled code ignores what is attached later: "
            "attach the NIN first, then call torch.compile(net)"
        )
    if any(isinstance(part, torch.jit.ScriptModule) for part in net.modules()):
        raise ValueError(
            "net must not be scripted or traced, since such code ignores what is attached later: "
            "attach the NIN to the module that it was made from"
        )
    parts, names = dict(net.named_modules()), names_of(net)
    part = parts.get(layer) if isinstance(layer, str) else None
    never_called = isinstance(part, NonDynamicallyQuantizableLinear)
    if layer not in names and (part is None or never_called or not special):
        what = "no layer of this net" if part is None else f"a {type(part).__name__}"
        if never_called:
            what = "which MultiheadAttention never calls, so that a NIN would be ignored"
        raise ValueError(
            f"layer must name a linear or convolution layer, got {layer!r}, {what}: use one of {names}, "
            "or give feature_dim and features"
        )
    found: torch.nn.Module = parts[layer]
    if any(map(torch.nn.parameter.is_lazy, found.parameters())):
        raise ValueError(
            f"layer {layer!r} must have weights, got {found}: call the net once, then attach the NIN"
        )
    weight = getattr(found, "weight", None)
    if not isinstance(weight, torch.Tensor) or not weight.is_floating_point() or weight.numel() == 0:
        what = (
            f"{weight.dtype} of shape {tuple(weight.shape)}"
            if isinstance(weight, torch.Tensor)
            else repr(found)
        )
        raise ValueError(f"layer {layer!r} must have real weights, got {what}: choose another layer")
    if hasattr(found, "nin_weight"):
        raise ValueError(
            f"layer {layer!r} has a NIN already: call its remove() first, or choose another layer"
        )
    return found


def features_of(part: torch.nn.Module, feature_dim: int | None, features: int | None) -> tuple[int, int]:
    """Dimension of z that holds the features, and their number."""
    if feature_dim is None:
        if features is not None:
            raise ValueError(
                f"features must come with feature_dim, got {features} alone: give both, or neither"
            )
        return -1 if isinstance(part, torch.nn.Linear) else 1, len(cast("torch.Tensor", part.weight))
    if features is None:
        raise ValueError(
            f"features must come with feature_dim, got feature_dim={feature_dim!r} alone: say how many there are"
        )
    return (
        checks.whole("feature_dim", feature_dim, -8, "-1 is the last dimension of z", 8),
        checks.whole("features", features, 1, "it counts the features of the layer"),
    )


def warn_of_running_statistics(net: torch.nn.Module, part: torch.nn.Module) -> None:
    """Say once that later layers, in the order in which the net lists them, keep statistics that the noise enters."""
    order = list(net.modules())
    later = order[order.index(part) :]
    if any(isinstance(other, _NormBase) and other.track_running_stats for other in later):
        warnings.warn(
            "the running statistics of BatchNorm and InstanceNorm layers after a NIN are those of the noisy net, so that "
            "evaluation is not clean: train with these layers in eval mode or, for BatchNorm, call "
            "torch.optim.swa_utils.update_bn(loader, net) outside the noise block before each evaluation",
            stacklevel=3,
        )
