"""The failures of an audit, their common causes, and what to change."""

import re
from collections.abc import Iterable
from functools import cached_property
from typing import TypeVar

from msgspec import Struct

from hullcheck.lazy import regex
from hullcheck.parsing import answer_lines
from hullcheck.results import SEVERITIES, Audit, Control, Finding, grouped
from hullcheck.verdicts import Verdict

DAEMON, AUDIT_RULES, FILES, KERNEL = "daemon", "audit rules", "files", "kernel"
CONTAINER, IMAGE, SWARM, CONTROL = "container", "image", "swarm", "control"
"""What has to be changed: see `Fix.kind`."""

_BY_SUBJECT = {"container": CONTAINER, "image": IMAGE, "service": SWARM, "network": SWARM}
"""By kind of subject, if that decides what has to be changed."""
_BY_REMEDY = (
    (FILES, regex(r"`?ch(mod|own) ")),
    (AUDIT_RULES, regex(r".*(`-w /|/etc/audit/rules\.d|augenrules)")),
    (DAEMON, regex(r".*(daemon\.json|restart the daemon|`tls\w+`|`insecure-registries`)")),
    (SWARM, regex(r".*(docker swarm|docker node|join the swarm)")),
    (KERNEL, regex(r".*/etc/sysctl\.d")),
)
"""Otherwise by the beginning of the remedy; the first match counts."""
_FIRST = {"auditctl is not installed": "install auditd", "auditing is off in the kernel": "switch auditing on"}
"""Steps before audit rules, by the beginning of the reason."""
_NO_USER = regex(r"image (\S+) names no user")
"""A reason that has to be fixed in the image."""
_SAID = {
    DAEMON: "settings of the daemon (daemon.json)",
    AUDIT_RULES: "audit rules (a file in /etc/audit/rules.d)",
    FILES: "owners and modes of files",
    CONTAINER: "how container {} is started",
    IMAGE: "how image {} is built",
    SWARM: "settings of the swarm",
    KERNEL: "settings of the kernel (a file in /etc/sysctl.d)",
    CONTROL: "{}",
}


class Failure(Struct, frozen=True):
    """A finding of an audit, with its *severity* on its target."""

    control: Control
    target: str
    severity: str
    finding: Finding


class Failures(Struct, frozen=True, dict=True):
    """Findings of one verdict that belong together, the worst first, then in the order of the audit."""

    failures: tuple[Failure, ...]

    @cached_property
    def controls(self) -> tuple[Control, ...]:
        return tuple({each.control.id: each.control for each in self.failures}.values())

    @cached_property
    def targets(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.target for each in self.failures))

    @property
    def severity(self) -> str:
        return self.failures[0].severity

    @property
    def verdict(self) -> Verdict:
        return self.failures[0].finding.verdict

    @property
    def first(self) -> str:
        """The step before audit rules can help, or an empty string."""
        reasons = [each.finding.reason for each in self.failures]
        steps = (step for start, step in _FIRST.items() if any(each.startswith(start) for each in reasons))
        return next((f"{step}, and load {_SAID[AUDIT_RULES]}" for step in steps), "")


class Fix(Failures, frozen=True):
    """One thing to change, and the failures that it fixes.

    Attributes:
        kind: what has to be changed: `daemon` (its settings, one file), `audit rules` (one file), `files` (their owners
            and modes), `container` and `image` (one each), `swarm`, `kernel` (its settings), or `control`, where a
            remedy is shared with no other control.
        name: which one: the name of the container or image, the id of the control; empty for the other kinds.
    """

    kind: str
    name: str

    @property
    def results(self) -> int:
        """The number of results (controls on targets) that need this change, and maybe others as well."""
        return len({(each.control.id, each.target) for each in self.failures})

    def __str__(self) -> str:
        """The change in a few words; the name is as the host gave it."""
        name = self.controls[0].title.removesuffix(".") if self.kind == CONTROL else self.name
        return (self.first if self.kind == AUDIT_RULES else "") or _SAID[self.kind].format(name)


class Problem(Failures, frozen=True):
    """Findings of one verdict with a *cause* that several controls share, or those of one control without one."""

    cause: str

    @property
    def remedy(self) -> str:
        """How to get the evidence of errors, or the remedy that all controls share."""
        if self.verdict is Verdict.ERROR:
            return advice_on(cause_of(self.failures[0].finding))
        first, *others = {each.remedy for each in self.controls}
        return self.first or ("" if others else first) if self.verdict is Verdict.FAIL else ""


def rank(severity: str) -> int:
    """Return the rank of *severity*, 0 for the worst; unknown words come last."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def findings(audit: Audit, verdict: Verdict) -> tuple[Failure, ...]:
    """Return all findings with *verdict*: the worst first, then by control, target and subject as in the results."""
    order = {name: number for number, name in enumerate(audit.known)}
    found = (
        Failure(audit.known[result.control], result.target, audit.severity(result), each)
        for result in audit.results
        for each in result.all_findings
        if each.verdict is verdict
    )
    return tuple(sorted(found, key=lambda each: (rank(each.severity), order[each.control.id])))


def fixes(audit: Audit) -> tuple[Fix, ...]:
    """Return what to change to fix all failures, the worst first; one name of a container on several targets is one."""

    def changed(failure: Failure) -> tuple[str, str]:
        if image := _NO_USER.match(failure.finding.reason):
            return IMAGE, image[1]
        kind, subject = kind_of(failure.control, failure.finding.kind), failure.finding.subject
        return kind, {CONTAINER: subject, IMAGE: subject, CONTROL: failure.control.id}.get(kind, "")

    found = (Fix(tuple(together), *what) for what, together in grouped(findings(audit, Verdict.FAIL), changed).items())
    return tuple(sorted(found, key=lambda each: (rank(each.severity), -each.results)))


def kind_of(control: Control, subject: str) -> str:
    """Return what has to be changed if *control* fails for a subject of this kind (`Finding.kind`)."""
    if subject in _BY_SUBJECT:
        return _BY_SUBJECT[subject]
    return next((kind for kind, sign in _BY_REMEDY if sign.match(control.remedy)), CONTROL)


# ---- causes

_RIGHTS = regex(
    r"permission denied|are you root|takes root|must be root|only root may|operation not permitted|may not be read",
    re.IGNORECASE,
)
_SOCKET = regex(r"permission denied.*?\bunix:/*(/[^\s:]+)", re.IGNORECASE)
"""In the output of the docker command, with the socket."""
_NO_ENGINE = regex(r"Cannot connect to the Docker daemon at (?:unix:/*(?=/))?(\S+?)\.?(?:\s|$)")
"""The same if nothing listens there."""
_NOBODY, _REFUSED, _OF_RIGHTS = "no engine answers at ", "permission denied on ", "only root may read what they need"
NOT_AUDITED = " could not be audited: "
"""Between a target without an answer and the reason."""


F = TypeVar("F", bound=Failure)


def by_cause(found: Iterable[F]) -> dict[tuple[str, str], list[F]]:
    """Return findings of one verdict by a cause that several controls share, or by the id of their control."""
    causes = [(cause_of(each.finding), each) for each in found]
    controls = {cause: {each.control.id for each in alike} for cause, alike in answer_lines.grouped(causes).items()}
    return answer_lines.grouped(
        ((cause, "") if cause and len(controls[cause]) > 1 else ("", each.control.id), each) for cause, each in causes
    )


def problems(found: Iterable[Failure]) -> list[Problem]:
    """Return findings of one verdict by cause, in the order of the first of each."""
    return [Problem(tuple(together), cause) for (cause, _), together in by_cause(found).items()]


def cause_of(finding: Finding) -> str:
    """Return the reason; for errors, without what differs between probes."""
    reason = without_note(finding.reason)
    if finding.verdict is not Verdict.ERROR or NOT_AUDITED in reason:
        return reason
    if refused := _SOCKET.search(reason):
        return f"{_REFUSED}{refused[1]}"
    if missing := _NO_ENGINE.search(reason):
        return f"{_NOBODY}{missing[1]}"
    return _OF_RIGHTS if needs_rights(reason) else reason


def without_note(reason: str) -> str:
    """Return *reason* on one line, without what a waiver adds to it."""
    return " ".join(re.split(r" \((?:waived|a waiver) ", reason)[0].split())


def needs_rights(reason: str) -> bool:
    """Return whether root could have read the evidence."""
    return bool(_RIGHTS.search(reason))


def advice_on(cause: str) -> str:
    """Return what to do about the cause of an error, or an empty string."""
    as_root = "run as root, or with --sudo" if cause.startswith((_OF_RIGHTS, _REFUSED)) else ""
    return "start it, or set DOCKER_HOST" if cause.startswith(_NOBODY) else as_root
