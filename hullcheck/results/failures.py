"""The failures of an audit, what to change to fix them, and what kept other controls from being judged."""

import re
from collections.abc import Collection
from functools import cached_property

from msgspec import Struct

from hullcheck.lazy import regex
from hullcheck.results import SEVERITIES, Audit, Control, Finding, Result
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
    """A finding that failed, with what is known of it.

    Attributes:
        severity: the one that counts on this target.
    """

    control: Control
    target: str
    severity: str
    finding: Finding

    @property
    def rank(self) -> int:
        """Return how bad *severity* is, 0 for the worst; an unknown word comes last."""
        return rank(self.severity)


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
        """The controls that fail without it, the worst first."""
        return tuple({each.control.id: each.control for each in self.failures}.values())

    @cached_property
    def targets(self) -> tuple[str, ...]:
        """The targets on which it is needed."""
        return tuple(dict.fromkeys(each.target for each in self.failures))

    @cached_property
    def subjects(self) -> tuple[str, ...]:
        """What failed, as a person would type it; empty where that is always the target as a whole."""
        named = (each.finding for each in self.failures if each.finding.kind != "target")
        return tuple(dict.fromkeys(each.subject for each in named))

    @property
    def severity(self) -> str:
        """That of the worst failure."""
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
    return tuple(sorted(found, key=lambda each: (each.rank, order[each.control.id])))


def fixes(audit: Audit) -> tuple[Fix, ...]:
    """Return what to change to fix all failures: by the worst that each fixes, and by how many results it fixes.

    A container or an image of one name on several targets is one: it comes from one file as a rule.
    """
    groups: dict[tuple[str, str], list[Failure]] = {}
    for each in failures(audit):
        groups.setdefault(_key(each), []).append(each)
    found = (Fix(kind, name, tuple(together)) for (kind, name), together in groups.items())
    return tuple(sorted(found, key=lambda each: (rank(each.severity), -each.results)))


def _key(failure: Failure) -> tuple[str, str]:
    """Return what has to be changed, and its name."""
    kind = kind_of(failure.control, failure.finding.kind)
    if kind in (CONTAINER, IMAGE):
        return kind, failure.finding.subject
    return kind, failure.control.id if kind == CONTROL else ""


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
    """What stopped controls.

    Attributes:
        reason: in the words of the first of them; in our own where many had different ones, and root would have none.
        stopped: the ids of the controls that were stopped by it on at least one of the *targets*.
        advice: what to do about it; empty where that is not known.
    """

    reason: str
    stopped: tuple[str, ...]
    targets: tuple[str, ...]
    advice: str = ""

    @property
    def controls(self) -> int:
        """How many these are."""
        return len(self.stopped)


def causes(audit: Audit, besides: Collection[str] = ()) -> tuple[Cause, ...]:
    """Return why controls of *audit* are errors, what stops most controls first; targets *besides* are left out."""
    reasons: dict[str, list[Result]] = {}
    for result in audit.results:
        if result.verdict is Verdict.ERROR and result.target not in besides:
            reasons.setdefault(_reason(result), []).append(result)
    alone = [
        reason
        for reason, stopped in reasons.items()
        if needs_rights(reason) and len({each.control for each in stopped}) == 1
    ]
    if len(alone) > 1:
        reasons[_OF_RIGHTS] = [each for reason in alone for each in reasons.pop(reason)]
    found = [
        Cause(
            reason.removesuffix("; are you root?"),
            tuple(dict.fromkeys(each.control for each in stopped)),
            tuple(dict.fromkeys(each.target for each in stopped)),
            _advice(reason),
        )
        for reason, stopped in reasons.items()
    ]
    return tuple(sorted(found, key=lambda each: -each.controls))


def _advice(reason: str) -> str:
    if reason.startswith(_NOBODY):
        return "start it, or set DOCKER_HOST"
    return "run as root, or with --sudo" if reason == _OF_RIGHTS or needs_rights(reason) else ""


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
