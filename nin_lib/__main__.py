"""`python -m nin_lib list | run NAME [--jobs N] [--device D] [--dask ADDRESS] | show NAME`, all with [--out DIR]: the experiments."""

import argparse
import contextlib
import dataclasses
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
    """Run the command line; the exit status is 0, or 2 with a sentence on stderr when the request is wrong."""
    options = _parser().parse_args(arguments)
    try:
        {"list": _list, "run": _run, "show": _show}[options.command](options)
    except KeyboardInterrupt:
        print(
            "nin_lib: stopped; what was finished is stored, and the same command goes on from there",
            file=sys.stderr,
        )
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
    }.items():
        sub = commands.add_parser(command, help=text, description=text)
        sub.add_argument(
            "--out", type=Path, default=RUNS, help="folder of the results (default: %(default)s)"
        )
        if command != "list":
            sub.add_argument("name", metavar="NAME", help="an experiment, as `list` names it")
        if command == "run":
            sub.add_argument(
                "--jobs", type=int, default=-1, help="runs at a time (default: one for each core)"
            )
            sub.add_argument("--device", default="cpu", help="where torch computes (default: %(default)s)")
            sub.add_argument(
                "--dask", metavar="ADDRESS", help="send the runs to the Dask cluster whose scheduler is there"
            )
    return parser


def _list(options: argparse.Namespace) -> None:
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


if __name__ == "__main__":
    sys.exit(main())
