"""Where the daemon takes commands, and where its containerd does."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hullcheck.facts.daemon import sockets
from hullcheck.facts.daemon.settings import KINDS
from hullcheck.facts.daemon.sockets import Asked
from hullcheck.facts.daemon.sockets.remote_api import RemoteApi, Tls
from hullcheck.parsing.proc.net import Listener
from hullcheck.verdicts import EvidenceError, unread

if TYPE_CHECKING:
    from hullcheck.facts.daemon import Daemon


@dataclass(frozen=True)
class Endpoints:
    """The addresses and sockets of one daemon."""

    daemon: "Daemon" = field(repr=False)

    @cached_property
    def asked(self) -> Asked:
        """The addresses that the daemon was told to listen on, with those of docker.socket for `fd://`."""
        asked = self._told
        own = tuple(host for host in asked.hosts if not host.startswith("fd:"))
        if own == asked.hosts:
            return asked
        unit = self._socket_unit
        if unit is None:
            return replace(asked, hosts=own, open_ended=True)
        return replace(asked, hosts=own + sockets.hosts_of_unit(unit))

    @property
    def _told(self) -> Asked:
        named, source, doubt = self.daemon.process.values("hosts"), "command line", ""
        if not named:  # the daemon refuses to start where the file names some as well
            try:
                setting = self.daemon.setting("hosts")
            except EvidenceError as error:
                return Asked((), "", str(error))
            named = tuple(host for value in setting.possible for host in value or ("",))
            source, doubt = setting.source, setting.doubt
        return Asked(tuple(host.strip() or self._usual_host for host in named), source, doubt)

    @property
    def _usual_host(self) -> str:
        """The address of a daemon that was told none."""
        try:
            return sockets.DEFAULT_TLS if self._tls.encrypted else f"unix://{sockets.DEFAULT_SOCKET}"
        except EvidenceError:
            return f"unix://{sockets.DEFAULT_SOCKET}"

    @property
    def _socket_unit(self) -> tuple[str, ...] | None:
        """The addresses of docker.socket; None if systemd did not start the daemon, or does not say."""
        return self.daemon.units.socket_addresses if self.daemon.unit else None

    @cached_property
    def api_sockets(self) -> tuple[str, ...]:
        """Every unix socket on which the API listens, without symbolic links.

        Raises:
            EvidenceError: they are unknown.
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
        """The socket of the containerd that the daemon uses, without symbolic links.

        Raises:
            EvidenceError: it is unknown.
        """
        if reported := self.daemon.engine.containerd_address:
            return (sockets.real_path(self.daemon.process, reported),)
        configured = self.daemon.setting("containerd").possible
        roots = self._exec_roots if None in configured else ()  # its own containerd, if none was named
        system = self.daemon.processes.system_containerd
        found = sockets.containerd_paths(self.daemon.process, configured, roots, system)
        if not found:
            raise EvidenceError("the socket of the containerd that the daemon uses was not found")
        return found

    @property
    def _exec_roots(self) -> tuple[str, ...]:
        """The folders of the daemon's own sockets; of a rootless one below its user's runtime directory.

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
        """The values that a setting may have; its default if nothing can be read."""
        try:
            return self.daemon.setting(name).possible
        except EvidenceError:
            return (KINDS[name].default,)

    @property
    def _tls(self) -> Tls:
        return Tls(self.daemon.setting, self.daemon.process)

    @cached_property
    def remote_api(self) -> RemoteApi:
        """The TCP addresses at which the daemon takes commands, and what a client needs there.

        Raises:
            EvidenceError: the daemon could not be found.
        """
        addresses, doubt = (self._seen if self.daemon.process.may_see_sockets else self._named)()
        return RemoteApi(addresses, self._pending(addresses), self._tls, doubt or self.daemon.unread_unit)

    def _seen(self) -> tuple[tuple[str, ...], str]:
        """Return the addresses on which the daemon listens, and why there may be more."""
        asked, named = self.asked, sockets.tcp_ports(self.asked.hosts)
        listeners = sockets.listening(self.daemon.process)
        others = self._unexplained(listeners, named)
        sure = [each for each in others if asked.open_ended or each.number in sockets.DEFAULT_PORTS]
        strange = ", ".join(sockets.address(each) for each in others if each not in sure)
        seen = {each.number for each in listeners}
        tcp = filter(sockets.is_tcp, self._told.hosts)
        missing = ", ".join(host for host in tcp if not sockets.tcp_ports([host]) & seen)
        doubt = ""
        if strange and (asked.doubt or not self._in_swarm):  # a node holds the ports of services, too
            why = f": {asked.doubt}" if asked.doubt else ", as nothing that is known told it to listen there"
            doubt = f"the daemon listens on {strange}, and whether for commands is unknown{why}"
        elif missing and not asked.doubt:
            doubt = f"the daemon was told to listen on {missing} ({asked.source}), and is not seen to"
        api = [*(each for each in listeners if each.number in named), *sure]
        return tuple(f"{sockets.address(each)} (listening)" for each in api), doubt

    def _unexplained(self, listeners: Iterable[Listener], named: frozenset[int]) -> list[Listener]:
        """Return the listeners that are not for swarm, metrics or containers, nor on a port that was *named*."""
        own = sockets.tcp_ports(filter(None, self._possible("metrics-addr")))
        own |= sockets.SWARM_PORTS if self._in_swarm else frozenset()
        others = [each for each in listeners if each.number not in named | own]
        published = self.daemon.published_ports.get() if others else frozenset()
        return [each for each in others if not sockets.is_published(each, published)]

    @property
    def _in_swarm(self) -> bool:
        return self.daemon.engine.value("Swarm", "LocalNodeState") not in ("inactive", "")

    def _named(self) -> tuple[tuple[str, ...], str]:
        """Return the addresses that the daemon was told, as an auditor who may not see its sockets knows them."""
        asked, process = self.asked, self.daemon.process
        if "tcp" in process.tables_read and not process.tcp_table:
            return (), ""  # nothing at all listens in its network
        if asked.doubt:
            return (), asked.doubt
        named = tuple(f"{host} ({asked.source})" for host in asked.hosts if sockets.is_tcp(host))
        return named, sockets.OPEN_ENDED if asked.open_ended else ""

    def _pending(self, addresses: tuple[str, ...]) -> tuple[str, ...]:
        """Return the addresses that the next start opens beside these: by the options, the file or docker.socket."""
        found = list(self.asked.hosts)
        try:
            setting = self.daemon.setting("hosts")
        except EvidenceError:
            pass
        else:
            found += setting.pending.value if setting.pending else ()
        open_ports = sockets.tcp_ports(each.partition(" ")[0] for each in addresses)
        coming = (
            host for host in found if sockets.is_tcp(host) and not sockets.tcp_ports([host]) <= open_ports
        )
        return tuple(dict.fromkeys(coming))
