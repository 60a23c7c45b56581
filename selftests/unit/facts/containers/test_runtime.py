"""How a container runs: processes, namespaces and privileges."""

from __future__ import annotations

import copy

import pytest

from selftests.kit.facts.container_host import (
    OWN,
    STATUS,
    ContainerHost,
)


def test_container_that_was_started_anew_meanwhile(world: ContainerHost) -> None:
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


def test_command_of_a_stopped_container(world: ContainerHost) -> None:
    """5.7: an SSH server counts wherever the command names it; other arguments are not kept."""
    world.description.update({"Running": False, "Pid": 0, "Status": "exited", "Path": "/bin/sh"})
    world.description["Args"] = ["-c", "exec /usr/sbin/sshd -D -o x=hunter2"]
    assert "hunter2" not in world.facts.recording.answers["containers"].stdout
    assert world.judge("5.7")[0] == "fail"
    world.description["Args"] = []
    assert world.judge("5.7")[0] == "pass"


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [
        ("app", "/usr/local/bin/sshd-custom", "manual"),
        ("dropbear-lts", "/bin/x", "manual"),
        ("sshd.real", "/bin/x", "manual"),
        ("openssh-sshd", "/bin/x", "manual"),
        ("ssh-agent", "/usr/bin/ssh-agent", "pass"),
        ("ssh", "/usr/bin/ssh", "pass"),
    ],
)
def test_server_by_another_name(world: ContainerHost, name: str, path: str, expected: str) -> None:
    """5.7: a program that is called like a server may be one."""
    world.status[60] = STATUS | {"Name": name}
    world.programs[60] = path
    world.cgroups[60] = world.cgroups[100]
    assert world.judge("5.7")[0] == expected


def test_port_of_servers(world: ContainerHost) -> None:
    """5.7: who opens port 22 may run one under any name, now or at its next start."""
    bindings = {"22/tcp": [{"HostIp": "0.0.0.0", "HostPort": "2222"}]}
    for state in (lambda: None, world.stop):
        state()
        for changes in ({"ExposedPorts": {"22/tcp": {}}}, {"Ports": bindings}):
            before = dict(world.description)
            world.description.update(changes)
            told = "opens port 22: check that it is no SSH server"
            assert world.judge("5.7") == ("manual", told)
            world.description.update(before)
        world.config["PortBindings"] = bindings
        assert world.judge("5.7")[0] == "manual"
        world.config["PortBindings"] = {"2222/tcp": bindings["22/tcp"]}
        assert world.judge("5.7")[0] == "pass"


@pytest.mark.parametrize(
    ("uids", "verdict"),
    [
        ("0 0 0 0", "fail"),
        ("1000 1000 1000 1000", "pass"),
        ("1000 0 1000 1000", "fail"),
        ("1000 1000 0 1000", "fail"),
    ],
)
def test_users_of_a_running_container(world: ContainerHost, uids: str, verdict: str) -> None:
    """4.1: every process counts, and every uid of it, whatever user the container was given."""
    world.description["User"] = "1000"
    world.status[100]["Uid"] = "1000 1000 1000 1000"
    world.status[60] = STATUS | {"Name": "nginx", "Uid": uids}
    world.cgroups[60] = world.cgroups[100]
    assert world.judge("4.1") == (
        verdict,
        "runs nginx as root" if verdict == "fail" else "its processes run as uid 1000",
    )


@pytest.mark.parametrize(
    ("uid", "verdict"), [(0, "fail"), (1, "pass"), (100000, "fail"), (100001, "pass"), (99999, "pass")]
)
def test_root_where_users_are_mapped(world: ContainerHost, uid: int, verdict: str) -> None:
    """4.1: root of the container and root of the host are both root."""
    world.user_map = "0 100000 65536"
    world.status[100]["Uid"] = "\t".join([str(uid)] * 4)
    assert world.judge("4.1")[0] == verdict


def test_root_in_a_container(world: ContainerHost) -> None:
    """5.24: a process of root that a shim started beside the main process."""
    world.status[100]["Uid"] = "1000\t1000\t1000\t1000"
    world.status |= {50: STATUS | {"Name": "containerd-shim", "PPid": "1"}, 60: dict(STATUS)}
    world.cgroups[60] = world.cgroups[100]
    world.own_namespaces = {50: 1}
    assert world.judge("5.24") == (
        "fail",
        "processes of root that the container did not start: sleep (pid 60)",
    )
    world.description["Health"] = {"Status": "healthy"}
    verdict, reason = world.judge("5.24")
    assert (verdict, "check that these are its health check" in reason) == ("manual", True)
    world.description["User"] = "1000"
    assert world.judge("5.24")[0] == "fail"
    world.status[60]["Uid"] = world.status[100]["Uid"]
    verdict, reason = world.judge("5.24")
    assert (verdict, reason.partition(";")[0]) == ("manual", "no such process runs now")


@pytest.mark.parametrize(
    ("user", "no_new_privileges", "verdict"),
    [("1000", "1", "manual"), ("1000", "0", "manual"), ("0", "1", "manual"), ("", "1", "manual")],
)
def test_root_below_the_main_process(
    world: ContainerHost, user: str, no_new_privileges: str, verdict: str
) -> None:
    """5.24: one that `docker exec` left behind there, where nothing of the container can become root."""
    world.description["User"] = user
    world.status[100] |= {"Uid": "1000\t1000\t1000\t1000", "NoNewPrivs": no_new_privileges}
    world.status[60] = STATUS | {"PPid": "100"}
    world.cgroups[60] = world.cgroups[100]
    assert world.judge("5.24")[0] == verdict


def test_namespaces_that_may_not_be_read(world: ContainerHost) -> None:
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


def test_namespaces_of_a_joined_container_that_does_not_run(world: ContainerHost) -> None:
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
    ("options", "own", "expected"),
    [
        ((), 1, ("pass", "the daemon remaps no users, so this isolates nothing: see 2.10")),
        (
            ("name=rootless",),
            1,
            ("pass", "the engine is rootless: root in it is the user who runs the engine"),
        ),
        (("name=userns",), 9, ("pass", "does not share the user namespace of the host")),
        (("name=userns",), 1, ("fail", "runs in the user namespace of the host")),
    ],
)
def test_user_namespaces(
    world: ContainerHost, options: tuple[str, ...], own: int, expected: tuple[str, str]
) -> None:
    """5.31: where the daemon remaps users, the kernel has to show it of the container."""
    world.info["SecurityOptions"] += options
    world.links = OWN | {"user": own}
    assert world.judge("5.31") == expected


@pytest.mark.parametrize("number", ["5.11", "5.12", "5.29"])
def test_control_groups_that_may_not_be_read(world: ContainerHost, number: str) -> None:
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


def test_process_limit_of_every_unit(world: ContainerHost) -> None:
    """5.29: what systemd gives to each unit by default is no limit of the container's."""
    world.groups = {"pids.max": "1190"}
    assert world.judge("5.29") == (
        "pass",
        "limited to 1190 processes by its control groups, though none is set",
    )
    world.info["CgroupDriver"] = "systemd"
    assert world.judge("5.29") == ("fail", "no process limit is in force, and none is set")
    world.config["PidsLimit"] = 1190
    assert world.judge("5.29")[0] == "pass"


def test_number_of_processes_that_was_set(world: ContainerHost) -> None:
    """5.29: with systemd the own group counts where a limit was asked for, be it a single process."""
    world.groups = {"pids.max": "1"}
    world.info["CgroupDriver"] = "systemd"
    world.config["PidsLimit"] = 1
    assert world.judge("5.29")[0] == "pass"
