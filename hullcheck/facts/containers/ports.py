"""The ports that a container opens to the outside: published, or in a network of the host."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

from hullcheck.facts.containers.configuration import Configuration
from hullcheck.facts.containers.inspect import Bindings
from hullcheck.facts.containers.runtime import Runtime
from hullcheck.facts.engine.models import Network
from hullcheck.facts.engine.services import Service
from hullcheck.parsing.addresses import api_port, canonical, is_go_address
from hullcheck.parsing.proc.net import Listener
from hullcheck.verdicts import EvidenceError, unread

_BINDING = ("com.docker.network.bridge.host_binding_ipv4", "com.docker.network.host_ipv4")
_LAST = 65535


@dataclass(frozen=True)
class Port:
    """An open port on an address of the host, or of the container itself in a network outside.

    Attributes:
        address: empty where it could be any.
        number: 0 where the engine chooses one when the container starts.
        origin: how it comes to be open, in words.
    """

    address: str
    number: int
    protocol: str
    origin: str

    @property
    def on_every_address(self) -> bool:
        """Whether it is open on every address of the host."""
        return canonical(self.address) in ("", "0.0.0.0", "::")

    def __str__(self) -> str:
        """Address, number, protocol and origin, for people."""
        number = str(self.number) if self.number else "(any)"
        address = f"[{self.address}]" if ":" in self.address else self.address or "*"
        return f"{address}:{number}/{self.protocol} ({self.origin})"


@dataclass(frozen=True)
class Ports:
    """The open ports of a container.

    Attributes:
        pid_on_host_network: a process of which the listeners in the host's network were read; raises EvidenceError
            where there is none.
    """

    configuration: Configuration
    runtime: Runtime
    pid_on_host_network: Callable[[], int] = field(repr=False)

    @property
    def published(self) -> tuple[Port, ...]:
        """The ports that the engine publishes for it on this host, or will once it runs.

        This may prove that a port is open, and never that none is: see `open`.

        Raises:
            EvidenceError: it runs in a network of its own, and the engine does not say which ports it has there.
        """
        asked, mode = self.configuration, self.configuration.host_config.network_mode
        if asked.running:
            told = asked.inspect.network_settings.ports
            if told is None and not mode.startswith("container:"):  # engines before 25 say so of these alone
                raise EvidenceError("docker inspect: it runs, and Ports is null")
            return self._bindings(told, ("",))
        if mode in ("host", "none") or mode.startswith("container:"):
            return ()  # the engine publishes nothing for these, whatever is asked
        found = (
            *self._bindings(asked.host_config.port_bindings, self._unnamed_addresses),
            *self._exposed(),
        )
        return found if found and self._unnamed_addresses else ()

    def _bindings(self, bindings: Bindings, unnamed: tuple[str, ...]) -> tuple[Port, ...]:
        return tuple(
            Port(address, number, protocol, f"published for {target}")
            for key, group in (bindings or {}).items()
            for target, protocol in [api_port(key)]
            for each in group or ()
            for address in ([each.host_ip] if is_go_address(each.host_ip) else unnamed)
            for number in _numbers(each.host_port)
        )

    @property
    def unknown_in(self) -> tuple[str, ...]:
        """The networks of the host, and outside, in which one that does not run will open whatever it listens on.

        Raises:
            EvidenceError: the container that it will join is not there.
        """
        if self.configuration.running:
            return ()
        return ("host",) if self._owner.host_config.network_mode == "host" else self.networks_outside

    @cached_property
    def _owner(self) -> Configuration:
        """The configuration that names its networks, which another has whose network it will join."""
        joined = None if self.configuration.running else self.runtime.joined("network_mode")
        return joined.configuration if joined else self.configuration

    @property
    def _known_networks(self) -> list[Network]:
        names = {*self._owner.networks, *self._owner.networks.values()} - {""}
        return [each for each in self.runtime.surroundings.networks.get() if names & {each.name, each.id}]

    @cached_property
    def _unnamed_addresses(self) -> tuple[str, ...]:
        """The addresses at which a port without an address may be bound.

        The engine chooses one of several networks, and publishes nothing for internal ones.
        """
        known = self._known_networks
        open_ones = [each.options for each in known if not each.internal]
        found = {next((each[key] for key in _BINDING if each.get(key)), "") for each in open_ones}
        return tuple(sorted(found if len(known) >= len(self.configuration.networks) > 0 else found | {""}))

    def _exposed(self) -> Iterable[Port]:
        """The ports that --publish-all will open."""
        asked = self.configuration
        if not asked.host_config.publish_all_ports:
            return
        named = set(asked.inspect.config.exposed_ports or {})
        for key in sorted(named - set(asked.host_config.port_bindings or {})):
            target, protocol = api_port(key)
            for address in self._unnamed_addresses:
                yield Port(address, 0, protocol, f"published for {target} by --publish-all")

    @property
    def open(self) -> tuple[Port, ...]:
        """Every port that it opens to the outside.

        The engine publishes it, its service does, or a process listens in a network of the host.

        Ports of a container whose network it joined are judged there.

        Raises:
            EvidenceError: listeners or the service could not be read.
        """
        return (*self.published, *self._service_ports(), *self._listening())

    def _service_ports(self) -> tuple[Port, ...]:
        ingress = {network.id for network in self.runtime.surroundings.networks.get() if network.ingress}
        attached = self.configuration.networks
        if "ingress" not in attached and ingress.isdisjoint(attached.values()):
            return ()
        service: Service | None = self.configuration.service
        if service is None:
            raise EvidenceError("it is in the ingress network, but the engine names no service for it")
        origin = f"published by service {service.name} on every node"
        return tuple(
            Port("", each.number, each.protocol, origin) for each in service.ports if each.mode != "host"
        )

    def _listening(self) -> tuple[Port, ...]:
        """Its listeners, where its network is the host's or one outside (macvlan, ipvlan, those of plugins)."""
        if not self.configuration.running:
            return ()
        if self.runtime.shares_host_network:
            found, origin = self._own_listeners(), "listens, network of the host"
        elif outside := self.networks_outside:
            found = tuple(
                each for each in self._listeners(self.runtime.main_process.pid) if not each.on_loopback
            )
            origin = f"listens, network {outside[0]}"
        else:
            return ()
        return tuple(Port(each.address, each.number, each.protocol, origin) for each in found)

    @property
    def networks_outside(self) -> tuple[str, ...]:
        """Its networks that give it an address of its own outside the host, or may do so."""
        known = self._known_networks
        if self._owner.running:  # it is in one by its id, also where another has that name now
            known = [each for each in known if each.id in self._owner.networks.values()]
        return tuple(each.name for each in known if each.is_outside)

    def _listeners(self, pid: int) -> tuple[Listener, ...]:
        try:
            return self.runtime.files.listeners[pid]
        except KeyError:
            raise EvidenceError(f"the listeners in the network of process {pid} could not be read") from None

    def _own_listeners(self) -> tuple[Listener, ...]:
        """The listeners in the host's network whose socket one of its processes holds."""
        listeners = self._listeners(self.pid_on_host_network())
        hidden = [process.pid for process in self.runtime.processes if process.pid_namespace is None]
        if listeners and hidden:  # who may not read a link of a process may not read its sockets either
            raise EvidenceError(unread(f"the sockets of process {hidden[0]}"))
        sockets = [
            self.runtime.files.sockets.get(process.pid, frozenset()) for process in self.runtime.processes
        ]
        held = frozenset[str]().union(*sockets)
        if listeners and not self.runtime.files.sockets:
            raise EvidenceError("which process holds a listening socket could not be read")
        return tuple(each for each in listeners if each.inode in held)


def _numbers(text: str) -> range:
    """The ports of `8000-8010`, or `80/tcp` of which the protocol counts for nothing; 0: the engine chooses one."""
    first, _, last = (text.partition("/")[0] or "0").partition("-")
    if int(last or first) > _LAST:
        raise EvidenceError(f"{text} is no range of ports")
    return range(int(first), int(last or first) + 1)
