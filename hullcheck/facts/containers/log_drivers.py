"""Where the log drivers of Docker send.

The options are those of https://docs.docker.com/engine/logging/configure/.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hullcheck.facts.containers.logs import OTHER_SYSTEM

NETWORK_DRIVERS = {
    "fluentd": ("Fluentd", "fluentd-address"),
    "gelf": ("ELK", "gelf-address"),
    "syslog": (OTHER_SYSTEM, "syslog-address"),
    "splunk": (OTHER_SYSTEM, "splunk-url"),
    "awslogs": (OTHER_SYSTEM, "awslogs-endpoint"),
    "gcplogs": (OTHER_SYSTEM, ""),
    "logentries": (OTHER_SYSTEM, ""),
}
LOCAL_DRIVERS = frozenset({"none", "local", "json-file", "journald", "etwlogs"})
"""Drivers that keep the log on the host, where whoever breaks in can change it."""
OF_SYSLOG = frozenset({"journald", "syslog"})
"""Drivers whose log rsyslog or syslog-ng can pass on."""
_SERVICES = ("awslogs", "gcplogs", "logentries")
"""Drivers that send to their service on the internet unless an address is given."""
_ADDRESSES = {"fluentd": "127.0.0.1:24224", "syslog": "unix:///dev/log"}
"""Where they send unless an address is given."""


@dataclass(frozen=True)
class Destination:
    """Where a driver sends.

    Attributes:
        system: what takes it there.
        host: without its port; a path for a socket, and empty if none is named.
        to_service: whether it goes to the service of the driver if no host is named.
    """

    system: str
    host: str
    to_service: bool


def destination(driver: str, options: Mapping[str, str]) -> Destination:
    """Return where one of `NETWORK_DRIVERS` sends with these options."""
    system, option = NETWORK_DRIVERS[driver]
    address = str(options.get(option) or _ADDRESSES.get(driver, ""))
    host = address.rpartition("://")[2].rpartition("@")[2]
    if not host.startswith("/"):
        host = re.sub(r"(:\d+)?(/.*)?$", "", host).strip("[]")
    return Destination(system, host, driver in _SERVICES)
