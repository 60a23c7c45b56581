"""Facts of the files of an engine, made by hand."""

from __future__ import annotations

import stat
from collections.abc import Iterator

from msgspec import Struct, field
from msgspec.structs import replace

from hullcheck.facts import Facts
from hullcheck.facts.engine.files_answer import FILES as FILES_ASKED
from hullcheck.policy import Policy
from hullcheck.recording.probe import Answer
from selftests.kit.facts.daemons import BEFORE, SOCKET, Host
from selftests.kit.files import answer
from selftests.kit.judging import judged

UNIT, DROP_IN = "/lib/systemd/system/docker.service", "/etc/systemd/system/docker.service.d/x.conf"
SOCKET_UNIT, CONTAINERD = "/lib/systemd/system/docker.socket", "/run/containerd/containerd.sock"
CONFIG, CERTIFICATES, ENVIRONMENT = "/etc/docker/daemon.json", "/etc/docker/certs.d", "/etc/docker.env"
REGISTRY = f"{CERTIFICATES}/reg"
DEFAULT, SYSCONFIG = "/etc/default/docker", "/etc/sysconfig/docker"
TLS = ("--tlsverify", "--tlscacert=/tls/ca", "--tlscert=/tls/cert", "--tlskey=/tls/key")
ROOT = "/proc/7/root"
MESSAGES = {"absent": "No such file or directory", "unread": "Permission denied"}
ACL = "user::rw-\n{}group::rw-\nmask::rw-\nother::---"


class Stat(Struct, frozen=True):
    """What stat(1) says of a file."""

    mode: int = 0o100644
    uid: int = 0
    gid: int = 0
    group: str = "root"

    @property
    def shown(self) -> str:
        """As the script prints it."""
        return f"{self.mode:x}:{self.uid}:{self.gid}:{self.group}"


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


class Target(Struct, frozen=True):
    """A target by hand: its daemon, and what the script sees of its files.

    Attributes:
        states: paths that are absent or unread.
        words: further words of the daemon; several values are lines.
        lists: the access control list of a socket, as getfacl prints it, or None if it is unknown.
        units: the units of the system's systemd, or None if the target does not run it.
        pems: the content of files with certificates.
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
            "TriggeredBy=docker.socket",
            f"FragmentPath={UNIT}",
            f"DropInPaths={DROP_IN}",
            f"EnvironmentFiles={ENVIRONMENT} (ignore_errors=no)",
        ),
        ("Id=docker.socket", f"FragmentPath={SOCKET_UNIT}", "DropInPaths="),
    )
    pems: dict[str, str] = field(default_factory=dict)
    times: dict[str, str] = field(default_factory=dict)

    def with_file(self, path: str, file: Stat) -> Target:
        """The same with one file another."""
        return replace(self, files=self.files | {path: file})

    def without(self, *paths: str, state: str = "absent") -> Target:
        """The same without some files."""
        return replace(self, states=self.states | dict.fromkeys(paths, state))

    def facts(self) -> Facts:
        """Its facts."""
        return self.facts_with(FILES_ASKED.keep(self.output()))

    def facts_with(self, output: str) -> Facts:
        """Its facts, where the probe prints this; the system has a containerd."""
        info = {"Containerd": {"Address": CONTAINERD}} | self.host.info
        recording = replace(self.host, info=info).recording()
        answers = {**recording.answers, FILES_ASKED.name: Answer(FILES_ASKED.name, 0, output, "")}
        return Facts(replace(recording, answers=answers), Policy())

    def output(self) -> str:
        """What the script prints."""
        words = {"root": ROOT, "group": "0", "registries": CERTIFICATES, "tls": "/root/.docker"}
        words |= {"unit": "docker.service" if self.units else ""} | self.words
        units = ["unmanaged"] if self.units is None else ["manager 0"]
        for unit in self.units or ():
            units += [*unit, ""]
        named = {"/var/run": link(), "/var/run/docker.sock": socket(), **dict.fromkeys(self.links, link())}
        named |= self.files
        folders = {each: directory() for path in named for each in directories_above(path)}
        links = {"/var/run": "/run"} | self.links
        sockets = [path for path, each in named.items() if stat.S_ISSOCK(each.mode)]
        listed = {path: self.lists.get(path, ACL.format("")) for path in sockets}
        without = ("/etc/init.d", "/etc/conf.d") if "/etc/init.d" not in folders else ()
        absent = dict.fromkeys(without, "absent")
        return answer(
            processes=(f"7/{word} {line}" for word, value in words.items() if value for line in value.split("\n")),
            units=units,
            nodes=(
                f"stat: cannot statx '{root}{path}': {MESSAGES[state]}"
                if state else f"{each.shown}:{root}{path}" if path not in links
                else f"{each.shown}:'{root}{path}' -> '{links[path]}'"
                for root in ("", ROOT)
                for path, each in (dict.fromkeys(absent, Stat()) | folders | named).items()
                for state in [(absent | self.states).get(path)]
            ),
            acl=(
                line for path, text in listed.items() if text
                for line in (f"# file: {ROOT}{path}", *text.split("\n"))
            ),
            certificates=(f"{ROOT}{path}:{line}" for path, pem in self.pems.items() for line in pem.splitlines()),
            times=(f"{BEFORE}|{time}|{ROOT}{path}" for path, time in self.times.items()),
        )  # fmt: skip

    def judge(self, number: str, policy: Policy | None = None) -> dict[str, tuple[str, str]]:
        """Verdict and reason by file."""
        return judged(number, Facts(self.facts().recording, policy or Policy()))


def directories_above(path: str) -> Iterator[str]:
    """The directories in which a path lies."""
    while path != "/":
        path = path.rpartition("/")[0] or "/"
        yield path


RIGHT = Target()
