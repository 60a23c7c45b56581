"""1.1.2 on real accounts: what a verdict says is who may write to the sockets."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.policy import Policy
from selftests.kit.judging import facts_inside, judge_engine, judged
from selftests.lab.host.kernel import only

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.hosts.host import Host
    from selftests.rig.laboratory import Laboratory

EngineFactory = Callable[..., "Engine"]
HostFactory = Callable[..., "Host"]

pytestmark = pytest.mark.lab


def test_other_ways_into_the_group(lab_host: HostFactory) -> None:
    """A password of the group, and the right to administer it, let people in; the password's hash is not stored."""
    host = lab_host()
    hashed = host.exec("openssl", "passwd", "-6", "-salt", "abcdefgh", "password").strip()
    for line, expected in (
        ("docker:!::", "pass"),
        ("docker:*::", "pass"),
        ("docker:::", "pass"),
        ("docker:!::somebody", "pass"),
        (f"docker:!{hashed}::", "pass"),
        (f"docker:{hashed}::", "fail"),
        ("docker:!:somebody:", "fail"),
    ):
        host.exec("sed", "-i", f"s|^docker:.*|{line}|", "/etc/gshadow")
        facts = facts_inside(host, of="1")
        assert only(judged("1.1.2", facts))[0] == expected, line
        assert "abcdefgh" not in facts.recording.answers["accounts"].stdout
    host.exec("rm", "/etc/gshadow")
    for word, expected in ("x", "pass"), ("", "pass"), (hashed, "fail"):
        host.exec("sed", "-i", f"s|^docker:[^:]*:|docker:{word}:|", "/etc/group")
        facts = facts_inside(host, of="1")
        assert only(judged("1.1.2", facts))[0] == expected, word
        assert "abcdefgh" not in facts.recording.answers["accounts"].stdout


@pytest.fixture
def people(lab: Laboratory) -> Iterator[str]:
    """A group, and the beginning of its users' names: one is a member, one has it as first group."""
    name = f"hc{os.getpid()}"
    users = {f"{name}m": ["--groups", name], f"{name}p": ["--gid", name], f"{name}o": []}
    for kind, entry in (("group", name), *(("user", user) for user in users)):
        lab.note(kind, entry)
    subprocess.run(["groupadd", name], check=True)
    try:
        for user, options in users.items():
            subprocess.run(["useradd", "--no-create-home", *options, user], check=True, capture_output=True)
        yield name
    finally:
        for user in users:
            subprocess.run(["userdel", user], check=False, capture_output=True)
        subprocess.run(["groupdel", name], check=False, capture_output=True)


def controllers(one: Engine, *trusted: str) -> tuple[str, str]:
    """What 1.1.2 says of an engine where the policy trusts these."""
    return only(judge_engine("1.1.2", one.socket, Policy(trusted_users=trusted)))


def test_users_of_the_socket(engine: EngineFactory, people: str) -> None:
    """Members and users whose first group it is count, by number; each has to be trusted."""
    one = engine(fresh=True)
    shutil.chown(one.socket, group=people)
    member, primary, other = f"{people}m", f"{people}p", f"{people}o"
    found, reason = controllers(one)
    assert (found, member in reason, primary in reason, other in reason) == ("fail", True, True, False)
    found, reason = controllers(one, member, "root")
    assert (found, f"not trusted by the policy: {primary} (group {people} " in reason) == ("fail", True)
    assert controllers(one, member, primary)[0] == "pass"
    one.socket.chmod(0o600)
    assert controllers(one)[0] == "pass"
    one.socket.chmod(0o666)
    assert controllers(one, member, primary) == ("fail", "everyone on the host may write to it")


@pytest.mark.needs("setfacl")
def test_users_of_an_access_control_list(engine: EngineFactory, people: str) -> None:
    """Those whom the list of a socket lets write count; those whom it lets read only do not."""
    one = engine(fresh=True)
    shutil.chown(one.socket, group="root")
    assert controllers(one)[0] == "pass"
    for entry, who in (("u:{}o:rw", "o"), ("g:{}:rw", "m"), ("u:{}o:r", "")):
        subprocess.run(["setfacl", "-b", one.socket], check=True)
        subprocess.run(["setfacl", "-m", entry.format(people), one.socket], check=True)
        found, reason = controllers(one)
        assert (found, bool(who) and f"{people}{who} (access control list" in reason) == (
            ("fail", True) if who else ("pass", False)
        )


def test_every_socket_counts(engine: EngineFactory, people: str, tmp_path: Path) -> None:
    """A second socket with another group has its own finding, by its own path."""
    second = tmp_path / "second.sock"
    one = engine(fresh=True, hosts=[f"unix://{second}"])
    shutil.chown(second, group=people)
    found = judge_engine("1.1.2", one.socket)
    assert {path: each[0] for path, each in found.items()} == {str(one.socket): "pass", str(second): "fail"}


def test_group_that_a_unit_gives(lab_host: HostFactory) -> None:
    """The user of a service with the group can use the socket, whatever the lists of groups say."""
    host = lab_host(own_usr=True)
    host.add_user("runner")

    def found() -> tuple[str, str]:
        return only(judged("1.1.2", facts_inside(host, of="1.1.2")))

    assert found()[0] == "pass"
    unit = (
        "[Service]\nExecStart=/usr/bin/sleep 999\n User = runner\nSupplementaryGroups = audio \\\n docker\n"
    )
    host.exec("mkdir", "-p", "/usr/local/lib/systemd/system")
    host.write("/usr/local/lib/systemd/system/ci.service", unit)
    verdict, reason = found()
    assert (verdict, "runner (ci.service gives it the group docker" in reason) == ("fail", True)
    host.exec("systemctl", "daemon-reload")
    host.exec("systemctl", "start", "ci.service")
    host.exec("rm", "/usr/local/lib/systemd/system/ci.service")
    verdict, reason = found()
    assert (verdict, "runner (its process sleep has the group docker" in reason) == ("fail", True)
    host.exec("systemctl", "stop", "ci.service")
    assert found()[0] == "pass"
    _past_the_group(host, found)


def _past_the_group(host: Host, found: Callable[[], tuple[str, str]]) -> None:
    """Each of these lets the user in, who is in no group, until it is taken back."""
    number = host.exec("getent", "group", "docker").split(":")[2]
    sudoers = "/etc/sudoers.d/runner"
    for change, back, who in (
        ("chgrp docker /usr/bin/docker; chmod 2755 /usr/bin/docker", "chmod 755 /usr/bin/docker", "everyone"),
        ("chgrp root /usr/bin/docker; chmod 4755 /usr/bin/docker", "chmod 755 /usr/bin/docker", "everyone"),
        ("setcap cap_dac_override+ep /usr/bin/docker", "setcap -r /usr/bin/docker", "everyone"),
        (f"printf 'runner ALL=(root) NOPASSWD: /usr/bin/docker' >{sudoers}", f"rm {sudoers}", "runner"),
        (
            f"echo 'Cmnd_Alias D = /usr/bin/docker run *\nx, runner ALL=NOPASSWD: D' >{sudoers}",
            f"echo 'runner ALL=NOPASSWD: /usr/bin/docker logs *' >{sudoers}",
            "runner",
        ),
        (f"echo 'runner ALL=(:docker) NOPASSWD: ALL' >{sudoers}", f"rm {sudoers}", "runner"),
        (f"echo 'runner ALL=(:#{number}) NOPASSWD: ALL' >{sudoers}", f"rm {sudoers}", "runner"),
        (
            f"echo 'runner ALL=NOPASSWD: /usr/bin/docker' >/etc/ops; echo '@include ../ops # of' >{sudoers}~x",
            f"rm {sudoers}~x",
            "runner",
        ),
    ):
        host.exec("sh", "-c", change)
        sudo = ("sudo -n -g docker " if "(:" in change else "sudo -n ") if who == "runner" else ""
        does = "run --rm bb:1 true" if "run" in change and "Alias" in change else "ps"
        host.exec("su", "-", "runner", "-c", f"{sudo}docker {does}")
        verdict, reason = found()
        assert (verdict, f"{who} (" in reason) == ("fail", True), reason
        host.exec("sh", "-c", back)
        assert found()[0] == "pass"
    host.exec("sh", "-c", f"echo runner:{number}:9 >/etc/subgid")
    assert "runner (/etc/subgid" in found()[1]
    host.exec("sh", "-c", "echo '*;*;runner;Al0000-2400;docker' >/etc/security/group.conf; rm /etc/subgid")
    assert "runner (a login gives it the group" in found()[1]
