"""The engine's networks."""

from dataclasses import dataclass

from hullcheck.facts.engine import require_engine
from hullcheck.probes import Probe
from hullcheck.recording import Recording, decode_json
from hullcheck.secrets.redact import json_lines
from hullcheck.verdicts import EvidenceError

DOCKER_NETWORKS = Probe(
    "docker_networks",
    """
ids=$(docker network ls --quiet --no-trunc) || exit
[ -z "$ids" ] || docker network inspect --format "{{json .}}" $ids
""",
    json_lines(
        {
            "Name": True,
            "Id": True,
            "Driver": True,
            "Scope": True,
            "EnableIPv6": True,
            "Ingress": True,
            "Internal": True,
            "Options": dict.fromkeys(
                (
                    "encrypted",
                    "com.docker.network.bridge.enable_icc",
                    "com.docker.network.bridge.host_binding_ipv4",
                    "com.docker.network.host_ipv4",
                ),
                True,
            ),
        }
    ),
)

PROBES = (DOCKER_NETWORKS,)


@dataclass(frozen=True)
class Network:
    """One network.

    Attributes:
        options: those of its driver.
        internal: whether it leads nowhere outside.
        ipv6: whether its containers have addresses of IPv6; None where the engine does not say.
    """

    name: str
    id: str
    driver: str
    ingress: bool
    options: dict[str, str]
    ipv6: bool | None = None
    internal: bool = False


def networks(recording: Recording) -> tuple[Network, ...]:
    """All networks of the engine.

    Raises:
        NotApplicable: there is no Docker on this target.
        EvidenceError: the engine did not say.
    """
    require_engine(recording)
    documents = [
        decode_json(line, DOCKER_NETWORKS.name)
        for line in recording.text(DOCKER_NETWORKS).split("\n")
        if line
    ]
    try:
        return tuple(
            Network(
                each["Name"],
                each["Id"],
                each["Driver"],
                bool(each.get("Ingress")),
                each.get("Options") or {},
                each.get("EnableIPv6"),
                bool(each.get("Internal")),
            )
            for each in documents
        )
    except (KeyError, TypeError):
        raise EvidenceError(
            "docker network inspect: the answer is not what the engine's API documents"
        ) from None
