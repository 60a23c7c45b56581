"""What may install updates on a target by itself: timers, agents, and tables of cron."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from hullcheck.facts.host.presence import Presence
from hullcheck.facts.host.software import PACKAGES
from hullcheck.facts.host.units import AGENTS, UPDATERS, Units
from hullcheck.facts.registry import fact
from hullcheck.parsing.answer_lines import Words
from hullcheck.parsing.systemctl import Unit
from hullcheck.parsing.times import day
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, unread

_APT, _DNF = "APT::Periodic::Unattended-Upgrade", "apply_updates"
_CRON = re.compile(r"/(?:etc|var/spool)/cron[^:]*")


@dataclass(frozen=True)
class Timer:
    """A timer that is active.

    Attributes:
        setting: what its program says of itself, as `NAME=VALUE`.
        installs: whether that means that it installs updates.
        result: how the service ended that it starts; empty if it did not run since the start of the host.
        ended: when that was.
    """

    name: str
    enabled: bool
    setting: str
    installs: bool
    result: str
    ended: date | None

    def __str__(self) -> str:
        state = "" if self.enabled else ", but not enabled"
        ended = f"ended with {self.result} on {self.ended}" if self.ended else "has not run since the start"
        return f"{self.name}.timer is active{state}, with {self.setting}; its service {ended}"

    def works(self, today: date, days: int) -> bool:
        """Whether it installs updates and succeeded in the last *days*."""
        recent = self.ended is not None and -1 <= (today - self.ended).days <= days
        return self.installs and self.enabled and recent and self.result == "success"


@dataclass(frozen=True)
class Patching:
    """What may install updates.

    Attributes:
        others: other units that are active, and tables of cron.
        hidden: tables of cron that could not be read.
    """

    today: date
    timers: tuple[Timer, ...]
    others: tuple[str, ...]
    hidden: tuple[str, ...]

    def works(self, days: int) -> Timer | None:
        """The timer that installs updates and succeeded in the last *days*."""
        return next((each for each in self.timers if each.works(self.today, days)), None)

    @property
    def found(self) -> tuple[str, ...]:
        """What may install updates, in words.

        Raises:
            EvidenceError: nothing was found, and tables of cron could not be read.
        """
        found = (*(str(each) for each in self.timers if each.installs), *self.others)
        if not found and self.hidden:
            raise EvidenceError(unread(", ".join(self.hidden)))
        return found


@fact(PACKAGES)
def patching(recording: Recording, presence: Presence, units: Units) -> Patching:
    """What may install updates on the target, and when it last did.

    Raises:
        EvidenceError: units could not be listed.
    """
    text = recording.section(PACKAGES, "updates")
    return Patching(
        day(recording.gathered),
        tuple(_timers(units.shown, text)),
        (
            *(name for name in AGENTS if name in units.shown and units.shown[name].active == "active"),
            *filter(_CRON.fullmatch, text.split("\n")),
        ),
        Words(text).all("unread"),
    )


def _timers(units: Mapping[str, Unit], text: str) -> Iterator[Timer]:
    """Return the timers that are active, with the settings of apt and dnf as they say them."""
    apt = {name.lower(): value for name, value in re.findall(r'^APT::Periodic::(\S+) "(.*)";$', text, re.M)}
    on = apt.get("unattended-upgrade", "0") if apt.get("enable", "1") != "0" else "0"
    dnf = re.findall(r"^/.*:\s*apply_updates\s*=\s*(\S*)", text, re.M)
    for name in UPDATERS:
        timer, service = units.get(f"{name}.timer"), units.get(f"{name}.service")
        if timer is None or service is None or timer.active != "active":
            continue
        setting, value = (_APT, on) if name.startswith("apt") else (_DNF, dnf[-1] if dnf else "no")
        yield Timer(
            name,
            timer.file == "enabled",
            f"{setting}={value}",
            value.lower() not in ("0", "no", "false", "off", ""),
            service.result,
            service.ended,
        )
