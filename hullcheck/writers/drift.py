"""What is different between two runs: as text, as Markdown, and as JSON."""

import json
from collections.abc import Sequence
from typing import Any

from msgspec import to_builtins

from hullcheck.drift import Drift
from hullcheck.messages import printable
from hullcheck.results import Change, finding_id, sentences
from hullcheck.results.failures import rank
from hullcheck.writers.formats.summary import code, prose

SCHEMA = "hullcheck/diff/1"


def text(drift: Drift) -> str:
    """Render for people: the worst first, and below each finding what the host answers differently."""
    lines = []
    for word, run in (("old", drift.old), ("new", drift.new)):
        number, audited = len(run.audit.targets), run.audit.run
        lines.append(f"{word}: {audited.id}, {audited.finished}, {number} target{'s' if number != 1 else ''}")
    lines += [f"only in the {word} run: {', '.join(names)}" for word, names in _targets(drift)]
    for title, found in (("new", drift.changes.new), ("gone", drift.changes.gone)):
        lines += ["", f"{len(found)} {title}"]
        for each in _worst_first(drift, found):
            lines.append(f"  {drift.severity(each):8}  {_finding(drift, each)}: {each.reason}")
            lines += [f"            {line}" for line in drift.answers.get(each, ())]
    return printable("\n".join([*lines, "", _counts(drift)])) + "\n"


def markdown(drift: Drift) -> str:
    """Render for a comment or a summary of a pipeline."""
    changes = drift.changes
    lines = [f"# hullcheck: {len(changes.new)} new, {len(changes.gone)} gone", ""]
    lines.append(f"From {code(drift.old.audit.run.id)} to {code(drift.new.audit.run.id)}. {_counts(drift)}.")
    lines += [f"\nOnly in the {word} run: {code(', '.join(names))}." for word, names in _targets(drift)]
    for title, found in (("New", changes.new), ("Gone", changes.gone)):
        lines += [f"\n## {title}\n"] * bool(found)
        for each in _worst_first(drift, found):
            lines.append(f"- **{drift.severity(each)}** {code(_finding(drift, each))}: {prose(each.reason)}")
            lines += [f"  - {code(line)}" for line in drift.answers.get(each, ())]
    return "\n".join(lines) + "\n"


def document(drift: Drift) -> str:
    """Render as JSON."""
    changes = drift.changes
    runs = {"old": drift.old.audit.run, "new": drift.new.audit.run}
    findings = {"new": changes.new, "gone": changes.gone}
    whole = {
        "schema": SCHEMA,
        **{name: {"run": run.id, "finished": run.finished} for name, run in runs.items()},
        "targets": {"added": drift.added, "removed": drift.removed},
        "compared": changes.compared,
        "still": changes.still,
        "findings": {name: [_entry(drift, each) for each in some] for name, some in findings.items()},
    }
    return json.dumps(whole, indent=1) + "\n"


def _targets(drift: Drift) -> list[tuple[str, Sequence[str]]]:
    return [(word, names) for word, names in (("new", drift.added), ("old", drift.removed)) if names]


def _counts(drift: Drift) -> str:
    changes = drift.changes
    return f"{changes.still} fail in both, in the {changes.compared} results that both runs judged"


def _finding(drift: Drift, change: Change) -> str:
    subject = "" if change.kind == "target" else f", {change.kind} {change.subject}"
    return f"{change.target}, {_number(drift, change.control)}{subject}"


def _number(drift: Drift, control: str) -> str:
    return sentences.called(drift.new.audit.known.get(control) or drift.old.audit.known[control])


def _worst_first(drift: Drift, found: Sequence[Change]) -> list[Change]:
    return sorted(found, key=lambda each: rank(drift.severity(each)))


def _entry(drift: Drift, change: Change) -> dict[str, Any]:
    return {
        "id": finding_id(change.control, change.target, change),
        "number": _number(drift, change.control),
        "severity": drift.severity(change),
        **to_builtins(change),
        "answers": drift.answers.get(change, ()),
    }
