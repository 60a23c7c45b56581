"""What mends a finding, and what is left to a person: other causes, other owners, and names that steer a script."""

from __future__ import annotations

import stat
from typing import Any

import pytest
from msgspec.structs import replace

from hullcheck.facts import Facts
from hullcheck.facts.host.file import FileFact, Node, State
from hullcheck.remedies import (
    AuditRule,
    ContainerLimit,
    ContainerOptions,
    KernelSettings,
    Mode,
    Owner,
    Remedy,
    Settings,
)
from hullcheck.remedies import changes as kinds
from hullcheck.remedies.changes import DaemonSettings, FileRights, KernelSetting, Limit, Options, Rights, Rule
from hullcheck.remedies.plan import plan_of
from hullcheck.results import Control, Finding
from hullcheck.results.failures import Failure
from hullcheck.verdicts import EvidenceError, Verdict
from selftests.kit.facts.daemons import Host
from selftests.kit.facts.hosts import target
from selftests.kit.judging import but

PATH = "/etc/docker/daemon.json"
MODE, OWNER = Mode(files="configuration_file", most=0o644), Owner(files="configuration_file")
ICC, RULE = Settings(put={"icc": False}), AuditRule(files="configuration_file")
KERNEL = KernelSettings(values={"fs.suid_dumpable": "0"})
LIMIT = ContainerLimit(option="--pids-limit", value="9", shown="{{.X}}")
LINK, SOCKET = stat.S_IFLNK, stat.S_IFSOCK


def failure(reason: str, subject: str = PATH, kind: str = "file", control: str = "c") -> Failure:
    """A failure for this reason."""
    return Failure(
        Control(control, "", "", "", "", {}), "h", "", Finding(kind, subject, Verdict.FAIL, reason)
    )


def change(remedy: Remedy, facts: Facts, reason: str, subject: str = PATH, kind: str = "file") -> Any:
    """What mends the finding, or why nothing does."""
    try:
        return kinds.change(failure(reason, subject, kind), remedy, facts)
    except EvidenceError as error:
        return str(error)


def file(mode: int = 0o666, path: str = PATH, kind: int = stat.S_IFREG, *parents: Node) -> FileFact:
    """A file of this mode."""
    return FileFact(path, State.FOUND, Node(path, kind | mode, 0, 0), parents)


def facts(*files: FileFact) -> Facts:
    """A target with these files."""
    found = tuple((each.path, each) for each in files)
    return but(target(), configuration_file=found, configuration_directory=found)


# ---- daemon.json

LOGS = Settings(put={"log-opts": {"max-file": "3"}}, only={"log-driver": (None, "json-file")})
DEBUG = Settings(without=("debug", "log-level"))
PROFILE = Settings(without=("seccomp-profile",), only={"seccomp-profile": ("unconfined",)})
LIVE = Settings(put={"live-restore": True}, no_swarm=True)
ROOTLESS: dict[str, Any] = {"SecurityOptions": ["name=rootless"]}
IN_SWARM: dict[str, Any] = {"Swarm": {"LocalNodeState": "locked"}}


@pytest.mark.parametrize(
    ("host", "remedy", "reason", "expected"),
    [
        (Host(document='{"icc": true, "dns": ["x"]}'), ICC, "", ({"icc": False}, ())),
        (Host(document=None), ICC, "", ({"icc": False}, ())),
        (Host(document='{"debug": true}'), DEBUG, "", ({}, ("debug",))),
        (Host(document='{"icc": false}'), ICC, "icc is true; restart pending: x", ({"icc": False}, ())),
        (Host(document='{"icc": false}'), ICC, "", "something else is the cause"),
        (Host(document="{}"), DEBUG, "", "no setting of"),
        (Host(document="[]"), ICC, "", "is not JSON"),
        (Host(flags=("--icc=true",)), ICC, "", "--icc is on the engine's command line"),
        (Host(flags=("--log-driver=syslog",)), LOGS, "", "--log-driver"),
        (Host(document='{"log-driver": "syslog"}'), LOGS, "", "choice of the site"),
        (Host(document='{"seccomp-profile": "/etc/p.json"}'), PROFILE, "", "choice of the site"),
        (Host(info=IN_SWARM), LIVE, "", "node of a swarm"),
        (Host(), LIVE, "", ({"live-restore": True}, ())),
        (Host(info=ROOTLESS), ICC, "", "rootless"),
    ],
)
def test_settings_of_the_daemon(host: Host, remedy: Settings, reason: str, expected: Any) -> None:
    """They are set if the file is what decides, and nobody chose them."""
    found = change(remedy, host.facts(), reason, "h", "target")
    if isinstance(expected, str):
        assert expected in found
    else:
        assert found == DaemonSettings(PATH, "", *expected)


def test_log_options_of_a_container() -> None:
    """They are not the daemon's, whose options hold for new containers."""
    assert "create it again" in change(LOGS, Host().facts(), "", "web", "log")
    assert isinstance(change(LOGS, Host().facts(), "", "(default of the daemon)", "log"), DaemonSettings)


# ---- audit rules and settings of the kernel

OFF = "auditing is off in the kernel (enabled 0)"


@pytest.mark.parametrize(
    ("one", "reason", "expected"),
    [
        (file(), "no rule covers it", (f"path={PATH}", False)),
        (file(path="/etc/docker", kind=stat.S_IFDIR), "no rule covers it", ("dir=/etc/docker", False)),
        (file(), OFF, (f"path={PATH}", True)),
        (file(), "left out by '-a never,task'", None),
        *((file(path=each), OFF, None) for each in ("/etc/a b", "/etc/a=b -k x", "/etc/ä", "/etc/$(id)", "/a\nb")),
    ],
)  # fmt: skip
def test_audit_rules(one: FileFact, reason: str, expected: tuple[str, bool] | None) -> None:
    """Where none covers the file, and its path is a word in which nothing has to be quoted."""
    found = change(RULE, facts(one), reason, one.path)
    if expected is None:
        assert isinstance(found, str)
    else:
        assert found == Rule(f"-a always,exit -F {expected[0]} -F perm=wa -k docker", expected[1])


@pytest.mark.parametrize(
    ("reason", "subject", "is_mended"),
    [
        ("is 2", "h", True),
        ("no file sets it; it is 0 now", "fs.suid_dumpable", True),
        ("/usr/lib/sysctl.d/50-coredump.conf sets it to 2", "fs.suid_dumpable", True),
        ("/etc/sysctl.d/zzz.conf sets it to 2", "fs.suid_dumpable", False),
        ("no file sets it; it is 1 now", "net.ipv4.ip_forward", False),
    ],
)
def test_settings_of_the_kernel(reason: str, subject: str, is_mended: bool) -> None:
    """But not those that a later file decides, or that depend on what the host is for."""
    kind = "target" if subject == "h" else "setting"
    found = change(KERNEL, target(), reason, subject, kind)
    assert (found == KernelSetting("fs.suid_dumpable", "0")) is is_mended


# ---- owners and modes


@pytest.mark.parametrize(
    ("one", "remedy", "taken"),
    [
        (file(), MODE, "u-xs,g-wxs,o-wxt"),
        (file(0o777, kind=stat.S_IFDIR), MODE, "g-w,o-w"),
        (file(kind=SOCKET), replace(MODE, most=0o660), "u-xs,g-xs,o-rwx"),
        (replace(file(0o444), holds_key=True), MODE, "u-wxs,g-rwxs,o-rwxt"),
        (replace(file(0o777), is_run=True), MODE, "u-s,g-ws,o-wt"),
    ],
)
def test_modes_are_taken_away(one: FileFact, remedy: Mode, taken: str) -> None:
    """The change has no plus and no number, which could give somebody more."""
    found = change(remedy, facts(one), "has mode 666, more than 644")
    assert found == FileRights(Rights(PATH, mode=taken), frozenset())


@pytest.mark.parametrize("reason", ["belongs to uid 7", "its group is users (gid 100)"])
def test_owner_is_root(reason: str) -> None:
    """For either finding on owner and group."""
    assert change(OWNER, facts(file()), reason).own == Rights(PATH, owner="root:root")


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (file(kind=LINK), "has mode 666, more than 644"),
        (file(), "its access control list lets in uid 7"),
        (replace(file(), owners=frozenset({0, 1000})), "has mode 666, more than 644"),
        (replace(file(), state=State.ABSENT, target=None), "does not exist, others may write to /etc/docker"),
        *((file(path=each), "has mode 666") for each in ("relative", "/etc/../x", "//a", "/\x1b[2J", "/\u202eb", "/")),
    ],
)  # fmt: skip
def test_what_a_mode_does_not_mend(one: FileFact, reason: str) -> None:
    """A link, an access control list, a rootless engine's file, and a name that could steer a script or a terminal."""
    assert isinstance(change(MODE, facts(one), reason, one.path), str)


def test_open_directory_on_the_way() -> None:
    """A file is changed if the directory on its way is changed by a finding of its own, and else left."""
    above = Node("/etc/docker", stat.S_IFDIR | 0o777, 0, 0)
    way = "others may write to /etc/docker on its way (mode 777)"
    host = facts(file(0o666, PATH, stat.S_IFREG, above), file(0o777, "/etc/docker", stat.S_IFDIR))
    of_file = "configuration_file_is_written_by_root_alone"
    own = failure(f"has mode 666, more than 644, {way}", control=of_file)
    only_way = failure(way, control=of_file)
    of_folder = failure(
        "has mode 777", "/etc/docker", control="configuration_directory_is_written_by_root_alone"
    )
    made = plan_of([own, only_way], host)
    assert (made.rights, [each.why[:11] for each in made.left]) == ([], ["a directory", "a directory"])
    made = plan_of([own, only_way, of_folder], host)
    assert ([each.path for each in made.rights], made.left) == (["/etc/docker", PATH], ())


@pytest.mark.parametrize(
    ("unit", "remedy", "drop_in"),
    [
        ({"next_mode": 0o666}, replace(MODE, most=0o660), {"SocketMode": "0660"}),
        ({"next_mode": 0o660}, replace(MODE, most=0o660), {}),
        ({"next_owner": "ann", "next_group": "users"}, OWNER, {"SocketUser": "root", "SocketGroup": "root"}),
        ({"next_owner": "root", "next_group": "docker"}, replace(OWNER, group="docker"), {}),
    ],
)
def test_socket_that_systemd_makes(
    unit: dict[str, Any], remedy: Mode | Owner, drop_in: dict[str, str]
) -> None:
    """Its unit would give it the old rights at the next start."""
    reason = "has mode 666" if isinstance(remedy, Mode) else "its group is users (gid 100)"
    assert change(remedy, facts(replace(file(kind=SOCKET), **unit)), reason).socket == drop_in


# ---- containers

NO_LIMIT = "no process limit is in force, and none is set"
READ_ONLY = ContainerOptions(finding=".*", add=("--read-only",))


def test_limit_where_there_is_none() -> None:
    """Another number changes nothing where the kernel does not enforce it."""
    assert change(LIMIT, target(), NO_LIMIT, "web", "container") == Limit(
        "web", "--pids-limit", "9", "{{.X}}"
    )
    for reason in ("no process limit is in force, but 100 is set", "the limit is that of the host"):
        assert "another cause" in change(LIMIT, target(), reason, "web", "container")


@pytest.mark.parametrize("name", ["$(id)", "-f", "a b", "a\nb", "a;id", "", "{{ x }}", "ä"])
def test_name_that_no_engine_gives(name: str) -> None:
    """It is in no command."""
    for remedy in (LIMIT, READ_ONLY):
        assert "unusual name" in change(remedy, target(), NO_LIMIT, name, "container")
        assert "no container" in change(remedy, target(), NO_LIMIT, "web", "service")


def test_options_of_a_container_are_together() -> None:
    """What several findings ask of one container is said once; a finding of another cause is left."""
    reasons = {
        "container_gains_no_privileges": "its processes can gain privileges (no-new-privileges is not set)",
        "container_has_a_pid_namespace": "shares the process namespace of the host",
        "container_has_a_seccomp_filter": "runs with --privileged, and so without a seccomp filter",
        "container_capabilities_are_needed": "has or can get NET_ADMIN, NET_RAW",
    }
    found = [failure(reason, "web", "container", name) for name, reason in reasons.items()]
    made = plan_of(found, target(), also=reasons)
    assert made.options == [Options("web", ("--security-opt no-new-privileges",), ("--pid host",))]
    assert [each.failure.control.id for each in made.left] == [*reasons][2:]
    assert [each.control.id for each in plan_of(found, target()).asked] == ["container_has_a_pid_namespace"]
