"""oscal-assessment-results.json: Assessment Results of NIST's OSCAL 1.2.

A finding there is *satisfied* or *not-satisfied*. What was not judged, a person has to judge, or does not apply is an
observation, and no finding. Every UUID follows from the run and from names, so the same audit gives the same file.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from hullcheck.results import Attestation, Audit, AuditedTarget
from hullcheck.verdicts import Verdict
from hullcheck.writers.entries import SATISFIED, STATUS, Entry, entries, json_text, line
from hullcheck.writers.formats.summary import code

VERSION = "1.2.1"
NAMESPACE = "urn:hullcheck:oscal"
"""Of our properties and UUIDs."""
_ROOT = uuid5(NAMESPACE_URL, NAMESPACE)
_OF_800_53 = "800-53:"


def render(audit: Audit) -> str:
    """Render *audit*."""
    run = audit.run
    plan = _uuid(run.id, "plan")
    metadata = {
        "title": "Hardening of Docker hosts, audited by hullcheck",
        "last-modified": run.finished,
        "version": line(run.id) or "-",
        "oscal-version": VERSION,
        "props": [_prop("hullcheck", run.version)],
    }
    resource = {
        "uuid": plan,
        "title": "Assessment plan",
        "description": "There is no plan in OSCAL. Inventory and selection of the run are in its results.json.",
    }
    document = {
        "uuid": _uuid(run.id, "assessment-results"),
        "metadata": metadata,
        "import-ap": {"href": f"#{plan}"},
        "results": [_result(audit)],
        "back-matter": {"resources": [resource]},
    }
    return json_text({"assessment-results": document})


def _uuid(*names: str) -> str:
    """Return the UUID of these names, which cannot run into each other."""
    text = "".join(f"{len(each)}:{each}" for each in names)
    return str(uuid5(_ROOT, text.encode("utf-8", "backslashreplace").decode("utf-8")))


def _prop(name: str, value: str) -> dict[str, str]:
    return {"name": name, "ns": NAMESPACE, "value": line(value).strip() or "-"}


def _result(audit: Audit) -> dict[str, Any]:
    run, found = audit.run, list(entries(audit))
    key = run.id
    items = [_item(key, each) for each in audit.targets]
    parts: dict[str, Any] = {
        "local-definitions": {"inventory-items": items} if items else {},
        "observations": [_observation(audit, each) for each in found],
        "risks": [_risk(key, each) for each in found if each.verdict is Verdict.WAIVED],
        "findings": [
            each
            for _, together in groupby(found, lambda each: (each.target, each.control.id))
            for each in _finding(key, list(together))
        ],
    }
    return {
        "uuid": _uuid(key, "result"),
        "title": f"Run {line(key)}",
        "description": f"{len(audit.controls)} controls on {len(audit.targets)} targets.",
        "start": run.started,
        "end": run.finished,
        "reviewed-controls": _reviewed(audit),
        **{name: each for name, each in parts.items() if each},
    }


def _reviewed(audit: Audit) -> dict[str, Any]:
    """Return the controls of SP 800-53 to which the findings map, and our own, which are objectives."""
    ids = (each for control in audit.controls for each in control.frameworks.get("nist", ()))
    # as NIST's catalog writes them: `ac-6`, and an enhancement as `ac-6.1`
    own = (each.removeprefix(_OF_800_53).lower() for each in ids if each.startswith(_OF_800_53))
    numbers = sorted({each.replace("(", ".").removesuffix(")") for each in own})
    selected: dict[str, Any] = {"include-controls": [{"control-id": each} for each in numbers]}
    made: dict[str, Any] = {"control-selections": [selected if numbers else {"include-all": {}}]}
    if audit.controls:
        objectives = [{"objective-id": each.id} for each in audit.controls]
        made["control-objective-selections"] = [{"include-objectives": objectives}]
    return made


def _item(key: str, target: AuditedTarget) -> dict[str, Any]:
    said = {name: getattr(target, name) for name in ("engine", "os", "connect", "kind")}
    return {
        "uuid": _uuid(key, "target", target.name),
        "description": code(target.name),
        "props": [
            _prop("target", target.name),
            *(_prop(name, each) for name, each in said.items() if each),
            *(_prop(f"score-{profile}", f"{each.percent} %") for profile, each in target.scores.items()),
        ],
    }


def _observation(audit: Audit, entry: Entry) -> dict[str, Any]:
    key, found = audit.run.id, entry.finding
    said = {
        "finding": entry.id,
        "verdict": str(entry.verdict),
        "severity": entry.severity,
        "control": entry.control.id,
        "kind": found.kind,
        "subject": found.subject,
    }
    by = entry.accepted if entry.verdict is Verdict.ATTESTED else None
    remarks = f"Attested by {code(by.person)}: {code(by.statement)}" if isinstance(by, Attestation) else ""
    target = {"subject-uuid": _uuid(key, "target", entry.target), "type": "inventory-item"}
    evidence = {
        "href": f"{quote(entry.target, errors='replace')}/recording.json",
        "description": f"What the target answered: {code(' '.join(entry.result.evidence))}",
    }
    made = {
        "uuid": _uuid(key, "observation", entry.id),
        "title": line(f"{entry.number}: {entry.control.title}"),
        "description": code(entry.sentence),
        "props": [_prop(name, each) for name, each in said.items()],
        "methods": ["EXAMINE" if remarks else "TEST"],
        "types": ["control-objective"],
        "subjects": [target],
        "relevant-evidence": [evidence],
        "collected": audit.run.finished,
    }
    return made | ({"remarks": remarks} if remarks else {})


def _finding(key: str, found: Sequence[Entry]) -> list[dict[str, Any]]:
    first = found[0]
    state = STATUS[first.result.verdict].oscal
    if not state:
        return []
    waived = [each for each in found if each.verdict is Verdict.WAIVED]
    risks = [{"risk-uuid": _uuid(key, "risk", each.id)} for each in waived]
    status = {"state": state, "reason": "pass" if state == SATISFIED else "fail"}
    made: dict[str, Any] = {
        "uuid": _uuid(key, "finding", first.target, first.control.id),
        "title": line(f"{first.number} on {first.target}: {first.control.title}"),
        "description": code(first.result.reason or str(first.result.verdict)),
        "props": [_prop("verdict", str(first.result.verdict)), _prop("target", first.target)],
        "target": {"type": "objective-id", "target-id": first.control.id, "status": status},
        "related-observations": [{"observation-uuid": _uuid(key, "observation", each.id)} for each in found],
    }
    return [made | ({"related-risks": risks} if risks else {})]


def _risk(key: str, entry: Entry) -> dict[str, Any]:
    """Return what a waiver accepts: a risk from which a deviation is approved, until its last day."""
    waiver = entry.waiver
    said = ("approved_by", "approved_on", "ticket") if waiver else ()
    props = [_prop(name.replace("_", "-"), each) for name in said if (each := getattr(waiver, name))]
    made: dict[str, Any] = {
        "uuid": _uuid(key, "risk", entry.id),
        "title": line(f"Waived: {entry.number} on {entry.target}"),
        "description": code(entry.sentence),
        "statement": code(waiver.risk or waiver.reason if waiver else entry.finding.accepted_by),
        "props": props,
        "status": "deviation-approved",
        "related-observations": [{"observation-uuid": _uuid(key, "observation", entry.id)}],
    }
    if waiver and waiver.last_day:
        made["deadline"] = f"{waiver.last_day}T23:59:59Z"
    return {name: each for name, each in made.items() if each}
