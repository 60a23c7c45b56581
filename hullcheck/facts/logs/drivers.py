"""Where the log drivers of Docker send: to another machine, or to a shipper that takes it on this one.

The options are those of https://docs.docker.com/engine/logging/configure/.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hullcheck.facts.logs.configs.routes import NETWORK_SYSLOG, SYSLOG

NETWORK_DRIVERS = {
    "fluentd": ("Fluentd", "fluentd-address"),
    "gelf": ("ELK", "gelf-address"),
    "syslog": ("another system", "syslog-address"),
    "splunk": ("another system", "splunk-url"),
    "awslogs": ("another system", "awslogs-endpoint"),
    "gcplogs": ("another system", ""),
    "logentries": ("another system", ""),
}
LOCAL_DRIVERS = frozenset({"none", "local", "json-file", "journald", "etwlogs"})
"""Drivers that keep the log on the host, where whoever breaks in can change it."""
_SERVICES = ("awslogs", "gcplogs", "logentries")
"""Drivers that send to their service on the internet where no address is given."""
DEV_LOG = ("/dev/log", "/run/systemd/journal/dev-log")
_ADDRESSES = {"fluentd": "127.0.0.1:24224", "syslog": f"unix://{DEV_LOG[0]}"}
"""Where they send unless told otherwise."""
_PORTS = {"fluentd": "24224", "syslog": "514"}
_FACILITIES = {"1": "user", "3": "daemon", **{str(16 + each): f"local{each}" for each in range(8)}}


@dataclass(frozen=True)
class Destination:
    """Where a driver sends.

    Attributes:
        system: what takes it there.
        host: without its port; a path for a socket, and empty where none is named.
        port: with its protocol, as `514/udp`; empty where that is not known.
        to_service: whether it goes to the service of the driver where no host is named.
        words: for what a shipper on this machine has to take, as in `shipper_routes`.
    """

    system: str
    host: str
    port: str
    to_service: bool
    words: tuple[str, ...]


def destination(driver: str, options: Mapping[str, str]) -> Destination:
    """Where one of `NETWORK_DRIVERS` sends with these options."""
    system, option = NETWORK_DRIVERS[driver]
    address = str(options.get(option) or _ADDRESSES.get(driver, ""))
    scheme, _, rest = address.rpartition("://")
    host, port = rest.rpartition("@")[2], ""
    if not host.startswith("/"):
        named = re.search(r":(\d+)(?:/.*)?$", host, re.DOTALL)
        host = re.sub(r"(:\d+)?(/.*)?$", "", host).strip("[]")
        number = named[1] if named else _PORTS.get(driver)
        port = f"{number}/{'udp' if scheme == 'udp' else 'tcp'}" if number else ""
    return Destination(system, host, port, driver in _SERVICES, _handed_on(driver, address, options))


def _handed_on(driver: str, address: str, options: Mapping[str, str]) -> tuple[str, ...]:
    way, _, path = address.partition("://")
    if way.startswith("unix") and path not in DEV_LOG:
        return ()
    if driver == "fluentd":
        return ("forward", *(["forward:tagged"] if options.get("tag") else []))
    if driver != "syslog":
        return (driver,)
    by = SYSLOG if way.startswith("unix") else NETWORK_SYSLOG
    facility = options.get("syslog-facility") or "daemon"
    return by, f"{by}:{_FACILITIES.get(facility, facility)}"
