"""Section 1 on facts made by hand: each control fails on the flaw that it names, and on no other."""

from __future__ import annotations

import stat
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from hullcheck.controls.judge import judge
from hullcheck.data.releases import shipped
from hullcheck.facts import Facts
from hullcheck.facts.engine import Engine
from hullcheck.facts.engine.packages import Packages
from hullcheck.facts.engine.release import Release
from hullcheck.facts.files.installation import Places
from hullcheck.facts.files.storage import Storage
from hullcheck.facts.host.accounts import ACCOUNTS, Accounts
from hullcheck.facts.host.file import FileFact, Grant, Node, State
from hullcheck.facts.registry import Later
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing.proc.mountinfo import mount_of
from hullcheck.parsing.proc.mountinfo import parse as parse_mounts
from hullcheck.policy import Hardening, Policy, PolicyError
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
from selftests.kit.files import DIRECTORY, at
from selftests.kit.judging import control
from selftests.unit.criteria.test_audit_coverage import AuditSystem


def verdict(number: str, **arguments: Any) -> tuple[str, str]:
    """What a control says of these facts."""
    (found,) = judge(control(number), arguments, "host")
    return str(found.verdict), found.reason


# ---- audit rules


@pytest.mark.parametrize("number", [f"1.1.{number}" for number in range(3, 19)])
def test_every_control_of_rules(number: str) -> None:
    """Each control judges the file that it is given."""
    import inspect

    (argument,) = [name for name in inspect.signature(control(number)).parameters if name != "audit"]
    good = AuditSystem(("-w /x -p wa",), ("-w /x -p wa",), kinds=("watch",)).audit()
    assert verdict(number, **{argument: at("/x")}, audit=good) == ("pass", "-w /x -p wa")
    assert verdict(number, **{argument: at("/y")}, audit=good) == ("fail", "no rule covers it")
    nothing: Subjects[FileFact] = Subjects("file", (), "there is none")
    assert verdict(number, **{argument: nothing}, audit=good) == ("not applicable", "there is none")
    unread = FileFact("/x", State.UNREAD, doubt="are you root?")
    assert verdict(number, **{argument: unread}, audit=good)[0] == "error"


def test_rule_inside_a_directory() -> None:
    """A rule that leaves out a part of a directory fails it, but in 1.1.5 for overlay2 and volumes."""
    root = at("/data/docker", DIRECTORY)
    rule = "-w /data/docker -p wa"
    for part, found in (
        ("overlay2", "pass"),
        ("volumes/web", "pass"),
        ("containers", "fail"),
        ("overlay2x", "fail"),
    ):
        hidden = f"-a never,exit -S all -F dir=/data/docker/{part}"
        audit = AuditSystem((hidden, rule), (rule,)).audit()
        assert verdict("1.1.5", data_root=root, audit=audit)[0] == found
        assert verdict("1.1.6", configuration_directory=root, audit=audit)[0] == "fail"


# ---- 1.1.1


ROOT = "1 0 8:1 / / rw shared:1 - ext4 /dev/sda1 rw"
VAR = "2 1 8:2 / /var rw shared:2 - ext4 /dev/sda2 rw"
DOCKER = "3 1 8:3 / /var/lib/docker rw shared:3 - xfs /dev/sda3 rw"
ITSELF = "3 1 8:1 /var/lib/docker /var/lib/docker rw - ext4 /dev/sda1 rw"
BOUND = "3 1 8:1 /srv/docker /var/lib/docker rw - ext4 /dev/sda1 rw"
OF_VAR = "3 2 8:2 /docker /var/lib/docker rw - ext4 /dev/sda2 rw"
NUMBERED = "4 3 8:3 / /var/lib/docker/100000.100000 rw - xfs /dev/sda3 rw"
NUMBERED_ITSELF = NUMBERED.replace("8:3 /", "8:3 /100000.100000")
CONTAINERD = "5 1 8:5 / /var/lib/containerd rw - ext4 /dev/sda5 rw"
PART = "3 1 8:3 /docker /var/lib/docker rw - xfs /dev/sda3 rw"
SUBVOLUME = "3 1 0:42 /@docker /var/lib/docker rw - btrfs /dev/sda3 rw,ssd,subvolid=256,subvol=/@docker"


class _Places(Places):
    """Places by hand."""

    root: str
    containerd: str
    links: tuple[FileFact, ...] | None

    def __init__(self, root: str, containerd: str, links: tuple[FileFact, ...] | None) -> None:
        object.__setattr__(self, "root", root)
        object.__setattr__(self, "containerd", containerd)
        object.__setattr__(self, "links", links)

    def data_root(self) -> Subjects[FileFact]:
        return Subjects("file", ((self.root, at(self.root, DIRECTORY)),))

    def data_root_links(self) -> tuple[FileFact, ...]:
        if self.links is None:
            raise EvidenceError("may not be listed")
        return self.links

    @property
    def containerd_roots(self) -> tuple[str, ...]:
        return (self.containerd,)


def storage(
    *mounts: str,
    root: str = "/var/lib/docker",
    remap: bool = False,
    store: bool = False,
    containerd: str = "/var/lib/containerd",
    links: tuple[FileFact, ...] | None = (),
) -> tuple[str, str]:
    """What 1.1.1 says of an engine whose daemon has this mount table."""
    options = ["name=seccomp", *(["name=userns"] if remap else [])]
    driver = [["driver-type", "io.containerd.snapshotter.v1"]] if store else [["Backing Filesystem", "xfs"]]
    engine = Engine({"SecurityOptions": options, "DriverStatus": driver})
    return verdict("1.1.1", storage=Storage(engine, _Places(root, containerd, links), parse_mounts(mounts)))


def test_file_system_of_the_data_root() -> None:
    """Only a mount point whose device is that of nothing around it passes."""
    assert storage(ROOT, DOCKER) == ("pass", "/var/lib/docker is a mount point of its own: xfs, device 8:3")
    assert storage(ROOT, VAR, DOCKER)[0] == "pass"
    assert storage(ROOT)[0] == "fail"
    assert storage(ROOT, ITSELF) == (
        "fail",
        "/var/lib/docker is on the file system of / (mounted from there), device 8:1",
    )
    assert storage(ROOT, BOUND)[0] == "fail"
    assert storage(ROOT, VAR, BOUND)[0] == "fail"
    assert storage(ROOT, VAR) == (
        "fail",
        "/var/lib/docker is on the file system of /var, device 8:2",
    )
    lib = "2 1 8:2 / /var/lib rw - ext4 /dev/sda2 rw"
    assert storage(ROOT, lib)[1].endswith(
        "is on the file system mounted at /var/lib, with all else that is there"
    )
    assert storage(ROOT, VAR, OF_VAR)[0] == "fail"
    over_itself = DOCKER.replace("3 1", "4 3")
    assert storage(ROOT, DOCKER, over_itself)[0] == "pass"
    assert storage(ROOT, DOCKER, BOUND)[0] == "fail"  # what was mounted last is what is seen


def test_directory_of_a_file_system() -> None:
    """A directory that was mounted from a file system with room for others shares it, wherever that is."""
    assert storage(ROOT, PART) == (
        "fail",
        "/var/lib/docker is the directory /docker of the file system on device 8:3",
    )
    assert storage(ROOT, PART.replace("8:3 /docker", "8:3 /"))[0] == "pass"
    deep = "4 2 8:4 / /var/lib rw - ext4 /dev/sda4 rw"
    assert storage(ROOT, VAR, deep, OF_VAR)[1].startswith("/var/lib/docker is on the file system of /var")
    whole_var = "3 1 8:2 / /data/docker rw - ext4 /dev/sda2 rw"
    assert storage(ROOT, VAR, whole_var, root="/data/docker")[0] == "fail"
    assert storage(ROOT, whole_var, root="/data/docker")[0] == "pass"


def test_file_system_that_borrows_from_another() -> None:
    """An overlay has a device of its own, and its data lie elsewhere."""
    own = "3 1 0:50 / /var/lib/docker rw - overlay overlay rw,lowerdir=/srv/l,upperdir=/srv/u,workdir=/srv/w"
    for kind, verdict in (
        ("overlay", "fail"),
        ("fuse.bindfs", "fail"),
        ("zfs", "pass"),
        ("fuse.glusterfs", "pass"),
    ):
        assert storage(ROOT, own.replace("overlay overlay", f"{kind} x"))[0] == verdict


def test_subvolume() -> None:
    """A subvolume of btrfs counts as a file system, a directory in one does not, nor a disk shared with /."""
    kind = "/var/lib/docker is a mount point of its own: btrfs, device 0:42, its subvolume /@docker"
    assert storage(ROOT, SUBVOLUME) == ("pass", kind)
    inside = SUBVOLUME.replace("/@docker /var", "/@docker/x /var")
    assert storage(ROOT, inside)[0] == "fail"
    not_btrfs = SUBVOLUME.replace("btrfs", "ext4")
    assert storage(ROOT, not_btrfs)[0] == "fail"
    system = "1 0 0:42 /@ / rw - btrfs /dev/sda3 rw,ssd,subvolid=255,subvol=/@"
    assert storage(system, SUBVOLUME)[0] == "fail"


def test_parts_of_the_data_root() -> None:
    """What lies in the data root, and was mounted or led back to the host's file system, is not on its own."""
    layers = "4 3 8:1 /srv/o /var/lib/docker/overlay2 rw - ext4 /dev/sda1 rw"
    assert storage(ROOT, DOCKER, layers) == (
        "fail",
        "/var/lib/docker has /var/lib/docker/overlay2 on that of /",
    )
    assert storage(ROOT, DOCKER, layers.replace("8:1", "8:7"))[0] == "pass"
    volume = "4 3 8:1 /srv/o /var/lib/docker/volumes/v/_data rw - ext4 /dev/sda1 rw"
    assert storage(ROOT, DOCKER, volume)[0] == "pass"  # a user's own directory, lent to a container
    link = FileFact("/var/lib/docker/volumes", State.FOUND, Node("/srv/v", DIRECTORY, 0, 0))
    assert storage(ROOT, DOCKER, links=(link,)) == (
        "fail",
        "/var/lib/docker has /var/lib/docker/volumes on that of /",
    )
    inside = replace(link, itself=Node("/var/lib/docker/v", DIRECTORY, 0, 0))
    assert storage(ROOT, DOCKER, links=(inside,))[0] == "pass"
    assert storage(ROOT, DOCKER, links=None) == ("error", "may not be listed")
    assert storage(ROOT, links=None)[0] == "fail"
    numbered = "/var/lib/docker/100000.100000"
    layers = layers.replace("overlay2", "100000.100000/overlay2")
    assert storage(ROOT, DOCKER, layers, root=numbered, remap=True)[0] == "fail"


def test_file_system_of_a_numbered_root() -> None:
    """With user namespaces the disk is that of the directory above, or of the numbered one itself."""
    root = "/var/lib/docker/100000.100000"
    assert storage(ROOT, DOCKER, root=root, remap=True)[0] == "pass"
    assert storage(ROOT, DOCKER, NUMBERED_ITSELF, root=root, remap=True)[0] == "pass"
    assert storage(ROOT, NUMBERED, root=root, remap=True)[0] == "pass"
    assert storage(ROOT, root=root, remap=True)[0] == "fail"
    assert storage(ROOT, DOCKER, root=root)[0] == "fail"  # a data root that only looks like one


def test_file_system_of_images_in_containerd() -> None:
    """The root of containerd counts where the engine keeps its images there."""
    assert storage(ROOT, DOCKER)[0] == "pass"
    found, reason = storage(ROOT, DOCKER, store=True)
    assert (found, reason.startswith("/var/lib/containerd is on the file system of /")) == ("fail", True)
    assert storage(ROOT, DOCKER, CONTAINERD, store=True)[0] == "pass"
    assert storage(ROOT, DOCKER, store=True, containerd="/var/lib/docker/containerd/daemon")[0] == "pass"


def test_mount_table_without_root() -> None:
    """A table that does not say where a path lies is no evidence."""
    with pytest.raises(EvidenceError, match=r"^the mount table has no mount at /$"):
        mount_of("/srv", parse_mounts((DOCKER,)))


# ---- 1.1.2

PEOPLE = """\
user:root:0:0:/bin/bash
user:toor:0:0:/bin/sh
user:alice:1000:1000:/bin/bash
user:bob:1001:999:/bin/bash
user:carol:1002:1002:/bin/bash
user:sync:4:0:/bin/sync
group:root:0:
group:docker:999:alice,root,toor
group:containers:999:carol
group:docker:500:dave
group:empty:998:
"""


def accounts(text: str = PEOPLE) -> Accounts:
    """The accounts of a target."""
    return Accounts.of(Recording("host", "local", {ACCOUNTS.name: Answer(ACCOUNTS.name, 0, text, "")}))


def controllers(socket: FileFact, *trusted: str, text: str = PEOPLE) -> tuple[str, str]:
    """What 1.1.2 says of a socket."""
    return verdict("1.1.2", api_socket=socket, accounts=accounts(text), policy=Policy(trusted_users=trusted))


def test_members_of_the_group() -> None:
    """Members by any entry with the number count, and users whose first group it is, but not root."""
    docker = at("/run/docker.sock", 0o140660, gid=999, grants=())
    group = "group docker and containers (gid 999)"
    expected = f"not trusted by the policy: alice ({group}), bob ({group}), carol ({group})"
    assert controllers(docker) == ("fail", expected)
    assert controllers(docker, "alice", "bob")[1] == f"not trusted by the policy: carol ({group})"
    assert controllers(docker, "alice", "bob", "carol") == ("pass", f"{group}: alice, bob, carol")
    assert controllers(docker, "alic", "bob", "carol")[0] == "fail"


def test_other_ways_into_the_group() -> None:
    """Who administers the group is as good as a member; a password opens it to whoever knows that."""
    docker = at("/run/docker.sock", 0o140660, gid=998, grants=())
    closed = replace(docker, itself=replace(docker.node, mode=0o140600))
    assert controllers(docker)[0] == "pass"
    admin = f"{PEOPLE}admins:empty:carol\nadmins:docker:alice\n"
    assert controllers(docker, text=admin) == (
        "fail",
        "not trusted by the policy: carol (group empty (gid 998))",
    )
    assert controllers(docker, "carol", text=admin)[0] == "pass"
    password = f"{PEOPLE}password:empty\n"
    expected = "whoever knows the password of the group empty (gid 998) may join it"
    assert controllers(docker, text=password) == ("fail", expected)
    assert controllers(closed, text=password)[0] == "pass"
    assert controllers(docker, text=f"{PEOPLE}password:docker\n")[0] == "pass"
    found, reason = controllers(docker, text=f"{PEOPLE}unread:\n")
    assert (found, "/etc/gshadow could not be read" in reason) == ("error", True)
    assert controllers(closed, text=f"{PEOPLE}unread:\n")[0] == "pass"
    rootless = replace(docker, owners=frozenset({0, 1000}))
    assert controllers(rootless, text=f"{PEOPLE}unread:\n")[0] == "pass"


def test_group_of_nobody() -> None:
    """An empty group, root's own and a number without a name pass, and the reason says so."""
    for gid, name in ((998, "empty (gid 998)"), (0, "root (gid 0)"), (77, "gid 77, which has no name")):
        socket = at("/run/docker.sock", 0o140660, gid=gid, grants=())
        assert controllers(socket) == ("pass", f"group {name}: nobody but root")
    in_roots = PEOPLE.replace("group:root:0:", "group:root:0:alice")
    assert controllers(at("/s", 0o140660, grants=()), text=in_roots)[0] == "fail"


def test_accounts_that_cannot_log_in() -> None:
    """They count by their first group, which a program may use, but for those of the system with root's."""
    docker, root = (at("/s", 0o140660, gid=gid, grants=()) for gid in (999, 0))
    for line, socket, expected in (
        ("user:app:990:999:/usr/sbin/nologin", docker, "app"),
        ("user:eve:1009:0:/bin/sh", root, "eve"),
        ("group:", root, ""),
        ("nonsense:1:2", root, ""),
    ):
        ways = accounts(f"{PEOPLE}{line}\n").controllers(socket)
        assert (expected in ways) == bool(expected)
    assert accounts(f"{PEOPLE}user:sync:4:0:/bin/sync\n").controllers(root) == {}


def test_every_way_to_the_socket() -> None:
    """Owner, group and list let in together; who may only read or run it is not let in."""
    allowed = (Grant("uid 1002", 6), Grant("gid 500", 6), Grant("uid 1003", 5))
    socket = FileFact("/s", State.FOUND, Node("/s", 0o140660, 1000, 998), grants=allowed)
    expected = {"alice": "owner of the socket", "carol": "access control list"}
    expected |= {"dave": "access control list by group docker (gid 500)", "erin": "group empty (gid 998)"}
    people = PEOPLE.replace("empty:998:", "empty:998:erin")
    assert accounts(people).controllers(socket) == expected
    reading = FileFact("/s", State.FOUND, Node("/s", 0o140441, 1000, 998), grants=())
    assert accounts(people).controllers(reading) == {}


def test_mode_of_the_socket() -> None:
    """A group that may not write controls nothing; where everyone may, no list helps."""
    assert controllers(at("/s", 0o140640, gid=999))[0] == "pass"
    assert controllers(at("/s", 0o140666, gid=998, grants=())) == (
        "fail",
        "everyone on the host may write to it",
    )


def test_owner_of_the_socket() -> None:
    """An owner who is not root counts, but for the user of a rootless engine."""
    node = Node("/s", 0o140600, 1000, 1000)
    socket = FileFact("/s", State.FOUND, node, grants=())
    assert controllers(socket) == ("fail", "not trusted by the policy: alice (owner of the socket)")
    assert controllers(replace(socket, owners=frozenset({0, 1000})))[0] == "pass"


def test_access_control_list() -> None:
    """Users and groups whom the list lets write count; an unknown list is an error."""
    socket = at("/s", 0o140660, gid=0)
    assert controllers(replace(socket, grants=(Grant("uid 1002", 6),)))[1].endswith(
        "carol (access control list)"
    )
    assert controllers(replace(socket, grants=(Grant("uid 1002", 4),)))[0] == "pass"
    assert (
        "bob (access control list by group docker"
        in controllers(replace(socket, grants=(Grant("gid 999", 6),)))[1]
    )
    assert controllers(replace(socket, grants=(Grant("uid 4242", 6),)))[1].endswith(
        "uid 4242 (access control list)"
    )
    unknown = "whether /s has an access control list cannot be told; getfacl could"
    assert controllers(socket) == ("error", unknown)


def test_accounts_that_are_none() -> None:
    """A list with a broken line is an error; passwords are not asked for."""
    with pytest.raises(EvidenceError, match="has a line that is none"):
        accounts("user:alice:x:1000:/bin/sh\n")
    assert "cut -d : -f 1,3,4" in ACCOUNTS.script


# ---- where the parts are


def places(
    text: str, *, executable: str = "/usr/bin/dockerd", sockets: tuple[str, ...] = (), rootless: bool = False
) -> Places:
    """The places that a probe's answer tells, beside a daemon in the mount namespace 1."""

    @dataclass(frozen=True)
    class Process:
        executable: str
        namespaces: dict[str, str]
        rootless: bool

    @dataclass(frozen=True)
    class Daemon:
        process: Process
        containerd_sockets: tuple[str, ...]
        engine: Engine
        pid: int = 7

    class Files:
        def group(self, name: str) -> Subjects[FileFact]:
            assert name == "service_unit_file"
            return Subjects("file", (("/d.service", at("/d.service")), ("/x.conf", at("/x.conf"))))

        def containerd_sockets(self) -> Subjects[FileFact]:
            return Subjects("file", tuple((path, at(path)) for path in sockets))

    process = Process(executable, {"mnt": "mnt:[1]"}, rootless)
    daemon: Any = Daemon(process, sockets, Engine({"DockerRootDir": "/data/docker"}))
    files: Any = Files()
    answer = Answer("engine_places", 0, text, "")
    return Places(Recording("host", "local", {"engine_places": answer}), daemon, files)


RUNNING = """\
running|7|/usr/bin/dockerd
running|8|/opt/new/containerd (deleted)
running|9|/usr/bin/containerd
argument|8|containerd
argument|8|--config=/opt/new/c.toml
containerd-in-use|file|/opt/new/c.toml|/opt/new/c.toml
toml|8|root = "/data/containerd"
toml|8|[other]
toml|8|  root = "/other"
toml|8|[grpc]
toml|8|  address = "/var/run/containerd/containerd.sock"
argument|9|containerd
namespace|lrwxrwxrwx 1 0 0 0 Jan 1 10:00 7/ns/mnt -> mnt:[1]
namespace|lrwxrwxrwx 1 0 0 0 Jan 1 10:00 8/ns/mnt -> mnt:[1]
namespace|lrwxrwxrwx 1 0 0 0 Jan 1 10:00 9/ns/mnt -> mnt:[2]
program containerd|file|/bin/containerd|/usr/local/bin/containerd
program runc|file|/usr/bin/runc|/usr/sbin/runc
program runc|file|/usr/sbin/runc|/usr/sbin/runc
containerd-directory|directory|/run/containerd|/run/containerd
containerd-configuration|absent|/etc/containerd/config.toml|
"""
SOCKET = "/run/containerd/containerd.sock"


REGULAR = stat.S_IFREG


def there(path: str, real: str = "", mode: int = REGULAR) -> FileFact:
    """What the probe found at a path, and where that really is."""
    return FileFact(path, State.FOUND, Node(real or path, mode, 0, 0))


def group(found: Places, name: str) -> list[str]:
    """The paths of a group."""
    return [fact.node.path for _, fact in found.group(name)]


def test_programs_are_those_that_run_and_those_that_are_found() -> None:
    """A program counts where it really is, once; one of another container is not the host's."""
    found = places(RUNNING, sockets=(SOCKET,), executable="/opt/dockerd (deleted)")
    assert group(found, "daemon_program") == ["/opt/dockerd"]
    assert group(found, "containerd_program") == ["/opt/new/containerd", "/usr/local/bin/containerd"]
    assert group(found, "runc_program") == ["/usr/sbin/runc"]
    assert group(found, "containerd_shim") == []
    assert found.group("containerd_shim").nothing.startswith("there is no containerd-shim")
    with pytest.raises(EvidenceError, match="are you root"):
        places(RUNNING, executable="").group("daemon_program")


def test_containerd_in_use() -> None:
    """Its root, its file and its directory are those of the one at whose socket the daemon is a client."""
    found = places(RUNNING, sockets=(SOCKET,))
    assert found.containerd_roots == ("/data/containerd",)
    assert group(found, "containerd_configuration") == ["/opt/new/c.toml"]
    assert group(found, "containerd_directory") == ["/run/containerd"]
    own = places(RUNNING, sockets=("/run/docker/containerd/containerd.sock",))
    assert group(own, "containerd_directory") == ["/run/docker/containerd", "/run/containerd"]
    with pytest.raises(EvidenceError, match="could not be looked at"):
        _ = own.containerd_roots
    assert [fact.state for _, fact in own.group("containerd_configuration")] == [State.ABSENT]


def test_programs_and_directories_are_whole() -> None:
    """Each is told with its kind and by its place; what is not there is told as that."""
    text = f"{RUNNING}program containerd-shim-runc-v1|file|/bin/shim1|/bin/shim1\n"
    text += "program containerd-shim-runc-v2|file|/bin/shim2|/opt/shim2\n"
    found = places(text, sockets=(SOCKET,))
    assert found.group("daemon_program") == Subjects(
        "file", (("/usr/bin/dockerd", at("/usr/bin/dockerd", REGULAR)),)
    )
    programs = (
        ("/opt/new/containerd", at("/opt/new/containerd", REGULAR)),
        ("/usr/local/bin/containerd", there("/bin/containerd", "/usr/local/bin/containerd")),
    )
    nothing = "there is no {}: none runs, and none is in the directories of programs"
    assert found.group("containerd_program") == Subjects("file", programs, nothing.format("containerd"))
    assert found.group("containerd_shim") == Subjects("file", (), nothing.format("containerd-shim"))
    assert group(found, "runc_v1_shim") == ["/bin/shim1"]
    assert group(found, "runc_v2_shim") == ["/opt/shim2"]
    folder = at("/run/containerd", stat.S_IFDIR)
    nowhere = "containerd has no directory: it does not run"
    assert found.group("containerd_directory") == Subjects("file", (("/run/containerd", folder),), nowhere)
    assert found.group("containerd_configuration") == Subjects(
        "file", (("/opt/new/c.toml", there("/opt/new/c.toml")),), "containerd has no configuration file"
    )
    assert found.group("unit_file").named == (("/d.service", at("/d.service")),)


def test_directory_of_containerd() -> None:
    """It is told by its place without links; one that may not be looked at is told by its name."""
    for line, expected in (
        ("directory|/run/containerd|/srv/c", there("/run/containerd", "/srv/c", stat.S_IFDIR)),
        ("unread|/run/containerd|", FileFact("/run/containerd", State.UNREAD, doubt="are you root?")),
    ):
        found = places(f"containerd-directory|{line}\n").group("containerd_directory")
        path = expected.itself.path if expected.itself else "/run/containerd"
        assert found.named == ((path, expected),)
    assert (
        places("containerd-directory|directory|/c|/c\n", rootless=True).group("containerd_directory").named
        == ()
    )


def test_data_root_and_what_lies_in_it() -> None:
    """The data root is the one that the engine names; where it may not be listed, no link in it is known."""
    word, part = (
        "data-root|directory|/data/docker|/mnt/docker\n",
        "data-root-part|directory|/data/docker/a|/data/a\n",
    )
    root = there("/data/docker", "/mnt/docker", stat.S_IFDIR)
    link = there("/data/docker/a", "/data/a", stat.S_IFDIR)
    found = places(f"{word}data-root-listed|\n{part}")
    assert found.group("data_root") == Subjects("file", (("/data/docker", root),))
    assert found.data_root_links() == (link,)
    assert places("data-root-listed|\n").data_root_links() == ()
    for text in ("", word.replace("/data/docker", "/var/lib/docker", 1)):
        unread = FileFact("/data/docker", State.UNREAD, doubt="the probe did not find it")
        assert places(text).group("data_root").named == (("/data/docker", unread),)
    with pytest.raises(
        EvidenceError, match=r"^what lies in the data root may not be listed; are you root\?$"
    ):
        places(word + part).data_root_links()


USUAL = ("/run/containerd/containerd.sock", "/var/lib/containerd", "/etc/containerd/config.toml")
GRPC = ('root = "/X"', "[grpc]", '  address = "/run/x/x|y.sock"')


@pytest.mark.parametrize(
    ("arguments", "lines", "expected"),
    [
        ((), (), USUAL),
        (("-a", "/run/x/x.sock", "-c", "/c"), (), ("/run/x/x.sock", USUAL[1], "/c")),
        (("--address", "/run/x/x.sock", "--root", "/r", "--config", "/c"), (), ("/run/x/x.sock", "/r", "/c")),
        (("-address=/run/x/x.sock", "-root=/r=s", "-config=/c"), (), ("/run/x/x.sock", "/r=s", "/c")),
        (("--root=/old", "--root=/a|b", "-c=/c"), (), (USUAL[0], "/a|b", "/c")),
        (("--root",), (), USUAL),
        (("-", "/x", "--rootless=/x", "-r", "/x", "--log-level"), (), USUAL),
        ((), GRPC, ("/run/x/x|y.sock", "/X", USUAL[2])),
        (("--address=/run/a/a.sock", "--root=/r"), GRPC, ("/run/a/a.sock", "/r", USUAL[2])),
        ((), ("[other]", "root = '/o'", "address = '/o'"), USUAL),
        ((), ("address = '/o'", "root = '/q'"), (USUAL[0], "/q", USUAL[2])),
    ],
)
def test_settings_of_containerd(
    arguments: tuple[str, ...], lines: tuple[str, ...], expected: tuple[str, str, str]
) -> None:
    """The command line counts before its file, each line of that in its section, and both before the defaults."""
    address, root, configuration = expected
    text = ["running|8|/usr/bin/containerd", "namespace|lrwxrwxrwx 1 0 0 0 Jan 1 10:00 8/ns/mnt -> mnt:[1]"]
    text += [f"argument|8|{each}" for each in ("containerd", *arguments)] + [
        f"toml|8|{each}" for each in lines
    ]
    text += [f"containerd-in-use|file|{path}|{path}" for path in (configuration, "/another.toml")]
    found = places("\n".join(text), sockets=(address,))
    assert found.containerd_roots == (root,)
    assert group(found, "containerd_configuration") == [configuration]


def test_file_that_the_daemon_wrote() -> None:
    """The configuration that dockerd writes for its own containerd is not the site's."""
    text = RUNNING.replace("/opt/new/c.toml", "/run/docker/containerd/containerd.toml").replace(
        "/var/run/containerd/containerd.sock", "/var/run/docker/containerd/containerd.sock"
    )
    found = places(text, sockets=("/run/docker/containerd/containerd.sock",))
    assert [path for path, _ in found.group("containerd_configuration")] == ["/etc/containerd/config.toml"]


# ---- 1.2.1


def hardened(record: Hardening | None, today: str = "2026-06-01") -> tuple[str, str]:
    """What 1.2.1 says at the day of a recording."""
    gathered = datetime.fromisoformat(today).replace(tzinfo=UTC).timestamp()
    said = {
        "os_release": 'PRETTY_NAME="Debian GNU/Linux 13"',
        "engine_presence": "command docker /usr/bin/docker",
        "docker_info": '{"ServerVersion": "26.1.5"}',
    }
    answers = {name: Answer(name, 0, text, "") for name, text in said.items()}
    policy = Policy(os_hardening=record)
    facts = Facts(Recording("host", "local", answers, gathered=gathered), policy)
    return verdict("1.2.1", system=facts.system, policy=policy)


def test_assessment_of_the_operating_system() -> None:
    """Without a record, with one that is too old or lies ahead, a person is asked; else it passes."""
    record = Hardening("CIS Debian 13", date(2026, 3, 31), 90)
    assert hardened(None)[0] == "manual"
    assert hardened(record) == (
        "pass",
        "Debian GNU/Linux 13 was assessed against CIS Debian 13 on 2026-03-31; that counts until 2026-06-29",
    )
    assert hardened(record, "2026-06-29")[0] == "pass"
    assert hardened(record, "2026-06-30")[0] == "manual"
    assert hardened(record, "2026-03-30")[0] == "manual"


def test_dead_engine_leaves_nothing_to_a_person() -> None:
    """1.2.1 is an error like all others where the engine does not answer, with what docker said."""
    info = '{"ServerVersion": "", "ServerErrors": ["Cannot connect to the Docker daemon"]}'
    answers = {
        "engine_presence": Answer("engine_presence", 0, "command docker /usr/bin/docker", ""),
        "docker_info": Answer("docker_info", 0, info, ""),
    }
    with pytest.raises(EvidenceError, match="does not answer: Cannot connect to the Docker daemon"):
        _ = Facts(Recording("host", "local", answers), Policy()).system


def test_record_of_an_assessment() -> None:
    """The policy takes a standard, a day, and for how many days it counts; all else is named as wrong."""
    written = {"standard": "CIS Debian 13", "assessed": "2026-03-31", "valid_days": 90}
    assert Policy.from_mapping({"os_hardening": written}).os_hardening == Hardening(
        "CIS Debian 13", date(2026, 3, 31), 90
    )
    assert Policy().os_hardening is None
    for key, value in (
        ("standard", " "),
        ("assessed", "2026-02-30"),
        ("assessed", "31.3.2026"),
        ("valid_days", 0),
        ("valid_days", True),
        ("result", "good"),
    ):
        with pytest.raises(PolicyError, match=rf"os_hardening\.{key}: "):
            Policy.from_mapping({"os_hardening": {**written, key: value}})
    with pytest.raises(PolicyError, match=r"os_hardening\.assessed: is missing"):
        Policy.from_mapping({"os_hardening": {"standard": "CIS"}})


# ---- 1.2.2


def test_release_is_maintained() -> None:
    """Each verdict once: a release of the table, an ended line, a vendor nobody knows, a version that is none."""
    components = {"containerd": "2.2.5", "runc": "1.4.3"}
    for version, vendor, found in (
        ("29.10.0", "Docker Engine - Community", "pass"),
        ("27.5.1", "Docker Engine - Community", "fail"),
        ("25.0.9", "Mirantis Container Runtime", "manual"),
        ("nonsense", "Docker Engine - Community", "error"),
    ):
        release = Release(version, vendor, {}, date(2026, 11, 26))
        others = {"component_versions": Later(lambda: components), "engine_packages": Later(Packages)}
        given = {**others, "known_releases": shipped(), "policy": Policy()}
        assert verdict("1.2.2", release=release, **given)[0] == found
