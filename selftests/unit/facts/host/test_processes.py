"""The processes of a host."""

from __future__ import annotations

import pytest

from hullcheck.facts.host.processes import Process, Processes, processes, servers_named, ssh_servers
from hullcheck.secrets.redact import HIDDEN
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.hosts import target

SHOWN = """\
1/status:Name:\ta
1/cgroup:cpu,cpuacct memory :/docker/x
1/exe:/usr/bin/a b (deleted)
1/ns:pid:[12]
2/status:Name:\trunc:[2:INIT]"""


def found_in(text: str) -> Processes:
    """The processes that are shown so."""
    return processes(target(processes={"processes": text}).recording)


def test_what_is_shown() -> None:
    """Controllers with one path share a line; a program whose link may not be read has no path."""
    groups = ("0:cpu,cpuacct:/docker/x", "0:memory:/docker/x", "0::/docker/x")
    found = found_in(SHOWN)
    assert found.by_pid == {
        1: Process(1, {"Name": "a"}, groups, "pid:[12]", "/usr/bin/a b"),
        2: Process(2, {"Name": "runc:[2:INIT]"}, (), None),
    }
    assert [each.is_runtime for each in found.by_pid.values()] == [False, True]
    with pytest.raises(EvidenceError, match=r"^process 3 is not in /proc here: it ended"):
        found.process(3)


@pytest.mark.parametrize("text", ["????", ""])
@pytest.mark.parametrize("name", ["CapEff", "CapBnd", "CapPrm", "PPid", "Uid", "Seccomp"])
def test_garbled_field_of_a_process(name: str, text: str) -> None:
    """What is no number is not taken for one, and what is not shown is named."""
    status = dict.fromkeys(("CapEff", "CapBnd", "CapPrm", "PPid", "Uid", "Seccomp"), "0") | {name: text}
    process = Process(100, status, (), None)
    with pytest.raises(EvidenceError) as raised:
        _ = (process.capabilities, process.parent, process.uids, process.seccomp_mode)
    assert str(raised.value) == f"/proc/100/status has {text!r} as {name}"
    with pytest.raises(EvidenceError, match=r"^/proc/100/status does not show NoNewPrivs$"):
        _ = process.no_new_privileges


def test_capabilities_are_those_of_all_sets() -> None:
    """What a process has, and what it can still get."""
    status = {"CapEff": "1", "CapPrm": "2", "CapBnd": "10"}
    assert Process(1, status, (), None).capabilities == 0x13


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("/machine.slice/libpod-{id}.scope/container", True),
        ("/machine.slice/libpod-conmon-{id}.scope", False),
        ("/system.slice/{id}-6c1f2.service", False),
        ("/system.slice/container-{id}.service/libpod-payload-{id}", True),
        ("/system.slice/docker-{id}.scope/system.slice/web.service", True),
        ("/docker/{id}", True),
    ],
)
def test_monitor_and_health_check_beside_a_container(group: str, expected: bool) -> None:
    """What Podman and CRI-O run on the host for a container is no process of it, though its group names it."""
    identifier = "c" * 64
    process = Process(7, {}, (f"0::{group.format(id=identifier)}",), None)
    assert process.container_ids == ({identifier} if expected else set())


# ---- SSH servers


def process(name: str, executable: str = "") -> Process:
    """A process of this name."""
    return Process(7, {"Name": name}, (), None, executable)


def test_servers_by_either_name() -> None:
    """A link to the program, or the loader that ran it, hides neither name; a hidden one may be a server."""
    by_link = [process("web", "/usr/sbin/sshd"), process("dropbear", "/bin/busybox")]
    assert ssh_servers(by_link) == ("dropbear", "sshd")
    assert ssh_servers([process("sleep", "/bin/sleep"), process("ssh-agent")]) == ()
    others = map(process, ("fail2ban-server", "sshd_exporter", "web-sshd-exporter", "gitlab-sshd", "sshd.pam"))
    assert ssh_servers(others) == ("gitlab-sshd", "sshd.pam")
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
        (["sh", "-c", "service dropbear start && sleep 9"], {"dropbear"}),
        (["sh", "-c", "exec $(which sshd) -D"], {"sshd"}),
        (["sh", "-c", "`command -v sshd` -D"], {"sshd"}),
        (["sh", "-c", "which sshd || sleep 9"], set()),
        (["catatonit", "--", "sshd", "-D"], {"sshd"}),
        (["/docker-entrypoint", "env", "A=b", "sshd", "-D"], {"sshd"}),
        (["tini", "--", "gosu", "root", "'/usr/sbin/dropbear'", "-F"], {"dropbear"}),
        (["sh", "-c", "pgrep sshd || tail -f /var/log/sshd"], set()),
        (["fail2ban-client", "start", "sshd"], set()),
        (["/usr/local/bin/start", "/usr/sbin/sshd"], {"sshd"}),
        (["ssh", "-N", "-L", "80:db:80", "gate"], set()),
        (["service", "ssh-agent", "start"], set()),
    ],
)
def test_servers_that_a_command_starts(command: list[str], expected: set[str]) -> None:
    """By their names, or as services of the distribution; a client is none."""
    assert servers_named(command) == expected
