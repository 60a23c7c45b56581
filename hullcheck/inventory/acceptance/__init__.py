"""Applies waivers and attestations to findings, and determines the state of each in an audit.

A waiver turns a *fail* into *waived*, and nothing else. An attestation turns a *manual* into *attested*, or into a
*fail* where the person found that it is not so. Both are judged at the time at which the evidence was gathered, by
the clocks of the target and of the auditor: what only one of them takes for in force is not.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from operator import attrgetter
from typing import Generic, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from hullcheck.messages import printable
from hullcheck.parsing.answer_lines import grouped
from hullcheck.parsing.times import Times
from hullcheck.results import STATES, Attestation, Finding, Result, Waiver
from hullcheck.results.failures import without_note
from hullcheck.verdicts import Verdict

Record = TypeVar("Record", bound=Waiver | Attestation)
NO_END = float("inf")

IN_FORCE, EXPIRED, NOT_YET, NOT_NEEDED, MATCHES_NOTHING, NOT_JUDGED = STATES


def words_of(state: str) -> str:
    """Return a state in plain words."""
    return "not judged in this run" if state == NOT_JUDGED else state


_BY_NUMBER = {"cis": ("", "cis-"), "guide": ("guide-",)}
"""The frameworks whose ids name controls, and the prefixes of such an id."""


class Entry(Struct, Generic[Record], frozen=True):
    """A waiver or an attestation, and when it holds: from *begins*, until before *ends*, in seconds since the epoch."""

    record: Record
    begins: float
    ends: float

    def holds(self, when: Times) -> bool:
        """Return whether the entry is in force by both clocks; without a time, whether it has no end."""
        return self.ends == NO_END if not when.later else self.begins <= when.earlier and when.later < self.ends


class AuditContext(Struct, frozen=True, dict=True):
    """The parts of an audit that decide the state of an entry."""

    results: Sequence[Result]  # of all controls and targets that were judged
    ids_by_control: Mapping[str, Mapping[str, Sequence[str]]]  # of every control, those not selected too
    gathered: Mapping[str, Times]  # by the name of each target that was audited
    targets: Collection[str]  # the names of those of the inventory, audited or not
    narrowed: bool  # whether there may be more controls than *ids_by_control* knows
    limits: Mapping[str, Sequence[str]] = field(default_factory=dict)  # as of a `Run`

    @cached_property
    def by_name(self) -> dict[str, list[str]]:
        controls = self.ids_by_control.items()
        return grouped((name, control) for control, ids in controls for name in names_of(control, ids))

    @cached_property
    def by_control(self) -> dict[str, list[Result]]:
        return grouped((each.control, each) for each in self.results)


class Acceptance(Struct, frozen=True, dict=True):
    """The waivers and attestations of an inventory, and whether waivers are applied."""

    waivers: tuple[Entry[Waiver], ...] = ()
    attestations: tuple[Entry[Attestation], ...] = ()
    waiving: bool = True

    def __bool__(self) -> bool:
        return bool(self.waivers or self.attestations)

    def applied(
        self, findings: tuple[Finding, ...], names: Collection[str], target: str, when: Times
    ) -> tuple[Finding, ...]:
        """Return *findings* of the control with these *names* after attestations, and then waivers."""
        attestations = _about(self._attestations, names, target)
        waivers = _about(self._waivers, names, target) if self.waiving else []
        attested = (_attested(each, attestations, when) for each in findings)
        return tuple(_waived(each, waivers, when) for each in attested)

    def of(self, result: Result) -> tuple[list[Waiver], list[Attestation]]:
        """Return the waivers and attestations that decided findings of *result*."""
        places = {finding.accepted_by for finding in result.findings if finding.accepted_by}
        return (
            [each.record for each in self.waivers if each.record.place in places],
            [each.record for each in self.attestations if each.record.place in places],
        )

    def outcomes(self, audit: AuditContext) -> tuple[tuple[Waiver, ...], tuple[Attestation, ...]]:
        """Return all entries, each with its state in *audit* and the number of findings that it decided."""
        decided = Counter(finding.accepted_by for each in audit.results for finding in each.findings)

        def outcome(entry: Entry[Record]) -> Record:
            return replace(entry.record, state=_state(entry, audit), findings=decided[entry.record.place])

        return tuple(map(outcome, self.waivers)), tuple(map(outcome, self.attestations))

    @cached_property
    def _waivers(self) -> dict[str, list[Entry[Waiver]]]:
        return grouped((each.record.control.lower(), each) for each in self.waivers)

    @cached_property
    def _attestations(self) -> dict[str, list[Entry[Attestation]]]:
        return grouped((each.record.control.lower(), each) for each in self.attestations)


def names_of(control: str, frameworks: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Return all names of a control: its id, and its numbers in the benchmark and the guide."""
    numbers = (
        before + number
        for framework, ways in _BY_NUMBER.items()
        for number in frameworks.get(framework, ())
        for before in ways
    )
    return frozenset({control.lower(), *(each.lower() for each in numbers)})


def _about(entries: Mapping[str, list[Entry[Record]]], names: Collection[str], target: str) -> list[Entry[Record]]:
    # a waiver of a cause is below no name
    every = (each for name in (*sorted(names), "") for each in entries.get(name, ()))
    return [each for each in every if _matches(each.record.targets, target)]


def _matches(patterns: Sequence[str], name: str) -> bool:
    return not patterns or any(fnmatchcase(name, each) for each in patterns)


# ---- one finding


def _attested(finding: Finding, entries: Iterable[Entry[Attestation]], when: Times) -> Finding:
    """Apply the newest attestation; of two on one day the worse counts."""
    if finding.verdict is not Verdict.MANUAL:
        return finding
    about = [each for each in entries if _concerns(each.record, finding)]
    holding = [each for each in about if each.holds(when)]
    if not holding:
        return _lapsed(finding, about, "an attestation", when)
    record = max(holding, key=lambda each: (each.begins, each.record.status == "failed")).record
    passed = record.status == "passed"
    verdict, word = (Verdict.ATTESTED, "attested") if passed else (Verdict.FAIL, "found to fail")
    until = f", until {record.last_day}" if passed else ""
    words = f"{word} by {record.person} on {record.date}{until}: {record.statement}"
    return replace(_noted(finding, words), verdict=verdict, accepted_by=record.place)


def _waived(finding: Finding, entries: Iterable[Entry[Waiver]], when: Times) -> Finding:
    """Apply the waiver that ends last."""
    if finding.verdict is not Verdict.FAIL:
        return finding
    about = [each for each in entries if _concerns(each.record, finding)]
    holding = [each for each in about if each.holds(when)]
    if not holding:
        return _lapsed(finding, about, "a waiver", when)
    record = max(holding, key=lambda each: each.ends).record
    words = f"{waived_words(record)}: {record.reason}"
    return replace(_noted(finding, words), verdict=Verdict.WAIVED, accepted_by=record.place)


def waived_words(waiver: Waiver) -> str:
    """Return `waived until 2027-01-31 by Jane Doe, OPS-118`, or the parts that the waiver has."""
    until = f"until {waiver.last_day}" if waiver.last_day else "without end"
    by = f" by {waiver.approved_by}" if waiver.approved_by else ""
    return f"waived {until}{by}{f', {waiver.ticket}' if waiver.ticket else ''}"


def _noted(finding: Finding, words: str) -> Finding:
    return replace(finding, reason=f"{finding.reason} ({printable(words)})".lstrip())


def _lapsed(finding: Finding, about: Sequence[Entry[Record]], what: str, when: Times) -> Finding:
    """Return *finding* with a note on an entry that is not in force."""
    ended = [each for each in about if when.later and each.ends <= when.later]
    if not about:
        return finding
    if ended:
        record = max(ended, key=lambda each: each.ends).record
        return _noted(finding, f"{what} ended: its last day was {record.last_day}: {record.place}")
    why = "yet" if when.later else "as the recording has no time"
    return _noted(finding, f"{what} is not in force {why}: {about[0].record.place}")


# ---- the whole audit


def _state(entry: Entry[Record], audit: AuditContext) -> str:
    record = entry.record
    on = [each for each in audit.gathered if _matches(record.targets, each)]
    times = [audit.gathered[each] for each in on or audit.gathered]
    when = max(times, key=attrgetter("later"), default=Times(0.0, 0.0))
    if when.later and not entry.holds(when):
        return EXPIRED if entry.ends <= when.later else NOT_YET
    controls = audit.by_name.get(record.control.lower(), ()) if record.control else audit.ids_by_control
    known = {*on, *(each for each in audit.targets if _matches(record.targets, each))}
    if not controls or not known:
        return NOT_JUDGED if known and audit.narrowed else MATCHES_NOTHING
    judged = [
        each
        for control in controls
        for each in audit.by_control.get(control, ())
        if each.target in on and each.switched_off is None
    ]
    found = [each for result in judged for each in result.findings]
    of_target = (Verdict.ERROR, "target")  # what it may concern is unknown
    about = [each for each in found if (each.verdict, each.kind) == of_target or _concerns(record, each)]
    if any(_needs(record, each) for each in about):
        return IN_FORCE
    whole = len(judged) == len(controls) * len(known)
    unread = any(each.verdict is Verdict.ERROR for each in about)
    if not whole or unread or audit.limits:
        return NOT_JUDGED
    return NOT_NEEDED if about else MATCHES_NOTHING


def _needs(record: Waiver | Attestation, finding: Finding) -> bool:
    """Return whether such an entry decides the finding, or did.

    What is waived may have been manual, if the person found it to fail; one that passed it decided nothing then.
    """
    if isinstance(record, Waiver):
        return finding.verdict in (Verdict.FAIL, Verdict.WAIVED)
    if finding.verdict is Verdict.WAIVED:
        return record.status == "failed"
    return finding.verdict is Verdict.MANUAL or bool(finding.accepted_by)


def _concerns(record: Waiver | Attestation, finding: Finding) -> bool:
    """Return whether the entry fits the subject and, if it names one, the cause."""
    cause = record.cause if isinstance(record, Waiver) else ""
    reason = without_note(finding.reason) if cause else ""
    return _matches(record.subjects, finding.subject) and (reason == cause or fnmatchcase(reason, cause))
