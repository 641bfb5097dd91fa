"""Training by vanilla SGD with noise injection nodes."""

import contextlib
import numbers

from nin_lib import checks
from nin_lib.data import load
from nin_lib.distributions import stream
from nin_lib.extras import needed
from nin_lib.history import Recorder
from nin_lib.injection import NoiseInjection
from nin_lib.networks import mlp

with needed("torch"):
    import torch
    from torch.nn import functional
    from tqdm.auto import tqdm

LOSSES = {
    "ce": functional.cross_entropy,
    "mse": lambda output, y: functional.mse_loss(output, functional.one_hot(y, output.shape[-1]).to(output)),
}


def train(
    net,
    data,
    *,
    loss="ce",
    eta=0.01,
    batch_size=1000,
    epochs=50,
    nin=None,
    redraw="epoch",
    seed=0,
    progress=False,
    callback=None,
):
    """Train a net by vanilla SGD (no momentum) with noise injection nodes, Eq. (13) of the paper.

    Runs on the device and in the precision of the net. Each epoch shuffles the training set and cuts it into
    batches of equal size; the few samples left over wait for another epoch.

    Parameters
    ----------
    net : torch.nn.Module
        Trained in place.
    data : nin_lib.data.Data
    loss : {"ce", "mse"}
        Cross-entropy, mean over the batch; or squared error against one-hot targets, mean over the batch and the
        outputs, without a factor 1/2.
    eta : float
        Learning rate > 0.
    batch_size, epochs : int
    nin : NoiseInjection, list of them, or None
        The NINs of `net` that inject noise.
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
    ValueError
        If an argument is not as above.
    """
    criterion = LOSSES[checks.choice("loss", loss, LOSSES)]
    checks.choice("redraw", redraw, ("epoch", "never"))
    eta = checks.number("eta", eta, 0, strictly=True, remedy="0.01 is a usual learning rate")
    epochs = checks.whole("epochs", epochs, 1, "it counts the passes through the training set")
    batch_size = checks.whole(
        "batch_size", batch_size, 1, "it counts samples of the training set", high=len(data.x_train)
    )
    parameters = dict(net.named_parameters())
    nins = _nodes(nin, parameters)
    rng = stream(seed, "order")
    like = next(iter(parameters.values()))
    data = data.to(like)
    x, y = data.x_train, data.y_train
    settings = {
        **{"data": data.name, "digest": data.digest, "loss": loss, "eta": eta, "batch_size": batch_size},
        **{"epochs": epochs, "redraw": redraw},
        "seed": int(seed) if isinstance(seed, numbers.Integral) else None,
        "nins": [node.settings for node in nins],
    }
    steps = len(x) // batch_size
    recorder = Recorder(settings, steps, parameters, _joined(nins).cpu().numpy())

    def record(epoch):
        _record(recorder, epoch, net, nins, criterion, data)
        if callback is not None:
            callback(recorder.history(epoch), epoch)

    record(0)
    for epoch in tqdm(range(epochs), disable=not progress, unit="epoch"):
        if epoch == 0 or redraw == "epoch":
            noise = [node.sample(len(x)) for node in nins]
        order = torch.from_numpy(rng.permutation(len(x))).to(like.device)
        for batch in order[: steps * batch_size].split(batch_size):
            eps = [values[batch] for values in noise]
            goes_on = _step(net, parameters.values(), criterion, x[batch], y[batch], nins, eps, eta, recorder)
            if not goes_on:
                return recorder.history()
        record(epoch + 1)
    return recorder.history()


def _nodes(nin, parameters):
    """The NINs as a list, each of which is on this net."""
    nins = [] if nin is None else list(nin) if isinstance(nin, (list, tuple)) else [nin]
    for node in nins:
        if not any(node.weight is parameter for parameter in parameters.values()):
            raise ValueError(
                f"nin on layer {node.layer_name!r} is not attached to this net: use NoiseInjection(net, ...)"
            )
    return nins


def _step(net, parameters, criterion, x, y, nins, eps, eta, recorder):
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
        for parameter in parameters:
            if parameter.grad is not None:
                parameter.sub_(parameter.grad, alpha=eta)
    return True


@torch.no_grad()
def _joined(nins):
    """W_NI of all NINs in one vector."""
    return torch.cat([node.weight for node in nins]) if nins else torch.zeros(0, dtype=torch.float64)


@torch.no_grad()
def _record(recorder, epoch, net, nins, criterion, data):
    val_loss, val_accuracy = _evaluate(net, criterion, data.x_val, data.y_val)
    values = {"val_loss": val_loss, "val_accuracy": val_accuracy}
    if recorder.wants_clean_loss(epoch):
        values["clean_loss"] = _evaluate(net, criterion, data.x_train, data.y_train)[0]
    norms = {name: torch.linalg.vector_norm(p).item() for name, p in net.named_parameters()}
    niw = _joined(nins)
    niw_norm = torch.linalg.vector_norm(niw).item()
    recorder.epoch(epoch, niw=niw.cpu().numpy(), norms=norms, niw_norm=niw_norm, **values)


@torch.no_grad()
def _evaluate(net, criterion, x, y, rows=10_000):
    """Mean loss and accuracy with eps = 0, some rows at a time so that the activations fit in little memory."""
    modes = {part: part.training for part in net.modules()}
    net.eval()
    loss = hits = 0.0
    for some_x, some_y in zip(x.split(rows), y.split(rows), strict=True):
        output = net(some_x)
        loss += criterion(output, some_y).item() * len(some_x)
        hits += (output.argmax(-1) == some_y).sum().item()
    for part, mode in modes.items():  # not net.train(), which also wakes a part frozen in eval mode
        part.training = mode
    return loss / len(x), hits / len(x)


def train_mlp(
    sigma_eps,
    seed,
    *,
    data="digits",
    hidden=(128,),
    loss="ce",
    eta=0.2,
    batch_size=128,
    epochs=20,
    redraw="epoch",
    device="cpu",
    progress=False,
    callback=None,
):
    """Train one fully connected ReLU net with a NIN on its first layer: the experiment of the book.

    The defaults are its small version on digits; the paper's Fig. 3 has ``data="fashion_mnist", hidden=(1024,),
    eta=0.01, batch_size=1000``. The precision is that of the data: float64 for digits, float32 for Fashion-MNIST.

    Parameters
    ----------
    sigma_eps : float
        Standard deviation of the noise.
    seed : int
        Source of the weights, W_NI, the noise and the order of the samples.
    data : str or nin_lib.data.Data
        A data set, or its name.
    hidden : sequence of int
        Widths of the hidden layers.
    device : str
        Where to train, such as "cuda".

    Returns
    -------
    History

    See Also
    --------
    train : the other parameters.
    """
    data = load(data) if isinstance(data, str) else data
    net = mlp((data.x_train.shape[1], *hidden, 10), seed, data.x_train.dtype).to(device)
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
