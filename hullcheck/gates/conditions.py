"""What `--fail-on` takes: `new,severity>=high or severity=critical`."""

import re

from msgspec import Struct

from hullcheck.lazy import regex
from hullcheck.messages import WrongUse, did_you_mean
from hullcheck.results import SEVERITIES
from hullcheck.verdicts import Verdict

NEW = "new"
COUNTED = frozenset({Verdict.FAIL, Verdict.ERROR})
"""The verdicts that count where a condition names none: what could not be judged is as bad as what fails."""
_VERDICTS = {each.value: each for each in (Verdict.FAIL, Verdict.ERROR, Verdict.MANUAL, Verdict.WAIVED)}
_COMPARED = regex(r"(\w+)\s*(>=|=)\s*(\w+)")
_EXAMPLE = "as in --fail-on 'new,severity>=high'"


class Condition(Struct, frozen=True):
    """Findings that break the gate: all three parts have to fit."""

    verdicts: frozenset[Verdict] = COUNTED
    severities: frozenset[str] = frozenset(SEVERITIES)
    new: bool = False

    def fits(self, verdict: Verdict, severity: str, *, is_new: bool) -> bool:
        """Return whether a finding fits; a severity that is no known word counts as the worst."""
        severe = severity in self.severities or severity not in SEVERITIES
        return verdict in self.verdicts and severe and (is_new or not self.new)


def parse(text: str) -> tuple[Condition, ...]:
    """Parse the conditions in *text*: `or` separates them, and commas the parts of one.

    Raises:
        WrongUse: it has a part that is none.
    """
    return tuple(map(_condition, re.split(r"\s+or\s+", text.strip()))) if text.strip() else ()


def _condition(text: str) -> Condition:
    verdicts: set[Verdict] = set()
    severities = frozenset(SEVERITIES)
    new = False
    for part in map(str.strip, text.split(",")):
        if part == NEW:
            new = True
            continue
        name, severe, value = _compared(part)
        if name == "severity":
            severities &= _severities(value, severe)
        else:
            verdicts |= _verdict(value, severe)
    return Condition(frozenset(verdicts) or COUNTED, severities, new)


def _compared(part: str) -> tuple[str, str, str]:
    match = _COMPARED.fullmatch(part)
    if match is None:
        known = (NEW, "severity>=high", "severity=critical", "verdict=fail")
        raise WrongUse(f"--fail-on: {part!r} is no condition; {did_you_mean(part, known)}")
    name = match[1]
    if name not in ("severity", "verdict"):
        raise WrongUse(f"--fail-on: {name!r}: {did_you_mean(name, ('severity', 'verdict', NEW))}")
    return name, match[2], match[3]


def _severities(value: str, sign: str) -> frozenset[str]:
    if value not in SEVERITIES:
        raise WrongUse(f"--fail-on: no severity {value!r}; {did_you_mean(value, SEVERITIES)}")
    place = SEVERITIES.index(value)
    return frozenset(SEVERITIES[: place + 1] if sign == ">=" else (value,))


def _verdict(value: str, sign: str) -> frozenset[Verdict]:
    if value not in _VERDICTS or sign != "=":
        raise WrongUse(
            f"--fail-on: verdict{sign}{value}: write one of verdict={', '.join(_VERDICTS)}, {_EXAMPLE}"
        )
    return frozenset({_VERDICTS[value]})
