"""The release of the engine and the operating system of a target."""

import re
from datetime import date

from msgspec import Struct

from hullcheck.data.releases import KnownReleases, shipped
from hullcheck.facts.engine.info import ENGINE, Engine, section
from hullcheck.facts.engine.models import Version
from hullcheck.facts.host.system import HOST, os_name, os_release
from hullcheck.facts.registry import fact
from hullcheck.parsing.times import day
from hullcheck.recording import Recording

UNNAMED = "a system that does not say its name"


class System(Struct, frozen=True):
    """The operating system of a target, and the day of the recording by the later clock."""

    name: str
    today: date


class Release(Struct, frozen=True):
    """The release of an engine, os-release of its target, and the day of the recording by the later clock."""

    version: str
    vendor: str  # the name that the builder gave the build; empty in those of distributions
    system: dict[str, str]
    today: date

    @property
    def is_of_a_distribution(self) -> bool:
        """Whether a distribution built the engine: no vendor, or a mark in the version."""
        return not self.vendor or bool(re.search(r"\+dfsg|~debian|-\d+ubuntu", self.version))

    def __str__(self) -> str:
        if not self.is_of_a_distribution:
            return f"engine {self.version} ({self.vendor})"
        system = self.system.get("PRETTY_NAME") or self.system.get("ID") or UNNAMED
        return f"engine {self.version} as built by {system}"


@fact(HOST)
def system(recording: Recording, engine: Engine) -> System:
    """The operating system below the engine."""
    return System(os_name(recording) or UNNAMED, day(recording.known_times.later))


@fact()
def known_releases() -> KnownReleases:
    """The known releases, of this version of hullcheck or by `--releases`."""
    return shipped()


@fact(ENGINE, HOST)
def release(recording: Recording, engine: Engine) -> Release:
    """The release of the engine."""
    platform = section(recording, ENGINE, "version", Version, "docker version").platform
    vendor = platform.name if platform else ""
    return Release(engine.version, vendor, os_release(recording), day(recording.known_times.later))
