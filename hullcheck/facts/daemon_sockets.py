"""Where the daemon takes commands: its sockets, by what really listens and by what was asked for."""

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from hullcheck.facts.daemon_process import DaemonProcess, UnixSocket
from hullcheck.facts.mounts import is_below
from hullcheck.facts.ports import Listener
from hullcheck.verdicts import EvidenceError

DEFAULT_SOCKET = "/var/run/docker.sock"
DEFAULT_PORTS = frozenset({2375, 2376})
SWARM_PORTS = frozenset({2377, 7946})


def is_tcp(host: str) -> bool:
    """Whether a value of -H or `hosts` asks for a TCP port; without a scheme it does."""
    scheme, separator, _ = host.partition("://")
    return bool(host) and (scheme == "tcp" if separator else True)


def is_inherited(host: str) -> bool:
    """Whether it asks for the sockets of a service manager."""
    return host.startswith("fd:")


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


@dataclass(frozen=True)
class Asked:
    """The addresses that a daemon was told to listen on.

    Attributes:
        hosts: those known, with `fd://` for sockets of a service manager.
        source: where they were read.
        doubt: why there may be others; empty where these are all.
    """

    hosts: tuple[str, ...]
    source: str
    doubt: str = ""

    @property
    def inherits(self) -> bool:
        """Whether it was told to take the sockets of a service manager."""
        return any(map(is_inherited, self.hosts))


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
        raise EvidenceError(f"the sockets of process {process.pid} could not be read; are you root?")
    return tuple(each for each in process.tcp_table if each.inode in process.held)


def remote_api(process: DaemonProcess, asked: Asked) -> tuple[tuple[Listener, ...], tuple[Listener, ...]]:
    """The TCP listeners of the API, and the daemon's others: those of swarm, its metrics and published ports.

    Raises:
        EvidenceError: the sockets of the process may not be seen.
    """
    named = tcp_ports(asked.hosts)
    api: list[Listener] = []
    others: list[Listener] = []
    for each in listening(process):
        inherited = process.held[each.inode] in process.inherited
        (api if inherited or each.number in named else others).append(each)
    return tuple(api), tuple(others)


def api_paths(process: DaemonProcess, asked: Asked, exec_root: str) -> tuple[str, ...]:
    """Every unix socket on which the API listens, without symbolic links.

    Raises:
        EvidenceError: the sockets of the process may not be seen.
    """
    if not process.may_see_sockets:
        raise EvidenceError(f"the sockets of process {process.pid} could not be read; are you root?")
    named = {path for host in asked.hosts if (path := socket_path(host))}
    own = {exec_root, _real(exec_root)}
    return tuple(
        sorted(
            {
                each.real
                for each in process.unix_table
                if each.inode in process.held
                and (process.held[each.inode] in process.inherited or _is_api(each, named, own))
            }
        )
    )


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


def containerd_paths(process: DaemonProcess, configured: str | None, exec_root: str) -> tuple[str, ...]:
    """The socket of the containerd that the daemon uses: the configured one, its own, or that of the system.

    Raises:
        EvidenceError: none of them is there.
    """
    if configured:
        return (real_path(process, urlsplit(configured).path or configured),)
    listed = {each.real for each in process.unix_table} | {each.path for each in process.unix_table}
    for path in (f"{_real(exec_root)}/containerd/containerd.sock", "/run/containerd/containerd.sock"):
        if path in listed:
            return (real_path(process, path),)
    raise EvidenceError("the socket of the containerd that the daemon uses was not found")
