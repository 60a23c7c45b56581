"""Section 5 on real engines: each control fails and passes containers that differ in one thing.

Most cases are run twice, as a container that runs and as one that was only created: what it will be has to
get the verdict of what it is.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import PROBES, Facts
from hullcheck.facts.containers.probe import DOCKER_CONTAINERS
from hullcheck.facts.host.processes import PROCESSES
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.script import render
from selftests.kit.judging import facts_inside, facts_of_engine, facts_of_user, judged
from selftests.rig import processes, removal
from selftests.rig.shell import CommandError, call

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.engines.rootless import RootlessEngine
    from selftests.rig.hosts.host import Host
    from selftests.rig.laboratory import Laboratory

EngineFactory = Callable[..., "Engine"]

pytestmark = pytest.mark.lab


def verdicts(number: str, facts: Facts) -> dict[str, str]:
    """The verdict of a control by subject."""
    return {subject: verdict for subject, (verdict, _) in judged(number, facts).items()}


def reason(number: str, facts: Facts, name: str) -> str:
    """Why a control says what it says of one container."""
    return judged(number, facts)[name][1]


def test_when_a_container_was_started(engine: EngineFactory) -> None:
    """It is the time of its last start, and none for one that was only created."""
    one, before = engine(), time.time()
    one.run("web")
    one.create("idle")
    found = {name: each.configuration.started for name, each in facts_of_engine(one.socket, of="5").container}
    assert found["idle"] is None
    assert before - 1 < found["web"] < time.time() + 1


# ---- one option, running and created

CASES: dict[str, dict[str, str]] = {
    "5.4": {
        "": "fail: NET_RAW",
        "--cap-drop NET_RAW": "pass",
        "--cap-drop cap_net_raw": "pass",
        "--cap-drop NET_RAW --cap-add sys_time": "fail: get SYS_TIME$",
        "--cap-drop NET_RAW --cap-add CAP_SYS_ADMIN": "fail: get SYS_ADMIN$",
        "--cap-drop ALL --cap-add CHOWN": "pass",
        "--cap-drop ALL --cap-add NET_ADMIN": "fail: get NET_ADMIN$",
        "--cap-add ALL": "fail: AUDIT_CONTROL.* and .* more",
        "--cap-add ALL --cap-drop ALL": "fail: AUDIT_CONTROL",
        "--cap-add ALL --cap-drop SYS_ADMIN": "fail: AUDIT_CONTROL",
        "--privileged": "fail: AUDIT_CONTROL",
        "--privileged --cap-drop ALL": "fail: AUDIT_CONTROL",
        "--user 1000 --cap-drop NET_RAW": "pass",
    },
    "5.5": {"": "pass", "--privileged": "fail: --privileged"},
    "5.10": {"": "pass", "--network none": "pass", "--network host": "fail: network namespace"},
    "5.11": {
        "": "fail: none is set",
        "--memory 64m": "pass",
        "--memory 1t": "fail: is no limit: the host has",
        "--memory-reservation 64m": "fail: none is set",
    },
    "5.12": {
        "": "fail: none is set",
        "--cpu-shares 1024": "fail: none is set",
        "--cpu-shares 0": "fail: none is set",
        "--cpu-shares 2": "pass",
        "--cpu-shares 512": "pass",
        "--cpus 0.5": "pass",
        "--cpu-quota 50000": "pass",
        "--cpu-quota 99000000": "fail: 990 processors, which is no limit",
        "--cpu-period 50000": "fail: none is set",
        "--cpuset-cpus 0": "fail: none is set",
    },
    "5.13": {"": "fail: can be written", "--read-only": "pass", "--read-only --tmpfs /tmp": "pass"},
    "5.15": {
        "": "pass",
        "--restart no": "pass",
        "--restart always": "fail: is always",
        "--restart unless-stopped": "fail: is unless-stopped",
        "--restart on-failure": "fail: is on-failure with endless",
        "--restart on-failure:0": "fail: is on-failure with endless",
        "--restart on-failure:5": "pass",
        "--restart on-failure:6": "fail: with 6 attempts",
        "--restart always --label com.docker.swarm.service.id=made-up": "fail: is always",
        "--label com.docker.swarm.service.id=made-up": "pass",
    },
    "5.16": {"": "pass", "--pid host": "fail: process namespace"},
    "5.17": {
        "": "pass",
        "--ipc private": "pass",
        "--ipc none": "pass",
        "--ipc shareable": "pass",
        "--ipc host": "fail: IPC namespace",
    },
    "5.18": {
        "": "pass",
        "--device /dev/null": "fail: given /dev/null$",
        "--device /dev/null:/dev/x:r": "fail: given /dev/null$",
        "--device-cgroup-rule=c\\ 1:3\\ r": "fail: given rule c 1:3 r",
        "--privileged": "fail: every device",
    },
    "5.19": {
        "": "pass",
        "--ulimit nofile=100:200": "fail: overrides nofile=100:200$",
        "--ulimit core=0": "fail: overrides core=0:0$",
    },
    "5.21": {"": "pass", "--uts host": "fail: UTS namespace", "--network host": "pass"},
    "5.22": {
        "": "pass",
        "--security-opt seccomp=builtin": "pass",
        "--security-opt seccomp=unconfined": "fail: seccomp=unconfined",
        "--security-opt seccomp:unconfined": "fail: seccomp=unconfined",
        "--privileged": "fail: no seccomp filter",
        "--security-opt seccomp=@allow": "fail: allows what it does not list .SCMP_ACT_ALLOW",
        "--security-opt seccomp=@log": "fail: allows what it does not list .SCMP_ACT_LOG",
        "--security-opt seccomp=@deny": "pass",
        "--cap-add SYS_ADMIN": "pass",
    },
    "5.25": {
        "": "pass",
        "--cgroup-parent /docker": "pass",
        "--cgroup-parent /lab-hc-weird": "fail: --cgroup-parent /lab-hc-weird$",
    },
    "5.26": {
        "": "fail: can gain privileges",
        "--security-opt no-new-privileges": "pass",
        "--security-opt no-new-privileges=true": "pass",
        "--security-opt no-new-privileges:true": "pass",
        "--security-opt no-new-privileges=1": "pass",
        "--security-opt no-new-privileges=false": "fail: can gain privileges",
        "--security-opt no-new-privileges --security-opt no-new-privileges=0": "fail: can gain privileges",
    },
    "5.29": {
        "": "fail: none is set",
        "--pids-limit 100": "pass",
        "--pids-limit 0": "fail: none is set",
        "--pids-limit -1": "fail: none is set",
        "--pids-limit 4194304": "fail: 4194304 processes is no limit",
    },
    "5.30": {
        "": "fail: default bridge",
        "--network bridge": "fail: default bridge",
        "--network default": "fail: default bridge",
        "--network @bridge": "fail: default bridge",
        "--network own": "pass",
        "--network none": "pass",
        "--network host": "pass",
    },
    "5.31": {"": "pass", "--userns host": "fail: --userns host"},
}


@pytest.mark.parametrize("number", CASES)
def test_option(number: str, engine: EngineFactory, tmp_path: Path) -> None:
    """The control gives a container with this option this verdict, before it runs and while it does."""
    one = engine()
    one.docker("network", "create", "own")
    options = {f"c{place}": option for place, option in enumerate(CASES[number])}
    for name, option in options.items():
        words = [_filled(word, one, tmp_path) for word in shlex.split(option)]
        one.create(f"{name}-created", *words)
        one.create(f"{name}-runs", *words)
    one.docker("start", *(f"{name}-runs" for name in options))
    found = judged(number, facts_of_engine(one.socket, of="5"))
    for name, option in options.items():
        wanted, _, pattern = CASES[number][option].partition(": ")
        for each in (f"{name}-created", f"{name}-runs"):
            verdict, why = found[each]
            assert (verdict, bool(re.search(pattern, why))) == (wanted, True), (
                f"{each} {option}: {verdict}: {why}"
            )

    if number == "5.25":
        one.docker("rm", "--force", *one.docker("ps", "--all", "--quiet").split())
        _remove_groups("lab-hc-weird")


def test_default_cgroup_where_the_daemon_has_another(engine: EngineFactory) -> None:
    """5.25: who names the built-in cgroup leaves the one that the daemon gives to all."""
    one = engine(cgroup_parent="/lab-hc-site")
    one.create("unasked")
    one.create("built-in", "--cgroup-parent", "/docker")
    assert verdicts("5.25", facts_of_engine(one.socket, of="5")) == {"unasked": "pass", "built-in": "fail"}
    one.docker("rm", "unasked", "built-in")
    _remove_groups("lab-hc-site")


def _remove_groups(name: str) -> None:
    """Remove the parent group that the engine made for its containers, and leaves behind."""
    for path in Path("/sys/fs/cgroup").glob(f"*/{name}"):
        path.rmdir()
    with suppress(OSError):
        Path("/sys/fs/cgroup", name).rmdir()  # where there is one hierarchy for all


def _filled(word: str, engine: Engine, folder: Path) -> str:
    """The option with what only the test knows: files of seccomp profiles, the id of the bridge."""
    if word == "@bridge":
        return engine.docker("network", "inspect", "bridge", "--format", "{{.Id}}").strip()
    name, at, action = word.partition("=@")
    if not at:
        return word
    path = folder / f"{action}.json"
    default = {"allow": "SCMP_ACT_ALLOW", "log": "SCMP_ACT_LOG", "deny": "SCMP_ACT_ERRNO"}[action]
    calls = [] if action == "allow" else [{"names": CALLS.split(), "action": "SCMP_ACT_ALLOW"}]
    path.write_text(json.dumps({"defaultAction": default, "syscalls": calls}))
    return f"{name}={path}"


CALLS = """
    access arch_prctl brk capget capset chdir clock_gettime clock_nanosleep clone close close_range dup
    dup2 dup3 epoll_create1 epoll_ctl epoll_pwait eventfd2 execve exit exit_group faccessat fchdir fchmod
    fchmodat fchown fchownat fcntl fstat fstatfs futex getcwd getdents getdents64 getegid geteuid getgid
    getpid getppid getrandom gettid gettimeofday getuid ioctl kill lseek lstat madvise mkdirat mknodat
    mmap mount mprotect munmap nanosleep newfstatat open openat openat2 pipe2 pivot_root poll ppoll prctl
    prlimit64 read readlink readlinkat rseq rt_sigaction rt_sigprocmask rt_sigreturn sched_getaffinity
    sched_yield select set_robust_list set_tid_address setgid setgroups sethostname setresgid setresuid
    setsid setuid sigaltstack stat statfs statx symlinkat sysinfo tgkill time umask umount2 uname unlinkat
    wait4 write writev
"""
"""Enough for busybox to sleep."""


# ---- 5.1: swarm


def test_swarm_state(engine: EngineFactory) -> None:
    """5.1: swarm mode fails where the policy does not want it, and is named."""
    one = engine(fresh=True)
    assert verdicts("5.1", facts_of_engine(one.socket, of="5")) == {"local": "pass"}
    one.docker("swarm", "init", "--advertise-addr", "127.0.0.1")
    facts = facts_of_engine(one.socket, of="5")
    assert judged("5.1", facts)["local"] == ("fail", "swarm mode is on (state active)")
    assert verdicts("5.1", Facts(facts.recording, Policy(swarm=True))) == {"local": "pass"}


def test_services(engine: EngineFactory) -> None:
    """5.8, 5.9, 5.14, 5.15: the ports and restarts of a service are those of its tasks; its secrets are no
    host path."""
    one = engine(fresh=True)
    one.docker("swarm", "init", "--advertise-addr", "127.0.0.1")
    one.docker("secret", "create", "key", "-", stdin="x")
    create = ("service", "create", "--detach", "--no-resolve-image", "--secret", "key")
    few = ("--restart-condition", "on-failure", "--restart-max-attempts", "5")
    one.docker(*create, "--name", "open", "--publish", "80:80", "bb:1", "sleep", "999")
    one.docker(*create, "--name", "any", "--restart-condition", "any", "bb:1", "sleep", "999")
    one.docker(
        *create,
        "--name",
        "local",
        *few,
        "--publish",
        "mode=host,target=80,published=82",
        "bb:1",
        "sleep",
        "999",
    )
    one.docker(*create, "--name", "shut", *few, "bb:1", "sleep", "999")
    _wait(lambda: len(one.docker("ps", "--quiet").split()) == 4, 30)
    facts = facts_of_engine(one.socket)

    def of_service(number: str) -> dict[str, str]:
        return {name.partition(".")[0]: verdict for name, verdict in verdicts(number, facts).items()}

    assert of_service("5.8") == {"open": "fail", "any": "pass", "local": "fail", "shut": "pass"}
    assert of_service("5.9") == {"open": "manual", "any": "pass", "local": "manual", "shut": "pass"}
    assert of_service("5.14") == {"open": "fail", "any": "pass", "local": "fail", "shut": "pass"}
    assert of_service("5.15") == {"open": "fail", "any": "fail", "local": "pass", "shut": "pass"}
    assert of_service("5.6") == {"open": "pass", "any": "pass", "local": "pass", "shut": "pass"}


def _wait(done: Callable[[], bool], seconds: float = 15) -> None:
    """Return when *done* says yes."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


# ---- 5.2, 5.3: security modules


@pytest.mark.skipif(Path("/sys/kernel/security/apparmor").exists(), reason="the machine has AppArmor")
def test_security_modules_that_the_kernel_lacks(engine: EngineFactory) -> None:
    """5.2, 5.3: an option that names a profile or a label protects nothing here, and one that drops it harms
    nothing."""
    one = engine()
    one.run("profile", "--security-opt", "apparmor=docker-default")
    one.run("unconfined", "--security-opt", "apparmor=unconfined")
    one.run("label", "--security-opt", "label=disable")
    one.run("privileged", "--privileged")
    facts = facts_of_engine(one.socket, of="5")
    assert set(verdicts("5.2", facts).values()) == {"not applicable"}
    assert set(verdicts("5.3", facts).values()) == {"not applicable"}


# ---- 5.6, 5.20, 5.32: mounts


@pytest.fixture
def place(lab: Laboratory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of the host that is no part of its system, with a path short enough for sockets."""
    folder = lab.root / f"place{time.monotonic_ns() % 10**6}"
    folder.mkdir()
    yield folder
    removal.unmount(folder)


def _both(engine: Engine, name: str, *options: str, command: tuple[str, ...] = ("sleep", "999")) -> None:
    """The same container twice: one that runs and one that was only created."""
    engine.create(f"{name}-created", *options, command=command)
    engine.run(f"{name}-runs", *options, command=command)


def _of_both(found: dict[str, str]) -> dict[str, str | tuple[str, str]]:
    """The verdicts by container, as one where both are the same."""
    names = {name.removesuffix("-runs") for name in found if name.endswith("-runs")}
    pairs = {name: (found[f"{name}-runs"], found[f"{name}-created"]) for name in names}
    return {name: pair[0] if len(set(pair)) == 1 else pair for name, pair in pairs.items()}


def test_sensitive_mounts(guarded_engine: EngineFactory, place: Path) -> None:
    """5.6: a part of the host's system is found behind links, volume options, bind mounts and read-only
    mounts."""
    one = guarded_engine()
    (place / "link").symlink_to("/etc")
    (place / "file").symlink_to("/etc/passwd")
    for name in ("plain", "bound", "deep/etc", "lower", "upper", "work"):
        (place / name).mkdir(parents=True)
    one.nsenter("mount", "--bind", "/etc", str(place / "bound"))
    one.nsenter("mount", "--bind", "/etc", str(place / "deep/etc"))
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
        _both(one, name, *(shlex.split(f"-v {option}") if option else ()))
    _both(one, "init", "--init")
    _both(one, "tmpfs", "--tmpfs", "/etc/x", "--mount", "type=tmpfs,dst=/y")
    one.run("joined", "--network", "container:none-runs")
    facts = facts_of_engine(one.socket, of="5")
    found = verdicts("5.6", facts)
    assert found["joined"] == "pass"
    assert _of_both(found) == dict.fromkeys(bad, "fail") | dict.fromkeys((*good, "init", "tmpfs"), "pass")
    assert reason("5.6", facts, "shadow-runs") == "mounts /etc/shadow of the host at /x"
    allowed = Facts(facts.recording, Policy(allowed_mounts=("/etc",)))
    assert verdicts("5.6", allowed)["link-below-created"] == "pass"
    assert verdicts("5.6", allowed)["data-created"] == "fail"


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
    _both(one, "removed", "--volume", f"{place}/removed:/x")
    (place / "removed").rmdir()
    facts = facts_of_engine(one.socket, of="5")
    good = dict.fromkeys(("new", "deep", "removed-created", "removed-runs"), "pass")
    unclear = dict.fromkeys(("file", "loop"), "error")  # the engine cannot make these
    assert verdicts("5.6", facts) == good | unclear | {"below": "fail"}
    assert verdicts("5.32", facts) == good | unclear | {"below": "pass"}


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
        _both(one, name, "--mount", f"type=volume,source=whole,target=/x/,volume-subpath={part}")
    _both(one, "all", "--mount", "type=volume,source=whole,target=/x")
    facts = facts_of_engine(one.socket, of="5")
    assert _of_both(verdicts("5.6", facts)) == dict.fromkeys([*bad, "all"], "fail") | dict.fromkeys(
        good, "pass"
    )
    assert (
        reason("5.6", facts, "up-runs")
        == reason("5.6", facts, "up-created")
        == "mounts /etc of the host at /x"
    )
    assert reason("5.6", facts, "all-runs") == "mounts / of the host at /x"
    assert verdicts("5.32", facts)["app-runs"] == verdicts("5.32", facts)["app-created"] == "pass"


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
    _both(one, "none")
    for way in ("private", "rprivate", "slave", "rslave", "shared", "rshared"):
        _both(one, way, "--mount", f"type=bind,src={shared},dst=/x,bind-propagation={way}")
    _both(one, "short", "-v", f"{shared}:/x:shared")
    _both(
        one, "own", "-v", "own:/x", "--privileged", command=("sh", "-c", "mount --make-rshared /; sleep 999")
    )
    facts = facts_of_engine(one.socket, of="5")
    assert _of_both(verdicts("5.20", facts)) == {
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
    }
    good = {
        "none": "",
        "plain": f"{place}/plain:/x",
        "same-name": f"{place}/plain/docker.sock:/s",
        "run": "/run:/hr",
    }
    for name, option in {**bad, **good}.items():
        _both(one, name, *(shlex.split(f"-v {option}") if option else ()))
    facts = facts_of_engine(one.socket, of="5")
    wanted = dict.fromkeys(bad, "fail") | dict.fromkeys(good, "pass")
    if any(Path(path).exists() for path in ("/run/docker.sock", "/run/containerd/containerd.sock")):
        del wanted["run"]  # the machine has an engine of its own
    found = _of_both(verdicts("5.32", facts))
    assert {name: found[name] for name in wanted} == wanted, judged("5.32", facts)
    assert reason("5.32", facts, "second-runs") == f"can reach {second}"


def test_hard_link_of_a_socket(engine: EngineFactory, place: Path) -> None:
    """5.32: a second name of the socket is the socket; in a folder it cannot be told: an error."""
    one = engine(fresh=True)
    (place / "d").mkdir()
    os.link(one.socket, place / "d/innocent")
    _both(one, "folder", "-v", f"{place}/d:/x")
    _both(one, "none")
    assert _of_both(verdicts("5.32", facts_of_engine(one.socket, of="5"))) == {
        "folder": "error",
        "none": "pass",
    }
    _both(one, "file", "-v", f"{place}/d/innocent:/x")
    found = _of_both(verdicts("5.32", facts_of_engine(one.socket, of="5")))
    assert found == {"file": "fail", "folder": "fail", "none": "pass"}


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


# ---- 5.7, 5.23, 5.24: processes


def test_ssh_servers(engine: EngineFactory, place: Path) -> None:
    """5.7: a server is found by its process, also in an image without ps, and by its program where it was started
    by another name; one of the host is not the container's."""
    one = engine()
    shutil.copy(str(shutil.which("busybox")), place / "sshd")
    (place / "sleep").symlink_to("sshd")
    one.run("by-a-link", "-v", f"{place}:/p", command=("/p/sleep", "999"))
    _both(one, "none")
    _both(one, "sshd", command=("sshd",))
    _both(one, "dropbear", command=("dropbear",))
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
    _wait(lambda: "sshd" in one.docker("top", "executed", "-eo", "pid,comm"))
    facts = facts_of_engine(one.socket, of="5")
    found = verdicts("5.7", facts)
    assert _of_both(found) == {"none": "pass", "sshd": "fail", "dropbear": "fail"}
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
    one.run("quiet")
    names = one.docker("ps", "--format", "{{.Names}}").split()
    before = dict.fromkeys(names, "fail") | {"quiet": "pass"}
    _wait(lambda: verdicts("5.7", facts_of_engine(one.socket, of="5")) == before)
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


def test_exec(engine: EngineFactory) -> None:
    """5.23, 5.24: what docker exec runs with more than the container has is seen while it runs."""
    one = engine()
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
    execs = {
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
        "joined": "fail",
        "joined-to": "manual",
    }


def _with_unshare(engine: Engine) -> str:
    """An image in which an own user namespace can be made."""
    build = 'FROM bb:1\nRUN ["/bin/busybox", "ln", "-s", "busybox", "/bin/unshare"]\n'
    engine.docker("build", "--tag", "unshare:1", "-", stdin=build)
    return "unshare:1"


# ---- 5.8, 5.9, 5.14: ports


def test_ports(engine: EngineFactory) -> None:
    """5.8, 5.9, 5.14: every way to publish a port, IPv6 and udp too, before the start and after it."""
    one = engine()
    local = "127.0.0.1:"
    options = {
        "none": "",
        "low": f"-p {local}80:80",
        "high": f"-p {local}8080:80",
        "any": "-p 8081:80",
        "zero": "-p 0.0.0.0:8082:80",
        "six": "-p [::]:81:80",
        "six-local": "-p [::1]:8083:80",
        "udp": f"-p {local}53:53/udp",
        "chosen": "-p 80",
        "range": f"-p {local}1022-1025:1022-1025",
        "exposed": "--expose 80 --publish-all",
        "expose": "--expose 80",
        "no-network": "--network none -p 84:80",
        "hosts": "--network host -p 85:80",
    }
    for name, option in options.items():
        one.create(name, *shlex.split(option))
    before = facts_of_engine(one.socket, of="5")
    one.docker("start", *options)
    one.run("joined", "--network", "container:low")
    after = facts_of_engine(one.socket, of="5")
    low = {"low", "six", "udp", "range"}
    everywhere = {"any", "zero", "six", "chosen", "exposed"}
    opened = low | everywhere | {"high", "six-local"}
    for facts in (before, after):
        assert _failing("5.8", facts) == low
        assert _failing("5.14", facts) == everywhere
        assert _failing("5.9", facts) == {"exposed"}
        assert {name for name, verdict in verdicts("5.9", facts).items() if verdict == "manual"} == opened - {
            "exposed"
        }
        policy = Policy.from_mapping({"allowed_ports": [80, 8080]})
        listed = Facts(facts.recording, policy)
        assert _failing("5.8", listed) == low - {"low"}
        assert _failing("5.9", listed) == opened - {"low", "high"}
    assert reason("5.8", after, "six") == "opens [::]:81/tcp (published for 80)"
    assert "53/udp" in reason("5.8", before, "udp")


def _failing(number: str, facts: Facts) -> set[str]:
    return {name for name, verdict in verdicts(number, facts).items() if verdict == "fail"}


def test_listeners_in_the_network_of_the_host(guarded_engine: EngineFactory) -> None:
    """5.8, 5.9, 5.14: in the host's network a container opens what its own processes listen on."""
    one = guarded_engine()
    listen = ("--network", "host")
    one.run("low", *listen, command=("httpd", "-f", "-p", "443"))
    one.run("high", *listen, command=("httpd", "-f", "-p", "127.0.0.1:8443"))
    datagrams = (
        "import socket, time; s = socket.socket(type=socket.SOCK_DGRAM); s.bind(('', 514)); time.sleep(999)"
    )
    one.run(
        "udp", *listen, "-v", "/:/h", command=("busybox", "chroot", "/h", sys.executable, "-c", datagrams)
    )
    one.run("silent", *listen)
    one.run("joined", "--network", "container:silent", command=("httpd", "-f", "-p", "444"))
    one.run("own", command=("httpd", "-f", "-p", "443"))
    time.sleep(0.5)
    facts = facts_of_engine(one.socket, of="5")
    assert _failing("5.8", facts) == {"low", "udp", "joined"}
    assert _failing("5.14", facts) == {"low", "udp", "joined"}
    manual = {name for name, verdict in verdicts("5.9", facts).items() if verdict == "manual"}
    assert manual == {"low", "high", "udp", "joined"}
    assert reason("5.8", facts, "low") == "opens [::]:443/tcp (listens, network of the host)"


def test_network_outside(engine: EngineFactory) -> None:
    """5.8: a container with an address of its own outside the host opens whatever it listens on."""
    one = engine()
    try:
        one.nsenter("ip", "link", "add", "parent0", "type", "veth", "peer", "name", "parent1")
        options = ("--driver", "macvlan", "--opt", "parent=parent0", "--subnet", "10.250.1.0/24")
        one.docker("network", "create", *options, "outside")
        one.run("web", "--network", "outside", command=("httpd", "-f", "-p", "80"))
    except CommandError as error:
        pytest.skip(f"the kernel has no macvlan: {error}")
    one.run("quiet", "--network", "outside")
    one.run("local", "--network", "outside", command=("httpd", "-f", "-p", "127.0.0.1:81"))
    time.sleep(0.5)
    facts = facts_of_engine(one.socket, of="5")
    assert _failing("5.8", facts) == {"web"}


# ---- 5.10, 5.16, 5.17: joined namespaces


def test_joined_namespaces(engine: EngineFactory) -> None:
    """5.10, 5.16, 5.17: who joins a container that is in the host's namespace is in it too, before the start
    and after."""
    one = engine()
    for number, option in {"5.10": "network", "5.16": "pid", "5.17": "ipc"}.items():
        own = ("--ipc", "shareable") if option == "ipc" else ()
        one.run(f"host-{option}", f"--{option}", "host")
        one.run(f"own-{option}", *own)
        for of in ("host", "own"):
            _both(one, f"{of}-{option}-joined", f"--{option}", f"container:{of}-{option}")
        facts = facts_of_engine(one.socket, of="5")
        found = verdicts(number, facts)
        assert {found[f"host-{option}-joined-{state}"] for state in ("runs", "created")} == {"fail"}
        assert {found[f"own-{option}-joined-{state}"] for state in ("runs", "created")} == {"pass"}
        one.docker("rm", "--force", f"own-{option}")
        after = verdicts(number, facts_of_engine(one.socket, of="5"))
        assert after[f"own-{option}-joined-created"] == "error"


def test_name_that_is_the_id_of_another(engine: EngineFactory) -> None:
    """5.10: who joins a container by its id is not taken for one that joins another, which has that id as its
    name."""
    one = engine()
    one.run("host", "--network", "host")
    one.run("own")
    ids = {name: one.inspect(name)[0]["Id"] for name in ("host", "own")}
    for name, identifier in ids.items():
        one.create(f"joins-{name}", "--network", f"container:{identifier}")
    one.run(ids["host"])
    one.run(ids["own"], "--network", "host")
    created = _failing("5.10", facts_of_engine(one.socket, of="5"))
    assert created == {"host", "joins-host", ids["own"]}
    one.docker("start", "joins-host", "joins-own")
    assert _failing("5.10", facts_of_engine(one.socket, of="5")) == created  # as the links of its process say


def test_containers_that_join_each_other(engine: EngineFactory) -> None:
    """5.16: a circle, which names that are ids allow, has no namespace to tell."""
    one = engine()
    one.create("gone")
    gone = one.inspect("gone")[0]["Id"]
    one.create("first", "--pid", f"container:{gone}")
    one.docker("rm", "gone")
    one.create(gone, "--pid", f"container:{one.inspect('first')[0]['Id']}")
    found = judged("5.16", facts_of_engine(one.socket, of="5"))
    assert set(found.values()) == {("error", "it joined containers that joined each other (PidMode)")}


def test_disconnected_from_the_default_bridge(engine: EngineFactory) -> None:
    """5.30: a container that was disconnected before its start is on no bridge, then and when it runs."""
    one = engine()
    for name in ("created", "runs", "stays"):
        one.create(name)
    for name in ("created", "runs"):
        one.docker("network", "disconnect", "bridge", name)
    one.docker("start", "runs")
    (described,) = one.inspect("runs")
    assert described["HostConfig"]["NetworkMode"] == "bridge"
    facts = facts_of_engine(one.socket, of="5")
    assert verdicts("5.30", facts) == {"created": "pass", "runs": "pass", "stays": "fail"}


def test_network_that_is_named_like_the_default_bridge(engine: EngineFactory) -> None:
    """5.30: a part of the bridge's id means the bridge, unless a network has it as its name."""
    one = engine()
    bridge = one.docker("network", "inspect", "bridge", "--format", "{{.Id}}").strip()
    _both(one, "part", "--network", bridge[:14])
    facts = facts_of_engine(one.socket, of="5")
    assert _of_both(verdicts("5.30", facts)) == {"part": "fail"}
    one.docker("rm", "--force", "part-created", "part-runs")
    one.docker("network", "create", bridge[:14])
    _both(one, "own", "--network", bridge[:14])
    facts = facts_of_engine(one.socket, of="5")
    assert _of_both(verdicts("5.30", facts)) == {"own": "pass"}


# ---- 5.11, 5.12, 5.29: limits from elsewhere


def test_limits_of_a_parent_group(engine: EngineFactory) -> None:
    """5.11, 5.12, 5.29: a limit of the parent group holds its containers too."""
    one = engine()
    parent = f"lab-{one.name}"
    one.run("web", "--cgroup-parent", f"/{parent}")
    facts = facts_of_engine(one.socket, of="5")
    assert [verdicts(number, facts)["web"] for number in ("5.11", "5.12", "5.29")] == ["fail", "fail", "fail"]
    values = {
        "memory.limit_in_bytes": "100000000",
        "memory.max": "100000000",
        "pids.max": "99",
        "cpu.max": "50000 100000",
        "cpu.cfs_quota_us": "50000",
    }
    for name, value in values.items():
        for path in Path("/sys/fs/cgroup").glob(f"**/{parent}/{name}"):
            path.write_text(value)
    facts = facts_of_engine(one.socket, of="5")
    assert [verdicts(number, facts)["web"] for number in ("5.11", "5.12", "5.29")] == ["pass", "pass", "pass"]
    assert reason("5.29", facts, "web") == "held by its control groups, though none is set"
    one.docker("rm", "--force", "web")
    _remove_groups(parent)


def test_limits_that_a_rootless_engine_cannot_enforce(rootless_engine: RootlessEngine) -> None:
    """5.11, 5.12, 5.29: without control groups of its own the engine takes the options and does nothing."""
    limits = ("--memory", "64m", "--pids-limit", "20", "--cpus", "0.5")
    with suppress(CommandError):  # some engines refuse --cpus instead
        rootless_engine.run("web", *limits)
    if "web" not in rootless_engine.docker("ps", "--format", "{{.Names}}"):
        rootless_engine.docker("rm", "--force", "web")
        rootless_engine.run("web", *limits[:4])
    if rootless_engine.docker("info", "--format", "{{.CgroupDriver}}").strip() != "none":
        pytest.skip("control groups were delegated to the engine")
    facts = facts_of_engine(rootless_engine.socket, of="5")
    found = {
        number: judged(number, facts)["web"]
        for number in ("5.11", "5.12", "5.29", "5.31", "5.10", "5.22", "5.6")
    }
    assert {number: verdict for number, (verdict, _) in found.items()} == {
        "5.11": "fail",
        "5.12": "fail",
        "5.29": "fail",
        "5.31": "pass",
        "5.10": "pass",
        "5.22": "pass",
        "5.6": "pass",
    }
    assert "in force" in found["5.11"][1]
    assert "rootless" in found["5.31"][1]


def test_limits_without_controllers(lab_host: Callable[..., Host]) -> None:
    """5.11: a limit that the engine dropped with a warning, for want of the controller, is not in force."""
    host = lab_host(cgroup2=True)
    host.run("web", "--memory", "64m")
    if host.docker("info", "--format", "{{.MemoryLimit}}").strip() == "true":
        pytest.skip("the host has the memory controller in v2")
    assert verdicts("5.11", facts_inside(host, of="5")) == {"web": "fail"}


# ---- 5.19, 5.22, 5.26, 5.31: what the daemon decides


def test_default_ulimits(engine: EngineFactory) -> None:
    """5.19: the daemon's defaults are no override, neither by configuration nor by flag; another value is
    one."""
    default = {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 2048}}
    for one in (engine(default_ulimits=default), engine(flags=["--default-ulimit=nofile=1024:2048"])):
        _both(one, "default")
        _both(one, "same", "--ulimit", "nofile=1024:2048")
        _both(one, "other", "--ulimit", "nofile=1024:4096")
        found = judged("5.19", facts_of_engine(one.socket, of="5"))
        assert _of_both({name: verdict for name, (verdict, _) in found.items()}) == {
            "default": "pass",
            "same": "pass",
            "other": "fail",
        }
        assert found["other-runs"][1] == "overrides nofile=1024:4096"


def test_seccomp_of_the_daemon(engine: EngineFactory, tmp_path: Path) -> None:
    """5.22: the daemon's profile counts where a container has none of its own."""
    path = tmp_path / "allow.json"
    path.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW"}))
    for one in (engine(seccomp_profile="unconfined"), engine(seccomp_profile=str(path))):
        _both(one, "web")
        assert _of_both(verdicts("5.22", facts_of_engine(one.socket, of="5"))) == {"web": "fail"}
    own = tmp_path / "own.json"
    own.write_text(
        json.dumps(
            {
                "defaultAction": "SCMP_ACT_ERRNO",
                "syscalls": [{"names": CALLS.split(), "action": "SCMP_ACT_ALLOW"}],
            }
        )
    )
    _both(one, "own", "--security-opt", f"seccomp={own}")
    assert _of_both(verdicts("5.22", facts_of_engine(one.socket, of="5"))) == {
        "web": "fail",
        "own": "pass",
    }


def test_no_new_privileges_is_settled_at_creation(engine: EngineFactory) -> None:
    """5.26: the daemon's default of the day on which a container was created goes with it, both ways."""
    one = engine(fresh=True)
    _both(one, "before")
    one.configure({"no-new-privileges": True})
    one.restart()
    _both(one, "under")
    _both(one, "refused", "--security-opt", "no-new-privileges=false")
    one.docker("start", "before-runs")
    wanted = {"before": "fail", "under": "pass", "refused": "fail"}
    assert _of_both(verdicts("5.26", facts_of_engine(one.socket, of="5"))) == wanted
    one.configure({})
    one.restart()
    one.docker("start", *(f"{name}-runs" for name in wanted))
    assert _of_both(verdicts("5.26", facts_of_engine(one.socket, of="5"))) == wanted


def test_user_remapping(engine: EngineFactory) -> None:
    """5.31, 5.24: of two containers of a daemon that remaps users the one that leaves it fails; root inside
    is not uid 0."""
    one = engine(userns_remap="default", fresh=True)
    _both(one, "inside")
    _both(one, "outside", "--userns", "host")
    one.run("executed", "--user", "1000")
    one.docker("exec", "--detach", "-u", "0", "executed", "sleep", "998")
    facts = facts_of_engine(one.socket, of="5")
    found = judged("5.31", facts)
    assert {name: verdict for name, (verdict, _) in found.items()} == {
        "inside-created": "pass",
        "inside-runs": "pass",
        "executed": "pass",
        "outside-created": "fail",
        "outside-runs": "fail",
    }
    assert found["inside-runs"][1] == ""
    assert verdicts("5.24", facts)["executed"] == "fail"
    assert verdicts("5.6", facts)["inside-runs"] == "pass"


def test_other_bridge(engine: EngineFactory) -> None:
    """5.30: without a default bridge nobody is on it."""
    one = engine(bridge="none", iptables=False)
    _both(one, "web")
    assert _of_both(verdicts("5.30", facts_of_engine(one.socket, of="5"))) == {"web": "pass"}


def test_ports_in_several_networks(engine: EngineFactory) -> None:
    """5.8, 5.14: an internal network publishes nothing; of two others it is the engine that chooses one."""
    one = engine()
    binding = "com.docker.network.bridge.host_binding_ipv4=127.0.0.1"
    one.docker("network", "create", "--opt", binding, "local")
    one.docker("network", "create", "--internal", "inside")
    names = {"local": 8080, "inside": 80, "two": 8082}
    for name, port in names.items():
        for state in ("created", "runs"):
            network = "inside" if name == "inside" else "local"
            published = f"{port if state == 'runs' else port + 1}:80"
            one.create(f"{name}-{state}", "--network", network, "--publish", published)
    for state in ("created", "runs"):
        one.docker("network", "connect", "bridge", f"two-{state}")
    one.docker("start", *(f"{name}-runs" for name in names))
    facts = facts_of_engine(one.socket, of="5")
    assert _of_both(verdicts("5.14", facts)) == {"local": "pass", "inside": "pass", "two": "fail"}
    assert set(verdicts("5.8", facts).values()) == {"pass"}


def test_address_of_the_daemon(engine: EngineFactory) -> None:
    """5.14: a port without an address is bound where the daemon's own setting says."""
    one = engine(ip="127.0.0.1")
    _both(one, "web", "-p", "80")
    assert _of_both(verdicts("5.14", facts_of_engine(one.socket, of="5"))) == {"web": "pass"}


# ---- 5.27, 5.28: health and images


def test_health(engine: EngineFactory) -> None:
    """5.27: healthy passes, unhealthy and silent fail; one that starts is noted, one that does not run is
    left out."""
    one = engine()
    check = ("--health-interval", "1s", "--health-retries", "1", "--health-cmd")
    one.run("none")
    one.run("good", *check, "true")
    one.run("bad", *check, "false")
    one.run("starting", "--health-interval", "1h", "--health-cmd", "true")
    one.docker(
        "import", "--change", "HEALTHCHECK --interval=1s CMD true", str(one.lab.root / "bb.tar"), "checked:1"
    )
    one.run("image", image="checked:1")
    one.run("switched-off", "--no-healthcheck", image="checked:1")
    one.create("created", *check, "true")
    one.run("loop", *check, "true", "--restart", "always", command=("false",))
    seen = ("inspect", "--format", "{{.State.Health.Status}}", "good", "bad", "image")
    _wait(lambda: one.docker(*seen).split() == ["healthy", "unhealthy", "healthy"])
    found = judged("5.27", facts_of_engine(one.socket, of="5"))
    loop, _ = found.pop("loop")
    assert loop in ("fail", "pass")  # it has "starting" for a moment, and "unhealthy" in between
    assert {name: verdict for name, (verdict, _) in found.items()} == {
        "none": "fail",
        "good": "pass",
        "bad": "fail",
        "starting": "pass",
        "image": "pass",
        "switched-off": "fail",
        "created": "not applicable",
    }
    assert "starting" in found["starting"][1]


def test_images(engine: EngineFactory) -> None:
    """5.28: a name that says no version fails, and so does one that was given to another image meanwhile."""
    one = engine()
    identifier = one.inspect("bb:1")[0]["Id"]
    for name in ("app:latest", "app:1", "moved:1", "reg.example:5000/app:1", "lost:1"):
        one.docker("tag", "bb:1", name)
    references = {
        "latest": "app:latest",
        "silent": "app",
        "version": "app:1",
        "moved": "moved:1",
        "registry": "reg.example:5000/app",
        "id": identifier,
        "short": identifier.removeprefix("sha256:")[:6],
        "long": "docker.io/library/app:1",
        "lost": "lost:1",
    }
    one.docker("tag", "bb:1", "reg.example:5000/app:latest")
    for name, reference in references.items():
        one.create(name, image=reference)
    one.docker("import", "--change", "LABEL other=1", str(one.lab.root / "bb.tar"), "moved:1")
    one.docker("import", "--change", "LABEL other=2", str(one.lab.root / "bb.tar"), "app:1")
    one.docker("image", "rm", "lost:1")
    facts = facts_of_engine(one.socket, of="5")
    manual = dict.fromkeys(("id", "short", "lost"), "manual")
    failing = dict.fromkeys(("latest", "silent", "version", "moved", "registry", "long"), "fail")
    assert verdicts("5.28", facts) == manual | failing
    approved = Facts(facts.recording, Policy(current_images=(identifier,)))
    assert verdicts("5.28", approved)["id"] == "pass"
    other = Facts(facts.recording, Policy(current_images=("bb:2",)))
    assert verdicts("5.28", other)["id"] == "fail"


# ---- every state, every name


def test_states(guarded_engine: EngineFactory) -> None:
    """Every control judges a container in every state; one that waits for its restart is judged by its
    configuration."""
    one = guarded_engine()
    privileged = ("--privileged", "--network", "host", "-v", "/:/h")
    for name in ("running", "paused", "exited"):
        one.run(name, *privileged)
    one.create("created", *privileged)
    one.run("restarting", *privileged, "--restart", "always", command=("false",))
    one.docker("pause", "paused")
    one.docker("kill", "exited")
    state = ("inspect", "--format", "{{.RestartCount}} {{.State.Status}} {{.State.Pid}}", "restarting")
    # the engine waits twice as long each time: after the sixth there are six seconds to look
    _wait(lambda: one.docker(*state).split() == ["6", "restarting", "0"], 30)
    facts = facts_of_engine(one.socket, of="5")
    for number in ("5.4", "5.5", "5.6", "5.10", "5.11", "5.12", "5.13", "5.18", "5.22", "5.26", "5.29"):
        assert set(verdicts(number, facts).values()) == {"fail"}, number
    every = {f"5.{number}": judged(f"5.{number}", facts) for number in range(2, 33)}
    assert [
        (number, name)
        for number, found in every.items()
        for name, (verdict, _) in found.items()
        if verdict == "error"
    ] == []
    one.docker("unpause", "paused")


HOSTILE = {
    "quotes": {'a"b': "c'd\"e", "com.docker.swarm.service.id": '"}\ncontainer {}'},
    "lines": {"x": "1\n--proc\n--paths\n1/status:Uid:\t1000\ncontainer {}\nvolume {}", "y": "\u2028\u0085"},
    "colours": {"z": "\x1b[31mred\x1b[0m\x07", "no-new-privileges": '"NoNewPrivileges":true'},
}


def test_hostile_labels_and_names(engine: EngineFactory) -> None:
    """What a container calls itself neither breaks nor forges anything."""
    one = engine()
    for name, labels in HOSTILE.items():
        options = [word for key, value in labels.items() for word in ("--label", f"{key}={value}")]
        shown = [word for key, value in labels.items() for word in ("--env", f"{key}={value}")]
        one.run(
            name,
            "--privileged",
            *options,
            *shown,
            "--hostname",
            "dockerd",
            command=("sh", "-c", "sleep 999; : --proc"),
        )
    one.run("dockerd", command=("sleep", "999", "--proc\n1/status:Uid:\t0"))
    weird = _made(one, "\nreal /etc\t/x")
    for name in ("mount", "mount-created"):
        mount = {"Type": "bind", "Source": str(weird), "Target": "/m"}
        settings = one.client.api.create_host_config(mounts=[mount])
        one.client.api.create_container("bb:1", ["sleep", "999"], name=name, host_config=settings)
    one.docker("start", "mount")
    facts = facts_of_engine(one.socket, of="5")
    assert verdicts("5.5", facts) == dict.fromkeys(HOSTILE, "fail") | dict.fromkeys(
        ("dockerd", "mount", "mount-created"), "pass"
    )
    assert verdicts("5.6", facts) == dict.fromkeys((*HOSTILE, "dockerd", "mount"), "pass") | {
        "mount-created": "error"
    }
    assert set(verdicts("5.26", facts).values()) == {"fail"}
    assert set(verdicts("5.15", facts).values()) == {"pass"}


def _made(engine: Engine, name: str) -> Path:
    folder = engine.directory / "weird" / name.lstrip("/")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_sockets_are_not_forged(engine: EngineFactory, place: Path) -> None:
    """5.8: a process cannot hide its listener behind the name of an open file."""
    one = engine()
    name = "x\n999999/fd:\nlrwx------ 1 0 0 64 Nov 1 10:00 999999/fd/3 -> socket:[1]\nx"
    forge = f"exec 9>'/tmp/{name.replace('/', chr(92))}'; exec httpd -f -p 443"
    one.run("web", "--network", "host", command=("sh", "-c", forge))
    time.sleep(0.5)
    assert verdicts("5.8", facts_of_engine(one.socket, of="5")) == {"web": "fail"}


def test_formats_of_the_auditor_change_nothing(engine: EngineFactory, tmp_path: Path) -> None:
    """The auditor's own formats for lists in ~/.docker/config.json are not asked."""
    one = engine()
    one.run("web", "--privileged", "-v", "own:/x")
    formats = dict.fromkeys(
        ("psFormat", "imagesFormat", "volumesFormat", "networksFormat", "servicesFormat"), "table {{.ID}}x"
    )
    (tmp_path / "config.json").write_text(json.dumps(formats))
    plain = facts_of_engine(one.socket, of="5")
    recording = _recorded(one.socket, DOCKER_CONFIG=str(tmp_path))
    assert _all(Facts(recording, Policy())) == _all(plain)


def _recorded(socket_path: Path, *before: str, **environment: str) -> Recording:
    """A recording by the probe script, run by another user or with another environment."""
    script = render(PROBES, docker_host=f"unix://{socket_path}")
    done = subprocess.run(
        [*before, "sh"],
        input=script.encode(),
        capture_output=True,
        check=True,
        env={**os.environ, **environment},
    )
    text = done.stdout.decode("utf-8", "surrogateescape")
    return Recording.from_output(text, PROBES, target="local", backend="local", asked=time.time())


def _numbers(*places: int) -> list[str]:
    """Numbers of controls of this section."""
    return [f"5.{place}" for place in places]


def _all(facts: Facts) -> dict[str, dict[str, str]]:
    """Every verdict of the section."""
    return {f"5.{number}": verdicts(f"5.{number}", facts) for number in range(1, 33)}


# ---- auditors and engines that cannot be seen through


@contextmanager
def _member_of_docker_group(engine: Engine, name: str) -> Iterator[str]:
    """A user of this machine who may ask the engine, and no more."""
    engine.lab.note("user", name)
    call("useradd", "--no-create-home", "--user-group", name)
    try:
        call("chgrp", name, str(engine.socket))
        yield name
    finally:
        call("chgrp", "root", str(engine.socket))
        call("userdel", name)


def test_auditor_without_root(guarded_engine: EngineFactory) -> None:
    """A fail may be proven by the engine's word; mount tables all may read, namespaces not: an error."""
    one = guarded_engine()
    bad = (
        "--privileged",
        "--network",
        "host",
        "--pid",
        "host",
        "--ipc",
        "host",
        "--uts",
        "host",
        "-v",
        "/etc:/x",
        "-v",
        f"{one.socket}:/s",
        "--restart",
        "always",
        "--device",
        "/dev/null",
        "--userns",
        "host",
    )
    one.run("bad", *bad)
    one.run("ports", "-p", "80:80")
    good = (
        "--cap-drop",
        "ALL",
        "--network",
        "none",
        "--read-only",
        "--memory",
        "64m",
        "--pids-limit",
        "9",
        "--cpus",
        "0.5",
        "--security-opt",
        "no-new-privileges",
    )
    one.run("good", *good)
    one.run("mounts", "-v", f"{one.lab.root}/bb.tar:/bb.tar", *good)
    user = one.name.replace("-", "")
    with _member_of_docker_group(one, user):
        facts = Facts(_recorded(one.socket, "runuser", "-u", user, "--"), Policy())
        found = _all(facts)
    proven = _numbers(4, 5, 6, 10, 11, 12, 13, 15, 16, 17, 18, 21, 22, 26, 29, 31, 32)
    assert {number: found[number]["bad"] for number in proven} == dict.fromkeys(proven, "fail")
    assert [found[number]["ports"] for number in ("5.8", "5.9", "5.14")] == ["fail", "error", "fail"]
    namespaces = _numbers(10, 16, 17, 21)
    assert {number: found[number]["good"] for number in namespaces} == dict.fromkeys(namespaces, "error")
    assert [found[number]["mounts"] for number in ("5.6", "5.13", "5.20", "5.32")] == ["pass"] * 4
    readable = _numbers(4, 5, 11, 12, 22, 26, 29)
    assert {number: found[number]["good"] for number in readable} == dict.fromkeys(readable, "pass")


def test_engine_elsewhere(engine: EngineFactory) -> None:
    """Processes of an engine elsewhere are not ours: the running state is an error, never a pass."""
    one = engine(fresh=True)
    one.run("good", "--cap-drop", "NET_RAW", "--memory", "64m")
    one.run("bad", "--privileged")
    here = _recorded(one.socket)
    answers = dict(here.answers)
    for name in ("processes", "docker_containers", "daemon_processes"):
        assert name in answers
    moved = {str(pid): str(pid + 700_000) for pid in processes.everyone()}
    text = re.sub(
        r"^(\d+)(?=/)",
        lambda match: moved.get(match[1], match[1]),
        answers["processes"].stdout,
        flags=re.MULTILINE,
    )
    answers["processes"] = type(answers["processes"])("processes", 0, text, "")
    facts = Facts(Recording("local", "local", answers, here.commands, here.gathered), Policy())
    found = _all(facts)
    states = _numbers(4, 5, 6, 7, 10, 11, 12, 16, 17, 21, 22, 23, 24, 25, 26, 29, 31)
    assert {number: found[number]["good"] for number in states} == dict.fromkeys(states, "error")
    assert [found[number]["bad"] for number in ("5.5", "5.18")] == ["fail", "fail"]


# ---- speed


def test_a_hundred_containers(engine: EngineFactory) -> None:
    """A hundred containers are asked for in about the time of the docker commands, and judged in no time."""
    one = engine(fresh=True)
    names = [f"c{number}" for number in range(100)]
    for name in names:
        one.create(name, "--network", "none")
    for first in range(0, 100, 25):
        one.docker("start", *names[first : first + 25])

    def commands() -> None:
        for arguments in (("info",), ("version",), ("inspect", *names)):
            one.docker(*arguments)

    script = render((DOCKER_CONTAINERS, PROCESSES), docker_host=f"unix://{one.socket}")
    asking = _fastest(lambda: call("sh", stdin=script))
    assert asking < 4 * _fastest(commands)
    facts = facts_of_engine(one.socket, of="5")
    found = _all(facts)
    assert {len(each) for number, each in found.items() if number != "5.1"} == {100}
    assert not [number for number, each in found.items() if "error" in each.values()]
    assert _fastest(lambda: _all(Facts(facts.recording, Policy()))) < 0.5


def _fastest(action: Callable[[], object]) -> float:
    """How long it takes where nothing else keeps the machine busy: the best of five."""
    times = []
    for _ in range(5):
        start = time.monotonic()
        action()
        times.append(time.monotonic() - start)
    return min(times)


def test_stopped_containers_by_their_files(engine: EngineFactory) -> None:
    """4.1, 5.7: a user's name is looked up in the container; a server counts wherever the command names it."""
    one = engine()
    for user in ("app", "root", "1000", "stranger"):
        one.docker("create", "--name", user, "--user", user, "bb:1", "sleep", "9999")
    one.docker("create", "--name", "shell", "bb:1", "sh", "-c", "exec /usr/sbin/sshd -D")
    facts = facts_of_engine(one.socket, of="5")
    found = verdicts("4.1", facts)
    assert found == {"1000": "pass", "app": "pass", "root": "fail", "shell": "fail", "stranger": "error"}
    assert {name for name, verdict in verdicts("5.7", facts).items() if verdict == "fail"} == {"shell"}
