"""The addresses of the daemon's API, and what clients need there."""

import posixpath
import re
from collections.abc import Callable, Iterable
from enum import Enum, auto
from typing import NamedTuple

from msgspec import Struct

from hullcheck.facts.engine.daemon_options import Setting
from hullcheck.facts.engine.daemon_process import DaemonProcess
from hullcheck.parsing.proc.mountinfo import is_below
from hullcheck.parsing.values import canonical
from hullcheck.verdicts import EvidenceError

DEFAULT_SOCKET = "/var/run/docker.sock"
DEFAULT_PORTS = frozenset({2375, 2376})
SYSTEM_CONTAINERD = "/run/containerd/containerd.sock"
EVERY_ADDRESS = frozenset({"", "*", "0.0.0.0", "::"})


def is_tcp(host: str) -> bool:
    """Return whether a value of -H or `hosts` means TCP, as one without a scheme does."""
    scheme, separator, _ = host.partition("://")
    return bool(host) and (scheme == "tcp" if separator else True)


def socket_path(host: str) -> str | None:
    """Return the path of the unix socket in *host*, or None."""
    if host in ("", "unix://"):
        return DEFAULT_SOCKET
    return host.removeprefix("unix://") if host.startswith("unix://") else None


def tcp_ports(hosts: Iterable[str]) -> frozenset[int]:
    """Return the TCP ports in *hosts*; 2375 and 2376 for one without a port."""
    found: set[int] = set()
    for host in filter(is_tcp, hosts):
        port = endpoint(host)[1]
        found |= DEFAULT_PORTS if port is None else {port}
    return frozenset(found)


def endpoint(host: str) -> tuple[str, int | None]:
    """Return address and port of *host*: `*` for every address, and None without a port."""
    match = re.fullmatch(r"(?:tcp://)?\[?(.*?)\]?(?::(\d+))?/?", host)
    address, port = match.groups() if match else (host, None)
    address = canonical(address)
    return "*" if address in EVERY_ADDRESS else address, int(port) if port else None


def shown(address: str, port: int) -> str:
    """Return `ADDRESS:PORT`."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def real_path(process: DaemonProcess, path: str) -> str:
    """Return the path of a socket without symbolic links, as far as known."""
    return next((each.real for each in process.unix_table if path in (each.path, each.real)), run_path(path))


def run_path(path: str) -> str:
    """Return a path with /run for /var/run, which is a link to it."""
    path = posixpath.normpath(path)
    return "/run" + path.removeprefix("/var/run") if is_below(path, "/var/run") else path


class TlsFlaw(Enum):
    """A reason why clients need no certificate of a chosen CA."""

    PLAIN = auto()
    UNVERIFIED = auto()
    ANY_AUTHORITY = auto()


class HostOptions(NamedTuple):
    """The addresses by the daemon's options and its socket unit; *doubt* as in RemoteApi."""

    hosts: tuple[str, ...]
    source: str
    doubt: str = ""


class RemoteApi(Struct, frozen=True):
    """The TCP addresses of the daemon's API, how they are known, and what clients need there."""

    addresses: tuple[str, ...]
    source: str
    pending: tuple[str, ...]  # those that only the next start opens
    doubt: str  # why there may be other addresses, as the message of an error; empty if these are all
    setting: Callable[[str], Setting]
    process: DaemonProcess

    @property
    def offered(self) -> bool:
        """Whether there is an address to judge: in force, or a weak one after the next start."""
        if not self.addresses and self.doubt:
            raise EvidenceError(self.doubt)
        return bool(self.addresses) or bool(self.pending and self.flaw)

    @property
    def endpoints(self) -> tuple[tuple[str, int], ...]:
        """Address and port of each in force, or else after the next start; `*` is every address."""
        default = 2376 if self.encrypted else 2375
        named = map(endpoint, self.addresses or self.pending)
        return tuple((address, port or default) for address, port in named)

    @property
    def encrypted(self) -> bool:
        return self.setting("tlsverify").possible[0] is not None or bool(self.setting("tls").possible[0])

    @property
    def flaw(self) -> TlsFlaw | None:
        """The reason why clients need no certificate of a chosen CA, or None if they need one."""
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
        """The options that decide whether clients are verified."""
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
