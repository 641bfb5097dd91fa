"""Training by vanilla SGD with noise injection nodes, and sweeps over sigma_eps and seed."""

import contextlib
import math
import numbers

import numpy as np

from nin_lib.data import load
from nin_lib.distributions import stream
from nin_lib.extras import needed
from nin_lib.history import CHECKPOINTS, CLEAN_EVERY, History
from nin_lib.injection import NoiseInjection
from nin_lib.phases import LARGEST_LOSS
from nin_lib.results import compute_missing, result_path

with needed("torch"):
    import torch
    from torch.nn import functional
    from tqdm.auto import tqdm

LOSSES = {
    "ce": functional.cross_entropy,
    "mse": lambda output, y: functional.mse_loss(output, functional.one_hot(y, output.shape[-1]).to(output)),
}


def mlp(widths, seed=0, dtype=torch.float64):
    """Fully connected ReLU net, weights N(0, 1/fan_in), biases 0 (Appendix B of the paper).

    Parameters
    ----------
    widths : sequence of int
        Input, hidden and output widths, e.g. (784, 1024, 10).
    seed : int or numpy.random.Generator
    dtype : torch.dtype

    Returns
    -------
    torch.nn.Sequential
        Its linear layers are named "0", "2", "4", ...
    """
    rng = stream(seed, "weights")
    layers = []
    for fan_in, width in zip(widths[:-1], widths[1:], strict=True):
        linear = torch.nn.Linear(fan_in, width, dtype=dtype)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(rng.standard_normal((width, fan_in)) / math.sqrt(fan_in)))
            linear.bias.zero_()
        layers += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def train(
    net,
    data,
    *,
    loss="ce",
    lr=0.01,
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
    lr : float
        Learning rate eta > 0.
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
        ``callback(history, epoch)`` is called at the start, with epoch 0, and after each epoch, with the History as
        far as it is recorded. What it raises ends the training.

    Returns
    -------
    History
        A training that diverges stops there and says so in ``history.phase``; it is no error.

    Raises
    ------
    ValueError
        If an argument is not as above.
    """
    if loss not in LOSSES:
        raise ValueError(f"loss must be one of {list(LOSSES)}, got {loss!r}")
    if redraw not in ("epoch", "never"):
        raise ValueError(f'redraw must be "epoch" or "never", got {redraw!r}')
    if not (isinstance(lr, numbers.Real) and math.isfinite(lr) and lr > 0):
        raise ValueError(f"lr must be a finite number > 0, got {lr!r}")
    if not (isinstance(batch_size, numbers.Integral) and 1 <= batch_size <= len(data.x_train)):
        raise ValueError(
            f"batch_size must be an integer from 1 to the {len(data.x_train)} training samples, "
            f"got {batch_size!r}"
        )
    if not (isinstance(epochs, numbers.Integral) and epochs >= 1):
        raise ValueError(f"epochs must be an integer >= 1, got {epochs!r}")
    lr, batch_size, epochs = float(lr), int(batch_size), int(epochs)  # a NumPy number is no JSON value
    nins = [] if nin is None else list(nin) if isinstance(nin, (list, tuple)) else [nin]
    parameters = dict(net.named_parameters())
    for node in nins:
        if not any(node.weight is parameter for parameter in parameters.values()):
            raise ValueError(
                f"nin on layer {node.layer_name!r} is not attached to this net: use NoiseInjection(net, ...)"
            )

    criterion, rng = LOSSES[loss], stream(seed, "order")
    like = next(iter(parameters.values()))
    x, y = data.x_train.to(like), data.y_train.to(like.device)
    x_val, y_val = data.x_val.to(like), data.y_val.to(like.device)
    steps = len(x) // batch_size
    history = _empty_history(
        {
            "data": data.name,
            "digest": data.digest,
            "loss": loss,
            "lr": lr,
            "batch_size": batch_size,
            "epochs": epochs,
            "redraw": redraw,
            "seed": int(seed) if isinstance(seed, numbers.Integral) else None,
            "nins": [{"layer": n.layer_name, "sigma": n.sigma, "distribution": n.distribution} for n in nins],
        },
        steps,
        parameters,
        nins,
    )

    def record(epoch):
        history.val_loss[epoch], history.val_accuracy[epoch] = _evaluate(net, criterion, x_val, y_val)
        with torch.no_grad():
            for name, parameter in parameters.items():
                history.norms[name][epoch] = torch.linalg.vector_norm(parameter).item()
            niw = torch.cat([node.weight for node in nins]) if nins else torch.zeros(0)
            history.niw_norm[epoch] = torch.linalg.vector_norm(niw).item()
            history.niw[history.niw_epochs == epoch] = niw.cpu().numpy()
        if epoch in history.clean_epochs:
            history.clean_loss[history.clean_epochs == epoch] = _evaluate(net, criterion, x, y)[0]
        for values in (
            *(history.val_loss, history.niw_norm, history.clean_loss, history.niw),
            *history.norms.values(),
        ):
            values[np.isnan(values)] = np.inf  # the last step of the epoch has overflowed
        history.val_accuracy[np.isinf(history.val_loss)] = np.nan
        if callback is not None:
            callback(history, epoch)

    record(0)
    for epoch in tqdm(range(epochs), disable=not progress, unit="epoch"):
        if epoch == 0 or redraw == "epoch":
            noise = [node.sample(len(x)) for node in nins]
        order = torch.from_numpy(rng.permutation(len(x))).to(like.device)
        for step in range(steps):
            batch = order[step * batch_size : (step + 1) * batch_size]
            with contextlib.ExitStack() as stack:
                for node, eps in zip(nins, noise, strict=True):
                    stack.enter_context(node.noise(eps[batch]))
                value = criterion(net(x[batch]), y[batch])
                history.batch_loss[epoch * steps + step] = value.item()
                if not value.item() <= LARGEST_LOSS:
                    return history
                net.zero_grad()
                value.backward()  # inside the block, since activation checkpointing computes z again here
            with torch.no_grad():
                for parameter in parameters.values():
                    if parameter.grad is not None:
                        parameter.sub_(parameter.grad, alpha=lr)
        record(epoch + 1)
    return history


def train_mlp(
    sigma_eps,
    seed,
    *,
    data="digits",
    hidden=(128,),
    loss="ce",
    lr=0.2,
    batch_size=128,
    epochs=20,
    redraw="epoch",
    device="cpu",
    progress=False,
    callback=None,
):
    """Train one fully connected ReLU net with a NIN on its first layer: the experiment of the book.

    The defaults are its small version on digits; the paper's Fig. 3 has ``data="fashion_mnist", hidden=(1024,),
    lr=0.01, batch_size=1000``. The precision is that of the data: float64 for digits, float32 for Fashion-MNIST.

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
        lr=lr,
        batch_size=batch_size,
        epochs=epochs,
        nin=nin,
        redraw=redraw,
        seed=seed,
        progress=progress,
        callback=callback,
    )


def sweep(run, sigmas, seeds, out, jobs=-1, progress=True, **settings):
    """Train for each sigma_eps and seed, in parallel; store each result at once and skip those that exist.

    Runs on all cores of this machine, or on a cluster: joblib's own switch
    ``with joblib.parallel_config(backend="dask"):`` around the call sends the runs to the workers of the current
    ``dask.distributed.Client`` (``backend="ray"`` to Ray's, after ``ray.util.joblib.register_ray()``). The workers
    write the results themselves, so `out` must lie on a disk that all of them see. Killed at any moment, a sweep
    loses only the runs in progress; the same call again finishes the rest. A run computes with one thread, so that
    its result does not depend on how many run beside it.

    Parameters
    ----------
    run : callable
        ``run(sigma_eps, seed, **settings)`` returns a History; `train_mlp`, or a function that can be pickled.
    sigmas, seeds : sequences of float, of int
    out : path
        Folder of the results, one for each `run` function. A file's name follows from sigma_eps, seed and settings.
    jobs : int
        Runs at a time, -1 for one on each core.
    progress : bool
        Show a progress bar.
    **settings
        Passed to `run`; plain JSON values.

    Returns
    -------
    dict
        (sigma_eps, seed) -> History.
    """
    # What names the file is what is run. An integer of NumPy is no JSON value; `run` refuses a seed that is none.
    seeds = [int(seed) if isinstance(seed, numbers.Integral) else seed for seed in seeds]
    keys = [(float(sigma), seed) for sigma in sigmas for seed in seeds]
    paths = {key: result_path(out, {"sigma_eps": key[0], "seed": key[1], **settings}) for key in keys}
    tasks = {path: (run, key, settings) for key, path in paths.items()}
    compute_missing(_run_and_save, tasks, jobs, progress)
    return {key: History.load(path) for key, path in paths.items()}


@contextlib.contextmanager
def one_thread():
    """Torch computes with one thread inside the block, so that no digit depends on what runs beside it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _run_and_save(path, run, key, settings):
    with one_thread():
        run(*key, **settings).save(path)


def _empty_history(settings, steps, parameters, nins):
    epochs = settings["epochs"]
    clean_epochs = np.arange(0, epochs + 1, CLEAN_EVERY)
    niw_epochs = np.unique(np.linspace(0, epochs, CHECKPOINTS).round().astype(int))
    features = sum(len(node.weight) for node in nins)
    dtype = nins[0].weight.detach().cpu().numpy().dtype if nins else float
    return History(
        settings=settings,
        batch_loss=np.full(epochs * steps, np.inf),
        val_loss=np.full(epochs + 1, np.inf),
        val_accuracy=np.full(epochs + 1, np.nan),
        niw_norm=np.full(epochs + 1, np.inf),
        norms={name: np.full(epochs + 1, np.inf) for name in parameters},
        clean_epochs=clean_epochs,
        clean_loss=np.full(len(clean_epochs), np.inf),
        niw_epochs=niw_epochs,
        niw=np.full((len(niw_epochs), features), np.inf, dtype),
    )


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
