"""The audit system of a target: whether it is on, the rules in the kernel, and those of the next start."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from hullcheck.facts.auditd.rules import Rule, parse
from hullcheck.facts.auditd.start import MERGED, AtStart, merged
from hullcheck.facts.registry import Later, fact
from hullcheck.parsing.answer_lines import Words
from hullcheck.parsing.proc.mountinfo import Mount
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import HIDDEN, lines_like
from hullcheck.verdicts import EvidenceError

# A key is any text. What is judged of it, and what people search for, is a word.
_KEY = re.compile(r"(\s-k\s+|\s-F\s+key\s*=\s*)(\S.*?)(?=-w /| -[a-zA-Z]\s|$)")
_WORDS = re.compile(r"[A-Za-z_. -]+")
_KNOWN = lines_like("(?:compat|files?|kernel|link|loads|machine|missing|real|rule|status|unlabelled):.*")


def _keep(text: str) -> str:
    return "\n".join(
        _KEY.sub(_key, line) if line.startswith(("rule:", "file:")) else line
        for line in _KNOWN(text).split("\n")
    )


def _key(match: re.Match[str]) -> str:
    return match[0] if _WORDS.fullmatch(match[2]) else match[1] + HIDDEN


AUDIT = Probe.from_file(__file__, "audit", _keep, like=_KNOWN)


@dataclass(frozen=True)
class Loaded:
    """What the kernel has.

    Attributes:
        enabled: whether it audits at all.
        daemon: the process that takes the records; 0 where none does, and they go to the kernel's own log.
        rules: all, in the order in which they are tried.
    """

    enabled: bool
    daemon: int
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Audit:
    """The audit system; read when it is first asked for, so that what does not exist needs none."""

    recording: Recording
    mounts: Later[tuple[Mount, ...]]

    @cached_property
    def _words(self) -> Words:
        """The lines of the probe by their first word.

        Raises:
            EvidenceError: auditctl may not be used here.
        """
        return Words(self.recording.text(AUDIT))

    @cached_property
    def _real(self) -> dict[str, str]:
        return self._words.pairs("real", "\t")

    @cached_property
    def links(self) -> dict[str, str]:
        """Where the links lead that rules name. A rule on a link watches the link."""
        return self._words.pairs("link", "\t")

    @cached_property
    def loaded(self) -> Loaded:
        """What the kernel has.

        Raises:
            EvidenceError: it could not be asked: auditctl is missing or may not be used here.
        """
        if "missing" in self._words:
            return self._loaded_without_auditctl()
        status = self.status
        if "enabled" not in status:
            raise EvidenceError("auditctl -s does not say whether auditing is enabled")
        lines = [line for line in self._words.all("rule") if line.strip() != "No rules"]
        kinds = [line for line in self._words.all("kernel") if not line.startswith("enabled")]
        pairs = zip(lines, kinds if len(kinds) == len(lines) else [""] * len(lines), strict=True)
        rules = self._in_force(self._as_loaded(parse(line, self._real, kind), kind) for line, kind in pairs)
        pid = status.get("pid", "0").strip()
        if status["enabled"].split()[:1] not in (["0"], ["1"], ["2"]):
            raise EvidenceError("auditctl -s does not say whether auditing is enabled")
        return Loaded(status["enabled"].split()[0] in ("1", "2"), int(pid) if pid.isdigit() else 0, rules)

    def _as_loaded(self, rule: Rule | None, kind: str) -> Rule | None:
        """A rule of the list; where the kernel was not asked, one that any file has with `never` is that one."""
        if kind or rule is None or not rule.text.startswith("-w"):
            return rule
        written = (parse(line, self._real) for _, line in self._lines)
        same = (
            each
            for each in filter(None, written)
            if each.action == "never" and (each.path, each.permissions) == (rule.path, rule.permissions)
        )
        return rule.as_never() if any(same) else rule

    @cached_property
    def status(self) -> dict[str, str]:
        """What `auditctl -s` says, by name; empty where it is not installed."""
        return self._words.pairs("status", " ")

    def _loaded_without_auditctl(self) -> Loaded:
        """Other programs may have loaded rules; only the kernel itself can say that there are none."""
        kernel = self._words.all("kernel")
        if not kernel or (len(kernel) > 1 and kernel[0] != "enabled 0"):
            raise EvidenceError("auditctl is not installed, so the rules in the kernel are unknown")
        return Loaded(kernel[0] != "enabled 0", 0, ())

    @property
    def files(self) -> tuple[Rule, ...]:
        """The rules in the files that are loaded at the next start."""
        return self._in_force(self._at_start.rules)

    @property
    def goes_off(self) -> bool:
        """Whether a file switches all auditing off at the next start."""
        return self._at_start.enabled == "0"

    @cached_property
    def _lines(self) -> tuple[tuple[str, str], ...]:
        """The lines of the files, each with the path of its file, or of the directory of them.

        Raises:
            EvidenceError: one is lost.
        """
        lines = self._words.all("file")
        if self._words.first("files") not in ("", str(len(lines))):
            raise EvidenceError("audit: lines of the files with rules are lost")
        return tuple(line.partition(":")[::2] for line in lines)

    @cached_property
    def _at_start(self) -> AtStart:
        source = self._words.first("loads")
        lines = [line for path, line in self._lines if source in ("", path)]
        return AtStart.of(merged(lines) if source == MERGED else lines, self._real)

    def _in_force(self, rules: Iterable[Rule | None]) -> tuple[Rule, ...]:
        """Those that can match: one about labels of SELinux is kept by a kernel without it, and matches nothing."""
        plain = "unlabelled" in self._words
        return tuple(rule for rule in rules if rule and not (plain and rule.is_about_labels))

    @property
    def _machine(self) -> str:
        return self._words.first("machine")

    @property
    def architectures(self) -> tuple[str, ...]:
        """The kinds of programs that the kernel runs."""
        machine = self._machine
        if machine == "x86_64":
            return ("b64", "b32") if "compat" in self._words else ("b64",)
        if machine in ("aarch64", "s390x"):
            return ("b64", "b32")
        return ("b64",) if "64" in machine else ("b32",)

    @property
    def has_old_calls(self) -> bool:
        """Whether the kernel has the system calls without `at` in their names."""
        return self._machine not in ("aarch64", "riscv64", "loongarch64")


@fact(AUDIT)
def audit(recording: Recording, daemon_mounts: Later[tuple[Mount, ...]]) -> Audit:
    """The audit rules of the target."""
    return Audit(recording, daemon_mounts)
