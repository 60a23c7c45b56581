"""The time at which a target is judged."""

from dataclasses import dataclass

from hullcheck.facts.registry import fact
from hullcheck.parsing.times import Times
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import lines_like

CLOCK = Probe.from_file("clock", lines_like(r"\d+"))


@dataclass(frozen=True)
class Clock:
    """When a target answered."""

    recording: Recording

    @property
    def now(self) -> float:
        """The time at which ages are judged, in seconds since the epoch.

        Raises:
            EvidenceError: the recording does not tell it.
        """
        return self.recording.now

    @property
    def times(self) -> Times:
        """The same by the clocks of target and auditor, for what begins or ends on a day.

        Raises:
            EvidenceError: the recording does not tell it.
        """
        return self.recording.known_times


@fact(CLOCK)
def clock(recording: Recording) -> Clock:
    """When the target answered."""
    return Clock(recording)
