"""`hullcheck explain`: all that is to know of one control."""

import argparse

from hullcheck.commands import Subparsers, add_paths, terminal


def add(commands: Subparsers) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "explain",
        help="explain a control: what it demands, why, how to mend it, and how it is judged",
        description="Explain one control. No host is contacted.",
    )
    parser.add_argument(
        "control", metavar="CONTROL", help="its number in the CIS benchmark, as 5.5, or its name"
    )
    add_paths(parser)
    parser.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    from hullcheck.inventory.acceptance import entries  # late: what reads inventories is slow to import
    from hullcheck.writers import controls as writer

    print(writer.explanation(entries.control_of(given.control, given.paths), terminal()[0]), end="")
    return 0
