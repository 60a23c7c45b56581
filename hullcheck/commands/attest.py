"""`hullcheck attest`: record what a person has checked."""

import argparse

from hullcheck.commands import Subparsers, add_paths, waive
from hullcheck.inventory.acceptance import days
from hullcheck.messages import WrongUse

EXAMPLE = """example:
  hullcheck attest host_follows_a_hardening_standard --target 'web*' --by "Zoë Ray" --valid-for 6m \\
      --statement "hardened by our own standard, checked on each host" \\
      --evidence https://wiki.example.com/hardening/2026-11

What is manual is then told as attested, with all of this, as long as it is valid. With --failed it fails. More:
docs/waivers.md
"""


def add(commands: Subparsers) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "attest",
        help="attest what only a person can see: write an attestation into the inventory",
        description="Write an attestation into the inventory, or into the file that it names under `attestations`."
        "\nComments and all that is there stay as they are.",
        epilog=EXAMPLE,
        formatter_class=waive.HelpFormatter,
    )
    parser.add_argument("control", metavar="CONTROL", help="its name, or its number in the CIS benchmark")
    add_paths(parser)
    parser.add_argument("--statement", required=True, metavar="TEXT", help="what the person found")
    parser.add_argument("--by", required=True, metavar="PERSON", help="who looked")
    parser.add_argument("--on", metavar="DAY", help="when, as 2026-11-24 (default: today, UTC)")
    valid = parser.add_mutually_exclusive_group(required=True)
    valid.add_argument(
        "--valid-for",
        metavar="PERIOD",
        help="how long it is worth something: annually, quarterly, monthly, weekly, ..., or as 6w, 3m, 1y",
    )
    valid.add_argument("--until", metavar="DAY", help="the last day on which it is, as 2027-01-31")
    parser.add_argument(
        "--failed", action="store_true", help="the person found that it is not as it should be"
    )
    parser.add_argument(
        "--evidence",
        action="append",
        default=[],
        metavar="LINK",
        help="what the person saw; can be given again",
    )
    waive.add_scope(parser)
    waive.add_inventory(parser)
    parser.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    from hullcheck.inventory.acceptance import entries
    from hullcheck.inventory.acceptance import files as acceptance_files

    statement, person = waive.words("--statement", given.statement), waive.words("--by", given.by)
    looked = waive.day("--on", given.on or str(waive.today()), past=True)
    valid = _valid_for(given.valid_for, looked) if given.valid_for else {"last_day": given.until}
    if given.until is not None:
        waive.day("--until", given.until)
    control = entries.control_of(given.control, given.paths).control.id
    entry = {
        "control_id": control,
        "explanation": statement,
        **valid,
        "status": "failed" if given.failed else "passed",
        "updated": looked,
        "updated_by": person,
    }
    if given.evidence:
        entry["evidence"] = [waive.words("--evidence", each) for each in given.evidence]
    return waive.write(given, acceptance_files.ATTESTATIONS, control, entry)


def _valid_for(period: str, looked: str) -> dict[str, str]:
    """Return the validity; it must not be over already."""
    try:
        ends = days.after(days.start(days.day(looked)), period)
    except ValueError as error:
        raise WrongUse(f"--valid-for: {error}") from None
    if ends <= days.start(waive.today()):
        raise WrongUse(f"--valid-for: {period} from {looked} on is over; today is {waive.today()} (UTC)")
    return {"frequency": period}
