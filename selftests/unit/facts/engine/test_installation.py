"""Where the programs and directories of an engine are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest

from hullcheck.facts.engine.daemon_process import UnixSocket
from hullcheck.facts.engine.files_answer import Answer
from hullcheck.facts.engine.info import Engine
from hullcheck.facts.engine.installation import GROUPS, Places
from hullcheck.facts.host.file import FileFact, State
from hullcheck.facts.subjects import Subjects
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer as Told
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.engine_files import directories_above
from selftests.kit.facts.engines import engine
from selftests.kit.files import answer, at


def places(
    text: str = "",
    *,
    executable: str = "/usr/bin/dockerd",
    sockets: tuple[str, ...] = (),
    rootless: bool = False,
    driver: list[list[str]] | None = None,
    embedded: bool = False,
    info: Mapping[str, Any] = MappingProxyType({}),
) -> Places:
    """The places that the script tells, beside a daemon in the mount namespace 1."""

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
        root = ""
        answer = Answer.of(Recording("host", "local", {"files": Told("files", 0, text or told(), "")}))

        def service_unit(self) -> Subjects[FileFact]:
            return Subjects("file", (("/d.service", at("/d.service")), ("/x.conf", at("/x.conf"))))

    table = tuple(UnixSocket(path, path, "1" if embedded else "2") for path in sockets)
    process = Process(executable, {"mnt": "mnt:[1]"}, rootless, table)
    changes = {"DockerRootDir": "/data/docker", "Driver": "vfs", "DriverStatus": driver}
    daemon: Any = Daemon(process, SimpleNamespace(containerd_sockets=sockets), engine(**changes, **info))
    files: Any = Files()
    return Places(daemon, files)


RUNNING = """\
7/running /usr/bin/dockerd
7/mnt mnt:[1]
8/running /opt/new/containerd (deleted)
8/mnt mnt:[1]
8/socket /var/run/containerd/containerd.sock
8/held /data/containerd
8/config /opt/new/c.toml
9/running /usr/bin/containerd
9/mnt mnt:[2]
9/socket /run/containerd/containerd.sock
9/held /other
"""
PROGRAMS = ("/opt/new/c.toml", "/opt/own/crun", "/usr/local/bin/containerd", "/usr/sbin/runc")
LINKS = {
    "/data/docker": "/mnt/docker",
    "/opt/crun": "own/crun",
    "/usr/bin/containerd": "../local/bin/containerd",
    "/usr/bin/runc": "/usr/sbin/runc",
}
FOLDERS = ("/run/containerd", "/run/docker/containerd", "/mnt/docker")
SOCKET = "/run/containerd/containerd.sock"


def told(processes: str = RUNNING, links: Mapping[str, str] = LINKS) -> str:
    """What the script says, with links and files as above."""
    places = {each for path in (*PROGRAMS, *links, *FOLDERS) for each in directories_above(path)}
    return answer(
        processes=processes.splitlines(),
        nodes=(
            *(f"41ed:0:0:root:{each}" for each in {*places, *FOLDERS}),
            *(f"81ed:0:0:root:{each}" for each in PROGRAMS),
            *(f"a1ff:0:0:root:'{path}' -> '{target}'" for path, target in links.items()),
            "stat: cannot statx '/etc/containerd/config.toml': No such file or directory",
            "41ed:0:0:root:/etc/containerd",
            "41ed:0:0:root:/etc",
        ),
    )


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
    assert group(places(info=info), "runc_program") == found


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
    found = places(info=info).runc_program()
    assert [name for name, _ in found.unread] == ["own"]


def test_programs_are_those_that_run_and_those_that_are_found() -> None:
    """A program counts where it really is, once; one of another container is not the host's."""
    found = places(sockets=(SOCKET,), executable="/opt/dockerd (deleted)")
    assert group(found, "daemon_program") == ["/opt/dockerd"]
    assert group(found, "containerd_program") == ["/opt/new/containerd", "/usr/local/bin/containerd"]
    assert group(found, "runc_program") == ["/usr/sbin/runc"]
    assert group(found, "containerd_shim") == []
    assert [fact.node.path for _, fact in found.unit_file()] == ["/d.service"]
    assert found.programs("containerd-shim").nothing.startswith("there is no containerd-shim")
    with pytest.raises(EvidenceError, match="are you root"):
        places(executable="").daemon_program()


def test_containerd_in_use() -> None:
    """Its root, its file and its directory are those of the one that listens where the daemon is a client."""
    found = places(sockets=(SOCKET,))
    assert found.containerd_roots == ("/data/containerd",)
    assert group(found, "containerd_configuration") == ["/opt/new/c.toml"]
    assert group(found, "containerd_directory") == ["/run/containerd"]
    other = places(sockets=("/run/docker/containerd/containerd.sock",))
    assert group(other, "containerd_directory") == ["/run/docker/containerd", "/run/containerd"]
    with pytest.raises(EvidenceError, match="could not be looked at"):
        _ = other.containerd_roots
    assert [fact.state for _, fact in other.containerd_configuration()] == [State.ABSENT]


@pytest.mark.parametrize(
    ("text", "store", "embedded", "roots"),
    [
        (RUNNING, False, False, ["/mnt/docker"]),
        (RUNNING, True, False, ["/mnt/docker", "/data/containerd"]),
        ("7/running /usr/bin/dockerd\n7/held /data/docker/containerd\n", True, True, ["/mnt/docker"]),
        ("7/running /usr/bin/dockerd\n7/held /srv/images\n", True, True, ["/mnt/docker", "/srv/images"]),
    ],
)
def test_images_in_the_store_of_containerd(text: str, store: bool, embedded: bool, roots: list[str]) -> None:
    """They lie where the containerd that is used, or the daemon itself, holds its database open."""
    driver = [["driver-type", "io.containerd.snapshotter.v1"]] if store else None
    found = places(told(text), sockets=(SOCKET,), driver=driver, embedded=embedded)
    assert group(found, "data_root") == roots


def test_data_root_that_was_not_looked_at() -> None:
    """It is unread, and no directory that is absent."""
    ((path, found),) = places(told(links={})).data_roots()
    assert (path, found.state) == ("/data/docker", State.UNREAD)


def test_file_that_the_daemon_wrote() -> None:
    """The configuration that dockerd writes for its own containerd is not the site's."""
    text = RUNNING.replace("/opt/new/c.toml", "/var/run/docker/containerd/containerd.toml")
    text = text.replace("/var/run/containerd/", "/run/docker/containerd/")
    found = places(told(text), sockets=("/run/docker/containerd/containerd.sock",))
    assert [path for path, _ in found.containerd_configuration()] == ["/etc/containerd/config.toml"]


def test_socket_of_containerd_that_is_not_seen() -> None:
    """Its directory is not absent for that: it could not be looked at."""
    found = places(sockets=("/run/x/c.sock",), rootless=True).containerd_directory()
    assert [(path, file.state) for path, file in found] == [("/run/x", State.UNREAD)]
