"""Where the programs and directories of an engine are."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.engine.daemon_process import UnixSocket
from hullcheck.facts.engine.files import EngineFiles, Files
from hullcheck.facts.engine.files_answer import Answer
from hullcheck.facts.host.file import State
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer as Told
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.daemons import process
from selftests.kit.facts.engine_files import directories_above
from selftests.kit.facts.engines import engine
from selftests.kit.files import answer

EMPTY = Recording("host", "local", {})
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
SOCKET, OWN_SOCKET = "/run/containerd/containerd.sock", "/run/docker/containerd/containerd.sock"


def told(processes: str = RUNNING, links: Mapping[str, str] = LINKS) -> str:
    """What the script says, with links and files as above."""
    folders = {each for path in (*PROGRAMS, *links, *FOLDERS) for each in directories_above(path)}
    return answer(
        processes=("7/root ", *processes.splitlines()),
        nodes=(
            *(f"41ed:0:0:root:{each}" for each in {*folders, *FOLDERS, "/etc", "/etc/containerd"}),
            *(f"81ed:0:0:root:{each}" for each in PROGRAMS),
            *(f"a1ff:0:0:root:'{path}' -> '{target}'" for path, target in links.items()),
            "stat: cannot statx '/etc/containerd/config.toml': No such file or directory",
        ),
    )


def places(
    text: str = "",
    *,
    executable: str = "/usr/bin/dockerd",
    sockets: tuple[str, ...] = (SOCKET,),
    uid: int = 0,
    store: bool = False,
    embedded: bool = False,
    **info: Any,
) -> EngineFiles:
    """The places that the script tells, beside a daemon in the mount namespace 1."""
    table = tuple(UnixSocket(path, path, "1" if embedded else "2") for path in sockets)
    own = process(
        executable=executable,
        namespaces={"mnt": "mnt:[1]"},
        uids=(uid,) * 4,
        unix_table=table,
        held=frozenset("1"),
    )
    driver = [["driver-type", "io.containerd.snapshotter.v1"]] if store else None
    info = {"DockerRootDir": "/data/docker", "Driver": "vfs", "DriverStatus": driver} | info
    daemon: Any = SimpleNamespace(
        process=own, endpoints=SimpleNamespace(containerd_sockets=sockets), engine=engine(**info), pid=7
    )
    said = Recording("host", "local", {"files": Told("files", 0, text or told(), "")})
    return EngineFiles(Answer.of(said), daemon)


def files_of(found: EngineFiles, name: str) -> Files:
    """A fact made from these files."""
    files: Files = Facts(EMPTY, Policy(), engine_files=found, daemon=found.daemon).get(name)
    return files


def group(found: EngineFiles, name: str) -> list[str]:
    """The paths of a fact."""
    return [fact.node.path for _, fact in files_of(found, name)]


@pytest.mark.parametrize(
    ("runtimes", "found", "unread"),
    [
        ({"own": {"path": "/opt/crun"}}, ["/usr/sbin/runc", "/opt/own/crun"], []),
        ({"runc": {"path": "runc"}}, ["/usr/sbin/runc"], ["own"]),
        ({"own": {}}, ["/usr/sbin/runc"], ["own"]),  # with a runtimeType, and maybe with a program of its own
    ],
)
def test_program_that_makes_containers(runtimes: dict[str, Any], found: list[str], unread: list[str]) -> None:
    """What the site has the engine run by default in the place of runc counts as well, found or not."""
    subjects = files_of(places(DefaultRuntime="own", Runtimes=runtimes), "runc_program")
    assert [fact.node.path for _, fact in subjects.named] == found
    assert [name for name, _ in subjects.unread] == unread


def test_programs_are_those_that_run_and_those_that_are_found() -> None:
    """A program counts where it really is, once; one of another container is not the host's."""
    found = places(executable="/opt/dockerd (deleted)")
    assert group(found, "daemon_program") == ["/opt/dockerd"]
    assert group(found, "containerd_program") == ["/opt/new/containerd", "/usr/local/bin/containerd"]
    assert group(found, "runc_program") == ["/usr/sbin/runc"]
    assert group(found, "containerd_shim") == []
    with pytest.raises(EvidenceError, match="are you root"):
        files_of(places(executable=""), "daemon_program")


def test_containerd_in_use() -> None:
    """Its root, its file and its directory are those of the one that listens where the daemon is a client."""
    found = places()
    assert found.containerd_roots == ("/data/containerd",)
    assert group(found, "containerd_configuration") == ["/opt/new/c.toml"]
    assert group(found, "containerd_directory") == ["/run/containerd"]
    other = places(sockets=(OWN_SOCKET,))
    assert group(other, "containerd_directory") == ["/run/docker/containerd", "/run/containerd"]
    with pytest.raises(EvidenceError, match="could not be looked at"):
        _ = other.containerd_roots
    assert [fact.state for _, fact in files_of(other, "containerd_configuration")] == [State.ABSENT]
    unseen = files_of(places(sockets=("/run/x/c.sock",), uid=1000), "containerd_directory")
    assert [(path, file.state) for path, file in unseen] == [("/run/x", State.UNREAD)]


def test_file_that_the_daemon_wrote() -> None:
    """The configuration that dockerd writes for its own containerd is not the site's."""
    text = RUNNING.replace("/opt/new/c.toml", "/var/run/docker/containerd/containerd.toml")
    found = places(
        told(text.replace("/var/run/containerd/", "/run/docker/containerd/")), sockets=(OWN_SOCKET,)
    )
    assert [path for path, _ in files_of(found, "containerd_configuration")] == [
        "/etc/containerd/config.toml"
    ]


@pytest.mark.parametrize(
    ("text", "store", "embedded", "roots"),
    [
        (RUNNING, False, False, ["/mnt/docker"]),
        (RUNNING, True, False, ["/mnt/docker", "/data/containerd"]),
        ("7/running /usr/bin/dockerd\n7/held /data/docker/containerd\n", True, True, ["/mnt/docker"]),
        ("7/running /usr/bin/dockerd\n7/held /srv/images\n", True, True, ["/mnt/docker", "/srv/images"]),
    ],
)
def test_roots_of_images(text: str, store: bool, embedded: bool, roots: list[str]) -> None:
    """They lie where the containerd that is used, or the daemon itself, holds its database open."""
    assert group(places(told(text), store=store, embedded=embedded), "data_root") == roots
    ((path, unseen),) = files_of(places(told(links={})), "data_root")
    assert (path, unseen.state) == ("/data/docker", State.UNREAD)
