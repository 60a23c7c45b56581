"""The answer of a Compose file, and its form."""

from collections.abc import Mapping
from typing import Any

from hullcheck.data.health_checks import KINDS
from hullcheck.facts.containers.probe import SHAPE
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe

COMPOSE_FILE = Probe("compose_file", "docker compose --file FILE --profile '*' config --format json")
"""No host is asked this: what is kept of the files is made where the auditor is."""

_BRIDGE = "com.docker.network.bridge."
OPTIONS_OF_NETWORKS = frozenset(
    (
        *(f"{_BRIDGE}{each}" for each in ("gateway_mode_ipv4", "gateway_mode_ipv6", "host_binding_ipv4")),
        "com.docker.network.host_ipv4",
    )
)
"""Those that decide who reaches a port."""

_MOUNT = {
    "Type": frozenset(("bind", "volume", "tmpfs", "image", "cluster", "npipe")),
    **dict.fromkeys(("Name", "Source", "Destination", "Propagation"), str),
    "RW": bool,
    "Driver?": str,
    "External?": bool,
    "Paths?": [str],
}
_SERVICE = {
    **dict.fromkeys(("Name", "Place", "Reference", "User"), str),
    "Built": bool,
    "Places": {"*": str},
    "Unset": {"*": [str]},
    "Arguments": [str],
    "Secrets": [str],
    "Strangers": [str],
    "Labels": {"*": (None, str)},
    "Healthcheck?": frozenset(KINDS),
    "HostConfig": SHAPE["HostConfig?"],
    "Networks": {"*": {"NetworkID": str}},
    "Hooks": [{"Key": str, "Privileged": bool, "User": str}],
    "Mounts": [_MOUNT],
}
_SHAPE = {
    "files": [str],
    "reader": str,
    "services": {"*": _SERVICE},
    "networks": {"*": {"External": bool, "Driver": str, "Options": {"*": str}}},
}


def document(recording: Recording) -> Mapping[str, Any]:
    """What was kept of the files.

    Raises:
        EvidenceError: nothing was, or it is damaged.
    """
    return recording.json_object(COMPOSE_FILE, _SHAPE)
