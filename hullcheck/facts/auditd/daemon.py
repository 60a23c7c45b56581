"""Whether auditd runs and writes down what the kernel reports: step by step, as far as a host can show it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from hullcheck.facts.auditd import AUDIT, Audit
from hullcheck.facts.auditd.rules import Rule, blocking
from hullcheck.parsing.systemctl import properties
from hullcheck.parsing.times import day
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import lines_like
from hullcheck.verdicts import EvidenceError

# Of the log only times, programs and keys are told: the arguments of commands may be secrets. The numbers are those
# of execve and execveat on x86 and ARM.
AUDIT_DAEMON = Probe.from_file(
    __file__,
    "audit_daemon",
    lines_like(
        "(?:last|log|started|unread|write):.*",
        "unit:(?:LoadState|UnitFileState|ActiveState|MainPID)=.*",
    ),
)

PROBES = (AUDIT_DAEMON,)
EVIDENCE = (AUDIT_DAEMON, AUDIT)

_DAY = 86400
_SLACK = 300  # seconds by which clocks may differ
_DOCKER = re.compile(
    r"/(usr/(local/)?)?s?bin/(docker|dockerd|docker-proxy|docker-init|containerd|containerd-shim[\w-]*|runc)"
    r"|/((var/)?run|var/lib|etc|opt|snap|var/snap|(usr/)?lib(exec)?)/(docker|containerd)(/.*)?"
    r"|/(var/)?run/(docker|containerd)\.sock"
    r"|/etc/(default|sysconfig)/(docker|containerd)[\w-]*"
    r"|/(etc|run|(usr/)?lib)/systemd/system/(docker|containerd)\.(service|socket)(\.d(/.*)?)?"
)
"""Where the parts of Docker and containerd lie; a folder elsewhere that is called so is none of them."""
STEPS = ("unit", "kernel", "rules", "losses", "records")
"""From the unit to what is written down."""
START_STEPS = ("daemon", "rule", "record")
"""To a record of a program that is started in a container."""


@dataclass(frozen=True)
class AuditDaemon:
    """auditd, and what it writes."""

    lines: Mapping[str, tuple[str, ...]]
    audit: Audit
    now: float

    @classmethod
    def of(cls, recording: Recording, audit: Audit) -> "AuditDaemon":
        """Read it.

        Raises:
            EvidenceError: the target did not answer.
        """
        words: dict[str, list[str]] = {}
        for line in recording.text(AUDIT_DAEMON).split("\n"):
            word, _, text = line.partition(":")
            words.setdefault(word, []).append(text)
        return cls({word: tuple(texts) for word, texts in words.items()}, audit, recording.gathered)

    def _first(self, word: str) -> str:
        return next(iter(self.lines.get(word, ())), "")

    def flaw(self, step: str) -> str:
        """What is wrong with one of STEPS, in words; empty where nothing is.

        Raises:
            EvidenceError: that cannot be told.
        """
        return {
            "unit": self._flaw_of_unit,
            "kernel": self._flaw_of_kernel,
            "rules": self._flaw_of_rules,
            "losses": self._flaw_of_losses,
            "records": self._flaw_of_records,
        }[step]()

    @cached_property
    def _unit(self) -> Mapping[str, str]:
        unit = next(properties("\n".join(self.lines.get("unit", ()))), {})
        if "LoadState" not in unit:
            raise EvidenceError("whether auditd is started with the host cannot be told: no systemd answers")
        return unit

    def _flaw_of_unit(self) -> str:
        unit = self._unit
        if unit["LoadState"] != "loaded":
            return f"there is no auditd.service ({unit['LoadState']})"
        if unit.get("UnitFileState") != "enabled":
            return f"auditd.service is {unit.get('UnitFileState') or 'not enabled'}"
        return "" if unit.get("ActiveState") == "active" else f"auditd.service is {unit.get('ActiveState')}"

    def _flaw_of_kernel(self) -> str:
        """The kernel has to audit, and to give its records to the auditd of the unit and to no other program."""
        loaded = self.audit.loaded
        if not loaded.enabled:
            return "auditing is off in the kernel (enabled 0)"
        if not loaded.daemon:
            return "no auditd takes the records from the kernel (pid 0)"
        main = self._unit.get("MainPID", "0")
        if main != str(loaded.daemon):
            return f"the kernel gives its records to process {loaded.daemon}, which is not that of the unit ({main})"
        return ""

    def _flaw_of_rules(self) -> str:
        """Rules on Docker have to be in the kernel, and those on Docker in the files as well."""
        loaded = self.audit.loaded.rules
        if hidden := blocking(loaded):
            return f"records are kept from the log by {hidden!r}"
        if not any(_DOCKER.fullmatch(rule.path) for rule in loaded if rule.action == "always"):
            return "no rule in the kernel names a path of Docker or containerd"
        missing = [
            rule.text for rule in self.audit.files if _DOCKER.fullmatch(rule.path) and not _has(loaded, rule)
        ]
        return f"in a file and not in the kernel: {', '.join(missing)}" if missing else ""

    def _flaw_of_losses(self) -> str:
        lost, backlog, limit = (self._status(name) for name in ("lost", "backlog", "backlog_limit"))
        if lost:
            return f"the kernel lost {lost} records since its start"
        return f"{backlog} records wait, of {limit} that may" if limit and backlog >= limit else ""

    def _status(self, name: str) -> int:
        value = self.audit.status.get(name, "").strip()
        if not value.isdigit():
            raise EvidenceError(f"auditctl -s does not say {name}")
        return int(value)

    def _flaw_of_records(self) -> str:
        last = self._time("last", "no record is there")
        if last > self.now + _SLACK:
            raise EvidenceError(f"the last record in {self.log} is of {day(last)}, after the audit")
        return f"the last record in {self.log} is of {day(last)}" if last < self.now - _DAY else ""

    @property
    def log(self) -> str:
        """The path of the log."""
        return self._first("log")

    def _time(self, word: str, complaint: str) -> float:
        if self._first("write").lower() == "no":
            raise EvidenceError("auditd writes no log on this host (write_logs = no)")
        if "unread" in self.lines:
            raise EvidenceError(f"{self.log} could not be read; are you root?")
        text = self._first(word).partition(" ")[0]
        if not text.isdigit():
            raise EvidenceError(f"{self.log}: {complaint}")
        return float(text)

    # ---- programs that are started

    def last_start(self, programs: Iterable[str]) -> tuple[float, str] | None:
        """When one of these programs was started last, by the log, and the key of that record.

        Raises:
            EvidenceError: the log cannot be read, or tells of the future.
        """
        self._time("last", "no record is there")
        time, key, program = (*self._first("started").split(" ", 2), "", "", "")[:3]
        if program not in programs:
            return None
        if float(time) > self.now + _SLACK:
            raise EvidenceError(
                f"the last record of a start in {self.log} is of {day(float(time))}, after the audit"
            )
        return float(time), key


def of_start(rules: Iterable[Rule], program: str) -> Rule | None:
    """The rule among these that records each start of a program; None where none does, or one hides it."""
    for rule in rules:
        if rule.list not in ("exit", "") or not rule.is_about(program):
            continue
        if "x" not in rule.permissions or (rule.calls and "execve" not in rule.calls) or rule.arch == "b32":
            continue
        if rule.action == "never":
            return None
        if not rule.limits:
            return rule
    return None


def _has(loaded: Iterable[Rule], wanted: Rule) -> bool:
    """Whether a rule of a file is in the kernel."""
    return any(
        each.path == wanted.path and each.action == wanted.action and wanted.permissions <= each.permissions
        for each in loaded
    )


def key_of(rule: Rule) -> str:
    """The key of a rule; empty where it has none."""
    match = re.search(r"(?:-k\s+|-F\s+key=)(\S+)", rule.text)
    return match[1] if match else ""
