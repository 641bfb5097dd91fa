"""`python -m nin_lib list | run NAME [--out DIR] [--jobs N] [--device D] | show NAME [--out DIR]`: the full-size experiments."""

import argparse
import json
import sys
from pathlib import Path

from nin_lib.data import DataError
from nin_lib.experiments import EXPERIMENTS, RUNS, named, result_path, results, run


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status is 0, or 2 with a sentence on stderr when the request is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m nin_lib", description="The book's full-size experiments."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for command, text in {
        "list": "the experiments, and how many of their results are stored",
        "run": "compute the results that are missing",
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
                "--jobs", type=int, default=-1, help="processes at a time (default: one for each core)"
            )
            sub.add_argument("--device", default="cpu", help="where torch computes (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        if options.command == "list":
            for name, experiment in EXPERIMENTS.items():
                stored = sum(result_path(name, s, options.out).exists() for s in experiment.settings)
                print(f"{name:24s} {stored:4d} of {len(experiment.settings):4d}   {experiment.summary}")
        elif options.command == "run":
            paths = run(options.name, options.out, options.jobs, options.device)
            print(f"{len(paths)} results in {paths[0].parent}")
        else:
            print(named(options.name).summary)
            for result in results(options.name, options.out):
                shapes = {key: "x".join(map(str, array.shape)) for key, array in result.arrays.items()}
                print(
                    json.dumps(
                        {"settings": result.settings, "arrays": shapes, "provenance": result.provenance}
                    )
                )
    except (ValueError, FileNotFoundError, DataError) as error:
        print(f"nin_lib: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
