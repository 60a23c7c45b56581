"""Which verdicts another policy or other waivers change: as text, and as JSON."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hullcheck.messages import printable
from hullcheck.results import Audit, Finding, sentences
from hullcheck.results.turns import Turn

SCHEMA = "hullcheck/what-if/1"
_NOTHING = "not judged"


def text(before: Audit, turned: Sequence[Turn]) -> str:
    """Render for people: how many findings turn from which verdict to which, and then each of them."""
    numbers = {each.id: sentences.number(each) or each.id for each in before.controls}
    counts = Counter(_turn(each) for each in turned)
    lines = [f"{count:5} {words}" for words, count in sorted(counts.items())] or ["Nothing changes."]
    for each in turned:
        found = each.after or each.before
        subject = f", {found.kind} {found.subject}" if found and found.kind != "target" else ""
        reason = f": {each.after.reason}" if each.after and each.after.reason else ""
        lines.append(
            f"{each.target}, {numbers.get(each.control, each.control)}{subject}: {_turn(each)}{reason}"
        )
    return printable("\n".join(lines)) + "\n"


def notes(lines: Iterable[str]) -> str:
    """Render what is to be known beside it."""
    return printable("".join(f"\n{each}" for each in lines)) + "\n"


def _turn(turn: Turn) -> str:
    return f"{_verdict(turn.before)} -> {_verdict(turn.after)}"


def _verdict(finding: Finding | None) -> str:
    return str(finding.verdict) if finding else _NOTHING


def document(before: Audit, turned: Sequence[Turn], daemon_json: Mapping[str, Any] | None = None) -> str:
    """Render as JSON, with what is told of another daemon.json."""
    entries: list[dict[str, Any]] = []
    for each in turned:
        found = each.after or each.before
        assert found is not None  # one of them is there, or nothing has turned
        entries.append(
            {
                "control": each.control,
                "target": each.target,
                "kind": found.kind,
                "subject": found.subject,
                "before": _verdict(each.before),
                "after": _verdict(each.after),
                "reason": each.after.reason if each.after else "",
            }
        )
    told: dict[str, Any] = {"schema": SCHEMA, "run": before.run.id, "findings": entries}
    if daemon_json is not None:
        told["daemon_json"] = daemon_json
    return json.dumps(told, indent=1) + "\n"
