"""The lists of problems: causes that controls share, and other controls; one reason on many targets only once."""

import json
from collections.abc import Iterator, Sequence

from msgspec import Struct

from hullcheck.results import Control, grouped
from hullcheck.results.failures import Failure, Problem, without_note
from hullcheck.verdicts import Verdict

MOST_REASONS, MOST_PLACES, MOST_SUBJECTS, MOST_TARGETS = 12, 6, 10, 5
"""What is shown of a problem: its reasons, the places of each, and the names of each place."""


class Place(Struct, frozen=True):
    """These subjects on each of these targets; no subject if it is the target as a whole."""

    subjects: Sequence[str]
    targets: Sequence[str]


class Reason(Struct, frozen=True):
    """A reason with all the places where it holds."""

    kind: str
    text: str
    places: Sequence[Place]


def reasons(failures: Sequence[Failure]) -> list[Reason]:
    """Return the reasons, those of most findings first; subjects that are on the same targets are named together."""
    found = []
    by_reason = grouped(failures, lambda each: (each.finding.kind, each.finding.reason))
    for (kind, text), together in sorted(by_reason.items(), key=lambda item: -len(item[1])):
        targets: dict[str, dict[str, None]] = {}
        for each in together:
            targets.setdefault("" if kind == "target" else each.finding.subject, {})[each.target] = None
        places = grouped(targets.items(), lambda pair: tuple(pair[1])).items()
        named = [Place([subject for subject, _ in pairs if subject], names) for names, pairs in places]
        found.append(Reason(kind, text, named))
    return found


def acceptable(problem: Problem) -> str:
    """Return what a waiver or an attestation has to name, as JSON for the script; empty if not all of it is shown.

    It is no wider than the findings: the subjects of a place are on each of its targets.
    """
    if problem.verdict not in (Verdict.FAIL, Verdict.MANUAL):
        return ""
    is_by_cause = problem.cause and problem.verdict is Verdict.FAIL
    is_mixed = len({each.finding.kind for each in problem.failures}) > 1
    named = dict.fromkeys(
        (control, tuple(place.targets), tuple(place.subjects or (place.targets if is_mixed else ())))
        for control, failures in grouped(problem.failures, lambda each: "" if is_by_cause else each.control.id).items()
        for reason in reasons(failures)
        for place in reason.places
    )
    if len(named) > MOST_PLACES * len(problem.controls):
        return ""
    shown = [names for _, names in shared_by(problem)] if is_by_cause else [subjects for _, _, subjects in named]
    if any(len(each) > MOST_SUBJECTS for each in shown) or any(len(targets) > MOST_TARGETS for _, targets, _ in named):
        return ""
    return json.dumps([[*each, problem.cause] if is_by_cause else each for each in named])


def shared_by(problem: Problem) -> Iterator[tuple[Control, list[str]]]:
    """Yield the controls that share a cause, each with its subjects, or else its reasons."""
    for found in grouped(problem.failures, lambda each: each.control.id).values():
        pairs = ((each.finding, without_note(each.finding.reason)) for each in found)
        names = (
            each.subject if reason == problem.cause else reason
            for each, reason in pairs
            if each.kind != "target" or reason != problem.cause
        )
        yield found[0].control, list(dict.fromkeys(names))
