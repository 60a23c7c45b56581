"""Where the daemon takes commands, by what really listens and by what it was told; and what a client needs there."""

import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from hullcheck.facts.engine.daemon_options import KINDS, Setting
from hullcheck.facts.engine.daemon_process import DaemonProcess, UnixSocket
from hullcheck.facts.engine.info import Engine
from hullcheck.facts.registry import Later
from hullcheck.parsing.addresses import canonical
from hullcheck.parsing.proc.mountinfo import is_below
from hullcheck.parsing.proc.net import Listener
from hullcheck.verdicts import EvidenceError, unread

PublishedPorts = frozenset[tuple[str, int]]
DEFAULT_SOCKET = "/var/run/docker.sock"
DEFAULT_TLS = "tcp://localhost:2376"
DEFAULT_PORTS = frozenset({2375, 2376})
SYSTEM_CONTAINERD = "/run/containerd/containerd.sock"
EVERY_ADDRESS = frozenset({"", "*", "0.0.0.0", "::"})
SWARM_PORTS = frozenset({2377, 7946})
_OPEN_ENDED = unread("the daemon takes sockets of a service manager, and they", "could not be seen")


def is_tcp(host: str) -> bool:
    """Whether a value of -H or `hosts` asks for a TCP port; without a scheme it does."""
    scheme, separator, _ = host.partition("://")
    return bool(host) and (scheme == "tcp" if separator else True)


def socket_path(host: str) -> str | None:
    """Return the path of the unix socket that *host* asks for, if it does."""
    if host in ("", "unix://"):
        return DEFAULT_SOCKET
    return host.removeprefix("unix://") if host.startswith("unix://") else None


def tcp_ports(hosts: Iterable[str]) -> frozenset[int]:
    """Return the ports that these ask for; without one it is 2375, or 2376 with TLS."""
    found: set[int] = set()
    for host in filter(is_tcp, hosts):
        port = endpoint(host)[1]
        found |= DEFAULT_PORTS if port is None else {port}
    return frozenset(found)


def endpoint(host: str) -> tuple[str, int | None]:
    """Return address and port of what *host* names: `*` for every address, None if it names no port."""
    match = re.fullmatch(r"(?:tcp://)?\[?(.*?)\]?(?::(\d+))?/?", host)
    address, port = match.groups() if match else (host, None)
    address = canonical(address)
    return "*" if address in EVERY_ADDRESS else address, int(port) if port else None


def address(listener: Listener) -> str:
    """Return address and port as people write them."""
    host = f"[{listener.address}]" if ":" in listener.address else listener.address
    return f"{host}:{listener.number}"


def listening(process: DaemonProcess) -> tuple[Listener, ...]:
    """Return every TCP socket on which the process takes connections, in the daemon's network namespace.

    Raises:
        EvidenceError: the sockets of the process may not be seen.
    """
    if not process.may_see_sockets or "tcp" not in process.tables_read:
        raise EvidenceError(unread(f"the sockets of process {process.pid}"))
    return tuple(each for each in process.tcp_table if each.inode in process.held)


def listens_at_one(process: DaemonProcess, paths: Iterable[str]) -> bool:
    """Whether one of these, without symbolic links, is a unix socket on which the process itself listens.

    At that of containerd it does where containerd is a part of the daemon (`embedded-containerd`, from 29).

    Raises:
        EvidenceError: the sockets of the process may not be seen.
    """
    if not process.may_see_sockets:
        raise EvidenceError(unread(f"the sockets of process {process.pid}"))
    wanted = frozenset(paths)
    return any(each.real in wanted for each in process.unix_table if each.inode in process.held)


def real_path(process: DaemonProcess, path: str) -> str:
    """Return a socket's path without symbolic links, as far as the process's table of sockets knows it."""
    return next((each.real for each in process.unix_table if path in (each.path, each.real)), _real(path))


def _real(path: str) -> str:
    """/var/run is /run wherever Docker runs today."""
    path = posixpath.normpath(path)
    return "/run" + path.removeprefix("/var/run") if is_below(path, "/var/run") else path


class TlsFlaw(Enum):
    """Why a client may need no certificate of a chosen CA."""

    PLAIN = "without TLS"
    UNVERIFIED = "with TLS, but tlsverify is false: clients need no certificate"
    ANY_AUTHORITY = (
        "with tlsverify but without tlscacert: a certificate of any CA that the host trusts will do"
    )


@dataclass(frozen=True)
class Tls:
    """The daemon's options for TLS, which hold for each of its TCP addresses."""

    setting: Callable[[str], Setting] = field(repr=False)
    process: DaemonProcess = field(repr=False)

    @property
    def encrypted(self) -> bool:
        """Whether the daemon uses its certificate and key.

        Raises:
            EvidenceError: the options could not be read.
        """
        verify = self.setting("tlsverify").possible[0]
        return verify is not None or bool(self.setting("tls").possible[0])

    @property
    def flaw(self) -> TlsFlaw | None:
        """Why a client may need no certificate of a chosen CA; None if it needs one.

        Raises:
            EvidenceError: this is unknown.
        """
        deciding = self.deciding
        if None in deciding[0].possible and not all(deciding[-1].possible):
            return TlsFlaw.PLAIN
        if False in deciding[0].possible:
            return TlsFlaw.UNVERIFIED
        if None in self.setting("tlscacert").possible and not self._default_ca:
            return TlsFlaw.ANY_AUTHORITY
        for each in deciding:
            _ = each.value
        _ = self.authority
        return None

    @property
    def deciding(self) -> tuple[Setting, ...]:
        """The options that decide: `tls` alone verifies clients too where nothing says otherwise."""
        verify = self.setting("tlsverify")
        return (verify, self.setting("tls")) if None in verify.possible else (verify,)

    @property
    def authority(self) -> str:
        """The file of the CA of clients.

        Raises:
            EvidenceError: it is unknown.
        """
        return self.setting("tlscacert").value or self._default_ca

    @property
    def _default_ca(self) -> str:
        """The CA that the options of the command line imply."""
        if not (self.process.values("tls") or self.process.values("tlsverify")):
            return ""
        known = self.process.environment
        folder = known.get("DOCKER_CERT_PATH") or known.get("DOCKER_CONFIG")
        return f"{folder or known.get('HOME', '') + '/.docker'}/ca.pem"


@dataclass(frozen=True)
class RemoteApi:
    """The TCP addresses at which the daemon takes commands.

    Attributes:
        addresses: those in force, with how they are known.
        pending: those that only the next start opens.
        doubt: why there may be other addresses; empty if these are all.
    """

    addresses: tuple[str, ...]
    pending: tuple[str, ...]
    tls: Tls
    doubt: str = ""

    @property
    def offered(self) -> bool:
        """Whether there is an address to judge: in force, or a weak one with the next start.

        Raises:
            EvidenceError: none is known, but there may be one.
        """
        if not self.addresses and self.doubt:
            raise EvidenceError(self.doubt)
        return bool(self.addresses) or bool(self.pending and self.tls.flaw)

    @property
    def endpoints(self) -> tuple[tuple[str, int], ...]:
        """Address and port of each that is in force, or else of those that the next start opens; `*` is every one."""
        named = (each.partition(" ")[0] for each in self.addresses or self.pending)
        default = 2376 if self.tls.encrypted else 2375
        return tuple((address, port or default) for address, port in map(endpoint, named))


@dataclass(frozen=True)
class Asked:
    """The addresses that a daemon was told to listen on.

    Attributes:
        hosts: those known, those of its socket unit included.
        source: where they were read.
        doubt: why there may be others; empty where these are all.
        open_ended: it takes sockets of a service manager, and which these are is not known.
    """

    hosts: tuple[str, ...]
    source: str
    doubt: str = ""
    open_ended: bool = False


@dataclass(frozen=True)
class Endpoints:
    """The addresses and sockets of one daemon.

    Attributes:
        setting: a setting by its name.
        published_ports: those of containers.
    """

    process: DaemonProcess = field(repr=False)
    engine: Engine = field(repr=False)
    setting: Callable[[str], Setting] = field(repr=False)
    published_ports: Later[PublishedPorts] = field(repr=False)

    @cached_property
    def asked(self) -> Asked:
        """The addresses that the daemon was told to listen on, with those of docker.socket for `fd://`."""
        asked = self._told
        own = tuple(host for host in asked.hosts if not host.startswith("fd:"))
        listens = self.process.unit.listens if self.process.unit else None
        if own == asked.hosts:
            return asked
        if listens is None:
            return replace(asked, hosts=own, open_ended=True)
        of_unit = (f"unix://{each}" if each.startswith(("/", "@")) else f"tcp://{each}" for each in listens)
        return replace(asked, hosts=(*own, *of_unit))

    @property
    def _told(self) -> Asked:
        named, source, doubt = self.process.values("hosts"), "command line", ""
        if not named:  # the daemon refuses to start where the file names some as well
            try:
                setting = self.setting("hosts")
            except EvidenceError as error:
                return Asked((), "", str(error))
            named = tuple(host for value in setting.possible for host in value or ("",))
            source, doubt = setting.source, setting.doubt
        return Asked(tuple(host.strip() or self._usual_host for host in named), source, doubt)

    @property
    def _usual_host(self) -> str:
        """The address of a daemon that was told none."""
        try:
            return DEFAULT_TLS if Tls(self.setting, self.process).encrypted else f"unix://{DEFAULT_SOCKET}"
        except EvidenceError:
            return f"unix://{DEFAULT_SOCKET}"

    @cached_property
    def api_sockets(self) -> tuple[str, ...]:
        """Every unix socket on which the API listens, without symbolic links.

        Raises:
            EvidenceError: they are unknown.
        """
        asked, process = self.asked, self.process
        named = {path for host in asked.hosts if (path := socket_path(host))}
        if process.may_see_sockets:
            roots = {path for root in self._exec_roots for path in (root, _real(root))}
            held = (each for each in process.unix_table if each.inode in process.held)
            return tuple(sorted({each.real for each in held if _is_api(each, named, roots)}))
        if asked.doubt or asked.open_ended:
            raise EvidenceError(asked.doubt or _OPEN_ENDED)
        return tuple(sorted({real_path(process, path) for path in named}))

    @cached_property
    def containerd_sockets(self) -> tuple[str, ...]:
        """The socket of the containerd that the daemon uses, without symbolic links.

        Raises:
            EvidenceError: it is unknown.
        """
        process = self.process
        if reported := self.engine.containerd_address:
            return (real_path(process, reported),)
        configured = self.setting("containerd").possible
        found = {real_path(process, urlsplit(each).path or each) for each in configured if each}
        if None in configured:  # its own, or that of the system
            listed = {path for each in process.unix_table for path in (each.real, each.path)}
            roots = (f"{_real(root).rstrip('/')}/containerd/containerd.sock" for root in self._exec_roots)
            own = {real_path(process, path) for path in roots if path in listed}
            found |= own or {SYSTEM_CONTAINERD} & listed
        if not found:
            raise EvidenceError("the socket of the containerd that the daemon uses was not found")
        return tuple(sorted(found))

    @property
    def _exec_roots(self) -> tuple[str, ...]:
        """The folders of the daemon's own sockets; of a rootless one below its user's runtime directory.

        Raises:
            EvidenceError: what would tell could not be read.
        """
        found, default = self.setting("exec-root").possible, KINDS["exec-root"].default
        if not self.process.rootless:
            return found
        runtime = self.process.environment.get("XDG_RUNTIME_DIR")
        if runtime is None and default in found:
            raise EvidenceError(unread("the runtime directory of the rootless daemon", "is not known"))
        return tuple(f"{runtime}/docker" if each == default else each for each in found)

    @cached_property
    def remote_api(self) -> RemoteApi:
        """The TCP addresses at which the daemon takes commands, and what a client needs there.

        Raises:
            EvidenceError: the daemon could not be found.
        """
        addresses, doubt = (self._seen if self.process.may_see_sockets else self._named)()
        doubt = doubt or (self.process.unit.doubt if self.process.unit else "")
        return RemoteApi(addresses, self._pending(addresses), Tls(self.setting, self.process), doubt)

    def _seen(self) -> tuple[tuple[str, ...], str]:
        """Return the addresses on which the daemon listens, and why there may be more."""
        asked, named = self.asked, tcp_ports(self.asked.hosts)
        listeners = listening(self.process)
        others = self._unexplained(listeners, named)
        sure = [each for each in others if asked.open_ended or each.number in DEFAULT_PORTS]
        strange = ", ".join(address(each) for each in others if each not in sure)
        doubt = ""
        if strange and (asked.doubt or not self._in_swarm):  # a node holds the ports of services, too
            why = f": {asked.doubt}" if asked.doubt else ", as nothing that is known told it to listen there"
            doubt = f"the daemon listens on {strange}, and whether for commands is unknown{why}"
        api = [*(each for each in listeners if each.number in named), *sure]
        return tuple(f"{address(each)} (listening)" for each in api), doubt

    def _unexplained(self, listeners: Iterable[Listener], named: frozenset[int]) -> list[Listener]:
        """Return the listeners that are not for swarm, metrics or containers, nor on a port that was *named*."""
        try:
            metrics: tuple[Any, ...] = self.setting("metrics-addr").possible
        except EvidenceError:
            metrics = ()
        own = tcp_ports(filter(None, metrics)) | (SWARM_PORTS if self._in_swarm else frozenset())
        others = [each for each in listeners if each.number not in named | own]
        published = self.published_ports.get() if others else frozenset()
        # beside one on every address no other socket can have the port
        everywhere = ("0.0.0.0", "::", "")
        return [
            each
            for each in others
            if published.isdisjoint((where, each.number) for where in (*everywhere, each.address))
        ]

    @property
    def _in_swarm(self) -> bool:
        return self.engine.info.swarm.local_node_state not in ("inactive", "")

    def _named(self) -> tuple[tuple[str, ...], str]:
        """Return the addresses that the daemon was told, as an auditor who may not see its sockets knows them."""
        asked, process = self.asked, self.process
        if "tcp" in process.tables_read and not process.tcp_table:
            return (), ""  # nothing at all listens in its network
        if asked.doubt:
            return (), asked.doubt
        named = tuple(f"{host} ({asked.source})" for host in asked.hosts if is_tcp(host))
        return named, _OPEN_ENDED if asked.open_ended else ""

    def _pending(self, addresses: tuple[str, ...]) -> tuple[str, ...]:
        """Return the addresses that the next start opens beside these: by the options, the file or docker.socket."""
        found = list(self.asked.hosts)
        try:
            setting = self.setting("hosts")
            found += setting.pending.value if setting.pending else ()
        except EvidenceError:
            pass
        open_ports = tcp_ports(each.partition(" ")[0] for each in addresses)
        coming = (host for host in found if is_tcp(host) and not tcp_ports([host]) <= open_ports)
        return tuple(dict.fromkeys(coming))


def _is_api(each: UnixSocket, named: set[str], roots: set[str]) -> bool:
    """Below its own directory the daemon has sockets for metrics, networks, plugins and swarm."""
    below = any(is_below(path, root) for path in (each.path, each.real) for root in roots)
    return each.path in named or not below
