"""What `--fail-on` takes: `new,severity>=high or severity=critical`."""

import re

from msgspec import Struct

from hullcheck.messages import WrongUse, did_you_mean
from hullcheck.results import SEVERITIES
from hullcheck.verdicts import Verdict

NEW = "new"
COUNTED = frozenset({Verdict.FAIL, Verdict.ERROR})
"""The verdicts that count where a condition names none: what could not be judged is as bad as what fails."""
_VERDICTS = {f"verdict={each}": each for each in (*COUNTED, Verdict.MANUAL, Verdict.WAIVED)}
_SEVERITIES = {
    **{f"severity={each}": frozenset({each}) for each in SEVERITIES},
    **{f"severity>={each}": frozenset(SEVERITIES[:place]) for place, each in enumerate(SEVERITIES, 1)},
}


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
    """Parse *text*, or raise WrongUse: `or` separates conditions, and commas the parts of one."""
    return tuple(map(_condition, re.split(r"\s+or\s+", text.strip()))) if text.strip() else ()


def _condition(text: str) -> Condition:
    parts = ["".join(each.split()) for each in text.split(",")]
    known = (NEW, *_VERDICTS, *_SEVERITIES)
    for each in parts:
        if each not in known:
            raise WrongUse(f"--fail-on: {each!r} is no condition; {did_you_mean(each, known)}")
    verdicts = frozenset(_VERDICTS[each] for each in parts if each in _VERDICTS)
    severities = (_SEVERITIES[each] for each in parts if each in _SEVERITIES)
    return Condition(verdicts or COUNTED, frozenset(SEVERITIES).intersection(*severities), NEW in parts)
