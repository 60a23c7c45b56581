"""Section 5 on facts made by hand: each control tells good from bad by one thing, and missing evidence is an
error."""

from __future__ import annotations

import contextlib
import copy
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from hullcheck.criteria.host_paths import is_sensitive
from hullcheck.facts import PROBES, Facts
from hullcheck.facts.containers import Container
from hullcheck.facts.containers.mounts import HostMount
from hullcheck.facts.containers.probe import DOCKER_CONTAINERS, published_tcp_ports
from hullcheck.facts.containers.proc import ProcFiles
from hullcheck.facts.containers.sources import HostFiles
from hullcheck.facts.daemon.settings import Setting, Value
from hullcheck.facts.engine import Engine
from hullcheck.facts.host.os_release import os_name
from hullcheck.facts.host.processes import PROCESSES, Processes
from hullcheck.facts.kernel.features import Kernel
from hullcheck.parsing.capabilities import granted
from hullcheck.parsing.image_reference import Reference
from hullcheck.parsing.proc import cgroups as limits
from hullcheck.parsing.proc import mountinfo as mounts
from hullcheck.parsing.proc.mountinfo import Mount, MountTable
from hullcheck.parsing.proc.net import held, listener
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
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
    "NetworkMode": "bridge",
    "Running": True,
    "Status": "running",
    "Image": IMAGE,
    "Program": "sleep",
    "AppArmorProfile": "",
    "ProcessLabel": "",
    "MountLabel": "",
    "User": "",
    "Reference": "app:1",
    "Environment": ["PATH=/bin"],
    "ExposedPorts": None,
    "Mounts": [],
    "Networks": {"bridge": {"NetworkID": BRIDGE}},
    "Ports": {},
    "Health": None,
    "Service": None,
}
INFO: dict[str, Any] = {
    "ServerVersion": "26.1.5",
    "CgroupDriver": "cgroupfs",
    "CgroupVersion": "2",
    "MemoryLimit": True,
    "PidsLimit": True,
    "CpuCfsQuota": True,
    "CPUShares": True,
    "NCPU": 4,
    "MemTotal": 8 << 30,
    "DockerRootDir": "/var/lib/docker",
    "SecurityOptions": ["name=seccomp,profile=builtin"],
    "Swarm": {"LocalNodeState": "inactive", "ControlAvailable": False},
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
    """What section 5 wants to know of a daemon; None stands for what could not be read."""

    cgroup_parent: str | None = None

    seccomp_profile = "builtin"
    seccomp_default_action = "SCMP_ACT_ERRNO"
    default_ulimits = ("nofile=1024:2048",)
    containerd_sockets = ("/run/containerd/containerd.sock",)
    api_sockets: tuple[str, ...] = ("/run/docker.sock",)
    readable = True
    table: Sequence[str] = HOST_MOUNTS

    @property
    def namespaces(self) -> dict[str, str]:
        """The namespaces of the host."""
        if not self.readable:
            raise EvidenceError("the namespaces of the daemon could not be read")
        return {name: f"{name}:[{number}]" for name, number in HOST.items()}

    def setting(self, name: str) -> Setting:
        """Its parent cgroup."""
        assert name == "cgroup-parent"
        return Setting(name, Value(self.cgroup_parent, "daemon.json") if self.readable else None)

    @property
    def mountinfo(self) -> str:
        """The mount table of the host."""
        if not self.readable:
            raise EvidenceError("the mount table of the daemon could not be read")
        return "\n".join(self.table)


class World:
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
        self.stderr = ""
        self.endpoint = "unix:///var/run/docker.sock"

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
            "engine_presence": "command docker /usr/bin/docker",
            "docker_endpoint": json.dumps(self.endpoint),
            "docker_info": json.dumps(self.info),
            "docker_networks": "\n".join(map(json.dumps, self.networks)),
            "docker_services": "\n".join(map(json.dumps, self.services)),
            "images": "\n".join([*(f"image {json.dumps(each)}" for each in self.images), "--blobs", ""]),
            "processes": "\n".join(self._processes()),
            "kernel": "\n".join(
                [f"{path}:{value}" for path, value in self.kernel.items()]
                + ["/sys/fs/selinux/enforce absent"] * ("/sys/fs/selinux/enforce" not in self.kernel)
            ),
        }
        answers = {name: Answer(name, 0, text, "") for name, text in texts.items()}
        text = DOCKER_CONTAINERS.keep("\n".join(self._containers()))
        answers["docker_containers"] = Answer("docker_containers", 1 if self.stderr else 0, text, self.stderr)
        facts = Facts(Recording("local", "local", answers), self.policy)
        facts.__dict__["daemon"] = self.daemon
        return facts

    def _processes(self) -> list[str]:
        lines = [
            f"{pid}/status:{name}:\t{value}"
            for pid, each in self.status.items()
            for name, value in each.items()
        ]
        lines += [f"{pid}/cgroup:{line}" for pid, each in self.cgroups.items() for line in each]
        namespace = self.links.get("pid")
        return lines + [
            f"lrwxrwxrwx 1 0 0 0 Nov 1 10:00 {pid}/ns/pid -> pid:[{self.own_namespaces.get(pid, namespace)}]"
            for pid in self.status
            if namespace
        ]

    def _containers(self) -> list[str]:
        every = [self.description, *self.others]
        group = f"{GROUP}/{'a' * 64}"
        return [
            *(each["Id"] for each in every),
            *("container " + json.dumps(each) for each in every[: self.listed + len(self.others)]),
            *("volume " + json.dumps(each) for each in self.volumes),
            *self.users,
            "--proc",
            *(f"100/mountinfo:{line}" for line in self.mounts),
            f"100/attr/current:{self.label}",
            "100/uid_map:         0          0 4294967295",
            *(f"{group}/{name}:{value}" for name, value in self.groups.items()),
            *(
                f"lrwxrwxrwx 1 0 0 0 Nov 1 10:00 100/ns/{name} -> {name}:[{number}]"
                for name, number in self.links.items()
            ),
            *self.extra,
            "--paths",
            *self.paths,
        ]

    def judge(self, number: str) -> tuple[str, str]:
        """Verdict and reason of a control for web."""
        return judged(number, self.facts)["web"]


@pytest.fixture
def world() -> World:
    """A host with one container."""
    return World()


# ---- one thing that differs

GOOD_AND_BAD: dict[str, tuple[Mapping[str, Any], Mapping[str, Any], str]] = {
    "5.4": ({}, {"CapEff": "0000000000003000"}, "has or can get NET_ADMIN, NET_RAW"),
    "5.5": ({"Privileged": False}, {"Privileged": True}, "runs with --privileged"),
    "5.8": (
        {"Ports": {"80/tcp": [{"HostIp": "10.0.0.1", "HostPort": "1024"}]}},
        {"Ports": {"80/tcp": [{"HostIp": "10.0.0.1", "HostPort": "1023"}]}},
        "opens 10.0.0.1:1023/tcp (published for 80)",
    ),
    "5.9": ({}, {"PublishAllPorts": True}, "runs with --publish-all"),
    "5.10": ({"net": 12}, {"net": 1}, "shares the network namespace of the host"),
    "5.11": (
        {"memory.max": str(1 << 30)},
        {"memory.max": "max"},
        "no memory limit is in force, and none is set",
    ),
    "5.12": (
        {"cpu.max": "50000 100000"},
        {"cpu.max": "max 100000"},
        "no CPU share or limit is in force, and none is set",
    ),
    "5.14": (
        {"Ports": {"80/tcp": [{"HostIp": "10.0.0.1", "HostPort": "80"}]}},
        {"Ports": {"80/tcp": [{"HostIp": "::", "HostPort": "80"}]}},
        "opens on every address: [::]:80/tcp (published for 80)",
    ),
    "5.15": (
        {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 5}},
        {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 6}},
        "its restart policy is on-failure with 6 attempts",
    ),
    "5.16": ({"pid": 13}, {"pid": 1}, "shares the process namespace of the host"),
    "5.17": ({"ipc": 11}, {"ipc": 1}, "shares the IPC namespace of the host"),
    "5.18": (
        {"DeviceRequests": []},
        {"DeviceRequests": [{"Driver": "nvidia", "Capabilities": [["gpu"]]}]},
        "is given nvidia:gpu",
    ),
    "5.19": (
        {"Ulimits": [{"Name": "nofile", "Soft": 1024, "Hard": 2048}]},
        {"Ulimits": [{"Name": "nofile", "Soft": 1025, "Hard": 2048}]},
        "overrides nofile=1025:2048",
    ),
    "5.21": ({"uts": 15}, {"uts": 1}, "shares the UTS namespace of the host"),
    "5.22": ({"Seccomp": "2"}, {"Seccomp": "0"}, "its main process has no seccomp filter (mode 0)"),
    "5.25": ({"CgroupParent": ""}, {"CgroupParent": "/x"}, "runs with --cgroup-parent /x"),
    "5.26": (
        {"NoNewPrivs": "1"},
        {"NoNewPrivs": "0"},
        "its processes can gain privileges (no-new-privileges is not set)",
    ),
    "5.27": ({"Health": "healthy"}, {"Health": "unhealthy"}, "is unhealthy"),
    "5.28": ({"Reference": "app:1"}, {"Reference": "app"}, "runs app:latest, which names no version"),
    "5.29": (
        {"pids.max": "100"},
        {"pids.max": "40000"},
        "its limit of 40000 processes is no limit: the host has at most 32768",
    ),
    "5.30": (
        {"Networks": {"own": {"NetworkID": "c" * 64}}},
        {"Networks": {"bridge": {"NetworkID": BRIDGE}}},
        "is attached to the default bridge",
    ),
    "5.31": ({"UsernsMode": ""}, {"UsernsMode": "host"}, "runs with --userns host"),
}


@pytest.mark.parametrize("number", GOOD_AND_BAD)
def test_one_thing_makes_the_difference(number: str) -> None:
    """The control passes the one and fails the other, and says why."""
    good, bad, why = GOOD_AND_BAD[number]
    worlds = [World(), World()]
    for world, changes in zip(worlds, (good, bad), strict=True):
        world.policy = Policy(current_images=(IMAGE,))
        _change(world, changes)
    assert worlds[0].judge(number)[0] == "pass"
    assert worlds[1].judge(number) == ("fail", why)


def _change(world: World, changes: Mapping[str, Any]) -> None:
    """Put each value where its name belongs."""
    places: list[Any] = [
        world.description,
        world.config,
        world.status[100],
        world.groups,
        world.links,
        world.info,
    ]
    for name, value in changes.items():
        (place,) = [each for each in places if name in each]
        place[name] = value


def test_swarm_mode(world: World) -> None:
    """5.1: off passes, on fails unless the policy wants it."""
    for state in ("active", "pending", "locked", "error"):
        world.info["Swarm"]["LocalNodeState"] = state
        assert judged("5.1", world.facts)["local"] == ("fail", f"swarm mode is on (state {state})")
    world.policy = Policy(swarm=True)
    assert judged("5.1", world.facts)["local"][0] == "pass"
    del world.info["Swarm"]
    assert judged("5.1", world.facts)["local"][0] == "error"


@pytest.mark.parametrize(
    ("label", "option", "privileged", "verdict"),
    [
        ("docker-default (enforce)", None, False, "pass"),
        ("docker-default (complain)", None, False, "fail"),
        ("unconfined", None, False, "fail"),
        ("docker-default (enforce)", "apparmor=unconfined", False, "fail"),
        ("own (enforce)", "apparmor=own", False, "pass"),
        ("docker-default (enforce)", None, True, "fail"),
    ],
)
def test_apparmor(world: World, label: str, option: str | None, privileged: bool, verdict: str) -> None:
    """5.2: what the kernel says of the main process decides."""
    world.info["SecurityOptions"].append("name=apparmor")
    world.kernel["/sys/module/apparmor/parameters/enabled"] = "Y"
    world.label = label
    world.config["SecurityOpt"] = [option] if option else None
    world.config["Privileged"] = privileged
    assert world.judge("5.2")[0] == verdict


def test_apparmor_that_the_engine_does_not_use(world: World) -> None:
    """5.2: without AppArmor in the kernel there is nothing to judge; with it the engine has to use it."""
    assert world.judge("5.2")[0] == "not applicable"
    world.kernel["/sys/module/apparmor/parameters/enabled"] = "Y"
    assert world.judge("5.2")[0] == "fail"
    del world.kernel["/sys/module/apparmor/parameters/enabled"]
    assert world.judge("5.2")[0] == "error"


LABEL = "system_u:system_r:container_t:s0:c1,c2"


@pytest.mark.parametrize(
    ("enforce", "label", "actual", "verdict"),
    [
        ("1", LABEL, LABEL + "\0", "pass"),
        ("1", LABEL, LABEL, "pass"),
        ("0", LABEL, LABEL, "fail"),
        ("1", "", "system_u:system_r:unconfined_t:s0", "fail"),
        ("1", LABEL, "system_u:system_r:unconfined_t:s0", "fail"),
    ],
)
def test_selinux(world: World, enforce: str, label: str, actual: str, verdict: str) -> None:
    """5.3: the container has labels, its main process runs under them, and the host enforces them."""
    world.kernel["/sys/fs/selinux/enforce"] = enforce
    world.description |= {"ProcessLabel": label, "MountLabel": label}
    world.label = actual
    assert world.judge("5.3")[0] == verdict


def test_selinux_that_the_kernel_lacks(world: World) -> None:
    """5.2, 5.3: whatever the options say nothing is to judge, if this is the kernel of the container."""
    world.config["SecurityOpt"] = ["label=disable", "apparmor=unconfined"]
    assert [world.judge(number)[0] for number in ("5.2", "5.3")] == ["not applicable"] * 2
    world.status = {}
    assert [world.judge(number)[0] for number in ("5.2", "5.3")] == ["error"] * 2


# ---- values at the border


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        ("5.11", {"memory.max": str(8 << 30)}),
        ("5.12", {"cpu.max": "400000 100000"}),
        ("5.15", {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 0}}),
        ("5.15", {"RestartPolicy": {"Name": "unless-stopped", "MaximumRetryCount": 0}}),
        ("5.22", {"SecurityOpt": ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}']}),
        ("5.22", {"SecurityOpt": ["seccomp:unconfined"]}),
        ("5.29", {"pids.max": "32768"}),
    ],
    ids=str,
)
def test_values_that_protect_nothing(world: World, number: str, changes: dict[str, Any]) -> None:
    """A limit as large as the host, endless attempts and a filter that lets all through are none."""
    _change(world, changes)
    assert world.judge(number)[0] == "fail"


# ---- mounts


def _bind(source: str, **more: str) -> dict[str, Any]:
    return {"Type": "bind", "Source": source, "Destination": "/x", "Propagation": "rprivate", **more}


@pytest.mark.parametrize(
    ("source", "mounted", "verdict"),
    [
        ("/srv/data", "8:1 /srv/data", "pass"),
        ("/srv/data", "8:1 /etc", "fail"),
        ("/etc", "8:1 /etc", "fail"),
        ("/etcetera", "8:1 /etcetera", "pass"),
        ("/var", "8:1 /var", "fail"),
        ("/", "8:1 /", "fail"),
        ("/srv/disk", "8:2 /", "pass"),
        ("/usr/share/zoneinfo/UTC", "8:1 /usr/share/zoneinfo/UTC", "fail"),
    ],
)
def test_mounts_by_what_they_show(world: World, source: str, mounted: str, verdict: str) -> None:
    """5.6: the file system and the folder in the mount table decide, whatever the source is called."""
    world.description["Mounts"] = [_bind(source)]
    device, root = mounted.split()
    world.mounts.append(f"31 30 {device} {root} /x rw - ext4 /dev/sda1 rw")
    assert world.judge("5.6")[0] == verdict


def test_mount_of_another_place_in_the_configured_one(world: World) -> None:
    """5.6, 5.32: what was mounted below a harmless source counts too."""
    world.description["Mounts"] = [_bind("/srv/data")]
    world.mounts += [
        "31 30 8:1 /srv/data /x rw - ext4 /dev/sda1 rw",
        "32 31 0:20 /docker.sock /x/a rw - tmpfs tmpfs rw",
    ]
    assert world.judge("5.6")[0] == "pass"
    assert world.judge("5.32") == ("fail", "can reach /run/docker.sock")
    world.mounts[-1] = "32 31 8:1 /root/.ssh /x/a\\040b rw - ext4 /dev/sda1 rw"
    assert world.judge("5.6") == ("fail", "mounts /root/.ssh of the host at /x/a b")
    assert world.judge("5.32")[0] == "pass"


def test_files_that_the_engine_writes_into_a_volume(world: World) -> None:
    """5.6: a volume on /etc gets the same three files as any container, which are no folder of the host."""
    world.description["Mounts"] = [_bind("/srv/etc") | {"Destination": "/etc"}]
    world.mounts += [
        "31 30 8:1 /srv/etc /etc rw - ext4 /dev/sda1 rw",
        f"32 31 8:1 /var/lib/docker/containers/{'a' * 64}/hosts /etc/hosts rw - ext4 /dev/sda1 rw",
    ]
    assert world.judge("5.6")[0] == "pass"
    world.mounts[-1] = "32 31 8:1 /etc/passwd /etc/hosts rw - ext4 /dev/sda1 rw"
    assert world.judge("5.6")[0] == "fail"
    world.mounts[-1] = f"32 31 8:1 /var/lib/docker/containers/{'a' * 64}/hosts /etc/x rw - ext4 /dev/sda1 rw"
    assert world.judge("5.6")[0] == "fail"


def test_source_that_cannot_be_followed(world: World) -> None:
    """5.6, 5.32: without its real path nothing passes; a path that is bad as it is written fails."""
    world.stop()
    world.description["Mounts"] = [_bind("/srv/link")]
    assert [world.judge(number)[0] for number in ("5.6", "5.32")] == ["error", "error"]
    world.paths = ["real /srv/link\t/srv/data"]
    assert [world.judge(number)[0] for number in ("5.6", "5.32")] == ["pass", "pass"]
    world.paths = ["real /srv/link\t/run"]
    assert [world.judge(number)[0] for number in ("5.6", "5.32")] == ["fail", "fail"]
    world.description["Mounts"] = [_bind("/etc/ssl")]
    assert world.judge("5.6")[0] == "fail"


def test_volume_that_the_engine_does_not_describe(world: World) -> None:
    """5.6: options that could not be read may hide a folder of the host."""
    world.stop()
    volume = {"Type": "volume", "Name": "v", "Source": "/var/lib/docker/volumes/v/_data", "Destination": "/x"}
    world.description["Mounts"] = [volume]
    world.paths = [f"real {volume['Source']}\t{volume['Source']}", "real /etc\t/etc"]
    assert world.judge("5.6")[0] == "error"
    world.volumes = [{"Name": "v", "Driver": "local", "Options": None}]
    assert world.judge("5.6")[0] == "pass"
    world.volumes = [
        {"Name": "v", "Driver": "local", "Options": {"type": "none", "o": "bind", "device": "/etc"}}
    ]
    assert world.judge("5.6")[0] == "fail"
    world.volumes = [{"Name": "v", "Driver": "local", "Options": {"type": "ext4", "device": "/dev/sda1"}}]
    world.paths += ["real /dev/sda1\t/dev/sda1", "disk 8:2 /dev/sda1"]
    assert world.judge("5.6") == ("fail", "mounts / of the host at /x")
    world.volumes = [
        {"Name": "v", "Driver": "local", "Options": {"type": "ext4", "device": "/dev/disk/by-label/x"}}
    ]
    assert world.judge("5.6")[0] == "error"
    world.paths.append("real /dev/disk/by-label/x\t/dev/sdb1")
    assert world.judge("5.6") == ("error", "which disk /dev/disk/by-label/x is could not be read")
    world.paths.append("disk 8:11 /dev/disk/by-label/x")
    assert world.judge("5.6")[0] == "pass"
    world.paths[-1] = "disk 8:1 /dev/disk/by-label/x"
    assert world.judge("5.6") == ("fail", "mounts / of the host at /x")
    world.volumes = [
        {
            "Name": "v",
            "Driver": "local",
            "Options": {"type": "nfs", "o": "addr=a,password=secret", "device": ":/x"},
        }
    ]
    assert world.judge("5.6")[0] == "pass"
    assert "secret" not in world.facts.recording.answers["docker_containers"].stdout


def test_mount_tables_that_may_not_be_read(world: World) -> None:
    """5.6, 5.13, 5.20, 5.32: a pass needs the mount tables of the container and of the daemon."""
    world.description["Mounts"] = [_bind("/srv/data")]
    world.config["ReadonlyRootfs"] = True
    world.mounts = ["30 1 0:50 / / ro - overlay overlay rw", "31 30 8:1 /srv/data /x rw - ext4 /dev/sda1 rw"]
    numbers = ("5.6", "5.13", "5.20", "5.32")
    assert [world.judge(number)[0] for number in numbers] == ["pass"] * 4
    world.daemon.readable = False
    assert [world.judge(number)[0] for number in numbers] == ["error", "pass", "error", "error"]
    world.daemon.readable = True
    world.mounts = []
    assert [world.judge(number)[0] for number in numbers] == ["error"] * 4
    world.mounts = ["nonsense"]
    assert [world.judge(number)[0] for number in numbers] == ["error"] * 4


def test_root_that_was_made_writable(world: World) -> None:
    """5.13: the mount table has the last word."""
    world.config["ReadonlyRootfs"] = True
    assert world.judge("5.13") == ("fail", "its root file system can be written to")


def test_sharing_inside_the_container(world: World) -> None:
    """5.20: only a group of mounts in which the host is reaches the host."""
    world.description["Mounts"] = [_bind("/srv/data")]
    world.mounts.append("31 30 8:1 /srv/data /x rw shared:77 - ext4 /dev/sda1 rw")
    assert world.judge("5.20")[0] == "pass"
    world.mounts[-1] = "31 30 8:1 /srv/data /x rw shared:1 - ext4 /dev/sda1 rw"
    assert world.judge("5.20") == ("fail", "shares /x")


# ---- evidence that is missing or another's


def test_container_that_was_started_anew_meanwhile(world: World) -> None:
    """The number of its main process belongs to another one now: an error, never a pass."""
    world.cgroups[100] = (f"0::/docker/{'d' * 64}",)
    numbers = [
        f"5.{number}" for number in (4, 5, 6, 7, 8, 10, 11, 12, 16, 17, 21, 22, 23, 24, 25, 26, 29, 31)
    ]
    world.status[100] |= {"CapEff": "0"}
    assert {number: world.judge(number)[0] for number in numbers if number not in ("5.31",)} == dict.fromkeys(
        [number for number in numbers if number != "5.31"], "error"
    )
    world.config["Privileged"] = True
    assert world.judge("5.5")[0] == "fail"


def test_container_that_was_removed_meanwhile(world: World) -> None:
    """Between the list and the description a container may go; one that is missing without a word is an
    error."""
    gone = copy.deepcopy(world.description) | {"Id": "e" * 64, "Name": "/gone"}
    world.others = [gone]
    world.listed = 0
    with pytest.raises(EvidenceError, match="lists the container eeeeeeeeeeee but does not describe it"):
        judged("5.5", world.facts)
    world.stderr = f"Error: No such container: {'e' * 64}"
    assert judged("5.5", world.facts) == {"web": ("pass", "")}
    world.stderr = "Cannot connect to the Docker daemon"
    with pytest.raises(EvidenceError, match="Cannot connect"):
        judged("5.5", world.facts)


def test_no_container(world: World) -> None:
    """An engine without containers has nothing to judge, and says so."""
    facts = world.facts
    answers = dict(facts.recording.answers)
    answers["docker_containers"] = Answer("docker_containers", 0, "", "")
    empty = Facts(Recording("local", "local", answers), Policy())
    for number in range(2, 33):
        assert judged(f"5.{number}", empty) == {"local": ("not applicable", "the engine has no container")}


def test_namespaces_that_may_not_be_read(world: World) -> None:
    """5.10, 5.16, 5.17, 5.21: the engine's word may prove that one is shared, not the contrary."""
    settings = {"5.10": "NetworkMode", "5.16": "PidMode", "5.17": "IpcMode", "5.21": "UTSMode"}
    world.links = {}
    for number, name in settings.items():
        before = world.config[name]
        assert world.judge(number)[0] == "error"
        world.config[name] = "host"
        assert world.judge(number)[0] == "fail"
        world.config[name] = before
    other = copy.deepcopy(world.description) | {"Id": "e" * 64, "Name": "/other", "Pid": 0, "Running": False}
    other["HostConfig"]["PidMode"] = "host"
    world.others = [other]
    world.config["PidMode"] = f"container:{'e' * 64}"
    assert world.judge("5.16")[0] == "fail"


@pytest.mark.parametrize(
    ("driver", "options", "parent", "expected"),
    [
        ("cgroupfs", (), "/docker", "pass"),
        ("cgroupfs", (), "//docker/", "pass"),
        ("cgroupfs", (), "docker", "fail"),
        ("cgroupfs", (), "/docker/x", "fail"),
        ("cgroupfs", (), "/x/../docker", "pass"),
        ("cgroupfs", (), "system.slice", "fail"),
        ("systemd", (), "system.slice", "pass"),
        ("systemd", (), "/docker", "fail"),
        ("systemd", (), "user.slice", "fail"),
        ("systemd", ("name=rootless",), "user.slice", "pass"),
        ("systemd", ("name=rootless",), "system.slice", "fail"),
    ],
)
def test_default_cgroup_by_its_name(
    world: World, driver: str, options: tuple[str, ...], parent: str, expected: str
) -> None:
    """5.25: the cgroup that the engine takes unasked may be named; which one that is depends on its driver."""
    world.info |= {"CgroupDriver": driver, "SecurityOptions": list(options)}
    world.config["CgroupParent"] = parent
    assert world.judge("5.25")[0] == expected


def test_default_cgroup_where_the_daemon_has_another(world: World) -> None:
    """5.25: whoever names the built-in cgroup leaves the one that the daemon gives to all; one has to know that."""
    world.config["CgroupParent"] = "/docker"
    world.daemon.cgroup_parent = "/site"
    assert world.judge("5.25") == ("fail", "runs with --cgroup-parent /docker")
    world.daemon.cgroup_parent = "/docker"
    assert world.judge("5.25")[0] == "pass"
    world.daemon.readable = False
    assert world.judge("5.25")[0] == "error"
    world.config["CgroupParent"] = "/site"
    assert world.judge("5.25")[0] == "fail"


def test_container_that_was_disconnected_from_the_default_bridge(world: World) -> None:
    """5.30: its network mode still says bridge; its networks tell, running or not, and are evidence."""
    for networks, expected in (
        ({}, "pass"),
        ({"bridge": {"NetworkID": ""}}, "fail"),
        (None, "error"),
    ):
        for change in (lambda: None, world.stop):
            change()
            world.description["Networks"] = networks
            assert world.judge("5.30")[0] == expected
    world.config["NetworkMode"] = "none"
    assert world.judge("5.30")[0] == "pass"


def test_fields_that_the_engine_does_not_report(world: World) -> None:
    """A field that is missing is an error of the control that needs it, and of no other."""
    for number, name in {
        "5.5": "Privileged",
        "5.15": "RestartPolicy",
        "5.25": "CgroupParent",
        "5.31": "UsernsMode",
    }.items():
        broken = World()
        del broken.config[name]
        assert broken.judge(number)[0] == "error"
        assert broken.judge("5.30")[0] == "fail"
    for name in ("CapEff", "CapBnd"):
        broken = World()
        del broken.status[100][name]
        assert broken.judge("5.4")[0] == "error"


@pytest.mark.parametrize("number", ["5.11", "5.12", "5.29"])
def test_control_groups_that_may_not_be_read(world: World, number: str) -> None:
    """A limit that is set passes only where its control group shows it."""
    world.config.update({"Memory": 1 << 30, "PidsLimit": 100, "NanoCpus": 5 * 10**8})
    world.groups = {"memory.max": str(1 << 30), "pids.max": "100", "cpu.max": "50000 100000"}
    assert world.judge(number)[0] == "pass"
    world.groups = {}
    assert world.judge(number)[0] == "error"
    world.groups = {"cgroup.controllers": ""}
    assert world.judge(number)[0] == "fail"
    world.groups = {"memory.max": str(1 << 30), "pids.max": "100", "cpu.max": "50000 100000"}
    world.info["CgroupDriver"] = "none"
    assert "in force, though" in world.judge(number)[1]


@pytest.mark.parametrize(
    ("user", "number", "verdict"),
    [
        ("", "", "fail"),
        ("0:0", "", "fail"),
        ("root", "", "fail"),
        ("+0", "", "fail"),
        ("-0", "", "fail"),
        ("00:1", "", "fail"),
        ("+1000", "", "pass"),
        ("1000", "", "pass"),
        ("\u0660", "", "error"),
        ("0x0", "", "error"),
        ("app", "1000", "pass"),
        ("app:app", "1000", "pass"),
        ("toor", "0", "fail"),
        ("app", "", "error"),
        ("4294967295", "", "pass"),
        ("4294967296", "", "fail"),
        ("app", "4294967296", "fail"),
    ],
)
def test_user_of_a_stopped_container(world: World, user: str, number: str, verdict: str) -> None:
    """4.1: a name is that of the number in the container's own /etc/passwd."""
    world.description.update({"Running": False, "Pid": 0, "Status": "exited", "User": user})
    world.users = [f"user {'a' * 64} {number}"]
    assert world.judge("4.1")[0] == verdict


@pytest.mark.parametrize(
    ("uids", "verdict"),
    [
        ("0 0 0 0", "fail"),
        ("1000 1000 1000 1000", "pass"),
        ("1000 0 1000 1000", "fail"),
        ("1000 1000 0 1000", "fail"),
    ],
)
def test_users_of_a_running_container(world: World, uids: str, verdict: str) -> None:
    """4.1: every process counts, and every uid of it, whatever user the container was given."""
    world.description["User"] = "1000"
    world.status[100]["Uid"] = "1000 1000 1000 1000"
    world.status[60] = STATUS | {"Name": "nginx", "Uid": uids}
    world.cgroups[60] = world.cgroups[100]
    assert world.judge("4.1") == (verdict, "runs nginx as root" if verdict == "fail" else "")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-06-30T12:00:00.123456789Z", 1782820800.123456),
        ("2026-06-30T14:00:00+02:00", 1782820800.0),
        ("0001-01-01T00:00:00Z", None),
    ],
)
def test_start_of_a_container(world: World, text: str, found: float | None) -> None:
    """A time as the engine writes it; the year 1 is never, and where it says nothing nobody knows."""
    world.description["Started"] = text
    ((_, container),) = world.facts.container
    assert container.configuration.started == found
    del world.description["Started"]
    ((_, container),) = world.facts.container
    with pytest.raises(EvidenceError, match=r"does not report State\.StartedAt"):
        assert container.configuration.started


def test_command_of_a_stopped_container(world: World) -> None:
    """5.7: an SSH server counts wherever the command names it; other arguments are not kept."""
    world.description.update({"Running": False, "Pid": 0, "Status": "exited", "Program": "/bin/sh"})
    described = world.description | {"Arguments": ["-c", "exec /usr/sbin/sshd -D -o x=hunter2"]}
    kept = DOCKER_CONTAINERS.keep(f"container {json.dumps(described)}\n--proc\n")
    assert "hunter2" not in kept
    world.description["Arguments"] = json.loads(kept.split("\n")[0].removeprefix("container "))["Arguments"]
    assert world.judge("5.7")[0] == "fail"
    world.description["Arguments"] = []
    assert world.judge("5.7")[0] == "pass"


@pytest.mark.parametrize("readable", [True, False])
@pytest.mark.parametrize(
    ("parents", "group", "verdict"),
    [
        ((100,), "/", "fail"),  # a child of the main process
        ((70, 100), "/", "fail"),
        ((50,), "/", "fail"),  # of docker exec: a child of the shim
        ((70, 50), "/", "fail"),
        ((50,), f"/docker/{'d' * 64}", "pass"),  # in the control group of another container
        ((51,), "/", "pass"),  # of the host
        ((999,), "/", "pass"),
    ],
)
def test_process_that_left(
    world: World, parents: tuple[int, ...], group: str, verdict: str, *, readable: bool
) -> None:
    """5.7: a process outside the control group and namespace is told by who started it, and no other is."""
    if not readable:
        world.links = {name: number for name, number in OWN.items() if name != "pid"}
    world.others = [{**world.description, "Id": "d" * 64, "Name": "/other", "Running": False, "Pid": 0}]
    world.status |= {
        50: STATUS | {"Name": "containerd-shim", "PPid": "1"},
        51: STATUS | {"Name": "bash", "PPid": "1"},
    }
    for child, parent in zip((200, *parents), parents, strict=False):
        world.status[child] = STATUS | {"Name": "sshd" if child == 200 else "sh", "PPid": str(parent)}
        world.cgroups[child] = (f"0::{group}",)
    world.own_namespaces = {200: 99, 70: 99, 50: 1, 51: 1}
    assert world.judge("5.7")[0] == verdict
    world.status[50]["Name"] = "dockerd"
    assert world.judge("5.7")[0] == (verdict if 100 in parents else "pass")


def test_tool_of_the_shim(world: World) -> None:
    """5.23: runc, while it prepares a command, is none of the container's processes."""
    everything = STATUS | dict.fromkeys(("CapPrm", "CapEff", "CapBnd"), "000001ffffffffff")
    world.status |= {50: STATUS | {"Name": "containerd-shim", "PPid": "1"}, 60: everything | {"Name": "runc"}}
    world.own_namespaces = {50: 1, 60: 1}
    assert world.judge("5.23")[0] == "manual"
    world.status[60]["Name"] = "sleep"
    assert world.judge("5.23")[0] == "fail"


OTHER = f"container:{'d' * 64}"


@pytest.mark.parametrize(
    ("network", "number", "verdict"),
    [("host", 1, "fail"), ("bridge", 12, "pass"), (OTHER, 12, "pass"), (OTHER, 1, "fail")],
)
def test_abstract_socket_of_an_engine(world: World, network: str, number: int, verdict: str) -> None:
    """5.32: a socket that is no file is reached from the host's network, without a mount."""
    world.others = [{**world.description, "Id": "d" * 64, "Name": "/other", "Running": False, "Pid": 0}]
    world.description["HostConfig"] = {**HOST_CONFIG, "NetworkMode": network}
    world.links = {**OWN, "net": number}
    assert world.judge("5.32")[0] == "pass"
    world.daemon.api_sockets = ("/run/docker.sock", "@engine")
    assert world.judge("5.32") == (verdict, "can reach @engine" if verdict == "fail" else "")


def test_process_limit_of_every_unit(world: World) -> None:
    """5.29: what systemd gives to each unit by default is no limit of the container's."""
    world.groups = {"pids.max": "1190"}
    assert world.judge("5.29") == ("pass", "held by its control groups, though none is set")
    world.info["CgroupDriver"] = "systemd"
    assert world.judge("5.29") == ("fail", "no process limit is in force, and none is set")
    world.config["PidsLimit"] = 1190
    assert world.judge("5.29")[0] == "pass"


@pytest.mark.parametrize(
    ("number", "policy", "verdict"),
    [
        ("5.11", {"memory": "1g"}, "pass"),
        ("5.11", {"memory": "1000m"}, "fail"),
        ("5.12", {"cpus": 0.5}, "pass"),
        ("5.12", {"cpus": 0.4}, "fail"),
        ("5.29", {"pids": 100}, "pass"),
        ("5.29", {"pids": 99}, "fail"),
    ],
)
def test_limits_of_the_policy(world: World, number: str, policy: dict[str, Any], verdict: str) -> None:
    """A limit above what the site allows is as good as none."""
    world.groups = {"memory.max": str(1 << 30), "pids.max": "100", "cpu.max": "50000 100000"}
    world.policy = Policy.from_mapping({"resource_limits": policy})
    assert world.judge(number)[0] == verdict


def test_share_alone_under_a_policy_of_processors(world: World) -> None:
    """5.12: a share holds nobody to a number of processors."""
    world.config["CpuShares"] = 512
    world.groups["cpu.weight"] = "20"
    assert world.judge("5.12")[0] == "pass"
    world.policy = Policy.from_mapping({"resource_limits": {"cpus": 2}})
    assert world.judge("5.12") == ("fail", "may use all processors; the policy allows 2")


LOW = {"Ports": {"80/tcp": [{"HostIp": "10.0.0.1", "HostPort": "80"}]}}
HIGH = {"Ports": {"80/tcp": [{"HostIp": "10.0.0.1", "HostPort": "8080"}]}}
DISK = {"Devices": [{"PathOnHost": "/dev/sda", "PathInContainer": "/dev/x", "CgroupPermissions": "r"}]}
FILES = {"Ulimits": [{"Name": "nofile", "Soft": 9, "Hard": 9}]}


@pytest.mark.parametrize(
    ("number", "changes", "policy", "expected"),
    [
        ("5.8", LOW, {"allowed_ports": [80]}, ("pass", "")),
        ("5.8", LOW, {"allowed_ports": ["80/udp"]}, ("fail", "opens 10.0.0.1:80/tcp (published for 80)")),
        ("5.8", HIGH, {}, ("pass", "")),
        ("5.9", HIGH, {"allowed_ports": [8080]}, ("pass", "")),
        (
            "5.9",
            HIGH,
            {"allowed_ports": [80]},
            ("fail", "opens 10.0.0.1:8080/tcp (published for 80), not on the list"),
        ),
        ("5.9", HIGH, {}, ("manual", "opens 10.0.0.1:8080/tcp (published for 80); compare with what")),
        ("5.9", {}, {}, ("pass", "")),
        ("5.18", DISK, {}, ("fail", "is given /dev/sda")),
        ("5.18", DISK, {"allowed_devices": ["/dev/sda"]}, ("pass", "")),
        ("5.18", DISK, {"allowed_devices": ["/dev/sdb"]}, ("fail", "is given /dev/sda")),
        (
            "5.18",
            {"Privileged": True},
            {"allowed_devices": ["/dev/sda"]},
            ("fail", "runs with --privileged, and so"),
        ),
        ("5.19", FILES, {"allowed_ulimits": ["nofile"]}, ("pass", "")),
        ("5.19", FILES, {"allowed_ulimits": ["nproc"]}, ("fail", "overrides nofile=9:9")),
        ("5.20", {}, {}, ("not applicable", "it has no mounts")),
        ("5.27", {"Health": None}, {}, ("fail", "reports no health")),
        ("5.27", {"Health": "none"}, {}, ("fail", "reports no health")),
        ("5.27", {"Health": "starting"}, {}, ("pass", "its health check has not answered yet (starting)")),
        ("5.27", {"Health": "healthy"}, {}, ("pass", "")),
        ("5.28", {}, {}, ("manual", "runs app:1; compare with its registry")),
        ("5.28", {}, {"current_images": ["app:2"]}, ("fail", "runs app:1, not approved as current")),
    ],
)
def test_what_the_policy_allows(
    world: World, number: str, changes: dict[str, Any], policy: dict[str, Any], expected: tuple[str, str]
) -> None:
    """What it names passes, and nothing beside it; where it is silent the control has a default."""
    _change(world, changes)
    world.policy = Policy.from_mapping(policy)
    verdict, reason = world.judge(number)
    assert (verdict, reason[: len(expected[1])]) == expected
    assert bool(reason) == bool(expected[1])


@pytest.mark.parametrize("number", ["5.23", "5.24", "5.27"])
def test_container_that_does_not_run(world: World, number: str) -> None:
    """There is no process to judge; one that is about to be started again has a health."""
    world.stop()
    verdict, reason = world.judge(number)
    assert (verdict, reason.partition(":")[0]) == ("not applicable", "does not run")
    world.description["Status"] = "restarting"
    world.description["Restarting"] = True
    assert world.judge(number)[0] == ("fail" if number == "5.27" else "not applicable")


def test_root_in_a_container(world: World) -> None:
    """5.24: a process of root that a shim started beside the main process."""
    world.status[100]["Uid"] = "1000\t1000\t1000\t1000"
    world.status |= {50: STATUS | {"Name": "containerd-shim", "PPid": "1"}, 60: dict(STATUS)}
    world.cgroups[60] = world.cgroups[100]
    world.own_namespaces = {50: 1}
    assert world.judge("5.24") == (
        "fail",
        "processes of root that the container did not start: sleep (pid 60)",
    )
    world.status[60]["Uid"] = world.status[100]["Uid"]
    verdict, reason = world.judge("5.24")
    assert (verdict, reason.partition(";")[0]) == ("manual", "no such process runs now")


def test_image_that_got_its_name_meanwhile(world: World) -> None:
    """5.28: a tag that was given to another image later fails, and a digest names the same for ever."""
    world.policy = Policy(current_images=(IMAGE,))
    world.images.append({"Id": f"sha256:{'7' * 64}", "RepoTags": ["app:2"], "Config": {}})
    assert world.judge("5.28")[0] == "pass"
    world.description["Reference"] = "app:2"
    assert world.judge("5.28") == ("fail", "app:2 is another image now; create it anew")


@pytest.mark.parametrize(
    ("options", "own", "expected"),
    [
        ((), 1, ("pass", "the daemon remaps no users, so this isolates nothing: see 2.10")),
        (
            ("name=rootless",),
            1,
            ("pass", "the engine is rootless: root in it is the user who runs the engine"),
        ),
        (("name=userns",), 9, ("pass", "")),
        (("name=userns",), 1, ("fail", "runs in the user namespace of the host")),
    ],
)
def test_user_namespaces(world: World, options: tuple[str, ...], own: int, expected: tuple[str, str]) -> None:
    """5.31: where the daemon remaps users, the kernel has to show it of the container."""
    world.info["SecurityOptions"] += options
    world.links = OWN | {"user": own}
    assert world.judge("5.31") == expected


def test_selinux_and_what_goes_without_it(world: World) -> None:
    """5.3: one label is not enough, and a privileged container has none of its own."""
    world.kernel["/sys/fs/selinux/enforce"] = "1"
    world.label = LABEL
    world.description |= {"ProcessLabel": LABEL, "MountLabel": ""}
    assert world.judge("5.3") == ("fail", "has no SELinux label")
    world.description["MountLabel"] = LABEL
    world.config["Privileged"] = True
    assert world.judge("5.3")[1].startswith("runs with --privileged")


def test_profile_that_could_not_be_read(world: World) -> None:
    """5.22: a filter whose profile is nonsense may allow anything."""
    world.config["SecurityOpt"] = ["seccomp={broken"]
    assert world.judge("5.22")[0] == "error"


def test_default_of_the_day_of_creation(world: World) -> None:
    """5.26: one that does not run has what was stored for it; without that nothing passes."""
    world.stop()
    assert world.judge("5.26")[0] == "fail"
    world.info["SecurityOptions"].append("name=no-new-privileges")
    assert world.judge("5.26")[0] == "error"
    stored = f'/var/lib/docker/containers/{"a" * 64}/config.v2.json:"NoNewPrivileges"'
    world.extra = [f"{stored}:true"]
    assert world.judge("5.26")[0] == "pass"
    world.extra = [f"{stored}:false"]
    assert world.judge("5.26")[0] == "fail"
    world.config["SecurityOpt"] = ["no-new-privileges=perhaps"]
    assert world.judge("5.26")[0] == "error"


# ---- swarm


def _service(**policy: Any) -> dict[str, Any]:
    return {
        "ID": "s1",
        "Spec": {"Name": "shop", "TaskTemplate": {"RestartPolicy": policy}},
        "Endpoint": {"Ports": [{"PublishedPort": 443, "Protocol": "tcp", "PublishMode": "ingress"}]},
    }


def test_task_of_a_service(world: World) -> None:
    """5.8, 5.15: the service decides; on a worker, which knows none, that is an error."""
    world.description |= {"Service": "s1", "Networks": {"ingress": {"NetworkID": "c" * 64}}}
    world.info["Swarm"] = {"LocalNodeState": "active", "ControlAvailable": True}
    world.services = [_service(Condition="on-failure", MaxAttempts=5)]
    assert world.judge("5.15")[0] == "pass"
    assert world.judge("5.8") == ("fail", "opens *:443/tcp (published by service shop on every node)")
    for policy in (
        {"Condition": "any"},
        {"Condition": "on-failure"},
        {"Condition": "on-failure", "MaxAttempts": 6},
        {},
    ):
        world.services = [_service(**policy)]
        assert world.judge("5.15")[0] == "fail"
    world.services = [_service(Condition="none")]
    assert world.judge("5.15")[0] == "pass"
    world.services = []
    assert [world.judge(number)[0] for number in ("5.8", "5.15")] == ["error", "error"]
    world.info["Swarm"]["ControlAvailable"] = False
    assert [world.judge(number)[0] for number in ("5.8", "5.15")] == ["error", "error"]
    world.config["RestartPolicy"] = {"Name": "always"}
    assert world.judge("5.15")[0] == "fail"


# ---- listeners


def test_listeners_whose_holders_may_not_be_seen(world: World) -> None:
    """5.8: in the network of the host, listeners that may be the container's are an error until that is
    known."""
    world.config["NetworkMode"] = world.description["NetworkMode"] = "host"
    world.extra = ["100/net/tcp:  sl  local_address rem_address"]
    assert world.judge("5.8")[0] == "pass"
    world.extra.append("100/net/tcp:   0: 00000000:01BB 00000000:0000 0A 0:0 00:0 0 0 0 4711 1 0 0")
    assert world.judge("5.8")[0] == "error"
    other = "lrwx------ 1 0 0 64 Nov 1 10:00 101/fd/3 -> socket:[4711]"
    world.extra.append(other)
    assert world.judge("5.8")[0] == "pass"
    world.extra[-1] = other.replace("101/", "100/")
    assert world.judge("5.8") == ("fail", "opens 0.0.0.0:443/tcp (listens, network of the host)")
    world.links = {}
    assert world.judge("5.8")[0] == "error"
    world.extra = []
    assert world.judge("5.8")[0] == "error"


@pytest.mark.parametrize(
    ("line", "address", "loopback"),
    [
        ("1/net/tcp:  0: 0100007F:1F90 00000000:0000 0A 0:0 00:0 0 0 0 5", "127.0.0.1", True),
        ("1/net/tcp6: 0: 00000000000000000000000001000000:1F90 0:0 0A 0:0 00:0 0 0 0 5", "::1", True),
        (
            "1/net/tcp6: 0: 0000000000000000FFFF00000100007F:1F90 0:0 0A 0:0 00:0 0 0 0 5",
            "127.0.0.1",
            True,
        ),
        ("1/net/udp6: 0: 00000000000000000000000000000000:1F90 0:0 07 0:0 00:0 0 0 0 5", "::", False),
    ],
)
def test_addresses_of_listeners(line: str, address: str, loopback: bool) -> None:
    """The kernel's hexadecimal words are read as addresses."""
    found = listener(line)
    assert found is not None
    assert (found.address, found.number, found.on_loopback) == (address, 8080, loopback)
    assert (found.pid, found.inode) == (1, "5")


def test_connections_are_no_listeners() -> None:
    """An established connection opens no port."""
    assert listener("1/net/tcp:  0: 0100007F:1F90 0100007F:1234 01 0:0 00:0 0 0 0 5") is None


# ---- small rules


@pytest.mark.parametrize(
    ("added", "dropped", "has", "lacks"),
    [
        ((), (), "NET_RAW", "SYS_ADMIN"),
        (("ALL",), (), "SYS_ADMIN", ""),
        (("all",), ("all",), "SYS_ADMIN", ""),
        (("CAP_SYS_TIME",), ("cap_net_raw",), "SYS_TIME", "NET_RAW"),
        ((), ("ALL",), "", "CHOWN"),
        (("chown",), ("ALL",), "CHOWN", "KILL"),
        (("NET_RAW",), ("NET_RAW",), "NET_RAW", ""),
    ],
)
def test_capabilities_by_options(
    added: tuple[str, ...], dropped: tuple[str, ...], has: str, lacks: str
) -> None:
    """What the engine gives is known from its options, whatever their spelling."""
    found = granted(added, dropped, privileged=False)
    assert not has or has in found
    assert not lacks or lacks not in found


@pytest.mark.parametrize(
    ("text", "name", "pinned"),
    [
        ("nginx", "nginx:latest", False),
        ("nginx:latest", "nginx:latest", False),
        ("nginx:1.27", "nginx:1.27", True),
        ("reg:5000/a/b", "reg:5000/a/b:latest", False),
        ("reg:5000/a/b:2", "reg:5000/a/b:2", True),
        ("nginx@sha256:" + "0" * 64, "nginx", True),
        ("0" * 64, "0" * 64, True),
        ("docker.io/library/nginx:1.27", "nginx:1.27", True),
    ],
)
def test_references(text: str, name: str, pinned: bool) -> None:
    """A tag is told from a registry's port, and silence from a version."""
    reference = Reference.parse(text)
    assert (reference.familiar_name, reference.is_pinned) == (name, pinned)


def test_limits_of_both_versions() -> None:
    """The lowest limit on the way up is the one that holds; "max" and the largest number of v1 are none."""
    v1 = ["5:memory:/docker/x", "6:pids:/docker/x", "7:cpu,cpuacct:/docker/x", "0::/docker/x"]
    top = "/sys/fs/cgroup"
    files = {
        f"{top}/memory/docker/x/memory.limit_in_bytes": ("9223372036854771712",),
        f"{top}/memory/docker/memory.limit_in_bytes": ("1000000",),
        f"{top}/pids/docker/x/pids.max": ("max",),
        f"{top}/cpu,cpuacct/docker/x/cpu.shares": ("512",),
        f"{top}/cpu,cpuacct/docker/x/cpu.cfs_quota_us": ("-1",),
        f"{top}/unified/docker/x/cgroup.controllers": ("",),
    }
    found = {name: limits.read(name, v1, files) for name in ("memory", "processes", "cpus", "cpu_weight")}
    assert found == {"memory": 1000000, "processes": None, "cpus": None, "cpu_weight": 1}
    del files[f"{top}/memory/docker/memory.limit_in_bytes"]
    assert limits.read("memory", v1, files) is None
    del files[f"{top}/pids/docker/x/pids.max"]
    with pytest.raises(EvidenceError, match="control group for pids"):
        limits.read("processes", v1, files)


def test_paths_by_mount_tables() -> None:
    """A path has every name that the mount table gives it, and those of what is mounted below it."""
    table = MountTable(
        mounts.parse(
            [
                *HOST_MOUNTS,
                "22 20 8:1 /etc /srv/e rw - ext4 /dev/sda1 rw",
                "23 20 8:2 / /data rw - ext4 /dev/sdb rw",
            ]
        )
    )
    assert table.other_names("/srv/e/ssl") == {"/srv/e/ssl", "/etc/ssl"}
    assert table.other_names("/etc/ssl") == {"/srv/e/ssl", "/etc/ssl"}
    assert table.other_names("/srv") >= {"/srv", "/etc"}
    assert table.other_names("/data/x") == {"/data/x"}
    assert table.of_disk("/dev/sdb", "8:99") == {"/data"}
    assert table.of_disk("/dev/other", "8:2") == {"/data"}
    assert table.of_disk("/dev/other", "8:99") == frozenset()


def test_answers_are_told_apart() -> None:
    """Lines of the probe are read by their shape; what is in them forges no other."""
    proc = ProcFiles.parse(
        "7/mountinfo:a\n7/mountinfo:l b -> c\nlrwx 1 7/fd/3 -> socket:[1]\n"
        "lrwx 1 7/fd/4 -> /x/8/fd/1 -> socket:[2]x"
    )
    assert proc.lines["7/mountinfo"] == ("a", "l b -> c")
    assert proc.sockets == {7: frozenset({"1"})}
    files = HostFiles.parse("real /a\t/b\nsocket 1:2 2 /run/docker.sock\nsocket 1:2 2 /x/y")
    assert files.same_files({"/x/y"}) == {"/x/y", "/run/docker.sock"}
    assert files.named_twice == {"/x/y", "/run/docker.sock"}
    files = HostFiles.parse("real /a\t/b\tc\nsocket 1:2 1 /run/docker.sock\nsocket 1:3 1 /x/y")
    assert files.path("/a") == "/b\tc"
    assert files.same_files({"/x/y"}) == {"/x/y"}
    assert files.named_twice == frozenset()


def test_probe_keeps_no_secret() -> None:
    """Environment, labels, log options and the rest of a profile are dropped before anything is stored."""
    world = World()
    world.description |= {"Env": ["PASSWORD=x1"], "Labels": {"a": "x2"}}
    world.config["LogConfig"] = {"Config": {"token": "x3"}}
    world.config["SecurityOpt"] = ['seccomp={"defaultAction":"A","syscalls":["x4"]}']
    text = DOCKER_CONTAINERS.keep(
        "\n".join(["a" * 64, "container " + json.dumps(world.description), "garbage x5", "--proc", ""])
    )
    assert not [each for each in ("x1", "x2", "x3", "x4", "x5") if each in text]
    assert '{\\"defaultAction\\": \\"A\\"}' in text
    assert DOCKER_CONTAINERS in PROBES


# ---- ports that are published

PUBLISHED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "one address": (
        {"PortBindings": {"80/tcp": [{"HostIp": "10.0.0.1", "HostPort": "8080"}]}},
        ["10.0.0.1:8080/tcp (published for 80)"],
    ),
    "an address for all ports of the network": (
        {"PortBindings": {"53/udp": [{"HostIp": "", "HostPort": "53"}]}, "NetworkMode": "own"},
        ["10.9.9.9:53/udp (published for 53)"],
    ),
    "the network by its id": (
        {"PortBindings": {"53/udp": [{"HostPort": "53"}]}, "NetworkMode": "c" * 64},
        ["10.9.9.9:53/udp (published for 53)"],
    ),
    "the default network": (
        {"PortBindings": {"53": [{"HostPort": "53"}]}, "NetworkMode": "default"},
        ["10.8.8.8:53/tcp (published for 53)"],
    ),
    "a network without an address": (
        {"PortBindings": {"53": [{"HostPort": "53"}]}, "NetworkMode": "other"},
        ["*:53/tcp (published for 53)"],
    ),
    "a range": (
        {"PortBindings": {"80/tcp": [{"HostIp": "::1", "HostPort": "8000-8001"}]}},
        ["[::1]:8000/tcp (published for 80)", "[::1]:8001/tcp (published for 80)"],
    ),
    "a port that the engine chooses": (
        {"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": ""}], "81/tcp": None}},
        ["10.8.8.8:(any)/tcp (published for 80)"],
    ),
    "--publish-all": (
        {"PublishAllPorts": True, "PortBindings": {"80/tcp": [{"HostPort": "8080"}]}},
        [
            "10.8.8.8:8080/tcp (published for 80)",
            "10.8.8.8:(any)/tcp (published for 443 by --publish-all)",
            "10.8.8.8:(any)/udp (published for 53 by --publish-all)",
        ],
    ),
    "--publish-all in a network": (
        {"PublishAllPorts": True, "PortBindings": None, "NetworkMode": "own"},
        [
            "10.9.9.9:(any)/tcp (published for 443 by --publish-all)",
            "10.9.9.9:(any)/udp (published for 53 by --publish-all)",
            "10.9.9.9:(any)/tcp (published for 80 by --publish-all)",
        ],
    ),
    "the network of the host": (
        {"PublishAllPorts": True, "PortBindings": {"80/tcp": [{"HostPort": "8080"}]}, "NetworkMode": "host"},
        [],
    ),
    "no network": ({"PortBindings": {"80/tcp": [{"HostPort": "8080"}]}, "NetworkMode": "none"}, []),
    "the network of another": (
        {"PortBindings": {"80": [{"HostPort": "80"}]}, "NetworkMode": "container:x"},
        [],
    ),
}


def _only(world: World) -> Container:
    """The container web itself."""
    return dict(world.facts.container)["web"]


@pytest.mark.parametrize("case", PUBLISHED)
def test_ports_of_a_stopped_container(world: World, case: str) -> None:
    """What will be open once it runs: by its settings, and by the address that its network binds ports to."""
    config, expected = PUBLISHED[case]
    world.stop()
    world.config.update(config)
    mode = world.config["NetworkMode"]
    name = "bridge" if mode in ("", "default") else mode
    world.description["Networks"] = {name: {"NetworkID": ""}} if ":" not in name else {}
    world.description["ExposedPorts"] = {"80/tcp": {}, "443": {}, "53/udp": {}}
    world.networks[0]["Options"] = {"com.docker.network.bridge.host_binding_ipv4": "10.8.8.8"}
    world.networks += [
        {
            "Name": "own",
            "Id": "c" * 64,
            "Driver": "bridge",
            "Options": {"com.docker.network.host_ipv4": "10.9.9.9"},
        },
        {"Name": "other", "Id": "d" * 64, "Driver": "bridge", "Options": None},
    ]
    assert list(map(str, _only(world).ports.published)) == expected


@pytest.mark.parametrize(
    ("networks", "expected"),
    [
        (["local"], ["127.0.0.1"]),
        (["local", "open"], ["", "127.0.0.1"]),
        (["c" * 64, "inside"], ["127.0.0.1"]),
        (["inside"], []),
        (["inside", "gone"], [""]),
        (["local", "gone"], ["", "127.0.0.1"]),
        ([], [""]),
        (None, [""]),
    ],
)
def test_networks_that_publish_the_ports_of_a_stopped_container(
    world: World, networks: list[str] | None, expected: list[str]
) -> None:
    """5.14: of several networks the engine chooses one; an internal one publishes nothing; one that is gone may."""
    world.stop()
    world.config["PortBindings"] = {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}
    world.config["NetworkMode"] = "local"
    world.description["Networks"] = networks and {name: {"NetworkID": ""} for name in networks}
    local = {"com.docker.network.bridge.host_binding_ipv4": "127.0.0.1"}
    world.networks += [
        {"Name": "local", "Id": "c" * 64, "Driver": "bridge", "Options": local},
        {"Name": "open", "Id": "d" * 64, "Driver": "bridge", "Options": {}},
        {"Name": "inside", "Id": "e" * 64, "Driver": "bridge", "Options": {}, "Internal": True},
    ]
    assert [each.address for each in _only(world).ports.published] == expected
    assert world.judge("5.14")[0] == ("fail" if "" in expected else "pass")


def test_ports_of_a_container_that_exposes_none(world: World) -> None:
    """--publish-all opens what the image exposes, and nothing where that is nothing."""
    world.stop()
    world.config["PublishAllPorts"] = True
    assert _only(world).ports.published == ()


def test_ports_of_a_running_container(world: World) -> None:
    """The engine says where a port of one that runs is; where it names no address, that is every address."""
    world.networks[0]["Options"] = {"com.docker.network.bridge.host_binding_ipv4": "10.8.8.8"}
    world.description["Ports"] = {"80/tcp": [{"HostIp": "", "HostPort": "8080"}], "81/tcp": None}
    assert world.judge("5.14") == ("fail", "opens on every address: *:8080/tcp (published for 80)")


@pytest.mark.parametrize(
    ("driver", "network", "listens", "expected"),
    [
        ("macvlan", "c" * 64, "0100000A", ("fail", "opens 10.0.0.1:443/tcp (listens, network out)")),
        ("ipvlan", "c" * 64, "0100000A", ("fail", "opens 10.0.0.1:443/tcp (listens, network out)")),
        ("macvlan", "c" * 64, "0100007F", ("pass", "")),
        ("bridge", "c" * 64, "0100000A", ("pass", "")),
        ("macvlan", "e" * 64, "0100000A", ("pass", "")),
        ("macvlan", "c" * 64, "", ("error", "the listeners in the network of process 100 could not be read")),
    ],
)
def test_network_with_an_address_of_its_own(
    world: World, driver: str, network: str, listens: str, expected: tuple[str, str]
) -> None:
    """5.8: in a network outside the host every listener is open, but those on loopback."""
    world.networks.append({"Name": "out", "Id": "c" * 64, "Driver": driver, "Options": {}})
    world.description["Networks"] = {"out": {"NetworkID": network}}
    row = f"100/net/tcp:   0: {listens}:01BB 00000000:0000 0A 0:0 00:0 0 0 0 4711 1 0 0"
    world.extra = ["100/net/tcp:  sl  local_address rem_address", row] if listens else []
    assert world.judge("5.8") == expected


def test_why_listeners_of_the_host_are_an_error(world: World) -> None:
    """5.8: the reason names what could not be read."""
    world.config["NetworkMode"] = world.description["NetworkMode"] = "host"
    row = "100/net/tcp:   0: 00000000:01BB 00000000:0000 0A 0:0 00:0 0 0 0 4711 1 0 0"
    world.extra = ["100/net/tcp:  sl  local_address rem_address", row]
    assert world.judge("5.8") == ("error", "which process holds a listening socket could not be read")
    world.links = {name: number for name, number in OWN.items() if name != "pid"}
    world.extra.append("lrwx------ 1 0 0 64 Nov 1 10:00 100/fd/3 -> socket:[4711]")
    assert world.judge("5.8") == ("error", "the sockets of process 100 could not be read; are you root?")


# ---- services


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        ({"PublishedPort": 443}, ("fail", "opens *:443/tcp (published by service shop on every node)")),
        (
            {"PublishedPort": 53, "Protocol": "udp"},
            ("fail", "opens *:53/udp (published by service shop on every node)"),
        ),
        ({"PublishedPort": 443, "PublishMode": "host"}, ("pass", "")),
        (
            {"TargetPort": 443},
            ("error", "docker service inspect: the answer is not what the engine's API documents"),
        ),
    ],
    ids=str,
)
def test_ports_of_a_service(world: World, port: dict[str, Any], expected: tuple[str, str]) -> None:
    """5.8: a port in mode ingress, the default, is open on every node."""
    world.description |= {"Service": "s1", "Networks": {"ingress": {"NetworkID": "c" * 64}}}
    world.info["Swarm"] = {"LocalNodeState": "active", "ControlAvailable": True}
    other = {"ID": "s0", "Spec": {"Name": "other", "TaskTemplate": {}}}
    world.services = [other, _service() | {"Endpoint": {"Ports": [port]}}]
    assert world.judge("5.8") == expected


def test_why_a_task_is_an_error(world: World) -> None:
    """5.8, 5.15: the reason says who knows; a service restarts without end where nothing is said."""
    world.description |= {"Service": "s1", "Networks": {"ingress": {"NetworkID": "c" * 64}}}
    world.info["Swarm"] = {"LocalNodeState": "active", "ControlAvailable": False}
    told = "only a manager of the swarm knows its services; audit a manager as well"
    assert world.judge("5.8") == ("error", told)
    world.info["Swarm"]["ControlAvailable"] = True
    assert world.judge("5.8") == ("error", "the engine does not know the service s1 of this task")
    world.services = [_service()]
    assert world.judge("5.15") == ("fail", "its service shop restarts it: condition any, endless attempts")
    world.description["Service"] = None
    told = "it is in the ingress network, but the engine names no service for it"
    assert world.judge("5.8") == ("error", told)


def test_services_of_a_node_without_a_swarm(world: World) -> None:
    """A node in no swarm has no services, and is not asked for them."""
    assert world.facts.services == {}
    world.services = [{"ID": "x"}]
    assert world.facts.services == {}


# ---- devices


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        (
            {"Driver": "cdi", "DeviceIDs": ["vendor.com/gpu=0", "vendor.com/gpu=1"]},
            "vendor.com/gpu=0, vendor.com/gpu=1",
        ),
        ({"Driver": "", "Capabilities": [["gpu", "compute"]]}, "gpu:compute"),
        ({"Driver": None, "Capabilities": [["gpu"]]}, "gpu"),
        ({"Driver": "nvidia", "Capabilities": None}, "nvidia"),
        ({"Driver": "", "Capabilities": []}, "any device"),
    ],
    ids=str,
)
def test_device_requests(world: World, request_: dict[str, Any], name: str) -> None:
    """5.18: a request is named by its CDI devices, or by its driver and what the device has to be capable of."""
    world.config["DeviceRequests"] = [request_]
    assert world.judge("5.18") == ("fail", f"is given {name}")


def test_request_for_no_device(world: World) -> None:
    """5.18: a CDI request without a device asks for none."""
    world.config["DeviceRequests"] = [{"Driver": "cdi", "DeviceIDs": None, "Capabilities": [["gpu"]]}]
    assert world.judge("5.18")[0] == "pass"


# ---- namespaces and seccomp in other words


def test_why_evidence_is_missing(world: World) -> None:
    """The reason of an error names what could not be read."""
    del world.config["Privileged"]
    assert world.judge("5.5") == ("error", "docker inspect does not report HostConfig.Privileged")
    world.links = {name: number for name, number in OWN.items() if name != "net"}
    told = "the net namespace of process 100 could not be read; are you root?"
    assert world.judge("5.10") == ("error", told)
    world.links = {}
    told = "the uts namespace of process 100 could not be read; are you root?"
    assert world.judge("5.21") == ("error", told)
    world.config["SecurityOpt"] = ["seccomp={broken"]
    assert world.judge("5.22") == ("error", "its seccomp profile could not be read")
    world.config.update({"SecurityOpt": None, "ReadonlyRootfs": True})
    world.mounts = []
    assert world.judge("5.13") == ("error", "/proc/100/mountinfo could not be read; are you root?")


def test_namespaces_of_a_joined_container_that_does_not_run(world: World) -> None:
    """5.16: a stopped container that joined another shares what that one shares; no other container is looked at."""
    world.stop()
    world.config["PidMode"] = f"container:{'e' * 64}"
    other = copy.deepcopy(world.description) | {"Id": "e" * 64, "Name": "/other"}
    other["HostConfig"]["PidMode"] = ""
    world.others = [other]
    assert world.judge("5.16")[0] == "pass"
    other |= {"Running": True, "Pid": 100, "Status": "running"}
    world.cgroups[100] = (f"0::/docker/{'e' * 64}",)
    assert world.judge("5.16")[0] == "pass"
    world.links = {**OWN, "pid": 1}
    assert world.judge("5.16")[0] == "fail"
    world.others = []
    told = f"the container {'e' * 64}, whose namespace it joined, is not there"
    assert world.judge("5.16") == ("error", told)


@pytest.mark.parametrize(
    ("quiet", "pid", "expected"),
    [(False, 13, "fail"), (True, 13, "pass"), (False, 1, "pass")],
)
def test_process_without_a_control_group(world: World, quiet: bool, pid: int, expected: str) -> None:
    """5.7: in a PID namespace of its own every process is the container's; in the host's one it is not.

    Where the daemon's namespaces may not be read, nothing is known of the namespace, and it counts as shared.
    """
    world.links = {**OWN, "pid": pid}
    world.status |= {200: STATUS | {"Name": "sshd", "PPid": "1"}}
    world.cgroups[200] = ("0::/",)
    world.daemon.readable = not quiet
    assert world.judge("5.7")[0] == expected


# ---- what is mounted


def test_folders_of_the_engine(world: World) -> None:
    """5.6: what the engine puts into a container is no folder of the host that was asked for, whatever is below."""
    engine = f"/var/lib/docker/containers/{'a' * 64}"
    world.mounts += [
        f"31 30 8:1 {engine}/resolv.conf /etc/resolv.conf rw - ext4 /dev/sda1 rw",
        f"32 30 0:20 /containers/{'a' * 64}/mounts/secrets /run/secrets rw - tmpfs tmpfs rw",
        "33 30 8:1 /usr/bin/docker-init /sbin/docker-init ro - ext4 /dev/sda1 rw",
        "34 30 8:1 /proc /proc/x rw - ext4 /dev/sda1 rw",
    ]
    assert world.judge("5.6")[0] == "pass"
    world.mounts.append("35 30 8:1 /etc /y rw - ext4 /dev/sda1 rw")
    assert world.judge("5.6") == ("fail", "mounts /etc of the host at /y")


def test_secrets_of_a_service(world: World) -> None:
    """5.6: secrets lie on a tmpfs of the host below the folder of the container, which nobody asked for."""
    point = f"/var/lib/docker/containers/{'a' * 64}/mounts/secrets"
    world.daemon.table = (*HOST_MOUNTS, f"22 20 0:70 / {point} rw - tmpfs tmpfs rw")
    world.mounts += ["31 30 0:70 / /run/secrets ro - tmpfs tmpfs rw"]
    assert world.judge("5.6")[0] == "pass"
    world.daemon.table = (*HOST_MOUNTS, "22 20 0:70 / /etc/keys rw - tmpfs tmpfs rw")
    assert world.judge("5.6") == ("fail", "mounts /etc/keys of the host at /run/secrets")
    world.mounts.append("32 30 8:1 /boot /y rw - ext4 /dev/sda1 rw")
    world.daemon.table = (*HOST_MOUNTS, f"22 20 0:70 / {point} rw - tmpfs tmpfs rw")
    assert world.judge("5.6") == ("fail", "mounts /boot of the host at /y")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"type": "none", "o": "bind", "device": "/etc"}, "mounts /etc of the host at /x"),
        (
            {"type": "overlay", "o": "ro,lowerdir=/srv/a:/etc", "device": "overlay"},
            "mounts /etc of the host at /x",
        ),
        (
            {"type": "overlay", "o": "upperdir=/etc,lowerdir=/srv/a", "device": "overlay"},
            "mounts /etc of the host at /x",
        ),
        ({"type": "overlay", "o": "lowerdir=/srv/a,workdir=/etc", "device": "overlay"}, ""),
        ({"type": "cifs", "o": "addr=10.0.0.1", "device": "//10.0.0.1/etc"}, ""),
    ],
    ids=str,
)
@pytest.mark.parametrize("running", [True, False])
def test_folders_behind_a_volume(
    world: World, options: dict[str, str], expected: str, *, running: bool
) -> None:
    """5.6: the folders that the options of a volume name are those of the host, and others are not."""
    folder = "/var/lib/docker/volumes/v/_data"
    world.description["Mounts"] = [{"Type": "volume", "Name": "v", "Source": folder, "Destination": "/x"}]
    world.volumes = [{"Name": "v", "Driver": "local", "Options": options}]
    world.paths = [f"real {path}\t{path}" for path in (folder, "/etc", "/srv/a")]
    world.mounts.append("31 30 0:99 / /x rw - overlay overlay rw")
    if not running:
        world.stop()
    assert world.judge("5.6") == ("fail" if expected else "pass", expected)


@pytest.mark.parametrize(
    ("device", "leads_to", "part", "expected"),
    [
        ("/", "/srv/app", "srv/app", "pass"),
        ("/", "/etc", "srv/app", "fail"),
        ("/", "/", "", "fail"),
        ("/srv/data", "/srv/data/a", "a", "pass"),
        ("/srv/data", "", "a", "error"),
    ],
)
@pytest.mark.parametrize("running", [True, False])
def test_part_of_a_volume(
    world: World, device: str, leads_to: str, part: str, expected: str, *, running: bool
) -> None:
    """5.6: of a volume's folder that part counts which is mounted, and where it leads."""
    folder = "/var/lib/docker/volumes/v/_data"
    world.description["Mounts"] = [{"Type": "volume", "Name": "v", "Source": folder, "Destination": "/x"}]
    options = {"Subpath": part, "DriverConfig": {"Options": {"o": "password=hunter2"}}}
    world.config["Mounts"] = [
        {"Target": "/y", "VolumeOptions": None},
        {"Target": "/x/", "VolumeOptions": options},
    ]
    world.volumes = [
        {"Name": "v", "Driver": "local", "Options": {"type": "none", "o": "bind", "device": device}}
    ]
    source = f"{device.rstrip('/')}/{part}" if part else device
    world.paths = [f"real {source}\t{leads_to}"] if leads_to else []
    world.mounts.append(f"31 30 8:1 {leads_to or '/z'} /x rw - ext4 /dev/sda1 rw")
    if not running:
        world.stop()
    verdict, reason = world.judge("5.6")
    assert verdict == expected
    assert reason == (f"mounts {leads_to} of the host at /x" if verdict == "fail" else reason)
    assert "hunter2" not in world.facts.recording.answers["docker_containers"].stdout


def test_names_of_what_is_mounted(world: World) -> None:
    """A source counts as it is written and by where it leads; what cannot be followed is named in the reason."""
    folder = "/var/lib/docker/volumes/v/_data"
    world.description["Mounts"] = [
        _bind("/srv/link"),
        {"Type": "volume", "Name": "v", "Source": folder, "Destination": "/v"},
    ]
    world.volumes = [{"Name": "v", "Driver": "local", "Options": {"device": "/srv/b", "o": "bind"}}]
    world.paths = ["real /srv/link\t/srv/a", "real /srv/b\t/srv/c"]
    assert _only(world).mounts.configured == (
        HostMount("/x", frozenset({"/srv/link", "/srv/a"}), "bind"),
        HostMount("/v", frozenset({"/srv/b", "/srv/c"}), "volume"),
    )
    world.mounts += [
        "31 30 8:1 /srv/a /x rw - ext4 /dev/sda1 rw",
        "32 30 8:1 /srv/c /v rw - ext4 /dev/sda1 rw",
    ]
    world.daemon.table = (*HOST_MOUNTS, f"22 20 8:1 /srv/c {folder} rw - ext4 /dev/sda1 rw")
    assert _only(world).mounts.visible == (
        HostMount("/x", frozenset({"/srv/a"}), "bind"),
        HostMount("/v", frozenset({"/srv/c"}), "volume"),
    )
    world.mounts[-1] = "32 30 0:99 / /v rw - overlay overlay rw"
    assert _only(world).mounts.visible[1:] == (HostMount("/v", frozenset({"/srv/c"}), "volume"),)
    world.volumes = []
    assert world.judge("5.6") == ("error", "the engine does not describe the volume v")
    world.stop()
    del world.description["Mounts"][1], world.paths[0]
    told = "the source /srv/link could not be followed: it does not exist, or may not be seen"
    assert world.judge("5.6") == ("error", told)


def test_where_a_container_can_write(world: World) -> None:
    """By its configuration, and by what else its mount table has; not what the engine puts there."""
    engine = f"/data/containers/{'a' * 64}"
    world.description["Mounts"] = [
        _bind("/srv/data", RW=True),
        {"Type": "volume", "Name": "0a" * 32, "Source": "/v", "Destination": "/v", "RW": True},
        {"Type": "volume", "Name": "0A" * 32, "Source": "/w", "Destination": "/w", "RW": True},
        {"Type": "volume", "Name": None, "Source": "/n", "Destination": "/n", "RW": True},
        {"Type": "volume", "Name": "r", "Source": "/r", "Destination": "/r", "RW": False},
    ]
    world.config["Tmpfs"] = {"/tmp": ""}
    expected = {
        "/x": "/srv/data of the host",
        "/v": "anonymous volume",
        "/w": "volume",
        "/n": "volume",
        "/tmp": "tmpfs",
    }
    world.mounts += [
        f"31 30 8:1 {engine}/resolv.conf /etc/resolv.conf rw - ext4 /dev/sda1 rw",
        "32 30 0:7 / /dev/shm rw - tmpfs shm rw",
        "33 30 8:1 /srv/data /x rw - ext4 /dev/sda1 rw",
        "34 30 0:8 / /more rw - tmpfs tmpfs rw",
        "35 30 0:9 / /less ro - tmpfs tmpfs rw",
    ]
    assert _only(world).mounts.writable == expected | {"/more": "tmpfs"}
    world.stop()
    assert _only(world).mounts.writable == expected


def test_default_action_of_a_profile(world: World) -> None:
    """It is what the profile says, of Docker's own too."""
    for option, action in (
        ('seccomp={"defaultAction":"SCMP_ACT_LOG"}', "SCMP_ACT_LOG"),
        ("seccomp=builtin", "SCMP_ACT_ERRNO"),
    ):
        world.config["SecurityOpt"] = [option]
        assert _only(world).runtime.seccomp_default_action == action
    world.config["SecurityOpt"] = ['seccomp={"defaultAction":""}']
    assert world.judge("5.22") == ("error", "its seccomp profile could not be read")


def test_two_mounts_at_one_place(world: World) -> None:
    """5.6: what is mounted below two configured mounts belongs to the nearer one."""
    folder = "/var/lib/docker/volumes/v/_data"
    world.description["Mounts"] = [
        {"Type": "volume", "Name": "v", "Source": folder, "Destination": "/x/longer"},
        _bind("/srv/data"),
    ]
    world.volumes = [{"Name": "v", "Driver": "local", "Options": None}]
    world.mounts += [
        "31 30 8:1 /srv/data /x rw - ext4 /dev/sda1 rw",
        f"32 31 8:1 {folder} /x/longer rw - ext4 /dev/sda1 rw",
    ]
    assert [(each.destination, each.kind) for each in _only(world).mounts.visible] == [
        ("/x", "bind"),
        ("/x/longer", "volume"),
    ]
    world.description["Mounts"].reverse()
    assert [each.kind for each in _only(world).mounts.visible] == ["bind", "volume"]
    world.description["Mounts"] = None
    assert [each.kind for each in _only(world).mounts.visible] == ["", ""]


def test_mounts_of_a_stopped_container(world: World) -> None:
    """What will be mounted, each with its place and kind."""
    world.stop()
    folder = "/var/lib/docker/volumes/v/_data"
    world.description["Mounts"] = [
        {"Type": "volume", "Name": "v", "Source": folder, "Destination": "/v"},
        _bind("/srv/data"),
        {"Type": "tmpfs", "Source": "", "Destination": "/t"},
    ]
    world.volumes = [{"Name": "v", "Driver": "local", "Options": None}]
    world.paths = [f"real {path}\t{path}" for path in (folder, "/srv/data")]
    assert _only(world).mounts.visible == (
        HostMount("/v", frozenset({folder}), "volume"),
        HostMount("/x", frozenset({"/srv/data"}), "bind"),
    )


def test_second_link_of_a_socket(world: World) -> None:
    """5.32: a socket of an engine that has another hard link may be anywhere in what is mounted."""
    world.description["Mounts"] = [_bind("/srv/data")]
    world.mounts.append("31 30 8:1 /srv/data /x rw - ext4 /dev/sda1 rw")
    world.paths = ["socket 8:77 1 /run/docker.sock"]
    assert world.judge("5.32")[0] == "pass"
    world.paths = ["socket 8:77 2 /run/docker.sock"]
    told = "/run/docker.sock has another hard link, which may be in /x"
    assert world.judge("5.32") == ("error", told)
    world.paths.append("socket 8:77 2 /srv/data/s")
    assert world.judge("5.32") == ("fail", "can reach /srv/data/s")


@pytest.mark.parametrize(
    ("endpoint", "socket"),
    [
        ("unix:///var/run/my.sock", "/run/my.sock"),
        ("unix:///srv/my.sock", "/srv/my.sock"),
    ],
)
def test_socket_to_which_we_talk(world: World, endpoint: str, socket: str) -> None:
    """5.32: it counts wherever it is; /var/run is /run."""
    world.endpoint = endpoint
    world.description["Mounts"] = [_bind(socket)]
    device, root = ("0:20", socket.removeprefix("/run")) if socket.startswith("/run") else ("8:1", socket)
    world.mounts.append(f"31 30 {device} {root} /x rw - tmpfs tmpfs rw")
    assert world.judge("5.32") == ("fail", f"can reach {socket}")


def test_cut_off_description(world: World) -> None:
    """A description that is cut off is an error, which says of what."""
    facts = world.facts
    answer = facts.recording.answers["docker_containers"]
    text = answer.stdout.replace("}\n--proc", "\n--proc")
    answers = {**facts.recording.answers, "docker_containers": Answer("docker_containers", 0, text, "")}
    broken = Facts(Recording("local", "local", answers), Policy())
    told = "docker inspect: the description of a container is not JSON, or is cut off"
    with pytest.raises(EvidenceError, match=f"^{told}$"):
        judged("5.5", broken)


def test_containers_are_in_order(world: World) -> None:
    """They are judged by name, whatever the order of the engine; each is called a container."""
    world.others = [
        copy.deepcopy(world.description) | {"Id": letter * 64, "Name": name, "Pid": 0, "Running": False}
        for letter, name in (("e", "/zoo"), ("f", "/app"))
    ]
    found = world.facts.container
    assert [name for name, _ in found] == ["app", "web", "zoo"]
    assert found.kind == "container"


# ---- what is kept


def _kept(description: Mapping[str, Any]) -> dict[str, Any]:
    kept = DOCKER_CONTAINERS.keep(f"container {json.dumps(description)}\n--proc\n")
    document: dict[str, Any] = json.loads(kept.split("\n")[0].removeprefix("container "))
    return document


def test_options_that_are_kept() -> None:
    """Of a seccomp profile stays the default action, and nothing of what is no profile; other options stay."""
    profile = {"defaultAction": "SCMP_ACT_ALLOW", "x": "a=b"}
    options = ["label=user:a=b", f"seccomp=  {json.dumps(profile)}", "seccomp={broken", "seccomp=unconfined"]
    assert _kept({"HostConfig": {"SecurityOpt": options}})["HostConfig"]["SecurityOpt"] == [
        "label=user:a=b",
        'seccomp={"defaultAction": "SCMP_ACT_ALLOW"}',
        'seccomp={"defaultAction": null}',
        "seccomp=unconfined",
    ]


def test_options_of_volumes_that_are_kept() -> None:
    """The folders of an overlay stay, and names; of all other options the values go."""
    options = {
        "type": "overlay",
        "device": "overlay",
        "o": "rw,lowerdir=/a=b:/c,upperdir=/d,workdir=/e,password=x=y",
    }
    volume = {"Name": "v", "Driver": "local", "Options": options, "Labels": {"a": "b"}}
    kept = DOCKER_CONTAINERS.keep(f"volume {json.dumps(volume)}\n--proc\n").split("\n")
    told = "rw,lowerdir=/a=b:/c,upperdir=/d,workdir=/e,password=***"
    assert json.loads(kept[0].removeprefix("volume ")) == {
        "Name": "v",
        "Driver": "local",
        "Options": options | {"o": told},
    }


def test_lines_that_are_not_kept() -> None:
    """What is no description is dropped to its last letter."""
    text = 'container nonsense\ncontainer ["a"]\nother {"a": 1}\n--proc\n7/uid_map:y\n'
    assert DOCKER_CONTAINERS.keep(text) == "\n--proc\n7/uid_map:y\n"


def test_servers_among_arguments() -> None:
    """Of the arguments stay the names of SSH servers, each word for itself."""
    assert _kept({"Arguments": ["/usr/sbin/sshd", "-D", "dropbear"]})["Arguments"] == ["dropbear", "sshd"]


def test_published_tcp_ports() -> None:
    """The ports that the engine publishes, for whom wants to know before containers are judged."""
    name = "a b"
    ports = {
        "80/tcp": [{"HostIp": "", "HostPort": "8080"}, {"HostIp": "10.0.0.1", "HostPort": "81"}],
        "81/tcp": None,
        "53/udp": [{"HostIp": "", "HostPort": "53"}],
    }
    lines = ["container " + json.dumps({"Name": name, "Ports": each}) for each in (ports, None)]
    answer = Answer("docker_containers", 0, "\n".join([*lines, "--proc", ""]), "")
    found = published_tcp_ports(Recording("local", "local", {"docker_containers": answer}))
    assert found == {("", 8080), ("10.0.0.1", 81)}
    assert published_tcp_ports(Recording("local", "local", {})) == frozenset()


# ---- control groups


def _limits(cgroups: Sequence[str], files: Mapping[str, str], *, own: bool = True) -> dict[str, float | None]:
    """Every limit that can be read."""
    found = {}
    for name in ("memory", "processes", "cpus", "cpu_weight"):
        with contextlib.suppress(EvidenceError):
            found[name] = limits.read(name, cgroups, {path: (text,) for path, text in files.items()}, own=own)
    return found


def _in_v1(**files: str) -> dict[str, str]:
    """Files of the control groups of a container under cgroup v1; `__` stands for the dot."""
    return {f"/sys/fs/cgroup/cpu,cpuacct/a/b/{name.replace('__', '.')}": text for name, text in files.items()}


V1 = ("4:cpu,cpuacct:/a/b", "5:memory:/a:b", "0::/a/b")
LIMITS: list[tuple[Sequence[str], dict[str, str], dict[str, float | None]]] = [
    # a quota of v1 is a part of its period, which is 100 ms where nothing is said
    (V1, _in_v1(cpu__cfs_quota_us="50000", cpu__cfs_period_us="200000"), {"cpus": 0.25}),
    (V1, _in_v1(cpu__cfs_quota_us="50000"), {"cpus": 0.5}),
    (V1, _in_v1(cpu__cfs_quota_us="1"), {"cpus": 1e-5}),
    (V1, _in_v1(cpu__cfs_quota_us="0"), {"cpus": None}),
    (V1, _in_v1(cpu__shares="1024"), {"cpu_weight": None}),
    (V1, _in_v1(cpu__shares="2"), {"cpu_weight": 1}),
    # a share counts for the own group alone
    (V1, _in_v1(cpu__shares="1024") | {"/sys/fs/cgroup/cpu,cpuacct/a/cpu.shares": "2"}, {"cpu_weight": None}),
    # the name of a group may have a colon
    (V1, {"/sys/fs/cgroup/memory/a:b/memory.limit_in_bytes": "5"}, {"memory": 5}),
    (V1, {"/sys/fs/cgroup/memory/a:b/memory.limit_in_bytes": str(1 << 60)}, {"memory": None}),
    (V1, {"/sys/fs/cgroup/memory/a:b/memory.limit_in_bytes": str((1 << 60) - 1)}, {"memory": (1 << 60) - 1}),
    # the controllers that v1 has not are in the unified hierarchy
    (V1, {"/sys/fs/cgroup/unified/a/b/pids.max": "7"}, {"processes": 7}),
    (V1, {"/sys/fs/cgroup/unified/a/pids.max": "6"}, {"processes": 6}),
    (V1, {"/sys/fs/cgroup/unified/a/b/cpu.max": "1 4"}, {}),
    (("0::/a/b",), {"/sys/fs/cgroup/unified/a/b/cpu.weight": "7"}, {"cpu_weight": 1}),
    (("0::/a/b",), {"/sys/fs/cgroup/unified/a/b/cpu.weight": "100"}, {"cpu_weight": None}),
    (("0::/a/b",), {"/sys/fs/cgroup/a/b/cpu.weight": "7"}, {"cpu_weight": 1}),
    (
        ("0::/a/b",),
        {"/sys/fs/cgroup/unified/a/b/cpu.weight": "100", "/sys/fs/cgroup/unified/a/cpu.weight": "7"},
        {"cpu_weight": None},
    ),
    (
        ("0::/a/b",),
        {"/sys/fs/cgroup/a/b/cpu.weight": "100", "/sys/fs/cgroup/a/cpu.weight": "7"},
        {"cpu_weight": None},
    ),
]


@pytest.mark.parametrize(("cgroups", "files", "expected"), LIMITS)
def test_limits_by_their_files(
    cgroups: Sequence[str], files: dict[str, str], expected: dict[str, float | None]
) -> None:
    """Each limit comes from its own files of the own group and of those above; what has none is no evidence."""
    found = _limits(cgroups, files)
    assert {name: found[name] for name in expected} == expected
    assert set(found) - {"cpus", "cpu_weight"} == set(expected) - {"cpus", "cpu_weight"}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"/sys/fs/cgroup/a/b/pids.max": "7"}, None),
        ({"/sys/fs/cgroup/a/b/pids.max": "7", "/sys/fs/cgroup/a/pids.max": "9"}, 9),
        ({"/sys/fs/cgroup/user.slice/user-0.slice/pids.max": "9"}, None),
    ],
)
def test_limits_of_the_groups_above(files: dict[str, str], expected: float | None) -> None:
    """What systemd gives to a unit of its own accord does not count, and what was set above it does."""
    cgroups = ["0::/user.slice/user-0.slice/b"] if "user" in str(files) else ["0::/a/b"]
    assert _limits(cgroups, files, own=False).get("processes") == expected
    v1 = {path.replace("/cgroup/", "/cgroup/pids/"): text for path, text in files.items()}
    assert _limits(["6:pids:" + cgroups[0][3:], "0::/"], v1, own=False).get("processes") == expected


def test_number_of_processes_that_was_set(world: World) -> None:
    """5.29: with systemd the own group counts where a limit was asked for, be it a single process."""
    world.groups = {"pids.max": "1"}
    world.info["CgroupDriver"] = "systemd"
    world.config["PidsLimit"] = 1
    assert world.judge("5.29")[0] == "pass"


# ---- mount tables


def test_lines_of_mount_tables() -> None:
    """Every field of a line is read from its place."""
    first, last = mounts.parse(
        [
            "36 35 98:0 /mnt1 /mnt\\0402 ro,noatime master:1 shared:2 - ext3 /dev/ro\\134ot rw,errors=continue",
            "38 35 0:30 /@home /home rw - btrfs /dev/sdb rw,subvolid=5,subvol=/@home",
        ]
    )
    assert first == Mount(
        "98:0", "/mnt1", "/mnt 2", frozenset({"ro", "noatime"}), "2", "ext3", "/dev/ro\\ot", ""
    )
    assert last == Mount("0:30", "/@home", "/home", frozenset({"rw"}), "", "btrfs", "/dev/sdb", "/@home")
    assert last.is_whole
    assert not first.is_whole
    assert mounts.parse(["1 2 0:1 / /x rw - proc"]) == (
        Mount("0:1", "/", "/x", frozenset({"rw"}), "", "proc"),
    )
    assert mounts.parse(["1 2 0:1 / /x rw - proc p"])[0].source == "p"


@pytest.mark.parametrize("line", ["1 2 0:1 / /x rw proc proc rw", "1 2 0:1 / /x - proc proc rw", "", "x"])
def test_lines_of_no_mount_table(line: str) -> None:
    """A line without the separator or with too few fields is an error that shows it."""
    with pytest.raises(EvidenceError, match=f"^not a line of mountinfo: {re.escape(repr(line))}$"):
        mounts.parse([line])


def test_names_of_a_path() -> None:
    """The root of a file system has no slash too many, and names keep every letter of theirs."""
    table = MountTable(
        mounts.parse(
            [
                "20 1 8:1 / / rw - ext4 /dev/sda1 rw",
                "21 20 8:2 / /X rw - ext4 /dev/sdb rw",
                "22 20 8:2 /sub /Y rw - ext4 /dev/sdb rw",
                "23 20 8:1 / /again rw - ext4 /dev/sda1 rw",
                "24 20 8:2 / /W rw - ext4 /dev/sdb rw",
                "25 20 8:2 /rX /Z rw - ext4 /dev/sdb rw",
            ]
        )
    )
    assert table.paths("8:1", "/") == {"/", "/again"}
    assert table.paths("8:2", "/") == {"/X", "/W"}
    assert table.paths("8:2", "/sub/a ") == {"/X/sub/a ", "/Y/a ", "/W/sub/a "}
    assert table.other_names("/") >= {"/", "/again", "/X", "/Y"}
    assert table.other_names("/X") == {"/X", "/W"}
    assert table.other_names("/Y") == {"/Y", "/X/sub", "/W/sub"}
    assert table.other_names("/Z/a") == {"/Z/a", "/X/rX/a", "/W/rX/a"}
    assert mounts.is_below("/a", "/")
    assert mounts.is_below("/aX/b", "/aX")
    assert not mounts.is_below("/ab", "/a")
    assert MountTable(()).other_names("/a") == {"/a"}


@pytest.mark.parametrize(
    ("path", "kind", "expected"),
    [
        ("/data/docker/volumes/v/_data", "volume", False),
        ("/data/docker/volumes/v/_data", "bind", True),
        ("/data/docker/volumes/v/_data", "image", False),
        ("/data/docker/overlay2/x", "image", False),
        ("/data/docker/overlay2/x", "volume", True),
        ("/data/docker", "image", True),
        ("/data", "bind", True),
        ("/data/other", "bind", False),
        ("/etc", "volume", True),
    ],
)
def test_own_folders_of_the_engine(path: str, kind: str, expected: bool) -> None:
    """A volume or an image may show its own folder of the engine's, and nothing else may."""
    assert is_sensitive(path, kind, "/data/docker") is expected


# ---- a container as a target of its own


class Inside:
    """A container, seen from inside, to be bent in one place before it is judged."""

    def __init__(self) -> None:
        """Process 1 and the auditor's command have the same mounts; there is no socket in them."""
        self.mounts = ["30 1 0:50 / / ro - overlay overlay rw"]
        self.own: list[str] | None = None
        self.sockets: list[str] = []
        self.status: dict[int, dict[str, str]] = {1: STATUS | {"PPid": "0"}}

    def judge(self, number: str) -> tuple[str, str]:
        """Verdict and reason of a control."""
        processes = [f"{pid}/status:{k}:\t{v}" for pid, each in self.status.items() for k, v in each.items()]
        own = self.mounts if self.own is None else self.own
        texts = {
            "own_mounts": "\n".join([*self.mounts, "--self", *own, "--sockets", *self.sockets, ""]),
            "processes": "\n".join(processes),
        }
        answers = {name: Answer(name, 0, text, "") for name, text in texts.items()}
        return judged(number, Facts(Recording("web", "docker", answers), Policy()))["web"]


SHARED = "process 1 has other mounts than the container: it shares a PID namespace of others"
FROM_INSIDE: list[tuple[str, dict[str, Any], tuple[str, str]]] = [
    ("5.13", {}, ("pass", "")),
    (
        "5.13",
        {"mounts": ["30 1 0:50 / / rw - overlay overlay rw"]},
        ("fail", "its root file system can be written to"),
    ),
    (
        "5.13",
        {"mounts": ["30 1 0:50 / / ro - o o rw", "31 1 0:50 / / rw - o o rw"]},
        ("fail", "its root file system can be written to"),
    ),
    (
        "5.13",
        {"mounts": ["30 1 0:50 / /x ro - overlay overlay rw"]},
        ("error", "the mount table has no root"),
    ),
    ("5.13", {"own": ["30 1 0:51 / / ro - overlay overlay rw"]}, ("error", SHARED)),
    ("5.7", {"own": ["30 1 0:51 / / ro - overlay overlay rw"]}, ("error", SHARED)),
    ("5.32", {}, ("pass", "")),
    ("5.32", {"sockets": ["/run/docker.sock", "/run/docker.sock"]}, ("fail", "can reach /run/docker.sock")),
    (
        "5.32",
        {
            "sockets": ["/s"],
            "mounts": ["30 1 0:50 / / ro - o o rw", "31 1 0:20 /podman.sock /s rw - tmpfs t rw"],
        },
        ("fail", "can reach /s"),
    ),
    (
        "5.32",
        {"sockets": ["/run/my.sock"]},
        ("error", "whose socket is mounted at /run/my.sock cannot be told from inside the container"),
    ),
    ("5.32", {"own": ["30 1 0:51 / / ro - overlay overlay rw"]}, ("error", SHARED)),
    (
        "5.5",
        {},
        (
            "not applicable",
            "the target is a container, seen from inside: only its engine's host can show this",
        ),
    ),
]


@pytest.mark.parametrize(("number", "changes", "expected"), FROM_INSIDE)
def test_container_from_inside(number: str, changes: dict[str, Any], expected: tuple[str, str]) -> None:
    """What process 1 and its mounts show is judged; the rest is not, and another's process is an error."""
    inside = Inside()
    vars(inside).update(changes)
    assert inside.judge(number) == expected


def test_powers_from_inside() -> None:
    """Process 1 counts, and of the others none but SSH servers."""
    inside = Inside()
    inside.status[7] = STATUS | {"CapEff": "000001ffffffffff", "Seccomp": "0", "NoNewPrivs": "0"}
    inside.status[1] |= {"NoNewPrivs": "1"}
    assert [inside.judge(number)[0] for number in ("5.4", "5.7", "5.22", "5.26")] == ["pass"] * 4
    inside.status[7]["Name"] = "sshd"
    inside.status[1] |= {"NoNewPrivs": "0", "Seccomp": "0", "CapEff": "0000000000003000"}
    assert [inside.judge(number)[0] for number in ("5.4", "5.7", "5.22", "5.26")] == ["fail"] * 4


# ---- processes and the kernel


def test_why_a_process_is_an_error(world: World) -> None:
    """The reason names the process and what it does not show."""
    del world.status[100]["Seccomp"]
    assert world.judge("5.22") == ("error", "/proc/100/status does not show Seccomp")
    del world.status[100]
    told = "process 100 is not in /proc here: it ended, runs on another machine, or is hidden"
    assert world.judge("5.22") == ("error", told)


def test_programs_of_processes() -> None:
    """Where the link of a program may not be read, it has no path."""
    text = (
        "1/status:Name:\ta\n1/status:PPid:\t0\n2/status:Name:\tb\n"
        "lrwxrwxrwx 1 0 0 0 Nov 1 10:00 1/exe -> /usr/bin/a b (deleted)"
    )
    found = Processes.of(Recording("local", "local", {"processes": Answer("processes", 0, text, "")}))
    assert {pid: each.executable for pid, each in found.by_pid.items()} == {1: "/usr/bin/a b", 2: ""}


@pytest.mark.parametrize("link", ["2/exe", "2/exe -> /sbin/init", "2/ns/pid", "2/ns/pid -> pid:[4026531836]"])
def test_links_of_processes_are_stored(link: str) -> None:
    """Those of the kernel's own processes, and of those that have ended, lead nowhere and are no surprise."""
    line = f"lrwxrwxrwx 1 0 0 0 Nov  1 10:00 {link}"
    assert PROCESSES.keep(line) == line


def test_values_of_the_kernel() -> None:
    """A value may have a colon; one that could not be read is an error that names the file."""
    text = "/sys/module/apparmor/parameters/enabled:Y\n/proc/sys/x:a:b\n/sys/fs/selinux/enforce absent"
    found = Kernel.of(Recording("local", "local", {"kernel": Answer("kernel", 0, text, "")}))
    assert found.values["/proc/sys/x"] == "a:b"
    assert found.apparmor
    assert found.selinux == ""
    with pytest.raises(EvidenceError, match=r"^/proc/sys/kernel/pid_max could not be read$"):
        assert found.most_processes


def test_what_a_process_listens_on_and_calls() -> None:
    """Its own listeners, and whom it called: neither who called it, nor what another holds."""
    end = "0:0 00:0 0 0 0"
    lines = [
        "1/net/tcp:  sl  local_address rem_address   st",
        f"1/net/tcp:   0: 0100000A:01BB 00000000:0000 0A {end} 1 x",
        f"1/net/tcp6:   1: 00000000000000000000000001000000:0050 {'0' * 32}:0000 0A {end} 2 x",
        f"1/net/tcp:   2: 0100000A:C000 0200000A:1F90 01 {end} 3 x",
        f"1/net/tcp:   3: 0100000A:01BB 0300000A:C001 01 {end} 4 x",
        f"1/net/tcp:   4: 0100000A:C002 0400000A:1F90 01 {end} 5 x",
        f"1/net/tcp:   5: 0100000A:C003 0500000A:1F90 06 {end} 6 x",
    ]
    lines.append("1/net/tcp:   6: 0100000A:C004 0600000A:1F90 01 0:0 00:0 0 0 0")  # cut off
    links = [f"socket:[{number}]" for number in (1, 2, 3, 4, 6)]
    assert held(lines, links) == (["10.0.0.1 443", "::1 80"], ["10.0.0.2 8080"])


# ---- references


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nginx", Reference("nginx:latest", "latest", "")),
        ("nginx@sha256:ab", Reference("nginx", "", "sha256:ab")),
        ("nginx:1@sha256:ab", Reference("nginx:1", "1", "sha256:ab")),
        ("reg:5000/nginx", Reference("reg:5000/nginx:latest", "latest", "")),
        ("0123456789ab", Reference("0123456789ab", "", "0123456789ab")),
        ("sha256:" + "0" * 64, Reference("sha256:" + "0" * 64, "", "sha256:" + "0" * 64)),
        ("0123456789a", Reference("0123456789a:latest", "latest", "")),
        ("0123456789AB", Reference("0123456789AB:latest", "latest", "")),
    ],
)
def test_parts_of_references(text: str, expected: Reference) -> None:
    """Name, tag and digest; an id is a digest of its own, and has no tag."""
    assert Reference.parse(text) == expected


def test_image_of_a_container(world: World) -> None:
    """A beginning of the image's id names that, unless it is also the name of an image."""
    world.description["Reference"] = "1111"
    assert _only(world).configuration.image == Reference("1111", "", IMAGE)
    names = ((IMAGE, None), ("sha256:" + "2" * 64, ["a:1", "1111:latest"]))
    world.images = [{"Id": identifier, "RepoTags": tags, "Config": {}} for identifier, tags in names]
    assert _only(world).configuration.image == Reference("1111:latest", "latest", "")
    world.description["Reference"] = "2222"
    assert _only(world).configuration.image == Reference("2222:latest", "latest", "")


# ---- an engine that says nothing of itself


@pytest.mark.parametrize(
    ("said", "stderr", "told"),
    [
        ("{}", "", "docker info: the engine did not describe itself"),
        ("5", " \n", "docker info: the engine did not describe itself"),
        ("5", "\nsome error\nmore", "the engine does not answer: some error"),
        ('{"ServerErrors": ["", "no route"]}', "other", "the engine does not answer: no route"),
        ('{"ServerErrors": null}', "other", "the engine does not answer: other"),
        ('{"ServerErrors": "x"}', "other", "the engine does not answer: other"),
    ],
)
def test_engine_without_words(said: str, stderr: str, told: str) -> None:
    """An error with the first thing that the engine or the command said."""
    answers = {
        "engine_presence": Answer("engine_presence", 0, "command docker /usr/bin/docker", ""),
        "docker_info": Answer("docker_info", 0, said, stderr),
    }
    with pytest.raises(EvidenceError, match=f"^{told}$"):
        Engine.of(Recording("local", "local", answers))


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("NAME=a\nPRETTY_NAME='A = 1'", "A = 1"),
        ('PRETTY_NAME="XA X"', "XA X"),
        ("NAME=a\nID=b", "a"),
        ("ID=b", ""),
        (None, ""),
    ],
)
def test_name_of_the_system(said: str | None, name: str) -> None:
    """As it calls itself; nothing where it does not."""
    answer = Answer("os_release", 0 if said else 1, said or "", "")
    assert os_name(Recording("local", "local", {"os_release": answer})) == name
