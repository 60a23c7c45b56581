"""Section 1 on facts made by hand: each control fails on the flaw that it names, and on no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from hullcheck.controls.judge import judge
from hullcheck.data.releases import shipped
from hullcheck.facts import Facts
from hullcheck.facts.engine.packages import Packages
from hullcheck.facts.engine.release import Release
from hullcheck.facts.host.accounts import ACCOUNTS, Accounts
from hullcheck.facts.host.accounts import accounts as read_accounts
from hullcheck.facts.host.file import FileFact, Grant, Node, State
from hullcheck.facts.registry import Later
from hullcheck.facts.subjects import Subjects
from hullcheck.policy import Hardening, Policy, PolicyError
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
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
ways:
units:
"""


def accounts(text: str = PEOPLE) -> Accounts:
    """The accounts of a target."""
    return read_accounts(Recording("host", "local", {ACCOUNTS.name: Answer(ACCOUNTS.name, 0, text, "")}))


def controllers(socket: FileFact, *trusted: str, text: str = PEOPLE) -> tuple[str, str]:
    """What 1.1.2 says of a socket."""
    return verdict("1.1.2", api_socket=socket, accounts=accounts(text), policy=Policy(trusted_users=trusted))


def test_members_of_the_group() -> None:
    """Members by any entry with the number count, and users whose first group it is, but not root."""
    docker = at("/run/docker.sock", 0o140660, gid=999, grants=())
    group = "group docker and containers (gid 999)"
    expected = f"not trusted by the policy: alice ({group}), bob ({group}), carol ({group})"
    assert controllers(docker) == ("fail", expected)
    assert controllers(docker, "alice", "bob")[1] == f"not trusted by the policy: carol ({group})"
    assert controllers(docker, "alice", "bob", "carol") == ("pass", f"{group}: alice, bob, carol")
    assert controllers(docker, "alic", "bob", "carol")[0] == "fail"


def test_other_ways_into_the_group() -> None:
    """Who administers the group is as good as a member; a password opens it to whoever knows that."""
    docker = at("/run/docker.sock", 0o140660, gid=998, grants=())
    closed = replace(docker, target=replace(docker.node, mode=0o140600))
    assert controllers(docker)[0] == "pass"
    admin = f"{PEOPLE}admins:empty:carol\nadmins:docker:alice\n"
    assert controllers(docker, text=admin) == (
        "fail",
        "not trusted by the policy: carol (group empty (gid 998))",
    )
    assert controllers(docker, "carol", text=admin)[0] == "pass"
    password = f"{PEOPLE}password:empty\n"
    expected = "whoever knows the password of the group empty (gid 998) may join it"
    assert controllers(docker, text=password) == ("fail", expected)
    assert controllers(closed, text=password)[0] == "pass"
    assert controllers(docker, text=f"{PEOPLE}password:docker\n")[0] == "pass"
    found, reason = controllers(docker, text=f"{PEOPLE}unread:\n")
    assert (found, "/etc/gshadow could not be read" in reason) == ("error", True)
    assert controllers(closed, text=f"{PEOPLE}unread:\n")[0] == "pass"
    rootless = replace(docker, owners=frozenset({0, 1000}))
    assert controllers(rootless, text=f"{PEOPLE}unread:\n")[0] == "pass"


UNIT = "unit:/etc/systemd/system/ci.service"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((f"{UNIT}:User=carol", f"{UNIT}:SupplementaryGroups=video docker"), "carol (ci.service gives it"),
        ((f"{UNIT}:User=carol", f"{UNIT}:SupplementaryGroups=video 'docker'"), "carol (ci.service gives it"),
        ((f"{UNIT}:User=carol", f"{UNIT}.d/x.conf:Group=999"), "carol (ci.service gives it the group"),
        ((f"{UNIT}:DynamicUser=yes", f"{UNIT}:Group=docker"), "ci (ci.service gives it"),
        (("process:999:1003:runner",), "carol (its process runner has the group"),
        (("process:999:4000:runner",), "uid 4000 (its process runner"),
        ((f"{UNIT}:User=root", f"{UNIT}:Group=docker"), ""),
        ((f"{UNIT}:User=carol", f"{UNIT}:Group=video"), ""),
        (("process:999:0:dockerd", "process:500:1003:x"), ""),
    ],
)
def test_groups_that_units_give(lines: tuple[str, ...], expected: str) -> None:
    """No list says who has a group by its unit; the files of the unit do, and its processes."""
    people = "user:root:0:0:/bin/bash\nuser:carol:1003:1003:/bin/sh\ngroup:docker:999:\nways:\nunits:\n"
    docker = at("/run/docker.sock", 0o140660, gid=999, grants=())
    found, reason = controllers(docker, text=people + "\n".join(lines))
    assert (found, expected in reason) == ("fail" if expected else "pass", True), reason
    assert controllers(docker, "carol", "ci", "uid 4000", text=people + "\n".join(lines))[0] == "pass"


@pytest.mark.parametrize(
    ("line", "who", "how"),
    [
        ("program:2755:0:999:/usr/bin/docker", "everyone", "/usr/bin/docker lends its rights, mode 2755"),
        ("program:4755:0:0:/usr/bin/docker", "everyone", "mode 4755"),
        ("program:6750:0:999:/usr/local/bin/x", "members of the group 999", "mode 6750"),
        ("capable:/usr/bin/docker", "everyone", "/usr/bin/docker lends its capabilities"),
        ("lent:subgid:carol:990:65536", "carol", "/etc/subgid lends it gid 999"),
        ("lent:subuid:carol:0:1", "carol", "/etc/subuid lends it uid 0"),
        ("login:*:audio,docker", "*", "by /etc/security/group.conf"),
        ("sudo:%ops:/usr/bin/docker", "%ops", "sudo or doas lets it run /usr/bin/docker"),
        ("program:2745:0:999:/usr/bin/docker", "everyone", ""),
        ("program:2755:0:998:/usr/bin/docker", "everyone", ""),
        ("program:4700:0:0:/usr/bin/docker", "everyone", ""),
        ("program:4755:1003:0:/usr/bin/docker", "everyone", ""),
        ("lent:subgid:carol:1000:65536", "carol", ""),
        ("lent:subuid:carol:999:65536", "carol", ""),
        ("lent:subuid:root:0:65536", "root", ""),
        ("lent:subgid:dockremap:999:1", "dockremap", ""),
        ("login:*:audio", "*", ""),
        ("sudo:root:/usr/bin/docker", "root", ""),
    ],
)
def test_ways_past_the_group(line: str, who: str, how: str) -> None:
    """A program with its rights, numbers that are lent, a login and sudo let people in whom no group lists."""
    people = (
        "user:root:0:0:/bin/bash\nuser:carol:1003:1003:/bin/sh\nuser:dockremap:99:99:/sbin/nologin\n"
        f"group:docker:999:\nways:\n{line}\nunits:\n"
    )
    docker = at("/run/docker.sock", 0o140660, gid=999, grants=())
    found, reason = controllers(docker, text=people)
    assert (found, f"{who} (" in reason, how in reason) == ("fail" if how else "pass", bool(how), True), (
        reason
    )
    assert controllers(docker, who, text=people)[0] == "pass"
    rootless = replace(docker, owners=frozenset({0, 1000}))
    assert controllers(rootless, text=people)[0] == "pass"


def test_group_of_nobody() -> None:
    """An empty group, root's own and a number without a name pass, and the reason says so."""
    for gid, name in ((998, "empty (gid 998)"), (0, "root (gid 0)"), (77, "gid 77, which has no name")):
        socket = at("/run/docker.sock", 0o140660, gid=gid, grants=())
        assert controllers(socket) == ("pass", f"group {name}: nobody but root")
    in_roots = PEOPLE.replace("group:root:0:", "group:root:0:alice")
    assert controllers(at("/s", 0o140660, grants=()), text=in_roots)[0] == "fail"


def test_accounts_that_cannot_log_in() -> None:
    """They count by their first group, which a program may use, but for those of the system with root's."""
    docker, root = (at("/s", 0o140660, gid=gid, grants=()) for gid in (999, 0))
    for line, socket, expected in (
        ("user:app:990:999:/usr/sbin/nologin", docker, "app"),
        ("user:eve:1009:0:/bin/sh", root, "eve"),
    ):
        assert expected in accounts(f"{PEOPLE}{line}\n").controllers(socket)
    assert accounts(f"{PEOPLE}user:sync:4:0:/bin/sync\n").controllers(root) == {}


def test_every_way_to_the_socket() -> None:
    """Owner, group and list let in together; who may only read or run it is not let in."""
    allowed = (Grant("uid 1002", 6), Grant("gid 500", 6), Grant("uid 1003", 5))
    socket = FileFact("/s", State.FOUND, Node("/s", 0o140660, 1000, 998), grants=allowed)
    expected = {"alice": "owner of the socket", "carol": "access control list"}
    expected |= {"dave": "access control list by group docker (gid 500)", "erin": "group empty (gid 998)"}
    people = PEOPLE.replace("empty:998:", "empty:998:erin")
    assert accounts(people).controllers(socket) == expected
    reading = FileFact("/s", State.FOUND, Node("/s", 0o140441, 1000, 998), grants=())
    assert accounts(people).controllers(reading) == {}


def test_mode_of_the_socket() -> None:
    """A group that may not write controls nothing; where everyone may, no list helps."""
    assert controllers(at("/s", 0o140640, gid=999))[0] == "pass"
    assert (
        controllers(at("/s", 0o140661, gid=998, grants=()))[0] == "pass"
    )  # who may only search controls nothing
    assert controllers(at("/s", 0o140666, gid=998, grants=())) == (
        "fail",
        "everyone on the host may write to it",
    )


def test_owner_of_the_socket() -> None:
    """An owner who is not root counts, but for the user of a rootless engine."""
    node = Node("/s", 0o140600, 1000, 1000)
    socket = FileFact("/s", State.FOUND, node, grants=())
    assert controllers(socket) == ("fail", "not trusted by the policy: alice (owner of the socket)")
    assert controllers(replace(socket, owners=frozenset({0, 1000})))[0] == "pass"


def test_access_control_list() -> None:
    """Users and groups whom the list lets write count; an unknown list is an error."""
    socket = at("/s", 0o140660, gid=0)
    assert controllers(replace(socket, grants=(Grant("uid 1002", 6),)))[1].endswith(
        "carol (access control list)"
    )
    assert controllers(replace(socket, grants=(Grant("uid 1002", 4),)))[0] == "pass"
    assert (
        "bob (access control list by group docker"
        in controllers(replace(socket, grants=(Grant("gid 999", 6),)))[1]
    )
    assert controllers(replace(socket, grants=(Grant("uid 4242", 6),)))[1].endswith(
        "uid 4242 (access control list)"
    )
    unknown = "the access control list of /s could not be read; install getfacl"
    assert controllers(socket) == ("error", unknown)


def test_accounts_that_are_none() -> None:
    """A list with a broken line is an error; passwords are not asked for."""
    with pytest.raises(EvidenceError, match="has a line that is none"):
        accounts("user:alice:x:1000:/bin/sh\n")
    assert "cut -d : -f 1,3,4" in ACCOUNTS.script


# ---- 1.2.1


def hardened(record: Hardening | None, today: str = "2026-06-01") -> tuple[str, str]:
    """What 1.2.1 says at the day of a recording."""
    gathered = datetime.fromisoformat(today).replace(tzinfo=UTC).timestamp()
    said = {
        "os_release": 'PRETTY_NAME="Debian GNU/Linux 13"',
        "engine_presence": "command docker /usr/bin/docker",
        "docker_info": '{"ServerVersion": "26.1.5"}',
    }
    answers = {name: Answer(name, 0, text, "") for name, text in said.items()}
    policy = Policy(os_hardening=record)
    facts = Facts(Recording("host", "local", answers, gathered=gathered), policy)
    return verdict("1.2.1", system=facts.system, policy=policy)


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
    info = '{"ServerVersion": "", "ServerErrors": ["Cannot connect to the Docker daemon"]}'
    answers = {
        "engine_presence": Answer("engine_presence", 0, "command docker /usr/bin/docker", ""),
        "docker_info": Answer("docker_info", 0, info, ""),
    }
    with pytest.raises(EvidenceError, match="does not answer: Cannot connect to the Docker daemon"):
        _ = Facts(Recording("host", "local", answers), Policy()).system


def test_record_of_an_assessment() -> None:
    """The policy takes a standard, a day, and for how many days it counts; all else is named as wrong."""
    written = {"standard": "CIS Debian 13", "assessed": "2026-03-31", "valid_days": 90}
    assert Policy.from_mapping({"os_hardening": written}).os_hardening == Hardening(
        "CIS Debian 13", date(2026, 3, 31), 90
    )
    assert Policy().os_hardening is None
    for key, value in (
        ("standard", " "),
        ("assessed", "2026-02-30"),
        ("assessed", "31.3.2026"),
        ("valid_days", 0),
        ("valid_days", True),
        ("result", "good"),
    ):
        with pytest.raises(PolicyError, match=rf"os_hardening\.{key}: "):
            Policy.from_mapping({"os_hardening": {**written, key: value}})
    with pytest.raises(PolicyError, match=r"os_hardening\.assessed: is missing"):
        Policy.from_mapping({"os_hardening": {"standard": "CIS"}})


# ---- 1.2.2


def test_release_is_maintained() -> None:
    """Each verdict once: a release of the table, an ended line, a vendor nobody knows, a version that is none."""
    components = {"containerd": "2.2.5", "runc": "1.4.3"}
    for version, vendor, found in (
        ("29.10.0", "Docker Engine - Community", "pass"),
        ("27.5.1", "Docker Engine - Community", "fail"),
        ("25.0.9", "Mirantis Container Runtime", "manual"),
        ("nonsense", "Docker Engine - Community", "error"),
    ):
        release = Release(version, vendor, {}, date(2026, 11, 26))
        others = {"component_versions": Later(lambda: components), "engine_packages": Later(Packages)}
        others["replaced_programs"] = Later(tuple)
        given = {**others, "known_releases": shipped(), "policy": Policy()}
        assert verdict("1.2.2", release=release, **given)[0] == found
