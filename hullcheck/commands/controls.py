"""`hullcheck controls`: the list of all controls."""

import argparse
from typing import TYPE_CHECKING

from hullcheck.commands import terminal
from hullcheck.controls import catalog
from hullcheck.data import benchmarks
from hullcheck.writers import controls as writer

if TYPE_CHECKING:
    from hullcheck.commands import Subparsers


def add(commands: "Subparsers") -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "controls",
        help="list the controls, with their numbers in the CIS benchmark",
        description="List the controls that pytest finds: the project's and your own. No host is contacted.",
    )
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="where the controls are (default: as pytest's settings say)"
    )
    parser.add_argument(
        "--benchmark",
        type=_version,
        default=benchmarks.CURRENT,
        metavar="VERSION",
        help=f"show the numbers of this version of the CIS Docker Benchmark: {', '.join(benchmarks.VERSIONS)}"
        f" (default: {benchmarks.CURRENT}); `-m 'cis(id=...)'` always means {benchmarks.CURRENT}",
    )
    parser.add_argument(
        "--json", action="store_true", help="print all that is known of each control, for programs"
    )
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
