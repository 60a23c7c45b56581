"""The lists of problems: each control with its reasons, one reason on many targets only once."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct

from hullcheck.results import Audit, Control, Finding, Result
from hullcheck.results.failures import Cause, causes, rank
from hullcheck.verdicts import Verdict

MOST_REASONS, MOST_PLACES, MOST_SUBJECTS, MOST_TARGETS = 12, 6, 10, 5
"""What is shown of a problem: its reasons, the places of each, and the names of each place."""
_MOST_WAIVERS = 6  # lines that one button copies
_LISTED = (Verdict.FAIL, Verdict.ERROR, Verdict.MANUAL, Verdict.WAIVED, Verdict.ATTESTED)


class Place(Struct, frozen=True):
    """These subjects on each of these targets; no subject if it is the target as a whole."""

    subjects: Sequence[str]
    targets: Sequence[str]


class Reason(Struct, frozen=True):
    """A reason with all the places where it holds."""

    kind: str
    text: str
    places: Sequence[Place]

    @property
    def is_shown(self) -> bool:
        """Whether the page shows all of it."""
        return len(self.places) <= MOST_PLACES and all(
            len(each.subjects) <= MOST_SUBJECTS and len(each.targets) <= MOST_TARGETS for each in self.places
        )


class Problem(Struct, frozen=True):
    """A control with its findings of one verdict; *targets* is the number of those that have one."""

    control: Control
    verdict: Verdict
    severity: str
    targets: int
    reasons: Sequence[Reason]

    @property
    def waivable(self) -> str:
        """What a waiver would have to name, as JSON for the script; empty if not all of it is shown.

        A waiver of a place is no wider than the findings: its subjects are on each of its targets.
        """
        is_shown = len(self.reasons) <= MOST_REASONS and all(each.is_shown for each in self.reasons)
        places = (place for reason in self.reasons for place in reason.places)
        named = dict.fromkeys((tuple(each.targets), tuple(each.subjects)) for each in places)
        if self.verdict is not Verdict.FAIL or not is_shown or len(named) > _MOST_WAIVERS:
            return ""
        return json.dumps([[self.control.id, *each] for each in named])


def by_verdict(audit: Audit, silent: frozenset[str]) -> Mapping[Verdict, list[Problem]]:
    """Return the problems by verdict, the worst first, without those of *silent* targets, which gave no answer."""
    found: dict[tuple[Verdict, str], list[tuple[Result, Finding]]] = {}
    for result in audit.results:
        for each in result.told if result.target not in silent else ():
            if each.verdict in _LISTED:
                found.setdefault((each.verdict, result.control), []).append((result, each))
    order = {each.id: number for number, each in enumerate(audit.controls)}
    problems: dict[Verdict, list[Problem]] = {verdict: [] for verdict in _LISTED}
    for (verdict, control), together in found.items():
        severity = min((audit.severity(result) for result, _ in together), key=rank)
        targets = len({result.target for result, _ in together})
        problem = Problem(audit.known[control], verdict, severity, targets, _reasons(together))
        problems[verdict].append(problem)
    for some in problems.values():
        some.sort(key=lambda each: (rank(each.severity), -each.targets, order[each.control.id]))
    return problems


def _reasons(found: Sequence[tuple[Result, Finding]]) -> list[Reason]:
    """Return the reasons, those of most findings first; subjects that are on the same targets are named together."""
    counts = Counter((each.kind, each.reason) for _, each in found)
    targets: dict[tuple[str, str], dict[str, dict[str, None]]] = {each: {} for each in counts}
    for result, each in found:
        subject = "" if each.kind == "target" else each.subject
        targets[each.kind, each.reason].setdefault(subject, {})[result.target] = None
    reasons = []
    for key, _ in counts.most_common():
        together: dict[tuple[str, ...], list[str]] = {}
        for subject, names in targets[key].items():
            together.setdefault(tuple(names), []).append(subject)
        places = [Place(list(filter(None, subjects)), names) for names, subjects in together.items()]
        reasons.append(Reason(*key, places))
    return reasons


def shared_causes(audit: Audit, silent: frozenset[str], errors: Sequence[Problem]) -> tuple[list[Cause], list[Problem]]:
    """Return what keeps several controls from being judged, and the *errors* that have a reason of their own."""
    found = causes(audit, silent)
    own = {each.stopped[0] for each in found if len(each.stopped) == 1}
    for result in audit.results:
        reasons = {each.reason for each in result.findings if each.verdict is Verdict.ERROR}
        if len(reasons) > 1 or (result.verdict is not Verdict.ERROR and reasons):
            own.add(result.control)
    shared = [each for each in found if len(each.stopped) > 1]
    return shared, [each for each in errors if each.control.id in own]
