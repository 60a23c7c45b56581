"""5.4, 5.22, 5.26 and 2.18 on real engines: what `docker exec` gets decides, and a profile by what it lets through."""

from __future__ import annotations

import json
import os
import shlex
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import Facts
from hullcheck.parsing import seccomp
from hullcheck.policy import Policy
from selftests.kit.judging import facts_of_engine, judged
from selftests.lab.containers.judgement import CALLS, both, of_both, verdicts
from selftests.rig.shell import call
from selftests.rig.waiting import until

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine

EngineFactory = Callable[..., "Engine"]

pytestmark = pytest.mark.lab

TOOLS = shlex.split("-v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro")
GIVES_UP = "/usr/bin/setpriv --no-new-privs --bounding-set=-all --inh-caps=-all /bin/sleep 999"
# A filter of its own that allows everything: prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER) with one instruction.
FILTERS = """
import ctypes, struct, time
libc = ctypes.CDLL(None)
code = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7FFF0000))
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]
program = Program(1, ctypes.cast(code, ctypes.c_void_p))
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(program), 0, 0) == 0
time.sleep(999)
"""

CHANGES = """
for word; do
  [ "$before" != --bundle ] || sed -i '{}' "$word/config.json"
  before=$word
done
"""
HIDES_NOTHING = CHANGES.format('s/"maskedPaths":.[^]]*.,*//')
"""A runtime that leaves out what the engine wants hidden."""
FOLDER = r'{"destination":"\/tools","type":"bind","source":"\/usr\/share","options":["rbind"]},'
MOUNTS_MORE = CHANGES.format(f's/"mounts":\\[/"mounts":[{FOLDER}/')
"""A runtime that mounts a folder of the host."""
TAKES_WALLS = CHANGES.format('s/,*{"type":"pid"}//; s/"noNewPrivileges":true/"noNewPrivileges":false/')
"""A runtime that takes away a namespace and a switch."""
OTHER_FILTER = """#!/bin/sh
case " $* " in *" create "*) ;; *) exec runc "$@" ;; esac
for word; do
  [ "$before" != --bundle ] || bundle=$word
  before=$word
done
mkdir "$bundle/more"
sed 's/"seccomp":{"defaultAction":"SCMP_ACT_ERRNO"/"seccomp":{"defaultAction":"SCMP_ACT_ALLOW"/' \\
  "$bundle/config.json" >"$bundle/more/config.json"
ln -s ../rootfs "$bundle/more/rootfs"
for word; do
  shift
  [ "$word" != "$bundle" ] || word=$bundle/more
  set -- "$@" "$word"
done
exec runc "$@"
"""
"""A runtime that hands on a copy of what it is told, with a filter that lets everything through."""


def test_main_process_that_gives_up_its_powers(engine: EngineFactory) -> None:
    """5.4, 5.26, the guide: what is executed beside it has them all."""
    one = engine()
    one.run("plain", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
    one.run("gives-up", *TOOLS, command=tuple(shlex.split(GIVES_UP)))
    keys = ("5.4", "5.26", "container_drops_all_capabilities", "container_adds_approved_capabilities_alone")
    facts = facts_of_engine(one.socket, of=" ".join(keys))
    status = Path(
        f"/proc/{one.docker('inspect', '--format', '{{.State.Pid}}', 'gives-up').strip()}/status"
    ).read_text()
    assert ("NoNewPrivs:\t1" in status, "CapBnd:\t0000000000000000" in status) == (True, True)
    found = {key: {name: judged(key, facts)[name][0] for name in ("plain", "gives-up")} for key in keys}
    assert found == {
        "5.4": {"plain": "pass", "gives-up": "fail"},
        "5.26": {"plain": "pass", "gives-up": "fail"},
        "container_drops_all_capabilities": {"plain": "pass", "gives-up": "fail"},
        "container_adds_approved_capabilities_alone": {"plain": "pass", "gives-up": "pass"},
    }


@pytest.mark.needs_engine(">=23", "a profile of the daemon called unconfined")
def test_main_process_with_a_filter_of_its_own(engine: EngineFactory) -> None:
    """5.22: under a daemon without a profile it protects nobody else; a daemon that got one later proves nothing."""
    one = engine(fresh=True, seccomp_profile="unconfined", live_restore=True)
    one.run("own", *TOOLS, command=("/usr/bin/python3", "-c", FILTERS))
    facts = facts_of_engine(one.socket, of="5.22")
    assert judged("5.22", facts)["own"] == (
        "fail",
        "it was started without a seccomp filter, and what is executed in it has none",
    )
    one.stop()
    one.configure({"live-restore": True})
    one.start()
    facts = facts_of_engine(one.socket, of="5.22")
    assert facts.daemon.seccomp_profile == "builtin"
    assert judged("5.22", facts)["own"][0] == "fail"


def test_profiles_by_what_they_let_through(engine: EngineFactory, tmp_path: Path) -> None:
    """5.22, 2.18: one that lists every call is none; one that lists a few that the engine denies is for a person."""
    calls = [*CALLS.split(), "read"]
    extra = {"few": [], "keys": ["keyctl"], "spaces": ["unshare"], "every": sorted(seccomp.DENIED)}
    for name, more in extra.items():
        rules = [{"names": [*calls, *more], "action": "SCMP_ACT_ALLOW"}]
        (tmp_path / name).write_text(json.dumps({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": rules}))
    for name, key in {"twice": "syscalls", "cased": "Syscalls"}.items():  # the engine reads the last one
        more = (tmp_path / "keys").read_text().partition('"syscalls"')[2]
        (tmp_path / name).write_text(f'{(tmp_path / "few").read_text()[:-1]}, "{key}"{more}')
    one = engine()
    for name in (*extra, "twice", "cased"):
        for kind in ("runs", "created"):
            (one.run if kind == "runs" else one.create)(
                f"{name}-{kind}", "--security-opt", f"seccomp={tmp_path / name}", command=("sleep", "999")
            )
    one.run("own", "--cap-add", "SYS_ADMIN")
    facts = facts_of_engine(one.socket, of="5.22")
    assert judged("5.22", facts)["own"][0] == "pass"
    assert of_both({name: each for name, each in verdicts("5.22", facts).items() if name != "own"}) == {
        "few": "pass",
        "keys": "manual",
        "twice": ("manual", "error"),
        "cased": ("manual", "error"),
        "spaces": "manual",
        "every": "fail",
    }
    two = engine(fresh=True, seccomp_profile=str(tmp_path / "every"))
    two.run("web")
    facts = facts_of_engine(two.socket, of="5.22 2.18")
    listed = Facts(facts.recording, Policy(seccomp_profiles=(str(tmp_path / "every"),)))
    assert [verdict for each in (facts, listed) for verdict, _ in judged("2.18", each).values()] == [
        "fail",
        "fail",
    ]
    assert judged("5.22", facts)["web"][0] == "fail"


def test_device_let_in_after_the_start(engine: EngineFactory) -> None:
    """5.18: what is written to its control group later is seen, where the kernel lists that."""
    one = engine()
    one.run("plain")
    one.run("given", "--device", "/dev/null:/dev/x")
    one.run("later")
    identifier = one.docker("inspect", "--format", "{{.Id}}", "later").strip()
    groups = [each for each in Path("/sys/fs/cgroup/devices").glob(f"**/{identifier}") if each.is_dir()]
    if not groups:
        pytest.skip("cgroup v2 lists no devices")
    assert verdicts("5.18", facts_of_engine(one.socket, of="5.18"))["later"] == "pass"
    (groups[0] / "devices.allow").write_text("b 8:0 rwm")
    one.run("left", command=("sh", "-c", "sleep 998 & sleep 999"))
    child = one.docker("top", "left", "-eo", "pid").split()[-1]
    Path("/sys/fs/cgroup/devices/cgroup.procs").write_text(child)
    try:
        facts = facts_of_engine(one.socket, of="5.18")
    finally:
        os.kill(int(child), signal.SIGKILL)  # the engine does not find it there
    assert judged("5.18", facts)["later"] == ("fail", "its control group lets in, since its start, b 8:0 rwm")
    assert judged("5.18", facts)["left"][1].startswith("outside of its control group")
    allowed = Facts(facts.recording, Policy(allowed_devices=("/dev/null",)))
    assert verdicts("5.18", allowed) == {"plain": "pass", "given": "pass", "later": "fail", "left": "fail"}


DEVICE = "mount -t devtmpfs none /tmp && touch /dev/log1 && mount -o bind /tmp/kmsg /dev/log1 && umount /tmp"


def test_device_mounted_into_a_container(engine: EngineFactory) -> None:
    """5.18: a device in its mount table counts, whoever put it there, and whatever the kernel says of groups."""
    one = engine()
    one.run("plain")
    one.run("later")
    pid = one.docker("inspect", "--format", "{{.State.Pid}}", "later").strip()
    call("nsenter", "--target", pid, "--mount", "/bin/busybox", "sh", "-c", DEVICE)
    facts = facts_of_engine(one.socket, of="5.18")
    assert verdicts("5.18", facts) == {"plain": "pass", "later": "fail"}
    assert judged("5.18", facts)["later"][1] == "has, without being given it, /dev/kmsg"
    allowed = Facts(facts.recording, Policy(allowed_devices=("/dev/kmsg",)))
    assert verdicts("5.18", allowed) == {"plain": "pass", "later": "pass"}


def test_process_in_the_namespaces_of_the_host(engine: EngineFactory) -> None:
    """5.6, 5.10, 5.17, 5.21, 5.32: one of its processes went there, and its main process did not."""
    one = engine()
    one.run("plain")
    enter = f"/usr/bin/nsenter -t {one.pid} -m -u -n -i /bin/sleep 998 & exec sleep 999"
    one.run("left", "--privileged", "--pid", "host", *TOOLS, command=("sh", "-c", enter))
    until(lambda: "sleep 998" in one.docker("top", "left", "-eo", "pid,args"))
    facts = facts_of_engine(one.socket, of="5.10 5.17 5.21 5.32")
    for number in ("5.10", "5.17", "5.21", "5.32"):
        found = judged(number, facts)
        assert (found["plain"][0], found["left"][0]) == ("pass", "fail")
        assert "namespace of the host: sleep (pid " in found["left"][1]


@pytest.mark.needs_engine("<29", "a later one asks for what the machine's own runc may not know")
def test_runtime_of_the_site(engine: EngineFactory, place: Path) -> None:
    """5.6, 5.18, 5.32: what it gives is seen once a container runs; before that a person has to say."""
    changes = {"gpu": "", "bare": HIDES_NOTHING, "more": MOUNTS_MORE}
    for name, change in changes.items():
        program = place / f"{name}-runtime"
        program.write_text(f'#!/bin/sh\n{change}exec runc "$@"\n')
        program.chmod(0o755)
    own = {name: {"path": f"{place}/{name}-runtime"} for name in changes}
    one = engine(runtimes=own | {"other": {"path": "/usr/sbin/runc"}})
    names = {each: (each,) for each in (*own, "other")} | {"none": (), "shim": ("io.containerd.runc.v2",)}
    for name, asked in names.items():
        options = [word for each in asked for word in ("--runtime", each)]
        one.create(name, *options)
        one.run(f"{name}-runs", *options)
    facts = facts_of_engine(one.socket, of="5.6 5.18 5.32")
    wanted = dict.fromkeys((*names, *(f"{each}-runs" for each in names)), "pass") | dict.fromkeys(
        own, "manual"
    )
    assert verdicts("5.18", facts) == wanted
    assert verdicts("5.6", facts) == wanted | {"bare-runs": "manual", "more-runs": "fail"}
    assert verdicts("5.32", facts) == wanted
    assert "its runtime gpu" in judged("5.18", facts)["gpu"][1]
    assert "nothing hidden" in judged("5.6", facts)["bare-runs"][1]


@pytest.mark.needs_engine("<29", "a later one asks for what the machine's own runc may not know")
def test_runtime_that_takes_walls_away(engine: EngineFactory, place: Path) -> None:
    """5.16, 5.26: what it took is seen once a container runs; before that a person has to say."""
    (place / "less").write_text(f'#!/bin/sh\n{TAKES_WALLS}exec runc "$@"\n')
    (place / "less").chmod(0o755)
    one = engine(runtimes={"less": {"path": f"{place}/less"}, "other": {"path": "/usr/sbin/runc"}})
    for name in ("less", "other"):
        both(one, name, "--runtime", name, "--security-opt", "no-new-privileges")
    facts = facts_of_engine(one.socket, of="5.10 5.16 5.17 5.21 5.26")
    for number in ("5.16", "5.26"):
        assert of_both(verdicts(number, facts)) == {"less": ("fail", "manual"), "other": "pass"}, number
    for number in ("5.10", "5.17", "5.21"):
        assert of_both(verdicts(number, facts)) == {"less": ("pass", "manual"), "other": "pass"}, number


@pytest.mark.needs_engine(">=23", "runtimes with a type")
@pytest.mark.needs_engine("<29", "a later one asks for what the machine's own runc may not know")
def test_runtime_that_changes_the_filter(engine: EngineFactory, place: Path) -> None:
    """5.22: the filter in force counts, and not the one that the engine asked for; a name says nothing of a script."""
    (place / "runc").write_text(OTHER_FILTER)
    (place / "runc").chmod(0o755)
    (place / "plain").write_text('#!/bin/sh\nexec runc "$@"\n')
    (place / "plain").chmod(0o755)
    typed = {"runtimeType": "io.containerd.runc.v2", "options": {"BinaryName": f"{place}/plain"}}
    own = {"changes": {"path": f"{place}/runc"}, "crun": typed, "plain": {"path": f"{place}/plain"}}
    one = engine(runtimes=own | {"other": {"path": "/usr/sbin/runc"}})
    for name in (*own, "other"):
        one.create(name, "--runtime", name)
        one.run(f"{name}-runs", "--runtime", name)
    facts = facts_of_engine(one.socket, of="5.18 5.22")
    created = {**dict.fromkeys(own, "manual"), "other": "pass"}
    assert verdicts("5.18", facts) == created | {f"{each}-runs": "pass" for each in created}
    assert verdicts("5.22", facts) == created | {
        "changes-runs": "fail",
        "crun-runs": "pass",
        "plain-runs": "pass",
        "other-runs": "pass",
    }
    assert "SCMP_ACT_ALLOW" in judged("5.22", facts)["changes-runs"][1]


def test_interface_moved_into_a_container(engine: EngineFactory) -> None:
    """5.10, 5.30: an interface that the engine did not give it is for a person to judge."""
    one = engine(fresh=True)
    one.docker("network", "create", "own")
    one.run("plain", "--network", "own")
    one.run("none", "--network", "none")
    one.run("moved", "--network", "own")
    pid = one.docker("inspect", "--format", "{{.State.Pid}}", "moved").strip()
    one.nsenter("ip", "link", "add", "veth9", "type", "veth", "peer", "name", "eth9", "netns", pid)
    one.nsenter("ip", "link", "set", "veth9", "master", "docker0")
    facts = facts_of_engine(one.socket, of="5.10 5.30")
    for number in ("5.10", "5.30"):
        assert verdicts(number, facts) == {"plain": "pass", "none": "pass", "moved": "manual"}


def test_interface_moved_into_a_container_of_an_overlay(engine: EngineFactory) -> None:
    """5.10: the engine gives it one more than it has networks, but where a bridge leads outside already."""
    one = engine(fresh=True)
    one.docker("swarm", "init", "--advertise-addr", "127.0.0.1")
    one.docker("network", "create", "--driver", "overlay", "--attachable", "wide")
    one.docker("network", "create", "own")
    for name, networks in {"wide": ("wide",), "both": ("wide", "own"), "moved": ("own", "wide")}.items():
        one.create(name, "--network", networks[0])
        for network in networks[1:]:
            one.docker("network", "connect", network, name)
        one.docker("start", name)
    assert set(verdicts("5.10", facts_of_engine(one.socket, of="5.10")).values()) == {"pass"}
    pid = one.docker("inspect", "--format", "{{.State.Pid}}", "moved").strip()
    one.nsenter("ip", "link", "add", "veth9", "type", "veth", "peer", "name", "eth9", "netns", pid)
    found = verdicts("5.10", facts_of_engine(one.socket, of="5.10"))
    assert found == {"wide": "pass", "both": "pass", "moved": "manual"}


def test_control_groups_in_its_hands(engine: EngineFactory) -> None:
    """5.11, 5.29: who can write to his control groups lifts the limits in them: asked for (28), or mounted later."""
    one = engine()
    limits = ("--memory", "64m", "--pids-limit", "50")
    one.run("plain", *limits)
    one.run("late", *limits)
    pid = one.docker("inspect", "--format", "{{.State.Pid}}", "late").strip()
    again = "mount -o remount,bind,rw /sys/fs/cgroup/memory || mount -o remount,bind,rw /sys/fs/cgroup"
    call("nsenter", "--target", pid, "--mount", "--pid", "/bin/busybox", "sh", "-c", again)
    expected = {"plain": "pass", "late": "manual"}
    if int(one.docker("version", "--format", "{{.Server.Version}}").partition(".")[0]) >= 28:
        one.run("asked", *limits, "--security-opt", "writable-cgroups=true")
        one.create("created", *limits, "--security-opt", "writable-cgroups=true")
        one.run("refused", *limits, "--security-opt", "writable-cgroups=false")
        expected |= {"asked": "manual", "created": "manual", "refused": "pass"}
    known = facts_of_engine(one.socket, of="5")
    assert verdicts("5.11", known) == verdicts("5.29", known) == expected
