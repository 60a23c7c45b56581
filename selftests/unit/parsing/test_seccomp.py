"""What a seccomp profile lets through."""

from __future__ import annotations

from typing import Any

import pytest

from hullcheck.parsing import seccomp
from hullcheck.verdicts import EvidenceError

ALLOW = "SCMP_ACT_ALLOW"


WITHOUT_NAMESPACES = [{"index": 0, "value": 0x7E020000, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]


def profile(*rules: dict[str, Any], action: Any = "SCMP_ACT_ERRNO") -> dict[str, Any]:
    """A profile with these rules, as the probes keep it."""
    return seccomp.reduced({"defaultAction": action, "syscalls": list(rules)})


@pytest.mark.parametrize("action", [ALLOW, "SCMP_ACT_LOG", "SCMP_ACT_TRACE", "SCMP_ACT_NOTIFY"])
def test_actions_that_may_let_a_call_through(action: str) -> None:
    """None of them denies; the action of Docker's own profile does."""
    assert seccomp.flaw(profile(action=action)) == f"allows what it does not list ({action})"
    assert seccomp.flaw(profile()) == ""
    rule = {"names": ["keyctl"], "action": action}
    assert seccomp.gaps(profile(rule)) == ("keyctl",)


@pytest.mark.parametrize("action", [None, 7, ""])
def test_profile_without_a_default_action(action: Any) -> None:
    """What it does with a call that it does not list is unknown."""
    with pytest.raises(EvidenceError):
        seccomp.flaw(profile(action=action))


def test_profile_that_lists_every_call() -> None:
    """It denies by default, and nothing is left to deny."""
    every = profile({"names": ["read", *sorted(seccomp.DENIED)], "action": ALLOW})
    assert seccomp.flaw(every).startswith("allows by name what the engine's own denies: _sysctl, add_key")
    assert seccomp.flaw(profile({"names": ["read", "keyctl"], "action": ALLOW})) == ""


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"names": ["keyctl"], "action": ALLOW}, ("keyctl",)),
        ({"name": "keyctl", "action": ALLOW}, ("keyctl",)),
        (
            {"names": ["keyctl"], "action": ALLOW, "args": [{"index": 0, "value": 3, "op": "SCMP_CMP_EQ"}]},
            ("keyctl",),
        ),
        ({"names": ["keyctl"], "action": ALLOW, "includes": {"arches": ["s390"]}}, ("keyctl",)),
        ({"names": ["keyctl"], "action": ALLOW, "includes": {"caps": ["CAP_SYS_ADMIN"]}}, ()),
        ({"names": ["keyctl"], "action": ALLOW, "includes": {"caps": ["CAP_CHOWN"]}}, ("keyctl",)),
        ({"names": ["pivot_root", "unshare"], "action": ALLOW}, ("pivot_root", "unshare")),
        ({"names": ["setns"], "action": ALLOW, "includes": {"caps": ["CAP_SYS_ADMIN"]}}, ()),
        ({"names": ["clone"], "action": ALLOW}, ("clone",)),
        ({"names": ["clone"], "action": ALLOW, "args": WITHOUT_NAMESPACES}, ()),
        ({"names": ["keyctl"], "action": "SCMP_ACT_KILL_PROCESS"}, ()),
        ({"names": ["read"], "action": ALLOW}, ()),
    ],
)
def test_calls_that_the_engine_denies(rule: dict[str, Any], expected: tuple[str, ...]) -> None:
    """One that is allowed for some arguments or machines is allowed; with a capability it is another question."""
    assert seccomp.gaps(profile(rule)) == expected


def test_calls_that_the_engine_lets_through_with_a_capability() -> None:
    """With it they are no gap, without it they are; a rule counts where the container has what it asks for."""
    mounts = profile({"names": ["mount", "bpf"], "action": ALLOW})
    assert seccomp.gaps(mounts) == ("bpf", "mount")
    assert seccomp.gaps(mounts, {"BPF"}) == ("mount",)
    assert seccomp.gaps(mounts, {"SYS_ADMIN"}) == ()
    asks = profile({"names": ["keyctl"], "action": ALLOW, "includes": {"caps": ["CAP_SYS_ADMIN"]}})
    assert (seccomp.gaps(asks), seccomp.gaps(asks, {"SYS_ADMIN"})) == ((), ("keyctl",))
    every = profile({"names": sorted(seccomp.DENIED), "action": ALLOW, "includes": {"caps": ["CAP_SETUID"]}})
    assert seccomp.flaw(every)
    assert not seccomp.flaw(every, {"CHOWN"})


NOT_VSOCK = [{"index": 0, "value": 40, "op": "SCMP_CMP_NE"}]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([{"names": ["socket"], "action": ALLOW}], "VSOCK ALG"),
        ([{"names": ["socket"], "action": ALLOW, "args": NOT_VSOCK}], "ALG"),
        (
            [
                {
                    "names": ["socket"],
                    "action": ALLOW,
                    "args": [{"index": 0, "value": value, "op": f"SCMP_CMP_{how}"}],
                }
                for value, how in ((38, "LT"), (39, "EQ"), (40, "GT"))
            ],
            "",
        ),
        ([{"names": ["io_uring_setup"], "action": ALLOW}], "io_uring"),
        (
            [{"names": ["socket"], "action": ALLOW, "args": [{"index": 1, "value": 1, "op": "SCMP_CMP_EQ"}]}],
            "VSOCK ALG",
        ),
    ],
)
def test_what_newer_versions_deny(rules: list[dict[str, Any]], expected: str) -> None:
    """AF_ALG, AF_VSOCK and io_uring are told, by the arguments that the rules let through."""
    found = " ".join(seccomp.late_gaps(profile(*rules)))
    assert [each in found for each in ("VSOCK", "ALG", "io_uring")] == [
        each in expected for each in ("VSOCK", "ALG", "io_uring")
    ]


@pytest.mark.parametrize(
    ("text", "flaw", "gaps"),
    [
        ('{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[]}', "", ()),
        ('{"defaultaction":"SCMP_ACT_ALLOW"}', "allows what it does not list (SCMP_ACT_ALLOW)", ()),
        (
            '{"defaultAction":"SCMP_ACT_ERRNO","DefaultAction":"SCMP_ACT_LOG"}',
            "allows what it does not list (SCMP_ACT_LOG)",
            (),
        ),
        (
            '{"defaultAction":"SCMP_ACT_ERRNO","SYSCALLS":[{"Names":["keyctl"],"ACTION":"SCMP_ACT_ALLOW"}]}',
            "",
            ("keyctl",),
        ),
    ],
)
def test_profile_as_the_engine_reads_it(text: str, flaw: str, gaps: tuple[str, ...]) -> None:
    """In whatever case its keys are written, and the last of several counts."""
    kept = seccomp.read(text)
    assert (seccomp.flaw(kept), seccomp.gaps(kept)) == (flaw, gaps)


@pytest.mark.parametrize(
    "text",
    [None, [], "x", {"syscalls": "x"}, {"syscalls": ["x"]}, {"defaultAction": {}}, {"defaultAction": ["x"]}],
)
def test_what_is_no_profile(text: Any) -> None:
    """Nothing of it is kept, and it protects from nothing that is known."""
    kept = seccomp.reduced(text)
    assert kept == {"defaultAction": None, "syscalls": []}


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ({"name": "keyctl", "action": 4, "args": []}, ("keyctl",)),
        ({"name": "keyctl", "action": 2, "args": []}, ()),
        (
            {
                "name": "clone",
                "action": 4,
                "args": [{"index": 0, "value": 0x7E020000, "value_two": 0, "op": 7}],
            },
            (),
        ),
        (
            {
                "name": "clone",
                "action": 4,
                "args": [{"index": 0, "value": 0x7E020000, "value_two": 1, "op": 1}],
            },
            (),
        ),
        (
            {"name": "clone", "action": 6, "args": [{"index": 0, "value": 1, "value_two": 0, "op": 2}]},
            ("clone",),
        ),
    ],
)
def test_profile_in_the_state_of_runc(rule: dict[str, object], found: tuple[str, ...]) -> None:
    """Its numbers are words of OCI, and a profile of OCI stays as it is."""
    told = {"default_action": 2, "syscalls": [rule], "default_errno_ret": None}
    assert seccomp.gaps(seccomp.reduced(seccomp.of_runc(told))) == found
    plain = {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": []}
    assert (seccomp.of_runc(plain), seccomp.of_runc(None)) == (plain, None)


@pytest.mark.parametrize("number", [0, 10, "4", None])
def test_number_that_runc_does_not_have(number: object) -> None:
    """It is no action."""
    assert seccomp.of_runc({"default_action": number, "syscalls": None})["defaultAction"] is None
