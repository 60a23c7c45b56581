"""Threshold files of MITRE SAF: how many controls of a target may have which status.

The format is that of `saf validate threshold` (https://saf-cli.mitre.org): by status and severity a `min`, a `max`, or
the list of the `controls` that are it; `total` over all severities, also as one number; and `compliance`, the
percentage of passed controls of those that passed, failed, were skipped or ended in an error.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hullcheck.messages import WrongUse, did_you_mean
from hullcheck.results import SEVERITIES, Audit, Result
from hullcheck.verdicts import Verdict

STATUS: Mapping[Verdict, str] = {
    Verdict.PASS: "passed",
    Verdict.ATTESTED: "passed",
    Verdict.FAIL: "failed",
    Verdict.ERROR: "error",
    Verdict.MANUAL: "skipped",
    Verdict.NOT_APPLICABLE: "no_impact",
    Verdict.WAIVED: "no_impact",
}
"""What SAF calls a verdict."""
COMPLIANCE, TOTAL, NONE = "compliance", "total", "none"
_STATUSES = tuple(dict.fromkeys(STATUS.values()))
_LIMITS = ("min", "max")
_CONTROLS = "controls"
_OF_COMPLIANCE = ("passed", "failed", "skipped", "error")


@dataclass(frozen=True)
class Threshold:
    """One limit.

    Attributes:
        status: as SAF calls it, or `compliance`.
        severity: one of ours, `total` or `none`.
        limit: `min`, `max`, `exact`, or `controls`.
        value: a number, or for `controls` their ids.
    """

    status: str
    severity: str
    limit: str
    value: float | frozenset[str]

    def broken_by(self, audit: Audit) -> Iterator[str]:
        """A line for each target that is not within it."""
        severities = {each.id: each.severity for each in audit.controls}
        by_target: dict[str, list[Result]] = {}
        for each in audit.results:
            by_target.setdefault(each.target, []).append(each)
        for target, results in by_target.items():
            found = self._found(results, severities)
            if isinstance(found, frozenset) and isinstance(self.value, frozenset):
                wrong = found ^ self.value
                if wrong:
                    yield f"{target}: {self}: not so: {', '.join(sorted(wrong))}"
            elif (
                isinstance(found, float)
                and isinstance(self.value, float)
                and not self._holds(found, self.value)
            ):
                yield f"{target}: {self} {self.value:g}: there are {found:g}" + " %" * (
                    self.status == COMPLIANCE
                )

    def __str__(self) -> str:
        """Its keys, as they stand in the file."""
        keys = (self.status, *((self.severity,) if self.status != COMPLIANCE else ()))
        return ".".join((*keys, *((self.limit,) if self.limit != "exact" else ())))

    def _found(self, results: list[Result], severities: Mapping[str, str]) -> float | frozenset[str]:
        if self.status == COMPLIANCE:
            return _compliance(results)
        fitting = [
            each
            for each in results
            if STATUS[each.verdict] == self.status
            and self.severity in (TOTAL, _severity(each, severities[each.control]))
        ]
        if self.limit == _CONTROLS:
            return frozenset(each.control for each in fitting)
        return float(len(fitting))

    def _holds(self, found: float, value: float) -> bool:
        return {"min": found >= value, "max": found <= value, "exact": found == value}[self.limit]


def _severity(result: Result, own: str) -> str:
    """What has no impact has no severity: SAF goes by the impact, which is 0 there."""
    return NONE if STATUS[result.verdict] == "no_impact" else result.severity or own


def _compliance(results: list[Result]) -> float:
    """The percentage, a whole number, as SAF rounds it."""
    counted = [each for each in results if STATUS[each.verdict] in _OF_COMPLIANCE]
    passed = sum(STATUS[each.verdict] == "passed" for each in counted)
    return float((200 * passed + len(counted)) // (2 * len(counted))) if counted else 0.0


def read(document: Any) -> tuple[Threshold, ...]:
    """The limits of a threshold file.

    Raises:
        WrongUse: it is none; a limit that is not known must not be passed over.
    """
    if not isinstance(document, dict) or not document:
        raise WrongUse("--thresholds: no limits are there; write `failed: {critical: {max: 0}}`")
    found: list[Threshold] = []
    for status, below in document.items():
        if status == COMPLIANCE:
            found += _limits(status, TOTAL, below)
            continue
        _require(status, _STATUSES, "status")
        for severity, limits in _items(status, below):
            _require(severity, (*SEVERITIES, TOTAL, NONE), f"severity below {status}")
            found += _limits(status, severity, limits)
    return tuple(found)


def _limits(status: str, severity: str, limits: Any) -> Iterator[Threshold]:
    place = f"{status}.{severity}"
    if severity == TOTAL and status != COMPLIANCE and _is_number(limits):
        yield Threshold(status, severity, "exact", float(limits))
        return
    for limit, value in _items(place, limits):
        _require(limit, _LIMITS if severity == TOTAL else (*_LIMITS, _CONTROLS), f"limit below {place}")
        if limit == _CONTROLS:
            if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
                raise WrongUse(f"--thresholds: {place}.controls: write a list of ids of controls")
            if value:  # SAF takes an empty list for none at all
                yield Threshold(status, severity, limit, frozenset(value))
        elif _is_number(value):
            yield Threshold(status, severity, limit, float(value))
        else:
            raise WrongUse(f"--thresholds: {place}.{limit}: write a number, 0 or more")


def _is_number(value: Any) -> bool:
    if isinstance(value, str):  # YAML is read without guessing types: a number with a point is text
        return bool(re.fullmatch(r"[0-9]{1,9}\.[0-9]{1,9}", value))
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _items(place: str, below: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(below, dict):
        raise WrongUse(f"--thresholds: {place}: write its limits below it, as `max: 0`")
    yield from ((str(name), each) for name, each in below.items())


def _require(word: str, known: tuple[str, ...], what: str) -> None:
    if word not in known:
        raise WrongUse(f"--thresholds: no {what} is called {word!r}; {did_you_mean(word, known)}")
