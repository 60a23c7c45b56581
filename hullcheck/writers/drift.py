"""What is different between two runs: as text, as Markdown, and as JSON."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import to_builtins

from hullcheck.drift import Drift, PastRun
from hullcheck.messages import printable
from hullcheck.results import Change, finding_id, sentences
from hullcheck.results.failures import rank
from hullcheck.writers.formats.summary import code

SCHEMA = "hullcheck/diff/1"


def text(drift: Drift) -> str:
    """Render for people: the worst first, and below each finding what the host answers differently."""
    lines = [_head("old", drift.old), _head("new", drift.new)]
    lines += [f"{words}: {', '.join(names)}" for words, names in _targets(drift)]
    for title, found in (("new", drift.changes.new), ("gone", drift.changes.gone)):
        lines += ["", f"{len(found)} {title}"]
        for each in _worst_first(drift, found):
            lines.append(f"  {drift.severity(each):8}  {_finding(drift, each)}: {each.reason}")
            lines += [f"            {line}" for line in drift.answers.get(each, ())]
    return printable("\n".join([*lines, "", _counts(drift)])) + "\n"


def _head(word: str, run: PastRun) -> str:
    many = len(run.targets)
    return (
        f"{word}: {run.audit.run.id}, {run.audit.run.finished}, {many} {'target' if many == 1 else 'targets'}"
    )


def _targets(drift: Drift) -> Iterator[tuple[str, Sequence[str]]]:
    if drift.added:
        yield "only in the new run", drift.added
    if drift.removed:
        yield "only in the old run", drift.removed


def _counts(drift: Drift) -> str:
    return (
        f"{drift.changes.still} fail in both, in the {drift.changes.compared} results that both runs judged"
    )


def _finding(drift: Drift, change: Change) -> str:
    subject = "" if change.kind == "target" else f", {change.kind} {change.subject}"
    return f"{change.target}, {_number(drift, change.control)}{subject}"


def _number(drift: Drift, control: str) -> str:
    return sentences.called(drift.new.audit.known.get(control) or drift.old.audit.known[control])


def _worst_first(drift: Drift, found: Sequence[Change]) -> list[Change]:
    return sorted(found, key=lambda each: rank(drift.severity(each)))


def markdown(drift: Drift) -> str:
    """Render for a comment or a summary of a pipeline."""
    changes = drift.changes
    lines = [f"# hullcheck: {len(changes.new)} new, {len(changes.gone)} gone", ""]
    lines.append(f"From {code(drift.old.audit.run.id)} to {code(drift.new.audit.run.id)}. {_counts(drift)}.")
    lines += [
        f"\nOnly {words.removeprefix('only ')}: {code(', '.join(names))}." for words, names in _targets(drift)
    ]
    for title, found in (("New", changes.new), ("Gone", changes.gone)):
        lines += [f"\n## {title}\n"] * bool(found)
        for each in _worst_first(drift, found):
            lines.append(f"- **{drift.severity(each)}** {code(_finding(drift, each))}: {code(each.reason)}")
            lines += [f"  - {code(line)}" for line in drift.answers.get(each, ())]
    return "\n".join(lines) + "\n"


def document(drift: Drift) -> str:
    """Render as JSON."""
    changes = drift.changes
    return (
        json.dumps(
            {
                "schema": SCHEMA,
                "old": _run(drift.old),
                "new": _run(drift.new),
                "targets": {"added": list(drift.added), "removed": list(drift.removed)},
                "compared": changes.compared,
                "still": changes.still,
                "findings": {
                    "new": [_entry(drift, each) for each in changes.new],
                    "gone": [_entry(drift, each) for each in changes.gone],
                },
            },
            indent=1,
        )
        + "\n"
    )


def _run(run: PastRun) -> dict[str, str]:
    return {"run": run.audit.run.id, "finished": run.audit.run.finished}


def _entry(drift: Drift, change: Change) -> dict[str, Any]:
    return {
        "id": finding_id(change.control, change.target, change),
        "number": _number(drift, change.control),
        "severity": drift.severity(change),
        **to_builtins(change),
        "answers": list(drift.answers.get(change, ())),
    }
