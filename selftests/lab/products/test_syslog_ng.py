"""Logs that come to another machine or do not, by syslog-ng at both ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from selftests.kit.judging import judge_guest
from selftests.rig.waiting import rest, rises

if TYPE_CHECKING:
    from selftests.rig.hosts.host import Host

HostFactory = Callable[..., "Host"]

PACKAGES = "syslog-ng-core syslog-ng-scl"
RECEIVER = """@version: 4.4
options { use_dns(no); };
source s_net { network(port(514)); };
destination d_all { file("/var/log/remote" flush-lines(1)); };
log { source(s_net); destination(d_all); };
"""
NET = 'destination d_net { network("ADDRESS" port(514)); };\n'
SENDING = "log { source(s_src); destination(d_net); };\n"
# What stands beside the configuration that Debian's package brings, and whether the daemon's log comes by it.
RULES = {
    "": False,
    NET + SENDING: True,
    f'destination d_net {{ network("127.0.0.1" port(514)); }};\n{SENDING}': False,
    'log { source(s_src); destination { syslog("ADDRESS" port(514)); }; };': True,
    f"{NET}log {{ source(s_src); filter(f_daemon); destination(d_net); }};": True,
    f"{NET}log {{ source(s_src); filter {{ level(info..emerg); }}; destination(d_net); }};": True,
    f"{NET}log {{ source(s_src); filter {{ level(warn..emerg); }}; destination(d_net); }};": False,
    f"{NET}log {{ source(s_src); filter(f_mail); destination(d_net); }};": False,
    f"{NET}log {{ source(s_src); filter(f_daemon); flags(final); }};\n{SENDING}": False,
    f"{NET}log {{ source(s_src); filter(f_mail); flags(final); }};\n{SENDING}": True,
    f"{NET}log {{ source(s_src); log {{ filter(f_daemon); flags(final); }}; log {{ destination(d_net); }}; }};": False,
    f"{NET}log {{ source(s_src); log {{ filter(f_daemon); flags(final); }}; }};\n{SENDING}": True,
    f"{NET}log {{ source(s_src); junction {{ channel {{ filter(f_mail); }}; channel {{ filter(f_daemon); }}; }};"
    " destination(d_net); };": True,
    f'{NET}@include "/etc/syslog-ng/more.d"': True,
    f"{NET}# {SENDING}": False,
}
# What is not followed: it comes by some of them, and by others it does not.
DOUBTS = (
    f"{NET}log {{ source(s_src); parser {{ json-parser(); }}; destination(d_net); }};",
    f'{NET}log {{ source(s_src); rewrite {{ set("x" value("MESSAGE")); }}; destination(d_net); }};',
    f'{NET}log {{ source(s_src); filter {{ program("dockerd"); }}; destination(d_net); }};',
    f"{NET}log {{ source(s_src); if (facility(daemon)) {{ filter(f_mail); }}; destination(d_net); }};",
    f"{NET}log {{ source(s_src); destination(d_net); flags(fallback); }};",
    'destination d_own { network("ADDRESS" port(514) template("$HOST\\n")); };\n'
    "log { source(s_src); destination(d_own); };",
)
AUDIT = 'source s_audit { file("/var/log/audit/audit.log"); };\n'
# The same of the audit log.
AUDITED = {
    NET + SENDING: False,
    f"{NET}{AUDIT}log {{ source(s_audit); destination(d_net); }};": True,
    f"{NET}log {{ source {{ linux-audit(); }}; destination(d_net); }};": True,
    f"{NET}{AUDIT}log {{ source(s_audit); filter(f_user); filter(f_notice); destination(d_net); }};": True,
    f"{NET}{AUDIT}log {{ source(s_audit); filter(f_kern); destination(d_net); }};": False,
}
# The same of what containers say by the driver journald.
OF_JOURNAL = {
    NET + SENDING: True,
    f"{NET}log {{ source(s_src); filter(f_local); destination(d_net); }};": True,
    f"{NET}log {{ source(s_src); filter(f_daemon); destination(d_net); }};": False,
}


def reading(folder: str, options: str) -> str:
    """A source that reads what containers write."""
    return f'source s_docker {{ wildcard-file(base-dir("{folder}") {options}); }};\n'


CONTAINERS = "/var/lib/docker/containers"
FILES_SENT = f"{NET}log {{ source(s_docker); destination(d_net); }};"
# The same of what they write into files.
FILES = {
    reading(CONTAINERS, 'filename-pattern("*-json.log") recursive(yes)') + FILES_SENT: True,
    reading(CONTAINERS, 'filename-pattern("*-json.log")') + FILES_SENT: False,
    reading(f"{CONTAINERS}/*", 'filename-pattern("*-json.log")') + FILES_SENT: False,
    f'source s_docker {{ file("{CONTAINERS}/*/*-json.log"); }};\n{FILES_SENT}': False,
    reading(CONTAINERS, 'filename-pattern("*-json.log") recursive(yes) flags(no-parse)')
    + f"{NET}log {{ source(s_docker); filter(f_daemon); destination(d_net); }};": False,
}
WAIT = 3  # seconds, in which all comes that comes
SAY = "n=0; while :; do n=$((n + 1)); echo marker $n; sleep 0.2; done"


@pytest.fixture
def receiver(product_host: HostFactory) -> Iterator[Host]:
    """A host that takes what is sent to it by TCP."""
    host = product_host(docker=False, packages=PACKAGES, files={"/etc/syslog-ng/syslog-ng.conf": RECEIVER})
    host.exec("systemctl", "start", "syslog-ng")
    yield host
    host.down()


@pytest.fixture
def sender(product_host: HostFactory) -> Callable[..., Host]:
    """Make a host with syslog-ng and these settings of its engine, and a folder that rules may include."""

    def make(**keywords: str) -> Host:
        host = product_host(packages=PACKAGES, **keywords)
        host.write("/etc/syslog-ng/more.d/send.conf", SENDING)
        host.exec(
            "systemctl", "restart", "docker"
        )  # the new folder has changed a time of /etc, and so of daemon.json
        return host

    return make


def comes(host: Host, rules: str, receiver: Host, word: str, cause: Callable[[], object]) -> bool:
    """Whether a line with *word* comes there by these *rules*, in which ADDRESS is the receiver's."""
    host.write("/etc/syslog-ng/conf.d/forward.conf", rules.replace("ADDRESS", receiver.address) + "\n")
    host.exec("systemctl", "stop", "syslog-ng")
    rest(lambda: _count(receiver, ""))  # what came by the rules before is still being written
    # or systemd thinks that it starts too often
    host.exec("sh", "-c", "systemctl reset-failed syslog-ng || :; systemctl start syslog-ng")
    return rises(lambda: _count(receiver, word), cause, WAIT)


def _count(receiver: Host, word: str) -> int:
    return int(receiver.exec("sh", "-c", f"grep -c '{word}' /var/log/remote || :") or 0)


@pytest.mark.product("syslog-ng-core 4.8")
def test_syslog_ng_takes_the_logs_of_the_host(sender: HostFactory, receiver: Host) -> None:
    """The control passes where a message of dockerd came, and nowhere else; the same of the audit log."""
    host = sender()
    host.write("/var/log/audit/audit.log", "", 0o600)

    def judged(rules: str, log: str) -> tuple[bool, bool]:
        of_daemon = log == "the daemon's log"
        says = ("systemctl", "reload", "docker") if of_daemon else ("sh", "-c", f"echo {AUDITED_LINE}")
        word = "Reloaded configuration" if of_daemon else "USER_CMD"
        came = comes(host, rules, receiver, word, lambda: host.exec(*says))
        return came, judge_guest("host_logs_are_collected_centrally", host)[log][0] == "pass"

    for rules, expected in RULES.items():
        assert judged(rules, "the daemon's log") == (expected, expected), rules
    for rules in DOUBTS:
        assert not judged(rules, "the daemon's log")[1], rules
    for rules, expected in AUDITED.items():
        assert judged(rules, "the audit log") == (expected, expected), rules


AUDITED_LINE = "type=USER_CMD x=1 >>/var/log/audit/audit.log"


@pytest.mark.product("syslog-ng-core 4.8")
@pytest.mark.parametrize("driver", ["journald", "json-file"])
def test_syslog_ng_takes_the_logs_of_containers(sender: HostFactory, receiver: Host, driver: str) -> None:
    """The same of what containers say, to the journal or into files."""
    host = sender(log_driver=driver)
    host.run("web", command=["sh", "-c", SAY])
    for rules, expected in (OF_JOURNAL if driver == "journald" else FILES).items():
        came = comes(host, rules, receiver, "marker", lambda: None)
        found = judge_guest("container_logs_are_collected_centrally", host)
        assert (came, found["another system"][0] == "pass") == (expected, expected), (rules, found)
