"""Section 2: each control fails on the flaw that it names, and passes on what differs in that one thing."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.daemon import beside as engines_beside
from hullcheck.facts.daemon.config_file import DAEMON_CONFIGURATION, ConfigFile, files_of
from hullcheck.facts.daemon.config_file import START as SLACK
from hullcheck.facts.daemon.flags import parse
from hullcheck.facts.daemon.process import DAEMON_PROCESSES, DaemonProcess, DaemonProcesses, UnixSocket
from hullcheck.facts.daemon.redaction import configuration
from hullcheck.facts.daemon.settings import shown
from hullcheck.facts.daemon.sockets import (
    Asked,
    address,
    api_paths,
    hosts_of_unit,
    listening,
    socket_path,
    tcp_ports,
)
from hullcheck.facts.daemon.sockets.tls import Protection, protection
from hullcheck.facts.daemon.unit import SYSTEMD, Unit, Units
from hullcheck.facts.host.presence import Presence
from hullcheck.facts.registry import FACTS
from hullcheck.parsing.proc.net import Listener
from hullcheck.parsing.times import moment
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
from selftests.kit.judging import judged

INFO: dict[str, Any] = {
    "ServerVersion": "26.1.5",
    "Driver": "overlay2",
    "LoggingDriver": "json-file",
    "Debug": False,
    "ExperimentalBuild": False,
    "LiveRestoreEnabled": False,
    "CgroupDriver": "cgroupfs",
    "DockerRootDir": "/var/lib/docker",
    "SecurityOptions": ["name=seccomp,profile=builtin"],
    "RegistryConfig": {
        "InsecureRegistryCIDRs": ["127.0.0.0/8"],
        "IndexConfigs": {"docker.io": {"Secure": True}},
        "Mirrors": None,
    },
    "Plugins": {"Authorization": None},
    "Swarm": {"LocalNodeState": "inactive"},
}
SOCKET = "/run/docker.sock"
BEFORE, AFTER = "2026-01-01 09:00:00.250000000 +0000", "2026-01-01 11:00:00.250000000 +0000"
NOW, UPTIME, START = "2026-01-01 12:00:00.500000000 +0000", "10800.50", 3600  # it started at ten o'clock
PATH = "/etc/docker/daemon.json"


@dataclass(frozen=True)
class Host:
    """A target by hand: what its daemon, its files and its engine are."""

    flags: tuple[str, ...] = ()
    document: str | None = "{}"
    changed: str = BEFORE
    written: str = ""
    info: dict[str, Any] = field(default_factory=dict)
    bridge: dict[str, str] | None = field(
        default_factory=lambda: {"com.docker.network.bridge.enable_icc": "true"}
    )
    ipv6: bool = False
    environment: tuple[str, ...] = ("HOME=/root",)
    tcp: tuple[int, ...] = ()
    uid: int = 0
    as_root: bool = True
    children: tuple[str, ...] = ()
    endpoint: str = f"unix://{SOCKET}"
    version: dict[str, Any] = field(default_factory=dict)
    profile: str = ""
    unit: str = ""
    second: tuple[str, ...] | None = None
    parent: int = 0
    containers: str = ""
    sockets: tuple[str, ...] = ()

    def recording(self) -> Recording:
        """What it answers, redacted as an audit does it."""
        texts = {
            "engine_presence": "command docker /usr/bin/docker",
            "docker_info": json.dumps(INFO | self.info),
            "docker_version": json.dumps({"Version": "26.1.5"} | self.version),
            "docker_networks": self._networks(),
            "docker_containers": self.containers,
            "processes": self._children(),
            "daemon_processes": DAEMON_PROCESSES.keep(self._processes()),
            "daemon_configuration": DAEMON_CONFIGURATION.keep(self._configuration()),
            "daemon_unit": SYSTEMD.keep(self.unit),
        }
        return Recording("host", "local", {name: Answer(name, 0, text, "") for name, text in texts.items()})

    def _networks(self) -> str:
        if self.bridge is None:
            return ""
        told = {"Name": "bridge", "Id": "b", "Driver": "bridge", "EnableIPv6": self.ipv6}
        return json.dumps(told | {"Options": self.bridge})

    def _children(self) -> str:
        lines = (
            f"{90 + n}/status:Name:\t{name}\n{90 + n}/status:PPid:\t7" for n, name in enumerate(self.children)
        )
        return "\n".join(lines)

    def _processes(self) -> str:
        lines = [f"clock:{NOW}|{UPTIME}", f"endpoint:{self.endpoint}", f"endpoint-path:{SOCKET}"]
        lines += self._one(7, self.flags)
        if self.second is not None:
            lines += self._one(8, self.second)
        return "\n".join(lines)

    def _one(self, pid: int, flags: tuple[str, ...]) -> list[str]:
        start = " ".join(["S", str(self.parent if pid == 8 else 1), *"0" * 17, str(START * 100), "0"])
        lines = [f"dockerd:{pid}", *(f"argument:{each}" for each in ("dockerd", *flags))]
        lines += [
            f"{pid}/stat:{pid} (dockerd) {start}",
            f"{pid}/status:Uid:\t{self.uid}\t{self.uid}\t{self.uid}\t{self.uid}",
        ]
        lines += [f"{pid}/net/unix:Num       RefCount Protocol Flags    Type St Inode Path"]
        lines += [f"{pid}/net/unix:0000: 00000002 00000000 00010000 0001 01 100 /var{SOCKET}"]
        lines += [f"real:/var{SOCKET}\t{SOCKET}", f"{pid}/net/tcp:  sl  local_address rem_address   st"]
        for number, name in enumerate(self.sockets, 101):
            lines += [f"{pid}/net/unix:0000: 00000002 00000000 00010000 0001 01 {number} {name}"]
            lines += [f"link:lrwx------ 1 0 0 64 Jan 1 10:00 {number} -> socket:[{number}]"]
        lines += ["link:lrwxrwxrwx 1 0 0 64 Jan 1 10:00 7/cwd -> /srv/engine"]
        zero = "00000000:00000000 00:00000000 00000000     0        0"
        for number in self.tcp:
            lines += [f"{pid}/net/tcp:   0: 0100007F:{number:04X} 00000000:0000 0A {zero} {200 + number} 1 0"]
        if self.as_root:
            lines += ["environment:", *(f"environment:{each}" for each in self.environment)]
            lines += [f"link:lrwx------ 1 0 0 64 Jan 1 10:00 {n} -> socket:[{n + 200}]" for n in self.tcp]
            lines += ["link:lrwx------ 1 0 0 64 Jan 1 10:00 9 -> socket:[100]"]
        return lines

    def _configuration(self) -> str:
        path = next(
            (each.partition("=")[2] for each in self.flags if each.startswith("--config-file=")), PATH
        )
        state = "absent" if self.document is None else "unread" if self.document == "unread" else "read"
        lines = ["dockerd:7", f"config:{state}|{self.written or self.changed}|{self.changed}|{path}"]
        if state == "read":
            lines += [f" {line}" for line in (self.document or "").split("\n")]
        if self.profile:
            lines += [f"profile:read|{BEFORE}|{BEFORE}|/p.json", f" {self.profile}"]
        return "\n".join(lines)

    def facts(self, **policy: Any) -> Facts:
        """Its facts."""
        return Facts(self.recording(), Policy(**policy))

    def judge(self, number: str, **policy: Any) -> tuple[str, str]:
        """Verdict and reason of a control."""
        (found,) = judged(number, self.facts(**policy)).values()
        return found


def insecure(*ranges: str, **names: bool) -> dict[str, Any]:
    """docker info of an engine with these insecure registries."""
    indexes = {name.replace("_", "."): {"Secure": secure} for name, secure in names.items()}
    config = {"InsecureRegistryCIDRs": list(ranges), "IndexConfigs": indexes, "Mirrors": None}
    return {"RegistryConfig": config}


def test_engine_that_tells_no_mirrors() -> None:
    """An answer without the field is no evidence that there is none."""
    info = insecure()
    del info["RegistryConfig"]["Mirrors"]
    assert Host(info=info).judge("2.5")[0] == "error"


def mirrors(*addresses: str) -> dict[str, Any]:
    """docker info of an engine with these mirrors."""
    return {"RegistryConfig": insecure()["RegistryConfig"] | {"Mirrors": list(addresses)}}


def options(*names: str) -> dict[str, Any]:
    """docker info of an engine with these security options."""
    return {"SecurityOptions": [f"name={name}" for name in names]}


ULIMIT = '{"default-ulimits": {"nofile": {"Name": "nofile", "Soft": 64, "Hard": %d}}}'
NO_ICC = {"com.docker.network.bridge.enable_icc": "false"}
FILES = ("--tlscacert=/ca", "--tlscert=/cert", "--tlskey=/key")

REMOTE = Host(flags=("-H=tcp://:2376", "--tlsverify", *FILES), tcp=(2376,))

CASES = [
    ("2.1", Host(uid=1000), Host()),
    ("2.1", Host(info=options("rootless")), Host()),
    ("2.2", Host(bridge=NO_ICC), Host()),
    ("2.3", Host(), Host(flags=("-l", "debug"))),
    ("2.3", Host(document='{"log-level": "INFO"}'), Host(document='{"log-level": "warn"}')),
    ("2.3", Host(document='{"log-level": ""}'), Host(info={"Debug": True})),
    ("2.4", Host(document='{"iptables" : true}'), Host(document='{\n"labels": [],\n"iptables" :\nfalse}')),
    ("2.4", Host(flags=("--iptables=T",)), Host(flags=("--iptables=0",))),
    ("2.4", Host(flags=("--ip6tables",)), Host(document='{"ip6tables": false}')),
    ("2.5", Host(info=insecure("127.0.0.0/8", "::1/128")), Host(info=insecure("127.0.0.0/8", "10.0.0.0/8"))),
    ("2.5", Host(info=insecure(reg_example=True)), Host(info=insecure(reg_example=False))),
    ("2.5", Host(info=mirrors("https://hub.example/")), Host(info=mirrors("http://hub.example/"))),
    ("2.5", Host(info=mirrors("http://127.0.0.1:5000/")), Host(info=mirrors("http://10.0.0.1:5000/"))),
    ("2.6", Host(), Host(info={"Driver": "aufs"})),
    ("2.7", Host(), Host(info={"Driver": "devicemapper"})),
    ("2.8", REMOTE, replace(REMOTE, flags=("-H=tcp://:2376", *FILES))),
    ("2.9", Host(flags=("--default-ulimit", "nofile=1024")), Host(document='{"default-ulimits": {}}')),
    (
        "2.9",
        Host(flags=("--default-ulimit", "nofile=-1", "--default-ulimit", "nproc=9")),
        Host(flags=("--default-ulimit", "nofile=-1", "--default-ulimit", "nproc=9:-1")),
    ),
    ("2.9", Host(document=ULIMIT % 1024), Host(document=ULIMIT % -1)),
    ("2.10", Host(info=options("userns")), Host(info=options("seccomp,profile=builtin"))),
    (
        "2.10",
        Host(info=options("userns") | {"DockerRootDir": "/var/lib/docker/100000.0"}),
        Host(info=options("userns") | {"DockerRootDir": "/var/lib/docker/0.100000"}),
    ),
    ("2.11", Host(document='{"cgroup-parent": ""}'), Host(document='{"cgroup-parent": "/weird"}')),
    ("2.11", Host(flags=("--cgroup-parent=/docker",)), Host(flags=("--cgroup-parent=/docker/x",))),
    (
        "2.11",
        Host(flags=("--cgroup-parent=system.slice",), info={"CgroupDriver": "systemd"}),
        Host(flags=("--cgroup-parent=system.slice",)),
    ),
    ("2.12", Host(flags=("--storage-opt=dm.fs=xfs",)), Host(flags=("--storage-opt", "DM.basesize=20G"))),
    ("2.13", Host(info={"Plugins": {"Authorization": ["opa"]}}), Host()),
    ("2.15", Host(info=options("no-new-privileges")), Host()),
    ("2.16", Host(info={"LiveRestoreEnabled": True}), Host()),
    ("2.17", Host(flags=("--userland-proxy=false",)), Host(flags=("--userland-proxy",))),
    ("2.4", Host(document='{"log-level": null}'), Host(document='{"iptables": null}')),
    ("2.17", Host(document='{"userland-proxy": false}'), Host(document='{"userland-proxy": true}')),
    ("2.17", Host(document='{"userland-proxy": null}'), Host(document='{"debug": null}')),
    ("2.18", Host(info=options("seccomp,profile=default")), Host(info=options("seccomp,profile=unconfined"))),
    ("2.18", Host(), Host(info=options("apparmor"))),
    ("2.19", Host(), Host(info={"ExperimentalBuild": True})),
    ("2.19", Host(), Host(version={"Experimental": True})),
]  # fmt: skip


@pytest.mark.parametrize(("number", "good", "bad"), CASES)
def test_good_and_bad(number: str, good: Host, bad: Host) -> None:
    """A control passes the good host and fails the bad one."""
    assert (good.judge(number)[0], bad.judge(number)[0]) == ("pass", "fail")


POLICIES = [
    ("2.1", Host(), {"rootful_reason": "GPU drivers"}, "pass"),
    ("2.11", Host(document='{"cgroup-parent": "/site"}'), {"cgroup_parents": ("/site",)}, "pass"),
    (
        "2.13",
        Host(info={"Plugins": {"Authorization": ["opa"]}}),
        {"authorization_plugins": ("other",)},
        "fail",
    ),
    ("2.14", Host(), {}, "fail"),
    ("2.14", Host(), {"log_drivers": ("json-file",)}, "pass"),
    ("2.14", Host(info={"LoggingDriver": "none"}), {}, "fail"),
    ("2.14", Host(info={"LoggingDriver": "gelf"}), {}, "manual"),
    ("2.14", Host(info={"LoggingDriver": "gelf"}), {"log_drivers": ()}, "fail"),
    ("2.18", Host(info=options("seccomp,profile=/p.json")), {"seccomp_profiles": ("/p.json",)}, "pass"),
    ("2.18", Host(info=options("seccomp,profile=/p.json")), {}, "manual"),
]


@pytest.mark.parametrize(("number", "host", "policy", "expected"), POLICIES)
def test_policy(number: str, host: Host, policy: dict[str, Any], expected: str) -> None:
    """What only the site can know, its policy says."""
    assert host.judge(number, **policy)[0] == expected


@pytest.mark.parametrize("driver", ["none", "local", "json-file", "journald", "etwlogs"])
def test_drivers_that_keep_the_log_on_the_host(driver: str) -> None:
    """They fail until the policy wants them."""
    assert Host(info={"LoggingDriver": driver}).judge("2.14")[0] == "fail"


@pytest.mark.parametrize("state", ["", "inactive"])
def test_live_restore_without_a_swarm(state: str) -> None:
    """An engine in no swarm, however it says so, can have it."""
    assert Host(info={"Swarm": {"LocalNodeState": state}}).judge("2.16")[0] == "fail"


def test_seccomp_profile_is_read() -> None:
    """A profile whose default action allows fails; one that denies has to be reviewed."""
    host = Host(flags=("--seccomp-profile=/p.json",), info=options("seccomp,profile=/p.json"))
    assert replace(host, profile='{"defaultAction": "SCMP_ACT_ALLOW"}').judge("2.18")[0] == "fail"
    assert replace(host, profile='{"defaultAction": "SCMP_ACT_ERRNO"}').judge("2.18")[0] == "manual"
    assert replace(host, profile="nonsense").judge("2.18")[0] == "manual"


@pytest.mark.parametrize("profile", ["seccomp,profile=unconfined", "apparmor"])
def test_engine_without_a_seccomp_profile(profile: str) -> None:
    """What no profile forbids is allowed."""
    assert Host(info=options(profile)).facts().daemon.seccomp_default_action == "SCMP_ACT_ALLOW"


def test_nothing_to_judge() -> None:
    """Not applicable: no default bridge, no TCP address, a swarm node."""
    assert Host(bridge=None).judge("2.2")[0] == "not applicable"
    assert Host().judge("2.8")[0] == "not applicable"
    assert Host(info={"Swarm": {"LocalNodeState": "active"}}).judge("2.16")[0] == "not applicable"


# ---- where a value comes from


def test_reasons_name_the_source() -> None:
    """The reason says what decided."""
    assert Host().judge("2.2")[1] == "icc is true (network bridge, from default)"
    assert Host(flags=("--icc",)).judge("2.2")[1] == "icc is true (network bridge, from command line)"
    assert Host().judge("2.17")[1] == "userland-proxy is true (default of engine 26.1.5)"
    assert Host(document='{"userland-proxy": false}').judge("2.17")[1] == f"userland-proxy is false ({PATH})"
    elsewhere = Host(flags=("--config-file=/opt/d.json",), document='{"userland-proxy": false}')
    assert elsewhere.judge("2.17")[1] == "userland-proxy is false (/opt/d.json)"


@pytest.mark.parametrize(
    ("host", "number", "reason"),
    [
        (Host(flags=("--userland-proxy",)), "2.17", "userland-proxy is true (command line)"),
        (Host(document='{"icc": true}'), "2.2", f"icc is true (network bridge, from {PATH})"),
        (Host(document='{"icc": true}', changed=AFTER), "2.2", "icc is true (network bridge)"),
        (Host(document='{"icc": false}'), "2.2", "icc is true (network bridge)"),
        (Host(document='{"icc": false}', bridge={}), "2.2", f"icc is false ({PATH})"),
        (Host(document="unread"), "2.2", "icc is true (network bridge)"),
        (Host(second=()), "2.2", "icc is true (network bridge)"),
        (Host(), "2.16", "live-restore is false (docker info, from default)"),
        (
            Host(info={"ServerVersion": "23.0.0"}),
            "2.15",
            "no-new-privileges is false (docker info, from default)",
        ),
        (
            Host(document='{"cgroup-parent": ""}'),
            "2.11",
            "cgroup-parent is not set (default of engine 26.1.5)",
        ),
        (
            Host(document='{"userland-proxy": "false"}'),
            "2.17",
            f"{PATH}: userland-proxy: 'false' is not true or false",
        ),
        (Host(document="[]"), "2.17", f"{PATH}, the daemon's configuration, is not JSON"),
        (
            Host(document="unread"),
            "2.17",
            f"{PATH}, the daemon's configuration, may not be read; are you root?",
        ),
        (
            Host(document='{"userland-proxy": false}', changed=AFTER),
            "2.17",
            f"userland-proxy may be false ({PATH}) or true (default of engine 26.1.5); restart pending: {PATH} says "
            "false and was changed after the daemon started, so the running value cannot be told; restart the daemon "
            "to know",
        ),
        (
            Host(changed=AFTER),
            "2.11",
            f"cgroup-parent: {PATH} does not set it, and was changed after the daemon started, so the running value "
            "cannot be told; restart the daemon to know",
        ),
        (
            Host(document='{"cgroup-parent": null}', changed=AFTER, written=BEFORE),
            "2.11",
            f"cgroup-parent: {PATH} does not set it, and got another owner, mode or name after the daemon started, so "
            "the running value cannot be told; restart the daemon to know",
        ),
        (
            Host(document=None, changed=AFTER),
            "2.11",
            f"cgroup-parent: {PATH} does not exist, but its directory was changed after the daemon started, so there "
            "may have been one; restart the daemon to know",
        ),
    ],
)
def test_whole_reasons(host: Host, number: str, reason: str) -> None:
    """What is in force, where that was read, what may be otherwise, and why."""
    assert host.judge(number)[1] == reason


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"), (False, "false"), (None, "not set"), ((), "not set"), ({}, "not set"), (5, "5"), ("x", "x"),
        (("a", "b"), "a, b"), ({"a": "1", "b": "2"}, "a=1, b=2"),
    ],
)  # fmt: skip
def test_values_as_people_write_them(value: Any, text: str) -> None:
    """Lists and mappings without brackets, and nothing as that."""
    assert shown(value) == text


@pytest.mark.parametrize(
    ("name", "host", "value"),
    [
        ("default-ulimits", Host(flags=("--default-ulimit=nofile=1024",)), ("nofile=1024:1024",)),
        (
            "default-ulimits",
            Host(flags=("--default-ulimit=nproc=7", "--default-ulimit=core=1", "--default-ulimit=nproc=5:6")),
            ("core=1:1", "nproc=5:6"),
        ),
        (
            "default-ulimits",
            Host(document='{"default-ulimits": {"nofile": {"Name": "x", "Soft": 5, "HARD": 6}, "core": {}}}'),
            ("core=0:0", "nofile=5:6"),
        ),
        ("storage-opts", Host(document='{"storage-opts": ["a=1", "b=2"]}'), ("a=1", "b=2")),
        ("log-opts", Host(document='{"log-opts": {"max-file": 3}}'), {"max-file": "3"}),
        ("log-level", Host(flags=("-l", "info", "-l", "WARN")), "warn"),
    ],
)
def test_values_of_settings(name: str, host: Host, value: Any) -> None:
    """The command line and the file write them differently; they mean the same."""
    assert host.facts().daemon.setting(name).value == value


@pytest.mark.parametrize(
    ("document", "name", "why"),
    [
        ('{"storage-opts": "a=1"}', "storage-opts", "'a=1' is not a list"),
        ('{"log-opts": []}', "log-opts", "'***' is not a mapping"),
        ('{"default-ulimits": []}', "default-ulimits", "[] is not a mapping of ulimits"),
        ('{"default-ulimits": {"core": 5}}', "default-ulimits", "{'core': 5} is not a mapping of ulimits"),
    ],
)
def test_values_that_are_none(document: str, name: str, why: str) -> None:
    """What the daemon would not take is no value; the reason says where it stands."""
    with pytest.raises(EvidenceError) as raised:
        Host(document=document).facts().daemon.setting(name)
    assert str(raised.value) == f"{PATH}: {name}: {why}"


def test_origin_of_insecure_registries() -> None:
    """They are named with and without a scheme, and the engine reports them without."""
    reported = insecure("127.0.0.0/8", a=False, b=False)
    flags = ("--insecure-registry=https://b", "--insecure-registry=http://a", "--insecure-registry=b")
    document = '{"insecure-registries": ["http://b", "https://a"]}'
    for host, origin in (
        (Host(flags=flags), "command line"),
        (Host(document=document), PATH),
        (Host(flags=flags[:1]), ""),
    ):
        setting = replace(host, info=reported).facts().daemon.setting("insecure-registries")
        assert (setting.value, setting.origin) == (("a", "b"), origin)


def test_registries_on_the_host_itself() -> None:
    """What the loopback addresses serve never leaves the host, by whatever name."""
    own = ("127.0.0.0/8", "127.1.0.0/16", "127.0.0.5/8", "::1/128")
    foreign = ("10.0.0.0/8", "126.0.0.0/7", "127.0.0.0/7", "::/0", "fd00::/8")
    names = ("localhost:5000", "localhost", "127.0.0.1:5000", "127.0.0.1", "[::1]:5000")
    others = ("reg.example:5000", "127.0.0.1.example", "localhost.example", "1127.0.0.1:5000", ":5000")
    info = insecure(*own, *foreign)
    info["RegistryConfig"]["IndexConfigs"] = {name: {"Secure": False} for name in (*names, *others)}
    assert Host(info=info).facts().daemon.insecure_registries == tuple(sorted((*foreign, *others)))


def test_seccomp_profile_without_a_name() -> None:
    """An engine that has seccomp and names no profile has the built-in one."""
    assert Host(info=options("seccomp")).facts().daemon.seccomp_profile == "builtin"


def test_running_value_wins_over_the_file() -> None:
    """What the engine reports decides; the file is told as what the next start will take."""
    edited = Host(document='{"icc": false, "no-new-privileges": true}', changed=AFTER)
    assert edited.judge("2.2") == (
        "fail",
        f"icc is true (network bridge); restart pending: {PATH} says false",
    )
    assert edited.judge("2.15")[1].endswith(f"restart pending: {PATH} says true")
    worse = Host(document='{"icc": true}', changed=AFTER, bridge=NO_ICC)
    assert worse.judge("2.2") == ("pass", f"icc is false (network bridge); restart pending: {PATH} says true")


def test_unknown_running_value() -> None:
    """A changed file is no evidence: fail where a value that it may be does not comply, else error."""
    edited = Host(document='{"userland-proxy": false}', changed=AFTER)
    found, reason = edited.judge("2.17")
    assert found == "fail"
    assert "restart pending" in reason
    assert edited.judge("2.11")[0] == "error"
    assert replace(edited, flags=("--userland-proxy=false",), document="{}").judge("2.17")[0] == "pass"
    assert (
        replace(edited, children=("docker-proxy",))
        .judge("2.17")[1]
        .startswith("userland-proxy is true (its docker-proxy")
    )


def test_file_whose_mode_alone_changed() -> None:
    """A file changed after the start, but not written, neither proves a setting nor fails one that it has right."""
    touched = Host(document='{"userland-proxy": false}', changed=AFTER, written=BEFORE)
    assert touched.judge("2.17")[0] == "error"
    assert replace(touched, document='{"userland-proxy": true}').judge("2.17")[0] == "fail"
    assert replace(touched, changed=BEFORE).judge("2.17")[0] == "pass"


def test_own_sockets_of_a_rootless_daemon() -> None:
    """Where its user's runtime directory is not known, nothing tells its own sockets from those of the API."""
    known = Host(uid=1000, environment=("XDG_RUNTIME_DIR=/run/user/1000",))
    assert known.facts().daemon.api_sockets
    with pytest.raises(EvidenceError, match="runtime directory"):
        _ = replace(known, environment=("HOME=/root",)).facts().daemon.api_sockets


def test_absent_file() -> None:
    """Without a daemon.json defaults are in force, unless one was taken away since the start."""
    assert Host(document=None).judge("2.11") == (
        "pass",
        "cgroup-parent is not set (default of engine 26.1.5)",
    )
    assert Host(document=None, changed=AFTER).judge("2.11")[0] == "error"


@pytest.mark.parametrize("document", ["unread", "{", "[]", '{"userland-proxy": "false"}'])
def test_unreadable_file(document: str) -> None:
    """A file that cannot be read or understood is an error for what depends on it, and for nothing else."""
    host = Host(document=document, bridge=NO_ICC)
    assert host.judge("2.17")[0] == "error"
    assert host.judge("2.2")[0] == "pass"
    assert replace(host, flags=("--userland-proxy=0",)).judge("2.17")[0] == "pass"


def test_process_that_is_no_unit_of_its_own() -> None:
    """A unit without a command has nothing pending."""
    host = Host(unit="MainPID=7")
    assert host.judge("2.2")[1] == "icc is true (network bridge, from default)"
    assert host.facts().daemon.unit == Unit("", None)
    assert Units.of(Recording("host", "local", {})) == Units(())


def test_which_configuration_file_counts() -> None:
    """The last one that was named, and no other; named with nothing there is none; one that is gone is an error."""
    named = Host(flags=("--config-file", "/old.json", "--config-file=/opt/d.json"))
    assert named.facts().daemon.files.config.path == "/opt/d.json"
    assert Host(flags=("--config-file=",)).facts().daemon.files.config.state == "absent"
    for wrong in (Host(flags=("--config-file", "/opt/d.json")), replace(named, document=None)):
        verdict, reason = wrong.judge("2.11")
        assert (verdict, "broke" in reason) == ("error", False)


@pytest.mark.parametrize(
    ("state", "end", "started", "changed", "written"),
    [
        ("read", 100 + SLACK, (100.0, 105.0), False, False),
        ("read", 100.5, (100.0, 105.0), True, True),
        ("read", 99.0, (100.0, 105.0), False, False),
        ("read", None, (100.0, 105.0), True, True),
        ("read", 99.0, None, True, True),
        ("absent", None, (100.0, 105.0), False, True),
        ("absent", 103 + SLACK, (100.0, 105.0), False, True),
        ("absent", 103.2, (100.0, 105.0), True, True),
        ("unread", None, (100.0, 105.0), True, True),
    ],
)
def test_age_of_a_file(
    state: str, end: float | None, started: tuple[float, float] | None, changed: bool, written: bool
) -> None:
    """It counts from the earliest time of the start; the daemon itself may write to a new directory for a while."""
    span = None if end is None else (0.0, end)
    file = ConfigFile(PATH, state, span, span, {})
    assert (file.changed_since(started), file.written_since(started)) == (changed, written)


def test_content_of_a_file() -> None:
    """One that does not exist says nothing; what is not known is told as that."""
    assert ConfigFile(PATH, "absent", None, None, None).values() == {}
    assert ConfigFile(PATH, "read", None, None, {"icc": False}).values() == {"icc": False}
    for state, why in (
        ("unknown", "the path of the daemon's configuration could not be read; are you root?"),
        ("unread", f"{PATH}, the daemon's configuration, may not be read; are you root?"),
        ("read", f"{PATH}, the daemon's configuration, is not JSON"),
    ):
        with pytest.raises(EvidenceError) as raised:
            ConfigFile(PATH, state, None, None, None).values()
        assert str(raised.value) == why


def test_path_of_a_file() -> None:
    """It may hold what divides the answer of the probe; of another process's file nothing is taken."""
    assert Host(flags=("--config-file=/a|b.json",)).facts().daemon.files.config.path == "/a|b.json"
    process = Host().facts().daemon.process

    def files(text: str) -> ConfigFile:
        answer = Answer("daemon_configuration", 0, text, "")
        return files_of(Recording("host", "local", {answer.name: answer}), process).config

    own = f"dockerd:7\nconfig:read|{BEFORE}|{AFTER}|/own\n {{}}"
    other = f'dockerd:8\nconfig:read|{AFTER}|{AFTER}|/other\n {{"icc":true}}\nlink:{NOW}'
    expected = ConfigFile("/own", "read", moment(AFTER), moment(BEFORE), {})
    assert files(f"{own}\n{other}") == files(f"{other}\n{own}") == expected
    assert files("dockerd:7\nconfig:unknown") == ConfigFile("", "unknown", None, None, None)
    meanwhile = "the daemon's configuration could not be read: it started or ended meanwhile"
    with pytest.raises(EvidenceError, match=f"^{meanwhile}$"):
        files(other)
    none = ConfigFile("", "absent", None, None, None)
    assert Host(flags=("--config-file=",)).facts().daemon.files.config == none
    with pytest.raises(
        EvidenceError, match=r"^the configuration file '/d' of the daemon could not be found$"
    ):
        _ = Host(flags=("--config-file", "/d")).facts().daemon.files


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", "{}"),
        ("\ufeff", "{}"),
        ('\ufeff{"icc": true, "debug": false}', '{"icc":true,"debug":false}'),
        ("null", "{}"),
        ("[]", None),
        ("{", None),
    ],
)
def test_what_is_stored_of_a_file(text: str, kept: str | None) -> None:
    """The settings on one line; nothing where it is empty; that it is not JSON."""
    assert configuration(text) == kept
    stored = DAEMON_CONFIGURATION.keep(f"config:read|-|-|/x\n {text}")
    assert stored == f"config:read|-|-|/x\n {kept or '(not JSON)'}"


@pytest.mark.parametrize(
    ("host", "link", "touched", "written"),
    [
        (Host(), BEFORE, BEFORE, BEFORE),
        (Host(), AFTER, AFTER, AFTER),
        (Host(changed=AFTER, written=BEFORE), BEFORE, AFTER, BEFORE),
        (Host(changed=AFTER, written=BEFORE), NOW, NOW, NOW),
        (Host(), "-", "", ""),
        (Host(changed="-"), AFTER, "", ""),
        (Host(changed=AFTER, written="-"), AFTER, "", ""),
    ],
)
def test_link_to_a_file(host: Host, link: str, touched: str, written: str) -> None:
    """A link that was made after the file was changed may have led elsewhere before."""
    recording = host.recording()
    text = f"{recording.answers['daemon_configuration'].stdout}\nlink:{link}"
    changed = {**recording.answers, "daemon_configuration": Answer("daemon_configuration", 0, text, "")}
    file = Facts(replace(recording, answers=changed), Policy()).daemon.files.config
    assert (file.touched, file.written) == (moment(touched), moment(written))
    assert file.document == {}


def test_file_of_unknown_age() -> None:
    """What may have changed since the start proves nothing, and is no fault of the control either."""
    verdict, reason = Host(changed="-").judge("2.11")
    assert (verdict, "broke" in reason) == ("error", False)


def test_unit_that_differs_from_the_process() -> None:
    """What the unit says and the running daemon does not is pending; a unit with variables says nothing."""
    unit = (
        "Id=docker.service\nMainPID=7\nExecStart={ path=/d ; argv[]=/d --icc=false --log-opt x=s3cret ; x=y }"
    )
    host = Host(unit=unit)
    assert host.judge("2.2")[1] == "icc is true (network bridge); restart pending: docker.service says false"
    assert "s3cret" not in host.recording().answers["daemon_unit"].stdout
    assert (
        replace(host, unit=unit.replace("--log-opt", "$OPTS --log-opt"))
        .judge("2.2")[1]
        .endswith("from default)")
    )


# ---- which process


def test_daemon_that_cannot_be_told() -> None:
    """Two processes that may be the daemon are an error for what only a process tells."""
    both = Host(second=())
    assert both.judge("2.17")[0] == "error"
    assert both.judge("2.15")[0] == "fail"
    assert Host(second=("-H=unix:///other",), as_root=False).judge("2.17")[0] == "fail"
    assert Host(endpoint="tcp://10.0.0.1:2376").judge("2.17")[0] == "error"
    assert Host(endpoint="ssh://root@web1").judge("2.17")[0] == "error"
    assert (
        Host(endpoint="unix:///elsewhere").judge("2.17")[0] == "fail"
    )  # the path that the target resolved counts


def changed_processes(host: Host, *changes: tuple[str, str]) -> DaemonProcesses:
    """What the probe for processes tells of a host, with each first text replaced by the second."""
    recording = host.recording()
    text = recording.answers["daemon_processes"].stdout
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    answers = {**recording.answers, "daemon_processes": Answer("daemon_processes", 0, text, "")}
    return DaemonProcesses.of(replace(recording, answers=answers))


ONE_PROCESS = """\
clock:2026-01-01 12:00:00.000000000 +0000|10800.50
endpoint:unix:///run/docker.sock
endpoint-path:/run/docker.sock
own:lrwxrwxrwx 1 0 0 0 Jan 1 10:00 net -> net:[1]
system-containerd:
dockerd:7
argument:dockerd
argument:--pidfile=X \r
environment:
environment:HOME=/a=b
link:lrwxrwxrwx 1 0 0 0 Jan 1 10:00 7/exe -> /usr/bin/dockerd
link:lrwxrwxrwx 1 0 0 0 Jan 1 10:00 7/cwd -> /srv/engine
link:lrwxrwxrwx 1 0 0 0 Jan 1 10:00 7/ns/net -> net:[2]
link:lrwx------ 1 0 0 64 Jan 1 10:00 9 -> socket:[100]
7/stat:7 (docker) d) S 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 360000
7/mountinfo:1 0 8:1 / / rw - ext4 /dev/sda1 rw
7/status:Uid:\t1\t2\t3\t4
7/net/unix:Num       RefCount Protocol Flags    Type St Inode Path
7/net/unix:0000: 00000002 00000000 00010000 0001 01 100 /var/run/docker.sock
7/net/unix:0000: 00000002 00000000 00010000 0001 01 101 X.sock
7/net/unix:0000: 00000002 00000000 00010000 0001 01 102 @x
real:/var/run/docker.sock\t/run/docker.sock
7/net/tcp6:  sl  local_address                         remote_address
7/net/tcp6:   0: {0}:0050 {0}:0000 0A 00000000:00000000 00:00000000 00000000     0        0 103 1 0
identity:1:2
identity:1:2
""".replace("{0}", "0" * 32)


def processes_in(text: str) -> DaemonProcesses:
    """What an answer of the probe for processes tells."""
    answer = Answer("daemon_processes", 0, text, "")
    return DaemonProcesses.of(Recording("host", "local", {answer.name: answer}))


@pytest.mark.parametrize(
    ("endpoint", "pids", "beside"),
    [
        ("unix:///run/docker.sock", "7 8", "8"),
        ("unix:///run/docker.sock", "7", ""),  # the other is that of a host, in whose PID namespace this runs
        ("unix:///run/other.sock", "7 8", "7, 8"),
        ("tcp://10.0.0.1:2376", "7 8", "7, 8"),
        ("", "7 8", ""),
    ],
)
def test_engine_beside_the_one_that_is_asked(endpoint: str, pids: str, beside: str) -> None:
    """A dockerd that is certainly not the one that was asked is told of, and never one that may be."""
    text = ONE_PROCESS.replace("identity:1:2\n", "")
    second = text[text.index("dockerd:7") :].replace("dockerd:7", "dockerd:8").replace("7/", "8/")
    second = second.replace("[100]", "[200]").replace("01 100 /var/run", "01 200 /srv/run")
    head = text.replace("/run/docker.sock\nown", f"{endpoint.removeprefix('unix://')}\nown", 1)
    head = head.replace("endpoint:unix:///run/docker.sock", f"endpoint:{endpoint}")
    present = "".join(f"process {pid}\n" for pid in pids.split())
    answers = {
        "daemon_processes": Answer("daemon_processes", 0, head + second, ""),
        "engine_presence": Answer("engine_presence", 0, f"command docker /usr/bin/docker\n{present}", ""),
    }
    told = engines_beside.note(Recording("host", "local", answers))
    assert told.partition(";")[0].partition("process ")[2] == beside


def test_all_that_is_read_of_a_process() -> None:
    """Each value from its own line; when it started is known to a second or better."""
    found = processes_in(ONE_PROCESS)
    (process,) = found.candidates
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp()
    start = noon - 10800.5 + 3600
    assert process.started == pytest.approx((start - 0.05, start + 1.05), abs=0.001)
    assert replace(process, started=None) == DaemonProcess(
        pid=7,
        executable="/usr/bin/dockerd",
        flags=(("pidfile", "X "),),
        environment={"HOME": "/a=b"},
        uids=(1, 2, 3, 4),
        started=None,
        namespaces={"net": "net:[2]"},
        mountinfo=("1 0 8:1 / / rw - ext4 /dev/sda1 rw",),
        held=frozenset({"100"}),
        unix_table=(
            UnixSocket("/var/run/docker.sock", "/run/docker.sock", "100"),
            UnixSocket("X.sock", "/srv/engine/X.sock", "101"),
            UnixSocket("@x", "@x", "102"),
        ),
        tcp_table=(Listener(7, "::", 80, "tcp", "103"),),
        tables_read=frozenset({"unix", "tcp6"}),
        sees_endpoint=True,
    )
    assert replace(found, candidates=()) == DaemonProcesses(
        "unix:///run/docker.sock", "/run/docker.sock", "net:[1]", True, ()
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("clock:2026-01-01 12:00:00.000000000 +0000|", "clock:-|"),
        ("|10800.50", "|x"),
        ("clock:2026", "o:2026"),
        (" 360000", ""),
        ("7/stat:", "7/none:"),
    ],
)
def test_start_that_is_not_known(old: str, new: str) -> None:
    """Without the clock, the time since the boot or the line of the process there is none."""
    assert old in ONE_PROCESS
    assert processes_in(ONE_PROCESS.replace(old, new)).candidates[0].started is None


def test_what_is_not_told_of_a_process() -> None:
    """Program and directory are empty then, and a relative path of a socket stays as it is."""
    lines = [line for line in ONE_PROCESS.split("\n") if "/exe" not in line and "/cwd" not in line]
    (process,) = processes_in("\n".join(lines)).candidates
    assert (process.executable, process.unix_table[1]) == ("", UnixSocket("X.sock", "X.sock", "101"))


@pytest.mark.parametrize(
    ("host", "why"),
    [
        (Host(second=()), "more than one dockerd process may be the one at unix:///run/docker.sock: 7, 8"),
        (
            Host(second=(), as_root=False),
            "more than one dockerd process may be the one at unix:///run/docker.sock: 7, 8; root could tell",
        ),
        (
            Host(endpoint="ssh://web1"),
            "the engine runs on another machine (ssh://web1): its process is not seen here",
        ),
        (
            Host(endpoint="tcp://me:s3cret@web1:2376"),
            "the engine runs on another machine (tcp://***@web1:2376): its process is not seen here",
        ),
        (Host(endpoint=""), "the docker command does not say which engine it talks to"),
    ],
)
def test_why_the_daemon_cannot_be_told(host: Host, why: str) -> None:
    """The reason says between which processes, and who could tell."""
    with pytest.raises(EvidenceError) as raised:
        _ = host.facts().daemon.process
    assert str(raised.value) == why


def test_daemon_that_is_starting_a_program() -> None:
    """For a moment there are two of it, with the same sockets; what has other arguments is another daemon."""
    assert Host(flags=("--debug",), second=("--debug",), parent=7).facts().daemon.process.pid == 7
    for other in (
        Host(flags=("--debug",), second=("--debug",), parent=1),
        Host(flags=("--debug",), second=(), parent=7),
    ):
        with pytest.raises(EvidenceError, match="more than one dockerd"):
            _ = other.facts().daemon.process


def test_no_process_at_the_endpoint() -> None:
    """There is none, none holds the socket, or the answer is not understood."""
    address = "unix:///run/docker.sock"
    for text, why in (
        (
            ONE_PROCESS.partition("dockerd:7")[0],
            f"no process called dockerd can be seen here, though an engine answers at {address}",
        ),
        (
            ONE_PROCESS.replace("socket:[100]", "socket:[99]"),
            f"none of the dockerd processes here listens at {address}",
        ),
        ("dockerd:x", "the answer on the dockerd processes is not what /proc documents"),
    ):
        with pytest.raises(EvidenceError) as raised:
            _ = processes_in(text).daemon
        assert str(raised.value) == why


NETWORK = "lrwxrwxrwx 1 0 0 0 Jan 1 10:00 {} -> net:[{}]"


@pytest.mark.parametrize(
    ("endpoint", "port", "own", "network", "found"),
    [
        ("tcp://127.0.0.1:2376", 2376, "1", "1", True),
        ("tcp://localhost:2376", 2376, "", "1", True),
        ("https://127.0.0.1:2376", 2376, "1", "", True),
        ("tcp://127.0.0.1", 2375, "1", "1", True),
        ("tcp://127.0.0.1:2376", 2375, "1", "1", False),
        ("tcp://127.0.0.1:2376", 2376, "1", "2", False),
    ],
)
def test_daemon_behind_a_port(endpoint: str, port: int, own: str, network: str, found: bool) -> None:
    """It is the process that listens there in the auditor's own network."""
    changes = (
        [(f"endpoint:{endpoint}", f"endpoint:{endpoint}\nown:{NETWORK.format('net', own)}")] if own else []
    )
    if network:
        changes += [("\n7/stat:", f"\nlink:{NETWORK.format('7/ns/net', network)}\n7/stat:")]
    processes = changed_processes(Host(endpoint=endpoint, tcp=(port,)), *changes)
    if found:
        assert processes.daemon.pid == 7
    else:
        with pytest.raises(
            EvidenceError, match=f"^none of the dockerd processes here listens at {endpoint}$"
        ):
            _ = processes.daemon


def test_port_of_another_process() -> None:
    """A socket of the same network that is not the process's own is another's; who may not see that takes it."""
    host = Host(endpoint="tcp://127.0.0.1:2376", tcp=(2376,))
    with pytest.raises(EvidenceError, match=r"^none of the dockerd processes"):
        _ = changed_processes(host, ("socket:[2576]", "socket:[9999]")).daemon
    assert changed_processes(replace(host, as_root=False)).daemon.pid == 7


# ---- the remote API


def test_listeners_that_are_not_the_api() -> None:
    """Metrics, swarm and published ports listen too; an unknown port counts where any may be the API's."""
    assert Host(flags=("--metrics-addr=0.0.0.0:9323",), tcp=(9323, 8080)).judge("2.8")[0] == "not applicable"
    assert Host(flags=("-H", "fd://"), tcp=(2375,)).judge("2.8")[0] == "fail"
    swarm = {"Swarm": {"LocalNodeState": "active"}}
    assert Host(flags=("-H", "fd://"), tcp=(2377, 7946), info=swarm).judge("2.8")[0] == "not applicable"
    published = 'container {"Ports":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"}],"81/tcp":null}}'
    host = Host(flags=("-H", "fd://"), tcp=(8080,))
    assert host.judge("2.8")[0] == "fail"
    assert replace(host, containers=published).judge("2.8")[0] == "not applicable"
    everywhere, elsewhere = (
        published.replace("127.0.0.1", "0.0.0.0"),
        published.replace("127.0.0.1", "10.0.0.1"),
    )
    assert replace(host, containers=everywhere).judge("2.8")[0] == "not applicable"
    assert replace(host, containers=elsewhere).judge("2.8")[0] == "fail"


def test_engine_that_does_not_say_its_default() -> None:
    """2.15: an engine before 23 does not report it; then what it was started with counts."""
    old = Host(info={"ServerVersion": "20.10.24+dfsg1"}, document='{"no-new-privileges": true}')
    assert old.judge("2.15")[0] == "pass"
    assert replace(old, document="{}").judge("2.15")[0] == "fail"
    assert replace(old, info={"ServerVersion": "23.0.0"}).judge("2.15")[0] == "fail"


def test_sockets_of_a_unit() -> None:
    """What docker.socket says now counts if the daemon was given as many sockets and listens on them."""
    unit = "Id=docker.service\nMainPID=7\n\nId=docker.socket\nListen=/run/docker.sock (Stream)"
    given = ("HOME=/root", "LISTEN_FDS=1")
    host = Host(flags=("-H", "fd://"), unit=unit, tcp=(8080,), environment=given)
    assert host.judge("2.8")[0] == "not applicable"
    assert replace(host, environment=("HOME=/root", "LISTEN_FDS=2")).judge("2.8")[0] == "fail"
    assert replace(host, unit=unit.replace("/run/", "/run/other/")).judge("2.8")[0] == "fail"
    both = replace(host, unit=unit + "\nListen=[::]:8080 (Stream)")
    assert replace(both, environment=("HOME=/root", "LISTEN_FDS=2")).judge("2.8")[0] == "fail"
    assert replace(host, as_root=False).judge("2.8")[0] == "error"


@pytest.mark.parametrize(
    ("addresses", "given", "expected"),
    [
        (("/run/docker.sock",), 1, True),
        (("/var/run/docker.sock", "[::]:8080"), 2, True),
        (("/var/run/docker.sock", "/run/docker.sock", "0.0.0.0:8080"), 3, True),
        (("8080",), 1, True),
        (("/run/docker.sock",), 2, False),
        (("/other.sock",), 1, False),
        (("[::]:8081",), 1, False),
        (("/run:8080",), 1, False),
    ],
)
def test_sockets_that_were_given(addresses: tuple[str, ...], given: int, expected: bool) -> None:
    """As many as there are, each of which the process holds."""
    host = Host(tcp=(8080,), environment=(f"LISTEN_FDS={given}",))
    assert changed_processes(host).daemon.was_given(addresses) is expected


def test_socket_of_another_process() -> None:
    """What the process does not hold was not given to it."""
    host = Host(tcp=(8080,), environment=("LISTEN_FDS=1",))
    process = changed_processes(host, ("socket:[8280]", "socket:[9999]")).daemon
    assert (process.was_given(("[::]:8080",)), process.was_given(("/run/docker.sock",))) == (False, True)


def test_sockets_of_the_unit_in_words() -> None:
    """They stand in the place of `fd://` where the daemon has them, and only where systemd started it."""
    unit = "Id=docker.socket\nListen=/run/docker.sock (Stream)"
    host = Host(flags=("-H=fd://", "-H=tcp://a:1"), unit=unit, environment=("LISTEN_FDS=1",))
    open_ended = Asked(("tcp://a:1",), "command line", open_ended=True)
    assert host.facts().daemon.asked == open_ended
    started = replace(host, unit=f"Id=docker.service\nMainPID=7\n\n{unit}")
    known = Asked(("tcp://a:1", "unix:///run/docker.sock"), "command line")
    assert started.facts().daemon.asked == known
    assert replace(started, unit="Id=docker.service\nMainPID=7").facts().daemon.asked == open_ended


def test_remote_api_without_a_look_at_the_sockets() -> None:
    """Who may not see the sockets judges by what the daemon was told; what may be more is an error."""
    user = Host(as_root=False, tcp=(22,))
    assert user.judge("2.8")[0] == "not applicable"
    assert replace(user, flags=("-H=tcp://0.0.0.0:2375",)).judge("2.8")[0] == "fail"
    assert (
        replace(user, flags=("--tlsverify=false",)).judge("2.8")[0] == "fail"
    )  # localhost:2376 is the default
    assert replace(user, flags=("-H=fd://",)).judge("2.8")[0] == "error"
    assert replace(user, flags=("-H=fd://",), tcp=()).judge("2.8")[0] == "not applicable"
    assert replace(user, document="unread").judge("2.8")[0] == "error"
    assert replace(user, changed=AFTER).judge("2.8")[0] == "error"


def test_port_of_a_swarm_that_is_off() -> None:
    """It is nothing special then."""
    assert Host(flags=("-H", "fd://"), tcp=(2377,)).judge("2.8")[0] == "fail"


def test_address_that_the_next_start_opens() -> None:
    """It is told where the file has it and the daemon does not listen there yet."""
    edited = Host(document='{"hosts": ["tcp://0.0.0.0:2375"]}', changed=AFTER)
    assert edited.facts().daemon.remote_api.pending == ("tcp://0.0.0.0:2375",)
    assert replace(edited, tcp=(2375,)).facts().daemon.remote_api.pending == ()
    other = replace(edited, document='{"hosts": ["tcp://0.0.0.0:4243", "unix:///x.sock", "fd://"]}')
    assert other.facts().daemon.remote_api.pending == ("tcp://0.0.0.0:4243",)
    assert replace(other, tcp=(4243,)).facts().daemon.remote_api.pending == ()
    unit = "Id=docker.service\nMainPID=7\nExecStart={ path=/d ; argv[]=/d -H tcp://0.0.0.0:2375 ; x=y }"
    own = Host(flags=("-H=unix:///run/docker.sock",), unit=unit)
    assert own.facts().daemon.remote_api.pending == ("tcp://0.0.0.0:2375",)
    assert replace(own, unit="").facts().daemon.remote_api.pending == ()
    told = replace(
        own,
        as_root=False,
        tcp=(4243,),
        flags=("-H=tcp://0.0.0.0:4243",),
        unit=unit.replace(":2375", ":4243 -H tcp://b:1"),
    )
    assert told.facts().daemon.remote_api.pending == ("tcp://b:1",)


def test_listeners_that_may_be_the_api() -> None:
    """Where the file may name addresses and may not be read, each listener that has no other use is doubtful."""
    host = Host(document="unread", flags=("--metrics-addr=127.0.0.1:9323",), tcp=(9323, 8080, 8081))
    why = f"{PATH}, the daemon's configuration, may not be read; are you root?"
    listeners = "127.0.0.1:8080, 127.0.0.1:8081"
    api = host.facts().daemon.remote_api
    assert (api.addresses, api.doubt) == (
        (),
        f"the daemon listens on {listeners}, and whether for commands cannot be told: {why}",
    )
    assert replace(host, tcp=(9323,)).facts().daemon.remote_api.doubt == ""
    assert replace(host, document="{}").facts().daemon.remote_api.doubt == ""


def by_ca(ca: str) -> Protection:
    """Of clients with a certificate of a CA."""
    return Protection(True, f"tlsverify is on, with the CA {ca}")


VERIFIED, PLAIN = by_ca("/ca"), Protection(False, "without TLS", encrypted=False)
UNVERIFIED = Protection(False, "with TLS, but tlsverify is false: clients need no certificate")
ANY_CA = Protection(
    False, "with tlsverify but without tlscacert: a certificate of any CA that the host trusts will do"
)


@pytest.mark.parametrize(
    ("change", "protection", "doubt"),
    [
        ({}, (VERIFIED,), ""),
        ({"changed": AFTER}, (VERIFIED, PLAIN), f"{PATH} was changed after the daemon started"),
        (
            {"changed": AFTER, "written": BEFORE},
            (VERIFIED,),
            f"{PATH} was changed after the daemon started",
        ),
        ({"changed": AFTER, "document": "{}"}, (PLAIN,), ""),
        ({"document": "unread"}, (), f"{PATH}, the daemon's configuration, may not be read; are you root?"),
        ({"document": "unread", "flags": ("--tlsverify", "--tlscacert=/ca")}, (VERIFIED,), ""),
        (
            {"flags": ("--tlsverify",), "document": "{}", "environment": ("DOCKER_CERT_PATH=/c",)},
            (Protection(True, "tlsverify is on, with the CA /c/ca.pem"),),
            "",
        ),
        (
            {"flags": ("--tlsverify",), "document": "unread", "environment": ("DOCKER_CERT_PATH=/c",)},
            (Protection(True, "tlsverify is on, with the CA /c/ca.pem"),),
            "",
        ),
    ],
)
def test_protection_of_the_remote_api(
    change: dict[str, Any], protection: tuple[Protection, ...], doubt: str
) -> None:
    """A file that was changed since the start may have said nothing then; one of which the mode changed may not."""
    host = replace(Host(document='{"tlsverify": true, "tlscacert": "/ca"}'), **change)
    api = host.facts().daemon.remote_api
    assert (api.protection, api.protection_doubt) == (protection, doubt)


def test_verification_that_the_command_line_tells() -> None:
    """Where the file may not be read, a flag that the file cannot take back is enough; no other is."""
    assert replace(REMOTE, document="unread").judge("2.8")[0] == "pass"
    assert (
        replace(REMOTE, document="unread", flags=("-H=tcp://:2376", "--tls", *FILES)).judge("2.8")[0]
        == "error"
    )


@pytest.mark.parametrize("name", ["unix", "tcp", "tcp6"])
def test_tables_that_were_read(name: str) -> None:
    """A table of sockets without even its head was not read."""
    recording = Host().recording()
    text = recording.answers["daemon_processes"].stdout
    without = "\n".join(line for line in text.split("\n") if not line.startswith(f"7/net/{name}:"))
    answers = {**recording.answers, "daemon_processes": Answer("daemon_processes", 0, without, "")}
    (process,) = DaemonProcesses.of(replace(recording, answers=answers)).candidates
    assert name not in process.tables_read


def test_endpoint_in_other_files() -> None:
    """A daemon that sees another file at the path of the endpoint is not the one that answers there."""
    recording = Host().recording()
    text = recording.answers["daemon_processes"].stdout

    def judge(*files: str) -> str:
        told = text.replace(
            "dockerd:7\n", "\n".join(("dockerd:7", *(f"identity:{each}" for each in files), ""))
        )
        answers = {**recording.answers, "daemon_processes": Answer("daemon_processes", 0, told, "")}
        ((verdict, _),) = judged("2.17", Facts(replace(recording, answers=answers), Policy())).values()
        return verdict

    assert (judge(), judge("8 1", "8 1"), judge("8 1", "8 2")) == ("fail", "fail", "error")


def test_user_of_a_process() -> None:
    """It is read from the line that has it, wherever that stands; without it there is none."""
    recording = Host(uid=5).recording()
    text = recording.answers["daemon_processes"].stdout
    status = next(line for line in text.split("\n") if line.startswith("7/status:Uid:"))
    for instead, expected in ((f"7/status:Name:\td\n{status}", (5, 5, 5, 5)), ("7/status:Name:\td", ())):
        told = Answer("daemon_processes", 0, text.replace(status, instead), "")
        answers = {**recording.answers, "daemon_processes": told}
        (process,) = DaemonProcesses.of(replace(recording, answers=answers)).candidates
        assert process.uids == expected


def test_addresses_of_a_unit() -> None:
    """A path is a unix socket, all else is TCP."""
    addresses = ("/run/x.sock", "@x", "[::]:1")
    assert hosts_of_unit(addresses) == ("unix:///run/x.sock", "unix://@x", "tcp://[::]:1")


@pytest.mark.parametrize(
    ("host", "path", "ports"),
    [
        ("", "/var/run/docker.sock", ()),
        ("unix://", "/var/run/docker.sock", ()),
        ("unix:///x:5", "/x:5", ()),
        ("fd://", None, ()),
        ("tcp://a", None, (2375, 2376)),
        ("tcp://:5/", None, (5,)),
        ("a:6", None, (6,)),
    ],
)
def test_what_an_address_asks_for(host: str, path: str | None, ports: tuple[int, ...]) -> None:
    """A unix socket, a port, the two usual ports, or neither."""
    assert (socket_path(host), tcp_ports([host])) == (path, frozenset(ports))
    assert tcp_ports([host, "tcp://:7"]) == {*ports, 7}


def test_listener_in_words() -> None:
    """An address of IPv6 stands in brackets."""
    for text, expected in (("10.0.0.5", "10.0.0.5:80"), ("::", "[::]:80")):
        assert address(Listener(7, text, 80, "tcp", "1")) == expected


def test_sockets_that_may_not_be_seen() -> None:
    """Without them nobody knows where the API is."""
    for process in (
        changed_processes(Host(as_root=False)).candidates[0],
        changed_processes(Host(), ("7/net/tcp:", "7/net/none:")).candidates[0],
    ):
        with pytest.raises(EvidenceError) as raised:
            listening(process)
        assert str(raised.value) == "the sockets of process 7 could not be read; are you root?"
    with pytest.raises(EvidenceError) as raised:
        api_paths(changed_processes(Host(as_root=False)).candidates[0], Asked((), ""), ())
    assert str(raised.value) == "the sockets of process 7 could not be read; are you root?"


@pytest.mark.parametrize("published", ["127.0.0.1", "0.0.0.0", "::", ""])
def test_ports_of_containers(published: str) -> None:
    """One that is published on every address, however that is written, is on each."""
    described = json.dumps({"Ports": {"80/tcp": [{"HostIp": published, "HostPort": "8080"}]}})
    host = Host(flags=("-H", "fd://"), tcp=(8080,), containers=f"container {described}")
    assert host.judge("2.8")[0] == "not applicable"
    assert replace(host, flags=("-H=tcp://:8080",)).judge("2.8")[0] == "fail"


@pytest.mark.parametrize(
    ("flags", "sockets", "expected"),
    [
        ((), ("/var/run/docker/metrics.sock", "/run/docker/libnetwork/x.sock"), ()),
        (("--exec-root=/srv/x",), ("/srv/x/m.sock", "/var/run/docker/m.sock"), ("/run/docker/m.sock",)),
        (("-H=unix:///run/docker/api.sock",), ("/run/docker/api.sock",), ("/run/docker/api.sock",)),
        ((), ("/srv/api.sock",), ("/srv/api.sock",)),
    ],
)
def test_own_sockets_of_the_daemon(
    flags: tuple[str, ...], sockets: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    """Those below its own directory are not of the API, unless it was told to take commands there."""
    host = Host(flags=flags, sockets=sockets)
    recording = host.recording()
    text = recording.answers["daemon_processes"].stdout
    text += "".join(f"\nreal:{each}\t{each.removeprefix('/var')}" for each in sockets)
    text += "\n7/net/unix:0000: 00000002 00000000 00010000 0001 01 999 /srv/foreign.sock"
    answers = {**recording.answers, "daemon_processes": Answer("daemon_processes", 0, text, "")}
    found = Facts(replace(recording, answers=answers), Policy()).daemon.api_sockets
    assert found == tuple(sorted((SOCKET, *expected)))


OWN, SYSTEMS = "/run/docker/containerd/containerd.sock", "/run/containerd/containerd.sock"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (Host(flags=("--containerd=/srv/c.sock",), sockets=(SYSTEMS,)), ("/srv/c.sock",)),
        (Host(flags=("--containerd=unix:///var/run/c.sock",)), ("/run/c.sock",)),
        (Host(document='{"containerd": "/c.sock"}', changed=AFTER, sockets=(OWN,)), ("/c.sock", OWN)),
        (Host(document='{"containerd": "/c.sock"}', changed=AFTER, sockets=(SYSTEMS,)), ("/c.sock", SYSTEMS)),
        (Host(sockets=(OWN,)), (OWN,)),
        (Host(sockets=(OWN, SYSTEMS)), (OWN,)),
        (Host(sockets=(SYSTEMS,)), (SYSTEMS,)),
        (Host(flags=("--exec-root=/srv/x/",), sockets=("/srv/x/containerd/containerd.sock", SYSTEMS)),
         ("/srv/x/containerd/containerd.sock",)),
        (Host(), ()),
    ],
)  # fmt: skip
def test_containerd_that_the_daemon_uses(host: Host, expected: tuple[str, ...]) -> None:
    """The one that it was told, else the one that it started, else that of the system."""
    if expected:
        assert host.facts().daemon.containerd_sockets == tuple(sorted(expected))
    else:
        with pytest.raises(
            EvidenceError, match=r"^the socket of the containerd that the daemon uses was not found$"
        ):
            _ = host.facts().daemon.containerd_sockets


def test_socket_that_no_table_shows() -> None:
    """Its path is the one that the daemon was told, without the link that is everywhere."""
    user = Host(as_root=False, flags=("-H=unix:///var/run/own.sock",))
    assert user.facts().daemon.api_sockets == ("/run/own.sock",)


def test_signs_of_an_engine() -> None:
    """Commands by their names, sockets by their paths, and processes of this machine by their numbers."""
    text = "command docker /usr/bin/docker\nsocket /run/docker.sock\nprocess 7 dockerd"
    for more, pids in (("", (7,)), ("\nforeign", ())):
        answer = Answer("engine_presence", 0, text + more, "")
        found = Presence.of(Recording("host", "local", {answer.name: answer}))
        assert (found.commands, found.sockets) == (("docker",), ("/run/docker.sock",))
        assert found.daemon_pids == pids


TLS = [
    (("--tlsverify", *FILES), {}, {}, True),
    (("--tls", *FILES), {}, {}, True),
    (("--tls",), {}, {"HOME": "/root"}, True),
    (("--tls", "--tlsverify=false", *FILES), {}, {}, False),
    (("--tls=false",), {}, {}, False),
    (("--tls=false",), {}, {"DOCKER_TLS_VERIFY": "1"}, True),
    ((), {}, {"DOCKER_TLS_VERIFY": "1"}, False),
    ((), {"tlsverify": True, "tlscacert": "/ca"}, {}, True),
    ((), {"tlsverify": True}, {}, False),
    ((), {"tlsverify": False, "tlscacert": "/ca"}, {"DOCKER_TLS_VERIFY": "1"}, False),
    ((), {"tls": True, "tlscacert": "/ca"}, {}, True),
    ((), {"tls": True}, {}, False),
    ((), {"tls": True, "tlsverify": False, "tlscacert": "/ca"}, {}, False),
    ((), {"tls": False, "tlsverify": True, "tlscacert": "/ca"}, {}, True),
    ((), {"tls": False}, {"DOCKER_TLS_VERIFY": "1"}, False),
    (("--tlsverify",), {"tlscacert": "/ca"}, {}, True),
    (("--tlsverify=false",), {"tls": True, "tlscacert": "/ca"}, {}, False),
]


@pytest.mark.parametrize(("flags", "document", "environment", "verified"), TLS)
def test_tls_rules(
    flags: tuple[str, ...], document: dict[str, Any], environment: dict[str, str], verified: bool
) -> None:
    """Each line was tried on engine 26.1.5 with a client without a certificate of the site's CA."""
    assert protection(parse(flags), document, environment, "26.1.5").verified is verified


def test_tls_rules_of_old_engines() -> None:
    """Before 23 --tls alone did not verify, and DOCKER_TLS_VERIFY did."""
    assert not protection(parse(("--tls", *FILES)), {}, {}, "20.10.24").verified
    assert protection((), {}, {"DOCKER_TLS_VERIFY": "1", "HOME": "/root"}, "20.10.24").verified


@pytest.mark.parametrize(
    ("flags", "document", "environment", "engine", "expected"),
    [
        ((), {}, {}, "26", PLAIN),
        (
            (),
            {},
            {"DOCKER_TLS_VERIFY": "1"},
            "26",
            replace(
                PLAIN, text="without TLS (DOCKER_TLS_VERIFY in its environment turns nothing on by itself)"
            ),
        ),
        ((), {"tlsverify": False}, {}, "26", UNVERIFIED),
        ((), {"tls": True}, {}, "26", ANY_CA),
        (("--tlsverify", "--tlscacert=/ca"), {"tlscacert": "/other"}, {}, "26", VERIFIED),
        (("--tlsverify",), {"tlscacert": "/ca"}, {"HOME": "/root"}, "26", VERIFIED),
        (("--tlsverify",), {}, {"HOME": "/root"}, "26", by_ca("/root/.docker/ca.pem")),
        (("--tlsverify",), {}, {"HOME": "/h", "DOCKER_CONFIG": "/c"}, "26", by_ca("/c/ca.pem")),
        (("--tlsverify",), {}, {"DOCKER_CERT_PATH": "/p", "DOCKER_CONFIG": "/c"}, "26", by_ca("/p/ca.pem")),
        (("--tlsverify",), {}, {}, "26", by_ca("/.docker/ca.pem")),
        (("--tlsverify",), {}, None, "26", by_ca("the CA of the daemon's default directory")),
        (("--tls", "--tlscacert=/ca"), {}, {}, "23.0.1", VERIFIED),
        (("--tls", "--tlscacert=/ca"), {}, {}, "22.06", UNVERIFIED),
        (("--tls", "--tlscacert=/ca"), {}, {}, "dev", VERIFIED),
        ((), {"tls": True, "tlscacert": "/ca"}, {}, "20.10.24", UNVERIFIED),
        ((), {"tlsverify": True, "tlscacert": "/ca"}, {}, "20.10.24", VERIFIED),
        ((), {"tlsverify": False}, {}, "20.10.24", PLAIN),
    ],
)
def test_protection_in_words(
    flags: tuple[str, ...],
    document: dict[str, Any],
    environment: dict[str, str] | None,
    engine: str,
    expected: Protection,
) -> None:
    """Why, and with which CA: that of the command line before that of the file before the default one."""
    assert protection(parse(flags), document, environment, engine) == expected


# ---- reading and redacting


@pytest.mark.parametrize(
    ("arguments", "flags"),
    [
        ("-D -l debug -H x --host=y", "debug=true log-level=debug hosts=x hosts=y"),
        ("-Dldebug -H=tcp://a -Hb", "debug=true log-level=debug hosts=tcp://a hosts=b"),
        ("--icc --iptables=false -- --icc=false", "icc=true iptables=false"),
        ("--icc=false stray --tlsverify", "icc=false tlsverify=true"),
        ("-D=0 --log-level", "debug=0 log-level="),
        ("--graph /x --storage-opt a=b", "data-root=/x storage-opts=a=b"),
        ("-z x -qy -D -v", "z=x q=y debug=true version=true"),
        ("-b -D", "bridge=-D"),
    ],
)
def test_command_line(arguments: str, flags: str) -> None:
    """Options are read as pflag reads them."""
    assert " ".join(f"{name}={value}" for name, value in parse(arguments.split())) == flags


SECRET = "s3cret"


def test_secrets_are_not_stored() -> None:
    """What no control reads, keys of log drivers and passwords in addresses are dropped; names stay."""
    document = {
        "hosts": [f"tcp://me:{SECRET}@0.0.0.0:2375"],
        "http-proxy": f"http://me:{SECRET}@proxy",
        "labels": [SECRET],
        "log-opts": {"splunk-token": SECRET, "splunk-url": f"https://me:{SECRET}@splunk.example"},
        "unknown": {"deep": [SECRET]},
    }
    flags = (
        "--log-opt", f"splunk-token={SECRET}", f"--log-opt=gelf-address=udp://me:{SECRET}@g", f"--https-proxy=http://{SECRET}@p",
        "--label", SECRET, SECRET, f"--unknown={SECRET}", "--storage-opt=dm.basesize=1G",
    )  # fmt: skip
    recording = Host(flags=flags, document=json.dumps(document, indent=1)).recording()
    stored = "\n".join(answer.stdout for answer in recording.answers.values())
    assert SECRET not in stored
    assert "deep" not in stored
    assert "splunk-token" in stored
    assert "splunk.example" in stored
    assert "--storage-opts=dm.basesize=1G" in stored


@pytest.mark.parametrize("probe", FACTS["daemon"].probes)
@pytest.mark.parametrize(
    "text",
    ["", "\n", " ", "dockerd:", "argument:", "config:read|", "\n {", " {\x00", "ExecStart={", "{}\n\n"],
)
def test_redaction_never_raises(probe: Any, text: str) -> None:
    """What is not understood is dropped."""
    assert isinstance(probe.keep(text), str)


@pytest.mark.parametrize(
    "text", ["", "dockerd:x", "dockerd:7\nargument:d\n7/stat:?", "clock:?|?\nnonsense", "real:\nlink:"]
)
def test_broken_answers_are_errors(text: str) -> None:
    """An answer that is cut off or not understood gives no verdict but error."""
    recording = Host().recording()
    answers = {**recording.answers, "daemon_processes": Answer("daemon_processes", 0, text, "")}
    (found,) = judged("2.17", Facts(replace(recording, answers=answers), Policy())).values()
    assert found[0] == "error"
    assert "broke" not in found[1]


def test_times_of_stat() -> None:
    """GNU and busybox print the same; a time without a fraction was cut off."""
    assert moment("1970-01-01 01:00:10.500000000 +0100") == (10.5, 10.5)
    assert (
        moment("1970-01-01 00:00:10.000000000 +0000") == moment("1970-01-01 00:00:10 +0000") == (10.0, 11.0)
    )
    assert moment("-") is None
