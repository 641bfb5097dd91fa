"""Result files: where one stands, how it is written whole or not at all, and how the missing ones are computed."""

import contextlib
import hashlib
import json
import numbers
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from nin_lib.extras import needed


def result_path(folder: Path, settings: dict) -> Path:
    """Path of the result with these settings (plain JSON values): equal settings, equal path, whatever their order."""
    for name, value in settings.items():
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise type(error)(
                f"{name} must be a plain JSON value and finite, got {value!r}: "
                "convert a NumPy value by float(), int() or .tolist()"
            ) from error
    canonical = json.dumps(settings, sort_keys=True, allow_nan=False)
    return Path(folder) / f"{hashlib.sha256(canonical.encode()).hexdigest()[:12]}.npz"


def save_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write arrays so that `path` either holds all of them or does not exist, whenever the process dies.

    The same arrays give the same bytes.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Files of a process that was killed while it wrote; those of one that still writes are younger.
    for stale in path.parent.glob(f".{path.name}.*.tmp"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - stale.stat().st_mtime > 60:
                stale.unlink()
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            np.savez_compressed(file, **arrays)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read what `save_arrays` wrote."""
    with np.load(path) as file:
        return dict(file)


def single_precision(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays, those of float64 rounded to float32, for results that need no more digits and half the room."""
    with np.errstate(over="ignore"):  # the last loss of a divergent training
        return {key: a.astype(np.float32) if a.dtype == float else a for key, a in arrays.items()}


def compute_missing(
    compute_and_save: Callable, tasks: dict[Path, tuple], jobs: int, progress: bool = True, desc: str = ""
) -> None:
    """Call ``compute_and_save(path, *arguments)`` for each of `tasks` whose path does not exist, `jobs` at a time.

    joblib does the work: `jobs` = -1 is one for each core, and ``joblib.parallel_config`` around the call chooses
    another backend. A result is on the disk as soon as it is there; who is killed loses what was in progress.
    """
    if not isinstance(jobs, numbers.Integral) or jobs == 0:
        raise ValueError(f"jobs must be an integer >= 1, or -1 for one on each core, got {jobs!r}")
    with needed("notebooks"):
        import joblib
        from tqdm.auto import tqdm

    missing = {path: arguments for path, arguments in tasks.items() if not path.exists()}
    # Not every backend can report a task as soon as it is done; where one cannot, the bar moves only at the end.
    prompt = joblib.parallel.get_active_backend()[0].supports_return_generator
    work = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered" if prompt else "list")(
        joblib.delayed(compute_and_save)(path, *arguments) for path, arguments in missing.items()
    )
    done = len(tasks) - len(missing)
    for _ in tqdm(work, desc=desc, initial=done, total=len(tasks), unit="run", disable=not progress):
        pass
