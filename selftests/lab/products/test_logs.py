"""Logs that come to another machine or do not, by rsyslog and by systemd's journal, with both ends of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from selftests.kit.judging import judge_guest
from selftests.rig.shell import CommandError
from selftests.rig.waiting import rest, rises, until

if TYPE_CHECKING:
    from selftests.rig.hosts.host import Host

HostFactory = Callable[..., "Host"]

# No name server is in reach, and a sender would wait for its name to be asked for.
RECEIVER = """global(net.enableDNS="off")
module(load="imtcp")
input(type="imtcp" port="514" ruleset="remote")
ruleset(name="remote") { action(type="omfile" file="/var/log/remote") }
"""
FORWARD = 'action(type="omfwd" target="ADDRESS" port="514" protocol="tcp")'
# Rules about the log of the daemon, and whether it comes to the receiver by them.
RULES = {
    "*.* @@ADDRESS:514": True,
    "*.info @@(o)ADDRESS:514": True,
    "*.*;*.!=debug @@ADDRESS:514": True,
    "if $programname != 'sshd' and $syslogseverity <= 6 then @@ADDRESS:514": True,
    f'ruleset(name="far") {{ {FORWARD} }}\n*.* call far': True,
    f'{FORWARD}\n:programname, isequal, "dockerd" stop': True,
    f'if $syslogfacility-text == "daemon" then {{\n{FORWARD}\n}}': True,
    f'if prifilt("daemon.info") then {FORWARD}': True,
    f'if prifilt("daemon.warning") then {FORWARD}': False,
    "*.warning @@ADDRESS:514": False,
    "*.*;daemon.none @@ADDRESS:514": False,
    ':programname, isequal, "dockerd" stop\n*.* @@ADDRESS:514': False,
    f'ruleset(name="far") {{ {FORWARD} }}': False,
    'template(name="own" type="string" string="nothing\\n")\n*.* @@ADDRESS:514;own': False,
    FORWARD.replace(")", ' action.execOnlyOnceEveryInterval="3600")'): False,
}
MODULE = 'module(load="imfile")\n'


def reading(options: str = "") -> str:
    """An input that reads what containers write."""
    path = "/var/lib/docker/containers/*/*-json.log"
    return f'input(type="imfile" file="{path}" tag="docker" {options})\n'


# The same of what containers write.
FILES = {
    f"{MODULE}{reading()}*.* @@ADDRESS:514": True,
    MODULE + reading('ruleset="far"') + f'ruleset(name="far") {{ {FORWARD} }}': True,
    f'{MODULE}{reading()}if $syslogtag == "docker" then {{\n{FORWARD}\nstop\n}}': True,
    f'{MODULE}{reading()}if $syslogtag == "other" then {{\n{FORWARD}\nstop\n}}': False,
    f"{reading()}*.* @@ADDRESS:514": False,
    MODULE + reading('startmsg.regex="^never$"') + "*.* @@ADDRESS:514": False,
    MODULE + reading('severity="debug"') + "*.info @@ADDRESS:514": False,
    f'{MODULE}{reading()}if $syslogtag == "docker" then stop\n*.* @@ADDRESS:514': False,
}
WAIT = 3  # seconds, in which all comes that comes
SAY = "n=0; while :; do n=$((n + 1)); echo marker $n; sleep 0.2; done"
PLAIN_HTTP = """[Service]
ExecStart=
ExecStart=/usr/lib/systemd/systemd-journal-remote --listen-http=-3 --output=/var/log/journal/remote/
"""


@pytest.fixture
def receiver(product_host: HostFactory) -> Iterator[Host]:
    """A host that takes what rsyslog sends it by TCP."""
    host = product_host(docker=False, files={"/etc/rsyslog.d/remote.conf": RECEIVER})
    yield host
    host.down()


def count(receiver: Host, word: str) -> int:
    """How many lines with *word* have come there."""
    counting = f"systemctl kill --signal HUP rsyslog; sleep 0.2; grep -c '{word}' /var/log/remote || true"
    return int(receiver.exec("sh", "-c", counting) or 0)


def forward(host: Host, rules: str, receiver: Host) -> None:
    """Let its rsyslog obey these *rules*, in which ADDRESS is the receiver's."""
    host.write("/etc/rsyslog.d/forward.conf", rules.replace("ADDRESS", receiver.address) + "\n")
    host.exec("systemctl", "stop", "syslog.socket", "rsyslog")  # the socket would start it again
    rest(lambda: count(receiver, ""))  # what came by the rules before is still being written
    host.exec("systemctl", "reset-failed", "rsyslog.service")  # or systemd thinks that it starts too often
    host.exec("sh", "-c", "rm -f /var/spool/rsyslog/*; systemctl start rsyslog")


def comes(receiver: Host, word: str, cause: Callable[[], object]) -> bool:
    """Whether a line with *word* comes there, after what causes one."""
    return rises(lambda: count(receiver, word), cause, WAIT)


@pytest.mark.product("rsyslog 8.2504")
def test_rsyslog_takes_the_log_of_the_daemon(product_host: HostFactory, receiver: Host) -> None:
    """rsyslog at both ends: the control passes where a message of dockerd came, and nowhere else."""
    host = product_host()
    for rules, expected in RULES.items():
        forward(host, rules, receiver)
        came = comes(receiver, "Reloaded configuration", lambda: host.exec("systemctl", "reload", "docker"))
        verdict, reason = judge_guest("host_logs_are_collected_centrally", host)["the daemon's log"]
        assert (came, verdict == "pass") == (expected, expected), (rules, reason)


@pytest.mark.product("rsyslog 8.2504")
def test_rsyslog_takes_the_logs_of_containers(product_host: HostFactory, receiver: Host) -> None:
    """The same of the files that the driver json-file writes."""
    host = product_host()
    host.run("web", command=["sh", "-c", SAY])
    for rules, expected in FILES.items():
        forward(host, rules, receiver)
        came = comes(receiver, "marker", lambda: None)
        found = judge_guest("container_logs_are_collected_centrally", host)
        passes = found["another system"][0] == "pass"
        assert (came, passes) == (expected, expected), (rules, found)


@pytest.mark.product("rsyslog 8.2504")
def test_rsyslog_takes_what_the_driver_sends(product_host: HostFactory, receiver: Host) -> None:
    """The driver syslog sends to a port of this machine: rsyslog has to listen on that one."""
    address = {"syslog-address": "udp://127.0.0.1:514"}
    host = product_host(log_driver="syslog", log_opts=address)
    for port, expected in (("514", True), ("515", False)):
        listening = f'module(load="imudp")\ninput(type="imudp" port="{port}")\n'
        forward(host, f"{listening}*.* @@ADDRESS:514", receiver)
        host.exec("systemctl", "restart", "docker")  # as what was written changed the time of /etc
        host.run(f"web{port}", command=["sh", "-c", SAY])
        came = comes(receiver, "marker", lambda: None)
        found = judge_guest("container_logs_are_collected_centrally", host)
        passes = found["another system"][0] == "pass"
        assert (came, passes) == (expected, expected), found


@pytest.mark.product("systemd-journal-remote 257")
def test_journal_goes_to_another_machine(product_host: HostFactory, receiver: Host) -> None:
    """systemd at both ends: the uploader counts while it runs, and where it is told another machine."""
    host = product_host()

    def verdict() -> tuple[str, str]:
        return judge_guest("host_logs_are_collected_centrally", host)["the daemon's log"]

    receiver.write("/etc/systemd/system/systemd-journal-remote.service.d/http.conf", PLAIN_HTTP)
    receiver.exec("install", "-d", "-o", "systemd-journal-remote", "/var/log/journal/remote")
    receiver.exec("systemctl", "daemon-reload")
    receiver.exec("systemctl", "start", "systemd-journal-remote.socket")
    host.write("/etc/systemd/journal-upload.conf", f"[Upload]\nURL=http://{receiver.address}:19532\n")
    assert verdict()[0] == "manual"
    host.exec("systemctl", "start", "systemd-journal-upload")
    host.exec("systemctl", "reload", "docker")
    asked = ("journalctl", "--directory", "/var/log/journal/remote", "--unit", "docker", "--output", "cat")
    until(lambda: "Reloaded configuration" in _said(receiver, *asked), "the journal does not come", 20)
    assert verdict() == ("pass", f"systemd-journal-upload to {receiver.address}")
    host.write("/etc/systemd/journal-upload.conf", f"[Upload]\nURL=http://{host.address}:19532\n")
    host.exec("systemctl", "restart", "systemd-journal-upload")
    assert verdict()[0] == "manual"


def _said(host: Host, *command: str) -> str:
    try:
        return host.exec(*command)
    except CommandError:  # nothing has come yet
        return ""
