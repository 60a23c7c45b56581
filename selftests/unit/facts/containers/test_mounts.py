"""What a container sees of the host's files."""

from __future__ import annotations

from typing import Any

import pytest

from hullcheck.facts.containers.mounts import HostMount, WritableMount
from selftests.kit.facts.container_host import HOST_MOUNTS, ContainerHost, bind_mount

FOLDER = "/var/lib/docker/volumes/v/_data"
VOLUME = {"Type": "volume", "Name": "v", "Source": FOLDER, "Destination": "/x", "Propagation": ""}


@pytest.mark.parametrize(
    ("source", "mounted", "verdict"),
    [
        ("/srv/data", "8:1 /srv/data", "pass"),
        ("/srv/data", "8:1 /etc", "fail"),
        ("/etcetera", "8:1 /etcetera", "pass"),
        ("/var", "8:1 /var", "fail"),
        ("/", "8:1 /", "fail"),
        ("/srv/disk", "8:2 /", "pass"),
        ("/usr/share/zoneinfo/UTC", "8:1 /usr/share/zoneinfo/UTC", "fail"),
        ("/opt/app", "8:1 /opt/app", "manual"),
    ],
)
def test_mounts_by_what_they_show(world: ContainerHost, source: str, mounted: str, verdict: str) -> None:
    """5.6: the file system and the folder in the mount table decide, whatever the source is called."""
    world.description["Mounts"] = [bind_mount(source)]
    device, root = mounted.split()
    world.mounts.append(f"31 30 {device} {root} /x rw - ext4 /dev/sda1 rw")
    assert world.judge("5.6")[0] == verdict


@pytest.mark.parametrize(
    ("path", "verdict"),
    [("/etc/localtime", "pass"), ("/etc/timezone", "pass"), ("/etc/passwd", "fail"), ("/etc", "fail")],
)
def test_time_zone(world: ContainerHost, path: str, verdict: str) -> None:
    """5.6: the host's time zone is harmless if it is read-only, running or not."""
    real = "/usr/share/zoneinfo/UTC" if path == "/etc/localtime" else path
    world.paths = [f"real {path}\t{real}"]
    for state in (lambda: None, world.stop):
        state()
        for writable in (False, True):
            world.description["Mounts"] = [bind_mount(path, RW=writable)]
            world.mounts[1:] = [f"31 30 8:1 {real} /x {'rw' if writable else 'ro'} - ext4 /dev/sda1 rw"]
            assert world.judge("5.6")[0] == ("fail" if writable else verdict)


def test_mount_of_another_place_in_the_configured_one(world: ContainerHost) -> None:
    """5.6, 5.32: what was mounted below a harmless source counts too."""
    world.description["Mounts"] = [bind_mount("/srv/data")]
    world.mounts += [
        "31 30 8:1 /srv/data /x rw - ext4 /dev/sda1 rw",
        "32 31 0:20 /docker.sock /x/a\\040b rw - tmpfs tmpfs rw",
    ]
    assert world.judge("5.6") == ("fail", "mounts /run/docker.sock of the host at /x/a b")
    assert world.judge("5.32") == ("fail", "can reach /run/docker.sock")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (None, ("pass", "mounts /var/lib/docker/volumes/v/_data of the host")),
        ({"type": "none", "device": "/etc", "o": "bind"}, ("fail", "mounts /etc of the host at /x")),
        ({"type": "none", "device": "/srv/link", "o": "rw,rbind"}, ("fail", "mounts /etc of the host at /x")),
        ({"type": "none", "device": "/srv/b", "o": "bind"}, ("pass", "mounts /srv/b of the host")),
        (
            {"type": "nfs", "device": ":/etc", "o": "addr=10.0.0.1"},
            ("pass", "mounts /var/lib/docker/volumes/v/_data of the host"),
        ),
        (
            {"type": "ext4", "device": "/dev/sdb1"},
            ("pass", "mounts /var/lib/docker/volumes/v/_data of the host"),
        ),
    ],
)
def test_volume_before_it_is_mounted(
    world: ContainerHost, options: dict[str, str] | None, expected: tuple[str, str]
) -> None:
    """5.6: a volume that binds a folder of the host is that folder; any other is the engine's own."""
    world.stop()
    world.description["Mounts"] = [VOLUME]
    world.volumes = [{"Name": "v", "Driver": "local", "Options": options}]
    world.paths = [
        f"real {FOLDER}\t{FOLDER}",
        "real /srv/link\t/etc",
        "real /etc\t/etc",
        "real /srv/b\t/srv/b",
    ]
    assert world.judge("5.6") == expected
    world.volumes = []
    assert world.judge("5.6") == ("error", "docker inspect does not report the volume v")


def test_names_of_what_is_mounted(world: ContainerHost) -> None:
    """A source counts as it is written and by where it leads; what cannot be followed is named in the reason."""
    world.description["Mounts"] = [bind_mount("/srv/link"), VOLUME | {"Destination": "/v"}]
    world.volumes = [{"Name": "v", "Driver": "local", "Options": {"device": "/srv/b", "o": "bind"}}]
    world.paths = ["real /srv/link\t/srv/a", "real /srv/b\t/srv/c"]
    assert world.container.mounts.configured == (
        HostMount("/x", frozenset({"/srv/link", "/srv/a"}), "bind"),
        HostMount("/v", frozenset({"/srv/b", "/srv/c"}), "volume"),
    )
    world.daemon.table = (*HOST_MOUNTS, f"22 20 8:1 /srv/c {FOLDER} rw - ext4 /dev/sda1 rw")
    world.mounts.append("31 30 8:1 /srv/c /v rw - ext4 /dev/sda1 rw")
    assert set(world.container.mounts.visible) == {
        HostMount("/v", frozenset({"/srv/c"}), "volume"),
        HostMount("/x", frozenset({"/srv/a"}), "bind"),  # which its main process does not see
    }
    del world.paths[0]
    told = "the source /srv/link could not be followed: it does not exist, or may not be seen"
    assert world.judge("5.6") == ("error", told)


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("8:1 {engine}/hosts /etc/hosts rw - ext4 /dev/sda1 rw", "pass"),
        ("8:1 {engine}/hosts//deleted /etc/hosts rw - ext4 /dev/sda1 rw", "pass"),  # of one that is gone
        ("8:1 /etc/passwd /etc/hosts rw - ext4 /dev/sda1 rw", "fail"),
        ("8:1 {engine}/hosts /etc/x rw - ext4 /dev/sda1 rw", "fail"),
    ],
)
def test_files_that_the_engine_writes_into_a_mount(world: ContainerHost, line: str, verdict: str) -> None:
    """5.6: a mount on /etc gets the same three files as any container, which are no folder of the host."""
    world.description["Mounts"] = [bind_mount("/srv/etc") | {"Destination": "/etc"}]
    engine = f"/var/lib/docker/containers/{'a' * 64}"
    world.mounts += ["31 30 8:1 /srv/etc /etc rw - ext4 /dev/sda1 rw", "32 31 " + line.format(engine=engine)]
    assert world.judge("5.6")[0] == verdict


def test_folders_of_the_engine(world: ContainerHost) -> None:
    """5.6: what the engine puts into a container is no folder of the host that was asked for."""
    engine = f"/var/lib/docker/containers/{'a' * 64}"
    world.mounts += [
        f"31 30 8:1 {engine}/resolv.conf /etc/resolv.conf rw - ext4 /dev/sda1 rw",
        f"32 30 0:20 /containers/{'a' * 64}/mounts/secrets /run/secrets rw - tmpfs tmpfs rw",
        "33 30 8:1 /usr/bin/docker-init /sbin/docker-init ro - ext4 /dev/sda1 rw",
        "34 30 0:6 /null /proc/kcore rw - devtmpfs udev rw",
    ]
    assert world.judge("5.6")[0] == "pass"
    world.mounts.append("35 30 8:1 /etc /y rw - ext4 /dev/sda1 rw")
    assert world.judge("5.6") == ("fail", "mounts /etc of the host at /y")


def test_mount_tables_that_may_not_be_read(world: ContainerHost) -> None:
    """5.6, 5.13, 5.32: a pass needs the mount tables of the container and of the daemon."""
    world.description["Mounts"] = [bind_mount("/srv/data")]
    world.config["ReadonlyRootfs"] = True
    numbers = ("5.6", "5.13", "5.32")
    assert world.judge("5.13") == ("fail", "its root file system can be written to")
    world.mounts = ["30 1 0:50 / / ro - overlay overlay rw", "31 30 8:1 /srv/data /x rw - ext4 /dev/sda1 rw"]
    assert [world.judge(number)[0] for number in numbers] == ["pass"] * 3
    world.daemon.readable = False
    assert [world.judge(number)[0] for number in numbers] == ["error", "pass", "error"]
    world.daemon.readable = True
    for mounts in ([], ["nonsense"]):
        world.mounts = mounts
        assert [world.judge(number)[0] for number in numbers] == ["error"] * 3


def test_where_a_container_can_write(world: ContainerHost) -> None:
    """By its configuration: folders of the host, volumes and tmpfs."""
    world.description["Mounts"] = [
        bind_mount("/srv/data", RW=True),
        VOLUME | {"Name": "0a" * 32, "Destination": "/v", "RW": True},
        VOLUME | {"Destination": "/w", "RW": True},
        VOLUME | {"Name": None, "Destination": "/n", "RW": True},
        VOLUME | {"Destination": "/r", "RW": False},
    ]
    world.config["Tmpfs"] = {"/tmp": ""}
    world.volumes = [{"Name": "v", "Driver": "local", "Options": None}]
    assert set(world.container.mounts.writable) == {
        WritableMount("/x", "bind", "/srv/data"),
        WritableMount("/v", "anonymous volume"),
        WritableMount("/w", "volume"),
        WritableMount("/n", "anonymous volume"),
        WritableMount("/tmp", "tmpfs"),
    }


@pytest.mark.parametrize(
    ("source", "lines", "verdict"),
    [
        ("/run/docker.sock", ["socket 20:7 1 /run/docker.sock"], "fail"),
        ("/var/run/docker.sock", ["real /var/run/docker.sock\t/run/docker.sock"], "fail"),
        ("/run", ["socket 20:7 1 /run/docker.sock"], "fail"),
        ("/srv/app", ["socket 81:9 1 /srv/app/engine.sock"], "pass"),
        ("/srv/own.sock", ["socket 20:7 2 /run/docker.sock", "socket 20:7 2 /srv/own.sock"], "fail"),
        ("/run/user/1000", ["socket 21:7 1 /run/user/1000/podman/podman.sock"], "fail"),
        ("/run/crio", ["socket 20:8 1 /run/crio/crio.sock"], "fail"),
        ("/srv/told", [], "fail"),
        ("/srv/data", ["socket 20:7 1 /run/docker.sock"], "pass"),
    ],
)
def test_sockets_by_path_and_inode(world: ContainerHost, source: str, lines: list[str], verdict: str) -> None:
    """5.32: by its usual place, by where the daemon listens, by its folder, by a link, and by another name."""
    world.daemon.endpoints.api_sockets = ("/run/docker.sock", "/srv/told/docker.sock")
    world.description["Mounts"] = [bind_mount(source)]
    world.paths = [f"real {source}\t{source}", *lines]
    world.stop()
    assert world.judge("5.32")[0] == verdict


def test_propagation(world: ContainerHost) -> None:
    """5.20: what the engine says of each mount."""
    cases: dict[str, Any] = {"rprivate": "pass", "rslave": "pass", "shared": "fail", "rshared": "fail"}
    for propagation, verdict in cases.items():
        world.description["Mounts"] = [bind_mount("/srv/data", Propagation=propagation)]
        assert world.judge("5.20")[0] == verdict
    del world.description["Mounts"][0]["Propagation"]
    assert world.judge("5.20")[0] == "error"
