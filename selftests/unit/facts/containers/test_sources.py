"""Where the mounts of containers lead on the host."""

from __future__ import annotations

import pytest

from hullcheck.facts.containers.sources import HostFiles
from selftests.kit.facts.container_host import (
    ContainerHost,
    bind_mount,
)


def test_source_that_cannot_be_followed(world: ContainerHost) -> None:
    """5.6, 5.32: without its real path nothing passes; a path that is bad as it is written fails."""
    world.stop()
    world.description["Mounts"] = [bind_mount("/srv/link")]
    assert [world.judge(number)[0] for number in ("5.6", "5.32")] == ["error", "error"]
    world.paths = ["real /srv/link\t/srv/data"]
    assert [world.judge(number)[0] for number in ("5.6", "5.32")] == ["pass", "pass"]
    world.paths = ["real /srv/link\t/run"]
    assert [world.judge(number)[0] for number in ("5.6", "5.32")] == ["fail", "fail"]
    world.description["Mounts"] = [bind_mount("/etc/ssl")]
    assert world.judge("5.6")[0] == "fail"


def test_numbers_of_a_disk() -> None:
    """stat(1) writes them in hexadecimal, the mounts in decimal."""
    assert HostFiles.parse("disk fd:1a /dev/x").disks == {"/dev/x": "253:26"}


def test_volume_that_the_engine_does_not_describe(world: ContainerHost) -> None:
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
        (
            {"type": "overlay", "o": "lowerdir+=/srv/a,lowerdir+=/etc", "device": "overlay"},
            "mounts /etc of the host at /x",
        ),
        ({"type": "overlay", "o": "lowerdir=/srv/a,workdir=/etc", "device": "overlay"}, ""),
        ({"type": "cifs", "o": "addr=10.0.0.1", "device": "//10.0.0.1/etc"}, ""),
    ],
    ids=str,
)
@pytest.mark.parametrize("running", [True, False])
def test_folders_behind_a_volume(
    world: ContainerHost, options: dict[str, str], expected: str, *, running: bool
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
    world: ContainerHost, device: str, leads_to: str, part: str, expected: str, *, running: bool
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


@pytest.mark.parametrize(
    ("endpoint", "socket"),
    [
        ("unix:///var/run/my.sock", "/run/my.sock"),
        ("unix:///srv/my.sock", "/srv/my.sock"),
    ],
)
def test_socket_to_which_we_talk(world: ContainerHost, endpoint: str, socket: str) -> None:
    """5.32: it counts wherever it is; /var/run is /run."""
    world.endpoint = endpoint
    world.description["Mounts"] = [bind_mount(socket)]
    device, root = ("0:20", socket.removeprefix("/run")) if socket.startswith("/run") else ("8:1", socket)
    world.mounts.append(f"31 30 {device} {root} /x rw - tmpfs tmpfs rw")
    assert world.judge("5.32") == ("fail", f"can reach {socket}")


def test_names_of_files() -> None:
    """A path keeps every letter of its name, and a socket has as many names as links."""
    files = HostFiles.parse("real /a\t/b\nsocket 1:2 2 /run/docker.sock\nsocket 1:2 2 /x/y")
    assert files.same_files({"/x/y"}) == {"/x/y", "/run/docker.sock"}
    assert files.named_twice == {"/x/y", "/run/docker.sock"}
    files = HostFiles.parse("real /a\t/b\tc\nsocket 1:2 1 /run/docker.sock\nsocket 1:3 1 /x/y")
    assert files.path("/a") == "/b\tc"
    assert files.same_files({"/x/y"}) == {"/x/y"}
    assert files.named_twice == frozenset()


@pytest.mark.parametrize("options", ["lowerdir=etc:/srv/a", "lowerdir+=etc", "rbind"])
def test_folder_beside_which_the_daemon_was_started(world: ContainerHost, options: str) -> None:
    """5.6: where a relative path of a volume leads, nobody can tell."""
    folder = "/var/lib/docker/volumes/v/_data"
    world.description["Mounts"] = [{"Type": "volume", "Name": "v", "Source": folder, "Destination": "/x"}]
    kind = (
        {"type": "none", "device": "etc"} if options == "rbind" else {"type": "overlay", "device": "overlay"}
    )
    world.volumes = [{"Name": "v", "Driver": "local", "Options": {**kind, "o": options}}]
    world.paths = [f"real {path}\t{path}" for path in (folder, "/srv/a")]
    world.stop()
    assert world.judge("5.6")[0] == "error"


@pytest.mark.parametrize("device", ["/dev/sda1", "/srv/disk", "//dev/sda1", "/dev/../dev/sda1"])
def test_disk_of_the_host_by_any_name(world: ContainerHost, device: str) -> None:
    """5.6, the guide: a node of a disk may lie anywhere, and a path has many forms."""
    folder = "/var/lib/docker/volumes/v/_data"
    world.config["ReadonlyRootfs"] = True
    world.description["Mounts"] = [{"Type": "volume", "Name": "v", "Source": folder, "Destination": "/x"}]
    world.volumes = [{"Name": "v", "Driver": "local", "Options": {"type": "ext4", "device": device}}]
    world.paths = [f"real {folder}\t{folder}", f"real {device}\t/srv/disk", f"disk 8:1 {device}"]
    world.stop()
    assert world.judge("5.6") == ("fail", "mounts / of the host at /x")
    writes = world.judge("container_writes_to_tmpfs_or_named_volumes")
    assert writes == ("fail", "can write to /x (/ of the host)")
