"""What a seccomp profile does with a call that it does not list."""

import pytest

from hullcheck.parsing import seccomp
from hullcheck.verdicts import EvidenceError


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ('{"defaultAction": "SCMP_ACT_ERRNO"}', ""),
        ('{"DefaultAction": "SCMP_ACT_KILL", "syscalls": [7]}', ""),
        *(
            (f'{{"defaultAction": "SCMP_ACT_{each}"}}', f"allows what it does not list (SCMP_ACT_{each})")
            for each in ("ALLOW", "LOG", "TRACE", "NOTIFY")
        ),
    ],
)
def test_default_action(text: str, flaw: str) -> None:
    """It denies, or else a call may go through."""
    assert seccomp.flaw(seccomp.read(text)) == flaw


@pytest.mark.parametrize(
    "text",
    [
        *("{}", "nonsense", "[]", "[" * 100_000, '{"defaultAction": 7}', '{"defaultAction": ""}'),
        '{"defaultAction": "SCMP_ACT_ERRNO", "DefaultAction": "SCMP_ACT_ALLOW"}',
    ],
)
def test_profile_without_a_default_action(text: str) -> None:
    """What it does with a call that it does not list is unknown."""
    with pytest.raises(EvidenceError):
        seccomp.flaw(seccomp.read(text))
