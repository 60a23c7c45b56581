"""Units, listeners and applications of a host."""

import pytest

from hullcheck.facts.host.presence import Presence
from hullcheck.facts.host.processes import Process, Processes
from hullcheck.facts.host.services import UNSEEN, HostServices, host_services
from hullcheck.parsing.answer_lines import Words
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError

ID = "a" * 64
PROCESSES = {
    1: ("0::/init.scope", "/usr/lib/systemd/systemd"),
    5: ("0::/system.slice/ssh.service", "/usr/sbin/sshd"),
    6: ("0::/system.slice/web.service", "/srv/nginx1.2"),
    9: (f"0::/docker/{ID}", "/usr/sbin/nginx"),
}
LISTENERS = """\
auditor:0
net:seen
listener:tcp 00000000:0016 100
listener:tcp6 00000000:1F90 200
listener:tcp 00000000:01BB 300
listener:udp 00000000:0801 400
owner:100 1
owner:200 6
owner:300 9
socket:S22 ssh.socket
"""


def services(text: str, **programs: str) -> HostServices:
    """Those of a host that says this, with three processes of its own and one in a container."""
    found = {
        pid: Process(pid, {"Name": "x"}, (group,), None, programs.get(f"of_{pid}", path))
        for pid, (group, path) in PROCESSES.items()
    }
    return HostServices(Words(text), Processes(found))


def test_listeners_outside_of_containers() -> None:
    """A socket unit stands for systemd, the kernel's own port has no program, a container's is not the host's."""
    found = [(each.program, each.protocol, each.port) for each in services(LISTENERS).listeners]
    assert found == [(UNSEEN, "udp", 2049), ("/srv/nginx1.2", "tcp", 8080), ("ssh.socket", "tcp", 22)]
    assert [each.name for each in services(LISTENERS).strangers] == [UNSEEN, "nginx1.2"]


def test_port_that_a_monitor_holds() -> None:
    """conmon keeps the ports of a container of Podman for it, and is of the engine."""
    assert [each.name for each in services(LISTENERS, of_6="/usr/bin/conmon").strangers] == [UNSEEN]


def test_applications_outside_of_containers() -> None:
    """One in a container is none of the host."""
    assert services(LISTENERS).applications == ("/srv/nginx1.2",)


@pytest.mark.parametrize(
    "line",
    [
        "listener:tcp 00000000:0016",
        "listener:tcp 0:16 1",
        "owner:100",
        "owner:100 x",
    ],
)
def test_line_that_was_cut(line: str) -> None:
    """It is an error that names the answer."""
    answer = Answer("host_services", 0, f"{LISTENERS}{line}", "")
    told = Recording("h", "local", {answer.name: answer})
    with pytest.raises(EvidenceError, match="has a line of another kind"):
        host_services(told, Presence((), (), ()), services("").processes)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("auditor:0", "listeners"),
        ("net:seen\nlistener:tcp 00000000:0016 100", "listeners"),
        ("auditor:1000", "applications"),
        ("enabled:x.service", "units"),
    ],
)
def test_what_could_not_be_seen(text: str, question: str) -> None:
    """It is an error, and not nothing."""
    with pytest.raises(EvidenceError):
        getattr(services(text, of_6=""), question)
