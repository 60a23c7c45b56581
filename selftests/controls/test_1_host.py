"""Section 1 on facts made by hand: each control fails on the flaw that it names, and on no other."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from hullcheck.controls.judge import judge
from hullcheck.data.releases import shipped
from hullcheck.facts.engine.release import Release, System
from hullcheck.facts.host.accounts import Accounts
from hullcheck.facts.host.accounts import accounts as read_accounts
from hullcheck.facts.host.file import FileFact, Grant, Node, State
from hullcheck.facts.host.packages import Patching, Timer
from hullcheck.facts.registry import Later
from hullcheck.facts.subjects import Subjects
from hullcheck.policy import Hardening, Policy
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.engines import engine_text
from selftests.kit.facts.hosts import target
from selftests.kit.files import DIRECTORY, at
from selftests.kit.judging import control
from selftests.unit.criteria.test_auditd import audit_of


def verdict(number: str, **arguments: Any) -> tuple[str, str]:
    """What a control says of these facts."""
    (found,) = judge(control(number), arguments, "host")
    return str(found.verdict), found.reason


# ---- audit rules


@pytest.mark.parametrize("number", [f"1.1.{number}" for number in range(3, 19)])
def test_every_control_of_rules(number: str) -> None:
    """Each control judges the file that it is given."""
    import inspect

    (argument,) = [name for name in inspect.signature(control(number)).parameters if name != "audit"]
    good = audit_of("-w /x -p wa", files=("-w /x -p wa",))
    assert verdict(number, **{argument: at("/x")}, audit=good) == ("pass", "-w /x -p wa")
    assert verdict(number, **{argument: at("/y")}, audit=good) == ("fail", "no rule covers it")
    nothing: Subjects[FileFact] = Subjects("file", (), "there is none")
    assert verdict(number, **{argument: nothing}, audit=good) == ("not applicable", "there is none")
    unread = FileFact("/x", State.UNREAD, doubt="are you root?")
    assert verdict(number, **{argument: unread}, audit=good)[0] == "error"


def test_rule_inside_a_directory() -> None:
    """A rule that leaves out a part of a directory is to be checked, but in 1.1.5 for overlay2 and volumes."""
    root, rule = at("/data/docker", DIRECTORY), "-w /data/docker -p wa"
    for part, found in ("overlay2", "pass"), ("volumes/web", "pass"), ("containers", "manual"):
        audit = audit_of(f"-a never,exit -S all -F dir=/data/docker/{part}", rule, files=(rule,))
        assert verdict("1.1.5", data_root=root, audit=audit)[0] == found
        assert verdict("1.1.6", configuration_directory=root, audit=audit)[0] == "manual"


# ---- 1.1.2

PEOPLE = """\
user:root:0:0:/bin/bash
user:toor:0:0:/bin/sh
user:alice:1000:1000:/bin/bash
user:bob:1001:999:/bin/bash
user:carol:1002:1002:/bin/bash
user:sync:4:0:/bin/sync
group:root:0:
group:docker:999:alice,root,toor
group:containers:999:carol
group:docker:500:dave
group:empty:998:
"""


def accounts(text: str = PEOPLE) -> Accounts:
    """The accounts of a target."""
    return read_accounts(target(accounts={"accounts": text}).recording)


def controllers(socket: FileFact, *trusted: str, text: str = PEOPLE) -> tuple[str, str]:
    """What 1.1.2 says of a socket."""
    return verdict("1.1.2", api_socket=socket, accounts=accounts(text), policy=Policy(trusted_users=trusted))


DOCKER, EMPTY = "group docker and containers (gid 999)", "group empty (gid 998)"
OF_ALICE = FileFact("/s", State.FOUND, Node("/s", 0o140660, 1000, 998), grants=())


def sock(gid: int, *allowed: Grant, mode: int = 0o140660) -> FileFact:
    """Return a socket of root and this group, with this access control list."""
    return at("/s", mode, gid=gid, grants=allowed)


@pytest.mark.parametrize(
    ("socket", "trusted", "expected"),
    [
        (sock(999), (), f"not trusted by the policy: alice ({DOCKER}), bob ({DOCKER}), carol ({DOCKER})"),
        (sock(999), ("alic", "alice", "bob"), f"not trusted by the policy: carol ({DOCKER})"),
        (sock(999), ("alice", "bob", "carol"), f"{DOCKER}: alice, bob, carol"),
        (sock(998), (), f"{EMPTY}: nobody but root"),
        (sock(77), (), "group gid 77, which has no name: nobody but root"),
        (sock(999, mode=0o140640), (), f"{DOCKER}: nobody but root"),
        (sock(998, mode=0o140666), (), "everyone on the host may write to it"),
        (OF_ALICE, (), "not trusted by the policy: alice (owner of the socket)"),
        (replace(OF_ALICE, owners=frozenset({0, 1000})), (), f"{EMPTY}: nobody but root"),
        (
            sock(0, Grant("uid 1002", 6), Grant("uid 1003", 5), Grant("gid 500", 6)),
            (),
            "not trusted by the policy: carol (access control list), "
            "dave (access control list by group docker (gid 500))",
        ),
        (at("/s", 0o140660, gid=0), (), "the access control list of /s could not be read; install getfacl"),
    ],
)  # fmt: skip
def test_who_controls_the_engine(socket: FileFact, trusted: tuple[str, ...], expected: str) -> None:
    """Owner, members by number and first group, and the access control list let in; root does not count."""
    found, reason = controllers(socket, *trusted)
    words = ("not trusted", "everyone")
    assert reason == expected
    assert found == ("fail" if reason.startswith(words) else "error" if "getfacl" in reason else "pass")


def test_accounts_that_are_none() -> None:
    """A list with a broken line is an error."""
    with pytest.raises(EvidenceError, match="has a line that is none"):
        accounts("user:alice:x:1000:/bin/sh\n")


# ---- 1.2.1


def hardened(record: Hardening | None, today: str = "2026-06-01") -> tuple[str, str]:
    """What 1.2.1 says on a day."""
    system = System("Debian GNU/Linux 13", date.fromisoformat(today))
    return verdict("1.2.1", system=system, policy=Policy(os_hardening=record))


def test_assessment_of_the_operating_system() -> None:
    """Without a record, with one that is too old or lies ahead, a person is asked; else it passes."""
    record = Hardening("CIS Debian 13", date(2026, 3, 31), 90)
    assert hardened(None)[0] == "manual"
    assert hardened(record) == (
        "pass",
        "Debian GNU/Linux 13 was assessed against CIS Debian 13 on 2026-03-31; that counts until 2026-06-29",
    )
    assert hardened(record, "2026-06-29")[0] == "pass"
    assert hardened(record, "2026-06-30")[0] == "manual"
    assert hardened(record, "2026-03-30")[0] == "manual"


def test_dead_engine_leaves_nothing_to_a_person() -> None:
    """1.2.1 is an error like all others where the engine does not answer, with what docker said."""
    dead = target(engine=engine_text(refusal="Cannot connect to the Docker daemon"))
    with pytest.raises(EvidenceError, match="does not answer: Cannot connect to the Docker daemon"):
        _ = dead.system


def test_record_of_an_assessment() -> None:
    """The policy takes a standard, a day, and for how many days it counts."""
    written = {"standard": "CIS Debian 13", "assessed": "2026-03-31", "valid_days": 90}
    assert Policy.from_mapping({"os_hardening": written}).os_hardening == Hardening(
        "CIS Debian 13", date(2026, 3, 31), 90
    )
    assert Policy().os_hardening is None


# ---- 1.2.2


def test_release_is_maintained() -> None:
    """A build of a distribution passes by what keeps it up to date; parts of an engine are shown."""
    idle = Patching(date(2026, 11, 26), (), (), ())
    busy = replace(idle, timers=(Timer("x", True, "on=1", True, "success", date(2026, 11, 25)),))
    debian = {"ID": "debian", "VERSION_ID": "13"}
    for version, vendor, policy, patching, found in (
        ("29.10.0", "Docker Engine - Community", Policy(), idle, "pass"),
        ("27.5.1", "Docker Engine - Community", Policy(), idle, "fail"),
        ("25.0.9", "Mirantis Container Runtime", Policy(), idle, "manual"),
        ("nonsense", "Docker Engine - Community", Policy(), idle, "error"),
        ("26.1.5+dfsg1", "", Policy(), idle, "manual"),
        ("26.1.5+dfsg1", "", Policy(), busy, "pass"),
        ("26.1.5+dfsg1", "", Policy(patched_by="Ansible"), idle, "pass"),
    ):
        given = {
            "release": Release(version, vendor, debian, date(2026, 11, 26)),
            "component_versions": Later(lambda: {"runc": "1.4.3"}),
            "patching": Later(lambda each=patching: each),
            "known_releases": shipped(),
            "policy": policy,
        }
        verdict_and_reason = verdict("1.2.2", **given)
        assert verdict_and_reason[0] == found, verdict_and_reason
        assert ("runc 1.4.3" in verdict_and_reason[1]) == (found == "pass")
