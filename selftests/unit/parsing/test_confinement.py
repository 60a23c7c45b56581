"""What confines a process."""

from __future__ import annotations

import pytest

from hullcheck.parsing.confinement import (
    capability_names,
    given_capabilities,
    is_unconfined,
    read_seccomp,
    seccomp_flaw,
    selinux_type,
)
from hullcheck.verdicts import EvidenceError


@pytest.mark.parametrize(
    ("added", "dropped", "has", "lacks"),
    [
        ((), (), "NET_RAW", "SYS_ADMIN"),
        (("all",), ("all",), "SYS_ADMIN", ""),
        (("CAP_SYS_TIME",), ("cap_net_raw",), "SYS_TIME", "NET_RAW"),
        (("chown",), ("ALL",), "CHOWN", "KILL"),
        (("NET_RAW",), ("NET_RAW",), "NET_RAW", ""),
    ],
)
def test_capabilities_by_options(added: tuple[str, ...], dropped: tuple[str, ...], has: str, lacks: str) -> None:
    """What the engine gives is known from its options, whatever their spelling."""
    found = given_capabilities(added, dropped, privileged=False)
    assert has in found
    assert lacks not in found


def test_capabilities_by_bits() -> None:
    """They have the numbers of the kernel."""
    assert capability_names(1 << 21 | 1 << 60 | 1) == {"CHOWN", "SYS_ADMIN", "CAP_60"}


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ('{"defaultAction": "SCMP_ACT_ERRNO"}', ""),
        ('{"DefaultAction": "SCMP_ACT_KILL", "syscalls": [7]}', ""),
        ('{"defaultAction": "SCMP_ACT_LOG"}', "allows what it does not list (SCMP_ACT_LOG)"),
        *((each, None) for each in ("{}", "nonsense", "[]", "[" * 100_000, '{"defaultAction": 7}')),
        ('{"defaultAction": "SCMP_ACT_ERRNO", "DefaultAction": "SCMP_ACT_ALLOW"}', None),
    ],
)
def test_default_action(text: str, flaw: str | None) -> None:
    """It denies, or else a call may go through; without a clear one the profile is an error."""
    if flaw is not None:
        assert seccomp_flaw(read_seccomp(text)) == flaw
    else:
        with pytest.raises(EvidenceError):
            seccomp_flaw(read_seccomp(text))


@pytest.mark.parametrize(
    ("label", "kind", "unconfined"),
    [
        ("u:r:container_t:s0:c1,c2", "container_t", False),
        ("u:r:spc_t", "spc_t", True),
        ("u:r:unconfined_java_t:s0", "unconfined_java_t", True),
        ("container_t", "", True),
    ],
)
def test_type_of_a_label(label: str, kind: str, unconfined: bool) -> None:
    """The type is the third part, and decides whether the process is confined."""
    assert (selinux_type(label), is_unconfined(kind)) == (kind, unconfined)
