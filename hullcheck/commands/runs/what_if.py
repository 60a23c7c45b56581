"""`hullcheck what-if`: the evidence of a run under another policy, with other waivers, or with another daemon.json."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from hullcheck.messages import WrongUse

if TYPE_CHECKING:
    from hullcheck.commands import Subparsers

RUN = Path("reports/latest")
_DAEMON_JSON = """a daemon.json in the place of that of each host, as after a restart with it. Judged is only what it
and the command line of the daemon decide; what a restart alone would show is an error, and all else stays as it is"""


def add(commands: "Subparsers") -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "what-if",
        help="judge the evidence of a run under another policy, waivers or daemon.json, and show what that changes",
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
    parser.add_argument("--daemon-json", type=Path, metavar="FILE", help=" ".join(_DAEMON_JSON.split()))
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
    if given.daemon_json and instead:
        raise WrongUse("--daemon-json: judge it by itself, without --policy and --waivers")
    if not instead and not given.inventory and not given.daemon_json:
        raise WrongUse(
            "what if what? Name --policy=FILE, --waivers=FILE, --daemon-json=FILE or --inventory=FILE"
        )
    # late: no other subcommand needs what these import
    from hullcheck import what_if
    from hullcheck.results.turns import turns
    from hullcheck.writers import what_if as writer

    if given.daemon_json:
        return _restarted(given)
    before, after = what_if.changed(given.run_folder, given.inventory, instead)
    render = writer.document if given.json else writer.text
    print(render(before, turns(before, after)), end="")
    return 0


def _restarted(given: argparse.Namespace) -> int:
    """With another daemon.json; the exit status is 1 if a daemon would not start with it."""
    from hullcheck import what_if
    from hullcheck.results.turns import turns
    from hullcheck.what_if import daemon_json
    from hullcheck.writers import what_if as writer

    made = daemon_json.suppose(given.daemon_json, what_if.recordings_of(given.run_folder))
    before, after = what_if.changed(given.run_folder, given.inventory, {}, made.recordings)
    turned = [
        each
        for each in turns(before, after)
        if each.control in daemon_json.JUDGED and each.target in made.recordings
    ]
    if given.json:
        print(writer.document(before, turned, made.told(before)), end="")
    else:
        print(writer.text(before, turned) + writer.notes(made.notes(before)), end="")
    return 1 if made.refused else 0
