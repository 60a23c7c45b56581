"""oscal-assessment-results.json: two states and no third; UUIDs that follow from names; whatever is named is there."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from hullcheck.results import Audit, Finding
from hullcheck.verdicts import Verdict
from hullcheck.writers.formats.status import STATUS
from selftests.kit import audit_pages
from selftests.kit.formats import each_audit, each_verdict, found, small, text

STRING = re.compile(r"\S(.*\S)?")
"""What a value of a property may be: one line without blanks around it."""
TOKEN = re.compile(r"[^\W\d][\w.\-]*")


def document(audit: Audit) -> dict[str, Any]:
    """What is below the root."""
    return json.loads(text("oscal", audit))["assessment-results"]  # type: ignore[no-any-return]


def result_of(audit: Audit) -> dict[str, Any]:
    """The only result."""
    (result,) = document(audit)["results"]
    return result  # type: ignore[no-any-return]


def values(part: Any, key: str) -> Iterator[Any]:
    """All values under this key, however deep."""
    if isinstance(part, dict):
        yield from (each for name, each in part.items() if name == key)
        yield from (each for inner in part.values() for each in values(inner, key))
    if isinstance(part, list):
        yield from (each for inner in part for each in values(inner, key))


@each_verdict
def test_finding_has_one_of_two_states(verdict: Verdict) -> None:
    """What is neither is an observation alone; what a person attested was examined, and not tested."""
    result = result_of(small(Finding("container", "web", verdict, "flies")))
    (observation,) = result["observations"]
    states = [each["target"]["status"]["state"] for each in result.get("findings", ())]
    assert states == [STATUS[verdict].oscal] * bool(STATUS[verdict].oscal)
    assert ("risks" in result) == (verdict is Verdict.WAIVED)
    assert observation["methods"] == ["TEST"]  # nobody is named who attested it


@each_audit
def test_all_that_is_named_is_there(audit: Callable[[], Audit]) -> None:
    """Each UUID once; observations, risks, targets and the plan by theirs."""
    whole, result = document(audit()), result_of(audit())
    uuids = list(values(whole, "uuid"))
    assert len(uuids) == len(set(uuids))
    for key in ("observation-uuid", "risk-uuid", "subject-uuid"):
        assert {*values(result, key)} <= set(uuids)
    (resource,) = whole["back-matter"]["resources"]
    assert whole["import-ap"]["href"] == f"#{resource['uuid']}"
    assert len(result.get("observations", ())) == len(found(audit(), *Verdict))
    assert not [
        each for key in ("observations", "findings", "risks") for each in [result.get(key)] if each == []
    ]


@each_audit
def test_states_are_those_of_the_results(audit: Callable[[], Audit]) -> None:
    """A control on a target is a finding, where its verdict is good or bad."""
    states = Counter(each["target"]["status"]["state"] for each in result_of(audit()).get("findings", ()))
    assert states == Counter(
        STATUS[each.verdict].oscal for each in audit().results if STATUS[each.verdict].oscal
    )


@each_audit
def test_texts_have_their_form(audit: Callable[[], Audit]) -> None:
    """A property has one line, a control a token."""
    whole = document(audit())
    for each in (each for props in values(whole, "props") for each in props):
        assert STRING.fullmatch(each["value"]), each
        assert TOKEN.fullmatch(each["name"])
    for key in ("target-id", "objective-id", "control-id"):
        assert all(TOKEN.fullmatch(each) for each in values(whole, key))


def test_waiver_is_a_risk_with_a_deviation() -> None:
    """Until its last day, in which it still holds; the finding stays unsatisfied."""
    audit = audit_pages.accepted().audit
    result = result_of(audit)
    risks = {each["uuid"]: each for each in result["risks"]}
    assert len(risks) == len(found(audit, Verdict.WAIVED)) > 0
    assert {each["status"] for each in risks.values()} == {"deviation-approved"}
    assert {each["deadline"] for each in risks.values()} == {f"{audit_pages.WAIVER.last_day}T23:59:59Z"}
    findings = [each for each in result["findings"] if "related-risks" in each]
    assert {each["target"]["status"]["state"] for each in findings} == {"not-satisfied"}
    assert {each["risk-uuid"] for one in findings for each in one["related-risks"]} == set(risks)


def test_attested_is_examined() -> None:
    """By the person whom the remarks name."""
    examined = [
        each
        for each in result_of(audit_pages.accepted().audit)["observations"]
        if each["methods"] == ["EXAMINE"]
    ]
    assert len(examined) == len(found(audit_pages.accepted().audit, Verdict.ATTESTED)) > 0
    assert all(audit_pages.ATTESTATION.person in each["remarks"] for each in examined)


@pytest.mark.parametrize(
    ("number", "said"), [("800-53:AC-6", "ac-6"), ("800-53:AC-6(10)", "ac-6.10"), ("800-190:4.4.3", "")]
)
def test_controls_are_those_of_the_catalog(number: str, said: str) -> None:
    """Written as there; where there is none, all of the plan were reviewed."""
    reviewed = result_of(small(frameworks={"nist": (number,)}))["reviewed-controls"]
    (selected,) = reviewed["control-selections"]
    assert selected == ({"include-controls": [{"control-id": said}]} if said else {"include-all": {}})
    assert reviewed["control-objective-selections"] == [{"include-objectives": [{"objective-id": "c"}]}]


def test_uuids_differ_between_runs() -> None:
    """A UUID names one thing for ever; what stays is the id of the finding among the properties."""
    audit = small(Finding("container", "web", Verdict.FAIL))
    other = replace(audit, run=replace(audit.run, id="another"))
    assert not {*values(document(audit), "uuid")} & {*values(document(other), "uuid")}
    first, second = (result_of(each)["observations"][0]["props"][0] for each in (audit, other))
    assert first == second
    assert first["value"] == found(audit, Verdict.FAIL)[0].id
