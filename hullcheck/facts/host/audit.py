"""The audit rules of a target, in the kernel and in files, and the state of auditd.

auditctl lists each rule on a path and permissions only as if made with -w.
"""

import posixpath
import re
from collections.abc import Iterable, Mapping
from functools import cached_property

from msgspec import Struct

from hullcheck.facts.host.presence import Presence
from hullcheck.facts.host.units import AUDITD, Units
from hullcheck.facts.registry import fact
from hullcheck.lazy import regex
from hullcheck.parsing.answer_lines import Unit, Words
from hullcheck.parsing.proc.mountinfo import is_below
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import HIDDEN, InSections, LinesLike
from hullcheck.verdicts import EvidenceError

# A key is any text. What is judged, and searched for, is a word.
_KEY = regex(r"(\s-k\s+|\s-F\s+key\s*=\s*)(\S.*?)(?=-w /| -[a-zA-Z]\s|$)")
_WORDS = regex(r"[A-Za-z_. -]+")


def _keep(text: str) -> str:
    lines = _KNOWN(text).split("\n")

    def key(match: re.Match[str]) -> str:
        return match[0] if _WORDS.fullmatch(match[2]) else match[1] + HIDDEN

    return "\n".join(_KEY.sub(key, line) if line.startswith(("rule:", "file:")) else line for line in lines)


_KNOWN = LinesLike("(?:missing|failed|rule|status|file|real):.*")
_LOG = LinesLike("log:.*", r"last:\d+")
AUDIT = Probe.from_file("audit", InSections(kernel=_keep, files=_keep, log=_LOG))
_OPTION = regex(r"(?:^|\s)-([a-zA-Z])\s+(\S+)")
_FIELD = regex(r"([a-z0-9_]+)(!=|>=|<=|&=|=|>|<|&)(.*)")
_NO_LIMITS = ("key", "perm", "path", "dir", "arch")


class Rule(Struct, frozen=True):
    """An audit rule."""

    text: str
    list: str = "exit"
    action: str = "always"
    path: str = ""  # with the links on the way resolved; empty for everything
    tree: bool = True  # whether the rule holds for all below the path too, as each watch (-w) does
    permissions: frozenset[str] = frozenset("rwxa")  # `x` or none if the rule names system calls instead
    calls: frozenset[str] = frozenset()  # the only system calls that it records; empty for all
    limits: tuple[str, ...] = ()  # other conditions, such as `auid>=1000`
    key: str = ""

    def covers(self, path: str, *, is_directory: bool = False) -> bool:
        """Return whether the rule covers *path* and everything below it."""
        if not self.path or not self.tree:
            return self.path == path and not is_directory
        return is_below(path, self.path)

    def records(self, path: str, permission: str, *, is_directory: bool = False) -> bool:
        """Return whether the rule records every access to *path* with this *permission*."""
        starts = permission == "x" and "execve" in self.calls and not self.path
        covered = starts or self.covers(path, is_directory=is_directory)
        return covered and self._is("always", "exit") and permission in self.permissions

    def hides(self, path: str, permission: str) -> bool:
        """Return whether the rule excludes *path* and *permission* from later rules."""
        return self._is("never", "exit") and self.covers(path) and permission in self.permissions

    @property
    def stops_all(self) -> bool:
        return self._is("never", "task")

    def _is(self, action: str, kind: str) -> bool:
        return (self.action, self.list, self.limits) == (action, kind, ())


def parse(text: str, resolved: Mapping[str, str]) -> Rule | None:
    """Parse a line, or return None if it is not a rule. *resolved* has the real paths of links."""
    options = _OPTION.findall(text)
    if not options or options[0][0] not in "waA":
        return None
    last, (letter, first) = dict(options), options[0]
    fields = [match.groups() for name, value in options if name == "F" and (match := _FIELD.match(value))]
    equal = {name: value for name, operator, value in fields if operator == "="}
    limits = [name + operator + value for name, operator, value in fields if name not in _NO_LIMITS]
    path = first if letter == "w" else equal.get("dir") or equal.get("path") or ""
    path = path.rstrip("/") or path[:1]
    words = [] if letter == "w" else first.split(",")
    calls = frozenset(call for name, value in options if name == "S" for call in value.split(",")) - {"all"}
    usual = "rwxa" if not calls else "x" if "execve" in calls else ""
    return Rule(
        text,
        list=next((word for word in words if word not in ("always", "never")), "exit"),
        action="never" if "never" in words else "always",
        path=posixpath.normpath(resolved.get(path, path)) if path else "",
        tree=letter == "w" or "dir" in equal,
        permissions=frozenset(last.get("p", "rwxa") if letter == "w" else equal.get("perm", usual)),
        calls=calls,
        limits=(*limits, *(f"-C {value}" for name, value in options if name == "C")),
        key=last.get("k") or equal.get("key", ""),
    )


class Audit(Struct, frozen=True, dict=True):
    """The audit system, read on first use."""

    recording: Recording

    @cached_property
    def _kernel(self) -> Words:
        """The output of auditctl, or EvidenceError if it failed."""
        words = Words(self.recording.section(AUDIT, "kernel"))
        if "failed" in words:
            raise EvidenceError(f"auditctl: {words.first('failed')}")
        return words

    @property
    def is_installed(self) -> bool:
        return "missing" not in self._kernel

    def number(self, name: str) -> int:
        """Return a number of `auditctl -s`: `enabled`, `lost`, or the `pid` of the receiver or 0."""
        value = self._kernel.pairs("status", " ").get(name, "").split()
        if not value or not value[0].isdigit():
            raise EvidenceError(f"auditctl -s does not print {name}")
        return int(value[0])

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The rules in the kernel, in their order."""
        return self._parsed(self._kernel.all("rule"))

    @cached_property
    def files(self) -> tuple[Rule, ...]:
        """The rules in /etc/audit/rules.d and /etc/audit/audit.rules."""
        lines = Words(self.recording.section(AUDIT, "files")).all("file")
        return self._parsed(line.partition(":")[2] for line in lines)

    def _parsed(self, lines: Iterable[str]) -> tuple[Rule, ...]:
        resolved = Words(self.recording.section(AUDIT, "files")).pairs("real", "\t")
        return tuple(filter(None, (parse(line, resolved) for line in lines)))


@fact(AUDIT)
def audit(recording: Recording) -> Audit:
    """The audit rules of the target."""
    return Audit(recording)


class AuditDaemon(Struct, frozen=True):
    """The state of auditd."""

    audit: Audit
    units: Mapping[str, Unit]
    log: str
    last: float | None  # when its log was last written to, or None if that is unknown
    now: float

    @property
    def unit(self) -> Unit:
        """The unit of auditd, or EvidenceError."""
        if AUDITD not in self.units:
            raise EvidenceError("whether auditd is started with the host is unknown: no systemd answers")
        return self.units[AUDITD]


@fact(AUDIT)
def audit_daemon(recording: Recording, presence: Presence, units: Units, audit: Audit) -> AuditDaemon:
    """Whether auditd runs and writes a log."""
    words = Words(recording.section(AUDIT, "log"))
    last = float(words.first("last")) if "last" in words else None
    return AuditDaemon(audit, units.shown, words.first("log"), last, recording.gathered)
