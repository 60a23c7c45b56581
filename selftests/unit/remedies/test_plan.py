"""What mends a finding, and what is left to a person: other causes, other owners, and names that steer a script."""

from __future__ import annotations

import json
import stat
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from hullcheck.facts import Facts
from hullcheck.facts.host.file import FileFact, Node, State
from hullcheck.policy import Policy
from hullcheck.remedies import AuditRule, KernelSettings, Mode, Owner, Remedy, Setting, Settings, Start, script
from hullcheck.remedies import plan as plans
from hullcheck.remedies.containers import Started, again
from hullcheck.remedies.plan import DaemonSettings, KernelSetting, Rights, Rule, plan_of
from hullcheck.results import Control, Finding
from hullcheck.results.failures import Failure
from hullcheck.verdicts import EvidenceError, Verdict
from selftests.corpus.judged import recording_of

PATH = "/etc/docker/daemon.json"
MODE, OWNER = Mode(files="configuration_file", most=0o644), Owner(files="configuration_file")
ICC, RULE = Settings(put={"icc": False}), AuditRule(files="configuration_file")
KERNEL = KernelSettings(values={"fs.suid_dumpable": "0"})
LIMIT = Start(settings=(Setting(finding="no .*none is set", update="--pids-limit {pids}"),), write="")
CARELESS = Facts(recording_of("careless-26.1"), Policy())
SOCKET = stat.S_IFSOCK
RECORDING = recording_of("hardened-26.1")
HOST = Facts(RECORDING, Policy())


def failure(reason: str, subject: str = PATH, kind: str = "file", control: str = "c") -> Failure:
    """A failure for this reason."""
    finding = Finding(kind, subject, Verdict.FAIL, reason)
    return Failure(Control(control, "", "", "", "set `a_b`, not a_b", {}), "h", "", finding)


def change(remedy: Remedy, facts: Facts, reason: str, subject: str = PATH, kind: str = "file") -> Any:
    """What mends the finding, or why nothing does."""
    try:
        return plans.change(failure(reason, subject, kind), remedy, facts)
    except EvidenceError as error:
        return str(error)


def file(mode: int = 0o666, path: str = PATH, kind: int = stat.S_IFREG) -> FileFact:
    """A file of this mode."""
    return FileFact(path, State.FOUND, Node(path, kind | mode, 0, 0))


def facts(one: FileFact) -> Facts:
    """A target with this file."""
    return Facts(RECORDING, Policy(), configuration_file=((one.path, one),))


# ---- daemon.json

LOGS = Settings(put={"log-opts": {"max-file": "3"}}, only={"log-driver": (None, "json-file")})
DEBUG = Settings(without=("debug", "log-level"))
PROFILE = Settings(without=("seccomp-profile",), only={"seccomp-profile": ("unconfined",)})
LIVE = Settings(put={"live-restore": True}, no_swarm=True)


def engine(document: str = "{}", flag: str = "", *, rootless: bool = False, swarm: str = "inactive") -> Facts:
    """A target whose daemon has this daemon.json, and this flag."""
    info = SimpleNamespace(swarm=SimpleNamespace(local_node_state=swarm))
    daemon = SimpleNamespace(
        config=SimpleNamespace(path=PATH, values=lambda: json.loads(document)),
        engine=SimpleNamespace(rootless=rootless, info=info),
        process=SimpleNamespace(flags=((flag, "x"),), unit=SimpleNamespace(name="docker.service")),
    )
    return Facts(RECORDING, Policy(), daemon=daemon)


@pytest.mark.parametrize(
    ("host", "remedy", "reason", "expected"),
    [
        (engine('{"icc": true, "dns": ["x"]}'), ICC, "", ({"icc": False}, ())),
        (engine('{"debug": true}'), DEBUG, "", ({}, ("debug",))),
        (engine('{"icc": false}'), ICC, "icc is true; restart pending: x", ({"icc": False}, ())),
        (engine('{"icc": false}'), ICC, "", "so it is not the cause"),
        (engine(), DEBUG, "", "is not the cause"),
        (engine(flag="icc"), ICC, "", "--icc is on the engine's command line"),
        (engine(flag="log-driver"), LOGS, "", "--log-driver"),
        (engine('{"log-driver": "syslog"}'), LOGS, "", "your organization's choice"),
        (engine('{"seccomp-profile": "/etc/p.json"}'), PROFILE, "", "your organization's choice"),
        (engine(swarm="locked"), LIVE, "", "a swarm node"),
        (engine(), LIVE, "", ({"live-restore": True}, ())),
        (engine(rootless=True), ICC, "", "rootless"),
    ],
)
def test_settings_of_the_daemon(host: Facts, remedy: Settings, reason: str, expected: Any) -> None:
    """They are set if the file is what decides, and nobody chose them."""
    found = change(remedy, host, reason, "h", "target")
    if isinstance(expected, str):
        assert expected in found
    else:
        assert found == DaemonSettings(PATH, "docker.service", *expected)


def test_log_options_of_a_container() -> None:
    """They are not the daemon's, whose options hold for new containers."""
    assert "create it again" in change(LOGS, engine(), "", "web", "log")
    assert isinstance(change(LOGS, engine(), "", "(default of the daemon)", "log"), DaemonSettings)


# ---- audit rules and settings of the kernel

OFF = "auditing is off in the kernel (enabled 0)"


@pytest.mark.parametrize(
    ("one", "reason", "expected"),
    [
        (file(), "no audit rule covers it", (f"path={PATH}", False)),
        (file(path="/etc/docker", kind=stat.S_IFDIR), "no audit rule covers it", ("dir=/etc/docker", False)),
        (file(), OFF, (f"path={PATH}", True)),
        (file(), "auditctl is not installed, so no audit rules are loaded", (f"path={PATH}", False)),
        (file(), "is excluded by '-a never,task'", None),
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
    ("reason", "subject", "is_fixed"),
    [
        ("is 2", "h", True),
        ("no file sets it; it is 0 now", "fs.suid_dumpable", True),
        ("/usr/lib/sysctl.d/50-coredump.conf sets it to 2", "fs.suid_dumpable", True),
        ("/etc/sysctl.d/zzz.conf sets it to 2", "fs.suid_dumpable", False),
        ("no file sets it; it is 1 now", "net.ipv4.ip_forward", False),
    ],
)
def test_settings_of_the_kernel(reason: str, subject: str, is_fixed: bool) -> None:
    """But not those that a later file decides, or that depend on what the host is for."""
    kind = "target" if subject == "h" else "setting"
    found = change(KERNEL, HOST, reason, subject, kind)
    assert (found == KernelSetting("fs.suid_dumpable", "0")) is is_fixed


# ---- owners and modes

ROOTS = {"SocketUser": "root", "SocketGroup": "root"}
FOREIGN, OPEN = "its group is users (gid 100)", "has mode 666, more than 644"


@pytest.mark.parametrize(
    ("one", "remedy", "expected"),
    [
        (file(), OWNER, {"word": "owner", "value": "root:root"}),
        (file(), MODE, {"word": "mode", "value": "u-xs,g-wxs,o-wxt"}),
        (file(0o777, kind=stat.S_IFDIR), MODE, {"word": "mode", "value": "g-w,o-w"}),
        (file(kind=SOCKET), replace(MODE, most=0o660), {"word": "mode", "value": "u-xs,g-xs,o-rwx"}),
        (replace(file(0o444), holds_key=True), MODE, {"word": "mode", "value": "u-wxs,g-rwxs,o-rwxt"}),
        (replace(file(0o777), is_run=True), MODE, {"word": "mode", "value": "u-s,g-ws,o-wt"}),
        # a socket that its unit would make with the old rights
        (replace(file(kind=SOCKET), next_mode=0o666), replace(MODE, most=0o660), {"socket": {"SocketMode": "0660"}}),
        (replace(file(kind=SOCKET), next_mode=0o660), replace(MODE, most=0o660), {"socket": {}}),
        (replace(file(), next_owner="ann", next_group="users"), OWNER, {"socket": ROOTS}),
        (replace(file(), next_owner="root", next_group="docker"), replace(OWNER, group="docker"), {"socket": {}}),
    ],
)  # fmt: skip
def test_rights(one: FileFact, remedy: Mode | Owner, expected: dict[str, Any]) -> None:
    """A mode has no plus and no number, which could give somebody more; docker.socket does not undo it."""
    found = change(remedy, facts(one), OPEN if isinstance(remedy, Mode) else FOREIGN)
    assert {name: getattr(found, name) for name in expected} == expected
    assert found.path == PATH


@pytest.mark.parametrize(
    ("one", "reason", "words"),
    [
        (file(kind=stat.S_IFLNK), OPEN, "it is a link"),
        (file(path="/a/../b"), OPEN, "unusual path"),
        (file(path="/a\x1b"), OPEN, "unusual path"),
        (replace(file(), owners=frozenset({0, 1000})), OPEN, "rootless"),
        (replace(file(), state=State.ABSENT), OPEN, "does not exist"),
        (file(), "others can write to it: user:ann (rw-)", "an access control list"),
    ],
)
def test_rights_that_stay(one: FileFact, reason: str, words: str) -> None:
    """Whose file it is, what is in the way, and what is not the file's own is left."""
    assert words in change(MODE, facts(one), reason, one.path)


def test_way_to_a_file() -> None:
    """A file is safe only if the directories on its way are, or become so by a change of the same plan."""
    parent = Node("/etc/docker", stat.S_IFDIR | 0o777, 0, 0)
    inside, above = replace(file(), parents=(parent,)), replace(file(path="/etc/docker"), target=parent)
    files = {"configuration_file": ((PATH, inside),), "configuration_directory": ((parent.path, above),)}
    host = Facts(RECORDING, Policy(), **files)
    own = failure(OPEN, control="configuration_file_is_written_by_root_alone")
    way = failure("others can write to /etc/docker in its path (mode 777)", control=own.control.id)
    folder = failure(OPEN, "/etc/docker", control="configuration_directory_is_written_by_root_alone")
    alone = plan_of([own, way], host)
    assert (alone.changes, [why[:11] for _, why in alone.left]) == ((), ["a directory", "a directory"])
    made = plan_of([own, way, folder], host)
    assert ([each.path for each in made.of(Rights)], made.left) == ([PATH, "", "/etc/docker"], ())


# ---- containers

NO_LIMIT = "no process limit is in force, and none is set"


def test_limit_where_there_is_none() -> None:
    """Another number changes nothing where the kernel does not enforce it."""
    assert change(LIMIT, CARELESS, NO_LIMIT, "agent", "container").update == "--pids-limit 1000"
    for reason in ("no process limit is in force, but 100 is set", "the limit is that of the host"):
        assert "no remedy has been proven for this cause" in change(LIMIT, CARELESS, reason, "agent", "container")
    assert "not in the recording" in change(LIMIT, CARELESS, NO_LIMIT, "nobody", "container")


@pytest.mark.parametrize("name", ["$(id)", "-f", "a b", "a\nb", "a;id", "", "{{ x }}", "ä"])
def test_name_that_no_engine_gives(name: str) -> None:
    """It is in no command."""
    assert "unusual name" in change(LIMIT, HOST, NO_LIMIT, name, "container")


def test_options_of_a_container_are_together() -> None:
    """What several findings ask of one container is said once; a finding with another cause is left."""
    reasons = {
        "container_gains_no_privileges": "processes can gain privileges (no-new-privileges is not set)",
        "container_has_a_pid_namespace": "shares the process namespace of the host",
        "container_has_a_seccomp_filter": "the daemon applies no seccomp filter",
        "container_is_not_privileged": "runs with --privileged",
    }
    found = [failure(reason, "agent", "container", name) for name, reason in reasons.items()]
    made = plan_of(found, CARELESS, also=reasons)
    assert again(made.of(Started)) == (["--security-opt no-new-privileges"], ["--pid host", "--privileged"])
    assert [failure.control.id for failure, _ in made.left] == ["container_has_a_seccomp_filter"]
    asked = [each.control.id for each in plan_of(found, CARELESS).optional]
    assert asked == [each for each in reasons if each != "container_gains_no_privileges"]
    assert script.APPLY not in script.files(made)
