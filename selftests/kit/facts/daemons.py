"""Facts of a daemon, made by hand."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hullcheck.facts import Facts
from hullcheck.facts.engine.daemon_file import DAEMON_CONFIGURATION
from hullcheck.facts.engine.daemon_process import DAEMON_PROCESSES, DaemonProcesses
from hullcheck.facts.engine.daemon_unit import SYSTEMD
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from selftests.kit.certificates import pem
from selftests.kit.facts.containers import containers as containers_said
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
            "containers": self.containers or containers_said(),
            "processes": self._children(),
            "daemon_processes": DAEMON_PROCESSES.keep(self._processes()),
            "daemon_configuration": DAEMON_CONFIGURATION.keep(self._configuration()),
            "daemon_unit": SYSTEMD.keep(self.unit),
            "engine_files": self._files(),
        }
        return Recording("host", "local", {name: Answer(name, 0, text, "") for name, text in texts.items()})

    def _files(self) -> str:
        """The certificates of TLS that its options name, and nothing else."""
        begin = datetime(2025, 1, 1, tzinfo=UTC)
        named = [each.partition("=")[2] for each in self.flags if each.startswith("--tlsc")]
        document = self.document or ""
        named += [document.rpartition('"tlscacert"')[2].split('"')[1]] if '"tlscacert": "' in document else []
        records = [
            "dockerd 7",
            "root ",
            "group 0",
            "parents 1 ",
            "directory /",
            "registries /etc/docker/certs.d",
            "tls /root/.docker",
        ]
        for path in (*named, "/root/.docker/ca.pem"):
            ca = pem(begin, begin + timedelta(days=3650))
            records += [f"asked {path}", f"found {path}", *(f"pem {line}" for line in ca.split("\n"))]
            records += [f"stat 81a4:0:0:root:{path}", f"changed {BEFORE}|{BEFORE}|{path}"]
        records += ["host ", *(f"stat 41ed:0:0:root:{each}" for each in ("/", "/root", "/root/.docker"))]
        return "\n".join(records)

    def _networks(self) -> str:
        if self.bridge is None:
            return json.dumps({"Name": "none", "Id": "n", "Driver": "null"})
        told = {"Name": "bridge", "Id": "b", "Driver": "bridge", "EnableIPv6": self.ipv6}
        pools = {"Config": [{"Subnet": "172.17.0.0/16"}, {"Subnet": "fd00:17::/64"}]}
        return json.dumps(told | {"Options": self.bridge, "IPAM": pools})

    def _children(self) -> str:
        lines = (
            f"{90 + n}/status:Name:\t{name}\n{90 + n}/status:PPid:\t7" for n, name in enumerate(self.children)
        )
        links = (
            f"lrwxrwxrwx 1 0 0 0 Jan 1 10:00 {90 + n}/exe -> /usr/sbin/{name}"
            for n, name in enumerate(self.children)
        )
        first = (
            "1/status:Name:\tinit\n1/status:PPid:\t0",
            *(["lrwxrwxrwx 1 0 0 0 Jan 1 10:00 1/exe -> /sbin/init"] * self.as_root),
        )
        return "\n".join((*first, *lines, *links))

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


def options(*names: str) -> dict[str, Any]:
    """docker info of an engine with these security options."""
    return {"SecurityOptions": [f"name={name}" for name in names]}


NO_ICC = {"com.docker.network.bridge.enable_icc": "false"}


FILES = ("--tlscacert=/ca", "--tlscert=/cert", "--tlskey=/key")


REMOTE = Host(flags=("-H=tcp://:2376", "--tlsverify", *FILES), tcp=(2376,))


def changed_processes(host: Host, *changes: tuple[str, str]) -> DaemonProcesses:
    """What the probe for processes tells of a host, with each first text replaced by the second."""
    recording = host.recording()
    text = recording.answers["daemon_processes"].stdout
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    answers = {**recording.answers, "daemon_processes": Answer("daemon_processes", 0, text, "")}
    return DaemonProcesses.of(replace(recording, answers=answers))
