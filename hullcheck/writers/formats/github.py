"""annotations.txt: workflow commands of GitHub Actions, which show findings beside the lines of a pull request.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands.
"""

from msgspec.structs import replace

from hullcheck.results import Audit, AuditedTarget, sentences
from hullcheck.verdicts import Verdict
from hullcheck.writers import source
from hullcheck.writers.entries import Entry, entries, line

_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "notice"}
_IN_TEXT = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTIES = _IN_TEXT | str.maketrans({":": "%3A", ",": "%2C"})


def render(audit: Audit) -> str:
    """Render an annotation for each failure and each error, the worst first; an error of a whole target is one."""
    found = [each for each in entries(audit) if each.verdict in (Verdict.FAIL, Verdict.ERROR)]
    found.sort(key=lambda each: each.order)
    targets = {each.name: each for each in audit.targets}
    lines = (_annotation(each, targets[each.target]) for each in found)
    return "".join(f"{each}\n" for each in dict.fromkeys(lines))


def _annotation(entry: Entry, target: AuditedTarget) -> str:
    found, is_error = entry.finding, entry.verdict is Verdict.ERROR
    level = "error" if is_error else _LEVELS[entry.severity]
    title = f"{entry.number} ({'error' if is_error else entry.severity})"
    said = sentences.of_finding(replace(found, reason=found.bare_reason))
    place = dict[str, object]()
    if found.places:
        first = found.places[0]
        path = source.path_of(first.file, target.connect)
        place = {"file": path, "line": first.line, "col": first.column, "endColumn": first.end}
    elif target.kind == "unknown":
        refusal = source.refusal(found.reason, target.connect)
        title, said = "not judged", refusal.said
        place = {"file": refusal.path, "line": refusal.line} if refusal.path else {}
    if not place and found.kind != "target":
        said = f"{target.name}: {said}"
    properties = {**place, "title": title}
    shown = ",".join(f"{name}={str(each).translate(_IN_PROPERTIES)}" for name, each in properties.items())
    return f"::{level} {shown}::{line(said).translate(_IN_TEXT)}"
