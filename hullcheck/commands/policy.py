"""`hullcheck policy`: a draft of a policy, from what an audit found."""

import argparse
from pathlib import Path

from hullcheck.commands import Subparsers
from hullcheck.messages import WrongUse
from hullcheck.results import document, run_files


def add(commands: Subparsers) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "policy",
        help="draft the policy that would accept what an audit found",
        description="Print a policy that accepts what an audit found, each line with a comment that says what it"
        " accepts. It is a draft for a person to cut down: delete what nobody needs, and put the rest into the"
        " inventory.",
    )
    parser.add_argument(
        "--from",
        required=True,
        type=Path,
        dest="run_folder",
        metavar="RUN-FOLDER",
        help="what the audit left, as reports/latest",
    )
    parser.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    from hullcheck.facts import PROBES, Facts  # late: all facts are slow to import
    from hullcheck.policy import Policy
    from hullcheck.recording import Recording
    from hullcheck.writers import policy_draft

    folder: Path = given.run_folder
    audit = document.load(folder / run_files.RESULTS, "hullcheck policy --from=RUN-FOLDER")
    known = {}
    for name in (each.name for each in audit.targets):
        recording = Recording.load(folder / name, PROBES)
        if recording.failure:
            raise WrongUse(
                f"{name}: was not audited: {recording.failure}; audit it again, and draft from that run"
            )
        known[name] = Facts(recording, Policy())
    print(policy_draft.text(folder.resolve().name, known), end="")
    return 0
