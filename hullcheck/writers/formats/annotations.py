"""annotations.txt: what fails as commands of a GitHub Actions runner, which shows them above the files of a change."""

from collections.abc import Mapping

from hullcheck.results import Audit, Gate
from hullcheck.verdicts import Verdict
from hullcheck.writers.entries import Entry, entries, line
from hullcheck.writers.formats import Rendering

MOST = 10
"""Of each kind; a runner shows no more of one step."""
_KINDS = {"critical": "error", "high": "error", "medium": "warning", "low": "notice"}
_LONGEST = 1000
_IN_MESSAGE = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTY = {**_IN_MESSAGE, ":": "%3A", ",": "%2C"}


def render(audit: Audit) -> Rendering:
    """Render *audit*: a line for each gate that is broken, and each finding that fails or was not judged."""
    shown = [each for each in entries(audit) if each.verdict in (Verdict.FAIL, Verdict.ERROR)]
    left = dict.fromkeys(("error", "warning", "notice"), MOST)
    kept = [_of_gate(each) for each in audit.gates if each.broken]
    gates = len(kept)
    left["error"] -= gates
    for each in sorted(shown, key=lambda each: each.order):
        kind = _KINDS.get(each.severity, "warning")
        if left[kind]:
            left[kind] -= 1
            kept.append(_command(kind, each, audit.run.inventory))
    more = len(shown) - len(kept) + gates
    left_out = f"{more:,} findings are left out: GitHub shows {MOST} of each kind" if more else ""
    # no command, and no name in it: a line for the log of the job
    said = f"{more:,} further findings fail or were not judged; results.json has them all\n" if more else ""
    return Rendering(("".join(kept) + said).encode("utf-8"), left_out)


def _of_gate(gate: Gate) -> str:
    title = _escaped(f"{gate.option}={gate.asked} is broken", _IN_PROPERTY)
    more = f" and {len(gate.broken) - 1:,} more" if len(gate.broken) > 1 else ""
    return f"::error title={title}::{_escaped(gate.broken[0] + more, _IN_MESSAGE)}\n"


def _command(kind: str, entry: Entry, inventory: str) -> str:
    title = f"{entry.number} ({entry.severity}) on {entry.result.target}"
    properties = {"title": title} | ({"file": inventory, "line": "1"} if inventory else {})
    said = ",".join(f"{name}={_escaped(each, _IN_PROPERTY)}" for name, each in properties.items())
    verdict = "not judged: " if entry.verdict is Verdict.ERROR else ""
    return f"::{kind} {said}::{_escaped(verdict + entry.sentence, _IN_MESSAGE)}\n"


def _escaped(text: str, escapes: Mapping[str, str]) -> str:
    """By the runner's own rules, so that no name ends the command or begins another."""
    return "".join(escapes.get(each, each) for each in line(text, _LONGEST))
