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
from selftests.kit.judging import judge_engine
from selftests.lab.host.kernel import only

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.hosts.host import Host
    from selftests.rig.laboratory import Laboratory

EngineFactory = Callable[..., "Engine"]
HostFactory = Callable[..., "Host"]

pytestmark = pytest.mark.lab


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
