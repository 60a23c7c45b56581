"""What a rootless engine was installed from: its parts, the packages that these are of, and its account."""

from dataclasses import dataclass, field

from hullcheck.facts.daemon import Daemon
from hullcheck.facts.registry import fact
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import lines_like
from hullcheck.verdicts import EvidenceError

ROOTLESS_PARTS = Probe.from_file(
    __file__, "rootless_parts", lines_like(r"\d+:(?:account|package|part|range|unit) .*", r"\d+:linger")
)

NEEDED = (
    "dockerd",
    "dockerd-rootless.sh",
    "dockerd-rootless-setuptool.sh",
    "rootlesskit",
    "newuidmap",
    "newgidmap",
)


@dataclass(frozen=True)
class RootlessParts:
    """The parts of the rootless engine, as they lie on the host."""

    recording: Recording
    daemon: Daemon = field(repr=False)

    @property
    def in_use(self) -> bool:
        """Whether the daemon runs as a user without root's rights.

        Raises:
            EvidenceError: the engine says other than its process, where that is seen.
        """
        if self.daemon.engine.rootless:
            return True
        try:
            process = self.daemon.process
        except EvidenceError:
            return False
        if process.rootless:
            raise EvidenceError("docker info does not say rootless, and the daemon's process is not root's")
        return False

    def _values(self, word: str) -> tuple[str, ...]:
        prefix = f"{self.daemon.pid}:{word}"
        lines = self.recording.text(ROOTLESS_PARTS).split("\n")
        if not any(line.startswith(f"{self.daemon.pid}:account ") for line in lines):
            raise EvidenceError(
                "the parts of the rootless engine could not be found: it started or ended meanwhile"
            )
        return tuple(
            line.removeprefix(prefix).strip() for line in lines if f"{line} ".startswith(f"{prefix} ")
        )

    @property
    def account(self) -> str:
        """The account that runs it.

        Raises:
            EvidenceError: the probe did not see this daemon.
        """
        return self._values("account")[0]

    @property
    def sources(self) -> dict[str, str]:
        """The path of each part with the package that it is of; empty where no package manager knows it."""
        known = [line.rpartition(": ")[::2] for line in self._values("package")]
        names = {path: package for package, path in known}
        return {path: names.get(path, "") for path in self._values("part")}

    @property
    def missing(self) -> tuple[str, ...]:
        """The parts that were not found."""
        found = {path.rpartition("/")[2] for path in self._values("part")}
        return tuple(each for each in NEEDED if each not in found)

    @property
    def units(self) -> tuple[str, ...]:
        """The files of its user unit."""
        return self._values("unit")

    @property
    def ranges(self) -> tuple[str, ...]:
        """The ranges of users and groups that are lent to the account, as `/etc/subuid 100000+65536`."""
        return self._values("range")

    @property
    def lingers(self) -> bool:
        """Whether the account's services run while nobody is logged in."""
        return bool(self._values("linger"))


@fact(ROOTLESS_PARTS)
def rootless_parts(recording: Recording, daemon: Daemon) -> RootlessParts:
    """What a rootless engine was installed from."""
    return RootlessParts(recording, daemon)
