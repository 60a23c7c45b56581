"""The ports that a service of a Compose file will open."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hullcheck.facts.compose.configuration import FileConfiguration
from hullcheck.facts.compose.unknown import Unknown
from hullcheck.facts.containers.ports import Port, Ports
from hullcheck.parsing.addresses import api_port, is_go_address
from hullcheck.verdicts import EvidenceError, NotApplicable

if TYPE_CHECKING:
    from hullcheck.facts.compose import FileRuntime

_BINDING = ("com.docker.network.bridge.host_binding_ipv4", "com.docker.network.host_ipv4")
_MADE_HERE = {"External": False, "Driver": "", "Options": {}}
_LAST = 65535


class FilePorts(Unknown):
    """Its ports."""

    WHOLE = Ports

    def __init__(
        self, configuration: FileConfiguration, runtime: "FileRuntime", networks: Mapping[str, Any]
    ) -> None:
        """See what *configuration* says, and the *networks* of the file."""
        self._asked = configuration
        self._runtime = runtime
        self._networks = networks

    @property
    def published(self) -> tuple[Port, ...]:
        """The ports that the file publishes."""
        mode = self._asked.network_mode
        bindings = self._asked.setting("PortBindings") or {}
        if mode in ("host", "none") or mode.startswith("container:"):
            return ()
        unnamed = self._unnamed_addresses
        return tuple(
            Port(address, number, protocol, f"published for {target}")
            for key, group in bindings.items()
            for target, protocol in [api_port(key)]
            for each in group or ()
            for address in ([each["HostIp"]] if is_go_address(each.get("HostIp") or "") else unnamed)
            for number in _numbers(each.get("HostPort") or "0")
        )

    @property
    def _unnamed_addresses(self) -> tuple[str, ...]:
        """The addresses at which a port without one is opened: of each network where that is set, else any."""
        options = [self._network(name)["Options"] for name in self._asked.networks]
        found = {next((each[key] for key in _BINDING if each.get(key)), "") for each in options}
        return tuple(sorted(found or {""}))

    def _network(self, name: str) -> Mapping[str, Any]:
        known: Mapping[str, Any] = self._networks.get(name, _MADE_HERE)
        return known

    @property
    def open(self) -> tuple[Port, ...]:
        """Every port that it will open.

        Raises:
            NotApplicable: it is in the network of the host, or in one that the file says too little of.
        """
        if self._runtime.shares_host_network:
            raise NotApplicable(
                "it is in the network of the host: what it opens there, the file does not tell"
            )
        return self.published

    @property
    def unknown(self) -> str | None:
        """What to say of one that will open whatever it listens on.

        Raises:
            NotApplicable: one of its networks may give it an address outside.
        """
        for name in self._runtime.owner("NetworkMode").networks:
            network = self._network(name)
            open_modes = {"nat-unprotected", "routed"} & {*network["Options"].values()}
            if network["External"] or network["Driver"] not in ("", "bridge", "overlay") or open_modes:
                raise NotApplicable(f"who reaches it in the network {name}, the file does not tell")
        return None


def _numbers(written: str) -> range:
    first, _, last = written.partition("-")
    if int(last or first) > _LAST:
        raise EvidenceError(f"{written} is no range of ports")
    return range(int(first), int(last or first) + 1)
