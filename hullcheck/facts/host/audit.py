"""The audit system of a target: whether it is on, the rules in the kernel, and those in files."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from hullcheck.facts.host.audit_rules import Rule, parse
from hullcheck.facts.registry import fact
from hullcheck.parsing.answer_lines import Words
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import HIDDEN, lines_like
from hullcheck.verdicts import EvidenceError

# A key is any text. What is judged of it, and what people search for, is a word.
_KEY = re.compile(r"(\s-k\s+|\s-F\s+key\s*=\s*)(\S.*?)(?=-w /| -[a-zA-Z]\s|$)")
_WORDS = re.compile(r"[A-Za-z_. -]+")
_KNOWN = lines_like("(?:file|missing|real|rule|status):.*")


def _keep(text: str) -> str:
    return "\n".join(
        _KEY.sub(_key, line) if line.startswith(("rule:", "file:")) else line
        for line in _KNOWN(text).split("\n")
    )


def _key(match: re.Match[str]) -> str:
    return match[0] if _WORDS.fullmatch(match[2]) else match[1] + HIDDEN


AUDIT = Probe.from_file("audit", _keep, like=_KNOWN)


@dataclass(frozen=True)
class Audit:
    """The audit system; read when it is first asked for, so that what does not exist needs none."""

    recording: Recording

    @cached_property
    def _words(self) -> Words:
        """The lines of the probe by their first word.

        Raises:
            EvidenceError: auditctl may not be used here.
        """
        return Words(self.recording.text(AUDIT))

    @property
    def is_installed(self) -> bool:
        """Whether there is auditctl."""
        return "missing" not in self._words

    def number(self, name: str) -> int:
        """Return a number of `auditctl -s`.

        Raises:
            EvidenceError: auditctl does not print it.
        """
        value = self._words.pairs("status", " ").get(name, "").split()
        if not value or not value[0].isdigit():
            raise EvidenceError(f"auditctl -s does not print {name}")
        return int(value[0])

    @property
    def enabled(self) -> bool:
        """Whether the kernel audits at all."""
        return self.number("enabled") > 0

    @property
    def daemon(self) -> int:
        """The process that receives the records; 0 if there is none, and they go to the kernel's own log."""
        return self.number("pid")

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The rules in the kernel, in the order in which they are tried."""
        return self._parsed(self._words.all("rule"))

    @cached_property
    def files(self) -> tuple[Rule, ...]:
        """The rules in /etc/audit/rules.d and /etc/audit/audit.rules."""
        return self._parsed(line.partition(":")[2] for line in self._words.all("file"))

    def _parsed(self, lines: Iterable[str]) -> tuple[Rule, ...]:
        resolved = self._words.pairs("real", "\t")
        return tuple(filter(None, (parse(line, resolved) for line in lines)))


@fact(AUDIT)
def audit(recording: Recording) -> Audit:
    """The audit rules of the target."""
    return Audit(recording)
