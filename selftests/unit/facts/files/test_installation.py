"""Where the programs and directories of an engine are."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest

from hullcheck.facts.daemon.process import UnixSocket
from hullcheck.facts.engine import Engine
from hullcheck.facts.files.installation import ENGINE_PLACES, Places
from hullcheck.facts.host.file import FileFact, Node, State
from hullcheck.facts.subjects import Subjects
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
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
    environment: dict[str, str] | None = None,
    info: Mapping[str, Any] = MappingProxyType({}),
) -> Places:
    """The places that a probe's answer tells, beside a daemon in the mount namespace 1."""

    @dataclass(frozen=True)
    class Process:
        executable: str
        namespaces: dict[str, str]
        rootless: bool
        environment: dict[str, str] | None
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
        def group(self, name: str) -> Subjects[FileFact]:
            assert name == "service_unit_file"
            return Subjects("file", (("/d.service", at("/d.service")), ("/x.conf", at("/x.conf"))))

        def containerd_sockets(self) -> Subjects[FileFact]:
            if unseen:
                return Subjects(
                    "file", tuple((each, FileFact(each, State.UNREAD, doubt="x")) for each in sockets)
                )
            return Subjects("file", tuple((path, at(path)) for path in sockets))

    table = tuple(UnixSocket(path, path, "1" if embedded else "2") for path in sockets)
    process = Process(executable, {"mnt": "mnt:[1]"}, rootless, environment, table)
    runtimes = {"DefaultRuntime": "runc", "Runtimes": {"runc": {"path": "runc"}}}
    told = {"DockerRootDir": "/data/docker", "Driver": "vfs", "DriverStatus": driver}
    engine = Engine({**told, **runtimes, **info})
    daemon: Any = Daemon(process, SimpleNamespace(containerd_sockets=sockets), engine)
    files: Any = Files()
    answer = Answer("engine_places", 0, text, "")
    return Places(Recording("host", "local", {"engine_places": answer}), daemon, files)


RUNNING = """\
running|7|/usr/bin/dockerd
running|8|/opt/new/containerd (deleted)
running|9|/usr/bin/containerd
argument|8|/opt/new/containerd
argument|8|--config=/opt/new/c.toml
containerd-in-use|file|/opt/new/c.toml|/opt/new/c.toml
toml|8|root = "/data/containerd"
toml|8|[other]
toml|8|  root = "/other"
toml|8|[grpc]
toml|8|  address = "/var/run/containerd/containerd.sock"
argument|9|/usr/bin/containerd
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
    found = places(RUNNING, info=info).group("runc_program")
    assert [name for name, _ in found.unread] == ["own"]


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


def test_containerd_of_another_name() -> None:
    """A rule on what is called containerd and does not run watches nothing; within the daemon there is no program."""
    renamed = RUNNING.replace("/opt/new/containerd", "/opt/new/containerd-2.1")
    found = places(renamed, sockets=(SOCKET,)).group("containerd_program")
    assert [name for name, _ in found.named] == ["/usr/local/bin/containerd"]
    assert [name for name, _ in found.unread] == [SOCKET]
    within = places(renamed, sockets=(SOCKET,), embedded=True)
    assert within.group("containerd_program").unread == ()


def test_line_that_is_lost() -> None:
    """A line that was dropped may have named a program: that there is none is not known."""
    with pytest.raises(EvidenceError, match="a line of the answer is lost"):
        places(f"{RUNNING}\n(dropped)\n").group("containerd_shim")


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


def test_containerd_within_the_daemon() -> None:
    """Its images lie below the data root, unless a variable leads elsewhere, where the probe does not look."""
    of_containerd = [["driver-type", "io.containerd.snapshotter.v1"]]
    text = "data-root|directory|/data/docker|/data/docker\nrunning|7|/usr/bin/dockerd\n"
    found = places(text, sockets=(SOCKET,), driver=of_containerd, embedded=True, environment={})
    assert found.containerd_roots == ("/data/docker/containerd/daemon",)
    assert group(found, "data_root") == ["/data/docker"]
    elsewhere = {"DOCKER_CONTAINERD_ROOT": "/srv/images"}
    moved = places(text, sockets=(SOCKET,), driver=of_containerd, embedded=True, environment=elsewhere)
    assert [(fact.path, fact.state) for _, fact in moved.group("data_root")] == [
        ("/data/docker", State.FOUND), ("/srv/images", State.UNREAD),
    ]  # fmt: skip
    with pytest.raises(EvidenceError, match="the environment of the daemon"):
        _ = places(text, sockets=(SOCKET,), embedded=True).containerd_roots


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
        path = expected.target.path if expected.target else "/run/containerd"
        assert found.named == ((path, expected),)
    assert (
        places("containerd-directory|directory|/c|/c\n", rootless=True).group("containerd_directory").named
        == ()
    )


def test_images_in_the_store_of_containerd() -> None:
    """They lie in its own root, where links lead; where that was not asked for, nothing of it is known."""
    root = "data-root|directory|/data/docker|/data/docker\n"
    runs = "running|7|/usr/bin/dockerd\nrunning|9|/usr/bin/containerd\nargument|9|/usr/bin/containerd\n"
    runs += "namespace|7/ns/mnt:\nnamespace|lrwxrwxrwx 1 0 0 0 Jan 1 10:00 7/ns/mnt -> mnt:[1]\n"
    runs += "namespace|lrwxrwxrwx 1 0 0 0 Jan 1 10:00 9/ns/mnt -> mnt:[1]\n"
    store = [["driver-type", "io.containerd.snapshotter.v1"]]
    socket = ("/run/containerd/containerd.sock",)
    own = "containerd-root|directory|/var/lib/containerd|/srv/containerd\n"

    def found(text: str, driver: list[list[str]] | None = store) -> dict[str, FileFact]:
        return dict(places(text, sockets=socket, driver=driver).group("data_root"))

    assert found(root + runs + own)["/var/lib/containerd"].node.path == "/srv/containerd"
    assert found(root + runs)["/var/lib/containerd"].state is State.UNREAD
    held = "held|9|/srv/containerd\ncontainerd-root|directory|/srv/containerd|/srv/containerd\n"
    assert found(root + runs + own + held).keys() == {"/data/docker", "/var/lib/containerd"}
    elsewhere = held.replace("/srv/containerd", "/data/c|d")
    assert found(root + runs + own + elsewhere)["/data/c|d"].state is State.UNREAD
    elsewhere = held.replace("/srv/containerd", "/data/c")
    assert found(root + runs + own + elsewhere)["/data/c"].node.path == "/data/c"
    assert found(root + runs + own, None).keys() == {"/data/docker"}


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
    text += [f"argument|8|{each}" for each in ("/usr/bin/containerd", *arguments)] + [
        f"toml|8|{each}" for each in lines
    ]
    text += [f"containerd-in-use|file|{path}|{path}" for path in (configuration, "/another.toml")]
    found = places(ENGINE_PLACES.keep("\n".join(text)), sockets=(address,))
    assert found.containerd_roots == (root,)
    assert group(found, "containerd_configuration") == [configuration]


def test_imports_of_containerd() -> None:
    """They are a part of its configuration."""
    more = "containerd-import|directory|/etc/containerd/conf.d|/etc/containerd/conf.d\n"
    assert group(places(RUNNING + more, sockets=(SOCKET,)), "containerd_configuration") == [
        "/opt/new/c.toml",
        "/etc/containerd/conf.d",
    ]


def test_file_that_the_daemon_wrote() -> None:
    """The configuration that dockerd writes for its own containerd is not the site's."""
    text = RUNNING.replace("/opt/new/c.toml", "/run/docker/containerd/containerd.toml").replace(
        "/var/run/containerd/containerd.sock", "/var/run/docker/containerd/containerd.sock"
    )
    found = places(text, sockets=("/run/docker/containerd/containerd.sock",))
    assert [path for path, _ in found.group("containerd_configuration")] == ["/etc/containerd/config.toml"]


def test_socket_of_containerd_that_is_not_seen() -> None:
    """Its directory is not absent for that: it could not be looked at."""
    found = places("", sockets=("/run/x/c.sock",), unseen=True, rootless=True).group("containerd_directory")
    assert [(path, file.state) for path, file in found] == [("/run/x", State.UNREAD)]
