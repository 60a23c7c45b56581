"""What a container sees of the host's files."""

from __future__ import annotations

from typing import Any

import pytest

from hullcheck.facts.containers.sources import HostMount
from hullcheck.policy import Policy
from selftests.kit.facts.container_host import (
    HOST_CONFIG,
    HOST_MOUNTS,
    OWN,
    ContainerHost,
    bind_mount,
)


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
def test_mounts_by_what_they_show(world: ContainerHost, source: str, mounted: str, verdict: str) -> None:
    """5.6: the file system and the folder in the mount table decide, whatever the source is called."""
    world.description["Mounts"] = [bind_mount(source)]
    device, root = mounted.split()
    world.mounts.append(f"31 30 {device} {root} /x rw - ext4 /dev/sda1 rw")
    assert world.judge("5.6")[0] == verdict


def test_mount_of_another_place_in_the_configured_one(world: ContainerHost) -> None:
    """5.6, 5.32: what was mounted below a harmless source counts too."""
    world.description["Mounts"] = [bind_mount("/srv/data")]
    world.mounts += [
        "31 30 8:1 /srv/data /x rw - ext4 /dev/sda1 rw",
        "32 31 0:20 /docker.sock /x/a rw - tmpfs tmpfs rw",
    ]
    assert world.judge("5.6") == ("fail", "mounts /run/docker.sock of the host at /x/a")
    assert world.judge("5.32") == ("fail", "can reach /run/docker.sock")
    world.mounts[-1] = "32 31 8:1 /root/.ssh /x/a\\040b rw - ext4 /dev/sda1 rw"
    assert world.judge("5.6") == ("fail", "mounts /root/.ssh of the host at /x/a b")
    assert world.judge("5.32")[0] == "pass"


@pytest.mark.parametrize(
    ("pipe", "mount", "verdict"),
    [
        ("/srv/app/run", {}, "manual"),
        ("/srv/app", {}, "manual"),
        ("/srv/data/run", {"Source": "/srv/link"}, "manual"),
        ("/srv/app/x/run", {}, "pass"),
        ("/srv/application", {}, "pass"),
        ("/var/lib/docker/volumes/v/_data/run", {"Type": "volume", "Name": "v"}, "pass"),
    ],
)
def test_named_pipe(world: ContainerHost, pipe: str, mount: dict[str, Any], verdict: str) -> None:
    """5.6: what reads from a pipe of the host may be told to do anything; those in its own volumes are its own."""
    world.description["Mounts"] = [bind_mount("/srv/app", **mount)]
    world.volumes = [{"Name": "v", "Driver": "local", "Options": None}]
    world.stop()
    world.paths = ["real /srv/app\t/srv/app", "real /srv/link\t/srv/data", f"pipe {pipe}"]
    found, reason = world.judge("5.6")
    assert found == verdict
    if verdict == "manual":
        assert reason == f"can write to {pipe} of the host, a named pipe: what does its reader do?"
        world.policy = Policy(allowed_mounts=(pipe,))
        assert world.judge("5.6")[0] == "pass"


def test_named_pipes_that_were_not_listed(world: ContainerHost) -> None:
    """5.6: nobody knows whether there is one, where the host was too slow; who is given nothing of it has none."""
    world.paths = ["real /srv/app\t/srv/app", "pipes unread"]
    world.stop()
    assert world.judge("5.6")[0] == "pass"
    world.description["Mounts"] = [bind_mount("/srv/app")]
    assert world.judge("5.6") == (
        "error",
        "the named pipes in what is mounted could not be listed in time",
    )


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("0:90 / /x rw - debugfs none rw", ("fail", "mounts /sys/kernel/debug of the host at /x")),
        (
            "0:90 /usb /sys/kernel/debug rw - debugfs none rw",
            ("fail", "mounts /sys/kernel/debug/usb of the host at /sys/kernel/debug"),
        ),
        ("0:90 / /dev rw - devtmpfs none rw", ("fail", "mounts /dev of the host at /dev")),
        ("0:90 / /x rw - sysfs none rw", ("fail", "mounts /sys of the host at /x")),
        (
            "0:90 / /x rw - proc none rw",
            ("manual", "has a view of the kernel at /x (proc): is it of the host?"),
        ),
        (
            "0:90 / /x rw - cgroup none rw,memory",
            ("fail", "can write to control groups of the host at /x"),
        ),
        (
            "0:90 / /x ro - cgroup none rw,memory",
            ("manual", "has a view of the kernel at /x (cgroup): is it of the host?"),
        ),
        ("0:90 /sys /proc/sys ro - proc none rw", ("pass", "")),
        ("0:90 / /sys/fs/cgroup/memory ro - cgroup none rw,memory", ("pass", "")),
        ("0:90 / /sys ro - sysfs none rw", ("pass", "")),
        ("0:90 /null /dev/null rw - devtmpfs none rw", ("pass", "")),
        ("0:90 / /x rw - tmpfs none rw", ("pass", "")),
    ],
)
def test_view_of_the_kernel(world: ContainerHost, line: str, verdict: tuple[str, str]) -> None:
    """5.6: a view of the kernel shows the host wherever it is mounted, and a container has its own in few places."""
    world.mounts.append(f"40 30 {line}")
    assert world.judge("5.6") == verdict


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("0:6 /kmsg /dev/kmsg rw - devtmpfs udev rw", "fail"),
        ("0:6 /dri/card0 /x rw - devtmpfs udev rw", "fail"),
        ("0:6 /null /proc/kcore rw - devtmpfs udev rw", "pass"),
        ("0:24 / /dev/shm rw - tmpfs shm rw", "pass"),
        ("0:91 / /dev/shm rw - tmpfs shm rw", "pass"),
    ],
)
def test_device_that_was_mounted(world: ContainerHost, line: str, verdict: str) -> None:
    """5.18: a device of the host is one however it came in; the shared memory of the host is none."""
    world.daemon.table = (*HOST_MOUNTS, "25 1 0:24 / /dev/shm rw - tmpfs shm rw")
    world.mounts.append(f"40 30 {line}")
    assert world.judge("5.18")[0] == verdict


def test_volume_that_is_a_view_of_the_kernel(world: ContainerHost) -> None:
    """5.6: a volume of such a kind counts before it is mounted; of a relative folder nobody knows where that is."""
    folder = "/var/lib/docker/volumes/v/_data"
    world.description |= {"Running": False, "Pid": 0, "Status": "created"}
    world.description["Mounts"] = [{"Type": "volume", "Name": "v", "Source": folder, "Destination": "/v"}]
    world.paths = [f"real {folder}\t{folder}"]
    world.volumes = [{"Name": "v", "Driver": "local", "Options": {"type": "proc", "device": "proc"}}]
    assert world.judge("5.6") == ("fail", "mounts /proc of the host at /v")
    world.volumes = [
        {"Name": "v", "Driver": "local", "Options": {"type": "none", "device": "etc", "o": "bind"}}
    ]
    assert world.judge("5.6")[0] == "error"
    world.volumes = [
        {"Name": "v", "Driver": "local", "Options": {"type": "nfs", "device": ":/etc", "o": "addr=10.0.0.1"}}
    ]
    assert world.judge("5.6") == ("pass", "")


def test_files_that_the_engine_writes_into_a_volume(world: ContainerHost) -> None:
    """5.6: a volume on /etc gets the same three files as any container, which are no folder of the host."""
    world.description["Mounts"] = [bind_mount("/srv/etc") | {"Destination": "/etc"}]
    world.mounts += [
        "31 30 8:1 /srv/etc /etc rw - ext4 /dev/sda1 rw",
        f"32 31 8:1 /var/lib/docker/containers/{'a' * 64}/hosts /etc/hosts rw - ext4 /dev/sda1 rw",
    ]
    assert world.judge("5.6")[0] == "pass"
    world.mounts[-1] = "32 31 8:1 /etc/passwd /etc/hosts rw - ext4 /dev/sda1 rw"
    assert world.judge("5.6")[0] == "fail"
    world.mounts[-1] = f"32 31 8:1 /var/lib/docker/containers/{'a' * 64}/hosts /etc/x rw - ext4 /dev/sda1 rw"
    assert world.judge("5.6")[0] == "fail"


def test_mount_tables_that_may_not_be_read(world: ContainerHost) -> None:
    """5.6, 5.13, 5.20, 5.32: a pass needs the mount tables of the container and of the daemon."""
    world.description["Mounts"] = [bind_mount("/srv/data")]
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


def test_root_that_was_made_writable(world: ContainerHost) -> None:
    """5.13: the mount table has the last word."""
    world.config["ReadonlyRootfs"] = True
    assert world.judge("5.13") == ("fail", "its root file system can be written to")


def test_sharing_inside_the_container(world: ContainerHost) -> None:
    """5.20: only a group of mounts in which the host is reaches the host."""
    world.description["Mounts"] = [bind_mount("/srv/data")]
    world.mounts.append("31 30 8:1 /srv/data /x rw shared:77 - ext4 /dev/sda1 rw")
    assert world.judge("5.20")[0] == "pass"
    world.mounts[-1] = "31 30 8:1 /srv/data /x rw shared:1 - ext4 /dev/sda1 rw"
    assert world.judge("5.20") == ("fail", "shares /x")


def test_folders_of_the_engine(world: ContainerHost) -> None:
    """5.6: what the engine puts into a container is no folder of the host that was asked for, whatever is below."""
    engine = f"/var/lib/docker/containers/{'a' * 64}"
    world.mounts += [
        f"31 30 8:1 {engine}/resolv.conf /etc/resolv.conf rw - ext4 /dev/sda1 rw",
        f"36 30 8:1 {engine}/hosts//deleted /etc/hosts rw - ext4 /dev/sda1 rw",  # of one that is gone
        f"32 30 0:20 /containers/{'a' * 64}/mounts/secrets /run/secrets rw - tmpfs tmpfs rw",
        "33 30 8:1 /usr/bin/docker-init /sbin/docker-init ro - ext4 /dev/sda1 rw",
        "34 30 8:1 /proc /proc/x rw - ext4 /dev/sda1 rw",
    ]
    assert world.judge("5.6")[0] == "pass"
    world.mounts.append("35 30 8:1 /etc /y rw - ext4 /dev/sda1 rw")
    assert world.judge("5.6") == ("fail", "mounts /etc of the host at /y")


def test_secrets_of_a_service(world: ContainerHost) -> None:
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


def test_names_of_what_is_mounted(world: ContainerHost) -> None:
    """A source counts as it is written and by where it leads; what cannot be followed is named in the reason."""
    folder = "/var/lib/docker/volumes/v/_data"
    world.description["Mounts"] = [
        bind_mount("/srv/link"),
        {"Type": "volume", "Name": "v", "Source": folder, "Destination": "/v"},
    ]
    world.volumes = [{"Name": "v", "Driver": "local", "Options": {"device": "/srv/b", "o": "bind"}}]
    world.paths = ["real /srv/link\t/srv/a", "real /srv/b\t/srv/c"]
    assert world.container.mounts.configured == (
        HostMount("/x", frozenset({"/srv/link", "/srv/a"}), "bind"),
        HostMount("/v", frozenset({"/srv/b", "/srv/c"}), "volume"),
    )
    world.mounts += [
        "31 30 8:1 /srv/a /x rw - ext4 /dev/sda1 rw",
        "32 30 8:1 /srv/c /v rw - ext4 /dev/sda1 rw",
    ]
    world.daemon.table = (*HOST_MOUNTS, f"22 20 8:1 /srv/c {folder} rw - ext4 /dev/sda1 rw")
    assert world.container.mounts.visible == (
        HostMount("/x", frozenset({"/srv/a"}), "bind"),
        HostMount("/v", frozenset({"/srv/c"}), "volume"),
    )
    world.mounts[-1] = "32 30 0:99 / /v rw - overlay overlay rw"
    assert world.container.mounts.visible[1:] == (HostMount("/v", frozenset({"/srv/c"}), "volume"),)
    world.volumes = []
    assert world.judge("5.6") == ("error", "the engine does not describe the volume v")
    world.stop()
    del world.description["Mounts"][1], world.paths[0]
    told = "the source /srv/link could not be followed: it does not exist, or may not be seen"
    assert world.judge("5.6") == ("error", told)


@pytest.mark.parametrize(("kind", "field"), [("bind", "Source"), ("volume", "Name")])
def test_mount_without_what_it_is_of(world: ContainerHost, kind: str, field: str) -> None:
    """The engine says of each kind where it comes from; what lacks it is damaged."""
    mount = {"Type": kind, "Name": "v", "Source": "/v", "Destination": "/v"}
    del mount[field]
    world.description["Mounts"] = [mount]
    assert world.judge("5.6") == ("error", f"docker inspect: Mounts.0.{field} is missing")


def test_where_a_container_can_write(world: ContainerHost) -> None:
    """By its configuration, and by what else its mount table has; not what the engine puts there."""
    engine = f"/data/containers/{'a' * 64}"
    world.description["Mounts"] = [
        bind_mount("/srv/data", RW=True),
        {"Type": "volume", "Name": "0a" * 32, "Source": "/v", "Destination": "/v", "RW": True},
        {"Type": "volume", "Name": "0A" * 32, "Source": "/w", "Destination": "/w", "RW": True},
        {"Type": "volume", "Name": None, "Source": "/n", "Destination": "/n", "RW": True},
        {"Type": "volume", "Name": "r", "Source": "/r", "Destination": "/r", "RW": False},
    ]
    world.volumes = [{"Name": "0A" * 32, "Driver": "local", "Options": None}]
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
    assert world.container.mounts.writable == expected | {"/more": "tmpfs"}
    world.stop()
    assert world.container.mounts.writable == expected


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("8:1 /etc /dev/late rw - ext4 /dev/sda1 rw", "fail"),
        ("8:1 /etc /proc/late rw - ext4 /dev/sda1 rw", "fail"),
        ("8:1 /root /sys/fs/cgroup/x ro - ext4 /dev/sda1 rw", "fail"),
        ("8:1 /srv/data /dev/late rw - ext4 /dev/sda1 rw", "pass"),
        ("0:7 / /dev/shm rw - tmpfs shm rw", "pass"),
        ("0:24 / /dev/shm rw - tmpfs shm rw", "fail"),
        ("0:24 /a /dev/shm/b rw - tmpfs shm rw", "fail"),
        ("0:25 / /dev/mqueue rw - mqueue mqueue rw", "fail"),
        ("0:8 / /dev/mqueue rw - mqueue mqueue rw", "pass"),
        ("0:8 / /tmp rw - mqueue mqueue rw", "manual"),
        ("0:6 /null /proc/kcore rw - devtmpfs udev rw", "pass"),
        ("0:6 /full /dev/full rw - devtmpfs udev rw", "pass"),
        ("0:21 /docker/x /sys/fs/cgroup/memory ro - cgroup cgroup rw", "pass"),
    ],
)
def test_folder_of_the_host_among_those_of_the_kernel(world: ContainerHost, line: str, verdict: str) -> None:
    """5.6: what somebody mounts below /dev, /proc or /sys past the engine may be any folder of the host."""
    world.daemon.table = (
        *world.daemon.table,
        "22 20 0:6 / /dev rw shared:3 - devtmpfs udev rw",
        "23 20 0:21 / /sys/fs/cgroup/memory rw - cgroup cgroup rw",
        "24 20 0:24 / /dev/shm rw - tmpfs shm rw",
        "25 20 0:25 / /dev/mqueue rw - mqueue mqueue rw",
    )
    world.mounts.append(f"31 30 {line}")
    assert world.judge("5.6")[0] == verdict
    shared = verdict == "fail" and ("/dev/shm" in line or "/dev/mqueue" in line)
    assert world.judge("5.17")[0] == ("fail" if shared else "pass")


def test_mount_that_is_shared_past_the_engine(world: ContainerHost) -> None:
    """5.20: a container without mounts of its own may get one that propagates to the host."""
    assert world.judge("5.20")[0] == "not applicable"
    world.mounts.append("31 30 8:1 /srv/data /late rw shared:1 - ext4 /dev/sda1 rw")
    assert world.judge("5.20") == ("fail", "shares /late")
    world.stop()
    assert world.judge("5.20")[0] == "not applicable"


def test_two_mounts_at_one_place(world: ContainerHost) -> None:
    """5.6: what is mounted below two configured mounts belongs to the nearer one."""
    folder = "/var/lib/docker/volumes/v/_data"
    world.description["Mounts"] = [
        {"Type": "volume", "Name": "v", "Source": folder, "Destination": "/x/longer"},
        bind_mount("/srv/data"),
    ]
    world.volumes = [{"Name": "v", "Driver": "local", "Options": None}]
    world.mounts += [
        "31 30 8:1 /srv/data /x rw - ext4 /dev/sda1 rw",
        f"32 31 8:1 {folder} /x/longer rw - ext4 /dev/sda1 rw",
    ]
    assert [(each.destination, each.kind) for each in world.container.mounts.visible] == [
        ("/x", "bind"),
        ("/x/longer", "volume"),
    ]
    world.description["Mounts"].reverse()
    assert [each.kind for each in world.container.mounts.visible] == ["bind", "volume"]
    world.description["Mounts"] = []
    assert [each.kind for each in world.container.mounts.visible] == ["", ""]


def test_mounts_of_a_stopped_container(world: ContainerHost) -> None:
    """What will be mounted, each with its place and kind."""
    world.stop()
    folder = "/var/lib/docker/volumes/v/_data"
    world.description["Mounts"] = [
        {"Type": "volume", "Name": "v", "Source": folder, "Destination": "/v"},
        bind_mount("/srv/data"),
        {"Type": "tmpfs", "Source": "", "Destination": "/t"},
    ]
    world.volumes = [{"Name": "v", "Driver": "local", "Options": None}]
    world.paths = [f"real {path}\t{path}" for path in (folder, "/srv/data")]
    assert world.container.mounts.visible == (
        HostMount("/v", frozenset({folder}), "volume"),
        HostMount("/x", frozenset({"/srv/data"}), "bind"),
    )


OTHER = f"container:{'d' * 64}"


@pytest.mark.parametrize(
    ("network", "number", "verdict"),
    [("host", 1, "fail"), ("bridge", 12, "pass"), (OTHER, 12, "pass"), (OTHER, 1, "fail")],
)
def test_abstract_socket_of_an_engine(world: ContainerHost, network: str, number: int, verdict: str) -> None:
    """5.32: a socket that is no file is reached from the host's network, without a mount."""
    world.others = [{**world.description, "Id": "d" * 64, "Name": "/other", "Running": False, "Pid": 0}]
    world.description["HostConfig"] = {**HOST_CONFIG, "NetworkMode": network}
    world.links = {**OWN, "net": number}
    assert world.judge("5.32")[0] == "pass"
    world.daemon.endpoints.api_sockets = ("/run/docker.sock", "@engine")
    assert world.judge("5.32") == (verdict, "can reach @engine" if verdict == "fail" else "")


def test_second_link_of_a_socket(world: ContainerHost) -> None:
    """5.32: a socket of an engine that has another hard link may be anywhere in what is mounted."""
    world.description["Mounts"] = [bind_mount("/srv/data")]
    world.mounts.append("31 30 8:1 /srv/data /x rw - ext4 /dev/sda1 rw")
    world.paths = ["socket 8:77 1 /run/docker.sock"]
    assert world.judge("5.32")[0] == "pass"
    world.paths = ["socket 8:77 2 /run/docker.sock"]
    told = "/run/docker.sock has another hard link, which may be in /x"
    assert world.judge("5.32") == ("error", told)
    world.paths.append("socket 8:77 2 /srv/data/s")
    assert world.judge("5.32") == ("fail", "can reach /srv/data/s")


def test_socket_of_an_engine_that_left_its_place(world: ContainerHost) -> None:
    """5.32: it may be in any mount, under another name."""
    world.listen("/run/docker.sock", 7, "dockerd")
    world.description["Mounts"] = [
        {"Type": "bind", "Source": "/srv", "Destination": "/x", "RW": True, "Propagation": "rprivate"}
    ]
    world.mounts.append("31 30 8:1 /srv /x rw - ext4 /dev/vda1 rw")
    world.paths += ["real /srv\t/srv", "socket 25:1 1 /run/docker.sock"]
    assert world.judge("5.32")[0] == "pass"
    world.paths.pop()
    unknown = (
        "whether it can reach /run/docker.sock through /x is unknown: that socket was moved or replaced after it was"
        " made; restart the engine, and audit again"
    )
    assert world.judge("5.32") == ("error", unknown)
    world.paths.append("socket 25:1 1 /run/docker.sock")
    world.replaced_sockets = ["/run/docker.sock"]  # another's file lies there now
    assert world.judge("5.32") == ("error", unknown)
    world.description["Mounts"], world.mounts = [], world.mounts[:1]
    assert world.judge("5.32")[0] == "pass"


@pytest.mark.parametrize(
    ("lines", "verdict"),
    [
        (("0:90 / /proc rw - proc proc rw", "0:90 /sys /proc/sys ro - proc proc rw"), "pass"),
        (("0:90 / /proc ro - proc proc rw",), "pass"),
        (("0:90 / /proc rw - proc proc rw",), "manual"),
        (("0:90 / /proc rw - proc proc rw", "0:90 /sys /proc/sys rw - proc proc rw"), "manual"),
    ],
)
def test_settings_of_the_kernel_that_are_open(
    world: ContainerHost, lines: tuple[str, ...], verdict: str
) -> None:
    """5.6: most of /proc/sys is of the host, and root of the host's users may write to it."""
    world.mounts += [f"4{number} 30 {line}" for number, line in enumerate(lines)]
    found, reason = world.judge("5.6")
    assert found == verdict, reason
    assert ("/proc/sys (writable)" in reason) == (verdict == "manual")
    world.links = {**world.links, "user": 77}
    assert world.judge("5.6")[0] == "pass"


@pytest.mark.parametrize("running", [True, False])
def test_folder_of_which_the_host_has_a_part_elsewhere(world: ContainerHost, *, running: bool) -> None:
    """5.6: /var/lib/docker may be /data/docker, and who has /data has it; so it is with the top of a btrfs."""
    world.description["Mounts"] = [bind_mount("/data")]
    world.paths = ["real /data\t/data"]
    world.mounts.append("31 30 8:1 /data /x rw - ext4 /dev/sda1 rw")
    if not running:
        world.stop()
    assert world.judge("5.6")[0] == "pass"
    world.daemon.table = (
        *world.daemon.table,
        "22 20 8:1 /data/docker /var/lib/docker rw - ext4 /dev/sda1 rw",
    )
    assert world.judge("5.6") == ("fail", "mounts /var/lib/docker of the host at /x")


@pytest.mark.parametrize("root", ["30 1 0:50 /jail / rw - overlay overlay rw", "30 1 8:9 / / rw - ext4 x rw"])
def test_main_process_that_does_not_see_its_mounts(world: ContainerHost, root: str) -> None:
    """5.6, 5.32: it may have locked itself up, or be a machine; what else runs in it sees all that was asked for."""
    world.description["Mounts"] = [bind_mount("/srv/app")]
    world.paths = ["real /srv/app\t/srv/app", "socket 2049:77 1 /srv/app/engine.sock"]
    world.listen("/srv/app/engine.sock", 900, "dockerd")
    world.mounts[:] = [root]
    assert world.judge("5.32") == ("fail", "can reach /srv/app/engine.sock")


def test_main_process_in_the_root_of_the_host(world: ContainerHost) -> None:
    """5.6: nsenter(1) takes it there."""
    world.mounts[:] = ["30 1 8:1 / / rw - ext4 /dev/sda1 rw"]
    assert world.judge("5.6") == ("fail", "mounts / of the host at /")


@pytest.mark.parametrize(("options", "verdict"), [("rw", "fail"), ("ro", "pass")])
def test_mount_below_a_folder_that_is_read_only(world: ContainerHost, options: str, verdict: str) -> None:
    """The guide: with `bind-recursive=writable`, and before version 25, what is mounted below it is not."""
    world.config["ReadonlyRootfs"] = True
    world.description["Mounts"] = [bind_mount("/srv", RW=False)]
    world.mounts[:] = ["30 1 0:50 / / ro - overlay overlay rw", "31 30 8:1 /srv /x ro - ext4 /dev/sda1 rw"]
    world.mounts.append(f"32 31 0:20 /y /x/y {options} - tmpfs tmpfs rw")
    found = world.judge("container_writes_to_tmpfs_or_named_volumes")
    assert found == (
        verdict,
        "can write to /x/y (/run/y of the host)" if verdict == "fail" else "can write nowhere",
    )


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("31 30 0:90 / /tmp rw - tmpfs tmpfs rw", ""),
        ("32 30 8:1 /srv /tmp rw - ext4 /dev/sda1 rw", "can write to /tmp (/srv of the host)"),
        ("33 30 8:1 /srv /data rw - ext4 /dev/sda1 rw", "can write to /data (/srv of the host)"),
        ("34 30 8:1 /srv /data/x rw - ext4 /dev/sda1 rw", "can write to /data/x (/srv of the host)"),
        ("34 30 8:1 /srv /data/x ro - ext4 /dev/sda1 rw", ""),
    ],
)
def test_mount_over_what_was_asked_for(world: ContainerHost, place: str, expected: str) -> None:
    """The guide: over a tmpfs or a volume, and in it, something else may have been mounted later."""
    folder = "/var/lib/docker/volumes/v/_data"
    world.config.update({"ReadonlyRootfs": True, "Tmpfs": {"/tmp": ""}})
    world.description["Mounts"] = [{"Type": "volume", "Name": "v", "Source": folder, "Destination": "/data"}]
    world.volumes = [{"Name": "v", "Driver": "local", "Options": None}]
    world.mounts[:] = ["30 1 0:50 / / ro - overlay overlay rw"]
    if " / /tmp " not in place:
        world.mounts.append("31 30 0:90 / /tmp rw - tmpfs tmpfs rw")
    world.mounts.append(f"35 30 8:1 {folder} /data rw - ext4 /dev/sda1 rw")
    world.mounts.append(place)
    verdict, reason = world.judge("container_writes_to_tmpfs_or_named_volumes")
    assert (verdict, reason) == (("fail", expected) if expected else ("pass", "/data (volume), /tmp (tmpfs)"))


def test_volume_behind_a_link_of_the_image(world: ContainerHost) -> None:
    """5.6, the guide: /var/run is a link in most images, and what is mounted there lies at /run."""
    folder = "/var/lib/docker/volumes/v/_data"
    world.config["ReadonlyRootfs"] = True
    world.description["Mounts"] = [
        {"Type": "volume", "Name": "v", "Source": folder, "Destination": "/var/run/x"}
    ]
    world.volumes = [{"Name": "v", "Driver": "local", "Options": None}]
    world.mounts[:] = [
        "30 1 0:50 / / ro - overlay overlay rw",
        f"31 30 8:1 {folder} /run/x rw - ext4 /dev/sda1 rw",
    ]
    control = "container_writes_to_tmpfs_or_named_volumes"
    assert world.judge("5.6") == ("pass", "")
    assert world.judge(control) == ("pass", "/var/run/x (volume)")
    world.mounts.append("32 30 8:1 /srv /run/y rw - ext4 /dev/sda1 rw")
    assert world.judge(control) == ("fail", "can write to /run/y (/srv of the host)")
