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
    """A link to the program, or the loader that ran it, hides neither name."""
    assert ssh_servers([process("web", "/usr/sbin/sshd"), process("dropbear", "/bin/busybox")]) == (
        "dropbear",
        "sshd",
    )
    assert ssh_servers([process("sleep", "/bin/sleep"), process("ssh-agent")]) == ()


def test_hidden_program() -> None:
    """It may be a server, unless another is known already."""
    hidden = process("x", f"/opt/{HIDDEN}/y")
    with pytest.raises(EvidenceError, match="process 7"):
        ssh_servers([hidden])
    assert ssh_servers([hidden, process("sshd")]) == ("sshd",)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["sh", "-c", "exec /usr/sbin/sshd -D"], {"sshd"}),
        (["sh", "-c", "service ssh start && tail -f /dev/null"], {"sshd"}),
        (["/usr/sbin/service", "sshd", "start"], {"sshd"}),
        (["/etc/init.d/ssh", "start"], {"sshd"}),
        (["systemctl", "restart", "ssh"], {"sshd"}),
        (["ssh", "-N", "-L", "80:db:80", "gate"], set()),
        (["service", "ssh-agent", "start"], set()),
        (["microservice", "ssh"], set()),
    ],
)
def test_servers_that_a_command_starts(command: list[str], expected: set[str]) -> None:
    """By their names, or as services of the distribution; a client is none."""
    assert servers_named(command) == expected
