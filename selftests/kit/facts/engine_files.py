"""Facts of the files of an engine, made by hand."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from hullcheck.facts import Facts
from hullcheck.facts.engine.files_answer import ENGINE_FILES
from hullcheck.policy import Policy
from hullcheck.recording.probe import Answer
from selftests.kit.facts.daemons import SOCKET, Host
from selftests.kit.judging import judged

UNIT, DROP_IN = "/lib/systemd/system/docker.service", "/etc/systemd/system/docker.service.d/x.conf"
SOCKET_UNIT, CONTAINERD = "/lib/systemd/system/docker.socket", "/run/containerd/containerd.sock"
CONFIG, CERTIFICATES, ENVIRONMENT = "/etc/docker/daemon.json", "/etc/docker/certs.d", "/etc/docker.env"
REGISTRY = f"{CERTIFICATES}/reg"
DEFAULT, SYSCONFIG = "/etc/default/docker", "/etc/sysconfig/docker"
TLS = ("--tlsverify", "--tlscacert=/tls/ca", "--tlscert=/tls/cert", "--tlskey=/tls/key")
ACL = "user::rw-\n{}group::rw-\nmask::rw-\nother::---"


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
    **{f"{REGISTRY}/{name}": Stat(0o100444) for name in ("ca.crt", "client.cert")},
    f"{REGISTRY}/client.key": Stat(0o100400),
    **{path: Stat(0o100444) for path in ("/tls/ca", "/tls/cert")},
    "/tls/key": Stat(0o100400),
    SOCKET: socket(),
    CONTAINERD: socket(gid=0, group="root"),
    CERTIFICATES: directory(),
    REGISTRY: directory(),
    "/etc/docker": directory(),
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
        info = {"Containerd": {"Address": CONTAINERD}} | self.host.info
        recording = replace(self.host, info=info).recording()
        answers = {**recording.answers, ENGINE_FILES.name: Answer(ENGINE_FILES.name, 0, output, "")}
        return Facts(replace(recording, answers=answers), Policy())

    def output(self) -> str:
        """What the probe prints."""
        return "".join(f"{record}\n" for record in self._records())

    def judge(self, number: str, policy: Policy | None = None) -> dict[str, tuple[str, str]]:
        """Verdict and reason by file."""
        return judged(number, Facts(self.facts().recording, policy or Policy()))

    def _records(self) -> Iterator[str]:
        words = {
            "group": "0",
            "parents": "1 ",
            "directory": "/",
            "registries": CERTIFICATES,
            "tls": "/root/.docker",
        } | self.words
        yield from ("dockerd 7", "root /proc/7/root")
        yield from (f"{word} {line}" for word, value in words.items() for line in value.split("\n"))
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
                bare = () if any(each.startswith("DropInPaths=") for each in unit) else ("DropInPaths=",)
                told = (*unit, *bare, f"EnvironmentFiles={ENVIRONMENT} (x)")
                yield from (f"property {line}" for line in told)
                yield from (f"match {ENVIRONMENT}", "property ")
            for path in (UNIT, DROP_IN, ENVIRONMENT, SOCKET_UNIT):
                yield from self._walk(path)
        yield "host "
        if self.units is None:
            yield "unmanaged "
            for path in ("/etc/init.d/docker", "/etc/conf.d/docker"):
                yield from self._walk(path) if path in self.files else (f"asked {path}", f"absent {path}")
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
        yield f"{self.states.get(end, 'found')} {end}"

    def _stats(self) -> Iterator[str]:
        named = {"/var/run": link()} | {path: link() for path in self.links} | self.files
        places = (*named, "/etc/init.d/docker", "/etc/conf.d/docker")
        above = {each: directory() for path in places for each in directories_above(path)}
        for path, each in (above | named).items():
            for root in ("", "/proc/7/root"):
                yield f"stat {each.mode:x}:{each.uid}:{each.gid}:{each.group}:{root}{path}"
        for path, each in named.items():
            listed = self.lists.get(path, ACL.format(""))
            if stat.S_ISSOCK(each.mode) and listed is not None:
                yield from (f"acl {line}" for line in (f"# file: /proc/7/root{path}", *listed.split("\n")))


def directories_above(path: str) -> Iterator[str]:
    """The directories in which a path lies."""
    while path != "/":
        path = path.rpartition("/")[0] or "/"
        yield path


RIGHT = Target()
