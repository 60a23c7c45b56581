"""Where the daemon takes commands, and where its containerd does."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hullcheck.facts.daemon import sockets
from hullcheck.facts.daemon.settings import KINDS
from hullcheck.facts.daemon.sockets import Asked, tls
from hullcheck.facts.daemon.sockets.asked import asked_addresses
from hullcheck.facts.daemon.sockets.remote_api import RemoteApi, pending_addresses, tcp_addresses
from hullcheck.facts.daemon.sockets.tls import Protection
from hullcheck.verdicts import EvidenceError, unread

if TYPE_CHECKING:
    from hullcheck.facts.daemon import Daemon


@dataclass(frozen=True)
class Endpoints:
    """The addresses and sockets of one daemon."""

    daemon: "Daemon" = field(repr=False)

    @cached_property
    def asked(self) -> Asked:
        """The addresses that it was told to listen on."""
        return asked_addresses(
            self.daemon.process,
            lambda: self.daemon.configuration,
            lambda: self._protection[0],
            lambda: self.daemon.units.socket_addresses if self.daemon.unit else None,
        )

    @cached_property
    def api_sockets(self) -> tuple[str, ...]:
        """Every unix socket on which the API listens, without symbolic links.

        Raises:
            EvidenceError: they cannot be told.
        """
        asked = self.asked
        if self.daemon.process.may_see_sockets:
            return sockets.api_paths(self.daemon.process, asked, self._exec_roots)
        if asked.doubt or asked.open_ended:
            raise EvidenceError(asked.doubt or sockets.OPEN_ENDED)
        named = [path for host in asked.hosts if (path := sockets.socket_path(host))]
        return tuple(sorted({sockets.real_path(self.daemon.process, path) for path in named}))

    @cached_property
    def containerd_sockets(self) -> tuple[str, ...]:
        """The socket of the containerd that it uses, without symbolic links.

        Raises:
            EvidenceError: it cannot be told.
        """
        if reported := self.daemon.engine.containerd_address:
            return (sockets.real_path(self.daemon.process, reported),)
        configured = self.daemon.setting("containerd").possible
        roots = (
            self._exec_roots if None in configured else ()
        )  # its own containerd, only where none was named
        found = sockets.containerd_paths(
            self.daemon.process, configured, roots, self.daemon.processes.system_containerd
        )
        if not found:
            raise EvidenceError("the socket of the containerd that the daemon uses was not found")
        return found

    @property
    def _exec_roots(self) -> tuple[str, ...]:
        """Where it keeps sockets of its own, or may keep them; a rootless one below its user's runtime directory.

        Raises:
            EvidenceError: what would tell could not be read.
        """
        found = self.daemon.setting("exec-root").possible
        if not self.daemon.process.rootless:
            return found
        runtime = (self.daemon.process.environment or {}).get("XDG_RUNTIME_DIR")
        default = KINDS["exec-root"].default
        if runtime is None and default in found:
            raise EvidenceError(unread("the runtime directory of the rootless daemon", "is not known"))
        return tuple(f"{runtime}/docker" if each == default else each for each in found)

    def _possible(self, name: str) -> tuple[Any, ...]:
        """What a setting is, or may be; where nothing can be read, its default."""
        try:
            return self.daemon.setting(name).possible
        except EvidenceError:
            return (KINDS[name].default,)

    @property
    def _other_ports(self) -> frozenset[int]:
        """The ports of swarm and of the metrics."""
        metrics = sockets.tcp_ports(each for each in self._possible("metrics-addr") if each)
        return metrics | sockets.SWARM_PORTS if self._in_swarm else metrics

    @property
    def _in_swarm(self) -> bool:
        """Whether it is a node of a swarm, of which each holds the ports that services publish."""
        return self.daemon.engine.value("Swarm", "LocalNodeState") not in ("inactive", "")

    @property
    def _protection(self) -> tuple[tuple[Protection, ...], str]:
        return tls.possible(
            self.daemon.process, lambda: self.daemon.configuration, self.daemon.engine.version
        )

    @cached_property
    def remote_api(self) -> RemoteApi:
        """The TCP addresses at which it takes commands, and what a client needs there.

        Raises:
            EvidenceError: the daemon could not be found.
        """
        addresses, doubt = tcp_addresses(
            self.daemon.process,
            self.asked,
            lambda: self._other_ports,
            self.daemon.published_ports.get,
            swarm=lambda: self._in_swarm,
            unix=lambda: self.api_sockets,
        )
        by_fd = any(host.startswith("fd:") for each in self._possible("hosts") for host in each)
        given = self.daemon.units.socket_addresses if self.daemon.unit and by_fd else None
        pending = pending_addresses(lambda: self.daemon.configuration, addresses, given or ())
        protection, protection_doubt = self._protection
        return RemoteApi(addresses, pending, protection, doubt or self.daemon.unread_unit, protection_doubt)
