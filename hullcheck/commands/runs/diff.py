"""`hullcheck diff`: what two runs found differently, and why."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hullcheck.commands import Subparsers


def add(commands: "Subparsers") -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "diff",
        help="show what changed between two runs, and which answer of the host made the difference",
        description="Show which findings are new in the later run, which are gone, and what the host answered"
        " differently: both recordings are read. The exit status is 1 where something fails that did not fail before.",
    )
    parser.add_argument(
        "old", type=Path, metavar="OLD", help="folder of the earlier run, or its results.json"
    )
    parser.add_argument("new", type=Path, metavar="NEW", help="the same of the later run")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON, for programs")
    form.add_argument(
        "--markdown", action="store_true", help="print Markdown, as for a comment of a merge request"
    )
    parser.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    # late: no other subcommand needs what these import
    from hullcheck.drift import drift
    from hullcheck.drift.runs import PastRun, require_same_limits
    from hullcheck.writers import drift as writer

    old, new = PastRun.load(given.old), PastRun.load(given.new)
    require_same_limits(old, new)
    found = drift(old, new)
    render = writer.document if given.json else writer.markdown if given.markdown else writer.text
    print(render(found), end="")
    return 1 if found.changes.new else 0
