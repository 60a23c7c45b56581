"""results.json: the audit as `hullcheck/results/1` (docs/results.md)."""

import json
from typing import Any

from hullcheck.results import SCHEMA, Audit, AuditedTarget, Control, Run


def render(audit: Audit) -> str:
    """Render *audit*; equal audits give equal text."""
    document = {
        "schema": SCHEMA,
        "run": _run(audit.run),
        "targets": {target.name: _target(target) for target in audit.targets},
        "controls": {control.id: control_document(control) for control in audit.controls},
        "results": [result.to_json() for result in audit.results],
        "requirements": [each.to_json() for each in audit.requirements],
        "waivers": [each.to_json() for each in audit.waivers],
        "attestations": [each.to_json() for each in audit.attestations],
    }
    # a line for each value, so that two audits can be compared; to indent them takes ten times as long
    return json.dumps(document, separators=(",\n", ": "), ensure_ascii=True) + "\n"


def _target(target: AuditedTarget) -> dict[str, str]:
    document = {"connect": target.connect, "kind": target.kind, "engine": target.engine, "os": target.os}
    return document | {"clock": target.clock} if target.clock else document


def _run(run: Run) -> dict[str, Any]:
    document = {
        "id": run.id,
        "started": run.started,
        "finished": run.finished,
        "hullcheck": run.version,
        "arguments": list(run.arguments),
        "exit_status": run.exit_status,
    }
    return document | {"user": vars(run.user), "machine": run.machine} if run.user else document


def control_document(control: Control) -> dict[str, Any]:
    """What the results say of a control, under its id."""
    document = {
        "title": control.title,
        "severity": control.severity,
        "rationale": control.rationale,
        "remedy": control.remedy,
        "frameworks": {name: list(ids) for name, ids in control.frameworks.items()},
    }
    return document if control.cis_level is None else document | {"cis_level": control.cis_level}
