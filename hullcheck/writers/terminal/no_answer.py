"""The screen of a run in which no target answered: each cause once, and what to type."""

import shlex
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from hullcheck.inventory.specs import plain_arguments
from hullcheck.lazy import regex
from hullcheck.recording.backends import RECORDED, SSH_BACKENDS, backend_of
from hullcheck.results import Audit
from hullcheck.results.failures import NOT_AUDITED, advice_on, cause_of, needs_rights
from hullcheck.verdicts import Verdict
from hullcheck.writers.terminal.screen import Line, head, named

_MOST_CAUSES = 6
_PASSWORD = regex(r"sudo: .*(password|terminal|askpass|tty)")
_AS_ROOT = "Run it as root:"
_OR_SUDO = "Run it as root, or with --sudo where sudo asks for no password:"
_SUDO_RULE = "Allow sudo without a password (NOPASSWD) for the user who logs in, or log in as root."
_SUDO = "Add --sudo, or log in as root."
_RECORD_AGAIN = "Record the target again, as root."
_LOGIN = "Check the address, and that ssh can log in without a prompt."
_DEMO = "`hullcheck audit --demo` shows an audit of two recorded hosts."


def explains(audit: Audit) -> bool:
    """Return whether no engine answered, so that these lines are the whole screen."""
    silent = (each.kind == "unknown" or (each.kind == "host" and not each.engine) for each in audit.targets)
    return audit.nothing_judged and all(silent)


def lines(audit: Audit, width: int, command: Sequence[str]) -> Iterator[Line]:
    """Yield a sentence for each cause, and the command that asks as root; *command* is empty where root runs it."""
    found = list(_by_cause(audit).items())
    for (cause, is_error), targets in found[:_MOST_CAUSES]:
        advice, as_root = _advice(cause, targets[0], audit, command) if is_error else (_DEMO, "")
        said = f"{named(targets)}: {cause.rpartition(NOT_AUDITED)[2].rstrip('.')}. {advice}"
        for each in textwrap.wrap(said, width, break_long_words=False, break_on_hyphens=False):
            yield head(each, "red")
        if as_root:
            yield head(f"  {as_root}", "bold")
    if more := found[_MOST_CAUSES:]:
        yield head(f"... and {sum(len(targets) for _, targets in more)} targets for other reasons")


def _by_cause(audit: Audit) -> Mapping[tuple[str, bool], list[str]]:
    """Return the targets by their most frequent reason, and whether that is an error."""
    causes = dict[tuple[str, bool], list[str]]()
    for name, results in audit.by_target.items():
        found = [each for result in results for each in result.all_findings]
        errors = [each for each in found if each.verdict is Verdict.ERROR]
        for cause, _ in Counter(map(cause_of, errors or found)).most_common(1):
            causes.setdefault((cause, bool(errors)), []).append(name)
    return causes


def _advice(cause: str, target: str, audit: Audit, command: Sequence[str]) -> tuple[str, str]:
    """Return what to do and what to type for it, as far as that is known."""
    (backend,) = {backend_of(each.connect) for each in audit.targets if each.name == target}
    is_here = backend == "local" and bool(command)
    as_root = shlex.join(["sudo", *(each for each in plain_arguments(command) if each != "--sudo")])
    if _PASSWORD.search(cause):
        return (_AS_ROOT, as_root) if is_here else (_SUDO_RULE, "")
    if backend in SSH_BACKENDS and NOT_AUDITED in cause:
        return _LOGIN, ""
    if needs_rights(cause):
        return (_OR_SUDO, as_root) if is_here else (_RECORD_AGAIN if backend == RECORDED else _SUDO, "")
    advice = advice_on(cause)
    return f"{advice[:1].upper()}{advice[1:]}." if advice else "", ""
