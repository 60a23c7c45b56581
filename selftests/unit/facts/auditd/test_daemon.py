"""What auditd writes down."""

from typing import Any

import pytest

from hullcheck.facts.auditd.daemon import AUDIT_DAEMON, AuditDaemon, Start
from hullcheck.parsing.answer_lines import Words
from hullcheck.verdicts import EvidenceError


def daemon(*lines: str) -> AuditDaemon:
    """auditd of which the probe says this."""
    audit: Any = None
    return AuditDaemon(Words("\n".join(("log:/log", *lines))), audit, 0)


def test_last_start() -> None:
    """The log may have records and none of a start."""
    assert daemon("last:100").last_start is None
    assert daemon("last:100", "started:90 docker /usr/bin/a b").last_start == Start(
        90, "docker", "/usr/bin/a b"
    )


@pytest.mark.parametrize("lines", [(), ("last:100", "unread:/log"), ("last:100", "write:No")])
def test_log_without_a_record(lines: tuple[str, ...]) -> None:
    """Then neither the last record nor the last start is known."""
    for question in ("last_record", "last_start"):
        with pytest.raises(EvidenceError):
            getattr(daemon(*lines), question)


def test_arguments_are_not_kept() -> None:
    """Of the unit only what is judged stays."""
    kept = AUDIT_DAEMON.keep("unit:MainPID=7\nunit:Environment=A=geheim\nargv:geheim")
    assert ("unit:MainPID=7" in kept, "geheim" in kept) == (True, False)
