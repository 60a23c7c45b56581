"""The ports that a container opens to the outside: published, or in a network of the host."""

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from hullcheck.facts.containers.inspect import Bindings
from hullcheck.facts.engine.models import Network
from hullcheck.parsing.proc.net import Listener
from hullcheck.parsing.values import api_port, canonical, is_loopback
from hullcheck.verdicts import EvidenceError, unread

if TYPE_CHECKING:
    from hullcheck.facts.containers import Container

BINDING_ADDRESS = ("com.docker.network.bridge.host_binding_ipv4", "com.docker.network.host_ipv4")
HOST_NETWORK = "host"


class Port(Struct, frozen=True):
    """An open port on an address of the host, or of the container in a network outside the host."""

    address: str  # empty if it could be any
    number: int  # 0 if the engine chooses one when the container starts
    protocol: str
    origin: Literal["published", "publish-all", "service", "listener"]
    name: str  # the port of the container, the service, or the network in which a process listens

    @property
    def on_every_address(self) -> bool:
        """Whether the port is open on every address of the host."""
        return canonical(self.address) in ("", "0.0.0.0", "::")

    @property
    def on_loopback(self) -> bool:
        """Whether the port is open to this host only."""
        return is_loopback(self.address)


class Ports(Struct, frozen=True, dict=True):
    """The open ports of a container."""

    container: "Container"

    @property
    def published(self) -> tuple[Port, ...]:
        """The ports that the engine publishes on this host for the container, now or once started."""
        settings, mode = self.container.host_config, self.container.host_config.network_mode
        if self.container.running:
            ports = self.container.inspect.network_settings.ports
            if ports is None and not mode.startswith("container:"):  # engines before 25 say so of these alone
                raise EvidenceError("docker inspect: it runs, and Ports is null")
            return tuple(_bound(ports, ("",)))
        bound, addresses = settings.port_bindings or {}, self._binding_addresses
        if mode in ("host", "none") or mode.startswith("container:") or not addresses:
            return ()  # the engine publishes nothing for these, whatever is asked
        exposed = sorted(self.container.config.exposed_ports or ()) if settings.publish_all_ports else ()
        chosen = [(address, *api_port(key)) for key in exposed if key not in bound for address in addresses]
        return (
            *_bound(bound, addresses),
            *(Port(address, 0, protocol, "publish-all", target) for address, target, protocol in chosen),
        )

    @cached_property
    def _binding_addresses(self) -> tuple[str, ...]:
        """The addresses at which a port without an address may be bound: none in internal networks."""
        known = self._known_networks
        options = [each.options for each in known if not each.internal]
        found = {next((each[key] for key in BINDING_ADDRESS if each.get(key)), "") for each in options}
        return tuple(sorted(found)) if known else ("",)

    @cached_property
    def _network_owner(self) -> "Container":
        """The container that decides the networks: a stopped one may join the network of another."""
        if self.container.running:
            return self.container
        return self.container.runtime.joined("network_mode") or self.container

    @property
    def _known_networks(self) -> list[Network]:
        networks = self._network_owner.networks
        names = {*networks, *networks.values()} - {""}
        return [each for each in self.container.host.networks.get() if names & {each.name, each.id}]

    @property
    def networks_outside(self) -> tuple[str, ...]:
        """The networks that may give the container an address outside the host."""
        return tuple(each.name for each in self._known_networks if each.is_outside)

    @property
    def unknown_in(self) -> tuple[str, ...]:
        """The host and outside networks that a stopped container will listen in."""
        if self.container.running:
            return ()
        in_host = self._network_owner.host_config.network_mode == "host"
        return (HOST_NETWORK,) if in_host else self.networks_outside

    @property
    def open(self) -> tuple[Port, ...]:
        """Every port that the container opens to the outside, except in the network of another container."""
        return (*self.published, *self._service_ports(), *self._listening())

    def _service_ports(self) -> tuple[Port, ...]:
        in_ingress = "ingress" in self.container.networks or any(x.ingress for x in self._known_networks)
        if not in_ingress:
            return ()
        service = self.container.service
        if service is None:
            raise EvidenceError("it is in the ingress network, but the engine names no service for it")
        published = [each for each in service.ports if each.mode != "host"]
        return tuple(Port("", each.number, each.protocol, "service", service.name) for each in published)

    def _listening(self) -> tuple[Port, ...]:
        """Return the listeners in the network of the host or in one outside (macvlan, ipvlan, plugins)."""
        if not self.container.running:
            return ()
        if self.container.runtime.shares_host("net"):
            network, found = HOST_NETWORK, self._own_listeners()
        elif outside := self.networks_outside:
            network = outside[0]
            found = [each for each in self._listeners() if not each.on_loopback]
        else:
            return ()
        return tuple(Port(each.address, each.number, each.protocol, "listener", network) for each in found)

    def _listeners(self) -> list[Listener]:
        """Return the listeners in the network of the container, as read from any process in there."""
        files, network = self.container.runtime.files, self.container.runtime.namespace("net")
        for pid, found in files.listeners.items():
            if files.links.get(pid, {}).get("net") == network:
                return found
        raise EvidenceError("the listeners in its network could not be read")

    def _own_listeners(self) -> list[Listener]:
        """Return the listeners whose socket belongs to a process of the container."""
        listeners, sockets = self._listeners(), self.container.runtime.files.sockets
        processes = self.container.runtime.processes
        hidden = [each.pid for each in processes if each.pid_namespace is None]
        if listeners and hidden:  # who may not read a link of a process may not read its sockets either
            raise EvidenceError(unread(f"the sockets of process {hidden[0]}"))
        if listeners and not sockets:
            raise EvidenceError("which process holds a listening socket could not be read")
        held = {inode for each in processes for inode in sockets.get(each.pid, ())}
        return [each for each in listeners if each.inode in held]


def _bound(bindings: Bindings, unnamed: tuple[str, ...]) -> Iterable[Port]:
    """Yield the ports of *bindings*. A port without an address is bound to the *unnamed* ones."""
    for key, group in (bindings or {}).items():
        target, protocol = api_port(key)
        for each in group or ():
            first, _, last = (each.host_port or "0").partition("-")  # 0: the engine chooses one
            for address in [each.host_ip] if each.host_ip else unnamed:
                for number in range(int(first), int(last or first) + 1):
                    yield Port(address, number, protocol, "published", target)
