"""The lists of problems: each control with its reasons, one reason on many targets only once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hullcheck.controls.metadata import SEVERITIES
from hullcheck.results import Audit, Control, Rollup
from hullcheck.results.failures import Cause, causes
from hullcheck.verdicts import Verdict

LISTED = (Verdict.FAIL, Verdict.ERROR, Verdict.MANUAL, Verdict.WAIVED, Verdict.ATTESTED)
MOST_REASONS = 12  # of one control; the rest is behind the control's own link
MOST_PLACES = 6  # groups of places of one reason
MOST_NAMES = 10  # subjects in one group
MOST_TARGETS = 5  # targets in one group, or of one cause
MOST_WAIVERS = 6  # lines that one button copies


@dataclass(frozen=True)
class Place:
    """Where something was found: these subjects on each of these targets; none where it is the target itself."""

    subjects: Sequence[str]
    targets: Sequence[str]
    more_subjects: int
    more_targets: int


@dataclass(frozen=True)
class Reason:
    """One reason, with all the places where it holds; it is a sentence after the subjects of the first of them."""

    text: str
    kind: str
    places: Sequence[Place]
    more: int
    accepted_by: str = ""


@dataclass(frozen=True)
class Problem:
    """One control with its findings of one verdict."""

    control: Control
    verdict: Verdict
    severity: str
    targets: int
    reasons: Sequence[Reason]
    more: int

    @property
    def waivable(self) -> str:
        """What would have to be waived, as JSON for the script; empty where it is not all named here.

        A place is some subjects on each of some targets, so a waiver of these is no wider than the findings.
        """
        places = [each for reason in self.reasons for each in reason.places]
        cut = self.more or any(each.more for each in self.reasons)
        if self.verdict is not Verdict.FAIL or cut or any(map(_is_cut, places)):
            return ""
        named = {(tuple(each.targets), tuple(each.subjects)): None for each in places}
        return json.dumps([[self.control.id, *each] for each in named]) if len(named) <= MOST_WAIVERS else ""


def _is_cut(place: Place) -> bool:
    return bool(place.more_subjects or place.more_targets)


def key_of(rollup: Rollup) -> str:
    """A name for a framework in links: its marker, and its edition where it has several."""
    first = rollup.requirements[0].id if rollup.requirements else ""
    edition, colon, _ = first.partition(":")
    return f"{rollup.framework}-{edition}" if colon else rollup.framework


def title_of(title: str) -> str:
    """The title of a control as a heading has it: without its full stop."""
    return title.removesuffix(".")


_Said = tuple[str, str, str]  # kind, reason, and what accepted it
_Where = dict[_Said, list[tuple[str, str]]]  # subject and target


def by_verdict(audit: Audit, silent: frozenset[str]) -> Mapping[Verdict, Sequence[Problem]]:
    """The problems, the worst first; what is said of a *silent* target, which gave no answer, is left out."""
    order = {each.id: number for number, each in enumerate(audit.controls)}
    problems: dict[Verdict, list[Problem]] = {verdict: [] for verdict in LISTED}
    for (verdict, name), (said, severities) in _collected(audit, silent).items():
        problems[verdict].append(_problem(audit.known[name], verdict, said, severities))
    for each in problems.values():
        each.sort(key=lambda one: (SEVERITIES.index(one.severity), -one.targets, order[one.control.id]))
    return problems


def shared_causes(
    audit: Audit, silent: frozenset[str], errors: Sequence[Problem]
) -> tuple[Sequence[Cause], Sequence[Problem]]:
    """What keeps several controls from being judged, once each; and the *errors* that have a reason of their own."""
    found = causes(audit, silent)
    own = {each.stopped[0] for each in found if each.controls == 1}
    for result in audit.results:
        reasons = {each.reason for each in result.findings if each.verdict is Verdict.ERROR}
        if len(reasons) > 1 or (result.verdict is not Verdict.ERROR and reasons):
            own.add(result.control)
    return [each for each in found if each.controls > 1], [each for each in errors if each.control.id in own]


def _collected(audit: Audit, silent: frozenset[str]) -> Mapping[tuple[Verdict, str], tuple[_Where, set[str]]]:
    """By verdict and control: where each thing was said, and the severities there."""
    found: dict[tuple[Verdict, str], tuple[_Where, set[str]]] = {}
    for result in audit.results:
        if result.target in silent:
            continue
        for each in result.told:
            if each.verdict in LISTED:
                said, severities = found.setdefault((each.verdict, result.control), ({}, set()))
                severities.add(audit.severity(result))
                subject = "" if each.kind == "target" else each.subject
                key = each.kind, each.reason, each.accepted_by
                said.setdefault(key, []).append((subject, result.target))
    return found


def _problem(
    control: Control,
    verdict: Verdict,
    found: _Where,
    severities: set[str],
) -> Problem:
    ordered = sorted(found.items(), key=lambda each: -len(each[1]))
    reasons = [_reason(said, where) for said, where in ordered[:MOST_REASONS]]
    targets = {target for where in found.values() for _, target in where}
    more = max(0, len(ordered) - MOST_REASONS)
    return Problem(control, verdict, min(severities, key=SEVERITIES.index), len(targets), reasons, more)


def _reason(said: _Said, where: Sequence[tuple[str, str]]) -> Reason:
    """What was said, and where; subjects that are on the same targets are named together."""
    kind, text, accepted_by = said
    targets: dict[str, dict[str, None]] = {}  # by subject, each once
    for subject, target in where:
        targets.setdefault(subject, {})[target] = None
    together: dict[tuple[str, ...], list[str]] = {}
    for subject, names in targets.items():
        together.setdefault(tuple(names), []).append(subject)
    places = [_place([each for each in subjects if each], names) for names, subjects in together.items()]
    return Reason(text, kind, places[:MOST_PLACES], max(0, len(places) - MOST_PLACES), accepted_by)


def _place(subjects: Sequence[str], targets: Sequence[str]) -> Place:
    return Place(
        subjects[:MOST_NAMES],
        targets[:MOST_TARGETS],
        max(0, len(subjects) - MOST_NAMES),
        max(0, len(targets) - MOST_TARGETS),
    )
