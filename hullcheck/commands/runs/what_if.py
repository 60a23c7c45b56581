"""`hullcheck what-if`: the evidence of a run under another policy, or with other waivers."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from hullcheck.messages import WrongUse

if TYPE_CHECKING:
    from hullcheck.commands import Subparsers

RUN = Path("reports/latest")


def add(commands: "Subparsers") -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "what-if",
        help="judge the evidence of a run under another policy, or with other waivers, and show what that changes",
        description="Judge the recordings of a run again, and show each finding that gets another verdict. No host is"
        " contacted, and the run stays as it is. Run it in the directory of the controls.",
    )
    parser.add_argument(
        "run_folder",
        nargs="?",
        type=Path,
        default=RUN,
        metavar="RUN",
        help=f"the folder of a run (default: {RUN})",
    )
    parser.add_argument(
        "--policy", type=Path, metavar="FILE", help="YAML with a policy, as below `policy` in an inventory"
    )
    parser.add_argument("--waivers", type=Path, metavar="FILE", help="YAML with waivers, as below `waivers`")
    parser.add_argument(
        "--inventory",
        type=Path,
        metavar="FILE",
        help="another inventory; without it, that which the run was given, if it is there",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    parser.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    instead = {part: path for part in ("policy", "waivers") if (path := getattr(given, part))}
    if not instead and not given.inventory:
        raise WrongUse("what if what? Name --policy=FILE, --waivers=FILE or --inventory=FILE")
    # late: no other subcommand needs what these import
    from hullcheck import what_if
    from hullcheck.results.turns import turns
    from hullcheck.writers import what_if as writer

    before, after = what_if.changed(given.run_folder, given.inventory, instead)
    render = writer.document if given.json else writer.text
    print(render(before, turns(before, after)), end="")
    return 0
