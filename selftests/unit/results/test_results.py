"""The results of an audit, and their way through results.json."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from hullcheck.messages import WrongUse
from hullcheck.results import (
    Change,
    Control,
    Finding,
    finding_id,
    sentences,
)
from hullcheck.results.document import audit_of, document_of, load
from hullcheck.verdicts import Verdict
from selftests.kit.audit_pages import site, small


def test_id_stays() -> None:
    """The id of a finding is written down in other systems, and is of its names alone."""
    failed = Finding("container", "web", Verdict.FAIL, "it is privileged")
    change = Change("c", "t", "container", "web", "")
    assert finding_id("containers_are_not_privileged", "web1", failed) == "74039f7f35dc12e8029190a586c14320"
    assert {finding_id("c", "t", each) for each in (failed, change)} == {
        finding_id("c", "t", replace(failed, verdict=Verdict.PASS, reason=""))
    }
    assert finding_id("c", "tc", failed) != finding_id("ct", "c", failed)


@pytest.mark.parametrize(
    ("frameworks", "number"),
    [
        ({"cis": ("5.5", "5.6"), "guide": ("1.2",)}, "CIS 5.5"),
        ({"guide": ("1.2.automated_patching.puppet",)}, "Guide 1.2"),
        ({"guide": ("5.cis.daemon_json",)}, "Guide 5"),
        ({"pci": ("2.2.6",)}, ""),
    ],
)
def test_number_is_what_people_say(frameworks: dict[str, tuple[str, ...]], number: str) -> None:
    """That of the benchmark, else that of the guide without its words."""
    assert sentences.number(Control("c", "", "low", "", "", frameworks)) == number


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        (Finding("container", "web", Verdict.FAIL, "runs as root"), "container web runs as root"),
        (Finding("container", "web", Verdict.FAIL, "no limit is set"), "container web: no limit is set"),
        (Finding("option", "updates", Verdict.MANUAL, "is any left?"), "option updates: is any left?"),
        (Finding("target", "web1", Verdict.FAIL, "icc is true"), "web1: icc is true"),
        (Finding("step", "it runs", Verdict.FAIL, "no process"), "not met: it runs: no process"),
        (Finding("step", "it runs", Verdict.PASS, ""), "step it runs"),
    ],
)
def test_finding_is_a_sentence(finding: Finding, said: str) -> None:
    """The subject first; a colon where the reason is no predicate; a demand that is not met is no fact."""
    assert sentences.of_finding(finding) == said


def test_audit_survives_the_way_through_json() -> None:
    """An audit with all that there can be in it."""
    audit = site().audit
    assert audit_of(json.loads(json.dumps(document_of(audit)))) == audit
    assert {"since", "gates"}.isdisjoint(document_of(small()))


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
    document = document_of(site().audit)
    change(document)  # type: ignore[operator]
    (tmp_path / "results.json").write_text(json.dumps(document))
    with pytest.raises(WrongUse) as caught:
        load(tmp_path, "hullcheck diff OLD NEW")
    assert str(caught.value).startswith(f"{tmp_path}/results.json: not the results of an audit (")
    assert said in str(caught.value)
