"""Where the daemon takes commands: its sockets, by what really listens and by what was asked for."""

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from hullcheck.facts.engine.daemon_process import DaemonProcess, UnixSocket
from hullcheck.parsing.addresses import canonical
from hullcheck.parsing.proc.mountinfo import is_below
from hullcheck.parsing.proc.net import Listener
from hullcheck.verdicts import EvidenceError, unread

DEFAULT_SOCKET = "/var/run/docker.sock"
DEFAULT_TLS = "tcp://localhost:2376"
DEFAULT_PORTS = frozenset({2375, 2376})
SYSTEM_CONTAINERD = "/run/containerd/containerd.sock"
EVERY_ADDRESS = frozenset({"", "*", "0.0.0.0", "::"})
SWARM_PORTS = frozenset({2377, 7946})
OPEN_ENDED = unread("the daemon takes sockets of a service manager, and they", "could not be seen")
"""Why there may be more addresses than those that it was told."""


def is_tcp(host: str) -> bool:
    """Whether a value of -H or `hosts` asks for a TCP port; without a scheme it does."""
    scheme, separator, _ = host.partition("://")
    return bool(host) and (scheme == "tcp" if separator else True)


def hosts_of_unit(addresses: Iterable[str]) -> tuple[str, ...]:
    """The addresses of a socket unit as dockerd writes them."""
    return tuple(f"unix://{each}" if each.startswith(("/", "@")) else f"tcp://{each}" for each in addresses)


def socket_path(host: str) -> str | None:
    """The path of a unix socket that it asks for."""
    if host in ("", "unix://"):
        return DEFAULT_SOCKET
    return host.removeprefix("unix://") if host.startswith("unix://") else None


def tcp_ports(hosts: Iterable[str]) -> frozenset[int]:
    """The ports that these ask for; without one it is 2375, or 2376 with TLS."""
    found: set[int] = set()
    for host in filter(is_tcp, hosts):
        port = re.search(r":(\d+)/?$", host.removeprefix("tcp://"))
        found |= {int(port[1])} if port else DEFAULT_PORTS
    return frozenset(found)


def endpoint(host: str) -> tuple[str, int | None]:
    """Address and port of what *host* names: `*` for every address, None where it names no port."""
    match = re.fullmatch(r"(?:tcp://)?\[?(.*?)\]?(?::(\d+))?/?", host)
    address, port = match.groups() if match else (host, None)
    address = canonical(address)
    return "*" if address in EVERY_ADDRESS else address, int(port) if port else None


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


def address(listener: Listener) -> str:
    """Address and port as people write them."""
    host = f"[{listener.address}]" if ":" in listener.address else listener.address
    return f"{host}:{listener.number}"


def listening(process: DaemonProcess) -> tuple[Listener, ...]:
    """Every TCP socket on which the process takes connections, in the daemon's network namespace.

    Raises:
        EvidenceError: the sockets of the process may not be seen.
    """
    if not process.may_see_sockets or "tcp" not in process.tables_read:
        raise EvidenceError(unread(f"the sockets of process {process.pid}"))
    return tuple(each for each in process.tcp_table if each.inode in process.held)


def is_published(listener: Listener, published: frozenset[tuple[str, int]]) -> bool:
    """Whether it is there for a container; beside one on every address no other socket can have the port."""
    addresses = ("0.0.0.0", "::", "", listener.address)
    return any((each, listener.number) in published for each in addresses)


def api_paths(process: DaemonProcess, asked: Asked, exec_roots: Iterable[str]) -> tuple[str, ...]:
    """Every unix socket on which the API listens, without symbolic links.

    Raises:
        EvidenceError: the sockets of the process may not be seen.
    """
    if not process.may_see_sockets:
        raise EvidenceError(unread(f"the sockets of process {process.pid}"))
    named = {path for host in asked.hosts if (path := socket_path(host))}
    own = {path for root in exec_roots for path in (root, _real(root))}
    return tuple(
        sorted(
            {
                each.real
                for each in process.unix_table
                if each.inode in process.held and _is_api(each, named, own)
            }
        )
    )


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


def _is_api(each: UnixSocket, named: set[str], own: set[str]) -> bool:
    """Below its own directory the daemon has sockets for metrics, networks, plugins and swarm."""
    below = any(is_below(path, root) for path in (each.path, each.real) for root in own)
    return each.path in named or not below


def _real(path: str) -> str:
    """/var/run is /run wherever Docker runs today."""
    path = posixpath.normpath(path)
    return "/run" + path.removeprefix("/var/run") if is_below(path, "/var/run") else path


def real_path(process: DaemonProcess, path: str) -> str:
    """A path of a socket without symbolic links, as far as the process's table of sockets knows it."""
    return next((each.real for each in process.unix_table if path in (each.path, each.real)), _real(path))


def containerd_paths(
    process: DaemonProcess, configured: Iterable[str | None], exec_roots: Iterable[str], system: bool
) -> tuple[str, ...]:
    """The sockets of the containerd that the daemon uses: the configured one, its own, or that of the system.

    Args:
        configured: what `containerd` is set to, or may be; None among them where nothing may set it.
        exec_roots: what `exec-root` is, or may be.
        system: whether the system's containerd has a socket.
    """
    found = {real_path(process, urlsplit(each).path or each) for each in configured if each}
    if None in configured:
        listed = {path for each in process.unix_table for path in (each.real, each.path)}
        own = {f"{root.rstrip('/')}/containerd/containerd.sock" for root in map(_real, exec_roots)} & listed
        found |= {real_path(process, path) for path in own}
        if not own and (system or SYSTEM_CONTAINERD in listed):
            found.add(SYSTEM_CONTAINERD)
    return tuple(sorted(found))
