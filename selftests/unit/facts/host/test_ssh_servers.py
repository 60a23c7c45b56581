"""SSH servers among processes."""

import pytest

from hullcheck.facts.host.processes import Process
from hullcheck.facts.host.ssh_servers import servers_named, ssh_servers
from hullcheck.secrets.redact import HIDDEN
from hullcheck.verdicts import EvidenceError


def process(name: str, executable: str = "") -> Process:
    """A process of this name."""
    return Process(7, {"Name": name}, (), None, executable)


def test_servers_by_either_name() -> None:
    """A link to the program, or the loader that ran it, hides neither name; a hidden one may be a server."""
    assert ssh_servers([process("web", "/usr/sbin/sshd"), process("dropbear", "/bin/busybox")]) == (
        "dropbear",
        "sshd",
    )
    assert ssh_servers([process("sleep", "/bin/sleep"), process("ssh-agent")]) == ()
    hidden = process("x", f"/opt/{HIDDEN}/y")
    assert ssh_servers([hidden, process("sshd")]) == ("sshd",)
    with pytest.raises(EvidenceError, match="process 7"):
        ssh_servers([hidden])


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["sh", "-c", "exec /usr/sbin/sshd -D"], {"sshd"}),
        (["sh", "-c", "service ssh start && tail -f /dev/null"], {"sshd"}),
        (["/etc/init.d/ssh", "start"], {"sshd"}),
        (["systemctl", "restart", "ssh"], {"sshd"}),
        (["ssh", "-N", "-L", "80:db:80", "gate"], set()),
        (["service", "ssh-agent", "start"], set()),
    ],
)
def test_servers_that_a_command_starts(command: list[str], expected: set[str]) -> None:
    """By their names, or as services of the distribution; a client is none."""
    assert servers_named(command) == expected
