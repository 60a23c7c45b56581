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
    1: ("0::/init.scope",),
    5: ("0::/system.slice/ssh.service",),
    6: ("0::/system.slice/web.service",),
    9: (f"0::/docker/{ID}",),
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
exe:1 /usr/lib/systemd/systemd
exe:6 /srv/web (deleted)
exe:9 /usr/sbin/nginx
socket:S22 ssh.socket
application:6 /srv/web (deleted)
application:9 /usr/sbin/nginx
"""


def services(text: str) -> HostServices:
    """Those of a host that says this, with three processes of its own and one in a container."""
    found = {pid: Process(pid, {"Name": "x"}, groups, None) for pid, groups in PROCESSES.items()}
    return HostServices(Words(text), Processes(found))


def test_listeners_outside_of_containers() -> None:
    """A socket unit stands for systemd, the kernel's own port has no program, a container's is not the host's."""
    found = [(each.program, each.protocol, each.port) for each in services(LISTENERS).listeners]
    assert found == [(UNSEEN, "udp", 2049), ("ssh.socket", "tcp", 22), ("/srv/web", "tcp", 8080)]
    assert [each.name for each in services(LISTENERS).strangers] == [UNSEEN, "web"]


def test_port_that_a_monitor_holds() -> None:
    """conmon keeps the ports of a container of Podman for it, and is of the engine."""
    text = LISTENERS.replace("/srv/web (deleted)", "/usr/bin/conmon")
    assert [each.name for each in services(text).strangers] == [UNSEEN]


def test_applications_outside_of_containers() -> None:
    """One in a container is none of the host."""
    assert services(LISTENERS).applications == ("/srv/web",)


def test_group_that_is_called_like_one_of_a_container() -> None:
    """What sees the mounts of process 1 is in no container, whatever its control group is called."""
    found = services(f"{LISTENERS}outside:9\n")
    assert found.applications == ("/srv/web", "/usr/sbin/nginx")
    assert [each.name for each in found.strangers] == [UNSEEN, "nginx", "web"]


@pytest.mark.parametrize(
    "line",
    [
        "listener:tcp 00000000:0016",
        "listener:tcp 0:16 1",
        "owner:100",
        "owner:100 x",
        "exe:",
        "application:x",
        "outside:",
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
        getattr(services(text), question)
