"""results.sarif: SARIF 2.1.0, with every verdict; code-scanning.sarif: what fails alone, for GitHub.

GitHub takes each result for a problem, whatever its kind says, and refuses a file above its limits.
"""

import gzip
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from hullcheck.recording.backends import COMPOSE
from hullcheck.results import Audit, Control, Waiver
from hullcheck.verdicts import Verdict
from hullcheck.writers.entries import Entry, entries, json_text, line
from hullcheck.writers.formats import Rendering
from hullcheck.writers.formats.status import STATUS

MOST_RESULTS = 25_000
MOST_RULES = 25_000
MOST_TAGS = 20
LARGEST = 10_000_000
"""Bytes of the file when gzip has packed it."""
_SAFE = LARGEST * 9 // 10  # libraries pack a little differently, and the cut must be the same for all
_SMALLER = 0.8
_MOST_NOTIFICATIONS = 1000
_PLACE = re.compile(r"(?:\A|\()([^():\n]+):([0-9]{1,9})(?:, [^():\n]+:[0-9]{1,9})*\)?\Z")
"""File and line at the end of a reason, as findings on Compose files have it."""
_TITLE = 1000  # characters; GitHub's limit is 1024
_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.5"}
"""In the ranges that GitHub shows by the same four words."""
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_PROBLEM = "fail"
_CUT = "results-left-out"
_UNREAD = "evidence-not-read"
_MEANINGS = {
    _UNREAD: "Evidence could not be read, so the control was not judged.",
    _CUT: "Results were left out, because readers have a limit.",
}


def render(audit: Audit) -> Rendering:
    """Every finding of *audit*."""
    return _fitting(audit, list(entries(audit)))


def render_problems(audit: Audit) -> Rendering:
    """What fails, is waived or could not be judged."""
    return _fitting(audit, [each for each in entries(audit) if STATUS[each.verdict].sarif == _PROBLEM])


def _fitting(audit: Audit, found: Sequence[Entry]) -> Rendering:
    """As many of the worst results as the limits allow, in the order of the audit."""
    worst = sorted(range(len(found)), key=lambda at: found[at].order)
    rules = list(audit.controls)
    named = {each.id for each in rules[:MOST_RULES]}
    worst = [at for at in worst if found[at].control.id in named]
    most = min(len(worst), MOST_RESULTS)
    while True:
        kept = [found[at] for at in sorted(worst[:most])]
        left_out = _left_out(len(found) - most, found, set(worst[:most]))
        content = json_text(_log(audit, rules[:MOST_RULES], kept, left_out)).encode("ascii")
        if len(content) <= _SAFE or len(gzip.compress(content, mtime=0)) <= _SAFE or most == 0:
            return Rendering(content, left_out)
        most = int(most * _SMALLER)


def _left_out(many: int, found: Sequence[Entry], kept: set[int]) -> str:
    if not many:
        return ""
    failing = sum(each.verdict is Verdict.FAIL for at, each in enumerate(found) if at not in kept)
    said = f"{many:,} of {len(found):,} results were left out, because GitHub takes no more"
    return f"{said}; {failing:,} of them fail; results.json has them all"


def _log(audit: Audit, rules: Sequence[Control], kept: Sequence[Entry], left_out: str) -> dict[str, Any]:
    index = {each.id: at for at, each in enumerate(rules)}
    targets = {each.name: at for at, each in enumerate(audit.targets)}
    shard = audit.run.shard.replace("/", "-of-")
    run = {
        "tool": {
            "driver": {
                "name": "hullcheck",
                "version": audit.run.version,
                "rules": [_rule(each) for each in rules],
                "notifications": [_kind_of_note(*each) for each in _MEANINGS.items()],
            }
        },
        "automationDetails": {"id": f"hullcheck/{shard}/" if shard else "hullcheck/"},
        "invocations": [_invocation(audit, kept, index, left_out)],
        "columnKind": "unicodeCodePoints",
        "logicalLocations": [_target(each.name) for each in audit.targets],
        "results": [_result(each, audit, index, targets) for each in kept],
        "properties": {"run": audit.run.id},
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _text(text: str) -> dict[str, str]:
    return {"text": text}


def _rule(control: Control) -> dict[str, Any]:
    said = f"{control.rationale}\n\nRemedy: {control.remedy}" if control.remedy else control.rationale
    return {
        "id": control.id,
        "shortDescription": _text(line(control.title, _TITLE) or control.id),
        "fullDescription": _text(line(control.rationale, _TITLE) or control.id),
        "help": _text(said or control.id),
        "defaultConfiguration": {"level": _LEVELS.get(control.severity, "warning")},
        "properties": {
            "tags": _tags(control.frameworks),
            "security-severity": _SCORES.get(control.severity, _SCORES["medium"]),
            "severity": control.severity,
            "frameworks": {name: list(each) for name, each in control.frameworks.items()},
        },
    }


def _tags(frameworks: Mapping[str, Iterable[str]]) -> list[str]:
    """The first ids of each framework in turn, so that none is lost to the limit alone."""
    ids = [[f"{name}:{each}" for each in some] for name, some in frameworks.items()]
    turns = [each for turn in range(MOST_TAGS) for some in ids for each in some[turn : turn + 1]]
    return list(dict.fromkeys(["security", *turns]))[:MOST_TAGS]


def _target(name: str) -> dict[str, Any]:
    return {"name": name, "fullyQualifiedName": name, "kind": "resource"}


def _invocation(
    audit: Audit, kept: Sequence[Entry], index: Mapping[str, int], left_out: str
) -> dict[str, Any]:
    unread = [each for each in kept if each.verdict is Verdict.ERROR]
    notes = [_notification(each, index) for each in unread[:_MOST_NOTIFICATIONS]]
    more = len(unread) - len(notes)
    if more:
        notes.append(_note(_CUT, f"{more:,} further results are errors, too", "warning"))
    if left_out:
        notes.append(_note(_CUT, left_out, "warning"))
    return {
        "executionSuccessful": audit.run.exit_status in (0, 1),
        "exitCode": audit.run.exit_status,
        "startTimeUtc": audit.run.started,
        "endTimeUtc": audit.run.finished,
        "toolExecutionNotifications": notes,
    }


def _kind_of_note(name: str, meaning: str) -> dict[str, Any]:
    """With all that GitHub asks of a rule."""
    return {"id": name, **dict.fromkeys(("shortDescription", "fullDescription", "help"), _text(meaning))}


def _note(kind: str, text: str, level: str) -> dict[str, Any]:
    descriptor = {"id": kind, "index": list(_MEANINGS).index(kind)}
    return {"descriptor": descriptor, "level": level, "message": _text(text)}


def _notification(entry: Entry, index: Mapping[str, int]) -> dict[str, Any]:
    rule = {"id": entry.control.id, "index": index[entry.control.id]}
    said = line(f"{entry.result.target}: {entry.number}: {entry.sentence}")
    return {**_note(_UNREAD, said, "error"), "associatedRule": rule}


def _result(
    entry: Entry, audit: Audit, index: Mapping[str, int], targets: Mapping[str, int]
) -> dict[str, Any]:
    kind = STATUS[entry.verdict].sarif
    level = _LEVELS.get(entry.severity, "warning") if kind == _PROBLEM else "none"
    made: dict[str, Any] = {
        "ruleId": entry.control.id,
        "ruleIndex": index[entry.control.id],
        "kind": kind,
        "level": level,
        "message": _text(_message(entry)),
        "locations": [_location(entry, audit, targets)],
        # GitHub follows an alert by the first; without it, it takes file and line, which are the same for all
        "partialFingerprints": {"primaryLocationLineHash": f"{entry.id}:1", "hullcheckFinding/v1": entry.id},
        "properties": {
            "verdict": str(entry.verdict),
            "severity": entry.severity,
            "target": entry.result.target,
        },
    }
    if entry.verdict is Verdict.WAIVED:
        made["suppressions"] = [_suppression(entry, entry.waiver)]
    return made


def _message(entry: Entry) -> str:
    said = f"{entry.result.target}: {entry.sentence}" if entry.finding.kind != "target" else entry.sentence
    if entry.verdict is Verdict.ERROR:
        said = f"Not judged: {said}"
    return line(said)


def _location(entry: Entry, audit: Audit, targets: Mapping[str, int]) -> dict[str, Any]:
    """In the repository, for GitHub refuses a result without a file.

    That is where a Compose file has what was found, else the inventory, else the name of the target.
    """
    target, found = entry.result.target, entry.finding
    named = {
        "name": line(found.subject, _TITLE),
        "fullyQualifiedName": line("/".join((target, found.kind, found.subject)), _TITLE),
        "kind": "resource",
    }
    logical = [{**_target(target), "index": targets[target]}] if target in targets else [_target(target)]
    if found.kind != "target":
        logical = [named | ({"parentIndex": targets[target]} if target in targets else {})]
    of_file = any(each.name == target and each.kind == COMPOSE for each in audit.targets)
    written = _PLACE.search(found.reason) if of_file and found.kind != "target" else None
    physical = _physical(written[1], int(written[2])) if written else _physical(audit.run.inventory or target)
    return {**physical, "logicalLocations": logical}


def _physical(path: str, number: int = 1) -> dict[str, Any]:
    """A file of the repository; its name is written as an address."""
    name = quote(path, safe="/", errors="replace") or "."
    region = {"startLine": number}
    return {"physicalLocation": {"artifactLocation": {"uri": name}, "region": region}}


def _suppression(entry: Entry, waiver: Waiver | None) -> dict[str, Any]:
    made: dict[str, Any] = {"kind": "external", "status": "accepted"}
    if waiver is None:
        return made | {"justification": f"waived by {line(entry.finding.accepted_by)}"}
    parts = {
        "by": waiver.approved_by,
        "ticket": waiver.ticket,
        "risk": waiver.risk,
        "until": waiver.last_day,
        "place": waiver.place,
    }
    made["justification"] = line(waiver.reason)
    made["properties"] = {name: line(each) for name, each in parts.items() if each}
    return made
