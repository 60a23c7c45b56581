"""Where the daemon takes commands, by what listens and by its options; and what a client needs there.

Paths of sockets are without symbolic links. A property raises EvidenceError if what it needs could not be read.
"""

import posixpath
import re
from collections.abc import Callable, Iterable
from enum import Enum, auto
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from msgspec import Struct

from hullcheck.facts.engine.daemon_options import KINDS, Setting
from hullcheck.facts.engine.daemon_process import DaemonProcess, UnixSocket
from hullcheck.facts.engine.info import Engine
from hullcheck.facts.registry import Later
from hullcheck.parsing.proc.mountinfo import is_below
from hullcheck.parsing.proc.net import Listener
from hullcheck.parsing.values import canonical
from hullcheck.verdicts import EvidenceError, unread

PublishedPorts = frozenset[tuple[str, int]]
DEFAULT_SOCKET = "/var/run/docker.sock"
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


def shown(address: str, port: int) -> str:
    """Return address and port as people write them."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def listening(process: DaemonProcess) -> tuple[Listener, ...]:
    """Return every TCP socket on which the process takes connections, in the daemon's network namespace."""
    if not process.may_see_sockets or process.tcp_table is None:
        raise EvidenceError(unread(f"the sockets of process {process.pid}"))
    return tuple(each for each in process.tcp_table if each.inode in process.held)


def real_path(process: DaemonProcess, path: str) -> str:
    """Return a socket's path without symbolic links, as far as the process's table of sockets knows it."""
    return next((each.real for each in process.unix_table if path in (each.path, each.real)), run_path(path))


def run_path(path: str) -> str:
    """Return a path with /run for /var/run, which is a link to it wherever Docker runs today."""
    path = posixpath.normpath(path)
    return "/run" + path.removeprefix("/var/run") if is_below(path, "/var/run") else path


class TlsFlaw(Enum):
    """Why a client may need no certificate of a chosen CA: it is not asked for one, or one of any CA will do."""

    PLAIN = auto()
    UNVERIFIED = auto()
    ANY_AUTHORITY = auto()


class HostOptions(NamedTuple):
    """The addresses on which a daemon has to listen by its options and its socket unit; *doubt* as in RemoteApi."""

    hosts: tuple[str, ...]
    source: str
    doubt: str = ""


class RemoteApi(Struct, frozen=True):
    """The TCP addresses at which the daemon takes commands, how they are known, and what a client needs there.

    Attributes:
        pending: those that only the next start opens.
        doubt: why there may be other addresses, as the message of an error; empty if these are all.
    """

    addresses: tuple[str, ...]
    source: str
    pending: tuple[str, ...]
    doubt: str
    setting: Callable[[str], Setting]
    process: DaemonProcess

    @property
    def offered(self) -> bool:
        """Whether there is an address to judge: in force, or a weak one with the next start."""
        if not self.addresses and self.doubt:
            raise EvidenceError(self.doubt)
        return bool(self.addresses) or bool(self.pending and self.flaw)

    @property
    def endpoints(self) -> tuple[tuple[str, int], ...]:
        """Address and port of each that is in force, or else of those that the next start opens; `*` is every one."""
        default = 2376 if self.encrypted else 2375
        named = map(endpoint, self.addresses or self.pending)
        return tuple((address, port or default) for address, port in named)

    @property
    def encrypted(self) -> bool:
        """Whether the daemon uses its certificate and key."""
        return self.setting("tlsverify").possible[0] is not None or bool(self.setting("tls").possible[0])

    @property
    def flaw(self) -> TlsFlaw | None:
        """Why a client may need no certificate of a chosen CA, or None if it needs one."""
        deciding = self.deciding
        if None in deciding[0].possible and not all(deciding[-1].possible):
            return TlsFlaw.PLAIN
        if False in deciding[0].possible:
            return TlsFlaw.UNVERIFIED
        if None in self.setting("tlscacert").possible and not self._default_ca:
            return TlsFlaw.ANY_AUTHORITY
        _ = self.authority, *(each.value for each in deciding)  # raises if one is unknown
        return None

    @property
    def deciding(self) -> tuple[Setting, ...]:
        """The options that decide: `tls` alone verifies clients too by default."""
        verify = self.setting("tlsverify")
        return (verify, self.setting("tls")) if None in verify.possible else (verify,)

    @property
    def authority(self) -> str:
        """The file of the CA of clients."""
        return self.setting("tlscacert").value or self._default_ca

    @property
    def _default_ca(self) -> str:
        """The CA that the options of the command line imply."""
        if not (self.process.values("tls") or self.process.values("tlsverify")):
            return ""
        known = self.process.environment
        folder = known.get("DOCKER_CERT_PATH") or f"{known.get('HOME', '')}/.docker"
        return f"{folder}/ca.pem"


class Endpoints(Struct, frozen=True, dict=True):
    """The addresses and sockets of one daemon."""

    process: DaemonProcess
    engine: Engine
    setting: Callable[[str], Setting]
    published_ports: Later[PublishedPorts]

    @cached_property
    def configured(self) -> HostOptions:
        """The addresses of the daemon's options, with those of docker.socket for `fd://`."""
        named, source, doubt = self.process.values("hosts"), "command line", ""
        if not named:  # the daemon refuses to start where the file names some as well
            try:
                setting = self.setting("hosts")
            except EvidenceError as error:
                return HostOptions((), "", str(error))
            named = tuple(host for value in setting.possible for host in value or ("",))
            source, doubt = setting.source, setting.doubt
        hosts, unit = [host for host in named if not host.startswith("fd:")], self.process.unit
        if unit and len(hosts) < len(named):
            schemes = (("unix" if each[0] in "/@" else "tcp", each) for each in unit.listens)
            hosts += [f"{scheme}://{each}" for scheme, each in schemes]
        elif len(hosts) < len(named):
            doubt = doubt or _OPEN_ENDED
        return HostOptions(tuple(hosts), source, doubt)

    @cached_property
    def api_sockets(self) -> tuple[str, ...]:
        """Every unix socket on which the API listens."""
        options, process = self.configured, self.process
        named = {path for host in options.hosts if (path := socket_path(host))}
        if process.may_see_sockets:
            roots = {path for root in self._exec_roots for path in (root, run_path(root))}
            held = (each for each in process.unix_table if each.inode in process.held)
            return tuple(sorted({each.real for each in held if _is_api(each, named, roots)}))
        if options.doubt:
            raise EvidenceError(options.doubt)
        return tuple(sorted({real_path(process, path) for path in named}))

    @cached_property
    def containerd_sockets(self) -> tuple[str, ...]:
        """The socket of the containerd that the daemon uses."""
        process = self.process
        if reported := self.engine.containerd_address:
            return (real_path(process, reported),)
        configured = self.setting("containerd").possible
        found = {real_path(process, urlsplit(each).path or each) for each in configured if each}
        if None in configured:  # its own, or that of the system
            listed = {path for each in process.unix_table for path in (each.real, each.path)}
            roots = (f"{run_path(root)}/containerd/containerd.sock" for root in self._exec_roots)
            own = {real_path(process, path) for path in roots if path in listed}
            found |= own or {SYSTEM_CONTAINERD} & listed
        if not found:
            raise EvidenceError("the socket of the containerd that the daemon uses was not found")
        return tuple(sorted(found))

    @property
    def _exec_roots(self) -> tuple[str, ...]:
        """The folders of the daemon's own sockets; of a rootless one below its user's runtime directory."""
        found, default = self.setting("exec-root").possible, KINDS["exec-root"].default
        if not self.process.rootless:
            return found
        runtime = self.process.environment.get("XDG_RUNTIME_DIR")
        if runtime is None and default in found:
            raise EvidenceError(unread("the runtime directory of the rootless daemon", "is not known"))
        return tuple(f"{runtime}/docker" if each == default else each for each in found)

    @cached_property
    def remote_api(self) -> RemoteApi:
        """The TCP addresses at which the daemon takes commands, and what a client needs there."""
        seen = self.process.may_see_sockets
        addresses, doubt = self._seen() if seen else self._named()
        source = "listening" if seen else self.configured.source
        return RemoteApi(addresses, source, self._pending(addresses), doubt, self.setting, self.process)

    def _seen(self) -> tuple[tuple[str, ...], str]:
        """Return the addresses on which the daemon listens, and why there may be more."""
        named, why = tcp_ports(self.configured.hosts), self.configured.doubt
        listeners = listening(self.process)
        others = self._unexplained(listeners, named)
        api = [*(each for each in listeners if each.number in named)]
        api += [each for each in others if each.number in DEFAULT_PORTS]
        strange = ", ".join(shown(each.address, each.number) for each in others if each not in api)
        addresses = tuple(shown(each.address, each.number) for each in api)
        if not strange or (self._in_swarm and not why):  # a node holds the ports of services, too
            return addresses, ""
        why = f": {why}" if why else ", as nothing that is known told it to listen there"
        return addresses, f"the daemon listens on {strange}, and whether for commands is unknown{why}"

    def _unexplained(self, listeners: Iterable[Listener], named: frozenset[int]) -> list[Listener]:
        """Return the listeners that are not for swarm, metrics or containers, nor on a port that was *named*."""
        try:
            metrics: tuple[Any, ...] = self.setting("metrics-addr").possible
        except EvidenceError:
            metrics = ()
        own = tcp_ports(filter(None, metrics)) | (SWARM_PORTS if self._in_swarm else frozenset())
        others = [each for each in listeners if each.number not in named | own]
        if not others:
            return []
        # next to one on every address no other socket can have the port
        published = self.published_ports.get()
        everywhere = {number for where, number in published if where in ("0.0.0.0", "::", "")}
        taken = {*published, *((each.address, each.number) for each in others if each.number in everywhere)}
        return [each for each in others if (each.address, each.number) not in taken]

    @property
    def _in_swarm(self) -> bool:
        return self.engine.info.swarm.local_node_state not in ("inactive", "")

    def _named(self) -> tuple[tuple[str, ...], str]:
        """Return the addresses of the options, as an auditor who may not see sockets knows them, and the doubt."""
        if self.process.tcp_table == ():
            return (), ""  # nothing at all listens in its network
        if self.configured.doubt:
            return (), self.configured.doubt
        return tuple(filter(is_tcp, self.configured.hosts)), ""

    def _pending(self, addresses: tuple[str, ...]) -> tuple[str, ...]:
        """Return the addresses that the next start opens beside these: by the file or docker.socket."""
        found = list(self.configured.hosts)
        try:
            setting = self.setting("hosts")
            found += setting.pending.value if setting.pending else ()
        except EvidenceError:
            pass
        coming = (host for host in found if is_tcp(host) and not tcp_ports([host]) <= tcp_ports(addresses))
        return tuple(dict.fromkeys(coming))


def _is_api(each: UnixSocket, named: set[str], roots: set[str]) -> bool:
    """Below its own directory the daemon has sockets for metrics, networks, plugins and swarm."""
    below = any(is_below(path, root) for path in (each.path, each.real) for root in roots)
    return each.path in named or not below
