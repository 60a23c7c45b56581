"""Whether auditd runs and writes down what the kernel reports: step by step, as far as a host can show it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from hullcheck.facts.auditd import Audit
from hullcheck.facts.host.presence import Presence
from hullcheck.facts.registry import fact
from hullcheck.parsing.answer_lines import Words
from hullcheck.parsing.systemctl import properties
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import lines_like
from hullcheck.verdicts import EvidenceError, unread

AUDIT_DAEMON = Probe.from_file(
    __file__,
    "audit_daemon",
    lines_like(
        "(?:hidden|last|log|started|unread|write):.*",
        r"executed:\d+ [p-] [\w.:-]+ [\w.-]+",
        "unit:(?:LoadState|UnitFileState|ActiveState|MainPID)=.*",
    ),
)


STEPS = ("unit", "kernel", "rules", "losses", "records")
"""From the unit to what is written down."""
START_STEPS = ("daemon", "rule", "record")
"""To a record of a program that is started in a container."""


class Start(NamedTuple):
    """The record of a program that was started.

    Attributes:
        time: in seconds since the epoch.
        key: of the audit rule.
    """

    time: float
    key: str
    program: str


class Execution(NamedTuple):
    """The record of a `docker exec`.

    Attributes:
        time: in seconds since the epoch.
        container: its name or id, or the beginning of that.
        user: the one that it names; `-` where it names none.
    """

    time: float
    privileged: bool
    container: str
    user: str

    @property
    def as_root(self) -> bool:
        """Whether it names root."""
        return self.user.partition(":")[0] in ("root", "0")

    def is_in(self, name: str, identifier: str) -> bool:
        """Whether it is about the container of this name and id."""
        return self.container == name or identifier.startswith(self.container)


@dataclass(frozen=True)
class AuditDaemon:
    """auditd, and what it writes."""

    words: Words
    audit: Audit
    now: float

    @cached_property
    def unit(self) -> Mapping[str, str]:
        """What systemd says of auditd.service.

        Raises:
            EvidenceError: no systemd answers.
        """
        unit = next(properties("\n".join(self.words.all("unit"))), {})
        if "LoadState" not in unit:
            raise EvidenceError("whether auditd is started with the host is unknown: no systemd answers")
        return unit

    def status(self, name: str) -> int:
        """A number of `auditctl -s`.

        Raises:
            EvidenceError: it does not say that.
        """
        value = self.audit.status.get(name, "").strip()
        if not value.isdigit():
            raise EvidenceError(f"auditctl -s does not say {name}")
        return int(value)

    @property
    def log(self) -> str:
        """The path of the log.

        Raises:
            EvidenceError: auditd's settings cannot be read, or the answer lacks it.
        """
        self._require_settings()
        log = self.words.first("log")
        if not log:
            raise EvidenceError("where auditd writes its log is unknown: the answer does not say")
        return log

    @property
    def writes_log(self) -> bool:
        """Whether it writes one at all.

        Raises:
            EvidenceError: auditd's settings cannot be read.
        """
        self._require_settings()
        return self.words.first("write").lower() != "no"

    def _require_settings(self) -> None:
        if "hidden" in self.words:
            raise EvidenceError(unread(self.words.first("hidden")))

    @property
    def last_record(self) -> float:
        """When the last record was written.

        Raises:
            EvidenceError: the log cannot be read, or has none.
        """
        self._require_record()
        return float(self.words.first("last").partition(" ")[0])

    def _require_record(self) -> None:
        if not self.writes_log:
            raise EvidenceError("auditd writes no log on this host (write_logs = no, or log_format = NOLOG)")
        if "unread" in self.words:
            raise EvidenceError(unread(self.log))
        if not self.words.first("last").partition(" ")[0].isdigit():
            raise EvidenceError(f"{self.log}: no record is there")

    @property
    def last_start(self) -> Start | None:
        """The last start of a program of containers in the log.

        Raises:
            EvidenceError: the log cannot be read, or has no record.
        """
        self._require_record()
        time, key, program = (*self.words.first("started").split(" ", 2), "", "", "")[:3]
        return Start(float(time), key, program) if program else None

    @property
    def executions(self) -> tuple[Execution, ...]:
        """What the logs that are kept have of `docker exec`.

        Raises:
            EvidenceError: the log cannot be read, or has no record.
        """
        self._require_record()
        found = (line.split(" ", 3) for line in self.words.all("executed"))
        return tuple(Execution(float(time), flag == "p", name, user) for time, flag, user, name in found)


@fact(AUDIT_DAEMON)
def audit_daemon(recording: Recording, presence: Presence, audit: Audit) -> AuditDaemon:
    """Whether auditd runs and writes down what the kernel reports.

    Raises:
        EvidenceError: the target did not answer.
    """
    return AuditDaemon(Words(recording.text(AUDIT_DAEMON)), audit, recording.gathered)
