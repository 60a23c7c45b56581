"""What the page shows besides the audit itself: figures, what to fix first, targets and groups."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property

from msgspec import Struct

from hullcheck.controls.catalog import natural
from hullcheck.facts.engine.identity import Identity
from hullcheck.parsing import answer_lines
from hullcheck.recording import Recording
from hullcheck.remedies import offered
from hullcheck.results import (
    CONTRADICTED,
    NOT_ASSESSED,
    SEVERITIES,
    SUPPORTED,
    Audit,
    AuditedTarget,
    Control,
    Rollup,
    grouped,
    history,
    sentences,
)
from hullcheck.results.failures import CONTROL, Failure, Fix, Problem, findings, fixes, problems, rank
from hullcheck.verdicts import Verdict, worst
from hullcheck.writers.terminal.screen import counted

MOST_ROWS = 100
"""The most targets and groups that have a row each: a page of a thousand rows opens slowly."""
_MOST_FIXES = 6  # that are shown whether they have a file or not
_LISTED = (Verdict.FAIL, Verdict.ERROR, Verdict.MANUAL, Verdict.WAIVED, Verdict.ATTESTED)
_WORDS = (*map(str, Verdict), CONTRADICTED, SUPPORTED, NOT_ASSESSED)
GLYPHS = {word: word.replace(" ", "-") for word in _WORDS} | {CONTRADICTED: "fail", SUPPORTED: "pass"}
"""The ids of the shapes next to the words."""
_SECTIONS = {
    "cis": {
        "1": "The host",
        "2": "The daemon's configuration",
        "3": "The daemon's files",
        "4": "Images",
        "5": "Containers at run time",
        "6": "Operations",
        "7": "Swarm mode",
    },
    "guide": {
        "1": "The host",
        "2": "The daemon",
        "3": "Images and containers",
        "4": "Audits, logs and monitoring",
        "5": "Requirements of other frameworks",
    },
}
"""By framework, the titles of its sections in our own words."""
_DARKEST = 4


class Row(Struct, frozen=True):
    """A bar of a chart and row of a table; *link* is the key of a framework, *inside* an address in the page."""

    title: str
    counts: Mapping[str, int]
    label: str = ""
    link: str = ""
    inside: str = ""

    @property
    def segments(self) -> list[tuple[str, float, float]]:
        """Word, start and width of 1,000 in all; even the smallest can be seen."""
        there = words_in([self])
        total = sum(self.counts.values())
        sizes = [max(12.0, 1000 * self.counts[word] / total) for word in there]
        start, found = 0.0, []
        for word, size in zip(there, sizes, strict=True):
            width = round(size * 1000 / sum(sizes), 1)
            found.append((word, round(start, 1), width))
            start += width
        return found


def words_in(rows: Iterable[Row]) -> list[str]:
    """Return the verdicts that any of *rows* has."""
    rows = list(rows)
    return [word for word in _WORDS if any(row.counts.get(word) for row in rows)]


class Section(Struct, frozen=True):
    """A section of a framework: its controls, and how often each verdict was found."""

    marker: str
    number: str
    title: str
    controls: frozenset[str]
    counts: Mapping[str, int]

    @property
    def key(self) -> str:
        """The name of the section in links, such as `cis.5`."""
        return f"{self.marker}.{self.number}"

    @property
    def row(self) -> Row:
        return Row(self.title, self.counts, self.number, inside=f"#findings?section={self.key}")

    def failing(self, controls: Iterable[str]) -> tuple[int, int]:
        fails = len(self.controls.intersection(controls))
        return fails, -(-_DARKEST * fails // len(self.controls))


class Change(Struct, frozen=True):
    """One thing to fix, as the page shows it.

    Attributes:
        title: what has to be changed; if one control alone asks for it, the first sentence of its remedy.
        only: that control, or None.
        said: by control, the worst that was found, as a sentence.
        steps: the controls whose remedies have to be followed one by one: those that are not in *file*.
    """

    fix: Fix
    title: str
    only: Control | None
    file: offered.FixFile | None
    said: Mapping[str, str]
    steps: Sequence[Control]

    @property
    def by_severity(self) -> str:
        """The number of controls that it fixes by severity; empty if all have the same one."""
        worst = {each.control.id: each.severity for each in reversed(self.fix.failures)}.values()
        return counted(SEVERITIES, worst) if len({*worst}) > 1 else ""


class TargetRow(Struct, frozen=True):
    """A target with the figures of its results; *fails* are its failures by severity."""

    target: AuditedTarget
    row: Row
    gathered: str
    failure: str
    fails: Counter[str]

    @property
    def badness(self) -> tuple[bool, int, int, int]:
        return bool(self.failure), self.fails["critical"], self.fails["high"], self.fails.total()


class GroupRow(Struct, frozen=True, dict=True):
    """A group of the inventory with the figures of all its targets, the worst of them first."""

    name: str
    targets: Sequence[TargetRow]

    @cached_property
    def row(self) -> Row:
        return Row(self.name, sum((Counter(each.row.counts) for each in self.targets), Counter()))

    @cached_property
    def fails(self) -> Counter[str]:
        return sum((each.fails for each in self.targets), Counter())

    @property
    def failing(self) -> list[TargetRow]:
        return [each for each in self.targets if each.fails]

    @property
    def silent(self) -> int:
        return sum(bool(each.failure) for each in self.targets)

    @property
    def badness(self) -> tuple[float, float, float, str]:
        """The order, the worst first: by failures for each target, as a group is not worse because it is larger."""
        numbers = (self.fails["critical"], self.fails["high"], self.fails.total())
        critical, high, every = (-number / len(self.targets) for number in numbers)
        return critical, high, every, self.name


def _by_control(found: Sequence[Failure]) -> list[Problem]:
    return [Problem(tuple(each), "") for each in grouped(found, lambda each: each.control.id).values()]


class Page:
    """What the templates show; each part is computed once."""

    def __init__(self, audit: Audit, recordings: Sequence[Recording]) -> None:
        self.audit = audit
        self.recordings = {each.target: each for each in recordings}
        silent = frozenset(each.target for each in recordings if each.failure)
        self.targets = sorted(map(self._target, audit.targets), key=lambda row: row.badness, reverse=True)
        self.silent = [each for each in self.targets if each.failure]
        found = {
            verdict: [each for each in findings(audit, verdict) if each.target not in silent] for verdict in _LISTED
        }
        self.fails, self.errors, self.manual, self.waived, attested = map(_by_control, found.values())
        self.accepted = [*self.waived, *attested]
        self.lists = {
            verdict: sorted(problems(some), key=lambda each: (rank(each.severity), -len(each.targets)))
            for verdict, some in found.items()
        }
        self.off = [each for each in audit.results if each.switched_off]
        self.nothing_judged = audit.nothing_judged or not audit.results
        self.unjudged = [each for each in audit.unjudged if each not in silent and not audit.nothing_judged]
        self.overall = Row("All results", Counter(str(each.verdict) for each in audit.results))
        keys = [(each, key_of(each)) for each in audit.requirements]
        self.rollups = [(each, key, Row(each.name, each.counts, link=key)) for each, key in keys]
        self.by_framework = [row for _, _, row in self.rollups]
        self.divisions = {
            name: sections for marker in _SECTIONS for name, sections in [_division(marker, audit)] if sections
        }
        changes = [_change(each) for each in fixes(audit)]
        self.fixes = [each for at, each in enumerate(changes) if at < _MOST_FIXES or each.file]
        self.other_fixes = [each for each in changes[_MOST_FIXES:] if not each.file]
        self.new = history.together(audit.since.new if audit.since else ())
        self.gone = history.together(audit.since.gone if audit.since else ())
        self.trend = history.trend(audit)

    def _target(self, target: AuditedTarget) -> TargetRow:
        results, recording = self.audit.by_target[target.name], self.recordings.get(target.name)
        counts = Counter(str(each.verdict) for each in results)
        fails = Counter(self.audit.severity(each) for each in results if each.verdict is Verdict.FAIL)
        time, failure = (gathered(recording), recording.failure) if recording else ("", "")
        return TargetRow(target, Row(target.name, counts), time, failure, fails)

    @cached_property
    def headline(self) -> tuple[str, Verdict]:
        """The figures at the top, with the verdict whose sign stands before them."""
        every = len(self.audit.targets)
        counted = ((self.errors, "could not be judged"), ([] if self.fails else self.waived, "waived"))
        said = [f"{len(some)} {what}" for some, what in counted if some]
        silent = ((self.silent, "gave no answer"), (self.unjudged, "have no verdict"))
        mute = [f"{len(some)} of {every} targets {what}" for some, what in silent if some]
        signs = {
            Verdict.FAIL: self.fails,
            Verdict.ERROR: self.errors or mute,
            Verdict.MANUAL: self.manual,
            Verdict.NOT_APPLICABLE: self.nothing_judged,
            Verdict.WAIVED: self.waived or self.off,
        }
        sign = next((verdict for verdict, found in signs.items() if found), Verdict.PASS)
        if self.nothing_judged:
            said += [f"{len(self.manual)} for manual review"] if self.manual else []
            return ": ".join(filter(None, ["Nothing was judged", "; ".join([*said, *mute])])), sign
        fail = f"{len(self.fails)} of {len(self.audit.controls)} controls fail"
        return "; ".join([", ".join([fail, f"{self.passed} pass", *said]), *mute]), sign

    @property
    def passed(self) -> int:
        """The number of controls that pass on all targets that answered and that they apply to."""
        silent = {each.target.name for each in self.silent}
        answered = [each for each in self.audit.results if each.target not in silent]
        by_control = grouped(answered, lambda each: each.control).values()
        return sum(worst(each.verdict for each in some) in (Verdict.PASS, Verdict.ATTESTED) for some in by_control)

    @cached_property
    def anchors(self) -> Mapping[str, Problem]:
        """The first problem of each control by its id, as an id is there once."""
        listed = [each for verdict in (Verdict.FAIL, Verdict.ERROR, Verdict.MANUAL) for each in self.lists[verdict]]
        return {control.id: each for each in reversed(listed) for control in each.controls}

    @property
    def open(self) -> int:
        """The number of controls and targets that could not be judged, or are switched off."""
        off = {each.control for each in self.off}
        return len(self.silent) + len(self.unjudged) + len(self.errors) + len(off)

    @property
    def all_judged(self) -> bool:
        """Whether there was something to judge, and nothing of it is left open."""
        return not (self.nothing_judged or self.open or self.manual)

    # ---- figures

    @cached_property
    def failing(self) -> Mapping[str, int]:
        counts = Counter(each.severity for each in self.fails)
        return {name: counts[name] for name in SEVERITIES if counts[name]}

    @property
    def by_severity(self) -> list[Row]:
        counts: dict[str, Counter[str]] = {name: Counter() for name in SEVERITIES}
        for each in self.audit.results:
            counts[self.audit.severity(each)][str(each.verdict)] += 1
        links = {name: f"#failures/{name}" if name in self.failing else f"#findings?severity={name}" for name in counts}
        return [Row(name.capitalize(), each, inside=links[name]) for name, each in counts.items() if each]

    @cached_property
    def failing_controls(self) -> Mapping[str, set[str]]:
        return {
            name: {each.control for each in results if each.verdict is Verdict.FAIL}
            for name, results in self.audit.by_target.items()
        }

    # ---- targets

    @property
    def is_fleet(self) -> bool:
        """Whether there are so many targets that those with the same verdicts are one row."""
        return len(self.targets) > MOST_ROWS

    @cached_property
    def alike(self) -> list[list[TargetRow]]:
        """The targets of a fleet by their verdicts, the worst first; figures are those of the first of a row."""

        def verdicts(row: TargetRow) -> tuple[bool, frozenset[tuple[str, str]]]:
            results = self.audit.by_target[row.target.name]
            return bool(row.failure), frozenset((each.control, each.verdict) for each in results)

        return list(grouped(self.targets, verdicts).values())

    @cached_property
    def not_selected(self) -> list[str]:
        every = [each for rollup in self.audit.requirements for each in rollup.requirements]
        return sorted({control for each in every for control in each.left_out} - self.audit.known.keys())

    @cached_property
    def shared(self) -> list[Problem]:
        """The controls that fail on at least half of the targets, those that fail on most first."""
        found = (each for each in self.fails if 2 * len(each.targets) >= len(self.targets))
        return sorted(found, key=lambda each: -len(each.targets))

    @cached_property
    def groups(self) -> list[GroupRow]:
        """The groups of the inventory, the worst first; a target counts in each of its groups."""
        inside = answer_lines.grouped((name, each) for each in self.targets for name in each.target.groups)
        return sorted((GroupRow(*each) for each in inside.items()), key=lambda group: group.badness)

    @property
    def machines(self) -> list[tuple[AuditedTarget, list[tuple[str, str]]]]:
        shown = self.audit.targets[:MOST_ROWS]
        return [(each, identity_of(self.recordings.get(each.name))) for each in shown]


# ---- what a host said


def identity_of(recording: Recording | None) -> list[tuple[str, str]]:
    """Return what identifies a machine, as far as it is known: the name of each number, and the number."""
    if recording is None or recording.failure:
        return []
    known = Identity.of(recording)
    numbers = {
        "Machine id": known.machine_id,
        "Engine id": known.engine_id,
        "SSH host key": known.host_key,
    }
    return [(what, value) for what, value in numbers.items() if value]


def gathered(recording: Recording) -> str:
    """Return when a target answered, in RFC 3339 and UTC; empty if that is unknown."""
    moment = datetime.fromtimestamp(recording.gathered, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if recording.gathered else ""


# ---- frameworks


def key_of(rollup: Rollup) -> str:
    """Return the name of a framework in links: its marker, and its edition if it has several."""
    first = rollup.requirements[0].id if rollup.requirements else ""
    edition, colon, _ = first.partition(":")
    return f"{rollup.framework}-{edition}" if colon else rollup.framework


def _division(marker: str, audit: Audit) -> tuple[str, list[Section]]:
    """Return the name of a framework, and its sections in order as far as any control of the audit is in one."""
    numbers = [(number, each.id) for each in audit.controls for number in each.frameworks.get(marker, ())]
    inside = answer_lines.grouped((number.partition(".")[0], control) for number, control in numbers)
    verdicts = answer_lines.grouped((each.control, str(each.verdict)) for each in audit.results)
    name = next((each.name for each in audit.requirements if each.framework == marker), marker)
    return name, [
        Section(
            marker,
            each,
            _SECTIONS[marker].get(each, "Other"),
            frozenset(inside[each]),
            Counter(verdict for control in {*inside[each]} for verdict in verdicts.get(control, ())),
        )
        for each in sorted(inside, key=natural)
    ]


# ---- what to fix first


def _change(fix: Fix) -> Change:
    file = offered.file_of(fix)
    only = fix.controls[0] if fix.kind == CONTROL else None
    title = str(fix)
    if only:
        first, stop, _ = (only.remedy or only.title).partition(". ")
        title = first + stop.strip()
    steps = file.by_hand if file else fix.controls
    found = grouped(fix.failures, lambda each: each.control.id)
    said = {name: _sentence(failures) for name, failures in found.items()}
    return Change(fix, title[0].upper() + title[1:], only, file, said, steps)


def _sentence(failures: Sequence[Failure]) -> str:
    """Return the first finding of a control as a sentence; of one on several targets how many these are."""
    found, targets = failures[0].finding, {each.target for each in failures}
    if found.kind == "target" and len(targets) > 1:
        return f"{len(targets)} targets: {found.reason}"
    return sentences.of_finding(found)
