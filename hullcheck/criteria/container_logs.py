"""Whether the logs of containers, and those of the host, leave it."""

from dataclasses import dataclass

from hullcheck.facts.auditd.daemon import AuditDaemon
from hullcheck.facts.containers import Container
from hullcheck.facts.daemon import Daemon
from hullcheck.facts.logs import SYSTEMS, HostLog, Route, Shippers
from hullcheck.facts.logs.drivers import LOCAL_DRIVERS, NETWORK_DRIVERS
from hullcheck.facts.registry import Later
from hullcheck.facts.subjects import Subjects
from hullcheck.policy import Policy

NEW = "new containers"


@dataclass(frozen=True)
class Way:
    """What becomes of the log of a container, or of those that are yet to be made.

    Attributes:
        driver: its log driver.
        route: how it goes to another machine; None where nothing known takes it there.
        listed: whether the policy says that this driver brings logs to the central store.
    """

    driver: str
    route: Route | None
    listed: bool

    @property
    def stays_here(self) -> bool:
        """Whether it is known to be left on this machine, if nothing takes it from there."""
        return self.driver in LOCAL_DRIVERS or self.driver in NETWORK_DRIVERS

    @property
    def by_shipper(self) -> bool:
        """Whether a shipper takes it from this machine, and not the driver itself."""
        return self.route is not None and not self.route.words.startswith("log driver ")

    @property
    def stated(self) -> Route | None:
        """What the policy says of a driver that is not known, and may be one that sends logs away."""
        known = self.route is not None or self.stays_here or not self.listed
        return None if known else Route(SYSTEMS[2], f"log driver {self.driver}, as the policy states")


def ways(
    shippers: Shippers, daemon: Daemon, containers: Later[Subjects[Container]], policy: Policy
) -> dict[str, Way]:
    """The way of the log of each container, and of those that are yet to be made.

    Raises:
        EvidenceError: what decides could not be read.
    """
    driver = str(daemon.setting("log-driver").value)
    logs = {NEW: (driver, dict(daemon.setting("log-opts").value or {}), "")}
    configurations = ((name, each.configuration) for name, each in containers.get())
    logs |= {name: (each.log_driver, dict(each.log_options), each.id) for name, each in configurations}
    listed = policy.log_drivers or ()
    return {name: Way(log[0], shippers.of_driver(*log), log[0] in listed) for name, log in logs.items()}


def way_of(log: HostLog, shippers: Shippers, audit_daemon: Later[AuditDaemon]) -> Route | None:
    """The way of a log of the host to another machine; None where none is known.

    Raises:
        EvidenceError: where auditd writes its log could not be read.
    """
    if log is not HostLog.AUDIT:
        return shippers.of_log(log)
    daemon = audit_daemon.get()
    if not daemon.writes_log:
        return None
    return shippers.of_log(log, daemon.log)
