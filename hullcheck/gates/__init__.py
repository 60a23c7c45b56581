"""Gates: conditions for a whole run, which decide its exit status."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from hullcheck.messages import WrongUse, did_you_mean
from hullcheck.results import JUDGED, SEVERITIES, STALE, Audit, Gate, Result, document, finding_id, sentences
from hullcheck.verdicts import Verdict

FAIL_ON, MIN_JUDGED = "--fail-on", "--min-judged"
NEW, WAIVERS = "new", "waivers"
COUNTED = frozenset({Verdict.FAIL, Verdict.ERROR})
"""The verdicts of a condition that names none: an error is as bad as a failure."""
_VERDICTS = {f"verdict={each}": each for each in (*COUNTED, Verdict.MANUAL, Verdict.WAIVED)}
_SEVERITIES = {
    **{f"severity={each}": frozenset({each}) for each in SEVERITIES},
    **{f"severity>={each}": frozenset(SEVERITIES[:place]) for place, each in enumerate(SEVERITIES, 1)},
    **{each: frozenset(SEVERITIES[:place]) for place, each in enumerate(SEVERITIES, 1)},
}


class Condition(Struct, frozen=True):
    """The findings that break the gate; all three parts have to fit."""

    verdicts: frozenset[Verdict] = COUNTED
    severities: frozenset[str] = frozenset(SEVERITIES)
    new: bool = False

    def fits(self, verdict: Verdict, severity: str, *, is_new: bool) -> bool:
        """Return whether a finding fits; an unknown severity counts as the worst."""
        severe = severity in self.severities or severity not in SEVERITIES
        return verdict in self.verdicts and severe and (is_new or not self.new)


def parse_conditions(text: str) -> tuple[Condition, ...]:
    """Parse what `--fail-on` takes, as `new,high or severity=critical or waivers`, or raise WrongUse."""
    return tuple(map(_condition, re.split(r"\s+or\s+", text.strip()))) if text.strip() else ()


def _condition(text: str) -> Condition:
    parts = ["".join(each.split()) for each in text.split(",")]
    if parts == [WAIVERS]:
        return Condition(verdicts=frozenset())  # no finding fits it
    known = (NEW, *_VERDICTS, *_SEVERITIES)
    for each in parts:
        if each == WAIVERS:
            raise WrongUse("--fail-on: `waivers` is an alternative of its own; write for example `high or waivers`")
        if each not in known:
            raise WrongUse(f"--fail-on: {each!r} is not a condition; {did_you_mean(each, known)}")
    verdicts = frozenset(_VERDICTS[each] for each in parts if each in _VERDICTS)
    severities = (_SEVERITIES[each] for each in parts if each in _SEVERITIES)
    return Condition(verdicts or COUNTED, frozenset(SEVERITIES).intersection(*severities), NEW in parts)


def earlier_run(path: Path, limits: Mapping[str, tuple[str, ...]]) -> Audit:
    """Return the run of --since, or raise WrongUse if it cannot be read or judged other subjects."""
    audit = document.load(path, "--since=reports/latest")
    if audit.run.limits != limits:
        raise WrongUse("--since: that run was limited to other containers or images; name one that judged the same")
    return audit


def shares(results: Iterable[Result]) -> Mapping[str, float]:
    """Return the percentage of applicable results that were judged, by target; 0 if none applies."""
    applying: Counter[str] = Counter()
    judged: Counter[str] = Counter()
    for each in results:
        verdict = each.switched_off.otherwise if each.switched_off else each.verdict
        applying[each.target] += verdict is not Verdict.NOT_APPLICABLE
        judged[each.target] += each.verdict in JUDGED
    return {name: 100 * judged[name] / count if count else 0.0 for name, count in applying.items()}


class Gates(Struct, frozen=True):
    """The gates of a run."""

    fail_on: str = ""  # as it was written
    conditions: tuple[Condition, ...] = ()  # those of it, of which any breaks the gate
    baseline: Audit | None = None  # the run with which `new` compares
    min_judged: float = 0  # the least percentage of results that have to be judged on each target

    def outcomes(self, audit: Audit) -> tuple[Gate, ...]:
        """Return the outcome of each gate for *audit*, in a fixed order."""
        found = []
        if self.conditions:
            found.append(Gate(FAIL_ON, self.fail_on, tuple(self._breaking(audit))))
        if self.min_judged:
            asked = f"{self.min_judged:g}"
            least = ((name, share) for name, share in shares(audit.results).items() if share < self.min_judged)
            broken = tuple(f"{name}: {share:.1f} % was judged" for name, share in least)
            found.append(Gate(MIN_JUDGED, asked, broken))
        return tuple(found)

    def _breaking(self, audit: Audit) -> Iterator[str]:
        """Yield the waivers and attestations to review and the findings that break `--fail-on`."""
        if any(not each.verdicts for each in self.conditions):
            for entries in (audit.waivers, audit.attestations):
                yield from (f"{each.place}: {each.state}" for each in entries if each.state in STALE)
        earlier = self.baseline.results if self.baseline else ()
        before = {
            (finding_id(one.control, one.target, each), each.verdict) for one in earlier for each in one.all_findings
        }
        for result in audit.results:
            severity = audit.severity(result)
            for each in result.all_findings:
                is_new = (finding_id(result.control, result.target, each), each.verdict) not in before
                if any(one.fits(each.verdict, severity, is_new=is_new) for one in self.conditions):
                    name = sentences.called(audit.known[result.control])
                    subject = "" if each.kind == "target" else f" {each.kind} {each.subject}"
                    yield f"{result.target}: {name}{subject}: {each.verdict}: {each.reason}"


def held(audit: Audit) -> bool:
    """Return whether the gates of the run hold and excuse failures; `waivers` alone excuses none."""
    asked = any(each.option == FAIL_ON and each.asked.strip() != WAIVERS for each in audit.gates)
    return asked and not any(each.broken for each in audit.gates)
