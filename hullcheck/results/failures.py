"""The failures of an audit, what to change to fix them, and what kept other controls from being judged."""

import re
from collections.abc import Collection
from functools import cached_property

from msgspec import Struct

from hullcheck.lazy import regex
from hullcheck.results import SEVERITIES, Audit, Control, Finding, Result, grouped
from hullcheck.verdicts import Verdict

DAEMON, AUDIT_RULES, FILES, KERNEL = "daemon", "audit rules", "files", "kernel"
CONTAINER, IMAGE, SWARM, CONTROL = "container", "image", "swarm", "control"
"""What has to be changed: see `Fix.kind`."""

_BY_SUBJECT = {"container": CONTAINER, "image": IMAGE, "service": SWARM, "network": SWARM}
"""By kind of the subject, where that alone says what has to be changed."""
_BY_REMEDY = (
    (FILES, regex(r"`?ch(mod|own) ")),
    (AUDIT_RULES, regex(r".*(`-w /|/etc/audit/rules\.d|augenrules)")),
    (DAEMON, regex(r".*(daemon\.json|restart the daemon|`tls\w+`|`insecure-registries`)")),
    (SWARM, regex(r".*(docker swarm|docker node|join the swarm)")),
    (KERNEL, regex(r".*/etc/sysctl\.d")),
)
"""Otherwise the remedy says it, from its beginning: the first that fits."""
_AUDITING_OFF = "auditing is off in the kernel"
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
    """A finding that failed; *severity* is the one that counts on its target."""

    control: Control
    target: str
    severity: str
    finding: Finding


class Fix(Struct, frozen=True, dict=True):
    """One thing to change, and what that mends.

    Attributes:
        kind: what has to be changed: `daemon` (its settings, one file), `audit rules` (one file), `files` (their owners
            and modes), `container` and `image` (one each), `swarm`, `kernel` (its settings), or `control`, where a
            remedy is shared with no other control.
        name: which one: the name of the container or image, the id of the control; empty for the other kinds.
        failures: what it mends, the worst first, and then in the order of the audit.
    """

    kind: str
    name: str
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
    def results(self) -> int:
        """How many results (controls on targets) fail for want of it, maybe for want of another one as well."""
        return len({(each.control.id, each.target) for each in self.failures})

    @cached_property
    def auditing_off(self) -> tuple[str, ...]:
        """The targets where rules alone will not do, since the kernel does not audit: `auditctl -e 1` comes first."""
        off = (each.target for each in self.failures if each.finding.reason.startswith(_AUDITING_OFF))
        return tuple(dict.fromkeys(off))

    def __str__(self) -> str:
        """What has to be changed, in a few words; the name is as the host gave it."""
        name = self.controls[0].title.removesuffix(".") if self.kind == CONTROL else self.name
        said = _SAID[self.kind].format(name)
        return f"switch auditing on, and {said}" if self.auditing_off else said


def rank(severity: str) -> int:
    """How bad *severity* is, 0 for the worst; a word that is none comes last."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def failures(audit: Audit) -> tuple[Failure, ...]:
    """Return all findings that failed: the worst first, then by control, target and subject as in the results."""
    order = {name: number for number, name in enumerate(audit.known)}
    found = (
        Failure(audit.known[result.control], result.target, audit.severity(result), each)
        for result in audit.results
        if result.verdict is Verdict.FAIL
        for each in result.told
        if each.verdict is Verdict.FAIL
    )
    return tuple(sorted(found, key=lambda each: (rank(each.severity), order[each.control.id])))


def fixes(audit: Audit) -> tuple[Fix, ...]:
    """Return what to change to fix all failures, the worst first; one name of a container on several targets is one."""

    def changed(failure: Failure) -> tuple[str, str]:
        kind, subject = kind_of(failure.control, failure.finding.kind), failure.finding.subject
        return kind, {CONTAINER: subject, IMAGE: subject, CONTROL: failure.control.id}.get(kind, "")

    found = (Fix(*what, tuple(together)) for what, together in grouped(failures(audit), changed).items())
    return tuple(sorted(found, key=lambda each: (rank(each.severity), -each.results)))


def kind_of(control: Control, subject: str) -> str:
    """Return what has to be changed if *control* fails for a subject of this kind (`Finding.kind`)."""
    if subject in _BY_SUBJECT:
        return _BY_SUBJECT[subject]
    return next((kind for kind, sign in _BY_REMEDY if sign.match(control.remedy)), CONTROL)


# ---- what could not be judged

_RIGHTS = regex(
    r"permission denied|are you root|takes root|must be root|operation not permitted|may not be read",
    re.IGNORECASE,
)
_SOCKET = regex(r"permission denied.*?\bunix:/*(/[^\s:]+)", re.IGNORECASE)
"""In what the docker command says, with the socket that it may not use."""
_NO_ENGINE = regex(r"Cannot connect to the Docker daemon at (?:unix:/*(?=/))?(\S+?)\.?(?:\s|$)")
"""The same where nothing listens there."""
_NOBODY, _OF_RIGHTS = "no engine answers at ", "only root may read what they need"


class Cause(Struct, frozen=True):
    """What stopped the controls with these ids on at least one of the *targets*; *advice* may be empty."""

    reason: str
    stopped: tuple[str, ...]
    targets: tuple[str, ...]
    advice: str = ""


def causes(audit: Audit, besides: Collection[str] = ()) -> tuple[Cause, ...]:
    """Return why controls of *audit* are errors, what stops most controls first; targets *besides* are left out."""
    errors = (each for each in audit.results if each.verdict is Verdict.ERROR and each.target not in besides)
    reasons = grouped(errors, _reason)
    alone = [
        reason
        for reason, stopped in reasons.items()
        if needs_rights(reason) and len({each.control for each in stopped}) == 1
    ]
    if len(alone) > 1:
        reasons[_OF_RIGHTS] = [each for reason in alone for each in reasons.pop(reason)]
    found = []
    for reason, stopped in reasons.items():
        advice = "start it, or set DOCKER_HOST" if reason.startswith(_NOBODY) else ""
        if reason == _OF_RIGHTS or needs_rights(reason):
            advice = "run as root, or with --sudo"
        controls, targets = (dict.fromkeys(getattr(each, name) for each in stopped) for name in ("control", "target"))
        found.append(Cause(reason.removesuffix("; are you root?"), tuple(controls), tuple(targets), advice))
    return tuple(sorted(found, key=lambda each: -len(each.stopped)))


def _reason(result: Result) -> str:
    errors = (each.reason for each in result.told if each.verdict is Verdict.ERROR)
    reason = " ".join(next(errors, result.reason).split())
    refused = _SOCKET.search(reason)
    if refused:
        return f"permission denied on {refused[1]}"
    missing = _NO_ENGINE.search(reason)
    return f"{_NOBODY}{missing[1]}" if missing else reason


def needs_rights(reason: str) -> bool:
    """Return whether root would not have been stopped by this."""
    return bool(_RIGHTS.search(reason))
