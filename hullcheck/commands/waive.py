"""`hullcheck waive`: record that a failure is accepted."""

import argparse
import os
import re
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from hullcheck import DEFAULT_INVENTORY
from hullcheck.commands import Subparsers, add_paths
from hullcheck.inventory.acceptance import days
from hullcheck.messages import WrongUse, printable

EXAMPLE = """example:
  hullcheck waive container_is_not_privileged --target web1 --subject mirror \\
      --reason "the driver of the mirror needs it until the new one is there" \\
      --until 2027-01-31 --approved-by "Jane Doe" --ticket OPS-118

What fails is then told as waived, with all of this, until that day is over (UTC). An error is never waived, and a
waiver that is out of date or no longer needed is told in every audit. More: docs/waivers.md
"""


_WIDE = {
    "target": "on every target",
    "subject": "of every subject",
    "until": "without an end",
    "approved_by": "approved by nobody",
}
"""What a waiver accepts without these options."""


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Writes an option and its value in one word, as every page does: pytest needs it so for paths."""

    def format_help(self) -> str:
        return re.sub(r"(--[a-z-]+) ([A-Z]+\b)", r"\1=\2", super().format_help())


def add(commands: Subparsers) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "waive",
        help="accept a failure: write a waiver into the inventory",
        description="Write a waiver into the inventory, or into the file that it names under `waivers`.\n"
        "Comments and all that is there stay as they are.",
        epilog=EXAMPLE,
        formatter_class=HelpFormatter,
    )
    parser.add_argument("control", metavar="CONTROL", help="its name, or its number in the CIS benchmark")
    add_paths(parser)
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why the failure is accepted")
    add_scope(parser)
    parser.add_argument(
        "--until", metavar="DAY", help="the last day on which it holds, as 2027-01-31; else no end"
    )
    parser.add_argument("--ticket", metavar="ID", help="where it was decided")
    parser.add_argument("--approved-by", metavar="PERSON", help="who accepts the risk")
    parser.add_argument("--approved-on", metavar="DAY", help="when, as 2026-11-24")
    parser.add_argument("--risk", metavar="TEXT", help="what can still happen")
    add_inventory(parser)
    parser.set_defaults(run=_run)


def add_scope(parser: argparse.ArgumentParser) -> None:
    """Declare the options for the targets and subjects of an entry."""
    for name, example in (("target", "web1 or 'web*'"), ("subject", "a container's name or 'web-*'")):
        parser.add_argument(
            f"--{name}",
            action="append",
            default=[],
            metavar="PATTERN",
            help=f"only {name}s of this name, as {example}; can be given again (default: all)",
        )


def add_inventory(parser: argparse.ArgumentParser) -> None:
    """Declare the option for the file."""
    default = Path(os.environ.get("HULLCHECK_INVENTORY") or DEFAULT_INVENTORY)
    parser.add_argument(
        "--inventory",
        type=Path,
        default=default,
        metavar="PATH",
        help=f"where it is written (default: HULLCHECK_INVENTORY, or {DEFAULT_INVENTORY})",
    )


def today() -> date:
    """Return the UTC day."""
    return datetime.now(UTC).date()


def day(option: str, text: str, *, past: bool = False) -> str:
    """Return *text*, which is a day from today on, or until today if it has to be *past*.

    Raises:
        WrongUse: it is not.
    """
    try:
        found = days.day(text)
    except ValueError as error:
        raise WrongUse(f"{option}: {error}") from None
    if found != today() and (found > today()) is past:
        raise WrongUse(f"{option}: {text} is {'yet to come' if past else 'over'}; today is {today()} (UTC)")
    return text


def words(option: str, text: str) -> str:
    """Return *text* in one line, which says something.

    Raises:
        WrongUse: it does not.
    """
    line = " ".join(text.split())
    if not any(map(str.isalnum, line)):
        raise WrongUse(f"{option}: {text!r} says nothing; write it in words")
    if not line.isprintable():
        raise WrongUse(f"{option}: {printable(line)} holds characters that cannot be seen; take them out")
    return line


def write(given: argparse.Namespace, section: str, control: str, entry: dict[str, Any]) -> int:
    """Write the entry, and say what and where."""
    from hullcheck.inventory.acceptance import entries  # late: what reads inventories is slow to import

    if not given.inventory.exists():
        raise WrongUse(f"{given.inventory}: not there; name the inventory: --inventory=PATH")
    scope = {"targets": given.target, "subjects": given.subject}
    written = entries.add(given.inventory, section, control, entry | {k: v for k, v in scope.items() if v})
    print(f"{written.place}: written")
    print(printable(written.text))
    return 0


def _run(given: argparse.Namespace) -> int:
    from hullcheck.inventory.acceptance import entries
    from hullcheck.inventory.acceptance import files as acceptance_files

    entry = {"justification": words("--reason", given.reason)}
    if given.until is not None:
        entry["last_day"] = day("--until", given.until)
    for option in ("ticket", "approved_by", "risk"):
        said = getattr(given, option)
        if said is not None:
            entry[option] = words(f"--{option.replace('_', '-')}", said)
    if given.approved_on is not None:
        entry["approved_on"] = day("--approved-on", given.approved_on, past=True)
    control = entries.control_of(given.control, given.paths).control.id
    status = write(given, acceptance_files.WAIVERS, control, entry)
    unsaid = {name.replace("_", "-"): words for name, words in _WIDE.items() if not getattr(given, name)}
    if unsaid:
        options = ", ".join(f"--{name}" for name in unsaid)
        print(f"It accepts the failure {', '.join(unsaid.values())}; limit it by {options}.", file=sys.stderr)
    return status
