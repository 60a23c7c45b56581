"""Section 5 on real engines: what the daemon, a swarm, the kernel or a parent group decide."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import Facts
from hullcheck.policy import Policy
from selftests.kit.judging import facts_inside, facts_of_engine, judged
from selftests.lab.containers.judgement import CALLS, both, of_both, reason, remove_groups, verdicts
from selftests.rig.shell import CommandError
from selftests.rig.waiting import until

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.engines.rootless import RootlessEngine
    from selftests.rig.hosts.host import Host

EngineFactory = Callable[..., "Engine"]

pytestmark = pytest.mark.lab


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
    until(lambda: len(one.docker("ps", "--quiet").split()) == 4)
    facts = facts_of_engine(one.socket)

    def of_service(number: str) -> dict[str, str]:
        return {name.partition(".")[0]: verdict for name, verdict in verdicts(number, facts).items()}

    assert of_service("5.8") == {"open": "fail", "any": "pass", "local": "fail", "shut": "pass"}
    assert of_service("5.9") == {"open": "manual", "any": "pass", "local": "manual", "shut": "pass"}
    assert of_service("5.14") == {"open": "fail", "any": "pass", "local": "fail", "shut": "pass"}
    assert of_service("5.15") == {"open": "fail", "any": "fail", "local": "pass", "shut": "pass"}
    assert of_service("5.6") == {"open": "pass", "any": "pass", "local": "pass", "shut": "pass"}


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
    assert reason("5.29", facts, "web") == "limited to 99 processes by its control groups, though none is set"
    one.docker("rm", "--force", "web")
    remove_groups(parent)


def test_container_that_outlived_a_daemon(engine: EngineFactory) -> None:
    """2.2: the default bridge stays that of the daemon of then."""
    one = engine(fresh=True, live_restore=True, icc=False)
    one.run("old")
    one.stop()
    one.configure({"live-restore": True})
    one.start()
    assert "restart pending" in reason("2.2", facts_of_engine(one.socket, of="2.2"), "local")
    one.docker("rm", "--force", "old")


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
        both(one, "default")
        both(one, "same", "--ulimit", "nofile=1024:2048")
        both(one, "other", "--ulimit", "nofile=1024:4096")
        found = judged("5.19", facts_of_engine(one.socket, of="5"))
        assert of_both({name: verdict for name, (verdict, _) in found.items()}) == {
            "default": "pass",
            "same": "pass",
            "other": "fail",
        }
        assert found["other-runs"][1] == "overrides nofile=1024:4096"


@pytest.mark.needs_engine(">=23", "a profile of the daemon called unconfined")
def test_seccomp_of_the_daemon(engine: EngineFactory, tmp_path: Path) -> None:
    """5.22: the daemon's profile counts where a container has none of its own."""
    path = tmp_path / "allow.json"
    path.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW"}))
    for one in (engine(seccomp_profile="unconfined"), engine(seccomp_profile=str(path))):
        both(one, "web")
        assert of_both(verdicts("5.22", facts_of_engine(one.socket, of="5"))) == {"web": "fail"}
    own = tmp_path / "own.json"
    own.write_text(
        json.dumps(
            {
                "defaultAction": "SCMP_ACT_ERRNO",
                "syscalls": [{"names": CALLS.split(), "action": "SCMP_ACT_ALLOW"}],
            }
        )
    )
    both(one, "own", "--security-opt", f"seccomp={own}")
    assert of_both(verdicts("5.22", facts_of_engine(one.socket, of="5"))) == {
        "web": "fail",
        "own": "pass",
    }


def test_no_new_privileges_is_settled_at_creation(engine: EngineFactory) -> None:
    """5.26: the daemon's default of the day on which a container was created goes with it, both ways."""
    one = engine(fresh=True)
    both(one, "before")
    one.configure({"no-new-privileges": True})
    one.restart()
    both(one, "under")
    both(one, "refused", "--security-opt", "no-new-privileges=false")
    one.docker("start", "before-runs")
    wanted = {"before": "fail", "under": "pass", "refused": "fail"}
    assert of_both(verdicts("5.26", facts_of_engine(one.socket, of="5"))) == wanted
    one.configure({})
    one.restart()
    one.docker("start", *(f"{name}-runs" for name in wanted))
    assert of_both(verdicts("5.26", facts_of_engine(one.socket, of="5"))) == wanted


def test_user_remapping(engine: EngineFactory) -> None:
    """5.31, 5.24: of two containers of a daemon that remaps users the one that leaves it fails; root inside
    is not uid 0."""
    one = engine(userns_remap="default", fresh=True)
    both(one, "inside")
    both(one, "outside", "--userns", "host")
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
    assert found["inside-runs"][1] == "does not share the user namespace of the host"
    assert verdicts("5.24", facts)["executed"] == "fail"
    assert verdicts("5.6", facts)["inside-runs"] == "pass"


def test_process_of_the_host_beside_remapped_users(engine: EngineFactory) -> None:
    """5.4, 5.22, 5.26: who entered a container and kept the host's user namespace is root of the host in it."""
    one = engine(userns_remap="default", fresh=True)
    for name in ("plain", "entered"):
        one.run(name, "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
    pid = str(one.inspect("entered")[0]["State"]["Pid"])
    numbers = ("5.4", "5.22", "5.26")
    with subprocess.Popen(["nsenter", "--target", pid, "--mount", "--pid", "/bin/sleep", "998"]) as process:
        try:
            until(lambda: "sleep 998" in one.docker("exec", "entered", "ps"))
            facts = facts_of_engine(one.socket, of=" ".join(numbers))
        finally:
            process.terminate()
    for number in numbers:
        assert verdicts(number, facts) == {"plain": "pass", "entered": "fail"}, number
