"""Results: what travels from a worker comes back the same."""

from hullcheck.results import Finding, Result
from hullcheck.results.document import from_json, to_json
from hullcheck.verdicts import Verdict


def test_result_survives_the_way_through_json() -> None:
    """`from_json` is the inverse of `to_json`."""
    findings = (Finding("container", "web", Verdict.FAIL, "runs"), Finding("container", "db", Verdict.PASS))
    result = Result("a", "local", Verdict.FAIL, "web: runs", findings, ("engine",))
    assert from_json(Result, to_json(result)) == result
