"""5.6, 5.20, 5.32 on real engines: what containers have of the host's files."""

from __future__ import annotations

import os
import shlex
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.containers.probe import DOCKER_CONTAINERS
from hullcheck.policy import Policy
from selftests.kit.judging import facts_inside, facts_of_engine, judged
from selftests.lab.containers.judgement import both, of_both, reason, verdicts
from selftests.rig import removal
from selftests.rig.shell import CommandError, call
from selftests.rig.waiting import until

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.hosts.host import Host

EngineFactory = Callable[..., "Engine"]

pytestmark = pytest.mark.lab


def test_sensitive_mounts(guarded_engine: EngineFactory, place: Path) -> None:
    """5.6: a part of the host's system is found behind links, volume options, bind mounts and read-only
    mounts."""
    one = guarded_engine()
    (place / "link").symlink_to("/etc")
    (place / "file").symlink_to("/etc/passwd")
    for name in ("plain", "bound", "deep/etc", "lower", "upper", "work", "whole/part"):
        (place / name).mkdir(parents=True)
    one.nsenter("mount", "--bind", "/etc", str(place / "bound"))
    one.nsenter("mount", "--bind", "/etc", str(place / "deep/etc"))
    one.nsenter("mount", "--bind", str(place / "whole/part"), "/root")
    bind = ("--opt", "type=none", "--opt", "o=bind", "--opt")
    one.docker("volume", "create", *bind, "device=/etc", "etc")
    one.docker("volume", "create", *bind, f"device={place}/link", "linked")
    one.docker("volume", "create", *bind, f"device={place}/plain", "bind")
    layers = f"o=lowerdir=/etc:{place}/lower,upperdir={place}/upper,workdir={place}/work"
    one.docker(
        "volume", "create", "--opt", "type=overlay", "--opt", "device=overlay", "--opt", layers, "layers"
    )
    bad = {
        "root": "/:/host:ro",
        "var": "/var:/x",
        "etc": "/etc:/x:ro",
        "shadow": "/etc/shadow:/x",
        "kmsg": "/dev/kmsg:/dev/kmsg",
        "home": "/root:/x",
        "link": f"{place}/link:/x",
        "link-below": f"{place}/link/ssl:/x",
        "file": f"{place}/file:/x",
        "bound": f"{place}/bound:/x",
        "deep": f"{place}/deep:/x",
        "whole": f"{place}/whole:/x",
        "proc": "/proc:/p",
        "sys": "/sys/fs/cgroup:/c",
        "data": f"{one.data_root}:/x",
        "volumes": f"{one.data_root}/volumes:/x",
        "v-etc": "etc:/x",
        "v-linked": "linked:/x",
        "v-layers": "layers:/x",
        "below": f"{place}/plain:/x -v etc:/x/y",
    }
    good = {
        "none": "",
        "plain": f"{place}/plain:/x",
        "volume": "own:/x",
        "v-bind": "bind:/x",
        "anonymous": "/x",
    }
    for name, option in {**bad, **good}.items():
        both(one, name, *(shlex.split(f"-v {option}") if option else ()))
    both(one, "init", "--init")
    both(one, "tmpfs", "--tmpfs", "/etc/x", "--mount", "type=tmpfs,dst=/y")
    one.run("joined", "--network", "container:none-runs")
    link = 'FROM bb:1\nRUN ["/bin/busybox", "ln", "-s", "/tmp", "/link"]\n'
    one.docker("build", "--tag", "link:1", "-", stdin=link)
    one.run("behind-a-link", "-v", "own:/link/x", image="link:1")
    facts = facts_of_engine(one.socket, of="5")
    found = verdicts("5.6", facts)
    assert found["joined"] == found["behind-a-link"] == "pass"
    assert of_both(found) == dict.fromkeys(bad, "fail") | dict.fromkeys((*good, "init", "tmpfs"), "pass")
    assert reason("5.6", facts, "shadow-runs") == "mounts /etc/shadow of the host at /x"
    allowed = Facts(facts.recording, Policy(allowed_mounts=("/etc",)))
    assert verdicts("5.6", allowed)["link-below-created"] == "pass"
    assert verdicts("5.6", allowed)["data-created"] == "fail"


def test_file_systems_of_the_kernel(guarded_engine: EngineFactory) -> None:
    """5.6: a volume may be the kernel's view of the host, and somebody may mount that in a container that runs."""
    one = guarded_engine()
    kinds = ["proc", "sysfs", "debugfs", "tracefs", "securityfs", "devtmpfs"]
    for kind in kinds:
        one.docker("volume", "create", "--opt", f"type={kind}", "--opt", f"device={kind}", kind)
        both(one, kind, "--volume", f"{kind}:/x")
    both(one, "hidden", "--volume", "debugfs:/sys/kernel/debug")
    one.docker("volume", "create", "--opt", "type=tmpfs", "--opt", "device=tmpfs", "memory")
    both(one, "memory", "--volume", "memory:/x")
    both(one, "plain")
    for name, what in {"later": ("debugfs", "/sys/kernel/debug"), "doubt": ("proc", "/tmp")}.items():
        one.run(name)
        pid = one.inspect(name)[0]["State"]["Pid"]
        call(
            "nsenter",
            "--target",
            str(pid),
            "--mount",
            "/bin/busybox",
            "mount",
            "-t",
            what[0],
            "none",
            what[1],
        )
    facts = facts_of_engine(one.socket, of="5.6")
    found = verdicts("5.6", facts)
    assert (found.pop("later"), found.pop("doubt")) == ("fail", "manual")
    assert of_both(found) == dict.fromkeys((*kinds, "hidden"), "fail") | dict.fromkeys(
        ("memory", "plain"), "pass"
    )
    assert (
        reason("5.6", facts, "proc-runs")
        == reason("5.6", facts, "proc-created")
        == "mounts /proc of the host at /x"
    )
    assert reason("5.6", facts, "later") == "mounts /sys/kernel/debug of the host at /sys/kernel/debug"


MOVE = """
import ctypes, os, sys
libc, pid, path, point = ctypes.CDLL(None, use_errno=True), *(each.encode() for each in sys.argv[1:])
fd = libc.syscall(428, -100, path, 1 | os.O_CLOEXEC)  # open_tree(2), OPEN_TREE_CLONE
assert fd >= 0 and libc.setns(os.open(b"/proc/%s/ns/mnt" % pid, 0), 0) == 0, ctypes.get_errno()
assert libc.syscall(429, fd, b"", -100, point, 4) == 0, ctypes.get_errno()  # move_mount(2), MOVE_MOUNT_F_EMPTY_PATH
"""
"""Mounts a folder of the host in a container."""


def test_memory_and_queues_of_the_host(engine: EngineFactory, place: Path) -> None:
    """5.6, 5.17: they may come as a volume, or later to where a container has its own."""
    one = engine()
    one.docker("volume", "create", "--opt", "type=mqueue", "--opt", "device=mqueue", "queues")
    both(one, "volume", "--volume", "queues:/x")
    both(one, "plain", "--ipc", "private")
    both(one, "shareable", "--ipc", "shareable", "--read-only")
    # systemd has it at /dev/mqueue, and not every machine has systemd
    call("mount", "-t", "mqueue", "none", str(place))
    for name, path in {"shm": "/dev/shm", "mqueue": str(place)}.items():
        one.run(f"{name}-runs")
        one.create(f"{name}-created")
        pid = one.inspect(f"{name}-runs")[0]["State"]["Pid"]
        call(sys.executable, "-c", MOVE, str(pid), path, f"/dev/{name}")
    facts = facts_of_engine(one.socket, of="5.6 5.17 container_writes_to_tmpfs_or_named_volumes")
    for number in ("5.6", "5.17"):
        assert of_both(verdicts(number, facts)) == {
            "volume": "fail",
            "plain": "pass",
            "shareable": "pass",
            "shm": ("fail", "pass"),
            "mqueue": ("fail", "pass"),
        }
    assert reason("5.17", facts, "shm-runs") == "shares /dev/shm of the host"
    written = judged("container_writes_to_tmpfs_or_named_volumes", facts)
    assert written["shareable-runs"] == ("pass", "can write nowhere")


def test_source_that_is_gone(guarded_engine: EngineFactory, place: Path) -> None:
    """5.6, 5.32: a source that is not there yet, or any more, counts by where it will be made at the next start."""
    one = guarded_engine()
    (place / "link").symlink_to("/etc")
    (place / "file").touch()
    (place / "removed").mkdir()
    (place / "loop").symlink_to("loop")
    sources = {"new": "new", "deep": "new/er", "below": "link/not-there", "file": "file/x", "loop": "loop/x"}
    for name, source in sources.items():
        one.create(name, "--volume", f"{place}/{source}:/x")
    both(one, "removed", "--volume", f"{place}/removed:/x")
    (place / "removed").rmdir()
    facts = facts_of_engine(one.socket, of="5")
    good = dict.fromkeys(("new", "deep", "removed-created", "removed-runs"), "pass")
    unclear = dict.fromkeys(("file", "loop"), "error")  # the engine cannot make these
    assert verdicts("5.6", facts) == good | unclear | {"below": "fail"}
    assert verdicts("5.32", facts) == good | unclear | {"below": "pass"}


@pytest.mark.needs_engine(">=26", "mounts of a part of a volume")
def test_part_of_a_volume(guarded_engine: EngineFactory, place: Path) -> None:
    """5.6, 5.32: of a volume that is a folder of the host the part counts that is mounted, wherever links lead."""
    one = guarded_engine()
    (place / "app").mkdir()
    for name, target in {"up": "../" * (len(place.parts) - 1) + "etc", "in": "app"}.items():
        (place / name).symlink_to(target)
    here = str(place).strip("/")
    one.docker("volume", "create", *("--opt", "type=none", "--opt", "o=bind", "--opt", "device=/"), "whole")
    one.docker("volume", "create", "own")
    bad = {"etc": "etc", "up": f"{here}/up", "run": "run"}
    good = {"app": f"{here}/app", "in": f"{here}/in"}
    for name, part in {**bad, **good}.items():
        both(one, name, "--mount", f"type=volume,source=whole,target=/x/,volume-subpath={part}")
    both(one, "all", "--mount", "type=volume,source=whole,target=/x")
    facts = facts_of_engine(one.socket, of="5")
    assert of_both(verdicts("5.6", facts)) == dict.fromkeys([*bad, "all"], "fail") | dict.fromkeys(
        good, "pass"
    )
    assert (
        reason("5.6", facts, "up-runs")
        == reason("5.6", facts, "up-created")
        == "mounts /etc of the host at /x"
    )
    assert reason("5.6", facts, "all-runs") == "mounts / of the host at /x"
    assert verdicts("5.32", facts)["app-runs"] == verdicts("5.32", facts)["app-created"] == "pass"


def test_named_pipe_of_the_host(engine: EngineFactory, place: Path) -> None:
    """5.6: a pipe that a container is given, by itself, in its folder or by a volume, and one that it made itself."""
    one = engine()
    for each in (place / "with", place / "without", place / "with/deeper"):
        each.mkdir()
    os.mkfifo(place / "with/run")
    (place / "link").symlink_to(place / "with")
    bind = ("--opt", "type=none", "--opt", "o=bind", "--opt", f"device={place}/with")
    one.docker("volume", "create", *bind, "named")
    sources = {
        "pipe": "with/run",
        "folder": "with",
        "link": "link",
        "empty": "without",
        "deeper": "with/deeper",
    }
    for name, source in sources.items():
        both(one, name, "--volume", f"{place}/{source}:/x")
    both(one, "named", "--volume", "named:/x")
    both(one, "own", "--volume", "own:/x", command=("sh", "-c", "mkfifo /x/run; sleep 999"))
    facts = facts_of_engine(one.socket, of="5.6")
    listed = [
        line for line in facts.recording.text(DOCKER_CONTAINERS).splitlines() if line.startswith("pipe")
    ]
    assert {line.rpartition("/")[0] for line in listed} == {f"pipe {place}/with", f"pipe {place}/link"}
    assert of_both(verdicts("5.6", facts)) == {
        **dict.fromkeys(("pipe", "folder", "link", "named"), "manual"),
        **dict.fromkeys(("empty", "deeper", "own"), "pass"),
    }


def test_disk_by_another_name(engine: EngineFactory, place: Path) -> None:
    """5.6: a volume that is the disk of the host's root, by whatever name, and one that is a disk of its own."""
    one = engine()
    device = place.stat().st_dev
    if not Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").exists():
        pytest.skip("the root of this machine is on no disk that it can see")
    dev = Path("/dev") / place.name
    one.lab.note("tree", str(dev))
    dev.mkdir()
    try:
        for name, number in {"root": device, "own": os.makedev(240, 1_000)}.items():
            os.mknod(dev / name, 0o600 | stat.S_IFBLK, number)
            one.docker("volume", "create", "--opt", "type=ext4", "--opt", f"device={dev}/{name}", name)
            one.create(name, "--volume", f"{name}:/x")
        found = verdicts("5.6", facts_of_engine(one.socket, of="5"))
    finally:
        removal.delete(dev)
    assert found == {"root": "fail", "own": "pass"}


def test_shared_mounts(engine: EngineFactory, place: Path) -> None:
    """5.20: shared propagation fails, also recursive; private and slave pass, and so does sharing inside the
    container."""
    shared = place / "shared"
    shared.mkdir()
    call("mount", "-t", "tmpfs", "tmpfs", str(shared))
    call("mount", "--make-shared", str(shared))
    one = engine(fresh=True)
    both(one, "none")
    for way in ("private", "rprivate", "slave", "rslave", "shared", "rshared"):
        both(one, way, "--mount", f"type=bind,src={shared},dst=/x,bind-propagation={way}")
    both(one, "short", "-v", f"{shared}:/x:shared")
    both(
        one, "own", "-v", "own:/x", "--privileged", command=("sh", "-c", "mount --make-rshared /; sleep 999")
    )
    facts = facts_of_engine(one.socket, of="5")
    assert of_both(verdicts("5.20", facts)) == {
        "none": "not applicable",
        "private": "pass",
        "rprivate": "pass",
        "slave": "pass",
        "rslave": "pass",
        "shared": "fail",
        "rshared": "fail",
        "short": "fail",
        "own": "pass",
    }


def test_engine_sockets(guarded_engine: EngineFactory, place: Path) -> None:
    """5.32: every socket of the engine is found, by its folder, another name, a hard link or a bind mount."""
    second = place / "x.sock"
    one = guarded_engine(hosts=[f"unix://{second}"])
    (place / "link").symlink_to(one.socket)
    (place / "mounted").mkdir()
    (place / "mounted/s").touch()
    (place / "plain").mkdir()
    other = socket.socket(socket.AF_UNIX)
    other.bind(str(place / "plain/docker.sock"))
    one.nsenter("mount", "--bind", str(one.socket), str(place / "mounted/s"))
    exec_root = one.socket.parent / "exec"
    bad = {
        "socket": f"{one.socket}:/s",
        "read-only": f"{one.socket}:/s:ro",
        "folder": f"{one.directory}:/d:ro",
        "root": "/:/host:ro",
        "second": f"{second}:/s",
        "second-folder": f"{place}:/d",
        "link": f"{place}/link:/s",
        "mounted": f"{place}/mounted:/d",
        "mounted-file": f"{place}/mounted/s:/d",
        "containerd": f"{exec_root}/containerd/containerd.sock:/c",
        "containerd-folder": f"{exec_root}:/c",
        "run": "/run:/hr",  # the shims of containers listen in /run/containerd, wherever their containerd does
    }
    good = {
        "none": "",
        "plain": f"{place}/plain:/x",
        "same-name": f"{place}/plain/docker.sock:/s",
    }
    for name, option in {**bad, **good}.items():
        both(one, name, *(shlex.split(f"-v {option}") if option else ()))
    facts = facts_of_engine(one.socket, of="5")
    wanted = dict.fromkeys(bad, "fail") | dict.fromkeys(good, "pass")
    found = of_both(verdicts("5.32", facts))
    assert {name: found[name] for name in wanted} == wanted, judged("5.32", facts)
    assert reason("5.32", facts, "second-runs") == f"can reach {second}"


def test_hard_link_of_a_socket(engine: EngineFactory, place: Path) -> None:
    """5.32: a second name of the socket is the socket; in a folder it cannot be told: an error."""
    one = engine(fresh=True)
    (place / "d").mkdir()
    os.link(one.socket, place / "d/innocent")
    both(one, "folder", "-v", f"{place}/d:/x")
    both(one, "none")
    assert of_both(verdicts("5.32", facts_of_engine(one.socket, of="5"))) == {
        "folder": "error",
        "none": "pass",
    }
    both(one, "file", "-v", f"{place}/d/innocent:/x")
    found = of_both(verdicts("5.32", facts_of_engine(one.socket, of="5")))
    assert found == {"file": "fail", "folder": "fail", "none": "pass"}


def test_folder_in_the_place_of_a_socket(engine: EngineFactory, place: Path) -> None:
    """5.32: what an engine makes for a socket that is not there is none, though a folder has several links."""
    one = engine()
    (place / "data").mkdir()
    one.run("web", "--volume", f"{place}/data:/x")
    code = "import os, socket, sys, time; open('/proc/self/comm', 'w').write('podman'); s = socket.socket(1)"
    code += (
        "; s.bind(sys.argv[1]); s.listen(); os.unlink(sys.argv[1]); os.mkdir(sys.argv[1]); time.sleep(300)"
    )
    with subprocess.Popen([sys.executable, "-c", code, f"{place}/s"]) as listener:
        try:
            until((place / "s").is_dir)
            found = judged("5.32", facts_of_engine(one.socket, of="5.32"))
        finally:
            listener.kill()
    assert found["web"] == ("pass", "")


def test_mounts_that_hide_a_socket_in_the_usual_place(lab_host: Callable[..., Host]) -> None:
    """5.32, 5.6: on a whole host, -v /var/run:/hr shows the socket, and so do /run and /."""
    host = lab_host()
    for name, option in {
        "var": "/var/run:/hr",
        "run": "/run:/r",
        "root": "/:/h:ro",
        "srv": "/srv:/s",
    }.items():
        host.run(name, "-v", option)
    facts = facts_inside(host, of="5")
    assert verdicts("5.32", facts) == {"var": "fail", "run": "fail", "root": "fail", "srv": "pass"}
    assert verdicts("5.6", facts) == {"var": "fail", "run": "fail", "root": "fail", "srv": "pass"}


def test_settings_of_the_kernel(engine: EngineFactory) -> None:
    """5.6: nothing keeps a container without the engine's read-only paths from the settings of the host."""
    one = engine()
    one.run("plain")
    one.run("read-only", "--read-only")
    one.run("open", "--security-opt", "systempaths=unconfined")
    one.create("created")
    one.create("open-created", "--security-opt", "systempaths=unconfined")
    assert verdicts("5.6", facts_of_engine(one.socket, of="5.6")) == {
        "plain": "pass",
        "read-only": "pass",
        "open": "manual",
        "created": "pass",
        "open-created": "manual",
    }


def test_mounts_of_a_container_that_shares_its_processes(guarded_engine: EngineFactory) -> None:
    """5.6, 5.32: root reads through /proc what another mounts, and only where the kernel lets it."""
    one = guarded_engine()
    socket = f"{one.socket.parent}:/there"
    one.run("owner", "-v", socket)
    one.run("apart")
    for name, options in {"root": (), "user": ("--user", "1000"), "few": ("--cap-drop", "ALL")}.items():
        both(one, name, "--pid", "container:owner", *options)
    one.run("host-of-another")
    one.run("other", "--pid", "container:host-of-another", "-v", socket)
    look = ("sh", "-c", f"ls /proc/[0-9]*/root/there/{one.socket.name}")
    for name in ("root-runs", "host-of-another"):
        assert one.socket.name in one.docker("exec", name, *look)
    for name in ("user-runs", "few-runs", "apart"):
        with pytest.raises(CommandError):
            one.docker("exec", name, *look)
    fails = dict.fromkeys(("owner", "root-created", "root-runs", "host-of-another", "other"), "fail")
    doubtful = dict.fromkeys(("user-created", "user-runs", "few-created", "few-runs"), "manual")
    facts = facts_of_engine(one.socket, of="5.6 5.32")
    for number in ("5.6", "5.32"):
        assert verdicts(number, facts) == fails | doubtful | {"apart": "pass"}
