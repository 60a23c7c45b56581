"""rsyslog: what is stopped before it is sent, what is included, and outputs that are for a part of the messages."""

from __future__ import annotations

import pytest

from hullcheck.facts.logs import configs
from hullcheck.facts.logs.rsyslog import OF_DAEMON

SOCKET = 'module(load="imuxsock")\n'
SENDING = "*.* @@logs.example\n"


def read(*texts: str, **others: str) -> tuple[set[str], bool]:
    """What is sent away, and whether all was understood."""
    files = {"/etc/rsyslog.conf": SOCKET + "".join(texts)} | others
    routes, understood = configs.read("rsyslogd", files)
    return {each for route in routes if route.sends for each in route.reads}, understood


@pytest.mark.parametrize(
    ("before", "sent", "understood"),
    [
        (':programname, isequal, "sshd" stop', True, True),
        (':programname, startswith, "haveged" stop', True, True),
        (':programname, contains, "cron" stop', True, True),
        ('if $programname == "cron" then stop', True, True),
        ("if ($programname == 'a' or $programname startswith 'b-') then stop", True, True),
        ("if $programname == 'sshd' and $msg contains 'x' then { stop }", True, True),
        ("if $syslogfacility-text == 'mail' then stop", True, True),
        ("mail,news.* stop", True, True),
        ("*.*;daemon.none stop", True, True),
        # these may take what the engine says, or do
        (':programname, !isequal, "sshd" stop', False, False),
        (':programname, startswith, "do" stop', False, True),
        (':programname, contains, "e" stop', False, True),
        (':msg, contains, "level" stop', False, False),
        (':msg, regex, ".*" ~', False, False),
        ("if 1 then stop", False, False),
        ("if $fromhost-ip == '127.0.0.1' then { stop }", False, False),
        ("if $syslogseverity <= 7 then stop", False, False),
        ("if $programname == 'sshd' or $msg contains 'x' then stop", False, False),
        ("if not ($programname == 'sshd') then stop", False, False),
        ("if $programname != 'sshd' then stop", False, False),
        ("if $programname == 'sshd' then { *.* /x } else { stop }", False, False),
        ("if $fromhost == 'x' then { action(type=\"omdiscard\") }", False, False),
        ("daemon.warning stop", False, True),
        ("*.err stop", False, True),
        ("*.* stop", False, True),
    ],
)
def test_stop_before_it_is_sent(before: str, sent: bool, understood: bool) -> None:
    """What is known to be about others takes nothing of the engine; all else may."""
    reads, known = read(f"{before}\n", SENDING)
    assert ("journal" in reads, known) == (sent, understood)


@pytest.mark.parametrize(
    ("lines", "sent"),
    [
        ('action(type="omfwd" target="logs.example")', True),
        ('action(type="omfwd" target=["logs.example", "b.example"])', True),
        ('action(type="omfwd" target="logs.example" action.execOnlyWhenPreviousIsSuspended="on")', False),
        ('action(type="omfwd" target="logs.example" action.execOnlyWhenPreviousIsSuspended="off")', True),
        ('action(type="omfwd" target="logs.example" action.execOnlyEveryNthTime="1000")', False),
        ('action(type="omfwd" target="logs.example" action.execOnlyOnceEveryInterval="3600")', False),
        ("$ActionExecOnlyWhenPreviousIsSuspended on\n*.* @@logs.example", False),
        (
            "$ActionExecOnlyWhenPreviousIsSuspended on\n$ActionExecOnlyWhenPreviousIsSuspended off\n*.* @@x.example",
            True,
        ),
        ("$ActionExecOnlyEveryNthTime 1000\n*.* @@logs.example", False),
    ],
)
def test_output_that_is_used_now_and_then(lines: str, sent: bool) -> None:
    """One that waits for another to fail, or takes one message of many, takes no log away."""
    assert ("journal" in read(f"{lines}\n")[0]) is sent


FILES = {
    "/etc/rsyslog.d/10-away.conf": SENDING,
    "/srv/more/away.conf": SENDING,
    "/srv/more/away.off": SENDING,
}


@pytest.mark.parametrize(
    ("line", "sent", "understood"),
    [
        ("$IncludeConfig /etc/rsyslog.d/*.conf", True, True),
        ('include(file="/etc/rsyslog.d/*.conf" mode="optional")', True, True),
        ("include(mode='optional' file='/srv/more/*.conf')".replace("'", '"'), True, True),
        ("$IncludeConfig /srv/more/away.conf", True, True),
        ("$includeconfig rsyslog.d/", True, True),
        ("", False, True),  # a folder that nobody includes
        ("# $IncludeConfig /etc/rsyslog.d/*.conf", False, True),
        ("$IncludeConfig /srv/more/*.none", False, False),
    ],
)
def test_what_is_included(line: str, sent: bool, understood: bool) -> None:
    """A file counts where it is included, and wherever it lies."""
    assert read(f"{line}\n", **FILES) == ({"journal", "syslog"} if sent else set(), understood)


def test_include_without_a_file() -> None:
    """Where the probe looked and found none, there is none."""
    assert read("$IncludeConfig /etc/rsyslog.d/*.conf\n", SENDING, **{"/etc/rsyslog.d/*.conf": ""}) == (
        {"journal", "syslog"},
        True,
    )


@pytest.mark.parametrize(
    ("selector", "reads"),
    [
        ("*.*", {"journal", "syslog"}),
        ("*.info;mail.none", {"journal", "syslog"}),
        ("daemon.*", {"journal", OF_DAEMON}),
        ("*.*;local0.none", {"journal", OF_DAEMON}),
    ],
)
def test_facility_that_is_sent(selector: str, reads: set[str]) -> None:
    """What others give to it under another facility than daemon is sent by a rule for every facility alone."""
    assert read(f"{selector} @@logs.example\n")[0] == reads
