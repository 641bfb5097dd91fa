"""The experiments: `python -m nin_lib COMMAND`, all with [--out DIR].

list [--markdown] | run NAME [--jobs N] [--device D] [--dask ADDRESS] | show NAME | verify NAME [--sigma S] [--seed N] [--one]
"""

import argparse
import contextlib
import dataclasses
import functools
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from nin_lib import experiments
from nin_lib.data import DataError
from nin_lib.experiments import EXPERIMENTS, RUNS
from nin_lib.extras import needed
from nin_lib.store import ResultError


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status is 0, 1 if `verify` finds a difference, or 2 with a sentence on stderr."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "verify":
            return int(not _verify(options))
        {"list": _list, "run": _run, "show": _show}[options.command](options)
    except KeyboardInterrupt:
        kept = {"run": "; what was finished is stored, and the same command goes on from there"}
        print(f"nin_lib: stopped{kept.get(options.command, '')}", file=sys.stderr)
        return 2
    except (ValueError, RuntimeError, OSError, ImportError, DataError, ResultError) as error:
        print(f"nin_lib: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m nin_lib", description="The book's full-size experiments."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for command, text in {
        "list": "the experiments, and how many of their results are stored",
        "run": "compute the results that are missing or damaged",
        "show": "settings, size and provenance of the stored results",
        "verify": "compute stored results again, compare, and change nothing",
    }.items():
        sub = commands.add_parser(command, help=text, description=text)
        sub.add_argument(
            "--out", type=Path, default=RUNS, help="folder of the results (default: %(default)s)"
        )
        if command != "list":
            sub.add_argument("name", metavar="NAME", help="an experiment, as `list` names it")
        if command == "list":
            sub.add_argument(
                "--markdown", action="store_true", help="all that is known of them, as runs/README.md"
            )
        if command == "run":
            sub.add_argument(
                "--jobs", type=int, default=-1, help="runs at a time (default: one for each core)"
            )
            sub.add_argument("--device", default="cpu", help="where torch computes (default: %(default)s)")
            sub.add_argument(
                "--dask", metavar="ADDRESS", help="send the runs to the Dask cluster whose scheduler is there"
            )
        if command == "verify":
            sub.add_argument("--sigma", type=float, metavar="S", help="only those at this sigma_eps")
            sub.add_argument("--seed", type=int, metavar="N", help="only those with this seed")
            sub.add_argument("--one", action="store_true", help="only one, the cheapest")
    return parser


def _list(options: argparse.Namespace) -> None:
    if options.markdown:
        print(experiments.markdown(options.out), end="")
        return
    for name, experiment in EXPERIMENTS.items():
        whole, damaged = experiments.stored(name, options.out)
        print(f"{name:24s} {len(whole):4d} of {len(experiment.settings):4d}   {experiment.summary}")
        for path in damaged:
            print(f"{'':24s} damaged: {path}; repair it by `python -m nin_lib run {name}`")


def _run(options: argparse.Namespace) -> None:
    _, damaged = experiments.stored(options.name, options.out)
    for path in damaged:
        print(f"damaged: {path}; it is computed again, and set aside as {path.name}.damaged")
    with _cluster(options.dask):
        paths = experiments.run(options.name, options.out, options.jobs, options.device)
    print(f"{len(paths)} results in {paths[0].parent}")


@contextlib.contextmanager
def _cluster(address: str | None) -> Iterator[None]:
    """Inside the block joblib sends its work to the Dask cluster at this address, if there is one."""
    if address is None:
        yield
        return
    with needed("notebooks"):
        import joblib
    with needed("dask"):
        from distributed import Client
    try:
        client = Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"no Dask scheduler answers at {address!r} ({error}): give the address that it prints at its start"
        ) from error
    with client, joblib.parallel_config(backend="dask"):
        yield


def _show(options: argparse.Namespace) -> None:
    print(experiments.named(options.name).summary)
    for result in experiments.results(options.name, options.out):
        shapes = {key: "x".join(map(str, array.shape)) for key, array in result.arrays.items()}
        settings = dataclasses.asdict(result.settings)
        print(json.dumps({"settings": settings, "arrays": shapes, "provenance": result.provenance}))


def _verify(options: argparse.Namespace) -> bool:
    """Say what it will cost, compute the chosen runs again, and print a verdict in a line for each; whether all agree."""
    with needed("torch"):
        from tqdm.auto import tqdm

    from nin_lib import verify

    runs = verify.chosen(options.name, options.sigma, options.seed, options.one, options.out)
    took, slower = sum(run.wall_s for run in runs), verify.product_s() / verify.PRODUCT_S
    print(
        f"{options.name}: {len(runs)} to compute again, which took {_minutes(took)} when they were stored; this machine "
        f"now needs {slower:.1f} times as long for a product of matrices: about {_minutes(took * slower)}, and where "
        "a training is calm up to twice that, since a twin of it tells how far rounding errors grow"
    )
    compute, agree = experiments.named(options.name).compute, 0
    for run in runs:
        with tqdm(total=run.epochs, unit="epoch", leave=False) as bar:
            again = verify.compute_again(functools.partial(compute, run.settings, "cpu"), bar.update)
        found = verify.differences(run.settings, run.arrays, again)
        agree += not found
        print(f"{run}: {'; '.join(['DIFFERS', *found]) if found else verify.agreement(again)}", flush=True)
    print(f"{agree} of {len(runs)} agree")
    return agree == len(runs)


def _minutes(seconds: float) -> str:
    return f"{max(seconds, 1):.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


if __name__ == "__main__":
    sys.exit(main())
