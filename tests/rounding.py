"""How long two processors agree on a training.

They round differently (the width of a vector, a fused product, the order of a sum), so that no two of them agree to the
last bit. In a calm training it stays so; in a chaotic one the difference grows, by a factor of ten every few steps, until
nothing is left in common but the verdict. How fast it grows is measured, where it is needed, on a twin of the training
whose weights start a little elsewhere.
"""

import numpy as np
import pytest
import torch

MOVED_BY = 10
"""The twin's weights start so many roundings of their type away, a few times the error that a step of training makes."""
COMMON = {torch.float64: 1e-6, torch.float32: 1e-3}
"""Relative difference of the batch losses up to which two trainings of a type count as the same."""


def with_its_common_steps(train, constructor):
    """A training, and over how many of its first steps another processor computes the same.

    Parameters
    ----------
    train : callable
        ``train()`` trains a net from the start and returns its `nin_lib.history.History`.
    constructor : str
        Dotted name of the function that `train` takes the net from.

    Returns
    -------
    history : nin_lib.history.History
        Of the training as it is.
    steps : int
        Before the step at which the batch loss of the twin differs by more than `COMMON`.
    """
    history, moved = train(), []
    with pytest.MonkeyPatch.context() as patch:
        module, name = constructor.rsplit(".", 1)
        make = getattr(__import__(module, fromlist=[name]), name)
        patch.setattr(constructor, lambda *a, **k: moved.append(_moved(make(*a, **k))) or moved[-1])
        twin = train()
    (net,) = moved
    with np.errstate(invalid="ignore"):  # inf - inf, after a divergence
        apart = np.abs(twin.batch_loss - history.batch_loss) / history.batch_loss
    beyond = ~(apart <= COMMON[next(net.parameters()).dtype])
    return history, int(beyond.argmax()) if beyond.any() else len(beyond)


@torch.no_grad()
def _moved(net):
    generator = torch.Generator().manual_seed(0)
    for parameter in net.parameters():
        rounding = torch.finfo(parameter.dtype).eps
        noise = torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
        parameter.mul_(1 + MOVED_BY * rounding * noise)
    return net
