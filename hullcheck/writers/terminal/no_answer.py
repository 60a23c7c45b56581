"""What a run says where no target could be asked: why, once for each cause, and what to type."""

import shlex
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from hullcheck.inventory.specs import plain_arguments
from hullcheck.lazy import regex
from hullcheck.recording.backends import RECORDED, SSH_BACKENDS, backend_of
from hullcheck.results import Audit
from hullcheck.results.failures import Cause, causes, needs_rights
from hullcheck.writers.terminal.screen import Line, named

_MOST_CAUSES = 6
_NOT_AUDITED = " could not be audited: "
"""What stands in a failure between the target and the reason."""
_PASSWORD = regex(r"sudo: .*(password|terminal|askpass|tty)")
_AS_ROOT = "Run it as root:"
_OR_SUDO = "Run it as root, or with --sudo where sudo asks for no password:"
_SUDO_RULE = "Allow sudo without a password (NOPASSWD) for the user who logs in, or log in as root."
_SUDO = "Add --sudo, or log in as root."
_RECORD_AGAIN = "Record the target again, as root."
_LOGIN = "Check the address, and that ssh can log in without a prompt."
_DEMO = "`hullcheck audit --demo` shows an audit of two recorded hosts"


def lines(audit: Audit, width: int, command: Sequence[str]) -> Iterator[Line]:
    """Yield a sentence for each cause, and the command that asks as root; *command* is empty where root runs it."""
    found = list(_by_target(audit))
    for cause in found[:_MOST_CAUSES]:
        advice, as_root = _advice(cause, audit, command)
        reason = cause.reason.rpartition(_NOT_AUDITED)[2].rstrip(".")
        said = f"{named(cause.targets)}: {reason}. {advice}"
        for each in textwrap.wrap(said, width, break_long_words=False, break_on_hyphens=False):
            yield Line(each, len(each), {"red": True})
        if as_root:
            yield Line(f"  {as_root}", len(as_root) + 2, {"bold": True})
    if more := found[_MOST_CAUSES:]:
        yield Line(f"... and {sum(len(each.targets) for each in more)} targets for other reasons")


def _by_target(audit: Audit) -> Iterator[Cause]:
    """Yield the cause that stopped most controls on each target, or else why they do not apply."""
    seen = set[str]()
    for cause in causes(audit):
        targets = tuple(each for each in cause.targets if each not in seen)
        seen.update(targets)
        if targets:
            yield Cause(cause.reason, cause.stopped, targets, cause.advice)
    others: dict[str, Counter[str]] = {}
    for result in audit.results:
        if result.target not in seen:
            others.setdefault(result.target, Counter())[result.reason] += 1
    for target, reasons in others.items():
        yield Cause(reasons.most_common(1)[0][0], (), (target,), _DEMO)


def _advice(cause: Cause, audit: Audit, command: Sequence[str]) -> tuple[str, str]:
    """Return what to do and what to type for it, as far as that is known."""
    (backend,) = {backend_of(each.connect) for each in audit.targets if each.name == cause.targets[0]}
    is_here = backend == "local" and bool(command)
    as_root = shlex.join(["sudo", *(each for each in plain_arguments(command) if each != "--sudo")])
    if _PASSWORD.search(cause.reason):
        return (_AS_ROOT, as_root) if is_here else (_SUDO_RULE, "")
    if backend in SSH_BACKENDS and _NOT_AUDITED in cause.reason:
        return _LOGIN, ""
    if needs_rights(cause.reason):
        return (_OR_SUDO, as_root) if is_here else (_RECORD_AGAIN if backend == RECORDED else _SUDO, "")
    return f"{cause.advice[0].upper()}{cause.advice[1:]}." if cause.advice else "", ""
