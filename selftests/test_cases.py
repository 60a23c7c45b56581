"""The cases of controls, a row each; `kit/cases.py` explains the rows."""

from collections import Counter

import pytest

from selftests.kit.cases import Case, cases

CASES = tuple(cases())
MOST = 12  # rows of a control


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(case: Case) -> None:
    """The changed host gets the verdict of the row, for its reason."""
    verdict, reason = case.judged()
    assert verdict == case.verdict, reason
    assert case.says in reason


def test_no_control_has_too_many_cases() -> None:
    """A control that needs more has too many branches."""
    counts = Counter(each.control for each in CASES)
    assert {control: count for control, count in counts.items() if count > MOST} == {}
