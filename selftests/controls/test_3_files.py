"""Section 3: each control fails on the flaw that it names, and passes on what differs in that one thing."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.daemon.config_file import START as SLACK
from hullcheck.facts.daemon.process import DAEMON_PROCESSES
from hullcheck.facts.files import GROUPS, EngineFiles
from hullcheck.facts.files.answer import UnitFiles, Walk
from hullcheck.facts.files.probe import ENGINE_FILES
from hullcheck.facts.host.file import FileFact, Node, State
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing.times import moment
from hullcheck.policy import Policy
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError, NotApplicable
from selftests.controls.test_2_daemon import AFTER, BEFORE, SOCKET, Host
from selftests.kit.judging import judged

NONCE = "0123456789abcdef" * 2
UNIT, DROP_IN = "/lib/systemd/system/docker.service", "/etc/systemd/system/docker.service.d/x.conf"
SOCKET_UNIT, CONTAINERD = "/lib/systemd/system/docker.socket", "/run/containerd/containerd.sock"
CONFIG, CERTIFICATES, ENVIRONMENT = "/etc/docker/daemon.json", "/etc/docker/certs.d", "/etc/docker.env"
UNITS = "/etc/systemd/system"
REGISTRY = f"{CERTIFICATES}/reg"
DEFAULT, SYSCONFIG = "/etc/default/docker", "/etc/sysconfig/docker"
TLS = ("--tlsverify", "--tlscacert=/tls/ca", "--tlscert=/tls/cert", "--tlskey=/tls/key")
ACL = "# file: x\nuser::rw-\n{}group::rw-\nmask::rw-\nother::---\n"


@dataclass(frozen=True)
class Stat:
    """What stat(1) says of a file."""

    mode: int = 0o100644
    uid: int = 0
    gid: int = 0
    group: str = "root"


def directory(mode: int = 0o755, uid: int = 0) -> Stat:
    """A directory."""
    return Stat(stat.S_IFDIR | mode, uid)


def socket(mode: int = 0o660, uid: int = 0, gid: int = 105, group: str = "docker") -> Stat:
    """A socket."""
    return Stat(stat.S_IFSOCK | mode, uid, gid, group)


def link(uid: int = 0) -> Stat:
    """A symbolic link."""
    return Stat(stat.S_IFLNK | 0o777, uid)


FILES = {
    **{path: Stat() for path in (UNIT, DROP_IN, ENVIRONMENT, SOCKET_UNIT, CONFIG, DEFAULT, SYSCONFIG)},
    **{f"{REGISTRY}/{name}": Stat(0o100444) for name in ("ca.crt", "client.cert", "client.key")},
    **{path: Stat(0o100444) for path in ("/tls/ca", "/tls/cert")},
    "/tls/key": Stat(0o100400),
    SOCKET: socket(),
    CONTAINERD: socket(gid=0, group="root"),
    CERTIFICATES: directory(),
    REGISTRY: directory(),
    "/etc/docker": directory(),
    UNITS: directory(),
}


@dataclass(frozen=True)
class Target:
    """A target by hand: its daemon, and what the probe sees of its files.

    Attributes:
        links: where each link leads.
        states: paths that are absent or unread.
        words: further records of the daemon.
        lists: the access control list of a socket, as getfacl prints it; None where that is not known.
        units: the units of the system's systemd; None where the target does not run it.
        folders: where each unit would find more files.
        walked: further paths that the probe followed for the daemon.
    """

    host: Host = field(default_factory=lambda: Host(flags=TLS))
    files: dict[str, Stat] = field(default_factory=lambda: FILES)
    links: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    lists: dict[str, str | None] = field(default_factory=dict)
    units: tuple[tuple[str, ...], ...] | None = (
        (
            "Id=docker.service",
            "MainPID=7",
            "TriggeredBy=x",
            f"FragmentPath={UNIT}",
            f"DropInPaths={DROP_IN}",
        ),
        ("Id=docker.socket", f"FragmentPath={SOCKET_UNIT}", "DropInPaths="),
    )  # fmt: skip
    folders: tuple[str, ...] = (UNITS,)
    walked: tuple[str, ...] = ()

    def with_file(self, path: str, file: Stat) -> Target:
        """The same with one file another."""
        return replace(self, files=self.files | {path: file})

    def without(self, *paths: str, state: str = "absent") -> Target:
        """The same without some files."""
        return replace(self, states=self.states | dict.fromkeys(paths, state))

    def facts(self) -> Facts:
        """Its facts."""
        return self.facts_with(ENGINE_FILES.keep(self.output()))

    def facts_with(self, output: str) -> Facts:
        """Its facts, where the probe prints this; the system has a containerd."""
        recording = self.host.recording()
        processes = recording.answers[DAEMON_PROCESSES.name]
        changed = (
            replace(processes, stdout=f"system-containerd:\n{processes.stdout}"),
            Answer(ENGINE_FILES.name, 0, output, ""),
        )
        answers = {**recording.answers, **{each.name: each for each in changed}}
        return Facts(replace(recording, answers=answers), Policy())

    def output(self) -> str:
        """What the probe prints."""
        return "".join(f"{NONCE} {record}\n" for record in self._records())

    def judge(self, number: str, policy: Policy | None = None) -> dict[str, tuple[str, str]]:
        """Verdict and reason by file."""
        return judged(number, Facts(self.facts().recording, policy or Policy()))

    def _records(self) -> Iterator[str]:
        words = {
            "group": "0",
            "directory": "/",
            "registries": CERTIFICATES,
            "tls": "/root/.docker",
        } | self.words
        yield from ("dockerd 7", "root /proc/7/root", *(f"{word} {value}" for word, value in words.items()))
        for path in (
            CONFIG,
            "/etc/docker/",
            "/tls/ca",
            "/tls/cert",
            "/tls/key",
            f"/var{SOCKET}",
            CONTAINERD,
            *self.walked,
        ):
            yield from self._walk(path)
        for path in self.files:
            if path.startswith(CERTIFICATES):
                yield from self._walk(path)
        if self.units is not None:
            yield "manager 0"
            for unit in self.units:
                yield from (f"property {line}" for line in (*unit, f"EnvironmentFiles={ENVIRONMENT} (x)"))
                yield f"match {ENVIRONMENT}"
                yield from (*(f"folder {each}" for each in self.folders), "property ")
            for path in (UNIT, DROP_IN, ENVIRONMENT, SOCKET_UNIT, *self.folders):
                yield from self._walk(path)
        yield "host "
        for path in (DEFAULT, SYSCONFIG):
            yield from self._walk(path)
        yield from self._stats()

    def _walk(self, path: str) -> Iterator[str]:
        yield f"asked {path}"
        end = path.rstrip("/").removeprefix("/var") if path.startswith("/var") else path.rstrip("/")
        if path.startswith("/var"):
            yield "link /var/run"
        if end in self.links:
            yield f"link {end}"
            end = self.links[end]
        state = self.states.get(end, "found")
        yield f"{state} {end}"
        if state == "found" and stat.S_ISSOCK(self.files[end].mode):
            listed = self.lists.get(end, ACL.format(""))
            yield from () if listed is None else (f"acl {listed}",)

    def _stats(self) -> Iterator[str]:
        named = {"/var/run": link()} | {path: link() for path in self.links} | self.files
        above = {each: directory() for path in named for each in _above(path)}
        for path, each in (above | named).items():
            for root in ("", "/proc/7/root"):
                yield f"stat {each.mode:x}:{each.uid}:{each.gid}:{each.group}:{root}{path}"


def _above(path: str) -> Iterator[str]:
    """The directories in which a path lies."""
    while path != "/":
        path = path.rpartition("/")[0] or "/"
        yield path


RIGHT = Target()
ROOTLESS = Host(flags=TLS, uid=1000, environment=("HOME=/root", "XDG_RUNTIME_DIR=/run/user/1000"))
KEYS = tuple(f"{REGISTRY}/{name}" for name in ("ca.crt", "client.cert", "client.key"))
OWNERS = {
    "3.1": (UNIT, DROP_IN, ENVIRONMENT), "3.3": (SOCKET_UNIT,), "3.5": ("/etc/docker",), "3.7": (REGISTRY, *KEYS),
    "3.9": ("/tls/ca",), "3.11": ("/tls/cert",), "3.13": ("/tls/key",), "3.15": (SOCKET,), "3.17": (CONFIG,),
    "3.19": (DEFAULT,), "3.22": (SYSCONFIG,), "3.23": (CONTAINERD,),
}  # fmt: skip
MODES = {
    "3.2": ((UNIT, DROP_IN, ENVIRONMENT), "644 600 444", "645 664 606 622 1644"),
    "3.4": ((SOCKET_UNIT,), "644", "646"),
    "3.6": (("/etc/docker",), "755 700 711 2755", "757 775 707 727 737 1777"),
    "3.8": (KEYS, "444 400 000", "644 600 402 422 442 555"),
    "3.10": (("/tls/ca",), "444", "644 402 442"),
    "3.12": (("/tls/cert",), "444 440", "446 464"),
    "3.14": (("/tls/key",), "400 000", "600 440 404 500"),
    "3.16": ((SOCKET,), "660 600 640 1660", "666 606 626 661 2660"),
    "3.18": ((CONFIG,), "644 640", "606 622 626 602"),
    "3.20": ((DEFAULT,), "644", "666"),
    "3.21": ((SYSCONFIG,), "644", "646"),
    "3.24": ((CONTAINERD,), "660", "662 760"),
}


def test_right_target() -> None:
    """Every control passes the right target, and judges the files of its group."""
    for number, paths in {**OWNERS, **{number: files for number, (files, _, _) in MODES.items()}}.items():
        found = RIGHT.judge(number)
        assert {path: verdict for path, (verdict, _) in found.items() if path in paths} == dict.fromkeys(
            paths, "pass"
        )
        assert {verdict for verdict, _ in found.values()} == {"pass"}


@pytest.mark.parametrize(
    ("number", "path"), [(number, path) for number, paths in OWNERS.items() for path in paths]
)
def test_owner(number: str, path: str) -> None:
    """Another owner or another group fails the file, by number."""
    good = FILES[path]
    owned = RIGHT.with_file(path, replace(good, uid=1000)).judge(number)
    grouped = RIGHT.with_file(path, replace(good, gid=1000, group="staff")).judge(number)
    assert owned[path] == ("fail", "belongs to uid 1000")
    assert grouped[path] == ("fail", "its group is staff (gid 1000)")


@pytest.mark.parametrize(
    ("number", "path", "right", "wrong"),
    [(number, path, right, wrong) for number, (paths, right, wrong) in MODES.items() for path in paths],
)
def test_mode(number: str, path: str, right: str, wrong: str) -> None:
    """A mode may be any part of the allowed one, and has no bit that it lacks."""
    kind = stat.S_IFMT(FILES[path].mode)
    for modes, expected in ((right, "pass"), (wrong, "fail")):
        for mode in modes.split():
            changed = replace(FILES[path], mode=kind | int(mode, 8))
            assert (mode, RIGHT.with_file(path, changed).judge(number)[path][0]) == (mode, expected)


# ---- the way


@pytest.mark.parametrize(
    ("change", "owner", "mode"),
    [
        ({"/srv": directory(uid=1000)}, "the directory /srv on its way belongs to uid 1000", ""),
        ({"/srv": directory(0o757)}, "", "others may write to /srv on its way (mode 757)"),
        ({"/srv": directory(0o775)}, "", "others may write to /srv on its way (mode 775)"),
        ({"/srv": directory(0o1777)}, "", ""),
        ({"/srv": directory(0o1777, 5)}, "the directory /srv on its way belongs to uid 5",
         "others may write to /srv on its way (mode 777)"),
        ({CONFIG: link(uid=7)}, f"the link {CONFIG} on its way belongs to uid 7", ""),
        ({"/srv/d.json": Stat(uid=9)}, "belongs to uid 9 (/srv/d.json)", ""),
        ({"/srv/d.json": Stat(0o100666)}, "", "mode 666 has more than 644 (/srv/d.json)"),
        ({"/etc/docker": directory(0o777)}, "", "others may write to /etc/docker on its way (mode 777)"),
        ({}, "", ""),
    ],
)  # fmt: skip
def test_way(change: dict[str, Stat], owner: str, mode: str) -> None:
    """A link is followed; its directories and those of the file belong to the demand."""
    files = FILES | {"/srv": directory(), "/srv/d.json": Stat(), CONFIG: link()} | change
    target = replace(RIGHT, files=files, links={CONFIG: "/srv/d.json"})
    assert target.judge("3.17")[CONFIG] == (("fail", owner) if owner else ("pass", "0:0 (/srv/d.json)"))
    assert target.judge("3.18")[CONFIG] == (("fail", mode) if mode else ("pass", "mode 644 (/srv/d.json)"))


def test_link_to_the_socket() -> None:
    """Clients come by the name that the socket was given: a link on that way may lead them elsewhere."""
    assert RIGHT.with_file("/var/run", link(uid=5)).judge("3.15")[SOCKET] == (
        "fail", "the link /var/run on its way belongs to uid 5",
    )  # fmt: skip


# ---- sockets


def test_group_of_the_socket() -> None:
    """The group is docker, root, or one that the policy names, by name or number; what the daemon was told is
    no excuse."""
    staff = RIGHT.with_file(SOCKET, socket(gid=50, group="staff"))
    told = replace(staff, host=Host(flags=(*TLS, "--group", "staff")))
    written = replace(staff, host=Host(flags=TLS, document='{"group": "staff"}'))
    reason = "its group is staff (gid 50)"
    for target in (staff, told, written):
        assert target.judge("3.15")[SOCKET] == ("fail", reason)
        for named in ("staff", "50"):
            policy = Policy(socket_groups=(named,))
            assert target.judge("3.15", policy)[SOCKET] == ("pass", "0:50, group staff")
    docker, root = RIGHT, RIGHT.with_file(SOCKET, socket(gid=0, group="root"))
    for groups, verdict in ((("docker",), "pass"), (("staff",), "fail"), ((), "fail")):
        policy = Policy(socket_groups=groups)
        assert docker.judge("3.15", policy)[SOCKET][0] == verdict
        assert root.judge("3.15", policy)[SOCKET][0] == "pass"


def test_socket_after_the_next_start() -> None:
    """What the socket unit will do is said beside what is; that of another socket says nothing."""
    assert RIGHT.units is not None
    for path, lines, group, mode in (
        (SOCKET, ("SocketMode=0666", "SocketGroup=staff"), "; restart pending: its unit says group staff",
         "; restart pending: its unit says mode 666"),
        (f"/var{SOCKET}", ("SocketMode=0666", "SocketGroup=docker"), "", "; restart pending: its unit says mode 666"),
        (SOCKET, ("SocketMode=0600", "SocketGroup="), "", ""),
        (SOCKET, (), "", ""),
        ("/x.sock", ("SocketMode=0666", "SocketGroup=staff"), "", ""),
    ):  # fmt: skip
        unit = (*RIGHT.units[1], f"Listen={path} (Stream)", *lines)
        target = replace(RIGHT, units=(RIGHT.units[0], unit))
        assert target.judge("3.15")[SOCKET] == ("pass", f"0:105, group docker{group}")
        assert target.judge("3.16")[SOCKET] == ("pass", f"mode 660{mode}")


def test_socket_without_a_file() -> None:
    """An abstract socket has no owner and no mode, and everybody may use it; no other socket does that good."""
    target = replace(RIGHT, host=replace(RIGHT.host, sockets=("@docker",)))
    why = "(abstract, so that it has neither owner nor mode)"
    assert target.judge("3.15")["@docker"] == ("fail", f"belongs to uid -1 {why}")
    assert target.judge("3.16")["@docker"] == ("fail", f"mode 777 has more than 660 {why}")
    assert target.judge("3.16")[SOCKET][0] == "pass"
    assert set(RIGHT.judge("3.16")) == {SOCKET}


def test_abstract_socket_is_its_name() -> None:
    """It is told by its name, beside those that are files."""
    target = replace(RIGHT, host=replace(RIGHT.host, sockets=("@docker",)))
    found = dict(target.facts().engine_files.group("api_socket"))
    node = Node("abstract, so that it has neither owner nor mode", stat.S_IFSOCK | 0o777, -1, 0)
    assert found["@docker"] == FileFact("@docker", State.FOUND, node, grants=())


def test_socket_of_a_relative_path() -> None:
    """It lies where the daemon runs; where that was not looked at, it is an error."""
    target = replace(RIGHT, host=replace(RIGHT.host, sockets=("d.sock",)))
    path = "/srv/engine/d.sock"
    assert target.judge("3.16")[path][0] == "error"
    for mode, verdict in ((0o660, "pass"), (0o666, "fail")):
        seen = replace(target, walked=(path,)).with_file(path, socket(mode))
        assert seen.judge("3.16")[path][0] == verdict


LISTS = [
    ("", "pass"),
    ("user:1000:rw-\n", "fail"),
    ("group:1000:-w-\n", "fail"),
    ("user:1000:---\n", "pass"),
    ("user:1000:rw-\ngroup::rw-\nmask::---\nother::---\n", "pass"),
]


@pytest.mark.parametrize(("entries", "expected"), LISTS)
@pytest.mark.parametrize(("number", "path"), [("3.16", SOCKET), ("3.24", CONTAINERD)])
def test_access_control_list(number: str, path: str, entries: str, expected: str) -> None:
    """An access control list gives no more than the mode does, with its mask applied."""
    listed = f"# file: x\nuser::rw-\n{entries}" if "mask" in entries else ACL.format(entries)
    assert replace(RIGHT, lists={path: listed}).judge(number)[path][0] == expected


@pytest.mark.parametrize("listed", [None, "", "# file: x\nuser::rw-\nuser:1000:rw-"])
def test_unknown_access_control_list(listed: str | None) -> None:
    """Without a whole list nothing passes; where the group may do nothing, no list can give anything."""
    target = replace(RIGHT, lists={SOCKET: listed})
    verdict, reason = target.judge("3.16")[SOCKET]
    assert (verdict, reason.endswith("cannot be told; getfacl could")) == ("error", True)
    assert target.with_file(SOCKET, socket(0o600)).judge("3.16")[SOCKET][0] == "pass"
    assert target.with_file(SOCKET, socket(0o666)).judge("3.16")[SOCKET][0] == "fail"


# ---- nothing there, and nothing known


@pytest.mark.parametrize(
    ("numbers", "path"),
    [
        (("3.17", "3.18"), CONFIG),
        (("3.19", "3.20"), DEFAULT),
        (("3.21", "3.22"), SYSCONFIG),
        (("3.23", "3.24"), CONTAINERD),
    ],
)
def test_absent_file(numbers: tuple[str, ...], path: str) -> None:
    """What is proven not to exist is not applicable; what cannot be looked at is an error."""
    for number in numbers:
        assert RIGHT.without(path).judge(number) == {path: ("not applicable", f"{path} does not exist")}
        reason = f"{path} could not be looked at: {path} may not be read; are you root?"
        assert RIGHT.without(path, state="unread").judge(number) == {path: ("error", reason)}


def test_file_that_went_away() -> None:
    """A file without attributes was changed while it was looked at."""
    lines = [line for line in RIGHT.output().split("\n") if not line.endswith(f":root:{DEFAULT}")]
    assert judged("3.19", RIGHT.facts_with("\n".join(lines)))[DEFAULT][0] == "error"


def test_configuration_elsewhere() -> None:
    """Another configuration file does not make /etc/docker, where the rest lies, less important to root's daemon."""
    host = Host(flags=("--config-file=/srv/d.json",))
    assert set(replace(RIGHT, host=host).judge("3.5")) == {"/etc/docker", "/srv"}
    own = replace(host, uid=1000)
    assert set(replace(RIGHT, host=own).judge("3.5")) == {"/srv"}
    for path, folder in (("d.json", "/srv/engine"), ("x/d.json", "/srv/engine/x")):
        relative = replace(
            RIGHT, host=Host(flags=(f"--config-file={path}",)), words={"directory": "/srv/engine"}
        )
        assert set(relative.judge("3.5")) == {"/etc/docker", folder}
        assert set(relative.judge("3.17")) == {f"/srv/engine/{path}"}


def members(target: Target, name: str) -> Subjects[FileFact]:
    """A group of the engine's files."""
    return target.facts().engine_files.group(name)


@pytest.mark.parametrize("name", GROUPS)
def test_groups_are_of_files(name: str) -> None:
    """The subjects of each are files, and a right target has some."""
    found = members(RIGHT, name)
    assert (found.kind, bool(found.named)) == ("file", True)


BARE = {path: each for path, each in FILES.items() if not path.startswith(f"{REGISTRY}/")}


@pytest.mark.parametrize(
    ("target", "name", "why"),
    [
        (Target(Host(flags=("--config-file=",), uid=1000)), "configuration_directory",
         "the daemon has no configuration directory"),
        (Target(Host(flags=("--config-file=",))), "configuration_file",
         "the daemon was started without a configuration file"),
        (Target(units=None), "service_unit_file", "the target does not run systemd"),
        (Target(units=None), "socket_unit_file", "the target does not run systemd"),
        (Target(units=()), "service_unit_file", "systemd does not start this daemon"),
        (Target(units=()), "socket_unit_file", "systemd has no docker.socket"),
        (Target(files=BARE), "registry_certificate", f"there is no file below {CERTIFICATES}"),
        (Target(files=BARE).without(CERTIFICATES), "registry_certificate", f"{CERTIFICATES} does not exist"),
        (Target(Host()), "tls_ca", "no tlscacert is configured, and TLS does not ask for one"),
        (Target(Host()), "tls_certificate", "no tlscert is configured, and TLS does not ask for one"),
        (Target(Host()), "tls_key", "no tlskey is configured, and TLS does not ask for one"),
    ],
)  # fmt: skip
def test_groups_without_a_file(target: Target, name: str, why: str) -> None:
    """Why there is nothing to judge."""
    assert members(target, name) == Subjects("file", (), why)


@pytest.mark.parametrize("name", ["default_file", "sysconfig_file"])
def test_file_at_a_fixed_place(name: str) -> None:
    """There is always one path to judge, and so no reason why there is none."""
    assert members(RIGHT, name).nothing == ""


def engine_files(**process: Any) -> EngineFiles:
    """The files of a daemon by hand, which has no socket; one file was last changed at the second 100."""
    view = SimpleNamespace(words={}, walks={"/f": SimpleNamespace(changed=(99.0, 100.0), pem="")})
    answer: Any = SimpleNamespace(daemons={7: view}, units=(), managers={}, silent=())
    known = SimpleNamespace(**{"rootless": False, "unix_table": (), "uids": (0, 0)} | process)
    daemon: Any = SimpleNamespace(pid=7, process=known, api_sockets=(), containerd_sockets=())
    return EngineFiles(answer, daemon)


def test_daemon_without_sockets() -> None:
    """Why there is no socket to judge."""
    found = engine_files()
    assert found.group("api_socket") == Subjects("file", (), "the API listens on no unix socket")
    assert found.group("containerd_socket") == Subjects("file", (), "the daemon uses no containerd")


@pytest.mark.parametrize(
    ("started", "older"),
    [
        ((100.0 - SLACK, 200.0), True),
        ((99.95, 99.95), True),
        ((99.8, 200.0), False),
        ((101.0, 101.0), True),
        (None, False),
    ],
)
def test_age_of_a_file_of_tls(started: tuple[float, float] | None, older: bool) -> None:
    """It has to be older than the earliest moment at which the daemon may have read it."""
    file = FileFact("/f", State.FOUND)
    assert engine_files(started=started).is_older_than_daemon(file) is older


@pytest.mark.parametrize(
    ("name", "option", "default"),
    [
        ("tls_ca", "tlscacert", "ca.pem"),
        ("tls_certificate", "tlscert", "cert.pem"),
        ("tls_key", "tlskey", "key.pem"),
    ],
)
def test_paths_of_tls(name: str, option: str, default: str) -> None:
    """The last that the command line names, without quotes around all of it; else the file, else the default."""
    for flags, document, path in (
        (("--tls",), {}, f"/tls/{default}"),
        (("--tls",), {option: "/x"}, "/x"),
        ((f"--{option}=/old", f"--{option}=/x"), {option: "/y"}, "/x"),
        ((f"--{option}='/x'",), {}, "/x"),
        ((f'--{option}="/x',), {}, '/d/"/x'),
        ((f'--{option}="',), {}, '/d/"'),
        ((f"--{option}=x/",), {}, "/d/x/"),
        ((f"--{option}=XxX",), {}, "/d/XxX"),
    ):
        host = Host(flags=flags, document=json.dumps(document))
        target = replace(RIGHT, host=host, words={"tls": "/tls", "directory": "/d"})
        assert [path for path, _ in members(target, name)] == [path]


@pytest.mark.parametrize(
    ("record", "name", "why"),
    [
        ("registries", "registry_certificate", "the directory of the registries' certificates is not known"),
        ("tls", "tls_key", "the directory of the daemon's certificates is not known"),
    ],
)
def test_directory_that_is_not_known(record: str, name: str, why: str) -> None:
    """Without the directory nobody knows which files these are."""
    lines = replace(RIGHT, host=Host(flags=("--tls",))).output().split("\n")
    kept = [line for line in lines if not line.startswith(f"{NONCE} {record} ")]
    with pytest.raises(EvidenceError) as raised:
        replace(RIGHT, host=Host(flags=("--tls",))).facts_with("\n".join(kept)).engine_files.group(name)
    assert str(raised.value) == f"{why}; are you root?"


def test_files_as_the_daemon_sees_them() -> None:
    """Where the daemon has files of its own, those of the same name that the auditor sees are others."""
    others = f"{NONCE} stat 81b6:5:5:x:{CONFIG}\n{NONCE} stat 81b6:5:5:x:/proc/7/root{DEFAULT}\n"
    facts = RIGHT.facts_with(RIGHT.output() + others)
    for number, path in (("3.17", CONFIG), ("3.18", CONFIG), ("3.19", DEFAULT), ("3.20", DEFAULT)):
        assert judged(number, facts)[path][0] == "pass"


def test_file_that_was_not_looked_at() -> None:
    """Where the probe did not know what the daemon uses, there is no verdict."""
    host = Host(flags=("--tlskey=/other/key",))
    assert replace(RIGHT, host=host).judge("3.14")["/other/key"][0] == "error"


def test_certificates_for_registries() -> None:
    """Without a file there is nothing to judge; a directory that may not be read is an error."""
    none = {path: each for path, each in FILES.items() if not path.startswith(f"{REGISTRY}/")}
    for number in ("3.7", "3.8"):
        found = replace(RIGHT, files=none).judge(number)
        assert found == {"host": ("not applicable", f"there is no file below {CERTIFICATES}")}
        found = replace(RIGHT, files={**none, CERTIFICATES: directory()}).without(CERTIFICATES).judge(number)
        assert found == {"host": ("not applicable", f"{CERTIFICATES} does not exist")}
        assert RIGHT.without(CERTIFICATES, state="unread").judge(number)[CERTIFICATES][0] == "error"
        assert members(RIGHT.without(CERTIFICATES, state="unread"), "registry_certificate").kind == "file"
        assert replace(RIGHT, files=none, words={"closed": REGISTRY}).judge(number)[REGISTRY] == (
            "error",
            f"{REGISTRY} could not be looked at: what lies in it may not be read; are you root?",
        )
    assert RIGHT.with_file(REGISTRY, directory(0o757)).judge("3.8")[REGISTRY][0] == "fail"
    assert (
        RIGHT.with_file(f"{REGISTRY}/key.pem", Stat(0o100640)).judge("3.8")[f"{REGISTRY}/key.pem"][0]
        == "fail"
    )


def test_answer_that_is_none() -> None:
    """Nonsense, and a probe that failed, give no verdict."""
    for text in ("", "nonsense", f"{NONCE} dockerd seven\n{NONCE} host ", f"{NONCE} dockerd 7"):
        with pytest.raises(EvidenceError):
            judged("3.17", RIGHT.facts_with(text))


def test_names_forge_nothing() -> None:
    """A record within a name stays a part of the name."""
    name = f"{REGISTRY}/x\nstat 8100:0:0:root:{DEFAULT}\nasked {DEFAULT}\nabsent {DEFAULT}"
    target = RIGHT.with_file(name, Stat(0o100666)).with_file(DEFAULT, Stat(0o100666))
    assert {number: target.judge(number)[path][0] for number, path in (("3.8", name), ("3.20", DEFAULT))} == {
        "3.8": "fail", "3.20": "fail",
    }  # fmt: skip


def test_way_of_a_path() -> None:
    """What is not said of it is not known; of two times the later one counts, and one alone does not."""
    said = [("link", "/a"), ("found", "/b"), ("acl", "none"), ("changed", f"{AFTER}|{BEFORE}"), ("pem", "x")]
    assert Walk.of(said) == Walk(State.FOUND, ("/a",), "/b", (), "x", moment(AFTER))
    assert Walk.of([("absent", "/b"), ("changed", f"-|{BEFORE}")]) == Walk(State.ABSENT, (), "/b")
    assert Walk.of([("link", "/a")]) == Walk(State.UNREAD, ("/a",))


def test_file_by_its_names() -> None:
    """It is told by the first of them, whichever the probe followed."""
    daemon_files = RIGHT.facts().engine_files
    view, answer = daemon_files.view, daemon_files.answer
    unasked = "the probe did not find out that it is used"
    assert answer.file(view, "/x", "/y") == FileFact("/x", State.UNREAD, doubt=unasked)
    way = (Node("/", stat.S_IFDIR | 0o755, 0, 0, "root"), Node("/etc", stat.S_IFDIR | 0o755, 0, 0, "root"))
    node = Node("/etc/docker", stat.S_IFDIR | 0o755, 0, 0, "root")
    assert answer.file(view, "/x", "/etc/docker/") == FileFact("/x", State.FOUND, node, way)
    unread = RIGHT.without("/etc/docker", state="unread").facts().engine_files
    assert unread.answer.file(unread.view, "/x", "/etc/docker/") == FileFact(
        "/x", State.UNREAD, doubt="/etc/docker may not be read; are you root?"
    )
    lines = [line for line in RIGHT.output().split("\n") if not line.endswith(":/proc/7/root/etc/docker")]
    gone = RIGHT.facts_with("\n".join(lines)).engine_files
    assert gone.answer.file(gone.view, "/x", "/etc/docker/") == FileFact(
        "/x", State.UNREAD, doubt="it was changed meanwhile; audit again"
    )


def test_all_that_is_read_of_a_unit() -> None:
    """A property ends at its first equals sign, an address at the last blank with a bracket."""
    said = [
        ("property", "Id=x"),
        ("property", "A=b=c"),
        ("property", "Listen=/a (b) (Stream)"),
        ("property", "C"),
    ]
    said += [("match", "/e"), ("folder", "/f"), ("match", "Listen=/no (Stream)"), ("match", "/e")]
    values = {"Id": "x", "A": "b=c", "Listen": "/a (b) (Stream)", "C": ""}
    expected = UnitFiles("0", values, ("/e", "Listen=/no (Stream)"), ("/f",), ("/a (b)",))
    assert UnitFiles.of("0", said) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("nonsense", "the target did not answer"),
        (f"{NONCE} dockerd x", "the answer is not what the probe prints"),
    ],
)
def test_answer_in_words(text: str, why: str) -> None:
    """The reason says whether there was none or a wrong one."""
    with pytest.raises(EvidenceError) as raised:
        _ = RIGHT.facts_with(text).engine_files
    assert str(raised.value) == f"engine_files: {why}"


# ---- units


def test_directory_for_more_files_of_a_unit() -> None:
    """Who may put a drop-in, a unit or an environment file there changes the unit; whose group it is does not
    matter."""
    for number in ("3.2", "3.4"):
        for mode, verdict in (
            (0o755, "pass"),
            (0o700, "pass"),
            (0o775, "fail"),
            (0o757, "fail"),
            (0o1777, "fail"),
        ):
            assert RIGHT.with_file(UNITS, directory(mode)).judge(number)[UNITS][0] == verdict
    for number in ("3.1", "3.3"):
        assert RIGHT.with_file(UNITS, directory(uid=5)).judge(number)[UNITS] == ("fail", "belongs to uid 5")
        assert RIGHT.with_file(UNITS, replace(directory(), gid=5)).judge(number)[UNITS][0] == "pass"
    assert UNITS not in replace(RIGHT, folders=()).judge("3.2")


def test_unit_of_another_daemon() -> None:
    """A unit that runs another process is not this daemon's; one that runs none will start it."""
    running = (("Id=docker.service", "MainPID=99", f"FragmentPath={UNIT}"),)
    assert replace(RIGHT, units=running).judge("3.1") == {
        "host": ("not applicable", "systemd does not start this daemon")
    }
    idle = (("Id=docker.service", "MainPID=0", f"FragmentPath={UNIT}"),)
    assert replace(RIGHT, units=idle).judge("3.1")[UNIT][0] == "pass"
    parent = (("Id=own.service", "MainPID=6", f"FragmentPath={UNIT}"),)
    assert replace(RIGHT, units=parent, words={"parents": "6 1"}).judge("3.1")[UNIT][0] == "pass"


def test_systemd_of_another_user() -> None:
    """What a user's systemd says of root's daemon counts for nothing; it answers for its own engine alone."""
    lie = f"manager 1000\nproperty Id=docker.service\nproperty MainPID=7\nproperty FragmentPath={DEFAULT}\nproperty "
    claimed = "".join(f"{NONCE} {line}\n" for line in lie.split("\n"))
    output = RIGHT.with_file(UNIT, Stat(0o100666)).output()
    told = judged(
        "3.2", RIGHT.facts_with(output.replace(f"{NONCE} manager 0\n", f"{claimed}{NONCE} manager 0\n"))
    )
    assert told[UNIT][0] == "fail"
    words = {"manager_of_unit": "1000", "group": "1000"}
    own = replace(RIGHT, host=ROOTLESS, words=words)
    changed = own.output().replace(f"{NONCE} manager 0\n", f"{claimed}{NONCE} manager 0\n")
    assert set(judged("3.2", own.facts_with(changed))) == {DEFAULT}
    sockets = claimed.replace("docker.service", "docker.socket")
    told = judged(
        "3.4",
        RIGHT.facts_with(RIGHT.output().replace(f"{NONCE} manager 0\n", f"{sockets}{NONCE} manager 0\n")),
    )
    assert set(told) == {SOCKET_UNIT, ENVIRONMENT, UNITS}


def test_unit_without_a_process() -> None:
    """A unit that runs nothing is not the one of the daemon's parent, though both have the number 0."""
    idle = ("Id=other.service", "MainPID=0", f"FragmentPath={SOCKET_UNIT}")
    target = replace(RIGHT, units=(idle, *(RIGHT.units or ())), words={"parents": "1 0"})
    assert UNIT in target.judge("3.1")


def test_no_systemd() -> None:
    """Without systemd there is no unit."""
    for number in ("3.1", "3.2", "3.3", "3.4"):
        assert replace(RIGHT, units=None).judge(number)["host"] == (
            "not applicable",
            "the target does not run systemd",
        )


def test_no_socket_unit() -> None:
    """Without docker.socket there is nothing to judge; a socket unit of another name counts."""
    service = RIGHT.units[0] if RIGHT.units else ()
    assert replace(RIGHT, units=(service,)).judge("3.4") == {
        "host": ("not applicable", "systemd has no docker.socket")
    }
    named = ("Id=api.socket", f"FragmentPath={SOCKET_UNIT}")
    triggered = (*service[:2], "TriggeredBy=api.socket", *service[3:])
    assert replace(RIGHT, units=(triggered, named)).judge("3.4")[SOCKET_UNIT][0] == "pass"
    silent = (*service[:2], *service[3:])
    other = ("Id=other.socket", f"FragmentPath={DEFAULT}")
    timer = ("Id=api.timer", f"FragmentPath={DEFAULT}")
    gone = ("Id=docker.socket", "FragmentPath=", f"DropInPaths={DROP_IN}")
    for units in ((silent,), (silent, other), (silent, gone), ((*silent, "TriggeredBy=api.timer"), timer)):
        assert set(replace(RIGHT, units=units).judge("3.4")) == {"host"}


def test_silent_systemd() -> None:
    """Where systemd gives no answer, the unit is not known."""
    silent = (
        replace(RIGHT, units=())
        .output()
        .replace(f"{NONCE} manager 0\n", f"{NONCE} manager 0\n{NONCE} silent \n")
    )
    with pytest.raises(EvidenceError, match="did not say"):
        judged("3.1", RIGHT.facts_with(silent))


def test_drop_in_with_a_blank_in_its_name() -> None:
    """A drop-in whose name systemctl does not show cannot be judged."""
    units = (("Id=docker.service", "MainPID=7", f"FragmentPath={UNIT}", "DropInPaths=[unprintable]"),)
    found = replace(RIGHT, units=units).judge("3.2")
    assert found[UNIT][0] == "pass"
    assert found["[unprintable]"] == (
        "error",
        "[unprintable] could not be looked at: systemd does not show the name of a drop-in of docker.service, for it "
        "holds a blank",
    )


# ---- TLS


def _tls(*flags: str, **keywords: Any) -> str:
    """The verdict of 3.9 on a daemon with these options, whose default directory is /tls."""
    target = replace(RIGHT, host=Host(flags=flags, **keywords), words={"tls": "/tls"})
    ((verdict, _),) = target.judge("3.9").values()
    return verdict


@pytest.mark.parametrize("path", [DROP_IN, SOCKET_UNIT])
def test_masked_unit(path: str) -> None:
    """Anybody may write to /dev/null, where nothing stays; who may change the link is another question."""
    masked = Target(links={path: "/dev/null"}).with_file("/dev/null", Stat(stat.S_IFCHR | 0o666))
    numbers = ("3.1", "3.2") if path == DROP_IN else ("3.3", "3.4")
    assert {masked.judge(number)[path][0] for number in numbers} == {"pass"}
    folder = path.rpartition("/")[0]
    assert masked.with_file(folder, directory(0o777)).judge(numbers[1])[path][0] == "fail"
    assert masked.with_file(path, link(1000)).judge(numbers[0])[path][0] == "fail"


def test_tls_files() -> None:
    """A file that is named is judged, and the default one where the daemon looks for it; else nothing."""
    unknown = "error"  # the probe of this target did not look at /tls/ca.pem
    assert _tls() == "not applicable"
    assert _tls("--tlscacert=/tls/ca") == _tls('--tlscacert="/tls/ca"') == "pass"
    assert _tls(document='{"tlsverify": true, "tlscacert": "/tls/ca"}') == "pass"
    assert _tls("--tls") == _tls("--tlsverify=false") == _tls("--tls=1") == unknown
    assert _tls("--tls=false") == _tls(document='{"tls": true}') == "not applicable"
    variable = ("HOME=/root", "DOCKER_TLS_VERIFY=1")
    assert _tls(environment=variable) == "not applicable"
    assert _tls(environment=variable, document='{"tls": true}') == unknown
    assert _tls(environment=variable, info={"ServerVersion": "20.10.24"}) == unknown


def test_unread_configuration() -> None:
    """What an unread configuration may name is not known; what the command line names is."""
    with pytest.raises(EvidenceError):
        _tls(document="unread")
    assert _tls("--tlscacert=/tls/ca", document="unread") == "pass"
    with pytest.raises(EvidenceError):
        _tls(document='{"tls": true}', as_root=False)


# ---- rootless


def test_rootless() -> None:
    """The engine's user may own its files, and its groups may have them; nobody else."""
    ids = "0 1000 1\n1 165536 65536"
    words = {"group": "1000", "groups": ids, "registries": CERTIFICATES}
    target = replace(RIGHT, host=ROOTLESS, words=words)
    for uid, gid, verdict in (
        (1000, 1000, "pass"), (0, 0, "pass"), (1000, 165540, "pass"),
        (1001, 1000, "fail"), (165540, 0, "fail"), (0, 1001, "fail"), (0, 300000, "fail"),
    ):  # fmt: skip
        changed = target.with_file(SOCKET, socket(0o1660, uid, gid, "UNKNOWN"))
        assert changed.judge("3.15")[SOCKET][0] == verdict
        assert changed.judge("3.16")[SOCKET][0] == "pass"
    assert target.with_file("/tls", directory(uid=1000)).judge("3.9")["/tls/ca"][0] == "pass"
    whole = replace(target, words={**words, "groups": "0 0 4294967295"})
    assert whole.with_file(SOCKET, socket(gid=1001)).judge("3.16")[SOCKET][0] == "pass"
    assert whole.with_file(CONFIG, Stat(gid=1001, group="x")).judge("3.17")[CONFIG][0] == "fail"


def test_fact_of_an_absent_file() -> None:
    """A file that is not there has no owner to be asked for."""
    with pytest.raises(NotApplicable):
        _ = FileFact("/f", State.ABSENT).ownership
    with pytest.raises(EvidenceError):
        _ = FileFact("/f", State.UNREAD, doubt="why").mode
