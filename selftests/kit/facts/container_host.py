"""A host with one container, made by hand: what section 5 and the facts of containers are tested on."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace
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

GROUP = "/sys/fs/cgroup/docker"
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


class FakeEndpoints:
    """Where it takes commands."""

    containerd_sockets = ("/run/containerd/containerd.sock",)
    api_sockets: tuple[str, ...] = ("/run/docker.sock",)


class FakeDaemon:
    """What section 5 wants to know of a daemon; None stands for what could not be read."""

    cgroup_parent: str | None = None
    pid = 7
    seccomp_profile = "builtin"
    seccomp_filter: Mapping[str, Any] | None = None
    started = (0.0, 0.0)
    default_ulimits = ("nofile=1024:2048",)
    readable = True
    table: Sequence[str] = HOST_MOUNTS

    def __init__(self) -> None:
        """Take commands at the usual places."""
        self.endpoints = FakeEndpoints()

    @property
    def namespaces(self) -> dict[str, str]:
        """The namespaces of the host."""
        if not self.readable:
            raise EvidenceError("the namespaces of the daemon could not be read")
        return {name: f"{name}:[{number}]" for name, number in HOST.items()}

    def setting(self, name: str) -> Setting:
        """One of its settings."""
        value = {"cgroup-parent": self.cgroup_parent}[name]
        return Setting(name, Value(value, "daemon.json") if self.readable else None)

    @property
    def process(self) -> SimpleNamespace:
        """What decides of its process."""
        return SimpleNamespace(started=self.started)

    @property
    def mountinfo(self) -> str:
        """The mount table of the host."""
        if not self.readable:
            raise EvidenceError("the mount table of the daemon could not be read")
        return "\n".join(self.table)


class ContainerHost:
    """A host with one container, to be bent in one place before it is judged."""

    def __init__(self) -> None:
        """A container called web that runs, and asks for nothing."""
        self.description: dict[str, Any] = copy.deepcopy({"Id": "a" * 64, "Name": "/web", **DESCRIPTION})
        self.description["HostConfig"] = copy.deepcopy(HOST_CONFIG)
        self.info = copy.deepcopy(INFO)
        self.status: dict[int, dict[str, str]] = {100: dict(STATUS)}
        self.cgroups: dict[int, Sequence[str]] = {100: (f"0::/docker/{'a' * 64}",)}
        self.groups = {"memory.max": "max", "pids.max": "max", "cpu.max": "max 100000", "cpu.weight": "100"}
        self.links: Mapping[str, int] = dict(OWN)
        self.own_namespaces: dict[int, int] = {}
        self.user_namespaces: dict[int, int] = {}
        self.user_map = "0 0 4294967295"
        self.programs: dict[int, str] = {}  # empty where the auditor may not see it; none of what is gone
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
        self.users: list[str] = []
        self.daemon = FakeDaemon()
        self.policy = Policy()
        self.listed = 1
        self.more: list[str] = []
        self.endpoint = "unix:///var/run/docker.sock"
        self.now = 1795692600.0  # 2026-11-26T11:30:00Z

    @property
    def config(self) -> dict[str, Any]:
        """Its HostConfig."""
        config: dict[str, Any] = self.description["HostConfig"]
        return config

    def stop(self) -> None:
        """It was only created."""
        self.description |= {"Running": False, "Status": "created", "Pid": 0}

    @property
    def facts(self) -> Facts:
        """All facts of this host."""
        texts = {
            "engine": engine_text(self.info, networks=self.networks, endpoint=self.endpoint),
            "daemon": "\n".join(self._podman_service()),
            "swarm": swarm_text(self.services),
            "images": kept(*self.images),
            "processes": in_parts(processes="\n".join(self._processes())),
            "host": in_parts(
                presence="command docker /usr/bin/docker",
                files="\n".join(
                    [f"{path}:{value}" for path, value in self.kernel.items()]
                    + ["absent:/sys/fs/selinux/enforce"] * ("/sys/fs/selinux/enforce" not in self.kernel)
                ),
            ),
        }
        answers = {name: Answer(name, 0, text, "") for name, text in texts.items()}
        every = [self.description, *self.others]
        answers["containers"] = containers.answer(
            *every[: self.listed + len(self.others)],
            listed=[each["Id"] for each in every],
            volumes=self.volumes,
            more=self.more,
            users=self.users,
            proc=self._shown(),
            paths=self.paths,
        )
        recording = Recording("local", "local", answers, gathered=self.now)
        return Facts(recording, self.policy, daemon=self.daemon)

    def _podman_service(self) -> Iterator[str]:
        """What serves the socket where the engine is Podman; it sees what the daemon would."""
        yield from ("--asked", "path:/run/docker.sock", "--podman")
        yield "7/task/7/net/unix:0: 00000002 00000000 00010000 0001 01 5 /run/docker.sock"
        yield "lrwx------ 1 0 0 64 Nov 27 13:33 7/fd/6 -> socket:[5]"
        for name, number in HOST.items():
            yield f"lrwxrwxrwx 1 0 0 0 Nov 27 13:33 7/task/7/ns/{name} -> {name}:[{number}]"
        yield from (f"7/mountinfo:{line}" for line in self.daemon.table)
        yield "--end"

    def _processes(self) -> list[str]:
        lines = [
            f"{pid}/status:{name}:\t{value}"
            for pid, each in self.status.items()
            for name, value in each.items()
        ]
        groups = [(pid, line.partition(":")[2]) for pid, each in self.cgroups.items() for line in each]
        lines += [f"{pid}/cgroup:{line}" for pid, line in groups]
        namespace = self.links.get("pid")
        lines += [f"{pid}/ns:user:[{number}]" for pid, number in self.user_namespaces.items()]
        lines += [f"{pid}/exe:{path}" for pid, path in self.programs.items()]
        return lines + [
            f"{pid}/ns:pid:[{self.own_namespaces.get(pid, namespace)}]" for pid in self.status if namespace
        ]

    def _shown(self) -> list[str]:
        group = f"{GROUP}/{'a' * 64}"
        return [
            *(f"100/mountinfo:{line}" for line in self.mounts),
            f"100/attr/current:{self.label}",
            f"100/uid_map: {self.user_map}",
            *(f"{group}/{name}:{value}" for name, value in self.groups.items()),
            *(
                f"lrwxrwxrwx 1 0 0 0 Nov 1 10:00 100/ns/{name} -> {name}:[{number}]"
                for name, number in self.links.items()
            ),
            *self.extra,
        ]

    def change(self, changes: Mapping[str, Any]) -> None:
        """Put each value where its name belongs."""
        places: list[Any] = [
            self.description,
            self.config,
            self.status[100],
            self.groups,
            self.links,
            self.info,
        ]
        for name, value in changes.items():
            (place,) = [each for each in places if name in each]
            place[name] = value

    @property
    def container(self) -> Container:
        """The container itself."""
        return dict(self.facts.container)["web"]

    def judge(self, number: str) -> tuple[str, str]:
        """Verdict and reason of a control for web."""
        return judged(number, self.facts)["web"]


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
