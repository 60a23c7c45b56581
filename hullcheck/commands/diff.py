"""`hullcheck diff`: what two runs found differently, and which answers of the host changed."""

import argparse
from pathlib import Path

from hullcheck.commands import Subparsers, add_json


def add(commands: Subparsers) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "diff",
        help="show what changed between two runs, and in the answers of the host",
        description="Show which findings are new in the later run, which are gone, and the lines of the host's answers"
        " that only one of the runs has. The exit status is 1 where something fails that did not fail before.",
    )
    parser.add_argument(
        "old", type=Path, metavar="OLD", help="folder of the earlier run, or its results.json"
    )
    parser.add_argument("new", type=Path, metavar="NEW", help="the same of the later run")
    form = parser.add_mutually_exclusive_group()
    add_json(form)
    form.add_argument(
        "--markdown", action="store_true", help="print Markdown, as for a comment of a merge request"
    )
    parser.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    # late: no other subcommand needs what these import
    from hullcheck.drift import PastRun, drift
    from hullcheck.writers import drift as writer

    found = drift(PastRun.load(given.old), PastRun.load(given.new))
    render = writer.document if given.json else writer.markdown if given.markdown else writer.text
    print(render(found), end="")
    return 1 if found.changes.new else 0
