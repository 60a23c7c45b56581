"""hdf.json: the Heimdall Data Format, version 1: the `exec-json` of InSpec.

A reader there makes a status of all results of a control: an error first, then what is waived or has the impact 0, then
a failure, then a pass, and last a skip. So a pass beside a skip would make a control *passed* that waits for a person.
"""

import hashlib
import json
from collections import defaultdict
from typing import Any

from hullcheck.results import Audit, Control, grouped
from hullcheck.verdicts import Verdict
from hullcheck.writers.entries import STATUS, Entry, accepted_document, entries, json_text

_IMPACTS = {"critical": 0.9, "high": 0.7, "medium": 0.5, "low": 0.3}
_OF_800_53 = "800-53:"
_SKIPPED = "skipped"


def render(audit: Audit) -> str:
    """Render *audit*; readers take controls of one id for one, so of several targets an id names its target, too."""
    found = grouped(entries(audit), lambda each: (each.target, each.control.id))
    several = len(audit.targets) > 1
    named = {(f"{control}[{target}]" if several else control): each for (target, control), each in found.items()}
    profile = {
        "name": "hullcheck",
        "title": "Hardening of Docker hosts",
        "version": audit.run.version,
        "sha256": hashlib.sha256(json.dumps(sorted(named)).encode()).hexdigest(),
        "status": "loaded",
        **dict.fromkeys(("supports", "attributes", "groups"), ()),
        "controls": [_control(audit, name, each) for name, each in named.items()],
    }
    target = audit.run.id if several or not audit.targets else audit.targets[0].name
    platform = {"name": "hullcheck", "release": audit.run.version, "target_id": target}
    document = {"platform": platform, "version": audit.run.version, "statistics": {"duration": 0.0}}
    return json_text(document | {"profiles": [profile]})


def _control(audit: Audit, name: str, found: list[Entry]) -> dict[str, Any]:
    """Return one control on one target with a result for each subject."""
    first = found[0]
    control, verdict = first.control, first.result.verdict
    applies = verdict is not Verdict.NOT_APPLICABLE
    made: dict[str, Any] = {
        "id": name,
        "title": control.title,
        "desc": control.rationale,
        "descriptions": [{"label": "fix", "data": control.remedy}],
        "impact": _IMPACTS[first.severity] if applies else 0.0,
        "refs": [],
        "tags": {**_tags(control, first.severity), "target": first.target},
        "code": "",
        "source_location": {},
        "results": [_result(audit, each, verdict) for each in found],
    }
    accepted = (accepted_document(each) for each in found if each.accepted and each.verdict is verdict)
    by = defaultdict(str, next(accepted, {}))
    if verdict is Verdict.WAIVED:  # else the waiver would hide what is not waived
        made["waiver_data"] = {
            "run": True,
            "skipped_due_to_waiver": True,  # by this alone readers know that it is waived
            "justification": by["reason"],
            "expiration_date": by["until"],
            "message": f"approved by {by['by']}" if by["by"] else "",
        }
    if verdict is Verdict.ATTESTED and by:
        made["attestation_data"] = {
            "control_id": name,
            "explanation": by["reason"],
            "frequency": "",
            "status": "passed",
            "updated": by["on"],
            "updated_by": by["by"],
        }
    return made


def _tags(control: Control, severity: str) -> dict[str, Any]:
    ids = control.frameworks.get("nist", ())
    nist = [each.removeprefix(_OF_800_53) for each in ids if _OF_800_53 in each]
    return {**control.frameworks, "nist": nist, "severity": severity, "frameworks": control.ids}


def _result(audit: Audit, entry: Entry, whole: Verdict) -> dict[str, Any]:
    status = STATUS[entry.verdict].hdf
    said = described = entry.sentence
    if entry.verdict is Verdict.ATTESTED and (by := accepted_document(entry)):
        described = f"{said} (attested by {by.get('by')} on {by.get('on')}: {by.get('reason')})"
    if whole is Verdict.MANUAL:
        status = _SKIPPED  # a person has to look, whatever else passes
    if whole is Verdict.FAIL and entry.verdict is Verdict.ERROR:
        status = STATUS[Verdict.FAIL].hdf  # an error would take the place of the failure
    made: dict[str, Any] = {
        "status": status,
        "code_desc": described,
        "run_time": 0.0,
        "start_time": audit.run.started,
        "resource": entry.finding.kind,
        "resource_id": entry.id,
        "skip_message" if status == _SKIPPED else "message": f"{entry.verdict}: {said}",
    }
    if status == STATUS[Verdict.ERROR].hdf:
        made |= {"exception": "EvidenceError", "backtrace": [said]}
    return made
