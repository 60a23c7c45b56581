"""What may install updates on a target by itself: timers, agents, and tables of cron."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from hullcheck.facts.host.presence import Presence
from hullcheck.facts.registry import fact
from hullcheck.parsing import systemctl
from hullcheck.parsing.times import day
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import lines_like
from hullcheck.verdicts import EvidenceError, unread

_APT, _DNF = "APT::Periodic::Unattended-Upgrade", "apply_updates"
_SETTINGS = {"apt-daily-upgrade": _APT, "dnf-automatic": _DNF, "dnf5-automatic": _DNF}
"""Timers, and the settings that say whether what they start installs updates."""
_OTHERS = """
    ansible-pull.timer bootc-fetch-apply-updates.timer dnf-automatic-install.timer os-update.timer pe-puppet.service
    puppet.service rpm-ostreed-automatic.timer salt-minion.service transactional-update.timer update-engine.service
    zincati.service
"""
_AGENTS = _OTHERS.split()
"""Other units that may install updates."""
_CRON = re.compile(r"/(?:etc|var/spool)/cron[^:]*")
PATCHING = Probe.from_file(
    "patching",
    lines_like(
        "(?:unread:)?/[^:]*",
        r'APT::Periodic(?:::[\w-]+)? "[^"]*";',
        r"/[^:]*:\s*apply_updates\s*=.*",
        "(?:Id|ActiveState|UnitFileState|Result|ExecMainExitTimestamp)=.*",
    ),
    UNITS=" ".join((*(f"{name}.{kind}" for name in _SETTINGS for kind in ("timer", "service")), *_AGENTS)),
)


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


@fact(PATCHING)
def patching(recording: Recording, presence: Presence) -> Patching:
    """What may install updates on the target, and when it last did.

    Raises:
        EvidenceError: units could not be listed.
    """
    text = recording.text(PATCHING)
    lines, units = text.split("\n"), systemctl.units(text, "ActiveState", "UnitFileState")
    active = [name for name, unit in units.items() if unit["ActiveState"] == "active"]
    return Patching(
        day(recording.gathered),
        tuple(_timers(units, _settings(text))),
        (*(each for each in active if each in _AGENTS), *filter(_CRON.fullmatch, lines)),
        tuple(each.partition(":")[2] for each in lines if each.startswith("unread:")),
    )


def _settings(text: str) -> dict[str, str]:
    """Return the settings of apt and dnf, as they say them."""
    apt = {name.lower(): value for name, value in re.findall(r'^APT::Periodic::(\S+) "(.*)";$', text, re.M)}
    on = apt.get("unattended-upgrade", "0") if apt.get("enable", "1") != "0" else "0"
    dnf = re.findall(r"^/.*:\s*apply_updates\s*=\s*(\S*)", text, re.M)
    return {_APT: on, _DNF: dnf[-1] if dnf else "no"}


def _timers(units: Mapping[str, Mapping[str, str]], settings: Mapping[str, str]) -> Iterator[Timer]:
    for name, setting in _SETTINGS.items():
        timer, service = units.get(f"{name}.timer", {}), units.get(f"{name}.service", {})
        if timer.get("ActiveState") != "active":
            continue
        value = settings[setting]
        ended = re.search(r"\d{4}-\d\d-\d\d", service.get("ExecMainExitTimestamp", ""))
        yield Timer(
            name,
            timer["UnitFileState"] == "enabled",
            f"{setting}={value}",
            value.lower() not in ("0", "no", "false", "off", ""),
            service.get("Result", ""),
            date.fromisoformat(ended[0]) if ended else None,
        )
