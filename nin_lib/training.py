"""Training by vanilla SGD with noise injection nodes."""

import contextlib
import numbers
from collections.abc import Callable, Sequence

import numpy as np

from nin_lib import checks
from nin_lib.data import Data, load
from nin_lib.distributions import stream
from nin_lib.extras import needed
from nin_lib.history import History, Recorder
from nin_lib.injection import NoiseInjection, check_attached
from nin_lib.networks import checked_widths, evaluating, mlp, placed

with needed("torch"):
    import torch
    from torch.nn import functional
    from tqdm.auto import tqdm

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
LOSSES: dict[str, Loss] = {
    "ce": functional.cross_entropy,
    "mse": lambda output, y: functional.mse_loss(output, functional.one_hot(y, output.shape[-1]).to(output)),
}
"""Mean loss of outputs, shape (n, classes), and classes, shape (n,), by the name that `train` takes."""


def train(
    net: torch.nn.Module,
    data: Data,
    *,
    loss: str = "ce",
    eta: float = 0.01,
    batch_size: int = 1000,
    epochs: int = 50,
    nin: NoiseInjection | Sequence[NoiseInjection] | None = None,
    redraw: str = "epoch",
    seed: int | np.random.Generator = 0,
    progress: bool = False,
    callback: Callable[[History, int], object] | None = None,
) -> History:
    """Train a net by vanilla SGD (no momentum) with noise injection nodes, Eq. (13) of the paper.

    Runs on the device and in the precision of the net. Each epoch shuffles the training set and cuts it into
    batches of equal size; the few samples left over wait for another epoch.

    Parameters
    ----------
    net : torch.nn.Module
        Trained in place. Its outputs have shape (n, classes), and some of its parameters ask for a gradient.
    data : nin_lib.data.Data
        One or more samples to train on, and to validate.
    loss : {"ce", "mse"}
        Cross-entropy, mean over the batch; or squared error against one-hot targets, mean over the batch and the
        outputs, without a factor 1/2.
    eta : float
        Learning rate > 0.
    batch_size : int
        Samples in a batch, from 1 to the size of the training set.
    epochs : int
        Passes >= 1 through the training set.
    nin : NoiseInjection, list of them, or None
        The NINs of `net` that inject noise, each once.
    redraw : {"epoch", "never"}
        Draw a new eps for each sample in each epoch, or one for each sample that stays with it like its pixels.
    seed : int or numpy.random.Generator
        Source of the order of the samples.
    progress : bool
        Show a progress bar.
    callback : callable, optional
        ``callback(history, epoch)`` is called at the start, with epoch 0, and after each epoch, with the History of
        the training so far. What it raises ends the training.

    Returns
    -------
    History
        A training that diverges stops there and says so in ``history.phase``; it is no error.

    Raises
    ------
    TypeError
        If an argument is of another kind than above.
    ValueError
        If an argument is not as above; before anything is trained.

    Examples
    --------
    >>> net = mlp((64, 16, 10))
    >>> nin = NoiseInjection(net, "0", sigma_eps=1.0)
    >>> history = train(net, load("digits"), eta=0.1, batch_size=100, epochs=2, nin=nin)
    >>> history.steps_per_epoch, history.niw_norm.shape
    (10, (3,))
    """
    criterion = LOSSES[checks.choice("loss", loss, LOSSES)]
    checks.choice("redraw", redraw, ("epoch", "never"))
    progress = checks.flag("progress", progress)
    if not (callback is None or callable(callback)):
        raise TypeError(f"callback must be a function of a history and an epoch, got {callback!r}")
    eta = checks.number("eta", eta, 0, strictly=True, remedy="0.01 is a usual learning rate")
    epochs = checks.whole("epochs", epochs, 1, "it counts the passes through the training set")
    parameters = _parameters(net)
    nins = _nodes(nin, net)
    data = _data(data).to(next(iter(parameters.values())))
    x, y = data.x_train, data.y_train
    batch_size = checks.whole("batch_size", batch_size, 1, "it counts samples of the training set", len(x))
    rng = stream(seed, "order")
    settings = {
        **{"data": data.name, "digest": data.digest, "loss": loss, "eta": eta, "batch_size": batch_size},
        **{"epochs": epochs, "redraw": redraw, "seed": _seed(seed), "nins": [node.settings for node in nins]},
    }
    steps = len(x) // batch_size
    recorder = Recorder(settings, steps, parameters, _joined(nins).cpu().numpy())

    def record(epoch: int) -> None:
        _record(recorder, epoch, net, nins, criterion, data)
        if callback is not None:
            callback(recorder.history(epoch), epoch)

    record(0)
    for epoch in tqdm(range(epochs), disable=not progress, unit="epoch"):
        if epoch == 0 or redraw == "epoch":
            noise = [node.sample(len(x)) for node in nins]
        order = torch.from_numpy(rng.permutation(len(x))).to(x.device)
        for batch in order[: steps * batch_size].split(batch_size):
            eps = [values[batch] for values in noise]
            if not _step(net, criterion, x[batch], y[batch], nins, eps, eta, recorder):
                return recorder.history()
        record(epoch + 1)
    return recorder.history()


def _seed(seed: int | np.random.Generator) -> int | None:
    """What is recorded of a seed."""
    return int(seed) if isinstance(seed, numbers.Integral) else None


def _parameters(net: torch.nn.Module) -> dict[str, torch.nn.Parameter]:
    """The parameters of a net that can be trained."""
    checks.instance("net", net, torch.nn.Module, "use nin_lib.networks.mlp, for example")
    parameters = dict(net.named_parameters())
    if not any(parameter.requires_grad for parameter in parameters.values()):
        raise ValueError(
            f"net must have a parameter that asks for a gradient, got {len(parameters)} parameters, and none does: "
            "there is nothing to train"
        )
    for name, parameter in parameters.items():
        if parameter.is_complex():
            raise ValueError(
                f"net must have real parameters, got {name!r} in {parameter.dtype}: use net.double()"
            )
        if parameter.is_meta:
            raise ValueError(
                f"net must have values, got {name!r} on the device 'meta': use net.to_empty('cpu')"
            )
    return parameters


def _data(data: Data) -> Data:
    """`data`, if it holds samples and their classes."""
    checks.instance("data", data, Data, 'use nin_lib.data.load("digits"), for example')
    for part in ("train", "val"):
        x, y = (
            checks.instance(f"data.{name}", getattr(data, name), torch.Tensor, "use torch.from_numpy")
            for name in (f"x_{part}", f"y_{part}")
        )
        if not 0 < len(x) == len(y):
            raise ValueError(
                f"data must hold one or more samples, and as many classes, got {len(x)} in x_{part} and {len(y)} in "
                f"y_{part}: give some of each"
            )
        if y.dtype != torch.int64 or y.ndim != 1 or y.min() < 0:
            raise ValueError(
                f"data must have classes >= 0 of type int64 in y_{part}, shape (n,), got {y}: use y.long(), for example"
            )
        if x.is_complex() or x.dtype == torch.bool or not torch.isfinite(x).all():
            raise ValueError(f"data must have finite numbers in x_{part}, got {x}: leave out what is missing")
    return data


def _nodes(
    nin: NoiseInjection | Sequence[NoiseInjection] | None, net: torch.nn.Module
) -> list[NoiseInjection]:
    """The NINs as a list, each of which is on this net, and none twice."""
    given = [] if nin is None else nin if isinstance(nin, (list, tuple)) else [nin]
    nins = [
        checks.instance("nin", node, NoiseInjection, "use NoiseInjection(net, ...), or a list of such")
        for node in given
    ]
    for place, node in enumerate(nins):
        check_attached(node, net)
        if not node.weight.requires_grad:
            raise ValueError(
                f"nin on layer {node.layer_name!r} must be trained, got W_NI that asks for no gradient: "
                "use nin.weight.requires_grad_()"
            )
        if any(node is other for other in nins[:place]):
            raise ValueError(
                f"nin must name each node once, got that on layer {node.layer_name!r} twice: leave one out"
            )
    return nins


def _step(
    net: torch.nn.Module,
    criterion: Loss,
    x: torch.Tensor,
    y: torch.Tensor,
    nins: list[NoiseInjection],
    eps: list[torch.Tensor],
    eta: float,
    recorder: Recorder,
) -> bool:
    """One step of SGD, unless the loss says that the training diverges; returns whether it goes on."""
    with contextlib.ExitStack() as stack:
        for node, values in zip(nins, eps, strict=True):
            stack.enter_context(node.noise(values))
        value = criterion(net(x), y)
        if not recorder.step(value.item()):
            return False
        net.zero_grad()
        value.backward()  # inside the block, since activation checkpointing computes z again here
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.grad is not None:
                parameter.sub_(parameter.grad, alpha=eta)
    return True


@torch.no_grad()
def _joined(nins: list[NoiseInjection]) -> torch.Tensor:
    """W_NI of all NINs in one vector."""
    joined = torch.cat([node.weight for node in nins]) if nins else torch.zeros(0, dtype=torch.float64)
    return joined.float() if joined.dtype == torch.bfloat16 else joined  # which NumPy does not have


@torch.no_grad()
def _record(
    recorder: Recorder,
    epoch: int,
    net: torch.nn.Module,
    nins: list[NoiseInjection],
    criterion: Loss,
    data: Data,
) -> None:
    val_loss, val_accuracy = _evaluate(net, criterion, data.x_val, data.y_val)
    clean_loss = None
    if recorder.wants_clean_loss(epoch):
        clean_loss, _ = _evaluate(net, criterion, data.x_train, data.y_train)
    niw = _joined(nins)
    recorder.epoch(
        epoch,
        niw=niw.cpu().numpy(),
        norms={name: torch.linalg.vector_norm(p).item() for name, p in net.named_parameters()},
        niw_norm=torch.linalg.vector_norm(niw).item(),
        val_loss=val_loss,
        val_accuracy=val_accuracy,
        clean_loss=clean_loss,
    )


@torch.no_grad()
def _evaluate(
    net: torch.nn.Module, criterion: Loss, x: torch.Tensor, y: torch.Tensor, rows: int = 10_000
) -> tuple[float, float]:
    """Mean loss and accuracy with eps = 0, some rows at a time so that the activations fit in little memory."""
    loss = hits = 0.0
    with evaluating(net):
        for some_x, some_y in zip(x.split(rows), y.split(rows), strict=True):
            output = net(some_x)
            check_outputs(output, some_y)
            loss += criterion(output, some_y).item() * len(some_x)
            hits += (output.argmax(-1) == some_y).sum().item()
    return loss / len(x), hits / len(x)


def check_outputs(output: torch.Tensor, y: torch.Tensor) -> None:
    """Raise a ValueError unless a net has an output for each class of each sample."""
    if output.ndim != 2 or len(output) != len(y) or output.shape[1] <= y.max():
        raise ValueError(
            f"net must have outputs of shape ({len(y)}, classes) with classes > {y.max()}, got {tuple(output.shape)}: "
            "the data have so many samples, and such classes"
        )


def train_mlp(
    sigma_eps: float,
    seed: int,
    *,
    data: str | Data = "digits",
    hidden: Sequence[int] = (128,),
    loss: str = "ce",
    eta: float = 0.2,
    batch_size: int = 128,
    epochs: int = 20,
    redraw: str = "epoch",
    device: str | torch.device = "cpu",
    progress: bool = False,
    callback: Callable[[History, int], object] | None = None,
) -> History:
    """Train one fully connected ReLU net with a NIN on its first layer: the experiment of the book.

    The defaults are its small version on digits; the paper's Fig. 3 has ``data="fashion_mnist", hidden=(1024,),
    eta=0.01, batch_size=1000``. The precision is that of the data: float64 for digits, float32 for Fashion-MNIST.

    Parameters
    ----------
    sigma_eps : float
        Standard deviation >= 0 of the noise.
    seed : int
        Source >= 0 of the weights, W_NI, the noise and the order of the samples.
    data : str or nin_lib.data.Data
        A data set of images as rows with 10 classes, or its name.
    hidden : sequence of int
        Widths >= 1 of the hidden layers; none, and the net is linear.
    loss, eta, batch_size, epochs, redraw, progress, callback
        As in `train`.
    device : str or torch.device
        Where to train, such as "cuda".

    Returns
    -------
    History
        What `train` returns.

    Raises
    ------
    TypeError
        If an argument is of another kind than above.
    ValueError
        If an argument is not as above.
    """
    hidden = checked_widths("hidden", hidden)
    seed = checks.whole("seed", seed, 0, "use 0, for example")
    names = "digits", "fashion_mnist"
    data = _data(load(checks.choice("data", data, names)) if isinstance(data, str) else data)
    if data.x_train.ndim != 2 or not data.x_train.is_floating_point():
        raise ValueError(
            f"data must have rows of floats, got x_train of shape {tuple(data.x_train.shape)} in {data.x_train.dtype}: "
            "use x.flatten(1).double(), for example"
        )
    net = placed(mlp((data.x_train.shape[1], *hidden, 10), seed, data.x_train.dtype), device)
    nin = NoiseInjection(net, "0", sigma_eps, seed=seed)
    return train(
        net,
        data,
        loss=loss,
        eta=eta,
        batch_size=batch_size,
        epochs=epochs,
        nin=nin,
        redraw=redraw,
        seed=seed,
        progress=progress,
        callback=callback,
    )
