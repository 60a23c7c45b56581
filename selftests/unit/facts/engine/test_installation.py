"""Where the programs and directories of an engine are."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest

from hullcheck.facts.engine.daemon_process import UnixSocket
from hullcheck.facts.engine.info import Engine
from hullcheck.facts.engine.installation import GROUPS, Places
from hullcheck.facts.host.file import FileFact, Node, State
from hullcheck.facts.subjects import Subjects
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.engines import engine
from selftests.kit.files import at


def places(
    text: str,
    *,
    executable: str = "/usr/bin/dockerd",
    sockets: tuple[str, ...] = (),
    unseen: bool = False,
    rootless: bool = False,
    driver: list[list[str]] | None = None,
    embedded: bool = False,
    info: Mapping[str, Any] = MappingProxyType({}),
) -> Places:
    """The places that a probe's answer tells, beside a daemon in the mount namespace 1."""

    @dataclass(frozen=True)
    class Process:
        executable: str
        namespaces: dict[str, str]
        rootless: bool
        unix_table: tuple[UnixSocket, ...]
        held: frozenset[str] = frozenset("1")
        may_see_sockets: bool = True

    @dataclass(frozen=True)
    class Daemon:
        process: Process
        endpoints: SimpleNamespace
        engine: Engine
        pid: int = 7

    class Files:
        def service_unit(self) -> Subjects[FileFact]:
            return Subjects("file", (("/d.service", at("/d.service")), ("/x.conf", at("/x.conf"))))

        def containerd_sockets(self) -> Subjects[FileFact]:
            if unseen:
                return Subjects(
                    "file", tuple((each, FileFact(each, State.UNREAD, doubt="x")) for each in sockets)
                )
            return Subjects("file", tuple((path, at(path)) for path in sockets))

    table = tuple(UnixSocket(path, path, "1" if embedded else "2") for path in sockets)
    process = Process(executable, {"mnt": "mnt:[1]"}, rootless, table)
    told = {"DockerRootDir": "/data/docker", "Driver": "vfs", "DriverStatus": driver}
    daemon: Any = Daemon(process, SimpleNamespace(containerd_sockets=sockets), engine(**told, **info))
    files: Any = Files()
    answer = Answer("engine_places", 0, text, "")
    return Places(Recording("host", "local", {"engine_places": answer}), daemon, files)


RUNNING = """\
running|7|/usr/bin/dockerd
running|8|/opt/new/containerd (deleted)
socket|8|/var/run/containerd/containerd.sock
held|8|/data/containerd
config 8|file|/opt/new/c.toml|/opt/new/c.toml
running|9|/usr/bin/containerd
socket|9|/run/containerd/containerd.sock
held|9|/other
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
    return [fact.node.path for _, fact in GROUPS[name](found)]


@pytest.mark.parametrize(
    ("info", "found"),
    [
        ({"DefaultRuntime": "runc", "Runtimes": {"runc": {"path": "runc"}}}, ["/usr/sbin/runc"]),
        (
            {"DefaultRuntime": "own", "Runtimes": {"own": {"path": "/opt/crun"}}},
            ["/usr/sbin/runc", "/opt/own/crun"],
        ),
    ],
)
def test_program_that_makes_containers(info: dict[str, Any], found: list[str]) -> None:
    """What the site has the engine run by default in the place of runc counts as well."""
    assert (
        group(places(f"{RUNNING}program crun|file|/opt/crun|/opt/own/crun\n", info=info), "runc_program")
        == found
    )


@pytest.mark.parametrize(
    "info",
    [
        {"DefaultRuntime": "own"},
        {"DefaultRuntime": "own", "Runtimes": {"runc": {"path": "runc"}}},
        {"DefaultRuntime": "own", "Runtimes": {"own": {"path": "own"}}},
        {
            "DefaultRuntime": "own",
            "Runtimes": {"own": {}},
        },  # with a runtimeType, and maybe with a program of its own
    ],
)
def test_program_that_was_not_found(info: dict[str, Any]) -> None:
    """A rule on runc alone does not watch it."""
    found = places(RUNNING, info=info).runc_program()
    assert [name for name, _ in found.unread] == ["own"]


def test_programs_are_those_that_run_and_those_that_are_found() -> None:
    """A program counts where it really is, once; one of another container is not the host's."""
    found = places(RUNNING, sockets=(SOCKET,), executable="/opt/dockerd (deleted)")
    assert group(found, "daemon_program") == ["/opt/dockerd"]
    assert group(found, "containerd_program") == ["/opt/new/containerd", "/usr/local/bin/containerd"]
    assert group(found, "runc_program") == ["/usr/sbin/runc"]
    assert group(found, "containerd_shim") == []
    assert [fact.node.path for _, fact in found.unit_file()] == ["/d.service"]
    assert found.containerd_shim().nothing.startswith("there is no containerd-shim")
    with pytest.raises(EvidenceError, match="are you root"):
        places(RUNNING, executable="").daemon_program()


def test_line_that_is_lost() -> None:
    """A line that was dropped may have named a program: that there is none is not known."""
    with pytest.raises(EvidenceError, match="a line of the answer is lost"):
        places(f"{RUNNING}\n(dropped)\n").containerd_shim()


def test_containerd_in_use() -> None:
    """Its root, its file and its directory are those of the one that listens where the daemon is a client."""
    found = places(RUNNING, sockets=(SOCKET,))
    assert found.containerd_roots == ("/data/containerd",)
    assert group(found, "containerd_configuration") == ["/opt/new/c.toml"]
    assert group(found, "containerd_directory") == ["/run/containerd"]
    other = places(RUNNING, sockets=("/run/docker/containerd/containerd.sock",))
    assert group(other, "containerd_directory") == ["/run/docker/containerd", "/run/containerd"]
    with pytest.raises(EvidenceError, match="could not be looked at"):
        _ = other.containerd_roots
    assert [fact.state for _, fact in other.containerd_configuration()] == [State.ABSENT]


@pytest.mark.parametrize(
    ("text", "store", "embedded", "roots"),
    [
        (RUNNING, False, False, ["/data/docker"]),
        (RUNNING, True, False, ["/data/docker", "/data/containerd"]),
        (RUNNING.replace("/data/containerd", "/data/c|d"), True, False, ["/data/docker", "/data/c|d"]),
        ("running|7|/usr/bin/dockerd\nheld|7|/data/docker/containerd\n", True, True, ["/data/docker"]),
        ("running|7|/usr/bin/dockerd\nheld|7|/srv/images\n", True, True, ["/data/docker", "/srv/images"]),
    ],
)
def test_images_in_the_store_of_containerd(text: str, store: bool, embedded: bool, roots: list[str]) -> None:
    """They lie where the containerd that is used, or the daemon itself, holds its database open."""
    driver = [["driver-type", "io.containerd.snapshotter.v1"]] if store else None
    told = f"data-root|directory|/data/docker|/data/docker\n{text}"
    found = places(told, sockets=(SOCKET,), driver=driver, embedded=embedded)
    assert group(found, "data_root") == roots


def test_data_root() -> None:
    """It is the one that the engine names, where links lead."""
    word = "data-root|directory|/data/docker|/mnt/docker\n"
    root = there("/data/docker", "/mnt/docker", stat.S_IFDIR)
    assert places(word).data_roots() == Subjects("file", (("/data/docker", root),))
    for text in ("", word.replace("/data/docker", "/var/lib/docker", 1)):
        unread = FileFact("/data/docker", State.UNREAD, doubt="the probe did not find it")
        assert places(text).data_roots().named == (("/data/docker", unread),)


def test_file_that_the_daemon_wrote() -> None:
    """The configuration that dockerd writes for its own containerd is not the site's."""
    text = RUNNING.replace("/opt/new/c.toml", "/var/run/docker/containerd/containerd.toml")
    text = text.replace("/var/run/containerd/", "/run/docker/containerd/")
    found = places(text, sockets=("/run/docker/containerd/containerd.sock",))
    assert [path for path, _ in found.containerd_configuration()] == ["/etc/containerd/config.toml"]


def test_socket_of_containerd_that_is_not_seen() -> None:
    """Its directory is not absent for that: it could not be looked at."""
    found = places("", sockets=("/run/x/c.sock",), unseen=True, rootless=True).containerd_directory()
    assert [(path, file.state) for path, file in found] == [("/run/x", State.UNREAD)]
