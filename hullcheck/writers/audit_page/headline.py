"""The one sentence at the top of the page: what was judged, and the worst that was found."""

from collections.abc import Collection, Mapping, Sequence

from hullcheck.results import Audit
from hullcheck.verdicts import Verdict
from hullcheck.writers.audit_page.problems import Problem

Found = Mapping[Verdict, Sequence[Problem]]


def headline(audit: Audit, found: Found, silent: Collection[str]) -> tuple[str, Verdict]:
    """The sentence, and the verdict whose shape stands beside it; *silent* targets gave no answer."""
    if audit.nothing_judged or not audit.results:
        return _nothing_judged(audit, found, silent)
    errors, mute = len(found[Verdict.ERROR]), _without_answer(audit, silent)
    if bare := set(audit.unjudged) - set(silent):
        mute = "; ".join(
            filter(None, (mute, f"nothing was judged on {len(bare)} of {len(audit.targets)} targets"))
        )
    if found[Verdict.FAIL]:
        also = f"{errors} could not be judged" if errors else ""
        fails = _of(audit, found, Verdict.FAIL, "fails", "fail")
        return "; ".join(filter(None, (fails, also, mute))), Verdict.FAIL
    if errors or mute:
        could_not = _of(audit, found, Verdict.ERROR, "could not be judged") if errors else ""
        words = " and ".join(filter(None, (could_not, mute)))
        return f"{words[0].upper()}{words[1:]}; of the rest, none fails", Verdict.ERROR
    if left := len(found[Verdict.MANUAL]):
        return f"No control fails; {_many(left)} left to a person", Verdict.MANUAL
    if any(each.switched_off for each in audit.results):
        return "No control fails that the site has not accepted or switched off", Verdict.WAIVED
    if found[Verdict.WAIVED]:
        return "No control fails that the site has not accepted", Verdict.WAIVED
    return "No control fails, and none is left open", Verdict.PASS


def _nothing_judged(audit: Audit, found: Found, silent: Collection[str]) -> tuple[str, Verdict]:
    if silent and len(silent) == len(audit.targets):
        return "Nothing could be judged: no target gave an answer", Verdict.ERROR
    if found[Verdict.ERROR]:
        errors = _of(audit, found, Verdict.ERROR, "is an error", "are errors")
        return f"Nothing could be judged: {errors}", Verdict.ERROR
    if silent:
        return f"Nothing was judged: {_without_answer(audit, silent)}", Verdict.ERROR
    if left := len(found[Verdict.MANUAL]):
        return f"Nothing was judged: {_many(left)} left to a person", Verdict.MANUAL
    return "Nothing was there to be judged", Verdict.NOT_APPLICABLE


def _without_answer(audit: Audit, silent: Collection[str]) -> str:
    return f"{len(silent)} of {len(audit.targets)} targets gave no answer" if silent else ""


def _of(audit: Audit, found: Found, verdict: Verdict, one: str, several: str = "") -> str:
    number = len(found[verdict])
    return f"{number} of {len(audit.controls)} controls {one if number == 1 else several or one}"


def _many(number: int) -> str:
    return "one control is" if number == 1 else f"{number} controls are"
