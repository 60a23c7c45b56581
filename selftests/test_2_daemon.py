"""Section 2: each control fails on the flaw that it names, and passes on what differs in that one thing."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.facts import daemon as daemon_facts
from hullcheck.facts.daemon_config import DAEMON_CONFIGURATION
from hullcheck.facts.daemon_flags import parse
from hullcheck.facts.daemon_process import DAEMON_PROCESSES, DaemonProcesses
from hullcheck.facts.daemon_sockets import hosts_of_unit
from hullcheck.facts.engine import Presence
from hullcheck.facts.moments import moment
from hullcheck.facts.systemd import SYSTEMD
from hullcheck.facts.tls import protection
from hullcheck.policy import Policy
from hullcheck.probes import Answer
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError
from selftests.judging import judged

INFO: dict[str, Any] = {
    "ServerVersion": "26.1.5",
    "Driver": "overlay2",
    "LoggingDriver": "json-file",
    "Debug": False,
    "ExperimentalBuild": False,
    "LiveRestoreEnabled": False,
    "SecurityOptions": ["name=seccomp,profile=builtin"],
    "RegistryConfig": {
        "InsecureRegistryCIDRs": ["127.0.0.0/8"],
        "IndexConfigs": {"docker.io": {"Secure": True}},
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
        return json.dumps({"Name": "bridge", "Id": "b", "Driver": "bridge", "Options": self.bridge})

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
        start = " ".join(["S", *"0" * 18, str(START * 100), "0"])
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
    return {"RegistryConfig": {"InsecureRegistryCIDRs": list(ranges), "IndexConfigs": indexes}}


def mirrors(*addresses: str) -> dict[str, Any]:
    """docker info of an engine with these mirrors."""
    return {"RegistryConfig": insecure()["RegistryConfig"] | {"Mirrors": list(addresses)}}


def options(*names: str) -> dict[str, Any]:
    """docker info of an engine with these security options."""
    return {"SecurityOptions": [f"name={name}" for name in names]}


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
    ("2.10", Host(info=options("userns")), Host(info=options("seccomp,profile=builtin"))),
    ("2.11", Host(document='{"cgroup-parent": ""}'), Host(document='{"cgroup-parent": "/weird"}')),
    ("2.12", Host(flags=("--storage-opt=dm.fs=xfs",)), Host(flags=("--storage-opt", "DM.basesize=20G"))),
    ("2.13", Host(info={"Plugins": {"Authorization": ["opa"]}}), Host()),
    ("2.15", Host(info=options("no-new-privileges")), Host()),
    ("2.16", Host(info={"LiveRestoreEnabled": True}), Host()),
    ("2.17", Host(flags=("--userland-proxy=false",)), Host(flags=("--userland-proxy",))),
    ("2.17", Host(document='{"userland-proxy": false}'), Host(document='{"userland-proxy": null}')),
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
    assert Host(unit="MainPID=7").judge("2.2")[1] == "icc is true (network bridge, from default)"


def test_which_configuration_file_counts() -> None:
    """The last one that was named, and no other; named with nothing there is none; one that is gone is an error."""
    named = Host(flags=("--config-file", "/old.json", "--config-file=/opt/d.json"))
    assert named.facts().daemon.files.config.path == "/opt/d.json"
    assert Host(flags=("--config-file=",)).facts().daemon.files.config.state == "absent"
    for wrong in (Host(flags=("--config-file", "/opt/d.json")), replace(named, document=None)):
        verdict, reason = wrong.judge("2.11")
        assert (verdict, "broke" in reason) == ("error", False)


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


def test_remote_api_without_a_look_at_the_sockets() -> None:
    """Who may not see the sockets judges by what the daemon was told; what may be more is an error."""
    user = Host(as_root=False, tcp=(22,))
    assert user.judge("2.8")[0] == "not applicable"
    assert replace(user, flags=("-H=tcp://0.0.0.0:2375",)).judge("2.8")[0] == "fail"
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
    assert "splunk-token" in stored
    assert "splunk.example" in stored
    assert "--storage-opts=dm.basesize=1G" in stored


@pytest.mark.parametrize("probe", daemon_facts.PROBES)
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
