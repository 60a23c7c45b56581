"""The unit that starts the daemon, as systemd knows it: what the next start will do."""

import posixpath
import re
from dataclasses import dataclass

from hullcheck.facts.engine import flags as daemon_flags
from hullcheck.facts.engine import redaction
from hullcheck.facts.engine.flags import Flags
from hullcheck.parsing.systemctl import pairs
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import DROPPED
from hullcheck.verdicts import EvidenceError


def _keep(text: str) -> str:
    return "\n".join(map(_kept, text.split("\n")))


def _kept(line: str) -> str:
    """A property that is asked for; of the command the command alone, without secrets."""
    if not line.startswith("ExecStart="):
        return line if re.match("(?:Id|MainPID|NeedDaemonReload|Listen)=|$", line) else DROPPED
    command = re.search(r"argv\[\]=(.*?) ; ", line)
    return "ExecStart=" + (" ".join(redaction.command_line(command[1].split())) if command else "")


SYSTEMD = Probe.from_file("daemon_unit", _keep)


@dataclass(frozen=True)
class Unit:
    """The unit of a running daemon.

    Attributes:
        flags: its options; None where they hold variables, or are in a script that it starts: they are not known.
    """

    name: str
    flags: Flags | None


@dataclass(frozen=True)
class Units:
    """What systemd says of Docker's units; empty where the target has no systemd."""

    properties: tuple[tuple[tuple[str, str], ...], ...]

    @classmethod
    def of(cls, recording: Recording) -> "Units":
        """Read them. Without an answer there is none: that is no fault of the target."""
        try:
            text = recording.text(SYSTEMD)
        except EvidenceError:
            return cls(())
        return cls(tuple(pairs(text)))

    def of_process(self, pid: int) -> Unit | None:
        """The unit whose main process this is, or None."""
        for properties in self.properties:
            if ("MainPID", str(pid)) in properties:
                return _unit(properties)
        return None

    def unread(self, unit: Unit) -> str:
        """Why the next start may differ from what systemd says, in words; empty where it has read what there is.

        Args:
            unit: that of the daemon; its socket is looked at as well.
        """
        stale = ("NeedDaemonReload", "yes")
        names = [dict(each).get("Id", "") for each in self.properties if stale in each]
        found = " and ".join(each for each in names if each in (unit.name, "docker.socket"))
        return (
            f"{found} changed on disk, and systemd has not read it: systemctl daemon-reload" if found else ""
        )

    @property
    def socket_addresses(self) -> tuple[str, ...] | None:
        """What docker.socket listens on: paths, addresses with a port. None where systemd does not say."""
        for properties in self.properties:
            if ("Id", "docker.socket") in properties:
                return tuple(value.rpartition(" (")[0] for name, value in properties if name == "Listen")
        return None


def _unit(properties: tuple[tuple[str, str], ...]) -> Unit:
    values = dict(properties)
    arguments = values.get("ExecStart", "").split()
    flags = daemon_flags.parse(arguments[1:])
    is_script = not flags and posixpath.basename(arguments[0] if arguments else "") != "dockerd"
    known = not (is_script or daemon_flags.variables(arguments))
    return Unit(values.get("Id", ""), flags if known else None)
