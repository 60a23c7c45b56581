"""Whether auditd runs and writes a log."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from hullcheck.facts.host.audit import Audit
from hullcheck.facts.host.presence import Presence
from hullcheck.facts.registry import fact
from hullcheck.parsing.answer_lines import Words
from hullcheck.parsing.systemctl import properties
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import lines_like
from hullcheck.verdicts import EvidenceError

AUDIT_DAEMON = Probe.from_file(
    "audit_daemon",
    lines_like("(?:last|log):.*", "unit:(?:LoadState|UnitFileState|ActiveState|MainPID)=.*"),
)
STEPS = {
    "unit": "auditd.service is enabled and active",
    "kernel": "the kernel audits, and auditd.service receives its records",
    "rules": "rules on Docker are in the kernel",
    "losses": "no record was lost",
    "records": "the log was written to on the last day",
}
"""From the unit to what is written down, and what is good of each."""
START_STEPS = ("daemon", "rule", "record")
"""To a record of a program that is started in a container."""


@dataclass(frozen=True)
class AuditDaemon:
    """auditd, and when it was looked at."""

    words: Words
    audit: Audit
    now: float

    @cached_property
    def unit(self) -> Mapping[str, str]:
        """What systemd reports of auditd.service.

        Raises:
            EvidenceError: systemd did not answer.
        """
        unit = next(properties("\n".join(self.words.all("unit"))), {})
        if "LoadState" not in unit:
            raise EvidenceError("whether auditd is started with the host is unknown: no systemd answers")
        return unit

    @property
    def log(self) -> str:
        """The path of the log."""
        return self.words.first("log")

    @property
    def last_record(self) -> float:
        """When the log was last written to.

        Raises:
            EvidenceError: the log is absent or may not be looked at.
        """
        if not self.words.first("last").isdigit():
            raise EvidenceError(f"there is no {self.log}, or it may not be looked at")
        return float(self.words.first("last"))


@fact(AUDIT_DAEMON)
def audit_daemon(recording: Recording, presence: Presence, audit: Audit) -> AuditDaemon:
    """Whether auditd runs and writes a log.

    Raises:
        EvidenceError: the target did not answer.
    """
    return AuditDaemon(Words(recording.text(AUDIT_DAEMON)), audit, recording.gathered)
