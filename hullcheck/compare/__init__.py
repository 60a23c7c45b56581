"""Compares an audit with docker-bench-security, recommendation by recommendation."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from hullcheck import inputs
from hullcheck.data import benchmarks
from hullcheck.messages import WrongUse, did_you_mean
from hullcheck.parsing.docker_bench_log import Check, Log, parse
from hullcheck.results import Audit, Control, Result
from hullcheck.verdicts import Verdict

_LARGEST = 64 * inputs.MIB  # bytes of a log: that of 5,000 containers has some 10 MiB
_MEANS = {
    "PASS": {Verdict.PASS, Verdict.ATTESTED},
    "WARN": {Verdict.FAIL, Verdict.WAIVED},
    "INFO": {Verdict.MANUAL, Verdict.ATTESTED, Verdict.NOT_APPLICABLE},
    "NOTE": {Verdict.MANUAL, Verdict.ATTESTED, Verdict.NOT_APPLICABLE},
}
"""The verdicts that agree with a result of docker-bench-security."""

_DECIDED = ("PASS", "WARN")


class Kind(StrEnum):
    """A kind of difference, the worst first."""

    OPPOSITE = "opposite verdicts"
    OPEN_THERE = "pass or fail here, left open there"
    OPEN_HERE = "pass or fail there, left open or not applicable here"
    UNREAD = "evidence that could not be read here"
    ONLY_THERE = "no result here"
    ONLY_HERE = "no result there"
    SAME = "the same"


_DIFFERENT = (Kind.OPPOSITE, Kind.OPEN_THERE, Kind.OPEN_HERE, Kind.UNREAD)


class Row(Struct, frozen=True):
    """One recommendation, or a check or control that only one side has."""

    number: str  # in the current version of the benchmark; that of the tool where it has no other
    title: str
    kind: Kind
    check: Check | None = None
    result: Result | None = None
    note: str = ""


class Comparison(Struct, frozen=True):
    """The log and the audit, with a row for each recommendation."""

    log: Log
    run: str  # the id of the audit
    target: str
    controls: int  # how many were judged on it
    rows: tuple[Row, ...]

    def of(self, kind: Kind) -> list[Row]:
        return [row for row in self.rows if row.kind is kind]

    @property
    def differ(self) -> bool:
        return any(row.kind in _DIFFERENT for row in self.rows)


def read_log(path: Path) -> Log:
    """Read the log, or raise WrongUse."""
    try:
        text = inputs.read(path, _LARGEST).decode("utf-8", "backslashreplace")
    except OSError as error:
        raise WrongUse(f"{path}: cannot be read: {error.strerror}") from None
    if not text.lstrip().startswith("{"):
        beside = path.with_name(f"{path.name}.json")
        advice = f"; its JSON is beside it: {beside}" if beside.exists() else ""
        raise WrongUse(f"{path}: not the JSON log that docker-bench-security writes to LOG.json{advice}")
    return parse(text, str(path))


def target_of(audit: Audit, wanted: str | None) -> str:
    """Return the name of the *wanted* or only target, or raise WrongUse."""
    names = [each.name for each in audit.targets]
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted is None:
        raise WrongUse(f"{audit.run.id}: has {len(names)} targets; write --target with one of {', '.join(names)}")
    if wanted not in names:
        raise WrongUse(f"{audit.run.id}: no target {wanted!r}; {did_you_mean(wanted, names)}")
    return wanted


def compare(log: Log, audit: Audit, target: str, titles: Mapping[str, str]) -> Comparison:
    """Compare; *titles* has those of recommendations that the audit lacks, by current number."""
    version = log.run.version  # its number marks a check that the current benchmark does not have
    numbers = ((benchmarks.current_number(version, each.number), each) for each in log.checks)
    there = {number or f"{each.number} of {version}": each for number, each in numbers}
    judged = [(audit.known[each.control], each) for each in audit.by_target[target]]
    here = [(number, *pair) for pair in judged for number in pair[0].frameworks.get("cis", ())]
    rows = [_row(log, number, there.get(number), control, result) for number, control, result in here]
    known = {number for number, _, _ in here}
    lacking = [_only_there(log, n, check, titles) for n, check in there.items() if n not in known]
    return Comparison(log, audit.run.id, target, len(judged), (*rows, *lacking))


def _row(log: Log, number: str, check: Check | None, control: Control, result: Result) -> Row:
    if check is None:
        new = benchmarks.number_in(log.run.version, number) is None
        note = f"new in the CIS benchmark {benchmarks.CURRENT}" if new else "it was not checked"
        return Row(number, control.title, Kind.ONLY_HERE, result=result, note=note)
    return Row(number, control.title, _kind(check, result), check, result)


def _only_there(log: Log, number: str, check: Check, titles: Mapping[str, str]) -> Row:
    known = number in titles
    note = "no control was judged" if known else f"not of the CIS benchmark {log.run.version}"
    return Row(number, titles.get(number, check.title), Kind.ONLY_THERE, check, note=note)


def _kind(check: Check, result: Result) -> Kind:
    if result.verdict in _MEANS[check.result]:
        return Kind.SAME
    if result.verdict is Verdict.ERROR:
        return Kind.UNREAD
    if check.result not in _DECIDED:
        return Kind.OPEN_THERE
    left_open = (Verdict.MANUAL, Verdict.NOT_APPLICABLE)
    return Kind.OPEN_HERE if result.verdict in left_open else Kind.OPPOSITE
