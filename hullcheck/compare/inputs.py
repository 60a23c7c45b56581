"""Reads what is compared: the log file of docker-bench-security, and the results of one target."""

from pathlib import Path

from msgspec import Struct

from hullcheck import inputs
from hullcheck.messages import WrongUse, did_you_mean
from hullcheck.parsing.docker_bench_log import Log, LogError, parse
from hullcheck.results import Control, Result, document

LARGEST = 64 * inputs.MIB
"""The most bytes of a log: that of 5,000 containers has some 10 MiB."""


class TargetResults(Struct, frozen=True):
    """One target of an audit: each control that was judged, with its result."""

    run: str
    target: str
    judged: tuple[tuple[Control, Result], ...]


def results(path: Path, target: str | None) -> TargetResults:
    """Read the results of *target*, or of the only one; raise WrongUse if there are none."""
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


def log(path: Path) -> Log:
    """Read the log, or raise WrongUse."""
    try:
        text = inputs.read(path, LARGEST).decode("utf-8", "backslashreplace")
    except OSError as error:
        raise WrongUse(f"{path}: cannot be read: {error.strerror}") from None
    if not text.lstrip().startswith("{"):
        beside = path.with_name(f"{path.name}.json")
        advice = f"; its JSON is beside it: {beside}" if beside.exists() else ""
        raise WrongUse(f"{path}: not the JSON log that docker-bench-security writes to LOG.json{advice}")
    try:
        return parse(text, str(path))
    except LogError as error:
        raise WrongUse(str(error)) from None
