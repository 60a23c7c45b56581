"""Which release of the engine a target runs, and on which system."""

import re
from dataclasses import dataclass
from datetime import date

from hullcheck.data.releases import KnownReleases, shipped
from hullcheck.facts.engine.info import ENGINE, Engine, section
from hullcheck.facts.engine.models import Version
from hullcheck.facts.host.system import HOST, os_name, os_release
from hullcheck.facts.registry import fact
from hullcheck.parsing.times import day
from hullcheck.recording import Recording


@dataclass(frozen=True)
class System:
    """The operating system of a target.

    Attributes:
        name: as it says it.
        today: the day of the recording, by the later of the clocks that tell it.
    """

    name: str
    today: date


@dataclass(frozen=True)
class Release:
    """The release of an engine.

    Attributes:
        version: as the engine says it.
        vendor: the name that the builder gave the build; empty in those of distributions.
        system: os-release of the target.
        today: the day of the recording, by the later of the clocks that tell it, the day of the verdict.
    """

    version: str
    vendor: str
    system: dict[str, str]
    today: date

    @property
    def is_of_a_distribution(self) -> bool:
        """Whether a distribution built it: such builds have no vendor's name, and often a mark in the version."""
        return not self.vendor or bool(re.search(r"\+dfsg|~debian|-\d+ubuntu", self.version))

    def __str__(self) -> str:
        """The release as a person names it."""
        if not self.is_of_a_distribution:
            return f"engine {self.version} ({self.vendor})"
        system = (
            self.system.get("PRETTY_NAME") or self.system.get("ID") or "a system that does not say its name"
        )
        return f"engine {self.version} as built by {system}"


def _day_of(recording: Recording) -> date:
    return day(recording.known_times.later)


@fact(HOST)
def system(recording: Recording, engine: Engine) -> System:
    """The operating system below the engine."""
    return System(os_name(recording) or "a system that does not say its name", _day_of(recording))


@fact()
def known_releases() -> KnownReleases:
    """What is known of releases: by this version of hullcheck, or by the file that `--releases` names."""
    return shipped()


@fact(ENGINE, HOST)
def release(recording: Recording, engine: Engine) -> Release:
    """The release of the engine.

    Raises:
        EvidenceError: the engine did not say.
    """
    platform = section(recording, ENGINE, "version", Version, "docker version").platform
    vendor = platform.name if platform else ""
    return Release(engine.version, vendor, os_release(recording), _day_of(recording))
