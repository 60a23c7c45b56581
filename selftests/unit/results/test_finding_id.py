"""The stable id of a finding."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hullcheck.results import Change, Finding, finding_id
from hullcheck.verdicts import Verdict

NAMES = st.text(max_size=4)


def test_id_stays() -> None:
    """The id is written down in other systems: it may never become another one."""
    found = Finding("container", "web", Verdict.FAIL, "it is privileged")
    assert finding_id("containers_are_not_privileged", "web1", found) == "74039f7f35dc12e8029190a586c14320"


def test_id_is_of_names_alone() -> None:
    """Whatever the verdict and the reason."""
    failed = Finding("container", "web", Verdict.FAIL, "is privileged")
    passed = Finding("container", "web", Verdict.PASS)
    change = Change("c", "t", "container", "web", "")
    assert len({finding_id("c", "t", each) for each in (failed, passed, change)}) == 1


@given(st.tuples(NAMES, NAMES, NAMES, NAMES), st.tuples(NAMES, NAMES, NAMES, NAMES))
def test_two_findings_have_two_ids(one: tuple[str, str, str, str], two: tuple[str, str, str, str]) -> None:
    """No name runs into the next one."""
    ids = {finding_id(*each[:2], Finding(*each[2:], Verdict.FAIL)) for each in (one, two)}
    assert len(ids) == len({one, two})
