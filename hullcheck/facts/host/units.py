"""The enabled and running units of a host, and the states of some."""

import re
from collections.abc import Mapping

from msgspec import Struct

from hullcheck.facts.registry import fact
from hullcheck.lazy import regex
from hullcheck.parsing import answer_lines
from hullcheck.parsing.answer_lines import Unit, Words
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import InSections, LinesLike
from hullcheck.verdicts import EvidenceError

AUDITD = "auditd.service"

_NAMED = regex(r"(running|enabled):(\S+)(?: .*)?")
_SOCKET = regex(r"socket:[0-9*[]\S*:(\d+) +([SD])[a-z]* +(\S+\.socket)(?: .*)?")
_LINK = regex(r"l.* /\S*/(\S+) -> (\S+)")


def _short(line: str) -> str:
    """Return a unit's name, or a socket's type and port; empty for units of the distribution."""
    if match := _NAMED.fullmatch(line):
        return f"{match[1]}:{match[2]}"
    if match := _SOCKET.fullmatch(line):
        return f"socket:{match[2]}{match[1]} {match[3]}"
    if match := _LINK.fullmatch(line):
        name, target = match.groups()
        own = name.endswith((".timer", ".path")) and "/lib/systemd" not in target
        return f"enabled:{name}" if own or re.search(r"@[^.]", name) or "generator.late" in line else ""
    return ""


def _units(text: str) -> str:
    return "\n".join(filter(None, map(_short, text.split("\n"))))


UNITS = Probe.from_file(
    "units",
    InSections(
        systemd=_units,
        openrc=_units,
        show=LinesLike("(?:Id|LoadState|ActiveState|UnitFileState|MainPID|Result|ExecMainExitTimestamp)=.*"),
    ),
)


class Units(Struct, frozen=True):
    """The units by list, None without systemd and OpenRC, and the states of some."""

    named: Words | None
    shown: Mapping[str, Unit]

    @property
    def wanted(self) -> tuple[str, ...]:
        """The enabled services and sockets, the organization's own timers and paths, and the running services."""
        if self.named is None:
            raise EvidenceError("which services are enabled is unknown: neither systemd nor OpenRC answers")
        return tuple(dict.fromkeys((*self.named.all("enabled"), *self.named.all("running"))))

    @property
    def sockets(self) -> Mapping[str, str]:
        """The socket units by type and port, as `S22`."""
        return self.named.pairs("socket", " ") if self.named else {}


@fact(UNITS)
def units(recording: Recording) -> Units:
    """The units of the host."""
    parts = recording.sections(UNITS)
    named = parts.get("systemd", parts.get("openrc"))
    return Units(None if named is None else Words(named), answer_lines.units(parts.get("show", "")))
