"""How a container runs: processes, namespaces, limits and privileges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from selftests.kit.facts.container_host import HOST, OWN, ContainerHost

Changes = Mapping[str, Any]
ALL, NONE = "000001ffffffffff", "0" * 16
NOTHING = {"CapPrm": NONE, "CapEff": NONE, "CapBnd": NONE}
SSH = [{"HostIp": "0.0.0.0", "HostPort": "2222"}]
LIMITED = {
    "Memory": 1 << 30,
    "PidsLimit": 100,
    "NanoCpus": 5 * 10**8,
    "groups": {"memory.max": str(1 << 30), "pids.max": "100", "cpu.max": "50000 100000"},
}
HARDENED = {"SecurityOpt": ["no-new-privileges"], "NoNewPrivs": "1"}
USERNS = {100: 5, 60: 6}
PODMAN = {"ServerVersion": "5.4.2"}
EXEC = {"PPid": "50"}  # as a child of the shim
OTHER = f"/docker/{'d' * 64}"


def second(user: str = "", **status: str) -> Changes:
    """Another process in the container, of a user by its number."""
    uids = {"Uid": "\t".join([user] * 4)} if user else {}
    return {"status": {60: {**uids, **status}}}


def stored(value: str) -> Changes:
    """A stopped container for which this was settled at its creation."""
    file = f"/var/lib/docker/containers/{'a' * 64}/config.v2.json"
    return {"stopped": True, "extra": [f'{file}:"NoNewPrivileges":{value}']}


def command(*words: str, **more: Any) -> Changes:
    """A stopped container with this command."""
    return {"stopped": True, "Path": words[0], "Args": [*words[1:]], **more}


CASES: list[tuple[str, Changes, str]] = [
    ("4.1", second("1000") | {"Uid": "1000 1000 1000 1000"}, "pass: its processes run as uid 1000"),
    ("4.1", second("0", Name="nginx") | {"Uid": "1000 1000 1000 1000"}, "fail: runs nginx as root"),
    ("4.1", {"Uid": "1000 1000 0 1000"}, "fail: runs sleep as root"),
    *(("4.1", {"Uid": f"{uid} " * 4, "user_map": "0 100000 65536"}, "fail") for uid in (0, 100000)),
    *(("4.1", {"Uid": f"{uid} " * 4, "user_map": "0 100000 65536"}, "pass") for uid in (1, 100001)),
    ("4.1", {"user_map": "1 100000 65536"}, "error: /proc/100/uid_map is damaged: it has no root"),
    ("4.1", {"user_map": "x"}, "error: /proc/100/uid_map is damaged"),
    ("5.4", NOTHING | {"CapDrop": None}, "fail: has or can get NET_RAW"),
    ("5.4", NOTHING | {"CapDrop": ["ALL"]}, "pass: has or can get no capability"),
    ("5.4", {"CapDrop": None} | PODMAN, "pass"),  # its defaults are others
    ("5.4", second(CapEff=ALL), "fail"),
    ("5.4", second(CapEff=ALL) | {"user_namespaces": USERNS}, "pass"),
    ("5.4", second(CapEff=ALL) | {"user_namespaces": {100: 5, 60: 5}}, "fail"),
    ("5.4", second(CapEff=ALL) | {"user_namespaces": {100: 5, 60: 1}}, "fail"),  # that of the host
    ("5.22", second(Seccomp="0"), "fail"),
    ("5.22", second(Seccomp="0") | {"user_namespaces": USERNS}, "pass"),
    ("5.26", HARDENED | second(NoNewPrivs="1"), "pass"),
    ("5.26", HARDENED | second(NoNewPrivs="0"), "fail"),
    ("5.26", {"stopped": True}, "fail"),
    ("5.26", {"stopped": True, "SecurityOptions": ["name=no-new-privileges"]}, "error: the daemon's"),
    ("5.26", stored("true"), "pass"),
    ("5.26", stored("false") | {"SecurityOptions": ["name=no-new-privileges"]}, "fail"),
    ("5.26", {"stopped": True, "SecurityOpt": ["no-new-privileges=perhaps"]}, "error"),
    ("5.7", command("/bin/sh", "-c", "exec /usr/sbin/sshd -D -o x=y"), "fail: would start sshd"),
    ("5.7", command("/bin/sh"), "pass: does not run"),
    ("5.7", second(Name="sshd"), "fail: runs sshd"),
    ("5.7", second(Name="sshd") | {"cgroups": {60: "/"}, "own_namespaces": {60: 99}}, "pass"),
    ("5.7", second(Name="sshd") | {"cgroups": {60: "/"}}, "fail: runs sshd"),  # in its PID namespace
    ("5.7", second(Name="sshd") | {"cgroups": {60: OTHER}, "others+": "d" * 64}, "pass"),
    ("5.7", second(Name="sshd") | {"cgroups": {60: "/"}, "PidMode": "host", "pid": 1}, "pass"),
    ("5.7", second(Name="app") | {"programs": {60: "/usr/local/bin/sshd-custom"}}, "manual: runs"),
    ("5.7", second(Name="sshd") | {"cgroups": {60: "/"}, "pid": 1}, "pass"),
    ("5.7", second(Name="ssh-agent") | {"programs": {60: "/usr/bin/ssh-agent"}}, "pass"),
    ("5.7", {"ExposedPorts": {"22/tcp": {}}}, "manual: opens port 22: check that it is no SSH server"),
    ("5.7", {"Ports": {"22/tcp": SSH}}, "manual"),
    ("5.7", {"PortBindings": {"22/tcp": SSH}, "stopped": True}, "manual"),
    ("5.7", {"PortBindings": {"2222/tcp": SSH}}, "pass"),
    ("5.22", {"seccomp_filter": {"defaultAction": "SCMP_ACT_LOG"}}, "fail: its seccomp profile allows what"),
    ("5.22", {"stopped": True, "seccomp_profile": "unconfined"}, "fail: the daemon gives it no seccomp"),
    (
        "5.22",
        {
            "stopped": True,
            "seccomp_profile": "unconfined",
            "SecurityOpt": ['seccomp={"defaultAction":"SCMP_ACT_ERRNO"}'],
        },
        "pass: its own profile",
    ),
    ("5.22", PODMAN, "pass"),
    (
        "5.23",
        NOTHING | second(PPid="1", CapBnd="00000000a80405fb", CapEff=NONE, CapPrm=NONE),
        "manual: no such process",
    ),
    ("5.23", NOTHING | second(PPid="1", CapBnd=ALL), "fail: processes with more capabilities than the"),
    ("5.23", NOTHING | second(PPid="1", CapBnd=ALL) | {"user_namespaces": USERNS}, "manual"),
    ("5.24", {"Uid": "1000 1000 1000 1000"} | second("0", **EXEC), "fail: processes of root that the"),
    ("5.24", {"Uid": "1000 1000 1000 1000"} | second("0"), "manual: no such process"),  # as by sudo
    ("5.24", HARDENED | {"Uid": "1000 1000 1000 1000", "User": "1000"} | second("0"), "fail: processes of"),
    ("5.24", HARDENED | {"Uid": "1000 1000 1000 1000"} | second("0"), "manual: no such process"),
    ("5.24", {"Uid": "1000 1000 1000 1000"} | second("1000", **EXEC), "manual: no such process"),
    ("5.24", second("0", **EXEC), "manual: no such process"),
    (
        "5.24",
        {"Uid": "1000 1000 1000 1000", "Health": {"Status": "healthy"}} | second("0", **EXEC),
        "manual: processes of root that the container did not start: sleep (pid 60); check that these are its health",
    ),
    (
        "5.24",
        {"Uid": "1000 1000 1000 1000", "Health": {"Status": "healthy"}, "User": "1000"} | second("0", **EXEC),
        "fail: processes of root",
    ),
    *((number, LIMITED, "pass") for number in ("5.11", "5.12", "5.29")),
    *((number, LIMITED | {"groups": {}}, "error") for number in ("5.11", "5.12", "5.29")),
    *(
        (number, LIMITED | {"groups": {"cgroup.controllers": ""}}, "fail")
        for number in ("5.11", "5.12", "5.29")
    ),
    ("5.11", LIMITED | {"CgroupDriver": "none"}, "fail: no memory limit is in force, though 1073741824"),
    ("5.11", LIMITED | {"MemoryLimit": False}, "fail"),
    ("5.11", LIMITED | {"stopped": True}, "pass: limited to 1073741824 bytes once it runs"),
    ("5.12", {"CpuShares": 512}, "fail: no CPU share or limit is in force, though one is set"),
    ("5.12", {"CpuShares": 1024, "cpu.weight": "20"}, "fail: no CPU share or limit is in force, and none"),
    ("5.12", {"CpuQuota": 50000, "stopped": True}, "pass: limited to 0.5 processors once it runs"),
    ("5.29", {"pids.max": "1190"}, "pass: limited to 1190 processes by its control groups, though none is"),
    ("5.29", {"pids.max": "1190", "CgroupDriver": "systemd"}, "fail: no process limit is in force, and"),
    ("5.29", {"pids.max": "1190", "CgroupDriver": "systemd", "PidsLimit": 1190}, "pass"),
    ("5.10", PODMAN, "pass"),
    ("5.10", PODMAN | {"net": 1}, "fail"),
]


@pytest.mark.parametrize(("number", "changes", "expected"), CASES)
def test_running_state(world: ContainerHost, number: str, changes: Changes, expected: str) -> None:
    """Each process counts, but not in a user namespace of its own; a limit is in force in a control group."""
    given = dict(changes)
    if identifier := given.pop("others+", ""):
        world.other(identifier, Running=False, Pid=0)
    assert world.after(given, number).startswith(expected)


def test_container_that_was_started_anew_meanwhile(world: ContainerHost) -> None:
    """The number of its main process belongs to another one now: an error, never a pass."""
    world.cgroups[100] = OTHER
    world.config["CapDrop"] = ["ALL"]
    numbers = (2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 16, 17, 21, 22, 23, 24, 25, 26, 29, 31)
    found = {number: world.judge(f"5.{number}")[0] for number in numbers}
    assert found == dict.fromkeys(numbers, "error")
    world.config["Privileged"] = True
    assert world.judge("5.5")[0] == "fail"


NAMESPACES = [
    ("5.10", "NetworkMode", "net"),
    ("5.16", "PidMode", "pid"),
    ("5.17", "IpcMode", "ipc"),
    ("5.21", "UTSMode", "uts"),
]


@pytest.mark.parametrize(("number", "mode", "name"), NAMESPACES)
def test_namespaces(world: ContainerHost, number: str, mode: str, name: str) -> None:
    """The engine's word may prove that one is shared, not the contrary; a joined container counts."""
    world.links = {}
    assert world.judge(number)[0] == "error"
    world.links, world.daemon.readable = dict(OWN), False
    assert world.judge(number)[0] == "error"
    assert world.after({mode: "host"}, number).startswith("fail")
    world.daemon.readable = True
    world.stop()
    world.config[mode] = f"container:{'e' * 64}"
    told = f"the container {'e' * 64}, whose namespace it joined, is not there"
    assert world.judge(number) == ("error", told)
    world.other(Pid=100, Running=True, Status="running", **{mode: "private"})
    world.cgroups[100] = f"/docker/{'e' * 64}"
    assert world.judge(number)[0] == "pass"
    world.links = OWN | {name: HOST[name]}
    assert world.judge(number)[0] == "fail"
    world.others.clear()
    world.other(Pid=0, Running=False, **{mode: "host"})
    assert world.judge(number)[0] == "fail"


def test_containers_that_joined_each_other(world: ContainerHost) -> None:
    """5.16: a chain without an end is an error."""
    world.stop()
    world.config["PidMode"] = f"container:{'e' * 64}"
    world.other(PidMode=f"container:{'a' * 64}")
    assert world.judge("5.16") == ("error", "it joined containers that joined each other (PidMode)")
