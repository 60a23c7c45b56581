"""Whether a run that is limited to some subjects may have left out what a waiver or an attestation speaks of."""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from hullcheck.results import LIMITED_TO_OTHERS, Attestation, Finding, Waiver

_LIMITS_OF = {"container": ("container", "label"), "log": ("container", "label"), "image": ("image",)}
"""By the kind of a subject, the limits that can leave it out."""
_SPECIAL = frozenset("*?[")


def may_be_left_out(
    record: Waiver | Attestation, limits: Mapping[str, Sequence[str]], findings: Iterable[Finding]
) -> bool:
    """Whether *limits* may leave out a subject that *record* names.

    A name that fits the limit is known to be there or not. Of patterns, and of labels, results do not tell which
    subjects were left out.

    Args:
        findings: all of the controls and targets of *record*; they tell which kind of subjects these judge.
    """
    kinds = {kind for each in findings for kind in _kinds(each)}
    relevant = [name for kind in kinds for name in _LIMITS_OF.get(kind, ()) if name in limits]
    return any(name == "label" or not _all_fit(record.subjects, limits[name]) for name in relevant)


def _kinds(finding: Finding) -> Iterable[str]:
    """The kind of the subject; where all were left out, that of which the reason says so."""
    yield finding.kind
    yield from (kind for kind in _LIMITS_OF if finding.reason == LIMITED_TO_OTHERS.format(kind))


def _all_fit(subjects: Sequence[str], patterns: Sequence[str]) -> bool:
    """Whether each of *subjects* is a name, and one to which the run is limited."""
    names = [each for each in subjects if _SPECIAL.isdisjoint(each)]
    return bool(subjects) and names == [*subjects] and all(_fits(each, patterns) for each in names)


def _fits(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, each) for each in patterns)
