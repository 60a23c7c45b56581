"""`hullcheck controls`: the list of all controls."""

import argparse

from hullcheck.commands import Subparsers, add_json, add_paths, terminal
from hullcheck.controls import catalog
from hullcheck.data import benchmarks
from hullcheck.writers import controls as writer


def add(commands: Subparsers) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "controls",
        help="list the controls, with their numbers in the CIS benchmark",
        description="List the controls that come with hullcheck, or those in PATH. No host is contacted.",
    )
    add_paths(parser)
    parser.add_argument(
        "--benchmark",
        type=_version,
        default=benchmarks.CURRENT,
        metavar="VERSION",
        help=f"show the numbers of this version of the CIS Docker Benchmark: {', '.join(benchmarks.VERSIONS)}"
        f" (default: {benchmarks.CURRENT}); `-m 'cis(id=...)'` always means {benchmarks.CURRENT}",
    )
    add_json(parser, "print all that is known of each control, for programs")
    parser.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    listed = catalog.in_order(catalog.collect(given.paths), given.benchmark)
    if given.json:
        print(writer.document(listed, given.benchmark), end="")
        return 0
    print(writer.table(listed, given.benchmark, *terminal()), end="")
    return 0


def _version(text: str) -> str:
    if text not in benchmarks.VERSIONS:
        raise argparse.ArgumentTypeError(f"unknown version {text!r}; known: {', '.join(benchmarks.VERSIONS)}")
    return text
