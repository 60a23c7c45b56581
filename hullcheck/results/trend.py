"""How many findings failed in each of the last runs of the same targets."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from hullcheck.results import Audit, Control, Result
from hullcheck.results.changes import Moment
from hullcheck.results.document import from_json
from hullcheck.verdicts import Verdict

_LONGEST = 60  # runs


def of(audit: Audit) -> tuple[Moment, ...]:
    """The numbers of the runs before *audit* that are known, the oldest first, and its own."""
    before = audit.since.before if audit.since else ()
    return (*before, moment(audit.run.id, audit.run.finished, audit.controls, audit.results))


def up_to(document: Mapping[str, Any], results: Iterable[Result]) -> tuple[Moment, ...]:
    """The same of the run of *document*, whose *results* these are; runs that are long past are left out.

    Raises:
        KeyError, TypeError, ValueError or AttributeError: it is damaged.
    """
    run = document["run"]
    controls = (from_json(Control, {"id": name, **each}) for name, each in document["controls"].items())
    before = (from_json(Moment, each) for each in document.get("since", {}).get("before", ()))
    own = moment(str(run["id"]), str(run["finished"]), controls, results)
    return (*before, own)[-_LONGEST:]


def moment(run: str, finished: str, controls: Iterable[Control], results: Iterable[Result]) -> Moment:
    """What the run of this id found, which ended then."""
    severities = {each.id: each.severity for each in controls}
    failed: Counter[str] = Counter()
    errors = 0
    for one in results:
        errors += one.verdict is Verdict.ERROR
        failed[one.severity or severities[one.control]] += sum(
            each.verdict is Verdict.FAIL for each in one.told
        )
    return Moment(run, finished, {name: number for name, number in failed.items() if number}, errors)
