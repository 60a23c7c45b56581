"""The results of an audit, and their way through results.json."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from hullcheck.messages import WrongUse
from hullcheck.results import Change, Changes, Finding, Gate, Moment, SwitchedOff, finding_id
from hullcheck.results.document import audit_of, document_of, load
from hullcheck.verdicts import Verdict
from selftests.kit import audit_pages


def test_id_stays() -> None:
    """The id of a finding is written down in other systems, and is of its names alone."""
    failed = Finding("container", "web", Verdict.FAIL, "it is privileged")
    change = Change("c", "t", "container", "web", "")
    assert finding_id("containers_are_not_privileged", "web1", failed) == "74039f7f35dc12e8029190a586c14320"
    assert {finding_id("c", "t", each) for each in (failed, change)} == {
        finding_id("c", "t", replace(failed, verdict=Verdict.PASS, reason=""))
    }
    assert finding_id("c", "tc", failed) != finding_id("ct", "c", failed)


def test_audit_survives_the_way_through_json() -> None:
    """An audit with all that there can be in it."""
    audit = audit_pages.accepted().audit
    change = Change("a", "web1", "container", "\udce9", "it runs")
    off = SwitchedOff("site.yml:6", "not here", Verdict.FAIL)
    audit = replace(
        audit,
        results=(*audit.results[:-1], replace(audit.results[-1], severity="low", switched_off=off)),
        since=Changes("before", "", 1, (change,), (), 2, (Moment("first", "", {"high": 3}, 1),)),
        gates=(Gate("--fail-on", "new", ("web1: CIS 5.5",)),),
    )
    assert audit_of(json.loads(json.dumps(document_of(audit)))) == audit
    assert {"since", "gates"}.isdisjoint(document_of(audit_pages.demo().audit))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda document: document.pop("run"), "missing required field `run`"),
        (lambda document: document.pop("targets"), "no 'targets'"),
        (lambda document: document.update(schema="hullcheck/results/9"), "$.schema"),
        (lambda document: document.update(targets=7), "has no attribute"),
        (lambda document: document["results"][3].update(verdict="ok"), "'ok' - at `$.results[3].verdict`"),
        (lambda document: document["results"][3].update(control="x"), "'x'"),
    ],
)
def test_damaged_document_is_refused(change: object, said: str, tmp_path: Path) -> None:
    """The message has the file and the place in it."""
    document = document_of(audit_pages.demo().audit)
    change(document)  # type: ignore[operator]
    (tmp_path / "results.json").write_text(json.dumps(document))
    with pytest.raises(WrongUse) as caught:
        load(tmp_path, "hullcheck diff OLD NEW")
    assert str(caught.value).startswith(f"{tmp_path}/results.json: not the results of an audit (")
    assert said in str(caught.value)
