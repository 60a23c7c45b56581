"""Check that the logs of containers, and those of the host, are sent to another machine."""

from collections.abc import Mapping

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


class LogRoute(Struct, frozen=True):
    """Where the log of a container goes, or of new containers.

    Attributes:
        driver: the log driver.
        host: the address that the driver sends to; None if the log stays on this host, empty if no address is set.
        listed: whether the policy names this driver.
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
        return f"log driver {self.driver}, named by the policy"


def log_routes(
    shippers: Shippers, daemon: Daemon, containers: Later[Subjects[Container]], policy: Policy
) -> dict[str, LogRoute]:
    """Return where the log of each container goes, and of new containers."""
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


def shipped_logs(logs: Mapping[str, LogRoute], shippers: Shippers, policy: Policy) -> tuple[bool, str]:
    """Return whether a log shipper takes the logs of containers that stay on this host, and the reason."""
    if lost := [name for name, log in logs.items() if log.driver == "none"]:
        return False, f"the log driver none keeps no log of {listed(lost)}"
    relays = all(log.driver in OF_SYSLOG for log in logs.values())
    return shipped(f"the logs of {listed(list(logs))}", shippers, policy, relays=relays)


def shipped(logs: str, shippers: Shippers, policy: Policy, *, relays: bool) -> tuple[bool, str]:
    """Return whether one of the policy takes logs that stay here, and why; with *relays*, syslog daemons count."""
    stay = f"{logs} stay on this host"
    if named := policy.log_shippers:
        if running := [each for each in named if shippers.runs(each)]:
            return True, f"{', '.join(running)} runs, and by the policy ships {logs}"
        return False, f"{stay}: none of log_shippers ({', '.join(named)}) runs"
    if found := ", ".join(each for each in shippers.running if relays or each not in RELAYS):
        raise Manual(
            f"{stay}, and {found} runs: check that it sends them to another machine, then write"
            f" `log_shippers: [{found}]` into the policy"
        )
    shippers.require_all()
    return False, f"{stay}: no known log shipper runs"
