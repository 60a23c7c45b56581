"""The part of the page that is shown at once: figures, charts and lists of problems."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hullcheck.controls.metadata import SEVERITIES
from hullcheck.recording import Recording
from hullcheck.results import Audit, AuditedTarget, Control, Moment, Result, Rollup, history
from hullcheck.results.failures import Cause
from hullcheck.verdicts import Verdict
from hullcheck.writers.audit_page import fleet, groups, links, problems, sections
from hullcheck.writers.audit_page.blocks import gathered, identity_of
from hullcheck.writers.audit_page.changed import ChangedList, changed
from hullcheck.writers.audit_page.first import First, first
from hullcheck.writers.audit_page.headline import headline
from hullcheck.writers.audit_page.rows import WORDS, Chart, Row, TargetRow

GLYPHS = {word: word.replace(" ", "-") for word in WORDS}
"""The ids of the shapes that stand beside the words."""
_MOST_CHANGES = 40  # rows of what is new, and of what is gone


@dataclass(frozen=True)
class Summary:
    """All that the template shows besides the audit itself."""

    headline: str
    tone: str
    nothing_judged: bool
    failing: Mapping[str, int]
    overall: Row
    by_severity: Chart
    by_section: Sequence[Chart]
    matrices: Sequence[sections.Matrix]
    by_framework: Chart
    rollups: Sequence[tuple[Rollup, str, Row]]
    targets: Sequence[TargetRow]
    fleet: fleet.Fleet | None
    groups: groups.Groups
    trend: Sequence[Moment]
    new: ChangedList
    gone: ChangedList
    fixes: Sequence[First]
    other_fixes: Sequence[First]
    fails: Sequence[problems.Problem]
    causes: Sequence[Cause]
    errors: Sequence[problems.Problem]
    other_errors: Sequence[problems.Problem]
    manual: Sequence[problems.Problem]
    accepted: Sequence[problems.Problem]
    off: Sequence[Result]
    unjudged: Sequence[str]
    machines: Sequence[tuple[AuditedTarget, Sequence[tuple[str, str]]]]
    titles: Mapping[str, str] = field(default_factory=dict)
    controls: Mapping[str, Control] = field(default_factory=dict)

    @property
    def anchored_by_fails(self) -> set[str]:
        """The controls that are in the list of what fails: an element's id is there once."""
        return {each.control.id for each in self.fails}

    @property
    def anchored_by_errors(self) -> set[str]:
        """Those that are in that list or the next."""
        return self.anchored_by_fails | {each.control.id for each in self.other_errors}

    @property
    def open(self) -> int:
        """How many controls and targets are in the list of what is not judged; a person's part is not."""
        off = {each.control for each in self.off}
        return sum(map(len, (self.silent, self.unjudged, self.errors, off)))

    @property
    def all_judged(self) -> bool:
        """Whether there was something to judge, and nothing of it is left open."""
        return not (self.nothing_judged or self.open or self.manual)

    @property
    def silent(self) -> list[TargetRow]:
        """The targets that gave no answer."""
        return [each for each in self.targets if each.failure]


def summarize(audit: Audit, recordings: Sequence[Recording]) -> Summary:
    """Count and sort all of *audit*."""
    recorded = {each.target: each for each in recordings}
    silent = frozenset(each.target for each in recordings if each.failure)
    found = problems.by_verdict(audit, silent)
    fails = found[Verdict.FAIL]
    failing = Counter(each.severity for each in fails)
    rollups = [(each, problems.key_of(each), _framework(each)) for each in audit.requirements]
    parts = sections.divisions(audit)
    rows = _targets(audit, recorded)
    sentence, tone = headline(audit, found, silent)
    fixes, other_fixes = first(audit)
    shared, other_errors = problems.shared_causes(audit, silent, found[Verdict.ERROR])
    return Summary(
        headline=sentence,
        tone=tone,
        nothing_judged=audit.nothing_judged or not audit.results,
        failing={name: failing[name] for name in SEVERITIES if failing[name]},
        overall=Row("All results", Counter(str(each.verdict) for each in audit.results)),
        by_severity=_by_severity(audit, failing),
        by_section=[_by_section(each) for each in parts],
        matrices=[sections.matrix(each, audit) for each in parts],
        by_framework=Chart("Requirements by framework", [row for _, _, row in rollups]),
        rollups=rollups,
        targets=rows,
        fleet=fleet.of(audit, rows, fails),
        groups=groups.of(rows),
        trend=history.trend(audit),
        new=changed(audit.since.new if audit.since else (), _MOST_CHANGES),
        gone=changed(audit.since.gone if audit.since else (), _MOST_CHANGES),
        fixes=fixes,
        other_fixes=other_fixes,
        fails=fails,
        causes=shared,
        errors=found[Verdict.ERROR],
        other_errors=other_errors,
        manual=found[Verdict.MANUAL],
        accepted=[*found[Verdict.WAIVED], *found[Verdict.ATTESTED]],
        off=[each for each in audit.results if each.switched_off],
        unjudged=[] if audit.nothing_judged else [each for each in audit.unjudged if each not in silent],
        machines=[(each, identity_of(recorded.get(each.name))) for each in audit.targets[: fleet.MOST_ROWS]],
        controls=audit.known,
        titles={each.id: problems.title_of(each.title) for each in audit.controls},
    )


def _by_severity(audit: Audit, failing: Mapping[str, int]) -> Chart:
    counts: dict[str, Counter[str]] = {name: Counter() for name in SEVERITIES}
    for each in audit.results:
        counts[audit.severity(each)][str(each.verdict)] += 1
    rows = [
        Row(name.capitalize(), each, inside=links.to("failures", name) if failing.get(name) else "")
        for name, each in counts.items()
        if each
    ]
    return Chart("By severity", rows)


def _by_section(division: sections.Division) -> Chart:
    rows = [Row(each.title, each.counts, label=each.number, inside=each.link) for each in division.sections]
    return Chart(division.name, rows)


def _framework(rollup: Rollup) -> Row:
    counts = Counter(each.verdict for each in rollup.requirements)
    key = problems.key_of(rollup)
    return Row(short(rollup.name), counts, label=_label(key), link=key)


def _label(key: str) -> str:
    """What people call it, as far as the marker tells."""
    return key.replace("-", " ", 1).upper() if key != "guide" else "Guide"


def short(name: str) -> str:
    """The name of a framework without its subtitle."""
    return name.partition(": ")[0] if ": " in name else name


def _targets(audit: Audit, recorded: Mapping[str, Recording]) -> list[TargetRow]:
    rows = []
    for each in audit.targets:
        results, recording = audit.by_target[each.name], recorded.get(each.name)
        counts = Counter(str(one.verdict) for one in results)
        fails = Counter(audit.severity(one) for one in results if one.verdict is Verdict.FAIL)
        times, failure = (gathered(recording), recording.failure) if recording else ("", "")
        rows.append(TargetRow(each, Row(each.name, counts), times, failure, fails))
    return sorted(rows, key=_badness, reverse=True)


def _badness(row: TargetRow) -> tuple[bool, int, int, int]:
    return bool(row.failure), row.fails.get("critical", 0), row.fails.get("high", 0), sum(row.fails.values())
