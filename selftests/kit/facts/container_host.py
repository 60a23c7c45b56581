"""A host with one container, made by hand: what section 5 and the facts of containers are tested on."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from hullcheck.facts import Facts
from hullcheck.facts.containers import Container
from hullcheck.facts.engine.daemon_options import Setting, Value
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts import containers, in_parts
from selftests.kit.facts.engines import INFO, engine_text, swarm_text
from selftests.kit.facts.images import kept
from selftests.kit.judging import judged

OWN_GROUP = f"/docker/{'a' * 64}"
NOW = 1795692600.0  # 2026-11-26T11:30:00Z
IMAGE = "sha256:" + "1" * 64
WITHOUT_RAW = "00000000a80405fb"
BRIDGE = "b" * 64
HOST_CONFIG: dict[str, Any] = {
    "Privileged": False,
    "CapAdd": None,
    "CapDrop": ["NET_RAW"],
    "SecurityOpt": None,
    "NetworkMode": "bridge",
    "PidMode": "",
    "IpcMode": "private",
    "UTSMode": "",
    "UsernsMode": "",
    "Memory": 0,
    "CpuShares": 0,
    "NanoCpus": 0,
    "CpuQuota": 0,
    "CpuPeriod": 0,
    "PidsLimit": None,
    "ReadonlyRootfs": False,
    "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
    "Devices": [],
    "DeviceCgroupRules": None,
    "DeviceRequests": None,
    "Ulimits": None,
    "CgroupParent": "",
    "PublishAllPorts": False,
    "LogConfig": {"Type": "json-file", "Config": {}},
    "Tmpfs": None,
    "PortBindings": {},
}
DESCRIPTION: dict[str, Any] = {
    "Pid": 100,
    "Running": True,
    "Status": "running",
    "StartedAt": "2026-11-26T10:00:00Z",
    "Image": IMAGE,
    "Path": "sleep",
    "Args": [],
    "Labels": None,
    "ProcessLabel": "",
    "MountLabel": "",
    "User": "",
    "Reference": "app:1",
    "Env": ["PATH=/bin"],
    "ExposedPorts": None,
    "Mounts": [],
    "Networks": {"bridge": {"NetworkID": BRIDGE}},
    "Ports": {},
    "Health": None,
    "Healthcheck": None,
}


STATUS = {
    "Name": "sleep",
    "PPid": "50",
    "Uid": "0\t0\t0\t0",
    "CapPrm": WITHOUT_RAW,
    "CapEff": WITHOUT_RAW,
    "CapBnd": WITHOUT_RAW,
    "NoNewPrivs": "0",
    "Seccomp": "2",
}
OWN = {"ipc": 11, "net": 12, "pid": 13, "user": 1, "uts": 15}
HOST = {"ipc": 1, "net": 1, "pid": 1, "user": 1, "uts": 1, "mnt": 1}
HOST_MOUNTS = (
    "20 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw",
    "21 20 0:20 / /run rw shared:2 - tmpfs tmpfs rw",
)
KERNEL = {
    "/sys/module/apparmor/parameters/enabled": "N",
    "/proc/sys/kernel/pid_max": "32768",
    "/proc/sys/kernel/threads-max": "90000",
}


class FakeDaemon:
    """What section 5 wants to know of a daemon."""

    seccomp_profile = "builtin"
    seccomp_filter: Mapping[str, Any] | None = None
    default_ulimits = ("nofile=1024:2048",)
    cgroup_parent: str | None = None
    readable = True
    table: Sequence[str] = HOST_MOUNTS
    containerd_sockets = ("/run/containerd/containerd.sock",)
    api_sockets = ("/run/docker.sock",)

    def _require_readable(self) -> None:
        if not self.readable:
            raise EvidenceError("the daemon could not be read")

    @property
    def namespaces(self) -> dict[str, str]:
        """The namespaces of the host."""
        self._require_readable()
        return {name: f"{name}:[{number}]" for name, number in HOST.items()}

    def setting(self, name: str) -> Setting:
        """One of its settings."""
        value = {"cgroup-parent": self.cgroup_parent}[name]
        return Setting(name, Value(value, "daemon.json") if self.readable else None)

    @property
    def mountinfo(self) -> str:
        """The mount table of the host."""
        self._require_readable()
        return "\n".join(self.table)


class ContainerHost:
    """A host with one container, called web, that runs and asks for nothing; to be changed before it is judged.

    Attributes:
        status: what differs of each process from the main one; one without *cgroups* is in the container.
        extra: more lines of /proc.
        paths: where sources of mounts lead, and sockets.
        more: more lines of the engine's descriptions.
    """

    def __init__(self) -> None:
        self.description: dict[str, Any] = copy.deepcopy({"Id": "a" * 64, "Name": "/web", **DESCRIPTION})
        self.description["HostConfig"] = copy.deepcopy(HOST_CONFIG)
        self.info = copy.deepcopy(INFO)
        self.status: dict[int, dict[str, str]] = {100: dict(STATUS)}
        self.cgroups: dict[int, str] = {}
        self.groups = {"memory.max": "max", "pids.max": "max", "cpu.max": "max 100000", "cpu.weight": "100"}
        self.links: dict[str, int] = dict(OWN)
        self.own_namespaces: dict[int, int] = {}
        self.user_namespaces: dict[int, int] = {}
        self.user_map = "0 0 4294967295"
        self.programs: dict[int, str] = {}
        self.mounts = ["30 1 0:50 / / rw - overlay overlay rw"]
        self.extra: list[str] = []
        self.paths: list[str] = []
        self.others: list[dict[str, Any]] = []
        self.volumes: list[dict[str, Any]] = []
        self.label = ""
        self.kernel: dict[str, str] = dict(KERNEL)
        self.images = [{"Id": IMAGE, "RepoTags": ["app:1"], "Config": {}}]
        self.networks = [{"Name": "bridge", "Id": BRIDGE, "Driver": "bridge", "Options": {}}]
        self.services: list[dict[str, Any]] = []
        self.user_number = ""
        self.daemon = FakeDaemon()
        self.policy = Policy()
        self.more: list[str] = []
        self.described = True
        self.counted = ""

    @property
    def config(self) -> Any:
        """Its HostConfig."""
        return self.description["HostConfig"]

    def stop(self) -> None:
        """Make it a container that was only created."""
        self.description |= {"Running": False, "Status": "created", "Pid": 0}

    def other(self, identifier: str = "e" * 64, **changes: Any) -> None:
        """Add a container like it, called other."""
        host_config = {name: changes.pop(name) for name in [*changes] if name in HOST_CONFIG}
        made = copy.deepcopy(self.description) | {"Id": identifier, "Name": "/other", **changes}
        made["HostConfig"] |= host_config
        self.others.append(made)

    def change(self, changes: Mapping[str, Any]) -> None:
        """Put each value where its name belongs: *stopped*, an attribute of the host, or a field of what it reports."""
        given = dict(changes)
        if given.pop("stopped", False):
            self.stop()
        for name, value in given.items():
            fields: list[Any] = [
                *(self.description, self.config, self.status[100], self.groups, self.links, self.info)
            ]
            if name in ("status", "kernel"):
                getattr(self, name).update(value)
            elif name == "mounts":
                self.mounts += value
            elif name in vars(self):
                setattr(self, name, value)
            elif hasattr(self.daemon, name):
                setattr(self.daemon, name, value)
            else:
                place = next(each for each in fields if name in each)
                place[name] = value

    @property
    def facts(self) -> Facts:
        """All facts of this host."""
        kernel = [f"{path}:{value}" for path, value in self.kernel.items()]
        kernel += ["absent:/sys/fs/selinux/enforce"] * ("/sys/fs/selinux/enforce" not in self.kernel)
        texts = {
            "engine": engine_text(self.info, networks=self.networks),
            "daemon": "\n".join(self._podman_service()),
            "swarm": swarm_text(self.services),
            "images": kept(*self.images),
            "processes": in_parts(processes="\n".join(self._processes())),
            "host": in_parts(presence="command docker /usr/bin/docker", files="\n".join(kernel)),
            "containers": self._containers(),
        }
        answers = {name: Answer(name, 0, text, "") for name, text in texts.items()}
        return Facts(Recording("local", "local", answers, gathered=NOW), self.policy, daemon=self.daemon)

    def _containers(self) -> str:
        every = [self.description, *self.others]
        listed = [each["Id"] for each in every]
        users = [f"{listed[0]} {self.user_number}"]
        shown = every if self.described else every[:1]
        return containers.containers(
            *shown,
            listed=listed,
            counted=self.counted,
            volumes=self.volumes,
            more=self.more,
            users=users,
            proc=self._shown(),
            paths=self.paths,
        )

    def _podman_service(self) -> list[str]:
        """Return what serves the socket if the engine is Podman; it sees what the daemon would."""
        return [
            *("--asked", "path:/run/docker.sock", "--podman"),
            "7/task/7/net/unix:0: 00000002 00000000 00010000 0001 01 5 /run/docker.sock",
            "lrwx------ 1 0 0 64 Nov 27 13:33 7/fd/6 -> socket:[5]",
            *(
                f"lrwxrwxrwx 1 0 0 0 Nov 27 13:33 7/task/7/ns/{name} -> {name}:[{number}]"
                for name, number in HOST.items()
            ),
            *(f"7/mountinfo:{line}" for line in self.daemon.table),
            "--end",
        ]

    def _processes(self) -> list[str]:
        lines = list[str]()
        for pid, changed in self.status.items():
            fields = changed if pid == 100 else STATUS | {"PPid": "100"} | changed
            lines += [f"{pid}/status:{name}:\t{value}" for name, value in fields.items()]
            lines.append(f"{pid}/cgroup::{self.cgroups.get(pid, OWN_GROUP)}")
            if number := self.own_namespaces.get(pid, self.links.get("pid")):
                lines.append(f"{pid}/ns:pid:[{number}]")
        lines += [f"{pid}/ns:user:[{number}]" for pid, number in self.user_namespaces.items()]
        return [*lines, *(f"{pid}/exe:{path}" for pid, path in self.programs.items())]

    def _shown(self) -> list[str]:
        return [
            *(f"100/mountinfo:{line}" for line in self.mounts),
            f"100/attr/current:{self.label}",
            f"100/uid_map: {self.user_map}",
            *(f"/sys/fs/cgroup{OWN_GROUP}/{name}:{value}" for name, value in self.groups.items()),
            *(
                f"lrwxrwxrwx 1 0 0 0 Nov 1 10:00 100/ns/{name} -> {name}:[{number}]"
                for name, number in self.links.items()
            ),
            *self.extra,
        ]

    @property
    def container(self) -> Container:
        """The container itself."""
        return dict(self.facts.container)["web"]

    def judge(self, number: str) -> tuple[str, str]:
        """Verdict and reason of a control for web."""
        return judged(number, self.facts)["web"]

    def after(self, changes: Mapping[str, Any], number: str) -> str:
        """Change the host, and return verdict and reason of a control for web: `fail: runs with --privileged`."""
        self.change(changes)
        return ": ".join(self.judge(number))


def bind_mount(source: str, **more: Any) -> dict[str, Any]:
    """A bind mount at /x, as the engine describes it."""
    return {"Type": "bind", "Source": source, "Destination": "/x", "Propagation": "rprivate", **more}


def service_document(**policy: Any) -> dict[str, Any]:
    """The service shop with this restart policy, which publishes port 443 on every node."""
    return {
        "ID": "s1",
        "Spec": {"Name": "shop", "TaskTemplate": {"RestartPolicy": policy}},
        "Endpoint": {"Ports": [{"PublishedPort": 443, "Protocol": "tcp", "PublishMode": "ingress"}]},
    }
