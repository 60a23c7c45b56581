"""Which sockets of the host a container can reach, by who listens there."""

from __future__ import annotations

import pytest

from hullcheck.facts.containers.sockets.host import HostSocket
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.container_host import STATUS, ContainerHost, bind_mount


def mount(world: ContainerHost, source: str, line: str = "") -> None:
    """The container sees a folder of the host at /x."""
    world.description["Mounts"] = [bind_mount(source)]
    world.mounts.append(line or f"31 30 8:1 {source} /x rw - ext4 /dev/sda1 rw")


@pytest.mark.parametrize(
    ("program", "verdicts"),
    [
        *(
            (name, ("pass", "fail"))
            for name in ("dockerd", "podman", "crio", "containerd", "containerd-shim")
        ),
        *((name, ("pass", "fail")) for name in ("buildkitd", "k3s-server", "cri-dockerd", "lxd", "incusd")),
        *(
            (name, ("fail", "pass"))
            for name in ("dbus-daemon", "libvirtd", "snapd", "systemd-udevd", "virtqemud")
        ),
        ("systemd", ("manual", "manual")),
        ("agent", ("manual", "pass")),
    ],
)
def test_socket_by_who_listens(world: ContainerHost, program: str, verdicts: tuple[str, str]) -> None:
    """5.6, 5.32: an engine or a service of root that answers there decides, at any path."""
    mount(world, "/srv/app")
    world.listen("/srv/app/deep/x.sock", 7, program)
    assert (world.judge("5.6")[0], world.judge("5.32")[0]) == verdicts
    world.mounts[-1] = "31 30 8:1 /srv/other /x rw - ext4 /dev/sda1 rw"
    assert (world.judge("5.6")[0], world.judge("5.32")[0]) == ("pass", "pass")


def test_socket_of_a_service_that_is_not_root(world: ContainerHost) -> None:
    """5.6: a database of the host that listens as a user of its own may be used; so may what runs in a container."""
    mount(world, "/srv/app")
    world.listen("/srv/app/x.sock", 7, "mysqld", Uid="27\t27\t27\t27")
    world.listen("/srv/app/y.sock", 8, "php-fpm", inode=901)
    world.cgroups[8] = (f"0::/docker/{'d' * 64}",)
    assert world.judge("5.6")[0] == "pass"
    world.cgroups[8] = ("0::/system.slice/php.service",)
    assert world.judge("5.6") == (
        "manual",
        "mounts what services of the host own: /srv/app/y.sock of php-fpm",
    )


def test_socket_of_an_engine_in_a_container(world: ContainerHost) -> None:
    """5.32: an engine that runs in a container listens at a path of that; its mounts say where that is on the host."""
    mount(world, "/srv/shared")
    world.mounts.append("32 30 8:1 /srv/shared /run/inner rw - ext4 /dev/sda1 rw")
    world.description["Mounts"].append(bind_mount("/srv/shared") | {"Destination": "/run/inner"})
    world.listen("/run/inner/docker.sock", 101, "dockerd")
    world.cgroups[101] = (f"0::/docker/{'a' * 64}",)
    assert world.judge("5.32") == ("fail", "can reach /srv/shared/docker.sock")


def test_link_on_the_way_to_a_socket(world: ContainerHost) -> None:
    """5.32: a socket lies where its path leads."""
    mount(world, "/srv/app")
    world.listen("/srv/link/x.sock", 7, "crio")
    assert world.judge("5.32")[0] == "pass"
    world.sockets.append("real:/srv/link/x.sock\t/srv/app/x.sock")
    assert world.judge("5.32") == ("fail", "can reach /srv/app/x.sock")


def test_listeners_that_may_not_be_seen(world: ContainerHost) -> None:
    """5.6, 5.32: whose socket it is, is not known; where there is none in its mounts nothing is missing."""
    mount(world, "/srv/app")
    world.listen("/srv/app/x.sock", 7, "agent")
    del world.sockets[-1]
    world.complete = False
    assert [world.judge(number)[0] for number in ("5.6", "5.32")] == ["error", "error"]
    world.mounts[-1] = "31 30 8:1 /srv/other /x rw - ext4 /dev/sda1 rw"
    assert [world.judge(number)[0] for number in ("5.6", "5.32")] == ["pass", "pass"]
    world.lost = 1
    assert [world.judge(number)[0] for number in ("5.6", "5.32")] == ["error", "error"]


@pytest.mark.parametrize(
    ("source", "verdict"),
    [
        ("/run/user/1000", "manual"),
        ("/run/user/1000/podman", "manual"),
        ("/run/user", "manual"),
        ("/run/crio", "manual"),
        ("/run/podman", "manual"),
        ("/run/user/1000/pulse", "pass"),
        ("/srv/user", "pass"),
    ],
)
def test_place_of_a_socket(world: ContainerHost, source: str, verdict: str) -> None:
    """5.32: an engine that starts tomorrow listens in the folder that the container sees today."""
    line = f"31 30 0:20 {source.removeprefix('/run')} /x rw - tmpfs tmpfs rw"
    mount(world, source, line if source.startswith("/run") else "")
    assert world.judge("5.32")[0] == verdict


def test_recording_without_listeners(world: ContainerHost) -> None:
    """5.6, 5.32: what was not asked is no pass."""
    mount(world, "/srv/app")
    world.status[7] = dict(STATUS)
    facts = world.facts
    del facts.recording.answers["unix_sockets"]
    (container,) = (each for _, each in facts.container)
    with pytest.raises(EvidenceError):
        _ = container.sockets.engines


@pytest.mark.parametrize(
    ("programs", "engine", "service", "waits"),
    [
        (("dockerd",), True, False, False),
        (("web", "containerd-shim"), True, False, False),
        (("systemd-logind",), False, True, False),
        (("systemd",), False, False, True),
        (("systemd", "dockerd"), True, False, False),
        ((), False, False, False),
    ],
)
def test_kinds_of_programs(programs: tuple[str, ...], engine: bool, service: bool, waits: bool) -> None:
    """One program among those that listen is enough; systemd alone waits for another."""
    found = HostSocket(frozenset(), frozenset(programs), by_root=True, passes_on=lambda: False)
    kinds = (found.is_of_an_engine, found.is_of_a_known_service, found.waits_for_a_service)
    assert kinds == (engine, service, waits)


@pytest.mark.parametrize("running", [True, False])
def test_socket_of_a_program_that_passes_commands_on(world: ContainerHost, *, running: bool) -> None:
    """5.32: who listens there, whoever he is, may pass on to the engine what he takes."""
    world.description["Mounts"] = [bind_mount("/srv/app")]
    world.paths = ["real /srv/app\t/srv/app"]
    world.mounts.append("31 30 8:1 /srv/app /x rw - ext4 /dev/sda1 rw")
    world.listen("/srv/app/x.sock", 900, "socat", Uid="1000\t1000\t1000\t1000")
    if not running:
        world.stop()
    assert world.judge("5.32")[0] == "pass"
    world.relayed_sockets = ["/srv/app/x.sock"]
    said = "can reach /srv/app/x.sock of socat, which may pass commands on to the engine: which ones?"
    assert world.judge("5.32") == ("manual", said)
