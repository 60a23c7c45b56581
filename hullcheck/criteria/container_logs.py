"""Whether the logs of containers, and those of the host, leave it."""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

from hullcheck.criteria.judgement import listed
from hullcheck.facts.containers import Container
from hullcheck.facts.containers.logs import (
    LOCAL_DRIVERS,
    NETWORK_DRIVERS,
    OF_SYSLOG,
    RELAYS,
    SERVICE_DRIVERS,
    Shippers,
    log_host,
)
from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.registry import Later
from hullcheck.facts.subjects import Subjects
from hullcheck.policy import Policy
from hullcheck.verdicts import Manual

NEW = "new containers"


class Judgement(NamedTuple):
    """Whether something is as it should be, and what shows it."""

    good: bool
    words: str


class LogRoute(Struct, frozen=True):
    """Where the log of a container goes, or that of those yet to be made.

    Attributes:
        driver: its log driver.
        host: what the driver sends to; None if the log stays on this host, empty if no host is named.
        listed: whether the policy says that this driver brings logs to the central store.
    """

    driver: str
    host: str | None
    listed: bool

    @property
    def known(self) -> bool:
        """Whether the driver is one of Docker's, or listed."""
        return self.driver in NETWORK_DRIVERS or self.listed

    def __str__(self) -> str:
        if self.driver in NETWORK_DRIVERS:
            return f"log driver {self.driver} to {self.host or 'its service'}"
        return f"log driver {self.driver}, as the policy states"


def log_routes(
    shippers: Shippers, daemon: Daemon, containers: Later[Subjects[Container]], policy: Policy
) -> dict[str, LogRoute]:
    """Return where the log of each container goes, and of those yet to be made."""
    settings = {NEW: (str(daemon.setting("log-driver").value), dict(daemon.setting("log-opts").value or {}))}
    logs = ((name, each.host_config.log_config) for name, each in containers.get())
    settings |= {name: (each.type, each.config or {}) for name, each in logs}
    found = {}
    for name, (driver, options) in settings.items():
        host = log_host(driver, options) if driver in NETWORK_DRIVERS else ""
        leaves = not shippers.is_here(host) if host else driver in SERVICE_DRIVERS
        stays = driver in LOCAL_DRIVERS or (driver in NETWORK_DRIVERS and not leaves)
        found[name] = LogRoute(driver, None if stays else host, driver in (policy.log_drivers or ()))
    return found


def shipped_logs(logs: Mapping[str, LogRoute], shippers: Shippers, policy: Policy) -> Judgement:
    """Judge whether a log shipper takes the logs of containers whose driver leaves them on this host."""
    if lost := [name for name, log in logs.items() if log.driver == "none"]:
        return Judgement(False, f"no log is kept of {listed(lost)}: the log driver is none")
    relays = all(log.driver in OF_SYSLOG for log in logs.values())
    return shipped(f"the logs of {listed(list(logs))}", shippers, policy, relays=relays)


def shipped(logs: str, shippers: Shippers, policy: Policy, *, relays: bool) -> Judgement:
    """Judge whether a log shipper that the policy names takes logs that stay here; *relays*: of syslog count, too."""
    stay = f"{logs}: kept on this host"
    if named := policy.log_shippers:
        if running := [each for each in named if shippers.runs(each)]:
            return Judgement(True, f"{', '.join(running)} runs, and ships {logs}, as the policy states")
        return Judgement(False, f"{stay}, and none of log_shippers ({', '.join(named)}) runs")
    if found := ", ".join(each for each in shippers.running if relays or each not in RELAYS):
        raise Manual(
            f"{stay}; {found} runs. Check what sends them to another machine, then name it in the policy:"
            f" log_shippers: [{found}]"
        )
    shippers.require_all()
    return Judgement(False, f"{stay}, as no known log shipper runs")
