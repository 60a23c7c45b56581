"""The engine's networks."""

import re
from dataclasses import dataclass
from typing import Any

from hullcheck.facts.host.presence import SIGNS, require_engine
from hullcheck.facts.registry import fact
from hullcheck.parsing.documents import require
from hullcheck.recording import Recording, decode_json
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import json_lines
from hullcheck.verdicts import EvidenceError

_GATEWAY_MODES = tuple(f"com.docker.network.bridge.gateway_mode_{each}" for each in ("ipv4", "ipv6"))
_OPTIONS = (
    *("encrypted", "parent", "com.docker.network.bridge.enable_icc", "com.docker.network.bridge.name"),
    *("com.docker.network.bridge.host_binding_ipv4", "com.docker.network.host_ipv4", *_GATEWAY_MODES),
)
DOCKER_NETWORKS = Probe.from_file(
    "docker_networks",
    json_lines(
        dict.fromkeys(("Name", "Id", "Driver", "Scope", "Ingress", "Internal"), True)
        | {"Options": dict.fromkeys(_OPTIONS, True)}
    ),
)


_INSIDE = frozenset(("bridge", "host", "null", "overlay"))
"""The drivers of networks inside the host or the swarm; any other may give an address outside, as macvlan does."""
_ON_PARENTS = ("macvlan", "ipvlan")

_SHAPE = {
    **dict.fromkeys(("Name", "Id", "Driver", "Scope?"), str),
    **dict.fromkeys(("Ingress?", "Internal?"), bool),
    "Options?": (None, {"*": str}),
}
_GONE = re.compile(r"(?:network [0-9a-f]{64} not found|No such network: [0-9a-f]{64})$", re.IGNORECASE)


@dataclass(frozen=True)
class Network:
    """One network.

    Attributes:
        options: those of its driver.
        internal: whether the engine gives it no way outside; see `is_outside`.
        scope: `local`, or `swarm` where it reaches over several hosts.
    """

    name: str
    id: str
    driver: str
    ingress: bool
    options: dict[str, str]
    internal: bool = False
    scope: str = ""

    @property
    def bridge(self) -> str:
        """The interface of the host that is its bridge, or to which it is another way, as those of macvlan."""
        if self.driver in _ON_PARENTS:
            return self.options.get("parent") or ""
        named = self.options.get("com.docker.network.bridge.name") or ""
        return named or ("docker0" if self.name == "bridge" else "")

    @property
    def is_outside(self) -> bool:
        """Whether its containers may be reached at addresses of their own from outside the host.

        An internal network on a parent has no default route, but all the neighbours of that. Without one it is of the
        host alone.
        """
        alone = self.internal and self.driver in _ON_PARENTS and not self.bridge
        unprotected = "nat-unprotected" in (self.options.get(each) for each in _GATEWAY_MODES)
        return (self.driver not in _INSIDE or unprotected) and not alone


@fact(*SIGNS, DOCKER_NETWORKS)
def networks(recording: Recording) -> tuple[Network, ...]:
    """Return all networks of the engine.

    Raises:
        NotApplicable: there is no Docker on this target.
        EvidenceError: the engine did not answer.
    """
    require_engine(recording)
    found = [decode_json(line, DOCKER_NETWORKS.name) for line in _answer(recording).splitlines()]
    if not found:
        raise EvidenceError("docker network ls names none, and every engine has some")
    for each in found:
        require(each, _SHAPE, "docker network inspect")
    return tuple(_network(each) for each in found)


def _network(document: dict[str, Any]) -> Network:
    return Network(
        document["Name"],
        document["Id"],
        document["Driver"],
        bool(document.get("Ingress")),
        document.get("Options") or {},
        bool(document.get("Internal")),
        str(document.get("Scope") or ""),
    )


def _answer(recording: Recording) -> str:
    """Return the answer of the engine; networks that are gone since they were listed are no error."""
    answer = recording.answer(DOCKER_NETWORKS)
    complaints = [line for line in answer.stderr.splitlines() if line.strip()]
    if answer.status == 1 and complaints and all(map(_GONE.search, complaints)):
        return answer.stdout
    return recording.text(DOCKER_NETWORKS)
