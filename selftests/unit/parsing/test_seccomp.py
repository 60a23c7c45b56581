"""Actions of a seccomp profile."""

import pytest

from hullcheck.parsing.seccomp import DENYING


@pytest.mark.parametrize("action", ["SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE", "SCMP_ACT_NOTIFY"])
def test_actions_that_may_let_a_call_through(action: str) -> None:
    """None of them denies; the action of Docker's own profile does."""
    assert action not in DENYING
    assert "SCMP_ACT_ERRNO" in DENYING
