"""How much of what applies was judged: the gate `--coverage`."""

from collections.abc import Iterable, Iterator, Mapping

from hullcheck.results import Result
from hullcheck.verdicts import Verdict

_JUDGED = (Verdict.PASS, Verdict.FAIL, Verdict.WAIVED, Verdict.ATTESTED)


def shares(results: Iterable[Result]) -> Mapping[str, float]:
    """By target the percentage of its results that were judged, of all that apply; 0 where none applies.

    Passed, failed, waived and attested is judged; an error and *manual* is not, nor a control that was switched off.
    """
    applying: dict[str, int] = {}
    judged: dict[str, int] = {}
    for each in results:
        verdict = each.switched_off.otherwise if each.switched_off else each.verdict
        applying[each.target] = applying.get(each.target, 0) + (verdict is not Verdict.NOT_APPLICABLE)
        judged[each.target] = judged.get(each.target, 0) + (each.verdict in _JUDGED)
    return {name: 100 * judged[name] / count if count else 0.0 for name, count in applying.items()}


def below(results: Iterable[Result], least: float) -> Iterator[str]:
    """A line for each target of which less than this percentage was judged."""
    for target, share in shares(results).items():
        if share < least:
            yield f"{target}: {share:.1f} % was judged"
