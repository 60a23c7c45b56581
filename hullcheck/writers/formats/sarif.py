"""results.sarif: failures, waived ones and errors, as SARIF 2.1.0 within the limits of GitHub.

GitHub takes each result for a problem, whatever its kind says, so what passes is not there.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from msgspec import to_builtins

from hullcheck.results import Audit, Control
from hullcheck.verdicts import Verdict
from hullcheck.writers.entries import BAD, Entry, accepted_document, entries, json_text, line
from hullcheck.writers.formats import Rendering

MOST_RESULTS = 5_000
"""GitHub shows no more; with these the file is not too large for it."""
_MOST_TAGS = 20
_TITLE = 1000  # characters; GitHub's limit is 1024
_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.5"}
"""In the ranges that GitHub shows by the same four words."""
_UNREAD = "evidence-not-read"
_MEANING = {"text": "Evidence could not be read, so the control was not judged."}


def render(audit: Audit) -> Rendering:
    """Render the worst findings of *audit*, as many as GitHub takes, in the order of the audit."""
    found = [each for each in entries(audit) if each.verdict in BAD]
    worst = sorted(range(len(found)), key=lambda at: found[at].order)
    kept = [found[at] for at in sorted(worst[:MOST_RESULTS])]
    left_out = ""
    if left := [found[at] for at in worst[MOST_RESULTS:]]:
        failing = sum(each.verdict is Verdict.FAIL for each in left)
        left_out = (
            f"{len(left):,} of {len(found):,} results were left out, because GitHub takes no more;"
            f" {failing:,} of them fail; results.json has them all"
        )
    return Rendering([json_text(_log(audit, kept, left_out)).encode("ascii")], left_out)


def _log(audit: Audit, kept: Sequence[Entry], left_out: str) -> dict[str, Any]:
    index = {each.id: at for at, each in enumerate(audit.controls)}
    shard = audit.run.shard.replace("/", "-of-")
    notes = [_notification(each, index) for each in kept if each.verdict is Verdict.ERROR]
    run = {
        "tool": {
            "driver": {
                "name": "hullcheck",
                "version": audit.run.version,
                "rules": [_rule(each) for each in audit.controls],
                "notifications": [
                    {
                        "id": _UNREAD,
                        **dict.fromkeys(("shortDescription", "fullDescription", "help"), _MEANING),
                    }
                ],
            }
        },
        "automationDetails": {"id": f"hullcheck/{shard}/" if shard else "hullcheck/"},
        "invocations": [
            {
                "executionSuccessful": audit.run.exit_status in (0, 1),
                "exitCode": audit.run.exit_status,
                "startTimeUtc": audit.run.started,
                "endTimeUtc": audit.run.finished,
                "toolExecutionNotifications": notes,
            }
        ],
        "columnKind": "unicodeCodePoints",
        "results": [_result(each, index) | {"locations": [_location(each, audit.run.inventory)]} for each in kept],
        "properties": {
            "run": audit.run.id,
            "scores": {each.name: to_builtins(each.scores) for each in audit.targets},
            **({"leftOut": left_out} if left_out else {}),
        },
    }
    return {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}


def _rule(control: Control) -> dict[str, Any]:
    said = f"{control.rationale}\n\nRemedy: {control.remedy}" if control.remedy else control.rationale
    return {
        "id": control.id,
        "shortDescription": {"text": line(control.title, _TITLE) or control.id},
        "fullDescription": {"text": line(control.rationale, _TITLE) or control.id},
        "help": {"text": said or control.id},
        "defaultConfiguration": {"level": _LEVELS[control.severity]},
        "properties": {
            "tags": _tags(control.frameworks),
            "security-severity": _SCORES[control.severity],
            "severity": control.severity,
            "frameworks": control.frameworks,
        },
    }


def _tags(frameworks: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the first ids of each framework in turn, so that none is lost to the limit alone."""
    ids = [[f"{name}:{each}" for each in some] for name, some in frameworks.items()]
    turns = [each for turn in range(_MOST_TAGS) for some in ids for each in some[turn : turn + 1]]
    return list(dict.fromkeys(["security", *turns]))[:_MOST_TAGS]


def _notification(entry: Entry, index: Mapping[str, int]) -> dict[str, Any]:
    return {
        "descriptor": {"id": _UNREAD, "index": 0},
        "level": "error",
        "message": {"text": line(f"{entry.target}: {entry.number}: {entry.sentence}")},
        "associatedRule": {"id": entry.control.id, "index": index[entry.control.id]},
    }


def _result(entry: Entry, index: Mapping[str, int]) -> dict[str, Any]:
    said = f"{entry.target}: {entry.sentence}" if entry.finding.kind != "target" else entry.sentence
    made: dict[str, Any] = {
        "ruleId": entry.control.id,
        "ruleIndex": index[entry.control.id],
        "kind": "fail",
        "level": _LEVELS[entry.severity],
        "message": {"text": line(f"Not judged: {said}" if entry.verdict is Verdict.ERROR else said)},
        # GitHub follows an alert by the first; without it, it takes file and line, which are the same for all
        "partialFingerprints": {"primaryLocationLineHash": f"{entry.id}:1", "hullcheckFinding/v1": entry.id},
        "properties": {
            "verdict": str(entry.verdict),
            "severity": entry.severity,
            "target": entry.target,
        },
    }
    if entry.verdict is Verdict.WAIVED:
        by = {name: line(each) for name, each in accepted_document(entry).items() if name != "kind"}
        reason = by.pop("reason", f"waived by {by.get('place', '')}")
        suppression = {"kind": "external", "status": "accepted", "justification": reason, "properties": by}
        made["suppressions"] = [suppression]
    return made


def _location(entry: Entry, inventory: str) -> dict[str, Any]:
    """Return the line of a Compose file, else the inventory, else the target: GitHub refuses a result without one."""
    target, found = entry.target, entry.finding
    names = (target,) if found.kind == "target" else (target, found.kind, found.subject)
    logical = {
        "name": line(names[-1], _TITLE),
        "fullyQualifiedName": line("/".join(names), _TITLE),
        "kind": "resource",
    }
    path, region = inventory or target, {"startLine": 1}
    if found.places:
        place = found.places[0]
        path, region = place.file, {"startLine": place.line, "startColumn": place.column, "endColumn": place.end}
    artifact = {"uri": quote(path, safe="/", errors="replace") or "."}
    physical = {"artifactLocation": artifact, "region": region}
    return {"physicalLocation": physical, "logicalLocations": [logical]}
