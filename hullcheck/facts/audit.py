"""The audit rules that the kernel has loaded, and those that it will load at the next start (auditctl(8))."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hullcheck.facts.mounts import is_below
from hullcheck.probes import Probe
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError

AUDIT_STATUS = Probe("audit_status", "auditctl -s")
AUDIT_RULES = Probe("audit_rules", "auditctl -l")
AUDIT_FILES = Probe(
    "audit_files",
    """
ls /etc/audit/rules.d/*.rules /etc/audit/audit.rules 2>/dev/null
echo "--"
grep -hs "^[[:space:]]*-" /etc/audit/rules.d/*.rules /etc/audit/audit.rules
exit 0
""",
)

PROBES = (AUDIT_STATUS, AUDIT_RULES, AUDIT_FILES)

_NARROWING = re.compile(r"^(?!key|perm|path|dir|arch)")


@dataclass(frozen=True)
class Rule:
    """One rule that watches files.

    Attributes:
        action: `always` or `never`.
        path: the file or directory that it names; empty where it names none.
        tree: whether everything below *path* is meant too (`-w` on a directory, `-F dir=`).
        permissions: of `rwxa`; all of them where nothing is said.
        limits: fields that leave out some accesses, as `auid>=1000`; syscalls as `-S openat`.
    """

    action: str
    path: str
    tree: bool
    permissions: frozenset[str]
    limits: tuple[str, ...]

    def is_on(self, target: str) -> bool:
        """Whether *target*, an absolute path without symbolic links, is what it watches."""
        return bool(self.path) and (is_below(target, self.path) if self.tree else target == self.path)

    @property
    def records_changes(self) -> bool:
        """Whether it records every write to, and every change of the attributes of, what it watches."""
        return self.action == "always" and self.permissions >= {"w", "a"} and not self.limits


def parse(lines: Iterable[str]) -> tuple[Rule, ...]:
    """The rules of the exit list, in their order; the first one that matches an access decides."""
    return tuple(rule for line in lines if (rule := _rule(line.split())) is not None)


def _rule(words: Sequence[str]) -> Rule | None:
    if not words:
        return None
    if words[0] == "-w" and len(words) > 1:
        return _watch(words)
    if words[0] in ("-a", "-A") and len(words) > 1 and "exit" in words[1].split(","):
        return _exit_rule(words)
    return None


def _watch(words: Sequence[str]) -> Rule:
    permissions = words[words.index("-p") + 1] if "-p" in words[:-1] else "rwxa"
    return Rule("always", words[1].rstrip("/") or "/", True, frozenset(permissions), ())


def _exit_rule(words: Sequence[str]) -> Rule:
    fields = [words[place + 1] for place, word in enumerate(words[:-1]) if word == "-F"]
    values = dict(field.split("=", 1) for field in fields if re.match(r"(path|dir|perm|key|arch)=", field))
    limits = [field for field in fields if _NARROWING.match(field)]
    calls = [words[place + 1] for place, word in enumerate(words[:-1]) if word == "-S"]
    if "perm" not in values and calls and calls != ["all"]:
        limits.append("-S " + ",".join(calls))
    return Rule(
        action="never" if "never" in words[1].split(",") else "always",
        path=(values.get("dir") or values.get("path") or "").rstrip("/") or "",
        tree="dir" in values,
        permissions=frozenset(values.get("perm", "rwxa")),
        limits=tuple(limits),
    )


@dataclass(frozen=True)
class Audit:
    """The audit system of a target.

    Attributes:
        enabled: whether the kernel records at all.
        loaded: the rules in the kernel.
        files: the rules in the files that are loaded at the next start.
    """

    enabled: bool
    loaded: tuple[Rule, ...]
    files: tuple[Rule, ...]

    @classmethod
    def of(cls, recording: Recording) -> "Audit":
        """Read it.

        Raises:
            EvidenceError: auditctl is missing or may not be used here.
        """
        status = dict(line.split(maxsplit=1) for line in recording.text(AUDIT_STATUS).splitlines() if " " in line)
        if "enabled" not in status:
            raise EvidenceError("auditctl -s does not say whether auditing is enabled")
        rules = [line for line in recording.text(AUDIT_RULES).splitlines() if line != "No rules"]
        files = recording.text(AUDIT_FILES).partition("--\n")[2].splitlines()
        return cls(status["enabled"] in ("1", "2"), parse(rules), parse(files))

    def first_on(self, target: str) -> Rule | None:
        """The loaded rule that decides what is recorded of changes to *target*; None where there is none."""
        on = [rule for rule in self.loaded if rule.is_on(target)]
        return next((rule for rule in on if rule.action == "never" or rule.records_changes), on[0] if on else None)
