"""5.7, 5.23, 5.24 on real engines: what runs in containers."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import Facts
from selftests.kit.judging import facts_of_engine, facts_of_user
from selftests.lab.containers.judgement import both, of_both, reason, verdicts
from selftests.rig.waiting import until

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine

EngineFactory = Callable[..., "Engine"]

pytestmark = pytest.mark.lab


# ---- 5.7, 5.23, 5.24: processes


def test_ssh_servers(engine: EngineFactory, place: Path) -> None:
    """5.7: a server is found by its process, also in an image without ps, and by its program where it was started
    by another name; one of the host is not the container's."""
    one = engine()
    shutil.copy(str(shutil.which("busybox")), place / "sshd")
    (place / "sleep").symlink_to("sshd")
    one.run("by-a-link", "-v", f"{place}:/p", command=("/p/sleep", "999"))
    both(one, "none")
    both(one, "sshd", command=("sshd",))
    both(one, "dropbear", command=("dropbear",))
    one.run("child", command=("sh", "-c", "sshd & sleep 999"))
    one.run("executed")
    one.docker("exec", "--detach", "executed", "sshd")
    one.run("host-pid", "--pid", "host")
    one.run("joined", "--pid", "container:sshd-runs")
    mount = "mkdir -p /c && mount -t cgroup -o pids c /c"
    leave = f"{mount} && for g in /sys/fs/cgroup/*/ /c/; do echo 0 > $g/cgroup.procs; done"
    one.run(
        "privileged",
        "--privileged",
        "--cgroupns",
        "host",
        command=("sh", "-c", f"({leave}; exec sshd) & sleep 999"),
    )
    until(lambda: "sshd" in one.docker("top", "executed", "-eo", "pid,comm"))
    facts = facts_of_engine(one.socket, of="5")
    found = verdicts("5.7", facts)
    assert of_both(found) == {"none": "pass", "sshd": "fail", "dropbear": "fail"}
    others = ("by-a-link", "child", "executed", "host-pid", "joined", "privileged")
    assert {name: found[name] for name in others} == {
        "by-a-link": "fail",
        "child": "fail",
        "executed": "fail",
        "host-pid": "pass",
        "joined": "pass",
        "privileged": "fail",
    }
    assert reason("5.7", facts, "dropbear-created") == "would start dropbear"


def test_processes_that_left(engine: EngineFactory) -> None:
    """5.7, 5.23, 5.24: a process that left the control group is found by who started it, though the auditor may
    read no namespaces, or they are other ones."""
    one = engine()
    image = _with_unshare(one)
    starts = {
        "child": "sshd & exec sleep 998",
        "orphan": "(sshd & exit) & exec sleep 998",
        "nested": "unshare -p -f sshd & exec sleep 998",
    }
    for name, start in starts.items():
        one.run(name, "--privileged", command=("sh", "-c", start), image=image)
        one.run(f"{name}-of-host", "--privileged", "--pid", "host", command=("sh", "-c", start), image=image)
    one.run("executed", "--user", "1000")
    one.docker("exec", "--detach", "--user", "0", "--privileged", "executed", "sshd")
    one.run("quiet", command=("sh", "-c", "sleep 0 & exec sleep 999"))  # with a process that has ended
    names = one.docker("ps", "--format", "{{.Names}}").split()
    before = dict.fromkeys(names, "fail") | {"quiet": "pass"}
    until(lambda: verdicts("5.7", facts_of_engine(one.socket, of="5")) == before)
    moved = [pid for name in names for pid in _servers(one, name)]
    assert len(moved) == 7
    try:
        for pid in moved:
            _move_away(pid)
        for facts in (facts_of_engine(one.socket, of="5"), facts_of_docker_user(one)):
            assert all(not facts.processes.process(pid).container_ids for pid in moved)
            assert verdicts("5.7", facts) == before
            for number in ("5.23", "5.24"):
                assert verdicts(number, facts) == dict.fromkeys(names, "manual") | {"executed": "fail"}
    finally:
        for pid in moved:  # the engine does not find them, and waits for those in the host's namespace
            os.kill(pid, signal.SIGKILL)


def _servers(one: Engine, name: str) -> list[int]:
    """The processes of a container that are called sshd."""
    return [int(pid) for pid in re.findall(r"(\d+) +sshd", one.docker("top", name, "-eo", "pid,comm"))]


def _move_away(pid: int) -> None:
    """Move a process to the top of every control group, as one with all powers can by itself."""
    tops = [Path("/sys/fs/cgroup/cgroup.procs"), *Path("/sys/fs/cgroup").glob("*/cgroup.procs")]
    for top in tops:
        if top.exists() and not (top.parent / "cgroup.type").exists():  # which all below the top have
            top.write_text(str(pid))


def facts_of_docker_user(one: Engine) -> Facts:
    """What a user of the machine learns who may talk to the engine and is not root."""
    os.chown(one.socket, 0, 65534)
    try:
        return facts_of_user(one.socket, 65534, 65534, of="5")
    finally:
        os.chown(one.socket, 0, 0)


def test_exec(guarded_engine: EngineFactory) -> None:
    """5.23, 5.24: what docker exec runs with more than the container has is seen while it runs."""
    one = guarded_engine()
    user = ("--user", "1000")
    one.create("created")
    for name in ("quiet", "plain", "privileged", "root", "both", "joined-to"):
        one.run(name, *user)
    one.run("as-root")
    one.run(
        "own-root",
        *user,
        "--security-opt",
        "seccomp=unconfined",
        command=("unshare", "-Ur", "sleep", "999"),
        image=_with_unshare(one),
    )
    one.run("joined", *user, "--pid", "container:joined-to")
    mounts = shlex.split("-v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro")
    gives_up = "/usr/bin/setpriv --bounding-set=-all --inh-caps=-all /bin/sleep 999"
    one.run("gave-up", *mounts, command=shlex.split(gives_up))
    execs = {
        "gave-up": (),
        "plain": (),
        "privileged": ("--privileged", *user),
        "root": ("-u", "0"),
        "both": ("--privileged", "-u", "0"),
        "as-root": ("--privileged",),
        "joined": ("-u", "root"),
    }
    for name, options in execs.items():
        one.docker("exec", "--detach", *options, name, "sleep", "998")
    facts = facts_of_engine(one.socket, of="5")
    none = "not applicable"
    assert verdicts("5.23", facts) == {
        "created": none,
        "quiet": "manual",
        "plain": "manual",
        "privileged": "fail",
        "root": "manual",
        "both": "fail",
        "as-root": "fail",
        "own-root": "manual",
        "gave-up": "manual",
        "joined": "manual",
        "joined-to": "manual",
    }
    assert verdicts("5.24", facts) == {
        "created": none,
        "quiet": "manual",
        "plain": "manual",
        "privileged": "manual",
        "root": "fail",
        "both": "fail",
        "as-root": "manual",
        "own-root": "manual",
        "gave-up": "manual",
        "joined": "fail",
        "joined-to": "manual",
    }


def test_what_docker_exec_leaves_behind(engine: EngineFactory) -> None:
    """5.23, 5.24: a process goes on in the container when the command has ended that started it."""
    one = engine()
    tight = ("--user", "1000", "--security-opt", "no-new-privileges")
    for name in ("plain", "root", "privileged"):
        one.run(name, *tight)
    one.run("loose", "--user", "1000")
    left = ("sh", "-c", "sleep 998 & sleep 1")
    one.docker("exec", "--user", "1000", "plain", *left)
    one.docker("exec", "--user", "0", "root", *left)
    one.docker("exec", "--user", "0", "loose", *left)
    one.docker("exec", "--privileged", "--user", "1000", "privileged", *left)
    facts = facts_of_engine(one.socket, of="5.23 5.24")
    manual = dict.fromkeys(("plain", "root", "privileged", "loose"), "manual")
    assert verdicts("5.23", facts) == manual | {"privileged": "fail"}
    assert verdicts("5.24", facts) == manual | {"root": "fail"}


def _with_unshare(engine: Engine) -> str:
    """An image in which an own user namespace can be made."""
    build = 'FROM bb:1\nRUN ["/bin/busybox", "ln", "-s", "busybox", "/bin/unshare"]\n'
    engine.docker("build", "--tag", "unshare:1", "-", stdin=build)
    return "unshare:1"


def test_stopped_containers_by_their_files(engine: EngineFactory) -> None:
    """4.1, 5.7: a user's name is looked up in the container; a server counts wherever the command names it."""
    one = engine()
    for user in ("app", "root", "1000", "stranger"):
        one.docker("create", "--name", user, "--user", user, "bb:1", "sleep", "9999")
    one.docker("create", "--name", "shell", "bb:1", "sh", "-c", "exec /usr/sbin/sshd -D")
    one.docker("create", "--name", "service", "bb:1", "/etc/init.d/ssh", "start")
    facts = facts_of_engine(one.socket, of="5")
    found = verdicts("4.1", facts)
    assert found == {
        "1000": "pass",
        "app": "pass",
        "root": "fail",
        "service": "fail",
        "shell": "fail",
        "stranger": "error",
    }
    servers = {name for name, verdict in verdicts("5.7", facts).items() if verdict == "fail"}
    assert servers == {"shell", "service"}
