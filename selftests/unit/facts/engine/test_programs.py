"""Where the programs and directories of an engine are."""

from __future__ import annotations

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
from selftests.kit.facts.engines import engine
from selftests.kit.files import answer

RUNNING = """\
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
FILES = "/opt/new/c.toml /opt/own/crun /usr/local/bin/containerd /usr/sbin/runc"
FOLDERS = (
    "/ /data /etc /etc/containerd /mnt /mnt/docker /opt /opt/new /opt/own /run /run/containerd /run/docker"
    " /run/docker/containerd /usr /usr/bin /usr/local /usr/local/bin /usr/sbin"
)
NODES = (
    *(f"81ed:0:0:root:{each}" for each in FILES.split()),
    *(f"41ed:0:0:root:{each}" for each in FOLDERS.split()),
    "a1ff:0:0:root:'/data/docker' -> '/mnt/docker'",
    "a1ff:0:0:root:'/opt/crun' -> 'own/crun'",
    "a1ff:0:0:root:'/usr/bin/containerd' -> '../local/bin/containerd'",
    "a1ff:0:0:root:'/usr/bin/runc' -> '/usr/sbin/runc'",
    "stat: cannot statx '/etc/containerd/config.toml': No such file or directory",
)
SOCKET, OWN_SOCKET = "/run/containerd/containerd.sock", "/run/docker/containerd/containerd.sock"


def files_of(
    name: str,
    processes: str = RUNNING,
    *,
    executable: str = "/usr/bin/dockerd",
    socket: str = SOCKET,
    uid: int = 0,
    **info: Any,
) -> Files:
    """A fact on a daemon, process 7 in the mount namespace 1, that is a client at *socket*."""
    own = process(
        executable=executable,
        namespaces={"mnt": "mnt:[1]"},
        uids=(uid,) * 4,
        unix_table=(UnixSocket(socket, socket, "2"),),
        held=frozenset("1"),
    )
    described = engine(**{"DockerRootDir": "/data/docker", "Driver": "vfs", "DriverStatus": None} | info)
    daemon: Any = SimpleNamespace(process=own, containerd_sockets=(socket,), engine=described, pid=7)
    text = answer(processes=("7/root ", *processes.splitlines()), nodes=NODES)
    recording = Recording("host", "local", {"files": Told("files", 0, text, "")})
    files = EngineFiles(Answer.of(recording), daemon)
    found: Files = Facts(recording, Policy(), engine_files=files, daemon=daemon).get(name)
    return found


IN_CONTAINERD = {"DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}
WRITTEN = RUNNING.replace("/opt/new/c.toml", "/var/run/docker/containerd/containerd.toml").replace(
    "/var/run/containerd/", "/run/docker/containerd/"
)


@pytest.mark.parametrize(
    ("name", "options", "paths"),
    [
        ("daemon_program", {"executable": "/opt/dockerd (deleted)"}, ["/opt/dockerd"]),
        ("containerd_program", {}, ["/opt/new/containerd", "/usr/local/bin/containerd"]),
        ("runc_program", {}, ["/usr/sbin/runc"]),
        ("runc_program", {"DefaultRuntime": "own", "Runtimes": {"own": {"path": "/opt/crun"}}},
         ["/usr/sbin/runc", "/opt/own/crun"]),
        ("containerd_shim", {}, []),
        ("containerd_configuration", {}, ["/opt/new/c.toml"]),
        ("containerd_directory", {}, ["/run/containerd"]),
        ("containerd_directory", {"socket": OWN_SOCKET}, ["/run/docker/containerd", "/run/containerd"]),
        ("data_root", {}, ["/mnt/docker"]),
        ("data_root", IN_CONTAINERD, ["/mnt/docker", "/data/containerd"]),
    ],
)  # fmt: skip
def test_where_they_are(name: str, options: dict[str, Any], paths: list[str]) -> None:
    """A file counts where it really is, once; what another container runs is not the host's."""
    assert [file.node.path for _, file in files_of(name, **options)] == paths


@pytest.mark.parametrize("runtimes", [{"runc": {"path": "runc"}}, {"own": {"path": "own"}}, {"own": {}}])
def test_runtime_that_was_not_found(runtimes: dict[str, Any]) -> None:
    """A rule on runc alone does not watch it."""
    found = files_of("runc_program", DefaultRuntime="own", Runtimes=runtimes)
    assert [name for name, _ in found.unread] == ["own"]


def test_what_is_not_there_and_what_is_not_seen() -> None:
    """What dockerd wrote for its own containerd is not the site's; what was not looked at is not absent."""
    ((path, file),) = files_of("containerd_configuration", WRITTEN, socket=OWN_SOCKET)
    assert (path, file.state) == ("/etc/containerd/config.toml", State.ABSENT)
    ((_, unseen),) = files_of("containerd_directory", socket="/run/x/c.sock", uid=1000)
    ((_, unread),) = files_of("data_root", DockerRootDir="/srv")
    assert {unseen.state, unread.state} == {State.UNREAD}
    for name, options in (("daemon_program", {"executable": ""}), ("data_root", {"socket": OWN_SOCKET})):
        with pytest.raises(EvidenceError, match="are you root"):
            files_of(name, **options, **IN_CONTAINERD)
