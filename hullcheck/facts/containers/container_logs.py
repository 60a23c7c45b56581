"""Where the logs of containers go: what the daemon does by default, and what each container has.

A container keeps the driver and the options that it got when it was created, whatever the daemon's are now.
"""

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from hullcheck.facts.containers import Container
from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.engine.daemon_options import Setting
from hullcheck.facts.registry import Later, fact
from hullcheck.facts.subjects import DAEMON_DEFAULT, Subjects

Options = Mapping[str, str]

_FILES = frozenset({"json-file", "local"})


class Log(Struct, frozen=True):
    """The log of one container, or what a new one gets that says nothing of its log.

    Attributes:
        driver: its driver.
        daemon: what gives options to containers that say nothing.
        own: those that the container has, or None for the daemon's default itself.
    """

    driver: str
    daemon: Daemon
    own: Options | None = None

    @property
    def default(self) -> Setting:
        """The daemon's options."""
        return self.daemon.setting("log-opts")

    @property
    def is_file(self) -> bool:
        """Whether its driver writes a file on the host, which can be limited."""
        return self.driver in _FILES

    def always(self, complies: Callable[[Options], bool]) -> bool:
        """Whether its options comply."""
        return self.default.always(complies) if self.own is None else complies(self.own)

    @property
    def inherits(self) -> bool:
        """Whether it has all the options that the daemon gives; of the daemon's default, whether there are any."""
        if self.own is None:
            return self.always(bool)
        given = self.default.value
        return bool(given) and set(given) <= set(self.own)


@fact()
def container_log(daemon: Daemon, container: Later[Subjects[Container]]) -> Subjects[Log]:
    """The log of every container, and what the daemon does by default."""
    return Subjects("log", tuple(_logs(daemon, container)))


def _logs(daemon: Daemon, containers: Later[Subjects[Container]]) -> Iterator[tuple[str, Log]]:
    yield DAEMON_DEFAULT, Log(daemon.setting("log-driver").value, daemon)
    for name, each in containers.get():
        log = each.host_config.log_config
        yield name, Log(log.type, daemon, log.config or {})
