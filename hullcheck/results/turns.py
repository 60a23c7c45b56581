"""Which findings have another verdict in another run of the same evidence."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hullcheck.results import Audit, Finding, Result
from hullcheck.results.finding_id import finding_id


@dataclass(frozen=True)
class Turn:
    """A finding that has another verdict.

    Attributes:
        before: as the run found it; None where the subject was not judged then.
        after: None where it is not judged now.
    """

    control: str
    target: str
    before: Finding | None
    after: Finding | None


def turns(before: Audit, after: Audit) -> Sequence[Turn]:
    """The findings that have another verdict, in the order of the results."""
    return tuple(_turns(before, after))


def _turns(before: Audit, after: Audit) -> Iterator[Turn]:
    then = {(each.control, each.target): each for each in before.results}
    now = {(each.control, each.target): each for each in after.results}
    for pair in dict.fromkeys((*then, *now)):
        old, new = _by_id(then.get(pair)), _by_id(now.get(pair))
        for name in dict.fromkeys((*old, *new)):
            was, is_now = old.get(name), new.get(name)
            if (was and was.verdict) != (is_now and is_now.verdict):
                yield Turn(*pair, was, is_now)


def _by_id(result: Result | None) -> dict[str, Finding]:
    return {finding_id(result.control, result.target, each): each for each in result.told} if result else {}
