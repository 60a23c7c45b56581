"""Reads the results of one target, to compare them."""

from dataclasses import dataclass
from pathlib import Path

from hullcheck.messages import WrongUse, did_you_mean
from hullcheck.results import Control, Result, document


@dataclass(frozen=True)
class TargetResults:
    """One target of an audit: each control that was judged, with its result."""

    run: str
    target: str
    judged: tuple[tuple[Control, Result], ...]


def load(path: Path, target: str | None) -> TargetResults:
    """Read the results of *target*, which may be left out where there is one only.

    Raises:
        WrongUse: there are no results, or none of that target.
    """
    audit = document.load(path, "--results PATH")
    name = _target(path, list(audit.by_target), target)
    judged = tuple((audit.known[each.control], each) for each in audit.by_target[name])
    return TargetResults(audit.run.id, name, judged)


def _target(path: Path, names: list[str], wanted: str | None) -> str:
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted is None:
        raise WrongUse(f"{path}: has {len(names)} targets; write --target with one of {', '.join(names)}")
    if wanted not in names:
        raise WrongUse(f"{path}: no target {wanted!r}; {did_you_mean(wanted, names)}")
    return wanted
