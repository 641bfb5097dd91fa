"""Many runs at once: on all cores of a machine or on a cluster, each stored as soon as it is there, none computed twice."""

import contextlib
import inspect
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nin_lib import checks, store
from nin_lib.data import DataError
from nin_lib.extras import needed
from nin_lib.history import History


def sweep(
    run: Callable[..., History],
    sigma_eps: Iterable[float],
    seeds: Iterable[int],
    out: Path | str,
    jobs: int = -1,
    progress: bool = True,
    **settings: Any,
) -> dict[tuple[float, int], History]:
    """Train for each sigma_eps and seed, in parallel; store each result at once and skip those that exist.

    Runs on all cores of this machine, or on a cluster: joblib's own switch
    ``with joblib.parallel_config(backend="dask"):`` around the call sends the runs to the workers of the current
    ``dask.distributed.Client`` (``backend="ray"`` to Ray's, after ``ray.util.joblib.register_ray()``). The results come
    back to the caller, who writes them: no disk need be shared. Killed at any moment, a sweep loses only the runs in
    progress; the same call again finishes the rest. A run computes with one thread, so that its result does not depend
    on how many run beside it.

    Parameters
    ----------
    run : callable
        ``run(sigma_eps, seed, **settings)`` returns a History; `train_mlp`, or a function with a name that can be pickled.
    sigma_eps, seeds : sequences of float, of int
        Numbers >= 0. With none, nothing runs.
    out : path
        Folder of the results. A file's name follows from the name of `run` and from all its arguments, those that it
        takes by default included; not from its code: a function that you change wants another folder.
    jobs : int
        Runs at a time >= 1, -1 for one on each core.
    progress : bool
        Show a progress bar.
    **settings
        Passed to `run`; plain JSON values.

    Returns
    -------
    dict
        (sigma_eps, seed) -> History.

    Raises
    ------
    TypeError
        If an argument is of another kind than above, `run` has no argument of that name, or a setting is no JSON value;
        before anything runs.
    ValueError
        If a number is not as above, or a setting is not finite; before anything runs.
    nin_lib.store.ResultError
        If a result cannot be written.
    RuntimeError
        If a run fails: which. What others have computed meanwhile is stored.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from nin_lib.training import train_mlp
    >>> with TemporaryDirectory() as out:
    ...     histories = sweep(train_mlp, [0.0, 1.0], seeds=[0], out=out, jobs=1, progress=False, epochs=1)
    >>> sorted(histories)
    [(0.0, 0), (1.0, 0)]
    """
    if not (callable(run) and hasattr(run, "__qualname__")):
        raise TypeError(f"run must be a function with a name, got {run!r}: define one, or use train_mlp")
    folder = checks.path("out", out, "name a folder for the results")
    # What names the file is what is run: plain numbers, where NumPy's are no JSON values.
    remedy = "use 0 to switch the noise off, and [sigma_eps] for a single one"
    numbers = [
        checks.number("sigma_eps", sigma, 0, remedy=remedy)
        for sigma in checks.sequence("sigma_eps", sigma_eps, remedy)
    ]
    remedy = "any such numbers will do; use [seed] for a single one"
    wholes = [checks.whole("seeds", seed, 0, remedy) for seed in checks.sequence("seeds", seeds, remedy)]
    tasks = {
        key: Task(folder, _arguments(run, *key, settings), _train, (run, key, settings))
        for key in ((sigma, seed) for sigma in numbers for seed in wholes)
    }
    compute_missing(list(tasks.values()), jobs, progress)
    return {key: History.from_arrays(store.read(task.path).arrays) for key, task in tasks.items()}


def _arguments(
    run: Callable[..., History], sigma_eps: float, seed: int, settings: dict[str, Any]
) -> dict[str, Any]:
    """All arguments with which `run` is called, and its name: what names the result; TypeError, if it takes others."""
    try:
        bound = inspect.signature(run).bind(sigma_eps, seed, **settings)
    except (TypeError, ValueError) as error:  # the latter: a function that is not written in Python
        raise TypeError(f"settings must be arguments of run, {run.__name__}: {error}") from error
    bound.apply_defaults()
    arguments: dict[str, Any] = {}
    for name, value in bound.arguments.items():  # what `run` takes as **settings is flat, too
        is_rest = bound.signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD
        arguments |= value if is_rest else {name: value}
    return {"run": f"{run.__module__}.{run.__qualname__}"} | arguments


def _train(
    run: Callable[..., History], key: tuple[float, int], settings: dict[str, Any]
) -> dict[str, np.ndarray]:
    return run(*key, **settings).arrays()


class Task(NamedTuple):
    """A run: the folder and the settings of its result, and the call that returns its arrays.

    `packages` are the distributions whose versions the result depends on.
    """

    folder: Path
    settings: dict[str, Any]
    compute: Callable[..., dict[str, np.ndarray]]
    arguments: tuple[Any, ...]
    packages: tuple[str, ...] = ("numpy", "torch")
    device: str = "cpu"

    @property
    def path(self) -> Path:
        """Path of its result."""
        return store.path_of(self.folder, self.settings)


def compute_missing(tasks: list[Task], jobs: int, progress: bool = True, desc: str = "") -> None:
    """Compute and store the results that are missing or damaged, `jobs` at a time.

    joblib does the work: `jobs` = -1 is one for each core, and ``joblib.parallel_config`` around the call chooses another
    backend. This process writes each result as soon as it is there; who is killed loses what was in progress.

    Raises
    ------
    ValueError
        If `jobs` or `progress` is not as above.
    nin_lib.store.ResultError
        If nothing can be written to the folder; before anything is computed.
    RuntimeError
        If a run fails: which, and why.
    """
    if jobs != -1:
        checks.whole("jobs", jobs, 1, "or give -1 for one run on each core")
    progress = checks.flag("progress", progress)
    with needed("notebooks"):
        import joblib
        from tqdm.auto import tqdm

    missing = [task for task in tasks if not store.is_whole(task.path)]
    for folder in dict.fromkeys(task.folder for task in missing):
        store.check_writable(folder)
    # Not every backend can report a run as soon as it is done; where one cannot, the results come at the end.
    prompt = joblib.parallel.get_active_backend()[0].supports_return_generator
    work = joblib.Parallel(n_jobs=jobs, batch_size=1, return_as="generator_unordered" if prompt else "list")(
        joblib.delayed(_computed)(k, task) for k, task in enumerate(missing)
    )
    done = len(tasks) - len(missing)
    for k, arrays, provenance in tqdm(
        work, desc=desc, initial=done, total=len(tasks), unit="run", disable=not progress
    ):
        store.write(missing[k].folder, missing[k].settings, arrays, provenance)


def _computed(k: int, task: Task) -> tuple[int, dict[str, np.ndarray], dict[str, Any]]:
    """Number, arrays and provenance of a run, wherever it is computed; RuntimeError names one that fails."""
    start = time.perf_counter()
    try:
        with one_thread():
            arrays = task.compute(*task.arguments)
    except DataError:  # which no other run would spare us
        raise
    except Exception as error:
        which = ", ".join(
            f"{key} = {task.settings[key]}" for key in ("sigma_eps", "seed") if key in task.settings
        )
        raise RuntimeError(
            f"the run with {which or task.settings} failed: {type(error).__name__}: {error}"
        ) from error
    provenance = store.provenance(task.packages, task.device)
    return k, arrays, provenance | {"wall_s": round(time.perf_counter() - start, 2)}


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Torch computes with one thread inside the block, so that no digit depends on what runs beside it."""
    with needed("torch"):
        import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
