"""`hullcheck waive` and `hullcheck attest`: record that a failure is accepted, and what a person has checked."""

import argparse
import os
import re
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from hullcheck import DEFAULT_INVENTORY
from hullcheck.commands import Subparsers, add_paths
from hullcheck.messages import WrongUse, printable

WAIVE_EXAMPLE = """example:
  hullcheck waive container_is_not_privileged --target web1 --subject mirror \\
      --reason "the driver of the mirror needs it until the new one is there" \\
      --until 2027-01-31 --approved-by "Jane Doe" --ticket OPS-118

What fails is then told as waived, with all of this, until that day is over (UTC). An error is never waived, and a
waiver that is out of date or no longer needed is told in every audit. More: docs/waivers.md
"""
ATTEST_EXAMPLE = """example:
  hullcheck attest host_follows_a_hardening_standard --target 'web*' --by "Zoë Ray" --valid-for 6m \\
      --statement "hardened by our own standard, checked on each host" \\
      --evidence https://wiki.example.com/hardening/2026-11

What is manual is then told as attested, with all of this, as long as it is valid. With --failed it fails. More:
docs/waivers.md
"""
_WIDE = {
    "target": "on every target",
    "subject": "of every subject",
    "until": "without an end",
    "approved_by": "approved by nobody",
}
"""What a waiver accepts without these options."""


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Writes an option and its value in one word, as every page does: pytest needs it so for paths."""

    def format_help(self) -> str:
        return re.sub(r"(--[a-z-]+) ([A-Z]+\b)", r"\1=\2", super().format_help())


def add(commands: Subparsers) -> None:
    """Declare the subcommands."""
    help_ = "accept a failure: write a waiver into the inventory"
    waive = _parser(commands, "waive", "a waiver", help_, WAIVE_EXAMPLE)
    cause = "in place of CONTROL: what fails for this reason, as reports show it, or a pattern of it"
    waive.add_argument("--cause", metavar="TEXT", help=cause)
    waive.add_argument("--reason", required=True, metavar="TEXT", help="why the failure is accepted")
    waive.add_argument("--until", metavar="DAY", help="the last day on which it holds, as 2027-01-31; else no end")
    waive.add_argument("--ticket", metavar="ID", help="where it was decided")
    waive.add_argument("--approved-by", metavar="PERSON", help="who accepts the risk")
    waive.add_argument("--approved-on", metavar="DAY", help="when, as 2026-11-24")
    waive.add_argument("--risk", metavar="TEXT", help="what can still happen")
    waive.set_defaults(run=_waive)

    help_ = "attest what only a person can see: write an attestation into the inventory"
    attest = _parser(commands, "attest", "an attestation", help_, ATTEST_EXAMPLE)
    attest.add_argument("--statement", required=True, metavar="TEXT", help="what the person found")
    attest.add_argument("--by", required=True, metavar="PERSON", help="who looked")
    attest.add_argument("--on", metavar="DAY", help="when, as 2026-11-24 (default: today, UTC)")
    valid = attest.add_mutually_exclusive_group(required=True)
    valid.add_argument(
        "--valid-for",
        metavar="PERIOD",
        help="how long it is worth something: annually, quarterly, monthly, weekly, ..., or as 6w, 3m, 1y",
    )
    valid.add_argument("--until", metavar="DAY", help="the last day on which it is, as 2027-01-31")
    attest.add_argument("--failed", action="store_true", help="the person found that it is not as it should be")
    evidence = "what the person saw; can be given again"
    attest.add_argument("--evidence", action="append", default=[], metavar="LINK", help=evidence)
    attest.set_defaults(run=_attest, cause=None)


def _parser(commands: Subparsers, name: str, entry: str, help_: str, example: str) -> argparse.ArgumentParser:
    """Return a subcommand with what both have in common."""
    parser = commands.add_parser(
        name,
        help=help_,
        description=f"Write {entry} into the inventory, or into the file that it names under"
        f" `{entry.split()[1]}s`.\nComments and all that is there stay as they are.",
        epilog=example,
        formatter_class=_HelpFormatter,
    )
    nargs = "?" if name == "waive" else None
    parser.add_argument("control", nargs=nargs, metavar="CONTROL", help="its name, or its number in the CIS benchmark")
    add_paths(parser)
    for kind, named in (("target", "web1 or 'web*'"), ("subject", "a container's name or 'web-*'")):
        help_ = f"only {kind}s of this name, as {named}; can be given again (default: all)"
        parser.add_argument(f"--{kind}", action="append", default=[], metavar="PATTERN", help=help_)
    parser.add_argument(
        "--inventory",
        type=Path,
        default=Path(os.environ.get("HULLCHECK_INVENTORY") or DEFAULT_INVENTORY),
        metavar="PATH",
        help=f"where it is written (default: HULLCHECK_INVENTORY, or {DEFAULT_INVENTORY})",
    )
    return parser


def _waive(given: argparse.Namespace) -> int:
    entry = {"justification": _words("--reason", given.reason)}
    if given.until is not None:
        entry["last_day"] = _day("--until", given.until)
    for option in ("ticket", "approved_by", "risk"):
        if (text := getattr(given, option)) is not None:
            entry[option] = _words(f"--{option.replace('_', '-')}", text)
    if given.approved_on is not None:
        entry["approved_on"] = _day("--approved-on", given.approved_on, past=True)
    _write(given, "waivers", entry)
    unsaid = {name.replace("_", "-"): words for name, words in _WIDE.items() if not getattr(given, name)}
    if unsaid:
        options = ", ".join(f"--{name}" for name in unsaid)
        print(f"It accepts the failure {', '.join(unsaid.values())}; limit it by {options}.", file=sys.stderr)
    return 0


def _attest(given: argparse.Namespace) -> int:
    looked = _day("--on", given.on or str(_today()), past=True)
    entry: dict[str, Any] = {
        "explanation": _words("--statement", given.statement),
        **(_valid_for(given.valid_for, looked) if given.valid_for else {}),
        **({"last_day": _day("--until", given.until)} if given.until is not None else {}),
        "status": "failed" if given.failed else "passed",
        "updated": looked,
        "updated_by": _words("--by", given.by),
    }
    if given.evidence:
        entry["evidence"] = [_words("--evidence", each) for each in given.evidence]
    _write(given, "attestations", entry)
    return 0


def _write(given: argparse.Namespace, section: str, entry: dict[str, Any]) -> None:
    """Write the entry, and print what and where."""
    from hullcheck.inventory.acceptance import entries, files  # late: what reads inventories is slow to import

    if bool(given.control) is bool(given.cause):
        raise WrongUse("name either a CONTROL, or by --cause=TEXT the reason that several controls give")
    control = "" if given.cause else entries.control_of(given.control, given.paths).control.id
    if not given.inventory.exists():
        raise WrongUse(f"{given.inventory}: not there; name the inventory: --inventory=PATH")
    scope = {"targets": given.target, "subjects": given.subject}
    entry |= {key: names for key, names in scope.items() if names}
    if section == "attestations":
        entry = {"control_id": control, **entry}
    names = (control,) if control else (files.CAUSES, _words("--cause", given.cause))
    written = entries.add(given.inventory, section, names if section == "waivers" else (), entry)
    print(f"{written.place}: written")
    print(printable(written.text))


def _today() -> date:
    return datetime.now(UTC).date()


def _day(option: str, text: str, *, past: bool = False) -> str:
    """Return *text*, which is a day from today on, or until today if it has to be *past*."""
    from hullcheck.inventory.acceptance import days

    try:
        found = days.start(text).date()
    except ValueError as error:
        raise WrongUse(f"{option}: {error}") from None
    if found != _today() and (found > _today()) is past:
        raise WrongUse(f"{option}: {text} is {'yet to come' if past else 'over'}; today is {_today()} (UTC)")
    return text


def _valid_for(period: str, looked: str) -> dict[str, str]:
    """Return the validity, which must not be over already."""
    from hullcheck.inventory.acceptance import days

    try:
        ends = days.after(days.start(looked), period)
    except ValueError as error:
        raise WrongUse(f"--valid-for: {error}") from None
    if ends.date() <= _today():
        raise WrongUse(f"--valid-for: {period} from {looked} on is over; today is {_today()} (UTC)")
    return {"frequency": period}


def _words(option: str, text: str) -> str:
    """Return *text* in one line, which says something."""
    line = " ".join(text.split())
    if not any(map(str.isalnum, line)):
        raise WrongUse(f"{option}: {text!r} says nothing; write it in words")
    if not line.isprintable():
        raise WrongUse(f"{option}: {printable(line)} holds characters that cannot be seen; take them out")
    return line
