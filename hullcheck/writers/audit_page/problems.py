"""The lists of problems: causes that controls share, and other controls; one reason on many targets only once."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec import Struct

from hullcheck.results import Control, grouped
from hullcheck.results.failures import Problem
from hullcheck.verdicts import Verdict

MOST_REASONS, MOST_PLACES, MOST_SUBJECTS, MOST_TARGETS = 12, 6, 10, 5
"""What is shown of a problem: its reasons, the places of each, and the names of each place."""
_MOST_WAIVERS = 6  # lines that one button copies


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


def reasons(problem: Problem) -> list[Reason]:
    """Return the reasons, those of most findings first; subjects that are on the same targets are named together."""
    counts = Counter((each.finding.kind, each.finding.reason) for each in problem.failures)
    targets: dict[tuple[str, str], dict[str, dict[str, None]]] = {each: {} for each in counts}
    for failure in problem.failures:
        each = failure.finding
        subject = "" if each.kind == "target" else each.subject
        targets[each.kind, each.reason].setdefault(subject, {})[failure.target] = None
    found = []
    for key, _ in counts.most_common():
        together: dict[tuple[str, ...], list[str]] = {}
        for subject, names in targets[key].items():
            together.setdefault(tuple(names), []).append(subject)
        places = [Place(list(filter(None, subjects)), names) for names, subjects in together.items()]
        found.append(Reason(*key, places))
    return found


def waivable(problem: Problem) -> str:
    """Return what a waiver would have to name, as JSON for the script; empty if not all of it is shown.

    A waiver of a place is no wider than the findings: its subjects are on each of its targets.
    """
    if problem.verdict is not Verdict.FAIL:
        return ""
    if problem.cause:
        shown = len(problem.targets) <= MOST_TARGETS
        return json.dumps([["", problem.targets, [], problem.cause]]) if shown else ""
    found = reasons(problem)
    is_shown = len(found) <= MOST_REASONS and all(each.is_shown for each in found)
    named = dict.fromkeys((tuple(each.targets), tuple(each.subjects)) for reason in found for each in reason.places)
    if not is_shown or len(named) > _MOST_WAIVERS:
        return ""
    return json.dumps([[problem.controls[0].id, *each] for each in named])


def shared_by(problem: Problem) -> Iterator[tuple[Control, list[str]]]:
    """Yield the controls that share a cause, each with its subjects, or else its reasons."""
    for found in grouped(problem.failures, lambda each: each.control.id).values():
        findings = [each.finding for each in found]
        names = [each.subject if each.reason == problem.cause else each.reason for each in findings]
        whole = all(each.kind == "target" and each.reason == problem.cause for each in findings)
        yield found[0].control, [] if whole else list(dict.fromkeys(names))
