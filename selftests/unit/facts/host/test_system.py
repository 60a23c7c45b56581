"""What a host says of itself: its time, its name, its kernel, and signs of an engine."""

import pytest

from hullcheck.facts.host.presence import Presence
from hullcheck.facts.host.system import Clock, kernel, machine_id, os_name
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.hosts import target


def test_clock_is_that_of_the_recording() -> None:
    """Both clocks are known where it was gathered; without a time nothing can be judged by one."""
    found = Clock(Recording("host", "local", {}, gathered=100.0, asked=90.0))
    assert found.now == 100
    assert (found.times.earlier, found.times.later) == (90, 100)
    with pytest.raises(EvidenceError, match="does not tell its time"):
        _ = Clock(Recording("host", "local", {})).now


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (("NAME=a", "PRETTY_NAME='A = 1'"), "A = 1"),
        (("NAME=a", "ID=b"), "a"),
        (("ID=b",), ""),
    ],
)
def test_name_of_the_system(lines: tuple[str, ...], name: str) -> None:
    """As it calls itself; nothing where it does not, or did not answer."""
    files = "\n".join(f"/etc/os-release:{line}" for line in (*lines, "SECRET=x"))
    recording = target(host={"files": files}).recording
    assert os_name(recording) == name
    assert "SECRET" not in recording.answers["host"].stdout
    assert os_name(Recording("local", "local", {"host": Answer("host", 1, "", "")})) == ""


def test_number_of_the_machine() -> None:
    """And nothing else that such a file holds."""
    files = f"/etc/machine-id:PASSWORD=geheim\n/var/lib/dbus/machine-id:{'0' * 32}"
    recording = target(host={"files": files}).recording
    assert machine_id(recording) == "0" * 32
    assert "geheim" not in recording.answers["host"].stdout


def test_values_of_the_kernel() -> None:
    """A file that is absent says that the module is off; one that could not be read is an error that names it."""
    files = "/sys/module/apparmor/parameters/enabled:Y\nabsent:/sys/fs/selinux/enforce"
    found = kernel(target(host={"files": files}).recording)
    assert (found.apparmor, found.selinux) == (True, "")
    with pytest.raises(EvidenceError, match=r"^/proc/sys/kernel/pid_max could not be read$"):
        assert found.most_processes


def test_signs_of_an_engine() -> None:
    """Commands by their names, sockets by their paths, and processes of this machine by their numbers."""
    text = "command docker /usr/bin/docker\nsocket /run/docker.sock\nprocess 7"
    for more, pids in (("", (7,)), ("\nforeign", ())):
        found = Presence.of(target(host={"presence": text + more}).recording)
        assert (found.commands, found.sockets) == (("docker",), ("/run/docker.sock",))
        assert (found.client, found.daemon_pids) == ("/usr/bin/docker", pids)
