"""`hullcheck accept`: writes a waiver of what fails, or an attestation of a manual check, into the inventory."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hullcheck import DEFAULT_INVENTORY
from hullcheck.commands import Subparsers, add_paths
from hullcheck.messages import WrongUse, printable
from hullcheck.recording.backends import COMPOSE
from hullcheck.results import run_files
from hullcheck.verdicts import Verdict

if TYPE_CHECKING:
    from hullcheck.results import Audit, AuditedTarget

_EXAMPLES = """examples:
  hullcheck accept 5.5 --target web1 --subject mirror --until 2027-01-31 \\
      --reason "needed until the new driver is there" --approved-by "Jane Doe" --ticket OPS-118
  hullcheck accept host_follows_a_hardening_standard --target 'web*' --valid-for 6m \\
      --checked "hardened by our own standard, checked on each host" --by "Zoë Ray"

What fails is then waived, and what is manual attested, until that day is over (UTC). An error is never waived.
Audits report entries that are out of date or not needed any more. More: docs/accept.md
"""
_WIDE = {
    "target": "holds on every target",
    "subject": "covers every subject",
    "until": "has no end",
    "approved_by": "names no approver",
}
"""The scope of a waiver without these options."""
_WAIVER = {
    "reason": ("TEXT", "why"),
    "cause": ("TEXT", "instead of CONTROL: a reason as reports show it, or a pattern; accepts all that fails for it"),
    "approved_by": ("PERSON", "who accepts the risk"),
    "ticket": ("ID", "where it was decided"),
    "risk": ("TEXT", "what can still happen"),
}
_ATTESTATION = {
    "checked": ("TEXT", "what was found"),
    "by": ("PERSON", "who checked"),
    "on": ("DAY", "when, such as 2026-11-24 (default: today, UTC)"),
    "valid_for": ("PERIOD", "how long it holds, instead of --until: annually, monthly, ..., 6w, 3m or 1y"),
}


def add(commands: Subparsers) -> None:
    """Declare the subcommand."""
    accept = commands.add_parser(
        "accept",
        usage="hullcheck accept [CONTROL] (--reason TEXT | --checked TEXT --by PERSON) [OPTIONS]",
        description="Write a waiver (--reason) or an attestation (--checked) into the inventory, or into the file\n"
        "that it names for them. Comments and all that is there stay as they are.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    accept.add_argument("control", nargs="?", metavar="CONTROL", help="its number in the CIS benchmark, or its id")
    for kind, named in (("target", "web1 or 'web*'"), ("subject", "a container's name or 'web-*'")):
        help_ = f"only {kind}s of this name, such as {named}; can be given again (default: all)"
        accept.add_argument(f"--{kind}", action="append", default=[], metavar="PATTERN", help=help_)
    accept.add_argument("--until", metavar="DAY", help="the last day on which it holds, such as 2027-01-31")
    default = Path(os.environ.get("HULLCHECK_INVENTORY") or DEFAULT_INVENTORY)
    help_ = f"the file to write (default: {default})"
    accept.add_argument("--inventory", type=Path, default=default, metavar="PATH", help=help_)
    add_paths(accept)
    waiver, attestation = map(accept.add_argument_group, ("a failure is accepted", "a manual check was done"))
    for group, table in ((waiver, _WAIVER), (attestation, _ATTESTATION)):
        for name, (metavar, help_) in table.items():
            group.add_argument(_spelled(name), metavar=metavar, help=help_)
    attestation.add_argument("--failed", action="store_true", help="the check found that the control fails")
    help_ = "what was seen; can be given again"
    attestation.add_argument("--evidence", action="append", default=[], metavar="LINK", help=help_)
    accept.set_defaults(run=_accept)


def _accept(given: argparse.Namespace) -> int:
    if (given.reason is None) is (given.checked is None):
        raise WrongUse("write either --reason=TEXT, to accept a failure, or --checked=TEXT, for a manual check")
    is_waiver = given.reason is not None
    for name in (*_ATTESTATION, "failed", "evidence") if is_waiver else _WAIVER:
        if getattr(given, name):
            raise WrongUse(f"{_spelled(name)} does not go with {'--reason' if is_waiver else '--checked'}")
    if bool(given.control) is bool(given.cause):
        raise WrongUse("name either a CONTROL, or by --cause=TEXT the reason that several controls give")
    files = _files_of_last_run()
    given.known = [each.name for each in files.targets] if files else []
    if files and not given.target and given.control:
        given.target = _failing(files, given)
    if files and given.inventory == Path(DEFAULT_INVENTORY) and not given.inventory.exists():
        _begin(given.inventory, files.targets)
    if not given.inventory.exists():
        example = "write it with your targets, for example `targets: {web1: {connect: 'ssh://web1'}}`"
        raise WrongUse(f"{given.inventory}: not there; {example}, or name another with --inventory=PATH")
    _write(given, _waiver(given) if is_waiver else _attestation(given))
    unsaid = {name: words for name, words in _WIDE.items() if is_waiver and not getattr(given, name)}
    if unsaid:
        options = ", ".join(map(_spelled, unsaid))
        print(f"The waiver {', '.join(unsaid.values())}; to narrow it, add {options}.", file=sys.stderr)
    return 0


def _files_of_last_run() -> "Audit | None":
    """Return the last run here if it audited Compose files and nothing else."""
    from hullcheck.results import document  # late: it is slow to import

    path = Path(os.environ.get("HULLCHECK_REPORTS") or "reports") / run_files.LATEST
    try:
        audit = document.load(path, "reports/RUN")
    except WrongUse:  # there is none, or it is damaged
        return None
    return audit if audit.of_files else None


def _failing(files: "Audit", given: argparse.Namespace) -> list[str]:
    """Return the files of which the control fails for these subjects."""
    from hullcheck.results.failures import findings

    word, subjects = given.control.lower(), given.subject or ["*"]
    found = (*findings(files, Verdict.FAIL), *findings(files, Verdict.MANUAL))
    named = (each for each in found if word in (each.control.id, *each.control.frameworks.get("cis", ())))
    meant = (each.target for each in named if any(fnmatchcase(each.finding.subject, name) for name in subjects))
    return list(dict.fromkeys(meant))


def _begin(path: Path, targets: "Sequence[AuditedTarget]") -> None:
    """Write an inventory of Compose files, whose paths are relative to it."""
    lines = ["targets:"]
    for each in targets:
        file = os.path.relpath(each.connect.partition("://")[2], path.parent)
        lines.append(f"  {each.name}: {{connect: {json.dumps(f'{COMPOSE}://{file}')}}}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join((*lines, "")), encoding="utf-8")
    except OSError as error:
        raise WrongUse(f"{path}: cannot be written: {error.strerror}") from None


def _spelled(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _waiver(given: argparse.Namespace) -> dict[str, Any]:
    entry = {"reason": _words("reason", given.reason)}
    if given.until is not None:
        entry["until"] = _day("until", given.until)
    for option in ("ticket", "approved_by", "risk"):
        if (text := getattr(given, option)) is not None:
            entry[option] = _words(option, text)
    return entry


def _attestation(given: argparse.Namespace) -> dict[str, Any]:
    if not given.by or (given.valid_for is None) is (given.until is None):
        raise WrongUse("--checked needs --by=PERSON, and either --valid-for=PERIOD or --until=DAY")
    looked = _day("on", given.on or str(_today()), past=True)
    entry: dict[str, Any] = {
        "checked": _words("checked", given.checked),
        **(_valid_for(given.valid_for, looked) if given.valid_for else {"until": _day("until", given.until)}),
        "status": "failed" if given.failed else "passed",
        "on": looked,
        "by": _words("by", given.by),
    }
    if given.evidence:
        entry["evidence"] = [_words("evidence", each) for each in given.evidence]
    return entry


def _write(given: argparse.Namespace, entry: dict[str, Any]) -> None:
    """Write the entry, and print its place and text."""
    from hullcheck.inventory.acceptance import entries, files  # late: what reads inventories is slow to import

    control = "" if given.cause else entries.control_of(given.control, given.paths)
    entry |= {f"{name}s": getattr(given, name) for name in ("target", "subject") if getattr(given, name)}
    names: tuple[str, ...] = (control,) if control else (files.CAUSES, _words("cause", given.cause))
    if given.reason is None:
        names, entry = (), {"control_id": control, **entry}
    section = files.WAIVERS if names else files.ATTESTATIONS
    place, text = entries.add(given.inventory, section, names, entry, given.known)
    print(f"{place}: written")
    print(printable(text))


def _today() -> date:
    return datetime.now(UTC).date()


def _day(option: str, text: str, *, past: bool = False) -> str:
    """Return *text* if it is a day from today on, or until today if it has to be *past*; else raise WrongUse."""
    from hullcheck.inventory.acceptance import days

    try:
        found = days.start(text).date()
    except ValueError as error:
        raise WrongUse(f"--{option}: {error}") from None
    if found != _today() and (found > _today()) is past:
        raise WrongUse(f"--{option}: {text} is {'yet to come' if past else 'over'}; today is {_today()} (UTC)")
    return text


def _valid_for(period: str, looked: str) -> dict[str, str]:
    """Return the validity, or raise WrongUse if it is over already."""
    from hullcheck.inventory.acceptance import days

    try:
        ends = days.after(days.start(looked), period)
    except ValueError as error:
        raise WrongUse(f"--valid-for: {error}") from None
    if ends.date() <= _today():
        raise WrongUse(f"--valid-for: {period} from {looked} on is over; today is {_today()} (UTC)")
    return {"valid_for": period}


def _words(option: str, text: str) -> str:
    """Return *text* in one line, or raise WrongUse if it has no words."""
    line = " ".join(text.split())
    if not any(map(str.isalnum, line)):
        raise WrongUse(f"{_spelled(option)}: {text!r} says nothing; write it in words")
    if not line.isprintable():
        raise WrongUse(f"{_spelled(option)}: {printable(line)} holds characters that cannot be seen; take them out")
    return line
