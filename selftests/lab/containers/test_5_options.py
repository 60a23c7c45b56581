"""Section 5 on real engines: each control fails and passes containers that differ in one option."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import Facts
from hullcheck.policy import Policy
from selftests.kit.judging import facts_of_engine, judged
from selftests.lab.containers.judgement import CALLS, remove_groups, verdicts
from selftests.rig.waiting import until

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine

pytestmark = pytest.mark.lab

EngineFactory = Callable[..., "Engine"]


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
        "--privileged": "fail: without a seccomp filter",
        "--security-opt seccomp=@allow": "fail: allows what it does not list .SCMP_ACT_ALLOW",
        "--security-opt seccomp=@log": "fail: allows what it does not list .SCMP_ACT_LOG",
        "--security-opt seccomp=@deny": "pass",
        "--cap-add SYS_ADMIN": "pass",
    },
    "5.25": {
        "": "pass",
        "--cgroup-parent /docker": "pass",
        "--cgroup-parent /lab-hc-weird": "fail: runs in /lab-hc-weird, and not",
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
    young = {"seccomp=builtin": 23}
    late = [word for word, major in young.items() if not one.version.at_least(major)]
    known = [each for each in CASES[number] if not any(word in each for word in late)]
    options = {f"c{place}": option for place, option in enumerate(known)}
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
        remove_groups("lab-hc-weird")


def test_default_cgroup_where_the_daemon_has_another(engine: EngineFactory) -> None:
    """5.25: who names the built-in cgroup leaves the one that the daemon gives to all."""
    one = engine(cgroup_parent="/lab-hc-site")
    one.create("unasked")
    one.create("built-in", "--cgroup-parent", "/docker")
    assert verdicts("5.25", facts_of_engine(one.socket, of="5")) == {"unasked": "pass", "built-in": "fail"}
    one.docker("rm", "unasked", "built-in")
    remove_groups("lab-hc-site")


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


# ---- 5.27, 5.28: health and images


LOOKS = "grep -q State /proc/1/status"
"""A check that looks at a process."""


def test_health(engine: EngineFactory) -> None:
    """5.27: healthy passes, unhealthy and silent fail; one that starts is noted, one that does not run is
    left out."""
    one = engine()
    check = ("--health-interval", "1s", "--health-retries", "1", "--health-cmd")
    one.run("none")
    one.run("good", *check, LOOKS)
    one.run("hollow", *check, "cat /none || true")
    one.run("bad", *check, "false")
    one.run("starting", "--health-interval", "1h", "--health-cmd", LOOKS)
    base = str(one.lab.root / "bb.tar")
    one.docker("import", "--change", f"HEALTHCHECK --interval=1s CMD {LOOKS}", base, "checked:1")
    one.docker("import", "--change", 'HEALTHCHECK --interval=1s CMD ["true"]', base, "hollow:1")
    one.run("hollow-image", image="hollow:1")
    one.run("image", image="checked:1")
    one.run("switched-off", "--no-healthcheck", image="checked:1")
    one.create("created", *check, LOOKS)
    one.run("loop", *check, LOOKS, "--restart", "always", command=("false",))
    seen = (
        "inspect",
        "--format",
        "{{.State.Health.Status}}",
        "good",
        "bad",
        "image",
        "hollow",
        "hollow-image",
    )
    until(lambda: one.docker(*seen).split() == ["healthy", "unhealthy", *3 * ["healthy"]])
    found = judged("5.27", facts_of_engine(one.socket, of="5"))
    loop, _ = found.pop("loop")
    assert loop in ("fail", "manual")  # it has "starting" for a moment, and "unhealthy" in between
    assert {name: verdict for name, (verdict, _) in found.items()} == {
        "none": "fail",
        "good": "pass",
        "hollow": "fail",
        "hollow-image": "fail",
        "bad": "fail",
        "starting": "manual",
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


def test_words_that_the_engine_puts_right(engine: EngineFactory) -> None:
    """5.4, 5.6, 5.9: a path without a slash and a port with a protocol are no damage."""
    one = engine()
    one.docker("import", "--change", "VOLUME data", str(one.lab.root / "bb.tar"), "relative:1")
    one.run("image", "--read-only", image="relative:1")
    one.run("drive", "-v", "d:/x")
    asked = {"PortBindings": {"80/tcp": [{"HostPort": "83/tcp"}]}, "Privileged": True}
    one.client.api.create_container("bb:1", "true", name="port", ports=[(80, "tcp")], host_config=asked)
    facts = facts_of_engine(one.socket, of="5.4 5.6 5.8")
    assert verdicts("5.4", facts) == dict.fromkeys(("image", "drive", "port"), "fail")
    assert verdicts("5.6", facts) == dict.fromkeys(("image", "drive", "port"), "pass")
    assert verdicts("5.8", facts) == {"image": "pass", "drive": "pass", "port": "fail"}
    assert dict(facts.container)["image"].mounts.writable == {"/data": "anonymous volume"}
